//! What is sealed opens for one reader, about one thing, whole and in order.

use getrandom::SysRng;
use hpke::Deserializable as _;
use proptest::prelude::*;
use rand_core::UnwrapErr;

use super::*;
use crate::clock::Timestamp;
use crate::id::{Oin, TargetId};

const SUITES: [Suite; 2] = [Suite::XWing, Suite::X25519];

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

fn oin(number: u32) -> Oin {
    Oin::parse(&format!("00000099{number:08}1000")).unwrap()
}

fn about<'a>(from: &'a Oin, to: &'a Oin) -> About<'a> {
    About {
        label: Label::Answer,
        target_id: TargetId::new([7; 16]),
        from,
        to,
        epoch: 3,
        reply_no: 1,
        part: 1,
        last: true,
        answer_by: Timestamp::from_ms(1_700_000_000_000),
    }
}

fn keys(suite: Suite) -> (SealSecret, SealKey) {
    let secret = SealSecret::random(suite, &mut rng());
    let key = secret.public().unwrap();
    (secret, key)
}

fn sealed(key: &SealKey, about: &About<'_>, content: &[u8], bytes: usize) -> Vec<u8> {
    seal(key, about, content, bytes, &mut rng()).unwrap()
}

// === One message ===

#[test]
fn what_is_sealed_opens_and_has_the_length_that_was_asked() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    for suite in SUITES {
        let (secret, key) = keys(suite);
        for bytes in [suite.overhead(), 1_200, 4_096, 65_536] {
            let room = room(&key, bytes);
            for len in [0, 1, room / 2, room] {
                let content: Vec<_> = (0..len).map(|n| u8::try_from(n % 251).unwrap()).collect();
                if len > room {
                    continue;
                }
                let message = sealed(&key, &about, &content, bytes);
                assert_eq!(message.len(), bytes);
                assert_eq!(open(&secret, &about, &message).unwrap(), content);
            }
            let more = seal(&key, &about, &vec![0; room + 1], bytes, &mut rng());
            assert_eq!(more, Err(SealError::TooLarge));
        }
        for bytes in [0, 1, suite.overhead() - 1] {
            assert_eq!(room(&key, bytes), 0);
            let none = seal(&key, &about, &[], bytes, &mut rng());
            assert_eq!(none, Err(SealError::TooLarge));
        }
    }
}

#[test]
fn a_message_names_its_suite_and_is_never_the_same_twice() {
    let (from, to) = (oin(1), oin(2));
    for (suite, id) in [(Suite::XWing, 1), (Suite::X25519, 2)] {
        let (_, key) = keys(suite);
        let (a, b) = (
            sealed(&key, &about(&from, &to), b"x", 4_096),
            sealed(&key, &about(&from, &to), b"x", 4_096),
        );
        assert_eq!(a[..2], [0, id]);
        assert_ne!(a[2..34], b[2..34]);
        assert_ne!(a[suite.encapsulated_len() + 2..], b[suite.encapsulated_len() + 2..]);
    }
}

/// Zeros of the content survive the zeros of the padding.
#[test]
fn content_that_ends_in_zeros_keeps_them() {
    let (from, to) = (oin(1), oin(2));
    let (secret, key) = keys(Suite::X25519);
    let message = sealed(&key, &about(&from, &to), &[1, 0, 0], 4_096);
    assert_eq!(open(&secret, &about(&from, &to), &message).unwrap(), [1, 0, 0]);
}

#[test]
fn a_message_about_anything_else_stays_closed() {
    let (from, to, other) = (oin(1), oin(2), oin(3));
    let about = about(&from, &to);
    for suite in SUITES {
        let (secret, key) = keys(suite);
        let message = sealed(&key, &about, b"answer of A", 4_096);
        assert!(open(&secret, &about, &message).is_ok());
        for changed in [
            About { label: Label::Question, ..about },
            About { label: Label::Pair, ..about },
            About { target_id: TargetId::new([8; 16]), ..about },
            About { from: &other, ..about },
            About { to: &other, ..about },
            About { from: &to, to: &from, ..about },
            About { epoch: 4, ..about },
            About { reply_no: 2, ..about },
            About { part: 2, ..about },
            About { last: false, ..about },
            About { answer_by: about.answer_by.plus_ms(1), ..about },
        ] {
            let opened = open(&secret, &changed, &message);
            assert_eq!(opened, Err(SealError::Unopened), "{changed:?}");
        }
    }
}

