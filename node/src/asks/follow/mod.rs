//! What came of a question after its stream ended: later replies, and a first one that did not come
//! while the stream was open, for its agency was away or this node was. They are believed no more
//! easily than what the stream brings (design 5).
//!
//! `n/f/<inquiry id>` holds, until some time after the term, what a later reply must agree with:
//! whom was asked, what was let through, and per target the tag that binds its replies to the
//! child. It holds no answer and no number; the tag is a digest that whoever reads this store could
//! search.

mod kept;

use std::collections::BTreeMap;
use std::time::Duration;

use grondslag_core::answer::{Answer, Line, Outcome};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, StaffId, TargetId};
use grondslag_core::lang::Lang;
use grondslag_core::limits::{FOLLOW_PAGE, SLOT_GRACE_MS};
use grondslag_core::reason::Reason;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_evidence::store::StoreError;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_proto::content::Proved;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_response::Event;

pub(crate) use self::kept::{Followed, FollowedTarget, Informs, forget_followed, own};
use self::kept::{keep, key};
use crate::agency::Agency;
use crate::alarm::raise;
use crate::asks::check::{Expected, Given, check_subject, is_outcome, proved_by, unseal};
use crate::asks::pursue::is_alarming;
use crate::asks::received::{Told, record_answer};
use crate::asks::remind::reminders;
use crate::asks::view::{Draft, Stand, agency_line};
use crate::inform::Task;
use crate::own_view::strangers;
use crate::recorded::{Kind, term};

/// What came of a person's own question since its stream ended, a line per agency.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question that is not this person's or whose term ended some time ago,
/// `HANDED_OVER` for one about a child whose case the agency handed over since; why the broker
/// could not be asked, or why a reply could not be recorded: nothing is shown then.
pub(crate) async fn follow(
    agency: &Agency,
    staff: &StaffId,
    id: InquiryId,
    lang: Lang,
) -> Result<v1::FollowInquiryResponse, Reason> {
    let (followed, seen) = own(agency, &id, staff).await?;
    let answer_by_ms = followed.answer_by.ms();
    let heard = hear(agency, &id, followed, &seen).await?;
    let mut lines = Vec::with_capacity(heard.len());
    for (target, said) in &heard {
        let reminded = reminders(agency, &id, &target.oin).await?;
        lines.push(v1::AgencyLine { reminded, ..line(agency, lang, target, said) });
    }
    Ok(v1::FollowInquiryResponse { lines, answer_by_ms, refusal: None })
}

/// Fetches and records what came of a question since, whoever asked it: whose messages are missing
/// or were discarded, and why. Nothing for a question whose term ended some time ago.
///
/// # Errors
/// Those of [`follow`].
pub(crate) async fn catch_up(
    agency: &Agency,
    id: &InquiryId,
) -> Result<Option<BTreeMap<Oin, Reason>>, Reason> {
    let seen = parts::read_seen(agency.store.as_ref(), &key(id)).await;
    let Some(seen) = seen.map_err(StoreError::reason)? else { return Ok(None) };
    let heard = hear(agency, id, Followed::parse(&seen)?, &seen).await?;
    let unheard = heard.into_iter().filter_map(|(target, said)| {
        let missed = said.missed;
        Some((target.oin, said.discarded.or(missed)?))
    });
    Ok(Some(unheard.collect()))
}

/// Hears every target, and keeps how far their replies were recorded.
async fn hear(
    agency: &Agency,
    id: &InquiryId,
    mut followed: Followed,
    seen: &Seen,
) -> Result<Vec<(FollowedTarget, Said)>, Reason> {
    let (answer_by, break_glass) = (followed.answer_by, followed.break_glass);
    let (task, filed) = (task(agency, id, &followed).await?, followed.escalation.then_some(id));
    let told = Told { answer_by, break_glass, to_inform: task.as_ref(), filed };
    let mut all = Vec::with_capacity(followed.targets.len());
    for target in &mut followed.targets {
        all.push(said(agency, id, told, target).await?);
    }
    keep(agency, id, seen, &followed).await?;
    Ok(followed.targets.into_iter().zip(all).collect())
}

/// What is to be told of the question, should an answer make it owed.
pub(super) async fn task(
    agency: &Agency,
    id: &InquiryId,
    followed: &Followed,
) -> Result<Option<Task>, Reason> {
    let Some((of, person)) = followed.informs.as_ref().zip(followed.person()?) else {
        return Ok(None);
    };
    let Informs { role, purpose, asked_at, .. } = of;
    let number = strangers::find(agency.store.as_ref(), &person).await;
    let Some(number) = number.map_err(StoreError::reason)? else { return Ok(None) };
    let (of, digits) = ((*id, followed.staff.clone()), number.expose().to_owned());
    let (asks, term) = ((role.clone(), purpose.clone()), term(followed.break_glass));
    Ok(Some(Task::new(&agency.pack(), of, asks, digits, (*asked_at, term))))
}

/// What one target said that was not shown as it came.
#[derive(Debug, Default)]
struct Said {
    /// The last message that said something.
    answer: Option<Answer>,
    /// Why what came was discarded.
    discarded: Option<Reason>,
    /// Its question waits for it.
    waits: bool,
    /// It missed its last slot, or takes the question no more.
    missed: Option<Reason>,
}

