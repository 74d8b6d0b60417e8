//! A first reply that comes after its stream ended: the agency was away, the broker, or this node.

use grondslag_core::answer::About;
use grondslag_core::clock::Clock as _;
use grondslag_core::id::CaseId;
use grondslag_core::limits::{REPLIES_KEPT_MS, SLOT_GRACE_MS};
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_evidence::store::{Batch, parts};

use super::liar::Cut;
use super::*;
use crate::asks::escalation::Escalation;
use crate::asks::follow::{Followed, follow, forget_followed};
use crate::asks::received::forget_marks;
use crate::dossier::fetch_over;
use crate::inform::{Task, is_told};
use crate::recorded::Kind;
use crate::rows;

/// A question that was put, and the broker that it was put to.
struct Put {
    scene: Scene,
    liar: Arc<Liar>,
    id: InquiryId,
    /// How the person saw it at first.
    seen: Vec<v1::DeskEvent>,
}

/// Veilig Thuis is asked whether it knows the child.
async fn put(lie: Lie, cut: Cut) -> Put {
    put_as(lie, cut, None).await
}

async fn put_as(lie: Lie, cut: Cut, escalation: Option<Escalation>) -> Put {
    let mut scene = Scene::new().await;
    let now = scene.clock.now();
    let liar = Liar::cut(lie, cut, now, &scene.agency);
    scene.agency.broker_link = Arc::clone(&liar) as _;
    see_heads(&scene.agency);
    let agency = Arc::new(scene.agency);
    let mut pursuit = pursuit(&agency, now);
    pursuit.wish.escalation = escalation;
    let id = pursuit.summary.id;
    let (events, mut received) = mpsc::channel(64);
    pursuit.run(events).await;
    let mut seen = Vec::new();
    while let Some(event) = received.recv().await {
        seen.push(event);
    }
    scene.agency = Arc::into_inner(agency).unwrap();
    Put { scene, liar, id, seen }
}

impl Put {
    async fn follow(&self) -> v1::AgencyLine {
        let staff = StaffId::parse("someone").unwrap();
        let followed = follow(&self.scene.agency, &staff, self.id, Lang::En).await.unwrap();
        let [line] = followed.lines.as_slice() else { panic!("{followed:?}") };
        line.clone()
    }

    async fn size(&self) -> u64 {
        self.scene.agency.ledger.size().await.unwrap()
    }

    fn key(&self) -> Vec<u8> {
        [b"n/f/".as_slice(), self.id.as_bytes()].concat()
    }

    async fn followed(&self) -> Followed {
        let body = parts::read_body(self.scene.agency.store.as_ref(), &self.key()).await;
        serde_json::from_slice(&body.unwrap().unwrap()).unwrap()
    }

    /// Answers in the joint file, and whether it is noted that these are all.
    async fn filed(&self) -> (usize, bool) {
        let store = self.scene.agency.store.as_ref();
        let answers = store.scan(b"ea/", None, 10).await.unwrap().len();
        let key = [b"ef/".as_slice(), self.id.as_bytes()].concat();
        let (row, _) = rows::read::<serde_json::Value>(store, &key).await.unwrap().unwrap();
        (answers, row["heard"].as_bool().unwrap())
    }

    /// The broker says of the target, beside its replies.
    fn says(&self, state: v1::TargetState, reason: &str) {
        let closed = v1::TargetClosed {
            target_oin: VT.to_owned(),
            state: state.into(),
            reason: reason.to_owned(),
        };
        let event = Some(v1::follow_response::Event::Closed(closed));
        self.liar.kept.lock().unwrap().push(v1::FollowResponse { event });
    }
}

fn shown(line: &v1::AgencyLine) -> (&str, &str, &str) {
    (&line.state, &line.reason, &line.outcome)
}

