use grondslag_core::answer::Layer;

use super::*;
use crate::fixture::{NOW, facts, pack};

fn question() -> Digest {
    Digest::new([7; 32])
}

fn rule(
    more: &[(&str, &str)],
    category: &str,
    change: impl Fn(&mut Asked<'_>),
) -> (Decision, Ruled) {
    let pack = pack();
    let facts = facts(&pack, more);
    let category = Category::parse(category).unwrap();
    let mut asked = Asked {
        question: question(),
        category: &category,
        about: About::Child,
        facts: &facts,
        overlay: None,
        cap: Tier::T5,
        held: false,
        on: NOW,
    };
    change(&mut asked);
    pack.rule(&asked).unwrap()
}

fn permit(more: &[(&str, &str)], category: &str) -> Permit {
    match rule(more, category, |_| ()).1 {
        Ruled::Permit(permit) => permit,
        other => panic!("{other:?}"),
    }
}

const OPEN: (&str, &str) = ("case_fact", "stated");
const OTS: [(&str, &str); 3] =
    [("requester_role", "gi.jeugdbeschermer"), ("purpose", "D09"), ("measure", "ots")];

fn record(category: &str, about: About, day: i64, layers: &[(Tier, &str)]) -> Record {
    let layers = layers.iter();
    Record {
        category: Category::parse(category).unwrap(),
        about,
        dated: NOW.plus_ms(day * 86_400_000),
        source: "dossier".to_owned(),
        layers: layers.map(|(tier, text)| (*tier, text.parse::<Layer>().unwrap())).collect(),
    }
}

#[test]
fn a_permit_carries_question_category_and_tier() {
    let permit = permit(&[OPEN], "G05");
    assert_eq!(permit.question(), question());
    assert_eq!(permit.category().as_str(), "G05");
    assert_eq!(permit.tier(), Tier::T3);
}

#[test]
fn the_holder_takes_the_minimum_with_the_brokers_cap() {
    let (decision, ruled) = rule(&[OPEN], "G05", |asked| asked.cap = Tier::T2);
    assert_eq!(decision.tier, Tier::T2);
    assert!(matches!(ruled, Ruled::Permit(permit) if permit.tier() == Tier::T2));
}

#[test]
fn what_may_be_told_up_to_t0_only_is_refused_and_not_an_empty_release() {
    for more in [&[OPEN][..], &[OPEN, ("known_to_staff", "yes")]] {
        let (decision, ruled) = rule(more, "G05", |asked| asked.cap = Tier::T0);
        assert_eq!(decision.reason, Some(Reason::NoRule));
        assert!(matches!(ruled, Ruled::Refuse(_)));
    }
}

#[test]
fn facts_in_conflict_turn_a_permit_into_a_review_with_the_reason() {
    let (decision, ruled) = rule(&[OPEN], "G05", |asked| asked.held = true);
    assert_eq!(decision.reason, Some(Reason::FactsConflict));
    assert!(matches!(ruled, Ruled::Review(review) if review.tier() == Tier::T3));
    let (refused, _) = rule(&[], "G05", |asked| asked.held = true);
    assert_eq!(refused.reason, Some(Reason::NoRule), "a refusal stays one");
}

#[test]
fn category_and_person_of_the_call_override_those_in_the_facts() {
    let (decision, _) = rule(&[("secrecy_consent", "given")], "G16", |_| ());
    assert_eq!(decision.rows[0].as_str(), "R06.1");
    let pack = pack();
    let category = Category::parse("G99").unwrap();
    let facts = facts(&pack, &[]);
    let unknown = pack.rule(&Asked {
        question: question(),
        category: &category,
        about: About::Child,
        facts: &facts,
        overlay: None,
        cap: Tier::T5,
        held: false,
        on: NOW,
    });
    assert_eq!(unknown.unwrap_err().reason(), Reason::UnknownCategory);
}

#[test]
fn only_the_category_the_person_the_tier_and_the_past_are_released() {
    let records = [
        record(
            "G05",
            About::Child,
            -1,
            &[(Tier::T1, "zorg"), (Tier::T3, "fase"), (Tier::T4, "meer")],
        ),
        record("G05", About::Parent, -1, &[(Tier::T1, "ouder")]),
        record("G06", About::Child, -1, &[(Tier::T1, "contact")]),
        record("G05", About::Child, 1, &[(Tier::T1, "morgen")]),
        record("G05", About::Child, -2, &[(Tier::T5, "stuk")]),
    ];
    let minimised = permit(&[OPEN], "G05").minimise(&records, &[], NOW);
    assert_eq!(minimised.question(), question());
    let [entry] = minimised.entries() else {
        panic!("one entry");
    };
    assert_eq!(entry.texts, [(Tier::T1, "zorg".to_owned()), (Tier::T3, "fase".to_owned())]);
    assert_eq!(entry.source, "dossier");
    assert!(!entry.redacted);
}

#[test]
fn third_parties_and_reporters_are_always_hidden_and_places_when_asked() {
    let text = "{third:oma} belde {reporter:de buur} over {place:de Dijk 3}";
    let records = [record("G05", About::Child, -1, &[(Tier::T3, text)])];
    let told = |hide: &[Mark]| {
        let minimised = permit(&[OPEN], "G05").minimise(&records, hide, NOW);
        let entry = minimised.into_entries().remove(0);
        assert!(entry.redacted);
        entry.texts[0].1.clone()
    };
    assert_eq!(told(&[]), "(weggelaten) belde (weggelaten) over de Dijk 3");
    assert!(!told(&[Mark::Place]).contains("Dijk"));
}

#[test]
fn a_place_is_hidden_when_the_subject_is_shielded_or_a_row_obliges_to_it() {
    let records = [record("G05", About::Child, -1, &[(Tier::T3, "{place:Dijk 3}")])];
    let told = |permit: Permit| permit.minimise(&records, &[], NOW).entries()[0].texts[0].1.clone();
    assert_eq!(told(permit(&[OPEN], "G05")), "Dijk 3");
    assert_eq!(told(permit(&[OPEN, ("subject_shielded", "yes")], "G05")), "(weggelaten)");
    assert_eq!(told(permit(&OTS, "G05")), "(weggelaten)");
}

#[test]
fn below_t3_an_entry_tells_neither_date_nor_source_nor_how_many_there_are() {
    let records = [
        record("G05", About::Child, -9, &[(Tier::T1, "een zorgpartij")]),
        record("G05", About::Child, -1, &[(Tier::T1, "een zorgpartij")]),
    ];
    let (_, ruled) = rule(&[OPEN], "G05", |asked| asked.cap = Tier::T2);
    let Ruled::Permit(permit) = ruled else {
        panic!("permitted");
    };
    let entries = permit.minimise(&records, &[], NOW).into_entries();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].dated, entries[0].source.as_str()), (None, ""));
}

