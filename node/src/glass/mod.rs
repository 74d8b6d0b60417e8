//! Break glass: one person asks alone in acute danger, and is checked afterwards (domain R30).
//!
//! Life of a use: with the record that the question goes out a row says so ([`broken`]), and the
//! agency's privacy officer sees it from then on. A second person writes down what they judge of
//! it ([`desk`]). Who did not get that within a day may not break the glass until they do: that
//! follows from the rows ([`may_break`]), and is recorded once it is so ([`suspend`]). At the other
//! side every question with break glass leaves a row too, whoever it was about ([`came`]).
//!
//! `go/<inquiry id>` holds an own use that waits, for its review or for an officer to see it, the
//! number among it until it was reviewed; `gd/` one that does not. `gn/<target id>` and `gs/` hold
//! what others asked, before and after an officer saw it.

mod counts;
mod desk;
pub(crate) mod service;
mod shown;

use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, StaffId, TargetId};
use grondslag_core::inquiry::Header;
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::GlassVerdict;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::Pack;
use grondslag_policy::retention::Kept;
use grondslag_runtime::status::ToDo;
use serde::{Deserialize, Serialize};

pub(crate) use self::counts::{counted, counts};
use crate::agency::Agency;
use crate::asks::inquiries::Summary;
use crate::asks::wish::Wish;
use crate::limits::{GLASS_REVIEW_HOURS, HOUR_MS};
use crate::recorded::{Kind, entry};
use crate::rows;

/// Own uses that wait for something.
const OPEN: &[u8] = b"go/";
/// Own uses of which nothing is left to do.
const DONE: &[u8] = b"gd/";
/// What others asked, that no officer saw.
const NEW: &[u8] = b"gn/";
/// What others asked, that one did.
const SEEN: &[u8] = b"gs/";

/// An own question with break glass.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Use {
    inquiry: InquiryId,
    staff: StaffId,
    role: Role,
    purpose: Purpose,
    asked_at: Timestamp,
    /// By when it is to be reviewed.
    due: Timestamp,
    /// Until when it is kept.
    until: Timestamp,
    targets: Vec<(Oin, Vec<Category>)>,
    /// Why it was asked, without names.
    necessity: String,
    /// Whom it was about; nothing once it was reviewed.
    digits: Option<String>,
    /// When it was recorded that it was not reviewed in time: a clock that is set back lifts
    /// nothing.
    suspended_at: Option<Timestamp>,
    /// When an officer first saw it listed.
    seen_at: Option<Timestamp>,
    review: Option<Review>,
}

/// What a second person judged of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Review {
    by: StaffId,
    role: Role,
    at: Timestamp,
    verdict: GlassVerdict,
    /// Why, without names.
    text: String,
}

/// What another agency asked of this one. It is the same whoever that was about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Put {
    target: TargetId,
    asker: Oin,
    role: Role,
    purpose: Purpose,
    at: Timestamp,
    until: Timestamp,
    /// When an officer first saw it listed.
    seen_at: Option<Timestamp>,
}

grondslag_core::unprinted!(Use Review Put);

impl Use {
    /// Its review did not come in time, and has not come since.
    fn suspends(&self, now: Timestamp) -> bool {
        self.review.is_none() && (self.suspended_at.is_some() || now >= self.due)
    }

    /// Its review came too late, or is late by now.
    fn is_late(&self, now: Timestamp) -> bool {
        let reviewed = self.review.as_ref().map_or(now, |review| review.at);
        self.suspended_at.is_some() || reviewed >= self.due
    }

    fn key(&self) -> Vec<u8> {
        let waits = self.review.is_none() || self.seen_at.is_none();
        key(if waits { OPEN } else { DONE }, self.inquiry.as_bytes())
    }

    /// The writes that make a use that was read this one, if it stands there as it was.
    fn put_again(&self, batch: Batch, (before, seen): (&Self, &Seen)) -> Result<Batch, Reason> {
        rows::put(parts::delete_seen(batch, &before.key(), seen), &self.key(), self)
    }
}

impl Put {
    fn key(&self) -> Vec<u8> {
        key(if self.seen_at.is_none() { NEW } else { SEEN }, self.target.as_bytes())
    }

    fn put_again(&self, batch: Batch, (before, seen): (&Self, &Seen)) -> Result<Batch, Reason> {
        rows::put(parts::delete_seen(batch, &before.key(), seen), &self.key(), self)
    }
}

/// Whether somebody may break the glass: not while an earlier use of theirs was not reviewed in
/// time. They may ask with a second person all the same.
///
/// # Errors
/// `BREAK_GLASS_SUSPENDED`; `STORE_CORRUPT` when a use cannot be read, for it may be theirs; else
/// those of the store.
pub(crate) async fn may_break(agency: &Agency, staff: &StaffId) -> Result<(), Reason> {
    let (now, mut suspended) = (agency.clock.now(), false);
    let look = |used: Use, _| suspended |= used.staff == *staff && used.suspends(now);
    let damaged = rows::each(agency.store.as_ref(), OPEN, look).await?;
    match (suspended, damaged) {
        (true, _) => Err(Reason::BreakGlassSuspended),
        (false, 0) => Ok(()),
        (false, _) => Err(Reason::StoreCorrupt),
    }
}

