//! Runs: the first, padded one of an epoch, and the regular batches after it.
//!
//! The first run of an epoch covers the whole register, padded so that only its order of magnitude
//! shows. After it, a batch of a fixed size goes out every hour, whether or not anything changed:
//! when a client came is not to be seen. A batch is durable here before it is sent, so that a run
//! that was cut short goes on where it was.

use std::collections::BTreeSet;
use std::fmt;
use std::iter::repeat_with;

use grondslag_core::blind::enrolment::{self, digest_of};
use grondslag_core::blind::{BlindError, Evaluated};
use grondslag_core::canonical::Canonical;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_core::statement::sign;
use grondslag_evidence::ledger::{Entry as Leaf, LedgerError};
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_proto::epoch::wire_points;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_subject::pseudonym::{Canary, Shuffled};

use super::Index;
use super::batch::Blinded;
use super::keys::{self, Found};
use super::state::{Enrolled, KeptBatch, LEAF, State};
use crate::epochs::OwnLinks;
use crate::limits::{
    BATCH_POINTS_MAX, BULK_POINTS_MIN, HOUR_MS, HOURLY_POINTS_MIN, HOURLY_SHARE, PAGE,
};
use crate::random::random;
use crate::records::{SourceFault, SubjectKey};

/// Made-up subjects, by the node's own keyed digest.
#[derive(Clone, Default)]
pub(crate) struct Canaries(Vec<(SubjectKey, Canary)>);

impl Canaries {
    /// The canaries of the region's list.
    pub(crate) fn new(all: Vec<(SubjectKey, Canary)>) -> Self {
        Self(all)
    }

    /// Every canary.
    pub(crate) fn all(&self) -> &[(SubjectKey, Canary)] {
        &self.0
    }

    /// The digits of one.
    pub(crate) fn digits(&self, key: &SubjectKey) -> Option<&Canary> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, canary)| canary)
    }
}

impl fmt::Debug for Canaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canaries(…)")
    }
}

/// Is told how far a run is.
pub(crate) type Tell<'a> = dyn Fn(Enrolled) + Send + Sync + 'a;

/// What the register and the index differ in.
struct Difference {
    /// Whom the index does not know yet.
    missing: Vec<Found>,
    /// People about whom the agency asked, whom it does not know yet: they take places that are
    /// free and make none, or the number of batches would tell how many were asked about.
    waiting: Vec<Found>,
    /// Whom it still knows.
    gone: Vec<SubjectKey>,
    /// How many the register has, canaries included.
    size: u64,
}

impl Index {
    /// Brings the index of the current epoch, and of the next, up to now if that is due; `at_once`
    /// does not wait for the hour, which tells that something changed.
    ///
    /// # Errors
    /// Why a batch was not enrolled: the index stays as it was, and the next turn goes on.
    pub(crate) async fn tend(&self, at_once: bool) -> Result<(), Reason> {
        self.tend_telling(at_once, &|_| {}).await
    }

    /// The same, and tells after every batch how far it is.
    ///
    /// # Errors
    /// As [`Index::tend`].
    pub(crate) async fn tend_telling(&self, at_once: bool, tell: &Tell<'_>) -> Result<(), Reason> {
        let _one_at_a_time = self.turn.lock().await;
        let current = self.means.epochs.current()?;
        let next = self.means.epochs.next().map(|(epoch, _)| epoch);
        for epoch in [Some(current), next].into_iter().flatten() {
            if let Some(own) = self.means.epochs.links(epoch, &self.means.own) {
                self.tend_epoch(&own, at_once, tell).await?;
            }
        }
        Ok(())
    }

