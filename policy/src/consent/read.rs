//! Reads `consent.toml`, and runs its examples.

use std::collections::BTreeMap;

use grondslag_core::catalogue::{Ground, Kind};
use grondslag_core::lang::Text;
use serde::Deserialize;

use crate::catalogue::Catalogue;
use crate::fault::{Fault, Problem, Problems};
use crate::parse::{entries, marked, no_other_keys, table};

use super::{
    AgeBand, Capacity, Consents, Custody, Regime, Said, SecrecyConsent, Voices, Who, YouthView,
};

/// The file, relative to the policy folder.
pub(crate) const FILE: &str = "consent.toml";

/// A law as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegime {
    id: String,
    label: Text,
    holders: Vec<Kind>,
    legal: Vec<Ground>,
    mark: String,
    #[serde(default)]
    note: Option<Text>,
}

/// An entry of the matrix as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWho {
    id: String,
    regime: Vec<String>,
    age: Vec<AgeBand>,
    weighs: Vec<bool>,
    all: Vec<Capacity>,
    #[serde(default)]
    hear: bool,
    text: Text,
    legal: Vec<Ground>,
    mark: String,
    #[serde(default)]
    note: Option<Text>,
}

/// An example as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    id: String,
    regime: String,
    age: AgeBand,
    custody: RawCustody,
    #[serde(default = "yes")]
    weighs: bool,
    acts: BTreeMap<Speaker, Said>,
    expect: SecrecyConsent,
    #[serde(default = "not_heard")]
    view: YouthView,
}

/// Who holds custody in an example.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum RawCustody {
    BothParents,
    OneParent,
    Guardian,
    Unknown,
}

/// Who speaks in an example.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
enum Speaker {
    YoungPerson,
    #[serde(rename = "parent_1")]
    FirstParent,
    #[serde(rename = "parent_2")]
    SecondParent,
    Guardian,
    Representative,
    WithoutCustody,
}

fn yes() -> bool {
    true
}

fn not_heard() -> YouthView {
    YouthView::NotHeard
}

impl Consents {
    /// Reads `consent.toml`. What is wrong goes to `problems`.
    pub(crate) fn parse(text: &str, catalogue: &Catalogue, problems: &mut Problems) -> Self {
        let mut table = table(FILE, text, problems);
        let regimes: Vec<RawRegime> = entries(FILE, "regime", &mut table, problems);
        let who: Vec<RawWho> = entries(FILE, "who", &mut table, problems);
        let cases: Vec<RawCase> = entries(FILE, "case", &mut table, problems);
        no_other_keys(FILE, &table, &["regime", "who", "case"], problems);
        let regimes = regimes.into_iter().map(|raw| raw.read(catalogue, problems)).collect();
        let consents = Self { regimes, who: Vec::new() };
        let who = who.into_iter().map(|raw| raw.read(&consents, catalogue, problems)).collect();
        let consents = Self { who, ..consents };
        // What cannot be read is named by itself, not as what it leaves open too.
        if problems.is_empty() {
            consents.check_holders(catalogue, problems);
            consents.check_whole(problems);
        }
        if problems.is_empty() {
            for case in &cases {
                case.run(&consents, problems);
            }
        }
        consents
    }

    /// Every kind of party is under one law.
    fn check_holders(&self, catalogue: &Catalogue, problems: &mut Problems) {
        for kind in catalogue.kinds() {
            let of = self.regimes.iter().filter(|regime| regime.holders.contains(&kind.id));
            let of: Vec<&str> = of.map(|regime| regime.id.as_str()).collect();
            if of.len() != 1 {
                let (kind, fault) = (kind.id.as_str(), hole_or_overlap(of.len()));
                problems.push(Problem::new(FILE, kind, fault, of.join(", ")).at("holders"));
            }
        }
    }

    /// Every law, age and ability is in one entry.
    fn check_whole(&self, problems: &mut Problems) {
        for regime in &self.regimes {
            for age in AgeBand::ALL {
                for weighs in [true, false] {
                    let of = self.who.iter().filter(|who| who.is_of(&regime.id, age, weighs));
                    let of: Vec<&str> = of.map(|who| who.id.as_str()).collect();
                    if of.len() != 1 {
                        let cell = format!("{} {} weighs={weighs}", regime.id, age.word());
                        let fault = hole_or_overlap(of.len());
                        problems.push(Problem::new(FILE, &cell, fault, of.join(", ")));
                    }
                }
            }
        }
    }
}

