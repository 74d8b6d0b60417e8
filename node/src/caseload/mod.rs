//! The caseload board of a municipality (query kind Q09): which children wait, and how pressing it
//! is.
//!
//! A professional sets nature, severity and urgency, each time with a reason; the program sorts by
//! what they set and computes no score (AVG art. 22). Beside it stands how long the child waits,
//! when they were last seen and whether there is care meanwhile. Nothing is about money.
//!
//! `cl/<case>` holds a case, the child's number among it until it is closed; `cn/<child, keyed>`
//! says that a child is on the board, so that nobody is there twice.

mod board;
pub(crate) mod service;

use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{CaseId, Oin, StaffId};
use grondslag_core::reason::Reason;
use grondslag_core::tier::Urgency;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::retention::Kept;
use grondslag_runtime::status::ToDo;
use grondslag_subject::Bsn;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::rows;
use crate::secret::{INDEX_LEN, NodeSecret};

/// Cases, by number.
const CASES: &[u8] = b"cl/";
/// The children on the board.
const CHILDREN: &[u8] = b"cn/";
/// Label of a child's place among them.
const CHILD: &str = "grondslag/caseload/v1";
const DAY_MS: i64 = 86_400_000;

/// A child on the board.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Case {
    id: CaseId,
    /// Whose; nothing once it is closed.
    digits: Option<String>,
    opened_at: Timestamp,
    /// The last judgement.
    triage: Triage,
    /// Since when the severity is judged so; absent in rows of before, and as long as it stands.
    #[serde(default)]
    severity_since: Option<Timestamp>,
    /// When the child was last seen, and by whom, as far as anybody said so.
    seen: Option<ChildSeen>,
    /// Whether there is care while it waits, as far as anybody said so.
    bridged: Option<bool>,
    /// When and why it was closed.
    closed: Option<(Timestamp, String)>,
    /// Who took it over.
    #[serde(default)]
    handed_to: Option<Oin>,
}

/// What a professional judged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Triage {
    /// What it is about, a word of the catalogue.
    nature: String,
    /// A value of the column `severity`.
    severity: String,
    urgency: Urgency,
    /// Why, without names.
    reason: String,
    by: StaffId,
    at: Timestamp,
    /// By when it is looked at again.
    due: Timestamp,
}

/// The child was seen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ChildSeen {
    on: Timestamp,
    /// By an agency of this kind.
    by: Kind,
}

/// What changed of a case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Triage(Triage),
    Seen(ChildSeen),
    Bridged(bool),
    Closed(String),
}

grondslag_core::unprinted!(Case Triage ChildSeen Change);

impl Case {
    /// The case after a change at a moment.
    fn after(self, change: Change, at: Timestamp) -> Self {
        match change {
            Change::Triage(triage) => {
                let same = triage.severity == self.triage.severity;
                let since = if same { self.severity_since() } else { triage.at };
                Self { severity_since: Some(since), triage, ..self }
            }
            // The last word stands, so that a day that was typed wrong can be mended.
            Change::Seen(seen) => Self { seen: Some(seen), ..self },
            Change::Bridged(bridged) => Self { bridged: Some(bridged), ..self },
            // Whose it was is needed by nobody any more.
            Change::Closed(why) => Self { closed: Some((at, why)), digits: None, ..self },
        }
    }

    fn severity_since(&self) -> Timestamp {
        self.severity_since.unwrap_or(self.triage.at)
    }

    fn is_overdue(&self, now: Timestamp) -> bool {
        self.closed.is_none() && self.triage.due <= now
    }

    /// Full days on the board.
    fn waiting_days(&self, now: Timestamp) -> u32 {
        let until = self.closed.as_ref().map_or(now, |(at, _)| *at);
        u32::try_from(until.since_ms(self.opened_at).max(0) / DAY_MS).unwrap_or(u32::MAX)
    }

    fn put(&self, batch: Batch) -> Result<Batch, Reason> {
        rows::put(batch, &key(&self.id), self)
    }

    /// The same in the place of what was read, if that stands there still.
    fn put_again(&self, seen: &Seen) -> Result<Batch, Reason> {
        self.put(parts::delete_seen(Batch::new(), &key(&self.id), seen))
    }
}

/// A case on the board, as an escalation rests on it.
#[derive(Debug)]
pub(crate) struct OnBoard {
    /// Whose.
    pub(crate) child: Bsn,
    /// A value of the column `severity`.
    pub(crate) severity: String,
    /// How soon it cannot wait any more.
    pub(crate) urgency: Urgency,
}

/// An open case of the board.
///
/// # Errors
/// `UNKNOWN_CASE`, `CASE_CLOSED`, or why it cannot be read.
pub(crate) async fn on_board(agency: &Agency, id: &CaseId) -> Result<OnBoard, Reason> {
    let (case, _seen, child) = open_case(agency, id).await?;
    let Triage { severity, urgency, .. } = case.triage;
    Ok(OnBoard { child, severity, urgency })
}

