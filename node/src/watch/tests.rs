//! A node that follows brokers which a test holds in its hand, honest and otherwise.

use async_trait::async_trait;
use futures_util::StreamExt as _;
use grondslag_core::catalogue::{Purpose, QueryKind, Role};
use grondslag_core::checkpoint::{Cosignature, Origin};
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Pseudonym;
use grondslag_core::inquiry::Times;
use grondslag_core::operators::{Operator, Operators};
use grondslag_core::tier::Level;
use grondslag_core::watch::Contrast;
use grondslag_core::witnesses::{SignedWitnessList, WitnessList};
use grondslag_evidence::ledger::{Means as LedgerMeans, Signer, Tiles, testing};
use grondslag_evidence::store::faulty::{Fault, FaultyStore};
use grondslag_evidence::store::{Batch, MemoryStore};
use grondslag_proto::head::{ShownFounding, ShownHead, wire_hashes};
use grondslag_proto::v1;

use super::follow::{Ended, HeadLink, HeadStream};
use super::take::Taken;
use super::*;

/// Fingerprint of the region's root.
const REGION: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// The broker; its card bears the key that its ledgers are signed with.
const BROKER: u8 = 1;
/// This node, and with the two after it the witnesses.
const OWN: u8 = 2;

fn oin(number: u8) -> Oin {
    Oin::parse(&format!("0000009900000000{number}000")).unwrap()
}

/// An agency's key is that of its number.
fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn key_of(oin: &Oin) -> Result<[u8; 32], Reason> {
    let digit = oin.as_str().as_bytes().get(16).copied().ok_or(Reason::UnknownAgency)?;
    Ok(key(digit - b'0').verifying_key().to_bytes())
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1_000)
}

fn witnesses() -> Arc<Witnesses> {
    let region = Digest::parse(REGION).unwrap();
    let list = WitnessList { region, seq: 1, witnesses: [2, 3, 4].map(oin).into() };
    let document = list.canonical();
    let signatures = [7, 8].map(|n| Operator::sign(&oin(n), &key(n), &document)).into();
    Arc::new(SignedWitnessList { list, signatures }.verify(&operators(), &region).unwrap())
}

/// The region's operators, whom every node pinned.
fn operators() -> Operators {
    Operators::new([7, 8].map(|n| Operator::new(oin(n), &key(n))).into())
}

/// A ledger of the broker; another history of the same log when told so.
async fn ledger(seed: u8) -> Ledger {
    log(seed, 1).await
}

/// The same, of the log with this number.
async fn log(seed: u8, number: u64) -> Ledger {
    let origin = Origin::of_broker(REGION, number).unwrap();
    let signer = Signer { origin, ..testing::signer("region", seed).unwrap() };
    let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(SetClock::at(at(5))));
    let tiles = Arc::new(Tiles::memory());
    Ledger::open(LedgerMeans { store, clock, name: "region", tiles, signer }).await.unwrap()
}

async fn grow(ledger: &Ledger, leaves: &[&str]) {
    for leaf in leaves {
        let leaf = leaf.as_bytes().to_vec();
        let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
        ledger.append(entry).await.unwrap();
    }
}

/// What one follower is shown: one head per stream.
#[derive(Debug)]
struct Shows {
    ledger: Arc<Ledger>,
    /// Numbers of the witnesses whose cosignatures are shown, under which head.
    cosigned: Option<(SignedCheckpoint, Vec<u8>)>,
    lie: fn(&mut v1::WatchHeadsResponse),
    founding: Option<ShownFounding>,
    presented: Mutex<Vec<String>>,
    taken: Mutex<Vec<(u64, Cosignature)>>,
    asked: Mutex<Vec<(u64, u64)>>,
}

impl Shows {
    fn of(ledger: &Arc<Ledger>) -> Self {
        let (taken, asked) = (Mutex::default(), Mutex::default());
        let (founding, presented) = (None, Mutex::default());
        let ledger = Arc::clone(ledger);
        Self { ledger, cosigned: None, lie: |_| {}, founding, presented, taken, asked }
    }

