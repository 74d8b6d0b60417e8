//! Following what is published, from the node's start to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use grondslag_core::reason::Reason;
use grondslag_policy::limits::ENCODED_BYTES_MAX;
use grondslag_policy::publish::{Arrival, Publication, Refused};
use grondslag_proto::reply::reason;
use grondslag_runtime::rules::Rules;
use grondslag_runtime::shutdown::Shutdown;

use super::{OfficeLink, Publications};
use crate::agency::Agency;
use crate::limits::{RULES_INTERVAL_MS, WATCH_PAUSE_MS};

/// Follows what is published, until the end. What cannot be taken is tried again: the program may
/// be a newer one by then, or the broker an honest one.
pub(crate) async fn follow(rules: Arc<Rules>, link: Arc<dyn OfficeLink>, end: Shutdown) {
    let mut pause = *WATCH_PAUSE_MS.start();
    let mut failing = None;
    loop {
        let followed = tokio::select! {
            () = end.requested() => return,
            followed = follow_once(&rules, link.as_ref()) => followed,
        };
        match followed {
            // Said once, not at every try.
            Err(refused) if failing.as_ref() != Some(&refused) => {
                tracing::warn!(reason = refused.reason.code(), "published rules are not followed");
                pause = pause.saturating_mul(2).min(*WATCH_PAUSE_MS.end());
                failing = Some(refused);
            }
            Err(_) => pause = pause.saturating_mul(2).min(*WATCH_PAUSE_MS.end()),
            Ok(()) => (pause, failing) = (*WATCH_PAUSE_MS.start(), None),
        }
        tokio::select! {
            () = end.requested() => return,
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
    }
}

/// Records which rules are in force soon after they are, also when nobody asks anything.
pub(crate) async fn settle(agency: Arc<Agency>, end: Shutdown) {
    let mut failing = None;
    loop {
        let settled = agency.settle_rules().await;
        if let Err(reason) = settled
            && failing != Some(reason)
        {
            tracing::error!(%reason, "the rules in force are not applied here");
        }
        failing = settled.err();
        tokio::select! {
            () = end.requested() => return,
            () = tokio::time::sleep(Duration::from_millis(RULES_INTERVAL_MS)) => {}
        }
    }
}

/// Takes what one stream brings, to its end.
///
/// # Errors
/// Why it ended before its time.
pub(super) async fn follow_once(rules: &Rules, link: &dyn OfficeLink) -> Result<(), Refused> {
    let after = *rules.newest().borrow();
    let mut pieces = link.watch_publications(after).await?;
    while let Some(told) = whole(&mut pieces).await? {
        match told {
            Told::First(bytes) => {
                let files: BTreeMap<String, String> =
                    serde_json::from_slice(&bytes).map_err(|_| Reason::Malformed)?;
                rules.offer_first(files);
            }
            Told::Published(bytes) => {
                rules.take(Publication::decode(&bytes)?, Arrival::PassedOn).await?;
            }
            Told::Lacks(has) => return bring_back(rules, link, has).await,
        }
    }
    Ok(())
}

/// Brings an office that was restored what it lost: every party of the region has it anyway.
async fn bring_back(rules: &Rules, link: &dyn OfficeLink, has: u64) -> Result<(), Refused> {
    let newest = *rules.newest().borrow();
    if newest <= has {
        return Err(Reason::Malformed.into());
    }
    for number in has.saturating_add(1)..=newest {
        let publication = rules.publication(number).await?.ok_or(Reason::StoreCorrupt)?;
        let outcome = link.propose(publication.encode()?).await?;
        if let Some(refusal) = &outcome.refusal {
            return Err(reason(&refusal.reason).into());
        }
        // Whoever says so without taking them would be brought them for ever.
        if outcome.published != number {
            return Err(Reason::Malformed.into());
        }
        tracing::warn!(number, "the office had lost published rules and has them back");
    }
    Ok(())
}

/// What the office says.
enum Told {
    /// The files that the region began with.
    First(Vec<u8>),
    /// A publication.
    Published(Vec<u8>),
    /// It has no more than up to this number, and this node has.
    Lacks(u64),
}

/// The next thing that the office says, put together.
async fn whole(pieces: &mut Publications) -> Result<Option<Told>, Reason> {
    let (mut number, mut bytes) = (None, Vec::new());
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        if piece.lacks && bytes.is_empty() {
            return Ok(Some(Told::Lacks(piece.number)));
        }
        if *number.get_or_insert(piece.number) != piece.number {
            return Err(Reason::Malformed);
        }
        bytes.extend(piece.piece);
        if bytes.len() > ENCODED_BYTES_MAX {
            return Err(Reason::TooLarge);
        }
        if piece.last {
            let told = if piece.number == 0 { Told::First } else { Told::Published };
            return Ok(Some(told(bytes)));
        }
    }
    // A stream may end between two of them, and not within one.
    if bytes.is_empty() { Ok(None) } else { Err(Reason::DeadlinePassed) }
}