/// Whether the stream said so, or broke off.
#[tokio::test]
async fn a_first_reply_that_comes_late_is_shown_when_followed_and_recorded_once() {
    let neutral = Outcome::Neutraal.word();
    for (cut, state, reason) in [
        (Cut::Waits, "pending", "QUESTION_WAITS"),
        (Cut::Decided, "unreachable", "UNREACHABLE"),
        (Cut::AtOnce, "unreachable", "UNREACHABLE"),
    ] {
        let put = put(Lie::Nothing, cut).await;
        let line = line_of(&put.seen);
        assert_eq!((line.state.as_str(), line.reason.as_str()), (state, reason), "{cut:?}");
        let before = put.size().await;
        for _ in 0..2 {
            assert_eq!(shown(&put.follow().await), ("replied", "", neutral), "{cut:?}");
        }
        assert_eq!(put.size().await - before, 1, "that it came, once: {cut:?}");
    }
}

#[tokio::test]
async fn what_came_in_the_stream_is_not_shown_as_if_it_came_late() {
    let put = put(Lie::Nothing, Cut::Never).await;
    assert_eq!(line_of(&put.seen).state, "replied");
    let before = put.size().await;
    assert_eq!(shown(&put.follow().await), ("pending", "", ""));
    assert_eq!(put.size().await, before);
}

/// As of a node that was killed between recording an answer and closing its question.
#[tokio::test]
async fn an_answer_that_was_recorded_as_it_came_is_shown_again_and_not_recorded_again() {
    let put = put(Lie::Nothing, Cut::Never).await;
    let mut followed = put.followed().await;
    (followed.targets[0].shown, followed.targets[0].last_no) = (0, 0);
    followed.targets[0].is_attested = false;
    let batch = followed.put_again(&put.scene.agency, Batch::new(), &put.id).await.unwrap();
    put.scene.agency.store.commit(batch).await.unwrap();
    let before = put.size().await;
    assert_eq!(put.follow().await.state, "replied");
    assert_eq!(put.size().await, before);
}

#[tokio::test]
async fn a_late_first_reply_is_believed_no_more_easily_than_one_that_comes_at_once() {
    for (lie, reason) in [
        (Lie::AnotherChild, "SUBJECT_MISMATCH"),
        (Lie::AnotherSigner, "ANSWER_INVALID"),
        (Lie::AnotherQuestion, "ANSWER_INVALID"),
        (Lie::SealedForAnother, "SEAL_INVALID"),
        (Lie::AnotherLength, "ANSWER_INVALID"),
        (Lie::AnotherCategory, "ANSWER_INVALID"),
        (Lie::NoProof, "RECEIPT_INVALID"),
        (Lie::SaysNothing, "RECEIPT_INVALID"),
        (Lie::AnotherAnswerProved, "RECEIPT_INVALID"),
        (Lie::AnotherQuestionProved, "RECEIPT_INVALID"),
        (Lie::AnotherTree, "RECEIPT_INVALID"),
        (Lie::AnothersLedger, "RECEIPT_INVALID"),
        (Lie::AnotherRegion, "RECEIPT_INVALID"),
        (Lie::AnotherPlace, "RECEIPT_INVALID"),
        (Lie::AnotherRecord, "RECEIPT_INVALID"),
    ] {
        for cut in [Cut::Waits, Cut::AtOnce] {
            let put = put(lie, cut).await;
            let before = put.size().await;
            let line = put.follow().await;
            assert_eq!(shown(&line), ("unreachable", reason, ""), "{lie:?} {cut:?}");
            assert_eq!(put.size().await - before, 1, "an alarm: {lie:?} {cut:?}");
        }
    }
}

