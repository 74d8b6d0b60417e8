//! Golden cases: decisions with the expected outcome and the exact rows that must decide them.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::RowId;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::facts::{FactError, Facts};
use crate::fault::{self, Fault, Problem, Problems};
use crate::folder::{CASES_FOLDER as FOLDER, embedded, in_folder};
use crate::limits::CASES_MAX;
use crate::pack::Pack;
use crate::parse;
use crate::parse::{Wrong, entries, no_other_keys, table};

/// When a case plays that names no moment: the demo's clock (domain 6).
const MOMENT: &str = "2026-09-15T09:00";

static CASES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/cases");

/// Golden cases, read but not yet run.
#[derive(Debug, Default)]
pub struct Cases {
    cases: Vec<Case>,
    problems: Vec<Problem>,
}

#[derive(Debug)]
struct Case {
    file: String,
    raw: RawCase,
    defaults: BTreeMap<String, Words>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    id: String,
    /// For whoever reads the file.
    #[serde(default, rename = "note")]
    _note: Option<toml::Value>,
    #[serde(default)]
    on: Option<String>,
    facts: BTreeMap<String, Words>,
    expect: Expect,
}

/// What must come out. Only what is named is compared, verdict and rows always.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    verdict: Verdict,
    #[serde(default)]
    rows: Vec<RowId>,
    #[serde(default)]
    tier: Option<Tier>,
    #[serde(default)]
    reason: Option<Reason>,
    #[serde(default)]
    notify: Option<bool>,
    #[serde(default)]
    duty: Option<bool>,
    #[serde(default)]
    deadline: Option<String>,
    #[serde(default)]
    obligations: Option<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(word) => vec![word],
            Self::Many(words) => words,
        }
    }
}

/// What running the cases gave.
#[derive(Debug)]
pub struct Run {
    /// How many cases ran.
    pub cases: usize,
    /// The rows that decided at least one case.
    pub hit: BTreeSet<RowId>,
    /// Cases that could not be read or came out otherwise.
    pub problems: Vec<Problem>,
}

/// An outcome in the words that cases use.
#[derive(Debug, Default)]
struct Seen {
    verdict: Option<Verdict>,
    tier: Option<Tier>,
    rows: BTreeSet<RowId>,
    reason: Option<Reason>,
    notify: bool,
    duty: bool,
    deadline: Option<String>,
    obligations: BTreeSet<String>,
}

impl Cases {
    /// The texts of the cases that this program was built with, by relative path.
    pub(crate) fn builtin_files() -> BTreeMap<String, String> {
        embedded(&CASES, FOLDER)
    }

    /// The cases among all files of a pack, by relative path.
    pub fn of_pack(files: &BTreeMap<String, String>) -> Self {
        let cases = files.iter().filter(|(path, _)| in_folder(path, FOLDER));
        Self::from_files(&cases.map(|(path, text)| (path.clone(), text.clone())).collect())
    }

    /// Cases from file texts by relative path.
    pub fn from_files(files: &BTreeMap<String, String>) -> Self {
        let mut problems = Problems::default();
        let mut cases = Vec::new();
        for (file, text) in files {
            cases.extend(read(file, text, &mut problems));
        }
        if cases.len() > CASES_MAX {
            let detail = format!("{} > {CASES_MAX}", cases.len());
            problems.push(Problem::new(FOLDER, "", Fault::TooMany, detail));
            cases.truncate(CASES_MAX);
        }
        let mut problems = problems.into_vec();
        fault::find(&mut problems, files);
        Self { cases, problems }
    }

    /// Runs every case against a pack.
    pub fn run(&self, pack: &Pack) -> Run {
        let mut run =
            Run { cases: self.cases.len(), hit: BTreeSet::new(), problems: self.problems.clone() };
        for case in &self.cases {
            match case.run(pack) {
                Ok(seen) => {
                    let differences = case.raw.expect.differences(&seen);
                    if !differences.is_empty() {
                        run.problems.push(case.failed(differences.join("; ")));
                    }
                    run.hit.extend(seen.rows);
                }
                Err(problem) => run.problems.push(*problem),
            }
        }
        run
    }
}

fn read(file: &str, text: &str, problems: &mut Problems) -> Vec<Case> {
    let mut table = table(file, text, problems);
    let defaults = table.remove("defaults").map(parse::read);
    let defaults = defaults.transpose().unwrap_or_else(|wrong: Wrong| {
        problems.push(wrong.problem(file, ""));
        None
    });
    let defaults: BTreeMap<String, Words> = defaults.unwrap_or_default();
    let raw: Vec<RawCase> = entries(file, "case", &mut table, problems);
    no_other_keys(file, &table, &["defaults", "case"], problems);
    let cases =
        raw.into_iter().map(|raw| Case { file: file.to_owned(), raw, defaults: defaults.clone() });
    cases.collect()
}

