//! A municipality escalates: what bears it, who signs, and how long that holds.

use std::sync::Arc;

use grondslag_core::catalogue::{Kind, Role};
use grondslag_core::clock::{Clock as _, SetClock};
use grondslag_core::id::{CaseId, InquiryId};
use grondslag_core::lang::Lang;
use grondslag_core::statement::{approval_bytes, sign};
use grondslag_core::tier::Urgency;
use grondslag_proto::approved::commitment_of;

use super::*;
use crate::asks::draft::Draft;
use crate::asks::pursue::Pursuit;
use crate::asks::wish::Wish;
use crate::caseload::put_on_board;
use crate::fixture::{GI, KNOWN, Scene, UNKNOWN, VT, oin, staff_key};
use crate::staff::Caller;

const WHY: &str = "Nodig om te weten of het letsel bij de verklaring van thuis past.";
const HOUR_MS: i64 = 3_600_000;

/// A municipality with a coordinator, a colleague of hers, and somebody mandated.
struct Town {
    agency: Arc<Agency>,
    clock: Arc<SetClock>,
    coordinator: Caller,
    colleague: Caller,
    mandated: Caller,
    deputy: Caller,
}

impl Town {
    async fn new() -> Self {
        let mut scene = Scene::new().await;
        scene.agency.kind = Kind::parse("gem").unwrap();
        let scene = scene.with_own_card().await;
        let coordinator = scene.caller("regisseur", &["gem.procesregisseur"]).await;
        let colleague = scene.caller("collega", &["gem.procesregisseur"]).await;
        let mandated = scene.caller("doorzetter", &["gem.doorzetter"]).await;
        let deputy = scene.caller("waarnemer", &["gem.doorzetter"]).await;
        let Scene { agency, clock, .. } = scene;
        Self { agency: Arc::new(agency), clock, coordinator, colleague, mandated, deputy }
    }

    async fn case(&self, severity: &str) -> CaseId {
        put_on_board(&self.agency, KNOWN, severity, Urgency::Standard).await
    }

    async fn drafted(&self, wire: v1::DeskQuestion) -> Result<InquiryId, Reason> {
        let wish = Wish::parse(&self.agency, wire).await?;
        let by = &self.coordinator.person;
        Draft::create(&self.agency, by.id(), by.pseudonym(), &wish).await
    }

    /// Signs as somebody's own program does.
    async fn signs(&self, who: &Caller, role: &str, id: InquiryId) -> Result<(), Reason> {
        let draft = Draft::shown_to(&self.agency, id, &who.person).await?;
        let commitment = commitment_of(&draft.salt, &draft.wish.to_wire());
        let key = staff_key(who.person.id().as_str());
        let signature = |(_, target, categories): (_, _, &[_])| {
            sign(&key, &approval_bytes(&target, &draft.header, categories, &commitment)).to_vec()
        };
        let signatures: Vec<Vec<u8>> = draft.targets().map(signature).collect();
        let by = who.person.as_role(&Role::parse(role).unwrap())?;
        draft.approve(&self.agency, &by, &signatures).await
    }

    /// How it would leave.
    async fn leaves(&self, id: InquiryId) -> Result<Pursuit, Reason> {
        let draft = Draft::own(&self.agency, id, self.coordinator.person.id()).await?;
        Pursuit::of_draft(&self.agency, draft, Lang::Nl).await
    }

    fn pass(&self, ms: i64) {
        self.clock.set(self.clock.now().plus_ms(ms));
    }
}

fn target(of: &str, why: &str) -> v1::DeskTarget {
    let categories = vec!["G05".to_owned(), "G08".to_owned()];
    v1::DeskTarget { oin: of.to_owned(), categories, necessity: why.to_owned() }
}

