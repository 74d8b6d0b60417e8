//! Questions that a person must look at, over a whole region.

use std::time::Duration;

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, TargetId};
use grondslag_proto::v1;
use grondslag_proto::v1::change_item_request::Change;
use grondslag_proto::v1::desk_service_client::DeskServiceClient;
use grondslag_proto::v1::inbox_service_client::InboxServiceClient;
use grondslag_runtime::channel::within;
use grondslag_tests::federation::desk::Desk;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::later::{at_broker, messages, until};
use crate::stage::{DOCTOR, NOBODY, NOW, SAFETY, SCHOOL, VT, alarms, records, wish};

/// How often what changed is read again.
const LOOKS: u32 = 3;
const WAIT: Duration = Duration::from_secs(60);
/// The first slot of a standard question that is asked at ten, and a little later.
const SLOT: &str = "2026-06-24T12:00:05";
const ASKER: &str = "triage-1";
const ROLE: &str = "ha.arts";
const GIVEN: [&str; 2] = ["G05", "G08"];

async fn asked(federation: &Federation, plea: &Plea<'_>) -> Result<InquiryId> {
    let heard = federation.ask(VT, ASKER, wish(federation, plea, &[DOCTOR])?).await?;
    heard.inquiry.context("it was asked")
}

/// The doctor gives all that is in review, up to what is open.
async fn gives(federation: &Federation, inquiry: &InquiryId) -> Result<String> {
    let id = TargetId::derive(inquiry, &federation.oin(DOCTOR)?);
    gives_at(&federation.desk(DOCTOR, "huisarts-1")?, &id).await
}

/// The same at a desk. What changed while it was read is read again, as a person would: a node that
/// has just started learns the rules, and may show more by then.
pub(crate) async fn gives_at(desk: &Desk, id: &TargetId) -> Result<String> {
    let mut came_to = gives_once(desk, id).await?;
    for _ in 0..LOOKS {
        if came_to != "REVIEW_CHANGED" {
            break;
        }
        came_to = gives_once(desk, id).await?;
    }
    Ok(came_to)
}

async fn gives_once(desk: &Desk, id: &TargetId) -> Result<String> {
    let mut desk = InboxServiceClient::new(desk.channel());
    let target_id = id.as_bytes().to_vec();
    let request = v1::ShowItemRequest { target_id: target_id.clone(), role: ROLE.to_owned() };
    let shown = desk.show_item(within(request, WAIT)).await?.into_inner();
    let version = shown.version;
    let lines = shown.lines.into_iter().map(|line| v1::JudgedLine {
        category: line.category,
        say: "give".to_owned(),
        tier: line.tier,
        ..v1::JudgedLine::default()
    });
    let judgement = v1::Judgement {
        lines: lines.collect(),
        reason: "Nodig voor de veiligheid, en niet meer dan dat.".to_owned(),
        ..v1::Judgement::default()
    };
    let change = Some(Change::Judgement(judgement));
    let request = v1::ChangeItemRequest { target_id, role: ROLE.to_owned(), change, version };
    let changed = desk.change_item(within(request, WAIT)).await?.into_inner();
    Ok(changed.refusal.map_or(changed.state, |refusal| refusal.reason))
}

/// What the asker reads of the doctor's later replies, once there is something.
async fn told(federation: &Federation, inquiry: &InquiryId) -> Result<Vec<(String, String)>> {
    let desk = federation.desk(VT, ASKER)?;
    until(|| async {
        let followed = desk.follow(inquiry.as_bytes()).await?;
        let lines = followed.lines.into_iter().flat_map(|line| line.lines);
        let said: Vec<(String, String)> =
            lines.filter_map(|line| line.line).map(|line| (line.category, line.state)).collect();
        Ok((!said.is_empty()).then_some(said))
    })
    .await
}

fn content() -> Vec<(String, String)> {
    GIVEN.iter().map(|code| ((*code).to_owned(), "content".to_owned())).collect()
}

async fn count(federation: &Federation, kind: &str) -> Result<usize> {
    Ok(records(federation, DOCTOR, &format!("grondslag/record/{kind}/v1")).await?.len())
}

/// A decision in play does not tell a hit from a miss at the broker: one message in the slot, of
/// one size, for both.
#[test]
fn invariant_04_a_decision_shows_to_the_asker_and_not_to_the_broker() -> Result<()> {
    run(async {
        let federation = Setup::of([VT, DOCTOR, SCHOOL]).at(NOW).start().await?;
        let known = asked(&federation, &SAFETY).await?;
        let unknown = asked(&federation, &Plea { subject: NOBODY, ..SAFETY }).await?;
        assert_eq!(gives(&federation, &known).await?, "decided");
        assert_eq!(gives(&federation, &unknown).await?, "UNKNOWN_REVIEW", "of a miss nobody hears");
        federation.set_clock(Timestamp::parse(SLOT)?);
        assert_eq!(told(&federation, &known).await?, content());
        let of = async |inquiry: &InquiryId| {
            anyhow::Ok(messages(&at_broker(&federation, VT, inquiry, &[DOCTOR]).await?))
        };
        let of_known = of(&known).await?;
        assert_eq!(of_known, of(&unknown).await?);
        assert_eq!(of_known.len(), 1);
        assert_eq!(alarms(&federation, VT).await?, [], "it is proved");
        Ok(())
    })
}

