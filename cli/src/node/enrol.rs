//! `grondslag node enrol --now`: who came to the register is enrolled at once.

use std::time::Duration;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::reply::reason;
use grondslag_proto::v1::node_operator_service_client::NodeOperatorServiceClient;
use grondslag_proto::v1::{EnrolNowRequest, EnrolNowResponse};
use grondslag_runtime::channel::within;
use indicatif::ProgressBar;
use serde_json::json;
use tonic::Streaming;

use crate::exit::{Exit, Failure};
use crate::limits::{ENROL_MS_MAX, LONG_CALL_MS_MAX};
use crate::output::{Output, green, yellow};
use crate::process::Own;
use crate::serve::ConfigArgs;
use crate::wait::wait;

/// Arguments of `node enrol`.
#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    /// Do not wait for the hourly batch, and take it that the broker sees the moment
    #[arg(long, required = true)]
    now: bool,

    #[command(flatten)]
    config: ConfigArgs,

    /// Where it listens, when that does not follow from the configuration
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<String>,
}

/// What was enrolled.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    epoch: u32,
    /// Points of all epochs that were enrolled in, padding included.
    points: u64,
    as_of: Timestamp,
}

/// Has the running node enrol, and shows how far it is.
pub(super) fn enrol(args: &EnrolArgs, out: Output) -> Result<Exit, Failure> {
    let bar = out.progress(Some(0), out.tr("inschrijven", "enrolling"));
    let run = wait(async {
        let own = Own::open(&args.config.config, args.address.as_deref())?;
        let mut client = NodeOperatorServiceClient::new(own.channel.clone());
        let request = within(EnrolNowRequest {}, Duration::from_millis(ENROL_MS_MAX));
        let answer = client.enrol_now(request).await;
        let stream = answer.map_err(|status| Failure::from(status).about(&own.endpoint))?;
        follow(stream.into_inner(), &bar).await
    });
    bar.finish_and_clear();
    let run = run.map_err(resumable)?;
    say(&run, out);
    out.json(&json!({
        "epoch": run.epoch,
        "points": run.points,
        "index_as_of": run.as_of,
        "broker_saw_moment": true,
    }))?;
    Ok(Exit::Done)
}

fn say(run: &Run, out: Output) {
    let done = green(out.tr("Ingeschreven:", "Enrolled:"));
    let points = out.tr("punten met opvulling, tijdvak", "points with padding, epoch");
    let until = out.tr("het register geldt tot", "the register counts until");
    let Run { epoch, points: count, as_of } = run;
    out.line(&format!("{done} {count} {points} {epoch}; {until} {}", as_of.local()));
    out.line(&yellow(out.tr(
        "De makelaar zag dat er nu iets is ingeschreven, en in hoeveel partijen; niet wie.",
        "The broker saw that something was enrolled now, and in how many batches; not who.",
    )));
}

/// Reads steps until the last one.
async fn follow(
    mut stream: Streaming<EnrolNowResponse>,
    bar: &ProgressBar,
) -> Result<Run, Failure> {
    let mut seen = Steps::default();
    let wait = Duration::from_millis(LONG_CALL_MS_MAX);
    loop {
        let next = tokio::time::timeout(wait, stream.message()).await;
        let next = next.map_err(|_| Failure::from(Reason::DeadlinePassed))?;
        let step = next.map_err(Failure::from)?.ok_or(Failure::from(Reason::Unreachable))?;
        if let Some(refusal) = step.refusal {
            return Err(reason(&refusal.reason).into());
        }
        if step.whole {
            let as_of = Timestamp::from_ms(step.index_as_of_ms);
            return Ok(Run { epoch: step.epoch, points: seen.points(), as_of });
        }
        bar.set_length(step.total);
        bar.set_position(step.done);
        seen.take(&step);
    }
}

/// How far each epoch is: a run may cover the current one and the next.
#[derive(Debug, Default)]
struct Steps {
    before: u64,
    /// Epoch, points at its first step and at its last.
    now: Option<(u32, u64, u64)>,
}

impl Steps {
    fn take(&mut self, step: &EnrolNowResponse) {
        match &mut self.now {
            Some((epoch, _, last)) if *epoch == step.epoch => *last = step.done,
            _ => {
                self.before = self.points();
                self.now = Some((step.epoch, step.done, step.done));
            }
        }
    }

    fn points(&self) -> u64 {
        let now = self.now.map_or(0, |(_, first, last)| last.saturating_sub(first));
        self.before.saturating_add(now)
    }
}

/// What went wrong, and that nothing of what was done is lost.
fn resumable(failure: Failure) -> Failure {
    let told = match failure.reason() {
        Reason::Unreachable | Reason::DeadlinePassed | Reason::NotReady => Some((
            "Wat al is ingeschreven blijft staan: geef deze opdracht opnieuw, dan gaat zij verder.",
            "What was enrolled stays: give this command again, and it goes on from there.",
        )),
        _ => None,
    };
    let Some((nl, en)) = told else { return failure };
    let more = Failure::told(failure.reason(), nl, en);
    // Where it was asked reads the same in every language.
    match failure.detail(Lang::En) {
        "" => more,
        place => more.about(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(epoch: u32, done: u64) -> EnrolNowResponse {
        EnrolNowResponse { epoch, done, total: 8_192, ..EnrolNowResponse::default() }
    }

    #[test]
    fn points_count_from_where_the_run_went_on_and_over_two_epochs() {
        let mut steps = Steps::default();
        assert_eq!(steps.points(), 0);
        for (epoch, done) in [(1, 0), (1, 4), (2, 2_048), (2, 4_096), (2, 8_192)] {
            steps.take(&step(epoch, done));
        }
        assert_eq!(steps.points(), 4 + 6_144);
    }

    #[test]
    fn who_was_cut_short_is_told_that_it_goes_on() {
        let told = resumable(Failure::from(Reason::Unreachable));
        assert!(told.detail(Lang::En).contains("goes on from there"));
        let other = resumable(Failure::from(Reason::QuotaExceeded));
        assert_eq!(other, Failure::from(Reason::QuotaExceeded));
    }
}
