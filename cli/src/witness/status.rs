//! Who cosigned what.

use clap::Args;
use grondslag_core::reason::Reason;
use grondslag_runtime::status::{LedgerState, WitnessState};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, green, red, yellow};
use crate::serve::ConfigArgs;
use crate::status::fetch;

/// Arguments of `witness status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Asks a running process: the broker knows each witness, a node what enough of them covered.
pub(super) fn run(args: &StatusArgs, out: Output) -> Result<Exit, Failure> {
    let status = fetch(&args.config.config)?;
    let ledger = status.ledger.ok_or_else(|| {
        let file = args.config.config.display();
        Failure::told(
            Reason::ConfigInvalid,
            format!("{file}: dit proces kent geen getuigen; vraag de makelaar of een knooppunt"),
            format!("{file}: this process knows no witnesses; ask the broker or a node"),
        )
    })?;
    say(&ledger, out);
    let covered = lag(&ledger, ledger.cosigned) == 0;
    out.json(&json!({
        "size": ledger.size,
        "cosigned": ledger.cosigned,
        "lag": lag(&ledger, ledger.cosigned),
        "quorum": ledger.quorum,
        "covered": covered,
        "witnesses": ledger.witnesses.iter().map(|one| witness(&ledger, one)).collect::<Vec<_>>(),
        "findings": status.findings,
    }))?;
    let stopped = [Reason::WitnessLate, Reason::LedgerFork, Reason::WitnessWithoutMemory];
    let well = !status.findings.iter().any(|finding| stopped.contains(finding));
    Ok(if well { Exit::Done } else { Exit::Refused })
}

/// Leaves that are not covered.
fn lag(ledger: &LedgerState, size: u64) -> u64 {
    ledger.size.saturating_sub(size)
}

fn witness(ledger: &LedgerState, one: &WitnessState) -> Value {
    json!({
        "oin": one.oin,
        "size": one.size,
        "at": one.at.map(|at| at.to_string()),
        "lag": one.size.map(|size| lag(ledger, size)),
    })
}

fn say(ledger: &LedgerState, out: Output) {
    let (size, cosigned) = (ledger.size, ledger.cosigned);
    out.line(&format!("{} {}", out.tr("Logboek:", "Ledger:"), bold(&size.to_string())));
    let Some(quorum) = ledger.quorum else {
        out.line(&yellow(
            out.tr("Deze proef heeft geen getuigen.", "This trial has no witnesses."),
        ));
        return;
    };
    let behind = lag(ledger, cosigned);
    let text = format!("{cosigned} ({} {behind})", out.tr("achter:", "behind:"));
    let text = if behind == 0 { green(&text) } else { yellow(&text) };
    let by = out.tr("Bevestigd door ten minste", "Covered by at least");
    out.line(&format!("{by} {quorum}: {text}"));
    for one in &ledger.witnesses {
        let last = match (one.size, one.at) {
            (Some(size), Some(at)) => {
                let behind = lag(ledger, size);
                format!("{size} ({} {behind}), {}", out.tr("achter:", "behind:"), at.local())
            }
            // Only the broker knows what each of them cosigned.
            (None, _) | (_, None) => red(out.tr("nog niet gezien", "not seen yet")),
        };
        out.line(&format!("  {} {last}", one.oin));
    }
}
