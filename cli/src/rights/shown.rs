//! Requests as people see them.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_core::rights::{AskedBy, RefusalGround, Right};
use grondslag_proto::v1;
use serde_json::{Value, json};

use crate::ask::Names;
use crate::output::{Output, bold, dim, green, red, yellow};

/// What a request asks, in words.
pub(crate) fn right(word: &str, lang: Lang) -> &str {
    let Ok(right) = word.parse::<Right>() else { return word };
    let (nl, en) = match right {
        Right::Correction => ("verbetering", "correction"),
        Right::Statement => ("eigen verklaring", "own statement"),
        Right::Objection => ("bezwaar", "objection"),
        Right::FalseMatch => ("dossier van een ander", "somebody else's file"),
        Right::Destruction => ("vernietiging", "destruction"),
    };
    match lang {
        Lang::Nl => nl,
        Lang::En => en,
    }
}

/// What a refusal rests on, in words.
fn ground(word: &str, lang: Lang) -> &str {
    let Ok(ground) = word.parse::<RefusalGround>() else { return word };
    let (nl, en) = match ground {
        RefusalGround::Accurate => ("het klopt", "it is right"),
        RefusalGround::OtherInterest => ("belang van een ander", "interest of another"),
        RefusalGround::StatutoryDuty => ("wettelijke plicht", "statutory duty"),
        RefusalGround::Unfounded => {
            ("kennelijk ongegrond of buitensporig", "manifestly unfounded or excessive")
        }
    };
    match lang {
        Lang::Nl => nl,
        Lang::En => en,
    }
}

/// Who asks, in words; nothing of what was mended elsewhere.
fn asked_by(word: &str, lang: Lang) -> &str {
    let Ok(by) = word.parse::<AskedBy>() else { return word };
    let (nl, en) = match by {
        AskedBy::YoungPerson => ("jongere", "young person"),
        AskedBy::CustodyHolder => ("ouder of voogd met gezag", "parent or guardian with custody"),
        AskedBy::Representative => ("vertegenwoordiger", "representative"),
        AskedBy::OwnFinding => ("zelf gevonden", "own finding"),
    };
    match lang {
        Lang::Nl => nl,
        Lang::En => en,
    }
}

/// What agencies are called; the OIN of one that the region does not know.
pub(super) struct Called(BTreeMap<String, String>);

impl Called {
    /// By what the desk knows of the region.
    pub(super) fn of(region: Vec<v1::AgencySummary>) -> Self {
        Self(region.into_iter().map(|one| (one.oin, one.name)).collect())
    }

    /// One of them.
    pub(super) fn one<'a>(&'a self, oin: &'a str) -> &'a str {
        self.0.get(oin).map_or(oin, String::as_str)
    }

    /// Several, as a list.
    pub(super) fn all(&self, oins: &[String]) -> String {
        let names: Vec<&str> = oins.iter().map(|oin| self.one(oin)).collect();
        names.join(", ")
    }
}

/// Prints a request.
pub(super) fn print(one: &v1::RightsRequest, (names, called): (&Names, &Called), out: Output) {
    let due = Timestamp::from_ms(one.due_ms).local();
    let state = match (one.state.as_str(), one.decided.as_str()) {
        ("closed", _) => dim(out.tr("afgerond", "closed")),
        ("decided", "granted") => green(out.tr("toegewezen", "granted")),
        ("decided", _) => yellow(out.tr("afgewezen", "refused")),
        (_, _) if one.overdue => {
            red(&format!("{} {due}", out.tr("te laat, uiterlijk", "overdue, by")))
        }
        _ => format!("{} {due}", out.tr("uiterlijk", "by")),
    };
    let subject = bold(&one.subject);
    out.line(&format!(
        "{subject}  {}  {}  {state}",
        right(&one.right, out.lang()),
        side(one, called, out)
    ));
    let lodged = Timestamp::from_ms(one.lodged_at_ms).local();
    out.line(&dim(&format!("    {lodged}  {}  {}", hex::encode(&one.request_id), one.staff_id)));
    let about: Vec<String> = one.categories.iter().map(|code| names.category_named(code)).collect();
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    let by = match one.asked_by.as_str() {
        "" => String::new(),
        word => format!("{}: ", asked_by(word, out.lang())),
    };
    out.line(&format!("    {by}{}{about}", one.text));
    if !one.answer.is_empty() {
        let ground = match one.ground.as_str() {
            "" => String::new(),
            word => format!(" ({})", ground(word, out.lang())),
        };
        out.line(&format!("    → {}{ground}", one.answer));
    }
    if !one.closed.is_empty() {
        out.line(&dim(&format!("    {}: {}", out.tr("gedaan", "done"), one.closed)));
    }
    for given in &one.given_in {
        let (inquiry, staff) = (hex::encode(&given.inquiry_id), &given.staff_id);
        let asked = out.tr("gevraagd door", "asked by");
        out.line(&dim(&format!("    {asked} {staff} ({})  {inquiry}", given.role)));
    }
    tell(one, called, out);
    breach(one, out);
}

