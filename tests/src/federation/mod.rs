//! A region in one process: a broker and some agencies of the demo world, each with its own
//! store, over real mutual TLS on loopback, under one clock that a test sets.
//!
//! Life of a federation: [`Setup`] says who takes part; the broker starts; every agency's files
//! are imported and its node starts; when each holds the card of all others, [`Setup::start`]
//! returns. All of it runs on one runtime of the test process ([`run`]), so that tests can share
//! certificates and whole federations.

pub mod between;
pub mod desk;
mod epochs;
mod escalation;
pub mod gate;
pub mod hand;
pub mod identity;
pub mod keys;
mod log;
pub mod lone;
mod party;
mod play;
pub mod process;
mod reply;
mod setup;
pub mod sketch;
mod witnesses;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, TargetId};
use grondslag_evidence::store::faulty::FaultyStore;
use grondslag_node::agency::Agency;
use grondslag_policy::Pack;
use grondslag_proto::v1;
use tokio::runtime::Runtime;
use tonic::transport::Channel;

use self::desk::{Desk, Heard};
use self::gate::Gate;
use self::hand::{Hand, Plea, Sketch};
use self::identity::{Identities, KEY_HOLDER};
use self::keys::RegionKeys;
use self::party::{At, BrokerParty, HolderParty, NodeParty, Place};
use crate::world::World;

pub use self::party::{import, quoted};
pub use self::setup::Setup;

/// Longest wait until every node holds every card.
const SETTLE: Duration = Duration::from_secs(20);
/// Pause between two looks at that.
const LOOK: Duration = Duration::from_millis(10);

static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
});

/// Runs a test on the one runtime of this process.
///
/// # Errors
/// Those of the test.
pub fn run<T>(test: impl Future<Output = Result<T>>) -> Result<T> {
    match &*RUNTIME {
        Ok(runtime) => runtime.block_on(test),
        Err(error) => bail!("no runtime: {error}"),
    }
}

/// A region that runs.
pub struct Federation {
    place: Place,
    endpoint: String,
    broker: BrokerParty,
    key_holder: Mutex<Option<HolderParty>>,
    nodes: Mutex<BTreeMap<String, Option<NodeParty>>>,
    unready: Vec<String>,
    keys: Mutex<Option<Arc<RegionKeys>>>,
    desks: Mutex<BTreeMap<(String, String), Desk>>,
}

impl Federation {
    /// The demo world.
    pub fn world(&self) -> &World {
        self.place.identities.world()
    }

    /// Certificates and keys.
    pub fn identities(&self) -> &Identities {
        &self.place.identities
    }

    /// Moves the clock of everybody.
    pub fn set_clock(&self, to: Timestamp) {
        self.place.clock.set(to);
    }

    /// What everybody's clock says.
    pub fn now(&self) -> Timestamp {
        use grondslag_core::clock::Clock as _;
        self.place.clock.now()
    }

    /// The rules in force.
    ///
    /// # Errors
    /// When the rules of this build are wrong.
    pub fn bundle(&self) -> Result<Digest> {
        Ok(Pack::builtin()?.bundle())
    }

    /// An agency's organisation.
    ///
    /// # Errors
    /// When the world has no such agency.
    pub fn oin(&self, agency: &str) -> Result<Oin> {
        self.world().agency(agency)?.oin()
    }

    /// Where the broker listens.
    pub fn broker_endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The broker's organisation.
    ///
    /// # Errors
    /// When the world is wrong.
    pub fn broker_oin(&self) -> Result<Oin> {
        Ok(Oin::parse(&self.world().region.broker.oin)?)
    }

    /// Asks as somebody, and waits until every agency has a state.
    ///
    /// # Errors
    /// The status of a fault, or why there is no such desk.
    pub async fn ask(
        &self,
        agency: &str,
        staff: &str,
        question: v1::DeskQuestion,
    ) -> Result<Heard> {
        let heard = self.desk(agency, staff)?.ask(question).await;
        heard.map_err(|status| anyhow::anyhow!("{agency}/{staff}: {status}"))
    }

    /// The decision of a holder on a question, as its privacy officer reads it.
    ///
    /// # Errors
    /// When the privacy officer cannot read.
    pub async fn decision(
        &self,
        agency: &str,
        inquiry: &InquiryId,
    ) -> Result<Option<v1::DecisionRecord>> {
        let id = TargetId::derive(inquiry, &self.oin(agency)?);
        let officer = self.world().privacy_officer(agency)?.id.clone();
        let decisions = self.desk(agency, &officer)?.decisions(Some(&id)).await?;
        Ok(decisions.into_iter().next())
    }

