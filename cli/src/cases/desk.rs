//! The calls about the caseload board, to one's own node.

use grondslag_proto::v1;
use grondslag_proto::v1::caseload_service_client::CaseloadServiceClient;
use grondslag_proto::v1::change_case_request::Change;
use tonic::transport::Channel;

use crate::desk::{Desk, accepted};
use crate::exit::Failure;
use crate::limits::CALL_MS_MAX;

/// Somebody at their desk, with the board.
#[derive(Debug, Clone)]
pub(crate) struct CaseloadDesk {
    desk: Desk,
    client: CaseloadServiceClient<Channel>,
}

impl CaseloadDesk {
    /// At a desk that is open.
    pub(crate) fn at(desk: Desk) -> Self {
        let client = CaseloadServiceClient::new(desk.channel());
        Self { desk, client }
    }

    /// The board, and whether there is more than it shows.
    pub(super) async fn list(
        &self,
        role: &str,
        all: bool,
    ) -> Result<(Vec<v1::BoardCase>, bool), Failure> {
        let request = v1::ListCasesRequest { role: role.to_owned(), all };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().list_cases(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        Ok((told.cases, told.more))
    }

    /// Puts a child on the board; the number of the case.
    pub(crate) async fn open(&self, request: v1::OpenCaseRequest) -> Result<Vec<u8>, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().open_case(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        Ok(told.case_id)
    }

    /// Records what changed of a case.
    pub(super) async fn change(
        &self,
        case_id: &[u8],
        role: &str,
        change: Change,
    ) -> Result<(), Failure> {
        let (case_id, role, change) = (case_id.to_vec(), role.to_owned(), Some(change));
        let request = v1::ChangeCaseRequest { case_id, role, change };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().change_case(request).await.map_err(Failure::from)?;
        accepted(told.into_inner().refusal)
    }
}
