//! The caseload board of a municipality, over a whole region.

use std::time::Duration;

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use grondslag_proto::v1::caseload_service_client::CaseloadServiceClient;
use grondslag_proto::v1::change_case_request::Change;
use grondslag_runtime::channel::within;
use grondslag_tests::federation::{Federation, run};
use grondslag_tests::journey::region_of;
use grondslag_tests::world::Storyline;
use tonic::transport::Channel;

const WAIT: Duration = Duration::from_secs(60);
const ROLE: &str = "gem.procesregisseur";

fn board(
    federation: &Federation,
    agency: &str,
    staff: &str,
) -> Result<CaseloadServiceClient<Channel>> {
    Ok(CaseloadServiceClient::new(federation.desk(agency, staff)?.channel()))
}

async fn list(
    client: &CaseloadServiceClient<Channel>,
    role: &str,
) -> Result<v1::ListCasesResponse> {
    let request = v1::ListCasesRequest { role: role.to_owned(), all: false };
    Ok(client.clone().list_cases(within(request, WAIT)).await?.into_inner())
}

/// A case is seen by who keeps the board alone, comes due, and goes with its number.
#[test]
fn a_board_is_kept_at_its_own_municipality() -> Result<()> {
    run(async {
        let storyline = Storyline::load("F1")?;
        let federation = region_of(&storyline)?.start().await?;
        let ours = board(&federation, "gem-veenwolde", "regisseur-1")?;
        let opened = v1::OpenCaseRequest {
            subject: storyline.question.first().context("a question")?.subject.clone(),
            role: ROLE.to_owned(),
            triage: Some(v1::Triage {
                nature: "veiligheid".to_owned(),
                severity: "serious".to_owned(),
                urgency: "acute".to_owned(),
                reason: "De school en de huisarts maken zich zorgen.".to_owned(),
            }),
        };
        let opened = ours.clone().open_case(within(opened, WAIT)).await?.into_inner();
        assert!(opened.refusal.is_none(), "{:?}", opened.refusal);
        let [case] =
            list(&ours, ROLE).await?.cases.try_into().map_err(|_| anyhow::anyhow!("one"))?;
        assert_eq!((case.case_id.clone(), case.overdue), (opened.case_id, false));
        let colleague = board(&federation, "gem-veenwolde", "doorzetter-1")?;
        let refusal = list(&colleague, "gem.doorzetter").await?.refusal.context("a refusal")?;
        assert_eq!(refusal.reason, "CASE_ROLE");
        federation.set_clock(Timestamp::parse("2026-12-01")?);
        let due = list(&ours, ROLE).await?.cases;
        assert!(due.len() == 1 && due.iter().all(|case| case.overdue), "{}", due.len());
        let closed = v1::ChangeCaseRequest {
            case_id: case.case_id,
            role: ROLE.to_owned(),
            change: Some(Change::Closed("Er is hulp, en het kind wordt gezien.".to_owned())),
        };
        let closed = ours.clone().change_case(within(closed, WAIT)).await?.into_inner();
        assert!(closed.refusal.is_none(), "{:?}", closed.refusal);
        assert!(list(&ours, ROLE).await?.cases.is_empty());
        let all = v1::ListCasesRequest { role: ROLE.to_owned(), all: true };
        let all = ours.clone().list_cases(within(all, WAIT)).await?.into_inner().cases;
        assert!(all.len() == 1 && all.iter().all(|case| case.subject.is_empty()));
        Ok(())
    })
}
