//! The desk: what an agency's own people and software may ask of their own node.

mod officer;

use std::pin::Pin;
use std::sync::Arc;

use grondslag_core::catalogue::Role;
use grondslag_core::id::{InquiryId, Pseudonym, TargetId};
use grondslag_core::limits::LIST_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::desk_service_server::DeskService;
use grondslag_proto::v1::open_positions_response;
use grondslag_runtime::call::{checked, report, said};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use super::compose::header;
use super::draft::Draft;
use super::follow::follow;
use super::inquiries::{self, Stage, Summary, record_shown};
use super::plan::{check_break_glass, grounds, plan};
use super::pursue::Pursuit;
use super::remind::remind;
use super::term::answer_by;
use super::view;
use super::wish::{Subject, Wish, known_role};
use crate::agency::Agency;
use crate::glass;
use crate::handover::barred;
use crate::limits::{ASKS_MAX, DESK_EVENTS_MAX, LIST_DEFAULT};
use crate::random::random;
use crate::records::SubjectKey;
use crate::staff::{Caller, Person};

/// The service.
#[derive(Debug)]
pub(crate) struct Desk {
    agency: Arc<Agency>,
    places: Arc<Semaphore>,
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Desk {
    /// A desk with its bound on questions under way.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency, places: Arc::new(Semaphore::new(ASKS_MAX)) }
    }

    async fn wish(
        &self,
        caller: &Caller,
        wire: Option<v1::DeskQuestion>,
    ) -> Result<(Wish, Pseudonym), Reason> {
        let wire = wire.ok_or(Reason::Malformed)?;
        // Who may not ask learns nothing from the check of the text, which knows the child's names.
        let role = known_role(self.agency.pack().catalogue(), &wire.role)?;
        let pseudonym = acting(&self.agency, &caller.person, &role)?;
        let mut wish = Wish::parse(&self.agency, wire).await?;
        ordinary(&wish)?;
        check_held(&self.agency, &wish).await?;
        check_break_glass(&self.agency, &wish)?;
        if wish.grounds.is_empty() {
            wish.grounds = grounds(&self.agency, &wish)?;
        }
        Ok((wish, pseudonym))
    }

    async fn pursuit(
        &self,
        caller: &Caller,
        wire: Option<v1::DeskQuestion>,
    ) -> Result<Pursuit, Reason> {
        let (wish, pseudonym) = self.wish(caller, wire).await?;
        if wish.escalation.is_some() {
            return Err(Reason::NeedsSecondPerson);
        }
        if wish.break_glass {
            glass::may_break(&self.agency, caller.person.id()).await?;
        }
        let now = self.agency.clock.now();
        let due = answer_by(now, wish.urgency, wish.term_minutes);
        let header = header(&self.agency, pseudonym, &wish, now, due, &[]);
        let summary = Summary {
            id: InquiryId::new(random()?),
            asked_at: now,
            staff: caller.person.id().clone(),
            role: wish.role.clone(),
            purpose: wish.purpose.clone(),
            targets: u32::try_from(wish.targets.len()).unwrap_or(u32::MAX),
            replied: 0,
            stage: Stage::Asked,
        };
        let (agency, lang) = (Arc::clone(&self.agency), caller.lang);
        Ok(Pursuit { agency, wish, header, cosigned: Vec::new(), summary, draft: None, lang })
    }

    /// Keeps a draft. Who waits for a second person does not ask alone.
    async fn draft(
        &self,
        caller: &Caller,
        wire: Option<v1::DeskQuestion>,
    ) -> Result<InquiryId, Reason> {
        let (wish, pseudonym) = self.wish(caller, wire).await?;
        if wish.break_glass {
            return Err(Reason::BreakGlassScope);
        }
        Draft::create(&self.agency, caller.person.id(), pseudonym, &wish).await
    }

    async fn drafted(&self, caller: &Caller, id: &[u8]) -> Result<Pursuit, Reason> {
        let id = InquiryId::from_slice(id).map_err(|_| Reason::UnknownInquiry)?;
        let draft = Draft::own(&self.agency, id, caller.person.id()).await?;
        ordinary(&draft.wish)?;
        check_held(&self.agency, &draft.wish).await?;
        if draft.wish.break_glass {
            return Err(Reason::BreakGlassScope);
        }
        acting(&self.agency, &caller.person, &draft.wish.role)?;
        Pursuit::of_draft(&self.agency, draft, caller.lang).await
    }