impl Case {
    fn run(&self, pack: &Pack) -> Result<Seen, Box<Problem>> {
        let on = self.raw.on.as_deref().unwrap_or(MOMENT);
        let on = Timestamp::parse(on).map_err(|error| {
            let (file, id) = (&self.file, &self.raw.id);
            Box::new(Problem::new(file, id, Fault::Format, error.to_string()).at("on").given(on))
        })?;
        let named = self.defaults.iter().chain(&self.raw.facts);
        let named = named.map(|(column, words)| (column.clone(), words.clone().list()));
        let at = (self.file.as_str(), self.raw.id.as_str());
        let wrong = |error| Box::new(Problem::of_fact(at, &error, pack.catalogue()));
        let facts = pack.facts_from(&named.collect()).map_err(wrong)?;
        judge(pack, &facts, on).map_err(wrong)
    }

    fn failed(&self, detail: String) -> Problem {
        Problem::new(&self.file, &self.raw.id, Fault::CaseFailed, detail)
    }
}

/// Facts with a set are a case of what could be, as at the broker.
fn judge(pack: &Pack, facts: &Facts, on: Timestamp) -> Result<Seen, FactError> {
    if !facts.is_single() {
        let could = pack.could(facts, on);
        return Ok(Seen {
            verdict: Some(could.verdict),
            tier: Some(could.cap),
            rows: could.rows.into_iter().collect(),
            reason: could.reason,
            ..Seen::default()
        });
    }
    let decision = pack.decide(facts, on)?;
    Ok(Seen {
        verdict: Some(decision.verdict),
        tier: Some(decision.tier),
        rows: decision.rows.into_iter().collect(),
        reason: decision.reason,
        notify: decision.notify,
        duty: decision.duty,
        deadline: decision.deadline.map(|term| term.to_string()),
        obligations: decision.obligations.into_iter().collect(),
    })
}

impl Expect {
    /// What differs, as `what: expected x, seen y`.
    fn differences(&self, seen: &Seen) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, expected: String, seen: String| {
            if expected != seen {
                found.push(format!("{what}: {expected} ≠ {seen}"));
            }
        };
        let rows: BTreeSet<_> = self.rows.iter().cloned().collect();
        compare("verdict", show(Some(&self.verdict)), show(seen.verdict.as_ref()));
        compare("rows", format!("{rows:?}"), format!("{:?}", seen.rows));
        if self.tier.is_some() {
            compare("tier", show(self.tier.as_ref()), show(seen.tier.as_ref()));
        }
        if self.reason.is_some() {
            compare("reason", show(self.reason.as_ref()), show(seen.reason.as_ref()));
        }
        if let Some(notify) = self.notify {
            compare("notify", notify.to_string(), seen.notify.to_string());
        }
        if let Some(duty) = self.duty {
            compare("duty", duty.to_string(), seen.duty.to_string());
        }
        if self.deadline.is_some() {
            compare("deadline", show(self.deadline.as_ref()), show(seen.deadline.as_ref()));
        }
        if let Some(obligations) = &self.obligations {
            let obligations: BTreeSet<_> = obligations.iter().cloned().collect();
            compare("obligations", format!("{obligations:?}"), format!("{:?}", seen.obligations));
        }
        found
    }
}

fn show(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::pack;

    fn run(text: &str) -> Run {
        let files = BTreeMap::from([("cases/a.toml".to_owned(), text.to_owned())]);
        Cases::from_files(&files).run(&pack())
    }

    const GOOD: &str = r#"
        [defaults]
        requester_role = "gem.lokaalteam"
        purpose = "D01"
        target_kind = "jha"
        category = "G05"
        [[case]]
        id = "open"
        facts = { case_fact = "stated" }
        [case.expect]
        verdict = "permit"
        tier = "T3"
        rows = ["R05.1"]
        notify = true
        deadline = "5wd"
        obligations = ["melden"]
        [[case]]
        id = "no request"
        facts = {}
        expect = { verdict = "refuse", rows = [], reason = "NO_RULE" }
        [[case]]
        id = "the broker cannot see the request"
        facts = { case_fact = ["none", "stated"] }
        expect = { verdict = "permit", tier = "T3", rows = ["R05.1"] }
    "#;

    #[test]
    fn a_case_holds_on_outcome_and_exact_rows() {
        let run = run(GOOD);
        assert_eq!(run.problems, []);
        assert_eq!(run.cases, 3);
        assert!(run.hit.contains(&RowId::parse("R05.1").unwrap()));
    }

    #[test]
    fn a_case_that_expects_another_row_or_tier_fails_and_says_so() {
        let text = GOOD.replacen("tier = \"T3\"", "tier = \"T4\"", 1);
        let text = text.replacen("rows = [\"R05.1\"]", "rows = []", 1);
        let run = run(&text);
        assert_eq!(run.problems.len(), 1);
        let problem = run.problems[0].to_string();
        assert!(problem.contains("cases/a.toml, open"), "{problem}");
        assert!(problem.contains("tier: T4 ≠ T3") && problem.contains("R05.1"), "{problem}");
    }

    #[test]
    fn a_case_with_a_typo_is_a_problem_and_not_skipped() {
        let run = run(&GOOD.replace("case_fact = \"stated\"", "case_fakt = \"stated\""));
        assert!(run.problems[0].to_string().contains("Did you mean \"case_fact\""));
        let run = self::run(&GOOD.replace("[defaults]", "[default]"));
        assert!(run.problems.iter().any(|problem| problem.fault == Fault::Field));
    }
}
