//! The calls to the consent register of one's own node.

use grondslag_core::lang::Lang;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_proto::v1::consent_service_client::ConsentServiceClient;
use grondslag_proto::v1::record_act_request::Act;
use tonic::transport::Channel;

use super::ChildArgs;
use crate::desk::Desk;
use crate::exit::Failure;
use crate::limits::{CALL_MS_MAX, LONG_CALL_MS_MAX};

/// Somebody at their desk, before the register.
#[derive(Debug, Clone)]
pub(crate) struct ConsentDesk {
    desk: Desk,
    client: ConsentServiceClient<Channel>,
}

impl ConsentDesk {
    /// Opens a person's folder. Nothing is sent before the first call.
    pub(super) fn open(child: &ChildArgs, lang: Lang) -> Result<Self, Failure> {
        Ok(Self::at(Desk::open(&child.desk, lang)?))
    }

    /// The register at a desk that is open.
    pub(crate) fn at(desk: Desk) -> Self {
        let client = ConsentServiceClient::new(desk.channel());
        Self { desk, client: client.max_decoding_message_size(MESSAGE_BYTES_MAX) }
    }

    /// The desk.
    pub(super) const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Writes an act down. A refusal says who must say yes, where that is what was wrong.
    pub(crate) async fn record(
        &self,
        request: v1::RecordActRequest,
    ) -> Result<v1::RecordActResponse, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().record_act(request).await.map_err(Failure::from)?;
        let mut told = told.into_inner();
        match told.refusal.take() {
            Some(refusal) => Err(Failure::new(reason(&refusal.reason), &told.who)),
            None => Ok(told),
        }
    }

    /// Writes an act about a child down.
    pub(super) async fn put(
        &self,
        child: &ChildArgs,
        act: Act,
        preview: bool,
    ) -> Result<v1::RecordActResponse, Failure> {
        let (subject, role) = (child.subject.number()?, child.role.clone());
        self.record(v1::RecordActRequest { subject, role, act: Some(act), preview }).await
    }

    /// Certifies a measure for others.
    pub(super) async fn certify(
        &self,
        request: v1::CertifyMeasureRequest,
    ) -> Result<v1::CertifyMeasureResponse, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let made = self.client.clone().certify_measure(request).await.map_err(Failure::from)?;
        let mut made = made.into_inner();
        match made.refusal.take() {
            Some(refusal) => Err(reason(&refusal.reason).into()),
            None => Ok(made),
        }
    }

    /// Writes down, or only checks, what a file says of one child. Refusals are in the answer.
    pub(super) async fn situations(
        &self,
        request: v1::RecordSituationsRequest,
    ) -> Result<v1::RecordSituationsResponse, Failure> {
        let request = self.desk.request(request, CALL_MS_MAX);
        let told = self.client.clone().record_situations(request).await;
        told.map(tonic::Response::into_inner).map_err(Failure::from)
    }

    /// What stands in the register about a child.
    pub(super) async fn list(&self, child: &ChildArgs) -> Result<v1::ListActsResponse, Failure> {
        let (subject, role) = (child.subject.number()?, child.role.clone());
        self.acts(v1::ListActsRequest { subject, role }).await
    }

    /// Whom of all children to ask again, so many days ahead.
    pub(super) async fn ask_again(
        &self,
        role: &str,
        days: u32,
    ) -> Result<v1::ListAskAgainResponse, Failure> {
        let message = v1::ListAskAgainRequest { role: role.to_owned(), days };
        // The whole register is looked through.
        let request = self.desk.request(message, LONG_CALL_MS_MAX);
        let listed = self.client.clone().list_ask_again(request).await.map_err(Failure::from)?;
        let mut listed = listed.into_inner();
        match listed.refusal.take() {
            Some(refusal) => Err(reason(&refusal.reason).into()),
            None => Ok(listed),
        }
    }

    /// What stands in the register about a child, for who has a request at hand.
    pub(crate) async fn acts(
        &self,
        message: v1::ListActsRequest,
    ) -> Result<v1::ListActsResponse, Failure> {
        let request = self.desk.request(message, CALL_MS_MAX);
        let listed = self.client.clone().list_acts(request).await.map_err(Failure::from)?;
        let mut listed = listed.into_inner();
        match listed.refusal.take() {
            Some(refusal) => Err(reason(&refusal.reason).into()),
            None => Ok(listed),
        }
    }
}
