//! What is recorded of a question at its asker and its holders, and what can be done with it: read
//! by who may, held against the ledger, and decided again.

use anyhow::{Context as _, Result};
use grondslag_core::id::TargetId;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_evidence::records::{check, matches};
use grondslag_node::answers::record::DecisionRecord;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{
    DOCTOR, GEM, GI, HEALTH, JADE, NOBODY, NOOR, NOW, POLICE, SAFETY, SCHOOL, VT, records, wish,
};

const AGENCIES: [&str; 7] = [VT, SCHOOL, HEALTH, DOCTOR, GEM, POLICE, GI];
const HOLDERS: [&str; 3] = [SCHOOL, HEALTH, DOCTOR];

async fn region() -> Result<Federation> {
    Setup::of(AGENCIES).at(NOW).start().await
}

/// A fixed sequence that looks like none (splitmix64): the seed of the load.
fn drawn(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

fn pick<T: Copy>(state: &mut u64, of: &[T]) -> Result<T> {
    let at = usize::try_from(drawn(state) % u64::try_from(of.len())?)?;
    of.get(at).copied().context("an item")
}

/// Somebody who may put this plea.
const SAFETY_DESK: (&str, &str) = (VT, "triage-1");

#[test]
fn every_decision_of_a_seeded_load_is_decided_again_alike_and_a_changed_one_is_found() -> Result<()>
{
    run(async {
        let federation = region().await?;
        let desk = federation.desk(SAFETY_DESK.0, SAFETY_DESK.1)?;
        let (mut state, seed) = (2026_u64, 2026_u64);
        for _ in 0..24 {
            let subject = pick(&mut state, &[NOOR, JADE, NOBODY])?;
            let categories: &[&str] =
                pick(&mut state, &[&["G05", "G08"] as &[&str], &["G05"], &["G16", "G24"]])?;
            let plea = Plea { subject, categories, ..SAFETY };
            desk.ask(wish(&federation, &plea, &HOLDERS)?).await?;
        }
        let (mut decided, mut on_somebody, mut found) = (0, 0, 0);
        for holder in HOLDERS {
            let pack = federation.agency(holder)?.pack();
            for decision in federation.decisions(holder).await? {
                let body = decision.opening.context("an opening")?.body;
                let record = DecisionRecord::parse(&body).context("a record")?;
                assert_eq!(record.again(&pack, None), Ok(Vec::new()), "seed {seed}: {holder}");
                decided += 1;
                // The positive control: a record that was made to say something else.
                let mut changed = record.clone();
                for line in changed.lines.iter_mut().filter(|line| line.on.is_some()) {
                    line.tier = if line.tier == Tier::T5 { Tier::T0 } else { Tier::T5 };
                }
                if changed != record {
                    on_somebody += 1;
                    found += usize::from(changed.again(&pack, None).is_ok_and(|d| !d.is_empty()));
                }
            }
            let (store, ledger) =
                (federation.store(holder)?, federation.agency(holder)?.ledger.clone());
            let checked = check(store.as_ref(), &ledger, &|_, at| at).await?;
            assert_eq!(checked.findings, [], "{holder}");
        }
        assert!(decided > 24 && on_somebody > 0, "{decided} {on_somebody}");
        assert_eq!(found, on_somebody, "seed {seed}");
        Ok(())
    })
}

#[test]
fn who_asked_about_a_child_is_told_to_the_holders_privacy_officer_alone() -> Result<()> {
    run(async {
        let federation = region().await?;
        let desk = federation.desk(SAFETY_DESK.0, SAFETY_DESK.1)?;
        let heard = desk.ask(wish(&federation, &SAFETY, &[SCHOOL])?).await?;
        let officer = &federation.world().privacy_officer(SCHOOL)?.id;
        let officer = federation.desk(SCHOOL, officer)?;
        let listed = officer.who_asked(NOOR).await?;
        let id = TargetId::derive(&heard.inquiry.context("an id")?, &federation.oin(SCHOOL)?);
        assert_eq!(listed.len(), 1);
        let decision = listed.first().context("a decision")?;
        assert_eq!(decision.target_id, id.as_bytes());
        assert_eq!(decision.asker_oin, federation.oin(VT)?.to_string());
        assert_eq!((decision.role.as_str(), decision.purpose.as_str()), (SAFETY.role, "D05"));
        assert_eq!(officer.who_asked(NOBODY).await?, []);
        let refused = officer.who_asked("999999999").await.err().context("it was taken")?;
        assert_eq!(refused.reason(), Reason::BsnInvalid);
        let other = federation.desk(VT, "triage-1")?.who_asked(NOOR).await;
        assert_eq!(other.err().context("it was shown")?.reason(), Reason::RoleNotHeld);
        // The two that were taken were recorded before they were answered.
        let looks = records(&federation, SCHOOL, "grondslag/record/decisions-shown/v1").await?;
        assert_eq!(looks.len(), 2);
        Ok(())
    })
}

/// Asker and holder have a processing record with the same trace id, each under an activity of its
/// own, and the asker's says of whom too.
#[test]
fn a_question_is_one_processing_at_its_asker_and_one_at_its_holder() -> Result<()> {
    run(async {
        let federation = region().await?;
        let desk = federation.desk(SAFETY_DESK.0, SAFETY_DESK.1)?;
        let heard = desk.ask(wish(&federation, &SAFETY, &[SCHOOL])?).await?;
        let id = TargetId::derive(&heard.inquiry.context("an id")?, &federation.oin(SCHOOL)?);
        let closed = records(&federation, VT, "grondslag/record/closed/v1").await?;
        let closed: serde_json::Value = serde_json::from_slice(closed.first().context("one")?)?;
        let own = closed.pointer("/processing/0").context("a processing")?;
        assert_eq!(own.get("trace_id"), Some(&serde_json::json!(id)));
        assert!(own.pointer("/subject/id").is_some());
        let activity = format!("urn:grondslag:rvva:{}:D05", federation.oin(VT)?);
        assert_eq!(own.get("activity"), Some(&serde_json::json!(activity)));
        assert!(!closed.to_string().contains(NOOR));

        let decision = federation.decisions(SCHOOL).await?;
        let decision = decision.first().context("a decision")?;
        let opening = decision.opening.clone().context("an opening")?;
        let leaf = federation.agency(SCHOOL)?.ledger.read(decision.index, 1).await?;
        let salt: [u8; 32] = opening.salt.as_slice().try_into()?;
        assert!(matches(&leaf.first().context("a leaf")?.leaf, &salt, &opening.body));
        let record = DecisionRecord::parse(&opening.body).context("a record")?;
        assert_eq!(record.processing.trace_id, id);
        let subject = record.processing.subject.context("a subject")?;
        assert!(subject.is(NOOR) && !subject.is(JADE));
        let activity = format!("urn:grondslag:rvva:{}:D05", federation.oin(SCHOOL)?);
        assert_eq!(record.processing.activity, activity);
        Ok(())
    })
}