/// The associated data alone would do, but a label also makes another key schedule: what was set up
/// for one does not open as another even where the associated data is the attacker's.
#[test]
fn a_label_is_part_of_the_key_too() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    let (secret, key) = keys(Suite::XWing);
    let mut sealer = Sealer::new(&key, Label::Question, &mut rng()).unwrap();
    let message = sealer.part(&about, b"x", 4_096).unwrap();
    assert_eq!(open(&secret, &about, &message), Err(SealError::Unopened));
    let (mut opener, first) = Opener::new(&secret, Label::Question, &message).unwrap();
    assert_eq!(opener.part(&about, first).unwrap(), b"x");
}

#[test]
fn the_answer_to_one_question_does_not_open_as_that_to_another() {
    let (from, to) = (oin(1), oin(2));
    let (secret, key) = keys(Suite::XWing);
    let a = About { target_id: TargetId::new([1; 16]), ..about(&from, &to) };
    let b = About { target_id: TargetId::new([2; 16]), ..about(&from, &to) };
    let (to_a, to_b) = (sealed(&key, &a, b"a", 4_096), sealed(&key, &b, b"b", 4_096));
    assert_eq!(open(&secret, &b, &to_a), Err(SealError::Unopened));
    assert_eq!(open(&secret, &a, &to_b), Err(SealError::Unopened));
}

#[test]
fn every_byte_counts() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    for suite in SUITES {
        let (secret, key) = keys(suite);
        let message = sealed(&key, &about, b"content", 1_400);
        for place in (0..message.len()).filter(|n| *n < 40 || n % 17 == 0 || *n > 1_380) {
            for bit in [1, 0x80] {
                let mut altered = message.clone();
                altered[place] ^= bit;
                let opened = open(&secret, &about, &altered);
                // The top bit of an X25519 point is ignored (RFC 7748, 5), but not its encoding:
                // it is part of the key schedule.
                assert_eq!(opened, Err(SealError::Unopened), "byte {place} ^ {bit}");
            }
        }
    }
}

#[test]
fn a_message_cut_short_or_made_longer_stays_closed() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    for suite in SUITES {
        let (secret, key) = keys(suite);
        let message = sealed(&key, &about, b"content", 1_400);
        for len in [0, 1, 2, 33, 34, 1_121, 1_122, 1_138, 1_399] {
            let opened = open(&secret, &about, &message[..len]);
            assert_eq!(opened, Err(SealError::Unopened), "{len}");
        }
        let longer = [message.as_slice(), &[0]].concat();
        assert_eq!(open(&secret, &about, &longer), Err(SealError::Unopened));
    }
}

#[test]
fn another_reader_opens_nothing() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    for suite in SUITES {
        let (_, key) = keys(suite);
        let message = sealed(&key, &about, b"content", 4_096);
        for other in SUITES {
            let opened = open(&keys(other).0, &about, &message);
            assert_eq!(opened, Err(SealError::Unopened));
        }
    }
}

/// A sender that lies about the length inside, or pads with something else, is refused as a whole.
#[test]
fn padding_is_zeros_and_nothing_else() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    let (secret, key) = keys(Suite::X25519);
    for (inside, opens) in [
        (&[0, 0, 0, 1, 9, 0, 0][..], true),
        (&[0, 0, 0, 1, 9, 0, 1], false),
        (&[0, 0, 0, 4, 9, 0, 0], false),
        (&[0xff, 0xff, 0xff, 0xff, 9], false),
        (&[0, 0, 0], false),
        (&[], false),
    ] {
        let public =
            <hpke::kem::X25519HkdfSha256 as hpke::Kem>::PublicKey::from_bytes(&key.bytes()[2..]);
        let (head, ciphertext) = hpke::single_shot_seal_with_rng::<
            hpke::aead::AesGcm256,
            hpke::kdf::HkdfSha256,
            hpke::kem::X25519HkdfSha256,
        >(
            &hpke::OpModeS::Base,
            &public.unwrap(),
            &about.label.info(),
            inside,
            &about.bytes(),
            &mut rng(),
        )
        .unwrap();
        let head = hpke::Serializable::to_bytes(&head);
        let message = [[0, 2].as_slice(), &head, &ciphertext].concat();
        let opened = open(&secret, &about, &message);
        assert_eq!(opened, if opens { Ok(vec![9]) } else { Err(SealError::Unopened) });
    }
}

// === Parts ===

fn parts<'a>(about: &About<'a>, key: &SealKey) -> Vec<(About<'a>, Vec<u8>)> {
    let mut sealer = Sealer::new(key, about.label, &mut rng()).unwrap();
    let of = |part| About { part, last: part == 3, ..*about };
    [1, 2, 3]
        .map(|part| {
            let content = vec![u8::try_from(part).unwrap(); 100];
            (of(part), sealer.part(&of(part), &content, 2_048).unwrap())
        })
        .to_vec()
}