    async fn tend_epoch(
        &self,
        own: &OwnLinks,
        at_once: bool,
        tell: &Tell<'_>,
    ) -> Result<(), Reason> {
        let now = self.means.clock.now();
        let hour = now.ms().div_euclid(HOUR_MS);
        let mut state = self.state(own.epoch).await?.unwrap_or_default();
        let made_with = Some(own.digest());
        if state.made_with != made_with {
            // Under other factors nobody would be found, which must not look like "not known".
            self.forget(own.epoch).await.map_err(StoreError::reason)?;
            let next = state.next_number;
            state = State { made_with, next_number: next, first_number: next, ..State::default() };
        }
        if state.as_of.is_some() && state.hour == hour && !at_once {
            return Ok(());
        }
        self.means.epochs.check_own(own, &self.means.own, &self.means.own_key)?;
        if let Some(number) = state.pending {
            match self.take_in(own, number, &mut state).await {
                // The number was used before this store was put back: it is enrolled anew.
                Err(Reason::ReplayConflict) => state.pending = None,
                taken => taken?,
            }
        }
        let difference = self.difference(own.epoch).await?;
        if state.as_of.is_none() {
            self.first_run(own, &mut state, &difference, tell).await?;
        } else {
            self.regular(own, &mut state, &difference, tell).await?;
        }
        (state.as_of, state.hour) = (Some(now), hour);
        let batch = put_state(Batch::new(), own.epoch, &state)?;
        self.means.store.commit(batch).await.map_err(StoreError::reason)
    }

    /// The whole register, padded to the next power of two.
    async fn first_run(
        &self,
        own: &OwnLinks,
        state: &mut State,
        difference: &Difference,
        tell: &Tell<'_>,
    ) -> Result<(), Reason> {
        // Who left while the run was cut short.
        for gone in difference.gone.chunks(BATCH_POINTS_MAX) {
            self.remove(own.epoch, gone).await?;
        }
        state.bulk_total = difference.size.next_power_of_two().max(BULK_POINTS_MIN);
        let left = state.bulk_total.saturating_sub(state.bulk_done);
        let mut missing = difference.missing.iter().chain(&difference.waiting);
        let wanted = difference.missing.len().saturating_add(difference.waiting.len());
        let left = usize::try_from(left).unwrap_or(usize::MAX).max(wanted);
        let mut done = 0;
        while done < left {
            let size = BATCH_POINTS_MAX.min(left.saturating_sub(done));
            let places: Vec<Option<Found>> = (0..size).map(|_| missing.next().copied()).collect();
            tell(Enrolled { epoch: own.epoch, done: state.bulk_done, total: state.bulk_total });
            self.enrol(own, state, &places, &[]).await?;
            done = done.saturating_add(size);
        }
        tell(Enrolled { epoch: own.epoch, done: state.bulk_done, total: state.bulk_total });
        Ok(())
    }

    /// What changed, in batches of the size that every hour has.
    async fn regular(
        &self,
        own: &OwnLinks,
        state: &mut State,
        difference: &Difference,
        tell: &Tell<'_>,
    ) -> Result<(), Reason> {
        let share = difference.size.div_ceil(HOURLY_SHARE);
        let size = usize::try_from(share).unwrap_or(usize::MAX);
        let size = size.clamp(HOURLY_POINTS_MIN, BATCH_POINTS_MAX);
        let mut missing = difference.missing.iter().copied();
        let mut waiting = difference.waiting.iter().copied();
        let mut gone = difference.gone.as_slice();
        let batches = missing.len().div_ceil(size).max(gone.len().div_ceil(BATCH_POINTS_MAX));
        let total = u64::try_from(batches.max(1).saturating_mul(size)).unwrap_or(u64::MAX);
        let mut at = Enrolled { epoch: own.epoch, done: 0, total };
        loop {
            tell(at);
            let next = || missing.next().or_else(|| waiting.next());
            let places: Vec<Option<Found>> = repeat_with(next).take(size).collect();
            let last = missing.len() == 0;
            let (now_gone, later) = gone.split_at(gone.len().min(BATCH_POINTS_MAX));
            self.enrol(own, state, &places, now_gone).await?;
            at.done = at.done.saturating_add(u64::try_from(size).unwrap_or(u64::MAX));
            gone = later;
            if last && gone.is_empty() {
                tell(at);
                return Ok(());
            }
        }
    }

