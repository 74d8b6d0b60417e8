//! A municipality's board.

use std::sync::Arc;

use grondslag_core::catalogue::Kind as Party;
use grondslag_core::clock::Clock as _;
use grondslag_core::limits::NECESSITY_CHARS_MAX;
use grondslag_evidence::records::check;
use grondslag_evidence::store::Store as _;
use grondslag_evidence::store::faulty::Fault;
use grondslag_proto::v1;
use grondslag_proto::v1::change_case_request::Change as Wire;

use super::board::Board;
use super::*;
use crate::fixture::{KNOWN, Scene, UNKNOWN, moment};
use crate::recorded::Kind as Record;
use crate::staff::Caller;

const WHY: &str = "School en huisarts maken zich zorgen over de verzorging.";
const COORDINATOR: &str = "gem.procesregisseur";

/// A municipality, with a coordinator and others at its desk.
struct Town {
    scene: Scene,
    coordinator: Caller,
}

impl Town {
    async fn new() -> Self {
        let mut scene = Scene::new().await;
        scene.agency.kind = Party::parse("gem").unwrap();
        let mut scene = scene.with_own_card().await;
        scene.agency.own = Arc::clone(&scene.shelf) as _;
        let coordinator =
            scene.caller("regisseur", &[COORDINATOR, "gem.fg", "gem.doorzetter"]).await;
        Self { scene, coordinator }
    }

    fn board(&self) -> Board<'_> {
        Board { agency: &self.scene.agency }
    }

    async fn opens(&self, subject: &str, triage: v1::Triage) -> Result<CaseId, Reason> {
        let (subject, role, triage) = (subject.into(), COORDINATOR.into(), Some(triage));
        self.board().open(&self.coordinator, v1::OpenCaseRequest { subject, role, triage }).await
    }

    async fn changes(&self, id: &[u8], change: Wire) -> Result<(), Reason> {
        let (case_id, role, change) = (id.to_vec(), COORDINATOR.into(), Some(change));
        let request = v1::ChangeCaseRequest { case_id, role, change };
        self.board().change(&self.coordinator, request).await
    }

    async fn list(&self) -> Vec<v1::BoardCase> {
        self.listed(COORDINATOR, false).await.unwrap()
    }

    async fn listed(&self, role: &str, all: bool) -> Result<Vec<v1::BoardCase>, Reason> {
        let request = v1::ListCasesRequest { role: role.into(), all };
        self.board().list(&self.coordinator, request).await.map(|(cases, _)| cases)
    }

    fn pass_days(&self, days: u32) {
        self.scene.clock.set(self.scene.clock.now().plus_calendar(0, days));
    }

    async fn records(&self, kind: Record) -> usize {
        self.scene.records(kind).await.len()
    }
}

fn triage(severity: &str, urgency: &str) -> v1::Triage {
    v1::Triage {
        nature: "veiligheid".into(),
        severity: severity.into(),
        urgency: urgency.into(),
        reason: WHY.into(),
    }
}

fn seen(on: Timestamp, by: &str) -> Wire {
    Wire::Seen(v1::ChildSeen { on_ms: on.ms(), by_kind: by.into() })
}

/// Numbers of the test range.
const CHILDREN: [&str; 4] = [KNOWN, UNKNOWN, "999940119", "999940144"];

