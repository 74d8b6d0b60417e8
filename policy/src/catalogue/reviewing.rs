//! How a question that a person must look at is dealt with at the holder (domain 4a.29).

use grondslag_core::catalogue::{Ground, Kind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::reviewing::Stage;
use serde::{Deserialize, Serialize};

use super::Word;

/// How a review is done: within what part of the term, by whom, and on what it may be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewing {
    /// Within what part of the term a professional decides, in percent; what is left is for who
    /// leads them.
    pub inner_percent: u8,
    /// Up to where a reviewer may take more time, in percent of the term.
    pub inner_percent_max: u8,
    /// Roles that review.
    #[serde(default)]
    pub professionals: Vec<Role>,
    /// Roles of who leads them; they review too.
    #[serde(default)]
    pub managers: Vec<Role>,
    /// Roles of who answers for the agency; they review too.
    #[serde(default)]
    pub directors: Vec<Role>,
    /// On what a person may refuse.
    #[serde(default)]
    pub refused_on: Vec<Ground>,
    /// Why an asker may remind (domain 4a.32): a closed list, so that no text about anybody
    /// travels.
    #[serde(default)]
    pub reminders: Vec<Word>,
}

impl Default for Reviewing {
    /// Where a region's rules say nothing: half of the term, and nobody decides.
    fn default() -> Self {
        Self {
            inner_percent: 50,
            inner_percent_max: 50,
            professionals: Vec::new(),
            managers: Vec::new(),
            directors: Vec::new(),
            refused_on: Vec::new(),
            reminders: Vec::new(),
        }
    }
}

impl Reviewing {
    /// Whether somebody in a role reviews.
    pub fn reviews(&self, role: &Role) -> bool {
        self.roles().any(|one| one == role)
    }

    /// Every role that reviews.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.professionals.iter().chain(&self.managers).chain(&self.directors)
    }

    /// Whether a person may refuse on a ground.
    pub fn may_refuse_on(&self, ground: &Ground) -> bool {
        self.refused_on.contains(ground)
    }

    /// By when a professional decides, of a term that began and ends then.
    pub fn inner(&self, from: Timestamp, answer_by: Timestamp) -> Timestamp {
        part(from, answer_by, self.inner_percent)
    }

    /// The latest to which a reviewer may put that off.
    pub fn inner_max(&self, from: Timestamp, answer_by: Timestamp) -> Timestamp {
        part(from, answer_by, self.inner_percent_max)
    }

    /// To whom a question climbs at an agency of a kind.
    pub fn climb(&self, kind: &Kind) -> Climb {
        let led = |roles: &[Role]| roles.iter().any(|role| role.kind() == *kind);
        let stages = [
            (Stage::Manager, led(&self.managers)),
            (Stage::Director, led(&self.directors)),
            (Stage::Officer, true),
        ];
        Climb(stages.into_iter().filter(|(_, led)| *led).map(|(stage, _)| stage).collect())
    }
}

/// To whom a question climbs that waits for too long: to the stages for which the rules name a role
/// of the agency's kind, and at last to its officer. A stage with nobody would take its part of the
/// time for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Climb(Vec<Stage>);

impl Climb {
    /// When a question climbs, and to whom: the time between the inner term and the end is for each
    /// stage in equal parts.
    pub fn steps(
        &self,
        inner: Timestamp,
        answer_by: Timestamp,
    ) -> impl DoubleEndedIterator<Item = (Timestamp, Stage)> {
        let stages = self.0.len().try_into().unwrap_or(1);
        let part = answer_by.since_ms(inner).max(0) / std::cmp::max(stages, 1_i64);
        self.0.iter().enumerate().map(move |(number, stage)| {
            let number = i64::try_from(number).unwrap_or(0);
            (inner.plus_ms(number * part), *stage)
        })
    }

