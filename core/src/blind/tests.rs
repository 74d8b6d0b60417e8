//! What broker and key holders may rely upon, and what a liar among them cannot do.

use std::convert::Infallible;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as G;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::SigningKey;
use getrandom::SysRng;
use proptest::prelude::*;
use rand_core::{CryptoRng, TryCryptoRng, TryRng, UnwrapErr};
use sha2::{Digest as _, Sha512};

use super::enrolment::{Batch, check_count, digest_of, digest_of_wire};
use super::inbound::{Place, own_key, verify_own_key};
use super::proof::{Claim, weights};
use super::question::verify;
use super::*;
use crate::canonical::Canonical;
use crate::id::{Digest, Oin};
use crate::limits::{ENROL_POINTS_MAX, TARGETS_MAX};
use crate::statement::sign;

const REGION: &str = "drieveen";
const EPOCH: u32 = 3;

/// SHA-512 of a seed and a counter: the same numbers in every run.
struct Seeded(u64, u64);

impl TryRng for Seeded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(64) {
            let block = Sha512::digest([self.0.to_be_bytes(), self.1.to_be_bytes()].concat());
            self.1 += 1;
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}

fn rng() -> impl CryptoRng {
    UnwrapErr(SysRng)
}

fn node(number: u32) -> Oin {
    Oin::parse(&format!("00000099{number:08}1000")).unwrap()
}

fn place(node: &Oin, number: usize) -> Place<'_> {
    Place { region: REGION, epoch: EPOCH, node, number }
}

/// Stands for H(b), which is in `subject`.
fn child(number: u64) -> Element {
    let digest = Sha512::digest(number.to_be_bytes());
    Element::new(RistrettoPoint::from_uniform_bytes(&digest.into())).unwrap()
}

fn question(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn element(secret: &Secret) -> Element {
    Element::new(secret.public()).unwrap()
}

/// A node's key, its key holders from the node on, and their links.
fn holder_key(number: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(number).unwrap(); 32])
}

/// The keys of the holders beside the broker.
fn holders(all: usize) -> Vec<[u8; 32]> {
    (1..all).map(|number| holder_key(number).verifying_key().to_bytes()).collect()
}

struct Chain {
    node: Oin,
    y: Secret,
    factors: Vec<Factors>,
    links: Vec<Link>,
}

impl Chain {
    fn new(number: u32, holders: usize) -> Self {
        let (node, y) = (node(number), Secret::random(&mut rng()));
        let factors: Vec<_> = (0..holders).map(|_| Factors::random(&mut rng())).collect();
        let mut shuffled = vec![];
        for factors in factors.iter().rev() {
            shuffled.insert(0, factors.shuffled(shuffled.first()).unwrap());
        }
        let (mut links, mut outbound) = (vec![], element(&y));
        for (number, (factors, shuffled)) in factors.iter().zip(shuffled).enumerate() {
            let (inbound, proof) =
                factors.inbound(&place(&node, number), &outbound, &mut rng()).unwrap();
            let mut link = Link { inbound, proof, shuffled, signature: None };
            if number > 0 {
                let signed = link.signed_bytes(&place(&node, number), &outbound);
                link.signature = Some(sign(&holder_key(number), &signed));
            }
            links.push(link);
            outbound = inbound;
        }
        Self { node, y, factors, links }
    }

    fn own(&self) -> Element {
        element(&self.y)
    }

    fn key(&self) -> Result<InboundKey, BlindError> {
        let holders = holders(self.factors.len());
        InboundKey::verify(REGION, EPOCH, &self.node, &self.own(), &self.links, &holders)
    }

    /// Through every key holder, the one farthest from the node first.
    fn through(&self, mut pair: Pair) -> Pair {
        for (factors, link) in self.factors.iter().zip(&self.links).rev() {
            pair = factors.step(&pair, &link.inbound, &mut rng()).unwrap();
        }
        pair
    }

    fn open(&self, pair: &Pair) -> RistrettoPoint {
        pair.two.point() - self.y.times(&pair.one)
    }

    fn pseudonym(&self, child: &Element) -> RistrettoPoint {
        let s: Scalar = self.factors.iter().map(|factors| factors.shuffle().scalar()).product();
        s * child.point()
    }
}

/// A question about one child at several nodes.
struct Asked {
    one: Element,
    two: Vec<Element>,
    keys: Vec<Element>,
    proof: Proof,
}

fn keys(targets: usize) -> Vec<InboundKey> {
    (0..targets).map(|n| Chain::new(u32::try_from(n).unwrap(), 1).key().unwrap()).collect()
}

