//! Backups in the life of a process: made by the process itself, which alone has its store, on a
//! schedule and when its operator puts a file named `now` in their folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use grondslag_core::reason::Reason;
use grondslag_core::seal::SealKey;
use grondslag_evidence::backup::{
    BackupError, Means, Outcome, Wish, Written, header, newest, read_public, tidy, told, wish,
    write,
};
use grondslag_evidence::generation::of_name;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::{self, SecretFile};
use crate::limits::{BACKUP_LOOK_MS, BACKUP_RETRY_MS};
use crate::run::{Context, SignKeys, StartError};

/// What a process needs for its backups.
#[derive(Debug, Clone)]
pub struct Backups {
    /// Who may open them.
    key: Arc<SealKey>,
    /// What the party signs them with.
    signer: SigningKey,
    /// Where they stand.
    folder: PathBuf,
    /// Longest time between two.
    every: Duration,
}

/// When the next one is due.
#[derive(Debug)]
struct Schedule {
    next: Instant,
    /// Nor when somebody asks before this moment: the folder took no word of the last one.
    not_before: Instant,
}

impl Backups {
    /// Reads the keys that a configuration names.
    ///
    /// # Errors
    /// [`StartError`] with `BACKUP_UNOPENED` for a file that holds no key of backups, or why the
    /// key that signs cannot be read.
    pub fn open(section: &config::Backup, sign_key: &SecretFile) -> Result<Self, StartError> {
        let signer = SignKeys::load(sign_key, None)?.current;
        let key = read_public(section.key.path());
        let key = key.map_err(|error| StartError::new(error.reason(), error))?;
        let every = Duration::from_secs(section.every_h.number().saturating_mul(3_600));
        let folder = section.folder.path().to_owned();
        Ok(Self { key: Arc::new(key), signer, folder, every })
    }

