//! Two key holders: the broker and an independent organisation. Everything goes as with one, and
//! nothing goes without the second.

use std::time::Duration;

use anyhow::Result;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Store as _;
use grondslag_proto::v1;
use grondslag_proto::v1::key_holder_service_client::KeyHolderServiceClient;
use grondslag_runtime::channel::{reason_of, within};
use grondslag_tests::federation::{Federation, Setup, run};
use grondslag_tests::journey::{play_in, region_of};
use grondslag_tests::world::{STORYLINES, Storyline};

use crate::stage::{NOW, SAFETY, SCHOOL, VT};

const WAIT: Duration = Duration::from_secs(10);

async fn federation() -> Result<Federation> {
    Setup::of([VT, SCHOOL]).at(NOW).with_key_holder().start().await
}

/// The second holder's own counters of steps, one per asker and day.
async fn counted(federation: &Federation) -> Result<usize> {
    Ok(federation.key_holder_store()?.scan(b"hq/", None, 10_000).await?.len())
}

fn goes_the_same_through_two(id: &str) -> Result<()> {
    run(async {
        let storyline = Storyline::load(id)?;
        let federation = region_of(&storyline)?.with_key_holder().start().await?;
        let before = counted(&federation).await?;
        let played = play_in(&federation, &storyline).await?;
        assert_eq!(played.mismatches, [], "{id}");
        assert!(played.compared > 0, "{id} compared nothing");
        assert!(counted(&federation).await? > before, "the second holder made no step");
        Ok(())
    })
}

macro_rules! storylines {
    ($($name:ident $id:literal)+) => {
        $(
            #[test]
            fn $name() -> Result<()> {
                goes_the_same_through_two($id)
            }
        )+

        #[test]
        fn every_storyline_goes_through_two_holders() {
            assert_eq!([$($id),+], STORYLINES);
        }
    };
}

storylines! {
    f1_through_two_holders "F1"
    f2_through_two_holders "F2"
    f3_through_two_holders "F3"
    f4_through_two_holders "F4"
    f5_through_two_holders "F5"
    f6_through_two_holders "F6"
    f7_through_two_holders "F7"
    f8_through_two_holders "F8"
    f9_through_two_holders "F9"
    f10_through_two_holders "F10"
}

/// Why the broker did not take a question of the reporting centre to the school.
async fn asked(federation: &Federation) -> Result<Option<Reason>> {
    let hand = federation.hand(VT)?;
    let sketch = federation.sketch(&hand, &SAFETY, &[SCHOOL])?;
    Ok(hand.ask(&federation.to_broker(&hand)?, sketch.to_wire()?).await?.refusal)
}

#[test]
fn without_the_second_holder_nobody_is_asked_and_with_it_again_they_are() -> Result<()> {
    run(async {
        let federation = federation().await?;
        assert_eq!(asked(&federation).await?, None);
        let decisions = federation.decisions(SCHOOL).await?.len();
        let at = federation.stop_key_holder()?;
        assert_eq!(asked(&federation).await?, Some(Reason::KeyHolderUnreachable));
        assert_eq!(federation.decisions(SCHOOL).await?.len(), decisions, "the school was asked");
        federation.restart_key_holder(at).await?;
        // Its factors are those of before: nobody enrols anew.
        assert_eq!(asked(&federation).await?, None);
        assert_eq!(federation.decisions(SCHOOL).await?.len(), decisions + 1);
        Ok(())
    })
}

/// Nobody but the broker gets as far as the holder, also not with a real certificate of the region.
#[test]
fn the_holder_serves_the_broker_alone() -> Result<()> {
    run(async {
        let federation = federation().await?;
        for (hand, admitted) in [(federation.broker_hand()?, true), (federation.hand(VT)?, false)] {
            let mut client = KeyHolderServiceClient::new(federation.to_key_holder(&hand)?);
            let opened = client.open_epoch(within(v1::OpenEpochRequest { epoch: 1 }, WAIT)).await;
            match opened {
                Ok(_) => assert!(admitted),
                Err(status) => {
                    assert!(!admitted, "{status}");
                    assert_eq!(reason_of(&status), Reason::NotTheBroker);
                }
            }
        }
        Ok(())
    })
}
