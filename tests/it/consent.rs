//! Consent between agencies: what is written down at one holds at the others, also at one that was
//! away, and nothing leaves on what was taken back.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use grondslag_core::clock::Timestamp;
use grondslag_evidence::store::Store as _;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act as Wire;
use grondslag_runtime::channel::within;
use grondslag_tests::federation::desk::Heard;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};
use grondslag_tests::journey::acts::{Written, register, speaker, write};
use grondslag_tests::world::{Act, Storyline, World};

use crate::stage::{GEM, SCHOOL, line, wish};

pub(crate) const CARE: &str = "jha-kompas";
const FINN: &str = "999940119";
/// His parents.
pub(crate) const MOTHER: &str = "Marit, Postma, 1988-09-14";
pub(crate) const FATHER: &str = "Jelle, Hoekstra, 1986-03-02";
pub(crate) const WAIT: Duration = Duration::from_secs(60);
/// The school's question, which rests on the consent of both parents (R27).
pub(crate) const LESSONS: Plea<'static> = Plea {
    role: "sch.zorgcoordinator",
    purpose: "D16",
    query_kind: "Q02",
    subject: FINN,
    categories: &["G12"],
    facts: &[("case_fact", "stated")],
};
/// The municipality's, which rests on a duty (R05).
const DUTY: Plea<'static> = Plea {
    role: "gem.lokaalteam",
    purpose: "D01",
    query_kind: "Q02",
    subject: FINN,
    categories: &["G12"],
    facts: &[("case_fact", "stated")],
};

/// Finn's region on the day on which both his parents said yes at school.
async fn both_said_yes() -> Result<Federation> {
    with_acts(Setup::of([SCHOOL, CARE, GEM]), |act| act.at.starts_with("2026-02-01")).await
}

/// His region, on disk, before anybody said anything: who holds custody was seen.
pub(crate) async fn who_holds_custody() -> Result<Federation> {
    let setup = Setup::of([SCHOOL, CARE, GEM]).on_disk();
    with_acts(setup, |act| act.what == "custody").await
}

async fn with_acts(setup: Setup, wanted: impl Fn(&Act) -> bool) -> Result<Federation> {
    let storyline = Storyline::load("F4")?;
    let start = World::load()?.region.region.clock_start;
    let federation = setup.at(&start).start().await?;
    let mut written = Written::default();
    for act in storyline.act.iter().filter(|act| wanted(act)) {
        assert_eq!(write(&federation, act, &mut written).await?, act.expect, "{}", act.id);
    }
    Ok(federation)
}

pub(crate) async fn asks(federation: &Federation, agency: &str, plea: &Plea<'_>) -> Result<Heard> {
    let staff = if agency == SCHOOL { "coordinator-1" } else { "lokaalteam-2" };
    federation.ask(agency, staff, wish(federation, plea, &[CARE])?).await
}

/// What is shown of the one category, or why nothing came.
pub(crate) fn shown(federation: &Federation, heard: &Heard) -> Result<String> {
    let line = line(heard, &federation.oin(CARE)?)?;
    let state = line.lines.first().and_then(|line| line.line.as_ref());
    Ok(state.map_or_else(|| line.reason.clone(), |line| line.state.clone()))
}

/// A parent takes every yes back, at this agency.
pub(crate) async fn withdraw(
    federation: &Federation,
    agency: &str,
    who: &str,
) -> Result<v1::RecordActResponse> {
    let (staff, role) = match agency {
        SCHOOL => ("coordinator-1", "sch.zorgcoordinator"),
        _ => ("hulpverlener-1", "jha.hulpverlener"),
    };
    let back = v1::TakenBack { speaker: Some(speaker(who)?), ..v1::TakenBack::default() };
    let request = v1::RecordActRequest {
        subject: FINN.to_owned(),
        role: role.to_owned(),
        act: Some(Wire::TakenBack(back)),
        preview: false,
    };
    let mut client = register(federation, agency, staff)?;
    Ok(client.record_act(within(request, WAIT)).await?.into_inner())
}

