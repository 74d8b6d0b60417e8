//! `grondslag metrics`: what each agency counts of itself, and the college compares.

mod doubts;
#[cfg(test)]
mod fixture;
mod gather;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use grondslag_core::metrics::{Period, SignedReport};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::metrics_service_client::MetricsServiceClient;
use grondslag_runtime::channel::within;

use crate::desk::{Desk, Who, accepted};
use crate::exit::{Exit, Failure};
use crate::files::write_new;
use crate::limits::LONG_CALL_MS_MAX;
use crate::output::{Output, green};
use crate::process::Own;
use crate::serve::ConfigArgs;
use crate::wait::wait;

/// Count what an agency answered over a month or half a year, and compare all agencies
///
/// Each agency's privacy officer has their node count and sign; the broker's operator has it count
/// what the agencies let pass; the college lays the files of all side by side, on any machine. No
/// person is in a report. What could point at a child leaves the node as tens, and not at all below
/// ten.
#[derive(Debug, Args)]
pub(crate) struct MetricsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Have your own node count a period that is over, and sign it; for its privacy officer
    Make(MakeArgs),
    /// Have the broker count the slots that agencies let pass, and sign it; for its operator
    Watched(WatchedArgs),
    /// Verify the reports of agencies and lay them side by side; needs no process
    Gather(GatherArgs),
}

#[derive(Debug, Args)]
struct MakeArgs {
    #[command(flatten)]
    who: Who,

    #[command(flatten)]
    report: ReportArgs,
}

#[derive(Debug, Args)]
struct WatchedArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// Where it listens, when that does not follow from the configuration
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<String>,

    #[command(flatten)]
    report: ReportArgs,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// A month, such as 2026-06, or half a year, such as 2026-H1
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    period: Period,

    /// Where to write the report; a file that is there is not overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct GatherArgs {
    /// Reports of one period, as `metrics make` and `metrics watched` wrote them
    #[arg(required = true, value_name = "FILES")]
    files: Vec<PathBuf>,

    /// The region's root certificate, ca.pem
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
}

fn period(text: &str) -> Result<Period, String> {
    text.parse().map_err(|_| "a month (2026-06) or half a year (2026-H1)".to_owned())
}

/// Runs `grondslag metrics`.
pub(crate) fn run(args: &MetricsArgs, out: Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::Make(typed) => make(typed, out),
        Command::Watched(typed) => watched(typed, out),
        Command::Gather(typed) => gather::run(&typed.files, &typed.root, out),
    }
}

fn make(typed: &MakeArgs, out: Output) -> Result<Exit, Failure> {
    let told = wait(async {
        let desk = Desk::open(&typed.who.desk, out.lang())?;
        let (role, period) = (typed.who.role.clone(), typed.report.period.to_string());
        let request = desk.request(v1::MakeMetricsRequest { role, period }, LONG_CALL_MS_MAX);
        let mut client = MetricsServiceClient::new(desk.channel());
        Ok::<_, Failure>(client.make_metrics(request).await?.into_inner())
    })?;
    keep(told, &typed.report, out)
}

fn watched(typed: &WatchedArgs, out: Output) -> Result<Exit, Failure> {
    let told = wait(async {
        let own = Own::open(&typed.config.config, typed.address.as_deref())?;
        let period = typed.report.period.to_string();
        let request = v1::MakeMetricsRequest { role: String::new(), period };
        let request = within(request, Duration::from_millis(LONG_CALL_MS_MAX));
        let mut client = MetricsServiceClient::new(own.channel.clone());
        let answer = client.make_metrics(request).await;
        Ok::<_, Failure>(
            answer.map_err(|status| Failure::from(status).about(&own.endpoint))?.into_inner(),
        )
    })?;
    keep(told, &typed.report, out)
}

/// Writes a report that was made.
fn keep(told: v1::MakeMetricsResponse, args: &ReportArgs, out: Output) -> Result<Exit, Failure> {
    accepted(told.refusal)?;
    let signed: SignedReport =
        serde_json::from_str(&told.report_json).map_err(|_| Failure::from(Reason::Malformed))?;
    write_new(&args.out, &told.report_json)?;
    let made = out.tr("rapport geschreven:", "report written:");
    out.line(&green(&format!("{made} {}", args.out.display())));
    out.json(&signed.report)?;
    Ok(Exit::Done)
}
