//! The life of an epoch, also over a broker that stops between two of its steps.

use std::path::Path;

use grondslag_core::clock::SetClock;
use grondslag_core::id::Oin;
use grondslag_evidence::ledger::testing;
use grondslag_evidence::store::MemoryStore;
use grondslag_evidence::store::faulty::{Fault, FaultyStore};

use super::*;
use crate::keyholder::LocalHolder;
use crate::route::tests::{SCHOOL, child, holder, oin};

const REGION: &str = "drieveen";

/// A broker's epochs and what outlives a stop of it.
struct Scene {
    epochs: Epochs,
    holder: Arc<LocalHolder>,
    ledger: Arc<Ledger>,
    store: Arc<FaultyStore>,
    clock: Arc<SetClock>,
    dir: Arc<tempfile::TempDir>,
}

async fn start(
    store: Arc<FaultyStore>,
    clock: Arc<SetClock>,
    dir: Arc<tempfile::TempDir>,
) -> Result<Scene, Reason> {
    let as_store: Arc<dyn Store> = Arc::clone(&store) as _;
    let as_clock: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let path: &Path = dir.path();
    let (held, _) = holder(path, "holder", REGION, &as_store, &as_clock).await;
    let holder = Arc::new(held);
    let ledger = testing::open(as_store.clone(), as_clock.clone(), "broker").await.unwrap();
    let ledger = Arc::new(ledger);
    let chain = Arc::new(Chain::new(vec![holder.clone()]));
    let held = holder.epochs();
    let epochs = Epochs::open(as_store, ledger.clone(), as_clock, chain, &held).await?;
    epochs.destroy_orphans(&held).await?;
    Ok(Scene { epochs, holder, ledger, store, clock, dir })
}

async fn scene() -> Scene {
    let clock = SetClock::at(Timestamp::parse("2026-06-15T10:00").unwrap());
    let store = FaultyStore::new(Arc::new(MemoryStore::default()));
    let dir = tempfile::tempdir().unwrap();
    start(Arc::new(store), Arc::new(clock), Arc::new(dir)).await.unwrap()
}

impl Scene {
    /// The broker stops, and starts again on the same store and files.
    async fn again(self) -> Self {
        let Self { store, clock, dir, epochs, .. } = self;
        drop(epochs);
        start(store, clock, dir).await.unwrap()
    }

    fn in_ms(&self, ms: i64) -> Timestamp {
        self.clock.now().plus_ms(ms)
    }

    fn wish(&self, id: &str, ms: i64) -> Wish {
        Wish { id: id.into(), switch_at: self.in_ms(ms) }
    }

    fn later(&self, ms: i64) {
        self.clock.set(self.in_ms(ms));
    }

    async fn size(&self) -> u64 {
        self.ledger.size().await.unwrap()
    }

    async fn links(&self, epoch: u32) -> Result<(), Reason> {
        let node: Oin = oin(SCHOOL);
        self.epochs.chain.links(epoch, &node, &child(1)).await.map(|_| ())
    }
}

/// How long questions of an epoch that ended are taken.
const ENDING_MS: i64 = ASK_LIFE_MS_MAX + CLOCK_SKEW_MS_MAX;

#[tokio::test]
async fn a_region_begins_with_epoch_one_once() {
    let scene = scene().await;
    assert_eq!(scene.epochs.state().current, 1);
    assert_eq!((scene.size().await, scene.holder.epochs()), (1, vec![1]));
    let state = scene.epochs.state();
    let scene = scene.again().await;
    assert_eq!((scene.epochs.state(), scene.size().await), (state, 1));
}

#[tokio::test]
async fn a_wish_is_carried_out_once_and_the_switch_comes_at_its_moment() {
    let scene = scene().await;
    let wish = scene.wish("a", 1_000);
    assert_eq!(scene.epochs.check_enrolled(2), Err(Reason::EpochStale));
    for _ in 0..2 {
        scene.epochs.tend(Some(wish.clone())).await.unwrap();
        assert_eq!(scene.epochs.state().next, Some((2, wish.switch_at)));
        assert_eq!((scene.size().await, scene.holder.epochs()), (2, vec![1, 2]));
    }
    // Nodes enrol in the next one; questions are asked in the current one.
    assert_eq!(scene.epochs.check_enrolled(2), Ok(()));
    assert_eq!(scene.epochs.check_asked(2, scene.clock.now()), Err(Reason::EpochStale));
    scene.later(999);
    scene.epochs.tend(Some(wish.clone())).await.unwrap();
    assert_eq!(scene.epochs.state().current, 1);
    scene.later(1);
    scene.epochs.tend(Some(wish.clone())).await.unwrap();
    let state = scene.epochs.state();
    assert_eq!((state.current, state.next, state.since), (2, None, scene.clock.now()));
    // The wish is still in its file, and does not come true again.
    scene.later(ENDING_MS + 1);
    scene.epochs.tend(Some(wish.clone())).await.unwrap();
    let scene = scene.again().await;
    scene.epochs.tend(Some(wish)).await.unwrap();
    assert_eq!((scene.epochs.state().current, scene.epochs.state().next), (2, None));
    scene.epochs.tend(Some(scene.wish("b", 5))).await.unwrap();
    assert_eq!(scene.epochs.state().next.map(|(next, _)| next), Some(3));
}

