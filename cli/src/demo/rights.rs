//! Requests of the stories about people's own data, each step at the desk of who does it.

use std::time::{Duration, Instant};

use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use serde::Serialize;
use tokio::time::sleep;

use super::driver::Driver;
use super::limits::{NOTICE_LOOK_MS, NOTICE_WAIT_MS};
use super::world::{RightDo, RightStep};
use crate::exit::Failure;
use crate::rights::RightsDesk;

/// The word for what was written down and nobody else hears of.
const WRITTEN: &str = "written";

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RightSeen {
    /// The step.
    pub(super) step: String,
    /// What had to come of it.
    pub(super) expected: String,
    /// What did.
    pub(super) seen: String,
    /// Whether they agree, and what was told came.
    pub(super) ok: bool,
}

impl Driver<'_> {
    /// Steps to the moment of a step, does it, and waits until what is told of it came.
    pub(super) async fn exercise(&self, step: &RightStep) -> Result<RightSeen, Failure> {
        self.step_to(step.at)?;
        let desk = RightsDesk::at(self.desks.of(&step.agency, &step.staff)?);
        let done = match step.what {
            RightDo::Lodge => self.lodge(&desk, step).await,
            RightDo::Look => self.look(&desk, step).await,
            RightDo::Decide => self.decide(&desk, step).await,
            RightDo::Close => close(&desk, step).await,
            RightDo::Assess => assess(&desk, step).await,
        };
        let seen = done.unwrap_or_else(|failure| failure.reason().code().to_owned());
        let came = came(&desk, step).await?;
        let (expected, ok) = (step.expect.clone(), came && seen == step.expect);
        Ok(RightSeen { step: step.id.clone(), expected, seen, ok })
    }

    async fn lodge(&self, desk: &RightsDesk, step: &RightStep) -> Result<String, Failure> {
        let holder = step.holder.as_ref().map(|id| self.world.agency(id)).transpose()?;
        let request = v1::LodgeRequestRequest {
            role: step.role.clone(),
            subject: step.subject.0.clone(),
            right: step.right.word().to_owned(),
            asked_by: step.by.map(|by| by.word().to_owned()).unwrap_or_default(),
            text: step.text.clone(),
            categories: Vec::new(),
            holder_oin: holder.map(|holder| holder.oin.to_string()).unwrap_or_default(),
            target_id: self.numbers.line(step.line.as_ref())?,
        };
        desk.lodge(request).await?;
        Ok(WRITTEN.to_owned())
    }

    async fn look(&self, desk: &RightsDesk, step: &RightStep) -> Result<String, Failure> {
        let found = find(desk, step).await?;
        let [side, state] = [&found.side, &found.state];
        Ok(match found.decided.as_str() {
            "" => format!("{side} {state}"),
            decided => format!("{side} {state} {decided}"),
        })
    }

    async fn decide(&self, desk: &RightsDesk, step: &RightStep) -> Result<String, Failure> {
        let request = v1::DecideRequestRequest {
            request_id: find(desk, step).await?.request_id,
            role: step.role.clone(),
            decided: step.decided.map(|word| word.word().to_owned()).unwrap_or_default(),
            ground: String::new(),
            text: step.text.clone(),
        };
        let told = desk.decide(request).await?;
        let name = |oin: &String| {
            let mut all = self.world.agencies.iter();
            all.find(|one| one.oin.as_str() == oin)
                .map_or_else(|| oin.clone(), |one| one.id.clone())
        };
        let told: Vec<String> = told.iter().map(name).collect();
        Ok(if told.is_empty() { WRITTEN.to_owned() } else { told.join(" ") })
    }
}

async fn close(desk: &RightsDesk, step: &RightStep) -> Result<String, Failure> {
    let request = v1::CloseRequestRequest {
        request_id: find(desk, step).await?.request_id,
        role: step.role.clone(),
        text: step.text.clone(),
    };
    desk.close(request).await?;
    Ok(WRITTEN.to_owned())
}

async fn assess(desk: &RightsDesk, step: &RightStep) -> Result<String, Failure> {
    let request = v1::AssessBreachRequest {
        request_id: find(desk, step).await?.request_id,
        role: step.role.clone(),
        reported: step.reported,
        text: step.text.clone(),
    };
    desk.assess(request).await?;
    Ok(WRITTEN.to_owned())
}

/// The agency's last request of that sort about that person.
async fn find(desk: &RightsDesk, step: &RightStep) -> Result<v1::RightsRequest, Failure> {
    let all = desk.list(&step.role, true).await?.into_iter();
    let of = all.filter(|one| {
        let side = step.side.is_empty() || one.side == step.side;
        one.subject == step.subject.0 && one.right == step.right.word() && side
    });
    of.max_by_key(|one| one.lodged_at_ms).ok_or_else(|| Reason::UnknownRequest.into())
}

/// Whether all that is told of the request came.
async fn came(desk: &RightsDesk, step: &RightStep) -> Result<bool, Failure> {
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(NOTICE_WAIT_MS) {
        match find(desk, step).await {
            Ok(one) if !one.waiting_oins.is_empty() => {}
            Ok(_) => return Ok(true),
            Err(failure) if failure.reason() == Reason::UnknownRequest => return Ok(true),
            Err(failure) => return Err(failure),
        }
        sleep(Duration::from_millis(NOTICE_LOOK_MS)).await;
    }
    Ok(false)
}
