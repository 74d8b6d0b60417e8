//! What one set of rules opens, closes or decides otherwise than another.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::tier::Verdict;
use grondslag_policy::Pack;
use grondslag_policy::compare::{
    ChangeShown, ColumnShown, Comparison, ComparisonShown, Delta, RegionShown, Step, Swap,
};

use super::explain::now;
use super::note_base;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, red, yellow};

/// Arguments of `policy diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Folder with the rules that are compared with
    #[arg(value_name = "BEFORE")]
    before: PathBuf,

    /// Folder with the rules that are compared; without it BEFORE is, with those that came with
    /// this program
    #[arg(value_name = "AFTER")]
    after: Option<PathBuf>,

    /// Moment that the rules must hold at, such as 2026-09-15T09:00; without it now
    #[arg(long, value_parser = Timestamp::parse, value_name = "MOMENT")]
    on: Option<Timestamp>,

    /// Write out every exact region, also where there are many
    #[arg(long)]
    regions: bool,
}

/// Compares two sets of rules.
pub(super) fn diff(args: &DiffArgs, out: Output) -> Result<Exit, Failure> {
    let (before, after) = if let Some(after) = &args.after {
        (Pack::load(&args.before)?, Pack::load(after)?)
    } else {
        note_base(Some(&args.before), "policy diff RULES DRAFT", out)?;
        (Pack::builtin()?, Pack::load(&args.before)?)
    };
    let found = Comparison::of(&before, &after, args.on.unwrap_or_else(now))
        .map_err(|error| Failure::new(error.reason(), error))?;
    let shown = found.shown();
    say(&shown, args.regions, out);
    out.json(&shown)?;
    Ok(Exit::Done)
}

/// Prints a comparison: what opens, what closes, what is decided otherwise.
pub(super) fn say(shown: &ComparisonShown, regions: bool, out: Output) {
    let parts = [
        (&shown.newly_permitted, yellow(out.tr("Gaat open", "Opens"))),
        (&shown.newly_refused, red(out.tr("Gaat dicht", "Closes"))),
        (&shown.changed, bold(out.tr("Wordt anders beslist", "Is decided otherwise"))),
    ];
    for one in &shown.left_out {
        let left_out =
            out.tr("Weggelaten, want het kan niet voorkomen:", "Left out, for it cannot occur:");
        out.line(&dim(&format!("{left_out} {} [{}]", one.text.in_lang(out.lang()), one.id)));
    }
    if parts.iter().all(|(changes, _)| changes.is_empty()) {
        if !shown.left_out.is_empty() {
            let none = "Verder is er geen verschil.";
            return out.line(&green(out.tr(none, "Besides that nothing changes.")));
        }
        let same = "Geen verschil: beide beslissen overal hetzelfde.";
        out.line(&green(out.tr(same, "No change: both decide the same everywhere.")));
    }
    for (changes, title) in parts.iter().filter(|(changes, _)| !changes.is_empty()) {
        out.line(title);
        say_changes(changes, regions, out);
    }
}

/// Prints changes of one sort.
pub(super) fn say_changes(changes: &[ChangeShown], regions: bool, out: Output) {
    for change in changes {
        say_change(change, regions, out);
    }
}

fn say_change(change: &ChangeShown, regions: bool, out: Output) {
    out.line(&format!("  {}", bold(&rows(change, out))));
    if let Some(delta) = &change.becomes {
        for line in becomes(delta, out) {
            out.line(&format!("    {line}"));
        }
    }
    for own in &change.own {
        out.line(&format!("    {}", out.tr("waar", "where")));
        region(own, out);
    }
    if !change.cut_out_by.is_empty() {
        let title = out.tr("behalve waar dit blijft gelden:", "except where this still holds:");
        out.line(&format!("    {title} {}", list(&change.cut_out_by)));
    }
    let count = change.regions.len();
    let exact = match count {
        1 => out.tr("precies één gebied", "exactly one region").to_owned(),
        _ => format!("{} {count} {}", out.tr("precies", "exactly"), out.tr("gebieden", "regions")),
    };
    out.line(&format!("    {}", dim(&exact)));
    for (place, one) in (1..).zip(&change.regions).filter(|_| regions) {
        out.line(&format!("    {}", dim(&format!("[{place}]"))));
        region(one, out);
    }
}

