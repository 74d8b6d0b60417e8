//! Holds every commitment of a ledger against its opening, or against the leaf that says that it
//! was forgotten.

use std::collections::{HashMap, HashSet};

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;

use super::forget::Forgotten;
use super::job::{DONE, TOTALS, Totals};
use super::kept::{DUE, Kept, OPENINGS, due_key, opening_key, parse_due, parse_opening};
use super::{Opening, PREFIX, Until, committed, open};
use crate::ledger::{Leaves, LedgerError, Record};
use crate::limits::{FINDINGS_MAX, REREAD_MAX, SCAN_PAGE_MAX};
use crate::store::parts::read_body;
use crate::store::{Store, StoreError};

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Problem {
    /// The opening is not what the leaf commits to, or cannot be read.
    Altered,
    /// There is no opening, and no leaf says that it was forgotten.
    Missing,
    /// The opening is there though a leaf says that it was forgotten.
    NotForgotten,
    /// Two leaves say that it was forgotten.
    ForgottenTwice,
    /// A leaf says that something was forgotten that no leaf before it commits to.
    NeverRecorded,
    /// It was forgotten as another kind of record than it was recorded.
    OtherKind,
    /// It was forgotten before its least term was over.
    ForgottenTooSoon,
    /// A leaf of deletion cannot be read.
    Unreadable,
    /// The end of its term is not in the index of ends, so that it would be kept for ever, or a
    /// key under which it is found does not lead to it.
    NotIndexed,
    /// The totals of what was forgotten are not those of the leaves.
    Miscounted,
    /// The store holds an opening, or an end, that no leaf commits to.
    Stray,
}

impl Problem {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::Altered,
        Self::Missing,
        Self::NotForgotten,
        Self::ForgottenTwice,
        Self::NeverRecorded,
        Self::OtherKind,
        Self::ForgottenTooSoon,
        Self::Unreadable,
        Self::NotIndexed,
        Self::Miscounted,
        Self::Stray,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Missing => "missing",
            Self::NotForgotten => "not_forgotten",
            Self::ForgottenTwice => "forgotten_twice",
            Self::NeverRecorded => "never_recorded",
            Self::OtherKind => "other_kind",
            Self::ForgottenTooSoon => "forgotten_too_soon",
            Self::Unreadable => "unreadable",
            Self::NotIndexed => "not_indexed",
            Self::Miscounted => "miscounted",
            Self::Stray => "stray",
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The leaf it shows at; `None` for what has no leaf.
    pub index: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

/// What a walk over a ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Leaves looked at.
    pub leaves: u64,
    /// Leaves in clear, those of deletion included.
    pub clear: u64,
    /// Commitments with an opening that matches.
    pub opened: u64,
    /// Commitments that one leaf of deletion covers.
    pub forgotten: u64,
    /// Leaves of deletion.
    pub deletions: u64,
    /// What is wrong; at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
}

/// Until when a record of a kind is kept at least that was recorded at a moment. The end of its own
/// term is not in its leaf and goes with its opening: whether it was over can be held against the
/// least term alone.
pub type LeastTerm<'a> = &'a (dyn Fn(&str, Timestamp) -> Timestamp + Sync);

/// Walks the leaves that are there at the start, and the openings in the store. It may run while
/// records are made and forgotten. It holds 32 bytes in memory for every record that there ever
/// was. `least` says until when each had to be kept.
///
/// # Errors
/// Those of store and ledger; what is wrong with a record is no error but a finding.
pub async fn check(
    store: &dyn Store,
    ledger: &dyn Leaves,
    least: LeastTerm<'_>,
) -> Result<Checked, LedgerError> {
    let size = ledger.size().await?;
    let mut walk = Walk::new(least);
    let mut next = 0;
    while next < size {
        let page = ledger.read(next, SCAN_PAGE_MAX).await?;
        let Some(last) = page.last() else { break };
        next = last.index.saturating_add(1);
        for record in page.iter().filter(|record| record.index < size) {
            walk.take(store, record).await?;
        }
    }
    walk.later(ledger, size).await?;
    walk.strays(store, ledger, size).await?;
    // Counted while nothing more was forgotten, or not held against the leaves.
    let (totals, quiet) = (Totals::read(store).await?.0, ledger.size().await? == size);
    if quiet && (totals.count(), totals.leaves) != (walk.named, walk.checked.deletions) {
        walk.found(None, Problem::Miscounted);
    }
    Ok(walk.finish())
}