#[tokio::test]
async fn how_the_broker_says_that_a_target_stands_is_shown_until_it_replied() {
    for (state, reason, seen) in [
        (v1::TargetState::Pending, "QUESTION_WAITS", ("pending", "QUESTION_WAITS", "")),
        (v1::TargetState::Unreachable, "CONSENT_CHANGED", ("unreachable", "CONSENT_CHANGED", "")),
        (v1::TargetState::Unreachable, "DEADLINE_PASSED", ("unreachable", "UNREACHABLE", "")),
        (v1::TargetState::Replied, "", ("pending", "", "")),
    ] {
        let put = put(Lie::Nothing, Cut::Waits).await;
        let kept = std::mem::take(&mut *put.liar.kept.lock().unwrap());
        put.says(state, reason);
        assert_eq!(shown(&put.follow().await), seen, "{state:?}");
        put.liar.kept.lock().unwrap().extend(kept);
        assert_eq!(put.follow().await.state, "replied", "{state:?}");
    }
}

/// The number stands with those of people who were asked about, not with the question.
#[tokio::test]
async fn what_is_to_be_told_of_a_late_answer_is_found_again_without_its_number() {
    let put = put(Lie::Nothing, Cut::Waits).await;
    let followed = put.followed().await;
    assert!(!serde_json::to_string(&followed).unwrap().contains(KNOWN));
    let informs = followed.informs.clone().unwrap();
    assert_eq!(informs.purpose.as_str(), "D09");
    let task = crate::asks::follow::task(&put.scene.agency, &put.id, &followed).await.unwrap();
    let Task { digits, role, .. } = task.unwrap();
    assert_eq!((digits.as_deref(), role.as_str()), (Some(KNOWN), "gi.jeugdbeschermer"));
    let store = put.scene.agency.store.as_ref();
    assert_eq!(is_told(store, &put.id, true).await, Ok(false));
}

#[tokio::test]
async fn that_a_reply_was_recorded_is_forgotten_with_its_question_and_no_sooner() {
    let put = put(Lie::Nothing, Cut::Waits).await;
    put.follow().await;
    let agency = &put.scene.agency;
    let rows = async || {
        let mut all = 0;
        for prefix in [b"n/fr/", b"n/fx/"] {
            all += agency.store.scan(prefix, None, 10).await.unwrap().len();
        }
        all
    };
    assert_eq!((rows().await, FIRST_REPLY_NO), (2, 1));
    let over = put.followed().await.answer_by.plus_ms(REPLIES_KEPT_MS);
    forget_marks(agency.store.as_ref(), over).await.unwrap();
    assert_eq!(rows().await, 2);
    forget_marks(agency.store.as_ref(), over.plus_ms(1)).await.unwrap();
    forget_followed(agency.store.as_ref(), over.plus_ms(1)).await.unwrap();
    assert_eq!(rows().await, 0);
    assert!(agency.store.get(&put.key()).await.unwrap().is_none());
    assert_eq!(put.scene.records(Kind::Answered).await.len(), 1);
}

#[tokio::test]
async fn what_nobody_looks_at_is_fetched_into_the_joint_file_once_its_term_is_over() {
    let escalation = Escalation {
        case: CaseId::new([9; 16]),
        about: About::Child,
        criteria: vec!["letsel".into()],
        why: BTreeMap::new(),
    };
    let mut put = put_as(Lie::Nothing, Cut::Waits, Some(escalation)).await;
    let over = put.followed().await.answer_by.plus_ms(SLOT_GRACE_MS);
    let away = Scene::new().await.agency.broker_link;
    let there = std::mem::replace(&mut put.scene.agency.broker_link, away);
    put.scene.clock.set(over.plus_ms(1));
    assert_eq!(fetch_over(&put.scene.agency).await, Err(Reason::Unreachable));
    assert_eq!(put.filed().await, (0, false), "it is tried again");
    put.scene.agency.broker_link = there;
    put.scene.clock.set(over);
    assert_eq!(fetch_over(&put.scene.agency).await, Ok(()));
    assert_eq!(put.filed().await, (0, false), "somebody may still say something");
    put.scene.clock.set(over.plus_ms(1));
    for _ in 0..2 {
        assert_eq!(fetch_over(&put.scene.agency).await, Ok(()));
        assert_eq!(put.filed().await, (1, true));
    }
}
