//! Rules on their way: an officer proposes them, a colleague approves them, and everybody can see
//! which are in force.

mod approve;
mod desk;
mod propose;
mod shown;
mod status;

use std::path::PathBuf;

use crate::exit::Failure;
use crate::output::Output;
use clap::Args;

use self::desk::OfficeDesk;

pub(super) use self::approve::{ApproveArgs, approve};
pub(super) use self::propose::{PublishArgs, publish};
pub(super) use self::status::{StatusArgs, proposals, status};

/// The officer's own desk.
#[derive(Debug, Args)]
pub(super) struct DeskArgs {
    /// Your own desk folder: it holds desk.toml, your certificate and your key; your role is gem.po
    /// or gem.fg
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,
}

impl DeskArgs {
    fn open(&self, out: Output) -> Result<OfficeDesk, Failure> {
        OfficeDesk::open(&self.desk, out.lang())
    }
}
