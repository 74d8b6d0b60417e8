//! What ledgers have to do with an answer: the node's own, in which it stands first, and the
//! broker's, which may be restored or contradict itself.

use grondslag_core::answered::AnswerProof;
use grondslag_core::checkpoint::Origin;
use grondslag_proto::content::Proved;

use super::*;
use crate::evidence::{AnswerTo, LEDGER, proved_answer};
use crate::fixture::opened_whole;
use crate::limits::RESTORES_MAX;

/// The asker holds the answer against the node's own ledger, whatever was recorded in between.
#[tokio::test]
async fn an_answer_proves_that_it_stands_in_the_ledger_and_another_does_not() {
    let scene = scene().await;
    for (place, about) in [KNOWN, UNKNOWN, KNOWN].into_iter().enumerate() {
        let id = u8::try_from(place).unwrap();
        let question = scene.question(&Ask::guardian(&["G05"]).about(about).id(id));
        let before = scene.agency.ledger.size().await.unwrap();
        let reply = put(&scene, &question).await.unwrap();
        let proved = opened_whole(&reply, &question);
        assert_eq!(proved.proof.index, before);
        let TargetQuestion { id, header, target, part, .. } = &question;
        let statement = &statement::ask_digest(id, target, header, part);
        let (region, from) = (&scene.agency.context.region_name(), &oin(OWN));
        let key = &key_of(OWN).verifying_key().to_bytes();
        let now = scene.agency.clock.now();
        let to = AnswerTo {
            statement,
            kind: Kind::Decision,
            region,
            from,
            key,
            between: (header.times.asked_at, now),
        };
        assert!(proved_answer(&proved, &to).is_ok());
        let refused = Err(Reason::ReceiptInvalid);
        let other = Proved { answer: b"other".to_vec(), ..proved.clone() };
        assert_eq!(proved_answer(&other, &to), refused);
        assert_eq!(proved_answer(&proved, &AnswerTo { kind: Kind::Ended, ..to }), refused);
        for between in [(now.plus_ms(60_000), now), (now, now.plus_ms(-60_000))] {
            assert_eq!(proved_answer(&proved, &AnswerTo { between, ..to }), refused);
        }
        let wrong_key = key_of(GI).verifying_key().to_bytes();
        assert_eq!(proved_answer(&proved, &AnswerTo { key: &wrong_key, ..to }), refused);
        let alter: [fn(&mut AnswerProof); 8] = [
            |proof| proof.salt[0] ^= 1,
            |proof| proof.commitment = Digest::of(b"other"),
            |proof| proof.recorded_at = proof.recorded_at.plus_ms(1),
            |proof| proof.index += 1,
            |proof| proof.log += 1,
            |proof| proof.size += 1,
            |proof| proof.root = Digest::of(b"other"),
            |proof| proof.signature[0] ^= 1,
        ];
        for change in alter {
            let mut altered = proved.clone();
            change(&mut altered.proof);
            assert_eq!(proved_answer(&altered, &to), refused);
        }
        // A node signs whatever number it likes; no ledger has one beyond what is followed.
        for (log, holds) in [(1, true), (RESTORES_MAX, true), (RESTORES_MAX + 1, false)] {
            let mut numbered = proved.clone();
            numbered.proof.log = log;
            let origin = Origin::of_member(region, from, LEDGER, log).unwrap();
            let head = numbered.proof.head(origin);
            numbered.proof.signature = statement::sign(&key_of(OWN), head.text().as_bytes());
            assert_eq!(proved_answer(&numbered, &to).is_ok(), holds, "{log}");
        }
    }
}

#[tokio::test]
async fn invariant_02_nothing_leaves_when_the_ledger_fails_whether_or_not_the_write_landed() {
    for (fault, subject) in [
        (Fault::Lost, UNKNOWN),
        (Fault::Lost, KNOWN),
        (Fault::Landed, UNKNOWN),
        (Fault::Landed, KNOWN),
    ] {
        let scene = scene().await;
        let question = scene.question(&Ask::guardian(&["G05"]).about(subject));
        scene.store.fail_commit(1, fault);
        let stopped = put(&scene, &question).await;
        assert_eq!(stopped, Err(Stop::Fault(Reason::StoreUnwritable)), "{fault:?}");
        // The broker delivers again: there is one decision, whichever of the two made it.
        let again = put(&scene, &question).await.unwrap();
        assert_eq!(put(&scene, &question).await.unwrap(), again);
        let looks = match (subject, fault) {
            (UNKNOWN, _) => 0,
            (_, Fault::Landed) => 1,
            (_, Fault::Lost) => 2,
        };
        assert_eq!(scene.shelf.looks(), looks, "{fault:?}");
        assert_eq!(decisions(&scene.agency, 0, 10, None).await.unwrap().len(), 1);
    }
}

/// With or without the store taking the proof at first, one leaf holds it and one alarm tells of
/// it, however often the broker asks from then on; and a restart does not forget it.
#[tokio::test]
async fn a_broker_that_contradicts_itself_is_recorded_once_and_finds_nobody_any_more() {
    for fault in [None, Some(Fault::Lost)] {
        let scene = scene().await;
        answered(&scene, &Ask::guardian(&["G05"])).await;
        let before = scene.agency.ledger.size().await.unwrap();
        for id in 2..6 {
            let mut question = scene.question(&Ask::guardian(&["G05"]).id(id));
            question.evidence.consistency = vec![Digest::of(b"other")];
            if let (2, Some(fault)) = (id, fault) {
                scene.store.fail_commit(1, fault);
            }
            let stopped = answer(&scene.agency, question).await.unwrap_err();
            assert_eq!(stopped, Stop::Fault(Reason::LedgerFork), "{id}");
        }
        let alarms = scene.records(Kind::Alarm).await.len();
        let leaves = scene.agency.ledger.size().await.unwrap() - before;
        // An alarm was raised at the first try, whether or not the proof was kept by it.
        let expected = if fault.is_none() { (1, 2) } else { (2, 3) };
        assert_eq!((alarms, leaves), expected, "{fault:?}");
        assert!(crate::watch::stopped_by(scene.store.as_ref()).await.is_ok(), "{fault:?}");
    }
}

/// The broker's log was founded anew, or this node itself was restored: what was asked before may
/// have been answered, and nobody knows any more.
#[tokio::test]
async fn what_was_asked_before_a_restore_is_refused_and_what_was_asked_since_is_decided() {
    for of_broker in [true, false] {
        let mut scene = scene().await;
        let asked = scene.question(&Ask::guardian(&["G05"]));
        let at = asked.header.times.asked_at;
        for (from, refused) in [(at.plus_ms(1), true), (at, false)] {
            if of_broker {
                scene.agency.watching.founded_at(from);
            } else {
                scene.agency.restored = Standing { unconfirmed: false, asked_from: Some(from) };
            }
            let reply = put(&scene, &asked).await;
            let reason = refused.then_some(Stop::Refused(Reason::AskedBeforeRestore));
            assert_eq!(reply.err(), reason, "{of_broker}");
            let decided = decisions(&scene.agency, 0, 10, None).await.unwrap();
            assert_eq!(decided.is_empty(), refused, "{of_broker}");
        }
    }
}
