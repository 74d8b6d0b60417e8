//! What this node records, as its ledger keeps it: a commitment for ever, and its opening until
//! the retention term ends.
//!
//! Whatever concerns a person or a question goes this way. The ledger's leaf and what it is about
//! then say a kind and a commitment, and nothing of whom: no staff id, no target id, no digest of
//! anything that could be tried out. What concerns organisations alone (cards, enrolment batches,
//! the rules in force) stands in clear.

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, Leaves, LedgerError, Receipt};
use grondslag_evidence::records::{
    Committed, Opened, Opening, Until, commit_indexed, committed, find, open,
};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::Pack;
use grondslag_policy::retention::Kept;

use crate::agency::Agency;
use crate::limits::LEDGER_PAGE;
use crate::random::random;

/// A kind of record. The label stands in the leaf for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A decision on another's question, with the processing that it was.
    Decision,
    /// The term of another's question ended.
    Ended,
    /// An own question went out.
    Asked,
    /// An answer to it came.
    Answered,
    /// Every agency had a state: the processing that the question was.
    Closed,
    /// A draft was shown.
    DraftShown,
    /// A second person approved a draft.
    Approved,
    /// Somebody sent what they should not have.
    Alarm,
    /// Counts of questions were shown.
    PatternsShown,
    /// Decisions were shown: listed, or those on one person.
    DecisionsShown,
    /// Batches of enrolments were listed.
    BatchesShown,
    /// What the broker recorded was read back.
    BrokerRead,
    /// A question about a made-up subject went out.
    Canary,
    /// A spot check of enrolments.
    SpotCheck,
    /// What somebody said in the consent register, or took back.
    Consent,
    /// Who may speak for a child, or a measure of the court.
    Situation,
    /// A measure of the court was certified for others.
    Certified,
    /// What stands in the consent register about one child was shown.
    ConsentsShown,
    /// Whom to ask for a consent again was listed.
    AskAgainShown,
    /// Somebody of the staff saw who asks for an own view.
    IdentitySeen,
    /// What is to be told was listed.
    ToInformShown,
    /// Somebody was told that they were asked about.
    Informed,
    /// That was put off.
    InformPostponed,
    /// Somebody asked something about their own data.
    RightsAsked,
    /// What became of it.
    RightsSettled,
    /// Such requests were listed.
    RightsShown,
    /// A child was put on the caseload board, or something changed of the case.
    Case,
    /// The board was shown.
    CasesShown,
    /// A question that a person must look at was shown.
    ReviewShown,
    /// What they decided, or confirmed.
    Reviewed,
    /// They took more time, or it became somebody's.
    ReviewChanged,
    /// It waited for too long, and went up.
    Climbed,
    /// What was decided was said to the asker, or did not leave after all.
    Released,
    /// What came of escalations was shown.
    DossierShown,
    /// It was destroyed at the end of its term.
    DossierForgotten,
    /// Questions with break glass were shown.
    GlassShown,
    /// A second person reviewed one.
    GlassReviewed,
    /// One was not reviewed in time: who asked may not break the glass until it is.
    GlassSuspended,
    /// A report of what was counted over a period was made.
    MetricsMade,
    /// Something was added to an own question.
    FollowUpSent,
    /// Something was added to another's question.
    FollowUpTaken,
    /// A case was accepted by its new holder.
    HandedOver,
    /// Handovers were shown.
    HandoversShown,
    /// Somebody is away, or back.
    Away,
}

impl Kind {
    /// The label.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Decision => "grondslag/record/decision/v1",
            Self::Ended => "grondslag/record/ended/v1",
            Self::Asked => "grondslag/record/asked/v1",
            Self::Answered => "grondslag/record/answered/v1",
            Self::Closed => "grondslag/record/closed/v1",
            Self::DraftShown => "grondslag/record/draft-shown/v1",
            Self::Approved => "grondslag/record/approved/v1",
            Self::Alarm => "grondslag/record/alarm/v1",
            Self::PatternsShown => "grondslag/record/patterns-shown/v1",
            Self::DecisionsShown => "grondslag/record/decisions-shown/v1",
            Self::BatchesShown => "grondslag/record/batches-shown/v1",
            Self::BrokerRead => "grondslag/record/broker-read/v1",
            Self::Canary => "grondslag/record/canary/v1",
            Self::SpotCheck => "grondslag/record/spot-check/v1",
            Self::Consent => "grondslag/record/consent/v1",
            Self::Situation => "grondslag/record/situation/v1",
            Self::Certified => "grondslag/record/certified/v1",
            Self::ConsentsShown => "grondslag/record/consents-shown/v1",
            Self::AskAgainShown => "grondslag/record/ask-again-shown/v1",
            Self::IdentitySeen => "grondslag/record/identity-seen/v1",
            Self::ToInformShown => "grondslag/record/to-inform-shown/v1",
            Self::Informed => "grondslag/record/informed/v1",
            Self::InformPostponed => "grondslag/record/inform-postponed/v1",
            Self::RightsAsked => "grondslag/record/rights-asked/v1",
            Self::RightsSettled => "grondslag/record/rights-settled/v1",
            Self::RightsShown => "grondslag/record/rights-shown/v1",
            Self::Case => "grondslag/record/case/v1",
            Self::CasesShown => "grondslag/record/cases-shown/v1",
            Self::ReviewShown => "grondslag/record/review-shown/v1",
            Self::Reviewed => "grondslag/record/reviewed/v1",
            Self::ReviewChanged => "grondslag/record/review-changed/v1",
            Self::Climbed => "grondslag/record/climbed/v1",
            Self::Released => "grondslag/record/released/v1",
            Self::DossierShown => "grondslag/record/dossier-shown/v1",
            Self::DossierForgotten => "grondslag/record/dossier-forgotten/v1",
            Self::GlassShown => "grondslag/record/glass-shown/v1",
            Self::GlassReviewed => "grondslag/record/glass-reviewed/v1",
            Self::GlassSuspended => "grondslag/record/glass-suspended/v1",
            Self::MetricsMade => "grondslag/record/metrics-made/v1",
            Self::FollowUpSent => "grondslag/record/follow-up-sent/v1",
            Self::FollowUpTaken => "grondslag/record/follow-up-taken/v1",
            Self::HandedOver => "grondslag/record/handed-over/v1",
            Self::HandoversShown => "grondslag/record/handovers-shown/v1",
            Self::Away => "grondslag/record/away/v1",
        }
    }

    /// The canonical bytes of a record of this kind, to be filled.
    pub(crate) fn canonical(self) -> Canonical {
        Canonical::new(self.label())
    }
}

