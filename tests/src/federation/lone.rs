//! One node on its own, to see why it does not start.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Oin;
use grondslag_evidence::store::{self, Backend, Store};
use grondslag_node::config::NodeConfig;
use grondslag_node::serve::Node;
use grondslag_runtime::config;
use grondslag_runtime::net::TcpNet;
use grondslag_runtime::run::RunError;

use super::identity::Identities;
use super::party::{At, Place, released};

/// An endpoint where no broker is.
const NO_BROKER: &str = "127.0.0.1:1";

/// A node that may start, with its store on disk.
pub struct Lone {
    place: Place,
    agency: String,
    config: PathBuf,
}

impl Lone {
    /// A node with a configuration that is right.
    ///
    /// # Errors
    /// When its files cannot be made.
    pub fn new(agency: &str) -> Result<Self> {
        let clock = Arc::new(SetClock::at(Timestamp::parse("2026-06-24T10:00")?));
        let place = Place::new(Identities::shared()?, clock, &[], true, 1_000)?;
        let config = place.node_file(agency, NO_BROKER, At::default(), "")?;
        Ok(Self { place, agency: agency.to_owned(), config })
    }

    /// Changes its configuration.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn rewrite(&self, change: impl FnOnce(String) -> String) -> Result<()> {
        let text = fs::read_to_string(&self.config)?;
        Ok(fs::write(&self.config, change(text))?)
    }

    /// A file beside its configuration.
    pub fn file(&self, name: &str) -> PathBuf {
        self.place.file(name)
    }

    /// The folder of its store.
    pub fn store_folder(&self) -> PathBuf {
        self.place.file("store").join(&self.agency)
    }

    /// Opens its store as somebody.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn open_store(&self, owner: &Oin) -> Result<Arc<dyn Store>> {
        let (path, owner, backend) = (self.store_folder(), owner.clone(), Backend::Sled);
        Ok(store::open(store::Config { path, owner, backend }).await?)
    }

    /// Ends it, and waits until nothing of it holds the store any more.
    ///
    /// # Errors
    /// When it ended badly.
    pub async fn stop(&self, node: Node) -> Result<()> {
        let owner = node.agency.oin.clone();
        node.stop().await?;
        released(&self.store_folder(), &owner).await
    }

    /// Starts it.
    ///
    /// # Errors
    /// Why not.
    pub async fn start(&self) -> Result<Node, RunError> {
        let config: NodeConfig = config::load(&self.config)?;
        Ok(Node::start(config, self.place.surroundings(Arc::new(TcpNet))).await?)
    }
}
