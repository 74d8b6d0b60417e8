//! `grondslag audit verify`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use grondslag_core::checkpoint::{Cosignature, Origin, SignedCheckpoint};
use grondslag_core::id::Digest;
use grondslag_evidence::audit::KeptHead;
use grondslag_evidence::ledger::audit::{Against, Findings, Walked};
use grondslag_evidence::records::check;
use indicatif::ProgressBar;
use serde::Serialize;

use super::party::{BROKER, Party, find};
use crate::exit::{Exit, Failure};
use crate::limits::AUDIT_FINDINGS_MAX;
use crate::output::{Output, alarm, bold, green, red};
use crate::wait::wait;

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Folder of a process, with its configuration and store, or of a demo; may be repeated
    #[arg(long, value_name = "FOLDER", required = true, num_args = 1..)]
    offline: Vec<PathBuf>,
}

/// What was found in some folders.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Parties whose log was walked.
    pub(crate) logs: u64,
    /// Leaves of all their ledgers.
    pub(crate) leaves: u64,
    /// Heads of the broker's ledger, kept by nodes, that it begins with.
    pub(crate) heads: u64,
    /// Cosignatures that hold.
    pub(crate) cosignatures: u64,
    /// Cosignatures of witnesses whose folder was not given.
    pub(crate) unchecked: u64,
    /// Things that are wrong.
    pub(crate) problems: u64,
    /// What they are, up to a bound.
    pub(crate) findings: Vec<Named>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Named {
    pub(crate) folder: String,
    pub(crate) ledger: String,
    /// File below the ledger's folder, or key of the store.
    pub(crate) place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leaves: Option<(u64, u64)>,
    pub(crate) problem: String,
}

/// The broker's ledger as it was walked.
struct Broker {
    origin: Origin,
    keys: Vec<[u8; 32]>,
    roots: BTreeMap<u64, Digest>,
}

pub(super) fn run(args: &VerifyArgs, out: Output) -> Result<Exit, Failure> {
    let files = find(&args.offline)?;
    let files: Vec<(PathBuf, Option<PathBuf>)> =
        files.into_iter().map(|file| (file, None)).collect();
    let bar = out.progress(None, out.tr("regels", "leaves"));
    let report = wait(verify(&files, &bar))?;
    bar.finish_and_clear();
    say(&report, out);
    out.json(&report)?;
    Ok(if report.problems == 0 { Exit::Done } else { Exit::Refused })
}

/// Walks the ledgers of some processes, each by its configuration and perhaps another store.
pub(crate) async fn verify(
    files: &[(PathBuf, Option<PathBuf>)],
    bar: &ProgressBar,
) -> Result<Report, Failure> {
    let mut parties = Vec::new();
    for (file, store) in files {
        parties.push(Party::open(file, store.as_deref()).await?);
    }
    let mut heads = Vec::new();
    for party in &parties {
        heads.push((party, party.heads().await?));
    }
    let all = heads.iter().flat_map(|(_, heads)| heads).filter_map(|kept| kept.head.as_ref());
    let sizes: BTreeSet<u64> = all.map(|head| head.checkpoint().size).collect();
    let (mut report, mut broker) = (Report::default(), None);
    for party in &parties {
        report.logs += 1;
        for still in party.copied.ledgers().await? {
            let origin = party.origin(still.name())?;
            let against = Against { origin: &origin, keys: &party.keys, sizes: &sizes };
            let walked = still.walk(against, &|leaves| bar.inc(leaves)).await?;
            report.leaves = report.leaves.saturating_add(walked.leaves);
            report.take(party, still.name(), &walked.findings);
            if still.name() == party.role.ledger() {
                let checked = check(party.copied.store().as_ref(), &still).await?;
                report.records(party, still.name(), &checked);
            }
            if still.name() == BROKER {
                let Walked { roots, .. } = walked;
                broker = Some(Broker { origin, keys: party.keys.clone(), roots });
            }
        }
    }
    for (party, heads) in &heads {
        for kept in heads {
            report.head(party, kept, broker.as_ref(), &parties);
        }
    }
    Ok(report)
}

impl Report {
    fn add(
        &mut self,
        party: &Party,
        ledger: &str,
        place: String,
        leaves: Option<(u64, u64)>,
        problem: String,
    ) {
        self.problems = self.problems.saturating_add(1);
        if self.findings.len() < AUDIT_FINDINGS_MAX {
            let folder = party.folder.display().to_string();
            self.findings.push(Named { folder, ledger: ledger.to_owned(), place, leaves, problem });
        }
    }

