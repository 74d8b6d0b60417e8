//! What is to be told, toward the agency's own people.

use std::sync::Arc;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::informing::{ToldHow, ToldTo};
use grondslag_core::limits::LIST_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::{Batch, Pair, StoreError};
use grondslag_policy::catalogue::Informing;
use grondslag_proto::v1;
use grondslag_proto::v1::inform_service_server::InformService;
use grondslag_runtime::call::said;
use grondslag_subject::Bsn;
use tonic::{Request, Response, Status};

use super::{State, Task, all, key};
use crate::agency::Agency;
use crate::detail::check_text;
use crate::recorded::{Kind, append, entry, term};
use crate::staff::{ActingStaff, Caller};

/// The service.
#[derive(Debug)]
pub(crate) struct InformDesk {
    agency: Arc<Agency>,
}

impl InformDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency }
    }

    fn tasks(&self) -> Tasks<'_> {
        Tasks { agency: &self.agency }
    }
}

/// What the desk does, at one node. What was asked in a role is told by whoever works in it; a
/// privacy officer sees all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tasks<'a> {
    pub(super) agency: &'a Agency,
}

impl Tasks<'_> {
    fn now(self) -> Timestamp {
        self.agency.clock.now()
    }

    pub(super) async fn list(
        self,
        caller: &Caller,
        request: v1::ListToInformRequest,
    ) -> Result<Vec<v1::ToInform>, Reason> {
        let by = caller.in_role(self.agency, &request.role)?;
        let (agency, now) = (self.agency, self.agency.clock.now());
        let sees_all = agency.pack().catalogue().informing().sees_all(by.role());
        // A row that is none is told of by the daily round and by `status`.
        let (tasks, _damaged) = all(agency.store.as_ref()).await?;
        let tasks = tasks.into_iter().map(|(task, _)| task);
        let tasks = tasks.filter(|task| sees_all || task.role == *by.role());
        let is_done = |task: &Task| matches!(task.state, State::Done { .. });
        let mut tasks: Vec<Task> = tasks.filter(|task| request.all || !is_done(task)).collect();
        tasks.sort_by_key(|task| (is_done(task), task.due));
        tasks.truncate(usize::try_from(LIST_MAX).unwrap_or(usize::MAX));
        // Which, before they are shown: the numbers are among them.
        let body = Kind::ToInformShown
            .canonical()
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .list(tasks.iter().map(|task| *task.inquiry.as_bytes()));
        append(agency, Kind::ToInformShown, body, Batch::new()).await?;
        Ok(tasks.into_iter().map(|task| wire(task, now)).collect())
    }

    pub(super) async fn done(
        self,
        caller: &Caller,
        request: v1::RecordInformedRequest,
    ) -> Result<(), Reason> {
        let by = caller.in_role(self.agency, &request.role)?;
        let how: ToldHow = request.how.parse().map_err(|_| Reason::Malformed)?;
        let told: ToldTo = request.told.parse().map_err(|_| Reason::Malformed)?;
        let (task, row) = self.find(&by, &request.inquiry_id).await?;
        let waits = matches!(task.state, State::Postponed { .. }) && !task.is_overdue(self.now());
        let informing = self.agency.pack();
        if waits && !informing.catalogue().informing().may_postpone(by.role()) {
            return Err(Reason::InformPostponed);
        }
        let body = Kind::Informed
            .canonical()
            .bytes(task.inquiry.as_bytes())
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .text(how.word())
            .text(told.word())
            .signed(self.agency.clock.now().ms())
            .finish();
        let state = State::Done { how, told, at: self.agency.clock.now() };
        // Whom it was about is needed by nobody any more.
        self.restate((Kind::Informed, body), Task { state, digits: None, ..task }, row).await
    }

    pub(super) async fn postpone(
        self,
        caller: &Caller,
        request: v1::PostponeInformingRequest,
    ) -> Result<(), Reason> {
        let by = caller.in_role(self.agency, &request.role)?;
        let pack = self.agency.pack();
        let informing = pack.catalogue().informing();
        if !informing.may_postpone(by.role()) {
            return Err(Reason::RoleNotHeld);
        }
        let (task, row) = self.find(&by, &request.inquiry_id).await?;
        if !task.is_owed_in_any_case(&pack) {
            return Err(Reason::InformShown);
        }
        let number = task.digits.as_deref().map(Bsn::parse).transpose();
        let number = number.ok().flatten().ok_or(Reason::StoreCorrupt)?;
        check_text(self.agency, &request.reason, &number).await?;
        let due = self.review(request.review_ms, informing)?;
        let body = Kind::InformPostponed
            .canonical()
            .bytes(task.inquiry.as_bytes())
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .text(&request.reason)
            .signed(due.ms())
            .finish();
        let state = State::Postponed { reason: request.reason };
        self.restate((Kind::InformPostponed, body), Task { due, state, ..task }, row).await
    }

    /// A day to come, and no further off than the rules let it be.
    fn review(self, ms: i64, informing: &Informing) -> Result<Timestamp, Reason> {
        let (now, review) = (self.agency.clock.now(), Timestamp::from_ms(ms));
        let last = now.plus_calendar(0, informing.postponed_days_max);
        if now < review && review <= last { Ok(review) } else { Err(Reason::ReviewDate) }
    }

    /// A task that is not done, for who works in its role or sees all.
    async fn find(self, by: &ActingStaff, id: &[u8]) -> Result<(Task, Pair), Reason> {
        let id = InquiryId::from_slice(id).map_err(|_| Reason::UnknownInquiry)?;
        let key = key(&id);
        let value = self.agency.store.get(&key).await.map_err(StoreError::reason)?;
        let value = value.ok_or(Reason::UnknownInquiry)?;
        let task = Task::parse(&value)?;
        let sees_all = self.agency.pack().catalogue().informing().sees_all(by.role());
        if !sees_all && task.role != *by.role() {
            return Err(Reason::UnknownInquiry);
        }
        match task.state {
            State::Done { .. } => Err(Reason::InformedAlready),
            State::Open | State::Postponed { .. } => Ok((task, Pair { key, value })),
        }
    }

    /// Records what somebody did with a task, for the term that its question has, and keeps it so,
    /// if nobody else did meanwhile.
    async fn restate(self, record: (Kind, Vec<u8>), task: Task, row: Pair) -> Result<(), Reason> {
        let more = task.put(Batch::new().expect_value(row.key, row.value))?;
        let entry = entry(self.agency, record.0, &record.1, term(task.break_glass), more)?;
        match self.agency.ledger.append(entry).await {
            Err(LedgerError::Conflict { .. }) => Err(Reason::Busy),
            recorded => recorded.map(drop).map_err(LedgerError::reason),
        }
    }
}

