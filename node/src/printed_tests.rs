//! What is not printed: a node's keys, and whom it knows or asks about.

use grondslag_core::seal::SealSecret;
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::{Canary, OpeningKey};

use crate::asks::wish::Subject;
use crate::fixture::{Ask, CANARY, KNOWN, OWN, Scene, key_of, secrets_of};

/// As a derived `Debug` would write bytes, and as hexadecimal.
fn forms(bytes: &[u8]) -> [String; 2] {
    let list = format!("{:?}", &bytes[..8]);
    [list.trim_matches(['[', ']']).to_owned(), hex::encode(&bytes[..8])]
}

#[tokio::test]
async fn neither_keys_nor_numbers_show_in_debug_output() {
    let scene = Scene::new().await;
    let (agency, question) = (&scene.agency, scene.question(&Ask::guardian(&["G05"])));
    let detail = scene.detail(&question);
    let (seal, opening): (SealSecret, OpeningKey) = secrets_of(OWN);
    let subjects = [
        Subject::Person(Bsn::parse(KNOWN).unwrap()),
        Subject::Canary(Canary::parse(CANARY).unwrap()),
    ];
    let printed = [
        format!("{agency:?} {agency:#?}"),
        format!("{:?} {:#?}", agency.keys, agency.keys),
        format!("{:?} {:?}", agency.keys.opening, agency.keys.seals),
        format!("{:?} {:?}", agency.index, agency.epochs),
        format!("{seal:?} {opening:?}"),
        format!("{question:?} {question:#?}"),
        format!("{detail:?} {detail:#?}"),
        format!("{subjects:?} {subjects:#?}"),
    ];
    let secrets = [
        forms(&question.evidence.salt),
        forms(&question.pair),
        forms(&key_of(OWN).to_bytes()),
        forms(&*agency.keys.opening.expose()),
        forms(&seal.expose()[2..]),
        forms(&*opening.expose()),
        forms(&question.part.detail),
        [KNOWN.to_owned(), CANARY.to_owned()],
        [detail.necessity.clone(), "vt_report".to_owned()],
    ];
    for text in &printed {
        assert!(text.contains('…') || text.contains(".."), "something is left out: {text}");
        let shown = secrets.iter().flatten().find(|secret| text.contains(secret.as_str()));
        assert_eq!(shown, None, "{text}");
    }
}

/// A panic prints what it fails upon.
#[test]
fn a_panic_prints_no_number() {
    let fail = |of: Subject| -> Result<(), Subject> { Err(of) };
    let of = Subject::Person(Bsn::parse(KNOWN).unwrap());
    let panicked = std::panic::catch_unwind(|| fail(of).unwrap()).unwrap_err();
    let said = panicked.downcast_ref::<String>().unwrap();
    assert!(said.contains('…') && !said.contains(KNOWN), "{said}");
}
