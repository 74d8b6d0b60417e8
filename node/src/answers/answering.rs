//! From a delivered question to a reply that may leave.

mod notice;
mod resolve;
mod shaped;

use grondslag_core::answer::Outcome;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_core::statement::subject_tag;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::{ENGINE, FactError, Pack};
use grondslag_proto::question::TargetQuestion;
use tokio::time::Instant;

use self::notice::take_notice;
pub(super) use self::resolve::resolve;
use self::resolve::stranger;
use self::shaped::{Shaped, decoy, nobody};
use super::decide::Rules;
use super::envelope::Envelope;
use super::facts::Case;
use super::inbox::{self, First};
use super::record::{self, DecisionRecord, Ruled, Ruling};
use super::release::{Frame, Mismatch, Prepared, Sealed};
use super::replay::{self, ReplayError};
use super::slots;
use super::verify::{Against, Attested, verify};
use crate::agency::Agency;
use crate::alarm::{self, raise};
use crate::consent::store::{self, Known};
use crate::consent::{Answering, Hold};
use crate::index::Met;
use crate::own_rules::InForce;
use crate::processing::{Processing, Status, activity, processor, span_id};
use crate::random::random;
use crate::records::{Readiness, SourceFault};
use crate::watch::{NotNow, Witnessed};

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A refusal, as data. It does not depend on the child.
    Refused(Reason),
    /// A fault of this node that does not depend on the child. Nothing leaves but its reason.
    Fault(Reason),
    /// A fault that only this child's records, or the size of what is said of them, may bring
    /// about: the reason is for our own log, and toward others it is any fault (domain 4a.23).
    Hidden(Reason),
}

impl Stop {
    /// A reason that does not depend on the child.
    fn of(reason: Reason) -> Self {
        if reason.is_fault() { Self::Fault(reason) } else { Self::Refused(reason) }
    }

    /// Why, for who may know it.
    pub(super) const fn reason(self) -> Reason {
        match self {
            Self::Refused(reason) | Self::Fault(reason) | Self::Hidden(reason) => reason,
        }
    }

    /// The same stop, past the look-up.
    fn past_look_up(self) -> Self {
        match self {
            Self::Fault(reason) => Self::Hidden(reason),
            stop => stop,
        }
    }
}

/// Answers one question. Whoever sends the reply holds what comes with it until it has left; the
/// reply to a notice says nothing, and nothing is held for it.
pub(crate) async fn answer(
    agency: &Agency,
    question: TargetQuestion,
) -> Result<(Sealed, Option<Answering>), Stop> {
    if agency.context.clock.fault().is_some() {
        return Err(Stop::Refused(Reason::ClockInvalid));
    }
    let now = agency.clock.now();
    let rules = agency.in_force(question.header.times.asked_at, now).map_err(Stop::Refused)?;
    // After the choice: what was chosen is told of by then, or was before.
    agency.settle_rules().await.map_err(Stop::of)?;
    let attested = attest(agency, question, &rules.pack, now).await?;
    // Who asks the same twice at once waits for the first answer.
    let _turn = agency.answering.turn(attested.target_id()).await;
    let is_notice = attested.header().kind.is_notice();
    let asked_at = attested.header().times.asked_at;
    agency.may_answer(asked_at, is_notice).map_err(Stop::Refused)?;
    let witnessed = agency.watching.may_answer(attested.header(), Instant::now())?;
    let held = agency.consents.answer().await;
    if let Some(again) = kept(agency, &attested, known(agency).await?).await? {
        return Ok((again, Some(held)));
    }
    // What follows may take long, and nobody is looked up before its end.
    drop(held);
    let holder = (&agency.oin, &agency.kind);
    let case = Case::of(&rules.pack, holder, &attested).map_err(Stop::Refused)?;
    let mut readiness = agency.source.ready().await?;
    readiness.index_as_of = whole(agency, &attested, now).await?;
    let held = agency.consents.hold(is_notice).await;
    // Of now: whatever was written down while this waited counts.
    let now = agency.clock.now().max(now);
    let of = (&rules, now, &held);
    let shaped = look_up(agency, case, &attested, of).await.map_err(Stop::past_look_up)?;
    let (shaped, held) = match held {
        Hold::Answering(held) => (shaped, Some(held)),
        Hold::Changing(held) => {
            let taken = take_notice(agency, &attested, shaped, &held).await;
            (taken.map_err(Stop::past_look_up)?, None)
        }
    };
    let on = On { readiness, witnessed, known: known(agency).await? };
    let sealed = release(agency, &attested, shaped, on, (&rules, now)).await?;
    if witnessed == Witnessed::Late {
        // For the privacy officer; the asker's is told by the answer itself.
        raise(agency, attested.statement(), Reason::WitnessLate).await;
    }
    agency.watching.answered(attested.index(), Instant::now());
    inbox::came(agency, &attested.target_id(), now);
    Ok((sealed, held))
}

