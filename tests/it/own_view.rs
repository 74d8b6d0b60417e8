//! Own views: in what order, by no other way, and what somebody who may not know a place can learn.

use anyhow::{Context as _, Result};
use grondslag_core::id::{InquiryId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_tests::federation::{Federation, Setup, run};
use grondslag_tests::journey::own_views::{
    approve, confirm, everything, prepare, show, view, word,
};
use grondslag_tests::journey::{ask, play_in, region_of};
use grondslag_tests::world::{Event, OwnView, Storyline, World};

/// A municipality that knows nobody of F5.
const ELSEWHERE: &str = "gem-lindevoort";
/// The father of a child in a shelter.
const FATHER: &str = "F9";

/// Its own view, after all that happens in it.
fn own_view(storyline: &Storyline) -> Result<OwnView> {
    let own_view = storyline.own_view.first().cloned().context("an own view")?;
    Ok(OwnView { at: "2026-08-03T11:00".to_owned(), ..own_view })
}

/// The region of a storyline after all that happened but the own views.
async fn after(storyline: &Storyline) -> Result<Federation> {
    let federation = region_of(storyline)?.start().await?;
    let without = Storyline { own_view: Vec::new(), ..storyline.clone() };
    play_in(&federation, &without).await?;
    Ok(federation)
}

#[test]
fn nothing_is_shown_before_two_people_saw_who_it_is_and_one_signed() -> Result<()> {
    run(async {
        let storyline = Storyline::load(FATHER)?;
        let federation = after(&storyline).await?;
        // Both say that names may be told: the agencies that know better are believed.
        let wanted = OwnView { names_checked: true, ..own_view(&storyline)? };
        let id = prepare(&federation, &wanted).await?;
        let shown = show(&federation, &wanted, &id).await?;
        assert_eq!(shown.unwrap_err(), "NEEDS_SECOND_PERSON");
        let unseen = approve(&federation, &wanted, &id).await.unwrap_err();
        assert!(unseen.to_string().contains("IDENTITY_UNSEEN"), "{unseen}");
        let first = (wanted.seen_by.as_str(), wanted.seen_role.as_str());
        let second = (wanted.approver.as_str(), wanted.approver_role.as_str());
        for who in [first, second] {
            assert_eq!(confirm(&federation, &wanted, &id, who).await?, None);
            let shown = show(&federation, &wanted, &id).await?;
            assert_eq!(shown.unwrap_err(), "NEEDS_SECOND_PERSON");
        }
        approve(&federation, &wanted, &id).await?;
        let others = OwnView { staff: "burger-karin".to_owned(), ..wanted.clone() };
        let shown = show(&federation, &others, &id).await?;
        assert_eq!(shown.unwrap_err(), "UNKNOWN_INQUIRY", "it is nobody else's");
        let seen = show(&federation, &wanted, &id).await?.unwrap();
        assert_eq!((seen.lines.len(), seen.unnamed), (2, true));
        let shown = show(&federation, &wanted, &id).await?;
        assert_eq!(shown.unwrap_err(), "UNKNOWN_INQUIRY", "once");
        Ok(())
    })
}

/// What agencies tell names them: it comes out of the node as a timeline and in no other way.
#[test]
fn a_log_leaves_by_no_other_door() -> Result<()> {
    run(async {
        let storyline = Storyline::load(FATHER)?;
        let (federation, wanted) = (after(&storyline).await?, own_view(&storyline)?);
        let desk = federation.desk(&wanted.agency, &wanted.staff)?;
        let target = |id: &str| -> Result<v1::DeskTarget> {
            let categories = vec!["G30".to_owned()];
            Ok(v1::DeskTarget {
                oin: federation.oin(id)?.to_string(),
                categories,
                ..v1::DeskTarget::default()
            })
        };
        let question = v1::DeskQuestion {
            subject: wanted.subject.clone(),
            role: wanted.role.clone(),
            purpose: "D21".to_owned(),
            query_kind: "Q12".to_owned(),
            targets: vec![target("sch-drieveen")?],
            necessity: "Ik wil weten wie er naar mijn dochter heeft gevraagd.".to_owned(),
            ..v1::DeskQuestion::default()
        };
        // Beside something else, or as another kind of question, it is no own view either.
        for (kind, also) in [("Q12", Some("G05")), ("Q02", Some("G05")), ("Q02", None)] {
            let mut other = v1::DeskQuestion { query_kind: kind.to_owned(), ..question.clone() };
            for target in &mut other.targets {
                target.categories.extend(also.map(ToOwned::to_owned));
            }
            let asked = desk.ask(other).await?;
            assert_eq!(asked.refusal.map(Reason::code), Some("OWN_VIEW_APART"), "{kind} {also:?}");
        }
        let asked = desk.ask(question.clone()).await?;
        assert_eq!(asked.refusal.map(Reason::code), Some("OWN_VIEW_APART"));
        let drafted = desk.draft(question).await.unwrap_err();
        assert!(drafted.to_string().contains("OWN_VIEW_APART"), "{drafted}");
        let id = seen_and_signed(&federation, &wanted).await?;
        let sent = desk.send(id.as_bytes()).await?;
        assert_eq!(sent.refusal.map(Reason::code), Some("OWN_VIEW_APART"));
        show(&federation, &wanted, &id).await?.map_err(anyhow::Error::msg)?;
        let followed = desk.follow(id.as_bytes()).await?;
        assert_eq!(followed.lines, []);
        Ok(())
    })
}

async fn seen_and_signed(federation: &Federation, wanted: &OwnView) -> Result<InquiryId> {
    let id = prepare(federation, wanted).await?;
    for (staff, role) in
        [(&wanted.seen_by, &wanted.seen_role), (&wanted.approver, &wanted.approver_role)]
    {
        assert_eq!(confirm(federation, wanted, &id, (staff, role)).await?, None);
    }
    approve(federation, wanted, &id).await?;
    Ok(id)
}

/// All that is in a view but the random numbers of its questions.
fn told(view: &v1::OwnView) -> String {
    let mut view = view.clone();
    view.lines.iter_mut().for_each(|line| line.target_id = Vec::new());
    everything(&view)
}

/// The father reads the same, byte for byte, whether or not Veilig Thuis asked after a report, the
/// shelter was asked, or it asked itself.
#[test]
fn what_was_left_out_leaves_no_trace() -> Result<()> {
    run(async {
        let storyline = Storyline::load(FATHER)?;
        let wanted = own_view(&storyline)?;
        let with = after(&storyline).await?;
        let mut quiet = storyline.clone();
        quiet.question.retain(|question| question.agency != "vt-drieveen");
        for question in &mut quiet.question {
            question.to.retain(|target| target != "vo-deluwte");
        }
        assert!(quiet.question.len() < storyline.question.len());
        // The same agencies run in both.
        let without = region_of(&storyline)?.start().await?;
        for (_, event) in quiet.events()? {
            if let Event::Question(question) = event {
                ask(&without, question).await?;
            }
        }
        let (one, other) = (view(&with, &wanted).await?, view(&without, &wanted).await?);
        assert_eq!(one.lines.len(), 2);
        assert_eq!(told(&one), told(&other));
        // The positive control: a question of which he may be told shows.
        let mut more = storyline.clone();
        more.question.retain(|question| question.id == "F9.3");
        for question in &mut more.question {
            question.at = "2026-08-03T12:00".to_owned();
            ask(&with, question).await?;
        }
        let later = OwnView { at: "2026-08-03T13:00".to_owned(), ..wanted };
        let again = view(&with, &later).await?;
        assert_eq!(again.lines.len(), one.lines.len() + 1);
        Ok(())
    })
}

/// Who did not answer may be the one that knows that a child must not be found.
#[test]
fn a_parent_reads_no_names_while_somebody_is_away() -> Result<()> {
    run(async {
        let storyline = Storyline::load("F4")?;
        let (federation, wanted) = (after(&storyline).await?, own_view(&storyline)?);
        assert!(!view(&federation, &wanted).await?.unnamed);
        let name = federation.world().agency("sch-drieveen")?.name.clone();
        federation.kill("sch-drieveen").await?;
        let seen = view(&federation, &wanted).await?;
        assert!(seen.unnamed && seen.not_reached.is_empty());
        let lines: Vec<String> = seen.lines.iter().map(word).collect();
        assert!(lines.len() > 5, "{lines:?}");
        assert!(!everything(&seen).contains(&name));
        assert!(seen.lines.iter().all(|line| line.ledger_oins.is_empty() && line.time.is_empty()));
        Ok(())
    })
}

/// Who asked for a view is told to whoever may see the next one, once and not by every agency.
#[test]
fn an_own_view_stands_in_the_next_one_as_one_line() -> Result<()> {
    run(async {
        let storyline = Storyline::load("F5")?;
        let (federation, wanted) = (after(&storyline).await?, own_view(&storyline)?);
        let first = view(&federation, &wanted).await?;
        let next = OwnView { at: "2026-08-04T11:00".to_owned(), ..wanted };
        let second = view(&federation, &next).await?;
        let lines: Vec<String> = second.lines.iter().map(word).collect();
        assert_eq!(lines.len(), first.lines.len() + 1, "{lines:?}");
        assert_eq!(lines[0], "2026-08-03 Gemeente Marsdrecht >  D21: G30 given");
        Ok(())
    })
}

/// The number behind a line is that of the decision in the holder's ledger.
#[test]
fn every_line_leads_to_its_proof() -> Result<()> {
    run(async {
        let storyline = Storyline::load("F5")?;
        let (federation, wanted) = (after(&storyline).await?, own_view(&storyline)?);
        let seen = view(&federation, &wanted).await?;
        let officer = federation.world().privacy_officer("jggz-spoor")?.id.clone();
        let desk = federation.desk("jggz-spoor", &officer)?;
        let own = federation.oin("jggz-spoor")?.to_string();
        let told = seen.lines.iter().filter(|line| line.ledger_oins.contains(&own));
        let told: Vec<_> = told.collect();
        assert_eq!(told.len(), 3);
        for line in told {
            let id: [u8; 16] = line.target_id.as_slice().try_into()?;
            let found = desk.decisions(Some(&TargetId::new(id))).await?;
            assert_eq!(found.len(), 1, "{}", word(line));
        }
        Ok(())
    })
}

/// A municipality that asked about somebody whom it does not know tells so itself.
#[test]
fn who_asked_about_a_stranger_tells_it_to_them() -> Result<()> {
    run(async {
        let storyline = Storyline::load("F5")?;
        let start = World::load()?.region.region.clock_start;
        let agencies = storyline.agencies().into_iter().chain([ELSEWHERE]);
        let federation = Setup::of(agencies).at(&start).start().await?;
        let mut asked = storyline.question.first().cloned().context("a question")?;
        asked.agency = ELSEWHERE.to_owned();
        ask(&federation, &asked).await?;
        let name = federation.world().agency(ELSEWHERE)?.name.clone();
        let oin = federation.oin(ELSEWHERE)?.to_string();
        let own = own_view(&storyline)?;
        // Enrolled with the batch of some hour after the question.
        let mut minute = 0;
        let line = loop {
            let at = format!("2026-07-20T{:02}:{:02}", 10 + minute / 60, minute % 60);
            let seen = view(&federation, &OwnView { at, ..own.clone() }).await?;
            let line = seen.lines.into_iter().find(|line| line.asker == name).context("a line")?;
            if line.ledger_oins.contains(&oin) {
                break line;
            }
            minute += 1;
            anyhow::ensure!(minute < 240, "never enrolled");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        assert_eq!(line.purpose_code, asked.purpose);
        Ok(())
    })
}
