//! Random histories of a region: what both parents said, took back and said anew, at either agency,
//! while the provider was there, away, or answering.
//!
//! What must hold at every step is one sentence: the provider gives exactly while both parents' yes
//! stands, and nothing after a withdrawal was acknowledged (domain 2.3, 4a.2).

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use grondslag_core::clock::Timestamp;
use grondslag_tests::federation::{Federation, run};
use grondslag_tests::journey::acts::{Written, write};
use grondslag_tests::world::{Act, Storyline};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::consent::{
    CARE, FATHER, LESSONS, MOTHER, WAIT, asks, shown, who_holds_custody, withdraw,
};
use crate::stage::SCHOOL;

/// Worlds that are played, and what happens in each.
const WORLDS: usize = 8;
const STEPS: std::ops::Range<usize> = 6..12;
const PARENTS: [&str; 2] = [MOTHER, FATHER];
/// Time between two steps.
const STEP_MS: i64 = 60_000;

/// What happens.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A parent says yes at school, for the provider to give to the school.
    Give(usize),
    /// A parent takes it back, at this agency.
    Withdraw(usize, &'static str),
    /// The same at the provider, while the school asks.
    WhileAsked(usize),
    /// The same at school, while the provider is away.
    WhileAway(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let parent = 0..PARENTS.len();
    prop_oneof![
        4 => parent.clone().prop_map(Step::Give),
        1 => parent.clone().prop_map(|who| Step::Withdraw(who, SCHOOL)),
        1 => parent.clone().prop_map(|who| Step::Withdraw(who, CARE)),
        1 => parent.clone().prop_map(Step::WhileAsked),
        1 => parent.prop_map(Step::WhileAway),
    ]
}

fn parent(who: usize) -> &'static str {
    PARENTS.get(who).copied().unwrap_or_default()
}

/// A region, and whose yes stands.
struct World {
    federation: Federation,
    yes: [bool; 2],
    given: Act,
    written: Written,
    /// How often it gave, and how often it was right not to.
    seen: (usize, usize),
}

impl World {
    async fn new() -> Result<Self> {
        let given = Storyline::load("F4")?.act;
        let given = given.into_iter().find(|act| act.id == "F4.a3").context("a yes")?;
        let federation = who_holds_custody().await?;
        // By now there is something to give.
        federation.set_clock(Timestamp::parse("2026-03-02T09:00")?);
        Ok(Self { federation, yes: [false; 2], given, written: Written::default(), seen: (0, 0) })
    }

    async fn play(&mut self, step: Step) -> Result<()> {
        self.federation.set_clock(self.federation.now().plus_ms(STEP_MS));
        match step {
            Step::Give(who) => {
                let at = self.federation.now().local().replace(' ', "T");
                let by = parent(who).to_owned();
                let act = Act { at, by, ..self.given.clone() };
                let said = write(&self.federation, &act, &mut self.written).await?;
                ensure!(said == "written", "{said}");
                self.stands(who, true);
            }
            Step::Withdraw(who, at) => self.withdraw(who, at).await?,
            Step::WhileAsked(who) => {
                let asked = asks(&self.federation, SCHOOL, &LESSONS);
                let back = withdraw(&self.federation, CARE, parent(who));
                let (asked, back) = tokio::join!(asked, back);
                // Whatever was decided before may have left, and nothing else.
                let shown = shown(&self.federation, &asked?)?;
                let both = self.yes == [true; 2];
                ensure!(shown == "neutral" || both && shown == "content", "{shown}");
                self.taken_back(who, &back?)?;
            }
            Step::WhileAway(who) => {
                let at = self.federation.address(CARE)?;
                self.federation.kill(CARE).await?;
                self.withdraw(who, SCHOOL).await?;
                self.federation.restart(CARE, at).await?;
            }
        }
        self.holds().await
    }

    async fn withdraw(&mut self, who: usize, at: &str) -> Result<()> {
        let told = withdraw(&self.federation, at, parent(who)).await?;
        self.taken_back(who, &told)
    }

    /// Acknowledged, or there was nothing to take back there.
    fn taken_back(
        &mut self,
        who: usize,
        told: &grondslag_proto::v1::RecordActResponse,
    ) -> Result<()> {
        match told.refusal.as_ref().map(|refusal| refusal.reason.as_str()) {
            None => self.stands(who, false),
            Some("CONSENT_UNKNOWN") => {}
            Some(other) => anyhow::bail!("{other}"),
        }
        Ok(())
    }

    fn stands(&mut self, who: usize, yes: bool) {
        if let Some(stands) = self.yes.get_mut(who) {
            *stands = yes;
        }
    }

    /// The provider gives while both say yes, and not otherwise. What is on its way may take a
    /// moment to close it, and nothing may open it.
    async fn holds(&mut self) -> Result<()> {
        let (both, since) = (self.yes == [true; 2], Instant::now());
        loop {
            let shown = shown(&self.federation, &asks(&self.federation, SCHOOL, &LESSONS).await?)?;
            match (both, shown.as_str()) {
                (true, "content") => break self.seen.0 += 1,
                (false, "neutral") => break self.seen.1 += 1,
                // A withdrawal at school is a message: it closes what it did not reach yet.
                _ => ensure!(since.elapsed() < WAIT, "{shown}, and both say yes: {both}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // Once it is closed it stays so.
        let again = shown(&self.federation, &asks(&self.federation, SCHOOL, &LESSONS).await?)?;
        ensure!(both || again == "neutral", "{again} after it was closed");
        Ok(())
    }
}

#[test]
fn nothing_is_given_after_a_withdrawal_in_any_history() -> Result<()> {
    let mut runner = TestRunner::deterministic();
    let histories = prop::collection::vec(step(), STEPS);
    let mut seen = (0, 0);
    for _ in 0..WORLDS {
        let history = histories.new_tree(&mut runner).map_err(anyhow::Error::msg)?.current();
        // Both say yes first: so every history has something to take back.
        let history = [Step::Give(0), Step::Give(1)].into_iter().chain(history);
        let history: Vec<Step> = history.collect();
        run(async {
            let mut world = World::new().await?;
            for (number, step) in history.iter().enumerate() {
                let played = world.play(*step).await;
                played.with_context(|| format!("step {number} of {history:?}"))?;
            }
            (seen.0, seen.1) = (seen.0 + world.seen.0, seen.1 + world.seen.1);
            Ok(())
        })?;
    }
    assert!(seen.0 > WORLDS && seen.1 > WORLDS, "both sides were met: {seen:?}");
    Ok(())
}
