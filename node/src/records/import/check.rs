//! From text to rows of the register: every rule that a row must keep.

use std::collections::{BTreeMap, HashMap, HashSet};

use grondslag_core::answer::{About, Layer, Record};
use grondslag_core::catalogue::{Category, CodeError, Kind, Purpose};
use grondslag_core::clock::{Timestamp, parse_date};
use grondslag_core::tier::Tier;
use grondslag_subject::{BirthDate, Bsn, Name, admits};
use jiff::civil::Date;

use super::Terms;
use super::columns::{Row, Table};
use super::input::Bad;
use super::problem::Fault;
use crate::limits::{CLIENT_ROWS_MAX, LAYER_CHARS_MAX, SHORT_CHARS_MAX};
use crate::records::keys::{self, Entry};
use crate::records::shape::{ClientRow, FactRow, LAYER_TIERS};
use crate::records::{ClientId, RegisterFact};
use crate::secret::NodeSecret;

/// A row that keeps every rule, and where it goes.
pub(super) enum Checked {
    /// A client, under a service number or, without one, under the file number.
    Client { entry: Entry, row: ClientRow },
    /// A record, under its client's file number and its order there.
    Record { entry: Entry, number: u32, row: Record },
    /// A fact, likewise.
    Fact { entry: Entry, number: u32, row: FactRow },
}

/// What rows are held against, and what earlier rows said.
pub(super) struct Check<'a> {
    terms: &'a Terms<'a>,
    secret: &'a NodeSecret,
    clients: HashMap<Entry, Count>,
    refused: HashSet<Entry>,
    numbers: HashSet<Entry>,
    pub(super) unnumbered: bool,
}

#[derive(Default)]
struct Count {
    records: u32,
    facts: u32,
}

/// What is wrong with a row, and in which column.
type RowResult<T> = Result<T, (&'static str, Fault)>;

impl<'a> Check<'a> {
    pub(super) fn new(terms: &'a Terms<'a>, secret: &'a NodeSecret) -> Self {
        Self {
            terms,
            secret,
            clients: HashMap::new(),
            refused: HashSet::new(),
            numbers: HashSet::new(),
            unnumbered: false,
        }
    }

    /// Holds a row against the rules of its table and against the rows before it.
    pub(super) fn row(&mut self, table: Table, row: &Row) -> Result<Checked, Bad> {
        let fields = Fields { table, values: &row.values };
        let checked = match table {
            Table::Clients => self.client(fields),
            Table::Records => self.record(fields),
            Table::Facts => self.fact(fields),
        };
        checked.map_err(|(column, fault)| Bad {
            line: row.line,
            column: Some(column.to_owned()),
            fault,
        })
    }

    fn client(&mut self, fields: Fields<'_>) -> RowResult<Checked> {
        let client = fields.client()?;
        let own_entry = keys::client_entry(self.secret, &client);
        let checked = self.client_row(fields, client, own_entry);
        match &checked {
            Ok(_) => drop(self.clients.insert(own_entry, Count::default())),
            Err(_) => drop(self.refused.insert(own_entry)),
        }
        checked
    }

    fn client_row(
        &mut self,
        fields: Fields<'_>,
        client: ClientId,
        own_entry: Entry,
    ) -> RowResult<Checked> {
        if self.clients.contains_key(&own_entry) {
            return Err(("client", Fault::ClientTwice));
        }
        let bsn = self.bsn(fields)?;
        let (from, until) = fields.term()?;
        let row = ClientRow {
            client,
            bsn: bsn.as_ref().map(|bsn| bsn.expose().to_owned()),
            given_names: fields.text("given_names").to_owned(),
            prefix: fields.text("prefix").to_owned(),
            family_name: fields.text("family_name").to_owned(),
            birth_date: self.birth_date(fields)?,
            from,
            until,
        };
        Name::parse(&row.given_names, &row.prefix, &row.family_name)
            .map_err(|_| ("family_name", Fault::BadName))?;
        let Some(bsn) = bsn else {
            self.unnumbered = true;
            return Ok(Checked::Client { entry: own_entry, row });
        };
        let entry = keys::bsn_entry(self.secret, &bsn);
        // Last, so that a row that is refused leaves its number to the row that mends it.
        if self.numbers.insert(entry) {
            Ok(Checked::Client { entry, row })
        } else {
            Err(("bsn", Fault::BsnTwice))
        }
    }

    fn bsn(&self, fields: Fields<'_>) -> RowResult<Option<Bsn>> {
        let text = fields.text("bsn");
        if text.is_empty() {
            return Ok(None);
        }
        if !self.terms.bsn_right {
            return Err(("bsn", Fault::NoBsnRight));
        }
        let bsn = Bsn::parse(text).map_err(|_| ("bsn", Fault::BsnInvalid))?;
        admits(self.terms.mode, &bsn).map_err(|_| ("bsn", Fault::BsnNotAdmitted))?;
        Ok(Some(bsn))
    }

    fn birth_date(&self, fields: Fields<'_>) -> RowResult<Date> {
        let text = fields.required("birth_date")?;
        let birth = BirthDate::parse(text).map_err(|_| ("birth_date", Fault::BadDate))?.expose();
        if birth > self.terms.as_of.date() {
            return Err(("birth_date", Fault::BornLater));
        }
        Ok(birth)
    }

    fn record(&mut self, fields: Fields<'_>) -> RowResult<Checked> {
        let entry = self.known(fields)?;
        let row = Record {
            category: self.category("category", fields.required("category")?)?,
            about: about(fields)?,
            dated: start("dated", fields.required("dated")?)?,
            source: fields.short("source")?.to_owned(),
            layers: layers(fields)?,
        };
        let number = self.number(entry, |count| &mut count.records)?;
        Ok(Checked::Record { entry, number, row })
    }

    fn fact(&mut self, fields: Fields<'_>) -> RowResult<Checked> {
        let entry = self.known(fields)?;
        let (column, value) = (fields.required("column")?, fields.required("value")?);
        if !self.terms.vocabulary.fact_value_exists(column, value) {
            return Err(("value", Fault::UnknownFact));
        }
        let (from, until) = fields.term()?;
        let fact = RegisterFact {
            column: column.to_owned(),
            value: value.to_owned(),
            for_kind: self.kinds(fields.text("for_kind"))?,
            for_purposes: self.purposes(fields.text("for_purposes"))?,
            for_categories: fields
                .text("for_categories")
                .split_whitespace()
                .map(|word| self.category("for_categories", word))
                .collect::<Result<_, _>>()?,
        };
        let number = self.number(entry, |count| &mut count.facts)?;
        Ok(Checked::Fact { entry, number, row: FactRow { fact, from, until } })
    }

    /// The entry of the client that a row is on.
    fn known(&self, fields: Fields<'_>) -> RowResult<Entry> {
        let entry = keys::client_entry(self.secret, &fields.client()?);
        if self.clients.contains_key(&entry) {
            Ok(entry)
        } else if self.refused.contains(&entry) {
            Err(("client", Fault::ClientRefused))
        } else {
            Err(("client", Fault::ClientUnknown))
        }
    }

    fn number(&mut self, entry: Entry, of: fn(&mut Count) -> &mut u32) -> RowResult<u32> {
        let counted = self.clients.get_mut(&entry).map(of).filter(|n| **n < CLIENT_ROWS_MAX);
        let count = counted.ok_or(("client", Fault::ClientTooManyRows))?;
        *count += 1;
        Ok(*count)
    }

    fn category(&self, column: &'static str, word: &str) -> RowResult<Category> {
        let exists = |category: &Category| self.terms.vocabulary.category_exists(category);
        code(Category::parse(word), exists).ok_or((column, Fault::UnknownCategory))
    }

    fn kinds(&self, words: &str) -> RowResult<Vec<Kind>> {
        let exists = |kind: &Kind| self.terms.vocabulary.kind_exists(kind);
        let kind = |word| code(Kind::parse(word), exists).ok_or(("for_kind", Fault::UnknownKind));
        words.split_whitespace().map(kind).collect()
    }

    fn purposes(&self, words: &str) -> RowResult<Vec<Purpose>> {
        let exists = |purpose: &Purpose| self.terms.vocabulary.purpose_exists(purpose);
        let purpose = |word| {
            code(Purpose::parse(word), exists).ok_or(("for_purposes", Fault::UnknownPurpose))
        };
        words.split_whitespace().map(purpose).collect()
    }
}

/// The fields of one row, by column.
#[derive(Clone, Copy)]
struct Fields<'a> {
    table: Table,
    values: &'a [String],
}

