//! A solver proves of the exports what the table's own comparison says of two packs.

use anyhow::Result;
use grondslag_core::clock::Timestamp;
use grondslag_policy::cedar::Cedar;
use grondslag_policy::compare::Comparison;

use crate::draft::Draft;
use crate::drafts::{SAME, Stands, cut, drafts};
use crate::engine::{ACTIONS, Taken};
use crate::questions::MOMENT;
use crate::solver::Prover;

fn moment() -> Timestamp {
    Timestamp::parse(MOMENT).unwrap()
}

/// What the table says.
fn by_table(in_force: &Draft, draft: &Draft) -> Result<Stands> {
    let found = Comparison::of(&in_force.pack(), &draft.pack(), moment())?;
    Ok(Stands { same: found.is_empty(), widens: found.widens(), narrows: found.only_narrows() })
}

/// What the solver proves of two exports, at that moment.
fn by_proof(prover: &mut Prover, in_force: &Cedar, draft: &Cedar) -> Result<Stands> {
    let on = moment().ms();
    let on = format!("datetime(\"1970-01-01\").offset(duration(\"{on}ms\"))");
    let now = format!("forbid (principal, action, resource) unless {{ context.on == {on} }};");
    // What is open at all is open up to the lowest tier.
    let at_all = "forbid (principal, action, resource) unless { context.tier == Tier::\"T0\" };";
    let [before, after] = [Taken::of(in_force)?, Taken::of(draft)?];
    let schema = &before.schema;
    let (was, is) = (before.with(&[&now])?, after.with(&[&now])?);
    let (was_open, is_open) = (before.with(&[&now, at_all])?, after.with(&[&now, at_all])?);
    let mut narrows = true;
    for action in ACTIONS {
        narrows = narrows && prover.implies(schema, [&is, &was], action)?;
    }
    Ok(Stands {
        same: prover.equivalent(schema, [&is, &was])?,
        widens: !prover.implies(schema, [&is_open, &was_open], "consider")?,
        narrows,
    })
}

#[test]
fn the_comparison_says_of_every_draft_how_it_stands() -> Result<()> {
    let in_force = Draft::builtin();
    for (name, expected, draft) in drafts() {
        assert_eq!(by_table(&in_force, &draft)?, expected, "{name}");
    }
    Ok(())
}

#[test]
fn the_solver_proves_of_every_draft_what_the_comparison_says() -> Result<()> {
    Prover::with(|prover| {
        let in_force = Draft::builtin();
        for (name, expected, draft) in drafts() {
            let [before, after] = [&in_force, &draft].map(|draft| Cedar::of(&draft.pack()));
            assert_eq!(by_proof(prover, &before, &after)?, expected, "{name}");
        }
        Ok(())
    })
}

#[test]
fn an_export_that_differs_in_one_place_is_caught_by_the_proof() -> Result<()> {
    Prover::with(|prover| {
        let own = Cedar::of(&Draft::builtin().pack());
        let planted = ["a tier less", "without consent too", "not in force yet"];
        let planted = drafts().into_iter().filter(|(name, _, _)| planted.contains(name));
        let planted = planted.map(|(name, _, draft)| (name, Cedar::of(&draft.pack())));
        let planted: Vec<_> = planted.chain([("a hold less", cut(&own, "R42.1"))]).collect();
        assert_eq!(planted.len(), 4);
        for (name, other) in planted {
            // As if it were the export of the same rules, of which the table says no change.
            assert_ne!(by_proof(prover, &own, &other)?, SAME, "{name}");
        }
        Ok(())
    })
}