    /// Starts a question, or says why not. Nothing of it is written before it has a place.
    fn start<T: Send + 'static>(
        &self,
        pursuit: Result<Pursuit, Reason>,
        wrap: fn(v1::DeskEvent) -> T,
    ) -> Result<Response<Events<T>>, Status> {
        let pursuit = match pursuit {
            Ok(pursuit) => pursuit,
            Err(reason) => return Ok(once(wrap(view::refused(checked(reason)?)))),
        };
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Ok(once(wrap(view::refused(Reason::Busy))));
        };
        let (events, received) = mpsc::channel(DESK_EVENTS_MAX);
        tokio::spawn(async move {
            pursuit.run(events).await;
            drop(place);
        });
        let stream = ReceiverStream::new(received).map(move |event| Ok(wrap(event)));
        Ok(Response::new(Box::pin(stream)))
    }

    async fn approve(
        &self,
        caller: &Caller,
        request: v1::ApproveDraftRequest,
    ) -> Result<(), Reason> {
        let id = InquiryId::from_slice(&request.inquiry_id).map_err(|_| Reason::UnknownInquiry)?;
        let role = Role::parse(&request.role).map_err(|_| Reason::UnknownRole)?;
        let by = caller.person.as_role(&role)?;
        let draft = Draft::shown_to(&self.agency, id, &caller.person).await?;
        draft.approve(&self.agency, &by, &request.signatures).await
    }

    /// Shows a draft to its author or to who may approve it, and records so first: it holds the
    /// child's number.
    async fn show(&self, caller: &Caller, id: &[u8]) -> Result<v1::ShowDraftResponse, Reason> {
        let id = InquiryId::from_slice(id).map_err(|_| Reason::UnknownInquiry)?;
        let draft = Draft::shown_to(&self.agency, id, &caller.person).await?;
        record_shown(&self.agency, &id, caller.person.id()).await?;
        let parts =
            draft.targets().map(|(oin, target, categories): (_, TargetId, _)| v1::DraftPart {
                target_oin: oin.to_string(),
                target_id: target.as_bytes().to_vec(),
                categories: categories.iter().map(ToString::to_string).collect(),
            });
        Ok(v1::ShowDraftResponse {
            question: Some(draft.wish.to_wire()),
            header: Some((&draft.header).into()),
            parts: parts.collect(),
            salt: draft.salt.to_vec(),
            refusal: None,
        })
    }
}

#[tonic::async_trait]
impl DeskService for Desk {
    type AskRegionStream = Events<v1::AskRegionResponse>;
    type SendDraftStream = Events<v1::SendDraftResponse>;
    type ListBatchesStream = Events<v1::ListBatchesResponse>;
    type OpenPositionsStream = Events<v1::OpenPositionsResponse>;

