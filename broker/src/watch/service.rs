//! The ledger toward nodes.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_proto::head::{cosignature, head};
use grondslag_proto::v1;
use grondslag_proto::v1::ledger_service_server::LedgerService;
use grondslag_runtime::call::{peer, report};
use tokio::sync::{Mutex as TurnMutex, mpsc};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use super::Watch;
use super::heads::Follower;
use crate::broker::Broker;
use crate::limits::{WATCH_EVENTS_MAX, WATCH_MS_MAX};
use crate::reading::{self, Wanted};
use crate::watchers::Watchers;

/// The service.
pub(crate) struct Ledgers {
    broker: Arc<Broker>,
    watch: Arc<Watch>,
    places: Watchers,
    /// Never held across an await. It grows with the agencies that ever followed: their number is
    /// bounded by the directory.
    following: Mutex<BTreeMap<Oin, Arc<Following>>>,
}

type Event = Result<v1::WatchHeadsResponse, Reason>;
type Events = Pin<Box<dyn Stream<Item = Result<v1::WatchHeadsResponse, Status>> + Send>>;

/// One node that follows.
struct Following {
    /// The head that it was sent last, be it with a question. Whoever sends it another holds this
    /// while that is proved and sent; whatever is sent next builds on it.
    sent: Arc<TurnMutex<u64>>,
    /// Locked while `sent` is.
    follower: TurnMutex<Follower>,
    events: mpsc::Sender<Event>,
    /// The node follows by another stream now: what this one tells would be lost.
    replaced: AtomicBool,
}

impl fmt::Debug for Ledgers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ledgers(…)")
    }
}

impl Ledgers {
    /// The service of a broker.
    pub(crate) fn new(broker: Arc<Broker>, watch: Arc<Watch>) -> Self {
        Self { broker, watch, places: Watchers::default(), following: Mutex::default() }
    }

    /// Publishes the next head, if there is one to publish. Every witness is sent it before it is
    /// sent anything that goes beyond it: a witness cosigns no smaller head than it has.
    pub(crate) async fn publish(&self) {
        let now = Instant::now();
        if !self.watch.is_due(now) {
            return;
        }
        let witnesses: Vec<Arc<Following>> = {
            let following = locked(&self.following);
            let named = following.iter().filter(|(oin, _)| self.watch.is_witness(oin));
            named.map(|(_, one)| Arc::clone(one)).collect()
        };
        // Everybody else holds one of these at a time, so no two wait for each other.
        let mut turns = Vec::with_capacity(witnesses.len());
        for one in &witnesses {
            turns.push((one, one.sent.lock().await));
        }
        self.watch.publish(now);
        for (one, mut sent) in turns {
            // Whoever does not read gets no place, and misses this head.
            if let Ok(place) = one.events.try_reserve() {
                one.tell(&self.watch, &mut sent, place).await;
            }
        }
    }
}

impl Following {
    /// Tells what is due, from the head that was sent last; says whether anything was.
    async fn tell(&self, watch: &Watch, sent: &mut u64, place: mpsc::Permit<'_, Event>) -> bool {
        if self.replaced.load(Ordering::SeqCst) {
            return false;
        }
        let mut follower = self.follower.lock().await;
        match watch.due(&mut follower, *sent).await {
            Ok(Some(shown)) => {
                *sent = shown.head.checkpoint().size;
                place.send(Ok((&shown).into()));
                true
            }
            Ok(None) => false,
            Err(reason) => {
                place.send(Err(reason));
                false
            }
        }
    }

