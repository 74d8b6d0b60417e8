//! What came of a question after its stream ended: later replies, believed no more easily than the
//! first (design 5).
//!
//! `n/f/<inquiry id>` holds, until some time after the term, what a later reply must agree with:
//! whom was asked, what was let through, and per target the tag that binds its replies to the
//! child. It holds no answer and no number; the tag is a digest that whoever reads this store could
//! search.

use std::fmt;
use std::time::Duration;

use grondslag_core::answer::{Answer, Line, Outcome};
use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, StaffId, TargetId};
use grondslag_core::lang::Lang;
use grondslag_core::limits::{FOLLOW_PAGE, REPLIES_KEPT_MS, SLOT_GRACE_MS};
use grondslag_core::reason::Reason;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_proto::content::Proved;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_response::Event;
use serde::{Deserialize, Serialize};

use super::check::{Expected, Given, is_outcome, proved_by, unseal};
use super::pursue::is_alarming;
use super::received::{Keeping, record_answer};
use super::view::{Draft, Stand, agency_line};
use crate::agency::Agency;
use crate::alarm::raise;
use crate::limits::EXPIRE_STEPS;
use crate::recorded::Kind;

const PREFIX: &[u8] = b"n/f/";

/// A question whose later replies may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Followed {
    /// Who asked, and nobody else may follow.
    pub staff: StaffId,
    /// When the term ends.
    pub answer_by: Timestamp,
    /// It went out with break glass: what is recorded of it is kept so long.
    #[serde(default)]
    pub break_glass: bool,
    /// What comes of it belongs in a joint file.
    #[serde(default)]
    pub escalation: bool,
    /// Those who may still say something.
    pub targets: Vec<FollowedTarget>,
}

/// One target of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FollowedTarget {
    /// The target.
    pub oin: Oin,
    /// Epoch of the question that it took.
    pub epoch: u32,
    /// Digest of the statement in that question.
    pub statement: Digest,
    /// When it was put.
    pub asked_at: Timestamp,
    /// What the broker let through.
    pub let_through: Vec<Category>,
    /// Binds a reply to the child.
    pub tag: Digest,
    /// The last reply that was recorded.
    pub last_no: u32,
}

impl fmt::Debug for FollowedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A child could be searched by the tag.
        write!(f, "FollowedTarget({}, …)", self.oin)
    }
}

impl Followed {
    /// The write that keeps it.
    ///
    /// # Errors
    /// `INTERNAL` or `TOO_LARGE`, which a question within its bounds does not give.
    pub(crate) fn put(&self, batch: Batch, id: &InquiryId) -> Result<Batch, Reason> {
        let body = serde_json::to_vec(self).map_err(|_| Reason::Internal)?;
        parts::put_body(batch, &key(id), &body).map_err(StoreError::reason)
    }

    /// The write that keeps it instead of what was kept before.
    ///
    /// # Errors
    /// Why the store cannot be read, or those of [`Followed::put`].
    pub(crate) async fn put_again(
        &self,
        agency: &Agency,
        batch: Batch,
        id: &InquiryId,
    ) -> Result<Batch, Reason> {
        let seen = parts::read_seen(agency.store.as_ref(), &key(id)).await;
        let batch = match seen.map_err(StoreError::reason)? {
            Some(seen) => parts::delete_seen(batch, &key(id), &seen),
            None => batch,
        };
        self.put(batch, id)
    }

    fn parse(seen: &Seen) -> Result<Self, Reason> {
        serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)
    }
}

/// What came of a person's own question since its stream ended, a line per agency.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question that is not this person's or whose term ended some time ago;
/// why the broker could not be asked, or why a reply could not be recorded: nothing is shown then.
pub(crate) async fn follow(
    agency: &Agency,
    staff: &StaffId,
    id: InquiryId,
    lang: Lang,
) -> Result<v1::FollowInquiryResponse, Reason> {
    let (followed, seen) = find(agency, &id).await?;
    if followed.staff != *staff {
        return Err(Reason::UnknownInquiry);
    }
    let answer_by_ms = followed.answer_by.ms();
    let heard = hear(agency, &id, followed, &seen).await?;
    let lines = heard.iter().map(|(target, said)| line(agency, lang, target, said)).collect();
    Ok(v1::FollowInquiryResponse { lines, answer_by_ms, refusal: None })
}

/// Fetches and records what came of a question since, whoever asked it.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question whose term ended some time ago; else those of [`follow`].
pub(crate) async fn catch_up(agency: &Agency, id: &InquiryId) -> Result<(), Reason> {
    let (followed, seen) = find(agency, id).await?;
    hear(agency, id, followed, &seen).await.map(drop)
}

