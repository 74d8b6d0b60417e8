//! What an agency's own operator may have the running node do, with the node's own certificate.

use std::pin::Pin;
use std::sync::Arc;

use grondslag_core::reason::Reason;
use grondslag_proto::reply::refusal;
use grondslag_proto::v1;
use grondslag_proto::v1::node_operator_service_server::NodeOperatorService;
use grondslag_runtime::call::report;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::agency::Agency;
use crate::index::Enrolled;
use crate::limits::{ENROL_CALLS_MAX, ENROL_EVENTS_MAX};

/// The service.
#[derive(Debug)]
pub(crate) struct NodeOperator {
    agency: Arc<Agency>,
    places: Arc<Semaphore>,
}

type Events = Pin<Box<dyn Stream<Item = Result<v1::EnrolNowResponse, Status>> + Send>>;

impl NodeOperator {
    /// The service of a node, with its bound on runs that wait for each other.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency, places: Arc::new(Semaphore::new(ENROL_CALLS_MAX)) }
    }
}

#[tonic::async_trait]
impl NodeOperatorService for NodeOperator {
    type EnrolNowStream = Events;

    /// A caller who hangs up does not stop the run: what is under way is enrolled.
    async fn enrol_now(
        &self,
        _: Request<v1::EnrolNowRequest>,
    ) -> Result<Response<Self::EnrolNowStream>, Status> {
        let (events, received) = mpsc::channel(ENROL_EVENTS_MAX);
        let (agency, place) = (Arc::clone(&self.agency), Arc::clone(&self.places));
        let place = place.try_acquire_owned();
        tokio::spawn(async move {
            let last = match &place {
                Ok(_) => enrol_now(&agency, &events).await,
                Err(_) => Err(Reason::Busy),
            };
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
    let index_as_of_ms = agency.index.ready(epoch, None, now).await?.ms();
    Ok(v1::EnrolNowResponse { epoch, whole: true, index_as_of_ms, ..Default::default() })
}

fn progress(enrolled: Enrolled) -> v1::EnrolNowResponse {
    let Enrolled { epoch, done, total } = enrolled;
    v1::EnrolNowResponse { epoch, done, total, ..v1::EnrolNowResponse::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Scene, Trouble, UNKNOWN};

    /// A practice to whose register somebody came, and what goes wrong with the next batch.
    async fn practice(trouble: Option<Trouble>) -> (NodeOperator, Arc<Agency>) {
        let Scene { agency, shelf, listing, .. } = Scene::new().await;
        shelf.numbers.lock().unwrap().push(UNKNOWN.into());
        *listing.holder.trouble.lock().unwrap() = trouble;
        let agency = Arc::new(agency);
        (NodeOperator::new(agency.clone()), agency)
    }

    async fn now(operator: &NodeOperator) -> Vec<Result<v1::EnrolNowResponse, Status>> {
        let events = operator.enrol_now(Request::new(v1::EnrolNowRequest {})).await;
        events.unwrap().into_inner().collect().await
    }

    async fn batches(agency: &Agency) -> usize {
        agency.index.recorded(1).await.unwrap().len()
    }

    #[tokio::test]
    async fn every_batch_is_told_and_the_end_says_until_when_the_register_counts() {
        let (operator, agency) = practice(None).await;
        let told: Vec<_> = now(&operator).await.into_iter().map(Result::unwrap).collect();
        let step = |done| v1::EnrolNowResponse { epoch: 1, done, total: 4, ..Default::default() };
        let index_as_of_ms = agency.clock.now().ms();
        let end =
            v1::EnrolNowResponse { epoch: 1, whole: true, index_as_of_ms, ..Default::default() };
        assert_eq!(told, [step(0), step(4), end]);
        assert_eq!(batches(&agency).await, 2, "the first run and this one");
    }

    #[tokio::test]
    async fn a_run_that_failed_says_why_and_the_next_call_goes_on() {
        let (operator, agency) = practice(Some(Trouble::AnswerLost)).await;
        let told: Vec<_> = now(&operator).await.into_iter().map(Result::unwrap).collect();
        let refused = told.last().unwrap().refusal.clone();
        assert_eq!(refused, Some(refusal(Reason::Unreachable)));
        assert_eq!(batches(&agency).await, 1);
        assert!(now(&operator).await.last().unwrap().as_ref().unwrap().whole);
        assert_eq!(batches(&agency).await, 3, "what was under way, and what this call brings");
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_stops_nothing() {
        let (operator, agency) = practice(None).await;
        drop(operator.enrol_now(Request::new(v1::EnrolNowRequest {})).await.unwrap());
        for _ in 0..1_000 {
            if batches(&agency).await == 2 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("who came was not enrolled");
    }

    #[tokio::test]
    async fn more_calls_than_may_wait_are_told_to_come_back() {
        let (operator, _agency) = practice(None).await;
        let permits = operator.places.clone().acquire_many_owned(4).await.unwrap();
        let told = now(&operator).await;
        let refused = told.last().unwrap().as_ref().unwrap().refusal.clone();
        assert_eq!((told.len(), refused), (1, Some(refusal(Reason::Busy))));
        drop(permits);
        assert!(now(&operator).await.last().unwrap().as_ref().unwrap().whole);
    }
}
