//! Budgets of a practice: two questions a day of one person and three of all, here.

use std::collections::BTreeMap;
use std::sync::Arc;

use grondslag_core::answer::Basis;
use grondslag_core::catalogue::Category;
use grondslag_core::id::{InquiryId, Pseudonym};
use grondslag_core::inquiry::Approver;
use grondslag_core::lang::Lang;
use grondslag_core::tier::{Level, Urgency};
use grondslag_evidence::store::faulty::Fault;
use grondslag_proto::v1;
use grondslag_runtime::config::Within;
use grondslag_subject::Bsn;
use tokio::sync::mpsc;

use super::*;
use crate::asks::compose::{Cosigned, header, inquiry};
use crate::asks::follow::Followed;
use crate::asks::inquiries::{Closed, Stage, record_asked, record_closed};
use crate::asks::pursue::Pursuit;
use crate::asks::wish::{Subject, Wish};
use crate::config::AsksSection;
use crate::fixture::{GI, KNOWN, Scene, VT, moment, oin};
use crate::own_view::asked::Came;
use crate::recorded::Kind;

async fn scene() -> Scene {
    let mut scene = Scene::new().await;
    let (person_per_day, agency_per_day) = (Within::clamped(2), Within::clamped(3));
    scene.agency.budget = AsksSection { person_per_day, agency_per_day, ..AsksSection::default() };
    scene
}

/// A question that somebody is about to ask.
struct Plea {
    staff: &'static str,
    purpose: &'static str,
    second: bool,
    break_glass: bool,
}

const ALONE: Plea = Plea { staff: "one", purpose: "D04", second: false, break_glass: false };
const TOGETHER: Plea = Plea { second: true, ..ALONE };

impl Plea {
    fn wish(&self) -> Wish {
        let asked = vec![Category::parse("G05").unwrap()];
        Wish {
            subject: Subject::Person(Bsn::parse(KNOWN).unwrap()),
            role: "ha.arts".to_owned().try_into().unwrap(),
            purpose: self.purpose.to_owned().try_into().unwrap(),
            kind: "Q02".to_owned().try_into().unwrap(),
            urgency: Urgency::Standard,
            level: Level::Person,
            break_glass: self.break_glass,
            grounds: vec![],
            targets: vec![(oin(VT), asked.clone()), (oin(GI), asked)],
            necessity: "Nodig om de veiligheid van het kind te beoordelen.".into(),
            reference: String::new(),
            facts: BTreeMap::new(),
            term_minutes: 0,
            carries: None,
            escalation: None,
        }
    }

    fn cosigned(&self, agency: &Agency) -> Vec<Cosigned> {
        let approver = Approver {
            pseudonym: Pseudonym::new([9; 16]),
            role: "ha.arts".to_owned().try_into().unwrap(),
            mandate_until: agency.clock.now().plus_ms(86_400_000),
            public_key: [1; 32],
            vouched: [0; 64],
        };
        let commitment = Digest::new([7; 32]);
        let staff = StaffId::parse("collega").unwrap();
        let one = Cosigned { staff, approver, commitment, signatures: vec![[1; 64]; 2] };
        if self.second { vec![one] } else { vec![] }
    }

    fn asked(&self, agency: &Agency) -> (Inquiry, Summary) {
        let (wish, now, cosigned) = (self.wish(), agency.clock.now(), self.cosigned(agency));
        let staff = Pseudonym::new([4; 16]);
        let header = header(agency, staff, &wish, now, now.plus_ms(86_400_000), &cosigned);
        let summary = self.summary(&wish, now);
        let inquiry = inquiry(agency, summary.id, 1, header, &wish, &cosigned, None);
        (inquiry.unwrap().inquiry.unwrap(), summary)
    }

    fn summary(&self, wish: &Wish, now: Timestamp) -> Summary {
        Summary {
            id: InquiryId::new(crate::random::random().unwrap()),
            asked_at: now,
            staff: StaffId::parse(self.staff).unwrap(),
            role: wish.role.clone(),
            purpose: wish.purpose.clone(),
            targets: 2,
            replied: 0,
            stage: Stage::Asked,
        }
    }
}

