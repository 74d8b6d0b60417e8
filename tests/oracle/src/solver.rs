//! cvc5, asked by way of Cedar's symbolic compiler.

use std::env::{current_exe, var_os};
use std::io::{Write as _, stderr};
use std::panic::resume_unwind;
use std::process::{Command, Output};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use cedar_policy::{Authorizer, Decision, Policy, PolicyId, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env};
use tokio::runtime::{Builder, Runtime};

use crate::engine::{ACTIONS, Taken};

/// Set to `required` where a missing solver is a failure.
const REQUIRED: &str = "GRONDSLAG_CVC5";
/// A test that needs it.
const A_PROOF: &str = "proofs::an_export_that_differs_in_one_place_is_caught_by_the_proof";
/// For one question; a solver that gives up is a failure, never a verdict.
const TERM: &str = "--tlimit-per=120000";
/// The compiler descends into one term of all policies.
const STACK_BYTES: usize = 1 << 30;

/// Proves what holds of policies for every request.
pub(crate) struct Prover {
    runtime: Runtime,
    compiler: CedarSymCompiler<LocalSolver>,
}

impl Prover {
    /// Proves something; nothing is where the solver is not installed and need not be.
    pub(crate) fn with(prove: impl FnOnce(&mut Self) -> Result<()> + Send + 'static) -> Result<()> {
        let work = move || Self::start().map_or(Ok(()), |mut prover| prove(&mut prover));
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(work)?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn start() -> Option<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let started = runtime.block_on(async { LocalSolver::cvc5_with_args([TERM]) });
        match started {
            Ok(solver) => {
                let compiler = CedarSymCompiler::new(solver).unwrap();
                Some(Self { runtime, compiler })
            }
            Err(error) => {
                let required = var_os(REQUIRED).is_some_and(|value| value == "required");
                assert!(!required, "cvc5 is required and does not start: {error}");
                writeln!(stderr(), "skipped: this proof needs cvc5 ({error})").unwrap();
                None
            }
        }
    }

    /// Whatever `one` allows of an action, `other` allows.
    pub(crate) fn implies(
        &mut self,
        schema: &Schema,
        [one, other]: [&PolicySet; 2],
        action: &str,
    ) -> Result<bool> {
        let env = request_env(schema, action)?;
        let compiled = CompiledPolicySet::compile(one, &env, schema)?;
        let held = CompiledPolicySet::compile(other, &env, schema)?;
        let found = self.compiler.check_implies_with_counterexample_opt(&compiled, &held);
        let found = self.runtime.block_on(found)?;
        replayed(found.as_ref(), &[(one, Decision::Allow), (other, Decision::Deny)])
    }

    /// Both allow the same of both actions.
    pub(crate) fn equivalent(&mut self, schema: &Schema, sets: [&PolicySet; 2]) -> Result<bool> {
        for action in ACTIONS {
            let env = request_env(schema, action)?;
            let one = CompiledPolicySet::compile(sets[0], &env, schema)?;
            let other = CompiledPolicySet::compile(sets[1], &env, schema)?;
            let check = self.compiler.check_equivalent_opt(&one, &other);
            if !self.runtime.block_on(check)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// They allow nothing of an action.
    pub(crate) fn denies(
        &mut self,
        schema: &Schema,
        set: &PolicySet,
        action: &str,
    ) -> Result<bool> {
        let env = request_env(schema, action)?;
        let compiled = CompiledPolicySet::compile(set, &env, schema)?;
        let found = self.compiler.check_always_denies_with_counterexample_opt(&compiled);
        let found = self.runtime.block_on(found)?;
        replayed(found.as_ref(), &[(set, Decision::Allow)])
    }

    /// Of each policy: whether it can err, and whether it can fire where none of `besides` does.
    pub(crate) fn lint(&mut self, taken: &Taken, besides: &[Policy]) -> Result<Vec<Linted>> {
        let mut found = Vec::new();
        for policy in taken.policies.policies() {
            let mut linted = Linted { id: policy.id().to_string(), errs: false, fires: false };
            let alone = PolicySet::from_policies(besides.iter().cloned().chain([permit(policy)?]))?;
            for action in ACTIONS {
                let env = request_env(&taken.schema, action)?;
                let compiled = CompiledPolicy::compile(policy, &env, &taken.schema)?;
                let sure = self.compiler.check_never_errors_opt(&compiled);
                linted.errs |= !self.runtime.block_on(sure)?;
                if !linted.fires {
                    let alone = CompiledPolicySet::compile(&alone, &env, &taken.schema)?;
                    let idle = self.compiler.check_always_denies_opt(&alone);
                    linted.fires = !self.runtime.block_on(idle)?;
                }
            }
            found.push(linted);
        }
        Ok(found)
    }
}

/// The policy with the effect of a permit, under another name.
fn permit(policy: &Policy) -> Result<Policy> {
    let mut json = policy.to_json()?;
    *json.get_mut("effect").context("a policy without effect")? = "permit".into();
    Ok(Policy::from_json(Some(PolicyId::new("as a permit")), json)?)
}

/// What is proved of one policy.
#[derive(Debug)]
pub(crate) struct Linted {
    pub(crate) id: String,
    pub(crate) errs: bool,
    pub(crate) fires: bool,
}

/// True where nothing was found; what was found must be so when it is asked of Cedar.
fn replayed(found: Option<&Env>, expected: &[(&PolicySet, Decision)]) -> Result<bool> {
    let Some(found) = found else { return Ok(true) };
    for (set, decision) in expected {
        let said = Authorizer::new().is_authorized(&found.request, set, &found.entities);
        ensure!(said.decision() == *decision, "the solver's answer is none: {}", found.request);
    }
    Ok(false)
}

fn request_env(schema: &Schema, action: &str) -> Result<RequestEnv> {
    let mut envs = schema.request_envs();
    let found = envs.find(|env| env.action().id().unescaped() == action);
    found.with_context(|| format!("no action {action}"))
}

/// Runs a proof of this crate as on a machine without the solver.
fn without_solver(required: &str) -> Result<Output> {
    let mut run = Command::new(current_exe()?);
    let run = run.args(["--exact", A_PROOF]);
    Ok(run.env("CVC5", "/no/such/solver").env(REQUIRED, required).output()?)
}

#[test]
fn without_the_solver_a_proof_is_skipped_or_fails_where_it_is_required() -> Result<()> {
    let skipped = without_solver("")?;
    let said = String::from_utf8(skipped.stderr)?;
    assert!(skipped.status.success() && said.contains("skipped"), "{said}");
    assert!(!without_solver("required")?.status.success());
    Ok(())
}
