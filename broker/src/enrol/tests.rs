//! Enrolment toward a node: the holder of these tests lets ten points of an epoch through.

use grondslag_core::blind::{Element, Evaluated, Secret};
use grondslag_proto::epoch::wire_points;

use grondslag_core::statement::sign;

use super::*;
use crate::epoch::wish::Wish;
use crate::route::tests::{ASKER, EPOCH, SCHOOL, Scene, child, key, oin, rng, scene};

/// A batch that an agency signed.
fn request(scene: &Scene, who: &str, at: (u32, u64), points: &[Element]) -> v1::EnrolRequest {
    let sign_key = match who {
        ASKER => key(1),
        SCHOOL => key(2),
        _ => key(3),
    };
    let ((epoch, number), region, node) = (at, scene.broker.region.as_str(), oin(who));
    let signed = enrolment::signed_bytes(&Batch { region, epoch, node: &node, number }, points);
    let signature = sign(&sign_key, &signed).to_vec();
    v1::EnrolRequest { epoch, number, points: wire_points(points), signature }
}

/// Distinct points that tell nothing.
fn blinded(count: u8) -> Vec<Element> {
    (0..count).map(|_| Element::new(Secret::random(&mut rng()).public()).unwrap()).collect()
}

async fn put(scene: &Scene, number: u64, points: &[Element]) -> Result<Vec<Evaluated>, Reason> {
    let request = request(scene, SCHOOL, (EPOCH, number), points);
    enrol(&scene.broker, &oin(SCHOOL), request).await
}

/// Why it was refused.
async fn refused(scene: &Scene, number: u64, points: &[Element]) -> Option<Reason> {
    put(scene, number, points).await.err()
}

#[tokio::test]
async fn a_batch_is_evaluated_with_a_proof_and_recorded() {
    let scene = scene(&[]).await;
    let points = blinded(3);
    let all = put(&scene, 1, &points).await.unwrap();
    let own = scene.broker.directory.own_key(&oin(SCHOOL)).unwrap();
    let links = scene.broker.chain.links(EPOCH, &oin(SCHOOL), &own).await.unwrap();
    let (node, region) = (oin(SCHOOL), scene.broker.region.as_str());
    let batch = Batch { region, epoch: EPOCH, node: &node, number: 1 };
    assert_eq!(batch.verify(None, &links[0].shuffled, &points, &all[0]), Ok(()));
    let other = Batch { number: 2, ..batch };
    assert!(other.verify(None, &links[0].shuffled, &points, &all[0]).is_err());
    assert_eq!((all.len(), scene.holder.size().await.unwrap()), (1, 1));
}

#[tokio::test]
async fn the_same_batch_twice_gives_the_same_points_and_counts_once() {
    let scene = scene(&[]).await;
    let points = blinded(6);
    let first = put(&scene, 1, &points).await.unwrap();
    for _ in 0..3 {
        assert_eq!(put(&scene, 1, &points).await.unwrap()[0].points, first[0].points);
    }
    assert_eq!(scene.holder.size().await.unwrap(), 1);
    assert_eq!(refused(&scene, 2, &blinded(4)).await, None, "the quota has room");
}

#[tokio::test]
async fn another_batch_under_a_number_that_was_used_is_a_conflict() {
    let scene = scene(&[]).await;
    let points = blinded(2);
    put(&scene, 1, &points).await.unwrap();
    let swapped = [points[1], points[0]];
    for other in [&points[..1], &swapped, &blinded(2)] {
        assert_eq!(refused(&scene, 1, other).await, Some(Reason::ReplayConflict));
    }
    assert_eq!(refused(&scene, 2, &points).await, None);
}

#[tokio::test]
async fn a_quota_holds_for_a_node_and_an_epoch() {
    let scene = scene(&[]).await;
    assert_eq!(refused(&scene, 1, &blinded(9)).await, None);
    let size = scene.holder.size().await.unwrap();
    assert_eq!(refused(&scene, 2, &blinded(2)).await, Some(Reason::QuotaExceeded));
    assert_eq!(scene.holder.size().await.unwrap(), size);
    assert_eq!(refused(&scene, 3, &blinded(1)).await, None);
    assert_eq!(refused(&scene, 4, &blinded(1)).await, Some(Reason::QuotaExceeded));
    let wish = Wish { id: "a".into(), switch_at: scene.broker.clock.now().plus_ms(1_000) };
    scene.broker.epochs.tend(Some(wish)).await.unwrap();
    let next = request(&scene, SCHOOL, (2, 1), &blinded(10));
    assert_eq!(enrol(&scene.broker, &oin(SCHOOL), next).await.err(), None);
}

#[tokio::test]
async fn only_the_current_and_the_next_epoch_are_enrolled_in() {
    let scene = scene(&[]).await;
    for epoch in [0, 2, u32::MAX] {
        let request = request(&scene, SCHOOL, (epoch, 1), &blinded(1));
        let refused = enrol(&scene.broker, &oin(SCHOOL), request).await;
        assert_eq!(refused.err(), Some(Reason::EpochStale), "{epoch}");
    }
    let switch_at = scene.broker.clock.now();
    scene.broker.epochs.tend(Some(Wish { id: "a".into(), switch_at })).await.unwrap();
    assert_eq!(refused(&scene, 1, &blinded(1)).await, Some(Reason::EpochStale), "it is ending");
}

