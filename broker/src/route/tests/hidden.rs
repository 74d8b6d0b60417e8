//! The hidden number of a question: whose it is is proved, and nobody but its target opens it.

use grondslag_core::blind::inbound::made_with;
use grondslag_core::blind::{Pair, Turned};
use grondslag_core::seal::{About, open};

use super::*;
use crate::epoch::wish::Wish;

const OTHER: &str = "00000099000000003000";

/// A question to two schools, and their keys.
struct Both {
    scene: Scene,
    other: InboundKey,
}

async fn both() -> Both {
    let scene = scene(&[]).await;
    scene.admit_as(OTHER, "sch").await;
    let other = inbound(&scene.broker, EPOCH, OTHER).await.unwrap();
    Both { scene, other }
}

impl Both {
    fn question(&self, id: u8) -> RawInquiry {
        let one = question(&self.scene, &["G05"], |_| {});
        let part = one.parts[0].1.clone();
        let parts = vec![(oin(SCHOOL), part.clone()), (oin(OTHER), part)];
        let keys = [&self.scene.inbound, &self.other];
        hidden_under(&keys, InquiryId::new([id; 16]), 1, one.header, parts)
    }

    async fn verified(&self, raw: RawInquiry) -> Option<Reason> {
        let inquiry = Inquiry::parse(raw, self.scene.clock.now()).unwrap();
        let pack = self.scene.broker.rules.now();
        verify_inquiry(&self.scene.broker, &oin(ASKER), &inquiry, &pack).await.err()
    }
}

/// Signs the whole anew, as an asker does that lies about what it hides.
fn signed(mut raw: RawInquiry) -> RawInquiry {
    raw.signature = sign(&key(1), &whole(&raw));
    raw
}

fn whole(raw: &RawInquiry) -> Vec<u8> {
    let RawInquiry { id, attempt, header, parts, hidden, .. } = raw;
    Whole::of(id, *attempt, header, parts, hidden.one, &hidden.two).signed_bytes()
}

#[tokio::test]
async fn a_question_about_one_number_to_all_its_targets_is_taken() {
    let both = both().await;
    assert_eq!(both.verified(both.question(1)).await, None);
}

#[tokio::test]
async fn a_proof_that_was_altered_or_made_for_another_question_is_refused() {
    let both = both().await;
    let mut raw = both.question(1);
    raw.hidden.proof = both.question(2).hidden.proof;
    assert_eq!(both.verified(signed(raw)).await, Some(Reason::BlindInvalid));
    // Another's points under a new id, proof and all.
    let (one, mut other) = (both.question(1), both.question(2));
    other.hidden = one.hidden;
    assert_eq!(both.verified(signed(other)).await, Some(Reason::BlindInvalid));
    // The proof is over what was signed, so that it does not survive a second signature either.
    let mut later = both.question(1);
    later.attempt = 2;
    assert_eq!(both.verified(signed(later)).await, Some(Reason::BlindInvalid));
}

#[tokio::test]
async fn points_that_changed_places_or_hide_another_child_are_refused() {
    let both = both().await;
    let mut swapped = both.question(1);
    swapped.hidden.two.swap(0, 1);
    assert_eq!(both.verified(swapped.clone()).await, Some(Reason::StatementInvalid));
    assert_eq!(both.verified(signed(swapped)).await, Some(Reason::BlindInvalid));
    // One target is asked about another child.
    let mut lie = both.question(1);
    let two = lie.hidden.two[1].point() - child(1).point() + child(2).point();
    lie.hidden.two[1] = Element::new(two).unwrap();
    assert_eq!(both.verified(signed(lie)).await, Some(Reason::BlindInvalid));
    // The broker itself cannot put another first point under the asker's signature.
    let mut altered = both.question(1);
    altered.hidden.one = child(3);
    assert_eq!(both.verified(altered).await, Some(Reason::StatementInvalid));
}

#[tokio::test]
async fn a_question_of_another_epoch_is_stale_and_its_proof_does_not_hold_in_this_one() {
    let both = both().await;
    let mut next = both.question(1);
    next.header.epoch = 2;
    assert_eq!(both.verified(signed(next.clone())).await, Some(Reason::EpochStale));
    let switch_at = both.scene.clock.now();
    let wish = Wish { id: "a".into(), switch_at };
    both.scene.broker.epochs.tend(Some(wish)).await.unwrap();
    // The epoch is there now, with other keys: what was hidden under the old ones is nothing.
    let again = hidden_under(
        &[&both.scene.inbound, &both.other],
        InquiryId::new([1; 16]),
        1,
        next.header,
        next.parts,
    );
    assert_eq!(both.verified(again).await, Some(Reason::BlindInvalid));
    assert_eq!(both.verified(both.question(1)).await, None, "the old one is ending");
    both.scene.clock.set(switch_at.plus_ms(330_001));
    assert_eq!(both.verified(both.question(1)).await, Some(Reason::EpochStale));
    both.scene.broker.epochs.tend(None).await.unwrap();
    assert_eq!(both.verified(both.question(1)).await, Some(Reason::EpochStale));
}

