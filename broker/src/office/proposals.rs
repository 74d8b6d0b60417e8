//! Rules that wait for a colleague.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::officers::Officer;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::publish::Publication;
use grondslag_runtime::rules::pieces;

use crate::limits::{PROPOSALS_MAX, PROPOSALS_OF_ONE_MAX};

/// Key prefix of the proposals themselves.
const BODY: &[u8] = b"po/";
/// Key prefix of which there are.
const LISTED: &[u8] = b"pi/";

/// The proposals of a store.
pub(super) struct Proposals<'a>(pub(super) &'a dyn Store);

impl Proposals<'_> {
    /// Everything that waits, oldest first.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) async fn all(&self) -> Result<Vec<Publication>, Reason> {
        let mut all = Vec::new();
        for digest in self.listed().await? {
            all.extend(self.get(&digest).await?);
        }
        all.sort_by_key(|one| one.manifest.made_at);
        Ok(all)
    }

    /// One of them.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) async fn get(&self, digest: &Digest) -> Result<Option<Publication>, Reason> {
        let bytes = pieces::get(self.0, &key(BODY, digest)).await?;
        bytes.map(|bytes| Publication::decode(&bytes).map_err(|_| Reason::StoreCorrupt)).transpose()
    }

    /// Keeps one; the batch that makes it count is given back.
    pub(super) async fn put(&self, publication: &Publication) -> Result<Batch, Reason> {
        let digest = publication.manifest.digest();
        let head = pieces::put(self.0, &key(BODY, &digest), &publication.encode()?).await?;
        Ok(head.put(key(LISTED, &digest), b""))
    }

    /// Sees to it that one more of an officer can be kept.
    ///
    /// # Errors
    /// `PROPOSALS_FULL` when so many wait that could still be published, of all or of this one.
    pub(super) async fn make_place(
        &self,
        (next, now): ((u64, Digest), Timestamp),
        officer: &Officer,
    ) -> Result<(), Reason> {
        self.drop_stale(next, now).await?;
        let waiting = self.all().await?;
        let first =
            |one: &&Publication| one.signatures.first().is_some_and(|one| one.officer == *officer);
        let of_officer = waiting.iter().filter(first).count();
        let full = waiting.len() >= PROPOSALS_MAX || of_officer >= PROPOSALS_OF_ONE_MAX;
        if full { Err(Reason::ProposalsFull) } else { Ok(()) }
    }

    /// Drops what can no longer be published, or not be read: its author starts again.
    pub(super) async fn drop_stale(
        &self,
        next: (u64, Digest),
        now: Timestamp,
    ) -> Result<(), Reason> {
        for digest in self.listed().await? {
            let waits = match self.get(&digest).await {
                Err(Reason::StoreCorrupt) => None,
                read => read?,
            };
            let follows = |one: &Publication| {
                let manifest = &one.manifest;
                (manifest.number, manifest.previous) == next && manifest.valid_from >= now
            };
            if !waits.is_some_and(|one| follows(&one)) {
                let body = key(BODY, &digest);
                let batch = pieces::delete(&body).delete(key(LISTED, &digest));
                self.0.commit(batch).await.map_err(StoreError::reason)?;
                pieces::sweep(self.0, &body).await?;
            }
        }
        Ok(())
    }

    async fn listed(&self) -> Result<Vec<Digest>, Reason> {
        let page = self.0.scan(LISTED, None, PROPOSALS_MAX).await.map_err(StoreError::reason)?;
        let digest = |key: &[u8]| Digest::from_slice(key.strip_prefix(LISTED).unwrap_or(key));
        let all = page.iter().map(|pair| digest(&pair.key).map_err(|_| Reason::StoreCorrupt));
        all.collect()
    }
}

fn key(prefix: &[u8], digest: &Digest) -> Vec<u8> {
    [prefix, digest.as_bytes()].concat()
}
