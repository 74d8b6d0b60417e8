//! What the agency's own people do with requests.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::{Category, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, RequestId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::rights::{AskedBy, Decided, RefusalGround, Right};
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::Seen;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::retention::Kept;
use grondslag_subject::text::names_person;
use grondslag_subject::{Bsn, Name, admits};

use super::case::{self, Case, Decision, Side, State, check_bytes};
use super::message::{Message, Says};
use super::receivers::{given_in, is_known, receivers};
use super::standing;
use crate::agency::Agency;
use crate::consent::store::raise;
use crate::detail::check_length;
use crate::limits::REPAIR_TARGETS_MAX;
use crate::notices::outbox::{self, News, Sender};
use crate::own_view::asked;
use crate::random::random;
use crate::recorded::{Kind, entry};
use crate::records::SourceFault;
use crate::staff::ActingStaff;

/// Agencies, and the questions in answer to which they were given something.
pub(super) type Given = BTreeMap<Oin, BTreeSet<TargetId>>;

/// What somebody came with.
pub(super) struct Wanted {
    pub(super) number: Bsn,
    pub(super) right: Right,
    pub(super) by: AskedBy,
    pub(super) text: String,
    pub(super) categories: BTreeSet<Category>,
    /// Of another agency's data: whose, and which line of the own view it is about.
    pub(super) elsewhere: Option<(Oin, TargetId)>,
    /// Of this agency's own data: which line, where the person named one.
    pub(super) line: Option<TargetId>,
}

/// What somebody decides.
pub(super) struct Deciding {
    pub(super) what: Decided,
    pub(super) ground: Option<RefusalGround>,
    pub(super) text: String,
}

grondslag_core::unprinted!(Wanted Deciding);

/// The requests of an agency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requests<'a> {
    pub(super) agency: &'a Agency,
}

