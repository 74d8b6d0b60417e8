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

/// Five years, and ten of a question with break glass, as whatever else is recorded of it.
#[tokio::test]
async fn that_a_draft_was_shown_is_kept_as_long_as_its_question() {
    let at = at_desk().await;
    let agency = &at.desk.agency;
    for (break_glass, years) in [(false, 5), (true, 10)] {
        let wire = v1::DeskQuestion { break_glass, ..question("ha.arts", NECESSITY) };
        let caller = at.who("author");
        let (wish, alias) = at.desk.wish(caller, Some(wire)).await.unwrap();
        let id = Draft::create(agency, caller.person.id(), alias, &wish).await.unwrap();
        let before = agency.ledger.size().await.unwrap();
        at.desk.show(caller, id.as_bytes()).await.unwrap();
        let leaf = agency.ledger.read(before, 1).await.unwrap().remove(0).leaf;
        let opened = open(agency.store.as_ref(), &leaf).await.unwrap();
        let Opening::Opened(opened) = opened else { panic!("it is not opened") };
        let end = agency.clock.now().plus_calendar(years, 0);
        assert_eq!(opened.until, Until::At(end), "{years}");
    }
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
