//! Making a backup: by the process itself when it runs, else here.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use grondslag_certs::file::create_secret;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::LEDGERS;
use grondslag_evidence::backup::{
    BackupError, Header, Means, NOW_FILE, Written, header, outcome, read_public, remove_wish, write,
};
use grondslag_evidence::store::{self, Backend, StoreError};
use serde_json::{Value, json};

use super::process::Process;
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, unwritable};
use crate::limits::{BACKUP_LOOK_MS, BACKUP_START_MS_MAX, BACKUP_WAIT_MS_MAX, TEXT_BYTES_MAX};
use crate::output::{Output, bold, green};
use crate::wait::wait;

/// Makes one, and copies the factors apart when that was asked for.
pub(super) fn make(
    process: &Process,
    given: Option<(PathBuf, PathBuf)>,
    factors_to: Option<&Path>,
    out: Output,
) -> Result<Exit, Failure> {
    if given.is_some() && process.backup.is_some() {
        // A process that runs heeds its configuration alone: one backup, in one place.
        return Err(Failure::told(
            Reason::ConfigInvalid,
            "de configuratie heeft [backup]: laat --key en --to weg",
            "the configuration has [backup]: leave out --key and --to",
        ));
    }
    if let Some(to) = factors_to {
        copy_factors(process, to)?;
    }
    let written = wait(async {
        let config = store::Config {
            path: process.store.clone(),
            owner: process.oin.clone(),
            backend: Backend::Sled,
        };
        if !process.store.join("lock").exists() {
            let path = process.store.display();
            return Err(Failure::new(Reason::FileUnreadable, path));
        }
        match store::open(config).await {
            Ok(store) => here(process, store.as_ref(), given, out).await,
            Err(StoreError::InUse) => there(process, out),
            Err(error) => Err(error.into()),
        }
    })?;
    say(&written, factors_to, out)
}

/// Nothing runs: it is made by this program.
async fn here(
    process: &Process,
    store: &dyn store::Store,
    given: Option<(PathBuf, PathBuf)>,
    out: Output,
) -> Result<Written, Failure> {
    let section = process.backup.as_ref();
    let section = section.map(|one| (one.key.path().to_owned(), one.folder.path().to_owned()));
    let (key, folder) = given.or(section).ok_or_else(|| {
        Failure::told(
            Reason::ConfigInvalid,
            "de configuratie heeft geen [backup]; geef --key en --to",
            "the configuration has no [backup]; give --key and --to",
        )
    })?;
    let key = read_public(&key).map_err(failure)?;
    let tiles = process.store.join(LEDGERS);
    let means = Means {
        process: process.role.word(),
        oin: &process.oin,
        store,
        tiles: Some(&tiles),
        key: &key,
        signer: &process.signer,
        folder: &folder,
        at: process.now,
    };
    let bar = out.progress(None, out.tr("bytes", "bytes"));
    let written = write(means, &|bytes| bar.inc(bytes)).await;
    bar.finish_and_clear();
    written.map_err(failure)
}

