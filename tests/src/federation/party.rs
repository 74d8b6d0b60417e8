//! One party of a federation: its configuration, its store, its start and its end.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use grondslag_broker::config::BrokerConfig;
use grondslag_broker::holder::config::HolderConfig;
use grondslag_broker::holder::serve as holder;
use grondslag_broker::serve::build;
use grondslag_certs::SealedFile;
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::{Clock as _, SetClock, Timestamp};
use grondslag_core::id::{Mode, Oin};
use grondslag_evidence::store::faulty::FaultyStore;
use grondslag_evidence::store::{self, Backend, Store, StoreError};
use grondslag_node::config::NodeConfig;
use grondslag_node::keys::Keys;
use grondslag_node::records::import::{self as records, Files, Report, Terms};
use grondslag_node::secret::NodeSecret;
use grondslag_node::serve::Node;
use grondslag_node::watch;
use grondslag_policy::Pack;
use grondslag_policy::catalogue::BsnRight;
use grondslag_runtime::config;
use grondslag_runtime::net::{Net, TcpNet};
use grondslag_runtime::run::{Context, ProcessConfig as _, Surroundings, serve};
use grondslag_runtime::shutdown::Shutdown;
use grondslag_subject::pseudonym::Canary;
use rand_core::UnwrapErr;
use tempfile::TempDir;

use super::gate::{Gate, GatedNet};
use super::identity::{Identities, KEY_HOLDER};
use super::keys::HolderKeys;
use super::log::BrokerLog;
use super::witnesses::Witnessed;
use crate::world;

/// Kinds of import files; those of the generated clients come on top.
const TABLES: [&str; 3] = ["clients", "records", "facts"];

/// Most looks whether a store is free again: five seconds.
const RELEASE_LOOKS_MAX: u32 = 1_000;

/// What the parties of one federation have in common.
pub(super) struct Place {
    pub(super) identities: Arc<Identities>,
    pub(super) clock: Arc<SetClock>,
    folder: TempDir,
    on_disk: bool,
    fanout_ms: u64,
    /// Questions a day of one person, and half of those of an agency; absent means the default.
    pub(super) budget: Option<u64>,
    /// Steps a day that the broker's key holder makes for one agency; absent means the default.
    pub(super) steps_per_day: Option<u64>,
    /// Milliseconds between two moments at which nodes answer; 0 is at once.
    pub(super) reply_tick_ms: u64,
    /// The section about telemetry that every party has; absent means none.
    pub(super) telemetry: Option<String>,
    /// Where the key holder beside the broker listens, if there is one.
    pub(super) key_holder: Option<SocketAddr>,
    /// The region's operators and witnesses, if it has any.
    pub(super) witnessed: Option<Witnessed>,
}

/// Where a party listens; absent means wherever there is room.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct At {
    /// For the region.
    pub(super) region: Option<SocketAddr>,
    /// For its own people.
    pub(super) desk: Option<SocketAddr>,
}

impl At {
    fn text(address: Option<SocketAddr>) -> String {
        address.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string())
    }
}

/// Made-up subjects of a federation.
const CANARIES: usize = 8;

impl Place {
    /// A folder for configurations and stores, with the admissions that the broker's operator
    /// took.
    pub(super) fn new(
        identities: Arc<Identities>,
        clock: Arc<SetClock>,
        agencies: &[String],
        on_disk: bool,
        fanout_ms: u64,
    ) -> Result<Self> {
        let folder = TempDir::new_in(identities.folder())?;
        let admissions = folder.path().join("operator").join("admissions");
        fs::create_dir_all(&admissions)?;
        for id in agencies {
            let admission = identities.agency(id)?.join("admission.json");
            fs::copy(admission, admissions.join(format!("{id}.json")))?;
        }
        let mut rng = UnwrapErr(getrandom::SysRng);
        let canaries = (0..CANARIES).map(|_| format!("{}\n", Canary::random(&mut rng).expose()));
        fs::write(folder.path().join("canaries.txt"), canaries.collect::<String>())?;
        Ok(Self {
            identities,
            clock,
            folder,
            on_disk,
            fanout_ms,
            budget: None,
            steps_per_day: None,
            reply_tick_ms: 0,
            telemetry: None,
            key_holder: None,
            witnessed: None,
        })
    }

    /// Waits until nobody holds the store of a party that ended; one in memory is gone.
    pub(super) async fn released(&self, party: &str, owner: &Oin) -> Result<()> {
        if self.on_disk { released(&self.file("store").join(party), owner).await } else { Ok(()) }
    }

