//! The words of the rules in force, as an import knows them.

use grondslag_core::catalogue::{Category, Kind, Purpose};
use grondslag_policy::catalogue::{Catalogue, Stater, Visibility};

use super::Vocabulary;

impl Vocabulary for Catalogue {
    fn category_exists(&self, category: &Category) -> bool {
        self.category(category).is_some()
    }

    fn kind_exists(&self, kind: &Kind) -> bool {
        self.kind(kind).is_some()
    }

    fn purpose_exists(&self, purpose: &Purpose) -> bool {
        self.purpose(purpose).is_some()
    }

    fn fact_value_exists(&self, column: &str, value: &str) -> bool {
        let holders = self.column(column).is_some_and(|column| {
            column.visibility == Visibility::Sealed && column.stated_by.contains(&Stater::Holder)
        });
        holders && self.value(column, value).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use grondslag_policy::Pack;

    use super::*;

    #[test]
    fn a_holder_states_sealed_columns_of_its_own_register_and_no_others() {
        let pack = Pack::builtin().unwrap();
        let words = pack.catalogue();
        assert!(words.fact_value_exists("secrecy_consent", "given"));
        assert!(!words.fact_value_exists("secrecy_consent", "perhaps"));
        assert!(!words.fact_value_exists("purpose", "D01"), "the asker's, and visible");
        assert!(words.category_exists(&Category::parse("G05").unwrap()));
        assert!(!words.category_exists(&Category::parse("G99").unwrap()));
    }
}
