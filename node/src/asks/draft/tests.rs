//! A draft at a GP practice: approved by colleagues, sent once, and kept as long as it may be.

use ed25519_dalek::SigningKey;
use grondslag_certs::Serial;
use grondslag_core::clock::Clock as _;
use grondslag_core::tier::{Level, Urgency};
use grondslag_evidence::store::parts::read_body;
use grondslag_subject::Bsn;

use super::*;
use crate::asks::compose::inquiry;
use crate::asks::inquiries::{list, record_asked};
use crate::asks::wish::Subject;
use crate::fixture::{KNOWN, Scene, VT, oin};
use crate::staff::{Staff, StaffName};

const AUTHOR: &str = "auteur";
const SECOND: &str = "collega-1";
const THIRD: &str = "collega-2";
const OWN_ROLE: &str = "ha.arts";

fn staff_id(text: &str) -> StaffId {
    StaffId::parse(text).unwrap()
}

fn role(text: &str) -> Role {
    Role::parse(text).unwrap()
}

fn serial() -> Serial {
    Serial::parse("0a").unwrap()
}

fn key_of(who: &str) -> SigningKey {
    SigningKey::from_bytes(Digest::of(who.as_bytes()).as_bytes())
}

/// A practice with people.
async fn scene() -> Scene {
    let scene = Scene::new().await;
    for who in [AUTHOR, SECOND, THIRD] {
        let person = Staff {
            id: staff_id(who),
            name: StaffName::parse("Iemand").unwrap(),
            roles: [role(OWN_ROLE)].into(),
            mandate_until: scene.clock.now().plus_ms(2 * DRAFT_TTL_MS),
            revoked: false,
            revoked_certificates: [].into(),
        };
        scene.agency.staff.add(&person).await.unwrap();
    }
    scene
}

async fn acting(scene: &Scene, who: &str) -> ActingStaff {
    let key = key_of(who).verifying_key().to_bytes();
    let now = scene.clock.now();
    let person = scene.agency.staff.admit(&staff_id(who), &serial(), &key, now).await;
    person.unwrap().as_role(&role(OWN_ROLE)).unwrap()
}

fn wish() -> Wish {
    Wish {
        subject: Subject::Person(Bsn::parse(KNOWN).unwrap()),
        role: role(OWN_ROLE),
        purpose: Purpose::parse("D04").unwrap(),
        kind: "Q02".to_owned().try_into().unwrap(),
        urgency: Urgency::Standard,
        level: Level::Person,
        break_glass: false,
        grounds: vec![],
        targets: vec![(oin(VT), vec![Category::parse("G05").unwrap()])],
        necessity: "Nodig om de veiligheid van het kind te beoordelen.".into(),
        reference: String::new(),
        facts: [].into(),
        // Longer than a draft waits.
        term_minutes: 30 * 24 * 60,
        carries: None,
        escalation: None,
    }
}

async fn drafted(scene: &Scene) -> InquiryId {
    let author = acting(scene, AUTHOR).await;
    let (who, alias) = (author.person().id(), author.person().pseudonym());
    Draft::create(&scene.agency, who, alias, &wish()).await.unwrap()
}

async fn own(scene: &Scene, id: InquiryId) -> Result<Draft, Reason> {
    Draft::own(&scene.agency, id, &staff_id(AUTHOR)).await
}

/// What a person's own program signs, from what it was shown.
fn signatures(draft: &Draft, who: &str) -> Vec<Vec<u8>> {
    let commitment = draft.commitment();
    let bytes = |(_, id, categories): (_, TargetId, &[Category])| {
        approval_bytes(&id, &draft.header, categories, &commitment)
    };
    draft.targets().map(bytes).map(|bytes| sign(&key_of(who), &bytes).to_vec()).collect()
}

async fn approve(scene: &Scene, draft: Draft, who: &str) -> Result<(), Reason> {
    let signatures = signatures(&draft, who);
    draft.approve(&scene.agency, &acting(scene, who).await, &signatures).await
}

