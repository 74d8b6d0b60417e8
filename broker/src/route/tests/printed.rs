//! What is not printed: the broker's keys, and the number that a question hides.

use grondslag_proto::v1;

use super::*;
use crate::route::record::Recorded;

/// As a derived `Debug` would write bytes.
fn listed(bytes: &[u8]) -> String {
    format!("{:?}", &bytes[..8]).trim_matches(['[', ']']).to_owned()
}

#[tokio::test]
async fn neither_keys_nor_hidden_numbers_show_in_debug_output() {
    let scene = scene(&[]).await;
    let broker = &scene.broker;
    let (inquiry, targets, decided) =
        scene.route(question(&scene, &["G05"], |_| {})).await.unwrap();
    let hidden = inquiry.hidden();
    let one = decided[0].clone();
    let Evidence { leaf, salt, recorded_at, index, .. } = one.evidence.clone();
    let recorded = Recorded { rulings: one.rulings, leaf, salt, at: recorded_at, index };
    let wire = v1::Attestation::from(&one.evidence);
    let printed = [
        format!("{broker:?} {broker:#?}"),
        format!("{:?} {:#?}", broker.chain, broker.chain),
        format!("{inquiry:?} {inquiry:#?}"),
        format!("{targets:?} {targets:#?}"),
        format!("{decided:?} {decided:#?}"),
        format!("{recorded:?} {recorded:#?} {wire:?} {wire:#?}"),
        format!("{:?} {:?} {:?}", scene.seal, scene.own, scene.inbound),
    ];
    let secrets = [
        listed(&broker.sign_key.to_bytes()),
        listed(&*scene.own.expose()),
        listed(&scene.seal.expose()[2..]),
        listed(&hidden.one.bytes()),
        listed(&hidden.two[0].bytes()),
        listed(&inquiry.parts()[0].1.detail),
        listed(&one.evidence.salt),
        listed(decided[0].pair.as_ref().unwrap()),
    ];
    for text in &printed {
        let shown = secrets.iter().find(|secret| text.contains(secret.as_str()));
        assert_eq!(shown, None, "{text}");
    }
}
