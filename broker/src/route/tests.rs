//! The path of one question through the broker, with nodes that only pretend to be far away.

mod admitted;
mod budget;
mod followed_up;
mod heads;
mod hidden;
mod notices;
mod printed;
mod reading;
mod replayed;
mod restored;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ed25519_dalek::SigningKey;
use grondslag_certs::tls::{Region, Reloading, TlsFiles};
use grondslag_certs::{LeafKey, Root, SealedFile, authority};
use grondslag_core::blind::inbound::own_key;
use grondslag_core::blind::{Element, Encrypted, InboundKey, Secret};
use grondslag_core::card::{Card, SignedCard};
use grondslag_core::catalogue::{Category, Kind, Purpose, QueryKind, Role};
use grondslag_core::clock::{Clock, SetClock, Timestamp};
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{Header, Hidden, Inquiry, Part, RawInquiry, Times, Whole};
use grondslag_core::limits::DETAIL_BYTES;
use grondslag_core::reason::Reason;
use grondslag_core::seal::{SealSecret, Suite};
use grondslag_core::statement::{Leaf, ask_bytes, attestation_bytes, sign, verify};
use grondslag_core::tier::{Level, Urgency, Verdict};
use grondslag_evidence::ledger::{Ledger, testing};
use grondslag_evidence::records;
use grondslag_evidence::store::faulty::{Fault, FaultyStore};
use grondslag_evidence::store::{MemoryStore, Store};
use grondslag_policy::Pack;
use grondslag_proto::follow_up::FollowUp;
use grondslag_proto::question::{Evidence, TargetQuestion};
use grondslag_proto::reply::Reply;
use grondslag_runtime::config::Within;
use grondslag_runtime::otlp::Otlp;
use grondslag_runtime::rules::{self, Rules};
use rand_core::UnwrapErr;
use tokio::sync::mpsc;

use super::attempt;
use super::attest::attest;
use super::carry::zip;
use super::decide::rule;
use super::fanout::{Event, FanoutLimits, State, fan_out};
use super::heads::SentHeads;
use super::record::{Decided, record};
use super::verify::{Target, verify_inquiry};
use crate::broker::Broker;
use crate::config::Budget;
use crate::deliver::Silences;
use crate::directory::Directory;
use crate::directory::operator::Admits;
use crate::epoch::Epochs;
use crate::keyholder::{Chain, LocalHolder, Means, Secrets};
use crate::nodes::{Heard, Nodes};
use crate::notices::Notices;
use crate::office::Office;
use crate::presence::Presence;
use crate::restore::Foundings;
use crate::sweep::{expiry_key, sweep, sweep_all};
use crate::waiting::{self, Waiting};

pub(crate) const ASKER: &str = "00000099000000001000";
pub(crate) const SCHOOL: &str = "00000099000000002000";
pub(crate) const BROKER: &str = "00000099000000009000";

/// Answers as told per target, and notes how many leaves were durable when it was asked.
#[derive(Debug, Default)]
pub(crate) struct Pretend {
    says: BTreeMap<Oin, Heard>,
    ledger: Mutex<Option<Arc<Ledger>>>,
    pub(crate) asked: Mutex<Vec<(Oin, u64)>>,
    /// The evidence of each delivery.
    pub(crate) proved: Mutex<Vec<Evidence>>,
    /// What the next deliveries hear instead.
    pub(crate) instead: Mutex<Vec<Heard>>,
    /// What was added to questions, and how many leaves were durable when it came.
    pub(crate) added: Mutex<Vec<(FollowUp, u64)>>,
    /// Why the next of those are not taken.
    pub(crate) not_added: Mutex<Vec<Reason>>,
}

#[async_trait]
impl Nodes for Pretend {
    async fn answer(&self, card: &Card, question: &TargetQuestion, _: Duration) -> Heard {
        let ledger = self.ledger.lock().unwrap().clone().unwrap();
        let size = ledger.size().await.unwrap();
        self.asked.lock().unwrap().push((card.oin.clone(), size));
        self.proved.lock().unwrap().push(question.evidence.clone());
        if let Some(heard) = self.instead.lock().unwrap().pop() {
            return heard;
        }
        self.says.get(&card.oin).cloned().unwrap_or_else(|| Heard::Reply(reply_to(question)))
    }