    /// A file in the federation's own folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of an agency's seal keys.
    pub(super) fn seal_keys(&self, id: &str) -> PathBuf {
        self.file("keys").join(id).join("seal")
    }

    /// An agency's own keys, of this federation alone: its store, which says what they are for,
    /// is of this federation too.
    fn node_keys(&self, id: &str) -> Result<(PathBuf, PathBuf)> {
        let seals = self.seal_keys(id);
        let folder = seals.parent().context("a folder")?;
        let opening = folder.join("pseudonym.key");
        if !opening.exists() {
            fs::create_dir_all(folder)?;
            Keys::create(&opening, &seals)?;
        }
        Ok((opening, seals))
    }

    /// Where the broker keeps its factors.
    pub(super) fn holder(&self, region: &str) -> HolderKeys {
        let (factors, key) = (self.file("factors.sealed"), self.file("factors.key"));
        HolderKeys { factors, key, region: region.to_owned() }
    }

    pub(super) fn surroundings(&self, net: Arc<dyn Net>) -> Surroundings {
        let clock: Arc<dyn grondslag_core::clock::Clock> = self.clock.clone();
        Surroundings { net, shutdown: Shutdown::new(), clock: Some(clock) }
    }

    /// The sections that every party has.
    fn common(&self, party: &str, identity: &Path, at: At) -> Result<String> {
        let store = self.file("store");
        fs::create_dir_all(&store)?;
        let address = At::text(at.region);
        let backend = if self.on_disk { "sled" } else { "memory" };
        let mut text = String::new();
        writeln!(text, "[identity]")?;
        for (key, file) in
            [("cert", "cert.pem"), ("key", "key.pem"), ("root", "ca.pem"), ("crl", "crl.pem")]
        {
            writeln!(text, "{key} = {}", quoted(&identity.join(file)))?;
        }
        writeln!(text, "[listen]\naddress = \"{address}\"")?;
        let path = quoted(&store.join(party));
        writeln!(text, "[store]\nbackend = \"{backend}\"\npath = {path}")?;
        writeln!(text, "[limits]\nnotice_ms = 0\ngrace_ms_max = 2000")?;
        writeln!(text, "{}", self.telemetry.as_deref().unwrap_or_default())?;
        Ok(text)
    }

    /// Writes a broker's configuration; `more` is added at its end.
    pub(super) fn broker_file(&self, at: At, more: &str) -> Result<PathBuf> {
        let identity = self.identities.broker()?;
        let broker = &self.identities.world().region.broker;
        let mut text = self.common("broker", &identity, at)?;
        writeln!(text, "[broker]\nname = {:?}\nduty_phone = \"088 990 00 00\"", broker.name)?;
        writeln!(text, "admission = {}", quoted(&identity.join("admission.json")))?;
        writeln!(text, "sign_key = {}", quoted(&identity.join("sign.key")))?;
        writeln!(text, "operator = {}", quoted(&self.file("operator")))?;
        let HolderKeys { factors, key, .. } = self.holder("");
        if !key.exists() {
            SealedFile::create_key(&key)?;
        }
        writeln!(text, "factors = {}\nfactors_key = {}", quoted(&factors), quoted(&key))?;
        writeln!(text, "fanout_ms = {}", self.fanout_ms)?;
        if let Some(steps) = self.steps_per_day {
            writeln!(text, "steps_per_day = {steps}")?;
        }
        writeln!(text, "{}", self.budget("budget"))?;
        if let Some(address) = self.key_holder {
            writeln!(text, "[key_holder]\noin = {KEY_HOLDER:?}\nendpoint = \"{address}\"")?;
        }
        writeln!(text, "{more}{}", self.region_section())?;
        self.write("broker", &text)
    }

    /// Writes the configuration of the key holder beside the broker.
    pub(super) fn key_holder_file(&self, at: At) -> Result<PathBuf> {
        let identity = self.identities.key_holder()?;
        let mut text = self.common("holder", &identity, at)?;
        writeln!(text, "[holder]\nname = \"Sleutelbeheer\"\nduty_phone = \"088 990 00 01\"")?;
        writeln!(text, "admission = {}", quoted(&identity.join("admission.json")))?;
        writeln!(text, "sign_key = {}", quoted(&identity.join("sign.key")))?;
        let operator = self.file("holder-operator");
        fs::create_dir_all(&operator)?;
        writeln!(text, "operator = {}", quoted(&operator))?;
        let (factors, key) = (self.file("holder.sealed"), self.file("holder.key"));
        if !key.exists() {
            SealedFile::create_key(&key)?;
        }
        writeln!(text, "factors = {}\nfactors_key = {}", quoted(&factors), quoted(&key))?;
        writeln!(text, "broker = {:?}", self.identities.world().region.broker.oin)?;
        self.write("holder", &text)
    }

