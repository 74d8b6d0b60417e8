//! The region's processes: broker and nodes, each a child of its own, so that each can be looked
//! into, measured and killed. Whatever becomes of the demo, they end with it.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use grondslag_core::reason::Reason;
use grondslag_node::init::CONFIG_FILE;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::driver::Desks;
use super::limits::{LOG_TAIL_BYTES, START_MS_MAX, START_POLL_MS, STOP_MS_MAX};
use super::place::{Place, Ports};
use super::world::World;
use crate::exit::Failure;
use crate::files::unwritable;
use crate::status;

/// Name of the broker's process.
pub(super) const BROKER: &str = "broker";
/// What a process says before its log is open, and why it could not start.
const STDERR_FILE: &str = "stderr.log";

/// The running processes; dropping them kills them.
#[derive(Debug, Default)]
pub(super) struct Crew {
    /// Processes that copy what passes through them.
    tapped: BTreeSet<String>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    folder: PathBuf,
    child: Child,
}

impl Crew {
    /// Has the broker and one node copy what passes through them, once they start.
    pub(super) fn tap(&mut self, node: &str) {
        self.tapped = [BROKER, node].map(str::to_owned).into();
    }

    /// Starts the broker and, once it listens, every node.
    pub(super) async fn start(
        &mut self,
        world: &World,
        place: &Place,
        ports: &mut Ports,
    ) -> Result<(), Failure> {
        ports.release();
        let broker = place.broker();
        self.spawn(BROKER, BROKER, &broker, &place.broker_config())?;
        let since = Instant::now();
        while tokio::net::TcpStream::connect(ports.broker).await.is_err() {
            self.still_well()?;
            pause(since).await?;
        }
        self.start_nodes(world, place)
    }

    /// Ends every node, and starts it again with what its configuration says now. The broker goes
    /// on, and nobody copies what passes any more.
    pub(super) async fn restart_nodes(
        &mut self,
        world: &World,
        place: &Place,
    ) -> Result<(), Failure> {
        let (brokers, nodes) = self.members.drain(..).partition(|one| one.name == BROKER);
        self.members = brokers;
        end(nodes).await;
        self.tapped.clear();
        self.start_nodes(world, place)
    }

    fn start_nodes(&mut self, world: &World, place: &Place) -> Result<(), Failure> {
        for agency in &world.agencies {
            let folder = place.node(&agency.id);
            self.spawn(&agency.id, "node", &folder, &folder.join(CONFIG_FILE))?;
        }
        Ok(())
    }

    /// Waits until every node knows every agency and has enrolled its clients.
    pub(super) async fn ready(
        &mut self,
        world: &World,
        place: &Place,
        desks: &Desks<'_>,
        progress: &(dyn Fn() + Sync),
    ) -> Result<(), Failure> {
        let since = Instant::now();
        for agency in &world.agencies {
            let officer = world.privacy_officer(&agency.id)?;
            let desk = desks.of(&agency.id, officer.id.as_str())?;
            loop {
                self.still_well()?;
                match desk.agencies().await {
                    Ok(known) if known.len() == world.agencies.len() => break,
                    Err(failure) if is_final(failure.reason()) => return Err(failure),
                    Ok(_) | Err(_) => pause(since).await?,
                }
            }
            let config = place.node(&agency.id).join(CONFIG_FILE);
            while !is_whole(&config).await {
                self.still_well()?;
                pause(since).await?;
            }
            progress();
        }
        Ok(())
    }

    /// The process of the broker or of an agency.
    pub(super) fn pid(&self, name: &str) -> Option<u32> {
        self.members.iter().find(|one| one.name == name).and_then(|one| one.child.id())
    }

    /// A process that ended by itself is a failure of the whole.
    pub(super) fn still_well(&mut self) -> Result<(), Failure> {
        for member in &mut self.members {
            if let Ok(Some(status)) = member.child.try_wait() {
                let said = tail(&member.folder.join(STDERR_FILE));
                let what = format!("{} ({status})\n{said}", member.name);
                return Err(Failure::new(Reason::Unreachable, what));
            }
        }
        Ok(())
    }

    /// Asks every process to end, and ends those that do not.
    pub(super) async fn stop(&mut self) {
        end(std::mem::take(&mut self.members)).await;
    }

    /// The processes that have ended.
    pub(super) fn ended(&mut self) -> Vec<String> {
        let ended = self.members.iter_mut().filter_map(|member| {
            matches!(member.child.try_wait(), Ok(Some(_))).then(|| member.name.clone())
        });
        ended.collect()
    }

    fn spawn(
        &mut self,
        name: &str,
        program: &str,
        folder: &Path,
        config: &Path,
    ) -> Result<(), Failure> {
        let own = std::env::current_exe().map_err(|error| Failure::new(Reason::Internal, error))?;
        let said = folder.join(STDERR_FILE);
        let stderr = OpenOptions::new().create(true).append(true).open(&said);
        let stderr = stderr.map_err(|error| unwritable(&said, &error))?;
        let mut command = Command::new(own);
        command.args([program, "serve", "--with-parent", "--config"]).arg(config);
        if self.tapped.contains(name) {
            command.arg("--tap").arg(Place::tap(folder));
        }
        let child = command
            // Its other end closes with us, even when we are killed.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(stderr)
            // A signal of the terminal is for the demo, which then ends its processes in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::new(Reason::Internal, format!("{name}: {error}")))?;
        self.members.push(Member { name: name.to_owned(), folder: folder.to_owned(), child });
        Ok(())
    }
}

/// Asks processes to end, and ends those that do not.
async fn end(mut members: Vec<Member>) {
    for member in &members {
        let pid = member.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            // One that has ended already cannot be told to.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
    let ended = async {
        for member in &mut members {
            let _ = member.child.wait().await;
        }
    };
    let _ = timeout(Duration::from_millis(STOP_MS_MAX), ended).await;
    // Dropped children are killed.
}

/// The node's index is whole, as it says itself.
async fn is_whole(config: &Path) -> bool {
    let status = status::ask(config, None).await;
    let index = status.ok().and_then(|status| status.epoch).and_then(|epoch| epoch.index);
    index.is_some_and(|index| index.as_of.is_some())
}

/// Waits before the next look, within the bound of the whole start.
async fn pause(since: Instant) -> Result<(), Failure> {
    if since.elapsed() > Duration::from_millis(START_MS_MAX) {
        return Err(Reason::DeadlinePassed.into());
    }
    sleep(Duration::from_millis(START_POLL_MS)).await;
    Ok(())
}

/// A process that starts is not reached yet; anything else does not pass by itself.
fn is_final(reason: Reason) -> bool {
    !matches!(reason, Reason::Unreachable | Reason::DeadlinePassed | Reason::NotReady)
}

/// The last lines that a process said.
fn tail(file: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(file)?;
        let len = file.metadata()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_default()
}
