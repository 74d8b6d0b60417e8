//! A broker that lies to one asker: it stands between its node and the region, with the real
//! broker's keys and factors. The asker's node discards what is not proved, and alarms.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use futures_util::FutureExt as _;
use grondslag_core::blind::{Encrypted, Pair};
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_core::inquiry::RawInquiry;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{Leaf, ReplyFields, sign};
use grondslag_proto::v1;
use grondslag_proto::v1::ask_response::Event;
use grondslag_tests::federation::between::{Asking, Lies, Told};
use grondslag_tests::federation::desk::Heard;
use grondslag_tests::federation::hand::{Delivered, Hand};
use grondslag_tests::federation::keys::RegionKeys;
use grondslag_tests::federation::sketch::point;
use grondslag_tests::federation::{Federation, Setup, run};
use rand_core::UnwrapErr;
use tonic::transport::Channel;

use crate::stage::{HEALTH, NOW, SAFETY, SCHOOL, VT, alarms, line, wish};

/// Another child whom the school knows.
const ANOTHER: &str = "999940260";

/// What the broker does with the next questions of Veilig Thuis.
#[derive(Clone)]
pub(super) struct Liar(Arc<Mutex<Told>>);

impl Liar {
    pub(super) fn honest() -> Self {
        Self(Arc::new(Mutex::new(after(|_, _| Ok(())))))
    }

    fn lies(&self) -> Lies {
        let liar = self.clone();
        let ask: Told = Arc::new(move |request, asking| {
            let told = liar.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            told(request, asking)
        });
        Lies { ask: Some(ask), ..Lies::default() }
    }

