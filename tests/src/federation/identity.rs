//! Certificates, keys and admissions of the demo world, each made when it is first needed and
//! then shared by every federation of the test process.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result};
use grondslag_certs::time::tls_now;
use grondslag_certs::tls::{Region, Reloading, TlsFiles};
use grondslag_certs::{authority, desk, key};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, StaffId};
use grondslag_node::secret::NodeSecret;

use crate::world::World;

/// Until when agencies are admitted: behind the last event of every storyline.
const ADMITTED_UNTIL: &str = "2029-12-31T00:00";
/// Days of a desk certificate.
const DESK_DAYS: u16 = 366;
/// The organisation of the key holder beside the broker: no agency of the world.
pub const KEY_HOLDER: &str = "00000099990900000000";
/// Name of the broker's folder.
const BROKER: &str = "broker";

/// The authority of a region and everybody whom it gave a certificate.
#[derive(Debug)]
pub struct Identities {
    world: Arc<World>,
    folder: PathBuf,
    // The authority's register is one file: one certificate at a time.
    making: Mutex<()>,
}

impl Identities {
    /// Those that every test of this process shares. Whoever revokes makes their own.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn shared() -> Result<Arc<Self>> {
        static SHARED: OnceLock<Result<Arc<Identities>, String>> = OnceLock::new();
        let made = SHARED.get_or_init(|| Self::fresh().map_err(|error| format!("{error:#}")));
        made.clone().map_err(anyhow::Error::msg)
    }

    /// A region of its own.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn fresh() -> Result<Arc<Self>> {
        let folder = process_folder()?;
        authority::init(&folder.join("ca"), "Drieveen", tls_now())?;
        let world = Arc::new(World::load()?);
        Ok(Arc::new(Self { world, folder, making: Mutex::default() }))
    }

    /// The demo world.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The folder of it all.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The authority's folder.
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca")
    }

    /// The folder of an agency.
    ///
    /// # Errors
    /// When the world has no such agency, or its folder cannot be made.
    pub fn agency(&self, id: &str) -> Result<PathBuf> {
        let agency = self.world.agency(id)?;
        let folder = self.folder.join(id);
        let kinds: Vec<&str> = agency.kinds.iter().map(String::as_str).collect();
        self.once(&folder, || {
            self.issue(&folder, &agency.oin()?, &agency.name, &kinds)?;
            NodeSecret::create(&folder.join("node.secret"))?;
            desk::init(&folder.join("desk"), &agency.oin()?, tls_now())?;
            Ok(())
        })?;
        Ok(folder)
    }

    /// The broker's folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn broker(&self) -> Result<PathBuf> {
        let broker = &self.world.region.broker;
        let folder = self.folder.join(BROKER);
        let oin = Oin::parse(&broker.oin)?;
        self.once(&folder, || self.issue(&folder, &oin, &broker.name, &["broker"]))?;
        Ok(folder)
    }

    /// The folder of the key holder beside the broker.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn key_holder(&self) -> Result<PathBuf> {
        let folder = self.folder.join("holder");
        let oin = Oin::parse(KEY_HOLDER)?;
        self.once(&folder, || self.issue(&folder, &oin, "Sleutelbeheer", &["broker"]))?;
        Ok(folder)
    }

    /// The folder of somebody with a desk.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn person(&self, agency: &str, staff: &str) -> Result<PathBuf> {
        let desk_folder = self.agency(agency)?.join("desk");
        let folder = self.folder.join("people").join(agency).join(staff);
        self.once(&folder, || {
            let staff = StaffId::parse(staff)?;
            desk::issue(&desk_folder, &folder, &staff, DESK_DAYS, tls_now())?;
            Ok(())
        })?;
        Ok(folder)
    }

    /// The certificates of a folder, in use.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn tls(folder: &Path) -> Result<Arc<Reloading<Region>>> {
        Ok(Arc::new(Reloading::open(TlsFiles::in_folder(folder))?))
    }

    /// An organisation's certificate, sign key and admission.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn issue(&self, folder: &Path, oin: &Oin, name: &str, kinds: &[&str]) -> Result<()> {
        let kinds: Vec<Kind> =
            kinds.iter().map(|kind| Kind::parse(kind)).collect::<Result<_, _>>()?;
        authority::issue(&self.ca(), folder, oin, name, tls_now())?;
        key::create_signing_key(&folder.join("sign.key"))?;
        let until = Timestamp::parse(ADMITTED_UNTIL)?;
        let admission = authority::admit(&self.ca(), oin, &kinds, until, tls_now())?;
        authority::write_admission(&folder.join("admission.json"), &admission)?;
        Ok(())
    }

    /// Makes a folder unless it is there: half a folder is never left behind as a whole one.
    fn once(&self, folder: &Path, make: impl FnOnce() -> Result<()>) -> Result<()> {
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let made = folder.join("made");
        if !made.exists() {
            make().with_context(|| folder.display().to_string())?;
            fs::write(made, "")?;
        }
        Ok(())
    }
}

impl Drop for Identities {
    fn drop(&mut self) {
        // What is left of a run that was killed goes at the next one.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A new folder of this process. Folders of processes that are gone are removed: what is shared
/// by all tests lives until the process ends, and nobody is there then to remove it.
fn process_folder() -> Result<PathBuf> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let all = std::env::temp_dir().join("grondslag-tests");
    fs::create_dir_all(&all)?;
    for entry in fs::read_dir(&all)?.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.split_once('-')).map(|(pid, _)| pid);
        if process.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let folder = all.join(format!("{}-{number}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
