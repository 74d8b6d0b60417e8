//! The key holder's service. Only the region's broker gets as far as this.

use std::sync::Arc;

use grondslag_core::card::SignedCard;
use grondslag_core::limits::CARDS_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::epoch::wire_link;
use grondslag_proto::holder::StepQuestion;
use grondslag_proto::reply::refusal;
use grondslag_proto::status::rejected;
use grondslag_proto::v1;
use grondslag_proto::v1::key_holder_service_server::KeyHolderService;
use grondslag_runtime::call::report;
use tonic::{Request, Response, Status};

use super::Holder;

/// The service.
#[derive(Debug)]
pub(crate) struct HolderService(pub Arc<Holder>);

#[tonic::async_trait]
impl KeyHolderService for HolderService {
    async fn show_card(
        &self,
        request: Request<v1::ShowCardRequest>,
    ) -> Result<Response<v1::ShowCardResponse>, Status> {
        let card = self.0.own_card(request.into_inner().seq_known).await.map_err(report)?;
        Ok(Response::new(v1::ShowCardResponse { card: Some((&card).into()) }))
    }

    async fn take_cards(
        &self,
        request: Request<v1::TakeCardsRequest>,
    ) -> Result<Response<v1::TakeCardsResponse>, Status> {
        let cards = request.into_inner().cards;
        if cards.len() > CARDS_MAX {
            return Err(rejected(Reason::TooLarge));
        }
        let mut refused = 0;
        for card in cards {
            match self.take_card(card).await {
                Ok(()) => {}
                Err(reason) if reason.is_fault() => return Err(report(reason)),
                Err(reason) => {
                    tracing::warn!(%reason, "a card is not relied upon");
                    refused += 1;
                }
            }
        }
        Ok(Response::new(v1::TakeCardsResponse { refused }))
    }

    async fn open_epoch(
        &self,
        request: Request<v1::OpenEpochRequest>,
    ) -> Result<Response<v1::OpenEpochResponse>, Status> {
        let opened = self.0.open_epoch(request.into_inner().epoch).await;
        let (_, refusal) = said(opened)?;
        Ok(Response::new(v1::OpenEpochResponse { refusal }))
    }

    async fn destroy_epoch(
        &self,
        request: Request<v1::DestroyEpochRequest>,
    ) -> Result<Response<v1::DestroyEpochResponse>, Status> {
        self.0.destroy_epoch(request.into_inner().epoch).await.map_err(report)?;
        Ok(Response::new(v1::DestroyEpochResponse {}))
    }

    async fn make_link(
        &self,
        request: Request<v1::MakeLinkRequest>,
    ) -> Result<Response<v1::MakeLinkResponse>, Status> {
        let (link, refusal) = said(self.0.link(request.get_ref()).await)?;
        let link = link.as_ref().map(wire_link);
        Ok(Response::new(v1::MakeLinkResponse { link, refusal }))
    }

    async fn step(
        &self,
        request: Request<v1::StepRequest>,
    ) -> Result<Response<v1::StepResponse>, Status> {
        let stepped = match StepQuestion::try_from(request.into_inner()) {
            Ok(question) => self.0.step(question).await,
            Err(reason) => Err(reason),
        };
        let (pairs, refusal) = said(stepped)?;
        let pairs = pairs.unwrap_or_default().iter().map(|pair| pair.bytes().to_vec()).collect();
        Ok(Response::new(v1::StepResponse { pairs, refusal }))
    }

    async fn evaluate(
        &self,
        request: Request<v1::EvaluateRequest>,
    ) -> Result<Response<v1::EvaluateResponse>, Status> {
        let (evaluated, refusal) = said(self.0.evaluate(request.into_inner()).await)?;
        let evaluation = evaluated.as_ref().map(Into::into);
        Ok(Response::new(v1::EvaluateResponse { evaluation, refusal }))
    }
}

impl HolderService {
    /// A card stands for the agency that it names, whoever shows it: its own signatures tell.
    async fn take_card(&self, card: v1::AgencyCard) -> Result<(), Reason> {
        let signed = SignedCard::try_from(card)?;
        self.0.directory.publish(&signed.card.oin.clone(), signed).await?;
        Ok(())
    }
}

/// What was made, or the refusal; a fault has a status of its own.
fn said<T>(made: Result<T, Reason>) -> Result<(Option<T>, Option<v1::Refusal>), Status> {
    match made {
        Ok(made) => Ok((Some(made), None)),
        Err(reason) if reason.is_fault() => Err(report(reason)),
        Err(reason) => {
            tracing::warn!(%reason, "refused to the broker");
            Ok((None, Some(refusal(reason))))
        }
    }
}
