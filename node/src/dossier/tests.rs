//! A joint file: what came of an escalation, as it is shown, kept and destroyed.

use std::sync::Arc;

use grondslag_core::answer::{Basis, Entry, Outcome};
use grondslag_core::catalogue::{Ground, Kind as Party, Role, RowId};
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_core::tier::Tier;
use grondslag_proto::v1;
use grondslag_proto::v1::show_dossier_request::Which;
use grondslag_proto::v1::show_dossier_response::Part;
use grondslag_subject::Bsn;

use super::assemble::{Named, person};
use super::desk::Files;
use super::service::DossierDesk;
use super::*;
use crate::asks::follow::{Followed, own};
use crate::asks::view::Stand;
use crate::fixture::{GI, KNOWN, OWN, Scene, VT, moment, oin};
use crate::limits::{DOSSIER_LOOKS_MAX, DOSSIER_PERSONS_MAX};
use crate::staff::Caller;

const CASE: [u8; 16] = [9; 16];
const ASKED: &str = "2026-09-25T13:00";
const DAY_MS: i64 = 86_400_000;

fn category(code: &str) -> Category {
    Category::parse(code).unwrap()
}

fn basis() -> Basis {
    Basis {
        rows: vec![RowId::parse("R29.1").unwrap()],
        grounds: vec![Ground::parse("jw-7.4.0-2").unwrap()],
    }
}

fn content(code: &str, texts: &[(&str, &str)]) -> Line {
    let entries = texts.iter().map(|(dated, text)| Entry {
        about: About::Child,
        dated: (!dated.is_empty()).then(|| moment(dated)),
        source: "dossier".into(),
        texts: vec![(Tier::T4, (*text).to_owned())],
        redacted: false,
    });
    let (category, tier, basis) = (category(code), Tier::T4, basis());
    Line::Content { category, tier, basis, entries: entries.collect() }
}

fn no_record(code: &str) -> Line {
    Line::NoRecord { category: category(code), basis: basis() }
}

fn refused(code: &str) -> Line {
    let (category, reason) = (category(code), Reason::WithheldAtReview);
    Line::Refused { category, basis: basis(), reason }
}

fn review(code: &str) -> Line {
    Line::Review { category: category(code), basis: basis(), until: moment("2026-09-26T13:00") }
}

fn neutral(code: &str) -> Line {
    Line::Neutral { category: category(code) }
}

fn answer(lines: Vec<Line>) -> Answer {
    Answer {
        outcome: Answer::outcome_of(&lines),
        lines,
        subject_tag: [1; 32],
        index_as_of: moment(ASKED),
        holds_unnumbered_records: false,
        unwitnessed: false,
        answer_by: moment("2026-09-26T13:00"),
        duty_phone: "088".into(),
    }
}

fn came(from: &str, reply_no: u32, lines: Vec<Line>) -> Came {
    Came {
        from: oin(from),
        reply_no,
        at: moment(ASKED).plus_ms(i64::from(reply_no)),
        answer: answer(lines),
    }
}

fn lapsed(from: &str, lines: Vec<Line>) -> Came {
    let mut came = came(from, 9, lines);
    came.answer.outcome = Outcome::Verlopen;
    came
}

fn filed(targets: &[(&str, Stand)]) -> Filed {
    let target = |(of, stand): &(&str, Stand)| FiledTarget {
        oin: oin(of),
        categories: vec![category("G05"), category("G08")],
        ended: Some(Ended { stand: *stand, reason: None, refused: vec![] }),
    };
    let inquiry = InquiryId::new([3; 16]);
    let reader = |who: &str| (StaffId::parse(who).unwrap(), Role::parse("ha.arts").unwrap());
    Filed {
        inquiry,
        case: CaseId::new(CASE),
        about: About::Child,
        asked_by: reader("regisseur"),
        signed_by: vec![reader("doorzetter")],
        purpose: Purpose::parse("D13").unwrap(),
        criteria: vec!["letsel".into()],
        necessity: "Herhaald letsel dat elke keer apart is verklaard.".into(),
        asked_at: moment(ASKED),
        answer_by: moment("2026-09-26T13:00"),
        ends: moment("2026-10-25T13:00"),
        heard: false,
        targets: targets.iter().map(target).collect(),
        child: None,
    }
}

