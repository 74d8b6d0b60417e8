//! A pack: the policy folder, loaded. Everything in it was parsed; nothing is re-checked later.

use std::collections::BTreeMap;
use std::path::Path;

use grondslag_core::canonical::{Canonical, Reader as Fields};
use grondslag_core::catalogue::{Role, RowId};
use grondslag_core::id::Digest;
use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::cases::Cases;
use crate::catalogue::{Catalogue, Visibility};
use crate::consent::{self, Consents};
use crate::facts::{FactError, Facts, Value};
use crate::fault::{Fault, PackError, Problem, Problems};
use crate::folder::{self, CATALOGUE_FILE, PACK_FILE, TABLE_FOLDER, embedded, in_folder};
use crate::parse::{Wrong, read, table};
use crate::retention::{self, Retention};
use crate::table::read::Reader;
use crate::table::{Effect, Row, Rule, Table};

/// Label of a leaf about rules that came into force.
const LEAF: &str = "grondslag/leaf/policy/v1";

static TABLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/table");

/// The rules of a region: catalogue, rows and settings, with the digest that names this version.
#[derive(Debug, Clone)]
pub struct Pack {
    version: String,
    bundle: Digest,
    /// Of everything that decides but rows and version.
    frame: Digest,
    settings: BTreeMap<String, String>,
    catalogue: Catalogue,
    rules: Vec<Rule>,
    pub(crate) table: Table,
    facts: Facts,
    retention: Retention,
    consents: Consents,
}

/// `pack.toml` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    version: String,
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

impl Pack {
    /// The pack that this program was built with.
    ///
    /// # Errors
    /// [`PackError`] when it holds a mistake; a test keeps that from happening.
    pub fn builtin() -> Result<Self, PackError> {
        Self::from_files(&Self::builtin_files())
    }

    /// The texts of that pack by relative path, its cases too: where a new draft begins.
    pub fn builtin_files() -> BTreeMap<String, String> {
        let mut files = BTreeMap::from([
            (PACK_FILE.to_owned(), include_str!("../pack.toml").to_owned()),
            (CATALOGUE_FILE.to_owned(), include_str!("../catalogue.toml").to_owned()),
            (retention::FILE.to_owned(), include_str!("../retention.toml").to_owned()),
            (consent::FILE.to_owned(), include_str!("../consent.toml").to_owned()),
        ]);
        files.extend(embedded(&TABLE, TABLE_FOLDER));
        files.extend(Cases::builtin_files());
        files
    }

    /// The rules of a folder, or without one those that came with the program.
    ///
    /// # Errors
    /// As [`Pack::load`].
    pub fn open(folder: Option<&Path>) -> Result<Self, PackError> {
        folder.map_or_else(Self::builtin, Self::load)
    }

    /// Loads a policy folder.
    ///
    /// # Errors
    /// [`PackError`] naming file, row and reason of everything that is wrong.
    pub fn load(folder: &Path) -> Result<Self, PackError> {
        Self::from_files(&folder::read(folder)?)
    }

    /// The texts of a policy folder by relative path, its cases too, whether or not they load; or
    /// without one those that came with the program.
    ///
    /// # Errors
    /// [`PackError`] for a file that is missing, too large or no text.
    pub fn files(folder: Option<&Path>) -> Result<BTreeMap<String, String>, PackError> {
        folder.map_or_else(|| Ok(Self::builtin_files()), folder::read)
    }

