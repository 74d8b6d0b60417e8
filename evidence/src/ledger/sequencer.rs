//! The one who numbers leaves: group commit without a timer.

use std::ops::Add;
use std::sync::{Arc, PoisonError, RwLock};

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::Digest;
use grondslag_core::merkle::leaf_hash;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::filer::{Filer, Progress};
use super::keys::{HEAD_BYTES, Head, Keys, encode};
use super::receipt::Placed;
use super::start::{End, Signer, find};
use super::tiles::Tiles;
use super::tree::Tree;
use super::{Entry, LedgerError, Receipt};
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_STEPS_MAX, GROUP_MAX, KEY_BYTES_MAX, RESEQUENCE_MAX, TILE_WIDTH,
    UNFILED_BUNDLES_MAX, VALUE_BYTES_MAX,
};
use crate::store::{Batch, Store, StoreError};

/// Entries of one call, and who waits for them.
pub(super) struct Request {
    pub(super) entries: Vec<Queued>,
    pub(super) reply: oneshot::Sender<Result<Vec<Receipt>, LedgerError>>,
}

/// An entry, and what of its state depends on its place.
pub(super) struct Queued {
    pub(super) entry: Entry,
    pub(super) placed: Option<PlacedState>,
}

/// State that is made once the place of its entry is known.
pub(super) struct PlacedState {
    /// Most steps that it takes.
    pub(super) steps: usize,
    /// Most bytes that it takes.
    pub(super) bytes: usize,
    /// Makes it, more than once when other entries of a group fall out.
    pub(super) make: Box<dyn MakeState>,
}

/// Makes state from a place.
pub(super) trait MakeState: FnMut(&Placed) -> Result<Batch, StoreError> + Send {}

impl<F: FnMut(&Placed) -> Result<Batch, StoreError> + Send> MakeState for F {}

/// What readers are shown: a durable head and the tree that has it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) checkpoint: Arc<SignedCheckpoint>,
    pub(super) tree: Tree,
    /// When the last leaf was recorded.
    pub(super) recorded_at: Option<Timestamp>,
}

impl Shown {
    fn of(end: &End, tree: &Tree) -> Self {
        let (checkpoint, tree) = (Arc::clone(&end.checkpoint), tree.clone());
        Self { checkpoint, tree, recorded_at: end.recorded_at }
    }
}

/// What a sequencer is made of.
pub(super) struct Parts {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keys: Keys,
    pub(super) tiles: Arc<Tiles>,
    pub(super) signer: Signer,
}

/// Owner of the ledger's end in this process.
pub(super) struct Sequencer {
    parts: Parts,
    queue: mpsc::Receiver<Request>,
    /// Did not fit the previous group.
    held: Option<Request>,
    /// `None` when it must be read: after a commit with an unknown outcome.
    end: Option<End>,
    tree: Tree,
    /// The sequencer writes it after every commit.
    shown: Arc<RwLock<Shown>>,
    /// Tells the filer of every commit.
    commits: watch::Sender<()>,
    /// How far the filer is.
    filed: watch::Receiver<Progress>,
    filer: JoinHandle<()>,
}

/// A group as one batch.
struct Plan {
    batch: Batch,
    receipts: Vec<Vec<Receipt>>,
    end: End,
}

/// Where in a batch an entry begins.
struct Span {
    step: usize,
    request: usize,
    entry: usize,
}

/// Why a group did not go through.
enum Setback {
    /// Another process appended; read the end and try again.
    Moved,
    /// One entry cannot be; the others can.
    Refused { request: usize, error: LedgerError },
    /// The store failed, and what landed is unknown.
    Failed(LedgerError),
}

impl Sequencer {
    pub(super) async fn open(
        parts: Parts,
        queue: mpsc::Receiver<Request>,
    ) -> Result<Self, LedgerError> {
        let Parts { store, keys, signer, tiles, .. } = &parts;
        let (end, tree) = find(store.as_ref(), keys, signer, tiles).await?;
        let shown = Arc::new(RwLock::new(Shown::of(&end, &tree)));
        let (commits, told) = watch::channel(());
        let (progress, filed) = watch::channel(Progress::default());
        let filer = Filer {
            store: Arc::clone(store),
            keys: keys.clone(),
            shown: Arc::clone(&shown),
            commits: told,
            progress,
        };
        let filer = tokio::spawn(filer.run());
        Ok(Self { parts, queue, held: None, end: Some(end), tree, shown, commits, filed, filer })
    }

    pub(super) fn shown(&self) -> Arc<RwLock<Shown>> {
        Arc::clone(&self.shown)
    }

    /// Commits group after group until every ledger handle is gone and nothing is queued.
    pub(super) async fn run(mut self) {
        while let Some(group) = self.gather().await {
            match self.may_go_on().await {
                Ok(()) => self.settle(group).await,
                Err(error) => refuse(group, error),
            }
        }
        drop(self.commits);
        if self.filer.await.is_err() {
            tracing::error!("the ledger's filer ended in a panic");
        }
    }

