//! Everything that the services of one node share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ed25519_dalek::SigningKey;
use futures_util::stream::BoxStream;
use grondslag_core::catalogue::Kind;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::{Digest, Mode, Oin};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::records::Job;
use grondslag_evidence::store::Store;
use grondslag_evidence::witnesses::NamedWitnesses;
use grondslag_proto::v1;
use grondslag_runtime::operator::Vitals;
use grondslag_runtime::rules::Rules;
use grondslag_runtime::run::Context;
use grondslag_runtime::status::{
    EpochState, IndexState, LedgerState, PeerContact, Status, WitnessState,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::answers::inbox::{self, Schedule};
use crate::answers::tick::Tick;
use crate::answers::turns::Turns;
use crate::asks::canary::Habits;
use crate::caseload;
use crate::config::AsksSection;
use crate::consent::{CaughtUp, Gate, again};
use crate::directory::Directory;
use crate::epochs::Epochs;
use crate::glass;
use crate::handover;
use crate::index::Index;
use crate::inform;
use crate::keys::{Keys, Renewal};
use crate::office::OfficeLink;
use crate::own_rules::OwnRules;
use crate::records::{Own, Source};
use crate::restore::Standing;
use crate::rights;
use crate::secret::NodeSecret;
use crate::staff::Registry;
use crate::watch::Watching;
use crate::watch::follow::HeadLink;

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
    /// Where the agency's own register of processing activities stands, an absolute URI.
    pub register: Option<String>,
    /// The region's rules.
    pub rules: Arc<Rules>,
    /// This node's own rules on top.
    pub own_rules: Option<OwnRules>,
    /// What must last; the same store as the context's.
    pub store: Arc<dyn Store>,
    /// What must be provable.
    pub ledger: Arc<Ledger>,
    /// Where dates come from; the same clock as the context's.
    pub clock: Arc<dyn Clock>,
    /// The agencies of the region.
    pub directory: Arc<Directory>,
    /// The broker's ledger, as far as it was followed.
    pub watching: Arc<Watching>,
    /// Who cosigns it; none in a trial without.
    pub(crate) witnesses: Option<Arc<NamedWitnesses>>,
    /// Opens what is hidden from everybody else.
    pub(crate) keys: Arc<Keys>,
    /// When keys are renewed and destroyed.
    pub(crate) renewal: Renewal,
    /// The epoch, and everybody's keys in it.
    pub(crate) epochs: Arc<Epochs>,
    /// Under which pseudonym each client is met.
    pub(crate) index: Arc<Index>,
    /// The agency's records, for answers.
    pub source: Arc<dyn Source>,
    /// The agency's records, for its own questions.
    pub own: Arc<dyn Own>,
    /// The agency's people.
    pub staff: Arc<Registry>,
    /// The way to the broker.
    pub broker_link: Arc<dyn BrokerLink>,
    /// The way to the broker's ledger.
    pub(crate) heads_link: Arc<dyn HeadLink>,
    /// The way to the region's policy office.
    pub(crate) office_link: Arc<dyn OfficeLink>,
    /// When answers leave.
    pub(crate) tick: Tick,
    /// When questions that wait for a person climb.
    pub(crate) climbing: Schedule,
    /// Something was added to a question that was put here.
    pub(crate) follow_up_came: Notify,
    /// Questions that are being answered.
    pub(crate) answering: Turns,
    /// Keeps acts in the consent register apart from answers that rest on it.
    pub(crate) consents: Gate,
    /// Whether the notices that waited for this node have come.
    pub(crate) caught_up: CaughtUp,
    /// Ordinary questions of late, to be repeated about made-up subjects.
    pub(crate) habits: Habits,
    /// The daily round of forgetting.
    pub(crate) forgetting: Job,
    /// How much its people may ask on one day.
    pub budget: AsksSection,
    /// Whether it was restored from a backup, and what follows from that.
    pub restored: Standing,
}

impl fmt::Debug for Agency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agency({}, …)", self.oin)
    }
}

