//! Every agency's records, imported before its node serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{self, Backend};
use grondslag_evidence::witnesses;
use grondslag_node::init::{SECRET_FILE, STORE_FOLDER};
use grondslag_node::records::import::{Files, Report, Terms, import};
use grondslag_node::secret::NodeSecret;
use grondslag_node::watch;
use grondslag_policy::Pack;
use grondslag_runtime::config::WITNESSES_FILE;

use super::limits::WORKERS;
use super::place::Place;
use super::world::{Agency, World};
use crate::exit::Failure;

/// What all imports together did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stocked {
    /// Rows that were imported.
    pub(super) rows: u64,
    /// How long that took, opening the stores included.
    pub(super) took: Duration,
}

impl Stocked {
    /// Rows per second.
    pub(super) fn rows_per_s(self) -> u64 {
        let rows = u128::from(self.rows) * 1_000_000;
        u64::try_from(rows / self.took.as_micros().max(1)).unwrap_or(u64::MAX)
    }
}

/// Imports the register of every agency; its records from `marked`, where that is given.
pub(super) async fn stock(
    world: &World,
    place: &Place,
    pack: &Arc<Pack>,
    marked: Option<&Path>,
    progress: &(dyn Fn() + Sync),
) -> Result<Stocked, Failure> {
    let since = Instant::now();
    let imports = world.agencies.iter().map(|agency| {
        let own = world.folder.join("agencies").join(&agency.id);
        let records = marked.map_or_else(|| own.clone(), |marked| marked.join(&agency.id));
        let task = one(
            agency.clone(),
            place.node(&agency.id),
            files(&own, &records),
            world.region.clock_start,
            Arc::clone(pack),
        );
        // A task of its own, so that imports run on both cores.
        async move { tokio::spawn(task).await.unwrap_or(Err(Reason::Internal.into())) }
    });
    let reports = stream::iter(imports).buffer_unordered(WORKERS).inspect_ok(|_| progress());
    let rows = reports.try_fold(0, async |rows: u64, report| Ok(rows + counted(&report))).await?;
    Ok(Stocked { rows, took: since.elapsed() })
}

async fn one(
    agency: Agency,
    node: PathBuf,
    files: Files,
    as_of: Timestamp,
    pack: Arc<Pack>,
) -> Result<Report, Failure> {
    let path = node.join(STORE_FOLDER);
    let owner = agency.oin.clone();
    let store = store::open(store::Config { path, owner, backend: Backend::Sled }).await?;
    if is_witness(&agency, &node)? {
        watch::begin(store.as_ref()).await.map_err(crate::witness::failure)?;
    }
    let secret = NodeSecret::load(&node.join(SECRET_FILE))?;
    let catalogue = pack.catalogue();
    let terms = Terms {
        mode: agency.oin.mode(),
        bsn_right: agency.kinds.first().is_some_and(|kind| catalogue.has_bsn_right(kind)),
        vocabulary: catalogue,
        skip_bad: false,
        as_of,
    };
    let imported = import(&store, &secret, &files, &terms, &mut |_| ()).await;
    imported.map_err(|error| Failure::new(error.reason(), format!("{}: {error}", agency.id)))
}

/// Whether the region named this agency a witness.
fn is_witness(agency: &Agency, node: &Path) -> Result<bool, Failure> {
    let file = node.join(WITNESSES_FILE);
    let signed = witnesses::read(&file);
    let signed = signed.map_err(|reason| Failure::new(reason, file.display()))?;
    Ok(signed.list.witnesses.contains(&agency.oin))
}

/// The agency's files that are there.
fn files(own: &Path, records: &Path) -> Files {
    let there = |folder: &Path, names: &[&str]| {
        let paths = names.iter().map(|name| folder.join(name));
        paths.filter(|path| path.exists()).collect()
    };
    Files {
        clients: there(own, &["clients.csv", "bulk-clients.csv"]),
        records: there(records, &["records.csv", "bulk-records.csv"]),
        facts: there(own, &["facts.csv"]),
    }
}

fn counted(report: &Report) -> u64 {
    report.clients + report.records + report.facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_per_second_do_not_divide_by_zero() {
        let at = |rows, took| Stocked { rows, took }.rows_per_s();
        assert_eq!(at(20_000, Duration::from_secs(2)), 10_000);
        assert_eq!(at(5, Duration::ZERO), 5_000_000);
        assert_eq!(at(0, Duration::ZERO), 0);
    }
}
