//! What an agency reads back of the broker's records: its own part, and that it read is recorded.

use anyhow::{Context as _, Result};
use grondslag_core::canonical::Reader;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::audit::Still;
use grondslag_evidence::ledger::{Leaves as _, Tiles};
use grondslag_evidence::store::faulty::Fault;
use grondslag_tests::federation::desk::Desk;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{HEALTH, NOW, POLICE, SAFETY, SCHOOL, VT, records, wish};

/// In the broker's ledger, and in that of the node.
const LEAF: &str = "grondslag/leaf/records-read/v1";
const READ: &str = "grondslag/record/broker-read/v1";

fn officer(federation: &Federation, agency: &str) -> Result<Desk> {
    let officer = federation.world().privacy_officer(agency)?.id.clone();
    federation.desk(agency, &officer)
}

/// Readings that stand in the broker's ledger.
async fn readings(federation: &Federation) -> Result<usize> {
    let ledger = Still::open(federation.broker_store(), Tiles::memory(), "broker").await?;
    let leaves = ledger.read(0, usize::MAX).await?;
    Ok(leaves.iter().filter(|record| Reader::new(&record.leaf, LEAF).is_ok()).count())
}

#[test]
fn an_agency_reads_back_what_it_had_a_part_in_and_of_the_rest_not_that_it_exists() -> Result<()> {
    run(async {
        let federation = Setup::of([VT, SCHOOL, HEALTH, POLICE]).at(NOW).start().await?;
        let question = wish(&federation, &SAFETY, &[SCHOOL, HEALTH])?;
        federation.ask(VT, "triage-1", question).await?;
        for (agency, count) in [(VT, 2), (SCHOOL, 1), (HEALTH, 1), (POLICE, 0)] {
            let before = readings(&federation).await?;
            let read = officer(&federation, agency)?.broker_decisions(None).await?;
            assert_eq!(read.len(), count, "{agency}: {read:?}");
            assert_eq!(readings(&federation).await?, before + 1, "{agency}: the reading is a leaf");
            assert_eq!(records(&federation, agency, READ).await?.len(), 1, "{agency}");
        }

        let own = officer(&federation, SCHOOL)?.broker_decisions(None).await?;
        let own = own.first().context("the school's")?;
        let one = officer(&federation, SCHOOL)?.broker_decisions(Some(&own.target_id)).await?;
        assert_eq!(one.as_slice(), std::slice::from_ref(own));
        let decided = federation.decisions(SCHOOL).await?;
        assert_eq!(decided.first().context("a decision")?.target_id, own.target_id);
        for id in [own.target_id.clone(), vec![9; 16]] {
            let refused = officer(&federation, HEALTH)?.broker_decisions(Some(&id)).await;
            let refused = refused.err().context("it was shown")?;
            assert_eq!(refused.reason(), Reason::UnknownInquiry);
        }
        Ok(())
    })
}

#[test]
fn only_a_privacy_officer_reads_back_and_nobody_when_it_cannot_be_recorded() -> Result<()> {
    run(async {
        let federation = Setup::of([VT, SCHOOL]).at(NOW).start().await?;
        federation.ask(VT, "triage-1", wish(&federation, &SAFETY, &[SCHOOL])?).await?;
        let before = readings(&federation).await?;
        let refused = federation.desk(VT, "triage-1")?.broker_decisions(None).await;
        assert_eq!(refused.err().context("it was shown")?.reason(), Reason::RoleNotHeld);
        assert_eq!(readings(&federation).await?, before, "the broker was not asked");

        // At the broker, and at the node itself.
        let desk = officer(&federation, VT)?;
        federation.broker_store().fail_commit_of(b"l/", Fault::Lost);
        assert!(desk.broker_decisions(None).await.is_err());
        assert_eq!(desk.broker_decisions(None).await?.len(), 1);
        federation.store(VT)?.fail_commit_of(b"l/", Fault::Lost);
        let before = readings(&federation).await?;
        assert!(desk.broker_decisions(None).await.is_err());
        assert_eq!(readings(&federation).await?, before, "the broker was not asked");
        Ok(())
    })
}
