//! What an operator's collector gets of a question: both ends of each call, under traces that no
//! two targets share, and nothing about anybody.

use anyhow::{Context as _, Result};
use grondslag_core::id::TargetId;
use grondslag_runtime::otlp::ATTRIBUTES;
use grondslag_runtime::otlp::collector::{Collector, Manner, Points, Taken};
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{HEALTH, NOBODY, NOOR, NOW, SAFETY, SCHOOL, VT, wish};

const ASK: &str = "grondslag.v1.BrokerService/Ask";
const ANSWER: &str = "grondslag.v1.NodeService/Answer";
const STAFF: &str = "triage-1";

const NODE: &str = "grondslag-node";
const BROKER: &str = "grondslag-broker";
const HOLDER: &str = "grondslag-holder";

/// The wire's number of the end that answers.
const SERVER: i32 = 2;

async fn region(collector: &Collector) -> Result<Federation> {
    let setup = Setup::of([VT, SCHOOL, HEALTH]).at(NOW).with_key_holder();
    let federation = setup.telemetry(collector.section()).start().await?;
    // A question that goes out while its target begins to follow the ledger is put twice.
    for agency in [VT, SCHOOL, HEALTH] {
        let watching = federation.agency(agency)?.watching.clone();
        anyhow::ensure!(soon(|| watching.seen_size() > 0).await, "{agency} follows nothing");
    }
    Ok(federation)
}

fn named<'a>(spans: &'a [Taken], method: &str) -> Vec<&'a Taken> {
    spans.iter().filter(|taken| taken.span.name == method).collect()
}

fn traces(spans: &[&Taken], process: &str) -> Vec<String> {
    spans.iter().filter(|taken| taken.process == process).map(|taken| taken.trace()).collect()
}

/// A question to two targets: the traces of its flows are the targets' own ids at both ends, and
/// neither the inquiry's id nor the trace of the asker's own call is among them.
#[test]
fn invariant_03_no_trace_of_an_inquiry_crosses_the_broker() -> Result<()> {
    run(async {
        let collector = Collector::start(Manner::Keeps).await?;
        let federation = region(&collector).await?;
        let asked = wish(&federation, &SAFETY, &[SCHOOL, HEALTH])?;
        let heard = federation.ask(VT, STAFF, asked).await?;
        let inquiry = heard.inquiry.context("it was asked")?;
        let all_there =
            |spans: &[Taken]| named(spans, ANSWER).len() == 4 && named(spans, ASK).len() == 2;
        assert!(collector.wait(all_there).await, "{:?}", collector.spans());
        let spans = collector.spans();
        let answers = named(&spans, ANSWER);
        let mut own = Vec::new();
        for target in [SCHOOL, HEALTH] {
            own.push(TargetId::derive(&inquiry, &federation.oin(target)?).to_string());
        }
        own.sort();
        for process in [BROKER, NODE] {
            let mut seen = traces(&answers, process);
            seen.sort();
            assert_eq!(seen, own, "{process}");
        }
        assert_ne!(own.first(), own.last());
        // At the nodes the span hangs from the broker's, and from nothing else.
        for at_node in answers.iter().filter(|taken| taken.process == NODE) {
            let mut ends = answers.iter().filter(|taken| taken.process == BROKER);
            assert!(ends.any(|one| one.span.span_id == at_node.span.parent_span_id));
        }
        let asks = named(&spans, ASK);
        let (near, far) = (traces(&asks, NODE), traces(&asks, BROKER));
        assert!(!far.is_empty() && far.iter().all(|trace| near.contains(trace)), "one trace");
        assert!(far.iter().all(|trace| !own.contains(trace)));
        assert!(spans.iter().all(|taken| taken.trace() != inquiry.to_string()));
        Ok(())
    })
}

fn is_server(taken: &Taken) -> bool {
    taken.span.kind == SERVER
}

