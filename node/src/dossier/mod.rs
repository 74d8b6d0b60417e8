//! The joint file on a child (R29, design 5): what was asked in an escalation, and every answer as
//! it was opened, for thirty days at the asker's own node and nowhere else.
//!
//! A file is put together when somebody looks (`assemble`), of what stands here: nothing of it is
//! kept put together. `ef/<inquiry>` holds a question, whom it was put to, and how it ended;
//! `ec/<case><inquiry>` finds it by its case; `ea/<inquiry><agency><reply number>` holds an answer.
//! Who asked and who signed may look.
//!
//! INVARIANT: an answer is kept in the commit that records that it came. When the term is over all
//! of an escalation goes, the question last, in the commit of the leaf that says so.

mod assemble;
pub mod bench;
mod desk;
pub(crate) mod service;

use std::collections::BTreeMap;
use std::iter;

use grondslag_core::answer::{About, Answer, Line};
use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{CaseId, InquiryId, Oin, StaffId};
use grondslag_core::limits::SLOT_GRACE_MS;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::retention::Kept;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::asks::follow::catch_up;
use crate::asks::view::Stand;
use crate::handover::barred;
use crate::limits::{AGENCY_ANSWERS_MAX, PAGE};
use crate::recorded::{Kind, entry};
use crate::records::SubjectKey;
use crate::rows;
use crate::secret::INDEX_LEN;
use crate::staff::Person;

/// Questions, by their number.
const FILED: &[u8] = b"ef/";
/// The same, by their case.
const OF_CASE: &[u8] = b"ec/";
/// What came, by question, agency and number.
const ANSWERS: &[u8] = b"ea/";

/// An escalation as the file needs it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Filed {
    /// The question.
    pub(crate) inquiry: InquiryId,
    /// The case that it belongs to.
    pub(crate) case: CaseId,
    /// Whom it is about.
    pub(crate) about: About,
    /// Who asked, and in which role.
    pub(crate) asked_by: (StaffId, Role),
    /// Who signed, and in which roles.
    pub(crate) signed_by: Vec<(StaffId, Role)>,
    /// What for.
    pub(crate) purpose: Purpose,
    /// What bore that the risk is serious.
    pub(crate) criteria: Vec<String>,
    /// Why.
    pub(crate) necessity: String,
    /// When it was asked.
    pub(crate) asked_at: Timestamp,
    /// When every outcome is due.
    pub(crate) answer_by: Timestamp,
    /// When all of it is destroyed.
    pub(crate) ends: Timestamp,
    /// All that came within its term was fetched.
    #[serde(default)]
    pub(crate) heard: bool,
    /// Whom it was put to, in the order of the question.
    pub(crate) targets: Vec<FiledTarget>,
    /// The child of the case, as a keyed digest: who handed the case over sees no more.
    #[serde(default)]
    pub(crate) child: Option<[u8; INDEX_LEN]>,
}

/// One agency that was asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FiledTarget {
    /// The agency.
    pub(crate) oin: Oin,
    /// What was asked of it.
    pub(crate) categories: Vec<Category>,
    /// How its first round ended; nothing while that is under way, or when this process ended
    /// before it.
    pub(crate) ended: Option<Ended>,
}

/// How an agency's first round ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    /// As it was shown.
    pub(crate) stand: Stand,
    /// Why, where there is something to say.
    pub(crate) reason: Option<Reason>,
    /// What the broker refused by rule.
    pub(crate) refused: Vec<Line>,
}

/// An answer as it came.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Came {
    /// From whom.
    from: Oin,
    /// The number of the message.
    reply_no: u32,
    /// When.
    at: Timestamp,
    answer: Answer,
}

grondslag_core::unprinted!(Filed FiledTarget Ended Came);

impl Filed {
    /// The write that files an escalation; one that the broker did not take before is replaced.
    ///
    /// # Errors
    /// Why the store cannot be read; `TOO_LARGE` or `INTERNAL`, which a question within its bounds
    /// does not give.
    pub(crate) async fn file(&self, agency: &Agency, batch: Batch) -> Result<Batch, Reason> {
        self.put(without(agency, batch, &self.inquiry).await?)
    }

