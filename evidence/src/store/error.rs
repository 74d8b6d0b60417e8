//! Why a store refuses.

use std::io;

use grondslag_core::reason::Reason;

/// A store could not be opened, read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The folder or disk does not take a write.
    #[error("the store cannot be written ({0})")]
    Unwritable(io::ErrorKind),
    /// The disk is full, or too nearly so to go on.
    #[error("the disk is full")]
    Full,
    /// A newer version wrote this store.
    #[error("the store was written by a newer version")]
    Newer,
    /// Another organisation made this store.
    #[error("the store belongs to another agency")]
    Foreign,
    /// What is there is not what was written.
    #[error("the store is damaged")]
    Corrupt,
    /// Another process, or another part of this one, has the store open.
    #[error("the store is in use")]
    InUse,
    /// An expectation did not hold; nothing was written.
    #[error("expectation at step {step} of the batch does not hold")]
    Conflict {
        /// Position in the batch, counted from 0 over all its steps.
        step: usize,
    },
    /// A bound of `limits` is exceeded; nothing was written.
    #[error("{0} is over its limit")]
    TooLarge(&'static str),
}

impl StoreError {
    /// The stable reason. A conflict is the caller's to explain; unexplained it is "try again".
    pub fn reason(self) -> Reason {
        match self {
            Self::Unwritable(_) => Reason::StoreUnwritable,
            Self::Full => Reason::StoreFull,
            Self::Newer => Reason::StoreNewer,
            Self::Foreign => Reason::StoreForeign,
            Self::Corrupt => Reason::StoreCorrupt,
            Self::InUse => Reason::StoreInUse,
            Self::Conflict { .. } => Reason::Busy,
            Self::TooLarge(_) => Reason::TooLarge,
        }
    }

    /// True when it is certain that nothing was written and that the store goes on as before.
    pub fn wrote_nothing(self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::TooLarge(_))
    }
}

impl From<&io::Error> for StoreError {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Corrupt,
            kind => Self::Unwritable(kind),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<::sled::Error> for StoreError {
    fn from(error: ::sled::Error) -> Self {
        match error {
            ::sled::Error::Io(error) => Self::from(&error),
            // The only setting that a later version could have changed is the file format.
            ::sled::Error::Unsupported(_) => Self::Newer,
            ::sled::Error::Corruption { .. }
            | ::sled::Error::CollectionNotFound(_)
            | ::sled::Error::ReportableBug(_) => Self::Corrupt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_full_quota_are_store_full() {
        for errno in [rustix::io::Errno::NOSPC, rustix::io::Errno::DQUOT] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(StoreError::from(&error), StoreError::Full);
            assert_eq!(StoreError::from(::sled::Error::Io(error)), StoreError::Full);
        }
        assert_eq!(StoreError::Full.reason(), Reason::StoreFull);
    }

    #[test]
    fn a_disk_that_takes_no_write_is_store_unwritable() {
        for errno in [rustix::io::Errno::ROFS, rustix::io::Errno::ACCESS, rustix::io::Errno::IO] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(StoreError::from(&error).reason(), Reason::StoreUnwritable);
        }
    }

    #[test]
    fn damage_and_an_unknown_format_are_told_apart() {
        let damage = ::sled::Error::Corruption { at: None, bt: () };
        assert_eq!(StoreError::from(damage), StoreError::Corrupt);
        let format = ::sled::Error::Unsupported(String::new());
        assert_eq!(StoreError::from(format), StoreError::Newer);
    }
}
