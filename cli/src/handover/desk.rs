//! The calls about handovers, to one's own node.

use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::handover_service_client::HandoverServiceClient;
use tonic::transport::Channel;

use crate::desk::{Desk, accepted};
use crate::exit::Failure;
use crate::limits::CALL_MS_MAX;

/// Somebody at their desk, with the cases that come and go.
#[derive(Debug, Clone)]
pub(crate) struct HandoverDesk {
    desk: Desk,
    client: HandoverServiceClient<Channel>,
}

impl HandoverDesk {
    /// At a desk that is open.
    pub(crate) fn at(desk: Desk) -> Self {
        let client = HandoverServiceClient::new(desk.channel());
        Self { desk, client }
    }

    /// What comes and goes, and whether there is more.
    pub(crate) async fn list(&self, role: &str) -> Result<(Vec<v1::Handover>, bool), Failure> {
        let request = v1::ListHandoversRequest { role: role.to_owned() };
        let request = self.desk.request(request, CALL_MS_MAX);
        let listed = self.client.clone().list_handovers(request).await.map_err(Failure::from)?;
        let listed = listed.into_inner();
        accepted(listed.refusal)?;
        Ok((listed.handovers, listed.more))
    }

    /// Accepts one.
    pub(crate) async fn accept(
        &self,
        request: v1::AcceptHandoverRequest,
    ) -> Result<v1::Handover, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let taken = self.client.clone().accept_handover(request).await.map_err(Failure::from)?;
        let taken = taken.into_inner();
        accepted(taken.refusal)?;
        taken.handover.ok_or_else(|| Reason::Malformed.into())
    }
}
