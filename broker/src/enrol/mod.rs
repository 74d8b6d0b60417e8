//! Enrolment toward nodes: who may enrol, and that a batch is answered the same twice.

pub(crate) mod service;

use grondslag_core::blind::enrolment::{Batch, digest_of};
use grondslag_core::blind::{BlindError, Element, Evaluated, enrolment};
use grondslag_core::id::{Digest, Oin};
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
    if !broker.pack.catalogue().has_bsn_right(&card.card().kind) {
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
    note(broker, node, request.epoch, request.number, &digest_of(&points)).await?;
    let (epoch, number) = (request.epoch, request.number);
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

/// A number belongs to one batch: what was evaluated under it is what the ledgers say.
async fn note(
    broker: &Broker,
    node: &Oin,
    epoch: u32,
    number: u64,
    digest: &Digest,
) -> Result<(), Reason> {
    let key = [format!("{PREFIX}{epoch:010}/{node}/").as_bytes(), &number.to_be_bytes()].concat();
    let batch =
        store::Batch::new().expect_absent(key.as_slice()).put(key.as_slice(), digest.as_bytes());
    match broker.store.commit(batch).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict { .. }) => {
            let found = broker.store.get(&key).await.map_err(StoreError::reason)?;
            let same = found.as_deref() == Some(digest.as_bytes().as_slice());
            if same { Ok(()) } else { Err(Reason::ReplayConflict) }
        }
        Err(error) => Err(error.reason()),
    }
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
