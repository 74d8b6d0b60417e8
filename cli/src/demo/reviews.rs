//! Questions of the stories that wait for a person, each step at the desk of who does it.

use std::time::{Duration, Instant};

use grondslag_core::id::{InquiryId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::Said;
use grondslag_proto::v1;
use grondslag_proto::v1::change_item_request::Change;
use serde::Serialize;
use tokio::time::sleep;

use super::driver::Driver;
use super::escalations::FileSeen;
use super::limits::{NOTICE_LOOK_MS, NOTICE_WAIT_MS};
use super::place::Place;
use super::world::{ReviewDo, ReviewStep};
use crate::ask::AgencyShown;
use crate::exit::Failure;
use crate::inbox::InboxDesk;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ReviewSeen {
    /// The step.
    pub(super) step: String,
    /// What had to come of it.
    pub(super) expected: Vec<String>,
    /// What did.
    pub(super) seen: Vec<String>,
    /// What a joint file held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<FileSeen>,
    /// Whether they agree.
    pub(super) ok: bool,
}

impl Driver<'_> {
    /// Steps to the moment of a step and does it. What is heard is waited for: it leaves some time
    /// after its slot.
    pub(super) async fn review(
        &self,
        step: &ReviewStep,
        place: &Place,
    ) -> Result<ReviewSeen, Failure> {
        self.step_to(step.at)?;
        let inquiry = InquiryId::from_slice(&self.numbers.of(Some(&step.of))?)
            .map_err(|_| Failure::new(Reason::ConfigInvalid, &step.of))?;
        let (seen, file) = match step.what {
            ReviewDo::Decide | ReviewDo::Confirm => (self.change(step, &inquiry).await, None),
            ReviewDo::Hear => (self.heard(step, &inquiry).await?, None),
            ReviewDo::File => {
                let (seen, file) = self.file(step, &inquiry, place).await?;
                (seen, Some(file))
            }
            ReviewDo::Remind => (self.remind(step, &inquiry).await?, None),
            ReviewDo::Accept => (self.accept(step, &inquiry).await?, None),
        };
        let (expected, ok) = (step.expect.clone(), seen == step.expect);
        Ok(ReviewSeen { step: step.id.clone(), expected, seen, file, ok })
    }

    /// How the question stands then, or why it does not.
    async fn change(&self, step: &ReviewStep, inquiry: &InquiryId) -> Vec<String> {
        let changed = async {
            let desk = InboxDesk::at(self.desks.of(&step.agency, &step.staff)?);
            let own = &self.world.agency(&step.agency)?.oin;
            let id = TargetId::derive(inquiry, own);
            let change = match step.what {
                ReviewDo::Confirm => Change::Confirmed(true),
                ReviewDo::Decide
                | ReviewDo::Hear
                | ReviewDo::File
                | ReviewDo::Remind
                | ReviewDo::Accept => Change::Judgement(judgement(step)),
            };
            // As a person would: who decides has looked.
            let shown = desk.show(id.as_bytes(), &step.role).await?;
            desk.change(id.as_bytes(), &step.role, (change, shown.version)).await
        };
        let state = changed.await;
        vec![state.unwrap_or_else(|failure: Failure| failure.reason().code().to_owned())]
    }

    /// What every agency said after its first reply, in the order of the expectation, then the
    /// rest.
    async fn heard(&self, step: &ReviewStep, inquiry: &InquiryId) -> Result<Vec<String>, Failure> {
        let desk = self.desks.of(&step.agency, &step.staff)?;
        let since = Instant::now();
        loop {
            let followed = desk.follow(inquiry).await?;
            let mut seen = Vec::new();
            for line in followed.lines {
                seen.extend(self.words(&AgencyShown::read(self.names, line)?));
            }
            let place = |word: &String| step.expect.iter().position(|one| one == word);
            seen.sort_by_key(|word| place(word).unwrap_or(usize::MAX));
            let late = since.elapsed() > Duration::from_millis(NOTICE_WAIT_MS);
            if seen == step.expect || late {
                return Ok(seen);
            }
            sleep(Duration::from_millis(NOTICE_LOOK_MS)).await;
        }
    }

    fn words(&self, shown: &AgencyShown) -> Vec<String> {
        let mut all = self.world.agencies.iter();
        let agency = all.find(|one| one.oin.as_str() == shown.oin);
        let agency = agency.map_or(shown.oin.as_str(), |one| one.id.as_str());
        let outcome = shown.outcome.as_deref().filter(|outcome| *outcome == "verlopen");
        let lines = shown.lines.iter().map(|line| {
            let state = outcome.unwrap_or(line.state);
            let tier = line.tier.map_or(String::new(), |tier| format!(" {tier}"));
            format!("{agency} {} {state}{tier}", line.category)
        });
        lines.collect()
    }
}

fn judgement(step: &ReviewStep) -> v1::Judgement {
    let given = step.give.iter().map(|(category, tier)| v1::JudgedLine {
        category: category.clone(),
        say: Said::Give.to_string(),
        tier: tier.clone(),
        ..v1::JudgedLine::default()
    });
    let withheld = step.withhold.iter().map(|category| v1::JudgedLine {
        category: category.clone(),
        say: Said::Withhold.to_string(),
        ground: step.ground.clone(),
        named: true,
        ..v1::JudgedLine::default()
    });
    v1::Judgement {
        lines: given.chain(withheld).collect(),
        reason: step.text.clone(),
        ..v1::Judgement::default()
    }
}