#[test]
fn what_is_released_does_not_show_in_debug_output() {
    let records = [record("G05", About::Child, -1, &[(Tier::T3, "geheim")])];
    let minimised = permit(&[OPEN], "G05").minimise(&records, &[], NOW);
    assert_eq!(format!("{minimised:?}"), "Minimised(…)");
}

/// A receipt as a ledger gives it, without one.
struct Lasts(Digest);

impl Durable for Lasts {
    fn about(&self) -> Digest {
        self.0
    }
}

fn review(tier: Tier) -> Review {
    match rule(&[OPEN], "G05", |asked| (asked.held, asked.cap) = (true, tier)).1 {
        Ruled::Review(review) => review,
        other => panic!("{other:?}"),
    }
}

fn approved(category: &str, tier: Tier) -> Approved {
    let given = vec![(Category::parse(category).unwrap(), About::Child, tier)];
    Approved { question: question(), given, confirmed: false, salt: [3; 32] }
}

#[test]
fn a_review_becomes_a_permit_by_a_decision_that_lasts_and_never_above_either_tier() {
    for (rule, person, permitted) in [
        (Tier::T3, Tier::T2, Tier::T2),
        (Tier::T2, Tier::T3, Tier::T2),
        (Tier::T3, Tier::T3, Tier::T3),
    ] {
        let approved = approved("G05", person);
        let permit = review(rule).approve(&approved, &Lasts(approved.digest())).unwrap();
        assert_eq!((permit.tier(), permit.question()), (permitted, question()));
    }
}

#[test]
fn a_decision_on_something_else_or_a_receipt_of_something_else_permits_nothing() {
    let right = approved("G05", Tier::T3);
    let elsewhere = Approved { question: Digest::new([8; 32]), ..right.clone() };
    let other = approved("G06", Tier::T3);
    let salted = Approved { salt: [4; 32], ..right.clone() };
    let wider = approved("G05", Tier::T4);
    let confirmed = Approved { confirmed: true, ..right.clone() };
    let parents = Approved {
        given: vec![(right.given[0].0.clone(), About::Parent, Tier::T3)],
        ..right.clone()
    };
    for (decision, receipt) in [
        (&elsewhere, elsewhere.digest()),
        (&other, other.digest()),
        (&right, salted.digest()),
        (&right, wider.digest()),
        (&right, confirmed.digest()),
        (&parents, parents.digest()),
        (&right, question()),
    ] {
        assert_eq!(review(Tier::T3).approve(decision, &Lasts(receipt)).unwrap_err(), NotApproved);
    }
    assert!(review(Tier::T3).approve(&right, &Lasts(right.digest())).is_ok(), "the control");
}

#[test]
fn a_preview_tells_what_the_permit_would_let_out() {
    let layers = [(Tier::T1, "kort"), (Tier::T2, "Bij {third:oma}."), (Tier::T4, "lang")];
    let records = [record("G05", About::Child, -1, &layers)];
    for tier in [Tier::T1, Tier::T2, Tier::T3] {
        let approved = approved("G05", Tier::T4);
        let preview = review(tier).preview(&records, NOW);
        let permit = review(tier).approve(&approved, &Lasts(approved.digest())).unwrap();
        assert_eq!(preview, permit.minimise(&records, &[], NOW).entries(), "{tier}");
        assert!(!preview.is_empty());
    }
}
