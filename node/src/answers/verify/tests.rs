use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use grondslag_core::id::Pseudonym;
use grondslag_core::inquiry::{Approval, Approver};
use grondslag_core::statement::{approval_bytes, sign as sign_bytes};
use grondslag_core::tier::{Tier, Verdict};

use grondslag_evidence::ledger::Signer;
use grondslag_evidence::ledger::testing::{self, Log};

use super::*;
use crate::fixture::{
    Ask, BROKER, GI, OWN, REGION, Scene, UNKNOWN, VT, attest, attest_as, key_of, moment, oin, sign,
    with_log,
};

fn verify_at(scene: &Scene, question: TargetQuestion, now: Timestamp) -> Result<Attested, Reason> {
    let agency = &scene.agency;
    agency.directory.with_book(|cards| {
        let against = Against {
            own: &agency.oin,
            broker: &agency.broker,
            bundle: agency.pack().bundle(),
            cards,
            seals: &agency.keys.seals,
            watching: &agency.watching,
            mandated: &|role| role.as_str() == "gem.doorzetter",
            now,
        };
        verify(question, &against)
    })
}

fn refused(scene: &Scene, question: TargetQuestion) -> Reason {
    verify_at(scene, question, scene.agency.clock.now()).unwrap_err()
}

/// An honest question, changed after both signed it.
fn tampered(scene: &Scene, change: impl FnOnce(&mut TargetQuestion)) -> Reason {
    let mut question = scene.question(&Ask::guardian(&["G05", "G16"]));
    change(&mut question);
    refused(scene, question)
}

fn category(code: &str) -> Category {
    Category::parse(code).unwrap()
}

#[tokio::test]
async fn a_question_that_both_signed_is_attested() {
    let scene = Scene::new().await;
    let mut question = scene.question(&Ask::guardian(&["G05", "G16"]));
    attest(&mut question, |leaf| {
        leaf.rulings[1].verdict = Verdict::Refuse;
        leaf.rulings[1].cap = Tier::T0;
    });
    let attested = verify_at(&scene, question, scene.agency.clock.now()).unwrap();
    let through: Vec<_> = attested.let_through().map(|ruling| ruling.category.as_str()).collect();
    assert_eq!(through, ["G05"]);
    assert_eq!(attested.categories().len(), 2);
    assert_eq!(format!("{attested:?}"), format!("Attested({}, …)", attested.target_id()));
}

/// Who asks dates the question, and the rules of that day decide it: an asker and a broker together
/// could go back to rules that are no longer in force.
#[tokio::test]
async fn a_question_is_not_dated_long_before_the_broker_decided_on_it() {
    let scene = Scene::new().await;
    let longest = ASK_LIFE_MS_MAX + CLOCK_SKEW_MS_MAX;
    for (apart, expected) in [(longest, None), (longest + 1, Some(Reason::HeaderMismatch))] {
        let mut question = scene.question(&Ask::guardian(&["G05"]));
        attest(&mut question, |leaf| leaf.decided_at = leaf.decided_at.plus_ms(apart));
        let now = scene.agency.clock.now().plus_ms(apart);
        assert_eq!(verify_at(&scene, question, now).err(), expected, "{apart}");
    }
}

/// What the broker decided after its backup is lost to it: nobody can tell whether it was decided.
#[tokio::test]
async fn what_was_asked_before_the_broker_was_restored_is_refused_and_what_after_is_decided() {
    let scene = Scene::new().await;
    let now = scene.agency.clock.now();
    let before = scene.question(&Ask::guardian(&["G05"]));
    assert!(verify_at(&scene, before, now).is_ok());
    let origin = Origin::of_broker(REGION, 2).unwrap();
    let signer = Signer { origin, key: key_of(BROKER), previous: None };
    with_log(|log, _| *log = Log::new(signer));
    for (founded_at, refused) in [(1, Some(Reason::AskedBeforeRestore)), (0, None), (-1, None)] {
        scene.agency.watching.goes_on_with(2, now.plus_ms(founded_at));
        let question = scene.question(&Ask::guardian(&["G05"]));
        let verified = verify_at(&scene, question, now);
        assert_eq!(verified.err(), refused, "{founded_at} ms after");
    }
}

