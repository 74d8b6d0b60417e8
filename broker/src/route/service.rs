//! The broker toward askers.

use std::pin::Pin;
use std::sync::Arc;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_core::statement::NamedRuling;
use grondslag_policy::Pack;
use grondslag_proto::question::Ask;
use grondslag_proto::reply::{Reply, refusal};
use grondslag_proto::status::rejected;
use grondslag_proto::v1;
use grondslag_proto::v1::broker_service_server::BrokerService;
use grondslag_runtime::call::{peer, report, said};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::attempt;
use super::attest::attest;
use super::carry::{Routed, carry_out};
use super::decide::{rule, shut};
use super::fanout::{Event, State};
use super::places::Places;
use super::record::record;
use super::verify::{Target, verify_inquiry};
use crate::broker::Broker;
use crate::deliver::{self, Followed};
use crate::limits::{DELIVERIES_MAX, EVENTS_MAX};
use crate::notices::Notice;
use crate::waiting;

/// The service.
#[derive(Debug)]
pub(crate) struct Routes {
    broker: Arc<Broker>,
    places: Places,
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Routes {
    /// A service with its bounds on questions under way.
    pub(crate) fn new(broker: Arc<Broker>) -> Self {
        Self { broker, places: Places::default() }
    }

    /// Decides and records a question, and keeps it for nodes that are away; nothing has left for a
    /// node when it returns.
    pub(crate) async fn route(&self, peer: &Oin, wire: v1::AskRequest) -> Result<Routed, Reason> {
        let Ask { raw, notice } = wire.try_into()?;
        let inquiry = Inquiry::parse(raw, self.broker.clock.now())?;
        let notice = notice.map(|id| Notice::of(&inquiry, id)).transpose()?;
        let (rules, asked_at) = (&self.broker.rules, inquiry.header().times.asked_at);
        let pack = rules.of_question(asked_at, self.broker.clock.now())?;
        // After the choice: what was chosen is told of by then, or was before.
        rules.settle(None).await?;
        let targets = verify_inquiry(&self.broker, peer, &inquiry, &pack).await?;
        attempt::check(&self.broker, &inquiry).await?;
        // The moment that the rules see is the one that is recorded: it is decided again on it.
        let now = self.broker.clock.now();
        let rulings = targets
            .iter()
            .map(|target| rule_target(&pack, &inquiry, target, now))
            .collect::<Result<Vec<_>, Reason>>()?;
        let recorded = record(&self.broker, (&inquiry, &targets), rulings, (&pack, now)).await?;
        let decided = attest(&self.broker, &inquiry, &targets, recorded).await?;
        let kept = waiting::keep(&self.broker, &inquiry, &targets, &decided).await?;
        Ok(Routed { inquiry, targets, decided, kept, notice })
    }

    async fn follow_up(&self, asker: &Oin, wire: v1::SendFollowUpRequest) -> Result<(), Reason> {
        self.broker.directory.card(asker)?;
        let _place = self.places.take(asker)?;
        let inquiry = InquiryId::from_slice(&wire.inquiry_id);
        let inquiry = inquiry.map_err(|_| Reason::UnknownInquiry)?;
        let follow_up = wire.follow_up.ok_or(Reason::Malformed)?.try_into()?;
        deliver::carry_follow_up(&self.broker, asker, (&inquiry, &wire.target_oin), follow_up).await
    }
}

fn rule_target(
    pack: &Pack,
    inquiry: &Inquiry,
    target: &Target,
    now: Timestamp,
) -> Result<Vec<NamedRuling>, Reason> {
    let categories = &target.part.categories;
    // Without a card there is no kind to decide on: the target is closed as unreachable, and the
    // leaf says that nothing was let through.
    let kind = match &target.card {
        Ok(card) => &card.card().kind,
        Err(reason) => return Ok(shut(categories, *reason)),
    };
    rule(pack, inquiry.header(), categories, kind, target.approvals, now)
}

#[tonic::async_trait]
impl BrokerService for Routes {
    type AskStream = Events<v1::AskResponse>;
    type FollowStream = Events<v1::FollowResponse>;
    type DeliverStream = Events<v1::DeliverResponse>;

