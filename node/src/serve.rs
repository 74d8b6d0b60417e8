//! A node as a process: everything it is made of, and its two listeners.

mod ruled;
mod services;
mod tend;

use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_certs::tls::{DeskListener, DeskListenerFiles, Reloading};
use grondslag_certs::{authority, key};
use grondslag_core::blind::Element;
use grondslag_core::checkpoint::Origin;
use grondslag_core::reason::Reason;
use grondslag_core::seal::SealError;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::records::Job;
use grondslag_evidence::store::Store;
use grondslag_evidence::witnesses::NamedWitnesses;
use grondslag_policy::{Pack, PackError};
use grondslag_runtime::config::Place;
use grondslag_runtime::otlp::Incoming;
use grondslag_runtime::run::{
    self, App, Context, ProcessConfig as _, RunError, SignKeys, StartError,
};
use grondslag_runtime::run::{Surroundings, serve};
use grondslag_runtime::server::{ServeError, Server};
use grondslag_runtime::shutdown::Shutdown;
use grondslag_runtime::witnesses;
use grondslag_subject::pseudonym::Canary;
use rand_core::UnwrapErr;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::ruled::all_rules;
use self::services::{desk_services, region_services};
use self::tend::tend;
use crate::agency::Agency;
use crate::answers::inbox::Schedule;
use crate::answers::tick::Tick;
use crate::answers::turns::Turns;
use crate::asks::canary::Habits;
use crate::config::{AgencySection, NodeConfig};
use crate::consent::{CaughtUp, Gate};
use crate::directory::{Directory, Means, OwnCard};
use crate::epochs::Epochs;
use crate::epochs::holders::Holders;
use crate::evidence::LEDGER;
use crate::index::{self, Canaries, Index};
use crate::keys::{Keys, Renewal};
use crate::limits::{CANARIES_MAX, STAFF_FILE_BYTES_MAX, TEXT_FILE_BYTES_MAX};
use crate::link::ChannelLink;
use crate::own_view::strangers::Enrolled;
use crate::processing::is_absolute;
use crate::records::{StoreSource, SubjectKey};
use crate::restore::Standing;
use crate::secret::NodeSecret;
use crate::staff::{self, Registry};
use crate::watch::{self, Watching};

/// Runs a node from its configuration file until SIGINT or SIGTERM. In a demo region what passes
/// can be copied into the new file `tap`.
///
/// # Errors
/// [`RunError`] when it could not start or go on.
pub fn run(file: &Path, tap: Option<&Path>) -> Result<(), RunError> {
    run::run_tapped(file, tap, async |config: NodeConfig, context: &Context| {
        Ok(build(config, context).await?.app)
    })
}

/// A node within this process, for tests and whoever holds several parties at once.
#[derive(Debug)]
pub struct Node {
    /// What its services share.
    pub agency: Arc<Agency>,
    /// Where the broker calls it.
    pub region_address: SocketAddr,
    /// Where its own people call it.
    pub desk_address: SocketAddr,
    shutdown: Shutdown,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Node {
    /// Starts a node; it serves when this returns.
    ///
    /// # Errors
    /// [`StartError`] with the reason why it cannot.
    pub async fn start(config: NodeConfig, around: Surroundings) -> Result<Self, StartError> {
        let context = Context::open(NodeConfig::PROCESS, &config.common(), around).await?;
        Self::start_in(config, context).await
    }

    /// Starts a node with what was opened for it, such as a store that a test makes fail.
    ///
    /// # Errors
    /// [`StartError`] with the reason why it cannot.
    pub async fn start_in(config: NodeConfig, context: Context) -> Result<Self, StartError> {
        let shutdown = context.shutdown.clone();
        let built = build(config, &context).await?;
        Ok(Self {
            agency: built.agency,
            region_address: built.region_address,
            desk_address: built.desk_address,
            shutdown,
            served: tokio::spawn(serve(built.app, context)),
        })
    }

    /// Reads the broker's directory and offers our card now, instead of when it is due.
    ///
    /// # Errors
    /// Why the broker does not answer.
    pub async fn refresh(&self) -> Result<(), Reason> {
        self.agency.directory.refresh(self.agency.broker_link.as_ref()).await
    }

    /// Ends it in order, and waits for the end.
    ///
    /// # Errors
    /// [`ServeError`] when a server had ended by itself.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.shutdown.trigger();
        self.served.await.unwrap_or(Ok(()))
    }

