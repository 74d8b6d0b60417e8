//! What every service of the broker shares.

use std::fmt;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::clock::Clock;
use grondslag_core::id::Oin;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::store::Store;
use grondslag_runtime::otlp::Otlp;
use grondslag_runtime::rules::Rules;

use crate::config::Budget;
use crate::deliver::Silences;
use crate::directory::Directory;

use crate::epoch::Epochs;
use crate::keyholder::{Chain, RemoteHolder};
use crate::nodes::Nodes;
use crate::notices::Notices;
use crate::office::Office;
use crate::presence::Presence;
use crate::restore::Foundings;
use crate::route::fanout::FanoutLimits;
use crate::route::heads::SentHeads;
use crate::waiting::Waiting;

/// The broker's parts, made once at start. Nothing in it changes afterwards but the directory and
/// the store, which guard themselves.
pub(crate) struct Broker {
    /// The broker itself.
    pub oin: Oin,
    /// Signs attestations; its public half stands on the broker's card.
    pub sign_key: SigningKey,
    /// The public keys with which its checkpoints may be signed: of now, and the one before.
    pub public: Vec<[u8; 32]>,
    /// How its log was founded.
    pub foundings: Foundings,
    /// The rules.
    pub rules: Arc<Rules>,
    /// Where officers bring the next ones.
    pub office: Office,
    /// Where dates come from.
    pub clock: Arc<dyn Clock>,
    /// State beside the ledger.
    pub store: Arc<dyn Store>,
    /// Every decision.
    pub ledger: Arc<Ledger>,
    /// Who is who.
    pub directory: Arc<Directory>,
    /// What ties the points of this region together: the fingerprint of its root certificate.
    pub region: String,
    /// Which epochs there are.
    pub epochs: Epochs,
    /// Who turns hidden numbers into ones that only their targets open.
    pub chain: Arc<Chain>,
    /// The key holder elsewhere, if there is one.
    pub remote: Option<Arc<RemoteHolder>>,
    /// Which head of the ledger each node has.
    pub sent_heads: SentHeads,
    /// Consent notices that nodes missed.
    pub notices: Notices,
    /// Questions that wait for their node.
    pub waiting: Arc<Waiting>,
    /// When it ran.
    pub presence: Presence,
    /// Who stayed silent.
    pub silences: Silences,
    /// How nodes are reached.
    pub nodes: Arc<dyn Nodes>,
    /// How long nodes get.
    pub fanout: FanoutLimits,
    /// How much may be asked on one day.
    pub budget: Budget,
    /// How many points one node may enrol in an epoch.
    pub points_per_epoch: u64,
    /// What the operator's collector gets.
    pub otlp: Otlp,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("oin", &self.oin).finish_non_exhaustive()
    }
}