fn shown(of: &Filed, came: &[Came], now: &str) -> (v1::DossierPerson, Vec<v1::DossierEntry>) {
    let named = |oin: &Oin| (oin.to_string(), "088".into());
    person(of, came, &[].into(), (&named, moment(now)))
}

/// Where one agency stands, and the states of its gaps.
fn stands(stand: Stand, came: &[Came], now: &str) -> (String, bool, Vec<String>) {
    let (person, _) = shown(&filed(&[(GI, stand)]), came, now);
    let [one] = person.agencies.try_into().unwrap();
    let v1::DossierAgency { standing, reviewed, gaps, .. } = one;
    (standing, reviewed, gaps.into_iter().map(|gap| gap.state).collect())
}

#[test]
fn every_agency_stands_where_its_last_words_put_it_and_a_gap_is_a_gap() {
    let (early, late) = ("2026-09-25T14:00", "2026-09-26T14:00");
    let text = [("2026-03-10", "blauwe plekken")];
    let first = |lines: Vec<Line>| came(GI, FIRST_REPLY_NO, lines);
    let given = first(vec![content("G05", &text), no_record("G08")]);
    let in_review = || first(vec![content("G05", &text), review("G08")]);
    let silent = || first(vec![neutral("G05"), neutral("G08")]);
    let replied = Stand::Replied;
    let is = |one: (String, bool, Vec<String>), standing: &str, reviewed: bool, gaps: &[&str]| {
        assert_eq!((one.0.as_str(), one.1), (standing, reviewed));
        assert_eq!(one.2, gaps, "{standing}");
    };
    is(stands(replied, &[given], early), "given", false, &["no_record"]);
    is(stands(replied, &[in_review()], early), "waiting", false, &["review"]);
    is(stands(replied, &[in_review()], late), "unheard", false, &["unheard"]);
    let told = [in_review(), lapsed(GI, vec![review("G08")])];
    is(stands(replied, &told, early), "overdue", false, &["lapsed"]);
    let told = [in_review(), came(GI, 4, vec![refused("G08")])];
    is(stands(replied, &told, late), "limited", true, &["refused"]);
    let told = [silent(), came(GI, 4, vec![refused("G05"), refused("G08")])];
    is(stands(replied, &told, late), "refused", true, &["refused", "refused"]);
    let told = [silent(), came(GI, 4, vec![content("G05", &text)])];
    is(stands(replied, &told, late), "given", true, &["neutral"]);
    let nothing = first(vec![no_record("G05"), no_record("G08")]);
    is(stands(replied, &[nothing], late), "nothing", false, &["no_record", "no_record"]);
    is(stands(replied, &[silent()], late), "neutral", false, &["neutral", "neutral"]);
    let none = ["not_reached", "not_reached"];
    is(stands(Stand::Unreachable, &[], early), "not_reached", false, &none);
    is(stands(Stand::Pending, &[], early), "waiting", false, &["none_yet", "none_yet"]);
    is(stands(Stand::Pending, &[], late), "not_reached", false, &none);
    let not_asked = stands(Stand::NotAsked, &[], early);
    assert_eq!(not_asked.0, "not_asked");
}

#[test]
fn silence_takes_back_nothing_that_was_given_and_another_agency_says_nothing_for_it() {
    let text = [("2026-03-10", "blauwe plekken")];
    let told = [
        came(GI, FIRST_REPLY_NO, vec![content("G05", &text), neutral("G08")]),
        came(GI, 3, vec![neutral("G05")]),
        came(VT, FIRST_REPLY_NO, vec![refused("G05"), refused("G08")]),
    ];
    let (standing, _, gaps) = stands(Stand::Replied, &told, "2026-09-25T14:00");
    assert_eq!((standing.as_str(), gaps), ("given", vec!["neutral".to_owned()]));
}

