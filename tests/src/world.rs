//! The demo world as data: region, agencies, people, storylines (see `tests/world/README.md`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The storylines, in order.
pub const STORYLINES: [&str; 10] = ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10"];

/// Where the world stands.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("world")
}

/// Region, agencies and people.
#[derive(Debug, Clone)]
pub struct World {
    /// `region.toml`.
    pub region: RegionFile,
    /// `staff.toml`.
    pub staff: Vec<Person>,
}

/// `region.toml` as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionFile {
    /// The region itself.
    pub region: Region,
    /// Municipalities.
    pub municipality: Vec<Municipality>,
    /// The broker.
    pub broker: Broker,
    /// The agencies.
    pub agency: Vec<Agency>,
}

/// The region itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Short name.
    pub id: String,
    /// Name.
    pub name: String,
    /// When the timeline starts.
    pub clock_start: String,
    /// Where the demo stops and serves.
    pub clock_demo: String,
}

/// A municipality.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Municipality {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its agency.
    pub agency: String,
}

/// The broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// Short name.
    pub id: String,
    /// Name.
    pub name: String,
    /// Organisation.
    pub oin: String,
    /// The agency that runs it.
    pub hosted_by: String,
}

/// An agency.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Short name.
    pub id: String,
    /// Name.
    pub name: String,
    /// Kinds that it is admitted to; the first stands on its card.
    pub kinds: Vec<String>,
    /// Organisation.
    pub oin: String,
    /// Telephone of the professional on duty.
    pub phone: String,
    /// Where it is.
    pub place: String,
    /// Whether it is one of the core nodes.
    pub core: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffFile {
    staff: Vec<Person>,
}

/// Somebody with a desk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// At which agency.
    pub agency: String,
    /// Staff id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Last day of the mandate.
    pub mandate_until: String,
}

impl World {
    /// Reads the world.
    ///
    /// # Errors
    /// When a file is not as its schema says.
    pub fn load() -> Result<Self> {
        let staff: StaffFile = read(&folder().join("staff.toml"))?;
        Ok(Self { region: read(&folder().join("region.toml"))?, staff: staff.staff })
    }

    /// One agency.
    ///
    /// # Errors
    /// When the world has none of that name.
    pub fn agency(&self, id: &str) -> Result<&Agency> {
        let found = self.region.agency.iter().find(|agency| agency.id == id);
        found.with_context(|| format!("the world has no agency {id}"))
    }

    /// One person.
    ///
    /// # Errors
    /// When the agency has nobody of that id.
    pub fn person(&self, agency: &str, id: &str) -> Result<&Person> {
        let mut people = self.staff.iter();
        let found = people.find(|person| person.agency == agency && person.id == id);
        found.with_context(|| format!("{agency} has nobody called {id}"))
    }

    /// The privacy officer of an agency, who reads its decisions.
    ///
    /// # Errors
    /// When it has none.
    pub fn privacy_officer(&self, agency: &str) -> Result<&Person> {
        let mut people = self.staff.iter().filter(|person| person.agency == agency);
        let officer = |role: &String| role.split_once('.').is_some_and(|(_, name)| name == "fg");
        let found = people.find(|person| person.roles.iter().any(officer));
        found.with_context(|| format!("{agency} has no privacy officer"))
    }
}

impl Agency {
    /// Its organisation.
    ///
    /// # Errors
    /// When the world is wrong.
    pub fn oin(&self) -> Result<Oin> {
        Ok(Oin::parse(&self.oin)?)
    }
}

/// One storyline.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storyline {
    /// `F1` and so on.
    pub id: String,
    /// What it is about.
    pub title: Words,
    /// How it ends.
    pub result: Words,
    /// What is asked.
    pub question: Vec<Question>,
    /// What is written down in consent registers.
    #[serde(default)]
    pub act: Vec<Act>,
    /// What people see of who asked about them or their child.
    #[serde(default)]
    pub own_view: Vec<OwnView>,
    /// Requests about data, which the demo plays with real processes.
    #[serde(default)]
    pub right: Vec<toml::Value>,
    /// Reviews by people of the agencies, which the demo plays with real processes.
    #[serde(default)]
    pub review: Vec<toml::Value>,
}

/// An own view.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnView {
    /// `F4.o1` and so on.
    pub id: String,
    /// When, in Dutch time.
    pub at: String,
    /// At which municipality.
    pub agency: String,
    /// Whose it is.
    pub staff: String,
    /// As whom.
    pub role: String,
    /// About whom.
    pub subject: String,
    /// Who sees first who it is, and in which role.
    pub seen_by: String,
    /// See above.
    pub seen_role: String,
    /// Who sees it second, and approves.
    pub approver: String,
    /// See above.
    pub approver_role: String,
    /// What both saw.
    pub document: String,
    /// For a child: where it stands that they may ask.
    #[serde(default)]
    pub authority: String,
    /// Both looked, and nothing speaks against naming agencies.
    pub names_checked: bool,
    /// Whether agencies are left unnamed.
    pub unnamed: bool,
    /// Words that must be nowhere in it.
    #[serde(default)]
    pub never: Vec<String>,
    /// What must be seen, line by line.
    pub expect: Vec<String>,
}

