//! What a file or folder holds.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_certs::authority::{self, Entry};
use grondslag_certs::limits::CRL_BYTES_MAX;
use grondslag_certs::time::{days_left, tls_now};
use grondslag_certs::{Crl, DeskCertificate, Leaf, Root};
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::{CERTIFICATE_DAYS_LOW, PEM_BYTES_MAX};
use crate::output::{Output, bold, dim, red, yellow};

use super::shown;

/// The authority's register, by which its folder is known.
const REGISTER_FILE: &str = "register.jsonl";
/// An agency's certificate.
const LEAF_FILE: &str = "cert.pem";
/// The region's root certificate.
const ROOT_FILE: &str = "ca.pem";
/// The region's list of revoked certificates.
const LIST_FILE: &str = "crl.pem";

/// The order in which people read what a certificate tells; the rest follows by name.
const ORDER: [&str; 8] =
    ["at", "name", "staff", "oin", "serial", "fingerprint", "not_after", "days_left"];

/// Room for a label.
const LABEL_WIDTH: usize = 14;

/// Arguments of `certs show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// File or folder
    path: PathBuf,
}

/// Shows whatever stands at the path.
pub(super) fn show(args: &ShowArgs, out: Output) -> Result<Exit, Failure> {
    let path = &args.path;
    let found = if path.join(REGISTER_FILE).exists() {
        authority_folder(path)?
    } else if path.is_dir() {
        agency_folder(path)?
    } else {
        file(path)?
    };
    say(&found, out);
    out.json(&found)?;
    Ok(Exit::Done)
}

/// What certificates tell, as JSON and as lines.
pub(super) fn leaf_json(leaf: &Leaf) -> Value {
    json!({
        "what": "certificate",
        "name": leaf.name(),
        "oin": leaf.oin(),
        "serial": leaf.serial(),
        "fingerprint": leaf.fingerprint(),
        "not_before": leaf.not_before().to_string(),
        "not_after": leaf.not_after().to_string(),
        "days_left": days_left(leaf.not_after(), tls_now()),
    })
}

fn authority_folder(folder: &Path) -> Result<Value, Failure> {
    let root = Root::load(&folder.join(ROOT_FILE))?;
    let list = list(&folder.join(LIST_FILE), &root)?;
    let acts: Vec<Value> = authority::history(folder)?.iter().map(act_json).collect();
    Ok(json!({ "what": "authority", "root": root_json(&root), "list": list, "acts": acts }))
}

fn agency_folder(folder: &Path) -> Result<Value, Failure> {
    let leaf = Leaf::parse_pem(&read_text(&folder.join(LEAF_FILE), PEM_BYTES_MAX)?)?;
    let root = Root::load(&folder.join(ROOT_FILE))?;
    root.verify_leaf(leaf.der())?;
    let crl = Crl::parse_pem(&read_text(&folder.join(LIST_FILE), CRL_BYTES_MAX)?, &root)?;
    let revoked = crl.revoked().contains(leaf.serial());
    Ok(json!({
        "what": "agency",
        "certificate": leaf_json(&leaf),
        "revoked": revoked,
        "root": root_json(&root),
        "list": list_json(&crl),
    }))
}

fn file(path: &Path) -> Result<Value, Failure> {
    let text = read_text(path, CRL_BYTES_MAX)?;
    if let Ok(leaf) = Leaf::parse_pem(&text) {
        return Ok(leaf_json(&leaf));
    }
    if let Ok(desk) = DeskCertificate::parse_pem(&text) {
        return Ok(json!({
            "what": "desk_certificate",
            "staff": desk.staff(),
            "serial": desk.serial(),
            "not_after": desk.not_after().to_string(),
            "days_left": days_left(desk.not_after(), tls_now()),
        }));
    }
    if let Ok(root) = Root::parse_pem(&text) {
        return Ok(root_json(&root));
    }
    if let Ok(admission) = authority::read_admission(path) {
        return Ok(json!({
            "what": "admission",
            "oin": admission.oin,
            "kinds": admission.kinds,
            "not_after": admission.valid_until.to_string(),
        }));
    }
    // A list can be read only beside the root that signed it.
    let beside = path.with_file_name(ROOT_FILE);
    match Root::load(&beside).ok().and_then(|root| list(path, &root).ok()) {
        Some(list) => Ok(list),
        None => Err(unknown(path)),
    }
}

fn unknown(path: &Path) -> Failure {
    let path = shown(path);
    Failure::told(
        Reason::CertificateInvalid,
        format!("{path} is geen certificaat, lijst of toelating van deze versie"),
        format!("{path} is no certificate, list or admission of this version"),
    )
}

fn list(path: &Path, root: &Root) -> Result<Value, Failure> {
    let crl = Crl::parse_pem(&read_text(path, CRL_BYTES_MAX)?, root)?;
    Ok(list_json(&crl))
}

