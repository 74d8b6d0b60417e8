//! Where the index stands in the store. Everything of an epoch begins with it, so that it is
//! forgotten by one prefix.
//!
//! `x/<epoch>/e<entry>` tells whom a pseudonym stands for, `x/<epoch>/c<subject>` the entry of a
//! subject, `x/<epoch>/b<number>` a batch, `x/<epoch>/s` the state.

use grondslag_subject::pseudonym::INDEX_LEN;

use crate::records::SubjectKey;

/// An entry of the index.
pub(super) type Entry = [u8; INDEX_LEN];

/// Whom an entry stands for, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Person(SubjectKey),
    Canary(SubjectKey),
}

impl Found {
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let (kind, key) = value.split_first()?;
        let key = SubjectKey::from_bytes(key)?;
        match kind {
            b'c' => Some(Self::Person(key)),
            b'y' => Some(Self::Canary(key)),
            _ => None,
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let (kind, key) = match self {
            Self::Person(key) => (b'c', key),
            Self::Canary(key) => (b'y', key),
        };
        [&[kind], key.as_bytes().as_slice()].concat()
    }

    pub(super) fn key(&self) -> &SubjectKey {
        match self {
            Self::Person(key) | Self::Canary(key) => key,
        }
    }
}

pub(super) fn epoch_prefix(epoch: u32) -> Vec<u8> {
    [b"x/".as_slice(), &epoch.to_be_bytes(), b"/"].concat()
}

pub(super) fn entry(epoch: u32, entry: &Entry) -> Vec<u8> {
    [epoch_prefix(epoch).as_slice(), b"e", entry].concat()
}

pub(super) fn subjects(epoch: u32) -> Vec<u8> {
    [epoch_prefix(epoch).as_slice(), b"c"].concat()
}

pub(super) fn subject(epoch: u32, key: &SubjectKey) -> Vec<u8> {
    [subjects(epoch).as_slice(), key.as_bytes()].concat()
}

pub(super) fn batch(epoch: u32, number: u64) -> Vec<u8> {
    [epoch_prefix(epoch).as_slice(), b"b", &number.to_be_bytes()].concat()
}

pub(super) fn state(epoch: u32) -> Vec<u8> {
    [epoch_prefix(epoch).as_slice(), b"s"].concat()
}