    /// Ends it at once: calls in flight are cut.
    pub async fn kill(self) {
        self.shutdown.trigger_at_once();
        // However it ends, it is over.
        drop(self.served.await);
    }
}

/// What the commands of a node that does not run work with: its store, opened, and its secret.
#[derive(Debug)]
pub struct Stopped {
    /// The store; nobody else has it open.
    pub store: Arc<dyn Store>,
    /// The node's secret.
    pub secret: Arc<NodeSecret>,
    /// The rules, with the catalogue.
    pub pack: Arc<Pack>,
    /// Everything that a process opens.
    pub context: Context,
}

impl Stopped {
    /// Opens a node that does not run.
    ///
    /// # Errors
    /// [`StartError`]; `STORE_IN_USE` when the node runs.
    pub async fn open(config: &NodeConfig, around: Surroundings) -> Result<Self, StartError> {
        let context = Context::open(NodeConfig::PROCESS, &config.common(), around).await?;
        Ok(Self {
            store: context.store.clone(),
            secret: secret(config)?,
            pack: Arc::new(pack(config)?),
            context,
        })
    }
}

/// A node that is built and bound.
struct Built {
    agency: Arc<Agency>,
    app: App,
    region_address: SocketAddr,
    desk_address: SocketAddr,
}

async fn build(config: NodeConfig, context: &Context) -> Result<Built, StartError> {
    config.check_mode(context.mode())?;
    config.check_holders(&context.oin())?;
    context.may_serve()?;
    let agency = Arc::new(agency(&config, context).await?);
    let settled = agency.settle_rules().await;
    settled.map_err(|reason| refused(reason, "the rules in force"))?;
    let region = region_services(context, &agency);
    let region = region.bind(context.net.as_ref(), config.listen.address).await?;
    let desk = DeskListenerFiles {
        cert: config.identity.cert.path().to_owned(),
        key: config.identity.key.path().to_owned(),
        desk_root: config.desk.root.path().to_owned(),
    };
    let desk = Arc::new(Reloading::<DeskListener>::open(desk)?);
    context.keep_fresh(desk.clone())?;
    let desk = Server::desk("desk", desk, &context.limits).telling(&context.otlp, Incoming::Left);
    let desk = desk_services(desk, &agency);
    let desk = desk.bind(context.net.as_ref(), config.desk.address).await?;
    let (region_address, desk_address) = (region.address(), desk.address());
    let own = own_card(&config, &agency, region_address)?;
    tend(context, &agency, own).await?;
    let app = App { servers: vec![region, desk] };
    Ok(Built { agency, app, region_address, desk_address })
}

async fn agency(config: &NodeConfig, context: &Context) -> Result<Agency, StartError> {
    let (store, clock) = (context.store.clone(), context.clock.clock());
    let (secret, section) = (secret(config)?, &config.agency);
    let keys = SignKeys::load(&section.sign_key, section.previous_sign_key.as_ref())?;
    let ledger = own_ledger(context, &keys).await?;
    let (rules, own_rules) = all_rules(config, context, &ledger).await?;
    let staff = loaded_staff(config, &rules.now(), (&store, &secret)).await?;
    let directory = Arc::new(directory(config, context, ledger.clone()).await?);
    let source = Arc::new(StoreSource::new(store.clone(), secret.clone()));
    let (sign_key, keys) = (keys.current, own_keys(section)?);
    let holders = Holders::new(config.broker.key_holders.clone(), Arc::clone(&directory));
    let epochs = Arc::new(Epochs::new(context.region_name(), holders));
    let broker_link = link(config, context);
    let index = Index::new(index::Means {
        own: context.oin(),
        store: store.clone(),
        ledger: ledger.clone(),
        clock: clock.clone(),
        secret: secret.clone(),
        register: Arc::new(Enrolled::new(source.clone(), store.clone(), secret.clone())),
        epochs: epochs.clone(),
        link: broker_link.clone(),
        canaries: canaries(config, &secret)?,
        own_key: own_key(&keys)?,
        sign_key: sign_key.clone(),
    });
    let witnesses = witnesses::open(config.region.as_ref(), context, ledger.clone()).await?;
    let (parts, named) = ((&ledger, &directory, &sign_key), witnesses.clone());
    let watching = watching(config, context, parts, named).await?;
    Ok(Agency {
        oin: context.oin(),
        mode: context.mode(),
        name: section.name.clone(),
        kind: section.kind.clone(),
        duty_phone: section.duty_phone.clone(),
        broker: config.broker.oin.clone(),
        register: section.register.clone(),
        context: context.clone(),
        sign_key,
        secret,
        rules: Arc::new(rules),
        own_rules,
        store,
        ledger,
        clock,
        directory,
        watching: Arc::new(watching),
        witnesses,
        keys: Arc::new(keys),
        renewal: Renewal::default(),
        epochs,
        index: Arc::new(index),
        own: source.clone(),
        source,
        staff,
        heads_link: broker_link.clone(),
        office_link: broker_link.clone(),
        broker_link,
        tick: Tick::new(config.answers.reply_tick_ms.ms()),
        climbing: Schedule::default(),
        follow_up_came: Notify::new(),
        answering: Turns::default(),
        consents: Gate::default(),
        caught_up: CaughtUp::default(),
        habits: Habits::default(),
        forgetting: Job::default(),
        budget: config.asks,
        restored: restored(context.store.as_ref()).await?,
    })
}

