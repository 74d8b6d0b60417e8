//! Requests about data, toward the agency's own people.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use grondslag_core::catalogue::{Category, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, RequestId, TargetId};
use grondslag_core::limits::{CATEGORIES_MAX, LIST_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::tier::UnknownWord;
use grondslag_evidence::store::Batch;
use grondslag_policy::notice::RIGHTS;
use grondslag_proto::v1;
use grondslag_proto::v1::rights_service_server::RightsService;
use grondslag_runtime::call::said;
use grondslag_subject::Bsn;
use tonic::{Request, Response, Status};

use super::case::{Case, all};
use super::desk::{Deciding, Requests, Wanted};
use super::shown;
use crate::agency::Agency;
use crate::recorded::{Kind, append};
use crate::staff::{ActingStaff, Caller};

/// The service.
#[derive(Debug)]
pub(crate) struct RightsDesk {
    agency: Arc<Agency>,
}

impl RightsDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency }
    }

    fn counter(&self) -> Counter<'_> {
        Counter { agency: &self.agency }
    }
}

/// Who may do what, at one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter<'a> {
    pub(super) agency: &'a Agency,
}

impl<'a> Counter<'a> {
    const fn requests(self) -> Requests<'a> {
        Requests { agency: self.agency }
    }

    /// Somebody in a role that deals with requests: the rules let it deliver them.
    fn acting(self, caller: &Caller, role: &str) -> Result<ActingStaff, Reason> {
        let by = caller.in_role(self.agency, role)?;
        if self.may_decide(&by)? { Ok(by) } else { Err(Reason::RequestRole) }
    }

    fn may_decide(self, by: &ActingStaff) -> Result<bool, Reason> {
        let pack = self.agency.pack();
        let purposes = pack.catalogue().role(by.role()).map(|role| &role.purposes);
        let purpose = Purpose::parse(RIGHTS.purpose).map_err(|_| Reason::Internal)?;
        Ok(purposes.is_some_and(|purposes| purposes.contains(&purpose)))
    }

    /// The same, or a privacy officer, who watches over them.
    fn watching(self, caller: &Caller, role: &str) -> Result<ActingStaff, Reason> {
        let by = caller.in_role(self.agency, role)?;
        if self.agency.pack().catalogue().informing().sees_all(by.role()) {
            return Ok(by);
        }
        self.acting(caller, role)
    }

    pub(super) async fn lodge(
        self,
        caller: &Caller,
        request: v1::LodgeRequestRequest,
    ) -> Result<(RequestId, Timestamp), Reason> {
        let by = self.acting(caller, &request.role)?;
        let wanted = self.wanted(request)?;
        let case = self.requests().lodge(&by, wanted).await?;
        Ok((case.id, case.due))
    }

    fn wanted(self, request: v1::LodgeRequestRequest) -> Result<Wanted, Reason> {
        if request.categories.len() > CATEGORIES_MAX {
            return Err(Reason::TooLarge);
        }
        let pack = self.agency.pack();
        let category = |code: &String| {
            let known =
                Category::parse(code).ok().filter(|code| pack.catalogue().category(code).is_some());
            known.ok_or(Reason::UnknownCategory)
        };
        let line = match request.target_id.as_slice() {
            [] => None,
            id => Some(TargetId::from_slice(id).map_err(|_| Reason::Malformed)?),
        };
        let elsewhere = match request.holder_oin.as_str() {
            "" => None,
            oin => Some(Oin::parse(oin).map_err(|_| Reason::UnknownAgency)?),
        };
        let elsewhere = elsewhere.filter(|oin| *oin != self.agency.oin);
        Ok(Wanted {
            number: Bsn::parse(&request.subject).map_err(|_| Reason::BsnInvalid)?,
            right: word(&request.right)?,
            by: word(&request.asked_by)?,
            text: request.text,
            categories: request.categories.iter().map(category).collect::<Result<_, _>>()?,
            // Of another agency's data the line says which, and that the person saw it.
            elsewhere: elsewhere
                .map(|to| line.map(|line| (to, line)).ok_or(Reason::Malformed))
                .transpose()?,
            line,
        })
    }

    pub(super) async fn list(
        self,
        caller: &Caller,
        request: v1::ListRequestsRequest,
    ) -> Result<Vec<v1::RightsRequest>, Reason> {
        let by = self.watching(caller, &request.role)?;
        let (agency, now) = (self.agency, self.agency.clock.now());
        let cases = all(agency.store.as_ref()).await?.0.into_iter().map(|(case, _)| case);
        let mut cases: Vec<Case> = cases.filter(|case| request.all || case.is_open()).collect();
        cases.sort_by_key(|case| (!case.is_open(), case.due));
        cases.truncate(usize::try_from(LIST_MAX).unwrap_or(usize::MAX));
        // Which, before they are shown: the numbers are among them.
        let body = Kind::RightsShown
            .canonical()
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .list(cases.iter().map(|case| *case.id.as_bytes()));
        append(agency, Kind::RightsShown, body, Batch::new()).await?;
        let waiting = shown::waiting(agency).await?;
        Ok(cases.into_iter().map(|case| shown::wire(case, &waiting, now)).collect())
    }

    pub(super) async fn decide(
        self,
        caller: &Caller,
        request: v1::DecideRequestRequest,
    ) -> Result<BTreeSet<Oin>, Reason> {
        let by = self.acting(caller, &request.role)?;
        let ground = (!request.ground.is_empty()).then(|| word(&request.ground)).transpose()?;
        let deciding = Deciding { what: word(&request.decided)?, ground, text: request.text };
        self.requests().decide(&by, &parse_id(&request.request_id)?, deciding).await
    }

    pub(super) async fn extend(
        self,
        caller: &Caller,
        request: v1::ExtendRequestRequest,
    ) -> Result<Timestamp, Reason> {
        let by = self.acting(caller, &request.role)?;
        self.requests().extend(&by, &parse_id(&request.request_id)?, request.text).await
    }

    pub(super) async fn close(
        self,
        caller: &Caller,
        request: v1::CloseRequestRequest,
    ) -> Result<(), Reason> {
        let by = self.watching(caller, &request.role)?;
        let decides = self.may_decide(&by)?;
        let id = parse_id(&request.request_id)?;
        self.requests().close((&by, decides), &id, request.text).await
    }

    pub(super) async fn assess(
        self,
        caller: &Caller,
        request: v1::AssessBreachRequest,
    ) -> Result<(), Reason> {
        let by = self.watching(caller, &request.role)?;
        let said = (request.reported, request.text);
        self.requests().assess(&by, &parse_id(&request.request_id)?, said).await
    }
}

