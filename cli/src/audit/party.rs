//! Parties by their folders, as `broker init`, `node init` and `holder init` make them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use grondslag_broker::restore::kept_before;
use grondslag_certs::Root;
use grondslag_core::checkpoint::Origin;
use grondslag_core::id::Oin;
use grondslag_core::operators::Operators;
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::{Copied, CopyError, KeptCard, KeptHead};
use grondslag_evidence::generation::number;
use grondslag_evidence::ledger::Signer;
use grondslag_evidence::store::StoreError;
use grondslag_runtime::rules::kept_files;
use grondslag_runtime::run::SignKeys;
use tempfile::TempDir;

use super::rules::Files;
use crate::any_process::{AnyProcess, Role, public};
use crate::exit::Failure;
use crate::files::unwritable;
use crate::limits::AUDIT_FOLDERS_MAX;
use crate::output::{Output, alarm, yellow};
use crate::serve::oin;

/// The log of a broker, by the name in its store.
pub(super) const BROKER: &str = "broker";

/// A party whose store is looked into.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) folder: PathBuf,
    pub(super) role: Role,
    pub(crate) oin: Oin,
    pub(super) root: Root,
    /// The region's operators, as it pinned them.
    pub(super) operators: Operators,
    pub(super) copied: Copied,
    _copy: TempDir,
}

impl Party {
    /// Copies the store of a folder's process, or the one that is named instead. The region's root
    /// is the one that is given, and that of the folder must be the same.
    pub(super) async fn open(
        file: &Path,
        store: Option<&Path>,
        given: Option<&Root>,
    ) -> Result<Self, Failure> {
        Self::copied(file, store, given, false).await
    }

    /// The same, of a process that may be running.
    pub(crate) async fn running(file: &Path) -> Result<Self, Failure> {
        Self::copied(file, None, None, true).await
    }

    async fn copied(
        file: &Path,
        store: Option<&Path>,
        given: Option<&Root>,
        may_run: bool,
    ) -> Result<Self, Failure> {
        let process = AnyProcess::load(file)?;
        let (role, _) = process.section(file)?;
        let oin = oin(&process.identity)?;
        let root = Root::load(process.identity.root.path())?;
        if given.is_some_and(|given| given.fingerprint() != root.fingerprint()) {
            return Err(Failure::new(Reason::RegionMismatch, file.display()));
        }
        let temp = std::env::temp_dir();
        let copy = tempfile::tempdir().map_err(|error| unwritable(&temp, &error))?;
        let path = store.unwrap_or(process.store.path.path());
        let copied = if may_run {
            Copied::take_running(path, copy.path(), &oin).await
        } else {
            Copied::take(path, copy.path(), &oin).await
        };
        let copied = copied.map_err(|error| refused(path, error))?;
        let folder = file.parent().unwrap_or(file).to_owned();
        let operators = process.region.map(|region| region.operators).unwrap_or_default();
        Ok(Self { folder, role, oin, root, operators, copied, _copy: copy })
    }

    /// What one of its ledgers is called in checkpoints.
    pub(super) fn origin(&self, ledger: &str) -> Result<Origin, Failure> {
        self.role.origin(&self.root.fingerprint().to_string(), &self.oin, ledger)
    }

    /// What the log of a node of the same region is called.
    pub(super) fn origin_of_node(&self, node: &Oin, number: u64) -> Result<Origin, Failure> {
        let region = self.root.fingerprint().to_string();
        let origin = Origin::of_member(&region, node, Role::Node.word(), number);
        origin.map_err(|error| Failure::new(Reason::Internal, error))
    }

    /// The agency cards that it keeps, its own among them.
    pub(super) async fn cards(&self) -> Result<Vec<KeptCard>, Failure> {
        let store = self.copied.store().as_ref();
        Ok(match self.role {
            Role::Broker | Role::Holder => grondslag_broker::kept_cards(store).await?,
            Role::Node => grondslag_node::kept_cards(store).await?,
        })
    }

    /// The rules that it took as they were published, as files.
    pub(crate) async fn taken_rules(&self) -> Result<Files, Failure> {
        Ok(kept_files(self.copied.store().as_ref()).await?)
    }

    /// The heads of the broker's ledger that it keeps.
    pub(super) async fn heads(&self) -> Result<Vec<KeptHead>, Failure> {
        let store = self.copied.store().as_ref();
        Ok(match self.role {
            Role::Broker => {
                let mut heads = grondslag_broker::kept_heads(store).await?;
                heads.extend(kept_before(store, number(store).await?).await?);
                heads
            }
            Role::Node => grondslag_node::watch::kept_heads(store).await?,
            Role::Holder => Vec::new(),
        })
    }
}

pub(crate) fn refused(path: &Path, error: CopyError) -> Failure {
    match error {
        CopyError::NotAStore => Failure::told(
            Reason::FileUnreadable,
            format!("{} is geen opslag van Grondslag", path.display()),
            format!("{} is no store of Grondslag", path.display()),
        ),
        CopyError::Irregular => Failure::told(
            Reason::FileUnreadable,
            format!("{}: hier staat iets anders dan bestanden en mappen", path.display()),
            format!("{}: something else than files and folders stands here", path.display()),
        ),
        CopyError::Store(StoreError::InUse) => Failure::told(
            Reason::StoreInUse,
            format!("{}: stop het proces, of geef een kopie", path.display()),
            format!("{}: stop the process, or give a copy", path.display()),
        ),
        CopyError::Store(error) => Failure::from(error).about(&path.display().to_string()),
    }
}

