//! The way to the region's broker over mutual TLS.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _};
use grondslag_core::clock::Clock;
use grondslag_core::id::Oin;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::broker_service_client::BrokerServiceClient;
use grondslag_proto::v1::directory_service_client::DirectoryServiceClient;
use grondslag_proto::v1::enrolment_service_client::EnrolmentServiceClient;
use grondslag_proto::v1::ledger_service_client::LedgerServiceClient;
use grondslag_proto::v1::office_service_client::OfficeServiceClient;
use grondslag_runtime::channel::{Channels, Telling, reason_of, within};
use grondslag_runtime::rules::travel;
use tonic::{Status, Streaming};

use crate::agency::{AskStream, BrokerLink, LastContact};
use crate::limits::{
    DIRECTORY_CALL_MS_MAX, ENROL_CALL_MS_MAX, FOLLOW_UP_CALL_MS_MAX, FOLLOWED_MAX,
    OFFICE_CALL_MS_MAX, SLOTS_AT_ONCE_MAX, WATCH_MS_MAX,
};
use crate::office::{OfficeLink, Publications};
use crate::watch::follow::{HeadLink, HeadStream};

/// Calls the broker at the endpoint that the configuration names; the certificate at the other
/// end must be the pinned broker's.
pub(crate) struct ChannelLink {
    channels: Channels,
    broker: Oin,
    endpoint: String,
    clock: Arc<dyn Clock>,
    // Held to read or write one value, never while waiting.
    contact: Mutex<LastContact>,
}

impl fmt::Debug for ChannelLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelLink({})", self.endpoint)
    }
}

impl ChannelLink {
    /// A link that connects when it is first used.
    pub(crate) fn new(
        channels: Channels,
        broker: Oin,
        endpoint: String,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { channels, broker, endpoint, clock, contact: Mutex::default() }
    }

    fn channel(&self) -> Result<Telling, Reason> {
        let channel = self.channels.to(&self.broker, &self.endpoint);
        channel.map_err(|error| error.reason())
    }

    fn office(&self) -> Result<OfficeServiceClient<Telling>, Reason> {
        let client = OfficeServiceClient::new(self.channel()?);
        Ok(client.max_decoding_message_size(MESSAGE_BYTES_MAX))
    }

    fn directory(&self) -> Result<DirectoryServiceClient<Telling>, Reason> {
        let client = DirectoryServiceClient::new(self.channel()?);
        Ok(client.max_decoding_message_size(MESSAGE_BYTES_MAX))
    }

    /// Notes whether a call reached the broker, and says why it failed.
    fn heard<T>(&self, answer: Result<T, Status>) -> Result<T, Reason> {
        let answer = answer.map_err(|status| reason_of(&status));
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        match &answer {
            Ok(_) => {
                (contact.at, contact.failure) = (Some(self.clock.now()), None);
            }
            Err(reason) => contact.failure = Some(*reason),
        }
        answer
    }
}

#[async_trait]
impl BrokerLink for ChannelLink {
    async fn ask(&self, request: v1::AskRequest, wait_max: Duration) -> Result<AskStream, Reason> {
        let client = BrokerServiceClient::new(self.channel()?);
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let stream = self.heard(client.ask(within(request, wait_max)).await)?;
        let events = stream.into_inner();
        let events = events.map(|event| event.map_err(|status| reason_of(&status)));
        // The deadline that travels with the call binds the broker; this one binds us.
        let end = Box::pin(tokio::time::sleep(wait_max));
        Ok(events.take_until(end).boxed())
    }

    async fn list_cards(&self) -> Result<Vec<v1::AgencyCard>, Reason> {
        let request = within(v1::ListCardsRequest {}, call_max());
        let listed = self.heard(self.directory()?.list_cards(request).await)?;
        let listed = listed.into_inner();
        let ahead_ms = self.clock.now().ms().saturating_sub(listed.now_ms);
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        contact.ahead_ms = Some(ahead_ms);
        Ok(listed.cards)
    }

