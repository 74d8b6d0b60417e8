//! A broker that gives an agency's messages in another place than their own. (The first one in the
//! place of a later one is among the reply slots.)

use std::sync::Arc;

use anyhow::{Context as _, Result};
use futures_util::FutureExt as _;
use grondslag_core::clock::Timestamp;
use grondslag_core::inquiry::RawInquiry;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_response::Event;
use grondslag_tests::federation::between::Asking;
use grondslag_tests::federation::run;
use tokio::sync::Notify;

use super::broker::{Liar, after, assert_discarded, heard, region, replies};
use crate::stage::{SCHOOL, VT, alarms, line};

/// The first slot of a standard question that is asked at ten, and a little later.
const SLOT: &str = "2026-06-24T12:00:05";
/// Looks for what the school says in its slot: ten seconds.
const LOOKS_MAX: u32 = 200;

/// A later message with all that the first one said, signed and sealed by the school itself for
/// this very question. Only its number says that something was said before it.
#[test]
fn a_later_answer_is_not_shown_as_the_first() -> Result<()> {
    run(async {
        let liar = Liar::honest();
        let federation = Arc::new(region(&liar).await?);
        let school = federation.oin(SCHOOL)?;
        for reply_no in [1, 2, 3] {
            let made = federation.clone();
            liar.does(after(move |request, events| {
                let asked = RawInquiry::try_from(request.clone()).map_err(anyhow::Error::msg)?;
                let (_, reply) = replies(events).pop().context("a reply")?;
                *reply = made.renumbered(&asked, SCHOOL, reply, reply_no)?;
                Ok(())
            }));
            let told = heard(&federation, &[SCHOOL]).await?;
            if reply_no == 1 {
                assert_eq!(line(&told, &school)?.state, "replied", "the positive control");
                assert_eq!(alarms(&federation, VT).await?, [], "the positive control");
            } else {
                let what = format!("number {reply_no}");
                assert_discarded(&told, &school, Reason::AnswerInvalid, &what)?;
            }
        }
        assert_eq!(alarms(&federation, VT).await?, [Reason::AnswerInvalid; 2]);
        // It holds the federation.
        liar.does(after(|_, _| Ok(())));
        Ok(())
    })
}

/// The message that the school really sends in its first slot, told to an asker who still waits
/// for the first one.
#[test]
fn what_a_slot_brings_is_not_shown_as_the_first_answer() -> Result<()> {
    run(async {
        let liar = Liar::honest();
        let federation = region(&liar).await?;
        let school = federation.oin(SCHOOL)?;
        let asked = Arc::new(Notify::new());
        let (told, target) = (asked.clone(), school.to_string());
        liar.does(Arc::new(move |request, asking| {
            let (told, target) = (told.clone(), target.clone());
            async move {
                let mut events = asking.ask(request.clone()).await?;
                told.notify_one();
                let later = in_slot(&asking, &request, target).await?;
                *replies(&mut events).pop().context("a reply")?.1 = later;
                Ok(events)
            }
            .boxed()
        }));
        let targets = [SCHOOL];
        let slot = async {
            asked.notified().await;
            federation.set_clock(Timestamp::parse(SLOT)?);
            anyhow::Ok(())
        };
        let (told, slot) = tokio::join!(heard(&federation, &targets), slot);
        slot?;
        assert_discarded(&told?, &school, Reason::AnswerInvalid, "the second message")?;
        assert_eq!(alarms(&federation, VT).await?, [Reason::AnswerInvalid]);
        Ok(())
    })
}

/// Waits for the second message of a target.
async fn in_slot(asking: &Asking, asked: &v1::AskRequest, target: String) -> Result<v1::Reply> {
    let inquiry_id = asked.inquiry_id.clone();
    let request = v1::FollowRequest { inquiry_id, after_reply_no: 1, target_oin: target };
    for _ in 0..LOOKS_MAX {
        let events = asking.follow(request.clone()).await?;
        let replied = events.into_iter().find_map(|response| match response.event? {
            Event::Replied(replied) => replied.reply,
            Event::Closed(_) | Event::Refusal(_) => None,
        });
        if let Some(reply) = replied {
            anyhow::ensure!(reply.reply_no == 2, "{reply:?}");
            return Ok(reply);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("the slot stayed empty")
}
