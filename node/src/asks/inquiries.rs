//! What this node asked: a durable line per inquiry, without its answers and without the child.

use std::collections::BTreeMap;

use grondslag_core::answer::Answer;
use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, StaffId};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::{Batch, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::attested::Attested;
use super::budget::{self, Counted, Said};
use super::follow::Followed;
use super::wish::Subject;
use crate::agency::Agency;
use crate::alarm::raise;
use crate::dossier::{self, Ended};
use crate::inform::Task;
use crate::limits::{COUNT_TRIES_MAX, INQUIRIES_LOOKED_THROUGH_MAX, INQUIRIES_PAGE};
use crate::own_view::asked::{Came, Question, asked_key, came_key};
use crate::own_view::strangers;
use crate::processing::Processing;
use crate::recorded::{Kind, append, entry, entry_under, term};

/// Inquiries, newest first: `n/i/<2^64 - 1 - milliseconds, big-endian><inquiry id>`.
const PREFIX: &[u8] = b"n/i/";

/// Where an inquiry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Waits for a second person.
    Draft,
    /// Sent.
    Asked,
    /// Every target has a state.
    Closed,
    /// The broker did not take it.
    Failed,
    /// It waited too long for its second person.
    Ended,
}

impl Stage {
    /// The word as shown.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Asked => "asked",
            Self::Closed => "closed",
            Self::Failed => "failed",
            Self::Ended => "ended",
        }
    }
}

/// One inquiry of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// The inquiry.
    pub id: InquiryId,
    /// When it was drafted or asked.
    pub asked_at: Timestamp,
    /// Who asked.
    pub staff: StaffId,
    /// In which role.
    pub role: Role,
    /// What for.
    pub purpose: Purpose,
    /// How many agencies.
    pub targets: u32,
    /// How many replied.
    pub replied: u32,
    /// Where it stands.
    pub stage: Stage,
}

impl Summary {
    /// The write that makes this the inquiry's line.
    ///
    /// # Errors
    /// `INTERNAL` when it has no JSON.
    pub(crate) fn put(&self, batch: Batch) -> Result<Batch, Reason> {
        let body = serde_json::to_vec(self).map_err(|_| Reason::Internal)?;
        Ok(batch.put(line_key(&self.id, self.asked_at), body))
    }
}

fn line_key(id: &InquiryId, asked_at: Timestamp) -> Vec<u8> {
    let ms = u64::try_from(asked_at.ms()).unwrap_or(0);
    [PREFIX, &(u64::MAX - ms).to_be_bytes(), id.as_bytes()].concat()
}

