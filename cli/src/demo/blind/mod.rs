//! The blind check: nothing that the broker holds or passes on tells about whom anything is.
//!
//! When every story has been played, everything that the broker can write to is looked through:
//! its memory, its folder (store, ledger, logs), and a plaintext copy of all that it received and
//! sent. Nothing of any child of the world may be there. That the search would have found it is
//! shown on a node that knows a child: there it must find the number, a name and the answers.

mod clients;
mod mark;
mod memory;
mod needles;
mod points;
mod scan;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use grondslag_core::reason::Reason;
use grondslag_runtime::limits::TAP_BYTES_MAX;
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::task::yield_now;

use self::clients::unreadable;
use self::memory::{Mapping, Memory, writable};
use self::needles::{Kind, Needles, Patterns};
use self::scan::{Scanned, scan};
use super::crew::{BROKER, Crew};
use super::limits::{FILES_MAX, FOLDERS_DEEP_MAX, SCAN_PIECE_BYTES};
use super::place::Place;
use super::world::{Question, World};
use crate::exit::Failure;
use crate::output::Output;

pub(super) use self::mark::mark;

/// What the search must have found at the node that knows a child.
const CONTROL: [Kind; 3] = [Kind::BsnText, Kind::Name, Kind::Marker];
/// What an asker sees of an answer that carries the marker.
const CONTENT: &str = "content";

/// What came of the check, as the report holds it.
#[derive(Debug, Serialize)]
pub(super) struct BlindCheck {
    /// Bytes of the broker that were looked at.
    scanned_bytes: u64,
    /// How often something was found there.
    found: u64,
    /// How often something was found at the node that knows a child.
    control_found: u64,
    /// What was found at the broker, and where; never about whom.
    pub(super) found_kinds: Vec<Found>,
    /// The same of the node.
    control_kinds: Vec<Found>,
    /// A 64-bit word that looks like a number and stands alone in the broker's memory. A wait of a
    /// little less than a second looks so too: it does not count.
    doubtful: u64,
}

/// One sort of thing in one place.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    /// What sort of thing.
    pub(super) kind: Kind,
    /// Where: memory and which part, or a file in the process's folder.
    pub(super) place: String,
    /// How often.
    pub(super) count: u64,
}

impl BlindCheck {
    fn of(broker: &Site, control: &Site) -> Self {
        Self {
            scanned_bytes: broker.bytes,
            found: broker.count(),
            control_found: control.count(),
            found_kinds: broker.listed(),
            control_kinds: control.listed(),
            doubtful: broker.doubtful,
        }
    }

    /// Nothing was found, and would have been.
    pub(super) fn ok(&self) -> bool {
        self.found == 0 && self.missing().is_empty()
    }

    /// What the control did not find.
    pub(super) fn missing(&self) -> Vec<Kind> {
        let found = |kind: &Kind| self.control_kinds.iter().any(|one| one.kind == *kind);
        CONTROL.into_iter().filter(|kind| !found(kind)).collect()
    }

    /// Megabytes looked at, what was found, and what the control found.
    pub(super) fn figures(&self) -> (u64, u64, u64) {
        (self.scanned_bytes / 1_000_000, self.found, self.control_found)
    }
}

/// The agency whose node knows a child and sees answers about it: the first that asks about a
/// client of its own and is shown content.
pub(super) fn control(world: &World) -> Result<String, Failure> {
    let questions = world.storylines.iter().flat_map(|story| &story.question);
    for question in questions.filter(|question| shows_content(question)) {
        let folder = world.folder.join("agencies").join(&question.agency);
        let clients = clients::read(&folder.join("clients.csv"))?;
        if clients.iter().any(|client| client.bsn == question.subject.0) {
            return Ok(question.agency.clone());
        }
    }
    Err(Failure::told(
        Reason::ConfigInvalid,
        "In deze wereld krijgt geen organisatie antwoord over een kind dat zij zelf kent; \
         zonder zo'n controle bewijst de blindheidsproef niets.",
        "In this world no agency gets an answer about a child that it knows itself; without such \
         a control the blind check proves nothing.",
    ))
}

fn shows_content(question: &Question) -> bool {
    question.expect.iter().any(|half| half.shown.state.as_deref() == Some(CONTENT))
}

/// Looks through the broker, and through the node of `control`.
pub(super) async fn check(
    world: &World,
    place: &Place,
    crew: &Crew,
    control: &str,
    out: Output,
) -> Result<BlindCheck, Failure> {
    let mut needles = Needles::of(world)?;
    points::add(&mut needles, world, place)?;
    let patterns = needles.compile()?;
    let mut broker = Site::open(crew, BROKER, &place.broker())?;
    let mut node = Site::open(crew, control, &place.node(control))?;
    let mib = (broker.planned() + node.planned()) >> 20;
    let label = out.tr("zoeken bij de makelaar (MiB)", "searching the broker (MiB)");
    let steps = out.progress(Some(mib), label);
    broker.scan(&patterns, &steps).await?;
    node.scan(&patterns, &steps).await?;
    steps.finish_and_clear();
    Ok(BlindCheck::of(&broker, &node))
}

