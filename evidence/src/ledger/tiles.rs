//! Where full tiles of a ledger stand: files of C2SP tlog-tiles, or memory in tests.
//!
//! A tile is written once and never changes: under another name first, synced, renamed, and its
//! folders synced. Whoever finds one of its name with other content has found a fork.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use grondslag_core::id::Digest;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::LedgerError;
use crate::limits::{BUNDLE_BYTES_MAX, TILE_WIDTH};
use crate::store::{StoreError, sync_folder};

/// A full tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tile {
    /// 256 hashes: of leaves at level 0, else of tiles of the level below.
    Hashes {
        /// The tile's level.
        level: u32,
        /// Its place in that level, counted from 0.
        index: u64,
    },
    /// 256 entries.
    Entries {
        /// Its place, counted from 0.
        index: u64,
    },
}

/// The full tiles of one ledger.
pub struct Tiles(Place);

enum Place {
    /// Below this folder.
    Folder(PathBuf),
    /// For a store that is in memory too.
    Memory(Mutex<BTreeMap<Tile, Vec<u8>>>),
}

impl Tiles {
    /// Tiles as files below a folder, which is made with the first of them.
    pub fn folder(path: PathBuf) -> Self {
        Self(Place::Folder(path))
    }

    /// Tiles in memory: gone with the value.
    pub fn memory() -> Self {
        Self(Place::Memory(Mutex::default()))
    }

    /// The hashes of a tile.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] for one that is missing or has not its length.
    pub(super) fn hashes(&self, level: u32, index: u64) -> Result<Vec<Digest>, LedgerError> {
        let tile = Tile::Hashes { level, index };
        let bytes = self.read(tile)?.ok_or(LedgerError::Damaged(tile))?;
        let hashes: Option<Vec<Digest>> = bytes
            .chunks(Digest::LEN)
            .map(|hash| Some(Digest::new(hash.try_into().ok()?)))
            .collect();
        hashes.filter(|hashes| hashes.len() == TILE_WIDTH).ok_or(LedgerError::Damaged(tile))
    }

    /// The entries of a bundle.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] for one that is missing or not whole.
    pub(super) fn entries(&self, index: u64) -> Result<Vec<Vec<u8>>, LedgerError> {
        let tile = Tile::Entries { index };
        let bytes = self.read(tile)?.ok_or(LedgerError::Damaged(tile))?;
        unbundled(&bytes).ok_or(LedgerError::Damaged(tile))
    }

    /// Whether a tile is there.
    pub(super) fn has(&self, tile: Tile) -> bool {
        match &self.0 {
            Place::Folder(folder) => folder.join(tile.path()).exists(),
            Place::Memory(tiles) => {
                tiles.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&tile)
            }
        }
    }

    /// Whether a tile has this content; one that is not there has any.
    ///
    /// # Errors
    /// What the disk gives.
    pub(super) fn is(&self, tile: Tile, bytes: &[u8]) -> Result<bool, LedgerError> {
        Ok(self.read(tile)?.is_none_or(|there| there == bytes))
    }

    /// Files that are no tile of a ledger with so many full bundles. What a killed process left
    /// half written is none of them.
    ///
    /// # Errors
    /// What the disk gives.
    pub(super) fn strays(&self, bundles: u64, mut found: impl FnMut(&Path)) -> io::Result<()> {
        let Place::Folder(top) = &self.0 else { return Ok(()) };
        let mut folders = vec![top.clone()];
        while let Some(folder) = folders.pop() {
            // No link is followed, not even of the ledger's own folder: a store may be another's.
            match fs::symlink_metadata(&folder) {
                Ok(there) if there.is_dir() => {}
                Ok(_) => {
                    found(Path::new("."));
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let path = entry.path();
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(path);
                    continue;
                }
                let within = path.strip_prefix(top).unwrap_or(&path);
                let half = within.extension().is_some_and(|extension| extension == "new");
                let is_tile = Tile::at(within).is_some_and(|tile| tile.is_within(bundles));
                if !kind.is_file() || (!half && !is_tile) {
                    found(within);
                }
            }
        }
        Ok(())
    }

    /// Writes a tile, to last; one that is there already must be the same.
    ///
    /// # Errors
    /// [`LedgerError::Fork`] for another of that name, else what the disk gives.
    pub(crate) fn write(&self, tile: Tile, bytes: &[u8]) -> Result<(), LedgerError> {
        match self.read(tile)? {
            Some(there) if there == bytes => return Ok(()),
            Some(_) => return Err(LedgerError::Fork),
            None => {}
        }
        match &self.0 {
            Place::Folder(folder) => {
                let written = write_file(folder, &folder.join(tile.path()), bytes);
                written.map_err(|error| StoreError::from(error).into())
            }
            Place::Memory(tiles) => {
                let mut tiles = tiles.lock().unwrap_or_else(PoisonError::into_inner);
                tiles.insert(tile, bytes.to_vec());
                Ok(())
            }
        }
    }

    /// A tile as it stands there.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] for one that is missing.
    pub(crate) fn bytes(&self, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        self.read(tile)?.ok_or(LedgerError::Damaged(tile))
    }

    fn read(&self, tile: Tile) -> Result<Option<Vec<u8>>, LedgerError> {
        match &self.0 {
            Place::Folder(folder) => {
                read_file(folder, &tile.path()).map_err(|error| match error.kind() {
                    io::ErrorKind::InvalidInput => LedgerError::Damaged(tile),
                    _ => StoreError::from(error).into(),
                })
            }
            Place::Memory(tiles) => {
                Ok(tiles.lock().unwrap_or_else(PoisonError::into_inner).get(&tile).cloned())
            }
        }
    }
}

