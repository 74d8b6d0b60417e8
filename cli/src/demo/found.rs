//! Founding a region: an authority, a broker, a node per agency, a desk per person. Every key is
//! made where it stays.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use grondslag_certs::time::tls_now;
use grondslag_certs::{Root, SealedFile, authority, desk, key};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_node::init::{
    ADMISSION_FILE, CONFIG_FILE, DESK_FOLDER, NewNode, SEAL_FOLDER, SIGN_KEY_FILE, STAFF_FILE, init,
};
use grondslag_runtime::clock::RegionClockFile;
use grondslag_runtime::config::Region;

use super::limits::{BACKUP_EVERY_H, CANARIES, DESK_DAYS, REPLY_TICK_MS, WORKERS};
use super::oversee::Oversight;
use super::place::{NodePorts, Place, Ports};
use super::world::{Agency, Person, World};
use crate::backup::make_keys;
use crate::certs::canary_list;
use crate::desk::DESK_FILE;
use crate::exit::Failure;
use crate::files::{unwritable, write_new};
use crate::made::{FACTORS_FILE, FACTORS_KEY_FILE};

/// Admissions of the demo outlast every storyline and every certificate.
const ADMITTED_UNTIL: &str = "2040-01-01T00:00";
/// File of the region's made-up subjects, in every node's folder.
const CANARIES_FILE: &str = "canaries.txt";

/// Makes the whole region on disk. Nothing runs yet.
pub(super) fn found(
    world: &World,
    place: &Place,
    ports: &Ports,
    progress: &(dyn Fn() + Sync),
) -> Result<(), Failure> {
    let now = tls_now();
    RegionClockFile::create(&place.clock(), world.region.clock_start)
        .map_err(|error| Failure::new(error.reason(), error))?;
    let root = authority::init(&place.authority(), &world.region.name, now)?;
    let oversight = Oversight::make(world, place, &root)?;
    broker(world, place, ports, &oversight, now)?;
    progress();
    let canaries = canary_list(CANARIES);
    let next = AtomicUsize::new(0);
    let failure: Mutex<Option<Failure>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(agency) = world.agencies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (canaries, oversight) = (&canaries, &oversight);
                    let site = Site { world, place, ports, root: &root, canaries, oversight, now };
                    match site.node(agency) {
                        Ok(()) => progress(),
                        Err(failed) => note(&failure, failed),
                    }
                }
            });
        }
    });
    match failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(failed) => Err(failed),
        None => Ok(()),
    }
}

fn note(failure: &Mutex<Option<Failure>>, failed: Failure) {
    let mut first = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    first.get_or_insert(failed);
}

fn broker(
    world: &World,
    place: &Place,
    ports: &Ports,
    oversight: &Oversight,
    now: Timestamp,
) -> Result<(), Failure> {
    let (folder, oin) = (place.broker(), &world.broker.oin);
    authority::issue(&place.authority(), &folder, oin, &world.broker.name, now)?;
    key::create_signing_key(&folder.join(SIGN_KEY_FILE))
        .map_err(|error| Failure::new(error.reason(), error))?;
    SealedFile::create_key(&folder.join(FACTORS_KEY_FILE))
        .map_err(|error| Failure::new(error.reason(), error))?;
    let kind = Kind::parse(Kind::BROKER).map_err(|_| Failure::from(Reason::Internal))?;
    admit(place, &folder, oin, &[kind], now)?;
    let phone = &world.agency(&world.broker.hosted_by)?.phone;
    let config = format!(
        "# The broker of the demo region.\n\n{IDENTITY}\n[listen]\naddress = \"{}\"\n\n\
         [store]\npath = \"store\"\n\n{}\n[broker]\nname = {}\nduty_phone = {}\n\
         admission = \"{ADMISSION_FILE}\"\nsign_key = \"{SIGN_KEY_FILE}\"\n\
         factors = \"{FACTORS_FILE}\"\nfactors_key = \"{FACTORS_KEY_FILE}\"\n\
         operator = \"operator\"\n{}{}",
        ports.broker,
        common(place, "broker"),
        quoted(&world.broker.name),
        quoted(phone),
        Region::section(&oversight.operators, &oversight.officers),
        backups(place)?,
    );
    oversight.hand_to(&folder)?;
    write_new(&place.broker_config(), &config)
}

