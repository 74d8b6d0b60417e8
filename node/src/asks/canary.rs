//! Questions about made-up subjects: they find out a broker that maps an agency's questions wrong,
//! which would look like a child that nobody knows (protocol 1.4, broker honesty).
//!
//! A canary question repeats an ordinary one of this node about a subject of the region's list that
//! every node enrols: role, purpose, agencies, categories and sizes are those of the original, so
//! that the broker, which has no such list, cannot tell which question to answer honestly. A target
//! that knows the canary answers with nothing, bound to the canary's tag; one that was led to
//! somebody else cannot.
//!
//! A node that asks nothing tests nothing: nobody misleads it then.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use grondslag_core::catalogue::Category;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{Header, Inquiry};
use grondslag_core::reason::Reason;
use grondslag_core::statement::subject_tag;
use grondslag_evidence::store::Batch;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use grondslag_proto::v1::ask_response::Event;
use tokio_stream::StreamExt as _;

use super::check::{Asked, Given, ProvedDecision, open_reply};
use super::compose::{header, inquiry};
use super::pursue::{Pursuit, discarded, part_of, set_again};
use super::term::answer_by;
use super::wish::{Subject, Wish};
use crate::agency::Agency;
use crate::alarm::raise;
use crate::limits::{ASK_WAIT_MS, EVENTS_PER_TARGET_MAX, HABITS_MAX, RETRY_PAUSE_MS};
use crate::random::random;
use crate::recorded::{Kind, append};

/// Why, as a target that knows the canary would read it.
const NECESSITY: &str = "Proefvraag over een verzonnen persoon: wordt elke vraag goed bezorgd?";

/// Ordinary questions of late, each already about a made-up subject: no child is in it.
#[derive(Default)]
pub(crate) struct Habits {
    // Held to put or take one, never across an await.
    kept: Mutex<VecDeque<(Wish, Pseudonym)>>,
}

impl fmt::Debug for Habits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Habits(…)")
    }
}

impl Habits {
    /// Remembers how a question was put. One that needed a second person cannot be repeated without
    /// that person, one with break glass would call people out of bed, and a notice is put until it
    /// came.
    pub(crate) fn note(&self, pursuit: &Pursuit) {
        let is_notice = pursuit.wish.carries.is_some();
        if !pursuit.cosigned.is_empty() || pursuit.wish.break_glass || is_notice {
            return;
        }
        let canaries = pursuit.agency.index.canaries();
        let Ok(chosen) = pick(canaries.len()) else { return };
        let Some(canary) = chosen.and_then(|at| canaries.get(at).copied()) else { return };
        let wish = pursuit.wish.like(Subject::Canary(canary.clone()), NECESSITY);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((wish, pursuit.header.staff));
        if kept.len() > HABITS_MAX {
            kept.pop_front();
        }
    }

    /// Takes one of them, whichever.
    fn take(&self) -> Result<Option<(Wish, Pseudonym)>, Reason> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(pick(kept.len())?.and_then(|at| kept.remove(at)))
    }
}

/// What a canary question found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Agencies that met the made-up subject.
    pub met: Vec<Oin>,
    /// Agencies that were led to somebody else: an alarm stands in the ledger.
    pub wrong: Vec<Oin>,
}

/// How long to wait before the next one, from nothing to twice the mean: a broker cannot count on
/// a pause.
///
/// # Errors
/// `INTERNAL` when the system has no random bytes.
pub(crate) fn pause(mean: Duration) -> Result<Duration, Reason> {
    let share = u32::from_be_bytes(random()?);
    Ok(mean.mul_f64(2.0 * f64::from(share) / f64::from(u32::MAX)))
}

impl Agency {
    /// Repeats one ordinary question of late about a made-up subject, now instead of when it is
    /// due; nothing if there was none. An agency that cannot answer now counts neither as met nor
    /// as wrong.
    ///
    /// # Errors
    /// Why it could not be asked.
    pub async fn test_mapping(&self) -> Result<Option<Tested>, Reason> {
        ask(self).await
    }
}

/// As any question is put: once more in a new epoch, and once more to whoever could not take it for
/// a passing reason. Else a broker could lead astray those alone that are put again.
async fn ask(agency: &Agency) -> Result<Option<Tested>, Reason> {
    let Some((wish, staff)) = agency.habits.take()? else { return Ok(None) };
    let now = agency.clock.now();
    let due = answer_by(now, wish.urgency, wish.term_minutes);
    let mut test = Test {
        agency,
        id: InquiryId::new(random()?),
        header: header(agency, staff, &wish, now, due, &[]),
        wish: &wish,
        tested: Tested { met: Vec::new(), wrong: Vec::new() },
    };
    let again = match test.attempt(1, None).await {
        Err(Reason::EpochStale) => {
            agency.refresh_epoch().await?;
            test.header.epoch = agency.epochs.current()?;
            test.attempt(1, None).await?
        }
        asked => asked?,
    };
    if !again.is_empty() {
        tokio::time::sleep(Duration::from_millis(RETRY_PAUSE_MS)).await;
        set_again(agency, &mut test.header).await;
        test.attempt(2, Some(&again)).await?;
    }
    Ok(Some(test.tested))
}

