mod published;

use ed25519_dalek::SigningKey;
use proptest::prelude::*;

use super::*;
use crate::clock::Timestamp;
use crate::limits::{NOTE_BYTES_MAX, ORIGIN_CHARS_MAX, SIGNATURES_MAX, WITNESSES_MAX};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> [u8; 32] {
    key(seed).verifying_key().to_bytes()
}

fn name(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

fn head(size: u64) -> Checkpoint {
    Checkpoint { origin: name("ab12/1"), size, root: Digest::new([7; 32]) }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1_000)
}

/// Signed by the log, cosigned by two witnesses.
fn cosigned() -> SignedCheckpoint {
    let signed = head(9).sign(&key(1));
    let first = signed.cosign(&name("w2"), &key(2), at(100));
    let second = signed.cosign(&name("w3"), &key(3), at(101));
    signed.with(&first).unwrap().with(&second).unwrap()
}

#[test]
fn a_log_s_signature_holds_for_its_key_its_name_and_its_text_only() {
    let signed = head(9).sign(&key(1));
    assert_eq!(signed.verify(&public(1)), Ok(()));
    assert_eq!(signed.verify(&public(2)), Err(CheckpointError::Unsigned));
    let bigger = signed.note().replacen("\n9\n", "\n10\n", 1);
    let bigger = SignedCheckpoint::parse(&bigger).unwrap();
    assert_eq!(bigger.verify(&public(1)), Err(CheckpointError::BadSignature));
    let renamed = signed.note().replace("ab12/1", "ab12/2");
    let renamed = SignedCheckpoint::parse(&renamed).unwrap();
    assert_eq!(renamed.verify(&public(1)), Err(CheckpointError::Unsigned));
}

/// The key id of a small-order key can be made as that of any other.
#[test]
fn a_log_key_of_small_order_signs_nothing() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut bytes = vec![0; 64];
    bytes[0] = 1;
    let vkey = VerifierKey::new(name("ab12/1"), SignatureType::Ed25519, identity);
    let signature = NoteSignature { name: name("ab12/1"), id: vkey.id(), bytes };
    let note = Note { text: head(9).text(), signatures: vec![signature] };
    let signed = SignedCheckpoint::parse(&note.written()).unwrap();
    assert_eq!(signed.verify(&identity), Err(CheckpointError::BadSignature));
}

#[test]
fn a_cosignature_holds_for_its_witness_its_time_and_its_head_only() {
    let signed = cosigned();
    assert_eq!(signed.cosigned_by("w2", &public(2)), Some(at(100)));
    assert_eq!(signed.cosigned_by("w3", &public(3)), Some(at(101)));
    assert_eq!(signed.cosigned_by("w2", &public(3)), None);
    assert_eq!(signed.cosigned_by("w4", &public(2)), None);
    assert_eq!(signed.cosigned_by("not a name", &public(2)), None);

    // On another head, or at another time, the same line is worth nothing.
    let line = signed.cosign(&name("w2"), &key(2), at(100));
    let moved = head(10).sign(&key(1)).with(&line).unwrap();
    assert_eq!(moved.cosigned_by("w2", &public(2)), None);
    let id = line.as_signature().id;
    let later = Cosignature::new(line.name().clone(), id, 101, *line.signature());
    assert_eq!(head(9).sign(&key(1)).with(&later).unwrap().cosigned_by("w2", &public(2)), None);
}

/// The log's key could also be a witness's: what it signed as the one never counts as the other.
#[test]
fn a_log_s_signature_is_no_cosignature_and_the_other_way_round() {
    let signed = head(9).sign(&key(1));
    assert_eq!(signed.cosigned_by("ab12/1", &public(1)), None);
    let line = signed.cosign(&name("ab12/1"), &key(1), at(100));
    let mut only = signed.clone().with(&line).unwrap();
    only.note.signatures.remove(0);
    assert_eq!(only.verify(&public(1)), Err(CheckpointError::Unsigned));
    assert_eq!(only.cosigned_by("ab12/1", &public(1)), Some(at(100)));
}

