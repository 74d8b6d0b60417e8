//! A person's own end of their desk: connects to the node of their agency with their desk
//! certificate.
//!
//! A person's folder holds `desk.toml` beside `desk.pem` and `desk.key`:
//!
//! ```toml
//! address = "127.0.0.1:9443"          # the desk listener of the agency's node
//! oin = "00000099990100001000"        # the agency; the node must show its certificate
//! root = "ca.pem"                     # the region's root certificate
//! crl = "crl.pem"                     # the region's list of revoked certificates
//! ```
//!
//! The person follows from the certificate; nothing that is sent names them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use grondslag_certs::desk::signing_key;
use grondslag_certs::root::Root;
use grondslag_certs::tls::{Connector, DeskClient, DeskClientFiles, Reloading};
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_core::lang::Lang;
use grondslag_core::limits::{MESSAGE_BYTES_MAX, SPOT_CHECK_BATCHES_MAX};
use grondslag_core::reason::Reason;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_proto::v1::desk_event::Event;
use grondslag_proto::v1::desk_service_client::DeskServiceClient;
use grondslag_runtime::call::LANG_KEY;
use grondslag_runtime::channel::{dial, within};
use grondslag_runtime::config::{InputFile, Limits, load};
use grondslag_runtime::net::TcpNet;
use serde::Deserialize;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

use crate::exit::Failure;
use crate::limits::{BATCHES_MAX, CALL_MS_MAX, EVENT_MS_MAX, LONG_CALL_MS_MAX};

/// The file in a person's folder that says where their desk is.
pub(crate) const DESK_FILE: &str = "desk.toml";
/// `desk.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeskFile {
    address: String,
    oin: Oin,
    root: InputFile,
    crl: InputFile,
}

/// Whose desk it is, and in which role.
#[derive(Debug, clap::Args)]
pub(crate) struct Who {
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) desk: PathBuf,

    /// The role in which you act, such as jgz.jeugdarts
    #[arg(long)]
    pub(crate) role: String,
}

/// A person at their desk.
#[derive(Clone)]
pub(crate) struct Desk {
    folder: PathBuf,
    oin: Oin,
    lang: Lang,
    channel: Channel,
    client: DeskServiceClient<Channel>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Desk({}, …)", self.oin)
    }
}

