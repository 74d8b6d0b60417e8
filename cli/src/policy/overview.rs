//! All that one role may ask, as a privacy officer reads it.

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::tier::Verdict;
use grondslag_policy::overview::{ForPurpose, Opening, Overview, Place};

use super::explain::now;
use super::{FolderArgs, diff, shown};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, yellow};

/// Most articles that a line names.
const ARTICLES_SHOWN: usize = 4;
/// Most alternatives that are written out unasked.
const ALTERNATIVES_SHOWN: usize = 3;

/// Arguments of `policy overview`.
#[derive(Debug, Args)]
pub(crate) struct OverviewArgs {
    /// Role that asks, such as vt.onderzoeker
    #[arg(long, value_name = "ROLE")]
    role: String,

    #[command(flatten)]
    rules: FolderArgs,

    /// Moment that the rules must hold at, such as 2026-09-15T09:00; without it now
    #[arg(long, value_parser = Timestamp::parse, value_name = "MOMENT")]
    on: Option<Timestamp>,

    /// Say exactly where and under which conditions, after the line per purpose
    #[arg(long)]
    details: bool,

    /// The same, with every condition written out, also where there are many
    #[arg(long)]
    conditions: bool,
}

/// Says what a role may ask.
pub(super) fn overview(args: &OverviewArgs, out: Output) -> Result<Exit, Failure> {
    let pack = args.rules.pack()?;
    let overview = pack.overview(&args.role, args.on.unwrap_or_else(now))?;
    say(&overview, args, out);
    out.json(&overview)?;
    Ok(Exit::Done)
}

fn say(overview: &Overview, args: &OverviewArgs, out: Output) {
    let (lang, role) = (out.lang(), dim(overview.role.as_str()));
    out.line(&format!("{} {role}", bold(overview.label.in_lang(lang))));
    for line in &overview.purposes {
        say_purpose(line, out);
    }
    if overview.open.is_empty() {
        out.line(&yellow(out.tr("Deze rol mag niets vragen.", "This role may ask nothing.")));
    }
    for purpose in &overview.nothing_for {
        let nothing = out.tr("Nog niets open voor doel", "Nothing is open yet for purpose");
        let label = purpose.label.in_lang(lang);
        out.line(&format!("{} {label} {}", yellow(nothing), dim(&purpose.id)));
    }
    if args.details || args.conditions {
        for opening in &overview.open {
            say_opening(opening, args.conditions, out);
        }
    } else if !overview.open.is_empty() {
        let more = "Waar precies, en onder welke voorwaarden: --details";
        out.note(&dim(out.tr(more, "Exactly where, and under which conditions: --details")));
    }
}

/// One purpose in one line: up to where, of whom, how much, and by which articles.
fn say_purpose(line: &ForPurpose, out: Output) {
    let lang = out.lang();
    let label = bold(line.purpose.label.in_lang(lang));
    let verdict = match line.verdict {
        Verdict::Review => yellow(out.tr("na beoordeling", "after review")),
        Verdict::Permit | Verdict::Refuse => green(out.tr("toegestaan", "permitted")),
    };
    let targets: Vec<&str> = line.targets.iter().map(|word| word.id.as_str()).collect();
    let count = line.categories.len();
    let categories = match count {
        1 => out.tr("soort gegevens", "category"),
        _ => out.tr("soorten gegevens", "categories"),
    };
    let articles = line.legal.iter().map(|ground| ground.article.in_lang(lang));
    let mut articles: Vec<String> = articles.take(ARTICLES_SHOWN).map(str::to_owned).collect();
    if line.legal.len() > ARTICLES_SHOWN {
        let more = out.tr("meer", "more");
        articles.push(format!("+ {} {more}", line.legal.len() - ARTICLES_SHOWN));
    }
    out.line(&format!(
        "{} {label}: {verdict} {} {}; {} {}; {count} {categories}; {}",
        dim(&line.purpose.id),
        out.tr("tot en met", "up to"),
        line.tier,
        out.tr("van", "of"),
        targets.join(", "),
        articles.join("; ")
    ));
}

fn say_opening(opening: &Opening, conditions: bool, out: Output) {
    let lang = out.lang();
    let verdict = match opening.verdict {
        Verdict::Review => yellow(out.tr("Een professional beoordeelt", "A professional decides")),
        Verdict::Permit | Verdict::Refuse => green(out.tr("Toegestaan", "Permitted")),
    };
    out.line(&format!("\n{verdict} {} {}", out.tr("tot en met", "up to"), opening.tier));
    for rule in &opening.rules {
        out.line(&format!("  {} {}", bold(rule.row.as_str()), rule.text.in_lang(lang)));
    }
    for ground in &opening.legal {
        out.line(&format!("    {}", shown::article(ground, out)));
    }
    for duty in &opening.obligations {
        let goes = out.tr("wat erbij hoort", "goes with it");
        out.line(&format!("    {goes}: {}", duty.label.in_lang(lang)));
    }
    if opening.duty {
        let duty = out.tr("antwoorden is een wettelijke plicht", "replying is a legal duty");
        out.line(&format!("    {duty}"));
    }
    for note in &opening.notes {
        let open = yellow(out.tr("open juridische vraag", "open legal question"));
        out.line(&format!("    {open}: {}", note.in_lang(lang)));
    }
    for place in &opening.places {
        say_place(place, conditions, out);
    }
}

fn say_place(place: &Place, all: bool, out: Output) {
    out.line(&format!("    {}", out.tr("waar", "where")));
    diff::region(&place.asked, out);
    if place.conditions.iter().any(|condition| condition.0.is_empty()) {
        return;
    }
    let count = place.conditions.len();
    let provided = match count {
        1 => out.tr("mits", "provided").to_owned(),
        _ => out.tr("mits een van deze", "provided one of these").to_owned(),
    };
    out.line(&format!("    {provided}"));
    let shown = if all { count } else { ALTERNATIVES_SHOWN };
    for (at, condition) in place.conditions.iter().take(shown).enumerate() {
        if at > 0 {
            out.line(&format!("      {}", out.tr("of", "or")));
        }
        diff::region(condition, out);
    }
    if count > shown {
        let more = out.tr("meer, met --conditions", "more, with --conditions");
        out.line(&format!("      {}", dim(&format!("… {} {more}", count - shown))));
    }
}