#[tokio::test]
async fn what_a_broker_changes_after_the_asker_signed_is_noticed() {
    let scene = Scene::new().await;
    let stale = |q: &mut TargetQuestion| q.header.bundle = Digest::of(b"other");
    assert_eq!(tampered(&scene, stale), Reason::PolicyStale);
    assert_eq!(tampered(&scene, |q| q.target = oin(GI)), Reason::HeaderMismatch);
    let changes: [fn(&mut TargetQuestion); 7] = [
        |q| q.header.purpose = grondslag_core::catalogue::Purpose::parse("D12").unwrap(),
        |q| q.header.role = Role::parse("gi.jeugdreclasseerder").unwrap(),
        |q| q.header.staff = Pseudonym::new([9; 16]),
        |q| q.part.categories = vec![category("G05")],
        |q| q.part.detail[20] ^= 1,
        |q| q.part.signature[0] ^= 1,
        |q| q.id = TargetId::new([9; 16]),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        assert_eq!(tampered(&scene, change), Reason::StatementInvalid, "change {place}");
    }
}

#[tokio::test]
async fn an_attestation_that_the_broker_did_not_sign_is_none() {
    let scene = Scene::new().await;
    let changes: [fn(&mut TargetQuestion); 7] = [
        |q| q.evidence.signature[0] ^= 1,
        |q| q.evidence.index += 1,
        |q| q.evidence.leaf[30] ^= 1,
        |q| q.evidence.salt[0] ^= 1,
        |q| q.evidence.recorded_at = q.evidence.recorded_at.plus_ms(1),
        |q| q.evidence.pair = Digest::of(b"other"),
        |q| attest_as(VT, q, |_| {}),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        assert_eq!(tampered(&scene, change), Reason::AttestationInvalid, "change {place}");
    }
}

/// A broker that attests what it did not write, or shows another history, finds nobody to answer.
#[tokio::test]
async fn a_decision_that_is_not_proved_in_the_brokers_ledger_is_refused() {
    let scene = Scene::new().await;
    let first = scene.question(&Ask::guardian(&["G05"]));
    assert!(verify_at(&scene, first, scene.agency.clock.now()).is_ok());
    assert_eq!(scene.agency.watching.seen_size(), 1);
    let not_written = |q: &mut TargetQuestion| {
        let signer = testing::signer("elsewhere", 1).unwrap();
        let (mut log, evidence) = (Log::new(signer), &mut q.evidence);
        log.push(Digest::of(b"another"));
        (evidence.proof, evidence.index) = (log.inclusion(0), 0);
    };
    let changes: [fn(&mut TargetQuestion); 5] = [
        |q| q.evidence.proof[0] = Digest::of(b"other"),
        |q| q.evidence.proof.truncate(0),
        not_written,
        |q| q.evidence.checkpoint = other_checkpoint(q, BROKER, "elsewhere/1"),
        |q| {
            q.evidence.checkpoint =
                other_checkpoint(q, VT, q.evidence.checkpoint.checkpoint().origin.as_str());
        },
    ];
    for (place, change) in changes.into_iter().enumerate() {
        assert_eq!(tampered(&scene, change), Reason::AttestationInvalid, "change {place}");
    }
    assert_eq!(scene.agency.watching.seen_size(), 1, "nothing of that was taken");
    let elsewhere = |q: &mut TargetQuestion| q.evidence.seen_size = 0;
    assert_eq!(tampered(&scene, elsewhere), Reason::HeadMismatch);
    let unproven = |q: &mut TargetQuestion| q.evidence.consistency[0] = Digest::of(b"other");
    assert_eq!(tampered(&scene, unproven), Reason::LedgerFork);
    assert_eq!(tampered(&scene, |_| {}), Reason::LedgerFork, "and from then on nothing");
}

/// What this question's checkpoint says, under another key or name.
fn other_checkpoint(question: &TargetQuestion, who: &str, name: &str) -> SignedCheckpoint {
    let checkpoint = question.evidence.checkpoint.checkpoint().clone();
    let origin = Origin::parse(name).unwrap();
    Checkpoint { origin, ..checkpoint }.sign(&key_of(who))
}