    /// With the cosignatures of these witnesses under the head that the ledger has now.
    fn cosigned(mut self, by: &[u8]) -> Self {
        self.cosigned = Some((self.ledger.checkpoint().as_ref().clone(), by.to_vec()));
        self
    }

    fn lying(mut self, lie: fn(&mut v1::WatchHeadsResponse)) -> Self {
        self.lie = lie;
        self
    }

    async fn proof(&self, from: u64, head: &SignedCheckpoint) -> Vec<Digest> {
        let tree = head.checkpoint().tree();
        self.ledger.consistency(from, tree).await.unwrap_or_default()
    }
}

#[async_trait]
impl HeadLink for Shows {
    async fn watch_heads(&self, request: v1::WatchHeadsRequest) -> Result<HeadStream, Reason> {
        let v1::WatchHeadsRequest { seen_size: from, also_size } = request;
        self.asked.lock().unwrap().push((from, also_size));
        let head = self.ledger.checkpoint().as_ref().clone();
        let (proof, also) = (self.proof(from, &head).await, self.proof(also_size, &head).await);
        let cosigned = match &self.cosigned {
            None => None,
            Some((of, by)) => {
                let name = |n: &u8| Origin::parse(oin(*n).as_str()).unwrap();
                let cosign = |of: SignedCheckpoint, n: &u8| {
                    let line = of.cosign(&name(n), &key(*n), at(9));
                    of.with(&line).unwrap()
                };
                let proof = self.proof(of.checkpoint().size, &head).await;
                Some((by.iter().fold(of.clone(), cosign), proof))
            }
        };
        let shown = ShownHead { head, from, proof, cosigned, also };
        let mut wire = v1::WatchHeadsResponse::from(&shown);
        (self.lie)(&mut wire);
        Ok(futures_util::stream::iter([Ok(wire)]).boxed())
    }

    async fn show_founding(
        &self,
        request: v1::ShowFoundingRequest,
    ) -> Result<v1::ShowFoundingResponse, Reason> {
        let next = |shown: &&ShownFounding| {
            let founding = shown.founding.as_ref();
            founding.is_some_and(|one| one.signed.founding.number > request.number)
        };
        let none = ShownFounding { current: 1, founding: None, proved: None };
        Ok(self.founding.as_ref().filter(next).unwrap_or(&none).into())
    }

    async fn present_head(
        &self,
        request: v1::PresentHeadRequest,
    ) -> Result<v1::PresentHeadResponse, Reason> {
        self.presented.lock().unwrap().push(request.head);
        Ok(v1::PresentHeadResponse::default())
    }

    async fn add_cosignature(
        &self,
        request: v1::AddCosignatureRequest,
    ) -> Result<v1::AddCosignatureResponse, Reason> {
        let taken = grondslag_proto::head::cosignature(&request).unwrap();
        self.taken.lock().unwrap().push(taken);
        Ok(v1::AddCosignatureResponse::default())
    }
}

/// One node, whose store outlives it.
struct Node {
    store: Arc<FaultyStore>,
    watching: Watching,
}

impl Node {
    async fn new() -> Self {
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
        let watching = open(&store, OWN).await;
        Self { store, watching }
    }

    /// A witness whose operator let it begin.
    async fn witness() -> Self {
        let node = Self::new().await;
        begin(node.store.as_ref()).await.unwrap();
        node.restarted().await
    }

    /// One that is no witness.
    async fn bystander() -> Self {
        let Self { store, .. } = Self::new().await;
        let watching = open(&store, 6).await;
        Self { store, watching }
    }

    async fn restarted(self) -> Self {
        let watching = open(&self.store, OWN).await;
        Self { watching, ..self }
    }

    async fn follow(&self, shows: &Shows) -> Result<Ended, Reason> {
        self.watching.follow_once(shows).await
    }

    fn seen(&self) -> u64 {
        size(self.watching.seen().as_ref())
    }

    fn covered(&self) -> u64 {
        size(self.watching.covered().as_ref())
    }

