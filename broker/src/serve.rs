//! From configuration to a broker that serves.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grondslag_certs::Taken;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::Timestamp;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::records::Job;
use grondslag_evidence::store::Store;
use grondslag_proto::v1::broker_service_server::BrokerServiceServer;
use grondslag_proto::v1::directory_service_server::DirectoryServiceServer;
use grondslag_proto::v1::enrolment_service_server::EnrolmentServiceServer;
use grondslag_proto::v1::ledger_service_server::LedgerServiceServer;
use grondslag_proto::v1::metrics_service_server::MetricsServiceServer;
use grondslag_proto::v1::office_service_server::OfficeServiceServer;
use grondslag_runtime::config::Place;
use grondslag_runtime::operator::{Vitals, serve_operator};
use grondslag_runtime::otlp::{Incoming, Level};
use grondslag_runtime::rules;
use grondslag_runtime::run::{App, Context, SignKeys, StartError};
use grondslag_runtime::server::{Callers, Server};
use grondslag_runtime::status::{EpochState, LedgerState, PeerContact, Status, WitnessState};
use grondslag_runtime::witnesses;

use crate::broker::Broker;
use crate::config::{BrokerConfig, KeyHolder};
use crate::deliver::{self, Silences};
use crate::directory::Directory;
use crate::directory::operator::Admits;
use crate::directory::service::Directories;
use crate::enrol::service::Enrolments;
use crate::epoch::{Epochs, wish};
use crate::keyholder::{Chain, LocalHolder, Means, RemoteHolder, Secrets};
use crate::limits::{
    FORGET_INTERVAL_MS, HEAD_INTERVAL_MS, HOLDER_CARD_INTERVAL_MS, OPERATOR_INTERVAL_MS,
    RULES_INTERVAL_MS,
};
use crate::metrics::service::Metrics;
use crate::nodes::Calls;
use crate::notices::{self, Notices};
use crate::office::Office;
use crate::office::service::Offices;
use crate::own::{Own, publish_own};
use crate::presence::Presence;
use crate::restore::Foundings;
use crate::route::fanout::FanoutLimits;
use crate::route::heads::SentHeads;
use crate::route::service::Routes;
use crate::sweep::keep_sweeping;
use crate::waiting::{self, Waiting};
use crate::watch::service::Ledgers;
use crate::watch::{self, OwnLog, Standing, Watch};

/// Name of the broker's ledger.
pub(crate) const BROKER: &str = "broker";
/// Name of the key holder's own ledger.
pub(crate) const HOLDER: &str = "holder";

/// Builds a broker and binds its listener.
///
/// # Errors
/// [`StartError`] with the reason of whatever could not be opened.
pub async fn build(config: BrokerConfig, context: &Context) -> Result<App, StartError> {
    context.may_serve()?;
    let context = &context.timing_commits();
    let calls = Arc::new(Calls::new(context.channels(), context.clock.clock()));
    let broker = Arc::new(open(&config, context, Arc::clone(&calls)).await?);
    let recorded = broker.rules.settle(None).await;
    recorded.map_err(|reason| StartError::new(reason, "the rules in force"))?;
    look_after(&broker, context)?;
    count_leaves(context, BROKER, &broker.ledger);
    let watch = watch(&config, &broker, context).await?;
    let metrics = MetricsServiceServer::new(Metrics::new(Arc::clone(&broker)));
    let (own, vitals) = (broker.oin.clone(), context.clone());
    let (of, watched) = (Arc::clone(&broker), Arc::clone(&watch));
    let vitals = Arc::new(BrokerVitals { broker: of, context: vitals, calls, watch: watched });
    let ledgers = publish(&broker, &watch, context)?;
    let routes = BrokerServiceServer::new(Routes::new(Arc::clone(&broker)))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let directory = DirectoryServiceServer::new(Directories(Arc::clone(&broker)))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let enrolments = EnrolmentServiceServer::new(Enrolments(Arc::clone(&broker)))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let offices = OfficeServiceServer::new(Offices::new(Arc::clone(&broker)))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let server = Server::region("broker", context.region.clone(), &context.limits)
        .telling(&context.otlp, Incoming::Taken)
        .add(routes, Callers::verified())
        .add(directory, Callers::verified())
        .add(enrolments, Callers::verified())
        .add(offices, Callers::verified())
        .add(metrics, Callers::own(broker.oin.clone()))
        .add(LedgerServiceServer::from_arc(ledgers), Callers::verified());
    let server = serve_operator(server, own, vitals);
    let bound = server.bind(context.net.as_ref(), config.listen.address).await?;
    let section = &config.broker;
    let own = Own {
        name: &section.name,
        endpoint: bound.address().to_string(),
        duty_phone: &section.duty_phone,
        sign_key: &broker.sign_key,
        previous: section.previous_sign_key.as_ref(),
        admission: &section.admission,
    };
    let (own, region) = (own.read()?, context.region.current());
    let published = publish_own(&broker.directory, &own, 0, &region, broker.clock.now()).await;
    published.map_err(|reason| StartError::new(reason, "the broker's own card was not taken"))?;
    waiting::resume(&broker);
    Ok(App { servers: vec![bound] })
}