fn ask(child: &Element, keys: &[InboundKey], about: &Digest) -> Asked {
    let encrypted = Encrypted::new(child, &keys.iter().collect::<Vec<_>>(), &mut rng()).unwrap();
    Asked {
        one: encrypted.one(),
        two: encrypted.two().to_vec(),
        keys: keys.iter().map(|key| *key.element()).collect(),
        proof: encrypted.prove(about, &mut rng()),
    }
}

impl Asked {
    fn verify(&self, about: &Digest) -> Result<(), BlindError> {
        verify(about, &self.one, &self.two, &self.keys, &self.proof)
    }
}

// === Encodings ===

#[test]
fn the_identity_is_no_element() {
    assert_eq!(Element::parse(&[0; 32]), Err(BlindError::Element));
    assert_eq!(Element::new(RistrettoPoint::default()), Err(BlindError::Element));
    assert_eq!(Element::new(G - G), Err(BlindError::Element));
}

/// Of RFC 9496, A.3: above the field, negative, not a square, and the like.
#[test]
fn a_point_has_one_encoding() {
    for bad in [
        "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
        "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
        "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
        "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
    ] {
        assert_eq!(Element::parse(&hex::decode(bad).unwrap()), Err(BlindError::Element), "{bad}");
    }
    let mut high_bit = child(1).bytes();
    high_bit[31] |= 0x80;
    assert_eq!(Element::parse(&high_bit), Err(BlindError::Element));
}

#[test]
fn a_scalar_has_one_encoding_and_is_not_zero() {
    // The order of the group, and one more.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let order: [u8; 32] = order.unwrap().try_into().unwrap();
    let mut above = order;
    above[0] += 1;
    let mut below = order;
    below[0] -= 1;
    for bad in [order, above, [0xff; 32]] {
        assert_eq!(Secret::parse(&bad).err(), Some(BlindError::Element));
        assert_eq!(Proof::parse(&[bad, [1; 32]].concat()), Err(BlindError::Proof));
        assert_eq!(Proof::parse(&[[0; 32], bad].concat()), Err(BlindError::Proof));
    }
    assert_eq!(Secret::parse(&[0; 32]).err(), Some(BlindError::Element));
    assert_eq!(Secret::from_uniform(&[0; 64]).err(), Some(BlindError::Element));
    assert_eq!(*Secret::parse(&below).unwrap().expose(), below);
}

#[test]
fn another_length_is_refused() {
    for len in (0..200).filter(|len| *len != 32) {
        assert_eq!(Element::parse(&vec![0; len]), Err(BlindError::Element), "{len}");
        assert_eq!(Secret::parse(&vec![1; len]).err(), Some(BlindError::Element), "{len}");
    }
    let (pair, proof) = ([child(1).bytes(), child(2).bytes()].concat(), vec![0; Proof::LEN]);
    for len in 0..Pair::LEN {
        assert_eq!(Pair::parse(&pair[..len]), Err(BlindError::Element), "{len}");
        assert_eq!(Proof::parse(&proof[..len]), Err(BlindError::Proof), "{len}");
    }
    assert_eq!(Pair::parse(&[pair.as_slice(), &[0]].concat()), Err(BlindError::Element));
    assert_eq!(Proof::parse(&[proof.as_slice(), &[0]].concat()), Err(BlindError::Proof));
    assert_eq!(verify_own_key(&node(1), &pair[..31]), Err(BlindError::Element));
}

#[test]
fn a_pair_with_an_identity_is_refused() {
    let point = child(1).bytes();
    assert!(Pair::parse(&[point, point].concat()).is_ok());
    assert_eq!(Pair::parse(&[[0; 32], point].concat()), Err(BlindError::Element));
    assert_eq!(Pair::parse(&[point, [0; 32]].concat()), Err(BlindError::Element));
}

proptest! {
    #[test]
    fn what_parses_is_what_was_written(bytes in any::<[u8; 64]>()) {
        if let Ok(element) = Element::parse(&bytes[..32]) {
            prop_assert_eq!(&element.bytes(), &bytes[..32]);
        }
        if let Ok(proof) = Proof::parse(&bytes) {
            prop_assert_eq!(proof.bytes(), bytes);
        }
        let element = Element::new(RistrettoPoint::from_uniform_bytes(&bytes)).unwrap();
        prop_assert_eq!(Element::parse(&element.bytes()), Ok(element));
        let secret = Secret::from_uniform(&bytes).unwrap();
        let again = Secret::parse(&*secret.expose()).unwrap();
        prop_assert_eq!(again.scalar(), secret.scalar());
    }

    #[test]
    fn arbitrary_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Element::parse(&bytes), Pair::parse(&bytes), Proof::parse(&bytes));
        let _ = (Secret::parse(&bytes), verify_own_key(&node(1), &bytes));
    }
}

// === Keys ===

