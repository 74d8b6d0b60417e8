//! Whether the broker can tell a hit, a miss and a neutral refusal apart: by the size of an answer
//! and by when it comes.
//!
//! `cargo run --release -p grondslag-tests --example blind_answers [--answers N] [--json]`. The
//! three take turns, N of each (2,000 unless told), at a node that answers on a tick of 20 ms. What
//! is printed is the largest distance of two distributions (Kolmogorov-Smirnov) among the three,
//! with its bound. The control is the same node without a tick, and what is in the answers without
//! their padding: taken together the three must differ there.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use grondslag_core::tier::Tier;
use grondslag_proto::answer::encode;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};
use prost::Message as _;

const ANSWERS: usize = 2_000;
const TICK_MS: u64 = 20;
/// Largest distance at which 2,000 samples of each do not tell two distributions apart (0.1 %).
const DISTANCE_MAX: f64 = 0.062;
/// Least distance of a control.
const CONTROL_MIN: f64 = 0.2;
const NOW: &str = "2026-06-24T10:00";
const SCHOOL: &str = "sch-drieveen";

/// Who asks what about whom, and what comes of it.
const KINDS: [(&str, &str, Plea<'static>); 3] = [
    ("hit", "vt-drieveen", Plea { subject: "999940004", ..SAFETY }),
    ("miss", "vt-drieveen", Plea { subject: "999900018", ..SAFETY }),
    ("neutral refusal", "gem-veenwolde", HELP),
];
const SAFETY: Plea<'static> = Plea {
    role: "vt.veiligheidsbeoordelaar",
    purpose: "D05",
    query_kind: "Q01",
    subject: "",
    categories: &["G05", "G08"],
    facts: &[("vt_report", "report")],
};
const HELP: Plea<'static> = Plea {
    role: "gem.lokaalteam",
    purpose: "D01",
    query_kind: "Q02",
    subject: "999940004",
    categories: &["G08", "G16"],
    facts: &[("case_fact", "stated")],
};

/// What is seen of one kind of answer.
#[derive(Debug, Default)]
struct Seen {
    /// Bytes of the whole message, which the broker sees.
    bytes: Vec<f64>,
    /// Milliseconds until it came, which the broker sees.
    ms: Vec<f64>,
    /// Bytes of what is in it, which only its asker sees.
    content: Vec<f64>,
}

type AllSeen = BTreeMap<&'static str, Seen>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = arguments.iter();
    let (mut answers, mut json) = (ANSWERS, false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => json = true,
            "--answers" => answers = words.next().context("--answers N")?.parse()?,
            _ => bail!("usage: blind_answers [--answers N] [--json]"),
        }
    }
    let (ticked, at_once) = run(async {
        let ticked = watch(answers, TICK_MS).await?;
        Ok((ticked, watch(answers, 0).await?))
    })?;
    let size = distance(&ticked, |seen| &seen.bytes)?;
    let time = distance(&ticked, |seen| &seen.ms)?;
    let content = distance(&ticked, |seen| &seen.content)?;
    let untimed = distance(&at_once, |seen| &seen.ms)?;
    // A broker without padding and tick in its way sees whichever tells more.
    let control = content.max(untimed);
    let figures = [
        ("size, padded", size, size == 0.0, "= 0".to_owned()),
        ("time, tick 20 ms", time, time <= DISTANCE_MAX, format!("<= {DISTANCE_MAX}")),
        ("control: neither", control, control >= CONTROL_MIN, format!(">= {CONTROL_MIN}")),
        ("  of it size, unpadded", content, true, "none".to_owned()),
        ("  of it time, no tick", untimed, true, "none".to_owned()),
    ];
    let mut out = io::stdout().lock();
    if json {
        let figures: BTreeMap<&str, f64> =
            figures.iter().map(|(name, distance, ..)| (*name, *distance)).collect();
        writeln!(out, "{}", serde_json::to_string(&figures)?)?;
        return Ok(());
    }
    for (name, distance, kept, bound) in figures {
        let kept = if kept { "kept" } else { "NOT KEPT" };
        writeln!(out, "{name:<26} {distance:.3}  bound {bound:<8} {kept}")?;
    }
    for (name, all) in [("tick 20 ms", &ticked), ("no tick", &at_once)] {
        for (kind, seen) in all {
            let [one, median, most] = [1, 50, 99].map(|percent| quantile(&seen.ms, percent));
            writeln!(
                out,
                "{name:<11} {kind:<16} 1 %, median, 99 %: {one:.2} {median:.2} {most:.2} ms"
            )?;
        }
    }
    Ok(())
}

