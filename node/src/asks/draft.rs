//! A question that waits for a second person.
//!
//! The second person's own program rebuilds the bytes from what it shows and signs them with the
//! person's own desk key; this node checks that signature, and vouches for the person with the
//! card's sign key. A draft lives at this node only, and ends after a week or when it is sent.
//!
//! INVARIANT: whoever changes a draft or takes it out expects it to be the one that was read, so
//! that no approval is lost, a draft goes out once, and one that went out does not come back.

mod seen;

use std::fmt;

use grondslag_certs::Serial;
use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, StaffId, TargetId};
use grondslag_core::inquiry::{Approver, Header};
use grondslag_core::limits::APPROVERS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{approval_bytes, sign, verify};
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::retention::Kept as Retained;
use grondslag_proto::approved::commitment_of;
use grondslag_proto::v1;
use prost::Message;
use serde::{Deserialize, Serialize};

use self::seen::KeptSeen;
pub(crate) use self::seen::{Seen as IdentitySeen, Sighted, YOUNG_PERSON};
use super::compose::{Cosigned, header};
use super::inquiries::{self, Stage, Summary};
use super::second::may_approve;
use super::wish::Wish;
use crate::agency::Agency;
use crate::dossier;
use crate::inform;
use crate::limits::{APPROVE_TRIES_MAX, DRAFT_TTL_MS, EXPIRE_STEPS};
use crate::random::random;
use crate::recorded::{Kind, entry};
use crate::staff::{ActingStaff, Person, StaffError};

const PREFIX: &[u8] = b"n/d/";
const HOUR_MS: i64 = 3_600_000;

/// A draft as it stands.
pub(crate) struct Draft {
    /// The inquiry.
    pub id: InquiryId,
    /// The question.
    pub wish: Wish,
    /// Its header; the times but `answer_by` are set again when it is sent.
    pub header: Header,
    /// Salt of the commitment to the child.
    pub salt: [u8; 32],
    kept: Kept,
    seen: Seen,
}

/// A draft as it is kept. The wish is the desk's own message, so that it is parsed again.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    wish: String,
    staff: StaffId,
    pseudonym: Pseudonym,
    salt: String,
    made_at: Timestamp,
    answer_by: Timestamp,
    cosigned: Vec<KeptApproval>,
    /// Who saw the person who asks for an own view.
    #[serde(default)]
    seen: Vec<KeptSeen>,
}

/// Who signed, with which desk certificate and in which role. Whether they may still is asked of
/// the staff register when the question goes out.
#[derive(Clone, Serialize, Deserialize)]
struct KeptApproval {
    staff: StaffId,
    serial: Serial,
    role: Role,
    public_key: String,
    signatures: Vec<String>,
    /// When; a draft of an earlier version does not say.
    #[serde(default)]
    at: Timestamp,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How a draft leaves: taken out in the commit that records its question as asked, and put back
/// if the broker did not take the question.
#[derive(Debug, Clone)]
pub(crate) struct Leaving {
    /// The removal, which expects the draft that was read.
    pub out: Batch,
    back: Batch,
}

impl Draft {
    /// Keeps a new draft.
    ///
    /// # Errors
    /// Why the store did not take it.
    pub(crate) async fn create(
        agency: &Agency,
        staff: &StaffId,
        pseudonym: Pseudonym,
        wish: &Wish,
    ) -> Result<InquiryId, Reason> {
        let (id, salt) = (InquiryId::new(random()?), random::<32>()?);
        let now = agency.clock.now();
        let kept = Kept {
            wish: hex::encode(wish.to_wire().encode_to_vec()),
            staff: staff.clone(),
            pseudonym,
            salt: hex::encode(salt),
            made_at: now,
            answer_by: wish.answer_by(now),
            cosigned: Vec::new(),
            seen: Vec::new(),
        };
        let batch = put(Batch::new(), &id, &kept)?;
        let batch = summary(&id, &kept, wish, Stage::Draft).put(batch)?;
        agency.store.commit(batch).await.map_err(StoreError::reason)?;
        Ok(id)
    }

    /// A person's own draft that has not ended.
    ///
    /// # Errors
    /// `UNKNOWN_INQUIRY`, also for another person's draft; or why it cannot be read.
    pub(crate) async fn own(
        agency: &Agency,
        id: InquiryId,
        author: &StaffId,
    ) -> Result<Self, Reason> {
        Self::find(agency, id, |staff, _, _| staff == author).await
    }

