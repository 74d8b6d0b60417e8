//! Agency cards as a reader keeps them: verified, never going back, and no key changed unseen.
//! And as an agency makes its own: [`OwnCard`].
//!
//! Broker and nodes each hold a [`CardBook`] of their own, so that a lying broker can only
//! withhold a card.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::blind::{Element, inbound};
use grondslag_core::canonical::Canonical;
use grondslag_core::card::{Admission, Card, SignedCard};
use grondslag_core::catalogue::{Kind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::limits::{CARDS_MAX, CLOCK_SKEW_MS_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::seal::SealKey;
use grondslag_core::statement;

use crate::crl::Crl;
use crate::root::Admitted;
use crate::tls::Region;
use crate::x509::{Leaf, Serial};

/// A card of which every signature held when it was taken.
///
/// Only a [`CardBook`] makes one:
///
/// ```compile_fail,E0451
/// use grondslag_certs::{Admitted, Serial, VerifiedCard};
/// fn forge(card: grondslag_core::card::Card, admitted: Admitted, serial: Serial) {
///     let _ = VerifiedCard { card, admitted, serial, keys: None };
/// }
/// ```
#[derive(Debug, Clone)]
pub struct VerifiedCard {
    card: Card,
    admitted: Admitted,
    serial: Serial,
    keys: Option<Arc<CardKeys>>,
}

/// What is encrypted for an agency: its keys, checked once when its card was taken.
#[derive(Debug)]
pub struct CardKeys {
    /// What is sealed for it.
    pub seal: SealKey,
    /// Its pseudonym key Y, which it proved to have.
    pub own: Element,
}

impl VerifiedCard {
    /// What the agency says of itself.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The keys that others encrypt under; a broker has none.
    ///
    /// # Errors
    /// `CARD_INVALID` for a broker.
    pub fn keys(&self) -> Result<&CardKeys, Reason> {
        self.keys.as_deref().ok_or(Reason::CardInvalid)
    }

    /// Whether the card may be relied upon at this moment, and the agency act in this role.
    ///
    /// # Errors
    /// `CARD_INVALID` outside the card's time, `ROLE_NOT_ADMITTED` for another kind.
    pub fn check_role(&self, role: &Role, now: Timestamp) -> Result<(), Reason> {
        self.check_time(now)?;
        if self.admitted.admits(&role.kind(), now) { Ok(()) } else { Err(Reason::RoleNotAdmitted) }
    }

    /// Whether another admission of the same agency covers every kind that this card's names.
    pub fn is_within(&self, other: &Admitted) -> bool {
        other.covers(&self.admitted)
    }

    /// Whether the card may be relied upon at this moment.
    ///
    /// # Errors
    /// `CARD_INVALID` outside the card's time, `KIND_NOT_ADMITTED` when the admission ended.
    pub fn check_time(&self, now: Timestamp) -> Result<(), Reason> {
        if now < self.card.valid_from || now >= self.card.valid_until {
            return Err(Reason::CardInvalid);
        }
        if self.admitted.admits(&self.card.kind, now) {
            Ok(())
        } else {
            Err(Reason::KindNotAdmitted)
        }
    }
}

/// What taking a card changed; every change is recorded by the one who took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The agency was not in the book.
    New,
    /// The same card again; its certificate or admission may be another.
    Same,
    /// A newer card, signed by the previous one's key.
    Renewed,
    /// A newer card with a key that an operator accepted.
    Accepted,
}

impl Taken {
    /// The word for it in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            // Who records the same card does so for its proofs.
            Self::Same => "proofs",
            Self::Renewed => "renewed",
            Self::Accepted => "accepted",
        }
    }
}

/// A card that may enter the book it was considered for.
#[derive(Debug)]
pub struct Considered {
    taken: Taken,
    signed: SignedCard,
    verified: VerifiedCard,
}

impl Considered {
    /// What it changes.
    pub fn taken(&self) -> Taken {
        self.taken
    }

