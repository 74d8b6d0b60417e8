//! Combinations of columns that cannot occur, listed once as data.
//!
//! They are left out of what a comparison shows, and of nothing else: what is proved, and what an
//! emergency may do, counts every point. A combination that holds what counts when nobody knows
//! is refused, for that point does occur.

use std::collections::BTreeMap;

use grondslag_core::lang::Text;
use serde::{Deserialize, Serialize};

use super::{Catalogue, Column, Visibility};
use crate::fault::{Fault, Problem, Problems};
use crate::region::Region;

/// A combination that cannot occur.
#[derive(Debug, Clone, Serialize)]
pub struct Impossible {
    /// Its code.
    pub id: String,
    /// Why it cannot occur.
    pub text: Text,
    #[serde(skip)]
    pub(crate) region: Region,
}

/// A combination as written in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    id: String,
    text: Text,
    when: BTreeMap<String, Vec<String>>,
}

/// Reads the combinations over the columns of the catalogue.
pub(super) fn build(
    file: &str,
    raw: Vec<Raw>,
    catalogue: &Catalogue,
    problems: &mut Problems,
) -> Vec<Impossible> {
    let read = raw.into_iter().filter_map(|raw| {
        let found = region(file, &raw, catalogue);
        found
            .map_err(|wrong| wrong.into_iter().for_each(|one| problems.push(one)))
            .ok()
            .map(|region| Impossible { id: raw.id, text: raw.text, region })
    });
    read.collect()
}

fn region(file: &str, raw: &Raw, catalogue: &Catalogue) -> Result<Region, Vec<Problem>> {
    let at = (file, raw.id.as_str());
    let mut region = catalogue.everything();
    let mut problems = Vec::new();
    if raw.when.len() < 2 {
        // One column alone would say that a value does not exist.
        problems.push(Problem::new(file, &raw.id, Fault::CanOccur, "").at("when"));
    }
    for (column, values) in &raw.when {
        let Ok((place, known)) = catalogue.find_column(column) else {
            problems.push(Problem::no_column(at, column, catalogue));
            continue;
        };
        let mut mask = 0;
        for value in values {
            let Some(position) = known.position(value) else {
                let allowed = known.values.iter().map(|value| value.id.as_str());
                problems.push(Problem::unknown(at, column, value, allowed));
                continue;
            };
            if occurs(known, position) {
                let problem = Problem::new(file, &raw.id, Fault::CanOccur, "");
                problems.push(problem.at(column).given(value));
            }
            mask |= 1 << position;
        }
        if mask == 0 && problems.is_empty() {
            problems.push(Problem::new(file, &raw.id, Fault::EmptySet, "").at(column));
        }
        region = region.with(place, mask);
    }
    if problems.is_empty() { Ok(region) } else { Err(problems) }
}

/// A value that a column has when nobody states it or registers contradict each other; a setting
/// is what the pack says.
fn occurs(column: &Column, value: usize) -> bool {
    let stands_in = [column.when_absent(), column.strictest()].contains(&Some(value));
    stands_in || column.visibility == Visibility::Setting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::files;
    use crate::pack::Pack;

    fn with(when: &str) -> Result<Pack, Vec<Problem>> {
        let mut files = files();
        let entry = "\n[[impossible]]\nid = \"x\"\ntext = { nl = \"kan niet\", en = \"cannot\" }\n";
        files.get_mut("catalogue.toml").unwrap().extend([entry, "when = ", when, "\n"]);
        Pack::from_files(&files).map_err(|error| error.problems)
    }

    #[test]
    fn a_combination_is_read_and_one_that_can_occur_is_refused() {
        let pack = with("{ purpose = [\"D01\"], category = [\"G16\", \"G17\"] }").unwrap();
        assert_eq!(pack.catalogue().impossible().len(), 1);
        for (when, fault) in [
            ("{ purpose = [\"D01\"] }", Fault::CanOccur),
            ("{ purpose = [\"D01\"], age_band = [\"18plus\"] }", Fault::CanOccur),
            ("{ purpose = [\"D01\"], vir_status = [\"repealed\"] }", Fault::CanOccur),
            ("{ purpose = [\"D01\"], category = [] }", Fault::EmptySet),
            ("{ purpose = [\"D1\"], category = [\"G05\"] }", Fault::UnknownValue),
            ("{ purpos = [\"D01\"], category = [\"G05\"] }", Fault::UnknownValue),
            ("{ purpose = \"D01\", category = [\"G05\"] }", Fault::Field),
        ] {
            let problems = with(when).unwrap_err();
            assert_eq!(problems[0].fault, fault, "{when}: {problems:?}");
            assert!(problems[0].line.is_some(), "{when}");
        }
    }
}