    fn contrast(&self) -> Option<Contrast> {
        self.watching.fork().and_then(|fork| fork.contrast())
    }

    async fn own_ledger(&self) -> Vec<Vec<u8>> {
        let records = self.watching.means.ledger.read(0, 100).await.unwrap();
        records.into_iter().map(|record| record.leaf).collect()
    }
}

async fn open(store: &Arc<FaultyStore>, own: u8) -> Watching {
    let clock = Arc::new(SetClock::at(at(10)));
    let own_ledger = testing::open(store.clone(), clock.clone(), "node").await.unwrap();
    let named = witnesses();
    let means = Means {
        own: oin(own),
        broker: oin(BROKER),
        region: REGION.into(),
        store: store.clone(),
        ledger: Arc::new(own_ledger),
        clock,
        key: Box::new(key_of),
        witnesses: Box::new(move || Some(Arc::clone(&named))),
        sign_key: key(own),
        grace: Duration::from_secs(60),
        operators: operators(),
    };
    Watching::open(means).await.unwrap()
}

fn header(purpose: &str, urgency: Urgency) -> Header {
    Header {
        asker: oin(5),
        role: Role::parse("gi.jeugdbeschermer").unwrap(),
        staff: Pseudonym::new([4; 16]),
        purpose: Purpose::parse(purpose).unwrap(),
        kind: QueryKind::parse("Q02").unwrap(),
        grounds: vec![],
        urgency,
        break_glass: false,
        level: Level::Person,
        epoch: 1,
        bundle: Digest::new([0; 32]),
        times: Times { asked_at: at(0), ask_expires_at: at(1), answer_by: at(2) },
        approvers: vec![],
    }
}

fn ordinary() -> Header {
    header("D09", Urgency::Standard)
}

#[tokio::test]
async fn a_log_that_grows_is_followed_and_remembered() {
    let (node, log) = (Node::bystander().await, Arc::new(ledger(BROKER).await));
    grow(&log, &["a", "b", "c"]).await;
    let shows = Shows::of(&log);
    assert_eq!(node.follow(&shows).await, Ok(Ended::Over));
    grow(&log, &["d", "e"]).await;
    assert_eq!(node.follow(&shows).await, Ok(Ended::Over));
    assert_eq!(node.seen(), 5);
    assert_eq!(*shows.asked.lock().unwrap(), [(0, 0), (3, 0)], "from the last head on");
    assert!(shows.taken.lock().unwrap().is_empty(), "it is no witness");
    let node = Node { watching: open(&node.store, 6).await, ..node };
    assert_eq!((node.seen(), node.contrast()), (5, None));
}

#[tokio::test]
async fn a_witness_cosigns_what_it_stored_and_never_before() {
    let (node, log) = (Node::witness().await, Arc::new(ledger(BROKER).await));
    grow(&log, &["a", "b", "c"]).await;
    let shows = Shows::of(&log);
    for fault in [Fault::Lost, Fault::Landed] {
        node.store.fail_commit(1, fault);
        assert!(node.follow(&shows).await.unwrap_err().is_fault());
        assert!(shows.taken.lock().unwrap().is_empty(), "nothing left");
    }
    assert_eq!(node.follow(&shows).await, Ok(Ended::Over));
    let (size, line) = shows.taken.lock().unwrap().pop().unwrap();
    let head = log.checkpoint().as_ref().clone().with(&line).unwrap();
    let own = key(OWN).verifying_key().to_bytes();
    assert_eq!((size, head.cosigned_by(oin(OWN).as_str(), &own)), (3, Some(at(10))));
    // What a quorum covers already needs no other signature.
    let covered = Shows::of(&log).cosigned(&[3, 4]);
    node.follow(&covered).await.unwrap();
    assert!(covered.taken.lock().unwrap().is_empty());
    let node = node.restarted().await;
    assert!(matches!(node.watching.read(|kept| kept.memory.clone()), Some(Memory::Own(_))));
}

