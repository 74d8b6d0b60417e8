//! The desk of a GP practice, called as its handlers call it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use grondslag_core::statement::{approval_bytes, approval_commitment, sign};
use grondslag_evidence::records::{Opening, Until, open};
use grondslag_subject::{Bsn, Name};

use super::*;
use crate::fixture::{KNOWN, Scene, VT, staff_key};
use crate::records::{Client, Own, SourceFault, SubjectKey};
use grondslag_core::clock::Timestamp;

const NECESSITY: &str = "Nodig om de veiligheid van het kind te beoordelen.";

/// A practice that knows the child by name.
#[derive(Debug)]
struct Names;

#[async_trait]
impl Own for Names {
    async fn names(&self, _: &Bsn) -> Result<Vec<Name>, SourceFault> {
        Ok(vec![Name::parse("Noor", "", "Terpstra").unwrap()])
    }

    async fn client(&self, _: &Bsn, _: Timestamp) -> Result<Option<Client>, SourceFault> {
        Ok(None)
    }

    async fn everybody(&self) -> Result<Vec<SubjectKey>, SourceFault> {
        Ok(Vec::new())
    }

    async fn one(&self, _: &SubjectKey, _: Timestamp) -> Result<Option<Client>, SourceFault> {
        Ok(None)
    }
}

/// A desk, its people by id, and the scene it stands in; its broker cannot be reached.
struct AtDesk {
    desk: Desk,
    scene: Scene,
    people: BTreeMap<&'static str, Caller>,
}

async fn at_desk() -> AtDesk {
    let mut scene = Scene::new().await.with_own_card().await;
    scene.agency.own = Arc::new(Names);
    let mut people = BTreeMap::new();
    for (who, role) in [("author", "ha.arts"), ("second", "ha.arts"), ("officer", "ha.fg")] {
        people.insert(who, scene.caller(who, &[role]).await);
    }
    let agency = std::mem::replace(&mut scene.agency, Scene::new().await.agency);
    AtDesk { desk: Desk::new(Arc::new(agency)), scene, people }
}

fn question(role: &str, necessity: &str) -> v1::DeskQuestion {
    v1::DeskQuestion {
        subject: KNOWN.into(),
        role: role.into(),
        purpose: "D04".into(),
        query_kind: "Q02".into(),
        targets: vec![v1::DeskTarget {
            oin: VT.into(),
            categories: vec!["G05".into()],
            ..v1::DeskTarget::default()
        }],
        necessity: necessity.into(),
        ..v1::DeskQuestion::default()
    }
}

impl AtDesk {
    fn who(&self, who: &str) -> &Caller {
        &self.people[who]
    }

    async fn draft(&self) -> Vec<u8> {
        let caller = self.who("author");
        let wire = Some(question("ha.arts", NECESSITY));
        let (wish, alias) = self.desk.wish(caller, wire).await.unwrap();
        let id = Draft::create(&self.desk.agency, caller.person.id(), alias, &wish).await;
        id.unwrap().as_bytes().to_vec()
    }

    async fn approve(&self, id: &[u8], who: &str) -> Result<(), Reason> {
        let shown = self.desk.show(self.who(who), id).await?;
        let header = shown.header.unwrap().try_into().unwrap();
        let salt: [u8; 32] = shown.salt.try_into().unwrap();
        let commitment = approval_commitment(&salt, KNOWN.as_bytes());
        let signed = |part: &v1::DraftPart| {
            let target = TargetId::from_slice(&part.target_id).unwrap();
            let categories: Vec<_> =
                part.categories.iter().map(|code| code.clone().try_into().unwrap()).collect();
            let bytes = approval_bytes(&target, &header, &categories, &commitment);
            sign(&staff_key(who), &bytes).to_vec()
        };
        let request = v1::ApproveDraftRequest {
            inquiry_id: id.to_vec(),
            signatures: shown.parts.iter().map(signed).collect(),
            role: "ha.arts".into(),
        };
        self.desk.approve(self.who(who), request).await
    }

    /// Sends a draft; why it was refused.
    async fn send(&self, id: &[u8]) -> Option<String> {
        let pursuit = self.desk.drafted(self.who("author"), id).await;
        let mut events = self.desk.start(pursuit, |event| event).unwrap().into_inner();
        let mut refused = None;
        while let Some(event) = events.next().await {
            if let Some(v1::desk_event::Event::Refusal(refusal)) = event.unwrap().event {
                refused = Some(refusal.reason);
            }
        }
        refused
    }