/// Reads what came of one target, page by page. A message that does not hold is discarded with what
/// follows it; a number that was left out is a message that was kept from us.
async fn said(
    agency: &Agency,
    id: &InquiryId,
    told: Told<'_>,
    target: &mut FollowedTarget,
) -> Result<Said, Reason> {
    let mut said = Said::default();
    let (mut before, answer_by) = (target.shown, told.answer_by);
    loop {
        let page = fetch(agency, id, target, before, &mut said).await?;
        let last = page.len() < FOLLOW_PAGE;
        for reply in page {
            match open(agency, id, answer_by, target, reply, before) {
                Ok((reply, given)) => {
                    if reply.reply_no > before.saturating_add(1) {
                        said.missed.get_or_insert(Reason::Unreachable);
                    }
                    before = reply.reply_no;
                    if let Some(given) = &given
                        && before > target.last_no
                    {
                        record_answer(agency, &target.oin, &reply, given, told).await?;
                        if given.answer.unwitnessed {
                            let of = Digest::of(id.as_bytes());
                            raise(agency, of, Reason::WitnessLate).await;
                        }
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
            if over && before <= FIRST_REPLY_NO {
                said.missed.get_or_insert(Reason::Unreachable);
            }
            return Ok(said);
        }
    }
}

/// The next messages of a target after a number; how the broker says that it stands is taken in.
async fn fetch(
    agency: &Agency,
    id: &InquiryId,
    target: &FollowedTarget,
    after: u32,
    said: &mut Said,
) -> Result<Vec<v1::Reply>, Reason> {
    let request = v1::FollowRequest {
        inquiry_id: id.as_bytes().to_vec(),
        after_reply_no: after,
        target_oin: target.oin.to_string(),
    };
    let mut replies = Vec::new();
    for response in agency.broker_link.follow(request).await? {
        match response.event.ok_or(Reason::Malformed)? {
            Event::Refusal(refusal) => return Err(grondslag_proto::reply::reason(&refusal.reason)),
            Event::Closed(closed) => said.take(&closed),
            Event::Replied(replied) => replies.push(replied.reply.ok_or(Reason::Malformed)?),
        }
    }
    Ok(replies)
}

impl Said {
    /// How the broker says that a target stands. Why it missed a slot is not its to know.
    fn take(&mut self, closed: &v1::TargetClosed) {
        let why = grondslag_proto::reply::reason(&closed.reason);
        match closed.state() {
            v1::TargetState::Pending => self.waits |= why == Reason::QuestionWaits,
            v1::TargetState::Unreachable if why == Reason::DeadlinePassed => {
                self.missed = Some(Reason::Unreachable);
            }
            v1::TargetState::Unreachable => self.missed = Some(why),
            v1::TargetState::Unspecified | v1::TargetState::Replied | v1::TargetState::NotAsked => {
            }
        }
    }
}

/// Opens one reply: its number comes after the one before, and it is from whom, about whom and of
/// what the question was.
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
    let is_first = reply.reply_no == FIRST_REPLY_NO;
    let proved = match content {
        Some(proved) => proved,
        // A first reply always says something, be it nothing that may be told.
        None if is_first => return Err(Reason::ReceiptInvalid),
        None => return Ok((reply, None)),
    };
    let kind = if is_first { Kind::Decision } else { recorded_as(&proved)? };
    let put = (&target.statement, target.asked_at);
    let given = proved_by(agency, &expected, put, kind, proved)?;
    let answer = &given.answer;
    let says = if is_first { says_first(target, answer) } else { says_later(target, answer) };
    if !says {
        return Err(Reason::AnswerInvalid);
    }
    check_subject(answer, &target.tag)?;
    Ok((reply, Some(given)))
}

/// As what its node must have recorded a later reply: that the term ended, or what a person
/// decided.
fn recorded_as(proved: &Proved) -> Result<Kind, Reason> {
    let answer = grondslag_proto::answer::decode(&proved.answer)?;
    Ok(if answer.outcome == Outcome::Verlopen { Kind::Ended } else { Kind::Released })
}

/// It answers exactly what was let through, and the outcome follows from the lines. Where the
/// broker's proof of that was lost, it answers some of what was asked, in its order.
fn says_first(target: &FollowedTarget, answer: &Answer) -> bool {
    let mut open = target.let_through.iter();
    let in_order = answer.lines.iter().all(|line| open.any(|code| code == line.category()));
    let whole = !target.is_attested || answer.lines.len() == target.let_through.len();
    in_order && whole && !answer.lines.is_empty() && is_outcome(answer.outcome, &answer.lines)
}

/// It answers what was let through. The outcome follows from the lines, or the term of what was in
/// review has ended.
fn says_later(target: &FollowedTarget, answer: &Answer) -> bool {
    if !answer.lines.iter().all(|line| target.let_through.contains(line.category())) {
        return false;
    }
    let in_review = || answer.lines.iter().all(|line| matches!(line, Line::Review { .. }));
    match answer.outcome {
        Outcome::Verlopen => !answer.lines.is_empty() && in_review(),
        outcome => is_outcome(outcome, &answer.lines),
    }
}

fn line(agency: &Agency, lang: Lang, target: &FollowedTarget, said: &Said) -> v1::AgencyLine {
    let (stand, reason) = match (said.discarded, &said.answer, said.missed) {
        (None, Some(_), _) => (Stand::Replied, None),
        (None, None, _) if said.waits => (Stand::Pending, Some(Reason::QuestionWaits)),
        (Some(reason), _, _) | (None, None, Some(reason)) => (Stand::Unreachable, Some(reason)),
        (None, None, None) => (Stand::Pending, None),
    };
    let answer = said.answer.as_ref().filter(|_| said.discarded.is_none());
    let draft =
        Draft { oin: &target.oin, stand, reason, rulings: &[], answer, after: Duration::ZERO };
    agency_line(agency, lang, &draft)
}