/// What an answer rests on that depends on no child.
#[derive(Clone, Copy)]
struct On {
    readiness: Readiness,
    witnessed: Witnessed,
    known: Known,
}

/// How many acts the consent register knows.
async fn known(agency: &Agency) -> Result<Known, Stop> {
    Ok(store::known(agency.store.as_ref()).await?)
}

/// Since when the index of the question's epoch is whole, made with the factors that the question
/// went through. One that was last checked some hours ago, as after a pause, or under other
/// factors, is brought up to now: nobody waits for it in vain.
async fn whole(agency: &Agency, attested: &Attested, now: Timestamp) -> Result<Timestamp, Stop> {
    let (epoch, made_with) = (attested.header().epoch, Some(attested.made_with()));
    match agency.index.ready(epoch, made_with, now).await {
        Ok(as_of) => return Ok(as_of),
        Err(reason) if reason.is_fault() => return Err(Stop::Fault(reason)),
        Err(_) => {}
    }
    let again = match agency.refresh_epoch_if_other(epoch, attested.made_with()).await {
        Ok(()) => agency.index.tend(false).await,
        Err(reason) => Err(reason),
    };
    if let Err(reason) = again {
        tracing::warn!(%reason, "the index was not brought up to now");
    }
    agency.index.ready(epoch, made_with, now).await.map_err(Stop::Refused)
}

/// Opens the hidden number and looks up whose it is. Whoever is not known here leaves the detail
/// closed, and costs as much work as who is.
async fn look_up(
    agency: &Agency,
    case: Case<'_>,
    attested: &Attested,
    (in_force, now, held): (&InForce, Timestamp, &Hold),
) -> Result<Shaped, Stop> {
    let rules = Rules::of(in_force, now);
    let pseudonym = agency.keys.opening.open(attested.pair());
    let met = agency.index.find(attested.header().epoch, &pseudonym).await?;
    let found = match met {
        Some(Met::Person(key)) => match resolve(agency, attested, &key, (now, held)).await? {
            None if attested.is_own_view() || attested.is_about_rights() => {
                stranger(agency, attested, &key, now).await?
            }
            found => found,
        },
        Some(Met::Canary(key)) => {
            nobody(agency, held).await?;
            return Ok(Shaped::canary(agency, &case, attested, &key, rules));
        }
        None => None,
    };
    let Some(found) = found else {
        nobody(agency, held).await?;
        decoy(agency, &case, attested, rules);
        return Ok(Shaped::miss(attested, None));
    };
    let detail = attested.open_detail(&agency.oin, &agency.keys.seals);
    let stated = detail.and_then(|detail| Ok((case.stating(detail.facts)?, detail.notice)));
    match stated {
        Ok((case, notice)) if attested.header().kind.is_notice() => {
            Shaped::brought(&case, attested, &found, rules, notice)
        }
        Ok((case, _)) => Shaped::known(&case, attested, &found, rules),
        Err(reason) => {
            // That it was opened at all tells that the child is known: it shows as nothing, and
            // leaves no more in the ledger than a miss does.
            tracing::error!(reason = reason.code(), "alarm: a detail was not what it should be");
            let mut shaped = Shaped::miss(attested, None);
            shaped.ruling.alarm = Some(reason);
            Ok(shaped)
        }
    }
}

/// Verifies a question. What could not be verified may be due to a card that is newer than ours:
/// then the directory is read again, at most now and then.
async fn attest(
    agency: &Agency,
    question: TargetQuestion,
    pack: &Pack,
    now: Timestamp,
) -> Result<Attested, Stop> {
    agency.watching.reached(question.evidence.seen_size).await;
    match verify_here(agency, question.clone(), pack, now) {
        Err(Reason::LedgerFork) => Err(forked(agency, &question).await),
        Err(reason) if blames_a_card(reason) => {
            let link = agency.broker_link.as_ref();
            if !agency.directory.refresh_for_question(link).await {
                return Err(Stop::Refused(reason));
            }
            verify_here(agency, question, pack, now).map_err(Stop::Refused)
        }
        verified => verified.map_err(Stop::Refused),
    }
}

