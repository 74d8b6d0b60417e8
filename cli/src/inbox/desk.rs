//! The calls about what must be reviewed, to one's own node.

use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use grondslag_proto::v1::change_item_request::Change;
use grondslag_proto::v1::inbox_service_client::InboxServiceClient;
use tonic::transport::Channel;

use crate::desk::{Desk, accepted};
use crate::exit::Failure;
use crate::limits::CALL_MS_MAX;

/// Somebody at their desk, with the inbox.
#[derive(Debug, Clone)]
pub(crate) struct InboxDesk {
    desk: Desk,
    client: InboxServiceClient<Channel>,
}

impl InboxDesk {
    /// At a desk that is open.
    pub(crate) fn at(desk: Desk) -> Self {
        let client = InboxServiceClient::new(desk.channel());
        Self { desk, client }
    }

    /// What waits, and whether there is more than is listed.
    pub(crate) async fn list(
        &self,
        role: &str,
        all: bool,
    ) -> Result<(Vec<v1::InboxItem>, bool), Failure> {
        let request = v1::ListItemsRequest { role: role.to_owned(), all };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().list_items(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        Ok((told.items, told.more))
    }

    /// One question, with all that a reviewer decides by.
    pub(crate) async fn show(
        &self,
        target_id: &[u8],
        role: &str,
    ) -> Result<v1::ShowItemResponse, Failure> {
        let (target_id, role) = (target_id.to_vec(), role.to_owned());
        let request = self.desk.request(v1::ShowItemRequest { target_id, role }, CALL_MS_MAX);
        let told = self.client.clone().show_item(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal.clone())?;
        Ok(told)
    }

    /// The person is away until then, and who takes their place; or is back.
    pub(super) async fn set_away(
        &self,
        role: &str,
        away: Option<(Timestamp, &String)>,
    ) -> Result<(), Failure> {
        let (until_ms, substitute) =
            away.map(|(until, substitute)| (until.ms(), substitute.clone())).unwrap_or_default();
        let message = v1::SetAwayRequest { role: role.to_owned(), until_ms, substitute };
        let request = self.desk.request(message, CALL_MS_MAX);
        let set = self.client.clone().set_away(request).await.map_err(Failure::from)?;
        accepted(set.into_inner().refusal)
    }

    /// Changes it as it was shown; how it stands then.
    pub(crate) async fn change(
        &self,
        target_id: &[u8],
        role: &str,
        (change, version): (Change, Vec<u8>),
    ) -> Result<String, Failure> {
        let (target_id, role, change) = (target_id.to_vec(), role.to_owned(), Some(change));
        let request = v1::ChangeItemRequest { target_id, role, change, version };
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().change_item(request).await.map_err(Failure::from)?;
        let told = told.into_inner();
        accepted(told.refusal)?;
        Ok(told.state)
    }
}