#[test]
fn what_was_given_stays_whatever_is_said_afterwards() {
    let of = filed(&[(GI, Stand::Replied)]);
    for (number, later) in [refused("G08"), no_record("G08"), review("G08")].into_iter().enumerate()
    {
        let told = [
            came(GI, 1, vec![content("G08", &[("2026-03-10", "blauwe plekken")])]),
            came(GI, 2, vec![later]),
        ];
        let (person, entries) = shown(&of, &told, "2026-09-25T14:00");
        assert_eq!(entries.len(), 1, "{number}");
        let gaps = &person.agencies[0].gaps;
        assert!(gaps.iter().any(|gap| gap.category == "G08"), "and what was said later: {number}");
    }
}

#[test]
fn what_did_not_fit_and_what_no_answer_speaks_for_is_told() {
    let of = filed(&[(GI, Stand::Replied)]);
    let mut one = came(GI, 1, vec![content("G08", &[("2026-03-10", "blauwe plekken")])]);
    one.answer.outcome = Outcome::DeelsVerstrekt;
    (one.answer.holds_unnumbered_records, one.answer.unwitnessed) = (true, true);
    let (person, _) = shown(&of, &[one], "2026-09-25T14:00");
    let agency = &person.agencies[0];
    assert!(agency.cut && agency.holds_unnumbered_records && agency.unwitnessed);
}

