//! A request about somebody's data, as the agency that has to do with it keeps it.
//!
//! `rq/<number>` holds a case, the person's number among it: whoever decides must know of whom.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::{Category, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, RequestId, StaffId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::rights::{AskedBy, Decided, RefusalGround, Right};
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store};
use serde::{Deserialize, Serialize};

use crate::limits::{
    BREACH_HOURS, REQUEST_EXTENSION_MONTHS, REQUEST_TERM_MONTHS, REQUEST_TEXT_BYTES_MAX,
};
use crate::notices::outbox::Sender;
use crate::rows;

/// Cases, by number.
pub(super) const CASES: &[u8] = b"rq/";

/// A case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Case {
    /// Its number here.
    pub(super) id: RequestId,
    /// Whose data.
    pub(super) digits: String,
    /// What is asked.
    pub(super) right: Right,
    /// By whom; absent of what another agency mended.
    pub(super) by: Option<AskedBy>,
    /// What is wrong, or what the person states.
    pub(super) text: String,
    /// About which data; empty for all.
    pub(super) categories: BTreeSet<Category>,
    /// When it was asked.
    pub(super) lodged_at: Timestamp,
    /// Who wrote it down here; nobody when another agency brought it.
    pub(super) lodged_by: Option<Sender>,
    /// By when the person is to hear what became of it.
    pub(super) due: Timestamp,
    /// What this agency has to do with it.
    pub(super) side: Side,
    /// Where it stands.
    pub(super) state: State,
    /// Whether it was a breach, of another person's data.
    pub(super) breach: Option<Breach>,
    /// Who was told of what was mended, and of which questions.
    pub(super) told: BTreeMap<Oin, BTreeSet<TargetId>>,
}

grondslag_core::unprinted!(Case Side State Decision Breach);

/// What an agency has to do with a request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Side {
    /// It holds the data and decides.
    Holder {
        /// Who brought the request, and its number there; absent when it was made here.
        from: Option<(Oin, RequestId)>,
    },
    /// The person came here with it, and it went to who holds the data.
    Sender {
        /// Who holds them.
        to: Oin,
    },
    /// It was given such data.
    Receiver {
        /// By whom.
        from: Oin,
        /// In answer to which own questions, and whose they were.
        asked: BTreeMap<InquiryId, (StaffId, Role)>,
    },
}

impl Side {
    /// The word on the wire.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Holder { .. } => "holder",
            Self::Sender { .. } => "sender",
            Self::Receiver { .. } => "receiver",
        }
    }
}

/// Where a case stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum State {
    /// Nobody decided yet.
    Open,
    /// It takes longer, and the person was told why.
    Extended {
        /// Why.
        text: String,
    },
    /// Somebody decided.
    Decided(Decision),
    /// Nothing is left to do.
    Closed {
        /// What was decided, by the holder.
        decision: Option<Decision>,
        /// What was done.
        text: String,
        /// When.
        at: Timestamp,
    },
}

/// What was decided.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decision {
    /// What becomes of the request.
    pub(super) what: Decided,
    /// Why not, of a refusal.
    pub(super) ground: Option<RefusalGround>,
    /// What was mended, or why not.
    pub(super) text: String,
    /// When.
    pub(super) at: Timestamp,
    /// Who decided; absent at who was only told.
    pub(super) by: Option<Sender>,
}

/// Another person's data went out: whether that is reported (AVG art. 33).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Breach {
    /// By when it is assessed.
    pub(super) due: Timestamp,
    /// Whether it is reported to the authority, why, and when that was decided.
    pub(super) assessed: Option<(bool, String, Timestamp)>,
}

impl State {
    /// The word on the wire.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Extended { .. } => "extended",
            Self::Decided(_) => "decided",
            Self::Closed { .. } => "closed",
        }
    }

    /// What was decided.
    pub(super) const fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Decided(decision) | Self::Closed { decision: Some(decision), .. } => {
                Some(decision)
            }
            _ => None,
        }
    }
}

impl Case {
    /// By when somebody must hear, of a request of that moment.
    pub(super) fn due_after(lodged_at: Timestamp) -> Timestamp {
        lodged_at.plus_months(REQUEST_TERM_MONTHS)
    }

