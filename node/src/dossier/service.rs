//! Joint files, toward the agency's own people.

use std::pin::Pin;
use std::sync::Arc;

use grondslag_core::reason::Reason;
use grondslag_proto::reply::refusal;
use grondslag_proto::v1;
use grondslag_proto::v1::dossier_service_server::DossierService;
use grondslag_proto::v1::show_dossier_request::Which;
use grondslag_proto::v1::show_dossier_response::Part;
use grondslag_runtime::call::{checked, report};
use tokio::sync::Semaphore;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::desk::Files;
use crate::agency::Agency;
use crate::limits::DOSSIER_LOOKS_MAX;
use crate::staff::{Caller, Person};

/// The service.
#[derive(Debug)]
pub(crate) struct DossierDesk {
    agency: Arc<Agency>,
    /// A look fetches what came since, which may take long.
    pub(super) places: Semaphore,
}

impl DossierDesk {
    /// The desk of a node, with its bound on looks under way.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency, places: Semaphore::new(DOSSIER_LOOKS_MAX) }
    }

    fn files(&self) -> Files<'_> {
        Files { agency: &self.agency }
    }

    pub(super) async fn show(
        &self,
        who: &Person,
        which: Option<Which>,
    ) -> Result<Vec<Part>, Reason> {
        let _place = self.places.try_acquire().map_err(|_| Reason::Busy)?;
        self.files().show(who, which).await
    }
}

#[tonic::async_trait]
impl DossierService for DossierDesk {
    type ShowDossierStream =
        Pin<Box<dyn Stream<Item = Result<v1::ShowDossierResponse, Status>> + Send>>;

    async fn show_dossier(
        &self,
        request: Request<v1::ShowDossierRequest>,
    ) -> Result<Response<Self::ShowDossierStream>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let shown = self.show(&caller.person, request.into_inner().which).await;
        let parts = match shown {
            Ok(parts) => parts,
            Err(reason) => vec![Part::Refusal(refusal(checked(reason)?))],
        };
        let parts = parts.into_iter().map(|part| Ok(v1::ShowDossierResponse { part: Some(part) }));
        Ok(Response::new(Box::pin(tokio_stream::iter(parts))))
    }

    async fn list_escalations(
        &self,
        request: Request<v1::ListEscalationsRequest>,
    ) -> Result<Response<v1::ListEscalationsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let listed: Result<_, Reason> = self.files().list(&caller.person).await;
        let (escalations, more) = listed.map_err(report)?;
        Ok(Response::new(v1::ListEscalationsResponse { escalations, more }))
    }
}
