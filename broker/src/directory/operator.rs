//! The operator's folder: which agencies this broker deals with.
//!
//! The operator's commands write it (`grondslag broker admit | suspend`), the serving broker only
//! reads it, so that there is no second door into a running broker.
//! `admissions/<OIN>.json` holds the region authority's admission, `suspended/<OIN>` marks an
//! agency that is shut out, `accepted/<digest>` a card with a changed key that an operator
//! accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use grondslag_certs::{Root, authority};
use grondslag_core::canonical::Canonical;
use grondslag_core::card::Admission;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;

use crate::limits::OPERATOR_FILES_MAX;

/// Folder of admissions.
pub const ADMISSIONS: &str = "admissions";
/// Folder of suspended agencies.
pub const SUSPENDED: &str = "suspended";
/// Folder of accepted cards.
pub const ACCEPTED: &str = "accepted";

/// A change in the operator's folder since it was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An agency was admitted, or its admission renewed.
    Admitted(Oin),
    /// An admission was taken away.
    Removed(Oin),
    /// An agency was suspended.
    Suspended(Oin),
    /// A suspension was lifted.
    Restored(Oin),
}

impl Change {
    /// The change as a leaf of the ledger.
    pub fn leaf(&self) -> Vec<u8> {
        let (word, oin) = match self {
            Self::Admitted(oin) => ("admitted", oin),
            Self::Removed(oin) => ("removed", oin),
            Self::Suspended(oin) => ("suspended", oin),
            Self::Restored(oin) => ("restored", oin),
        };
        Canonical::new("grondslag/leaf/operator/v1").text(word).text(oin.as_str()).finish()
    }
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Seen {
    admissions: BTreeMap<Oin, Admission>,
    suspended: BTreeSet<Oin>,
    accepted: BTreeSet<Digest>,
}

/// The folder as last read.
#[derive(Debug)]
pub struct Operator {
    folder: PathBuf,
    seen: RwLock<Seen>,
}

impl Operator {
    /// Opens the folder; what stands in it counts as seen.
    ///
    /// # Errors
    /// `FILE_UNREADABLE` when it cannot be read.
    pub fn open(folder: PathBuf) -> Result<Self, Reason> {
        let seen = RwLock::new(read(&folder)?);
        Ok(Self { folder, seen })
    }

    /// Where the files stand.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the folder again and says what changed.
    ///
    /// # Errors
    /// `FILE_UNREADABLE`; what was seen before then still counts.
    pub fn refresh(&self) -> Result<Vec<Change>, Reason> {
        let now = read(&self.folder)?;
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let changes = changes(&seen, &now);
        *seen = now;
        Ok(changes)
    }

    /// Whether the operator admitted an agency to the kinds that its own admission names.
    ///
    /// # Errors
    /// `KIND_NOT_ADMITTED`, or `AGENCY_SUSPENDED`.
    pub fn check_admitted(
        &self,
        admission: &Admission,
        root: &Root,
        now: Timestamp,
    ) -> Result<(), Reason> {
        if self.is_suspended(&admission.oin) {
            return Err(Reason::AgencySuspended);
        }
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let own = seen.admissions.get(&admission.oin).ok_or(Reason::KindNotAdmitted)?;
        let own = root.verify_admission(own, now).map_err(|_| Reason::KindNotAdmitted)?;
        let covered = admission.kinds.iter().all(|kind| own.admits(kind, now));
        if covered { Ok(()) } else { Err(Reason::KindNotAdmitted) }
    }

    /// Whether an agency is shut out.
    pub fn is_suspended(&self, oin: &Oin) -> bool {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).suspended.contains(oin)
    }

    /// Cards with a changed key that an operator accepted.
    pub fn accepted(&self) -> Vec<Digest> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.accepted.iter().copied().collect()
    }
}

fn changes(before: &Seen, now: &Seen) -> Vec<Change> {
    let admitted = now
        .admissions
        .iter()
        .filter(|(oin, admission)| before.admissions.get(*oin) != Some(*admission))
        .map(|(oin, _)| Change::Admitted(oin.clone()));
    let removed = before
        .admissions
        .keys()
        .filter(|oin| !now.admissions.contains_key(*oin))
        .map(|oin| Change::Removed(oin.clone()));
    let suspended = now.suspended.difference(&before.suspended).cloned().map(Change::Suspended);
    let restored = before.suspended.difference(&now.suspended).cloned().map(Change::Restored);
    admitted.chain(removed).chain(suspended).chain(restored).collect()
}

fn read(folder: &Path) -> Result<Seen, Reason> {
    let mut seen = Seen::default();
    for path in entries(&folder.join(ADMISSIONS))? {
        match authority::read_admission(&path) {
            Ok(admission) => {
                seen.admissions.insert(admission.oin.clone(), admission);
            }
            // One unreadable file must not shut out everybody else.
            Err(error) => {
                tracing::warn!(reason = error.reason().code(), "an admission cannot be read");
            }
        }
    }
    let names = |sub: &str| -> Result<Vec<String>, Reason> {
        let paths = entries(&folder.join(sub))?;
        Ok(paths.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    };
    seen.suspended = names(SUSPENDED)?.iter().filter_map(|name| Oin::parse(name).ok()).collect();
    seen.accepted = names(ACCEPTED)?.iter().filter_map(|name| Digest::parse(name).ok()).collect();
    Ok(seen)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Reason> {
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(_) => return Err(Reason::FileUnreadable),
    };
    let paths: Result<Vec<PathBuf>, _> =
        listing.take(OPERATOR_FILES_MAX).map(|entry| entry.map(|entry| entry.path())).collect();
    paths.map_err(|_| Reason::FileUnreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspension_is_seen_at_the_next_reading_and_lifted_again() {
        let dir = tempfile::tempdir().unwrap();
        let operator = Operator::open(dir.path().to_owned()).unwrap();
        let oin = Oin::parse("00000099000000001000").unwrap();
        assert!(!operator.is_suspended(&oin));

        let mark = dir.path().join(SUSPENDED).join(oin.as_str());
        std::fs::create_dir_all(mark.parent().unwrap()).unwrap();
        std::fs::write(&mark, "").unwrap();
        assert_eq!(operator.refresh(), Ok(vec![Change::Suspended(oin.clone())]));
        assert!(operator.is_suspended(&oin));
        assert_eq!(operator.refresh(), Ok(vec![]));

        std::fs::remove_file(&mark).unwrap();
        assert_eq!(operator.refresh(), Ok(vec![Change::Restored(oin)]));
    }
}
