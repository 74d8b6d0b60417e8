//! From a delivered question to a reply that may leave.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_core::statement::subject_tag;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::FactError;
use grondslag_proto::question::TargetQuestion;
use grondslag_subject::admits;

use super::decide::{self, Found, Rules};
use super::facts::Case;
use super::record::{DecisionFact, DecisionLine, DecisionRecord};
use super::release::{Draft, Frame, Mismatch, Prepared, Sealed};
use super::replay::{self, ReplayError};
use super::shape;
use super::verify::{Against, Attested, verify};
use crate::agency::Agency;
use crate::limits::RESOLVES_MAX;
use crate::random::random;
use crate::records::{Client, Readiness, SourceFault};

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A refusal, as data. It does not depend on the child.
    Refused(Reason),
    /// A fault of this node that does not depend on the child. Nothing leaves but its reason.
    Fault(Reason),
    /// A fault that only this child's records, or the size of what is said of them, may bring
    /// about: the reason is for our own log, and toward others it is any fault (domain 4a.23).
    Hidden(Reason),
}

impl Stop {
    /// The same stop, past the look-up.
    fn past_look_up(self) -> Self {
        match self {
            Self::Fault(reason) => Self::Hidden(reason),
            stop => stop,
        }
    }
}

/// Answers one question.
pub(super) async fn answer(agency: &Agency, question: TargetQuestion) -> Result<Sealed, Stop> {
    if agency.context.clock.fault().is_some() {
        return Err(Stop::Refused(Reason::ClockInvalid));
    }
    let now = agency.clock.now();
    let attested = attest(agency, question, now).await?;
    if let Some(again) = kept(agency, &attested).await? {
        return Ok(again);
    }
    let case = Case::of(&agency.pack, &agency.kind, &attested).map_err(Stop::Refused)?;
    admits(agency.mode, &attested.detail().subject).map_err(Stop::Refused)?;
    let readiness = agency.source.ready().await?;
    let found = resolve(agency, &attested, now).await.map_err(Stop::past_look_up)?;
    let shaped = match found {
        None => Shaped::miss(&attested),
        Some(found) => {
            let known = Shaped::known(agency, &case, &attested, &found, now);
            known.map_err(Stop::past_look_up)?
        }
    };
    release(agency, &attested, shaped, readiness, now).await
}

/// Verifies a question. What could not be verified may be due to a card that is newer than ours:
/// then the directory is read again, at most now and then.
async fn attest(
    agency: &Agency,
    question: TargetQuestion,
    now: Timestamp,
) -> Result<Attested, Stop> {
    match verify_here(agency, question.clone(), now) {
        Err(reason) if blames_a_card(reason) => {
            let link = agency.broker_link.as_ref();
            if !agency.directory.refresh_for_question(link).await {
                return Err(Stop::Refused(reason));
            }
            verify_here(agency, question, now).map_err(Stop::Refused)
        }
        verified => verified.map_err(Stop::Refused),
    }
}

