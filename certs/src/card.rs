//! Agency cards as a reader keeps them: verified, never going back, and no key changed unseen.
//! And as an agency makes its own: [`OwnCard`].
//!
//! Broker and nodes each hold a [`CardBook`] of their own, so that a lying broker can only
//! withhold a card.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ed25519_dalek::SigningKey;
use grondslag_core::canonical::Canonical;
use grondslag_core::card::{Admission, Card, SignedCard};
use grondslag_core::catalogue::{Kind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::limits::{CARDS_MAX, CLOCK_SKEW_MS_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::statement;

use crate::crl::Crl;
use crate::root::Admitted;
use crate::tls::Region;
use crate::x509::{Leaf, Serial};

/// A card of which every signature held when it was taken.
///
/// Only a [`CardBook`] makes one:
///
/// ```compile_fail
/// fn forge(card: grondslag_core::card::Card, admitted: grondslag_certs::Admitted) {
///     let _ = grondslag_certs::VerifiedCard { card, admitted };
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCard {
    card: Card,
    admitted: Admitted,
    serial: Serial,
}

impl VerifiedCard {
    /// What the agency says of itself.
    pub fn card(&self) -> &Card {
        &self.card
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
    let oin = region
        .verify_leaf_signature(&signed.leaf, &card.canonical(), &signed.leaf_signature)
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
    let verified = VerifiedCard { card: card.clone(), admitted, serial: leaf.serial().clone() };
    verified.check_time(now)?;
    Ok(verified)
}

/// What an agency says of itself, and what proves it: makes the agency's own cards.
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
        let stays = |held: &&SignedCard| {
            held.card.seq > seq_known && self.is_said_by(&held.card, region, now)
        };
        if let Some(held) = held.filter(stays) {
            return self.keep(held, region);
        }
        let before = held.map_or(0, |held| held.card.seq).max(seq_known);
        let card = self.card(before.saturating_add(1), region, now);
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

    fn card(&self, seq: u64, region: &Region, now: Timestamp) -> Card {
        Card {
            oin: region.oin().clone(),
            kind: self.kind.clone(),
            name: self.name.clone(),
            endpoint: self.endpoint.clone(),
            duty_phone: self.duty_phone.clone(),
            sign_key: self.sign_key.verifying_key().to_bytes(),
            seal_key: Vec::new(),
            pseudonym_key: Vec::new(),
            seq,
            // A reader's clock may be behind ours.
            valid_from: now.plus_ms(-CLOCK_SKEW_MS_MAX),
            // The clock of a demo region passes months in one run.
            valid_until: self.admission.valid_until,
        }
    }

    /// Nothing changed but what counts the card and dates its beginning; and it did begin, which a
    /// clock that was set back undoes.
    fn is_said_by(&self, held: &Card, region: &Region, now: Timestamp) -> bool {
        let wanted = Card { valid_from: held.valid_from, ..self.card(held.seq, region, now) };
        *held == wanted && held.valid_from <= now
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
        let leaf_signature = region.key().sign(&card.canonical());
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
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use grondslag_core::canonical::Reader;

    use super::*;
    use crate::authority;
    use crate::key::LeafKey;
    use crate::tls::{Reloading, TlsFiles};

    const OIN: &str = "00000099000000001000";

    struct Scene {
        dir: tempfile::TempDir,
        region: Arc<Region>,
        leaf: Leaf,
        key: LeafKey,
        now: Timestamp,
    }

    fn scene() -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let now = crate::time::tls_now();
        authority::init(&dir.path().join("ca"), "Drieveen", now).unwrap();
        let (leaf, key) = agency(dir.path(), OIN, now);
        let region = region(&dir.path().join(OIN));
        Scene { dir, region, leaf, key, now }
    }

    fn region(folder: &Path) -> Arc<Region> {
        Reloading::<Region>::open(TlsFiles::in_folder(folder)).unwrap().current()
    }

    fn agency(dir: &Path, oin: &str, now: Timestamp) -> (Leaf, LeafKey) {
        let folder = dir.join(oin);
        let oin = Oin::parse(oin).unwrap();
        let leaf = authority::issue(&dir.join("ca"), &folder, &oin, "Agency", now).unwrap();
        (leaf, LeafKey::load(&folder.join("key.pem")).unwrap())
    }

    fn sign_key(n: u8) -> SigningKey {
        SigningKey::from_bytes(&[n; 32])
    }

    impl Scene {
        fn card(&self, seq: u64, key: u8, previous: Option<u8>) -> SignedCard {
            let card = Card {
                oin: Oin::parse(OIN).unwrap(),
                kind: Kind::parse("sch").unwrap(),
                name: "School".into(),
                endpoint: "127.0.0.1:1".into(),
                duty_phone: "000".into(),
                sign_key: sign_key(key).verifying_key().to_bytes(),
                seal_key: vec![],
                pseudonym_key: vec![],
                seq,
                valid_from: self.now,
                valid_until: self.now.plus_ms(1_000_000),
            };
            self.sign(card, previous, &["sch"])
        }

        fn sign(&self, card: Card, previous: Option<u8>, kinds: &[&str]) -> SignedCard {
            let kinds: Vec<Kind> = kinds.iter().map(|kind| Kind::parse(kind).unwrap()).collect();
            let until = self.now.plus_ms(500_000);
            let ca = self.dir.path().join("ca");
            let bytes = card.canonical();
            SignedCard {
                leaf: self.leaf.der().to_vec(),
                leaf_signature: self.key.sign(&bytes).unwrap(),
                previous_signature: previous
                    .map(|n| statement::sign(&sign_key(n), &bytes).to_vec())
                    .unwrap_or_default(),
                admission: authority::admit(&ca, &card.oin, &kinds, until, self.now).unwrap(),
                card,
            }
        }

        /// An agency that makes its own card; its admission holds this long from now.
        fn own(&self, key: u8, previous: Option<u8>, until_ms: i64) -> OwnCard {
            let (ca, oin) = (self.dir.path().join("ca"), Oin::parse(OIN).unwrap());
            let (kinds, until) = ([Kind::parse("sch").unwrap()], self.now.plus_ms(until_ms));
            OwnCard {
                kind: kinds[0].clone(),
                name: "School".into(),
                endpoint: "127.0.0.1:1".into(),
                duty_phone: "000".into(),
                sign_key: sign_key(key),
                previous: previous.map(sign_key),
                admission: authority::admit(&ca, &oin, &kinds, until, self.now).unwrap(),
            }
        }

        fn take(&self, book: &mut CardBook, signed: SignedCard) -> Result<Taken, Reason> {
            let considered = book.consider(signed, &self.region, self.now)?;
            let taken = considered.taken();
            book.put(considered);
            Ok(taken)
        }
    }

    #[test]
    fn a_card_is_taken_once_and_renewed_by_the_previous_key_only() {
        let (scene, mut book) = (scene(), CardBook::default());
        assert_eq!(scene.take(&mut book, scene.card(1, 1, None)), Ok(Taken::New));
        assert_eq!(scene.take(&mut book, scene.card(1, 1, None)), Ok(Taken::Same));
        let unsigned = scene.card(2, 2, None);
        assert_eq!(scene.take(&mut book, unsigned.clone()), Err(Reason::CardKeyChanged));
        assert_eq!(scene.take(&mut book, scene.card(2, 2, Some(9))), Err(Reason::CardKeyChanged));
        assert_eq!(scene.take(&mut book, scene.card(2, 2, Some(1))), Ok(Taken::Renewed));
        assert_eq!(scene.take(&mut book, scene.card(1, 1, None)), Err(Reason::CardSeqBack));
        assert_eq!(scene.take(&mut book, scene.card(2, 1, Some(2))), Err(Reason::CardSeqBack));
    }

    #[test]
    fn an_operator_may_accept_a_changed_key() {
        let (scene, mut book) = (scene(), CardBook::default());
        scene.take(&mut book, scene.card(1, 1, None)).unwrap();
        let changed = scene.card(2, 2, None);
        book.accept(changed.card.digest());
        assert_eq!(scene.take(&mut book, changed), Ok(Taken::Accepted));
    }

    #[test]
    fn a_card_speaks_for_its_own_certificate_and_admitted_kind_only() {
        let (scene, mut book) = (scene(), CardBook::default());
        let mut altered = scene.card(1, 1, None);
        altered.card.endpoint = "127.0.0.1:2".into();
        assert_eq!(scene.take(&mut book, altered), Err(Reason::CardInvalid));

        let mut foreign = scene.card(1, 1, None).card;
        foreign.oin = Oin::parse("00000099000000002000").unwrap();
        let foreign = scene.sign(foreign, None, &["sch"]);
        assert_eq!(scene.take(&mut book, foreign), Err(Reason::CardOinMismatch));

        let mut police = scene.card(1, 1, None).card;
        police.kind = Kind::parse("pol").unwrap();
        let police = scene.sign(police, None, &["sch"]);
        assert_eq!(scene.take(&mut book, police), Err(Reason::KindNotAdmitted));

        let mut widened = scene.card(1, 1, None);
        widened.admission.kinds.push(Kind::parse("vt").unwrap());
        assert_eq!(scene.take(&mut book, widened), Err(Reason::KindNotAdmitted));
        assert!(book.under(scene.region.crl()).all().next().is_none());
    }

    #[test]
    fn a_role_needs_the_admission_of_its_kind_and_time() {
        let (scene, mut book) = (scene(), CardBook::default());
        scene.take(&mut book, scene.card(1, 1, None)).unwrap();
        let card = book.under(scene.region.crl()).card(&Oin::parse(OIN).unwrap()).unwrap();
        let role = |text| Role::parse(text).unwrap();
        assert_eq!(card.check_role(&role("sch.zorgcoordinator"), scene.now), Ok(()));
        let other = card.check_role(&role("vt.onderzoeker"), scene.now);
        assert_eq!(other, Err(Reason::RoleNotAdmitted));
        let late = scene.now.plus_ms(500_000);
        assert_eq!(card.check_time(late), Err(Reason::KindNotAdmitted));
        assert_eq!(card.check_time(scene.now.plus_ms(1_000_000)), Err(Reason::CardInvalid));
    }

    #[test]
    fn a_revoked_certificate_takes_its_card_along() {
        let (scene, mut book) = (scene(), CardBook::default());
        scene.take(&mut book, scene.card(1, 1, None)).unwrap();
        let (ca, folder) = (scene.dir.path().join("ca"), scene.dir.path().join(OIN));
        let oin = Oin::parse(OIN).unwrap();
        authority::revoke(&ca, &authority::Revoke::Agency(oin.clone()), scene.now).unwrap();
        authority::crl(&ca, scene.now, 7).unwrap();
        authority::publish_crl(&ca, &folder).unwrap();
        let after = region(&folder);
        assert!(book.under(scene.region.crl()).card(&oin).is_some());
        assert!(book.under(after.crl()).card(&oin).is_none());
        assert_eq!(book.under(after.crl()).signed().count(), 0);
        let again = CardBook::default().consider(scene.card(1, 1, None), &after, scene.now);
        assert_eq!(again.unwrap_err(), Reason::CardInvalid);
    }

    #[test]
    fn a_remembered_card_is_not_relied_upon_but_guards_its_key() {
        let (scene, mut book) = (scene(), CardBook::default());
        book.remember(scene.card(3, 1, None));
        let oin = Oin::parse(OIN).unwrap();
        assert!(book.under(scene.region.crl()).card(&oin).is_none());
        assert_eq!(scene.take(&mut book, scene.card(2, 1, Some(1))), Err(Reason::CardSeqBack));
        assert_eq!(scene.take(&mut book, scene.card(4, 2, None)), Err(Reason::CardKeyChanged));
        assert_eq!(scene.take(&mut book, scene.card(3, 1, None)), Ok(Taken::Same));
        assert!(book.under(scene.region.crl()).card(&oin).is_some());
    }

    #[test]
    fn an_own_card_is_the_same_until_something_on_it_changes() {
        let (scene, mut book) = (scene(), CardBook::default());
        let own = scene.own(1, None, 1_000_000);
        let first = own.next(None, 0, &scene.region, scene.now).unwrap();
        assert_eq!((first.card.seq, first.previous_signature.len()), (1, 0));
        assert_eq!(scene.take(&mut book, first.clone()), Ok(Taken::New));
        let later = scene.now.plus_ms(900_000);
        assert_eq!(own.next(Some(&first), 0, &scene.region, later).unwrap(), first);

        let moved = OwnCard { endpoint: "127.0.0.1:2".into(), ..own };
        let second = moved.next(Some(&first), 0, &scene.region, scene.now).unwrap();
        assert_eq!(second.card.seq, 2);
        assert_eq!(scene.take(&mut book, second), Ok(Taken::Renewed));
    }

    #[test]
    fn an_own_card_is_renewed_when_its_dates_no_longer_hold() {
        let scene = scene();
        let own = scene.own(1, None, 1_000_000);
        let first = own.next(None, 0, &scene.region, scene.now).unwrap();
        let longer = scene.own(1, None, 2_000_000);
        let renewed = longer.next(Some(&first), 0, &scene.region, scene.now).unwrap();
        assert_eq!(renewed.card.valid_until, scene.now.plus_ms(2_000_000));
        let begun = first.card.valid_from;
        assert_eq!(own.next(Some(&first), 0, &scene.region, begun).unwrap(), first);
        let set_back = own.next(Some(&first), 0, &scene.region, begun.plus_ms(-1)).unwrap();
        assert!(set_back.card.seq == 2 && set_back.card.valid_from < begun);
    }

    #[test]
    fn an_own_card_with_another_key_needs_the_previous_one() {
        let (scene, mut book) = (scene(), CardBook::default());
        let first = scene.own(1, None, 1_000_000).next(None, 0, &scene.region, scene.now).unwrap();
        scene.take(&mut book, first.clone()).unwrap();
        for previous in [None, Some(9)] {
            let replaced = scene.own(2, previous, 1_000_000);
            let replaced = replaced.next(Some(&first), 0, &scene.region, scene.now).unwrap();
            assert_eq!(scene.take(&mut book, replaced), Err(Reason::CardKeyChanged));
        }
        let replaced = scene.own(2, Some(1), 1_000_000);
        let second = replaced.next(Some(&first), 0, &scene.region, scene.now).unwrap();
        assert_eq!(scene.take(&mut book, second.clone()), Ok(Taken::Renewed));
        // The previous key is still configured, and no longer that of the card that is held.
        let moved = OwnCard { endpoint: "127.0.0.1:2".into(), ..replaced };
        let third = moved.next(Some(&second), 0, &scene.region, scene.now).unwrap();
        assert_eq!(scene.take(&mut book, third), Ok(Taken::Renewed));
    }

    #[test]
    fn other_proofs_of_an_own_card_still_follow_the_card_before() {
        let (scene, mut book) = (scene(), CardBook::default());
        let first = scene.own(1, None, 1_000_000).next(None, 0, &scene.region, scene.now).unwrap();
        scene.take(&mut book, first.clone()).unwrap();
        let mut own = scene.own(2, Some(1), 1_000_000);
        let second = own.next(Some(&first), 0, &scene.region, scene.now).unwrap();
        let kinds = ["sch", "gem"].map(|kind| Kind::parse(kind).unwrap());
        let (ca, oin) = (scene.dir.path().join("ca"), Oin::parse(OIN).unwrap());
        let until = own.admission.valid_until;
        own.admission = authority::admit(&ca, &oin, &kinds, until, scene.now).unwrap();
        let proven = own.next(Some(&second), 0, &scene.region, scene.now).unwrap();
        assert_eq!((&proven.card, &proven.admission), (&second.card, &own.admission));
        assert_eq!(scene.take(&mut book, proven), Ok(Taken::Renewed), "first was the last read");
    }

    #[test]
    fn an_own_card_counts_on_from_what_a_reader_holds() {
        let scene = scene();
        let own = scene.own(1, None, 1_000_000);
        let first = own.next(None, 0, &scene.region, scene.now).unwrap();
        let seq = |held, known| own.next(held, known, &scene.region, scene.now).unwrap().card.seq;
        assert_eq!(seq(None, 7), 8);
        assert_eq!(seq(Some(&first), 1), 2, "another first card is held");
        assert_eq!(seq(Some(&first), u64::MAX), u64::MAX);
        let lost = own.next(None, 7, &scene.region, scene.now).unwrap();
        assert!(!lost.previous_signature.is_empty());
    }

    #[test]
    fn the_leaf_of_a_card_has_one_layout() {
        let scene = scene();
        let signed = scene.card(3, 1, None);
        let (book, card) = (CardBook::default(), signed.card.clone());
        let leaf = book.consider(signed, &scene.region, scene.now).unwrap().leaf(scene.now);
        let mut fields = Reader::new(&leaf, "grondslag/leaf/card/v1").unwrap();
        assert_eq!(fields.bytes().unwrap(), OIN.as_bytes());
        assert_eq!(fields.bytes().unwrap(), 3_u64.to_be_bytes());
        assert_eq!(fields.bytes().unwrap(), card.digest().as_bytes());
        assert_eq!(fields.bytes().unwrap(), card.sign_key);
        assert_eq!(fields.bytes().unwrap(), b"new");
        assert_eq!(fields.bytes().unwrap(), scene.now.ms().to_be_bytes());
        assert!(fields.bytes().is_err());
    }

    #[test]
    fn a_card_of_another_region_is_refused() {
        let (scene, other, mut book) = (scene(), scene(), CardBook::default());
        assert_eq!(other.take(&mut book, scene.card(1, 1, None)), Err(Reason::CardInvalid));
    }
}
