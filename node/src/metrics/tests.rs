//! A practice that counts what it answered.

use std::sync::Arc;

use grondslag_core::answer::About as Whose;
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
    // The one at sixteen passed with that of twelve, and that of nine with that of eight.
    assert_eq!((counts["ended"], counts["slots.missed"]), (Count::Exact(2), Count::Exact(4)));
}
