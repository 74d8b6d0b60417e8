//! Calls to nodes over mutual TLS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use grondslag_core::card::Card;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::follow_up::FollowUp;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::reply::{self, Reply};
use grondslag_proto::v1;
use grondslag_proto::v1::answer_response::Result as Answered;
use grondslag_proto::v1::node_service_client::NodeServiceClient;
use grondslag_runtime::channel::{Channels, of_target, reason_of, within};
use tonic::Code;

use super::{Heard, Nodes};

/// Calls to nodes, and what became of the last question to each.
#[derive(Debug)]
pub(crate) struct Calls {
    channels: Channels,
    clock: Arc<dyn grondslag_core::clock::Clock>,
    contacts: Mutex<BTreeMap<Oin, Contact>>,
}

/// How the last question to a node went; what is added to questions does not count.
#[derive(Debug, Default, Clone)]
pub(crate) struct Contact {
    /// When the node last said anything.
    pub(crate) last: Option<Timestamp>,
    /// Why the last question failed, if it did.
    pub(crate) failure: Option<Reason>,
}

impl Calls {
    /// As yet without a call.
    pub(crate) fn new(channels: Channels, clock: Arc<dyn grondslag_core::clock::Clock>) -> Self {
        Self { channels, clock, contacts: Mutex::default() }
    }

    async fn call(&self, card: &Card, question: &TargetQuestion, wait_max: Duration) -> Heard {
        let channel = match self.channels.to(&card.oin, &card.endpoint) {
            Ok(channel) => channel,
            Err(error) => return Heard::Lost(error.reason()),
        };
        let mut client =
            NodeServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let request = v1::AnswerRequest { question: Some(question.into()) };
        // The node's own deadline travels with the call; ours ends it whatever the node does.
        let call = client.answer(of_target(within(request, wait_max), question.id));
        match tokio::time::timeout(wait_max, call).await {
            Err(_) => Heard::Late,
            // Cancelled is what our own end says when the call's deadline passes first.
            Ok(Err(status))
                if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) =>
            {
                Heard::Late
            }
            Ok(Err(status)) => Heard::Lost(reason_of(&status)),
            Ok(Ok(response)) => heard(response.into_inner()),
        }
    }

    fn note(&self, oin: &Oin, heard: &Heard) {
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        let contact = contacts.entry(oin.clone()).or_default();
        match heard {
            Heard::Reply(_) | Heard::Refused(_) | Heard::OtherHead(_) => {
                *contact = Contact { last: Some(self.clock.now()), failure: None };
            }
            Heard::Late => contact.failure = Some(Reason::DeadlinePassed),
            Heard::Lost(reason) => contact.failure = Some(*reason),
        }
    }

    /// How the last question to a node went.
    pub(crate) fn contact(&self, oin: &Oin) -> Contact {
        let contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        contacts.get(oin).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl Nodes for Calls {
    async fn answer(&self, card: &Card, question: &TargetQuestion, wait_max: Duration) -> Heard {
        let heard = self.call(card, question, wait_max).await;
        self.note(&card.oin, &heard);
        heard
    }

    async fn follow_up(
        &self,
        card: &Card,
        follow_up: FollowUp,
        wait_max: Duration,
    ) -> Result<(), Reason> {
        let channel = self.channels.to(&card.oin, &card.endpoint);
        let mut client = NodeServiceClient::new(channel.map_err(|error| error.reason())?);
        let request = v1::TakeFollowUpRequest { follow_up: Some(follow_up.into()) };
        let call = client.take_follow_up(within(request, wait_max));
        let taken = tokio::time::timeout(wait_max, call).await;
        let taken = taken.map_err(|_| Reason::DeadlinePassed)?;
        match taken.map_err(|status| reason_of(&status))?.into_inner().refusal {
            None => Ok(()),
            Some(refusal) => Err(reply::reason(&refusal.reason)),
        }
    }
}

fn heard(response: v1::AnswerResponse) -> Heard {
    match response.result {
        Some(Answered::Reply(wire)) => match Reply::try_from(wire) {
            Ok(reply) => Heard::Reply(reply),
            Err(reason) => Heard::Lost(reason),
        },
        Some(Answered::Refusal(refusal)) => match reply::reason(&refusal.reason) {
            Reason::HeadMismatch => Heard::OtherHead(refusal.seen_size),
            reason => Heard::Refused(reason),
        },
        None => Heard::Lost(Reason::Malformed),
    }
}