/// What follows from a restore, if there was one.
async fn restored(store: &dyn Store) -> Result<Standing, StartError> {
    Standing::load(store).await.map_err(|reason| refused(reason, "the restore"))
}

/// The node's own ledger that goes on.
async fn own_ledger(context: &Context, keys: &SignKeys) -> Result<Arc<Ledger>, StartError> {
    let region = context.region_name();
    let origin = |number| Origin::of_member(&region, &context.oin(), LEDGER, number);
    context.ledger(LEDGER, origin, keys).await
}

fn own_keys(section: &AgencySection) -> Result<Keys, StartError> {
    Keys::load(section.pseudonym_key.path(), section.seal_keys.path())
        .map_err(|error| StartError::new(error.reason(), error))
}

fn check_section(section: &AgencySection, pack: &Pack) -> Result<(), StartError> {
    if pack.catalogue().kind(&section.kind).is_none() {
        return Err(refused(Reason::ConfigInvalid, "agency.kind is not in the catalogue"));
    }
    if section.register.as_ref().is_some_and(|register| !is_absolute(register)) {
        return Err(refused(Reason::ConfigInvalid, "agency.register is not an absolute URI"));
    }
    Ok(())
}

/// The broker's ledger, from what was kept of it on.
async fn watching(
    config: &NodeConfig,
    context: &Context,
    (ledger, directory, sign_key): (&Arc<Ledger>, &Arc<Directory>, &SigningKey),
    witnesses: Option<Arc<NamedWitnesses>>,
) -> Result<Watching, StartError> {
    let directory = Arc::clone(directory);
    let watching = Watching::open(watch::Means {
        own: context.oin(),
        broker: config.broker.oin.clone(),
        region: context.region_name(),
        store: context.store.clone(),
        ledger: Arc::clone(ledger),
        clock: context.clock.clock(),
        key: Box::new(move |oin| Ok(directory.card(oin)?.card().sign_key)),
        witnesses: Box::new(move || witnesses.as_ref().map(|named| named.current())),
        sign_key: sign_key.clone(),
        grace: config.answers.witness_grace(),
        operators: config.region.as_ref().map(|one| one.operators.clone()).unwrap_or_default(),
    });
    watching.await.map_err(|reason| refused(reason, "the broker's heads"))
}

async fn directory(
    config: &NodeConfig,
    context: &Context,
    ledger: Arc<Ledger>,
) -> Result<Directory, StartError> {
    let accepted = config.agency.accepted.as_ref().map(|folder| folder.path().to_owned());
    let means = Means {
        region: context.region.clone(),
        store: context.store.clone(),
        ledger,
        clock: context.clock.clock(),
        accepted,
    };
    Directory::open(means).await.map_err(|reason| refused(reason, "the directory"))
}

fn own_key(keys: &Keys) -> Result<Element, StartError> {
    keys.opening.element().map_err(|error| refused(error.reason(), "the pseudonym key"))
}