/// Records the question as asked, as sending does; the draft's way back.
async fn sent(scene: &Scene, draft: Draft) -> Result<(Summary, Leaving), Reason> {
    let id = draft.id;
    let (wish, header, summary, leaving) = draft.leave()?;
    let asked = inquiry(&scene.agency, id, 1, header, &wish, &[], None)?;
    record_asked(
        &scene.agency,
        &asked.inquiry.unwrap(),
        (&summary, &Subject::Person(Bsn::parse(KNOWN).unwrap()), None),
        leaving.out.clone(),
    )
    .await?;
    Ok((summary, leaving))
}

async fn stage(scene: &Scene) -> Stage {
    let lines = list(&scene.agency, &staff_id(AUTHOR), 10).await.unwrap();
    assert_eq!(lines.len(), 1, "one line per question");
    lines[0].stage
}

#[tokio::test]
async fn two_who_approve_at_the_same_time_both_count() {
    let scene = scene().await;
    let id = drafted(&scene).await;
    let (one, two) = (own(&scene, id).await.unwrap(), own(&scene, id).await.unwrap());
    approve(&scene, one, SECOND).await.unwrap();
    approve(&scene, two, THIRD).await.unwrap();
    let cosigned = own(&scene, id).await.unwrap().cosigned(&scene.agency).await.unwrap();
    assert_eq!(cosigned.len(), 2);
}

#[tokio::test]
async fn an_approval_does_not_bring_back_a_draft_that_was_sent() {
    let scene = scene().await;
    let id = drafted(&scene).await;
    let (late, draft) = (own(&scene, id).await.unwrap(), own(&scene, id).await.unwrap());
    sent(&scene, draft).await.unwrap();
    assert_eq!(approve(&scene, late, SECOND).await, Err(Reason::UnknownInquiry));
    assert_eq!(own(&scene, id).await.unwrap_err(), Reason::UnknownInquiry);
    assert_eq!(stage(&scene).await, Stage::Asked);
}

#[tokio::test]
async fn a_draft_is_sent_once_and_as_it_was_read() {
    let scene = scene().await;
    let id = drafted(&scene).await;
    let read = async || own(&scene, id).await.unwrap();
    let (one, two, stale) = (read().await, read().await, read().await);
    approve(&scene, read().await, SECOND).await.unwrap();
    // Without the approval that came meanwhile it does not go out.
    assert_eq!(sent(&scene, stale).await.unwrap_err(), Reason::UnknownInquiry);
    assert_eq!(sent(&scene, one).await.unwrap_err(), Reason::UnknownInquiry);
    let (again, late) = (read().await, read().await);
    let size = scene.agency.ledger.size().await.unwrap();
    sent(&scene, again).await.unwrap();
    for second in [late, two] {
        assert_eq!(sent(&scene, second).await.unwrap_err(), Reason::UnknownInquiry);
    }
    assert_eq!(scene.agency.ledger.size().await.unwrap(), size + 1);
}

#[tokio::test]
async fn a_draft_that_the_broker_did_not_take_is_back_with_its_approvals() {
    let scene = scene().await;
    let id = drafted(&scene).await;
    approve(&scene, own(&scene, id).await.unwrap(), SECOND).await.unwrap();
    let (summary, leaving) = sent(&scene, own(&scene, id).await.unwrap()).await.unwrap();
    not_taken(&scene.agency, summary, Some(leaving), Reason::Unreachable).await;
    assert_eq!(stage(&scene).await, Stage::Draft);
    let back = own(&scene, id).await.unwrap();
    assert_eq!(back.cosigned(&scene.agency).await.unwrap().len(), 1);
    // The broker has it already, so that it can never be sent again.
    let (summary, leaving) = sent(&scene, back).await.unwrap();
    not_taken(&scene.agency, summary, Some(leaving), Reason::ReplayConflict).await;
    assert_eq!(own(&scene, id).await.unwrap_err(), Reason::UnknownInquiry);
    assert_eq!(stage(&scene).await, Stage::Failed);
}