fn list_json(crl: &Crl) -> Value {
    json!({
        "what": "list",
        "number": crl.number(),
        "revoked": crl.revoked(),
        "not_after": crl.next_update().to_string(),
        "days_left": days_left(crl.next_update(), tls_now()),
    })
}

fn root_json(root: &Root) -> Value {
    json!({
        "what": "root",
        "fingerprint": root.fingerprint(),
        "not_after": root.not_after().to_string(),
        "days_left": days_left(root.not_after(), tls_now()),
    })
}

/// An act of the authority, with moments as people write them.
fn act_json(act: &Entry) -> Value {
    let text = |moment: &Timestamp| moment.to_string();
    match act {
        Entry::Issued { at, serial, oin, name, not_after, renews, .. } => json!({
            "event": "issued", "at": text(at), "serial": serial, "oin": oin, "name": name,
            "not_after": text(not_after), "renews": renews,
        }),
        Entry::Revoked { at, serial } => {
            json!({ "event": "revoked", "at": text(at), "serial": serial })
        }
        Entry::Listed { at, number, next_update } => json!({
            "event": "listed", "at": text(at), "number": number, "not_after": text(next_update),
        }),
        Entry::Admitted { at, oin, kinds, valid_until } => json!({
            "event": "admitted", "at": text(at), "oin": oin, "kinds": kinds,
            "not_after": text(valid_until),
        }),
    }
}

/// Lines of the JSON, names first, what is nested indented.
fn say(found: &Value, out: Output) {
    lines(found, 0, out);
}

fn lines(value: &Value, depth: usize, out: Output) {
    let Some(object) = value.as_object() else {
        return;
    };
    let indent = "  ".repeat(depth);
    if let Some(what) = object.get("what").or(object.get("event")).and_then(Value::as_str) {
        out.line(&format!("{indent}{}", bold(heading(what, out))));
    }
    let mut entries: Vec<_> =
        object.iter().filter(|(key, _)| *key != "what" && *key != "event").collect();
    entries
        .sort_by_key(|(key, _)| ORDER.iter().position(|first| first == key).unwrap_or(ORDER.len()));
    for (key, value) in entries {
        match value {
            Value::Null => {}
            Value::Object(_) => lines(value, depth + 1, out),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for item in items {
                    lines(item, depth + 1, out);
                }
            }
            value => {
                let text = words(key, value, out);
                // Padded before it is coloured: colours take no room.
                let label = format!("{:<LABEL_WIDTH$}", label(key, out));
                out.line(&format!("{indent}  {} {text}", dim(&label)));
            }
        }
    }
}

fn words(key: &str, value: &Value, out: Output) -> String {
    let text = match value {
        Value::Bool(true) => out.tr("ja", "yes").to_owned(),
        Value::Bool(false) => out.tr("nee", "no").to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    match value.as_i64() {
        Some(days) if key == "days_left" && days < 0 => red(&text),
        Some(days) if key == "days_left" && days < CERTIFICATE_DAYS_LOW => yellow(&text),
        _ => text,
    }
}

fn heading(what: &str, out: Output) -> &str {
    let (nl, en) = match what {
        "agency" => ("Organisatie", "Agency"),
        "authority" => ("Autoriteit van de regio", "Authority of the region"),
        "certificate" => ("Certificaat", "Certificate"),
        "desk_certificate" => ("Deskcertificaat", "Desk certificate"),
        "root" => ("Hoofdcertificaat van de regio", "Root certificate of the region"),
        "list" => ("Lijst van ingetrokken certificaten", "List of revoked certificates"),
        "admission" => ("Toelating", "Admission"),
        "issued" => ("Uitgegeven", "Issued"),
        "revoked" => ("Ingetrokken", "Revoked"),
        "listed" => ("Lijst gemaakt", "List made"),
        "admitted" => ("Toegelaten", "Admitted"),
        other => return other,
    };
    out.tr(nl, en)
}

fn label(key: &str, out: Output) -> &str {
    let (nl, en) = match key {
        "revoked" => ("ingetrokken", "revoked"),
        "name" => ("naam", "name"),
        "staff" => ("medewerker", "member of staff"),
        "serial" => ("serienummer", "serial number"),
        "fingerprint" => ("vingerafdruk", "fingerprint"),
        "not_before" => ("geldig vanaf", "valid from"),
        "not_after" => ("geldig tot", "valid until"),
        "days_left" => ("dagen te gaan", "days left"),
        "number" => ("nummer", "number"),
        "kinds" => ("soorten", "kinds"),
        "at" => ("op", "at"),
        "renews" => ("vernieuwt", "renews"),
        other => return other,
    };
    out.tr(nl, en)
}
