//! Questions that are wrong: at the desk, at the broker, at the holder.

use anyhow::{Context as _, Result};
use grondslag_core::catalogue::{Ground, Purpose, QueryKind, Role};
use grondslag_core::id::InquiryId;
use grondslag_core::limits::{ASK_LIFE_MS_MAX, CLOCK_SKEW_MS_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_proto::v1;
use grondslag_tests::federation::hand::{Plea, Sketch};
use grondslag_tests::federation::{Federation, run};
use tonic::Code;

use crate::stage::{GI, POLICE, SAFETY, SCHOOL, VT, fault, line, stage, wish};

type Wrong = (&'static str, fn(&mut v1::DeskQuestion), Reason);

/// Nothing of this leaves the desk.
const AT_THE_DESK: &[Wrong] = &[
    (
        "a person in a field",
        |asked| "triage-1".clone_into(&mut asked.on_behalf_of),
        Reason::PersonInField,
    ),
    ("an unknown role", |asked| "vt.baas".clone_into(&mut asked.role), Reason::UnknownRole),
    ("a role without form", |asked| "baas".clone_into(&mut asked.role), Reason::UnknownRole),
    (
        "a role that the person does not hold",
        |asked| "vt.onderzoeker".clone_into(&mut asked.role),
        Reason::RoleNotHeld,
    ),
    ("an unknown purpose", |asked| "D98".clone_into(&mut asked.purpose), Reason::UnknownPurpose),
    ("an unknown query", |asked| "Q98".clone_into(&mut asked.query_kind), Reason::UnknownQueryKind),
    ("an unknown ground", |asked| asked.grounds = vec!["x-1".to_owned()], Reason::UnknownGround),
    (
        "an unknown category",
        |asked| on_target(asked, |target| target.categories = vec!["G98".to_owned()]),
        Reason::UnknownCategory,
    ),
    (
        "an agency that is no OIN",
        |asked| on_target(asked, |target| "school".clone_into(&mut target.oin)),
        Reason::UnknownAgency,
    ),
    (
        "a fact of an unknown column",
        |asked| asked.facts.push(stated("mood", "good")),
        Reason::UnknownFact,
    ),
    (
        "a fact of an unknown value",
        |asked| asked.facts = vec![stated("vt_report", "perhaps")],
        Reason::UnknownFact,
    ),
    (
        "a fact that is not the asker's to state",
        |asked| asked.facts.push(stated("secrecy_consent", "given")),
        Reason::UnknownFact,
    ),
    (
        "a number that fails the 11-proof",
        |asked| "999940005".clone_into(&mut asked.subject),
        Reason::BsnInvalid,
    ),
    (
        "a number of eight digits",
        |asked| "99994000".clone_into(&mut asked.subject),
        Reason::BsnInvalid,
    ),
    (
        "a number that is no test number",
        |asked| "111222333".clone_into(&mut asked.subject),
        Reason::BsnNotAdmitted,
    ),
    (
        "too short a necessity",
        |asked| "x".repeat(29).clone_into(&mut asked.necessity),
        Reason::TextTooShort,
    ),
    (
        "a necessity of blanks",
        |asked| " ".repeat(40).clone_into(&mut asked.necessity),
        Reason::TextTooShort,
    ),
    ("too long a reference", |asked| asked.reference = "x".repeat(121), Reason::TooLarge),
    ("an urgency that is none", |asked| "soon".clone_into(&mut asked.urgency), Reason::Malformed),
];

fn stated(column: &str, value: &str) -> v1::StatedFact {
    v1::StatedFact { column: column.to_owned(), value: value.to_owned() }
}

fn on_target(asked: &mut v1::DeskQuestion, change: impl FnOnce(&mut v1::DeskTarget)) {
    if let Some(target) = asked.targets.first_mut() {
        change(target);
    }
}

#[test]
fn what_is_wrong_at_the_desk_is_refused_by_name() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let desk = federation.desk(VT, "triage-1")?;
        for (what, change, reason) in AT_THE_DESK {
            let mut asked = wish(federation, &SAFETY, &[SCHOOL])?;
            change(&mut asked);
            let heard = desk.ask(asked).await?;
            assert_eq!(heard.refusal, Some(*reason), "{what}");
            assert_eq!(heard.inquiry, None, "{what}: it went out");
        }
        Ok(())
    })
}

