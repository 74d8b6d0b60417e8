//! The inbox, toward the agency's own people.

use std::sync::Arc;

use grondslag_proto::v1;
use grondslag_proto::v1::inbox_service_server::InboxService;
use grondslag_runtime::call::said;
use tonic::{Request, Response, Status};

use super::desk::Inbox;
use crate::agency::Agency;
use crate::staff::Caller;

/// The service.
#[derive(Debug)]
pub(crate) struct InboxDesk {
    agency: Arc<Agency>,
}

impl InboxDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency }
    }

    fn inbox(&self) -> Inbox<'_> {
        Inbox { agency: &self.agency }
    }
}

#[tonic::async_trait]
impl InboxService for InboxDesk {
    async fn list_items(
        &self,
        request: Request<v1::ListItemsRequest>,
    ) -> Result<Response<v1::ListItemsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.inbox().list(&caller, request.get_ref()).await {
            Ok((items, more)) => v1::ListItemsResponse { items, more, refusal: None },
            Err(reason) => v1::ListItemsResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }

    async fn show_item(
        &self,
        request: Request<v1::ShowItemRequest>,
    ) -> Result<Response<v1::ShowItemResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.inbox().show(&caller, request.into_inner()).await {
            Ok(shown) => shown,
            Err(reason) => v1::ShowItemResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }

    async fn change_item(
        &self,
        request: Request<v1::ChangeItemRequest>,
    ) -> Result<Response<v1::ChangeItemResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.inbox().change(&caller, request.into_inner()).await {
            Ok(state) => v1::ChangeItemResponse { state: state.to_owned(), refusal: None },
            Err(reason) => v1::ChangeItemResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }

    async fn set_away(
        &self,
        request: Request<v1::SetAwayRequest>,
    ) -> Result<Response<v1::SetAwayResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let set = self.inbox().set_away(&caller, request.into_inner()).await;
        let refusal = set.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::SetAwayResponse { refusal }))
    }
}
