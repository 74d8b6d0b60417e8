//! Requests as people see them.

use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_core::rights::Right;
use grondslag_proto::v1;
use serde_json::{Value, json};

use crate::ask::Names;
use crate::output::{Output, bold, dim, green, red, yellow};

/// What a request asks, in words.
pub(crate) fn right(word: &str, lang: Lang) -> &str {
    let Ok(right) = word.parse::<Right>() else { return word };
    let (nl, en) = match right {
        Right::Correction => ("herstel", "correction"),
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

/// Prints a request.
pub(super) fn print(one: &v1::RightsRequest, names: &Names, out: Output) {
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
    out.line(&format!("{subject}  {}  {}  {state}", right(&one.right, out.lang()), side(one, out)));
    let lodged = Timestamp::from_ms(one.lodged_at_ms).local();
    out.line(&dim(&format!("    {lodged}  {}  {}", hex::encode(&one.request_id), one.staff_id)));
    let about: Vec<String> = one.categories.iter().map(|code| names.category_named(code)).collect();
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    out.line(&format!("    {}{about}", one.text));
    if !one.answer.is_empty() {
        let ground =
            if one.ground.is_empty() { String::new() } else { format!(" [{}]", one.ground) };
        out.line(&format!("    → {}{ground}", one.answer));
    }
    for given in &one.given_in {
        let (inquiry, staff) = (hex::encode(&given.inquiry_id), &given.staff_id);
        let asked = out.tr("gevraagd door", "asked by");
        out.line(&dim(&format!("    {asked} {staff} ({})  {inquiry}", given.role)));
    }
    tell(one, out);
    breach(one, out);
}

/// Who was told, and who has not replied yet.
fn tell(one: &v1::RightsRequest, out: Output) {
    if !one.told_oins.is_empty() {
        let told = out.tr("ontvangers van deze gegevens", "receivers of these data");
        out.line(&dim(&format!("    {told}: {}", one.told_oins.join(", "))));
    }
    if !one.waiting_oins.is_empty() {
        let waiting = out.tr("nog niet aangekomen bij", "has not come yet to");
        out.line(&yellow(&format!("    {waiting} {}", one.waiting_oins.join(", "))));
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

fn side(one: &v1::RightsRequest, out: Output) -> String {
    let other = &one.other_oin;
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
