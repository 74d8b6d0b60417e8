//! For which questions a consent counts at all.
//!
//! A consent for what no rule makes depend on one opens nothing and still takes something of a
//! person. Nobody writes one down; whoever tries is told for which purposes consent counts.

use std::collections::BTreeSet;

use grondslag_core::catalogue::{Category, Kind, Purpose};

use crate::facts::{FactError, Value};
use crate::pack::Pack;
use crate::region::Region;
use crate::space::Space;
use crate::table::{Effect, Row};

/// A column that tells of a yes.
struct Yes {
    column: &'static str,
    said: &'static str,
    /// What it holds when nobody was asked.
    unasked: &'static str,
}

const YES: [Yes; 2] = [
    Yes { column: "secrecy_consent", said: "given", unasked: "none" },
    Yes { column: "youth_view", said: "agrees", unasked: "not_heard" },
];

impl Pack {
    /// Whether consent opens anything of this question: some row in force permits or gives to
    /// review on a yes, and not while nobody was asked, and no row takes all of that away. A row
    /// of later or of before counts too, for a consent lasts; what the pack's settings rule out
    /// does not. Of a word that the catalogue does not have it is false.
    pub fn rests_on_consent(&self, purpose: &Purpose, category: &Category, target: &Kind) -> bool {
        let asked = || -> Result<[Value; 3], FactError> {
            Ok([
                self.value("purpose", purpose.as_str())?,
                self.value("category", category.as_str())?,
                self.value("target_kind", target.as_str())?,
            ])
        };
        let space = Space::new(self);
        asked().is_ok_and(|asked| self.yes_opens(&space, &asked))
    }

    /// The purposes for which a consent counts, of whatever category and with whichever party.
    pub fn purposes_on_consent(&self) -> BTreeSet<Purpose> {
        let space = Space::new(self);
        let purposes = self.catalogue().purposes().iter().map(|purpose| &purpose.id);
        let counts = |purpose: &&Purpose| {
            let asked = self.value("purpose", purpose.as_str());
            asked.is_ok_and(|asked| self.yes_opens(&space, &[asked]))
        };
        purposes.filter(counts).cloned().collect()
    }

    /// A yes opens something where the columns have these values.
    fn yes_opens(&self, space: &Space<'_>, asked: &[Value]) -> bool {
        let narrowed = |row: &Row| {
            let only = |region: Region, value: &Value| {
                region.with(value.column(), region.of(value.column()) & value.bit())
            };
            asked.iter().fold(row.region.meet(self.facts().region()), only)
        };
        space.opening().any(|row| {
            let region = narrowed(row);
            let denies = || space.regions(Effect::Deny, row.window);
            let mut opened = YES.iter().filter_map(|yes| self.only_on_a_yes(&region, yes));
            opened.any(|opened| !space.covered(&opened, &denies()))
        })
    }

