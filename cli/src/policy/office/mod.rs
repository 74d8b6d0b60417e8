//! Rules on their way: an officer proposes them, a colleague approves them, and everybody can see
//! which are in force.

mod approve;
mod desk;
mod propose;
mod shown;
mod status;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_policy::simulate::Simulated;
use indicatif::ProgressBar;

use self::desk::OfficeDesk;
use crate::exit::Failure;
use crate::output::Output;

pub(super) use self::approve::{ApproveArgs, approve};
pub(super) use self::propose::{PublishArgs, publish};
pub(super) use self::status::{StatusArgs, proposals, status};

/// Texts of rules by relative path.
pub(super) type Files = BTreeMap<String, String>;

/// The officer's own desk.
#[derive(Debug, Args)]
pub(super) struct DeskArgs {
    /// Your own desk folder: it holds desk.toml, your certificate and your key; your role is gem.po
    /// or gem.fg
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,
}

/// The files of the rules in force in the region of this desk.
pub(super) async fn in_force(folder: &Path, out: Output) -> Result<Files, Failure> {
    let desk = OfficeDesk::open(folder, out.lang())?;
    let now = desk.known().await?.shown.now;
    desk.files(now.map_or(0, |now| now.number)).await
}

/// Which decisions of the node of this desk a draft takes otherwise; `since` is told the present
/// moment there.
pub(super) async fn simulated(
    folder: &Path,
    files: &Files,
    since: impl FnOnce(Timestamp) -> Result<Timestamp, Failure>,
    on: Option<Timestamp>,
    (bar, out): (&ProgressBar, Output),
) -> Result<Simulated, Failure> {
    let desk = OfficeDesk::open(folder, out.lang())?;
    let since = since(desk.known().await?.now())?;
    desk.simulate(files, (since, on), bar).await
}

impl DeskArgs {
    fn open(&self, out: Output) -> Result<OfficeDesk, Failure> {
        OfficeDesk::open(&self.desk, out.lang())
    }
}
