//! The meaning of the table, by example and against a naive interpreter.

use proptest::prelude::*;

use super::*;
use crate::bench::Dice;
use crate::facts::Value;
use crate::fixture::{NOW, changed, facts, pack};
use crate::table::Effect;

const OPEN: (&str, &str) = ("case_fact", "stated");

fn ids(rows: &[RowId]) -> Vec<&str> {
    rows.iter().map(RowId::as_str).collect()
}

fn decide(more: &[(&str, &str)]) -> Decision {
    let pack = pack();
    pack.decide(&facts(&pack, more), NOW).unwrap()
}

#[test]
fn a_permit_row_that_matches_permits_up_to_its_tier() {
    let decision = decide(&[OPEN]);
    assert_eq!((decision.verdict, decision.tier), (Verdict::Permit, Tier::T3));
    assert_eq!(ids(&decision.rows), ["R05.1"]);
    assert!(decision.notify && !decision.duty);
    assert_eq!(decision.deadline, Some(Term::WorkingDays(5)));
    assert_eq!(decision.notes.len(), 1);
    assert_eq!(decision.reason, None);
}

#[test]
fn without_a_matching_permit_or_review_row_it_is_refused_and_no_row_is_named() {
    let decision = decide(&[]);
    assert_eq!((decision.verdict, decision.tier), (Verdict::Refuse, Tier::T0));
    assert_eq!(decision.reason, Some(Reason::NoRule));
    assert!(decision.rows.is_empty() && decision.grounds.is_empty());
}

#[test]
fn one_deny_beats_every_permit_and_names_only_denies() {
    let decision = decide(&[OPEN, ("match", "ambiguous"), ("purpose", "D99")]);
    assert_eq!(decision.reason, Some(Reason::DeniedByRule));
    assert_eq!(ids(&decision.rows), ["R01.1", "R01.2"]);
    assert_eq!(decision.grounds.len(), 1, "the same article once");
}

#[test]
fn the_lowest_tier_wins_and_grounds_and_obligations_add_up() {
    let decision = decide(&[OPEN, ("secrecy_consent", "given")]);
    assert_eq!(decision.tier, Tier::T3);
    assert_eq!(ids(&decision.rows), ["R05.1", "R06.1"]);
    assert_eq!(decision.grounds.len(), 3);
    assert_eq!(decision.obligations, ["melden"]);
}

#[test]
fn a_hold_turns_what_is_open_into_review_and_opens_nothing() {
    let held = decide(&[OPEN, ("known_to_staff", "yes")]);
    assert_eq!(held.verdict, Verdict::Review);
    assert_eq!(ids(&held.rows), ["R05.1", "R42.1"]);
    let closed = decide(&[("known_to_staff", "yes")]);
    assert_eq!(closed.reason, Some(Reason::NoRule));
    assert!(closed.rows.is_empty());
}

#[test]
fn a_row_without_a_tier_goes_to_the_default_of_the_category() {
    let asked = |category| {
        decide(&[
            ("requester_role", "gi.jeugdbeschermer"),
            ("purpose", "D03"),
            ("target_kind", "sch"),
            ("category", category),
        ])
    };
    assert_eq!(asked("G05").tier, Tier::T1);
    assert_eq!(asked("G06").tier, Tier::T2);
}

#[test]
fn a_row_counts_from_its_first_day_to_its_last() {
    let pack = pack();
    let more =
        [("requester_role", "gi.jeugdbeschermer"), ("purpose", "D03"), ("target_kind", "sch")];
    let facts = facts(&pack, &more);
    let on = |moment| pack.decide(&facts, Timestamp::parse(moment).unwrap()).unwrap().verdict;
    assert_eq!(on("2026-06-30T23:59"), Verdict::Refuse);
    assert_eq!(on("2026-07-01T00:00"), Verdict::Permit);
    assert_eq!(on("2026-12-31T23:59"), Verdict::Permit);
    assert_eq!(on("2027-01-01T00:00"), Verdict::Refuse);
}

#[test]
fn a_proposed_row_opens_nothing() {
    let pack = pack();
    let more = [("requester_role", "gi.jeugdbeschermer"), ("purpose", "D03")];
    let decision = pack.decide(&facts(&pack, &more), NOW).unwrap();
    assert_eq!(decision.reason, Some(Reason::NoRule));
}

#[test]
fn a_deny_that_stands_only_for_want_of_a_second_person_says_so() {
    let acute = [("requester_role", "pol.jeugdagent"), ("purpose", "D12"), ("urgency", "acute")];
    assert_eq!(decide(&acute).reason, Some(Reason::NeedsSecondPerson));
    let mut signed = acute.to_vec();
    signed.push(("approvals", "second_person"));
    assert_eq!(decide(&signed).verdict, Verdict::Permit);
    let mut unsure = acute.to_vec();
    unsure.push(("match", "ambiguous"));
    assert_eq!(decide(&unsure).reason, Some(Reason::DeniedByRule));
}

