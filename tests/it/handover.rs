//! A case that goes from one municipality to the next (story F8), over a whole region.

use std::time::Duration;

use anyhow::{Context as _, Result};
use grondslag_core::id::InquiryId;
use grondslag_proto::v1;
use grondslag_proto::v1::caseload_service_client::CaseloadServiceClient;
use grondslag_proto::v1::handover_service_client::HandoverServiceClient;
use grondslag_runtime::channel::within;
use grondslag_tests::federation::desk::Desk;
use grondslag_tests::federation::{Federation, run};
use grondslag_tests::journey::region_of;
use grondslag_tests::world::{Question, Storyline};

use crate::later::until;
use crate::stage::records;

const WAIT: Duration = Duration::from_secs(60);
const ROLE: &str = "gem.procesregisseur";
const OLD: &str = "gem-veenwolde";
const NEW: &str = "gem-lindevoort";
pub(crate) const DONE: [&str; 4] = ["plan", "gesprek", "gezin", "veiligheid"];

fn question<'a>(storyline: &'a Storyline, id: &str) -> Result<&'a Question> {
    storyline.question.iter().find(|one| one.id == id).context("a question of the story")
}

/// The municipality that the family left, and the one that takes over.
struct Move {
    storyline: Storyline,
    federation: Federation,
}

impl Move {
    async fn begun() -> Result<Self> {
        let storyline = Storyline::load("F8")?;
        let federation = region_of(&storyline)?.start().await?;
        Ok(Self { storyline, federation })
    }

    async fn asks(&self, id: &str) -> Result<(Option<InquiryId>, Option<String>)> {
        let heard = self.federation.play(question(&self.storyline, id)?).await?;
        Ok((heard.inquiry, heard.refusal.map(|reason| reason.code().to_owned())))
    }

    async fn listed(&self, agency: &str, staff: &str, role: &str) -> Result<Vec<v1::Handover>> {
        handovers(&self.federation.desk(agency, staff)?, role).await
    }

    async fn one(&self, agency: &str) -> Result<v1::Handover> {
        let all = self.listed(agency, "regisseur-1", ROLE).await?;
        all.into_iter().next().context("a handover")
    }

    /// The new holder accepts, with one gap; or why not.
    async fn accepts(&self, inquiry: &InquiryId, change: Change) -> Result<String> {
        let mut request = v1::AcceptHandoverRequest {
            inquiry_id: inquiry.as_bytes().to_vec(),
            target_oin: self.federation.oin(OLD)?.to_string(),
            role: ROLE.to_owned(),
            done: DONE.map(str::to_owned).to_vec(),
            gaps: vec!["besluit".to_owned()],
        };
        change(&mut request);
        accept(&self.federation.desk(NEW, "regisseur-1")?, request).await
    }

    /// The child is on the board of the old municipality.
    async fn on_board(&self) -> Result<()> {
        let desk = self.federation.desk(OLD, "regisseur-1")?;
        let opened = v1::OpenCaseRequest {
            subject: question(&self.storyline, "F8.2")?.subject.clone(),
            role: ROLE.to_owned(),
            triage: Some(v1::Triage {
                nature: "opvoeding".to_owned(),
                severity: "concern".to_owned(),
                urgency: "standard".to_owned(),
                reason: "Het gezin verhuist en de hulp loopt nog.".to_owned(),
            }),
        };
        let mut desk = CaseloadServiceClient::new(desk.channel());
        let opened = desk.open_case(within(opened, WAIT)).await?.into_inner();
        anyhow::ensure!(opened.refusal.is_none(), "{:?}", opened.refusal);
        Ok(())
    }

    async fn board(&self) -> Result<Vec<v1::BoardCase>> {
        let desk = self.federation.desk(OLD, "regisseur-1")?;
        let request = v1::ListCasesRequest { role: ROLE.to_owned(), all: true };
        let mut desk = CaseloadServiceClient::new(desk.channel());
        Ok(desk.list_cases(within(request, WAIT)).await?.into_inner().cases)
    }
}

type Change = fn(&mut v1::AcceptHandoverRequest);

/// What goes and comes, as somebody's desk shows it.
pub(crate) async fn handovers(desk: &Desk, role: &str) -> Result<Vec<v1::Handover>> {
    let request = v1::ListHandoversRequest { role: role.to_owned() };
    let mut desk = HandoverServiceClient::new(desk.channel());
    let listed = desk.list_handovers(within(request, WAIT)).await?.into_inner();
    anyhow::ensure!(listed.refusal.is_none(), "{:?}", listed.refusal);
    Ok(listed.handovers)
}

