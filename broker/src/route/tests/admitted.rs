//! Who is no longer admitted, or not for now.

use super::*;

#[tokio::test]
async fn a_suspended_agency_neither_asks_nor_publishes() {
    let scene = scene(&[]).await;
    let card = scene.broker.directory.signed().into_iter().next().unwrap();
    let folder = scene.operator_folder();
    crate::admin::suspend(&folder, &oin(ASKER)).unwrap();
    scene.broker.directory.refresh().await.unwrap();
    let asked = scene.route(question(&scene, &["G05"], |_| {})).await;
    assert_eq!(asked.unwrap_err(), Reason::AgencySuspended);
    let published = scene.broker.directory.publish(&oin(ASKER), card).await;
    assert_eq!(published, Err(Reason::AgencySuspended));
}

#[tokio::test]
async fn an_admission_that_is_taken_away_shuts_its_agency_out() {
    let scene = scene(&[]).await;
    let folder = scene.operator_folder().join("admissions");
    std::fs::remove_file(folder.join(format!("{ASKER}.json"))).unwrap();
    let before = scene.broker.ledger.size().await.unwrap();
    scene.broker.directory.refresh().await.unwrap();
    let asked = scene.route(question(&scene, &["G05"], |_| {})).await;
    assert_eq!(asked.unwrap_err(), Reason::KindNotAdmitted);
    assert_eq!(scene.broker.ledger.size().await.unwrap(), before + 1, "the change is recorded");
    scene.broker.directory.refresh().await.unwrap();
    assert_eq!(scene.broker.ledger.size().await.unwrap(), before + 1, "once");
}

#[tokio::test]
async fn a_change_that_could_not_be_recorded_counts_and_is_recorded_later() {
    let scene = scene(&[]).await;
    let folder = scene.operator_folder();
    crate::admin::suspend(&folder, &oin(ASKER)).unwrap();
    let before = scene.broker.ledger.size().await.unwrap();
    scene.store.fail_commit(1, Fault::Lost);
    assert!(scene.broker.directory.refresh().await.is_err());
    let asked = scene.route(question(&scene, &["G05"], |_| {})).await;
    assert_eq!(asked.unwrap_err(), Reason::AgencySuspended);
    scene.broker.directory.refresh().await.unwrap();
    assert_eq!(scene.broker.ledger.size().await.unwrap(), before + 1);
}