#[tokio::test]
async fn every_way_in_which_the_log_contradicts_itself_stops_the_node_for_good() {
    let honest = Arc::new(ledger(BROKER).await);
    grow(&honest, &["a", "b", "c", "d"]).await;
    let (other, longer, shorter) =
        (ledger(BROKER).await, ledger(BROKER).await, ledger(BROKER).await);
    grow(&other, &["a", "b", "x", "d"]).await;
    grow(&longer, &["a", "b", "x", "d", "e", "f"]).await;
    grow(&shorter, &["a", "b"]).await;
    let lies = [
        (Shows::of(&Arc::new(other)), Contrast::TwoRoots),
        (Shows::of(&Arc::new(longer)), Contrast::Unproven),
        (Shows::of(&Arc::new(shorter)), Contrast::Shrunk),
        (Shows::of(&honest).lying(|wire| wire.proof.clear()), Contrast::Unproven),
    ];
    for (number, (shows, contrast)) in lies.iter().enumerate() {
        let node = Node::witness().await;
        assert_eq!(node.follow(&Shows::of(&honest)).await, Ok(Ended::Over));
        if number == 3 {
            grow(&honest, &["more"]).await;
        }
        assert_eq!(node.follow(shows).await, Ok(Ended::Forked), "{contrast:?}");
        assert_eq!(node.contrast(), Some(*contrast));
        assert!(shows.taken.lock().unwrap().is_empty(), "and nothing is cosigned");
        assert_eq!(node.own_ledger().await.len(), 1);
        // Neither the honest log nor a restart makes it go on.
        let node = node.restarted().await;
        assert_eq!(node.follow(&Shows::of(&honest)).await, Ok(Ended::Forked));
        for header in [ordinary(), header("D12", Urgency::Acute)] {
            let may = node.watching.may_answer(&header, Instant::now());
            assert_eq!(may, Err(NotNow::Forked));
        }
        assert!(node.watching.findings(Instant::now()).contains(&Reason::LedgerFork));
    }
}

/// The store fails when the contradiction is to be kept: the node stops nevertheless.
#[tokio::test]
async fn a_contradiction_that_cannot_be_kept_stops_the_node_as_well() {
    let (honest, other) = (Arc::new(ledger(BROKER).await), Arc::new(ledger(BROKER).await));
    grow(&honest, &["a"]).await;
    grow(&other, &["b"]).await;
    let node = Node::witness().await;
    node.follow(&Shows::of(&honest)).await.unwrap();
    node.store.fail_commit(1, Fault::Lost);
    assert_eq!(node.follow(&Shows::of(&other)).await, Ok(Ended::Forked));
    assert_eq!(node.contrast(), Some(Contrast::TwoRoots));
}

/// Two nodes are shown two histories, and one of them what the other's witnesses cosigned.
#[tokio::test]
async fn a_fork_shown_to_two_nodes_is_seen_as_soon_as_they_are_shown_one_cosigned_head() {
    let (one, two) = (Arc::new(ledger(BROKER).await), Arc::new(ledger(BROKER).await));
    grow(&one, &["a", "b", "c"]).await;
    grow(&two, &["a", "x", "c"]).await;
    let (first, second) = (Node::witness().await, Node::bystander().await);
    first.follow(&Shows::of(&one).cosigned(&[2, 3])).await.unwrap();
    second.follow(&Shows::of(&two)).await.unwrap();
    assert_eq!((first.covered(), second.covered()), (3, 0));
    // Its own fork was cosigned by nobody; the other's cosigned head belongs to another history.
    let mut shows = Shows::of(&two);
    shows.cosigned = Some((one.checkpoint().as_ref().clone(), vec![2, 3]));
    assert_eq!(second.follow(&shows).await, Ok(Ended::Forked));
    assert_eq!(second.contrast(), Some(Contrast::TwoRoots));
}

