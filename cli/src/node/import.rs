//! An agency's records, from files.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::reason::Reason;
use grondslag_node::records::import::{self, Files, ImportError, Problem, Report, Terms};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::{Output, green, yellow};
use crate::serve::ConfigArgs;
use crate::wait::wait;

use super::open;

/// The columns of the files, for `--help`.
const SCHEMA: &str = "The files are CSV (comma or semicolon) or JSON Lines, in UTF-8. Dates are \
written 2026-09-15,
moments 2026-09-15T09:00. Columns:

  clients  client, bsn, given_names, prefix, family_name, birth_date, from, until
  records  client, category, about (child, parent, other), dated, source, t1, t2, t3, t4, t5
  facts    client, column, value, from, until, for_kind, for_purposes, for_categories

t1 to t5 hold what each tier adds. In them {place:...}, {third:...} and {reporter:...} mark what
may have to be left out. The files replace all records at once, or nothing changes.";

/// Arguments of `node import`.
#[derive(Debug, Args)]
#[command(after_long_help = SCHEMA)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// File with clients; may be given more often
    #[arg(long, value_name = "FILE", required = true)]
    clients: Vec<PathBuf>,

    /// File with records; may be given more often
    #[arg(long, value_name = "FILE")]
    records: Vec<PathBuf>,

    /// File with what the agency's own register says; may be given more often
    #[arg(long, value_name = "FILE")]
    facts: Vec<PathBuf>,

    /// Leave wrong rows out and report them, instead of importing nothing
    #[arg(long)]
    skip_bad: bool,
}

/// Replaces the records.
pub(super) fn import(args: &ImportArgs, out: Output) -> Result<Exit, Failure> {
    let report = wait(replace(args, out))?;
    for problem in &report.skipped {
        out.line(&format!("{} {}", yellow(out.tr("overgeslagen", "left out")), said(problem, out)));
    }
    if report.skipped_further > 0 {
        let more = out.tr("verdere rijen overgeslagen", "further rows left out");
        out.line(&yellow(&format!("{} {more}", report.skipped_further)));
    }
    let counts = [
        (report.clients, out.tr("cliënten", "clients")),
        (report.records, out.tr("gegevens", "records")),
        (report.facts, out.tr("feiten", "facts")),
    ];
    let counts = counts.map(|(count, label)| format!("{count} {label}")).join(", ");
    out.line(&format!("{} {counts}", green(out.tr("Ingelezen:", "Imported:"))));
    let skipped: Vec<Value> = report.skipped.iter().map(|problem| json_of(problem, out)).collect();
    out.json(&json!({
        "clients": report.clients,
        "records": report.records,
        "facts": report.facts,
        "skipped": skipped,
        "skipped_further": report.skipped_further,
    }))?;
    Ok(Exit::Done)
}

async fn replace(args: &ImportArgs, out: Output) -> Result<Report, Failure> {
    let (config, stopped) = open(&args.config.config).await?;
    let files = Files {
        clients: args.clients.clone(),
        records: args.records.clone(),
        facts: args.facts.clone(),
    };
    let catalogue = stopped.pack.catalogue();
    let terms = Terms {
        mode: stopped.context.mode(),
        bsn_right: catalogue.has_bsn_right(&config.agency.kind),
        vocabulary: catalogue,
        skip_bad: args.skip_bad,
        as_of: stopped.context.clock.clock().now(),
    };
    let bar = out.progress(Some(0), out.tr("inlezen", "importing"));
    let mut shown = |at: import::Progress| {
        bar.set_length(at.bytes_total);
        bar.set_position(at.bytes_done);
    };
    let (store, secret) = (&stopped.store, &stopped.secret);
    let report = import::import(store, secret, &files, &terms, &mut shown).await;
    bar.finish_and_clear();
    report.map_err(|error| refused(&error))
}

/// Every problem by file, line and column, in both languages.
fn refused(error: &ImportError) -> Failure {
    use grondslag_core::lang::Lang;
    let ImportError::Refused { problems, further } = error else {
        return Failure::new(error.reason(), error);
    };
    let lines = |lang, more: &str| {
        let lines = problems
            .iter()
            .map(|problem| format!("{} [{}]", problem.text(lang), problem.fault.reason()));
        let more = (*further > 0).then(|| format!("{further} {more}"));
        lines.chain(more).collect::<Vec<_>>().join("\n")
    };
    let (nl, en) = (lines(Lang::Nl, "verdere fouten"), lines(Lang::En, "further problems"));
    Failure::told(error.reason(), nl, en)
}

fn said(problem: &Problem, out: Output) -> String {
    problem.text(out.lang())
}

fn json_of(problem: &Problem, out: Output) -> Value {
    let reason: Reason = problem.fault.reason();
    json!({
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "reason": reason,
        "sentence": problem.fault.text(out.lang()),
    })
}