    async fn states(&self) -> Vec<&'static str> {
        let id = self.who("author").person.id();
        let own = inquiries::list(&self.desk.agency, id, 10).await.unwrap();
        own.iter().map(|summary| summary.stage.word()).collect()
    }
}

#[tokio::test]
async fn the_check_of_the_text_tells_nothing_to_who_may_not_ask() {
    let at = at_desk().await;
    let named = "Noor is vaak afwezig en ik wil weten of er hulp is.";
    let ask = async |who: &str, role: &str, text: &str| {
        at.desk.wish(at.who(who), Some(question(role, text))).await.err()
    };
    assert_eq!(ask("author", "ha.arts", named).await, Some(Reason::TextNamesPerson));
    assert_eq!(ask("author", "ha.arts", NECESSITY).await, None);
    for text in [named, NECESSITY] {
        assert_eq!(ask("officer", "ha.arts", text).await, Some(Reason::RoleNotHeld));
        assert_eq!(ask("author", "vt.onderzoeker", text).await, Some(Reason::RoleNotHeld));
        assert_eq!(ask("author", "ha.niemand", text).await, Some(Reason::UnknownRole));
    }
}

#[tokio::test]
async fn a_draft_is_shown_to_its_author_and_who_may_approve_it_and_each_time_recorded() {
    let at = at_desk().await;
    let id = at.draft().await;
    let before = at.desk.agency.ledger.size().await.unwrap();
    for who in ["author", "second"] {
        let shown = at.desk.show(at.who(who), &id).await.unwrap();
        assert_eq!(shown.question.unwrap().subject, KNOWN, "{who}");
    }
    assert_eq!(at.desk.show(at.who("officer"), &id).await.err(), Some(Reason::UnknownInquiry));
    let leaves = at.desk.agency.ledger.read(before, 10).await.unwrap();
    assert_eq!(leaves.len(), 2);
    let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
    let mut shown = Vec::new();
    for leaf in &leaves {
        let opened = open(at.desk.agency.store.as_ref(), &leaf.leaf).await.unwrap();
        let Opening::Opened(opened) = opened else { panic!("it is not opened") };
        assert!(!holds(&opened.body, KNOWN) && !holds(&leaf.leaf, KNOWN));
        assert!(["author", "second"].iter().all(|who| !holds(&leaf.leaf, who)));
        shown.push(opened.body);
    }
    assert!(holds(&shown[0], "author") && holds(&shown[1], "second"));
}

/// Five years: one with break glass, which has ten, is no draft.
#[tokio::test]
async fn that_a_draft_was_shown_is_kept_as_long_as_its_question() {
    let at = at_desk().await;
    let (agency, id) = (&at.desk.agency, at.draft().await);
    let before = agency.ledger.size().await.unwrap();
    at.desk.show(at.who("author"), &id).await.unwrap();
    let leaf = agency.ledger.read(before, 1).await.unwrap().remove(0).leaf;
    let opened = open(agency.store.as_ref(), &leaf).await.unwrap();
    let Opening::Opened(opened) = opened else { panic!("it is not opened") };
    assert_eq!(opened.until, Until::At(agency.clock.now().plus_calendar(5, 0)));
}

/// In acute danger, alone, of what rule R30 opens with it: from Veilig Thuis no medical fact.
fn danger() -> v1::DeskQuestion {
    let categories = ["G05", "G06", "G08", "G09"].map(str::to_owned).to_vec();
    v1::DeskQuestion {
        purpose: "D12".into(),
        query_kind: "Q04".into(),
        urgency: "acute".into(),
        break_glass: true,
        targets: vec![v1::DeskTarget { oin: VT.into(), categories, ..v1::DeskTarget::default() }],
        ..question("ha.arts", NECESSITY)
    }
}

fn changed(change: impl FnOnce(&mut v1::DeskQuestion)) -> v1::DeskQuestion {
    let mut question = danger();
    change(&mut question);
    question
}