    async fn plan(
        &self,
        request: Request<v1::PlanRequest>,
    ) -> Result<Response<v1::PlanResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let planned = match self.wish(&caller, request.into_inner().question).await {
            Ok((wish, _)) => plan(&self.agency, &wish, caller.lang),
            Err(reason) => Err(reason),
        };
        Ok(Response::new(match planned {
            Ok(lines) => v1::PlanResponse { lines, refusal: None },
            Err(reason) => v1::PlanResponse { lines: vec![], refusal: said(reason)? },
        }))
    }

    async fn ask_region(
        &self,
        request: Request<v1::AskRegionRequest>,
    ) -> Result<Response<Self::AskRegionStream>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let pursuit = self.pursuit(&caller, request.into_inner().question).await;
        self.start(pursuit, |event| v1::AskRegionResponse { event: Some(event) })
    }

    async fn draft_question(
        &self,
        request: Request<v1::DraftQuestionRequest>,
    ) -> Result<Response<v1::DraftQuestionResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let drafted = self.draft(&caller, request.into_inner().question).await;
        Ok(Response::new(match drafted {
            Ok(id) => {
                v1::DraftQuestionResponse { inquiry_id: id.as_bytes().to_vec(), refusal: None }
            }
            Err(reason) => v1::DraftQuestionResponse { inquiry_id: vec![], refusal: said(reason)? },
        }))
    }

    async fn show_draft(
        &self,
        request: Request<v1::ShowDraftRequest>,
    ) -> Result<Response<v1::ShowDraftResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.show(&caller, &request.into_inner().inquiry_id).await {
            Ok(shown) => shown,
            Err(reason) => v1::ShowDraftResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }

    async fn approve_draft(
        &self,
        request: Request<v1::ApproveDraftRequest>,
    ) -> Result<Response<v1::ApproveDraftResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let approved = self.approve(&caller, request.into_inner()).await;
        let refusal = approved.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::ApproveDraftResponse { refusal }))
    }

    async fn send_draft(
        &self,
        request: Request<v1::SendDraftRequest>,
    ) -> Result<Response<Self::SendDraftStream>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let pursuit = self.drafted(&caller, &request.into_inner().inquiry_id).await;
        self.start(pursuit, |event| v1::SendDraftResponse { event: Some(event) })
    }

    async fn follow_inquiry(
        &self,
        request: Request<v1::FollowInquiryRequest>,
    ) -> Result<Response<v1::FollowInquiryResponse>, Status> {
        let Caller { person, lang } = Caller::of(&self.agency, &request).await?;
        let followed = match InquiryId::from_slice(&request.into_inner().inquiry_id) {
            Ok(id) => follow(&self.agency, person.id(), id, lang).await,
            Err(_) => Err(Reason::UnknownInquiry),
        };
        Ok(Response::new(match followed {
            Ok(followed) => followed,
            Err(reason) => {
                v1::FollowInquiryResponse { refusal: said(reason)?, ..Default::default() }
            }
        }))
    }

    async fn remind(
        &self,
        request: Request<v1::RemindRequest>,
    ) -> Result<Response<v1::RemindResponse>, Status> {
        let Caller { person, .. } = Caller::of(&self.agency, &request).await?;
        let reminded = remind(&self.agency, person.id(), request.get_ref()).await;
        Ok(Response::new(match reminded {
            Ok(lines) => v1::RemindResponse { lines, refusal: None },
            Err(reason) => v1::RemindResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }

    async fn list_inquiries(
        &self,
        request: Request<v1::ListInquiriesRequest>,
    ) -> Result<Response<v1::ListInquiriesResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let limit = limit(request.into_inner().limit);
        let own = inquiries::list(&self.agency, caller.person.id(), limit).await;
        let inquiries = own.map_err(report)?.iter().map(summarised).collect();
        Ok(Response::new(v1::ListInquiriesResponse { inquiries }))
    }

    async fn list_agencies(
        &self,
        request: Request<v1::ListAgenciesRequest>,
    ) -> Result<Response<v1::ListAgenciesResponse>, Status> {
        Caller::of(&self.agency, &request).await?;
        let now = self.agency.clock.now();
        let mut agencies: Vec<v1::AgencySummary> = self
            .agency
            .directory
            .cards()
            .iter()
            .filter(|card| card.card().oin != self.agency.broker)
            .map(|card| agency_summary(card, now))
            .collect();
        agencies.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Response::new(v1::ListAgenciesResponse { agencies }))
    }

    async fn list_decisions(
        &self,
        request: Request<v1::ListDecisionsRequest>,
    ) -> Result<Response<v1::ListDecisionsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.decisions(&caller, request.into_inner()).await {
            Ok(decisions) => v1::ListDecisionsResponse { decisions, refusal: None },
            Err(reason) => v1::ListDecisionsResponse { decisions: vec![], refusal: said(reason)? },
        }))
    }

    async fn list_broker_decisions(
        &self,
        request: Request<v1::ListBrokerDecisionsRequest>,
    ) -> Result<Response<v1::ListBrokerDecisionsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let read = self.broker_decisions(&caller, request.into_inner()).await;
        Ok(Response::new(match read {
            Ok(read) => read,
            Err(reason) => {
                let refusal = said(reason)?;
                v1::ListBrokerDecisionsResponse { refusal, ..Default::default() }
            }
        }))
    }

    async fn list_patterns(
        &self,
        request: Request<v1::ListPatternsRequest>,
    ) -> Result<Response<v1::ListPatternsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let days = request.into_inner().days;
        let listed = self.patterns(&caller, days).await;
        Ok(Response::new(match listed {
            Ok(listed) => listed,
            Err(reason) => {
                v1::ListPatternsResponse { refusal: said(reason)?, ..Default::default() }
            }
        }))
    }

    async fn list_batches(
        &self,
        request: Request<v1::ListBatchesRequest>,
    ) -> Result<Response<Self::ListBatchesStream>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let listed = self.batches(&caller, request.into_inner().epoch).await;
        Ok(match listed {
            Ok(pages) => all(pages),
            Err(reason) => once(v1::ListBatchesResponse {
                refusal: said(reason)?,
                ..v1::ListBatchesResponse::default()
            }),
        })
    }

    async fn open_positions(
        &self,
        request: Request<v1::OpenPositionsRequest>,
    ) -> Result<Response<Self::OpenPositionsStream>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let opened = self.positions(&caller, request.into_inner()).await;
        Ok(match opened {
            Ok(events) => all(events),
            Err(reason) => {
                let refused = said(reason)?.map(open_positions_response::Event::Refusal);
                once(v1::OpenPositionsResponse { event: refused })
            }
        })
    }
}

