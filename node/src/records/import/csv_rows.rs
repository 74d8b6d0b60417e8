//! Rows of a CSV file (RFC 4180): the first line names the columns, in any order.

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::columns::{Row, Table};
use super::input::{Bad, Meter, NoRow, Text};
use super::problem::Fault;
use crate::limits::{IMPORT_BUFFER_BYTES, ROW_BYTES_MAX};

pub(super) struct CsvRows {
    reader: Reader<Text>,
    meter: Meter,
    record: ByteRecord,
    table: Table,
    /// For each column of the file, where it stands in a row.
    order: Vec<usize>,
}

impl CsvRows {
    pub(super) fn new(text: Text, table: Table, delimiter: u8) -> Result<Self, NoRow> {
        let meter = text.meter();
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(IMPORT_BUFFER_BYTES)
            .from_reader(text);
        let mut rows = Self { reader, meter, record: ByteRecord::new(), table, order: Vec::new() };
        let line = rows.read()?;
        rows.order = order(&rows.record, table, line)?;
        Ok(rows)
    }

    pub(super) fn bytes_done(&self) -> u64 {
        self.reader.position().byte()
    }

    pub(super) fn next(&mut self) -> Result<Row, NoRow> {
        let line = self.read()?;
        if self.record.len() != self.order.len() {
            return Err(Bad::at(line, Fault::FieldCount).into());
        }
        let mut values = vec![String::new(); self.order.len()];
        for (field, place) in self.record.iter().zip(&self.order) {
            let Ok(text) = std::str::from_utf8(field) else {
                let column = self.table.columns().get(*place).map(|name| (*name).to_owned());
                return Err(Bad { line, column, fault: Fault::NotUtf8 }.into());
            };
            if let Some(value) = values.get_mut(*place) {
                text.clone_into(value);
            }
        }
        Ok(Row { line, values })
    }

    /// Reads one record; says on which line it begins.
    fn read(&mut self) -> Result<u64, NoRow> {
        let start = self.reader.position();
        let (line, byte) = (start.line(), start.byte());
        let buffer = u64::try_from(IMPORT_BUFFER_BYTES).unwrap_or(u64::MAX);
        self.meter.allow(byte.saturating_add(ROW_BYTES_MAX).saturating_add(buffer));
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => Ok(self.record.position().map_or(line, csv::Position::line)),
            Ok(false) => Err(NoRow::End),
            Err(error) => Err(broken(error, line)),
        }
    }
}

fn broken(error: csv::Error, line: u64) -> NoRow {
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            Bad::at(line, Fault::RowTooLong).into()
        }
        csv::ErrorKind::Io(error) => NoRow::Io(error),
        // Nothing else is left: rows may have any length and bytes are not decoded here.
        _ => Bad::at(line, Fault::FieldCount).into(),
    }
}

/// Where each column of the header stands in a row.
fn order(header: &ByteRecord, table: Table, line: u64) -> Result<Vec<usize>, Bad> {
    let mut order = Vec::with_capacity(header.len());
    for (place, name) in (1..).zip(header) {
        let name = std::str::from_utf8(name).map_err(|_| Bad::at(line, Fault::NotUtf8))?.trim();
        let Some(position) = table.position(name) else {
            let (column, fault) = table.unknown(name, place);
            return Err(Bad { line, column, fault });
        };
        if order.contains(&position) {
            let column = Some(name.to_owned());
            return Err(Bad { line, column, fault: Fault::ColumnTwice });
        }
        order.push(position);
    }
    let missing = (0..).zip(table.columns()).find(|(position, _)| !order.contains(position));
    match missing {
        Some((_, name)) => {
            Err(Bad { line, column: Some((*name).to_owned()), fault: Fault::MissingColumn })
        }
        None => Ok(order),
    }
}
