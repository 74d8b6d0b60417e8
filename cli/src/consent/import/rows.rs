//! Rows of a file with custody and measures: objects of a JSON list, or lines of CSV.

use std::collections::BTreeMap;
use std::fmt;

use csv::ReaderBuilder;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::problem::{Fault, Problem};
use crate::limits::SITUATION_ROWS_MAX;

/// The columns.
const COLUMNS: [&str; 7] = ["subject", "what", HOLDERS, "value", "from", "until", "seen_in"];
/// The column that may hold more than one.
const HOLDERS: &str = "holders";
/// Between holders in CSV, where commas stand within them.
const BETWEEN: char = '|';
/// What UTF-8 files of some programs begin with.
const BOM: char = '\u{feff}';

/// One row, as it stands there.
pub(super) struct Row {
    /// The object in the list, or the line of a CSV file, from 1.
    pub(super) number: u64,
    texts: BTreeMap<&'static str, Vec<String>>,
}

grondslag_core::unprinted!(Row);

impl Row {
    /// What stands in a column; nothing when it is left out.
    pub(super) fn text(&self, column: &'static str) -> &str {
        self.texts.get(column).and_then(|texts| texts.first()).map_or("", |text| text.trim())
    }

    /// What stands in a column that must be filled in.
    pub(super) fn filled(&self, column: &'static str) -> Result<&str, (&'static str, Fault)> {
        let text = self.text(column);
        if text.is_empty() { Err((column, Fault::Empty)) } else { Ok(text) }
    }

    /// That nothing stands in a column.
    pub(super) fn nothing(&self, column: &'static str) -> Result<(), (&'static str, Fault)> {
        if self.text(column).is_empty() { Ok(()) } else { Err((column, Fault::NotForThis)) }
    }

    /// Who holds custody.
    pub(super) fn holders(&self) -> impl Iterator<Item = &str> {
        let texts = self.texts.get(HOLDERS).into_iter().flatten();
        texts.map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

/// The rows of a file, with what is wrong with others.
pub(super) fn read(text: &str, is_csv: bool) -> (Vec<Row>, Vec<Problem>) {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let mut problems = Vec::new();
    let rows = if is_csv { csv_rows(text, &mut problems) } else { json_rows(text, &mut problems) };
    match rows {
        Ok(rows) => (rows, problems),
        Err((row, fault)) => (Vec::new(), vec![Problem { row, column: None, fault }]),
    }
}

fn json_rows(text: &str, problems: &mut Vec<Problem>) -> Result<Vec<Row>, (u64, Fault)> {
    let list: Vec<Pairs> = serde_json::from_str(text)
        .map_err(|error| (u64::try_from(error.line()).unwrap_or(u64::MAX), Fault::NotJson))?;
    if list.len() > SITUATION_ROWS_MAX {
        return Err((1, Fault::TooManyRows));
    }
    let mut rows = Vec::with_capacity(list.len());
    for (number, Pairs(pairs)) in (1..).zip(list) {
        match texts(pairs) {
            Ok(texts) => rows.push(Row { number, texts }),
            Err((column, fault)) => problems.push(Problem { row: number, column, fault }),
        }
    }
    Ok(rows)
}

type Texts = BTreeMap<&'static str, Vec<String>>;

fn texts(pairs: Vec<(String, Value)>) -> Result<Texts, (Option<&'static str>, Fault)> {
    let mut texts = Texts::new();
    for (name, value) in pairs {
        let column = known(&name).ok_or((None, Fault::UnknownColumn))?;
        let wrong = || (Some(column), Fault::NotText);
        let one = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(wrong()),
        };
        let value = match value {
            Value::Null => Vec::new(),
            Value::Array(list) if column == HOLDERS => {
                list.into_iter().map(one).collect::<Result<_, _>>()?
            }
            value => vec![one(value)?],
        };
        if texts.insert(column, value).is_some() {
            return Err((Some(column), Fault::ColumnTwice));
        }
    }
    Ok(texts)
}

fn csv_rows(text: &str, problems: &mut Vec<Problem>) -> Result<Vec<Row>, (u64, Fault)> {
    // The reader counts a line of which the end is two characters only once it reads on.
    let text = text.replace("\r\n", "\n");
    let mut reader = ReaderBuilder::new().delimiter(delimiter(&text)).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| (1, Fault::NotCsv))?.clone();
    let mut columns = Vec::new();
    for name in &header {
        let column = known(name.trim()).ok_or((1, Fault::UnknownColumn))?;
        if columns.contains(&column) {
            return Err((1, Fault::ColumnTwice));
        }
        columns.push(column);
    }
    let mut rows = Vec::new();
    for (place, record) in (2..).zip(reader.records()) {
        let line = |at: Option<&csv::Position>| at.map_or(place, csv::Position::line);
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let row = line(error.position());
                problems.push(Problem { row, column: None, fault: Fault::NotCsv });
                continue;
            }
        };
        if rows.len() >= SITUATION_ROWS_MAX {
            return Err((line(record.position()), Fault::TooManyRows));
        }
        let fields = columns.iter().zip(&record).map(|(column, field)| match *column {
            HOLDERS => (HOLDERS, field.split(BETWEEN).map(str::to_owned).collect()),
            column => (column, vec![field.to_owned()]),
        });
        rows.push(Row { number: line(record.position()), texts: fields.collect() });
    }
    Ok(rows)
}

