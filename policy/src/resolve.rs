//! From registers and statements to facts: one value per sealed column, with its standing.

use std::collections::BTreeMap;
use std::fmt;

use grondslag_core::catalogue::Kind;
use grondslag_core::tier::Standing;

use crate::catalogue::{Column, Stater, Visibility};
use crate::facts::{FactError, Facts, Value};
use crate::pack::Pack;

/// Value of a fact that the competent body signed.
const CERTIFIED: &str = "certified";
/// What such a value counts as when somebody else says it.
const STATED: &str = "stated";

/// What is known of a case at the holder.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The holder's own registers: per column every value that they give.
    pub register: &'a BTreeMap<String, Vec<String>>,
    /// What stands in them as certified by a body that is competent for it.
    pub certified: &'a BTreeMap<String, Vec<String>>,
    /// What the asker states: per column a value.
    pub stated: &'a BTreeMap<String, String>,
    /// The asker's kind, by its certified role.
    pub asker: &'a Kind,
}

/// One fact, as a decision record tells it.
#[derive(Clone, PartialEq, Eq)]
pub struct Fact {
    /// The column.
    pub column: String,
    /// The value that counts.
    pub value: String,
    /// How far it may be relied upon; `None` when nobody stated it.
    pub standing: Option<Standing>,
    /// Register and statement, or two registers, contradict each other.
    pub conflict: bool,
}

/// The sealed columns, filled in.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The facts that were given, with every sealed column set.
    pub facts: Facts,
    /// Each sealed column's fact, in the catalogue's order.
    pub all: Vec<Fact>,
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources(…)")
    }
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fact({}, …)", self.column)
    }
}

impl Resolved {
    /// The columns in conflict. While there is one a permit is held for review.
    pub fn conflicts(&self) -> impl Iterator<Item = &str> {
        let facts = self.all.iter().filter(|fact| fact.conflict);
        facts.map(|fact| fact.column.as_str())
    }
}

impl Pack {
    /// Fills in every sealed column: the holder's register first (`verified`, or `certified` where
    /// a competent body signed what stands there), then a statement of the body that is competent
    /// for the fact (`certified`), then a statement of another asker where the catalogue lets
    /// askers state it (`claimed`), else what the catalogue says of a fact that nobody states. A
    /// register that contradicts itself, or a statement that would have counted, is a conflict; a
    /// register that contradicts itself counts as the strictest.
    ///
    /// # Errors
    /// [`FactError`] for a column or value that is not in the catalogue, or a column that is not
    /// sealed.
    pub fn resolve(&self, visible: Facts, sources: &Sources<'_>) -> Result<Resolved, FactError> {
        let sealed = |column: &str| self.is_sealed(column);
        sources.register.keys().try_for_each(|column| sealed(column))?;
        sources.certified.keys().try_for_each(|column| sealed(column))?;
        sources.stated.keys().try_for_each(|column| sealed(column))?;
        let mut resolved = Resolved { facts: visible, all: Vec::new() };
        let columns = self.catalogue().columns().iter().enumerate();
        for (at, column) in columns.filter(|(_, c)| c.visibility == Visibility::Sealed) {
            let fact = self.fact(column, sources)?;
            let value = column.position(&fact.value).unwrap_or(0);
            resolved.facts.set(Value::new(at, value));
            resolved.all.push(fact);
        }
        Ok(resolved)
    }

    /// Whether an asker of this kind may state this fact at all: its own node refuses one that
    /// may not (`UNKNOWN_FACT`), a holder ignores it.
    ///
    /// # Errors
    /// [`FactError`] for a column that is not sealed or not for this asker, or an unknown value.
    pub fn may_state(&self, asker: &Kind, column: &str, value: &str) -> Result<(), FactError> {
        self.is_sealed(column)?;
        self.value(column, value)?;
        let (_, found) = self.catalogue().find_column(column)?;
        if found.competent.contains(asker) || found.stated_by.contains(&Stater::Asker) {
            Ok(())
        } else {
            Err(FactError::Column { given: column.to_owned(), nearest: None })
        }
    }

    /// The strictest value of a sealed column: what is in dispute counts as that.
    pub fn strictest(&self, column: &str) -> Option<&str> {
        let column = self.catalogue().column(column)?;
        column.values.get(column.strictest()?).map(|value| value.id.as_str())
    }