    async fn follow_up(&self, _: &Card, added: FollowUp, _: Duration) -> Result<(), Reason> {
        if let Some(reason) = self.not_added.lock().unwrap().pop() {
            return Err(reason);
        }
        let ledger = self.ledger.lock().unwrap().clone().unwrap();
        let size = ledger.size().await.unwrap();
        self.added.lock().unwrap().push((added, size));
        Ok(())
    }
}

/// A first reply of the length that the decision fixes.
pub(crate) fn reply_to(question: &TargetQuestion) -> Reply {
    let bytes = Leaf::parse(&question.evidence.leaf).unwrap().reply_bytes();
    let reply = reply(question.id);
    Reply { body: vec![7; reply.body_bytes(bytes)], ..reply }
}

pub(crate) fn reply(target_id: TargetId) -> Reply {
    let (body, signature) = (b"for the asker".to_vec(), [0; 64]);
    Reply { target_id, reply_no: 1, part: 1, last: true, body, signature, seen_size: 0 }
}

type Change = fn(&mut Header);

/// The first epoch of a region.
pub(crate) const EPOCH: u32 = 1;

pub(crate) struct Scene {
    pub(crate) broker: Arc<Broker>,
    pub(crate) nodes: Arc<Pretend>,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) clock: Arc<SetClock>,
    /// The key holder's own ledger.
    pub(crate) holder: Arc<Ledger>,
    /// What the school can open.
    seal: SealSecret,
    pub(crate) own: Secret,
    /// Under which a number is hidden for the school in the first epoch.
    inbound: InboundKey,
    pub(crate) root: Root,
    pub(crate) dir: tempfile::TempDir,
}

pub(crate) fn rng() -> impl rand_core::CryptoRng {
    UnwrapErr(getrandom::SysRng)
}

/// Stands for H(b), which is in `subject`; of another child for another number.
pub(crate) fn child(number: u8) -> Element {
    Element::new(Secret::from_uniform(&[number; 64]).unwrap().public()).unwrap()
}

pub(crate) fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

pub(crate) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

/// A holder with factors in a sealed file of this folder, its own ledger and its own quota.
pub(crate) async fn holder(
    folder: &Path,
    name: &'static str,
    region: &str,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
) -> (LocalHolder, Arc<Ledger>) {
    let (file, key) = (folder.join(format!("{name}.sealed")), folder.join(format!("{name}.key")));
    if !key.exists() {
        SealedFile::create_key(&key).unwrap();
    }
    let ledger = Arc::new(testing::open(store.clone(), clock.clone(), name).await.unwrap());
    let holder = LocalHolder::new(Means {
        region: region.to_owned(),
        secrets: Secrets::open(&file, &key, region.to_owned()).unwrap(),
        ledger: Arc::clone(&ledger),
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        steps_per_day_max: 500,
        points_per_epoch_max: 10,
    });
    (holder, ledger)
}

/// The program's own rules, and officers who may publish others.
fn rules(
    region: Digest,
    (store, ledger, clock): (Arc<dyn Store>, Arc<Ledger>, Arc<dyn Clock>),
) -> Rules {
    let (files, officers) = (Pack::builtin_files(), rules::testing::officers());
    Rules::begun(rules::Means { region, files, officers, store, ledger, clock }).unwrap()
}