/// The process runs, and alone has its store: it is asked by a file.
fn there(process: &Process, out: Output) -> Result<Written, Failure> {
    let Some(section) = &process.backup else {
        return Err(Failure::told(
            Reason::StoreInUse,
            "het proces draait; zet [backup] in de configuratie en start het opnieuw, of stop het \
             en geef --key en --to",
            "the process runs; put [backup] in its configuration and start it again, or stop it \
             and give --key and --to",
        ));
    };
    let folder = section.folder.path();
    let wish = folder.join(NOW_FILE);
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    fs::write(&wish, "").map_err(|error| unwritable(&wish, &error))?;
    let (began, bar) = (Instant::now(), out.progress(None, out.tr("bytes", "bytes")));
    let mut started = false;
    while wish.exists() {
        let bytes = under_way(folder);
        started |= bytes.is_some();
        bar.set_position(bytes.unwrap_or_default());
        let most = if started { BACKUP_WAIT_MS_MAX } else { BACKUP_START_MS_MAX };
        if began.elapsed() > Duration::from_millis(most) {
            remove_wish(folder).map_err(failure)?;
            return Err(Failure::told(
                Reason::DeadlinePassed,
                "het proces maakte geen back-up; is het met deze [backup] gestart? Zie zijn log",
                "the process made no backup; was it started with this [backup]? See its log",
            ));
        }
        std::thread::sleep(Duration::from_millis(BACKUP_LOOK_MS));
    }
    bar.finish_and_clear();
    let told = outcome(folder).map_err(failure)?;
    match told.map(|told| (told.file, told.bytes, told.reason)) {
        Some((Some(file), bytes, None)) => {
            let header = header(&file).map_err(failure)?;
            Ok(Written { file, bytes, records: 0, header })
        }
        Some((_, _, Some(reason))) => Err(Failure::told(
            reason,
            "het proces kon de back-up niet maken; zie zijn log",
            "the process could not make the backup; see its log",
        )),
        _ => Err(Failure::new(Reason::Internal, folder.display())),
    }
}

/// Length of the file that is being written, if one is.
fn under_way(folder: &Path) -> Option<u64> {
    let mut entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let new = entries.find(|entry| entry.path().extension().is_some_and(|one| one == "new"))?;
    new.metadata().ok().map(|found| found.len())
}

/// A separate act: the file stays sealed under a key that is in no backup either.
fn copy_factors(process: &Process, to: &Path) -> Result<(), Failure> {
    let Some(factors) = &process.factors else {
        return Err(no_factors());
    };
    must_be_new(to)?;
    let unreadable = |error| Failure::new(Reason::FileUnreadable, format!("{error}"));
    let found = factors.metadata().map_err(unreadable)?;
    if found.len() > TEXT_BYTES_MAX {
        return Err(Failure::new(Reason::TooLarge, factors.display()));
    }
    Ok(create_secret(to, &fs::read(factors).map_err(unreadable)?)?)
}

/// Factors are asked for, or given, where there are none.
pub(crate) fn no_factors() -> Failure {
    Failure::told(
        Reason::ConfigInvalid,
        "dit proces is geen sleutelhouder: het heeft geen factoren",
        "this process is no key holder: it has no factors",
    )
}

/// A backup's failure as a command tells it.
pub(crate) fn failure(error: BackupError) -> Failure {
    Failure::new(error.reason(), error)
}

/// The ledgers of a header, for people and programs.
pub(crate) fn ledgers(header: &Header) -> Vec<(String, u64)> {
    let size = |head: &SignedCheckpoint| head.checkpoint().size;
    header.ledgers.iter().map(|one| (one.name.clone(), size(&one.head))).collect()
}

fn say(written: &Written, factors_to: Option<&Path>, out: Output) -> Result<Exit, Failure> {
    let Written { file, bytes, header, .. } = written;
    let file = file.display().to_string();
    out.line(&format!("{} {}", green(out.tr("Back-up:", "Backup:")), bold(&file)));
    let ledgers = ledgers(header);
    for (name, size) in &ledgers {
        out.line(&format!("  {name:<12} {size} {}", out.tr("vermeldingen", "leaves")));
    }
    out.line(&format!("  {bytes} bytes"));
    if let Some(to) = factors_to {
        let told = out.tr("Factoren (verzegeld):", "Factors (sealed):");
        out.line(&format!("  {told} {}", to.display()));
    }
    let ledgers: serde_json::Map<String, Value> =
        ledgers.into_iter().map(|(name, size)| (name, size.into())).collect();
    let factors = factors_to.map(|to| to.display().to_string());
    out.json(&json!({
        "file": file,
        "bytes": bytes,
        "at": header.at.to_string(),
        "ledgers": ledgers,
        "factors": factors,
    }))?;
    Ok(Exit::Done)
}
