//! What `audit verify` found, and how it is told.

use std::path::Path;

use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::lang::Text;
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::KeptHead;
use grondslag_evidence::ledger::audit::Findings;
use grondslag_evidence::records::Checked;
use serde::Serialize;
use serde_json::Value;

use super::answers::Held;
use super::keys::Keys;
use super::logs::{Logs, is_cut_right, lost, stands};
use super::party::{BROKER, Party};
use super::shown::Shown;
use super::words::{Wrong, sentence};
use crate::exit::Failure;
use crate::limits::AUDIT_FINDINGS_MAX;
use crate::output::{Output, alarm, bold, green, red};

/// What was found in some folders.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Parties whose log was walked.
    pub(crate) logs: u64,
    /// Leaves of all their ledgers.
    pub(crate) leaves: u64,
    /// Heads of the broker's ledger, kept by nodes, that it begins with.
    pub(crate) heads: u64,
    /// Heads that nodes keep of a broker whose folder was not given.
    pub(crate) heads_unchecked: u64,
    /// Answers that a node got and proved to stand in the ledger of who gave them.
    pub(crate) answers: u64,
    /// Answers that were proved then, by nodes whose folders were not given.
    pub(crate) answers_unchecked: u64,
    /// Decisions that the broker proved to who asked, and that its ledger bears out.
    pub(crate) decisions: u64,
    /// Decisions that it proved then, where its folder was not given.
    pub(crate) decisions_unchecked: u64,
    /// Cosignatures that hold.
    pub(crate) cosignatures: u64,
    /// Cosignatures of witnesses of whom no card was found and no key given.
    pub(crate) unchecked: u64,
    /// Leaves that a restored broker no longer has; what nodes got of them stays provable there.
    pub(crate) lost: Vec<Lost>,
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
    /// The stable word for it.
    pub(crate) problem: String,
    /// Why something could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<Text>,
}

/// Leaves that were lost between a backup and its restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Lost {
    pub(crate) origin: Origin,
    /// The first.
    pub(crate) from: u64,
    /// Behind the last.
    pub(crate) to: u64,
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
            let ledger = ledger.to_owned();
            self.findings.push(Named { folder, ledger, place, leaves, problem, cause: None });
        }
    }

    /// What a party has cannot be read. Whatever has another cause ends the audit.
    pub(super) fn broken(&mut self, folder: &Path, failure: Failure) -> Result<(), Failure> {
        let theirs = [
            Reason::StoreCorrupt,
            Reason::FileUnreadable,
            Reason::ConfigInvalid,
            Reason::Malformed,
        ];
        if !theirs.contains(&failure.reason()) {
            return Err(failure);
        }
        self.unreadable(folder, &failure);
        Ok(())
    }

    /// What a party has cannot be read, whatever the cause.
    pub(super) fn unreadable(&mut self, folder: &Path, failure: &Failure) {
        self.problems = self.problems.saturating_add(1);
        if self.findings.len() < AUDIT_FINDINGS_MAX {
            self.findings.push(Named {
                folder: folder.display().to_string(),
                ledger: String::new(),
                place: failure.reason().code().to_owned(),
                leaves: None,
                problem: Wrong::PartyUnreadable.word().to_owned(),
                cause: Some(failure.sentence()),
            });
        }
    }

    /// A list of a party's that cannot be read counts as broken, and as empty.
    pub(super) fn unread<T>(&mut self, party: &Party, failure: Failure) -> Result<Vec<T>, Failure> {
        self.broken(&party.folder, failure)?;
        Ok(Vec::new())
    }

    /// Something wrong between parties.
    pub(super) fn wrong(&mut self, party: &Party, ledger: &str, place: &str, wrong: Wrong) {
        self.add(party, ledger, place.to_owned(), None, wrong.word().to_owned());
    }

    /// Something wrong about one leaf.
    pub(super) fn wrong_leaf(&mut self, party: &Party, ledger: &str, index: u64, wrong: Wrong) {
        let (place, leaves) = ("t".to_owned(), Some((index, index)));
        self.add(party, ledger, place, leaves, wrong.word().to_owned());
    }

    /// What is wrong within a ledger.
    pub(super) fn take(&mut self, party: &Party, ledger: &str, findings: &Findings) {
        for one in &findings.listed {
            let word = one.problem.word().to_owned();
            self.add(party, ledger, one.place.clone(), one.leaves, word);
        }
        self.problems = self.problems.saturating_add(findings.more);
    }

    /// What is wrong with its records.
    pub(super) fn records(&mut self, party: &Party, ledger: &str, checked: &Checked) {
        for one in &checked.findings {
            let leaves = one.index.map(|index| (index, index));
            let word = format!("record_{}", one.problem.word());
            self.add(party, ledger, "t".to_owned(), leaves, word);
        }
    }

    /// A kept head must be signed by the broker, and the broker's ledger must begin with it.
    /// Where no ledger tells, it must be what others were shown.
    pub(super) fn head(
        &mut self,
        party: &Party,
        kept: &KeptHead,
        held: &Held<'_>,
        shown: &mut Shown,
    ) {
        let Held { logs, keys, .. } = *held;
        let wrong = |report: &mut Self, wrong| report.wrong(party, BROKER, &kept.place, wrong);
        let Some(head) = &kept.head else { return wrong(self, Wrong::HeadUnreadable) };
        self.cosigned(party, kept, head, keys);
        let checkpoint = head.checkpoint();
        let Some(log) = logs.get(&checkpoint.origin) else {
            if logs.values().any(|log| log.is_brokers) {
                return wrong(self, Wrong::HeadOfOtherLog);
            }
            if !shown.agrees(checkpoint) {
                return wrong(self, Wrong::HeadsDiffer);
            }
            self.heads_unchecked += 1;
            return;
        };
        if !Keys::signed(&log.keys, head) {
            return wrong(self, Wrong::HeadUnsigned);
        }
        let told = log.roots.contains_key(&checkpoint.size);
        match stands(logs, checkpoint) {
            _ if !told && !shown.agrees(checkpoint) => wrong(self, Wrong::HeadsDiffer),
            Ok(()) => self.heads += 1,
            Err(found) => wrong(self, found),
        }
    }

    /// What restores of the broker lost; each must begin where the one before was cut short.
    pub(super) fn restored(&mut self, party: &Party, logs: &Logs) {
        if !is_cut_right(logs) {
            self.wrong(party, BROKER, "wf", Wrong::FoundingOtherSize);
        }
        for (origin, lost) in lost(logs).filter(|(_, lost)| !lost.is_empty()) {
            let origin = origin.clone();
            self.lost.push(Lost { origin, from: lost.start, to: lost.end });
        }
    }

    fn cosigned(&mut self, party: &Party, kept: &KeptHead, head: &SignedCheckpoint, keys: &Keys) {
        for cosignature in head.cosignatures() {
            let name = cosignature.name();
            let of_witness = keys.of_witness(name);
            if of_witness.is_empty() {
                self.unchecked += 1;
            } else if holds(head, name, &of_witness) {
                self.cosignatures += 1;
            } else {
                self.wrong(party, BROKER, &kept.place, Wrong::CosignatureInvalid);
            }
        }
    }

    /// As JSON, every finding with its sentence.
    pub(super) fn json(&self, out: Output) -> Result<Value, Failure> {
        let failed = |error| Failure::new(Reason::Internal, error);
        let mut json = serde_json::to_value(self).map_err(failed)?;
        let findings = json.get_mut("findings").and_then(Value::as_array_mut);
        for one in findings.into_iter().flatten() {
            let word = one.get("problem").and_then(Value::as_str).unwrap_or_default();
            let said = Value::from(sentence(word, out.lang()));
            if let Some(one) = one.as_object_mut() {
                one.insert("sentence".to_owned(), said);
            }
        }
        Ok(json)
    }
}

