//! The reports of all agencies side by side.

use std::collections::BTreeMap;

use grondslag_core::answer::Outcome;
use grondslag_core::id::Oin;
use grondslag_core::lang::Lang;
use grondslag_core::metrics::{Count, Report, STEPS, SignedReport};
use grondslag_core::tier::Urgency;

use super::doubts;
use super::gather::Gathered;
use crate::output::{Output, bold, dim, red, yellow};

/// Cells of a bar.
const BAR: u64 = 20;
/// Width of an agency's name, and of a count.
const NAME: usize = 32;
const CELL: usize = 10;
/// Slots in which nothing came, and questions that never reached an agency.
pub(super) const MISSED: &str = "slots.missed";
pub(super) const UNREACHED: &str = "unreached";

/// The table: a line per agency and whose is missing, how long people took, refusals per ground,
/// and what does not agree.
pub(super) fn lines(gathered: &Gathered, out: Output) -> Vec<String> {
    let mut lines = vec![
        bold(&format!("{} {}", out.tr("periode", "period"), gathered.period)),
        dim(out.tr(
            "Wat naar een kind kan wijzen staat er in tientallen (~); onder de tien staat er <10, \
             ook als het nul is.",
            "What could point at a child stands as tens (~); below ten it says <10, also when none.",
        )),
        String::new(),
        head(out),
    ];
    lines.extend(gathered.reports.values().map(|signed| row(gathered, signed)));
    lines.extend(gathered.missing.iter().map(|(oin, agency)| absent(gathered, oin, agency, out)));
    lines.push(dim(&match &gathered.watched {
        Some(signed) => format!(
            "{} {} ({})",
            out.tr(
                "gezien = gemist volgens, onbereikt = niet bereikt door:",
                "seen = missed according to, unreached = not reached by:"
            ),
            signed.card.card.name,
            signed.report.oin
        ),
        None => out
            .tr(
                "Wat de makelaar zag is er niet bij (grondslag metrics watched).",
                "What the broker saw is not among them (grondslag metrics watched).",
            )
            .to_owned(),
    }));
    for urgency in Urgency::ALL {
        let title = out.tr("na een mens gehoord binnen", "heard after a person within");
        let title = format!("{}: {title}", label(*urgency, out));
        let steps = STEPS.iter().map(|(step, _)| {
            ((*step).to_owned(), total(gathered, &format!("reviewed.{urgency}.{step}")))
        });
        lines.extend(bars(&title, &steps.collect::<Vec<_>>()));
    }
    let refused = refused(gathered);
    lines.extend(bars(out.tr("geweigerd, per grond", "refused, per ground"), &refused));
    let doubts = doubts::all(gathered, out);
    if !doubts.is_empty() {
        lines.extend([String::new(), bold(out.tr("wat niet klopt", "what does not agree"))]);
        lines.extend(doubts.iter().map(|doubt| yellow(doubt)));
    }
    lines
}

fn head(out: Output) -> String {
    let columns = [
        out.tr("acuut", "acute"),
        out.tr("dringend", "urgent"),
        out.tr("gewoon", "standard"),
        out.tr("gegeven", "given"),
        out.tr("deels", "in part"),
        out.tr("geweigerd", "refused"),
        out.tr("verlopen", "overdue"),
        out.tr("gemist", "missed"),
        out.tr("gezien", "seen"),
        out.tr("onbereikt", "unreached"),
        out.tr("noodknop", "glass"),
        out.tr("misbruik", "misuse"),
        out.tr("te laat", "late"),
    ];
    let columns: Vec<String> = columns.iter().map(|column| format!("{column:>CELL$}")).collect();
    bold(&format!("{:<NAME$}{}", "", columns.concat()))
}

/// An agency without a report; the broker may have seen something of it all the same.
fn absent(gathered: &Gathered, oin: &Oin, agency: &str, out: Output) -> String {
    let report = format!("{}{}", name(agency), out.tr("  geen rapport", "  no report"));
    let seen = [MISSED, UNREACHED].map(|what| seen(gathered, what, oin));
    match seen {
        [None, None] | [Some(0), Some(0)] => red(&report),
        [missed, unreached] => {
            let (missed, unreached) = (missed.unwrap_or(0), unreached.unwrap_or(0));
            let told = match out.lang() {
                Lang::Nl => format!(
                    "; de makelaar zag {missed} keer niets en bereikte haar {unreached} keer niet"
                ),
                Lang::En => format!(
                    "; the broker saw {missed} slots missed and did not reach it {unreached} times"
                ),
            };
            red(&format!("{report}{told}"))
        }
    }
}

/// What the broker saw of an agency; none when its report is not here.
pub(super) fn seen(gathered: &Gathered, what: &str, oin: &Oin) -> Option<u64> {
    let report = &gathered.watched.as_ref()?.report;
    Some(count(report, &format!("{what}.{oin}")).and_then(Count::told).unwrap_or(0))
}

