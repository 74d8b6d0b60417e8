//! A broker that lies about keys, and a holder that is not enrolled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use grondslag_core::blind::{Element, Secret};
use grondslag_core::epoch::EpochKeys;
use grondslag_core::reason::Reason;
use grondslag_core::seal::{SealSecret, Suite};
use grondslag_core::statement::sign;
use grondslag_proto::v1;
use grondslag_tests::federation::between::Lies;
use grondslag_tests::federation::hand::Hand;
use grondslag_tests::federation::identity::Identities;
use grondslag_tests::federation::{Federation, Setup, run};
use rand_core::UnwrapErr;

use crate::stage::{HEALTH, NOW, SAFETY, SCHOOL, VT, alarms, line, wish};

/// Whether the broker lies now.
#[derive(Clone, Default)]
struct Switch(Arc<AtomicBool>);

impl Switch {
    fn turn(&self, on: bool) {
        self.0.store(on, Ordering::SeqCst);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

async fn states(federation: &Federation) -> Result<[(String, String); 2]> {
    let asked = wish(federation, &SAFETY, &[SCHOOL, HEALTH])?;
    let heard = federation.ask(VT, "triage-1", asked).await?;
    let state = |agency: &str| -> Result<(String, String)> {
        let shown = line(&heard, &federation.oin(agency)?)?;
        Ok((shown.state.clone(), shown.reason.clone()))
    };
    Ok([state(SCHOOL)?, state(HEALTH)?])
}

fn told(state: &str, reason: &str) -> (String, String) {
    (state.to_owned(), reason.to_owned())
}

/// The broker publishes a key for the school that it can open itself, and signs it: it could read
/// every number. It cannot prove it, so the school is not asked, and the others are.
#[test]
fn nothing_is_hidden_under_an_inbound_key_that_the_broker_made() -> Result<()> {
    run(async {
        let (switch, identities) = (Switch::default(), Identities::shared()?);
        let broker = Hand::open(&identities.broker()?)?;
        let school = identities.world().agency(SCHOOL)?.oin()?;
        let on = switch.clone();
        let epoch = move |shown: &mut v1::ShowEpochResponse| {
            if on.is_on() {
                *shown = made_up(&broker, &school, shown.clone()).unwrap_or_default();
            }
        };
        let lies = Lies { epoch: Some(Arc::new(epoch)), ..Lies::default() };
        let setup = Setup::of([VT, SCHOOL, HEALTH]).at(NOW).behind(VT, lies);
        let federation = setup.start().await?;
        let asked = [told("replied", ""), told("replied", "")];
        assert_eq!(states(&federation).await?, asked, "the positive control");

        switch.turn(true);
        let refreshed = federation.agency(VT)?.refresh_epoch().await;
        assert_eq!(refreshed, Ok(()), "the broker signed it");
        let before = federation.decisions(SCHOOL).await?.len();
        let unproven = told("unreachable", Reason::InboundKeyUnproven.code());
        assert_eq!(states(&federation).await?, [unproven, told("replied", "")]);
        assert_eq!(alarms(&federation, VT).await?, [Reason::InboundKeyUnproven]);
        assert_eq!(federation.decisions(SCHOOL).await?.len(), before, "the school was asked");
        Ok(())
    })
}

/// The school's key replaced by x G with a known x, under the old proof, and signed anew.
fn made_up(
    broker: &Hand,
    school: &grondslag_core::id::Oin,
    shown: v1::ShowEpochResponse,
) -> Result<v1::ShowEpochResponse> {
    let mut keys = EpochKeys::try_from(shown).map_err(anyhow::Error::msg)?;
    let x = Secret::random(&mut UnwrapErr(getrandom::SysRng));
    let own = keys.nodes.iter_mut().filter(|keys| keys.node == *school);
    for link in own.flat_map(|keys| &mut keys.links) {
        link.inbound = Element::new(x.public())?;
    }
    keys.signature = sign(&broker.key, &keys.canonical(&broker.region));
    Ok((&keys).into())
}

/// A broker that leaves the second holder out could open every question together with one node, and
/// so could one that plays the second holder itself. Agencies know who it is, and ask nobody.
#[test]
fn a_chain_without_the_other_organisation_is_not_used() -> Result<()> {
    run(async {
        let unsigned = |keys: &mut EpochKeys| {
            let links = keys.nodes.iter_mut().flat_map(|keys| &mut keys.links);
            links.for_each(|link| link.signature = link.signature.map(|_| [0; 64]));
        };
        let short = |keys: &mut EpochKeys| {
            keys.nodes.iter_mut().for_each(|keys| keys.links.truncate(1));
        };
        for lie in [unsigned as fn(&mut EpochKeys), short] {
            let (switch, broker) =
                (Switch::default(), Hand::open(&Identities::shared()?.broker()?)?);
            let on = switch.clone();
            let epoch = move |shown: &mut v1::ShowEpochResponse| {
                if let (true, Ok(mut keys)) = (on.is_on(), EpochKeys::try_from(shown.clone())) {
                    lie(&mut keys);
                    keys.signature = sign(&broker.key, &keys.canonical(&broker.region));
                    *shown = (&keys).into();
                }
            };
            let lies = Lies { epoch: Some(Arc::new(epoch)), ..Lies::default() };
            let setup = Setup::of([VT, SCHOOL, HEALTH]).at(NOW).with_key_holder();
            let federation = setup.behind(VT, lies).start().await?;
            let asked = [told("replied", ""), told("replied", "")];
            assert_eq!(states(&federation).await?, asked, "the positive control");

            switch.turn(true);
            let refreshed = federation.agency(VT)?.refresh_epoch().await;
            assert_eq!(refreshed, Ok(()), "the broker signed it");
            let unproven = told("unreachable", Reason::InboundKeyUnproven.code());
            assert_eq!(states(&federation).await?, [unproven.clone(), unproven]);
            let alarm = Reason::InboundKeyUnproven;
            assert_eq!(alarms(&federation, VT).await?, [alarm, alarm]);
        }
        Ok(())
    })
}

/// A seal key that the broker put in the school's card: the card's own signatures do not cover it.
/// The reader keeps the card that it had, and the school goes on being asked under its own key.
#[test]
fn nothing_is_sealed_under_a_key_that_the_broker_put_in_a_card() -> Result<()> {
    run(async {
        let switch = Switch::default();
        let on = switch.clone();
        let school = Identities::shared()?.world().agency(SCHOOL)?.oin()?;
        let target = school.clone();
        let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(getrandom::SysRng));
        let stolen = secret.public().map_err(|error| anyhow::anyhow!(error.reason()))?;
        let cards = move |listed: &mut v1::ListCardsResponse| {
            let own = listed.cards.iter_mut().find(|card| card.oin == target.as_str());
            if let Some(card) = own.filter(|_| on.is_on()) {
                card.seal_key = stolen.bytes().to_vec();
                card.seq += 1;
            }
        };
        let lies = Lies { cards: Some(Arc::new(cards)), ..Lies::default() };
        let setup = Setup::of([VT, SCHOOL, HEALTH]).at(NOW).behind(VT, lies);
        let federation = setup.start().await?;
        let agency = federation.agency(VT)?;
        assert!(!agency.directory.refused().contains_key(&school), "the positive control");

        switch.turn(true);
        let link = agency.broker_link.as_ref();
        agency.directory.refresh(link).await.map_err(anyhow::Error::msg)?;
        assert_eq!(agency.directory.refused().get(&school), Some(&Reason::CardInvalid));
        assert_eq!(states(&federation).await?, [told("replied", ""), told("replied", "")]);
        Ok(())
    })
}

/// A holder of which only the first part of the register was enrolled cannot say "nothing" of
/// anybody, not even of whom it has enrolled; once all are, it answers.
#[test]
fn a_holder_that_is_half_enrolled_is_not_ready() -> Result<()> {
    run(async {
        let switch = Switch::default();
        let on = switch.clone();
        let first = Arc::new(std::sync::OnceLock::new());
        let begun = first.clone();
        let enrol = move |request: &v1::EnrolRequest| {
            let first = *begun.get_or_init(|| request.number);
            (!on.is_on() && request.number != first).then_some(Reason::QuotaExceeded)
        };
        let lies = Lies { enrol: Some(Arc::new(enrol)), ..Lies::default() };
        // With its generated pupils the school has more than one batch.
        let setup = Setup::of([VT, SCHOOL, HEALTH]).at(NOW).with_bulk();
        let federation = setup.behind(SCHOOL, lies).unready(SCHOOL).start().await?;
        for _ in 0..200 {
            if first.get().is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        first.get().context("nothing was enrolled")?;
        let waiting = [told("pending", "QUESTION_WAITS"), told("replied", "")];
        assert_eq!(states(&federation).await?, waiting);
        assert_eq!(federation.decisions(SCHOOL).await?, [], "nothing was decided");

        switch.turn(true);
        for _ in 0..200 {
            if federation.agency(SCHOOL)?.readiness().await.is_none() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(states(&federation).await?, [told("replied", ""), told("replied", "")]);
        Ok(())
    })
}