/// The fork that only one node is shown: no witness cosigns it, so it stops within the grace.
#[tokio::test]
async fn a_private_fork_gets_no_quorum_and_is_answered_for_a_minute_at_most() {
    let fork = Arc::new(ledger(BROKER).await);
    grow(&fork, &["a", "x", "c"]).await;
    let node = Node::bystander().await;
    node.follow(&Shows::of(&fork).cosigned(&[3])).await.unwrap();
    let start = Instant::now();
    assert_eq!(node.watching.may_answer(&ordinary(), start), Ok(Witnessed::Yes));
    node.watching.answered(2, start);
    let (within, after) = (start + Duration::from_secs(59), start + Duration::from_secs(61));
    assert_eq!(node.watching.may_answer(&ordinary(), within), Ok(Witnessed::Yes));
    assert_eq!(node.watching.may_answer(&ordinary(), after), Err(NotNow::Late));
    assert!(node.watching.findings(after).contains(&Reason::WitnessLate));
    // The same again and again, by the one witness that the broker plays itself, changes nothing.
    node.follow(&Shows::of(&fork).cosigned(&[3, 3, 6])).await.unwrap();
    assert_eq!(node.watching.may_answer(&ordinary(), after), Err(NotNow::Late));
}

#[tokio::test]
async fn late_witnesses_stop_everything_but_immediate_danger_until_they_come() {
    let (node, log) = (Node::bystander().await, Arc::new(ledger(BROKER).await));
    grow(&log, &["a", "b", "c"]).await;
    node.follow(&Shows::of(&log)).await.unwrap();
    let start = Instant::now();
    node.watching.answered(1, start);
    let late = start + Duration::from_secs(600);
    let may = |purpose: &str, urgency| node.watching.may_answer(&header(purpose, urgency), late);
    assert_eq!(may("D12", Urgency::Acute), Ok(Witnessed::Late));
    assert_eq!(may("D12", Urgency::Urgent), Err(NotNow::Late));
    assert_eq!(may("D09", Urgency::Acute), Err(NotNow::Late));
    // Half of the witnesses is not more than half of them.
    node.follow(&Shows::of(&log).cosigned(&[2])).await.unwrap();
    assert_eq!(may("D09", Urgency::Acute), Err(NotNow::Late));
    node.follow(&Shows::of(&log).cosigned(&[2, 4])).await.unwrap();
    assert_eq!((node.covered(), may("D09", Urgency::Acute)), (3, Ok(Witnessed::Yes)));
    // A leaf behind the covered head begins a minute of its own.
    node.watching.answered(3, late);
    let within = late + Duration::from_secs(59);
    assert_eq!(node.watching.may_answer(&ordinary(), within), Ok(Witnessed::Yes));
    let after = late + Duration::from_secs(60);
    assert_eq!(node.watching.may_answer(&ordinary(), after), Err(NotNow::Late));
}

/// What was answered before a restart and is not covered waits anew, and not for ever.
#[tokio::test]
async fn a_restart_gives_a_minute_and_no_more() {
    let (node, log) = (Node::witness().await, Arc::new(ledger(BROKER).await));
    grow(&log, &["a", "b", "c"]).await;
    node.follow(&Shows::of(&log)).await.unwrap();
    node.watching.answered(2, Instant::now());
    let node = node.restarted().await;
    let now = Instant::now();
    assert_eq!(node.watching.may_answer(&ordinary(), now), Ok(Witnessed::Yes));
    let after = now + Duration::from_secs(61);
    assert_eq!(node.watching.may_answer(&ordinary(), after), Err(NotNow::Late));
    node.follow(&Shows::of(&log).cosigned(&[3, 4])).await.unwrap();
    let node = node.restarted().await;
    assert_eq!(node.covered(), 3);
    assert_eq!(node.watching.may_answer(&ordinary(), after), Ok(Witnessed::Yes));
}

