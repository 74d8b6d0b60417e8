//! `grondslag audit rebuild`: the keys of a ledger again, from its tiles.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_evidence::audit::LEDGERS;
use grondslag_evidence::generation::{name, number};
use grondslag_evidence::ledger::rebuild::{RebuildError, Rebuilt, rebuild};
use grondslag_evidence::ledger::{Means, Tiles};
use grondslag_evidence::store::{self, Backend, Config};
use serde_json::json;

use super::answers::answers;
use super::party::{Own, Party, find};
use crate::any_process::Role;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, green, yellow};
use crate::wait::wait;

/// Arguments of `audit rebuild`.
#[derive(Debug, Args)]
pub(super) struct RebuildArgs {
    /// Configuration of the stopped process
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folders of stopped nodes that keep heads of this ledger; may be repeated
    #[arg(long, value_name = "FOLDER", num_args = 1..)]
    heads: Vec<PathBuf>,
}

pub(super) fn run(args: &RebuildArgs, out: Output) -> Result<Exit, Failure> {
    let rebuilt = wait(again(&args.config, &args.heads))?;
    let size = rebuilt.checkpoint.checkpoint().size;
    let Rebuilt { filed, kept, said, .. } = rebuilt;
    out.line(&green(out.tr(
        "Het logboek is opnieuw gemaakt uit zijn tegels.",
        "The ledger was made again from its tiles.",
    )));
    let figures = [
        (out.tr("vermeldingen uit tegels", "leaves from tiles"), filed),
        (out.tr("vermeldingen uit de opslag", "leaves from the store"), kept),
        (out.tr("vermeldingen nu", "leaves now"), size),
    ];
    for (label, figure) in figures {
        out.line(&format!("  {label:<26} {}", bold(&figure.to_string())));
    }
    out.line(&yellow(&lost(out, size, said)));
    let note = rebuilt.checkpoint.note();
    out.json(&json!({
        "filed": filed, "kept": kept, "size": size, "size_before": said, "checkpoint": note,
    }))?;
    Ok(Exit::Done)
}

/// What is gone, as plainly as it is known.
fn lost(out: Output, size: u64, said: Option<u64>) -> String {
    match said.map(|said| said.saturating_sub(size)) {
        Some(0) => out.tr("Er is geen vermelding verloren.", "No leaf was lost.").to_owned(),
        Some(lost) => match out.lang() {
            grondslag_core::lang::Lang::Nl => {
                format!("{lost} vermeldingen die in geen tegel stonden zijn verloren.")
            }
            grondslag_core::lang::Lang::En => {
                format!("{lost} leaves that stood in no tile are lost.")
            }
        },
        None => match out.lang() {
            grondslag_core::lang::Lang::Nl => {
                format!("Wat na vermelding {size} alleen in de opslag stond, is verloren.")
            }
            grondslag_core::lang::Lang::En => {
                format!("What stood behind leaf {size} in the store alone is lost.")
            }
        },
    }
}

/// Every process of these folders: a head that is not read could be the one that keeps a ledger
/// from being made again too short.
fn all_of(folders: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let found = find(folders)?;
    match found.unreadable.first() {
        Some((folder, failure)) => Err(failure.clone().about(&folder.display().to_string())),
        None => Ok(found.configs),
    }
}

async fn again(config: &Path, heads: &[PathBuf]) -> Result<Rebuilt, Failure> {
    let own = Own::load(config)?;
    let mut shown: Vec<SignedCheckpoint> = Vec::new();
    for file in if heads.is_empty() { Vec::new() } else { all_of(heads)? } {
        let party = Party::open(&file, None, None).await?;
        shown.extend(party.heads().await?.into_iter().filter_map(|kept| kept.head));
        shown.extend(answered(&own, &party).await?);
    }
    let (path, owner) = (own.store.clone(), own.oin.clone());
    let store = store::open(Config { path, owner, backend: Backend::Sled }).await?;
    // The one that goes on: those before were closed by a founding.
    let name = name(own.role.word(), number(store.as_ref()).await?);
    let tiles = Arc::new(Tiles::folder(own.store.join(LEDGERS).join(&name)));
    // Nothing is recorded here: no moment is needed.
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(0)));
    let means = Means { store, clock, name: &name, tiles, signer: own.signer(&name)? };
    rebuild(&means, &shown).await.map_err(|error| told(error, &own.store))
}

/// Heads that a node showed with its answers, as an asker keeps them.
async fn answered(own: &Own, party: &Party) -> Result<Vec<SignedCheckpoint>, Failure> {
    let mut shown = Vec::new();
    if own.role != Role::Node {
        return Ok(shown);
    }
    let ledgers = party.copied.ledgers().await?;
    for (_, answer) in answers(party, &ledgers).await? {
        if answer.from == own.oin {
            let origin = own.origin(&name(own.role.word(), answer.proof.log))?;
            let head = answer.proof.head(origin);
            let signed = |key| head.signed(&key, &answer.proof.signature);
            shown.extend(own.keys().into_iter().map(signed));
        }
    }
    Ok(shown)
}

fn told(error: RebuildError, store: &Path) -> Failure {
    let (nl, en) = match error {
        RebuildError::Whole => ("er is niets mis met dit logboek", "nothing is wrong with it"),
        RebuildError::Nothing => ("er zijn geen tegels", "there are no tiles"),
        RebuildError::PutBack => (
            "de opslag is ouder dan de tegels: zij is teruggezet, en haar inhoud hoort niet bij \
             deze vermeldingen",
            "the store is older than the tiles: it was put back, and what it holds does not go \
             with these leaves",
        ),
        RebuildError::OtherHistory => (
            "iemand kreeg een ander logboek te zien dan deze tegels",
            "somebody was shown another ledger than these tiles",
        ),
        RebuildError::Behind(size) => {
            let nl = format!("iemand bewaart een hoofd van {size} vermeldingen");
            return Failure::told(
                error.reason(),
                nl,
                format!("somebody keeps a head over {size} leaves"),
            );
        }
        RebuildError::Ledger(inner) => {
            return Failure::new(error.reason(), format!("{}: {inner}", store.display()));
        }
    };
    Failure::told(error.reason(), nl, en)
}
