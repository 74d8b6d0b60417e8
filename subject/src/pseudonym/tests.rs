//! From an asker through the key holders to a node, and what each of them cannot see.

use std::collections::BTreeSet;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as G;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::SigningKey;
use getrandom::SysRng;
use grondslag_core::blind::inbound::{Place, verify_own_key};
use grondslag_core::blind::{
    BlindError, Element, Encrypted, Factors, InboundKey, Link, Pair, Secret, question,
};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::statement::sign;
use libpep::elgamal::arithmetic::Ristretto255;
use libpep::elgamal::arithmetic::group_elements::GroupElement;
use libpep::elgamal::arithmetic::hashing::hash_to_group_with_dst;
use libpep::elgamal::arithmetic::scalars::ScalarNonZero;
use libpep::elgamal::{ElGamal, decrypt, encrypt, primitives};
use proptest::prelude::*;
use rand_core::{Rng, UnwrapErr};

use super::*;
use crate::Bsn;

mod support;
mod vectors;

use support::{Listed, Seeded};

const REGION: &str = "drieveen";
const CASES: u64 = 200;

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

fn node(number: u32) -> Oin {
    Oin::parse(&format!("00000099{number:08}1000")).unwrap()
}

/// The so-manieth number that passes the 11-proof, spread over all of them.
fn number(seed: u64) -> Bsn {
    let start = u32::try_from(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 35).unwrap();
    let mut candidates = (start % 999_999_000..).map(|n| format!("{n:09}"));
    candidates.find_map(|digits| Bsn::parse(&digits).ok()).unwrap()
}

fn child(text: &str) -> Element {
    number_point(REGION, &Bsn::parse(text).unwrap()).unwrap()
}

/// Signs the links of the holder beside the broker.
fn far_holder() -> SigningKey {
    SigningKey::from_bytes(&[8; 32])
}

/// One node and the key holders before it, the nearest first.
struct Region {
    node: Oin,
    y: OpeningKey,
    secrets: Vec<(Secret, Secret)>,
    factors: Vec<Factors>,
    links: Vec<Link>,
    key: InboundKey,
}

impl Region {
    fn new(epoch: u32, holders: usize) -> Self {
        let secrets =
            (0..holders).map(|_| (Secret::random(&mut rng()), Secret::random(&mut rng())));
        Self::of(epoch, OpeningKey::random(&mut rng()), secrets.collect())
    }

    fn of(epoch: u32, y: OpeningKey, secrets: Vec<(Secret, Secret)>) -> Self {
        let node = node(1);
        let own = verify_own_key(&node, &y.public(&node, &mut rng())).unwrap();
        let factors: Vec<_> =
            secrets.iter().map(|(s, k)| Factors::of(s.clone(), k.clone())).collect();
        let mut shuffled: Vec<Element> = vec![];
        for factors in factors.iter().rev() {
            shuffled.insert(0, factors.shuffled(shuffled.first()).unwrap());
        }
        let (mut links, mut outbound) = (vec![], own);
        for (number, (factors, shuffled)) in factors.iter().zip(shuffled).enumerate() {
            let place = Place { region: REGION, epoch, node: &node, number };
            let (inbound, proof) = factors.inbound(&place, &outbound, &mut rng()).unwrap();
            let mut link = Link { inbound, proof, shuffled, signature: None };
            if number > 0 {
                let signed = link.signed_bytes(&place, &outbound);
                link.signature = Some(sign(&far_holder(), &signed));
            }
            links.push(link);
            outbound = inbound;
        }
        let far = [far_holder().verifying_key().to_bytes()];
        let beside = &far[..links.len() - 1];
        let key = InboundKey::verify(REGION, epoch, &node, &own, &links, beside).unwrap();
        Self { node, y, secrets, factors, links, key }
    }

