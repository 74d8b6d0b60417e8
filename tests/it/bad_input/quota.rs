//! The key holder's own bound on questions: whatever a broker lets through, it makes no more than
//! so many steps a day for one agency.

use anyhow::Result;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_tests::federation::hand::{Hand, Plea, Routed};
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{GI, HEALTH, NOW, SAFETY, SCHOOL, VT};

/// A question of a guardian, who has a quota of its own.
const MEASURE: Plea<'static> = Plea {
    role: "gi.jeugdbeschermer",
    purpose: "D09",
    query_kind: "Q02",
    facts: &[("measure", "ots")],
    ..SAFETY
};

async fn ask(federation: &Federation, hand: &Hand, wire: v1::AskRequest) -> Result<Routed> {
    Ok(hand.ask(&federation.to_broker(hand)?, wire).await?)
}

async fn decided(federation: &Federation) -> Result<usize> {
    let (school, health) =
        (federation.decisions(SCHOOL).await?, federation.decisions(HEALTH).await?);
    Ok(school.len() + health.len())
}

/// Three targets a day. The quota counts targets, each question once however often it is put, each
/// agency apart and each day anew.
#[test]
fn over_the_key_holders_quota_nobody_is_asked() -> Result<()> {
    run(async {
        let region = Setup::of([VT, SCHOOL, HEALTH, GI]).at(NOW).steps_per_day(3);
        let federation = region.start().await?;
        let (vt, gi) = (federation.hand(VT)?, federation.hand(GI)?);
        let wire = |hand: &Hand, plea: &Plea<'_>, targets: &[&str]| {
            federation.sketch(hand, plea, targets).and_then(|sketch| sketch.to_wire())
        };
        let first = wire(&vt, &SAFETY, &[SCHOOL, HEALTH])?;
        for again in [false, true, true] {
            let routed = ask(&federation, &vt, first.clone()).await?;
            assert_eq!((routed.refusal, routed.replied.len()), (None, 2), "again: {again}");
        }
        let before = decided(&federation).await?;
        assert_eq!(before, 2);

        let over = wire(&vt, &SAFETY, &[SCHOOL, HEALTH])?;
        for again in [false, true] {
            let routed = ask(&federation, &vt, over.clone()).await?;
            assert_eq!(routed.refusal, Some(Reason::StepsExceeded), "again: {again}");
            let told = routed.decided.len() + routed.replied.len() + routed.closed.len();
            assert_eq!(told, 0, "again: {again}");
        }
        assert_eq!(decided(&federation).await?, before, "a node was asked");
        let last = ask(&federation, &vt, wire(&vt, &SAFETY, &[SCHOOL])?).await?;
        assert_eq!((last.refusal, last.replied.len()), (None, 1), "one was left");
        let none = ask(&federation, &vt, wire(&vt, &SAFETY, &[SCHOOL])?).await?;
        assert_eq!(none.refusal, Some(Reason::StepsExceeded));
        let old = ask(&federation, &vt, first).await?;
        assert_eq!((old.refusal, old.replied.len()), (None, 2), "what was counted has its result");

        let other = ask(&federation, &gi, wire(&gi, &MEASURE, &[SCHOOL, HEALTH])?).await?;
        assert_eq!((other.refusal, other.replied.len()), (None, 2), "another agency");
        federation.set_clock(Timestamp::parse("2026-06-25T00:00")?);
        let next = ask(&federation, &vt, wire(&vt, &SAFETY, &[SCHOOL, HEALTH])?).await?;
        assert_eq!((next.refusal, next.decided.len()), (None, 2), "the next day");
        Ok(())
    })
}