/// Whose term something has that came of a question.
pub(crate) const fn term(break_glass: bool) -> Kept {
    if break_glass { Kept::BreakGlass } else { Kept::Decision }
}

/// Makes a record that is found again under `keys`.
///
/// # Errors
/// `TOO_LARGE` beyond the store's limits; `INTERNAL` without randomness.
pub(crate) fn record(
    pack: &Pack,
    kind: Kind,
    body: &[u8],
    (term, from): (Kept, Timestamp),
    keys: &[Vec<u8>],
) -> Result<Committed, Reason> {
    commit_until(kind, body, Until::At(pack.retention().end(term, from)), keys)
}

/// Makes a record that is found again under `keys` and has this term.
///
/// # Errors
/// As [`record`].
pub(crate) fn commit_until(
    kind: Kind,
    body: &[u8],
    until: Until,
    keys: &[Vec<u8>],
) -> Result<Committed, Reason> {
    let made = commit_indexed(kind.label(), body, random()?, until, keys);
    made.map_err(StoreError::reason)
}

/// Makes a record of now as an entry of the ledger; `more` is committed with it.
///
/// # Errors
/// As [`record`].
pub(crate) fn entry(
    agency: &Agency,
    kind: Kind,
    body: &[u8],
    term: Kept,
    more: Batch,
) -> Result<Entry, Reason> {
    entry_under(agency, kind, body, term, (&[], more))
}

/// The same, found again under `keys`.
///
/// # Errors
/// As [`record`].
pub(crate) fn entry_under(
    agency: &Agency,
    kind: Kind,
    body: &[u8],
    term: Kept,
    (keys, more): (&[Vec<u8>], Batch),
) -> Result<Entry, Reason> {
    let made = record(&agency.pack(), kind, body, (term, agency.clock.now()), keys)?;
    Ok(made.entry(more))
}

/// Records something that has the term of a decision.
///
/// # Errors
/// Why it could not be recorded.
pub(crate) async fn append(
    agency: &Agency,
    kind: Kind,
    body: Canonical,
    more: Batch,
) -> Result<Receipt, Reason> {
    append_for(agency, kind, body, Kept::Decision, more).await
}

/// Records something that has the term of the question that it came of.
///
/// # Errors
/// Why it could not be recorded.
pub(crate) async fn append_for(
    agency: &Agency,
    kind: Kind,
    body: Canonical,
    term: Kept,
    more: Batch,
) -> Result<Receipt, Reason> {
    let entry = entry(agency, kind, &body.finish_secret(), term, more)?;
    agency.ledger.append(entry).await.map_err(LedgerError::reason)
}

/// The records that are found under a prefix, in the order of their keys, as far as they are not
/// forgotten, and whether there may be more: at most `limit` keys are looked at.
///
/// # Errors
/// `STORE_CORRUPT` for a key that leads to no record; else those of the store.
pub(crate) async fn found_under(
    store: &dyn Store,
    prefix: &[u8],
    limit: usize,
) -> Result<(Vec<Opened>, bool), Reason> {
    let (found, next) = found_after(store, prefix, None, limit).await?;
    Ok((found, next.is_some()))
}

/// The same after a key, and the key to go on from; `None` at the end.
///
/// # Errors
/// As [`found_under`].
pub(crate) async fn found_after(
    store: &dyn Store,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<(Vec<Opened>, Option<Vec<u8>>), Reason> {
    let page = store.scan(prefix, after, limit).await.map_err(StoreError::reason)?;
    let next = page.last().filter(|_| page.len() >= limit).map(|last| last.key.clone());
    let mut found = Vec::with_capacity(page.len());
    for pair in page {
        let commitment = Digest::from_slice(&pair.value).map_err(|_| Reason::StoreCorrupt)?;
        // One that is missing was forgotten since the page was read.
        found.extend(find(store, &commitment).await.map_err(StoreError::reason)?);
    }
    Ok((found, next))
}

/// What stands in the records of one kind in a ledger from an index on, as far as they are not
/// forgotten, and the index to go on from; `None` at the end. At most a page of leaves is read.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of store and ledger.
pub(crate) async fn page_of<T, I: IntoIterator<Item = T>>(
    store: &dyn Store,
    leaves: &dyn Leaves,
    from: u64,
    kind: Kind,
    parse: impl Fn(u64, &[u8]) -> Option<I>,
) -> Result<(Vec<T>, Option<u64>), LedgerError> {
    let page = leaves.read(from, LEDGER_PAGE).await?;
    let mut found = Vec::new();
    for record in &page {
        let is_one = committed(&record.leaf).is_some_and(|(label, _)| label == kind.label());
        if !is_one {
            continue;
        }
        if let Opening::Opened(opened) = open(store, &record.leaf).await? {
            found.extend(parse(record.index, &opened.body).ok_or(StoreError::Corrupt)?);
        }
    }
    Ok((found, page.last().map(|record| record.index.saturating_add(1))))
}
