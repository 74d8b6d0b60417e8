//! What a backup must know of the ledgers in a store: their names, their heads, and how much of
//! each stands in files.

use std::collections::BTreeMap;

use grondslag_core::checkpoint::SignedCheckpoint;

use super::audit::names;
use super::keys::{Filed, Head, Keys, PREFIX};
use super::{LedgerError, Tile};
use crate::limits::TILE_WIDTH;
use crate::store::{Store, StoreError};

/// The head of one ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerHead {
    /// What it is called in the store.
    pub name: String,
    /// Its checkpoint.
    pub head: SignedCheckpoint,
}

/// The head of every ledger in a store.
pub(crate) async fn heads(store: &dyn Store) -> Result<Vec<LedgerHead>, LedgerError> {
    let mut heads = Vec::new();
    for name in names(store).await? {
        if let Some(stored) = Keys::of(&name)?.head(store).await? {
            let head = Head::decode(&stored).ok_or(StoreError::Corrupt)?.checkpoint;
            heads.push(LedgerHead { name, head });
        }
    }
    Ok(heads)
}

/// How many bundles of every ledger stand in files.
pub(crate) async fn filed(store: &dyn Store) -> Result<BTreeMap<String, u64>, LedgerError> {
    let mut bundles = BTreeMap::new();
    for name in names(store).await? {
        if let Some(filed) = Keys::of(&name)?.filed(store).await? {
            bundles.insert(name, filed.bundles);
        }
    }
    Ok(bundles)
}

/// The ledger of which a row says how much stands in files, and how much that is.
pub(crate) fn filed_in(key: &[u8], value: Option<&[u8]>) -> Option<(String, u64)> {
    let name = key.strip_prefix(PREFIX)?.strip_suffix(b"/t")?;
    let name = std::str::from_utf8(name).ok().filter(|name| Keys::of(name).is_ok())?;
    let bundles = value.and_then(Filed::decode).map_or(0, |filed| filed.bundles);
    Some((name.to_owned(), bundles))
}

impl Tile {
    /// Every tile of a ledger with so many full bundles.
    pub(crate) fn of_bundles(bundles: u64) -> impl Iterator<Item = Self> {
        let entries = (0..bundles).map(|index| Self::Entries { index });
        let levels = (0..u64::BITS).map_while(move |level| {
            let bits = level.checked_mul(TILE_WIDTH.ilog2())?;
            let count = bundles.checked_shr(bits).filter(|count| *count > 0)?;
            Some((0..count).map(move |index| Self::Hashes { level, index }))
        });
        entries.chain(levels.flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tiles_of_some_bundles_are_those_that_stand_in_files() {
        assert_eq!(Tile::of_bundles(0).count(), 0);
        assert_eq!(Tile::of_bundles(255).count(), 255 + 255);
        assert_eq!(Tile::of_bundles(256).count(), 256 + 256 + 1);
        assert_eq!(Tile::of_bundles(513).count(), 513 + 513 + 2);
    }

    #[test]
    fn only_the_row_of_a_ledger_says_what_stands_in_files() {
        let filed = Filed { bundles: 7, root: grondslag_core::id::Digest::new([1; 32]) };
        let value = filed.encode();
        let row = |key: &str| filed_in(key.as_bytes(), Some(&value));
        assert_eq!(row("l/broker/t"), Some(("broker".into(), 7)));
        assert_eq!(row("l/broker-2/t"), Some(("broker-2".into(), 7)));
        for other in ["l/broker/s", "l//t", "x/broker/t", "l/broker/e/t", "l/Broker/t"] {
            assert_eq!(row(other), None, "{other}");
        }
    }
}
