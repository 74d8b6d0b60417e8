//! Counts of the broker, toward its operator.

use std::sync::Arc;

use grondslag_core::metrics::SignedReport;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::metrics_service_server::MetricsService;
use grondslag_runtime::metrics::given;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use super::make;
use crate::broker::Broker;

/// The service. The listener lets the broker's own certificate alone call it.
#[derive(Debug)]
pub(crate) struct Metrics {
    broker: Arc<Broker>,
    /// A count reads much of the ledger: one at a time.
    place: Semaphore,
}

impl Metrics {
    /// The service of a broker.
    pub(crate) fn new(broker: Arc<Broker>) -> Self {
        Self { broker, place: Semaphore::new(1) }
    }

    async fn make(&self, request: v1::MakeMetricsRequest) -> Result<SignedReport, Reason> {
        let period = request.period.parse()?;
        let _place = self.place.try_acquire().map_err(|_| Reason::Busy)?;
        make(&self.broker, period).await
    }
}

#[tonic::async_trait]
impl MetricsService for Metrics {
    async fn make_metrics(
        &self,
        request: Request<v1::MakeMetricsRequest>,
    ) -> Result<Response<v1::MakeMetricsResponse>, Status> {
        given(self.make(request.into_inner()).await)
    }
}
