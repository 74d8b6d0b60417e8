//! What an answer says and does not say: invariants 1, 4 and 5.

use anyhow::{Context as _, Result};
use grondslag_core::answer::{Answer, Line};
use grondslag_core::tier::Tier;
use grondslag_proto::v1;
use grondslag_tests::federation::hand::{Plea, Sketch};
use grondslag_tests::federation::{Federation, run};

use crate::stage::{
    DOCTOR, GEM, HEALTH, HELP, JADE, NOBODY, POLICE, SAFETY, SCHOOL, VT, body, line, says_nothing,
    stage, wish,
};

/// Whoever answers with content decided "permit" on it, and at no lower tier.
#[test]
fn invariant_01_every_content_has_a_permit_of_its_holder() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let asked = wish(federation, &SAFETY, &[SCHOOL, HEALTH, DOCTOR, POLICE])?;
        let heard = federation.ask(VT, "triage-1", asked).await?;
        let inquiry = heard.inquiry.context("it was asked")?;
        let mut contents = 0;
        for target in [SCHOOL, HEALTH, DOCTOR, POLICE] {
            let decision = federation.decision(target, &inquiry).await?.context("it decided")?;
            let shown = line(&heard, &federation.oin(target)?)?;
            for (shown, decided) in shown.lines.iter().zip(&decision.lines) {
                let shown = shown.line.as_ref().context("a line")?;
                if shown.entries.is_empty() {
                    continue;
                }
                contents += 1;
                assert_eq!(decided.category, shown.category);
                assert_eq!(decided.outcome, "permit", "{target} {}", shown.category);
                let given = shown.entries.iter().flat_map(|entry| &entry.texts);
                for text in given {
                    let tier: Tier = text.tier.parse()?;
                    assert!(tier <= decided.tier.parse()?, "{target}: {tier}");
                }
            }
        }
        assert!(contents > 0, "nobody gave anything: nothing was tested");
        Ok(())
    })
}

/// The broker attests whatever it likes; the holder decides last.
#[test]
fn invariant_01_a_lying_brokers_attestation_opens_nothing() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (police, broker) = (federation.hand(POLICE)?, federation.broker_hand()?);
        // A police officer for a purpose of his own: the broker's own rules refuse it (R38).
        let own_purpose = Plea {
            role: "pol.jeugdagent",
            purpose: "D99",
            query_kind: "Q02",
            categories: &["G05", "G08"],
            facts: &[],
            ..SAFETY
        };
        let sketch = federation.sketch(&police, &own_purpose, &[SCHOOL])?;
        let target = federation.oin(SCHOOL)?;
        let channel = federation.to_broker(&police)?;
        let honest = police.ask(&channel, sketch.to_wire()?).await?;
        assert_eq!(honest.reply(&target), None);
        assert_eq!(honest.why(&target), Some("DENIED_BY_RULE"));

        let forged = broker.attest(&sketch, &target, Tier::T5).context("forged")?;
        let node = federation.to_node(&broker, SCHOOL)?;
        let reply = broker.deliver(&node, (&forged).into()).await?;
        let answer = body(federation, &sketch, SCHOOL, &reply.map_err(anyhow::Error::msg)?)?;
        assert!(says_nothing(&answer), "the holder gave what its own rules refuse");
        let decision = federation.decision(SCHOOL, &sketch.id).await?.context("it decided")?;
        let found = decision.lines.iter().all(|line| line.outcome != "miss");
        assert!(found, "the child was not found: nothing was tested");
        Ok(())
    })
}

/// What the broker capped stays capped, however much the holder's own rules would permit.
#[test]
fn invariant_01_the_lowest_tier_wins() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
        let target = federation.oin(SCHOOL)?;
        let node = federation.to_node(&broker, SCHOOL)?;
        for cap in [Tier::T1, Tier::T2, Tier::T5] {
            let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
            let question = broker.attest(&sketch, &target, cap).context("attested")?;
            let reply = broker.deliver(&node, (&question).into()).await?;
            let answer = body(federation, &sketch, SCHOOL, &reply.map_err(anyhow::Error::msg)?)?;
            // The row itself permits T3.
            let highest = cap.min(Tier::T3);
            let is_content = |line: &Line| matches!(line, Line::Content { .. });
            assert!(answer.lines.iter().any(is_content), "nothing was tested: {answer:?}");
            for line in &answer.lines {
                if let Line::Content { tier, .. } = line {
                    assert_eq!(*tier, highest, "{line:?}");
                }
            }
        }
        Ok(())
    })
}

/// A miss, a refusal and a review of somebody who may not know of them are one answer.
#[test]
fn invariant_04_a_miss_a_refusal_and_a_review_are_one_answer() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let review = reply_of(federation, VT, &SAFETY).await?;
        let review_missed = reply_of(federation, VT, &Plea { subject: JADE, ..SAFETY }).await?;
        let refusal = reply_of(federation, GEM, &HELP).await?;
        let refusal_missed = reply_of(federation, GEM, &Plea { subject: JADE, ..HELP }).await?;
        let unknown = reply_of(federation, GEM, &Plea { subject: NOBODY, ..HELP }).await?;
        for (_, answer) in [&review, &review_missed, &refusal, &refusal_missed, &unknown] {
            assert!(says_nothing(answer));
        }
        assert_same(&review, &review_missed);
        assert_same(&refusal, &refusal_missed);
        assert_same(&refusal, &unknown);
        // Other categories were asked, and nothing else differs.
        assert_eq!(review.0.body.len(), refusal.0.body.len());
        Ok(())
    })
}

