//! `grondslag audit replay`: every decision is taken again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::id::{Digest, TargetId};
use grondslag_policy::{Difference, Pack};
use indicatif::ProgressBar;
use serde::Serialize;

use super::decision::{Decision, is_decision};
use super::entries::{Behind, Entry, each};
use super::party::{Party, Processes, find};
use super::rules::{KeptArgs, Rules, Shelf};
use crate::exit::{Exit, Failure};
use crate::limits::AUDIT_FINDINGS_MAX;
use crate::output::{Output, alarm, bold, green, red};
use crate::wait::wait;

/// Arguments of `audit replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Folder of a process, with its configuration and store, or of a demo; may be repeated
    #[arg(long, value_name = "FOLDER", required = true, num_args = 1..)]
    offline: Vec<PathBuf>,

    #[command(flatten)]
    kept: KeptArgs,
}

/// What came of taking decisions again.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Replayed {
    /// Parties whose decisions were looked at.
    pub(crate) logs: u64,
    /// Decisions that were taken again.
    pub(crate) decisions: u64,
    /// Those of them that came out otherwise.
    pub(crate) differences: u64,
    /// Decisions whose opening was forgotten when its term ended.
    pub(crate) without_opening: u64,
    /// Decisions by rules that are not at hand.
    pub(crate) no_bundle: u64,
    /// Decisions that are not what was committed to, or are lost.
    pub(crate) problems: u64,
    /// What is wrong, up to a bound.
    pub(crate) findings: Vec<Found>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    pub(crate) folder: String,
    pub(crate) ledger: String,
    pub(crate) index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_id: Option<TargetId>,
    /// `differs`, `not_in_force`, `no_bundle`, `no_overlay`, `altered`, `lost`, `party_unreadable`,
    /// or what is wrong with its body.
    pub(crate) problem: String,
    /// The category, or `record`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) what: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recorded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<String>,
}

pub(super) fn run(args: &ReplayArgs, out: Output) -> Result<Exit, Failure> {
    let found = find(&args.offline)?;
    let mut shelf = Shelf::read(&args.kept)?;
    let bar = out.progress(None, out.tr("regels", "leaves"));
    let report = wait(replay(&found, &mut shelf, &bar))?;
    bar.finish_and_clear();
    say(&report, out);
    out.json(&report)?;
    Ok(if report.wrong() == 0 { Exit::Done } else { Exit::Refused })
}

async fn replay(
    found: &Processes,
    shelf: &mut Shelf,
    bar: &ProgressBar,
) -> Result<Replayed, Failure> {
    let mut report = Replayed::default();
    for folder in &found.unreadable {
        let folder = folder.display().to_string();
        report.problem(At { folder: &folder, ledger: "", index: 0 }, "party_unreadable");
    }
    for file in &found.configs {
        report.logs += 1;
        report.party(file, shelf, bar).await?;
    }
    Ok(report)
}

impl Replayed {
    /// How many decisions cannot be relied upon.
    pub(crate) fn wrong(&self) -> u64 {
        self.differences.saturating_add(self.no_bundle).saturating_add(self.problems)
    }

