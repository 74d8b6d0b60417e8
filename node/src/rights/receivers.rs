//! Who was given what, as this node's ledger proves it (AVG art. 19).

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::Category;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::reason::Reason;

use crate::agency::Agency;
use crate::answers::record::{
    DecisionLine, DecisionRecord, Shown, on_subject, on_target, page_on_subject,
};

/// Who was given any of these categories about somebody, and in answer to which questions; of all
/// when none is named. The access log itself is no data of this agency, and does not count.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of the store.
pub(super) async fn receivers(
    agency: &Agency,
    digits: &str,
    categories: &BTreeSet<Category>,
) -> Result<BTreeMap<Oin, BTreeSet<TargetId>>, Reason> {
    let mut found: BTreeMap<Oin, BTreeSet<TargetId>> = BTreeMap::new();
    for record in decided_on(agency, digits).await? {
        let given = record.lines.iter().any(|line| {
            let meant = categories.is_empty() || categories.contains(&line.category);
            is_content(line) && meant
        });
        if given && record.asker != agency.oin {
            found.entry(record.asker).or_default().insert(record.target_id);
        }
    }
    Ok(found)
}

/// The categories of which content was given in answer to a question about somebody; nothing when
/// it was about somebody else, or nothing was given. One record is read, whoever it is about.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of the store.
pub(super) async fn given_in(
    agency: &Agency,
    digits: &str,
    target: &TargetId,
) -> Result<Option<BTreeSet<Category>>, Reason> {
    let Some(record) = on_target(agency, target).await? else { return Ok(None) };
    if !record.processing.subject.as_ref().is_some_and(|subject| subject.is(digits)) {
        return Ok(None);
    }
    let given = record.lines.into_iter().filter(is_content).map(|line| line.category);
    let given: BTreeSet<Category> = given.collect();
    Ok((!given.is_empty()).then_some(given))
}

/// Data of this agency were given. The access log is none.
fn is_content(line: &DecisionLine) -> bool {
    line.shown == Shown::Content && !line.category.is_access_log()
}

/// Whether anything was decided about somebody here.
///
/// # Errors
/// `STORE_CORRUPT`, or those of the store.
pub(super) async fn is_known(agency: &Agency, digits: &str) -> Result<bool, Reason> {
    Ok(!on_subject(agency, digits, 1).await?.0.is_empty())
}

async fn decided_on(agency: &Agency, digits: &str) -> Result<Vec<DecisionRecord>, Reason> {
    let (mut records, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let (page, next) = page_on_subject(agency, digits, after.as_deref()).await?;
        for opened in page {
            records.push(DecisionRecord::parse(&opened.body).ok_or(Reason::StoreCorrupt)?);
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(records),
        }
    }
}
