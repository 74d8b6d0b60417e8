//! Paths in a configuration file: relative to it, and of three kinds.

use std::cell::RefCell;
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use grondslag_core::reason::Reason;
use serde::{Deserialize, Deserializer};

use super::Finding;

/// Permission bits that give group or others any access.
const OPEN_TO_OTHERS: u32 = 0o077;

thread_local! {
    // Serde hands no context to `Deserialize`. The folder of the file being read stands here for
    // the length of one call of `relative_to`, which is synchronous, and nowhere else.
    static READING: RefCell<Option<Reading>> = const { RefCell::new(None) };
}

struct Reading {
    folder: PathBuf,
    named: Vec<Named>,
}

/// A path that a configuration named, and what it is for.
pub(super) struct Named {
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Input,
    Secret,
    Place,
}

impl Named {
    /// What is wrong with the path on disk, if anything.
    pub(super) fn finding(&self) -> Option<Finding> {
        let reason = match self.kind {
            Kind::Input => input(&self.path),
            Kind::Secret => input(&self.path).or_else(|| secret(&self.path)),
            Kind::Place => place(&self.path),
        }?;
        Some(Finding { path: self.path.clone(), reason })
    }
}

fn input(path: &Path) -> Option<Reason> {
    (!path.is_file()).then_some(Reason::FileUnreadable)
}

fn secret(path: &Path) -> Option<Reason> {
    let mode = path.metadata().ok()?.permissions().mode();
    (mode & OPEN_TO_OTHERS != 0).then_some(Reason::PermissionsOpen)
}

fn place(path: &Path) -> Option<Reason> {
    let holder = path.parent().unwrap_or(path);
    let writable = |of: &Path| of.metadata().is_ok_and(|m| !m.permissions().readonly());
    let fine = writable(holder) && (!path.exists() || writable(path));
    (!fine).then_some(Reason::StoreUnwritable)
}

/// Runs `read` so that every path it parses is joined to `folder`; also gives the paths it met.
pub(super) fn relative_to<T>(folder: &Path, read: impl FnOnce() -> T) -> (T, Vec<Named>) {
    let reading = Reading { folder: folder.to_owned(), named: Vec::new() };
    let outer = READING.replace(Some(reading));
    let value = read();
    let named = READING.replace(outer).map_or_else(Vec::new, |r| r.named);
    (value, named)
}

fn resolve(path: PathBuf, kind: Kind) -> PathBuf {
    READING.with_borrow_mut(|reading| match reading {
        Some(reading) => {
            let path = reading.folder.join(path);
            reading.named.push(Named { path: path.clone(), kind });
            path
        }
        None => path,
    })
}

macro_rules! path_kind {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $shown:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(PathBuf);

        impl $name {
            /// Where it is.
            pub fn path(&self) -> &Path {
                &self.0
            }
        }

        impl AsRef<Path> for $name {
            fn as_ref(&self) -> &Path {
                &self.0
            }
        }

        impl From<PathBuf> for $name {
            fn from(path: PathBuf) -> Self {
                Self(path)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let shown: fn(&Path) -> String = $shown;
                f.write_str(&shown(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                PathBuf::deserialize(from).map(|path| Self(resolve(path, $kind)))
            }
        }
    };
}

path_kind!(
    /// A file that must exist before the process starts.
    InputFile,
    Kind::Input,
    |path| path.display().to_string()
);
path_kind!(
    /// A file that holds a secret: it must exist and be readable by its owner alone.
    SecretFile,
    Kind::Secret,
    |_| "…".to_owned()
);
path_kind!(
    /// A file or folder that the process makes and writes itself.
    Place,
    Kind::Place,
    |path| path.display().to_string()
);