    /// The part of a region with the yes, where it does not hold while nobody was asked.
    fn only_on_a_yes(&self, region: &Region, yes: &Yes) -> Option<Region> {
        let said = self.value(yes.column, yes.said).ok()?;
        let unasked = self.value(yes.column, yes.unasked).ok()?;
        let values = region.of(said.column());
        let only = values & said.bit() != 0 && values & unasked.bit() == 0;
        only.then(|| region.with(said.column(), said.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{changed, pack};

    fn rests(pack: &Pack, purpose: &str, category: &str, target: &str) -> bool {
        let purpose = Purpose::parse(purpose).unwrap();
        let category = Category::parse(category).unwrap();
        pack.rests_on_consent(&purpose, &category, &Kind::parse(target).unwrap())
    }

    #[test]
    fn consent_counts_where_a_row_opens_on_it_and_nowhere_else() {
        let pack = Pack::builtin().unwrap();
        for (purpose, category, target) in [
            ("D16", "G12", "jha"),
            ("D01", "G16", "ha"),
            ("D03", "G17", "vggz"),
            ("D15", "G16", "jgz"),
            // Up to a higher tier than without it.
            ("D18", "G10", "gem"),
            // What the young person says, and not who lifts secrecy.
            ("D21", "G30", "gem"),
        ] {
            assert!(rests(&pack, purpose, category, target), "{purpose} {category} {target}");
        }
        for (purpose, category, target) in [
            ("D05", "G05", "sch"),
            ("D09", "G12", "jha"),
            ("D20", "G12", "jha"),
            ("D25", "G32", "jha"),
            // The same purpose, at somebody who is not asked or of what is not given.
            ("D16", "G12", "ha"),
            ("D16", "G16", "jha"),
            // Those who investigate for themselves ask nobody.
            ("D99", "G12", "jha"),
            ("D16", "G12", "elsewhere"),
        ] {
            assert!(!rests(&pack, purpose, category, target), "{purpose} {category} {target}");
        }
    }

    #[test]
    fn the_purposes_on_which_consent_counts_are_those_of_some_question() {
        let pack = Pack::builtin().unwrap();
        let catalogue = pack.catalogue();
        let some = |purpose: &Purpose| {
            let mut categories = catalogue.categories().iter();
            categories.any(|category| {
                let mut kinds = catalogue.kinds().iter();
                kinds.any(|kind| pack.rests_on_consent(purpose, &category.id, &kind.id))
            })
        };
        let purposes = catalogue.purposes().iter().map(|purpose| purpose.id.clone());
        let found = pack.purposes_on_consent();
        assert_eq!(purposes.filter(some).collect::<BTreeSet<_>>(), found);
        let found: Vec<&str> = found.iter().map(Purpose::as_str).collect();
        let expected =
            ["D01", "D02", "D03", "D08", "D10", "D11", "D15", "D16", "D17", "D18", "D21"];
        assert_eq!(found, expected);
    }

    /// The small pack with something of the row that opens on consent replaced: what then rests
    /// on consent, for two purposes of it.
    fn planted(from: &str, to: &str) -> [bool; 2] {
        let pack = changed("table/a.toml", from, to).unwrap();
        let purposes = pack.purposes_on_consent();
        ["D01", "D03"].map(|purpose| {
            let rests = rests(&pack, purpose, "G05", "jha");
            assert!(!rests || purposes.contains(&Purpose::parse(purpose).unwrap()));
            rests
        })
    }

    #[test]
    fn a_row_counts_as_it_opens_and_only_while_nobody_was_asked_it_does_not() {
        assert_eq!(pack().purposes_on_consent().len(), 2);
        let given = "secrecy_consent = \"given\" }";
        let permit = "outcome = \"permit\"\n  tier_max = \"T4\"\n  legal = [\"jw-7.3.11-1\"]";
        let hold = permit.replace("permit", "hold").replace("tier_max = \"T4\"\n", "");
        let also = |what: &str| given.replace(" }", &format!(", {what} }}"));
        for (from, to, expected) in [
            (given, "secrecy_consent = [\"given\", \"none\"] }", [false; 2]),
            (given, "secrecy_consent = \"withdrawn\" }", [false; 2]),
            (given, "secrecy_consent = { not = [\"none\"] } }", [true; 2]),
            (given, &also("vir_status = \"repealed\""), [false; 2]),
            (given, &also("vir_status = \"in_force\""), [true; 2]),
            (
                "[\"D01\", \"D03\"], category = [\"G05\",",
                "\"D01\", category = [\"G05\",",
                [true, false],
            ),
            (permit, &permit.replace("permit", "review"), [true; 2]),
            (permit, &hold, [false; 2]),
            (permit, &format!("{permit}\n  status = \"off\""), [false; 2]),
            (permit, &format!("{permit}\n  valid_from = \"2031-01-01\""), [true; 2]),
        ] {
            assert_eq!(planted(from, to), expected, "{to}");
        }
    }

    #[test]
    fn what_a_deny_takes_away_whatever_is_said_does_not_rest_on_consent() {
        let last = "  [[rule.row]]\n  id = \"R42.1\"";
        let deny = |when: &str| {
            let row = "  [[rule.row]]\n  id = \"R42.9\"\n  outcome = \"deny\"\n  \
                       legal = [\"avg-5-1-b\"]\n  text = { nl = \"x\", en = \"y\" }\n";
            planted(last, &format!("{row}  when = {{ purpose = \"D03\", {when} }}\n\n{last}"))
        };
        assert_eq!(deny("secrecy_consent = \"given\""), [true, false]);
        assert_eq!(deny("age_band = \"lt12\""), [true, true], "an adult's counts");
        assert_eq!(deny("secrecy_consent = \"withdrawn\""), [true, true]);
    }

    #[test]
    fn what_opens_while_the_young_person_was_not_heard_does_not_rest_on_their_yes() {
        let mut files = Pack::builtin_files();
        let text = files.get_mut("table/inzage.toml").unwrap();
        *text =
            text.replace("youth_view = [\"agrees\"]", "youth_view = [\"agrees\", \"not_heard\"]");
        assert!(!rests(&Pack::from_files(&files).unwrap(), "D21", "G30", "gem"));
    }
}
