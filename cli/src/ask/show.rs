//! Answers as lines for people.

use grondslag_core::lang::Lang;
use grondslag_proto::v1;

use super::shown::{AgencyShown, EntryShown, GroundShown, LineShown, Names};
use crate::output::{Output, bold, dim, green, red, yellow};

/// Near misses that people are shown; `--json` has all of them.
const NEAR_MISSES_SHOWN: usize = 2;
/// Width at which a name is filled up.
const NAME_CHARS: usize = 50;

/// Prints one agency: a line with its state, and a line per category, or one for several of which
/// the same is said.
pub(crate) fn agency(out: Output, shown: &AgencyShown) {
    let name = format!("{:<NAME_CHARS$}", shown.name);
    let after = format!("{} ms", shown.after_ms);
    let state = match shown.state.as_str() {
        "replied" => green(&shown.sentence),
        "not_asked" => red(&shown.sentence),
        _ => yellow(&shown.sentence),
    };
    out.line(&format!("{} {state}  {}", bold(&name), dim(&after)));
    shown.lines.chunk_by(LineShown::says_the_same).for_each(|alike| lines(out, alike));
    shown.reminded.iter().for_each(|one| out.line(&format!("    {}", one.line(out))));
    if shown.unwitnessed {
        let remark = out.tr(
            "gegeven terwijl te weinig getuigen het logboek van de makelaar hadden bevestigd; de FG \
             van beide organisaties kijkt ernaar",
            "given while too few witnesses had confirmed the broker's ledger; the privacy officers \
             of both agencies look at it",
        );
        out.line(&yellow(&format!("    {remark}")));
    }
    if shown.holds_unnumbered_records {
        let remark = out.tr(
            "deze organisatie heeft ook dossiers zonder geverifieerd nummer; daarover zegt dit \
             antwoord niets",
            "this agency also has files without a verified number; this answer does not speak of \
             those",
        );
        out.line(&dim(&format!("    {remark}")));
    }
}

/// Categories of which the same is said.
fn lines(out: Output, alike: &[LineShown]) {
    let Some(shown) = alike.first() else { return };
    let tinted = match shown.state {
        "content" | "no_record" => green(&shown.sentence),
        "refused" => red(&shown.sentence),
        "review" | "referred" => yellow(&shown.sentence),
        _ => dim(&shown.sentence),
    };
    let rows: Vec<String> = shown.rows.iter().map(ToString::to_string).collect();
    let basis = basis(&rows, &shown.grounds);
    let by = match (shown.state, shown.by.as_str()) {
        ("refused", "broker") => out.tr(" (door de makelaar)", " (by the broker)"),
        _ => "",
    };
    let named: Vec<String> =
        alike.iter().map(|one| format!("{} {}", one.category, one.label)).collect();
    out.line(&format!("    {}: {tinted}{by}{}", named.join(", "), dim(&basis)));
    shown.entries.iter().for_each(|one| entry(out, one));
    for note in &shown.notes {
        out.line(&dim(&format!("        ? {note}")));
    }
}

fn entry(out: Output, shown: &EntryShown) {
    let date = shown.dated.map_or_else(String::new, |dated| format!(" {}", dated.date()));
    for text in &shown.texts {
        let said = format!("        {}{date} {}: {}", text.tier, shown.source, text.text);
        out.line(&said);
    }
    if shown.redacted {
        out.line(&dim(&format!(
            "        {}",
            out.tr("delen zijn weggelaten", "parts were left out")
        )));
    }
}

/// " — Wmo 2015 art. 5.2.6; BW 7:457 (R15.1)", or nothing.
pub(crate) fn basis(rows: &[String], grounds: &[GroundShown]) -> String {
    let articles: Vec<&str> = grounds.iter().map(|ground| ground.article.as_str()).collect();
    match (articles.is_empty(), rows.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!(" ({})", rows.join(", ")),
        (false, true) => format!(" — {}", articles.join("; ")),
        (false, false) => format!(" — {} ({})", articles.join("; "), rows.join(", ")),
    }
}

/// Prints the counts of a finished question.
pub(crate) fn closed(out: Output, closed: &v1::InquiryClosed) {
    let v1::InquiryClosed { replied, pending, unreachable, not_asked } = closed;
    out.line(&dim(&match out.lang() {
        Lang::Nl => format!(
            "{replied} beantwoord, {pending} volgt nog, {unreachable} niet bereikt, {not_asked} \
             niet gevraagd"
        ),
        Lang::En => format!(
            "{replied} answered, {pending} to come, {unreachable} not reached, {not_asked} not \
             asked"
        ),
    }));
}

/// Prints what would become of a question, per agency and category.
pub(crate) fn plan(out: Output, names: &Names, lines: &[v1::PlanLine]) {
    let mut agency = "";
    for line in lines {
        if line.oin != agency {
            agency = &line.oin;
            let name = if line.name.is_empty() { &line.oin } else { &line.name };
            out.line(&bold(name));
        }
        planned(out, names, line);
    }
}

fn planned(out: Output, names: &Names, line: &v1::PlanLine) {
    let label = names.category_named(&line.category);
    let verdict = match line.verdict.as_str() {
        "permit" => green(&format!("{} {}", out.tr("kan, tot", "possible, up to"), line.cap)),
        "review" => yellow(&format!(
            "{} {}",
            out.tr("een professional beoordeelt, tot", "a professional decides, up to"),
            line.cap
        )),
        _ => red(reason_sentence(out, &line.reason)),
    };
    let basis = line.basis.clone().unwrap_or_default();
    let grounds = names.grounds_named(&basis.grounds);
    let basis = self::basis(&basis.rows, &grounds);
    out.line(&format!("    {} {label}: {verdict}{}", line.category, dim(&basis)));
    for near in line.near_misses.iter().take(NEAR_MISSES_SHOWN) {
        out.line(&format!("        → {near}"));
    }
    for note in &line.notes {
        out.line(&dim(&format!("        ? {note}")));
    }
}

fn reason_sentence(out: Output, code: &str) -> &'static str {
    grondslag_proto::reply::reason(code).sentence(out.lang())
}
