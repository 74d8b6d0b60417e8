//! The demo world: its files, read once.

mod act;
mod escalation;
mod own_view;
mod review;
mod right;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, StaffId};
use grondslag_core::lang::Text;
use grondslag_core::reason::Reason;
use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, de};

pub(super) use self::act::{Act, ActKind, Event};
pub(super) use self::escalation::Escalation;
pub(super) use self::own_view::OwnView;
pub(super) use self::review::{ReviewDo, ReviewStep};
pub(super) use self::right::{RightDo, RightStep};
use super::limits::{AGENCIES_MAX, STORYLINES_MAX, WORLD_FILE_BYTES_MAX};
use crate::exit::Failure;
use crate::files::read_text;

/// The part of a role that makes its holder the privacy officer of an agency.
const OFFICER: &str = "fg";

/// The world that came with the program.
static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../tests/world");

/// The world.
#[derive(Debug)]
pub(super) struct World {
    /// Where its files stand.
    pub(super) folder: PathBuf,
    /// The region.
    pub(super) region: Region,
    /// Its broker.
    pub(super) broker: Broker,
    /// Its agencies.
    pub(super) agencies: Vec<Agency>,
    /// Their people.
    pub(super) staff: Vec<Person>,
    /// What happens, in the order of their numbers.
    pub(super) storylines: Vec<Storyline>,
}

/// The region.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    /// Short name.
    #[serde(rename = "id")]
    _id: String,
    /// Name.
    pub(super) name: String,
    /// When the timeline starts.
    #[serde(deserialize_with = "moment")]
    pub(super) clock_start: Timestamp,
    /// Where the demo stops to serve.
    #[serde(deserialize_with = "moment")]
    pub(super) clock_demo: Timestamp,
}

/// The broker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Broker {
    #[serde(rename = "id")]
    _id: String,
    /// Name.
    pub(super) name: String,
    /// Organisation.
    pub(super) oin: Oin,
    /// The agency that runs it.
    pub(super) hosted_by: String,
}

/// An agency.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agency {
    /// Short name; its folder is called so.
    pub(super) id: String,
    /// Name.
    pub(super) name: String,
    /// Kinds that it is admitted to; the first stands on its card.
    pub(super) kinds: Vec<Kind>,
    /// Organisation.
    pub(super) oin: Oin,
    /// Telephone of the professional on duty.
    pub(super) phone: String,
    /// Where it is.
    pub(super) place: String,
    #[serde(rename = "core")]
    _core: bool,
}

/// Somebody with a desk.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    /// At which agency.
    pub(super) agency: String,
    /// Staff id.
    pub(super) id: StaffId,
    /// Name.
    pub(super) name: String,
    /// Roles, the first being the one in which they approve.
    pub(super) roles: Vec<String>,
    /// Last day of the mandate.
    pub(super) mandate_until: String,
}

/// One story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Storyline {
    /// Its number: `F1`.
    pub(super) id: String,
    /// Its title.
    pub(super) title: Text,
    /// What comes of it.
    pub(super) result: Text,
    /// What is asked, in order.
    pub(super) question: Vec<Question>,
    /// What is written down in consent registers, in order.
    #[serde(default)]
    pub(super) act: Vec<Act>,
    /// What its people see of who asked about them or their child.
    #[serde(default)]
    pub(super) own_view: Vec<OwnView>,
    /// What they ask about their own data, and what agencies do with it, in order.
    #[serde(default)]
    pub(super) right: Vec<RightStep>,
    /// What they decide on questions that wait for them, and what the asker hears, in order.
    #[serde(default)]
    pub(super) review: Vec<ReviewStep>,
}

/// One question of a story.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// Its number: `F1.3`.
    pub(super) id: String,
    /// When it is asked.
    #[serde(deserialize_with = "moment")]
    pub(super) at: Timestamp,
    /// Who asks: agency, person, role.
    pub(super) agency: String,
    pub(super) staff: String,
    pub(super) role: String,
    /// About whom. Never printed.
    pub(super) subject: Number,
    /// What for.
    pub(super) purpose: String,
    /// What sort of question.
    pub(super) query_kind: String,
    /// What is asked.
    pub(super) categories: Vec<String>,
    /// Of whom.
    pub(super) to: Vec<String>,
    /// How soon.
    pub(super) urgency: String,
    /// About a person, or counts.
    pub(super) level: String,
    /// Asked alone in acute danger.
    pub(super) break_glass: bool,
    /// Grounds claimed.
    pub(super) grounds: Vec<String>,
    /// Why.
    pub(super) necessity: String,
    /// Report number, court reference.
    #[serde(default)]
    pub(super) reference: String,
    /// A second person of the same agency.
    #[serde(default)]
    pub(super) approver: Option<String>,
    /// What the asker states.
    #[serde(default)]
    pub(super) facts: BTreeMap<String, String>,
    /// What makes it an escalation.
    #[serde(default)]
    pub(super) escalation: Option<Escalation>,
    /// Why its own node refuses it as a whole, in a region that plays all of the story: what is
    /// expected of its parts is what their holders would say otherwise.
    #[serde(default)]
    pub(super) refused: Option<String>,
    /// What must come of it.
    pub(super) expect: Vec<Half>,
}

