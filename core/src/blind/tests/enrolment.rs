//! Batches of blinded points: which a holder evaluates, and what it must prove of them.

use super::*;
use crate::blind::enrolment::{check_count, digest_of, digest_of_wire};
use crate::limits::ENROL_POINTS_MAX;

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
