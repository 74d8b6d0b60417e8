//! Notices that are on their way: durable in the commit of what they tell of, and kept until every
//! agency that they are for has replied, or what they tell of is itself forgotten.
//!
//! `no/<number>` holds what is to be sent and to whom. A reply says that the notice came, and never
//! whether the person is known there.

use std::collections::BTreeSet;

use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, Pseudonym, StaffId};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::notice::{self, Codes};
use grondslag_proto::v1;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::asks::notice::Carries;
use crate::consent::act::Written;
use crate::consent::{self as consents, brought};
use crate::limits::PAGE;
use crate::random::random;
use crate::rights::{self, Message};

/// Notices under way, by the number of what they tell of.
const OUTBOX: &[u8] = b"no/";

/// Where a notice stands, among those under way.
pub(crate) type Place = [u8; 16];

/// What a notice tells of.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum News {
    /// What somebody said, or took back.
    Consent(Box<Written>),
    /// What somebody asks about their data, or what came of it.
    Right(Message),
}

impl News {
    /// What it is to the rules.
    pub(crate) const fn codes(&self) -> Codes {
        match self {
            Self::Consent(_) => notice::CONSENT,
            Self::Right(_) => notice::RIGHTS,
        }
    }

    /// It only closes, or mends: it goes first, and is kept also where by rule it is not brought
    /// now.
    fn closes(&self) -> bool {
        match self {
            Self::Consent(written) => written.act.closes(),
            Self::Right(_) => true,
        }
    }

    /// When it was written down.
    fn since(&self) -> Timestamp {
        match self {
            Self::Consent(written) => written.recorded_at,
            Self::Right(message) => message.at,
        }
    }

    fn place(&self) -> Place {
        match self {
            Self::Consent(written) => *written.id.as_bytes(),
            Self::Right(message) => *message.id.as_bytes(),
        }
    }

    /// Signed, each time that it is sent, with the key of then.
    fn sign(&self, agency: &Agency, digits: &str) -> Result<v1::SignedNotice, Reason> {
        match self {
            Self::Consent(written) => brought::wrap(written, &agency.oin, digits, &agency.sign_key),
            Self::Right(message) => message.sign(&agency.oin, digits, &agency.sign_key),
        }
    }

    /// Whether what it tells of stands here still.
    async fn stands(&self, agency: &Agency, digits: &str) -> Result<bool, Reason> {
        match self {
            Self::Consent(written) => consents::stands(agency, digits, written).await,
            Self::Right(message) => rights::stands(agency, message).await,
        }
    }
}

/// A notice under way.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// The person's number; this node's store alone holds it.
    pub(crate) digits: String,
    /// Who sends it.
    pub(crate) role: Role,
    pub(crate) staff: StaffId,
    pub(crate) pseudonym: Pseudonym,
    /// For the broker's count.
    notice_id: String,
    /// What is told.
    pub(crate) news: News,
    /// Who has not replied yet.
    pub(crate) to: BTreeSet<Oin>,
}

grondslag_core::unprinted!(News Waiting);

/// Who sends a notice.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Sender {
    /// In which role.
    pub(crate) role: Role,
    /// Inside the agency.
    pub(crate) staff: StaffId,
    /// Outside it.
    pub(crate) pseudonym: Pseudonym,
}

impl Waiting {
    /// What is sent.
    ///
    /// # Errors
    /// `STORE_CORRUPT` for what is none; `TOO_LARGE`.
    pub(super) fn carries(&self, agency: &Agency) -> Result<Carries, Reason> {
        let id = hex::decode(&self.notice_id).ok().and_then(|id| id.try_into().ok());
        let notice = self.news.sign(agency, &self.digits)?;
        Ok(Carries { notice_id: id.ok_or(Reason::StoreCorrupt)?, codes: self.news.codes(), notice })
    }

    /// As [`News::closes`].
    pub(crate) fn closes(&self) -> bool {
        self.news.closes()
    }

    /// After a try that reached these agencies; nothing when nobody is left.
    fn after(mut self, reached: &BTreeSet<Oin>) -> Option<Self> {
        self.to.retain(|oin| !reached.contains(oin));
        (!self.to.is_empty()).then_some(self)
    }
}

