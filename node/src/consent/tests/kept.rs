//! How long acts are kept, and what happens when the disk fails.

use grondslag_evidence::records::check;
use grondslag_evidence::store::faulty::Fault;
use grondslag_evidence::store::{Batch, Store as _};

use super::*;
use crate::consent::act::Written;
use crate::consent::page::{self, ENDS, PAGES};
use crate::consent::store::{ACTS, acts_of, entry_of};
use crate::notices::outbox::under_way;
use crate::recorded::Kind;

impl Practice {
    /// How many acts there are: as many on the page as in records, and the same.
    async fn acts(&self) -> usize {
        let (agency, store) = (&self.scene.agency, self.scene.store.as_ref());
        let entry = entry_of(&agency.secret, KNOWN);
        let recorded = acts_of(store, &entry).await.unwrap();
        let mut recorded: Vec<Written> = recorded.into_iter().map(|one| one.written).collect();
        let mut paged = page::read(store, &entry).await.unwrap();
        recorded.sort_by_key(|one| one.id);
        paged.sort_by_key(|one| one.id);
        assert!(recorded == paged, "{} in records, {} paged", recorded.len(), paged.len());
        let all = store.scan(ACTS, None, 100).await.unwrap().len();
        assert_eq!(all, recorded.len());
        all
    }

    async fn acts_after(&self, years: u16, days: u32) -> usize {
        self.scene.clock.set(self.now().plus_calendar(years, days));
        // A round a day, of at most so many records.
        self.scene.agency.forget().await.unwrap();
        self.acts().await
    }
}

#[tokio::test]
async fn acts_are_kept_five_years_from_their_end_and_then_forgotten_with_proof() {
    let practice = Practice::new().await.with_parents().await;
    practice.put(Wire::Statement(yes(mother()))).await.unwrap();
    let father_said = practice.put(Wire::Statement(yes(father()))).await.unwrap();
    practice.put(taken_back(father(), &father_said.id)).await.unwrap();
    assert_eq!(practice.acts().await, 4);
    assert_eq!(practice.acts_after(4, 364).await, 4);
    assert_eq!(practice.acts_after(0, 2).await, 2, "what was taken back, with that");
    assert_eq!(practice.acts_after(0, 200).await, 1, "the other one, six months later");
    assert_eq!(practice.acts_after(9, 0).await, 1, "custody that stands until the child is 18");
    assert_eq!(practice.acts_after(1, 0).await, 0, "five years after that");
}

#[tokio::test]
async fn a_notice_that_never_came_is_kept_as_long_as_its_act() {
    let practice = Practice::new().await.with_parents().await;
    let holder_oins = vec![OWN.into(), GI.into()];
    let brought = v1::ConsentStatement { holder_oins, ..yes(mother()) };
    practice.put(Wire::Statement(brought)).await.unwrap();
    let waiting = async || under_way(practice.scene.store.as_ref()).await.unwrap().len();
    assert_eq!((practice.acts_after(5, 0).await, waiting().await), (2, 1));
    assert_eq!((practice.acts_after(0, 200).await, waiting().await), (1, 0));
}