    fn is_sealed(&self, column: &str) -> Result<(), FactError> {
        let (_, found) = self.catalogue().find_column(column)?;
        if found.visibility == Visibility::Sealed {
            Ok(())
        } else {
            Err(FactError::Column { given: column.to_owned(), nearest: None })
        }
    }

    fn fact(&self, column: &Column, sources: &Sources<'_>) -> Result<Fact, FactError> {
        let mut register = sources.certified.get(&column.id).cloned().unwrap_or_default();
        let on_file = if register.is_empty() { Standing::Verified } else { Standing::Certified };
        register.extend(sources.register.get(&column.id).into_iter().flatten().cloned());
        for value in &register {
            self.value(&column.id, value)?;
        }
        register.dedup_by(|a, b| a == b);
        let statement = self.statement(column, sources)?;
        let strictest = || named(column, column.strictest());
        let fact = |value: String, standing, conflict| Fact {
            column: column.id.clone(),
            value,
            standing,
            conflict,
        };
        Ok(match (register.as_slice(), statement) {
            ([], None) => fact(named(column, column.when_absent()), None, false),
            ([], Some((value, standing))) => fact(value, Some(standing), false),
            ([first, rest @ ..], statement) => {
                if rest.iter().any(|value| value != first) {
                    return Ok(fact(strictest(), Some(Standing::Verified), true));
                }
                let differs = statement.is_some_and(|(value, _)| value != *first);
                fact(first.clone(), Some(on_file), differs)
            }
        })
    }

    /// The asker's statement where it counts. A claim never counts as certified.
    fn statement(
        &self,
        column: &Column,
        sources: &Sources<'_>,
    ) -> Result<Option<(String, Standing)>, FactError> {
        let Some(value) = sources.stated.get(&column.id) else {
            return Ok(None);
        };
        self.value(&column.id, value)?;
        if column.competent.contains(sources.asker) {
            return Ok(Some((value.clone(), Standing::Certified)));
        }
        if !column.stated_by.contains(&Stater::Asker) {
            return Ok(None);
        }
        let claimed =
            if value == CERTIFIED && column.position(STATED).is_some() { STATED } else { value };
        Ok(Some((claimed.to_owned(), Standing::Claimed)))
    }
}