    fn ask(&self, child: &Element) -> Pair {
        let about = Digest::of(b"question");
        let encrypted = Encrypted::new(child, &[&self.key], &mut rng()).unwrap();
        let (one, two) = (encrypted.one(), encrypted.two().to_vec());
        let proof = encrypted.prove(&about, &mut rng());
        question::verify(&about, &one, &two, &[*self.key.element()], &proof).unwrap();
        Pair { one, two: two[0] }
    }

    fn through(&self, mut pair: Pair) -> Pair {
        for (factors, link) in self.factors.iter().zip(&self.links).rev() {
            let pair_bytes = factors.step(&pair, &link.inbound, &mut rng()).unwrap().bytes();
            pair = Pair::parse(&pair_bytes).unwrap();
        }
        pair
    }

    /// s of all holders together, which nobody has.
    fn s(&self) -> Scalar {
        self.secrets.iter().map(|(s, _)| s.scalar()).product()
    }

    fn enrol(
        &self,
        seed: [u8; 32],
        children: &[Option<Element>],
    ) -> Vec<Result<Pseudonym, BlindError>> {
        let (enrolment, batch) = (Enrolment::new(seed), 1);
        let positions = || (0_u64..).zip(children);
        let blind = |(at, child): (u64, &Option<Element>)| enrolment.blind(at, child.as_ref());
        let mut points: Vec<_> = positions().map(|entry| blind(entry).unwrap()).collect();
        let batch = grondslag_core::blind::enrolment::Batch {
            region: REGION,
            epoch: 1,
            node: &self.node,
            number: batch,
        };
        let mut farther = None;
        for (factors, link) in self.factors.iter().zip(&self.links).rev() {
            let evaluated =
                factors.evaluate(&batch, farther.as_ref(), &points, &mut rng()).unwrap();
            batch.verify(farther.as_ref(), &link.shuffled, &points, &evaluated).unwrap();
            (farther, points) = (Some(link.shuffled), evaluated.points);
        }
        let shuffled = Shuffled::new(&farther.unwrap());
        let open = |(at, point): (u64, &Element)| enrolment.unblind(at, point, &shuffled);
        (0_u64..).zip(&points).map(open).collect()
    }
}

// === The whole path ===

#[test]
fn a_question_arrives_as_the_pseudonym_that_was_enrolled() {
    let (a, b, c) = (child("999940004"), child("999940016"), child("999940028"));
    for holders in [1, 2] {
        let region = Region::new(1, holders);
        let enrolled = region.enrol([7; 32], &[Some(a), None, Some(b)]);
        let (of_a, of_b) = (enrolled[0].unwrap(), enrolled[2].unwrap());
        assert_eq!(of_a.0, region.s() * a.point());
        let asked = |child| region.y.open(&region.through(region.ask(child)));
        assert_eq!(asked(&a), of_a);
        assert_eq!(asked(&b), of_b);
        assert_ne!(asked(&a), of_b);
        assert_ne!(asked(&c), of_a);
        assert_eq!(asked(&a), asked(&a), "each question anew");
    }
}

/// What the node gets is under k of the holders, not only under its own key.
#[test]
fn a_node_alone_does_not_open_what_goes_to_the_holders() {
    let a = child("999940004");
    for holders in [1, 2] {
        let region = Region::new(1, holders);
        let pair = region.ask(&a);
        let opened = region.y.open(&pair);
        assert!(opened.0 != *a.point() && opened.0 != region.s() * a.point());
        if holders == 2 {
            // Nor what is half-way, with the second holder's step missing.
            let half = region.factors[1].step(&pair, &region.links[1].inbound, &mut rng()).unwrap();
            let opened = region.y.open(&half);
            let s = region.secrets[1].0.scalar();
            assert!(opened.0 != *a.point() && opened.0 != region.s() * a.point());
            assert!(opened.0 != s * a.point());
        }
    }
}

