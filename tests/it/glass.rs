//! Break glass, over a whole region: seen at once on both sides, reviewed, suspended.

use std::time::Duration;

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::reason::Reason;
use grondslag_proto::status::reason_of;
use grondslag_proto::v1;
use grondslag_proto::v1::glass_service_client::GlassServiceClient;
use grondslag_runtime::channel::within;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};
use tonic::Status;

use crate::stage::{DOCTOR, NOW, SAFETY, VT, wish};

const WAIT: Duration = Duration::from_secs(60);
const ASKER: &str = "huisarts-2";
const ROLE: &str = "ha.arts";
const WHY: &str = "De melding kwam in de avonddienst en er was nu gevaar.";

/// A doctor asks Veilig Thuis alone; the refusal, or the question.
async fn breaks(federation: &Federation) -> Result<Result<InquiryId, String>> {
    let danger = Plea {
        role: ROLE,
        purpose: "D12",
        query_kind: "Q04",
        facts: &[("severity", "acute")],
        ..SAFETY
    };
    let question = v1::DeskQuestion {
        urgency: "acute".into(),
        break_glass: true,
        ..wish(federation, &danger, &[VT])?
    };
    let heard = federation.ask(DOCTOR, ASKER, question).await?;
    Ok(match heard.refusal {
        Some(reason) => Err(reason.code().to_owned()),
        None => Ok(heard.inquiry.context("it was asked")?),
    })
}

async fn list(
    federation: &Federation,
    (agency, staff, role): (&str, &str, &str),
) -> Result<v1::ListGlassResponse> {
    let mut desk = GlassServiceClient::new(federation.desk(agency, staff)?.channel());
    let request = v1::ListGlassRequest { role: role.to_owned(), all: true };
    Ok(desk.list_glass(within(request, WAIT)).await?.into_inner())
}

/// What comes of a review: nothing, why it was refused, or that they may not call at all.
async fn reviews(
    federation: &Federation,
    staff: &str,
    id: &InquiryId,
) -> Result<Result<Option<String>, Status>> {
    let mut desk = GlassServiceClient::new(federation.desk(DOCTOR, staff)?.channel());
    let request = v1::ReviewGlassRequest {
        inquiry_id: id.as_bytes().to_vec(),
        role: ROLE.to_owned(),
        verdict: "justified".to_owned(),
        text: WHY.to_owned(),
    };
    let reviewed = desk.review_glass(within(request, WAIT)).await;
    Ok(reviewed.map(|told| told.into_inner().refusal.map(|refusal| refusal.reason)))
}

/// Both officers see a use at once; without a review within a day it suspends who asked, also when
/// the node was away meanwhile; a colleague alone lifts that, while their mandate lasts.
#[test]
fn a_use_of_break_glass_is_seen_on_both_sides_and_suspends_who_asked_until_it_is_reviewed()
-> Result<()> {
    run(async {
        let federation = Setup::of([DOCTOR, VT]).at(NOW).on_disk().start().await?;
        let id = breaks(&federation).await?.map_err(anyhow::Error::msg)?;
        let own = list(&federation, (DOCTOR, "fg-1", "ha.fg")).await?;
        let [used] = own.uses.try_into().map_err(|_| anyhow::anyhow!("one use"))?;
        assert_eq!((used.inquiry_id, used.staff_id.as_str()), (id.as_bytes().to_vec(), ASKER));
        assert!(used.verdict.is_empty() && !used.suspends && own.puts.is_empty());
        let there = list(&federation, (VT, "fg-1", "vt.fg")).await?;
        let [put] = there.puts.try_into().map_err(|_| anyhow::anyhow!("one question"))?;
        assert_eq!(put.asker_oin, federation.oin(DOCTOR)?.to_string());
        assert!(!put.outcome.is_empty() && there.uses.is_empty(), "{}", put.outcome);
        let colleague = list(&federation, (VT, "triage-1", "vt.veiligheidsbeoordelaar")).await?;
        assert!(colleague.puts.is_empty(), "it is for the officer");

        let (address, next) = (federation.address(DOCTOR)?, federation.now().plus_calendar(0, 1));
        federation.kill(DOCTOR).await?;
        federation.set_clock(next);
        federation.restart(DOCTOR, address).await?;
        federation.settle().await?;
        assert_eq!(breaks(&federation).await?.err().as_deref(), Some("BREAK_GLASS_SUSPENDED"));
        let own = list(&federation, (DOCTOR, "fg-1", "ha.fg")).await?;
        assert!(own.uses.iter().all(|used| used.suspends) && own.uses.len() == 1);
        assert!(own.counts.iter().any(|count| count.staff_id == ASKER && count.suspended));

        let own_word = reviews(&federation, ASKER, &id).await??;
        assert_eq!(own_word.as_deref(), Some("GLASS_OWN"));
        assert_eq!(reviews(&federation, "huisarts-1", &id).await??, None);
        let again = breaks(&federation).await?.map_err(anyhow::Error::msg)?;

        federation.set_clock(Timestamp::parse("2029-01-02")?);
        let ended = reviews(&federation, "huisarts-1", &again).await?;
        let ended = ended.err().context("a fault")?;
        assert_eq!(reason_of(&ended), Some(Reason::MandateEnded), "{ended:?}");
        Ok(())
    })
}
