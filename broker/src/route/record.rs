//! The evidence of a decision: one leaf per (inquiry, target), the replay key and what the question
//! adds to the day's counts (`budget`), in one batch.
//!
//! The replay key holds what is needed to give the same result again: the leaves and what their
//! refusals rest on. Replies are not kept here; a node gives the same bytes again by itself.

use std::fmt;

use grondslag_core::answer::Basis;
use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{Leaf, NamedRuling, Ruling, ask_bytes};
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_proto::question::Evidence;
use serde::{Deserialize, Serialize};

use super::budget;
use super::verify::Target;
use crate::broker::Broker;
use crate::deliver;
use crate::limits::{COUNT_TRIES_MAX, LOOKUP_LEAVES_MAX, LOOKUP_PAGE, REPLAY_MARGIN_MS};
use crate::sweep::expiry_key;

/// The decision on one target, recorded.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Per category.
    pub rulings: Vec<NamedRuling>,
    /// The leaf.
    pub leaf: Vec<u8>,
    /// Where it stands.
    pub index: u64,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The leaf holds its salt.
        write!(f, "Recorded({}, {:?}, …)", self.index, self.rulings)
    }
}

/// One target, decided, recorded and attested.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    /// The target.
    pub oin: Oin,
    /// Per category.
    pub rulings: Vec<NamedRuling>,
    /// The broker's evidence.
    pub evidence: Evidence,
    /// About whom, sealed for the target; none for one that is not asked.
    pub pair: Option<Vec<u8>>,
}

impl fmt::Debug for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decided({}, {:?}, {:?}, …)", self.oin, self.rulings, self.evidence)
    }
}

/// What stands under a replay key.
#[derive(Serialize, Deserialize)]
struct Stored {
    digest: Digest,
    /// Size of the ledger when the question was recorded: its leaves stand at or behind it.
    from: u64,
    targets: Vec<StoredTarget>,
}

#[derive(Serialize, Deserialize)]
struct StoredTarget {
    about: Digest,
    leaf: String,
    bases: Vec<(Basis, Option<Reason>)>,
}

