//! Uses of break glass, as a person reads them.

use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_core::reviewing::GlassVerdict;
use grondslag_proto::v1;
use serde_json::{Value, json};

use crate::ask::Names;
use crate::inbox::state;
use crate::output::{Output, bold, dim, green, red, yellow};

/// The lines of an own question.
pub(super) fn used(used: &v1::GlassUse, names: &Names, out: Output) -> Vec<String> {
    let targets: Vec<String> = used
        .targets
        .iter()
        .map(|target| format!("{} ({})", target.name, target.categories.join(", ")))
        .collect();
    vec![
        format!(
            "{}  {}  {}  {}",
            bold(&used.staff_id),
            local(used.asked_at_ms),
            names.role_named(&used.role),
            stands(used, out)
        ),
        format!("    {} {}", out.tr("vroeg", "asked"), targets.join(", ")),
        dim(&format!("    {}", hex::encode(&used.inquiry_id))),
    ]
}

/// How its review stands.
fn stands(used: &v1::GlassUse, out: Output) -> String {
    let due = local(used.due_ms);
    let late = if used.late { out.tr(", te laat", ", late") } else { "" };
    if used.verdict.is_empty() && used.suspends {
        let over =
            out.tr("niet beoordeeld, noodknop geschorst sinds", "not reviewed, suspended since");
        return red(&format!("{over} {due}"));
    }
    if used.verdict.is_empty() {
        return yellow(&format!("{} {due}", out.tr("beoordelen voor", "to be reviewed before")));
    }
    let (by, at) = (&used.reviewer_id, local(used.reviewed_at_ms));
    format!("{} ({by}, {at}{late})", verdict(&used.verdict, out))
}

fn verdict(word: &str, out: Output) -> String {
    match word.parse() {
        Ok(GlassVerdict::Justified) => green(out.tr("terecht", "justified")),
        Ok(GlassVerdict::Misuse) => red(out.tr("misbruik", "misuse")),
        // A word of a later version.
        Err(_) => word.to_owned(),
    }
}

/// The lines of what another agency asked.
pub(super) fn put(put: &v1::GlassPut, names: &Names, out: Output) -> Vec<String> {
    let review = match put.review.as_str() {
        "" => String::new(),
        word => format!(", {}", state(word, out)),
    };
    let asked = out.tr("vroeg hier met de noodknop", "asked here with break glass");
    vec![
        format!(
            "{}  {asked}  {}  {}",
            bold(&put.asker_name),
            local(put.at_ms),
            names.role_named(&put.role)
        ),
        format!("    {}: {}{review}", out.tr("antwoord", "answer"), put.outcome),
        dim(&format!("    {}", hex::encode(&put.target_id))),
    ]
}

/// How often each person broke the glass.
pub(crate) fn counts(counts: &[v1::GlassCount], out: Output) -> Vec<String> {
    let mut lines: Vec<String> = counts.iter().map(|count| counted(count, out)).collect();
    if !lines.is_empty() {
        let title = out.tr("noodknop, zolang het bewaard is", "break glass, as far as it is kept");
        lines.insert(0, bold(title));
    }
    lines
}

fn counted(count: &v1::GlassCount, out: Output) -> String {
    let v1::GlassCount { staff_id, uses, justified, misuse, late, open, suspended } = count;
    let who =
        if staff_id.is_empty() { out.tr("hele organisatie", "whole agency") } else { staff_id };
    let told = match out.lang() {
        Lang::Nl => format!(
            "{uses} keer: {justified} terecht, {misuse} misbruik, {open} nog te beoordelen, {late} \
             niet op tijd"
        ),
        Lang::En => format!(
            "{uses} times: {justified} justified, {misuse} misuse, {open} to be reviewed, {late} \
             not in time"
        ),
    };
    let told = if *misuse > 0 { yellow(&told) } else { told };
    let lost = match (suspended, staff_id.is_empty()) {
        (true, false) => red(out.tr("  geschorst", "  suspended")),
        _ => String::new(),
    };
    format!("    {who:<24} {told}{lost}")
}

/// One question whole.
pub(super) fn whole(told: &v1::ShowGlassResponse, names: &Names, out: Output) -> Vec<String> {
    let own = told.r#use.clone().unwrap_or_default();
    let mut lines = used(&own, names, out);
    for (label, text) in [
        (out.tr("over", "about"), &told.subject),
        (out.tr("waarom gevraagd", "why it was asked"), &told.necessity),
        (out.tr("beoordeling", "review"), &told.text),
    ] {
        if !text.is_empty() {
            lines.push(format!("    {label}: {text}"));
        }
    }
    lines
}

