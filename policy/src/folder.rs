//! The policy folder on disk, and the one that was built in: texts by relative path, within their
//! bounds.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use include_dir::Dir;

use crate::consent;
use crate::fault::{Fault, PackError, Problem};
use crate::limits::{FILE_BYTES_MAX, FILES_MAX, FOLDER_BYTES_MAX};
use crate::parse::too_large;
use crate::retention;

pub(crate) const PACK_FILE: &str = "pack.toml";
pub(crate) const CATALOGUE_FILE: &str = "catalogue.toml";
pub(crate) const TABLE_FOLDER: &str = "table";
pub(crate) const CASES_FOLDER: &str = "cases";
/// The files that every pack has.
pub(crate) const FILES: [&str; 4] = [PACK_FILE, CATALOGUE_FILE, retention::FILE, consent::FILE];

/// The text belongs to a folder.
pub(crate) fn in_folder(path: &str, folder: &str) -> bool {
    let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    name.is_some_and(is_toml)
}

/// A TOML file directly in its folder.
fn is_toml(name: &str) -> bool {
    !name.contains('/') && Path::new(name).extension().is_some_and(|end| end == "toml")
}

/// The files of an embedded folder, by path relative to the policy folder.
pub(crate) fn embedded(dir: &'static Dir<'static>, folder: &str) -> BTreeMap<String, String> {
    let files = dir.files().filter_map(|file| {
        let name = file.path().to_str().filter(|name| is_toml(name))?;
        Some((format!("{folder}/{name}"), file.contents_utf8()?.to_owned()))
    });
    files.collect()
}

/// Everything that a policy folder holds, by relative path: what decides, and the cases.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<String, String>, PackError> {
    let mut found = Found { root: folder, files: BTreeMap::new(), bytes: 0 };
    for file in FILES {
        found.file(file)?;
    }
    found.folder(TABLE_FOLDER)?;
    if folder.join(CASES_FOLDER).is_dir() {
        found.folder(CASES_FOLDER)?;
    }
    Ok(found.files)
}

/// The files that were read so far.
struct Found<'a> {
    root: &'a Path,
    files: BTreeMap<String, String>,
    bytes: u64,
}

impl Found<'_> {
    fn folder(&mut self, folder: &str) -> Result<(), PackError> {
        let listing = fs::read_dir(self.root.join(folder));
        let listing = listing.map_err(|error| unreadable(folder, &error))?;
        for (count, entry) in (1..).zip(listing) {
            if count > FILES_MAX {
                let detail = format!("> {FILES_MAX}");
                return Err(one(Problem::new(folder, "", Fault::TooMany, detail)));
            }
            let name = entry.map_err(|error| unreadable(folder, &error))?.file_name();
            if let Some(name) = name.to_str().filter(|name| is_toml(name)) {
                self.file(&format!("{folder}/{name}"))?;
            }
        }
        Ok(())
    }

    fn file(&mut self, name: &str) -> Result<(), PackError> {
        let text = read_file(self.root, name)?;
        self.bytes = self.bytes.saturating_add(text.len() as u64);
        if self.bytes > FOLDER_BYTES_MAX {
            return Err(one(too_large(name, self.bytes, FOLDER_BYTES_MAX)));
        }
        self.files.insert(name.to_owned(), text);
        Ok(())
    }
}

/// Reads one file; no more of it than may be there, whatever its length says.
pub(crate) fn read_file(root: &Path, name: &str) -> Result<String, PackError> {
    let file = File::open(root.join(name)).map_err(|error| unreadable(name, &error))?;
    let length = file.metadata().map_err(|error| unreadable(name, &error))?.len();
    if length > FILE_BYTES_MAX {
        return Err(one(too_large(name, length, FILE_BYTES_MAX)));
    }
    let mut text = String::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| unreadable(name, &error))?;
    let read = text.len() as u64;
    if read > FILE_BYTES_MAX { Err(one(too_large(name, read, FILE_BYTES_MAX))) } else { Ok(text) }
}

fn unreadable(file: &str, error: &std::io::Error) -> PackError {
    one(Problem::new(file, "", Fault::Unreadable, error.kind().to_string()))
}

fn one(problem: Problem) -> PackError {
    PackError { problems: vec![problem] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Cases;
    use crate::fixture::{files, pack};
    use crate::pack::Pack;

    /// A folder with the small pack in it.
    fn small() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("table")).unwrap();
        for (path, text) in files() {
            fs::write(folder.path().join(path), text).unwrap();
        }
        folder
    }

    fn fault(folder: &Path) -> (String, Fault) {
        let problem = Pack::load(folder).unwrap_err().problems.remove(0);
        (problem.file, problem.fault)
    }

    #[test]
    fn a_folder_loads_as_its_files_do_and_a_missing_file_is_named() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(fault(empty.path()), ("pack.toml".to_owned(), Fault::Unreadable));
        let folder = small();
        fs::write(folder.path().join("table/README.md"), "not a rule").unwrap();
        assert_eq!(Pack::load(folder.path()).unwrap().bundle(), pack().bundle());
        fs::create_dir(folder.path().join("cases")).unwrap();
        fs::write(folder.path().join("cases/a.toml"), "typo = 1").unwrap();
        let read = Pack::files(Some(folder.path())).unwrap();
        assert_eq!(Cases::of_pack(&read).run(&pack()).problems.len(), 1, "the cases are read too");
        fs::remove_file(folder.path().join("catalogue.toml")).unwrap();
        assert_eq!(fault(folder.path()), ("catalogue.toml".to_owned(), Fault::Unreadable));
    }

    #[test]
    fn a_file_of_fifty_megabytes_is_refused_by_its_length_and_not_read() {
        let folder = small();
        let file = File::create(folder.path().join("table/b.toml")).unwrap();
        file.set_len(50 * 1_048_576).unwrap();
        let began = std::time::Instant::now();
        assert_eq!(fault(folder.path()), ("table/b.toml".to_owned(), Fault::TooMany));
        assert!(began.elapsed().as_millis() < 500);
        // From elsewhere than a folder it is no other.
        let mut files = files();
        files.insert("table/b.toml".to_owned(), " ".repeat(50 * 1_048_576));
        let problems = Pack::from_files(&files).unwrap_err().problems;
        assert_eq!((problems.len(), problems[0].fault), (1, Fault::TooMany));
    }

    #[test]
    fn many_files_that_are_each_small_enough_are_too_large_together() {
        let folder = small();
        let bytes = usize::try_from(FILE_BYTES_MAX).unwrap();
        for at in 0..5 {
            let remark = format!("#{}", " ".repeat(bytes - 1));
            fs::write(folder.path().join(format!("table/z{at}.toml")), remark).unwrap();
        }
        assert_eq!(fault(folder.path()).1, Fault::TooMany);
        for at in 0..5 {
            fs::remove_file(folder.path().join(format!("table/z{at}.toml"))).unwrap();
        }
        for at in 0..FILES_MAX {
            fs::write(folder.path().join(format!("table/z{at}.toml")), "").unwrap();
        }
        assert_eq!(fault(folder.path()), ("table".to_owned(), Fault::TooMany));
    }
}