    fn put(&self, batch: Batch) -> Result<Batch, Reason> {
        let batch = rows::put(batch, &key(&self.inquiry), self)?;
        Ok(batch.put(case_key(&self.case, &self.inquiry), self.inquiry.as_bytes().as_slice()))
    }

    /// Who handed a case over sees no more of what was asked for it, also who signed.
    ///
    /// # Errors
    /// `HANDED_OVER`, or why that cannot be read.
    async fn check_held(&self, agency: &Agency) -> Result<(), Reason> {
        let Some(child) = self.child else { return Ok(()) };
        let asked = (&self.asked_by.1, &self.purpose);
        barred::check(agency, asked, &SubjectKey::new(child)).await
    }

    /// Whether somebody may see what came: who asked and who signed, while they hold the role in
    /// which they did.
    fn is_for(&self, who: &Person) -> bool {
        let mut readers = iter::once(&self.asked_by).chain(&self.signed_by);
        readers.any(|(staff, role)| staff == who.id() && who.as_role(role).is_ok())
    }

    /// Its term is over, and what was said in the last slot has had time to come.
    fn is_over(&self, now: Timestamp) -> bool {
        now.since_ms(self.answer_by) > SLOT_GRACE_MS
    }
}

/// When the outcome of the newest escalation about the child of a case is due.
///
/// # Errors
/// Why it cannot be read; a damaged row is passed over.
pub(crate) async fn outcome_due(
    agency: &Agency,
    case: &CaseId,
) -> Result<Option<Timestamp>, Reason> {
    let mut newest = None;
    each_of_case(agency, case, |filed| {
        let this = (filed.about == About::Child).then_some((filed.asked_at, filed.answer_by));
        newest = newest.max(this);
    })
    .await?;
    Ok(newest.map(|(_, answer_by)| answer_by))
}

/// Gives the escalations of a case whose term is not over, by the date if not yet by the daily
/// round, one after the other; says whether one cannot be read.
async fn each_of_case(
    agency: &Agency,
    case: &CaseId,
    mut take: impl FnMut(Filed),
) -> Result<bool, Reason> {
    let prefix = [OF_CASE, case.as_bytes()].concat();
    let (mut damaged, mut after) = (false, None::<Vec<u8>>);
    loop {
        let page = agency.store.scan(&prefix, after.as_deref(), PAGE).await;
        let page = page.map_err(StoreError::reason)?;
        for pair in &page {
            let id = InquiryId::from_slice(&pair.value).map_err(|_| Reason::StoreCorrupt);
            let found = match id {
                Ok(id) => find(agency, &id).await,
                Err(reason) => Err(reason),
            };
            match found {
                Err(Reason::StoreCorrupt) => damaged = true,
                found => found?.into_iter().for_each(&mut take),
            }
        }
        match page.last() {
            Some(last) if page.len() >= PAGE => after = Some(last.key.clone()),
            _ => return Ok(damaged),
        }
    }
}

/// The case for which an escalation was asked is still this agency's, whoever it was about.
///
/// # Errors
/// As [`Filed::check_held`], or why the escalation cannot be read.
pub(crate) async fn check_held(agency: &Agency, id: &InquiryId) -> Result<(), Reason> {
    match find(agency, id).await? {
        Some(filed) => filed.check_held(agency).await,
        None => Ok(()),
    }
}

async fn find(agency: &Agency, id: &InquiryId) -> Result<Option<Filed>, Reason> {
    let found = rows::read::<Filed>(agency.store.as_ref(), &key(id)).await?;
    Ok(found.map(|(filed, _)| filed).filter(|filed| filed.ends > agency.clock.now()))
}

/// Until when what came of a question that is asked now is kept.
pub(crate) fn ends(agency: &Agency, asked_at: Timestamp) -> Timestamp {
    agency.pack().retention().end(Kept::Dossier, asked_at)
}

/// Adds how the first round of an escalation ended, agency by agency; of any other question there
/// is nothing to add.
///
/// # Errors
/// Why the store cannot be read; those of [`Filed::put`].
pub(crate) async fn with_ends(
    agency: &Agency,
    batch: Batch,
    inquiry: &InquiryId,
    ended: &BTreeMap<Oin, Ended>,
) -> Result<Batch, Reason> {
    if ended.is_empty() {
        return Ok(batch);
    }
    let found = match rows::read::<Filed>(agency.store.as_ref(), &key(inquiry)).await {
        // The question ends whatever became of its file; the daily round tells of the row.
        Err(Reason::StoreCorrupt) => return Ok(batch),
        found => found?,
    };
    let Some((mut filed, seen)) = found else { return Ok(batch) };
    for target in &mut filed.targets {
        target.ended = ended.get(&target.oin).cloned();
    }
    filed.put(parts::delete_seen(batch, &key(inquiry), &seen))
}

