//! What an agency's own operator may have the running node do, with the node's own certificate.

use std::pin::Pin;
use std::sync::Arc;

use grondslag_core::reason::Reason;
use grondslag_proto::reply::refusal;
use grondslag_proto::v1;
use grondslag_proto::v1::node_operator_service_server::NodeOperatorService;
use grondslag_runtime::call::report;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::agency::Agency;
use crate::index::Enrolled;
use crate::limits::ENROL_EVENTS_MAX;

/// The service.
#[derive(Debug)]
pub(crate) struct NodeOperator(pub Arc<Agency>);

type Events = Pin<Box<dyn Stream<Item = Result<v1::EnrolNowResponse, Status>> + Send>>;

#[tonic::async_trait]
impl NodeOperatorService for NodeOperator {
    type EnrolNowStream = Events;

    /// A caller who hangs up does not stop the run: what is under way is enrolled.
    async fn enrol_now(
        &self,
        _: Request<v1::EnrolNowRequest>,
    ) -> Result<Response<Self::EnrolNowStream>, Status> {
        let (events, received) = mpsc::channel(ENROL_EVENTS_MAX);
        let agency = Arc::clone(&self.0);
        tokio::spawn(async move {
            let last = enrol_now(&agency, &events).await;
            // Whoever hung up does not read it.
            let _ = events.send(last).await;
        });
        let stream = ReceiverStream::new(received).map(|event| match event {
            Err(reason) if reason.is_fault() => Err(report(reason)),
            Err(reason) => {
                let refusal = Some(refusal(reason));
                Ok(v1::EnrolNowResponse { refusal, ..v1::EnrolNowResponse::default() })
            }
            Ok(event) => Ok(event),
        });
        Ok(Response::new(Box::pin(stream)))
    }
}

type Event = Result<v1::EnrolNowResponse, Reason>;

/// Enrols what is pending, and says how far it is; the last event is left to be sent.
async fn enrol_now(agency: &Agency, events: &mpsc::Sender<Event>) -> Event {
    agency.refresh_epoch_if_due().await?;
    let tell = |enrolled: Enrolled| {
        // A slow reader misses a step, and holds nothing up.
        let _ = events.try_send(Ok(progress(enrolled)));
    };
    tracing::info!("enrolment at once, at the operator's word");
    agency.index.tend_telling(true, &tell).await?;
    let (epoch, now) = (agency.index.epoch()?, agency.clock.now());
    let index_as_of_ms = agency.index.ready(epoch, now).await?.ms();
    Ok(v1::EnrolNowResponse { epoch, whole: true, index_as_of_ms, ..Default::default() })
}

fn progress(enrolled: Enrolled) -> v1::EnrolNowResponse {
    let Enrolled { epoch, done, total } = enrolled;
    v1::EnrolNowResponse { epoch, done, total, ..v1::EnrolNowResponse::default() }
}