/// Accepts a case; why not, or nothing.
pub(crate) async fn accept(desk: &Desk, request: v1::AcceptHandoverRequest) -> Result<String> {
    let mut desk = HandoverServiceClient::new(desk.channel());
    let accepted = desk.accept_handover(within(request, WAIT)).await?.into_inner();
    Ok(accepted.refusal.map(|refusal| refusal.reason).unwrap_or_default())
}

/// Until it is accepted the old municipality is responsible and may ask; then it asks no more, its
/// case has left the board, and what it reads says what is missing.
#[test]
fn the_old_holder_is_responsible_until_the_new_one_accepts_and_asks_no_more_after() -> Result<()> {
    run(async {
        let moved = Move::begun().await?;
        moved.on_board().await?;
        let (inquiry, _) = moved.asks("F8.2").await?;
        let inquiry = inquiry.context("it was asked")?;
        let going = moved.one(OLD).await?;
        let number = &question(&moved.storyline, "F8.2")?.subject;
        assert_eq!((going.direction.as_str(), &going.subject), ("out", number));
        assert_eq!(going.accepted_at_ms, 0);
        let seen = moved.listed(OLD, "fg-1", "gem.fg").await?;
        assert!(seen.len() == 1 && seen.iter().all(|one| one.subject.is_empty()));
        let (asked, refused) = moved.asks("F8.4").await?;
        let before = asked.with_context(|| format!("it may ask still: {refused:?}"))?;

        assert_eq!(moved.accepts(&inquiry, |_| {}).await?, "");
        let coming = moved.one(NEW).await?;
        assert!(coming.accepted_at_ms > 0 && coming.told_at_ms > 0 && coming.subject.is_empty());
        let gone = until(|| async {
            let one = moved.one(OLD).await?;
            Ok((one.accepted_at_ms > 0).then_some(one))
        })
        .await?;
        assert_eq!((gone.gaps, gone.subject), (vec!["besluit".to_owned()], String::new()));
        assert_eq!(gone.done, DONE);
        let board = moved.board().await?;
        assert!(board.iter().all(|case| case.closed_at_ms > 0 && case.subject.is_empty()));
        assert_eq!(board.first().map(|case| case.handed_to.as_str()), Some("Gemeente Lindevoort"));
        let (asked, refused) = moved.asks("F8.4").await?;
        assert_eq!((asked, refused.as_deref()), (None, Some("HANDED_OVER")));
        let followed = moved.federation.desk(OLD, "lokaalteam-1")?.follow(before.as_bytes()).await;
        let turned = followed.map_err(|turned| turned.to_string()).unwrap_err();
        assert!(turned.contains("HANDED_OVER"), "what it asked before it hears no more: {turned}");
        assert_eq!(
            records(&moved.federation, OLD, "grondslag/record/handed-over/v1").await?.len(),
            1
        );

        // A new case is the old municipality's own.
        moved.on_board().await?;
        let (asked, refused) = moved.asks("F8.4").await?;
        assert!(asked.is_some() && refused.is_none(), "{refused:?}");
        Ok(())
    })
}

/// What does not hold is not accepted, and the old holder stays responsible.
#[test]
fn an_acceptance_that_does_not_hold_changes_nothing() -> Result<()> {
    run(async {
        let moved = Move::begun().await?;
        let (inquiry, _) = moved.asks("F8.2").await?;
        let inquiry = inquiry.context("it was asked")?;
        let (other, _) = moved.asks("F8.3").await?;
        let other = other.context("it was asked")?;
        let cases: [(Change, &str); 6] = [
            (|one| one.done.clear(), "HANDOVER_LIST"),
            (|one| one.gaps.push("plan".to_owned()), "HANDOVER_LIST"),
            (|one| one.gaps = vec!["iets anders".to_owned()], "HANDOVER_LIST"),
            (|one| one.role = "gem.doorzetter".to_owned(), "ROLE_NOT_HELD"),
            (|one| one.target_oin = "00000099000000018000".to_owned(), "HANDOVER_NOTHING"),
            (|one| one.inquiry_id = vec![7; 16], "UNKNOWN_INQUIRY"),
        ];
        for (change, reason) in cases {
            assert_eq!(moved.accepts(&inquiry, change).await?, reason);
        }
        // Another question about the same child takes over nothing.
        assert_eq!(moved.accepts(&other, |_| {}).await?, "UNKNOWN_INQUIRY");
        assert_eq!(moved.one(OLD).await?.accepted_at_ms, 0);
        assert_eq!(moved.accepts(&inquiry, |_| {}).await?, "");
        assert_eq!(moved.accepts(&inquiry, |_| {}).await?, "HANDOVER_ACCEPTED");
        Ok(())
    })
}
