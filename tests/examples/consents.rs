//! What a look-up in a consent register of many consents costs.
//!
//! `cargo run --release -p grondslag-tests --example consents [--consents N] [--json]`: N consents
//! (1,000,000 unless told), two for each child, beside who holds custody; then so many look-ups of
//! children drawn at random, each weighed as a question would be, and the quarter, the median and
//! the slowest hundredth of their times.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Backend, Config, open};
use grondslag_node::consent::bench::Register;
use grondslag_node::secret::NodeSecret;
use serde_json::json;

const CONSENTS: u64 = 1_000_000;
const LOOK_UPS: u64 = 20_000;
const HOLDER: &str = "00000099000000001000";
const ASKER: &str = "00000099000000002000";
/// Children that are written between two lines of progress.
const STEP: u64 = 50_000;

fn main() -> Result<()> {
    let mut consents = CONSENTS;
    let mut is_json = false;
    let mut typed = std::env::args().skip(1);
    while let Some(word) = typed.next() {
        match word.as_str() {
            "--consents" => consents = typed.next().context("a number")?.parse()?,
            "--json" => is_json = true,
            other => anyhow::bail!("{other}: only --consents N and --json"),
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    runtime.block_on(measure(consents, is_json))
}

async fn measure(consents: u64, is_json: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (holder, asker) = (Oin::parse(HOLDER)?, Oin::parse(ASKER)?);
    let path = folder.path().join("store");
    let store = open(Config { path, owner: holder.clone(), backend: Backend::Sled }).await?;
    let secret = NodeSecret::create(&folder.path().join("secret"))?;
    let at = Timestamp::parse("2026-09-15T09:00")?;
    let register = Register::new((store, secret), [holder, asker], at).map_err(failed)?;
    let children = consents.div_ceil(2).max(1);
    let since = Instant::now();
    let mut from = 0;
    while from < children {
        let to = (from + STEP).min(children);
        register.fill(from..to).await.map_err(failed)?;
        writeln!(io::stderr(), "{} consents", to * 2)?;
        from = to;
    }
    let filled = since.elapsed();
    let mut times = Vec::new();
    for number in 0..LOOK_UPS {
        times.push(register.look_up(drawn(number, children)).await.map_err(failed)?);
    }
    times.sort_unstable();
    let at = |percent: usize| micros(times.get(times.len() * percent / 100).copied());
    let (quarter, median, slow) = (at(25), at(50), at(99));
    let mut out = io::stdout();
    if is_json {
        let figures = json!({ "consents": consents, "look_ups": LOOK_UPS, "quarter_us": quarter,
            "median_us": median, "p99_us": slow, "filled_s": filled.as_secs() });
        writeln!(out, "{figures}")?;
    } else {
        writeln!(out, "{consents} consents, written in {} s", filled.as_secs())?;
        writeln!(
            out,
            "a look-up: {quarter:.1} / {median:.1} / {slow:.1} us (quarter, median, p99)"
        )?;
    }
    Ok(())
}

/// A child, by a multiplicative draw that the same number repeats.
fn drawn(number: u64, children: u64) -> u64 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % children
}

fn micros(time: Option<Duration>) -> f64 {
    time.unwrap_or_default().as_secs_f64() * 1e6
}

fn failed(reason: Reason) -> anyhow::Error {
    anyhow!("{reason}")
}
