use grondslag_core::catalogue::Role;
use grondslag_core::clock::Clock as _;
use grondslag_core::statement::{approval_bytes, sign};

use super::*;
use crate::asks::draft::forget_ended;
use crate::asks::own_view::wish;
use crate::fixture::{KNOWN, Scene, UNKNOWN, staff_key};
use crate::recorded::Kind;

const CITIZEN: &str = "burger-1";
const CLERK: (&str, &str) = ("balie-1", "gem.toegang");
const OFFICER: (&str, &str) = ("po-1", "gem.po");

/// A parent with custody.
const PARENT: &str = "burger.gezagsouder";

type Sight = (&'static str, &'static str, &'static str, &'static str);

fn role(text: &str) -> Role {
    Role::parse(text).unwrap()
}

/// A municipality with its people.
async fn scene() -> Scene {
    let scene = Scene::new().await.with_own_card().await;
    for (who, roles) in [
        (CITIZEN, ["burger.gezagsouder", "burger.jeugdige", "gem.toegang"].as_slice()),
        ("burger-2", &["burger.gezagsouder"]),
        (CLERK.0, &[CLERK.1]),
        ("balie-2", &["gem.lokaalteam"]),
        (OFFICER.0, &[OFFICER.1]),
        ("fg-1", &["gem.fg"]),
    ] {
        scene.caller(who, roles).await;
    }
    scene
}

/// An own view of this citizen about a known child.
async fn prepared(scene: &Scene, as_whom: &str) -> InquiryId {
    let wish = wish(&scene.agency, KNOWN, role(as_whom)).unwrap();
    let who = scene.calls(CITIZEN).await.person;
    Draft::create(&scene.agency, who.id(), who.pseudonym(), &wish).await.unwrap()
}

async fn see(
    scene: &Scene,
    id: InquiryId,
    (who, in_role): (&str, &str),
    seen: Sight,
) -> Result<usize, Reason> {
    let (subject, document, authority, citizen_role) = seen;
    let seen = Seen::parse(&v1::ConfirmIdentityRequest {
        subject: subject.to_owned(),
        document: document.to_owned(),
        authority: authority.to_owned(),
        citizen_role: citizen_role.to_owned(),
        ..v1::ConfirmIdentityRequest::default()
    })?;
    let person = scene.calls(who).await.person;
    let draft = Draft::to_be_seen(&scene.agency, id, &person).await?;
    draft.see(&scene.agency, &person.as_role(&role(in_role))?, &seen).await
}

async fn approve(scene: &Scene, id: InquiryId, (who, in_role): (&str, &str)) -> Result<(), Reason> {
    let person = scene.calls(who).await.person;
    let draft = Draft::shown_to(&scene.agency, id, &person).await?;
    let commitment = draft.commitment();
    let signatures: Vec<Vec<u8>> = draft
        .targets()
        .map(|(_, id, asked)| approval_bytes(&id, &draft.header, asked, &commitment))
        .map(|bytes| sign(&staff_key(who), &bytes).to_vec())
        .collect();
    draft.approve(&scene.agency, &person.as_role(&role(in_role))?, &signatures).await
}

/// What a parent shows, and a young person: number, paper, register, as whom.
const OF_CHILD: Sight = (KNOWN, "passport", "custody_register", PARENT);
const OF_SELF: Sight = (KNOWN, "id_card", "", YOUNG_PERSON);

#[tokio::test]
async fn two_people_see_who_it_is_and_the_second_approves() {
    let scene = scene().await;
    let id = prepared(&scene, "burger.gezagsouder").await;
    assert_eq!(approve(&scene, id, OFFICER).await, Err(Reason::IdentityUnseen));
    assert_eq!(see(&scene, id, OFFICER, OF_CHILD).await, Ok(1));
    assert_eq!(approve(&scene, id, OFFICER).await, Err(Reason::IdentityUnseen), "alone");
    assert_eq!(see(&scene, id, OFFICER, OF_CHILD).await, Ok(1), "twice is not two");
    assert_eq!(see(&scene, id, CLERK, OF_CHILD).await, Ok(2));
    assert_eq!(approve(&scene, id, OFFICER).await, Ok(()));
    let seen = scene.records(Kind::IdentitySeen).await;
    assert_eq!(seen.len(), 3);
    for body in seen {
        assert!(!String::from_utf8_lossy(&body).contains(KNOWN), "a number is in the record");
    }
}

