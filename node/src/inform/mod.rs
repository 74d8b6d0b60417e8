//! The duty to inform (melden): whoever asked about somebody tells them so (AVG art. 14 lid 3; for
//! Veilig Thuis Wmo art. 5.3.1).
//!
//! A task is made at the asker's node: with a question for a purpose that an own view tells of
//! after notice alone, before it leaves; else with the first answer that a rule permits with
//! notice, before it is shown. It stands until somebody says that, and how, the person was told, or
//! the question itself is forgotten. The law lets some put it off, with a reason and a day on which
//! it is looked at again. What was told is in the person's next own view.
//!
//! `wi/<inquiry id>` holds a task, the person's number among it until they were told: whoever is to
//! tell must know whom, and nobody after that.

pub(crate) mod service;

use grondslag_core::answer::{Answer, Line};
use grondslag_core::catalogue::{Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, StaffId};
use grondslag_core::informing::{ToldHow, ToldTo};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Pair, Store, StoreError};
use grondslag_policy::Pack;
use grondslag_policy::retention::Kept;
use grondslag_runtime::status::ToDo;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::limits::PAGE;

/// Tasks, by question.
const TASKS: &[u8] = b"wi/";

/// Something that is to be told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    /// The question.
    pub(crate) inquiry: InquiryId,
    /// Whom it was about; nothing once they were told.
    pub(crate) digits: Option<String>,
    /// Who asked.
    pub(crate) staff: StaffId,
    /// In which role.
    pub(crate) role: Role,
    /// What for.
    pub(crate) purpose: Purpose,
    /// When.
    pub(crate) asked_at: Timestamp,
    /// By when it is to be told, or looked at again.
    pub(crate) due: Timestamp,
    /// Until when the question is kept, and this with it.
    pub(crate) until: Timestamp,
    /// It was asked with break glass: what is recorded of it is kept so long.
    #[serde(default)]
    pub(crate) break_glass: bool,
    /// Where it stands.
    pub(crate) state: State,
}

grondslag_core::unprinted!(Task);

/// Where a task stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum State {
    /// Nobody told it yet.
    Open,
    /// It waits, for a reason.
    Postponed {
        /// Why.
        reason: String,
    },
    /// It was told.
    Done {
        /// How.
        how: ToldHow,
        /// To whom.
        told: ToldTo,
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// The word on the wire.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Postponed { .. } => "postponed",
            Self::Done { .. } => "done",
        }
    }
}

impl Task {
    /// One of a question that is asked now.
    pub(crate) fn new(
        pack: &Pack,
        (inquiry, staff): (InquiryId, StaffId),
        (role, purpose): (Role, Purpose),
        digits: String,
        (asked_at, term): (Timestamp, Kept),
    ) -> Self {
        let days = pack.catalogue().informing().days;
        Self {
            inquiry,
            digits: Some(digits),
            staff,
            role,
            purpose,
            asked_at,
            due: asked_at.plus_calendar(0, days),
            until: pack.retention().end(term, asked_at),
            break_glass: term == Kept::BreakGlass,
            state: State::Open,
        }
    }

    /// Whether the question is for a purpose of which an own view tells after notice alone.
    pub(crate) fn is_owed_in_any_case(&self, pack: &Pack) -> bool {
        let purpose = pack.catalogue().purpose(&self.purpose);
        // Of a purpose that nobody knows any more it is told too.
        purpose.is_none_or(|purpose| purpose.told_after_notice)
    }

    /// Whether an answer was permitted with notice. Where it does not say by which rules, it was.
    pub(crate) fn is_owed_for(pack: &Pack, answer: &Answer) -> bool {
        answer.lines.iter().any(|line| match line {
            Line::Content { basis, .. } => {
                let mut rows = basis.rows.iter().map(|row| pack.row(row));
                basis.rows.is_empty() || rows.any(|row| row.is_none_or(|row| row.notify))
            }
            _ => false,
        })
    }

    /// The write that keeps it.
    ///
    /// # Errors
    /// `INTERNAL` when it has no JSON.
    pub(crate) fn put(&self, batch: Batch) -> Result<Batch, Reason> {
        let row = serde_json::to_vec(self).map_err(|_| Reason::Internal)?;
        Ok(batch.put(key(&self.inquiry), row))
    }

