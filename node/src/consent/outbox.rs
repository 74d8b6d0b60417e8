//! Acts that are on their way: durable in the commit that writes them down, and kept until every
//! holder that they name has replied, or the act itself is forgotten.
//!
//! `no/<act>` holds what is to be sent and to whom. A reply says that the notice came, and never
//! whether the child is known there.

use std::collections::BTreeSet;

use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{ConsentId, Oin, Pseudonym, StaffId};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::act::{Act, Author, Statement, Written};
use super::brought;
use super::on_file::OnFile;
use super::store::{acts_of, entry_of};
use crate::agency::Agency;
use crate::asks::notice::Carries;
use crate::limits::PAGE;
use crate::random::random;
use crate::staff::Person;

/// Notices under way, by the act that they tell of.
pub(super) const OUTBOX: &[u8] = b"no/";

/// A notice under way.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// The child's number; this node's store alone holds it.
    pub(super) digits: String,
    /// Who sends it.
    pub(super) role: Role,
    pub(super) staff: StaffId,
    pub(super) pseudonym: Pseudonym,
    /// For the broker's count.
    notice_id: String,
    /// What is told. It is signed each time that it is sent, with the key of then.
    written: Written,
    /// Who has not replied yet.
    pub(super) to: BTreeSet<Oin>,
}

grondslag_core::unprinted!(Waiting);

impl Waiting {
    /// What is sent.
    ///
    /// # Errors
    /// `STORE_CORRUPT` for what is none; `TOO_LARGE`.
    pub(super) fn carries(&self, agency: &Agency) -> Result<Carries, Reason> {
        let id = hex::decode(&self.notice_id).ok().and_then(|id| id.try_into().ok());
        let receipt = brought::wrap(&self.written, &agency.oin, &self.digits, &agency.sign_key)?;
        Ok(Carries { notice_id: id.ok_or(Reason::StoreCorrupt)?, receipt })
    }

    /// It only closes: it goes first, and is kept also where by rule it is not brought now.
    pub(super) fn closes(&self) -> bool {
        self.written.act.closes()
    }

    /// When it was written down.
    pub(super) fn since(&self) -> Timestamp {
        self.written.recorded_at
    }

    /// After a try that reached these agencies; nothing when nobody is left.
    fn after(mut self, reached: &BTreeSet<Oin>) -> Option<Self> {
        self.to.retain(|oin| !reached.contains(oin));
        (!self.to.is_empty()).then_some(self)
    }
}

/// The writes that put an act on its way to whom it names; none for one that names nobody else.
///
/// # Errors
/// `TOO_LARGE` for one that does not fit; `INTERNAL` without randomness.
pub(super) fn put(
    agency: &Agency,
    digits: &str,
    (written, by): (&Written, &Person),
    on_file: &OnFile,
) -> Result<Batch, Reason> {
    let to = receivers(&agency.oin, &written.act, on_file);
    if to.is_empty() {
        return Ok(Batch::new());
    }
    // What does not fit is refused before it is written down.
    brought::wrap(written, &agency.oin, digits, &agency.sign_key)?;
    let waiting = Waiting {
        digits: digits.to_owned(),
        role: written.role.clone(),
        staff: by.id().clone(),
        pseudonym: by.pseudonym(),
        notice_id: hex::encode(random::<16>()?),
        written: written.clone(),
        to,
    };
    let body = serde_json::to_vec(&waiting).map_err(|_| Reason::Internal)?;
    parts::put_body(Batch::new(), &key(&written.id), &body).map_err(StoreError::reason)
}

/// Who must hear of an act: the other holders that it names; of taking something back, those that
/// the yes or no names, and who wrote it down.
fn receivers(own: &Oin, act: &Act, on_file: &OnFile) -> BTreeSet<Oin> {
    let mut to = match act {
        Act::Statement(said) => said.holders.clone(),
        act => on_file.taken_back_by(act).flat_map(|(one, said)| parties(one, said)).collect(),
    };
    to.remove(own);
    to
}

fn parties(one: &Written, said: &Statement) -> Vec<Oin> {
    let author = match &one.author {
        Author::Agency(oin) => Some(oin),
        Author::Staff(_) => None,
    };
    said.holders.iter().chain(author).cloned().collect()
}

/// The notices that are under way: what closes first, then the oldest. One that cannot be read is
/// passed over: it keeps no withdrawal of somebody else from its way.
///
/// # Errors
/// Those of the store.
pub(super) async fn under_way(store: &dyn Store) -> Result<Vec<(ConsentId, Waiting)>, Reason> {
    Ok(all(store).await?.0)
}

/// The same, and how many cannot be read.
async fn all(store: &dyn Store) -> Result<(Vec<(ConsentId, Waiting)>, u64), Reason> {
    let (mut found, mut damaged) = (Vec::new(), 0);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(OUTBOX, after.as_deref(), PAGE).await.map_err(StoreError::reason)?;
        let full = page.len() >= PAGE;
        for pair in page {
            let id = pair.key.strip_prefix(OUTBOX).unwrap_or_default();
            let read = match ConsentId::from_slice(id) {
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
            found.sort_by_key(|(_, waiting)| (!waiting.closes(), waiting.since()));
            return Ok((found, damaged));
        }
    }
}

/// A notice that is under way; none once everybody has replied.
///
/// # Errors
/// As [`under_way`].
pub(super) async fn read(
    store: &dyn Store,
    id: &ConsentId,
) -> Result<Option<(Seen, Waiting)>, Reason> {
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
pub(super) async fn reached(
    store: &dyn Store,
    id: &ConsentId,
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

/// Forgets the notices of which the act was forgotten: the child's number is kept no longer for an
/// agency that never came back, or that by rule is brought none. Says how many cannot be read, or
/// the acts of whose child cannot.
///
/// # Errors
/// As [`under_way`].
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let store = agency.store.as_ref();
    let (waiting, mut damaged) = all(store).await?;
    for (id, waiting) in waiting {
        match stands(agency, &waiting).await {
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

/// Whether what a notice tells of stands in the register still. In one that was closed for want of
/// room it may never have stood.
async fn stands(agency: &Agency, waiting: &Waiting) -> Result<bool, Reason> {
    let entry = entry_of(&agency.secret, &waiting.digits);
    let acts = acts_of(agency.store.as_ref(), &entry).await?;
    let mut acts = acts.iter().map(|one| &one.written);
    Ok(acts.any(|one| one.id == waiting.written.id || one.act == Act::Closed))
}

fn key(id: &ConsentId) -> Vec<u8> {
    [OUTBOX, id.as_bytes()].concat()
}