    /// The card with its proofs.
    pub fn signed(&self) -> &SignedCard {
        &self.signed
    }

    /// The card as verified.
    pub fn verified(&self) -> &VerifiedCard {
        &self.verified
    }

    /// The leaf that the change is in every reader's ledger, `grondslag/leaf/card/v1`: OIN, seq,
    /// digest of the card, sign key, [`Taken::word`], the moment of recording.
    pub fn leaf(&self, now: Timestamp) -> Vec<u8> {
        let card = &self.signed.card;
        Canonical::new("grondslag/leaf/card/v1")
            .text(card.oin.as_str())
            .number(card.seq)
            .bytes(card.digest().as_bytes())
            .bytes(&card.sign_key)
            .text(self.taken.word())
            .signed(now.ms())
            .finish()
    }
}

/// The cards that one reader relies upon.
#[derive(Debug, Default)]
pub struct CardBook {
    held: BTreeMap<Oin, Held>,
    accepted: BTreeSet<Digest>,
}

#[derive(Debug)]
struct Held {
    signed: SignedCard,
    /// Absent for a card that was relied upon once and no longer holds: its key still says which
    /// card may follow it.
    verified: Option<VerifiedCard>,
}

/// The cards of a book whose certificate is not on the list of revoked ones.
#[derive(Debug, Clone, Copy)]
pub struct Cards<'a> {
    book: &'a CardBook,
    crl: &'a Crl,
}

impl<'a> Cards<'a> {
    /// The card of one agency.
    pub fn card(&self, oin: &Oin) -> Option<&'a VerifiedCard> {
        self.book.held.get(oin).and_then(|held| self.standing(held))
    }

    /// Every card, sorted by OIN.
    pub fn all(self) -> impl Iterator<Item = &'a VerifiedCard> {
        self.book.held.values().filter_map(move |held| self.standing(held))
    }

    /// Every card, as it travels and as verified, sorted by OIN.
    pub fn signed(self) -> impl Iterator<Item = (&'a SignedCard, &'a VerifiedCard)> {
        let held = self.book.held.values();
        held.filter_map(move |held| Some((&held.signed, self.standing(held)?)))
    }

    fn standing(&self, held: &'a Held) -> Option<&'a VerifiedCard> {
        held.verified.as_ref().filter(|card| !self.crl.revoked().contains(&card.serial))
    }
}

impl CardBook {
    /// Notes that an operator accepted the card with this digest although the previous card's key
    /// did not sign it.
    pub fn accept(&mut self, digest: Digest) {
        self.accepted.insert(digest);
    }

    /// Checks all of a card and whether it may follow the one held. The reader records the
    /// change, then [`CardBook::put`]s it.
    ///
    /// # Errors
    /// `CARD_INVALID`, `CARD_OIN_MISMATCH`, `KIND_NOT_ADMITTED`, `CARD_SEQ_BACK`,
    /// `CARD_KEY_CHANGED`.
    pub fn consider(
        &self,
        signed: SignedCard,
        region: &Region,
        now: Timestamp,
    ) -> Result<Considered, Reason> {
        let verified = verify(&signed, region, now)?;
        let taken = match self.held.get(&signed.card.oin) {
            None if self.held.len() >= CARDS_MAX => return Err(Reason::TooLarge),
            None => Taken::New,
            Some(held) => self.follows(&held.signed.card, &signed)?,
        };
        Ok(Considered { taken, signed, verified })
    }

    /// Remembers a card that this reader kept from an earlier life. It is not relied upon until it
    /// is considered again, but no older card and no unsigned key gets past it.
    pub fn remember(&mut self, signed: SignedCard) {
        let oin = signed.card.oin.clone();
        self.held.entry(oin).or_insert(Held { signed, verified: None });
    }

    /// The last card of an agency, whether or not it may still be relied upon: its next one counts
    /// on from it.
    pub fn last(&self, oin: &Oin) -> Option<&SignedCard> {
        self.held.get(oin).map(|held| &held.signed)
    }

