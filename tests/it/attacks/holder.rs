//! A broker with the real broker's keys and factors, at a holder's door.

use anyhow::{Context as _, Result};
use grondslag_core::blind::{Pair, Turned};
use grondslag_core::catalogue::Purpose;
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::statement::Leaf;
use grondslag_core::tier::Tier;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::v1;
use grondslag_tests::federation::hand::{Delivered, Hand, Sketch};
use grondslag_tests::federation::{Federation, run};

use crate::stage::{HEALTH, SAFETY, SCHOOL, VT, body, says_nothing, stage};

/// Brings a question to the school.
async fn deliver(
    federation: &Federation,
    broker: &Hand,
    question: &TargetQuestion,
) -> Result<Result<v1::Reply, Reason>> {
    let node = federation.to_node(broker, SCHOOL)?;
    Ok(broker.deliver(&node, question.into()).await?)
}

fn two(federation: &Federation) -> Result<(Hand, Hand, Sketch, Sketch)> {
    let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
    let one = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
    let other = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
    Ok((vt, broker, one, other))
}

/// A decision on one purpose lets no other purpose through: not with the asker's statement of the
/// first, and not with a leaf of the first under the statement of the second.
#[test]
fn a_permit_for_one_purpose_opens_no_other() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker, first, mut second) = two(federation)?;
        let target = federation.oin(SCHOOL)?;
        let permitted = broker.attest(&first, &target, Tier::T3)?;
        second.header.purpose = Purpose::parse("D06")?;
        second.sign(&vt.key)?;
        let honest = broker.attest(&second, &target, Tier::T3)?;

        let mut forwarded = permitted.clone();
        forwarded.header.purpose = Purpose::parse("D06")?;
        let refused = deliver(federation, &broker, &forwarded).await?;
        assert_eq!(refused.err(), Some(Reason::StatementInvalid), "under the first statement");

        let copied = TargetQuestion { evidence: permitted.evidence.clone(), ..honest.clone() };
        let refused = deliver(federation, &broker, &copied).await?;
        assert_eq!(refused.err(), Some(Reason::AttestationInvalid), "the attestation copied");

        let mut leaf = Leaf::parse(&permitted.evidence.leaf)?;
        leaf.target_id = honest.id;
        leaf.detail = Leaf::parse(&honest.evidence.leaf)?.detail;
        let evidence = broker.evidence(&honest.id, &leaf, honest.evidence.pair)?;
        let relabelled = TargetQuestion { evidence, ..honest.clone() };
        let refused = deliver(federation, &broker, &relabelled).await?;
        assert_eq!(refused.err(), Some(Reason::HeaderMismatch), "the leaf relabelled");

        let answered = deliver(federation, &broker, &honest).await?;
        assert!(answered.is_ok(), "the positive control: {answered:?}");
        Ok(())
    })
}

/// The hidden number is bound to question, holder and attestation.
#[test]
fn a_hidden_number_of_another_question_or_agency_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker, one, other) = two(federation)?;
        let target = federation.oin(SCHOOL)?;
        let question = broker.attest(&one, &target, Tier::T3)?;
        let elsewhere = broker.attest(&other, &target, Tier::T3)?;
        let swapped = TargetQuestion { pair: elsewhere.pair, ..question.clone() };
        let refused = deliver(federation, &broker, &swapped).await?;
        assert_eq!(refused.err(), Some(Reason::SealInvalid), "of another question");

        let health = federation.sketch(&vt, &SAFETY, &[HEALTH])?;
        let foreign = broker.attest(&health, &federation.oin(HEALTH)?, Tier::T3)?;
        let swapped = TargetQuestion { pair: foreign.pair, ..question.clone() };
        let refused = deliver(federation, &broker, &swapped).await?;
        assert_eq!(refused.err(), Some(Reason::SealInvalid), "of another agency");

        // Sealed as it should be, and not what was attested.
        let to = one.keys().of(&target)?;
        let again = Turned { pair: broker.step(&one, &target)?, made_with: to.made_with };
        let pair = broker.seal_pair(&delivered(&question), &again.bytes(), &to.seal)?;
        let unattested = TargetQuestion { pair, ..question.clone() };
        let refused = deliver(federation, &broker, &unattested).await?;
        assert_eq!(refused.err(), Some(Reason::AttestationInvalid), "not the attested one");

        let answered = deliver(federation, &broker, &question).await?;
        assert!(answered.is_ok(), "the positive control: {answered:?}");
        Ok(())
    })
}

/// Points that would put a pseudonym in the clear, or are none.
#[test]
fn an_identity_or_no_point_is_refused_by_the_holder() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (_, broker, sketch, _) = two(federation)?;
        let target = federation.oin(SCHOOL)?;
        let question = broker.attest(&sketch, &target, Tier::T3)?;
        let seal = sketch.keys().of(&target)?.seal;
        let [one, two] = [broker.step(&sketch, &target)?.one, broker.step(&sketch, &target)?.two];
        let zero = [0; 32];
        for (what, points) in [
            ("two identities", [zero, zero].concat()),
            ("an identity first", [zero, two.bytes()].concat()),
            ("an identity last", [one.bytes(), zero].concat()),
            ("no point", [[0xff; 32], two.bytes()].concat()),
            ("one point", one.bytes().to_vec()),
            ("nothing", Vec::new()),
        ] {
            let points = [points.as_slice(), &[0; Digest::LEN]].concat();
            let pair = broker.seal_pair(&delivered(&question), &points, &seal)?;
            let changed = TargetQuestion { pair, ..question.clone() };
            let refused = deliver(federation, &broker, &changed).await?;
            assert_eq!(refused.err(), Some(Reason::BlindInvalid), "{what}");
        }
        Ok(())
    })
}

/// What the asker hid reaches nobody's pseudonym without the broker's factors: a pair that was
/// passed on as it came, or stepped for another agency, is nobody's.
#[test]
fn a_pair_without_the_right_step_is_about_nobody() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (_, broker, sketch, _) = two(federation)?;
        let target = federation.oin(SCHOOL)?;
        let hidden = sketch.hidden.as_ref().context("hidden")?;
        let raw = Pair { one: hidden.one, two: *hidden.two.first().context("a target")? };
        let elsewhere = broker.step_pair(sketch.keys(), &federation.oin(HEALTH)?, &raw)?;
        for (what, pair) in [("as it came", raw), ("stepped for another", elsewhere)] {
            let sketch = again(federation, &sketch)?;
            let honest = broker.attest(&sketch, &target, Tier::T3)?;
            let rulings = Leaf::parse(&honest.evidence.leaf)?.rulings;
            let to = sketch.keys().of(&target)?;
            let question = broker.attest_pair(&delivered(&honest), &pair, &to, rulings)?;
            let reply =
                deliver(federation, &broker, &question).await?.map_err(anyhow::Error::msg)?;
            assert!(says_nothing(&body(federation, &sketch, SCHOOL, &reply)?), "{what}");
            let decision = federation.decision(SCHOOL, &sketch.id).await?.context("decided")?;
            assert!(decision.lines.iter().all(|line| line.outcome == "miss"), "{what}");
        }
        Ok(())
    })
}

/// The same question under a new id.
fn again(federation: &Federation, sketch: &Sketch) -> Result<Sketch> {
    let vt = federation.hand(VT)?;
    let mut next = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
    sketch.subject.clone_into(&mut next.subject);
    next.sign(&vt.key)?;
    Ok(next)
}

fn delivered(question: &TargetQuestion) -> Delivered<'_> {
    let TargetQuestion { id, header, target, part, .. } = question;
    let id: TargetId = *id;
    Delivered { id, header, target, part }
}
