//! What 10,000 open questions with their terms cost a node, and how late they climb.
//!
//! `cargo run --release -p grondslag-tests --example inbox [--items N] [--json]`: N questions
//! (10,000 unless told) wait in the inbox of one node of a small region on disk. First their inner
//! terms end one after the other within a minute, then those of as many more at one moment; the
//! region's clock runs at real speed. Told are the memory of the whole process (that node, another,
//! the broker) before, with the questions, and once all of them have climbed, and by how much the
//! slowest and the median climbed later than its term.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_node::answers::inbox::bench::{fill, lateness};
use grondslag_tests::federation::{Federation, Setup, run};
use serde_json::json;
use tokio::time::sleep;

const ITEMS: u32 = 10_000;
const NOW: &str = "2026-06-24T10:00";
const DOCTOR: &str = "ha-dewierde";
const VT: &str = "vt-drieveen";
const SPREAD_MS: i64 = 60_000;
/// Until the first term ends.
const LEAD_MS: i64 = 2_000;
/// How often the clock is set.
const STEP: Duration = Duration::from_millis(20);
/// How long a climb may take before the bench ends.
const GRACE_MS: i64 = 60_000;

/// What was measured of one round.
struct Round {
    /// Memory once they wait, before any climbs.
    filled_mb: f64,
    median_ms: i64,
    most_ms: i64,
}

fn main() -> Result<()> {
    let (mut items, mut is_json) = (ITEMS, false);
    let mut typed = std::env::args().skip(1);
    while let Some(word) = typed.next() {
        match word.as_str() {
            "--items" => items = typed.next().context("a number")?.parse()?,
            "--json" => is_json = true,
            other => anyhow::bail!("{other}: only --items N and --json"),
        }
    }
    run(measure(items, is_json))
}

async fn measure(items: u32, is_json: bool) -> Result<()> {
    let federation = Setup::of([VT, DOCTOR]).on_disk().at(NOW).start().await?;
    let before = rss_mb()?;
    let spread = |n: u32| i64::from(n) * SPREAD_MS / i64::from(items.max(1));
    let one_by_one = round(&federation, items, spread).await?;
    let (with, climbed) = (one_by_one.filled_mb, rss_mb()?);
    let at_once = round(&federation, items, |_| 0).await?;
    let mut out = io::stdout();
    if is_json {
        let figures = json!({
            "items": items, "rss_before_mb": before, "rss_mb": with, "rss_climbed_mb": climbed,
            "one_by_one": { "median_ms": one_by_one.median_ms, "most_ms": one_by_one.most_ms },
            "at_once": { "median_ms": at_once.median_ms, "most_ms": at_once.most_ms },
        });
        writeln!(out, "{figures}")?;
    } else {
        writeln!(out, "{items} questions: {with:.1} MB, {before:.1} before, {climbed:.1} climbed")?;
        for (name, round) in [("one by one", one_by_one), ("at one moment", at_once)] {
            let Round { median_ms, most_ms, .. } = round;
            writeln!(out, "{name}: late by {median_ms} ms (median), {most_ms} ms (most)")?;
        }
    }
    Ok(())
}

/// Questions of which the terms end so long after the first, while the clock runs.
async fn round(federation: &Federation, items: u32, after: impl Fn(u32) -> i64) -> Result<Round> {
    let agency = federation.agency(DOCTOR)?;
    // Writing them takes real time, and the clock stands still meanwhile.
    let begin = federation.now().plus_ms(LEAD_MS);
    let moments: Vec<Timestamp> = (0..items).map(|n| begin.plus_ms(after(n))).collect();
    let due = fill(&agency, &moments).await.map_err(failed)?;
    let filled_mb = rss_mb()?;
    let (start, since) = (federation.now(), Instant::now());
    let last = moments.last().copied().unwrap_or(begin);
    let mut late = Vec::new();
    while late.len() < due.len() {
        let now = start.plus_ms(i64::try_from(since.elapsed().as_millis())?);
        federation.set_clock(now);
        if now > last {
            late = lateness(&agency, &due).await.map_err(failed)?;
        }
        anyhow::ensure!(now.since_ms(last) < GRACE_MS, "{} of {items} climbed", late.len());
        sleep(STEP).await;
    }
    late.sort_unstable();
    let at = |part: usize| late.get(part).copied().context("an item");
    Ok(Round { filled_mb, median_ms: at(late.len() / 2)?, most_ms: at(late.len() - 1)? })
}

/// Memory of this process.
fn rss_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
    let kb: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
    Ok(kb / 1_024.0)
}

fn failed(reason: Reason) -> anyhow::Error {
    anyhow!(reason.code())
}
