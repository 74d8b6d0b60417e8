//! A broker that lies to one agency: it stands between that agency's node and the real broker,
//! with the certificates of both, and passes on what it does not change.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use grondslag_core::id::Oin;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::reply::refusal;
use grondslag_proto::status::rejected;
use grondslag_proto::v1;
use grondslag_proto::v1::broker_service_client::BrokerServiceClient;
use grondslag_proto::v1::broker_service_server::{BrokerService, BrokerServiceServer};
use grondslag_proto::v1::directory_service_client::DirectoryServiceClient;
use grondslag_proto::v1::directory_service_server::{DirectoryService, DirectoryServiceServer};
use grondslag_proto::v1::enrolment_service_client::EnrolmentServiceClient;
use grondslag_proto::v1::enrolment_service_server::{EnrolmentService, EnrolmentServiceServer};
use grondslag_proto::v1::ledger_service_client::LedgerServiceClient;
use grondslag_proto::v1::ledger_service_server::{LedgerService, LedgerServiceServer};
use grondslag_runtime::channel::within;
use grondslag_runtime::config::Limits;
use grondslag_runtime::net::TcpNet;
use grondslag_runtime::server::{Callers, Server};
use grondslag_runtime::shutdown::Shutdown;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

use super::hand::Hand;
use super::identity::Identities;
use super::party::Place;

const WAIT: Duration = Duration::from_secs(30);

/// A question, put to the real broker or not, and what the agency gets to hear.
pub type Told = Arc<
    dyn Fn(v1::AskRequest, Asking) -> BoxFuture<'static, Result<Vec<v1::AskResponse>>>
        + Send
        + Sync,
>;

/// Changes what the broker said.
pub type Change<T> = Arc<dyn Fn(&mut T) + Send + Sync>;

/// Says whether something is turned away, and why.
pub type Turn<T> = Arc<dyn Fn(&T) -> Option<Reason> + Send + Sync>;

/// The way to the real broker.
#[derive(Clone)]
pub struct Asking(Channel);

impl Asking {
    /// Over this channel.
    pub(super) fn to(broker: Channel) -> Self {
        Self(broker)
    }

    /// What the real broker says of a question.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn ask(&self, request: v1::AskRequest) -> Result<Vec<v1::AskResponse>, Status> {
        let client = BrokerServiceClient::new(self.0.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        client.ask(within(request, WAIT)).await?.into_inner().try_collect().await
    }

    /// What the real broker has of later replies.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn follow(
        &self,
        request: v1::FollowRequest,
    ) -> Result<Vec<v1::FollowResponse>, Status> {
        let client = BrokerServiceClient::new(self.0.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        client.follow(within(request, WAIT)).await?.into_inner().try_collect().await
    }
}

/// What is changed on the way; the honest broker's word where there is nothing.
#[derive(Clone, Default)]
pub struct Lies {
    /// The directory.
    pub cards: Option<Change<v1::ListCardsResponse>>,
    /// The epoch and its keys.
    pub epoch: Option<Change<v1::ShowEpochResponse>>,
    /// Whether a batch is turned away.
    pub enrol: Option<Turn<v1::EnrolRequest>>,
    /// A question.
    pub ask: Option<Told>,
    /// Later replies.
    pub follow: Option<Change<Vec<v1::FollowResponse>>>,
    /// Heads of the ledger.
    pub heads: Option<Change<v1::WatchHeadsResponse>>,
}

/// The broker in between.
#[derive(Clone)]
pub(super) struct Between {
    broker: Channel,
    lies: Arc<Lies>,
}