    /// A draft that has not ended, for its author or somebody who may approve it.
    ///
    /// # Errors
    /// `UNKNOWN_INQUIRY`, also for a draft that is none of this person's business; or why it
    /// cannot be read.
    pub(crate) async fn shown_to(
        agency: &Agency,
        id: InquiryId,
        who: &Person,
    ) -> Result<Self, Reason> {
        let pack = agency.pack();
        let catalogue = pack.catalogue();
        let may = |role: &Role, purpose: &Purpose| {
            who.roles().iter().any(|own| may_approve(catalogue, own, role, purpose))
        };
        Self::find(agency, id, |staff, role, purpose| staff == who.id() || may(role, purpose)).await
    }

    /// Who may see it is asked before the question is parsed: parsing looks at the child's names.
    async fn find(
        agency: &Agency,
        id: InquiryId,
        may: impl FnOnce(&StaffId, &Role, &Purpose) -> bool,
    ) -> Result<Self, Reason> {
        let seen = parts::read_seen(agency.store.as_ref(), &key(&id)).await;
        let seen = seen.map_err(StoreError::reason)?.ok_or(Reason::UnknownInquiry)?;
        let kept = Kept::parse(&seen.body)?;
        let now = agency.clock.now();
        if kept.ended(now) {
            return Err(Reason::UnknownInquiry);
        }
        let wire = kept.wire()?;
        let role = Role::parse(&wire.role).map_err(|_| Reason::StoreCorrupt)?;
        let purpose = Purpose::parse(&wire.purpose).map_err(|_| Reason::StoreCorrupt)?;
        if !may(&kept.staff, &role, &purpose) {
            return Err(Reason::UnknownInquiry);
        }
        let wish = Wish::parse(agency, wire).await?;
        let salt = bytes_of(&kept.salt)?;
        let header = header(agency, kept.pseudonym, &wish, now, kept.answer_by, &[]);
        Ok(Self { id, wish, header, salt, kept, seen })
    }

    /// Whose draft it is.
    pub(crate) fn staff(&self) -> &StaffId {
        &self.kept.staff
    }

    /// Per target its id and what is asked of it, in the draft's order.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (&Oin, TargetId, &[Category])> {
        let targets = self.wish.targets.iter();
        targets.map(|(oin, asked)| (oin, TargetId::derive(&self.id, oin), asked.as_slice()))
    }

    /// Takes a second person's signatures, one per target. When somebody else changed the draft
    /// meanwhile, it is read and checked again.
    ///
    /// # Errors
    /// `APPROVAL_OWN`, `APPROVAL_UNSIGNED`, `APPROVAL_ALTERED`, `ROLE_NOT_HELD` for a role that
    /// may not approve this, `IDENTITY_UNSEEN`, `TOO_LARGE`, `UNKNOWN_INQUIRY` when it was sent
    /// meanwhile, `BUSY` when others keep changing it, or why the store did not take it.
    pub(crate) async fn approve(
        mut self,
        agency: &Agency,
        by: &ActingStaff,
        signatures: &[Vec<u8>],
    ) -> Result<(), Reason> {
        for _ in 0..APPROVE_TRIES_MAX {
            self.check_approval(agency, by, signatures)?;
            let batch = self.with_approval(by, signatures, agency.clock.now())?;
            let body = Kind::Approved.canonical().bytes(self.id.as_bytes());
            let body = body.text(by.person().id().as_str()).text(by.role().as_str());
            let body = body.signed(agency.clock.now().ms()).finish();
            let entry = entry(agency, Kind::Approved, &body, Retained::Decision, batch)?;
            match agency.ledger.append(entry).await {
                Err(LedgerError::Conflict { .. }) => {
                    self = Self::shown_to(agency, self.id, by.person()).await?;
                }
                recorded => return recorded.map(drop).map_err(LedgerError::reason),
            }
        }
        Err(Reason::Busy)
    }

    fn check_approval(
        &self,
        agency: &Agency,
        by: &ActingStaff,
        signatures: &[Vec<u8>],
    ) -> Result<(), Reason> {
        let person = by.person();
        if person.id() == self.staff() || person.pseudonym() == self.header.staff {
            return Err(Reason::ApprovalOwn);
        }
        let Wish { role, purpose, .. } = &self.wish;
        if !may_approve(agency.pack().catalogue(), by.role(), role, purpose) {
            return Err(Reason::RoleNotHeld);
        }
        self.check_seen(person)?;
        if signatures.len() != self.wish.targets.len() {
            return Err(Reason::ApprovalUnsigned);
        }
        let commitment = self.commitment();
        for ((_, target, categories), signature) in self.targets().zip(signatures) {
            let signature: &[u8; 64] =
                signature.as_slice().try_into().map_err(|_| Reason::ApprovalUnsigned)?;
            let bytes = approval_bytes(&target, &self.header, categories, &commitment);
            verify(person.public_key(), &bytes, signature).map_err(|_| Reason::ApprovalAltered)?;
        }
        Ok(())
    }