    async fn ask(
        &self,
        request: Request<v1::AskRequest>,
    ) -> Result<Response<Self::AskStream>, Status> {
        let asker = peer(&request)?.oin().clone();
        if let Err(reason) = self.broker.directory.card(&asker) {
            return Ok(Response::new(refused(reason)));
        }
        let place = match self.places.take(&asker) {
            Ok(place) => place,
            Err(reason) => return Ok(Response::new(refused(reason))),
        };
        match self.route(&asker, request.into_inner()).await {
            Ok(routed) => {
                let (events, received) = mpsc::channel(EVENTS_MAX);
                let work = carry_out(Arc::clone(&self.broker), routed, events);
                let longest = self.broker.fanout.work();
                let asker = Arc::clone(&place.asker);
                tokio::spawn(async move {
                    if tokio::time::timeout(longest, work).await.is_err() {
                        tracing::warn!("an asker did not read; its question was ended");
                    }
                    drop((place.work, place.asker));
                });
                Ok(Response::new(stream(received, asker)))
            }
            Err(reason) if reason.is_fault() => Err(report(reason)),
            Err(reason) => {
                tracing::info!(reason = reason.code(), "a question was refused");
                Ok(Response::new(refused(reason)))
            }
        }
    }

    async fn follow(
        &self,
        request: Request<v1::FollowRequest>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let asker = peer(&request)?.oin().clone();
        let wanted = request.into_inner();
        let inquiry = InquiryId::from_slice(&wanted.inquiry_id);
        let followed = match inquiry {
            Ok(inquiry) => {
                let (target, after) = (wanted.target_oin.as_str(), wanted.after_reply_no);
                deliver::follow(&self.broker, &asker, &inquiry, target, after).await
            }
            Err(_) => Err(Reason::UnknownInquiry),
        };
        match followed {
            Ok(followed) => {
                let events = followed_events(followed).into_iter().map(Ok);
                Ok(Response::new(Box::pin(tokio_stream::iter(events))))
            }
            Err(reason) if reason.is_fault() => Err(report(reason)),
            Err(reason) => {
                let event = Some(v1::follow_response::Event::Refusal(refusal(reason)));
                let refused = v1::FollowResponse { event };
                Ok(Response::new(Box::pin(tokio_stream::once(Ok(refused)))))
            }
        }
    }

    async fn send_follow_up(
        &self,
        request: Request<v1::SendFollowUpRequest>,
    ) -> Result<Response<v1::SendFollowUpResponse>, Status> {
        let asker = peer(&request)?.oin().clone();
        let sent = self.follow_up(&asker, request.into_inner()).await;
        let refusal = sent.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::SendFollowUpResponse { refusal }))
    }

    async fn deliver(
        &self,
        request: Request<Streaming<v1::DeliverRequest>>,
    ) -> Result<Response<Self::DeliverStream>, Status> {
        let node = peer(&request)?.oin().clone();
        delivering(Arc::clone(&self.broker), node, request.into_inner()).await.map(Response::new)
    }
}

/// What the broker says first to a node, and then to each of its messages; of none it says no more.
pub(crate) async fn delivering(
    broker: Arc<Broker>,
    node: Oin,
    incoming: impl Stream<Item = Result<v1::DeliverRequest, Status>> + Send + 'static,
) -> Result<Events<v1::DeliverResponse>, Status> {
    let notices = deliver::opening(&broker, &node).await.map_err(report)?;
    // It is there: what waits for it comes as any question does.
    waiting::bring(&broker, &node);
    let event = Some(v1::deliver_response::Event::Waiting(notices));
    let first = tokio_stream::once(Ok(v1::DeliverResponse { event }));
    let answers = incoming.take(DELIVERIES_MAX).then(move |message| {
        let (broker, node) = (Arc::clone(&broker), node.clone());
        async move { delivered(&broker, &node, message?).await }
    });
    Ok(Box::pin(first.chain(answers)))
}