    /// Loads from file texts by relative path: `pack.toml`, `catalogue.toml`,
    /// `retention.toml`, `consent.toml`, `table/*.toml`. Other paths are left alone.
    ///
    /// # Errors
    /// As [`Pack::load`].
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, PackError> {
        let mut problems = Problems::default();
        let pack_text = required(files, PACK_FILE, &mut problems);
        let catalogue_text = required(files, CATALOGUE_FILE, &mut problems);
        let terms_text = required(files, retention::FILE, &mut problems);
        let consent_text = required(files, consent::FILE, &mut problems);
        let (Some(pack_text), Some(catalogue_text), Some(terms_text), Some(consent_text)) =
            (pack_text, catalogue_text, terms_text, consent_text)
        else {
            let problems = problems.into_vec();
            return Err(PackError { problems });
        };
        let retention = Retention::parse(terms_text, &mut problems);
        let raw = pack_file(pack_text, &mut problems);
        let catalogue = Catalogue::parse(CATALOGUE_FILE, catalogue_text, &mut problems);
        let consents = Consents::parse(consent_text, &catalogue, &mut problems);
        let mut reader = Reader::new(&catalogue, &mut problems);
        for (path, text) in files.iter().filter(|(path, _)| in_folder(path, TABLE_FOLDER)) {
            reader.region_file(path, text);
        }
        let (rules, rows) = (reader.rules, reader.rows);
        let facts = settled(&catalogue, &raw.settings, &mut problems);
        let table = Table::new(rows, &catalogue);
        let pack = Self {
            version: raw.version,
            bundle: bundle(files),
            frame: frame(files, &raw.settings),
            settings: raw.settings,
            catalogue,
            rules,
            table,
            facts,
            retention,
            consents,
        };
        problems.finish_in(pack, files)
    }

    /// The pack's version, as its authors write it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The same rules but for those that hold: what is decided of whether anything may be named
    /// (domain 4a.23).
    pub(crate) fn without_holds(&self) -> Self {
        let rows = self.rows().iter().filter(|row| row.effect != Effect::Hold);
        let table = Table::new(rows.cloned().collect(), &self.catalogue);
        Self { table, ..self.clone() }
    }

    /// Digest of every file that decides: parties with the same digest decide alike, and forget
    /// alike.
    pub fn bundle(&self) -> Digest {
        self.bundle
    }

    /// They differ in rows and version at most: the catalogue, the terms of retention, the consent
    /// matrix and the settings are the same.
    pub(crate) fn has_same_frame(&self, other: &Self) -> bool {
        self.frame == other.frame
    }

    /// That these rules came into force at a party, as its ledger's leaf says so; `overlay` is the
    /// digest of its own rules.
    pub fn leaf(&self, overlay: Option<Digest>) -> Vec<u8> {
        let overlay: Vec<Digest> = overlay.into_iter().collect();
        Canonical::new(LEAF)
            .bytes(self.bundle.as_bytes())
            .text(&self.version)
            .list(overlay.iter().map(Digest::as_bytes))
            .text(crate::ENGINE)
            .finish()
    }

    /// The rules that came into force and those of the party's own, as such a leaf says so.
    pub fn told_in(leaf: &[u8]) -> Option<(Digest, Option<Digest>)> {
        let mut fields = Fields::new(leaf, LEAF).ok()?;
        let bundle = Digest::new(fields.array().ok()?);
        let _version = fields.text().ok()?;
        let overlay = fields.list(1).ok()?.into_iter().next();
        let overlay = overlay.map(|digest| digest.try_into().map(Digest::new)).transpose().ok()?;
        let _engine = fields.text().ok()?;
        fields.end().ok()?;
        Some((bundle, overlay))
    }

    /// The columns that the pack itself fills in.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How long what is kept.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// Who must say yes before secrecy is lifted.
    pub fn consents(&self) -> &Consents {
        &self.consents
    }

    /// Every rule.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Every row, whatever its status.
    pub fn rows(&self) -> &[Row] {
        self.table.rows()
    }

    /// A row by code.
    pub fn row(&self, id: &RowId) -> Option<&Row> {
        self.rows().iter().find(|row| row.id == *id)
    }

    /// A rule by code.
    pub fn rule_of(&self, row: &Row) -> Option<&Rule> {
        self.rules.iter().find(|rule| *rule.id == *row.rule)
    }

    /// Facts that know nothing yet: every value possible, settings filled in.
    pub fn facts(&self) -> Facts {
        self.facts
    }

