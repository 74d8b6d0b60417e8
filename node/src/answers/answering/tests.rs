mod ledgers;

use grondslag_core::answer::{About as Whose, Answer, Line, Outcome};
use grondslag_core::canonical::Reader;
use grondslag_core::id::TargetId;
use grondslag_core::limits::{REPLY_BYTES_LARGE, REPLY_BYTES_SMALL};
use grondslag_core::statement::{self, ReplyFields};
use grondslag_core::tier::Tier;
use grondslag_evidence::store::faulty::Fault;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;

use super::*;
use crate::answers::decisions;
use crate::fixture::{
    Ask, CANARY, GI, KNOWN, OWN, Scene, UNKNOWN, attest, key_of, oin, opened, sign,
};
use crate::limits::EPOCH_GAP_MS;
use crate::own_rules::OwnRules;
use crate::recorded::Kind;
use crate::restore::Standing;

async fn put(scene: &Scene, question: &TargetQuestion) -> Result<Reply, Stop> {
    answer(&scene.agency, question.clone()).await.map(|(sealed, _held)| sealed.into_reply())
}

async fn ask(scene: &Scene, ask: &Ask) -> Result<Reply, Stop> {
    put(scene, &scene.question(ask)).await
}

async fn answered(scene: &Scene, ask: &Ask) -> Answer {
    let question = scene.question(ask);
    opened(&put(scene, &question).await.unwrap(), &question)
}

/// What was wrong with details, as the officer reads it.
async fn alarms_of_details(scene: &Scene) -> Vec<String> {
    let decided = decisions(&scene.agency, 0, 10, None).await.unwrap();
    let alarms = decided.into_iter().map(|one| one.alarm);
    alarms.filter(|alarm| !alarm.is_empty()).collect()
}

/// The reasons of the alarms in the ledger.
async fn alarms(scene: &Scene) -> Vec<String> {
    let read = |body: Vec<u8>| {
        let mut fields = Reader::new(&body, Kind::Alarm.label()).unwrap();
        let _about = fields.bytes().unwrap();
        fields.text().unwrap().to_owned()
    };
    scene.records(Kind::Alarm).await.into_iter().map(read).collect()
}

/// A practice that knows the child, with involvement and a diagnosis on file.
async fn scene() -> Scene {
    let scene = Scene::new().await;
    let texts = [
        (Tier::T1, "Een zorgpartij is betrokken."),
        (Tier::T2, "Praktijk, bereikbaar {third:via oma}."),
        (Tier::T5, "Heel dossier."),
    ];
    scene.shelf.record("G05", Whose::Child, &texts);
    scene.shelf.record("G16", Whose::Child, &[(Tier::T4, "Astma.")]);
    scene
}

#[tokio::test]
async fn what_is_permitted_is_given_up_to_its_tier_without_third_parties() {
    let scene = scene().await;
    let question = scene.question(&Ask::guardian(&["G05"]));
    let reply = put(&scene, &question).await.unwrap();
    let answer = opened(&reply, &question);
    assert_eq!(answer.outcome, Outcome::Verstrekt);
    let Line::Content { tier, basis, entries, .. } = &answer.lines[0] else { panic!("content") };
    assert_eq!(*tier, Tier::T4);
    assert_eq!(basis.rows[0].as_str(), "R20.1");
    let told = [
        (Tier::T1, "Een zorgpartij is betrokken.".to_owned()),
        (Tier::T2, "Praktijk, bereikbaar (weggelaten).".to_owned()),
    ];
    assert_eq!(entries[0].texts, told);
    assert!(entries[0].redacted);
    let tag = subject_tag(&reply.target_id, &scene.agency.oin, KNOWN.as_bytes());
    assert_eq!(&answer.subject_tag, tag.as_bytes());
    assert!(answer.holds_unnumbered_records);
}

