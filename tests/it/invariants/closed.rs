//! Invariant 6, fail closed: who is not sure refuses, with a stable reason, and nothing leaves.

use anyhow::{Context as _, Result};
use grondslag_certs::authority;
use grondslag_certs::time::tls_now;
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_evidence::store::Store as _;
use grondslag_evidence::store::faulty::Fault;
use grondslag_tests::federation::hand::{Plea, Sketch};
use grondslag_tests::federation::identity::Identities;
use grondslag_tests::federation::{Federation, Setup, run};
use tonic::Code;

use crate::stage::{HELP, NOOR, NOW, SAFETY, SCHOOL, VT, fault, line, stage, wish};

const FAULTS: [Fault; 2] = [Fault::Lost, Fault::Landed];
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// Keys of ledgers: heads and cosignatures are kept beside them, at any moment.
const LEDGERS: &[u8] = b"l/";
/// Where the broker's ledger ends.
const BROKER_HEAD: &[u8] = b"l/broker/s";

async fn pair() -> Result<Federation> {
    Setup::of([VT, SCHOOL]).at(NOW).start().await
}

/// With or without the write having landed, a broker that cannot record asks nobody.
#[test]
fn invariant_06_a_broker_that_cannot_record_asks_nobody() -> Result<()> {
    run(async {
        let federation = pair().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        for how in FAULTS {
            let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            federation.broker_store().fail_commit_of(LEDGERS, how);
            let failed = fault(vt.ask(&channel, sketch.to_wire()?).await)?;
            assert_eq!(failed, (Code::Unavailable, Reason::StoreUnwritable), "{how:?}");
            assert_eq!(federation.decisions(SCHOOL).await?, [], "{how:?}: the node was asked");
            // The same question goes through once the store is well again, whatever landed.
            let again = vt.ask(&channel, sketch.to_wire()?).await?;
            assert!(again.reply(&federation.oin(SCHOOL)?).is_some(), "{how:?}: {again:?}");
            // Start from nothing for the next fault.
            let before = federation.decisions(SCHOOL).await?;
            assert_eq!(before.len(), 1, "{how:?}");
            return_to_nothing(&federation).await?;
        }
        Ok(())
    })
}

/// A memory store forgets when its node starts again.
async fn return_to_nothing(federation: &Federation) -> Result<()> {
    let at = federation.address(SCHOOL)?;
    federation.kill(SCHOOL).await?;
    federation.restart(SCHOOL, at).await?;
    federation.settle().await
}

/// With or without the write having landed, a holder that cannot record says nothing.
#[test]
fn invariant_06_a_holder_that_cannot_record_says_nothing() -> Result<()> {
    run(async {
        let federation = pair().await?;
        let vt = federation.hand(VT)?;
        let (channel, oin) = (federation.to_broker(&vt)?, federation.oin(SCHOOL)?);
        for how in FAULTS {
            let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            federation.store(SCHOOL)?.fail_commit_of(LEDGERS, how);
            let routed = vt.ask(&channel, sketch.to_wire()?).await?;
            assert_eq!(routed.reply(&oin), None, "{how:?}");
            assert_eq!(routed.why(&oin), Some("QUESTION_WAITS"), "{how:?}");
            let again = vt.ask(&channel, sketch.to_wire()?).await?;
            assert!(again.reply(&oin).is_some(), "{how:?}: {again:?}");
            let once = federation.decision(SCHOOL, &sketch.id).await?;
            assert!(once.is_some(), "{how:?}");
        }
        assert_eq!(federation.decisions(SCHOOL).await?.len(), FAULTS.len(), "one leaf each");
        Ok(())
    })
}

/// The same at the desk: the agency is shown as not reached yet, never as having nothing.
#[test]
fn invariant_06_the_desk_shows_a_failing_holder_as_not_reached() -> Result<()> {
    run(async {
        let federation = pair().await?;
        federation.store(SCHOOL)?.fail_commit_of(LEDGERS, Fault::Landed);
        let asked = wish(&federation, &SAFETY, &[SCHOOL])?;
        let heard = federation.ask(VT, "triage-1", asked).await?;
        let shown = line(&heard, &federation.oin(SCHOOL)?)?;
        assert_eq!((shown.state.as_str(), shown.reason.as_str()), ("pending", "QUESTION_WAITS"));
        assert!(shown.lines.is_empty() && shown.outcome.is_empty(), "{shown:?}");
        Ok(())
    })
}

/// An asker that cannot record its own question does not put it.
#[test]
fn invariant_06_an_asker_that_cannot_record_does_not_ask() -> Result<()> {
    run(async {
        let federation = pair().await?;
        for how in FAULTS {
            federation.store(VT)?.fail_commit_of(LEDGERS, how);
            let before = federation.broker_store().get(BROKER_HEAD).await?;
            let asked = wish(&federation, &SAFETY, &[SCHOOL])?;
            let heard = federation.desk(VT, "triage-1")?.ask(asked).await;
            let reason = match heard {
                Ok(heard) => heard.refusal.context("it was refused")?,
                Err(status) => grondslag_runtime::channel::reason_of(&status),
            };
            assert_eq!(reason, Reason::StoreUnwritable, "{how:?}");
            let after = federation.broker_store().get(BROKER_HEAD).await?;
            assert_eq!(after, before, "{how:?}: the broker recorded something");
            assert_eq!(federation.decisions(SCHOOL).await?, [], "{how:?}");
        }
        Ok(())
    })
}

