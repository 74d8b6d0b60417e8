//! A broker that was restored: its new log is followed only as two operators founded it.

use std::collections::BTreeSet;

use grondslag_core::founding::{Founding, SignedFounding};
use grondslag_proto::head::FoundingLeaf;

use super::super::take::NotTaken;
use super::*;

/// The founding of log 2 behind this head.
fn founding(head: &SignedCheckpoint) -> Founding {
    Founding {
        region: Digest::parse(REGION).unwrap(),
        number: 2,
        amendment: 0,
        at: at(9),
        restored: 1,
        head: head.bare(),
        missed: BTreeSet::new(),
    }
}

fn signed(founding: Founding, by: &[u8]) -> SignedFounding {
    let document = founding.canonical();
    let signatures = by.iter().map(|n| Operator::sign(&oin(*n), &key(*n), &document));
    SignedFounding { signatures: signatures.collect(), founding }
}

/// A log of this number that begins with a founding, and what is shown of it.
async fn founded(number: u64, signed: SignedFounding) -> (Arc<Ledger>, ShownFounding) {
    let log = Arc::new(log(BROKER, number).await);
    let entry = Entry { about: signed.about(), leaf: signed.leaf(), state: Batch::new() };
    let receipt = log.append(entry).await.unwrap();
    let leaf = FoundingLeaf { signed, recorded_at: receipt.recorded_at(), index: 0 };
    let shown = proved(&log, leaf).await;
    (log, shown)
}

async fn proved(log: &Ledger, leaf: FoundingLeaf) -> ShownFounding {
    let proven = log.prove(&[leaf.index], 0).await.unwrap();
    let proved = (SignedCheckpoint::clone(&proven.checkpoint), proven.inclusions[0].clone());
    ShownFounding { current: 2, founding: Some(leaf), proved: Some(proved) }
}

fn shows(log: &Arc<Ledger>, founding: &ShownFounding) -> Shows {
    Shows { founding: Some(founding.clone()), ..Shows::of(log) }
}

/// A node that saw three leaves of the first log.
async fn of_before(node: Node) -> (Node, Arc<Ledger>) {
    let before = Arc::new(ledger(BROKER).await);
    grow(&before, &["a", "b", "c"]).await;
    node.follow(&Shows::of(&before)).await.unwrap();
    assert_eq!(node.seen(), 3);
    (node, before)
}

#[tokio::test]
async fn a_log_that_two_operators_founded_is_followed_and_the_one_before_is_kept() {
    let (node, before) = of_before(Node::witness().await).await;
    let covered = Shows::of(&before).cosigned(&[3, 4]);
    node.follow(&covered).await.unwrap();
    node.watching.answered(2, Instant::now());
    let last = before.checkpoint();
    let (log, shown) = founded(2, signed(founding(&last), &[7, 8])).await;
    let shows = shows(&log, &shown);
    assert_eq!(node.follow(&shows).await, Ok(Ended::Over));
    grow(&log, &["d"]).await;
    assert_eq!(node.follow(&shows).await, Ok(Ended::Over));
    let node = node.restarted().await;
    assert_eq!((node.seen(), node.watching.number()), (2, 2));
    assert_eq!(node.watching.asked_from(), Some(at(9)));
    assert_eq!(node.watching.founding().await, Ok(shown.founding.map(|one| one.signed.leaf())));
    assert_eq!(node.watching.covered(), None, "witnesses cover the new log anew");
    let [head, covered] = node.watching.last_of(1).await.unwrap();
    assert_eq!(head.unwrap().checkpoint(), last.checkpoint());
    assert_eq!(covered.unwrap().checkpoint(), last.checkpoint());
    // It cosigns the new log: it remembers the head at which it was founded.
    let sizes: Vec<u64> = shows.taken.lock().unwrap().iter().map(|(size, _)| *size).collect();
    assert_eq!(sizes.last(), Some(&2));
    let kept = kept_heads(node.store.as_ref()).await.unwrap();
    assert!(kept.iter().all(|kept| kept.head.is_some()));
    assert_eq!(kept.iter().filter(|kept| kept.place == "wh/o").count(), 2);
}

