//! Cards in the store, and the leaf that every change of them leaves in the ledger.

use grondslag_certs::Considered;
use grondslag_core::card::SignedCard;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::{self, KeptCard};
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::limits::APPEND_MAX;
use grondslag_evidence::store::parts::{delete_body, put_body};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_proto::v1;
use prost::Message;

use super::Means;

/// Cards, by OIN.
const CARDS: &[u8] = b"c/";

/// Digest of a card with its proofs, to see whether anything of it changed.
pub(super) fn digest(signed: &SignedCard) -> Digest {
    Digest::of(&encode(signed))
}

/// Every card in the store.
pub(super) async fn load(store: &dyn Store) -> Result<Vec<SignedCard>, StoreError> {
    let kept = kept_cards(store).await?;
    kept.into_iter().map(|kept| kept.card.ok_or(StoreError::Corrupt)).collect()
}

/// Every card in a store, for who looks into it.
///
/// # Errors
/// Those of the store; a card that cannot be read is none.
pub async fn kept_cards(store: &dyn Store) -> Result<Vec<KeptCard>, StoreError> {
    audit::kept_cards(store, CARDS, decode).await
}

/// Makes changed cards durable, each with its leaf.
pub(super) async fn record(
    means: &Means,
    changed: &[&Considered],
    now: Timestamp,
) -> Result<(), Reason> {
    for some in changed.chunks(APPEND_MAX) {
        let mut entries = Vec::with_capacity(some.len());
        for card in some {
            let signed = card.signed();
            let state = replace(means.store.as_ref(), signed).await;
            entries.push(Entry {
                about: signed.card.digest(),
                leaf: card.leaf(now),
                state: state.map_err(StoreError::reason)?,
            });
        }
        let receipts = means.ledger.append_many(entries).await;
        receipts.map_err(LedgerError::reason)?;
    }
    Ok(())
}

async fn replace(store: &dyn Store, signed: &SignedCard) -> Result<Batch, StoreError> {
    let key = key(&signed.card.oin);
    let batch = delete_body(store, Batch::new(), &key).await?;
    put_body(batch, &key, &encode(signed))
}

fn key(oin: &Oin) -> Vec<u8> {
    [CARDS, oin.as_str().as_bytes()].concat()
}

fn encode(signed: &SignedCard) -> Vec<u8> {
    v1::AgencyCard::from(signed).encode_to_vec()
}

fn decode(bytes: &[u8]) -> Option<SignedCard> {
    let wire = v1::AgencyCard::decode(bytes).ok()?;
    SignedCard::try_from(wire).ok()
}