#[tokio::test]
async fn somebody_else_who_did_not_see_it_does_not_approve() {
    let scene = scene().await;
    let id = prepared(&scene, "burger.gezagsouder").await;
    for clerk in [CLERK, ("balie-2", "gem.lokaalteam")] {
        see(&scene, id, clerk, OF_CHILD).await.unwrap();
    }
    assert_eq!(approve(&scene, id, OFFICER).await, Err(Reason::IdentityUnseen));
}

#[tokio::test]
async fn another_number_another_relation_and_the_person_themselves_are_refused() {
    let scene = scene().await;
    let id = prepared(&scene, "burger.gezagsouder").await;
    for other in [
        (UNKNOWN, "passport", "custody_register", PARENT),
        // That somebody is the parent does not say that they hold custody.
        (KNOWN, "passport", "civil_registry", PARENT),
        (KNOWN, "passport", "civil_registry", "burger.ouder_zonder_gezag"),
        (KNOWN, "passport", "", YOUNG_PERSON),
    ] {
        let refused = see(&scene, id, CLERK, other).await;
        assert_eq!(refused, Err(Reason::IdentityMismatch), "{other:?}");
    }
    see(&scene, id, CLERK, OF_CHILD).await.unwrap();
    let own = (KNOWN, "passport", "", PARENT);
    assert_eq!(see(&scene, id, OFFICER, own).await, Err(Reason::IdentityMismatch), "they differ");
    for (who, refused) in [
        ((CITIZEN, "burger.gezagsouder"), Reason::ApprovalOwn),
        ((CITIZEN, "gem.toegang"), Reason::ApprovalOwn),
        (("burger-2", "burger.gezagsouder"), Reason::UnknownInquiry),
        (("fg-1", "gem.fg"), Reason::UnknownInquiry),
    ] {
        assert_eq!(see(&scene, id, who, OF_CHILD).await, Err(refused), "{who:?}");
    }
    for (number, document, authority, refused) in [
        (KNOWN, "library_card", "custody_register", Reason::Malformed),
        (KNOWN, "passport", "his_word", Reason::Malformed),
        ("123456789", "passport", "custody_register", Reason::BsnInvalid),
    ] {
        let seen = (number, document, authority, PARENT);
        assert_eq!(see(&scene, id, OFFICER, seen).await, Err(refused), "{document} {authority}");
    }
}

#[tokio::test]
async fn a_young_person_asks_about_themselves_alone() {
    let scene = scene().await;
    let id = prepared(&scene, "burger.jeugdige").await;
    let of_child = (KNOWN, "id_card", "custody_register", YOUNG_PERSON);
    assert_eq!(see(&scene, id, CLERK, of_child).await, Err(Reason::IdentityMismatch));
    assert_eq!(see(&scene, id, CLERK, OF_SELF).await, Ok(1));
}

/// A draft of an own view, with who saw whom: it goes after a week, the number with it. What was
/// seen stands in the ledger for its own term, without the number.
#[tokio::test]
async fn a_draft_that_nobody_sent_goes_with_the_number_and_with_who_saw_it() {
    let scene = scene().await;
    let id = prepared(&scene, PARENT).await;
    let sight = (KNOWN, "passport", "custody_register", PARENT);
    see(&scene, id, CLERK, sight).await.unwrap();
    assert!(scene.holds(KNOWN).await);
    scene.clock.set(scene.clock.now().plus_calendar(0, 8));
    assert_eq!(forget_ended(scene.store.as_ref(), scene.clock.now()).await, Ok(1));
    assert!(!scene.holds(KNOWN).await);
    assert_eq!(scene.records(Kind::IdentitySeen).await.len(), 1);
    scene.clock.set(scene.clock.now().plus_calendar(5, 0));
    scene.agency.forget().await.unwrap();
    assert!(scene.records(Kind::IdentitySeen).await.is_empty());
    assert!(!scene.holds("custody_register").await);
}