impl Agency {
    /// `NOT_READY` while the register cannot say whom it covers, the index is not whole, or the
    /// broker is unknown.
    pub async fn readiness(&self) -> Option<Reason> {
        if self.restored.unconfirmed {
            return Some(Reason::NotReady);
        }
        let now = self.clock.now();
        if let Err(reason) = self.in_force(now, now) {
            return Some(reason);
        }
        if let Err(reason) = self.caught_up.may_answer(false) {
            return Some(reason);
        }
        let known = self.directory.card(&self.broker).is_ok();
        match self.source.ready().await {
            Ok(_) if !known => return Some(Reason::NotReady),
            Ok(_) => {}
            Err(fault) => return Some(fault.reason()),
        }
        match self.epochs.current() {
            Ok(epoch) => self.index.ready(epoch, None, self.clock.now()).await.err(),
            Err(reason) => Some(reason),
        }
    }

    /// Whether this node may say anything of anybody to a question of that moment, first or later:
    /// its clock is right, a restore was confirmed, and the notices that waited for it have come.
    /// It depends on no child.
    ///
    /// # Errors
    /// `CLOCK_INVALID`, `NOT_READY` or `ASKED_BEFORE_RESTORE`.
    pub(crate) fn may_answer(&self, asked_at: Timestamp, is_notice: bool) -> Result<(), Reason> {
        if self.context.clock.fault().is_some() {
            return Err(Reason::ClockInvalid);
        }
        self.restored.may_answer(asked_at)?;
        self.caught_up.may_answer(is_notice)
    }

    /// Reads the epoch anew, and makes a new seal key when it has changed: a seal key lives one
    /// epoch.
    ///
    /// # Errors
    /// Why the broker did not answer, or what it said does not hold.
    pub async fn refresh_epoch(&self) -> Result<(), Reason> {
        let broker = self.directory.card(&self.broker)?;
        self.epochs.refresh(self.broker_link.as_ref(), &broker).await?;
        self.renewal.follow(self).await
    }

    /// Reads the epoch anew when the keys of one of these agencies are not known: it may have
    /// joined since. Whoever is not there then cannot be asked.
    pub(crate) async fn learn_keys(&self, targets: impl Iterator<Item = &Oin>) {
        let Ok(epoch) = self.epochs.current() else { return };
        let mut targets = targets;
        if targets.any(|target| self.epochs.links(epoch, target).is_none())
            && let Err(reason) = self.refresh_epoch().await
        {
            tracing::warn!(%reason, "the keys of an agency were not read");
        }
    }

    /// Reads the epoch anew when this node's own keys in it are not those that a question went
    /// through; at most now and then, for anybody may say so.
    ///
    /// # Errors
    /// As [`Agency::refresh_epoch`].
    pub(crate) async fn refresh_epoch_if_other(
        &self,
        epoch: u32,
        made_with: &Digest,
    ) -> Result<(), Reason> {
        let own = self.epochs.links(epoch, &self.oin);
        let same = own.is_some_and(|own| own.digest() == *made_with);
        if same || !self.epochs.may_read_again() { Ok(()) } else { self.refresh_epoch().await }
    }

    /// Reads the epoch anew when it was not known or when that was some time ago.
    ///
    /// # Errors
    /// As [`Agency::refresh_epoch`].
    pub(crate) async fn refresh_epoch_if_due(&self) -> Result<(), Reason> {
        let due = self.epochs.is_due(&self.oin, self.clock.now());
        if due { self.refresh_epoch().await } else { Ok(()) }
    }

    /// The kind of an agency of the region.
    pub(crate) fn kind_of(&self, oin: &Oin) -> Option<Kind> {
        if *oin == self.oin {
            return Some(self.kind.clone());
        }
        self.directory.card(oin).ok().map(|card| card.card().kind.clone())
    }

    /// The name of an agency of the region; its number when its card is not known.
    pub(crate) fn name_of(&self, oin: &Oin) -> String {
        if *oin == self.oin {
            return self.name.clone();
        }
        self.directory.card(oin).map_or_else(|_| oin.to_string(), |card| card.card().name.clone())
    }

    async fn epoch_state(&self) -> Option<EpochState> {
        let (current, next) = (self.epochs.current().ok()?, self.epochs.next());
        let progress = self.index.progress().await.ok().flatten();
        Some(EpochState {
            current,
            since: None,
            next: next.map(|(epoch, _)| epoch),
            switch_at: next.map(|(_, at)| at),
            ending: Vec::new(),
            index: progress.map(|index| IndexState {
                done: index.done,
                total: index.total,
                as_of: index.as_of,
            }),
        })
    }

