//! What every service of the broker shares.

use std::fmt;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::clock::Clock;
use grondslag_core::id::Oin;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::store::Store;
use grondslag_policy::Pack;

use crate::directory::Directory;
use crate::nodes::Nodes;
use crate::route::fanout::FanoutLimits;

/// The broker's parts, made once at start. Nothing in it changes afterwards but the directory and
/// the store, which guard themselves.
pub(crate) struct Broker {
    /// The broker itself.
    pub oin: Oin,
    /// Signs attestations; its public half stands on the broker's card.
    pub sign_key: SigningKey,
    /// The rules.
    pub pack: Arc<Pack>,
    /// Where dates come from.
    pub clock: Arc<dyn Clock>,
    /// State beside the ledger.
    pub store: Arc<dyn Store>,
    /// Every decision.
    pub ledger: Arc<Ledger>,
    /// Who is who.
    pub directory: Directory,
    /// How nodes are reached.
    pub nodes: Arc<dyn Nodes>,
    /// How long nodes get.
    pub fanout: FanoutLimits,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("oin", &self.oin).finish_non_exhaustive()
    }
}
