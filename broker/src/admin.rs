//! What a broker's operator does from the command line: files that the serving broker reads.

use std::io;
use std::path::Path;

use grondslag_certs::{Root, authority, file};
use grondslag_core::card::Admission;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;

use crate::directory::operator::{ACCEPTED, ADMISSIONS, SUSPENDED};
use crate::epoch::wish::{WISH, Wish};

/// Admits the agency that the region authority's admission names; a newer admission replaces the
/// one before it.
///
/// # Errors
/// `KIND_NOT_ADMITTED` when the admission is not this region's or has ended; `FILE_UNREADABLE`
/// when a file cannot be read or written.
pub fn admit(folder: &Path, file: &Path, root: &Root, now: Timestamp) -> Result<Admission, Reason> {
    let admission = authority::read_admission(file).map_err(|error| error.reason())?;
    root.verify_admission(&admission, now).map_err(|error| error.reason())?;
    let place = folder.join(ADMISSIONS);
    let json = serde_json::to_vec_pretty(&admission).map_err(|_| Reason::Internal)?;
    write(&place, &format!("{}.json", admission.oin), &json)?;
    Ok(admission)
}

/// Shuts an agency out until [`restore`].
///
/// # Errors
/// `FILE_UNREADABLE` when the mark cannot be written.
pub fn suspend(folder: &Path, oin: &Oin) -> Result<(), Reason> {
    write(&folder.join(SUSPENDED), oin.as_str(), b"")
}

/// Lifts a suspension; an agency that is not suspended stays so.
///
/// # Errors
/// `FILE_UNREADABLE` when the mark cannot be removed.
pub fn restore(folder: &Path, oin: &Oin) -> Result<(), Reason> {
    match std::fs::remove_file(folder.join(SUSPENDED).join(oin.as_str())) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Reason::FileUnreadable),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Accepts a card with a changed key, by the digest that the broker's log names.
///
/// # Errors
/// `FILE_UNREADABLE` when the mark cannot be written.
pub fn accept(folder: &Path, digest: &Digest) -> Result<(), Reason> {
    write(&folder.join(ACCEPTED), &digest.to_string(), b"")
}

/// Asks for the next epoch, which becomes the current one at a moment; the serving broker carries
/// it out. Until then nodes enrol in it.
///
/// # Errors
/// `FILE_UNREADABLE` when the wish cannot be written; `INTERNAL` without randomness.
pub fn rotate(folder: &Path, switch_at: Timestamp) -> Result<(), Reason> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|_| Reason::Internal)?;
    let wish = Wish { id: hex::encode(id), switch_at };
    let json = serde_json::to_vec_pretty(&wish).map_err(|_| Reason::Internal)?;
    write(folder, WISH, &json)
}

/// Writes beside, syncs and renames, so that the serving broker never reads half a file and what
/// was said to be done survives a power cut.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Reason> {
    std::fs::create_dir_all(folder).map_err(|_| Reason::FileUnreadable)?;
    // Named after the file and this process, so that two commands at once do not write over each
    // other's half; beside the folder, which the broker reads.
    let beside = folder.with_extension(format!("{name}.{}.tmp", std::process::id()));
    let written = file::replace_by_way_of(&beside, &folder.join(name), bytes);
    written.map_err(|_| Reason::FileUnreadable)
}

#[cfg(test)]
mod tests {
    use grondslag_core::catalogue::Kind;

    use super::*;
    use crate::directory::operator::{Admits, Known, Operator};

    #[test]
    fn an_admission_of_this_region_counts_and_another_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_ms(1_000);
        let oin = Oin::parse("00000099000000001000").unwrap();
        let kinds = [Kind::parse("sch").unwrap()];
        let region = |name: &str| {
            let ca = dir.path().join(name);
            let root = authority::init(&ca, name, now).unwrap();
            let admission =
                authority::admit(&ca, &oin, &kinds, Timestamp::from_ms(9_000), now).unwrap();
            let file = dir.path().join(format!("{name}.json"));
            authority::write_admission(&file, &admission).unwrap();
            (root, admission, file)
        };
        let (root, admission, file) = region("here");
        let (_, _, foreign) = region("elsewhere");
        let folder = dir.path().join("operator");

        assert_eq!(admit(&folder, &foreign, &root, now), Err(Reason::KindNotAdmitted));
        assert_eq!(admit(&folder, &file, &root, now), Ok(admission));
        let operator = Operator::open(folder.clone(), Admits::Listed, &root, now).unwrap();
        let admitted = operator.known();
        assert_ne!(admitted, Known::default());

        suspend(&folder, &oin).unwrap();
        operator.refresh(&root, now).unwrap();
        assert_ne!(operator.known(), admitted);
        restore(&folder, &oin).unwrap();
        operator.refresh(&root, now).unwrap();
        assert_eq!(operator.known(), admitted);
    }
}
