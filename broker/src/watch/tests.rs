//! Followers and witnesses of a log that a test holds in its hand.

use std::sync::RwLock;

use async_trait::async_trait;
use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::{Checkpoint, Cosignature, Origin};
use grondslag_core::clock::SetClock;
use grondslag_core::id::Digest;
use grondslag_core::merkle::{
    Frontier, Subtree, TreeHead, consistency_ranges, leaf_hash, node_hash, range_root,
};
use grondslag_core::operators::{Operator, Operators};
use grondslag_core::watch::follows;
use grondslag_core::witnesses::{SignedWitnessList, WitnessList};
use grondslag_evidence::store::MemoryStore;
use grondslag_evidence::store::faulty::{Fault, FaultyStore};
use grondslag_proto::head::ShownHead;

use super::*;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// An agency; its card bears the key of the same number.
fn oin(number: u8) -> Oin {
    Oin::parse(&format!("0000009900000000{number}000")).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1_000)
}

/// Leaves in memory, signed with the broker's key.
#[derive(Debug, Default)]
struct Leaves(RwLock<Vec<Digest>>);

impl Leaves {
    fn grow(&self, by: usize) {
        let mut leaves = self.0.write().unwrap();
        for _ in 0..by {
            let next = leaf_hash(&leaves.len().to_be_bytes());
            leaves.push(next);
        }
    }
}

