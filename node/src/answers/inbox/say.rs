//! Saying what a person decided, in a reply slot, as far as the rules allow it by then.

use grondslag_core::access_log::{LogCategory, LogOutcome};
use grondslag_core::answer::Basis;
use grondslag_core::catalogue::{Category, Ground};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::seal::SealError;
use grondslag_core::tier::Verdict;
use grondslag_evidence::ledger::{Entry, LedgerError, Placed, Receipt};
use grondslag_evidence::records::Committed;
use grondslag_evidence::store::parts::Seen;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::{Approved, Minimised, Permit, Ruled};
use serde::{Deserialize, Serialize};

use super::again::{Again, look};
use super::judged::{Judged, Say, Second, Telling, needs_second};
use super::{InReview, Item, find};
use crate::agency::Agency;
use crate::answers::decide::{CategoryDecided, Found};
use crate::answers::envelope::{Envelope, Unplaced};
use crate::answers::outbox;
use crate::answers::release::{Closed, Draft, Frame, Mismatch};
use crate::consent::Hold;
use crate::consent::store::{self, Known};
use crate::handover::outgoing;
use crate::limits::RELEASES_MAX;
use crate::random::random;
use crate::recorded::{Kind, entry, found_under, record, term};
use crate::records::SourceFault;
use crate::watch::Witnessed;

/// Records of what was said, by question and number.
const RELEASED: &[u8] = b"dr/";

/// The slot in which it is said.
pub(in crate::answers) struct Slot {
    pub(in crate::answers) envelope: Envelope,
    /// Digest of the asker's statement.
    pub(in crate::answers) statement: Digest,
    pub(in crate::answers) reply_no: u32,
    /// Takes the question to its next slot.
    pub(in crate::answers) state: Batch,
}

/// What became of what was decided.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Released {
    target_id: TargetId,
    reply_no: u32,
    /// What was given and what was not, as the person concerned is told it.
    lines: Vec<LogCategory>,
    /// Where the decision stands in the ledger.
    leaf: u64,
    at: Timestamp,
    /// It did not leave after all: it had waited for too long, or something about consent had
    /// changed.
    taken_back: bool,
}

grondslag_core::unprinted!(Slot Released);

/// Says what was decided. Whatever is given is held against rules and registers of now, and the
/// decision itself must stand in the ledger, by people who may act still. A decision of which that
/// is not so any more is open again.
///
/// # Errors
/// Why it cannot be said now; nothing was said then.
pub(in crate::answers) async fn say(
    agency: &Agency,
    (item, seen): (Item, Seen),
    slot: Slot,
) -> Result<(), Reason> {
    let held = Hold::Answering(agency.consents.answer().await);
    let now = agency.clock.now();
    let judged = item.judged.clone().ok_or(Reason::Internal)?;
    let known = store::known(agency.store.as_ref()).await.map_err(StoreError::reason)?;
    let again = look(agency, &item, (now, &held)).await?;
    let statement = slot.statement;
    let approved = judged.approved(statement)?;
    let receipt = match stands(agency, &judged, &approved, (again.as_ref(), now)).await? {
        Stands::By(receipt) => receipt,
        Stands::Not(judged, why) => return reopen(agency, (item, &seen), *judged, why).await,
    };
    let witnessed = again.as_ref().map_or(Witnessed::Yes, |again| again.witnessed);
    let authority = Authority { approved: &approved, receipt: &receipt };
    let drafted = match again {
        Some(again) => drafted(&item, &judged, (again, authority), now)?,
        // They are known here no longer: there is nothing to give.
        None => Drafted::nothing(statement, &item),
    };
    let dummy = nothing(&slot).dummy(&agency.sign_key).map_err(SealError::reason)?;
    let (target_id, reply_no, leaf) = (item.id, slot.reply_no, judged.leaf);
    let Drafted { draft, lines, told } = drafted;
    let gave = lines.iter().any(|line| line.outcome == LogOutcome::Given);
    let released = Released { target_id, reply_no, lines, leaf, at: now, taken_back: false };
    let made = released.commit(agency, item.break_glass)?;
    let said = Some(Telling { at: now, told });
    let item = Item { judged: Some(Judged { said, ..judged }), ..item };
    let mut state = slot.state.then(item.put_again(&seen)?);
    if gave {
        state = outgoing::gave(agency, state, &target_id, reply_no).await?;
    }
    let readiness = agency.source.ready().await.map_err(SourceFault::reason)?;
    let frame = Frame {
        envelope: slot.envelope,
        index_as_of: readiness.index_as_of,
        holds_unnumbered_records: readiness.holds_unnumbered_records,
        unwitnessed: witnessed == Witnessed::Late,
        duty_phone: &agency.duty_phone,
        subject_tag: item.tag,
        noise: random()?,
        known: known.0,
    };
    let size = agency.ledger.checkpoint().checkpoint().size;
    if let Some(message) = draft.finish_later(frame, reply_no, size, random()?) {
        return leave(agency, (message, dummy), made, (state, known, now)).await;
    }
    let state = state.then(outbox::put(dummy).map_err(StoreError::reason)?);
    agency.ledger.append(made.entry(state)).await.map(drop).map_err(LedgerError::reason)
}

