//! Kill -9 of broker, new holder and old holder, alone and together, while a case is asked for,
//! while it is accepted (each round a little further on its way) and once that was: an acceptance
//! is never lost and never counted twice, and the old holder asks on until it holds, and not after.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use grondslag_core::id::InquiryId;
use grondslag_proto::v1;
use grondslag_tests::federation::desk::Desk;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::process::Processes;
use grondslag_tests::federation::run;

use super::{BROKER, PROGRAM, START_WAIT};
use crate::handover::{DONE, accept, handovers};
use crate::later::until;
use crate::stage::{GEM, wish_to};

const NEW: &str = "gem-lindevoort";
const OLD: &str = GEM;
/// Who is killed in a round: every party alone, every two, and all.
const ROUNDS: [&[&str]; 7] =
    [&[BROKER], &[OLD], &[NEW], &[BROKER, OLD], &[BROKER, NEW], &[OLD, NEW], &[BROKER, OLD, NEW]];
/// How much further on its way an acceptance is in each round.
const FLIGHT_STEP_MS: u64 = 8;
const NOW: &str = "2026-04-16T10:00";
const ROLE: &str = "gem.procesregisseur";
/// Thijs (F8), who moved with his family.
const THIJS: &str = "999940235";

const PLAN: Plea<'static> = Plea {
    role: ROLE,
    purpose: "D18",
    query_kind: "Q08",
    subject: THIJS,
    categories: &["G03", "G06"],
    facts: &[("case_fact", "certified")],
};
const HELP_NOW: Plea<'static> =
    Plea { role: "gem.lokaalteam", purpose: "D01", query_kind: "Q02", ..PLAN };

#[test]
fn invariant_07_who_is_killed_at_any_step_of_a_handover_loses_no_acceptance() -> Result<()> {
    run(async {
        for (number, killed) in ROUNDS.iter().enumerate() {
            let mut region = Region::start().await?;
            let further = FLIGHT_STEP_MS.saturating_mul(u64::try_from(number)?);
            let round = region.round(killed, Duration::from_millis(further)).await;
            round.with_context(|| format!("{killed:?}\n{}", region.logs()))?;
        }
        Ok(())
    })
}

/// Two municipalities that can be killed, and those who sit at their desks.
struct Region {
    all: Processes,
    new: Desk,
    old: Desk,
}

impl Region {
    async fn start() -> Result<Self> {
        let mut all = Processes::prepare(Path::new(PROGRAM), &[OLD, NEW], NOW).await?;
        [BROKER, OLD, NEW].iter().try_for_each(|who| all.start(who))?;
        let (new, old) = (all.desk(NEW, "regisseur-1")?, all.desk(OLD, "regisseur-1")?);
        Ok(Self { all, new, old })
    }

    fn logs(&self) -> String {
        [BROKER, OLD, NEW].map(|who| format!("{who}:\n{}", self.all.log(who))).join("\n")
    }

    fn restart(&mut self, killed: &[&str]) -> Result<()> {
        killed.iter().try_for_each(|who| self.all.kill(who))?;
        killed.iter().try_for_each(|who| self.all.start(who))
    }

    /// Asked, accepted and told, with the same parties killed at every step.
    async fn round(&mut self, killed: &[&str], further: Duration) -> Result<()> {
        let plan = self.asked_for().await?;
        self.restart(killed)?;
        let still = until(|| async { Ok(self.one(&self.old).await.ok()) }).await?;
        ensure!(still.accepted_at_ms == 0, "nobody accepted it");
        until(|| async { Ok(self.old_asks().await.ok().filter(String::is_empty)) })
            .await
            .context("its holder may ask still")?;

        let accepting = tokio::spawn(accepts(self.new.clone(), plan, self.old_oin()?));
        tokio::time::sleep(further).await;
        self.restart(killed)?;
        // Whoever accepted may have been killed, and asks again.
        let _ = accepting.await;
        until(|| async {
            let said = accepts(self.new.clone(), plan, self.old_oin()?).await;
            Ok(said.ok().filter(|said| ["", "HANDOVER_ACCEPTED"].contains(&said.as_str())))
        })
        .await
        .context("it cannot be accepted")?;
        self.restart(killed)?;
        self.is_told().await?;
        self.end().await
    }

    fn old_oin(&self) -> Result<String> {
        Ok(self.all.oin(OLD)?.to_string())
    }

    /// The new holder asks for the plan, and gets it.
    async fn asked_for(&self) -> Result<InquiryId> {
        let (since, target) = (Instant::now(), self.all.oin(OLD)?);
        loop {
            let heard = self.new.ask(wish_to(&PLAN, std::slice::from_ref(&target))).await;
            let line = heard.as_ref().ok().and_then(|heard| heard.line(&target));
            if line.is_some_and(|line| line.state == "replied") {
                return heard?.inquiry.context("it was asked");
            }
            ensure!(since.elapsed() < START_WAIT, "{heard:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The handover of the last question, as somebody's desk shows it.
    async fn one(&self, desk: &Desk) -> Result<v1::Handover> {
        let all = handovers(desk, ROLE).await?;
        all.into_iter().max_by_key(|one| one.came_at_ms).context("a handover")
    }

    /// Both know that it was accepted, and the old holder asks nobody about the child any more.
    async fn is_told(&self) -> Result<()> {
        for desk in [&self.old, &self.new] {
            until(|| async {
                let one = self.one(desk).await.ok();
                Ok(one.filter(is_known).map(drop))
            })
            .await
            .context("an acceptance was lost")?;
        }
        let said = until(|| async { Ok(self.old_asks().await.ok()) }).await?;
        ensure!(said == "HANDED_OVER", "{said}");
        Ok(())
    }

    /// The old holder asks about the child; why it may not.
    async fn old_asks(&self) -> Result<String> {
        let (team, target) = (self.all.desk(OLD, "lokaalteam-1")?, self.all.oin(NEW)?);
        let heard = team.ask(wish_to(&HELP_NOW, std::slice::from_ref(&target))).await?;
        ensure!(heard.inquiry.is_some() || heard.refusal.is_some(), "nobody heard it");
        Ok(heard.refusal.map(|reason| reason.code().to_owned()).unwrap_or_default())
    }

    /// It was written down once by everybody.
    async fn end(&mut self) -> Result<()> {
        [BROKER, OLD, NEW].iter().try_for_each(|who| self.all.kill(who))?;
        let record = |kind: &str| format!("grondslag/record/{kind}/v1");
        for (who, kind) in [(NEW, "follow-up-sent"), (OLD, "follow-up-taken"), (OLD, "handed-over")]
        {
            let found = self.all.records(who, &record(kind)).await?.len();
            ensure!(found == 1, "{found} times {kind} at {who}");
        }
        Ok(())
    }
}

/// The old holder has the acceptance, as far as this desk knows.
fn is_known(one: &v1::Handover) -> bool {
    let told = one.direction == "out" || one.told_at_ms > 0;
    one.accepted_at_ms > 0 && told
}

/// The new holder accepts with one gap; what was said of it.
async fn accepts(desk: Desk, plan: InquiryId, target_oin: String) -> Result<String> {
    let request = v1::AcceptHandoverRequest {
        inquiry_id: plan.as_bytes().to_vec(),
        target_oin,
        role: ROLE.to_owned(),
        done: DONE.map(str::to_owned).to_vec(),
        gaps: vec!["besluit".to_owned()],
    };
    accept(&desk, request).await
}
