//! Rows of a JSON Lines file: one object a line, its keys the columns, its values text or null.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::columns::{Row, Table};
use super::input::{Bad, Meter, NoRow, Text};
use super::problem::Fault;
use crate::limits::{IMPORT_BUFFER_BYTES, ROW_BYTES_MAX};

pub(super) struct JsonRows {
    reader: BufReader<Text>,
    meter: Meter,
    table: Table,
    line: u64,
}

impl JsonRows {
    pub(super) fn new(text: Text, table: Table) -> Self {
        let meter = text.meter();
        // A line is bounded where it is read.
        meter.allow(u64::MAX);
        Self { reader: BufReader::with_capacity(IMPORT_BUFFER_BYTES, text), meter, table, line: 0 }
    }

    pub(super) fn bytes_done(&self) -> u64 {
        self.meter.done()
    }

    pub(super) fn next(&mut self) -> Result<Row, NoRow> {
        loop {
            let bytes = self.read()?;
            let text =
                std::str::from_utf8(&bytes).map_err(|_| Bad::at(self.line, Fault::NotUtf8))?;
            if !text.trim().is_empty() {
                return Ok(self.row(text)?);
            }
        }
    }

    fn read(&mut self) -> Result<Vec<u8>, NoRow> {
        let mut bytes = Vec::new();
        let mut bounded = (&mut self.reader).take(ROW_BYTES_MAX + 1);
        let length = bounded.read_until(b'\n', &mut bytes).map_err(NoRow::Io)?;
        self.line = self.line.saturating_add(1);
        match u64::try_from(length) {
            Ok(0) => Err(NoRow::End),
            Ok(length) if length <= ROW_BYTES_MAX => Ok(bytes),
            _ => Err(Bad::at(self.line, Fault::RowTooLong).into()),
        }
    }

    fn row(&self, text: &str) -> Result<Row, Bad> {
        let Pairs(pairs) = serde_json::from_str(text).map_err(|error| Bad {
            line: self.line,
            column: Some(error.column().to_string()),
            fault: if text.trim_start().starts_with('{') && error.is_data() {
                Fault::NotText
            } else {
                Fault::NotJson
            },
        })?;
        let mut values: Vec<Option<String>> = vec![None; self.table.columns().len()];
        for (place, (name, value)) in (1..).zip(pairs) {
            let slot = self.table.position(&name).and_then(|position| values.get_mut(position));
            let Some(slot) = slot else {
                let (column, fault) = self.table.unknown(&name, place);
                return Err(Bad { line: self.line, column, fault });
            };
            if slot.replace(value.unwrap_or_default()).is_some() {
                let fault = Fault::ColumnTwice;
                return Err(Bad { line: self.line, column: Some(name), fault });
            }
        }
        // A key that is left out is an empty field.
        let values = values.into_iter().map(Option::unwrap_or_default).collect();
        Ok(Row { line: self.line, values })
    }
}

/// The pairs of an object as they stand there: a map would hide a key that stands twice.
struct Pairs(Vec<(String, Option<String>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
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
