//! Who sees uses of break glass, and who reviews them.

use std::cmp::Reverse;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::GlassVerdict;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::Batch;
use grondslag_evidence::store::parts::Seen;
use grondslag_policy::retention::Kept;
use grondslag_proto::v1;
use grondslag_subject::Bsn;

use super::{DONE, NEW, OPEN, Put, Review, SEEN, Use, counts, key, shown};
use crate::agency::Agency;
use crate::asks::second::{deals_with_cases, hears_citizens, may_approve};
use crate::detail::check_text;
use crate::limits::{GLASS_LIST_MAX, WRITE_TRIES_MAX};
use crate::recorded::{Kind, entry};
use crate::rows::{self, Most};
use crate::staff::{ActingStaff, Caller};

/// Break glass at one agency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glass<'a> {
    pub(super) agency: &'a Agency,
}

/// Somebody who looks, at a moment.
struct Looker {
    by: ActingStaff,
    now: Timestamp,
    /// A privacy officer, who sees all and reviews nothing.
    officer: bool,
}

/// What a list shows, and whether there is more.
#[derive(Default)]
struct Page {
    uses: Vec<(Use, Seen)>,
    puts: Vec<(Put, Seen)>,
    more: bool,
}

impl Looker {
    /// Whether they may review a use, but for who asked.
    fn may_review(&self, agency: &Agency, used: &Use) -> bool {
        let pack = agency.pack();
        may_approve(pack.catalogue(), self.by.role(), &used.role, &used.purpose)
    }

    fn is_own(&self, used: &Use) -> bool {
        self.by.person().id() == &used.staff
    }

    /// A role that deals with no cases sees nothing, and one that does what it may review, and
    /// what this person asked.
    fn sees(&self, agency: &Agency, used: &Use) -> bool {
        self.officer || self.is_own(used) || self.may_review(agency, used)
    }
}

