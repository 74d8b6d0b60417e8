//! The calls about break glass, to one's own node.

use grondslag_core::reviewing::GlassVerdict;
use grondslag_proto::v1;
use grondslag_proto::v1::glass_service_client::GlassServiceClient;
use tonic::transport::Channel;

use crate::desk::{Desk, accepted};
use crate::exit::Failure;
use crate::limits::CALL_MS_MAX;

/// Somebody at their desk, with what was asked with break glass.
#[derive(Debug, Clone)]
pub(super) struct GlassDesk {
    desk: Desk,
    client: GlassServiceClient<Channel>,
}

impl GlassDesk {
    /// At a desk that is open.
    pub(super) fn at(desk: Desk) -> Self {
        let client = GlassServiceClient::new(desk.channel());
        Self { desk, client }
    }

    /// What was asked so, as far as this role sees it.
    pub(super) async fn list(
        &self,
        role: &str,
        all: bool,
    ) -> Result<v1::ListGlassResponse, Failure> {
        let request = v1::ListGlassRequest { role: role.to_owned(), all };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().list_glass(request).await.map_err(Failure::from)?;
        let mut told = told.into_inner();
        accepted(told.refusal.take())?;
        Ok(told)
    }

    /// One question.
    pub(super) async fn show(
        &self,
        id: &[u8],
        role: &str,
    ) -> Result<v1::ShowGlassResponse, Failure> {
        let (inquiry_id, role) = (id.to_vec(), role.to_owned());
        let request = self.desk.request(v1::ShowGlassRequest { inquiry_id, role }, CALL_MS_MAX);
        let told = self.client.clone().show_glass(request).await.map_err(Failure::from)?;
        let mut told = told.into_inner();
        accepted(told.refusal.take())?;
        Ok(told)
    }

    /// What a second person judges of it.
    pub(super) async fn review(
        &self,
        id: &[u8],
        role: &str,
        (verdict, text): (GlassVerdict, &str),
    ) -> Result<(), Failure> {
        let (inquiry_id, role) = (id.to_vec(), role.to_owned());
        let (verdict, text) = (verdict.word().to_owned(), text.to_owned());
        let request = v1::ReviewGlassRequest { inquiry_id, role, verdict, text };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().review_glass(request).await.map_err(Failure::from)?;
        accepted(told.into_inner().refusal)
    }
}