#[tokio::test]
async fn a_witness_without_memory_has_none_of_the_new_log_either() {
    let (node, before) = of_before(Node::new().await).await;
    let (log, shown) = founded(2, signed(founding(&before.checkpoint()), &[7, 8])).await;
    let shows = shows(&log, &shown);
    node.follow(&shows).await.unwrap();
    assert!(shows.taken.lock().unwrap().is_empty());
    assert_eq!(node.watching.findings(Instant::now()), [Reason::WitnessWithoutMemory]);
}

#[tokio::test]
async fn a_log_of_another_number_is_not_followed_and_stops_nobody() {
    let (node, before) = of_before(Node::bystander().await).await;
    let (log, _) = founded(2, signed(founding(&before.checkpoint()), &[7, 8])).await;
    // The broker does not show how it was founded.
    assert_eq!(node.follow(&Shows::of(&log)).await, Ok(Ended::Over));
    let head = log.checkpoint();
    let key = key(BROKER).verifying_key().to_bytes();
    let shown = Shown { head: &head, from: 0, proof: &[], key: &key };
    assert_eq!(node.watching.take_attested(shown), Err(NotTaken::OtherLog));
    assert_eq!(NotTaken::OtherLog.reason(), Reason::NotReady);
    assert_eq!((node.seen(), node.contrast()), (3, None));
    // Nor is it the first thing that a new node believes.
    let new = Node::bystander().await;
    new.follow(&Shows::of(&log)).await.unwrap();
    assert_eq!(new.seen(), 0);
}

#[tokio::test]
async fn a_founding_that_does_not_hold_is_refused_and_changes_nothing() {
    let (node, before) = of_before(Node::witness().await).await;
    let head = before.checkpoint();
    let refused = async |number: u64, signed: SignedFounding| {
        let (log, shown) = founded(number, signed).await;
        let refused = node.follow(&shows(&log, &shown)).await.unwrap_err();
        assert_eq!((node.seen(), node.watching.number(), node.contrast()), (3, 1, None));
        refused
    };
    assert_eq!(refused(2, signed(founding(&head), &[7])).await, Reason::OperatorsTooFew);
    assert_eq!(refused(2, signed(founding(&head), &[7, 7])).await, Reason::OperatorsTooFew);
    assert_eq!(refused(2, signed(founding(&head), &[7, 9])).await, Reason::OperatorUnknown);
    let other = Founding { region: Digest::new([9; 32]), ..founding(&head) };
    assert_eq!(refused(2, signed(other, &[7, 8])).await, Reason::RegionMismatch);
    let later = log(BROKER, 2).await;
    grow(&later, &["a", "b", "c"]).await;
    let third = Founding { number: 3, ..founding(&later.checkpoint()) };
    assert_eq!(refused(3, signed(third, &[7, 8])).await, Reason::FoundingInvalid, "number");
    // It stands in another log than it says.
    assert_eq!(refused(3, signed(founding(&head), &[7, 8])).await, Reason::FoundingInvalid);
    // It does not stand in the log at all.
    let (log, mut shown) = founded(2, signed(founding(&head), &[7, 8])).await;
    shown.founding.as_mut().unwrap().index = 1;
    let refused = node.follow(&shows(&log, &shown)).await;
    assert_eq!(refused, Err(Reason::FoundingInvalid));
    assert_eq!((node.seen(), node.watching.number()), (3, 1));
}