/// Adds to the batch by which a question goes out that it was asked with break glass. That counts
/// from then on, also when the broker does not take the question: nobody here can prove that.
///
/// # Errors
/// As [`may_break`]; `INTERNAL` for a made-up subject.
pub(crate) async fn broken(
    agency: &Agency,
    wish: &Wish,
    summary: &Summary,
    batch: Batch,
) -> Result<Batch, Reason> {
    may_break(agency, &summary.staff).await?;
    let asked_at = agency.clock.now();
    let used = Use {
        inquiry: summary.id,
        staff: summary.staff.clone(),
        role: wish.role.clone(),
        purpose: wish.purpose.clone(),
        asked_at,
        due: asked_at.plus_ms(GLASS_REVIEW_HOURS * HOUR_MS),
        until: agency.pack().retention().end(Kept::BreakGlass, asked_at),
        targets: wish.targets.clone(),
        necessity: wish.necessity.clone(),
        digits: Some(wish.subject.expose().to_owned()),
        suspended_at: None,
        seen_at: None,
        review: None,
    };
    rows::put(batch, &used.key(), &used)
}

/// Adds to the batch of a first reply that its question came with break glass, if it did.
///
/// # Errors
/// `TOO_LARGE` or `INTERNAL`, which a question within its bounds does not give.
pub(crate) fn came(
    batch: Batch,
    pack: &Pack,
    (target, header): (TargetId, &Header),
    at: Timestamp,
) -> Result<Batch, Reason> {
    if !header.break_glass {
        return Ok(batch);
    }
    let put = Put {
        target,
        asker: header.asker.clone(),
        role: header.role.clone(),
        purpose: header.purpose.clone(),
        at,
        until: pack.retention().end(Kept::BreakGlass, at),
        seen_at: None,
    };
    rows::put(batch, &put.key(), &put)
}

/// Records of each use that was not reviewed in time that it suspends who asked. What fails is
/// tried again, and keeps no other waiting; nobody may break the glass meanwhile either.
///
/// # Errors
/// The last one.
pub(crate) async fn suspend(agency: &Agency) -> Result<(), Reason> {
    let now = agency.clock.now();
    let (uses, damaged) = rows::all::<Use>(agency.store.as_ref(), OPEN).await?;
    let late = uses.into_iter().filter(|(used, _)| used.suspends(now));
    let mut all = if damaged > 0 { Err(Reason::StoreCorrupt) } else { Ok(()) };
    for (used, seen) in late.filter(|(used, _)| used.suspended_at.is_none()) {
        let told = suspend_one(agency, (&used, &seen), now).await;
        all = told.and(all);
    }
    all
}

async fn suspend_one(
    agency: &Agency,
    (used, seen): (&Use, &Seen),
    now: Timestamp,
) -> Result<(), Reason> {
    let body = Kind::GlassSuspended
        .canonical()
        .bytes(used.inquiry.as_bytes())
        .text(used.staff.as_str())
        .signed(used.due.ms())
        .signed(now.ms())
        .finish();
    let after = Use { suspended_at: Some(now), ..used.clone() };
    let state = after.put_again(Batch::new(), (used, seen))?;
    let entry = entry(agency, Kind::GlassSuspended, &body, Kept::BreakGlass, state)?;
    match agency.ledger.append(entry).await {
        // Somebody reviews it at this moment; the next turn sees.
        Err(LedgerError::Conflict { .. }) => Ok(()),
        appended => {
            appended.map_err(LedgerError::reason)?;
            // Who it is stands in the list for the privacy officer, and in no log.
            tracing::error!("alarm: a use of break glass was not reviewed within a day");
            Ok(())
        }
    }
}

/// How much waits: own uses that nobody reviewed, and uses on either side that no privacy officer
/// saw; and how many suspend who asked.
///
/// # Errors
/// `STORE_CORRUPT` when one of them cannot be read; else those of the store.
pub(crate) async fn state(agency: &Agency) -> Result<ToDo, Reason> {
    let (store, now) = (agency.store.as_ref(), agency.clock.now());
    let mut state = ToDo::default();
    let own = |used: Use, _| {
        state.open += 1;
        state.overdue += u64::from(used.suspends(now));
    };
    let damaged = rows::each(store, OPEN, own).await?;
    let damaged = damaged + rows::each(store, NEW, |_: Put, _| state.open += 1).await?;
    if damaged > 0 { Err(Reason::StoreCorrupt) } else { Ok(state) }
}

/// Forgets what was asked a term ago. Says how many rows cannot be read.
///
/// # Errors
/// Those of the store: what is left is forgotten another time.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (store, now) = (agency.store.as_ref(), agency.clock.now());
    let (mut over, mut damaged) = (Vec::new(), 0);
    for prefix in [OPEN, DONE] {
        let own = |used: Use, seen| over.extend((used.until <= now).then(|| (used.key(), seen)));
        damaged += rows::each(store, prefix, own).await?;
    }
    for prefix in [NEW, SEEN] {
        let put = |put: Put, seen| over.extend((put.until <= now).then(|| (put.key(), seen)));
        damaged += rows::each(store, prefix, put).await?;
    }
    for (key, seen) in over {
        match store.commit(parts::delete_seen(Batch::new(), &key, &seen)).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Ok(damaged)
}

fn key(prefix: &[u8], id: &[u8]) -> Vec<u8> {
    [prefix, id].concat()
}

#[cfg(test)]
mod tests;