/// Something that is written down in a consent register.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// `F4.a1` and so on.
    pub id: String,
    /// When, in Dutch time.
    pub at: String,
    /// At which agency.
    pub agency: String,
    /// By whom.
    pub staff: String,
    /// In which role.
    pub role: String,
    /// About whom.
    pub subject: String,
    /// `custody`, `give`, `refuse`, `withdraw`, `lift` or `inform`.
    #[serde(rename = "do")]
    pub what: String,
    /// Whose word: `child`, or given names, family name and birth date.
    #[serde(default)]
    pub by: String,
    /// Who holds custody.
    #[serde(default)]
    pub custody: Vec<String>,
    /// In what it was seen.
    #[serde(default)]
    pub seen_in: String,
    /// Since when.
    #[serde(default)]
    pub from: String,
    /// Who may give; the agency itself when it is empty.
    #[serde(default)]
    pub holder: Vec<String>,
    /// Who may receive.
    #[serde(default)]
    pub to: Vec<String>,
    /// What.
    #[serde(default)]
    pub categories: Vec<String>,
    /// What for.
    #[serde(default)]
    pub purpose: String,
    /// Which one is taken back.
    #[serde(default)]
    pub of: Option<String>,
    /// What must come of it.
    pub expect: String,
}

/// Both languages.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

/// A question of a storyline.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// `F1.3` and so on.
    pub id: String,
    /// When, in Dutch time.
    pub at: String,
    /// Which agency asks.
    pub agency: String,
    /// Who asks.
    pub staff: String,
    /// In which role.
    pub role: String,
    /// About whom.
    pub subject: String,
    /// What for.
    pub purpose: String,
    /// What sort of question.
    pub query_kind: String,
    /// What is asked.
    pub categories: Vec<String>,
    /// Of whom.
    pub to: Vec<String>,
    /// How soon.
    pub urgency: String,
    /// About a person, or counts.
    pub level: String,
    /// Asked alone in acute danger.
    pub break_glass: bool,
    /// Grounds claimed.
    pub grounds: Vec<String>,
    /// Why.
    pub necessity: String,
    /// Report number and the like.
    #[serde(default)]
    pub reference: String,
    /// The second person.
    pub approver: Option<String>,
    /// What the asker states.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
    /// What makes it an escalation.
    pub escalation: Option<Escalation>,
    /// Why its own node refuses it where all of the story is played; nothing here.
    pub refused: Option<String>,
    /// What must come of it.
    #[serde(default)]
    pub expect: Vec<Expect>,
}

/// The case that an escalation belongs to, and what bears that it is serious.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// What the case is about.
    pub nature: String,
    /// Why a professional judged it so.
    pub judged: String,
    /// What bears it.
    pub criteria: Vec<String>,
    /// Why an agency is asked, where that differs from what the question says.
    #[serde(default)]
    pub why: BTreeMap<String, String>,
}

/// What must come of one category at one target.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The target.
    pub target: String,
    /// The category.
    pub category: String,
    /// What stands in the ledger.
    pub decided: Decided,
    /// What the asker sees.
    pub shown: Shown,
}

/// What stands in the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// `broker` or `holder`.
    pub by: String,
    /// `permit`, `review`, `refuse` or `miss`.
    pub outcome: String,
    /// Rows, as a set.
    #[serde(default)]
    pub rows: BTreeSet<String>,
    /// Articles, as a set.
    #[serde(default)]
    pub legal: BTreeSet<String>,
}

/// What the asker sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// `content`, `no_record`, `refused`, `review` or `neutral`.
    #[serde(rename = "as")]
    pub state: String,
    /// Highest tier, with content.
    #[serde(default)]
    pub tier: Option<String>,
    /// Rows, as a set, where they are named.
    #[serde(default)]
    pub rows: BTreeSet<String>,
    /// Articles, as a set, where they are named.
    #[serde(default)]
    pub legal: BTreeSet<String>,
}

/// What happens in a storyline.
#[derive(Clone, Copy)]
pub enum Event<'a> {
    /// Something is written down.
    Act(&'a Act),
    /// Something is asked.
    Question(&'a Question),
    /// Somebody sees who asked about them or their child.
    OwnView(&'a OwnView),
}

impl Storyline {
    /// Reads one storyline.
    ///
    /// # Errors
    /// When the file is not as its schema says.
    pub fn load(id: &str) -> Result<Self> {
        read(&folder().join("storylines").join(format!("{id}.toml")))
    }

    /// All that happens, by its moment; what is written down at the moment of a question comes
    /// first.
    ///
    /// # Errors
    /// When the world is wrong.
    pub fn events(&self) -> Result<Vec<(Timestamp, Event<'_>)>> {
        let at = |text: &str| Timestamp::parse(text).with_context(|| text.to_owned());
        let acts = self.act.iter().map(|act| Ok((at(&act.at)?, Event::Act(act))));
        let mut all = acts.collect::<Result<Vec<_>>>()?;
        for question in &self.question {
            all.push((question.at()?, Event::Question(question)));
        }
        for own_view in &self.own_view {
            all.push((at(&own_view.at)?, Event::OwnView(own_view)));
        }
        all.sort_by_key(|(at, _)| *at);
        Ok(all)
    }

    /// Every agency that asks, is asked or writes something down.
    pub fn agencies(&self) -> Vec<&str> {
        let writing = self.act.iter().flat_map(|act| act.holder.iter().chain([&act.agency]));
        let asked = self.question.iter().flat_map(|question| &question.to);
        let asking = self.question.iter().map(|question| &question.agency);
        let viewing = self.own_view.iter().map(|own_view| &own_view.agency);
        let all = asked.chain(asking).chain(writing).chain(viewing);
        let mut all: Vec<&str> = all.map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Question {
    /// When it is asked.
    ///
    /// # Errors
    /// When the world is wrong.
    pub fn at(&self) -> Result<Timestamp> {
        Timestamp::parse(&self.at).with_context(|| format!("{}: {}", self.id, self.at))
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}
