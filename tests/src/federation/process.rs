//! A small region of real processes, so that a test can kill them: a broker and some nodes, each
//! with a store on disk, under a region clock that stands still.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Oin;
use grondslag_evidence::audit::Copied;
use grondslag_evidence::ledger::Leaves;
use grondslag_evidence::records::{Opening, open};
use grondslag_node::config::NodeConfig;
use grondslag_node::serve::Stopped;
use grondslag_runtime::clock::RegionClockFile;
use grondslag_runtime::config;
use grondslag_runtime::net::TcpNet;

use super::desk::Desk;
use super::hand::Hand;
use super::identity::Identities;
use super::party::{At, Place, import, quoted, released};

const BROKER: &str = "broker";
const FANOUT_MS: u64 = 5_000;
/// Leaves read at once.
const LEDGER_PAGE: usize = 64;

/// The processes.
pub struct Processes {
    program: PathBuf,
    place: Place,
    clock: String,
    addresses: BTreeMap<String, At>,
    running: BTreeMap<String, Child>,
}

impl Processes {
    /// Nobody runs yet, but all is ready: certificates, clock, addresses, and the records of each
    /// node in its store.
    ///
    /// # Errors
    /// When any of that cannot be made.
    pub async fn prepare(program: &Path, agencies: &[&str], at: &str) -> Result<Self> {
        let at = Timestamp::parse(at)?;
        let ids: Vec<String> = agencies.iter().map(ToString::to_string).collect();
        let clock = Arc::new(SetClock::at(at));
        let place = Place::new(Identities::shared()?, clock, &ids, true, FANOUT_MS)?;
        let clock_file = place.file("clock.json");
        RegionClockFile::create(&clock_file, at)?;
        let mut addresses = BTreeMap::new();
        for id in ids.iter().map(String::as_str).chain([BROKER]) {
            let at = At { region: Some(free()?), desk: Some(free()?) };
            addresses.insert(id.to_owned(), at);
        }
        let clock = format!("[clock]\nregion_file = {}", quoted(&clock_file));
        let (program, running) = (program.to_owned(), BTreeMap::new());
        let processes = Self { program, place, clock, addresses, running };
        for id in &ids {
            processes.fill(id, at).await?;
        }
        Ok(processes)
    }

    async fn fill(&self, id: &str, as_of: Timestamp) -> Result<()> {
        let config: NodeConfig = config::load(&self.file_of(id)?)?;
        let around = self.place.surroundings(Arc::new(TcpNet));
        let node = Stopped::open(&config, around).await?;
        let kind = &config.agency.kind;
        import(&node.store, &node.secret, id, kind, false, as_of).await?;
        // Its task that watches certificates holds the store too; it ends with the process.
        node.context.shutdown.trigger_at_once();
        drop(node);
        released(config.store.path.path(), &self.oin(id)?).await
    }

    /// Starts the broker, or one of the nodes.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&mut self, who: &str) -> Result<()> {
        let kind = if who == BROKER { BROKER } else { "node" };
        let log = fs::File::create(self.place.file(&format!("{who}.log")))?;
        let child = Command::new(&self.program)
            .args([kind.as_ref(), self.file_of(who)?.as_os_str()])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        self.running.insert(who.to_owned(), child);
        Ok(())
    }

    /// Kills a process: SIGKILL, which it neither sees nor survives.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, who: &str) -> Result<()> {
        let mut child = self.running.remove(who).with_context(|| format!("no process {who}"))?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// What a process said, for a test that fails.
    pub fn log(&self, who: &str) -> String {
        fs::read_to_string(self.place.file(&format!("{who}.log"))).unwrap_or_default()
    }

    /// Where the broker is called.
    ///
    /// # Errors
    /// When there is none.
    pub fn broker_endpoint(&self) -> Result<String> {
        Ok(self.at(BROKER)?.region.context("an address")?.to_string())
    }

    /// An agency that makes its own messages.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn hand(&self, agency: &str) -> Result<Hand> {
        Hand::open(&self.place.identities.agency(agency)?)
    }

    /// An agency's organisation.
    ///
    /// # Errors
    /// When the world has no such agency.
    pub fn oin(&self, agency: &str) -> Result<Oin> {
        self.place.identities.world().agency(agency)?.oin()
    }

    /// The broker's organisation.
    ///
    /// # Errors
    /// When the world is wrong.
    pub fn broker_oin(&self) -> Result<Oin> {
        Ok(Oin::parse(&self.place.identities.world().region.broker.oin)?)
    }

    /// The desk of an agency's privacy officer.
    ///
    /// # Errors
    /// When it has none.
    pub fn privacy_officer(&self, agency: &str) -> Result<Desk> {
        let officer = &self.place.identities.world().privacy_officer(agency)?.id;
        self.desk(agency, officer)
    }

    /// Somebody's desk, whether their node runs or not.
    ///
    /// # Errors
    /// When their certificate cannot be made.
    pub fn desk(&self, agency: &str, staff: &str) -> Result<Desk> {
        let identities = &self.place.identities;
        let address = self.at(agency)?.desk.context("an address")?.to_string();
        let (node, person) = (identities.agency(agency)?, identities.person(agency, staff)?);
        Desk::open(&address, &self.oin(agency)?, &node, &person)
    }

    /// Moves the clock of everybody.
    ///
    /// # Errors
    /// When it would go back.
    pub fn set_clock(&self, to: Timestamp) -> Result<()> {
        Ok(RegionClockFile::open(&self.place.file("clock.json"))?.step_to(to)?)
    }

    /// What stands behind the leaves of one kind of record of a node that does not run.
    ///
    /// # Errors
    /// When its store cannot be read.
    pub async fn records(&self, agency: &str, kind: &str) -> Result<Vec<Vec<u8>>> {
        let copy = tempfile::tempdir()?;
        let folder = self.place.file("store").join(agency);
        let copied = Copied::take(&folder, copy.path(), &self.oin(agency)?).await?;
        let ledger = copied.ledger("node").await?;
        let (mut found, mut from) = (Vec::new(), 0);
        loop {
            let page = Leaves::read(&ledger, from, LEDGER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            from = last.index + 1;
            for record in &page {
                match open(copied.store().as_ref(), &record.leaf).await? {
                    Opening::Opened(opened) if opened.kind == kind => found.push(opened.body),
                    _ => {}
                }
            }
        }
    }

    fn file_of(&self, who: &str) -> Result<PathBuf> {
        let at = self.at(who)?;
        if who == BROKER {
            return self.place.broker_file(at, &self.clock);
        }
        self.place.node_file(who, &self.broker_endpoint()?, at, &self.clock)
    }

    fn at(&self, who: &str) -> Result<At> {
        self.addresses.get(who).copied().with_context(|| format!("no address of {who}"))
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An address where nobody listens now.
fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
