//! A municipality where somebody breaks the glass, and a practice that is asked so.

use std::sync::Arc;

use grondslag_core::answer::About as Whose;
use grondslag_core::catalogue::Kind as Party;
use grondslag_core::clock::Clock as _;
use grondslag_core::tier::Tier;
use grondslag_evidence::store::Store as _;
use grondslag_evidence::store::faulty::Fault;
use grondslag_proto::v1;

use super::desk::Glass;
use super::*;
use crate::answers::put_for_tests;
use crate::asks::inquiries::Stage;
use crate::fixture::{Ask, GI, KNOWN, Scene, UNKNOWN, VT};
use crate::recorded::Kind as Record;
use crate::staff::Caller;

const WHY: &str = "De melding kwam 's nachts en niemand anders was te bereiken.";
const TEAM: &str = "gem.lokaalteam";
const OFFICER: &str = "gem.fg";
const HOUR: i64 = 3_600_000;

/// A municipality and its people.
struct Town {
    scene: Scene,
    asker: Caller,
    colleague: Caller,
    officer: Caller,
}

impl Town {
    async fn new() -> Self {
        let mut scene = Scene::new().await;
        scene.agency.kind = Party::parse("gem").unwrap();
        let mut scene = scene.with_own_card_as(&["gem", "lpa"]).await;
        scene.agency.own = Arc::clone(&scene.shelf) as _;
        let asker = scene.caller("team-1", &[TEAM, "gem.doorzetter"]).await;
        let colleague = scene.caller("team-2", &[TEAM, "gem.toegang", "gem.expertteam"]).await;
        let officer = scene.caller("fg-1", &[OFFICER, "gem.po", "gem.beheer", "lpa.fg"]).await;
        Self { scene, asker, colleague, officer }
    }

    fn glass(&self) -> Glass<'_> {
        Glass { agency: &self.scene.agency }
    }

    /// Somebody breaks the glass: the question goes out.
    async fn breaks(&self, id: u8, who: &str) -> Result<(), Reason> {
        let agency = &self.scene.agency;
        let wish = Wish::parse(agency, danger()).await.unwrap();
        let summary = Summary {
            id: InquiryId::new([id; 16]),
            asked_at: agency.clock.now(),
            staff: StaffId::parse(who).unwrap(),
            role: wish.role.clone(),
            purpose: wish.purpose.clone(),
            targets: 1,
            replied: 0,
            stage: Stage::Asked,
        };
        let batch = broken(agency, &wish, &summary, Batch::new()).await?;
        agency.store.commit(batch).await.map_err(StoreError::reason)
    }

    async fn list(
        &self,
        caller: &Caller,
        role: &str,
        all: bool,
    ) -> Result<v1::ListGlassResponse, Reason> {
        self.glass().list(caller, v1::ListGlassRequest { role: role.into(), all }).await
    }

    async fn reviews(
        &self,
        id: u8,
        caller: &Caller,
        (role, verdict, text): (&str, &str, &str),
    ) -> Result<(), Reason> {
        let (role, verdict, text) = (role.into(), verdict.into(), text.into());
        let request = v1::ReviewGlassRequest { inquiry_id: vec![id; 16], role, verdict, text };
        self.glass().review(caller, request).await
    }

    async fn judges(&self, id: u8, verdict: &str) -> Result<(), Reason> {
        self.reviews(id, &self.colleague, (TEAM, verdict, WHY)).await
    }

    async fn show(
        &self,
        id: u8,
        caller: &Caller,
        role: &str,
    ) -> Result<v1::ShowGlassResponse, Reason> {
        let (inquiry_id, role) = (vec![id; 16], role.into());
        self.glass().show(caller, v1::ShowGlassRequest { inquiry_id, role }).await
    }

    fn pass(&self, ms: i64) {
        self.scene.clock.set(self.scene.clock.now().plus_ms(ms));
    }

    async fn counts(&self) -> (u64, u64) {
        let ToDo { open, overdue } = state(&self.scene.agency).await.unwrap();
        (open, overdue)
    }

    async fn records(&self, kind: Record) -> usize {
        self.scene.records(kind).await.len()
    }
}