impl Desk {
    /// Opens a person's folder. Nothing is sent before the first call. Must be called within a
    /// runtime.
    pub(crate) fn open(folder: &Path, lang: Lang) -> Result<Self, Failure> {
        let file: DeskFile = load(&folder.join(DESK_FILE))?;
        let mut files = DeskClientFiles::in_folders(folder, folder);
        file.root.path().clone_into(&mut files.root);
        file.crl.path().clone_into(&mut files.crl);
        let tls = Connector::desk(Arc::new(Reloading::<DeskClient>::open(files)?));
        let limits = Limits::default();
        let channel = dial(Arc::new(TcpNet), tls, &file.address, &file.oin, &limits)?;
        let client = DeskServiceClient::new(channel.clone());
        let client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self { folder: folder.to_owned(), oin: file.oin, lang, channel, client })
    }

    /// The way to the node, for its other services.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The person's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The agency whose desk this is.
    pub(crate) fn oin(&self) -> &Oin {
        &self.oin
    }

    /// The person's own key, which signs their approvals.
    pub(crate) fn signing_key(&self) -> Result<SigningKey, Failure> {
        signing_key(&self.folder).map_err(|error| Failure::new(error.reason(), error))
    }

    /// What would become of a question, without asking anybody.
    pub(crate) async fn plan(
        &self,
        question: v1::DeskQuestion,
    ) -> Result<Vec<v1::PlanLine>, Failure> {
        let request = self.request(v1::PlanRequest { question: Some(question) }, CALL_MS_MAX);
        let planned = self.client.clone().plan(request).await.map_err(Failure::from)?.into_inner();
        accepted(planned.refusal)?;
        Ok(planned.lines)
    }

    /// Asks.
    pub(crate) async fn ask(&self, question: v1::DeskQuestion) -> Result<Events, Failure> {
        let message = v1::AskRegionRequest { question: Some(question) };
        let request = self.request(message, EVENT_MS_MAX);
        let stream = self.client.clone().ask_region(request).await.map_err(Failure::from)?;
        Ok(Events::Asked(stream.into_inner()))
    }

    /// Puts a question aside for a second person.
    pub(crate) async fn draft(&self, question: v1::DeskQuestion) -> Result<InquiryId, Failure> {
        let message = v1::DraftQuestionRequest { question: Some(question) };
        let request = self.request(message, CALL_MS_MAX);
        let drafted = self.client.clone().draft_question(request).await.map_err(Failure::from)?;
        let drafted = drafted.into_inner();
        accepted(drafted.refusal)?;
        InquiryId::from_slice(&drafted.inquiry_id).map_err(|_| Reason::Malformed.into())
    }

    /// What a draft asks, to somebody who may approve it.
    pub(crate) async fn show_draft(
        &self,
        id: &InquiryId,
    ) -> Result<v1::ShowDraftResponse, Failure> {
        let message = v1::ShowDraftRequest { inquiry_id: id.as_bytes().to_vec() };
        let request = self.request(message, CALL_MS_MAX);
        let mut shown =
            self.client.clone().show_draft(request).await.map_err(Failure::from)?.into_inner();
        accepted(shown.refusal.take())?;
        Ok(shown)
    }

    /// Adds this person's signatures to a draft.
    pub(crate) async fn approve_draft(
        &self,
        id: &InquiryId,
        signatures: Vec<Vec<u8>>,
        role: &str,
    ) -> Result<(), Failure> {
        let inquiry_id = id.as_bytes().to_vec();
        let message = v1::ApproveDraftRequest { inquiry_id, signatures, role: role.to_owned() };
        let request = self.request(message, CALL_MS_MAX);
        let approved = self.client.clone().approve_draft(request).await.map_err(Failure::from)?;
        accepted(approved.into_inner().refusal)
    }

    /// Asks what was drafted.
    pub(crate) async fn send_draft(&self, id: &InquiryId) -> Result<Events, Failure> {
        let message = v1::SendDraftRequest { inquiry_id: id.as_bytes().to_vec() };
        let request = self.request(message, EVENT_MS_MAX);
        let stream = self.client.clone().send_draft(request).await.map_err(Failure::from)?;
        Ok(Events::Sent(stream.into_inner()))
    }

    /// What came of a question of this person after its stream ended.
    pub(crate) async fn follow(
        &self,
        id: &InquiryId,
    ) -> Result<v1::FollowInquiryResponse, Failure> {
        let message = v1::FollowInquiryRequest { inquiry_id: id.as_bytes().to_vec() };
        let request = self.request(message, CALL_MS_MAX);
        let followed = self.client.clone().follow_inquiry(request).await.map_err(Failure::from)?;
        let mut followed = followed.into_inner();
        accepted(followed.refusal.take())?;
        Ok(followed)
    }

    /// Reminds agencies of a question of this person.
    pub(crate) async fn remind(
        &self,
        id: &InquiryId,
        target_oins: Vec<String>,
        because: &str,
    ) -> Result<Vec<v1::RemindLine>, Failure> {
        let (inquiry_id, because) = (id.as_bytes().to_vec(), because.to_owned());
        let message = v1::RemindRequest { inquiry_id, target_oins, because };
        let request = self.request(message, CALL_MS_MAX);
        let reminded = self.client.clone().remind(request).await.map_err(Failure::from)?;
        let reminded = reminded.into_inner();
        accepted(reminded.refusal)?;
        Ok(reminded.lines)
    }

    /// This person's own inquiries, newest first.
    pub(crate) async fn inquiries(&self, limit: u32) -> Result<Vec<v1::InquirySummary>, Failure> {
        let request = self.request(v1::ListInquiriesRequest { limit }, CALL_MS_MAX);
        let listed = self.client.clone().list_inquiries(request).await.map_err(Failure::from)?;
        Ok(listed.into_inner().inquiries)
    }

    /// The agencies of the region, sorted by name.
    pub(crate) async fn agencies(&self) -> Result<Vec<v1::AgencySummary>, Failure> {
        let request = self.request(v1::ListAgenciesRequest {}, CALL_MS_MAX);
        let listed = self.client.clone().list_agencies(request).await.map_err(Failure::from)?;
        Ok(listed.into_inner().agencies)
    }

    /// What the node decided on one question of another agency: for its privacy officer.
    pub(crate) async fn decisions_on(
        &self,
        target: &TargetId,
    ) -> Result<Vec<v1::DecisionRecord>, Failure> {
        let message = v1::ListDecisionsRequest {
            from_index: 0,
            limit: 1,
            target_id: target.as_bytes().to_vec(),
            subject: String::new(),
        };
        let request = self.request(message, CALL_MS_MAX);
        let listed = self.client.clone().list_decisions(request).await.map_err(Failure::from)?;
        let listed = listed.into_inner();
        accepted(listed.refusal)?;
        Ok(listed.decisions)
    }

    /// A page of what the broker recorded of this agency's questions and of those to it, behind a
    /// place, or only on one question: for its privacy officer.
    pub(crate) async fn broker_decisions(
        &self,
        after: Vec<u8>,
        only: Option<&TargetId>,
    ) -> Result<v1::ListBrokerDecisionsResponse, Failure> {
        let target_id = only.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let message = v1::ListBrokerDecisionsRequest { after, limit: 0, target_id };
        let request = self.request(message, CALL_MS_MAX);
        let listed = self.client.clone().list_broker_decisions(request).await;
        let mut listed = listed.map_err(Failure::from)?.into_inner();
        accepted(listed.refusal.take())?;
        Ok(listed)
    }

    /// How much the agency's own people asked: for its privacy officer.
    pub(crate) async fn patterns(&self, days: u32) -> Result<v1::ListPatternsResponse, Failure> {
        let request = self.request(v1::ListPatternsRequest { days }, CALL_MS_MAX);
        let listed = self.client.clone().list_patterns(request).await.map_err(Failure::from)?;
        let mut listed = listed.into_inner();
        accepted(listed.refusal.take())?;
        Ok(listed)
    }

    /// What ties the points of this region together, by the person's own copy of its root.
    pub(crate) fn region(&self) -> Result<String, Failure> {
        let file: DeskFile = load(&self.folder.join(DESK_FILE))?;
        Ok(Root::load(file.root.path())?.fingerprint().to_string())
    }

    /// The batches that the agency enrolled in an epoch (0: the current one), and which epoch it
    /// is: for its privacy officer.
    pub(crate) async fn batches(
        &self,
        epoch: u32,
    ) -> Result<(u32, Vec<v1::EnrolledBatch>), Failure> {
        let request = self.request(v1::ListBatchesRequest { epoch }, LONG_CALL_MS_MAX);
        let listed = self.client.clone().list_batches(request).await.map_err(Failure::from)?;
        let (mut stream, mut found, mut of) = (listed.into_inner(), Vec::new(), epoch);
        while let Some(page) = stream.message().await.map_err(Failure::from)? {
            accepted(page.refusal)?;
            of = page.epoch;
            found.extend(page.batches);
            if found.len() > BATCHES_MAX {
                return Err(Reason::TooLarge.into());
            }
        }
        Ok((of, found))
    }

    /// Has positions opened: for the agency's privacy officer.
    pub(crate) async fn open_positions(
        &self,
        wanted: v1::OpenPositionsRequest,
    ) -> Result<(Vec<v1::OpenedBatch>, v1::SpotCheckClosed), Failure> {
        use v1::open_positions_response::Event;
        let request = self.request(wanted, LONG_CALL_MS_MAX);
        let opened = self.client.clone().open_positions(request).await.map_err(Failure::from)?;
        let (mut stream, mut batches) = (opened.into_inner(), Vec::new());
        while let Some(message) = stream.message().await.map_err(Failure::from)? {
            match message.event {
                Some(Event::Batch(batch)) if batches.len() < SPOT_CHECK_BATCHES_MAX => {
                    batches.push(batch);
                }
                Some(Event::Batch(_)) => return Err(Reason::TooLarge.into()),
                Some(Event::Closed(closed)) => return Ok((batches, closed)),
                Some(Event::Refusal(refusal)) => return Err(reason(&refusal.reason).into()),
                None => break,
            }
        }
        Err(Reason::Malformed.into())
    }

    /// A request of this person.
    pub(crate) fn request<T>(&self, message: T, wait_ms: u64) -> Request<T> {
        let mut request = within(message, Duration::from_millis(wait_ms));
        let lang = MetadataValue::from_static(self.lang.word());
        request.metadata_mut().insert(LANG_KEY, lang);
        request
    }
}

