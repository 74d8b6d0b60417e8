//! The board, toward the agency's own people.

use std::sync::Arc;

use grondslag_proto::v1;
use grondslag_proto::v1::caseload_service_server::CaseloadService;
use grondslag_runtime::call::said;
use tonic::{Request, Response, Status};

use super::board::Board;
use crate::agency::Agency;
use crate::staff::Caller;

/// The service.
#[derive(Debug)]
pub(crate) struct CaseloadDesk {
    agency: Arc<Agency>,
}

impl CaseloadDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency }
    }

    fn board(&self) -> Board<'_> {
        Board { agency: &self.agency }
    }
}

#[tonic::async_trait]
impl CaseloadService for CaseloadDesk {
    async fn open_case(
        &self,
        request: Request<v1::OpenCaseRequest>,
    ) -> Result<Response<v1::OpenCaseResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.board().open(&caller, request.into_inner()).await {
            Ok(id) => v1::OpenCaseResponse { case_id: id.as_bytes().to_vec(), refusal: None },
            Err(reason) => v1::OpenCaseResponse { case_id: vec![], refusal: said(reason)? },
        }))
    }

    async fn change_case(
        &self,
        request: Request<v1::ChangeCaseRequest>,
    ) -> Result<Response<v1::ChangeCaseResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let changed = self.board().change(&caller, request.into_inner()).await;
        let refusal = changed.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::ChangeCaseResponse { refusal }))
    }

    async fn list_cases(
        &self,
        request: Request<v1::ListCasesRequest>,
    ) -> Result<Response<v1::ListCasesResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.board().list(&caller, request.into_inner()).await {
            Ok((cases, more)) => v1::ListCasesResponse { cases, more, refusal: None },
            Err(reason) => v1::ListCasesResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }
}
