//! Whether the rules are right, and whether the examples come out as they say.

use grondslag_core::catalogue::RowId;
use grondslag_core::reason::Reason;
use grondslag_policy::Problem;
use grondslag_policy::catalogue::Status;
use grondslag_policy::check::Report;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, red, yellow};

use super::FolderArgs;

/// What a check gave.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// Whether every standing promise holds.
    promises_hold: bool,
}

/// What running the examples gave.
#[derive(Debug, Serialize)]
struct Examples {
    /// How many ran.
    cases: usize,
    /// How many rows at least one of them hits.
    rows_hit: usize,
    /// Rows in force that none of them hits.
    rows_missed: Vec<RowId>,
    /// Those that came out otherwise.
    problems: Vec<Problem>,
}

/// Checks rules and examples.
pub(super) fn check(args: &FolderArgs, out: Output) -> Result<Exit, Failure> {
    let mut report = match args.path() {
        Some(folder) => Report::of_folder(folder),
        None => Report::of_builtin(),
    };
    // A promise is told of by its proof, which says where it does not hold.
    let all = report.problems.len();
    report.problems.retain(|problem| !problem.fault.is_promise());
    let broken = all - report.problems.len();
    for problem in &report.problems {
        say(problem, out);
    }
    let counts = [
        (report.rules, out.tr("regels", "rules")),
        (report.rows, out.tr("rijen", "rows")),
        (report.cases, out.tr("voorbeelden", "examples")),
    ];
    let counts = counts.map(|(count, label)| format!("{count} {label}")).join(", ");
    let problems = match report.problems.len() {
        1 => out.tr("1 probleem", "1 problem").to_owned(),
        count => format!("{count} {}", out.tr("problemen", "problems")),
    };
    out.line(&format!("{counts}, {}", verdict(report.problems.is_empty(), &problems)));
    if broken > 0 {
        let nl = "Een vaste belofte geldt niet; waar, zegt grondslag policy prove.";
        let en = "A standing promise does not hold; grondslag policy prove says where.";
        out.line(&yellow(out.tr(nl, en)));
    }
    out.json(&Checked { report: &report, promises_hold: broken == 0 })?;
    Ok(end(&report.problems, out))
}

/// Runs the examples.
pub(super) fn cases(args: &FolderArgs, out: Output) -> Result<Exit, Failure> {
    let pack = args.pack()?;
    let run = args.cases()?.run(&pack);
    let rows = pack.rows().iter().filter(|row| row.status == Status::InForce);
    let missed = rows.map(|row| &row.id).filter(|id| !run.hit.contains(*id));
    let examples = Examples {
        cases: run.cases,
        rows_hit: run.hit.len(),
        rows_missed: missed.cloned().collect(),
        problems: run.problems,
    };
    for problem in &examples.problems {
        say(problem, out);
    }
    for row in &examples.rows_missed {
        out.line(&format!("{row}: {}", dim(out.tr("door geen voorbeeld geraakt", "hit by none"))));
    }
    let ran = format!("{} {}", examples.cases, out.tr("voorbeelden", "examples"));
    let hit = format!("{} {}", examples.rows_hit, out.tr("rijen geraakt", "rows hit"));
    let wrong = format!("{} {}", examples.problems.len(), out.tr("anders", "otherwise"));
    out.line(&format!("{ran}, {hit}, {}", verdict(examples.problems.is_empty(), &wrong)));
    out.json(&examples)?;
    Ok(end(&examples.problems, out))
}

/// Prints one thing that is wrong.
pub(super) fn say(problem: &Problem, out: Output) {
    let place = bold(&problem.place(out.lang()));
    let code = dim(problem.fault.code());
    out.line(&format!("{place}: {} {code}", problem.sentence(out.lang())));
}

fn verdict(sound: bool, text: &str) -> String {
    if sound { green(text) } else { red(text) }
}

fn end(problems: &[Problem], out: Output) -> Exit {
    if problems.is_empty() {
        return Exit::Done;
    }
    out.refused(Reason::PolicyInvalid)
}