#[test]
fn three_parts_open_in_order_and_count_when_the_last_has_come() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    for suite in SUITES {
        let (secret, key) = keys(suite);
        let parts = parts(&about, &key);
        assert!(parts.iter().all(|(_, message)| message.len() == 2_048));
        for complete in [1, 2, 3] {
            let (mut opener, first) = Opener::new(&secret, about.label, &parts[0].1).unwrap();
            assert_eq!(opener.part(&parts[0].0, first).unwrap(), [1; 100]);
            for (number, (about, message)) in parts.iter().enumerate().take(complete).skip(1) {
                let content = opener.part(about, message).unwrap();
                assert_eq!(content, [u8::try_from(number + 1).unwrap(); 100]);
            }
            let finished = opener.finish();
            assert_eq!(
                finished,
                if complete == 3 { Ok(()) } else { Err(SealError::Truncated) },
                "{complete} of 3"
            );
        }
        assert_eq!(open(&secret, &parts[0].0, &parts[0].1), Err(SealError::Truncated));
    }
}

#[test]
fn reordered_dropped_or_repeated_parts_are_refused() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    let refused = Err(SealError::Unopened);
    for suite in SUITES {
        let (secret, key) = keys(suite);
        let parts = parts(&about, &key);
        let started = || {
            let (mut opener, first) = Opener::new(&secret, about.label, &parts[0].1).unwrap();
            opener.part(&parts[0].0, first).unwrap();
            opener
        };
        let [(about_1, one), (about_2, two), (about_3, three)] = &parts[..] else { panic!() };

        assert_eq!(started().part(about_3, three), refused, "the second was dropped");
        assert_eq!(started().part(about_2, three), refused, "the third in place of the second");
        let marked = About { last: true, ..*about_2 };
        assert_eq!(started().part(&marked, two), refused, "the second as the last");
        let unmarked = About { last: false, ..*about_3 };
        let mut opener = started();
        opener.part(about_2, two).unwrap();
        assert_eq!(opener.part(&unmarked, three), refused, "the last as one of many");
        assert_eq!(opener.part(about_2, two), refused, "the second twice");
        assert_eq!(opener.part(about_1, one), refused, "the first twice");
        // A refused part does not stand in the way of the right one.
        assert_eq!(opener.part(about_3, three).unwrap(), [3; 100]);
        assert_eq!(opener.part(about_3, three), refused, "behind the last");
        let fourth = About { part: 4, ..*about_3 };
        assert_eq!(opener.part(&fourth, three), refused, "a fourth behind the last");
        assert_eq!(opener.finish(), Ok(()));
    }
}

/// Even one that its sender sealed in good order.
#[test]
fn nothing_is_read_behind_the_last_part() {
    let (from, to) = (oin(1), oin(2));
    let last = about(&from, &to);
    let (secret, key) = keys(Suite::XWing);
    let mut sealer = Sealer::new(&key, last.label, &mut rng()).unwrap();
    let message = sealer.part(&last, b"all", 2_048).unwrap();
    let more = About { part: 2, ..last };
    let behind = sealer.part(&more, b"more", 2_048).unwrap();
    let (mut opener, first) = Opener::new(&secret, last.label, &message).unwrap();
    assert_eq!(opener.part(&last, first).unwrap(), b"all");
    assert_eq!(opener.part(&more, &behind), Err(SealError::Unopened));
}

#[test]
fn a_part_of_another_message_is_refused() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    let (secret, key) = keys(Suite::XWing);
    let (a, b) = (parts(&about, &key), parts(&about, &key));
    let (mut opener, first) = Opener::new(&secret, about.label, &a[0].1).unwrap();
    opener.part(&a[0].0, first).unwrap();
    assert_eq!(opener.part(&b[1].0, &b[1].1), Err(SealError::Unopened));
}

/// What did not fit leaves the message as it was: a smaller content may follow.
#[test]
fn a_part_that_does_not_fit_leaves_the_sealer_as_it_was() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    let (secret, key) = keys(Suite::XWing);
    let mut sealer = Sealer::new(&key, about.label, &mut rng()).unwrap();
    let room = room(&key, 4_096);
    let large = sealer.part(&about, &vec![0; room + 1], 4_096);
    assert_eq!(large, Err(SealError::TooLarge));
    let message = sealer.part(&about, b"x", 4_096).unwrap();
    assert_eq!(open(&secret, &about, &message).unwrap(), b"x");
}

// === Keys ===

