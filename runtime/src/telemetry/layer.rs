//! The layer that writes lines.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::{FIELDS, OWN};
use crate::clock::system_ms;
use crate::limits::{LOG_DIGITS_MAX, LOG_FIELDS_MAX, LOG_VALUE_BYTES_MAX};

/// What stands in place of a library's message.
const WITHHELD: &str = "event of a library";
/// What stands in place of something that may be a number of a person.
const BLOT: &str = "…";

/// Writes one line per event, with allow-listed fields only.
pub struct Lines {
    pretty: bool,
    // One writer at a time, so that lines do not mix.
    out: Mutex<Box<dyn Write + Send>>,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("pretty", &self.pretty).finish_non_exhaustive()
    }
}

impl Lines {
    /// A layer that writes to `out`: lines for people, or JSON.
    pub fn new(pretty: bool, out: Box<dyn Write + Send>) -> Self {
        Self { pretty, out: Mutex::new(out) }
    }

    fn write(&self, metadata: &Metadata<'_>, fields: Fields) {
        let message = match fields.message {
            Some(message) if ours(metadata) => message,
            _ => WITHHELD.to_owned(),
        };
        let line = if self.pretty {
            pretty(metadata, &message, &fields.shown)
        } else {
            json(metadata, message, fields.shown)
        };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written must not stop a question that can be answered.
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        if ours(attributes.metadata()) {
            attributes.record(&mut fields);
        }
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && ours(span.metadata())
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.add_missing(of_span);
            }
        }
        // The event itself speaks last and wins.
        if ours(event.metadata()) {
            event.record(&mut fields);
        }
        self.write(event.metadata(), fields);
    }
}

fn ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(OWN)
}

/// Fields that passed the allow-list.
#[derive(Default)]
struct Fields {
    message: Option<String>,
    shown: Map<String, Value>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        if FIELDS.contains(&field.name()) && self.shown.len() < LOG_FIELDS_MAX {
            self.shown.insert(field.name().to_owned(), value.into());
        }
    }

    fn add_missing(&mut self, outer: &Self) {
        for (name, value) in &outer.shown {
            if self.shown.len() < LOG_FIELDS_MAX && !self.shown.contains_key(name) {
                self.shown.insert(name.clone(), value.clone());
            }
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, cut(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = Some(blotted(&cut(&format!("{value:?}"))));
        } else if FIELDS.contains(&field.name()) {
            self.add(field, cut(&format!("{value:?}")));
        }
    }
}

fn json(metadata: &Metadata<'_>, message: String, fields: Map<String, Value>) -> String {
    let mut line = Map::new();
    line.insert("at".to_owned(), moment().into());
    line.insert("level".to_owned(), metadata.level().as_str().into());
    line.insert("from".to_owned(), metadata.target().into());
    line.insert("message".to_owned(), message.into());
    line.extend(fields);
    format!("{}\n", Value::Object(line))
}

fn pretty(metadata: &Metadata<'_>, message: &str, fields: &Map<String, Value>) -> String {
    let mut line = format!("{} {:5} {message}", moment(), metadata.level().as_str());
    for (name, value) in fields {
        let shown = value.as_str().map_or_else(|| value.to_string(), printable);
        line.extend([" ", name, "=", &shown]);
    }
    line.push('\n');
    line
}

/// A log line carries the system's time, not the region's: operators compare it with other logs.
fn moment() -> String {
    jiff::Timestamp::from_millisecond(system_ms()).unwrap_or_default().to_string()
}

fn cut(text: &str) -> String {
    text.char_indices()
        .take_while(|(at, letter)| at + letter.len_utf8() <= LOG_VALUE_BYTES_MAX)
        .map(|(_, letter)| letter)
        .collect()
}

/// A value cannot begin a line of its own.
fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Messages are fixed sentences; should one hold a long number all the same, it is blotted out.
fn blotted(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut digits = String::new();
    for letter in message.chars().chain(std::iter::once(' ')) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let long = digits.len() > LOG_DIGITS_MAX;
        out.push_str(if long { BLOT } else { &digits });
        digits.clear();
        out.push(letter);
    }
    printable(out.trim_end())
}