/// One process and its folder.
struct Site {
    folder: PathBuf,
    mappings: Vec<Mapping>,
    memory: Memory,
    bytes: u64,
    found: BTreeMap<(Kind, String), u64>,
    /// Which short needles were found until now.
    short: BTreeMap<Kind, BTreeSet<usize>>,
    doubtful: u64,
}

impl Site {
    fn open(crew: &Crew, name: &str, folder: &Path) -> Result<Self, Failure> {
        let pid = crew.pid(name).ok_or_else(|| Failure::new(Reason::Unreachable, name))?;
        Self::of(pid, folder, writable(pid)?)
    }

    fn of(pid: u32, folder: &Path, mappings: Vec<Mapping>) -> Result<Self, Failure> {
        Ok(Self {
            folder: folder.to_owned(),
            mappings,
            memory: Memory::open(pid)?,
            bytes: 0,
            found: BTreeMap::new(),
            short: BTreeMap::new(),
            doubtful: 0,
        })
    }

    /// About how much there is to look through; files grow meanwhile.
    fn planned(&self) -> u64 {
        let files = files(&self.folder).unwrap_or_default();
        let files = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len());
        self.mappings.iter().map(Mapping::bytes).chain(files).sum()
    }

    /// Memory first: what it holds now may be gone when the files have been read.
    async fn scan(&mut self, patterns: &Patterns, steps: &ProgressBar) -> Result<(), Failure> {
        self.scan_memory(patterns, steps).await?;
        // Numbers of a file are written as they are: a word there is found though it is alone.
        self.doubt_lone(Kind::BsnU64);
        self.scan_files(patterns, steps).await?;
        // Five bytes: among hundreds of millions that are sealed, chance writes a given number now
        // and then (by estimate in one run of a hundred), and the tap sees it come and go.
        self.doubt_lone(Kind::BsnBcd);
        Ok(())
    }

    async fn scan_memory(
        &mut self,
        patterns: &Patterns,
        steps: &ProgressBar,
    ) -> Result<(), Failure> {
        for mapping in std::mem::take(&mut self.mappings) {
            let read = scan(patterns, &mut self.memory.of(&mapping), SCAN_PIECE_BYTES);
            let read = read.map_err(|error| Failure::new(Reason::Internal, error))?;
            self.note(&format!("memory {}", mapping.name), read, steps);
            yield_now().await;
        }
        self.memory.whole(self.bytes)
    }

    /// Takes the only number that was found in such a form out of what was found, and says that it
    /// was there.
    fn doubt_lone(&mut self, form: Kind) {
        if self.short.get(&form).is_none_or(|numbers| numbers.len() != 1) {
            return;
        }
        let lone = self.found.iter().filter(|((kind, _), _)| *kind == form);
        self.doubtful += lone.map(|(_, count)| count).sum::<u64>();
        self.found.retain(|(kind, _), _| *kind != form);
    }

    async fn scan_files(
        &mut self,
        patterns: &Patterns,
        steps: &ProgressBar,
    ) -> Result<(), Failure> {
        let tap = Place::tap(&self.folder);
        for file in files(&self.folder)? {
            let read = match File::open(&file)
                .and_then(|mut file| scan(patterns, &mut file, SCAN_PIECE_BYTES))
            {
                // The store replaces files while it runs; the new one is read in its turn.
                Err(error) if error.kind() == io::ErrorKind::NotFound && file != tap => continue,
                read => read.map_err(|error| unreadable(&file, &error))?,
            };
            if file == tap && (read.bytes == 0 || read.bytes >= TAP_BYTES_MAX) {
                return Err(not_whole(&file));
            }
            let name = file.strip_prefix(&self.folder).unwrap_or(&file).display().to_string();
            self.note(&name, read, steps);
            yield_now().await;
        }
        Ok(())
    }

    fn note(&mut self, place: &str, read: Scanned, steps: &ProgressBar) {
        steps.inc(((self.bytes + read.bytes) >> 20) - (self.bytes >> 20));
        self.bytes += read.bytes;
        for (kind, mut numbers) in read.short {
            self.short.entry(kind).or_default().append(&mut numbers);
        }
        for (kind, count) in read.found {
            *self.found.entry((kind, place.to_owned())).or_default() += count;
        }
    }

    fn count(&self) -> u64 {
        self.found.values().sum()
    }

    fn listed(&self) -> Vec<Found> {
        let found = self.found.iter();
        found
            .map(|((kind, place), count)| Found {
                kind: *kind,
                place: place.clone(),
                count: *count,
            })
            .collect()
    }
}

