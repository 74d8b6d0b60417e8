//! A broker, and nodes, that lie: each in one way, and for the rest by the book.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use grondslag_core::answer::{Answer, Basis, Line};
use grondslag_core::catalogue::Category;
use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::inquiry::{Inquiry, Part, RawInquiry};
use grondslag_core::limits::REPLY_BYTES_LARGE;
use grondslag_core::reason::Reason;
use grondslag_core::seal::{self, About, SealKey};
use grondslag_core::statement::{
    Leaf, NamedRuling, ReplyFields, attestation_bytes, sign, subject_tag,
};
use grondslag_core::tier::{Approvals, Tier, Urgency, Verdict};
use grondslag_evidence::ledger::Signer;
use grondslag_evidence::ledger::testing::Log;
use grondslag_evidence::records;
use grondslag_proto::content::{self, Proved};
use grondslag_proto::question::Evidence;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use grondslag_proto::v1::ask_response::Event;
use prost::Message as _;

use super::SEEN;
use crate::agency::{Agency, AskStream, BrokerLink, LastContact};
use crate::asks::check::Asked;
use crate::fixture::{BROKER, GI, KNOWN, REGION, UNKNOWN, VT, key_of, oin, proved, rng, with_log};

/// What a liar does to the honest course of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    Nothing,
    /// The answer is about another child.
    AnotherChild,
    /// Another node signed.
    AnotherSigner,
    /// The answer belongs to another question.
    AnotherQuestion,
    /// The answer was sealed for another question.
    SealedForAnother,
    /// The reply is not of the length that all have.
    AnotherLength,
    /// A category that was not asked is answered.
    AnotherCategory,
    /// The broker refuses what the rules allow.
    RefusesWhatIsAllowed,
    /// It refuses, and gives no reason of a rule.
    RefusesWithoutReason,
    /// It lowers the cap, so that the holder refuses in its stead.
    LowersTheCap,
    /// It attests that something was let through, and asks nobody.
    AsksNobody,
    /// It cannot deal with the target, and says so.
    Shut,
    /// The leaf is about another header.
    AnotherHeader,
    /// The attestation is not the broker's.
    AnotherAttester,
    /// It attests in a log that nobody follows.
    AnotherLog,
    /// It attests in the log that would come after a restore.
    NextLog,
    /// It attests in a tree that is shorter than what was seen before the question.
    ShortTree,
    /// It attests in a tree with another root than what was seen at that size.
    TwoRoots,
    /// The same bad decision again and again.
    Flood,
    /// The stream ends without a word on the target.
    Silence,
    /// "Replied", and no reply.
    EmptyReply,
    /// Not ready at the first attempt, ready at the second.
    NotReadyOnce,
    /// Two replies of which the second gives content.
    Twice,
    /// Genuine and whole, and not the first.
    Later,
    /// The answer stands in no ledger, and the node does not say that it does.
    NoProof,
    /// A message of a slot comes in its place.
    SaysNothing,
    /// What is proved is another answer.
    AnotherAnswerProved,
    /// What is proved is an answer to another question.
    AnotherQuestionProved,
    /// It stands in a tree that the node did not sign.
    AnotherTree,
    /// It stands in the ledger of somebody else.
    AnothersLedger,
    /// The node's head is of another region.
    AnotherRegion,
    /// The path is of another place.
    AnotherPlace,
    /// Its record is said to be another one.
    AnotherRecord,
}

/// Where a stream breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nowhere.
    Never,
    /// Before its first word.
    AtOnce,
    /// After the decision.
    Decided,
    /// Not at all: the question waits, and the stream says so.
    Waits,
}

#[derive(Debug)]
pub(super) struct Liar {
    lie: Lie,
    cut: Cut,
    /// What it gives who follows, whatever the stream brought.
    pub(super) kept: Mutex<Vec<v1::FollowResponse>>,
    now: Timestamp,
    pack: Arc<grondslag_policy::Pack>,
    /// What replies are sealed under.
    to: SealKey,
    region: String,
}

#[async_trait]
impl BrokerLink for Liar {
    async fn ask(&self, request: v1::AskRequest, _: Duration) -> Result<AskStream, Reason> {
        let raw = RawInquiry::try_from(request).unwrap();
        let inquiry = Inquiry::parse(raw, self.now).unwrap();
        let events: Vec<v1::AskResponse> = inquiry
            .parts()
            .iter()
            .flat_map(|(oin, part)| self.heard(&inquiry, oin, part))
            .map(|event| v1::AskResponse { event: Some(event) })
            .collect();
        Ok(Box::pin(tokio_stream::iter(events.into_iter().map(Ok))))
    }