/// Who was told, and who has not replied yet.
fn tell(one: &v1::RightsRequest, called: &Called, out: Output) {
    if !one.told_oins.is_empty() {
        let told = out.tr("ontvangers van deze gegevens", "receivers of these data");
        out.line(&dim(&format!("    {told}: {}", called.all(&one.told_oins))));
    }
    if !one.waiting_oins.is_empty() {
        let waiting = out.tr("nog niet aangekomen bij", "has not come yet to");
        out.line(&yellow(&format!("    {waiting} {}", called.all(&one.waiting_oins))));
    }
}

fn breach(one: &v1::RightsRequest, out: Output) {
    if one.breach_due_ms == 0 {
        return;
    }
    let due = Timestamp::from_ms(one.breach_due_ms).local();
    let told = match one.breach.as_str() {
        "reported" => out.tr("datalek gemeld", "breach reported").to_owned(),
        "not_reported" => out.tr("datalek niet gemeld", "breach not reported").to_owned(),
        _ => {
            let assess = out.tr("beoordeel het datalek uiterlijk", "assess the breach by");
            yellow(&format!("{assess} {due}"))
        }
    };
    out.line(&format!("    {told} {}", one.breach_text));
}

fn side(one: &v1::RightsRequest, called: &Called, out: Output) -> String {
    let other = called.one(&one.other_oin);
    match one.side.as_str() {
        "holder" if other.is_empty() => out.tr("hier", "here").to_owned(),
        "holder" => format!("{} {other}", out.tr("hier, gebracht door", "here, brought by")),
        "sender" => format!("{} {other}", out.tr("bij", "at")),
        _ => format!("{} {other}", out.tr("ontvangen van", "received from")),
    }
}

/// A request for programs.
pub(super) fn request_json(one: &v1::RightsRequest) -> Value {
    let moment = |ms: i64| (ms != 0).then(|| Timestamp::from_ms(ms));
    let given = one.given_in.iter().map(|given| {
        json!({
            "inquiry_id": hex::encode(&given.inquiry_id),
            "staff": given.staff_id,
            "role": given.role,
        })
    });
    json!({
        "request_id": hex::encode(&one.request_id),
        "subject": one.subject,
        "right": one.right,
        "asked_by": one.asked_by,
        "text": one.text,
        "categories": one.categories,
        "lodged_at": Timestamp::from_ms(one.lodged_at_ms),
        "staff": one.staff_id,
        "due": Timestamp::from_ms(one.due_ms),
        "side": one.side,
        "other": one.other_oin,
        "state": one.state,
        "overdue": one.overdue,
        "decided": one.decided,
        "ground": one.ground,
        "answer": one.answer,
        "decided_at": moment(one.decided_at_ms),
        "breach_due": moment(one.breach_due_ms),
        "breach": one.breach,
        "breach_text": one.breach_text,
        "told": one.told_oins,
        "waiting": one.waiting_oins,
        "given_in": given.collect::<Vec<_>>(),
        "closed": one.closed,
    })
}