    /// Its moment has passed.
    pub(crate) fn is_overdue(&self, now: Timestamp) -> bool {
        now >= self.due && !matches!(self.state, State::Done { .. })
    }

    fn parse(row: &[u8]) -> Result<Self, Reason> {
        serde_json::from_slice(row).map_err(|_| Reason::StoreCorrupt)
    }
}

/// The task that comes with an answer, unless there is one already.
///
/// # Errors
/// Those of the store.
pub(crate) async fn with_answer(
    agency: &Agency,
    task: Option<&Task>,
    answer: &Answer,
) -> Result<Batch, Reason> {
    let Some(task) = task.filter(|_| Task::is_owed_for(&agency.pack(), answer)) else {
        return Ok(Batch::new());
    };
    let stands = agency.store.get(&key(&task.inquiry)).await.map_err(StoreError::reason)?;
    if stands.is_some() { Ok(Batch::new()) } else { task.put(Batch::new()) }
}

/// Drops the task of a question that did not leave, unless somebody did something with it.
///
/// # Errors
/// Those of the store.
pub(crate) async fn did_not_leave(agency: &Agency, inquiry: &InquiryId) -> Result<(), Reason> {
    let (store, key) = (agency.store.as_ref(), key(inquiry));
    let Some(value) = store.get(&key).await.map_err(StoreError::reason)? else { return Ok(()) };
    if Task::parse(&value)?.state != State::Open {
        return Ok(());
    }
    let gone = Batch::new().expect_value(key.as_slice(), value).delete(key);
    match store.commit(gone).await {
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.reason()),
    }
}

/// Whether a question was told to who sees an own view now: a parent sees it once the parents were
/// told, both of them, and the young person once anybody was.
///
/// # Errors
/// `STORE_CORRUPT` for a task that is none; else those of the store.
pub(crate) async fn is_told(
    store: &dyn Store,
    inquiry: &InquiryId,
    to_parent: bool,
) -> Result<bool, Reason> {
    let row = store.get(&key(inquiry)).await.map_err(StoreError::reason)?;
    let task = row.map(|row| Task::parse(&row)).transpose()?;
    Ok(task.is_some_and(|task| match &task.state {
        State::Done { told, .. } => !to_parent || *told == ToldTo::Parents,
        State::Open | State::Postponed { .. } => false,
    }))
}

/// All tasks, as they stand, and how many rows are none: such a row hides no other.
///
/// # Errors
/// Those of the store.
async fn all(store: &dyn Store) -> Result<(Vec<(Task, Pair)>, u64), Reason> {
    let (mut all, mut damaged, mut after) = (Vec::new(), 0, None::<Vec<u8>>);
    loop {
        let page = store.scan(TASKS, after.as_deref(), PAGE).await.map_err(StoreError::reason)?;
        after = page.last().filter(|_| page.len() >= PAGE).map(|last| last.key.clone());
        for pair in page {
            match Task::parse(&pair.value) {
                Ok(task) => all.push((task, pair)),
                Err(_) => damaged += 1,
            }
        }
        if after.is_none() {
            return Ok((all, damaged));
        }
    }
}

/// How many tasks there are, and how many are late.
///
/// # Errors
/// `STORE_CORRUPT` while there is a row that is none; else those of the store.
pub(crate) async fn state(agency: &Agency) -> Result<ToDo, Reason> {
    let (mut state, now) = (ToDo::default(), agency.clock.now());
    let (tasks, damaged) = all(agency.store.as_ref()).await?;
    if damaged > 0 {
        return Err(Reason::StoreCorrupt);
    }
    for (task, _) in tasks {
        state.open += u64::from(!matches!(task.state, State::Done { .. }));
        state.overdue += u64::from(task.is_overdue(now));
    }
    Ok(state)
}

/// Forgets the tasks of questions whose term is over, and says how many rows are none.
///
/// # Errors
/// Those of the store: what is left is forgotten another time.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let now = agency.clock.now();
    let (tasks, damaged) = all(agency.store.as_ref()).await?;
    for (task, Pair { key, value }) in tasks {
        if task.until > now {
            continue;
        }
        let gone = Batch::new().expect_value(key.as_slice(), value).delete(key);
        match agency.store.commit(gone).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Ok(damaged)
}

fn key(inquiry: &InquiryId) -> Vec<u8> {
    [TASKS, inquiry.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