/// The necessity text names nobody: not by number in any spacing, not by a name that the asker's
/// own records have for this child.
#[test]
fn a_necessity_text_that_names_the_child_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let desk = federation.desk(VT, "triage-1")?;
        let text = |what: &str| format!("Ik moet weten of {what} op school wordt gezien.");
        for named in [
            "999940004",
            "999 940 004",
            "9-9-9-9-4-0-0-0-4",
            "999.94.00.04",
            // Of somebody else: any nine digits that pass the 11-proof.
            "111222333",
            "Noor",
            "NOOR",
            "Terpstra",
            "terpstra",
            "Noors",
        ] {
            let mut asked = wish(federation, &SAFETY, &[SCHOOL])?;
            asked.necessity = text(named);
            let heard = desk.ask(asked).await?;
            assert_eq!(heard.refusal, Some(Reason::TextNamesPerson), "{named}");
        }
        // A child of whom the asker has no file has no name there; and 2026 is no number.
        let mut asked = wish(federation, &SAFETY, &[SCHOOL])?;
        asked.necessity = text("het kind na 24 juni 2026");
        assert_eq!(desk.ask(asked).await?.refusal, None);
        Ok(())
    })
}

/// An agency that is in nobody's directory is shown as such; the others are still asked.
#[test]
fn an_unknown_agency_does_not_stop_the_others() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let mut asked = wish(federation, &SAFETY, &[SCHOOL, SCHOOL])?;
        on_target(&mut asked, |target| "00000099999999999000".clone_into(&mut target.oin));
        let heard = federation.ask(VT, "triage-1", asked).await?;
        let unknown = heard.lines.iter().find(|line| line.oin == "00000099999999999000");
        let unknown = unknown.context("a line of the unknown")?;
        assert_eq!(
            (unknown.state.as_str(), unknown.reason.as_str()),
            ("unreachable", "UNKNOWN_AGENCY")
        );
        assert_eq!(line(&heard, &federation.oin(SCHOOL)?)?.state, "replied");
        Ok(())
    })
}

/// Who may not act does not act, whatever they ask.
#[test]
fn people_who_may_not_act_are_turned_away() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let asked = wish(federation, &SAFETY, &[SCHOOL])?;
        let ended = federation.desk(GI, "jeugdbeschermer-oud")?;
        let refused = fault(ended.ask(asked.clone()).await)?;
        assert_eq!(refused, (Code::PermissionDenied, Reason::MandateEnded));

        let stranger = federation.desk(GI, "nobody-at-all")?;
        let refused = fault(stranger.ask(asked.clone()).await)?;
        assert_eq!(refused, (Code::PermissionDenied, Reason::StaffUnknown));

        let staff = &federation.agency(GI)?.staff;
        staff.revoke(&grondslag_core::id::StaffId::parse("preventief-1")?).await?;
        let revoked = federation.desk(GI, "preventief-1")?;
        let refused = fault(revoked.ask(asked.clone()).await)?;
        assert_eq!(refused, (Code::PermissionDenied, Reason::StaffRevoked));

        // The desk of one node knows nobody of another.
        let person = federation.identities().person(GI, "jeugdbeschermer-1")?;
        let elsewhere = federation.desk_with(VT, &person)?;
        assert_eq!(fault(elsewhere.ask(asked).await)?.1, Reason::CertificateInvalid);
        Ok(())
    })
}

/// A privacy officer's reading is not for everybody.
#[test]
fn decisions_are_read_by_the_privacy_officer_alone() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let refused = federation.desk(VT, "triage-1")?.decisions(None).await;
        let refused = refused.err().context("it was shown")?;
        assert_eq!(refused.reason(), Reason::RoleNotHeld);
        Ok(())
    })
}

type Sketched = (&'static str, fn(&mut Sketch) -> Result<()>, Reason);

const MINUTE_MS: i64 = 60_000;

/// Signed by its asker, and wrong.
const AT_THE_BROKER: &[Sketched] = &[
    (
        "a role of a kind that the agency is not admitted to",
        |it| {
            it.header.role = Role::parse("pol.jeugdagent")?;
            Ok(())
        },
        Reason::RoleNotAdmitted,
    ),
    (
        "an unknown role",
        |it| {
            it.header.role = Role::parse("vt.baas")?;
            Ok(())
        },
        Reason::UnknownRole,
    ),
    (
        "an unknown purpose",
        |it| {
            it.header.purpose = Purpose::parse("D98")?;
            Ok(())
        },
        Reason::UnknownPurpose,
    ),
    (
        "an unknown query",
        |it| {
            it.header.kind = QueryKind::parse("Q98")?;
            Ok(())
        },
        Reason::UnknownQueryKind,
    ),
    (
        "an unknown ground",
        |it| {
            it.header.grounds = vec![Ground::parse("x-1")?];
            Ok(())
        },
        Reason::UnknownGround,
    ),
    (
        "somebody else's name as the asker",
        |it| {
            it.header.asker = grondslag_core::id::Oin::parse("00000099990100018000")?;
            Ok(())
        },
        Reason::CardOinMismatch,
    ),
    (
        "a question that has expired",
        |it| {
            let asked_at = it.header.times.asked_at.plus_ms(-CLOCK_SKEW_MS_MAX - MINUTE_MS);
            it.header.times.asked_at = asked_at;
            it.header.times.ask_expires_at = asked_at.plus_ms(MINUTE_MS - 1);
            Ok(())
        },
        Reason::QuestionExpired,
    ),
];

#[test]
fn what_is_wrong_at_the_broker_is_refused_by_name() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        for (what, change, reason) in AT_THE_BROKER {
            let mut sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            change(&mut sketch)?;
            sketch.sign(&vt.key)?;
            let routed = vt.ask(&channel, sketch.to_wire()?).await?;
            assert_eq!(routed.refusal, Some(*reason), "{what}");
            assert_eq!(routed.decided, [], "{what}: it was decided on");
        }
        Ok(())
    })
}