fn verify_here(
    agency: &Agency,
    question: TargetQuestion,
    now: Timestamp,
) -> Result<Attested, Reason> {
    let catalogue = agency.pack.catalogue();
    let mandated = |role: &_| catalogue.is_mandated(role);
    agency.directory.with_book(|cards| {
        let against = Against {
            own: &agency.oin,
            broker: &agency.broker,
            bundle: agency.pack.bundle(),
            cards,
            mandated: &mandated,
            now,
        };
        verify(question, &against)
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
            | Reason::NotReady
    )
}

async fn kept(agency: &Agency, attested: &Attested) -> Result<Option<Sealed>, Stop> {
    let (id, statement) = (attested.target_id(), attested.statement());
    let kept = replay::kept(agency.store.as_ref(), &id, &statement).await;
    kept.map_err(|error| Stop::from(error).past_look_up())
}

/// Looks the child up, with all that this agency holds on them at this moment.
async fn resolve(
    agency: &Agency,
    attested: &Attested,
    now: Timestamp,
) -> Result<Option<Found>, Stop> {
    let subject = &attested.detail().subject;
    for _ in 0..RESOLVES_MAX {
        let Some(client) = agency.source.find(attested, subject, now).await? else {
            return Ok(None);
        };
        match read(agency, attested, client, now).await {
            // An import was published in between: what was found is of the old register.
            Err(SourceFault::Changed) => {}
            read => return Ok(Some(read?)),
        }
    }
    Err(SourceFault::Changed.into())
}

async fn read(
    agency: &Agency,
    attested: &Attested,
    client: Client,
    now: Timestamp,
) -> Result<Found, SourceFault> {
    let records = agency.source.records(attested, &client, now).await?;
    let facts = agency.source.facts(attested, &client, now).await?;
    Ok(Found { client, records, facts })
}

/// What will be said, and what is recorded of it.
struct Shaped {
    draft: Draft,
    lines: Vec<DecisionLine>,
    facts: Vec<DecisionFact>,
}

impl Shaped {
    fn miss(attested: &Attested) -> Self {
        let (draft, lines) = shape::miss(attested);
        Self { draft, lines, facts: Vec::new() }
    }

    fn known(
        agency: &Agency,
        case: &Case<'_>,
        attested: &Attested,
        found: &Found,
        now: Timestamp,
    ) -> Result<Self, Stop> {
        let rules = Rules { pack: &agency.pack, overlay: agency.overlay.as_ref(), now };
        let mut decided = decide::decide(case, attested, found, rules)?;
        let facts = std::mem::take(&mut decided.facts);
        let (draft, lines) = shape::known(attested, decided, found, now)?;
        Ok(Self { draft, lines, facts })
    }
}

/// Makes decision and reply durable in one commit; only then the reply may leave.
async fn release(
    agency: &Agency,
    attested: &Attested,
    shaped: Shaped,
    readiness: Readiness,
    now: Timestamp,
) -> Result<Sealed, Stop> {
    let Shaped { draft, lines, facts } = shaped;
    let prepared = draft.finish(&frame(agency, attested, readiness)?, &agency.sign_key);
    let record = DecisionRecord::of(attested, lines, facts, prepared.outcome(), now);
    let entry = entry(attested, &prepared, &record).map_err(Stop::past_look_up)?;
    match agency.ledger.append(entry).await {
        Ok(receipt) => Ok(prepared.release(&receipt)?),
        // Somebody else of this node answered the same question meanwhile.
        Err(LedgerError::Conflict { .. }) => {
            kept(agency, attested).await?.ok_or(Stop::Hidden(Reason::StoreCorrupt))
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
    readiness: Readiness,
) -> Result<Frame<'a>, Stop> {
    let header = attested.header();
    let number = attested.detail().subject.expose().as_bytes();
    let target_id = attested.target_id();
    Ok(Frame {
        target_id,
        from: &agency.oin,
        to: &header.asker,
        epoch: header.epoch,
        answer_by: header.times.answer_by,
        index_as_of: readiness.index_as_of,
        holds_unnumbered_records: readiness.holds_unnumbered_records,
        duty_phone: &agency.duty_phone,
        subject_tag: subject_tag(&target_id, &agency.oin, number),
        noise: random().map_err(Stop::Fault)?,
    })
}

fn entry(attested: &Attested, prepared: &Prepared, record: &DecisionRecord) -> Result<Entry, Stop> {
    let about: Digest = attested.statement();
    let answer_by = attested.header().times.answer_by;
    let state = prepared.keep(Batch::new(), answer_by)?;
    let salt = random().map_err(Stop::Fault)?;
    Ok(Entry { about, leaf: record.leaf(attested, salt), state: record.keep(state)? })
}

impl From<SourceFault> for Stop {
    fn from(fault: SourceFault) -> Self {
        match fault {
            SourceFault::NotReady | SourceFault::Changed => Self::Refused(fault.reason()),
            SourceFault::Damaged | SourceFault::Store(_) => Self::Fault(fault.reason()),
        }
    }
}

impl From<ReplayError> for Stop {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Conflict => Self::Refused(error.reason()),
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
