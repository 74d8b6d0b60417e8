//! Every policy of the export can fire, and none can err: Cedar leaves out what errs, a forbid too.

use anyhow::Result;
use cedar_policy::Policy;
use grondslag_policy::cedar::Cedar;

use crate::draft::{Draft, when};
use crate::engine::Taken;
use crate::solver::Prover;

/// What the policies are called that forbid a role together with another kind of party.
const CANNOT_BE: &str = "role of its kind: ";

/// The policies of rows that never fire on a question that can be asked, and those that may err.
fn found(prover: &mut Prover, draft: &Draft) -> Result<(Vec<String>, Vec<String>)> {
    let taken = Taken::of(&Cedar::of(&draft.pack()))?;
    let cannot_be = taken.policies.policies().filter(|it| is_of_kinds(it.id().as_ref()));
    let cannot_be: Vec<Policy> = cannot_be.cloned().collect();
    let linted = prover.lint(&taken, &cannot_be)?;
    let idle = linted.iter().filter(|it| !it.fires && !is_of_kinds(&it.id));
    let mut idle: Vec<String> = idle.map(|it| it.id.clone()).collect();
    idle.sort();
    let errs = linted.iter().filter(|it| it.errs).map(|it| it.id.clone()).collect();
    Ok((idle, errs))
}

fn is_of_kinds(id: &str) -> bool {
    id.starts_with(CANNOT_BE)
}

#[test]
fn every_policy_can_fire_and_none_can_err() -> Result<()> {
    Prover::with(|prover| {
        assert_eq!(found(prover, &Draft::builtin())?, (Vec::new(), Vec::new()));
        // A role of another kind of party than the row names.
        let idle = Draft::builtin().with("R28.1", |row| when(row, "requester_kind", &["gem"]));
        let (idle, errs) = found(prover, &idle)?;
        assert_eq!(
            (idle, errs),
            (vec!["R28.1".to_owned(), "R28.1 above T4".to_owned()], Vec::new())
        );
        Ok(())
    })
}
