//! Inbound keys and own keys: proved, and for one place only.

use super::*;
use crate::canonical::Canonical;

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
        let keys = super::holders(holders);
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