    async fn publish_card(&self, card: v1::AgencyCard) -> Result<v1::PublishCardResponse, Reason> {
        let request = v1::PublishCardRequest { card: Some(card) };
        let request = within(request, call_max());
        let published = self.heard(self.directory()?.publish_card(request).await)?;
        Ok(published.into_inner())
    }

    async fn show_epoch(&self) -> Result<v1::ShowEpochResponse, Reason> {
        let request = within(v1::ShowEpochRequest {}, call_max());
        Ok(self.heard(self.directory()?.show_epoch(request).await)?.into_inner())
    }

    async fn enrol(&self, request: v1::EnrolRequest) -> Result<v1::EnrolResponse, Reason> {
        let client = EnrolmentServiceClient::new(self.channel()?);
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let request = within(request, Duration::from_millis(ENROL_CALL_MS_MAX));
        Ok(self.heard(client.enrol(request).await)?.into_inner())
    }

    async fn show_batches(
        &self,
        request: v1::ShowBatchesRequest,
    ) -> Result<v1::ShowBatchesResponse, Reason> {
        let client = EnrolmentServiceClient::new(self.channel()?);
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        Ok(self.heard(client.show_batches(within(request, call_max())).await)?.into_inner())
    }

    async fn deliver(&self, replies: Vec<v1::Reply>) -> Result<Vec<v1::DeliverResponse>, Reason> {
        let client = BrokerServiceClient::new(self.channel()?);
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let messages = replies.into_iter().map(|reply| v1::DeliverRequest { reply: Some(reply) });
        let request = within(futures_util::stream::iter(messages.collect::<Vec<_>>()), call_max());
        let answers = self.heard(client.deliver(request).await)?.into_inner();
        // The broker opens with how many notices wait.
        Ok(collect(answers, SLOTS_AT_ONCE_MAX + 1).await)
    }

    async fn waiting(&self) -> Result<v1::WaitingNotices, Reason> {
        let opened = self.deliver(Vec::new()).await?;
        let waiting = opened.into_iter().find_map(|message| match message.event {
            Some(v1::deliver_response::Event::Waiting(waiting)) => Some(waiting),
            _ => None,
        });
        waiting.ok_or(Reason::Malformed)
    }

    async fn follow(&self, request: v1::FollowRequest) -> Result<Vec<v1::FollowResponse>, Reason> {
        let client = BrokerServiceClient::new(self.channel()?);
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let answers = self.heard(client.follow(within(request, call_max())).await)?.into_inner();
        // What is cut off is not taken for all there is.
        let all = tokio::time::timeout(call_max(), answers.take(FOLLOWED_MAX).try_collect()).await;
        self.heard(all.unwrap_or_else(|_| Err(Status::deadline_exceeded("the stream did not end"))))
    }

    async fn send_follow_up(
        &self,
        request: v1::SendFollowUpRequest,
    ) -> Result<v1::SendFollowUpResponse, Reason> {
        let mut client = BrokerServiceClient::new(self.channel()?);
        let request = within(request, Duration::from_millis(FOLLOW_UP_CALL_MS_MAX));
        Ok(self.heard(client.send_follow_up(request).await)?.into_inner())
    }

    async fn list_records(
        &self,
        request: v1::ListRecordsRequest,
    ) -> Result<v1::ListRecordsResponse, Reason> {
        let client = LedgerServiceClient::new(self.channel()?);
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        Ok(self.heard(client.list_records(within(request, call_max())).await)?.into_inner())
    }

