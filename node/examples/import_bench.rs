//! Rows per second of an import into the embedded store: `cargo run --release -p grondslag-node
//! --example import_bench`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::Instant;

use anyhow::Context as _;
use grondslag_core::catalogue::{Category, Kind, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Mode, Oin};
use grondslag_evidence::store::{Backend, Config, open};
use grondslag_node::records::import::{Files, Terms, Vocabulary, import};
use grondslag_node::secret::NodeSecret;
use grondslag_subject::Bsn;

const RECORDS_PER_CLIENT: usize = 5;

struct Everything;

impl Vocabulary for Everything {
    fn category_exists(&self, _: &Category) -> bool {
        true
    }
    fn kind_exists(&self, _: &Kind) -> bool {
        true
    }
    fn purpose_exists(&self, _: &Purpose) -> bool {
        true
    }
    fn fact_value_exists(&self, _: &str, _: &str) -> bool {
        true
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (clients, records) = rows()?;
    let files = Files {
        clients: vec![folder.path().join("clients.csv")],
        records: vec![folder.path().join("records.csv")],
        facts: Vec::new(),
    };
    fs::write(files.clients.first().context("clients")?, clients)?;
    fs::write(files.records.first().context("records")?, records)?;
    let secret = NodeSecret::create(&folder.path().join("node.secret"))?;
    let path = folder.path().join("store");
    let owner = Oin::parse("00000099000000001000")?;
    let store = open(Config { path, owner, backend: Backend::Sled }).await?;
    let as_of = Timestamp::parse("2026-09-15T09:00")?;
    let (mode, bsn_right, skip_bad) = (Mode::Demo, true, false);
    let terms = Terms { mode, bsn_right, vocabulary: &Everything, skip_bad, as_of };
    let mut out = std::io::stdout();
    // The second run also removes what the first one left.
    for run in 1..=2 {
        let start = Instant::now();
        let report = import(&store, &secret, &files, &terms, &mut |_| ()).await?;
        let rows = report.clients + report.records;
        let took = start.elapsed();
        let rate = u128::from(rows) * 1_000 / took.as_millis().max(1);
        writeln!(out, "run {run}: {rows} rows in {took:?}, {rate} rows/s")?;
    }
    Ok(())
}

fn rows() -> anyhow::Result<(String, String)> {
    let mut clients =
        "client,bsn,given_names,prefix,family_name,birth_date,from,until\n".to_owned();
    let mut records = "client,category,about,dated,source,t1,t2,t3,t4,t5\n".to_owned();
    let numbers = (0..100_000).map(|n| format!("9999{n:05}"));
    for (n, bsn) in numbers.filter(|number| Bsn::parse(number).is_ok()).enumerate() {
        writeln!(clients, "C-{n},{bsn},Bente,van,Zomer,2015-03-14,2025-01-01,")?;
        for day in 1..=RECORDS_PER_CLIENT {
            writeln!(
                records,
                "C-{n},G05,child,2026-03-{day:02},dossier,Een gemeentelijk team is betrokken.,\
                 \"Lokaal team, bereikbaar via het klantcontactcentrum.\",Woont bij {{third:oma}}.,,"
            )?;
        }
    }
    Ok((clients, records))
}
