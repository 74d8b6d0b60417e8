//! A question that waits for a second person.
//!
//! The second person's own program rebuilds the bytes from what it shows and signs them with the
//! person's own desk key; this node checks that signature, and vouches for the person with the
//! card's sign key. A draft lives at this node only, and ends after a week or when it is sent.

use grondslag_certs::DeskPeer;
use grondslag_core::catalogue::{Category, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, Pseudonym, StaffId, TargetId};
use grondslag_core::inquiry::{Approver, Header};
use grondslag_core::limits::APPROVERS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{approval_bytes, approval_commitment, sign, verify};
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_proto::v1;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::compose::{Cosigned, header, random};
use super::inquiries::{Stage, Summary};
use super::term::answer_by;
use super::wish::Wish;
use crate::agency::Agency;
use crate::limits::DRAFT_TTL_MS;

const PREFIX: &[u8] = b"n/d/";

/// A draft as it stands.
pub struct Draft {
    /// The inquiry.
    pub id: InquiryId,
    /// The question.
    pub wish: Wish,
    /// Its header; the times but `answer_by` are set again when it is sent.
    pub header: Header,
    /// Salt of the commitment to the child.
    pub salt: [u8; 32],
    kept: Kept,
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
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptApproval {
    staff: StaffId,
    pseudonym: Pseudonym,
    role: Role,
    mandate_until: Timestamp,
    public_key: String,
    signatures: Vec<String>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A second person who wants to approve: who they are, and in which role.
#[derive(Debug)]
pub struct Approving<'a> {
    /// From the desk certificate.
    pub peer: &'a DeskPeer,
    /// Their pseudonym outside.
    pub pseudonym: Pseudonym,
    /// The role in which they approve, which they hold.
    pub role: Role,
    /// When their mandate ends.
    pub mandate_until: Timestamp,
}

impl Draft {
    /// Keeps a new draft.
    ///
    /// # Errors
    /// Why the store did not take it.
    pub async fn create(
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
            answer_by: answer_by(now, wish.urgency, wish.term_minutes),
            cosigned: Vec::new(),
        };
        let batch = put(Batch::new(), &id, &kept)?;
        let batch = summary(&id, &kept, wish, Stage::Draft).put(batch)?;
        agency.store.commit(batch).await.map_err(StoreError::reason)?;
        Ok(id)
    }

    /// Finds a draft that has not ended.
    ///
    /// # Errors
    /// `UNKNOWN_INQUIRY`, or why it cannot be read.
    pub async fn find(agency: &Agency, id: InquiryId) -> Result<Self, Reason> {
        let body = parts::read_body(agency.store.as_ref(), &key(&id)).await;
        let body = body.map_err(StoreError::reason)?.ok_or(Reason::UnknownInquiry)?;
        let kept: Kept = serde_json::from_slice(&body).map_err(|_| Reason::StoreCorrupt)?;
        let now = agency.clock.now();
        if now.since_ms(kept.made_at) > DRAFT_TTL_MS || now >= kept.answer_by {
            return Err(Reason::UnknownInquiry);
        }
        let bytes = hex::decode(&kept.wish).map_err(|_| Reason::StoreCorrupt)?;
        let wire = v1::DeskQuestion::decode(bytes.as_slice()).map_err(|_| Reason::StoreCorrupt)?;
        let wish = Wish::parse(agency, wire).await?;
        let salt = bytes_of(&kept.salt)?;
        let header = header(agency, kept.pseudonym, &wish, now, kept.answer_by, &[]);
        Ok(Self { id, wish, header, salt, kept })
    }

    /// Whose draft it is.
    pub fn staff(&self) -> &StaffId {
        &self.kept.staff
    }

    /// Per target its id and what is asked of it, in the draft's order.
    pub fn targets(&self) -> impl Iterator<Item = (&Oin, TargetId, &[Category])> {
        let targets = self.wish.targets.iter();
        targets.map(|(oin, asked)| (oin, TargetId::derive(&self.id, oin), asked.as_slice()))
    }

