use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;

use super::*;
use crate::limits::PROOF_HASHES_MAX;

/// The tree hash as RFC 6962 defines it, by recursion over the leaves.
fn defined(leaves: &[Vec<u8>]) -> Digest {
    match leaves {
        [] => Digest::of(&[]),
        [leaf] => leaf_hash(leaf),
        _ => {
            let split = 1 << (leaves.len() - 1).ilog2();
            node_hash(&defined(&leaves[..split]), &defined(&leaves[split..]))
        }
    }
}

fn leaves(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("leaf {n}").into_bytes()).collect()
}

fn head(leaves: &[Vec<u8>]) -> TreeHead {
    TreeHead { size: leaves.len() as u64, root: defined(leaves) }
}

fn hashes(leaves: &[Vec<u8>], ranges: Vec<Range>) -> Vec<Digest> {
    let look = |subtree: Subtree| -> Result<_, ()> {
        let length = 1 << subtree.level;
        let begin = usize::try_from(subtree.index).unwrap() * length;
        Ok(Some(defined(&leaves[begin..begin + length])))
    };
    ranges.into_iter().map(|range| range_root(range, look).unwrap().unwrap()).collect()
}

fn inclusion(leaves: &[Vec<u8>], index: u64) -> Vec<Digest> {
    hashes(leaves, inclusion_ranges(index, leaves.len() as u64).unwrap())
}

fn consistency(leaves: &[Vec<u8>], old: usize) -> Vec<Digest> {
    hashes(leaves, consistency_ranges(old as u64, leaves.len() as u64).unwrap())
}

#[test]
fn the_roots_are_the_published_ones() {
    // The leaves and roots of the test vectors of Certificate Transparency.
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::default();
    assert_eq!(frontier.head(), TreeHead::empty());
    for (leaf, root) in leaves.iter().zip(roots) {
        frontier.push(leaf_hash(&hex::decode(leaf).unwrap()));
        assert_eq!(frontier.head().root.to_string(), root);
    }
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_no_other() {
    let all = leaves(70);
    for size in 1..=all.len() {
        let (tree, head) = (&all[..size], head(&all[..size]));
        for index in 0..size as u64 {
            let leaf = leaf_hash(&tree[usize::try_from(index).unwrap()]);
            let proof = inclusion(tree, index);
            assert_eq!(verify_inclusion(&leaf, index, &head, &proof), Ok(()));
            let other = TreeHead { size: head.size + 1, ..head };
            let refused = [
                verify_inclusion(&leaf_hash(b"other"), index, &head, &proof),
                verify_inclusion(&leaf, index + 1, &head, &proof),
                verify_inclusion(&leaf, index, &TreeHead { root: leaf_hash(b""), ..head }, &proof),
            ];
            assert!(refused.iter().all(Result::is_err), "leaf {index} of {size}");
            // Another size either needs another proof or is another tree.
            if verify_inclusion(&leaf, index, &other, &proof).is_ok() {
                assert_eq!(inclusion_ranges(index, size as u64).unwrap().len(), proof.len());
            }
        }
    }
}

#[test]
fn every_small_tree_is_proved_to_begin_with_every_smaller_one() {
    let all = leaves(70);
    for new in 0..=all.len() {
        for old in 0..=new {
            let (older, newer) = (head(&all[..old]), head(&all[..new]));
            let proof = consistency(&all[..new], old);
            assert_eq!(verify_consistency(&older, &newer, &proof), Ok(()), "{old} to {new}");
            let wrong = TreeHead { root: leaf_hash(b"x"), ..older };
            assert_eq!(verify_consistency(&wrong, &newer, &proof), Err(ProofError));
            if old > 0 {
                let wrong = TreeHead { root: leaf_hash(b"x"), ..newer };
                assert_eq!(verify_consistency(&older, &wrong, &proof), Err(ProofError));
            }
            if old < new {
                assert_eq!(verify_consistency(&newer, &older, &proof), Err(ProofError));
            }
        }
    }
}

#[test]
fn an_empty_tree_proves_nothing_and_a_proof_that_is_too_long_is_not_walked() {
    let none = verify_inclusion(&leaf_hash(b""), 0, &TreeHead::empty(), &[]);
    assert_eq!(none, Err(ProofError));
    let long = vec![leaf_hash(b""); PROOF_HASHES_MAX + 1];
    let head = TreeHead { size: u64::MAX, root: leaf_hash(b"") };
    assert_eq!(verify_inclusion(&leaf_hash(b""), 0, &head, &long), Err(ProofError));
    let old = TreeHead { size: 3, root: leaf_hash(b"") };
    assert_eq!(verify_consistency(&old, &head, &long), Err(ProofError));
    assert_eq!(inclusion_ranges(3, 3), None);
    assert_eq!(consistency_ranges(4, 3), None);
}

#[test]
fn the_largest_trees_have_proofs_within_the_bound() {
    for (index, size) in [(0, u64::MAX), (u64::MAX - 1, u64::MAX), (1 << 62, u64::MAX - 1)] {
        assert!(inclusion_ranges(index, size).unwrap().len() <= PROOF_HASHES_MAX);
    }
    for old in [1, 3, u64::MAX / 3, u64::MAX - 1] {
        assert!(consistency_ranges(old, u64::MAX).unwrap().len() <= PROOF_HASHES_MAX);
    }
}

proptest! {
    #[test]
    fn a_changed_proof_is_refused(
        size in 1_usize..600, index in any::<usize>(), old in any::<usize>(),
        at in any::<prop::sample::Index>(), bit in 0_usize..256, cut in any::<bool>(),
    ) {
        let all = leaves(size);
        let (head, index) = (head(&all), index % size);
        let old = old % (size + 1);
        let older = self::head(&all[..old]);
        let change = |mut proof: Vec<Digest>| {
            if proof.is_empty() || cut {
                proof.pop().is_none().then(|| proof.push(leaf_hash(b"more")));
                return proof;
            }
            let at = at.index(proof.len());
            let mut bytes = *proof[at].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            proof[at] = Digest::new(bytes);
            proof
        };
        let proof = change(inclusion(&all, index as u64));
        let leaf = leaf_hash(&all[index]);
        prop_assert_eq!(verify_inclusion(&leaf, index as u64, &head, &proof), Err(ProofError));
        let proof = change(consistency(&all, old));
        prop_assert_eq!(verify_consistency(&older, &head, &proof), Err(ProofError));
    }

    #[test]
    fn an_independent_implementation_agrees(
        size in 1_usize..300, index in any::<usize>(), old in any::<usize>(),
    ) {
        let all = leaves(size);
        let (index, old) = (index % size, old % size + 1);
        let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        for (n, leaf) in all.iter().enumerate() {
            theirs.push(leaf.clone());
            if n + 1 == old {
                let root = theirs.root().as_bytes().to_vec();
                prop_assert_eq!(root, head(&all[..old]).root.as_bytes().to_vec());
            }
        }
        let ours = |hashes: Vec<Digest>| -> Vec<u8> {
            hashes.iter().flat_map(|hash| hash.as_bytes().to_vec()).collect()
        };
        let proof = theirs.prove_inclusion(index);
        prop_assert_eq!(proof.as_bytes().to_vec(), ours(inclusion(&all, index as u64)));
        if old < size {
            let proof = theirs.prove_consistency(size - old);
            prop_assert_eq!(proof.as_bytes().to_vec(), ours(consistency(&all, old)));
        }
    }
}
