//! Who may see a file, and what is fetched and recorded before they do.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::iter;
use std::time::Duration;

use grondslag_core::answer::About;
use grondslag_core::id::{CaseId, InquiryId, Oin, StaffId};
use grondslag_core::limits::LIST_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;
use grondslag_proto::v1;
use grondslag_proto::v1::show_dossier_request::Which;
use grondslag_proto::v1::show_dossier_response::Part;
use prost::Message as _;
use tokio::time::{Instant, timeout_at};

use super::assemble::{Named, person};
use super::{FILED, Filed, answers, each_of_case, find};
use crate::agency::Agency;
use crate::asks::follow::catch_up;
use crate::limits::{DOSSIER_FETCH_MS_MAX, DOSSIER_PART_BYTES_MAX, DOSSIER_PERSONS_MAX};
use crate::recorded::{Kind, append};
use crate::rows::{self, Most};
use crate::staff::Person;

/// What came of a node's escalations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) agency: &'a Agency,
}

impl Files<'_> {
    /// The file that is asked for, in parts. What came since is fetched first, as far as the broker
    /// can be reached.
    ///
    /// # Errors
    /// `UNKNOWN_INQUIRY` when there is none for this person, `HANDED_OVER` when the case is another
    /// agency's; why it cannot be read, or that somebody looked cannot be recorded.
    pub(super) async fn show(
        self,
        who: &Person,
        which: Option<Which>,
    ) -> Result<Vec<Part>, Reason> {
        let mut own = Most::of(DOSSIER_PERSONS_MAX);
        let mut take = |one: Filed| {
            if one.is_for(who) {
                own.add((one.about != About::Child, Reverse(one.asked_at), one.inquiry), one);
            }
        };
        let damaged = match which.ok_or(Reason::Malformed)? {
            Which::CaseId(id) => {
                let id = CaseId::from_slice(&id).map_err(|_| Reason::UnknownCase)?;
                each_of_case(self.agency, &id, take).await?
            }
            Which::InquiryId(id) => {
                let id = InquiryId::from_slice(&id).map_err(|_| Reason::UnknownInquiry)?;
                find(self.agency, &id).await?.into_iter().for_each(&mut take);
                false
            }
        };
        let (filed, more): (Vec<Filed>, _) = (own.rows.into_values().collect(), own.more);
        let first = filed.iter().map(|one| one.ends).min().ok_or(Reason::UnknownInquiry)?;
        for one in &filed {
            one.check_held(self.agency).await?;
        }
        let mut fetched = self.fetch(&filed).await;
        self.record(who.id(), &filed).await?;
        let mut persons = Vec::new();
        for one in &filed {
            let unheard = fetched.unheard.remove(&one.inquiry).unwrap_or_default();
            let (parts, whole) = self.person(one, &unheard).await?;
            persons.extend(parts);
            fetched.behind = fetched.behind.or((!whole).then_some(Reason::StoreCorrupt));
        }
        let behind = fetched.behind.or(damaged.then_some(Reason::StoreCorrupt));
        let case = filed.first().map(|one| one.case.as_bytes().to_vec());
        let head = Part::Head(v1::DossierHead {
            case_id: case.unwrap_or_default(),
            reader: who.id().as_str().to_owned(),
            made_at_ms: self.agency.clock.now().ms(),
            expires_at_ms: first.ms(),
            behind: behind.map(|reason| reason.code().to_owned()).unwrap_or_default(),
            more,
        });
        Ok(iter::once(head).chain(persons).collect())
    }

    /// A person's own escalations, newest first, and whether there are more.
    pub(super) async fn list(
        self,
        who: &Person,
    ) -> Result<(Vec<v1::EscalationSummary>, bool), Reason> {
        let mut own = Most::of(usize::try_from(LIST_MAX).unwrap_or(usize::MAX));
        // A row that is none is told of by the daily round.
        rows::each(self.agency.store.as_ref(), FILED, |one: Filed, _| {
            if one.is_for(who) {
                own.add((Reverse(one.asked_at), one.inquiry), summary(&one));
            }
        })
        .await?;
        Ok((own.rows.into_values().collect(), own.more))
    }

    /// Fetches what came since, as far as that is possible within a bounded time.
    async fn fetch(self, filed: &[Filed]) -> Fetched {
        let mut fetched = Fetched::default();
        let until = Instant::now() + Duration::from_millis(DOSSIER_FETCH_MS_MAX);
        for one in filed {
            let caught_up = timeout_at(until, catch_up(self.agency, &one.inquiry)).await;
            match caught_up.unwrap_or(Err(Reason::DeadlinePassed)) {
                Ok(Some(unheard)) => {
                    fetched.unheard.insert(one.inquiry, unheard);
                }
                // It is followed no longer: had all of it been fetched by then, it would say so.
                Ok(None) if !one.heard => fetched.behind = Some(Reason::DossierUnheard),
                Ok(None) => {}
                Err(reason) => fetched.behind = Some(reason),
            }
        }
        fetched
    }

    /// Which, before they are shown.
    async fn record(self, who: &StaffId, filed: &[Filed]) -> Result<(), Reason> {
        let body = Kind::DossierShown
            .canonical()
            .text(who.as_str())
            .list(filed.iter().map(|one| *one.inquiry.as_bytes()));
        append(self.agency, Kind::DossierShown, body, Batch::new()).await.map(drop)
    }

    /// The parts of one person, and whether all that is kept could be read.
    async fn person(
        self,
        filed: &Filed,
        unheard: &BTreeMap<Oin, Reason>,
    ) -> Result<(Vec<Part>, bool), Reason> {
        // Its first round may have ended since.
        let filed = find(self.agency, &filed.inquiry).await?.ok_or(Reason::UnknownInquiry)?;
        let (came, damaged) = answers(self.agency, &filed.inquiry).await?;
        let named = |oin: &Oin| {
            let card = self.agency.directory.card(oin).ok();
            let card = card.as_ref().map(grondslag_certs::VerifiedCard::card);
            card.map(|card| (card.name.clone(), card.duty_phone.clone())).unwrap_or_default()
        };
        let at = (&named as Named<'_>, self.agency.clock.now());
        let (person, entries) = person(&filed, &came, unheard, at);
        let entries = messages(entries).into_iter().map(Part::Entries);
        Ok((iter::once(Part::Person(person)).chain(entries).collect(), !damaged))
    }
}

