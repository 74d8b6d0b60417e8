//! Cards for tests of what reads them.

use super::{Admission, Card, SignedCard};
use crate::catalogue::Kind;
use crate::clock::Timestamp;
use crate::id::Oin;

/// A card that nothing proves, of an agency with this name and signing key.
pub fn unproven(oin: &Oin, kind: Kind, name: &str, sign_key: [u8; 32]) -> SignedCard {
    let at = Timestamp::from_ms(0);
    let admission =
        Admission { oin: oin.clone(), kinds: vec![], valid_until: at, signature: vec![] };
    let card = Card {
        oin: oin.clone(),
        kind,
        name: name.to_owned(),
        endpoint: String::new(),
        duty_phone: String::new(),
        sign_key,
        seal_key: vec![],
        pseudonym_key: vec![],
        seq: 1,
        valid_from: at,
        valid_until: at,
    };
    let (leaf, leaf_signature, previous_signature) = (vec![], vec![], vec![]);
    SignedCard { card, leaf, leaf_signature, previous_signature, admission }
}