/// Records the decisions on a question, or finds those recorded when it was asked before.
///
/// # Errors
/// `REPLAY_CONFLICT` when another question has this id; `BUDGET_EXCEEDED`; else why it could not
/// be recorded: nothing leaves the broker then.
pub(crate) async fn record(
    broker: &Broker,
    inquiry: &Inquiry,
    targets: &[Target],
    rulings: Vec<Vec<NamedRuling>>,
) -> Result<Vec<Recorded>, Reason> {
    let (key, now) = (replay_key(inquiry), broker.clock.now());
    let leaves = targets
        .iter()
        .zip(&rulings)
        .map(|(target, rulings)| leaf_of(inquiry, target, rulings, now))
        .collect::<Result<Vec<Vec<u8>>, Reason>>()?;
    for _ in 0..COUNT_TRIES_MAX {
        if let Some(found) = find(broker, inquiry, &key).await? {
            return Ok(found);
        }
        let counted = budget::count(broker, inquiry, targets).await?;
        let entries = entries(broker, inquiry, targets, &rulings, &leaves, &key, counted).await?;
        match broker.ledger.append_many(entries).await {
            Ok(receipts) => {
                let verdicts = rulings.iter().flatten().map(|named| named.ruling.verdict);
                broker.otlp.decided(verdicts);
                let recorded = rulings.into_iter().zip(leaves).zip(receipts);
                let recorded = recorded.map(|((rulings, leaf), receipt)| {
                    let index = receipt.index();
                    Recorded { rulings, leaf, index }
                });
                return Ok(recorded.collect());
            }
            // Between our look and our write somebody recorded this question, which we then find,
            // or another one was counted, and we count anew.
            Err(LedgerError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Err(Reason::Busy)
}

fn leaf_of(
    inquiry: &Inquiry,
    target: &Target,
    rulings: &[NamedRuling],
    now: Timestamp,
) -> Result<Vec<u8>, Reason> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| Reason::Internal)?;
    let part = &target.part;
    let leaf = Leaf {
        salt,
        target_id: target.id,
        target: target.oin.clone(),
        header: inquiry.header().digest(&part.categories, &part.approvals),
        detail: Digest::of(&part.detail),
        rulings: rulings.iter().map(|named| named.ruling.clone()).collect(),
        decided_at: now,
    };
    Ok(leaf.canonical())
}

async fn entries(
    broker: &Broker,
    inquiry: &Inquiry,
    targets: &[Target],
    rulings: &[Vec<NamedRuling>],
    leaves: &[Vec<u8>],
    key: &[u8],
    counted: Batch,
) -> Result<Vec<Entry>, Reason> {
    let abouts: Vec<Digest> = targets.iter().map(|target| about(inquiry, target)).collect();
    let stored = Stored {
        digest: inquiry.digest(),
        from: broker.ledger.size().await.map_err(LedgerError::reason)?,
        targets: rulings
            .iter()
            .zip(leaves.iter().zip(&abouts))
            .map(|(rulings, (leaf, about))| StoredTarget {
                about: *about,
                leaf: hex::encode(leaf),
                bases: rulings.iter().map(|named| (named.basis.clone(), named.reason)).collect(),
            })
            .collect(),
    };
    let body = serde_json::to_vec(&stored).map_err(|_| Reason::Internal)?;
    let expires = inquiry.header().times.answer_by.plus_ms(REPLAY_MARGIN_MS);
    let state = parts::put_body(counted, key, &body)
        .map_err(StoreError::reason)?
        .put(expiry_key(expires, key), key);
    let mut state = deliver::note(state, inquiry, targets, rulings, leaves)?;
    let entries = abouts.iter().zip(leaves).map(|(about, leaf)| Entry {
        about: *about,
        leaf: leaf.clone(),
        state: std::mem::take(&mut state),
    });
    Ok(entries.collect())
}

async fn find(
    broker: &Broker,
    inquiry: &Inquiry,
    key: &[u8],
) -> Result<Option<Vec<Recorded>>, Reason> {
    let body = parts::read_body(broker.store.as_ref(), key).await.map_err(StoreError::reason)?;
    let Some(body) = body else { return Ok(None) };
    let stored: Stored = serde_json::from_slice(&body).map_err(|_| Reason::StoreCorrupt)?;
    if stored.digest != inquiry.digest() {
        return Err(Reason::ReplayConflict);
    }
    let indexes = indexes(broker, &stored).await?;
    let recorded = stored.targets.into_iter().zip(indexes);
    let recorded: Result<_, Reason> =
        recorded.map(|(target, index)| again(target, index)).collect();
    recorded.map(Some)
}

fn again(stored: StoredTarget, index: u64) -> Result<Recorded, Reason> {
    let leaf = hex::decode(&stored.leaf).map_err(|_| Reason::StoreCorrupt)?;
    let rulings: Vec<Ruling> = Leaf::parse(&leaf).map_err(|_| Reason::StoreCorrupt)?.rulings;
    let rulings = rulings.into_iter().zip(stored.bases);
    let rulings =
        rulings.map(|(ruling, (basis, reason))| NamedRuling { ruling, basis, reason }).collect();
    Ok(Recorded { rulings, leaf, index })
}

/// Finds where the leaves of a stored question stand.
async fn indexes(broker: &Broker, stored: &Stored) -> Result<Vec<u64>, Reason> {
    let first = stored.targets.first().ok_or(Reason::StoreCorrupt)?.about;
    let mut from = stored.from;
    while from < stored.from.saturating_add(LOOKUP_LEAVES_MAX) {
        let page = broker.ledger.read(from, LOOKUP_PAGE).await.map_err(LedgerError::reason)?;
        if let Some(record) = page.iter().find(|record| record.about == first) {
            // The leaves of one question stand next to each other (`append_many`).
            return Ok((record.index..).take(stored.targets.len()).collect());
        }
        let last = page.last().ok_or(Reason::StoreCorrupt)?;
        from = last.index.saturating_add(1);
    }
    Err(Reason::StoreCorrupt)
}

fn about(inquiry: &Inquiry, target: &Target) -> Digest {
    Digest::of(&ask_bytes(&target.id, &target.oin, inquiry.header(), &target.part))
}

/// `q/` and a digest of (asker, inquiry, attempt): of fixed length, and it tells nothing.
fn replay_key(inquiry: &Inquiry) -> Vec<u8> {
    let id: &InquiryId = inquiry.id();
    let bytes = Canonical::new("grondslag/replay/v1")
        .text(inquiry.header().asker.as_str())
        .bytes(id.as_bytes())
        .number(inquiry.attempt().into())
        .finish();
    [b"q/".as_slice(), Digest::of(&bytes).as_bytes()].concat()
}
