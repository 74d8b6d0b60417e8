//! What an agency reads back, and what it does not.

use grondslag_core::canonical::Reader;
use grondslag_proto::v1;

use super::*;
use crate::reading::{Wanted, read};

const OTHER: &str = "00000099000000003000";

fn all() -> v1::ListRecordsRequest {
    v1::ListRecordsRequest::default()
}

async fn shown(
    scene: &Scene,
    who: &str,
    wanted: v1::ListRecordsRequest,
) -> Result<v1::ListRecordsResponse, Reason> {
    read(&scene.broker, &oin(who), &Wanted::try_from(wanted)?).await
}

async fn size(scene: &Scene) -> u64 {
    scene.broker.ledger.size().await.unwrap()
}

async fn asked(scene: &Scene, number: u8) -> TargetId {
    let id = InquiryId::new([number; 16]);
    let person = |header: &mut Header| header.staff = Pseudonym::new([number; 16]);
    let RawInquiry { header, mut parts, .. } = question(scene, &["G05", "G06"], person);
    let raw = sealed(scene, id, header, parts.remove(0).1);
    scene.route(raw).await.unwrap();
    TargetId::derive(&id, &oin(SCHOOL))
}

#[tokio::test]
async fn asker_and_target_read_a_decision_back_and_nobody_else_does() {
    let scene = scene(&[]).await;
    let id = asked(&scene, 3).await;
    for who in [ASKER, SCHOOL] {
        let shown = shown(&scene, who, all()).await.unwrap();
        let [one] = shown.decisions.as_slice() else { panic!("{shown:?}") };
        assert_eq!(one.target_id, id.as_bytes());
        assert_eq!((one.asker_oin.as_str(), one.target_oin.as_str()), (ASKER, SCHOOL));
        assert_eq!((one.role.as_str(), one.purpose.as_str()), ("gi.jeugdbeschermer", "D09"));
        let categories: Vec<&str> = one.rulings.iter().map(|one| one.category.as_str()).collect();
        assert_eq!(categories, ["G05", "G06"]);
        assert!(shown.next.is_empty());
    }
    assert_eq!(shown(&scene, OTHER, all()).await.unwrap().decisions, []);

    // To another agency the id is as one that never was.
    let only =
        |id: &TargetId| v1::ListRecordsRequest { target_id: id.as_bytes().to_vec(), ..all() };
    assert_eq!(shown(&scene, SCHOOL, only(&id)).await.unwrap().decisions.len(), 1);
    let foreign = shown(&scene, OTHER, only(&id)).await;
    let absent = shown(&scene, OTHER, only(&TargetId::new([9; 16]))).await;
    assert_eq!(
        (foreign.unwrap_err(), absent.unwrap_err()),
        (Reason::UnknownInquiry, Reason::UnknownInquiry)
    );
}

#[tokio::test]
async fn every_reading_is_a_leaf_whatever_it_found_and_without_one_nothing_is_shown() {
    let scene = scene(&[]).await;
    let id = asked(&scene, 3).await;
    let only = v1::ListRecordsRequest { target_id: id.as_bytes().to_vec(), ..all() };
    for (who, wanted) in [(SCHOOL, all()), (OTHER, all()), (ASKER, only.clone()), (OTHER, only)] {
        let before = size(&scene).await;
        let _ = shown(&scene, who, wanted).await;
        assert_eq!(size(&scene).await, before + 1, "{who}");
        let leaf = scene.broker.ledger.read(before, 1).await.unwrap().remove(0).leaf;
        let mut fields = Reader::new(&leaf, "grondslag/leaf/records-read/v1").unwrap();
        assert_eq!(fields.text().unwrap(), who);
    }
    scene.store.fail_commit(1, Fault::Lost);
    let refused = shown(&scene, SCHOOL, all()).await.unwrap_err();
    assert!(refused.is_fault(), "{refused:?}");
}

#[tokio::test]
async fn pages_follow_each_other_and_are_bounded() {
    let scene = scene(&[]).await;
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(asked(&scene, number).await.as_bytes().to_vec());
        scene.clock.set(scene.clock.now().plus_ms(1));
    }
    let (mut found, mut after) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let page = v1::ListRecordsRequest { after, limit: 1, ..all() };
        let page = shown(&scene, SCHOOL, page).await.unwrap();
        assert_eq!(page.decisions.len(), 1);
        found.extend(page.decisions.into_iter().map(|one| one.target_id));
        after = page.next;
    }
    assert_eq!(found, ids);
    let last = v1::ListRecordsRequest { after, limit: 1, ..all() };
    assert_eq!(shown(&scene, SCHOOL, last).await.unwrap(), v1::ListRecordsResponse::default());
    let many = Wanted::try_from(v1::ListRecordsRequest { limit: u32::MAX, ..all() }).unwrap();
    assert!(format!("{many:?}").contains("limit: 50"));
    for bad in [
        v1::ListRecordsRequest { after: vec![1; 15], ..all() },
        v1::ListRecordsRequest { target_id: vec![1; 17], ..all() },
    ] {
        assert_eq!(shown(&scene, SCHOOL, bad).await.unwrap_err(), Reason::Malformed);
    }
}

/// What was forgotten is read by nobody, and its keys are gone with it.
#[tokio::test]
async fn a_decision_that_was_forgotten_is_not_read_back() {
    let scene = scene(&[]).await;
    asked(&scene, 3).await;
    let end = scene.clock.now().plus_ms(100 * 365 * 86_400_000);
    records::forget_due(scene.store.as_ref(), &scene.broker.ledger, end).await.unwrap();
    assert_eq!(shown(&scene, SCHOOL, all()).await.unwrap().decisions, []);
    for prefix in ["ra/", "rt/"] {
        let left = scene.store.scan(prefix.as_bytes(), None, 10).await.unwrap();
        assert_eq!(left.len(), 0, "{prefix}");
    }
}
