//! An escalation over a region: asked, signed, answered, decided, followed, and put together.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::dossier_service_client::DossierServiceClient;
use grondslag_proto::v1::show_dossier_request::Which;
use grondslag_proto::v1::show_dossier_response::Part;
use grondslag_runtime::channel::within;
use grondslag_tests::federation::{Federation, run};
use grondslag_tests::journey::region_of;
use grondslag_tests::world::{Question, Storyline};
use tokio::time::sleep;

use crate::consent::WAIT;

const LOOK: Duration = Duration::from_millis(100);
const TOWN: &str = "gem-veenwolde";
/// After the school let its term pass.
const OVER: &str = "2026-06-26T13:30";
/// After everything of it is destroyed.
const GONE: &str = "2026-07-25T13:30";

fn escalation() -> Result<(Storyline, Question)> {
    let storyline = Storyline::load("F1")?;
    let question = storyline.question.iter().find(|one| one.escalation.is_some()).cloned();
    Ok((storyline, question.context("an escalation")?))
}

/// The parts of a file, or why it is refused.
async fn looks(federation: &Federation, staff: &str, inquiry: &[u8]) -> Result<Vec<Part>> {
    let mut desk = DossierServiceClient::new(federation.desk(TOWN, staff)?.channel());
    let request = v1::ShowDossierRequest { which: Some(Which::InquiryId(inquiry.to_vec())) };
    let mut stream = desk.show_dossier(within(request, WAIT)).await?.into_inner();
    let mut parts = Vec::new();
    while let Some(message) = stream.message().await? {
        parts.push(message.part.context("a part")?);
    }
    Ok(parts)
}

fn person(parts: &[Part]) -> Result<&v1::DossierPerson> {
    let found = parts.iter().find_map(|part| match part {
        Part::Person(person) => Some(person),
        _ => None,
    });
    found.context("a person")
}

fn refusal(parts: &[Part]) -> Option<&str> {
    match parts {
        [Part::Refusal(refusal)] => Some(&refusal.reason),
        _ => None,
    }
}

/// Who asked and who signed see every agency and every gap; the school let its term pass; after
/// thirty days it is gone. Nobody else sees any of it.
#[test]
fn every_agency_has_an_outcome_and_the_file_is_gone_after_its_term() -> Result<()> {
    run(async {
        let (storyline, question) = escalation()?;
        let federation = region_of(&storyline)?.start().await?;
        let heard = federation.play(&question).await?;
        let inquiry = heard.inquiry.context("an inquiry")?;
        let id = inquiry.as_bytes();
        let parts = looks(&federation, &question.staff, id).await?;
        let first = person(&parts)?;
        anyhow::ensure!(first.agencies.len() == question.to.len(), "{}", first.agencies.len());
        let school = federation.oin("sch-drieveen")?;
        let stands = |person: &v1::DossierPerson| {
            let mut agencies = person.agencies.iter();
            agencies.find(|one| one.oin == school.as_str()).map(|one| one.standing.clone())
        };
        assert_eq!(stands(first).as_deref(), Some("waiting"));
        assert_eq!(first.signed_by, [question.approver.clone().context("an approver")?]);
        federation.set_clock(Timestamp::parse(OVER)?);
        // The school says so itself, at its next turn: before that nothing was heard.
        let since = Instant::now();
        for staff in [question.staff.as_str(), "doorzetter-1"] {
            loop {
                let parts = looks(&federation, staff, id).await?;
                let stands = stands(person(&parts)?);
                if stands.as_deref() == Some("overdue") {
                    break;
                }
                assert_eq!(stands.as_deref(), Some("unheard"), "{staff}");
                anyhow::ensure!(since.elapsed() < WAIT, "the school does not say so");
                sleep(LOOK).await;
            }
        }
        let other = looks(&federation, "lokaalteam-1", id).await?;
        assert_eq!(refusal(&other), Some("UNKNOWN_INQUIRY"));
        federation.set_clock(Timestamp::parse(GONE)?);
        let gone = looks(&federation, &question.staff, id).await?;
        assert_eq!(refusal(&gone), Some("UNKNOWN_INQUIRY"));
        Ok(())
    })
}

/// Each agency reads its own reason, and none reads another's.
#[test]
fn an_escalation_leaves_through_its_own_door_alone() -> Result<()> {
    run(async {
        let (storyline, question) = escalation()?;
        let federation = region_of(&storyline)?.start().await?;
        let desk = federation.desk(TOWN, &question.staff)?;
        let plain = desk.ask(federation.question(&question)?).await?;
        assert_eq!(plain.refusal.map(Reason::code), Some("ESCALATION_APART"));
        let escalation = question.escalation.as_ref().context("an escalation")?;
        let wire = federation.question(&question)?;
        let wire = desk.escalating(escalation, wire, &question.to).await?;
        let alone = desk.ask(wire).await?;
        assert_eq!(alone.refusal.map(Reason::code), Some("NEEDS_SECOND_PERSON"));
        Ok(())
    })
}
