//! The region's rules in the life of a process: those that it began with, every publication that
//! it took since, and which of them decide a question (issue "policy office", point 5).
//!
//! Whoever takes a publication holds it against the same checks ([`Timeline::take`]), writes it
//! down with a leaf in its own ledger, and only then goes by it. Rules that were taken and are not
//! in force yet change nothing before their moment.

mod in_force;
mod kept;
pub mod pieces;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod travel;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::Digest;
use grondslag_core::lang::Lang;
use grondslag_core::officers::Officers;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, Ledger};
use grondslag_evidence::store::Store;
use grondslag_policy::Pack;
use grondslag_policy::publish::{Arrival, Publication, Refused, Taken, Timeline};
use tokio::sync::{Mutex as TurnMutex, watch};

use crate::config::Region;
use crate::run::{Context, StartError};
use crate::status::PolicyState;

/// Where rules come from and where they are kept.
#[derive(Debug)]
pub struct Means {
    /// Fingerprint of the region's root.
    pub region: Digest,
    /// The files that this process was given to begin with.
    pub files: BTreeMap<String, String>,
    /// Who may sign the first publication.
    pub officers: Officers,
    /// What must last.
    pub store: Arc<dyn Store>,
    /// What must be provable.
    pub ledger: Arc<Ledger>,
    /// Where dates come from.
    pub clock: Arc<dyn Clock>,
}

/// The rules of one process. Share it by `Arc`.
pub struct Rules {
    timeline: RwLock<Arc<Timeline>>,
    files: BTreeMap<String, String>,
    /// What the region began with by the broker's word, while nothing is published that says so.
    offered: Mutex<Option<Arc<BTreeMap<String, String>>>>,
    store: Arc<dyn Store>,
    ledger: Arc<Ledger>,
    clock: Arc<dyn Clock>,
    /// One publication is taken at a time.
    turn: TurnMutex<()>,
    newest: watch::Sender<u64>,
    /// The leaf about the rules in force that was recorded last.
    recorded: Mutex<Option<Digest>>,
    blocked: Mutex<Option<Blocked>>,
}

/// Rules that were published properly and cannot be applied here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// From when on nothing can be decided here.
    pub from: Timestamp,
    /// Why.
    pub refused: Refused,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({})", self.now().version())
    }
}

impl Rules {
    /// The rules that were kept, or those that the process was given when none were published.
    ///
    /// # Errors
    /// [`Refused`] for files that do not load, and for what was kept when it does not hold.
    pub async fn open(means: Means) -> Result<Self, Refused> {
        let files = match kept::first(means.store.as_ref()).await? {
            Some(kept) => kept,
            None => means.files,
        };
        let rules = Self::begun(Means { files, ..means })?;
        rules.catch_up().await?;
        Ok(rules)
    }

    /// The rules that a process was given to begin with.
    ///
    /// # Errors
    /// [`Refused`] for files that do not load.
    pub fn begun(means: Means) -> Result<Self, Refused> {
        let Means { region, files, officers, store, ledger, clock } = means;
        let first = Arc::new(Pack::from_files(&files)?);
        Ok(Self {
            timeline: RwLock::new(Arc::new(Timeline::new(region, first, officers))),
            files,
            offered: Mutex::default(),
            store,
            ledger,
            clock,
            turn: TurnMutex::default(),
            newest: watch::Sender::default(),
            recorded: Mutex::default(),
            blocked: Mutex::default(),
        })
    }

    /// Goes by everything that is kept: what was kept counts, also when a write was said to have
    /// failed, or whoever made it was gone before it was done.
    async fn catch_up(&self) -> Result<(), Refused> {
        let mut timeline = Timeline::clone(&self.timeline());
        let before = timeline.next();
        while let Some(publication) = self.publication(timeline.next().0).await? {
            timeline.take_back(&publication)?;
        }
        if timeline.next() != before {
            self.go_by(timeline);
        }
        Ok(())
    }

    fn go_by(&self, timeline: Timeline) {
        let newest = timeline.next().0.saturating_sub(1);
        *self.timeline.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(timeline);
        self.newest.send_replace(newest);
    }

