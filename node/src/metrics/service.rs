//! Counts of the agency, toward its privacy officer.

use std::sync::Arc;

use grondslag_core::metrics::{Period, SignedReport};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::metrics_service_server::MetricsService;
use grondslag_runtime::metrics::given;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use super::make;
use crate::agency::Agency;
use crate::staff::Caller;

/// The service.
#[derive(Debug)]
pub(crate) struct MetricsDesk {
    agency: Arc<Agency>,
    /// A count reads much of the ledger: one at a time.
    place: Semaphore,
}

impl MetricsDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency, place: Semaphore::new(1) }
    }

    pub(super) async fn make(
        &self,
        caller: &Caller,
        request: v1::MakeMetricsRequest,
    ) -> Result<SignedReport, Reason> {
        let by = caller.in_role(&self.agency, &request.role)?;
        if !self.agency.pack().catalogue().informing().sees_all(by.role()) {
            return Err(Reason::RoleNotHeld);
        }
        let period: Period = request.period.parse()?;
        let _place = self.place.try_acquire().map_err(|_| Reason::Busy)?;
        make(&self.agency, &by, period).await
    }
}

#[tonic::async_trait]
impl MetricsService for MetricsDesk {
    async fn make_metrics(
        &self,
        request: Request<v1::MakeMetricsRequest>,
    ) -> Result<Response<v1::MakeMetricsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        given(self.make(&caller, request.into_inner()).await)
    }
}
