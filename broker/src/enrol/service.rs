//! The enrolment service.

use std::sync::Arc;

use grondslag_proto::reply::refusal;
use grondslag_proto::v1;
use grondslag_proto::v1::enrolment_service_server::EnrolmentService;
use grondslag_runtime::call::{peer, report};
use tonic::{Request, Response, Status};

use super::{enrol, show};
use crate::broker::Broker;

/// The service.
#[derive(Debug)]
pub(crate) struct Enrolments(pub Arc<Broker>);

#[tonic::async_trait]
impl EnrolmentService for Enrolments {
    async fn enrol(
        &self,
        request: Request<v1::EnrolRequest>,
    ) -> Result<Response<v1::EnrolResponse>, Status> {
        let node = peer(&request)?.oin().clone();
        let answer = match enrol(&self.0, &node, request.into_inner()).await {
            Ok(all) => {
                let evaluations = all.iter().map(Into::into).collect();
                v1::EnrolResponse { evaluations, refusal: None }
            }
            Err(reason) if reason.is_fault() => return Err(report(reason)),
            Err(reason) => {
                tracing::warn!(%node, %reason, "a batch was not enrolled");
                v1::EnrolResponse { evaluations: vec![], refusal: Some(refusal(reason)) }
            }
        };
        Ok(Response::new(answer))
    }

    async fn show_batches(
        &self,
        request: Request<v1::ShowBatchesRequest>,
    ) -> Result<Response<v1::ShowBatchesResponse>, Status> {
        let node = peer(&request)?.oin().clone();
        let answer = match show(&self.0, &node, &request.into_inner()).await {
            Ok(shown) => shown,
            Err(reason) if reason.is_fault() => return Err(report(reason)),
            Err(reason) => {
                let refusal = Some(refusal(reason));
                v1::ShowBatchesResponse { refusal, ..v1::ShowBatchesResponse::default() }
            }
        };
        Ok(Response::new(answer))
    }
}