    /// One batch: made durable, sent, taken in.
    async fn enrol(
        &self,
        own: &OwnLinks,
        state: &mut State,
        places: &[Option<Found>],
        gone: &[SubjectKey],
    ) -> Result<(), Reason> {
        let (epoch, number) = (own.epoch, state.next_number);
        let kept = Blinded::make(&self.means, random()?, places).await?.to_kept();
        (state.next_number, state.pending) = (number.saturating_add(1), Some(number));
        let body = serde_json::to_vec(&kept).map_err(|_| Reason::Internal)?;
        let failed = StoreError::reason;
        let batch = parts::put_body(Batch::new(), &keys::batch(epoch, number), &body);
        let batch = put_state(batch.map_err(failed)?, epoch, state)?;
        self.means.store.commit(batch).await.map_err(failed)?;
        self.remove(epoch, gone).await?;
        self.take_in(own, number, state).await
    }

    /// Sends a batch that is kept, and writes what came back: entries, state and leaf in one
    /// commit.
    async fn take_in(&self, own: &OwnLinks, number: u64, state: &mut State) -> Result<(), Reason> {
        let epoch = own.epoch;
        let kept = KeptBatch::read(self.means.store.as_ref(), epoch, number).await?;
        let blinded = Blinded::of(&kept.ok_or(Reason::StoreCorrupt)?)?;
        let evaluated = self.evaluate(own, number, &blinded).await?;
        let shuffled = own.links.first().ok_or(Reason::InboundKeyUnproven)?.shuffled;
        let (places, enrolment) = (blinded.places.clone(), blinded.enrolment.clone());
        let key = self.means.secret.index_key();
        let entries = tokio::task::spawn_blocking(move || {
            let shuffled = Shuffled::new(&shuffled);
            let positions = (0_u64..).zip(places).zip(&evaluated.points);
            let known =
                positions.filter_map(|((position, place), point)| Some((position, place?, point)));
            let entries = known.map(|(position, found, point)| {
                let pseudonym = enrolment.unblind(position, point, &shuffled)?;
                Ok((found, pseudonym.index(&key)))
            });
            entries.collect::<Result<Vec<_>, BlindError>>()
        });
        let entries = entries.await.map_err(|_| Reason::Internal)?.map_err(BlindError::reason)?;
        let mut batch = Batch::new();
        for (found, entry) in &entries {
            batch = batch.put(keys::entry(epoch, entry), found.bytes());
            batch = batch.put(keys::subject(epoch, found.key()), entry.as_slice());
        }
        let points = u64::try_from(blinded.places.len()).unwrap_or(u64::MAX);
        if state.as_of.is_none() {
            state.bulk_done = state.bulk_done.saturating_add(points);
        }
        state.pending = None;
        let leaf = Canonical::new(LEAF)
            .number(epoch.into())
            .number(number)
            .number(points)
            .bytes(digest_of(&blinded.points).as_bytes())
            .signed(self.means.clock.now().ms())
            .finish();
        let leaf = Leaf { about: Digest::of(&leaf), leaf, state: put_state(batch, epoch, state)? };
        self.means.ledger.append(leaf).await.map_err(LedgerError::reason)?;
        Ok(())
    }

    /// Takes a batch to the key holders, and verifies what each of them made of it.
    async fn evaluate(
        &self,
        own: &OwnLinks,
        number: u64,
        blinded: &Blinded,
    ) -> Result<Evaluated, Reason> {
        let (epoch, region, node) = (own.epoch, self.means.epochs.region(), &self.means.own);
        let about = enrolment::Batch { region, epoch, node, number };
        let signed = enrolment::signed_bytes(&about, &blinded.points);
        let signature = sign(&self.means.sign_key, &signed).to_vec();
        let points = wire_points(&blinded.points);
        let request = v1::EnrolRequest { epoch, number, points, signature };
        let answer = self.means.link.enrol(request).await?;
        if let Some(refusal) = answer.refusal {
            return Err(reason(&refusal.reason));
        }
        if answer.evaluations.len() != own.links.len() {
            return Err(Reason::BlindInvalid);
        }
        let evaluations = answer.evaluations.into_iter().map(Evaluated::try_from);
        let evaluations = evaluations.collect::<Result<Vec<_>, Reason>>()?;
        let (means, own, points) = (self.means.clone(), own.clone(), blinded.points.clone());
        let verified = tokio::task::spawn_blocking(move || {
            let region = means.epochs.region();
            let batch = enrolment::Batch { region, epoch, node: &means.own, number };
            let (mut before, mut farther) = (points, None);
            // The links stand nearest first, the evaluations farthest first.
            for (link, evaluated) in own.links.iter().rev().zip(&evaluations) {
                batch.verify(farther.as_ref(), &link.shuffled, &before, evaluated)?;
                before.clone_from(&evaluated.points);
                farther = Some(link.shuffled);
            }
            evaluations.into_iter().next_back().ok_or(BlindError::Count)
        });
        verified.await.map_err(|_| Reason::Internal)?.map_err(BlindError::reason)
    }

