//! The storylines F1 to F10: every question by its person, on its date, both halves compared.

use anyhow::{Context as _, Result};
use grondslag_tests::federation::{Setup, run};
use grondslag_tests::journey::{Half, ask, compare, play, play_in, region_of};
use grondslag_tests::world::{STORYLINES, Storyline, World, folder};

fn goes_as_the_law_says(id: &str) -> Result<()> {
    run(async {
        let storyline = Storyline::load(id)?;
        let played = play(&storyline).await?;
        let differences: Vec<String> = played.mismatches.iter().map(ToString::to_string).collect();
        assert!(
            differences.is_empty(),
            "{id}: {} differences in {} decisions\n{}",
            differences.len(),
            played.compared,
            differences.join("\n"),
        );
        assert_eq!(played.miswritten, Vec::<String>::new(), "{id}");
        assert!(played.misviewed.is_empty(), "{}", played.misviewed.join("\n"));
        assert!(played.compared > 0, "{id} compared nothing");
        Ok(())
    })
}

macro_rules! storylines {
    ($($name:ident $id:literal)+) => {
        $(
            #[test]
            fn $name() -> Result<()> {
                goes_as_the_law_says($id)
            }
        )+

        #[test]
        fn every_storyline_has_its_journey() {
            assert_eq!([$($id),+], STORYLINES);
        }
    };
}

storylines! {
    f1_goes_as_the_law_says "F1"
    f2_goes_as_the_law_says "F2"
    f3_goes_as_the_law_says "F3"
    f4_goes_as_the_law_says "F4"
    f5_goes_as_the_law_says "F5"
    f6_goes_as_the_law_says "F6"
    f7_goes_as_the_law_says "F7"
    f8_goes_as_the_law_says "F8"
    f9_goes_as_the_law_says "F9"
    f10_goes_as_the_law_says "F10"
}

/// All seventeen agencies with all their generated clients: they change nothing for the others.
#[test]
fn the_whole_world_runs_and_a_journey_goes_the_same_in_it() -> Result<()> {
    run(async {
        let world = World::load()?;
        let agencies = world.region.agency.iter().map(|agency| agency.id.as_str());
        let setup = Setup::of(agencies).at(&world.region.region.clock_start).with_bulk();
        let federation = setup.start().await?;
        assert_eq!(world.region.agency.len(), 17);
        let mut storyline = Storyline::load("F6")?;
        let played = play_in(&federation, &storyline).await?;
        assert_eq!(played.mismatches, []);
        // A generated pupil (of the school's own bulk file) is known there, and Sophie is not.
        let mut question = storyline.question.swap_remove(0);
        question.subject = generated_pupil()?;
        let found = ask(&federation, &question).await?;
        let decided = found.first().and_then(|seen| seen.decided.as_ref());
        assert_ne!(decided.map(|decided| decided.outcome.as_str()), Some("miss"), "{found:?}");
        Ok(())
    })
}

/// The number of the last pupil in the school's generated file.
fn generated_pupil() -> Result<String> {
    let file = folder().join("agencies").join("sch-drieveen").join("bulk-clients.csv");
    let text = std::fs::read_to_string(file)?;
    let row = text.lines().next_back().context("a row")?;
    row.split(',').nth(1).map(ToOwned::to_owned).context("a number")
}

/// The other half of every test above: a wrong expectation does not pass.
#[test]
fn an_altered_expectation_is_reported() -> Result<()> {
    run(async {
        let mut storyline = Storyline::load("F6")?;
        storyline.question.truncate(1);
        let federation = region_of(&storyline)?.start().await?;
        let question = storyline.question.first_mut().context("F6 has questions")?;
        let expect = question.expect.first_mut().context("F6.1 has expectations")?;
        "permit".clone_into(&mut expect.decided.outcome);
        "no_record".clone_into(&mut expect.shown.state);
        let played = play_in(&federation, &storyline).await?;
        let halves: Vec<Half> = played.mismatches.iter().map(|found| found.half).collect();
        assert_eq!(halves, [Half::Decided, Half::Shown]);
        let told = played.mismatches.iter().map(ToString::to_string).collect::<String>();
        assert!(told.contains("F6.1 sch-drieveen G14"), "{told}");
        Ok(())
    })
}

/// Nothing is compared by not being expected.
#[test]
fn a_missing_expectation_is_reported() -> Result<()> {
    let mut storyline = Storyline::load("F6")?;
    let question = storyline.question.first_mut().context("F6 has questions")?;
    let seen = grondslag_tests::journey::Seen {
        target: "sch-drieveen".to_owned(),
        category: "G14".to_owned(),
        ..Default::default()
    };
    let silent = compare(question, std::slice::from_ref(&seen));
    assert_eq!(silent.len(), 2, "nothing seen is two differences");
    question.expect.clear();
    let found = compare(question, &[seen]);
    assert_eq!(found.first().map(|found| found.half), Some(Half::World));
    Ok(())
}