#[test]
fn keys_round_trip_and_another_suite_or_length_is_refused() {
    for suite in SUITES {
        let (secret, key) = keys(suite);
        let again = SealSecret::parse(&secret.expose()).unwrap();
        assert_eq!(*again.expose(), *secret.expose());
        assert_eq!(again.public().unwrap().bytes(), key.bytes());
        assert_eq!(SealKey::parse(key.bytes()).unwrap().suite(), suite);
        assert_eq!(secret.expose().len(), SealSecret::LEN);

        let refused = Some(SealError::Key);
        for id in [0, 3, 0xff] {
            let with_id = |bytes: &[u8]| [&[0, id], &bytes[2..]].concat();
            assert_eq!(SealKey::parse(&with_id(key.bytes())).err(), refused);
            assert_eq!(SealSecret::parse(&with_id(&secret.expose())).err(), refused);
        }
        let longer = |bytes: &[u8]| [bytes, &[0]].concat();
        assert_eq!(SealKey::parse(&longer(key.bytes())).err(), refused);
        assert_eq!(SealSecret::parse(&longer(&secret.expose())).err(), refused);
        for len in [0, 1, 2, 33] {
            assert_eq!(SealKey::parse(&key.bytes()[..len]).err(), refused);
            assert_eq!(SealSecret::parse(&secret.expose()[..len]).err(), refused);
        }
    }
    let (_, key) = keys(Suite::X25519);
    let as_xwing = [&[0, 1], &key.bytes()[2..]].concat();
    assert_eq!(SealKey::parse(&as_xwing).err(), Some(SealError::Key));
}

/// Under such a point of X25519 everybody would know the shared secret (RFC 9180, 7.1.4): what
/// cannot be sealed under is no key, so that nothing that must be said later hangs on it.
#[test]
fn a_point_of_small_order_is_no_key() {
    let of_order = |first: u8, rest: u8, last: u8| {
        let mut key = [rest; 32];
        (key[0], key[31]) = (first, last);
        [[0, 2].as_slice(), &key].concat()
    };
    // Orders 4 and 1, 2 and the three encodings that exceed the prime (RFC 7748, section 6.1).
    for (first, rest, last) in
        [(0, 0, 0), (1, 0, 0), (0xec, 0xff, 0x7f), (0xed, 0xff, 0x7f), (0xee, 0xff, 0x7f)]
    {
        let refused = SealKey::parse(&of_order(first, rest, last)).err();
        assert_eq!(refused, Some(SealError::Key), "{first:x} {rest:x}");
    }
    assert!(SealKey::parse(&of_order(9, 0, 0)).is_ok(), "the base point is a key");
}

#[test]
fn keys_and_content_do_not_show_in_debug_output() {
    let (from, to) = (oin(1), oin(2));
    let about = about(&from, &to);
    for suite in SUITES {
        let (secret, key) = keys(suite);
        let sealer = Sealer::new(&key, about.label, &mut rng()).unwrap();
        let message = sealed(&key, &about, b"content", 4_096);
        let (opener, _) = Opener::new(&secret, about.label, &message).unwrap();
        assert_eq!(format!("{secret:?}"), "SealSecret(…)");
        assert_eq!(format!("{key:?}"), format!("SealKey({suite:?})"));
        assert_eq!(format!("{sealer:?} {opener:?}"), "Sealer(…) Opener(…)");
    }
}

#[test]
fn every_error_has_a_stable_reason() {
    assert_eq!(SealError::TooLarge.reason(), Reason::TooLarge);
    for error in [SealError::Key, SealError::Unopened, SealError::Truncated] {
        assert_eq!(error.reason(), Reason::SealInvalid);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_content_that_fits_comes_back(
        content in prop::collection::vec(any::<u8>(), 0..600),
        spare in 0_usize..600,
        xwing in any::<bool>(),
    ) {
        let suite = if xwing { Suite::XWing } else { Suite::X25519 };
        let (from, to) = (oin(1), oin(2));
        let (secret, key) = keys(suite);
        let bytes = suite.overhead() + content.len() + spare;
        let message = sealed(&key, &about(&from, &to), &content, bytes);
        prop_assert_eq!(message.len(), bytes);
        prop_assert_eq!(open(&secret, &about(&from, &to), &message).unwrap(), content);
    }

    #[test]
    fn arbitrary_bytes_do_not_open(
        mut bytes in prop::collection::vec(any::<u8>(), 0..1_500),
        suite in 0_u8..4,
    ) {
        let (from, to) = (oin(1), oin(2));
        if let Some(id) = bytes.first_chunk_mut::<2>() {
            *id = [0, suite];
        }
        for suite in SUITES {
            let (secret, _) = keys(suite);
            let about = about(&from, &to);
            prop_assert_eq!(open(&secret, &about, &bytes), Err(SealError::Unopened));
            let _ = (SealKey::parse(&bytes), SealSecret::parse(&bytes));
            if let Ok((mut opener, first)) = Opener::new(&secret, about.label, &bytes) {
                prop_assert_eq!(opener.part(&about, first), Err(SealError::Unopened));
                prop_assert_eq!(opener.part(&about, &bytes), Err(SealError::Unopened));
            }
        }
    }
}
