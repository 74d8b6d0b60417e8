//! The epoch as this node knows it: which one questions are asked in, and under which keys.
//!
//! Keys come from the broker, but an inbound key is used only after each of its links was proved
//! from the target's own key on, which the target's card vouches for. A broker that cannot prove a
//! key can only keep that agency from being asked, and raises an alarm.

pub(crate) mod holders;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use grondslag_certs::VerifiedCard;
use grondslag_core::blind::inbound::made_with;
use grondslag_core::blind::{Element, InboundKey, Link};
use grondslag_core::clock::Timestamp;
use grondslag_core::epoch::EpochKeys;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;
use grondslag_core::statement::verify;

use self::holders::Holders;
use crate::agency::BrokerLink;
use crate::limits::{EPOCH_GAP_MS, EPOCH_REFRESH_MS};

/// What the broker published last, and the keys that were verified of it.
pub(crate) struct Epochs {
    region: String,
    holders: Holders,
    // Held for a look or one verification, never across an await.
    held: Mutex<Option<Held>>,
}

struct Held {
    keys: EpochKeys,
    verified: BTreeMap<Oin, VerifiedKey>,
    read_at: Instant,
}

/// An inbound key, and what it was verified from.
struct VerifiedKey {
    /// The agency's own key.
    own: Element,
    /// The keys that the key holders beside the broker sign with.
    holders: Vec<[u8; 32]>,
    key: Arc<InboundKey>,
}

/// This node's own links in one epoch.
#[derive(Debug, Clone)]
pub(crate) struct OwnLinks {
    /// The epoch.
    pub epoch: u32,
    /// The holder nearest to the node first.
    pub links: Vec<Link>,
}

impl OwnLinks {
    /// Which factors an index under these links is made with.
    pub(crate) fn digest(&self) -> Digest {
        made_with(&self.links)
    }
}

impl Epochs {
    /// Nothing is known yet of the epochs of a region.
    pub(crate) fn new(region: String, holders: Holders) -> Self {
        Self { region, holders, held: Mutex::default() }
    }

    /// What ties the points of this region together.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Reads the epoch anew; says whether anything changed.
    ///
    /// # Errors
    /// Why the broker did not answer, or `STATEMENT_INVALID` when it did not sign what it says.
    pub(crate) async fn refresh(
        &self,
        link: &dyn BrokerLink,
        broker: &VerifiedCard,
    ) -> Result<bool, Reason> {
        let keys = EpochKeys::try_from(link.show_epoch().await?)?;
        let signed =
            verify(&broker.card().sign_key, &keys.canonical(&self.region), &keys.signature);
        signed.map_err(|_| Reason::StatementInvalid)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.as_ref().map(|held| held.keys.current);
        if before.is_some_and(|before| keys.current < before) {
            // An epoch does not come back: its factors are gone.
            return Err(Reason::EpochStale);
        }
        let same = held.as_ref().is_some_and(|held| held.keys.nodes == keys.nodes);
        let changed = before != Some(keys.current) || !same;
        let before = held.take().filter(|_| !changed);
        let verified = before.map(|before| before.verified).unwrap_or_default();
        *held = Some(Held { keys, verified, read_at: Instant::now() });
        Ok(changed)
    }

    /// Knows nothing any more of what the broker published.
    pub(crate) fn forget(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the epoch should be read: it is not known, it does not hold this node's own links,
    /// the next one has come, or it was read some time ago.
    pub(crate) fn is_due(&self, own: &Oin, now: Timestamp) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = held.as_ref() else { return true };
        let has_own = held.keys.nodes.iter().any(|keys| keys.node == *own);
        let switched = held.keys.next.is_some_and(|(_, at)| at <= now);
        let old = held.read_at.elapsed() > Duration::from_millis(EPOCH_REFRESH_MS);
        !has_own || switched || old
    }

    /// Whether the epoch may be read once more for a question: not a moment after it was read.
    pub(crate) fn may_read_again(&self) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let gap = Duration::from_millis(EPOCH_GAP_MS);
        held.as_ref().is_none_or(|held| held.read_at.elapsed() > gap)
    }

    /// The epoch that questions are asked in.
    ///
    /// # Errors
    /// `NOT_READY` while the broker has not said.
    pub(crate) fn current(&self) -> Result<u32, Reason> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| held.keys.current).ok_or(Reason::NotReady)
    }

    /// The next epoch, in which this node may enrol already.
    pub(crate) fn next(&self) -> Option<(u32, Timestamp)> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().and_then(|held| held.keys.next)
    }

    /// A node's links in an epoch, as published.
    pub(crate) fn links(&self, epoch: u32, node: &Oin) -> Option<OwnLinks> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let all = held.as_ref().map(|held| held.keys.nodes.as_slice()).unwrap_or_default();
        let found = all.iter().find(|keys| keys.epoch == epoch && keys.node == *node);
        found.map(|keys| OwnLinks { epoch, links: keys.links.clone() })
    }

    /// Verifies this node's own links: what is enrolled through holders that nobody expects tells
    /// the broker who is known here.
    ///
    /// # Errors
    /// `KEY_HOLDER_UNREACHABLE` or `INBOUND_KEY_UNPROVEN`.
    pub(crate) fn check_own(
        &self,
        own: &OwnLinks,
        node: &Oin,
        key: &Element,
    ) -> Result<(), Reason> {
        let holders = self.holders.keys()?;
        let verified = InboundKey::verify(&self.region, own.epoch, node, key, &own.links, &holders);
        verified.map(|_| ()).map_err(|_| Reason::InboundKeyUnproven)
    }

    /// The key under which a number is encrypted for an agency in the current epoch.
    ///
    /// # Errors
    /// `NOT_READY`, `KEY_HOLDER_UNREACHABLE`, `UNREACHABLE` for an agency without keys,
    /// `INBOUND_KEY_UNPROVEN`.
    pub(crate) fn inbound(&self, card: &VerifiedCard) -> Result<Arc<InboundKey>, Reason> {
        let (own, node) = (card.keys()?.own, &card.card().oin);
        let holders = self.holders.keys()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_mut().ok_or(Reason::NotReady)?;
        if let Some(known) = held.verified.get(node)
            && known.own == own
            && known.holders == holders
        {
            return Ok(Arc::clone(&known.key));
        }
        let epoch = held.keys.current;
        let found = held.keys.nodes.iter().find(|keys| keys.epoch == epoch && keys.node == *node);
        let links = found.map(|keys| keys.links.as_slice()).ok_or(Reason::Unreachable)?;
        let verified = InboundKey::verify(&self.region, epoch, node, &own, links, &holders);
        let key = Arc::new(verified.map_err(|_| Reason::InboundKeyUnproven)?);
        let verified = VerifiedKey { own, holders, key: Arc::clone(&key) };
        held.verified.insert(node.clone(), verified);
        Ok(key)
    }
}

impl fmt::Debug for Epochs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Epochs(…)")
    }
}

#[cfg(test)]
mod tests;
