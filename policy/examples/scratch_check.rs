#![expect(clippy::disallowed_macros, reason = "scratch")]
//! Scratch.
fn main() {
    let folder = std::env::args().nth(1).unwrap_or_default();
    let report = grondslag_policy::check::Report::of_folder(std::path::Path::new(&folder));
    println!(
        "{} rules {} rows {} cases {} problems",
        report.rules,
        report.rows,
        report.cases,
        report.problems.len()
    );
    for p in report.problems {
        println!("{p}");
    }
    if let Ok(pack) = grondslag_policy::Pack::load(std::path::Path::new(&folder)) {
        println!("{} ns", grondslag_policy::bench::decision_ns(&pack));
    }
}
