//! A process toward its own operator: its state, to whoever holds its own certificate.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::operator_service_server::{OperatorService, OperatorServiceServer};
use tonic::{Request, Response, Status as Failed};

use crate::call::report;
use crate::server::{Callers, Server};
use crate::status::Status;

/// A process that knows how it is doing.
#[async_trait]
pub trait Vitals: Send + Sync + fmt::Debug {
    /// Its state now.
    async fn status(&self) -> Status;
}

/// Adds the operator's service to a process's region listener: only its own certificate may call.
#[must_use]
pub fn serve_operator(server: Server, own: Oin, vitals: Arc<dyn Vitals>) -> Server {
    server.add(OperatorServiceServer::new(Operator(vitals)), Callers::own(own))
}

#[derive(Debug)]
struct Operator(Arc<dyn Vitals>);

#[async_trait]
impl OperatorService for Operator {
    async fn show_status(
        &self,
        _request: Request<v1::ShowStatusRequest>,
    ) -> Result<Response<v1::ShowStatusResponse>, Failed> {
        let status = self.0.status().await;
        let status_json = serde_json::to_string(&status).map_err(|_| report(Reason::Internal))?;
        Ok(Response::new(v1::ShowStatusResponse { status_json }))
    }
}
