//! A spot check of this node's own enrolment: which batches its ledger has, and what the positions
//! are that a privacy officer's seed draws.
//!
//! What is opened here goes to the officer's desk and nowhere else; the broker is asked for digests
//! alone.

use std::collections::BTreeMap;

use grondslag_core::blind::BlindError;
use grondslag_core::blind::enrolment::digest_of_wire;
use grondslag_core::canonical::{NotCanonical, Reader};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_proto::v1;
use grondslag_subject::pseudonym::Enrolment;
use grondslag_subject::pseudonym::spot_check::{Shown, Verdict, draw_from, judge_in};

use super::Index;
use super::keys::Found;
use super::state::{KeptBatch, LEAF};
use crate::limits::LEDGER_PAGE;
use crate::records::{ClientId, SourceFault, SubjectKey};

/// A batch as the node's ledger has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Its number in the epoch.
    pub number: u64,
    /// Its points, padding included.
    pub points: u64,
    /// Digest of its points.
    pub digest: Digest,
}

/// What an officer draws.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    /// From which epoch.
    pub epoch: u32,
    /// From so many batches, as they were listed.
    pub batches: usize,
    /// By what seed.
    pub drawn_by: [u8; 32],
    /// How many positions.
    pub count: usize,
}

/// One position, opened.
pub(crate) struct Opening {
    /// Place in the batch.
    pub position: u64,
    /// Its blinding.
    pub rho: [u8; 32],
    /// Who is behind it.
    pub shown: Shown,
    /// The dossier, for a client.
    pub dossier: Option<(ClientId, Timestamp)>,
    /// What it is.
    pub verdict: Verdict,
}

/// One batch with its drawn positions.
pub(crate) struct OpenedBatch {
    /// Its number.
    pub number: u64,
    /// Its points as they were sent; empty when they were not kept.
    pub points: Vec<u8>,
    /// What the broker noted of it.
    pub noted: Option<Digest>,
    /// The drawn positions.
    pub openings: Vec<Opening>,
}

/// Whether the broker noted what this node lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broker {
    /// As many batches and points, and the same digests.
    Agrees,
    /// Others.
    Differs,
    /// It was not reached.
    Unreached,
}

impl Broker {
    /// The word for it, on the wire and in the ledger.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agree",
            Self::Differs => "differ",
            Self::Unreached => "unreached",
        }
    }
}

impl Index {
    /// The batches of an epoch as they stand in the node's ledger, in the order of their numbers.
    ///
    /// # Errors
    /// `EPOCH_STALE` for an epoch of which nothing is kept, or why the ledger cannot be read.
    pub(crate) async fn recorded(&self, epoch: u32) -> Result<Vec<Recorded>, Reason> {
        let state = self.state(epoch).await?.ok_or(Reason::EpochStale)?;
        let (mut found, mut next) = (BTreeMap::new(), 0);
        loop {
            let page = self.means.ledger.read(next, LEDGER_PAGE).await;
            let page = page.map_err(LedgerError::reason)?;
            let Some(last) = page.last() else { break };
            next = last.index.saturating_add(1);
            let own = page.iter().filter_map(|record| recorded(&record.leaf, epoch));
            found.extend(own.map(|batch| (batch.number, batch)));
        }
        let first = state.first_number;
        Ok(found.into_values().filter(|batch| batch.number >= first).collect())
    }

    /// Opens what a seed draws. No run changes anything meanwhile.
    ///
    /// # Errors
    /// `MALFORMED` when more batches are named than there are, `NOT_READY` when there is none, or
    /// why it could not be read.
    pub(crate) async fn open(&self, wish: &Wish) -> Result<(Vec<OpenedBatch>, Broker), Reason> {
        let _one_at_a_time = self.turn.lock().await;
        let all = self.recorded(wish.epoch).await?;
        let listed = all.get(..wish.batches).ok_or(Reason::Malformed)?;
        if listed.is_empty() {
            return Err(Reason::NotReady);
        }
        let sizes: Vec<u64> = listed.iter().map(|batch| batch.points).collect();
        let mut opened = Vec::new();
        let mut of_broker = Vec::new();
        for drawn in draw_from(&wish.drawn_by, &sizes, wish.count) {
            let batch = listed.get(drawn.batch).ok_or(Reason::Internal)?;
            opened.push(self.open_batch(wish.epoch, batch, &drawn.positions).await?);
            of_broker.push(*batch);
        }
        let (noted, broker) = self.at_broker(wish.epoch, &all, &of_broker).await?;
        for (batch, noted) in opened.iter_mut().zip(noted) {
            batch.noted = noted;
        }
        Ok((opened, broker))
    }

