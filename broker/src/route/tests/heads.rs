//! Proofs: each delivery builds on the head that its node has.

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::merkle::{TreeHead, verify_consistency, verify_inclusion};

use super::*;

fn own_key() -> [u8; 32] {
    // The fixture's ledger signs with a key of its own.
    testing::signer("broker", 1).unwrap().key.verifying_key().to_bytes()
}

fn head(signed: &SignedCheckpoint) -> TreeHead {
    signed.verify(&own_key()).unwrap();
    signed.checkpoint().tree()
}

fn assert_proved(evidence: &Evidence, before: &TreeHead) {
    let head = head(&evidence.checkpoint);
    verify_inclusion(&entry_of(evidence), evidence.index, &head, &evidence.proof).unwrap();
    assert_eq!(evidence.seen_size, before.size);
    verify_consistency(before, &head, &evidence.consistency).unwrap();
}

fn another(scene: &Scene, id: u8) -> RawInquiry {
    // Each by somebody else: one person may ask but twice a day here.
    let staff = |header: &mut Header| header.staff = Pseudonym::new([id; 16]);
    let RawInquiry { header, parts, .. } = question(scene, &["G05"], staff);
    sealed(scene, InquiryId::new([id; 16]), header, parts[0].1.clone())
}

#[tokio::test]
async fn every_question_is_proved_from_the_head_that_was_sent_with_the_one_before() {
    let scene = scene(&[]).await;
    for id in 10..13 {
        let (decided, ..) = scene.ask(another(&scene, id)).await;
        // The asker gets the proof of the leaf, in a checkpoint of its own moment.
        assert_proved(&decided[0].evidence, &TreeHead::empty());
    }
    let mut before = TreeHead::empty();
    for evidence in scene.nodes.proved.lock().unwrap().iter() {
        assert_proved(evidence, &before);
        before = head(&evidence.checkpoint);
    }
}

#[tokio::test]
async fn a_node_with_another_head_is_asked_once_more_from_there() {
    let scene = scene(&[]).await;
    scene.ask(another(&scene, 10)).await;
    let (first, _) = scene.sizes().await;
    scene.ask(another(&scene, 11)).await;
    scene.nodes.instead.lock().unwrap().push(Heard::OtherHead(first));
    let (_, replies, state) = scene.ask(another(&scene, 12)).await;
    assert_eq!((replies, state), (1, State::Replied));
    let proved = scene.nodes.proved.lock().unwrap();
    let [one, _, refused, again] = proved.as_slice() else { panic!("{}", proved.len()) };
    assert!(refused.seen_size > first);
    assert_proved(again, &head(&one.checkpoint));
    assert_eq!((&again.leaf, again.signature), (&refused.leaf, refused.signature));
}

#[tokio::test]
async fn a_node_that_says_so_twice_is_not_reached_and_may_be_asked_again() {
    let scene = scene(&[]).await;
    scene.nodes.instead.lock().unwrap().extend([Heard::OtherHead(0), Heard::OtherHead(0)]);
    let (_, replies, state) = scene.ask(another(&scene, 10)).await;
    assert_eq!((replies, state), (0, State::Unreachable(Reason::HeadMismatch)));
    assert!(Reason::HeadMismatch.is_passing());
}

#[tokio::test]
async fn a_node_with_a_head_that_this_ledger_never_had_is_not_asked() {
    let scene = scene(&[]).await;
    scene.nodes.instead.lock().unwrap().push(Heard::OtherHead(1_000));
    let (_, replies, state) = scene.ask(another(&scene, 10)).await;
    assert_eq!((replies, state), (0, State::Unreachable(Reason::LedgerFork)));
    assert_eq!(scene.nodes.proved.lock().unwrap().len(), 1);
}