#[tokio::test]
async fn a_reply_is_signed_with_the_cards_key_for_its_asker_and_question() {
    let scene = scene().await;
    let reply = ask(&scene, &Ask::guardian(&["G05"])).await.unwrap();
    let to = oin(GI);
    let fields = ReplyFields {
        target_id: reply.target_id,
        from: &scene.agency.oin,
        to: &to,
        epoch: 1,
        reply_no: 1,
        part: 1,
        last: true,
        answer_by: scene.agency.clock.now().plus_ms(86_400_000),
        body: &reply.body,
    };
    let key = scene.agency.sign_key.verifying_key().to_bytes();
    assert!(statement::verify(&key, &fields.canonical(), &reply.signature).is_ok());
}

#[tokio::test]
async fn invariant_04_miss_refusal_and_review_are_one_neutral_answer_to_who_may_not_know() {
    let scene = scene().await;
    // Review (R14.3) and no rule (G24) at a care holder, and a child it does not know.
    let review = answered(&scene, &Ask::veilig_thuis(&["G05"]).id(1)).await;
    let refused = answered(&scene, &Ask::veilig_thuis(&["G24"]).id(2)).await;
    let missed = answered(&scene, &Ask::veilig_thuis(&["G05"]).id(3).about(UNKNOWN)).await;
    let missed_too = answered(&scene, &Ask::veilig_thuis(&["G24"]).id(4).about(UNKNOWN)).await;
    // All but the random bytes.
    let bare = |answer: Answer| Answer { subject_tag: [0; 32], ..answer };
    assert_ne!(review.subject_tag, missed.subject_tag);
    assert_eq!(bare(review), bare(missed));
    assert_eq!(bare(refused.clone()), bare(missed_too));
    assert_eq!(refused.outcome, Outcome::Neutraal);
    let lines = decisions(&scene.agency, 0, 10, None).await.unwrap();
    let decided: Vec<_> = lines.iter().map(|d| d.lines[0].outcome.as_str()).collect();
    assert_eq!(decided, ["review", "refuse", "miss", "miss"]);
    assert!(lines.iter().all(|decision| decision.lines[0].shown == "neutral"));
}

#[tokio::test]
async fn to_who_may_know_a_refusal_a_review_and_an_absence_are_named() {
    let scene = scene().await;
    let answer = answered(&scene, &Ask::guardian(&["G05", "G16", "G24", "G10"])).await;
    assert_eq!(answer.outcome, Outcome::DeelsVerstrekt);
    assert!(matches!(&answer.lines[0], Line::Content { .. }));
    let Line::Review { basis, until, .. } = &answer.lines[1] else { panic!("review") };
    assert_eq!(basis.rows[0].as_str(), "R21.1");
    assert_eq!(*until, answer.answer_by);
    let Line::Refused { reason, basis, .. } = &answer.lines[2] else { panic!("refused") };
    assert_eq!((*reason, basis.rows.len()), (Reason::NoRule, 0));
    let Line::NoRecord { basis, .. } = &answer.lines[3] else { panic!("no record") };
    assert_eq!(basis.rows[0].as_str(), "R20.1");
}

#[tokio::test]
async fn a_review_never_gives_content() {
    let scene = scene().await;
    for question in [Ask::guardian(&["G16"]).id(1), Ask::veilig_thuis(&["G05"]).id(2)] {
        let answer = answered(&scene, &question).await;
        let body = grondslag_proto::answer::encode(&answer);
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(!body.contains("Astma") && !body.contains("zorgpartij"), "{body}");
        assert!(!answer.lines.iter().any(|line| matches!(line, Line::Content { .. })));
    }
}

#[tokio::test]
async fn a_parents_file_does_not_follow_the_childs() {
    let scene = scene().await;
    let text = [(Tier::T1, "Ouder is bekend.")];
    scene.shelf.record("G05", Whose::Other, &text);
    let answer = answered(&scene, &Ask::guardian(&["G05"])).await;
    let Line::Content { entries, .. } = &answer.lines[0] else { panic!("content") };
    assert!(entries.iter().all(|entry| entry.about == Whose::Child));
}

