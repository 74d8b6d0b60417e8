//! The key holder in the broker's own process.
//!
//! It works on questions that the broker verified, and keeps a quota and a ledger of its own: what
//! it did is provable apart from what the broker decided.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use grondslag_core::blind::enrolment::{self, digest_of};
use grondslag_core::blind::{BlindError, Element, Evaluated, Link, Pair};
use grondslag_core::canonical::Canonical;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, Ledger, LedgerError};
use grondslag_evidence::store::{Batch, Store, StoreError, parts};
use rand_core::UnwrapErr;
use tokio::sync::Semaphore;

use super::secrets::Secrets;
use super::{Asked, Enrolling, Inbound, KeyHolder, Step, Wanted};
use crate::counter::Counter;
use crate::limits::{COUNT_KEPT_MS, ENROLMENT_KEPT_MS, EVALUATIONS_MAX, QUOTA_TRIES_MAX};
use crate::sweep::expiry_key;

/// What a holder works with.
pub(crate) struct Means {
    /// The region: what ties its points together.
    pub region: String,
    /// Its secrets.
    pub secrets: Secrets,
    /// Its own ledger.
    pub ledger: Arc<Ledger>,
    /// Its counters.
    pub store: Arc<dyn Store>,
    /// Where dates come from.
    pub clock: Arc<dyn Clock>,
    /// Most targets that the questions of one agency may have in a day, let through or not.
    pub steps_per_day_max: u64,
    /// Most points that one node may enrol in an epoch.
    pub points_per_epoch_max: u64,
}

/// The holder.
pub(crate) struct LocalHolder(Arc<Means>);

impl LocalHolder {
    /// A holder with its means.
    pub(crate) fn new(means: Means) -> Self {
        Self(Arc::new(means))
    }

    /// The epochs of which it has factors.
    pub(crate) fn epochs(&self) -> Vec<u32> {
        self.0.secrets.epochs()
    }

    /// X before `outbound`, without its proof.
    ///
    /// # Errors
    /// `EPOCH_STALE` without factors for the epoch.
    pub(crate) fn key(
        &self,
        epoch: u32,
        node: &Oin,
        outbound: &Element,
    ) -> Result<Element, Reason> {
        let factors = self.0.secrets.factors(epoch, node)?;
        factors.inbound_key(outbound).map_err(BlindError::reason)
    }
}

impl fmt::Debug for LocalHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalHolder(…)")
    }
}

impl Means {
    /// Counts, and records what is counted, in one commit. What was recorded under `about` before
    /// counts once.
    async fn count(&self, counted: &Counted<'_>) -> Result<(), Reason> {
        let Counted { key, more, max, over, about, leaf, until } = *counted;
        let done = mark(&about);
        for _ in 0..QUOTA_TRIES_MAX {
            if self.store.get(&done).await.map_err(StoreError::reason)?.is_some() {
                return Ok(());
            }
            let counter = Counter::read(self.store.as_ref(), key.to_vec()).await?;
            if !counter.has_room(more, max) {
                return Err(over);
            }
            let state = parts::put_body(Batch::new(), &done, &[]).map_err(StoreError::reason)?;
            let state = state.put(expiry_key(until, &done), done.as_slice());
            let state = counter.add(state, more, until)?;
            let entry = Entry { about, leaf: leaf.to_vec(), state };
            match self.ledger.append(entry).await {
                Ok(_) => return Ok(()),
                Err(LedgerError::Conflict { .. }) => {}
                Err(error) => return Err(error.reason()),
            }
        }
        Err(Reason::Busy)
    }
}

/// That something was counted: `hd/` and what it is about.
fn mark(about: &Digest) -> Vec<u8> {
    [b"hd/".as_slice(), about.as_bytes()].concat()
}

/// Places for evaluating batches.
static EVALUATIONS: Semaphore = Semaphore::const_new(EVALUATIONS_MAX);

/// What is counted, and as what it is recorded.
struct Counted<'a> {
    /// The counter.
    key: &'a [u8],
    /// By how much it goes up.
    more: u64,
    /// How far it may go.
    max: u64,
    /// Why nothing more is counted then.
    over: Reason,
    /// What is counted once.
    about: Digest,
    /// How it stands in the ledger.
    leaf: &'a [u8],
    /// When the counter and the mark have served.
    until: Timestamp,
}

#[async_trait]
impl KeyHolder for LocalHolder {
    async fn open_epoch(&self, epoch: u32) -> Result<(), Reason> {
        self.0.secrets.make(epoch)
    }

