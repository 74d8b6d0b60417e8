//! Reading reports: each is verified by its card, and the card by the region's root.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use grondslag_certs::root::Root;
use grondslag_core::id::Oin;
use grondslag_core::metrics::{Period, SignedReport};
use grondslag_core::reason::Reason;
use serde_json::json;

use super::{doubts, table};
use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::{METRICS_FILE_BYTES_MAX, METRICS_FILES_MAX};
use crate::output::Output;

/// The reports of one period, and whose are missing.
pub(super) struct Gathered {
    pub(super) period: Period,
    pub(super) reports: BTreeMap<Oin, SignedReport>,
    /// What the broker saw of them, if its report is here.
    pub(super) watched: Option<SignedReport>,
    /// Agencies that others, or the broker, know and of which no report is here.
    pub(super) missing: BTreeMap<Oin, String>,
}

/// Verifies and shows. A report that does not hold ends it: a table without it would be read as
/// whole.
pub(super) fn run(files: &[PathBuf], root: &Path, out: Output) -> Result<Exit, Failure> {
    let root = Root::load(root)?;
    let gathered = gather(files, &root)?;
    for line in table::lines(&gathered, out) {
        out.line(&line);
    }
    let reports: Vec<_> = gathered.reports.values().map(|signed| &signed.report).collect();
    let missing = gathered.missing.iter().map(|(oin, name)| json!({ "oin": oin, "name": name }));
    let missing: Vec<_> = missing.collect();
    let doubts = doubts::all(&gathered, out);
    out.json(&json!({
        "period": gathered.period,
        "reports": reports,
        "watched": gathered.watched.as_ref().map(|signed| &signed.report),
        "missing": missing,
        "doubts": doubts,
    }))?;
    let whole = gathered.missing.is_empty() && doubts.is_empty();
    Ok(if whole { Exit::Done } else { Exit::Refused })
}

/// Reads reports of one period, one of each agency.
///
/// # Errors
/// For the file at fault: `METRICS_INVALID`, `METRICS_REGION`, `METRICS_PERIOD` for another period
/// than the first one's, `METRICS_TWICE` for a second one of the same agency, or of a
/// broker, `METRICS_BROKER` for one of a broker that none of the agencies goes by.
pub(super) fn gather(files: &[PathBuf], root: &Root) -> Result<Gathered, Failure> {
    if files.len() > METRICS_FILES_MAX {
        return Err(Reason::TooLarge.into());
    }
    let region = root.fingerprint().to_string();
    let (mut period, mut reports, mut watched) = (None, BTreeMap::new(), None);
    for file in files {
        let at_fault = |reason: Reason| Failure::new(reason, file.display().to_string());
        let text = read_text(file, METRICS_FILE_BYTES_MAX)?;
        let signed: SignedReport =
            serde_json::from_str(&text).map_err(|_| at_fault(Reason::MetricsInvalid))?;
        signed.check(&region).map_err(at_fault)?;
        let card = root.verify_card(&signed.card);
        let admitted = root.verify_admission(&signed.card.admission, signed.report.made_at);
        let is_member = admitted.is_ok_and(|admitted| {
            let card = &signed.card.card;
            *admitted.oin() == card.oin && admitted.admits(&card.kind, signed.report.made_at)
        });
        if card.is_err() || !is_member {
            return Err(at_fault(Reason::MetricsInvalid));
        }
        let of = *period.get_or_insert(signed.report.period);
        if signed.report.period != of {
            return Err(at_fault(Reason::MetricsPeriod));
        }
        let before = if signed.is_of_broker() {
            watched.replace(signed)
        } else {
            reports.insert(signed.report.oin.clone(), signed)
        };
        if before.is_some() {
            return Err(at_fault(Reason::MetricsTwice));
        }
    }
    check_broker(watched.as_ref(), &reports)?;
    let period = period.ok_or(Failure::from(Reason::PeriodBad))?;
    let known = reports.values().chain(&watched).flat_map(|signed| signed.report.knows.clone());
    let missing = known.filter(|(oin, _)| !reports.contains_key(oin)).collect();
    Ok(Gathered { period, reports, watched, missing })
}

/// What was seen is the word of the broker that the agencies go by, and of nobody else's who has a
/// broker's card.
fn check_broker(
    watched: Option<&SignedReport>,
    reports: &BTreeMap<Oin, SignedReport>,
) -> Result<(), Failure> {
    let Some(SignedReport { report, card, .. }) = watched else { return Ok(()) };
    if reports.is_empty() || reports.values().any(|signed| signed.report.broker == report.oin) {
        return Ok(());
    }
    Err(Failure::new(Reason::MetricsBroker, format!("{} ({})", card.card.name, report.oin)))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{report, told};
    use super::*;

    /// A key holder has a broker's card too.
    #[test]
    fn what_another_with_a_brokers_card_saw_is_not_taken() {
        let mut gathered = told(3, Some(3));
        let check = |it: &Gathered| check_broker(it.watched.as_ref(), &it.reports);
        assert!(check(&gathered).is_ok());
        let holder = Oin::parse("00000099000000019000").unwrap();
        gathered.watched.as_mut().unwrap().report.oin = holder.clone();
        assert_eq!(check(&gathered).unwrap_err().reason(), Reason::MetricsBroker);
        let mut beside = report("ha", "00000099000000004000", &[]);
        beside.report.broker = holder;
        gathered.reports.insert(beside.report.oin.clone(), beside);
        assert!(check(&gathered).is_ok(), "one of them goes by it");
    }
}