/// The region's list of made-up subjects: one of nine digits a line.
fn canaries(config: &NodeConfig, secret: &NodeSecret) -> Result<Canaries, StartError> {
    let Some(file) = &config.agency.canaries else {
        return Ok(Canaries::default());
    };
    let text = read(file.path(), TEXT_FILE_BYTES_MAX)?;
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    if lines.clone().count() > CANARIES_MAX {
        return Err(refused(Reason::ConfigInvalid, "agency.canaries: more than a region may have"));
    }
    let parsed = lines.map(|line| {
        let canary =
            Canary::parse(line).map_err(|error| StartError::new(Reason::ConfigInvalid, error))?;
        Ok((SubjectKey::new(secret.index("grondslag/canary/v1", canary.expose())), canary))
    });
    Ok(Canaries::new(parsed.collect::<Result<_, StartError>>()?))
}

fn link(config: &NodeConfig, context: &Context) -> Arc<ChannelLink> {
    let (broker, endpoint) = (config.broker.oin.clone(), config.broker.endpoint.clone());
    Arc::new(ChannelLink::new(context.channels(), broker, endpoint, context.clock.clock()))
}

fn own_card(
    config: &NodeConfig,
    agency: &Agency,
    bound: SocketAddr,
) -> Result<OwnCard, StartError> {
    let section = &config.agency;
    let load = |path: &Path| {
        key::load_signing_key(path).map_err(|error| StartError::new(error.reason(), error))
    };
    let admission = authority::read_admission(section.admission.path());
    let previous = section.previous_sign_key.as_ref();
    Ok(OwnCard {
        kind: section.kind.clone(),
        name: section.name.clone(),
        endpoint: section.endpoint.clone().unwrap_or_else(|| bound.to_string()),
        duty_phone: section.duty_phone.clone(),
        sign_key: load(section.sign_key.path())?,
        previous: previous.map(|file| load(file.path())).transpose()?,
        seal_key: seal_key(agency).map_err(|reason| refused(reason, "the seal key"))?,
        pseudonym_key: agency.keys.opening.public(&agency.oin, &mut UnwrapErr(getrandom::SysRng)),
        admission: admission.map_err(|error| StartError::new(error.reason(), error))?,
    })
}

fn seal_key(agency: &Agency) -> Result<Vec<u8>, Reason> {
    let key = agency.keys.seals.public().map_err(SealError::reason)?;
    Ok(key.bytes().to_vec())
}

fn secret(config: &NodeConfig) -> Result<Arc<NodeSecret>, StartError> {
    let secret = NodeSecret::load(config.agency.secret.path());
    secret.map(Arc::new).map_err(|error| StartError::new(error.reason(), error))
}

fn pack(config: &NodeConfig) -> Result<Pack, StartError> {
    Pack::open(config.policy.folder.as_ref().map(Place::path)).map_err(policy)
}

fn policy(error: PackError) -> StartError {
    StartError::new(error.reason(), error)
}

async fn loaded_staff(
    config: &NodeConfig,
    pack: &Pack,
    (store, secret): (&Arc<dyn Store>, &Arc<NodeSecret>),
) -> Result<Arc<Registry>, StartError> {
    let staff = Arc::new(Registry::new(store.clone(), secret.clone()));
    let section = &config.agency;
    let id = section.id.as_deref().unwrap_or_default();
    let mut people = Vec::new();
    for file in &section.staff {
        let text = read(file.path(), STAFF_FILE_BYTES_MAX)?;
        let known = |role: &_| pack.catalogue().role(role).is_some();
        let parsed = staff::parse(&text, id, known);
        people.extend(parsed.map_err(|error| StartError::new(error.reason(), error))?);
    }
    let loaded = staff.load(people).await;
    loaded.map_err(|error| StartError::new(error.reason(), error))?;
    Ok(staff)
}

/// A text file that the configuration names.
fn read(path: &Path, bytes_max: u64) -> Result<String, StartError> {
    let unreadable = |error| {
        let what = format!("{} cannot be read: {error}", path.display());
        StartError::new(Reason::FileUnreadable, what)
    };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(bytes_max + 1).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(refused(Reason::TooLarge, &path.display().to_string()));
    }
    Ok(text)
}

fn refused(reason: Reason, what: &str) -> StartError {
    use grondslag_core::lang::Lang;
    StartError::new(reason, format!("{what}: {}", reason.sentence(Lang::En)))
}

#[cfg(test)]
mod tests;
