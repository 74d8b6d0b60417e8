//! The standing invariants, said once more in the words of Cedar and proved by the solver.
//!
//! `policy prove` looks row by row and leans to the safe side; here each invariant is about what
//! comes out. So what holds by the table must hold here, and never the other way round.

use std::collections::BTreeSet;

use anyhow::Result;
use cedar_policy::{Effect, PolicySet};
use grondslag_core::clock::Timestamp;
use grondslag_policy::Pack;
use grondslag_policy::catalogue::{GroundEntry, GroundKind, Status};
use grondslag_policy::cedar::Cedar;
use grondslag_policy::prove::Proof;

use crate::draft::{Draft, when};
use crate::drafts::put;
use crate::engine::{ACTIONS, Taken};
use crate::questions::MOMENT;
use crate::solver::Prover;

/// A category that no row can know of.
const NEW: &str = "G99";

/// The invariants that do not hold by the table.
fn broken_by_table(draft: &Draft) -> Result<BTreeSet<String>> {
    let on = Timestamp::parse(MOMENT)?;
    let proof = Proof::of(&Draft::builtin().pack(), &draft.pack(), on)?;
    let broken = proof.invariants.into_iter().filter(|invariant| !invariant.holds);
    Ok(broken.map(|invariant| invariant.id.to_owned()).collect())
}

/// The invariants that do not hold by the solver.
fn broken_by_proof(prover: &mut Prover, draft: &Draft) -> Result<BTreeSet<String>> {
    let pack = draft.pack();
    let export = Cedar::of(&pack);
    let claim = Claim { taken: Taken::of(&export)?, pack, export };
    let new = draft.clone().with_entry("category", "G16", NEW).pack();
    let with_new =
        Claim { taken: Taken::of(&Cedar::of(&new))?, export: Cedar::of(&new), pack: new };
    let held = [
        ("secrecy_ground", claim.secrecy_ground(prover)?),
        (
            "withdrawn_consent",
            claim.never_more(prover, "SecrecyConsent", "withdrawn", "none", "true")?,
        ),
        (
            "new_category",
            with_new.opens_nothing_of(prover, &format!("resource == Category::\"{NEW}\""))?,
        ),
        ("never_released", claim.never_released(prover)?),
        ("parents_file", {
            let parent = "context.facts.about == About::\"parent\"";
            claim.never_more(prover, "YouthView", "agrees", "not_heard", parent)?
        }),
        ("own_purposes", claim.own_purposes(prover)?),
        ("proposed_statute", claim.proposed_statute(prover)?),
    ];
    let broken = held.into_iter().filter(|(_, holds)| !holds);
    Ok(broken.map(|(id, _)| id.to_owned()).collect())
}

/// What is claimed of one export.
struct Claim {
    taken: Taken,
    pack: Pack,
    export: Cedar,
}

impl Claim {
    /// Nothing is open where a condition holds.
    fn opens_nothing_of(&self, prover: &mut Prover, condition: &str) -> Result<bool> {
        let set = self.taken.with(&[&only(condition)])?;
        prover.denies(&self.taken.schema, &set, "consider")
    }

    /// No path to tier 4 at a holder with a duty of secrecy but by a ground that lifts it, or by
    /// consent given: without the permits that rest on such a ground nothing is open there.
    fn secrecy_ground(&self, prover: &mut Prover) -> Result<bool> {
        let lifts = |ground: &GroundEntry| {
            ground.kinds.iter().any(|kind| [GroundKind::Duty, GroundKind::Right].contains(kind))
        };
        let mut set = PolicySet::new();
        let policies = self.taken.with(&[&only(&format!(
            "{} && context.facts.secrecy_consent != SecrecyConsent::\"given\" && {}",
            self.at(|kind| kind.secrecy, "target_kind", "TargetKind"),
            "[Tier::\"T4\", Tier::\"T5\"].contains(context.tier)",
        ))])?;
        for policy in policies.policies() {
            if policy.effect() == Effect::Forbid || !self.rests_on(policy, lifts) {
                set.add(policy.clone())?;
            }
        }
        prover.denies(&self.taken.schema, &set, "consider")
    }

    /// What is open with one value of a column is open with another one, where a condition holds:
    /// the policies allow no more than they do with both values swapped.
    fn never_more(
        &self,
        prover: &mut Prover,
        ty: &str,
        value: &str,
        than: &str,
        condition: &str,
    ) -> Result<bool> {
        let [value, than] = [value, than].map(|value| format!("{ty}::\"{value}\""));
        let column = match ty {
            "YouthView" => "youth_view",
            _ => "secrecy_consent",
        };
        let policies = self.export.policies.replace(&value, "\u{0}").replace(&than, &value);
        let policies = policies.replace('\u{0}', &than);
        let swapped = Taken::of(&Cedar { schema: self.export.schema.clone(), policies })?;
        let is_value = format!("context.facts.{column} == {value} && {condition}");
        let set = self.taken.with(&[&only(&is_value)])?;
        let mut holds = true;
        for action in ACTIONS {
            let sets = [&set, &swapped.policies];
            holds = holds && prover.implies(&self.taken.schema, sets, action)?;
        }
        Ok(holds)
    }

