//! Cases as a person reads them.

use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_core::tier::Urgency;
use grondslag_policy::catalogue::SEVERITY;
use grondslag_proto::v1;
use serde_json::{Value, json};

use crate::ask::Names;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, red};

/// The lines of one case: what was set, then how it stands, then why.
pub(super) fn line(case: &v1::BoardCase, names: &Names, out: Output) -> Vec<String> {
    let triage = case.triage.clone().unwrap_or_default();
    // Of whom a closed case was nobody keeps the number.
    let subject = if case.subject.is_empty() { "-" } else { &case.subject };
    let judged = [
        nature(names, &triage.nature, out.lang()),
        severity(names, &triage.severity, out.lang()),
        urgency(&triage.urgency, out.lang()),
    ];
    let stands = [waiting(case, out), again(case, out), seen(case, names, out), care(case, out)];
    vec![
        format!("{}  {}{}", bold(subject), judged.join("  "), escalated(case, out)),
        format!("    {}", stands.join("  ")),
        dim(&format!("    {}  {}", hex::encode(&case.case_id), judged_by(case, &triage, out))),
    ]
}

/// Who judged last, when and why, and since when the severity stands.
fn judged_by(case: &v1::BoardCase, triage: &v1::Triage, out: Output) -> String {
    let (staff, at) = (&case.staff_id, Timestamp::from_ms(case.judged_at_ms));
    let since = Timestamp::from_ms(case.severity_since_ms).date();
    let as_severe = out.tr("zo ernstig sinds", "as severe since");
    format!("{staff} {}: {}  ({as_severe} {since})", at.date(), triage.reason)
}

fn escalated(case: &v1::BoardCase, out: Output) -> String {
    if case.outcome_due_ms == 0 {
        return String::new();
    }
    let due = Timestamp::from_ms(case.outcome_due_ms).local();
    format!("  {} {due}", out.tr("geëscaleerd, uitkomst uiterlijk", "escalated, outcome by"))
}

fn waiting(case: &v1::BoardCase, out: Output) -> String {
    let days = case.waiting_days;
    let word = if days == 1 { out.tr("dag", "day") } else { out.tr("dagen", "days") };
    format!("{} {days} {word}", out.tr("wacht", "waits"))
}

fn again(case: &v1::BoardCase, out: Output) -> String {
    let due = Timestamp::from_ms(case.due_ms).local();
    if case.closed_at_ms != 0 {
        let at = Timestamp::from_ms(case.closed_at_ms).local();
        let why = if case.handed_to.is_empty() {
            case.closed.clone()
        } else {
            format!("{} {}", out.tr("overgedragen aan", "handed over to"), case.handed_to)
        };
        return format!("{} {at}: {why}", out.tr("gesloten", "closed"));
    }
    if case.overdue {
        return red(&format!(
            "{} {due}",
            out.tr("te laat, opnieuw bekijken voor", "overdue, look again before")
        ));
    }
    format!("{} {due}", out.tr("opnieuw bekijken voor", "look again before"))
}

/// That nobody said so is not that it is not so.
fn seen(case: &v1::BoardCase, names: &Names, out: Output) -> String {
    let Some(seen) = &case.seen else {
        return red(out.tr("niet bekend wanneer gezien", "not known when seen"));
    };
    let (on, by) = (Timestamp::from_ms(seen.on_ms).date(), names.kind_named(&seen.by_kind));
    format!("{} {on} ({by})", out.tr("gezien op", "seen on"))
}

fn care(case: &v1::BoardCase, out: Output) -> String {
    match case.bridged {
        Some(true) => out.tr("hulp intussen", "care meanwhile").to_owned(),
        Some(false) => red(out.tr("geen hulp intussen", "no care meanwhile")),
        None => out.tr("niet bekend of er hulp is", "not known whether there is care").to_owned(),
    }
}

fn nature(names: &Names, word: &str, lang: Lang) -> String {
    let nature = names.pack().catalogue().caseload().nature(word);
    nature.map_or_else(|| word.to_owned(), |nature| nature.label.in_lang(lang).to_owned())
}

fn severity(names: &Names, word: &str, lang: Lang) -> String {
    let column = names.pack().catalogue().column(SEVERITY);
    let value = column.and_then(|column| column.values.iter().find(|value| value.id == word));
    value.map_or_else(|| word.to_owned(), |value| value.label.in_lang(lang).to_owned())
}

fn urgency(word: &str, lang: Lang) -> String {
    let label = match (word.parse(), lang) {
        (Ok(Urgency::Standard), Lang::Nl) => "kan wachten",
        (Ok(Urgency::Standard), Lang::En) => "can wait",
        (Ok(Urgency::Urgent), Lang::Nl) => "dringend",
        (Ok(Urgency::Urgent), Lang::En) => "urgent",
        (Ok(Urgency::Acute), Lang::Nl) => "acuut",
        (Ok(Urgency::Acute), Lang::En) => "acute",
        (Err(_), _) => word,
    };
    label.to_owned()
}

