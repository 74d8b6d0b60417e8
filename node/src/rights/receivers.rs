//! Who was given what, as this node's ledger proves it (AVG art. 19).

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::Category;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::reason::Reason;

use crate::agency::Agency;
use crate::answers::record::{DecisionRecord, Shown, on_subject, page_on_subject};

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
            line.shown == Shown::Content && meant && !line.category.is_access_log()
        });
        if given {
            found.entry(record.asker).or_default().insert(record.target_id);
        }
    }
    Ok(found)
}

/// The categories that a question about somebody was for; nothing when it was not about them.
///
/// # Errors
/// As [`receivers`].
pub(super) async fn asked_for(
    agency: &Agency,
    digits: &str,
    target: &TargetId,
) -> Result<Option<BTreeSet<Category>>, Reason> {
    let mut records = decided_on(agency, digits).await?.into_iter();
    let of = records.find(|record| record.target_id == *target);
    Ok(of.map(|record| record.lines.into_iter().map(|line| line.category).collect()))
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
