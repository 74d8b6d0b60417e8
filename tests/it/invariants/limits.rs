//! Every limit is stated, and neutral never stands in for a fault: invariants 10 and 11.

use anyhow::{Context as _, Result};
use grondslag_core::limits::{
    APPROVERS_MAX, CATEGORIES_MAX, DETAIL_BYTES, GROUNDS_MAX, MESSAGE_BYTES_MAX,
    NECESSITY_CHARS_MAX, TARGETS_MAX,
};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Setup, run};
use tonic::Code;

use crate::stage::{GEM, HEALTH, HELP, JADE, NOW, SAFETY, SCHOOL, VT, fault, line, stage, wish};

/// No target, one too many, and ten thousand: at the desk and at the broker.
#[test]
fn invariant_10_a_question_has_one_to_sixty_four_targets() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let desk = federation.desk(VT, "triage-1")?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        for (count, reason) in [
            (0, Reason::TargetsNone),
            (TARGETS_MAX + 1, Reason::TargetsTooMany),
            (10_000, Reason::TargetsTooMany),
        ] {
            let mut asked = wish(federation, &SAFETY, &[SCHOOL])?;
            let target = asked.targets.pop().context("a target")?;
            asked.targets = vec![target; count];
            assert_eq!(desk.ask(asked).await?.refusal, Some(reason), "{count} at the desk");

            let mut wire = federation.sketch(&vt, &SAFETY, &[SCHOOL])?.to_wire()?;
            wire.parts = vec![v1::Part::default(); count];
            let routed = vt.ask(&channel, wire).await?;
            assert_eq!(routed.refusal, Some(reason), "{count} at the broker");
        }
        let twice = wish(federation, &SAFETY, &[SCHOOL, SCHOOL])?;
        assert_eq!(desk.ask(twice).await?.refusal, Some(Reason::TargetTwice));
        Ok(())
    })
}

/// The largest message is stated; one byte more is turned away before anybody reads it.
#[test]
fn invariant_10_a_message_over_the_limit_is_turned_away() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let mut wire = federation.sketch(&vt, &SAFETY, &[SCHOOL])?.to_wire()?;
        wire.signature = vec![0; MESSAGE_BYTES_MAX];
        let refused = fault(vt.ask(&federation.to_broker(&vt)?, wire).await)?;
        assert_eq!(refused, (Code::InvalidArgument, Reason::TooLarge), "broker");

        let mut asked = wish(federation, &SAFETY, &[SCHOOL])?;
        asked.reference = "x".repeat(MESSAGE_BYTES_MAX);
        let refused = fault(federation.desk(VT, "triage-1")?.ask(asked).await)?;
        assert_eq!(refused, (Code::InvalidArgument, Reason::TooLarge), "desk");

        let broker = federation.broker_hand()?;
        let huge = v1::AnswerQuestion {
            target_id: vec![0; MESSAGE_BYTES_MAX],
            ..v1::AnswerQuestion::default()
        };
        let node = federation.to_node(&broker, SCHOOL)?;
        let refused = fault(broker.deliver(&node, huge).await)?;
        assert_eq!(refused, (Code::InvalidArgument, Reason::TooLarge), "node");
        Ok(())
    })
}

/// Every list and text of a question has its bound, and the bound itself is within.
#[test]
fn invariant_10_every_part_of_a_question_is_bounded() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        for (what, change, reason) in OVER {
            let mut wire = federation.sketch(&vt, &SAFETY, &[SCHOOL])?.to_wire()?;
            let (Some(part), Some(header)) = (wire.parts.first_mut(), wire.header.as_mut()) else {
                anyhow::bail!("a sketch has both");
            };
            change(part, header);
            let routed = vt.ask(&channel, wire).await?;
            assert_eq!(routed.refusal, Some(*reason), "{what}");
        }
        Ok(())
    })
}