    /// Every publication that was taken.
    pub fn timeline(&self) -> Arc<Timeline> {
        Arc::clone(&self.timeline.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The rules in force now.
    pub fn now(&self) -> Arc<Pack> {
        self.at(self.clock.now())
    }

    /// The rules in force at a moment.
    pub fn at(&self, moment: Timestamp) -> Arc<Pack> {
        Arc::clone(self.timeline().at(moment))
    }

    /// The rules that a question is decided by ([`Timeline::of_question`]), when they can be
    /// applied here.
    ///
    /// # Errors
    /// `POLICY_STALE`, or `NOT_READY` while the rules in force cannot be applied here.
    pub fn of_question(&self, asked_at: Timestamp, now: Timestamp) -> Result<Arc<Pack>, Reason> {
        self.ready(now)?;
        self.timeline().of_question(asked_at.min(now), now).map(Arc::clone)
    }

    /// Digest of the rules that a question of this moment names. A clock that is ahead of ours does
    /// not bring rules into force before they are in force here.
    pub fn asked_under(&self, asked_at: Timestamp) -> Digest {
        self.at(asked_at.min(self.clock.now())).bundle()
    }

    /// Whether the rules in force can be applied here.
    ///
    /// # Errors
    /// `NOT_READY`.
    pub fn ready(&self, now: Timestamp) -> Result<(), Reason> {
        let blocked = locked(&self.blocked);
        let since = blocked.as_ref().is_some_and(|blocked| blocked.from <= now);
        if since { Err(Reason::NotReady) } else { Ok(()) }
    }

    /// What was published and cannot be applied here.
    pub fn blocked(&self) -> Option<Blocked> {
        locked(&self.blocked).clone()
    }

    /// Number of the last publication that was taken; 0: none. It changes with the next.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Where the rules stand, for the operator.
    pub fn state(&self) -> PolicyState {
        let (timeline, now) = (self.timeline(), self.clock.now());
        let next = timeline.to_come(now).next();
        let blocked = self.blocked();
        PolicyState {
            version: timeline.at(now).version().to_owned(),
            published: *self.newest.borrow(),
            next: next.map(|next| next.pack.version().to_owned()),
            next_at: next.map(|next| next.valid_from),
            blocked: blocked.as_ref().map(|blocked| blocked.refused.reason),
            blocked_from: blocked.map(|blocked| blocked.from),
        }
    }

    /// The publication of a number, for whoever asks for it.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn publication(&self, number: u64) -> Result<Option<Publication>, Reason> {
        kept::get(self.store.as_ref(), number).await
    }

    /// The files of a publication; of 0, those that the region began with.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn files_of(&self, number: u64) -> Result<Option<BTreeMap<String, String>>, Reason> {
        if number == 0 {
            return Ok(Some(self.first_files().await?.unwrap_or_else(|| self.files.clone())));
        }
        Ok(self.publication(number).await?.map(|publication| publication.files))
    }