impl fmt::Debug for Tiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Folder(folder) => write!(f, "Tiles({})", folder.display()),
            Place::Memory(_) => f.write_str("Tiles(memory)"),
        }
    }
}

impl Tile {
    /// Its path below the ledger's folder (C2SP tlog-tiles): groups of three digits, all but the
    /// last behind an `x`.
    pub fn path(self) -> PathBuf {
        let (level, index) = match self {
            Self::Hashes { level, index } => (level.to_string(), index),
            Self::Entries { index } => ("entries".to_owned(), index),
        };
        let mut groups = vec![format!("{:03}", index % 1_000)];
        let mut rest = index / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        let folder = Path::new("tile").join(level);
        groups.iter().rev().fold(folder, |path, group| path.join(group))
    }
}

impl Tile {
    /// The tile of a path below the ledger's folder.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        let mut parts = path.iter().map(|part| part.to_str());
        let (Some(Some("tile")), Some(Some(level))) = (parts.next(), parts.next()) else {
            return None;
        };
        let mut index = 0_u64;
        for part in parts {
            let digits = part?.trim_start_matches('x');
            index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = match level {
            "entries" => Self::Entries { index },
            level => Self::Hashes { level: level.parse().ok()?, index },
        };
        (tile.path() == path).then_some(tile)
    }

    /// Whether a ledger with so many full bundles has it.
    fn is_within(self, bundles: u64) -> bool {
        match self {
            Self::Entries { index } => index < bundles,
            Self::Hashes { level, index } => {
                let bits = level.checked_mul(TILE_WIDTH.ilog2());
                index < bits.and_then(|bits| bundles.checked_shr(bits)).unwrap_or(0)
            }
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path().display())
    }
}

/// Entries as they stand in a bundle: each behind its length in two bytes.
pub(super) fn bundled(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 2).sum());
    for entry in entries {
        // An entry is bounded far below this (`LEAF_BYTES_MAX`).
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    bytes
}

fn unbundled(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::with_capacity(TILE_WIDTH);
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry.to_vec());
        bytes = rest;
    }
    (entries.len() == TILE_WIDTH).then_some(entries)
}

/// The hashes of a tile in one piece.
pub(super) fn joined(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(Digest::as_bytes).copied().collect()
}