/// What stands in the ledger tells the three apart, so the test above compared three things.
#[test]
fn invariant_04_the_holder_itself_knows_which_it_was() -> Result<()> {
    run(async {
        let federation = stage().await?;
        for (asker, plea, outcome) in [
            (VT, SAFETY, "review"),
            (VT, Plea { subject: JADE, ..SAFETY }, "miss"),
            (GEM, HELP, "refuse"),
        ] {
            let hand = federation.hand(asker)?;
            let sketch = federation.sketch(&hand, &plea, &[HEALTH])?;
            let channel = federation.to_broker(&hand)?;
            hand.ask(&channel, sketch.to_wire()?).await?;
            let decision = federation.decision(HEALTH, &sketch.id).await?.context("decided")?;
            assert!(decision.lines.iter().all(|line| line.outcome == outcome), "{decision:?}");
        }
        Ok(())
    })
}

/// At the asker's own desk too.
#[test]
fn invariant_04_the_asker_sees_one_and_the_same_line() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let oin = federation.oin(HEALTH)?;
        let mut lines = Vec::new();
        for subject in [crate::stage::NOOR, JADE, NOBODY] {
            let asked = wish(federation, &Plea { subject, ..HELP }, &[HEALTH])?;
            let heard = federation.ask(GEM, "lokaalteam-1", asked).await?;
            lines.push(v1::AgencyLine { after_ms: 0, ..line(&heard, &oin)?.clone() });
        }
        assert!(lines.windows(2).all(|pair| pair.first() == pair.last()), "{lines:#?}");
        Ok(())
    })
}

/// A reply as it travels, and what it says to its asker.
async fn reply_of(
    federation: &Federation,
    asker: &str,
    plea: &Plea<'_>,
) -> Result<(v1::Reply, Answer)> {
    let hand = federation.hand(asker)?;
    let sketch: Sketch = federation.sketch(&hand, plea, &[HEALTH])?;
    let channel = federation.to_broker(&hand)?;
    let routed = hand.ask(&channel, sketch.to_wire()?).await?;
    let reply = routed.reply(&federation.oin(HEALTH)?);
    let reply = reply.with_context(|| format!("no reply: {routed:?}"))?;
    Ok((reply.clone(), body(federation, &sketch, HEALTH, reply)?))
}

/// Every field is the same but those that are random, or follow from the question's random id.
fn assert_same((one, one_says): &(v1::Reply, Answer), (other, other_says): &(v1::Reply, Answer)) {
    let visible = |reply: &v1::Reply| v1::Reply {
        // How far the broker's ledger was, which every question moves.
        seen_size: 0,
        target_id: Vec::new(),
        body: Vec::new(),
        signature: Vec::new(),
        ..reply.clone()
    };
    assert_eq!(visible(one), visible(other));
    assert_eq!(one.body.len(), other.body.len());
    assert_ne!(one_says.subject_tag, other_says.subject_tag, "it is random or of its question");
    let untagged = |answer: &Answer| Answer { subject_tag: [0; 32], ..answer.clone() };
    assert_eq!(untagged(one_says), untagged(other_says));
}

/// Two inquiries about one child have nothing in common that a third party could join them by.
#[test]
fn invariant_05_the_asker_gets_nothing_to_know_the_child_by_again() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let hand = federation.hand(VT)?;
        let channel = federation.to_broker(&hand)?;
        let mut tokens: Vec<Vec<Vec<u8>>> = Vec::new();
        for _ in 0..2 {
            let sketch = federation.sketch(&hand, &SAFETY, &[SCHOOL, HEALTH])?;
            let routed = hand.ask(&channel, sketch.to_wire()?).await?;
            let mut one = Vec::new();
            for target in [SCHOOL, HEALTH] {
                let reply = routed.reply(&federation.oin(target)?).context("a reply")?;
                one.push(reply.target_id.clone());
                one.push(reply.signature.clone());
                one.push(reply.body.clone());
                let answer = body(federation, &sketch, target, reply)?;
                one.push(answer.subject_tag.to_vec());
            }
            for decided in &routed.decided {
                let attestation = decided.attestation.as_ref().context("attested")?;
                one.push(attestation.leaf.clone());
                one.push(attestation.signature.clone());
            }
            tokens.push(one);
        }
        let [first, second] = tokens.as_slice() else { anyhow::bail!("two inquiries") };
        assert!(first.iter().all(|token| !token.is_empty() && !second.contains(token)));
        Ok(())
    })
}

/// What a person sees holds no field that is the same for a child and different for another: with
/// the content and the inquiry's own id taken away, the lines of two children are equal.
#[test]
fn invariant_05_a_line_without_its_content_is_the_same_for_every_child() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let oin = federation.oin(SCHOOL)?;
        let mut bare = Vec::new();
        for subject in [crate::stage::NOOR, "999940260"] {
            let asked = wish(federation, &Plea { subject, ..SAFETY }, &[SCHOOL])?;
            let heard = federation.ask(VT, "triage-1", asked).await?;
            let mut line = line(&heard, &oin)?.clone();
            line.after_ms = 0;
            for shown in line.lines.iter_mut().filter_map(|line| line.line.as_mut()) {
                assert!(!shown.entries.is_empty(), "both are known: {shown:?}");
                shown.entries.clear();
            }
            bare.push(line);
        }
        assert_eq!(bare.first(), bare.last());
        Ok(())
    })
}