fn not_whole(tap: &Path) -> Failure {
    Failure::told(
        Reason::Internal,
        format!("{}: wat langskwam is niet of niet helemaal gekopieerd", tap.display()),
        format!("{}: what passed was not copied, or not all of it", tap.display()),
    )
}

/// Every file below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    walk(folder, FOLDERS_DEEP_MAX, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, deep_max: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let too_much = || Failure::new(Reason::TooLarge, folder.display());
    let deeper = deep_max.checked_sub(1).ok_or_else(too_much)?;
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let kind = entry.file_type().map_err(|error| unreadable(folder, &error))?;
        if kind.is_dir() {
            walk(&entry.path(), deeper, found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
        if found.len() > FILES_MAX {
            return Err(too_much());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::extract;

    #[test]
    fn the_control_knows_the_child_that_it_asks_about() {
        let folder = tempfile::tempdir().unwrap();
        extract(folder.path()).unwrap();
        let mut world = World::load(folder.path()).unwrap();
        assert_eq!(control(&world).unwrap(), "gem-veenwolde");
        world.storylines.clear();
        assert_eq!(control(&world).unwrap_err().reason(), Reason::ConfigInvalid);
    }

    #[test]
    fn a_folder_is_read_to_its_depth_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("store")).unwrap();
        for name in ["store/db", "broker.log"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let names = ["broker.log", "store/db"].map(|name| folder.path().join(name));
        assert_eq!(files(folder.path()).unwrap(), names);
        assert!(walk(folder.path(), 1, &mut Vec::new()).is_err());
    }

    #[tokio::test]
    async fn a_lone_word_in_memory_is_doubtful_and_two_are_found_and_in_a_file_one_is_enough() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(Place::tap(folder.path()), "something passed").unwrap();
        let [one, two] = [999_940_004_u64, 999_940_016].map(u64::to_le_bytes);
        let mut needles = Needles::default();
        for word in [one, two] {
            needles.add(Kind::BsnU64, &word);
        }
        let (patterns, steps) = (needles.compile().unwrap(), ProgressBar::hidden());
        let look = async |held: &[[u8; 8]]| {
            let mut site = Site::of(std::process::id(), folder.path(), Vec::new()).unwrap();
            let read = scan(&patterns, &mut held.concat().as_slice(), SCAN_PIECE_BYTES).unwrap();
            site.note("memory [heap]", read, &steps);
            site.scan(&patterns, &steps).await.unwrap();
            (site.count(), site.doubtful)
        };
        assert_eq!(look(&[one, one]).await, (0, 2));
        assert_eq!(look(&[one, two]).await, (2, 0));
        fs::write(folder.path().join("broker.log"), one).unwrap();
        assert_eq!(look(&[one]).await, (1, 1));
    }

    #[tokio::test]
    async fn one_number_in_five_bytes_is_doubtful_wherever_it_stands_and_two_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = [[9, 0x99, 0x94, 0, 4], [9, 0x99, 0x94, 0, 0x16]];
        let mut needles = Needles::default();
        for number in [one, two] {
            needles.add(Kind::BsnBcd, &number);
        }
        let (patterns, steps) = (needles.compile().unwrap(), ProgressBar::hidden());
        for (passed, seen) in [([one, one], (0, 2)), ([one, two], (2, 0))] {
            fs::write(Place::tap(folder.path()), passed.concat()).unwrap();
            let mut site = Site::of(std::process::id(), folder.path(), Vec::new()).unwrap();
            site.scan(&patterns, &steps).await.unwrap();
            assert_eq!((site.count(), site.doubtful), seen);
        }
    }

    #[test]
    fn a_check_holds_when_nothing_is_found_and_the_control_finds_all_that_it_must() {
        let found = |kinds: &[Kind]| {
            let one = |kind: &Kind| Found { kind: *kind, place: "store/db".into(), count: 1 };
            kinds.iter().map(one).collect::<Vec<_>>()
        };
        let check = |found_kinds: Vec<Found>, control_kinds: Vec<Found>| BlindCheck {
            scanned_bytes: 1,
            found: found_kinds.iter().map(|one| one.count).sum(),
            control_found: control_kinds.iter().map(|one| one.count).sum(),
            found_kinds,
            control_kinds,
            doubtful: 0,
        };
        assert!(check(found(&[]), found(&CONTROL)).ok());
        assert!(!check(found(&[Kind::Name]), found(&CONTROL)).ok());
        let blind = check(found(&[]), found(&[Kind::BsnText, Kind::Name]));
        assert_eq!((blind.ok(), blind.missing()), (false, vec![Kind::Marker]));
        assert!(!check(found(&[]), found(&[])).ok());
    }
}
