//! What a node keeps of the broker's heads, and of what it cosigned.

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::reason::Reason;
use grondslag_core::watch::Contradiction;
use grondslag_evidence::audit::KeptHead;
use grondslag_evidence::store::{Batch, Store, StoreError, parts};

/// The largest head that more than half of the witnesses cosigned.
const COVERED: &[u8] = b"wh/covered";
/// What a witness remembers of what it cosigned.
const MEMORY: &[u8] = b"wh/memory";
/// A contradiction that no operator dealt with yet.
const FORK: &[u8] = b"wh/fork";

/// What a witness remembers of what it cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memory {
    /// An operator said that it never cosigned anything.
    Fresh,
    /// An operator gave it back this head, which bears its own cosignature; what it sees since is
    /// still to be joined to it.
    Given(Box<SignedCheckpoint>),
    /// This head, which was durable here before its cosignature left.
    Own(Box<SignedCheckpoint>),
}

/// What was kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) covered: Option<SignedCheckpoint>,
    pub(super) memory: Option<Memory>,
    pub(super) fork: Option<Contradiction>,
}

/// A change of what is kept.
#[derive(Debug)]
pub(super) enum Change<'a> {
    /// Nothing when an operator took a head that the covered one may not be a part of.
    Covered(Option<&'a SignedCheckpoint>),
    Memory(&'a Memory),
    Fork(&'a Contradiction),
    /// An operator dealt with it.
    NoFork,
}

impl Kept {
    /// Reads what is kept.
    pub(super) async fn load(store: &dyn Store) -> Result<Self, Reason> {
        let read =
            async |key: &[u8]| parts::read_body(store, key).await.map_err(StoreError::reason);
        let note = |body: Option<Vec<u8>>| body.map(|body| note(&body)).transpose();
        let fork = read(FORK).await?.map(|body| Contradiction::parse(&body)).transpose();
        Ok(Self {
            covered: note(read(COVERED).await?)?,
            memory: read(MEMORY).await?.map(|body| Memory::parse(&body)).transpose()?,
            fork: fork.map_err(|_| Reason::StoreCorrupt)?,
        })
    }
}

/// Adds to a batch that a witness has no memory any more: what a backup holds of it may be old.
///
/// # Errors
/// Those of the store.
pub(crate) async fn forget_memory(store: &dyn Store, batch: Batch) -> Result<Batch, StoreError> {
    parts::delete_body(store, batch, MEMORY).await
}

/// The covered head, and the one that was cosigned last.
pub(super) async fn kept_heads(store: &dyn Store) -> Result<Vec<KeptHead>, StoreError> {
    let mut kept = Vec::new();
    let read = |key: &'static [u8]| parts::read_body(store, key);
    let told =
        |key: &[u8], head| KeptHead { place: String::from_utf8_lossy(key).into_owned(), head };
    match read(COVERED).await {
        Ok(None) => {}
        Ok(Some(body)) => kept.push(told(COVERED, note(&body).ok())),
        Err(StoreError::Corrupt) => kept.push(told(COVERED, None)),
        Err(error) => return Err(error),
    }
    match read(MEMORY).await {
        Ok(None) => {}
        Ok(Some(body)) => match Memory::parse(&body) {
            Ok(memory) => {
                kept.extend(memory.head().map(|head| told(MEMORY, Some(head.clone()))));
            }
            Err(_) => kept.push(told(MEMORY, None)),
        },
        Err(StoreError::Corrupt) => kept.push(told(MEMORY, None)),
        Err(error) => return Err(error),
    }
    Ok(kept)
}

/// The steps of some changes.
pub(super) async fn steps(store: &dyn Store, changes: &[Change<'_>]) -> Result<Batch, Reason> {
    let mut batch = Batch::new();
    for change in changes {
        let (key, body) = change.body();
        let next = parts::delete_body(store, batch, key).await;
        let next = match body {
            Some(body) => next.and_then(|next| parts::put_body(next, key, &body)),
            None => next,
        };
        batch = next.map_err(StoreError::reason)?;
    }
    Ok(batch)
}

impl Change<'_> {
    fn body(&self) -> (&'static [u8], Option<Vec<u8>>) {
        match self {
            Self::Covered(head) => (COVERED, head.map(|head| head.note().into_bytes())),
            Self::Memory(memory) => (MEMORY, Some(memory.body())),
            Self::Fork(fork) => (FORK, Some(fork.canonical())),
            Self::NoFork => (FORK, None),
        }
    }
}

impl Memory {
    /// The head, if it remembers one.
    pub fn head(&self) -> Option<&SignedCheckpoint> {
        match self {
            Self::Fresh => None,
            Self::Given(head) | Self::Own(head) => Some(head),
        }
    }

    fn body(&self) -> Vec<u8> {
        match self {
            Self::Fresh => b"fresh".to_vec(),
            Self::Given(head) => [b"given\n", head.note().as_bytes()].concat(),
            Self::Own(head) => [b"own\n".as_slice(), head.note().as_bytes()].concat(),
        }
    }

    fn parse(body: &[u8]) -> Result<Self, Reason> {
        if body == b"fresh" {
            return Ok(Self::Fresh);
        }
        match (body.strip_prefix(b"given\n"), body.strip_prefix(b"own\n")) {
            (Some(head), _) => Ok(Self::Given(Box::new(note(head)?))),
            (None, Some(head)) => Ok(Self::Own(Box::new(note(head)?))),
            (None, None) => Err(Reason::StoreCorrupt),
        }
    }
}

pub(super) fn note(body: &[u8]) -> Result<SignedCheckpoint, Reason> {
    let text = std::str::from_utf8(body).map_err(|_| Reason::StoreCorrupt)?;
    SignedCheckpoint::parse(text).map_err(|_| Reason::StoreCorrupt)
}