    async fn destroy_epoch(&self, epoch: u32) -> Result<(), Reason> {
        self.0.secrets.destroy(epoch)
    }

    async fn inbound(&self, wanted: &Wanted<'_>) -> Result<Inbound, Reason> {
        let factors = self.0.secrets.factors(wanted.epoch, wanted.node)?;
        let mut rng = UnwrapErr(getrandom::SysRng);
        let made = factors.inbound(&wanted.place(&self.0.region), wanted.outbound(), &mut rng);
        let (key, proof) = made.map_err(BlindError::reason)?;
        Ok(Inbound { key, proof })
    }

    async fn link(&self, wanted: &Wanted<'_>, farther: Option<&Element>) -> Result<Link, Reason> {
        let Inbound { key: inbound, proof } = self.inbound(wanted).await?;
        let factors = self.0.secrets.factors(wanted.epoch, wanted.node)?;
        let shuffled = factors.shuffled(farther).map_err(BlindError::reason)?;
        Ok(Link { inbound, proof, shuffled, signature: None })
    }

    async fn step(&self, asked: Asked<'_>, steps: &[Step]) -> Result<Vec<Pair>, Reason> {
        let (whole, about) = (asked.whole, asked.whole.digest());
        let (asker, now) = (&whole.asker, self.0.clock.now());
        // All its targets: which of them are asked is nobody's signed word.
        let count = u64::try_from(whole.targets.len()).unwrap_or(u64::MAX);
        let leaf = Canonical::new("grondslag/leaf/step/v1")
            .bytes(about.as_bytes())
            .text(asker.as_str())
            .number(whole.epoch.into())
            .number(count)
            .signed(now.ms())
            .finish();
        let key = format!("hq/{}/{asker}", now.date());
        let counted = Counted {
            key: key.as_bytes(),
            more: count,
            max: self.0.steps_per_day_max,
            over: Reason::StepsExceeded,
            about,
            leaf: &leaf,
            until: now.plus_ms(COUNT_KEPT_MS),
        };
        self.0.count(&counted).await?;
        let stepped = steps.iter().map(|step| {
            let factors = self.0.secrets.factors(whole.epoch, &step.node)?;
            let pair = factors.step(&step.pair, &step.inbound, &mut UnwrapErr(getrandom::SysRng));
            pair.map_err(BlindError::reason)
        });
        stepped.collect()
    }

    async fn evaluate(&self, batch: &Enrolling) -> Result<Evaluated, Reason> {
        enrolment::check_count(&batch.points).map_err(BlindError::reason)?;
        let Enrolling { epoch, node, number, points, .. } = batch;
        let factors = self.0.secrets.factors(*epoch, node)?;
        let count = u64::try_from(points.len()).unwrap_or(u64::MAX);
        let (digest, now) = (digest_of(points), self.0.clock.now());
        let leaf = Canonical::new("grondslag/leaf/enrolled/v1")
            .text(node.as_str())
            .number((*epoch).into())
            .number(*number)
            .number(count)
            .bytes(digest.as_bytes())
            .signed(now.ms())
            .finish();
        let about =
            enrolment::Batch { region: &self.0.region, epoch: *epoch, node, number: *number };
        let about = Digest::of(&enrolment::signed_bytes(&about, points));
        let key = format!("he/{epoch}/{node}");
        let counted = Counted {
            key: key.as_bytes(),
            more: count,
            max: self.0.points_per_epoch_max,
            over: Reason::QuotaExceeded,
            about,
            leaf: &leaf,
            until: now.plus_ms(ENROLMENT_KEPT_MS),
        };
        self.0.count(&counted).await?;
        let (region, batch) = (self.0.region.clone(), batch.clone());
        // A full batch is a third of a second of arithmetic: not on a thread that serves calls.
        let place = EVALUATIONS.acquire().await.map_err(|_| Reason::Internal)?;
        let evaluated = tokio::task::spawn_blocking(move || {
            let _place = place;
            let Enrolling { epoch, node, number, farther, points, .. } = &batch;
            let about = enrolment::Batch { region: &region, epoch: *epoch, node, number: *number };
            let mut rng = UnwrapErr(getrandom::SysRng);
            factors.evaluate(&about, farther.as_ref(), points, &mut rng)
        });
        evaluated.await.map_err(|_| Reason::Internal)?.map_err(BlindError::reason)
    }
}
