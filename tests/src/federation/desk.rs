//! Somebody at the desk of their own node, over their own desk certificate.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use ed25519_dalek::SigningKey;
use futures_util::{Stream, StreamExt as _};
use grondslag_certs::desk;
use grondslag_certs::tls::{Connector, DeskClient, DeskClientFiles, Reloading};
use grondslag_core::catalogue::Category;
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_core::inquiry::Header;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{approval_bytes, sign};
use grondslag_proto::approved::commitment_of;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_proto::v1::desk_event::Event;
use grondslag_proto::v1::desk_service_client::DeskServiceClient;
use grondslag_runtime::channel::{dial, within};
use grondslag_runtime::config::Limits;
use grondslag_runtime::net::TcpNet;
use tonic::Status;
use tonic::transport::Channel;

/// Longest wait for one call.
pub(super) const WAIT: Duration = Duration::from_secs(60);

/// A person at a desk.
#[derive(Clone)]
pub struct Desk {
    channel: Channel,
    client: DeskServiceClient<Channel>,
    key: SigningKey,
}

/// What came of a question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// Why it was refused as a whole.
    pub refusal: Option<Reason>,
    /// The inquiry.
    pub inquiry: Option<InquiryId>,
    /// A line per agency, in the order in which they came.
    pub lines: Vec<v1::AgencyLine>,
    /// Counts.
    pub closed: Option<v1::InquiryClosed>,
}

impl Heard {
    /// The line of one agency.
    pub fn line(&self, oin: &Oin) -> Option<&v1::AgencyLine> {
        self.lines.iter().find(|line| line.oin == oin.as_str())
    }

    fn take(&mut self, event: Option<v1::DeskEvent>) {
        match event.and_then(|event| event.event) {
            Some(Event::Refusal(refusal)) => self.refusal = Some(reason(&refusal.reason)),
            Some(Event::Started(started)) => {
                self.inquiry = InquiryId::from_slice(&started.inquiry_id).ok();
            }
            Some(Event::Line(line)) => self.lines.push(line),
            Some(Event::Closed(closed)) => self.closed = Some(closed),
            None => {}
        }
    }
}

/// A refusal as data, or a fault as a status.
#[derive(Debug)]
pub enum Turned {
    /// Data.
    Away(Reason),
    /// A status.
    Failed(Status),
}

impl std::fmt::Display for Turned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Away(reason) => write!(f, "refused: {reason}"),
            Self::Failed(status) => write!(f, "failed: {status}"),
        }
    }
}

impl std::error::Error for Turned {}

impl From<Status> for Turned {
    fn from(status: Status) -> Self {
        Self::Failed(status)
    }
}

impl Turned {
    /// The stable reason, whichever it is.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Away(reason) => *reason,
            Self::Failed(status) => grondslag_runtime::channel::reason_of(status),
        }
    }
}

fn unless(refusal: Option<v1::Refusal>) -> Result<(), Turned> {
    refusal.map_or(Ok(()), |refusal| Err(Turned::Away(reason(&refusal.reason))))
}