const fn hole_or_overlap(found: usize) -> Fault {
    if found == 0 { Fault::ConsentHole } else { Fault::ConsentTwice }
}

impl RawRegime {
    fn read(self, catalogue: &Catalogue, problems: &mut Problems) -> Regime {
        let Self { id, label, holders, legal, mark, note } = self;
        marked((FILE, &id), &mark, note.as_ref(), problems);
        let known = catalogue.kinds().iter().map(|kind| kind.id.as_str());
        for kind in holders.iter().map(Kind::as_str) {
            if !known.clone().any(|one| one == kind) {
                problems.push(Problem::unknown((FILE, &id), "holders", kind, known.clone()));
            }
        }
        grounded(&id, &legal, catalogue, problems);
        Regime { id, label, holders, legal, mark, note }
    }
}

impl RawWho {
    fn read(self, of: &Consents, catalogue: &Catalogue, problems: &mut Problems) -> Who {
        let Self { id, regime, age, weighs, all, hear, text, legal, mark, note } = self;
        marked((FILE, &id), &mark, note.as_ref(), problems);
        let known = of.regimes.iter().map(|regime| regime.id.as_str());
        for one in &regime {
            if !known.clone().any(|known| known == one) {
                problems.push(Problem::unknown((FILE, &id), "regime", one, known.clone()));
            }
        }
        let empty = [
            ("regime", regime.is_empty()),
            ("age", age.is_empty()),
            ("weighs", weighs.is_empty()),
            // Where nobody must say yes, anybody's silence would be a yes.
            ("all", all.is_empty()),
        ];
        for (key, _) in empty.iter().filter(|(_, empty)| *empty) {
            problems.push(Problem::new(FILE, &id, Fault::EmptySet, "").at(key));
        }
        grounded(&id, &legal, catalogue, problems);
        Who { id, regime, age, weighs, all, hear, text, legal, mark, note }
    }
}

/// It rests on articles of the catalogue.
fn grounded(id: &str, legal: &[Ground], catalogue: &Catalogue, problems: &mut Problems) {
    let known = catalogue.grounds().iter().map(|ground| ground.id.as_str());
    if legal.is_empty() {
        problems.push(Problem::new(FILE, id, Fault::NoLegalId, "").at("legal"));
    }
    for ground in legal.iter().map(Ground::as_str) {
        if !known.clone().any(|one| one == ground) {
            problems.push(Problem::unknown((FILE, id), "legal", ground, known.clone()));
        }
    }
}

impl RawCase {
    fn run(&self, consents: &Consents, problems: &mut Problems) {
        let voices = self.voices();
        let Some(found) = consents.weigh(&self.regime, (self.age, self.weighs), &voices) else {
            let known = consents.regimes.iter().map(|regime| regime.id.as_str());
            let problem = Problem::unknown((FILE, &self.id), "regime", &self.regime, known);
            return problems.push(problem);
        };
        let expected = [
            ("expect", self.expect.word(), found.consent.word()),
            ("view", self.view.word(), found.view.word()),
        ];
        for (key, expected, came) in expected.iter().filter(|(_, expected, came)| expected != came)
        {
            let problem = Problem::new(FILE, &self.id, Fault::CaseFailed, *came).at(key);
            problems.push(problem.given(expected));
        }
    }

    fn voices(&self) -> Voices {
        let said = |who: Speaker| self.acts.get(&who).copied();
        let custody = match self.custody {
            RawCustody::BothParents => {
                Custody::Held(vec![said(Speaker::FirstParent), said(Speaker::SecondParent)])
            }
            RawCustody::OneParent => Custody::Held(vec![said(Speaker::FirstParent)]),
            RawCustody::Guardian => Custody::Held(vec![said(Speaker::Guardian)]),
            RawCustody::Unknown => Custody::Unknown,
        };
        let (young_person, representative) =
            (said(Speaker::YoungPerson), said(Speaker::Representative));
        Voices { young_person, custody, representative }
    }
}
