//! The epoch changes under a region at work: factors, pseudonyms and seal keys, all anew.

use std::time::Duration;

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::limits::{
    ANSWER_TERM_MS_MAX, ASK_LIFE_MS_MAX, CLOCK_SKEW_MS_MAX, REPLIES_KEPT_MS,
};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_response::Event;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{GI, POLICE, alarms, line, wish};

const ASKER: &str = "jeugdbeschermer-1";
/// A standard question that is asked now has its first slot at noon.
const MORNING: &str = "2026-05-13T09:20";
const NOON: &str = "2026-05-13T12:00:05";
/// Longest wait for what somebody does by itself.
const WAIT: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// A guardian asks the police, who must look first (F3.5), and nobody does: the police say so in
/// the last slot. Until then they send a message in every slot.
const MEASURE: Plea<'static> = Plea {
    role: "gi.jeugdbeschermer",
    purpose: "D09",
    query_kind: "Q02",
    subject: "999940089",
    categories: &["G20"],
    facts: &[("measure", "ots")],
};

/// Until something holds.
async fn until(what: &str, look: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let held = async {
        while !look().await? {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    };
    tokio::time::timeout(WAIT, held).await.with_context(|| what.to_owned())?
}

/// Asks, and gives the inquiry and when its term ends.
async fn asked(federation: &Federation) -> Result<(InquiryId, Timestamp)> {
    let heard = federation.ask(GI, ASKER, wish(federation, &MEASURE, &[POLICE])?).await?;
    let shown = line(&heard, &federation.oin(POLICE)?)?;
    assert_eq!(shown.outcome, "in_beoordeling_tot", "the police know the child: {heard:?}");
    let end = Timestamp::from_ms(shown.answer_by_ms);
    Ok((heard.inquiry.context("it was asked")?, end))
}

async fn followed(federation: &Federation, inquiry: &InquiryId) -> Result<v1::AgencyLine> {
    let followed = federation.desk(GI, ASKER)?.follow(inquiry.as_bytes()).await;
    followed.map_err(anyhow::Error::msg)?.lines.into_iter().next().context("a line")
}

/// Waits until the police have sent so many messages, and nobody has looked at them yet.
async fn sent(federation: &Federation, inquiry: &InquiryId, last: u32) -> Result<()> {
    let (hand, police) = (federation.hand(GI)?, federation.oin(POLICE)?);
    let channel = federation.to_broker(&hand)?;
    until("a message of the police", async || {
        let events = hand.follow(&channel, inquiry, &police).await?;
        let came = events.into_iter().filter_map(|response| response.event);
        Ok(came.filter_map(number).any(|number| number == last))
    })
    .await
}

fn number(event: Event) -> Option<u32> {
    match event {
        Event::Replied(replied) => Some(replied.reply?.reply_no),
        Event::Closed(_) | Event::Refusal(_) => None,
    }
}

#[test]
fn an_epoch_ends_under_open_questions_and_takes_its_keys_along() -> Result<()> {
    run(async {
        let federation = Setup::of([GI, POLICE]).at(MORNING).start().await?;
        let (inquiry, _) = asked(&federation).await?;
        federation.set_clock(Timestamp::parse(NOON)?);
        sent(&federation, &inquiry, 2).await?;
        let hand = federation.hand(GI)?;
        let channel = federation.to_broker(&hand)?;
        let under_old_keys = federation.sketch(&hand, &MEASURE, &[POLICE])?.to_wire()?;
        assert_eq!(federation.seal_keys(GI)?, ["1.key"]);

        federation.next_epoch().await?;
        assert_eq!(federation.keys()?.epoch(), 2);
        for agency in [GI, POLICE] {
            assert_eq!(federation.seal_keys(agency)?, ["1.key", "2.key"], "{agency}");
            assert!(federation.has_index(agency, 2).await?, "{agency}");
        }
        let (second, end) = asked(&federation).await?;
        let routed = hand.ask(&channel, under_old_keys).await?;
        assert_eq!((routed.refusal, routed.replied.len()), (None, 1), "it was made before");
        // What was sealed before the switch is read after it.
        let dummy = followed(&federation, &inquiry).await?;
        assert_eq!((dummy.state.as_str(), dummy.reason.as_str()), ("pending", ""));

        old_factors_go(&federation).await?;
        federation.set_clock(end.plus_ms(5_000));
        for inquiry in [&inquiry, &second] {
            until("the last word", async || {
                let line = followed(&federation, inquiry).await?;
                Ok((line.state.as_str(), line.outcome.as_str()) == ("replied", "verlopen"))
            })
            .await?;
        }
        assert_eq!(alarms(&federation, GI).await?, []);
        old_keys_go(&federation).await
    })
}

/// The broker keeps the old factors as long as a question of the old epoch may still come.
async fn old_factors_go(federation: &Federation) -> Result<()> {
    let (police, switched) = (federation.oin(POLICE)?, federation.now());
    let hand = federation.hand(GI)?;
    let channel = federation.to_broker(&hand)?;
    let last = switched.plus_ms(ASK_LIFE_MS_MAX + CLOCK_SKEW_MS_MAX);
    federation.set_clock(last);
    // Longer than the broker's look at what is due.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(federation.factors(1, &police).is_ok(), "a question may still be on its way");
    federation.set_clock(last.plus_ms(1));
    let gone = async || Ok(federation.factors(1, &police).is_err());
    until("the old factors are destroyed", gone).await?;
    assert!(federation.factors(2, &police).is_ok());

    let mut late = federation.sketch(&hand, &MEASURE, &[POLICE])?;
    late.header.epoch = 1;
    late.sign(&hand.key)?;
    let routed = hand.ask(&channel, late.to_wire()?).await?;
    assert_eq!(routed.refusal, Some(Reason::EpochStale));
    Ok(())
}

/// A node keeps the old index until the last term that began under it ends, and the old seal key
/// until what came then was read.
async fn old_keys_go(federation: &Federation) -> Result<()> {
    let switched = Timestamp::parse(NOON)?;
    let terms = switched.plus_ms(ANSWER_TERM_MS_MAX + CLOCK_SKEW_MS_MAX);
    let (old, both, new) = (true, vec!["1.key", "2.key"], vec!["2.key"]);
    for (at, index, keys) in [
        (terms, old, &both),
        (terms.plus_ms(1), !old, &both),
        (terms.plus_ms(REPLIES_KEPT_MS), !old, &both),
        (terms.plus_ms(REPLIES_KEPT_MS + 1), !old, &new),
    ] {
        federation.set_clock(at);
        for agency in [GI, POLICE] {
            let refreshed = federation.agency(agency)?.refresh_epoch().await;
            refreshed.map_err(anyhow::Error::msg)?;
            assert_eq!(federation.has_index(agency, 1).await?, index, "{agency} at {at}");
            assert_eq!(federation.seal_keys(agency)?, *keys, "{agency} at {at}");
        }
    }
    Ok(())
}
