//! The receipt as a page that somebody takes home.

use askama::Template;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use serde_json::Value;

use crate::exit::Failure;

/// A receipt.
#[derive(Debug, Template)]
#[template(path = "receipt.html")]
struct Receipt<'a> {
    lang: Lang,
    title: &'a str,
    lead: &'a str,
    text: &'a str,
    rows: Vec<(&'a str, String)>,
    withdraw: &'a str,
    how: &'a str,
    proof: &'a str,
}

/// The page of a receipt.
pub(super) fn receipt(receipt: &Value, lang: Lang) -> Result<String, Failure> {
    let tr = |nl, en| match lang {
        Lang::Nl => nl,
        Lang::En => en,
    };
    let event = |field: &str| at(receipt, &format!("/event/{field}"));
    let purpose = |field: &str| at(receipt, &format!("/processing/purposes/0/{field}"));
    let shown = |field: &str| at(receipt, &format!("/processing/privacy_notice/{field}"));
    let is_yes = event("event_type") != "refusal";
    let title = if is_yes {
        tr("U gaf toestemming", "You gave consent")
    } else {
        tr("U zei nee", "You said no")
    };
    let may = if is_yes {
        tr("Mag vertellen", "May tell")
    } else {
        tr("Mag niet vertellen", "May not tell")
    };
    let rows = [
        (tr("Wie", "Who"), who(event("entity_id"), lang)),
        (tr("Gezegd op", "Said on"), day(event("event_time"))),
        (may, names(purpose("pii_controllers"), "name")),
        (tr("Aan", "To"), names(purpose("recipient_third_parties"), "name")),
        (tr("Wat", "What"), names(purpose("pii_information"), "label")),
        (tr("Waarvoor", "What for"), text(purpose("purpose/label"))),
        (tr("Geldt tot", "Holds until"), end(event("validity_duration"))),
        (tr("Nummer", "Number"), text(at(receipt, "/record_id"))),
    ];
    let page = Receipt {
        lang,
        title,
        lead: tr(
            "Dit papier is voor u. Bewaar het. Dit is wat u hoorde of las:",
            "This paper is for you. Keep it. This is what you heard or read:",
        ),
        text: shown("text").as_str().unwrap_or_default(),
        rows: rows.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        withdraw: tr("Wilt u het anders?", "Do you want otherwise?"),
        how: purpose("withdrawal_method").as_str().unwrap_or_default(),
        proof: shown("sha256").as_str().unwrap_or_default(),
    };
    page.render().map_err(|error| Failure::new(Reason::Internal, error))
}

/// What stands in a receipt, or nothing.
fn at<'a>(receipt: &'a Value, path: &str) -> &'a Value {
    receipt.pointer(path).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn who(value: &Value, lang: Lang) -> String {
    match (value.as_str(), lang) {
        (Some("pii_principal"), Lang::Nl) => "uzelf".to_owned(),
        (Some("pii_principal"), Lang::En) => "yourself".to_owned(),
        (other, _) => other.unwrap_or_default().to_owned(),
    }
}

fn names(list: &Value, field: &str) -> String {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|one| one.get(field)?.as_str()).collect::<Vec<_>>().join(", ")
}

/// Day, month, year, as in the text above it.
fn day(moment: &Value) -> String {
    let moment = text(moment);
    let day = moment.split('T').next().unwrap_or_default();
    day.split('-').rev().collect::<Vec<_>>().join("-")
}

fn end(interval: &Value) -> String {
    let interval = text(interval);
    day(&Value::from(interval.split('/').next_back().unwrap_or_default()))
}