    /// The files that the region began with, once something was published.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn first_files(&self) -> Result<Option<BTreeMap<String, String>>, Reason> {
        kept::first(self.store.as_ref()).await
    }

    /// Notes what the region began with, by the word of whoever passes publications on. A process
    /// that joined later may have been given other files; the first publication, which officers
    /// signed, tells which are right.
    pub fn offer_first(&self, files: BTreeMap<String, String>) {
        *locked(&self.offered) = Some(Arc::new(files));
    }

    /// What a publication is held against, and the files that it began with.
    fn before(
        &self,
        publication: &Publication,
    ) -> Result<(Timeline, BTreeMap<String, String>), Refused> {
        let timeline = self.timeline();
        let offered = locked(&self.offered).clone();
        let named = publication.manifest.previous;
        match offered {
            Some(files) if timeline.next().0 == 1 && timeline.first().bundle() != named => {
                let first = Arc::new(Pack::from_files(&files)?);
                Ok((timeline.begun_with(first), BTreeMap::clone(&files)))
            }
            _ => Ok((Timeline::clone(&timeline), self.files.clone())),
        }
    }

    /// Takes a publication: when this returns, it is written down with a leaf, and counts.
    ///
    /// # Errors
    /// [`Refused`]; what counted before goes on to count. What officers did sign and cannot be
    /// applied here makes this process not ready from its moment on.
    pub async fn take(&self, publication: Publication, arrival: Arrival) -> Result<Taken, Refused> {
        let _turn = self.turn.lock().await;
        self.catch_up().await?;
        let publication = Arc::new(publication);
        let (before, files) = self.before(&publication)?;
        let comes = (arrival, self.clock.now());
        let (timeline, taken) = match taken(before, Arc::clone(&publication), comes).await {
            Ok(taken) => taken,
            Err(refused) => {
                // What is brought is refused; whoever brought it is told.
                if arrival == Arrival::PassedOn {
                    self.note_blocked(&publication, &refused);
                }
                return Err(refused);
            }
        };
        if taken == Taken::Known {
            return Ok(taken);
        }
        kept::put_first(self.store.as_ref(), &files).await?;
        let state = kept::put(self.store.as_ref(), &publication).await?;
        let (about, leaf) = (publication.manifest.digest(), publication.leaf());
        let entry = Entry { about, leaf, state };
        if let Err(error) = self.ledger.append(entry).await {
            self.catch_up().await?;
            return Err(error.reason().into());
        }
        *locked(&self.blocked) = None;
        self.go_by(timeline);
        Ok(taken)
    }

    /// How many officers must still sign what one of them brought ([`Timeline::lacking`]).
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn lacking(&self, publication: &Publication) -> Result<usize, Refused> {
        let (timeline, now) = (self.timeline(), self.clock.now());
        let publication = publication.clone();
        let done = tokio::task::spawn_blocking(move || timeline.lacking(&publication, now)).await;
        done.unwrap_or_else(|_| Err(Reason::Internal.into()))
    }

    /// Records which rules are in force, when they are not those that were recorded last. Whoever
    /// decides does this first: `own` is the digest of the process's own rules on top.
    ///
    /// # Errors
    /// Why ledger or store did not take it: then nothing is decided.
    pub async fn settle(&self, own: Option<Digest>) -> Result<(), Reason> {
        let leaf = self.now().leaf(own);
        let about = Digest::of(&leaf);
        if *locked(&self.recorded) == Some(about) {
            return Ok(());
        }
        in_force::record(&self.ledger, self.store.as_ref(), leaf).await?;
        *locked(&self.recorded) = Some(about);
        Ok(())
    }

    /// Only what passed every check but those of its content was meant for this process.
    fn note_blocked(&self, publication: &Publication, refused: &Refused) {
        if matches!(refused.reason, Reason::PolicyInvalid | Reason::PolicyEngine) {
            let from = publication.manifest.valid_from;
            *locked(&self.blocked) = Some(Blocked { from, refused: refused.clone() });
        }
    }
}

/// Every set of rules that a process keeps, as it keeps them: nothing of it is held against keys
/// here. Whoever looks for the rules of a decision compares their digest.
///
/// # Errors
/// Why they cannot be read.
pub async fn kept_files(store: &dyn Store) -> Result<Vec<BTreeMap<String, String>>, Reason> {
    let mut all: Vec<_> = kept::first(store).await?.into_iter().collect();
    for number in 1.. {
        match kept::get(store, number).await? {
            Some(publication) => all.push(publication.files),
            None => break,
        }
    }
    Ok(all)
}

/// The rules of a process: what it kept, or else those of a folder, or of the program.
///
/// # Errors
/// [`StartError`] for rules that cannot be read, and for what was kept when it does not hold.
pub async fn open(
    context: &Context,
    section: Option<&Region>,
    folder: Option<&Path>,
    ledger: Arc<Ledger>,
) -> Result<Rules, StartError> {
    let files = Pack::files(folder).map_err(|error| StartError::new(error.reason(), error))?;
    let officers = section.map(|section| section.officers.clone()).unwrap_or_default();
    let rules = Rules::open(Means {
        region: context.region.current().root().fingerprint(),
        files,
        officers,
        store: Arc::clone(&context.store),
        ledger,
        clock: context.clock.clock(),
    });
    rules.await.map_err(|refused| StartError::new(refused.reason, refused.told(Lang::En)))
}

/// Weighing a publication takes a moment of computing: not on a thread that others wait for.
async fn taken(
    mut timeline: Timeline,
    publication: Arc<Publication>,
    (arrival, now): (Arrival, Timestamp),
) -> Result<(Timeline, Taken), Refused> {
    let work = move || {
        let taken = timeline.take(&publication, arrival, now)?;
        Ok((timeline, taken))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Reason::Internal.into()))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