#[tokio::test]
async fn the_board_is_sorted_by_what_a_professional_set_and_then_by_how_long_a_child_waits() {
    let town = Town::new().await;
    let judged = [
        ("concern", "acute"),
        ("serious", "standard"),
        ("serious", "urgent"),
        ("concern", "acute"),
    ];
    for (subject, (severity, urgency)) in CHILDREN.into_iter().zip(judged) {
        town.opens(subject, triage(severity, urgency)).await.unwrap();
        town.pass_days(1);
    }
    let order: Vec<String> = town.list().await.into_iter().map(|case| case.subject).collect();
    let [first, second, third, last] = CHILDREN;
    assert_eq!(order, [third, second, first, last]);
    let waiting: Vec<u32> = town.list().await.iter().map(|case| case.waiting_days).collect();
    assert_eq!(waiting, [2, 3, 4, 1]);
    // Of two that wait as long the one that is to be looked at first.
    let friend = town.opens("999940168", triage("concern", "acute")).await.unwrap();
    town.scene.clock.set(town.scene.clock.now().plus_ms(1));
    town.opens("999940053", triage("concern", "acute")).await.unwrap();
    town.scene.clock.set(town.scene.clock.now().plus_ms(1));
    town.changes(friend.as_bytes(), Wire::Triage(triage("concern", "acute"))).await.unwrap();
    let two: Vec<String> = town.list().await.into_iter().map(|case| case.subject).skip(4).collect();
    assert_eq!(two, ["999940053", "999940168"]);
    // A new judgement moves the case, and not since when the child waits.
    let id = town.list().await[3].case_id.clone();
    town.changes(&id, Wire::Triage(triage("acute", "acute"))).await.unwrap();
    let now = town.list().await;
    assert_eq!((now[0].subject.as_str(), now[0].waiting_days), (last, 1));
    assert_eq!(town.records(Record::Case).await, 8);
}

#[tokio::test]
async fn a_case_is_looked_at_again_daily_when_it_is_acute_and_else_weekly() {
    for (severity, urgency, days) in [
        ("serious", "acute", 1),
        ("acute", "standard", 1),
        ("serious", "urgent", 7),
        ("serious", "standard", 7),
    ] {
        let town = Town::new().await;
        town.opens(KNOWN, triage(severity, urgency)).await.unwrap();
        town.pass_days(days - 1);
        assert!(!town.list().await[0].overdue, "{urgency}");
        town.pass_days(1);
        assert!(town.list().await[0].overdue, "{urgency}");
        let id = town.list().await[0].case_id.clone();
        town.changes(&id, Wire::Triage(triage("serious", urgency))).await.unwrap();
        assert!(!town.list().await[0].overdue, "{urgency}");
    }
}

#[tokio::test]
async fn since_when_it_is_as_severe_stands_until_somebody_judges_otherwise() {
    let town = Town::new().await;
    let id = town.opens(KNOWN, triage("serious", "standard")).await.unwrap();
    let since = async || town.list().await[0].severity_since_ms;
    let first = town.scene.clock.now().ms();
    town.pass_days(3);
    town.changes(id.as_bytes(), Wire::Triage(triage("serious", "urgent"))).await.unwrap();
    assert_eq!(since().await, first);
    assert!(town.list().await[0].judged_at_ms > first);
    town.pass_days(1);
    town.changes(id.as_bytes(), Wire::Triage(triage("acute", "urgent"))).await.unwrap();
    assert_eq!(since().await, town.scene.clock.now().ms());
}

#[tokio::test]
async fn when_a_child_was_last_seen_and_whether_there_is_care_is_told_as_somebody_said_it() {
    let town = Town::new().await;
    let id = town.opens(KNOWN, triage("concern", "standard")).await.unwrap();
    let id = id.as_bytes();
    let told = async || {
        let case = town.list().await.remove(0);
        (case.seen.map(|seen| (seen.on_ms, seen.by_kind)), case.bridged)
    };
    assert_eq!(told().await, (None, None), "nobody said so: that is no `no`");
    let (monday, friday) = (moment("2026-09-07"), moment("2026-09-11"));
    town.changes(id, seen(friday, "sch")).await.unwrap();
    town.changes(id, seen(monday, "jgz")).await.unwrap();
    assert_eq!(told().await.0, Some((monday.ms(), "jgz".into())), "the last word stands");
    for bridged in [true, false] {
        town.changes(id, Wire::Bridged(bridged)).await.unwrap();
        assert_eq!(told().await.1, Some(bridged));
    }
    let now = town.scene.clock.now();
    for (on, by, reason) in [
        (now.plus_ms(1), "sch", Reason::SeenDate),
        (now.plus_ms(-367 * DAY_MS), "sch", Reason::SeenDate),
        (Timestamp::from_ms(0), "sch", Reason::SeenDate),
        (now, "buren", Reason::CaseWord),
        (now, "", Reason::CaseWord),
    ] {
        assert_eq!(town.changes(id, seen(on, by)).await, Err(reason), "{on:?} {by}");
    }
    town.changes(id, seen(now, "gi")).await.unwrap();
}

