//! Own views toward the people who want one, and toward the staff who see who they are.

use std::sync::Arc;

use grondslag_core::catalogue::Role;
use grondslag_core::id::{InquiryId, Oin};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::own_view_service_server::OwnViewService;
use grondslag_runtime::call::said;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use super::timeline::{Gathered, Telling};
use super::words::Words;
use crate::agency::Agency;
use crate::asks::draft::{Draft, IdentitySeen};
use crate::asks::own_view::{self, Heard};
use crate::asks::service::acting;
use crate::limits::OWN_VIEWS_MAX;
use crate::staff::Caller;

/// The kind of those who may have an own view.
const CITIZENS: &str = "burger";

/// The service.
#[derive(Debug)]
pub(crate) struct OwnViewDesk {
    agency: Arc<Agency>,
    places: Arc<Semaphore>,
}

impl OwnViewDesk {
    /// The desk of a node, with its bound on views under way.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency, places: Arc::new(Semaphore::new(OWN_VIEWS_MAX)) }
    }

    pub(super) async fn prepare(
        &self,
        caller: &Caller,
        request: v1::PrepareOwnViewRequest,
    ) -> Result<InquiryId, Reason> {
        let role = Role::parse(&request.role).map_err(|_| Reason::UnknownRole)?;
        if role.kind().as_str() != CITIZENS {
            return Err(Reason::RoleNotHeld);
        }
        let pseudonym = acting(&self.agency, &caller.person, &role)?;
        let wish = own_view::wish(&self.agency, &request.subject, role)?;
        Draft::create(&self.agency, caller.person.id(), pseudonym, &wish).await
    }

    pub(super) async fn confirm(
        &self,
        caller: &Caller,
        request: v1::ConfirmIdentityRequest,
    ) -> Result<usize, Reason> {
        let id = parse_id(&request.inquiry_id)?;
        let role = Role::parse(&request.role).map_err(|_| Reason::UnknownRole)?;
        let by = caller.person.as_role(&role)?;
        let seen = IdentitySeen::parse(&request)?;
        let draft = Draft::to_be_seen(&self.agency, id, &caller.person).await?;
        draft.see(&self.agency, &by, &seen).await
    }

    pub(super) async fn show(&self, caller: &Caller, id: &[u8]) -> Result<v1::OwnView, Reason> {
        let id = parse_id(id)?;
        let draft = Draft::own(&self.agency, id, caller.person.id()).await?;
        if !draft.wish.is_own_view() {
            return Err(Reason::UnknownInquiry);
        }
        acting(&self.agency, &caller.person, &draft.wish.role)?;
        if draft.cosigned(&self.agency).await?.is_empty() {
            return Err(Reason::NeedsSecondPerson);
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Reason::Busy)?;
        let (agency, lang) = (Arc::clone(&self.agency), caller.lang);
        // Once it is put it goes on, also when the caller hangs up.
        let put = tokio::spawn(async move {
            let heard = own_view::put(&agency, draft, lang).await;
            drop(place);
            heard
        });
        let heard = put.await.map_err(|_| Reason::Internal)??;
        Ok(self.timeline(heard, caller))
    }

    fn timeline(&self, heard: Heard, caller: &Caller) -> v1::OwnView {
        let (pack, agency) = (self.agency.pack(), &self.agency);
        let name_of = |oin: &Oin| agency.name_of(oin);
        let kind_of = |oin: &Oin| agency.kind_of(oin);
        let telling = Telling {
            words: Words { pack: &pack, name_of: &name_of, kind_of: &kind_of },
            lang: caller.lang,
            now: agency.clock.now(),
            sighted: heard.sighted,
        };
        let mut gathered = Gathered::default();
        let of = heard.lines.iter().map(|(from, _)| from.clone()).collect();
        for (from, line) in &heard.lines {
            gathered.add(from, line, &telling);
        }
        gathered.missing(heard.asked.into_iter(), &of);
        gathered.tell(&heard.own, &telling)
    }
}

fn parse_id(id: &[u8]) -> Result<InquiryId, Reason> {
    InquiryId::from_slice(id).map_err(|_| Reason::UnknownInquiry)
}

#[tonic::async_trait]
impl OwnViewService for OwnViewDesk {
    async fn prepare_own_view(
        &self,
        request: Request<v1::PrepareOwnViewRequest>,
    ) -> Result<Response<v1::PrepareOwnViewResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.prepare(&caller, request.into_inner()).await {
            Ok(id) => {
                v1::PrepareOwnViewResponse { inquiry_id: id.as_bytes().to_vec(), refusal: None }
            }
            Err(reason) => {
                v1::PrepareOwnViewResponse { inquiry_id: vec![], refusal: said(reason)? }
            }
        }))
    }

    async fn confirm_identity(
        &self,
        request: Request<v1::ConfirmIdentityRequest>,
    ) -> Result<Response<v1::ConfirmIdentityResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.confirm(&caller, request.into_inner()).await {
            Ok(count) => {
                let seen_by = u32::try_from(count).unwrap_or(u32::MAX);
                v1::ConfirmIdentityResponse { seen_by, refusal: None }
            }
            Err(reason) => v1::ConfirmIdentityResponse { seen_by: 0, refusal: said(reason)? },
        }))
    }

    async fn show_own_view(
        &self,
        request: Request<v1::ShowOwnViewRequest>,
    ) -> Result<Response<v1::ShowOwnViewResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.show(&caller, &request.into_inner().inquiry_id).await {
            Ok(view) => v1::ShowOwnViewResponse { view: Some(view), refusal: None },
            Err(reason) => v1::ShowOwnViewResponse { view: None, refusal: said(reason)? },
        }))
    }
}
