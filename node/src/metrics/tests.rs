//! A practice that counts what it answered.

use std::sync::Arc;

use grondslag_core::answer::About as Whose;
use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_core::id::TargetId;
use grondslag_core::metrics::Count;
use grondslag_core::tier::Tier;
use grondslag_proto::v1;

use super::service::MetricsDesk;
use super::*;
use crate::answers::{put_for_tests, slots};
use crate::fixture::{Ask, KNOWN, Scene, UNKNOWN, moment};
use crate::staff::Caller;

const OFFICER: &str = "ha.fg";
/// The month in which the practice is asked.
const MONTH: &str = "2026-09";

struct Practice {
    desk: MetricsDesk,
    agency: Arc<Agency>,
    officer: Caller,
    scene: Scene,
}

impl Practice {
    /// A practice that was asked so often about somebody it knows, and so often about nobody.
    async fn asked(known: u8, unknown: u8) -> Self {
        let mut scene = Scene::new().await.with_own_card().await;
        scene.shelf.record("G05", Whose::Child, &[(Tier::T1, "Betrokken.")]);
        *scene.listing.delivered.lock().unwrap() = Some(Vec::new());
        for id in 0..known + unknown {
            let subject = if id < known { KNOWN } else { UNKNOWN };
            let question = scene.question(&Ask::guardian(&["G05"]).id(id).about(subject));
            put_for_tests(&scene.agency, question).await;
        }
        let officer = scene.caller("fg-1", &[OFFICER, "ha.arts"]).await;
        let agency = std::mem::replace(&mut scene.agency, Scene::new().await.agency);
        let agency = Arc::new(agency);
        Self { desk: MetricsDesk::new(Arc::clone(&agency)), agency, officer, scene }
    }

    async fn makes(&self, role: &str, period: &str) -> Result<SignedReport, Reason> {
        let request = v1::MakeMetricsRequest { role: role.into(), period: period.into() };
        self.desk.make(&self.officer, request).await
    }

    async fn month(&self) -> SignedReport {
        self.makes(OFFICER, MONTH).await.unwrap()
    }

    fn at(&self, moment: &str) {
        self.scene.clock.set(crate::fixture::moment(moment));
    }
}

#[tokio::test]
async fn a_report_counts_the_questions_of_its_period_and_what_could_point_at_a_child_in_tens() {
    let practice = Practice::asked(12, 5).await;
    practice.at("2026-10-02");
    let report = practice.month().await.report;
    let count = |name: &str| report.counts[name];
    assert_eq!(count("answered.standard"), Count::Exact(17));
    assert_eq!(count("answered.acute"), Count::Exact(0));
    assert_eq!(count("outcome.verstrekt"), Count::About(10));
    for few in ["outcome.neutraal", "outcome.geweigerd_met_grond", "overdue", "climbed.manager"] {
        assert_eq!(count(few), Count::Few, "{few}");
    }
    // None is told like few: that nothing was refused tells who asked what neutral was.
    let none = Practice::asked(0, 12).await;
    none.at("2026-10-02");
    let none = none.month().await.report;
    assert_eq!(none.counts["outcome.verstrekt"], Count::Few);
    assert_eq!(none.counts.keys().collect::<Vec<_>>(), report.counts.keys().collect::<Vec<_>>());
    // Nobody is in it: neither who was asked about nor who asked.
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains(KNOWN) && !text.contains("fg-1") && !text.contains("jeugdbeschermer"));
    // Another month has none of them.
    practice.at("2026-12-01");
    let later = practice.makes(OFFICER, "2026-10").await.unwrap().report;
    assert_eq!(later.counts["answered.standard"], Count::Exact(0));
    assert_eq!(later.counted.from, later.counted.until.min(report.counted.until));
}