fn row(gathered: &Gathered, signed: &SignedReport) -> String {
    let report = &signed.report;
    let agency = name(&signed.card.card.name);
    let outcome = |outcome: Outcome| format!("outcome.{outcome}");
    let plain = [
        "answered.acute".to_owned(),
        "answered.urgent".to_owned(),
        "answered.standard".to_owned(),
        outcome(Outcome::Verstrekt),
        outcome(Outcome::DeelsVerstrekt),
        outcome(Outcome::GeweigerdMetGrond),
    ];
    let plain: String = plain.iter().map(|name| cell(count(report, name))).collect();
    let wrong = |name: &str| {
        let shown = cell(count(report, name));
        if count(report, name).and_then(Count::told).is_some_and(|count| count > 0) {
            red(&shown)
        } else {
            shown
        }
    };
    let (overdue, missed) = (wrong("overdue"), wrong(MISSED));
    let seen = [MISSED, UNREACHED].map(|what| match seen(gathered, what, &report.oin) {
        Some(count @ 1..) => red(&cell(Some(Count::Exact(count)))),
        seen => cell(seen.map(Count::Exact)),
    });
    let seen = seen.concat();
    let glass = cell(count(report, "glass.uses"));
    let (misuse, late) = (wrong("glass.misuse"), wrong("glass.late"));
    format!("{agency}{plain}{overdue}{missed}{seen}{glass}{misuse}{late}")
}

/// A name in its column.
fn name(agency: &str) -> String {
    let long = agency.chars().count() >= NAME;
    let fits: String = agency.chars().take(if long { NAME - 2 } else { NAME }).collect();
    let end = if long { "…" } else { "" };
    format!("{:<NAME$}", format!("{fits}{end}"))
}

pub(super) fn count(report: &Report, name: &str) -> Option<Count> {
    report.counts.get(name).copied()
}

/// A count in its column; one that an agency of another version does not have is not none.
fn cell(count: Option<Count>) -> String {
    let shown = match count {
        Some(Count::Exact(count)) => count.to_string(),
        Some(Count::About(count)) => format!("~{count}"),
        Some(Count::Few) => "<10".to_owned(),
        None => "?".to_owned(),
    };
    format!("{shown:>CELL$}")
}

/// Of all agencies together, as far as they tell it.
pub(super) fn total(gathered: &Gathered, name: &str) -> u64 {
    let counts = gathered.reports.values().filter_map(|signed| count(&signed.report, name));
    counts.filter_map(Count::told).fold(0, u64::saturating_add)
}

fn refused(gathered: &Gathered) -> Vec<(String, u64)> {
    let mut grounds = BTreeMap::<String, u64>::new();
    let counts = gathered.reports.values().flat_map(|signed| &signed.report.counts);
    for (name, count) in counts {
        if let (Some(ground), Some(count)) = (name.strip_prefix("refused."), count.told()) {
            let all = grounds.entry(ground.to_owned()).or_default();
            *all = all.saturating_add(count);
        }
    }
    let mut grounds: Vec<(String, u64)> = grounds.into_iter().collect();
    grounds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    grounds
}

/// Counts as bars, under a title; nothing where none is told.
fn bars(title: &str, counts: &[(String, u64)]) -> Vec<String> {
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let bar = |count: u64| "█".repeat(usize::try_from(count * BAR / most).unwrap_or(0));
    let lines = counts
        .iter()
        .map(|(name, count)| format!("  {name:<20} {:>6} {}", format!("~{count}"), bar(*count)));
    [String::new(), bold(title)].into_iter().chain(lines).collect()
}

fn label(urgency: Urgency, out: Output) -> &'static str {
    match urgency {
        Urgency::Standard => out.tr("gewoon", "standard"),
        Urgency::Urgent => out.tr("dringend", "urgent"),
        Urgency::Acute => out.tr("acuut", "acute"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{SCHOOL, told};
    use super::*;

    #[test]
    fn what_the_broker_saw_of_an_agency_without_a_report_stands_with_it() {
        let out = Output::new(false, Lang::En);
        let school = Oin::parse(SCHOOL).unwrap();
        let line = |saw| absent(&told(0, saw), &school, "De Wilgen", out);
        assert!(line(Some(5)).contains("5 slots missed") && line(None).contains("no report"));
        assert!(!line(Some(0)).contains("slots missed"));
    }

    #[test]
    fn a_count_is_told_as_it_left_and_one_that_is_not_there_is_not_none() {
        let shown = |count| cell(count).trim().to_owned();
        assert_eq!(shown(Some(Count::Exact(0))), "0");
        assert_eq!(shown(Some(Count::About(30))), "~30");
        assert_eq!((shown(Some(Count::Few)).as_str(), shown(None).as_str()), ("<10", "?"));
    }

    #[test]
    fn bars_are_as_long_as_what_they_count_and_none_are_drawn_of_nothing() {
        let counts = [("24h".to_owned(), 40), ("2h".to_owned(), 20), ("15m".to_owned(), 0)];
        let lines = bars("heard within", &counts);
        let length = |line: &String| line.chars().filter(|one| *one == '█').count();
        assert_eq!(lines.iter().map(length).collect::<Vec<_>>(), [0, 0, 20, 10, 0]);
        assert!(bars("heard within", &[("2h".to_owned(), 0)]).is_empty());
    }

    #[test]
    fn a_long_name_keeps_to_its_column() {
        for agency in ["School", "Raad voor de Kinderbescherming, locatie Noord"] {
            assert_eq!(name(agency).chars().count(), NAME, "{agency}");
        }
        assert!(head(Output::new(false, Lang::En)).contains("refused"));
    }
}