/// A case for other programs.
pub(super) fn shown(case: &v1::BoardCase) -> Value {
    let triage = case.triage.clone().unwrap_or_default();
    let seen = case.seen.as_ref().map(|seen| {
        json!({ "on": Timestamp::from_ms(seen.on_ms).date().to_string(), "by_kind": seen.by_kind })
    });
    let closed_at = (case.closed_at_ms != 0).then(|| Timestamp::from_ms(case.closed_at_ms));
    json!({
        "case_id": hex::encode(&case.case_id),
        "subject": case.subject,
        "nature": triage.nature,
        "severity": triage.severity,
        "urgency": triage.urgency,
        "reason": triage.reason,
        "staff": case.staff_id,
        "judged_at": Timestamp::from_ms(case.judged_at_ms),
        "due": Timestamp::from_ms(case.due_ms),
        "overdue": case.overdue,
        "opened_at": Timestamp::from_ms(case.opened_at_ms),
        "waiting_days": case.waiting_days,
        "outcome_due": (case.outcome_due_ms != 0).then(|| Timestamp::from_ms(case.outcome_due_ms)),
        "seen": seen,
        "bridged": case.bridged,
        "closed_at": closed_at,
        "closed": case.closed,
        "handed_to": (!case.handed_to.is_empty()).then_some(&case.handed_to),
        "severity_since": Timestamp::from_ms(case.severity_since_ms),
    })
}

/// Shows the words that a judgement is made of, as the rules that came with the program have them.
pub(super) fn words(names: &Names, out: Output) -> Result<Exit, Failure> {
    let (catalogue, lang) = (names.pack().catalogue(), out.lang());
    let natures = catalogue.caseload().natures.iter();
    let natures = natures.map(|nature| (nature.id.as_str(), nature.label.in_lang(lang).to_owned()));
    let severities = catalogue.column(SEVERITY).map(|column| column.values.as_slice());
    let severities = severities.unwrap_or_default().iter();
    let severities =
        severities.map(|value| (value.id.as_str(), value.label.in_lang(lang).to_owned()));
    let urgencies = Urgency::ALL.iter().map(|one| (one.word(), urgency(one.word(), lang)));
    let kinds = catalogue.kinds().iter();
    let kinds = kinds.map(|kind| (kind.id.as_str(), kind.label.in_lang(lang).to_owned()));
    let told = json!({
        "nature": list(out.tr("aard", "nature"), natures, out),
        "severity": list(out.tr("ernst", "severity"), severities, out),
        "urgency": list(out.tr("urgentie", "urgency"), urgencies, out),
        "kind": list(out.tr("soort organisatie", "kind of agency"), kinds, out),
    });
    out.json(&told)?;
    Ok(Exit::Done)
}

/// Shows one list of words, and gives it for other programs.
fn list<'a>(title: &str, words: impl Iterator<Item = (&'a str, String)>, out: Output) -> Value {
    out.line(&bold(title));
    let told = words.map(|(word, label)| {
        out.line(&format!("  {word:<14} {label}"));
        json!({ "word": word, "label": label })
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(case: &v1::BoardCase, lang: Lang) -> String {
        let out = Output::new(false, lang);
        line(case, &Names::load(lang).unwrap(), out).join("\n")
    }

    #[test]
    fn a_case_is_told_in_words_and_what_nobody_said_is_not_told_as_a_no() {
        let day = Timestamp::parse("2026-11-20T09:00").unwrap();
        let mut case = v1::BoardCase {
            case_id: vec![1; 16],
            subject: "999940004".into(),
            triage: Some(v1::Triage {
                nature: "veiligheid".into(),
                severity: "serious".into(),
                urgency: "urgent".into(),
                reason: "De school ziet het kind niet meer.".into(),
            }),
            staff_id: "regisseur-1".into(),
            due_ms: day.ms(),
            waiting_days: 1,
            ..v1::BoardCase::default()
        };
        let english = told(&case, Lang::En);
        for part in ["999940004", "safety at home", "urgent", "waits 1 day", "look again before"] {
            assert!(english.contains(part), "{part}: {english}");
        }
        assert!(english.contains("not known when seen") && !english.contains("no care"));
        assert!(told(&case, Lang::Nl).contains("veiligheid thuis"));
        assert!(!english.contains("overdue"));
        case.overdue = true;
        assert!(told(&case, Lang::En).contains("overdue, look again before"));
        case.seen = Some(v1::ChildSeen { on_ms: day.ms(), by_kind: "sch".into() });
        case.bridged = Some(false);
        let english = told(&case, Lang::En);
        assert!(english.contains("seen on 2026-11-20 (School or school board)"), "{english}");
        assert!(english.contains("no care meanwhile"));
        case.bridged = Some(true);
        assert!(!told(&case, Lang::En).contains("no care"));
        // Closed: the number is gone, and words of later rules stand as they are.
        case.triage.as_mut().unwrap().nature = "later".into();
        let closed = v1::BoardCase { subject: String::new(), closed_at_ms: day.ms(), ..case };
        let english = told(&closed, Lang::En);
        assert!(english.contains("closed") && english.contains("later") && english.contains('-'));
        assert!(!english.contains("look again"));
    }
}