/// Whether every line under a kept head that can be checked holds: those of witnesses.
pub(super) fn all_hold(head: &SignedCheckpoint, keys: &Keys) -> bool {
    head.cosignatures().all(|cosignature| {
        let name = cosignature.name();
        let of_witness = keys.of_witness(name);
        of_witness.is_empty() || holds(head, name, &of_witness)
    })
}

/// A line of another key than the witness's holds under none of them.
fn holds(head: &SignedCheckpoint, name: &Origin, keys: &[[u8; 32]]) -> bool {
    keys.iter().any(|key| head.cosigned_by(name.as_str(), key).is_some())
}

/// The figures, and what is wrong.
pub(super) fn say(report: &Report, out: Output) {
    let Report { logs, leaves, heads, heads_unchecked, answers, .. } = report;
    let Report { answers_unchecked, cosignatures, unchecked, problems, .. } = report;
    let Report { decisions, decisions_unchecked, .. } = report;
    let figures = [
        (out.tr("logboeken", "logs"), logs),
        (out.tr("vermeldingen", "leaves"), leaves),
        (out.tr("hoofden bij knooppunten", "heads kept by nodes"), heads),
        (out.tr("hoofden ongetoetst", "heads unchecked"), heads_unchecked),
        (out.tr("bewezen antwoorden", "proved answers"), answers),
        (out.tr("antwoorden ongetoetst", "answers unchecked"), answers_unchecked),
        (out.tr("bewezen beslissingen", "proved decisions"), decisions),
        (out.tr("beslissingen ongetoetst", "decisions unchecked"), decisions_unchecked),
        (out.tr("medeondertekeningen", "cosignatures"), cosignatures),
        (out.tr("niet te toetsen", "not to be checked"), unchecked),
    ];
    for (label, figure) in figures {
        out.line(&format!("  {label:<26} {}", bold(&figure.to_string())));
    }
    for Lost { origin, from, to } in &report.lost {
        let of = out.tr("vermeldingen verloren bij een herstel", "leaves lost in a restore");
        out.line(&format!("  {origin}: {} {of} ({from}..{to})", to - from));
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
            let word = out.tr("vermelding", "leaf");
            if from == to { format!(", {word} {from}") } else { format!(", {word} {from}-{to}") }
        });
        let said = sentence(problem, out.lang());
        let cause = one.cause.as_ref().map(|cause| cause.in_lang(out.lang()));
        let told = match cause {
            Some(cause) => format!("{folder}: {said}: {cause}"),
            None => format!("{folder}: {ledger}: {place}{leaves}: {said}"),
        };
        alarm(&format!("  {} {told}", red(problem)));
    }
}
