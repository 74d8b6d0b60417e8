//! Kill -9 of broker, asker and holder, alone and together, at each named step of a question that a
//! person must look at: no answer is lost, none released twice, none without evidence.
//!
//! Every party is a process of its own with its store on disk. In each round the same parties are
//! killed, with a question at every step, and start again on what their disks hold. (A killed
//! process leaves the kernel's page cache as it was: that a commit is synced is held by the
//! store's own tests.)

mod handover;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_proto::v1;
use grondslag_proto::v1::follow_response::Event;
use grondslag_tests::federation::desk::Desk;
use grondslag_tests::federation::hand::Hand;
use grondslag_tests::federation::process::Processes;
use grondslag_tests::federation::run;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::inbox::gives_at;
use crate::later::{messages, until};
use crate::stage::{DOCTOR, NOW, SAFETY, VT, wish_to};

const PROGRAM: &str = env!("CARGO_BIN_EXE_party");
const BROKER: &str = "broker";
/// Who is killed in a round: every party alone, every two, and all.
const ROUNDS: [&[&str]; 7] = [
    &[BROKER],
    &[DOCTOR],
    &[VT],
    &[BROKER, DOCTOR],
    &[BROKER, VT],
    &[DOCTOR, VT],
    &[BROKER, DOCTOR, VT],
];
/// Between two slots of an acute question.
const SLOT_MS: i64 = 5 * 60 * 1_000;
/// How much further on its way a question is in each round.
const FLIGHT_STEP_MS: u64 = 6;
const INQUIRIES_MAX: u32 = 200;
const START_WAIT: Duration = Duration::from_secs(30);

/// A region of three that are killed, and those who sit at its desks.
struct Region {
    all: Processes,
    broker: Channel,
    hand: Hand,
    asker: Desk,
    holder: Desk,
    target: Oin,
    now: Timestamp,
}

#[test]
fn invariant_07_who_is_killed_at_any_step_of_a_review_loses_no_answer_and_gives_none_twice()
-> Result<()> {
    run(async {
        let mut region = Region::start().await?;
        let mut told = BTreeSet::new();
        for (number, killed) in ROUNDS.iter().enumerate() {
            let round = region.round(killed, number).await;
            told.extend(round.with_context(|| format!("{killed:?}\n{}", region.logs()))?);
        }
        ensure!(told.len() == ROUNDS.len() * STEPS, "{} questions", told.len());
        region.end(&told).await
    })
}

/// Steps at which a question of each round stands when its parties are killed.
const STEPS: usize = 4;

impl Region {
    async fn start() -> Result<Self> {
        let mut all = Processes::prepare(Path::new(PROGRAM), &[VT, DOCTOR], NOW).await?;
        for who in [BROKER, DOCTOR, VT] {
            all.start(who)?;
        }
        let hand = all.hand(VT)?;
        let mut region = Self {
            broker: hand.channel(&all.broker_endpoint()?, &all.broker_oin()?)?,
            hand,
            asker: all.desk(VT, "triage-1")?,
            holder: all.desk(DOCTOR, "huisarts-1")?,
            target: all.oin(DOCTOR)?,
            now: Timestamp::parse(NOW)?,
            all,
        };
        region.ready().await?;
        Ok(region)
    }

