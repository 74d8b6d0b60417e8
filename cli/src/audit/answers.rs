//! Answers that a node got, held against the ledger of the node that gave them: it proved then that
//! each stands there.
//!
//! A node whose folder was given has every log that it answered from. One that was not given is
//! held against nothing but what others were shown.

use std::collections::BTreeSet;

use grondslag_core::checkpoint::Origin;
use grondslag_core::id::Oin;
use grondslag_core::merkle::verify_inclusion;
use grondslag_core::statement;
use grondslag_evidence::generation::of_name;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::ledger::audit::Still;
use grondslag_evidence::store::Store;
use grondslag_node::{LEDGER, Received, received};

use super::keys::Keys;
use super::logs::Logs;
use super::party::Party;
use super::report::Report;
use super::shown::Shown;
use super::words::Wrong;
use crate::any_process::Role;
use crate::exit::Failure;

/// The answers that a party recorded as received, with the ledger that each is recorded in.
pub(super) async fn answers(
    party: &Party,
    ledgers: &[Still],
) -> Result<Vec<(String, Received)>, Failure> {
    recorded(party, ledgers, async |store, still, at| received(store, still, at).await).await
}

/// What a node recorded of its own questions, page by page, with the ledger that each is in. Others
/// ask nothing.
pub(super) async fn recorded<T>(
    party: &Party,
    ledgers: &[Still],
    page: impl AsyncFn(&dyn Store, &Still, u64) -> Result<(Vec<T>, Option<u64>), LedgerError>,
) -> Result<Vec<(String, T)>, Failure> {
    let mut found = Vec::new();
    if party.role != Role::Node {
        return Ok(found);
    }
    let store = party.copied.store().as_ref();
    for still in ledgers.iter().filter(|still| of_name(still.name()).0 == LEDGER) {
        let mut from = Some(0);
        while let Some(at) = from {
            let (some, next) = page(store, still, at).await?;
            found.extend(some.into_iter().map(|one| (still.name().to_owned(), one)));
            from = next;
        }
    }
    Ok(found)
}

/// What answers are held against.
pub(super) struct Held<'a> {
    pub(super) logs: &'a Logs,
    pub(super) keys: &'a Keys,
    /// The nodes whose folders were given.
    pub(super) given: &'a BTreeSet<Oin>,
}

impl Report {
    /// What a node proved must hold, and its ledger of now must hold it still.
    pub(super) fn answer(
        &mut self,
        party: &Party,
        (ledger, answer): &(String, Received),
        held: &Held<'_>,
        shown: &mut Shown,
    ) -> Result<(), Failure> {
        let proof = &answer.proof;
        let origin = party.origin_of_node(&answer.from, proof.log)?;
        let wrong = match held.logs.get(&origin) {
            _ if !holds(answer, &origin, &held.keys.of_log(&origin, &answer.from)) => {
                Some(Wrong::AnswerUnproved)
            }
            None if held.given.contains(&answer.from) => Some(Wrong::AnswerOfOtherLog),
            None if !shown.agrees(&proof.head(origin)) => Some(Wrong::AnswersDiffer),
            // The folder of that node was not given.
            None => {
                self.answers_unchecked = self.answers_unchecked.saturating_add(1);
                return Ok(());
            }
            Some(log) => match log.roots.get(&proof.size) {
                Some(root) if *root == proof.root => None,
                Some(_) => Some(Wrong::AnswerOtherRoot),
                None => Some(Wrong::AnswerAhead),
            },
        };
        match wrong {
            Some(wrong) => self.wrong_leaf(party, ledger, answer.index, wrong),
            None => self.answers = self.answers.saturating_add(1),
        }
        Ok(())
    }
}

/// The node signed a head, and the entry stands in the head's tree. Without a key nothing is held
/// against the signature: that a key is unknown is a finding of its own.
fn holds(answer: &Received, origin: &Origin, keys: &[[u8; 32]]) -> bool {
    let proof = &answer.proof;
    let head = proof.head(origin.clone());
    let text = head.text();
    let signed = |key| statement::verify(key, text.as_bytes(), &proof.signature).is_ok();
    let proved = verify_inclusion(&answer.entry, proof.index, &head.tree(), &proof.path).is_ok();
    proved && (keys.is_empty() || keys.iter().any(signed))
}
