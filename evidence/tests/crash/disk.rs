//! A disk that loses its power: puts a folder back to what was synced.
//!
//! What survives is kept by `power_cut.c`, beside the folder and by inode: the content of a file,
//! the names in a folder. A file that was never synced is empty; a name that was not synced with
//! its folder is not there; a name that was removed without a sync is there again.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder and what of it would survive.
pub(crate) struct Disk {
    top: PathBuf,
    safe: PathBuf,
    shim: PathBuf,
    /// Every file that was settled stays open, so that its inode is nobody else's.
    held: RefCell<Vec<File>>,
}

impl Disk {
    /// In an empty folder; builds the shim.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let shim = folder.join("power_cut.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/power_cut.c");
        let mut compiler = Command::new("cc");
        let compiler = compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
        let built = compiler.arg(&shim).arg(source).status().expect("a C compiler");
        assert!(built.success(), "the shim does not compile");
        let folder = folder.canonicalize().unwrap();
        let (top, safe) = (folder.join("top"), folder.join("safe"));
        let disk = Self { top, safe, shim, held: RefCell::default() };
        fs::create_dir(&disk.top).unwrap();
        disk
    }

    pub(crate) fn top(&self) -> &Path {
        &self.top
    }

    /// A command whose writes below the folder last only when it syncs them.
    pub(crate) fn watch<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", &self.shim)
            .env("POWER_CUT_TOP", &self.top)
            .env("POWER_CUT_SAFE", &self.safe)
    }

    /// All that stands there now survives, whoever wrote it.
    pub(crate) fn settle(&self) {
        let _ = fs::remove_dir_all(&self.safe);
        fs::create_dir(&self.safe).unwrap();
        let mut held = self.held.borrow_mut();
        held.clear();
        let mut folders = vec![self.top.clone()];
        while let Some(folder) = folders.pop() {
            let mut names = String::new();
            for entry in fs::read_dir(&folder).unwrap() {
                let entry = entry.unwrap();
                let (found, name) = (entry.metadata().unwrap(), entry.file_name());
                let kind = if found.is_dir() { 'd' } else { 'f' };
                let (inode, name) = (found.ino(), name.to_str().unwrap());
                writeln!(names, "{kind} {inode} {name}").unwrap();
                if found.is_dir() {
                    folders.push(entry.path());
                } else {
                    held.push(File::open(entry.path()).unwrap());
                    fs::copy(entry.path(), self.safe.join(found.ino().to_string())).unwrap();
                }
            }
            fs::write(self.names(inode(&folder)), names).unwrap();
        }
    }

    /// The power is off and on again.
    pub(crate) fn cut(&self) {
        let again = self.top.with_extension("again");
        let mut folders = vec![(inode(&self.top), again.clone())];
        while let Some((inode, folder)) = folders.pop() {
            fs::create_dir(&folder).unwrap();
            let names = fs::read_to_string(self.names(inode)).unwrap_or_default();
            for line in names.lines() {
                let mut words = line.splitn(3, ' ');
                let mut word = || words.next().unwrap();
                let (kind, inode, path) = (word(), word(), folder.join(word()));
                match kind {
                    "d" => folders.push((inode.parse().unwrap(), path)),
                    _ => self.put_back(inode, &path),
                }
            }
        }
        fs::remove_dir_all(&self.top).unwrap();
        fs::rename(again, &self.top).unwrap();
    }

    fn put_back(&self, inode: &str, path: &Path) {
        let safe = self.safe.join(inode);
        if safe.exists() {
            fs::copy(safe, path).unwrap();
        } else {
            fs::write(path, "").unwrap();
        }
    }

    fn names(&self, inode: u64) -> PathBuf {
        self.safe.join(format!("{inode}.names"))
    }
}

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}
