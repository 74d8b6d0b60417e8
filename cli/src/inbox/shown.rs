//! Questions that wait, as a person reads them.

use grondslag_core::answer::About;
use grondslag_core::catalogue::Ground;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::{ReviewState, Said, Stage};
use grondslag_core::tier::Urgency;
use grondslag_policy::catalogue::GroundKind;
use grondslag_proto::v1;
use serde_json::{Value, json};

use crate::ask::{Names, RemindedShown, basis};
use crate::dossier::criterion;
use crate::exit::{Exit, Failure};
use crate::limits::VERSION_BYTES;
use crate::output::{Output, bold, dim, green, red, yellow};

/// The lines of one question in a list.
pub(super) fn item(item: &v1::InboxItem, names: &Names, out: Output) -> Vec<String> {
    let due = Timestamp::from_ms(item.due_ms).local();
    let term = match item.stage.as_str() {
        "professional" => format!("{} {due}", out.tr("beslis voor", "decide before")),
        stage => {
            red(&format!("{}, {} {due}", climbed(stage, out), out.tr("uiterlijk", "at the latest")))
        }
    };
    let categories: Vec<String> = item
        .categories
        .iter()
        .map(|code| format!("{code} {}", names.category_named(code)))
        .collect();
    let whose = whose_item(item, out);
    let pressing = urgency(&item.urgency, out);
    let mut lines = vec![
        format!(
            "{}  {}  {pressing}  {term}  {}",
            bold(&item.asker_name),
            names.purpose_named(&item.purpose),
            state(&item.state, out)
        ),
        format!("    {}", categories.join(", ")),
        dim(&format!("    {}  {}: {whose}", hex::encode(&item.target_id), out.tr("van", "of"))),
    ];
    lines.extend(reminded(item, names).map(|one| format!("    {}", one.line_there(out))));
    lines
}

/// Whose a question is, and who takes their place.
fn whose_item(item: &v1::InboxItem, out: Output) -> String {
    match (item.assigned.as_str(), item.substitute.as_str()) {
        ("", _) => "-".to_owned(),
        (staff, "") => staff.to_owned(),
        (staff, substitute) => {
            let instead = out.tr("is weg, in de plaats", "is away, in their place");
            format!("{staff} {instead} {substitute}")
        }
    }
}

fn reminded(item: &v1::InboxItem, names: &Names) -> impl Iterator<Item = RemindedShown> {
    item.reminded.iter().map(|one| RemindedShown::read(names, one.clone()))
}

fn climbed(stage: &str, out: Output) -> &str {
    match stage.parse() {
        Ok(Stage::Manager) => out.tr("aan de leidinggevende", "for the manager"),
        Ok(Stage::Director) => out.tr("aan de bestuurder", "for the director"),
        Ok(Stage::Officer) => out.tr("ook aan de eigen FG", "for the data protection officer too"),
        Ok(Stage::Professional) | Err(_) => stage,
    }
}

fn urgency(word: &str, out: Output) -> String {
    match word.parse() {
        Ok(Urgency::Acute) => red(out.tr("acuut", "acute")),
        Ok(Urgency::Urgent) => yellow(out.tr("dringend", "urgent")),
        _ => out.tr("gewoon", "standard").to_owned(),
    }
}

/// How a question stands, in words; a word of a later version as it is.
pub(crate) fn state(word: &str, out: Output) -> String {
    let Ok(state) = word.parse() else { return word.to_owned() };
    match state {
        ReviewState::Waiting => yellow(out.tr("wacht", "waits")),
        ReviewState::Second => {
            yellow(out.tr("wacht op een tweede persoon", "waits for a second person"))
        }
        ReviewState::Decided => green(out.tr(
            "beslist; de vrager hoort het op het volgende vaste moment",
            "decided; the asker hears it at the next fixed moment",
        )),
        ReviewState::Said => green(out.tr("beslist; aan de vrager verteld", "decided; told")),
    }
}

