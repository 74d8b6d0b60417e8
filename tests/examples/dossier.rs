//! How long it takes to put a joint file of 500 records together.
//!
//! `cargo run --release -p grondslag-tests --example dossier [--entries N] [--json]`: one node of a
//! small region on disk keeps an escalation in which sixteen agencies gave N records (500 unless
//! told) together. Its asker looks at the file from the desk, over TLS; told are the median and the
//! longest time until all of it is there, its record in the ledger and its reading included.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use grondslag_core::id::{Oin, StaffId};
use grondslag_core::reason::Reason;
use grondslag_node::dossier::bench::fill;
use grondslag_proto::v1;
use grondslag_proto::v1::dossier_service_client::DossierServiceClient;
use grondslag_proto::v1::show_dossier_request::Which;
use grondslag_proto::v1::show_dossier_response::Part;
use grondslag_runtime::channel::within;
use grondslag_tests::federation::{Federation, Setup, run};
use serde_json::json;
use tonic::transport::Channel;

const ENTRIES: usize = 500;
const AGENCIES: u8 = 16;
const LOOKS: usize = 51;
const NOW: &str = "2026-06-24T10:00";
const TOWN: &str = "gem-veenwolde";
const ASKER: &str = "regisseur-1";
const WAIT: Duration = Duration::from_secs(60);

fn main() -> Result<()> {
    let (mut entries, mut is_json) = (ENTRIES, false);
    let mut typed = std::env::args().skip(1);
    while let Some(word) = typed.next() {
        match word.as_str() {
            "--entries" => entries = typed.next().context("a number")?.parse()?,
            "--json" => is_json = true,
            other => anyhow::bail!("{other}: only --entries N and --json"),
        }
    }
    run(measure(entries, is_json))
}

async fn measure(entries: usize, is_json: bool) -> Result<()> {
    let federation = Setup::of([TOWN]).on_disk().at(NOW).start().await?;
    let inquiry = filled(&federation, entries).await?;
    let desk = DossierServiceClient::new(federation.desk(TOWN, ASKER)?.channel());
    let mut times = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let since = Instant::now();
        let found = look(&desk, &inquiry).await?;
        times.push(since.elapsed().as_secs_f64() * 1_000.0);
        ensure!(found == entries, "{found} records instead of {entries}");
    }
    times.sort_unstable_by(f64::total_cmp);
    let median_ms = times.get(LOOKS / 2).copied().unwrap_or_default();
    let most_ms = times.last().copied().unwrap_or_default();
    let mut out = io::stdout();
    if is_json {
        let figures = json!({ "entries": entries, "median_ms": median_ms, "most_ms": most_ms });
        writeln!(out, "{figures}")?;
    } else {
        writeln!(out, "{entries} records: {median_ms:.1} ms (median), {most_ms:.1} ms (most)")?;
    }
    Ok(())
}

async fn filled(federation: &Federation, entries: usize) -> Result<Vec<u8>> {
    let staff = StaffId::parse(ASKER).context("a staff id")?;
    let agencies =
        (1..=AGENCIES).map(|number| Oin::parse(&format!("000000999900000{number:02}000")));
    let agencies = agencies.collect::<Result<Vec<_>, _>>().context("organisations")?;
    let agency = federation.agency(TOWN)?;
    let filled = fill(&agency, &staff, &agencies, entries).await;
    let inquiry = filled.map_err(|reason: Reason| anyhow::anyhow!(reason.code()))?;
    Ok(inquiry.as_bytes().to_vec())
}

/// Looks at the file, and says how many records it holds.
async fn look(desk: &DossierServiceClient<Channel>, inquiry: &[u8]) -> Result<usize> {
    let request = v1::ShowDossierRequest { which: Some(Which::InquiryId(inquiry.to_vec())) };
    let mut stream = desk.clone().show_dossier(within(request, WAIT)).await?.into_inner();
    let mut found = 0;
    while let Some(message) = stream.message().await? {
        match message.part.context("a part")? {
            Part::Entries(more) => found += more.entries.len(),
            Part::Refusal(refusal) => anyhow::bail!(refusal.reason),
            Part::Head(_) | Part::Person(_) => {}
        }
    }
    Ok(found)
}
