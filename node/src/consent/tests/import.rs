//! Custody and measures from a file.

use grondslag_evidence::store::faulty::Fault;
use grondslag_proto::v1::situation::Situation;

use super::*;
use crate::consent::import::Outcome;
use crate::fixture::UNKNOWN;
use crate::recorded::Kind;

fn custody_of(holders: &[v1::Speaker], from: &str, until: &str) -> v1::Situation {
    let situation = v1::CustodySituation {
        holders: holders.to_vec(),
        seen_in: "gezagsregister".into(),
        from_ms: moment(from).ms(),
        until_ms: if until.is_empty() { 0 } else { moment(until).ms() },
    };
    v1::Situation { situation: Some(Situation::Custody(situation)) }
}

fn measure(value: &str, from: &str, until: &str) -> v1::Situation {
    let measure = v1::CourtMeasure {
        value: value.into(),
        court_reference: "C/19/2026/101".into(),
        from_ms: moment(from).ms(),
        until_ms: moment(until).ms(),
    };
    v1::Situation { situation: Some(Situation::Measure(measure)) }
}

/// Of the child: one parent first, later both, and a measure.
fn file() -> Vec<v1::Situation> {
    vec![
        custody_of(&[mother()], "2019-01-01", ""),
        custody_of(&[mother(), father()], "2020-01-01", ""),
        measure("ots", "2026-05-12", "2027-05-12"),
    ]
}

impl Practice {
    async fn import(
        &self,
        subject: &str,
        situations: Vec<v1::Situation>,
        preview: bool,
    ) -> Result<Vec<Outcome>, Reason> {
        let (subject, role) = (subject.into(), "ha.arts".into());
        let request = v1::RecordSituationsRequest { subject, role, situations, preview };
        Register { agency: &self.scene.agency }.situations(&self.doctor, request).await
    }

    async fn situations_recorded(&self) -> usize {
        self.scene.records(Kind::Situation).await.len()
    }
}

#[tokio::test]
async fn what_a_file_says_is_written_down_once_a_leaf_for_each_however_often_it_is_read() {
    let practice = Practice::new().await;
    let written = practice.import(KNOWN, file(), false).await.unwrap();
    assert!(written.iter().all(|one| matches!(one, Outcome::New(Some(_)))), "{written:?}");
    assert_eq!((practice.list().await.len(), practice.situations_recorded().await), (3, 3));
    practice.pass(1);
    let again = practice.import(KNOWN, file(), false).await.unwrap();
    assert_eq!(again, [Outcome::Stands; 3]);
    assert_eq!((practice.list().await.len(), practice.situations_recorded().await), (3, 3));
    assert!(practice.put(Wire::Statement(yes(father()))).await.is_ok(), "custody counts");
    let twice = [file(), file()].concat();
    assert_eq!(practice.import(KNOWN, twice, false).await.unwrap(), [Outcome::Stands; 6]);
}

/// A file of before would open again what was ended here since.
#[tokio::test]
async fn what_differs_since_the_same_day_is_refused_unless_it_ends_a_measure_earlier() {
    let practice = Practice::new().await;
    let put = async |one| practice.import(KNOWN, vec![one], false).await.unwrap();
    assert!(matches!(put(measure("ots", "2025-01-01", "2026-06-01")).await[0], Outcome::New(_)));
    practice.pass(1);
    let later = put(measure("ots", "2025-01-01", "2027-06-01")).await;
    assert_eq!(later, [Outcome::Refused(Reason::ConsentDiffers)]);
    let earlier = put(measure("ots", "2025-01-01", "2026-05-01")).await;
    assert!(matches!(earlier[0], Outcome::New(_)));
    practice.pass(1);
    let first = put(measure("ots", "2025-01-01", "2026-06-01")).await;
    assert_eq!(first, [Outcome::Refused(Reason::ConsentDiffers)], "that stands and does not count");
    put(custody_of(&[mother()], "2020-01-01", "")).await;
    practice.pass(1);
    let other = put(custody_of(&[father()], "2020-01-01", "")).await;
    assert_eq!(other, [Outcome::Refused(Reason::ConsentDiffers)]);
    let Some(Situation::Measure(seen)) = measure("ots", "2028-01-01", "2029-01-01").situation
    else {
        panic!("a measure")
    };
    let court_reference = "C/19\u{1b}[2J".into();
    let escaped = Situation::Measure(v1::CourtMeasure { court_reference, ..seen });
    let refused = put(v1::Situation { situation: Some(escaped) }).await;
    assert_eq!(refused, [Outcome::Refused(Reason::ConsentSource)]);
}

#[tokio::test]
async fn a_look_writes_nothing_down_but_that_somebody_looked() {
    let practice = Practice::new().await;
    let told = practice.import(KNOWN, file(), true).await.unwrap();
    assert_eq!(told, [Outcome::New(None); 3]);
    assert_eq!(practice.situations_recorded().await, 0);
    assert_eq!(practice.scene.records(Kind::ConsentsShown).await.len(), 1);
}