#[test]
fn a_decision_on_a_fact_with_two_values_fails_closed() {
    let pack = pack();
    let mut facts = facts(&pack, &[OPEN]);
    pack.set_many(&mut facts, "about", &["child", "parent"]).unwrap();
    let error = pack.decide(&facts, NOW).unwrap_err();
    assert_eq!(error.to_string(), "about needs exactly one value");
    assert!(pack.decide(&pack.facts(), NOW).is_err());
    assert!(!pack.may_name(&pack.facts(), None, NOW));
}

/// What the broker sees of a question: sealed columns hold every value.
fn at_broker(pack: &Pack, more: &[(&str, &str)]) -> Facts {
    let mut facts = pack.facts();
    let base = [
        ("requester_role", "gem.lokaalteam"),
        ("purpose", "D01"),
        ("category", "G05"),
        ("target_kind", "jha"),
        ("query_kind", "Q02"),
        ("urgency", "standard"),
        ("approvals", "none"),
    ];
    for (column, value) in base.iter().chain(more) {
        pack.set(&mut facts, column, value).unwrap();
    }
    facts
}

#[test]
fn the_broker_forwards_what_may_be_allowed_with_the_highest_tier_as_the_cap() {
    let pack = pack();
    let could = pack.could(&at_broker(&pack, &[]), NOW);
    assert_eq!((could.verdict, could.cap), (Verdict::Permit, Tier::T4));
    assert_eq!(ids(&could.rows), ["R05.1", "R06.1"]);
}

#[test]
fn the_broker_refuses_what_no_row_reaches_and_what_one_deny_holds_wholly() {
    let pack = pack();
    let no_rule = pack.could(&at_broker(&pack, &[("target_kind", "sch")]), NOW);
    assert_eq!(no_rule.reason, Some(Reason::NoRule));
    let denied = pack.could(&at_broker(&pack, &[("purpose", "D99")]), NOW);
    assert_eq!((denied.verdict, denied.cap), (Verdict::Refuse, Tier::T0));
    assert_eq!(ids(&denied.rows), ["R01.2"]);
    assert_eq!(denied.grounds[0].as_str(), "avg-5-1-b");
    // A deny that depends on the child is not for the broker: it forwards.
    let shielded = at_broker(
        &pack,
        &[("requester_role", "gi.jeugdbeschermer"), ("purpose", "D09"), ("category", "G02")],
    );
    assert_eq!(pack.could(&shielded, NOW).verdict, Verdict::Permit);
}

#[test]
fn the_broker_expects_no_more_than_review_where_only_review_rows_reach() {
    let pack = pack();
    let mut facts = at_broker(&pack, &[("category", "G16")]);
    assert_eq!(pack.could(&facts, NOW).verdict, Verdict::Permit);
    pack.set(&mut facts, "secrecy_consent", "none").unwrap();
    let could = pack.could(&facts, NOW);
    assert_eq!((could.verdict, could.cap), (Verdict::Review, Tier::T2));
}

#[test]
fn a_hold_alone_opens_nothing_at_the_broker() {
    let pack = pack();
    let mut facts = at_broker(&pack, &[("target_kind", "sch")]);
    pack.set(&mut facts, "known_to_staff", "yes").unwrap();
    assert_eq!(pack.could(&facts, NOW).reason, Some(Reason::NoRule));
}

#[test]
fn a_refusal_may_be_named_only_to_who_may_know_of_the_involvement_at_t2() {
    let pack = pack();
    // Asked for G16, denied or not: what counts is G05 on the same facts.
    let known = facts(&pack, &[OPEN, ("category", "G16"), ("about", "parent")]);
    assert!(pack.may_name(&known, None, NOW));
    let unknown = facts(&pack, &[("category", "G16")]);
    assert!(!pack.may_name(&unknown, None, NOW));
    let masked = facts(
        &pack,
        &[("requester_role", "gi.jeugdbeschermer"), ("purpose", "D03"), ("target_kind", "sch")],
    );
    assert_eq!(pack.decide(&masked, NOW).unwrap().tier, Tier::T1);
    assert!(!pack.may_name(&masked, None, NOW), "T1 hides the agency");
    let held = facts(&pack, &[OPEN, ("known_to_staff", "yes")]);
    assert!(pack.may_name(&held, None, NOW), "hold rows are left out");
    let unsure = facts(&pack, &[OPEN, ("match", "ambiguous")]);
    assert!(!pack.may_name(&unsure, None, NOW));
}