fn summary(of: &Filed) -> v1::EscalationSummary {
    v1::EscalationSummary {
        inquiry_id: of.inquiry.as_bytes().to_vec(),
        case_id: of.case.as_bytes().to_vec(),
        about: of.about.to_string(),
        asked_at_ms: of.asked_at.ms(),
        answer_by_ms: of.answer_by.ms(),
        expires_at_ms: of.ends.ms(),
    }
}

/// What fetching came to.
#[derive(Debug, Default)]
struct Fetched {
    /// Whose messages are missing or were discarded, and why.
    unheard: BTreeMap<InquiryId, BTreeMap<Oin, Reason>>,
    /// Why not all was fetched.
    behind: Option<Reason>,
}

/// Entries in messages that are not too large.
fn messages(entries: Vec<v1::DossierEntry>) -> Vec<v1::DossierEntries> {
    let (mut all, mut last, mut bytes) = (Vec::new(), v1::DossierEntries::default(), 0);
    for entry in entries {
        let own = entry.encoded_len();
        if bytes + own > DOSSIER_PART_BYTES_MAX && !last.entries.is_empty() {
            all.push(std::mem::take(&mut last));
            bytes = 0;
        }
        bytes += own;
        last.entries.push(entry);
    }
    if !last.entries.is_empty() {
        all.push(last);
    }
    all
}