/// What lets something out: what a person decided to give, and that it lasts.
#[derive(Clone, Copy)]
struct Authority<'a> {
    approved: &'a Approved,
    receipt: &'a Receipt,
}

/// Whether a decision still stands.
enum Stands {
    /// It does, by this leaf of the ledger.
    By(Receipt),
    /// It does not: what is left of it, and why.
    Not(Box<Option<Judged>>, &'static str),
}

/// Holds a decision against the ledger, against who made it, and against the rule of a second
/// person. Ledgers begin anew after a restore: what was decided in one of before is decided again.
async fn stands(
    agency: &Agency,
    judged: &Judged,
    approved: &Approved,
    (again, now): (Option<&Again>, Timestamp),
) -> Result<Stands, Reason> {
    let receipt = match agency.ledger.receipt(judged.leaf).await {
        Ok(receipt) if receipt.about() == approved.digest() => receipt,
        Ok(_) | Err(LedgerError::Misuse(_)) => {
            return Ok(Stands::Not(Box::new(None), "not-in-ledger"));
        }
        Err(error) => return Err(error.reason()),
    };
    let second = match &judged.second {
        Second::By(staff) => Some(staff),
        Second::NotWanted | Second::Wanted => None,
    };
    for staff in [Some(&judged.by), second].into_iter().flatten() {
        if !agency.staff.acts(staff, now).await? {
            return Ok(Stands::Not(Box::new(None), "staff-left"));
        }
    }
    let wants = again.is_some_and(|again| needs_second(again, &judged.lines));
    if wants && second.is_none() {
        let judged = Judged { second: Second::Wanted, ..judged.clone() };
        return Ok(Stands::Not(Box::new(Some(judged)), "second-wanted"));
    }
    Ok(Stands::By(receipt))
}

/// The question is open again, and nothing is said of it.
async fn reopen(
    agency: &Agency,
    (item, seen): (Item, &Seen),
    judged: Option<Judged>,
    why: &str,
) -> Result<(), Reason> {
    let now = agency.clock.now();
    let item = Item { judged, ..item };
    let body = Kind::ReviewChanged.canonical().bytes(item.id.as_bytes()).text(why);
    let (body, kept) = (body.signed(now.ms()).finish_secret(), term(item.break_glass));
    let entry = entry(agency, Kind::ReviewChanged, &body, kept, item.put_again(seen)?)?;
    agency.ledger.append(entry).await.map_err(LedgerError::reason)?;
    agency.climbing.add(now, item.id);
    Err(Reason::ReviewUndecided)
}

/// A message that says nothing.
fn nothing(slot: &Slot) -> Unplaced {
    let (statement, reply_no, envelope) = (slot.statement, slot.reply_no, slot.envelope.clone());
    Unplaced { statement, answer: Vec::new(), salt: [0; 32], reply_no, envelope }
}

/// Makes the message where its entry in the ledger stands, in the commit of that entry.
async fn leave(
    agency: &Agency,
    (message, dummy): (Unplaced, grondslag_proto::reply::Reply),
    made: Committed,
    (state, known, now): (Batch, Known, Timestamp),
) -> Result<(), Reason> {
    let (commitment, about, key) = (made.commitment, message.about(), agency.sign_key.clone());
    let kept = outbox::put_resting(message.blank(), (known, now), dummy.clone());
    let kept = kept.map_err(StoreError::reason)?;
    let cost = (kept.len(), kept.bytes());
    let make = move |placed: &Placed| {
        outbox::put_resting(message.reply(commitment, placed, &key)?, (known, now), dummy.clone())
    };
    let entry = Entry { about, ..made.entry(state) };
    let appended = agency.ledger.append_placed(entry, cost, make).await;
    appended.map(drop).map_err(LedgerError::reason)
}

/// What is said, and what became of each category.
struct Drafted {
    draft: Draft,
    lines: Vec<LogCategory>,
    /// Of which something is said.
    told: Vec<Category>,
}

impl Drafted {
    fn nothing(statement: Digest, item: &Item) -> Self {
        let lines = item.lines.iter().map(|line| told(line, LogOutcome::NoAnswer)).collect();
        Self { draft: Draft::of(statement), lines, told: Vec::new() }
    }
}

/// A line of every category that something is said of.
fn drafted(
    item: &Item,
    judged: &Judged,
    (again, authority): (Again, Authority<'_>),
    now: Timestamp,
) -> Result<Drafted, Reason> {
    let Again { attested, found, decided, .. } = again;
    // What could be named when it was decided and cannot any more is shielded since.
    let shielded = judged.nameable && !decided.naming.nameable;
    let (mut draft, mut lines, mut said) =
        (Draft::of(attested.statement()), Vec::new(), Vec::new());
    for category in decided.categories {
        let in_review = item.line(&category.category);
        let Some((line, say)) = in_review.zip(judged.say(&category.category)) else { continue };
        let code = line.category.clone();
        let closed = match say {
            Say::Give { .. } => {
                // Nothing of after the decision: nobody looked at it.
                let at = judged.at.min(now);
                let given;
                (draft, given) = give(draft, (category, line), authority, (&found, at))?;
                lines.push(told(line, given.outcome));
                said.extend((given.outcome == LogOutcome::Given).then(|| code.clone()));
                given.closed.filter(|_| line.named && !shielded)
            }
            Say::Withhold { ground, named } => {
                lines.push(refused(line, ground));
                let basis = Basis { grounds: vec![ground.clone()], ..line.basis.clone() };
                let is_told = *named && !shielded;
                is_told.then(|| Closed::Refused(code.clone(), basis, Reason::WithheldAtReview))
            }
            Say::Refer(to) => {
                lines.push(told(line, LogOutcome::Refused));
                let referred = || Closed::Referred(code.clone(), line.basis.clone(), to.clone());
                (!shielded).then(referred)
            }
        };
        if let Some(closed) = closed {
            draft = draft.close(closed);
            said.push(code);
        }
    }
    Ok(Drafted { draft, lines, told: said })
}

/// What came of giving one category.
struct Given {
    outcome: LogOutcome,
    /// What to say instead of content, where that may be named.
    closed: Option<Closed>,
}

/// Gives what both the person and the rules of now allow.
fn give(
    draft: Draft,
    (category, line): (CategoryDecided, &InReview),
    authority: Authority<'_>,
    (found, at): (&Found, Timestamp),
) -> Result<(Draft, Given), Reason> {
    let (code, verdict) = (category.category.clone(), category.verdict_on(&line.files));
    let basis = category.basis(verdict);
    let reason = category.with(Verdict::Refuse).find_map(|decision| decision.reason);
    let parts = parts(category, authority, found, at)?;
    if !parts.is_empty() {
        let draft = draft.give(&code, basis, parts).map_err(Mismatch::reason)?;
        return Ok((draft, Given { outcome: LogOutcome::Given, closed: None }));
    }
    let given = match verdict {
        Verdict::Refuse => Given {
            outcome: LogOutcome::Refused,
            closed: Some(Closed::Refused(code, basis, reason.unwrap_or(Reason::NoRule))),
        },
        Verdict::Permit | Verdict::Review => {
            let absent = !found.records.iter().any(|record| record.category == code);
            let closed = absent.then_some(Closed::NoRecord(code, basis));
            Given { outcome: LogOutcome::NothingOnFile, closed }
        }
    };
    Ok((draft, given))
}

/// The files that may be given, minimised; those of which nothing is left, left out.
fn parts(
    category: CategoryDecided,
    Authority { approved, receipt }: Authority<'_>,
    found: &Found,
    at: Timestamp,
) -> Result<Vec<(Permit, Minimised)>, Reason> {
    let mut parts = Vec::new();
    for (_, ruled) in category.rulings {
        // A file that nobody decided to give stays where it is.
        let Some(tier) = approved.tier(&category.category, ruled.about()) else { continue };
        let permit = match ruled {
            Ruled::Review(review) => {
                review.approve(approved, receipt).map_err(|_| Reason::Internal)?
            }
            // Permitted by now, and no more than the person wanted.
            Ruled::Permit(permit) => permit.up_to(tier),
            Ruled::Refuse(_) => continue,
        };
        let minimised = permit.minimise(&found.records, &[], at);
        if !minimised.entries().is_empty() {
            parts.push((permit, minimised));
        }
    }
    Ok(parts)
}

fn told(line: &InReview, outcome: LogOutcome) -> LogCategory {
    let grounds = line.basis.grounds.clone();
    LogCategory { category: line.category.clone(), outcome, grounds }
}

fn refused(line: &InReview, ground: &Ground) -> LogCategory {
    LogCategory { grounds: vec![ground.clone()], ..told(line, LogOutcome::Refused) }
}

impl Released {
    fn commit(&self, agency: &Agency, break_glass: bool) -> Result<Committed, Reason> {
        let body = serde_json::to_vec(self).map_err(|_| Reason::Internal)?;
        let (number, flag) = (self.reply_no.to_be_bytes(), [u8::from(self.taken_back)]);
        let key = [RELEASED, self.target_id.as_bytes(), &number, &flag].concat();
        let kept = (term(break_glass), self.at);
        record(&agency.pack(), Kind::Released, &body, kept, &[key])
    }
}

/// The entry that what was said did not leave after all; `state` puts nothing in its place. What
/// was decided is to be said anew while the term lasts.
///
/// # Errors
/// Why the item cannot be read.
pub(in crate::answers) async fn taken_back(
    agency: &Agency,
    id: &TargetId,
    reply_no: u32,
    state: Batch,
) -> Result<Entry, Reason> {
    let now = agency.clock.now();
    let state = outgoing::took_back(agency, state, id, reply_no).await?;
    let nothing = Released {
        target_id: *id,
        reply_no,
        lines: Vec::new(),
        leaf: 0,
        at: now,
        taken_back: true,
    };
    let Some((item, seen)) = find(agency.store.as_ref(), id).await? else {
        // The term is over, and with it the item; how long such a record is kept is not known any
        // more, so as long as any.
        return Ok(nothing.commit(agency, true)?.entry(state));
    };
    let judged = item.judged.clone().ok_or(Reason::StoreCorrupt)?;
    let lines = item.lines.iter().map(|line| told(line, LogOutcome::InReview)).collect();
    let made = Released { lines, leaf: judged.leaf, ..nothing };
    let made = made.commit(agency, item.break_glass)?;
    let judged = Judged { said: None, ..judged };
    let item = Item { judged: Some(judged), ..item };
    Ok(made.entry(state.then(item.put_again(&seen)?)))
}

/// To which question something was said later, and when, by the record of it; whether it was taken
/// back.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none.
pub(crate) fn said_at(body: &[u8]) -> Result<(TargetId, Timestamp, bool), Reason> {
    let said: Released = serde_json::from_slice(body).map_err(|_| Reason::StoreCorrupt)?;
    Ok((said.target_id, said.at, said.taken_back))
}

/// What became of a question after its first reply, for the person concerned: what was said last.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of the store.
pub(crate) async fn released(
    agency: &Agency,
    id: &TargetId,
) -> Result<Option<Vec<LogCategory>>, Reason> {
    let prefix = [RELEASED, id.as_bytes()].concat();
    let (found, _) = found_under(agency.store.as_ref(), &prefix, RELEASES_MAX).await?;
    let Some(last) = found.last() else { return Ok(None) };
    let released: Released =
        serde_json::from_slice(&last.body).map_err(|_| Reason::StoreCorrupt)?;
    Ok(Some(released.lines))
}
