//! Notes, keys and checkpoints that others published.

use super::*;

/// c2sp.org/signed-note, the worked example of a verifier key and a note.
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE_NOTE: &str = "This is an example message.\n\n\
    \u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZX\
    sYjOBH3mFX\
    mRKuwHjG1Yu72IneyaQM=\n";

/// golang.org/x/mod/sumdb/note, documentation and tests: a key, its seed, what it signed.
const PETER_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETER_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n";
const PETER_LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZ\
    InNIuGUgYN1\
    FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

/// c2sp.org/tlog-cosignature, the example of a checkpoint with a cosignature. Its keys were never
/// published, so it only shows the form.
const SOFA: &str = "example.com/behind-the-sofa\n20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4\
    URYN7u5/Zh\
    cyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEh\
    ZCB9dlrDJs\
    X3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

/// A checkpoint of a running log as its witnesses cosigned it in May 2026, with an RFC 6962
/// signature (type 5), one of type 1 and four cosignatures; and the keys that log and witnesses
/// published.
const ARCHE: &str = "arche2025h1.staging.ct.transparency.dev\n1432088532\n\
    U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n\
    \u{2014} arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvs\
    YLfQFX6hoG\
    REPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n\
    \u{2014} arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/\
    27lefwhUkz\
    bC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n\
    \u{2014} transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6U\
    P8nd8/KYTz\
    wZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n\
    \u{2014} witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eeb\
    l8eO0WH+/i\
    EcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n\
    \u{2014} remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DE\
    ZI+aVCIobW\
    X9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n\
    \u{2014} witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8\
    FtEyOUvVr+\
    AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n";
const ARCHE_KEY: &str = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+\
    AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
const ARCHE_WITNESSES: [&str; 4] = [
    "transparency.dev/DEV:witness-little-garden+\
     d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
];

fn vkey(text: &str) -> VerifierKey {
    VerifierKey::parse(text).unwrap()
}

#[test]
fn published_keys_read_and_are_written_as_they_were() {
    let plain = ["TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6", EXAMPLE_KEY];
    for text in plain.into_iter().chain([PETER_KEY, ARCHE_KEY]) {
        assert_eq!(vkey(text).kind, SignatureType::Ed25519);
        assert_eq!(vkey(text).to_string(), text);
    }
    for text in ARCHE_WITNESSES {
        assert_eq!(vkey(text).kind, SignatureType::Cosignature);
        assert_eq!(vkey(text).to_string(), text);
    }
    // Too long, and of a type that nobody assigned; both with the key id that goes with it.
    let bad = [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ];
    for text in bad {
        assert_eq!(VerifierKey::parse(text), Err(CheckpointError::VerifierKey), "{text}");
    }
}

#[test]
fn published_notes_hold_and_changed_ones_do_not() {
    let peter = format!("{PETER_TEXT}\n{PETER_LINE}\n");
    for (note, key) in [(EXAMPLE_NOTE, vkey(EXAMPLE_KEY)), (&peter, vkey(PETER_KEY))] {
        let read = Note::parse(note).unwrap();
        assert_eq!(read.written(), note);
        assert_eq!(read.verify(&key), Ok(()));
        let changed = Note::parse(&note.replacen('i', "j", 1)).unwrap();
        assert_eq!(changed.verify(&key), Err(CheckpointError::BadSignature));
    }
    let other = Note::parse(&peter).unwrap();
    assert_eq!(other.verify(&vkey(EXAMPLE_KEY)), Err(CheckpointError::Unsigned));
}

/// Ed25519 is deterministic: the published seed signs the published bytes.
#[test]
fn we_sign_what_the_published_seed_signed() {
    let seed = note::from_base64(PETER_SEED).unwrap();
    let key = SigningKey::from_bytes(seed[1..].try_into().unwrap());
    let vkey = vkey(PETER_KEY);
    assert_eq!(key.verifying_key().to_bytes(), vkey.key);
    let bytes = statement::sign(&key, PETER_TEXT.as_bytes()).to_vec();
    let line = NoteSignature { name: vkey.name.clone(), id: vkey.id(), bytes };
    assert_eq!(line.line(), PETER_LINE);
}

/// The table of bad messages of golang.org/x/mod/sumdb/note.
#[test]
fn published_malformed_notes_are_refused() {
    let spaced = PETER_LINE.replace("PeterNeumann", "Bad Name");
    let bad = [
        PETER_TEXT.to_owned(),
        format!("{PETER_TEXT}\n"),
        format!("{PETER_TEXT}\n{PETER_LINE}"),
        format!("\u{1}{PETER_TEXT}\n{PETER_LINE}\n"),
        format!("{PETER_TEXT}\n{spaced}\n"),
        format!("{PETER_TEXT}\n{PETER_LINE}\nUnexpected line.\n"),
        format!("\n\n{PETER_LINE}\n"),
        format!("{PETER_TEXT}\n{}\n", PETER_LINE.replace('\u{2014}', "-")),
        format!("{PETER_TEXT}\n\u{2014} PeterNeumann x08goA==\n"),
        format!("{PETER_TEXT}\n{PETER_LINE}\n\n"),
        format!("{PETER_TEXT}\n{PETER_LINE}\r\n"),
    ];
    for note in bad {
        assert_eq!(Note::parse(&note), Err(CheckpointError::NotANote), "{note:?}");
    }
}

#[test]
fn the_published_example_of_a_cosigned_checkpoint_reads() {
    let signed = SignedCheckpoint::parse(SOFA).unwrap();
    assert_eq!(signed.note(), SOFA);
    let head = signed.checkpoint();
    assert_eq!((head.origin.as_str(), head.size), ("example.com/behind-the-sofa", 20_852_163));
    let message = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(signed.cosignature_message(1_679_315_147), message.as_bytes());
    let line = Cosignature::parse(SOFA.lines().last().unwrap()).unwrap();
    assert_eq!(line.at(), Timestamp::from_ms(1_679_315_147_000));
}

/// Formats, key ids and signed bytes of log and witnesses are those of running software.
#[test]
fn a_checkpoint_of_a_running_log_holds_with_its_witnesses() {
    let signed = SignedCheckpoint::parse(ARCHE).unwrap();
    assert_eq!(signed.note(), ARCHE);
    assert_eq!(signed.verify(&vkey(ARCHE_KEY).key), Ok(()));
    let bigger = ARCHE.replacen("1432088532", "1432088533", 1);
    let bigger = SignedCheckpoint::parse(&bigger).unwrap();
    assert_eq!(bigger.verify(&vkey(ARCHE_KEY).key), Err(CheckpointError::BadSignature));
    for text in ARCHE_WITNESSES {
        let VerifierKey { name, key, .. } = vkey(text);
        let at = Some(Timestamp::from_ms(0x6a12_2120 * 1_000));
        assert_eq!(signed.cosigned_by(name.as_str(), &key), at, "{name}");
        assert_eq!(bigger.cosigned_by(name.as_str(), &key), None, "{name}");
    }
}