async fn find(agency: &Agency, id: &InquiryId) -> Result<(Followed, Seen), Reason> {
    let seen = parts::read_seen(agency.store.as_ref(), &key(id)).await;
    let seen = seen.map_err(StoreError::reason)?.ok_or(Reason::UnknownInquiry)?;
    Ok((Followed::parse(&seen)?, seen))
}

/// Hears every target, and keeps how far their replies were recorded.
async fn hear(
    agency: &Agency,
    id: &InquiryId,
    mut followed: Followed,
    seen: &Seen,
) -> Result<Vec<(FollowedTarget, Said)>, Reason> {
    let (answer_by, break_glass) = (followed.answer_by, followed.break_glass);
    let filed = followed.escalation.then_some(id);
    let keeping = Keeping { break_glass, filed, ..Keeping::default() };
    let mut all = Vec::with_capacity(followed.targets.len());
    for target in &mut followed.targets {
        all.push(said(agency, id, (answer_by, keeping), target).await?);
    }
    keep(agency, id, seen, &followed).await?;
    Ok(followed.targets.into_iter().zip(all).collect())
}

/// What one target said after its first reply.
#[derive(Debug, Default)]
struct Said {
    /// The last message that said something.
    answer: Option<Answer>,
    /// Why what came was discarded.
    discarded: Option<Reason>,
    /// It missed its last slot.
    missed: bool,
}