/// A child's number: it does not show.
#[derive(Clone, Deserialize)]
pub(super) struct Number(pub(super) String);

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Number(…)")
    }
}

/// What comes of one category at one target: expected or seen. A field that an expectation leaves
/// out is not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Half {
    /// The question; not written in the files, where it is the one above.
    #[serde(default)]
    pub(super) question: String,
    /// The agency that was asked.
    pub(super) target: String,
    /// What was asked.
    pub(super) category: String,
    /// What the ledgers hold.
    pub(super) decided: Decided,
    /// What the asker was shown.
    pub(super) shown: Shown,
}

/// What the holder's ledger, or the broker's refusal, says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Decided {
    /// `broker` or `holder`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
    /// `permit`, `review`, `refuse` or `miss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<String>,
    /// The rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<BTreeSet<String>>,
    /// The articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) legal: Option<BTreeSet<String>>,
}

/// What the asker sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Shown {
    /// `content`, `no_record`, `refused`, `review` or `neutral`; seen: also the state of a target
    /// that was not reached.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    /// Of content: the highest tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tier: Option<String>,
    /// The rows, where they may be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<BTreeSet<String>>,
    /// The articles, where they may be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) legal: Option<BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionFile {
    region: Region,
    #[serde(rename = "municipality")]
    _municipality: toml::Value,
    broker: Broker,
    agency: Vec<Agency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffFile {
    staff: Vec<Person>,
}

/// Writes the world that came with the program into an empty folder.
pub(super) fn extract(to: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| crate::files::unwritable(to, &error);
    std::fs::create_dir_all(to).map_err(failed)?;
    EMBEDDED.extract(to).map_err(failed)
}

impl World {
    /// Reads a world and holds it together: everybody named exists.
    pub(super) fn load(folder: &Path) -> Result<Self, Failure> {
        let region: RegionFile = read(&folder.join("region.toml"))?;
        let staff: StaffFile = read(&folder.join("staff.toml"))?;
        let mut storylines = (1..=STORYLINES_MAX)
            .map(|number| folder.join("storylines").join(format!("F{number}.toml")))
            .filter(|file| file.exists())
            .map(|file| read(&file))
            .collect::<Result<Vec<Storyline>, Failure>>()?;
        storylines.iter_mut().for_each(Storyline::name_questions);
        let world = Self {
            folder: folder.to_owned(),
            region: region.region,
            broker: region.broker,
            agencies: region.agency,
            staff: staff.staff,
            storylines,
        };
        world.check()?;
        Ok(world)
    }

    /// An agency by its short name.
    pub(super) fn agency(&self, id: &str) -> Result<&Agency, Failure> {
        let found = self.agencies.iter().find(|agency| agency.id == id);
        found.ok_or_else(|| Failure::new(Reason::UnknownAgency, id))
    }

    /// A person at their agency.
    pub(super) fn person(&self, agency: &str, id: &str) -> Result<&Person, Failure> {
        let is = |person: &&Person| person.agency == agency && person.id.as_str() == id;
        let found = self.staff.iter().find(is);
        found.ok_or_else(|| Failure::new(Reason::StaffUnknown, format!("{agency}/{id}")))
    }

    /// The privacy officer of an agency, who reads its decisions.
    pub(super) fn privacy_officer(&self, agency: &str) -> Result<&Person, Failure> {
        let is = |person: &&Person| {
            let reads_ledger = |role: &String| role.split('.').next_back() == Some(OFFICER);
            person.agency == agency && person.roles.iter().any(reads_ledger)
        };
        let found = self.staff.iter().find(is);
        found.ok_or_else(|| Failure::new(Reason::StaffUnknown, format!("{agency}: fg")))
    }

    /// The people of an agency.
    pub(super) fn people_of<'a>(&'a self, agency: &'a str) -> impl Iterator<Item = &'a Person> {
        self.staff.iter().filter(move |person| person.agency == agency)
    }

    /// All questions of all stories, merged in order of time; equal times in order of number.
    pub(super) fn timeline(&self) -> Vec<&Question> {
        let mut all: Vec<&Question> =
            self.storylines.iter().flat_map(|one| &one.question).collect();
        all.sort_by_key(|question| question.at);
        all
    }

    /// All own views of all stories.
    pub(super) fn own_views(&self) -> impl Iterator<Item = &OwnView> {
        self.storylines.iter().flat_map(|one| &one.own_view)
    }

