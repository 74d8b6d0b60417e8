//! What the demo measures. It prints; no test depends on time.

use std::time::Duration;

use super::driver::Driver;
use super::limits::WARMING_QUESTIONS;
use super::world::Question;
use crate::exit::Failure;

/// Agencies of the measured question.
const AGENCIES: usize = 8;

/// The question that is measured: the first that goes to eight agencies, else to the most.
pub(super) fn widest<'a>(timeline: &[&'a Question]) -> Option<&'a Question> {
    let exact = timeline.iter().find(|question| question.to.len() == AGENCIES);
    let widest = || timeline.iter().max_by_key(|question| question.to.len());
    exact.or_else(widest).copied()
}

/// Median time of a question to eight agencies, put so many times, from the desk and back, in
/// milliseconds. The second person's approval, where the question has one, comes before and does
/// not count.
pub(super) async fn ask_ms_p50(
    driver: &Driver<'_>,
    question: &Question,
    count: usize,
) -> Result<f64, Failure> {
    for _ in 0..WARMING_QUESTIONS {
        driver.ask(question).await?;
    }
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        times.push(driver.ask(question).await?.took);
    }
    Ok(round(median(times).as_secs_f64() * 1_000.0))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Memory of a process in MB; nothing where the system does not tell.
pub(super) fn rss_mb(pid: u32) -> Option<f64> {
    let kb = from_proc(pid).or_else(|| from_ps(pid))?;
    Some(round(kb / 1_024.0))
}

fn from_proc(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// Where there is no /proc.
fn from_ps(pid: u32) -> Option<f64> {
    let mut ps = std::process::Command::new("ps");
    let said = ps.args(["-o", "rss=", "-p", &pid.to_string()]).output().ok()?.stdout;
    String::from_utf8(said).ok()?.trim().parse().ok()
}

/// To one decimal: more is noise.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_of_nothing_is_zero() {
        let ms = |ms: &[u64]| ms.iter().map(|ms| Duration::from_millis(*ms)).collect();
        assert_eq!(median(ms(&[9, 1, 5])), Duration::from_millis(5));
        assert_eq!(median(ms(&[])), Duration::ZERO);
    }

    #[test]
    fn a_process_that_runs_has_memory_and_one_that_does_not_has_none() {
        assert!(rss_mb(std::process::id()).is_some_and(|mb| mb > 0.1));
        assert!(rss_mb(u32::MAX).is_none());
    }
}