/// A signature of another key, and of another question.
#[test]
fn a_question_that_its_asker_did_not_sign_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, police) = (federation.hand(VT)?, federation.hand(POLICE)?);
        let channel = federation.to_broker(&vt)?;
        let mut forged = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        forged.sign(&police.key)?;
        let routed = vt.ask(&channel, forged.to_wire()?).await?;
        assert_eq!(routed.refusal, Some(Reason::StatementInvalid));

        let mut changed = federation.sketch(&vt, &SAFETY, &[SCHOOL])?.to_wire()?;
        changed.header.as_mut().context("a header")?.break_glass = true;
        let routed = vt.ask(&channel, changed).await?;
        assert_eq!(routed.refusal, Some(Reason::StatementInvalid));
        Ok(())
    })
}

/// Times that contradict each other, or last too long.
#[test]
fn times_that_contradict_each_other_are_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        let now = federation.now().ms();
        for (what, expires, until) in [
            ("expired before it was asked", now - 1, now + 1_000),
            ("too long a life", now + ASK_LIFE_MS_MAX + 1, now + ASK_LIFE_MS_MAX + 2),
            ("an answer before the end", now + 1_000, now + 999),
            ("too long a term", now + 1_000, now + 63 * 24 * 3_600 * 1_000),
        ] {
            let mut wire = federation.sketch(&vt, &SAFETY, &[SCHOOL])?.to_wire()?;
            let header = wire.header.as_mut().context("a header")?;
            let times = header.times.as_mut().context("times")?;
            (times.ask_expires_at_ms, times.answer_by_ms) = (expires, until);
            let routed = vt.ask(&channel, wire).await?;
            assert_eq!(routed.refusal, Some(Reason::TimesInvalid), "{what}");
        }
        Ok(())
    })
}

/// The same question gets the same bytes; another under the same id is refused, at the broker and
/// at the holder.
#[test]
fn a_replay_gets_the_same_bytes_and_another_question_a_conflict() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        let first = vt.ask(&channel, sketch.to_wire()?).await?;
        assert!(first.reply(&federation.oin(SCHOOL)?).is_some(), "{first:?}");
        let again = vt.ask(&channel, sketch.to_wire()?).await?;
        assert_eq!(again.lasting(), first.lasting());

        let other = another(federation, &vt, sketch.id)?;
        let conflict = vt.ask(&channel, other.to_wire()?).await?;
        assert_eq!(conflict.refusal, Some(Reason::ReplayConflict));

        let broker = federation.broker_hand()?;
        let target = federation.oin(SCHOOL)?;
        let question = broker.attest(&other, &target, Tier::T5).context("attested")?;
        let node = federation.to_node(&broker, SCHOOL)?;
        let refused = broker.deliver(&node, (&question).into()).await?;
        assert_eq!(refused.err(), Some(Reason::ReplayConflict));
        Ok(())
    })
}

/// For another agency the id does not exist: it may be used again.
#[test]
fn an_inquiry_of_another_agency_does_not_exist() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, police) = (federation.hand(VT)?, federation.hand(POLICE)?);
        let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        vt.ask(&federation.to_broker(&vt)?, sketch.to_wire()?).await?;
        let own_purpose = Plea {
            role: "pol.jeugdagent",
            purpose: "D99",
            query_kind: "Q02",
            facts: &[],
            ..SAFETY
        };
        let mut same_id = federation.sketch(&police, &own_purpose, &[SCHOOL])?;
        same_id.id = sketch.id;
        same_id.sign(&police.key)?;
        let routed = police.ask(&federation.to_broker(&police)?, same_id.to_wire()?).await?;
        assert_eq!(routed.refusal, None, "it learned that the id is taken");
        Ok(())
    })
}

fn another(
    federation: &Federation,
    hand: &grondslag_tests::federation::hand::Hand,
    id: InquiryId,
) -> Result<Sketch> {
    let plea = Plea { categories: &["G05"], ..SAFETY };
    let mut other = federation.sketch(hand, &plea, &[SCHOOL])?;
    other.id = id;
    other.sign(&hand.key)?;
    Ok(other)
}
