//! The last event of a target, and of the whole question.

use std::collections::BTreeMap;
use std::time::Instant;

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;

use super::{Closing, Events, Pursuit, Target, tell};
use crate::asks::budget::Counted;
use crate::asks::check::refused_by_rule;
use crate::asks::inquiries::{Stage, record_closed, update};
use crate::asks::view::{self, Draft, Stand, agency_line};

impl Pursuit {
    /// Shows a target's last event, or gives the target back for another attempt.
    pub(super) async fn closed(
        &self,
        targets: &mut BTreeMap<Oin, Target>,
        Closing { inquiry, closed, more }: Closing<'_>,
        events: &Events,
        since: Instant,
    ) -> Option<Oin> {
        let oin = Oin::parse(&closed.target_oin).ok()?;
        let target = targets.get_mut(&oin)?;
        // An answer that is being made durable is shown then.
        if target.shown.is_some() || target.answer.is_some() {
            return None;
        }
        let why = (!closed.reason.is_empty()).then(|| reason(&closed.reason));
        let passing = why.is_some_and(Reason::is_passing) && target.discarded.is_none();
        if passing && more {
            return Some(oin);
        }
        let not_asked = closed.state() == v1::TargetState::NotAsked;
        if not_asked && target.discarded.is_none() && !refused_by_rule(&target.rulings) {
            // It attested that something was let through, and then asked nobody.
            self.discard(inquiry, target, Reason::BrokerDecisionMismatch).await;
        }
        let (stand, why) = match (target.discarded, closed.state()) {
            (Some(Reason::NoBsnRight), _) => (Stand::NotAsked, Some(Reason::NoBsnRight)),
            (Some(reason), _) => (Stand::Unreachable, Some(reason)),
            (None, v1::TargetState::NotAsked) => (Stand::NotAsked, why),
            (None, v1::TargetState::Pending) => (Stand::Pending, why),
            // "Replied" without a reply that we could open is no reply.
            (None, v1::TargetState::Replied) => (Stand::Unreachable, Some(Reason::AnswerInvalid)),
            (None, v1::TargetState::Unreachable | v1::TargetState::Unspecified) => {
                (Stand::Unreachable, why)
            }
        };
        self.show(&oin, target, stand, why, events, since).await;
        None
    }

    pub(super) async fn show(
        &self,
        oin: &Oin,
        target: &mut Target,
        stand: Stand,
        reason: Option<Reason>,
        events: &Events,
        since: Instant,
    ) {
        (target.shown, target.why) = (Some(stand), reason);
        let (rulings, answer) = (target.rulings.as_slice(), target.answer.as_ref());
        let draft = Draft { oin, stand, reason, rulings, answer, after: since.elapsed() };
        tell(events, view::line(agency_line(&self.agency, self.lang, &draft))).await;
    }

    /// Every target that the broker never closed is shown as not reached; then the counts.
    pub(super) async fn close(
        mut self,
        mut targets: BTreeMap<Oin, Target>,
        events: &Events,
        since: Instant,
        counted: Option<&Counted>,
    ) {
        for (oin, target) in targets.iter_mut().filter(|(_, target)| target.shown.is_none()) {
            let why = target.discarded.unwrap_or(Reason::Unreachable);
            self.show(oin, target, Stand::Unreachable, Some(why), events, since).await;
        }
        let count = |stand: Stand| {
            let shown = targets.values().filter(|target| target.shown == Some(stand));
            u32::try_from(shown.count()).unwrap_or(u32::MAX)
        };
        let closed = v1::InquiryClosed {
            replied: count(Stand::Replied),
            pending: count(Stand::Pending),
            unreachable: count(Stand::Unreachable),
            not_asked: count(Stand::NotAsked),
        };
        self.summary.replied = closed.replied;
        self.summary.stage = Stage::Closed;
        let attested = targets.values_mut().flat_map(|target| target.attested.drain(..)).collect();
        let answers = targets.values().filter_map(|target| target.answer.as_ref());
        let recorded = match counted {
            Some(counted) => match self.processing(&targets) {
                Ok(processing) => {
                    let followed = self.followed_to_end(&targets);
                    let closed = self.closing_record(&targets, counted, (processing, attested));
                    record_closed(&self.agency, closed, answers, &followed).await
                }
                Err(reason) => Err(reason),
            },
            None => update(&self.agency, &self.summary).await,
        };
        if let Err(reason) = recorded {
            tracing::error!(reason = reason.code(), "an inquiry's line could not be updated");
            if self.wish.carries.is_some() {
                // It is put once more: else its line would be missing for good.
                tell(events, view::refused(reason)).await;
            }
        }
        let event = Some(v1::desk_event::Event::Closed(closed));
        tell(events, v1::DeskEvent { event }).await;
    }
}