/// What a person says that they saw.
pub(super) fn version(told: &v1::ShowItemResponse) -> String {
    hex::encode(told.version.get(..VERSION_BYTES).unwrap_or(&told.version))
}

/// The lines of one question, with all that a reviewer decides by.
pub(super) fn whole(
    told: &v1::ShowItemResponse,
    names: &Names,
    out: Output,
) -> Result<Vec<String>, Failure> {
    let of = told.item.as_ref().ok_or(Reason::Malformed)?;
    let mut lines = item(of, names, out);
    let role = names.role_named(&of.role);
    lines.push(format!("{} {}  ({role})", out.tr("over", "about"), bold(&told.subject)));
    if !told.necessity.is_empty() {
        lines.push(format!("{}: {}", out.tr("waarom", "why"), told.necessity));
    }
    if !told.criteria.is_empty() {
        let criteria = told.criteria.iter().map(|word| criterion(names, word.clone()).label);
        let criteria: Vec<_> = criteria.collect();
        let leads = out.tr("ernstig, volgens de vrager", "serious, says the asker");
        lines.push(format!("{leads}: {}", criteria.join("; ")));
    }
    for fact in &told.facts {
        lines.push(dim(&format!("    {} = {}", fact.column, fact.value)));
    }
    for line in &told.lines {
        lines.extend(category(line, names, out));
    }
    lines.extend(told.judgement.iter().flat_map(|judged| judgement(judged, names, out)));
    let latest = Timestamp::from_ms(told.inner_max_ms).local();
    let more = out.tr("meer tijd kan tot", "more time is possible until");
    let seen = format!("{} {}", out.tr("versie", "version"), version(told));
    lines.push(dim(&format!("{more} {latest}; {seen}")));
    Ok(lines)
}

/// One category: what would be released, by which rules, and what the law says about refusing.
fn category(line: &v1::ReviewLine, names: &Names, out: Output) -> Vec<String> {
    let label = names.category_named(&line.category);
    let open = match line.verdict.as_str() {
        "refuse" => {
            red(out.tr("de regels laten dit nu niet toe", "the rules do not allow this now"))
        }
        _ => format!("{} {}", out.tr("kan tot", "possible up to"), line.tier),
    };
    let rests_on = line.basis.clone().unwrap_or_default();
    let rests_on = basis(&rests_on.rows, &names.grounds_named(&rests_on.grounds));
    let mut lines = vec![format!("{} {label}: {open}{}", bold(&line.category), dim(&rests_on))];
    for (name, codes) in [
        (out.tr("slot A, persoonsgegevens", "lock A, personal data"), &line.lock_a),
        (out.tr("slot B, geheim", "lock B, secrecy"), &line.lock_b),
    ] {
        lines.push(format!("    {name}: {}", lock(codes, names, out)));
    }
    lines.push(format!("    {}", refusing(line, names, out)));
    if line.second {
        let second = out.tr(
            "een tweede persoon van deze organisatie moet bevestigen",
            "a second person of this agency must confirm",
        );
        lines.push(yellow(&format!("    {second}")));
    }
    let named = if line.named {
        out.tr(
            "de vrager weet dat dit in beoordeling is: een weigering wordt genoemd",
            "the asker knows that this is in review: a refusal is named",
        )
    } else {
        out.tr(
            "de vrager weet hier niets van: een weigering blijft stil, tenzij u --named geeft",
            "the asker knows nothing of this: a refusal stays silent, unless you give --named",
        )
    };
    lines.push(format!("    {named}"));
    lines.extend(line.texts.iter().map(|text| dim(&format!("    {text}"))));
    lines.extend(line.notes.iter().map(|note| dim(&format!("    ? {note}"))));
    lines.extend(line.entries.iter().flat_map(|entry| release(entry, out)));
    if line.entries.is_empty() {
        let nothing = out.tr("er is niets om te geven", "there is nothing to give");
        lines.push(dim(&format!("    {nothing}")));
    }
    lines
}