    /// Takes a second person's signatures, one per target.
    ///
    /// # Errors
    /// `APPROVAL_OWN`, `APPROVAL_UNSIGNED`, `APPROVAL_ALTERED`, `TOO_LARGE`, or why the store did
    /// not take it.
    pub async fn approve(
        self,
        agency: &Agency,
        by: &Approving<'_>,
        signatures: &[Vec<u8>],
    ) -> Result<(), Reason> {
        if by.peer.staff() == self.staff() || by.pseudonym == self.header.staff {
            return Err(Reason::ApprovalOwn);
        }
        if signatures.len() != self.wish.targets.len() {
            return Err(Reason::ApprovalUnsigned);
        }
        let commitment = approval_commitment(&self.salt, self.wish.subject.expose().as_bytes());
        for ((_, target, categories), signature) in self.targets().zip(signatures) {
            let signature: &[u8; 64] =
                signature.as_slice().try_into().map_err(|_| Reason::ApprovalUnsigned)?;
            let bytes = approval_bytes(&target, &self.header, categories, &commitment);
            verify(by.peer.public_key(), &bytes, signature).map_err(|_| Reason::ApprovalAltered)?;
        }
        self.keep_approval(agency, by, signatures).await
    }

    async fn keep_approval(
        self,
        agency: &Agency,
        by: &Approving<'_>,
        signatures: &[Vec<u8>],
    ) -> Result<(), Reason> {
        let mut kept = self.kept;
        kept.cosigned.retain(|other| other.staff != *by.peer.staff());
        if kept.cosigned.len() >= APPROVERS_MAX {
            return Err(Reason::TooLarge);
        }
        kept.cosigned.push(KeptApproval {
            staff: by.peer.staff().clone(),
            pseudonym: by.pseudonym,
            role: by.role.clone(),
            mandate_until: by.mandate_until,
            public_key: hex::encode(by.peer.public_key()),
            signatures: signatures.iter().map(hex::encode).collect(),
        });
        let without = parts::delete_body(agency.store.as_ref(), Batch::new(), &key(&self.id)).await;
        let batch = put(without.map_err(StoreError::reason)?, &self.id, &kept)?;
        agency.store.commit(batch).await.map_err(StoreError::reason)
    }

    /// The second persons whose mandate still runs, vouched for by this node.
    ///
    /// # Errors
    /// `APPROVER_UNVERIFIED` when a mandate ended since, `STORE_CORRUPT`.
    pub fn cosigned(&self, agency: &Agency) -> Result<Vec<Cosigned>, Reason> {
        let now = agency.clock.now();
        let commitment = approval_commitment(&self.salt, self.wish.subject.expose().as_bytes());
        let vouch = |kept: &KeptApproval| {
            if now >= kept.mandate_until {
                return Err(Reason::ApproverUnverified);
            }
            let mut approver = Approver {
                pseudonym: kept.pseudonym,
                role: kept.role.clone(),
                mandate_until: kept.mandate_until,
                public_key: bytes_of(&kept.public_key)?,
                vouched: [0; 64],
            };
            approver.vouched = sign(&agency.sign_key, &approver.vouch_bytes(&agency.oin));
            let signatures = kept.signatures.iter().map(|text| bytes_of(text));
            let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
            Ok(Cosigned { approver, commitment, signatures })
        };
        self.kept.cosigned.iter().map(vouch).collect()
    }

    /// Takes the draft out, so that it is sent once; its line in the list then says "asked".
    ///
    /// # Errors
    /// `UNKNOWN_INQUIRY` when somebody else took it first; why the store did not take it.
    pub async fn take(self, agency: &Agency) -> Result<(Wish, Header, Summary), Reason> {
        let gone = |error| match error {
            StoreError::Conflict { .. } => Reason::UnknownInquiry,
            error => error.reason(),
        };
        let summary = summary(&self.id, &self.kept, &self.wish, Stage::Asked);
        let batch = Batch::new();
        let batch = parts::delete_body(agency.store.as_ref(), batch, &key(&self.id)).await;
        let batch = summary.put(batch.map_err(StoreError::reason)?)?;
        agency.store.commit(batch).await.map_err(gone)?;
        Ok((self.wish, self.header, summary))
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
