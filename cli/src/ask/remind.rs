//! Reminding agencies, and how reminders are shown at either side.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use serde::Serialize;
use serde_json::json;

use super::question::agencies;
use super::shown::{Names, moment};
use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, red, yellow};
use crate::words;

/// What `grondslag ask remind` takes.
#[derive(Debug, Args)]
pub(super) struct RemindArgs {
    /// ID of the question, as `grondslag ask` printed it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,
    /// Whom to remind: OIN, or a part of the name; repeat it for several
    #[arg(long, value_name = "AGENCY", required = true)]
    to: Vec<String>,
    /// Why, a word of `grondslag ask words`; the first of them when absent
    #[arg(long, value_name = "WORD", default_value = "", hide_default_value = true)]
    because: String,
}

/// A reminder.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RemindedShown {
    /// When: at the asker when it did, at the target when it came.
    at: Timestamp,
    /// Why, a word of the rules; absent when it cannot be read.
    because: Option<String>,
    /// Its name.
    label: String,
    /// At the asker, when the agency had it; absent as long as it does not.
    #[serde(serialize_with = "moment")]
    taken_at: Option<Timestamp>,
    /// At the asker, why the agency never will.
    reason: Option<Reason>,
}

impl RemindedShown {
    /// Reads what a node said of one.
    pub(crate) fn read(names: &Names, wire: v1::Reminded) -> Self {
        let moment = |ms: i64| (ms != 0).then(|| Timestamp::from_ms(ms));
        Self {
            at: Timestamp::from_ms(wire.at_ms),
            label: names.reminder_named(&wire.because),
            because: (!wire.because.is_empty()).then_some(wire.because),
            taken_at: moment(wire.taken_at_ms),
            reason: (!wire.reason.is_empty()).then(|| grondslag_proto::reply::reason(&wire.reason)),
        }
    }

    /// The line of its asker.
    pub(super) fn line(&self, out: Output) -> String {
        let stands = match (self.reason, self.taken_at) {
            (Some(reason), _) => red(reason.sentence(out.lang())),
            (None, Some(at)) => green(&format!("{} {}", out.tr("bezorgd", "came"), at.local())),
            (None, None) => yellow(out.tr(
                "wacht tot de organisatie bereikbaar is",
                "waits until the agency can be reached",
            )),
        };
        let reminded = out.tr("herinnerd", "reminded");
        format!("{reminded} {}: {}  {stands}", self.at.local(), self.label)
    }

    /// The line of whom it was sent to.
    pub(crate) fn line_there(&self, out: Output) -> String {
        let reminded = out.tr("de vrager herinnert", "the asker reminds");
        yellow(&format!("{reminded} {}: {}", self.at.local(), self.label))
    }
}

/// Runs `grondslag ask remind`.
pub(super) async fn remind(args: &RemindArgs, out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let desk = Desk::open(&args.desk, out.lang())?;
    let to = agencies(&args.to, &desk.agencies().await?)?;
    let lines = desk.remind(&args.id, to, &args.because).await?;
    let mut shown = Vec::with_capacity(lines.len());
    for line in lines {
        let reminded = line.reminded.map(|one| RemindedShown::read(&names, one));
        let refused = line.refusal.map(|refusal| grondslag_proto::reply::reason(&refusal.reason));
        let said = match (&reminded, refused) {
            (Some(one), _) => one.line(out),
            (None, refused) => red(refused.unwrap_or(Reason::Malformed).sentence(out.lang())),
        };
        out.line(&format!("{}  {said}", bold(&line.name)));
        shown.push(json!({
            "oin": line.oin, "name": line.name, "reminded": reminded, "reason": refused,
        }));
    }
    let refused = shown.iter().any(|line| !line["reason"].is_null());
    out.json(&json!({ "inquiry_id": args.id, "agencies": shown }))?;
    Ok(if refused { Exit::Refused } else { Exit::Done })
}

/// Shows why somebody may remind, as the rules that came with the program have it.
pub(super) fn words(out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let words = words::list(&names.pack().catalogue().reviewing().reminders, out);
    if words.is_empty() {
        out.line(&dim(out.tr("de regels noemen geen reden", "the rules name no reason")));
    }
    out.json(&json!({ "reminders": words }))?;
    Ok(Exit::Done)
}
