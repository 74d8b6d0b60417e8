//! Questions made by hand: what an agency or a broker that does not keep to the protocol might
//! send, with real certificates and keys.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use futures_util::StreamExt as _;
use grondslag_certs::key;
use grondslag_certs::tls::Connector;
use grondslag_core::catalogue::{Category, Purpose, QueryKind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{Header, Inquiry, Part, RawInquiry, Times, whole_bytes};
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{Leaf, Ruling, ask_bytes, attestation_bytes, sign};
use grondslag_core::tier::{Level, Tier, Urgency, Verdict};
use grondslag_proto::question::{Evidence, TargetQuestion};
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_proto::v1::answer_response::Result as Answered;
use grondslag_proto::v1::ask_response::Event;
use grondslag_proto::v1::broker_service_client::BrokerServiceClient;
use grondslag_proto::v1::node_service_client::NodeServiceClient;
use grondslag_runtime::channel::{dial, within};
use grondslag_runtime::config::Limits;
use grondslag_runtime::net::TcpNet;
use prost::Message as _;
use tonic::Status;
use tonic::transport::Channel;

use super::identity::Identities;

const WAIT: Duration = Duration::from_secs(30);
const DAY_MS: i64 = 24 * 3_600 * 1_000;
const ASK_LIFE_MS: i64 = 60_000;

/// A necessity text that passes every check.
pub const NECESSITY: &str = "Nodig om te beoordelen welke hulp er al is en wat nu moet gebeuren.";

/// An organisation that speaks for itself.
#[derive(Clone)]
pub struct Hand {
    /// The organisation.
    pub oin: Oin,
    /// The key on its card.
    pub key: SigningKey,
    tls: Connector,
}

/// What the broker streamed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Routed {
    /// Why the question was refused as a whole.
    pub refusal: Option<Reason>,
    /// The decisions.
    pub decided: Vec<v1::TargetDecided>,
    /// The replies.
    pub replied: Vec<v1::TargetReplied>,
    /// The states.
    pub closed: Vec<v1::TargetClosed>,
}

impl Routed {
    /// What a target replied.
    pub fn reply(&self, oin: &Oin) -> Option<&v1::Reply> {
        let replied = self.replied.iter().find(|replied| replied.target_oin == oin.as_str());
        replied.and_then(|replied| replied.reply.as_ref())
    }

    /// The reason with which a target was closed; empty for none.
    pub fn why(&self, oin: &Oin) -> Option<&str> {
        let closed = self.closed.iter().find(|closed| closed.target_oin == oin.as_str());
        closed.map(|closed| closed.reason.as_str())
    }
}

impl Hand {
    /// An organisation by the folder of its keys.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let tls = Identities::tls(folder)?;
        let oin = tls.current().oin().clone();
        let key = key::load_signing_key(&folder.join("sign.key"))?;
        Ok(Self { oin, key, tls: Connector::region(tls) })
    }

    /// A channel to somebody.
    ///
    /// # Errors
    /// When the endpoint is none.
    pub fn channel(&self, endpoint: &str, to: &Oin) -> Result<Channel> {
        Ok(dial(Arc::new(TcpNet), self.tls.clone(), endpoint, to, &Limits::default())?)
    }

    /// Asks the broker.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn ask(&self, broker: &Channel, request: v1::AskRequest) -> Result<Routed, Status> {
        let client = BrokerServiceClient::new(broker.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let mut events = client.ask(within(request, WAIT)).await?.into_inner();
        let mut routed = Routed::default();
        while let Some(event) = events.next().await {
            match event?.event {
                Some(Event::Refusal(refusal)) => routed.refusal = Some(reason(&refusal.reason)),
                Some(Event::Decided(decided)) => routed.decided.push(decided),
                Some(Event::Replied(replied)) => routed.replied.push(replied),
                Some(Event::Closed(closed)) => routed.closed.push(closed),
                None => {}
            }
        }
        Ok(routed)
    }

    /// Delivers a question to a node, as a broker does.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn deliver(
        &self,
        node: &Channel,
        question: v1::AnswerQuestion,
    ) -> Result<Result<v1::Reply, Reason>, Status> {
        let client = NodeServiceClient::new(node.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let request = v1::AnswerRequest { question: Some(question) };
        let answer = client.answer(within(request, WAIT)).await?.into_inner();
        Ok(match answer.result {
            Some(Answered::Reply(reply)) => Ok(reply),
            Some(Answered::Refusal(refusal)) => Err(reason(&refusal.reason)),
            None => Err(Reason::Malformed),
        })
    }

    /// A broker's attestation of a question: that every category was let through up to `cap`.
    pub fn attest(&self, sketch: &Sketch, target: &Oin, cap: Tier) -> Option<TargetQuestion> {
        let part = sketch.part(target)?.clone();
        let id = TargetId::derive(&sketch.id, target);
        let through = |category: &Category| Ruling {
            category: category.clone(),
            verdict: Verdict::Permit,
            cap,
        };
        let leaf = Leaf {
            salt: [7; 16],
            target_id: id,
            target: target.clone(),
            header: sketch.header.digest(&part.categories, &part.approvals),
            detail: Digest::of(&part.detail),
            rulings: part.categories.iter().map(through).collect(),
            decided_at: sketch.header.times.asked_at,
        }
        .canonical();
        let bytes = attestation_bytes(&id, &Digest::of(&leaf), 0, &part.blind);
        let signature = sign(&self.key, &bytes);
        let evidence = Evidence { leaf, index: 0, signature };
        let header = sketch.header.clone();
        Some(TargetQuestion { id, header, target: target.clone(), part, evidence })
    }
}