/// Wherever the disk fails, a history stands there whole or not at all.
#[tokio::test]
async fn a_history_is_written_down_in_one_commit() {
    for fault in [Fault::Lost, Fault::Landed] {
        let practice = Practice::new().await;
        practice.scene.store.fail_commit(1, fault);
        let failed = practice.import(KNOWN, file(), false).await;
        assert_eq!(failed, Err(Reason::StoreUnwritable), "{fault:?}");
        let landed = if fault == Fault::Lost { 0 } else { 3 };
        assert_eq!(practice.situations_recorded().await, landed);
        assert_eq!(practice.list().await.len(), landed);
    }
    let practice = Practice::new().await;
    let before = practice.scene.store.commits();
    practice.import(KNOWN, file(), false).await.unwrap();
    assert_eq!(practice.scene.store.commits() - before, 1);
    assert_eq!(practice.situations_recorded().await, 3);
}

#[tokio::test]
async fn one_wrong_row_keeps_the_others_out_and_each_is_told_why() {
    let practice = Practice::new().await;
    let nobody = v1::Speaker { agency_oin: "00000099000000009000".into(), ..Default::default() };
    let now = Situation::Measure(v1::CourtMeasure {
        value: "ots".into(),
        court_reference: "C/19".into(),
        ..Default::default()
    });
    let wrong: Vec<(v1::Situation, Reason)> = vec![
        (custody_of(&[child()], "2019-03-01", ""), Reason::ConsentCapacity),
        (custody_of(&[nobody], "2019-02-01", ""), Reason::UnknownAgency),
        (measure("otz", "2026-05-12", "2027-05-12"), Reason::UnknownFact),
        (measure("ots", "2026-05-12", "2026-05-12"), Reason::ConsentTerm),
        (v1::Situation { situation: Some(now) }, Reason::ImportRowBad),
        (v1::Situation::default(), Reason::Malformed),
        (custody_of(&[father()], "2020-01-01", ""), Reason::ImportRowBad),
        (custody_of(&[father()], "2018-01-01", ""), Reason::ConsentTerm),
    ];
    let reasons: Vec<Outcome> = wrong.iter().map(|(_, one)| Outcome::Refused(*one)).collect();
    let rows = file().into_iter().take(2).chain(wrong.into_iter().map(|(row, _)| row)).collect();
    let told = practice.import(KNOWN, rows, false).await.unwrap();
    assert_eq!(told[..2], [Outcome::New(None); 2]);
    assert_eq!(told[2..], reasons);
    assert_eq!(practice.situations_recorded().await, 0, "nothing was written down");
}

#[tokio::test]
async fn who_may_not_write_or_of_whom_is_refused_as_at_the_desk_and_so_is_too_much() {
    let practice = Practice::new().await;
    for (subject, reason) in [
        (UNKNOWN, Reason::ClientUnknown),
        ("123456789", Reason::BsnInvalid),
        ("111222333", Reason::BsnNotAdmitted),
    ] {
        for preview in [true, false] {
            assert_eq!(practice.import(subject, file(), preview).await, Err(reason), "{subject}");
        }
    }
    let many = vec![measure("ots", "2026-05-12", "2027-05-12"); 65];
    assert_eq!(practice.import(KNOWN, many, true).await, Err(Reason::TooLarge));
    let request = v1::RecordSituationsRequest {
        subject: KNOWN.into(),
        role: "ha.fg".into(),
        ..Default::default()
    };
    let register = Register { agency: &practice.scene.agency };
    let refused = register.situations(&practice.doctor, request).await;
    assert_eq!(refused, Err(Reason::ConsentRole));
}

/// Room for what opens is kept to half, also over the rows of one file.
#[tokio::test]
async fn a_file_that_does_not_fit_is_refused_whole() {
    let practice = Practice::new().await;
    let start = moment("2020-01-01");
    let day = |days: i64| {
        let mut row = measure("ots", "2020-01-01", "2020-01-02");
        if let Some(Situation::Measure(measure)) = &mut row.situation {
            measure.from_ms = start.plus_ms(days * 86_400_000).ms();
            measure.until_ms = start.plus_ms((days + 1) * 86_400_000).ms();
        }
        row
    };
    let rows = |from: i64, count: i64| (from..from + count).map(day).collect::<Vec<_>>();
    for from in [0, 64, 128] {
        practice.import(KNOWN, rows(from, 64), false).await.unwrap();
    }
    practice.import(KNOWN, rows(192, 62), false).await.unwrap();
    let told = practice.import(KNOWN, rows(254, 3), false).await.unwrap();
    assert_eq!(told[..2], [Outcome::New(None); 2]);
    assert_eq!(told[2], Outcome::Refused(Reason::ConsentsFull));
    assert_eq!(practice.list().await.len(), 254);
    assert!(practice.import(KNOWN, rows(254, 2), false).await.is_ok(), "the control");
}