    /// The broker's operator took the admission of the key holder too.
    pub(super) fn admit_key_holder(&self) -> Result<()> {
        let admission = self.identities.key_holder()?.join("admission.json");
        fs::copy(admission, self.file("operator").join("admissions").join("holder.json"))?;
        Ok(())
    }

    /// Writes a node's configuration; `more` is added at its end.
    pub(super) fn node_file(&self, id: &str, broker: &str, at: At, more: &str) -> Result<PathBuf> {
        let text = node_config(self, id, broker, at)?;
        let region = self.region_section();
        self.write(id, &format!("{text}\n{}\n{more}{region}", self.budget("asks")))
    }

    fn budget(&self, section: &str) -> String {
        self.budget.map_or_else(String::new, |person| {
            let agency = 2 * person;
            format!("[{section}]\nperson_per_day = {person}\nagency_per_day = {agency}")
        })
    }

    fn write(&self, party: &str, text: &str) -> Result<PathBuf> {
        let file = self.file(&format!("{party}.toml"));
        fs::write(&file, text)?;
        Ok(file)
    }
}

/// A broker that runs.
pub(super) struct BrokerParty {
    pub(super) address: SocketAddr,
    pub(super) store: Arc<FaultyStore>,
    /// Where the tiles of its ledger stand.
    pub(super) tiles: PathBuf,
}

impl BrokerParty {
    /// Its ledger, for who plays it.
    pub(super) fn log(&self, clock: Arc<SetClock>) -> BrokerLog {
        BrokerLog { store: self.store.clone(), tiles: Some(self.tiles.clone()), clock }
    }

    /// Starts it.
    pub(super) async fn start(place: &Place) -> Result<Self> {
        let config: BrokerConfig = config::load(&place.broker_file(At::default(), "")?)?;
        let around = place.surroundings(Arc::new(TcpNet));
        let mut context = Context::open(BrokerConfig::PROCESS, &config.common(), around).await?;
        let store = Arc::new(FaultyStore::new(context.store.clone()));
        context.store = store.clone();
        // Files in any case: who plays the broker opens its ledger too.
        let tiles = context.tiles.get_or_insert(place.file("broker-tiles")).join("broker");
        let app = build(config, &context).await?;
        let address = app.servers.first().context("the broker has no listener")?.address();
        let _served = tokio::spawn(serve(app, context));
        Ok(Self { address, store, tiles })
    }
}

/// A key holder beside the broker, that runs.
pub(super) struct HolderParty {
    pub(super) address: SocketAddr,
    pub(super) store: Arc<FaultyStore>,
    pub(super) shutdown: Shutdown,
}

impl HolderParty {
    /// Starts it.
    pub(super) async fn start(place: &Place, at: At) -> Result<Self> {
        let config: HolderConfig = config::load(&place.key_holder_file(at)?)?;
        let around = place.surroundings(Arc::new(TcpNet));
        let mut context = Context::open(HolderConfig::PROCESS, &config.common(), around).await?;
        let store = Arc::new(FaultyStore::new(context.store.clone()));
        context.store = store.clone();
        let shutdown = context.shutdown.clone();
        let app = holder::build(config, &context).await?;
        let address = app.servers.first().context("the holder has no listener")?.address();
        let _served = tokio::spawn(serve(app, context));
        Ok(Self { address, store, shutdown })
    }
}

/// A node that runs.
pub(super) struct NodeParty {
    pub(super) node: Node,
    pub(super) store: Arc<FaultyStore>,
    pub(super) gate: Gate,
}

impl NodeParty {
    /// Starts it; `records` says whether its files are imported, and with the generated ones.
    pub(super) async fn start(
        place: &Place,
        id: &str,
        broker: &str,
        records: Option<bool>,
        at: At,
    ) -> Result<Self> {
        let config: NodeConfig = config::load(&place.node_file(id, broker, at, "")?)?;
        let gate = Gate::default();
        let around = place.surroundings(Arc::new(GatedNet(gate.clone())));
        let mut context = Context::open(NodeConfig::PROCESS, &config.common(), around).await?;
        let store = Arc::new(FaultyStore::new(context.store.clone()));
        context.store = store.clone();
        if place.witnessed.as_ref().is_some_and(|witnessed| witnessed.has_begun(id)) {
            watch::begin(store.as_ref()).await?;
        }
        if let Some(bulk) = records {
            let secret = NodeSecret::load(config.agency.secret.path())?;
            let into: Arc<dyn Store> = store.clone();
            import(&into, &secret, id, &config.agency.kind, bulk, place.clock.now()).await?;
        }
        let node = Node::start_in(config, context).await.with_context(|| id.to_owned())?;
        Ok(Self { node, store, gate })
    }
}

