//! Who may see and accept handovers.

use std::cmp::Reverse;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_core::limits::LIST_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_proto::v1;
use grondslag_proto::v1::follow_up_content::Content;
use grondslag_subject::Bsn;

use super::incoming::{self, Incoming};
use super::outgoing::{self, Outgoing};
use super::{Accepted, accept_by, barred, ends_at};
use crate::agency::Agency;
use crate::asks::follow::{Followed, own};
use crate::follow_ups::send::{Additions, Told, add};
use crate::own_view::strangers;
use crate::recorded::{Kind, append};
use crate::rows::Most;
use crate::staff::{ActingStaff, Caller};

/// One of a list.
enum Row {
    In(Incoming),
    Out(Outgoing, Timestamp),
}

/// The handovers of one agency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handovers<'a> {
    pub(super) agency: &'a Agency,
}

impl Handovers<'_> {
    /// Somebody in a role that holds cases, to which this agency is admitted now.
    ///
    /// # Errors
    /// Those of [`Caller::in_role`]; `HANDOVER_ROLE`.
    fn holder(self, caller: &Caller, role: &str) -> Result<ActingStaff, Reason> {
        let by = caller.in_role(self.agency, role)?;
        let holds = self.agency.pack().catalogue().handover().holds(by.role());
        if holds { Ok(by) } else { Err(Reason::HandoverRole) }
    }

    /// What comes and what goes, newest first, and whether there is more. A privacy officer sees it
    /// without whom it is about.
    ///
    /// # Errors
    /// Those of [`Caller::in_role`]; `HANDOVER_ROLE`; why it cannot be read, or that somebody
    /// looked cannot be recorded.
    pub(super) async fn list(
        self,
        caller: &Caller,
        role: &str,
    ) -> Result<(Vec<v1::Handover>, bool), Reason> {
        let (agency, store) = (self.agency, self.agency.store.as_ref());
        let by = caller.in_role(agency, role)?;
        let oversees = agency.pack().catalogue().informing().sees_all(by.role());
        if !oversees {
            self.holder(caller, role)?;
        }
        let mut all = Most::of(usize::try_from(LIST_MAX).unwrap_or(usize::MAX));
        // A row that is none is told of by the daily round.
        for row in incoming::all(store).await?.0 {
            all.add((Reverse(row.came_at), row.id()), Row::In(row));
        }
        for row in outgoing::all(store).await?.0 {
            let Some(given_at) = row.given_at else { continue };
            all.add((Reverse(given_at), row.id), Row::Out(row, given_at));
        }
        let mut handovers = Vec::with_capacity(all.rows.len());
        for row in all.rows.into_values() {
            handovers.push(match row {
                Row::In(row) => self.coming(&row).await?,
                Row::Out(row, given_at) => self.going(&row, given_at, oversees),
            });
        }
        let body = Kind::HandoversShown
            .canonical()
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .list(handovers.iter().map(|one| one.target_id.as_slice()));
        append(agency, Kind::HandoversShown, body, Batch::new()).await?;
        Ok((handovers, all.more))
    }

    /// Accepts a case: durable when this returns, and brought to its old holder until it has that.
    /// One that never came there may be accepted once more.
    ///
    /// # Errors
    /// Those of [`Caller::in_role`]; `HANDOVER_ROLE`, `UNKNOWN_INQUIRY`, `HANDED_OVER`,
    /// `UNKNOWN_AGENCY`, `HANDOVER_NOTHING`, `HANDOVER_ACCEPTED`, `QUESTION_EXPIRED`,
    /// `HANDOVER_LIST`; those of [`add`].
    pub(super) async fn accept(
        self,
        caller: &Caller,
        request: v1::AcceptHandoverRequest,
    ) -> Result<v1::Handover, Reason> {
        let by = self.holder(caller, &request.role)?;
        let staff = by.person().id();
        let v1::AcceptHandoverRequest { inquiry_id, target_oin, done, gaps, .. } = request;
        let inquiry = InquiryId::from_slice(&inquiry_id).map_err(|_| Reason::UnknownInquiry)?;
        let from = Oin::parse(&target_oin).map_err(|_| Reason::UnknownAgency)?;
        let (followed, _) = own(self.agency, &inquiry, staff).await?;
        let id = TargetId::derive(&inquiry, &from);
        let found = incoming::find(self.agency.store.as_ref(), &id).await?;
        let (row, seen) = found.ok_or(Reason::HandoverNothing)?;
        let told = incoming::told(self.agency, &row).await?;
        if row.accepted.is_some() && !matches!(told, Told::Never(_)) {
            return Err(Reason::HandoverAccepted);
        }
        let now = self.agency.clock.now();
        if now > ends_at(row.answer_by) {
            return Err(Reason::QuestionExpired);
        }
        if !self.agency.pack().catalogue().handover().is_whole(&done, &gaps) {
            return Err(Reason::HandoverList);
        }
        let accepted = Accepted { at: now, done: done.clone(), gaps: gaps.clone() };
        let row = Incoming { accepted: Some(accepted), told: None, ..row };
        let state = row.put_again(self.holds_again(&followed).await?, &seen)?;
        let (answer_by, break_glass) = (followed.answer_by, followed.break_glass);
        let additions = Additions::new(inquiry, from, answer_by, break_glass);
        let content = Content::Accepted(v1::HandoverAccepted { done, gaps });
        add(self.agency, additions, content, staff, state).await?;
        self.coming(&row).await
    }

    /// The write that says that this agency holds the case of a question again, should it have
    /// handed it over before.
    async fn holds_again(self, followed: &Followed) -> Result<Batch, Reason> {
        let (store, secret) = (self.agency.store.as_ref(), &self.agency.secret);
        let person = followed.person()?.ok_or(Reason::StoreCorrupt)?;
        let child: Option<Bsn> =
            strangers::find(store, &person).await.map_err(StoreError::reason)?;
        let child = child.ok_or(Reason::StoreCorrupt)?;
        barred::lift(store, Batch::new(), secret, &child).await
    }

    async fn coming(self, row: &Incoming) -> Result<v1::Handover, Reason> {
        let (told_at, reason) = match incoming::told(self.agency, row).await? {
            Told::NotYet => (None, None),
            Told::At(at) => (Some(at), None),
            Told::Never(reason) => (None, Some(reason)),
        };
        let times = (row.came_at, row.answer_by);
        let shown = self.shown("in", &row.from, times, row.accepted.as_ref());
        Ok(v1::Handover {
            inquiry_id: row.inquiry.as_bytes().to_vec(),
            target_id: row.id().as_bytes().to_vec(),
            told_at_ms: told_at.map(Timestamp::ms).unwrap_or_default(),
            reason: reason.map_or(shown.reason, |reason| reason.code().to_owned()),
            ..shown
        })
    }

    fn going(self, row: &Outgoing, given_at: Timestamp, oversees: bool) -> v1::Handover {
        let subject = row.digits.clone().filter(|_| !oversees).unwrap_or_default();
        let shown = self.shown("out", &row.asker, (given_at, row.answer_by), row.accepted.as_ref());
        v1::Handover { subject, target_id: row.id.as_bytes().to_vec(), ..shown }
    }

    fn shown(
        self,
        direction: &str,
        other: &Oin,
        (came_at, answer_by): (Timestamp, Timestamp),
        accepted: Option<&Accepted>,
    ) -> v1::Handover {
        let lapsed = accepted.is_none() && self.agency.clock.now() > ends_at(answer_by);
        let reason = if lapsed { Reason::QuestionExpired.code() } else { "" };
        v1::Handover {
            direction: direction.to_owned(),
            reason: reason.to_owned(),
            oin: other.to_string(),
            name: self.agency.name_of(other),
            came_at_ms: came_at.ms(),
            accept_by_ms: accept_by(self.agency, came_at, answer_by).ms(),
            ends_at_ms: ends_at(answer_by).ms(),
            accepted_at_ms: accepted.map(|one| one.at.ms()).unwrap_or_default(),
            done: accepted.map(|one| one.done.clone()).unwrap_or_default(),
            gaps: accepted.map(|one| one.gaps.clone()).unwrap_or_default(),
            ..v1::Handover::default()
        }
    }
}
