//! The files of rules that come from elsewhere: their names lead to no other place than a pack's
//! own, and their digests say what was signed.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::canonical::Canonical;
use grondslag_core::id::Digest;

use crate::folder::{CASES_FOLDER, FILES, TABLE_FOLDER, in_folder};
use crate::limits::FILE_NAME_BYTES_MAX;

/// Texts by relative path.
pub(super) type Files = BTreeMap<String, String>;

/// Digest of every file, by relative path.
pub(super) fn digests(files: &Files) -> BTreeMap<String, Digest> {
    let digests = files.iter().map(|(path, text)| (path.clone(), Digest::of(text.as_bytes())));
    digests.collect()
}

/// As they stand in what officers sign: name and digest of each.
pub(super) fn canonical(
    files: &BTreeMap<String, Digest>,
) -> impl ExactSizeIterator<Item = Vec<u8>> {
    files.iter().map(|(path, digest)| {
        Canonical::new("grondslag/file/v1").text(path).bytes(digest.as_bytes()).finish()
    })
}

/// The first name that does not stand in the folder of a pack, or that some disks take for another
/// one there. Whoever writes files that came from elsewhere asks this first.
pub fn misplaced(files: &Files) -> Option<&str> {
    let mut names = BTreeSet::new();
    // Some disks take names that differ in capitals for one.
    let mut odd = |path: &str| !is_of_a_pack(path) || !names.insert(path.to_ascii_lowercase());
    files.keys().map(String::as_str).find(|path| odd(path))
}

/// A name of plain letters, in the place of such a file: nothing that leads out of the folder.
fn is_of_a_pack(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let in_own = |folder: &str| {
        let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        let is_plain = |name: &str| name.chars().all(plain) && !name.starts_with('.');
        in_folder(path, folder) && name.is_some_and(is_plain)
    };
    let known = FILES.contains(&path) || in_own(TABLE_FOLDER) || in_own(CASES_FOLDER);
    path.len() <= FILE_NAME_BYTES_MAX && known
}
