//! The region clock: one small file that a demo's driver writes and every demo process reads, so
//! that stories of months play in one merged timeline.
//!
//! The file holds a moment, the system's time at which it was written, and whether the clock runs
//! from there at real speed or stands still. It is replaced as a whole, so a reader sees the old
//! or the new one. Readers look at every call: once a step is written, no process that asks
//! afterwards is behind it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::reason::Reason;
use serde::{Deserialize, Serialize};

use super::{forward, system_ms};
use crate::limits::CLOCK_FILE_BYTES_MAX;

/// Why the region clock was refused.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The file cannot be read or written.
    #[error("region clock {}: {kind}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The file is not a region clock.
    #[error("region clock {}: it holds no moment", file.display())]
    Garbled {
        /// The file.
        file: PathBuf,
    },
    /// The clock only moves forward.
    #[error("the region clock stands at {now} and does not go back to {to}")]
    Back {
        /// Where it stands.
        now: Timestamp,
        /// Where it should have gone.
        to: Timestamp,
    },
}

impl ClockError {
    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        Reason::ClockInvalid
    }
}

/// The file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    #[serde(with = "rfc3339")]
    base: Timestamp,
    set_at_system_ms: i64,
    running: bool,
}

impl Setting {
    fn now(self, system_ms: i64) -> Timestamp {
        if self.running {
            // A system clock that was set back makes the region clock wait, not go back.
            self.base.plus_ms(system_ms.saturating_sub(self.set_at_system_ms).max(0))
        } else {
            self.base
        }
    }
}

/// The reader: a [`Clock`] that follows the file and never goes back.
#[derive(Debug)]
pub struct RegionClock {
    path: PathBuf,
    latest: AtomicI64,
    // The last good content and whether the file is good now; held for one short read.
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    text: String,
    setting: Setting,
    fault: Option<&'static str>,
}

impl RegionClock {
    /// Follows the file.
    ///
    /// # Errors
    /// [`ClockError`] when there is no good file to begin with.
    pub fn open(path: &Path) -> Result<Self, ClockError> {
        let (text, setting) = read(path)?;
        Ok(Self {
            path: path.to_owned(),
            latest: AtomicI64::new(setting.now(system_ms()).ms()),
            seen: Mutex::new(Seen { text, setting, fault: None }),
        })
    }

    /// What is wrong with the file now, if anything; the clock then keeps to the last good one.
    pub fn fault(&self) -> Option<&'static str> {
        self.now();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.fault
    }
}

impl Clock for RegionClock {
    fn now(&self) -> Timestamp {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = Timestamp::from_ms(self.latest.load(Ordering::SeqCst));
        seen.look(&self.path, latest);
        forward(&self.latest, seen.setting.now(system_ms()).ms())
    }
}

impl Seen {
    fn look(&mut self, path: &Path, latest: Timestamp) {
        self.fault = match read_text(path) {
            Ok(text) if text == self.text => self.fault.filter(|_| self.is_behind(latest)),
            Ok(text) => self.take(path, text, latest),
            Err(_) => Some("the region clock cannot be read"),
        };
    }

    fn is_behind(&self, latest: Timestamp) -> bool {
        self.setting.now(system_ms()) < latest
    }

    fn take(&mut self, path: &Path, text: String, latest: Timestamp) -> Option<&'static str> {
        let Ok(setting) = parse(path, &text) else {
            return Some("the region clock is garbled");
        };
        self.text = text;
        self.setting = setting;
        self.is_behind(latest).then_some(WENT_BACK)
    }
}

const WENT_BACK: &str = "the region clock went back";

/// The writer, for a demo's driver and for `demo advance`.
#[derive(Debug, Clone)]
pub struct RegionClockFile {
    path: PathBuf,
}

impl RegionClockFile {
    /// Makes the file, with a clock that stands still at `start`.
    ///
    /// # Errors
    /// [`ClockError::Io`] when the file exists already or cannot be written.
    pub fn create(path: &Path, start: Timestamp) -> Result<Self, ClockError> {
        let clock = Self { path: path.to_owned() };
        File::create_new(path).map_err(|error| io_error(path, &error))?;
        clock.replace(start, false)?;
        Ok(clock)
    }

    /// Takes up a file that exists.
    ///
    /// # Errors
    /// [`ClockError`] when it is no region clock.
    pub fn open(path: &Path) -> Result<Self, ClockError> {
        read(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Where the clock stands now.
    ///
    /// # Errors
    /// [`ClockError`] when the file is no longer good.
    pub fn now(&self) -> Result<Timestamp, ClockError> {
        Ok(read(&self.path)?.1.now(system_ms()))
    }

    /// Steps forward to a moment; a running clock runs on from there.
    ///
    /// # Errors
    /// [`ClockError::Back`] for an earlier moment, which changes nothing.
    pub fn step_to(&self, to: Timestamp) -> Result<(), ClockError> {
        let setting = read(&self.path)?.1;
        let now = setting.now(system_ms());
        if to < now {
            return Err(ClockError::Back { now, to });
        }
        self.replace(to, setting.running)
    }

    /// Steps forward by some milliseconds and tells where the clock stands then.
    ///
    /// # Errors
    /// [`ClockError::Back`] for a negative step.
    pub fn advance(&self, by_ms: i64) -> Result<Timestamp, ClockError> {
        let to = self.now()?.plus_ms(by_ms);
        // A running clock may have passed a step of zero by now; that is where it stands.
        let to = if by_ms >= 0 { to.max(self.now()?) } else { to };
        self.step_to(to)?;
        Ok(to)
    }

    /// Lets the clock run at real speed from where it stands.
    ///
    /// # Errors
    /// [`ClockError`] when the file cannot be read or written.
    pub fn run(&self) -> Result<(), ClockError> {
        self.replace(self.now()?, true)
    }

    /// Stops the clock where it stands.
    ///
    /// # Errors
    /// [`ClockError`] when the file cannot be read or written.
    pub fn stand_still(&self) -> Result<(), ClockError> {
        self.replace(self.now()?, false)
    }

    fn replace(&self, base: Timestamp, running: bool) -> Result<(), ClockError> {
        let setting = Setting { base, set_at_system_ms: system_ms(), running };
        self.write(&setting).map_err(|error| io_error(&self.path, &error))
    }

    fn write(&self, setting: &Setting) -> io::Result<()> {
        // Several commands may step the clock; each writes a file of its own before the rename.
        let fresh = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(setting)?)?;
        fs::rename(&fresh, &self.path)
    }
}

fn read(path: &Path) -> Result<(String, Setting), ClockError> {
    let text = read_text(path).map_err(|error| io_error(path, &error))?;
    let setting = parse(path, &text)?;
    Ok((text, setting))
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(CLOCK_FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(path: &Path, text: &str) -> Result<Setting, ClockError> {
    serde_json::from_str(text).map_err(|_| ClockError::Garbled { file: path.to_owned() })
}

fn io_error(path: &Path, error: &io::Error) -> ClockError {
    ClockError::Io { file: path.to_owned(), kind: error.kind() }
}

/// The base stands in the file as people read it, to the millisecond.
mod rfc3339 {
    use grondslag_core::clock::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields by reference")]
    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        let moment = jiff::Timestamp::from_millisecond(at.ms()).map_err(ser::Error::custom)?;
        to.collect_str(&moment)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::parse(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