#[test]
fn an_index_entry_depends_on_the_key_and_the_child() {
    let region = Region::new(1, 1);
    let of = |child: &Element| region.y.open(&region.through(region.ask(child)));
    let (a, b) = (child("999940004"), child("999940016"));
    assert_eq!(of(&a).index(&[1; 32]), of(&a).index(&[1; 32]));
    assert_ne!(of(&a).index(&[1; 32]), of(&a).index(&[2; 32]));
    assert_ne!(of(&a).index(&[1; 32]), of(&b).index(&[1; 32]));
}

#[test]
fn pseudonyms_of_two_epochs_have_nothing_in_common() {
    let (a, node) = (child("999940004"), node(1));
    let factors = |epoch| Factors::derive(&[9; 32], REGION, epoch, &node).unwrap();
    let enrol = |epoch| {
        let factors = factors(epoch);
        let shuffled = Shuffled::new(&factors.shuffled(None).unwrap());
        let (enrolment, mut rng) = (Enrolment::new([epoch.to_be_bytes()[3]; 32]), rng());
        let batch = grondslag_core::blind::enrolment::Batch {
            region: REGION,
            epoch,
            node: &node,
            number: 0,
        };
        let blinded = [enrolment.blind(0, Some(&a)).unwrap()];
        let evaluated = factors.evaluate(&batch, None, &blinded, &mut rng).unwrap();
        enrolment.unblind(0, &evaluated.points[0], &shuffled).unwrap()
    };
    // Also where one secret stands for both. There is no accessor for s, k or a ratio: what leaves
    // a holder is X, S, stepped pairs and evaluated points.
    assert_ne!(enrol(1), enrol(2));
    assert_ne!(enrol(1).index(&[1; 32]), enrol(2).index(&[1; 32]));
    assert_eq!(enrol(1), enrol(1));
}

// === Numbers as points ===

/// The vectors of RFC 9380 hold no ristretto255; libpep's expander is held to those of RFC 9497.
#[test]
fn a_number_is_hashed_as_libpep_hashes_it() {
    let long = "r".repeat(238);
    for region in [REGION, "x", long.as_str()] {
        let tag = format!("grondslag/bsn/v1/{region}");
        for case in 0..CASES {
            let number = number(case);
            let theirs = hash_to_group_with_dst(number.expose().as_bytes(), tag.as_bytes());
            assert_eq!(number_point(region, &number).unwrap().bytes(), theirs.to_bytes());
        }
    }
}

#[test]
fn a_number_is_another_point_in_another_region() {
    let number = Bsn::parse("999940004").unwrap();
    assert_ne!(number_point(REGION, &number), number_point("vierveen", &number));
    // A tag that is too long for its length byte is hashed first (RFC 9380, 5.3.3).
    let (a, b) = ("r".repeat(239), "r".repeat(300));
    assert!(number_point(&a, &number).is_ok());
    assert_ne!(number_point(&a, &number), number_point(&b, &number));
}

#[test]
fn a_canary_is_nobodys_number() {
    for number in ["999940004", "999940016", "999940028", "123456782", "111222333"] {
        assert!(Bsn::parse(number).is_ok());
        assert_eq!(Canary::parse(number), Err(CanaryError), "{number}");
    }
    for canary in ["999940005", "123456789", "999999999"] {
        assert_eq!(Canary::parse(canary).unwrap().expose(), canary);
        assert!(Bsn::parse(canary).is_err(), "{canary}");
    }
    for neither in ["", "000000000", "99994000", "9999400050", "99994000x", "９９９９４０００５"]
    {
        assert_eq!(Canary::parse(neither), Err(CanaryError), "{neither}");
    }
}

#[test]
fn a_canary_takes_the_path_of_a_real_number() {
    let region = Region::new(1, 1);
    let canary = canary_point(REGION, &Canary::parse("999940005").unwrap()).unwrap();
    let tag = format!("grondslag/bsn/v1/{REGION}");
    assert_eq!(canary.bytes(), hash_to_group_with_dst(b"999940005", tag.as_bytes()).to_bytes());
    let enrolled = region.enrol([1; 32], &[Some(canary)])[0].unwrap();
    assert_eq!(region.y.open(&region.through(region.ask(&canary))), enrolled);
}