    fn with_approval(
        &self,
        by: &ActingStaff,
        signatures: &[Vec<u8>],
        at: Timestamp,
    ) -> Result<Batch, Reason> {
        let person = by.person();
        let mut kept = self.kept.clone();
        kept.cosigned.retain(|other| other.staff != *person.id());
        if kept.cosigned.len() >= APPROVERS_MAX {
            return Err(Reason::TooLarge);
        }
        kept.cosigned.push(KeptApproval {
            staff: person.id().clone(),
            serial: person.serial().clone(),
            role: by.role().clone(),
            public_key: hex::encode(person.public_key()),
            signatures: signatures.iter().map(hex::encode).collect(),
            at,
        });
        put(parts::delete_seen(Batch::new(), &key(&self.id), &self.seen), &self.id, &kept)
    }

    /// A co-signature under an escalation holds for some hours: what was serious then may not be so
    /// any more.
    fn is_stale(&self, agency: &Agency, kept: &KeptApproval) -> bool {
        let hours = agency.pack().catalogue().escalation().approval_hours;
        let until = kept.at.plus_ms(i64::from(hours).saturating_mul(HOUR_MS));
        self.wish.escalation.is_some() && agency.clock.now() >= until
    }

    /// Half of the term is for the agencies: it began when the draft was made, and is signed.
    ///
    /// # Errors
    /// `ESCALATION_LATE` when less of it is left.
    pub(crate) fn check_term(&self, now: Timestamp) -> Result<(), Reason> {
        let Kept { made_at, answer_by, .. } = self.kept;
        let late = answer_by.since_ms(now).saturating_mul(2) < answer_by.since_ms(made_at);
        if late && self.wish.escalation.is_some() { Err(Reason::EscalationLate) } else { Ok(()) }
    }

    fn commitment(&self) -> Digest {
        commitment_of(&self.salt, &self.wish.to_wire())
    }

    /// The second persons, vouched for by this node. Each is looked up in the staff register
    /// again: who may not act any more does not count.
    ///
    /// # Errors
    /// `APPROVER_UNVERIFIED` when a person or their certificate was revoked, the mandate ended or
    /// the role was withdrawn since; `APPROVAL_STALE`; `STORE_CORRUPT`, or why the
    /// register cannot be read.
    pub(crate) async fn cosigned(&self, agency: &Agency) -> Result<Vec<Cosigned>, Reason> {
        let mut all = Vec::new();
        for kept in &self.kept.cosigned {
            if self.is_stale(agency, kept) {
                continue;
            }
            let acting = kept.acting(agency).await?;
            let mut approver = Approver {
                pseudonym: acting.person().pseudonym(),
                role: acting.role().clone(),
                mandate_until: acting.person().mandate_until(),
                public_key: *acting.person().public_key(),
                vouched: [0; 64],
            };
            approver.vouched = sign(&agency.sign_key, &approver.vouch_bytes(&agency.oin));
            let signatures = kept.signatures.iter().map(|text| bytes_of(text));
            let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
            let (staff, commitment) = (kept.staff.clone(), self.commitment());
            all.push(Cosigned { staff, approver, commitment, signatures });
        }
        if all.is_empty() && !self.kept.cosigned.is_empty() {
            return Err(Reason::ApprovalStale);
        }
        Ok(all)
    }

    /// How it leaves, and the question's line once it has.
    ///
    /// # Errors
    /// `TOO_LARGE` or `INTERNAL`, which a draft that was kept does not give.
    pub(crate) fn leave(self) -> Result<(Wish, Header, Summary, Leaving), Reason> {
        let line = |stage| summary(&self.id, &self.kept, &self.wish, stage);
        let key = key(&self.id);
        let out = parts::delete_seen(Batch::new(), &key, &self.seen);
        let back = parts::put_body(Batch::new(), &key, &self.seen.body);
        let back = line(Stage::Draft).put(back.map_err(StoreError::reason)?)?;
        let asked = line(Stage::Asked);
        Ok((self.wish, self.header, asked, Leaving { out, back }))
    }
}