    /// Who is to act at a moment.
    pub fn stage(&self, inner: Timestamp, answer_by: Timestamp, now: Timestamp) -> Stage {
        let passed = self.steps(inner, answer_by).rfind(|(at, _)| *at <= now);
        passed.map_or(Stage::Professional, |(_, stage)| stage)
    }
}

/// A moment at so many percent of a term.
fn part(from: Timestamp, until: Timestamp, percent: u8) -> Timestamp {
    from.plus_ms(until.since_ms(from).max(0) / 100 * i64::from(percent))
}

#[cfg(test)]
mod tests {
    use Stage::{Director, Manager, Officer, Professional};

    use super::*;
    use crate::Pack;
    use crate::fixture::planted;

    fn role(word: &str) -> Role {
        Role::parse(word).unwrap()
    }

    #[test]
    fn who_reviews_and_on_what_may_be_refused_follow_from_the_catalogue() {
        let pack = Pack::builtin().unwrap();
        let reviewing = pack.catalogue().reviewing();
        for (word, reviews) in [
            ("ha.arts", true),
            ("sch.bestuur", true),
            ("gem.doorzetter", true),
            ("ha.fg", false),
            ("gem.po", false),
            ("burger.jeugdige", false),
        ] {
            assert_eq!(reviewing.reviews(&role(word)), reviews, "{word}");
        }
        let ground = |word: &str| Ground::parse(word).unwrap();
        assert!(reviewing.may_refuse_on(&ground("jw-7.3.11-3")));
        assert!(!reviewing.may_refuse_on(&ground("avg-6-1-e")));
        assert!(!Reviewing::default().reviews(&role("ha.arts")), "by default nobody does");
    }

    #[test]
    fn what_a_review_names_is_in_the_catalogue_and_it_leaves_some_of_the_term() {
        let cases = [
            ("directors = [\"gem.doorzetter\"", "directors = [\"gem.koning\"", "directors"),
            ("directors = [\"gem.doorzetter\"", "directors = [\"gem.toegang\"", "directors"),
            ("\"jw-7.3.11-1\", \"jw-7.3.11-3\"", "\"jw-9\", \"jw-7.3.11-3\"", "refused_on"),
            ("id = \"bel\"", "id = \"wacht\"", "reminders"),
            ("inner_percent = 67", "inner_percent = 0", "inner_percent"),
            ("inner_percent = 67", "inner_percent = 91", "inner_percent"),
            ("inner_percent_max = 90", "inner_percent_max = 100", "inner_percent"),
        ];
        for (from, to, key) in cases {
            assert_eq!(planted(from, to), ("Q02".to_owned(), Some(key.to_owned())), "{to}");
        }
    }

    #[test]
    fn a_term_climbs_from_the_professional_to_the_officer_and_never_back() {
        let at = |minutes: i64| Timestamp::from_ms(minutes * 60_000);
        let rules = Reviewing {
            inner_percent: 67,
            inner_percent_max: 90,
            managers: vec![role("gem.leidinggevende")],
            directors: vec![role("gem.doorzetter"), role("sch.bestuur")],
            ..Reviewing::default()
        };
        let (inner, end) = (rules.inner(at(0), at(100)), at(100));
        assert_eq!(inner, at(67));
        assert_eq!(rules.inner_max(at(0), at(100)), at(90));
        for (kind, stages) in [
            ("gem", [(66, Professional), (67, Manager), (78, Director), (89, Officer)]),
            ("sch", [(66, Professional), (67, Director), (83, Director), (84, Officer)]),
            ("ha", [(0, Professional), (66, Professional), (67, Officer), (100, Officer)]),
        ] {
            let climb = rules.climb(&Kind::parse(kind).unwrap());
            for (minutes, stage) in stages {
                assert_eq!(climb.stage(inner, end, at(minutes)), stage, "{kind} {minutes}");
            }
            let mut before = Professional;
            for minutes in 0..200 {
                let stage = climb.stage(inner, end, at(minutes));
                assert!(stage >= before, "{kind} {minutes}");
                before = stage;
            }
        }
    }
}
