//! A question on its way: recorded, sent, and followed until every agency has a state.

mod closing;
mod decided;
mod followed;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::FuturesUnordered;
use grondslag_core::answer::Answer;
use grondslag_core::catalogue::Category;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::inquiry::{Header, Inquiry, Part};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_core::statement::NamedRuling;
use grondslag_proto::reply::{Reply, reason};
use grondslag_proto::v1;
use grondslag_proto::v1::ask_response::Event;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;

pub(crate) use self::decided::discarded;
use super::attested::Attested;
use super::check::{Asked, Given, open_reply};
use super::compose::{Composed, Cosigned, inquiry};
use super::draft::{self, Leaving, not_taken};
use super::inquiries::{Summary, record_again, record_asked};
use super::received::{Told, record_answer};
use super::view::{self, Stand};
use super::wish::Wish;
use crate::agency::Agency;
use crate::alarm::raise;
use crate::limits::{ASK_WAIT_MS, EVENTS_PER_TARGET_MAX, RETRY_PAUSE_MS};

/// A question ready to go.
#[derive(Debug)]
pub(crate) struct Pursuit {
    /// This node.
    pub agency: Arc<Agency>,
    /// What was wished.
    pub wish: Wish,
    /// Header of the first attempt.
    pub header: Header,
    /// Second persons.
    pub cosigned: Vec<Cosigned>,
    /// Its line in the person's list.
    pub summary: Summary,
    /// How the draft that it was leaves.
    pub draft: Option<Leaving>,
    /// Language of notes.
    pub lang: Lang,
}

/// What is known of one target so far.
#[derive(Debug, Default)]
struct Target {
    rulings: Vec<NamedRuling>,
    answer: Option<Answer>,
    discarded: Option<Reason>,
    shown: Option<Stand>,
    /// Why it was shown so.
    why: Option<Reason>,
    /// Attempt of the last decision: the broker decides once in each.
    decided_in: u8,
    /// Epoch of the question that it was last put.
    epoch: u32,
    /// Digest of the statement in that question.
    statement: Option<Digest>,
    /// What the broker proved of its decisions.
    attested: Vec<Attested>,
}

impl Target {
    /// What the broker let through to it.
    fn let_through(&self) -> Vec<Category> {
        let let_through = self.rulings.iter().map(|named| &named.ruling);
        let let_through = let_through.filter(|ruling| ruling.is_let_through());
        let_through.map(|ruling| ruling.category.clone()).collect()
    }
}

/// The broker's last event on one target.
#[derive(Debug, Clone, Copy)]
struct Closing<'a> {
    inquiry: &'a Inquiry,
    closed: &'a v1::TargetClosed,
    /// Whether there is a next attempt.
    more: bool,
}

type Events = mpsc::Sender<v1::DeskEvent>;

/// Whether an agency's answer was made durable.
type Recorded = (Oin, Result<(), Reason>);

impl Pursuit {
    /// The question of a draft, with those who approved it.
    ///
    /// # Errors
    /// `NEEDS_SECOND_PERSON` for an escalation that nobody signed, `ESCALATION_LATE`; what
    /// [`draft::Draft::cosigned`] and [`draft::Draft::leave`] give.
    pub(crate) async fn of_draft(
        agency: &Arc<Agency>,
        draft: draft::Draft,
        lang: Lang,
    ) -> Result<Self, Reason> {
        let cosigned: Vec<Cosigned> = draft.cosigned(agency).await?;
        if cosigned.is_empty() && draft.wish.escalation.is_some() {
            return Err(Reason::NeedsSecondPerson);
        }
        draft.check_term(agency.clock.now())?;
        let (wish, mut header, summary, leaving) = draft.leave()?;
        header.approvers = cosigned.iter().map(|one| one.approver.clone()).collect();
        let agency = Arc::clone(agency);
        Ok(Self { agency, wish, header, cosigned, summary, draft: Some(leaving), lang })
    }

