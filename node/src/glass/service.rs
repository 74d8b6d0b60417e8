//! Break glass, toward the agency's own people.

use std::sync::Arc;

use grondslag_proto::v1;
use grondslag_proto::v1::glass_service_server::GlassService;
use grondslag_runtime::call::said;
use tonic::{Request, Response, Status};

use super::desk::Glass;
use crate::agency::Agency;
use crate::staff::Caller;

/// The service.
#[derive(Debug)]
pub(crate) struct GlassDesk {
    agency: Arc<Agency>,
}

impl GlassDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency }
    }

    fn glass(&self) -> Glass<'_> {
        Glass { agency: &self.agency }
    }
}

#[tonic::async_trait]
impl GlassService for GlassDesk {
    async fn list_glass(
        &self,
        request: Request<v1::ListGlassRequest>,
    ) -> Result<Response<v1::ListGlassResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.glass().list(&caller, request.into_inner()).await {
            Ok(listed) => listed,
            Err(reason) => v1::ListGlassResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }

    async fn show_glass(
        &self,
        request: Request<v1::ShowGlassRequest>,
    ) -> Result<Response<v1::ShowGlassResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.glass().show(&caller, request.into_inner()).await {
            Ok(shown) => shown,
            Err(reason) => v1::ShowGlassResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }

    async fn review_glass(
        &self,
        request: Request<v1::ReviewGlassRequest>,
    ) -> Result<Response<v1::ReviewGlassResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let reviewed = self.glass().review(&caller, request.into_inner()).await;
        let refusal = reviewed.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::ReviewGlassResponse { refusal }))
    }
}
