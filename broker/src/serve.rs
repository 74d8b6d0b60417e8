//! From configuration to a broker that serves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use grondslag_certs::{authority, key};
use grondslag_core::card::{Card, SignedCard};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::limits::{CLOCK_SKEW_MS_MAX, MESSAGE_BYTES_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::statement::sign;
use grondslag_evidence::ledger::Ledger;
use grondslag_policy::Pack;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::reply::{self, Reply};
use grondslag_proto::v1;
use grondslag_proto::v1::answer_response::Result as Answered;
use grondslag_proto::v1::broker_service_server::BrokerServiceServer;
use grondslag_proto::v1::directory_service_server::DirectoryServiceServer;
use grondslag_proto::v1::node_service_client::NodeServiceClient;
use grondslag_runtime::channel::{Channels, reason_of, within};
use grondslag_runtime::config::Place;
use grondslag_runtime::operator::{Vitals, serve_operator};
use grondslag_runtime::run::{App, Context, StartError};
use grondslag_runtime::server::{Callers, Server};
use grondslag_runtime::status::{PeerContact, Status};
use tonic::Code;

use crate::broker::Broker;
use crate::config::BrokerConfig;
use crate::directory::Directory;
use crate::directory::service::Directories;
use crate::limits::{OPERATOR_INTERVAL_MS, SWEEP_INTERVAL_MS};
use crate::nodes::{Heard, Nodes};
use crate::route::fanout::FanoutLimits;
use crate::route::service::Routes;
use crate::route::sweep::sweep_all;

/// Kind of the broker on its own card.
const KIND: &str = "broker";

/// Builds a broker and binds its listener.
///
/// # Errors
/// [`StartError`] with the reason of whatever could not be opened.
pub async fn build(config: BrokerConfig, context: &Context) -> Result<App, StartError> {
    let calls = Arc::new(Calls::new(context.channels(), context.clock.clock()));
    let broker = Arc::new(open(&config, context, Arc::clone(&calls)).await?);
    look_after(&broker, context)?;
    let (own, vitals) = (broker.oin.clone(), context.clone());
    let vitals = Arc::new(BrokerVitals { broker: Arc::clone(&broker), context: vitals, calls });
    let routes = BrokerServiceServer::new(Routes::new(Arc::clone(&broker)))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let directory = DirectoryServiceServer::new(Directories(Arc::clone(&broker)))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let server = Server::region("broker", context.region.clone(), &context.limits)
        .add(routes, Callers::verified())
        .add(directory, Callers::verified());
    let server = serve_operator(server, own, vitals);
    let bound = server.bind(context.net.as_ref(), config.listen.address).await?;
    publish_own(&broker, &config, context, &bound.address().to_string()).await?;
    Ok(App { servers: vec![bound] })
}

async fn open(
    config: &BrokerConfig,
    context: &Context,
    nodes: Arc<Calls>,
) -> Result<Broker, StartError> {
    let (store, clock) = (Arc::clone(&context.store), context.clock.clock());
    let ledger = Arc::new(Ledger::open(Arc::clone(&store), Arc::clone(&clock), "broker").await?);
    let directory = Directory::open(
        Arc::clone(&context.region),
        Arc::clone(&clock),
        Arc::clone(&store),
        Arc::clone(&ledger),
        config.broker.operator.path().to_owned(),
    );
    let directory = directory
        .await
        .map_err(|reason| StartError::new(reason, "the directory cannot be opened"))?;
    let sign_key = key::load_signing_key(config.broker.sign_key.path())
        .map_err(|error| StartError::new(error.reason(), error))?;
    let pack = Pack::open(config.policy.folder.as_ref().map(Place::path));
    let pack = Arc::new(pack.map_err(|error| StartError::new(error.reason(), error))?);
    let fanout = FanoutLimits::new(config.broker.fanout_ms.ms());
    let oin = context.oin();
    Ok(Broker { oin, sign_key, pack, clock, store, ledger, directory, nodes, fanout })
}

/// Reads the operator's folder and sweeps replay keys, until the end.
fn look_after(broker: &Arc<Broker>, context: &Context) -> Result<(), StartError> {
    let operated = Arc::clone(broker);
    context.every(Duration::from_millis(OPERATOR_INTERVAL_MS), move || {
        let broker = Arc::clone(&operated);
        async move {
            if let Err(reason) = broker.directory.refresh().await {
                tracing::error!(reason = reason.code(), "the operator's folder was not read");
            }
        }
    })?;
    let swept = Arc::clone(broker);
    context.every(Duration::from_millis(SWEEP_INTERVAL_MS), move || {
        let broker = Arc::clone(&swept);
        async move {
            if let Err(reason) = sweep_all(broker.store.as_ref(), broker.clock.now()).await {
                tracing::error!(reason = reason.code(), "expired replay keys were not removed");
            }
        }
    })?;
    Ok(())
}

/// Puts the broker's own card in the directory; a new one only when something on it changed.
async fn publish_own(
    broker: &Broker,
    config: &BrokerConfig,
    context: &Context,
    endpoint: &str,
) -> Result<(), StartError> {
    let failed = |reason| StartError::new(reason, "the broker's own card was not recorded");
    let before = broker.directory.stored_card(&broker.oin).await.map_err(failed)?;
    let admission = authority::read_admission(config.broker.admission.path())
        .map_err(|error| StartError::new(error.reason(), error))?;
    // It holds as long as its admission: the clock of a demo region passes months in one run.
    let until = admission.valid_until;
    let card = own_card(broker, config, endpoint, before.as_ref(), until).map_err(failed)?;
    let bytes = card.canonical();
    let region = context.region.current();
    let leaf_signature =
        region.key().sign(&bytes).map_err(|error| StartError::new(error.reason(), error))?;
    let signed = SignedCard {
        leaf: region.leaf().der().to_vec(),
        leaf_signature,
        previous_signature: sign(&broker.sign_key, &bytes).to_vec(),
        admission,
        card,
    };
    broker.directory.publish(&broker.oin, signed).await.map_err(failed)?;
    Ok(())
}

fn own_card(
    broker: &Broker,
    config: &BrokerConfig,
    endpoint: &str,
    before: Option<&Card>,
    valid_until: Timestamp,
) -> Result<Card, Reason> {
    Ok(Card {
        oin: broker.oin.clone(),
        kind: Kind::parse(KIND).map_err(|_| Reason::Internal)?,
        name: config.broker.name.clone(),
        endpoint: endpoint.to_owned(),
        duty_phone: config.broker.duty_phone.clone(),
        sign_key: broker.sign_key.verifying_key().to_bytes(),
        seal_key: Vec::new(),
        pseudonym_key: Vec::new(),
        seq: before.map_or(1, |card| card.seq.saturating_add(1)),
        // A reader's clock may be behind ours.
        valid_from: broker.clock.now().plus_ms(-CLOCK_SKEW_MS_MAX),
        valid_until,
    })
}

/// Calls to nodes, and what became of the last one to each.
#[derive(Debug)]
struct Calls {
    channels: Channels,
    clock: Arc<dyn grondslag_core::clock::Clock>,
    contacts: Mutex<BTreeMap<Oin, Contact>>,
}

#[derive(Debug, Default, Clone)]
struct Contact {
    last: Option<Timestamp>,
    failure: Option<Reason>,
}

impl Calls {
    fn new(channels: Channels, clock: Arc<dyn grondslag_core::clock::Clock>) -> Self {
        Self { channels, clock, contacts: Mutex::default() }
    }

    async fn call(&self, card: &Card, question: &TargetQuestion, wait_max: Duration) -> Heard {
        let channel = match self.channels.to(&card.oin, &card.endpoint) {
            Ok(channel) => channel,
            Err(error) => return Heard::Lost(error.reason()),
        };
        let mut client =
            NodeServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let request = v1::AnswerRequest { question: Some(question.into()) };
        // The node's own deadline travels with the call; ours ends it whatever the node does.
        let call = client.answer(within(request, wait_max));
        match tokio::time::timeout(wait_max, call).await {
            Err(_) => Heard::Late,
            // Cancelled is what our own end says when the call's deadline passes first.
            Ok(Err(status))
                if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) =>
            {
                Heard::Late
            }
            Ok(Err(status)) => Heard::Lost(reason_of(&status)),
            Ok(Ok(response)) => heard(response.into_inner()),
        }
    }

    fn note(&self, oin: &Oin, heard: &Heard) {
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        let contact = contacts.entry(oin.clone()).or_default();
        match heard {
            Heard::Reply(_) | Heard::Refused(_) => {
                *contact = Contact { last: Some(self.clock.now()), failure: None };
            }
            Heard::Late => contact.failure = Some(Reason::DeadlinePassed),
            Heard::Lost(reason) => contact.failure = Some(*reason),
        }
    }

    fn contact(&self, oin: &Oin) -> Contact {
        let contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        contacts.get(oin).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl Nodes for Calls {
    async fn answer(&self, card: &Card, question: &TargetQuestion, wait_max: Duration) -> Heard {
        let heard = self.call(card, question, wait_max).await;
        self.note(&card.oin, &heard);
        heard
    }
}

fn heard(response: v1::AnswerResponse) -> Heard {
    match response.result {
        Some(Answered::Reply(wire)) => match Reply::try_from(wire) {
            Ok(reply) => Heard::Reply(reply),
            Err(reason) => Heard::Lost(reason),
        },
        Some(Answered::Refusal(refusal)) => Heard::Refused(reply::reason(&refusal.reason)),
        None => Heard::Lost(Reason::Malformed),
    }
}

#[derive(Debug)]
struct BrokerVitals {
    broker: Arc<Broker>,
    context: Context,
    calls: Arc<Calls>,
}

#[async_trait]
impl Vitals for BrokerVitals {
    async fn status(&self) -> Status {
        let mut status = self.context.status().await;
        status.policy_bundle = Some(self.broker.pack.bundle().to_string());
        let cards = self.broker.directory.signed();
        let others = cards.iter().filter(|signed| signed.card.oin != self.broker.oin);
        status.peers = others
            .map(|signed| {
                let contact = self.calls.contact(&signed.card.oin);
                PeerContact {
                    oin: signed.card.oin.clone(),
                    name: signed.card.name.clone(),
                    last_contact: contact.last,
                    last_failure: contact.failure,
                }
            })
            .collect();
        status
    }
}