impl Glass<'_> {
    fn looker(self, caller: &Caller, role: &str) -> Result<Looker, Reason> {
        let by = caller.in_role(self.agency, role)?;
        let oversees = self.agency.pack().catalogue().informing().sees_all(by.role());
        let officer = oversees || hears_citizens(by.role());
        if !officer && !deals_with_cases(by.role()) {
            return Err(Reason::GlassRole);
        }
        Ok(Looker { by, now: self.agency.clock.now(), officer })
    }

    /// What was asked with break glass: by the agency's own people and, for an officer, of it.
    /// What an officer sees is seen from then on.
    pub(super) async fn list(
        self,
        caller: &Caller,
        request: v1::ListGlassRequest,
    ) -> Result<v1::ListGlassResponse, Reason> {
        let looker = self.looker(caller, &request.role)?;
        for _ in 0..WRITE_TRIES_MAX {
            let page = self.page(&looker, request.all).await?;
            let counts = if looker.officer { counts(self.agency).await? } else { Vec::new() };
            let told = shown::list(self.agency, &page.uses, &page.puts, looker.now).await?;
            if self.record_shown(&looker, page.ids(), page.see(&looker)?).await? {
                return Ok(v1::ListGlassResponse { counts, more: page.more, ..told });
            }
        }
        Err(Reason::Busy)
    }

    async fn page(self, looker: &Looker, all: bool) -> Result<Page, Reason> {
        let store = self.agency.store.as_ref();
        let (mut uses, mut puts) = (Most::of(GLASS_LIST_MAX), Most::of(GLASS_LIST_MAX));
        for prefix in if all { &[OPEN, DONE][..] } else { &[OPEN] } {
            // A row that is none is told of by `status`.
            rows::each(store, prefix, |used: Use, seen| {
                let waits = used.review.is_none() || (looker.officer && used.seen_at.is_none());
                if (all || waits) && looker.sees(self.agency, &used) {
                    let place = (used.review.is_some(), Reverse(used.asked_at), used.inquiry);
                    uses.add(place, (used, seen));
                }
            })
            .await?;
        }
        for prefix in if all { &[NEW, SEEN][..] } else { &[NEW] } {
            if looker.officer {
                rows::each(store, prefix, |put: Put, seen| {
                    let place = (put.seen_at.is_some(), Reverse(put.at), put.target);
                    puts.add(place, (put, seen));
                })
                .await?;
            }
        }
        let more = uses.more || puts.more;
        let (uses, puts) = (uses.rows.into_values(), puts.rows.into_values());
        Ok(Page { uses: uses.collect(), puts: puts.collect(), more })
    }

    /// Records who saw which, with what is seen from then on; false when that changed meanwhile.
    async fn record_shown(
        self,
        looker: &Looker,
        ids: Vec<[u8; 16]>,
        state: Batch,
    ) -> Result<bool, Reason> {
        let body = Kind::GlassShown
            .canonical()
            .text(looker.by.person().id().as_str())
            .text(looker.by.role().as_str())
            .list(ids.iter())
            .finish();
        let entry = entry(self.agency, Kind::GlassShown, &body, Kept::BreakGlass, state)?;
        match self.agency.ledger.append(entry).await {
            Err(LedgerError::Conflict { .. }) => Ok(false),
            recorded => recorded.map(|_| true).map_err(LedgerError::reason),
        }
    }

    /// One use, with whom it was about for who may review it.
    pub(super) async fn show(
        self,
        caller: &Caller,
        request: v1::ShowGlassRequest,
    ) -> Result<v1::ShowGlassResponse, Reason> {
        let looker = self.looker(caller, &request.role)?;
        let (used, _) = self.find(&request.inquiry_id).await?;
        if !looker.sees(self.agency, &used) {
            return Err(Reason::UnknownGlass);
        }
        self.record_shown(&looker, vec![*used.inquiry.as_bytes()], Batch::new()).await?;
        let reviews = !looker.is_own(&used) && looker.may_review(self.agency, &used);
        Ok(shown::whole(self.agency, &used, reviews, looker.now))
    }

    /// Writes down what a second person judges.
    pub(super) async fn review(
        self,
        caller: &Caller,
        request: v1::ReviewGlassRequest,
    ) -> Result<(), Reason> {
        let looker = self.looker(caller, &request.role)?;
        let verdict: GlassVerdict = request.verdict.parse().map_err(|_| Reason::Malformed)?;
        for _ in 0..WRITE_TRIES_MAX {
            let (used, seen) = self.find(&request.inquiry_id).await?;
            if looker.is_own(&used) {
                return Err(Reason::GlassOwn);
            }
            if !looker.may_review(self.agency, &used) {
                return Err(Reason::GlassRole);
            }
            // One that was reviewed has no number.
            let Some(digits) = used.digits.as_deref() else {
                return Err(Reason::GlassReviewed);
            };
            let number = Bsn::parse(digits).map_err(|_| Reason::StoreCorrupt)?;
            check_text(self.agency, &request.text, &number).await?;
            if self.record_review(&looker, (used, seen), verdict, &request.text).await? {
                return Ok(());
            }
        }
        Err(Reason::Busy)
    }

    /// Whom it was about is needed by nobody any more. False when it changed meanwhile.
    async fn record_review(
        self,
        looker: &Looker,
        (used, seen): (Use, Seen),
        verdict: GlassVerdict,
        text: &str,
    ) -> Result<bool, Reason> {
        let person = looker.by.person().id();
        let body = Kind::GlassReviewed
            .canonical()
            .bytes(used.inquiry.as_bytes())
            .text(used.staff.as_str())
            .text(person.as_str())
            .text(looker.by.role().as_str())
            .text(verdict.word())
            .text(text)
            .signed(looker.now.ms())
            .finish();
        let review = Review {
            by: person.clone(),
            role: looker.by.role().clone(),
            at: looker.now,
            verdict,
            text: text.to_owned(),
        };
        let after = Use { review: Some(review), digits: None, ..used.clone() };
        let state = after.put_again(Batch::new(), (&used, &seen))?;
        let entry = entry(self.agency, Kind::GlassReviewed, &body, Kept::BreakGlass, state)?;
        match self.agency.ledger.append(entry).await {
            Err(LedgerError::Conflict { .. }) => Ok(false),
            recorded => recorded.map(|_| true).map_err(LedgerError::reason),
        }
    }

    async fn find(self, id: &[u8]) -> Result<(Use, Seen), Reason> {
        let id = InquiryId::from_slice(id).map_err(|_| Reason::UnknownGlass)?;
        for prefix in [OPEN, DONE] {
            let key = key(prefix, id.as_bytes());
            if let Some(found) = rows::read::<Use>(self.agency.store.as_ref(), &key).await? {
                return Ok(found);
            }
        }
        Err(Reason::UnknownGlass)
    }
}

impl Page {
    fn ids(&self) -> Vec<[u8; 16]> {
        let uses = self.uses.iter().map(|(used, _)| *used.inquiry.as_bytes());
        uses.chain(self.puts.iter().map(|(put, _)| *put.target.as_bytes())).collect()
    }

    /// What an officer sees for the first time is seen from now on.
    fn see(&self, looker: &Looker) -> Result<Batch, Reason> {
        let mut batch = Batch::new();
        if !looker.officer {
            return Ok(batch);
        }
        let seen_at = Some(looker.now);
        for (used, seen) in self.uses.iter().filter(|(used, _)| used.seen_at.is_none()) {
            batch = Use { seen_at, ..used.clone() }.put_again(batch, (used, seen))?;
        }
        for (put, seen) in self.puts.iter().filter(|(put, _)| put.seen_at.is_none()) {
            batch = Put { seen_at, ..put.clone() }.put_again(batch, (put, seen))?;
        }
        Ok(batch)
    }
}
