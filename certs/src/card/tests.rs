//! Tests of [`super`]: what a reader takes, what it refuses, and what it remembers.

use std::path::Path;
use std::sync::Arc;

use grondslag_core::blind::Secret;
use grondslag_core::canonical::Reader;
use grondslag_core::seal::{SealSecret, Suite};
use rand_core::UnwrapErr;

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
    seal_key: Vec<u8>,
    pseudonym_key: Vec<u8>,
    now: Timestamp,
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let now = crate::time::tls_now();
    authority::init(&dir.path().join("ca"), "Drieveen", now).unwrap();
    let (leaf, key) = agency(dir.path(), OIN, now);
    let region = region(&dir.path().join(OIN));
    let (seal_key, pseudonym_key) = keys(OIN);
    Scene { dir, region, leaf, key, seal_key, pseudonym_key, now }
}

/// New keys that others encrypt under: what is sealed, and what is hidden.
fn keys(oin: &str) -> (Vec<u8>, Vec<u8>) {
    let mut rng = UnwrapErr(getrandom::SysRng);
    let seal = SealSecret::random(Suite::XWing, &mut rng).public().unwrap().bytes().to_vec();
    let own = Secret::random(&mut rng);
    (seal, inbound::own_key(&Oin::parse(oin).unwrap(), &own, &mut rng))
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
            seal_key: self.seal_key.clone(),
            pseudonym_key: self.pseudonym_key.clone(),
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
        let previous_signature =
            previous.map(|n| statement::sign(&sign_key(n), &bytes).to_vec()).unwrap_or_default();
        SignedCard {
            leaf: self.leaf.der().to_vec(),
            leaf_signature: self.key.sign(&card.vouched(&previous_signature)).unwrap(),
            previous_signature,
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
            seal_key: self.seal_key.clone(),
            pseudonym_key: self.pseudonym_key.clone(),
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
fn who_looks_back_takes_what_a_certificate_of_the_region_signed_and_nothing_else() {
    let (scene, other) = (scene(), scene());
    let card = scene.card(1, 1, None);
    assert!(scene.region.root().verify_card(&card).is_ok());
    assert!(other.region.root().verify_card(&card).is_err(), "another region");
    let mut altered = card.clone();
    altered.card.sign_key[0] ^= 1;
    assert!(scene.region.root().verify_card(&altered).is_err(), "altered");
    let mut foreign = card.clone();
    foreign.card.oin = Oin::parse("00000099000000002000").unwrap();
    let foreign = scene.sign(foreign.card, None, &["sch"]);
    assert!(scene.region.root().verify_card(&foreign).is_err(), "another agency's");
    // Whoever keeps a card could put a key of its own before it, if that were not signed too.
    let mut preceded = card.clone();
    preceded.previous_signature = statement::sign(&sign_key(9), &card.card.canonical()).to_vec();
    assert!(scene.region.root().verify_card(&preceded).is_err(), "another key before it");
}

#[test]
fn a_card_of_another_region_is_refused() {
    let (scene, other, mut book) = (scene(), scene(), CardBook::default());
    assert_eq!(other.take(&mut book, scene.card(1, 1, None)), Err(Reason::CardInvalid));
}

#[test]
fn an_agency_that_is_asked_has_both_keys_on_its_card_and_a_broker_may_have_none() {
    let (scene, mut book) = (scene(), CardBook::default());
    let mut with = |seal: &[u8], own: &[u8]| {
        let mut card = scene.card(1, 1, None).card;
        (card.seal_key, card.pseudonym_key) = (seal.to_vec(), own.to_vec());
        scene.take(&mut book, scene.sign(card, None, &["sch"]))
    };
    let (seal, own) = (scene.seal_key.as_slice(), scene.pseudonym_key.as_slice());
    let (_, of_another) = keys("00000099000000002000");
    let mut unproved = own.to_vec();
    unproved[40] ^= 1;
    let bad: [(&[u8], &[u8]); 6] = [
        (&[], &[]),
        (seal, &[]),
        (&[], own),
        (&seal[..seal.len() - 1], own),
        (seal, &of_another),
        (seal, &unproved),
    ];
    for (place, (seal, own)) in bad.into_iter().enumerate() {
        assert_eq!(with(seal, own), Err(Reason::CardInvalid), "{place}");
    }
    assert_eq!(with(seal, own), Ok(Taken::New));

    let mut broker = scene.card(1, 1, None).card;
    broker.kind = Kind::parse(Kind::BROKER).unwrap();
    (broker.seal_key, broker.pseudonym_key) = (vec![], vec![]);
    let broker = scene.sign(broker, None, &[Kind::BROKER]);
    let mut book = CardBook::default();
    assert_eq!(scene.take(&mut book, broker.clone()), Ok(Taken::New));
    let held = book.under(scene.region.crl()).card(&broker.card.oin).unwrap();
    assert_eq!(held.keys().err(), Some(Reason::CardInvalid), "nothing is sealed for it");
}

#[test]
fn an_own_card_changes_with_its_keys_and_not_with_another_proof_of_the_same() {
    let scene = scene();
    let own = scene.own(1, None, 1_000_000);
    let first = own.next(None, 0, &scene.region, scene.now).unwrap();
    let mut rng = UnwrapErr(getrandom::SysRng);
    let (oin, secret) = (Oin::parse(OIN).unwrap(), Secret::random(&mut rng));
    let mut proved = || inbound::own_key(&oin, &secret, &mut rng);
    let other = OwnCard { pseudonym_key: proved(), ..own.clone() };
    let second = other.next(Some(&first), 0, &scene.region, scene.now).unwrap();
    assert_eq!((second.card.seq, &second.card.pseudonym_key), (2, &other.pseudonym_key));
    let again = OwnCard { pseudonym_key: proved(), ..own.clone() };
    assert_ne!(again.pseudonym_key, other.pseudonym_key);
    let same = again.next(Some(&second), 0, &scene.region, scene.now).unwrap();
    assert_eq!(same, second);
    let (seal_key, _) = keys(OIN);
    let sealed = OwnCard { seal_key, ..again };
    let third = sealed.next(Some(&second), 0, &scene.region, scene.now).unwrap();
    assert_eq!((third.card.seq, &third.card.pseudonym_key), (3, &second.card.pseudonym_key));
}
