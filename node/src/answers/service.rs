//! The node's side of the region: it answers what the region's broker delivers, and nobody else.

use std::sync::Arc;

use grondslag_core::reason::Reason;
use grondslag_proto::follow_up::FollowUp;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::reply::refusal;
use grondslag_proto::status::{fault, rejected};
use grondslag_proto::v1;
use grondslag_proto::v1::answer_response::Result as Answered;
use grondslag_proto::v1::node_service_server::NodeService;
use grondslag_runtime::call::{flow, peer, report, said};
use grondslag_runtime::otlp::Flow;
use grondslag_runtime::telemetry::corr;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::answering::{self, Stop};
use crate::agency::Agency;
use crate::consent::Answering;
use crate::follow_ups::take::take;
use crate::limits::ANSWERS_MAX;

/// Answers questions.
#[derive(Debug, Clone)]
pub(crate) struct AnswerService {
    agency: Arc<Agency>,
    /// For answers under way, whether who asked still waits or has hung up.
    places: Arc<Semaphore>,
}

impl AnswerService {
    /// The service of one node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency, places: Arc::new(Semaphore::new(ANSWERS_MAX)) }
    }

    /// Answers to the end. A caller that hangs up ends nothing half-way: what was begun is written
    /// and told.
    async fn begun(
        &self,
        question: v1::AnswerQuestion,
        flow: Flow,
    ) -> Result<(Answered, Option<Answering>), Status> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Ok((self.refused(Reason::Busy), None));
        };
        let service = self.clone();
        let answering = tokio::spawn(async move {
            let _place = place;
            service.answered(question, &flow).await
        });
        answering.await.unwrap_or_else(|_| Err(report(Reason::Internal)))
    }

    async fn answered(
        &self,
        wire: v1::AnswerQuestion,
        flow: &Flow,
    ) -> Result<(Answered, Option<Answering>), Status> {
        let question = match TargetQuestion::try_from(wire) {
            Ok(question) => question,
            Err(reason @ (Reason::Malformed | Reason::TooLarge)) => return Err(rejected(reason)),
            Err(reason) => return Ok((self.refused(reason), None)),
        };
        flow.of(&question.id);
        // The agency stands in the log, the question under its target id; never the child.
        let (target, agency) = (question.id, question.header.asker.clone());
        match answering::answer(&self.agency, question).await {
            Ok((sealed, held)) => {
                tracing::info!(%target, %agency, "answered");
                Ok((Answered::Reply(sealed.into()), held))
            }
            Err(Stop::Refused(reason)) => {
                tracing::info!(%target, %agency, %reason, "refused");
                Ok((self.refused(reason), None))
            }
            Err(Stop::Fault(reason)) => {
                tracing::error!(%target, %agency, %reason, "not answered");
                Err(report(reason))
            }
            Err(Stop::Hidden(reason)) => {
                let corr = corr();
                tracing::error!(%target, %agency, %reason, %corr, "not answered");
                Err(fault(Reason::Internal, &corr))
            }
        }
    }

    /// Takes what an asker adds to its question, to the end: a caller that hangs up ends nothing
    /// half-way.
    async fn take_added(&self, wire: Option<v1::FollowUp>) -> Result<(), Reason> {
        let follow_up = FollowUp::try_from(wire.ok_or(Reason::Malformed)?)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Reason::Busy)?;
        let agency = Arc::clone(&self.agency);
        let taking = tokio::spawn(async move {
            let _place = place;
            take(&agency, follow_up).await
        });
        taking.await.unwrap_or(Err(Reason::Internal))
    }

    /// A refusal says at which head the broker's next proof is to begin.
    fn refused(&self, reason: Reason) -> Answered {
        let seen_size = self.agency.watching.seen_size();
        Answered::Refusal(v1::Refusal { seen_size, ..refusal(reason) })
    }
}

#[tonic::async_trait]
impl NodeService for AnswerService {
    async fn show_head(
        &self,
        request: Request<v1::ShowHeadRequest>,
    ) -> Result<Response<v1::ShowHeadResponse>, Status> {
        if *peer(&request)?.oin() != self.agency.broker {
            return Err(rejected(Reason::NotTheBroker));
        }
        let number = request.into_inner().number;
        let kept = self.agency.watching.last_of(number).await.map_err(report)?;
        let [head, covered] = kept.map(|head| head.map(|head| head.note()).unwrap_or_default());
        let founding = self.agency.watching.founding().await.map_err(report)?;
        let (number, founding) = (self.agency.watching.number(), founding.unwrap_or_default());
        Ok(Response::new(v1::ShowHeadResponse { number, head, covered, founding }))
    }

    async fn take_follow_up(
        &self,
        request: Request<v1::TakeFollowUpRequest>,
    ) -> Result<Response<v1::TakeFollowUpResponse>, Status> {
        let arrived = Instant::now();
        if *peer(&request)?.oin() != self.agency.broker {
            return Err(rejected(Reason::NotTheBroker));
        }
        let taken = self.take_added(request.into_inner().follow_up).await;
        // As an answer does.
        self.agency.tick.until_next(arrived).await;
        let refusal = taken.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::TakeFollowUpResponse { refusal }))
    }

    async fn answer(
        &self,
        request: Request<v1::AnswerRequest>,
    ) -> Result<Response<v1::AnswerResponse>, Status> {
        let arrived = Instant::now();
        // The listener admits the broker alone; this service does not rely on that.
        if *peer(&request)?.oin() != self.agency.broker {
            return Err(rejected(Reason::NotTheBroker));
        }
        let flow = flow(&request);
        let question = request.into_inner().question;
        let question = question.ok_or_else(|| rejected(Reason::Malformed))?;
        // Whether answered, refused or failed, it leaves on the tick.
        let result = self.begun(question, flow).await;
        self.agency.tick.until_next(arrived).await;
        // What it holds it holds until here: nothing of before a withdrawal leaves after it.
        let result = result.map(|(result, _held)| result);
        Ok(Response::new(v1::AnswerResponse { result: Some(result?) }))
    }
}

#[cfg(test)]
mod tests;
