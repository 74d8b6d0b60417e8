//! The policy office toward the parties of the region.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use grondslag_core::id::Digest;
use grondslag_core::officers::{Officer, OfficerSignature};
use grondslag_core::reason::Reason;
use grondslag_policy::publish::{Publication, Refused};
use grondslag_proto::v1;
use grondslag_proto::v1::office_service_server::OfficeService;
use grondslag_runtime::call::{peer, report};
use grondslag_runtime::rules::travel;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use super::Outcome;
use super::proposals::Proposals;
use crate::broker::Broker;
use crate::limits::{WATCH_EVENTS_MAX, WATCH_MS_MAX};
use crate::watchers::Watchers;

/// The service.
#[derive(Debug)]
pub(crate) struct Offices {
    broker: Arc<Broker>,
    places: Watchers,
    /// Whole rules are in memory for each of these.
    acts: Watchers,
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Event = Result<v1::WatchPublicationsResponse, Reason>;

impl Offices {
    /// The service of a broker.
    pub(crate) fn new(broker: Arc<Broker>) -> Self {
        Self { broker, places: Watchers::default(), acts: Watchers::default() }
    }
}

/// Passes on what was published behind a number, until the other is gone.
pub(super) async fn pass_on(
    broker: &Broker,
    after: u64,
    events: &mpsc::Sender<Event>,
) -> Result<(), Reason> {
    let mut newest = broker.rules.newest();
    let mut next = after.saturating_add(1);
    if after == 0
        && let Some(files) = broker.rules.first_files().await?
    {
        let bytes = serde_json::to_vec(&files).map_err(|_| Reason::Internal)?;
        send(0, &bytes, events).await?;
    }
    let has = *newest.borrow();
    if has < after {
        let event =
            v1::WatchPublicationsResponse { number: has, lacks: true, ..Default::default() };
        return events.send(Ok(event)).await.map_err(|_| Reason::Busy);
    }
    loop {
        newest.borrow_and_update();
        while let Some(publication) = broker.rules.publication(next).await? {
            send(next, &publication.encode()?, events).await?;
            next = next.saturating_add(1);
        }
        tokio::select! {
            () = events.closed() => return Ok(()),
            changed = newest.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

async fn send(number: u64, bytes: &[u8], events: &mpsc::Sender<Event>) -> Result<(), Reason> {
    let pieces = travel::pieces(bytes);
    let count = pieces.len();
    for (at, piece) in pieces.into_iter().enumerate() {
        let last = at + 1 == count;
        let event = v1::WatchPublicationsResponse { number, piece, last, lacks: false };
        events.send(Ok(event)).await.map_err(|_| Reason::Busy)?;
    }
    Ok(())
}

/// An act goes on when its caller hangs up: what is half done would be done to nobody's knowledge.
async fn to_its_end(
    act: impl Future<Output = Result<Outcome, Refused>> + Send + 'static,
) -> Result<Outcome, Refused> {
    tokio::spawn(act).await.unwrap_or_else(|_| Err(Reason::Internal.into()))
}

/// What became of it; a fault leaves as one.
fn outcome(done: Result<Outcome, Refused>) -> Result<v1::PolicyOutcome, Status> {
    let (digest, published) = match done {
        Ok(Outcome::Waits(digest)) => (digest, 0),
        Ok(Outcome::Published(digest, number)) => (digest, number),
        Err(refused) if refused.reason.is_fault() => return Err(report(refused.reason)),
        Err(refused) => {
            tracing::info!(reason = refused.reason.code(), "rules were not taken");
            return Ok(travel::refused(&refused));
        }
    };
    let digest = digest.as_bytes().to_vec();
    Ok(v1::PolicyOutcome { digest, published, ..v1::PolicyOutcome::default() })
}

fn proposal(one: &Publication) -> v1::Proposal {
    let manifest = &one.manifest;
    v1::Proposal {
        digest: manifest.digest().as_bytes().to_vec(),
        number: manifest.number,
        version: manifest.version.clone(),
        entry: manifest.entry.word().to_owned(),
        made_at_ms: manifest.made_at.ms(),
        valid_from_ms: manifest.valid_from.ms(),
        why_nl: manifest.why.nl.clone(),
        why_en: manifest.why.en.clone(),
        signers: one.signatures.iter().map(|one| one.officer.to_string()).collect(),
    }
}

fn signed(wire: &v1::SignProposalRequest) -> Result<(Digest, OfficerSignature), Reason> {
    let digest = Digest::from_slice(&wire.digest).map_err(|_| Reason::UnknownProposal)?;
    let officer = Officer::parse(&wire.officer).map_err(|_| Reason::OfficerUnknown)?;
    let signature = wire.signature.as_slice().try_into();
    let signature = signature.map_err(|_| Reason::OfficerSignatureInvalid)?;
    Ok((digest, OfficerSignature { officer, signature }))
}

#[tonic::async_trait]
impl OfficeService for Offices {
    type WatchPublicationsStream = Events<v1::WatchPublicationsResponse>;
    type ShowProposalStream = Events<v1::ShowProposalResponse>;

    async fn watch_publications(
        &self,
        request: Request<v1::WatchPublicationsRequest>,
    ) -> Result<Response<Self::WatchPublicationsStream>, Status> {
        let place = self.places.place(peer(&request)?.oin()).map_err(report)?;
        let after = request.into_inner().after;
        let (events, received) = mpsc::channel(WATCH_EVENTS_MAX);
        let broker = Arc::clone(&self.broker);
        tokio::spawn(async move {
            let _place = place;
            let longest = Duration::from_millis(WATCH_MS_MAX);
            let passed = tokio::time::timeout(longest, pass_on(&broker, after, &events)).await;
            if let Ok(Err(reason)) = passed
                && reason != Reason::Busy
            {
                // Whoever is gone misses it.
                let _ = events.send(Err(reason)).await;
            }
        });
        let stream = ReceiverStream::new(received).map(|event| event.map_err(report));
        Ok(Response::new(Box::pin(stream)))
    }

    async fn take_proposal(
        &self,
        request: Request<Streaming<v1::TakeProposalRequest>>,
    ) -> Result<Response<v1::TakeProposalResponse>, Status> {
        let via = peer(&request)?.oin().clone();
        let _place = self.acts.place(&via).map_err(report)?;
        self.broker.directory.card(&via).map_err(report)?;
        let joined = travel::received(request.into_inner(), |one| one.piece).await;
        let publication = joined.and_then(|bytes| Publication::decode(&bytes));
        let done = match publication {
            Ok(publication) => {
                let broker = Arc::clone(&self.broker);
                to_its_end(async move { broker.office.take(&broker, &via, publication).await })
                    .await
            }
            Err(reason) => Err(reason.into()),
        };
        let outcome = Some(outcome(done)?);
        Ok(Response::new(v1::TakeProposalResponse { outcome }))
    }

    async fn list_proposals(
        &self,
        request: Request<v1::ListProposalsRequest>,
    ) -> Result<Response<v1::ListProposalsResponse>, Status> {
        let _place = self.acts.place(peer(&request)?.oin()).map_err(report)?;
        let waiting = Proposals(self.broker.store.as_ref()).all().await.map_err(report)?;
        let proposals = waiting.iter().map(proposal).collect();
        Ok(Response::new(v1::ListProposalsResponse { proposals }))
    }

    async fn show_proposal(
        &self,
        request: Request<v1::ShowProposalRequest>,
    ) -> Result<Response<Self::ShowProposalStream>, Status> {
        let _place = self.acts.place(peer(&request)?.oin()).map_err(report)?;
        let waits = match Digest::from_slice(&request.into_inner().digest) {
            Ok(digest) => {
                Proposals(self.broker.store.as_ref()).get(&digest).await.map_err(report)?
            }
            Err(_) => None,
        };
        let pieces = match waits {
            Some(publication) => travel::pieces(&publication.encode().map_err(report)?),
            None => Vec::new(),
        };
        let pieces = pieces.into_iter().map(|piece| Ok(v1::ShowProposalResponse { piece }));
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }

    async fn sign_proposal(
        &self,
        request: Request<v1::SignProposalRequest>,
    ) -> Result<Response<v1::SignProposalResponse>, Status> {
        let via = peer(&request)?.oin().clone();
        let _place = self.acts.place(&via).map_err(report)?;
        self.broker.directory.card(&via).map_err(report)?;
        let done = match signed(&request.into_inner()) {
            Ok((digest, signature)) => {
                let broker = Arc::clone(&self.broker);
                let act =
                    async move { broker.office.sign(&broker, &via, &digest, signature).await };
                to_its_end(act).await
            }
            Err(reason) => Err(reason.into()),
        };
        Ok(Response::new(v1::SignProposalResponse { outcome: Some(outcome(done)?) }))
    }
}
