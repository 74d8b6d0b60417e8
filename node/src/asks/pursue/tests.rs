//! What a person sees when the broker or a node lies. The broker here signs whatever it is told
//! to, and the nodes answer "nothing that may be told" unless a test says otherwise.

use async_trait::async_trait;
use grondslag_core::answer::{Basis, Line, Outcome};
use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Pseudonym, StaffId, TargetId};
use grondslag_core::inquiry::RawInquiry;
use grondslag_core::limits::REPLY_BYTES_LARGE;
use grondslag_core::merkle::verify_inclusion;
use grondslag_core::seal::{self, About, SealKey};
use grondslag_core::statement::{Leaf, ReplyFields, attestation_bytes, sign, subject_tag};
use grondslag_core::tier::{Approvals, Level, Tier, Urgency, Verdict};
use grondslag_core::watch::Contrast;
use grondslag_evidence::ledger::Signer;
use grondslag_evidence::ledger::testing::Log;
use grondslag_evidence::records;
use grondslag_proto::content::{self, Proved};
use grondslag_proto::question::Evidence;
use grondslag_subject::Bsn;
use prost::Message as _;

use super::*;
use crate::agency::{AskStream, BrokerLink, LastContact};
use crate::asks::attested::decided;
use crate::asks::compose::header;
use crate::asks::wish::Subject;
use crate::fixture::{
    BROKER, GI, KNOWN, OWN, REGION, Scene, UNKNOWN, VT, key_of, moment, oin, proved, rng, with_log,
};
use crate::watch::Shown;

/// How many leaves of the broker's ledger the node saw before it asks.
const SEEN: u64 = 3;

/// What a liar does to the honest course of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
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

#[derive(Debug)]
struct Liar {
    lie: Lie,
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
            .flat_map(|(oin, part)| self.events(&inquiry, oin, part))
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

    async fn follow(&self, _: v1::FollowRequest) -> Result<Vec<v1::FollowResponse>, Reason> {
        Err(Reason::Unreachable)
    }

    async fn list_records(
        &self,
        _: v1::ListRecordsRequest,
    ) -> Result<v1::ListRecordsResponse, Reason> {
        Err(Reason::Unreachable)
    }

    fn last_contact(&self) -> LastContact {
        LastContact::default()
    }
}