#[tokio::test]
async fn what_is_no_word_says_nothing_or_names_somebody_is_refused_and_nothing_is_written_down() {
    let town = Town::new().await;
    let of = |change: &dyn Fn(&mut v1::Triage)| {
        let mut triage = triage("concern", "standard");
        change(&mut triage);
        triage
    };
    for (at, (triage, reason)) in [
        (of(&|it| it.nature = "geld".into()), Reason::CaseWord),
        (of(&|it| it.nature.clear()), Reason::CaseWord),
        (of(&|it| it.severity = "7".into()), Reason::CaseWord),
        (of(&|it| it.urgency = "soon".into()), Reason::CaseWord),
        (of(&|it| it.reason = "Zorgen.".into()), Reason::TextTooShort),
        (of(&|it| it.reason = "z".repeat(NECESSITY_CHARS_MAX + 1)), Reason::TextTooLong),
        (of(&|it| it.reason = format!("{WHY} Het gaat om {KNOWN}.")), Reason::TextNamesPerson),
        (v1::Triage::default(), Reason::CaseWord),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(town.opens(KNOWN, triage).await, Err(reason), "case {at}");
    }
    for (subject, reason) in
        [("123456789", Reason::BsnInvalid), ("111222333", Reason::BsnNotAdmitted)]
    {
        let triage = triage("concern", "standard");
        assert_eq!(town.opens(subject, triage).await, Err(reason));
    }
    assert_eq!((town.list().await.len(), town.records(Record::Case).await), (0, 0));
    let id = town.opens(KNOWN, triage("concern", "standard")).await.unwrap();
    for change in [Wire::Triage(v1::Triage::default()), Wire::Closed("Klaar.".into())] {
        assert!(town.changes(id.as_bytes(), change).await.is_err());
    }
    assert_eq!(town.changes(&[9; 16], Wire::Bridged(true)).await, Err(Reason::UnknownCase));
    assert_eq!(town.changes(b"short", Wire::Bridged(true)).await, Err(Reason::UnknownCase));
    assert_eq!(town.records(Record::Case).await, 1);
}

#[tokio::test]
async fn a_child_is_on_the_board_once_and_can_come_back() {
    let town = Town::new().await;
    let id = town.opens(KNOWN, triage("concern", "standard")).await.unwrap();
    let again = town.opens(KNOWN, triage("acute", "acute")).await;
    assert_eq!(again, Err(Reason::CaseStands));
    town.opens(UNKNOWN, triage("concern", "standard")).await.unwrap();
    town.changes(id.as_bytes(), Wire::Closed(WHY.into())).await.unwrap();
    assert_eq!(town.list().await.len(), 1);
    let closed = town.listed(COORDINATOR, true).await.unwrap().pop().unwrap();
    assert_eq!((closed.subject.as_str(), closed.closed.as_str()), ("", WHY));
    let changed = town.changes(id.as_bytes(), Wire::Bridged(true)).await;
    assert_eq!(changed, Err(Reason::CaseClosed));
    assert!(town.opens(KNOWN, triage("concern", "standard")).await.is_ok());
}

#[tokio::test]
async fn of_two_at_once_one_is_told_what_the_other_did() {
    let town = Town::new().await;
    let open = || town.opens(KNOWN, triage("concern", "standard"));
    let (one, other) = tokio::join!(open(), open());
    let id = one.or(other).unwrap();
    assert!([one, other].contains(&Err(Reason::CaseStands)), "{one:?} {other:?}");
    assert_eq!(town.list().await.len(), 1);
    let close = town.changes(id.as_bytes(), Wire::Closed(WHY.into()));
    let (seen, closed) = tokio::join!(town.changes(id.as_bytes(), Wire::Bridged(true)), close);
    assert!(seen.is_ok() != closed.is_ok(), "{seen:?} {closed:?}");
    assert_eq!(seen.and(closed), Err(Reason::CaseChanged));
}