#[test]
fn a_witness_s_newer_cosignature_takes_the_place_of_its_older_one() {
    let signed = cosigned();
    let newer = signed.cosign(&name("w2"), &key(2), at(500));
    let lines = signed.note().lines().count();
    let signed = signed.with(&newer).unwrap();
    assert_eq!(signed.note().lines().count(), lines);
    assert_eq!(signed.cosigned_by("w2", &public(2)), Some(at(500)));
    assert_eq!(signed.cosigned_by("w3", &public(3)), Some(at(101)));
    assert_eq!(signed.verify(&public(1)), Ok(()));
}

/// Somebody could add a line under a witness's name and key id: the whole then counts for nothing,
/// as signed notes ask for.
#[test]
fn one_false_line_of_a_witness_spoils_its_true_one() {
    let mut signed = cosigned();
    let mut forged = signed.note.signatures[1].clone();
    forged.bytes[70] ^= 1;
    signed.note.signatures.push(forged);
    assert_eq!(signed.cosigned_by("w2", &public(2)), None);
    let mut forged = signed.note.signatures[0].clone();
    forged.bytes[0] ^= 1;
    signed.note.signatures.push(forged);
    assert_eq!(signed.verify(&public(1)), Err(CheckpointError::BadSignature));
}

/// A foreign line of a plain signature's length is no cosignature, and is counted all the same.
#[test]
fn cosignatures_are_told_apart_from_the_log_s_own_signature_and_from_strange_lines() {
    let mut signed = cosigned();
    let told = |signed: &SignedCheckpoint| -> Vec<(String, Timestamp)> {
        signed.cosignatures().map(|one| (one.name().to_string(), one.at())).collect()
    };
    let both = [("w2".to_owned(), at(100)), ("w3".to_owned(), at(101))];
    assert_eq!((told(&signed), signed.signatures()), (both.to_vec(), 3));
    let strange = NoteSignature { name: name("w4"), id: [4; 4], bytes: vec![4; 64] };
    signed.note.signatures.push(strange);
    assert_eq!((told(&signed), signed.signatures()), (both.to_vec(), 4));
    // The log's own name never witnesses itself.
    let own = signed.cosign(&name("ab12/1"), &key(1), at(102));
    let signed = signed.with(&own).unwrap();
    assert_eq!((told(&signed), signed.signatures()), (both.to_vec(), 5));
    assert_eq!(told(&signed.bare()), []);
}

#[test]
fn a_cosignature_travels_as_its_line() {
    let line = cosigned().cosign(&name("w2"), &key(2), at(77));
    assert_eq!(Cosignature::parse(&line.line()), Ok(line.clone()));
    assert_eq!((line.name().as_str(), line.at()), ("w2", at(77)));
    // A log's line has another length.
    let log = head(9).sign(&key(1)).note.signatures[0].line();
    assert_eq!(Cosignature::parse(&log), Err(CheckpointError::NotANote));
    // A time that no calendar holds.
    let mut far = line.as_signature();
    far.bytes[0] = 0x7f;
    assert_eq!(Cosignature::parse(&far.line()), Err(CheckpointError::NotANote));
    // A clock before 1970 is a clock at 1970: the format has no other.
    let early = cosigned().cosign(&name("w2"), &key(2), at(-5));
    assert_eq!(early.at(), at(0));
}

/// Whatever reads as a checkpoint is written back as it was, and what is no longer the same text
/// is no longer signed.
#[test]
fn every_flipped_bit_is_refused_or_shows() {
    let note = cosigned().note();
    let mut read = 0;
    for index in 0..note.len() {
        for bit in 0..8 {
            let mut bytes = note.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Ok(signed) = SignedCheckpoint::parse(&text) else { continue };
            read += 1;
            assert_eq!(signed.note(), text, "byte {index} bit {bit}");
            let all = [("w2", public(2)), ("w3", public(3))];
            let holds = signed.verify(&public(1)).is_ok()
                && all.iter().all(|(name, key)| signed.cosigned_by(name, key).is_some());
            assert!(!holds, "byte {index} bit {bit} changed nothing");
        }
    }
    // Without any that reads, the check above would have checked nothing.
    assert!(read > 100, "{read}");
}