    /// Waits while too many bundles are still in the store, unless they cannot leave it.
    async fn may_go_on(&mut self) -> Result<(), LedgerError> {
        loop {
            let Progress { bundles, failed } = *self.filed.borrow_and_update();
            if failed == Some(LedgerError::Fork) {
                return Err(LedgerError::Fork);
            }
            let full = self.end.as_ref().map_or(0, |end| end.size / TILE_WIDTH as u64);
            if full.saturating_sub(bundles) < UNFILED_BUNDLES_MAX {
                return Ok(());
            }
            if let Some(error) = failed {
                self.commits.send_replace(());
                return Err(error);
            }
            // Whatever made the filer pause, it is to go on now.
            self.commits.send_replace(());
            self.filed.changed().await.map_err(|_| LedgerError::Closed)?;
        }
    }

    /// The next request and whatever else queued during the previous commit, as far as it fits.
    async fn gather(&mut self) -> Option<Vec<Request>> {
        let first = match self.held.take() {
            Some(request) => request,
            None => self.queue.recv().await?,
        };
        let mut cost = Cost::of(&first.entries);
        let mut group = vec![first];
        while let Ok(request) = self.queue.try_recv() {
            cost = cost + Cost::of(&request.entries);
            if !cost.fits() {
                self.held = Some(request);
                break;
            }
            group.push(request);
        }
        Some(group)
    }

    /// Commits a group, leaving out those that cannot be, and answers everybody.
    async fn settle(&mut self, mut group: Vec<Request>) {
        // Who brings nothing wants to know where the ledger ends now.
        for looking in group.extract_if(.., |request| request.entries.is_empty()) {
            answer(looking.reply, self.look_again().await.map(|()| Vec::new()));
        }
        let mut moves = 0;
        while !group.is_empty() {
            match self.commit(&mut group).await {
                Ok(receipts) => return accept(group, receipts),
                Err(Setback::Refused { request, error }) => {
                    answer(group.remove(request).reply, Err(error));
                }
                Err(Setback::Moved) if moves < RESEQUENCE_MAX => moves += 1,
                Err(Setback::Moved) => return refuse(group, LedgerError::Contended),
                Err(Setback::Failed(error)) => return refuse(group, error),
            }
        }
    }

    async fn commit(&mut self, group: &mut [Request]) -> Result<Vec<Vec<Receipt>>, Setback> {
        let end = self.end().await.map_err(Setback::Failed)?;
        let mut spans = Vec::new();
        let planned = self.plan(&end, group, &mut spans);
        let Plan { batch, receipts, end: next } = planned.inspect_err(|_| self.take_back(&end))?;
        match self.parts.store.commit(batch).await {
            Ok(()) => {
                self.show(&next);
                self.end = Some(next);
                Ok(receipts)
            }
            Err(StoreError::Conflict { step }) => {
                self.take_back(&end);
                Err(self.explain(&spans, step))
            }
            Err(error) => {
                self.end = None;
                Err(Setback::Failed(error.into()))
            }
        }
    }

    /// Whose expectation failed.
    fn explain(&mut self, spans: &[Span], step: usize) -> Setback {
        let Some(span) = spans.iter().rfind(|span| span.step <= step) else {
            self.end = None;
            return Setback::Moved;
        };
        // The entry's own write stands before its state.
        let step = step.saturating_sub(span.step).saturating_sub(1);
        let error = LedgerError::Conflict { entry: span.entry, step };
        Setback::Refused { request: span.request, error }
    }

    /// Numbers the leaves, signs the checkpoint over them, and makes one batch of it all.
    fn plan(
        &self,
        end: &End,
        group: &mut [Request],
        spans: &mut Vec<Span>,
    ) -> Result<Plan, Setback> {
        let now = self.parts.clock.now();
        super::not_ahead(end.recorded_at, now).map_err(Setback::Failed)?;
        let recorded_at = end.recorded_at.map_or(now, |last| last.max(now));
        let (entries, hashes) = encoded(group, recorded_at);
        let size = self.grow(&hashes);
        let root = self.tree.head(size).map_err(Setback::Failed)?.root;
        let checkpoint = Arc::new(self.parts.signer.sign(size, root));
        let head_key = self.parts.keys.head_key();
        let mut batch = match &end.stored {
            None => Batch::new().expect_absent(head_key),
            Some(stored) => Batch::new().expect_value(head_key, stored.as_slice()),
        };
        let mut entries = (end.size..).zip(hashes).zip(entries);
        let mut receipts = Vec::with_capacity(group.len());
        for (request, Request { entries: queued, .. }) in group.iter_mut().enumerate() {
            let mut given = Vec::with_capacity(queued.len());
            for (number, queued) in queued.iter_mut().enumerate() {
                let Some(((index, leaf_hash), entry)) = entries.next() else { break };
                spans.push(Span { step: batch.len(), request, entry: number });
                let receipt = Receipt::assertion(queued.entry.about, index, leaf_hash, recorded_at);
                batch = batch.put(self.parts.keys.entry_key(index), entry);
                batch = batch.then(queued.entry.state.clone());
                let refused = |error| Setback::Refused { request, error };
                let placed = self.placed_state(queued, &receipt, &checkpoint).map_err(refused)?;
                batch = batch.then(placed);
                given.push(receipt);
            }
            receipts.push(given);
        }
        let head = Head { recorded_at, checkpoint: SignedCheckpoint::clone(&checkpoint) };
        let stored = head.encode();
        let batch = batch.put(head_key, stored.as_slice());
        let (recorded_at, stored) = (Some(recorded_at), Some(stored));
        Ok(Plan { batch, receipts, end: End { size, recorded_at, stored, checkpoint } })
    }

