//! Too many questions on one day: at the asker's own node, and at the broker when that node does
//! not count.

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Pseudonym;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};

use super::approvals::{INVESTIGATION, approved};
use crate::stage::{DOCTOR, NOBODY, NOW, SAFETY, SCHOOL, VT, wish};

async fn region() -> Result<Federation> {
    Setup::of([VT, SCHOOL, DOCTOR]).at(NOW).budget(2).start().await
}

/// Two questions go out and a third does not: no node hears of it. A second person lets it go, and
/// the next day begins anew.
#[test]
fn over_budget_a_question_needs_a_second_person_and_the_privacy_officer_sees_it() -> Result<()> {
    run(async {
        let federation = region().await?;
        let plea = Plea { subject: NOBODY, ..INVESTIGATION };
        let (first, second) =
            (federation.desk(VT, "onderzoeker-1")?, federation.desk(VT, "onderzoeker-2")?);
        let asked = wish(&federation, &plea, &[DOCTOR])?;
        for _ in 0..2 {
            assert_eq!(first.ask(asked.clone()).await?.refusal, None);
        }
        let before = federation.broker_store().commits();
        let refused = first.ask(asked.clone()).await?;
        assert_eq!((refused.refusal, refused.lines), (Some(Reason::BudgetExceeded), vec![]));
        let draft = first.draft(asked.clone()).await?;
        assert_eq!(first.send(&draft).await?.refusal, Some(Reason::BudgetExceeded));
        assert_eq!(federation.broker_store().commits(), before, "nothing was sent");

        let shown = second.show(&draft).await?;
        let signatures = second.sign(&shown).map_err(anyhow::Error::msg)?;
        second.approve(&draft, "vt.onderzoeker", signatures).await?;
        let together = first.send(&draft).await?;
        assert_eq!(together.refusal, None);
        assert_eq!(together.closed.context("closed")?.replied, 1);

        let officer = federation.world().privacy_officer(VT)?.id.clone();
        let patterns = federation.desk(VT, &officer)?.patterns(0).await?;
        let [one] = patterns.as_slice() else { anyhow::bail!("{patterns:?}") };
        assert_eq!((one.staff_id.as_str(), one.purpose.as_str()), ("onderzoeker-1", "D06"));
        assert_eq!((one.day.as_str(), one.questions, one.over_budget), ("2026-06-24", 3, 1));
        assert_eq!((one.replies, one.neutral), (1, 1), "the child is known to nobody");
        assert_eq!(one.flags, ["over_80_percent"]);
        let turned = first.patterns(0).await.err().context("an asker reads patterns")?;
        assert_eq!(turned.reason(), Reason::RoleNotHeld);

        federation.set_clock(Timestamp::parse("2026-06-25T10:00")?);
        assert_eq!(first.ask(asked).await?.refusal, None);
        Ok(())
    })
}

/// A node that does not count is counted by the broker: per person, and per agency whatever
/// pseudonyms it makes up. What was asked before may be asked again.
#[test]
fn the_broker_counts_for_itself() -> Result<()> {
    run(async {
        let federation = region().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        let wire = |staff: u8| -> Result<v1::AskRequest> {
            let mut sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            sketch.header.staff = Pseudonym::new([staff; 16]);
            sketch.sign(&vt.key)?;
            sketch.to_wire()
        };
        let first = wire(1)?;
        assert_eq!(vt.ask(&channel, first.clone()).await?.refusal, None);
        assert_eq!(vt.ask(&channel, wire(1)?).await?.refusal, None);
        let third = vt.ask(&channel, wire(1)?).await?;
        assert_eq!(third.refusal, Some(Reason::BudgetExceeded));
        assert!(third.decided.is_empty() && third.replied.is_empty(), "{third:?}");
        assert_eq!(vt.ask(&channel, first).await?.refusal, None, "asked before");

        for staff in [2, 3] {
            assert_eq!(vt.ask(&channel, wire(staff)?).await?.refusal, None);
        }
        let fifth = vt.ask(&channel, wire(5)?).await?;
        assert_eq!(fifth.refusal, Some(Reason::BudgetExceeded), "the whole agency");

        for _ in 0..5 {
            let sketch = federation.sketch(&vt, &INVESTIGATION, &[SCHOOL])?;
            let sketch = approved(sketch, &vt)?;
            let routed = vt.ask(&channel, sketch.to_wire()?).await?;
            assert_eq!(routed.refusal, None, "with a second person");
        }
        Ok(())
    })
}