/// The broker's section of backups: one when it starts and then when somebody asks, so that none
/// comes between while the demo measures. The key that opens them stands beside them here alone.
fn backups(place: &Place) -> Result<String, Failure> {
    let folder = place.backups();
    let made = make_keys(&folder)?;
    let (key, folder) = (made.public.display().to_string(), folder.display().to_string());
    let (key, folder) = (quoted(&key), quoted(&folder));
    Ok(format!("\n[backup]\nkey = {key}\nfolder = {folder}\nevery_h = {BACKUP_EVERY_H}\n"))
}

/// Has every node answer at the tick that it has outside a demo, once it starts again.
pub(super) fn tick_on(world: &World, place: &Place) -> Result<(), Failure> {
    for agency in &world.agencies {
        let file = place.node(&agency.id).join(CONFIG_FILE);
        let text = std::fs::read_to_string(&file)
            .map_err(|_| Failure::new(Reason::FileUnreadable, file.display()))?;
        let text = text.replace(&at_once(), "");
        std::fs::write(&file, text).map_err(|error| unwritable(&file, &error))?;
    }
    Ok(())
}

/// The section of a node that answers as soon as it can.
fn at_once() -> String {
    format!("\n[answers]\nreply_tick_ms = {REPLY_TICK_MS}\n")
}

/// The files that `certs issue` makes.
const IDENTITY: &str = "[identity]\ncert = \"cert.pem\"\nkey = \"key.pem\"\nroot = \"ca.pem\"\n\
                        crl = \"crl.pem\"\n";

/// Clock and log, the same for every process of a demo.
fn common(place: &Place, process: &str) -> String {
    let clock = quoted(&place.clock().display().to_string());
    format!(
        "[clock]\nregion_file = {clock}\n\n[log]\nformat = \"json\"\nfile = \"{process}.log\"\n"
    )
}

/// What is the same for every node.
struct Site<'a> {
    world: &'a World,
    place: &'a Place,
    ports: &'a Ports,
    root: &'a Root,
    canaries: &'a str,
    oversight: &'a Oversight,
    now: Timestamp,
}