pub(crate) async fn scene(says: &[(&str, Heard)]) -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let now = Timestamp::parse("2026-06-15T10:00").unwrap();
    let clock = Arc::new(SetClock::at(now));
    let system = grondslag_certs::time::tls_now();
    let root = authority::init(&dir.path().join("ca"), "Drieveen", system).unwrap();
    let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let (as_store, as_clock): (Arc<dyn Store>, Arc<dyn Clock>) = (store.clone(), clock.clone());
    let ledger = testing::open(as_store.clone(), as_clock.clone(), "broker").await;
    let ledger = Arc::new(ledger.unwrap());
    let says = says.iter().map(|(who, heard)| (oin(who), heard.clone())).collect();
    let nodes = Arc::new(Pretend { says, ..Pretend::default() });
    *nodes.ledger.lock().unwrap() = Some(Arc::clone(&ledger));
    std::fs::create_dir(dir.path().join("operator")).unwrap();
    let own = dir.path().join(BROKER);
    authority::issue(&dir.path().join("ca"), &own, &oin(BROKER), "Broker", system).unwrap();
    let region = Reloading::<Region>::open(TlsFiles::in_folder(&own)).unwrap();
    let directory = Directory::open(
        Arc::new(region),
        Arc::clone(&as_clock),
        Arc::clone(&as_store),
        Arc::clone(&ledger),
        (dir.path().join("operator"), Admits::Listed),
    );
    let text = root.fingerprint().to_string();
    let (held, holder) = holder(dir.path(), "holder", &text, &as_store, &as_clock).await;
    let chain = Arc::new(Chain::new(vec![Arc::new(held)]));
    let of = (as_store.clone(), ledger.clone(), as_clock.clone());
    let epochs = Epochs::open(of.0.clone(), of.1.clone(), of.2.clone(), chain.clone(), &[]);
    let rules = rules(root.fingerprint(), of);
    let broker = Broker {
        oin: oin(BROKER),
        sign_key: key(9),
        public: vec![key(9).verifying_key().to_bytes()],
        foundings: Foundings::default(),
        rules: Arc::new(rules),
        office: Office::default(),
        clock: as_clock,
        notices: Notices::open(Arc::clone(&as_store)).await.unwrap(),
        waiting: Waiting::open(Arc::clone(&as_store)).await.unwrap(),
        store: as_store,
        ledger,
        directory: Arc::new(directory.await.unwrap()),
        region: text,
        epochs: epochs.await.unwrap(),
        chain,
        remote: None,
        sent_heads: SentHeads::default(),
        nodes: Arc::clone(&nodes) as _,
        fanout: FanoutLimits::new(Duration::from_secs(1)),
        budget: Budget { person_per_day: Within::clamped(2), agency_per_day: Within::clamped(3) },
        points_per_epoch: 10,
        presence: Presence::open(store.as_ref(), now).await.unwrap(),
        silences: Silences::default(),
        otlp: Otlp::default(),
    };
    let mut keys = Vec::new();
    for (who, kind, sign) in [(ASKER, "gi", 1), (SCHOOL, "sch", 2)] {
        keys.push(admit(&broker, dir.path(), &root, who, kind, sign, now).await);
    }
    let (seal, own) = keys.pop().unwrap();
    let inbound = inbound(&broker, EPOCH, SCHOOL).await.unwrap();
    let broker = Arc::new(broker);
    Scene { broker, nodes, store, clock, holder, seal, own, inbound, root, dir }
}

/// As the others, and nobody meets a budget.
pub(crate) async fn plenty(says: &[(&str, Heard)]) -> Scene {
    let mut scene = scene(says).await;
    let (person_per_day, agency_per_day) = (Within::clamped(100), Within::clamped(100));
    let budget = Budget { person_per_day, agency_per_day };
    Arc::get_mut(&mut scene.broker).unwrap().budget = budget;
    scene
}

/// The key under which askers hide a number for an agency in an epoch.
async fn inbound(broker: &Broker, epoch: u32, who: &str) -> Result<InboundKey, Reason> {
    let own = broker.directory.own_key(&oin(who))?;
    let links = broker.chain.links(epoch, &oin(who), &own).await?;
    Ok(InboundKey::verify(&broker.region, epoch, &oin(who), &own, &links, &[]).unwrap())
}

