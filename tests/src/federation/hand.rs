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
use grondslag_core::blind::{Pair, Turned};
use grondslag_core::catalogue::Category;
use grondslag_core::id::{Digest, InquiryId, Oin, TargetId};
use grondslag_core::inquiry::{Header, Part};
use grondslag_core::limits::{MESSAGE_BYTES_MAX, PAIR_BYTES};
use grondslag_core::reason::Reason;
use grondslag_core::seal::{About, SealKey, seal};
use grondslag_core::statement::{Leaf, Ruling};
use grondslag_core::tier::{Tier, Verdict};
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
use tonic::Status;
use tonic::transport::Channel;

use super::between::Asking;
use super::identity::Identities;
use super::keys::{Addressee, HolderKeys, RegionKeys, rng, sealed};
use super::log::BrokerLog;

pub use super::sketch::{NECESSITY, Plea, Sketch};

const WAIT: Duration = Duration::from_secs(30);
/// How often a question is proved anew for a node whose head moves on.
const PROOFS_MAX: u32 = 20;

/// An organisation that speaks for itself.
#[derive(Clone)]
pub struct Hand {
    /// The organisation.
    pub oin: Oin,
    /// The key on its card.
    pub key: SigningKey,
    /// What ties the points of its region together.
    pub region: String,
    /// The real broker's factors, if this is one.
    pub holder: Option<HolderKeys>,
    /// The real broker's ledger, if this is one.
    pub(super) log: Option<BrokerLog>,
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

    /// Everything that is the same when the same question is put again. Its hidden number is not:
    /// the broker blinds it anew for every delivery, and attests that.
    #[must_use]
    pub fn lasting(&self) -> Self {
        let mut lasting = self.clone();
        let attested =
            lasting.decided.iter_mut().filter_map(|decided| decided.attestation.as_mut());
        for attestation in attested {
            attestation.pair.clear();
            attestation.signature.clear();
            // The ledger goes on, and with it the checkpoint in which the leaf is proved.
            attestation.proof.clear();
            attestation.checkpoint.clear();
        }
        lasting
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
        let region = tls.current().root().fingerprint().to_string();
        let key = key::load_signing_key(&folder.join("sign.key"))?;
        let (holder, log) = (None, None);
        Ok(Self { oin, key, region, holder, log, tls: Connector::region(tls) })
    }

    /// The same with another's key, and with no ledger that anybody has seen.
    #[must_use]
    pub fn forging(&self, key: &SigningKey) -> Self {
        Self { key: key.clone(), log: None, ..self.clone() }
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

    /// What the broker has of later replies of one target.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn follow(
        &self,
        broker: &Channel,
        inquiry: &InquiryId,
        target: &Oin,
    ) -> Result<Vec<v1::FollowResponse>, Status> {
        self.follow_after(broker, inquiry, target, 1).await
    }

