//! Where rows stand in the store.
//!
//! Rows belong to a *generation*, one per import: `rs/<generation>/<table><entry>[<number>]`. One
//! key, `r/live`, names the generation that is in use; an import becomes visible by changing it,
//! in one commit. An entry is a keyed digest, so that neither a service number nor a file number
//! stands in a key.

use crate::records::ClientId;
use crate::secret::{INDEX_LEN, NodeSecret};
use grondslag_subject::Bsn;

/// Which generation is in use.
pub(super) const LIVE: &[u8] = b"r/live";
/// Which generation is being staged.
pub(super) const STAGING: &[u8] = b"r/staging";
/// All rows of all generations.
pub(super) const ROWS: &[u8] = b"rs/";

/// Length of a generation in a key.
const GENERATION_LEN: usize = 8;

/// An entry of an index.
pub(super) type Entry = [u8; INDEX_LEN];

/// What stands under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// A client, by service number.
    Client,
    /// A client without a service number, by file number.
    Unnumbered,
    /// A record, by file number and order.
    Record,
    /// A fact, by file number and order.
    Fact,
}

impl Table {
    const fn letter(self) -> u8 {
        match self {
            Self::Client => b'c',
            Self::Unnumbered => b'u',
            Self::Record => b'r',
            Self::Fact => b'f',
        }
    }
}

/// Entry of a service number.
pub(super) fn bsn_entry(secret: &NodeSecret, bsn: &Bsn) -> Entry {
    secret.index("grondslag/records/bsn/v1", bsn.expose())
}

/// Entry of a file number.
pub(super) fn client_entry(secret: &NodeSecret, client: &ClientId) -> Entry {
    secret.index("grondslag/records/client/v1", client.as_str())
}

/// What the keys of all rows of a table begin with.
pub(super) fn table_prefix(generation: u64, table: Table) -> Vec<u8> {
    let mut prefix = generation_prefix(generation);
    prefix.push(table.letter());
    prefix
}

/// Key of the one row of an entry, and prefix of the numbered rows of an entry.
pub(super) fn entry_key(generation: u64, table: Table, entry: &Entry) -> Vec<u8> {
    let mut key = table_prefix(generation, table);
    key.extend_from_slice(entry);
    key
}

/// Key of a numbered row.
pub(super) fn row_key(generation: u64, table: Table, entry: &Entry, number: u32) -> Vec<u8> {
    let mut key = entry_key(generation, table, entry);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// What all keys of a generation begin with.
pub(super) fn generation_prefix(generation: u64) -> Vec<u8> {
    [ROWS, generation.to_be_bytes().as_slice(), b"/"].concat()
}

/// A key behind all keys of a generation and before those of the next.
pub(super) fn generation_end(generation: u64) -> Vec<u8> {
    // '0' follows '/'.
    [ROWS, generation.to_be_bytes().as_slice(), b"0"].concat()
}

/// The generation that a row belongs to.
pub(super) fn generation_of(key: &[u8]) -> Option<u64> {
    let bytes = key.strip_prefix(ROWS)?.get(..GENERATION_LEN)?;
    bytes.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_generation_and_lies_between_its_ends() {
        for generation in [0, 1, 0x2f30, u64::MAX] {
            let key = row_key(generation, Table::Record, &[0xff; INDEX_LEN], u32::MAX);
            assert_eq!(generation_of(&key), Some(generation));
            assert!(generation_prefix(generation) < key && key < generation_end(generation));
        }
        assert!(generation_end(7) < generation_prefix(8));
        assert_eq!(generation_of(b"rs/short"), None);
        assert_eq!(generation_of(LIVE), None);
    }

    #[test]
    fn no_number_stands_in_a_key() {
        let secret = NodeSecret::of(1);
        let bsn = Bsn::parse("999940004").unwrap();
        let key = entry_key(1, Table::Client, &bsn_entry(&secret, &bsn));
        assert!(!key.windows(9).any(|part| part == bsn.expose().as_bytes()));
        assert_ne!(bsn_entry(&secret, &bsn), bsn_entry(&NodeSecret::of(2), &bsn));
    }
}