#[test]
fn whose_messages_are_missing_is_not_reached_and_why_is_told() {
    let of = filed(&[(GI, Stand::Pending)]);
    let named = |oin: &Oin| (oin.to_string(), String::new());
    let unheard = [(oin(GI), Reason::SubjectMismatch)].into();
    let at = (&named as Named<'_>, moment("2026-09-25T14:00"));
    let (person, _) = person(&of, &[], &unheard, at);
    let agency = &person.agencies[0];
    assert_eq!(
        (agency.standing.as_str(), agency.reason.as_str()),
        ("not_reached", "SUBJECT_MISMATCH")
    );
}

#[test]
fn what_the_broker_refused_by_rule_is_a_gap_with_its_article() {
    let mut of = filed(&[(GI, Stand::NotAsked)]);
    of.targets[0].ended.as_mut().unwrap().refused = vec![refused("G08")];
    let (person, _) = shown(&of, &[], "2026-09-25T14:00");
    let gap = person.agencies[0].gaps.iter().find(|gap| gap.category == "G08").unwrap();
    assert_eq!((gap.state.as_str(), gap.by.as_str()), ("refused", "broker"));
    assert_eq!(person.agencies[0].standing, "not_asked");
    let mut partly = of.clone();
    partly.targets[0].ended.as_mut().unwrap().stand = Stand::Replied;
    let told = [came(GI, 1, vec![neutral("G05")])];
    let (standing, _) = shown(&partly, &told, "2026-09-25T14:00");
    assert_eq!(standing.agencies[0].standing, "neutral", "the agency itself refused nothing");
    assert_eq!(gap.line.as_ref().unwrap().basis.as_ref().unwrap().grounds, ["jw-7.4.0-2"]);
}

#[test]
fn entries_stand_in_the_order_of_their_facts_each_with_where_it_comes_from() {
    let of = filed(&[(GI, Stand::Replied), (VT, Stand::Replied)]);
    let told = [
        came(GI, 1, vec![content("G08", &[("2026-05-30", "later"), ("", "zonder datum")])]),
        came(VT, 1, vec![content("G08", &[("2026-03-10", "eerst")]), no_record("G05")]),
    ];
    let (person, entries) = shown(&of, &told, "2026-09-25T14:00");
    let texts = entries.iter().map(|one| one.entry.as_ref().unwrap().texts[0].text.as_str());
    assert_eq!(texts.collect::<Vec<_>>(), ["eerst", "later", "zonder datum"]);
    let first = &entries[0];
    assert_eq!((first.oin.as_str(), first.tier.as_str(), first.reply_no), (VT, "T4", 1));
    assert_eq!(first.basis.as_ref().unwrap().rows, ["R29.1"]);
    let [beside] = person.beside.try_into().unwrap();
    assert_eq!((beside.category.as_str(), beside.gave.len()), ("G08", 2));
}

#[test]
fn what_one_gives_and_another_has_not_on_record_stands_side_by_side() {
    let of = filed(&[(GI, Stand::Replied), (VT, Stand::Replied)]);
    let told = [
        came(GI, 1, vec![content("G08", &[("2026-05-30", "letsel")]), no_record("G05")]),
        came(VT, 1, vec![no_record("G08"), no_record("G05")]),
    ];
    let (person, _) = shown(&of, &told, "2026-09-25T14:00");
    let [beside] = person.beside.try_into().unwrap();
    assert_eq!((beside.gave, beside.no_record), (vec![GI.to_owned()], vec![VT.to_owned()]));
}

async fn kept(agency: &Agency, of: &Filed, told: &[Came]) {
    agency.store.commit(of.file(agency, Batch::new()).await.unwrap()).await.unwrap();
    for one in told {
        let what = (&one.from, one.reply_no, &one.answer);
        let batch = with_answer(agency, Batch::new(), &of.inquiry, what).await.unwrap();
        agency.store.commit(batch).await.unwrap();
    }
}

async fn looks(agency: &Agency, who: &Caller, which: Which) -> Result<Vec<Part>, Reason> {
    Files { agency }.show(&who.person, Some(which)).await
}

fn of_case() -> Which {
    Which::CaseId(CASE.to_vec())
}

#[tokio::test]
async fn who_asked_and_who_signed_see_a_file_which_is_recorded_and_for_others_there_is_none() {
    let scene = Scene::new().await;
    let agency = &scene.agency;
    let of = filed(&[(GI, Stand::Replied)]);
    kept(agency, &of, &[came(GI, 1, vec![content("G05", &[("2026-03-10", "x")])])]).await;
    scene.clock.set(of.asked_at.plus_ms(1));
    let mut seen = 0;
    for who in ["regisseur", "doorzetter"] {
        let caller = scene.caller(who, &["ha.arts"]).await;
        let parts = looks(agency, &caller, of_case()).await.unwrap();
        assert!(matches!(parts.as_slice(), [Part::Head(_), Part::Person(_), Part::Entries(_)]));
        seen += 1;
        assert_eq!(scene.records(Kind::DossierShown).await.len(), seen, "{who}");
    }
    let other = scene.caller("collega", &["ha.arts"]).await;
    for which in [of_case(), Which::InquiryId(of.inquiry.as_bytes().to_vec())] {
        assert_eq!(looks(agency, &other, which).await.err(), Some(Reason::UnknownInquiry));
    }
    assert_eq!(
        looks(agency, &other, Which::CaseId(vec![1])).await.err(),
        Some(Reason::UnknownCase)
    );
    assert_eq!(scene.records(Kind::DossierShown).await.len(), seen);
}

#[tokio::test]
async fn a_child_stands_before_the_household_and_the_newest_before_older_ones() {
    let scene = Scene::new().await;
    let agency = &scene.agency;
    let ids = [([1; 16], About::Parent, 3), ([2; 16], About::Child, 1), ([3; 16], About::Child, 2)];
    for (id, about, day) in ids {
        let mut of = filed(&[(GI, Stand::Pending)]);
        (of.inquiry, of.about) = (InquiryId::new(id), about);
        of.asked_at = of.asked_at.plus_ms(day * DAY_MS);
        kept(agency, &of, &[]).await;
    }
    scene.clock.set(moment(ASKED).plus_ms(4 * DAY_MS));
    let caller = scene.caller("regisseur", &["ha.arts"]).await;
    let parts = looks(agency, &caller, of_case()).await.unwrap();
    let order: Vec<u8> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Person(person) => Some(person.inquiry_id[0]),
            _ => None,
        })
        .collect();
    assert_eq!(order, [3, 2, 1]);
    let (listed, more) = Files { agency }.list(&caller.person).await.unwrap();
    assert_eq!((listed.len(), more), (3, false));
    assert_eq!(listed[0].about, "parent", "the newest first");
}