    async fn list_cards(&self) -> Result<Vec<v1::AgencyCard>, Reason> {
        Err(Reason::Unreachable)
    }

    async fn publish_card(&self, _: v1::AgencyCard) -> Result<v1::PublishCardResponse, Reason> {
        Err(Reason::Unreachable)
    }

    async fn show_epoch(&self) -> Result<v1::ShowEpochResponse, Reason> {
        Err(Reason::Unreachable)
    }

    async fn enrol(&self, _: v1::EnrolRequest) -> Result<v1::EnrolResponse, Reason> {
        Err(Reason::Unreachable)
    }

    async fn show_batches(
        &self,
        _: v1::ShowBatchesRequest,
    ) -> Result<v1::ShowBatchesResponse, Reason> {
        Err(Reason::Unreachable)
    }

    async fn deliver(&self, _: Vec<v1::Reply>) -> Result<Vec<v1::DeliverResponse>, Reason> {
        Err(Reason::Unreachable)
    }

    async fn follow(&self, of: v1::FollowRequest) -> Result<Vec<v1::FollowResponse>, Reason> {
        let kept = self.kept.lock().unwrap().clone().into_iter();
        Ok(kept.filter(|one| number(one).is_none_or(|no| no > of.after_reply_no)).collect())
    }

    async fn send_follow_up(
        &self,
        _: v1::SendFollowUpRequest,
    ) -> Result<v1::SendFollowUpResponse, Reason> {
        Err(Reason::Unreachable)
    }

    async fn list_records(
        &self,
        _: v1::ListRecordsRequest,
    ) -> Result<v1::ListRecordsResponse, Reason> {
        Err(Reason::Unreachable)
    }

    async fn waiting(&self) -> Result<v1::WaitingNotices, Reason> {
        Err(Reason::Unreachable)
    }

    fn last_contact(&self) -> LastContact {
        LastContact::default()
    }
}

impl Liar {
    pub(super) fn new(lie: Lie, now: Timestamp, agency: &Agency) -> Arc<Self> {
        Self::cut(lie, Cut::Never, now, agency)
    }

    /// One whose stream breaks off.
    pub(super) fn cut(lie: Lie, cut: Cut, now: Timestamp, agency: &Agency) -> Arc<Self> {
        let (pack, to) = (agency.pack(), agency.keys.seals.public().unwrap());
        let (kept, region) = (Mutex::default(), agency.context.region_name());
        Arc::new(Self { lie, cut, kept, now, pack, to, region })
    }

    /// What the stream brings; the replies are kept.
    fn heard(&self, inquiry: &Inquiry, target: &Oin, part: &Part) -> Vec<Event> {
        let all = self.events(inquiry, target, part);
        for event in &all {
            if let Event::Replied(replied) = event {
                let event = Some(v1::follow_response::Event::Replied(replied.clone()));
                self.kept.lock().unwrap().push(v1::FollowResponse { event });
            }
        }
        let decided = all.iter().filter(|event| matches!(event, Event::Decided(_)));
        let decided: Vec<Event> = decided.cloned().collect();
        let waits = Event::Closed(v1::TargetClosed {
            target_oin: target.to_string(),
            state: v1::TargetState::Pending.into(),
            reason: "QUESTION_WAITS".into(),
        });
        match self.cut {
            Cut::Never => all,
            Cut::AtOnce => Vec::new(),
            Cut::Decided => decided,
            Cut::Waits => decided.into_iter().chain([waits]).collect(),
        }
    }