async fn open(
    config: &BrokerConfig,
    context: &Context,
    nodes: Arc<Calls>,
) -> Result<Broker, StartError> {
    let (store, clock) = (Arc::clone(&context.store), context.clock.clock());
    let section = &config.broker;
    let keys = SignKeys::load(&section.sign_key, section.previous_sign_key.as_ref())?;
    let region = context.region_name();
    let origin = |number| Origin::of_broker(&region, number);
    let ledger = context.ledger(BROKER, origin, &keys).await?;
    let directory = Directory::open(
        Arc::clone(&context.region),
        Arc::clone(&clock),
        Arc::clone(&store),
        Arc::clone(&ledger),
        (config.broker.operator.path().to_owned(), Admits::Listed),
    );
    let directory = directory
        .await
        .map_err(|reason| StartError::new(reason, "the directory cannot be opened"))?;
    let directory = Arc::new(directory);
    let folder = config.policy.folder.as_ref().map(Place::path);
    let rules = rules::open(context, config.region.as_ref(), folder, Arc::clone(&ledger)).await?;
    let fanout = FanoutLimits::new(config.broker.fanout_ms.ms());
    let remote = remote(config, context, &directory)?;
    let (chain, held) = chain(config, context, (&region, &keys), remote.clone()).await?;
    let epochs = epochs(context, &ledger, &chain, &held).await?;
    let foundings = Foundings::open(store.as_ref(), context.generation).await;
    let foundings = foundings.map_err(|reason| StartError::new(reason, "the founding"))?;
    let notices = Notices::open(Arc::clone(&store)).await;
    let notices = notices.map_err(|reason| StartError::new(reason, "the waiting notices"))?;
    let waiting = waiting(&store).await?;
    let public = keys.public();
    let presence = presence(store.as_ref(), clock.now()).await?;
    let (oin, budget) = (context.oin(), config.budget);
    let points_per_epoch = config.broker.points_per_epoch.number();
    Ok(Broker {
        oin,
        sign_key: keys.current,
        public,
        foundings,
        rules: Arc::new(rules),
        office: Office::default(),
        clock,
        store,
        ledger,
        directory,
        region,
        epochs,
        chain,
        remote,
        sent_heads: SentHeads::default(),
        notices,
        waiting,
        nodes,
        fanout,
        budget,
        points_per_epoch,
        presence,
        silences: Silences::default(),
        otlp: context.otlp.clone(),
    })
}

async fn epochs(
    context: &Context,
    ledger: &Arc<Ledger>,
    chain: &Arc<Chain>,
    held: &[u32],
) -> Result<Epochs, StartError> {
    let unopened = |reason| StartError::new(reason, "the epochs cannot be opened");
    let (store, clock) = (Arc::clone(&context.store), context.clock.clock());
    let epochs = Epochs::open(store, Arc::clone(ledger), clock, Arc::clone(chain), held);
    let epochs = epochs.await.map_err(unopened)?;
    epochs.destroy_orphans(held).await.map_err(unopened)?;
    Ok(epochs)
}

async fn presence(store: &dyn Store, now: Timestamp) -> Result<Presence, StartError> {
    let presence = Presence::open(store, now).await;
    presence.map_err(|reason| StartError::new(reason, "when the broker ran"))
}

async fn waiting(store: &Arc<dyn Store>) -> Result<Arc<Waiting>, StartError> {
    let waiting = Waiting::open(Arc::clone(store)).await;
    waiting.map_err(|reason| StartError::new(reason, "the waiting questions"))
}

