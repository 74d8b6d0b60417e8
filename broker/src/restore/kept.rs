//! What a broker keeps of foundings and of heads that nodes presented.

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::Timestamp;
use grondslag_core::founding::SignedFounding;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::KeptHead;
use grondslag_evidence::ledger::{Ledger, LedgerError, Placed};
use grondslag_evidence::store::{Batch, Store, StoreError, parts};
use grondslag_proto::head::{FoundingLeaf, ShownFounding};

use crate::limits::{HEAD_BYTES_MAX, PRESENTED_MAX};
use crate::watch::KEPT as COSIGNED;

/// Foundings by the number of the log that they founded, with all that was amended.
const FOUNDINGS: &[u8] = b"wf/";
/// Heads of the log before that nodes presented, by organisation.
const PRESENTED: &[u8] = b"wp/";
/// The largest cosigned head of a log before, by its number.
const BEFORE: &[u8] = b"wo/";

/// What a serving broker knows of how its log was founded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Foundings {
    /// The number of the log that goes on.
    pub(crate) current: u64,
    /// How it was founded; nothing for the first.
    own: Option<FoundingLeaf>,
}

impl Foundings {
    /// Reads how the log of this number was founded.
    ///
    /// # Errors
    /// `STORE_CORRUPT` when that is not there.
    pub(crate) async fn open(store: &dyn Store, current: u64) -> Result<Self, Reason> {
        let own = read(store, current).await?;
        if own.is_none() && current > 1 {
            return Err(Reason::StoreCorrupt);
        }
        Ok(Self { current, own })
    }

    /// A log that was founded so, for tests.
    #[cfg(test)]
    pub(crate) fn of(leaf: FoundingLeaf) -> Self {
        Self { current: leaf.signed.founding.number, own: Some(leaf) }
    }

    /// Whatever was asked before is not answered; nothing when there was no restore.
    pub(crate) fn asked_from(&self) -> Option<Timestamp> {
        self.own.as_ref().map(|own| own.signed.founding.at)
    }

    /// When this log began; nothing when there was no restore.
    pub(crate) fn founded_at(&self) -> Option<Timestamp> {
        self.own.as_ref().map(|own| own.recorded_at)
    }

    /// What a node is shown that follows the log of this number.
    ///
    /// # Errors
    /// Why it cannot be read or proved.
    pub(crate) async fn show(
        &self,
        store: &dyn Store,
        ledger: &Ledger,
        follows: u64,
    ) -> Result<ShownFounding, Reason> {
        let (current, next) = (self.current, follows.saturating_add(1).max(2));
        if follows >= current || current == 1 {
            return Ok(ShownFounding { current, founding: None, proved: None });
        }
        let founding = read(store, next).await?.ok_or(Reason::StoreCorrupt)?;
        let mut proved = None;
        if next == current {
            let proven = ledger.prove(&[founding.index], 0).await.map_err(LedgerError::reason)?;
            let inclusion = proven.inclusions.into_iter().next().unwrap_or_default();
            proved = Some((SignedCheckpoint::clone(&proven.checkpoint), inclusion));
        }
        Ok(ShownFounding { current, founding: Some(founding), proved })
    }

    /// Keeps a head of the log before that is higher than the founding's.
    ///
    /// # Errors
    /// `NOT_RESTORED` for the first log, `NOTHING_TO_AMEND` for a lower head,
    /// `ATTESTATION_INVALID` for one that this broker never signed.
    pub(crate) async fn keep_presented(
        &self,
        store: &dyn Store,
        node: &Oin,
        head: &SignedCheckpoint,
        keys: &[[u8; 32]],
    ) -> Result<(), Reason> {
        let own = self.own.as_ref().ok_or(Reason::NotRestored)?;
        let (bare, known) = (head.bare(), own.signed.founding.head.checkpoint());
        let (origin, shown) = (&known.origin, head.checkpoint());
        if shown.origin != *origin || !keys.iter().any(|key| bare.verify(key).is_ok()) {
            return Err(Reason::AttestationInvalid);
        }
        let other = shown.size == known.size && shown.root != known.root;
        if shown.size <= known.size && !other {
            return Err(Reason::NothingToAmend);
        }
        if bare.note().len() > HEAD_BYTES_MAX {
            return Err(Reason::TooLarge);
        }
        tracing::error!(%node, size = shown.size, "a node holds a head above the founding's");
        let batch = Batch::new().put(presented_key(node), bare.note());
        store.commit(batch).await.map_err(StoreError::reason)
    }

