//! The broker's ledgers, one behind the other when it was restored: what nodes keep of one that
//! was cut short is held against the founding of the next.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use grondslag_core::checkpoint::{Checkpoint, Origin};
use grondslag_core::founding::{Founding, SignedFounding};
use grondslag_core::id::Digest;
use grondslag_core::operators::Operators;
use grondslag_evidence::ledger::Leaves as _;
use grondslag_evidence::ledger::audit::Still;
use grondslag_evidence::limits::SCAN_PAGE_MAX;

use super::party::Party;
use super::words::Wrong;
use crate::exit::Failure;

/// Ledgers by their names in checkpoints.
pub(super) type Logs = BTreeMap<Origin, Log>;

/// A ledger as it was walked.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) is_brokers: bool,
    pub(super) keys: Vec<[u8; 32]>,
    pub(super) size: u64,
    pub(super) roots: BTreeMap<u64, Digest>,
    /// How it was founded, with all that was amended; nothing for the first.
    pub(super) founding: Option<Founding>,
}

/// Takes a ledger that was walked, and says whether it goes with a copy of it that was given too:
/// both have the same roots at every size that both know. The longer one stays.
pub(super) fn take(logs: &mut Logs, origin: Origin, log: Log) -> bool {
    match logs.entry(origin) {
        Entry::Vacant(place) => {
            place.insert(log);
            true
        }
        Entry::Occupied(mut place) => {
            let before = place.get();
            let same = |size, root| before.roots.get(size).is_none_or(|other| other == root);
            let agrees = log.roots.iter().all(|(size, root)| same(size, root));
            if log.size > before.size {
                place.insert(log);
            }
            agrees
        }
    }
}

/// Whether a head of the broker's ledgers holds.
pub(super) fn stands(logs: &Logs, head: &Checkpoint) -> Result<(), Wrong> {
    let log = logs.get(&head.origin).ok_or(Wrong::HeadOfOtherLog)?;
    match log.roots.get(&head.size) {
        Some(root) if *root == head.root => Ok(()),
        Some(_) => Err(Wrong::HeadOtherRoot),
        None => founded(logs, head),
    }
}

/// Beyond what was put back, up to where the next ledger says that this one ended.
fn founded(logs: &Logs, head: &Checkpoint) -> Result<(), Wrong> {
    let next = foundings(logs).find(|one| one.head.checkpoint().origin == head.origin);
    let end = next.ok_or(Wrong::HeadAhead)?.head.checkpoint();
    if head.size > end.size {
        return Err(Wrong::HeadAboveFounding);
    }
    let other = head.size == end.size && head.root != end.root;
    if other { Err(Wrong::HeadOtherRoot) } else { Ok(()) }
}

/// Leaves that the broker no longer has, by the ledger that they were in.
pub(super) fn lost(logs: &Logs) -> impl Iterator<Item = (&Origin, Range<u64>)> {
    foundings(logs).map(|one| (&one.head.checkpoint().origin, one.lost()))
}

/// Whether every ledger before ends where its founding says that it was cut.
pub(super) fn is_cut_right(logs: &Logs) -> bool {
    foundings(logs).all(|one| {
        let before = logs.get(&one.head.checkpoint().origin);
        before.is_some_and(|before| before.size == one.restored)
    })
}

fn foundings(logs: &Logs) -> impl Iterator<Item = &Founding> {
    logs.values().filter_map(|log| log.founding.as_ref())
}

/// How a ledger was founded: its first leaf must say so, and two operators signed that and whatever
/// amends it. Whoever pinned operators must know them: the party itself may have pinned others.
pub(super) async fn founding(
    party: &Party,
    still: &Still,
    number: u64,
    pins: &[&Operators],
) -> Result<Result<Founding, Wrong>, Failure> {
    let (mut from, mut last): (u64, Option<Founding>) = (0, None);
    loop {
        let page = still.read(from, SCAN_PAGE_MAX).await?;
        let Some(end) = page.last() else { break };
        from = end.index.saturating_add(1);
        for record in page.iter().filter(|one| SignedFounding::claims(&one.leaf)) {
            let signed = SignedFounding::parse(&record.leaf).ok();
            let verified = signed.and_then(|one| {
                let region = party.root.fingerprint();
                let held = pins.iter().map(|pins| one.verify(pins, &region).ok());
                held.collect::<Option<Vec<_>>>()?.into_iter().next()
            });
            let Some(verified) = verified else { return Ok(Err(Wrong::NotFounded)) };
            let next = verified.founding();
            let due = last.as_ref().map_or(0, |last| last.amendment.saturating_add(1));
            let first = last.is_some() || record.index == 0;
            if next.number != number || next.amendment != due || !first {
                return Ok(Err(Wrong::NotFounded));
            }
            last = Some(next.clone());
        }
    }
    Ok(last.ok_or(Wrong::NotFounded))
}
