//! What later replies to a question must agree with, as it is kept.

use std::fmt;

use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, StaffId};
use grondslag_core::limits::REPLIES_KEPT_MS;
use grondslag_core::reason::Reason;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::dossier;
use crate::handover::barred;
use crate::limits::EXPIRE_STEPS;
use crate::records::SubjectKey;

const PREFIX: &[u8] = b"n/f/";

/// A question whose later replies may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Followed {
    /// Who asked, and nobody else may follow.
    pub staff: StaffId,
    /// When the term ends.
    pub answer_by: Timestamp,
    /// It went out with break glass: what is recorded of it is kept so long.
    #[serde(default)]
    pub break_glass: bool,
    /// What comes of it belongs in a joint file.
    #[serde(default)]
    pub escalation: bool,
    /// Those who may still say something.
    pub targets: Vec<FollowedTarget>,
    /// By what it is found what is to be told of it; absent where nothing is.
    #[serde(default)]
    pub informs: Option<Informs>,
}

/// What a task to inform is made of, should an answer make one. The number stands with those of
/// people who were asked about, as long as the question is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Informs {
    /// About whom, as a keyed digest.
    pub person: String,
    /// In which role it was asked.
    pub role: Role,
    /// What for.
    pub purpose: Purpose,
    /// When.
    pub asked_at: Timestamp,
}

grondslag_core::unprinted!(Informs);

/// One target of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FollowedTarget {
    /// The target.
    pub oin: Oin,
    /// Epoch of the question that it took.
    pub epoch: u32,
    /// Digest of the statement in that question.
    pub statement: Digest,
    /// When it was put.
    pub asked_at: Timestamp,
    /// What the broker let through.
    pub let_through: Vec<Category>,
    /// It proved so; else this is what was asked, and it let through some of it.
    #[serde(default = "proved")]
    pub is_attested: bool,
    /// Binds a reply to the child.
    pub tag: Digest,
    /// The last reply that was shown as it came: 1, or 0 when the first did not.
    #[serde(default = "first")]
    pub shown: u32,
    /// The last reply that was recorded.
    pub last_no: u32,
}

const fn proved() -> bool {
    true
}

const fn first() -> u32 {
    FIRST_REPLY_NO
}

impl fmt::Debug for FollowedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A child could be searched by the tag.
        write!(f, "FollowedTarget({}, …)", self.oin)
    }
}

impl Followed {
    /// The write that keeps it.
    ///
    /// # Errors
    /// `INTERNAL` or `TOO_LARGE`, which a question within its bounds does not give.
    pub(crate) fn put(&self, batch: Batch, id: &InquiryId) -> Result<Batch, Reason> {
        let body = serde_json::to_vec(self).map_err(|_| Reason::Internal)?;
        parts::put_body(batch, &key(id), &body).map_err(StoreError::reason)
    }

    /// The write that keeps it instead of what was kept before.
    ///
    /// # Errors
    /// Why the store cannot be read, or those of [`Followed::put`].
    pub(crate) async fn put_again(
        &self,
        agency: &Agency,
        batch: Batch,
        id: &InquiryId,
    ) -> Result<Batch, Reason> {
        let seen = parts::read_seen(agency.store.as_ref(), &key(id)).await;
        let batch = match seen.map_err(StoreError::reason)? {
            Some(seen) => parts::delete_seen(batch, &key(id), &seen),
            None => batch,
        };
        self.put(batch, id)
    }

    /// About whom it was, as a keyed digest; nobody where nothing is to be told.
    ///
    /// # Errors
    /// `STORE_CORRUPT` for what is none.
    pub(crate) fn person(&self) -> Result<Option<SubjectKey>, Reason> {
        let Some(Informs { person, .. }) = &self.informs else { return Ok(None) };
        let person = hex::decode(person).ok().and_then(|bytes| SubjectKey::from_bytes(&bytes));
        person.map(Some).ok_or(Reason::StoreCorrupt)
    }

    /// Its asker's agency holds the case still, or asked for what it may ask afterwards.
    async fn check_held(&self, agency: &Agency) -> Result<(), Reason> {
        let Some((of, person)) = self.informs.as_ref().zip(self.person()?) else { return Ok(()) };
        barred::check(agency, (&of.role, &of.purpose), &person).await
    }

    pub(super) fn parse(seen: &Seen) -> Result<Self, Reason> {
        serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)
    }
}

/// A person's own question whose term did not end long ago, and what was read.
///
/// # Errors
/// `UNKNOWN_INQUIRY`, `HANDED_OVER`; why it cannot be read.
pub(crate) async fn own(
    agency: &Agency,
    id: &InquiryId,
    staff: &StaffId,
) -> Result<(Followed, Seen), Reason> {
    let (followed, seen) = find(agency, id).await?;
    if followed.staff != *staff {
        return Err(Reason::UnknownInquiry);
    }
    followed.check_held(agency).await?;
    if followed.escalation {
        dossier::check_held(agency, id).await?;
    }
    Ok((followed, seen))
}

async fn find(agency: &Agency, id: &InquiryId) -> Result<(Followed, Seen), Reason> {
    let seen = parts::read_seen(agency.store.as_ref(), &key(id)).await;
    let seen = seen.map_err(StoreError::reason)?.ok_or(Reason::UnknownInquiry)?;
    Ok((Followed::parse(&seen)?, seen))
}

/// Keeps how far the replies were recorded. If somebody else followed meanwhile, theirs stays.
pub(super) async fn keep(
    agency: &Agency,
    id: &InquiryId,
    seen: &Seen,
    followed: &Followed,
) -> Result<(), Reason> {
    if Followed::parse(seen)? == *followed {
        return Ok(());
    }
    let batch = parts::delete_seen(Batch::new(), &key(id), seen);
    match agency.store.commit(followed.put(batch, id)?).await {
        Err(StoreError::Conflict { .. }) => Ok(()),
        committed => committed.map_err(StoreError::reason),
    }
}

/// Forgets questions whose term ended some time ago. One that cannot be read is passed over.
///
/// # Errors
/// Those of the store; it is tried again at the next sweep.
pub(crate) async fn forget_followed(store: &dyn Store, now: Timestamp) -> Result<(), Reason> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(PREFIX, after.as_deref(), EXPIRE_STEPS).await;
        let page = page.map_err(StoreError::reason)?;
        for pair in &page {
            match forget_if_over(store, &pair.key, now).await {
                // Somebody follows it at this moment; the next sweep sees what is left.
                Ok(()) | Err(StoreError::Conflict { .. }) => {}
                Err(StoreError::Corrupt) => tracing::error!("a followed question cannot be read"),
                Err(error) => return Err(error.reason()),
            }
        }
        if page.len() < EXPIRE_STEPS {
            return Ok(());
        }
        after = page.into_iter().next_back().map(|pair| pair.key);
    }
}

async fn forget_if_over(store: &dyn Store, key: &[u8], now: Timestamp) -> Result<(), StoreError> {
    let Some(seen) = parts::read_seen(store, key).await? else { return Ok(()) };
    let followed = Followed::parse(&seen).map_err(|_| StoreError::Corrupt)?;
    if now.since_ms(followed.answer_by) <= REPLIES_KEPT_MS {
        return Ok(());
    }
    store.commit(parts::delete_seen(Batch::new(), key, &seen)).await
}

pub(super) fn key(id: &InquiryId) -> Vec<u8> {
    [PREFIX, id.as_bytes()].concat()
}
