//! Holds JSON against a schema: the keywords that the two schemas use, and a panic for any other,
//! so that none is left out of the check unseen.

use std::path::Path;

use serde_json::{Map, Value};

/// A schema that is checked in.
pub(super) fn load(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas");
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// Where a value is not as its schema says, and what is wrong there.
pub(super) fn wrong(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    hold(schema, value, "", &mut found);
    found
}

fn hold(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = schema.as_object().unwrap();
    for (keyword, told) in schema {
        let holds = match keyword.as_str() {
            "type" => types(told).iter().any(|kind| is(kind, value)),
            "enum" => told.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|number| number >= told.as_i64().unwrap()),
            "minItems" => {
                value.as_array().is_none_or(|items| items.len() as u64 >= told.as_u64().unwrap())
            }
            "format" => value.as_str().is_none_or(|text| has_format(told.as_str().unwrap(), text)),
            "required" => {
                let fields = told.as_array().unwrap().iter().map(|one| one.as_str().unwrap());
                let missing = fields.filter(|one| value.get(one).is_none());
                found.extend(missing.map(|one| format!("{at}/{one}: missing")));
                true
            }
            "$comment" | "properties" | "additionalProperties" => true,
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    hold(told, item, &format!("{at}/{number}"), found);
                }
                true
            }
            other => panic!("{other} is not understood"),
        };
        if !holds {
            found.push(format!("{at}: {keyword}"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        field(schema, name, inner, &format!("{at}/{name}"), found);
    }
}

fn field(
    schema: &Map<String, Value>,
    name: &str,
    value: &Value,
    at: &str,
    found: &mut Vec<String>,
) {
    let own = schema.get("properties").and_then(|fields| fields.get(name));
    match (own, schema.get("additionalProperties")) {
        (Some(own), _) => hold(own, value, at, found),
        (None, Some(Value::Bool(false))) => found.push(format!("{at}: unknown")),
        (None, Some(more @ Value::Object(_))) => hold(more, value, at, found),
        (None, _) => {}
    }
}

fn types(told: &Value) -> Vec<&str> {
    match told {
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        kind => vec![kind.as_str().unwrap()],
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("{other} is not understood"),
    }
}

fn has_format(format: &str, text: &str) -> bool {
    let hex = |len: usize, text: &str| {
        text.len() == len && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    match format {
        "hex16" => hex(16, text),
        "hex32" => hex(32, text),
        "hex64" => hex(64, text),
        "oin" => text.len() == 20 && text.bytes().all(|b| b.is_ascii_alphanumeric()),
        "uri" => text.split_once(':').is_some_and(|(scheme, rest)| {
            scheme.bytes().all(|b| b.is_ascii_alphanumeric()) && rest.len() > 3
        }),
        // As RFC 3339 has it.
        "time" => grondslag_core::clock::Timestamp::parse(&text[..16]).is_ok() && text.len() >= 20,
        "bundle" => text
            .split_once('@')
            .is_some_and(|(digest, version)| hex(64, digest) && version.split('.').count() == 3),
        other => panic!("{other} is not understood"),
    }
}