fn question(case: &CaseId) -> v1::DeskQuestion {
    v1::DeskQuestion {
        subject: KNOWN.into(),
        role: "gem.procesregisseur".into(),
        purpose: "D13".into(),
        query_kind: "Q04".into(),
        targets: vec![
            target(GI, WHY),
            target(VT, "Nodig is of er een melding loopt en sinds wanneer."),
        ],
        necessity: "Herhaald letsel dat elke keer apart is verklaard en dat niemand samen ziet."
            .into(),
        facts: vec![v1::StatedFact { column: "vt_report".into(), value: "report".into() }],
        escalation: Some(v1::Escalation {
            case_id: case.as_bytes().to_vec(),
            criteria: vec!["herhaald_geweld".into(), "hulp_stokt".into()],
            about: "child".into(),
        }),
        ..v1::DeskQuestion::default()
    }
}

#[tokio::test]
async fn severity_and_urgency_are_those_of_the_case_and_each_agency_is_told_its_own_reason() {
    let town = Town::new().await;
    let wish = Wish::parse(&town.agency, question(&town.case("serious").await)).await.unwrap();
    assert_eq!(wish.facts["severity"], "serious");
    assert_eq!(wish.urgency, Urgency::Standard);
    assert_eq!(wish.why(&oin(GI)), WHY);
    assert_ne!(wish.why(&oin(VT)), WHY);
    // As it is kept, it is read again.
    let again = Wish::parse(&town.agency, wish.to_wire()).await.unwrap();
    assert_eq!((again.escalation, again.facts), (wish.escalation, wish.facts));
}

type Change = fn(&mut v1::DeskQuestion);

fn escalation(of: &mut v1::DeskQuestion) -> &mut v1::Escalation {
    of.escalation.as_mut().unwrap()
}

#[tokio::test]
async fn what_does_not_bear_an_escalation_is_refused_by_its_reason() {
    let town = Town::new().await;
    let (case, mild) = (town.case("serious").await, town.case("structural").await);
    let cases: [(Change, Reason); 14] = [
        (|q| q.escalation = None, Reason::EscalationApart),
        (|q| q.purpose = "D03".into(), Reason::EscalationApart),
        (
            |q| {
                (q.purpose, q.escalation) = ("D03".into(), None);
            },
            Reason::EscalationApart,
        ),
        (|q| q.subject = UNKNOWN.into(), Reason::EscalationCase),
        (|q| escalation(q).about = "parent".into(), Reason::EscalationCase),
        (|q| escalation(q).about = "aunt".into(), Reason::Malformed),
        (|q| escalation(q).case_id = vec![7; 16], Reason::UnknownCase),
        (|q| escalation(q).case_id.clear(), Reason::UnknownCase),
        (|q| escalation(q).criteria.truncate(1), Reason::EscalationCriteria),
        (|q| escalation(q).criteria.push("boos".into()), Reason::EscalationCriteria),
        (|q| escalation(q).criteria = vec!["letsel".into(); 17], Reason::TooLarge),
        (|q| q.targets[1].necessity.clear(), Reason::TextTooShort),
        (|q| q.urgency = "acute".into(), Reason::CaseChanged),
        (|q| q.term_minutes = 1, Reason::EscalationApart),
    ];
    for (number, (change, reason)) in cases.into_iter().enumerate() {
        let mut wire = question(&case);
        change(&mut wire);
        let refused = Wish::parse(&town.agency, wire).await.err();
        assert_eq!(refused, Some(reason), "case {number}");
    }
    let refused = Wish::parse(&town.agency, question(&mild)).await.err();
    assert_eq!(refused, Some(Reason::EscalationCase), "nobody judged it to be serious");
}

#[tokio::test]
async fn somebody_of_the_household_is_asked_about_under_a_question_of_their_own() {
    let town = Town::new().await;
    let mut wire = question(&town.case("serious").await);
    wire.subject = UNKNOWN.into();
    wire.escalation.as_mut().unwrap().about = "parent".into();
    let wish = Wish::parse(&town.agency, wire).await.unwrap();
    assert_eq!(wish.escalation.unwrap().about, About::Parent);
}

