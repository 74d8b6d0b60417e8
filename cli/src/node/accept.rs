//! What an operator does about a broker's ledger that contradicts itself.

use clap::{Args, ValueEnum};
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::watch::{Contradiction, Contrast};
use grondslag_node::watch::{self, Choice};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, green, red};
use crate::serve::ConfigArgs;
use crate::wait::wait;
use crate::witness::failure;

use super::open;

/// Arguments of `node accept-ledger`.
#[derive(Debug, Args)]
pub(super) struct AcceptLedgerArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// Go on from this head: `held` (what the node had) or `shown` (what the broker showed then);
    /// without it the proof is only shown
    #[arg(long, value_name = "HEAD")]
    go_on_from: Option<From>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    Held,
    Shown,
}

/// Shows the proof, and lets the node go on when a head was named.
pub(super) fn accept(args: &AcceptLedgerArgs, out: Output) -> Result<Exit, Failure> {
    let fork = wait(async {
        let (config, stopped) = open(&args.config.config).await?;
        let store = stopped.store.as_ref();
        let fork = watch::stopped_by(store).await.map_err(failure)?;
        if let Some(from) = args.go_on_from {
            let ledger = watch::open_ledger(&config, &stopped.context).await?;
            let choice = match from {
                From::Held => Choice::Held,
                From::Shown => Choice::Shown,
            };
            watch::accept(store, &ledger, choice).await.map_err(failure)?;
        }
        Ok(fork)
    })?;
    say(&fork, args.go_on_from.is_some(), out);
    out.json(&shown(&fork, args.go_on_from.is_some()))?;
    Ok(if args.go_on_from.is_some() { Exit::Done } else { Exit::Refused })
}

fn shown(fork: &Contradiction, accepted: bool) -> Value {
    let hashes: Vec<String> = fork.proof.iter().map(ToString::to_string).collect();
    json!({
        "contrast": fork.contrast().map(Contrast::word),
        "held": fork.held.note(),
        "shown": fork.shown.note(),
        "proof": hashes,
        "accepted": accepted,
    })
}

fn say(fork: &Contradiction, accepted: bool, out: Output) {
    let word = fork.contrast().map_or("-", |contrast| contrast.word());
    let told = out.tr(
        "De makelaar ondertekende twee hoofden die elkaar tegenspreken:",
        "The broker signed two heads that contradict each other:",
    );
    out.line(&format!("{} {word}", red(told)));
    head(out.tr("Dit knooppunt had:", "This node held:"), &fork.held, out);
    head(out.tr("Daarna werd getoond:", "Then it was shown:"), &fork.shown, out);
    if accepted {
        out.line(&green(out.tr("Aanvaard; start het knooppunt.", "Accepted; start the node.")));
        return;
    }
    out.line(out.tr(
        "Bewaar dit bewijs (--json), vergelijk het met andere organisaties, en kies dan met \
         --go-on-from.",
        "Keep this proof (--json), compare it with other agencies, and then choose with \
         --go-on-from.",
    ));
}

fn head(label: &str, head: &SignedCheckpoint, out: Output) {
    out.line(&bold(label));
    for line in head.note().lines() {
        out.line(&format!("  {line}"));
    }
}
