//! `grondslag patterns`: how much an agency's own people ask, for its privacy officer.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::lang::Lang;
use grondslag_proto::v1;
use serde::Serialize;
use serde_json::json;

use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::glass::shown as glass;
use crate::limits::{PATTERN_DAYS, PATTERN_DAYS_MAX};
use crate::output::{Output, bold, dim, yellow};
use crate::wait::wait;

/// See how much your agency's people ask, and what is unusual: for its privacy officer
///
/// A line per person, purpose and day, in numbers: no child is in it. What is unusual is a reason
/// to talk with somebody, not a finding. That you looked is recorded.
#[derive(Debug, Args)]
pub(crate) struct PatternsArgs {
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// The last so many days, today included, 1 to 31
    #[arg(long, default_value_t = PATTERN_DAYS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=PATTERN_DAYS_MAX))]
    days: u32,
}

/// Lists the patterns of the last days.
pub(crate) fn run(args: &PatternsArgs, out: Output) -> Result<Exit, Failure> {
    let listed = wait(async {
        let desk = Desk::open(&args.desk, out.lang())?;
        desk.patterns(args.days).await
    })?;
    let left_out = listed.left_out;
    let shown: Vec<PatternShown> = listed.patterns.into_iter().map(PatternShown::from).collect();
    for one in &shown {
        line(out, one);
    }
    if shown.is_empty() {
        out.line(&dim(out.tr("geen vragen in deze dagen", "no questions in these days")));
    }
    if left_out > 0 {
        let more = out.tr("meer; vraag minder dagen op", "more; ask for fewer days");
        out.line(&dim(&format!("{left_out} {more}")));
    }
    for line in glass::counts(&listed.glass, out) {
        out.line(&line);
    }
    let glass: Vec<_> = listed.glass.iter().map(glass::count_json).collect();
    out.json(&json!({ "patterns": shown, "left_out": left_out, "break_glass": glass }))?;
    Ok(Exit::Done)
}

fn line(out: Output, shown: &PatternShown) {
    let PatternShown { day, staff_id, purpose, questions, targets, .. } = shown;
    let PatternShown { replies, neutral, night, break_glass, over_budget, .. } = shown;
    let counts = match out.lang() {
        Lang::Nl => format!(
            "{questions} vragen aan {targets} organisaties; {neutral} van {replies} antwoorden \
             zeiden niets; {night} 's nachts; {break_glass} met de noodknop; {over_budget} boven \
             het dagtotaal"
        ),
        Lang::En => format!(
            "{questions} questions to {targets} agencies; {neutral} of {replies} answers said \
             nothing; {night} at night; {break_glass} with break glass; {over_budget} over the \
             daily limit"
        ),
    };
    out.line(&format!("{day}  {}  {purpose}  {counts}", bold(staff_id)));
    for flag in &shown.flags {
        out.line(&yellow(&format!("    {}", sentence(out, flag))));
    }
}

/// What a flag means; one of a newer node is shown as it came.
fn sentence(out: Output, flag: &str) -> &str {
    match flag {
        "over_80_percent" => out.tr(
            "meer dan 80 % van de daglimiet gebruikt",
            "more than 80 % of the daily limit was used",
        ),
        "mostly_neutral" => out.tr(
            "de meeste antwoorden zeiden niets: zo ziet het proberen van nummers eruit",
            "most answers said nothing: what trying numbers looks like",
        ),
        "night" => out.tr("vaak 's nachts gevraagd", "asked at night several times"),
        "break_glass" => out.tr("met de noodknop gevraagd", "asked with break glass"),
        other => other,
    }
}

/// One line, as `--json` prints it.
#[derive(Debug, Serialize)]
struct PatternShown {
    staff_id: String,
    purpose: String,
    day: String,
    questions: u32,
    targets: u32,
    replies: u32,
    neutral: u32,
    night: u32,
    break_glass: u32,
    over_budget: u32,
    flags: Vec<String>,
}

impl From<v1::Pattern> for PatternShown {
    fn from(wire: v1::Pattern) -> Self {
        Self {
            staff_id: wire.staff_id,
            purpose: wire.purpose,
            day: wire.day,
            questions: wire.questions,
            targets: wire.targets,
            replies: wire.replies,
            neutral: wire.neutral,
            night: wire.night,
            break_glass: wire.break_glass,
            over_budget: wire.over_budget,
            flags: wire.flags,
        }
    }
}
