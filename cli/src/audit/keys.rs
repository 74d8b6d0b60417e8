//! Whose key signed what: from agency cards that the region's authority vouches for, or from
//! verifier keys that an auditor was given by other means. No private key is read.
//!
//! A card counts whoever keeps it, since it is signed with the key of a certificate that the
//! region's root issued to its agency. A key before it counts when it signed the card that
//! followed: that signature is under the certificate's too, so nobody else can put a key of its own
//! there. Leaves about cards, whoever wrote them, only say which keys to try.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_certs::Root;
use grondslag_core::canonical::Reader;
use grondslag_core::card::SignedCard;
use grondslag_core::checkpoint::{Origin, SignatureType, SignedCheckpoint, VerifierKey};
use grondslag_core::id::Oin;
use grondslag_core::statement;
use grondslag_evidence::audit::KeptCard;

use super::words::Wrong;

/// Label of a leaf about a card, as `Considered::leaf` in `certs` writes it.
const CARD_LEAF: &str = "grondslag/leaf/card/v1";

/// The public keys of a region's parties.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// What an auditor was given: a name that has one is held against these alone.
    given: Vec<VerifierKey>,
    /// Cards that the region's authority vouches for.
    cards: BTreeMap<Oin, Vec<SignedCard>>,
    /// Keys before those on the cards.
    before: BTreeMap<Oin, BTreeSet<[u8; 32]>>,
}

impl Keys {
    pub(super) fn given(given: &[VerifierKey]) -> Self {
        Self { given: given.to_vec(), ..Self::default() }
    }

    /// Takes a card that a party keeps; says what is wrong with it.
    pub(super) fn learn(&mut self, root: &Root, kept: &KeptCard) -> Option<Wrong> {
        let Some(signed) = &kept.card else { return Some(Wrong::CardUnreadable) };
        if root.verify_card(signed).is_err() {
            return Some(Wrong::CardUnsigned);
        }
        let cards = self.cards.entry(signed.card.oin.clone()).or_default();
        if !cards.contains(signed) {
            cards.push(signed.clone());
        }
        None
    }

    /// Looks at a leaf: one about a card names a key that may have signed a card that followed.
    pub(super) fn consider(&mut self, leaf: &[u8]) {
        let Some((oin, key)) = of_card(leaf) else { return };
        let cards = self.cards.get(&oin).into_iter().flatten();
        let signed_next = |signed: &SignedCard| {
            let signature = signed.previous_signature.as_slice().try_into();
            signature.is_ok_and(|signature| {
                statement::verify(&key, &signed.card.canonical(), signature).is_ok()
            })
        };
        if cards.into_iter().any(signed_next) {
            self.before.entry(oin).or_default().insert(key);
        }
    }

    /// The keys under which a party's log may be signed.
    pub(super) fn of_log(&self, log: &Origin, party: &Oin) -> Vec<[u8; 32]> {
        match self.given_for(log, SignatureType::Ed25519) {
            given if given.is_empty() => self.of_card(party),
            given => given,
        }
    }

    /// The keys of a witness, by the name in its line.
    pub(super) fn of_witness(&self, name: &Origin) -> Vec<[u8; 32]> {
        match self.given_for(name, SignatureType::Cosignature) {
            given if given.is_empty() => {
                Oin::parse(name.as_str()).map_or(Vec::new(), |oin| self.of_card(&oin))
            }
            given => given,
        }
    }

    /// Whether one of these keys signed a head of its own log.
    pub(super) fn signed(keys: &[[u8; 32]], head: &SignedCheckpoint) -> bool {
        keys.iter().any(|key| head.verify(key).is_ok())
    }

    fn given_for(&self, name: &Origin, kind: SignatureType) -> Vec<[u8; 32]> {
        let given = self.given.iter().filter(|one| one.name == *name && one.kind == kind);
        given.map(|one| one.key).collect()
    }

    fn of_card(&self, party: &Oin) -> Vec<[u8; 32]> {
        let cards = self.cards.get(party).into_iter().flatten();
        let keys: BTreeSet<[u8; 32]> = cards.map(|signed| signed.card.sign_key).collect();
        keys.into_iter().chain(self.before.get(party).into_iter().flatten().copied()).collect()
    }
}

/// Whose card a leaf is about, and the key on it.
fn of_card(leaf: &[u8]) -> Option<(Oin, [u8; 32])> {
    let mut fields = Reader::new(leaf, CARD_LEAF).ok()?;
    let oin = Oin::parse(fields.text().ok()?).ok()?;
    let (_seq, _digest) = (fields.number().ok()?, fields.bytes().ok()?);
    Some((oin, fields.array().ok()?))
}