proptest! {
    #[test]
    fn nine_digits_are_a_number_or_a_canary_and_never_both(digits in "[0-9]{9}") {
        let (number, canary) = (Bsn::parse(&digits).is_ok(), Canary::parse(&digits).is_ok());
        prop_assert_eq!(number != canary, digits != "000000000");
    }

    #[test]
    fn arbitrary_text_is_no_canary(text in "\\PC{0,12}") {
        prop_assume!(!(text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit())));
        prop_assert_eq!(Canary::parse(&text), Err(CanaryError));
    }
}

// === libpep as oracle ===

fn theirs(scalar: &Secret) -> ScalarNonZero {
    ScalarNonZero::from_bytes(&scalar.expose()).unwrap()
}

fn their_point(element: &Element) -> GroupElement {
    GroupElement::from_bytes(&element.bytes()).unwrap()
}

fn their_pair(pair: &Pair) -> ElGamal {
    ElGamal::from_slice(&pair.bytes()).unwrap()
}

/// Our step with a given t is libpep's `rrsk` and its three steps one by one, for one holder and
/// for a chain; our opening is its `decrypt`.
#[test]
fn every_step_agrees_with_libpep() {
    for case in 0..CASES {
        let region = Region::new(1, 1 + usize::try_from(case % 2).unwrap());
        let number = number(case);
        let mut pair = region.ask(&number_point(REGION, &number).unwrap());
        let mut their = their_pair(&pair);
        let places = region.secrets.iter().zip(&region.links).zip(&region.factors).rev();
        for (((s, k), link), factors) in places {
            let t = Secret::random(&mut rng());
            pair = factors.step(&pair, &link.inbound, &mut Listed::of(&[&t])).unwrap();
            let key = their_point(&link.inbound);
            let (t, s, k) = (theirs(&t), theirs(s), theirs(k));
            let rerandomized = primitives::rerandomize::<Ristretto255>(&their, &key, &t);
            let apart = primitives::reshuffle(&primitives::rekey(&rerandomized, &k), &s);
            their = primitives::rrsk::<Ristretto255>(&their, &key, &t, &s, &k);
            assert_eq!(their.to_bytes(), apart.to_bytes());
            assert_eq!(pair.bytes().as_slice(), their.to_bytes());
        }
        let y = ScalarNonZero::from_bytes(&region.y.expose()).unwrap();
        let opened = decrypt::<Ristretto255>(&their, &y);
        assert_eq!(region.y.open(&pair).expose(), opened.to_bytes());
        let tag = format!("grondslag/bsn/v1/{REGION}");
        let mut direct = hash_to_group_with_dst(number.expose().as_bytes(), tag.as_bytes());
        for (s, _) in &region.secrets {
            direct = theirs(s) * direct;
        }
        assert_eq!(opened, direct);
    }
}

/// Their encryption, our steps and opening; and our encryption, opened by them.
#[test]
fn encryption_agrees_with_libpep() {
    let region = Region::new(1, 2);
    for case in 0..CASES {
        let child = number_point(REGION, &number(case)).unwrap();
        let key = their_point(region.key.element());
        let their = encrypt::<Ristretto255, _>(&their_point(&child), &key, &mut rng());
        let pair = Pair::parse(&their.to_bytes()).unwrap();
        assert_eq!(region.y.open(&region.through(pair)).0, region.s() * child.point());

        let r = Secret::random(&mut rng());
        let ours = Encrypted::new(&child, &[&region.key], &mut Listed::of(&[&r])).unwrap();
        assert_eq!(ours.one().bytes(), (theirs(&r) * their_point(&g())).to_bytes());
        let two = their_point(&child) + theirs(&r) * key;
        assert_eq!(ours.two()[0].bytes(), two.to_bytes());
    }
}