/// Puts the three kinds of question in turn, as a broker does, and notes what comes.
async fn watch(answers: usize, tick_ms: u64) -> Result<AllSeen> {
    let agencies = ["vt-drieveen", "gem-veenwolde", SCHOOL];
    let federation = Setup::of(agencies).at(NOW).reply_tick_ms(tick_ms).start().await?;
    let mut all = AllSeen::new();
    for number in 0..answers {
        for turn in 0..KINDS.len() {
            // Nobody always comes after the same other.
            let place = (turn + number) % KINDS.len();
            let (kind, asker, plea) = KINDS.get(place).context("a kind")?;
            put(&federation, asker, plea, all.entry(kind).or_default()).await?;
        }
    }
    Ok(all)
}

async fn put(federation: &Federation, asker: &str, plea: &Plea<'_>, seen: &mut Seen) -> Result<()> {
    let (asker, broker) = (federation.hand(asker)?, federation.broker_hand()?);
    let school = federation.oin(SCHOOL)?;
    let sketch = federation.sketch(&asker, plea, &[SCHOOL])?;
    let question = broker.attest(&sketch, &school, Tier::T5)?;
    let node = federation.to_node(&broker, SCHOOL)?;
    let wire = (&question).into();
    at_any_moment()?;
    let since = Instant::now();
    let reply = broker.deliver(&node, wire).await?.map_err(anyhow::Error::msg)?;
    seen.ms.push(since.elapsed().as_secs_f64() * 1_000.0);
    seen.bytes.push(f64::from(u32::try_from(reply.encoded_len())?));
    let answer = federation.read_reply(&sketch, &school, &reply)?;
    seen.content.push(f64::from(u32::try_from(encode(&answer).len())?));
    Ok(())
}

/// Waits for a random part of a millisecond. Timers fire on a grid of whole ones, and each question
/// here follows an answer that came on it: without this the time that this program takes to make a
/// question of one kind would show as a difference of its answers.
fn at_any_moment() -> Result<()> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("{error}"))?;
    let wait = Duration::from_micros(u64::from(u16::from_be_bytes(bytes) % 1_000));
    let since = Instant::now();
    while since.elapsed() < wait {
        std::hint::spin_loop();
    }
    Ok(())
}

/// The largest distance of any two of the kinds.
fn distance(all: &AllSeen, of: impl Fn(&Seen) -> &[f64]) -> Result<f64> {
    let sorted: Vec<Vec<f64>> = all
        .values()
        .map(|seen| {
            let mut sorted = of(seen).to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted
        })
        .collect();
    let (one, rest) = sorted.split_first().context("nothing was seen")?;
    let mut largest = 0.0_f64;
    for (place, two) in rest.iter().enumerate() {
        largest = largest.max(apart(one, two));
        for three in rest.iter().skip(place + 1) {
            largest = largest.max(apart(two, three));
        }
    }
    Ok(largest)
}

/// Kolmogorov-Smirnov distance of two sorted samples.
fn apart(one: &[f64], two: &[f64]) -> f64 {
    let below = |sample: &[f64], at: f64| {
        let count = sample.partition_point(|value| *value <= at);
        f64::from(u32::try_from(count).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(sample.len()).unwrap_or(u32::MAX))
    };
    one.iter().chain(two).map(|at| (below(one, *at) - below(two, *at)).abs()).fold(0.0, f64::max)
}

fn quantile(sample: &[f64], percent: usize) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}