impl Site<'_> {
    fn node(&self, agency: &Agency) -> Result<(), Failure> {
        let (folder, ports) = (self.place.node(&agency.id), self.ports.node(&agency.id)?);
        let kind = agency.kinds.first().ok_or(Reason::ConfigInvalid)?.clone();
        let node = NewNode {
            oin: agency.oin.clone(),
            name: agency.name.clone(),
            kind,
            duty_phone: agency.phone.clone(),
            listen: ports.region,
            desk: ports.desk,
            broker: self.world.broker.oin.clone(),
            broker_endpoint: self.ports.broker.to_string(),
            key_holders: Vec::new(),
            operators: self.oversight.operators.clone(),
            officers: self.oversight.officers.clone(),
        };
        let made =
            init(&folder, &node, self.now).map_err(|error| Failure::new(error.reason(), error))?;
        self.certify(agency, &folder, &made.request)?;
        write_new(&folder.join(CANARIES_FILE), self.canaries)?;
        self.oversight.hand_to(&folder)?;
        self.settings(agency, &folder)?;
        let people: Vec<&Person> = self.world.people_of(&agency.id).collect();
        replace(&folder.join(STAFF_FILE), &staff_file(&people))?;
        people.into_iter().try_for_each(|person| self.desk(agency, ports, person))
    }

    /// The agency hands in its request; the authority signs it, and admits the agency.
    fn certify(&self, agency: &Agency, folder: &Path, request: &Path) -> Result<(), Failure> {
        let authority = self.place.authority();
        let request = std::fs::read_to_string(request)
            .map_err(|_| Failure::new(Reason::FileUnreadable, request.display()))?;
        let cert = authority::sign_csr(&authority, &request, self.now)?;
        write_new(&folder.join("cert.pem"), &cert)?;
        copy(&authority.join("ca.pem"), &folder.join("ca.pem"))?;
        authority::publish_crl(&authority, folder)?;
        admit(self.place, folder, &agency.oin, &agency.kinds, self.now)?;
        let admission = folder.join(ADMISSION_FILE);
        let operator = self.place.operator();
        let admitted = grondslag_broker::admin::admit(&operator, &admission, self.root, self.now);
        admitted.map(|_| ()).map_err(|reason| Failure::new(reason, admission.display()))
    }

    /// What the demo sets beside what `node init` wrote.
    fn settings(&self, agency: &Agency, folder: &Path) -> Result<(), Failure> {
        let mut more = format!("\n{}", common(self.place, "node"));
        more.push_str(&at_once());
        let overlay = self.world.folder.join("agencies").join(&agency.id).join("overlay.toml");
        if overlay.exists() {
            copy(&overlay, &folder.join("overlay.toml"))?;
            more.push_str("\n[policy]\noverlay = \"overlay.toml\"\n");
        }
        let config = folder.join(CONFIG_FILE);
        let made = std::fs::read_to_string(&config)
            .map_err(|_| Failure::new(Reason::FileUnreadable, config.display()))?;
        let seals = format!("seal_keys = \"{SEAL_FOLDER}\"\n");
        let made = made.replace(&seals, &format!("{seals}canaries = \"{CANARIES_FILE}\"\n"));
        replace(&config, &(made + &more))
    }

    /// A person's own folder: key, certificate, and where the desk is.
    fn desk(&self, agency: &Agency, ports: NodePorts, person: &Person) -> Result<(), Failure> {
        let node = self.place.node(&agency.id);
        let folder = self.place.desk(&agency.id, person.id.as_str());
        desk::issue(&node.join(DESK_FOLDER), &folder, &person.id, DESK_DAYS, self.now)
            .map_err(|error| Failure::new(error.reason(), error))?;
        let shared = |name: &str| quoted(&format!("../../../nodes/{}/{name}", agency.id));
        let text = format!(
            "# The desk of {} at {}.\n\naddress = \"{}\"\noin = \"{}\"\nroot = {}\ncrl = {}\n",
            person.name,
            agency.name,
            ports.desk,
            agency.oin,
            shared("ca.pem"),
            shared("crl.pem"),
        );
        write_new(&folder.join(DESK_FILE), &text)
    }
}

fn admit(
    place: &Place,
    folder: &Path,
    oin: &Oin,
    kinds: &[Kind],
    now: Timestamp,
) -> Result<(), Failure> {
    let until = Timestamp::parse(ADMITTED_UNTIL).map_err(|_| Failure::from(Reason::Internal))?;
    let admission = authority::admit(&place.authority(), oin, kinds, until, now)?;
    Ok(authority::write_admission(&folder.join(ADMISSION_FILE), &admission)?)
}

fn staff_file(people: &[&Person]) -> String {
    people.iter().fold(String::new(), |mut text, person| {
        let roles: Vec<String> = person.roles.iter().map(|role| quoted(role)).collect();
        let (id, name, until) = (person.id.as_str(), &person.name, &person.mandate_until);
        let _ = write!(
            text,
            "[[staff]]\nid = {}\nname = {}\nroles = [{}]\nmandate_until = {}\n\n",
            quoted(id),
            quoted(name),
            roles.join(", "),
            quoted(until),
        );
        text
    })
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Copies a file of our own making.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::copy(from, to).map(|_| ()).map_err(|error| unwritable(to, &error))
}

/// A file of our own making that is written anew before anybody has read it.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| unwritable(path, &error))
}
