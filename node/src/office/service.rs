//! The policy office toward an agency's own privacy officers.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use grondslag_core::canonical::Canonical;
use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Pseudonym};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::Batch;
use grondslag_policy::Pack;
use grondslag_policy::limits::ENCODED_BYTES_MAX;
use grondslag_policy::publish::{Publication, Timeline};
use grondslag_policy::review::Review;
use grondslag_proto::status::rejected;
use grondslag_proto::v1;
use grondslag_proto::v1::policy_service_server::PolicyService;
use grondslag_runtime::call::report;
use grondslag_runtime::channel::reason_of;
use grondslag_runtime::rules::travel;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use super::simulate::{Events, Period, simulate, tell};
use crate::agency::Agency;
use crate::limits::{SIMULATED_EVENTS_MAX, SIMULATED_MS_MAX};
use crate::staff::Caller;

/// Roles of privacy officers.
const ROLES: [&str; 2] = ["gem.po", "gem.fg"];
/// The role that sees decisions by their numbers.
const READS_DECISIONS: &str = "gem.fg";

/// The service.
#[derive(Debug)]
pub(crate) struct PolicyDesk {
    agency: Arc<Agency>,
    /// A simulation reads the whole ledger: one at a time.
    simulating: Arc<Semaphore>,
}

type Pieces<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl PolicyDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency, simulating: Arc::new(Semaphore::new(1)) }
    }

    /// The pseudonym of who calls, if they are a privacy officer.
    async fn officer<T>(&self, request: &Request<T>) -> Result<Pseudonym, Status> {
        self.in_one_of(&ROLES, request).await?.ok_or_else(|| rejected(Reason::RoleNotHeld))
    }

    /// Whether who calls reads the decisions of this agency (D37).
    async fn reads_decisions<T>(&self, request: &Request<T>) -> Result<bool, Status> {
        Ok(self.in_one_of(&[READS_DECISIONS], request).await?.is_some())
    }

    /// The pseudonym of who calls, if they have one of these roles.
    async fn in_one_of<T>(
        &self,
        roles: &[&str],
        request: &Request<T>,
    ) -> Result<Option<Pseudonym>, Status> {
        let person = Caller::of(&self.agency, request).await?.person;
        let mut held = roles.iter().filter_map(|role| Role::parse(role).ok());
        let held = held.any(|role| person.as_role(&role).is_ok());
        Ok(held.then(|| person.pseudonym()))
    }
}

/// The leaf of an act, `grondslag/leaf/policy-desk/v1`: what, about what, by whom, when. It is
/// durable before the act. A proposal is named by the digest of its manifest; what was sent to be
/// reviewed, and what came of a simulation, by the digest of its JSON.
async fn note(agency: &Agency, word: &str, about: &Digest, by: Pseudonym) -> Result<(), Reason> {
    let leaf = Canonical::new("grondslag/leaf/policy-desk/v1")
        .text(word)
        .bytes(about.as_bytes())
        .bytes(by.as_bytes())
        .signed(agency.clock.now().ms())
        .finish();
    let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
    agency.ledger.append(entry).await.map(drop).map_err(LedgerError::reason)
}

/// The rules here and to come.
fn shown(agency: &Agency) -> v1::ShowPolicyResponse {
    let (timeline, now) = (agency.rules.timeline(), agency.clock.now());
    let (next_number, previous) = timeline.next();
    let officers = timeline.officers().all().iter().map(ToString::to_string);
    let blocked = agency.rules.blocked();
    let own = agency.overlay_on(timeline.at(now)).err();
    v1::ShowPolicyResponse {
        now: Some(in_force(&timeline, now)),
        next: timeline
            .to_come(now)
            .map(|one| wire(one.number, &one.pack, one.valid_from.ms()))
            .collect(),
        next_number,
        previous: previous.as_bytes().to_vec(),
        region: agency.context.region.current().root().fingerprint().as_bytes().to_vec(),
        officers: officers.collect(),
        blocked: blocked
            .map(|blocked| blocked.refused.reason)
            .or(own)
            .map(|reason| reason.code().to_owned())
            .unwrap_or_default(),
        now_ms: now.ms(),
    }
}

/// The rules that the next ones follow, and the first moment at which those can be in force.
fn last(agency: &Agency) -> (Arc<Pack>, Timestamp) {
    let (timeline, now) = (agency.rules.timeline(), agency.clock.now());
    match timeline.accepted().last() {
        Some(last) => (Arc::clone(&last.pack), now.max(last.valid_from)),
        None => (Arc::clone(timeline.first()), now),
    }
}