fn danger() -> v1::DeskQuestion {
    v1::DeskQuestion {
        subject: KNOWN.into(),
        role: TEAM.into(),
        purpose: "D12".into(),
        query_kind: "Q04".into(),
        urgency: "acute".into(),
        break_glass: true,
        targets: vec![v1::DeskTarget {
            oin: VT.into(),
            categories: vec!["G05".into()],
            ..v1::DeskTarget::default()
        }],
        necessity: "Er is nu gevaar en ik moet weten wie erbij is.".into(),
        ..v1::DeskQuestion::default()
    }
}

#[tokio::test]
async fn the_officer_sees_a_use_at_once_and_it_waits_for_its_review_and_for_their_look() {
    let town = Town::new().await;
    assert_eq!(town.counts().await, (0, 0));
    town.breaks(1, "team-1").await.unwrap();
    assert_eq!(town.counts().await, (1, 0));
    let listed = town.list(&town.officer, OFFICER, false).await.unwrap();
    let [used] = listed.uses.as_slice() else { panic!("{} uses", listed.uses.len()) };
    assert_eq!((used.staff_id.as_str(), used.purpose.as_str()), ("team-1", "D12"));
    assert_eq!(used.due_ms - used.asked_at_ms, 24 * HOUR);
    assert_eq!((used.targets[0].oin.as_str(), used.seen_at_ms), (VT, 0));
    assert_eq!(
        (used.targets[0].categories.as_slice(), used.verdict.as_str()),
        (&["G05".into()][..], "")
    );
    assert_eq!(town.counts().await, (1, 0), "it was seen, and waits for its review");
    town.judges(1, "justified").await.unwrap();
    assert_eq!(town.counts().await, (0, 0));
    assert!(town.list(&town.officer, OFFICER, false).await.unwrap().uses.is_empty());
    let all = town.list(&town.officer, OFFICER, true).await.unwrap();
    assert_eq!((all.uses[0].verdict.as_str(), all.uses[0].late), ("justified", false));
    assert!(all.uses[0].seen_at_ms > 0 && all.uses[0].reviewer_id == "team-2");
    // One that was reviewed before any officer looked waits for them still.
    town.breaks(2, "team-1").await.unwrap();
    assert_eq!(town.list(&town.colleague, TEAM, false).await.unwrap().uses.len(), 1);
    town.judges(2, "justified").await.unwrap();
    assert_eq!(town.counts().await, (1, 0));
    assert!(town.list(&town.colleague, TEAM, false).await.unwrap().uses.is_empty());
    assert_eq!(town.counts().await, (1, 0), "a colleague is no officer");
    assert_eq!(town.list(&town.officer, "gem.po", false).await.unwrap().uses.len(), 1);
    assert_eq!(town.counts().await, (0, 0));
    assert_eq!(town.records(Record::GlassShown).await, 6);
}

#[tokio::test]
async fn who_may_neither_review_nor_oversee_lists_nothing_and_sees_none() {
    let town = Town::new().await;
    town.breaks(1, "team-1").await.unwrap();
    let seen = async |caller: &Caller, role: &str| {
        let listed = town.list(caller, role, true).await;
        listed.map(|listed| (listed.uses.len(), listed.counts.len()))
    };
    assert_eq!(seen(&town.officer, "gem.beheer").await, Err(Reason::GlassRole));
    assert_eq!(seen(&town.officer, TEAM).await, Err(Reason::RoleNotHeld));
    assert_eq!(seen(&town.colleague, TEAM).await, Ok((1, 0)), "counts are for the officer");
    assert_eq!(seen(&town.colleague, "gem.expertteam").await, Ok((0, 0)));
    assert_eq!(seen(&town.asker, TEAM).await, Ok((1, 0)), "their own");
    assert_eq!(seen(&town.officer, OFFICER).await, Ok((1, 2)));
    let others = town.scene.caller("ander", &["lpa.ambtenaar", "gem.beleid"]).await;
    assert_eq!(seen(&others, "lpa.ambtenaar").await, Ok((0, 0)));
    assert_eq!(seen(&others, "gem.beleid").await, Err(Reason::GlassRole));
    for (caller, role, shown) in [
        (&others, "lpa.ambtenaar", Err(Reason::UnknownGlass)),
        (&town.colleague, "gem.expertteam", Err(Reason::UnknownGlass)),
        (&town.officer, "gem.beheer", Err(Reason::GlassRole)),
        (&town.colleague, TEAM, Ok(KNOWN.to_owned())),
        // Who asked, and the officer, see all but whom it was about.
        (&town.asker, TEAM, Ok(String::new())),
        (&town.asker, "gem.doorzetter", Ok(String::new())),
        (&town.officer, OFFICER, Ok(String::new())),
    ] {
        let told = town.show(1, caller, role).await;
        assert_eq!(told.map(|told| told.subject), shown, "{role}");
    }
    assert_eq!(town.show(9, &town.colleague, TEAM).await.err(), Some(Reason::UnknownGlass));
    let told = town.show(1, &town.officer, OFFICER).await.unwrap();
    assert!(told.necessity.starts_with("Er is nu gevaar"), "{}", told.necessity);
}

