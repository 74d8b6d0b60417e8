//! Who holds custody, who can decide, and measures of the court.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act;

use super::desk::ConsentDesk;
use super::speaker::Typed;
use super::{ChildArgs, moment, ms, until, written};
use crate::exit::{Exit, Failure};
use crate::files::read_bytes;
use crate::limits::STATEMENT_BYTES_MAX;
use crate::output::Output;

/// Since when, until when, and in what it was seen.
#[derive(Debug, Args)]
pub(super) struct SeenArgs {
    /// In what you saw it: the custody register, a decision of the court with its number
    #[arg(long, value_name = "TEXT")]
    seen_in: String,

    /// Since when; now when it is left out
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    from: Option<Timestamp>,

    /// The last day, when that is known
    #[arg(long, value_name = "DAY", value_parser = until)]
    until: Option<Timestamp>,
}

/// Who holds custody.
#[derive(Debug, Args)]
pub(super) struct CustodyArgs {
    #[command(flatten)]
    child: ChildArgs,

    /// Who holds it: both parents, one, or `guardian:` and the agency; once for each. Without any
    /// it is unsettled, and nobody can say yes for the child
    #[arg(long, value_name = "WHO", value_parser = Typed::parse)]
    holder: Vec<Typed>,

    #[command(flatten)]
    seen: SeenArgs,
}

/// Whether a young person can decide.
#[derive(Debug, Args)]
pub(super) struct AbilityArgs {
    #[command(flatten)]
    child: ChildArgs,

    /// They cannot weigh their interests in this; without it: they can
    #[arg(long)]
    unable: bool,

    /// Who represents an adult that cannot: `Ans, Mentor, 1970-01-01`
    #[arg(long, value_name = "WHO", value_parser = Typed::parse, requires = "unable")]
    representative: Option<Typed>,

    #[command(flatten)]
    seen: SeenArgs,
}

/// A measure of the court, as somebody saw it or as another agency certified it.
#[derive(Debug, Args)]
pub(super) struct MeasureArgs {
    #[command(flatten)]
    child: ChildArgs,

    /// Which: ots, voogdij or jeugdreclassering
    #[arg(
        long,
        value_name = "MEASURE",
        required_unless_present = "statement",
        requires = "seen_in"
    )]
    measure: Option<String>,

    /// In what you saw it: the court's decision with its number
    #[arg(long, value_name = "TEXT", requires = "measure")]
    seen_in: Option<String>,

    /// Since when; now when it is left out
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    from: Option<Timestamp>,

    /// The last day, when that is known
    #[arg(long, value_name = "DAY", value_parser = until)]
    until: Option<Timestamp>,

    /// The statement by which the competent body certified it, instead of all that
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["measure", "seen_in", "from", "until"])]
    statement: Option<PathBuf>,
}

impl SeenArgs {
    /// A measure of which this was seen.
    pub(super) fn measure(&self, value: &str) -> v1::CourtMeasure {
        v1::CourtMeasure {
            value: value.to_owned(),
            court_reference: self.seen_in.clone(),
            from_ms: ms(self.from),
            until_ms: ms(self.until),
        }
    }
}

/// Writes down who holds custody.
pub(super) async fn custody(typed: &CustodyArgs, out: Output) -> Result<Exit, Failure> {
    let desk = ConsentDesk::open(&typed.child, out.lang())?;
    let mut holders = Vec::new();
    for holder in &typed.holder {
        holders.push(holder.speaker(desk.desk()).await?);
    }
    let situation = v1::CustodySituation {
        holders,
        seen_in: typed.seen.seen_in.clone(),
        from_ms: ms(typed.seen.from),
        until_ms: ms(typed.seen.until),
    };
    written(&desk.put(&typed.child, Act::Custody(situation), false).await?, out)
}

/// Writes down whether a young person can decide.
pub(super) async fn ability(typed: &AbilityArgs, out: Output) -> Result<Exit, Failure> {
    let desk = ConsentDesk::open(&typed.child, out.lang())?;
    let representative = match &typed.representative {
        Some(who) => Some(who.speaker(desk.desk()).await?),
        None => None,
    };
    let judged = v1::AbilityJudged {
        weighs: !typed.unable,
        representative,
        seen_in: typed.seen.seen_in.clone(),
        from_ms: ms(typed.seen.from),
        until_ms: ms(typed.seen.until),
    };
    written(&desk.put(&typed.child, Act::Ability(judged), false).await?, out)
}

/// Writes down a measure of the court.
pub(super) async fn measure(typed: &MeasureArgs, out: Output) -> Result<Exit, Failure> {
    let desk = ConsentDesk::open(&typed.child, out.lang())?;
    let act = match &typed.statement {
        Some(file) => Act::Certified(read_bytes(file, STATEMENT_BYTES_MAX)?),
        None => Act::Measure(v1::CourtMeasure {
            value: typed.measure.clone().unwrap_or_default(),
            court_reference: typed.seen_in.clone().unwrap_or_default(),
            from_ms: ms(typed.from),
            until_ms: ms(typed.until),
        }),
    };
    written(&desk.put(&typed.child, act, false).await?, out)
}