/// A plain file below plain folders: an auditor reads stores of others, in which a link could name
/// any file of the auditor's own.
fn read_file(top: &Path, within: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match open_plain(top, within) {
        Ok(fd) => File::from(fd),
        Err(Errno::NOENT) => return Ok(None),
        // A link, something that is no folder, or a socket.
        Err(Errno::LOOP | Errno::NOTDIR | Errno::NXIO) => {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    if found.len() > BUNDLE_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    file.take(BUNDLE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Opens a file without following a link, and without waiting at a pipe.
fn open_plain(top: &Path, within: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut opened = rustix::fs::open(top, flags | OFlags::DIRECTORY, Mode::empty())?;
    let mut parts = within.components().peekable();
    while let Some(part) = parts.next() {
        let kind = if parts.peek().is_some() { OFlags::DIRECTORY } else { OFlags::NONBLOCK };
        opened = rustix::fs::openat(&opened, part.as_os_str(), flags | kind, Mode::empty())?;
    }
    Ok(opened)
}

/// Writes a file that is there whole or not at all, and its name in folders that last.
fn write_file(top: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folders(top, parent)?;
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync(parent)
}

/// Makes the folders from `top`'s parent down to `folder` and syncs each that gained a name.
fn make_folders(top: &Path, folder: &Path) -> io::Result<()> {
    let within = folder.ancestors().take_while(|one| Some(*one) != top.parent());
    let missing: Vec<&Path> = within.filter(|one| !one.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir_all(folder)?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync(parent)?;
        }
    }
    Ok(())
}

fn sync(folder: &Path) -> io::Result<()> {
    sync_folder(folder).map_err(|_| io::Error::other("the folder cannot be synced"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(first: u8) -> Vec<Vec<u8>> {
        (0..TILE_WIDTH).map(|n| vec![first; n % 40]).collect()
    }

    #[test]
    fn a_path_is_that_of_the_standard() {
        let path = |index| Tile::Hashes { level: 3, index }.to_string();
        assert_eq!(path(1_234_067), "tile/3/x001/x234/067");
        assert_eq!(path(7), "tile/3/007");
        assert_eq!(Tile::Entries { index: 1_000 }.to_string(), "tile/entries/x001/000");
    }

    #[test]
    fn a_bundle_reads_back_and_a_cut_one_is_damaged() {
        let entries = bundle(7);
        let bytes = bundled(&entries);
        assert_eq!(unbundled(&bytes), Some(entries));
        for cut in [0, 1, 2, bytes.len() - 1] {
            assert_eq!(unbundled(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(unbundled(&[bytes.as_slice(), &[0, 0]].concat()), None, "one entry too many");
    }

    #[test]
    fn a_tile_is_written_once_and_another_of_its_name_is_a_fork() {
        let folder = tempfile::tempdir().unwrap();
        let tile = Tile::Entries { index: 1_001 };
        for tiles in [Tiles::memory(), Tiles::folder(folder.path().join("broker"))] {
            assert!(!tiles.has(tile));
            assert_eq!(tiles.entries(1_001), Err(LedgerError::Damaged(tile)));
            tiles.write(tile, &bundled(&bundle(1))).unwrap();
            tiles.write(tile, &bundled(&bundle(1))).unwrap();
            assert_eq!(tiles.write(tile, &bundled(&bundle(2))), Err(LedgerError::Fork));
            assert_eq!(tiles.entries(1_001), Ok(bundle(1)));
            assert!(tiles.has(tile));
        }
    }

    #[test]
    fn no_link_is_followed_and_no_pipe_is_waited_for() {
        use std::os::unix::fs::symlink;
        let temp = tempfile::tempdir().unwrap();
        let (own, given) = (temp.path().join("own"), temp.path().join("given"));
        let (tile, path) = (Tile::Entries { index: 0 }, "tile/entries/000");
        Tiles::folder(own.clone()).write(tile, &bundled(&bundle(1))).unwrap();
        let refused = |stray: &str| {
            let (tiles, mut strays) = (Tiles::folder(given.clone()), Vec::new());
            assert_eq!(tiles.entries(0), Err(LedgerError::Damaged(tile)), "{stray}");
            assert_eq!(tiles.bytes(tile), Err(LedgerError::Damaged(tile)), "{stray}");
            let written = tiles.write(tile, &bundled(&bundle(1)));
            assert_eq!(written, Err(LedgerError::Damaged(tile)), "{stray}");
            tiles.strays(1, |path| strays.push(path.to_owned())).unwrap();
            assert_eq!(strays, [PathBuf::from(stray)]);
        };
        symlink(&own, &given).unwrap();
        refused(".");
        fs::remove_file(&given).unwrap();
        // Each folder on the way, and the file itself.
        for part in ["tile", "tile/entries", path] {
            let link = given.join(part);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(own.join(part), &link).unwrap();
            refused(part);
            fs::remove_dir_all(&given).unwrap();
        }
        let pipe = given.join(path);
        fs::create_dir_all(pipe.parent().unwrap()).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        refused(path);
    }

    #[test]
    fn a_tile_of_another_length_is_damaged() {
        let tiles = Tiles::memory();
        let tile = Tile::Hashes { level: 0, index: 0 };
        tiles.write(tile, &vec![1; TILE_WIDTH * Digest::LEN - 1]).unwrap();
        assert_eq!(tiles.hashes(0, 0), Err(LedgerError::Damaged(tile)));
    }
}