#[tokio::test]
async fn a_use_is_reviewed_once_by_another_who_may_approve_it_in_words_that_name_nobody() {
    let town = Town::new().await;
    town.breaks(1, "team-1").await.unwrap();
    let others = town.scene.caller("ander", &["lpa.ambtenaar", "gem.doorzetter"]).await;
    let named = format!("{WHY} Xanthe Quirijn was in gevaar.");
    let numbered = format!("{WHY} Het ging om {KNOWN}.");
    for (caller, (role, verdict, text), reason) in [
        (&town.asker, (TEAM, "justified", WHY), Reason::GlassOwn),
        (&town.asker, ("gem.doorzetter", "justified", WHY), Reason::GlassOwn),
        (&town.officer, (OFFICER, "justified", WHY), Reason::GlassRole),
        (&town.officer, ("gem.po", "justified", WHY), Reason::GlassRole),
        (&town.officer, ("gem.beheer", "justified", WHY), Reason::GlassRole),
        (&town.officer, (TEAM, "justified", WHY), Reason::RoleNotHeld),
        (&others, ("lpa.ambtenaar", "justified", WHY), Reason::GlassRole),
        (&town.colleague, ("gem.expertteam", "justified", WHY), Reason::GlassRole),
        (&town.colleague, (TEAM, "fine", WHY), Reason::Malformed),
        (&town.colleague, (TEAM, "justified", "Was nodig."), Reason::TextTooShort),
        (&town.colleague, (TEAM, "justified", &named), Reason::TextNamesPerson),
        (&town.colleague, (TEAM, "misuse", &numbered), Reason::TextNamesPerson),
    ] {
        let reviewed = town.reviews(1, caller, (role, verdict, text)).await;
        assert_eq!(reviewed, Err(reason), "{role} {verdict} {text}");
    }
    let unknown = town.judges(9, "justified").await;
    assert_eq!(unknown, Err(Reason::UnknownGlass));
    assert_eq!(town.records(Record::GlassReviewed).await, 0);
    assert!(town.scene.holds(KNOWN).await);
    // A mandated officer of the municipality may, whatever the question.
    let judged = ("gem.doorzetter", "misuse", WHY);
    town.reviews(1, &others, judged).await.unwrap();
    assert!(!town.scene.holds(KNOWN).await, "whom it was about is needed by nobody");
    for verdict in ["justified", "misuse"] {
        assert_eq!(town.judges(1, verdict).await, Err(Reason::GlassReviewed));
    }
    let told = town.show(1, &town.colleague, TEAM).await.unwrap();
    assert_eq!((told.subject.as_str(), told.text.as_str()), ("", WHY));
    let [body] = town.scene.records(Record::GlassReviewed).await.try_into().unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(body.contains("misuse") && body.contains(WHY) && body.contains("ander"));
}