#[tokio::test]
async fn a_file_is_gone_after_thirty_days_and_the_ledger_says_so() {
    let scene = Scene::new().await;
    let agency = &scene.agency;
    let of = filed(&[(GI, Stand::Replied)]);
    let long = "lang ".repeat(4_000);
    kept(agency, &of, &[came(GI, 1, vec![content("G08", &[("2026-03-10", &long)])])]).await;
    let caller = scene.caller("regisseur", &["ha.arts"]).await;
    scene.clock.set(of.ends.plus_ms(-1));
    assert_eq!(tidy(agency).await, Ok(0));
    assert!(looks(agency, &caller, of_case()).await.is_ok());
    assert!(scene.holds("lang lang").await);
    scene.clock.set(of.ends);
    assert_eq!(looks(agency, &caller, of_case()).await.err(), Some(Reason::UnknownInquiry));
    assert_eq!(tidy(agency).await, Ok(0));
    assert_eq!(scene.records(Kind::DossierForgotten).await.len(), 1);
    assert!(!scene.holds("lang lang").await);
    // What comes after that is not kept.
    kept_late(agency, &of).await;
    assert_eq!(tidy(agency).await, Ok(0));
    assert_eq!(scene.records(Kind::DossierForgotten).await.len(), 1);
}

async fn kept_late(agency: &Agency, of: &Filed) {
    let late = came(GI, 2, vec![content("G05", &[("", "laat")])]);
    let what = (&late.from, late.reply_no, &late.answer);
    let batch = with_answer(agency, Batch::new(), &of.inquiry, what).await.unwrap();
    assert!(batch.is_empty());
    // One that was on its way at that moment goes at the next round.
    let key = answer_key(&of.inquiry, &oin(OWN), 3);
    agency.store.commit(rows::put(Batch::new(), &key, &late).unwrap()).await.unwrap();
    tidy(agency).await.unwrap();
    assert_eq!(agency.store.get(&key).await, Ok(None));
}

#[tokio::test]
async fn who_lost_the_role_in_which_they_asked_sees_nothing_of_it_any_more() {
    let scene = Scene::new().await;
    let of = filed(&[(GI, Stand::Replied)]);
    kept(&scene.agency, &of, &[]).await;
    scene.clock.set(of.asked_at.plus_ms(1));
    let moved = scene.caller("regisseur", &["ha.fg"]).await;
    let refused = looks(&scene.agency, &moved, of_case()).await;
    assert_eq!(refused.err(), Some(Reason::UnknownInquiry));
}

#[tokio::test]
async fn one_that_the_broker_did_not_take_is_none_and_is_filed_anew() {
    let scene = Scene::new().await;
    let agency = &scene.agency;
    let mut of = filed(&[(GI, Stand::Pending)]);
    kept(agency, &of, &[]).await;
    let batch = without(agency, Batch::new(), &of.inquiry).await.unwrap();
    agency.store.commit(batch).await.unwrap();
    assert_eq!(outcome_due(agency, &of.case).await, Ok(None));
    // Sent twice under one id, with what ended the first time still there.
    for necessity in ["eerst", "daarna"] {
        of.necessity = necessity.into();
        kept(agency, &of, &[]).await;
    }
    let found = find(agency, &of.inquiry).await.unwrap().unwrap();
    assert_eq!(found.necessity, "daarna");
}

#[tokio::test]
async fn an_agency_that_says_more_than_anybody_does_fills_no_file_and_hinders_no_destruction() {
    let scene = Scene::new().await;
    let agency = &scene.agency;
    let (of, other) = (filed(&[(GI, Stand::Replied)]), filed(&[(VT, Stand::Replied)]));
    let other = Filed { inquiry: InquiryId::new([4; 16]), ..other };
    kept(agency, &of, &[]).await;
    kept(agency, &other, &[came(VT, 1, vec![no_record("G05")])]).await;
    let long = "\u{1}".repeat(20_000);
    for reply_no in 1..=u32::try_from(AGENCY_ANSWERS_MAX).unwrap() + 5 {
        kept_more(agency, &of, &came(GI, reply_no, vec![content("G08", &[("", &long)])])).await;
    }
    assert_eq!(answers(agency, &of.inquiry).await.unwrap().0.len(), AGENCY_ANSWERS_MAX);
    scene.clock.set(of.ends);
    assert_eq!(tidy(agency).await, Ok(0));
    assert_eq!(scene.records(Kind::DossierForgotten).await.len(), 2);
    assert_eq!(agency.store.scan(ANSWERS, None, PAGE).await.unwrap().len(), 0);
}