impl Liar {
    fn new(lie: Lie, now: Timestamp, agency: &Agency) -> Arc<Self> {
        let (pack, to) = (Arc::clone(&agency.pack), agency.keys.seals.public().unwrap());
        Arc::new(Self { lie, now, pack, to, region: agency.context.region_name() })
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

/// Veilig Thuis is asked whether it knows the child; the ledger's size before and after.
async fn pursue(lie: Lie) -> (Vec<v1::DeskEvent>, u64) {
    let Scene { mut agency, clock, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(lie, now, &agency);
    see_heads(&agency);
    let before = agency.ledger.size().await.unwrap();
    let agency = Arc::new(agency);
    let (events, mut received) = mpsc::channel(64);
    pursuit(&agency, now).run(events).await;
    let mut seen = Vec::new();
    while let Some(event) = received.recv().await {
        seen.push(event);
    }
    let written = agency.ledger.size().await.unwrap() - before;
    (seen, written)
}

/// The node sees the broker's ledger as it is before the question.
fn see_heads(agency: &Agency) {
    let head = with_log(|log, _| {
        for n in 0..SEEN {
            log.push(Digest::of(&[b"seen".as_slice(), &n.to_be_bytes()].concat()));
        }
        log.checkpoint()
    });
    let key = key_of(BROKER).verifying_key().to_bytes();
    let shown = Shown { head: &head, from: 0, proof: &[], key: &key };
    agency.watching.take_attested(shown).unwrap();
}

fn pursuit(agency: &Arc<Agency>, now: Timestamp) -> Pursuit {
    let category = |code: &str| Category::parse(code).unwrap();
    let wish = Wish {
        subject: Subject::Person(Bsn::parse(KNOWN).unwrap()),
        role: "gi.jeugdbeschermer".to_owned().try_into().unwrap(),
        purpose: "D09".to_owned().try_into().unwrap(),
        kind: "Q02".to_owned().try_into().unwrap(),
        urgency: Urgency::Standard,
        level: Level::Person,
        break_glass: false,
        grounds: vec![],
        targets: vec![(oin(VT), vec![category("G05")])],
        necessity: "Nodig om de veiligheid van het kind te beoordelen.".into(),
        reference: String::new(),
        facts: BTreeMap::from([("measure".into(), "ots".into())]),
        term_minutes: 0,
    };
    let staff = Pseudonym::new([4; 16]);
    let header = header(agency, staff, &wish, now, now.plus_ms(86_400_000), &[]);
    let summary = Summary {
        id: InquiryId::new([5; 16]),
        asked_at: now,
        staff: StaffId::parse("someone").unwrap(),
        role: wish.role.clone(),
        purpose: wish.purpose.clone(),
        targets: 1,
        replied: 0,
        stage: Stage::Asked,
    };
    let agency = Arc::clone(agency);
    Pursuit { agency, wish, header, cosigned: vec![], summary, draft: None, lang: Lang::En }
}

fn line_of(events: &[v1::DeskEvent]) -> &v1::AgencyLine {
    let mut lines = events.iter().filter_map(|event| match &event.event {
        Some(v1::desk_event::Event::Line(line)) => Some(line),
        _ => None,
    });
    let line = lines.next().expect("a line");
    assert!(lines.next().is_none(), "one line per agency");
    line
}

#[tokio::test]
async fn an_honest_answer_is_shown_and_recorded() {
    let (events, written) = pursue(Lie::Nothing).await;
    let line = line_of(&events);
    assert_eq!((line.state.as_str(), line.reason.as_str()), ("replied", ""));
    assert_eq!(line.outcome, Outcome::Neutraal.word());
    let fortnight = moment("2026-09-15T09:00").plus_calendar(0, 14);
    assert_eq!(line.discard_by_ms, fortnight.ms(), "the term of a received answer");
    assert_eq!(written, 3, "asked, answered and closed");
}

#[tokio::test]
async fn what_is_not_proved_is_discarded_unseen_and_alarms() {
    for (lie, reason) in [
        (Lie::AnotherChild, "SUBJECT_MISMATCH"),
        (Lie::AnotherSigner, "ANSWER_INVALID"),
        (Lie::AnotherQuestion, "ANSWER_INVALID"),
        (Lie::SealedForAnother, "SEAL_INVALID"),
        (Lie::AnotherLength, "ANSWER_INVALID"),
        (Lie::AnotherCategory, "ANSWER_INVALID"),
        (Lie::Later, "ANSWER_INVALID"),
        (Lie::NoProof, "RECEIPT_INVALID"),
        (Lie::SaysNothing, "RECEIPT_INVALID"),
        (Lie::AnotherAnswerProved, "RECEIPT_INVALID"),
        (Lie::AnotherQuestionProved, "RECEIPT_INVALID"),
        (Lie::AnotherTree, "RECEIPT_INVALID"),
        (Lie::AnothersLedger, "RECEIPT_INVALID"),
        (Lie::AnotherRegion, "RECEIPT_INVALID"),
        (Lie::AnotherPlace, "RECEIPT_INVALID"),
        (Lie::AnotherRecord, "RECEIPT_INVALID"),
        (Lie::AnotherHeader, "HEADER_MISMATCH"),
        (Lie::AnotherAttester, "ATTESTATION_INVALID"),
        (Lie::AnotherLog, "ATTESTATION_INVALID"),
        (Lie::ShortTree, "ATTESTATION_INVALID"),
        (Lie::RefusesWhatIsAllowed, "BROKER_DECISION_MISMATCH"),
        (Lie::RefusesWithoutReason, "BROKER_DECISION_MISMATCH"),
        (Lie::LowersTheCap, "BROKER_DECISION_MISMATCH"),
        (Lie::AsksNobody, "BROKER_DECISION_MISMATCH"),
    ] {
        let (events, written) = pursue(lie).await;
        let line = line_of(&events);
        assert_eq!((line.state.as_str(), line.reason.as_str()), ("unreachable", reason), "{lie:?}");
        assert!(line.outcome.is_empty(), "{lie:?}");
        assert_eq!(written, 3, "asked, alarmed and closed: {lie:?}");
    }
}

/// No target is shown the tree that a refusal is attested in: the asker is the only one to see it.
#[tokio::test]
async fn a_tree_that_contradicts_what_was_seen_is_kept_and_stops_the_node() {
    let Scene { mut agency, clock, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(Lie::TwoRoots, now, &agency);
    see_heads(&agency);
    let agency = Arc::new(agency);
    let before = agency.ledger.size().await.unwrap();
    let ask = async || {
        let (events, mut received) = mpsc::channel(64);
        pursuit(&agency, now).run(events).await;
        let mut seen = Vec::new();
        while let Some(event) = received.recv().await {
            seen.push(event);
        }
        assert_eq!(line_of(&seen).reason, "LEDGER_FORK");
        agency.ledger.size().await.unwrap() - before
    };
    assert_eq!(ask().await, 4, "asked, the contradiction, an alarm and closed");
    let found = agency.watching.fork().unwrap();
    assert_eq!(found.contrast(), Some(Contrast::TwoRoots));
    assert_eq!(ask().await, 6, "it is said once");
}

/// A founding may be on its way: what is attested behind it is not believed yet, and nobody lied.
#[tokio::test]
async fn a_decision_in_the_next_log_is_not_believed_before_its_founding_is_met() {
    let (events, written) = pursue(Lie::NextLog).await;
    let line = line_of(&events);
    assert_eq!((line.state.as_str(), line.reason.as_str()), ("unreachable", "NOT_READY"));
    assert!(line.outcome.is_empty());
    assert_eq!(written, 2, "asked and closed");
}

/// Also one that the rules do not bear out: it is evidence against the broker.
#[tokio::test]
async fn what_the_broker_attested_is_kept_with_its_proof_until_the_term_ends() {
    for lie in [Lie::Nothing, Lie::Shut, Lie::RefusesWhatIsAllowed] {
        let Scene { mut agency, clock, .. } = Scene::new().await;
        let now = grondslag_core::clock::Clock::now(clock.as_ref());
        agency.broker_link = Liar::new(lie, now, &agency);
        let agency = Arc::new(agency);
        let (events, mut received) = mpsc::channel(64);
        pursuit(&agency, now).run(events).await;
        while received.recv().await.is_some() {}
        let found = decided(agency.store.as_ref(), agency.ledger.as_ref(), 0).await.unwrap();
        let ([kept], Some(_)) = (found.0.as_slice(), found.1) else { panic!("{lie:?}") };
        with_log(|log, _| assert_eq!(kept.head, log.checkpoint(), "{lie:?}"));
        let tree = kept.head.checkpoint().tree();
        verify_inclusion(&kept.entry, kept.place, &tree, &kept.path).unwrap();
    }
}

/// A key that the broker did not prove may be one of which it knows the secret.
#[tokio::test]
async fn a_target_whose_key_was_not_proved_is_left_out_and_alarms_and_the_others_are_asked() {
    for (unproven, asked) in [(vec![GI], true), (vec![GI, VT], false)] {
        let Scene { mut agency, clock, listing, .. } = Scene::new().await;
        let now = grondslag_core::clock::Clock::now(clock.as_ref());
        listing.holder.unproven.lock().unwrap().extend(unproven.iter().map(|who| oin(who)));
        agency.refresh_epoch().await.unwrap();
        agency.broker_link = Liar::new(Lie::Nothing, now, &agency);
        let before = agency.ledger.size().await.unwrap();
        let agency = Arc::new(agency);
        let (events, mut received) = mpsc::channel(64);
        let mut pursuit = pursuit(&agency, now);
        let categories = pursuit.wish.targets[0].1.clone();
        pursuit.wish.targets.push((oin(GI), categories));
        pursuit.run(events).await;
        let mut lines = BTreeMap::new();
        while let Some(event) = received.recv().await {
            if let Some(v1::desk_event::Event::Line(line)) = event.event {
                lines.insert(line.oin, (line.state, line.reason));
            }
        }
        for who in &unproven {
            let (state, reason) = &lines[*who];
            assert_eq!((state.as_str(), reason.as_str()), ("unreachable", "INBOUND_KEY_UNPROVEN"));
        }
        let others = lines.values().filter(|(state, _)| state == "replied").count();
        assert_eq!(others, usize::from(asked));
        // Asked, answered and closed, and one alarm for each that is left out.
        let alarms = u64::try_from(unproven.len()).unwrap();
        let written = agency.ledger.size().await.unwrap() - before;
        assert_eq!(written, alarms + if asked { 3 } else { 0 });
    }
}

#[tokio::test]
async fn silence_is_shown_as_not_reached_and_never_as_nothing() {
    for lie in [Lie::Silence, Lie::EmptyReply] {
        let (events, _) = pursue(lie).await;
        let line = line_of(&events);
        assert_eq!(line.state, "unreachable", "{lie:?}");
        assert!(line.lines.is_empty() && line.outcome.is_empty());
    }
}

#[tokio::test]
async fn a_target_that_the_broker_cannot_deal_with_is_not_refused_by_rule() {
    let (events, written) = pursue(Lie::Shut).await;
    let line = line_of(&events);
    assert_eq!((line.state.as_str(), line.reason.as_str()), ("unreachable", "AGENCY_SUSPENDED"));
    assert!(line.lines.is_empty());
    assert_eq!(written, 2, "asked and closed; nobody lied");
}

#[tokio::test]
async fn a_flood_of_bad_decisions_alarms_once() {
    let (events, written) = pursue(Lie::Flood).await;
    assert_eq!(line_of(&events).reason, "HEADER_MISMATCH");
    assert_eq!(written, 3, "asked, alarmed and closed");
}

#[tokio::test]
async fn a_target_that_was_not_ready_is_asked_once_more() {
    let (events, _) = pursue(Lie::NotReadyOnce).await;
    assert_eq!(line_of(&events).state, "replied");
}

#[tokio::test]
async fn the_first_reply_counts_and_a_second_one_is_not_shown() {
    let (events, _) = pursue(Lie::Twice).await;
    assert_eq!(line_of(&events).outcome, Outcome::Neutraal.word());
}

#[tokio::test]
async fn invariant_06_a_question_that_cannot_be_recorded_does_not_go_out() {
    let Scene { mut agency, clock, store, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(Lie::Nothing, now, &agency);
    store.fail_commit(1, grondslag_evidence::store::faulty::Fault::Lost);
    let agency = Arc::new(agency);
    let (events, mut received) = mpsc::channel(64);
    pursuit(&agency, now).run(events).await;
    let first = received.recv().await.unwrap().event.unwrap();
    assert!(matches!(first, v1::desk_event::Event::Refusal(_)));
    assert!(received.recv().await.is_none());
    assert_eq!(agency.oin, oin(OWN));
}

/// Should this process end before the question is closed, its later replies can be fetched still.
#[tokio::test]
async fn a_question_can_be_followed_from_before_it_is_sent_and_anew_after() {
    let Scene { mut agency, clock, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(Lie::AnotherChild, now, &agency);
    let agency = Arc::new(agency);
    let followed = async || agency.store.scan(b"n/f/", None, 10).await.unwrap().len();
    let (events, mut received) = mpsc::channel(1);
    let under_way = tokio::spawn(pursuit(&agency, now).run(events));
    assert!(received.recv().await.is_some(), "it started");
    assert_eq!(followed().await, 1);
    while received.recv().await.is_some() {}
    under_way.await.unwrap();
    assert_eq!(followed().await, 1, "of nobody who lied, and the person sees so");
    // The same question once more, as a draft that was not taken before.
    let (events, mut received) = mpsc::channel(64);
    pursuit(&agency, now).run(events).await;
    assert!(received.recv().await.is_some());
    assert_eq!(followed().await, 1);
}