    /// All steps of requests about data, of all stories.
    fn rights(&self) -> impl Iterator<Item = &RightStep> {
        self.storylines.iter().flat_map(|one| &one.right)
    }

    /// All steps of reviews, of all stories.
    fn reviews(&self) -> impl Iterator<Item = &ReviewStep> {
        self.storylines.iter().flat_map(|one| &one.review)
    }

    /// All that happens, merged in order of time; what is written down at the moment of a question
    /// comes first.
    pub(super) fn events(&self) -> Vec<Event<'_>> {
        let acts = self.storylines.iter().flat_map(|one| &one.act).map(Event::Act);
        let mut all: Vec<Event<'_>> = acts.collect();
        all.extend(self.timeline().into_iter().map(Event::Question));
        all.extend(self.own_views().map(Event::OwnView));
        all.extend(self.rights().map(Event::Right));
        all.extend(self.reviews().map(Event::Review));
        all.sort_by_key(Event::at);
        all
    }

    fn check(&self) -> Result<(), Failure> {
        let wrong = |what: &str| Err(Failure::new(Reason::ConfigInvalid, what));
        if self.agencies.is_empty() || self.agencies.len() > AGENCIES_MAX {
            return wrong("region.toml: agencies");
        }
        for agency in &self.agencies {
            // The name becomes a folder.
            if StaffId::parse(&agency.id).is_err() || agency.id.starts_with('.') {
                return wrong(&agency.id);
            }
            if agency.kinds.is_empty() {
                return wrong(&agency.id);
            }
            self.privacy_officer(&agency.id)?;
        }
        self.agency(&self.broker.hosted_by)?;
        for question in self.timeline() {
            self.person(&question.agency, &question.staff)?;
            if let Some(second) = &question.approver {
                self.person(&question.agency, second)?;
            }
            question.to.iter().try_for_each(|target| self.agency(target).map(|_| ()))?;
        }
        for own_view in self.own_views() {
            for who in [&own_view.staff, &own_view.seen_by, &own_view.approver] {
                self.person(&own_view.agency, who)?;
            }
        }
        for step in self.rights() {
            self.person(&step.agency, &step.staff)?;
            step.holder.iter().try_for_each(|holder| self.agency(holder).map(|_| ()))?;
        }
        for step in self.reviews() {
            self.person(&step.agency, &step.staff)?;
            if !self.timeline().iter().any(|question| question.id == step.of) {
                return wrong(&step.of);
            }
        }
        for act in self.storylines.iter().flat_map(|one| &one.act) {
            self.person(&act.agency, &act.staff)?;
            let mut named = act.holder.iter().chain(&act.to);
            named.try_for_each(|agency| self.agency(agency).map(|_| ()))?;
        }
        Ok(())
    }
}

impl Storyline {
    fn name_questions(&mut self) {
        for question in &mut self.question {
            for half in &mut question.expect {
                half.question.clone_from(&question.id);
                if question.refused.is_some() {
                    half.decided = Decided::default();
                    half.shown = Shown { state: question.refused.clone(), ..Shown::default() };
                }
            }
        }
    }
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let text = read_text(file, WORLD_FILE_BYTES_MAX)?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let what = format!("{}:{line}: {}", file.display(), error.message());
        Failure::new(Reason::ConfigInvalid, what)
    })
}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    Timestamp::parse(&String::deserialize(from)?).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_that_came_with_the_program_holds_together() {
        let folder = tempfile::tempdir().unwrap();
        extract(folder.path()).unwrap();
        let world = World::load(folder.path()).unwrap();
        assert_eq!(world.agencies.len(), 17);
        assert_eq!(world.storylines.len(), 10);
        let timeline = world.timeline();
        assert!(timeline.windows(2).all(|pair| pair[0].at <= pair[1].at));
        assert!(world.region.clock_start < timeline[0].at);
    }

    #[test]
    fn a_storyline_with_a_typo_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        extract(folder.path()).unwrap();
        let file = folder.path().join("storylines/F2.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replacen("query_kind", "query", 1)).unwrap();
        let failure = World::load(folder.path()).unwrap_err();
        assert_eq!(failure.reason(), Reason::ConfigInvalid);
        let detail = failure.detail(grondslag_core::lang::Lang::En);
        assert!(detail.contains("F2.toml:"), "{detail}");
    }

    #[test]
    fn a_question_by_somebody_who_is_not_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        extract(folder.path()).unwrap();
        let file = folder.path().join("storylines/F1.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replacen("lokaalteam-1", "lokaalteam-9", 1)).unwrap();
        let failure = World::load(folder.path()).unwrap_err();
        assert_eq!(failure.reason(), Reason::StaffUnknown);
    }
}
