use grondslag_proto::head::FoundingLeaf;

use super::*;
use crate::restore::tests::signed;

#[tokio::test]
async fn what_was_asked_before_a_restore_is_refused_and_nothing_is_recorded_of_it() {
    let mut scene = scene(&[]).await;
    let at = scene.clock.now();
    for (from, refused) in [(at.plus_ms(1), true), (at, false)] {
        let leaf = FoundingLeaf { signed: signed(from), recorded_at: from, index: 0 };
        Arc::get_mut(&mut scene.broker).unwrap().foundings = Foundings::of(leaf);
        let before = scene.broker.ledger.size().await.unwrap();
        let routed = scene.route(question(&scene, &["G05"], |_| {})).await;
        let after = scene.broker.ledger.size().await.unwrap();
        assert_eq!(routed.err(), refused.then_some(Reason::AskedBeforeRestore));
        assert_eq!(before == after, refused);
    }
}