    /// The cards that stand under a list of revoked certificates.
    pub fn under<'a>(&'a self, crl: &'a Crl) -> Cards<'a> {
        Cards { book: self, crl }
    }

    /// Puts a card that was considered into the book, unless a newer one came meanwhile.
    pub fn put(&mut self, considered: Considered) {
        let Considered { signed, verified, .. } = considered;
        let newer = |held: &Held| held.signed.card.seq > signed.card.seq;
        if !self.held.get(&signed.card.oin).is_some_and(newer) {
            let oin = signed.card.oin.clone();
            self.held.insert(oin, Held { signed, verified: Some(verified) });
        }
    }

    fn follows(&self, held: &Card, signed: &SignedCard) -> Result<Taken, Reason> {
        let card = &signed.card;
        if card.seq == held.seq && card == held {
            return Ok(Taken::Same);
        }
        if card.seq <= held.seq {
            return Err(Reason::CardSeqBack);
        }
        let by_previous = signed.previous_signature.as_slice().try_into().is_ok_and(|signature| {
            statement::verify(&held.sign_key, &card.canonical(), signature).is_ok()
        });
        if by_previous {
            Ok(Taken::Renewed)
        } else if self.accepted.contains(&card.digest()) {
            Ok(Taken::Accepted)
        } else {
            Err(Reason::CardKeyChanged)
        }
    }
}

fn verify(signed: &SignedCard, region: &Region, now: Timestamp) -> Result<VerifiedCard, Reason> {
    let card = &signed.card;
    let vouched = card.vouched(&signed.previous_signature);
    let oin = region
        .verify_leaf_signature(&signed.leaf, &vouched, &signed.leaf_signature)
        .map_err(|_| Reason::CardInvalid)?;
    if oin != card.oin {
        return Err(Reason::CardOinMismatch);
    }
    let admitted = region.root().verify_admission(&signed.admission, now);
    let admitted = admitted.map_err(|_| Reason::KindNotAdmitted)?;
    if *admitted.oin() != card.oin {
        return Err(Reason::KindNotAdmitted);
    }
    let leaf = Leaf::parse_der(&signed.leaf).map_err(|_| Reason::CardInvalid)?;
    let keys = card_keys(card)?.map(Arc::new);
    let serial = leaf.serial().clone();
    let verified = VerifiedCard { card: card.clone(), admitted, serial, keys };
    verified.check_time(now)?;
    Ok(verified)
}

/// A card has both keys or, for a party that nobody asks, neither.
fn card_keys(card: &Card) -> Result<Option<CardKeys>, Reason> {
    if card.seal_key.is_empty() && card.pseudonym_key.is_empty() {
        return if card.kind.is_asked() { Err(Reason::CardInvalid) } else { Ok(None) };
    }
    let seal = SealKey::parse(&card.seal_key).map_err(|_| Reason::CardInvalid)?;
    let own = inbound::verify_own_key(&card.oin, &card.pseudonym_key);
    Ok(Some(CardKeys { seal, own: own.map_err(|_| Reason::CardInvalid)? }))
}

/// What an agency says of itself, and what proves it: makes the agency's own cards.
#[derive(Clone)]
pub struct OwnCard {
    /// Its kind toward those who ask it.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Where it is reached: `host:port`.
    pub endpoint: String,
    /// Telephone of the professional on duty.
    pub duty_phone: String,
    /// The key of this card.
    pub sign_key: SigningKey,
    /// The key of the previous card, while readers may still hold that one.
    pub previous: Option<SigningKey>,
    /// What is sealed for it is sealed under this; empty for a broker.
    pub seal_key: Vec<u8>,
    /// Y with its proof of possession; empty for a broker.
    pub pseudonym_key: Vec<u8>,
    /// What the region authority admits it to; the card ends with it.
    pub admission: Admission,
}

impl fmt::Debug for OwnCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnCard({}, …)", self.name)
    }
}