/// A party that is killed at any step of a review: what was decided is told, once, with its record.
#[test]
fn a_party_that_is_killed_at_any_step_loses_no_decision_and_says_none_twice() -> Result<()> {
    for (step, party) in [
        ("before the decision", DOCTOR),
        ("after the decision", DOCTOR),
        ("in the slot", DOCTOR),
        ("after the slot", DOCTOR),
        ("after the decision", VT),
        ("after the slot", VT),
    ] {
        run(async {
            let federation = Setup::of([VT, DOCTOR, SCHOOL]).on_disk().at(NOW).start().await?;
            let inquiry = asked(&federation, &SAFETY).await?;
            let killed = async |now: &str| {
                if now == step {
                    let at = federation.address(party)?;
                    federation.kill(party).await?;
                    federation.restart(party, at).await?;
                }
                anyhow::Ok(())
            };
            killed("before the decision").await?;
            assert_eq!(gives(&federation, &inquiry).await?, "decided", "{step}");
            killed("after the decision").await?;
            federation.set_clock(Timestamp::parse(SLOT)?);
            killed("in the slot").await?;
            if step == "after the slot" {
                until(|| async {
                    let found = messages(&at_broker(&federation, VT, &inquiry, &[DOCTOR]).await?);
                    Ok((!found.is_empty()).then_some(()))
                })
                .await?;
            }
            killed("after the slot").await?;
            assert_eq!(told(&federation, &inquiry).await?, content(), "{step} {party}");
            let again = gives(&federation, &inquiry).await?;
            assert_eq!(again, "REVIEW_DECIDED", "{step} {party}");
            let counts =
                (count(&federation, "reviewed").await?, count(&federation, "released").await?);
            assert_eq!(counts, (1, 1), "{step} {party}");
            Ok(())
        })?;
    }
    Ok(())
}

/// Reminds the doctor of a question; whether the practice has it.
async fn reminded(federation: &Federation, inquiry: &InquiryId) -> Result<bool> {
    let mut desk = DeskServiceClient::new(federation.desk(VT, ASKER)?.channel());
    let request = v1::RemindRequest {
        inquiry_id: inquiry.as_bytes().to_vec(),
        target_oins: vec![federation.oin(DOCTOR)?.to_string()],
        because: "erger".to_owned(),
    };
    let reminded = desk.remind(within(request, WAIT)).await?.into_inner();
    let line = reminded.lines.into_iter().next().context("somebody was reminded")?;
    Ok(line.reminded.context("it was taken")?.taken_at_ms > 0)
}

/// How often what waits at the practice was reminded of.
async fn waits(federation: &Federation) -> Result<Vec<usize>> {
    let mut desk = InboxServiceClient::new(federation.desk(DOCTOR, "huisarts-1")?.channel());
    let request = v1::ListItemsRequest { role: ROLE.to_owned(), all: false };
    let listed = desk.list_items(within(request, WAIT)).await?.into_inner();
    Ok(listed.items.iter().map(|item| item.reminded.len()).collect())
}

/// Who must decide hears that the asker waits; of a child who is not known there nobody hears, and
/// the broker is told the same. A practice that is away hears it once it is back.
#[test]
fn invariant_04_a_reminder_comes_to_who_must_decide_and_to_the_broker_looks_as_any() -> Result<()> {
    run(async {
        let federation = Setup::of([VT, DOCTOR, SCHOOL]).on_disk().at(NOW).start().await?;
        let known = asked(&federation, &SAFETY).await?;
        let unknown = asked(&federation, &Plea { subject: NOBODY, ..SAFETY }).await?;
        assert!(reminded(&federation, &known).await?);
        assert!(reminded(&federation, &unknown).await?, "taken as any other");
        assert_eq!(waits(&federation).await?, [1]);
        assert_eq!(count(&federation, "follow-up-taken").await?, 2);
        let at = federation.address(DOCTOR)?;
        federation.kill(DOCTOR).await?;
        assert!(!reminded(&federation, &known).await?, "the practice is away");
        federation.restart(DOCTOR, at).await?;
        until(|| async { Ok((waits(&federation).await? == [2]).then_some(())) }).await?;
        assert_eq!(gives(&federation, &known).await?, "decided");
        assert_eq!(count(&federation, "follow-up-taken").await?, 3);
        Ok(())
    })
}