    fn ledger_state(&self) -> LedgerState {
        let named = self.witnesses.as_ref().map(|named| named.current());
        let oins = named.iter().flat_map(|witnesses| &witnesses.list().witnesses);
        let witness = |oin: &Oin| WitnessState { oin: oin.clone(), size: None, at: None };
        let size = |head: Option<SignedCheckpoint>| head.map_or(0, |head| head.checkpoint().size);
        LedgerState {
            size: size(self.watching.seen()),
            cosigned: size(self.watching.covered()),
            quorum: named.as_ref().map(|witnesses| witnesses.quorum()),
            witnesses: oins.map(witness).collect(),
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
            missed: None,
        }
    }
}

#[async_trait]
impl Vitals for Agency {
    async fn status(&self) -> Status {
        let mut status = self.context.status().await;
        status.name.clone_from(&self.name);
        status.policy_bundle = Some(self.pack().bundle().to_string());
        status.policy = Some(self.rules.state());
        status.clock.offset_ms = self.broker_link.last_contact().ahead_ms;
        status.peers = vec![self.broker_contact()];
        status.late_answers = Some(self.tick.late());
        status.epoch = self.epoch_state().await;
        match inform::state(self).await {
            Ok(state) => status.inform = Some(state),
            Err(reason) => status.findings.push(reason),
        }
        match rights::state(self).await {
            Ok(state) => status.rights = Some(state),
            Err(reason) => status.findings.push(reason),
        }
        match inbox::state(self).await {
            Ok(state) => status.inbox = Some(state),
            Err(reason) => status.findings.push(reason),
        }
        match caseload::state(self).await {
            Ok(state) => status.cases = Some(state),
            Err(reason) => status.findings.push(reason),
        }
        match glass::state(self).await {
            Ok(state) => status.glass = Some(state),
            Err(reason) => status.findings.push(reason),
        }
        match handover::state(self).await {
            Ok(state) => status.handovers = Some(state),
            Err(reason) => status.findings.push(reason),
        }
        match again::state(self).await {
            Ok(state) => status.ask_again = state,
            Err(reason) => status.findings.push(reason),
        }
        status.retention = self.retention().await;
        let failed = status.retention.as_ref().and_then(|retention| retention.failed);
        status.findings.extend(failed);
        status.ledger = Some(self.ledger_state());
        status.findings.extend(self.readiness().await);
        status.findings.extend(self.restored.unconfirmed.then_some(Reason::NotConfirmed));
        status.findings.extend(self.watching.findings(Instant::now()));
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

    /// The epoch and everybody's keys in it, not yet verified.
    ///
    /// # Errors
    /// The reason why the broker did not answer.
    async fn show_epoch(&self) -> Result<v1::ShowEpochResponse, Reason>;

    /// Takes a batch of blinded points to the key holders.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that the batch was refused is in the response.
    async fn enrol(&self, request: v1::EnrolRequest) -> Result<v1::EnrolResponse, Reason>;

    /// What the broker noted of this node's batches, for a spot check.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that it refused is in the response.
    async fn show_batches(
        &self,
        request: v1::ShowBatchesRequest,
    ) -> Result<v1::ShowBatchesResponse, Reason>;

    /// Delivers later replies; what became of each, as far as it is known.
    ///
    /// # Errors
    /// The reason why the broker did not answer.
    async fn deliver(&self, replies: Vec<v1::Reply>) -> Result<Vec<v1::DeliverResponse>, Reason>;

    /// Fetches the later replies to an inquiry of this agency.
    ///
    /// # Errors
    /// The reason why the broker did not answer; `UNKNOWN_INQUIRY`.
    async fn follow(&self, request: v1::FollowRequest) -> Result<Vec<v1::FollowResponse>, Reason>;

    /// Brings to a target what this agency adds to a question.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that the target does not have it is in the
    /// response.
    async fn send_follow_up(
        &self,
        request: v1::SendFollowUpRequest,
    ) -> Result<v1::SendFollowUpResponse, Reason>;

    /// What the broker recorded of this agency's questions and of those to it.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that it refused is in the response.
    async fn list_records(
        &self,
        request: v1::ListRecordsRequest,
    ) -> Result<v1::ListRecordsResponse, Reason>;

    /// How many notices wait for this node, as the broker says and signs.
    ///
    /// # Errors
    /// The reason why the broker did not answer.
    async fn waiting(&self) -> Result<v1::WaitingNotices, Reason>;

    /// When the broker last spoke.
    fn last_contact(&self) -> LastContact;
}