#[tokio::test]
async fn a_second_person_who_may_not_act_any_more_does_not_count() {
    let second = staff_id(SECOND);
    for what in ["person", "certificate", "role", "mandate", "nothing"] {
        let scene = scene().await;
        let id = drafted(&scene).await;
        approve(&scene, own(&scene, id).await.unwrap(), SECOND).await.unwrap();
        let staff = &scene.agency.staff;
        let mut person = staff.list().await.unwrap().into_iter().find(|one| one.id == second);
        let person = person.as_mut().unwrap();
        match what {
            "person" => staff.revoke(&second).await.unwrap(),
            "certificate" => staff.revoke_certificate(&second, &serial()).await.unwrap(),
            "role" => {
                person.roles = [role("ha.fg")].into();
                staff.load(vec![person.clone()]).await.unwrap();
            }
            "mandate" => {
                person.mandate_until = scene.clock.now();
                staff.load(vec![person.clone()]).await.unwrap();
            }
            _ => {}
        }
        let cosigned = own(&scene, id).await.unwrap().cosigned(&scene.agency).await;
        match what {
            "nothing" => assert_eq!(cosigned.unwrap().len(), 1),
            _ => assert_eq!(cosigned.unwrap_err(), Reason::ApproverUnverified, "{what}"),
        }
    }
}

#[tokio::test]
async fn a_role_that_may_not_approve_does_not_and_nobody_approves_their_own() {
    let scene = scene().await;
    let id = drafted(&scene).await;
    let mut person = scene.agency.staff.list().await.unwrap().remove(1);
    person.roles = [role(OWN_ROLE), role("ha.fg")].into();
    scene.agency.staff.load(vec![person]).await.unwrap();
    let by = acting(&scene, SECOND).await.person().as_role(&role("ha.fg")).unwrap();
    let draft = own(&scene, id).await.unwrap();
    let signed = signatures(&draft, SECOND);
    assert_eq!(draft.approve(&scene.agency, &by, &signed).await, Err(Reason::RoleNotHeld));
    let draft = own(&scene, id).await.unwrap();
    assert_eq!(approve(&scene, draft, AUTHOR).await, Err(Reason::ApprovalOwn));
}

#[tokio::test]
async fn drafts_that_ended_are_forgotten_and_no_others() {
    let scene = scene().await;
    let store = scene.agency.store.as_ref();
    let made_at = scene.clock.now();
    let mut old = Vec::new();
    for _ in 0..=EXPIRE_STEPS {
        old.push(drafted(&scene).await);
    }
    scene.clock.set(made_at.plus_ms(1));
    let young = drafted(&scene).await;
    assert_eq!(forget_ended(store, made_at.plus_ms(DRAFT_TTL_MS)).await, Ok(0));
    let later = made_at.plus_ms(DRAFT_TTL_MS + 1);
    assert_eq!(forget_ended(store, later).await, Ok(old.len()), "more than one page");
    assert_eq!(read_body(store, &key(&old[0])).await, Ok(None));
    assert!(read_body(store, &key(&young)).await.unwrap().is_some());
    let lines = list(&scene.agency, &staff_id(AUTHOR), 100).await.unwrap();
    let ended = lines.iter().filter(|line| line.stage == Stage::Ended).count();
    assert_eq!((ended, lines.len()), (old.len(), old.len() + 1));
}

#[tokio::test]
async fn a_draft_that_cannot_be_read_does_not_keep_others_from_being_forgotten() {
    let scene = scene().await;
    let store = scene.agency.store.as_ref();
    drafted(&scene).await;
    let damaged = key(&InquiryId::new([0; 16]));
    let batch = parts::put_body(Batch::new(), &damaged, b"not a draft").unwrap();
    store.commit(batch).await.unwrap();
    let later = scene.clock.now().plus_ms(DRAFT_TTL_MS + 1);
    assert_eq!(forget_ended(store, later).await, Ok(1));
}
