//! Reports of a school and a broker, as their tests need them.

use std::collections::BTreeMap;

use grondslag_core::card::testing::unproven;
use grondslag_core::catalogue::Kind;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::metrics::{Count, Counted, FORMAT, Report, SignedReport};

use super::gather::Gathered;
use super::table::{MISSED, UNREACHED};

pub(super) const BROKER: &str = "00000099000000009000";
pub(super) const SCHOOL: &str = "00000099000000003000";

/// A report with these counts.
pub(super) fn report(kind: &str, oin: &str, counts: &[(&str, u64)]) -> SignedReport {
    let (oin, at) = (Oin::parse(oin).unwrap(), Timestamp::from_ms(0));
    let card = unproven(&oin, Kind::parse(kind).unwrap(), "De Wilgen", [0; 32]);
    let counts = counts.iter().map(|(name, count)| ((*name).into(), Count::Exact(*count)));
    let origin = Origin::of_broker("region", 1).unwrap();
    let report = Report {
        format: FORMAT.into(),
        region: "region".into(),
        oin,
        broker: Oin::parse(BROKER).unwrap(),
        period: "2026-06".parse().unwrap(),
        made_at: at,
        counts: counts.collect(),
        counted: Counted { origin, from: 0, until: 0, checkpoint: String::new() },
        knows: BTreeMap::new(),
    };
    SignedReport { report, card, signature: String::new() }
}

/// What a school tells that it missed, and what the broker saw, if it is asked.
pub(super) fn told(told: u64, saw: Option<u64>) -> Gathered {
    let school = report("sch", SCHOOL, &[(MISSED, told)]);
    let saw = saw.map(|saw| {
        let names = [MISSED, UNREACHED].map(|what| format!("{what}.{SCHOOL}"));
        let counts: Vec<_> = names.iter().map(|name| (name.as_str(), saw)).collect();
        report("broker", BROKER, &counts)
    });
    Gathered {
        period: school.report.period,
        reports: BTreeMap::from([(school.report.oin.clone(), school)]),
        watched: saw,
        missing: BTreeMap::new(),
    }
}