#[tokio::test]
async fn a_report_is_signed_with_the_card_and_with_a_head_and_an_altered_one_does_not_hold() {
    let practice = Practice::asked(1, 0).await;
    practice.at("2026-10-02");
    let signed = practice.month().await;
    assert_eq!(signed.check(&practice.agency.context.region_name()), Ok(()));
    let altered = |change: &dyn Fn(&mut SignedReport)| {
        let mut signed = signed.clone();
        change(&mut signed);
        signed.check(&practice.agency.context.region_name())
    };
    let invalid = Err(Reason::MetricsInvalid);
    for (what, changed) in [
        ("count", altered(&|it| it.report.counts.extend([("asked".into(), Count::Exact(9))]))),
        ("left out", altered(&|it| it.report.counts.retain(|name, _| name != "overdue"))),
        ("period", altered(&|it| it.report.period = "2026-08".parse().unwrap())),
        ("moment", altered(&|it| it.report.made_at = it.report.made_at.plus_ms(1))),
        ("before its end", altered(&|it| it.report.made_at = moment("2026-09-15"))),
        ("entries", altered(&|it| it.report.counted.until += 1)),
        ("who it knows", altered(&|it| it.report.knows.clear())),
        ("form", altered(&|it| it.report.format.push('2'))),
        ("unsigned", altered(&|it| it.signature.clear())),
        ("signature", altered(&|it| it.signature.replace_range(0..2, "00"))),
        ("key", altered(&|it| it.card.card.sign_key = [7; 32])),
        ("agency", altered(&|it| it.report.oin = crate::fixture::oin(crate::fixture::VT))),
        ("head", altered(&|it| it.report.counted.checkpoint.clear())),
    ] {
        assert_eq!(changed, invalid, "{what}");
    }
    assert_eq!(signed.check("another"), Err(Reason::MetricsRegion));
    assert!(signed.report.counted.until > signed.report.counted.from);
}

#[tokio::test]
async fn only_a_privacy_officer_has_it_made_and_of_a_period_that_is_over_and_kept() {
    let practice = Practice::asked(1, 0).await;
    for (role, period, reason) in [
        ("ha.arts", MONTH, Reason::RoleNotHeld),
        ("vt.fg", MONTH, Reason::RoleNotHeld),
        (OFFICER, MONTH, Reason::PeriodBad),
        (OFFICER, "2026-H2", Reason::PeriodBad),
        (OFFICER, "september", Reason::PeriodBad),
    ] {
        assert_eq!(practice.makes(role, period).await.err(), Some(reason), "{role} {period}");
    }
    let made = async || {
        let leaves = practice.agency.ledger.read(0, 1_000).await.unwrap();
        leaves
            .iter()
            .filter(|one| {
                committed(&one.leaf).is_some_and(|(kind, _)| kind == Kind::MetricsMade.label())
            })
            .count()
    };
    assert_eq!(made().await, 0);
    practice.at("2026-10-01");
    practice.month().await;
    assert_eq!(made().await, 1);
    practice.at("2031-10-02");
    let forgotten = practice.makes(OFFICER, MONTH).await.err();
    assert_eq!(forgotten, Some(Reason::PeriodBad), "records of then may be gone");
}

/// A node that was away from one slot to the next says so itself.
#[tokio::test]
async fn slots_in_which_nothing_was_said_are_counted_when_the_term_has_ended() {
    let practice = Practice::asked(1, 1).await;
    // Asked at nine for a day: slots at twelve, sixteen, eight and nine.
    practice.at("2026-09-15T17:00");
    slots::tend(&practice.agency).await.unwrap();
    practice.at("2026-09-16T12:00");
    for _ in 0..3 {
        slots::tend(&practice.agency).await.unwrap();
    }
    practice.at("2026-10-02");
    let counts = practice.month().await.report.counts;
    // All four came too late for who waited, as the broker counts them too.
    assert_eq!((counts["ended"], counts["slots.missed"]), (Count::Exact(2), Count::Exact(8)));
}