type Over = (&'static str, fn(&mut v1::Part, &mut v1::Header), Reason);

const OVER: &[Over] = &[
    ("no category", |part, _| part.categories.clear(), Reason::CategoriesNone),
    (
        "too many categories",
        |part, _| part.categories = vec!["G05".to_owned(); CATEGORIES_MAX + 1],
        Reason::TooLarge,
    ),
    ("too long a detail", |part, _| part.detail = vec![0; DETAIL_BYTES + 1], Reason::TooLarge),
    ("too short a detail", |part, _| part.detail.truncate(DETAIL_BYTES - 1), Reason::SealInvalid),
    ("no detail", |part, _| part.detail.clear(), Reason::SealInvalid),
    // Of the right length the form is right, and what is wrong is the signature.
    (
        "a detail of its length",
        |part, _| part.detail = vec![0; DETAIL_BYTES],
        Reason::StatementInvalid,
    ),
    (
        "too many approvals",
        |part, _| part.approvals = vec![v1::Approval::default(); APPROVERS_MAX + 1],
        Reason::TooLarge,
    ),
    (
        "too many grounds",
        |_, header| header.grounds = vec!["wmo-5.2.6".to_owned(); GROUNDS_MAX + 1],
        Reason::TooLarge,
    ),
    (
        "the most grounds",
        |_, header| header.grounds = vec!["wmo-5.2.6".to_owned(); GROUNDS_MAX],
        Reason::StatementInvalid,
    ),
    (
        "too many approvers",
        |_, header| header.approvers = vec![v1::Approver::default(); APPROVERS_MAX + 1],
        Reason::TooLarge,
    ),
];

/// The longest necessity text is taken: two bytes a character is more than Dutch has, and fits its
/// detail with everything else. What is longer, in characters or in bytes, is refused by name.
#[test]
fn invariant_10_the_longest_necessity_text_is_asked() -> Result<()> {
    run(async {
        let federation = stage().await?;
        for (letter, chars, refusal) in [
            ("é", NECESSITY_CHARS_MAX, None),
            ("é", NECESSITY_CHARS_MAX + 1, Some(Reason::TextTooLong)),
            ("€", NECESSITY_CHARS_MAX, Some(Reason::TextTooLong)),
        ] {
            let mut asked = wish(federation, &SAFETY, &[SCHOOL])?;
            asked.necessity = letter.repeat(chars);
            let heard = federation.ask(VT, "triage-1", asked).await?;
            assert_eq!(heard.refusal, refusal, "{chars} times {letter}");
            let answered = heard.lines.iter().filter(|line| line.state == "replied").count();
            assert_eq!(answered, usize::from(refusal.is_none()), "{chars} times {letter}");
        }
        Ok(())
    })
}

/// Not reached yet: the question waits.
const WAITS: (&str, &str) = ("pending", "QUESTION_WAITS");

/// A node that never loaded its register cannot say "nothing", and is not shown to have.
#[test]
fn invariant_11_a_node_without_its_register_is_shown_as_not_reached() -> Result<()> {
    run(async {
        let setup = Setup::of([GEM, HEALTH]).at(NOW).without_records(HEALTH);
        let federation = setup.start().await?;
        let oin = federation.oin(HEALTH)?;
        let mut lines = Vec::new();
        for subject in [HELP.subject, JADE] {
            let asked = wish(&federation, &Plea { subject, ..HELP }, &[HEALTH])?;
            let heard = federation.ask(GEM, "lokaalteam-1", asked).await?;
            let shown = line(&heard, &oin)?.clone();
            assert_eq!((shown.state.as_str(), shown.reason.as_str()), WAITS);
            assert!(shown.outcome.is_empty(), "{shown:?}");
            let by_holder = shown.lines.iter().filter(|line| line.by == "holder");
            assert_eq!(by_holder.count(), 0, "{shown:?}");
            assert_eq!(heard.closed.context("closed")?.pending, 1);
            lines.push(v1::AgencyLine { after_ms: 0, ..shown });
        }
        assert_eq!(lines.first(), lines.last(), "it tells nothing of the child");
        assert_eq!(federation.decisions(HEALTH).await?, [], "nothing was decided");
        Ok(())
    })
}

/// Nor is a node that is gone: the asker learns that it was not reached yet, and whom to call.
#[test]
fn invariant_11_a_node_that_is_gone_is_shown_as_not_reached() -> Result<()> {
    run(async {
        let federation = Setup::of([GEM, HEALTH]).at(NOW).start().await?;
        federation.kill(HEALTH).await?;
        let asked = wish(&federation, &HELP, &[HEALTH])?;
        let heard = federation.ask(GEM, "lokaalteam-1", asked).await?;
        let shown = line(&heard, &federation.oin(HEALTH)?)?;
        assert_eq!((shown.state.as_str(), shown.reason.as_str()), WAITS);
        assert!(shown.outcome.is_empty() && !shown.duty_phone.is_empty(), "{shown:?}");
        Ok(())
    })
}
