//! `grondslag audit mine`: what the broker recorded of an agency's questions and of those to it.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::TargetId;
use grondslag_proto::v1;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::limits::BROKER_DECISIONS_MAX;
use crate::output::{Output, bold, dim, yellow};
use crate::wait::wait;

/// Arguments of `audit mine`.
#[derive(Debug, Args)]
pub(super) struct MineArgs {
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,
    /// Only the question with this id, as the agency that was asked knows it
    #[arg(long, value_name = "ID", value_parser = target)]
    target_id: Option<TargetId>,
}

fn target(text: &str) -> Result<TargetId, String> {
    TargetId::parse(text).map_err(|error| error.to_string())
}

pub(super) fn run(args: &MineArgs, out: Output) -> Result<Exit, Failure> {
    let (decisions, more) = wait(read(args, out))?;
    for one in &decisions {
        line(out, one);
    }
    if decisions.is_empty() {
        out.line(&dim(out.tr("geen besluiten", "no decisions")));
    }
    if more {
        let told =
            out.tr("Er zijn er meer; dit zijn de oudste.", "There are more; these are the oldest.");
        out.line(&yellow(told));
    }
    let shown: Vec<Value> = decisions.iter().map(to_json).collect();
    out.json(&json!({ "decisions": shown, "more": more }))?;
    Ok(Exit::Done)
}

/// Page after page, up to a bound; whether there are more.
async fn read(args: &MineArgs, out: Output) -> Result<(Vec<v1::BrokerDecision>, bool), Failure> {
    let desk = Desk::open(&args.desk, out.lang())?;
    let bar = out.progress(None, out.tr("besluiten", "decisions"));
    let (mut decisions, mut after) = (Vec::new(), Vec::new());
    loop {
        let page = desk.broker_decisions(after, args.target_id.as_ref()).await?;
        bar.inc(u64::try_from(page.decisions.len()).unwrap_or(u64::MAX));
        decisions.extend(page.decisions);
        after = page.next;
        if after.is_empty() || decisions.len() >= BROKER_DECISIONS_MAX {
            bar.finish_and_clear();
            return Ok((decisions, !after.is_empty()));
        }
    }
}

fn line(out: Output, one: &v1::BrokerDecision) {
    let at = Timestamp::from_ms(one.decided_at_ms).local();
    let id = hex::encode(&one.target_id);
    let asked = out.tr("vroeg", "asked");
    let v1::BrokerDecision { asker_oin, target_oin, role, purpose, .. } = one;
    out.line(&format!("{at}  {}  {asker_oin} ({role}) {asked} {target_oin}, {purpose}", bold(&id)));
    for ruling in &one.rulings {
        let v1::BrokerRuling { category, outcome, tier, rows, reason } = ruling;
        let rests = [rows.join(", "), reason.clone()].concat();
        out.line(&format!("    {category}  {outcome} {tier}  {}", dim(&rests)));
    }
}

fn to_json(one: &v1::BrokerDecision) -> Value {
    let rulings = one.rulings.iter().map(|ruling| {
        json!({
            "category": ruling.category,
            "outcome": ruling.outcome,
            "tier": ruling.tier,
            "rows": ruling.rows,
            "reason": ruling.reason,
        })
    });
    json!({
        "target_id": hex::encode(&one.target_id),
        "asker": one.asker_oin,
        "target": one.target_oin,
        "role": one.role,
        "purpose": one.purpose,
        "decided_at": Timestamp::from_ms(one.decided_at_ms).to_string(),
        "rulings": rulings.collect::<Vec<_>>(),
        "policy_bundle": hex::encode(&one.policy_bundle),
        "kept_until": Timestamp::from_ms(one.kept_until_ms).to_string(),
    })
}
