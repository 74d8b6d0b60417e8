//! Who is away, and who takes their place meanwhile.
//!
//! `ia/<person, keyed>` holds it until somebody is back. What is assigned to who is away is shown
//! as their substitute's; it stays theirs, so that nothing has to be moved back.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::StaffId;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_policy::retention::Kept;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::limits::{AWAY_DAYS_MAX, SUBSTITUTES_MAX};
use crate::recorded::{Kind, entry};
use crate::rows;
use crate::secret::INDEX_LEN;

const AWAY: &[u8] = b"ia/";
/// Label of a person's place among them.
const PERSON: &str = "grondslag/away/v1";
const DAY_MS: i64 = 86_400_000;

/// Somebody is away.
#[derive(Clone, Serialize, Deserialize)]
struct Away {
    staff: StaffId,
    until: Timestamp,
    substitute: StaffId,
}

/// Who is away at a moment.
pub(super) struct Absences(BTreeMap<StaffId, StaffId>);

grondslag_core::unprinted!(Away);

impl Absences {
    /// Those of this moment. A row that is none is told of in the log, and its person counts as
    /// there.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn now(agency: &Agency) -> Result<Self, Reason> {
        let (all, damaged) = rows::all::<Away>(agency.store.as_ref(), AWAY).await?;
        if damaged > 0 {
            tracing::error!(damaged, "who is away cannot be read");
        }
        let now = agency.clock.now();
        let away = all.into_iter().map(|(row, _)| row).filter(|row| now < row.until);
        Ok(Self(away.map(|row| (row.staff, row.substitute)).collect()))
    }

    /// Who takes somebody's place: the first in the row of substitutes who is there. Nobody for who
    /// is there, or when all are away.
    pub(super) fn substitute(&self, staff: &StaffId) -> Option<&StaffId> {
        let mut at = self.0.get(staff)?;
        for _ in 0..SUBSTITUTES_MAX {
            match self.0.get(at) {
                None => return Some(at),
                Some(next) => at = next,
            }
        }
        None
    }
}

/// Writes down that somebody is away until a moment, and who takes their place; or that they are
/// back. Durable when this returns.
///
/// # Errors
/// `AWAY_UNTIL` for a moment that has passed or is too far off, `STAFF_UNKNOWN` for a substitute
/// who does not act here or is the person; why it could not be recorded.
pub(super) async fn set(
    agency: &Agency,
    staff: &StaffId,
    away: Option<(Timestamp, &str)>,
) -> Result<(), Reason> {
    let (store, now, key) = (agency.store.as_ref(), agency.clock.now(), key(agency, staff));
    let batch = parts::delete_body(store, Batch::new(), &key).await.map_err(StoreError::reason)?;
    let mut body = Kind::Away.canonical().text(staff.as_str());
    let batch = match away {
        None => batch,
        Some((until, substitute)) => {
            let last = now.plus_ms(AWAY_DAYS_MAX * DAY_MS);
            if until <= now || until > last {
                return Err(Reason::AwayUntil);
            }
            let substitute = substitute_of(agency, staff, substitute, now).await?;
            body = body.text(substitute.as_str()).signed(until.ms());
            rows::put(batch, &key, &Away { staff: staff.clone(), until, substitute })?
        }
    };
    let body = body.signed(now.ms()).finish_secret();
    let entry = entry(agency, Kind::Away, &body, Kept::Decision, batch)?;
    match agency.ledger.append(entry).await {
        Err(LedgerError::Conflict { .. }) => Err(Reason::Busy),
        recorded => recorded.map(drop).map_err(LedgerError::reason),
    }
}

async fn substitute_of(
    agency: &Agency,
    staff: &StaffId,
    typed: &str,
    now: Timestamp,
) -> Result<StaffId, Reason> {
    let id = StaffId::parse(typed).map_err(|_| Reason::StaffUnknown)?;
    let acts = id != *staff && agency.staff.acts(&id, now).await?;
    acts.then_some(id).ok_or(Reason::StaffUnknown)
}

/// Forgets who has been back for long enough. Says how many rows cannot be read.
///
/// # Errors
/// Those of the store.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (store, now) = (agency.store.as_ref(), agency.clock.now());
    let (all, damaged) = rows::all::<Away>(store, AWAY).await?;
    for (row, seen) in all.into_iter().filter(|(row, _)| row.until <= now) {
        let batch = parts::delete_seen(Batch::new(), &key(agency, &row.staff), &seen);
        match store.commit(batch).await {
            // They went away again at this moment.
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Ok(damaged)
}

fn key(agency: &Agency, staff: &StaffId) -> Vec<u8> {
    let entry: [u8; INDEX_LEN] = agency.secret.index(PERSON, staff.as_str());
    [AWAY, &entry].concat()
}