#[tokio::test]
async fn a_no_is_kept_until_it_is_lifted_and_five_years_more() {
    let practice = Practice::new().await;
    let no = practice.put(Wire::Statement(no(child()))).await.unwrap();
    assert_eq!(practice.acts_after(20, 0).await, 1);
    practice.put(lifted(child(), &no.id)).await.unwrap();
    assert_eq!(practice.acts_after(4, 360).await, 2);
    assert_eq!(practice.acts_after(0, 30).await, 0);
    for room in [PAGES, ENDS] {
        assert!(practice.scene.store.scan(room, None, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_situation_that_another_replaced_is_forgotten_before_that_one() {
    let practice = Practice::new().await.with_parents().await;
    practice.pass(1);
    let ends = practice.now().plus_calendar(1, 0);
    practice
        .put(Wire::Custody(v1::CustodySituation {
            holders: vec![mother()],
            seen_in: "beschikking".into(),
            from_ms: practice.now().ms(),
            until_ms: ends.ms(),
        }))
        .await
        .unwrap();
    assert_eq!(practice.acts_after(4, 364).await, 2);
    assert_eq!(practice.acts_after(0, 3).await, 1, "both parents' custody is gone");
    let yes = practice.put(Wire::Statement(yes(father()))).await;
    assert_eq!(yes.map(drop), Err(Reason::CustodyUnknown));
    assert_eq!(practice.acts_after(1, 3).await, 0);
}

/// A page waits for its record: looked at before the day's round it keeps what the record holds,
/// and is made anew once that is gone.
#[tokio::test]
async fn a_page_is_made_anew_after_its_record_is_gone_and_not_before() {
    let practice = Practice::new().await.with_parents().await;
    practice.put(Wire::Statement(yes(mother()))).await.unwrap();
    practice.scene.clock.set(practice.now().plus_calendar(6, 0));
    page::tidy(&practice.scene.agency).await.unwrap();
    assert_eq!(practice.acts().await, 2, "the record is still there");
    practice.scene.agency.forget().await.unwrap();
    assert_eq!(practice.acts().await, 1);
}

#[tokio::test]
async fn an_act_that_was_not_written_was_not_acknowledged_and_the_next_one_is() {
    for fault in [Fault::Lost, Fault::Landed] {
        let practice = Practice::new().await.with_parents().await;
        practice.scene.store.fail_commit(1, fault);
        let failed = practice.put(Wire::Statement(yes(mother()))).await;
        assert_eq!(failed.map(drop), Err(Reason::StoreUnwritable), "{fault:?}");
        practice.pass(1);
        practice.put(Wire::Statement(yes(mother()))).await.unwrap();
        let acts = practice.list().await;
        assert_eq!(acts.len(), if fault == Fault::Lost { 2 } else { 3 });
    }
}

/// One of the child's records is damaged, whichever: answers read the page, where the yes stands
/// and then its withdrawal.
#[tokio::test]
async fn a_withdrawal_is_written_down_and_sent_beside_a_record_that_cannot_be_read() {
    for place in [0, 1] {
        let practice = Practice::new().await.with_parents().await;
        let holder_oins = vec![OWN.into(), GI.into()];
        let both = v1::ConsentStatement { holder_oins, ..yes(mother()) };
        let given = practice.put(Wire::Statement(both)).await.unwrap();
        let state = async || {
            let acts = practice.list().await;
            acts.into_iter().find(|one| one.id == given.id).map(|one| one.state).unwrap()
        };
        assert_eq!(state().await, "dpv:ConsentGiven");
        let store = practice.scene.store.as_ref();
        let damaged = store.scan(ACTS, None, 2).await.unwrap().remove(place);
        let batch = Batch::new().put(damaged.key.clone(), [7; 32]);
        store.commit(batch).await.unwrap();
        let more = practice.put(Wire::Statement(yes(father()))).await;
        assert_eq!(more.map(drop), Err(Reason::StoreCorrupt), "nothing is opened beside it");
        practice.put(taken_back(mother(), &given.id)).await.unwrap();
        assert_eq!(state().await, "dpv:ConsentWithdrawn");
        assert_eq!(under_way(store).await.unwrap().len(), 2, "the yes and its withdrawal");
        // Once mended the records say the same again.
        store.commit(Batch::new().put(damaged.key, damaged.value)).await.unwrap();
        assert_eq!(practice.acts().await, 3);
    }
}

/// Nothing is given on it either.
#[tokio::test]
async fn beside_a_damaged_page_nothing_is_written_down() {
    let practice = Practice::new().await.with_parents().await;
    let given = practice.put(Wire::Statement(yes(mother()))).await.unwrap();
    let store = practice.scene.store.as_ref();
    let page = store.scan(PAGES, None, 1).await.unwrap().remove(0);
    store.commit(Batch::new().put(page.key, b"none".as_slice())).await.unwrap();
    let back = practice.put(taken_back(mother(), &given.id)).await;
    assert_eq!(back.map(drop), Err(Reason::StoreCorrupt));
    let entry = entry_of(&practice.scene.agency.secret, KNOWN);
    assert_eq!(page::read(store, &entry).await.map(drop), Err(Reason::StoreCorrupt));
}

#[tokio::test]
async fn a_register_that_is_full_says_so_and_a_withdrawal_still_finds_its_place() {
    let practice = Practice::new().await.with_parents().await;
    let mut full = Ok(Vec::new());
    let mut last = Vec::new();
    while let Ok(id) = full {
        last = id;
        full = practice.put(Wire::Statement(yes(mother()))).await.map(|told| told.id);
    }
    assert_eq!(full, Err(Reason::ConsentsFull));
    assert!(practice.put(taken_back(mother(), &last)).await.is_ok());
    assert!(practice.put(Wire::Statement(no(mother()))).await.is_ok());
}

/// Everything that the register ever held of a child: what people said, who they are, a measure,
/// and a notice that never came. The child's number is the last to be looked for.
#[tokio::test]
async fn when_all_terms_are_over_nothing_of_the_child_is_left_and_each_gap_has_its_proof() {
    let practice = Practice::new().await.with_parents().await;
    let holder_oins = vec![OWN.into(), GI.into()];
    practice
        .put(Wire::Statement(v1::ConsentStatement { holder_oins, ..yes(mother()) }))
        .await
        .unwrap();
    let no = practice.put(Wire::Statement(no(father()))).await.unwrap();
    practice.put(lifted(father(), &no.id)).await.unwrap();
    practice
        .put(Wire::Measure(v1::CourtMeasure {
            value: "ots".into(),
            court_reference: "C/18/123456".into(),
            from_ms: moment("2026-09-01").ms(),
            until_ms: moment("2027-09-01").ms(),
        }))
        .await
        .unwrap();
    let scene = &practice.scene;
    let traces = [KNOWN, "Vos", "Terpstra", "gezagsregister", "C/18/123456"];
    for trace in traces {
        assert!(scene.holds(trace).await, "{trace}");
    }
    assert_eq!(practice.acts_after(5, 210).await, 2, "custody and the measure");
    assert!(!scene.holds(KNOWN).await, "the notice went with its act");
    assert_eq!(practice.acts_after(0, 180).await, 1);
    assert!(!scene.holds("C/18/123456").await && scene.holds("gezagsregister").await);
    assert_eq!(practice.acts_after(10, 0).await, 0);
    for trace in traces {
        assert!(!scene.holds(trace).await, "{trace}");
    }
    let (store, ledger) = (scene.store.as_ref(), &scene.agency.ledger);
    let checked = check(store, ledger, &|_, at| at).await.unwrap();
    assert!(checked.findings.is_empty() && checked.forgotten >= 5, "{:?}", checked.findings);
}

/// A notice, and an end of a page, that cannot be read: nobody else's waits for it.
#[tokio::test]
async fn a_row_that_is_none_keeps_no_other_notice_or_page_from_its_end() {
    let practice = Practice::new().await.with_parents().await;
    let store = practice.scene.store.as_ref();
    let bad = [(b"no/short".as_slice(), b"x".as_slice()), (b"no/0123456789abcdef", b"x")];
    let batch = bad.iter().fold(Batch::new(), |batch, (key, value)| batch.put(*key, *value));
    store.commit(batch.put(b"nd/\0", [])).await.unwrap();
    let holder_oins = vec![OWN.into(), GI.into()];
    practice
        .put(Wire::Statement(v1::ConsentStatement { holder_oins, ..yes(mother()) }))
        .await
        .unwrap();
    assert_eq!(under_way(store).await.unwrap().len(), 1, "the others are sent");
    assert_eq!(practice.acts_after(5, 200).await, 1);
    assert!(under_way(store).await.unwrap().is_empty());
    assert!(!practice.scene.holds(KNOWN).await);
    let alarms = practice.scene.records(Kind::Alarm).await.len();
    practice.scene.agency.forget().await.unwrap();
    assert_eq!((alarms, practice.scene.records(Kind::Alarm).await.len()), (2, 2), "once a day");
}