    /// Every decision of a holder, as its privacy officer reads them.
    ///
    /// # Errors
    /// When the privacy officer cannot read.
    pub async fn decisions(&self, agency: &str) -> Result<Vec<v1::DecisionRecord>> {
        let officer = self.world().privacy_officer(agency)?.id.clone();
        Ok(self.desk(agency, &officer)?.decisions(None).await?)
    }

    /// Somebody's desk.
    ///
    /// # Errors
    /// When their node does not run or their certificate cannot be made.
    pub fn desk(&self, agency: &str, staff: &str) -> Result<Desk> {
        let key = (agency.to_owned(), staff.to_owned());
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = desks.get(&key) {
            return Ok(desk.clone());
        }
        let person = self.identities().person(agency, staff)?;
        let desk = self.desk_with(agency, &person)?;
        desks.insert(key, desk.clone());
        Ok(desk)
    }

    /// The desk of an agency, with whatever certificate lies in a folder.
    ///
    /// # Errors
    /// When the node does not run or the folder cannot be read.
    pub fn desk_with(&self, agency: &str, person: &std::path::Path) -> Result<Desk> {
        let address = self.node(agency, |node| node.node.desk_address)?;
        let folder = self.identities().agency(agency)?;
        Desk::open(&address.to_string(), &self.oin(agency)?, &folder, person)
    }

