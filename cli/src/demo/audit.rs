//! The end of a demo that is played once: every log is verified, and one byte that is changed in a
//! copy of the broker's store must be found and named.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use grondslag_core::reason::Reason;
use grondslag_evidence::audit::{LEDGERS, copy_folder};
use grondslag_evidence::store::{self, Backend, Batch, Config};
use serde::Serialize;

use super::crew::BROKER;
use super::place::Place;
use super::world::World;
use crate::audit::{Report, Trust, Wanted, find, verify};
use crate::exit::Failure;
use crate::files::unwritable;
use crate::output::Output;

/// Where the broker's store stands in its folder.
const STORE: &str = "store";
/// The first bundle of entries, below a ledger's folder.
const BUNDLE: &str = "tile/entries/000";
/// Entries of the broker's ledger that stand in no file.
const ENTRIES: &str = "l/broker/e";

/// What the audit found.
#[derive(Debug, Serialize)]
pub(super) struct Audited {
    /// Parties whose log was walked.
    pub(super) logs: u64,
    /// Leaves that were hashed again.
    pub(super) leaves: u64,
    /// Cosignatures that hold.
    pub(super) cosignatures: u64,
    /// Things that are wrong.
    pub(super) problems: u64,
    /// The byte that was changed in a copy was found, and its place named.
    pub(super) tamper_found: bool,
    #[serde(skip)]
    pub(super) report: Report,
}

impl Audited {
    /// Nothing is wrong, and something would have been found.
    pub(super) fn ok(&self) -> bool {
        self.problems == 0 && self.tamper_found
    }
}

/// Verifies all logs of a region whose processes have ended.
pub(super) async fn audit(world: &World, place: &Place, out: Output) -> Result<Audited, Failure> {
    let found = find(&[place.folder().to_owned()])?;
    let bar = out.progress(None, out.tr("logboeken controleren", "checking ledgers"));
    let report = verify(&found.into(), &Trust::default(), &bar).await?;
    bar.finish_and_clear();
    let tamper_found = tampered(world, place, out).await?;
    Ok(Audited {
        logs: report.logs,
        leaves: report.leaves,
        cosignatures: report.cosignatures,
        problems: report.problems,
        tamper_found,
        report,
    })
}

/// Changes one byte in a copy of the broker's store, and says whether its place was named.
async fn tampered(world: &World, place: &Place, out: Output) -> Result<bool, Failure> {
    let temp = std::env::temp_dir();
    let failed = |error: io::Error| unwritable(&temp, &error);
    let copy = tempfile::tempdir().map_err(failed)?;
    let path = copy.path().join(STORE);
    copy_folder(&place.broker().join(STORE), &path).map_err(failed)?;
    let bundle = path.join(LEDGERS).join(BROKER).join(BUNDLE);
    let expected = if bundle.exists() {
        flip_in(&bundle).map_err(failed)?;
        BUNDLE
    } else {
        flip_entry(path.clone(), world).await?;
        ENTRIES
    };
    let bar = out.progress(None, "");
    let processes = vec![(place.broker_config(), Some(path))];
    let wanted = Wanted { processes, unreadable: Vec::new() };
    let report = verify(&wanted, &Trust::default(), &bar).await?;
    bar.finish_and_clear();
    let named = |one: &crate::audit::Named| one.ledger == BROKER && one.place == expected;
    Ok(report.findings.iter().any(named))
}

/// Changes the last byte of a file.
fn flip_in(file: &Path) -> io::Result<()> {
    let mut bytes = fs::read(file)?;
    bytes.iter_mut().next_back().into_iter().for_each(|byte| *byte ^= 1);
    fs::write(file, bytes)
}

/// Changes the last byte of an entry that stands in the store.
async fn flip_entry(path: PathBuf, world: &World) -> Result<(), Failure> {
    let owner = world.broker.oin.clone();
    let store = store::open(Config { path, owner, backend: Backend::Sled }).await?;
    let page = store.scan(ENTRIES.as_bytes(), None, 1).await?;
    let pair = page.into_iter().next().ok_or(Failure::from(Reason::Internal))?;
    let mut value = pair.value;
    value.iter_mut().next_back().into_iter().for_each(|byte| *byte ^= 1);
    store.commit(Batch::new().put(pair.key, value)).await?;
    Ok(())
}