#[tokio::test]
async fn no_text_of_a_question_about_the_household_names_the_child_of_the_case() {
    let town = Town::new().await;
    // With words between its digits only whose number it is tells that it is one.
    let (first, rest) = KNOWN.split_at(4);
    let name = |text: &mut String| *text = format!("{text} {first} en dan {rest}");
    let names: [&dyn Fn(&mut v1::DeskQuestion); 2] =
        [&|q| name(&mut q.targets[1].necessity), &|q| name(&mut q.necessity)];
    for (number, names_child) in names.into_iter().enumerate() {
        let mut wire = question(&town.case("serious").await);
        wire.subject = UNKNOWN.into();
        escalation(&mut wire).about = "parent".into();
        names_child(&mut wire);
        let refused = Wish::parse(&town.agency, wire).await.err();
        assert_eq!(refused, Some(Reason::TextNamesPerson), "text {number}");
    }
}

#[tokio::test]
async fn a_draft_whose_case_was_judged_anew_or_closed_is_none_any_more() {
    let town = Town::new().await;
    for (severity, closed, reason) in
        [("acute", false, Reason::CaseChanged), ("serious", true, Reason::CaseClosed)]
    {
        let case = town.case("serious").await;
        let id = town.drafted(question(&case)).await.unwrap();
        town.signs(&town.mandated, "gem.doorzetter", id).await.unwrap();
        crate::caseload::judge_anew(&town.agency, &case, severity, closed).await;
        assert_eq!(town.leaves(id).await.err(), Some(reason), "{severity} {closed}");
        let shown = Draft::shown_to(&town.agency, id, &town.mandated.person).await;
        assert_eq!(shown.err(), Some(reason), "nor is it signed: {severity} {closed}");
    }
}

#[tokio::test]
async fn only_somebody_mandated_signs_and_nobody_their_own() {
    let town = Town::new().await;
    let id = town.drafted(question(&town.case("serious").await)).await.unwrap();
    let by_colleague = town.signs(&town.colleague, "gem.procesregisseur", id).await;
    assert_eq!(by_colleague, Err(Reason::UnknownInquiry), "a colleague does not even see it");
    let own = town.signs(&town.coordinator, "gem.procesregisseur", id).await;
    assert_eq!(own, Err(Reason::ApprovalOwn));
    assert_eq!(town.leaves(id).await.err(), Some(Reason::NeedsSecondPerson));
    town.signs(&town.mandated, "gem.doorzetter", id).await.unwrap();
    assert_eq!(town.leaves(id).await.unwrap().cosigned.len(), 1);
}

#[tokio::test]
async fn a_co_signature_holds_for_a_day_and_is_set_anew() {
    let town = Town::new().await;
    let id = town.drafted(question(&town.case("serious").await)).await.unwrap();
    town.signs(&town.mandated, "gem.doorzetter", id).await.unwrap();
    town.pass(24 * HOUR_MS - 1);
    assert!(town.leaves(id).await.is_ok());
    town.pass(1);
    assert_eq!(town.leaves(id).await.err(), Some(Reason::ApprovalStale));
    town.signs(&town.mandated, "gem.doorzetter", id).await.unwrap();
    assert!(town.leaves(id).await.is_ok());
    // It is Tuesday morning, and the outcome is due on Friday: half of the term is the agencies'.
    town.pass(12 * HOUR_MS);
    assert!(town.leaves(id).await.is_ok());
    town.pass(1);
    assert_eq!(town.leaves(id).await.err(), Some(Reason::EscalationLate));
}

#[tokio::test]
async fn of_two_who_signed_one_fresh_signature_is_enough_and_goes_alone() {
    let town = Town::new().await;
    let id = town.drafted(question(&town.case("serious").await)).await.unwrap();
    town.signs(&town.mandated, "gem.doorzetter", id).await.unwrap();
    town.pass(23 * HOUR_MS);
    town.signs(&town.deputy, "gem.doorzetter", id).await.unwrap();
    assert_eq!(town.leaves(id).await.unwrap().cosigned.len(), 2);
    town.pass(2 * HOUR_MS);
    let left = town.leaves(id).await.unwrap().cosigned;
    assert_eq!(left.iter().map(|one| one.staff.as_str()).collect::<Vec<_>>(), ["waarnemer"]);
}