/// Reads what came of one target, page by page. A message that does not hold is discarded with what
/// follows it; a number that was left out is a message that was kept from us.
async fn said(
    agency: &Agency,
    id: &InquiryId,
    (answer_by, keeping): (Timestamp, Keeping<'_>),
    target: &mut FollowedTarget,
) -> Result<Said, Reason> {
    let mut said = Said::default();
    let mut before = FIRST_REPLY_NO;
    loop {
        let (page, missed) = fetch(agency, id, target, before).await?;
        said.missed |= missed;
        let last = page.len() < FOLLOW_PAGE;
        for reply in page {
            match open(agency, id, answer_by, target, reply, before) {
                Ok((reply, given)) => {
                    said.missed |= reply.reply_no > before.saturating_add(1);
                    before = reply.reply_no;
                    if let Some(given) = &given
                        && before > target.last_no
                    {
                        record_answer(agency, &target.oin, &reply, given, keeping).await?;
                    }
                    target.last_no = target.last_no.max(before);
                    said.answer = given.map(|given| given.answer).or(said.answer);
                }
                Err(reason) => {
                    if is_alarming(reason) {
                        raise(agency, Digest::of(id.as_bytes()), reason).await;
                    }
                    said.discarded = Some(reason);
                    return Ok(said);
                }
            }
        }
        if last {
            // Whoever said nothing in the whole term was not reached, whatever the broker says.
            let over = agency.clock.now().since_ms(answer_by) > SLOT_GRACE_MS;
            said.missed |= over && before == FIRST_REPLY_NO;
            return Ok(said);
        }
    }
}

/// The next messages of a target after a number, and whether the broker says that one is missing.
async fn fetch(
    agency: &Agency,
    id: &InquiryId,
    target: &FollowedTarget,
    after: u32,
) -> Result<(Vec<v1::Reply>, bool), Reason> {
    let request = v1::FollowRequest {
        inquiry_id: id.as_bytes().to_vec(),
        after_reply_no: after,
        target_oin: target.oin.to_string(),
    };
    let (mut replies, mut missed) = (Vec::new(), false);
    for response in agency.broker_link.follow(request).await? {
        match response.event.ok_or(Reason::Malformed)? {
            Event::Refusal(refusal) => return Err(grondslag_proto::reply::reason(&refusal.reason)),
            Event::Closed(closed) => missed |= closed.state() == v1::TargetState::Unreachable,
            Event::Replied(replied) => replies.push(replied.reply.ok_or(Reason::Malformed)?),
        }
    }
    Ok((replies, missed))
}

/// Opens one later reply: its number comes after the one before, and it is from whom, about whom
/// and of what the question was.
fn open(
    agency: &Agency,
    id: &InquiryId,
    answer_by: Timestamp,
    target: &FollowedTarget,
    wire: v1::Reply,
    before: u32,
) -> Result<(Reply, Option<Given>), Reason> {
    let reply = Reply::try_from(wire)?;
    let expected = Expected {
        id: TargetId::derive(id, &target.oin),
        from: &target.oin,
        epoch: target.epoch,
        answer_by,
    };
    let content = unseal(agency, &expected, &reply)?;
    if reply.reply_no <= before {
        return Err(Reason::AnswerInvalid);
    }
    let Some(proved) = content else { return Ok((reply, None)) };
    let put = (&target.statement, target.asked_at);
    let given = proved_by(agency, &expected, put, recorded_as(&proved)?, proved)?;
    let answer = &given.answer;
    let of_question = answer.lines.iter().all(|line| target.let_through.contains(line.category()));
    if !of_question || !says_later(answer) {
        return Err(Reason::AnswerInvalid);
    }
    if answer.outcome != Outcome::Neutraal && answer.subject_tag != *target.tag.as_bytes() {
        return Err(Reason::SubjectMismatch);
    }
    Ok((reply, Some(given)))
}

/// As what its node must have recorded a later reply: that the term ended, or what a person
/// decided.
fn recorded_as(proved: &Proved) -> Result<Kind, Reason> {
    let answer = grondslag_proto::answer::decode(&proved.answer)?;
    Ok(if answer.outcome == Outcome::Verlopen { Kind::Ended } else { Kind::Released })
}

/// The outcome follows from the lines, or the term of what was in review has ended.
fn says_later(answer: &Answer) -> bool {
    let in_review = || answer.lines.iter().all(|line| matches!(line, Line::Review { .. }));
    match answer.outcome {
        Outcome::Verlopen => !answer.lines.is_empty() && in_review(),
        outcome => is_outcome(outcome, &answer.lines),
    }
}

fn line(agency: &Agency, lang: Lang, target: &FollowedTarget, said: &Said) -> v1::AgencyLine {
    let (stand, reason) = match (said.discarded, &said.answer, said.missed) {
        (Some(reason), _, _) => (Stand::Unreachable, Some(reason)),
        (None, Some(_), _) => (Stand::Replied, None),
        (None, None, true) => (Stand::Unreachable, Some(Reason::Unreachable)),
        (None, None, false) => (Stand::Pending, None),
    };
    let answer = said.answer.as_ref().filter(|_| said.discarded.is_none());
    let draft =
        Draft { oin: &target.oin, stand, reason, rulings: &[], answer, after: Duration::ZERO };
    agency_line(agency, lang, &draft)
}

/// Keeps how far the replies were recorded. If somebody else followed meanwhile, theirs stays: a
/// reply may then be recorded twice, and never not at all.
async fn keep(
    agency: &Agency,
    id: &InquiryId,
    seen: &Seen,
    followed: &Followed,
) -> Result<(), Reason> {
    if Followed::parse(seen)? == *followed {
        return Ok(());
    }
    let batch = parts::delete_seen(Batch::new(), &key(id), seen);
    match agency.store.commit(followed.put(batch, id)?).await {
        Err(StoreError::Conflict { .. }) => Ok(()),
        committed => committed.map_err(StoreError::reason),
    }
}

/// Forgets questions whose term ended some time ago. One that cannot be read is passed over.
///
/// # Errors
/// Those of the store; it is tried again at the next sweep.
pub(crate) async fn forget_followed(store: &dyn Store, now: Timestamp) -> Result<(), Reason> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(PREFIX, after.as_deref(), EXPIRE_STEPS).await;
        let page = page.map_err(StoreError::reason)?;
        for pair in &page {
            match forget_if_over(store, &pair.key, now).await {
                // Somebody follows it at this moment; the next sweep sees what is left.
                Ok(()) | Err(StoreError::Conflict { .. }) => {}
                Err(StoreError::Corrupt) => tracing::error!("a followed question cannot be read"),
                Err(error) => return Err(error.reason()),
            }
        }
        if page.len() < EXPIRE_STEPS {
            return Ok(());
        }
        after = page.into_iter().next_back().map(|pair| pair.key);
    }
}

async fn forget_if_over(store: &dyn Store, key: &[u8], now: Timestamp) -> Result<(), StoreError> {
    let Some(seen) = parts::read_seen(store, key).await? else { return Ok(()) };
    let followed = Followed::parse(&seen).map_err(|_| StoreError::Corrupt)?;
    if now.since_ms(followed.answer_by) <= REPLIES_KEPT_MS {
        return Ok(());
    }
    store.commit(parts::delete_seen(Batch::new(), key, &seen)).await
}

fn key(id: &InquiryId) -> Vec<u8> {
    [PREFIX, id.as_bytes()].concat()
}