#[tokio::test]
async fn without_a_review_within_a_day_the_right_is_suspended_and_a_review_alone_gives_it_back() {
    let town = Town::new().await;
    let start = town.scene.clock.now();
    town.breaks(1, "team-1").await.unwrap();
    town.pass(24 * HOUR - 1);
    town.breaks(2, "team-1").await.unwrap();
    town.pass(1);
    assert_eq!(town.breaks(3, "team-1").await, Err(Reason::BreakGlassSuspended));
    assert_eq!(town.counts().await, (2, 1));
    town.breaks(4, "team-2").await.unwrap();
    // It follows from what is stored: a node that starts anew says the same.
    let mut anew = Scene::new().await;
    anew.agency.store = Arc::clone(&town.scene.agency.store);
    anew.clock.set(town.scene.clock.now());
    let asker = StaffId::parse("team-1").unwrap();
    assert_eq!(may_break(&anew.agency, &asker).await, Err(Reason::BreakGlassSuspended));
    // The officer reads it at once, before the node recorded it and after.
    let listed = town.list(&town.officer, OFFICER, false).await.unwrap();
    assert!(listed.counts.iter().any(|one| one.staff_id == "team-1" && one.suspended));
    assert!(listed.counts.iter().all(|one| one.staff_id != "team-2" || !one.suspended));
    assert_eq!(town.records(Record::GlassSuspended).await, 0);
    for _ in 0..2 {
        suspend(&town.scene.agency).await.unwrap();
    }
    assert_eq!(town.records(Record::GlassSuspended).await, 1, "once");
    // A clock that is set back lifts nothing.
    let now = town.scene.clock.now();
    town.scene.clock.set(start);
    assert_eq!(may_break(&town.scene.agency, &asker).await, Err(Reason::BreakGlassSuspended));
    town.scene.clock.set(now);
    town.judges(2, "justified").await.unwrap();
    assert_eq!(may_break(&town.scene.agency, &asker).await, Err(Reason::BreakGlassSuspended));
    // Whatever the review says.
    town.judges(1, "misuse").await.unwrap();
    assert_eq!(may_break(&town.scene.agency, &asker).await, Ok(()));
    let all = town.list(&town.officer, OFFICER, true).await.unwrap();
    let late = |id: u8| all.uses.iter().find(|one| one.inquiry_id == [id; 16]).unwrap().late;
    assert_eq!((late(1), late(2), late(4)), (true, false, false));
}

/// A clock that passes a year at once finds every use late; a row that cannot be read stops all.
#[tokio::test]
async fn a_jump_of_the_clock_finds_every_use_late_and_a_damaged_row_fails_closed() {
    let town = Town::new().await;
    for (id, who) in [(1, "team-1"), (2, "team-2")] {
        town.breaks(id, who).await.unwrap();
    }
    town.pass(365 * 24 * HOUR);
    for who in ["team-1", "team-2"] {
        assert_eq!(town.breaks(3, who).await, Err(Reason::BreakGlassSuspended));
    }
    town.breaks(4, "fg-1").await.unwrap();
    town.scene.store.fail_commit(1, Fault::Lost);
    assert_eq!(suspend(&town.scene.agency).await, Err(Reason::StoreUnwritable));
    suspend(&town.scene.agency).await.unwrap();
    assert_eq!(town.records(Record::GlassSuspended).await, 2, "what failed is tried again");
    let broken = Batch::new().put(b"go/0".as_slice(), b"x".as_slice());
    town.scene.store.commit(broken).await.unwrap();
    assert_eq!(town.breaks(5, "fg-1").await, Err(Reason::StoreCorrupt));
    assert_eq!(state(&town.scene.agency).await, Err(Reason::StoreCorrupt));
    assert_eq!(tidy(&town.scene.agency).await, Ok(1));
}

#[tokio::test]
async fn misuse_is_counted_by_person_and_agency_and_no_child_is_in_it() {
    let town = Town::new().await;
    let judged = [
        (1, "team-1", "misuse"),
        (2, "team-1", "misuse"),
        (3, "team-1", "justified"),
        (4, "ander", "justified"),
    ];
    for (id, who, verdict) in judged {
        town.breaks(id, who).await.unwrap();
        town.judges(id, verdict).await.unwrap();
    }
    town.breaks(5, "ander").await.unwrap();
    let counts = town.list(&town.officer, OFFICER, false).await.unwrap().counts;
    let told: Vec<_> = counts
        .iter()
        .map(|one| (one.staff_id.as_str(), one.uses, one.justified, one.misuse, one.open))
        .collect();
    assert_eq!(told, [("", 5, 2, 2, 1), ("team-1", 3, 1, 2, 0), ("ander", 2, 1, 0, 1)]);
    assert!(!format!("{counts:?}").contains(KNOWN));
    let reader = StaffId::parse("fg-1").unwrap();
    let patterns = crate::asks::patterns::patterns(&town.scene.agency, &reader, 0).await.unwrap();
    assert_eq!(patterns.glass, counts, "beside the patterns too");
}

