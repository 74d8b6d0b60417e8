//! Who may see a file, and what is fetched and recorded before they do.

use grondslag_core::answer::About;
use grondslag_core::id::{CaseId, InquiryId, Oin, StaffId};
use grondslag_core::limits::LIST_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;
use grondslag_proto::v1;
use grondslag_proto::v1::show_dossier_request::Which;
use grondslag_proto::v1::show_dossier_response::Part;
use prost::Message as _;

use super::assemble::person;
use super::{FILED, Filed, answers, find, of_case};
use crate::agency::Agency;
use crate::asks::follow::catch_up;
use crate::limits::{DOSSIER_PART_BYTES_MAX, DOSSIER_PERSONS_MAX};
use crate::recorded::{Kind, append};
use crate::rows;
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
    /// `UNKNOWN_INQUIRY` when there is none for this person; why it cannot be read, or that
    /// somebody looked cannot be recorded.
    pub(super) async fn show(
        self,
        who: &Person,
        which: Option<Which>,
    ) -> Result<Vec<Part>, Reason> {
        let filed = match which.ok_or(Reason::Malformed)? {
            Which::CaseId(id) => {
                let id = CaseId::from_slice(&id).map_err(|_| Reason::UnknownCase)?;
                of_case(self.agency, &id).await?
            }
            Which::InquiryId(id) => {
                let id = InquiryId::from_slice(&id).map_err(|_| Reason::UnknownInquiry)?;
                find(self.agency, &id).await?.into_iter().collect()
            }
        };
        let mut filed: Vec<Filed> = filed.into_iter().filter(|one| one.is_for(who.id())).collect();
        filed.sort_by_key(|one| (one.about != About::Child, std::cmp::Reverse(one.asked_at)));
        let more = filed.len() > DOSSIER_PERSONS_MAX;
        filed.truncate(DOSSIER_PERSONS_MAX);
        let first = filed.iter().map(|one| one.ends).min().ok_or(Reason::UnknownInquiry)?;
        let behind = self.fetch(&filed).await;
        self.record(who.id(), &filed).await?;
        let case = filed.first().map(|one| one.case.as_bytes().to_vec());
        let mut parts = vec![Part::Head(v1::DossierHead {
            case_id: case.unwrap_or_default(),
            reader: who.id().as_str().to_owned(),
            made_at_ms: self.agency.clock.now().ms(),
            expires_at_ms: first.ms(),
            behind: behind.map(|reason| reason.code().to_owned()).unwrap_or_default(),
            more,
        })];
        for one in &filed {
            parts.extend(self.person(one).await?);
        }
        Ok(parts)
    }

    /// A person's own escalations, newest first, and whether there are more.
    pub(super) async fn list(
        self,
        who: &StaffId,
    ) -> Result<(Vec<v1::EscalationSummary>, bool), Reason> {
        let mut own = Vec::new();
        // A row that is none is told of by the daily round.
        let take = |filed: Filed, _| own.extend(filed.is_for(who).then_some(filed));
        rows::each(self.agency.store.as_ref(), FILED, take).await?;
        own.sort_by_key(|one| std::cmp::Reverse(one.asked_at));
        let most = usize::try_from(LIST_MAX).unwrap_or(usize::MAX);
        let more = own.len() > most;
        let own = own.iter().take(most).map(|one| v1::EscalationSummary {
            inquiry_id: one.inquiry.as_bytes().to_vec(),
            case_id: one.case.as_bytes().to_vec(),
            about: one.about.to_string(),
            asked_at_ms: one.asked_at.ms(),
            answer_by_ms: one.answer_by.ms(),
            expires_at_ms: one.ends.ms(),
        });
        Ok((own.collect(), more))
    }

    /// Fetches what came since, and says why not all of it was. A question that is followed no
    /// longer has brought all that it will.
    async fn fetch(self, filed: &[Filed]) -> Option<Reason> {
        let mut behind = None;
        for one in filed {
            match catch_up(self.agency, &one.inquiry).await {
                Ok(()) | Err(Reason::UnknownInquiry) => {}
                Err(reason) => behind = Some(reason),
            }
        }
        behind
    }

    /// Which, before they are shown.
    async fn record(self, who: &StaffId, filed: &[Filed]) -> Result<(), Reason> {
        let body = Kind::DossierShown
            .canonical()
            .text(who.as_str())
            .list(filed.iter().map(|one| *one.inquiry.as_bytes()));
        append(self.agency, Kind::DossierShown, body, Batch::new()).await.map(drop)
    }

    async fn person(self, filed: &Filed) -> Result<Vec<Part>, Reason> {
        // Its first round may have ended since.
        let filed = find(self.agency, &filed.inquiry).await?.ok_or(Reason::UnknownInquiry)?;
        let came = answers(self.agency, &filed.inquiry).await?;
        let came: Vec<_> = came.into_iter().map(|(came, _)| came).collect();
        let named = |oin: &Oin| {
            let card = self.agency.directory.card(oin).ok();
            let card = card.as_ref().map(grondslag_certs::VerifiedCard::card);
            card.map(|card| (card.name.clone(), card.duty_phone.clone())).unwrap_or_default()
        };
        let (person, entries) = person(&filed, &came, &named, self.agency.clock.now());
        let entries = messages(entries).into_iter().map(Part::Entries);
        Ok([Part::Person(person)].into_iter().chain(entries).collect())
    }
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