    async fn open_batch(
        &self,
        epoch: u32,
        batch: &Recorded,
        positions: &[u64],
    ) -> Result<OpenedBatch, Reason> {
        let kept = match KeptBatch::read(self.means.store.as_ref(), epoch, batch.number).await {
            // A batch that cannot be read does not open; the officer is told so.
            Ok(None) | Err(Reason::StoreCorrupt) => None,
            read => read?,
        };
        let read = kept
            .and_then(|kept| Some((kept.wire().ok()?, kept.enrolment().ok()?, kept.found().ok()?)));
        let (points, enrolment, places) =
            read.unwrap_or_else(|| (Vec::new(), Enrolment::new([0; 32]), Vec::new()));
        let whole = digest_of_wire(&points) == Some(batch.digest);
        let mut openings = Vec::with_capacity(positions.len());
        for position in positions {
            let place = usize::try_from(*position).ok().and_then(|at| places.get(at));
            let (shown, dossier) = match place {
                Some(place) => self.shown(place.as_ref()).await?,
                None => (Shown::Padding, None),
            };
            let rho = *enrolment.rho(*position).map_err(BlindError::reason)?.expose();
            let verdict = judge_in(self.region(), &points, *position, &rho, &shown);
            let verdict = if whole { verdict } else { Verdict::NotOpening };
            openings.push(Opening { position: *position, rho, shown, dossier, verdict });
        }
        Ok(OpenedBatch { number: batch.number, points, noted: None, openings })
    }

    /// Who is behind a place now, and their dossier.
    async fn shown(
        &self,
        place: Option<&Found>,
    ) -> Result<(Shown, Option<(ClientId, Timestamp)>), Reason> {
        Ok(match place {
            None => (Shown::Padding, None),
            Some(Found::Canary(key)) => {
                let canary = self.means.canaries.digits(key).cloned();
                (canary.map_or(Shown::Nothing, Shown::Canary), None)
            }
            Some(Found::Person(key)) => {
                let dossier =
                    self.means.register.dossier(key).await.map_err(SourceFault::reason)?;
                match dossier {
                    None => (self.stranger(key).await?, None),
                    Some(found) => {
                        (Shown::Client(found.number), Some((found.id, found.registered)))
                    }
                }
            }
        })
    }

    /// Somebody about whom the agency asked; else nobody whom it knows.
    async fn stranger(&self, key: &SubjectKey) -> Result<Shown, Reason> {
        let found = self.means.register.stranger(key).await.map_err(SourceFault::reason)?;
        Ok(found.map_or(Shown::Nothing, Shown::Stranger))
    }

    /// What the broker noted of these batches, and whether all of the node's are there.
    async fn at_broker(
        &self,
        epoch: u32,
        all: &[Recorded],
        drawn: &[Recorded],
    ) -> Result<(Vec<Option<Digest>>, Broker), Reason> {
        let pending = self.state(epoch).await?.and_then(|state| state.pending);
        let numbers = drawn.iter().map(|batch| batch.number).chain(pending).collect();
        let request = v1::ShowBatchesRequest { epoch, numbers };
        let answer = match self.means.link.show_batches(request).await {
            Ok(answer) if answer.refusal.is_none() => answer,
            _ => return Ok((vec![None; drawn.len()], Broker::Unreached)),
        };
        let digest = |bytes: &Vec<u8>| bytes.as_slice().try_into().ok().map(Digest::new);
        let mut noted: Vec<Option<Digest>> = answer.digests.iter().map(digest).collect();
        let mut own = (count(all.len()), all.iter().map(|batch| batch.points).sum::<u64>());
        // One that was sent and did not come back is at the broker and not yet in our ledger.
        if noted.len() > drawn.len()
            && noted.pop().flatten().is_some()
            && let Some(number) = pending
        {
            let kept = KeptBatch::read(self.means.store.as_ref(), epoch, number).await?;
            let points = kept.map_or(0, |kept| count(kept.places.len()));
            own = (own.0.saturating_add(1), own.1.saturating_add(points));
        }
        let same = drawn.iter().map(|batch| Some(batch.digest)).eq(noted.iter().copied());
        let agrees = same && own == (answer.batches, answer.points);
        noted.resize(drawn.len(), None);
        Ok((noted, if agrees { Broker::Agrees } else { Broker::Differs }))
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// The batch that a leaf of the node's ledger records; the ledger holds other leaves too.
fn recorded(leaf: &[u8], epoch: u32) -> Option<Recorded> {
    let read = || -> Result<(u64, Recorded), NotCanonical> {
        let mut reader = Reader::new(leaf, LEAF)?;
        let of = reader.number()?;
        let (number, points) = (reader.number()?, reader.number()?);
        Ok((of, Recorded { number, points, digest: Digest::new(reader.array()?) }))
    };
    let (of, recorded) = read().ok()?;
    (of == u64::from(epoch)).then_some(recorded)
}

#[cfg(test)]
mod tests;
