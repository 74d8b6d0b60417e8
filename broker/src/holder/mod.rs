//! A key holder as a process of its own, run by another organisation than the broker.
//!
//! It serves one caller, the region's broker, and takes its word for nothing: who asks and who
//! enrols is verified by their signatures and by cards that this process verified itself, a link
//! is made only of a key that the node's card vouches for, and quota and ledger are its own. So
//! broker and node together learn nothing as long as this holder keeps to the protocol
//! (protocol 1.5). Availability is the price: without it no question can be asked.

mod cards;
pub mod config;
mod epochs;
pub mod serve;
mod service;
mod verify;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use ed25519_dalek::SigningKey;
use grondslag_certs::OwnCard;
use grondslag_core::clock::Clock;
use grondslag_core::id::Oin;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::store::Store;

use crate::directory::Directory;
use crate::keyholder::LocalHolder;

/// The parts of a key holder, made once at start.
pub(crate) struct Holder {
    /// The organisation.
    oin: Oin,
    /// Signs links; its public half stands on the holder's card.
    sign_key: SigningKey,
    /// What the holder says of itself, once it listens.
    own: OnceLock<OwnCard>,
    /// What ties the points of this region together.
    region: String,
    /// Where dates come from.
    clock: Arc<dyn Clock>,
    /// What lasts.
    store: Arc<dyn Store>,
    /// Every step, batch and epoch.
    ledger: Arc<Ledger>,
    /// Who is who, as this process verified it.
    directory: Directory,
    /// What does the work.
    local: LocalHolder,
    /// One change of the epochs at a time.
    turn: tokio::sync::Mutex<()>,
    /// Keys whose proofs were verified.
    // Held for a look, never while waiting.
    proved: Mutex<BTreeMap<(u32, Oin), verify::Proved>>,
}

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holder").field("oin", &self.oin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
