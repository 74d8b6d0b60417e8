//! What is not printed, and what an error says.

use super::*;

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
