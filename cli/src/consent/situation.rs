//! Who holds custody, who can decide, and measures of the court.

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act;

use super::desk::ConsentDesk;
use super::speaker::Typed;
use super::{ChildArgs, moment, ms, until, written};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Since when, until when, and in what it was seen.
#[derive(Debug, Args)]
struct SeenArgs {
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

/// A measure of the court.
#[derive(Debug, Args)]
pub(super) struct MeasureArgs {
    #[command(flatten)]
    child: ChildArgs,

    /// Which: ots, voogdij or jeugdreclassering
    #[arg(long, value_name = "MEASURE")]
    measure: String,

    #[command(flatten)]
    seen: SeenArgs,
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
    let measure = v1::CourtMeasure {
        value: typed.measure.clone(),
        court_reference: typed.seen.seen_in.clone(),
        from_ms: ms(typed.seen.from),
        until_ms: ms(typed.seen.until),
    };
    written(&desk.put(&typed.child, Act::Measure(measure), false).await?, out)
}