async fn ask(scene: &Scene, plea: &Plea) -> Result<Counted, Reason> {
    let (inquiry, summary) = plea.asked(&scene.agency);
    record_asked(
        &scene.agency,
        &inquiry,
        (&summary, &Subject::Person(Bsn::parse(KNOWN).unwrap()), None),
        Batch::new(),
    )
    .await
}

/// How asking ends: nothing, or why not.
async fn tried(scene: &Scene, plea: &Plea) -> Option<Reason> {
    ask(scene, plea).await.err()
}

async fn kept(scene: &Scene, days: u32) -> Vec<Tally> {
    let (store, now) = (scene.agency.store.as_ref(), scene.agency.clock.now());
    tallies(store, now, days).await.unwrap().0
}

#[tokio::test]
async fn a_person_has_a_budget_per_purpose_and_over_it_nothing_is_recorded() {
    let scene = scene().await;
    assert_eq!(tried(&scene, &ALONE).await, None);
    assert_eq!(tried(&scene, &ALONE).await, None);
    let (size, before) = (scene.agency.ledger.size().await.unwrap(), kept(&scene, 1).await);
    assert_eq!(tried(&scene, &ALONE).await, Some(Reason::BudgetExceeded));
    assert_eq!(scene.agency.ledger.size().await.unwrap(), size);
    assert_eq!(kept(&scene, 1).await, before);
    assert_eq!(tried(&scene, &Plea { purpose: "D05", ..ALONE }).await, None);
    assert_eq!(tried(&scene, &Plea { staff: "two", ..ALONE }).await, None);
}

#[tokio::test]
async fn the_agency_has_a_budget_however_many_people_it_has() {
    let scene = scene().await;
    for staff in ["one", "two", "three"] {
        assert_eq!(tried(&scene, &Plea { staff, ..ALONE }).await, None);
    }
    let fourth = tried(&scene, &Plea { staff: "four", ..ALONE }).await;
    assert_eq!(fourth, Some(Reason::BudgetExceeded));
}

#[tokio::test]
async fn the_next_dutch_day_starts_anew() {
    let scene = scene().await;
    scene.clock.set(moment("2026-09-15T23:59"));
    for expected in [None, None, Some(Reason::BudgetExceeded)] {
        assert_eq!(tried(&scene, &ALONE).await, expected);
    }
    scene.clock.set(moment("2026-09-16T00:00"));
    assert_eq!(tried(&scene, &ALONE).await, None);
    let days: Vec<_> = kept(&scene, 2).await.iter().map(|tally| tally.day.to_string()).collect();
    assert_eq!(days, ["2026-09-16", "2026-09-15"]);
}

#[tokio::test]
async fn a_second_person_lets_a_question_over_budget_through_and_it_counts() {
    let scene = scene().await;
    for _ in 0..4 {
        assert_eq!(tried(&scene, &TOGETHER).await, None);
    }
    let tally = &kept(&scene, 1).await[0];
    assert_eq!((tally.questions, tally.over_budget), (4, 2));
    assert_eq!(scene.records(Kind::Alarm).await.len(), 2, "the privacy officer hears of each");
    let other = tried(&scene, &Plea { staff: "two", ..ALONE }).await;
    assert_eq!(other, Some(Reason::BudgetExceeded), "they filled the agency's budget");
}

#[tokio::test]
async fn an_approval_at_one_of_two_targets_is_not_enough() {
    let scene = scene().await;
    let (wish, now) = (TOGETHER.wish(), scene.agency.clock.now());
    let mut cosigned = TOGETHER.cosigned(&scene.agency);
    cosigned[0].signatures.truncate(1);
    let staff = Pseudonym::new([4; 16]);
    let header = header(&scene.agency, staff, &wish, now, now.plus_ms(86_400_000), &cosigned);
    let mut ends = Vec::new();
    for _ in 0..3 {
        let summary = TOGETHER.summary(&wish, now);
        let (id, header) = (summary.id, header.clone());
        let inquiry = inquiry(&scene.agency, id, 1, header, &wish, &cosigned, None).unwrap();
        let inquiry = inquiry.inquiry.unwrap();
        let asked = record_asked(
            &scene.agency,
            &inquiry,
            (&summary, &Subject::Person(Bsn::parse(KNOWN).unwrap()), None),
            Batch::new(),
        )
        .await;
        ends.push(asked.err());
    }
    assert_eq!(ends, [None, None, Some(Reason::BudgetExceeded)]);
}

