//! Epochs: for how long pseudonyms and inbound keys hold, as the broker publishes it.

use crate::blind::Link;
use crate::canonical::Canonical;
use crate::clock::Timestamp;
use crate::id::Oin;

/// The keys of all nodes, signed by the broker. What an asker relies on is each link's own proof;
/// the signature makes a broker that publishes two things provably wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochKeys {
    /// Questions are asked in this epoch.
    pub current: u32,
    /// Nodes may enrol in this one, which becomes the current one at that moment.
    pub next: Option<(u32, Timestamp)>,
    /// Per node and epoch.
    pub nodes: Vec<NodeKeys>,
    /// The broker's.
    pub signature: [u8; 64],
}

/// One node's keys in one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeKeys {
    /// The node.
    pub node: Oin,
    /// The epoch.
    pub epoch: u32,
    /// One per key holder, the one nearest to the node first.
    pub links: Vec<Link>,
}

impl EpochKeys {
    /// The bytes that the broker signs.
    pub fn canonical(&self, region: &str) -> Vec<u8> {
        let nodes: Vec<Vec<u8>> = self.nodes.iter().map(NodeKeys::canonical).collect();
        let (next, switch_at) = self.next.unwrap_or_default();
        Canonical::new("grondslag/epoch/v1")
            .text(region)
            .number(self.current.into())
            .number(next.into())
            .signed(switch_at.ms())
            .list(nodes.iter())
            .finish()
    }
}

impl NodeKeys {
    fn canonical(&self) -> Vec<u8> {
        let start = Canonical::new("grondslag/epoch-node/v1")
            .text(self.node.as_str())
            .number(self.epoch.into());
        let links = self.links.iter().fold(start, |out, link| {
            out.bytes(&link.inbound.bytes())
                .bytes(&link.proof.bytes())
                .bytes(&link.shuffled.bytes())
                .bytes(link.signature.as_ref().map_or(&[][..], |signature| signature.as_slice()))
        });
        links.finish()
    }
}