#[test]
fn a_chain_of_one_or_two_links_verifies_and_no_other() {
    for holders in [1, 2] {
        let chain = Chain::new(1, holders);
        assert_eq!(chain.key().unwrap().element(), &chain.links[holders - 1].inbound);
    }
    assert_eq!(Chain::new(1, 0).key().err(), Some(BlindError::Count));
    assert_eq!(Chain::new(1, 3).key().err(), Some(BlindError::Count));
}

#[test]
fn a_link_counts_for_its_node_epoch_and_region_only() {
    for holders in [1, 2] {
        let chain = Chain::new(1, holders);
        let (own, links) = (chain.own(), &chain.links);
        let refused = Some(BlindError::Proof);
        let keys = self::holders(holders);
        let verify = |region: &str, epoch, node: &Oin, own: &Element, links: &[Link]| {
            InboundKey::verify(region, epoch, node, own, links, &keys)
        };
        assert!(verify(REGION, EPOCH, &chain.node, &own, links).is_ok());
        assert_eq!(verify("vierveen", EPOCH, &chain.node, &own, links).err(), refused);
        assert_eq!(verify(REGION, EPOCH + 1, &chain.node, &own, links).err(), refused);
        assert_eq!(verify(REGION, EPOCH, &node(2), &own, links).err(), refused);
        assert_eq!(verify(REGION, EPOCH, &chain.node, &child(1), links).err(), refused);
    }
}

/// The outer holder's link, made as if it were the first, does not verify as the second.
#[test]
fn a_link_counts_in_its_own_place_only() {
    let mut chain = Chain::new(1, 2);
    let (outer, nearer) = (&chain.factors[1], chain.links[0].inbound);
    let (inbound, proof) = outer.inbound(&place(&chain.node, 0), &nearer, &mut rng()).unwrap();
    assert_eq!(inbound, chain.links[1].inbound);
    chain.links[1].proof = proof;
    assert_eq!(chain.key().err(), Some(BlindError::Proof));
}

/// The far end could be left out, if an asker did not know who its region's key holders are: the
/// links up to there are a shorter chain.
#[test]
fn swapped_replaced_or_left_out_links_are_refused() {
    let mut chain = Chain::new(1, 2);
    chain.links.swap(0, 1);
    assert_eq!(chain.key().err(), Some(BlindError::Proof), "swapped");
    chain.links.remove(1);
    assert_eq!(chain.key().err(), Some(BlindError::Count), "without the nearest");
    chain.links = Chain::new(1, 2).links;
    assert_eq!(chain.key().err(), Some(BlindError::Proof), "those of another key");
}

/// A broker that plays the other holder itself has a chain that is proved, and is not believed.
#[test]
fn a_link_that_its_holder_did_not_sign_is_refused() {
    let chain = Chain::new(1, 2);
    assert!(chain.key().is_ok());
    let refused = Some(BlindError::Holder);
    let signed = chain.links[1].signature;
    for signature in [None, Some([0; 64]), signed.map(|signature| signature.map(|byte| !byte))] {
        let mut chain = Chain::new(1, 2);
        chain.links[1].signature = signature;
        assert_eq!(chain.key().err(), refused);
    }
    let (own, links) = (chain.own(), &chain.links);
    let verify = |links: &[Link], holders: &[[u8; 32]]| {
        InboundKey::verify(REGION, EPOCH, &chain.node, &own, links, holders).err()
    };
    assert_eq!(verify(links, &[holders(3)[1]]), refused, "another holder");
    assert_eq!(verify(&links[..1], &[]), None);
    assert_eq!(verify(&links[..1], &holders(2)), Some(BlindError::Count), "a shorter chain");
    assert_eq!(verify(links, &[]), Some(BlindError::Count), "a holder that nobody expects");
    let mut other = chain.links.clone();
    other[1].shuffled = child(1);
    assert_eq!(verify(&other, &holders(2)), refused, "another S");
}

/// A broker that knows x of X = x G could open every question. It cannot prove that X = Y / k.
#[test]
fn a_key_of_which_the_broker_knows_the_secret_is_refused() {
    let mut chain = Chain::new(1, 1);
    let x = Secret::random(&mut rng());
    let (x_public, own) = (element(&x), chain.own());
    chain.links[0].inbound = x_public;
    assert_eq!(chain.key().err(), Some(BlindError::Proof), "with the proof of the true one");

    let context = Canonical::new("grondslag/blind/inbound/v1")
        .text(REGION)
        .number(EPOCH.into())
        .text(chain.node.as_str())
        .number(0)
        .bytes(&own.bytes())
        .bytes(&x_public.bytes());
    for base in [G, *x_public.point(), *own.point()] {
        for public in [*x_public.point(), *own.point()] {
            let claim = Claim { base, public };
            chain.links[0].proof = Proof::make(&context, &[claim], &x, &mut rng());
            assert_eq!(chain.key().err(), Some(BlindError::Proof), "a proof about x");
        }
    }
    // A proof about another key that the broker may well have.
    let (_, proof) =
        Factors::random(&mut rng()).inbound(&place(&chain.node, 0), &x_public, &mut rng()).unwrap();
    chain.links[0].proof = proof;
    assert_eq!(chain.key().err(), Some(BlindError::Proof), "a proof about another Y");
}

