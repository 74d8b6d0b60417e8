//! A broker that leads some questions to nobody: to the asker it looks as if the child were not
//! known. Questions about made-up subjects find it out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};
use futures_util::FutureExt as _;
use grondslag_core::reason::Reason;
use grondslag_node::Tested;
use grondslag_tests::federation::{Federation, run};

use super::broker::{Liar, Swap, region};
use crate::stage::{NOBODY, SAFETY, SCHOOL, VT, alarms, wish};

/// Every so many questions one is led astray.
const ONE_IN: u32 = 7;
/// Canary questions within which that must be found.
const CANARIES: u32 = 50;

/// An ordinary question, and its repetition about a made-up subject.
async fn ask_and_test(federation: &Federation) -> Result<Tested> {
    federation.ask(VT, "triage-1", wish(federation, &SAFETY, &[SCHOOL])?).await?;
    let tested = federation.agency(VT)?.test_mapping().await;
    tested.map_err(anyhow::Error::msg)?.context("there was an ordinary question")
}

#[test]
fn a_wrong_mapping_of_one_target_is_found_within_fifty_canaries() -> Result<()> {
    run(async {
        let liar = Liar::honest();
        let federation = region(&liar).await?;
        let school = federation.oin(SCHOOL)?;
        let honest = ask_and_test(&federation).await?;
        assert_eq!(honest, Tested { met: vec![school.clone()], wrong: vec![] }, "the control");
        assert_eq!(alarms(&federation, VT).await?, [], "the control");
        let nothing = federation.agency(VT)?.test_mapping().await.map_err(anyhow::Error::msg)?;
        assert_eq!(nothing, None, "each question is repeated once");

        let (swap, count) = (Arc::new(Swap::at_school(&federation).await?), AtomicU32::new(0));
        liar.does(Arc::new(move |request, asking| {
            let (swap, number) = (swap.clone(), count.fetch_add(1, Ordering::Relaxed));
            async move {
                match number % ONE_IN {
                    0 => swap.answer(request, NOBODY).await,
                    _ => Ok(asking.ask(request).await?),
                }
            }
            .boxed()
        }));
        for number in 1..=CANARIES {
            let tested = ask_and_test(&federation).await?;
            if tested.wrong.contains(&school) {
                assert!(number > 1, "some are led right");
                assert_eq!(alarms(&federation, VT).await?, [Reason::MappingWrong]);
                return Ok(());
            }
            assert_eq!(tested.met, std::slice::from_ref(&school), "canary {number}");
        }
        anyhow::bail!("not found within {CANARIES}")
    })
}