/// With a list of revoked certificates that is too old, nobody can be admitted.
#[test]
fn invariant_06_a_node_with_an_expired_list_answers_nobody() -> Result<()> {
    run(async {
        let identities = Identities::fresh()?;
        let setup = Setup::of([VT, SCHOOL]).at(NOW).identities(identities.clone());
        let federation = setup.start().await?;
        let (vt, oin) = (federation.hand(VT)?, federation.oin(SCHOOL)?);
        let channel = federation.to_broker(&vt)?;
        let warm = vt.ask(&channel, federation.sketch(&vt, &SAFETY, &[SCHOOL])?.to_wire()?).await?;
        assert!(warm.reply(&oin).is_some(), "{warm:?}");

        let past = tls_now().plus_ms(-3 * DAY_MS);
        authority::crl(&identities.ca(), past, 1)?;
        authority::publish_crl(&identities.ca(), &identities.agency(SCHOOL)?)?;
        let refused = until(&federation, async || {
            let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            let routed = vt.ask(&channel, sketch.to_wire()?).await?;
            Ok(routed.reply(&oin).is_none().then_some(routed))
        })
        .await?;
        assert_eq!(refused.why(&oin), Some("QUESTION_WAITS"));
        Ok(())
    })
}

/// A revoked agency is turned away by a broker that runs.
#[test]
fn invariant_06_a_revoked_agency_asks_nothing() -> Result<()> {
    run(async {
        let identities = Identities::fresh()?;
        let setup = Setup::of([VT, SCHOOL]).at(NOW).identities(identities.clone());
        let federation = setup.start().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        let gone = authority::Revoke::Agency(federation.oin(VT)?);
        authority::revoke(&identities.ca(), &gone, tls_now())?;
        authority::crl(&identities.ca(), tls_now(), 7)?;
        authority::publish_crl(&identities.ca(), &identities.broker()?)?;
        let refused = until(&federation, async || {
            let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            Ok(vt.ask(&channel, sketch.to_wire()?).await.err())
        })
        .await?;
        assert_eq!(grondslag_runtime::channel::reason_of(&refused), Reason::CertificateInvalid);
        Ok(())
    })
}

/// Tries for as long as certificates take to be read again, and some more.
async fn until<T>(_: &Federation, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    for _ in 0..100 {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("it did not happen")
}

/// Two parties under other rules do not decide together.
#[test]
fn invariant_06_other_rules_are_stale_at_broker_and_holder() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
        let mut sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        sketch.header.bundle = Digest::of(b"other rules");
        sketch.sign(&vt.key)?;
        let at_both = refused_by_both(federation, &vt, &broker, &sketch).await?;
        assert_eq!(at_both, (Some(Reason::PolicyStale), Some(Reason::PolicyStale)));
        Ok(())
    })
}

/// Clocks may differ by the stated skew and not by a millisecond more.
#[test]
fn invariant_06_a_question_from_the_future_is_refused_beyond_the_skew() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
        let ahead = Some(Reason::QuestionFromFuture);
        for (ms, refused) in [(CLOCK_SKEW_MS_MAX, None), (CLOCK_SKEW_MS_MAX + 1, ahead)] {
            let mut sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            sketch.header.times.asked_at = federation.now().plus_ms(ms);
            sketch.header.times.ask_expires_at = federation.now().plus_ms(ms + 60_000);
            sketch.sign(&vt.key)?;
            let at_both = refused_by_both(federation, &vt, &broker, &sketch).await?;
            assert_eq!(at_both, (refused, refused), "{ms} ms ahead");
        }
        Ok(())
    })
}

/// What nobody knows is refused by name before any rule is looked at.
#[test]
fn invariant_06_an_unknown_category_is_refused_by_name() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
        let unknown = Plea { categories: &["G05", "G99"], subject: NOOR, ..SAFETY };
        let sketch = federation.sketch(&vt, &unknown, &[SCHOOL])?;
        let (at_broker, at_holder) = refused_by_both(federation, &vt, &broker, &sketch).await?;
        assert_eq!(at_broker, Some(Reason::UnknownCategory));
        assert!(at_holder.is_some(), "the holder answered on a category that does not exist");
        let asked = wish(federation, &Plea { categories: &["G99"], ..HELP }, &[SCHOOL])?;
        let heard = federation.ask("gem-veenwolde", "lokaalteam-1", asked).await?;
        assert_eq!(heard.refusal, Some(Reason::UnknownCategory));
        Ok(())
    })
}

/// Puts a question to the broker, and, as a broker that let it through would, to the holder.
async fn refused_by_both(
    federation: &Federation,
    asker: &grondslag_tests::federation::hand::Hand,
    broker: &grondslag_tests::federation::hand::Hand,
    sketch: &Sketch,
) -> Result<(Option<Reason>, Option<Reason>)> {
    let routed = asker.ask(&federation.to_broker(asker)?, sketch.to_wire()?).await?;
    let target = federation.oin(SCHOOL)?;
    let question = broker.attest(sketch, &target, Tier::T5).context("attested")?;
    let node = federation.to_node(broker, SCHOOL)?;
    let refused = broker.deliver(&node, (&question).into()).await;
    let at_holder = match refused {
        Ok(answer) => answer.err(),
        Err(status) => Some(grondslag_runtime::channel::reason_of(&status)),
    };
    if at_holder.is_some() {
        let id = TargetId::derive(&sketch.id, &target);
        let officer = federation.desk(SCHOOL, &federation.world().privacy_officer(SCHOOL)?.id)?;
        let decided = officer.decisions(Some(&id)).await;
        let decided = decided?;
        assert!(decided.is_empty(), "a refused question was decided on");
    }
    Ok((routed.refusal, at_holder))
}