    /// The last day on which somebody may hear, of a request of that moment.
    pub(super) fn latest_after(lodged_at: Timestamp) -> Timestamp {
        lodged_at.plus_months(REQUEST_TERM_MONTHS + REQUEST_EXTENSION_MONTHS)
    }

    /// The breach to be assessed, of another person's file: the hours count from when it was found.
    pub(super) fn breach_of(right: Right, found_at: Timestamp) -> Option<Breach> {
        let due = found_at.plus_ms(BREACH_HOURS * 3_600_000);
        (right == Right::FalseMatch).then_some(Breach { due, assessed: None })
    }

    /// About which data it is, of those of one question: a file that is another person's, or that
    /// is destroyed, is so as a whole.
    pub(super) fn concerns(&self, given: BTreeSet<Category>) -> BTreeSet<Category> {
        match self.right {
            Right::FalseMatch | Right::Destruction => BTreeSet::new(),
            Right::Correction | Right::Statement | Right::Objection => given,
        }
    }

    /// Nobody decided yet.
    pub(super) const fn is_undecided(&self) -> bool {
        matches!(self.state, State::Open | State::Extended { .. })
    }

    /// An objection that was granted holds until the person takes it back.
    pub(super) fn is_standing(&self) -> bool {
        let granted = |one: &Decision| one.what == Decided::Granted;
        self.right == Right::Objection
            && matches!(self.side, Side::Holder { .. })
            && matches!(&self.state, State::Decided(one) if granted(one))
    }

    /// Something is left to do: to decide, to tell the person, to use the data no more, to assess
    /// a breach.
    pub(super) fn is_open(&self) -> bool {
        let decided = matches!(self.state, State::Decided(_));
        let to_be_told = decided && !matches!(self.side, Side::Holder { .. });
        self.is_undecided() || to_be_told || self.breach_is_open()
    }

    fn breach_is_open(&self) -> bool {
        self.breach.as_ref().is_some_and(|breach| breach.assessed.is_none())
    }

    /// Its moment has passed.
    pub(super) fn is_overdue(&self, now: Timestamp) -> bool {
        let late = self.is_undecided() && now >= self.due;
        let breach = self.breach.as_ref();
        late || breach.is_some_and(|one| one.assessed.is_none() && now >= one.due)
    }

    /// Since when nothing is left to do.
    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        match &self.state {
            _ if self.is_open() => None,
            State::Decided(decision) => Some(decision.at),
            State::Closed { at, .. } => Some(*at),
            State::Open | State::Extended { .. } => None,
        }
    }

    /// Adds to a batch that keeps it.
    ///
    /// # Errors
    /// `TOO_LARGE`; `INTERNAL` when it has no JSON.
    pub(super) fn put(&self, batch: Batch) -> Result<Batch, Reason> {
        rows::put(batch, &key(&self.id), self)
    }

    /// The same in the place of what was read, if that stands there still.
    ///
    /// # Errors
    /// As [`Case::put`].
    pub(super) fn put_again(&self, seen: &Seen) -> Result<Batch, Reason> {
        self.put(delete(Batch::new(), &self.id, seen))
    }
}

/// A text fits a notice, whatever else that names.
///
/// # Errors
/// `TEXT_TOO_LONG`.
pub(super) fn check_bytes(text: &str) -> Result<(), Reason> {
    let json = serde_json::to_string(text).map_err(|_| Reason::Internal)?;
    if json.len() > REQUEST_TEXT_BYTES_MAX { Err(Reason::TextTooLong) } else { Ok(()) }
}

/// Adds to a batch that a case is kept no more, if it stands as it was read.
pub(super) fn delete(batch: Batch, id: &RequestId, seen: &Seen) -> Batch {
    parts::delete_seen(batch, &key(id), seen)
}

/// A case, and what was read.
///
/// # Errors
/// `STORE_CORRUPT` for a case that is none; else those of the store.
pub(super) async fn read(
    store: &dyn Store,
    id: &RequestId,
) -> Result<Option<(Case, Seen)>, Reason> {
    rows::read(store, &key(id)).await
}

/// All cases, and how many cannot be read: one keeps nobody from the others.
///
/// # Errors
/// Those of the store.
pub(super) async fn all(store: &dyn Store) -> Result<(Vec<(Case, Seen)>, u64), Reason> {
    rows::all(store, CASES).await
}

fn key(id: &RequestId) -> Vec<u8> {
    [CASES, id.as_bytes()].concat()
}