    pub(super) fn does(&self, told: Told) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

/// The honest course of events, changed.
pub(super) fn after<F>(change: F) -> Told
where
    F: Fn(&v1::AskRequest, &mut [v1::AskResponse]) -> Result<()> + Send + Sync + 'static,
{
    let change = Arc::new(change);
    Arc::new(move |request: v1::AskRequest, asking: Asking| {
        let change = change.clone();
        async move {
            let mut events = asking.ask(request.clone()).await?;
            change(&request, &mut events)?;
            Ok(events)
        }
        .boxed()
    })
}

pub(super) async fn region(liar: &Liar) -> Result<Federation> {
    Setup::of([VT, SCHOOL, HEALTH]).at(NOW).behind(VT, liar.lies()).start().await
}

pub(super) async fn heard(federation: &Federation, targets: &[&str]) -> Result<Heard> {
    federation.ask(VT, "triage-1", wish(federation, &SAFETY, targets)?).await
}

/// The agency is shown as not reached, with the reason, and with nothing of what came.
pub(super) fn assert_discarded(heard: &Heard, oin: &Oin, reason: Reason, what: &str) -> Result<()> {
    let shown = line(heard, oin)?;
    let told = (shown.state.as_str(), shown.reason.as_str());
    assert_eq!(told, ("unreachable", reason.code()), "{what}");
    let by_holder = shown.lines.iter().filter(|line| line.by == "holder");
    assert!(shown.outcome.is_empty() && by_holder.count() == 0, "{what}: {shown:?}");
    Ok(())
}

/// Every reply among the events, with whose it is said to be.
pub(super) fn replies(events: &mut [v1::AskResponse]) -> Vec<(&str, &mut v1::Reply)> {
    let replied = events.iter_mut().filter_map(|event| match &mut event.event {
        Some(Event::Replied(v1::TargetReplied { target_oin, reply: Some(reply) })) => {
            Some((target_oin.as_str(), reply))
        }
        _ => None,
    });
    replied.collect()
}

/// What a broker might do with an answer: give it in another's name, have another sign it, call it
/// a later one, cut it. None of it is shown.
#[test]
fn an_answer_that_is_not_its_nodes_first_to_this_question_is_discarded() -> Result<()> {
    run(async {
        let liar = Liar::honest();
        let federation = region(&liar).await?;
        let school = federation.oin(SCHOOL)?;
        let honest = heard(&federation, &[SCHOOL, HEALTH]).await?;
        assert_eq!(line(&honest, &school)?.state, "replied", "the positive control");
        assert_eq!(alarms(&federation, VT).await?, [], "the positive control");
        let health: Hand = federation.hand(HEALTH)?;
        let lies: [(&str, Told); 4] = [
            ("swapped", after(|_, events| swap(events))),
            ("signed by another", after(move |asked, events| sign_again(&health, asked, events))),
            ("a later one", after(|_, events| on_all(events, |reply| reply.reply_no = 2))),
            ("not the last part", after(|_, events| on_all(events, |reply| reply.last = false))),
        ];
        for (what, lie) in lies {
            liar.does(lie);
            let before = alarms(&federation, VT).await?.len();
            let told = heard(&federation, &[SCHOOL, HEALTH]).await?;
            for agency in [SCHOOL, HEALTH] {
                let oin = federation.oin(agency)?;
                assert_discarded(&told, &oin, Reason::AnswerInvalid, what)?;
            }
            let raised = alarms(&federation, VT).await?.split_off(before);
            assert_eq!(raised, [Reason::AnswerInvalid; 2], "{what}");
        }
        Ok(())
    })
}

fn swap(events: &mut [v1::AskResponse]) -> Result<()> {
    let mut all = replies(events);
    let [(_, one), (_, other)] = all.as_mut_slice() else { anyhow::bail!("two replies") };
    std::mem::swap(*one, *other);
    Ok(())
}

fn on_all(events: &mut [v1::AskResponse], change: impl Fn(&mut v1::Reply)) -> Result<()> {
    let all = replies(events);
    anyhow::ensure!(!all.is_empty(), "no replies");
    for (_, reply) in all {
        change(reply);
    }
    Ok(())
}

/// Signs every answer in the name of who gave it, with another node's key.
fn sign_again(hand: &Hand, asked: &v1::AskRequest, events: &mut [v1::AskResponse]) -> Result<()> {
    let raw = RawInquiry::try_from(asked.clone()).map_err(anyhow::Error::msg)?;
    for (from, reply) in replies(events) {
        let from = Oin::parse(from)?;
        // The other node's own answer stays its own: what it signs is for another.
        let key = if from == hand.oin { &[1; 32].into() } else { &hand.key };
        let fields = ReplyFields {
            target_id: TargetId::derive(&raw.id, &from),
            from: &from,
            to: &raw.header.asker,
            epoch: raw.header.epoch,
            reply_no: reply.reply_no,
            part: reply.part,
            last: reply.last,
            answer_by: raw.header.times.answer_by,
            body: &reply.body,
        };
        reply.signature = sign(key, &fields.canonical()).to_vec();
    }
    Ok(())
}

/// An answer to one question does not answer another, also when its id is written over.
#[test]
fn an_answer_to_another_question_is_discarded() -> Result<()> {
    run(async {
        let liar = Liar::honest();
        let federation = region(&liar).await?;
        let school = federation.oin(SCHOOL)?;
        let kept: Arc<Mutex<Option<v1::Reply>>> = Arc::default();
        let keep = kept.clone();
        liar.does(after(move |_, events| {
            let (_, reply) = replies(events).pop().context("a reply")?;
            *keep.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply.clone());
            Ok(())
        }));
        let first = heard(&federation, &[SCHOOL]).await?;
        assert_eq!(line(&first, &school)?.state, "replied", "the positive control");
        for relabelled in [false, true] {
            let old = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let old = old.context("it was kept")?;
            liar.does(after(move |_, events| {
                let (_, reply) = replies(events).pop().context("a reply")?;
                let id = std::mem::replace(reply, old.clone()).target_id;
                if relabelled {
                    reply.target_id = id;
                }
                Ok(())
            }));
            let second = heard(&federation, &[SCHOOL]).await?;
            let what = format!("relabelled: {relabelled}");
            assert_discarded(&second, &school, Reason::AnswerInvalid, &what)?;
        }
        assert_eq!(alarms(&federation, VT).await?, [Reason::AnswerInvalid; 2]);
        Ok(())
    })
}

