//! Reading reports: each is verified by its card, and the card by the region's root.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use grondslag_certs::root::Root;
use grondslag_core::id::Oin;
use grondslag_core::metrics::{Period, SignedReport};
use grondslag_core::reason::Reason;
use serde_json::json;

use super::table;
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
    let doubts = table::doubts(&gathered, out);
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
/// than the first one's, `METRICS_TWICE` for a second one of the same agency.
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
    let period = period.ok_or(Failure::from(Reason::PeriodBad))?;
    let known = reports.values().chain(&watched).flat_map(|signed| signed.report.knows.clone());
    let missing = known.filter(|(oin, _)| !reports.contains_key(oin)).collect();
    Ok(Gathered { period, reports, watched, missing })
}