    /// Asks, and sends every event to the desk. A second attempt goes to the targets that could
    /// not take the first for a passing reason.
    pub(crate) async fn run(mut self, events: Events) {
        let id = self.summary.id;
        let since = Instant::now();
        let mut targets: BTreeMap<Oin, Target> =
            self.wish.targets.iter().map(|(oin, _)| (oin.clone(), Target::default())).collect();
        self.agency.learn_keys(targets.keys()).await;
        if let Ok(epoch) = self.agency.epochs.current() {
            self.header.epoch = epoch;
        }
        let (first, left_out) = match self.compose(1, None) {
            Ok(Composed { inquiry: Some(first), left_out }) => (first, left_out),
            // Nobody can be asked: a draft stays, and anything else is over.
            Ok(Composed { inquiry: None, left_out }) if self.draft.is_some() => {
                let first = left_out.first().map_or(Reason::TargetsNone, |(_, reason)| *reason);
                return tell(&events, view::refused(first)).await;
            }
            Ok(Composed { inquiry: None, left_out }) => {
                tell(&events, view::started(&id, self.header.times.answer_by.ms())).await;
                self.leave_out(left_out, &mut targets, &events, since).await;
                return self.close(targets, &events, since, None).await;
            }
            Err(reason) => return tell(&events, view::refused(reason)).await,
        };
        let recorded = match self.leaving(&first).await {
            Ok(state) => {
                let of = (&self.summary, &self.wish.subject, self.to_inform());
                record_asked(&self.agency, &first, of, state).await
            }
            Err(reason) => Err(reason),
        };
        let counted = match recorded {
            Ok(counted) => counted,
            Err(reason) => return tell(&events, view::refused(reason)).await,
        };
        self.agency.habits.note(&self);
        tell(&events, view::started(&id, self.header.times.answer_by.ms())).await;
        self.leave_out(left_out, &mut targets, &events, since).await;
        let again = match self.first_attempt(&first, &mut targets, &events, since).await {
            Ok(again) => again,
            Err(reason) => {
                not_taken(&self.agency, self.summary, self.draft, reason).await;
                return tell(&events, view::refused(reason)).await;
            }
        };
        if !again.is_empty() {
            self.try_again(&again, &mut targets, &events, since).await;
        }
        self.close(targets, &events, since, Some(&counted)).await;
    }

    /// The first attempt. A question of an epoch that has ended, or under rules that are not in
    /// force any more, was not taken under its id yet: it is put once more as of now.
    async fn first_attempt(
        &mut self,
        first: &Inquiry,
        targets: &mut BTreeMap<Oin, Target>,
        events: &Events,
        since: Instant,
    ) -> Result<Vec<Oin>, Reason> {
        match self.attempt(first, targets, events, since, true).await {
            Err(Reason::EpochStale) => {
                self.agency.refresh_epoch().await?;
                self.header.epoch = self.agency.epochs.current()?;
            }
            Err(Reason::PolicyStale) => {
                self.agency.learn_rules().await;
                set_again(&self.agency, &mut self.header).await;
            }
            taken => return taken,
        }
        let anew = self.compose(1, None)?.inquiry.ok_or(Reason::EpochStale)?;
        record_again(&self.agency, &anew, &self.summary).await?;
        self.attempt(&anew, targets, events, since, true).await
    }

    /// Shows the targets that a question could not be put to.
    async fn leave_out(
        &self,
        left_out: Vec<(Oin, Reason)>,
        targets: &mut BTreeMap<Oin, Target>,
        events: &Events,
        since: Instant,
    ) {
        for (oin, reason) in left_out {
            if reason == Reason::InboundKeyUnproven {
                raise(&self.agency, Digest::of(oin.as_str().as_bytes()), reason).await;
            }
            if let Some(target) = targets.get_mut(&oin) {
                let stand = Stand::Unreachable;
                self.show(&oin, target, stand, Some(reason), events, since).await;
            }
        }
    }

    async fn try_again(
        &mut self,
        again: &[Oin],
        targets: &mut BTreeMap<Oin, Target>,
        events: &Events,
        since: Instant,
    ) {
        tokio::time::sleep(Duration::from_millis(RETRY_PAUSE_MS)).await;
        set_again(&self.agency, &mut self.header).await;
        match self.compose(2, Some(again)) {
            Ok(Composed { inquiry: None, .. }) => tracing::warn!("no second attempt"),
            Ok(Composed { inquiry: Some(second), .. }) => {
                if let Err(reason) = self.attempt(&second, targets, events, since, false).await {
                    tracing::warn!(reason = reason.code(), "a second attempt was refused");
                }
            }
            Err(reason) => tracing::warn!(reason = reason.code(), "no second attempt"),
        }
    }

    fn compose(&self, attempt: u8, only: Option<&[Oin]>) -> Result<Composed, Reason> {
        let (id, header) = (self.summary.id, self.header.clone());
        inquiry(&self.agency, id, attempt, header, &self.wish, &self.cosigned, only)
    }

    /// One attempt. Gives the targets that may be asked once more, if there is a next attempt.
    async fn attempt(
        &self,
        inquiry: &Inquiry,
        targets: &mut BTreeMap<Oin, Target>,
        events: &Events,
        since: Instant,
        more: bool,
    ) -> Result<Vec<Oin>, Reason> {
        let wait = Duration::from_millis(ASK_WAIT_MS);
        // What is decided from now on stands in a tree at least as long.
        let before = self.agency.watching.seen();
        let carries = self.wish.carries.as_ref();
        let notice_id = carries.map(|carries| carries.notice_id.to_vec()).unwrap_or_default();
        let request = v1::AskRequest { notice_id, ..inquiry.into() };
        let stream = self.agency.broker_link.ask(request, wait).await?;
        followed::put(inquiry, targets);
        let mut stream = stream.take(inquiry.parts().len().saturating_mul(EVENTS_PER_TARGET_MAX));
        let mut again = Vec::new();
        // Answers that come together are made durable together.
        let mut recording = FuturesUnordered::new();
        loop {
            let next = tokio::select! {
                Some(recorded) = recording.next() => {
                    self.recorded(inquiry, targets, recorded, events, since).await;
                    continue;
                }
                next = stream.next() => next,
            };
            let Some(Ok(v1::AskResponse { event: Some(event) })) = next else { break };
            match event {
                Event::Refusal(refusal) => return Err(reason(&refusal.reason)),
                Event::Decided(decided) => {
                    self.decided(inquiry, targets, decided, before.as_ref()).await;
                }
                Event::Replied(replied) => {
                    recording.extend(self.replied(inquiry, targets, replied).await);
                }
                Event::Closed(closed) => {
                    let closing = Closing { inquiry, closed: &closed, more };
                    let passing = self.closed(targets, closing, events, since).await;
                    again.extend(passing);
                }
            }
        }
        while let Some(recorded) = recording.next().await {
            self.recorded(inquiry, targets, recorded, events, since).await;
        }
        Ok(again)
    }

