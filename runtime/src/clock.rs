//! Where a process takes its dates from: the system, or the region clock of a demo.
//!
//! Only dates come from here. Timeouts, grace and ticks use monotonic time, and TLS always uses
//! the system's time (design 4).

mod region;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::Mode;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;

use crate::config::{self, ConfigError};

pub use region::{ClockError, RegionClock, RegionClockFile};

/// The system's clock, held so that it never goes back within this process.
#[derive(Debug, Default)]
pub struct SystemClock(AtomicI64);

impl SystemClock {
    /// What is wrong with it: the system's clock was set back by more than clocks may differ, so
    /// that this process still stands at a moment that nobody else is at yet.
    fn fault(&self) -> Option<&'static str> {
        let stands = self.0.load(Ordering::SeqCst);
        (stands.saturating_sub(system_ms()) > CLOCK_SKEW_MS_MAX)
            .then_some("the system's clock was set back; restart this process once it is right")
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        forward(&self.0, system_ms())
    }
}

/// The clock of a process, and whether it can be trusted.
#[derive(Debug, Clone)]
pub struct ProcessClock {
    clock: Arc<dyn Clock>,
    region: Option<Arc<RegionClock>>,
    system: Option<Arc<SystemClock>>,
}

impl ProcessClock {
    /// Wraps a clock that has no faults of its own: that of a test.
    pub fn of(clock: Arc<dyn Clock>) -> Self {
        Self { clock, region: None, system: None }
    }

    /// Opens the clock that the configuration names.
    ///
    /// # Errors
    /// [`OpenClockError::Config`] when a production process names a region clock;
    /// [`OpenClockError::Clock`] when the region clock cannot be read.
    pub fn open(config: &config::Clock, mode: Mode) -> Result<Self, OpenClockError> {
        let Some(file) = &config.region_file else {
            let system = Arc::new(SystemClock::default());
            return Ok(Self { system: Some(Arc::clone(&system)), ..Self::of(system) });
        };
        match mode {
            Mode::Production => Err(REFUSED.into()),
            Mode::Demo => {
                let region = Arc::new(RegionClock::open(file.path())?);
                Ok(Self { region: Some(Arc::clone(&region)), ..Self::of(region) })
            }
        }
    }

    /// The clock itself.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// What is wrong with the clock, if anything. A process with a faulty clock refuses.
    pub fn fault(&self) -> Option<&'static str> {
        let region = self.region.as_ref().and_then(|region| region.fault());
        region.or_else(|| self.system.as_ref().and_then(|system| system.fault()))
    }

    /// True when dates come from the region clock.
    pub fn is_region(&self) -> bool {
        self.region.is_some()
    }
}

/// Why a production process may not follow a file.
const REFUSED: ConfigError = ConfigError::Refused {
    key: "clock.region_file",
    sentence: "a production process takes its dates from the system; remove this setting",
};

/// A process has no clock.
#[derive(Debug, thiserror::Error)]
pub enum OpenClockError {
    /// The setting is not allowed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The region clock cannot be read.
    #[error(transparent)]
    Clock(#[from] ClockError),
}

impl OpenClockError {
    /// The stable reason.
    pub const fn reason(&self) -> grondslag_core::reason::Reason {
        match self {
            Self::Config(error) => error.reason(),
            Self::Clock(error) => error.reason(),
        }
    }
}

/// Moves `latest` forward to `ms`, never back, and tells where it stands.
fn forward(latest: &AtomicI64, ms: i64) -> Timestamp {
    Timestamp::from_ms(latest.fetch_max(ms, Ordering::SeqCst).max(ms))
}

/// Milliseconds since the Unix epoch by the system's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
pub(crate) fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use grondslag_core::reason::Reason;

    use super::*;

    #[test]
    fn a_clock_never_goes_back() {
        let latest = AtomicI64::new(0);
        for (given, stands) in [(5, 5), (9, 9), (7, 9), (10, 10)] {
            assert_eq!(forward(&latest, given).ms(), stands);
        }
    }

    #[test]
    fn the_system_clock_stands_in_this_decade() {
        let now = SystemClock::default().now();
        assert!(now > Timestamp::parse("2025-01-01T00:00:00Z").unwrap());
    }

    #[test]
    fn a_system_clock_that_was_set_back_is_a_fault() {
        let clock = |ahead: i64| {
            let system = Arc::new(SystemClock(AtomicI64::new(system_ms() + ahead)));
            ProcessClock { system: Some(Arc::clone(&system)), ..ProcessClock::of(system) }
        };
        assert_eq!(clock(CLOCK_SKEW_MS_MAX).fault(), None);
        assert!(clock(CLOCK_SKEW_MS_MAX + 60_000).fault().unwrap().contains("set back"));
        let opened = ProcessClock::open(&config::Clock::default(), Mode::Production).unwrap();
        assert!(opened.fault().is_none() && opened.system.is_some());
    }

    #[test]
    fn production_refuses_a_region_clock_and_a_demo_follows_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock.json");
        let start = Timestamp::parse("2026-06-02T10:15").unwrap();
        RegionClockFile::create(&path, start).unwrap();
        let config = config::Clock { region_file: Some(path.into()) };
        let refused = ProcessClock::open(&config, Mode::Production).unwrap_err();
        assert_eq!(refused.reason(), Reason::ConfigInvalid);
        assert!(refused.to_string().contains("clock.region_file"));
        let demo = ProcessClock::open(&config, Mode::Demo).unwrap();
        assert!(demo.is_region() && demo.fault().is_none());
        assert_eq!(demo.clock().now(), start);
    }

    #[test]
    fn an_absent_region_clock_stops_the_start() {
        let config = config::Clock {
            region_file: Some(std::path::PathBuf::from("/nowhere/clock.json").into()),
        };
        let error = ProcessClock::open(&config, Mode::Demo).unwrap_err();
        assert_eq!(error.reason(), Reason::ClockInvalid);
    }
}
