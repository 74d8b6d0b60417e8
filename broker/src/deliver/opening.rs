//! What the broker says first to a node that comes to deliver.

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{sign, waiting_bytes};
use grondslag_proto::v1;

use crate::broker::Broker;

/// How many notices wait for a node, signed: it relies on that when it says that it may
/// answer again; and whether its own are to be put anew, which it need not rely on.
///
/// # Errors
/// Why that cannot be said.
pub(crate) async fn opening(broker: &Broker, node: &Oin) -> Result<v1::WaitingNotices, Reason> {
    let as_of = broker.clock.now();
    let count = broker.notices.opened(node, as_of).await?;
    let signature = sign(&broker.sign_key, &waiting_bytes(node, count, as_of));
    let put_again = broker.notices.is_back_for(node);
    let signature = signature.to_vec();
    Ok(v1::WaitingNotices { count, as_of_ms: as_of.ms(), signature, put_again })
}