#[tokio::test]
async fn questions_that_race_lose_no_count() {
    let scene = scene().await;
    let other = Plea { staff: "two", ..ALONE };
    let raced = tokio::join!(
        tried(&scene, &ALONE),
        tried(&scene, &ALONE),
        tried(&scene, &ALONE),
        tried(&scene, &other),
        tried(&scene, &other),
    );
    let all = [raced.0, raced.1, raced.2, raced.3, raced.4];
    assert_eq!(all.iter().filter(|refused| refused.is_none()).count(), 3, "{all:?}");
    let counted: u64 = kept(&scene, 1).await.iter().map(|tally| tally.questions).sum();
    assert_eq!(counted, 3);
}

#[tokio::test]
async fn invariant_06_a_question_that_cannot_be_counted_does_not_go_out() {
    for (fault, counted) in [(Fault::Lost, 0), (Fault::Landed, 1)] {
        let scene = scene().await;
        scene.store.fail_commit(1, fault);
        assert_eq!(tried(&scene, &ALONE).await, Some(Reason::StoreUnwritable), "{fault:?}");
        let kept = kept(&scene, 1).await.iter().map(|tally| tally.questions).sum::<u64>();
        assert_eq!(kept, counted, "{fault:?}");
    }
}

#[tokio::test]
async fn a_draft_that_was_sent_meanwhile_is_no_question_and_does_not_count() {
    let scene = scene().await;
    let (inquiry, summary) = ALONE.asked(&scene.agency);
    let gone = Batch::new().expect_value("n/d/gone", "draft");
    let refused = record_asked(
        &scene.agency,
        &inquiry,
        (&summary, &Subject::Person(Bsn::parse(KNOWN).unwrap()), None),
        gone,
    )
    .await;
    assert_eq!(refused.err(), Some(Reason::UnknownInquiry));
    assert!(kept(&scene, 1).await.is_empty());
}

/// The broker of the scene cannot be reached: what it says shows whether it was tried.
#[tokio::test]
async fn over_budget_nothing_is_sent() {
    let Scene { mut agency, .. } = scene().await;
    agency.budget.person_per_day = Within::clamped(1);
    let agency = Arc::new(agency);
    let mut refusals = Vec::new();
    for _ in 0..2 {
        let (wish, now) = (ALONE.wish(), agency.clock.now());
        let staff = Pseudonym::new([4; 16]);
        let header = header(&agency, staff, &wish, now, now.plus_ms(86_400_000), &[]);
        let (summary, agency) = (ALONE.summary(&wish, now), agency.clone());
        let (cosigned, draft, lang) = (vec![], None, Lang::En);
        let (events, mut received) = mpsc::channel(8);
        Pursuit { agency, wish, header, cosigned, summary, draft, lang }.run(events).await;
        while let Some(event) = received.recv().await {
            if let Some(v1::desk_event::Event::Refusal(refusal)) = event.event {
                refusals.push(refusal.reason);
            }
        }
    }
    assert_eq!(refusals, ["UNREACHABLE", "BUDGET_EXCEEDED"]);
}

