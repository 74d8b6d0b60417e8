//! The calls for own views to one's own node.

use grondslag_core::id::InquiryId;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::own_view_service_client::OwnViewServiceClient;
use tonic::transport::Channel;

use super::Sight;
use crate::ask::approve::Draft;
use crate::desk::{Desk, accepted};
use crate::exit::Failure;
use crate::limits::{CALL_MS_MAX, EVENT_MS_MAX};

/// Two members of staff see who asks.
const SEEN_BY: u32 = 2;
/// The function that approves a citizen's request, as in a role.
const APPROVES: &str = ".po";

/// Somebody at their desk, for an own view.
#[derive(Debug, Clone)]
pub(crate) struct OwnViewDesk {
    desk: Desk,
    client: OwnViewServiceClient<Channel>,
}

/// What became of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Confirmed {
    /// How many have seen who it is.
    pub(crate) seen_by: u32,
    /// The overview may be shown.
    pub(crate) approved: bool,
}

impl OwnViewDesk {
    /// At a desk that is open.
    pub(crate) fn at(desk: Desk) -> Self {
        let client = OwnViewServiceClient::new(desk.channel());
        Self { desk, client: client.max_decoding_message_size(MESSAGE_BYTES_MAX) }
    }

    /// Prepares an own view.
    pub(crate) async fn prepare(
        &self,
        request: v1::PrepareOwnViewRequest,
    ) -> Result<InquiryId, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().prepare_own_view(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        InquiryId::from_slice(&told.inquiry_id).map_err(|_| Reason::Malformed.into())
    }

    /// Records what a member of staff saw. The second of two who may approve it is shown what their
    /// own program rebuilt, and signs that.
    pub(crate) async fn confirm(
        &self,
        sight: &Sight,
        show: &dyn Fn(&Draft),
    ) -> Result<Confirmed, Failure> {
        let request = v1::ConfirmIdentityRequest {
            inquiry_id: sight.id.as_bytes().to_vec(),
            role: sight.role.clone(),
            subject: sight.number.clone(),
            document: sight.document.into(),
            authority: sight.authority.map(String::from).unwrap_or_default(),
            citizen_role: sight.citizen_role.clone(),
            names_checked: sight.names_checked,
        };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().confirm_identity(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        let approved = told.seen_by >= SEEN_BY && sight.role.ends_with(APPROVES);
        if approved {
            let shown = self.desk.show_draft(&sight.id).await?;
            let draft = Draft::check(&sight.id, self.desk.oin(), shown, &sight.number)?;
            show(&draft);
            draft.approve(&self.desk, &sight.role).await?;
        }
        Ok(Confirmed { seen_by: told.seen_by, approved })
    }

    /// Asks every agency, and gives the overview.
    pub(crate) async fn show(&self, id: &InquiryId) -> Result<v1::OwnView, Failure> {
        let request = v1::ShowOwnViewRequest { inquiry_id: id.as_bytes().to_vec() };
        let request = self.desk.request(request, EVENT_MS_MAX);
        let told = self.client.clone().show_own_view(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        told.view.ok_or_else(|| Reason::Malformed.into())
    }
}