#[test]
fn an_own_key_counts_for_its_node_only() {
    let y = Secret::random(&mut rng());
    let bytes = own_key(&node(1), &y, &mut rng());
    assert_eq!(bytes.len(), 96);
    assert_eq!(verify_own_key(&node(1), &bytes), Ok(element(&y)));
    assert_eq!(verify_own_key(&node(2), &bytes), Err(BlindError::Proof));
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        assert!(verify_own_key(&node(1), &altered).is_err(), "byte {place}");
    }
}

/// With Y' = Y - `Y_m` a node could take one shared r out of a question to itself and m.
#[test]
fn a_key_chosen_by_anothers_is_refused() {
    let (y, y_m) = (Secret::random(&mut rng()), Secret::random(&mut rng()));
    let rogue = Element::new(y.public() - y_m.public()).unwrap();
    for claim in [
        Claim { base: G, public: *rogue.point() },
        Claim { base: G, public: y.public() },
        Claim { base: *rogue.point(), public: y.public() },
    ] {
        let context = Canonical::new("grondslag/blind/own-key/v1")
            .text(node(1).as_str())
            .bytes(&rogue.bytes());
        let proof = Proof::make(&context, &[claim], &y, &mut rng());
        let bytes = [rogue.bytes().as_slice(), &proof.bytes()].concat();
        assert_eq!(verify_own_key(&node(1), &bytes), Err(BlindError::Proof));
    }
}

// === Factors ===

#[test]
fn factors_differ_per_secret_region_epoch_and_node() {
    let derive = |secret: u8, region, epoch, number| {
        let factors = Factors::derive(&[secret; 32], region, epoch, &node(number)).unwrap();
        (*factors.shuffle().expose(), *factors.key().expose())
    };
    let of = derive(1, REGION, 1, 1);
    assert_eq!(of, derive(1, REGION, 1, 1));
    assert_ne!(of.0, of.1);
    for other in [
        derive(2, REGION, 1, 1),
        derive(1, "vierveen", 1, 1),
        derive(1, REGION, 2, 1),
        derive(1, REGION, 1, 2),
    ] {
        assert!(other.0 != of.0 && other.1 != of.1);
    }
}

#[test]
fn the_step_takes_a_question_to_the_pseudonym() {
    for holders in [1, 2] {
        let chain = Chain::new(1, holders);
        let asked = ask(&child(1), &[chain.key().unwrap()], &question("a"));
        let through = chain.through(Pair { one: asked.one, two: asked.two[0] });
        let parsed = Pair::parse(&through.bytes()).unwrap();
        assert_eq!(chain.open(&parsed), chain.pseudonym(&child(1)));
        assert_ne!(chain.open(&parsed), chain.pseudonym(&child(2)));
    }
}

/// An identity in place of c1 is no element; a c1 of which the asker knows everything does not
/// help either, since every step adds a secret t.
#[test]
fn a_step_never_shows_s_times_what_went_in() {
    let factors = Factors::random(&mut rng());
    let inbound = element(&Secret::random(&mut rng()));
    let m = child(1);
    let pair = Pair { one: Element::new(G).unwrap(), two: m };
    let (a, b) =
        (factors.step(&pair, &inbound, &mut rng()), factors.step(&pair, &inbound, &mut rng()));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a.one != b.one && a.two != b.two, "two steps of one pair do not look alike");
    for out in [a.one, a.two, b.one, b.two] {
        for scalar in [factors.shuffle(), factors.key(), &factors.shuffle().over(factors.key())] {
            assert_ne!(*out.point(), scalar.times(&m));
            assert_ne!(*out.point(), scalar.public());
        }
        assert!(out != pair.one && out != pair.two);
    }
    assert_ne!(a.digest(), b.digest());
}

// === Questions ===

#[test]
fn the_proof_of_a_question_holds_for_one_two_and_many_targets() {
    for targets in [1, 2, 20] {
        let asked = ask(&child(1), &keys(targets), &question("a"));
        assert_eq!(asked.verify(&question("a")), Ok(()), "{targets}");
        assert_eq!(asked.verify(&question("b")), Err(BlindError::Proof), "{targets}");
    }
}

