//! A node that was restored from a backup.
//!
//! What it recorded since the backup is lost, and so may be what its records said: a measure that
//! ended, a consent that was withdrawn. So it answers nothing (`NOT_READY`) until its operator has
//! confirmed, each by name, that the register behind its index, measures and consents are up to
//! date. Its ledger goes on under the next number, from the last head of the one before; and as a
//! witness it has no memory until its operator gives it back the last head that it cosigned.

use std::collections::BTreeSet;

use grondslag_core::canonical::Canonical;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::generation::begin;
use grondslag_evidence::ledger::Entry;
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_runtime::run::{Context, SignKeys, StartError};
use serde::{Deserialize, Serialize};

use crate::config::NodeConfig;
use crate::evidence::LEDGER;
use crate::watch::{forget_memory, open_ledger};

/// What is still to be confirmed; absent when nothing is.
const LEFT: &[u8] = b"y/restored";

/// When it was restored: what was asked before may have been answered, and is not known any more.
const AT: &[u8] = b"y/restored-at";

/// How it is with a node that was restored, or was not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Something is still to be confirmed: nothing is answered.
    pub unconfirmed: bool,
    /// Whatever was asked before is not answered; nothing without a restore.
    pub asked_from: Option<Timestamp>,
}

impl Standing {
    /// Reads it.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) async fn load(store: &dyn Store) -> Result<Self, Reason> {
        let at = store.get(AT).await.map_err(StoreError::reason)?;
        let at = at.map(|value| value.try_into().map(i64::from_be_bytes)).transpose();
        let asked_from = at.map_err(|_| Reason::StoreCorrupt)?.map(Timestamp::from_ms);
        Ok(Self { unconfirmed: !left(store).await?.is_empty(), asked_from })
    }

    /// Whether a question of this moment may be answered.
    ///
    /// # Errors
    /// `NOT_READY` until all is confirmed, `ASKED_BEFORE_RESTORE` for one of before.
    pub(crate) fn may_answer(self, asked_at: Timestamp) -> Result<(), Reason> {
        if self.unconfirmed {
            return Err(Reason::NotReady);
        }
        let before = self.asked_from.is_some_and(|from| asked_at < from);
        if before { Err(Reason::AskedBeforeRestore) } else { Ok(()) }
    }
}

/// What an operator confirms to be up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Item {
    /// The register of clients, from which the index is made.
    Index,
    /// Child protection measures.
    Measures,
    /// Consents, what was withdrawn, and requests about data.
    Consents,
}

impl Item {
    /// Every item.
    pub const ALL: [Self; 3] = [Self::Index, Self::Measures, Self::Consents];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Measures => "measures",
            Self::Consents => "consents",
        }
    }
}

/// Begins the ledger of the next number on a store that was put back; says which.
///
/// # Errors
/// [`StartError`] when the store was not put back, or the ledger cannot be begun.
pub async fn go_on(config: &NodeConfig, context: &Context) -> Result<u64, StartError> {
    let section = &config.agency;
    let keys = SignKeys::load(&section.sign_key, section.previous_sign_key.as_ref())?;
    let (region, oin) = (context.region_name(), context.oin());
    let origin = |number| Origin::of_member(&region, &oin, LEDGER, number);
    let number = context.generation.saturating_add(1);
    let left =
        serde_json::to_vec(&Item::ALL).map_err(|error| StartError::new(Reason::Internal, error))?;
    let state = forget_memory(context.store.as_ref(), begin(Batch::new(), number)).await?;
    let at = context.clock.clock().now().ms().to_be_bytes();
    context.go_on(LEDGER, origin, &keys, state.put(LEFT, left).put(AT, at)).await?;
    Ok(number)
}

/// Records what an operator confirmed; says what is left.
///
/// # Errors
/// [`StartError`] when nothing is to be confirmed, or it cannot be recorded.
pub async fn confirm(
    config: &NodeConfig,
    context: &Context,
    said: &[Item],
) -> Result<BTreeSet<Item>, StartError> {
    let store = context.store.as_ref();
    let refused = |reason| StartError::new(reason, "nothing of a restore is to be confirmed here");
    let mut left = left(store).await.map_err(refused)?;
    if left.is_empty() {
        return Err(refused(Reason::NotRestored));
    }
    left.retain(|item| !said.contains(item));
    let body =
        serde_json::to_vec(&left).map_err(|error| StartError::new(Reason::Internal, error))?;
    let state =
        if left.is_empty() { Batch::new().delete(LEFT) } else { Batch::new().put(LEFT, body) };
    let words: Vec<&str> = said.iter().map(|item| item.word()).collect();
    let leaf = Canonical::new("grondslag/leaf/restore-confirmed/v1").list(words.iter()).finish();
    let ledger = open_ledger(config, context).await?;
    let entry = Entry { about: Digest::of(&leaf), leaf, state };
    ledger.append(entry).await?;
    Ok(left)
}

/// What is still to be confirmed.
///
/// # Errors
/// Why it cannot be read.
async fn left(store: &dyn Store) -> Result<BTreeSet<Item>, Reason> {
    let value = store.get(LEFT).await.map_err(StoreError::reason)?;
    let left = value.map(|value| serde_json::from_slice(&value)).transpose();
    Ok(left.map_err(|_| Reason::StoreCorrupt)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use grondslag_evidence::store::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn a_restored_node_answers_nothing_until_all_is_confirmed_and_nothing_of_before() {
        let store = MemoryStore::default();
        let at = Timestamp::from_ms(5);
        let standing = async || Standing::load(&store).await.unwrap().may_answer(at);
        assert_eq!(standing().await, Ok(()), "it was never restored");
        let left = serde_json::to_vec(&[Item::Consents]).unwrap();
        let restored = Batch::new().put(LEFT, left).put(AT, 5_i64.to_be_bytes());
        store.commit(restored).await.unwrap();
        assert_eq!(standing().await, Err(Reason::NotReady));
        store.commit(Batch::new().delete(LEFT)).await.unwrap();
        assert_eq!(standing().await, Ok(()));
        store.commit(Batch::new().put(AT, 6_i64.to_be_bytes())).await.unwrap();
        assert_eq!(standing().await, Err(Reason::AskedBeforeRestore));
        for key in [LEFT, AT] {
            store.commit(Batch::new().put(key, "x")).await.unwrap();
            assert_eq!(Standing::load(&store).await, Err(Reason::StoreCorrupt));
            store.commit(Batch::new().delete(key)).await.unwrap();
        }
    }
}
