//! Reads one TOML entry into a type, so that a mistake names its key, what was given and what may
//! be given there. TOML's own errors hold all that only as a sentence.

use std::fmt;
use std::iter::Peekable;
use std::vec;

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use toml::Value;

use crate::fault::{Fault, Problem};

/// How the types of core begin the list of words that they take.
const ONE_OF: &str = "expected one of: ";

/// What is wrong inside an entry.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The keys that lead to it, the innermost first.
    keys: Vec<String>,
    /// The word that was given there.
    given: Option<String>,
    what: What,
}

#[derive(Debug)]
enum What {
    /// No such key.
    Key(Vec<String>),
    /// No such word.
    Word(Vec<String>),
    /// A key is missing.
    Missing,
    /// Anything else.
    Shape(String),
}

/// Reads an entry.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Wrong> {
    T::deserialize(Given(value))
}

impl Wrong {
    fn new(what: What) -> Self {
        Self { keys: Vec::new(), given: None, what }
    }

    fn under(mut self, key: &str) -> Self {
        self.keys.push(key.to_owned());
        self
    }

    /// As a problem of an entry.
    pub(crate) fn problem(self, file: &str, row: &str) -> Problem {
        let keys: Vec<&str> = self.keys.iter().rev().map(String::as_str).collect();
        let (fault, detail) = match &self.what {
            What::Missing => (Fault::MissingKey, ""),
            What::Key(_) | What::Word(_) => (Fault::Field, ""),
            What::Shape(detail) => (Fault::Field, &**detail),
        };
        let problem = Problem::new(file, row, fault, detail).at(&keys.join("."));
        let problem = match &self.given {
            Some(given) => problem.given(given),
            None => problem,
        };
        match &self.what {
            What::Key(allowed) | What::Word(allowed) => {
                problem.may_be(allowed.iter().map(String::as_str))
            }
            What::Missing | What::Shape(_) => problem,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Wrong {}

impl Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let words = message.strip_prefix(ONE_OF);
        let words = words.map(|words| words.split(", ").map(str::to_owned).collect());
        Self::new(words.map_or(What::Shape(message), What::Word))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::Key(owned(expected))).under(field)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::Word(owned(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Missing).under(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(What::Shape("2 ×".to_owned())).under(field)
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A value that is read.
struct Given(Value);

impl<'de> Deserializer<'de> for Given {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Float(number) => visitor.visit_f64(number),
            Value::Boolean(yes) => visitor.visit_bool(yes),
            // A date without quotes reads as it is written.
            Value::Datetime(date) => visitor.visit_string(date.to_string()),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Table(table) => {
                let entries: Vec<_> = table.into_iter().collect();
                visitor.visit_map(Keys(entries.into_iter().peekable()))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::String(word) => {
                let word: StringDeserializer<Wrong> = word.into_deserializer();
                word.deserialize_enum(name, variants, visitor)
            }
            _ => Err(Wrong::new(What::Word(owned(variants)))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items(vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|value| said(value, seed)).transpose()
    }
}

struct Keys(Peekable<vec::IntoIter<(String, Value)>>);

impl<'de> MapAccess<'de> for Keys {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((key, _)) = self.0.peek() else { return Ok(None) };
        seed.deserialize(Given(Value::String(key.clone()))).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let Some((key, value)) = self.0.next() else {
            return Err(Wrong::custom("a key without a value"));
        };
        said(value, seed).map_err(|wrong| wrong.under(&key))
    }
}

/// Reads a value; of a mistake in a word it says the word.
fn said<'de, S: DeserializeSeed<'de>>(value: Value, seed: S) -> Result<S::Value, Wrong> {
    let word = match &value {
        Value::Array(_) | Value::Table(_) => None,
        Value::String(word) => Some(word.clone()),
        other => Some(other.to_string()),
    };
    seed.deserialize(Given(value)).map_err(|wrong| match wrong {
        Wrong { keys, given: None, what } if keys.is_empty() => Wrong { keys, given: word, what },
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use grondslag_core::tier::Tier;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read, not looked at")]
    struct Entry {
        id: String,
        tier: Option<Tier>,
        status: Option<crate::catalogue::Status>,
        tiers: Option<Vec<Tier>>,
        inner: Option<Inner>,
        #[serde(default)]
        free: BTreeMap<String, Value>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read, not looked at")]
    struct Inner {
        yes: bool,
    }

    fn problem(text: &str) -> Problem {
        read::<Entry>(toml::from_str(text).unwrap()).unwrap_err().problem("a.toml", "x")
    }

    #[test]
    fn a_mistake_names_its_key_the_word_given_and_the_words_allowed() {
        for (text, column, value, nearest, fault) in [
            ("id='a'\ntire='T1'", "tire", None, Some("tier"), Fault::Field),
            ("id='a'\ntier='T9'", "tier", Some("T9"), Some("T0"), Fault::Field),
            ("id='a'\ntiers=['T1','t2']", "tiers", Some("t2"), Some("T2"), Fault::Field),
            ("id='a'\nstatus='of'", "status", Some("of"), Some("off"), Fault::Field),
            ("id='a'\ninner={ yes = 'no' }", "inner.yes", Some("no"), None, Fault::Field),
            ("id='a'\ninner={ yess = true }", "inner.yess", None, Some("yes"), Fault::Field),
            ("id='a'\ninner={}", "inner.yes", None, None, Fault::MissingKey),
            ("tier='T1'", "id", None, None, Fault::MissingKey),
        ] {
            let found = problem(text);
            assert_eq!(found.column.as_deref(), Some(column), "{text}");
            assert_eq!(found.value.as_deref(), value, "{text}");
            assert_eq!(found.nearest.as_deref(), nearest, "{text}");
            assert_eq!(found.fault, fault, "{text}");
        }
    }

    #[test]
    fn what_is_right_reads_as_it_stands() {
        let text = "id='a'\ntier='T1'\nstatus='off'\nfree={ a = ['b'], c = { not = ['d'] } }";
        let entry: Entry = read(toml::from_str(text).unwrap()).unwrap();
        assert_eq!(entry.tier, Some(Tier::T1));
        assert_eq!(entry.free["a"], Value::Array(vec![Value::String("b".to_owned())]));
        assert_eq!(entry.free["c"]["not"][0].as_str(), Some("d"));
    }
}
