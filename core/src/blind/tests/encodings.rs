//! What comes from outside is a canonical point or scalar, or is refused.

use super::*;

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