fn node_config(place: &Place, id: &str, endpoint: &str, at: At) -> Result<String> {
    let identity = place.identities.agency(id)?;
    let world = place.identities.world();
    let agency = world.agency(id)?;
    let mut text = place.common(id, &identity, at)?;
    let desk_root = quoted(&identity.join("desk").join(grondslag_certs::desk::ROOT_FILE));
    writeln!(text, "[desk]\naddress = \"{}\"\nroot = {desk_root}", At::text(at.desk))?;
    writeln!(text, "[agency]\nid = {id:?}\nname = {:?}", agency.name)?;
    writeln!(text, "kind = {:?}", agency.kinds.first().context("an agency without a kind")?)?;
    writeln!(text, "duty_phone = {:?}", agency.phone)?;
    for (key, file) in
        [("admission", "admission.json"), ("sign_key", "sign.key"), ("secret", "node.secret")]
    {
        writeln!(text, "{key} = {}", quoted(&identity.join(file)))?;
    }
    let (opening, seals) = place.node_keys(id)?;
    writeln!(text, "pseudonym_key = {}\nseal_keys = {}", quoted(&opening), quoted(&seals))?;
    writeln!(text, "canaries = {}", quoted(&place.file("canaries.txt")))?;
    writeln!(text, "staff = [{}]", quoted(&world::folder().join("staff.toml")))?;
    writeln!(text, "[broker]\noin = {:?}\nendpoint = {endpoint:?}", world.region.broker.oin)?;
    if place.key_holder.is_some() {
        writeln!(text, "key_holders = [{KEY_HOLDER:?}]")?;
    }
    let overlay = world::folder().join("agencies").join(id).join("overlay.toml");
    if overlay.exists() {
        writeln!(text, "[policy]\noverlay = {}", quoted(&overlay))?;
    }
    writeln!(text, "[answers]\nreply_tick_ms = {}", place.reply_tick_ms)?;
    if let Some(witnessed) = &place.witnessed {
        writeln!(text, "witness_grace_s = {}", witnessed.grace_s)?;
    }
    Ok(text)
}

/// A path as TOML writes it.
pub fn quoted(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

/// Imports an agency's own files into a store; with `bulk` the generated ones too.
///
/// # Errors
/// When a file is not right.
pub async fn import(
    store: &Arc<dyn Store>,
    secret: &NodeSecret,
    id: &str,
    kind: &Kind,
    bulk: bool,
    as_of: Timestamp,
) -> Result<Report> {
    let pack = Pack::builtin()?;
    let kind = pack.catalogue().kind(kind).context("an unknown kind")?;
    let terms = Terms {
        mode: Mode::Demo,
        bsn_right: kind.bsn_right != BsnRight::None,
        vocabulary: pack.catalogue(),
        skip_bad: false,
        as_of,
    };
    let report = records::import(store, secret, &files(id, bulk), &terms, &mut |_| ()).await;
    report.with_context(|| format!("the files of {id}"))
}

fn files(id: &str, bulk: bool) -> Files {
    let folder = world::folder().join("agencies").join(id);
    let [clients, records, facts] = TABLES.map(|table| {
        let own = folder.join(format!("{table}.csv"));
        let generated = folder.join(format!("bulk-{table}.csv"));
        let wanted = [(own, true), (generated, bulk)];
        let there = wanted.into_iter().filter(|(path, wanted)| *wanted && path.exists());
        there.map(|(path, _)| path).collect()
    });
    Files { clients, records, facts }
}

/// Waits until nobody holds a store on disk any more: the last tasks of a node end a moment after
/// it.
pub(super) async fn released(path: &Path, owner: &Oin) -> Result<()> {
    for _ in 0..RELEASE_LOOKS_MAX {
        let (path, owner, backend) = (path.to_owned(), owner.clone(), Backend::Sled);
        match store::open(store::Config { path, owner, backend }).await {
            Err(StoreError::InUse) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => return Err(error.into()),
            Ok(_free) => return Ok(()),
        }
    }
    bail!("the store is still in use")
}