/// Puts an agency in the directory; its secret keys.
async fn admit(
    broker: &Broker,
    dir: &Path,
    root: &Root,
    who: &str,
    kind: &str,
    sign: u8,
    now: Timestamp,
) -> (SealSecret, Secret) {
    let (seal, own) = (SealSecret::random(Suite::XWing, &mut rng()), Secret::random(&mut rng()));
    let (ca, folder, until) = (dir.join("ca"), dir.join(who), now.plus_ms(1_000_000_000));
    let system = grondslag_certs::time::tls_now();
    let leaf = authority::issue(&ca, &folder, &oin(who), "Agency", system).unwrap();
    let kinds = [Kind::parse(kind).unwrap()];
    let admission = authority::admit(&ca, &oin(who), &kinds, until, now).unwrap();
    let file = dir.join(format!("{who}.json"));
    authority::write_admission(&file, &admission).unwrap();
    crate::admin::admit(&dir.join("operator"), &file, root, now).unwrap();
    broker.directory.refresh().await.unwrap();
    let card = Card {
        oin: oin(who),
        kind: kinds[0].clone(),
        name: who.into(),
        endpoint: "127.0.0.1:1".into(),
        duty_phone: "000".into(),
        sign_key: key(sign).verifying_key().to_bytes(),
        seal_key: seal.public().unwrap().bytes().to_vec(),
        pseudonym_key: own_key(&oin(who), &own, &mut rng()),
        seq: 1,
        valid_from: now,
        valid_until: until,
    };
    let leaf_key = LeafKey::load(&folder.join("key.pem")).unwrap();
    let leaf_signature = leaf_key.sign(&card.vouched(&[])).unwrap();
    let leaf = leaf.der().to_vec();
    let signed = SignedCard { leaf, leaf_signature, previous_signature: vec![], admission, card };
    broker.directory.publish(&oin(who), signed).await.unwrap();
    (seal, own)
}

/// A question of the guardian's office about a supervision order, to the school.
pub(crate) fn question(
    scene: &Scene,
    categories: &[&str],
    change: impl FnOnce(&mut Header),
) -> RawInquiry {
    let now = scene.clock.now();
    let mut header = Header {
        asker: oin(ASKER),
        role: Role::parse("gi.jeugdbeschermer").unwrap(),
        staff: Pseudonym::new([4; 16]),
        purpose: Purpose::parse("D09").unwrap(),
        kind: QueryKind::parse("Q02").unwrap(),
        grounds: vec![],
        urgency: Urgency::Standard,
        break_glass: false,
        level: Level::Person,
        epoch: EPOCH,
        bundle: scene.broker.rules.now().bundle(),
        times: Times {
            asked_at: now,
            ask_expires_at: now.plus_ms(60_000),
            answer_by: now.plus_ms(600_000),
        },
        approvers: vec![],
    };
    change(&mut header);
    let categories = categories.iter().map(|code| Category::parse(code).unwrap()).collect();
    let (approvals, detail) = (vec![], vec![7; DETAIL_BYTES]);
    let part = Part { categories, approvals, detail, signature: [0; 64] };
    sealed(scene, InquiryId::new([3; 16]), header, part)
}

fn sealed(scene: &Scene, id: InquiryId, header: Header, part: Part) -> RawInquiry {
    attempted(scene, id, 1, header, part)
}

pub(crate) fn attempted(
    scene: &Scene,
    id: InquiryId,
    attempt: u8,
    header: Header,
    part: Part,
) -> RawInquiry {
    hidden_under(&[&scene.inbound], id, attempt, header, vec![(oin(SCHOOL), part)])
}

/// A question as its asker signs it, about the first child.
pub(crate) fn hidden_under(
    keys: &[&InboundKey],
    id: InquiryId,
    attempt: u8,
    header: Header,
    mut parts: Vec<(Oin, Part)>,
) -> RawInquiry {
    for (target, part) in &mut parts {
        let bytes = ask_bytes(&TargetId::derive(&id, target), target, &header, part);
        part.signature = sign(&key(1), &bytes);
    }
    let encrypted = Encrypted::new(&child(1), keys, &mut rng()).unwrap();
    let (one, two) = (encrypted.one(), encrypted.two().to_vec());
    let whole = Whole::of(&id, attempt, &header, &parts, one, &two).signed_bytes();
    let proof = encrypted.prove(&Digest::of(&whole), &mut rng());
    let signature = sign(&key(1), &whole);
    RawInquiry { id, attempt, header, parts, hidden: Hidden { one, two, proof }, signature }
}

