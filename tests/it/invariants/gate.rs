//! One gate, and data apart from faults: invariants 8 and 9.

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::v1;
use grondslag_proto::v1::broker_service_client::BrokerServiceClient;
use grondslag_tests::federation::hand::{Hand, Plea};
use grondslag_tests::federation::{Federation, run};
use tonic::Code;

use crate::stage::{
    DOCTOR, GEM, GI, HEALTH, HELP, JADE, SAFETY, SCHOOL, VT, fault, line, stage, wish,
};

/// Another agency at a node's door is turned away, with the very question that the broker could
/// have brought.
#[test]
fn invariant_08_a_node_answers_no_other_agency() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let question = attested(federation, SCHOOL)?;
        let node = federation.to_node(&vt, SCHOOL)?;
        let refused = fault(vt.deliver(&node, (&question).into()).await)?;
        assert_eq!(refused, (Code::PermissionDenied, Reason::NotTheBroker));
        Ok(())
    })
}

/// What a lying broker might change, one at a time: none of it is answered.
#[test]
fn invariant_08_a_question_that_is_not_attested_as_it_stands_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let broker = federation.broker_hand()?;
        let node = federation.to_node(&broker, SCHOOL)?;
        let honest = attested(federation, SCHOOL)?;
        let answered = broker.deliver(&node, (&honest).into()).await?;
        assert!(answered.is_ok(), "the positive control: {answered:?}");
        for (what, change, reason) in LIES {
            let mut question: v1::AnswerQuestion = (&attested(federation, SCHOOL)?).into();
            change(&mut question, (&attested(federation, SCHOOL)?).into());
            let refused = broker.deliver(&node, question).await;
            let refused = match refused {
                Ok(answer) => answer.err(),
                Err(status) => Some(grondslag_runtime::channel::reason_of(&status)),
            };
            assert_eq!(refused, Some(*reason), "{what}");
        }
        Ok(())
    })
}

type Lie = (&'static str, fn(&mut v1::AnswerQuestion, v1::AnswerQuestion), Reason);

const LIES: &[Lie] = &[
    ("no attestation", |it, _| it.attestation = None, Reason::AttestationInvalid),
    (
        "the attestation of another question",
        |it, other| it.attestation = other.attestation,
        Reason::AttestationInvalid,
    ),
    (
        "the target id and attestation of another question",
        |it, other| {
            it.attestation = other.attestation;
            it.target_id = other.target_id;
        },
        Reason::StatementInvalid,
    ),
    ("the part of another question", |it, other| it.part = other.part, Reason::StatementInvalid),
    (
        "another purpose",
        |it, _| on_header(it, |header| "D06".clone_into(&mut header.purpose)),
        Reason::StatementInvalid,
    ),
    (
        "another role",
        |it, _| on_header(it, |header| "vt.onderzoeker".clone_into(&mut header.role)),
        Reason::StatementInvalid,
    ),
    (
        "a role of another kind",
        |it, _| on_header(it, |header| "pol.jeugdagent".clone_into(&mut header.role)),
        Reason::RoleNotAdmitted,
    ),
    (
        "one category more",
        |it, _| on_part(it, |part| part.categories.push("G14".to_owned())),
        Reason::StatementInvalid,
    ),
    ("another detail", |it, _| on_part(it, |part| part.detail.reverse()), Reason::StatementInvalid),
    (
        "another target",
        |it, _| on_part(it, |part| "00000099990200011000".clone_into(&mut part.target_oin)),
        Reason::HeaderMismatch,
    ),
    (
        "an asker that nobody knows",
        |it, _| on_header(it, |header| "00000099999999999000".clone_into(&mut header.asker_oin)),
        Reason::UnknownAgency,
    ),
    (
        "an asker of the other mode",
        |it, _| on_header(it, |header| "00000001990200017000".clone_into(&mut header.asker_oin)),
        Reason::ModeMismatch,
    ),
];

fn on_header(question: &mut v1::AnswerQuestion, change: impl FnOnce(&mut v1::Header)) {
    if let Some(header) = &mut question.header {
        change(header);
    }
}

fn on_part(question: &mut v1::AnswerQuestion, change: impl FnOnce(&mut v1::Part)) {
    if let Some(part) = &mut question.part {
        change(part);
    }
}

/// Somebody with a certificate of the region who signs attestations with their own key.
#[test]
fn invariant_08_only_the_pinned_brokers_key_attests() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
        let forger: Hand = broker.forging(&vt.key);
        let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        let oin = federation.oin(SCHOOL)?;
        let forged = forger.attest(&sketch, &oin, Tier::T5).context("forged")?;
        let node = federation.to_node(&broker, SCHOOL)?;
        let refused = broker.deliver(&node, (&forged).into()).await?;
        assert_eq!(refused.err(), Some(Reason::AttestationInvalid));
        Ok(())
    })
}

