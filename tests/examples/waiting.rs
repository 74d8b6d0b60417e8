//! How long it takes until questions that waited for a node that was away are answered, and what an
//! ordinary question takes.
//!
//! `cargo run --release -p grondslag-tests --example waiting [--questions N] [--tick MS] [--json]`:
//! in a small region on disk the school, whose answers leave at this tick (at once unless told),
//! is asked a hundred times, one after the other; then it goes away, and N questions (1,000
//! unless told) wait for it; then it comes back. Told are the median of a question, and how long
//! after the school serves again (its own start not counted), and after its first answer, the
//! last first reply was kept for its asker.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use grondslag_evidence::store::Store as _;
use grondslag_proto::v1;
use grondslag_tests::federation::{Federation, Setup, run};
use serde_json::json;
use tokio::time::sleep;

const QUESTIONS: usize = 1_000;
const ORDINARY: usize = 100;
const NOW: &str = "2026-06-24T10:00";
const VT: &str = "vt-drieveen";
const SCHOOL: &str = "sch-drieveen";
const ASKER: &str = "triage-1";
/// Questions that are asked at the same time.
const AT_ONCE: usize = 4;
const LOOK: Duration = Duration::from_millis(5);
const WAIT: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let (mut questions, mut tick_ms, mut is_json) = (QUESTIONS, 0, false);
    let mut typed = std::env::args().skip(1);
    while let Some(word) = typed.next() {
        match word.as_str() {
            "--questions" => questions = typed.next().context("a number")?.parse()?,
            "--tick" => tick_ms = typed.next().context("a number")?.parse()?,
            "--json" => is_json = true,
            other => anyhow::bail!("{other}: only --questions N, --tick MS and --json"),
        }
    }
    run(measure(questions, tick_ms, is_json))
}

async fn measure(questions: usize, tick_ms: u64, is_json: bool) -> Result<()> {
    let setup = Setup::of([VT, SCHOOL]).on_disk().at(NOW).reply_tick_ms(tick_ms);
    let federation = setup.budget(u64::try_from(2 * (questions + ORDINARY))?).start().await?;
    let ordinary = ordinary(&federation).await?;
    let at = federation.address(SCHOOL)?;
    federation.kill(SCHOOL).await?;
    let asked = stream::iter(0..questions).map(|_| ask(&federation, "pending"));
    asked.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
    ensure!(waiting(&federation, questions).await? == questions, "not all of them wait");
    federation.restart(SCHOOL, at).await?;
    let served = Instant::now();
    let mut first = None;
    loop {
        let left = waiting(&federation, questions).await?;
        if left < questions {
            first.get_or_insert_with(Instant::now);
        }
        if left == 0 {
            break;
        }
        ensure!(served.elapsed() < WAIT, "{left} of {questions} still wait");
        sleep(LOOK).await;
    }
    let first = first.context("the first answer")?;
    tell(questions, ordinary, (served.elapsed(), first.elapsed()), is_json)
}

fn tell(
    questions: usize,
    ordinary: Duration,
    (served, first): (Duration, Duration),
    is_json: bool,
) -> Result<()> {
    let mut out = io::stdout();
    let ms = |time: Duration| (time.as_secs_f64() * 10_000.0).round() / 10.0;
    if is_json {
        let figures = json!({
            "questions": questions, "ordinary_median_ms": ms(ordinary),
            "all_answered_ms": ms(served), "since_first_ms": ms(first),
        });
        writeln!(out, "{figures}")?;
    } else {
        writeln!(out, "an ordinary question: {} ms (median)", ms(ordinary))?;
        writeln!(
            out,
            "{questions} questions that waited: all answered {} ms after the node served again, {} \
             ms after its first answer",
            ms(served),
            ms(first)
        )?;
    }
    Ok(())
}

/// The median of a question to a school that is there.
async fn ordinary(federation: &Federation) -> Result<Duration> {
    let mut took = Vec::with_capacity(ORDINARY);
    for _ in 0..ORDINARY {
        let since = Instant::now();
        ask(federation, "replied").await?;
        took.push(since.elapsed());
    }
    took.sort_unstable();
    took.get(ORDINARY / 2).copied().context("a median")
}

/// A safety assessment by Veilig Thuis after a report.
async fn ask(federation: &Federation, state: &str) -> Result<()> {
    let categories = vec!["G05".to_owned(), "G08".to_owned()];
    let oin = federation.oin(SCHOOL)?.to_string();
    let target = v1::DeskTarget { oin, categories, ..v1::DeskTarget::default() };
    let fact = v1::StatedFact { column: "vt_report".to_owned(), value: "report".to_owned() };
    let question = v1::DeskQuestion {
        subject: "999940004".to_owned(),
        role: "vt.veiligheidsbeoordelaar".to_owned(),
        purpose: "D05".to_owned(),
        query_kind: "Q01".to_owned(),
        targets: vec![target],
        necessity: "Nodig om de veiligheid van het kind te beoordelen.".to_owned(),
        facts: vec![fact],
        ..v1::DeskQuestion::default()
    };
    let heard = federation.ask(VT, ASKER, question).await?;
    let line = heard.lines.first().with_context(|| format!("a line: {heard:?}"))?;
    ensure!(line.state == state, "{heard:?}");
    Ok(())
}

/// How many questions wait; at most as many as are looked for.
async fn waiting(federation: &Federation, most: usize) -> Result<usize> {
    Ok(federation.broker_store().scan(b"bw/", None, most).await?.len())
}