/// Records that a question goes out, before it does, and counts it. It is found again by the number
/// of whom it is about, who is enrolled from then on, and to whom it may be owed to tell; a notice
/// is not, before it was taken. `state` is committed with it: the removal of the draft that it was.
///
/// # Errors
/// `UNKNOWN_INQUIRY` when the draft changed or was sent meanwhile, `BUDGET_EXCEEDED`, or why it
/// could not be recorded: the question then stays.
pub(crate) async fn record_asked(
    agency: &Agency,
    inquiry: &Inquiry,
    (summary, subject, to_inform): (&Summary, &Subject, Option<Task>),
    state: Batch,
) -> Result<Counted, Reason> {
    let (term, is_notice) = (term(inquiry.header().break_glass), inquiry.header().kind.is_notice());
    let state = summary.put(state)?;
    // A sender tries for as long as an agency is away: a notice has its line once it was taken.
    let state = match subject {
        Subject::Person(number) if !is_notice => {
            strangers::put(state, &agency.secret, number, agency.clock.now())
        }
        // A made-up subject has no own view.
        Subject::Person(_) | Subject::Canary(_) => state,
    };
    let owed = to_inform.filter(|task| task.is_owed_in_any_case(&agency.pack()));
    let state = owed.map_or(Ok(state.clone()), |task| task.put(state))?;
    let place = asked_key(&agency.secret, subject.expose(), summary.asked_at, &inquiry.digest());
    let keys = if is_notice { Vec::new() } else { vec![place] };
    for _ in 0..COUNT_TRIES_MAX {
        let (counts, counted) = budget::count(agency, inquiry, summary).await?;
        let (own, state) = (state.len(), state.clone().then(counts));
        let body = asked(inquiry, summary)?;
        let entry = entry_under(agency, Kind::Asked, &body, term, (&keys, state))?;
        match agency.ledger.append(entry).await {
            Ok(_) => {
                if counted.over_budget {
                    raise(agency, inquiry.digest(), Reason::BudgetExceeded).await;
                }
                return Ok(counted);
            }
            Err(LedgerError::Conflict { step, .. }) if step < own => {
                return Err(Reason::UnknownInquiry);
            }
            // Another question was counted meanwhile: count anew.
            Err(LedgerError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Err(Reason::Busy)
}

/// Records that a question goes out once more, in another epoch. It counts once.
///
/// # Errors
/// Why it could not be recorded: the question then stays.
pub(crate) async fn record_again(
    agency: &Agency,
    inquiry: &Inquiry,
    summary: &Summary,
) -> Result<(), Reason> {
    let term = term(inquiry.header().break_glass);
    let entry = entry(agency, Kind::Asked, &asked(inquiry, summary)?, term, Batch::new())?;
    agency.ledger.append(entry).await.map_err(LedgerError::reason)?;
    Ok(())
}

fn asked(inquiry: &Inquiry, summary: &Summary) -> Result<Vec<u8>, Reason> {
    let targets = inquiry.parts().iter();
    let targets = targets.map(|(oin, part)| (oin.clone(), part.categories.clone())).collect();
    let record = AskedRecord { question: Question::of(summary, targets), digest: inquiry.digest() };
    serde_json::to_vec(&record).map_err(|_| Reason::Internal)
}

/// What stands behind the leaf of a question that goes out.
#[derive(Serialize)]
struct AskedRecord {
    #[serde(flatten)]
    question: Question,
    /// Digest of what was signed.
    digest: Digest,
}

/// Records that a draft is shown to somebody, before it is.
///
/// # Errors
/// Why it could not be recorded: the draft is then not shown.
pub(crate) async fn record_shown(
    agency: &Agency,
    id: &InquiryId,
    to: &StaffId,
) -> Result<(), Reason> {
    let body = Kind::DraftShown.canonical().bytes(id.as_bytes()).text(to.as_str());
    append(agency, Kind::DraftShown, body, Batch::new()).await.map(drop)
}

/// A question of which every agency has a state.
#[derive(Debug)]
pub(crate) struct Closed<'a> {
    /// Its line.
    pub summary: &'a Summary,
    /// What was counted of it.
    pub counted: &'a Counted,
    /// The processing that it was.
    pub processing: Vec<Processing>,
    /// What the broker proved of its decisions.
    pub attested: Vec<Attested>,
    /// What came of it at each agency.
    pub came: Came,
    /// How its first round ended at each agency, of an escalation.
    pub ended: BTreeMap<Oin, Ended>,
    /// It was asked alone in acute danger.
    pub break_glass: bool,
    /// Of a notice that an own view tells, who took it.
    pub taken_by: Option<TakenBy<'a>>,
}

/// The agencies that replied to a notice. A reply does not say that the child is known there.
#[derive(Debug)]
pub(crate) struct TakenBy<'a> {
    /// About whom it was.
    pub(crate) subject: &'a Subject,
    /// Who took it, and what it was to each.
    pub(crate) agencies: Vec<(Oin, Vec<Category>)>,
}

/// What stands behind the leaf of a closed inquiry.
#[derive(Serialize)]
struct ClosedRecord<'a> {
    #[serde(flatten)]
    question: Question,
    replied: u32,
    processing: &'a [Processing],
    attested: &'a [Attested],
    came: &'a Came,
}

/// Records that an inquiry is closed and the processing that it was, counts its answers, and keeps
/// what later ones must agree with. A notice that was taken is found again by whom it is about.
///
/// # Errors
/// Why the ledger did not take it.
pub(crate) async fn record_closed<'a>(
    agency: &Agency,
    closed: Closed<'_>,
    answers: impl Iterator<Item = &'a Answer>,
    followed: &Followed,
) -> Result<(), Reason> {
    let Closed { summary, counted, processing, attested, came, ended, break_glass, taken_by } =
        closed;
    let (said, term) = (Said::of(answers), term(break_glass));
    let agencies = taken_by.as_ref().map(|taken| taken.agencies.clone()).unwrap_or_default();
    let record = ClosedRecord {
        question: Question::of(summary, agencies),
        replied: summary.replied,
        processing: &processing,
        attested: &attested,
        came: &came,
    };
    let body = serde_json::to_vec(&record).map_err(|_| Reason::Internal)?;
    let mut keys = vec![came_key(&summary.id, &body)];
    let mut known = Batch::new();
    if let Some(TakenBy { subject: Subject::Person(number), .. }) = taken_by {
        let own = Digest::of(&body);
        keys.push(asked_key(&agency.secret, number.expose(), summary.asked_at, &own));
        known = strangers::put(known, &agency.secret, number, agency.clock.now());
    }
    for _ in 0..COUNT_TRIES_MAX {
        let line = followed.put_again(agency, summary.put(Batch::new())?, &summary.id).await?;
        let line = dossier::with_ends(agency, line, &summary.id, &ended).await?;
        let counts = budget::count_answers(agency, counted, said).await?;
        let under = (keys.as_slice(), line.then(counts).then(known.clone()));
        let entry = entry_under(agency, Kind::Closed, &body, term, under)?;
        match agency.ledger.append(entry).await {
            Err(LedgerError::Conflict { .. }) => {}
            recorded => return recorded.map(drop).map_err(LedgerError::reason),
        }
    }
    Err(Reason::Busy)
}

