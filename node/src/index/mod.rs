//! The index: under which pseudonym each client is met in an epoch.
//!
//! Life of a client in it: its number goes out blinded in a batch ([`run`]), comes back evaluated,
//! and the pseudonym's entry is written, keyed by a secret of this node ([`keys`]). A question's
//! pseudonym is looked up here; one that is not found is written nowhere.
//!
//! INVARIANT: only an index that is whole and fresh speaks (invariant 11): every client of the
//! register is enrolled, and that was checked at most three hours ago.

mod batch;
mod keys;
mod run;
pub(crate) mod spot_check;
mod state;

pub(crate) use run::Canaries;
pub(crate) use state::{Enrolled, Progress};

use std::fmt;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::blind::Element;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::store::{Store, StoreError};
use grondslag_subject::pseudonym::{Canary, Pseudonym};
use tokio::sync::Mutex;

use self::keys::Found;
use self::state::State;
use crate::agency::BrokerLink;
use crate::epochs::Epochs;
use crate::limits::INDEX_AGE_MS_MAX;
use crate::records::{Register, SubjectKey};
use crate::secret::NodeSecret;

/// What an index works with.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    /// This node.
    pub own: Oin,
    /// Where it is kept.
    pub store: Arc<dyn Store>,
    /// Where every batch is recorded.
    pub ledger: Arc<Ledger>,
    /// Where dates come from.
    pub clock: Arc<dyn Clock>,
    /// Keys its entries.
    pub secret: Arc<NodeSecret>,
    /// Whom it covers.
    pub register: Arc<dyn Register>,
    /// The epoch and this node's keys in it.
    pub epochs: Arc<Epochs>,
    /// The way to the key holders.
    pub link: Arc<dyn BrokerLink>,
    /// Made-up subjects that it covers too.
    pub canaries: Canaries,
    /// This node's own key Y.
    pub own_key: Element,
    /// The key of this node's card: signs batches.
    pub sign_key: SigningKey,
}

/// The index of one node.
pub(crate) struct Index {
    means: Means,
    /// One run at a time.
    turn: Mutex<()>,
}

/// Whom a pseudonym stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// A client, or somebody about whom the agency asked.
    Person(SubjectKey),
    /// A made-up subject.
    Canary(SubjectKey),
}

impl Index {
    /// The index in a store.
    pub(crate) fn new(means: Means) -> Self {
        Self { means, turn: Mutex::default() }
    }

    /// When the index of an epoch was last compared with the register and nothing was missing.
    ///
    /// # Errors
    /// `EPOCH_STALE` for an epoch that this node has left behind, `NOT_READY` while the index is
    /// not whole, was not checked for too long, or was made with other factors than `made_with`.
    pub(crate) async fn ready(
        &self,
        epoch: u32,
        made_with: Option<&Digest>,
        now: Timestamp,
    ) -> Result<Timestamp, Reason> {
        let state = self.state(epoch).await?;
        let same = |state: &State| made_with.is_none() || state.made_with.as_ref() == made_with;
        let as_of = match state.filter(same).and_then(|state| state.as_of) {
            Some(as_of) => as_of,
            None if self.means.epochs.current().is_ok_and(|current| epoch < current) => {
                return Err(Reason::EpochStale);
            }
            None => return Err(Reason::NotReady),
        };
        // A check of the future, made before the clock was set back, is none.
        let fresh = (-CLOCK_SKEW_MS_MAX..=INDEX_AGE_MS_MAX).contains(&now.since_ms(as_of));
        if fresh { Ok(as_of) } else { Err(Reason::NotReady) }
    }

    /// Whom a pseudonym stands for in an epoch.
    ///
    /// # Errors
    /// Why the store cannot be read.
    pub(crate) async fn find(
        &self,
        epoch: u32,
        pseudonym: &Pseudonym,
    ) -> Result<Option<Met>, StoreError> {
        let entry = pseudonym.index(&self.means.secret.index_key());
        let value = self.means.store.get(&keys::entry(epoch, &entry)).await?;
        let found = value.map(|value| Found::parse(&value).ok_or(StoreError::Corrupt));
        Ok(found.transpose()?.map(|found| match found {
            Found::Person(key) => Met::Person(key),
            Found::Canary(key) => Met::Canary(key),
        }))
    }

    /// The made-up subjects of the region's list.
    pub(crate) fn canaries(&self) -> Vec<&Canary> {
        self.means.canaries.all().iter().map(|(_, canary)| canary).collect()
    }

    /// A made-up subject of this node's list.
    pub(crate) fn canary(&self, key: &SubjectKey) -> Option<&Canary> {
        self.means.canaries.digits(key)
    }

    /// How far the enrolment in the current epoch is.
    ///
    /// # Errors
    /// Why the store cannot be read.
    pub(crate) async fn progress(&self) -> Result<Option<Progress>, Reason> {
        let Ok(epoch) = self.means.epochs.current() else { return Ok(None) };
        Ok(self.state(epoch).await?.map(|state| state.progress()))
    }

    /// The epoch that questions are asked in.
    ///
    /// # Errors
    /// `NOT_READY` while the broker has not said.
    pub(crate) fn epoch(&self) -> Result<u32, Reason> {
        self.means.epochs.current()
    }

    /// What ties the points of this region together.
    fn region(&self) -> &str {
        self.means.epochs.region()
    }

    async fn state(&self, epoch: u32) -> Result<Option<State>, Reason> {
        let value = self.means.store.get(&keys::state(epoch)).await.map_err(StoreError::reason)?;
        let state = value.as_deref().map(serde_json::from_slice).transpose();
        state.map_err(|_| Reason::StoreCorrupt)
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Index(…)")
    }
}

#[cfg(test)]
mod tests;