#[tokio::test]
async fn a_target_without_a_key_is_no_target() {
    let both = both().await;
    let mut raw = both.question(1);
    raw.parts[1].0 = oin("00000099000000007000");
    assert_eq!(both.verified(signed(raw)).await, Some(Reason::UnknownAgency));
}

type Lie = (&'static str, fn(&Both, &mut RawInquiry), Reason);

/// What a broker might put before a key holder in the name of an asker: numbers that it hid itself,
/// and those of a genuine question in another place. It has no key of any asker.
const LIES: &[Lie] = &[
    (
        "a question that it made up",
        |both, it| {
            let part = it.parts[0].1.clone();
            *it = sealed(&both.scene, InquiryId::new([9; 16]), it.header.clone(), part);
            it.signature = sign(&key(9), &whole(it));
        },
        Reason::StatementInvalid,
    ),
    (
        "a number that it hid, in a genuine question",
        |both, it| {
            let keys = [&both.scene.inbound, &both.other];
            let own = hidden_under(&keys, it.id, 1, it.header.clone(), it.parts.clone());
            it.hidden = own.hidden;
        },
        Reason::StatementInvalid,
    ),
    (
        "one pair shifted",
        |_, it| {
            let shifted = it.hidden.two[1].point() + child(4).point();
            it.hidden.two[1] = Element::new(shifted).unwrap();
        },
        Reason::StatementInvalid,
    ),
    (
        "the proof of another question",
        |both, it| it.hidden.proof = both.question(7).hidden.proof,
        Reason::BlindInvalid,
    ),
    (
        "a genuine question under another id",
        |_, it| it.id = InquiryId::new([8; 16]),
        Reason::StatementInvalid,
    ),
    ("a genuine question as a second attempt", |_, it| it.attempt = 2, Reason::StatementInvalid),
    (
        "a genuine question for another purpose",
        |_, it| it.header.purpose = Purpose::parse("D03").unwrap(),
        Reason::StatementInvalid,
    ),
    (
        "a genuine question in another's name",
        |_, it| it.header.asker = oin(SCHOOL),
        Reason::CardOinMismatch,
    ),
];

/// A key holder makes no step for what its asker did not say: nothing is counted or recorded there,
/// and no pair comes out.
#[tokio::test]
async fn what_its_asker_did_not_say_reaches_no_key_holder() {
    let both = both().await;
    for (what, lie, reason) in LIES {
        let mut raw = both.question(1);
        lie(&both, &mut raw);
        let routed = both.scene.route(raw).await.map(|_| ());
        assert_eq!(routed, Err(*reason), "{what}");
        assert_eq!(both.scene.sizes().await.1, 0, "{what}");
    }
    // The same child's question, as its asker said it.
    let honest = question(&both.scene, &["G05"], |_| {});
    assert_eq!(both.scene.route(honest.clone()).await.map(|_| ()), Ok(()));
    assert_eq!(both.scene.sizes().await.1, 1);
    // And all that it hid, under the asker's own signature of another question.
    let part = honest.parts[0].1.clone();
    let mut other = sealed(&both.scene, InquiryId::new([4; 16]), honest.header, part);
    other.hidden = honest.hidden;
    let routed = both.scene.route(signed(other)).await.map(|_| ());
    assert_eq!(routed, Err(Reason::BlindInvalid));
    assert_eq!(both.scene.sizes().await.1, 1);
}

/// What was attested is what the target opens, and it opens for nobody else.
#[tokio::test]
async fn the_pair_is_sealed_for_its_target_and_attested_by_its_digest() {
    let scene = scene(&[]).await;
    let (inquiry, targets, decided) =
        scene.route(question(&scene, &["G05"], |_| {})).await.unwrap();
    let (to, header) = (oin(SCHOOL), inquiry.header());
    let about = About::pair(targets[0].id, header, &scene.broker.oin, &to);
    let sealed = decided[0].pair.as_deref().unwrap();
    let turned = Turned::parse(&open(&scene.seal, &about, sealed).unwrap()).unwrap();
    assert_eq!(turned.digest(), decided[0].evidence.pair);
    assert_eq!(turned.made_with, made_with(&targets[0].links));
    let pair = turned.pair;
    let hidden = inquiry.hidden();
    assert!(pair.one != hidden.one && pair.two != hidden.two[0], "re-randomised");
    // It is the same child's pseudonym in every question, and another child's is another.
    let met = |pair: &Pair| pair.two.point() - scene.own.times(&pair.one);
    let other = question(&scene, &["G05"], |_| {});
    let part = other.parts[0].1.clone();
    let other = super::sealed(&scene, InquiryId::new([4; 16]), other.header, part);
    let (_, targets, again) = scene.route(other).await.unwrap();
    let about = About { target_id: targets[0].id, ..about };
    let second = open(&scene.seal, &about, again[0].pair.as_deref().unwrap()).unwrap();
    assert_eq!(met(&Turned::parse(&second).unwrap().pair), met(&pair));
    assert_ne!(met(&pair), *child(1).point());
    assert!(open(&scene.seal, &about, sealed).is_err(), "it is of the other question");
    let foreign = SealSecret::random(Suite::XWing, &mut rng());
    assert!(open(&foreign, &about, sealed).is_err());
}