    fn last_contact(&self) -> LastContact {
        *self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HeadLink for ChannelLink {
    async fn watch_heads(&self, request: v1::WatchHeadsRequest) -> Result<HeadStream, Reason> {
        let longest = Duration::from_millis(WATCH_MS_MAX);
        let client = LedgerServiceClient::new(self.channel()?);
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let stream = self.heard(client.watch_heads(within(request, longest)).await)?;
        let heads = stream.into_inner().map(|head| head.map_err(|status| reason_of(&status)));
        Ok(heads.take_until(Box::pin(tokio::time::sleep(longest))).boxed())
    }

    async fn show_founding(
        &self,
        request: v1::ShowFoundingRequest,
    ) -> Result<v1::ShowFoundingResponse, Reason> {
        let mut client = LedgerServiceClient::new(self.channel()?);
        Ok(self.heard(client.show_founding(within(request, call_max())).await)?.into_inner())
    }

    async fn present_head(
        &self,
        request: v1::PresentHeadRequest,
    ) -> Result<v1::PresentHeadResponse, Reason> {
        let mut client = LedgerServiceClient::new(self.channel()?);
        Ok(self.heard(client.present_head(within(request, call_max())).await)?.into_inner())
    }

    async fn add_cosignature(
        &self,
        request: v1::AddCosignatureRequest,
    ) -> Result<v1::AddCosignatureResponse, Reason> {
        let mut client = LedgerServiceClient::new(self.channel()?);
        Ok(self.heard(client.add_cosignature(within(request, call_max())).await)?.into_inner())
    }
}

#[async_trait]
impl OfficeLink for ChannelLink {
    async fn watch_publications(&self, after: u64) -> Result<Publications, Reason> {
        let longest = Duration::from_millis(WATCH_MS_MAX);
        let request = within(v1::WatchPublicationsRequest { after }, longest);
        let stream = self.heard(self.office()?.watch_publications(request).await)?;
        let pieces = stream.into_inner().map(|piece| piece.map_err(|status| reason_of(&status)));
        Ok(pieces.take_until(Box::pin(tokio::time::sleep(longest))).boxed())
    }

    async fn propose(&self, publication: Vec<u8>) -> Result<v1::PolicyOutcome, Reason> {
        let pieces = travel::pieces(&publication).into_iter();
        let pieces: Vec<_> = pieces.map(|piece| v1::TakeProposalRequest { piece }).collect();
        let request = within(futures_util::stream::iter(pieces), office_max());
        let answer = self.heard(self.office()?.take_proposal(request).await)?.into_inner();
        answer.outcome.ok_or(Reason::Malformed)
    }

    async fn proposals(&self) -> Result<Vec<v1::Proposal>, Reason> {
        let request = within(v1::ListProposalsRequest {}, call_max());
        Ok(self.heard(self.office()?.list_proposals(request).await)?.into_inner().proposals)
    }

    async fn proposal(&self, digest: Vec<u8>) -> Result<Vec<u8>, Reason> {
        let request = within(v1::ShowProposalRequest { digest }, office_max());
        let stream = self.heard(self.office()?.show_proposal(request).await)?.into_inner();
        let stream = stream.take_until(Box::pin(tokio::time::sleep(office_max())));
        travel::received(stream, |one| one.piece).await
    }

    async fn sign(&self, request: v1::SignProposalRequest) -> Result<v1::PolicyOutcome, Reason> {
        let request = within(request, office_max());
        let answer = self.heard(self.office()?.sign_proposal(request).await)?.into_inner();
        answer.outcome.ok_or(Reason::Malformed)
    }
}

/// What came of a stream before it ended, in order or otherwise; at most so many.
async fn collect<T>(stream: Streaming<T>, most: usize) -> Vec<T> {
    let until = tokio::time::sleep(call_max());
    let some = stream.take(most).take_until(Box::pin(until));
    some.filter_map(|item| std::future::ready(item.ok())).collect().await
}

const fn office_max() -> Duration {
    Duration::from_millis(OFFICE_CALL_MS_MAX)
}

const fn call_max() -> Duration {
    Duration::from_millis(DIRECTORY_CALL_MS_MAX)
}