    /// Whom the register has and the index not, and the other way round.
    async fn difference(&self, epoch: u32) -> Result<Difference, Reason> {
        let register = self.means.register.subjects().await.map_err(SourceFault::reason)?;
        let clients = register.into_iter().map(Found::Person);
        let canaries = self.means.canaries.all().iter().map(|(key, _)| Found::Canary(*key));
        let wanted: Vec<Found> = clients.chain(canaries).collect();
        let known = self.known(epoch).await?;
        let strangers = self.means.register.strangers().await.map_err(SourceFault::reason)?;
        let clients: BTreeSet<&SubjectKey> = wanted.iter().map(Found::key).collect();
        let others = strangers.iter().filter(|key| !clients.contains(key));
        let others: Vec<Found> = others.map(|key| Found::Person(*key)).collect();
        let all: BTreeSet<&SubjectKey> = wanted.iter().chain(&others).map(Found::key).collect();
        let gone = known.iter().filter(|key| !all.contains(key)).copied().collect();
        let size = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let is_new = |found: &Found| !known.contains(found.key());
        let missing = wanted.iter().copied().filter(is_new).collect();
        let waiting = others.iter().copied().filter(is_new).collect();
        Ok(Difference { missing, waiting, gone, size })
    }

    async fn known(&self, epoch: u32) -> Result<BTreeSet<SubjectKey>, Reason> {
        let (prefix, mut known) = (keys::subjects(epoch), BTreeSet::new());
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.means.store.scan(&prefix, after.as_deref(), PAGE).await;
            let page = page.map_err(StoreError::reason)?;
            for pair in &page {
                let key = pair.key.strip_prefix(prefix.as_slice());
                let key = key.and_then(SubjectKey::from_bytes).ok_or(Reason::StoreCorrupt)?;
                known.insert(key);
            }
            match page.last() {
                Some(last) if page.len() >= PAGE => after = Some(last.key.clone()),
                _ => return Ok(known),
            }
        }
    }

    async fn remove(&self, epoch: u32, gone: &[SubjectKey]) -> Result<(), Reason> {
        let mut batch = Batch::new();
        for key in gone {
            let subject = keys::subject(epoch, key);
            let entry = self.means.store.get(&subject).await.map_err(StoreError::reason)?;
            let entry = entry.and_then(|entry| entry.try_into().ok());
            batch = batch.delete(subject);
            batch = entry.map_or(batch.clone(), |entry| batch.delete(keys::entry(epoch, &entry)));
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.means.store.commit(batch).await.map_err(StoreError::reason)
    }

    /// Forgets the index of this epoch.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn forget(&self, epoch: u32) -> Result<(), StoreError> {
        let prefix = keys::epoch_prefix(epoch);
        loop {
            let page = self.means.store.scan(&prefix, None, PAGE).await?;
            if page.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for pair in page {
                // Batches are bodies; entries are values of their own.
                let body = pair.key.get(prefix.len()) == Some(&b'b');
                batch = if body {
                    parts::delete_body(self.means.store.as_ref(), batch, &pair.key).await?
                } else {
                    batch.delete(pair.key)
                };
            }
            self.means.store.commit(batch).await?;
        }
    }
}

fn put_state(batch: Batch, epoch: u32, state: &State) -> Result<Batch, Reason> {
    let json = serde_json::to_vec(state).map_err(|_| Reason::Internal)?;
    Ok(batch.put(keys::state(epoch), json))
}