#[test]
fn without_a_target_or_with_too_many_nothing_is_asked() {
    let key = &keys(1)[0];
    for count in [0, TARGETS_MAX + 1] {
        let encrypted = Encrypted::new(&child(1), &vec![key; count], &mut rng());
        assert_eq!(encrypted.err(), Some(BlindError::Count));
    }
    assert!(Encrypted::new(&child(1), &[key; TARGETS_MAX], &mut rng()).is_ok());

    let mut asked = ask(&child(1), std::slice::from_ref(key), &question("a"));
    asked.keys.push(*key.element());
    assert_eq!(asked.verify(&question("a")), Err(BlindError::Count));
    (asked.keys, asked.two) = (vec![], vec![]);
    assert_eq!(asked.verify(&question("a")), Err(BlindError::Count));
    asked.keys = vec![*key.element(); TARGETS_MAX + 1];
    asked.two = asked.keys.clone();
    assert_eq!(asked.verify(&question("a")), Err(BlindError::Count));
}

/// The asker hides another child from one node, and proves as well as it can.
#[test]
fn another_child_for_one_target_is_refused() {
    for targets in [2, 20] {
        for liar in 0..targets {
            let keys = keys(targets);
            let mut encrypted =
                Encrypted::new(&child(1), &keys.iter().collect::<Vec<_>>(), &mut rng()).unwrap();
            let two = encrypted.two[liar].point() - child(1).point() + child(2).point();
            encrypted.two[liar] = Element::new(two).unwrap();
            let (one, two) = (encrypted.one(), encrypted.two().to_vec());
            let proof = encrypted.prove(&question("a"), &mut rng());
            let keys: Vec<_> = keys.iter().map(|key| *key.element()).collect();
            let verified = verify(&question("a"), &one, &two, &keys, &proof);
            assert_eq!(verified, Err(BlindError::Proof), "{liar} of {targets}");
            if targets > 2 && liar > 2 {
                break;
            }
        }
    }
}

/// Two lies that cancel out in a plain sum do not in a weighted one.
#[test]
fn lies_that_cancel_out_are_refused() {
    let keys = keys(3);
    let mut encrypted =
        Encrypted::new(&child(1), &keys.iter().collect::<Vec<_>>(), &mut rng()).unwrap();
    let shift = child(2);
    encrypted.two[1] = Element::new(encrypted.two[1].point() + shift.point()).unwrap();
    encrypted.two[2] = Element::new(encrypted.two[2].point() - shift.point()).unwrap();
    let (one, two) = (encrypted.one(), encrypted.two().to_vec());
    let proof = encrypted.prove(&question("a"), &mut rng());
    let keys: Vec<_> = keys.iter().map(|key| *key.element()).collect();
    assert_eq!(verify(&question("a"), &one, &two, &keys, &proof), Err(BlindError::Proof));
}

/// The same node twice in one question, with one child and with two: the folded base is then the
/// identity.
#[test]
fn a_node_that_stands_twice_cannot_hide_a_second_child() {
    let key = &keys(1)[0];
    let mut encrypted = Encrypted::new(&child(1), &[key, key], &mut rng()).unwrap();
    let keys = [*key.element(); 2];
    let (one, honest) = (encrypted.one(), encrypted.two().to_vec());
    let lie = Element::new(honest[1].point() + child(2).point()).unwrap();
    encrypted.two[1] = lie;
    let proof = encrypted.prove(&question("a"), &mut rng());
    let verified = verify(&question("a"), &one, &[honest[0], lie], &keys, &proof);
    assert_eq!(verified, Err(BlindError::Proof));
}

#[test]
fn altered_or_swapped_points_are_refused() {
    let keys = keys(2);
    let asked = ask(&child(1), &keys, &question("a"));
    let altered = |one: Element, two: Vec<Element>, keys: Vec<Element>| {
        verify(&question("a"), &one, &two, &keys, &asked.proof)
    };
    let (one, two, keys) = (asked.one, asked.two.clone(), asked.keys.clone());
    let more = |element: &Element| Element::new(element.point() + G).unwrap();
    let swapped = |elements: &[Element]| vec![elements[1], elements[0]];
    assert_eq!(altered(one, two.clone(), keys.clone()), Ok(()));
    assert_eq!(altered(more(&one), two.clone(), keys.clone()), Err(BlindError::Proof));
    assert_eq!(altered(one, swapped(&two), keys.clone()), Err(BlindError::Proof));
    assert_eq!(altered(one, two.clone(), swapped(&keys)), Err(BlindError::Proof));
    assert_eq!(altered(one, swapped(&two), swapped(&keys)), Err(BlindError::Proof));
    // The same shift everywhere hides another child from all alike, but it was not proved so.
    assert_eq!(altered(one, two.iter().map(more).collect(), keys), Err(BlindError::Proof));
}