/// The operator's collector gets the length of a ledger.
pub(crate) fn count_leaves(context: &Context, name: &'static str, ledger: &Arc<Ledger>) {
    let size = |ledger: Arc<Ledger>| async move { ledger.size().await.ok() };
    context.otlp.reads(Level::Leaves(name), ledger, size);
}

/// Shows the ledger's heads from now on, and takes what witnesses cosign.
async fn watch(
    config: &BrokerConfig,
    broker: &Arc<Broker>,
    context: &Context,
) -> Result<Arc<Watch>, StartError> {
    let ledger = Arc::clone(&broker.ledger);
    let named = witnesses::open(config.region.as_ref(), context, Arc::clone(&ledger)).await?;
    let directory = Arc::clone(&broker.directory);
    let watch = Watch::open(watch::Means {
        log: Arc::new(OwnLog(ledger)),
        store: Arc::clone(&broker.store),
        clock: Arc::clone(&broker.clock),
        key: Box::new(move |oin| Ok(directory.card(oin)?.card().sign_key)),
        witnesses: Box::new(move || named.as_ref().map(|named| named.current())),
    });
    let watch = watch.await.map_err(|reason| StartError::new(reason, "the cosigned heads"))?;
    Ok(Arc::new(watch))
}

/// Publishes heads until the end, at most one a second.
fn publish(
    broker: &Arc<Broker>,
    watch: &Arc<Watch>,
    context: &Context,
) -> Result<Arc<Ledgers>, StartError> {
    let ledgers = Arc::new(Ledgers::new(Arc::clone(broker), Arc::clone(watch)));
    let published = Arc::clone(&ledgers);
    context.every(Duration::from_millis(HEAD_INTERVAL_MS), move || {
        let ledgers = Arc::clone(&published);
        async move { ledgers.publish().await }
    })?;
    Ok(ledgers)
}

/// The key holder elsewhere, if the region has one.
fn remote(
    config: &BrokerConfig,
    context: &Context,
    directory: &Arc<Directory>,
) -> Result<Option<Arc<RemoteHolder>>, StartError> {
    let Some(KeyHolder { oin, endpoint }) = &config.key_holder else { return Ok(None) };
    if *oin == context.oin() {
        let what = "key_holder.oin is the broker itself; it is another organisation, or absent";
        return Err(StartError::new(Reason::ConfigInvalid, what));
    }
    let channel = context.channels().to(oin, endpoint)?;
    Ok(Some(Arc::new(RemoteHolder::new(oin.clone(), channel, Arc::clone(directory)))))
}

/// The key holders, and the epochs of which the one in this process has factors.
async fn chain(
    config: &BrokerConfig,
    context: &Context,
    (region, keys): (&str, &SignKeys),
    remote: Option<Arc<RemoteHolder>>,
) -> Result<(Arc<Chain>, Vec<u32>), StartError> {
    let section = &config.broker;
    let (path, key) = (section.factors.path(), section.factors_key.path());
    let secrets = Secrets::open(path, key, region.to_owned())
        .map_err(|reason| StartError::new(reason, path.display()))?;
    let (store, clock) = (Arc::clone(&context.store), context.clock.clock());
    let origin = |number| Origin::of_member(region, &context.oin(), HOLDER, number);
    let ledger = context.ledger(HOLDER, origin, keys).await?;
    count_leaves(context, HOLDER, &ledger);
    let holder = LocalHolder::new(Means {
        region: region.to_owned(),
        secrets,
        ledger,
        store,
        clock,
        steps_per_day_max: section.steps_per_day.number(),
        points_per_epoch_max: section.points_per_epoch.number(),
    });
    let held = holder.epochs();
    let mut holders: Vec<Arc<dyn crate::keyholder::KeyHolder>> = vec![Arc::new(holder)];
    if let Some(remote) = remote {
        holders.push(remote);
    }
    Ok((Arc::new(Chain::new(holders)), held))
}