    async fn party(
        &mut self,
        file: &Path,
        shelf: &mut Shelf,
        bar: &ProgressBar,
    ) -> Result<(), Failure> {
        let rules = shelf.of(file)?;
        let party = Party::open(file, None, None).await?;
        let folder = party.folder.display().to_string();
        // Without an opening, and so far without a leaf that says that it was forgotten.
        let mut bare: BTreeMap<Digest, (String, u64)> = BTreeMap::new();
        // By which rules its own ledger says that it decides from here on.
        let mut in_force = None;
        let take = |ledger: &str, entry: Entry| {
            let at = At { folder: &folder, ledger, index: entry.index };
            match entry.behind {
                Behind::Opened(opened) => match Decision::read(&opened) {
                    Ok(Some(decision)) if in_force == Some(decision.rules()) => {
                        self.decision(at, &rules, &decision);
                    }
                    Ok(Some(_)) => self.problem(at, "not_in_force"),
                    Ok(None) => {}
                    Err(word) => self.problem(at, word),
                },
                Behind::Altered { kind } if is_decision(&kind) => self.problem(at, "altered"),
                Behind::Bare { kind, commitment } if is_decision(&kind) => {
                    bare.insert(commitment, (ledger.to_owned(), entry.index));
                }
                Behind::Deletion(forgotten) => {
                    let all = forgotten.kinds.values().flatten();
                    let gone = all.filter(|one| bare.remove(*one).is_some()).count();
                    self.without_opening += u64::try_from(gone).unwrap_or(u64::MAX);
                }
                Behind::Clear => in_force = Pack::told_in(&entry.leaf).or(in_force),
                Behind::Altered { .. } | Behind::Bare { .. } => {}
            }
            Ok(())
        };
        each(&party, bar, take).await?;
        for (ledger, index) in bare.into_values() {
            self.problem(At { folder: &folder, ledger: &ledger, index }, "lost");
        }
        Ok(())
    }

    fn decision(&mut self, at: At<'_>, rules: &Rules, decision: &Decision) {
        let target_id = Some(*decision.target_id());
        let (pack, overlay) = match rules.find(decision.rules()) {
            Ok(found) => found,
            Err(word) => {
                self.no_bundle += 1;
                return self.found(Found { target_id, ..at.found(word) });
            }
        };
        self.decisions += 1;
        let differences = match decision.again(pack, overlay) {
            Ok(differences) => differences,
            Err(error) => {
                self.problems += 1;
                let recorded = Some(error.to_string());
                return self.found(Found { target_id, recorded, ..at.found("other_rules") });
            }
        };
        self.differences += u64::from(!differences.is_empty());
        for Difference { of, what, recorded, again } in differences {
            let (of, what) = (Some(of), Some(what.to_owned()));
            let (recorded, again) = (Some(recorded), Some(again));
            self.found(Found { target_id, of, what, recorded, again, ..at.found("differs") });
        }
    }

    fn problem(&mut self, at: At<'_>, word: &str) {
        self.problems += 1;
        self.found(at.found(word));
    }

    fn found(&mut self, found: Found) {
        if self.findings.len() < AUDIT_FINDINGS_MAX {
            self.findings.push(found);
        }
    }
}

/// Where something stands.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    folder: &'a str,
    ledger: &'a str,
    index: u64,
}

impl At<'_> {
    fn found(self, problem: &str) -> Found {
        Found {
            folder: self.folder.to_owned(),
            ledger: self.ledger.to_owned(),
            index: self.index,
            target_id: None,
            problem: problem.to_owned(),
            of: None,
            what: None,
            recorded: None,
            again: None,
        }
    }
}

fn say(report: &Replayed, out: Output) {
    let Replayed { logs, decisions, without_opening, no_bundle, problems, .. } = report;
    let figures = [
        (out.tr("logboeken", "logs"), logs),
        (out.tr("beslissingen", "decisions"), decisions),
        (out.tr("vergeten (termijn voorbij)", "forgotten (term over)"), without_opening),
        (out.tr("regels niet voorhanden", "rules not at hand"), no_bundle),
        (out.tr("problemen", "problems"), problems),
    ];
    for (label, figure) in figures {
        out.line(&format!("  {label:<26} {}", bold(&figure.to_string())));
    }
    let told = format!("{} {}", report.differences, out.tr("verschillen", "differences"));
    out.line(&if report.wrong() == 0 { green(&told) } else { red(&told) });
    if out.is_json() {
        return;
    }
    for one in &report.findings {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let mut told = format!("{}: {} {}", one.folder, one.ledger, one.index);
        if let (Some(of), Some(what)) = (&one.of, &one.what) {
            let (recorded, again) = (part(&one.recorded), part(&one.again));
            let (was, is) = (out.tr("vastgelegd", "recorded"), out.tr("nu", "now"));
            told = format!("{told}: {of}: {what}: {was} {recorded}, {is} {again}");
        }
        alarm(&format!("  {} {told}", red(&one.problem)));
    }
}