    /// The visible columns that have exactly one value, by id: what a decision record tells of
    /// them, and from which [`Pack::set`] makes the same facts again.
    pub fn told(&self, facts: &Facts) -> BTreeMap<String, String> {
        let columns = self.catalogue.columns().iter().enumerate();
        let visible = columns.filter(|(_, column)| column.visibility == Visibility::Visible);
        let told = visible.filter_map(|(at, column)| {
            let mask = facts.region().of(at);
            let value = column.values.get(usize::try_from(mask.trailing_zeros()).ok()?)?;
            mask.is_power_of_two().then(|| (column.id.clone(), value.id.clone()))
        });
        told.collect()
    }

    /// A value of a column, as the index that hot code keeps.
    ///
    /// # Errors
    /// [`FactError`] with the nearest known word.
    pub fn value(&self, column: &str, value: &str) -> Result<Value, FactError> {
        self.catalogue.value(column, value)
    }

    /// Says that a column has exactly this value. A role says the requester's kind too.
    ///
    /// # Errors
    /// [`FactError`] for an unknown column or value.
    pub fn set(&self, facts: &mut Facts, column: &str, value: &str) -> Result<(), FactError> {
        self.set_many(facts, column, &[value])
    }

    /// Says that a column has one of these values. Roles say the requester's kinds too.
    ///
    /// # Errors
    /// [`FactError`] for an unknown column or value, or for no value at all.
    pub fn set_many<S: AsRef<str>>(
        &self,
        facts: &mut Facts,
        column: &str,
        values: &[S],
    ) -> Result<(), FactError> {
        let (at, _) = self.catalogue.find_column(column)?;
        let mut mask = 0;
        for value in values {
            mask |= self.value(column, value.as_ref())?.bit();
        }
        if mask == 0 {
            return Err(FactError::NotSingle { column: column.to_owned() });
        }
        facts.set_mask(at, mask);
        if at == self.catalogue.known().requester_role {
            let kinds = values.iter().filter_map(|role| Role::parse(role.as_ref()).ok());
            let kinds: Vec<_> = kinds.map(|role| role.kind().to_string()).collect();
            self.set_many(facts, "requester_kind", &kinds)?;
        }
        Ok(())
    }
}

fn required<'a>(
    files: &'a BTreeMap<String, String>,
    file: &str,
    problems: &mut Problems,
) -> Option<&'a str> {
    let text = files.get(file);
    if text.is_none() {
        problems.push(Problem::new(file, "", Fault::Unreadable, ""));
    }
    text.map(String::as_str)
}

fn pack_file(text: &str, problems: &mut Problems) -> RawPack {
    let entry = table(PACK_FILE, text, problems);
    read(toml::Value::Table(entry)).unwrap_or_else(|wrong: Wrong| {
        problems.push(wrong.problem(PACK_FILE, ""));
        RawPack { version: String::new(), settings: BTreeMap::new() }
    })
}

/// Facts with every value possible and the settings filled in: exactly one for each column of
/// kind setting.
fn settled(
    catalogue: &Catalogue,
    settings: &BTreeMap<String, String>,
    problems: &mut Problems,
) -> Facts {
    let mut facts = Facts::new(catalogue.everything());
    let columns = catalogue.columns().iter();
    let of_setting = columns.filter(|column| column.visibility == Visibility::Setting);
    let wanted: Vec<&str> = of_setting.map(|column| column.id.as_str()).collect();
    for column in wanted.iter().filter(|id| !settings.contains_key(**id)) {
        problems.push(Problem::new(PACK_FILE, "", Fault::Setting, "").at(column));
    }
    for (column, value) in settings {
        if !wanted.contains(&column.as_str()) {
            let problem = Problem::new(PACK_FILE, "", Fault::Setting, "").at(column);
            problems.push(problem.may_be(wanted.iter().copied()));
            continue;
        }
        match catalogue.value(column, value) {
            Ok(value) => facts.set(value),
            Err(error) => {
                problems.push(Problem::of_fact((PACK_FILE, ""), &error, catalogue));
            }
        }
    }
    facts
}