#[test]
fn a_proof_counts_for_its_own_question_only() {
    let keys = keys(2);
    let (a, b) = (ask(&child(1), &keys, &question("a")), ask(&child(1), &keys, &question("b")));
    let with =
        |asked: &Asked, proof| verify(&question("b"), &asked.one, &asked.two, &asked.keys, proof);
    assert_eq!(with(&b, &b.proof), Ok(()));
    assert_eq!(with(&b, &a.proof), Err(BlindError::Proof), "a's proof for b's points");
    assert_eq!(with(&a, &a.proof), Err(BlindError::Proof), "a's question replayed as b");
}

#[test]
fn every_bit_of_a_proof_counts() {
    let asked = ask(&child(1), &keys(2), &question("a"));
    for place in 0..Proof::LEN {
        let mut bytes = asked.proof.bytes();
        bytes[place] ^= 1 << (place % 8);
        let refused = Proof::parse(&bytes).is_err_and(|error| error == BlindError::Proof)
            || Asked {
                proof: Proof::parse(&bytes).unwrap(),
                two: asked.two.clone(),
                keys: asked.keys.clone(),
                ..asked
            }
            .verify(&question("a"))
            .is_err();
        assert!(refused, "byte {place}");
    }
}

/// An rng that repeats itself, as after a machine is restored, must not repeat a nonce for another
/// question: (z - z') / (e - e') would be r.
#[test]
fn an_rng_that_repeats_itself_does_not_give_the_secret_away() {
    let keys = keys(2);
    let (secret, child) = (Secret::random(&mut rng()), child(1));
    let make = |about: &str| {
        let context = Canonical::new("grondslag/blind/question/v1").bytes(about.as_bytes());
        let claim = Claim { base: *child.point(), public: secret.times(&child) };
        Proof::make(&context, &[claim], &secret, &mut Seeded(1, 0)).bytes()
    };
    let scalar = |bytes: &[u8]| Scalar::from_canonical_bytes(bytes.try_into().unwrap()).unwrap();
    let (a, b) = (make("a"), make("b"));
    assert_eq!(a, make("a"));
    let challenges = scalar(&a[..32]) - scalar(&b[..32]);
    let responses = scalar(&a[32..]) - scalar(&b[32..]);
    assert_ne!(responses * challenges.invert(), *secret.scalar());
    // Nor do two different secrets share one.
    let one = |seed| Encrypted::new(&child, &[&keys[0]], &mut Seeded(seed, 0)).unwrap().one();
    assert_eq!(one(1), one(1));
    assert_ne!(one(1), one(2));
}

#[test]
fn weights_are_fixed_by_the_transcript_and_all_differ() {
    let (a, b) = (weights(b"a", 1_000), weights(b"b", 1_000));
    assert_eq!(a, weights(b"a", 1_000));
    let distinct: std::collections::BTreeSet<_> =
        a.iter().chain(&b).map(Scalar::to_bytes).collect();
    assert_eq!(distinct.len(), 2_000);
    assert!(a.iter().all(|weight| weight.to_bytes()[16..] == [0; 16] && *weight != Scalar::ZERO));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_question_reaches_every_target_as_its_own_pseudonym(
        number in any::<u64>(),
        targets in 1_usize..6,
        holders in 1_usize..=2,
        about in any::<[u8; 32]>(),
    ) {
        let chains: Vec<_> =
            (0..targets).map(|n| Chain::new(u32::try_from(n).unwrap(), holders)).collect();
        let keys: Vec<_> = chains.iter().map(|chain| chain.key().unwrap()).collect();
        let asked = ask(&child(number), &keys, &Digest::new(about));
        prop_assert_eq!(asked.verify(&Digest::new(about)), Ok(()));
        for (chain, two) in chains.iter().zip(&asked.two) {
            let pair = chain.through(Pair { one: asked.one, two: *two });
            prop_assert_eq!(chain.open(&pair), chain.pseudonym(&child(number)));
        }
    }
}

// === Enrolment ===

fn batch(node: &Oin, number: u64) -> Batch<'_> {
    Batch { region: REGION, epoch: EPOCH, node, number }
}

fn points(count: usize) -> Vec<Element> {
    (0..count).map(|_| element(&Secret::random(&mut rng()))).collect()
}