#[tokio::test]
async fn the_board_is_kept_by_its_roles_seen_by_the_privacy_officer_and_nobody_else() {
    let town = Town::new().await;
    town.opens(KNOWN, triage("concern", "standard")).await.unwrap();
    assert_eq!(town.listed("gem.fg", false).await.unwrap().len(), 1);
    assert_eq!(town.listed("gem.doorzetter", false).await, Err(Reason::CaseRole));
    assert_eq!(town.listed("ha.arts", false).await, Err(Reason::RoleNotHeld));
    for role in ["gem.fg", "gem.doorzetter"] {
        let request = v1::OpenCaseRequest {
            subject: UNKNOWN.into(),
            role: role.into(),
            triage: Some(triage("concern", "standard")),
        };
        let opened = town.board().open(&town.coordinator, request).await;
        assert_eq!(opened, Err(Reason::CaseRole), "{role}");
    }
    assert_eq!(town.records(Record::CasesShown).await, 1, "who was refused saw nothing");
}

#[tokio::test]
async fn what_could_not_be_recorded_is_not_on_the_board() {
    for fault in [Fault::Lost, Fault::Landed] {
        let town = Town::new().await;
        town.scene.store.fail_commit(1, fault);
        let failed = town.opens(KNOWN, triage("concern", "standard")).await;
        assert_eq!(failed, Err(Reason::StoreUnwritable), "{fault:?}");
        let landed = usize::from(fault == Fault::Landed);
        assert_eq!(town.records(Record::Case).await, landed);
        assert_eq!(town.list().await.len(), landed);
    }
}

/// The number goes when the case is closed, the rest a term later.
#[tokio::test]
async fn nothing_is_left_of_a_case_a_term_after_it_was_closed() {
    let town = Town::new().await;
    let id = town.opens(KNOWN, triage("concern", "standard")).await.unwrap();
    town.opens(UNKNOWN, triage("concern", "standard")).await.unwrap();
    assert!(town.scene.holds(KNOWN).await);
    town.pass_days(3 * 365);
    town.changes(id.as_bytes(), Wire::Closed(WHY.into())).await.unwrap();
    assert!(!town.scene.holds(KNOWN).await);
    let forget = async |days| {
        town.pass_days(days);
        town.scene.agency.forget().await.unwrap();
        town.listed(COORDINATOR, true).await.unwrap().len()
    };
    assert_eq!(forget(5 * 365).await, 2);
    assert_eq!(forget(3).await, 1, "the one that is open");
    assert!(town.scene.holds(UNKNOWN).await);
    let (store, ledger) = (town.scene.store.as_ref(), &town.scene.agency.ledger);
    let checked = check(store, ledger, &|_, at| at).await.unwrap();
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    // A row that is none keeps nobody from the board, and is told of.
    store.commit(Batch::new().put(b"cl/0".as_slice(), b"x".as_slice())).await.unwrap();
    assert_eq!((town.list().await.len(), tidy(&town.scene.agency).await), (1, Ok(1)));
}

#[tokio::test]
async fn an_operator_sees_how_many_cases_there_are_and_how_many_are_late() {
    let town = Town::new().await;
    let counts = async || {
        let state = state(&town.scene.agency).await.unwrap();
        (state.open, state.overdue)
    };
    assert_eq!(counts().await, (0, 0));
    let id = town.opens(KNOWN, triage("concern", "acute")).await.unwrap();
    town.opens(UNKNOWN, triage("concern", "standard")).await.unwrap();
    assert_eq!(counts().await, (2, 0));
    town.pass_days(1);
    assert_eq!(counts().await, (2, 1), "acute is looked at daily");
    town.changes(id.as_bytes(), Wire::Closed(WHY.into())).await.unwrap();
    assert_eq!(counts().await, (1, 0));
}