/// What came of one target, as events.
fn followed_events(followed: Followed) -> Vec<v1::FollowResponse> {
    use v1::follow_response::Event as Wire;
    let Followed { target, replies, state } = followed;
    let replied = replies.into_iter().map(|reply| {
        let target_oin = target.to_string();
        Wire::Replied(v1::TargetReplied { target_oin, reply: Some(reply) })
    });
    let closed = state.map(|state| Wire::Closed(closed(&target, state)));
    replied.chain(closed).map(|event| v1::FollowResponse { event: Some(event) }).collect()
}

/// Takes one message of a node, and says what became of it.
async fn delivered(
    broker: &Broker,
    node: &Oin,
    wire: v1::DeliverRequest,
) -> Result<v1::DeliverResponse, Status> {
    use v1::deliver_response::Event as Wire;
    let wire = wire.reply.ok_or_else(|| rejected(Reason::Malformed))?;
    let (target_id, reply_no) = (wire.target_id.clone(), wire.reply_no);
    let taken = match Reply::try_from(wire) {
        Ok(reply) => deliver::take(broker, node, reply).await,
        Err(reason) => Err(reason),
    };
    let event = match taken {
        Ok(()) => Wire::Kept(v1::ReplyKept { target_id, reply_no }),
        Err(reason) if reason.is_fault() => return Err(report(reason)),
        Err(reason) => {
            tracing::warn!(%node, %reason, "a later reply was not taken");
            let reason = reason.code().to_owned();
            Wire::Refused(v1::ReplyRefused { target_id, reply_no, reason })
        }
    };
    Ok(v1::DeliverResponse { event: Some(event) })
}

fn refused(reason: Reason) -> Events<v1::AskResponse> {
    let event = v1::ask_response::Event::Refusal(refusal(reason));
    Box::pin(tokio_stream::once(Ok(v1::AskResponse { event: Some(event) })))
}

/// The events as a stream that holds the question's place until it ends.
fn stream(
    received: mpsc::Receiver<Event>,
    place: Arc<OwnedSemaphorePermit>,
) -> Events<v1::AskResponse> {
    Box::pin(ReceiverStream::new(received).map(move |event| {
        let _held = &place;
        Ok(v1::AskResponse { event: Some(wire(event)) })
    }))
}

fn wire(event: Event) -> v1::ask_response::Event {
    match event {
        Event::Decided(decided) => v1::ask_response::Event::Decided(v1::TargetDecided {
            target_oin: decided.oin.to_string(),
            rulings: decided.rulings.iter().map(Into::into).collect(),
            attestation: Some((&decided.evidence).into()),
        }),
        Event::Replied(oin, reply) => v1::ask_response::Event::Replied(v1::TargetReplied {
            target_oin: oin.to_string(),
            reply: Some((*reply).into()),
        }),
        Event::Closed(oin, state) => v1::ask_response::Event::Closed(closed(&oin, state)),
    }
}

fn closed(oin: &Oin, state: State) -> v1::TargetClosed {
    let (state, reason) = match state {
        State::Replied => (v1::TargetState::Replied, None),
        State::Pending(reason) => (v1::TargetState::Pending, Some(reason)),
        State::Unreachable(reason) => (v1::TargetState::Unreachable, Some(reason)),
        State::NotAsked(reason) => (v1::TargetState::NotAsked, Some(reason)),
    };
    v1::TargetClosed {
        target_oin: oin.to_string(),
        state: state.into(),
        reason: reason.map(|reason| reason.code().to_owned()).unwrap_or_default(),
    }
}