impl Requests<'_> {
    fn now(self) -> Timestamp {
        self.agency.clock.now()
    }

    /// Writes a request down.
    ///
    /// # Errors
    /// Those of the number and the text; `UNKNOWN_AGENCY`, `NOT_ON_FILE`, `REQUESTS_FULL`; `BUSY`,
    /// or why it could not be recorded.
    pub(super) async fn lodge(self, by: &ActingStaff, wanted: Wanted) -> Result<Case, Reason> {
        let agency = self.agency;
        admits(agency.mode, &wanted.number)?;
        self.check_text(&wanted.number, &wanted.text).await?;
        let now = self.now();
        let mut case = Case {
            id: RequestId::new(random()?),
            digits: wanted.number.expose().to_owned(),
            right: wanted.right,
            by: Some(wanted.by),
            text: wanted.text,
            categories: wanted.categories,
            lodged_at: now,
            lodged_by: Some(sender(by)),
            due: Case::due_after(now),
            side: Side::Holder { from: None },
            state: State::Open,
            breach: None,
            told: BTreeMap::new(),
        };
        let changing = agency.consents.change().await;
        let batch = if let Some((to, target)) = wanted.elsewhere {
            self.lodge_elsewhere(by, &mut case, (to, target)).await?
        } else {
            self.lodge_here(&mut case, wanted.line).await?
        };
        let lodged = self.record(Kind::RightsAsked, "asked", (by, &case), case.put(batch)?).await;
        drop(changing);
        agency.consents.tell();
        lodged.map(|()| case)
    }

    /// About data of another agency: it is brought there.
    async fn lodge_elsewhere(
        self,
        by: &ActingStaff,
        case: &mut Case,
        (to, target): (Oin, TargetId),
    ) -> Result<Batch, Reason> {
        self.agency.directory.card(&to)?;
        self.check_reachable(&number_of(case)?).await?;
        case.side = Side::Sender { to: to.clone() };
        let message = request(case, by.role(), target)?;
        self.bring(Batch::new(), case, message, (sender(by), to))
    }

    /// About own data: what it disputes counts from now on.
    async fn lodge_here(self, case: &mut Case, line: Option<TargetId>) -> Result<Batch, Reason> {
        let (store, secret) = (self.agency.store.as_ref(), &self.agency.secret);
        self.own_data(case, line).await?;
        case.breach = Case::breach_of(case.right, self.now());
        standing::put(Batch::new(), store, secret, case).await
    }

    /// About which data it is, if this agency holds anything of somebody.
    async fn own_data(self, case: &mut Case, line: Option<TargetId>) -> Result<(), Reason> {
        if let Some(target) = line {
            let given = given_in(self.agency, &case.digits, &target).await?;
            case.categories = case.concerns(given.ok_or(Reason::NotOnFile)?);
            return Ok(());
        }
        if self.names(&number_of(case)?).await?.is_empty()
            && !is_known(self.agency, &case.digits).await?
        {
            return Err(Reason::NotOnFile);
        }
        Ok(())
    }

    /// What becomes of a request elsewhere can come back: it meets clients, and people about whom
    /// this agency asked, as for an own view.
    async fn check_reachable(self, number: &Bsn) -> Result<(), Reason> {
        let (store, secret) = (self.agency.store.as_ref(), &self.agency.secret);
        let asked = asked::is_kept(store, secret, number.expose()).await;
        if asked.map_err(StoreError::reason)? || !self.names(number).await?.is_empty() {
            Ok(())
        } else {
            Err(Reason::NotOnFile)
        }
    }

    async fn names(self, number: &Bsn) -> Result<Vec<Name>, Reason> {
        self.agency.own.names(number).await.map_err(SourceFault::reason)
    }

    /// Decides, and puts on its way what others are to hear of it.
    ///
    /// # Errors
    /// `UNKNOWN_REQUEST`, `REQUEST_SETTLED`, `REQUEST_OWN`, `REFUSAL_GROUND_BAD`, `STILL_ON_FILE`;
    /// those of the text; `BUSY`, or why it could not be recorded.
    pub(super) async fn decide(
        self,
        by: &ActingStaff,
        id: &RequestId,
        deciding: Deciding,
    ) -> Result<BTreeSet<Oin>, Reason> {
        let changing = self.agency.consents.change().await;
        let (mut case, seen) = self.held(id).await?;
        check_other(&case, by)?;
        let number = number_of(&case)?;
        self.check_text(&number, &deciding.text).await?;
        check_ground(case.right, &deciding)?;
        let given = match deciding.what {
            Decided::Granted => {
                self.check_done(&case, &number).await?;
                receivers(self.agency, &case.digits, &case.categories).await?
            }
            Decided::Refused => Given::new(),
        };
        let Deciding { what, ground, text } = deciding;
        let by_whom = Some(sender(by));
        case.state = State::Decided(Decision { what, ground, text, at: self.now(), by: by_whom });
        let told = given.keys().cloned().collect();
        let batch = self.tell(case.clone(), &seen, given)?;
        let batch = self.answer(batch, &case, by)?;
        let (store, secret) = (self.agency.store.as_ref(), &self.agency.secret);
        let batch = standing::put(batch, store, secret, &case).await?;
        self.record(Kind::RightsSettled, what.word(), (by, &case), batch).await?;
        drop(changing);
        self.agency.consents.tell();
        Ok(told)
    }

    /// Takes longer, once.
    ///
    /// # Errors
    /// `UNKNOWN_REQUEST`, `REQUEST_SETTLED`; `REQUEST_EXTENDED`, also once the term is over; those
    /// of the text; `BUSY`, or why it could not be recorded.
    pub(super) async fn extend(
        self,
        by: &ActingStaff,
        id: &RequestId,
        text: String,
    ) -> Result<Timestamp, Reason> {
        let changing = self.agency.consents.change().await;
        let (mut case, seen) = self.held(id).await?;
        if matches!(case.state, State::Extended { .. }) || self.now() >= case.due {
            return Err(Reason::RequestExtended);
        }
        self.check_text(&number_of(&case)?, &text).await?;
        case.due = Case::latest_after(case.lodged_at);
        case.state = State::Extended { text };
        let batch = self.answer(case.put_again(&seen)?, &case, by)?;
        self.record(Kind::RightsSettled, "extended", (by, &case), batch).await?;
        drop(changing);
        self.agency.consents.tell();
        Ok(case.due)
    }

    /// Records what was done at the end: the person was told, the data are used no more, or an
    /// objection was taken back.
    ///
    /// # Errors
    /// `UNKNOWN_REQUEST`; `REQUEST_OPEN` for one that is to be decided first, `REQUEST_SETTLED` for
    /// one with which nothing is left to do, `REQUEST_OWN`; those of the text; `BUSY`, or why it
    /// could not be recorded.
    pub(super) async fn close(
        self,
        (by, decides): (&ActingStaff, bool),
        id: &RequestId,
        text: String,
    ) -> Result<(), Reason> {
        let changing = self.agency.consents.change().await;
        let (mut case, seen) = self.find(id).await?;
        let decision = match (&case.side, &case.state) {
            (_, State::Closed { .. }) => return Err(Reason::RequestSettled),
            (Side::Receiver { .. } | Side::Sender { .. }, state) => state.decision().cloned(),
            (Side::Holder { .. }, State::Decided(one)) if case.is_standing() && decides => {
                check_other(&case, by)?;
                Some(one.clone())
            }
            (Side::Holder { .. }, State::Decided(_)) => return Err(Reason::RequestSettled),
            (Side::Holder { .. }, _) => return Err(Reason::RequestOpen),
        };
        self.check_text(&number_of(&case)?, &text).await?;
        case.state = State::Closed { decision, text, at: self.now() };
        let (store, secret) = (self.agency.store.as_ref(), &self.agency.secret);
        let batch = match case.side {
            Side::Holder { .. } => {
                standing::put(case.put_again(&seen)?, store, secret, &case).await?
            }
            _ => case.put_again(&seen)?,
        };
        self.record(Kind::RightsSettled, "closed", (by, &case), batch).await?;
        drop(changing);
        Ok(())
    }

    /// Records whether a breach is reported.
    ///
    /// # Errors
    /// `UNKNOWN_REQUEST`; `NO_BREACH`; those of the text; `BUSY`, or why it could not be recorded.
    pub(super) async fn assess(
        self,
        by: &ActingStaff,
        id: &RequestId,
        (reported, text): (bool, String),
    ) -> Result<(), Reason> {
        let changing = self.agency.consents.change().await;
        let (mut case, seen) = self.find(id).await?;
        self.check_text(&number_of(&case)?, &text).await?;
        let now = self.now();
        let open = case.breach.as_mut().filter(|breach| breach.assessed.is_none());
        open.ok_or(Reason::NoBreach)?.assessed = Some((reported, text, now));
        let what = if reported { "reported" } else { "not reported" };
        let batch = case.put_again(&seen)?;
        self.record(Kind::RightsSettled, what, (by, &case), batch).await?;
        drop(changing);
        Ok(())
    }

    async fn find(self, id: &RequestId) -> Result<(Case, Seen), Reason> {
        let found = case::read(self.agency.store.as_ref(), id).await?;
        found.ok_or(Reason::UnknownRequest)
    }

    /// A case on which this agency has to decide still.
    async fn held(self, id: &RequestId) -> Result<(Case, Seen), Reason> {
        let (case, seen) = self.find(id).await?;
        match case.side {
            Side::Holder { .. } if case.is_undecided() => Ok((case, seen)),
            Side::Holder { .. } => Err(Reason::RequestSettled),
            Side::Sender { .. } | Side::Receiver { .. } => Err(Reason::UnknownRequest),
        }
    }

    async fn check_text(self, number: &Bsn, text: &str) -> Result<(), Reason> {
        check_length(text)?;
        check_bytes(text)?;
        let names = self.names(number).await?;
        names_person(text, std::slice::from_ref(number), &names)?;
        Ok(())
    }

    /// What is granted was done: the file stands under this number no more.
    async fn check_done(self, case: &Case, number: &Bsn) -> Result<(), Reason> {
        let own = &self.agency.own;
        let stands = match case.right {
            // Some records of another were put into this file: they are gone, and the file is not.
            Right::FalseMatch if !case.categories.is_empty() => false,
            Right::FalseMatch => {
                own.client(number, self.now()).await.map_err(SourceFault::reason)?.is_some()
            }
            Right::Destruction => !own.names(number).await.map_err(SourceFault::reason)?.is_empty(),
            Right::Correction | Right::Statement | Right::Objection => false,
        };
        if stands { Err(Reason::StillOnFile) } else { Ok(()) }
    }

    /// Adds the notices to whoever was given data of a case, and keeps who is told.
    fn tell(self, mut case: Case, seen: &Seen, given: Given) -> Result<Batch, Reason> {
        let mut batch = Batch::new();
        for (oin, targets) in given {
            let targets: Vec<TargetId> = targets.into_iter().collect();
            for some in targets.chunks(REPAIR_TARGETS_MAX) {
                let (message, by) = repair(&case, some.to_vec(), self.now())?;
                batch = self.bring(batch, &case, message, (by, oin.clone()))?;
            }
            case.told.entry(oin).or_default().extend(targets);
        }
        Ok(case.put_again(seen)?.then(batch))
    }

    /// Adds what is told to the agency that brought the request, if one did.
    fn answer(self, batch: Batch, case: &Case, by: &ActingStaff) -> Result<Batch, Reason> {
        let Side::Holder { from: Some((to, request)) } = &case.side else { return Ok(batch) };
        let decision = case.state.decision();
        let text = match &case.state {
            State::Extended { text } => text.clone(),
            state => state.decision().map(|one| one.text.clone()).unwrap_or_default(),
        };
        let says = Says::Answer {
            request: *request,
            decided: decision.map(|one| one.what),
            ground: decision.and_then(|one| one.ground),
            text,
            due: case.due,
        };
        let message = message(case, by.role().clone(), (self.now(), says))?;
        self.bring(batch, case, message, (sender(by), to.clone()))
    }

    fn bring(
        self,
        batch: Batch,
        case: &Case,
        message: Message,
        (by, to): (Sender, Oin),
    ) -> Result<Batch, Reason> {
        let news = News::Right(message);
        outbox::put(batch, self.agency, (&case.digits, news), by, [to].into())
    }

    /// Records what somebody did with a case; the batch is committed with it, and no answer of
    /// before is given again.
    async fn record(
        self,
        kind: Kind,
        what: &str,
        (by, case): (&ActingStaff, &Case),
        batch: Batch,
    ) -> Result<(), Reason> {
        let agency = self.agency;
        let body = kind
            .canonical()
            .bytes(case.id.as_bytes())
            .text(what)
            .text(case.right.word())
            .text(case.side.word())
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .signed(self.now().ms())
            .finish();
        let more = raise(agency.store.as_ref()).await.map_err(StoreError::reason)?.then(batch);
        let entry = entry(agency, kind, &body, Kept::Decision, more)?;
        match agency.ledger.append(entry).await {
            Err(LedgerError::Conflict { .. }) => Err(Reason::Busy),
            recorded => recorded.map(drop).map_err(LedgerError::reason),
        }
    }
}

