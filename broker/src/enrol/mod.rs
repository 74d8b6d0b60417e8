//! Enrolment toward nodes: who may enrol, and that a batch is answered the same twice.

pub(crate) mod service;

use grondslag_core::blind::enrolment::{Batch, digest_of};
use grondslag_core::blind::{BlindError, Element, Evaluated, enrolment};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::limits::SPOT_CHECK_BATCHES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::verify;
use grondslag_evidence::store::{self, Store, StoreError};
use grondslag_proto::epoch::points;
use grondslag_proto::v1;

use crate::broker::Broker;
use crate::keyholder::Enrolling;
use crate::limits::COUNTERS_PAGE;

/// Batches that were taken, by epoch, node and number.
const PREFIX: &str = "en/";

/// Takes one batch of a node through every key holder.
///
/// # Errors
/// `NO_BSN_RIGHT` for a kind that may not process the number (UAVG 46), `EPOCH_STALE`,
/// `REPLAY_CONFLICT` for another batch under a number that was used, `QUOTA_EXCEEDED`,
/// `BLIND_INVALID`, or why it could not be recorded.
pub(crate) async fn enrol(
    broker: &Broker,
    node: &Oin,
    request: v1::EnrolRequest,
) -> Result<Vec<Evaluated>, Reason> {
    let card = broker.directory.card(node)?;
    if !broker.rules.now().catalogue().has_bsn_right(&card.card().kind) {
        return Err(Reason::NoBsnRight);
    }
    broker.epochs.check_enrolled(request.epoch)?;
    let points = points(&request.points)?;
    enrolment::check_count(&points).map_err(BlindError::reason)?;
    let own = card.keys()?.own;
    let links = broker.chain.links(request.epoch, node, &own).await?;
    // Every batch has a point at least: no honest node comes to this number.
    if request.number >= broker.points_per_epoch {
        return Err(Reason::QuotaExceeded);
    }
    let signature = signed(broker, &card.card().sign_key, node, &request, &points)?;
    let (epoch, number) = (request.epoch, request.number);
    note(broker, node, epoch, number, &Noted::of(&points)).await?;
    let batch = Enrolling { epoch, node: node.clone(), number, farther: None, points, signature };
    broker.chain.evaluate(batch, &links).await
}

/// Nobody enrols in another's name, also not this broker: a holder elsewhere looks too.
fn signed(
    broker: &Broker,
    key: &[u8; 32],
    node: &Oin,
    request: &v1::EnrolRequest,
    points: &[Element],
) -> Result<[u8; 64], Reason> {
    let signature = request.signature.as_slice().try_into().map_err(|_| Reason::Malformed)?;
    let (region, epoch, number) = (broker.region.as_str(), request.epoch, request.number);
    let bytes = enrolment::signed_bytes(&Batch { region, epoch, node, number }, points);
    verify(key, &bytes, &signature).map_err(|_| Reason::StatementInvalid)?;
    Ok(signature)
}

/// What is noted of a batch before it is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Noted {
    digest: Digest,
    points: u64,
}

impl Noted {
    fn of(points: &[Element]) -> Self {
        let count = u64::try_from(points.len()).unwrap_or(u64::MAX);
        Self { digest: digest_of(points), points: count }
    }

    fn bytes(&self) -> Vec<u8> {
        [self.digest.as_bytes().as_slice(), &self.points.to_be_bytes()].concat()
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (digest, points) = value.split_first_chunk()?;
        let points = u64::from_be_bytes(points.try_into().ok()?);
        Some(Self { digest: Digest::new(*digest), points })
    }
}

fn prefix(epoch: u32, node: &Oin) -> String {
    format!("{PREFIX}{epoch:010}/{node}/")
}

fn key(epoch: u32, node: &Oin, number: u64) -> Vec<u8> {
    [prefix(epoch, node).as_bytes(), &number.to_be_bytes()].concat()
}

/// A number belongs to one batch: what was evaluated under it is what the ledgers say.
async fn note(
    broker: &Broker,
    node: &Oin,
    epoch: u32,
    number: u64,
    noted: &Noted,
) -> Result<(), Reason> {
    let key = key(epoch, node, number);
    let batch =
        store::Batch::new().expect_absent(key.as_slice()).put(key.as_slice(), noted.bytes());
    match broker.store.commit(batch).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict { .. }) => {
            let found = broker.store.get(&key).await.map_err(StoreError::reason)?;
            let same = found.as_deref() == Some(noted.bytes().as_slice());
            if same { Ok(()) } else { Err(Reason::ReplayConflict) }
        }
        Err(error) => Err(error.reason()),
    }
}

/// What was noted of a node's own batches: it holds digests and counts, and no point.
///
/// # Errors
/// `TOO_LARGE` for more numbers than a spot check draws from, or why the store cannot be read.
pub(crate) async fn show(
    broker: &Broker,
    node: &Oin,
    request: &v1::ShowBatchesRequest,
) -> Result<v1::ShowBatchesResponse, Reason> {
    let v1::ShowBatchesRequest { epoch, numbers } = request;
    if numbers.len() > SPOT_CHECK_BATCHES_MAX {
        return Err(Reason::TooLarge);
    }
    let mut shown = v1::ShowBatchesResponse::default();
    let (prefix, mut after) = (prefix(*epoch, node), None::<Vec<u8>>);
    // The quota bounds how many there are.
    loop {
        let page = broker.store.scan(prefix.as_bytes(), after.as_deref(), COUNTERS_PAGE).await;
        let page = page.map_err(StoreError::reason)?;
        for pair in &page {
            let noted = Noted::parse(&pair.value).ok_or(Reason::StoreCorrupt)?;
            shown.batches = shown.batches.saturating_add(1);
            shown.points = shown.points.saturating_add(noted.points);
        }
        match page.into_iter().next_back() {
            Some(last) => after = Some(last.key),
            None => break,
        }
    }
    for number in numbers {
        let value = broker.store.get(&key(*epoch, node, *number)).await;
        let value = value.map_err(StoreError::reason)?;
        let noted = value.map(|value| Noted::parse(&value).ok_or(Reason::StoreCorrupt));
        let digest = noted.transpose()?.map(|noted| noted.digest.as_bytes().to_vec());
        shown.digests.push(digest.unwrap_or_default());
    }
    Ok(shown)
}

/// Forgets the batches and counters of an epoch whose factors are gone.
///
/// # Errors
/// Those of the store.
pub(crate) async fn forget(store: &dyn Store, epoch: u32) -> Result<(), Reason> {
    for prefix in [format!("{PREFIX}{epoch:010}/"), format!("he/{epoch}/")] {
        loop {
            let page = store.scan(prefix.as_bytes(), None, COUNTERS_PAGE).await;
            let page = page.map_err(StoreError::reason)?;
            if page.is_empty() {
                break;
            }
            let batch =
                page.into_iter().fold(store::Batch::new(), |batch, pair| batch.delete(pair.key));
            store.commit(batch).await.map_err(StoreError::reason)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