#[tokio::test]
async fn a_leaf_about_another_question_does_not_attest_this_one() {
    let scene = Scene::new().await;
    let lies: [fn(&mut Leaf); 6] = [
        |leaf| leaf.target_id = TargetId::new([9; 16]),
        |leaf| leaf.target = oin(GI),
        |leaf| leaf.header = Digest::of(b"other"),
        |leaf| leaf.detail = Digest::of(b"other"),
        |leaf| drop(leaf.rulings.pop()),
        |leaf| leaf.rulings.swap(0, 1),
    ];
    for (place, lie) in lies.into_iter().enumerate() {
        let reason = tampered(&scene, |q| attest(q, lie));
        assert_eq!(reason, Reason::HeaderMismatch, "lie {place}");
    }
    let twice = |q: &mut TargetQuestion| {
        q.part.categories = vec![category("G05"), category("G05")];
        sign(q);
        attest(q, |_| {});
    };
    assert_eq!(tampered(&scene, twice), Reason::HeaderMismatch);
}

/// The asker seals what it likes. That is seen by who opens it, and nobody opens it before the
/// look-up: that it was refused would tell that the child is known.
#[tokio::test]
async fn a_detail_is_closed_while_a_question_is_verified_and_then_says_the_same_header() {
    let scene = Scene::new().await;
    let (own, seals) = (&scene.agency.oin, &scene.agency.keys.seals);
    let opened = |change: &dyn Fn(&mut TargetQuestion)| {
        let mut question = scene.question(&Ask::guardian(&["G05", "G16"]));
        change(&mut question);
        sign(&mut question);
        attest(&mut question, |_| {});
        let attested = verify_at(&scene, question, scene.agency.clock.now()).unwrap();
        attested.open_detail(own, seals).map(|detail| detail.facts)
    };
    assert!(opened(&|_| {}).unwrap().contains_key("measure"));
    let another_header = |q: &mut TargetQuestion| {
        let mut detail = scene.detail(q);
        detail.header = Digest::of(b"other");
        scene.put_detail(q, &detail.encode());
    };
    assert_eq!(opened(&another_header), Err(Reason::HeaderMismatch));
    let short = |q: &mut TargetQuestion| {
        let mut detail = scene.detail(q);
        detail.necessity = "kort".into();
        scene.put_detail(q, &detail.encode());
    };
    assert_eq!(opened(&short), Err(Reason::TextTooShort));
    let unreadable = |q: &mut TargetQuestion| scene.put_detail(q, &[0xff]);
    assert_eq!(opened(&unreadable), Err(Reason::Malformed));
    // Of another question of the same asker, put in this one's place.
    let other = scene.question(&Ask::guardian(&["G05"]).id(9));
    let swapped = |q: &mut TargetQuestion| q.part.detail.clone_from(&other.part.detail);
    assert_eq!(opened(&swapped), Err(Reason::SealInvalid));
    assert_eq!(opened(&|q| q.part.detail[2_000] ^= 1), Err(Reason::SealInvalid));
}

#[tokio::test]
async fn the_hidden_number_is_the_one_that_was_attested_for_this_question() {
    let scene = Scene::new().await;
    let other = scene.question(&Ask::guardian(&["G05"]).id(9).about(UNKNOWN));
    // Sealed for another question, whatever its digest.
    let replayed = |q: &mut TargetQuestion| {
        (q.pair, q.evidence.pair) = (other.pair.clone(), other.evidence.pair);
        attest(q, |_| {});
    };
    assert_eq!(tampered(&scene, replayed), Reason::SealInvalid);
    assert_eq!(tampered(&scene, |q| q.pair[600] ^= 1), Reason::SealInvalid);
    // Another child, sealed well and not attested.
    let swapped = |q: &mut TargetQuestion| {
        let attested = q.evidence.pair;
        scene.put_pair(q, &scene.pair(1, UNKNOWN));
        q.evidence.pair = attested;
    };
    assert_eq!(tampered(&scene, swapped), Reason::AttestationInvalid);
    let replaced = |q: &mut TargetQuestion| scene.put_pair(q, &scene.pair(1, UNKNOWN));
    assert_eq!(tampered(&scene, replaced), Reason::AttestationInvalid, "not signed");
}

