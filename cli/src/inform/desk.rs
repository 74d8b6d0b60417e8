//! The calls about what is to be told, to one's own node.

use grondslag_proto::v1;
use grondslag_proto::v1::inform_service_client::InformServiceClient;
use tonic::transport::Channel;

use crate::desk::{Desk, accepted};
use crate::exit::Failure;
use crate::limits::CALL_MS_MAX;

/// Somebody at their desk, with what is to be told.
#[derive(Debug, Clone)]
pub(crate) struct InformDesk {
    desk: Desk,
    client: InformServiceClient<Channel>,
}

impl InformDesk {
    /// At a desk that is open.
    pub(crate) fn at(desk: Desk) -> Self {
        let client = InformServiceClient::new(desk.channel());
        Self { desk, client }
    }

    /// What is to be told.
    pub(crate) async fn list(&self, role: &str, all: bool) -> Result<Vec<v1::ToInform>, Failure> {
        let request = v1::ListToInformRequest { role: role.to_owned(), all };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().list_to_inform(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        Ok(told.tasks)
    }

    /// Records that somebody was told.
    pub(crate) async fn done(&self, request: v1::RecordInformedRequest) -> Result<(), Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().record_informed(request).await.map_err(Failure::from)?;
        accepted(told.into_inner().refusal)
    }

    /// Puts it off.
    pub(super) async fn postpone(
        &self,
        request: v1::PostponeInformingRequest,
    ) -> Result<(), Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().postpone_informing(request).await.map_err(Failure::from)?;
        accepted(told.into_inner().refusal)
    }
}