fn in_force(timeline: &Timeline, now: Timestamp) -> v1::PolicyInForce {
    let accepted = timeline.accepted().iter().rev().find(|one| one.valid_from <= now);
    let number = accepted.map_or(0, |one| one.number);
    let valid_from = accepted.map_or(0, |one| one.valid_from.ms());
    wire(number, timeline.at(now), valid_from)
}

fn wire(number: u64, pack: &Pack, valid_from_ms: i64) -> v1::PolicyInForce {
    let bundle = pack.bundle().as_bytes().to_vec();
    v1::PolicyInForce { number, version: pack.version().to_owned(), bundle, valid_from_ms }
}

fn streamed<T: Send + 'static>(bytes: &[u8], wrap: fn(Vec<u8>) -> T) -> Response<Pieces<T>> {
    let pieces = travel::pieces(bytes).into_iter().map(move |piece| Ok(wrap(piece)));
    Response::new(Box::pin(tokio_stream::iter(pieces)))
}

/// The draft of a simulation, and over which decisions it is held.
async fn wanted(
    mut pieces: Streaming<v1::SimulateRulesRequest>,
) -> Result<(Vec<u8>, Period), Reason> {
    let first = pieces.message().await.map_err(|status| reason_of(&status))?;
    let first = first.ok_or(Reason::Malformed)?;
    let (since, on) = (Timestamp::from_ms(first.since_ms), first.on_ms.map(Timestamp::from_ms));
    let all = tokio_stream::iter([Ok(first)]).chain(pieces);
    let bytes = travel::received(all, |one| one.piece).await?;
    Ok((bytes, Period { since, on }))
}

/// Rules out of the files that were sent. They need not pass every check.
async fn loaded(bytes: Vec<u8>) -> Result<Pack, Status> {
    let work = move || {
        let files = serde_json::from_slice(&bytes).map_err(|_| Reason::Malformed)?;
        Pack::from_files(&files).map_err(|error| error.reason())
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| report(Reason::Internal))?.map_err(rejected)
}

/// Who reads what a simulation came to.
#[derive(Debug, Clone, Copy)]
struct Reader {
    by: Pseudonym,
    /// Questions by their numbers; others see how many.
    sees_examples: bool,
}

/// Takes the decisions again and tells how far it is, and at last what it came to: that is a leaf
/// first.
async fn simulated(
    agency: &Agency,
    draft: &Pack,
    period: Period,
    reader: Reader,
    events: &Events,
) -> Result<(), Reason> {
    let (mut found, leaves) = simulate(agency, draft, period, events).await?;
    if !reader.sees_examples {
        found.holders = found.holders.without_examples();
    }
    let json = serde_json::to_vec(&found).map_err(|_| Reason::Internal)?;
    if json.len() > ENCODED_BYTES_MAX {
        return Err(Reason::TooLarge);
    }
    note(agency, "simulated", &Digest::of(&json), reader.by).await?;
    for piece in travel::pieces(&json) {
        tell(events, leaves, piece).await?;
    }
    Ok(())
}

#[tonic::async_trait]
impl PolicyService for PolicyDesk {
    type ReadRulesStream = Pieces<v1::ReadRulesResponse>;
    type ReviewRulesStream = Pieces<v1::ReviewRulesResponse>;
    type ReadProposedStream = Pieces<v1::ReadProposedResponse>;
    type SimulateRulesStream = Pieces<v1::SimulateRulesResponse>;

    async fn show_policy(
        &self,
        request: Request<v1::ShowPolicyRequest>,
    ) -> Result<Response<v1::ShowPolicyResponse>, Status> {
        self.officer(&request).await?;
        Ok(Response::new(shown(&self.agency)))
    }

    async fn read_rules(
        &self,
        request: Request<v1::ReadRulesRequest>,
    ) -> Result<Response<Self::ReadRulesStream>, Status> {
        self.officer(&request).await?;
        let files = self.agency.rules.files_of(request.into_inner().number).await;
        let files = files.map_err(report)?.ok_or_else(|| rejected(Reason::UnknownPublication))?;
        let bytes = serde_json::to_vec(&files).map_err(|_| report(Reason::Internal))?;
        Ok(streamed(&bytes, |piece| v1::ReadRulesResponse { piece }))
    }

