//! The duty to inform, over a whole region: what was asked is to be told, and then seen.

use std::time::Duration;

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use grondslag_proto::v1::inform_service_client::InformServiceClient;
use grondslag_runtime::channel::within;
use grondslag_tests::federation::{Federation, run};
use grondslag_tests::journey::own_views::{view, word};
use grondslag_tests::journey::{play_in, region_of};
use grondslag_tests::world::{OwnView, Storyline};

const WAIT: Duration = Duration::from_secs(60);

async fn tasks(
    federation: &Federation,
    agency: &str,
    staff: &str,
    role: &str,
) -> Result<Vec<v1::ToInform>> {
    let channel = federation.desk(agency, staff)?.channel();
    let request = v1::ListToInformRequest { role: role.to_owned(), all: false };
    let listed = InformServiceClient::new(channel).list_to_inform(within(request, WAIT)).await?;
    let listed = listed.into_inner();
    anyhow::ensure!(listed.refusal.is_none(), "{:?}", listed.refusal);
    Ok(listed.tasks)
}

/// A question that a rule permits with notice (R05.1) is to be told; one that rests on the consent
/// of both parents (R27.1) has no such rule; and what got no content is owed to nobody.
#[test]
fn what_is_owed_follows_from_the_rules_that_permitted() -> Result<()> {
    run(async {
        let storyline = Storyline::load("F4")?;
        let federation = region_of(&storyline)?.start().await?;
        play_in(&federation, &storyline).await?;
        let duty = storyline.question.iter().find(|question| question.id == "F4.5");
        let duty = duty.context("the question that rests on a duty")?;
        let owed = tasks(&federation, &duty.agency, &duty.staff, &duty.role).await?;
        let at: Vec<i64> = owed.iter().map(|task| task.asked_at_ms).collect();
        assert!(at.contains(&duty.at()?.ms()), "{at:?}");
        assert!(owed.iter().all(|task| task.subject == duty.subject && task.state == "open"));
        let refused = storyline.question.iter().find(|question| question.id == "F4.6");
        let refused = refused.context("the question that is refused")?;
        let owed = tasks(&federation, &refused.agency, &refused.staff, &refused.role).await?;
        // Of the school's questions by then none is owed: they rest on consent, or got nothing.
        assert_eq!(owed, []);
        federation.set_clock(Timestamp::parse("2026-09-01")?);
        let owed = tasks(&federation, &duty.agency, &duty.staff, &duty.role).await?;
        assert!(!owed.is_empty() && owed.iter().all(|task| task.overdue), "four weeks are over");
        Ok(())
    })
}

/// What was asked in acute danger is in nobody's own view before they were told of it.
#[test]
fn a_question_is_seen_once_it_was_told() -> Result<()> {
    run(async {
        let storyline = Storyline::load("F5")?;
        let own = storyline.own_view.first().cloned().context("an own view")?;
        let silent = Storyline {
            own_view: Vec::new(),
            right: Vec::new(),
            act: storyline.act.iter().filter(|act| act.what != "inform").cloned().collect(),
            ..storyline.clone()
        };
        let federation = region_of(&storyline)?.start().await?;
        play_in(&federation, &silent).await?;
        let acute = |view: &v1::OwnView| {
            view.lines.iter().filter(|line| line.purpose_code == "D12").map(word).count()
        };
        assert_eq!(acute(&view(&federation, &own).await?), 0);
        let told = storyline.act.iter().filter(|act| act.what == "inform").cloned().collect();
        let told = Storyline { own_view: Vec::new(), question: Vec::new(), act: told, ..storyline };
        let mut later = told;
        later.act.iter_mut().for_each(|act| act.at = "2026-07-20T12:00".to_owned());
        let played = play_in(&federation, &later).await?;
        assert_eq!(played.miswritten, Vec::<String>::new());
        let own = OwnView { at: "2026-07-20T13:00".to_owned(), ..own };
        assert_eq!(acute(&view(&federation, &own).await?), 2);
        Ok(())
    })
}