/// The holder's officer sees who asked so, and what was decided, whoever it was about.
#[tokio::test]
async fn the_officer_of_who_is_asked_sees_it_at_once_and_a_hit_and_a_miss_leave_as_much() {
    let scene = Scene::new().await.with_own_card().await;
    scene.shelf.record("G05", Whose::Child, &[(Tier::T1, "Betrokken.")]);
    let officer = scene.caller("fg-1", &["ha.fg"]).await;
    let list = async |all| {
        let request = v1::ListGlassRequest { role: "ha.fg".into(), all };
        Glass { agency: &scene.agency }.list(&officer, request).await.unwrap()
    };
    for (id, subject, glass) in [(1, KNOWN, true), (2, UNKNOWN, true), (3, KNOWN, false)] {
        let mut question = scene.question(&Ask::guardian(&["G05"]).id(id).about(subject));
        question.header.break_glass = glass;
        scene.seal_anew(&mut question);
        put_for_tests(&scene.agency, question).await;
    }
    assert_eq!(state(&scene.agency).await.unwrap().open, 2, "without break glass nothing");
    let mut rows = scene.store.scan(NEW, None, 10).await.unwrap();
    let (one, other) = (rows.pop().unwrap(), rows.pop().unwrap());
    assert_eq!((one.key.len(), one.value.len()), (other.key.len(), other.value.len()));
    let listed = list(false).await;
    assert_eq!((listed.uses.len(), listed.puts.len()), (0, 2));
    let told = |id: u8| listed.puts.iter().find(|put| put.target_id == [id; 16]).unwrap();
    for (id, outcome) in [(1, "verstrekt"), (2, "neutraal")] {
        let put = told(id);
        assert_eq!((put.asker_oin.as_str(), put.role.as_str()), (GI, "gi.jeugdbeschermer"));
        assert_eq!((put.outcome.as_str(), put.review.as_str()), (outcome, ""), "{id}");
    }
    assert!(!format!("{listed:?}").contains(KNOWN));
    let doctor = scene.caller("arts-1", &["ha.arts"]).await;
    let request = v1::ListGlassRequest { role: "ha.arts".into(), all: true };
    let told = Glass { agency: &scene.agency }.list(&doctor, request).await.unwrap();
    assert!(told.puts.is_empty() && told.counts.is_empty(), "they are the officer's to see");
    assert_eq!(state(&scene.agency).await.unwrap().open, 0, "it was seen");
    assert!(list(false).await.puts.is_empty());
    assert_eq!(list(true).await.puts.len(), 2);
}

/// Ten years of the law's term, with whom it was about gone long before.
#[tokio::test]
async fn nothing_is_left_of_a_use_ten_years_later() {
    let town = Town::new().await;
    town.breaks(1, "team-1").await.unwrap();
    town.judges(1, "justified").await.unwrap();
    town.breaks(2, "team-1").await.unwrap();
    let left = async |years: u16, days: u32| {
        let at = town.scene.clock.now().plus_calendar(years, days);
        town.scene.clock.set(at);
        town.scene.agency.forget().await.unwrap();
        let own = town.list(&town.officer, OFFICER, true).await.unwrap().uses.len();
        (own, town.records(Record::GlassReviewed).await)
    };
    assert_eq!(left(9, 364).await, (2, 1));
    assert_eq!(left(0, 3).await, (0, 0));
    assert!(!town.scene.holds(KNOWN).await);
}

#[tokio::test]
async fn what_could_not_be_recorded_is_neither_shown_nor_reviewed() {
    for fault in [Fault::Lost, Fault::Landed] {
        let town = Town::new().await;
        town.breaks(1, "team-1").await.unwrap();
        town.scene.store.fail_commit(1, fault);
        let listed = town.list(&town.officer, OFFICER, false).await;
        assert_eq!(listed.err(), Some(Reason::StoreUnwritable), "{fault:?}");
        town.scene.store.fail_commit(1, fault);
        assert_eq!(town.judges(1, "misuse").await, Err(Reason::StoreUnwritable));
        let landed = usize::from(fault == Fault::Landed);
        assert_eq!(town.records(Record::GlassReviewed).await, landed);
        let again = town.judges(1, "misuse").await;
        assert_eq!(again.is_ok(), fault == Fault::Lost, "{again:?}");
    }
}