/// Tells of a person's statement whoever was given such data since it was added. Who was told
/// before is not told again.
///
/// # Errors
/// Why it could not be put on its way.
pub(super) async fn tell_later_receivers(
    agency: &Agency,
    case: Case,
    seen: &Seen,
) -> Result<(), Reason> {
    let granted = case.state.decision().is_some_and(|one| one.what == Decided::Granted);
    if case.right != Right::Statement || !granted {
        return Ok(());
    }
    let mut given = receivers(agency, &case.digits, &case.categories).await?;
    for (oin, targets) in &mut given {
        let told = case.told.get(oin);
        targets.retain(|target| !told.is_some_and(|told| told.contains(target)));
    }
    given.retain(|_, targets| !targets.is_empty());
    if given.is_empty() {
        return Ok(());
    }
    let batch = Requests { agency }.tell(case, seen, given)?;
    agency.store.commit(batch).await.map_err(StoreError::reason)?;
    agency.consents.tell();
    Ok(())
}

/// Somebody else wrote it down.
fn check_other(case: &Case, by: &ActingStaff) -> Result<(), Reason> {
    let own = case.lodged_by.as_ref().is_some_and(|one| one.staff == *by.person().id());
    if own { Err(Reason::RequestOwn) } else { Ok(()) }
}