#[tokio::test]
async fn the_brokers_cap_lowers_the_tier() {
    let scene = scene().await;
    let mut question = scene.question(&Ask::guardian(&["G05"]));
    attest(&mut question, |leaf| leaf.rulings[0].cap = Tier::T1);
    let answer = opened(&put(&scene, &question).await.unwrap(), &question);
    let Line::Content { tier, entries, .. } = &answer.lines[0] else { panic!("content") };
    assert_eq!((*tier, entries[0].texts.len()), (Tier::T1, 1));
}

#[tokio::test]
async fn what_the_register_contradicts_or_nobody_understands_goes_to_a_person() {
    let scene = scene().await;
    let outcome = async |id| {
        answered(&scene, &Ask::guardian(&["G05"]).id(id)).await;
        let decided = decisions(&scene.agency, 0, 9, Some(TargetId::new([id; 16]))).await.unwrap();
        decided[0].lines[0].outcome.clone()
    };
    assert_eq!(outcome(1).await, "permit");
    scene.shelf.fact("plan_agreed", "perhaps");
    assert_eq!(outcome(2).await, "review");
    scene.shelf.facts.lock().unwrap().clear();
    scene.shelf.fact("severity", "concern");
    assert_eq!(outcome(3).await, "permit");
    scene.shelf.fact("severity", "serious");
    assert_eq!(outcome(4).await, "review", "a register that contradicts itself");
}

#[tokio::test]
async fn a_child_is_not_named_while_the_register_says_what_nobody_understands() {
    let scene = scene().await;
    let question = Ask::guardian(&["G05", "G16", "G24"]);
    assert_ne!(answered(&scene, &question.clone().id(1)).await.outcome, Outcome::Neutraal);
    // Perhaps this is how another system writes that the child is shielded.
    scene.shelf.fact("subject_shielded", "ja");
    let shielded = answered(&scene, &question.clone().id(2)).await;
    let missed = answered(&scene, &question.id(3).about(UNKNOWN)).await;
    assert_eq!(shielded.outcome, Outcome::Neutraal);
    assert_eq!(shielded.lines, missed.lines);
}

#[test]
fn only_a_disk_that_takes_nothing_from_anybody_is_named_past_the_look_up() {
    let unwritable = StoreError::Unwritable(std::io::ErrorKind::Other);
    for error in [unwritable, StoreError::Full] {
        let stop = unwritten(LedgerError::Store(error));
        assert_eq!(stop, Stop::Fault(error.reason()));
    }
    for error in [StoreError::Corrupt, StoreError::TooLarge("batch")] {
        assert_eq!(unwritten(LedgerError::Store(error)), Stop::Hidden(error.reason()));
    }
    assert_eq!(unwritten(LedgerError::TooLarge("leaf")), Stop::Hidden(Reason::TooLarge));
}

#[tokio::test]
async fn the_nodes_own_rules_make_it_stricter() {
    let mut scene = scene().await;
    let text = "[[row]]\nid = \"L1\"\noutcome = \"hold\"\nlegal = [\"avg-5-1-c\"]\n\
                text.nl = \"Eerst kijken.\"\ntext.en = \"Look first.\"\n\
                when.category = [\"G05\"]\n";
    let kind = scene.agency.kind.clone();
    scene.agency.own_rules = Some(OwnRules::new(kind, "local.toml".into(), text.into()));
    let answer = answered(&scene, &Ask::guardian(&["G05"])).await;
    let Line::Review { basis, .. } = &answer.lines[0] else { panic!("review") };
    assert!(basis.rows.iter().any(|row| row.as_str() == "local/L1"));
}