#[test]
fn what_is_said_at_school_holds_at_the_provider_and_so_does_its_withdrawal() -> Result<()> {
    run(async {
        let federation = both_said_yes().await?;
        federation.set_clock(Timestamp::parse("2026-02-02T10:00")?);
        assert_eq!(shown(&federation, &asks(&federation, SCHOOL, &LESSONS).await?)?, "content");
        withdraw(&federation, SCHOOL, MOTHER).await?;
        let since = Instant::now();
        while shown(&federation, &asks(&federation, SCHOOL, &LESSONS).await?)? == "content" {
            assert!(since.elapsed() < WAIT, "it did not come");
        }
        assert_eq!(shown(&federation, &asks(&federation, GEM, &DUTY).await?)?, "content");
        Ok(())
    })
}

/// The provider is away when the mother takes her yes back. What it says first after its return is
/// said on that, whoever asks first.
#[test]
fn a_node_that_was_away_says_nothing_before_it_has_what_waited() -> Result<()> {
    run(async {
        let setup = Setup::of([SCHOOL, CARE, GEM]).on_disk();
        let federation = with_acts(setup, |act| act.at.starts_with("2026-02-01")).await?;
        federation.set_clock(Timestamp::parse("2026-02-02T10:00")?);
        assert_eq!(shown(&federation, &asks(&federation, SCHOOL, &LESSONS).await?)?, "content");
        let at = federation.address(CARE)?;
        federation.kill(CARE).await?;
        let id = withdraw(&federation, SCHOOL, MOTHER).await?.id;
        until_missed(&federation, &id).await?;
        federation.restart(CARE, at).await?;
        let (since, mut said) = (Instant::now(), Vec::new());
        loop {
            let heard = asks(&federation, SCHOOL, &LESSONS).await?;
            let shown = shown(&federation, &heard)?;
            assert_ne!(shown, "content", "{said:?}");
            said.push(shown);
            if said.last().is_some_and(|last| last == "neutral") {
                break;
            }
            assert!(since.elapsed() < WAIT, "{said:?}");
        }
        let decided = federation.decisions(CARE).await?;
        let lines = decided.iter().flat_map(|decision| &decision.lines);
        let categories: Vec<&str> = lines.map(|line| line.category.as_str()).collect();
        let notice = categories.iter().rposition(|category| *category == "G32");
        let first = categories.iter().rposition(|category| *category == "G12");
        assert!(notice.context("it came")? < first.context("it was asked")?, "{categories:?}");
        Ok(())
    })
}

/// The notice was tried and did not come.
async fn until_missed(federation: &Federation, id: &[u8]) -> Result<()> {
    let mut client = register(federation, SCHOOL, "coordinator-1")?;
    let since = Instant::now();
    loop {
        let (subject, role) = (FINN.to_owned(), "sch.zorgcoordinator".to_owned());
        let request = within(v1::ListActsRequest { subject, role }, WAIT);
        let listed = client.list_acts(request).await?.into_inner();
        let own = listed.acts.iter().find(|act| act.id == id).context("it stands there")?;
        anyhow::ensure!(!own.waiting_oins.is_empty(), "nobody was there to take it");
        if !federation.broker_store().scan(b"bn/", None, 10).await?.is_empty() {
            return Ok(());
        }
        anyhow::ensure!(since.elapsed() < WAIT, "it was not tried");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Questions and a withdrawal at the provider's own desk at the same time: whoever asks once it was
/// acknowledged gets nothing, however it fell.
#[test]
fn nothing_is_given_to_who_asks_after_a_withdrawal_was_acknowledged() -> Result<()> {
    run(async {
        let federation = both_said_yes().await?;
        federation.set_clock(Timestamp::parse("2026-02-02T10:00")?);
        let before =
            futures_util::future::join_all((0..6).map(|_| asks(&federation, SCHOOL, &LESSONS)));
        let later = async {
            // Later than the questions under way, and no further than clocks may differ: they are
            // not to fail on that.
            federation.set_clock(federation.now().plus_ms(1_000));
            withdraw(&federation, CARE, MOTHER).await
        };
        let (before, withdrawn) = tokio::join!(before, later);
        assert!(withdrawn?.refusal.is_none());
        for heard in before {
            let shown = shown(&federation, &heard?)?;
            assert!(["content", "neutral"].contains(&shown.as_str()), "{shown}");
        }
        for _ in 0..3 {
            assert_eq!(shown(&federation, &asks(&federation, SCHOOL, &LESSONS).await?)?, "neutral");
        }
        Ok(())
    })
}
