//! The policy office of the region: rules that officers bring wait here for a colleague, are
//! published once enough have signed, and are passed on to whoever follows.
//!
//! The broker decides nothing in it. What it keeps counts by the officers' signatures, which every
//! party checks for itself; what it can do is refuse, or hold something back, and every act here is
//! a leaf of its ledger.

mod proposals;
pub(crate) mod service;
#[cfg(test)]
mod tests;

use grondslag_core::canonical::Canonical;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::officers::{Officer, OfficerSignature};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::Batch;
use grondslag_policy::publish::{Arrival, Publication, Refused};
use tokio::sync::Mutex;

use self::proposals::Proposals;
use crate::broker::Broker;
use crate::limits::{LOST_BROUGHT_MS_MAX, LOST_MADE_MS_MAX, REST_MS};

/// What became of rules that an officer brought or signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// They wait for a colleague.
    Waits(Digest),
    /// They are published under this number.
    Published(Digest, u64),
}

/// The office. One act at a time: two who approve at once do not publish twice.
#[derive(Debug, Default)]
pub(crate) struct Office {
    turn: Mutex<()>,
}

impl Office {
    /// Takes rules that an officer signed.
    ///
    /// # Errors
    /// [`Refused`]; nothing is kept then.
    pub(crate) async fn take(
        &self,
        broker: &Broker,
        via: &Oin,
        publication: Publication,
    ) -> Result<Outcome, Refused> {
        let _turn = self.turn.lock().await;
        if let Some(known) = published(broker, &publication) {
            return Ok(known);
        }
        // What was brought counts once per officer, and with what a colleague signed here.
        let mut brought = publication;
        let signatures = std::mem::take(&mut brought.signatures);
        brought.add(signatures);
        let signer = brought.signatures.last().ok_or(Reason::OfficersTooFew)?.officer.clone();
        let digest = brought.manifest.digest();
        if was_lost(broker, &brought) {
            return take_back(broker, brought, (via, &signer)).await;
        }
        at_work(broker)?;
        if let Some(mut waits) = Proposals(broker.store.as_ref()).get(&digest).await? {
            if !waits.add(brought.signatures) {
                return Ok(Outcome::Waits(digest));
            }
            brought = waits;
        }
        let lacking = broker.rules.lacking(&brought).await?;
        self.go_on(broker, brought, lacking, ("proposed", via, &signer)).await
    }

    /// Adds a colleague's signature to a proposal.
    ///
    /// # Errors
    /// `UNKNOWN_PROPOSAL`, or [`Refused`]; the proposal waits as before.
    pub(crate) async fn sign(
        &self,
        broker: &Broker,
        via: &Oin,
        digest: &Digest,
        signature: OfficerSignature,
    ) -> Result<Outcome, Refused> {
        let _turn = self.turn.lock().await;
        at_work(broker)?;
        let proposals = Proposals(broker.store.as_ref());
        let waits = proposals.get(digest).await?;
        let mut publication = waits.ok_or(Reason::UnknownProposal)?;
        let signer = signature.officer.clone();
        if !publication.add([signature]) {
            return Ok(Outcome::Waits(*digest));
        }
        let lacking = broker.rules.lacking(&publication).await?;
        self.go_on(broker, publication, lacking, ("approved", via, &signer)).await
    }

    /// Publishes what lacks nothing, and keeps the rest.
    async fn go_on(
        &self,
        broker: &Broker,
        publication: Publication,
        lacking: usize,
        act: (&'static str, &Oin, &Officer),
    ) -> Result<Outcome, Refused> {
        let proposals = Proposals(broker.store.as_ref());
        let (digest, number) = (publication.manifest.digest(), publication.manifest.number);
        if lacking > 0 {
            let (next, now) = (broker.rules.timeline().next(), broker.clock.now());
            proposals.make_place((next, now), act.2).await?;
            let state = proposals.put(&publication).await?;
            append(broker, &digest, act, state).await?;
            return Ok(Outcome::Waits(digest));
        }
        append(broker, &digest, act, Batch::new()).await?;
        broker.rules.take(publication, Arrival::Brought).await?;
        make_room(broker).await?;
        Ok(Outcome::Published(digest, number))
    }
}

/// What waited for the place of rules that were published can no longer be published.
async fn make_room(broker: &Broker) -> Result<(), Reason> {
    let (next, now) = (broker.rules.timeline().next(), broker.clock.now());
    Proposals(broker.store.as_ref()).drop_stale(next, now).await
}

/// A restored office hears first what it lost: rules that took that place would never be taken by
/// parties that went by the lost ones.
///
/// # Errors
/// `POLICY_GAP` for some minutes after a restore.
fn at_work(broker: &Broker) -> Result<(), Reason> {
    let founded = broker.foundings.founded_at();
    let resting = founded.is_some_and(|at| broker.clock.now() < at.plus_ms(REST_MS));
    if resting { Err(Reason::PolicyGap) } else { Ok(()) }
}

/// Signed by enough before this broker was restored from a backup, which did not have them, and
/// brought not long after. Only then does a moment in the past count: nodes went by them since.
fn was_lost(broker: &Broker, publication: &Publication) -> bool {
    let Publication { manifest, signatures, .. } = publication;
    let (Some(at), Some(founded)) = (broker.foundings.asked_from(), broker.foundings.founded_at())
    else {
        return false;
    };
    let window = at.plus_ms(-LOST_MADE_MS_MAX)..=at;
    window.contains(&manifest.made_at)
        && broker.clock.now() <= founded.plus_ms(LOST_BROUGHT_MS_MAX)
        && signatures.len() >= manifest.entry.signatures()
}

/// Takes rules that were published before this broker was restored.
async fn take_back(
    broker: &Broker,
    publication: Publication,
    (via, signer): (&Oin, &Officer),
) -> Result<Outcome, Refused> {
    let (digest, number) = (publication.manifest.digest(), publication.manifest.number);
    broker.rules.take(publication, Arrival::BroughtBack).await?;
    append(broker, &digest, ("brought_back", via, signer), Batch::new()).await?;
    make_room(broker).await?;
    Ok(Outcome::Published(digest, number))
}

/// Rules that were published already: nothing more comes of them.
fn published(broker: &Broker, publication: &Publication) -> Option<Outcome> {
    let digest = publication.manifest.digest();
    let timeline = broker.rules.timeline();
    let known = timeline.accepted().iter().find(|one| one.digest == digest)?;
    Some(Outcome::Published(digest, known.number))
}

/// The leaf of an act, `grondslag/leaf/policy-act/v1`: what, of which rules, by which officer,
/// through which agency, when.
async fn append(
    broker: &Broker,
    digest: &Digest,
    (word, via, officer): (&'static str, &Oin, &Officer),
    state: Batch,
) -> Result<(), Reason> {
    let leaf = Canonical::new("grondslag/leaf/policy-act/v1")
        .text(word)
        .bytes(digest.as_bytes())
        .text(&officer.to_string())
        .text(via.as_str())
        .signed(broker.clock.now().ms())
        .finish();
    let entry = Entry { about: Digest::of(&leaf), leaf, state };
    broker.ledger.append(entry).await.map(drop).map_err(LedgerError::reason)
}