    async fn review_rules(
        &self,
        request: Request<Streaming<v1::ReviewRulesRequest>>,
    ) -> Result<Response<Self::ReviewRulesStream>, Status> {
        let by = self.officer(&request).await?;
        let bytes =
            travel::received(request.into_inner(), |one| one.piece).await.map_err(rejected)?;
        note(&self.agency, "reviewed", &Digest::of(&bytes), by).await.map_err(report)?;
        let files = serde_json::from_slice(&bytes).map_err(|_| rejected(Reason::Malformed))?;
        let (follows, from) = last(&self.agency);
        let done = tokio::task::spawn_blocking(move || {
            serde_json::to_vec(&Review::of(&follows, &files, from))
        });
        let review = done.await.map_err(|_| report(Reason::Internal))?;
        let review = review.map_err(|_| report(Reason::Internal))?;
        Ok(streamed(&review, |piece| v1::ReviewRulesResponse { piece }))
    }

    async fn simulate_rules(
        &self,
        request: Request<Streaming<v1::SimulateRulesRequest>>,
    ) -> Result<Response<Self::SimulateRulesStream>, Status> {
        let by = self.officer(&request).await?;
        let reader = Reader { by, sees_examples: self.reads_decisions(&request).await? };
        let place = Arc::clone(&self.simulating).try_acquire_owned();
        let place = place.map_err(|_| report(Reason::Busy))?;
        let (bytes, period) = wanted(request.into_inner()).await.map_err(rejected)?;
        let draft = loaded(bytes).await?;
        let (events, received) = mpsc::channel(SIMULATED_EVENTS_MAX);
        let agency = Arc::clone(&self.agency);
        tokio::spawn(async move {
            let longest = Duration::from_millis(SIMULATED_MS_MAX);
            let simulated = simulated(&agency, &draft, period, reader, &events);
            let done = tokio::time::timeout(longest, simulated).await;
            // A colleague's turn, also while nobody reads what went wrong.
            drop(place);
            if let Err(reason) = done.unwrap_or(Err(Reason::DeadlinePassed)) {
                let _ = events.send(Err(report(reason))).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(received))))
    }

    async fn propose_rules(
        &self,
        request: Request<Streaming<v1::ProposeRulesRequest>>,
    ) -> Result<Response<v1::ProposeRulesResponse>, Status> {
        let by = self.officer(&request).await?;
        let bytes =
            travel::received(request.into_inner(), |one| one.piece).await.map_err(rejected)?;
        let manifest = Publication::decode(&bytes).map_err(rejected)?.manifest;
        note(&self.agency, "proposed", &manifest.digest(), by).await.map_err(report)?;
        let outcome = Some(self.agency.office_link.propose(bytes).await.map_err(report)?);
        Ok(Response::new(v1::ProposeRulesResponse { outcome }))
    }

    async fn list_proposed(
        &self,
        request: Request<v1::ListProposedRequest>,
    ) -> Result<Response<v1::ListProposedResponse>, Status> {
        self.officer(&request).await?;
        let proposals = self.agency.office_link.proposals().await.map_err(report)?;
        Ok(Response::new(v1::ListProposedResponse { proposals }))
    }

    async fn read_proposed(
        &self,
        request: Request<v1::ReadProposedRequest>,
    ) -> Result<Response<Self::ReadProposedStream>, Status> {
        self.officer(&request).await?;
        let bytes =
            self.agency.office_link.proposal(request.into_inner().digest).await.map_err(report)?;
        Ok(streamed(&bytes, |piece| v1::ReadProposedResponse { piece }))
    }

    async fn approve_proposed(
        &self,
        request: Request<v1::ApproveProposedRequest>,
    ) -> Result<Response<v1::ApproveProposedResponse>, Status> {
        let by = self.officer(&request).await?;
        let v1::ApproveProposedRequest { digest, officer, signature } = request.into_inner();
        let about = Digest::from_slice(&digest);
        let about = about.map_err(|_| rejected(Reason::UnknownProposal))?;
        note(&self.agency, "approved", &about, by).await.map_err(report)?;
        let request = v1::SignProposalRequest { digest, officer, signature };
        let outcome = Some(self.agency.office_link.sign(request).await.map_err(report)?);
        Ok(Response::new(v1::ApproveProposedResponse { outcome }))
    }
}