    fn events(&self, inquiry: &Inquiry, target: &Oin, part: &Part) -> Vec<Event> {
        let asked = Asked { inquiry, target, part };
        let decided = Event::Decided(self.decided(asked));
        let reply = |lie| Event::Replied(self.replied(asked, lie));
        let close = |state: v1::TargetState, reason: &str| {
            let target_oin = target.to_string();
            Event::Closed(v1::TargetClosed {
                target_oin,
                state: state.into(),
                reason: reason.into(),
            })
        };
        match (self.lie, inquiry.attempt()) {
            (Lie::Silence, _) => vec![decided],
            (Lie::Flood, _) => vec![decided; 100],
            (Lie::EmptyReply, _) => vec![decided, close(v1::TargetState::Replied, "")],
            (Lie::RefusesWhatIsAllowed | Lie::RefusesWithoutReason | Lie::AsksNobody, _) => {
                vec![decided, close(v1::TargetState::NotAsked, "NO_RULE")]
            }
            (Lie::Shut, _) => {
                vec![decided, close(v1::TargetState::Unreachable, "AGENCY_SUSPENDED")]
            }
            (Lie::NotReadyOnce, 1) => {
                vec![decided, close(v1::TargetState::Unreachable, "NOT_READY")]
            }
            (Lie::Twice, _) => vec![
                decided,
                reply(Lie::Nothing),
                reply(Lie::Twice),
                close(v1::TargetState::Replied, ""),
            ],
            (lie, _) => vec![decided, reply(lie), close(v1::TargetState::Replied, "")],
        }
    }

    fn decided(&self, asked: Asked<'_>) -> v1::TargetDecided {
        let refusal = match self.lie {
            Lie::RefusesWhatIsAllowed => Some(Some(Reason::NoRule)),
            Lie::RefusesWithoutReason => Some(None),
            Lie::Shut => Some(Some(Reason::AgencySuspended)),
            _ => None,
        };
        let ruling = |category: &Category| {
            let visible = self.visible(asked);
            let mut named = self.pack.rule_visible(visible, category, self.now).unwrap();
            if let Some(reason) = refusal {
                (named.ruling.verdict, named.ruling.cap) = (Verdict::Refuse, Tier::T0);
                named.reason = reason;
            }
            if self.lie == Lie::LowersTheCap {
                named.ruling.cap = Tier::T0;
            }
            named
        };
        let rulings: Vec<NamedRuling> = asked.part.categories.iter().map(ruling).collect();
        let mut header = asked.inquiry.header().clone();
        if matches!(self.lie, Lie::AnotherHeader | Lie::Flood) {
            header.urgency = Urgency::Acute;
        }
        let leaf = Leaf {
            target_id: asked.id(),
            target: asked.target.clone(),
            header: header.digest(&asked.part.categories, &asked.part.approvals),
            detail: Digest::of(&asked.part.detail),
            on: Digest::of(b""),
            rulings: rulings.iter().map(|named| named.ruling.clone()).collect(),
            decided_at: self.now,
        }
        .canonical();
        let signer = if self.lie == Lie::AnotherAttester { VT } else { BROKER };
        let pair = Digest::of(b"pair");
        let (salt, recorded_at) = ([1; 32], self.now);
        let entry = records::hash_of(Leaf::KIND, &salt, &leaf, recorded_at);
        let (index, proof, checkpoint) = self.place(entry);
        let bytes = attestation_bytes(&asked.id(), &entry, index, &pair);
        let evidence = Evidence {
            leaf,
            salt,
            recorded_at,
            index,
            proof,
            checkpoint,
            seen_size: 0,
            consistency: Vec::new(),
            pair,
            signature: sign(&key_of(signer), &bytes),
        };
        v1::TargetDecided {
            target_oin: asked.target.to_string(),
            rulings: rulings.iter().map(Into::into).collect(),
            attestation: Some((&evidence).into()),
        }
    }
}

impl Liar {
    /// Where the decision stands: in the broker's ledger, or in a tree made for this one asker.
    fn place(&self, entry: Digest) -> (u64, Vec<Digest>, SignedCheckpoint) {
        let in_log = |log: &mut Log| {
            let index = log.push(entry);
            (index, log.inclusion(index), log.checkpoint())
        };
        let (number, before) = match self.lie {
            Lie::AnotherLog => (77, 0),
            Lie::NextLog => (2, 0),
            Lie::ShortTree => (1, 0),
            Lie::TwoRoots => (1, SEEN - 1),
            _ => return with_log(|log, _| in_log(log)),
        };
        let origin = Origin::of_broker(REGION, number).unwrap();
        let mut log = Log::new(Signer { origin, key: key_of(BROKER), previous: None });
        for n in 0..before {
            log.push(Digest::of(&n.to_be_bytes()));
        }
        in_log(&mut log)
    }