/// A process that signs its own ledger: this one's keys are read.
pub(super) struct Own {
    pub(super) role: Role,
    pub(super) oin: Oin,
    pub(super) store: PathBuf,
    root: Root,
    keys: SignKeys,
}

impl Own {
    pub(super) fn load(file: &Path) -> Result<Self, Failure> {
        let process = AnyProcess::load(file)?;
        let (role, section) = process.section(file)?;
        let keys = section.keys(file)?;
        let root = Root::load(process.identity.root.path())?;
        let oin = oin(&process.identity)?;
        Ok(Self { role, oin, store: process.store.path.path().to_owned(), root, keys })
    }

    /// The keys under which its ledgers may be signed.
    pub(super) fn keys(&self) -> Vec<[u8; 32]> {
        public(&self.keys)
    }

    /// What one of its ledgers is called in checkpoints.
    pub(super) fn origin(&self, ledger: &str) -> Result<Origin, Failure> {
        self.role.origin(&self.root.fingerprint().to_string(), &self.oin, ledger)
    }

    /// Who signs one of its ledgers.
    pub(super) fn signer(&self, ledger: &str) -> Result<Signer, Failure> {
        let origin = self.origin(ledger)?;
        let previous = self.keys.previous.as_ref().map(|key| key.verifying_key().to_bytes());
        Ok(Signer { origin, key: self.keys.current.clone(), previous })
    }
}

/// The processes of some folders.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    /// Their configurations.
    pub(crate) configs: Vec<PathBuf>,
    /// Folders of parties in which there is none that can be read, and why: whoever looks for
    /// everybody's ledgers must say so.
    pub(crate) unreadable: Vec<(PathBuf, Failure)>,
}

impl Processes {
    /// Their configurations; says which folders have none.
    pub(crate) fn told(self, out: Output) -> Vec<PathBuf> {
        for (folder, failure) in &self.unreadable {
            let why = failure.sentence();
            alarm(&format!("{}: {}", folder.display(), yellow(why.in_lang(out.lang()))));
        }
        self.configs
    }
}

/// Finds the processes in some folders; the folder of a demo has many.
pub(crate) fn find(folders: &[PathBuf]) -> Result<Processes, Failure> {
    let mut found = Processes::default();
    for folder in folders {
        let (own, _) = configs(folder)?;
        let broker = Some(folder.join(BROKER)).filter(|broker| broker.is_dir());
        let nodes = folder.join("nodes");
        let nodes = if nodes.is_dir() { within(&nodes) } else { Ok(Vec::new()) };
        let nodes = nodes.map_err(|error| {
            Failure::new(Reason::FileUnreadable, format!("{}: {error}", folder.display()))
        })?;
        if own.is_empty() && broker.is_none() && nodes.is_empty() {
            return Err(Failure::told(
                Reason::FileUnreadable,
                format!("{}: hier staat geen proces (configuratie en opslag)", folder.display()),
                format!("{}: no process stands here (configuration, store)", folder.display()),
            ));
        }
        let below = if own.is_empty() { broker.into_iter().chain(nodes).collect() } else { vec![] };
        found.configs.extend(own);
        for folder in below {
            match configs(&folder) {
                Ok((configs, _)) if !configs.is_empty() => found.configs.extend(configs),
                Ok((_, failure)) | Err(failure) => found.unreadable.push((folder, failure)),
            }
        }
    }
    if found.configs.len() > AUDIT_FOLDERS_MAX {
        return Err(Failure::new(Reason::TooLarge, format!("> {AUDIT_FOLDERS_MAX}")));
    }
    Ok(found)
}

/// A file under the name that a process's configuration has when `init` makes it.
fn is_process(file: &Path) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    stem.is_some_and(|stem| [BROKER, "node", "holder"].contains(&stem))
}

/// Configurations of processes right in a folder, and why another file there is none.
///
/// # Errors
/// `FILE_UNREADABLE` for a folder that cannot be read.
fn configs(folder: &Path) -> Result<(Vec<PathBuf>, Failure), Failure> {
    let unread =
        |error| Failure::new(Reason::FileUnreadable, format!("{}: {error}", folder.display()));
    let mut configs = Vec::new();
    let mut failure = Failure::told(
        Reason::FileUnreadable,
        "hier staat geen configuratie die te lezen is",
        "no configuration stands here that can be read",
    );
    let files = within(folder).map_err(unread)?.into_iter();
    for file in files.filter(|file| file.extension().is_some_and(|end| end == "toml")) {
        match AnyProcess::load(&file) {
            Ok(_) => configs.push(file),
            // Other files stand beside a configuration, under names of their own.
            Err(other) if is_process(&file) => failure = other,
            Err(_) => {}
        }
    }
    Ok((configs, failure))
}

/// What stands in a folder; one that is crowded is not read in part.
fn within(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.take(AUDIT_FOLDERS_MAX.saturating_add(1));
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    if paths.len() > AUDIT_FOLDERS_MAX {
        let crowded = format!("> {AUDIT_FOLDERS_MAX}");
        return Err(io::Error::new(io::ErrorKind::QuotaExceeded, crowded));
    }
    paths.sort_unstable();
    Ok(paths)
}
