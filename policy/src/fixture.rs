//! A small pack for this crate's own tests.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;

use crate::facts::Facts;
use crate::fault::PackError;
use crate::pack::Pack;

/// 2026-09-15 09:00, Dutch time.
pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_789_455_600_000);

pub(crate) fn files() -> BTreeMap<String, String> {
    let setting = "version = \"1.0.0\"\n[settings]\nvir_status = \"in_force\"\n";
    BTreeMap::from([
        ("pack.toml".to_owned(), setting.to_owned()),
        ("catalogue.toml".to_owned(), include_str!("fixture/catalogue.toml").to_owned()),
        ("retention.toml".to_owned(), include_str!("../retention.toml").to_owned()),
        ("consent.toml".to_owned(), include_str!("fixture/consent.toml").to_owned()),
        ("table/a.toml".to_owned(), include_str!("fixture/table.toml").to_owned()),
    ])
}

pub(crate) fn pack() -> Pack {
    Pack::from_files(&files()).unwrap()
}

/// The pack with one text replaced in one file; the text must be there.
pub(crate) fn changed(file: &str, from: &str, to: &str) -> Result<Pack, PackError> {
    let mut files = files();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    Pack::from_files(&files)
}

/// The row and the column of the one problem with our catalogue when a text in it is replaced.
pub(crate) fn planted(from: &str, to: &str) -> (String, Option<String>) {
    let mut files = Pack::builtin_files();
    let text = files.get_mut("catalogue.toml").unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    let problems = Pack::from_files(&files).unwrap_err().problems;
    let [only] = problems.as_slice() else { panic!("{to}: {problems:?}") };
    (only.row.clone(), only.column.clone())
}

/// The local team asks youth care for involvement, for access to help; `more` overrides.
pub(crate) fn facts(pack: &Pack, more: &[(&str, &str)]) -> Facts {
    let base = [
        ("requester_role", "gem.lokaalteam"),
        ("purpose", "D01"),
        ("category", "G05"),
        ("target_kind", "jha"),
    ];
    let named: BTreeMap<String, Vec<String>> = base
        .iter()
        .chain(more)
        .map(|(column, value)| ((*column).to_owned(), vec![(*value).to_owned()]))
        .collect();
    pack.facts_from(&named).unwrap()
}
