//! Cases that others take over from this agency.
//!
//! `hg/<target id>` holds one from its first reply on, until it cannot be accepted any more, with
//! whom it is about until it is; a child who is not known here leaves a row of the same length,
//! `hm/<target id>`. What came of it is kept after that, under `ho/<target id>`. What its new
//! holder adds is read in the background: that it accepts shows to nobody who watches when this
//! node answers.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::retention::Kept;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_up_content::Content;
use grondslag_subject::Bsn;
use serde::{Deserialize, Serialize};

use super::{Accepted, barred, ends_at};
use crate::agency::Agency;
use crate::answers::inbox::First;
use crate::answers::record::Shown;
use crate::caseload;
use crate::follow_ups::take::{self, Asked, taken};
use crate::limits::{HANDOVER_BYTES, LAPSE_GRACE_MS};
use crate::recorded::{Kind, entry, term};
use crate::rows;

const GIVEN: &[u8] = b"hg/";
/// Rows of the same length for every other child.
const OTHERS: &[u8] = b"hm/";
/// Those that can be accepted no more.
const OVER: &[u8] = b"ho/";

/// A case that somebody asked for.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Outgoing {
    pub(super) id: TargetId,
    /// Who takes it over.
    pub(super) asker: Oin,
    /// Whom it is about, until it is accepted or cannot be any more.
    pub(super) digits: Option<String>,
    /// When some of the plan was given, and in which reply; without that there is nothing to
    /// accept.
    pub(super) given_at: Option<Timestamp>,
    given_in: u32,
    pub(super) answer_by: Timestamp,
    break_glass: bool,
    pub(super) accepted: Option<Accepted>,
}

grondslag_core::unprinted!(Outgoing);

impl Outgoing {
    fn put(&self, batch: Batch, prefix: &[u8]) -> Result<Batch, Reason> {
        let row = rows::padded(self, HANDOVER_BYTES)?;
        parts::put_body(batch, &key(prefix, &self.id), &row).map_err(StoreError::reason)
    }

    /// The same in the place of what was read, if that stands there still.
    fn put_again(&self, batch: Batch, seen: &Seen) -> Result<Batch, Reason> {
        self.put(parts::delete_seen(batch, &key(GIVEN, &self.id), seen), GIVEN)
    }

    fn asked(&self) -> Asked {
        let Self { asker, answer_by, break_glass, .. } = self.clone();
        Asked { asker, answer_by, until: ends_at(answer_by), break_glass }
    }

    /// Nothing that was taken in time is still on its way into the store.
    fn is_over(&self, now: Timestamp) -> bool {
        now.since_ms(ends_at(self.answer_by)) > LAPSE_GRACE_MS
    }
}

/// Adds to the batch of a first reply what is kept of a question that takes over a case; of any
/// other nothing.
///
/// # Errors
/// `INTERNAL`, which a question within its bounds does not give.
pub(crate) fn open(batch: Batch, first: First<'_>) -> Result<Batch, Reason> {
    let (id, header) = (first.attested.target_id(), first.attested.header());
    if !first.pack.catalogue().handover().is_for(&header.purpose) {
        return Ok(batch);
    }
    let gave = first.lines.iter().any(|line| line.shown == Shown::Content);
    let row = Outgoing {
        id,
        asker: header.asker.clone(),
        digits: first.digits.map(str::to_owned),
        given_at: gave.then_some(first.at),
        given_in: FIRST_REPLY_NO,
        answer_by: header.times.answer_by,
        break_glass: header.break_glass,
        accepted: None,
    };
    row.put(batch, if row.digits.is_some() { GIVEN } else { OTHERS })
}

/// Adds to the batch of a later reply that some of the plan was given in it.
///
/// # Errors
/// Those of the store; a row that is none keeps nothing from being said.
pub(crate) async fn gave(
    agency: &Agency,
    batch: Batch,
    id: &TargetId,
    reply_no: u32,
) -> Result<Batch, Reason> {
    let given_at = Some(agency.clock.now());
    match readable(agency, id).await? {
        Some((row, seen)) if row.given_at.is_none() => {
            Outgoing { given_at, given_in: reply_no, ..row }.put_again(batch, &seen)
        }
        _ => Ok(batch),
    }
}

/// Adds to the batch in which a later reply is taken back that nothing was given in it after all.
///
/// # Errors
/// As [`gave`].
pub(crate) async fn took_back(
    agency: &Agency,
    batch: Batch,
    id: &TargetId,
    reply_no: u32,
) -> Result<Batch, Reason> {
    match readable(agency, id).await? {
        Some((row, seen)) if row.given_in == reply_no && row.accepted.is_none() => {
            Outgoing { given_at: None, ..row }.put_again(batch, &seen)
        }
        _ => Ok(batch),
    }
}

/// A case that may be accepted; nothing for a row that is none, of which it is told.
async fn readable(agency: &Agency, id: &TargetId) -> Result<Option<(Outgoing, Seen)>, Reason> {
    match rows::read::<Outgoing>(agency.store.as_ref(), &key(GIVEN, id)).await {
        Err(Reason::StoreCorrupt) => {
            tracing::error!("alarm: a case that is handed over cannot be read");
            Ok(None)
        }
        found => found,
    }
}

/// A question that takes over a case, as what is added to it needs it.
///
/// # Errors
/// `STORE_CORRUPT` for a row that is none; else those of the store.
pub(crate) async fn asked(store: &dyn Store, id: &TargetId) -> Result<Option<Asked>, Reason> {
    for prefix in [GIVEN, OTHERS] {
        if let Some((row, _)) = rows::read::<Outgoing>(store, &key(prefix, id)).await? {
            return Ok(Some(row.asked()));
        }
    }
    Ok(None)
}

