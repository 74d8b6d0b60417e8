//! What an operator decides about the broker's ledger while the node does not run.

use std::sync::Arc;

use grondslag_certs::key::{KeyError, load_signing_key};
use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;
use grondslag_core::watch::Contradiction;
use grondslag_evidence::ledger::{Entry, Ledger, LedgerError};
use grondslag_evidence::store::{Store, StoreError};
use grondslag_runtime::run::{Context, SignKeys, StartError};

use super::heads::go_on_from;
use super::kept::{Change, Kept, Memory, steps};
use super::{fork_leaf, size};
use crate::config::NodeConfig;
use crate::evidence::LEDGER;

/// Why an operator's decision was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OperateError {
    /// This witness remembers what it cosigned: nothing is to be given back.
    #[error("this witness remembers what it cosigned last")]
    Remembers,
    /// The head does not bear this witness's own cosignature, by a key that it still has.
    #[error("the head does not bear this witness's own cosignature")]
    NotOwn,
    /// There is nothing to decide.
    #[error("the broker's ledger does not contradict itself here")]
    NoFork,
    /// What is kept cannot be read or written.
    #[error("{0}")]
    Kept(Reason),
}

impl OperateError {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::Remembers | Self::NoFork => Reason::HeadMismatch,
            Self::NotOwn => Reason::StatementInvalid,
            Self::Kept(reason) => reason,
        }
    }
}

impl From<Reason> for OperateError {
    fn from(reason: Reason) -> Self {
        Self::Kept(reason)
    }
}

/// Which of two heads that contradict each other the node goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The one that it held: the broker must show again that it goes on from there.
    Held,
    /// The one that was shown then: what the node held is given up.
    Shown,
}

/// A witness that never cosigned anything may begin.
///
/// # Errors
/// [`OperateError::Remembers`], or why it cannot be kept.
pub async fn begin(store: &dyn Store) -> Result<(), OperateError> {
    remember(store, Memory::Fresh).await
}

/// Gives a witness back the last head that it cosigned; says when that was.
///
/// # Errors
/// [`OperateError`].
pub async fn restore(
    store: &dyn Store,
    own: &Oin,
    keys: &[[u8; 32]],
    head: SignedCheckpoint,
) -> Result<Timestamp, OperateError> {
    let at = keys.iter().find_map(|key| head.cosigned_by(own.as_str(), key));
    let at = at.ok_or(OperateError::NotOwn)?;
    remember(store, Memory::Given(Box::new(head))).await?;
    Ok(at)
}

async fn remember(store: &dyn Store, memory: Memory) -> Result<(), OperateError> {
    if Kept::load(store).await?.memory.is_some() {
        return Err(OperateError::Remembers);
    }
    let batch = steps(store, &[Change::Memory(&memory)]).await?;
    store.commit(batch).await.map_err(StoreError::reason)?;
    Ok(())
}

/// The contradiction that stops a node.
///
/// # Errors
/// [`OperateError::NoFork`], or why it cannot be read.
pub async fn stopped_by(store: &dyn Store) -> Result<Contradiction, OperateError> {
    Kept::load(store).await?.fork.ok_or(OperateError::NoFork)
}

/// Lets a node go on from one of the two heads, and says so in its ledger.
///
/// # Errors
/// [`OperateError`].
pub async fn accept(
    store: &dyn Store,
    ledger: &Ledger,
    choice: Choice,
) -> Result<(), OperateError> {
    let Kept { memory, fork, .. } = Kept::load(store).await?;
    let fork = fork.ok_or(OperateError::NoFork)?;
    // A witness goes on from what its operator took, and from nothing else.
    let memory = memory.map(|_| Memory::Own(Box::new(fork.shown.clone())));
    let mut changes = vec![Change::NoFork];
    let word = match choice {
        Choice::Held => "held",
        Choice::Shown => {
            changes.push(Change::Covered(None));
            changes.extend(memory.as_ref().map(Change::Memory));
            "shown"
        }
    };
    let mut state = steps(store, &changes).await?;
    if choice == Choice::Shown {
        let gone_on = go_on_from(store, state, Some(&fork.shown)).await;
        state = gone_on.map_err(StoreError::reason)?;
    }
    let leaf = fork_leaf(word, &fork);
    tracing::warn!(word, size = size(Some(&fork.shown)), "an operator accepted a ledger");
    let entry = Entry { about: Digest::of(&leaf), leaf, state };
    ledger.append(entry).await.map_err(LedgerError::reason)?;
    Ok(())
}

/// Opens the ledger of a node that does not run.
///
/// # Errors
/// [`StartError`] when it cannot be gone on with.
pub async fn open_ledger(
    config: &NodeConfig,
    context: &Context,
) -> Result<Arc<Ledger>, StartError> {
    let section = &config.agency;
    let keys = SignKeys::load(&section.sign_key, section.previous_sign_key.as_ref())?;
    let origin = |number| Origin::of_member(&context.region_name(), &context.oin(), LEDGER, number);
    context.ledger(LEDGER, origin, &keys).await
}

/// The public keys with which a node may have cosigned: the one on its card, and the one before.
///
/// # Errors
/// Why a key cannot be read.
pub fn own_keys(config: &NodeConfig) -> Result<Vec<[u8; 32]>, KeyError> {
    let section = &config.agency;
    let files = [Some(&section.sign_key), section.previous_sign_key.as_ref()];
    let public = |file: &grondslag_runtime::config::SecretFile| {
        Ok(load_signing_key(file.path())?.verifying_key().to_bytes())
    };
    files.into_iter().flatten().map(public).collect()
}
