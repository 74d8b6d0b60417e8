//! An agency that makes its own questions.

use anyhow::{Context as _, Result};
use grondslag_core::blind::Element;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::inquiry::Hidden;
use grondslag_core::limits::DETAIL_BYTES;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_tests::federation::hand::{Hand, Plea, Sketch};
use grondslag_tests::federation::sketch::point;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{
    HEALTH, JADE, NOBODY, NOOR, NOW, SAFETY, SCHOOL, VT, alarms, body, says_nothing, stage,
};

/// One child at the school and another at the youth health service: with that an agency would
/// search with one permit for several. The second pair is made as it should be, for another child.
#[test]
fn different_children_at_different_agencies_are_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        let mut sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL, HEALTH])?;
        let honest = vt.ask(&channel, sketch.to_wire()?).await?;
        assert_eq!(honest.refusal, None, "the positive control");

        let mut next = federation.sketch(&vt, &SAFETY, &[SCHOOL, HEALTH])?;
        let region = next.keys().region().to_owned();
        let hidden = next.hidden.as_mut().context("hidden")?;
        let second = hidden.two.get_mut(1).context("a second target")?;
        let other = second.point() - point(&region, NOOR)?.point() + point(&region, JADE)?.point();
        *second = Element::new(other)?;
        next.sign_whole(&vt.key)?;
        let routed = vt.ask(&channel, next.to_wire()?).await?;
        assert_eq!(routed.refusal, Some(Reason::BlindInvalid));
        assert!(routed.decided.is_empty() && routed.replied.is_empty(), "{routed:?}");
        // Nor in another order of the same targets' pairs.
        sketch.id = next.id;
        sketch.sign(&vt.key)?;
        sketch.hidden.as_mut().context("hidden")?.two.reverse();
        sketch.sign_whole(&vt.key)?;
        let routed = vt.ask(&channel, sketch.to_wire()?).await?;
        assert_eq!(routed.refusal, Some(Reason::BlindInvalid), "swapped");
        Ok(())
    })
}

/// A pair with the identity in it would carry the rest in the clear through the broker's step.
#[test]
fn an_identity_or_no_point_in_a_hidden_number_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        for bytes in [vec![0; 32], vec![0xff; 32], vec![1; 32], vec![0; 31], Vec::new()] {
            let honest = federation.sketch(&vt, &SAFETY, &[SCHOOL])?.to_wire()?;
            let mut part = honest.clone();
            part.parts.first_mut().context("a part")?.hidden.clone_from(&bytes);
            let whole = v1::AskRequest { hidden: bytes.clone(), ..honest };
            for (what, wire) in [("r G", whole), ("M + r X", part)] {
                let routed = vt.ask(&channel, wire).await?;
                assert_eq!(routed.refusal, Some(Reason::BlindInvalid), "{what}: {bytes:?}");
            }
        }
        Ok(())
    })
}

/// A hidden number that was seen elsewhere cannot be put in a question of one's own.
#[test]
fn a_hidden_number_of_another_question_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        let seen: Option<Hidden> = federation.sketch(&vt, &SAFETY, &[SCHOOL])?.hidden;
        let mut own = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        own.hidden = seen;
        own.sign_whole(&vt.key)?;
        let routed = vt.ask(&channel, own.to_wire()?).await?;
        assert_eq!(routed.refusal, Some(Reason::BlindInvalid));
        Ok(())
    })
}

/// The same question about another child is another question, though no statement of it differs.
#[test]
fn a_replay_with_another_hidden_number_is_a_conflict() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        for subject in [JADE, NOOR] {
            let mut sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            let first = vt.ask(&channel, sketch.to_wire()?).await?;
            assert_eq!(first.refusal, None, "the positive control");
            subject.clone_into(&mut sketch.subject);
            sketch.hide()?;
            sketch.sign_whole(&vt.key)?;
            let routed = vt.ask(&channel, sketch.to_wire()?).await?;
            assert_eq!(routed.refusal, Some(Reason::ReplayConflict), "{subject}");
            assert_eq!((routed.decided, routed.replied), (vec![], vec![]), "{subject}");
        }
        Ok(())
    })
}