/// All of them, and how many cannot be read.
///
/// # Errors
/// Those of the store.
pub(super) async fn all(store: &dyn Store) -> Result<(Vec<Outgoing>, u64), Reason> {
    let (mut all, damaged) = rows::all(store, GIVEN).await?;
    let (over, more) = rows::all(store, OVER).await?;
    all.extend(over);
    Ok((all.into_iter().map(|(row, _)| row).collect(), damaged + more))
}

/// Takes note of what was accepted since, and of what cannot be any more. One that fails keeps no
/// other waiting.
///
/// # Errors
/// Those of the store.
pub(crate) async fn tend(agency: &Agency) -> Result<(), Reason> {
    let (store, now) = (agency.store.as_ref(), agency.clock.now());
    for (row, seen) in rows::all::<Outgoing>(store, GIVEN).await?.0 {
        if let Err(reason) = settle(agency, row, &seen, now).await {
            tracing::error!(%reason, "a handover was not settled");
        }
    }
    for (row, seen) in rows::all::<Outgoing>(store, OTHERS).await?.0 {
        if row.is_over(now) {
            let batch = parts::delete_seen(Batch::new(), &key(OTHERS, &row.id), &seen);
            commit_ended(agency, batch, &row.id).await?;
        }
    }
    Ok(())
}

async fn settle(agency: &Agency, row: Outgoing, seen: &Seen, now: Timestamp) -> Result<(), Reason> {
    if row.accepted.is_none()
        && let Some(given_at) = row.given_at
        && let Some(accepted) = acceptance(agency, &row, given_at).await?
    {
        return hand_over(agency, (row, seen), accepted).await;
    }
    if row.is_over(now) { end(agency, row, seen).await } else { Ok(()) }
}

/// That its new holder accepted it, if that came after something was given: nobody accepts what
/// they have not seen. Words that the list of here does not have are left out, and what they do
/// not speak of is missing.
async fn acceptance(
    agency: &Agency,
    row: &Outgoing,
    given_at: Timestamp,
) -> Result<Option<Accepted>, Reason> {
    let pack = agency.pack();
    let items = || pack.catalogue().handover().checklist.iter().map(|item| item.id.clone());
    let all = taken(agency.store.as_ref(), &row.id).await?;
    Ok(all.iter().filter(|one| one.at >= given_at).find_map(|one| {
        match one.open(agency, &row.asker, row.answer_by)? {
            Content::Accepted(v1::HandoverAccepted { done, gaps }) => {
                let is_done = |word: &String| done.contains(word) && !gaps.contains(word);
                let (done, gaps) = items().partition(is_done);
                Some(Accepted { at: one.at, done, gaps })
            }
            Content::Reminder(_) => None,
        }
    }))
}

/// The case is its new holder's: here it leaves the board, and nobody asks about the child.
async fn hand_over(
    agency: &Agency,
    (row, seen): (Outgoing, &Seen),
    accepted: Accepted,
) -> Result<(), Reason> {
    let child = row.digits.as_deref().map(Bsn::parse).transpose().ok().flatten();
    let child = child.ok_or(Reason::StoreCorrupt)?;
    let now = agency.clock.now();
    let (state, case) =
        caseload::hand_over(agency, Batch::new(), &child, (&row.asker, now)).await?;
    let state = barred::put(agency, state, &child, (&row.asker, now)).await?;
    let body = Kind::HandedOver
        .canonical()
        .bytes(row.id.as_bytes())
        .text(row.asker.as_str())
        .list(accepted.done.iter())
        .list(accepted.gaps.iter())
        .bytes(case.as_ref().map(|case| case.as_bytes().as_slice()).unwrap_or_default())
        .signed(accepted.at.ms())
        .finish_secret();
    let kept = term(row.break_glass);
    let row = Outgoing { digits: None, accepted: Some(accepted), ..row };
    let entry = entry(agency, Kind::HandedOver, &body, kept, row.put_again(state, seen)?)?;
    match agency.ledger.append(entry).await {
        // Somebody changed the case at this moment: the next turn looks again.
        Ok(_) | Err(LedgerError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.reason()),
    }
}

/// It cannot be accepted any more. What nobody accepted stays this agency's, and the number goes.
async fn end(agency: &Agency, row: Outgoing, seen: &Seen) -> Result<(), Reason> {
    let id = row.id;
    let batch = parts::delete_seen(Batch::new(), &key(GIVEN, &id), seen);
    let batch = Outgoing { digits: None, ..row }.put(batch, OVER)?;
    commit_ended(agency, batch, &id).await
}

async fn commit_ended(agency: &Agency, batch: Batch, id: &TargetId) -> Result<(), Reason> {
    let batch = take::end(agency.store.as_ref(), batch, id).await.map_err(StoreError::reason)?;
    match agency.store.commit(batch).await {
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.reason()),
    }
}

/// Forgets what is as old as a decision on it. Says how many cannot be read.
///
/// # Errors
/// Those of the store.
pub(super) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (store, now, pack) = (agency.store.as_ref(), agency.clock.now(), agency.pack());
    let (over, damaged) = rows::all::<Outgoing>(store, OVER).await?;
    for (row, seen) in over {
        if pack.retention().end(Kept::Decision, row.answer_by) <= now {
            let batch = parts::delete_seen(Batch::new(), &key(OVER, &row.id), &seen);
            commit_ended(agency, batch, &row.id).await?;
        }
    }
    let open = rows::each(store, GIVEN, |_: Outgoing, _| {}).await?;
    let others = rows::each(store, OTHERS, |_: Outgoing, _| {}).await?;
    Ok(damaged + open + others)
}

fn key(prefix: &[u8], id: &TargetId) -> Vec<u8> {
    [prefix, id.as_bytes()].concat()
}