impl<'a> Fields<'a> {
    /// What stands in a column, without the spaces around it.
    fn text(self, column: &str) -> &'a str {
        let value = self.table.position(column).and_then(|position| self.values.get(position));
        value.map(|value| value.trim()).unwrap_or_default()
    }

    fn required(self, column: &'static str) -> RowResult<&'a str> {
        let text = self.text(column);
        if text.is_empty() { Err((column, Fault::Empty)) } else { Ok(text) }
    }

    fn short(self, column: &'static str) -> RowResult<&'a str> {
        let text = self.text(column);
        if text.chars().count() <= SHORT_CHARS_MAX && !text.chars().any(char::is_control) {
            Ok(text)
        } else {
            Err((column, Fault::BadText))
        }
    }

    fn client(self) -> RowResult<ClientId> {
        let text = self.required("client")?;
        ClientId::parse(text).map_err(|_| ("client", Fault::BadText))
    }

    fn term(self) -> RowResult<(Timestamp, Option<Timestamp>)> {
        let from = start("from", self.required("from")?)?;
        let until = match self.text("until") {
            "" => None,
            text => Some(end(text)?),
        };
        if until.is_some_and(|until| until <= from) {
            return Err(("until", Fault::EndsBeforeStart));
        }
        Ok((from, until))
    }
}

fn about(fields: Fields<'_>) -> RowResult<About> {
    fields.required("about")?.parse().map_err(|_| ("about", Fault::BadAbout))
}

fn layers(fields: Fields<'_>) -> RowResult<BTreeMap<Tier, Layer>> {
    let mut layers = BTreeMap::new();
    for (column, tier) in LAYER_TIERS {
        let text = fields.text(column);
        // A line break is the one control character of a text.
        let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.chars().count() > LAYER_CHARS_MAX || text.chars().any(strange) {
            return Err((column, Fault::BadText));
        }
        if !text.is_empty() {
            let layer = text.parse().map_err(|error| (column, Fault::BadMark(error)))?;
            layers.insert(tier, layer);
        }
    }
    if layers.is_empty() { Err(("t1", Fault::NoLayer)) } else { Ok(layers) }
}

/// The moment from which something holds: a date begins at its midnight.
fn start(column: &'static str, text: &str) -> RowResult<Timestamp> {
    let moment = match parse_date(text) {
        Ok(date) => Timestamp::start_of(date),
        Err(_) => Timestamp::parse(text),
    };
    moment.map_err(|_| (column, Fault::BadMoment))
}

/// The moment from which something holds no longer: a date counts as a whole ("tot en met"), a
/// moment ends there.
fn end(text: &str) -> RowResult<Timestamp> {
    Timestamp::parse_until(text).map_err(|_| ("until", Fault::BadMoment))
}

fn code<T>(code: Result<T, CodeError>, exists: impl Fn(&T) -> bool) -> Option<T> {
    code.ok().filter(exists)
}
