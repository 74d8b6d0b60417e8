//! The evidence of a decision: one leaf per (inquiry, target) with what it was decided on beside it
//! (`decision`), the replay key and what the question adds to the day's counts (`budget`), in one
//! batch.
//!
//! The replay key holds what is needed to give the same result again: the leaves and what their
//! refusals rest on. Replies are kept elsewhere (`deliver`).

use std::fmt;

use grondslag_core::answer::Basis;
use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{Leaf, NamedRuling, Ruling};
use grondslag_evidence::ledger::{Entry, LedgerError, Record};
use grondslag_evidence::records::{self, Committed, Until};
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_policy::{Kept, Pack};
use grondslag_proto::question::Evidence;
use serde::{Deserialize, Serialize};

use super::budget;
use super::verify::Target;
use crate::broker::Broker;
use crate::decision::DecidedOn;
use crate::deliver;
use crate::limits::{COUNT_TRIES_MAX, LOOKUP_LEAVES_MAX, LOOKUP_PAGE, REPLAY_MARGIN_MS};
use crate::reading;
use crate::sweep::expiry_key;

/// The decision on one target, recorded.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Per category.
    pub rulings: Vec<NamedRuling>,
    /// What the leaf commits to.
    pub leaf: Vec<u8>,
    /// Under what.
    pub salt: [u8; 32],
    /// When it was recorded.
    pub at: Timestamp,
    /// Where it stands.
    pub index: u64,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    salt: String,
    bases: Vec<(Basis, Option<Reason>)>,
}