/// Everything that broker, key holder and nodes export of a question, by name; and whom it must
/// not name.
#[test]
fn invariant_03_telemetry_names_no_person() -> Result<()> {
    run(async {
        let collector = Collector::start(Manner::Keeps).await?;
        let federation = region(&collector).await?;
        let asked = wish(&federation, &SAFETY, &[SCHOOL, HEALTH])?;
        federation.ask(VT, STAFF, asked).await?;
        assert!(collector.wait(|spans| named(spans, ANSWER).len() == 4).await);
        let rpc = ["rpc.client.call.duration", "rpc.server.call.duration"];
        let decider = ["grondslag.ledger.leaves", "grondslag.store.commit.duration"];
        let of_broker = [&["grondslag.decisions"], &decider[..], &rpc[..]].concat();
        let of_holder = [&decider[..], &rpc[1..]].concat();
        settle(&collector, NODE, &rpc).await;
        settle(&collector, BROKER, &of_broker).await;
        settle(&collector, HOLDER, &of_holder).await;
        let spans = collector.spans();
        for process in [BROKER, NODE, HOLDER] {
            assert!(spans.iter().any(|taken| taken.process == process), "{process} sent nothing");
        }
        for taken in &spans {
            let names = taken.attributes().into_iter().map(|(name, _)| name);
            let unlisted: Vec<_> = names.filter(|n| !ATTRIBUTES.contains(&n.as_str())).collect();
            assert!(unlisted.is_empty(), "{unlisted:?}");
            assert!(taken.span.events.is_empty() && taken.span.links.is_empty());
        }
        let everything = collector.everything();
        for needle in [NOOR, STAFF, "Noor", "Terpstra", "D05", "G05", "veiligheidsbeoordelaar"] {
            assert!(!everything.contains(needle), "{needle}");
        }
        assert!(everything.contains(ANSWER), "nothing was looked through");
        Ok(())
    })
}

/// Waits until a kind of process has sent these metrics, and some exports longer: no others.
async fn settle(collector: &Collector, process: &str, names: &[&str]) {
    soon(|| collector.metrics(process) == names).await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(collector.metrics(process), names, "{process}");
}

async fn soon(what: impl Fn() -> bool) -> bool {
    for _ in 0..250 {
        if what() {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    false
}

/// A child who is known and one who is not leave the same spans and count the same at a node.
#[test]
fn invariant_04_telemetry_of_a_node_does_not_tell_a_hit_from_a_miss() -> Result<()> {
    run(async {
        let mut told = Vec::new();
        for (subject, found) in [(NOOR, true), (NOBODY, false)] {
            let collector = Collector::start(Manner::Keeps).await?;
            let federation = region(&collector).await?;
            let plea = Plea { subject, ..SAFETY };
            let heard = federation.ask(VT, STAFF, wish(&federation, &plea, &[SCHOOL])?).await?;
            let inquiry = heard.inquiry.context("it was asked")?;
            let decision = federation.decision(SCHOOL, &inquiry).await?.context("it decided")?;
            assert_eq!(decision.lines.iter().any(|line| line.outcome != "miss"), found);
            assert!(collector.wait(|spans| named(spans, ANSWER).len() == 2).await);
            let spans = collector.spans();
            let answers = named(&spans, ANSWER);
            let at_node = answers.iter().find(|one| is_server(one)).context("at the node")?;
            let status = at_node.span.status.clone().unwrap_or_default().code;
            assert!(soon(|| !answered(&collector).is_empty()).await);
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            told.push((
                (at_node.span.name.clone(), at_node.attributes(), status, answers.len()),
                (collector.metrics(NODE), answered(&collector)),
            ));
        }
        let (hit, miss) = (told.first().context("a hit")?, told.last().context("a miss")?);
        assert_eq!(hit, miss);
        Ok(())
    })
}

/// What the nodes counted of questions.
fn answered(collector: &Collector) -> Points {
    let points = collector.points(NODE, "rpc.server.call.duration");
    let of_answers = |labels: &[(String, String)]| labels.iter().any(|(_, label)| label == ANSWER);
    points.into_iter().filter(|(labels, _)| of_answers(labels)).collect()
}

/// A collector that never answers, or says no, holds up nobody.
#[test]
fn questions_go_on_while_the_collector_does_not_take_anything() -> Result<()> {
    run(async {
        for manner in [Manner::Hangs, Manner::Refuses] {
            let collector = Collector::start(manner).await?;
            let federation = region(&collector).await?;
            for _ in 0..3 {
                let asked = wish(&federation, &SAFETY, &[SCHOOL, HEALTH])?;
                let heard = federation.ask(VT, STAFF, asked).await?;
                assert!(heard.inquiry.is_some());
                let given = heard.lines.iter().flat_map(|line| &line.lines);
                let given = given.filter_map(|line| line.line.as_ref());
                assert!(given.flat_map(|line| &line.entries).count() > 0, "{manner:?}");
            }
            assert!(collector.calls() > 0, "nobody tried: nothing was tested");
        }
        Ok(())
    })
}