fn g() -> Element {
    Element::new(G).unwrap()
}

// === Enrolment ===

#[test]
fn a_batch_hides_which_positions_are_padding_and_opens_as_such() {
    let (region, seed) = (Region::new(1, 2), [3; 32]);
    let (a, b) = (child("999940004"), child("999940016"));
    let pseudonyms = region.enrol(seed, &[Some(a), None, Some(b), None]);
    assert_eq!(pseudonyms[0].unwrap().0, region.s() * a.point());
    assert_eq!(pseudonyms[2].unwrap().0, region.s() * b.point());
    // Behind padding is the identity, which must not get into an index.
    assert_eq!(pseudonyms[1], Err(BlindError::Element));
    assert_eq!(pseudonyms[3], Err(BlindError::Element));

    let enrolment = Enrolment::new(seed);
    let padding = enrolment.blind(1, None).unwrap();
    assert!(spot_check::opens(REGION, &padding, &enrolment.rho(1).unwrap(), None));
    assert_eq!(*enrolment.seed(), seed);
}

#[test]
fn blinding_differs_per_position_and_per_batch() {
    let a = child("999940004");
    let blind = |seed, position| Enrolment::new([seed; 32]).blind(position, Some(&a)).unwrap();
    let points = [blind(1, 0), blind(1, 1), blind(2, 0), blind(2, 1), a];
    let distinct: BTreeSet<_> = points.iter().map(Element::bytes).collect();
    assert_eq!(distinct.len(), points.len());
    assert_eq!(blind(1, 0), blind(1, 0));
}

#[test]
fn an_evaluated_point_opens_in_its_own_place_only() {
    let region = Region::new(1, 1);
    let (enrolment, a) = (Enrolment::new([1; 32]), child("999940004"));
    let evaluated =
        Element::new(region.s() * enrolment.blind(4, Some(&a)).unwrap().point()).unwrap();
    let shuffled = Shuffled::new(&region.links[0].shuffled);
    let wrong = Shuffled::new(&g());
    let right = enrolment.unblind(4, &evaluated, &shuffled).unwrap();
    assert_eq!(right.0, region.s() * a.point());
    assert_ne!(enrolment.unblind(5, &evaluated, &shuffled).unwrap(), right);
    assert_ne!(enrolment.unblind(4, &evaluated, &wrong).unwrap(), right);
    let other = Enrolment::new([2; 32]);
    assert_ne!(other.unblind(4, &evaluated, &shuffled).unwrap(), right);
}

// === Spot check ===

#[test]
fn a_draw_gives_distinct_sorted_positions() {
    for size in [1, 2, 59, 60, 61, 1_000, u64::MAX] {
        let drawn = spot_check::draw(&[1; 32], size, 60);
        assert_eq!(drawn.len(), usize::try_from(size.min(60)).unwrap());
        assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(drawn.iter().all(|position| *position < size));
        assert_eq!(drawn, spot_check::draw(&[1; 32], size, 60));
    }
    assert_ne!(spot_check::draw(&[1; 32], 1_000, 60), spot_check::draw(&[2; 32], 1_000, 60));
    assert_eq!(spot_check::draw(&[1; 32], 0, 60), [0; 0]);
    assert_eq!(spot_check::draw(&[1; 32], 10, 0), [0; 0]);
}

/// Over many draws every position comes about equally often.
#[test]
fn every_position_is_as_likely_as_any_other() {
    let mut counts = [0_u32; 50];
    for seed in 0..200_u8 {
        for position in spot_check::draw(&[seed; 32], 50, 10) {
            counts[usize::try_from(position).unwrap()] += 1;
        }
    }
    // 40 expected, with a standard deviation of 5.7.
    assert!(counts.iter().all(|count| (15..=65).contains(count)), "{counts:?}");
}

