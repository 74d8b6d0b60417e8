//! Which recorded questions a draft decides otherwise.

mod ledger;
mod say;

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::simulate::{Simulated, Skipped};
use indicatif::ProgressBar;

use self::ledger::Replay;
use super::office;
use crate::any_process::AnyProcess;
use crate::audit::{KeptArgs, Shelf, find};
use crate::exit::{Exit, Failure};
use crate::limits::{DAY_MS, SINCE_DAYS_MAX};
use crate::output::Output;
use crate::serve;
use crate::wait::wait;

/// Arguments of `policy simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Folder with the draft
    draft: PathBuf,

    /// From when: days back, such as 90d, or a moment, such as 2026-06-01T00:00
    #[arg(long, value_parser = Since::parse, value_name = "WHEN")]
    since: Since,

    /// Folder of a process, with its configuration and store, or of a demo, which may be running;
    /// may be repeated
    #[arg(long, value_name = "FOLDER", num_args = 1.., default_value = ".")]
    #[arg(hide_default_value = true)]
    ledger: Vec<PathBuf>,

    /// Your own desk folder, instead: your node takes its own decisions again; your role is gem.po
    /// or gem.fg
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["ledger", "policy", "overlay"])]
    desk: Option<PathBuf>,

    /// Moment that the draft must hold at, for rows that begin later; without it that of each
    /// decision
    #[arg(long, value_parser = Timestamp::parse, value_name = "MOMENT")]
    on: Option<Timestamp>,

    #[command(flatten)]
    kept: KeptArgs,
}

/// From when decisions are taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    Days(i64),
    Moment(Timestamp),
}

impl Since {
    fn parse(text: &str) -> Result<Self, String> {
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
        match days {
            Some(days) if (1..=SINCE_DAYS_MAX).contains(&days) => Ok(Self::Days(days)),
            _ => Timestamp::parse(text).map(Self::Moment).map_err(|_| {
                format!("1d to {SINCE_DAYS_MAX}d, or a moment such as 2026-06-01T00:00")
            }),
        }
    }

    /// The moment, which is not to come.
    fn until(self, now: Timestamp) -> Result<Timestamp, Failure> {
        let since = self.before(now);
        if since <= now {
            return Ok(since);
        }
        Err(Failure::told(
            Reason::NothingRecorded,
            format!("--since {since} ligt in de toekomst: het is nu {now}"),
            format!("--since {since} lies in the future: it is now {now}"),
        ))
    }

    fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Days(days) => now.plus_ms(days.saturating_mul(-DAY_MS)),
            Self::Moment(moment) => moment,
        }
    }
}

/// Takes recorded decisions again under a draft.
pub(super) fn simulate(args: &SimulateArgs, out: Output) -> Result<Exit, Failure> {
    let draft = Pack::load(&args.draft)?;
    let bar = out.progress(None, out.tr("vermeldingen", "leaves"));
    let simulated = match &args.desk {
        Some(desk) => of_node(args, desk, (&bar, out)),
        None => of_ledgers(args, &draft, (&bar, out)),
    };
    bar.finish_and_clear();
    let simulated = simulated?;
    let decisions = simulated.broker.decisions.saturating_add(simulated.holders.decisions);
    if decisions == 0 && !simulated.skipped.is_partial() {
        let Simulated { since, until, .. } = simulated;
        return Err(Failure::new(Reason::NothingRecorded, format!("{since} - {until}")));
    }
    say::say(&simulated, &draft, out);
    out.json(&simulated)?;
    Ok(end(&simulated.skipped, args.desk.is_some(), out))
}

/// Out of the ledger of the officer's own node, by the node.
fn of_node(
    args: &SimulateArgs,
    desk: &Path,
    shown: (&ProgressBar, Output),
) -> Result<Simulated, Failure> {
    let files = Pack::files(Some(&args.draft))?;
    let since = |now| args.since.until(now);
    wait(office::simulated(desk, &files, since, args.on, shown))
}

/// Out of the ledgers of folders.
fn of_ledgers(
    args: &SimulateArgs,
    draft: &Pack,
    (bar, out): (&ProgressBar, Output),
) -> Result<Simulated, Failure> {
    let found = find(&args.ledger)?;
    let mut shelf = Shelf::read(&args.kept)?;
    let until = present(&found.configs)?;
    let mut replay = Replay::new(draft, (args.since.until(until)?, until), args.on);
    for (folder, failure) in &found.unreadable {
        let why = failure.sentence();
        let why = why.in_lang(out.lang());
        replay.skipped.unreadable.push(format!("{}: {why}", folder.display()));
    }
    wait(async {
        for file in &found.configs {
            replay.party(file, &mut shelf, bar).await?;
        }
        Ok(())
    })?;
    Ok(replay.finish())
}

/// What was left out would have counted.
fn end(skipped: &Skipped, of_node: bool, out: Output) -> Exit {
    if !skipped.is_partial() {
        return Exit::Done;
    }
    if skipped.no_rules > 0 && of_node {
        let nl = "Uw knooppunt heeft de regels van toen niet meer; zijn beheerder kan ze noemen met \
                  policy simulate --ledger … --policy …";
        let en = "Your node no longer has the rules of then; its operator can name them with \
                  policy simulate --ledger … --policy …";
        out.note(out.tr(nl, en));
    } else if skipped.no_rules > 0 {
        return out.refused(Reason::RulesMissing);
    }
    Exit::Refused
}

/// The clock of the region is that of its processes; a demo has one of its own.
fn present(configs: &[PathBuf]) -> Result<Timestamp, Failure> {
    let mut now = None;
    for file in configs {
        let process = AnyProcess::load(file)?;
        now = now.max(Some(serve::now(&process.identity, &process.clock)?));
    }
    Ok(now.unwrap_or_else(super::explain::now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_days_back_or_begins_at_a_moment() {
        let now = Timestamp::from_ms(100 * DAY_MS);
        let since = |text: &str| Since::parse(text).map(|since| since.before(now).ms());
        assert_eq!(since("90d"), Ok(10 * DAY_MS));
        assert_eq!(since("1970-01-02T00:00Z"), Ok(DAY_MS));
        for wrong in ["", "90", "d", "-1d", "0d", "99999999999999999999d", "3661d", "90 d", "90w"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