fn lock(codes: &[String], names: &Names, out: Output) -> String {
    let grounds = names.grounds_named(codes);
    let articles: Vec<String> = grounds.into_iter().map(|ground| ground.article).collect();
    if articles.is_empty() {
        return out
            .tr("niets noemt een grond hiervoor", "nothing names a ground for this")
            .to_owned();
    }
    articles.join("; ")
}

/// What the law says about refusing.
fn refusing(line: &v1::ReviewLine, names: &Names, out: Output) -> String {
    if line.duty {
        return yellow(out.tr(
            "de wet verplicht tot antwoord: weiger alleen wat niet noodzakelijk is, met reden",
            "the law obliges to answer: refuse only what is not necessary, with a reason",
        ));
    }
    let is_right = |code: &String| {
        let ground = Ground::parse(code).ok();
        let entry = ground.as_ref().and_then(|id| names.pack().catalogue().ground(id));
        entry.is_some_and(|entry| entry.kinds.contains(&GroundKind::Right))
    };
    let may = if line.lock_b.iter().any(is_right) {
        out.tr(
            "de wet geeft u het recht dit te geven, niet de plicht: u weegt zelf",
            "the law gives you the right to give this, not the duty: you decide",
        )
    } else {
        out.tr(
            "geen wet verplicht tot inhoud; u antwoordt wel, en u weegt zelf",
            "no law obliges to content; you do answer, and you decide",
        )
    };
    may.to_owned()
}

/// Whose file it is.
fn whose(about: &str, out: Output) -> &str {
    match about.parse() {
        Ok(About::Child) => out.tr("kind", "child"),
        Ok(About::Parent) => out.tr("ouder", "parent"),
        Ok(About::Other) => out.tr("ander", "other"),
        Err(_) => about,
    }
}

/// A record as it would leave.
fn release(entry: &v1::AnswerEntry, out: Output) -> Vec<String> {
    let dated = entry.dated_ms.map(|ms| format!(" {}", Timestamp::from_ms(ms).date()));
    let (dated, about) = (dated.unwrap_or_default(), whose(&entry.about, out));
    let texts = entry.texts.iter();
    let mut lines: Vec<String> = texts
        .map(|text| format!("      {} {about}{dated} {}: {}", text.tier, entry.source, text.text))
        .collect();
    if entry.redacted {
        lines.push(dim(&format!(
            "      {}",
            out.tr("delen zijn weggelaten", "parts were left out")
        )));
    }
    lines
}

fn judgement(judged: &v1::Judgement, names: &Names, out: Output) -> Vec<String> {
    let at = Timestamp::from_ms(judged.at_ms).local();
    let by = format!(
        "{} {} {at}: {}",
        out.tr("besloten door", "decided by"),
        judged.staff_id,
        judged.reason
    );
    let line = |line: &v1::JudgedLine| {
        let what = match line.say.parse() {
            Ok(Said::Give) => format!("{} {}", out.tr("geven tot", "give up to"), line.tier),
            Ok(Said::Refer) => {
                let kind = names.kind_named(&line.refer_to);
                format!("{} {kind}", out.tr("doorverwijzen naar", "refer to"))
            }
            Ok(Said::Withhold) => {
                let ground = names.grounds_named(std::slice::from_ref(&line.ground));
                let article = ground.first().map_or(line.ground.as_str(), |one| &one.article);
                format!("{} ({article})", out.tr("weigeren", "refuse"))
            }
            Err(_) => line.say.clone(),
        };
        format!("    {} {what}", line.category)
    };
    let second = (!judged.second_staff_id.is_empty()).then(|| {
        format!("{} {}", out.tr("bevestigd door", "confirmed by"), judged.second_staff_id)
    });
    [by].into_iter().chain(judged.lines.iter().map(line)).chain(second).collect()
}

