//! Everything that the services of one node share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ed25519_dalek::SigningKey;
use futures_util::stream::BoxStream;
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::{Mode, Oin};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::store::Store;
use grondslag_policy::{Overlay, Pack};
use grondslag_proto::v1;
use grondslag_runtime::operator::Vitals;
use grondslag_runtime::run::Context;
use grondslag_runtime::status::{PeerContact, Status};

use crate::directory::Directory;
use crate::records::{Own, Source};
use crate::secret::NodeSecret;
use crate::staff::Registry;

/// One agency's node: who it is, what it holds, and whom it can call. Shared as `Arc<Agency>`.
pub struct Agency {
    /// This organisation.
    pub oin: Oin,
    /// Demo or production, by its certificate.
    pub mode: Mode,
    /// Its name.
    pub name: String,
    /// Its kind toward those who ask it.
    pub kind: Kind,
    /// Telephone of the professional on duty.
    pub duty_phone: String,
    /// The region's broker, pinned when the node was made.
    pub broker: Oin,
    /// Certificates, clock, store, network and tasks of this process.
    pub context: Context,
    /// Signs questions, answers, approvers and the next card.
    pub sign_key: SigningKey,
    /// Keys staff pseudonyms and the index of records.
    pub secret: Arc<NodeSecret>,
    /// The region's rules.
    pub pack: Arc<Pack>,
    /// This node's own rules on top.
    pub overlay: Option<Overlay>,
    /// What must last; the same store as the context's.
    pub store: Arc<dyn Store>,
    /// What must be provable.
    pub ledger: Arc<Ledger>,
    /// Where dates come from; the same clock as the context's.
    pub clock: Arc<dyn Clock>,
    /// The agencies of the region.
    pub directory: Arc<Directory>,
    /// The agency's records, for answers.
    pub source: Arc<dyn Source>,
    /// The agency's records, for its own questions.
    pub own: Arc<dyn Own>,
    /// The agency's people.
    pub staff: Arc<Registry>,
    /// The way to the broker.
    pub broker_link: Arc<dyn BrokerLink>,
    /// Answers leave at multiples of this after their question came in.
    pub reply_tick: Duration,
}

impl fmt::Debug for Agency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agency({}, …)", self.oin)
    }
}

impl Agency {
    /// `NOT_READY` while the register cannot say whom it covers, or the broker is unknown.
    async fn readiness(&self) -> Option<Reason> {
        let known = self.directory.card(&self.broker).is_ok();
        match self.source.ready().await {
            Ok(_) if known => None,
            Ok(_) => Some(Reason::NotReady),
            Err(fault) => Some(fault.reason()),
        }
    }

    fn broker_contact(&self) -> PeerContact {
        let contact = self.broker_link.last_contact();
        let card = self.directory.card(&self.broker);
        PeerContact {
            oin: self.broker.clone(),
            name: card.map_or_else(|_| String::new(), |card| card.card().name.clone()),
            last_contact: contact.at,
            last_failure: contact.failure,
        }
    }
}

#[async_trait]
impl Vitals for Agency {
    async fn status(&self) -> Status {
        let mut status = self.context.status().await;
        status.name.clone_from(&self.name);
        status.policy_bundle = Some(self.pack.bundle().to_string());
        status.clock.offset_ms = self.broker_link.last_contact().ahead_ms;
        status.peers = vec![self.broker_contact()];
        status.findings.extend(self.readiness().await);
        status
    }
}

/// Events of one question, as they come.
pub type AskStream = BoxStream<'static, Result<v1::AskResponse, Reason>>;

/// When the broker last spoke, and what went wrong since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastContact {
    /// When a call last succeeded.
    pub at: Option<Timestamp>,
    /// Why the last call failed; absent when it did not.
    pub failure: Option<Reason>,
    /// How far our clock was ahead of the broker's when it last gave its directory, in
    /// milliseconds; the answer's way back counts in.
    pub ahead_ms: Option<i64>,
}

/// The way to the region's broker.
#[async_trait]
pub trait BrokerLink: Send + Sync + fmt::Debug {
    /// Asks, and streams what happens. The stream ends within `wait_max`.
    ///
    /// # Errors
    /// The reason why the broker could not be asked.
    async fn ask(&self, request: v1::AskRequest, wait_max: Duration) -> Result<AskStream, Reason>;

    /// Every card that the broker holds, not yet verified.
    ///
    /// # Errors
    /// The reason why the broker did not answer.
    async fn list_cards(&self) -> Result<Vec<v1::AgencyCard>, Reason>;

    /// Offers this node's own card.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that it refused the card is in the response.
    async fn publish_card(&self, card: v1::AgencyCard) -> Result<v1::PublishCardResponse, Reason>;

    /// When the broker last spoke.
    fn last_contact(&self) -> LastContact;
}
