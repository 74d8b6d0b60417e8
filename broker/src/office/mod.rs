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
use grondslag_policy::publish::{Publication, Refused};
use tokio::sync::Mutex;

use self::proposals::Proposals;
use crate::broker::Broker;

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
        mut publication: Publication,
    ) -> Result<Outcome, Refused> {
        let _turn = self.turn.lock().await;
        let signer = publication.signatures.last().ok_or(Reason::OfficersTooFew)?.officer.clone();
        let waits = Proposals(broker.store.as_ref()).get(&publication.manifest.digest()).await?;
        // A colleague may have brought the same rules instead of signing them here.
        publication.signatures.extend(waits.into_iter().flat_map(|waits| waits.signatures));
        let lacking = broker.rules.lacking(&publication).await?;
        self.go_on(broker, publication, lacking, ("proposed", via, &signer)).await
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
        let proposals = Proposals(broker.store.as_ref());
        let waits = proposals.get(digest).await?;
        let mut publication = waits.ok_or(Reason::UnknownProposal)?;
        let signer = signature.officer.clone();
        publication.signatures.push(signature);
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
            proposals.make_place(broker.rules.timeline().next()).await?;
            let state = proposals.put(&publication).await?;
            append(broker, &digest, act, state).await?;
            return Ok(Outcome::Waits(digest));
        }
        append(broker, &digest, act, Batch::new()).await?;
        broker.rules.take(publication, Some(broker.clock.now())).await?;
        // What waited for the same place can no longer be published.
        proposals.drop_stale(broker.rules.timeline().next()).await?;
        Ok(Outcome::Published(digest, number))
    }
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
