//! The policy office toward an agency's own privacy officers.

use std::pin::Pin;
use std::sync::Arc;

use grondslag_core::canonical::Canonical;
use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Pseudonym};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::Batch;
use grondslag_policy::Pack;
use grondslag_policy::publish::Timeline;
use grondslag_policy::review::Review;
use grondslag_proto::status::rejected;
use grondslag_proto::v1;
use grondslag_proto::v1::policy_service_server::PolicyService;
use grondslag_runtime::call::{desk_peer, report};
use grondslag_runtime::channel::reason_of;
use grondslag_runtime::rules::travel;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use crate::agency::Agency;

/// Roles of privacy officers.
const ROLES: [&str; 2] = ["gem.po", "gem.fg"];

/// The service.
#[derive(Debug)]
pub(crate) struct PolicyDesk {
    agency: Arc<Agency>,
}

type Pieces<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl PolicyDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency }
    }

    /// The pseudonym of who calls, if they are a privacy officer.
    async fn officer<T>(&self, request: &Request<T>) -> Result<Pseudonym, Status> {
        let now = self.agency.clock.now();
        let person = self.agency.staff.person(desk_peer(request)?, now).await;
        let person = person.map_err(|error| rejected(error.into()))?;
        let held = ROLES.iter().filter_map(|role| Role::parse(role).ok());
        let held = held.into_iter().any(|role| person.as_role(&role).is_ok());
        if held { Ok(person.pseudonym()) } else { Err(rejected(Reason::RoleNotHeld)) }
    }

    /// The leaf of an act, `grondslag/leaf/policy-desk/v1`: what, of which rules, by whom, when. It
    /// is durable before the act.
    async fn note(&self, word: &str, about: &Digest, by: Pseudonym) -> Result<(), Status> {
        let leaf = Canonical::new("grondslag/leaf/policy-desk/v1")
            .text(word)
            .bytes(about.as_bytes())
            .bytes(by.as_bytes())
            .signed(self.agency.clock.now().ms())
            .finish();
        let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
        let appended = self.agency.ledger.append(entry).await;
        appended.map(drop).map_err(|error| report(LedgerError::reason(error)))
    }
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

/// A text in pieces, up to its bound.
async fn joined<T>(pieces: Streaming<T>, piece: fn(T) -> Vec<u8>) -> Result<Vec<u8>, Reason> {
    let pieces = pieces.map(move |one| one.map(piece));
    travel::join(pieces, |status| reason_of(&status)).await
}

#[tonic::async_trait]
impl PolicyService for PolicyDesk {
    type ReadRulesStream = Pieces<v1::ReadRulesResponse>;
    type ReviewRulesStream = Pieces<v1::ReviewRulesResponse>;
    type ReadProposedStream = Pieces<v1::ReadProposedResponse>;

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
        let files = files.map_err(report)?.ok_or_else(|| rejected(Reason::UnknownProposal))?;
        let bytes = serde_json::to_vec(&files).map_err(|_| report(Reason::Internal))?;
        Ok(streamed(&bytes, |piece| v1::ReadRulesResponse { piece }))
    }

    async fn review_rules(
        &self,
        request: Request<Streaming<v1::ReviewRulesRequest>>,
    ) -> Result<Response<Self::ReviewRulesStream>, Status> {
        let by = self.officer(&request).await?;
        let bytes = joined(request.into_inner(), |one| one.piece).await.map_err(rejected)?;
        self.note("reviewed", &Digest::of(&bytes), by).await?;
        let files = serde_json::from_slice(&bytes).map_err(|_| rejected(Reason::Malformed))?;
        let (pack, now) = (self.agency.pack(), self.agency.clock.now());
        let done = tokio::task::spawn_blocking(move || {
            serde_json::to_vec(&Review::of(&pack, &files, now))
        });
        let review = done.await.map_err(|_| report(Reason::Internal))?;
        let review = review.map_err(|_| report(Reason::Internal))?;
        Ok(streamed(&review, |piece| v1::ReviewRulesResponse { piece }))
    }

    async fn propose_rules(
        &self,
        request: Request<Streaming<v1::ProposeRulesRequest>>,
    ) -> Result<Response<v1::ProposeRulesResponse>, Status> {
        let by = self.officer(&request).await?;
        let bytes = joined(request.into_inner(), |one| one.piece).await.map_err(rejected)?;
        self.note("proposed", &Digest::of(&bytes), by).await?;
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
        self.note("approved", &about, by).await?;
        let request = v1::SignProposalRequest { digest, officer, signature };
        let outcome = Some(self.agency.office_link.sign(request).await.map_err(report)?);
        Ok(Response::new(v1::ApproveProposedResponse { outcome }))
    }
}
