//! The directory toward nodes.

use std::sync::Arc;

use grondslag_core::card::SignedCard;
use grondslag_proto::status::rejected;
use grondslag_proto::v1::directory_service_server::DirectoryService;
use grondslag_proto::v1::{
    ListCardsRequest, ListCardsResponse, PublishCardRequest, PublishCardResponse, ShowEpochRequest,
    ShowEpochResponse,
};
use grondslag_runtime::call::{peer, report};
use tonic::{Request, Response, Status};

use crate::broker::Broker;
use crate::epoch::publish::keys;

/// The service.
#[derive(Debug)]
pub(crate) struct Directories(pub Arc<Broker>);

#[tonic::async_trait]
impl DirectoryService for Directories {
    async fn list_cards(
        &self,
        request: Request<ListCardsRequest>,
    ) -> Result<Response<ListCardsResponse>, Status> {
        peer(&request)?;
        let cards = self.0.directory.signed().iter().map(Into::into).collect();
        let now_ms = self.0.clock.now().ms();
        Ok(Response::new(ListCardsResponse { cards, now_ms }))
    }

    async fn show_epoch(
        &self,
        request: Request<ShowEpochRequest>,
    ) -> Result<Response<ShowEpochResponse>, Status> {
        peer(&request)?;
        let keys = keys(&self.0).await.map_err(report)?;
        Ok(Response::new((&keys).into()))
    }

    async fn publish_card(
        &self,
        request: Request<PublishCardRequest>,
    ) -> Result<Response<PublishCardResponse>, Status> {
        let oin = peer(&request)?.oin().clone();
        let taken = match request.into_inner().card.map(SignedCard::try_from) {
            None => return Err(rejected(grondslag_core::reason::Reason::Malformed)),
            Some(Err(reason)) => Err(reason),
            Some(Ok(signed)) => self.0.directory.publish(&oin, signed).await,
        };
        let reason = taken.err().map(|reason| reason.code().to_owned()).unwrap_or_default();
        let seq = self.0.directory.card(&oin).map(|card| card.card().seq).unwrap_or_default();
        Ok(Response::new(PublishCardResponse { reason, seq }))
    }
}