/// Dutch spreadsheets write a semicolon where others write a comma.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    if header.contains(';') && !header.contains(',') { b';' } else { b',' }
}

fn known(name: &str) -> Option<&'static str> {
    COLUMNS.into_iter().find(|column| *column == name)
}

/// The pairs of an object as they stand there: a map would hide a key that stands twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_problem(text: &str, is_csv: bool) -> (u64, Option<&'static str>, Fault) {
        let (rows, problems) = read(text, is_csv);
        assert!(rows.is_empty(), "{text}");
        let Problem { row, column, fault } = problems.into_iter().next().unwrap();
        (row, column, fault)
    }

    #[test]
    fn json_and_csv_say_the_same() {
        let json = r#"[{"subject": "1", "what": "custody", "holders": ["A, B, 1990-01-01",
            "guardian: C"], "from": "2020-01-01", "until": null, "seen_in": "register"}]"#;
        let comma = "subject,what,holders,value,from,until,seen_in\n\
                     1,custody,\"A, B, 1990-01-01 | guardian: C\",,2020-01-01,,register\n";
        let semicolon = "\u{feff}subject;what;holders;from;seen_in\r\n\
                         1;custody;A, B, 1990-01-01|guardian: C;2020-01-01;register\r\n";
        for (text, is_csv, number) in [(json, false, 1), (comma, true, 2), (semicolon, true, 2)] {
            let (rows, problems) = read(text, is_csv);
            assert_eq!(problems, []);
            let [row] = rows.as_slice() else { panic!("{text}") };
            let holders: Vec<&str> = row.holders().collect();
            assert_eq!(holders, ["A, B, 1990-01-01", "guardian: C"]);
            assert_eq!((row.number, row.text("subject"), row.text("until")), (number, "1", ""));
            assert_eq!(format!("{row:?}"), "Row(…)");
        }
    }

    #[test]
    fn what_is_no_file_of_ours_is_told_where_it_shows() {
        for (text, is_csv, expected) in [
            ("[\n{\"subject\": }]", false, (2, None, Fault::NotJson)),
            ("{}", false, (1, None, Fault::NotJson)),
            ("[1]", false, (1, None, Fault::NotJson)),
            (r#"[{"bsn": "1"}]"#, false, (1, None, Fault::UnknownColumn)),
            (r#"[{"what": 1}]"#, false, (1, Some("what"), Fault::NotText)),
            (r#"[{"what": ["custody"]}]"#, false, (1, Some("what"), Fault::NotText)),
            (r#"[{"holders": [1]}]"#, false, (1, Some("holders"), Fault::NotText)),
            (r#"[{"what": "a", "what": "b"}]"#, false, (1, Some("what"), Fault::ColumnTwice)),
            ("bsn,what\n1,custody", true, (1, None, Fault::UnknownColumn)),
            ("what,what\na,b", true, (1, None, Fault::ColumnTwice)),
            ("subject,what\n1", true, (2, None, Fault::NotCsv)),
        ] {
            assert_eq!(first_problem(text, is_csv), expected, "{text}");
        }
    }

    #[test]
    fn a_file_with_too_many_rows_is_refused_whole() {
        let json = |rows: usize| format!("[{}]", vec!["{\"what\": \"custody\"}"; rows].join(","));
        assert_eq!(read(&json(SITUATION_ROWS_MAX), false).0.len(), SITUATION_ROWS_MAX);
        let most = json(SITUATION_ROWS_MAX + 1);
        assert_eq!(first_problem(&most, false), (1, None, Fault::TooManyRows));
        let csv = format!("what\n{}", "custody\n".repeat(SITUATION_ROWS_MAX + 1));
        assert_eq!(first_problem(&csv, true).2, Fault::TooManyRows);
    }
}
