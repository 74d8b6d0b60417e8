//! Who may do what in the inbox.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, StaffId, TargetId};
use grondslag_core::limits::LIST_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::{ReviewState, Stage};
use grondslag_evidence::ledger::{Entry, LedgerError, Placed};
use grondslag_evidence::store::parts::Seen;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_proto::v1;
use grondslag_proto::v1::change_item_request::Change;
use grondslag_subject::Bsn;

use super::again::{Again, look};
use super::away::{self, Absences};
use super::judged::{self, Judged, Second, needs_second};
use super::{Item, REVIEWS, find, shown};
use crate::agency::Agency;
use crate::consent::Hold;
use crate::detail::check_text;
use crate::random::random;
use crate::recorded::{Kind, append_for, entry, record, term};
use crate::rows;
use crate::staff::{ActingStaff, Caller};

/// The inbox of one agency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inbox<'a> {
    pub(super) agency: &'a Agency,
}

/// Somebody who reviews, at a moment.
struct Reviewer {
    by: ActingStaff,
    now: Timestamp,
}

impl Reviewer {
    fn id(&self) -> &StaffId {
        self.by.person().id()
    }
}

impl Inbox<'_> {
    /// Somebody in a role that reviews, of the kind as which this agency answers: behind the wall
    /// of another kind under the same roof nothing is seen.
    fn reviewer(self, caller: &Caller, role: &str) -> Result<Reviewer, Reason> {
        let by = caller.in_role(self.agency, role)?;
        let reviews = self.agency.pack().catalogue().reviewing().reviews(by.role());
        if !reviews || by.role().kind() != self.agency.kind {
            return Err(Reason::ReviewRole);
        }
        Ok(Reviewer { by, now: self.agency.clock.now() })
    }

    /// What waits, what is due first at the top; with whom it is about in none. Whether there is
    /// more.
    pub(super) async fn list(
        self,
        caller: &Caller,
        request: &v1::ListItemsRequest,
    ) -> Result<(Vec<v1::InboxItem>, bool), Reason> {
        let by = caller.in_role(self.agency, &request.role)?;
        let pack = self.agency.pack();
        let catalogue = pack.catalogue();
        let oversees = catalogue.informing().sees_all(by.role());
        if !oversees {
            self.reviewer(caller, &request.role)?;
        }
        let now = self.agency.clock.now();
        let most = usize::try_from(LIST_MAX).unwrap_or(usize::MAX);
        let (mut items, mut more) = (BTreeMap::new(), false);
        // A row that is none is told of by `status`, and at the start.
        let each = rows::each(self.agency.store.as_ref(), REVIEWS, |item: Item, _| {
            if request.all || item.is_open() {
                let place = (!item.is_open(), item.due(now), Reverse(item.urgency), item.id);
                items.insert(place, item);
                // No more are held than are shown, however many there are.
                more |= items.len() > most && items.pop_last().is_some();
            }
        });
        each.await?;
        let absences = Absences::now(self.agency).await?;
        let mut shown = Vec::with_capacity(items.len());
        for item in items.values() {
            shown.push(shown::item(self.agency, item, (&absences, now)).await?);
        }
        Ok((shown, more))
    }

    /// One item, on the facts of now. That it was looked at, and by whom, is recorded first.
    pub(super) async fn show(
        self,
        caller: &Caller,
        request: v1::ShowItemRequest,
    ) -> Result<v1::ShowItemResponse, Reason> {
        let reviewer = self.reviewer(caller, &request.role)?;
        let (item, seen) = self.find(&request.target_id, reviewer.now).await?;
        let again = self.look(&item, reviewer.now).await?;
        let body = Kind::ReviewShown
            .canonical()
            .bytes(item.id.as_bytes())
            .text(reviewer.id().as_str())
            .text(reviewer.by.role().as_str());
        let kept = term(item.break_glass);
        append_for(self.agency, Kind::ReviewShown, body, kept, Batch::new()).await?;
        let now = reviewer.now;
        let shown = shown::whole(self.agency, &item, again.as_ref(), (caller.lang, now)).await?;
        Ok(v1::ShowItemResponse { version: version(&seen), ..shown })
    }

    /// Changes an item as it was shown; how it stands then.
    pub(super) async fn change(
        self,
        caller: &Caller,
        request: v1::ChangeItemRequest,
    ) -> Result<&'static str, Reason> {
        let reviewer = self.reviewer(caller, &request.role)?;
        let (item, seen) = self.find(&request.target_id, reviewer.now).await?;
        if request.version != version(&seen) {
            return Err(Reason::ReviewChanged);
        }
        let number = Bsn::parse(&item.digits).map_err(|_| Reason::StoreCorrupt)?;
        let state = match request.change.ok_or(Reason::Malformed)? {
            Change::Judgement(judgement) => {
                check_text(self.agency, &judgement.reason, &number).await?;
                self.judge(&reviewer, (item, &seen), judgement).await?
            }
            Change::Confirmed(true) => self.confirm(&reviewer, (item, &seen)).await?,
            Change::Confirmed(false) => return Err(Reason::Malformed),
            Change::MoreTime(more) => {
                check_text(self.agency, &more.reason, &number).await?;
                self.more_time(&reviewer, (item, &seen), &more).await?
            }
            Change::Assigned(staff) => self.assign(&reviewer, (item, &seen), &staff).await?,
        };
        Ok(state.word())
    }

    /// The caller is away, or back.
    pub(super) async fn set_away(
        self,
        caller: &Caller,
        request: v1::SetAwayRequest,
    ) -> Result<(), Reason> {
        let reviewer = self.reviewer(caller, &request.role)?;
        let until = Timestamp::from_ms(request.until_ms);
        let away = (request.until_ms != 0).then_some((until, request.substitute.as_str()));
        away::set(self.agency, reviewer.id(), away).await
    }

    /// An item whose term lasts.
    async fn find(self, id: &[u8], now: Timestamp) -> Result<(Item, Seen), Reason> {
        let id = TargetId::from_slice(id).map_err(|_| Reason::UnknownReview)?;
        let found = find(self.agency.store.as_ref(), &id).await?;
        found.filter(|(item, _)| now < item.answer_by).ok_or(Reason::UnknownReview)
    }

    async fn look(self, item: &Item, now: Timestamp) -> Result<Option<Again>, Reason> {
        let held = Hold::Answering(self.agency.consents.answer().await);
        look(self.agency, item, (now, &held)).await
    }

    async fn judge(
        self,
        reviewer: &Reviewer,
        (item, seen): (Item, &Seen),
        judgement: v1::Judgement,
    ) -> Result<ReviewState, Reason> {
        // Until it was said whoever sees better may decide otherwise.
        if item.state() == ReviewState::Said {
            return Err(Reason::ReviewDecided);
        }
        // Of whom nothing is held any more nothing can be decided; the term says so.
        let again = self.look(&item, reviewer.now).await?.ok_or(Reason::ReviewGone)?;
        let lines = judged::read(judgement.lines, &item, (&self.agency.pack(), &again))?;
        let second = if needs_second(&again, &lines) { Second::Wanted } else { Second::NotWanted };
        let judged = Judged {
            by: reviewer.id().clone(),
            role: reviewer.by.role().clone(),
            at: reviewer.now,
            lines,
            reason: judgement.reason,
            salt: hex::encode(random::<32>()?),
            leaf: 0,
            second,
            nameable: again.decided.naming.nameable,
            said: None,
        };
        self.record_judged(reviewer, (item, seen), judged, &again).await
    }

    async fn confirm(
        self,
        reviewer: &Reviewer,
        (item, seen): (Item, &Seen),
    ) -> Result<ReviewState, Reason> {
        let waits = item.judged.clone().filter(Judged::waits_for_second);
        let judged = waits.ok_or(Reason::ReviewUndecided)?;
        if judged.by == *reviewer.id() {
            return Err(Reason::ReviewOwn);
        }
        let again = self.look(&item, reviewer.now).await?.ok_or(Reason::ReviewGone)?;
        let judged = Judged { second: Second::By(reviewer.id().clone()), ..judged };
        self.record_judged(reviewer, (item, seen), judged, &again).await
    }

    /// Makes a decision durable, with the place where it stands.
    async fn record_judged(
        self,
        reviewer: &Reviewer,
        (item, seen): (Item, &Seen),
        judged: Judged,
        again: &Again,
    ) -> Result<ReviewState, Reason> {
        let about = judged.approved(again.attested.statement())?.digest();
        let said = serde_json::to_vec(&judged).map_err(|_| Reason::Internal)?;
        let body = Kind::Reviewed
            .canonical()
            .bytes(item.id.as_bytes())
            .text(reviewer.id().as_str())
            .text(reviewer.by.role().as_str())
            .bytes(&said)
            .signed(reviewer.now.ms())
            .finish_secret();
        let kept = (term(item.break_glass), reviewer.now);
        let made = record(&self.agency.pack(), Kind::Reviewed, &body, kept, &[])?;
        let at = move |leaf: u64| {
            let judged = Some(Judged { leaf, ..judged.clone() });
            Item { judged, ..item.clone() }
        };
        // As long wherever it comes to stand.
        let widest = at(u64::MAX);
        let state = widest.state();
        let row = widest.put_again(seen)?;
        let (cost, seen) = ((row.len(), row.bytes()), seen.clone());
        let make = move |placed: &Placed| {
            at(placed.index).put_again(&seen).map_err(|_| StoreError::TooLarge("item"))
        };
        let entry = Entry { about, ..made.entry(Batch::new()) };
        match self.agency.ledger.append_placed(entry, cost, make).await {
            Err(LedgerError::Conflict { .. }) => Err(Reason::ReviewChanged),
            recorded => recorded.map(|_| state).map_err(LedgerError::reason),
        }
    }

    async fn more_time(
        self,
        reviewer: &Reviewer,
        (item, seen): (Item, &Seen),
        more: &v1::MoreTime,
    ) -> Result<ReviewState, Reason> {
        if !item.is_open() {
            return Err(Reason::ReviewDecided);
        }
        let pack = self.agency.pack();
        let inner = Timestamp::from_ms(more.until_ms);
        let latest = pack.catalogue().reviewing().inner_max(item.from, item.answer_by);
        // What has climbed is somebody else's to act on.
        let to = pack.catalogue().reviewing().climb(&self.agency.kind);
        let climbed = item.stage(&to, reviewer.now) > Stage::Professional;
        if climbed || inner <= item.inner || inner <= reviewer.now || inner > latest {
            return Err(Reason::ReviewTerm);
        }
        let (id, item) = (item.id, Item { inner, ..item });
        let state =
            self.record_changed(reviewer, (item, seen), ("more-time", &more.reason)).await?;
        self.agency.climbing.add(inner, id);
        Ok(state)
    }

    async fn assign(
        self,
        reviewer: &Reviewer,
        (item, seen): (Item, &Seen),
        staff: &str,
    ) -> Result<ReviewState, Reason> {
        let assigned = match staff {
            "" => None,
            staff => {
                let id = StaffId::parse(staff).map_err(|_| Reason::StaffUnknown)?;
                let people = self.agency.staff.list().await.map_err(Reason::from)?;
                let known = people.iter().any(|one| one.id == id && !one.revoked);
                Some(known.then_some(id).ok_or(Reason::StaffUnknown)?)
            }
        };
        let item = Item { assigned, ..item };
        self.record_changed(reviewer, (item, seen), ("assigned", staff)).await
    }

    /// Records what changed of an item besides a decision.
    async fn record_changed(
        self,
        reviewer: &Reviewer,
        (item, seen): (Item, &Seen),
        (what, text): (&str, &str),
    ) -> Result<ReviewState, Reason> {
        let body = Kind::ReviewChanged
            .canonical()
            .bytes(item.id.as_bytes())
            .text(reviewer.id().as_str())
            .text(what)
            .text(text)
            .signed(item.inner.ms())
            .signed(reviewer.now.ms())
            .finish_secret();
        let (state, kept) = (item.state(), term(item.break_glass));
        let entry = entry(self.agency, Kind::ReviewChanged, &body, kept, item.put_again(seen)?)?;
        match self.agency.ledger.append(entry).await {
            Err(LedgerError::Conflict { .. }) => Err(Reason::ReviewChanged),
            recorded => recorded.map(|_| state).map_err(LedgerError::reason),
        }
    }
}

/// What of an item was seen: a decision is on that and nothing else.
fn version(seen: &Seen) -> Vec<u8> {
    Digest::of(&seen.body).as_bytes().to_vec()
}
