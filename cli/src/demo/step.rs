//! `grondslag demo advance`: a step of a running demo's clock.

use std::path::Path;
use std::str::FromStr;

use grondslag_runtime::clock::{ClockError, RegionClockFile};
use serde_json::json;

use super::home::running;
use super::limits::ADVANCE_DAYS_MAX;
use super::place::Place;
use crate::exit::{Exit, Failure};
use crate::limits::DAY_MS;
use crate::output::Output;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A step: `30m`, `1h`, `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    ms: i64,
}

/// Not a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoStep;

impl std::fmt::Display for NoStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a step is minutes, hours or days: 30m, 1h, 2d; at most {ADVANCE_DAYS_MAX}d")
    }
}

impl std::error::Error for NoStep {}

impl FromStr for Step {
    type Err = NoStep;

    fn from_str(text: &str) -> Result<Self, NoStep> {
        let unit = text.chars().last().ok_or(NoStep)?;
        let unit_ms = match unit {
            'm' => MINUTE_MS,
            'h' => HOUR_MS,
            'd' => DAY_MS,
            _ => return Err(NoStep),
        };
        let count = text.strip_suffix(unit).ok_or(NoStep)?;
        let count: i64 = count.parse().map_err(|_| NoStep)?;
        let ms = count.checked_mul(unit_ms).ok_or(NoStep)?;
        let possible = (1..=ADVANCE_DAYS_MAX * DAY_MS).contains(&ms);
        if possible { Ok(Self { ms }) } else { Err(NoStep) }
    }
}

/// Steps the clock of the demo in this folder, or of the one that runs.
pub(super) fn advance(step: Step, folder: Option<&Path>, out: Output) -> Result<Exit, Failure> {
    let failed = |error: ClockError| Failure::new(error.reason(), error);
    let folder = folder.map_or_else(running, |folder| Ok(folder.to_owned()))?;
    let clock = RegionClockFile::open(&Place::at(&folder).clock()).map_err(failed)?;
    let now = clock.advance(step.ms).map_err(failed)?;
    out.line(&format!(
        "{} {}",
        out.tr("de regioklok staat op", "the region's clock is at"),
        now.local()
    ));
    out.json(&json!({ "now": now.to_string() }))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_minutes_hours_or_days_within_bounds() {
        assert_eq!("30m".parse(), Ok(Step { ms: 1_800_000 }));
        assert_eq!("1h".parse(), Ok(Step { ms: 3_600_000 }));
        assert_eq!("366d".parse(), Ok(Step { ms: 366 * DAY_MS }));
        for bad in ["", "h", "1", "0h", "-1h", "1.5h", "1w", "367d", "1hh", "9223372036854775807d"]
        {
            assert_eq!(bad.parse::<Step>(), Err(NoStep), "{bad}");
        }
    }
}
