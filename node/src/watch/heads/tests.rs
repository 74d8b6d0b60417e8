use std::sync::Arc;

use grondslag_core::checkpoint::Origin;
use grondslag_core::watch::Contrast;
use grondslag_evidence::ledger::Signer;
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
    let heads = Heads::open(store.as_ref(), &signer.origin).await.unwrap();
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

    fn show(&self, log: &Log, from: u64) -> Result<(), Unjoined> {
        let (head, proof) = (log.checkpoint(), log.consistency(from));
        self.heads.take(Shown { head: &head, from, proof: &proof, key: &self.key })
    }

    async fn restarted(&self) -> Heads {
        let own = signer("region", 1).unwrap().origin;
        Heads::open(self.store.as_ref(), &own).await.unwrap()
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
    assert_eq!(scene.show(&scene.log, 3), Err(Unjoined::Elsewhere(9)));
    assert_eq!(scene.show(&forked(5, 5), 3), Err(Unjoined::Elsewhere(9)), "one of before");
    assert_eq!(scene.show(&scene.log, 9), Ok(()), "the second try");
}

#[tokio::test]
async fn what_another_signed_is_nothing_and_stops_nobody() {
    let mut scene = scene().await;
    scene.grow(3);
    let head = scene.log.checkpoint();
    let shown = |head: &SignedCheckpoint, key: &[u8; 32]| {
        scene.heads.take(Shown { head, from: 0, proof: &[], key })
    };
    assert_eq!(shown(&head, &[7; 32]), Err(Unjoined::NotTheLogs));
    let key = signer("region", 1).unwrap().key;
    let long = (0..60).fold(head.clone(), |head, n| {
        let name = Origin::parse(&format!("{n:060}")).unwrap();
        let line = head.cosign(&name, &key, grondslag_core::clock::Timestamp::from_ms(0));
        head.with(&line).unwrap()
    });
    assert_eq!(shown(&long, &scene.key), Err(Unjoined::NotTheLogs), "it would not fit the store");
    assert_eq!(scene.heads.size(), 0);
    assert_eq!(shown(&head, &scene.key), Ok(()));
    let other = Log::new(signer("elsewhere", 1).unwrap()).checkpoint();
    assert_eq!(
        scene.heads.take(Shown { head: &other, from: 3, proof: &[], key: &scene.key }),
        Err(Unjoined::NotTheLogs),
        "another log than the one that is followed",
    );
}

#[tokio::test]
async fn a_head_that_contradicts_the_one_before_is_named_with_both() {
    for (other, from, contrast) in [
        (forked(2, 4), 4, Contrast::TwoRoots),
        (forked(2, 9), 4, Contrast::Unproven),
        (forked(3, 3), 4, Contrast::Shrunk),
    ] {
        let mut scene = scene().await;
        scene.grow(4);
        scene.show(&scene.log, 0).unwrap();
        let Err(Unjoined::Contradiction(found)) = scene.show(&other, from) else {
            panic!("{contrast:?}")
        };
        assert_eq!(found.contrast(), Some(contrast));
        assert_eq!((found.held.checkpoint().size, scene.heads.size()), (4, 4));
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
    let stored = async || scene.store.scan(HEADS, None, 10).await.unwrap().len();
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

/// What an answer rests on is put in a batch before, and committed after, another log is followed.
#[tokio::test]
async fn a_head_of_the_log_before_that_comes_late_is_not_gone_on_from() {
    let mut scene = scene().await;
    scene.grow(9);
    assert_eq!(scene.show(&scene.log, 0), Ok(()));
    let late = scene.heads.put(Batch::new());
    let mut next = Log::new(Signer { origin: other(), ..signer("region", 1).unwrap() });
    next.push(Digest::of(b"founding"));
    let head = next.checkpoint();
    let begun = go_on_from(scene.store.as_ref(), Batch::new(), Some(&head)).await.unwrap();
    scene.store.commit(begun).await.unwrap();
    scene.store.commit(late).await.unwrap();
    let heads = Heads::open(scene.store.as_ref(), &other()).await.unwrap();
    assert_eq!(heads.head().unwrap().checkpoint(), head.checkpoint());
}

fn other() -> Origin {
    Origin::parse("region-2/1").unwrap()
}
