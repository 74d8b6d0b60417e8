//! What a process is given to build itself with.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use grondslag_certs::time::tls_now;
use grondslag_certs::tls::{Connector, Material, Region, Reload, Reloading};
use grondslag_core::clock::Clock;
use grondslag_core::id::{Mode, Oin};
use grondslag_core::reason::Reason;
use grondslag_evidence::generation::{self, Restored};
use grondslag_evidence::store::{self, Backend, Store};
use tokio::time::MissedTickBehavior;

use super::{Common, Recording, StartError, Tasks, TooManyTasks};
use crate::backup::Backups;
use crate::channel::Channels;
use crate::clock::ProcessClock;
use crate::config::{ConfigError, Limits};
use crate::limits::{RELOAD_INTERVAL_MS, VITALS_INTERVAL_MS};
use crate::net::Net;
use crate::otlp::Otlp;
use crate::server::Health;
use crate::shutdown::Shutdown;
use crate::status::{ClockState, Status, StoreState};

/// What lies outside a process, and what a test puts in its place.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// How streams are made.
    pub net: Arc<dyn Net>,
    /// The end of the process.
    pub shutdown: Shutdown,
    /// A clock instead of the configured one.
    pub clock: Option<Arc<dyn Clock>>,
}

/// Everything a process needs that is not its own business.
#[derive(Debug, Clone)]
pub struct Context {
    /// What the process is.
    pub process: &'static str,
    /// Our certificate and key, the region's root and list of revoked certificates.
    pub region: Arc<Reloading<Region>>,
    /// Where dates come from.
    pub clock: ProcessClock,
    /// What must last.
    pub store: Arc<dyn Store>,
    /// Where tile files of its ledgers stand; none beside a store in memory.
    pub tiles: Option<PathBuf>,
    /// How streams are made.
    pub net: Arc<dyn Net>,
    /// The end of the process.
    pub shutdown: Shutdown,
    /// What an operator tuned.
    pub limits: Limits,
    /// Background tasks, awaited at the end.
    pub tasks: Tasks,
    /// What the operator's collector gets.
    pub otlp: Otlp,
    /// How backups are made, if they are.
    pub backups: Option<Backups>,
    /// The number of the ledgers that go on in its store.
    pub generation: u64,
    /// The backup that its store comes from, as long as no new ledgers were begun.
    pub restored: Option<Restored>,
    /// The ledgers that it records in.
    pub recording: Recording,
}

impl Context {
    /// Opens what the configuration names, and starts to follow the certificates on disk.
    ///
    /// # Errors
    /// [`StartError`] with the reason of whatever cannot be opened.
    pub async fn open(
        process: &'static str,
        common: &Common,
        around: Surroundings,
    ) -> Result<Self, StartError> {
        let region = Arc::new(Reloading::<Region>::open(common.identity.files())?);
        let (owner, mode) = {
            let current = region.current();
            (current.oin().clone(), current.mode())
        };
        let clock = match around.clock {
            Some(clock) => ProcessClock::of(clock),
            None => ProcessClock::open(&common.clock, mode)?,
        };
        let (path, backend) = (common.store.path.path().to_owned(), common.store.backend);
        let tiles = match backend {
            Backend::Sled => Some(path.join("ledger")),
            Backend::Memory => None,
        };
        let backups = common.backup.as_ref();
        let backups = backups.map(|one| Backups::open(one, &common.sign_key)).transpose()?;
        let store = store::open(store::Config { path, owner: owner.clone(), backend }).await?;
        let context = Self {
            process,
            generation: generation::number(store.as_ref()).await?,
            restored: generation::restored(store.as_ref()).await?,
            store,
            tiles,
            region,
            clock,
            net: around.net,
            shutdown: around.shutdown,
            limits: common.limits.clone(),
            tasks: Tasks::default(),
            otlp: Otlp::of(&common.telemetry, process, &owner),
            backups,
            recording: Recording::default(),
        };
        context.keep_fresh(context.region.clone())?;
        Ok(context)
    }

    /// Whether the store may serve: not as long as it comes from a backup and no new ledgers were
    /// begun.
    ///
    /// # Errors
    /// [`StartError`] with `RESTORE_UNFINISHED`, and the next command.
    pub fn may_serve(&self) -> Result<(), StartError> {
        let Some(restored) = &self.restored else { return Ok(()) };
        let next = if self.process == "broker" { "collect" } else { "finish" };
        let what = format!(
            "the store comes from the backup of {}; next: grondslag restore {next} --config FILE",
            restored.at.local()
        );
        Err(StartError::new(Reason::RestoreUnfinished, what))
    }

    /// Our own organisation.
    pub fn oin(&self) -> Oin {
        self.region.current().oin().clone()
    }

    /// Our own mode: it follows from our certificate, never from a flag.
    pub fn mode(&self) -> Mode {
        self.region.current().mode()
    }

    /// Channels to other agencies.
    pub fn channels(&self) -> Channels {
        let tls = Connector::region(self.region.clone());
        let channels = Channels::new(self.net.clone(), tls, self.limits.clone());
        channels.telling(self.otlp.clone())
    }

