use ed25519_dalek::SigningKey;

use super::*;
use crate::checkpoint::Origin;
use crate::clock::Timestamp;
use crate::merkle::{Frontier, consistency_ranges, leaf_hash, range_root};
use crate::operators::{Operator, Operators};
use crate::witnesses::{SignedWitnessList, WitnessList};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> [u8; 32] {
    key(seed).verifying_key().to_bytes()
}

/// A log of some leaves; `fork` is another history from its leaf on.
#[derive(Clone)]
struct Log(Vec<Digest>);

impl Log {
    fn of(size: u64, fork: u64) -> Self {
        let leaf =
            |at: u64| leaf_hash(format!("{at}{}", if at < fork { "" } else { "!" }).as_bytes());
        Self((0..size).map(leaf).collect())
    }

    fn signed_by(&self, seed: u8, origin: &str) -> SignedCheckpoint {
        let empty = Frontier::new(0, Vec::new()).unwrap();
        let tree = self.0.iter().fold(empty, |mut tree, leaf| {
            tree.push(*leaf);
            tree
        });
        let TreeHead { size, root } = tree.head();
        Checkpoint { origin: Origin::parse(origin).unwrap(), size, root }.sign(&key(seed))
    }

    fn head(&self) -> SignedCheckpoint {
        self.signed_by(1, "region/1")
    }

    /// RFC 6962, 2.1.2, from the leaves.
    fn proof(&self, old: u64) -> Vec<Digest> {
        let ranges = consistency_ranges(old, self.0.len() as u64).unwrap();
        let hash = |subtree: crate::merkle::Subtree| -> Result<Option<Digest>, ()> {
            let width = 1usize << subtree.level;
            let first = usize::try_from(subtree.index).unwrap() * width;
            Ok(Some(root(&self.0[first..first + width])))
        };
        ranges.into_iter().map(|range| range_root(range, hash).unwrap().unwrap()).collect()
    }
}

fn root(leaves: &[Digest]) -> Digest {
    if let [one] = leaves {
        return *one;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    crate::merkle::node_hash(&root(left), &root(right))
}

const NEVER: u64 = u64::MAX;

fn contrast(held: &Log, shown: &Log, proof: &[Digest]) -> Option<Contrast> {
    match follows(Some(&held.head()), &shown.head(), proof, &public(1)) {
        Ok(()) => None,
        Err(Unfit::Contradiction(found)) => {
            assert_eq!(Contradiction::parse(&found.canonical()), Ok(*found.clone()));
            Some(found.contrast().unwrap())
        }
        Err(Unfit::NotTheLogs) => panic!("the log signed both"),
    }
}

#[test]
fn a_log_that_grows_is_followed() {
    for (old, new) in [(0, 0), (0, 5), (1, 2), (3, 7), (4, 7), (7, 7), (6, 8)] {
        let (held, shown) = (Log::of(old, NEVER), Log::of(new, NEVER));
        assert_eq!(contrast(&held, &shown, &shown.proof(old)), None, "{old} to {new}");
    }
    let first = Log::of(3, NEVER).head();
    assert_eq!(follows(None, &first, &[], &public(1)), Ok(()));
}

#[test]
fn a_log_that_forks_rewrites_or_shrinks_contradicts_itself() {
    let held = Log::of(6, NEVER);
    let other = Log::of(6, 2);
    assert_eq!(contrast(&held, &other, &[]), Some(Contrast::TwoRoots));
    let longer = Log::of(9, 2);
    assert_eq!(contrast(&held, &longer, &longer.proof(6)), Some(Contrast::Unproven));
    let honest = Log::of(9, NEVER);
    let of_honest = honest.proof(6);
    assert_eq!(contrast(&held, &longer, &of_honest), Some(Contrast::Unproven));
    assert_eq!(contrast(&held, &honest, &[]), Some(Contrast::Unproven), "no proof is no proof");
    let shorter = Log::of(5, NEVER);
    assert_eq!(contrast(&held, &shorter, &held.proof(5)), Some(Contrast::Shrunk));
    let endless = vec![Digest::new([1; 32]); PROOF_HASHES_MAX + 5];
    assert_eq!(contrast(&held, &honest, &endless), Some(Contrast::Unproven));
}

/// What the log did not sign proves nothing against it.
#[test]
fn what_another_signed_is_not_the_log_s() {
    let held = Log::of(6, NEVER).head();
    let shown = Log::of(6, 2);
    let stale = shown.signed_by(2, "region/1");
    assert_eq!(follows(Some(&held), &stale, &[], &public(1)), Err(Unfit::NotTheLogs));
    let other = shown.signed_by(1, "region/2");
    assert_eq!(follows(Some(&held), &other, &[], &public(1)), Err(Unfit::NotTheLogs));
}

#[test]
fn heads_that_agree_are_no_contradiction() {
    let log = Log::of(6, NEVER);
    let found = Contradiction { held: log.head(), shown: log.head(), proof: Vec::new() };
    assert_eq!(found.contrast(), None);
    let bytes = found.canonical();
    for cut in 0..bytes.len() {
        assert!(Contradiction::parse(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn only_named_witnesses_with_their_own_key_count_and_each_once() {
    let oin = |number: u8| Oin::parse(&format!("0000009900000000{number}000")).unwrap();
    let list =
        WitnessList { region: Digest::new([7; 32]), seq: 1, witnesses: [2, 3, 4].map(oin).into() };
    let document = list.canonical();
    let signatures = [8, 9].map(|n| Operator::sign(&oin(n), &key(n), &document)).into();
    let pinned = Operators::new([8, 9].map(|n| Operator::new(oin(n), &key(n))).into());
    let signed = SignedWitnessList { list, signatures };
    let witnesses = signed.verify(&pinned, &Digest::new([7; 32])).unwrap();

    let keys = |oin: &Oin| oin.as_str().as_bytes().get(16).map(|digit| public(digit - b'0'));
    let mut head = Log::of(6, NEVER).head();
    let mut count = |name: u8, seed: u8| {
        let name = Origin::parse(oin(name).as_str()).unwrap();
        let cosignature = head.cosign(&name, &key(seed), Timestamp::from_ms(1_000));
        head = head.clone().with(&cosignature).unwrap();
        cosigners(&head, &witnesses, keys)
    };
    assert_eq!(count(5, 5), 0, "no witness");
    assert_eq!(count(2, 2), 1);
    assert_eq!(count(2, 2), 1, "the same again");
    assert_eq!(count(3, 2), 1, "with the key of another");
    assert_eq!(count(3, 3), 2);
    assert_eq!(count(4, 4), 3);
    assert_eq!(cosigners(&head, &witnesses, |_| None), 0, "no card, no key");
}