#[test]
fn a_setting_decides_without_anybody_stating_it() {
    let row = "when = { requester_role = \"gem.lokaalteam\", purpose = \"D01\", category";
    let with = row.replace("when = {", "when = { vir_status = \"repealed\",");
    let pack = changed("table/a.toml", row, &with).unwrap();
    let decision = pack.decide(&facts(&pack, &[OPEN]), NOW).unwrap();
    assert_eq!(decision.reason, Some(Reason::NoRule));
}

/// The fixed meaning again, as plainly as it can be written.
fn naive(pack: &Pack, facts: &Facts, on: Timestamp) -> (Verdict, Tier, Vec<RowId>) {
    let rows = pack.rows().iter().filter(|row| {
        row.status == crate::catalogue::Status::InForce
            && row.window.holds(on)
            && row.region.contains(facts.region())
    });
    let matching: Vec<&Row> = rows.collect();
    let of = |effects: &[Effect]| -> Vec<&Row> {
        let rows = matching.iter().filter(|row| effects.contains(&row.effect));
        rows.copied().collect()
    };
    let ids = |rows: Vec<&Row>| rows.iter().map(|row| row.id.clone()).collect();
    let denies = of(&[Effect::Deny]);
    if !denies.is_empty() {
        return (Verdict::Refuse, Tier::T0, ids(denies));
    }
    let open = of(&[Effect::Permit, Effect::Review]);
    if open.is_empty() {
        return (Verdict::Refuse, Tier::T0, Vec::new());
    }
    let default = pack.default_tier(facts);
    let tier = open.iter().map(|row| row.tier_max.unwrap_or(default)).min().unwrap();
    let all = of(&[Effect::Permit, Effect::Review, Effect::Hold]);
    let verdict = if all.iter().all(|row| row.effect == Effect::Permit) {
        Verdict::Permit
    } else {
        Verdict::Review
    };
    (verdict, tier, ids(all))
}

/// Facts with a random set in each column that no setting fixes, and a point within.
fn random_set(pack: &Pack, dice: &mut Dice) -> (Facts, Facts) {
    let (mut set, mut point) = (pack.facts(), pack.facts());
    for (at, column) in pack.catalogue().columns().iter().enumerate() {
        if set.region().of(at).is_power_of_two() {
            continue;
        }
        let value = dice.bit_of(column.full());
        let more = match dice.below(3) {
            0 => 0,
            1 => dice.roll() & dice.roll() & column.full(),
            _ => column.full(),
        };
        set.set_mask(at, 1 << value | more);
        point.set(Value::new(at, value));
    }
    (set, point)
}

fn packs() -> Vec<Pack> {
    let mut packs = vec![pack()];
    packs.extend(Pack::builtin());
    packs
}

#[test]
fn the_index_decides_as_a_naive_interpreter_does() {
    for pack in packs() {
        let mut permitted = 0;
        for facts in crate::bench::samples(&pack, 20_000) {
            let decision = pack.decide(&facts, NOW).unwrap();
            let seen = (decision.verdict, decision.tier, decision.rows);
            permitted += u32::from(seen.0 != Verdict::Refuse);
            assert_eq!(seen, naive(&pack, &facts, NOW));
        }
        assert!(permitted > 100, "the samples must reach what is open");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_broker_never_refuses_or_caps_below_what_a_holder_may_decide(seed in 1u64..) {
        let pack = pack();
        let mut dice = Dice(seed);
        let (set, point) = random_set(&pack, &mut dice);
        let could = pack.could(&set, NOW);
        let decided = pack.decide(&point, NOW).unwrap();
        if decided.verdict != Verdict::Refuse {
            prop_assert!(could.verdict <= decided.verdict);
            prop_assert!(could.cap >= decided.tier);
        }
        if could.verdict == Verdict::Refuse {
            prop_assert_eq!(decided.verdict, Verdict::Refuse);
        }
    }
}

#[test]
fn on_the_whole_pack_the_broker_never_refuses_what_a_holder_may_permit() {
    let Ok(pack) = Pack::builtin() else {
        panic!("the pack must load");
    };
    let sealed: Vec<usize> = pack
        .catalogue()
        .columns()
        .iter()
        .enumerate()
        .filter(|(_, column)| column.visibility == Visibility::Sealed)
        .map(|(at, _)| at)
        .collect();
    for point in crate::bench::samples(&pack, 5_000) {
        let mut set = point;
        for at in &sealed {
            set.set_mask(*at, pack.catalogue().columns()[*at].full());
        }
        let (could, decided) = (pack.could(&set, NOW), pack.decide(&point, NOW).unwrap());
        assert!(could.verdict <= decided.verdict);
        assert!(could.cap >= decided.tier);
    }
}
