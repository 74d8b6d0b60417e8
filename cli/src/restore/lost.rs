//! Leaves that a restored broker no longer has.

use grondslag_broker::restore::foundings;
use grondslag_evidence::audit::Copied;
use grondslag_evidence::generation::number;
use serde_json::{Value, json};

use crate::any_process::Role;
use crate::audit::copy_refused;
use crate::backup::process::Process;
use crate::exit::{Exit, Failure};
use crate::files::unwritable;
use crate::output::{Output, bold, green};
use crate::serve::ConfigArgs;
use crate::wait::wait;

/// Lists them per restore; the process is stopped.
pub(super) fn run(args: &ConfigArgs, out: Output) -> Result<Exit, Failure> {
    let process = Process::open(&args.config)?;
    let temp = std::env::temp_dir();
    let copy = tempfile::tempdir().map_err(|error| unwritable(&temp, &error))?;
    let all = wait(async {
        let copied = Copied::take(&process.store, copy.path(), &process.oin).await;
        let copied = copied.map_err(|error| copy_refused(&process.store, error))?;
        let store = copied.store().as_ref();
        if process.role != Role::Broker {
            return Ok(Vec::new());
        }
        Ok(foundings(store, number(store).await?).await?)
    })?;
    let mut shown: Vec<Value> = Vec::new();
    for signed in &all {
        let (founding, lost) = (&signed.founding, signed.founding.lost());
        let origin = &founding.head.checkpoint().origin;
        let count = lost.end.saturating_sub(lost.start);
        let of = out.tr("vermeldingen verloren", "leaves lost");
        let range = format!("{}..{}", lost.start, lost.end);
        out.line(&format!("{origin}: {} {of} ({range})", bold(&count.to_string())));
        shown.push(json!({ "origin": origin, "from": lost.start, "to": lost.end }));
    }
    if all.is_empty() {
        out.line(&green(out.tr("Niets is verloren.", "Nothing is lost.")));
    } else {
        out.line(out.tr(
            "Wat een knooppunt daarvan kreeg blijft daar bewijsbaar.",
            "What a node got of these stays provable there.",
        ));
    }
    out.json(&json!({ "lost": shown }))?;
    Ok(Exit::Done)
}