/// The broker did not take a question: its draft is back with its approvals and may be sent again
/// under the same id, and a question without one has failed. A conflict says that the broker took
/// it before: then the draft stays out.
pub(crate) async fn not_taken(
    agency: &Agency,
    mut summary: Summary,
    leaving: Option<Leaving>,
    why: Reason,
) {
    if why != Reason::ReplayConflict
        && let Err(reason) = inform::did_not_leave(agency, &summary.id).await
    {
        tracing::error!(reason = reason.code(), "a task of a question that did not go out stays");
    }
    let kept = match leaving {
        Some(leaving) if why != Reason::ReplayConflict => {
            match dossier::without(agency, leaving.back, &summary.id).await {
                Ok(back) => agency.store.commit(back).await.map_err(StoreError::reason),
                Err(reason) => Err(reason),
            }
        }
        _ => {
            summary.stage = Stage::Failed;
            inquiries::update(agency, &summary).await
        }
    };
    if let Err(reason) = kept {
        tracing::error!(reason = reason.code(), "a question that did not go out was not kept");
    }
}

/// Forgets drafts that have ended, and says how many. Their lines then say so.
///
/// # Errors
/// Those of the store. A draft that cannot be read is passed over.
pub(crate) async fn forget_ended(store: &dyn Store, now: Timestamp) -> Result<usize, StoreError> {
    let mut forgotten = 0;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(PREFIX, after.as_deref(), EXPIRE_STEPS).await?;
        for pair in &page {
            match forget_if_ended(store, &pair.key, now).await {
                Ok(gone) => forgotten += usize::from(gone),
                // Somebody was faster; the next sweep sees what is left.
                Err(StoreError::Conflict { .. }) => {}
                Err(StoreError::Corrupt) => tracing::error!("a draft cannot be read"),
                Err(error) => return Err(error),
            }
        }
        let full = page.len() >= EXPIRE_STEPS;
        after = page.into_iter().next_back().map(|pair| pair.key);
        if !full {
            return Ok(forgotten);
        }
    }
}

async fn forget_if_ended(
    store: &dyn Store,
    key: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(seen) = parts::read_seen(store, key).await? else {
        return Ok(false);
    };
    let kept = Kept::parse(&seen.body).map_err(|_| StoreError::Corrupt)?;
    if !kept.ended(now) {
        return Ok(false);
    }
    let id = key.strip_prefix(PREFIX).and_then(|id| InquiryId::from_slice(id).ok());
    let id = id.ok_or(StoreError::Corrupt)?;
    let batch = parts::delete_seen(Batch::new(), key, &seen);
    let batch = inquiries::restage(store, batch, &id, kept.made_at, Stage::Ended).await?;
    store.commit(batch).await?;
    Ok(true)
}

impl Kept {
    fn parse(body: &[u8]) -> Result<Self, Reason> {
        serde_json::from_slice(body).map_err(|_| Reason::StoreCorrupt)
    }

    fn wire(&self) -> Result<v1::DeskQuestion, Reason> {
        let bytes = hex::decode(&self.wish).map_err(|_| Reason::StoreCorrupt)?;
        v1::DeskQuestion::decode(bytes.as_slice()).map_err(|_| Reason::StoreCorrupt)
    }

    fn ended(&self, now: Timestamp) -> bool {
        now.since_ms(self.made_at) > DRAFT_TTL_MS || now >= self.answer_by
    }
}

impl KeptApproval {
    /// The person in their role, if both still hold.
    async fn acting(&self, agency: &Agency) -> Result<ActingStaff, Reason> {
        let key = bytes_of(&self.public_key)?;
        let now = agency.clock.now();
        // The certificate was verified at the desk when it signed.
        let person = agency.staff.admit(&self.staff, &self.serial, &key, now).await;
        let acting = person.and_then(|person| person.as_role(&self.role));
        acting.map_err(|error| match error {
            StaffError::Store(_) | StaffError::Damaged => error.reason(),
            _ => Reason::ApproverUnverified,
        })
    }
}

fn summary(id: &InquiryId, kept: &Kept, wish: &Wish, stage: Stage) -> Summary {
    Summary {
        id: *id,
        asked_at: kept.made_at,
        staff: kept.staff.clone(),
        role: wish.role.clone(),
        purpose: wish.purpose.clone(),
        targets: u32::try_from(wish.targets.len()).unwrap_or(u32::MAX),
        replied: 0,
        stage,
    }
}

fn key(id: &InquiryId) -> Vec<u8> {
    [PREFIX, id.as_bytes()].concat()
}

fn put(batch: Batch, id: &InquiryId, kept: &Kept) -> Result<Batch, Reason> {
    let body = serde_json::to_vec(kept).map_err(|_| Reason::Internal)?;
    parts::put_body(batch, &key(id), &body).map_err(StoreError::reason)
}

fn bytes_of<const N: usize>(text: &str) -> Result<[u8; N], Reason> {
    let bytes = hex::decode(text).map_err(|_| Reason::StoreCorrupt)?;
    bytes.try_into().map_err(|_| Reason::StoreCorrupt)
}

#[cfg(test)]
mod tests;
