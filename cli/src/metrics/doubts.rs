//! What reports say of each other that cannot both be so.

use grondslag_core::metrics::Count;

use super::gather::Gathered;
use super::table::{MISSED, count, seen, total};
use crate::output::Output;

/// All of it: who was asked with break glass counts
/// it too, and the broker what a node let pass.
pub(super) fn all(gathered: &Gathered, out: Output) -> Vec<String> {
    let brokers = elsewhere(gathered, out);
    glass(gathered, out).into_iter().chain(silent(gathered, out)).chain(brokers).collect()
}

/// Agencies that go by another broker than the one whose report is here.
fn elsewhere(gathered: &Gathered, out: Output) -> Vec<String> {
    let Some(watched) = &gathered.watched else { return Vec::new() };
    let reports = gathered.reports.values();
    let others = reports.filter(|signed| signed.report.broker != watched.report.oin);
    let text = out.tr("gaat uit van een andere makelaar:", "goes by another broker:");
    others.map(|one| format!("{} {text} {}", one.card.card.name, one.report.broker)).collect()
}

fn glass(gathered: &Gathered, out: Output) -> Option<String> {
    let (put, asked) = (total(gathered, "glass.put"), total(gathered, "glass.targets"));
    if put <= asked || !gathered.missing.is_empty() {
        return None;
    }
    let text = out.tr(
        "Er kwamen meer vragen met de noodknop binnen dan er volgens de rapporten zijn gesteld:",
        "More questions with break glass came in than were asked by these reports:",
    );
    Some(format!("{text} {put} > {asked}"))
}

/// Agencies that tell of fewer missed slots than the broker saw.
fn silent(gathered: &Gathered, out: Output) -> Vec<String> {
    let each = gathered.reports.values().filter_map(|signed| {
        let report = &signed.report;
        let told = count(report, MISSED).and_then(Count::told)?;
        let seen = seen(gathered, MISSED, &report.oin)?;
        (seen > told).then(|| {
            let text = out.tr(
                "zegt minder momenten te hebben gemist dan de makelaar zag:",
                "tells of fewer missed slots than the broker saw:",
            );
            format!("{} {text} {told} < {seen}", signed.card.card.name)
        })
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use grondslag_core::id::Oin;
    use grondslag_core::lang::Lang;

    use super::super::fixture::{BROKER, report, told};
    use super::*;

    #[test]
    fn who_tells_of_fewer_missed_slots_than_the_broker_saw_is_named() {
        let out = Output::new(false, Lang::En);
        for (gathered, doubted) in [
            (told(3, Some(3)), false),
            (told(4, Some(3)), false),
            (told(0, None), false),
            (told(2, Some(3)), true),
        ] {
            let doubts = all(&gathered, out);
            assert_eq!(doubts.len(), usize::from(doubted), "{doubts:?}");
            assert!(!doubted || doubts[0].contains("De Wilgen") && doubts[0].ends_with("2 < 3"));
        }
    }

    #[test]
    fn an_agency_that_goes_by_another_broker_is_named() {
        let mut gathered = told(3, Some(3));
        let mut beside = report("ha", "00000099000000004000", &[]);
        beside.report.broker = Oin::parse("00000099000000019000").unwrap();
        gathered.reports.insert(beside.report.oin.clone(), beside);
        let doubts = all(&gathered, Output::new(false, Lang::En));
        assert!(doubts.len() == 1 && doubts[0].ends_with("19000"), "{doubts:?}");
        assert!(gathered.reports.values().any(|one| one.report.broker.as_str() == BROKER));
    }
}