    /// Everybody does what they are for: a question is answered at once.
    async fn ready(&mut self) -> Result<()> {
        let since = Instant::now();
        loop {
            let heard = self.asker.ask(self.wish()).await;
            let line = heard.as_ref().ok().and_then(|heard| heard.line(&self.target));
            if line.is_some_and(|line| line.state == "replied") {
                return Ok(());
            }
            ensure!(since.elapsed() < START_WAIT, "{heard:?}\n{}", self.logs());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn logs(&self) -> String {
        [BROKER, DOCTOR, VT].map(|who| format!("{who}:\n{}", self.all.log(who))).join("\n")
    }

    fn wish(&self) -> v1::DeskQuestion {
        let urgency = "acute".to_owned();
        v1::DeskQuestion { urgency, ..wish_to(&SAFETY, std::slice::from_ref(&self.target)) }
    }

    /// A question, as its asker first hears of it.
    async fn asked(&self, state: &str, reason: &str) -> Result<InquiryId> {
        let heard = self.asker.ask(self.wish()).await?;
        let line = heard.line(&self.target).context("a line")?;
        ensure!((&*line.state, &*line.reason) == (state, reason), "{heard:?}");
        heard.inquiry.context("it was asked")
    }

    async fn gives(&self, asked: &InquiryId) -> Result<()> {
        let id = TargetId::derive(asked, &self.target);
        // It may climb between a look and the decision on it: then it is looked at again.
        let given = until(|| async {
            let given = gives_at(&self.holder, &id).await.ok();
            Ok(given.filter(|given| given != "REVIEW_CHANGED"))
        })
        .await?;
        ensure!(given == "decided", "{given}");
        Ok(())
    }

    fn next_slot(&mut self) -> Result<()> {
        self.now = self.now.plus_ms(SLOT_MS);
        self.all.set_clock(self.now)
    }

    /// Numbers of the messages that the broker keeps of a question.
    async fn kept(&self, asked: &InquiryId) -> Result<Vec<u32>> {
        let events = self.hand.follow_after(&self.broker, asked, &self.target, 0).await?;
        let events: Vec<Event> = events.into_iter().filter_map(|one| one.event).collect();
        Ok(messages(&events).into_iter().map(|(_, number, _)| number).collect())
    }

    fn restart(&mut self, killed: &[&str]) -> Result<()> {
        killed.iter().try_for_each(|who| self.all.kill(who))?;
        killed.iter().try_for_each(|who| self.all.start(who))
    }

    /// The questions of one round, each told to its end.
    async fn round(&mut self, killed: &[&str], number: usize) -> Result<Vec<InquiryId>> {
        let told = self.asked("replied", "").await?;
        self.gives(&told).await?;
        self.next_slot()?;
        until(|| async { Ok(self.kept(&told).await?.contains(&2).then_some(())) }).await?;
        let decided = self.asked("replied", "").await?;
        self.gives(&decided).await?;
        let answered = self.asked("replied", "").await?;
        let flight = self.in_flight(number).await?;
        let reminding = self.reminder_in_flight(answered, number).await?;
        self.restart(killed)?;
        // Whoever asked may have been killed, and hears of it no more.
        let _ = (flight.await, reminding.await);

        // The holder is away when it is asked, and is killed once more when it is back.
        self.holder_is_there(&answered).await?;
        self.all.kill(DOCTOR)?;
        let waits = self.waits().await?;
        let was_taken = until(|| async { Ok(self.reminds(&answered).await.ok()) }).await?;
        ensure!(!was_taken, "the holder is away");
        let others: Vec<&str> = killed.iter().filter(|who| **who != DOCTOR).copied().collect();
        self.restart(&others)?;
        self.all.start(DOCTOR)?;
        if killed.contains(&DOCTOR) {
            tokio::time::sleep(Duration::from_millis(400)).await;
            self.restart(&[DOCTOR])?;
        }
        self.reminders_come(&answered).await?;
        self.tells_all(&[told, decided], &[answered, waits]).await?;
        self.no_answer_is_lost().await?;
        Ok(vec![told, decided, answered, waits])
    }

    /// A question that is on its way when its parties are killed, each round a little further.
    async fn in_flight(&self, number: usize) -> Result<JoinHandle<()>> {
        let (asker, wish) = (self.asker.clone(), self.wish());
        let asking = tokio::spawn(async move { drop(asker.ask(wish).await) });
        let further = u64::try_from(number)?.saturating_mul(FLIGHT_STEP_MS);
        tokio::time::sleep(Duration::from_millis(further)).await;
        Ok(asking)
    }

    /// Reminds the holder of a question; whether it has that.
    async fn reminds(&self, asked: &InquiryId) -> Result<bool> {
        let request = v1::RemindRequest {
            inquiry_id: asked.as_bytes().to_vec(),
            target_oins: vec![self.target.to_string()],
            because: String::new(),
        };
        let reminded = self.asker.client().remind(request).await?.into_inner();
        let line = reminded.lines.into_iter().next().context("a line")?;
        Ok(line.reminded.context("a reminder")?.taken_at_ms > 0)
    }

    /// A reminder that is on its way when its parties are killed.
    async fn reminder_in_flight(&self, asked: InquiryId, number: usize) -> Result<JoinHandle<()>> {
        let (asker, target) = (self.asker.clone(), self.target.to_string());
        let request = v1::RemindRequest {
            inquiry_id: asked.as_bytes().to_vec(),
            target_oins: vec![target],
            because: String::new(),
        };
        let reminding = tokio::spawn(async move { drop(asker.client().remind(request).await) });
        let further = u64::try_from(number)?.saturating_mul(FLIGHT_STEP_MS);
        tokio::time::sleep(Duration::from_millis(further)).await;
        Ok(reminding)
    }

    /// Every reminder that was written down comes to the holder.
    async fn reminders_come(&self, asked: &InquiryId) -> Result<()> {
        until(|| async {
            let Ok(followed) = self.asker.follow(asked.as_bytes()).await else { return Ok(None) };
            let all: Vec<_> = followed.lines.iter().flat_map(|line| &line.reminded).collect();
            let came = !all.is_empty() && all.iter().all(|one| one.taken_at_ms > 0);
            Ok(came.then_some(()))
        })
        .await
        .context("a reminder did not come")
    }

    /// Whatever the holder answered comes to its asker, be it killed as it asked: what it did not
    /// see as it came it finds later.
    async fn no_answer_is_lost(&self) -> Result<()> {
        let officer = self.all.privacy_officer(DOCTOR)?;
        let decided = officer.decisions(None).await?;
        let decided: BTreeSet<Vec<u8>> = decided.into_iter().map(|one| one.target_id).collect();
        let request = v1::ListInquiriesRequest { limit: INQUIRIES_MAX };
        let listed = self.asker.client().list_inquiries(request).await?.into_inner();
        for one in listed.inquiries.iter().filter(|one| one.replied == 0) {
            let asked = InquiryId::from_slice(&one.inquiry_id)?;
            let id = TargetId::derive(&asked, &self.target);
            if !decided.contains(id.as_bytes().as_slice()) {
                continue;
            }
            until(|| async {
                let lines = self.asker.follow(asked.as_bytes()).await?.lines;
                Ok(lines.iter().any(|line| line.state == "replied").then_some(()))
            })
            .await
            .with_context(|| format!("{asked} was answered in vain"))?;
        }
        Ok(())
    }

    /// A question that waits. An asker that has just started may not know the epoch yet.
    async fn waits(&self) -> Result<InquiryId> {
        until(|| async { Ok(self.asked("pending", "QUESTION_WAITS").await.ok()) }).await
    }

    async fn holder_is_there(&self, asked: &InquiryId) -> Result<()> {
        let id = TargetId::derive(asked, &self.target);
        let officer = self.all.privacy_officer(DOCTOR)?;
        until(|| async {
            let found = officer.decisions(Some(&id)).await;
            Ok(found.ok().filter(|found| !found.is_empty()).map(drop))
        })
        .await
    }

    /// Every question is answered, decided and told.
    async fn tells_all(&mut self, decided: &[InquiryId], open: &[InquiryId]) -> Result<()> {
        for asked in open {
            until(|| async {
                let kept = self.kept(asked).await.unwrap_or_default();
                Ok(kept.contains(&1).then_some(()))
            })
            .await
            .with_context(|| format!("{asked} has no first reply"))?;
            self.gives(asked).await?;
        }
        self.next_slot()?;
        for asked in decided.iter().chain(open) {
            until(|| async {
                let Ok(followed) = self.asker.follow(asked.as_bytes()).await else {
                    return Ok(None);
                };
                let lines = followed.lines.iter().flat_map(|line| &line.lines);
                let mut states = lines.filter_map(|line| Some(&*line.line.as_ref()?.state));
                Ok(states.any(|state| state == "content").then_some(()))
            })
            .await
            .with_context(|| format!("{asked} was not told"))?;
        }
        Ok(())
    }

    /// Once everything is told: each answer was recorded once by who gave it, and once by who got
    /// it.
    async fn end(mut self, told: &BTreeSet<InquiryId>) -> Result<()> {
        let officer = self.all.privacy_officer(DOCTOR)?;
        let mut decided = BTreeSet::new();
        for decision in officer.decisions(None).await? {
            ensure!(decided.insert(decision.target_id.clone()), "a decision stands twice");
        }
        for asked in told {
            let id = TargetId::derive(asked, &self.target);
            ensure!(decided.contains(id.as_bytes().as_slice()), "{asked} has no decision");
        }
        for who in [BROKER, DOCTOR, VT] {
            self.all.kill(who)?;
        }
        let record = |kind: &str| format!("grondslag/record/{kind}/v1");
        for kind in ["reviewed", "released"] {
            let found = self.all.records(DOCTOR, &record(kind)).await?.len();
            ensure!(found == told.len(), "{found} {kind} of {}", told.len());
        }
        let sent = self.all.records(VT, &record("follow-up-sent")).await?.len();
        let taken = self.all.records(DOCTOR, &record("follow-up-taken")).await?.len();
        ensure!(sent == taken && sent >= ROUNDS.len(), "{sent} reminders, {taken} taken");
        let got = self.all.records(VT, &record("answered")).await?;
        let once: BTreeSet<_> = got.iter().collect();
        ensure!(once.len() == got.len(), "an answer was recorded twice");
        Ok(())
    }
}