    /// The state that an entry's place decides.
    fn placed_state(
        &self,
        queued: &mut Queued,
        receipt: &Receipt,
        checkpoint: &Arc<SignedCheckpoint>,
    ) -> Result<Batch, LedgerError> {
        let Some(state) = &mut queued.placed else { return Ok(Batch::new()) };
        let head = checkpoint.checkpoint().tree();
        let inclusion = self.tree.inclusion(receipt.index(), &head)?;
        let placed = Placed {
            index: receipt.index(),
            leaf_hash: receipt.leaf_hash(),
            recorded_at: receipt.recorded_at(),
            inclusion,
            checkpoint: Arc::clone(checkpoint),
        };
        let batch = (state.make)(&placed)?;
        if batch.len() > state.steps || batch.bytes() > state.bytes {
            return Err(LedgerError::TooLarge("state"));
        }
        super::check_state(&batch)?;
        Ok(batch)
    }

    /// Adds leaves that are not durable yet; the size with them.
    fn grow(&self, hashes: &[Digest]) -> u64 {
        let mut edge = self.tree.write();
        for hash in hashes {
            edge.push(*hash);
        }
        edge.size()
    }

    fn take_back(&self, end: &End) {
        self.tree.write().truncate(end.size);
    }

    fn show(&self, end: &End) {
        let shown = Shown::of(end, &self.tree);
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
        self.commits.send_replace(());
    }

    /// Finds the ledger anew when its head in the store is not the one that is known. Anybody may
    /// cause a look, so that it costs one read when nothing moved.
    async fn look_again(&mut self) -> Result<(), LedgerError> {
        let stored = self.parts.keys.head(self.parts.store.as_ref()).await?;
        if self.end.as_ref().is_some_and(|end| end.stored != stored) {
            self.end = None;
        }
        self.end().await.map(drop)
    }

    /// Where the ledger ends, read from the store when that is not known.
    async fn end(&mut self) -> Result<End, LedgerError> {
        if let Some(end) = &self.end {
            return Ok(end.clone());
        }
        let Parts { store, keys, signer, tiles, .. } = &self.parts;
        let (end, tree) = find(store.as_ref(), keys, signer, tiles).await?;
        self.tree = tree;
        self.show(&end);
        self.end = Some(end.clone());
        Ok(end)
    }
}

/// The entries of a group as they are kept, and their hashes.
fn encoded(group: &[Request], recorded_at: Timestamp) -> (Vec<Vec<u8>>, Vec<Digest>) {
    let queued = group.iter().flat_map(|request| &request.entries);
    let encoded = queued.map(|Queued { entry, .. }| encode(&entry.about, recorded_at, &entry.leaf));
    encoded
        .map(|entry| {
            let hash = leaf_hash(&entry);
            (entry, hash)
        })
        .unzip()
}

/// What a request takes of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    leaves: usize,
    steps: usize,
    bytes: usize,
}

impl Cost {
    pub(super) fn of(entries: &[Queued]) -> Self {
        let none = Self { leaves: 0, steps: 0, bytes: 0 };
        entries.iter().fold(none, |sum, Queued { entry, placed }| {
            let (steps, bytes) = placed.as_ref().map_or((0, 0), |one| (one.steps, one.bytes));
            sum + Self {
                leaves: 1,
                steps: 1 + entry.state.len() + steps,
                bytes: KEY_BYTES_MAX + HEAD_BYTES + entry.leaf.len() + entry.state.bytes() + bytes,
            }
        })
    }

    /// True when it fits one batch, beside the two steps for the ledger's head.
    pub(super) fn fits(self) -> bool {
        self.leaves <= GROUP_MAX
            && self.steps + 2 <= BATCH_STEPS_MAX
            && self.bytes + 2 * (KEY_BYTES_MAX + VALUE_BYTES_MAX) <= BATCH_BYTES_MAX
    }
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            leaves: self.leaves.saturating_add(other.leaves),
            steps: self.steps.saturating_add(other.steps),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

/// Answers a group that is durable.
fn accept(group: Vec<Request>, receipts: Vec<Vec<Receipt>>) {
    for (Request { reply, .. }, receipts) in group.into_iter().zip(receipts) {
        answer(reply, Ok(receipts));
    }
}

fn refuse(group: Vec<Request>, error: LedgerError) {
    for request in group {
        answer(request.reply, Err(error));
    }
}

fn answer(
    reply: oneshot::Sender<Result<Vec<Receipt>, LedgerError>>,
    result: Result<Vec<Receipt>, LedgerError>,
) {
    // The caller may have gone; the leaf stands without it.
    let _ = reply.send(result);
}