/// Reads the operator's folder and sweeps what expired, until the end.
fn look_after(broker: &Arc<Broker>, context: &Context) -> Result<(), StartError> {
    let operated = Arc::clone(broker);
    context.every(Duration::from_millis(OPERATOR_INTERVAL_MS), move || {
        let broker = Arc::clone(&operated);
        async move {
            if let Err(reason) = broker.directory.refresh().await {
                tracing::error!(reason = reason.code(), "the operator's folder was not read");
            }
            // A wish that cannot be read keeps no epoch from ending.
            let wish = wish::read(broker.directory.operator_folder()).unwrap_or_else(|reason| {
                tracing::error!(reason = reason.code(), "the wish for an epoch was not read");
                None
            });
            if let Err(reason) = broker.epochs.tend(wish).await {
                tracing::error!(reason = reason.code(), "the epochs were not looked after");
            }
        }
    })?;
    if let Some(remote) = broker.remote.clone() {
        let chain = Arc::clone(&broker.chain);
        context.every(Duration::from_millis(HOLDER_CARD_INTERVAL_MS), move || {
            let (remote, chain) = (Arc::clone(&remote), Arc::clone(&chain));
            async move {
                match remote.publish_card().await {
                    Ok(Taken::Same) => {}
                    // Links bear the signature of the key on the card.
                    Ok(_) => chain.forget_links(),
                    Err(reason) => {
                        tracing::error!(%reason, "the key holder's card is not in the directory");
                    }
                }
            }
        })?;
    }
    keep_settled(broker, context)?;
    keep_forgetting(broker, context)?;
    notices::keep_sweeping(context, broker)?;
    waiting::keep_sweeping(context, broker)?;
    deliver::keep_watching(context, broker)?;
    keep_sweeping(context, Arc::clone(&broker.store), Arc::clone(&broker.clock))
}

/// Records which rules are in force soon after they are, also when nobody asks anything.
fn keep_settled(broker: &Arc<Broker>, context: &Context) -> Result<(), StartError> {
    let broker = Arc::clone(broker);
    context.every(Duration::from_millis(RULES_INTERVAL_MS), move || {
        let broker = Arc::clone(&broker);
        async move {
            if let Err(reason) = broker.rules.settle(None).await {
                tracing::error!(%reason, "the rules in force were not recorded");
            }
        }
    })?;
    Ok(())
}

/// Forgets, once a day, the decisions whose term has ended; the ledger proves it.
fn keep_forgetting(broker: &Arc<Broker>, context: &Context) -> Result<(), StartError> {
    let (broker, job) = (Arc::clone(broker), Arc::new(Job::default()));
    context.every(Duration::from_millis(FORGET_INTERVAL_MS), move || {
        let (broker, job) = (Arc::clone(&broker), Arc::clone(&job));
        async move {
            let (store, now) = (broker.store.as_ref(), broker.clock.now());
            if let Err(error) = job.turn(store, &broker.ledger, now).await {
                let reason = error.reason();
                tracing::error!(%reason, "what has ended was not forgotten");
            }
        }
    })?;
    Ok(())
}

fn ledger_state(watch: &Watch) -> LedgerState {
    let Standing { size, cosigned, quorum, last } = watch.standing();
    let witnesses = last.into_iter().map(|(oin, last)| WitnessState {
        oin,
        size: last.map(|last| last.size),
        at: last.map(|last| last.at),
    });
    LedgerState { size, cosigned, quorum, witnesses: witnesses.collect() }
}

#[derive(Debug)]
struct BrokerVitals {
    broker: Arc<Broker>,
    context: Context,
    calls: Arc<Calls>,
    watch: Arc<Watch>,
}

#[async_trait]
impl Vitals for BrokerVitals {
    async fn status(&self) -> Status {
        let mut status = self.context.status().await;
        status.policy_bundle = Some(self.broker.rules.now().bundle().to_string());
        status.policy = Some(self.broker.rules.state());
        let epochs = self.broker.epochs.state();
        status.epoch = Some(EpochState {
            current: epochs.current,
            since: Some(epochs.since),
            next: epochs.next.map(|(epoch, _)| epoch),
            switch_at: epochs.next.map(|(_, at)| at),
            ending: epochs.ending.iter().map(|(epoch, _)| *epoch).collect(),
            index: None,
        });
        status.ledger = Some(ledger_state(&self.watch));
        if self.broker.foundings.is_short(self.broker.store.as_ref()).await {
            status.findings.push(Reason::FoundingBelowHead);
        }
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
                    missed: Some(self.broker.silences.of(&signed.card.oin)),
                }
            })
            .collect();
        status
    }
}