/// A canary question under way.
struct Test<'a> {
    agency: &'a Agency,
    id: InquiryId,
    header: Header,
    wish: &'a Wish,
    tested: Tested,
}

impl Test<'_> {
    /// One attempt; gives those that may be asked once more.
    async fn attempt(&mut self, attempt: u8, only: Option<&[Oin]>) -> Result<Vec<Oin>, Reason> {
        let (agency, wish) = (self.agency, self.wish);
        let composed = inquiry(agency, self.id, attempt, self.header.clone(), wish, &[], only)?;
        let Some(inquiry) = composed.inquiry else { return Ok(Vec::new()) };
        record(agency, &inquiry).await?;
        let wait = Duration::from_millis(ASK_WAIT_MS);
        let before = agency.watching.seen();
        let stream = agency.broker_link.ask((&inquiry).into(), wait).await?;
        let mut stream = stream.take(inquiry.parts().len().saturating_mul(EVENTS_PER_TARGET_MAX));
        let mut decided: Vec<(Oin, Vec<Category>)> = Vec::new();
        let mut again = Vec::new();
        while let Some(Ok(v1::AskResponse { event: Some(event) })) = stream.next().await {
            match event {
                Event::Refusal(refusal) => {
                    return Err(grondslag_proto::reply::reason(&refusal.reason));
                }
                Event::Decided(wire) => {
                    match let_through(agency, &inquiry, wire, before.as_ref()).await {
                        Ok(through) => decided.extend(through),
                        Err(reason) => discarded(agency, &inquiry, reason).await,
                    }
                }
                Event::Replied(wire) => {
                    judge(agency, &inquiry, wish, &decided, wire, &mut self.tested).await;
                }
                Event::Closed(closed) => again.extend(passing(&closed)),
            }
        }
        Ok(again)
    }
}

/// Whoever could not take a question for a passing reason.
fn passing(closed: &v1::TargetClosed) -> Option<Oin> {
    let why = (!closed.reason.is_empty()).then(|| grondslag_proto::reply::reason(&closed.reason));
    why.filter(|why| why.is_passing()).and_then(|_| Oin::parse(&closed.target_oin).ok())
}

/// That a question went out in a person's role which that person did not put.
async fn record(agency: &Agency, inquiry: &Inquiry) -> Result<(), Reason> {
    let body = Kind::Canary
        .canonical()
        .bytes(inquiry.digest().as_bytes())
        .signed(inquiry.header().times.asked_at.ms());
    append(agency, Kind::Canary, body, Batch::new()).await?;
    Ok(())
}

/// What was let through to one target, if it was asked.
///
/// # Errors
/// Why the broker did not prove it.
async fn let_through(
    agency: &Agency,
    inquiry: &Inquiry,
    wire: v1::TargetDecided,
    before: Option<&SignedCheckpoint>,
) -> Result<Option<(Oin, Vec<Category>)>, Reason> {
    let Some((target, part)) = part_of(inquiry, &wire.target_oin) else { return Ok(None) };
    let asked = Asked { inquiry, target, part };
    let decided = ProvedDecision::prove(agency, asked, wire, before).await?;
    let rulings = decided.rulings(agency, asked).await?;
    let through = rulings.into_iter().filter(|named| named.ruling.is_let_through());
    Ok(Some((target.clone(), through.map(|named| named.ruling.category).collect())))
}

/// Whether a target met the made-up subject. An answer that does not hold is an alarm as for any
/// question.
async fn judge(
    agency: &Agency,
    inquiry: &Inquiry,
    wish: &Wish,
    decided: &[(Oin, Vec<Category>)],
    wire: v1::TargetReplied,
    tested: &mut Tested,
) {
    let Some((target, part)) = part_of(inquiry, &wire.target_oin) else { return };
    let Some((_, through)) = decided.iter().find(|(oin, _)| oin == target) else { return };
    let asked = Asked { inquiry, target, part };
    let opened = wire.reply.ok_or(Reason::Malformed).and_then(Reply::try_from);
    let opened = opened.and_then(|reply| open_reply(agency, asked, wish, through, &reply));
    match opened {
        Ok(Given { answer, .. }) if answer.subject_tag == expected(&asked.id(), target, wish) => {
            tested.met.push(target.clone());
        }
        Ok(_) | Err(Reason::SubjectMismatch) => {
            raise(agency, Digest::of(target.as_str().as_bytes()), Reason::MappingWrong).await;
            tested.wrong.push(target.clone());
        }
        Err(reason) => raise(agency, inquiry.digest(), reason).await,
    }
}

fn expected(id: &TargetId, target: &Oin, wish: &Wish) -> [u8; 32] {
    *subject_tag(id, target, wish.subject.expose().as_bytes()).as_bytes()
}

/// One of so many, evenly; none of none.
fn pick(of: usize) -> Result<Option<usize>, Reason> {
    let (of, drawn) = (of as u128, u128::from(u64::from_be_bytes(random()?)));
    let at = usize::try_from((drawn * of) >> 64).map_err(|_| Reason::Internal)?;
    Ok((of > 0).then_some(at))
}
