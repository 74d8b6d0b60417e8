//! Questions that a person of this agency must look at (domain 4a.29).
//!
//! Life of an item: the first reply says that a professional decides, or nothing, and in the same
//! commit the question is kept ([`Item`]). A reviewer sees whom it is about and what would be
//! released, on the facts of that moment ([`again`]), and decides ([`judged`]); that is durable in
//! the ledger before anything follows from it. In the next reply slot it is decided once more on
//! the facts of then, so that a consent that was withdrawn meanwhile counts, and what a person and
//! the rules both allow is said to the asker ([`say`]). A term that passes climbs ([`schedule`]),
//! and one that ends without a decision is said to have ended ([`super::slots`]).
//!
//! `ib/<target id>` holds an item, and `iq/<target id>` the question as it came. A child who is not
//! known here, and an answer without a review, leave rows of the same length: `im/<target id>`, and
//! noise in the place of the question.

mod again;
pub(crate) mod away;
pub mod bench;
mod desk;
mod judged;
mod say;
mod schedule;
pub(crate) mod service;
mod shown;

use grondslag_core::answer::{About, Basis};
use grondslag_core::catalogue::{Category, Purpose, Role, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, StaffId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::{ReviewState, Stage};
use grondslag_core::tier::{Urgency, Verdict};
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::Pack;
use grondslag_policy::catalogue::Climb;
use grondslag_runtime::status::ToDo;
use serde::{Deserialize, Serialize};

use self::judged::Judged;
pub(super) use self::say::{Slot, say, taken_back};
pub(crate) use self::say::{released, said_at};
pub(crate) use self::schedule::{Schedule, climb, stage_of};
use super::record::{DecisionLine, Ruled, Shown};
use super::verify::Attested;
use crate::agency::Agency;
use crate::limits::{ITEM_BYTES, ITEM_LINE_BYTES};
use crate::rows;

/// Questions that a person must look at.
const REVIEWS: &[u8] = b"ib/";
/// Rows of the same length for every other question.
const OTHERS: &[u8] = b"im/";
/// The questions as they came.
const QUESTIONS: &[u8] = b"iq/";

/// A question that waits for a person, or was decided and its term has not ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) id: TargetId,
    asker: Oin,
    role: Role,
    purpose: Purpose,
    urgency: Urgency,
    /// It came with break glass: what is recorded of it is kept so long.
    break_glass: bool,
    /// Whom it is about.
    digits: String,
    /// Binds what is said to them.
    pub(super) tag: Digest,
    from: Timestamp,
    answer_by: Timestamp,
    /// By when a professional decides.
    inner: Timestamp,
    lines: Vec<InReview>,
    /// Who was to act when that was last looked at.
    stage: Stage,
    assigned: Option<StaffId>,
    judged: Option<Judged>,
}

/// A category in review.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InReview {
    pub(super) category: Category,
    pub(super) basis: Basis,
    /// Whose files: what was given at once is not given again.
    files: Vec<About>,
    /// The asker was told so.
    pub(super) named: bool,
}

grondslag_core::unprinted!(Item InReview);

impl Item {
    fn state(&self) -> ReviewState {
        match &self.judged {
            None => ReviewState::Waiting,
            Some(judged) if judged.said.is_some() => ReviewState::Said,
            Some(judged) if judged.waits_for_second() => ReviewState::Second,
            Some(_) => ReviewState::Decided,
        }
    }

    /// Nobody has decided yet, or not everybody who must.
    fn is_open(&self) -> bool {
        matches!(self.state(), ReviewState::Waiting | ReviewState::Second)
    }

    /// When it is to be done: by the professional, then by whoever it climbed to.
    fn due(&self, now: Timestamp) -> Timestamp {
        if now < self.inner { self.inner } else { self.answer_by }
    }

    /// Something was decided that the asker was not told yet.
    pub(super) fn is_to_be_said(&self) -> bool {
        self.state() == ReviewState::Decided
    }

    /// The term passes without an outcome: nobody decided, it could not be said, or nothing was
    /// said of what the asker waits for.
    pub(super) fn lapses(&self) -> bool {
        self.state() != ReviewState::Said || self.lapsed().next().is_some()
    }

    /// What the asker was told to be in review and heard nothing of: they are told that it has
    /// ended.
    pub(super) fn lapsed(&self) -> impl Iterator<Item = &InReview> {
        let said = self.judged.as_ref().and_then(|judged| judged.said.as_ref());
        let is_told =
            move |line: &&InReview| said.is_some_and(|said| said.told.contains(&line.category));
        self.lines.iter().filter(move |line| line.named && !is_told(line))
    }

    fn line(&self, category: &Category) -> Option<&InReview> {
        self.lines.iter().find(|line| line.category == *category)
    }

    /// Who is to act; never somebody before whom it already reached, also when the rules changed.
    fn stage(&self, to: &Climb, now: Timestamp) -> Stage {
        to.stage(self.inner, self.answer_by, now).max(self.stage)
    }

    /// The same in the place of what was read, if that stands there still.
    fn put_again(&self, seen: &Seen) -> Result<Batch, Reason> {
        let key = key(REVIEWS, &self.id);
        let batch = parts::delete_seen(Batch::new(), &key, seen);
        let body = padded(self, self.lines.len())?;
        parts::put_body(batch, &key, &body).map_err(StoreError::reason)
    }
}

/// A first reply, as far as what follows it depends on it.
#[derive(Clone, Copy)]
pub(crate) struct First<'a> {
    pub(crate) attested: &'a Attested,
    pub(crate) lines: &'a [DecisionLine],
    /// Whom it is about: nobody on a miss.
    pub(crate) digits: Option<&'a str>,
    /// Binds what is said to them.
    pub(in crate::answers) tag: &'a Digest,
    pub(crate) pack: &'a Pack,
    pub(crate) at: Timestamp,
}

