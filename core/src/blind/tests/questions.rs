//! The proof of a question: one number for all of its targets, known to its asker, for this
//! question.

use super::*;
use crate::blind::proof::weights;
use crate::canonical::Canonical;
use crate::limits::TARGETS_MAX;

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
        Proof::make(&context, &[claim], &secret, &mut Repeating(1)).bytes()
    };
    let scalar = |bytes: &[u8]| Scalar::from_canonical_bytes(bytes.try_into().unwrap()).unwrap();
    let (a, b) = (make("a"), make("b"));
    assert_eq!(a, make("a"));
    let challenges = scalar(&a[..32]) - scalar(&b[..32]);
    let responses = scalar(&a[32..]) - scalar(&b[32..]);
    assert_ne!(responses * challenges.invert(), *secret.scalar());
    // Nor do two different secrets share one.
    let one = |seed| Encrypted::new(&child, &[&keys[0]], &mut Repeating(seed)).unwrap().one();
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