fn named(column: &Column, value: Option<usize>) -> String {
    // A sealed column without a strictest value is refused at load.
    let value = value.and_then(|at| column.values.get(at));
    value.map_or_else(String::new, |value| value.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::pack;

    fn map<V: Clone>(pairs: &[(&str, V)]) -> BTreeMap<String, V> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
    }

    fn resolve(
        register: &[(&'static str, Vec<&str>)],
        stated: &[(&str, &str)],
        asker: &str,
    ) -> Result<Resolved, FactError> {
        resolve_with(register, &[], stated, asker)
    }

    fn resolve_with(
        register: &[(&'static str, Vec<&str>)],
        certified: &[(&'static str, Vec<&str>)],
        stated: &[(&str, &str)],
        asker: &str,
    ) -> Result<Resolved, FactError> {
        let pack = pack();
        let owned = |pairs: &[(&'static str, Vec<&str>)]| {
            let owned = pairs.iter().map(|(k, v)| {
                ((*k).to_owned(), v.iter().map(|v| (*v).to_owned()).collect::<Vec<String>>())
            });
            owned.collect::<BTreeMap<_, _>>()
        };
        let stated: Vec<_> = stated.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        let sources = Sources {
            register: &owned(register),
            certified: &owned(certified),
            stated: &map(&stated),
            asker: &Kind::parse(asker).unwrap(),
        };
        pack.resolve(pack.facts(), &sources)
    }

    fn fact(resolved: &Resolved, column: &str) -> Fact {
        let mut facts = resolved.all.iter();
        facts.find(|fact| fact.column == column).unwrap().clone()
    }

    #[test]
    fn the_register_is_verified_and_stands_above_a_statement_which_then_conflicts() {
        let resolved = resolve(&[("measure", vec!["none"])], &[("measure", "ots")], "gi").unwrap();
        let measure = fact(&resolved, "measure");
        assert_eq!((measure.value.as_str(), measure.standing), ("none", Some(Standing::Verified)));
        assert!(measure.conflict);
        assert_eq!(resolved.conflicts().collect::<Vec<_>>(), ["measure"]);
        let agreed = resolve(&[("measure", vec!["ots"])], &[("measure", "ots")], "gi").unwrap();
        assert_eq!(agreed.conflicts().count(), 0);
    }

    #[test]
    fn a_register_that_contradicts_itself_counts_as_the_strictest_value() {
        let resolved = resolve(&[("measure", vec!["ots", "none"])], &[], "gem").unwrap();
        let measure = fact(&resolved, "measure");
        assert_eq!(measure.value, "none");
        assert!(measure.conflict);
        let twice = resolve(&[("measure", vec!["ots", "ots"])], &[], "gem").unwrap();
        assert!(!fact(&twice, "measure").conflict, "the same value twice is no conflict");
    }

    #[test]
    fn what_is_certified_on_file_counts_as_such_and_never_silently_against_what_differs() {
        let of = |register: Vec<&str>, stated: &[(&str, &str)]| {
            let certified = [("measure", vec!["ots"])];
            let resolved = resolve_with(&[("measure", register)], &certified, stated, "gem");
            let measure = fact(&resolved.unwrap(), "measure");
            (measure.value, measure.standing, measure.conflict)
        };
        let ots = || "ots".to_owned();
        assert_eq!(of(vec![], &[]), (ots(), Some(Standing::Certified), false));
        assert_eq!(of(vec!["ots"], &[]), (ots(), Some(Standing::Certified), false));
        assert_eq!(of(vec![], &[("measure", "none")]), (ots(), Some(Standing::Certified), true));
        let none = ("none".to_owned(), Some(Standing::Verified), true);
        assert_eq!(of(vec!["none"], &[]), none);
        assert_eq!(of(vec!["ots", "none"], &[]), none);
        assert_eq!(pack().strictest("measure"), Some("none"));
    }

    #[test]
    fn a_statement_is_certified_by_the_competent_body_and_claimed_by_another() {
        let by = |asker| fact(&resolve(&[], &[("measure", "ots")], asker).unwrap(), "measure");
        assert_eq!(by("gi").standing, Some(Standing::Certified));
        assert_eq!(by("gem").standing, Some(Standing::Claimed));
        assert_eq!(by("gem").value, "ots");
    }

    #[test]
    fn a_claim_never_counts_as_certified() {
        let by = |asker| {
            let stated = [("case_fact", "certified")];
            fact(&resolve(&[], &stated, asker).unwrap(), "case_fact").value
        };
        assert_eq!(by("gi"), "certified");
        assert_eq!(by("pol"), "stated");
    }

    #[test]
    fn what_an_asker_may_not_state_is_ignored_and_refused_at_its_own_node() {
        let stated = [("secrecy_consent", "given")];
        let resolved = resolve(&[], &stated, "gem").unwrap();
        let consent = fact(&resolved, "secrecy_consent");
        assert_eq!((consent.value.as_str(), consent.standing), ("none", None));
        let gem = Kind::parse("gem").unwrap();
        let refused = pack().may_state(&gem, "secrecy_consent", "given").unwrap_err();
        assert_eq!(refused.reason().code(), "UNKNOWN_FACT");
        assert!(pack().may_state(&gem, "measure", "ots").is_ok());
    }

    #[test]
    fn a_fact_nobody_states_is_absent_or_else_the_strictest() {
        let resolved = resolve(&[], &[], "gem").unwrap();
        assert_eq!(fact(&resolved, "subject_shielded").value, "no", "absent");
        assert_eq!(fact(&resolved, "age_band").value, "18plus", "unknown, no absent");
        assert!(resolved.all.iter().all(|fact| fact.standing.is_none() && !fact.conflict));
    }

    #[test]
    fn visible_and_unknown_columns_are_refused() {
        assert!(resolve(&[], &[("purpose", "D01")], "gem").is_err());
        assert!(resolve(&[("mesure", vec!["ots"])], &[], "gem").is_err());
        assert!(resolve(&[("measure", vec!["otz"])], &[], "gem").is_err());
    }
}