    fn visible(&self, asked: Asked<'_>) -> grondslag_policy::Facts {
        let target = "vt".to_owned().try_into().unwrap();
        self.pack.visible(asked.inquiry.header(), &target, Some(Approvals::None)).unwrap()
    }
}

fn number(one: &v1::FollowResponse) -> Option<u32> {
    match one.event.as_ref()? {
        v1::follow_response::Event::Replied(replied) => Some(replied.reply.as_ref()?.reply_no),
        _ => None,
    }
}

fn answer(asked: Asked<'_>, lie: Lie) -> Answer {
    let subject = if lie == Lie::AnotherChild { UNKNOWN } else { KNOWN };
    let category = |category: &Category| match lie {
        Lie::AnotherCategory => Category::parse("G16").unwrap(),
        _ => category.clone(),
    };
    let named = matches!(lie, Lie::AnotherChild | Lie::Twice);
    let line = |of: &Category| {
        let category = category(of);
        if named {
            Line::NoRecord { category, basis: Basis::default() }
        } else {
            Line::Neutral { category }
        }
    };
    let lines: Vec<Line> = asked.part.categories.iter().map(line).collect();
    let tag = subject_tag(&asked.id(), asked.target, subject.as_bytes());
    Answer {
        outcome: Answer::outcome_of(&lines),
        lines,
        subject_tag: *tag.as_bytes(),
        index_as_of: Timestamp::from_ms(1),
        holds_unnumbered_records: false,
        unwitnessed: false,
        answer_by: asked.inquiry.header().times.answer_by,
        duty_phone: "000".into(),
    }
}

impl Liar {
    /// An answer in its proof, or in what a lie makes of that.
    fn content(&self, asked: Asked<'_>, lie: Lie) -> Vec<u8> {
        let (from, statement) = (asked.target, asked.statement());
        let body = grondslag_proto::answer::encode(&answer(asked, lie));
        let other = Digest::of(b"other");
        let (from, statement) = match lie {
            Lie::AnothersLedger => (&oin(GI), statement),
            Lie::AnotherQuestionProved => (from, other),
            _ => (from, statement),
        };
        let region = if lie == Lie::AnotherRegion { "elsewhere" } else { &self.region };
        let Proved { mut answer, mut proof } = proved(region, from, &statement, body, self.now);
        match lie {
            Lie::NoProof => {
                return v1::AnswerContent { body: answer, proof: None }.encode_to_vec();
            }
            Lie::SaysNothing => return content::nothing(),
            // The same with a field that no reader looks at.
            Lie::AnotherAnswerProved => answer.extend([0x78, 0]),
            Lie::AnotherTree => proof.root = other,
            Lie::AnotherPlace => proof.index = 1,
            Lie::AnotherRecord => proof.commitment = other,
            _ => {}
        }
        content::encode(answer, &proof)
    }

    fn replied(&self, asked: Asked<'_>, lie: Lie) -> v1::TargetReplied {
        replied(asked, lie, &self.content(asked, lie), &self.to)
    }
}

fn replied(asked: Asked<'_>, lie: Lie, content: &[u8], to: &SealKey) -> v1::TargetReplied {
    let target_id = match lie {
        Lie::AnotherQuestion => TargetId::new([9; 16]),
        _ => asked.id(),
    };
    let header = asked.inquiry.header();
    let reply_no = if lie == Lie::Later { 2 } else { 1 };
    let mut reply = Reply {
        target_id,
        reply_no,
        part: 1,
        last: true,
        body: Vec::new(),
        signature: [0; 64],
        seen_size: 0,
    };
    let unsealed = ReplyFields::unsealed(target_id, header, asked.target, reply_no);
    let mut about = About::answer(&unsealed);
    if lie == Lie::SealedForAnother {
        about.target_id = TargetId::new([9; 16]);
    }
    let bytes = reply.body_bytes(REPLY_BYTES_LARGE);
    reply.body = seal::seal(to, &about, content, bytes, &mut rng()).unwrap();
    let fields = ReplyFields { body: &reply.body, ..unsealed };
    let signer = match lie {
        Lie::AnotherSigner => GI,
        _ => asked.target.as_str(),
    };
    reply.signature = sign(&key_of(signer), &fields.canonical());
    if lie == Lie::AnotherLength {
        reply.body.pop();
    }
    v1::TargetReplied { target_oin: asked.target.to_string(), reply: Some(reply.into()) }
}