fn said(id: u8, at: Timestamp, taken_back: bool) -> Vec<u8> {
    let target_id = TargetId::new([id; 16]);
    let said = serde_json::json!({
        "target_id": target_id, "reply_no": 2, "lines": [], "leaf": 0, "at": at,
        "taken_back": taken_back,
    });
    said.to_string().into_bytes()
}

/// How long people took, what climbed and what ended without an outcome.
#[tokio::test]
async fn what_a_person_was_to_decide_is_counted_by_how_long_it_took() {
    let practice = Practice::asked(15, 0).await;
    let asked = practice.scene.clock.now();
    let mut tally = Tally::new();
    for id in 0..15 {
        let hour = asked.plus_ms(3_600_000);
        tally.add(Kind::Released.label(), &said(id, hour, false)).unwrap();
        // What is said later is not what the asker waited for.
        tally.add(Kind::Released.label(), &said(id, asked.plus_ms(90_000_000), false)).unwrap();
        let climbed = Kind::Climbed.canonical().bytes(&[id; 16]).text("manager").signed(0);
        tally.add(Kind::Climbed.label(), &climbed.finish()).unwrap();
        let ended = Kind::Ended.canonical().bytes(&[id; 16]).text("asker").flag(true);
        let ended = ended.signed(0).signed(0);
        // One of before slots were counted, and one of now.
        tally.add(Kind::Ended.label(), &ended.clone().finish()).unwrap();
        tally.add(Kind::Ended.label(), &ended.number(2).finish()).unwrap();
    }
    for id in 0..2 {
        tally.add(Kind::Released.label(), &said(id, asked, true)).unwrap();
    }
    tally.finish(&practice.agency).await.unwrap();
    let counts = tally.shown();
    assert_eq!(counts["reviewed.standard.2h"], Count::About(10), "two were taken back");
    assert_eq!(counts["reviewed.standard.24h"], Count::Few);
    assert_eq!(counts["climbed.manager"], Count::About(20));
    assert_eq!((counts["overdue"], counts["ended"]), (Count::About(30), Count::Exact(30)));
    assert_eq!(counts["slots.missed"], Count::Exact(30));
    for kind in [Kind::Released, Kind::Climbed, Kind::Ended, Kind::Decision] {
        let damaged = Tally::new().add(kind.label(), b"x");
        assert_eq!(damaged, Err(Reason::StoreCorrupt), "{kind:?}");
    }
}

/// A ground on which little was refused is not so much as named.
#[tokio::test]
async fn refusals_are_counted_per_ground_and_few_of_them_not_named() {
    let practice = Practice::asked(1, 0).await;
    let leaves = practice.agency.ledger.read(0, 1_000).await.unwrap();
    let is_decision =
        |leaf: &[u8]| committed(leaf).is_some_and(|of| of.0 == Kind::Decision.label());
    let decision = leaves.iter().find(|one| is_decision(&one.leaf)).unwrap();
    let opened = open(practice.agency.store.as_ref(), &decision.leaf).await.unwrap();
    let Opening::Opened(opened) = opened else { panic!("it is not opened") };
    let mut body: serde_json::Value = serde_json::from_slice(&opened.body).unwrap();
    body["lines"][0]["outcome"] = "refuse".into();
    let mut tally = Tally::new();
    for (ground, times) in [("bw-7:457", 12), ("jw-7.3.11-1", 3)] {
        body["lines"][0]["basis"]["grounds"] = serde_json::json!([ground]);
        for _ in 0..times {
            tally.add(Kind::Decision.label(), body.to_string().as_bytes()).unwrap();
        }
    }
    let counts = tally.shown();
    let refused = |name: &&String| name.starts_with("refused.");
    assert_eq!(counts.keys().filter(refused).collect::<Vec<_>>(), ["refused.bw-7:457"]);
    assert_eq!(counts["refused.bw-7:457"], Count::About(10));
    assert_eq!(counts["answered.standard"], Count::Exact(15));
}