#[tokio::test]
async fn another_wish_brings_an_opening_epoch_forward_and_never_puts_it_off() {
    let scene = scene().await;
    let (later, sooner) = (scene.in_ms(1_000), scene.in_ms(1));
    scene.epochs.tend(Some(scene.wish("a", 1_000))).await.unwrap();
    assert_eq!(scene.epochs.state().next, Some((2, later)));
    scene.epochs.tend(Some(scene.wish("b", 2_000))).await.unwrap();
    assert_eq!(scene.epochs.state().next, Some((2, later)));
    scene.epochs.tend(Some(scene.wish("c", 1))).await.unwrap();
    assert_eq!(scene.epochs.state().next, Some((2, sooner)));
    scene.later(1);
    scene.epochs.tend(Some(scene.wish("c", 1))).await.unwrap();
    assert_eq!((scene.epochs.state().current, scene.epochs.state().next), (2, None));
}

#[tokio::test]
async fn an_ending_epoch_is_taken_until_its_questions_expired_and_then_its_factors_are_gone() {
    let scene = scene().await;
    scene.epochs.tend(Some(scene.wish("a", 0))).await.unwrap();
    assert_eq!(scene.epochs.state().current, 2);
    assert_eq!(scene.epochs.check_enrolled(1), Err(Reason::EpochStale));
    scene.later(ENDING_MS);
    scene.epochs.tend(None).await.unwrap();
    assert_eq!(scene.epochs.check_asked(1, scene.clock.now()), Ok(()));
    assert_eq!(scene.links(1).await, Ok(()));
    scene.later(1);
    // Even before anybody looked after it.
    assert_eq!(scene.epochs.check_asked(1, scene.clock.now()), Err(Reason::EpochStale));
    let size = scene.size().await;
    scene.epochs.tend(None).await.unwrap();
    assert_eq!(scene.holder.epochs(), [2]);
    assert_eq!(scene.links(1).await, Err(Reason::EpochStale), "not even from memory");
    assert_eq!(scene.links(2).await, Ok(()));
    assert_eq!(scene.size().await, size + 1);
    assert!(scene.epochs.state().ending.is_empty());
    let scene = scene.again().await;
    assert_eq!((scene.holder.epochs(), scene.size().await), (vec![2], size + 1));
}

#[tokio::test]
async fn an_epoch_that_could_not_be_recorded_is_not_announced_and_tried_again() {
    for fault in [Fault::Lost, Fault::Landed] {
        let scene = scene().await;
        let wish = scene.wish("a", 1_000);
        scene.store.fail_commit(1, fault);
        assert!(scene.epochs.tend(Some(wish.clone())).await.is_err(), "{fault:?}");
        assert_eq!(scene.epochs.state().next, None, "{fault:?}");
        // A stop at this point: its factors wait for their turn.
        let scene = scene.again().await;
        assert_eq!(scene.holder.epochs(), [1, 2], "{fault:?}");
        scene.epochs.tend(Some(wish)).await.unwrap();
        assert_eq!(scene.holder.epochs(), [1, 2], "{fault:?}");
        assert_eq!((scene.size().await, scene.epochs.state().current), (2, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_stop_between_switch_and_end_loses_neither() {
    let scene = scene().await;
    scene.epochs.tend(Some(scene.wish("a", 1_000))).await.unwrap();
    let scene = scene.again().await;
    assert_eq!(scene.holder.epochs(), [1, 2]);
    scene.later(1_000);
    scene.epochs.tend(None).await.unwrap();
    let scene = scene.again().await;
    assert_eq!((scene.epochs.state().current, scene.holder.epochs()), (2, vec![1, 2]));
    assert_eq!(scene.epochs.check_asked(1, scene.clock.now()), Ok(()));
    scene.later(ENDING_MS + 1);
    scene.epochs.tend(None).await.unwrap();
    assert_eq!(scene.holder.epochs(), [2]);
}

#[tokio::test]
async fn factors_of_the_past_are_destroyed_at_the_start_and_no_others() {
    use crate::keyholder::KeyHolder as _;
    let scene = scene().await;
    scene.epochs.tend(Some(scene.wish("a", 0))).await.unwrap();
    scene.later(ENDING_MS + 1);
    scene.epochs.tend(None).await.unwrap();
    scene.holder.open_epoch(1).await.unwrap();
    // As when the store of a moment before is put back beside a newer file.
    scene.holder.open_epoch(3).await.unwrap();
    let scene = scene.again().await;
    assert_eq!(scene.holder.epochs(), [2, 3]);
}

#[tokio::test]
async fn a_store_without_the_factors_of_its_current_epoch_does_not_start() {
    use crate::keyholder::KeyHolder as _;
    let Scene { store, clock, dir, holder, .. } = scene().await;
    holder.destroy_epoch(1).await.unwrap();
    let started = start(store, clock, dir).await;
    assert_eq!(started.map(drop).unwrap_err(), Reason::FactorsUnreadable);
}
