//! The tiles of hashes, each held against what stands below it.

use grondslag_core::id::Digest;

use super::{Findings, Problem};
use crate::ledger::LedgerError;
use crate::ledger::edge::rooted;
use crate::ledger::tiles::{Tile, Tiles};
use crate::limits::TILE_WIDTH;

/// What the next tile of each level must hold.
pub(super) struct Levels<'a> {
    tiles: &'a Tiles,
    levels: Vec<Level>,
}

#[derive(Default)]
struct Level {
    /// The next tile's place.
    index: u64,
    /// Its hashes by the entries themselves.
    own: Vec<Digest>,
    /// Its hashes by the tiles below it, which may have been altered.
    shown: Vec<Digest>,
}

/// The root over the leaves of a tile.
pub(super) struct Roots {
    /// By the entries.
    pub(super) own: Digest,
    /// By the tile's file.
    pub(super) shown: Digest,
}

impl<'a> Levels<'a> {
    pub(super) fn over(tiles: &'a Tiles) -> Self {
        Self { tiles, levels: Vec::new() }
    }

    /// Goes on above a tile of the lowest level.
    pub(super) fn push(
        &mut self,
        roots: Roots,
        findings: &mut Findings,
    ) -> Result<(), LedgerError> {
        let (mut roots, mut number) = (roots, 1_u32);
        loop {
            let at = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
            if self.levels.len() <= at {
                self.levels.push(Level::default());
            }
            let Some(level) = self.levels.get_mut(at) else { return Ok(()) };
            level.own.push(roots.own);
            level.shown.push(roots.shown);
            if level.own.len() < TILE_WIDTH {
                return Ok(());
            }
            let tile = Tile::Hashes { level: number, index: level.index };
            roots = level.fill(self.tiles, tile, findings)?;
            number = number.saturating_add(1);
        }
    }
}

impl Level {
    /// Holds a tile's file against its hashes, and goes on to the next one.
    fn fill(
        &mut self,
        tiles: &Tiles,
        tile: Tile,
        findings: &mut Findings,
    ) -> Result<Roots, LedgerError> {
        let (own, shown) = (std::mem::take(&mut self.own), std::mem::take(&mut self.shown));
        let width = leaves_of(tile);
        let first = self.index.saturating_mul(width).saturating_mul(TILE_WIDTH as u64);
        self.index = self.index.saturating_add(1);
        let file = read(tiles, tile, findings)?;
        for ((n, hash), (own, shown)) in (0_u64..).zip(&file).zip(own.iter().zip(&shown)) {
            // One that follows a tile below is right in itself: that tile is named already.
            if hash != own && hash != shown {
                let from = first.saturating_add(n.saturating_mul(width));
                let to = from.saturating_add(width).saturating_sub(1);
                findings.at_tile(tile, Some((from, to)), Problem::OtherHash);
            }
        }
        let shown = rooted(if file.is_empty() { shown } else { file });
        Ok(Roots { own: rooted(own), shown })
    }
}

/// The hashes of a tile's file; none, and a finding, when there is no such tile.
pub(super) fn read(
    tiles: &Tiles,
    tile: Tile,
    findings: &mut Findings,
) -> Result<Vec<Digest>, LedgerError> {
    let Tile::Hashes { level, index } = tile else { return Ok(Vec::new()) };
    match tiles.hashes(level, index) {
        Ok(hashes) => Ok(hashes),
        Err(error) => {
            findings.unread(tiles, tile, error)?;
            Ok(Vec::new())
        }
    }
}

/// How many leaves stand below one hash of a tile.
fn leaves_of(tile: Tile) -> u64 {
    let level = match tile {
        Tile::Hashes { level, .. } => level,
        Tile::Entries { .. } => 0,
    };
    (TILE_WIDTH as u64).checked_pow(level).unwrap_or(u64::MAX)
}