async fn kept_more(agency: &Agency, of: &Filed, one: &Came) {
    let what = (&one.from, one.reply_no, &one.answer);
    let batch = with_answer(agency, Batch::new(), &of.inquiry, what).await.unwrap();
    if !batch.is_empty() {
        agency.store.commit(batch).await.unwrap();
    }
}

#[tokio::test]
async fn a_row_that_is_none_hides_nothing_else_and_keeps_nothing_from_going() {
    let scene = Scene::new().await;
    let agency = &scene.agency;
    let of = filed(&[(GI, Stand::Replied)]);
    kept(agency, &of, &[came(GI, 1, vec![no_record("G05")])]).await;
    let damaged = answer_key(&of.inquiry, &oin(VT), 1);
    let other = InquiryId::new([5; 16]);
    let batch = Batch::new().put(damaged.as_slice(), b"x".as_slice());
    let batch = batch.put(key(&other), b"y".as_slice());
    let batch = batch.put(case_key(&of.case, &other), other.as_bytes().as_slice());
    agency.store.commit(batch).await.unwrap();
    scene.clock.set(of.asked_at.plus_ms(1));
    let caller = scene.caller("regisseur", &["ha.arts"]).await;
    let parts = looks(agency, &caller, of_case()).await.unwrap();
    let Some(Part::Head(head)) = parts.first() else { panic!("no head") };
    assert_eq!(head.behind, "DOSSIER_UNHEARD", "what is worse is told first");
    assert_eq!(outcome_due(agency, &of.case).await, Ok(Some(of.answer_by)));
    let ended = Ended { stand: Stand::Replied, reason: None, refused: vec![] };
    let batch = with_ends(agency, Batch::new(), &other, &[(oin(GI), ended)].into()).await;
    assert!(batch.unwrap().is_empty(), "its question ends all the same");
    scene.clock.set(of.ends);
    assert_eq!(tidy(agency).await, Ok(1), "the daily round tells of it");
    assert_eq!(scene.records(Kind::DossierForgotten).await.len(), 1);
    assert_eq!(agency.store.get(&damaged).await, Ok(None));
}