fn attested(federation: &Federation, target: &str) -> Result<TargetQuestion> {
    let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
    let sketch = federation.sketch(&vt, &SAFETY, &[target])?;
    broker.attest(&sketch, &federation.oin(target)?, Tier::T5).context("attested")
}

/// Refusals travel as OK and data, whoever refuses: desk, broker or holder.
#[test]
fn invariant_09_refusals_are_data() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let desk = federation.desk(VT, "triage-1")?;
        let unknown = Plea { purpose: "D98", ..SAFETY };
        let heard = desk.ask(wish(federation, &unknown, &[SCHOOL])?).await?;
        assert_eq!(heard.refusal, Some(Reason::UnknownPurpose), "by the desk");

        let vt = federation.hand(VT)?;
        let mut sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        sketch.header.times.asked_at = federation.now().plus_ms(-600_000);
        sketch.header.times.ask_expires_at = federation.now().plus_ms(-500_000);
        sketch.sign(&vt.key)?;
        let routed = vt.ask(&federation.to_broker(&vt)?, sketch.to_wire()?).await?;
        assert_eq!(routed.refusal, Some(Reason::QuestionExpired), "by the broker, as a whole");

        let investigation = Plea {
            role: "vt.onderzoeker",
            purpose: "D06",
            query_kind: "Q02",
            categories: &["G08", "G16"],
            ..SAFETY
        };
        let asked = wish(federation, &investigation, &[DOCTOR])?;
        let heard = federation.ask(VT, "onderzoeker-1", asked).await?;
        let shown = line(&heard, &federation.oin(DOCTOR)?)?;
        assert_eq!(
            (shown.state.as_str(), shown.reason.as_str()),
            ("not_asked", "NEEDS_SECOND_PERSON")
        );
        assert!(shown.lines.iter().all(|line| line.by == "broker"), "by the broker, by rule");

        let asked = wish(federation, &HELP, &[HEALTH])?;
        let heard = federation.ask(GEM, "lokaalteam-1", asked).await?;
        let shown = line(&heard, &federation.oin(HEALTH)?)?;
        assert_eq!((shown.state.as_str(), shown.outcome.as_str()), ("replied", "neutraal"));
        Ok(())
    })
}

/// Statuses are for faults and for those who may not call at all; each names its reason.
#[test]
fn invariant_09_faults_and_strangers_are_statuses() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let ended = federation.desk(GI, "jeugdbeschermer-oud")?;
        let ended = fault(ended.ask(wish(federation, &SAFETY, &[SCHOOL])?).await)?;
        assert_eq!(ended, (Code::PermissionDenied, Reason::MandateEnded));

        let vt = federation.hand(VT)?;
        let mut client = BrokerServiceClient::new(federation.to_broker(&vt)?);
        let nothing = futures_util::stream::iter([v1::DeliverRequest { reply: None }]);
        let mut answers = client.deliver(nothing).await?.into_inner();
        let opening = answers.next().await.context("an opening")??;
        assert!(matches!(opening.event, Some(v1::deliver_response::Event::Waiting(_))));
        let deliver = fault(answers.next().await.context("an answer")?)?;
        assert_eq!(deliver, (Code::InvalidArgument, Reason::Malformed));

        let node = federation.to_node(&vt, SCHOOL)?;
        let question = attested(federation, SCHOOL)?;
        let stranger = fault(vt.deliver(&node, (&question).into()).await)?;
        assert_eq!(stranger, (Code::PermissionDenied, Reason::NotTheBroker));
        Ok(())
    })
}

/// What a node refuses for a reason that does not depend on the child is the same for a child
/// that it knows and one that it does not.
#[test]
fn invariant_09_a_refusal_as_data_tells_nothing_of_the_child() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
        let node = federation.to_node(&broker, SCHOOL)?;
        let oin: Oin = federation.oin(SCHOOL)?;
        let mut refusals = Vec::new();
        for subject in [SAFETY.subject, JADE, crate::stage::NOBODY] {
            let sketch = federation.sketch(&vt, &Plea { subject, ..SAFETY }, &[SCHOOL])?;
            let mut question = broker.attest(&sketch, &oin, Tier::T5).context("attested")?;
            question.id = TargetId::new([0; 16]);
            refusals.push(broker.deliver(&node, (&question).into()).await?.err());
        }
        assert!(refusals.iter().all(|reason| *reason == Some(Reason::StatementInvalid)));
        Ok(())
    })
}
