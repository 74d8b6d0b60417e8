//! The calls about requests, to one's own node.

use grondslag_proto::v1;
use grondslag_proto::v1::rights_service_client::RightsServiceClient;
use tonic::transport::Channel;

use crate::desk::{Desk, accepted};
use crate::exit::Failure;
use crate::limits::CALL_MS_MAX;

/// Somebody at their desk, with requests of people about their data.
#[derive(Debug, Clone)]
pub(crate) struct RightsDesk {
    desk: Desk,
    client: RightsServiceClient<Channel>,
}

impl RightsDesk {
    /// At a desk that is open.
    pub(crate) fn at(desk: Desk) -> Self {
        let client = RightsServiceClient::new(desk.channel());
        Self { desk, client }
    }

    /// The desk.
    pub(super) const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Writes a request down.
    pub(crate) async fn lodge(
        &self,
        request: v1::LodgeRequestRequest,
    ) -> Result<v1::LodgeRequestResponse, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().lodge_request(request).await.map_err(Failure::from)?;
        let mut told = told.into_inner();
        accepted(told.refusal.take())?;
        Ok(told)
    }

    /// The requests that the agency has to do with.
    pub(crate) async fn list(
        &self,
        role: &str,
        all: bool,
    ) -> Result<Vec<v1::RightsRequest>, Failure> {
        let request = v1::ListRequestsRequest { role: role.to_owned(), all };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().list_requests(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        Ok(told.requests)
    }

    /// Decides, and says which agencies are told of it.
    pub(crate) async fn decide(
        &self,
        request: v1::DecideRequestRequest,
    ) -> Result<Vec<String>, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().decide_request(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        Ok(told.told_oins)
    }

    /// Takes longer, and says until when.
    pub(super) async fn extend(&self, request: v1::ExtendRequestRequest) -> Result<i64, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().extend_request(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        Ok(told.due_ms)
    }

    /// Records what was done at the end.
    pub(crate) async fn close(&self, request: v1::CloseRequestRequest) -> Result<(), Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().close_request(request).await.map_err(Failure::from)?;
        accepted(told.into_inner().refusal)
    }

    /// Records whether a breach is reported.
    pub(crate) async fn assess(&self, request: v1::AssessBreachRequest) -> Result<(), Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().assess_breach(request).await.map_err(Failure::from)?;
        accepted(told.into_inner().refusal)
    }
}
