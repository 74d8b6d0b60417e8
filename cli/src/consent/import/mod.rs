//! Custody and measures of many children from one file, at one's own desk.
//!
//! First everything is checked, here and at the node, and every problem is told by its row; only
//! when there is none each child's rows are written down. What stands there already stays as it
//! is, so that a file whose reading was broken off is read in again.

mod children;
mod problem;
mod rows;

use std::path::PathBuf;

use clap::Args;
use grondslag_core::reason::Reason;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use serde_json::{Value, json};

use self::children::{Child, children};
use self::problem::{Fault, Problem};
use super::desk::ConsentDesk;
use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::{SITUATION_PROBLEMS_MAX, SITUATIONS_BYTES_MAX};
use crate::output::{Output, green, yellow};

/// The columns of the file, for `--help`.
const SCHEMA: &str = "The file is JSON (a list of objects) or, when its name ends in .csv, CSV \
(comma or semicolon),
in UTF-8. Dates are written 2026-09-15, moments 2026-09-15T09:00. Columns:

  subject, what (custody or measure), holders, value, from, until, seen_in

holders says who holds custody, as `consent custody --holder` has it: a list in JSON, with | between
in CSV. value is the measure: ots, voogdij or jeugdreclassering. from and seen_in are always filled
in; until is the last day, when that is known.";

/// Arguments of `consent import`.
#[derive(Debug, Args)]
#[command(after_long_help = SCHEMA)]
pub(super) struct ImportArgs {
    /// The file; `-` reads JSON from standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// The role in which you work with these children, such as jha.hulpverlener
    #[arg(long)]
    role: String,

    /// Only check the file against the register; that you looked is recorded
    #[arg(long)]
    check: bool,
}

/// How many rows there were, and what became of them.
#[derive(Debug, Default)]
struct Counts {
    rows: usize,
    children: usize,
    /// That could be, or were, written down.
    new: usize,
    standing: usize,
}

/// The register, and the role in which it is written to.
struct At<'a> {
    desk: ConsentDesk,
    role: &'a str,
    out: Output,
}

/// Reads the file, checks all of it, and writes it down.
pub(super) async fn run(args: &ImportArgs, out: Output) -> Result<Exit, Failure> {
    let text = read_text(&args.file, SITUATIONS_BYTES_MAX)?;
    let is_csv = args.file.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    let desk = ConsentDesk::at(Desk::open(&args.desk, out.lang())?);
    let (rows, mut problems) = rows::read(&text, is_csv);
    let mut counts = Counts { rows: rows.len(), ..Counts::default() };
    let region = desk.desk().agencies().await?;
    let children = children(rows, &region, &mut problems);
    counts.children = children.len();
    let at = At { desk, role: &args.role, out };
    let fresh = at.check(children, &mut problems, &mut counts).await?;
    if !problems.is_empty() {
        return refused(problems, &counts, out);
    }
    if !args.check {
        at.write(&fresh).await?;
    }
    told(&counts, args.check, out)
}

impl At<'_> {
    /// Holds every child's rows against the register; gives the children with something new.
    async fn check(
        &self,
        children: Vec<Child>,
        problems: &mut Vec<Problem>,
        counts: &mut Counts,
    ) -> Result<Vec<Child>, Failure> {
        let bar = self.bar(&children, self.out.tr("nakijken", "checking"));
        let mut fresh = Vec::new();
        for child in children {
            let told = self.desk.situations(child.request(self.role, true)).await?;
            let new = sort(&child, &told, problems, counts);
            if new {
                fresh.push(child);
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(fresh)
    }

    /// Writes the children's rows down. What was written when this ends before its time stays.
    async fn write(&self, children: &[Child]) -> Result<(), Failure> {
        let bar = self.bar(children, self.out.tr("vastleggen", "writing down"));
        for child in children {
            let told = self.desk.situations(child.request(self.role, false)).await;
            let told = told.and_then(|told| {
                let mut outcomes = told.outcomes.iter();
                let refusal = told.refusal.as_ref();
                let refusal = refusal.or_else(|| outcomes.find_map(|one| one.refusal.as_ref()));
                refusal.map_or(Ok(()), |refusal| Err(reason(&refusal.reason).into()))
            });
            told.map_err(|failure| broken_off(&failure))?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn bar(&self, children: &[Child], label: &str) -> indicatif::ProgressBar {
        self.out.progress(u64::try_from(children.len()).ok(), label)
    }
}

/// Counts what the node said of a child's rows; says whether there is anything new.
fn sort(
    child: &Child,
    told: &v1::RecordSituationsResponse,
    problems: &mut Vec<Problem>,
    counts: &mut Counts,
) -> bool {
    if let Some(refusal) = &told.refusal {
        problems.extend(child.problem(Fault::Refused(reason(&refusal.reason))));
        return false;
    }
    let mut new = false;
    for (row, outcome) in child.rows().zip(&told.outcomes) {
        match &outcome.refusal {
            Some(refusal) => {
                let fault = Fault::of_row(reason(&refusal.reason));
                problems.push(Problem { row, column: None, fault });
            }
            None if outcome.stands => counts.standing += 1,
            None => {
                counts.new += 1;
                new = true;
            }
        }
    }
    new
}

fn broken_off(failure: &Failure) -> Failure {
    Failure::told(
        failure.reason(),
        "Een deel is al vastgelegd. Lees het bestand opnieuw in: wat er al staat blijft zo.",
        "A part was written down already. Read the file in again: what stands there stays so.",
    )
}

/// Tells every problem, by row; nothing was written.
fn refused(mut problems: Vec<Problem>, counts: &Counts, out: Output) -> Result<Exit, Failure> {
    problems.sort_by_key(|problem| problem.row);
    let further = problems.len().saturating_sub(SITUATION_PROBLEMS_MAX);
    problems.truncate(SITUATION_PROBLEMS_MAX);
    for problem in &problems {
        out.line(&format!("{} [{}]", problem.text(out.lang()), problem.fault.reason()));
    }
    if further > 0 {
        let more = out.tr("verdere fouten", "further problems");
        out.line(&yellow(&format!("{further} {more}")));
    }
    let listed: Vec<Value> = problems.iter().map(|one| one.json(out.lang())).collect();
    out.json(&json!({
        "rows": counts.rows,
        "written": 0,
        "problems": listed,
        "problems_further": further,
    }))?;
    Ok(out.refused(Reason::ImportRowBad))
}

fn told(counts: &Counts, is_check: bool, out: Output) -> Result<Exit, Failure> {
    let Counts { rows, children, new, standing } = counts;
    let stood = out.tr("stonden er al", "stood there already");
    let of = out.tr("kinderen", "children");
    let line = if is_check {
        let (lead, new_ones) = (out.tr("Alles klopt:", "All is well:"), out.tr("nieuw", "new"));
        format!("{} {new} {new_ones}, {standing} {stood} ({children} {of})", green(lead))
    } else {
        let lead = out.tr("Vastgelegd:", "Written down:");
        format!("{} {new}, {standing} {stood} ({children} {of})", green(lead))
    };
    out.line(&line);
    out.json(&json!({
        "rows": rows,
        "children": children,
        "new": new,
        "standing": standing,
        "written": if is_check { 0 } else { *new },
        "problems": [],
        "problems_further": 0,
    }))?;
    Ok(Exit::Done)
}
