//! `grondslag audit replay`: every decision is taken again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::lang::Text;
use grondslag_policy::{Difference, What};
use indicatif::ProgressBar;
use serde::{Serialize, Serializer};

use super::again;
use super::decision::{Decision, is_decision};
use super::entries::{Behind, Entry, each};
use super::in_force::InForce;
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
    /// None for what is of a whole party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ledger: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_id: Option<TargetId>,
    /// `differs`, `not_in_force`, `no_bundle`, `no_overlay`, `altered`, `lost`, `party_unreadable`,
    /// or what is wrong with its body.
    pub(crate) problem: String,
    /// The category, or `record`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "word")]
    pub(crate) what: Option<What>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recorded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<String>,
    /// Why something could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<Text>,
}

pub(super) fn run(args: &ReplayArgs, out: Output) -> Result<Exit, Failure> {
    let found = find(&args.offline)?;
    let mut shelf = Shelf::read(&args.kept)?;
    let bar = out.progress(None, out.tr("vermeldingen", "leaves"));
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
    for (folder, failure) in &found.unreadable {
        let folder = folder.display().to_string();
        let at = At { folder: &folder, leaf: None };
        report.problems += 1;
        let cause = Some(failure.sentence());
        report.found(Found { cause, ..at.found("party_unreadable") });
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
        let party = Party::open(file, None, None).await?;
        let rules = shelf.of(file, &party.taken_rules().await?)?;
        let folder = party.folder.display().to_string();
        // Without an opening, and so far without a leaf that says that it was forgotten.
        let mut bare: BTreeMap<Digest, (String, u64)> = BTreeMap::new();
        // By which rules its own ledger says that it decides from here on.
        let mut in_force = InForce::default();
        let take = |ledger: &str, entry: Entry| {
            let at = At { folder: &folder, leaf: Some((ledger, entry.index)) };
            match entry.behind {
                Behind::Opened(opened) => match Decision::read(&opened) {
                    Ok(Some(decision)) if in_force.allows(decision.rules(), entry.recorded_at) => {
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
                Behind::Clear => in_force.take(&entry.leaf, entry.recorded_at),
                Behind::Altered { .. } | Behind::Bare { .. } => {}
            }
            Ok(())
        };
        each(&party, bar, take).await?;
        for (ledger, index) in bare.into_values() {
            self.problem(At { folder: &folder, leaf: Some((&ledger, index)) }, "lost");
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
            let (of, what) = (Some(of), Some(what));
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
    /// Ledger and number.
    leaf: Option<(&'a str, u64)>,
}

impl At<'_> {
    fn found(self, problem: &str) -> Found {
        Found {
            folder: self.folder.to_owned(),
            ledger: self.leaf.map(|(ledger, _)| ledger.to_owned()),
            index: self.leaf.map(|(_, index)| index),
            target_id: None,
            problem: problem.to_owned(),
            of: None,
            what: None,
            recorded: None,
            again: None,
            cause: None,
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
    report.findings.iter().for_each(|one| say_found(one, out));
}

fn say_found(one: &Found, out: Output) {
    let mut told = one.folder.clone();
    if let (Some(ledger), Some(index)) = (&one.ledger, one.index) {
        told = format!("{told}: {ledger} {index}");
    }
    told = format!("{told}: {}", again::sentence(&one.problem, out.lang()));
    if let (Some(of), Some(what)) = (&one.of, one.what) {
        let (was, is) = (out.tr("vastgelegd", "recorded"), out.tr("nu", "now"));
        let value = |value: &Option<String>| {
            value.clone().unwrap_or_else(|| out.tr("niets", "nothing").to_owned())
        };
        let (recorded, again) = (value(&one.recorded), value(&one.again));
        let what = again::part(what, out.lang());
        told = format!("{told}: {of}: {what}: {was} {recorded}, {is} {again}");
    }
    if let Some(cause) = &one.cause {
        told = format!("{told}: {}", cause.in_lang(out.lang()));
    }
    alarm(&format!("  {} {told}", red(&one.problem)));
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn word<S: Serializer>(what: &Option<What>, to: S) -> Result<S::Ok, S::Error> {
    what.map(What::word).serialize(to)
}
