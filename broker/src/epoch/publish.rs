//! The epoch and all nodes' keys in it, signed: what askers and nodes read.

use grondslag_core::epoch::{EpochKeys, NodeKeys};
use grondslag_core::reason::Reason;
use grondslag_core::statement::sign;

use crate::broker::Broker;

/// The keys of every agency that may be dealt with, in the current epoch and the next.
///
/// # Errors
/// Why a key holder did not give its links.
pub(crate) async fn keys(broker: &Broker) -> Result<EpochKeys, Reason> {
    let state = broker.epochs.state();
    let next = state.next.map(|(epoch, _)| epoch);
    let mut nodes = Vec::new();
    for card in broker.directory.cards() {
        let Ok(keys) = card.keys() else { continue };
        for epoch in [Some(state.current), next].into_iter().flatten() {
            let node = card.card().oin.clone();
            let links = broker.chain.links(epoch, &node, &keys.own).await?.to_vec();
            nodes.push(NodeKeys { node, epoch, links });
        }
    }
    let mut keys =
        EpochKeys { current: state.current, next: state.next, nodes, signature: [0; 64] };
    keys.signature = sign(&broker.sign_key, &keys.canonical(&broker.region));
    Ok(keys)
}