struct Walk<'a> {
    least: LeastTerm<'a>,
    checked: Checked,
    /// Commitments with an opening.
    open: HashSet<Digest>,
    /// Commitments without one that no leaf of deletion covers so far.
    bare: HashMap<Digest, Bare>,
    /// Commitments that one covers.
    gone: HashSet<Digest>,
    /// How many commitments the leaves of deletion name.
    named: u64,
}

/// A record without an opening.
struct Bare {
    index: u64,
    kind: String,
    recorded_at: Timestamp,
}

impl<'a> Walk<'a> {
    fn new(least: LeastTerm<'a>) -> Self {
        Self {
            least,
            checked: Checked::default(),
            open: HashSet::new(),
            bare: HashMap::new(),
            gone: HashSet::new(),
            named: 0,
        }
    }

    async fn take(&mut self, store: &dyn Store, record: &Record) -> Result<(), StoreError> {
        self.checked.leaves += 1;
        let index = record.index;
        if Forgotten::claims(&record.leaf) {
            self.checked.clear += 1;
            self.checked.deletions += 1;
            match Forgotten::parse(&record.leaf) {
                Some(forgotten) => self.deletion(record, &forgotten),
                None => self.found(Some(index), Problem::Unreadable),
            }
            return Ok(());
        }
        match open(store, &record.leaf).await {
            Ok(Opening::Clear) => self.checked.clear += 1,
            Ok(Opening::Opened(opened)) => {
                self.checked.opened += 1;
                self.open.insert(opened.commitment);
                self.indexed(store, index, &opened.commitment).await?;
            }
            Ok(Opening::Forgotten { kind, commitment }) => {
                let recorded_at = record.recorded_at;
                self.bare.insert(commitment, Bare { index, kind, recorded_at });
            }
            Err(StoreError::Corrupt) => {
                let commitment = committed(&record.leaf).map(|(_, commitment)| commitment);
                self.open.extend(commitment);
                self.found(Some(index), Problem::Altered);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn deletion(&mut self, record: &Record, forgotten: &Forgotten) {
        let index = record.index;
        let count = u64::try_from(forgotten.count()).unwrap_or(u64::MAX);
        self.named = self.named.saturating_add(count);
        for (kind, commitment) in
            forgotten.kinds.iter().flat_map(|(kind, list)| list.iter().map(move |one| (kind, one)))
        {
            match self.bare.remove(commitment) {
                Some(bare) => {
                    self.gone.insert(*commitment);
                    if bare.kind != *kind {
                        self.found(Some(index), Problem::OtherKind);
                    }
                    self.covered(&bare, record, forgotten);
                }
                None if self.gone.contains(commitment) => {
                    self.found(Some(index), Problem::ForgottenTwice);
                }
                None if self.open.contains(commitment) => {
                    self.found(Some(index), Problem::NotForgotten);
                }
                None => self.found(Some(index), Problem::NeverRecorded),
            }
        }
    }

    /// A leaf of deletion covers it: not before its least term was over, by that leaf's own moment
    /// and by the one up to which it says to have gone.
    fn covered(&mut self, bare: &Bare, record: &Record, forgotten: &Forgotten) {
        self.checked.forgotten += 1;
        let gone_at = record.recorded_at.min(forgotten.up_to);
        if gone_at < (self.least)(&bare.kind, bare.recorded_at) {
            self.found(Some(record.index), Problem::ForgottenTooSoon);
        }
    }

    /// What leads to an opening: the end of its term, and its own keys. It is read again when
    /// something is missing, for it may have been forgotten or given another term meanwhile.
    async fn indexed(
        &mut self,
        store: &dyn Store,
        index: u64,
        commitment: &Digest,
    ) -> Result<(), StoreError> {
        for _ in 0..REREAD_MAX {
            let Some(stored) = read_body(store, &opening_key(commitment)).await? else {
                return Ok(());
            };
            let Some(kept) = Kept::parse(&stored) else { return Ok(()) };
            if all_there(store, &kept, commitment).await? {
                return Ok(());
            }
            if read_body(store, &opening_key(commitment)).await?.as_ref() == Some(&stored) {
                self.found(Some(index), Problem::NotIndexed);
                return Ok(());
            }
        }
        Ok(())
    }

    /// What had no opening may have been forgotten while the walk went on.
    async fn later(&mut self, ledger: &dyn Leaves, size: u64) -> Result<(), LedgerError> {
        let mut next = size;
        while !self.bare.is_empty() {
            let page = ledger.read(next, SCAN_PAGE_MAX).await?;
            let Some(last) = page.last() else { break };
            next = last.index.saturating_add(1);
            let deletions = page.iter().filter_map(|record| {
                Forgotten::parse(&record.leaf).map(|forgotten| (record, forgotten))
            });
            for (record, forgotten) in deletions {
                for commitment in forgotten.kinds.values().flatten() {
                    if let Some(bare) = self.bare.remove(commitment) {
                        self.covered(&bare, record, &forgotten);
                    }
                }
            }
        }
        Ok(())
    }

    /// What the store holds must have a leaf, older or newer than the start of the walk.
    async fn strays(
        &mut self,
        store: &dyn Store,
        ledger: &dyn Leaves,
        size: u64,
    ) -> Result<(), LedgerError> {
        let mut strays = HashSet::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = store.scan(PREFIX, after.as_deref(), SCAN_PAGE_MAX).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            let own = page.iter().map(|pair| pair.key.as_slice());
            for key in own.filter(|key| ![DONE, TOTALS].contains(key)) {
                let commitment = if key.starts_with(OPENINGS) {
                    parse_opening(key)
                } else if key.starts_with(DUE) {
                    parse_due(key).map(|(_, commitment)| commitment)
                } else {
                    None
                };
                match commitment {
                    Some(commitment) if self.open.contains(&commitment) => {}
                    Some(commitment) => drop(strays.insert(commitment)),
                    None => self.found(None, Problem::Stray),
                }
            }
        }
        let mut next = size;
        while !strays.is_empty() {
            let page = ledger.read(next, SCAN_PAGE_MAX).await?;
            let Some(last) = page.last() else { break };
            next = last.index.saturating_add(1);
            for (_, commitment) in page.iter().filter_map(|record| committed(&record.leaf)) {
                strays.remove(&commitment);
            }
        }
        for _ in strays {
            self.found(None, Problem::Stray);
        }
        Ok(())
    }

    fn found(&mut self, index: Option<u64>, problem: Problem) {
        if self.checked.findings.len() < FINDINGS_MAX {
            self.checked.findings.push(Finding { index, problem });
        }
    }

    fn finish(mut self) -> Checked {
        let bare = std::mem::take(&mut self.bare);
        for bare in bare.into_values() {
            self.found(Some(bare.index), Problem::Missing);
        }
        self.checked.findings.sort_by_key(|finding| (finding.index, finding.problem));
        self.checked
    }
}

async fn all_there(
    store: &dyn Store,
    kept: &Kept<'_>,
    commitment: &Digest,
) -> Result<bool, StoreError> {
    if let Until::At(end) = kept.until
        && store.get(&due_key(end, commitment)).await?.is_none()
    {
        return Ok(false);
    }
    for key in &kept.keys {
        if store.get(key).await?.as_deref() != Some(commitment.as_bytes()) {
            return Ok(false);
        }
    }
    Ok(true)
}