    fn take(&mut self, party: &Party, ledger: &str, findings: &Findings) {
        for one in &findings.listed {
            let word = one.problem.word().to_owned();
            self.add(party, ledger, one.place.clone(), one.leaves, word);
        }
        self.problems = self.problems.saturating_add(findings.more);
    }

    fn records(
        &mut self,
        party: &Party,
        ledger: &str,
        checked: &grondslag_evidence::records::Checked,
    ) {
        for one in &checked.findings {
            let leaves = one.index.map(|index| (index, index));
            let word = format!("record_{}", one.problem.word());
            self.add(party, ledger, "t".to_owned(), leaves, word);
        }
    }

    /// A kept head must be signed by the broker, and the broker's ledger must begin with it.
    fn head(&mut self, party: &Party, kept: &KeptHead, broker: Option<&Broker>, parties: &[Party]) {
        let wrong = |report: &mut Self, word: &str| {
            report.add(party, BROKER, kept.place.clone(), None, word.to_owned());
        };
        let Some(head) = &kept.head else { return wrong(self, "head_unreadable") };
        self.cosigned(party, kept, head, parties);
        let Some(broker) = broker else { return };
        let checkpoint = head.checkpoint();
        if checkpoint.origin != broker.origin {
            return wrong(self, "head_of_other_log");
        }
        if !broker.keys.iter().any(|key| head.verify(key).is_ok()) {
            return wrong(self, "head_unsigned");
        }
        match broker.roots.get(&checkpoint.size) {
            Some(root) if *root == checkpoint.root => self.heads += 1,
            Some(_) => wrong(self, "head_other_root"),
            None => wrong(self, "head_ahead"),
        }
    }

    fn cosigned(
        &mut self,
        party: &Party,
        kept: &KeptHead,
        head: &SignedCheckpoint,
        parties: &[Party],
    ) {
        let note = head.note();
        let lines = note.rsplit_once("\n\n").map_or("", |(_, lines)| lines).lines();
        let own = head.checkpoint().origin.clone();
        for line in lines {
            let Ok(cosignature) = Cosignature::parse(line) else {
                // The log's own signature is not one.
                continue;
            };
            let name = cosignature.name();
            if *name == own {
                continue;
            }
            let Some(witness) = parties.iter().find(|one| one.oin.as_str() == name.as_str()) else {
                self.unchecked += 1;
                continue;
            };
            // A line of another key than the card's holds under none of them.
            let holds = |key: &[u8; 32]| head.cosigned_by(name.as_str(), key).is_some();
            if witness.keys.iter().any(holds) {
                self.cosignatures += 1;
            } else {
                let word = "cosignature_invalid".to_owned();
                self.add(party, BROKER, kept.place.clone(), None, word);
            }
        }
    }
}

fn say(report: &Report, out: Output) {
    let Report { logs, leaves, heads, cosignatures, unchecked, problems, .. } = report;
    let figures = [
        (out.tr("logboeken", "logs"), logs),
        (out.tr("regels", "leaves"), leaves),
        (out.tr("hoofden bij knooppunten", "heads kept by nodes"), heads),
        (out.tr("medeondertekeningen", "cosignatures"), cosignatures),
        (out.tr("niet te toetsen", "not to be checked"), unchecked),
    ];
    for (label, figure) in figures {
        out.line(&format!("  {label:<26} {}", bold(&figure.to_string())));
    }
    let told = format!("{problems} {}", out.tr("problemen", "problems"));
    out.line(&if *problems == 0 { green(&told) } else { red(&told) });
    if !out.is_json() {
        say_findings(out, report);
    }
}

/// Names what is wrong, whatever the form of the output.
pub(crate) fn say_findings(out: Output, report: &Report) {
    for one in &report.findings {
        let Named { folder, ledger, place, problem, .. } = one;
        let leaves = one.leaves.map_or(String::new(), |(from, to)| {
            let word = out.tr("regel", "leaf");
            if from == to { format!(", {word} {from}") } else { format!(", {word} {from}-{to}") }
        });
        alarm(&format!("  {} {folder}: {ledger}: {place}{leaves}", red(problem)));
    }
}
