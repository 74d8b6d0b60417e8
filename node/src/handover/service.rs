//! Handovers, toward the agency's own people.

use std::sync::Arc;

use grondslag_proto::v1;
use grondslag_proto::v1::handover_service_server::HandoverService;
use grondslag_runtime::call::said;
use tonic::{Request, Response, Status};

use super::desk::Handovers;
use crate::agency::Agency;
use crate::staff::Caller;

/// The service.
#[derive(Debug)]
pub(crate) struct HandoverDesk {
    agency: Arc<Agency>,
}

impl HandoverDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency }
    }

    fn handovers(&self) -> Handovers<'_> {
        Handovers { agency: &self.agency }
    }
}

#[tonic::async_trait]
impl HandoverService for HandoverDesk {
    async fn list_handovers(
        &self,
        request: Request<v1::ListHandoversRequest>,
    ) -> Result<Response<v1::ListHandoversResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let listed = self.handovers().list(&caller, &request.get_ref().role).await;
        Ok(Response::new(match listed {
            Ok((handovers, more)) => v1::ListHandoversResponse { handovers, more, refusal: None },
            Err(reason) => {
                v1::ListHandoversResponse { refusal: said(reason)?, ..Default::default() }
            }
        }))
    }

    async fn accept_handover(
        &self,
        request: Request<v1::AcceptHandoverRequest>,
    ) -> Result<Response<v1::AcceptHandoverResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let accepted = self.handovers().accept(&caller, request.into_inner()).await;
        Ok(Response::new(match accepted {
            Ok(handover) => v1::AcceptHandoverResponse { handover: Some(handover), refusal: None },
            Err(reason) => {
                v1::AcceptHandoverResponse { refusal: said(reason)?, ..Default::default() }
            }
        }))
    }
}