fn wire(task: Task, now: Timestamp) -> v1::ToInform {
    let (state, overdue) = (task.state.word().to_owned(), task.is_overdue(now));
    let mut told = v1::ToInform {
        inquiry_id: task.inquiry.as_bytes().to_vec(),
        subject: task.digits.unwrap_or_default(),
        staff_id: task.staff.as_str().to_owned(),
        role: task.role.to_string(),
        purpose: task.purpose.to_string(),
        asked_at_ms: task.asked_at.ms(),
        due_ms: task.due.ms(),
        state,
        overdue,
        ..v1::ToInform::default()
    };
    match task.state {
        State::Open => {}
        State::Postponed { reason } => told.reason = reason,
        State::Done { how, told: who, at } => {
            (told.how, told.told, told.done_at_ms) = (how.into(), who.into(), at.ms());
        }
    }
    told
}

#[tonic::async_trait]
impl InformService for InformDesk {
    async fn list_to_inform(
        &self,
        request: Request<v1::ListToInformRequest>,
    ) -> Result<Response<v1::ListToInformResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.tasks().list(&caller, request.into_inner()).await {
            Ok(tasks) => v1::ListToInformResponse { tasks, refusal: None },
            Err(reason) => v1::ListToInformResponse { tasks: vec![], refusal: said(reason)? },
        }))
    }

    async fn record_informed(
        &self,
        request: Request<v1::RecordInformedRequest>,
    ) -> Result<Response<v1::RecordInformedResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let done = self.tasks().done(&caller, request.into_inner()).await;
        let refusal = done.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::RecordInformedResponse { refusal }))
    }

    async fn postpone_informing(
        &self,
        request: Request<v1::PostponeInformingRequest>,
    ) -> Result<Response<v1::PostponeInformingResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let postponed = self.tasks().postpone(&caller, request.into_inner()).await;
        let refusal = postponed.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::PostponeInformingResponse { refusal }))
    }
}