#[test]
fn every_cut_is_refused_or_has_fewer_signatures() {
    let note = cosigned().note();
    let whole: Vec<usize> = (0..note.len())
        .filter(|cut| note.get(..*cut).is_some_and(|cut| SignedCheckpoint::parse(cut).is_ok()))
        .collect();
    let ends: Vec<usize> = note.match_indices('\n').map(|(at, _)| at + 1).collect();
    assert_eq!(whole, ends[4..ends.len() - 1], "only after a whole signature line");
}

#[test]
fn sizes_roots_and_lines_have_one_form() {
    let good = "ab12/1\n9\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n";
    assert_eq!(Checkpoint::parse(good), Ok(head(9)));
    assert_eq!(head(9).text(), good);
    for size in ["09", "+9", "-9", " 9", "9 ", "", "0x9", "9.0", "18446744073709551616", "٩"] {
        let text = good.replacen("\n9\n", &format!("\n{size}\n"), 1);
        assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::NotACheckpoint), "{size}");
    }
    for (size, text) in [(0, "0"), (u64::MAX, "18446744073709551615")] {
        let text = good.replacen("\n9\n", &format!("\n{text}\n"), 1);
        assert_eq!(Checkpoint::parse(&text), Ok(head(size)));
    }
    let roots = [
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc", // no padding
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwd=", // bits left over
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw==", // 31 bytes
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH", // 33 bytes
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= ", // a space
        "-_cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", // the other alphabet
    ];
    for root in roots {
        let text = format!("ab12/1\n9\n{root}\n");
        assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::NotACheckpoint), "{root}");
    }
    let lines = ["", "\n", "ab12/1\n", "ab12/1\n9\n", &format!("{good}extension\n"), &good[..40]];
    for text in lines {
        assert_eq!(Checkpoint::parse(text), Err(CheckpointError::NotACheckpoint), "{text}");
    }
}

#[test]
fn names_hold_no_space_plus_or_control_character_and_are_bounded() {
    let longest = "x".repeat(ORIGIN_CHARS_MAX);
    for good in ["a", "example.com/log42", "é", longest.as_str()] {
        assert_eq!(Origin::parse(good).unwrap().as_str(), good);
    }
    let long = format!("{longest}x");
    for bad in ["", " ", "a b", "a+b", "a\nb", "a\u{a0}b", "a\u{2003}b", "a\u{7f}", "\u{85}", &long]
    {
        assert_eq!(Origin::parse(bad), Err(CheckpointError::Name), "{bad:?}");
        let json = serde_json::to_string(bad).unwrap();
        assert!(serde_json::from_str::<Origin>(&json).is_err());
    }
}

#[test]
fn notes_are_bounded_before_anything_is_read() {
    let signed = head(9).sign(&key(1));
    let line = signed.note.signatures[0].line();
    let most = format!("{}\n{}", head(9).text(), format!("{line}\n").repeat(SIGNATURES_MAX));
    assert!(SignedCheckpoint::parse(&most).is_ok());
    let more = format!("{most}{line}\n");
    assert_eq!(SignedCheckpoint::parse(&more), Err(CheckpointError::TooLarge));
    let full = SignedCheckpoint::parse(&most).unwrap();
    let cosignature = full.cosign(&name("w2"), &key(2), at(1));
    assert_eq!(full.with(&cosignature), Err(CheckpointError::TooLarge));
    let huge = "A".repeat(NOTE_BYTES_MAX + 1);
    assert_eq!(SignedCheckpoint::parse(&huge), Err(CheckpointError::TooLarge));
    let long_line = format!("{}\n\u{2014} w {}\n", head(9).text(), "A".repeat(NOTE_BYTES_MAX));
    assert_eq!(SignedCheckpoint::parse(&long_line), Err(CheckpointError::TooLarge));
    // A note that is nearly full takes no signature that it could not be read with.
    let nearly = format!("{}\n\u{2014} w {}\n", head(9).text(), "A".repeat(NOTE_BYTES_MAX - 200));
    let nearly = SignedCheckpoint::parse(&nearly).unwrap();
    let cosignature = nearly.cosign(&name(&"x".repeat(128)), &key(2), at(1));
    assert_eq!(nearly.with(&cosignature), Err(CheckpointError::TooLarge));
}