/// The one farthest from the node first; each batch is proved against the S before it.
#[test]
fn a_batch_through_one_or_two_holders_verifies() {
    for (holders, count) in [(1, 1), (1, 7), (2, 1), (2, 7)] {
        let chain = Chain::new(1, holders);
        let blinded = points(count);
        let (mut farther, mut current) = (None, blinded.clone());
        for (factors, link) in chain.factors.iter().zip(&chain.links).rev() {
            let batch = batch(&chain.node, 4);
            let evaluated =
                factors.evaluate(&batch, farther.as_ref(), &current, &mut rng()).unwrap();
            let verified = batch.verify(farther.as_ref(), &link.shuffled, &current, &evaluated);
            assert_eq!(verified, Ok(()));
            (farther, current) = (Some(link.shuffled), evaluated.points);
        }
        for (before, after) in blinded.iter().zip(&current) {
            assert_eq!(*after.point(), chain.pseudonym(before));
        }
    }
}

#[test]
fn a_batch_counts_for_its_place_only() {
    let (node, other) = (node(1), node(2));
    let (factors, blinded) = (Factors::random(&mut rng()), points(4));
    let shuffled = factors.shuffled(None).unwrap();
    let at = batch(&node, 4);
    let evaluated = factors.evaluate(&at, None, &blinded, &mut rng()).unwrap();
    let verify = |at: Batch<'_>, farther: Option<&Element>, shuffled: &Element| {
        at.verify(farther, shuffled, &blinded, &evaluated)
    };
    assert_eq!(verify(at, None, &shuffled), Ok(()));
    let refused = Err(BlindError::Proof);
    assert_eq!(verify(Batch { number: 5, ..at }, None, &shuffled), refused);
    assert_eq!(verify(Batch { epoch: EPOCH + 1, ..at }, None, &shuffled), refused);
    assert_eq!(verify(Batch { node: &other, ..at }, None, &shuffled), refused);
    assert_eq!(verify(Batch { region: "vierveen", ..at }, None, &shuffled), refused);
    assert_eq!(verify(at, Some(&child(1)), &shuffled), refused);
    assert_eq!(verify(at, None, &child(1)), refused);
}

/// A holder that multiplies by another s than the one of S, for all points or for one.
#[test]
fn a_wrong_factor_is_refused() {
    let node = node(1);
    let (true_one, wrong) = (Factors::random(&mut rng()), Factors::random(&mut rng()));
    let (at, blinded) = (batch(&node, 1), points(4));
    let shuffled = true_one.shuffled(None).unwrap();
    let evaluated = wrong.evaluate(&at, None, &blinded, &mut rng()).unwrap();
    assert_eq!(at.verify(None, &shuffled, &blinded, &evaluated), Err(BlindError::Proof));

    for liar in 0..blinded.len() {
        let mut points: Vec<_> = blinded
            .iter()
            .map(|point| Element::new(true_one.shuffle().times(point)).unwrap())
            .collect();
        points[liar] = Element::new(wrong.shuffle().times(&blinded[liar])).unwrap();
        let (context, claims) = at.claims(None, &shuffled, &blinded, &points);
        let proof = Proof::make(&context, &claims, true_one.shuffle(), &mut rng());
        let evaluated = Evaluated { points, proof };
        assert_eq!(at.verify(None, &shuffled, &blinded, &evaluated), Err(BlindError::Proof));
    }
}

/// A holder that gives two clients each other's pseudonym: the plain sums are as they should be.
#[test]
fn lies_that_cancel_out_in_a_batch_are_refused() {
    let node = node(1);
    let (factors, at, blinded) = (Factors::random(&mut rng()), batch(&node, 1), points(4));
    let shuffled = factors.shuffled(None).unwrap();
    let mut points = factors.evaluate(&at, None, &blinded, &mut rng()).unwrap().points;
    points.swap(1, 2);
    let (context, claims) = at.claims(None, &shuffled, &blinded, &points);
    let proof = Proof::make(&context, &claims, factors.shuffle(), &mut rng());
    let verified = at.verify(None, &shuffled, &blinded, &Evaluated { points, proof });
    assert_eq!(verified, Err(BlindError::Proof));
}

#[test]
fn a_swapped_or_altered_point_of_a_batch_is_refused() {
    let node = node(1);
    let (factors, at, blinded) = (Factors::random(&mut rng()), batch(&node, 1), points(4));
    let shuffled = factors.shuffled(None).unwrap();
    let evaluated = factors.evaluate(&at, None, &blinded, &mut rng()).unwrap();
    let refused = Err(BlindError::Proof);

    let mut swapped = evaluated.clone();
    swapped.points.swap(1, 2);
    assert_eq!(at.verify(None, &shuffled, &blinded, &swapped), refused);
    let mut altered = evaluated.clone();
    altered.points[3] = Element::new(altered.points[3].point() + G).unwrap();
    assert_eq!(at.verify(None, &shuffled, &blinded, &altered), refused);
    let mut sent = blinded.clone();
    sent[0] = child(1);
    assert_eq!(at.verify(None, &shuffled, &sent, &evaluated), refused);
    // Swapped on both sides is still s times every point, but not the batch that was proved.
    sent.clone_from(&blinded);
    sent.swap(1, 2);
    assert_eq!(at.verify(None, &shuffled, &sent, &swapped), refused);
}