impl Scene {
    /// One more agency in the directory.
    pub(crate) async fn admit_as(&self, who: &str, kind: &str) -> (SealSecret, Secret) {
        let now = self.clock.now();
        admit(&self.broker, self.dir.path(), &self.root, who, kind, 3, now).await
    }

    fn operator_folder(&self) -> PathBuf {
        self.dir.path().join("operator")
    }

    pub(crate) async fn route(
        &self,
        raw: RawInquiry,
    ) -> Result<(Inquiry, Vec<Target>, Vec<Decided>), Reason> {
        let inquiry = Inquiry::parse(raw, self.clock.now())?;
        let pack = self.broker.rules.now();
        let targets = verify_inquiry(&self.broker, &oin(ASKER), &inquiry, &pack).await?;
        attempt::check(&self.broker, &inquiry).await?;
        let target = &targets[0];
        let kind = target.card.as_ref().map_err(|reason| *reason)?.card().kind.clone();
        let now = self.clock.now();
        let categories = &target.part.categories;
        let rulings = rule(&pack, inquiry.header(), categories, &kind, target.approvals, now)?;
        let recorded =
            record(&self.broker, (&inquiry, &targets), vec![rulings], (&pack, now)).await?;
        let decided = attest(&self.broker, &inquiry, &targets, recorded).await?;
        Ok((inquiry, targets, decided))
    }

    /// Leaves of the broker and of its key holder.
    async fn sizes(&self) -> (u64, u64) {
        (self.broker.ledger.size().await.unwrap(), self.holder.size().await.unwrap())
    }

    pub(crate) async fn ask(&self, raw: RawInquiry) -> (Vec<Decided>, usize, State) {
        let (inquiry, targets, decided) = self.route(raw).await.unwrap();
        let (events, mut received) = mpsc::channel(16);
        let kept = waiting::keep(&self.broker, &inquiry, &targets, &decided).await.unwrap();
        let all = zip(targets, decided.clone(), kept);
        let states = fan_out(&self.broker, &inquiry, all, &events).await;
        attempt::note(&self.broker, &inquiry, &states).await.unwrap();
        drop(events);
        let (mut replies, mut state) = (0, None);
        while let Some(event) = received.recv().await {
            match event {
                Event::Decided(_) => {}
                Event::Replied(..) => replies += 1,
                Event::Closed(_, closed) => state = Some(closed),
            }
        }
        (decided, replies, state.unwrap())
    }
}

/// The entry of the ledger that evidence is of.
fn entry_of(evidence: &Evidence) -> Digest {
    records::hash_of(Leaf::KIND, &evidence.salt, &evidence.leaf, evidence.recorded_at)
}

#[tokio::test]
async fn invariant_02_the_decision_is_durable_before_a_node_is_asked() {
    let scene = scene(&[]).await;
    let before = scene.broker.ledger.size().await.unwrap();
    let (decided, replies, state) = scene.ask(question(&scene, &["G05"], |_| {})).await;
    assert_eq!((replies, state), (1, State::Replied));
    let asked = scene.nodes.asked.lock().unwrap().clone();
    assert_eq!(asked, vec![(oin(SCHOOL), before + 1)]);

    let evidence = &decided[0].evidence;
    assert_eq!(evidence.index, before);
    let id = TargetId::derive(&InquiryId::new([3; 16]), &oin(SCHOOL));
    let entry = entry_of(evidence);
    let bytes = attestation_bytes(&id, &entry, evidence.index, &evidence.pair);
    let key = key(9).verifying_key().to_bytes();
    assert_eq!(verify(&key, &bytes, &evidence.signature), Ok(()));
    assert_eq!(Leaf::parse(&evidence.leaf).unwrap().target_id, id);
    assert_eq!(scene.holder.size().await.unwrap(), 1, "the key holder's own record of its step");
}

