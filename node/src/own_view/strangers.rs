//! People about whom this agency asked, enrolled beside its clients (domain 4a.31: the second
//! index).
//!
//! `wp/<person, keyed>` holds the moment of the last question, so that who is asked about anew is
//! not taken for who was, and the number. They are enrolled beside the clients, so that a blind
//! question can meet them. Who is met so has an own view and nothing else: to any other question
//! they are not known here.

use std::sync::Arc;

use async_trait::async_trait;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_subject::Bsn;

use super::asked;
use crate::agency::Agency;
use crate::limits::PAGE;
use crate::records::{Dossier, Register, SourceFault, SubjectKey};
use crate::secret::NodeSecret;

/// People about whom somebody asked, by the agency's own keyed digest.
const PEOPLE: &[u8] = b"wp/";

/// Adds to a batch that somebody is asked about.
pub(crate) fn put(batch: Batch, secret: &NodeSecret, number: &Bsn, at: Timestamp) -> Batch {
    let row = [at.ms().to_be_bytes().as_slice(), number.expose().as_bytes()].concat();
    batch.put(key(&SubjectKey::of(secret, number)), row)
}

/// The number of somebody about whom this agency asked.
///
/// # Errors
/// `STORE_CORRUPT` for a row that is none; else those of the store.
pub(crate) async fn find(
    store: &dyn Store,
    subject: &SubjectKey,
) -> Result<Option<Bsn>, StoreError> {
    let value = store.get(&key(subject)).await?;
    value.map(|value| parse(&value).ok_or(StoreError::Corrupt)).transpose()
}

fn key(subject: &SubjectKey) -> Vec<u8> {
    [PEOPLE, subject.as_bytes()].concat()
}

fn parse(value: &[u8]) -> Option<Bsn> {
    let (_moment, digits) = value.split_first_chunk::<8>()?;
    Bsn::parse(std::str::from_utf8(digits).ok()?).ok()
}

/// A page of them, and where to go on.
async fn page(
    store: &dyn Store,
    after: Option<&[u8]>,
) -> Result<(Vec<(Vec<u8>, Vec<u8>)>, Option<Vec<u8>>), StoreError> {
    let page = store.scan(PEOPLE, after, PAGE).await?;
    let next = page.last().filter(|_| page.len() >= PAGE).map(|last| last.key.clone());
    Ok((page.into_iter().map(|pair| (pair.key, pair.value)).collect(), next))
}

/// Forgets people of whom no question is kept any more, and says how many rows are none.
///
/// # Errors
/// Those of the store.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let store = agency.store.as_ref();
    let (mut after, mut damaged) = (None::<Vec<u8>>, 0);
    loop {
        let (people, next) = page(store, after.as_deref()).await.map_err(StoreError::reason)?;
        for (key, value) in people {
            let Some(number) = parse(&value) else {
                damaged += 1;
                continue;
            };
            let kept = asked::is_kept(store, &agency.secret, number.expose()).await;
            if kept.map_err(StoreError::reason)? {
                continue;
            }
            // Whoever is asked about at this moment stays.
            let gone = Batch::new().expect_value(key.as_slice(), value).delete(key);
            match store.commit(gone).await {
                Ok(()) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.reason()),
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(damaged),
        }
    }
}

/// Whom an index covers: the clients of the register, and who was asked about.
#[derive(Debug)]
pub(crate) struct Enrolled {
    clients: Arc<dyn Register>,
    store: Arc<dyn Store>,
    secret: Arc<NodeSecret>,
}

impl Enrolled {
    /// The clients of this register, and whom this store says was asked about.
    pub(crate) fn new(
        clients: Arc<dyn Register>,
        store: Arc<dyn Store>,
        secret: Arc<NodeSecret>,
    ) -> Self {
        Self { clients, store, secret }
    }
}

#[async_trait]
impl Register for Enrolled {
    async fn subjects(&self) -> Result<Vec<SubjectKey>, SourceFault> {
        self.clients.subjects().await
    }

    async fn strangers(&self) -> Result<Vec<SubjectKey>, SourceFault> {
        let (mut all, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let (people, next) = page(self.store.as_ref(), after.as_deref()).await?;
            for (key, _) in people {
                let subject = key.strip_prefix(PEOPLE).and_then(SubjectKey::from_bytes);
                all.push(subject.ok_or(SourceFault::Damaged)?);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn number(&self, key: &SubjectKey) -> Result<Option<Bsn>, SourceFault> {
        if let Some(number) = self.clients.number(key).await? {
            return Ok(Some(number));
        }
        Ok(find(self.store.as_ref(), key).await?)
    }

    async fn dossier(&self, key: &SubjectKey) -> Result<Option<Dossier>, SourceFault> {
        self.clients.dossier(key).await
    }

    /// Only with a question about them behind it.
    async fn stranger(&self, key: &SubjectKey) -> Result<Option<Bsn>, SourceFault> {
        let Some(number) = find(self.store.as_ref(), key).await? else { return Ok(None) };
        let asked = asked::is_kept(self.store.as_ref(), &self.secret, number.expose()).await?;
        Ok(asked.then_some(number))
    }
}