/// A log's signature and those of all witnesses, of before and after all of them changed keys.
#[test]
fn a_note_has_room_for_every_witness_twice() {
    const { assert!(2 * WITNESSES_MAX < SIGNATURES_MAX) };
    let longest = "x".repeat(ORIGIN_CHARS_MAX - 2);
    let mut signed = head(9).sign(&key(1));
    for number in 0..62u8 {
        let name = name(&format!("{longest}{number:02}"));
        let cosignature = signed.cosign(&name, &key(number + 2), at(1));
        signed = signed.with(&cosignature).unwrap();
    }
    assert_eq!(SignedCheckpoint::parse(&signed.note()), Ok(signed));
}

#[test]
fn verifier_keys_have_one_form() {
    let vkey = VerifierKey::new(name("w2"), SignatureType::Cosignature, public(2));
    let text = vkey.to_string();
    assert_eq!(VerifierKey::parse(&text), Ok(vkey.clone()));
    for cut in 0..text.len() {
        assert!(VerifierKey::parse(&text[..cut]).is_err(), "cut at {cut}");
        assert!(VerifierKey::parse(&text[cut + 1..]).is_err(), "from {}", cut + 1);
        let mut bytes = text.clone().into_bytes();
        bytes[cut] ^= 1;
        assert!(VerifierKey::parse(&String::from_utf8(bytes).unwrap()).is_err(), "byte {cut}");
    }
    let upper = text.replacen(&hex::encode(vkey.id()), &hex::encode_upper(vkey.id()), 1);
    assert_ne!(upper, text, "this key id has letters");
    assert_eq!(VerifierKey::parse(&upper), Err(CheckpointError::VerifierKey));
    assert!(VerifierKey::parse(&format!("{text}\n")).is_err());
}

proptest! {
    #[test]
    fn what_is_signed_and_cosigned_reads_back(
        origin in "[a-z0-9./:]{1,128}",
        witness in "[^\\s\\p{C}+]{1,128}",
        size: u64,
        root: [u8; 32],
        seeds: [u8; 2],
        seconds in 0i64..1 << 40,
    ) {
        let head = Checkpoint { origin: name(&origin), size, root: Digest::new(root) };
        prop_assert_eq!(Checkpoint::parse(&head.text()), Ok(head.clone()));
        let signed = head.sign(&key(seeds[0]));
        let line = signed.cosign(&name(&witness), &key(seeds[1]), at(seconds));
        let signed = signed.with(&line).unwrap();
        let read = SignedCheckpoint::parse(&signed.note()).unwrap();
        prop_assert_eq!(&read, &signed);
        prop_assert_eq!(read.checkpoint(), &head);
        prop_assert_eq!(read.verify(&public(seeds[0])), Ok(()));
        prop_assert_eq!(read.cosigned_by(&witness, &public(seeds[1])), Some(at(seconds)));
    }

    /// Sizes with leading zeroes, roots and signatures with bits left over: what has two forms is
    /// refused, and the rest is written back.
    #[test]
    fn whatever_reads_is_written_back_as_it_was(
        size in "[0-9]{1,3}",
        root in "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048BC]=",
        lines in "(\u{2014} [a-z]{1,3} [A-Za-z0-9+/]{8}([A-Za-z0-9+/][AQgwB]==)?\n){1,3}",
    ) {
        let text = format!("ab12/1\n{size}\n{root}\n\n{lines}");
        let has_two_forms = size.len() > 1 && size.starts_with('0')
            || root.ends_with("B=") || root.ends_with("C=") || text.contains("B==");
        let read = SignedCheckpoint::parse(&text);
        prop_assert_eq!(read.is_err(), has_two_forms, "{:?}", read);
        if let Ok(signed) = read {
            prop_assert_eq!(signed.note(), text);
        }
    }
}
