//! Proofs, and state that depends on the place of its entry.

use grondslag_core::merkle::{TreeHead, verify_consistency, verify_inclusion};

use super::*;

fn head(signed: &SignedCheckpoint) -> TreeHead {
    let public = testing::signer("audit", 1).unwrap().key.verifying_key().to_bytes();
    signed.verify(&public).unwrap();
    assert_eq!(signed.checkpoint().origin.as_str(), "audit/1");
    signed.checkpoint().tree()
}

#[tokio::test]
async fn every_leaf_is_proved_in_the_checkpoint_of_now_and_every_older_one_is_its_beginning() {
    let bench = bench().await;
    let mut heads = vec![head(&bench.ledger.checkpoint())];
    assert_eq!(heads[0], TreeHead::empty());
    // Past two bundles, so that some hashes stand in files.
    for n in 0..600 {
        bench.ledger.append(entry(&n.to_string())).await.unwrap();
        heads.push(head(&bench.ledger.checkpoint()));
    }
    let again = bench.reopened().await.unwrap();
    for ledger in [&*bench.ledger, &again] {
        let all: Vec<u64> = (0..600).collect();
        for old in &heads {
            let indexes = if old.size % 50 == 0 { all.as_slice() } else { &[] };
            let proven = ledger.prove(indexes, old.size).await.unwrap();
            let now = head(&proven.checkpoint);
            assert_eq!(now.size, 600);
            verify_consistency(old, &now, &proven.consistency).unwrap();
            for (index, proof) in indexes.iter().zip(&proven.inclusions) {
                let leaf = hash_of(&index.to_string(), 1_000);
                verify_inclusion(&leaf, *index, &now, proof).unwrap();
            }
        }
        let beyond = ledger.prove(&[600], 0).await.unwrap_err();
        assert!(matches!(beyond, LedgerError::Misuse(_)));
        assert!(matches!(ledger.prove(&[], 601).await, Err(LedgerError::Misuse(_))));
    }
}

/// Writes where its entry stands, as the state of the entry itself.
fn noted(key: &str, placed: &Placed) -> Batch {
    let proof: Vec<u8> = placed.inclusion.iter().flat_map(|h| h.as_bytes().to_vec()).collect();
    let note = placed.checkpoint.note();
    let at = placed.recorded_at.ms();
    let key = |what| format!("{key}/{what}");
    Batch::new()
        .put(key("proof"), proof)
        .put(key("place"), format!("{} {} {at}", placed.index, placed.leaf_hash))
        .put(key("note"), note)
}

async fn text(store: &FaultyStore, key: &str) -> String {
    String::from_utf8(store.get(key.as_bytes()).await.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn state_may_hold_the_proof_of_its_own_entry() {
    let Bench { store, ledger, .. } = bench().await;
    ledger.append(entry("before")).await.unwrap();
    let append = |name: &'static str, state: Batch| {
        let entry = Entry { state, ..entry(name) };
        ledger.append_placed(entry, (3, 4_000), move |placed| Ok(noted(name, placed)))
    };
    // One group: the second falls out, and the third moves to its place.
    let (a, b, c) = tokio::join!(
        append("a", Batch::new()),
        append("b", Batch::new().expect_value("absent", "")),
        append("c", Batch::new()),
    );
    assert_eq!((a.unwrap().index(), c.unwrap().index()), (1, 2));
    assert_eq!(b, Err(LedgerError::Conflict { entry: 0, step: 0 }));
    assert_eq!(store.get(b"b/note").await.unwrap(), None);
    for (name, index) in [("a", 1), ("c", 2)] {
        let leaf = hash_of(name, 1_000);
        assert_eq!(text(&store, &format!("{name}/place")).await, format!("{index} {leaf} 1000"));
        let signed = SignedCheckpoint::parse(&text(&store, &format!("{name}/note")).await).unwrap();
        let proof = store.get(format!("{name}/proof").as_bytes()).await.unwrap().unwrap();
        let proof = proof.chunks(32).map(|hash| Digest::from_slice(hash).unwrap());
        let proof: Vec<Digest> = proof.collect();
        verify_inclusion(&leaf, index, &head(&signed), &proof).unwrap();
    }
    assert_eq!(leaves(&ledger).await, ["before", "a", "c"]);
}

#[tokio::test]
async fn state_that_cannot_be_made_or_is_larger_than_it_said_is_refused_alone() {
    let Bench { store, ledger, .. } = bench().await;
    let large =
        |room| ledger.append_placed(entry("x"), room, |_| Ok(Batch::new().put("k", "12345")));
    for room in [(0, 100), (1, 5)] {
        assert_eq!(large(room).await, Err(LedgerError::TooLarge("state")));
    }
    let touching =
        ledger.append_placed(entry("x"), (1, 100), |_| Ok(Batch::new().put("l/audit/s", "")));
    assert!(matches!(touching.await, Err(LedgerError::Misuse(_))));
    let failing = ledger.append_placed(entry("x"), (0, 0), |_| Err(StoreError::TooLarge("seal")));
    let (failed, other) = tokio::join!(failing, ledger.append(entry("other")));
    assert_eq!(failed, Err(LedgerError::TooLarge("seal")));
    assert_eq!(other.unwrap().index(), 0);
    assert_eq!(store.get(b"k").await.unwrap(), None);
    assert!(large((1, 6)).await.is_ok());
    assert_eq!(leaves(&ledger).await, ["other", "x"]);
}

#[tokio::test]
async fn a_checkpoint_after_a_commit_that_failed_is_over_what_is_really_there() {
    for (fault, size) in [(Fault::Lost, 2), (Fault::Landed, 3)] {
        let bench = bench().await;
        bench.ledger.append(entry("one")).await.unwrap();
        bench.store.fail_commit(1, fault);
        assert!(bench.ledger.append(entry("two")).await.is_err());
        let before = head(&bench.ledger.checkpoint());
        assert_eq!(before.size, 1, "nothing is shown that may not be there");
        if fault == Fault::Landed {
            let proven = bench.ledger.prove(&[1], 0).await.unwrap();
            assert_eq!(head(&proven.checkpoint).size, 2, "whoever finds it has it proved");
        }
        bench.ledger.append(entry("three")).await.unwrap();
        let proven = bench.ledger.prove(&[size - 1], before.size).await.unwrap();
        let now = head(&proven.checkpoint);
        assert_eq!(now.size, size, "{fault:?}");
        verify_consistency(&before, &now, &proven.consistency).unwrap();
        let leaf = hash_of("three", 1_000);
        verify_inclusion(&leaf, size - 1, &now, &proven.inclusions[0]).unwrap();
        assert_eq!(bench.reopened().await.unwrap().checkpoint().note(), proven.checkpoint.note());
    }
}