/// SHA-256 over a label and the sorted paths and bytes of the files that decide. Cases do not.
fn bundle(files: &BTreeMap<String, String>) -> Digest {
    let decides = |path: &str| folder::FILES.contains(&path) || in_folder(path, TABLE_FOLDER);
    let files = files.iter().filter(|(path, _)| decides(path));
    let start = Canonical::new("grondslag/bundle/v1");
    let bytes = files.fold(start, |out, (path, text)| out.text(path).text(text));
    Digest::of(&bytes.finish())
}

/// SHA-256 over catalogue, terms of retention, consent matrix and settings.
fn frame(files: &BTreeMap<String, String>, settings: &BTreeMap<String, String>) -> Digest {
    let whole = [CATALOGUE_FILE, retention::FILE, consent::FILE].map(|path| files.get(path));
    let start = Canonical::new("grondslag/frame/v1");
    let texts = whole.into_iter().flatten().fold(start, |out, text| out.text(text));
    settings.iter().fold(texts, |out, (column, value)| out.text(column).text(value)).digest()
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;
    use crate::fixture::{changed, files, pack};

    fn fault(file: &str, from: &str, to: &str) -> (String, Fault) {
        let error = changed(file, from, to).unwrap_err();
        let problem = error.problems.into_iter().next().unwrap();
        assert_eq!(problem.file, file);
        (problem.row, problem.fault)
    }

    #[test]
    fn a_mistake_in_the_table_is_named_by_row_and_reason() {
        let table = |from, to| fault("table/a.toml", from, to);
        let row = |row: &str, fault| (row.to_owned(), fault);
        for (from, to, expected) in [
            ("purpose = \"D01\"", "purpos = \"D01\"", row("R05.1", Fault::UnknownValue)),
            ("\"jw-7.4.0-2\", ", "\"jw-7.4.0-3\", ", row("R05.1", Fault::UnknownValue)),
            ("[\"melden\"]", "[\"meldne\"]", row("R05.1", Fault::UnknownValue)),
            ("outcome = \"review\"", "outcome = \"revue\"", row("R06.2", Fault::UnknownValue)),
            ("id = \"R06.2\"", "id = \"R06.1\"", row("R06.1", Fault::DuplicateId)),
            ("id = \"R20.1\"", "id = \"R21.1\"", row("R21.1", Fault::WrongRule)),
            ("notify = true", "notifi = true", row("R05.1", Fault::Field)),
            ("tier_max = \"T3\"", "tier_max = \"T9\"", row("R05.1", Fault::Field)),
            ("deadline = \"5wd\"", "deadline = \"5 days\"", row("R05.1", Fault::Format)),
            ("\"2026-07-01\"", "\"2026-07-32\"", row("R20.3", Fault::Format)),
            ("[\"jha\", \"gi\"]", "[]", row("R05.1", Fault::EmptySet)),
            ("{ not = [\"none\"] }", "{ nott = [\"none\"] }", row("R05.1", Fault::Field)),
            ("[\"jha\", \"gi\"]", "[\"jha\", 3]", row("R05.1", Fault::Field)),
            (
                "outcome = \"hold\"",
                "outcome = \"hold\"\ntier_max = \"T1\"",
                row("R42.1", Fault::Misplaced),
            ),
            ("id = \"R42\"", "id = \"R02\"", row("R02", Fault::DuplicateId)),
            ("[[rule]]", "[[rule]", row("", Fault::Syntax)),
            ("[[rule]]", "typo = 1\n[[rule]]", row("", Fault::Field)),
        ] {
            assert_eq!(table(from, to), expected, "{to}");
        }
    }

    #[test]
    fn a_mistake_names_its_line_its_column_what_is_allowed_and_the_nearest() {
        for (file, from, to, (column, value, nearest, fault)) in [
            (
                "table/a.toml",
                "purpose = \"D01\"",
                "purpose = \"D1\"",
                ("purpose", Some("D1"), Some("D01"), Fault::UnknownValue),
            ),
            (
                "table/a.toml",
                "purpose = \"D01\"",
                "purpos = \"D01\"",
                ("purpos", None, Some("purpose"), Fault::UnknownValue),
            ),
            (
                "table/a.toml",
                "notify = true",
                "notifi = true",
                ("notifi", None, Some("notify"), Fault::Field),
            ),
            (
                "table/a.toml",
                "outcome = \"review\"",
                "outcome = \"revue\"",
                ("outcome", Some("revue"), Some("review"), Fault::UnknownValue),
            ),
            (
                "table/a.toml",
                "tier_max = \"T3\"",
                "tier_max = \"T9\"",
                ("tier_max", Some("T9"), Some("T0"), Fault::Field),
            ),
            (
                "table/a.toml",
                "[\"melden\"]",
                "[\"meldne\"]",
                ("obligations", Some("meldne"), Some("melden"), Fault::UnknownValue),
            ),
            (
                "catalogue.toml",
                "[\"D01\", \"D03\"]",
                "[\"D01\", \"D33\"]",
                ("purposes", Some("D33"), Some("D03"), Fault::UnknownValue),
            ),
            (
                "catalogue.toml",
                "bsn_right = \"law\"",
                "bsn_right = \"lav\"",
                ("bsn_right", Some("lav"), Some("law"), Fault::Field),
            ),
            (
                "pack.toml",
                "\"in_force\"",
                "\"in_farce\"",
                ("vir_status", Some("in_farce"), Some("in_force"), Fault::UnknownValue),
            ),
            ("pack.toml", "version", "versie", ("versie", None, Some("version"), Fault::Field)),
        ] {
            let problems = changed(file, from, to).unwrap_err().problems;
            let problem = &problems[0];
            assert_eq!(problem.column.as_deref(), Some(column), "{to}");
            assert_eq!((problem.value.as_deref(), problem.fault), (value, fault), "{to}");
            assert_eq!(problem.nearest.as_deref(), nearest, "{to}");
            assert!(problem.allowed.contains(&nearest.unwrap().to_owned()), "{to}");
            let at = files()[file].find(from).unwrap();
            let lines = files()[file][..at].matches('\n').count() + 1;
            assert_eq!(problem.line, Some(lines), "{to}");
        }
    }

    #[test]
    fn an_unseen_character_anywhere_in_a_pack_is_refused_when_it_loads() {
        for (file, from) in [
            ("pack.toml", "1.0.0"),
            ("catalogue.toml", "gemeente"),
            ("retention.toml", "id = \""),
            ("consent.toml", "id = \""),
            ("table/a.toml", "With consent."),
        ] {
            for hidden in ["\u{202e}", "\u{200b}", "\u{2028}", "\\u2066"] {
                let to = format!("{from}{hidden}");
                let problems = changed(file, from, &to).unwrap_err().problems;
                let unseen = problems.iter().find(|one| one.fault == Fault::Unseen).unwrap();
                assert!(unseen.file == file && unseen.line.is_some(), "{unseen}");
                assert!(unseen.to_string().contains("U+20"), "{unseen}");
            }
        }
    }

    #[test]
    fn five_thousand_rules_or_rows_are_refused_once_before_any_row_is_read() {
        let rule =
            |at: usize| format!("[[rule]]\nid = \"R{at}\"\ntitle = {{ nl = \"\", en = \"\" }}\n");
        let row = |at: usize| format!("[[rule.row]]\nid = \"R1.{at}\"\noutcome = \"wrong\"\n");
        let rules: String = (0..5_000).map(rule).collect();
        let rows: String = iter::once(rule(1)).chain((0..5_000).map(row)).collect();
        for (text, what) in [(rules, "rule"), (rows, "row")] {
            let mut files = files();
            files.insert("table/b.toml".to_owned(), text);
            let problems = Pack::from_files(&files).unwrap_err().problems;
            let [only] = problems.as_slice() else { panic!("{problems:?}") };
            assert_eq!((only.fault, only.column.as_deref()), (Fault::TooMany, Some(what)));
        }
    }

    #[test]
    fn a_code_of_the_catalogue_has_no_letters_that_only_look_alike() {
        let cyrillic = "id = \"meld\u{435}n\"";
        let (row, found) = fault("catalogue.toml", "id = \"melden\"", cyrillic);
        assert_eq!((row.as_str(), found), ("meld\u{435}n", Fault::Format));
    }

    #[test]
    fn a_mistake_in_the_catalogue_is_named_by_entry_and_reason() {
        let catalogue = |from, to| fault("catalogue.toml", from, to);
        for (from, to, id, expected) in [
            ("bsn_right = \"law\"", "bsn_right = \"maybe\"", "gem", Fault::Field),
            ("[\"D01\", \"D03\"]", "[\"D01\", \"D33\"]", "gem.lokaalteam", Fault::UnknownValue),
            ("id = \"D03\"", "id = \"D01\"", "D01", Fault::DuplicateId),
            ("unknown = \"18plus\"", "unknown = \"18\"", "age_band", Fault::UnknownValue),
            ("values_from = \"kind\"", "values_from = \"kinds\"", "requester_kind", Fault::Field),
            ("id = \"category\"", "id = \"categorie\"", "", Fault::MissingKey),
            ("competent = [\"gi\"]", "competent = [\"gie\"]", "measure", Fault::UnknownValue),
        ] {
            assert_eq!(catalogue(from, to), (id.to_owned(), expected), "{to}");
        }
    }

    #[test]
    fn a_setting_must_be_there_and_be_known() {
        for (from, to) in [
            ("vir_status = \"in_force\"", ""),
            ("vir_status", "wams_status"),
            ("\"in_force\"", "\"on\""),
        ] {
            let (row, found) = fault("pack.toml", from, to);
            assert_eq!(row, "");
            assert!(matches!(found, Fault::Setting | Fault::UnknownValue), "{to}");
        }
    }

    #[test]
    fn the_bundle_names_what_decides_and_nothing_else() {
        let base = pack().bundle();
        assert_ne!(changed("table/a.toml", "5wd", "4wd").unwrap().bundle(), base);
        assert_ne!(changed("pack.toml", "1.0.0", "1.0.1").unwrap().bundle(), base);
        let mut with_case = files();
        with_case.insert("cases/a.toml".to_owned(), "x".to_owned());
        assert_eq!(Pack::from_files(&with_case).unwrap().bundle(), base);
        let mut moved = files();
        let text = moved.remove("table/a.toml").unwrap();
        moved.insert("table/b.toml".to_owned(), text);
        assert_ne!(Pack::from_files(&moved).unwrap().bundle(), base);
    }

    #[test]
    fn the_built_in_pack_is_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let builtin = Pack::builtin().unwrap();
        assert_eq!(builtin.bundle(), Pack::load(folder).unwrap().bundle());
    }

    #[test]
    fn what_is_told_of_facts_makes_the_same_facts_again() {
        let pack = pack();
        let mut facts = pack.facts();
        assert!(pack.told(&facts).is_empty(), "nothing is known of them");
        for (column, value) in [("requester_role", "gi.jeugdbeschermer"), ("purpose", "D01")] {
            pack.set(&mut facts, column, value).unwrap();
        }
        let told = pack.told(&facts);
        assert_eq!(told["requester_kind"], "gi");
        let mut again = pack.facts();
        for (column, value) in &told {
            pack.set(&mut again, column, value).unwrap();
        }
        assert_eq!(again, facts);
    }

    #[test]
    fn a_role_says_the_kind_of_the_requester() {
        let pack = pack();
        let mut facts = pack.facts();
        pack.set(&mut facts, "requester_role", "gi.jeugdbeschermer").unwrap();
        let mut same = facts;
        pack.set(&mut same, "requester_kind", "gi").unwrap();
        assert_eq!(facts, same);
    }
}