#[tokio::test]
async fn a_tally_says_how_much_was_asked_and_when_and_nothing_of_a_child() {
    let scene = scene().await;
    let glass = Plea { break_glass: true, ..ALONE };
    for (time, plea) in [("21:59", &ALONE), ("22:00", &glass)] {
        scene.clock.set(moment(&format!("2026-09-15T{time}")));
        assert_eq!(tried(&scene, plea).await, None);
    }
    for (time, night) in [("05:59", 1), ("06:00", 1)] {
        scene.clock.set(moment(&format!("2026-09-16T{time}")));
        assert_eq!(tried(&scene, &ALONE).await, None);
        assert_eq!(kept(&scene, 1).await[0].night, night, "{time}");
    }
    let first = kept(&scene, 2).await.pop().unwrap();
    assert_eq!((first.questions, first.targets), (2, 4));
    assert_eq!((first.night, first.break_glass, first.over_budget), (1, 1, 0));
    let pairs = scene.agency.store.scan(b"n/b/", None, 10).await.unwrap();
    assert_eq!(pairs.len(), 4);
    let told = |pair: &[u8]| pair.windows(KNOWN.len()).any(|part| part == KNOWN.as_bytes());
    assert!(!pairs.iter().any(|pair| told(&pair.value) || told(&pair.key)));
}

fn followed() -> Followed {
    let staff = StaffId::parse("one").unwrap();
    let (answer_by, targets) = (Timestamp::from_ms(2), vec![]);
    Followed { staff, answer_by, break_glass: false, escalation: false, targets, informs: None }
}

fn closed<'a>(summary: &'a Summary, counted: &'a Counted) -> Closed<'a> {
    let (processing, attested, came) = (Vec::new(), Vec::new(), Came::new());
    Closed {
        summary,
        counted,
        processing,
        attested,
        came,
        ended: [].into(),
        break_glass: false,
        taken_by: None,
    }
}

fn answer(lines: Vec<Line>) -> Answer {
    Answer {
        outcome: Answer::outcome_of(&lines),
        lines,
        subject_tag: [0; 32],
        index_as_of: Timestamp::from_ms(1),
        holds_unnumbered_records: false,
        unwitnessed: false,
        answer_by: Timestamp::from_ms(2),
        duty_phone: "000".into(),
    }
}

#[tokio::test]
async fn answers_count_and_one_that_says_something_is_not_neutral() {
    let scene = scene().await;
    let counted = ask(&scene, &ALONE).await.unwrap();
    let category = || Category::parse("G05").unwrap();
    let neutral = || Line::Neutral { category: category() };
    let said = Line::NoRecord { category: category(), basis: Basis::default() };
    let answers = [answer(vec![neutral(), neutral()]), answer(vec![neutral(), said])];
    // A question is asked between our look and our write: neither is lost.
    let (_, line) = ALONE.asked(&scene.agency);
    let followed = followed();
    let closing = record_closed(&scene.agency, closed(&line, &counted), answers.iter(), &followed);
    let (counting, asked) = tokio::join!(closing, tried(&scene, &ALONE));
    assert_eq!((counting, asked), (Ok(()), None));
    let tally = &kept(&scene, 1).await[0];
    assert_eq!((tally.questions, tally.replies, tally.neutral), (2, 2, 1));
    scene.store.fail_commit(1, Fault::Lost);
    let failed =
        record_closed(&scene.agency, closed(&line, &counted), answers.iter(), &followed).await;
    assert_eq!(failed, Err(Reason::StoreUnwritable));
}

#[tokio::test]
async fn counts_are_kept_as_long_as_anybody_may_ask_for_them() {
    let scene = scene().await;
    scene.clock.set(moment("2026-10-01T12:00"));
    let counted = ask(&scene, &ALONE).await.unwrap();
    // The thirty-first day, the day itself included.
    scene.clock.set(moment("2026-10-31T12:00"));
    let (store, now) = (scene.agency.store.as_ref(), scene.agency.clock.now());
    assert_eq!(forget_old(store, now).await, Ok(0));
    assert_eq!((kept(&scene, 30).await.len(), kept(&scene, 31).await.len()), (0, 1));
    scene.clock.set(moment("2026-11-01T00:00"));
    let now = scene.agency.clock.now();
    assert_eq!(forget_old(store, now).await, Ok(2));
    assert!(store.scan(b"n/b/", None, 10).await.unwrap().is_empty());
    let (_, line) = ALONE.asked(&scene.agency);
    assert_eq!(
        record_closed(&scene.agency, closed(&line, &counted), [].iter(), &followed()).await,
        Ok(())
    );
    assert!(kept(&scene, 31).await.is_empty(), "and does not come back");
}
