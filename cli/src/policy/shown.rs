//! An explained outcome, as people read it.

use grondslag_core::tier::Verdict;
use grondslag_policy::catalogue::Status;
use grondslag_policy::{Explained, GroundShown, Mode, NearMiss, Need, Term, Word};

use crate::output::{Output, bold, dim, green, red, yellow};

/// The obligation that says itself that the person is told.
const TOLD: &str = "melden";

/// Prints an outcome: verdict, rules, articles, what follows, and what would open a refusal.
pub(super) fn say(explained: &Explained, out: Output) {
    out.line(&headline(explained, out));
    if let Some(reason) = explained.reason {
        out.line(&format!("  {} {}", reason.code(), reason.sentence(out.lang())));
    }
    let lang = out.lang();
    section(out.tr("Regels", "Rules"), out, || {
        let rules = explained.rules.iter();
        rules
            .map(|rule| format!("{} {}", bold(rule.row.as_str()), rule.text.in_lang(lang)))
            .collect()
    });
    section(out.tr("Grondslag", "Legal basis"), out, || {
        explained.legal.iter().map(|ground| article(ground, out)).collect()
    });
    section(out.tr("Wat erbij hoort", "What goes with it"), out, || duties(explained, out));
    section(out.tr("Open juridische vragen", "Open legal questions"), out, || {
        explained.notes.iter().map(|note| note.in_lang(lang).to_owned()).collect()
    });
    section(out.tr("Wat dit zou openen", "What would open this"), out, || {
        explained.near_misses.iter().map(|miss| near_miss(miss, out)).collect()
    });
}

fn headline(explained: &Explained, out: Output) -> String {
    let verdict = match (explained.verdict, explained.mode) {
        (Verdict::Permit, Mode::Decision) => green(out.tr("Toegestaan", "Permitted")),
        (Verdict::Permit, Mode::Could) => {
            green(out.tr("Kan toegestaan worden", "May be permitted"))
        }
        (Verdict::Review, Mode::Decision) => {
            yellow(out.tr("Een professional beoordeelt", "A professional decides"))
        }
        (Verdict::Review, Mode::Could) => {
            yellow(out.tr("Kan na beoordeling", "May be, after review"))
        }
        (Verdict::Refuse, Mode::Decision) => red(out.tr("Geweigerd", "Refused")),
        (Verdict::Refuse, Mode::Could) => {
            red(out.tr("Kan nooit toegestaan worden", "Can never be permitted"))
        }
    };
    match explained.verdict {
        Verdict::Refuse => verdict,
        Verdict::Permit | Verdict::Review => {
            format!("{verdict} {} {}", out.tr("tot en met", "up to"), explained.tier)
        }
    }
}

fn section(title: &str, out: Output, lines: impl Fn() -> Vec<String>) {
    let lines = lines();
    if !lines.is_empty() {
        out.line(&format!("  {title}"));
    }
    for line in lines {
        out.line(&format!("    {line}"));
    }
}

pub(super) fn article(ground: &GroundShown, out: Output) -> String {
    let lang = out.lang();
    let status = match ground.status {
        Status::InForce => String::new(),
        Status::Proposed => format!(" {}", yellow(out.tr("(wetsvoorstel)", "(a bill)"))),
        Status::Off => format!(" {}", yellow(out.tr("(uit)", "(off)"))),
    };
    let (article, meaning) = (ground.article.in_lang(lang), ground.meaning.in_lang(lang));
    format!("{article}: {meaning} {}{status}", dim(&format!("[{}]", ground.id)))
}

fn duties(explained: &Explained, out: Output) -> Vec<String> {
    let lang = out.lang();
    let mut lines = Vec::new();
    if explained.duty {
        lines
            .push(out.tr("Antwoorden is een wettelijke plicht", "Replying is a legal duty").into());
    }
    if let Some(term) = explained.deadline {
        lines.push(format!("{} {}", out.tr("Antwoord binnen", "Reply within"), words(term, out)));
    }
    if explained.notify && explained.obligations.iter().all(|duty| duty.id != TOLD) {
        lines.push(out.tr("De betrokkene wordt ingelicht", "The person is told").into());
    }
    lines.extend(explained.obligations.iter().map(|duty| duty.label.in_lang(lang).to_owned()));
    lines
}

fn words(term: Term, out: Output) -> String {
    let (count, unit) = match term {
        Term::Minutes(count) => (count, out.tr("minuten", "minutes")),
        Term::Hours(count) => (count, out.tr("uur", "hours")),
        Term::WorkingDays(count) => (count, out.tr("werkdagen", "working days")),
        Term::Days(count) => (count, out.tr("dagen", "days")),
    };
    format!("{count} {unit}")
}

fn near_miss(miss: &NearMiss, out: Output) -> String {
    let lang = out.lang();
    let row = bold(miss.rule.row.as_str());
    let text = miss.rule.text.in_lang(lang);
    let needs = miss.needs.iter().map(|need| need_line(need, out));
    let lines = std::iter::once(format!("{row} ({}) {text}", miss.tier)).chain(needs);
    lines.collect::<Vec<_>>().join("\n      ")
}

fn need_line(need: &Need, out: Output) -> String {
    let list = |values: &[Word]| {
        let labels = values.iter().map(|value| value.label.in_lang(out.lang()));
        labels.collect::<Vec<_>>().join(out.tr(" of ", " or "))
    };
    let (is, should) = (out.tr("is", "is"), out.tr("nodig", "needed"));
    let label = need.label.in_lang(out.lang());
    format!("{label}: {is} {}; {should}: {}", list(&need.now), list(&need.needed))
}