#[tokio::test]
async fn an_asker_must_be_known_of_our_mode_and_admitted_to_its_role() {
    let scene = Scene::new().await;
    let unknown = |q: &mut TargetQuestion| q.header.asker = oin("00000099000000007000");
    assert_eq!(tampered(&scene, unknown), Reason::UnknownAgency);
    let production = |q: &mut TargetQuestion| q.header.asker = oin("00000001003214345000");
    assert_eq!(tampered(&scene, production), Reason::ModeMismatch);
    let other_kind = |q: &mut TargetQuestion| {
        q.header.role = Role::parse("vt.veiligheidsbeoordelaar").unwrap();
    };
    assert_eq!(tampered(&scene, other_kind), Reason::RoleNotAdmitted);
}

#[tokio::test]
async fn a_question_is_answered_within_its_term_and_not_before_it_was_asked() {
    let scene = Scene::new().await;
    let question = || scene.question(&Ask::guardian(&["G05"]));
    let by = question().header.times.answer_by;
    assert!(verify_at(&scene, question(), by).is_ok());
    let late = verify_at(&scene, question(), by.plus_ms(1)).unwrap_err();
    assert_eq!(late, Reason::QuestionExpired);
    let early = verify_at(&scene, question(), moment("2026-09-15T08:59")).unwrap_err();
    assert_eq!(early, Reason::QuestionFromFuture);
}

/// A question that a second person approved.
fn approved(scene: &Scene, change: impl FnOnce(&mut Approver)) -> TargetQuestion {
    let second = SigningKey::from_bytes(&[50; 32]);
    let mut question = scene.question(&Ask::guardian(&["G05"]));
    let mut approver = Approver {
        pseudonym: Pseudonym::new([5; 16]),
        role: Role::parse("gi.jeugdbeschermer").unwrap(),
        mandate_until: moment("2027-01-01"),
        public_key: second.verifying_key().to_bytes(),
        vouched: [0; 64],
    };
    change(&mut approver);
    // The asker's card key is the fourth of the fixture.
    let card = SigningKey::from_bytes(&[4; 32]);
    approver.vouched = sign_bytes(&card, &approver.vouch_bytes(&question.header.asker));
    question.header.approvers = vec![approver];
    let commitment = Digest::of(b"salted child");
    let TargetQuestion { id, header, part, .. } = &question;
    let bytes = approval_bytes(id, header, &part.categories, &commitment);
    let signature = sign_bytes(&second, &bytes);
    let approval = Approval { pseudonym: Pseudonym::new([5; 16]), commitment, signature };
    question.part.approvals = vec![approval];
    scene.seal_anew(&mut question);
    question
}

#[tokio::test]
async fn a_second_person_counts_once_their_signature_and_role_hold() {
    let scene = Scene::new().await;
    let now = scene.agency.clock.now();
    let good = verify_at(&scene, approved(&scene, |_| {}), now).unwrap();
    assert_eq!(good.approvals(), Approvals::SecondPerson);

    let mut altered = approved(&scene, |_| {});
    altered.part.approvals[0].signature[0] ^= 1;
    scene.seal_anew(&mut altered);
    assert_eq!(refused(&scene, altered), Reason::ApprovalAltered);

    let foreign = approved(&scene, |a| a.role = Role::parse("gem.doorzetter").unwrap());
    assert_eq!(refused(&scene, foreign), Reason::RoleNotAdmitted);

    let ended = approved(&scene, |a| a.mandate_until = now);
    assert_eq!(refused(&scene, ended), Reason::ApproverUnverified);
}

#[tokio::test]
async fn without_the_brokers_card_nothing_can_be_verified() {
    let scene = Scene::new().await;
    let question = scene.question(&Ask::guardian(&["G05"]));
    let agency = &scene.agency;
    let reason = agency.directory.with_book(|cards| {
        let against = Against {
            own: &agency.oin,
            broker: &oin(OWN),
            bundle: agency.pack().bundle(),
            cards,
            seals: &agency.keys.seals,
            watching: &agency.watching,
            mandated: &|_| false,
            now: agency.clock.now(),
        };
        verify(question, &against).unwrap_err()
    });
    assert_eq!(reason, Reason::NotReady);
}