fn root(leaves: &[Digest]) -> Digest {
    if let [one] = leaves {
        return *one;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    node_hash(&root(left), &root(right))
}

#[async_trait]
impl Log for Leaves {
    fn checkpoint(&self) -> Arc<SignedCheckpoint> {
        let mut tree = Frontier::new(0, Vec::new()).unwrap();
        self.0.read().unwrap().iter().for_each(|leaf| tree.push(*leaf));
        let TreeHead { size, root } = tree.head();
        let origin = Origin::parse("region/1").unwrap();
        Arc::new(Checkpoint { origin, size, root }.sign(&key(9)))
    }

    async fn refresh(&self) -> Result<(), Reason> {
        Ok(())
    }

    async fn consistency(&self, old: u64, new: TreeHead) -> Result<Vec<Digest>, Reason> {
        let leaves = self.0.read().unwrap();
        let look = |subtree: Subtree| -> Result<Option<Digest>, Reason> {
            let width = 1usize << subtree.level;
            let first = usize::try_from(subtree.index).unwrap() * width;
            Ok(Some(root(&leaves[first..first + width])))
        };
        let ranges = consistency_ranges(old, new.size).ok_or(Reason::Internal)?;
        ranges.into_iter().map(|range| Ok(range_root(range, look)?.unwrap())).collect()
    }
}

fn witnesses(numbers: &[u8]) -> Witnesses {
    let region = Digest::new([7; 32]);
    let list =
        WitnessList { region, seq: 1, witnesses: numbers.iter().copied().map(oin).collect() };
    let document = list.canonical();
    let signatures = [7, 8].map(|n| Operator::sign(&oin(n), &key(n), &document)).into();
    let pinned = Operators::new([7, 8].map(|n| Operator::new(oin(n), &key(n))).into());
    SignedWitnessList { list, signatures }.verify(&pinned, &region).unwrap()
}

struct Scene {
    log: Arc<Leaves>,
    store: Arc<FaultyStore>,
    clock: Arc<SetClock>,
    watch: Watch,
    now: Mutex<Instant>,
}

/// Three witnesses, or none.
async fn scene(witnessed: bool) -> Scene {
    let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let (log, clock) = (Arc::new(Leaves::default()), Arc::new(SetClock::at(at(1_000))));
    let watch = open(&log, &store, &clock, witnessed).await;
    Scene { log, store, clock, watch, now: Mutex::new(Instant::now()) }
}

async fn open(
    log: &Arc<Leaves>,
    store: &Arc<FaultyStore>,
    clock: &Arc<SetClock>,
    witnessed: bool,
) -> Watch {
    let named = witnessed.then(|| Arc::new(witnesses(&[1, 2, 3])));
    let key_of = |oin: &Oin| {
        let digit = oin.as_str().as_bytes().get(16).copied().ok_or(Reason::UnknownAgency)?;
        Ok(key(digit - b'0').verifying_key().to_bytes())
    };
    let means = Means {
        log: Arc::clone(log) as _,
        store: Arc::clone(store) as _,
        clock: Arc::clone(clock) as _,
        key: Box::new(key_of),
        witnesses: Box::new(move || named.clone()),
    };
    Watch::open(means).await.unwrap()
}

/// A follower, and the size of the head that it holds.
struct Following(heads::Follower, u64);

impl Following {
    fn of(watch: &Watch, seen: u64, also: u64) -> Self {
        Self(watch.follow(also), seen)
    }

    async fn due(&mut self, watch: &Watch) -> Option<ShownHead> {
        let shown = watch.due(&mut self.0, self.1).await.unwrap();
        self.1 = shown.as_ref().map_or(self.1, |shown| shown.head.checkpoint().size);
        shown
    }
}

impl Scene {
    fn grow(&self, by: usize) {
        self.log.grow(by);
        self.publish();
    }

    fn publish(&self) {
        self.watch.publish(*self.now.lock().unwrap());
    }

    /// When the last head need not be waited for any longer.
    fn later(&self) {
        *self.now.lock().unwrap() += head_wait();
        self.publish();
    }

    fn published(&self) -> Arc<SignedCheckpoint> {
        self.watch.shown.borrow().head.clone().unwrap()
    }

    fn cosignature(&self, by: u8) -> Cosignature {
        let name = Origin::parse(oin(by).as_str()).unwrap();
        self.published().cosign(&name, &key(by), at(1_000))
    }

    async fn cosign(&self, by: u8) -> Result<(), Reason> {
        let size = self.published().checkpoint().size;
        self.watch.add(&oin(by), size, &self.cosignature(by)).await
    }

    /// What a follower gets without waiting.
    async fn told(&self, follower: &mut Following) -> Option<ShownHead> {
        follower.due(&self.watch).await
    }
}

fn sizes(shown: &ShownHead) -> (u64, u64, u64) {
    let cosigned = shown.cosigned.as_ref().map_or(0, |(head, _)| head.checkpoint().size);
    (shown.from, shown.head.checkpoint().size, cosigned)
}

#[tokio::test]
async fn a_follower_is_told_of_every_published_head_with_a_proof_from_the_last() {
    let scene = scene(false).await;
    let mut follower = Following::of(&scene.watch, 0, 0);
    assert_eq!(scene.told(&mut follower).await, None, "nothing is published yet");
    let broker = key(9).verifying_key().to_bytes();
    let mut held: Option<SignedCheckpoint> = None;
    for (by, size) in [(3, 3), (1, 4), (6, 10)] {
        scene.log.grow(by);
        scene.later();
        let shown = scene.told(&mut follower).await.unwrap();
        let from = held.as_ref().map_or(0, |held| held.checkpoint().size);
        assert_eq!(sizes(&shown), (from, size, 0));
        assert_eq!(follows(held.as_ref(), &shown.head, &shown.proof, &broker), Ok(()));
        assert_eq!(scene.told(&mut follower).await, None, "each once");
        held = Some(shown.head);
    }
    // Who comes later is told from where it was.
    let mut late = Following::of(&scene.watch, 3, 0);
    assert_eq!(sizes(&scene.told(&mut late).await.unwrap()), (3, 10, 0));
}

#[tokio::test]
async fn a_head_that_half_of_the_witnesses_cosigned_is_not_cosigned_and_one_more_makes_it_so() {
    let scene = scene(true).await;
    scene.grow(5);
    let mut follower = Following::of(&scene.watch, 0, 0);
    assert_eq!(sizes(&scene.told(&mut follower).await.unwrap()), (0, 5, 0));
    assert_eq!(scene.cosign(1).await, Ok(()));
    assert_eq!(scene.cosign(1).await, Ok(()), "again is no second one");
    assert_eq!(scene.told(&mut follower).await, None);
    assert_eq!(scene.cosign(3).await, Ok(()));
    let shown = scene.told(&mut follower).await.unwrap();
    assert_eq!(sizes(&shown), (5, 5, 5));
    let (cosigned, proof) = shown.cosigned.unwrap();
    assert!(proof.is_empty());
    for by in [1, 3] {
        let public = key(by).verifying_key().to_bytes();
        assert_eq!(cosigned.cosigned_by(oin(by).as_str(), &public), Some(at(1_000)));
    }
    let standing = scene.watch.standing();
    assert_eq!((standing.size, standing.cosigned, standing.quorum), (5, 5, Some(2)));
    let last = standing.last.into_values().map(|last| last.map(|last| last.size));
    assert_eq!(last.collect::<Vec<_>>(), [Some(5), None, Some(5)]);
}

#[tokio::test]
async fn the_next_head_waits_for_a_quorum_but_not_for_ever() {
    let scene = scene(true).await;
    scene.grow(1);
    scene.grow(1);
    assert_eq!(scene.published().checkpoint().size, 1, "witnesses still cosign the first");
    for by in [1, 2] {
        scene.cosign(by).await.unwrap();
    }
    scene.publish();
    assert_eq!(scene.published().checkpoint().size, 2);
    scene.grow(1);
    scene.later();
    assert_eq!(scene.published().checkpoint().size, 3, "nobody cosigned the second in time");
    // What comes late still counts for the head that it is of.
    let second = scene.watch.held().heads[1].clone();
    for by in [2, 3] {
        let name = Origin::parse(oin(by).as_str()).unwrap();
        let cosignature = second.cosign(&name, &key(by), at(1_000));
        scene.watch.add(&oin(by), 2, &cosignature).await.unwrap();
    }
    assert_eq!(scene.watch.cosigned_size(), 2);
}

#[tokio::test]
async fn only_a_witness_s_own_true_cosignature_of_a_published_head_is_taken() {
    let scene = scene(true).await;
    scene.grow(5);
    assert_eq!(scene.cosign(4).await, Err(Reason::NotAWitness));
    let own = scene.cosignature(1);
    let add =
        async |by: u8, size: u64, line: &Cosignature| scene.watch.add(&oin(by), size, line).await;
    assert_eq!(add(2, 5, &own).await, Err(Reason::StatementInvalid), "of another witness");
    assert_eq!(add(1, 4, &own).await, Err(Reason::HeadMismatch), "of no published head");
    let name = Origin::parse(oin(1).as_str()).unwrap();
    let stale = scene.published().cosign(&name, &key(6), at(1_000));
    assert_eq!(add(1, 5, &stale).await, Err(Reason::StatementInvalid), "with an old key");
    let ahead = at(1_000).plus_ms(40_000);
    let early = scene.published().cosign(&name, &key(1), ahead);
    assert_eq!(add(1, 5, &early).await, Err(Reason::StatementInvalid), "from the future");
    let other = Checkpoint { size: 6, ..scene.published().checkpoint().clone() };
    let other = other.sign(&key(9)).cosign(&name, &key(1), at(1_000));
    assert_eq!(add(1, 5, &other).await, Err(Reason::StatementInvalid), "of another head");
    assert_eq!(add(1, 5, &own).await, Ok(()));
    let without = self::scene(false).await;
    without.grow(5);
    assert_eq!(without.cosign(1).await, Err(Reason::NotAWitness), "a region without witnesses");
}

#[tokio::test]
async fn the_cosigned_head_is_kept_and_shown_again_after_a_restart() {
    let scene = scene(true).await;
    scene.grow(5);
    for by in [1, 2] {
        scene.cosign(by).await.unwrap();
    }
    let again = open(&scene.log, &scene.store, &scene.clock, true).await;
    assert_eq!(again.cosigned_size(), 5);
    assert_eq!(again.standing(), scene.watch.standing());
    again.publish(Instant::now());
    let mut follower = Following::of(&again, 5, 0);
    assert_eq!(sizes(&follower.due(&again).await.unwrap()), (5, 5, 5));

    // A store that fails takes nothing from what followers are told: it is their proof, not ours.
    scene.log.grow(1);
    scene.publish();
    scene.cosign(1).await.unwrap();
    scene.store.fail_commit(1, Fault::Lost);
    assert!(scene.cosign(2).await.unwrap_err().is_fault());
    assert_eq!(scene.watch.cosigned_size(), 6);
}

/// Somebody who holds more than there is must see what there is: a log that went back.
#[tokio::test]
async fn whoever_is_ahead_of_the_published_head_waits_and_of_the_log_is_shown_it() {
    let scene = scene(false).await;
    scene.grow(5);
    scene.log.grow(2);
    let mut receipt = Following::of(&scene.watch, 7, 0);
    assert_eq!(scene.told(&mut receipt).await, None, "the published head will catch up");
    scene.later();
    assert_eq!(sizes(&scene.told(&mut receipt).await.unwrap()), (7, 7, 0));
    let mut ahead = Following::of(&scene.watch, 9, 0);
    let shown = scene.told(&mut ahead).await.unwrap();
    assert_eq!((sizes(&shown), shown.proof.len()), ((9, 7, 0), 0));

    // A follower with a second head gets a second proof, once.
    let broker = key(9).verifying_key().to_bytes();
    let second = Leaves::default();
    second.grow(3);
    let mut two = Following::of(&scene.watch, 5, 3);
    let shown = scene.told(&mut two).await.unwrap();
    let held = second.checkpoint();
    assert_eq!(follows(Some(held.as_ref()), &shown.head, &shown.also, &broker), Ok(()));
    scene.log.grow(1);
    scene.later();
    assert_eq!(scene.told(&mut two).await.unwrap().also, []);
    let mut more = Following::of(&scene.watch, 5, 20);
    assert_eq!(scene.told(&mut more).await.unwrap().also, [], "more than there is");
}