impl OwnCard {
    /// The card to publish after `held`: the same one while it still says what it should and its
    /// dates hold, else the next, signed with the key of `held`. `seq_known` is that of another
    /// card of ours that a reader holds, as after a lost store; 0 when nobody told.
    ///
    /// # Errors
    /// Why the certificate's key cannot sign.
    pub fn next(
        &self,
        held: Option<&SignedCard>,
        seq_known: u64,
        region: &Region,
        now: Timestamp,
    ) -> Result<SignedCard, Reason> {
        let stays =
            |held: &&SignedCard| held.card.seq > seq_known && self.is_said_by(held, region, now);
        if let Some(held) = held.filter(stays) {
            return self.keep(held, region);
        }
        let before = held.map_or(0, |held| held.card.seq).max(seq_known);
        let card = self.card(before.saturating_add(1), held, region, now);
        let first = held.is_none() && seq_known == 0;
        let previous_signature = if first {
            Vec::new()
        } else {
            statement::sign(self.previous_key(held), &card.canonical()).to_vec()
        };
        self.prove(card, region, previous_signature)
    }

    /// The same card, under the certificate and the admission of now.
    fn keep(&self, held: &SignedCard, region: &Region) -> Result<SignedCard, Reason> {
        if held.leaf.as_slice() == region.leaf().der().as_ref() && held.admission == self.admission
        {
            return Ok(held.clone());
        }
        // It still follows the card before it, which some readers may hold yet.
        self.prove(held.card.clone(), region, held.previous_signature.clone())
    }

    fn card(&self, seq: u64, held: Option<&SignedCard>, region: &Region, now: Timestamp) -> Card {
        Card {
            oin: region.oin().clone(),
            kind: self.kind.clone(),
            name: self.name.clone(),
            endpoint: self.endpoint.clone(),
            duty_phone: self.duty_phone.clone(),
            sign_key: self.sign_key.verifying_key().to_bytes(),
            seal_key: self.seal_key.clone(),
            pseudonym_key: self.pseudonym_key(held.map(|held| &held.card)),
            seq,
            // A reader's clock may be behind ours.
            valid_from: now.plus_ms(-CLOCK_SKEW_MS_MAX),
            // The clock of a demo region passes months in one run.
            valid_until: self.admission.valid_until,
        }
    }

    /// Nothing changed but what counts the card and dates its beginning; and it did begin, which a
    /// clock that was set back undoes.
    fn is_said_by(&self, held: &SignedCard, region: &Region, now: Timestamp) -> bool {
        let wanted = self.card(held.card.seq, Some(held), region, now);
        let wanted = Card { valid_from: held.card.valid_from, ..wanted };
        held.card == wanted && held.card.valid_from <= now
    }

    /// A proof of possession is random: that of the held card stays for the same key.
    fn pseudonym_key(&self, held: Option<&Card>) -> Vec<u8> {
        let same = |held: &&Card| {
            held.pseudonym_key.get(..Element::LEN) == self.pseudonym_key.get(..Element::LEN)
        };
        held.filter(same).map_or(&self.pseudonym_key, |held| &held.pseudonym_key).clone()
    }

    /// The key of the card that readers hold: the previous one when it changed.
    fn previous_key(&self, held: Option<&SignedCard>) -> &SigningKey {
        let is_held = |key: &&SigningKey| {
            held.is_some_and(|held| held.card.sign_key == key.verifying_key().to_bytes())
        };
        self.previous.as_ref().filter(is_held).unwrap_or(&self.sign_key)
    }

    fn prove(
        &self,
        card: Card,
        region: &Region,
        previous_signature: Vec<u8>,
    ) -> Result<SignedCard, Reason> {
        let leaf_signature = region.key().sign(&card.vouched(&previous_signature));
        Ok(SignedCard {
            leaf: region.leaf().der().to_vec(),
            leaf_signature: leaf_signature.map_err(|error| error.reason())?,
            previous_signature,
            admission: self.admission.clone(),
            card,
        })
    }
}

#[cfg(test)]
mod tests;