#[tokio::test]
async fn a_founding_below_the_last_head_is_refused_until_operators_take_that_head_in() {
    let (node, before) = of_before(Node::witness().await).await;
    let short = ledger(BROKER).await;
    grow(&short, &["a", "b"]).await;
    let other = ledger(BROKER).await;
    grow(&other, &["a", "b", "x"]).await;
    for head in [short.checkpoint(), other.checkpoint()] {
        let (log, shown) = founded(2, signed(founding(&head), &[7, 8])).await;
        let shows = shows(&log, &shown);
        assert_eq!(node.follow(&shows).await, Err(Reason::FoundingBelowHead));
        let presented = shows.presented.lock().unwrap().pop().unwrap();
        let presented = SignedCheckpoint::parse(&presented).unwrap();
        assert_eq!(presented.checkpoint(), before.checkpoint().checkpoint());
        assert_eq!((node.seen(), node.watching.number(), node.contrast()), (3, 1, None));
    }
    let (log, shown) = founded(2, signed(founding(&short.checkpoint()), &[7, 8])).await;
    let amended = Founding { amendment: 1, ..founding(&before.checkpoint()) };
    let amended = signed(amended, &[7, 8]);
    let entry = Entry { about: amended.about(), leaf: amended.leaf(), state: Batch::new() };
    let receipt = log.append(entry).await.unwrap();
    let leaf = FoundingLeaf { recorded_at: receipt.recorded_at(), index: 1, signed: amended };
    assert!(shown.founding.is_some());
    let shown = proved(&log, leaf).await;
    assert_eq!(node.follow(&shows(&log, &shown)).await, Ok(Ended::Over));
    assert_eq!((node.seen(), node.watching.number()), (2, 2));
}

/// Fails the commit with and without the write.
#[tokio::test]
async fn a_founding_that_cannot_be_kept_is_met_again() {
    let (node, before) = of_before(Node::witness().await).await;
    let (log, shown) = founded(2, signed(founding(&before.checkpoint()), &[7, 8])).await;
    node.store.fail_commit(1, Fault::Lost);
    assert!(node.follow(&shows(&log, &shown)).await.unwrap_err().is_fault());
    assert_eq!((node.seen(), node.watching.number()), (3, 1));
    let node = node.restarted().await;
    node.store.fail_commit(1, Fault::Landed);
    assert!(node.follow(&shows(&log, &shown)).await.unwrap_err().is_fault());
    let node = node.restarted().await;
    assert_eq!((node.seen(), node.watching.number()), (1, 2), "it landed");
    assert_eq!(node.follow(&shows(&log, &shown)).await, Ok(Ended::Over));
}

#[tokio::test]
async fn a_founding_that_is_not_proved_to_begin_its_log_is_not_followed() {
    let (node, before) = of_before(Node::witness().await).await;
    let last = before.checkpoint();
    let (log, mut shown) = founded(2, signed(founding(&last), &[7, 8])).await;
    shown.proved = None;
    assert_eq!(node.follow(&shows(&log, &shown)).await, Err(Reason::FoundingInvalid));
    // Something stands before it.
    let log_after = Arc::new(self::log(BROKER, 2).await);
    grow(&log_after, &["x"]).await;
    let late = signed(founding(&last), &[7, 8]);
    let entry = Entry { about: late.about(), leaf: late.leaf(), state: Batch::new() };
    let receipt = log_after.append(entry).await.unwrap();
    let leaf = FoundingLeaf { signed: late, recorded_at: receipt.recorded_at(), index: 1 };
    let shown = proved(&log_after, leaf).await;
    assert_eq!(node.follow(&shows(&log_after, &shown)).await, Err(Reason::FoundingInvalid));
    assert_eq!((node.seen(), node.watching.number(), node.contrast()), (3, 1, None));
}

/// The node's clock is at 10 s.
#[tokio::test]
async fn a_founding_in_time_to_come_or_of_a_head_that_the_broker_never_made_is_refused() {
    let (node, before) = of_before(Node::witness().await).await;
    let forged = ledger(8).await;
    grow(&forged, &["a", "b", "c", "d"]).await;
    let late = Founding { at: at(41), ..founding(&before.checkpoint()) };
    for (founding, reason) in [
        (founding(&forged.checkpoint()), Reason::AttestationInvalid),
        (late, Reason::FoundingInvalid),
    ] {
        let (log, shown) = founded(2, signed(founding, &[7, 8])).await;
        assert_eq!(node.follow(&shows(&log, &shown)).await, Err(reason));
        assert_eq!((node.seen(), node.watching.number(), node.contrast()), (3, 1, None));
    }
    let near = Founding { at: at(40), ..founding(&before.checkpoint()) };
    let (log, shown) = founded(2, signed(near, &[7, 8])).await;
    assert_eq!(node.follow(&shows(&log, &shown)).await, Ok(Ended::Over));
}