impl Desk {
    /// Sits down at a desk: `node` and `person` are the folders of their certificates.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn open(address: &str, oin: &Oin, node: &Path, person: &Path) -> Result<Self> {
        let files = DeskClientFiles::in_folders(node, person);
        let tls = Connector::desk(Arc::new(Reloading::<DeskClient>::open(files)?));
        let channel = dial(Arc::new(TcpNet), tls, address, oin, &Limits::default())?;
        let client = DeskServiceClient::new(channel.clone());
        let client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self { channel, client, key: desk::signing_key(person)? })
    }

    /// The way to the desk, for what is no message of its service.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The generated client, for what has no method here.
    pub fn client(&self) -> DeskServiceClient<Channel> {
        self.client.clone()
    }

    /// Asks, and waits until every agency has a state.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn ask(&self, question: v1::DeskQuestion) -> Result<Heard, Status> {
        let request = v1::AskRegionRequest { question: Some(question) };
        let stream = self.client().ask_region(within(request, WAIT)).await?;
        collect(stream.into_inner().map(|event| event.map(|event| event.event))).await
    }

    /// Says what would come of a question.
    ///
    /// # Errors
    /// Why not.
    pub async fn plan(&self, question: v1::DeskQuestion) -> Result<Vec<v1::PlanLine>, Turned> {
        let request = v1::PlanRequest { question: Some(question) };
        let planned = self.client().plan(within(request, WAIT)).await?.into_inner();
        unless(planned.refusal)?;
        Ok(planned.lines)
    }

    /// Prepares a question for a second person.
    ///
    /// # Errors
    /// Why not.
    pub async fn draft(&self, question: v1::DeskQuestion) -> Result<Vec<u8>, Turned> {
        let request = v1::DraftQuestionRequest { question: Some(question) };
        let drafted = self.client().draft_question(within(request, WAIT)).await?.into_inner();
        unless(drafted.refusal)?;
        Ok(drafted.inquiry_id)
    }

    /// Shows a draft.
    ///
    /// # Errors
    /// Why not.
    pub async fn show(&self, inquiry: &[u8]) -> Result<v1::ShowDraftResponse, Turned> {
        let request = v1::ShowDraftRequest { inquiry_id: inquiry.to_vec() };
        let shown = self.client().show_draft(within(request, WAIT)).await?.into_inner();
        unless(shown.refusal.clone())?;
        Ok(shown)
    }

    /// The signatures of this person's own program under a draft, from what was shown.
    ///
    /// # Errors
    /// When what was shown is no draft.
    pub fn sign(&self, shown: &v1::ShowDraftResponse) -> Result<Vec<Vec<u8>>, Reason> {
        let header: Header = shown.header.clone().ok_or(Reason::Malformed)?.try_into()?;
        let question = shown.question.as_ref().ok_or(Reason::Malformed)?;
        let salt = shown.salt.as_slice().try_into().map_err(|_| Reason::Malformed)?;
        let commitment = commitment_of(salt, question);
        let sign_part = |part: &v1::DraftPart| {
            let id = TargetId::from_slice(&part.target_id).map_err(|_| Reason::Malformed)?;
            let categories = part.categories.iter().map(|code| Category::parse(code));
            let categories: Vec<Category> =
                categories.collect::<Result<_, _>>().map_err(|_| Reason::Malformed)?;
            let bytes = approval_bytes(&id, &header, &categories, &commitment);
            Ok(sign(&self.key, &bytes).to_vec())
        };
        shown.parts.iter().map(sign_part).collect()
    }

    /// Adds signatures to a draft.
    ///
    /// # Errors
    /// Why not.
    pub async fn approve(
        &self,
        inquiry: &[u8],
        role: &str,
        signatures: Vec<Vec<u8>>,
    ) -> Result<(), Turned> {
        let inquiry_id = inquiry.to_vec();
        let request = v1::ApproveDraftRequest { inquiry_id, signatures, role: role.to_owned() };
        unless(self.client().approve_draft(within(request, WAIT)).await?.into_inner().refusal)
    }

    /// Asks what was drafted.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn send(&self, inquiry: &[u8]) -> Result<Heard, Status> {
        let request = v1::SendDraftRequest { inquiry_id: inquiry.to_vec() };
        let stream = self.client().send_draft(within(request, WAIT)).await?;
        collect(stream.into_inner().map(|event| event.map(|event| event.event))).await
    }

    /// What came of a question since.
    ///
    /// # Errors
    /// Why not.
    pub async fn follow(&self, inquiry: &[u8]) -> Result<v1::FollowInquiryResponse, Turned> {
        let request = v1::FollowInquiryRequest { inquiry_id: inquiry.to_vec() };
        let mut followed = self.client().follow_inquiry(within(request, WAIT)).await?.into_inner();
        unless(followed.refusal.take())?;
        Ok(followed)
    }

    /// Decisions of this node, for its privacy officer.
    ///
    /// # Errors
    /// Why not.
    pub async fn decisions(
        &self,
        target_id: Option<&TargetId>,
    ) -> Result<Vec<v1::DecisionRecord>, Turned> {
        let target_id = target_id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let request = v1::ListDecisionsRequest { limit: 1_000, target_id, ..Default::default() };
        self.list(request).await
    }

    /// What the broker recorded of this agency's questions and of those to it, or of one question:
    /// for its privacy officer.
    ///
    /// # Errors
    /// Why not.
    pub async fn broker_decisions(
        &self,
        target_id: Option<&[u8]>,
    ) -> Result<Vec<v1::BrokerDecision>, Turned> {
        let target_id = target_id.unwrap_or_default().to_vec();
        let request = v1::ListBrokerDecisionsRequest { target_id, ..Default::default() };
        let listed = self.client().list_broker_decisions(within(request, WAIT)).await?;
        let listed = listed.into_inner();
        unless(listed.refusal)?;
        Ok(listed.decisions)
    }

    /// Who asked this node about one person, for its privacy officer.
    ///
    /// # Errors
    /// Why not.
    pub async fn who_asked(&self, subject: &str) -> Result<Vec<v1::DecisionRecord>, Turned> {
        let subject = subject.to_owned();
        self.list(v1::ListDecisionsRequest { subject, ..Default::default() }).await
    }

    async fn list(
        &self,
        request: v1::ListDecisionsRequest,
    ) -> Result<Vec<v1::DecisionRecord>, Turned> {
        let listed = self.client().list_decisions(within(request, WAIT)).await?.into_inner();
        unless(listed.refusal)?;
        Ok(listed.decisions)
    }

    /// How much this node's people asked, for its privacy officer.
    ///
    /// # Errors
    /// Why not.
    pub async fn patterns(&self, days: u32) -> Result<Vec<v1::Pattern>, Turned> {
        let request = v1::ListPatternsRequest { days };
        let listed = self.client().list_patterns(within(request, WAIT)).await?.into_inner();
        unless(listed.refusal)?;
        Ok(listed.patterns)
    }

    /// The batches that this node enrolled in an epoch, and which epoch it is; 0 is the current
    /// one. For its privacy officer.
    ///
    /// # Errors
    /// Why not.
    pub async fn batches(&self, epoch: u32) -> Result<(u32, Vec<v1::EnrolledBatch>), Turned> {
        let request = within(v1::ListBatchesRequest { epoch }, WAIT);
        let mut pages = self.client().list_batches(request).await?.into_inner();
        let (mut of, mut found) = (epoch, Vec::new());
        while let Some(page) = pages.message().await? {
            unless(page.refusal)?;
            of = page.epoch;
            found.extend(page.batches);
        }
        Ok((of, found))
    }

    /// Has positions opened, for this node's privacy officer.
    ///
    /// # Errors
    /// Why not.
    pub async fn open_positions(
        &self,
        wanted: v1::OpenPositionsRequest,
    ) -> Result<(Vec<v1::OpenedBatch>, v1::SpotCheckClosed), Turned> {
        use v1::open_positions_response::Event;
        let mut events = self.client().open_positions(within(wanted, WAIT)).await?.into_inner();
        let mut batches = Vec::new();
        while let Some(event) = events.message().await? {
            match event.event {
                Some(Event::Batch(batch)) => batches.push(batch),
                Some(Event::Closed(closed)) => return Ok((batches, closed)),
                Some(Event::Refusal(refusal)) => unless(Some(refusal))?,
                None => break,
            }
        }
        Err(Turned::Away(Reason::Malformed))
    }
}

async fn collect(
    events: impl Stream<Item = Result<Option<v1::DeskEvent>, Status>>,
) -> Result<Heard, Status> {
    let mut heard = Heard::default();
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        heard.take(event?);
    }
    Ok(heard)
}
