//! The walk itself: bundles in files first, then what stands in the store.

use std::collections::BTreeSet;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::merkle::{Frontier, TreeHead, leaf_hash};

use super::levels::{Levels, Roots, read};
use super::peaks::Peaks;
use super::{Against, Findings, Problem, Still, Walked};
use crate::ledger::LedgerError;
use crate::ledger::edge::rooted;
use crate::ledger::keys::{Filed, Head, decode};
use crate::ledger::tiles::{Tile, bundled};
use crate::limits::{FINDINGS_MAX, SCAN_PAGE_MAX, TILE_WIDTH};
use crate::store::{Pair, StoreError};

const WIDTH: u64 = TILE_WIDTH as u64;

/// Walks a ledger.
pub(super) async fn walk(
    still: &Still,
    against: Against<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Walked, LedgerError> {
    let mut walk = Walk { sizes: against.sizes.clone(), ..Walk::default() };
    let head = walk.head(still, against).await?;
    let filed = walk.filed(still).await?;
    let mut levels = Levels::over(&still.tiles);
    for bundle in 0..still.bundles {
        walk.bundle(still, bundle, &mut levels)?;
        progress(WIDTH);
    }
    if let Some(filed) = filed
        && walk.known()
        && ![walk.own.root(None), walk.shown.root(None)].contains(&Some(filed.root))
    {
        walk.out.findings.add(key(still, "t"), None, Problem::OtherRoot);
    }
    walk.tail(still, progress).await?;
    walk.strays(still)?;
    walk.end(still, head.as_ref());
    Ok(walk.out)
}

#[derive(Default)]
struct Walk {
    out: Walked,
    sizes: BTreeSet<u64>,
    /// By the entries.
    own: Peaks,
    /// By the tiles of hashes.
    shown: Peaks,
    /// Bundles whose entries are not those of their tile: first and last leaf.
    differing: Vec<(u64, u64, u64)>,
    /// How many more of them there are.
    more: u64,
    /// Leaves of the bundle that is not full, and their hashes.
    entries: Vec<Vec<u8>>,
    hashes: Vec<Digest>,
    /// The hash of a leaf that is missing is not known, nor is any root behind it.
    broken: bool,
    last_at: Option<Timestamp>,
}

impl Walk {
    fn known(&self) -> bool {
        !self.broken
    }

    fn findings(&mut self) -> &mut Findings {
        &mut self.out.findings
    }

    /// Reads the head and holds its checkpoint against the party's key.
    async fn head(
        &mut self,
        still: &Still,
        against: Against<'_>,
    ) -> Result<Option<Head>, LedgerError> {
        let place = key(still, "s");
        let Some(stored) = still.keys.head(still.store.as_ref()).await? else {
            let page = still.store.scan(still.keys.entries(), None, 1).await?;
            let any = still.bundles > 0 || !page.is_empty();
            if any {
                self.findings().add(place, None, Problem::Missing);
            }
            return Ok(None);
        };
        let Some(head) = Head::decode(&stored) else {
            self.findings().add(place, None, Problem::Unreadable);
            return Ok(None);
        };
        let signed = &head.checkpoint;
        if signed.checkpoint().origin != *against.origin {
            self.findings().add(place, None, Problem::OtherLog);
        } else if !against.keys.iter().any(|key| signed.verify(key).is_ok()) {
            self.findings().add(place, None, Problem::Unsigned);
        }
        self.out.checkpoint = Some(signed.clone());
        Ok(Some(head))
    }

    async fn filed(&mut self, still: &Still) -> Result<Option<Filed>, LedgerError> {
        let stored = still.store.get(still.keys.filed_key()).await?;
        let filed = stored.as_deref().map(Filed::decode);
        if filed == Some(None) {
            self.findings().add(key(still, "t"), None, Problem::Unreadable);
        }
        let filed = filed.flatten();
        if filed.is_some_and(|filed| filed.bundles != still.bundles) {
            self.findings().add(key(still, "t"), None, Problem::Stray);
        }
        Ok(filed)
    }

    /// A bundle in its file, against the tile of its hashes.
    fn bundle(
        &mut self,
        still: &Still,
        bundle: u64,
        levels: &mut Levels<'_>,
    ) -> Result<(), LedgerError> {
        let first = bundle.saturating_mul(WIDTH);
        let place = Tile::Entries { index: bundle };
        let hashes = match still.tiles.entries(bundle) {
            Ok(entries) => self.hashed(first, &entries, &place.to_string()),
            Err(error) => {
                self.findings().unread(&still.tiles, place, error)?;
                Vec::new()
            }
        };
        let tile = Tile::Hashes { level: 0, index: bundle };
        let file = read(&still.tiles, tile, &mut self.out.findings)?;
        let (own, shown) = match (hashes.is_empty(), file.is_empty()) {
            (true, true) => {
                self.broken = true;
                return Ok(());
            }
            (true, false) => (file.clone(), file),
            (false, true) => (hashes.clone(), hashes),
            (false, false) => (hashes, file),
        };
        let differ = (first..).zip(own.iter().zip(&shown)).filter(|(_, (own, shown))| own != shown);
        let differ: Vec<u64> = differ.map(|(index, _)| index).collect();
        if let (Some(from), Some(to)) = (differ.first(), differ.last()) {
            if self.differing.len() < FINDINGS_MAX {
                self.differing.push((bundle, *from, *to));
            } else {
                self.more = self.more.saturating_add(1);
            }
        }
        self.sizes_within(first, &own);
        let roots = Roots { own: rooted(own), shown: rooted(shown) };
        self.own.push(roots.own);
        self.shown.push(roots.shown);
        if self.known() { levels.push(roots, &mut self.out.findings) } else { Ok(()) }
    }

    /// Hashes entries, and looks at what each says of itself.
    fn hashed(&mut self, first: u64, entries: &[Vec<u8>], place: &str) -> Vec<Digest> {
        let hashed = (first..).zip(entries).map(|(index, entry)| {
            self.read_entry(index, entry, place);
            leaf_hash(entry)
        });
        hashed.collect()
    }

    fn read_entry(&mut self, index: u64, entry: &[u8], place: &str) {
        self.out.leaves = self.out.leaves.saturating_add(1);
        let leaf = Some((index, index));
        let Some(record) = decode(index, entry) else {
            self.findings().add(place, leaf, Problem::Unreadable);
            return;
        };
        if self.last_at.is_some_and(|last| record.recorded_at < last) {
            self.findings().add(place, leaf, Problem::WentBack);
        }
        self.last_at = Some(record.recorded_at);
    }

    /// Roots that were asked for, at sizes up to the end of these leaves.
    fn sizes_within(&mut self, first: u64, hashes: &[Digest]) {
        let end = first.saturating_add(u64::try_from(hashes.len()).unwrap_or(u64::MAX));
        if self.broken {
            return;
        }
        for size in self.sizes.range(first.saturating_add(1)..=end).copied() {
            let within = (first..size).zip(hashes).map(|(_, hash)| *hash);
            let root = self.own.root(Some(root_of(within)));
            self.out.roots.extend(root.map(|root| (size, root)));
        }
    }

    /// What stands in the store.
    async fn tail(
        &mut self,
        still: &Still,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), LedgerError> {
        let mut next = still.bundles.saturating_mul(WIDTH);
        let mut after: Option<Vec<u8>> = None;
        loop {
            let scan = still.store.scan(still.keys.entries(), after.as_deref(), SCAN_PAGE_MAX);
            let page = scan.await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            progress(u64::try_from(page.len()).unwrap_or(u64::MAX));
            for pair in page {
                next = self.in_store(still, next, pair)?;
            }
        }
        if next < still.size {
            self.missing(still, next, still.size);
        }
        if self.known() && !self.hashes.is_empty() {
            let first = next.saturating_sub(u64::try_from(self.hashes.len()).unwrap_or(0));
            let hashes = self.hashes.clone();
            self.sizes_within(first, &hashes);
        }
        Ok(())
    }

    fn missing(&mut self, still: &Still, from: u64, end: u64) {
        let leaves = Some((from, end.saturating_sub(1)));
        self.findings().add(key(still, "e"), leaves, Problem::Missing);
        self.broken = true;
    }

    /// One pair of the store; gives the leaf that comes after it.
    fn in_store(&mut self, still: &Still, next: u64, pair: Pair) -> Result<u64, LedgerError> {
        let place = key(still, "e");
        let Some(index) = still.keys.index_of(&pair.key) else {
            self.findings().add(place, None, Problem::Stray);
            return Ok(next);
        };
        // Without a head nobody says how far the ledger goes.
        let behind = self.out.checkpoint.is_some() && index >= still.size;
        if index < next || behind {
            self.findings().add(place, Some((index, index)), Problem::Stray);
            return Ok(next);
        }
        if index > next {
            self.missing(still, next, index);
        }
        self.read_entry(index, &pair.value, &place);
        self.hashes.push(leaf_hash(&pair.value));
        self.entries.push(pair.value);
        if self.hashes.len() == TILE_WIDTH {
            self.full(still, index)?;
        }
        Ok(index.saturating_add(1))
    }

    /// A full bundle in the store; its file may stand already, and then is the same.
    fn full(&mut self, still: &Still, last: u64) -> Result<(), LedgerError> {
        let (entries, hashes) =
            (std::mem::take(&mut self.entries), std::mem::take(&mut self.hashes));
        let first = last.saturating_add(1).saturating_sub(WIDTH);
        let tile = Tile::Entries { index: first / WIDTH };
        match still.tiles.is(tile, &bundled(&entries)) {
            Ok(true) => {}
            Ok(false) => {
                self.findings().at_tile(tile, Some((first, last)), Problem::Altered);
            }
            Err(error) => self.findings().unread(&still.tiles, tile, error)?,
        }
        self.sizes_within(first, &hashes);
        let root = rooted(hashes);
        self.own.push(root);
        self.shown.push(root);
        Ok(())
    }

    /// Files that do not belong.
    fn strays(&mut self, still: &Still) -> Result<(), LedgerError> {
        let bundles = (still.size / WIDTH).max(still.bundles);
        let findings = &mut self.out.findings;
        let strays = still.tiles.strays(bundles, |path| {
            findings.add(path.display().to_string(), None, Problem::Stray);
        });
        strays.map_err(|error| StoreError::from(error).into())
    }

    /// Holds the roots against the checkpoint, and names what differs.
    fn end(&mut self, still: &Still, head: Option<&Head>) {
        let tail = (!self.hashes.is_empty()).then(|| root_of(self.hashes.iter().copied()));
        let nothing = Some(TreeHead::empty().root);
        let [own, shown] = [&self.own, &self.shown].map(|peaks| peaks.root(tail).or(nothing));
        let signed = head.map(|head| head.checkpoint.checkpoint().root);
        let entries_are_right = self.known() && own == signed;
        for (bundle, from, to) in std::mem::take(&mut self.differing) {
            let (tile, problem) = if entries_are_right {
                (Tile::Hashes { level: 0, index: bundle }, Problem::OtherHash)
            } else {
                (Tile::Entries { index: bundle }, Problem::Altered)
            };
            self.findings().at_tile(tile, Some((from, to)), problem);
        }
        self.out.findings.more = self.out.findings.more.saturating_add(self.more);
        let Some(head) = head else { return };
        // Where the tiles have the signed root, the entries that differ from them are named.
        if self.known() && own != signed && shown != signed {
            let from = still.bundles.saturating_mul(WIDTH);
            let leaves = still.size.checked_sub(1).filter(|to| from <= *to).map(|to| (from, to));
            self.findings().add(key(still, "e"), leaves, Problem::OtherRoot);
        }
        if self.known() && self.last_at != Some(head.recorded_at) {
            self.findings().add(key(still, "s"), None, Problem::OtherEnd);
        }
    }
}

/// The root over fewer leaves than a tree has.
fn root_of(hashes: impl Iterator<Item = Digest>) -> Digest {
    let mut frontier = Frontier::default();
    hashes.for_each(|hash| frontier.push(hash));
    frontier.head().root
}

/// A key of the store, as it is named.
fn key(still: &Still, what: &str) -> String {
    format!("l/{}/{what}", still.name)
}
