//! What people of the stories add to their questions: reminders, and that they take a case over.

use std::time::{Duration, Instant};

use grondslag_core::catalogue::Role;
use grondslag_core::id::{InquiryId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use tokio::time::sleep;

use super::driver::Driver;
use super::limits::{NOTICE_LOOK_MS, NOTICE_WAIT_MS};
use super::world::{Agency, ReviewStep};
use crate::exit::Failure;
use crate::handover::HandoverDesk;

impl Driver<'_> {
    /// Reminds whom the question was put to first, and waits until it came: who is slow gets it at
    /// the next turn of the asker's node.
    pub(super) async fn remind(
        &self,
        step: &ReviewStep,
        inquiry: &InquiryId,
    ) -> Result<Vec<String>, Failure> {
        let desk = self.desks.of(&step.agency, &step.staff)?;
        let to = self.first_target(&step.of)?.oin.to_string();
        desk.remind(inquiry, vec![to.clone()], &step.text).await?;
        let since = Instant::now();
        loop {
            let lines = desk.follow(inquiry).await?.lines;
            let of = lines.iter().filter(|line| line.oin == to).flat_map(|line| &line.reminded);
            let seen: Vec<String> = of.map(came).collect();
            if seen == step.expect || is_late(since) {
                return Ok(seen);
            }
            sleep(Duration::from_millis(NOTICE_LOOK_MS)).await;
        }
    }

    /// Accepts a case, and waits until its old holder has read that.
    pub(super) async fn accept(
        &self,
        step: &ReviewStep,
        inquiry: &InquiryId,
    ) -> Result<Vec<String>, Failure> {
        let from = self.first_target(&step.of)?;
        let checklist = &self.names.pack().catalogue().handover().checklist;
        let missing = |word: &String| step.withhold.contains(word);
        let words = checklist.iter().map(|item| item.id.clone());
        let (gaps, done) = words.partition(missing);
        let request = v1::AcceptHandoverRequest {
            inquiry_id: inquiry.as_bytes().to_vec(),
            target_oin: from.oin.to_string(),
            role: step.role.clone(),
            done,
            gaps,
        };
        let desk = HandoverDesk::at(self.desks.of(&step.agency, &step.staff)?);
        let accepted = match desk.accept(request).await {
            Ok(accepted) => accepted,
            Err(failure) => return Ok(vec![failure.reason().code().to_owned()]),
        };
        let told = if accepted.told_at_ms > 0 { "told" } else { "waits" };
        let gone = self.gone(from, &TargetId::derive(inquiry, &from.oin)).await?;
        let seen = ["accepted", told, if gone { "handed over" } else { "still held" }];
        Ok(seen.map(str::to_owned).to_vec())
    }

    /// Whether the old holder has read that the case was accepted: it does so in the background.
    async fn gone(&self, from: &Agency, id: &TargetId) -> Result<bool, Failure> {
        let rules = self.names.pack().catalogue().handover();
        let holds = |role: &&String| Role::parse(role).is_ok_and(|role| rules.holds(&role));
        let mut people = self.world.people_of(&from.id);
        let holder = people.find_map(|one| Some((one, one.roles.iter().find(holds)?)));
        let (person, role) = holder.ok_or_else(|| Failure::new(Reason::HandoverRole, &from.id))?;
        let desk = HandoverDesk::at(self.desks.of(&from.id, person.id.as_str())?);
        let since = Instant::now();
        loop {
            let (all, _more) = desk.list(role).await?;
            let one = all.iter().find(|one| one.target_id == id.as_bytes());
            let gone = one.is_some_and(|one| one.accepted_at_ms > 0);
            if gone || is_late(since) {
                return Ok(gone);
            }
            sleep(Duration::from_millis(NOTICE_LOOK_MS)).await;
        }
    }

    fn first_target(&self, question: &str) -> Result<&Agency, Failure> {
        let all = self.world.timeline();
        let found = all.iter().find(|one| one.id == question).and_then(|one| one.to.first());
        let found = found.ok_or_else(|| Failure::new(Reason::ConfigInvalid, question))?;
        self.world.agency(found)
    }
}

fn came(reminded: &v1::Reminded) -> String {
    (if reminded.taken_at_ms > 0 { "came" } else { "waits" }).to_owned()
}

fn is_late(since: Instant) -> bool {
    since.elapsed() > Duration::from_millis(NOTICE_WAIT_MS)
}