/// The broker has no keys of an agency that it does not know: nothing of the question goes out.
#[test]
fn a_question_to_an_agency_that_the_broker_does_not_know_is_refused_as_a_whole() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        let mut sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL, HEALTH])?;
        sketch.parts.last_mut().context("a part")?.0 = Oin::parse("00000099999999999000")?;
        sketch.sign(&vt.key)?;
        let routed = vt.ask(&channel, sketch.to_wire()?).await?;
        assert_eq!(routed.refusal, Some(Reason::UnknownAgency));
        assert!(routed.decided.is_empty() && routed.replied.is_empty(), "{routed:?}");
        Ok(())
    })
}

type Bad = (&'static str, fn(&mut Sketch) -> Result<()>, Reason);

/// Details that should not have been sealed.
const BAD_DETAILS: &[Bad] = &[
    (
        "it does not open",
        |it| {
            it.parts.iter_mut().for_each(|(_, part)| part.detail = vec![1; DETAIL_BYTES]);
            Ok(())
        },
        Reason::SealInvalid,
    ),
    (
        "it is of another question",
        |it| {
            let of = it.id;
            it.id = grondslag_core::id::InquiryId::new([9; 16]);
            let sealed = it.seal_details();
            it.id = of;
            sealed
        },
        Reason::SealInvalid,
    ),
    (
        "it says another header",
        |it| {
            it.header_digest = Some(Digest::of(b"another header"));
            it.seal_details()
        },
        Reason::HeaderMismatch,
    ),
    (
        "it states an unknown fact",
        |it| {
            it.facts.push(("mood".to_owned(), "good".to_owned()));
            it.seal_details()
        },
        Reason::UnknownFact,
    ),
    (
        "its text is too short",
        |it| {
            "kort".clone_into(&mut it.necessity);
            it.seal_details()
        },
        Reason::TextTooShort,
    ),
];

/// A detail is opened only for a child who is known. A refusal would tell that: it shows as
/// nothing, like every child who is not known, and the alarm stands in the record of the decision.
#[test]
fn a_bad_detail_tells_nothing_and_alarms_its_holder() -> Result<()> {
    run(async {
        let federation = Setup::of([VT, SCHOOL]).at(NOW).start().await?;
        let vt = federation.hand(VT)?;
        let good = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        let (_, told) = answer(&federation, &vt, &good).await?;
        assert!(told, "the positive control: this child is known");
        let mut expected = Vec::new();
        for (what, change, reason) in BAD_DETAILS {
            let mut replies = Vec::new();
            for subject in [NOOR, NOBODY] {
                let plea = Plea { subject, ..SAFETY };
                let mut sketch = federation.sketch(&vt, &plea, &[SCHOOL])?;
                change(&mut sketch)?;
                sketch.sign_parts(&vt.key)?;
                let (reply, told) = answer(&federation, &vt, &sketch).await?;
                assert!(!told, "{what}: {subject}");
                replies.push((reply.reply_no, reply.part, reply.last, reply.body.len()));
            }
            assert_eq!(replies.first(), replies.last(), "{what}: the two differ");
            expected.push(*reason);
            let decisions = federation.decisions(SCHOOL).await?;
            let alarms = decisions.iter().map(|one| one.alarm.as_str());
            let alarms: Vec<&str> = alarms.filter(|code| !code.is_empty()).collect();
            let codes: Vec<&str> = expected.iter().map(|reason: &Reason| reason.code()).collect();
            assert_eq!(alarms, codes, "{what}");
        }
        assert_eq!(alarms(&federation, SCHOOL).await?, [], "no leaf of its own");
        Ok(())
    })
}

/// The reply of the school, and whether it told anything.
async fn answer(
    federation: &Federation,
    hand: &Hand,
    sketch: &Sketch,
) -> Result<(v1::Reply, bool)> {
    let routed = hand.ask(&federation.to_broker(hand)?, sketch.to_wire()?).await?;
    let reply = routed.reply(&federation.oin(SCHOOL)?);
    let reply = reply.with_context(|| format!("no reply: {routed:?}"))?.clone();
    let told = !says_nothing(&body(federation, sketch, SCHOOL, &reply)?);
    Ok((reply, told))
}