/// The broker contradicts itself: the proof is kept, and nothing is answered until an operator
/// acts.
async fn forked(agency: &Agency, question: &TargetQuestion) -> Stop {
    alarm::forked(agency, Digest::of(&question.evidence.leaf)).await;
    Stop::Fault(Reason::LedgerFork)
}

fn verify_here(
    agency: &Agency,
    question: TargetQuestion,
    pack: &Pack,
    now: Timestamp,
) -> Result<Attested, Reason> {
    against(agency, pack, now, |against| {
        // That of the header, whatever decides now.
        let bundle = agency.rules.asked_under(question.header.times.asked_at);
        verify(question, &Against { bundle, ..*against })
    })
}

/// What a question is held against here, under the rules of now.
pub(super) fn against<T>(
    agency: &Agency,
    pack: &Pack,
    now: Timestamp,
    hold: impl FnOnce(&Against<'_>) -> T,
) -> T {
    let catalogue = pack.catalogue();
    let mandated = |role: &_| catalogue.is_mandated(role);
    agency.directory.with_book(|cards| {
        hold(&Against {
            own: &agency.oin,
            broker: &agency.broker,
            bundle: pack.bundle(),
            cards,
            seals: &agency.keys.seals,
            watching: &agency.watching,
            mandated: &mandated,
            now,
        })
    })
}

const fn blames_a_card(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::UnknownAgency
            | Reason::CardInvalid
            | Reason::RoleNotAdmitted
            | Reason::KindNotAdmitted
            | Reason::StatementInvalid
            | Reason::AttestationInvalid
            | Reason::ApproverUnverified
            | Reason::SealInvalid
            | Reason::NotReady
    )
}

async fn kept(agency: &Agency, attested: &Attested, known: Known) -> Result<Option<Sealed>, Stop> {
    let (id, statement) = (attested.target_id(), attested.statement());
    let kept = replay::kept(agency.store.as_ref(), &id, &statement, known).await;
    kept.map_err(|error| Stop::from(error).past_look_up())
}

/// Makes decision and reply durable in one commit; only then the reply may leave.
async fn release(
    agency: &Agency,
    attested: &Attested,
    shaped: Shaped,
    on: On,
    of: (&InForce, Timestamp),
) -> Result<Sealed, Stop> {
    let Shaped { draft, ruling, number, .. } = shaped;
    let canary = number.is_some() && ruling.lines.iter().all(|line| line.outcome == Ruled::Miss);
    let frame = frame(agency, attested, on, number.as_deref(), canary)?;
    let (size, tag) = (agency.ledger.checkpoint().checkpoint().size, frame.subject_tag);
    let prepared = draft.finish(frame, size, random().map_err(Stop::Fault)?);
    // A made-up subject is nobody's data; and what is said about a person's rights takes no place
    // among what was asked about them.
    let is_persons = !canary && !attested.is_about_rights();
    let subject = number.as_deref().filter(|_| is_persons);
    let record = decision(agency, attested, ruling, (prepared.outcome(), subject), of);
    let record = record.map_err(Stop::past_look_up)?;
    let (entry, commitment) =
        entry(agency, attested, &prepared, &record, subject, &tag).map_err(Stop::past_look_up)?;
    let cost = prepared.cost().map_err(|error| Stop::Hidden(error.reason()))?;
    let place = prepared.place(commitment, agency.sign_key.clone());
    match agency.ledger.append_placed(entry, cost, place).await {
        Ok(receipt) => Ok(prepared.release(&receipt)?),
        // Somebody else of this node answered the same question meanwhile.
        Err(LedgerError::Conflict { .. }) => {
            kept(agency, attested, on.known).await?.ok_or(Stop::Hidden(Reason::StoreCorrupt))
        }
        Err(error) => Err(unwritten(error)),
    }
}

/// A disk that takes no write takes none of a miss either, and may be named; anything else may
/// come from what is written.
fn unwritten(error: LedgerError) -> Stop {
    match error {
        LedgerError::Store(
            StoreError::Unwritable(_)
            | StoreError::Full
            | StoreError::Newer
            | StoreError::Foreign
            | StoreError::InUse,
        ) => Stop::Fault(error.reason()),
        error => Stop::Hidden(error.reason()),
    }
}

