//! The step of a key holder, and what it does not show.

use super::*;

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
    assert_ne!(a.bytes(), b.bytes());
}