/// A person's pseudonym outside, if they hold the role in which they want to ask.
///
/// # Errors
/// What [`Person::as_role`] refuses; `ROLE_NOT_ADMITTED` when this agency may not ask in it.
pub(crate) fn acting(agency: &Agency, person: &Person, role: &Role) -> Result<Pseudonym, Reason> {
    person.as_role(role)?;
    let own = agency.directory.card(&agency.oin)?;
    own.check_role(role, agency.clock.now())?;
    Ok(person.pseudonym())
}

/// The access log has a desk of its own: what agencies tell of it is shown as one timeline.
fn ordinary(wish: &Wish) -> Result<(), Reason> {
    if wish.is_own_view() { Err(Reason::OwnViewApart) } else { Ok(()) }
}

/// Whoever handed a case over asks no more about the child.
async fn check_held(agency: &Agency, wish: &Wish) -> Result<(), Reason> {
    let Subject::Person(number) = &wish.subject else { return Ok(()) };
    let child = SubjectKey::of(&agency.secret, number);
    barred::check(agency, (&wish.role, &wish.purpose), &child).await
}

fn agency_summary(
    card: &grondslag_certs::VerifiedCard,
    now: grondslag_core::clock::Timestamp,
) -> v1::AgencySummary {
    let reason = card.check_time(now).err().map(|reason| reason.code().to_owned());
    let card = card.card();
    v1::AgencySummary {
        oin: card.oin.to_string(),
        name: card.name.clone(),
        kind: card.kind.to_string(),
        duty_phone: card.duty_phone.clone(),
        reason: reason.unwrap_or_default(),
    }
}

fn summarised(summary: &Summary) -> v1::InquirySummary {
    v1::InquirySummary {
        inquiry_id: summary.id.as_bytes().to_vec(),
        asked_at_ms: summary.asked_at.ms(),
        state: summary.stage.word().to_owned(),
        role: summary.role.to_string(),
        purpose: summary.purpose.to_string(),
        targets: summary.targets,
        replied: summary.replied,
    }
}

fn limit(wanted: u32) -> usize {
    let rows = if wanted == 0 { LIST_DEFAULT } else { wanted.min(LIST_MAX) };
    usize::try_from(rows).unwrap_or(usize::MAX)
}

fn once<T: Send + 'static>(event: T) -> Response<Events<T>> {
    Response::new(Box::pin(tokio_stream::once(Ok(event))))
}

fn all<T: Send + 'static>(events: Vec<T>) -> Response<Events<T>> {
    Response::new(Box::pin(tokio_stream::iter(events.into_iter().map(Ok))))
}

#[cfg(test)]
mod tests;