pub(super) fn used_json(used: &v1::GlassUse) -> Value {
    let targets: Vec<Value> = used
        .targets
        .iter()
        .map(|one| json!({ "oin": one.oin, "name": one.name, "categories": one.categories }))
        .collect();
    json!({
        "inquiry_id": hex::encode(&used.inquiry_id),
        "staff": used.staff_id,
        "role": used.role,
        "purpose": used.purpose,
        "asked_at": Timestamp::from_ms(used.asked_at_ms),
        "due": Timestamp::from_ms(used.due_ms),
        "suspends": used.suspends,
        "targets": targets,
        "verdict": word(&used.verdict),
        "reviewer": word(&used.reviewer_id),
        "reviewed_at": moment(used.reviewed_at_ms),
        "late": used.late,
        "seen_at": moment(used.seen_at_ms),
    })
}

pub(super) fn put_json(put: &v1::GlassPut) -> Value {
    json!({
        "target_id": hex::encode(&put.target_id),
        "asker_oin": put.asker_oin,
        "asker_name": put.asker_name,
        "role": put.role,
        "purpose": put.purpose,
        "at": Timestamp::from_ms(put.at_ms),
        "outcome": put.outcome,
        "review": word(&put.review),
    })
}

pub(crate) fn count_json(count: &v1::GlassCount) -> Value {
    json!({
        "staff": word(&count.staff_id),
        "uses": count.uses,
        "justified": count.justified,
        "misuse": count.misuse,
        "late": count.late,
        "open": count.open,
        "suspended": count.suspended,
    })
}

pub(super) fn whole_json(told: &v1::ShowGlassResponse) -> Value {
    json!({
        "use": used_json(&told.r#use.clone().unwrap_or_default()),
        "subject": word(&told.subject),
        "necessity": told.necessity,
        "text": word(&told.text),
    })
}

fn word(word: &str) -> Option<&str> {
    (!word.is_empty()).then_some(word)
}

fn moment(ms: i64) -> Option<Timestamp> {
    (ms != 0).then(|| Timestamp::from_ms(ms))
}

fn local(ms: i64) -> String {
    Timestamp::from_ms(ms).local()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(own: &v1::GlassUse, lang: Lang) -> String {
        used(own, &Names::load(lang).unwrap(), Output::new(false, lang)).join("\n")
    }

    #[test]
    fn a_use_says_whether_it_waits_suspends_or_what_was_judged() {
        let due = Timestamp::parse("2026-09-16T09:00").unwrap();
        let mut own = v1::GlassUse {
            inquiry_id: vec![1; 16],
            staff_id: "arts-1".into(),
            role: "ha.arts".into(),
            due_ms: due.ms(),
            targets: vec![v1::GlassTarget {
                name: "Veilig Thuis".into(),
                categories: vec!["G05".into()],
                ..Default::default()
            }],
            ..Default::default()
        };
        let waits = told(&own, Lang::En);
        assert!(waits.contains("to be reviewed before") && waits.contains("Veilig Thuis (G05)"));
        own.suspends = true;
        assert!(told(&own, Lang::Nl).contains("geschorst"));
        own.suspends = false;
        (own.verdict, own.late) = ("misuse".into(), true);
        let judged = told(&own, Lang::En);
        assert!(judged.contains("misuse") && judged.contains("late"), "{judged}");
        own.verdict = "justified".into();
        assert!(told(&own, Lang::Nl).contains("terecht"));
        own.verdict = "of a later version".into();
        assert!(told(&own, Lang::En).contains("of a later version"));
    }

    #[test]
    fn the_counts_name_the_agency_first_and_who_is_suspended() {
        let of = |staff: &str| v1::GlassCount {
            staff_id: staff.into(),
            uses: 2,
            misuse: 1,
            suspended: true,
            ..Default::default()
        };
        let out = Output::new(false, Lang::En);
        let lines = counts(&[of(""), of("arts-1")], out);
        assert!(lines[1].contains("whole agency") && !lines[1].contains("suspended"), "{lines:?}");
        assert!(lines[2].contains("arts-1") && lines[2].contains("1 misuse"), "{lines:?}");
        assert!(lines[2].contains("suspended"));
        assert!(counts(&[], out).is_empty());
    }
}