#[tokio::test]
async fn break_glass_is_for_acute_danger_and_what_it_opens_and_leaves_the_desk_for_nothing_else() {
    let at = at_desk().await;
    let caller = at.who("author");
    let wish = async |wire| at.desk.wish(caller, Some(wire)).await.map(drop);
    let fact = |value: &str| v1::StatedFact { column: "severity".into(), value: value.into() };
    let scope = Err(Reason::BreakGlassScope);
    let before = at.desk.agency.ledger.size().await.unwrap();
    assert_eq!(wish(danger()).await, Ok(()));
    assert_eq!(wish(changed(|it| it.facts = vec![fact("acute")])).await, Ok(()));
    for (what, wire) in [
        ("purpose", changed(|it| it.purpose = "D04".into())),
        ("urgent", changed(|it| it.urgency = "urgent".into())),
        ("standard", changed(|it| it.urgency = "standard".into())),
        ("a medical fact", changed(|it| it.targets[0].categories.push("G16".into()))),
        ("school", changed(|it| it.targets[0].categories = vec!["G03".into()])),
        ("no danger", changed(|it| it.facts = vec![fact("concern")])),
    ] {
        assert_eq!(wish(wire.clone()).await, scope, "{what}");
        let asked = at.desk.pursuit(caller, Some(wire.clone())).await;
        assert_eq!(asked.err(), Some(Reason::BreakGlassScope), "{what}");
        // Without, it is for the rules to say.
        let without = v1::DeskQuestion { break_glass: false, ..wire };
        assert_eq!(wish(without).await, Ok(()), "{what}");
    }
    assert_eq!(at.desk.agency.ledger.size().await.unwrap(), before, "nothing left");
}

/// It stands in the batch that says that the question went out, whatever becomes of that; a person
/// who is suspended does not get as far.
#[tokio::test]
async fn a_question_with_break_glass_is_a_use_of_it_and_one_that_is_suspended_does_not_leave() {
    let at = at_desk().await;
    let (agency, caller) = (&at.desk.agency, at.who("author"));
    let ask = async || {
        let pursuit = at.desk.pursuit(caller, Some(danger())).await;
        let mut events = at.desk.start(pursuit, |event| event).unwrap().into_inner();
        let mut refused = None;
        while let Some(event) = events.next().await {
            if let Some(v1::desk_event::Event::Refusal(refusal)) = event.unwrap().event {
                refused = Some(refusal.reason);
            }
        }
        refused
    };
    assert_eq!(ask().await.as_deref(), Some("UNREACHABLE"), "the broker cannot be reached");
    let open = async || glass::state(agency).await.unwrap().open;
    assert_eq!((at.states().await, open().await), (vec!["failed"], 1));
    // A question that was ready before the suspension began does not leave after it.
    let ready = at.desk.pursuit(caller, Some(danger())).await.unwrap();
    at.scene.clock.set(agency.clock.now().plus_calendar(0, 1));
    assert_eq!(ask().await.as_deref(), Some("BREAK_GLASS_SUSPENDED"));
    let (events, mut received) = mpsc::channel(64);
    let before = agency.ledger.size().await.unwrap();
    ready.run(events).await;
    let Some(v1::desk_event::Event::Refusal(refusal)) = received.recv().await.unwrap().event else {
        panic!("it left");
    };
    assert_eq!(refusal.reason, "BREAK_GLASS_SUSPENDED");
    assert_eq!((agency.ledger.size().await.unwrap(), open().await), (before, 1));
    // With a second person they may ask all the same.
    let with_second = v1::DeskQuestion { break_glass: false, ..danger() };
    at.desk.draft(caller, Some(with_second)).await.unwrap();
}

#[tokio::test]
async fn a_question_with_break_glass_waits_for_no_second_person() {
    let at = at_desk().await;
    let caller = at.who("author");
    let drafted = at.desk.draft(caller, Some(danger())).await;
    assert_eq!(drafted.err(), Some(Reason::BreakGlassScope));
    // One that was drafted before that was so is not sent either.
    let (wish, alias) = at.desk.wish(caller, Some(danger())).await.unwrap();
    let id = Draft::create(&at.desk.agency, caller.person.id(), alias, &wish).await.unwrap();
    assert_eq!(at.send(id.as_bytes()).await.as_deref(), Some("BREAK_GLASS_SCOPE"));
    assert_eq!(glass::state(&at.desk.agency).await.unwrap().open, 0);
}

#[tokio::test]
async fn a_draft_is_not_shown_when_that_cannot_be_recorded() {
    use grondslag_evidence::store::faulty::Fault;
    let at = at_desk().await;
    let id = at.draft().await;
    at.scene.store.fail_commit(1, Fault::Lost);
    let shown = at.desk.show(at.who("second"), &id).await;
    assert_eq!(shown.err(), Some(Reason::StoreUnwritable));
}

