use ed25519_dalek::SigningKey;

use super::*;
use crate::card::testing::unproven;
use crate::catalogue::Kind;
use crate::checkpoint::Checkpoint;
use crate::id::Digest;

fn counts(pairs: &[(&'static str, u64)]) -> BTreeMap<&'static str, u64> {
    pairs.iter().copied().collect()
}

#[test]
fn a_period_is_a_month_or_half_a_year_of_the_dutch_calendar() {
    for (text, first, next) in [
        ("2026-06", "2026-06-01", "2026-07-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-H1", "2026-01-01", "2026-07-01"),
        ("2026-H2", "2026-07-01", "2027-01-01"),
    ] {
        let period: Period = text.parse().unwrap();
        assert_eq!(period.to_string(), text);
        assert_eq!(period.start(), Ok(Timestamp::parse(first).unwrap()), "{text}");
        assert_eq!(period.end(), Ok(Timestamp::parse(next).unwrap()), "{text}");
    }
    for text in
        ["", "2026", "2026-13", "2026-00", "2026-6", "26-06", "2026-H3", "2026-06-01", "x-H1"]
    {
        assert_eq!(text.parse::<Period>(), Err(Reason::PeriodBad), "{text}");
    }
}

#[test]
fn what_is_few_or_none_is_not_told_and_the_rest_in_tens() {
    let shown = suppressed(&counts(&[("a", 0), ("b", 9), ("c", 10), ("d", 14), ("e", 15)]));
    let told: Vec<Count> = shown.into_values().collect();
    let tens = [Count::About(10), Count::About(10), Count::About(20)];
    assert_eq!(told, [[Count::Few; 2].as_slice(), &tens].concat());
}

/// The total is known to others: one count that is left out would follow from the rest.
#[test]
fn one_count_alone_is_never_left_out() {
    let shown = suppressed(&counts(&[("few", 3), ("least", 20), ("most", 90)]));
    assert_eq!((shown["few"], shown["least"]), (Count::Few, Count::Few));
    assert_eq!(shown["most"], Count::About(90));
    let whole = suppressed(&counts(&[("a", 20), ("b", 30)]));
    assert!(whole.values().all(|count| *count != Count::Few));
    assert_eq!(suppressed(&counts(&[("alone", 4)]))["alone"], Count::Few);
}

/// A report as its agency would sign it, changed before it does.
fn signed(change: impl FnOnce(&mut Report)) -> Result<(), Reason> {
    let key = SigningKey::from_bytes(&[3; 32]);
    signed_with(&key, &key, change)
}

fn signed_with(
    key: &SigningKey,
    ledger: &SigningKey,
    change: impl FnOnce(&mut Report),
) -> Result<(), Reason> {
    let mut report = report(ledger, OWN);
    change(&mut report);
    let signature = hex::encode(statement::sign(key, &report.canonical()));
    SignedReport { report, card: card(&SigningKey::from_bytes(&[3; 32]), "sch"), signature }
        .check(REGION)
}

const REGION: &str = "region";
const OWN: &str = "00000099000000001000";
const BROKER: &str = "00000099000000009000";
const OTHER: &str = "00000099000000003000";

fn report(ledger: &SigningKey, whose: &str) -> Report {
    let oin = Oin::parse(OWN).unwrap();
    let origin = Origin::of_member(REGION, &Oin::parse(whose).unwrap(), "node", 1).unwrap();
    let head = Checkpoint { origin: origin.clone(), size: 9, root: Digest::of(b"root") };
    let period: Period = "2026-06".parse().unwrap();
    Report {
        format: FORMAT.into(),
        region: REGION.into(),
        oin,
        broker: Oin::parse(BROKER).unwrap(),
        period,
        made_at: period.end().unwrap(),
        counts: BTreeMap::from([("asked".into(), Count::Exact(3))]),
        counted: Counted { origin, from: 2, until: 9, checkpoint: head.sign(ledger).note() },
        knows: BTreeMap::new(),
    }
}

fn card(key: &SigningKey, kind: &str) -> SignedCard {
    let (oin, kind) = (Oin::parse(OWN).unwrap(), Kind::parse(kind).unwrap());
    unproven(&oin, kind, "School", key.verifying_key().to_bytes())
}

/// Whatever an agency signs: its ledger must reach as far as it says that it counted.
#[test]
fn a_report_that_its_agency_signed_must_fit_its_card_its_period_and_its_own_ledger() {
    let (key, another) = (SigningKey::from_bytes(&[3; 32]), SigningKey::from_bytes(&[4; 32]));
    assert_eq!(signed(|_| {}), Ok(()));
    let invalid = Err(Reason::MetricsInvalid);
    for (what, checked) in [
        ("another's ledger", signed(|it| it.counted = report(&key, OTHER).counted)),
        ("a head by another", signed_with(&key, &another, |_| {})),
        ("a head that is shorter", signed(|it| it.counted.until = 10)),
        (
            "another origin than the head's",
            signed(|it| {
                let own = Oin::parse(OWN).unwrap();
                it.counted.origin = Origin::of_member(REGION, &own, "node", 2).unwrap();
            }),
        ),
        ("no head", signed(|it| it.counted.checkpoint.clear())),
        ("backwards", signed(|it| it.counted.from = 10)),
        ("before its end", signed(|it| it.made_at = it.made_at.plus_ms(-1))),
        ("another's", signed(|it| it.oin = Oin::parse(OTHER).unwrap())),
        (
            "another's, with its ledger",
            signed(|it| {
                it.oin = Oin::parse(OTHER).unwrap();
                it.counted = report(&key, OTHER).counted;
            }),
        ),
        ("another form", signed(|it| it.format.push('2'))),
        (
            "too much",
            signed(|it| {
                let more = (0..=MEASURES_MAX).map(|at| (at.to_string(), Count::Few));
                it.counts.extend(more);
            }),
        ),
        ("another key", signed_with(&another, &key, |_| {})),
    ] {
        assert_eq!(checked, invalid, "{what}");
    }
    assert_eq!(signed(|it| it.region = "another".into()), Err(Reason::MetricsRegion));
}

/// The region's own ledger is the broker's, and no agency's.
#[test]
fn a_broker_counts_from_the_ledger_of_the_region_and_an_agency_from_its_own() {
    let key = SigningKey::from_bytes(&[3; 32]);
    let oin = Oin::parse(OWN).unwrap();
    let member = Origin::of_member(REGION, &oin, "node", 1).unwrap();
    let broker = Origin::of_broker(REGION, 1).unwrap();
    for (kind, origin, fits) in [
        (Kind::BROKER, &broker, true),
        (Kind::BROKER, &member, false),
        ("sch", &broker, false),
        ("sch", &member, true),
    ] {
        let head = Checkpoint { origin: origin.clone(), size: 9, root: Digest::of(b"root") };
        let checkpoint = head.sign(&key).note();
        let counted = Counted { origin: origin.clone(), from: 2, until: 9, checkpoint };
        let signed = Report { counted, ..report(&key, OWN) }.sign(card(&key, kind), &key);
        assert_eq!(signed.check(REGION).is_ok(), fits, "{kind} {origin:?}");
    }
}