    /// The same after a number; the first reply has 1.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn follow_after(
        &self,
        broker: &Channel,
        inquiry: &InquiryId,
        target: &Oin,
        after_reply_no: u32,
    ) -> Result<Vec<v1::FollowResponse>, Status> {
        let (inquiry_id, target_oin) = (inquiry.as_bytes().to_vec(), target.to_string());
        let request = v1::FollowRequest { inquiry_id, after_reply_no, target_oin };
        Asking::to(broker.clone()).follow(request).await
    }

    /// Delivers a question to a node, as a broker does: proved once more from the head that the
    /// node has, when that is another. The real broker moves that head all the while, so that once
    /// may not be enough.
    ///
    /// # Errors
    /// The status of a fault.
    pub async fn deliver(
        &self,
        node: &Channel,
        mut question: v1::AnswerQuestion,
    ) -> Result<Result<v1::Reply, Reason>, Status> {
        for _ in 0..PROOFS_MAX {
            match self.deliver_once(node, question.clone()).await? {
                Err((Reason::HeadMismatch, seen)) if self.reprove(&mut question, seen).await => {}
                answered => return Ok(answered.map_err(|(reason, _)| reason)),
            }
        }
        Ok(Err(Reason::HeadMismatch))
    }

    /// Proves a question from another head; false when there is nothing to prove.
    async fn reprove(&self, question: &mut v1::AnswerQuestion, from: u64) -> bool {
        let evidence = question.attestation.clone().map(Evidence::try_from);
        let (Some(log), Some(Ok(mut evidence))) = (&self.log, evidence) else { return false };
        let proved = log.prove(&self.region, &self.key, &mut evidence, from).await.is_ok();
        question.attestation = Some((&evidence).into());
        proved
    }

    async fn deliver_once(
        &self,
        node: &Channel,
        question: v1::AnswerQuestion,
    ) -> Result<Result<v1::Reply, (Reason, u64)>, Status> {
        let client = NodeServiceClient::new(node.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let request = v1::AnswerRequest { question: Some(question) };
        let answer = client.answer(within(request, WAIT)).await?.into_inner();
        Ok(match answer.result {
            Some(Answered::Reply(reply)) => Ok(reply),
            Some(Answered::Refusal(refusal)) => Err((reason(&refusal.reason), refusal.seen_size)),
            None => Err((Reason::Malformed, 0)),
        })
    }

    /// What a broker makes of the hidden number for one target: with the real broker's factors.
    ///
    /// # Errors
    /// When this is no broker, or nothing is hidden for the target.
    pub fn step(&self, sketch: &Sketch, target: &Oin) -> Result<Pair> {
        let hidden = sketch.hidden.as_ref().context("it was not signed")?;
        let place = sketch.parts.iter().position(|(oin, _)| oin == target);
        let two = place.and_then(|place| hidden.two.get(place)).context("no such target")?;
        self.step_pair(sketch.keys(), target, &Pair { one: hidden.one, two: *two })
    }

    /// The same for any pair.
    ///
    /// # Errors
    /// As [`Hand::step`].
    pub fn step_pair(&self, keys: &RegionKeys, target: &Oin, pair: &Pair) -> Result<Pair> {
        let holder = self.holder.as_ref().context("only a broker has factors")?;
        let factors = holder.factors(keys.epoch(), target)?;
        Ok(factors.step(pair, keys.of(target)?.inbound.element(), &mut rng())?)
    }

    /// A broker's attestation of a question: that every category was let through up to `cap`.
    ///
    /// # Errors
    /// As [`Hand::step`].
    pub fn attest(&self, sketch: &Sketch, target: &Oin, cap: Tier) -> Result<TargetQuestion> {
        let part = sketch.part(target).context("no such target")?;
        let id = TargetId::derive(&sketch.id, target);
        let asked = Delivered { id, header: &sketch.header, target, part };
        let through = |category: &Category| Ruling {
            category: category.clone(),
            verdict: Verdict::Permit,
            cap,
        };
        let rulings = part.categories.iter().map(through).collect();
        let to = sketch.keys().of(target)?;
        self.attest_pair(&asked, &self.step(sketch, target)?, &to, rulings)
    }

    /// The same for any pair, whatever the asker hid, and with any rulings.
    ///
    /// # Errors
    /// When the pair cannot be sealed.
    pub fn attest_pair(
        &self,
        asked: &Delivered<'_>,
        pair: &Pair,
        to: &Addressee,
        rulings: Vec<Ruling>,
    ) -> Result<TargetQuestion> {
        let Delivered { id, header, target, part } = *asked;
        let leaf = Leaf {
            target_id: id,
            target: target.clone(),
            header: header.digest(&part.categories, &part.approvals),
            detail: Digest::of(&part.detail),
            on: Digest::of(b""),
            rulings,
            decided_at: header.times.asked_at,
        };
        let turned = Turned { pair: *pair, made_with: to.made_with };
        let evidence = self.evidence(&id, &leaf, turned.digest())?;
        let pair = self.seal_pair(asked, &turned.bytes(), &to.seal)?;
        let (header, target, part) = (header.clone(), target.clone(), part.clone());
        Ok(TargetQuestion { id, header, target, part, pair, evidence })
    }

    /// A broker's word that a leaf stands in its ledger, where it then does. Who is no broker says
    /// so of a ledger of its own.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn evidence(&self, id: &TargetId, leaf: &Leaf, pair: Digest) -> Result<Evidence> {
        let log = match &self.log {
            Some(log) => log.clone(),
            None => BrokerLog::of_nobody(),
        };
        log.attest(&self.region, &self.key, (id, leaf, pair), 0)
    }

    /// Two points, sealed as a broker does.
    ///
    /// # Errors
    /// When they cannot be sealed.
    pub fn seal_pair(&self, asked: &Delivered<'_>, points: &[u8], to: &SealKey) -> Result<Vec<u8>> {
        let about = About::pair(asked.id, asked.header, &self.oin, asked.target);
        seal(to, &about, points, PAIR_BYTES, &mut rng()).map_err(sealed)
    }
}

/// A question as a broker delivers it to one target.
#[derive(Debug, Clone, Copy)]
pub struct Delivered<'a> {
    /// The inquiry as the target knows it.
    pub id: TargetId,
    /// What broker and targets may see.
    pub header: &'a Header,
    /// Whom it is for.
    pub target: &'a Oin,
    /// What is asked.
    pub part: &'a Part,
}