/// Records the decisions on a question, taken at `now`, or finds those recorded when it was asked
/// before.
///
/// # Errors
/// `REPLAY_CONFLICT` when another question has this id; `BUDGET_EXCEEDED`; else why it could not
/// be recorded: nothing leaves the broker then.
pub(crate) async fn record(
    broker: &Broker,
    (inquiry, targets): (&Inquiry, &[Target]),
    rulings: Vec<Vec<NamedRuling>>,
    of: (&Pack, Timestamp),
) -> Result<Vec<Recorded>, Reason> {
    let key = replay_key(inquiry);
    let decisions = targets
        .iter()
        .zip(&rulings)
        .map(|(target, rulings)| decision(broker, inquiry, (target, rulings), of))
        .collect::<Result<Vec<Decision>, Reason>>()?;
    for _ in 0..COUNT_TRIES_MAX {
        if let Some(found) = find(broker, inquiry, &key).await? {
            return Ok(found);
        }
        let counted = budget::count(broker, inquiry, targets).await?;
        let question = Question { inquiry, targets, rulings: &rulings, decisions: &decisions };
        let entries = question.entries(broker, &key, counted).await?;
        match broker.ledger.append_many(entries).await {
            Ok(receipts) => {
                let verdicts = rulings.iter().flatten().map(|named| named.ruling.verdict);
                broker.otlp.decided(verdicts);
                let recorded = rulings.into_iter().zip(decisions).zip(receipts);
                let recorded = recorded.map(|((rulings, decision), receipt)| {
                    let Decision { leaf, salt, .. } = decision;
                    let (at, index) = (receipt.recorded_at(), receipt.index());
                    Recorded { rulings, leaf, salt, at, index }
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

/// One decision, ready to be recorded.
struct Decision {
    /// What the ledger's leaf commits to.
    leaf: Vec<u8>,
    /// What it was decided on, of which the leaf holds the digest.
    on: Vec<u8>,
    salt: [u8; 32],
    /// When it may be forgotten.
    until: Until,
    /// Under which asker and target find it again.
    keys: Vec<Vec<u8>>,
}

/// A question with the decisions on it.
struct Question<'a> {
    inquiry: &'a Inquiry,
    targets: &'a [Target],
    rulings: &'a [Vec<NamedRuling>],
    decisions: &'a [Decision],
}

fn decision(
    broker: &Broker,
    inquiry: &Inquiry,
    (target, rulings): (&Target, &[NamedRuling]),
    (pack, now): (&Pack, Timestamp),
) -> Result<Decision, Reason> {
    let (mut salt, mut span) = ([0; 32], [0; 8]);
    getrandom::fill(&mut salt).map_err(|_| Reason::Internal)?;
    getrandom::fill(&mut span).map_err(|_| Reason::Internal)?;
    let (part, header) = (&target.part, inquiry.header());
    let on = DecidedOn { pack, target, rulings, span }.canonical(header);
    let leaf = Leaf {
        target_id: target.id,
        target: target.oin.clone(),
        header: header.digest(&part.categories, &part.approvals),
        detail: Digest::of(&part.detail),
        on: Digest::of(&on),
        rulings: rulings.iter().map(|named| named.ruling.clone()).collect(),
        decided_at: now,
    };
    let kept = if header.break_glass { Kept::BreakGlass } else { Kept::Decision };
    let until = Until::At(broker.rules.now().retention().end(kept, now));
    let keys = reading::keys((&header.asker, &target.oin), &target.id, now, span);
    Ok(Decision { leaf: leaf.canonical(), on, salt, until, keys })
}

impl Question<'_> {
    /// One entry per target; what the whole question adds to the state is committed with the first.
    async fn entries(
        &self,
        broker: &Broker,
        key: &[u8],
        counted: Batch,
    ) -> Result<Vec<Entry>, Reason> {
        let commit = |one: &Decision| {
            let Decision { leaf, on, salt, until, keys } = one;
            let bodies = (leaf.as_slice(), on.as_slice());
            let committed =
                records::commit_with_annex_indexed(Leaf::KIND, bodies, *salt, *until, keys);
            committed.map_err(StoreError::reason)
        };
        let committed =
            self.decisions.iter().map(commit).collect::<Result<Vec<Committed>, Reason>>()?;
        let from = broker.ledger.size().await.map_err(LedgerError::reason)?;
        let stored = self.stored(from, committed.iter().map(|one| one.commitment));
        let body = serde_json::to_vec(&stored).map_err(|_| Reason::Internal)?;
        let expires = self.inquiry.header().times.answer_by.plus_ms(REPLAY_MARGIN_MS);
        let state = parts::put_body(counted, key, &body)
            .map_err(StoreError::reason)?
            .put(expiry_key(expires, key), key);
        let leaves = self.decisions.iter().map(|one| one.leaf.as_slice());
        let mut state = deliver::note(state, self.inquiry, self.targets, self.rulings, leaves)?;
        Ok(committed.into_iter().map(|one| one.entry(std::mem::take(&mut state))).collect())
    }

    fn stored(&self, from: u64, abouts: impl Iterator<Item = Digest>) -> Stored {
        let targets = self.rulings.iter().zip(self.decisions).zip(abouts);
        let targets = targets.map(|((rulings, one), about)| StoredTarget {
            about,
            leaf: hex::encode(&one.leaf),
            salt: hex::encode(one.salt),
            bases: rulings.iter().map(|named| (named.basis.clone(), named.reason)).collect(),
        });
        Stored { digest: self.inquiry.digest(), from, targets: targets.collect() }
    }
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
    let first = first_of(broker, &stored).await?;
    let recorded = stored.targets.into_iter().zip(first.index..);
    let recorded: Result<_, Reason> =
        recorded.map(|(target, index)| again(target, index, first.recorded_at)).collect();
    recorded.map(Some)
}

fn again(stored: StoredTarget, index: u64, at: Timestamp) -> Result<Recorded, Reason> {
    let leaf = hex::decode(&stored.leaf).map_err(|_| Reason::StoreCorrupt)?;
    let mut salt = [0; 32];
    hex::decode_to_slice(&stored.salt, &mut salt).map_err(|_| Reason::StoreCorrupt)?;
    let rulings: Vec<Ruling> = Leaf::parse(&leaf).map_err(|_| Reason::StoreCorrupt)?.rulings;
    let rulings = rulings.into_iter().zip(stored.bases);
    let rulings =
        rulings.map(|(ruling, (basis, reason))| NamedRuling { ruling, basis, reason }).collect();
    Ok(Recorded { rulings, leaf, salt, at, index })
}

/// Finds the first leaf of a stored question. The others stand next to it and were recorded with it
/// (`append_many`).
async fn first_of(broker: &Broker, stored: &Stored) -> Result<Record, Reason> {
    let first = stored.targets.first().ok_or(Reason::StoreCorrupt)?.about;
    let mut from = stored.from;
    while from < stored.from.saturating_add(LOOKUP_LEAVES_MAX) {
        let page = broker.ledger.read(from, LOOKUP_PAGE).await.map_err(LedgerError::reason)?;
        let last = page.last().ok_or(Reason::StoreCorrupt)?;
        from = last.index.saturating_add(1);
        if let Some(record) = page.into_iter().find(|record| record.about == first) {
            return Ok(record);
        }
    }
    Err(Reason::StoreCorrupt)
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
