//! From configuration to a key holder that serves.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use grondslag_core::checkpoint::Origin;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::generation::begin;
use grondslag_evidence::store::Batch;
use grondslag_proto::v1::key_holder_service_server::KeyHolderServiceServer;
use grondslag_runtime::operator::{Vitals, serve_operator};
use grondslag_runtime::otlp::Incoming;
use grondslag_runtime::run::{App, Context, SignKeys, StartError};
use grondslag_runtime::server::{Callers, Server};
use grondslag_runtime::status::{EpochState, Status};

use super::Holder;
use super::config::HolderConfig;
use super::service::HolderService;
use crate::directory::{Directory, operator::Admits};
use crate::keyholder::{LocalHolder, Means, Secrets};
use crate::limits::OPERATOR_INTERVAL_MS;
use crate::own::{Own, publish_own};
use crate::serve::count_leaves;
use crate::sweep::keep_sweeping;

/// Builds a key holder and binds its listener.
///
/// # Errors
/// [`StartError`] with the reason of whatever could not be opened.
pub async fn build(config: HolderConfig, context: &Context) -> Result<App, StartError> {
    context.may_serve()?;
    let context = &context.timing_commits();
    let holder = Arc::new(open(&config, context).await?);
    count_leaves(context, "holder", &holder.ledger);
    look_after(&holder, context)?;
    let steps = KeyHolderServiceServer::new(HolderService(Arc::clone(&holder)))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let broker = BTreeSet::from([config.holder.broker.clone()]);
    let server = Server::region("holder", context.region.clone(), &context.limits)
        .telling(&context.otlp, Incoming::Taken)
        .add(steps, Callers::only(broker, Reason::NotTheBroker));
    let vitals = Arc::new(HolderVitals { holder: Arc::clone(&holder), context: context.clone() });
    let server = serve_operator(server, holder.oin.clone(), vitals);
    let bound = server.bind(context.net.as_ref(), config.listen.address).await?;
    let section = &config.holder;
    let own = Own {
        name: &section.name,
        endpoint: section.endpoint.clone().unwrap_or(bound.address().to_string()),
        duty_phone: &section.duty_phone,
        sign_key: &holder.sign_key,
        previous: section.previous_sign_key.as_ref(),
        admission: &section.admission,
    };
    let own = own.read()?;
    let (own, region) = (holder.own.get_or_init(|| own), context.region.current());
    let published = publish_own(&holder.directory, own, 0, &region, holder.clock.now()).await;
    published.map_err(|reason| StartError::new(reason, "the holder's own card was not taken"))?;
    Ok(App { servers: vec![bound] })
}

/// Begins the ledger of the next number on a store that was put back from a backup; says which.
///
/// # Errors
/// [`StartError`] when the store was not put back, or the ledger cannot be begun.
pub async fn go_on(config: &HolderConfig, context: &Context) -> Result<u64, StartError> {
    let section = &config.holder;
    let keys = SignKeys::load(&section.sign_key, section.previous_sign_key.as_ref())?;
    let (region, oin) = (context.region_name(), context.oin());
    let origin = |number| Origin::of_member(&region, &oin, "holder", number);
    let number = context.generation.saturating_add(1);
    context.go_on("holder", origin, &keys, begin(Batch::new(), number)).await?;
    Ok(number)
}

async fn open(config: &HolderConfig, context: &Context) -> Result<Holder, StartError> {
    let section = &config.holder;
    if section.broker == context.oin() {
        let what = "holder.broker is the key holder itself; it is another organisation";
        return Err(StartError::new(Reason::ConfigInvalid, what));
    }
    let (store, clock) = (Arc::clone(&context.store), context.clock.clock());
    let keys = SignKeys::load(&section.sign_key, section.previous_sign_key.as_ref())?;
    let region = context.region_name();
    let origin = |number| Origin::of_member(&region, &context.oin(), "holder", number);
    let ledger = context.ledger("holder", origin, &keys).await?;
    let directory = Directory::open(
        Arc::clone(&context.region),
        Arc::clone(&clock),
        Arc::clone(&store),
        Arc::clone(&ledger),
        (section.operator.path().to_owned(), Admits::Certified),
    );
    let directory =
        directory.await.map_err(|reason| StartError::new(reason, "the cards cannot be opened"))?;
    let (path, sealed_under) = (section.factors.path(), section.factors_key.path());
    let secrets = Secrets::open(path, sealed_under, region.clone())
        .map_err(|reason| StartError::new(reason, path.display()))?;
    let local = LocalHolder::new(Means {
        region: region.clone(),
        secrets,
        ledger: Arc::clone(&ledger),
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        steps_per_day_max: section.steps_per_day.number(),
        points_per_epoch_max: section.points_per_epoch.number(),
    });
    Ok(Holder {
        oin: context.oin(),
        sign_key: keys.current,
        own: OnceLock::new(),
        region,
        clock,
        store,
        ledger,
        directory,
        local,
        turn: tokio::sync::Mutex::default(),
        proved: Mutex::default(),
    })
}

/// Reads the operator's folder and sweeps what expired, until the end.
fn look_after(holder: &Arc<Holder>, context: &Context) -> Result<(), StartError> {
    let operated = Arc::clone(holder);
    context.every(Duration::from_millis(OPERATOR_INTERVAL_MS), move || {
        let holder = Arc::clone(&operated);
        async move {
            if let Err(reason) = holder.directory.refresh().await {
                tracing::error!(reason = reason.code(), "the operator's folder was not read");
            }
        }
    })?;
    keep_sweeping(context, Arc::clone(&holder.store), Arc::clone(&holder.clock))
}

#[derive(Debug)]
struct HolderVitals {
    holder: Arc<Holder>,
    context: Context,
}

#[async_trait]
impl Vitals for HolderVitals {
    async fn status(&self) -> Status {
        let mut status = self.context.status().await;
        // The broker alone says which is current: after a switch the ended one stands first here
        // until it is destroyed.
        let held = self.holder.local.epochs();
        status.epoch = held.first().map(|first| EpochState {
            current: *first,
            since: None,
            next: held.get(1).copied(),
            switch_at: None,
            ending: Vec::new(),
            index: None,
        });
        status
    }
}
