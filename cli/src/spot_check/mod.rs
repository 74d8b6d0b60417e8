//! `grondslag spot-check`: whether an agency enrolled its own clients alone, for its privacy
//! officer.
//!
//! The draw and every opening are verified in this program, on the officer's own machine; the node
//! listed its batches before it knew the seed. Numbers reach this program and no further: they are
//! neither shown nor written.

mod show;
mod verify;

use std::path::PathBuf;

use clap::Args;
use grondslag_core::limits::{SPOT_CHECK_POSITIONS, SPOT_CHECK_POSITIONS_MAX};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;

use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::wait::wait;

use self::verify::{Checked, Plan};

/// Check by sample that your agency enrolled its own clients alone: for its privacy officer
///
/// A node that enrols people who are not its clients learns when they are asked about. This draws
/// positions from all that was enrolled in an epoch, padding included, has the node open each, and
/// verifies here that it is a client with a dossier, padding, or a made-up subject, in a batch as
/// ledger and broker have it. With 5 % foreign entries, 60 positions find one with 95 %.
///
/// File numbers are shown so that you can look at the dossiers; citizen service numbers are not.
/// That you looked, and what was found, is recorded. It ends with code 1 when anything is wrong.
#[derive(Debug, Args)]
pub(crate) struct SpotCheckArgs {
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// How many positions, 1 to 500
    #[arg(long, default_value_t = SPOT_CHECK_POSITIONS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(SPOT_CHECK_POSITIONS_MAX)))]
    count: u32,

    /// Draw as an earlier check did: 64 hexadecimal digits; random when absent
    #[arg(long = "seed", value_name = "HEX", value_parser = seed)]
    drawn_by: Option<[u8; 32]>,

    /// The epoch; the current one when absent
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    epoch: u32,
}

/// Draws, has the node open, and verifies.
pub(crate) fn run(args: &SpotCheckArgs, out: Output) -> Result<Exit, Failure> {
    let seed = args.drawn_by.map_or_else(random_seed, Ok)?;
    let checked = wait(check(args, seed, out))?;
    show::show(&checked, out)?;
    Ok(checked.exit())
}

async fn check(args: &SpotCheckArgs, seed: [u8; 32], out: Output) -> Result<Checked, Failure> {
    let desk = Desk::open(&args.desk, out.lang())?;
    let region = desk.region()?;
    let (epoch, batches) = desk.batches(args.epoch).await.map_err(no_epoch)?;
    let plan = Plan::new(region, epoch, &batches, seed, args.count)?;
    let (opened, closed) = desk.open_positions(plan.request()).await?;
    Ok(plan.check(&opened, &closed))
}

/// Why nothing can be drawn, and what to do.
fn no_epoch(failure: Failure) -> Failure {
    match failure.reason() {
        Reason::EpochStale => Failure::told(
            Reason::EpochStale,
            "van dit tijdvak is niets bewaard; laat --epoch weg voor het huidige",
            "nothing is kept of this epoch; leave --epoch out for the current one",
        ),
        _ => failure,
    }
}

fn random_seed() -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    let filled = getrandom::fill(&mut seed);
    filled.map_err(|error| Failure::new(Reason::Internal, error))?;
    Ok(seed)
}

fn seed(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "64 hexadecimal digits".to_owned())
}

impl Plan {
    /// What the node is asked to open.
    fn request(&self) -> v1::OpenPositionsRequest {
        v1::OpenPositionsRequest {
            epoch: self.epoch,
            batches: u64::try_from(self.batches.len()).unwrap_or(u64::MAX),
            seed: self.drawn_by.to_vec(),
            count: self.count,
        }
    }
}