    /// The same, with a store whose commits are timed for the operator's collector
    /// ([`Otlp::watched`]).
    #[must_use]
    pub fn timing_commits(&self) -> Self {
        Self { store: self.otlp.watched(self.store.clone()), ..self.clone() }
    }

    /// Takes certificates, keys and lists into use when their files change, until the end.
    ///
    /// # Errors
    /// [`TooManyTasks`] when there is no place for the task.
    pub fn keep_fresh<M>(&self, material: Arc<Reloading<M>>) -> Result<(), TooManyTasks>
    where
        M: Material + Send + Sync + 'static,
        M::Files: Send + Sync,
    {
        let failing = Arc::new(AtomicBool::new(false));
        self.every(Duration::from_millis(RELOAD_INTERVAL_MS), move || {
            look(material.clone(), failing.clone())
        })
    }

    /// Does something at an interval, until the end. A late turn is not made up for.
    ///
    /// # Errors
    /// [`TooManyTasks`] when there is no place for the task.
    pub fn every<F>(
        &self,
        interval: Duration,
        mut turn: impl FnMut() -> F + Send + 'static,
    ) -> Result<(), TooManyTasks>
    where
        F: Future<Output = ()> + Send,
    {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            let mut ticks = tokio::time::interval(interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = shutdown.requested() => return,
                    _ = ticks.tick() => turn().await,
                }
            }
        })
    }

    /// Why this process must not be asked now; nothing when it can be. A process that is not sure
    /// of its time, its store or its list of revoked certificates refuses (invariant 6).
    pub async fn findings(&self) -> Vec<Reason> {
        let crl_expired = self.region.current().crl().next_update() <= tls_now();
        let found = [
            crl_expired.then_some(Reason::CrlExpired),
            self.clock_fault(),
            self.store.health().await.reason,
        ];
        found.into_iter().flatten().collect()
    }

    /// The clock is faulty, or stands before the end of what was recorded.
    fn clock_fault(&self) -> Option<Reason> {
        let faulty = self.clock.fault().is_some() || self.recording.is_ahead(&self.clock);
        faulty.then_some(Reason::ClockInvalid)
    }

    /// The state of this process, as far as the runtime knows it.
    pub async fn status(&self) -> Status {
        let region = self.region.current();
        let (days, store) = (region.days_left(), self.store.health().await);
        let findings = self.findings().await;
        Status {
            process: self.process.to_owned(),
            name: region.leaf().name().to_owned(),
            oin: region.oin().clone(),
            mode: region.mode(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            serving: findings.is_empty() && !self.shutdown.is_requested(),
            findings,
            certificate_days_left: days.certificate,
            crl_days_left: days.crl,
            policy_bundle: None,
            policy: None,
            store: StoreState {
                backend: store.backend.to_owned(),
                writable: store.writable,
                reason: store.reason,
                used_bytes: store.used_bytes,
                free_bytes: store.free_bytes,
            },
            clock: ClockState {
                now: self.clock.clock().now(),
                region: self.clock.is_region(),
                offset_ms: None,
                fault: self.clock_fault(),
            },
            epoch: None,
            late_answers: None,
            retention: None,
            inform: None,
            inbox: None,
            cases: None,
            glass: None,
            handovers: None,
            rights: None,
            ask_again: None,
            ledger: None,
            peers: Vec::new(),
        }
    }

    /// Tells the health service what [`Context::findings`] says, for as long as the process lives.
    pub(super) async fn watch(self, health: Vec<Health>) {
        let mut ticks = tokio::time::interval(Duration::from_millis(VITALS_INTERVAL_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = Vec::new();
        loop {
            ticks.tick().await;
            let findings = self.findings().await;
            if findings != before {
                tell(&health, findings.first().copied()).await;
                before = findings;
            }
        }
    }
}

/// Takes changed files into use. That they cannot be is said once, not at every look: the old ones
/// stay in use, and the next look tries again.
async fn look<M>(material: Arc<Reloading<M>>, failing: Arc<AtomicBool>)
where
    M: Material + Send + Sync + 'static,
    M::Files: Send + Sync,
{
    let look = tokio::task::spawn_blocking(move || material.reload_if_changed());
    match look.await {
        Ok(Ok(Reload::Changed)) => tracing::info!("certificates were taken into use"),
        Ok(Err(error)) => {
            if !failing.swap(true, Ordering::Relaxed) {
                tracing::error!(reason = %error.reason(), "certificates were not taken into use");
            }
            return;
        }
        Ok(Ok(Reload::Unchanged)) | Err(_) => {}
    }
    failing.store(false, Ordering::Relaxed);
}

async fn tell(health: &[Health], finding: Option<Reason>) {
    if let Some(reason) = finding {
        tracing::error!(%reason, "not serving");
    } else {
        tracing::info!("serving again");
    }
    for server in health {
        match finding {
            Some(_) => server.not_serving().await,
            None => server.serving().await,
        }
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.reason(), error)
    }
}