    /// Whether a node presented a head that no amendment took in yet.
    pub(crate) async fn is_short(&self, store: &dyn Store) -> bool {
        let Some(own) = &self.own else { return false };
        let known = own.signed.founding.head.checkpoint().size;
        let presented = presented(store).await.unwrap_or_default();
        presented.iter().any(|(_, head)| head.checkpoint().size > known)
    }
}

/// Heads that nodes presented, by organisation.
pub(super) async fn presented(store: &dyn Store) -> Result<Vec<(Oin, SignedCheckpoint)>, Reason> {
    let mut presented = Vec::new();
    let page = store.scan(PRESENTED, None, PRESENTED_MAX).await.map_err(StoreError::reason)?;
    for pair in page {
        let oin = pair.key.strip_prefix(PRESENTED).and_then(|oin| std::str::from_utf8(oin).ok());
        let oin = oin.and_then(|oin| Oin::parse(oin).ok()).ok_or(Reason::StoreCorrupt)?;
        let head = std::str::from_utf8(&pair.value).ok();
        let head = head.and_then(|note| SignedCheckpoint::parse(note).ok());
        presented.push((oin, head.ok_or(Reason::StoreCorrupt)?));
    }
    Ok(presented)
}

/// How the log of this number was founded, with all that was amended.
pub(super) async fn read(store: &dyn Store, number: u64) -> Result<Option<FoundingLeaf>, Reason> {
    let value = store.get(&founding_key(number)).await.map_err(StoreError::reason)?;
    let Some(value) = value else { return Ok(None) };
    let parsed = || {
        let (index, rest) = value.split_first_chunk()?;
        let (at, leaf) = rest.split_first_chunk()?;
        let signed = SignedFounding::parse(leaf).ok()?;
        let recorded_at = Timestamp::from_ms(i64::from_be_bytes(*at));
        Some(FoundingLeaf { signed, recorded_at, index: u64::from_be_bytes(*index) })
    };
    parsed().map(Some).ok_or(Reason::StoreCorrupt)
}

/// Every founding that a broker's store keeps, the oldest first.
///
/// # Errors
/// Why they cannot be read.
pub async fn foundings(store: &dyn Store, current: u64) -> Result<Vec<SignedFounding>, Reason> {
    let mut all = Vec::new();
    for number in 2..=current {
        all.extend(read(store, number).await?.map(|one| one.signed));
    }
    Ok(all)
}

/// The row of a founding whose place is known.
pub(super) fn row(batch: Batch, signed: &SignedFounding, placed: &Placed) -> Batch {
    let at = placed.recorded_at.ms().to_be_bytes();
    let value = [placed.index.to_be_bytes().as_slice(), &at, &signed.leaf()].concat();
    batch.put(founding_key(signed.founding.number), value)
}

/// Adds to a batch that the cosigned head of the log before is kept apart: the new log has none.
pub(super) async fn keep_cosigned(
    store: &dyn Store,
    batch: Batch,
    before: u64,
) -> Result<Batch, StoreError> {
    let Some(body) = parts::read_body(store, COSIGNED).await? else { return Ok(batch) };
    let batch = parts::delete_body(store, batch, COSIGNED).await?;
    let key = [BEFORE, &before.to_be_bytes()].concat();
    parts::put_body(parts::delete_body(store, batch, &key).await?, &key, &body)
}

/// The cosigned heads of logs before, for who holds them against those logs.
///
/// # Errors
/// Those of the store; what is no head is told as such.
pub async fn kept_before(store: &dyn Store, current: u64) -> Result<Vec<KeptHead>, StoreError> {
    let mut kept = Vec::new();
    for number in 1..current {
        let key = [BEFORE, &number.to_be_bytes()].concat();
        let place = format!("wo/{number}");
        match parts::read_body(store, &key).await {
            Ok(None) => {}
            Ok(Some(body)) => kept.extend(crate::watch::cosigned_in(&body, &place)),
            Err(StoreError::Corrupt) => kept.push(KeptHead { place, head: None }),
            Err(error) => return Err(error),
        }
    }
    Ok(kept)
}

fn founding_key(number: u64) -> Vec<u8> {
    [FOUNDINGS, &number.to_be_bytes()].concat()
}

fn presented_key(node: &Oin) -> Vec<u8> {
    [PRESENTED, node.as_str().as_bytes()].concat()
}
