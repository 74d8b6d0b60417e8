//! What many open questions cost, and how late they climb: for the bench command, on an agency's
//! own store and code.

use std::collections::BTreeMap;

use grondslag_core::answer::Basis;
use grondslag_core::canonical::Reader;
use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::Stage;
use grondslag_core::tier::Urgency;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::records::{Opening, open};
use grondslag_evidence::store::parts::put_body;
use grondslag_evidence::store::{Batch, StoreError};

use super::{InReview, Item, QUESTIONS, REVIEWS, key, padded};
use crate::agency::Agency;
use crate::limits::{LEDGER_PAGE, PAGE, STORED_BYTES};
use crate::random::random;
use crate::recorded::Kind;

/// Items in one commit.
const ITEMS_PER_BATCH: usize = 16;
/// How long after its inner term a question's term ends: nothing climbs a second time meanwhile.
const DAY_MS: i64 = 86_400_000;
/// Length of a kept question.
const QUESTION_BYTES: usize = 7 * STORED_BYTES;

/// Puts questions in the inbox of which the inner term ends at these moments, and takes up their
/// schedule as a start does. Which ends when.
///
/// # Errors
/// Why they cannot be written or read.
pub async fn fill(
    agency: &Agency,
    moments: &[Timestamp],
) -> Result<BTreeMap<TargetId, Timestamp>, Reason> {
    let mut due = BTreeMap::new();
    for some in moments.chunks(ITEMS_PER_BATCH.min(PAGE)) {
        let mut batch = Batch::new();
        for inner in some {
            let item = item(agency, *inner)?;
            let row = padded(&item, item.lines.len())?;
            let put = put_body(batch, &key(REVIEWS, &item.id), &row);
            let question = vec![0; QUESTION_BYTES];
            let put = put.and_then(|batch| put_body(batch, &key(QUESTIONS, &item.id), &question));
            batch = put.map_err(StoreError::reason)?;
            due.insert(item.id, *inner);
        }
        agency.store.commit(batch).await.map_err(StoreError::reason)?;
    }
    agency.climbing.load(agency).await?;
    Ok(due)
}

fn item(agency: &Agency, inner: Timestamp) -> Result<Item, Reason> {
    let malformed = |_| Reason::Internal;
    let line = InReview {
        category: Category::parse("G08").map_err(malformed)?,
        basis: Basis::default(),
        files: Vec::new(),
        named: true,
    };
    Ok(Item {
        id: TargetId::new(random()?),
        asker: agency.broker.clone(),
        role: Role::parse("gem.procesregisseur").map_err(malformed)?,
        purpose: Purpose::parse("D13").map_err(malformed)?,
        urgency: Urgency::Acute,
        break_glass: false,
        digits: String::new(),
        tag: Digest::new([0; 32]),
        from: inner.plus_ms(-DAY_MS),
        answer_by: inner.plus_ms(DAY_MS),
        inner,
        lines: vec![line],
        stage: Stage::Professional,
        assigned: None,
        judged: None,
    })
}

/// How many milliseconds after its inner term each question was recorded to have climbed.
///
/// # Errors
/// Why the ledger cannot be read.
pub async fn lateness(
    agency: &Agency,
    due: &BTreeMap<TargetId, Timestamp>,
) -> Result<Vec<i64>, Reason> {
    let (mut late, mut from) = (Vec::new(), 0);
    loop {
        let page = agency.ledger.read(from, LEDGER_PAGE).await.map_err(LedgerError::reason)?;
        let Some(last) = page.last() else { return Ok(late) };
        from = last.index.saturating_add(1);
        for leaf in &page {
            let opening = open(agency.store.as_ref(), &leaf.leaf).await;
            let Opening::Opened(opened) = opening.map_err(StoreError::reason)? else { continue };
            if opened.kind != Kind::Climbed.label() {
                continue;
            }
            let id = Reader::new(&opened.body, Kind::Climbed.label())
                .and_then(|mut fields| fields.bytes().map(TargetId::from_slice));
            let id = id.map_err(|_| Reason::StoreCorrupt)?.map_err(|_| Reason::StoreCorrupt)?;
            late.extend(due.get(&id).map(|inner| leaf.recorded_at.since_ms(*inner)));
        }
    }
}