impl Between {
    /// Starts to stand between an agency and the broker at `endpoint`, and says where.
    pub(super) async fn start(
        place: &Place,
        agency: &str,
        endpoint: &str,
        lies: Lies,
    ) -> Result<SocketAddr> {
        let identities = &place.identities;
        let hand = Hand::open(&identities.agency(agency)?)?;
        let broker = Oin::parse(&identities.world().region.broker.oin)?;
        let own = Self { broker: hand.channel(endpoint, &broker)?, lies: Arc::new(lies) };
        let tls = Identities::tls(&identities.broker()?)?;
        let routes = BrokerServiceServer::new(own.clone());
        let directory = DirectoryServiceServer::new(own.clone());
        let server = Server::region("between", tls, &Limits::default())
            .add(routes.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
            .add(directory.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
            .add(LedgerServiceServer::new(own.clone()), Callers::verified())
            .add(EnrolmentServiceServer::new(own), Callers::verified());
        let bound = server.bind(&TcpNet, (Ipv4Addr::LOCALHOST, 0).into()).await?;
        let address = bound.address();
        let _served = tokio::spawn(bound.serve(Shutdown::new()));
        Ok(address)
    }

    fn directory(&self) -> DirectoryServiceClient<Channel> {
        let client = DirectoryServiceClient::new(self.broker.clone());
        client.max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

#[tonic::async_trait]
impl DirectoryService for Between {
    async fn list_cards(
        &self,
        request: Request<v1::ListCardsRequest>,
    ) -> Result<Response<v1::ListCardsResponse>, Status> {
        let request = within(request.into_inner(), WAIT);
        let mut listed = self.directory().list_cards(request).await?.into_inner();
        if let Some(lie) = &self.lies.cards {
            lie(&mut listed);
        }
        Ok(Response::new(listed))
    }

    async fn show_epoch(
        &self,
        request: Request<v1::ShowEpochRequest>,
    ) -> Result<Response<v1::ShowEpochResponse>, Status> {
        let request = within(request.into_inner(), WAIT);
        let mut shown = self.directory().show_epoch(request).await?.into_inner();
        if let Some(lie) = &self.lies.epoch {
            lie(&mut shown);
        }
        Ok(Response::new(shown))
    }

    async fn publish_card(
        &self,
        request: Request<v1::PublishCardRequest>,
    ) -> Result<Response<v1::PublishCardResponse>, Status> {
        self.directory().publish_card(within(request.into_inner(), WAIT)).await
    }
}

#[tonic::async_trait]
impl EnrolmentService for Between {
    async fn enrol(
        &self,
        request: Request<v1::EnrolRequest>,
    ) -> Result<Response<v1::EnrolResponse>, Status> {
        let request = request.into_inner();
        if let Some(reason) = self.lies.enrol.as_ref().and_then(|lie| lie(&request)) {
            let refusal = Some(refusal(reason));
            return Ok(Response::new(v1::EnrolResponse { evaluations: Vec::new(), refusal }));
        }
        let client = EnrolmentServiceClient::new(self.broker.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        client.enrol(within(request, WAIT)).await
    }

    async fn show_batches(
        &self,
        request: Request<v1::ShowBatchesRequest>,
    ) -> Result<Response<v1::ShowBatchesResponse>, Status> {
        let mut client = EnrolmentServiceClient::new(self.broker.clone());
        client.show_batches(within(request.into_inner(), WAIT)).await
    }
}

#[tonic::async_trait]
impl LedgerService for Between {
    type WatchHeadsStream = Events<v1::WatchHeadsResponse>;

    async fn watch_heads(
        &self,
        request: Request<v1::WatchHeadsRequest>,
    ) -> Result<Response<Self::WatchHeadsStream>, Status> {
        let mut client = LedgerServiceClient::new(self.broker.clone());
        let heads = client.watch_heads(request.into_inner()).await?.into_inner();
        let lie = self.lies.heads.clone();
        let heads = heads.map_ok(move |mut head| {
            if let Some(lie) = &lie {
                lie(&mut head);
            }
            head
        });
        Ok(Response::new(Box::pin(heads)))
    }

    async fn show_founding(
        &self,
        request: Request<v1::ShowFoundingRequest>,
    ) -> Result<Response<v1::ShowFoundingResponse>, Status> {
        let mut client = LedgerServiceClient::new(self.broker.clone());
        client.show_founding(within(request.into_inner(), WAIT)).await
    }

    async fn present_head(
        &self,
        request: Request<v1::PresentHeadRequest>,
    ) -> Result<Response<v1::PresentHeadResponse>, Status> {
        let mut client = LedgerServiceClient::new(self.broker.clone());
        client.present_head(within(request.into_inner(), WAIT)).await
    }

    async fn add_cosignature(
        &self,
        request: Request<v1::AddCosignatureRequest>,
    ) -> Result<Response<v1::AddCosignatureResponse>, Status> {
        let mut client = LedgerServiceClient::new(self.broker.clone());
        client.add_cosignature(within(request.into_inner(), WAIT)).await
    }

    async fn list_records(
        &self,
        request: Request<v1::ListRecordsRequest>,
    ) -> Result<Response<v1::ListRecordsResponse>, Status> {
        let mut client = LedgerServiceClient::new(self.broker.clone());
        client.list_records(within(request.into_inner(), WAIT)).await
    }
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl BrokerService for Between {
    type AskStream = Events<v1::AskResponse>;
    type FollowStream = Events<v1::FollowResponse>;
    type DeliverStream = Events<v1::DeliverResponse>;

    async fn ask(
        &self,
        request: Request<v1::AskRequest>,
    ) -> Result<Response<Self::AskStream>, Status> {
        let (request, asking) = (request.into_inner(), Asking(self.broker.clone()));
        let told = match &self.lies.ask {
            Some(lie) => lie(request, asking).await.map_err(|_| rejected(Reason::Internal))?,
            None => asking.ask(request).await?,
        };
        Ok(Response::new(Box::pin(stream::iter(told.into_iter().map(Ok)))))
    }

    async fn follow(
        &self,
        request: Request<v1::FollowRequest>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let mut events = Asking(self.broker.clone()).follow(request.into_inner()).await?;
        if let Some(lie) = &self.lies.follow {
            lie(&mut events);
        }
        Ok(Response::new(Box::pin(stream::iter(events.into_iter().map(Ok)))))
    }

    async fn send_follow_up(
        &self,
        request: Request<v1::SendFollowUpRequest>,
    ) -> Result<Response<v1::SendFollowUpResponse>, Status> {
        let mut client = BrokerServiceClient::new(self.broker.clone());
        client.send_follow_up(within(request.into_inner(), WAIT)).await
    }

    async fn deliver(
        &self,
        request: Request<Streaming<v1::DeliverRequest>>,
    ) -> Result<Response<Self::DeliverStream>, Status> {
        let client = BrokerServiceClient::new(self.broker.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let sent = request.into_inner().take_while(|message| ready(message.is_ok()));
        let sent = sent.filter_map(|message| ready(message.ok()));
        let answers = client.deliver(sent).await?.into_inner();
        Ok(Response::new(Box::pin(answers)))
    }
}