    /// Tells of heads until the node is gone.
    async fn follow(&self, watch: &Watch) {
        let mut changes = self.follower.lock().await.changes();
        // A place for the event comes first: no question waits for a node that does not read.
        while let Ok(place) = self.events.reserve().await {
            changes.borrow_and_update();
            let told = {
                let mut sent = self.sent.lock().await;
                self.tell(watch, &mut sent, place).await
            };
            if told {
                continue;
            }
            let changed = tokio::select! {
                () = self.events.closed() => return,
                changed = changes.changed() => changed,
            };
            let Ok(()) = changed else { return };
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tonic::async_trait]
impl LedgerService for Ledgers {
    type WatchHeadsStream = Events;

    async fn watch_heads(
        &self,
        request: Request<v1::WatchHeadsRequest>,
    ) -> Result<Response<Self::WatchHeadsStream>, Status> {
        let oin = peer(&request)?.oin().clone();
        let place = self.places.place(&oin).map_err(report)?;
        let v1::WatchHeadsRequest { seen_size, also_size } = request.into_inner();
        let (events, received) = mpsc::channel(WATCH_EVENTS_MAX);
        let (sent, follower) = (self.broker.sent_heads.of(&oin), self.watch.follow(also_size));
        let (follower, replaced) = (TurnMutex::new(follower), AtomicBool::new(false));
        let one = Arc::new(Following { sent: Arc::clone(&sent), follower, events, replaced });
        {
            let mut sent = sent.lock().await;
            let before = locked(&self.following).insert(oin, Arc::clone(&one));
            before.inspect(|before| before.replaced.store(true, Ordering::SeqCst));
            // Only the node knows what it took.
            *sent = seen_size;
        }
        let watch = Arc::clone(&self.watch);
        tokio::spawn(async move {
            let _place = place;
            let longest = Duration::from_millis(WATCH_MS_MAX);
            // However it ends, the caller asks again.
            let _ = tokio::time::timeout(longest, one.follow(&watch)).await;
        });
        let stream = ReceiverStream::new(received).map(|event| event.map_err(report));
        Ok(Response::new(Box::pin(stream)))
    }

    async fn show_founding(
        &self,
        request: Request<v1::ShowFoundingRequest>,
    ) -> Result<Response<v1::ShowFoundingResponse>, Status> {
        peer(&request)?;
        let (broker, number) = (&self.broker, request.into_inner().number);
        let shown = broker.foundings.show(broker.store.as_ref(), &broker.ledger, number).await;
        let shown = shown.map_err(report)?;
        Ok(Response::new(v1::ShowFoundingResponse::from(&shown)))
    }

    async fn present_head(
        &self,
        request: Request<v1::PresentHeadRequest>,
    ) -> Result<Response<v1::PresentHeadResponse>, Status> {
        let oin = peer(&request)?.oin().clone();
        let kept = match (self.broker.directory.card(&oin), head(&request.into_inner().head)) {
            (Ok(_), Ok(Some(head))) => {
                let (store, keys) = (self.broker.store.as_ref(), &self.broker.public);
                self.broker.foundings.keep_presented(store, &oin, &head, keys).await
            }
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
            (_, Ok(None)) => Err(Reason::Malformed),
        };
        match kept {
            Err(reason) if reason.is_fault() => Err(report(reason)),
            kept => {
                let reason = kept.err().map(|reason| reason.code().to_owned());
                let reason = reason.unwrap_or_default();
                Ok(Response::new(v1::PresentHeadResponse { reason }))
            }
        }
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

    async fn list_records(
        &self,
        request: Request<v1::ListRecordsRequest>,
    ) -> Result<Response<v1::ListRecordsResponse>, Status> {
        let oin = peer(&request)?.oin().clone();
        let read = match Wanted::try_from(request.into_inner()) {
            Ok(wanted) => reading::read(&self.broker, &oin, &wanted).await,
            Err(reason) => Err(reason),
        };
        match read {
            Err(reason) if reason.is_fault() => Err(report(reason)),
            Err(reason) => {
                let reason = reason.code().to_owned();
                Ok(Response::new(v1::ListRecordsResponse { reason, ..Default::default() }))
            }
            Ok(read) => Ok(Response::new(read)),
        }
    }
}
