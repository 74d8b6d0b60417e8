//! Witnesses over the wire: a region whose nodes cosign, one whose witnesses are late, and one in
//! which a broker shows one node another history.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use grondslag_core::checkpoint::{Checkpoint, SignedCheckpoint};
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_core::watch::Contrast;
use grondslag_proto::v1;
use grondslag_tests::federation::between::Lies;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{DOCTOR, GEM, HEALTH, NOW, SAFETY, SCHOOL, VT, alarms, line, wish};

/// Longest wait for what witnesses do by themselves.
const WAIT: Duration = Duration::from_secs(30);

/// Asks the school, as Veilig Thuis.
async fn ask(federation: &Federation) -> Result<v1::AgencyLine> {
    let question = wish(federation, &SAFETY, &[SCHOOL])?;
    let heard = federation.ask(VT, "triage-1", question).await?;
    Ok(line(&heard, &federation.oin(SCHOOL)?)?.clone())
}

async fn until(what: &str, done: impl Fn() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !done()? {
        ensure!(began.elapsed() < WAIT, "not within {WAIT:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn covered(federation: &Federation, agency: &str) -> Result<u64> {
    let covered = federation.agency(agency)?.watching.covered();
    Ok(covered.map_or(0, |head| head.checkpoint().size))
}

fn seen(federation: &Federation, agency: &str) -> Result<u64> {
    let seen = federation.agency(agency)?.watching.seen();
    Ok(seen.map_or(0, |head| head.checkpoint().size))
}

#[test]
fn witnesses_cover_what_a_node_answered_on() -> Result<()> {
    run(async {
        let witnesses = [VT, SCHOOL, HEALTH];
        let setup = Setup::of([VT, SCHOOL, HEALTH, GEM]).at(NOW);
        let federation = setup.witnessed(&witnesses, 2, 6).start().await?;
        assert_eq!(ask(&federation).await?.state, "replied");
        let asked = Instant::now();
        until("a head", || Ok(seen(&federation, GEM)? > 0)).await?;
        let size = seen(&federation, GEM)?;
        for agency in [VT, SCHOOL, HEALTH, GEM] {
            until(agency, || Ok(covered(&federation, agency)? >= size)).await?;
        }
        // Well behind the seconds that witnesses have, the school answers.
        tokio::time::sleep(Duration::from_secs(7).saturating_sub(asked.elapsed())).await;
        let again = ask(&federation).await?;
        assert_eq!((again.state.as_str(), again.unwitnessed), ("replied", false));
        assert!(!alarms(&federation, SCHOOL).await?.contains(&Reason::WitnessLate));
        Ok(())
    })
}

/// Questions that come one after another move the heads of nodes all the time: witnesses cosign
/// nevertheless, and nobody is late.
#[test]
fn witnesses_keep_up_with_a_region_that_is_asked_without_a_pause() -> Result<()> {
    run(async {
        let witnesses = [VT, SCHOOL, HEALTH];
        let setup = Setup::of([VT, SCHOOL, HEALTH, GEM]).at(NOW);
        let federation = setup.witnessed(&witnesses, 3, 6).start().await?;
        let question = wish(&federation, &SAFETY, &[SCHOOL, HEALTH])?;
        let (began, mut asked) = (Instant::now(), 0);
        while began.elapsed() < Duration::from_secs(12) {
            let heard = federation.ask(VT, "triage-1", question.clone()).await?;
            for target in [SCHOOL, HEALTH] {
                let line = line(&heard, &federation.oin(target)?)?;
                let shown = (line.state.as_str(), line.reason.as_str());
                assert_eq!(shown, ("replied", ""), "{target}, after {asked} questions");
            }
            asked += 1;
            // However fast the machine is, within a person's 200 of a day.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        ensure!(asked > 20, "{asked} questions are no load");
        Ok(())
    })
}

/// Of three witnesses one cosigns: the school answers for a second, and then only what is acute.
#[test]
fn without_a_quorum_only_immediate_danger_is_answered_and_both_officers_hear_of_it() -> Result<()> {
    run(async {
        let witnesses = [VT, SCHOOL, HEALTH];
        let setup = Setup::of([VT, SCHOOL, HEALTH, DOCTOR]).at(NOW);
        let federation = setup.witnessed(&witnesses, 1, 1).start().await?;
        assert_eq!(ask(&federation).await?.state, "replied");
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let late = ask(&federation).await?;
        assert_eq!((late.state.as_str(), late.reason.as_str()), ("pending", "QUESTION_WAITS"));

        let danger = Plea {
            role: "ha.arts",
            purpose: "D12",
            query_kind: "Q04",
            facts: &[("severity", "acute")],
            ..SAFETY
        };
        let question = v1::DeskQuestion {
            urgency: "acute".into(),
            break_glass: true,
            grounds: vec!["noodtoestand".into(), "avg-6-1-d".into()],
            ..wish(&federation, &danger, &[SCHOOL])?
        };
        let heard = federation.ask(DOCTOR, "huisarts-2", question).await?;
        let acute = line(&heard, &federation.oin(SCHOOL)?)?;
        assert_eq!((acute.state.as_str(), acute.unwitnessed), ("replied", true), "{heard:?}");
        for agency in [SCHOOL, DOCTOR] {
            let raised = alarms(&federation, agency).await?;
            assert_eq!(raised, [Reason::WitnessLate], "{agency}");
        }
        Ok(())
    })
}

/// The school is shown a head of the same size with another root, signed with the broker's key.
#[test]
fn a_head_that_contradicts_the_last_one_stops_that_node_and_no_other() -> Result<()> {
    run(async {
        let (lying, identities) = (
            Arc::new(AtomicBool::new(false)),
            grondslag_tests::federation::identity::Identities::shared()?,
        );
        let key = grondslag_certs::key::load_signing_key(&identities.broker()?.join("sign.key"))?;
        let told = Arc::clone(&lying);
        let heads = move |shown: &mut v1::WatchHeadsResponse| {
            let Ok(head) = SignedCheckpoint::parse(&shown.head) else { return };
            if told.load(Ordering::SeqCst) {
                let root = Digest::new([6; 32]);
                let other = Checkpoint { root, ..head.checkpoint().clone() };
                shown.head = other.sign(&key).note();
                shown.cosigned.clear();
                shown.cosigned_proof.clear();
            }
        };
        let lies = Lies { heads: Some(Arc::new(heads)), ..Lies::default() };
        let witnesses = [VT, HEALTH, GEM];
        let setup = Setup::of([VT, SCHOOL, HEALTH, GEM]).at(NOW).behind(SCHOOL, lies);
        let federation = setup.witnessed(&witnesses, 3, 60).start().await?;
        assert_eq!(ask(&federation).await?.state, "replied");
        until("a head", || Ok(seen(&federation, SCHOOL)? > 0)).await?;
        lying.store(true, Ordering::SeqCst);
        // The next head comes with what the question leaves in the broker's ledger, and may be
        // there before the question is.
        let asked = ask(&federation).await?;
        assert!(asked.state == "replied" || asked.reason == "LEDGER_FORK", "{asked:?}");
        let school = federation.agency(SCHOOL)?;
        until("a contradiction", || Ok(school.watching.fork().is_some())).await?;
        let contrast = school.watching.fork().and_then(|fork| fork.contrast());
        // Of the same size as before, or of a larger one: as it happens.
        assert!(matches!(contrast, Some(Contrast::TwoRoots | Contrast::Unproven)), "{contrast:?}");
        let stopped = ask(&federation).await?;
        assert_eq!(
            (stopped.state.as_str(), stopped.reason.as_str()),
            ("unreachable", "LEDGER_FORK")
        );
        for agency in [VT, HEALTH, GEM] {
            assert_eq!(federation.agency(agency)?.watching.fork(), None, "{agency}");
        }
        Ok(())
    })
}
