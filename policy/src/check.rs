//! Lint: what loads but cannot be meant (policy A, "tools").

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::cases::Cases;
use crate::fault::{self, PackError, Problem};
use crate::limits::PROBLEMS_MAX;
use crate::pack::Pack;
use crate::prove::{Breach, invariants};

mod catalogue;
pub(crate) mod rows;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many rules.
    pub rules: usize,
    /// How many rows.
    pub rows: usize,
    /// How many golden cases.
    pub cases: usize,
    /// Everything that is wrong, by file and row; empty when the pack may be used.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Checks the pack that this program was built with.
    pub fn of_builtin() -> Self {
        Self::of_files(&Pack::builtin_files())
    }

    /// Checks a policy folder.
    pub fn of_folder(folder: &Path) -> Self {
        match Pack::files(Some(folder)) {
            Ok(files) => Self::of_files(&files),
            Err(error) => Self::unusable(error),
        }
    }

    /// Checks the texts of a pack, by relative path.
    pub fn of_files(files: &BTreeMap<String, String>) -> Self {
        match Pack::from_files(files) {
            Ok(pack) => {
                let mut report = Self::of(&pack, &Cases::of_pack(files));
                fault::find(&mut report.problems, files);
                report
            }
            Err(error) => Self::unusable(error),
        }
    }

    /// Checks a loaded pack with its cases.
    pub fn of(pack: &Pack, cases: &Cases) -> Self {
        let run = cases.run(pack);
        let mut problems = catalogue::check(pack);
        problems.extend(rows::check(pack));
        problems.extend(rows::uncovered(pack, &run.hit));
        problems.extend(invariants::breaches(pack).iter().map(Breach::problem));
        problems.extend(run.problems);
        problems.sort_by(|a, b| (&a.file, &a.row, a.fault).cmp(&(&b.file, &b.row, b.fault)));
        problems.dedup();
        problems.truncate(PROBLEMS_MAX);
        Self { rules: pack.rules().len(), rows: pack.rows().len(), cases: run.cases, problems }
    }

    fn unusable(error: PackError) -> Self {
        Self { rules: 0, rows: 0, cases: 0, problems: error.problems }
    }
}

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod tests;