#[tokio::test]
async fn a_head_under_a_stale_key_or_of_another_log_is_neither_taken_nor_a_contradiction() {
    let (node, log) = (Node::witness().await, Arc::new(ledger(BROKER).await));
    grow(&log, &["a", "b"]).await;
    node.follow(&Shows::of(&log)).await.unwrap();
    let stale = Arc::new(ledger(9).await);
    grow(&stale, &["x"]).await;
    assert_eq!(node.follow(&Shows::of(&stale)).await, Err(Reason::AttestationInvalid));
    let elsewhere =
        testing::open(Arc::new(MemoryStore::default()), Arc::new(SetClock::at(at(5))), "elsewhere");
    let elsewhere = Arc::new(elsewhere.await.unwrap());
    assert_eq!(node.follow(&Shows::of(&elsewhere)).await, Err(Reason::AttestationInvalid));
    assert_eq!((node.seen(), node.contrast()), (2, None));

    // A cosigned head that the broker signed with a key of before covers nothing.
    let mut shows = Shows::of(&log);
    let old = log.checkpoint().checkpoint().clone().sign(&key(9));
    shows.cosigned = Some((old, vec![2, 3, 4]));
    node.follow(&shows).await.unwrap();
    assert_eq!((node.covered(), node.contrast()), (0, None));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_changes_nothing() {
    let (node, log) = (Node::witness().await, Arc::new(ledger(BROKER).await));
    grow(&log, &["a", "b"]).await;
    let lying: [fn(&mut v1::WatchHeadsResponse); 3] = [
        |wire| wire.head.truncate(20),
        |wire| wire.proof = wire_hashes(&[Digest::new([0; 32]); 66]),
        |wire| wire.cosigned = "x".into(),
    ];
    let reasons = [Reason::Malformed, Reason::TooLarge, Reason::Malformed];
    for (lie, reason) in lying.into_iter().zip(reasons) {
        assert_eq!(node.follow(&Shows::of(&log).lying(lie)).await, Err(reason));
    }
    // A proof from elsewhere is no reason to stop: the broker is asked again from what is held.
    let elsewhere = Shows::of(&log).lying(|wire| wire.from_size = 1);
    assert_eq!(node.follow(&elsewhere).await, Ok(Ended::Over));
    assert_eq!((node.seen(), node.contrast()), (0, None));
    assert_eq!(node.follow(&Shows::of(&log)).await, Ok(Ended::Over));
    assert_eq!(node.seen(), 2);
}

#[tokio::test]
async fn a_witness_without_its_memory_cosigns_only_once_it_is_given_back() {
    let log = Arc::new(ledger(BROKER).await);
    grow(&log, &["a", "b", "c"]).await;
    let before = Node::witness().await;
    let shows = Shows::of(&log);
    before.follow(&shows).await.unwrap();
    let (_, line) = shows.taken.lock().unwrap().pop().unwrap();
    let last = log.checkpoint().as_ref().clone().with(&line).unwrap();

    // A new store: it follows, answers, and does not cosign.
    grow(&log, &["d", "e"]).await;
    let lost = Node::new().await;
    let shows = Shows::of(&log);
    lost.follow(&shows).await.unwrap();
    assert_eq!(lost.seen(), 5);
    assert!(shows.taken.lock().unwrap().is_empty());
    assert_eq!(lost.watching.findings(Instant::now()), [Reason::WitnessWithoutMemory]);

    let own = [key(OWN).verifying_key().to_bytes()];
    let store = lost.store.as_ref();
    let other = log.checkpoint().as_ref().clone();
    let refused = restore(store, &oin(OWN), &own, other).await;
    assert_eq!(refused, Err(OperateError::NotOwn), "not cosigned by this witness");
    let refused = restore(store, &oin(3), &own, last.clone()).await;
    assert_eq!(refused, Err(OperateError::NotOwn), "by another");
    assert_eq!(restore(store, &oin(OWN), &own, last.clone()).await, Ok(at(10)));
    assert_eq!(begin(store).await, Err(OperateError::Remembers));

    // A head that nothing joins to what it was given is followed, and not cosigned.
    let given = lost.restarted().await;
    grow(&log, &["f"]).await;
    let head = log.checkpoint().as_ref().clone();
    let proof = Shows::of(&log).proof(5, &head).await;
    let shown = ShownHead { head, from: 5, proof, cosigned: None, also: Vec::new() };
    assert_eq!(given.watching.take(shown, None).await, Ok(Taken::Done(None)));
    assert_eq!(given.seen(), 6);

    // Joined to both what it cosigned and what it saw since, it cosigns again.
    grow(&log, &["g"]).await;
    let shows = Shows::of(&log);
    given.follow(&shows).await.unwrap();
    assert_eq!(*shows.asked.lock().unwrap(), [(6, 3)]);
    assert_eq!(shows.taken.lock().unwrap().len(), 1);
    assert!(given.watching.findings(Instant::now()).is_empty());
}

/// What a broker hopes for when a witness lost its memory: that it cosigns another history.
#[tokio::test]
async fn a_witness_that_was_given_its_memory_back_cosigns_no_other_history() {
    let (log, fork) = (Arc::new(ledger(BROKER).await), Arc::new(ledger(BROKER).await));
    grow(&log, &["a", "b", "c"]).await;
    grow(&fork, &["a", "x", "c", "d"]).await;
    let name = Origin::parse(oin(OWN).as_str()).unwrap();
    let head = log.checkpoint().as_ref().clone();
    let line = head.cosign(&name, &key(OWN), at(9));
    let last = head.with(&line).unwrap();
    let lost = Node::new().await;
    let own = [key(OWN).verifying_key().to_bytes()];
    restore(lost.store.as_ref(), &oin(OWN), &own, last).await.unwrap();
    let given = lost.restarted().await;
    let shows = Shows::of(&fork);
    assert_eq!(given.follow(&shows).await, Ok(Ended::Forked));
    assert_eq!(given.contrast(), Some(Contrast::Unproven));
    assert!(shows.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_operator_chooses_from_which_head_the_node_goes_on() {
    let (log, fork) = (Arc::new(ledger(BROKER).await), Arc::new(ledger(BROKER).await));
    grow(&log, &["a", "b", "c"]).await;
    grow(&fork, &["a", "x"]).await;
    for (choice, goes_on, stops) in [(Choice::Held, &log, &fork), (Choice::Shown, &fork, &log)] {
        let node = Node::witness().await;
        let store = node.store.clone();
        assert_eq!(stopped_by(store.as_ref()).await, Err(OperateError::NoFork));
        node.follow(&Shows::of(&log).cosigned(&[3, 4])).await.unwrap();
        node.follow(&Shows::of(&fork)).await.unwrap();
        let fork = stopped_by(store.as_ref()).await.unwrap();
        assert_eq!(fork.contrast(), Some(Contrast::Shrunk));
        let own_ledger = Arc::clone(&node.watching.means.ledger);
        accept(store.as_ref(), &own_ledger, choice).await.unwrap();
        assert_eq!(own_ledger.size().await.unwrap(), 2, "seen, and what was decided");
        let again = accept(store.as_ref(), &own_ledger, choice).await;
        assert_eq!(again, Err(OperateError::NoFork));

        let node = node.restarted().await;
        assert_eq!(node.covered(), if choice == Choice::Held { 3 } else { 0 });
        assert_eq!(node.follow(&Shows::of(goes_on)).await, Ok(Ended::Over), "{choice:?}");
        let may = node.watching.may_answer(&ordinary(), Instant::now());
        assert_eq!(may, Ok(Witnessed::Yes));
        assert_eq!(node.follow(&Shows::of(stops)).await, Ok(Ended::Forked), "{choice:?}");
    }
}

/// Nobody is late where nobody is a witness, and a contradiction stops a node all the same.
#[tokio::test]
async fn a_trial_without_witnesses_still_follows() {
    let (log, fork) = (Arc::new(ledger(BROKER).await), Arc::new(ledger(BROKER).await));
    grow(&log, &["a"]).await;
    grow(&fork, &["x"]).await;
    let mut node = Node::new().await;
    node.watching.means.witnesses = Box::new(|| None);
    node.follow(&Shows::of(&log)).await.unwrap();
    let now = Instant::now();
    node.watching.answered(0, now);
    let after = now + Duration::from_secs(10_000);
    assert_eq!(node.watching.may_answer(&ordinary(), after), Ok(Witnessed::Yes));
    assert_eq!(node.follow(&Shows::of(&fork)).await, Ok(Ended::Forked));
}

mod refound;