    /// What the catalogue marks so is never open, and where somebody is never of a shielded person.
    fn never_released(&self, prover: &mut Prover) -> Result<bool> {
        let categories = self.pack.catalogue().categories();
        let never = categories.iter().filter(|category| !category.released);
        let never = list("Category", never.map(|category| category.id.as_str()));
        let places = categories.iter().filter(|it| it.flags.iter().any(|flag| flag == "location"));
        let places = list("Category", places.map(|category| category.id.as_str()));
        let shielded = "context.facts.subject_shielded == SubjectShielded::\"yes\"";
        let condition =
            format!("{never}.contains(resource) || ({places}.contains(resource) && {shielded})");
        self.opens_nothing_of(prover, &condition)
    }

    /// Who investigates gets nothing of tier 3 of care or school for a purpose of its own.
    fn own_purposes(&self, prover: &mut Prover) -> Result<bool> {
        let purposes = self.pack.catalogue().purposes().iter().filter(|it| !it.with_justice);
        let purposes = list("Purpose", purposes.map(|purpose| purpose.id.as_str()));
        let condition = [
            self.at(|kind| kind.investigates, "requester_kind", "RequesterKind"),
            self.at(|kind| kind.care || kind.school, "target_kind", "TargetKind"),
            format!("{purposes}.contains(context.facts.purpose)"),
            "[Tier::\"T3\", Tier::\"T4\", Tier::\"T5\"].contains(context.tier)".to_owned(),
        ];
        self.opens_nothing_of(prover, &condition.join(" && "))
    }

    /// The permits that rest on a bill open nothing, whatever is refused besides.
    fn proposed_statute(&self, prover: &mut Prover) -> Result<bool> {
        let bill = |ground: &GroundEntry| ground.status != Status::InForce;
        let permits = self.taken.policies.policies();
        let permits = permits.filter(|policy| policy.effect() == Effect::Permit);
        let permits = permits.filter(|policy| self.rests_on(policy, bill)).cloned();
        let set = PolicySet::from_policies(permits)?;
        prover.denies(&self.taken.schema, &set, "consider")
    }

    fn rests_on(&self, policy: &cedar_policy::Policy, is: impl Fn(&GroundEntry) -> bool) -> bool {
        let legal = policy.annotation("legal").unwrap_or_default();
        let mut grounds = self.pack.catalogue().grounds().iter();
        grounds.any(|ground| legal.split(' ').any(|id| id == ground.id.as_str()) && is(ground))
    }

    /// A column of kinds of party has one of which something holds.
    fn at(
        &self,
        is: impl Fn(&grondslag_policy::catalogue::KindEntry) -> bool,
        column: &str,
        ty: &str,
    ) -> String {
        let kinds = self.pack.catalogue().kinds().iter().filter(|kind| is(kind));
        format!("{}.contains(context.facts.{column})", list(ty, kinds.map(|kind| kind.id.as_str())))
    }
}

/// Leaves everything out but where a condition holds.
fn only(condition: &str) -> String {
    format!("forbid (principal, action, resource) unless {{ {condition} }};")
}

fn list<'a>(ty: &str, ids: impl Iterator<Item = &'a str>) -> String {
    let ids: Vec<String> = ids.map(|id| format!("{ty}::\"{id}\"")).collect();
    format!("[{}]", ids.join(", "))
}

/// Drafts, each with the invariant that it breaks by the table and the one that it breaks by proof.
fn drafts() -> Vec<(Option<&'static str>, Option<&'static str>, Draft)> {
    let own = Draft::builtin;
    let asks_address = || own().with("R27.1", |row| when(row, "category", &["G02"]));
    let on_withdrawn =
        || own().with("R33.1", |row| when(row, "secrecy_consent", &["given", "withdrawn"]));
    let broken = |id: &'static str, draft| (Some(id), Some(id), draft);
    vec![
        (None, None, own()),
        (None, None, asks_address()),
        broken(
            "secrecy_ground",
            own().with("R28.1", |row| {
                when(row, "target_kind", &["sch", "ha"]);
            }),
        ),
        // Both consents end in review, by R33.2; the table looks at R33.1 alone, to be safe.
        (Some("withdrawn_consent"), None, on_withdrawn()),
        broken(
            "withdrawn_consent",
            on_withdrawn().with("R33.2", |row| {
                when(
                    row,
                    "secrecy_consent",
                    &["not_needed", "none", "partial", "refused", "expired"],
                );
            }),
        ),
        broken(
            "new_category",
            own().with("R27.1", |row| {
                row["when"].as_table_mut().unwrap().remove("category");
            }),
        ),
        broken("never_released", asks_address().with("R02.2", |row| put(row, "outcome", "hold"))),
        broken("parents_file", own().with("R08.1", |row| when(row, "youth_view", &["agrees"]))),
        broken("own_purposes", own().with("R30.1", |row| when(row, "purpose", &["D04"]))),
        broken(
            "proposed_statute",
            own().with("R27.1", |row| {
                row["legal"].as_array_mut().unwrap().push("wams-gegevens".into());
            }),
        ),
    ]
}

#[test]
fn the_solver_finds_the_same_invariants_broken_as_the_table() -> Result<()> {
    Prover::with(|prover| {
        let named = |id: Option<&str>| id.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        for (by_table, by_proof, draft) in drafts() {
            assert_eq!(broken_by_table(&draft)?, named(by_table));
            assert_eq!(broken_by_proof(prover, &draft)?, named(by_proof), "{by_table:?}");
        }
        Ok(())
    })
}
