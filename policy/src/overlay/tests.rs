use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};

use super::*;
use crate::fixture::{NOW, facts, pack};

const TEXT: &str = "text = { nl = \"Eigen regel.\", en = \"Own rule.\" }";

fn load(row: &str) -> Result<Overlay, PackError> {
    let kind = Kind::parse("jha").unwrap();
    let text = format!("[[row]]\nid = \"eigen-1\"\n{TEXT}\n{row}\n");
    Overlay::load(&pack(), &kind, "overlay.toml", &text)
}

fn decide(row: &str, more: &[(&str, &str)]) -> crate::Decision {
    let pack = pack();
    let overlay = load(row).unwrap();
    pack.decide_with(&facts(&pack, more), Some(&overlay), NOW).unwrap()
}

const OPEN: (&str, &str) = ("case_fact", "stated");

#[test]
fn an_overlay_may_not_permit_or_review() {
    for outcome in ["permit", "review"] {
        let error = load(&format!("outcome = \"{outcome}\"")).unwrap_err();
        assert_eq!(error.reason(), Reason::LocalPermit);
        assert!(error.to_string().contains("overlay.toml, line 4, eigen-1"), "{error}");
    }
}

#[test]
fn an_overlay_may_hold_a_duty_but_never_deny_or_lower_it() {
    assert!(load("outcome = \"hold\"").is_ok());
    for row in ["outcome = \"deny\"", "outcome = \"lower\"\ntier_max = \"T3\""] {
        let error = load(row).unwrap_err();
        assert_eq!(error.reason(), Reason::LocalBlocksDuty, "{row}");
        assert!(error.to_string().contains("R20.1"));
    }
    assert!(load("outcome = \"lower\"\ntier_max = \"T4\"").is_ok(), "no lower than the duty");
    let aside = "outcome = \"deny\"\nwhen = { requester_kind = [\"gem\"] }";
    assert!(load(aside).is_ok(), "no duty toward the municipality here");
}

#[test]
fn an_overlay_row_counts_for_its_own_holder_only() {
    let error = load("outcome = \"hold\"\nwhen = { target_kind = [\"sch\"] }").unwrap_err();
    assert_eq!(error.problems[0].fault, Fault::NeverMatches);
    let other = decide("outcome = \"hold\"", &[OPEN, ("target_kind", "gi")]);
    assert_eq!(other.verdict, Verdict::Permit);
}

#[test]
fn a_local_deny_refuses_what_the_region_opens_and_is_named_as_local() {
    let row = "outcome = \"deny\"\nwhen = { requester_kind = [\"gem\"] }";
    let denied = decide(row, &[OPEN]);
    assert_eq!(denied.reason, Some(Reason::DeniedByRule));
    assert_eq!(denied.rows[0].as_str(), "local/eigen-1");
    let closed = decide(row, &[]);
    assert_eq!(closed.reason, Some(Reason::NoRule), "nothing was open");
}

#[test]
fn a_local_hold_makes_a_review_and_a_lower_lowers_the_tier() {
    let held = decide("outcome = \"hold\"\nobligations = [\"adres_schermen\"]", &[OPEN]);
    assert_eq!(held.verdict, Verdict::Review);
    assert_eq!(held.obligations, ["melden", "adres_schermen"]);
    let row = "outcome = \"lower\"\ntier_max = \"T1\"\nwhen = { requester_kind = [\"gem\"] }";
    let lowered = decide(row, &[OPEN]);
    assert_eq!((lowered.verdict, lowered.tier), (Verdict::Permit, Tier::T1));
    assert!(lowered.rows.iter().any(|id| id.as_str() == "local/eigen-1"));
}

#[test]
fn local_denies_and_tiers_count_for_naming_and_local_holds_do_not() {
    let pack = pack();
    let facts = facts(&pack, &[OPEN]);
    let may_name = |row: &str| pack.may_name(&facts, Some(&load(row).unwrap()), NOW);
    assert!(may_name("outcome = \"hold\""));
    let gem = "when = { requester_kind = [\"gem\"] }";
    assert!(!may_name(&format!("outcome = \"deny\"\n{gem}")));
    assert!(!may_name(&format!("outcome = \"lower\"\ntier_max = \"T1\"\n{gem}")));
}

#[test]
fn an_overlay_with_a_mistake_is_refused_with_row_and_reason() {
    for (row, fault) in [
        ("outcome = \"lower\"", Fault::Misplaced),
        ("outcome = \"hold\"\ntier_max = \"T1\"", Fault::Misplaced),
        ("outcome = \"hold\"\nduty = true", Fault::Misplaced),
        ("outcome = \"holt\"", Fault::UnknownValue),
        ("outcome = \"hold\"\nwhen = { purpose = [\"D1\"] }", Fault::UnknownValue),
        ("outcome = \"hold\"\ntypo = 1", Fault::Field),
    ] {
        let error = load(row).unwrap_err();
        assert!(error.problems.iter().any(|p| p.fault == fault), "{row}: {error}");
    }
}

#[test]
fn a_local_row_is_always_known_by_its_prefix() {
    let kind = Kind::parse("jha").unwrap();
    let id = "x".repeat(45);
    let text = format!("[[row]]\nid = \"{id}\"\n{TEXT}\noutcome = \"hold\"");
    let error = Overlay::load(&pack(), &kind, "overlay.toml", &text).unwrap_err();
    assert_eq!(error.problems[0].fault, Fault::Format);
}

#[test]
fn whatever_an_overlay_says_it_is_never_wider_than_the_region() {
    let pack = pack();
    let rows = [
        "outcome = \"hold\"",
        "outcome = \"deny\"\nwhen = { requester_kind = [\"gem\"] }",
        "outcome = \"lower\"\ntier_max = \"T1\"\nwhen = { requester_kind = [\"gem\"] }",
    ];
    for row in rows {
        let overlay = load(row).unwrap();
        for facts in crate::bench::samples(&pack, 2_000) {
            let region = pack.decide(&facts, NOW).unwrap();
            let local = pack.decide_with(&facts, Some(&overlay), NOW).unwrap();
            assert!(local.verdict >= region.verdict && local.tier <= region.tier);
            if region.duty {
                assert!(local.verdict != Verdict::Refuse && local.tier == region.tier);
            }
        }
    }
}