/// Adds to a batch what puts news on its way; nothing for news that is for nobody.
///
/// # Errors
/// `TOO_LARGE` for what does not fit; `INTERNAL` without randomness.
pub(crate) fn put(
    batch: Batch,
    agency: &Agency,
    (digits, news): (&str, News),
    by: Sender,
    to: BTreeSet<Oin>,
) -> Result<Batch, Reason> {
    if to.is_empty() {
        return Ok(batch);
    }
    // What does not fit is refused before it is written down.
    news.sign(agency, digits)?;
    let (place, Sender { role, staff, pseudonym }) = (news.place(), by);
    let waiting = Waiting {
        digits: digits.to_owned(),
        role,
        staff,
        pseudonym,
        notice_id: hex::encode(random::<16>()?),
        news,
        to,
    };
    let body = serde_json::to_vec(&waiting).map_err(|_| Reason::Internal)?;
    parts::put_body(batch, &key(&place), &body).map_err(StoreError::reason)
}

/// The notices that are under way: what closes first, then the oldest. One that cannot be read is
/// passed over: it keeps no withdrawal of somebody else from its way.
///
/// # Errors
/// Those of the store.
pub(crate) async fn under_way(store: &dyn Store) -> Result<Vec<(Place, Waiting)>, Reason> {
    Ok(all(store).await?.0)
}

/// The same, and how many cannot be read.
async fn all(store: &dyn Store) -> Result<(Vec<(Place, Waiting)>, u64), Reason> {
    let (mut found, mut damaged) = (Vec::new(), 0);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(OUTBOX, after.as_deref(), PAGE).await.map_err(StoreError::reason)?;
        let full = page.len() >= PAGE;
        for pair in page {
            let id = pair.key.strip_prefix(OUTBOX).unwrap_or_default();
            let read = match Place::try_from(id) {
                Ok(id) => read(store, &id).await.map(|read| read.map(|(_, one)| (id, one))),
                Err(_) => Err(Reason::StoreCorrupt),
            };
            match read {
                Err(Reason::StoreCorrupt) => damaged += 1,
                read => found.extend(read?),
            }
            after = Some(pair.key);
        }
        if !full {
            found.sort_by_key(|(_, waiting)| (!waiting.closes(), waiting.news.since()));
            return Ok((found, damaged));
        }
    }
}

/// A notice that is under way; none once everybody has replied.
///
/// # Errors
/// As [`under_way`].
pub(crate) async fn read(store: &dyn Store, id: &Place) -> Result<Option<(Seen, Waiting)>, Reason> {
    let Some(seen) = parts::read_seen(store, &key(id)).await.map_err(StoreError::reason)? else {
        return Ok(None);
    };
    let waiting = serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)?;
    Ok(Some((seen, waiting)))
}

/// Notes whom a try reached.
///
/// # Errors
/// As [`under_way`].
pub(crate) async fn reached(
    store: &dyn Store,
    id: &Place,
    by: &BTreeSet<Oin>,
) -> Result<(), Reason> {
    if by.is_empty() {
        return Ok(());
    }
    let Some((seen, waiting)) = read(store, id).await? else { return Ok(()) };
    let mut batch = parts::delete_seen(Batch::new(), &key(id), &seen);
    if let Some(left) = waiting.after(by) {
        let body = serde_json::to_vec(&left).map_err(|_| Reason::Internal)?;
        batch = parts::put_body(batch, &key(id), &body).map_err(StoreError::reason)?;
    }
    store.commit(batch).await.map_err(StoreError::reason)
}

/// Forgets the notices of which the act was forgotten: the number is kept no longer for an agency
/// that never came back, or that by rule is brought none. Says how many cannot be read, or what
/// they tell of cannot.
///
/// # Errors
/// As [`under_way`].
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let store = agency.store.as_ref();
    let (waiting, mut damaged) = all(store).await?;
    for (id, waiting) in waiting {
        match waiting.news.stands(agency, &waiting.digits).await {
            Ok(false) => {}
            Ok(true) => continue,
            Err(Reason::StoreCorrupt) => {
                damaged += 1;
                continue;
            }
            Err(reason) => return Err(reason),
        }
        if let Some((seen, _)) = read(store, &id).await? {
            let batch = parts::delete_seen(Batch::new(), &key(&id), &seen);
            store.commit(batch).await.map_err(StoreError::reason)?;
            tracing::warn!(to = waiting.to.len(), "a notice never came and was forgotten");
        }
    }
    Ok(damaged)
}

fn key(id: &Place) -> Vec<u8> {
    [OUTBOX, id].concat()
}