    /// An agency that makes its own messages.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn hand(&self, agency: &str) -> Result<Hand> {
        Hand::open(&self.identities().agency(agency)?)
    }

    /// A broker that makes its own messages, with the real broker's keys.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn broker_hand(&self) -> Result<Hand> {
        let mut hand = Hand::open(&self.identities().broker()?)?;
        hand.holder = Some(self.place.holder(&hand.region));
        hand.log = Some(self.broker.log(self.place.clock.clone()));
        Ok(hand)
    }

    /// A channel of `hand` to the broker.
    ///
    /// # Errors
    /// When the endpoint is none.
    pub fn to_broker(&self, hand: &Hand) -> Result<Channel> {
        hand.channel(&self.endpoint, &self.broker_oin()?)
    }

    /// A channel of `hand` to a node's region listener.
    ///
    /// # Errors
    /// When the node does not run.
    pub fn to_node(&self, hand: &Hand, agency: &str) -> Result<Channel> {
        let address = self.node(agency, |node| node.node.region_address)?;
        hand.channel(&address.to_string(), &self.oin(agency)?)
    }

    /// A question made by hand, signed by its asker.
    ///
    /// # Errors
    /// When a word of it is no code.
    pub fn sketch(&self, asker: &Hand, plea: &Plea<'_>, targets: &[&str]) -> Result<Sketch> {
        let oins = targets.iter().map(|id| self.oin(id)).collect::<Result<Vec<_>>>()?;
        let oins: Vec<&Oin> = oins.iter().collect();
        let keys = self.keys()?;
        let mut sketch = Sketch::of(&asker.oin, plea, &oins, keys, self.bundle()?, self.now())?;
        sketch.sign(&asker.key)?;
        Ok(sketch)
    }

    /// Everybody's keys, as the broker published them when the federation last settled.
    ///
    /// # Errors
    /// Before it settled.
    pub fn keys(&self) -> Result<Arc<RegionKeys>> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.clone().context("the keys are not known yet")
    }

    /// What a node's services share.
    ///
    /// # Errors
    /// When it does not run.
    pub fn agency(&self, agency: &str) -> Result<Arc<Agency>> {
        self.node(agency, |node| node.node.agency.clone())
    }

    /// A node's store, whose commits can be made to fail.
    ///
    /// # Errors
    /// When the node does not run.
    pub fn store(&self, agency: &str) -> Result<Arc<FaultyStore>> {
        self.node(agency, |node| node.store.clone())
    }

    /// The broker's store, whose commits can be made to fail.
    pub fn broker_store(&self) -> Arc<FaultyStore> {
        self.broker.store.clone()
    }

    /// The store of the key holder beside the broker.
    ///
    /// # Errors
    /// When there is none, or it does not run.
    pub fn key_holder_store(&self) -> Result<Arc<FaultyStore>> {
        self.key_holder(|holder| holder.store.clone())
    }

    /// A channel of `hand` to the key holder beside the broker.
    ///
    /// # Errors
    /// When there is none, or it does not run.
    pub fn to_key_holder(&self, hand: &Hand) -> Result<Channel> {
        let address = self.key_holder(|holder| holder.address)?;
        hand.channel(&address.to_string(), &Oin::parse(KEY_HOLDER)?)
    }

    /// Ends the key holder beside the broker at once, and says where it listened.
    ///
    /// # Errors
    /// When there is none, or it does not run.
    pub fn stop_key_holder(&self) -> Result<std::net::SocketAddr> {
        let mut holder = self.key_holder.lock().unwrap_or_else(PoisonError::into_inner);
        let stopped = holder.take().context("no key holder runs")?;
        stopped.shutdown.trigger_at_once();
        Ok(stopped.address)
    }

    /// Starts the key holder again where it was: its factors are on disk, its counters are gone.
    ///
    /// # Errors
    /// When it cannot start.
    pub async fn restart_key_holder(&self, at: std::net::SocketAddr) -> Result<()> {
        let at = At { region: Some(at), desk: None };
        let started = HolderParty::start(&self.place, at).await?;
        let mut holder = self.key_holder.lock().unwrap_or_else(PoisonError::into_inner);
        *holder = Some(started);
        Ok(())
    }

    fn key_holder<T>(&self, of: impl FnOnce(&HolderParty) -> T) -> Result<T> {
        let holder = self.key_holder.lock().unwrap_or_else(PoisonError::into_inner);
        holder.as_ref().map(of).context("no key holder runs")
    }

    /// Accepts connections to a node and answers none, until it is released.
    ///
    /// # Errors
    /// When the node does not run.
    pub fn hold(&self, agency: &str) -> Result<Gate> {
        let gate = self.node(agency, |node| node.gate.clone())?;
        gate.hold();
        Ok(gate)
    }

    /// Ends a node in order.
    ///
    /// # Errors
    /// When it does not run or ended badly.
    pub async fn stop(&self, agency: &str) -> Result<()> {
        Ok(self.take(agency)?.node.stop().await?)
    }

    /// Ends a node at once.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&self, agency: &str) -> Result<()> {
        self.take(agency)?.node.kill().await;
        Ok(())
    }

    /// Starts a node again where it was: its files are imported anew, and what its memory held is
    /// gone, but for what stands on disk.
    ///
    /// # Errors
    /// When it cannot start.
    pub async fn restart(&self, agency: &str, at: std::net::SocketAddr) -> Result<()> {
        self.place.released(agency, &self.oin(agency)?).await?;
        let at = At { region: Some(at), desk: None };
        let records = Some(false);
        let node = NodeParty::start(&self.place, agency, &self.endpoint, records, at).await?;
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.insert(agency.to_owned(), Some(node));
        Ok(())
    }

    /// Where a node is called by the region.
    ///
    /// # Errors
    /// When it does not run.
    pub fn address(&self, agency: &str) -> Result<std::net::SocketAddr> {
        self.node(agency, |node| node.node.region_address)
    }

    /// Waits until every running node holds card and keys of every other and can answer.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn settle(&self) -> Result<()> {
        let agencies = self.agencies();
        let settled = async {
            for (_, agency) in &agencies {
                while !agency.directory.is_published().await {
                    tokio::time::sleep(LOOK).await;
                }
            }
            let mut waiting = Vec::new();
            for (id, agency) in &agencies {
                let link = agency.broker_link.as_ref();
                // All others, itself and the broker.
                while agency.directory.cards().len() <= agencies.len() {
                    let _ = agency.directory.refresh(link).await;
                    tokio::time::sleep(LOOK).await;
                }
                while agency.refresh_epoch().await.is_err() {
                    tokio::time::sleep(LOOK).await;
                }
                waiting.extend((!self.unready.contains(id)).then_some(agency));
            }
            for agency in waiting {
                while agency.readiness().await.is_some() {
                    tokio::time::sleep(LOOK).await;
                }
            }
        };
        let settled = tokio::time::timeout(SETTLE, settled).await;
        settled.context("the nodes did not come to know each other")?;
        self.read_keys(agencies.first().map(|(id, _)| id.as_str())).await
    }

    /// The nodes that run.
    fn agencies(&self) -> Vec<(String, Arc<Agency>)> {
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let running = nodes.iter().filter_map(|(id, node)| Some((id, node.as_ref()?)));
        running.map(|(id, node)| (id.clone(), node.node.agency.clone())).collect()
    }

    async fn read_keys(&self, reader: Option<&str>) -> Result<()> {
        let hand = self.hand(reader.context("an agency")?)?;
        let keys = RegionKeys::read(&self.to_broker(&hand)?, &hand.region).await?;
        let mut known = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::new(keys));
        Ok(())
    }

    fn node<T>(&self, agency: &str, look: impl FnOnce(&NodeParty) -> T) -> Result<T> {
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let node = nodes.get(agency).and_then(Option::as_ref);
        Ok(look(node.with_context(|| format!("{agency} does not run"))?))
    }

    fn take(&self, agency: &str) -> Result<NodeParty> {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let node = nodes.get_mut(agency).and_then(Option::take);
        node.with_context(|| format!("{agency} does not run"))
    }
}