/// Marks where an inquiry stands now.
///
/// # Errors
/// Why the store did not take it.
pub(crate) async fn update(agency: &Agency, summary: &Summary) -> Result<(), Reason> {
    agency.store.commit(summary.put(Batch::new())?).await.map_err(StoreError::reason)
}

/// Adds to a batch that an inquiry's line says where it stands now; a line that is not there is
/// no error.
///
/// # Errors
/// Those of the store.
pub(crate) async fn restage(
    store: &dyn Store,
    batch: Batch,
    id: &InquiryId,
    asked_at: Timestamp,
    stage: Stage,
) -> Result<Batch, StoreError> {
    let key = line_key(id, asked_at);
    let Some(value) = store.get(&key).await? else {
        return Ok(batch);
    };
    let mut summary: Summary = serde_json::from_slice(&value).map_err(|_| StoreError::Corrupt)?;
    summary.stage = stage;
    let now = serde_json::to_vec(&summary).map_err(|_| StoreError::Corrupt)?;
    Ok(batch.expect_value(key.as_slice(), value).put(key, now))
}

/// A person's own inquiries, newest first.
///
/// # Errors
/// Why the store could not be read.
pub(crate) async fn list(
    agency: &Agency,
    staff: &StaffId,
    limit: usize,
) -> Result<Vec<Summary>, Reason> {
    let mut own = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    for _ in 0..INQUIRIES_LOOKED_THROUGH_MAX / INQUIRIES_PAGE {
        let page = agency.store.scan(PREFIX, after.as_deref(), INQUIRIES_PAGE).await;
        let page = page.map_err(StoreError::reason)?;
        for pair in &page {
            let summary: Summary =
                serde_json::from_slice(&pair.value).map_err(|_| Reason::StoreCorrupt)?;
            if summary.staff == *staff {
                own.push(summary);
            }
            if own.len() == limit {
                return Ok(own);
            }
        }
        match page.last() {
            Some(last) if page.len() == INQUIRIES_PAGE => after = Some(last.key.clone()),
            _ => break,
        }
    }
    Ok(own)
}

/// Forgets the lines of questions whose term is `over`, by when they were asked, and says how many
/// have a key that is none.
///
/// # Errors
/// Why the store could not be read or written: what is left is forgotten another time.
pub(crate) async fn forget_lines(
    store: &dyn Store,
    over: impl Fn(Timestamp) -> bool,
) -> Result<u64, Reason> {
    let (mut after, mut damaged) = (None::<Vec<u8>>, 0);
    loop {
        let page = store.scan(PREFIX, after.as_deref(), INQUIRIES_PAGE).await;
        let page = page.map_err(StoreError::reason)?;
        let mut batch = Batch::new();
        for pair in &page {
            match asked_at(&pair.key) {
                Some(asked_at) if over(asked_at) => batch = batch.delete(pair.key.as_slice()),
                Some(_) => {}
                None => damaged += 1,
            }
        }
        if !batch.is_empty() {
            store.commit(batch).await.map_err(StoreError::reason)?;
        }
        match page.last() {
            Some(last) if page.len() == INQUIRIES_PAGE => after = Some(last.key.clone()),
            _ => return Ok(damaged),
        }
    }
}

/// When the question of a line was asked.
fn asked_at(key: &[u8]) -> Option<Timestamp> {
    let (ms, _id) = key.strip_prefix(PREFIX)?.split_first_chunk::<8>()?;
    let ms = u64::MAX - u64::from_be_bytes(*ms);
    i64::try_from(ms).ok().map(Timestamp::from_ms)
}