/// The events of one question, in order.
#[derive(Debug)]
pub(crate) enum Events {
    /// Of a question that was asked at once.
    Asked(Streaming<v1::AskRegionResponse>),
    /// Of a draft that was sent.
    Sent(Streaming<v1::SendDraftResponse>),
}

impl Events {
    /// The next event; none at the end. A refusal of the whole question is a failure.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Failure> {
        let wait = Duration::from_millis(EVENT_MS_MAX);
        let next = tokio::time::timeout(wait, self.message()).await;
        match next.map_err(|_| Failure::from(Reason::DeadlinePassed))?.map_err(Failure::from)? {
            None => Ok(None),
            Some(v1::DeskEvent { event: Some(Event::Refusal(refusal)) }) => {
                Err(reason(&refusal.reason).into())
            }
            Some(v1::DeskEvent { event: Some(event) }) => Ok(Some(event)),
            Some(v1::DeskEvent { event: None }) => Err(Reason::Malformed.into()),
        }
    }

    async fn message(&mut self) -> Result<Option<v1::DeskEvent>, Status> {
        match self {
            Self::Asked(stream) => Ok(stream.message().await?.and_then(|message| message.event)),
            Self::Sent(stream) => Ok(stream.message().await?.and_then(|message| message.event)),
        }
    }
}

/// The reason of a refusal, if the node gave one.
pub(crate) fn accepted(refusal: Option<v1::Refusal>) -> Result<(), Failure> {
    refusal.map_or(Ok(()), |refusal| Err(reason(&refusal.reason).into()))
}