#[tokio::test]
async fn only_a_known_agency_with_a_right_to_the_number_enrols() {
    let scene = scene(&[]).await;
    let ask = async |scene: &Scene, who: &str| {
        let request = request(scene, who, (EPOCH, 1), &blinded(1));
        enrol(&scene.broker, &oin(who), request).await.err()
    };
    assert_eq!(ask(&scene, ASKER).await, None);
    assert_eq!(ask(&scene, "00000099000000007000").await, Some(Reason::UnknownAgency));
    let pack = scene.broker.rules.now();
    let catalogue = pack.catalogue();
    let mut kinds = catalogue.kinds().iter().map(|entry| &entry.id);
    let without = kinds.find(|kind| kind.is_asked() && !catalogue.has_bsn_right(kind));
    scene.admit_as("00000099000000003000", without.unwrap().as_str()).await;
    assert_eq!(ask(&scene, "00000099000000003000").await, Some(Reason::NoBsnRight));
}

#[tokio::test]
async fn what_is_no_list_of_distinct_points_is_refused() {
    let scene = scene(&[]).await;
    let bytes = wire_points(&blinded(1));
    let identity = vec![0; 32];
    let twice = [bytes.as_slice(), &bytes].concat();
    for bad in [vec![], bytes[..31].to_vec(), identity, twice, vec![0xff; 32]] {
        let signature = vec![0; 64];
        let request = v1::EnrolRequest { epoch: EPOCH, number: 1, points: bad, signature };
        let refused = enrol(&scene.broker, &oin(SCHOOL), request).await;
        assert_eq!(refused.err(), Some(Reason::BlindInvalid));
    }
    // None of them used up the number.
    assert_eq!(refused(&scene, 1, &[child(1)]).await, None);
}

#[tokio::test]
async fn nobody_enrols_in_the_name_of_another() {
    let scene = scene(&[]).await;
    let points = blinded(1);
    let signed = request(&scene, SCHOOL, (EPOCH, 1), &points);
    let other = request(&scene, ASKER, (EPOCH, 1), &points).signature;
    let earlier = request(&scene, SCHOOL, (EPOCH, 2), &points).signature;
    let elsewhere = request(&scene, SCHOOL, (EPOCH, 1), &blinded(1)).signature;
    for signature in [other, earlier, elsewhere, vec![0; 64]] {
        let forged = v1::EnrolRequest { signature, ..signed.clone() };
        let refused = enrol(&scene.broker, &oin(SCHOOL), forged).await;
        assert_eq!(refused.err(), Some(Reason::StatementInvalid));
    }
    let without = v1::EnrolRequest { signature: Vec::new(), ..signed.clone() };
    let refused = enrol(&scene.broker, &oin(SCHOOL), without).await;
    assert_eq!(refused.err(), Some(Reason::Malformed));
    assert_eq!(scene.holder.size().await.unwrap(), 0);
    assert!(enrol(&scene.broker, &oin(SCHOOL), signed).await.is_ok());
}

#[tokio::test]
async fn nothing_is_evaluated_that_could_not_be_recorded() {
    use grondslag_evidence::store::faulty::Fault;
    // The number is noted first, then counted and recorded.
    for commit in [1, 2] {
        let scene = scene(&[]).await;
        let points = blinded(2);
        scene.store.fail_commit(commit, Fault::Lost);
        assert!(refused(&scene, 1, &points).await.unwrap().is_fault());
        assert_eq!(scene.holder.size().await.unwrap(), 0);
        assert_eq!(refused(&scene, 1, &points).await, None, "and it can be sent again");
    }
}

#[tokio::test]
async fn an_epoch_that_is_gone_leaves_no_batches_and_counters() {
    let scene = scene(&[]).await;
    put(&scene, 1, &blinded(2)).await.unwrap();
    forget(scene.broker.store.as_ref(), EPOCH).await.unwrap();
    for prefix in [b"en/".as_slice(), b"he/"] {
        assert!(scene.broker.store.scan(prefix, None, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_node_is_shown_what_was_noted_of_its_own_batches_and_of_no_others() {
    let scene = scene(&[]).await;
    let (first, second) = (blinded(3), blinded(2));
    put(&scene, 1, &first).await.unwrap();
    put(&scene, 4, &second).await.unwrap();
    let ask = async |who: &str, epoch: u32, numbers: Vec<u64>| {
        let request = v1::ShowBatchesRequest { epoch, numbers };
        show(&scene.broker, &oin(who), &request).await.unwrap()
    };
    let shown = ask(SCHOOL, EPOCH, vec![4, 2, 1]).await;
    let digest = |points: &[Element]| digest_of(points).as_bytes().to_vec();
    assert_eq!((shown.batches, shown.points), (2, 5));
    assert_eq!(shown.digests, [digest(&second), vec![], digest(&first)]);
    let nothing = |digests| v1::ShowBatchesResponse { digests, ..Default::default() };
    assert_eq!(ask(ASKER, EPOCH, vec![1]).await, nothing(vec![vec![]]));
    assert_eq!(ask(SCHOOL, 2, vec![1]).await, nothing(vec![vec![]]));
    let request = v1::ShowBatchesRequest { epoch: EPOCH, numbers: vec![1; 502] };
    assert_eq!(show(&scene.broker, &oin(SCHOOL), &request).await, Err(Reason::TooLarge));
}