#[tokio::test]
async fn invariant_02_nothing_is_looked_up_for_a_question_that_is_not_verified() {
    let scene = scene().await;
    let mut question = scene.question(&Ask::guardian(&["G05"]));
    question.part.signature[0] ^= 1;
    let stopped = answer(&scene.agency, question).await.unwrap_err();
    assert_eq!(stopped, Stop::Refused(Reason::StatementInvalid));
    assert_eq!(scene.shelf.looks(), 0);
    assert!(decisions(&scene.agency, 0, 10, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn invariant_11_not_ready_comes_before_any_look_up() {
    let mut scene = scene().await;
    for (restored, ready) in [(true, Ok(())), (false, Err(SourceFault::NotReady))] {
        scene.agency.restored = Standing { unconfirmed: restored, asked_from: None };
        if let Err(fault) = ready {
            *scene.shelf.ready.lock().unwrap() = Err(fault);
        }
        for (id, subject) in [(1, KNOWN), (2, UNKNOWN)] {
            let question = Ask::guardian(&["G05"]).id(id).about(subject);
            assert_eq!(ask(&scene, &question).await, Err(Stop::Refused(Reason::NotReady)));
        }
        assert_eq!(scene.shelf.looks(), 0);
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_question_itself_is_said_before_any_look_up() {
    let scene = scene().await;
    let unknown = Ask::guardian(&["G99"]);
    assert_eq!(ask(&scene, &unknown).await, Err(Stop::Refused(Reason::UnknownCategory)));
    let mut counts = scene.question(&Ask::guardian(&["G05"]));
    counts.header.level = grondslag_core::tier::Level::Aggregate;
    scene.seal_anew(&mut counts);
    let stopped = answer(&scene.agency, counts).await.unwrap_err();
    assert_eq!(stopped, Stop::Refused(Reason::Unimplemented));
    assert_eq!(scene.shelf.looks(), 0);
    assert!(alarms(&scene).await.is_empty());
}

/// A detail that is not what it should be is opened for a known child alone: who saw it refused
/// would know that the child is known.
#[tokio::test]
async fn invariant_04_a_bad_detail_shows_as_nothing_and_alarms_on_a_hit_only() {
    type Spoil = fn(&Scene, &mut TargetQuestion);
    let cases: [(Spoil, Reason); 5] = [
        (|_, q| q.part.detail[3_000] ^= 1, Reason::SealInvalid),
        (
            |scene, q| {
                let mut detail = scene.detail(q);
                detail.header = Digest::of(b"other");
                scene.put_detail(q, &detail.encode());
            },
            Reason::HeaderMismatch,
        ),
        (
            |scene, q| {
                let mut detail = scene.detail(q);
                detail.facts = [("mesure".into(), "ots".into())].into();
                scene.put_detail(q, &detail.encode());
            },
            Reason::UnknownFact,
        ),
        (
            |scene, q| {
                let mut detail = scene.detail(q);
                detail.necessity = "kort".into();
                scene.put_detail(q, &detail.encode());
            },
            Reason::TextTooShort,
        ),
        (|scene, q| scene.put_detail(q, &[0xff]), Reason::Malformed),
    ];
    for (spoil, reason) in cases {
        let scene = scene().await;
        let spoiled = async |id, subject| {
            let ask = Ask::guardian(&["G05", "G24"]).id(id).about(subject);
            let mut question = scene.question(&ask);
            spoil(&scene, &mut question);
            sign(&mut question);
            attest(&mut question, |_| {});
            let answer = opened(&put(&scene, &question).await.unwrap(), &question);
            Answer { subject_tag: [0; 32], ..answer }
        };
        let begin = scene.agency.ledger.size().await.unwrap();
        let missed = spoiled(1, UNKNOWN).await;
        let step = scene.agency.ledger.size().await.unwrap() - begin;
        assert!(alarms_of_details(&scene).await.is_empty(), "{reason}");
        let met = spoiled(2, KNOWN).await;
        // Nobody who gets the next proof counts another leaf.
        assert_eq!(scene.agency.ledger.size().await.unwrap(), begin + 2 * step, "{reason}");
        assert_eq!(met.outcome, Outcome::Neutraal, "{reason}");
        assert_eq!(met, missed, "{reason}");
        assert_eq!(alarms_of_details(&scene).await, [reason.code()]);
        assert!(alarms(&scene).await.is_empty(), "{reason}");
        let decided = decisions(&scene.agency, 0, 10, None).await.unwrap();
        assert!(decided.iter().all(|one| one.lines[0].outcome == "miss"), "{reason}");
    }
}

#[tokio::test]
async fn a_made_up_subject_is_met_and_only_who_knows_its_number_sees_it() {
    let scene = scene().await;
    let question = scene.question(&Ask::guardian(&["G05"]).about(CANARY));
    let reply = put(&scene, &question).await.unwrap();
    let answer = opened(&reply, &question);
    assert_eq!(answer.outcome, Outcome::Neutraal);
    let tag = subject_tag(&reply.target_id, &scene.agency.oin, CANARY.as_bytes());
    assert_eq!(&answer.subject_tag, tag.as_bytes());
    let missed = scene.question(&Ask::guardian(&["G05"]).id(2).about(UNKNOWN));
    let reply = put(&scene, &missed).await.unwrap();
    let tag = subject_tag(&reply.target_id, &scene.agency.oin, UNKNOWN.as_bytes());
    assert_ne!(&opened(&reply, &missed).subject_tag, tag.as_bytes(), "nobody was met");
    assert_eq!(scene.shelf.looks(), 0, "no record was looked at");
}

#[tokio::test]
async fn every_reply_to_a_question_has_the_length_that_the_question_fixes() {
    use prost::Message as _;
    let scene = scene().await;
    for (id, cap, bytes) in [(1, Tier::T3, REPLY_BYTES_SMALL), (3, Tier::T4, REPLY_BYTES_LARGE)] {
        for (id, subject) in [(id, KNOWN), (id + 1, UNKNOWN)] {
            let mut question = scene.question(&Ask::guardian(&["G05"]).id(id).about(subject));
            attest(&mut question, |leaf| leaf.rulings[0].cap = cap);
            let reply = put(&scene, &question).await.unwrap();
            let wire = v1::Reply::from(reply);
            assert_eq!(wire.encoded_len(), bytes, "{subject} {cap:?}");
        }
    }
}

#[tokio::test]
async fn the_same_question_gets_the_same_bytes_without_a_second_look() {
    let scene = scene().await;
    let question = scene.question(&Ask::guardian(&["G05"]));
    let first = put(&scene, &question).await.unwrap();
    assert_eq!(put(&scene, &question).await.unwrap(), first);
    // The broker may make another pair of the same number; the asker's statement is the same.
    let mut repaired = question;
    scene.put_pair(&mut repaired, &scene.pair(1, KNOWN));
    attest(&mut repaired, |_| {});
    assert_eq!(put(&scene, &repaired).await.unwrap(), first);
    assert_eq!(scene.shelf.looks(), 1);
    assert_eq!(decisions(&scene.agency, 0, 10, None).await.unwrap().len(), 1);
    let other = Ask::guardian(&["G16"]);
    assert_eq!(ask(&scene, &other).await, Err(Stop::Refused(Reason::ReplayConflict)));
}

#[tokio::test]
async fn two_at_once_get_the_same_bytes_one_look_and_one_decision() {
    let scene = scene().await;
    // Every reply is sealed anew, so that equal bytes can only be the kept ones.
    for (subject, looks) in [(UNKNOWN, 0), (KNOWN, 1)] {
        let id = u8::try_from(looks).unwrap();
        let question = scene.question(&Ask::guardian(&["G05"]).about(subject).id(id));
        let (one, two) = tokio::join!(put(&scene, &question), put(&scene, &question));
        assert_eq!(one.unwrap(), two.unwrap());
        assert_eq!(scene.shelf.looks(), looks);
        assert_eq!(decisions(&scene.agency, 0, 10, None).await.unwrap().len(), looks + 1);
    }
}

#[tokio::test]
async fn a_decision_record_says_what_decided_and_nothing_about_whom() {
    let scene = scene().await;
    answered(&scene, &Ask::guardian(&["G05", "G16"])).await;
    let decision = decisions(&scene.agency, 0, 10, None).await.unwrap().remove(0);
    assert_eq!((decision.role.as_str(), decision.purpose.as_str()), ("gi.jeugdbeschermer", "D09"));
    assert_eq!(decision.lines[0].outcome, "permit");
    assert_eq!(decision.lines[1].shown, "review");
    let measure = decision.facts.iter().find(|fact| fact.column == "measure").unwrap();
    assert_eq!((measure.value.as_str(), measure.standing.as_str()), ("ots", "certified"));
    let age = decision.facts.iter().find(|fact| fact.column == "age_band").unwrap();
    assert_eq!((age.value.as_str(), age.standing.as_str()), ("lt12", "verified"));
    let shown = format!("{decision:?}");
    assert!(!shown.contains(KNOWN) && !shown.contains("Astma") && !shown.contains("HA-1"));
    let missed = answered(&scene, &Ask::guardian(&["G05"]).id(2).about(UNKNOWN)).await;
    assert_eq!(missed.outcome, Outcome::Neutraal);
    let missed = decisions(&scene.agency, 0, 10, None).await.unwrap().remove(1);
    assert!(missed.facts.is_empty());
}

#[tokio::test]
async fn decisions_are_listed_in_order_from_an_index_and_by_question() {
    let scene = scene().await;
    for id in 1..=3 {
        answered(&scene, &Ask::guardian(&["G05"]).id(id)).await;
    }
    let all = decisions(&scene.agency, 0, 10, None).await.unwrap();
    let ids: Vec<_> = all.iter().map(|decision| decision.target_id[0]).collect();
    assert_eq!(ids, [1, 2, 3]);
    let from = decisions(&scene.agency, all[1].index, 1, None).await.unwrap();
    assert_eq!(from, all[1..2]);
    assert_eq!(
        decisions(&scene.agency, 0, 10, Some(TargetId::new([3; 16]))).await.unwrap(),
        all[2..]
    );
}

#[tokio::test]
async fn a_card_that_is_newer_than_ours_is_read_once_it_is_needed() {
    let scene = scene().await;
    let newcomer = "00000099000000005000";
    let mut cards = scene.listing.cards.lock().unwrap().clone();
    cards.push(scene.region.card(newcomer, "gi", |_| {}, None));
    scene.listing.set(cards);
    let mut question = Ask::guardian(&["G05"]);
    question.asker = newcomer;
    assert!(ask(&scene, &question).await.is_ok());
}

#[test]
fn a_register_in_motion_is_not_ready_and_a_damaged_one_is_a_fault() {
    assert_eq!(Stop::from(SourceFault::Changed), Stop::Refused(Reason::NotReady));
    assert_eq!(Stop::from(SourceFault::Damaged), Stop::Fault(Reason::StoreCorrupt));
}

/// The asker has read keys of other factors for the same epoch, and this node has not yet: whoever
/// is known here does not look unknown.
#[tokio::test]
async fn a_question_through_other_factors_than_the_indexs_is_not_answered_with_nothing() {
    let scene = scene().await;
    let known = answered(&scene, &Ask::guardian(&["G05"])).await;
    assert_eq!(known.outcome, Outcome::Verstrekt);
    scene.listing.holder.lose_factors();
    let question = scene.question(&Ask::guardian(&["G05"]).id(2));
    assert_eq!(put(&scene, &question).await.err(), Some(Stop::Refused(Reason::NotReady)));
    // Once it has read them it enrols anew, and answers; how long that takes is the machine's.
    let reply = loop {
        tokio::time::sleep(std::time::Duration::from_millis(EPOCH_GAP_MS + 50)).await;
        match put(&scene, &question).await {
            Err(Stop::Refused(Reason::NotReady)) => {}
            reply => break reply.unwrap(),
        }
    };
    assert_eq!(opened(&reply, &question).outcome, Outcome::Verstrekt);
}
