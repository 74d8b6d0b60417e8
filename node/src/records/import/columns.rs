//! The three files of an import and their columns.

use super::problem::Fault;
use crate::limits::COLUMN_EDITS_MAX;

/// Which file of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Clients,
    Records,
    Facts,
}

impl Table {
    /// Its columns, in the order in which a row is handed on.
    pub(super) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Clients => &[
                "client",
                "bsn",
                "given_names",
                "prefix",
                "family_name",
                "birth_date",
                "from",
                "until",
            ],
            Self::Records => {
                &["client", "category", "about", "dated", "source", "t1", "t2", "t3", "t4", "t5"]
            }
            Self::Facts => &[
                "client",
                "column",
                "value",
                "from",
                "until",
                "for_kind",
                "for_purposes",
                "for_categories",
            ],
        }
    }

    /// Where a column stands in a row.
    pub(super) fn position(self, column: &str) -> Option<usize> {
        self.columns().iter().position(|known| *known == column)
    }

    /// The column that a misspelt one probably is.
    pub(super) fn nearest(self, column: &str) -> Option<&'static str> {
        let column = column.trim().to_lowercase().replace([' ', '-'], "_");
        let near = self.columns().iter().map(|known| (distance(&column, known), *known)).min()?;
        (near.0 <= COLUMN_EDITS_MAX && near.0 < near.1.len()).then_some(near.1)
    }

    /// What is wrong with a column of this name: where it stands and which is nearest. The name
    /// itself is repeated only when it is near to one of ours, since a file without a header has
    /// somebody's data in its place.
    pub(super) fn unknown(self, column: &str, place: usize) -> (Option<String>, Fault) {
        let nearest = self.nearest(column);
        let shown = if nearest.is_some() { column.to_owned() } else { place.to_string() };
        (Some(shown), Fault::UnknownColumn(nearest))
    }
}

/// One row, its values in the order of the table's columns.
#[derive(Clone, Default)]
pub(super) struct Row {
    /// Line on which it begins.
    pub(super) line: u64,
    pub(super) values: Vec<String>,
}

/// Edits that turn one word into the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut above_left = i;
        let mut left = i + 1;
        for (above, y) in last.iter_mut().skip(1).zip(&b) {
            let here = (above_left + usize::from(x != *y)).min(left + 1).min(*above + 1);
            above_left = *above;
            *above = here;
            left = here;
        }
        if let Some(first) = last.first_mut() {
            *first = i + 1;
        }
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (a, b, edits) in [
            ("", "", 0),
            ("bsn", "bsn", 0),
            ("", "bsn", 3),
            ("bns", "bsn", 2),
            ("birthdate", "birth_date", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn a_misspelt_column_has_a_nearest_and_a_persons_name_has_none() {
        assert_eq!(Table::Clients.nearest("Birth date"), Some("birth_date"));
        assert_eq!(Table::Clients.nearest("BSN"), Some("bsn"));
        assert_eq!(Table::Records.nearest("categorie"), Some("category"));
        assert_eq!(Table::Clients.nearest("Noor"), None);
        let (place, fault) = Table::Clients.unknown("999940004", 2);
        assert_eq!((place.as_deref(), fault), (Some("2"), Fault::UnknownColumn(None)));
    }
}
