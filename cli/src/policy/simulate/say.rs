//! A simulation, as people read it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use grondslag_core::catalogue::{Purpose, RowId};
use grondslag_core::lang::Text;
use grondslag_core::tier::Verdict;
use grondslag_policy::Pack;
use grondslag_policy::simulate::{Count, Example, Flips, Part, Simulated, Skipped};

use crate::output::{Output, bold, dim, green, red, yellow};

/// Prints what comes out otherwise, per party, rule, purpose and agency.
pub(super) fn say(simulated: &Simulated, draft: &Pack, out: Output) {
    let Simulated { since, until, .. } = simulated;
    let (from, to) = (since.local(), until.local());
    let of = out.tr("Beslissingen van", "Decisions from");
    out.line(&format!("{of} {from} {} {to}", out.tr("tot", "to")));
    let sections = [
        (
            &simulated.broker,
            out.tr("Wat de makelaar kan doorlaten", "What the broker lets through"),
        ),
        (&simulated.holders, out.tr("Wat organisaties geven", "What agencies give")),
    ];
    for (flips, title) in sections {
        section(flips, title, draft, out);
    }
    skipped(&simulated.skipped, out);
    let took = Duration::from_millis(simulated.took_ms).as_secs_f64();
    let took = format!("{took:.1} s, {}", out.tr("lezen en beslissen", "reading and deciding"));
    out.line(&dim(&took));
}

fn section(flips: &Flips, title: &str, draft: &Pack, out: Output) {
    let decisions = out.tr("beslissingen", "decisions");
    out.line(&format!("\n{}: {} {decisions}", bold(title), flips.decisions));
    if flips.all.sum() == 0 {
        return out.line(&format!("  {}", green(out.tr("niets wordt anders", "nothing changes"))));
    }
    out.line(&format!("  {}", counted(&flips.all, out)));
    let rule = |id: &String| {
        let rule = draft.rules().iter().find(|rule| rule.id == *id);
        rule.map(|rule| rule.title.clone())
    };
    group(&flips.per_rule, out.tr("per regel", "per rule"), rule, out);
    let purpose = |id: &Purpose| draft.catalogue().purpose(id).map(|purpose| purpose.label.clone());
    group(&flips.per_purpose, out.tr("per doel", "per purpose"), purpose, out);
    let asked = out.tr("per gevraagde organisatie", "per agency that was asked");
    group(&flips.per_agency, asked, |_| None, out);
    let asker = out.tr("per vragende organisatie", "per agency that asked");
    group(&flips.per_asker, asker, |_| None, out);
    // Every example of a purpose or agency is one of a rule.
    for example in flips.per_rule.values().flat_map(|count| &count.examples) {
        out.line(&format!("  {}", sentence(example, out)));
    }
}

fn group<K: Display>(
    counts: &BTreeMap<K, Count>,
    title: &str,
    label: impl Fn(&K) -> Option<Text>,
    out: Output,
) {
    out.line(&format!("  {title}"));
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(count.sum()));
    for (id, count) in counts {
        let label = label(id).map(|label| format!(" {}", label.in_lang(out.lang())));
        let label = label.unwrap_or_default();
        out.line(&format!("    {}{label}: {}", bold(&id.to_string()), counted(count, out)));
    }
}

fn counted(count: &Count, out: Output) -> String {
    let parts = [
        (count.opens, out.tr("gaat open", "opens")),
        (count.closes, out.tr("gaat dicht", "closes")),
        (count.otherwise, out.tr("wordt anders beslist", "is decided otherwise")),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}

fn sentence(example: &Example, out: Output) -> String {
    let Example { target_id, decided_at, purpose, category, agency, before, after, .. } = example;
    let (was, becomes) = (side(before, out), side(after, out));
    let example = out.tr("voorbeeld", "example");
    let at = decided_at.local();
    let question = dim(&format!("{example} {target_id} {at}"));
    format!("{question} {purpose} {category} {agency}: {was} → {becomes}")
}

fn side(part: &Part, out: Output) -> String {
    let rows: Vec<&str> = part.rows.iter().map(RowId::as_str).collect();
    let reason = part.reason.map(|reason| reason.code().to_owned());
    let why = if rows.is_empty() { reason.unwrap_or_default() } else { rows.join(" ") };
    let (nl, en, tint): (_, _, fn(&str) -> String) = match part.verdict {
        Verdict::Permit => ("toegestaan", "permitted", green),
        Verdict::Review => ("beoordeling", "review", yellow),
        Verdict::Refuse => ("geweigerd", "refused", red),
    };
    let verdict = tint(out.tr(nl, en));
    match part.verdict {
        Verdict::Refuse => format!("{verdict} ({why})"),
        Verdict::Permit | Verdict::Review => format!("{verdict} {} ({why})", part.tier),
    }
}

fn skipped(skipped: &Skipped, out: Output) {
    let counts = [
        (skipped.forgotten, out.tr("vergeten (termijn voorbij)", "forgotten (term over)")),
        (skipped.undecided, out.tr("zonder beslissing op regels", "not decided by rule")),
        (skipped.no_rules, out.tr("regels van toen niet voorhanden", "rules of then not at hand")),
        (skipped.problems, out.tr("onleesbaar; zie audit replay", "unreadable; see audit replay")),
    ];
    for (count, what) in counts.iter().filter(|(count, _)| *count > 0) {
        out.line(&format!("{} {what}", dim(&count.to_string())));
    }
    for folder in &skipped.unreadable {
        out.line(&yellow(folder));
    }
    for file in &skipped.unfit {
        let unfit = "eigen regels passen niet bij dit concept";
        out.line(&format!("{file}: {}", yellow(out.tr(unfit, "own rules do not fit this draft"))));
    }
}