/// The write that takes an escalation out again, which the broker did not take. Any other question
/// has none.
///
/// # Errors
/// Why the store cannot be read.
pub(crate) async fn without(
    agency: &Agency,
    batch: Batch,
    inquiry: &InquiryId,
) -> Result<Batch, Reason> {
    let found = rows::read::<Filed>(agency.store.as_ref(), &key(inquiry)).await?;
    let Some((filed, seen)) = found else { return Ok(batch) };
    let batch = parts::delete_seen(batch, &key(inquiry), &seen);
    Ok(batch.delete(case_key(&filed.case, inquiry)))
}

/// The write that keeps an answer, which belongs in the commit that records it. The same answer
/// again is kept once, one to a question that was destroyed is not, and of an agency that says more
/// than anybody does no more than so much.
///
/// # Errors
/// Why the store cannot be read; `TOO_LARGE`.
pub(crate) async fn with_answer(
    agency: &Agency,
    batch: Batch,
    inquiry: &InquiryId,
    (from, reply_no, answer): (&Oin, u32, &Answer),
) -> Result<Batch, Reason> {
    let (key, store) = (answer_key(inquiry, from, reply_no), agency.store.as_ref());
    let before = store.get(&key).await.map_err(StoreError::reason)?;
    let filed = store.get(&self::key(inquiry)).await.map_err(StoreError::reason)?;
    if before.is_some() || filed.is_none() {
        return Ok(batch);
    }
    let of_agency = [ANSWERS, inquiry.as_bytes(), from.as_str().as_bytes()].concat();
    let more = store.scan(&of_agency, None, AGENCY_ANSWERS_MAX).await;
    if more.map_err(StoreError::reason)?.len() >= AGENCY_ANSWERS_MAX {
        tracing::warn!("an agency says more than a joint file keeps of one");
        return Ok(batch);
    }
    let (from, at, answer) = (from.clone(), agency.clock.now(), answer.clone());
    rows::put(batch, &key, &Came { from, reply_no, at, answer })
}

/// The answers to a question, by agency and number, and whether one cannot be read.
async fn answers(agency: &Agency, inquiry: &InquiryId) -> Result<(Vec<Came>, bool), Reason> {
    let (mut all, mut damaged) = (Vec::new(), false);
    for key in answer_keys(agency, inquiry).await? {
        match rows::read::<Came>(agency.store.as_ref(), &key).await {
            Ok(came) => all.extend(came.map(|(came, _)| came)),
            Err(Reason::StoreCorrupt) => damaged = true,
            Err(reason) => return Err(reason),
        }
    }
    Ok((all, damaged))
}