/// An open case, what was read, and whose it is.
async fn open_case(agency: &Agency, id: &CaseId) -> Result<(Case, Seen, Bsn), Reason> {
    let found = rows::read::<Case>(agency.store.as_ref(), &key(id)).await?;
    let (case, seen) = found.ok_or(Reason::UnknownCase)?;
    if case.closed.is_some() {
        return Err(Reason::CaseClosed);
    }
    let number = case.digits.as_deref().map(Bsn::parse).transpose();
    let number = number.ok().flatten().ok_or(Reason::StoreCorrupt)?;
    Ok((case, seen, number))
}

/// Adds to a batch that a child's case leaves the board, for somebody took it over; which one, if
/// it is there. One that cannot be read stays, and keeps no case from being handed over.
///
/// # Errors
/// Those of the store.
pub(crate) async fn hand_over(
    agency: &Agency,
    batch: Batch,
    child: &Bsn,
    (to, at): (&Oin, Timestamp),
) -> Result<(Batch, Option<CaseId>), Reason> {
    let place = child_key(&agency.secret, child.expose());
    let id = agency.store.get(&place).await.map_err(StoreError::reason)?;
    // Nobody opens one at this moment.
    let Some(id) = id else { return Ok((batch.expect_absent(place), None)) };
    let found = match CaseId::from_slice(&id) {
        Ok(id) => open_case(agency, &id).await.map(|(case, seen, _)| (id, case, seen)),
        Err(_) => Err(Reason::StoreCorrupt),
    };
    match found {
        Ok((id, case, seen)) => {
            let case = Case { handed_to: Some(to.clone()), ..case };
            let case = case.after(Change::Closed(String::new()), at);
            Ok((batch.then(case.put_again(&seen)?).delete(place), Some(id)))
        }
        Err(Reason::StoreCorrupt) => {
            tracing::error!("alarm: a case that was handed over cannot be read");
            Ok((batch, None))
        }
        Err(reason) => Err(reason),
    }
}

/// How many cases are on the board, and how many are to be looked at again by now.
///
/// # Errors
/// `STORE_CORRUPT` when one of them cannot be read; else those of the store.
pub(crate) async fn state(agency: &Agency) -> Result<ToDo, Reason> {
    let (mut state, now) = (ToDo::default(), agency.clock.now());
    let count = |case: Case, _| {
        state.open += u64::from(case.closed.is_none());
        state.overdue += u64::from(case.is_overdue(now));
    };
    let damaged = rows::each(agency.store.as_ref(), CASES, count).await?;
    if damaged > 0 { Err(Reason::StoreCorrupt) } else { Ok(state) }
}

/// Forgets the cases that were closed a term ago. Says how many cannot be read.
///
/// # Errors
/// Those of the store: what is left is forgotten another time.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (store, now, pack) = (agency.store.as_ref(), agency.clock.now(), agency.pack());
    let (cases, damaged) = rows::all::<Case>(store, CASES).await?;
    for (case, seen) in cases {
        let Some((closed_at, _)) = case.closed else { continue };
        if pack.retention().end(Kept::Decision, closed_at) > now {
            continue;
        }
        match store.commit(parts::delete_seen(Batch::new(), &key(&case.id), &seen)).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Ok(damaged)
}

fn key(id: &CaseId) -> Vec<u8> {
    [CASES, id.as_bytes()].concat()
}

/// Where it stands that a child is on the board.
fn child_key(secret: &NodeSecret, digits: &str) -> Vec<u8> {
    let entry: [u8; INDEX_LEN] = secret.index(CHILD, digits);
    [CHILDREN, &entry].concat()
}

/// Puts a child on the board as if a professional had judged so.
#[cfg(test)]
pub(crate) async fn put_on_board(
    agency: &Agency,
    number: &str,
    severity: &str,
    urgency: Urgency,
) -> CaseId {
    let (id, at) = (CaseId::new(crate::random::random().unwrap()), agency.clock.now());
    let triage = Triage {
        nature: "veiligheid".into(),
        severity: severity.into(),
        urgency,
        reason: "School en huisarts maken zich zorgen.".into(),
        by: StaffId::parse("regisseur").unwrap(),
        at,
        due: at,
    };
    let (digits, opened_at) = (Some(number.to_owned()), at);
    let case = Case {
        id,
        digits,
        opened_at,
        triage,
        severity_since: None,
        seen: None,
        bridged: None,
        closed: None,
        handed_to: None,
    };
    let on_board = Batch::new().put(child_key(&agency.secret, number), *id.as_bytes());
    agency.store.commit(case.put(on_board).unwrap()).await.unwrap();
    id
}

/// Judges a case on the board anew, and closes it or not.
#[cfg(test)]
pub(crate) async fn judge_anew(agency: &Agency, id: &CaseId, severity: &str, closed: bool) {
    let (mut case, seen, _) = open_case(agency, id).await.unwrap();
    case.triage.severity = severity.into();
    case.closed = closed.then(|| (agency.clock.now(), "voorbij".into()));
    agency.store.commit(case.put_again(&seen).unwrap()).await.unwrap();
}

#[cfg(test)]
mod tests;
