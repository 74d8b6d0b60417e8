//! The consent register toward the agency's own people.

use std::sync::Arc;

use grondslag_core::catalogue::Role;
use grondslag_core::id::{ConsentId, Oin, StaffId};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;
use grondslag_policy::Pack;
use grondslag_proto::v1;
use grondslag_proto::v1::consent_service_server::ConsentService;
use grondslag_proto::v1::record_act_request::Act as Wire;
use grondslag_runtime::call::said;
use grondslag_subject::{Bsn, admits};
use tonic::{Request, Response, Status};

use super::act::{Act, Author, Statement, Written};
use super::again;
use super::check::{Held, Names, Refused, of_who_left};
use super::import::Outcome;
use super::on_file::{OnFile, Place};
use super::outbox;
use super::privacy_notice::Words;
use super::receipt::Said;
use super::shown;
use super::store::{About, Body, entry_of, read, write};
use super::wire::Defaults;
use crate::agency::Agency;
use crate::limits::{ASK_AGAIN_DAYS_MAX, STANDING_MAX};
use crate::notices::outbox::read as read_waiting;
use crate::processing::DataSubject;
use crate::random::random;
use crate::recorded::{Kind as Record, append};
use crate::records::{Client, SourceFault};
use crate::staff::{ActingStaff, Caller};

/// The service.
#[derive(Debug)]
pub(crate) struct ConsentDesk {
    agency: Arc<Agency>,
}

/// Somebody who may write, and the child whose register it is.
pub(super) struct Case {
    pub(super) by: ActingStaff,
    pub(super) number: Bsn,
    /// Nobody, of a child that is no client here any more.
    pub(super) client: Option<Client>,
    pub(super) lang: Lang,
}

impl ConsentDesk {
    /// The desk of a node.
    pub(crate) fn new(agency: Arc<Agency>) -> Self {
        Self { agency }
    }

    fn register(&self) -> Register<'_> {
        Register { agency: &self.agency }
    }
}

/// What the desk does, at one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Register<'a> {
    pub(super) agency: &'a Agency,
}