fn rows(change: &ChangeShown, out: Output) -> String {
    let (before, after) = (&change.rows_before, &change.rows_after);
    let both: BTreeSet<_> = before.intersection(after).collect();
    let came: BTreeSet<_> = after.difference(before).collect();
    let went: BTreeSet<_> = before.difference(after).collect();
    let parts = [
        (both, out.tr("gewijzigd", "changed")),
        (came, out.tr("nieuw of gewijzigd", "new or changed")),
        (went, out.tr("vervallen of gewijzigd", "gone or changed")),
    ];
    let parts = parts.iter().filter(|(rows, _)| !rows.is_empty());
    parts.map(|(rows, what)| format!("{} {what}", list(rows))).collect::<Vec<_>>().join("; ")
}

fn list<T: Display>(items: &BTreeSet<T>) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Prints a region, a column per line.
pub(super) fn region(region: &RegionShown, out: Output) {
    if region.0.is_empty() {
        out.line(&format!("      {}", out.tr("overal", "everywhere")));
    }
    for column in &region.0 {
        out.line(&format!("      {}", column_line(column, out)));
    }
}

fn column_line(column: &ColumnShown, out: Output) -> String {
    let (not, words) = match column.except.as_slice() {
        [] => ("", column.values.as_slice()),
        except => (out.tr("niet ", "not "), except),
    };
    let codes: Vec<&str> = words.iter().map(|word| word.id.as_str()).collect();
    let words: Vec<&str> = words.iter().map(|word| word.label.in_lang(out.lang())).collect();
    let label = column.label.in_lang(out.lang());
    let or = out.tr(" of ", " or ");
    format!("{label}: {not}{} {}", words.join(or), dim(&format!("[{}]", codes.join(" "))))
}

fn becomes(delta: &Delta, out: Output) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |label: &str, text: String| lines.push(format!("{label}: {text}"));
    let yes_no = |yes: bool| out.tr(if yes { "ja" } else { "nee" }, if yes { "yes" } else { "no" });
    if let Some(step) = &delta.verdict {
        let said = |verdict: Verdict| match verdict {
            Verdict::Permit => out.tr("toegestaan", "permitted"),
            Verdict::Review => out.tr("een professional beoordeelt", "a professional decides"),
            Verdict::Refuse => out.tr("geweigerd", "refused"),
        };
        add(out.tr("uitkomst", "outcome"), arrow(step, |verdict| said(*verdict).to_owned()));
    }
    if let Some(step) = &delta.tier {
        add("tier", arrow(step, ToString::to_string));
    }
    if let Some(step) = &delta.notify {
        let label = out.tr("betrokkene inlichten", "the person is told");
        add(label, arrow(step, |yes| yes_no(*yes).to_owned()));
    }
    if let Some(step) = &delta.duty {
        let label = out.tr("antwoorden is een plicht", "replying is a duty");
        add(label, arrow(step, |yes| yes_no(*yes).to_owned()));
    }
    if let Some(step) = &delta.deadline {
        let none = || out.tr("geen", "none").to_owned();
        add(out.tr("termijn", "term"), arrow(step, |term| term.clone().unwrap_or_else(none)));
    }
    if let Some(swap) = &delta.obligations {
        add(out.tr("verplichtingen", "obligations"), swapped(swap));
    }
    if let Some(swap) = &delta.legal {
        add(out.tr("grondslagen", "grounds"), swapped(swap));
    }
    lines
}

fn arrow<T>(step: &Step<T>, said: impl Fn(&T) -> String) -> String {
    format!("{} → {}", said(&step.from), said(&step.to))
}

fn swapped<T: Display + Ord>(swap: &Swap<T>) -> String {
    let added = swap.added.iter().map(|one| format!("+ {one}"));
    let removed = swap.removed.iter().map(|one| format!("- {one}"));
    added.chain(removed).collect::<Vec<_>>().join(", ")
}
