//! The joint file on a child (R29, design 5): what was asked in an escalation, and every answer as
//! it was opened, for thirty days at the asker's own node and nowhere else.
//!
//! A file is put together when somebody looks (`assemble`), of what stands here: nothing of it is
//! kept put together. `ef/<inquiry>` holds a question, whom it was put to, and how it ended;
//! `ec/<case><inquiry>` finds it by its case; `ea/<inquiry><agency><reply number>` holds an answer.
//! Who asked and who signed may look.
//!
//! INVARIANT: an answer is kept in the commit that records that it came. When the term is over all
//! of an escalation goes in one commit, and its leaf says so.

mod assemble;
pub mod bench;
mod desk;
pub(crate) mod service;

use std::collections::BTreeMap;

use grondslag_core::answer::{About, Answer, Line};
use grondslag_core::catalogue::{Category, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{CaseId, InquiryId, Oin, StaffId};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::retention::Kept;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::asks::view::Stand;
use crate::limits::{DOSSIER_ANSWERS_MAX, PAGE};
use crate::recorded::{Kind, entry};
use crate::rows;

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
    /// Who asked.
    pub(crate) staff: StaffId,
    /// Who signed.
    pub(crate) signed_by: Vec<StaffId>,
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
    /// Whom it was put to, in the order of the question.
    pub(crate) targets: Vec<FiledTarget>,
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
    /// The write that files a new escalation.
    ///
    /// # Errors
    /// `TOO_LARGE` or `INTERNAL`, which a question within its bounds does not give.
    pub(crate) fn put(&self, batch: Batch) -> Result<Batch, Reason> {
        let batch = rows::put(batch, &key(&self.inquiry), self)?;
        Ok(batch.put(case_key(&self.case, &self.inquiry), self.inquiry.as_bytes().as_slice()))
    }

    /// Whether somebody may see what came: who asked, and who signed.
    fn is_for(&self, who: &StaffId) -> bool {
        self.staff == *who || self.signed_by.contains(who)
    }
}

/// When the outcome of the newest escalation about the child of a case is due.
///
/// # Errors
/// Why it cannot be read.
pub(crate) async fn outcome_due(
    agency: &Agency,
    case: &CaseId,
) -> Result<Option<Timestamp>, Reason> {
    let filed = of_case(agency, case).await?;
    let about_child = filed.iter().filter(|filed| filed.about == About::Child);
    Ok(about_child.max_by_key(|filed| filed.asked_at).map(|filed| filed.answer_by))
}

/// The escalations of a case whose term is not over: by the date, if not yet by the daily round.
async fn of_case(agency: &Agency, case: &CaseId) -> Result<Vec<Filed>, Reason> {
    let prefix = [OF_CASE, case.as_bytes()].concat();
    let (mut all, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let page = agency.store.scan(&prefix, after.as_deref(), PAGE).await;
        let page = page.map_err(StoreError::reason)?;
        for pair in &page {
            let id = InquiryId::from_slice(&pair.value).map_err(|_| Reason::StoreCorrupt)?;
            all.extend(find(agency, &id).await?);
        }
        match page.last() {
            Some(last) if page.len() >= PAGE => after = Some(last.key.clone()),
            _ => return Ok(all),
        }
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
    let found = rows::read::<Filed>(agency.store.as_ref(), &key(inquiry)).await?;
    let Some((mut filed, seen)) = found else { return Ok(batch) };
    for target in &mut filed.targets {
        target.ended = ended.get(&target.oin).cloned();
    }
    filed.put(parts::delete_seen(batch, &key(inquiry), &seen))
}

/// The write that keeps an answer, which belongs in the commit that records it. The same answer
/// again is kept once, and one to a question that was destroyed is not.
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
    let (from, at, answer) = (from.clone(), agency.clock.now(), answer.clone());
    rows::put(batch, &key, &Came { from, reply_no, at, answer })
}

/// The answers to a question, by agency and number.
async fn answers(agency: &Agency, inquiry: &InquiryId) -> Result<Vec<(Came, Seen)>, Reason> {
    let (store, prefix) = (agency.store.as_ref(), [ANSWERS, inquiry.as_bytes()].concat());
    let (mut all, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let page = store.scan(&prefix, after.as_deref(), PAGE).await.map_err(StoreError::reason)?;
        for pair in &page {
            all.extend(rows::read::<Came>(store, &pair.key).await?);
        }
        if all.len() > DOSSIER_ANSWERS_MAX {
            return Err(Reason::TooLarge);
        }
        match page.last() {
            Some(last) if page.len() >= PAGE => after = Some(last.key.clone()),
            _ => return Ok(all),
        }
    }
}

/// Destroys escalations whose term is over, with all that came. Says how many cannot be read.
///
/// # Errors
/// Those of the store, or why the ledger did not take it: what is left goes another time.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (filed, damaged) = rows::all::<Filed>(agency.store.as_ref(), FILED).await?;
    let now = agency.clock.now();
    for (filed, seen) in filed.into_iter().filter(|(filed, _)| filed.ends <= now) {
        destroy(agency, &filed, &seen).await?;
    }
    destroy_left(agency).await?;
    Ok(damaged)
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
                let batch = parts::delete_body(store, Batch::new(), &pair.key).await;
                store.commit(batch.map_err(failed)?).await.map_err(failed)?;
            }
        }
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn destroy(agency: &Agency, filed: &Filed, seen: &Seen) -> Result<(), Reason> {
    let mut batch = parts::delete_seen(Batch::new(), &key(&filed.inquiry), seen);
    batch = batch.delete(case_key(&filed.case, &filed.inquiry));
    let answers = answers(agency, &filed.inquiry).await?;
    for (came, seen) in &answers {
        let key = answer_key(&filed.inquiry, &came.from, came.reply_no);
        batch = parts::delete_seen(batch, &key, seen);
    }
    let body = Kind::DossierForgotten
        .canonical()
        .bytes(filed.inquiry.as_bytes())
        .bytes(filed.case.as_bytes())
        .number(u64::try_from(answers.len()).unwrap_or(u64::MAX))
        .signed(agency.clock.now().ms())
        .finish();
    let entry = entry(agency, Kind::DossierForgotten, &body, Kept::Decision, batch)?;
    match agency.ledger.append(entry).await {
        // An answer came at this moment; the next round takes all.
        Ok(_) | Err(LedgerError::Conflict { .. }) => Ok(()),
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
