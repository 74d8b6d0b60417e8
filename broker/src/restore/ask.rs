//! Asking every node for the last head that it keeps.

use std::sync::Arc;
use std::time::Duration;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Oin;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::head::head;
use grondslag_proto::v1::node_service_client::NodeServiceClient;
use grondslag_proto::v1::{ShowHeadRequest, ShowHeadResponse};
use grondslag_runtime::channel::{Channels, reason_of, within};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::limits::{COLLECT_AT_ONCE_MAX, COLLECT_MS_MAX};

/// How far the asking is: how many nodes answered or did not, and of how many.
pub type Asking<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// What one node said.
pub(super) type Said = (Oin, Result<Shown, Reason>);

/// What a node keeps.
#[derive(Debug)]
pub(super) struct Shown {
    /// The number of the log that it follows.
    pub(super) number: u64,
    /// How it says that this log was founded, not verified.
    pub(super) founding: Vec<u8>,
    /// Heads of the log that it was asked about.
    pub(super) heads: Vec<SignedCheckpoint>,
}

/// Asks nodes, some at a time, for what they keep of the log of this number.
pub(super) async fn ask(
    channels: &Arc<Channels>,
    nodes: Vec<(Oin, String)>,
    number: u64,
    tell: Asking<'_>,
) -> Vec<Said> {
    let (count, places) = (nodes.len(), Arc::new(Semaphore::new(COLLECT_AT_ONCE_MAX)));
    let mut asked = JoinSet::new();
    for (oin, endpoint) in nodes {
        let (channels, places) = (Arc::clone(channels), Arc::clone(&places));
        asked.spawn(async move {
            let _place = places.acquire_owned().await;
            let said = ask_one(&channels, &oin, &endpoint, number).await;
            (oin, said)
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(said) = asked.join_next().await {
        all.extend(said);
        tell(all.len(), count);
    }
    all
}

async fn ask_one(
    channels: &Channels,
    oin: &Oin,
    endpoint: &str,
    number: u64,
) -> Result<Shown, Reason> {
    let channel = channels.to(oin, endpoint).map_err(|error| error.reason())?;
    let client = NodeServiceClient::new(channel);
    let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
    let wait = Duration::from_millis(COLLECT_MS_MAX);
    let call = client.show_head(within(ShowHeadRequest { number }, wait));
    let answer = tokio::time::timeout(wait, call).await.map_err(|_| Reason::DeadlinePassed)?;
    let ShowHeadResponse { number, head: last, covered, founding } =
        answer.map_err(|status| reason_of(&status))?.into_inner();
    let heads = [head(&last)?, head(&covered)?].into_iter().flatten().collect();
    Ok(Shown { number, founding, heads })
}