    /// Their folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Makes backups until the process ends; nothing where none are configured.
///
/// # Errors
/// [`StartError`] when there is no place for the task.
pub(crate) fn begin(context: &Context) -> Result<(), StartError> {
    let Some(backups) = context.backups.clone() else { return Ok(()) };
    if let Err(error) = tidy(&backups.folder) {
        tracing::error!(reason = error.reason().code(), "the folder of backups is not usable");
    }
    // Nothing in a backup from before the ledgers were begun anew says that they were: a second
    // loss would begin the same ones again.
    let age = age(&backups.folder, context.generation);
    let wait = age.map_or(Duration::ZERO, |age| backups.every.saturating_sub(age));
    let schedule =
        Arc::new(Mutex::new(Schedule { next: Instant::now() + wait, not_before: Instant::now() }));
    let (of, backups) = (context.clone(), Arc::new(backups));
    context.every(Duration::from_millis(BACKUP_LOOK_MS), move || {
        let (context, backups) = (of.clone(), Arc::clone(&backups));
        let schedule = Arc::clone(&schedule);
        async move {
            let mut schedule = schedule.lock().await;
            let now = Instant::now();
            let seen = wish(&backups.folder);
            if now < schedule.not_before || (now < schedule.next && seen.is_none()) {
                return;
            }
            let (made, was_told) = make(&context, &backups, seen).await;
            let retry = Duration::from_millis(BACKUP_RETRY_MS).min(backups.every);
            schedule.next = Instant::now() + if made { backups.every } else { retry };
            if !was_told {
                // The wish still stands there, and would fill the disk.
                schedule.not_before = Instant::now() + retry;
            }
        }
    })?;
    Ok(())
}

/// Makes one, and says in the folder what became of it: whether it was made, and whether that was
/// said.
async fn make(context: &Context, backups: &Backups, seen: Option<Wish>) -> (bool, bool) {
    let at = context.clock.clock().now();
    let oin = context.oin();
    let means = Means {
        process: context.process,
        oin: &oin,
        store: context.store.as_ref(),
        tiles: context.tiles.as_deref(),
        key: &backups.key,
        signer: &backups.signer,
        folder: &backups.folder,
        at,
    };
    let outcome = match write(means, &|_| {}).await {
        Ok(Written { file, bytes, .. }) => {
            tracing::info!(bytes, "a backup was made");
            Outcome { at, file: Some(file), bytes, reason: None }
        }
        Err(error) => {
            let reason = reason_of(&error);
            tracing::error!(reason = reason.code(), "a backup was not made");
            Outcome { at, file: None, bytes: 0, reason: Some(reason) }
        }
    };
    let told = told(&backups.folder, &outcome, seen);
    if let Err(error) = &told {
        tracing::error!(reason = error.reason().code(), "the outcome of a backup was not kept");
    }
    (outcome.reason.is_none(), told.is_ok())
}

/// A folder that cannot be found or entered takes no write.
fn reason_of(error: &BackupError) -> Reason {
    match error.reason() {
        Reason::FileUnreadable => Reason::StoreUnwritable,
        reason => reason,
    }
}

/// How long ago the newest backup was written, by the system's clock; nothing when it is none of
/// the ledgers with this number.
fn age(folder: &Path, generation: u64) -> Option<Duration> {
    let newest = newest(folder).ok().flatten()?;
    let ledgers = header(&newest).ok()?.ledgers;
    if generation > 1 && !ledgers.iter().any(|one| of_name(&one.name).1 >= generation) {
        return None;
    }
    let written = newest.metadata().and_then(|metadata| metadata.modified()).ok()?;
    // Written in the future: the clock was set. Then one is due.
    written.elapsed().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use grondslag_certs::key::create_signing_key;
    use grondslag_core::seal::{SealSecret, Suite};
    use grondslag_evidence::backup::{NOW_FILE, outcome};

    use super::*;
    use crate::run::tests::opened;
    use crate::test_region::TestRegion;

    const MORE: &str = "[backup]\nkey = \"backup.pub\"\nfolder = \"backups\"\n";

    async fn until(what: &str, done: impl Fn() -> bool) {
        let began = Instant::now();
        while !done() {
            assert!(began.elapsed() < Duration::from_secs(20), "{what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Writes the keys that backups take; gives the folder that they go to.
    fn keys(agency: &Path) -> PathBuf {
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        let key = SealSecret::random(Suite::XWing, &mut rng).public().unwrap();
        fs::write(agency.join("backup.pub"), key.bytes()).unwrap();
        create_signing_key(&agency.join("sign.pem")).unwrap();
        agency.join("backups")
    }

    fn backups(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|one| one == "backup")).count()
    }

    #[tokio::test]
    async fn a_process_makes_one_when_it_starts_on_schedule_and_when_it_is_asked() {
        let region = TestRegion::new();
        let agency = region.agency(1);
        let folder = keys(&agency.folder);
        let context = opened(&agency, MORE).await.unwrap();
        begin(&context).unwrap();
        until("the first", || outcome(&folder).unwrap().is_some()).await;
        assert_eq!(backups(&folder), 1);
        // The next one is due in an hour, unless it is asked for.
        fs::write(folder.join(NOW_FILE), "").unwrap();
        until("the second", || !folder.join(NOW_FILE).exists()).await;
        assert_eq!(backups(&folder), 2);
        let last = outcome(&folder).unwrap().unwrap();
        assert!(last.file.is_some_and(|file| file.is_file()) && last.bytes > 0);
        assert!(age(&folder, 1).unwrap() < Duration::from_secs(60));
        // Its ledgers are not those that go on after a restore: one is due at once.
        assert_eq!(age(&folder, 2), None);
        context.shutdown.trigger();
    }

    /// A wish that cannot be ended is not a backup every second.
    #[tokio::test]
    async fn a_wish_that_stays_there_is_not_granted_again_and_again() {
        let region = TestRegion::new();
        let agency = region.agency(1);
        let folder = keys(&agency.folder);
        // No file can be removed by that name, and the outcome cannot be written.
        fs::create_dir_all(folder.join(NOW_FILE)).unwrap();
        fs::create_dir_all(folder.join("last.json/mine")).unwrap();
        let context = opened(&agency, MORE).await.unwrap();
        begin(&context).unwrap();
        until("the first", || backups(&folder) > 0).await;
        tokio::time::sleep(Duration::from_millis(3 * BACKUP_LOOK_MS)).await;
        assert_eq!(backups(&folder), 1);
        context.shutdown.trigger();
    }

    #[tokio::test]
    async fn a_backup_that_fails_says_why_and_a_key_that_is_none_is_refused_at_the_start() {
        let region = TestRegion::new();
        let agency = region.agency(1);
        let folder = keys(&agency.folder);
        let key = fs::read(agency.folder.join("backup.pub")).unwrap();
        fs::write(agency.folder.join("backup.pub"), "no key").unwrap();
        let refused = opened(&agency, MORE).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::BackupUnopened);
        fs::write(agency.folder.join("backup.pub"), key).unwrap();
        let context = opened(&agency, MORE).await.unwrap();
        let busy = context.store.capture().unwrap();
        begin(&context).unwrap();
        fs::create_dir_all(&folder).unwrap();
        until("a failure", || outcome(&folder).unwrap().is_some()).await;
        let failed = outcome(&folder).unwrap().unwrap();
        assert_eq!((failed.file, failed.reason), (None, Some(Reason::StoreInUse)));
        drop(busy);
        assert_eq!(backups(&folder), 0);
        context.shutdown.trigger();
    }
}
