//! What broker and key holders may rely upon, and what a liar among them cannot do.

mod altered;
mod encodings;
mod enrolment;
mod factors;
mod keys;
mod printed;
mod questions;

use std::convert::Infallible;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as G;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::SigningKey;
use getrandom::SysRng;
use proptest::prelude::*;
use rand_core::{CryptoRng, TryCryptoRng, TryRng, UnwrapErr};
use sha2::{Digest as _, Sha512};

use super::enrolment::Batch;
use super::inbound::{Place, own_key, verify_own_key};
use super::proof::Claim;
use super::question::verify;
use super::*;
use crate::id::{Digest, Oin};
use crate::statement::sign;

const REGION: &str = "drieveen";
const EPOCH: u32 = 3;

/// Says the same over and over, as the generator of a machine that is restored again and again.
struct Repeating(u8);

impl TryRng for Repeating {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes([self.0; 4]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes([self.0; 8]))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.fill(self.0);
        Ok(())
    }
}

impl TryCryptoRng for Repeating {}

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

fn holder_key(number: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(number).unwrap(); 32])
}

/// The keys of the holders beside the broker.
fn holders(all: usize) -> Vec<[u8; 32]> {
    (1..all).map(|number| holder_key(number).verifying_key().to_bytes()).collect()
}

/// A node's key, its key holders from the node on, and their links.
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

fn batch(node: &Oin, number: u64) -> Batch<'_> {
    Batch { region: REGION, epoch: EPOCH, node, number }
}

fn points(count: usize) -> Vec<Element> {
    (0..count).map(|_| element(&Secret::random(&mut rng()))).collect()
}