#[tokio::test]
async fn the_same_answer_again_is_kept_once_and_how_it_ended_changes_nothing_that_came() {
    let scene = Scene::new().await;
    let agency = &scene.agency;
    let of = filed(&[(GI, Stand::Pending)]);
    let one = came(GI, 1, vec![content("G05", &[("", "x")])]);
    kept(agency, &of, &[one.clone(), one]).await;
    assert_eq!(answers(agency, &of.inquiry).await.unwrap().0.len(), 1);
    let ended = Ended { stand: Stand::Replied, reason: None, refused: vec![] };
    let ended = [(oin(GI), ended)].into();
    let batch = with_ends(agency, Batch::new(), &of.inquiry, &ended).await.unwrap();
    agency.store.commit(batch).await.unwrap();
    let (filed, _) =
        rows::read::<Filed>(agency.store.as_ref(), &key(&of.inquiry)).await.unwrap().unwrap();
    assert_eq!(filed.targets[0].ended.as_ref().unwrap().stand, Stand::Replied);
    assert_eq!(answers(agency, &of.inquiry).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn the_board_shows_until_when_the_newest_escalation_about_the_child_runs() {
    let scene = Scene::new().await;
    let (agency, case) = (&scene.agency, CaseId::new(CASE));
    assert_eq!(outcome_due(agency, &case).await, Ok(None));
    for (id, about, day) in
        [([1; 16], About::Child, 0), ([2; 16], About::Child, 2), ([3; 16], About::Parent, 3)]
    {
        let mut of = filed(&[(GI, Stand::Pending)]);
        (of.inquiry, of.about) = (InquiryId::new(id), about);
        (of.asked_at, of.answer_by) =
            (of.asked_at.plus_ms(day * DAY_MS), of.answer_by.plus_ms(day * DAY_MS));
        kept(agency, &of, &[]).await;
    }
    let due = moment("2026-09-28T13:00");
    assert_eq!(outcome_due(agency, &case).await, Ok(Some(due)));
    scene.clock.set(moment("2026-10-25T13:00"));
    assert_eq!(outcome_due(agency, &case).await, Ok(None), "its term is over");
}

#[tokio::test]
async fn a_file_holds_no_more_than_so_many_escalations_the_newest_and_says_so() {
    let scene = Scene::new().await;
    let agency = &scene.agency;
    let most = u8::try_from(DOSSIER_PERSONS_MAX).unwrap();
    for number in 0..=most {
        let mut of = filed(&[(GI, Stand::Pending)]);
        of.inquiry = InquiryId::new([number; 16]);
        of.asked_at = of.asked_at.plus_ms(i64::from(number));
        kept(agency, &of, &[]).await;
    }
    scene.clock.set(moment(ASKED).plus_ms(DAY_MS));
    let caller = scene.caller("regisseur", &["ha.arts"]).await;
    let parts = looks(agency, &caller, of_case()).await.unwrap();
    let persons = parts.iter().filter_map(|part| match part {
        Part::Person(person) => Some(person.inquiry_id[0]),
        _ => None,
    });
    assert_eq!(persons.collect::<Vec<_>>(), (1..=most).rev().collect::<Vec<_>>());
    let Some(Part::Head(head)) = parts.first() else { panic!("no head") };
    assert!(head.more);
}

#[tokio::test]
async fn when_as_many_look_as_may_the_next_is_told_to_come_again() {
    let scene = Scene::new().await;
    let of = filed(&[(GI, Stand::Replied)]);
    kept(&scene.agency, &of, &[]).await;
    scene.clock.set(of.asked_at.plus_ms(1));
    let caller = scene.caller("regisseur", &["ha.arts"]).await;
    let desk = DossierDesk::new(Arc::new(scene.agency));
    let taken = desk.places.try_acquire_many(u32::try_from(DOSSIER_LOOKS_MAX).unwrap()).unwrap();
    let looked = async || desk.show(&caller.person, Some(of_case())).await;
    assert_eq!(looked().await.err(), Some(Reason::Busy));
    drop(taken);
    assert!(looked().await.is_ok());
}

/// Who handed a case over sees no more of what was asked for it, whatever became of it on the
/// board; holding the case again they do.
#[tokio::test]
async fn a_file_of_a_case_that_was_handed_over_is_seen_by_nobody_here() {
    let mut scene = Scene::new().await;
    scene.agency.kind = Party::parse("gem").unwrap();
    let scene = scene.with_own_card_as(&["gem"]).await;
    let agency = &scene.agency;
    let child = Bsn::parse(KNOWN).unwrap();
    let role = Role::parse("gem.procesregisseur").unwrap();
    let of = Filed {
        child: Some(*SubjectKey::of(&agency.secret, &child).as_bytes()),
        asked_by: (StaffId::parse("regisseur").unwrap(), role),
        ..filed(&[(GI, Stand::Replied)])
    };
    kept(agency, &of, &[came(GI, 1, vec![content("G05", &[("2026-03-10", "x")])])]).await;
    scene.clock.set(of.asked_at.plus_ms(1));
    let caller = scene.caller("regisseur", &["gem.procesregisseur"]).await;
    assert!(looks(agency, &caller, of_case()).await.is_ok());
    // Whoever of the household it is about, its asker follows it for the child's case.
    let followed = Followed {
        staff: of.asked_by.0.clone(),
        answer_by: of.answer_by,
        break_glass: false,
        escalation: true,
        targets: Vec::new(),
        informs: None,
    };
    agency.store.commit(followed.put(Batch::new(), &of.inquiry).unwrap()).await.unwrap();
    let follows = || own(agency, &of.inquiry, &followed.staff);
    assert!(follows().await.is_ok());
    let gone = barred::put(agency, Batch::new(), &child, (&oin(GI), of.asked_at)).await.unwrap();
    agency.store.commit(gone).await.unwrap();
    assert_eq!(looks(agency, &caller, of_case()).await.err(), Some(Reason::HandedOver));
    assert_eq!(follows().await.err(), Some(Reason::HandedOver));
    let back = barred::lift(agency.store.as_ref(), Batch::new(), &agency.secret, &child).await;
    agency.store.commit(back.unwrap()).await.unwrap();
    assert!(looks(agency, &caller, of_case()).await.is_ok());
}