#[tokio::test]
async fn a_draft_stays_with_its_approvals_while_there_is_no_place_and_no_broker() {
    let at = at_desk().await;
    let id = at.draft().await;
    at.approve(&id, "second").await.unwrap();
    let full = at.desk.places.clone().acquire_many_owned(u32::try_from(ASKS_MAX).unwrap());
    let full = full.await.unwrap();
    assert_eq!(at.send(&id).await.as_deref(), Some("BUSY"));
    assert_eq!(at.states().await, ["draft"]);
    drop(full);
    // Twice: it is back each time, under the same id.
    for _ in 0..2 {
        assert_eq!(at.send(&id).await.as_deref(), Some("UNREACHABLE"));
        assert_eq!(at.states().await, ["draft"]);
    }
    let pursuit = at.desk.drafted(at.who("author"), &id).await.unwrap();
    assert_eq!(pursuit.cosigned.len(), 1);
}

#[tokio::test]
async fn a_question_without_a_draft_that_the_broker_did_not_take_has_failed() {
    let at = at_desk().await;
    let wire = Some(question("ha.arts", NECESSITY));
    let pursuit = at.desk.pursuit(at.who("author"), wire).await;
    let mut events = at.desk.start(pursuit, |event| event).unwrap().into_inner();
    while events.next().await.is_some() {}
    assert_eq!(at.states().await, ["failed"]);
}

#[tokio::test]
async fn nobody_sends_anothers_draft() {
    let at = at_desk().await;
    let id = at.draft().await;
    let sent = at.desk.drafted(at.who("second"), &id).await;
    assert_eq!(sent.err(), Some(Reason::UnknownInquiry));
}

#[tokio::test]
async fn patterns_are_for_the_privacy_officer_and_nobody_else() {
    let at = at_desk().await;
    let before = at.desk.agency.ledger.size().await.unwrap();
    for who in ["author", "second"] {
        assert_eq!(at.desk.patterns(at.who(who), 0).await, Err(Reason::RoleNotHeld), "{who}");
    }
    assert_eq!(at.desk.agency.ledger.size().await.unwrap(), before);
    let wire = Some(question("ha.arts", NECESSITY));
    let pursuit = at.desk.pursuit(at.who("author"), wire).await;
    let mut events = at.desk.start(pursuit, |event| event).unwrap().into_inner();
    while events.next().await.is_some() {}
    let listed = at.desk.patterns(at.who("officer"), 0).await.unwrap();
    let [one] = listed.patterns.as_slice() else { panic!("{listed:?}") };
    assert_eq!((one.staff_id.as_str(), one.questions, one.targets), ("author", 1, 1));
}

/// A signature is no mandate: only the privacy officer reads. Each reading leaves one leaf, and
/// nothing is shown when it cannot.
#[tokio::test]
async fn only_the_privacy_officer_reads_and_every_reading_is_recorded_first() {
    use grondslag_evidence::store::faulty::Fault;
    let at = at_desk().await;
    let of_target = v1::ListDecisionsRequest { target_id: vec![1; 16], ..Default::default() };
    let on = v1::ListDecisionsRequest { subject: KNOWN.into(), ..Default::default() };
    let wanted = v1::ListBrokerDecisionsRequest::default();
    let drawn = v1::OpenPositionsRequest { epoch: 1, batches: 1, seed: vec![5; 32], count: 60 };
    let read = async |who: &str, what: &str| {
        let (desk, caller) = (&at.desk, at.who(who));
        match what {
            "all" => desk.decisions(caller, v1::ListDecisionsRequest::default()).await.map(drop),
            "of a question" => desk.decisions(caller, of_target.clone()).await.map(drop),
            "on a person" => desk.decisions(caller, on.clone()).await.map(drop),
            "patterns" => desk.patterns(caller, 0).await.map(drop),
            "batches" => desk.batches(caller, 0).await.map(drop),
            "positions" => desk.positions(caller, drawn.clone()).await.map(drop),
            _ => desk.broker_decisions(caller, wanted.clone()).await.map(drop),
        }
    };
    let size = async || at.desk.agency.ledger.size().await.unwrap();
    let all = ["all", "of a question", "on a person", "patterns", "batches", "positions", "broker"];
    for what in all {
        let before = size().await;
        for who in ["author", "second"] {
            assert_eq!(read(who, what).await, Err(Reason::RoleNotHeld), "{what}");
        }
        assert_eq!(size().await, before, "{what}");
        // The broker of this desk knows of none: that it was to be read is recorded.
        let outcome = if what == "broker" { Err(Reason::UnknownInquiry) } else { Ok(()) };
        assert_eq!(read("officer", what).await, outcome, "{what}");
        assert_eq!(size().await, before + 1, "{what}");
        at.scene.store.fail_commit(1, Fault::Lost);
        assert_eq!(read("officer", what).await, Err(Reason::StoreUnwritable), "{what}");
        assert_eq!(read("officer", what).await, outcome, "{what}");
    }
}
