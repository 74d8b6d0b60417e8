//! What a process says about itself to its operator: `grondslag status`.
//!
//! Broker and node fill it; the command line shows it as text or JSON. Field names are stable.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Mode, Oin};
use grondslag_core::reason::Reason;
use serde::{Deserialize, Serialize};

/// The state of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What the process is, such as `broker`.
    pub process: String,
    /// Name of the organisation, from its certificate.
    pub name: String,
    /// The organisation.
    pub oin: Oin,
    /// Demo or production.
    pub mode: Mode,
    /// Version of the program.
    pub version: String,
    /// Whether it serves.
    pub serving: bool,
    /// Why it does not, or what needs attention.
    pub findings: Vec<Reason>,
    /// Days until the own certificate expires; negative once it has.
    pub certificate_days_left: i64,
    /// Days until the list of revoked certificates expires; negative once it has.
    pub crl_days_left: i64,
    /// Digest of the policy bundle in force.
    pub policy_bundle: Option<String>,
    /// Those rules, and the ones to come, where the process decides by rules.
    #[serde(default)]
    pub policy: Option<PolicyState>,
    /// Where it keeps what must last.
    pub store: StoreState,
    /// Where its dates come from.
    pub clock: ClockState,
    /// The epoch of the pseudonyms, where the process follows one.
    #[serde(default)]
    pub epoch: Option<EpochState>,
    /// Answers that missed the tick at which they should have left, since the process started;
    /// known to a node.
    #[serde(default)]
    pub late_answers: Option<u64>,
    /// What was forgotten at the end of its term, where the process keeps records.
    #[serde(default)]
    pub retention: Option<RetentionState>,
    /// What a node still has to tell the people about whom it asked.
    #[serde(default)]
    pub inform: Option<ToDo>,
    /// Questions that a person must look at, at a node.
    #[serde(default)]
    pub inbox: Option<ToDo>,
    /// Cases on the board of a municipality.
    #[serde(default)]
    pub cases: Option<ToDo>,
    /// Break glass at a node: what waits for a review, or for a privacy officer to see it; late is
    /// what suspends who asked.
    #[serde(default)]
    pub glass: Option<ToDo>,
    /// Cases that come to a node or go from it and were not accepted yet.
    #[serde(default)]
    pub handovers: Option<ToDo>,
    /// What people asked about their own data, at a node.
    #[serde(default)]
    pub rights: Option<ToDo>,
    /// Consents that somebody is to be asked for again, at a node that counted them.
    #[serde(default)]
    pub ask_again: Option<AskAgainState>,
    /// The broker's ledger and its witnesses, as this process knows them.
    #[serde(default)]
    pub ledger: Option<LedgerState>,
    /// Everybody it knows, and when they last spoke.
    pub peers: Vec<PeerContact>,
}

/// The rules, as the operator needs to know them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyState {
    /// Version of those in force, as their authors write it.
    pub version: String,
    /// Number of the last publication that was taken; 0: none.
    pub published: u64,
    /// Version of the next ones.
    pub next: Option<String>,
    /// Since when those will be in force.
    pub next_at: Option<Timestamp>,
    /// Why rules that were published cannot be applied here.
    pub blocked: Option<Reason>,
    /// From when on nothing is decided here because of that.
    pub blocked_from: Option<Timestamp>,
}

/// The epoch, as the operator needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochState {
    /// Questions are asked in this one.
    pub current: u32,
    /// Since when; known to the broker.
    pub since: Option<Timestamp>,
    /// The next one.
    pub next: Option<u32>,
    /// When it becomes the current one.
    pub switch_at: Option<Timestamp>,
    /// Epochs of which the factors are still to be destroyed; known to the broker.
    pub ending: Vec<u32>,
    /// The enrolment of this node's clients.
    pub index: Option<IndexState>,
}

/// A node's enrolment in the current epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexState {
    /// Points of the first run that were enrolled, padding included.
    pub done: u64,
    /// Points of the first run.
    pub total: u64,
    /// When the index was last compared with the register and nothing was missing; absent while it
    /// never was.
    pub as_of: Option<Timestamp>,
}

/// What people are to do, as the operator needs to know it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToDo {
    /// What is not done.
    pub open: u64,
    /// Of that, what should be by now.
    pub overdue: u64,
}

/// Consents that end by themselves, as the operator needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskAgainState {
    /// Those that a birthday ended and that nobody answered anew.
    pub ended: u64,
    /// Those that a birthday or their term ends within a month.
    pub ahead: u64,
    /// When they were counted.
    pub at: Timestamp,
}

/// Forgetting, as the operator needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionState {
    /// When a day's round was last complete; absent before the first.
    pub done_at: Option<Timestamp>,
    /// How many records were forgotten since the ledger began, by kind.
    pub forgotten: BTreeMap<String, u64>,
    /// How many leaves of the ledger prove it.
    pub leaves: u64,
    /// Why the last turn failed; absent when it did not.
    pub failed: Option<Reason>,
}

/// The broker's ledger, as the operator needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerState {
    /// Size of the last head: at the broker the newest, at a node the one that it took last.
    pub size: u64,
    /// Size of the largest head that more than half of the witnesses cosigned.
    pub cosigned: u64,
    /// Witnesses that a head needs; absent in a trial without.
    pub quorum: Option<usize>,
    /// Per witness; when they last cosigned is known to the broker.
    pub witnesses: Vec<WitnessState>,
}

/// A witness, and what it last cosigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessState {
    /// The organisation.
    pub oin: Oin,
    /// Size of the head.
    pub size: Option<u64>,
    /// When, by its own clock.
    pub at: Option<Timestamp>,
}

/// The store, as the operator needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreState {
    /// Name of the backend.
    pub backend: String,
    /// Whether it takes writes.
    pub writable: bool,
    /// Why it does not.
    pub reason: Option<Reason>,
    /// Bytes it takes on disk, where it has one.
    pub used_bytes: Option<u64>,
    /// Bytes left on that disk.
    pub free_bytes: Option<u64>,
}

/// The clock, as the operator needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// The present moment by this process.
    pub now: Timestamp,
    /// True when it follows the region clock of a demo.
    pub region: bool,
    /// Difference with the broker's clock at the last contact; positive means ahead.
    pub offset_ms: Option<i64>,
    /// What is wrong with it.
    pub fault: Option<Reason>,
}

/// Another party, and the last that was heard of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerContact {
    /// The party.
    pub oin: Oin,
    /// Its name.
    pub name: String,
    /// When it last answered or called.
    pub last_contact: Option<Timestamp>,
    /// Why the last call to it failed; absent when it did not.
    pub last_failure: Option<Reason>,
    /// Times it stayed silent since this process began (a slot, or a question that never reached
    /// it); none at a node, which does not count it.
    #[serde(default)]
    pub missed: Option<u64>,
}