/// A question in the making: change any field, then sign it.
#[derive(Clone)]
pub struct Sketch {
    /// The inquiry.
    pub id: InquiryId,
    /// 1 or 2.
    pub attempt: u8,
    /// The header.
    pub header: Header,
    /// About whom.
    pub subject: String,
    /// Why.
    pub necessity: String,
    /// What the asker states.
    pub facts: Vec<(String, String)>,
    /// Per target.
    pub parts: Vec<(Oin, Part)>,
    signature: [u8; 64],
}

/// Who asks, and what for.
#[derive(Debug, Clone, Copy)]
pub struct Plea<'a> {
    /// In which role.
    pub role: &'a str,
    /// What for.
    pub purpose: &'a str,
    /// What sort of question.
    pub query_kind: &'a str,
    /// About whom.
    pub subject: &'a str,
    /// What is asked.
    pub categories: &'a [&'a str],
    /// What the asker states.
    pub facts: &'a [(&'a str, &'a str)],
}

impl Sketch {
    /// An unsigned question under the rules `bundle`.
    ///
    /// # Errors
    /// When a word is no code.
    pub fn of(
        asker: &Oin,
        plea: &Plea<'_>,
        targets: &[&Oin],
        bundle: Digest,
        now: Timestamp,
    ) -> Result<Self> {
        let categories = plea.categories.iter().map(|code| Category::parse(code));
        let categories: Vec<Category> = categories.collect::<Result<_, _>>()?;
        let part = Part {
            categories,
            approvals: Vec::new(),
            blind: Vec::new(),
            detail: Vec::new(),
            signature: [0; 64],
        };
        let header = Header {
            asker: asker.clone(),
            role: Role::parse(plea.role)?,
            staff: Pseudonym::new([4; 16]),
            purpose: Purpose::parse(plea.purpose)?,
            kind: QueryKind::parse(plea.query_kind)?,
            grounds: Vec::new(),
            urgency: Urgency::Standard,
            break_glass: false,
            level: Level::Person,
            epoch: 0,
            bundle,
            times: Times {
                asked_at: now,
                ask_expires_at: now.plus_ms(ASK_LIFE_MS),
                answer_by: now.plus_ms(DAY_MS),
            },
            approvers: Vec::new(),
        };
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        let stated = plea.facts.iter();
        let stated = stated.map(|(column, value)| ((*column).to_owned(), (*value).to_owned()));
        Ok(Self {
            id: InquiryId::new(id),
            attempt: 1,
            header,
            subject: plea.subject.to_owned(),
            necessity: NECESSITY.to_owned(),
            facts: stated.collect(),
            parts: targets.iter().map(|oin| ((*oin).clone(), part.clone())).collect(),
            signature: [0; 64],
        })
    }

    /// Makes details and signatures anew.
    pub fn sign(&mut self, key: &SigningKey) {
        let parts = std::mem::take(&mut self.parts);
        self.parts =
            parts.into_iter().map(|(oin, part)| self.signed_part(key, oin, part)).collect();
        let statements: Vec<(Oin, Digest)> =
            self.parts.iter().map(|(oin, part)| (oin.clone(), self.statement(oin, part))).collect();
        let bytes = whole_bytes(&self.id, self.attempt, self.header.epoch, &statements);
        self.signature = sign(key, &bytes);
    }

    fn signed_part(&self, key: &SigningKey, oin: Oin, mut part: Part) -> (Oin, Part) {
        let stated = self.facts.iter();
        part.detail = v1::Detail {
            subject: self.subject.as_bytes().to_vec(),
            necessity: self.necessity.clone(),
            facts: stated
                .map(|(column, value)| v1::StatedFact {
                    column: column.clone(),
                    value: value.clone(),
                })
                .collect(),
            reference: Vec::new(),
            header_digest: self
                .header
                .digest(&part.categories, &part.approvals)
                .as_bytes()
                .to_vec(),
            salt: self.id.as_bytes().to_vec(),
        }
        .encode_to_vec();
        let id = TargetId::derive(&self.id, &oin);
        part.signature = sign(key, &ask_bytes(&id, &oin, &self.header, &part));
        (oin, part)
    }

    fn statement(&self, oin: &Oin, part: &Part) -> Digest {
        let id = TargetId::derive(&self.id, oin);
        Digest::of(&ask_bytes(&id, oin, &self.header, part))
    }

    /// What is asked of one target.
    pub fn part(&self, target: &Oin) -> Option<&Part> {
        self.parts.iter().find(|(oin, _)| oin == target).map(|(_, part)| part)
    }

    /// The question as it travels to the broker.
    ///
    /// # Errors
    /// When it could not be put on the wire at all.
    pub fn to_wire(&self) -> Result<v1::AskRequest> {
        let raw = RawInquiry {
            id: self.id,
            attempt: self.attempt,
            header: self.header.clone(),
            parts: self.parts.clone(),
            signature: self.signature,
        };
        // Fresh at its own moment, whatever the moment is.
        let parsed = Inquiry::parse(raw, self.header.times.asked_at);
        let parsed = parsed.ok().context("the sketch is no question")?;
        Ok((&parsed).into())
    }
}