fn frame<'a>(
    agency: &'a Agency,
    attested: &'a Attested,
    on: On,
    number: Option<&str>,
    canary: bool,
) -> Result<Frame<'a>, Stop> {
    let header = attested.header();
    let target_id = attested.target_id();
    let noise = random().map_err(Stop::Fault)?;
    // The same work with and without a number.
    let of = number.map_or(noise.as_slice(), str::as_bytes);
    let tag = subject_tag(&target_id, &agency.oin, of);
    Ok(Frame {
        envelope: Envelope {
            target_id,
            from: agency.oin.clone(),
            to: header.asker.clone(),
            epoch: header.epoch,
            answer_by: header.times.answer_by,
            seal_key: attested.seal_key().clone(),
            reply_bytes: attested.reply_bytes(),
            seen_size: agency.watching.seen_size(),
        },
        index_as_of: on.readiness.index_as_of,
        holds_unnumbered_records: on.readiness.holds_unnumbered_records,
        unwitnessed: on.witnessed == Witnessed::Late,
        duty_phone: &agency.duty_phone,
        subject_tag: tag,
        noise: if canary { *tag.as_bytes() } else { noise },
        known: on.known.0,
    })
}

/// The record of a decision, and of the processing that it was.
fn decision(
    agency: &Agency,
    attested: &Attested,
    ruling: Ruling,
    (outcome, subject): (Outcome, Option<&str>),
    (in_force, now): (&InForce, Timestamp),
) -> Result<DecisionRecord, Stop> {
    let header = attested.header();
    let span = || span_id().map_err(Stop::Fault);
    let processing = Processing {
        trace_id: attested.target_id(),
        span_id: span()?,
        status: Status::Ok,
        name: "vraag van een andere organisatie beantwoord".to_owned(),
        start: now,
        end: agency.clock.now().max(now),
        activity: activity(agency.register.as_deref(), &agency.oin, &header.purpose),
        subject: record::data_subject(subject).map_err(Stop::Fault)?,
        processor: Some(processor(agency, &header.asker)),
    };
    Ok(DecisionRecord {
        target_id: attested.target_id(),
        span_id: span()?,
        decided_at: now,
        asker: header.asker.clone(),
        role: header.role.clone(),
        purpose: header.purpose.clone(),
        break_glass: header.break_glass,
        statement: attested.statement(),
        header: attested.header_digest(),
        detail: attested.detail_digest(),
        visible: record::visible(&in_force.pack, &agency.kind, attested),
        lines: ruling.lines,
        facts: ruling.facts,
        naming: ruling.naming,
        alarm: ruling.alarm,
        bundle: in_force.pack.bundle(),
        version: in_force.pack.version().to_owned(),
        overlay: in_force.own(),
        engine: ENGINE.to_owned(),
        outcome,
        processing,
    })
}

/// The entry of a decision, and what its leaf commits to.
fn entry(
    agency: &Agency,
    attested: &Attested,
    prepared: &Prepared,
    record: &DecisionRecord,
    subject: Option<&str>,
    tag: &Digest,
) -> Result<(Entry, Digest), Stop> {
    // What the receipt is compared by. It is salted, so that it cannot be guessed.
    let about = prepared.about();
    let state = agency.watching.put_head(Batch::new());
    let pack = agency.pack();
    let first = First {
        attested,
        lines: &record.lines,
        digits: subject,
        tag,
        pack: &pack,
        at: record.decided_at,
    };
    let state = slots::open(state, first);
    let state = state.map_err(Stop::Fault)?;
    let made = record.commit(agency, subject).map_err(Stop::Fault)?;
    let commitment = made.commitment;
    Ok((Entry { about, ..made.entry(state) }, commitment))
}

impl From<SourceFault> for Stop {
    fn from(fault: SourceFault) -> Self {
        match fault {
            SourceFault::NotReady | SourceFault::Changed => Self::Refused(fault.reason()),
            SourceFault::Damaged | SourceFault::Store(_) => Self::Fault(fault.reason()),
        }
    }
}

impl From<NotNow> for Stop {
    fn from(stop: NotNow) -> Self {
        match stop {
            NotNow::Forked => Self::Fault(stop.reason()),
            NotNow::Late => Self::Refused(stop.reason()),
        }
    }
}

impl From<ReplayError> for Stop {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Conflict | ReplayError::Changed => Self::Refused(error.reason()),
            ReplayError::Store(_) => Self::Fault(error.reason()),
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.reason())
    }
}

impl From<Mismatch> for Stop {
    fn from(mismatch: Mismatch) -> Self {
        Self::Fault(mismatch.reason())
    }
}

impl From<FactError> for Stop {
    /// The question's own words were checked before the look-up: what fails here is ours, and
    /// names nothing.
    fn from(_: FactError) -> Self {
        Self::Fault(Reason::Internal)
    }
}

#[cfg(test)]
mod tests;