impl Register<'_> {
    /// Somebody in a role that may write down what was said.
    fn recorder(self, caller: &Caller, role: &str) -> Result<ActingStaff, Reason> {
        let role = Role::parse(role).map_err(|_| Reason::UnknownRole)?;
        let by = caller.person.as_role(&role)?;
        if !self.agency.pack().consents().may_record(&role) {
            return Err(Reason::ConsentRole);
        }
        Ok(by)
    }

    /// Who may write down what was said about a client. Who may not learns nothing of the client.
    pub(super) async fn case(
        &self,
        caller: &Caller,
        role: &str,
        subject: &str,
    ) -> Result<Case, Reason> {
        let (agency, now) = (self.agency, self.agency.clock.now());
        let by = self.recorder(caller, role)?;
        let bsn = Bsn::parse(subject).map_err(|_| Reason::BsnInvalid)?;
        admits(agency.mode, &bsn)?;
        let client = agency.own.client(&bsn, now).await.map_err(SourceFault::reason)?;
        Ok(Case { by, number: bsn, client, lang: caller.lang })
    }

    pub(super) async fn record(
        &self,
        caller: &Caller,
        request: v1::RecordActRequest,
    ) -> Result<v1::RecordActResponse, Refused> {
        let case = self.case(caller, &request.role, &request.subject).await?;
        let (agency, pack) = (self.agency, self.agency.pack());
        let name_of = |oin: &Oin| agency.name_of(oin);
        let words = Words { pack: &pack, name_of: &name_of };
        let lang = case.lang;
        let changing = agency.consents.change().await;
        let now = agency.clock.now();
        let defaults = Defaults { own: &agency.oin, words, now, lang };
        let digits = case.number.expose();
        let (act, notice) = match request.act {
            Some(Wire::Certified(file)) => {
                (self.certified(&pack, &file, digits, now)?, String::new())
            }
            act => defaults.act(act)?,
        };
        let entry = entry_of(&agency.secret, digits);
        let on_file = read(agency.store.as_ref(), &entry, &changing).await?;
        let place = case.client.as_ref().map(|client| Place::of(agency, &pack, client, now));
        let place = place.transpose()?;
        if let Some(id) = on_file.number_of(&act) {
            return Ok(v1::RecordActResponse { id: id.as_bytes().to_vec(), ..Default::default() });
        }
        self.check(&pack, &on_file, place.as_ref(), &act)?;
        let who = |on_file: &OnFile| place.map(|place| shown::who(on_file, &place, lang));
        let id = ConsentId::new(random()?);
        let (staff, role) = (case.by.person().id().clone(), case.by.role().clone());
        let written = Written { id, recorded_at: now, author: Author::Staff(staff), role, act };
        if request.preview {
            drop(changing);
            record_shown(agency, case.by.person().id(), &case.number).await?;
            let who = who(&on_file).unwrap_or_default();
            return Ok(v1::RecordActResponse { notice, who, ..Default::default() });
        }
        let on_way = outbox::put(agency, digits, (&written, case.by.person()), &on_file)?;
        let body = Body::about(digits, written.clone())?;
        let subject = body.subject.id;
        let of_age = place.as_ref().and_then(Place::of_age);
        write(agency, About { digits, of_age }, body, on_way, &changing).await?;
        drop(changing);
        agency.consents.tell();
        let on_file = on_file.with(written.clone());
        let mut told = v1::RecordActResponse {
            id: id.as_bytes().to_vec(),
            who: who(&on_file).unwrap_or_default(),
            notice,
            ..Default::default()
        };
        if let (Act::Statement(said), Some(place)) = (&written.act, place) {
            let state = on_file.state(&id, said, &Place { at: now.max(said.from), ..place });
            told.standing = self.standing(&on_file, said, &place, lang);
            let said = Said {
                id: &id,
                statement: said,
                subject: &subject,
                state,
                notice: (&told.notice, lang),
                recorded_at: now,
            };
            told.receipt = words.receipt(&said).to_string();
        }
        Ok(told)
    }

    /// Whether an act can count that is about to be written down.
    pub(super) fn check(
        self,
        pack: &Pack,
        on_file: &OnFile,
        place: Option<&Place<'_>>,
        act: &Act,
    ) -> Result<(), Refused> {
        let Some(place) = place else { return Ok(of_who_left(on_file, act)?) };
        let kind_of = |oin: &Oin| self.agency.kind_of(oin);
        let names = Names { pack, kind_of: &kind_of };
        Held { names, on_file, age: place.age(), now: place.at }.check(act)
    }

    /// What a yes or a no comes to here, for each receiver and category that it names; of a no also
    /// what becomes of every yes of the same person.
    fn standing(
        self,
        on_file: &OnFile,
        said: &Statement,
        place: &Place<'_>,
        lang: Lang,
    ) -> Vec<v1::ConsentStanding> {
        if !said.speaks_for(&self.agency.oin) {
            return Vec::new();
        }
        let kind_of = |oin: &Oin| self.agency.kind_of(oin);
        let place = Place { at: place.at.max(said.from), ..*place };
        let mut lines = shown::standing(on_file, said, &place, &kind_of, lang);
        if !said.is_yes() {
            // A no does not overrule a yes that names more: who says it sees which still stand.
            for yes in on_file.yeses_of(&said.speaker) {
                lines.extend(shown::standing(on_file, yes, &place, &kind_of, lang));
            }
            lines.truncate(STANDING_MAX);
        }
        lines
    }

    pub(super) async fn list(
        &self,
        caller: &Caller,
        request: v1::ListActsRequest,
    ) -> Result<v1::ListActsResponse, Reason> {
        let case = self.case(caller, &request.role, &request.subject).await?;
        let (agency, pack) = (self.agency, self.agency.pack());
        let client = case.client.ok_or(Reason::ClientUnknown)?;
        let number = &client.number;
        record_shown(agency, case.by.person().id(), number).await?;
        let answering = agency.consents.answer().await;
        let entry = entry_of(&agency.secret, number.expose());
        let on_file = read(agency.store.as_ref(), &entry, &answering).await?;
        let place = Place::of(agency, &pack, &client, agency.clock.now())?;
        let name_of = |oin: &Oin| agency.name_of(oin);
        let mut acts = shown::acts(&on_file, &place, &name_of, case.lang);
        for (act, written) in acts.iter_mut().zip(on_file.in_order()) {
            let waiting = read_waiting(agency.store.as_ref(), written.id.as_bytes()).await?;
            let to = waiting.map(|(_, waiting)| waiting.to).unwrap_or_default();
            act.waiting_oins = to.iter().map(ToString::to_string).collect();
        }
        Ok(v1::ListActsResponse {
            acts,
            who: shown::who(&on_file, &place, case.lang),
            refusal: None,
        })
    }
}

