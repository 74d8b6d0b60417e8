//! Where everything of a demo region stands: one folder, and in it a folder per party.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use grondslag_core::reason::Reason;

use super::limits::{PORT_TRIES_MAX, PORTS};
use super::world::World;
use crate::exit::Failure;

/// File of the broker's configuration.
const BROKER_CONFIG: &str = "broker.toml";

/// The folder of a demo region.
#[derive(Debug, Clone)]
pub(super) struct Place(PathBuf);

impl Place {
    /// A region in this folder.
    pub(super) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// The region's clock, read by every process.
    pub(super) fn clock(&self) -> PathBuf {
        self.0.join("clock.json")
    }

    /// The world's files, when they came with the program.
    pub(super) fn world(&self) -> PathBuf {
        self.0.join("world")
    }

    /// Overviews that people of the stories take home.
    pub(super) fn own_views(&self) -> PathBuf {
        self.0.join("own-views")
    }

    /// Joint files of the stories' escalations, as their askers read them.
    pub(super) fn joint_files(&self) -> PathBuf {
        self.0.join("joint-files")
    }

    /// The region authority: offline, in no folder of a serving process.
    pub(super) fn authority(&self) -> PathBuf {
        self.0.join("authority")
    }

    /// The broker's folder.
    pub(super) fn broker(&self) -> PathBuf {
        self.0.join("broker")
    }

    /// The broker's configuration.
    pub(super) fn broker_config(&self) -> PathBuf {
        self.broker().join(BROKER_CONFIG)
    }

    /// The broker's backups, and the keys that were made for them.
    pub(super) fn backups(&self) -> PathBuf {
        self.0.join("backups")
    }

    /// What the broker's operator decides.
    pub(super) fn operator(&self) -> PathBuf {
        self.broker().join("operator")
    }

    /// The region's operators: offline, in no folder of a serving process.
    pub(super) fn operators(&self) -> PathBuf {
        self.0.join("operators")
    }

    /// The region's privacy officers, each with the key that they sign rules with.
    pub(super) fn officers(&self) -> PathBuf {
        self.0.join("officers")
    }

    /// A node's folder.
    pub(super) fn node(&self, agency: &str) -> PathBuf {
        self.0.join("nodes").join(agency)
    }

    /// Copies of the records that carry the marker of the blind check.
    pub(super) fn marked(&self) -> PathBuf {
        self.0.join("marked")
    }

    /// What passed through a process, in its own folder.
    pub(super) fn tap(process: &Path) -> PathBuf {
        process.join("tap")
    }

    /// A person's own folder.
    pub(super) fn desk(&self, agency: &str, staff: &str) -> PathBuf {
        self.0.join("desks").join(agency).join(staff)
    }
}

/// Where every process listens: on this machine alone.
#[derive(Debug)]
pub(super) struct Ports {
    /// The broker.
    pub(super) broker: SocketAddr,
    /// Per agency its node, for the broker and for its own people.
    pub(super) nodes: BTreeMap<String, NodePorts>,
    // Bound until the processes start, so that nobody else takes them meanwhile.
    held: Vec<TcpListener>,
}

/// Where a node listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodePorts {
    /// For the broker.
    pub(super) region: SocketAddr,
    /// For its own people.
    pub(super) desk: SocketAddr,
}

impl Ports {
    /// Finds a free port for everybody, and holds them.
    pub(super) fn find(world: &World) -> Result<Self, Failure> {
        let mut search = Search::new();
        let broker = search.next()?;
        let mut nodes = BTreeMap::new();
        for agency in &world.agencies {
            let ports = NodePorts { region: search.next()?, desk: search.next()? };
            nodes.insert(agency.id.clone(), ports);
        }
        Ok(Self { broker, nodes, held: search.held })
    }

    /// The ports of one node.
    pub(super) fn node(&self, agency: &str) -> Result<NodePorts, Failure> {
        let found = self.nodes.get(agency).copied();
        found.ok_or_else(|| Failure::new(Reason::UnknownAgency, agency))
    }

    /// Lets go of the ports, for the processes to take.
    pub(super) fn release(&mut self) {
        self.held.clear();
    }
}

struct Search {
    next: u16,
    tries_left: usize,
    held: Vec<TcpListener>,
}

impl Search {
    /// Starts somewhere that depends on this process, so that two demos rarely meet.
    fn new() -> Self {
        let width = u32::from(PORTS.end - PORTS.start);
        let offset = std::process::id().wrapping_mul(97) % width;
        let offset = u16::try_from(offset).unwrap_or(0);
        Self { next: PORTS.start + offset, tries_left: PORT_TRIES_MAX, held: Vec::new() }
    }

    fn next(&mut self) -> Result<SocketAddr, Failure> {
        while self.tries_left > 0 {
            self.tries_left -= 1;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.next));
            self.next = if self.next + 1 >= PORTS.end { PORTS.start } else { self.next + 1 };
            if let Ok(listener) = TcpListener::bind(address) {
                self.held.push(listener);
                return Ok(address);
            }
        }
        Err(Reason::PortInUse.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_is_another_and_is_held_until_it_is_released() {
        let mut search = Search::new();
        let ports: Vec<_> = (0..35).map(|_| search.next().unwrap()).collect();
        let distinct: std::collections::BTreeSet<_> = ports.iter().collect();
        assert_eq!(distinct.len(), 35);
        assert!(TcpListener::bind(ports[0]).is_err());
        search.held.clear();
        assert!(TcpListener::bind(ports[0]).is_ok());
    }
}
