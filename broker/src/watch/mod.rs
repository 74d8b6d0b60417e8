//! Heads of the broker's ledger toward nodes, and the cosignatures of witnesses.
//!
//! Life of a head: once the ledger has grown, its newest checkpoint is published, at most once a
//! second, and the same one to everybody; nodes verify that it goes on from the last one they took;
//! witnesses cosign it; when more than half of them did, it is the cosigned head, which is kept and
//! shown to every node. The next head is published then, or after some seconds without a quorum,
//! so that witnesses do not each cosign another one.

mod cosign;
mod heads;
mod log;
pub(crate) mod service;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_core::witnesses::Witnesses;
use grondslag_evidence::audit::KeptHead;
use grondslag_evidence::store::{Store, StoreError, parts};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use self::log::Log;
use crate::limits::{HEAD_WAIT_MS, HEADS_KEPT};

pub(crate) use self::log::OwnLog;

/// The largest cosigned head, and when each witness last cosigned.
pub(crate) const KEPT: &[u8] = b"w/cosigned";

/// What a watch is made of.
pub(crate) struct Means {
    /// The ledger.
    pub log: Arc<dyn Log>,
    /// Where cosigned heads are kept.
    pub store: Arc<dyn Store>,
    /// Where dates come from.
    pub clock: Arc<dyn Clock>,
    /// The sign key on an agency's card, if it is dealt with now.
    pub key: Box<KeyOf>,
    /// Who the witnesses are now; none in a trial without.
    pub witnesses: Box<WitnessesNow>,
}

/// Finds the key on a card.
pub(crate) type KeyOf = dyn Fn(&Oin) -> Result<[u8; 32], Reason> + Send + Sync;
/// Says who the witnesses are.
pub(crate) type WitnessesNow = dyn Fn() -> Option<Arc<Witnesses>> + Send + Sync;

/// Heads and cosignatures of one broker.
pub(crate) struct Watch {
    means: Means,
    shown: watch::Sender<Shown>,
    /// Never held across an await.
    held: Mutex<Held>,
    /// One writing of what is kept at a time.
    turn: tokio::sync::Mutex<()>,
}

/// What everybody is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// The newest published head.
    pub head: Option<Arc<SignedCheckpoint>>,
    /// The largest one that more than half of the witnesses cosigned.
    pub cosigned: Option<Arc<SignedCheckpoint>>,
}

#[derive(Default)]
struct Held {
    /// Published heads with the cosignatures that they got, the newest last.
    heads: VecDeque<SignedCheckpoint>,
    published_at: Option<Instant>,
    last: BTreeMap<Oin, Last>,
}

/// When a witness last cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    /// Size of the head.
    pub size: u64,
    /// By the witness's clock.
    pub at: Timestamp,
}

/// How it is with the witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Size of the ledger.
    pub size: u64,
    /// Size of the largest cosigned head.
    pub cosigned: u64,
    /// Witnesses that a head needs; none in a trial without.
    pub quorum: Option<usize>,
    /// Per witness.
    pub last: BTreeMap<Oin, Option<Last>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    cosigned: Option<String>,
    last: BTreeMap<Oin, Last>,
}

/// The largest cosigned head that a broker's store keeps, for who holds it against the ledger.
///
/// # Errors
/// Those of the store; what is no head is told as such.
pub async fn kept_heads(store: &dyn Store) -> Result<Vec<KeptHead>, StoreError> {
    let told = |head| KeptHead { place: String::from_utf8_lossy(KEPT).into_owned(), head };
    let body = match parts::read_body(store, KEPT).await {
        Ok(None) => return Ok(Vec::new()),
        Ok(Some(body)) => body,
        Err(StoreError::Corrupt) => return Ok(vec![told(None)]),
        Err(error) => return Err(error),
    };
    Ok(cosigned_in(&body, &String::from_utf8_lossy(KEPT)).into_iter().collect())
}

/// The cosigned head in what was kept; what is no head is told as such.
pub(crate) fn cosigned_in(body: &[u8], place: &str) -> Option<KeptHead> {
    let head = match serde_json::from_slice::<Kept>(body) {
        Ok(Kept { cosigned, .. }) => SignedCheckpoint::parse(&cosigned?).ok(),
        Err(_) => None,
    };
    Some(KeptHead { place: place.to_owned(), head })
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch(…)")
    }
}

impl Watch {
    /// Opens it with what was kept.
    ///
    /// # Errors
    /// Why the store cannot be read.
    pub(crate) async fn open(means: Means) -> Result<Self, Reason> {
        let body =
            parts::read_body(means.store.as_ref(), KEPT).await.map_err(StoreError::reason)?;
        let kept = body.map(|body| serde_json::from_slice::<Kept>(&body)).transpose();
        let Kept { cosigned, last } = kept.map_err(|_| Reason::StoreCorrupt)?.unwrap_or_default();
        let cosigned = cosigned.as_deref().map(SignedCheckpoint::parse).transpose();
        let cosigned = cosigned.map_err(|_| Reason::StoreCorrupt)?.map(Arc::new);
        let (shown, _) = watch::channel(Shown { head: None, cosigned });
        let held = Mutex::new(Held { last, ..Held::default() });
        Ok(Self { means, shown, held, turn: tokio::sync::Mutex::default() })
    }

    /// Whether there is a head to publish: the ledger grew, and the last head has its quorum or
    /// waited long enough for it.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let size = self.means.log.checkpoint().checkpoint().size;
        let held = self.held();
        let Some(last) = held.heads.back().map(|head| head.checkpoint().size) else { return true };
        let waited = held.published_at.is_none_or(|at| now.duration_since(at) >= head_wait());
        let covered = self.cosigned_size() >= last || (self.means.witnesses)().is_none();
        size > last && (covered || waited)
    }

    /// Publishes the ledger's newest head, if one is due.
    pub(crate) fn publish(&self, now: Instant) {
        if !self.is_due(now) {
            return;
        }
        let newest = self.means.log.checkpoint();
        let mut held = self.held();
        if held.heads.len() >= HEADS_KEPT {
            held.heads.pop_front();
        }
        held.heads.push_back(newest.as_ref().clone());
        held.published_at = Some(now);
        self.shown.send_modify(|shown| shown.head = Some(newest));
    }

    /// Whether an agency is a witness now.
    pub(crate) fn is_witness(&self, oin: &Oin) -> bool {
        (self.means.witnesses)().is_some_and(|witnesses| witnesses.names(oin))
    }

    /// How it is with the witnesses.
    pub(crate) fn standing(&self) -> Standing {
        let witnesses = (self.means.witnesses)();
        let size = self.means.log.checkpoint().checkpoint().size;
        let (held, cosigned) = (self.held(), self.cosigned_size());
        let named = witnesses.iter().flat_map(|witnesses| &witnesses.list().witnesses);
        let last = named.map(|oin| (oin.clone(), held.last.get(oin).copied())).collect();
        let quorum = witnesses.as_ref().map(|witnesses| witnesses.quorum());
        Standing { size, cosigned, quorum, last }
    }

    fn cosigned_size(&self) -> u64 {
        self.shown.borrow().cosigned.as_ref().map_or(0, |head| head.checkpoint().size)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn head_wait() -> Duration {
    Duration::from_millis(HEAD_WAIT_MS)
}
