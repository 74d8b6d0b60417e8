use grondslag_core::watch::Contrast;
use grondslag_evidence::ledger::testing::{Log, signer};
use grondslag_evidence::store::MemoryStore;
use grondslag_evidence::store::faulty::{Fault, FaultyStore};

use super::*;

struct Scene {
    store: Arc<FaultyStore>,
    heads: Heads,
    log: Log,
    key: [u8; 32],
}

async fn scene() -> Scene {
    let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let signer = signer("region", 1).unwrap();
    let key = signer.key.verifying_key().to_bytes();
    let heads = Heads::open(store.clone(), signer.origin.clone()).await.unwrap();
    Scene { store, heads, log: Log::new(signer), key }
}

/// A log that shares its first `common` leaves with another of this size.
fn forked(common: u64, size: u64) -> Log {
    let mut log = Log::new(signer("region", 1).unwrap());
    for n in 0..size {
        let kind: &[u8] = if n < common { b"leaf" } else { b"other" };
        log.push(Digest::of(&[kind, &n.to_be_bytes()].concat()));
    }
    log
}

impl Scene {
    fn grow(&mut self, size: u64) {
        self.log = forked(size, size);
    }

    fn show(&self, log: &Log, from: u64) -> Result<(), NotTaken> {
        let (head, proof) = (log.checkpoint(), log.consistency(from));
        self.heads.take(ShownHead { head: &head, from, proof: &proof, key: &self.key })
    }

    async fn answer(&self) {
        self.store.commit(self.heads.put(Batch::new())).await.unwrap();
    }

    async fn restarted(&self) -> Heads {
        Heads::open(self.store.clone(), self.heads.origin().clone()).await.unwrap()
    }
}

#[tokio::test]
async fn a_head_that_follows_is_taken_and_one_from_elsewhere_names_where_to_begin() {
    let mut scene = scene().await;
    for (from, size) in [(0, 3), (3, 3), (3, 8), (8, 9)] {
        scene.grow(size);
        assert_eq!(scene.show(&scene.log, from), Ok(()));
        assert_eq!(scene.heads.size(), size);
    }
    scene.grow(12);
    assert_eq!(scene.show(&scene.log, 3), Err(NotTaken::Mismatch(9)));
    assert_eq!(scene.show(&forked(5, 5), 3), Err(NotTaken::Mismatch(9)), "one of before");
    assert_eq!(scene.show(&scene.log, 9), Ok(()), "the second try");
}

#[tokio::test]
async fn what_another_signed_is_nothing_and_stops_nobody() {
    let mut scene = scene().await;
    scene.grow(3);
    let head = scene.log.checkpoint();
    let shown = |head: &SignedCheckpoint, key: &[u8; 32]| {
        scene.heads.take(ShownHead { head, from: 0, proof: &[], key })
    };
    assert_eq!(shown(&head, &[7; 32]), Err(NotTaken::Invalid));
    let other = Log::new(signer("elsewhere", 1).unwrap()).checkpoint();
    assert_eq!(shown(&other, &scene.key), Err(NotTaken::Invalid));
    let key = signer("region", 1).unwrap().key;
    let long = (0..60).fold(head.clone(), |head, n| {
        let name = Origin::parse(&format!("{n:060}")).unwrap();
        let line = head.cosign(&name, &key, grondslag_core::clock::Timestamp::from_ms(0));
        head.with(&line).unwrap()
    });
    assert_eq!(shown(&long, &scene.key), Err(NotTaken::Invalid), "it would not fit the store");
    assert_eq!((scene.heads.size(), scene.heads.is_stopped()), (0, false));
    assert_eq!(shown(&head, &scene.key), Ok(()));
}

#[tokio::test]
async fn a_broker_that_contradicts_itself_is_kept_as_proof_and_nothing_is_taken_any_more() {
    for (forked, from, contrast) in
        [(forked(2, 4), 4, Contrast::TwoRoots), (forked(2, 9), 4, Contrast::Unproven)]
    {
        let mut scene = scene().await;
        scene.grow(4);
        scene.show(&scene.log, 0).unwrap();
        scene.answer().await;
        assert_eq!(scene.show(&forked, from), Err(NotTaken::Fork));
        assert_eq!(NotTaken::Fork.reason(), Reason::LedgerFork);
        scene.heads.keep_contradiction().await.unwrap();
        scene.grow(5);
        assert_eq!(scene.show(&scene.log, 4), Err(NotTaken::Fork), "whatever it shows");
        let again = scene.restarted().await;
        assert!(again.is_stopped());
        let kept = again.contradiction().unwrap();
        assert_eq!(kept.contrast(), Some(contrast));
        assert_eq!((kept.held.verify(&scene.key), kept.shown.verify(&scene.key)), (Ok(()), Ok(())));
    }
}

#[tokio::test]
async fn the_head_of_an_answer_is_there_after_a_restart_and_no_older_one_comes_back() {
    let mut scene = scene().await;
    scene.grow(3);
    scene.show(&scene.log, 0).unwrap();
    assert_eq!(scene.restarted().await.size(), 0, "nothing was answered yet");
    let earlier = scene.heads.put(Batch::new());
    scene.grow(8);
    scene.show(&scene.log, 3).unwrap();
    let later = scene.heads.put(Batch::new());
    // Two answers under way together: the older one is committed last.
    scene.store.commit(later).await.unwrap();
    scene.store.commit(earlier).await.unwrap();
    let again = scene.restarted().await;
    assert_eq!(again.size(), 8);
    let stored = || async { scene.store.scan(HEADS, None, 10).await.unwrap().len() };
    assert_eq!(stored().await, 2);
    scene.store.commit(again.put(Batch::new())).await.unwrap();
    assert_eq!(stored().await, 1, "older ones go with the next answer");
    scene.store.fail_commit(1, Fault::Lost);
    assert!(scene.store.commit(again.put(Batch::new())).await.is_err());
    assert_eq!(scene.restarted().await.size(), 8);
}

#[tokio::test]
async fn what_comes_before_its_turn_waits_a_moment() {
    let mut scene = scene().await;
    scene.grow(3);
    let (early, ()) = tokio::join!(
        async {
            scene.heads.reached(3).await;
            scene.heads.size()
        },
        async { scene.show(&scene.log, 0).unwrap() },
    );
    assert_eq!(early, 3);
    let before = tokio::time::Instant::now();
    scene.heads.reached(4).await;
    assert!(before.elapsed() >= Duration::from_millis(HEAD_WAIT_MS), "and not for ever");
}
