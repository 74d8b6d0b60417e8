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

use grondslag_certs::{Admitted, Root, VerifiedCard, authority};
use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;
use serde::{Deserialize, Serialize};

use crate::limits::OPERATOR_FILES_MAX;

/// Folder of admissions.
pub(crate) const ADMISSIONS: &str = "admissions";
/// Folder of suspended agencies.
pub(crate) const SUSPENDED: &str = "suspended";
/// Folder of accepted cards.
pub(crate) const ACCEPTED: &str = "accepted";

/// A change in the operator's folder since it was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
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
    pub(crate) fn leaf(&self) -> Vec<u8> {
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
    admissions: BTreeMap<Oin, Admitted>,
    suspended: BTreeSet<Oin>,
    accepted: BTreeSet<Digest>,
}

/// What the ledger knows of the folder: the changes since then are still to be recorded.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    admitted: BTreeMap<Oin, Timestamp>,
    suspended: BTreeSet<Oin>,
}

/// Whom an operator deals with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admits {
    /// Whose admission lies in the folder: a broker's operator admits each agency.
    Listed,
    /// Whom the region's authority admitted, unless suspended here: a key holder's operator.
    Certified,
}

/// The folder as last read.
#[derive(Debug)]
pub(crate) struct Operator {
    folder: PathBuf,
    admits: Admits,
    seen: RwLock<Seen>,
}

impl Operator {
    /// Opens the folder.
    ///
    /// # Errors
    /// `FILE_UNREADABLE` when it is not there or cannot be read: without it nobody is suspended,
    /// which must not happen by accident.
    pub(crate) fn open(
        folder: PathBuf,
        admits: Admits,
        root: &Root,
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let seen = RwLock::new(read(&folder, root, now)?);
        Ok(Self { folder, admits, seen })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the folder again; it counts from now on.
    ///
    /// # Errors
    /// `FILE_UNREADABLE`; what was seen before then still counts.
    pub(crate) fn refresh(&self, root: &Root, now: Timestamp) -> Result<(), Reason> {
        let seen = read(&self.folder, root, now)?;
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(())
    }

    /// What the folder says now, in the form in which the ledger knows it.
    pub(crate) fn known(&self) -> Known {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let admitted = seen.admissions.iter();
        Known {
            admitted: admitted.map(|(oin, one)| (oin.clone(), one.valid_until())).collect(),
            suspended: seen.suspended.clone(),
        }
    }

    /// Whether the operator admits an agency to all that its card's own admission names, now.
    ///
    /// # Errors
    /// `KIND_NOT_ADMITTED`, or `AGENCY_SUSPENDED`.
    pub(crate) fn check(&self, card: &VerifiedCard, now: Timestamp) -> Result<(), Reason> {
        let oin = &card.card().oin;
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        if seen.suspended.contains(oin) {
            return Err(Reason::AgencySuspended);
        }
        if self.admits == Admits::Certified {
            return Ok(());
        }
        let admitted = seen.admissions.get(oin).ok_or(Reason::KindNotAdmitted)?;
        if now < admitted.valid_until() && card.is_within(admitted) {
            Ok(())
        } else {
            Err(Reason::KindNotAdmitted)
        }
    }

    /// Cards with a changed key that an operator accepted.
    pub(crate) fn accepted(&self) -> Vec<Digest> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.accepted.iter().copied().collect()
    }
}

impl Known {
    /// What changed from here to there.
    pub(crate) fn changes_to(&self, now: &Self) -> Vec<Change> {
        let admitted = now
            .admitted
            .iter()
            .filter(|(oin, until)| self.admitted.get(*oin) != Some(*until))
            .map(|(oin, _)| Change::Admitted(oin.clone()));
        let removed = self
            .admitted
            .keys()
            .filter(|oin| !now.admitted.contains_key(*oin))
            .map(|oin| Change::Removed(oin.clone()));
        let suspended = now.suspended.difference(&self.suspended).cloned();
        let restored = self.suspended.difference(&now.suspended).cloned();
        admitted
            .chain(removed)
            .chain(suspended.map(Change::Suspended))
            .chain(restored.map(Change::Restored))
            .collect()
    }
}

fn read(folder: &Path, root: &Root, now: Timestamp) -> Result<Seen, Reason> {
    if !folder.is_dir() {
        return Err(Reason::FileUnreadable);
    }
    let mut seen = Seen::default();
    for path in entries(&folder.join(ADMISSIONS))? {
        match admission(&path, root, now) {
            Ok(admitted) => {
                seen.admissions.insert(admitted.oin().clone(), admitted);
            }
            // One bad or ended admission must not shut out everybody else.
            Err(reason) => {
                tracing::warn!(reason = reason.code(), "an admission does not hold");
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

fn admission(path: &Path, root: &Root, now: Timestamp) -> Result<Admitted, Reason> {
    let admission = authority::read_admission(path).map_err(|error| error.reason())?;
    root.verify_admission(&admission, now).map_err(|error| error.reason())
}

/// The files of a sub-folder; one that was never made holds none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Reason> {
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(_) => return Err(Reason::FileUnreadable),
    };
    let paths: Result<Vec<PathBuf>, _> =
        listing.take(OPERATOR_FILES_MAX + 1).map(|entry| entry.map(|entry| entry.path())).collect();
    match paths {
        // A list that is cut could leave a suspension out.
        Ok(paths) if paths.len() > OPERATOR_FILES_MAX => Err(Reason::TooLarge),
        Ok(paths) => Ok(paths),
        Err(_) => Err(Reason::FileUnreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oin() -> Oin {
        Oin::parse("00000099000000001000").unwrap()
    }

    fn root(dir: &Path) -> Root {
        authority::init(&dir.join("ca"), "Drieveen", Timestamp::from_ms(1_000)).unwrap()
    }

    #[test]
    fn a_suspension_is_seen_at_the_next_reading_and_lifted_again() {
        let dir = tempfile::tempdir().unwrap();
        let (root, now) = (root(dir.path()), Timestamp::from_ms(2_000));
        let operator = Operator::open(dir.path().to_owned(), Admits::Listed, &root, now).unwrap();
        let before = operator.known();

        let mark = dir.path().join(SUSPENDED).join(oin().as_str());
        std::fs::create_dir_all(mark.parent().unwrap()).unwrap();
        std::fs::write(&mark, "").unwrap();
        operator.refresh(&root, now).unwrap();
        let suspended = operator.known();
        assert_eq!(before.changes_to(&suspended), vec![Change::Suspended(oin())]);

        std::fs::remove_file(&mark).unwrap();
        operator.refresh(&root, now).unwrap();
        assert_eq!(suspended.changes_to(&operator.known()), vec![Change::Restored(oin())]);
    }

    #[test]
    fn without_its_folder_nothing_is_lifted() {
        let dir = tempfile::tempdir().unwrap();
        let (root, now) = (root(dir.path()), Timestamp::from_ms(2_000));
        let folder = dir.path().join("operator");
        let missing = Operator::open(folder.clone(), Admits::Listed, &root, now);
        assert_eq!(missing.unwrap_err(), Reason::FileUnreadable);

        std::fs::create_dir_all(folder.join(SUSPENDED)).unwrap();
        std::fs::write(folder.join(SUSPENDED).join(oin().as_str()), "").unwrap();
        let operator = Operator::open(folder.clone(), Admits::Listed, &root, now).unwrap();
        let before = operator.known();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(operator.refresh(&root, now), Err(Reason::FileUnreadable));
        assert_eq!(operator.known(), before);
    }
}