fn check_ground(right: Right, deciding: &Deciding) -> Result<(), Reason> {
    let fits = match (deciding.what, deciding.ground) {
        (Decided::Granted, None) => true,
        (Decided::Refused, Some(ground)) => ground.fits(right),
        (Decided::Granted, Some(_)) | (Decided::Refused, None) => false,
    };
    if fits { Ok(()) } else { Err(Reason::RefusalGroundBad) }
}

fn request(case: &Case, role: &Role, target: TargetId) -> Result<Message, Reason> {
    let says = Says::Request {
        right: case.right,
        by: case.by.ok_or(Reason::Internal)?,
        target,
        text: case.text.clone(),
        lodged_at: case.lodged_at,
    };
    message(case, role.clone(), (case.lodged_at, says))
}

/// What was mended, in the name of who decided: of a person's statement what it says.
fn repair(
    case: &Case,
    targets: Vec<TargetId>,
    now: Timestamp,
) -> Result<(Message, Sender), Reason> {
    let decision = case.state.decision().ok_or(Reason::Internal)?;
    let by = decision.by.clone().ok_or(Reason::Internal)?;
    let text = match case.right {
        Right::Statement => case.text.clone(),
        _ => decision.text.clone(),
    };
    let says = Says::Repair { right: case.right, targets, text };
    Ok((message(case, by.role.clone(), (now, says))?, by))
}

fn message(case: &Case, role: Role, (at, says): (Timestamp, Says)) -> Result<Message, Reason> {
    Ok(Message { id: RequestId::new(random()?), case: case.id, at, role, says })
}

fn sender(by: &ActingStaff) -> Sender {
    let person = by.person();
    let role = by.role().clone();
    Sender { role, staff: person.id().clone(), pseudonym: person.pseudonym() }
}

fn number_of(case: &Case) -> Result<Bsn, Reason> {
    Bsn::parse(&case.digits).map_err(|_| Reason::StoreCorrupt)
}