#[tokio::test]
async fn invariant_06_nothing_leaves_when_the_ledger_cannot_write() {
    // The broker's decision is the first commit, the key holder's step the second.
    for (commit, fault) in [(1, Fault::Lost), (1, Fault::Landed), (2, Fault::Lost)] {
        let scene = scene(&[]).await;
        scene.store.fail_commit(commit, fault);
        let routed = scene.route(question(&scene, &["G05"], |_| {})).await;
        assert!(routed.unwrap_err().is_fault(), "{commit} {fault:?}");
        assert!(scene.nodes.asked.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_no_rule_allows_is_refused_by_name_and_the_node_is_never_asked() {
    let scene = scene(&[]).await;
    let (decided, replies, state) = scene.ask(question(&scene, &["G16"], |_| {})).await;
    assert_eq!(decided[0].rulings[0].ruling.verdict, Verdict::Refuse);
    assert_eq!((replies, state), (0, State::NotAsked(Reason::NoRule)));
    assert!(scene.nodes.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn one_refused_category_does_not_stop_the_others() {
    let scene = scene(&[]).await;
    let (decided, replies, _) = scene.ask(question(&scene, &["G16", "G05"], |_| {})).await;
    let verdicts: Vec<Verdict> =
        decided[0].rulings.iter().map(|named| named.ruling.verdict).collect();
    assert_eq!(verdicts[0], Verdict::Refuse);
    assert_ne!(verdicts[1], Verdict::Refuse);
    assert_eq!(replies, 1);
}

#[tokio::test]
async fn a_question_is_refused_by_the_first_thing_that_is_wrong_with_it() {
    let scene = scene(&[]).await;
    let cases: [(Change, Reason); 7] = [
        (|h| h.asker = Oin::parse(SCHOOL).unwrap(), Reason::CardOinMismatch),
        (|h| h.bundle = Digest::new([0; 32]), Reason::PolicyStale),
        (|h| h.role = Role::parse("gi.nobody").unwrap(), Reason::UnknownRole),
        (|h| h.purpose = Purpose::parse("D77").unwrap(), Reason::UnknownPurpose),
        (|h| h.kind = QueryKind::parse("Q99").unwrap(), Reason::UnknownQueryKind),
        (|h| h.role = Role::parse("vt.onderzoeker").unwrap(), Reason::RoleNotAdmitted),
        (|h| h.times.asked_at = h.times.asked_at.plus_ms(40_000), Reason::QuestionFromFuture),
    ];
    for (change, reason) in cases {
        let refused = scene.route(question(&scene, &["G05"], change)).await;
        assert_eq!(refused.unwrap_err(), reason);
    }
    let unknown = scene.route(question(&scene, &["G99"], |_| {})).await;
    assert_eq!(unknown.unwrap_err(), Reason::UnknownCategory);
    assert!(scene.nodes.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_changed_byte_breaks_the_askers_signature() {
    let scene = scene(&[]).await;
    let mut altered = question(&scene, &["G05"], |_| {});
    altered.parts[0].1.detail[0] ^= 1;
    assert_eq!(scene.route(altered).await.unwrap_err(), Reason::StatementInvalid);
    let mut altered = question(&scene, &["G05"], |_| {});
    altered.header.urgency = Urgency::Acute;
    assert_eq!(scene.route(altered).await.unwrap_err(), Reason::StatementInvalid);
    let mut altered = question(&scene, &["G05"], |_| {});
    altered.signature[0] ^= 1;
    assert_eq!(scene.route(altered).await.unwrap_err(), Reason::StatementInvalid);
}

#[tokio::test]
async fn every_target_is_closed_with_what_became_of_it() {
    for (heard, state) in [
        (Heard::Late, State::Pending(Reason::QuestionWaits)),
        (Heard::Lost(Reason::Unreachable), State::Pending(Reason::QuestionWaits)),
        (Heard::Refused(Reason::NotReady), State::Unreachable(Reason::NotReady)),
        (Heard::Reply(reply(TargetId::new([0; 16]))), State::Unreachable(Reason::AnswerInvalid)),
    ] {
        let scene = scene(&[(SCHOOL, heard)]).await;
        let (_, replies, closed) = scene.ask(question(&scene, &["G05"], |_| {})).await;
        assert_eq!((replies, closed), (0, state));
    }
}