    /// Opens a reply; what comes back makes it durable, and only then it is shown.
    async fn replied(
        &self,
        inquiry: &Inquiry,
        targets: &mut BTreeMap<Oin, Target>,
        wire: v1::TargetReplied,
    ) -> Option<impl Future<Output = Recorded> + use<>> {
        let (oin, part) = part_of(inquiry, &wire.target_oin)?;
        let target = targets.get_mut(oin)?;
        // One first reply per target; nothing is shown of a decision that was not proved.
        if target.answer.is_some() || target.discarded.is_some() {
            return None;
        }
        let asked = Asked { inquiry, target: oin, part };
        match self.open(asked, target, wire.reply) {
            Ok((given, reply)) => {
                target.answer = Some(given.answer.clone());
                let (agency, oin) = (Arc::clone(&self.agency), oin.clone());
                let (told, task) = (self.told(), self.to_inform());
                let filed = self.wish.escalation.is_some().then_some(self.summary.id);
                Some(async move {
                    let told = Told { to_inform: task.as_ref(), filed: filed.as_ref(), ..told };
                    let recorded = record_answer(&agency, &oin, &reply, &given, told).await;
                    (oin, recorded)
                })
            }
            Err(reason) => {
                self.discard(inquiry, target, reason).await;
                None
            }
        }
    }

    fn open(
        &self,
        asked: Asked<'_>,
        target: &Target,
        wire: Option<v1::Reply>,
    ) -> Result<(Given, Reply), Reason> {
        let reply = Reply::try_from(wire.ok_or(Reason::Malformed)?)?;
        let let_through = target.let_through();
        let given = open_reply(&self.agency, asked, &self.wish, &let_through, &reply)?;
        Ok((given, reply))
    }

    async fn recorded(
        &self,
        inquiry: &Inquiry,
        targets: &mut BTreeMap<Oin, Target>,
        (oin, recorded): Recorded,
        events: &Events,
        since: Instant,
    ) {
        let Some(target) = targets.get_mut(&oin) else { return };
        match recorded {
            Ok(()) => {
                if target.answer.as_ref().is_some_and(|answer| answer.unwitnessed) {
                    raise(&self.agency, inquiry.digest(), Reason::WitnessLate).await;
                }
                self.show(&oin, target, Stand::Replied, None, events, since).await;
            }
            Err(reason) => {
                target.answer = None;
                self.discard(inquiry, target, reason).await;
            }
        }
    }
}

/// Sets a header for a second attempt. A target that was ahead of us, or behind, is met in the
/// epoch of now.
pub(crate) async fn set_again(agency: &Agency, header: &mut Header) {
    let (now, times) = (agency.clock.now(), &mut header.times);
    let life = times.ask_expires_at.since_ms(times.asked_at);
    (times.asked_at, times.ask_expires_at) = (now, now.plus_ms(life));
    header.bundle = agency.rules.at(now).bundle();
    let refreshed = agency.refresh_epoch().await;
    if let Ok(epoch) = refreshed.and_then(|()| agency.epochs.current()) {
        header.epoch = epoch;
    }
}

/// Somebody lied; other reasons only say why a target cannot be dealt with.
pub(crate) fn is_alarming(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::BrokerDecisionMismatch
            | Reason::AttestationInvalid
            | Reason::LedgerFork
            | Reason::HeaderMismatch
            | Reason::AnswerInvalid
            | Reason::ReceiptInvalid
            | Reason::SubjectMismatch
            | Reason::SealInvalid
            | Reason::Malformed
            | Reason::TooLarge
    )
}

pub(crate) fn part_of<'a>(inquiry: &'a Inquiry, oin: &str) -> Option<(&'a Oin, &'a Part)> {
    let found = inquiry.parts().iter().find(|(target, _)| target.as_str() == oin);
    found.map(|(target, part)| (target, part))
}

/// The desk may have gone; the question goes on and its list line says how it ended.
async fn tell(events: &Events, event: v1::DeskEvent) {
    let _ = events.send(event).await;
}

#[cfg(test)]
mod tests;