/// The broker asks the school about another child under the asker's genuine statement. The school
/// cannot know; its answer carries the tag of whom it is about.
#[test]
fn an_answer_about_another_child_is_discarded_and_alarms() -> Result<()> {
    run(async {
        let liar = Liar::honest();
        let federation = region(&liar).await?;
        let school = federation.oin(SCHOOL)?;
        let swap = Arc::new(Swap::at_school(&federation).await?);

        let own = swap.clone();
        liar.does(Arc::new(move |request, _| {
            let own = own.clone();
            async move { own.answer(request, SAFETY.subject).await }.boxed()
        }));
        let control = heard(&federation, &[SCHOOL]).await?;
        assert_eq!(line(&control, &school)?.state, "replied", "the positive control: {control:?}");
        assert_eq!(alarms(&federation, VT).await?, [], "the positive control");

        liar.does(Arc::new(move |request, _| {
            let swap = swap.clone();
            async move { swap.answer(request, ANOTHER).await }.boxed()
        }));
        let told = heard(&federation, &[SCHOOL]).await?;
        assert_discarded(&told, &school, Reason::SubjectMismatch, "another child")?;
        assert_eq!(alarms(&federation, VT).await?, [Reason::SubjectMismatch]);
        let inquiry: InquiryId = told.inquiry.context("it was asked")?;
        let decision = federation.decision(SCHOOL, &inquiry).await?.context("it decided")?;
        let gave = decision.lines.iter().any(|line| line.outcome == "permit");
        assert!(gave, "the school gave nothing: nothing was tested");
        Ok(())
    })
}

/// A broker that brings a question to the school with a hidden number of its own making.
pub(super) struct Swap {
    broker: Hand,
    node: Channel,
    keys: Arc<RegionKeys>,
    decided: v1::TargetDecided,
}

impl Swap {
    /// Decides as the honest broker does on such a question to the school.
    pub(super) async fn at_school(federation: &Federation) -> Result<Self> {
        let vt = federation.hand(VT)?;
        let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        let routed = vt.ask(&federation.to_broker(&vt)?, sketch.to_wire()?).await?;
        let decided = routed.decided.first().context("decided")?.clone();
        let broker = federation.broker_hand()?;
        let node = federation.to_node(&broker, SCHOOL)?;
        Ok(Self { broker, node, keys: federation.keys()?, decided })
    }

    pub(super) async fn answer(
        &self,
        wire: v1::AskRequest,
        child: &str,
    ) -> Result<Vec<v1::AskResponse>> {
        let raw = RawInquiry::try_from(wire).map_err(anyhow::Error::msg)?;
        let (target, part) = raw.parts.first().context("a part")?;
        let to = self.keys.of(target)?;
        let mut rng = UnwrapErr(getrandom::SysRng);
        let number = point(self.keys.region(), child)?;
        let hidden = Encrypted::new(&number, &[&to.inbound], &mut rng)?;
        let pair = Pair { one: hidden.one(), two: *hidden.two().first().context("a pair")? };
        let pair = self.broker.step_pair(&self.keys, target, &pair)?;

        let attestation = self.decided.attestation.as_ref().context("attested")?;
        let rulings = Leaf::parse(&attestation.leaf)?.rulings;
        let id = TargetId::derive(&raw.id, target);
        let asked = Delivered { id, header: &raw.header, target, part };
        let question = self.broker.attest_pair(&asked, &pair, &to, rulings)?;
        let reply = self.broker.deliver(&self.node, (&question).into()).await?;
        let reply = reply.map_err(anyhow::Error::msg)?;
        let target_oin = target.to_string();
        let events = [
            Event::Decided(v1::TargetDecided {
                attestation: Some((&question.evidence).into()),
                ..self.decided.clone()
            }),
            Event::Replied(v1::TargetReplied {
                target_oin: target_oin.clone(),
                reply: Some(reply),
            }),
            Event::Closed(v1::TargetClosed {
                target_oin,
                state: v1::TargetState::Replied.into(),
                reason: String::new(),
            }),
        ];
        Ok(events.map(|event| v1::AskResponse { event: Some(event) }).into())
    }
}
