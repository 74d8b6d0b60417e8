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
            match broker.chain.links(epoch, &node, &keys.own).await {
                Ok(links) => nodes.push(NodeKeys { node, epoch, links: links.to_vec() }),
                Err(reason @ Reason::KeyHolderUnreachable) => return Err(reason),
                Err(reason) if reason.is_fault() => return Err(reason),
                // One that a key holder does not deal with cannot be asked; the others can.
                Err(reason) => tracing::warn!(%node, %reason, "an agency has no keys"),
            }
        }
    }
    let mut keys =
        EpochKeys { current: state.current, next: state.next, nodes, signature: [0; 64] };
    keys.signature = sign(&broker.sign_key, &keys.canonical(&broker.region));
    Ok(keys)
}
