//! Which recorded questions a draft decides otherwise.

mod ledger;
mod say;

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::simulate::Flips;
use serde::{Serialize, Serializer};

use self::ledger::Replay;
use crate::any_process::AnyProcess;
use crate::audit::{KeptArgs, Shelf, find};
use crate::exit::{Exit, Failure};
use crate::limits::{DAY_MS, SINCE_DAYS_MAX};
use crate::output::{Output, red};
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

/// What a simulation came to.
#[derive(Debug, Serialize)]
struct Simulated {
    #[serde(serialize_with = "written")]
    since: Timestamp,
    #[serde(serialize_with = "written")]
    until: Timestamp,
    draft: Draft,
    /// Parties whose decisions were looked at.
    parties: u64,
    /// What the broker could allow.
    broker: Flips,
    /// What holders gave.
    holders: Flips,
    skipped: Skipped,
}

#[derive(Debug, Serialize)]
struct Draft {
    version: String,
    bundle: grondslag_core::id::Digest,
}

/// Records that were not decided again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Skipped {
    /// Their term was over.
    forgotten: u64,
    /// Nothing was decided in them: the child was not known, or the agency had no card.
    undecided: u64,
    /// The rules that decided are not at hand.
    no_rules: u64,
    /// They cannot be read, or not decided by the rules that they name: `audit replay` says more.
    problems: u64,
    /// Folders of parties that cannot be read.
    unreadable: Vec<String>,
    /// A node's own rules that do not fit the draft; what was decided with them is left out.
    unfit: Vec<String>,
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

    fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Days(days) => now.plus_ms(days.saturating_mul(-DAY_MS)),
            Self::Moment(moment) => moment,
        }
    }
}

impl Skipped {
    /// The counts are not of everything.
    fn is_partial(&self) -> bool {
        self.no_rules > 0
            || self.problems > 0
            || !self.unreadable.is_empty()
            || !self.unfit.is_empty()
    }
}

/// Takes recorded decisions again under a draft.
pub(super) fn simulate(args: &SimulateArgs, out: Output) -> Result<Exit, Failure> {
    let draft = Pack::load(&args.draft)?;
    let found = find(&args.ledger)?;
    let mut shelf = Shelf::read(&args.kept)?;
    let until = present(&found.configs)?;
    let since = args.since.before(until);
    if since > until {
        return Err(Failure::told(
            Reason::NothingRecorded,
            format!("--since {since} ligt in de toekomst: het is nu {until}"),
            format!("--since {since} lies in the future: it is now {until}"),
        ));
    }
    let bar = out.progress(None, out.tr("vermeldingen", "leaves"));
    let mut replay = Replay::new(&draft, (since, until), args.on);
    for (folder, failure) in &found.unreadable {
        let why = failure.sentence();
        let why = why.in_lang(out.lang());
        replay.skipped.unreadable.push(format!("{}: {why}", folder.display()));
    }
    wait(async {
        for file in &found.configs {
            replay.party(file, &mut shelf, &bar).await?;
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    let simulated = replay.finish();
    let decisions = simulated.broker.decisions.saturating_add(simulated.holders.decisions);
    if decisions == 0 && !simulated.skipped.is_partial() {
        return Err(Failure::new(Reason::NothingRecorded, format!("{since} - {until}")));
    }
    say::say(&simulated, &draft, out);
    out.json(&simulated)?;
    Ok(end(&simulated.skipped, out))
}

/// What was left out would have counted.
fn end(skipped: &Skipped, out: Output) -> Exit {
    if !skipped.is_partial() {
        return Exit::Done;
    }
    if skipped.no_rules > 0 {
        let reason = Reason::RulesMissing;
        out.note(&format!("{} {}", red(reason.code()), reason.sentence(out.lang())));
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn written<S: Serializer>(moment: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(moment)
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