#[test]
fn an_opening_holds_for_what_was_enrolled_only() {
    let (a, b) = (Bsn::parse("999940004").unwrap(), Bsn::parse("999940016").unwrap());
    let enrolment = Enrolment::new([5; 32]);
    let of_a = enrolment.blind(0, Some(&number_point(REGION, &a).unwrap())).unwrap();
    let padding = enrolment.blind(1, None).unwrap();
    let (rho_0, rho_1) = (enrolment.rho(0).unwrap(), enrolment.rho(1).unwrap());
    let opens = spot_check::opens;
    assert!(opens(REGION, &of_a, &rho_0, Some(&a)));
    assert!(opens(REGION, &padding, &rho_1, None));
    assert!(!opens(REGION, &of_a, &rho_0, Some(&b)), "another child");
    assert!(!opens(REGION, &of_a, &rho_0, None), "a child as padding");
    assert!(!opens(REGION, &padding, &rho_1, Some(&a)), "padding as a child");
    assert!(!opens(REGION, &of_a, &rho_1, Some(&a)), "another blinding");
    assert!(!opens("vierveen", &of_a, &rho_0, Some(&a)), "another region");
}

/// 1,000 entries of which a node has no dossier of 5 %: 60 positions find one in 95 of 100 draws.
/// The probability of at least 90 is over 98 %, and the seeds are fixed.
/// What several batches draw is what one of their size would.
#[test]
fn positions_are_drawn_over_all_batches_as_if_they_were_one() {
    let sizes = [256, 0, 4, 4, 1_024];
    let drawn = spot_check::draw_from(&[1; 32], &sizes, 60);
    let starts = [0, 256, 256, 260, 264];
    let flat = drawn.iter().flat_map(|one| {
        assert!(!one.positions.is_empty());
        assert!(one.positions.iter().all(|position| *position < sizes[one.batch]));
        one.positions.iter().map(|position| starts[one.batch] + position)
    });
    assert_eq!(flat.collect::<Vec<_>>(), spot_check::draw(&[1; 32], 1_288, 60));
    let all = spot_check::draw_from(&[1; 32], &sizes, 5_000);
    assert_eq!(all.iter().map(|one| one.positions.len()).sum::<usize>(), 1_288);
    assert_eq!(all.iter().map(|one| one.batch).collect::<Vec<_>>(), [0, 2, 3, 4]);
    assert_eq!(spot_check::draw_from(&[1; 32], &[], 60), []);
    assert_eq!(spot_check::draw_from(&[1; 32], &[0], 60), []);
}

#[test]
fn a_position_is_judged_by_its_point_and_what_cannot_be_read_does_not_open() {
    use spot_check::{Shown, Verdict, judge_in};
    let enrolment = Enrolment::new([8; 32]);
    let (own, other) = (number(1), number(2));
    let canary = Canary::parse("000000019").unwrap();
    let behind = [
        Some(number_point(REGION, &own).unwrap()),
        Some(canary_point(REGION, &canary).unwrap()),
        None,
    ];
    let blinded = (0_u64..)
        .zip(&behind)
        .map(|(position, who)| enrolment.blind(position, who.as_ref()).unwrap().bytes());
    let points: Vec<u8> = blinded.flatten().collect();
    let is = |position: u64, shown: &Shown| {
        let rho = enrolment.rho(position).unwrap().expose();
        judge_in(REGION, &points, position, &*rho, shown)
    };
    let shown = [Shown::Client(own), Shown::Canary(canary), Shown::Padding];
    for (position, right) in (0_u64..).zip(&shown) {
        for one in &shown {
            assert_eq!(is(position, one).is_sound(), one == right, "{position} {one:?}");
        }
        assert_eq!(is(position, &Shown::Client(other.clone())), Verdict::NotOpening);
        assert_eq!(is(position, &Shown::Nothing), Verdict::NoDossier);
    }
    assert_eq!(is(0, &shown[0]), Verdict::Client);
    assert_eq!(is(1, &shown[1]), Verdict::Canary);
    assert_eq!(is(2, &shown[2]), Verdict::Padding);
    let rho = enrolment.rho(2).unwrap().expose();
    for (points, position, rho) in [
        (points.as_slice(), 3, rho.as_slice()),
        (&points[..95], 2, rho.as_slice()),
        (&[0xff; 96], 2, rho.as_slice()),
        (points.as_slice(), 2, &rho[..31]),
        (points.as_slice(), u64::MAX, rho.as_slice()),
    ] {
        assert_eq!(judge_in(REGION, points, position, rho, &Shown::Padding), Verdict::NotOpening);
    }
}