async fn answer_keys(agency: &Agency, inquiry: &InquiryId) -> Result<Vec<Vec<u8>>, Reason> {
    let prefix = [ANSWERS, inquiry.as_bytes()].concat();
    let (mut all, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let page = agency.store.scan(&prefix, after.as_deref(), PAGE).await;
        let page = page.map_err(StoreError::reason)?;
        after = page.last().filter(|_| page.len() >= PAGE).map(|last| last.key.clone());
        all.extend(page.into_iter().map(|pair| pair.key));
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// Fetches what came of escalations whose term is over, once for all: what nobody looks at in time
/// is not lost.
///
/// # Errors
/// The first of what went wrong; the others were fetched, and it is tried again.
pub(crate) async fn fetch_over(agency: &Agency) -> Result<(), Reason> {
    let (now, mut over, mut first) = (agency.clock.now(), Vec::new(), Ok(()));
    rows::each(agency.store.as_ref(), FILED, |filed: Filed, _| {
        over.extend((!filed.heard && filed.is_over(now)).then_some(filed.inquiry));
    })
    .await?;
    for inquiry in over {
        if let Err(reason) = fetch_last(agency, &inquiry).await {
            first = first.and(Err(reason));
        }
    }
    first
}

/// Fetches what came of one whose term is over, and notes that this was all.
async fn fetch_last(agency: &Agency, inquiry: &InquiryId) -> Result<(), Reason> {
    if catch_up(agency, inquiry).await?.is_none() {
        return Ok(());
    }
    let found = rows::read::<Filed>(agency.store.as_ref(), &key(inquiry)).await?;
    let Some((filed, seen)) = found else { return Ok(()) };
    let filed = Filed { heard: true, ..filed };
    let batch = filed.put(parts::delete_seen(Batch::new(), &key(inquiry), &seen))?;
    match agency.store.commit(batch).await {
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.reason()),
    }
}

/// Destroys escalations whose term is over, with all that came. Says how many cannot be read.
///
/// # Errors
/// The first of what went wrong; the others were destroyed, and it is tried again.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (now, mut due) = (agency.clock.now(), Vec::new());
    let damaged = rows::each(agency.store.as_ref(), FILED, |filed: Filed, seen| {
        due.extend((filed.ends <= now).then_some((filed, seen)));
    })
    .await?;
    let mut first = Ok(damaged);
    for (filed, seen) in due {
        if let Err(reason) = destroy(agency, &filed, &seen).await {
            first = first.and(Err(reason));
        }
    }
    if let Err(reason) = destroy_left(agency).await {
        first = first.and(Err(reason));
    }
    first
}

/// Destroys answers that came at the moment at which their question was destroyed.
async fn destroy_left(agency: &Agency) -> Result<(), Reason> {
    let (store, failed, mut after) = (agency.store.as_ref(), StoreError::reason, None::<Vec<u8>>);
    loop {
        let page = store.scan(ANSWERS, after.as_deref(), PAGE).await.map_err(failed)?;
        after = page.last().filter(|_| page.len() >= PAGE).map(|last| last.key.clone());
        for pair in page {
            let inquiry = pair.key.get(ANSWERS.len()..ANSWERS.len() + InquiryId::LEN);
            let filed = [FILED, inquiry.unwrap_or_default()].concat();
            if store.get(&filed).await.map_err(failed)?.is_none() {
                destroy_answer(agency, &pair.key).await?;
            }
        }
        if after.is_none() {
            return Ok(());
        }
    }
}

/// First what came, and then the question with the leaf that says so: what was begun goes on at the
/// next round.
async fn destroy(agency: &Agency, filed: &Filed, seen: &Seen) -> Result<(), Reason> {
    let answers = answer_keys(agency, &filed.inquiry).await?;
    for key in &answers {
        destroy_answer(agency, key).await?;
    }
    let batch = parts::delete_seen(Batch::new(), &key(&filed.inquiry), seen);
    let batch = batch.delete(case_key(&filed.case, &filed.inquiry));
    let body = Kind::DossierForgotten
        .canonical()
        .bytes(filed.inquiry.as_bytes())
        .bytes(filed.case.as_bytes())
        .number(u64::try_from(answers.len()).unwrap_or(u64::MAX))
        .signed(agency.clock.now().ms())
        .finish();
    let entry = entry(agency, Kind::DossierForgotten, &body, Kept::Decision, batch)?;
    match agency.ledger.append(entry).await {
        // It changed at this moment; the next round takes all.
        Ok(_) | Err(LedgerError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.reason()),
    }
}

/// Also one that cannot be read.
async fn destroy_answer(agency: &Agency, key: &[u8]) -> Result<(), Reason> {
    let store = agency.store.as_ref();
    let batch = match parts::delete_body(store, Batch::new(), key).await {
        Err(StoreError::Corrupt) => Batch::new().delete(key),
        batch => batch.map_err(StoreError::reason)?,
    };
    match store.commit(batch).await {
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.reason()),
    }
}

fn key(inquiry: &InquiryId) -> Vec<u8> {
    [FILED, inquiry.as_bytes()].concat()
}

fn answer_key(inquiry: &InquiryId, from: &Oin, reply_no: u32) -> Vec<u8> {
    let oin = from.as_str().as_bytes();
    [ANSWERS, inquiry.as_bytes(), oin, &reply_no.to_be_bytes()].concat()
}

fn case_key(case: &CaseId, inquiry: &InquiryId) -> Vec<u8> {
    [OF_CASE, case.as_bytes(), inquiry.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