fn word<T: FromStr<Err = UnknownWord>>(text: &str) -> Result<T, Reason> {
    text.parse().map_err(|_| Reason::Malformed)
}

fn parse_id(id: &[u8]) -> Result<RequestId, Reason> {
    RequestId::from_slice(id).map_err(|_| Reason::UnknownRequest)
}

#[tonic::async_trait]
impl RightsService for RightsDesk {
    async fn lodge_request(
        &self,
        request: Request<v1::LodgeRequestRequest>,
    ) -> Result<Response<v1::LodgeRequestResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.counter().lodge(&caller, request.into_inner()).await {
            Ok((id, due)) => v1::LodgeRequestResponse {
                request_id: id.as_bytes().to_vec(),
                due_ms: due.ms(),
                refusal: None,
            },
            Err(reason) => {
                v1::LodgeRequestResponse { refusal: said(reason)?, ..Default::default() }
            }
        }))
    }

    async fn list_requests(
        &self,
        request: Request<v1::ListRequestsRequest>,
    ) -> Result<Response<v1::ListRequestsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.counter().list(&caller, request.into_inner()).await {
            Ok(requests) => v1::ListRequestsResponse { requests, refusal: None },
            Err(reason) => v1::ListRequestsResponse { requests: vec![], refusal: said(reason)? },
        }))
    }

    async fn decide_request(
        &self,
        request: Request<v1::DecideRequestRequest>,
    ) -> Result<Response<v1::DecideRequestResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.counter().decide(&caller, request.into_inner()).await {
            Ok(told) => v1::DecideRequestResponse {
                told_oins: told.iter().map(ToString::to_string).collect(),
                refusal: None,
            },
            Err(reason) => v1::DecideRequestResponse { told_oins: vec![], refusal: said(reason)? },
        }))
    }

    async fn extend_request(
        &self,
        request: Request<v1::ExtendRequestRequest>,
    ) -> Result<Response<v1::ExtendRequestResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.counter().extend(&caller, request.into_inner()).await {
            Ok(due) => v1::ExtendRequestResponse { due_ms: due.ms(), refusal: None },
            Err(reason) => v1::ExtendRequestResponse { due_ms: 0, refusal: said(reason)? },
        }))
    }

    async fn close_request(
        &self,
        request: Request<v1::CloseRequestRequest>,
    ) -> Result<Response<v1::CloseRequestResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let closed = self.counter().close(&caller, request.into_inner()).await;
        let refusal = closed.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::CloseRequestResponse { refusal }))
    }

    async fn assess_breach(
        &self,
        request: Request<v1::AssessBreachRequest>,
    ) -> Result<Response<v1::AssessBreachResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        let assessed = self.counter().assess(&caller, request.into_inner()).await;
        let refusal = assessed.err().map(said).transpose()?.flatten();
        Ok(Response::new(v1::AssessBreachResponse { refusal }))
    }
}