#[test]
fn a_spot_check_of_sixty_finds_five_percent_foreign_entries() {
    let mut found = 0;
    for seed in 0..100_u64 {
        let mut rng = Seeded::new(seed);
        let mut foreign = BTreeSet::new();
        while foreign.len() < 50 {
            foreign.insert(rng.next_u64() % 1_000);
        }
        let mut officer = [0; 32];
        rng.fill_bytes(&mut officer);
        let drawn = spot_check::draw(&officer, 1_000, 60);
        found += usize::from(drawn.iter().any(|position| foreign.contains(position)));
    }
    assert!(found >= 90, "{found} of 100");
}

/// The same with true points: the node cannot show a dossier that opens a foreign entry.
#[test]
fn a_spot_check_opens_positions_and_finds_the_foreign_ones() {
    let own: Vec<_> = (0..40).map(number).collect();
    let foreign = Bsn::parse("999940004").unwrap();
    for share in [0_u64, 4] {
        let enrolment = Enrolment::new([6; 32]);
        let is_foreign = |position: u64| share > 0 && position.is_multiple_of(40 / share);
        let blinded: Vec<_> = (0_u64..)
            .zip(&own)
            .map(|(position, client)| {
                let who = if is_foreign(position) { &foreign } else { client };
                enrolment.blind(position, Some(&number_point(REGION, who).unwrap())).unwrap()
            })
            .collect();
        // The dossier shown at a position is that of the client who stands there.
        let failed = spot_check::draw(&[9; 32], 40, 40).into_iter().filter(|position| {
            let at = usize::try_from(*position).unwrap();
            let rho = enrolment.rho(*position).unwrap();
            !spot_check::opens(REGION, &blinded[at], &rho, Some(&own[at]))
        });
        assert_eq!(failed.count(), usize::try_from(share).unwrap());
    }
}

// === Keys, and what is not printed ===

#[test]
fn an_opening_key_round_trips_and_proves_itself() {
    let y = OpeningKey::random(&mut rng());
    let again = OpeningKey::parse(&*y.expose()).unwrap();
    assert_eq!(*again.expose(), *y.expose());
    let card = y.public(&node(1), &mut rng());
    assert!(verify_own_key(&node(1), &card).is_ok());
    assert_eq!(verify_own_key(&node(2), &card), Err(BlindError::Proof));
    for bad in [&[0; 32][..], &[0xff; 32], &[1; 31], &[1; 33]] {
        assert_eq!(OpeningKey::parse(bad).err(), Some(BlindError::Element));
    }
}

#[test]
fn nothing_secret_or_personal_shows_in_debug_output() {
    let region = Region::new(1, 1);
    let pseudonym = region.y.open(&region.through(region.ask(&child("999940004"))));
    let enrolment = Enrolment::new([0xab; 32]);
    let shuffled = Shuffled::new(&region.links[0].shuffled);
    let canary = Canary::parse("999940005").unwrap();
    for (text, word) in [
        (format!("{pseudonym:?}"), "Pseudonym(…)"),
        (format!("{:?}", region.y), "OpeningKey(…)"),
        (format!("{enrolment:?}"), "Enrolment(…)"),
        (format!("{canary:?}"), "Canary(…)"),
        (format!("{shuffled:?}"), "Shuffled(…)"),
    ] {
        assert_eq!(text, word);
    }
}
