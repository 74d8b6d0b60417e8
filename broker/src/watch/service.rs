//! The ledger toward nodes.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_proto::head::cosignature;
use grondslag_proto::v1;
use grondslag_proto::v1::ledger_service_server::LedgerService;
use grondslag_runtime::call::{peer, report};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use super::Watch;
use super::heads::Follower;
use crate::limits::{HEAD_INTERVAL_MS, WATCH_EVENTS_MAX, WATCH_MS_MAX, WATCHES_MAX};

/// The service.
#[derive(Debug)]
pub(crate) struct Ledgers {
    watch: Arc<Watch>,
    // Grows with the agencies that ever followed: their number is bounded by the directory.
    places: Mutex<BTreeMap<Oin, Arc<Semaphore>>>,
}

type Events = Pin<Box<dyn Stream<Item = Result<v1::WatchHeadsResponse, Status>> + Send>>;

impl Ledgers {
    /// The service of a broker.
    pub(crate) fn new(watch: Arc<Watch>) -> Self {
        Self { watch, places: Mutex::default() }
    }

    /// A place for a follower: whoever connects anew holds the place before it for a moment.
    fn place(&self, oin: &Oin) -> Result<OwnedSemaphorePermit, Reason> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Semaphore::new(WATCHES_MAX));
        let own = Arc::clone(places.entry(oin.clone()).or_insert_with(fresh));
        own.try_acquire_owned().map_err(|_| Reason::Busy)
    }
}

#[tonic::async_trait]
impl LedgerService for Ledgers {
    type WatchHeadsStream = Events;

    async fn watch_heads(
        &self,
        request: Request<v1::WatchHeadsRequest>,
    ) -> Result<Response<Self::WatchHeadsStream>, Status> {
        let who = peer(&request)?.oin().clone();
        let place = self.place(&who).map_err(report)?;
        let v1::WatchHeadsRequest { seen_size, also_size } = request.into_inner();
        let mut follower = self.watch.follow(&who, seen_size, also_size).await;
        let (events, received) = mpsc::channel(WATCH_EVENTS_MAX);
        let watch = Arc::clone(&self.watch);
        tokio::spawn(async move {
            let _place = place;
            let longest = Duration::from_millis(WATCH_MS_MAX);
            // However it ends, the caller asks again.
            let _ = tokio::time::timeout(longest, tell(&watch, &mut follower, &events)).await;
        });
        let stream = ReceiverStream::new(received).map(|event| event.map_err(report));
        Ok(Response::new(Box::pin(stream)))
    }

    async fn add_cosignature(
        &self,
        request: Request<v1::AddCosignatureRequest>,
    ) -> Result<Response<v1::AddCosignatureResponse>, Status> {
        let oin = peer(&request)?.oin().clone();
        let added = match cosignature(&request.into_inner()) {
            Ok((size, cosignature)) => self.watch.add(&oin, size, &cosignature).await,
            Err(reason) => Err(reason),
        };
        match added {
            Err(reason) if reason.is_fault() => Err(report(reason)),
            added => {
                let reason = added.err().map(|reason| reason.code().to_owned());
                let reason = reason.unwrap_or_default();
                Ok(Response::new(v1::AddCosignatureResponse { reason }))
            }
        }
    }
}

/// Tells a follower of heads until it is gone or a proof cannot be made.
async fn tell(
    watch: &Watch,
    follower: &mut Follower,
    events: &mpsc::Sender<Result<v1::WatchHeadsResponse, Reason>>,
) {
    loop {
        let next = tokio::select! {
            () = events.closed() => return,
            next = watch.next(follower) => next,
        };
        let failed = next.is_err();
        let event = next.map(|shown| v1::WatchHeadsResponse::from(&shown));
        if events.send(event).await.is_err() || failed {
            return;
        }
        tokio::time::sleep(Duration::from_millis(HEAD_INTERVAL_MS)).await;
    }
}
