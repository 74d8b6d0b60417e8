//! When a question that waits is to climb: from the professional to who leads them, to who answers
//! for the agency, and to the agency's own data protection officer.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use futures_util::stream::{self, StreamExt as _};
use grondslag_core::canonical::{NotCanonical, Reader};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::TargetId;
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::Stage;
use grondslag_evidence::ledger::LedgerError;
use grondslag_policy::catalogue::Climb;

use super::{Item, REVIEWS, find};
use crate::agency::Agency;
use crate::limits::CLIMBS_AT_ONCE_MAX;
use crate::recorded::{Kind, entry, term};
use crate::rows;

/// The moments at which something climbs. Which those are follows from the items in the store, so
/// that a restart loses none; a clock that passes several at once finds them all.
#[derive(Default)]
pub(crate) struct Schedule(Mutex<BTreeSet<(Timestamp, TargetId)>>);

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schedule(…)")
    }
}

impl Schedule {
    /// Looks at an item again at a moment.
    pub(super) fn add(&self, at: Timestamp, id: TargetId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((at, id));
    }

    /// Takes what is due, each once.
    fn take(&self, now: Timestamp) -> BTreeSet<TargetId> {
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let later = due.split_off(&(now.plus_ms(1), TargetId::new([0; TargetId::LEN])));
        let taken = std::mem::replace(&mut *due, later);
        taken.into_iter().map(|(_, id)| id).collect()
    }

    /// Reads the items of the store, at the start. Says how many cannot be read.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn load(&self, agency: &Agency) -> Result<u64, Reason> {
        let now = agency.clock.now();
        rows::each(agency.store.as_ref(), REVIEWS, |item: Item, _| self.add(now, item.id)).await
    }
}

/// Lets climb what is due. What fails is tried again at the next turn, and keeps no other waiting.
///
/// # Errors
/// The last one.
pub(crate) async fn climb(agency: &Agency) -> Result<(), Reason> {
    let (now, to) = (agency.clock.now(), &climb_of(agency));
    let climbs = agency.climbing.take(now).into_iter().map(|id| async move {
        let climbed = climb_one(agency, &id, to, now).await;
        // What cannot be read does not climb; its term ends all the same.
        if climbed.is_err_and(|reason| reason != Reason::StoreCorrupt) {
            agency.climbing.add(now, id);
        }
        climbed
    });
    // Together, for the ledger commits what is queued at once.
    let mut climbs = stream::iter(climbs).buffer_unordered(CLIMBS_AT_ONCE_MAX);
    let mut all = Ok(());
    while let Some(climbed) = climbs.next().await {
        all = climbed.and(all);
    }
    all
}

/// To whom questions climb here, by the rules of now.
pub(super) fn climb_of(agency: &Agency) -> Climb {
    agency.pack().catalogue().reviewing().climb(&agency.kind)
}

async fn climb_one(
    agency: &Agency,
    id: &TargetId,
    to: &Climb,
    now: Timestamp,
) -> Result<(), Reason> {
    let Some((item, seen)) = find(agency.store.as_ref(), id).await? else { return Ok(()) };
    if !item.is_open() {
        return Ok(());
    }
    let stage = item.stage(to, now);
    if stage > item.stage {
        let body =
            Kind::Climbed.canonical().bytes(id.as_bytes()).text(stage.word()).signed(now.ms());
        let item = Item { stage, ..item.clone() };
        let (body, kept) = (body.finish_secret(), term(item.break_glass));
        let entry = entry(agency, Kind::Climbed, &body, kept, item.put_again(&seen)?)?;
        match agency.ledger.append(entry).await {
            // Somebody decides at this moment, or takes more time; it is looked at once more.
            Err(LedgerError::Conflict { .. }) => return Err(Reason::ReviewChanged),
            appended => appended.map(|_| ()).map_err(LedgerError::reason)?,
        }
        // Whom it concerns stands in no log; which question, in the inbox.
        tracing::warn!(state = stage.word(), "a question waits for longer than it should");
    }
    if let Some(at) = next(&item, to, now) {
        agency.climbing.add(at, *id);
    }
    Ok(())
}

/// To whom a question climbed, by the record of it.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none.
pub(crate) fn stage_of(body: &[u8]) -> Result<Stage, Reason> {
    let read = || {
        let mut reader = Reader::new(body, Kind::Climbed.label())?;
        let _id = reader.bytes()?;
        Ok::<_, NotCanonical>(reader.text()?.to_owned())
    };
    read().ok().and_then(|word| word.parse().ok()).ok_or(Reason::StoreCorrupt)
}

/// When an item climbs next; nothing once it is with the officer.
fn next(item: &Item, to: &Climb, now: Timestamp) -> Option<Timestamp> {
    to.steps(item.inner, item.answer_by).map(|(at, _)| at).find(|at| *at > now)
}
