//! The policy's catalogue as an import sees it.

use grondslag_core::catalogue::{Category, Kind, Purpose};
use grondslag_node::records::import::Vocabulary;
use grondslag_policy::{BsnRight, Catalogue, Stater, Visibility};

/// The catalogue of the rules in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a>(pub(crate) &'a Catalogue);

impl Words<'_> {
    /// Whether this kind of party may process a citizen service number, by law or as assumed.
    pub(crate) fn has_bsn_right(&self, kind: &Kind) -> bool {
        self.0.kind(kind).is_some_and(|entry| entry.bsn_right != BsnRight::None)
    }
}

impl Vocabulary for Words<'_> {
    fn category_exists(&self, category: &Category) -> bool {
        self.0.category(category).is_some()
    }

    fn kind_exists(&self, kind: &Kind) -> bool {
        self.0.kind(kind).is_some()
    }

    fn purpose_exists(&self, purpose: &Purpose) -> bool {
        self.0.purpose(purpose).is_some()
    }

    fn fact_value_exists(&self, column: &str, value: &str) -> bool {
        let sealed = self.0.column(column).is_some_and(|column| {
            column.visibility == Visibility::Sealed && column.stated_by.contains(&Stater::Holder)
        });
        sealed && self.0.value(column, value).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use grondslag_policy::Pack;

    use super::*;

    #[test]
    fn a_holder_states_sealed_columns_of_its_own_register_and_no_others() {
        let pack = Pack::builtin().unwrap();
        let words = Words(pack.catalogue());
        assert!(words.fact_value_exists("secrecy_consent", "given"));
        assert!(!words.fact_value_exists("secrecy_consent", "perhaps"));
        assert!(!words.fact_value_exists("purpose", "D01"), "the asker's, and visible");
        assert!(words.category_exists(&Category::parse("G05").unwrap()));
        assert!(!words.category_exists(&Category::parse("G99").unwrap()));
        assert!(words.has_bsn_right(&Kind::parse("gem").unwrap()));
    }
}