impl Register<'_> {
    /// Whom to ask again, after it was recorded that somebody looked and which consents are shown:
    /// the children's numbers are among it.
    pub(super) async fn ask_again(
        &self,
        caller: &Caller,
        request: v1::ListAskAgainRequest,
    ) -> Result<v1::ListAskAgainResponse, Reason> {
        let by = self.recorder(caller, &request.role)?;
        if request.days > ASK_AGAIN_DAYS_MAX {
            return Err(Reason::TooLarge);
        }
        let found = again::look(self.agency, request.days, caller.lang).await?;
        let ids: Vec<&Vec<u8>> = found.lines.iter().flat_map(|line| &line.ids).collect();
        let body = Record::AskAgainShown
            .canonical()
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .list(ids.into_iter());
        append(self.agency, Record::AskAgainShown, body, Batch::new()).await?;
        Ok(v1::ListAskAgainResponse {
            found: found.ended.saturating_add(found.ahead),
            lines: found.lines,
            unreadable: found.unreadable,
            refusal: None,
        })
    }
}

/// That somebody looked, and at whose register, salted.
pub(super) async fn record_shown(
    agency: &Agency,
    reader: &StaffId,
    number: &Bsn,
) -> Result<(), Reason> {
    let subject = DataSubject::of(number.expose())?;
    let body = Record::ConsentsShown
        .canonical()
        .text(reader.as_str())
        .bytes(subject.id.as_bytes())
        .text(&subject.salt);
    append(agency, Record::ConsentsShown, body, Batch::new()).await.map(drop)
}

#[tonic::async_trait]
impl ConsentService for ConsentDesk {
    async fn record_act(
        &self,
        request: Request<v1::RecordActRequest>,
    ) -> Result<Response<v1::RecordActResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.register().record(&caller, request.into_inner()).await {
            Ok(recorded) => recorded,
            Err(Refused { reason, who }) => v1::RecordActResponse {
                who: who.map(|who| who.in_lang(caller.lang).to_owned()).unwrap_or_default(),
                refusal: said(reason)?,
                ..Default::default()
            },
        }))
    }

    async fn certify_measure(
        &self,
        request: Request<v1::CertifyMeasureRequest>,
    ) -> Result<Response<v1::CertifyMeasureResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.register().certify(&caller, request.into_inner()).await {
            Ok(made) => v1::CertifyMeasureResponse {
                statement: made.file,
                valid_until_ms: made.valid_until.ms(),
                refusal: None,
            },
            Err(reason) => {
                v1::CertifyMeasureResponse { refusal: said(reason)?, ..Default::default() }
            }
        }))
    }

    async fn record_situations(
        &self,
        request: Request<v1::RecordSituationsRequest>,
    ) -> Result<Response<v1::RecordSituationsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        // Once it is begun it goes on, also when the caller hangs up: half a history may say less.
        let agency = Arc::clone(&self.agency);
        let written = tokio::spawn(async move {
            Register { agency: &agency }.situations(&caller, request.into_inner()).await
        });
        let written = written.await.unwrap_or(Err(Reason::Internal));
        Ok(Response::new(match written {
            Ok(outcomes) => {
                let wire = outcomes.into_iter().map(Outcome::wire).collect::<Result<_, _>>()?;
                v1::RecordSituationsResponse { outcomes: wire, refusal: None }
            }
            Err(reason) => {
                v1::RecordSituationsResponse { outcomes: Vec::new(), refusal: said(reason)? }
            }
        }))
    }

    async fn list_acts(
        &self,
        request: Request<v1::ListActsRequest>,
    ) -> Result<Response<v1::ListActsResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.register().list(&caller, request.into_inner()).await {
            Ok(listed) => listed,
            Err(reason) => v1::ListActsResponse { refusal: said(reason)?, ..Default::default() },
        }))
    }

    async fn list_ask_again(
        &self,
        request: Request<v1::ListAskAgainRequest>,
    ) -> Result<Response<v1::ListAskAgainResponse>, Status> {
        let caller = Caller::of(&self.agency, &request).await?;
        Ok(Response::new(match self.register().ask_again(&caller, request.into_inner()).await {
            Ok(listed) => listed,
            Err(reason) => {
                v1::ListAskAgainResponse { refusal: said(reason)?, ..Default::default() }
            }
        }))
    }
}