/// A question of a list for other programs.
pub(super) fn item_json(item: &v1::InboxItem, names: &Names) -> Value {
    json!({
        "target_id": hex::encode(&item.target_id),
        "asker_oin": item.asker_oin,
        "asker": item.asker_name,
        "role": item.role,
        "purpose": item.purpose,
        "urgency": item.urgency,
        "categories": item.categories,
        "asked_at": Timestamp::from_ms(item.from_ms),
        "decide_by": Timestamp::from_ms(item.inner_ms),
        "answer_by": Timestamp::from_ms(item.answer_by_ms),
        "overdue": item.stage != Stage::Professional.word(),
        "stage": item.stage,
        "state": item.state,
        "assigned": given(&item.assigned),
        "substitute": given(&item.substitute),
        "reminded": reminded(item, names).collect::<Vec<_>>(),
    })
}

/// A whole question for other programs.
pub(super) fn whole_json(told: &v1::ShowItemResponse, names: &Names) -> Result<Value, Failure> {
    let of = told.item.as_ref().ok_or(Reason::Malformed)?;
    let facts =
        told.facts.iter().map(|fact| (fact.column.clone(), Value::from(fact.value.clone())));
    let judgement = told.judgement.as_ref().map(|judged| {
        let lines: Vec<Value> = judged.lines.iter().map(judged_json).collect();
        json!({
            "staff": judged.staff_id,
            "second_staff": given(&judged.second_staff_id),
            "decided_at": Timestamp::from_ms(judged.at_ms),
            "said_at": (judged.said_at_ms != 0).then(|| Timestamp::from_ms(judged.said_at_ms)),
            "reason": judged.reason,
            "lines": lines,
        })
    });
    Ok(json!({
        "item": item_json(of, names),
        "subject": told.subject,
        "necessity": told.necessity,
        "criteria": told.criteria,
        "facts": facts.collect::<serde_json::Map<_, _>>(),
        "lines": told.lines.iter().map(|line| line_json(line, names)).collect::<Vec<_>>(),
        "decision": judgement,
        "version": version(told),
        "more_time_until": Timestamp::from_ms(told.inner_max_ms),
    }))
}

fn judged_json(line: &v1::JudgedLine) -> Value {
    json!({
        "category": line.category,
        "say": line.say,
        "tier": given(&line.tier),
        "ground": given(&line.ground),
        "named": line.named,
        "refer_to": given(&line.refer_to),
    })
}

/// Nothing where nothing is said.
fn given(word: &str) -> Option<&str> {
    (!word.is_empty()).then_some(word)
}

fn line_json(line: &v1::ReviewLine, names: &Names) -> Value {
    let basis = line.basis.clone().unwrap_or_default();
    let entry = |entry: &v1::AnswerEntry| {
        let texts: Vec<Value> = entry
            .texts
            .iter()
            .map(|text| json!({ "tier": text.tier, "text": text.text }))
            .collect();
        json!({
            "about": entry.about,
            "dated": entry.dated_ms.map(Timestamp::from_ms),
            "source": entry.source,
            "texts": texts,
            "redacted": entry.redacted,
        })
    };
    json!({
        "category": line.category,
        "label": names.category_named(&line.category),
        "verdict": line.verdict,
        "tier": line.tier,
        "rows": basis.rows,
        "grounds": names.grounds_named(&basis.grounds),
        "lock_a": line.lock_a,
        "lock_b": line.lock_b,
        "duty": line.duty,
        "second": line.second,
        "named": line.named,
        "texts": line.texts,
        "notes": line.notes,
        "entries": line.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// Shows on what a reviewer may refuse, as the rules that came with the program have it.
pub(super) fn grounds(names: &Names, out: Output) -> Result<Exit, Failure> {
    let codes = &names.pack().catalogue().reviewing().refused_on;
    let grounds = codes.iter().map(|code| {
        let article = names.article(code);
        out.line(&format!("  {:<14} {article}", code.as_str()));
        json!({ "id": code, "article": article })
    });
    let grounds: Vec<Value> = grounds.collect();
    out.json(&json!({ "grounds": grounds }))?;
    Ok(Exit::Done)
}