#[test]
fn repeated_points_and_batches_of_a_wrong_size_are_refused() {
    let node = node(1);
    let (factors, at) = (Factors::random(&mut rng()), batch(&node, 1));
    let evaluate = |points: &[Element]| factors.evaluate(&at, None, points, &mut rng()).err();
    assert_eq!(evaluate(&[]), Some(BlindError::Count));
    assert_eq!(evaluate(&vec![child(1); ENROL_POINTS_MAX + 1]), Some(BlindError::Count));
    assert_eq!(evaluate(&[child(1), child(2), child(1)]), Some(BlindError::Repeated));
    assert_eq!(check_count(&[child(1), child(2)]), Ok(()));

    let blinded = points(3);
    let shuffled = factors.shuffled(None).unwrap();
    let whole = factors.evaluate(&at, None, &blinded, &mut rng()).unwrap();
    let verify = |blinded: &[Element], points: &[Element]| {
        let evaluated = Evaluated { points: points.to_vec(), proof: whole.proof };
        at.verify(None, &shuffled, blinded, &evaluated)
    };
    assert_eq!(verify(&blinded, &whole.points), Ok(()));
    assert_eq!(verify(&blinded, &whole.points[..2]), Err(BlindError::Count));
    assert_eq!(verify(&blinded[..2], &whole.points), Err(BlindError::Count));
    assert_eq!(verify(&blinded[..2], &whole.points[..2]), Err(BlindError::Proof));
    assert_eq!(verify(&[], &[]), Err(BlindError::Count));
    let many = vec![child(1); ENROL_POINTS_MAX + 1];
    assert_eq!(verify(&many, &many), Err(BlindError::Count));
}

#[test]
fn the_digest_of_a_batch_depends_on_every_point_and_the_order() {
    let (a, b) = (child(1), child(2));
    assert_eq!(digest_of(&[a, b]), digest_of(&[a, b]));
    assert_ne!(digest_of(&[a, b]), digest_of(&[b, a]));
    assert_ne!(digest_of(&[a, b]), digest_of(&[a]));
    let wire = [a.bytes(), b.bytes()].concat();
    assert_eq!(digest_of_wire(&wire), Some(digest_of(&[a, b])));
    assert_eq!((digest_of_wire(&wire[..63]), digest_of_wire(&[])), (None, None));
}

// === What is not printed ===

#[test]
fn secrets_and_points_do_not_show_in_debug_output() {
    let chain = Chain::new(1, 1);
    let key = chain.key().unwrap();
    let encrypted = Encrypted::new(&child(1), &[&key], &mut rng()).unwrap();
    let pair = Pair { one: encrypted.one(), two: encrypted.two()[0] };
    let blinded = points(2);
    let evaluated =
        chain.factors[0].evaluate(&batch(&chain.node, 1), None, &blinded, &mut rng()).unwrap();
    let printed = [
        format!("{:?} {:#?}", chain.y, chain.y),
        format!("{:?} {:#?}", chain.factors, chain.factors),
        format!("{:?} {:#?}", chain.links, chain.links),
        format!("{:?} {:#?}", child(1), child(1)),
        format!("{:?} {:#?}", chain.links[0].proof, chain.links[0].proof),
        format!("{key:?} {key:#?}"),
        format!("{encrypted:?} {encrypted:#?}"),
        format!("{pair:?} {pair:#?}"),
        format!("{evaluated:?} {evaluated:#?}"),
    ];
    let values = [
        *chain.y.expose(),
        *chain.factors[0].shuffle().expose(),
        *chain.factors[0].key().expose(),
        *encrypted.r.expose(),
        child(1).bytes(),
        key.element().bytes(),
        pair.one.bytes(),
        pair.two.bytes(),
        evaluated.points[0].bytes(),
        chain.links[0].proof.bytes()[..32].try_into().unwrap(),
        chain.links[0].proof.bytes()[32..].try_into().unwrap(),
    ];
    for text in &printed {
        assert!(text.contains('…'), "{text}");
        assert!(!text.contains(|c: char| c.is_ascii_digit()), "neither bytes nor limbs: {text}");
        for value in &values {
            assert!(!text.contains(&hex::encode(&value[..4])), "{text}");
        }
    }
}

#[test]
fn every_error_has_a_stable_reason_and_names_nobody() {
    for error in [BlindError::Element, BlindError::Proof, BlindError::Count, BlindError::Repeated] {
        assert_eq!(error.reason(), Reason::BlindInvalid);
        assert!(!error.to_string().is_empty());
    }
}
