//! A slow or dead node never delays the others.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{DOCTOR, GEM, GI, HEALTH, NOW, POLICE, SAFETY, SCHOOL, VT, wish};

/// Long enough that nobody on a busy machine takes it for an answer.
const FANOUT_MS: u64 = 4_000;
const ASKED: [&str; 8] = [SCHOOL, HEALTH, DOCTOR, GEM, POLICE, GI, "jha-kompas", "gem-marsdrecht"];
const HELD: &str = "jha-kompas";
const DEAD: &str = "gem-marsdrecht";
const SAMPLES: usize = 5;

/// Milliseconds until the sixth line, and until the question was closed.
async fn sixth_line(federation: &Federation) -> Result<(Duration, Duration, Vec<String>)> {
    let asked = wish(federation, &Plea { subject: crate::stage::NOOR, ..SAFETY }, &ASKED)?;
    let since = Instant::now();
    let heard = federation.ask(VT, "triage-1", asked).await?;
    let whole = since.elapsed();
    let mut replied: Vec<u32> = heard
        .lines
        .iter()
        .filter(|line| line.state == "replied")
        .map(|line| line.after_ms)
        .collect();
    replied.sort_unstable();
    let sixth = *replied.get(5).with_context(|| format!("six replies: {heard:?}"))?;
    let states = heard.lines.iter().filter(|line| line.state != "replied");
    let states = states.map(|line| format!("{} {} {}", line.name, line.state, line.reason));
    Ok((Duration::from_millis(sixth.into()), whole, states.collect()))
}

/// With one node held and one dead the other six answer as if nothing were wrong. The figures are
/// shown; what is asserted holds on any machine: the six are there long before the deadline that
/// the question itself waits for.
#[test]
fn with_one_node_held_and_one_dead_the_other_six_answer_at_once() -> Result<()> {
    run(async {
        let agencies = [VT].into_iter().chain(ASKED);
        let federation = Setup::of(agencies).at(NOW).fanout_ms(FANOUT_MS).start().await?;
        // Every connection is made once before anything is measured.
        sixth_line(&federation).await?;
        let mut healthy = Vec::new();
        for _ in 0..SAMPLES {
            healthy.push(sixth_line(&federation).await?.0);
        }
        healthy.sort_unstable();
        let median = *healthy.get(SAMPLES / 2).context("a median")?;

        let gate = federation.hold(HELD)?;
        federation.kill(DEAD).await?;
        let (sixth, whole, others) = sixth_line(&federation).await?;
        gate.release();
        let shown = format!(
            "six of eight: {median:?} without a fault, {sixth:?} with one held and one dead, \
             closed after {whole:?}; {others:?}"
        );
        std::io::Write::write_all(&mut std::io::stderr(), format!("{shown}\n").as_bytes())?;
        let told = |what: &str| others.iter().filter(|other| other.contains(what)).count();
        assert_eq!((told(" pending QUESTION_WAITS"), others.len()), (2, 2), "{shown}");
        assert!(whole >= Duration::from_millis(FANOUT_MS), "nobody was held: {shown}");
        assert!(sixth < Duration::from_millis(FANOUT_MS / 2), "the six waited: {shown}");
        Ok(())
    })
}
