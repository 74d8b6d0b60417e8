//! Reads `consent.toml`, and runs its examples.

use std::collections::BTreeMap;

use grondslag_core::catalogue::Ground;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::catalogue::{Catalogue, GroundKind};
use crate::fault::{Fault, Problem, Problems};
use crate::limits::CONSENT_MONTHS_MAX;
use crate::parse::{Wrong, entries, marked, no_other_keys, read, table};

use super::{
    AgeBand, Certifier, Certifying, Consents, Custody, Recording, Regime, Said, SecrecyConsent,
    Validity, Voices, Who, YouthView,
};

/// The file, relative to the policy folder.
pub(crate) const FILE: &str = "consent.toml";
/// What may stand in it.
const KEYS: [&str; 7] =
    ["validity", "recording", "regime", "who", "certifying", "certifier", "case"];

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
        let validity: Option<Validity> = section("validity", &mut table, problems);
        let recording: Option<Recording> = section("recording", &mut table, problems);
        let regimes: Vec<Regime> = entries(FILE, "regime", &mut table, problems);
        let who: Vec<Who> = entries(FILE, "who", &mut table, problems);
        // Rules of before know nothing of it: then nobody certifies anything.
        let certifying: Option<Certifying> = table
            .contains_key("certifying")
            .then(|| section("certifying", &mut table, problems))
            .flatten();
        let certifiers: Vec<Certifier> = entries(FILE, "certifier", &mut table, problems);
        let cases: Vec<RawCase> = entries(FILE, "case", &mut table, problems);
        no_other_keys(FILE, &table, &KEYS, problems);
        if let Some(validity) = &validity {
            validity.check(problems);
        }
        if let Some(recording) = &recording {
            recording.check(catalogue, problems);
        }
        if let Some(certifying) = &certifying {
            certifying.check(problems);
        } else if !certifiers.is_empty() {
            problems.push(Problem::new(FILE, "", Fault::MissingKey, "").at("certifying"));
        }
        for certifier in &certifiers {
            certifier.check(catalogue, problems);
        }
        for regime in &regimes {
            regime.check(catalogue, problems);
        }
        for who in &who {
            who.check(&regimes, catalogue, problems);
        }
        let (validity, recording) = (validity.unwrap_or_default(), recording.unwrap_or_default());
        let consents = Self { validity, recording, regimes, who, certifying, certifiers };
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

/// Reads what is in the file once, under a key of its own.
fn section<T: DeserializeOwned>(
    name: &str,
    table: &mut toml::Table,
    problems: &mut Problems,
) -> Option<T> {
    let Some(value) = table.remove(name) else {
        problems.push(Problem::new(FILE, "", Fault::MissingKey, "").at(name));
        return None;
    };
    let section = read(value);
    section.map_err(|wrong: Wrong| problems.push(wrong.problem(FILE, name))).ok()
}

impl Validity {
    fn check(&self, problems: &mut Problems) {
        marked((FILE, "validity"), &self.mark, self.note.as_ref(), problems);
        let (default, most) = (self.months_default, self.months_max);
        let bounds = [("months_max", most, CONSENT_MONTHS_MAX), ("months_default", default, most)];
        for (key, months, most) in bounds {
            if months == 0 || months > most {
                let problem =
                    Problem::new(FILE, "validity", Fault::OutOfTerm, format!("1 .. {most}"));
                problems.push(problem.at(key).given(&months.to_string()));
            }
        }
    }
}

impl Recording {
    fn check(&self, catalogue: &Catalogue, problems: &mut Problems) {
        marked((FILE, "recording"), &self.mark, self.note.as_ref(), problems);
        let known = || catalogue.roles().iter().map(|role| role.id.as_str());
        for role in self.recorders.iter().filter(|role| catalogue.role(role).is_none()) {
            let at = (FILE, "recording");
            problems.push(Problem::unknown(at, "recorders", role.as_str(), known()));
        }
    }
}

impl Regime {
    fn check(&self, catalogue: &Catalogue, problems: &mut Problems) {
        marked((FILE, &self.id), &self.mark, self.note.as_ref(), problems);
        let known = || catalogue.kinds().iter().map(|kind| kind.id.as_str());
        let not_for = self.no_ground_for.iter().flatten().map(|kind| ("no_ground_for", kind));
        let kinds = self.holders.iter().map(|kind| ("holders", kind)).chain(not_for);
        for (key, kind) in kinds.filter(|(_, kind)| catalogue.kind(kind).is_none()) {
            problems.push(Problem::unknown((FILE, &self.id), key, kind.as_str(), known()));
        }
        grounded(&self.id, &self.legal, catalogue, problems);
        let mut grounds = self.legal.iter().filter_map(|id| catalogue.ground(id));
        let is_ground = grounds.any(|ground| ground.kinds.contains(&GroundKind::A));
        if is_ground != self.no_ground_for.is_some() {
            let problem = Problem::new(FILE, &self.id, Fault::ConsentGround, "");
            problems.push(problem.at("no_ground_for"));
        }
    }
}

impl Who {
    fn check(&self, regimes: &[Regime], catalogue: &Catalogue, problems: &mut Problems) {
        let id = &self.id;
        marked((FILE, id), &self.mark, self.note.as_ref(), problems);
        let known = || regimes.iter().map(|regime| regime.id.as_str());
        for one in self.regime.iter().filter(|one| !known().any(|known| known == **one)) {
            problems.push(Problem::unknown((FILE, id), "regime", one, known()));
        }
        let empty = [
            ("regime", self.regime.is_empty()),
            ("age", self.age.is_empty()),
            ("weighs", self.weighs.is_empty()),
            // Where nobody must say yes, anybody's silence would be a yes.
            ("all", self.all.is_empty()),
        ];
        for (key, _) in empty.iter().filter(|(_, empty)| *empty) {
            problems.push(Problem::new(FILE, id, Fault::EmptySet, "").at(key));
        }
        grounded(id, &self.legal, catalogue, problems);
    }
}

/// It rests on articles of the catalogue.
pub(super) fn grounded(id: &str, legal: &[Ground], catalogue: &Catalogue, problems: &mut Problems) {
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