/// Adds to the batch of a first reply what waits for a person; on a miss and without a review as
/// many bytes that say nothing.
///
/// # Errors
/// `TOO_LARGE` or `INTERNAL`, which a question within its bounds does not give.
pub(super) fn open(batch: Batch, first: First<'_>) -> Result<Batch, Reason> {
    let (id, stored) = (first.attested.target_id(), first.attested.stored());
    let (item, lines) = (item(first), first.lines.len());
    let (prefix, row) = match &item {
        Some(item) => (REVIEWS, padded(item, lines)?),
        None => (OTHERS, padded(&(), lines)?),
    };
    let mut question = vec![0; stored.len()];
    // The same work for both.
    getrandom::fill(&mut question).map_err(|_| Reason::Internal)?;
    if item.is_some() {
        question.copy_from_slice(stored);
    }
    let batch = parts::put_body(batch, &key(prefix, &id), &row);
    let batch = batch.and_then(|batch| parts::put_body(batch, &key(QUESTIONS, &id), &question));
    batch.map_err(StoreError::reason)
}

/// An item, if a person must look: of a notice nothing is answered whatever they find.
fn item(first: First<'_>) -> Option<Item> {
    let First { attested, lines, digits, tag, pack, at } = first;
    let header = attested.header();
    let lines: Vec<InReview> = lines.iter().filter_map(|line| in_review(line, pack)).collect();
    let digits = digits.filter(|_| !lines.is_empty() && !header.kind.is_notice())?;
    let answer_by = header.times.answer_by;
    Some(Item {
        id: attested.target_id(),
        asker: header.asker.clone(),
        role: header.role.clone(),
        purpose: header.purpose.clone(),
        urgency: header.urgency,
        break_glass: header.break_glass,
        digits: digits.to_owned(),
        tag: *tag,
        from: at,
        answer_by,
        inner: pack.catalogue().reviewing().inner(at, answer_by),
        lines,
        stage: Stage::Professional,
        assigned: None,
        judged: None,
    })
}

/// What of a category a person must look at: all of it, or the files that were not given at once.
fn in_review(line: &DecisionLine, pack: &Pack) -> Option<InReview> {
    let files = &line.on.as_ref()?.files;
    let reviewed = || files.iter().filter(|file| file.verdict == Verdict::Review);
    reviewed().next()?;
    let basis = match line.outcome {
        Ruled::Review => line.basis.clone(),
        Ruled::Permit | Ruled::Refuse | Ruled::Miss => {
            let rows: Vec<RowId> = reviewed().flat_map(|file| file.rows.clone()).collect();
            let known = rows.iter().filter_map(|id| pack.row(id));
            let grounds = known.flat_map(|row| row.legal.clone()).collect();
            Basis { rows, grounds }
        }
    };
    let files = reviewed().map(|file| file.about).collect();
    let named = line.shown == Shown::Review;
    Some(InReview { category: line.category.clone(), basis, files, named })
}

/// JSON, filled up to a length that follows from the number of categories.
fn padded(row: &impl Serialize, lines: usize) -> Result<Vec<u8>, Reason> {
    rows::padded(row, ITEM_BYTES.saturating_add(lines.saturating_mul(ITEM_LINE_BYTES)))
}

/// An item, and what was read; nothing for a question without one.
///
/// # Errors
/// `STORE_CORRUPT` for a row that is none; else those of the store.
pub(super) async fn find(store: &dyn Store, id: &TargetId) -> Result<Option<(Item, Seen)>, Reason> {
    rows::read(store, &key(REVIEWS, id)).await
}

/// Adds to a batch that the term of a question ended: nothing of it is kept here any more. `seen`
/// is its item as it was read, if it had one; the batch expects it so.
///
/// # Errors
/// Those of the store.
pub(super) async fn end(
    store: &dyn Store,
    batch: Batch,
    id: &TargetId,
    seen: Option<&Seen>,
) -> Result<Batch, StoreError> {
    let mut batch = match seen {
        Some(seen) => parts::delete_seen(batch, &key(REVIEWS, id), seen),
        // It may be there and unreadable: it goes with its term like any other.
        None => parts::delete_body(store, batch, &key(REVIEWS, id)).await?,
    };
    for prefix in [OTHERS, QUESTIONS] {
        batch = parts::delete_body(store, batch, &key(prefix, id)).await?;
    }
    Ok(batch)
}

/// A question was answered: whether anything of it waits is looked at once, for a hit and a miss
/// alike.
pub(super) fn came(agency: &Agency, id: &TargetId, now: Timestamp) {
    agency.climbing.add(now, *id);
}

/// How a question stands here; nothing when no person must look at it, or its term is over.
///
/// # Errors
/// As [`find`].
pub(crate) async fn stands(agency: &Agency, id: &TargetId) -> Result<Option<ReviewState>, Reason> {
    let found = find(agency.store.as_ref(), id).await?;
    Ok(found.map(|(item, _)| item.state()))
}

/// How many questions wait, and for how many the inner term has passed.
///
/// # Errors
/// `STORE_CORRUPT` when one of them cannot be read; else those of the store.
pub(crate) async fn state(agency: &Agency) -> Result<ToDo, Reason> {
    let (mut state, now) = (ToDo::default(), agency.clock.now());
    let count = |item: Item, _| {
        state.open += u64::from(item.is_open());
        state.overdue += u64::from(item.is_open() && item.inner <= now);
    };
    let damaged = rows::each(agency.store.as_ref(), REVIEWS, count).await?;
    if damaged > 0 { Err(Reason::StoreCorrupt) } else { Ok(state) }
}

fn key(prefix: &[u8], id: &TargetId) -> Vec<u8> {
    [prefix, id.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
