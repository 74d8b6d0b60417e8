//! What a node does by itself, from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use grondslag_core::clock::Timestamp;
use grondslag_evidence::store::Store;
use grondslag_runtime::run::{Context, StartError};
use grondslag_runtime::shutdown::Shutdown;
use tokio::time::{Instant, MissedTickBehavior};

use super::{refused, seal_key};
use crate::agency::Agency;
use crate::answers::inbox::climb;
use crate::answers::replay::forget_expired;
use crate::answers::slots;
use crate::asks::budget::forget_old;
use crate::asks::canary::pause;
use crate::asks::draft::forget_ended;
use crate::asks::follow::forget_followed;
use crate::asks::received::forget_marks;
use crate::consent::{again, caught_up};
use crate::directory::OwnCard;
use crate::dossier;
use crate::follow_ups;
use crate::glass;
use crate::handover;
use crate::limits::{
    CLIMB_PAUSE_MS, DOSSIER_INTERVAL_MS, EXPIRE_INTERVAL_MS, FOLLOW_UP_INTERVAL_MS,
    INDEX_INTERVAL_MS, SLOT_INTERVAL_MS,
};
use crate::notices::send::send;
use crate::office;
use crate::watch::follow::follow;

/// Starts what a node does by itself: directory, epoch and index, reply slots, questions about
/// made-up subjects, and forgetting what has ended.
pub(super) async fn tend(
    context: &Context,
    agency: &Arc<Agency>,
    own: OwnCard,
) -> Result<(), StartError> {
    let directory = agency.directory.clone();
    let prepared = directory.prepare(&own).await;
    prepared.map_err(|reason| refused(reason, "the node's own card"))?;
    let link = agency.broker_link.clone();
    let seals = agency.clone();
    let seal_key = move || seal_key(&seals);
    context.tasks.spawn(directory.tend(own, seal_key, link, context.shutdown.clone()))?;
    context.tasks.spawn(follow_epochs(Arc::clone(agency), context.shutdown.clone()))?;
    context.tasks.spawn(fill_slots(Arc::clone(agency), context.shutdown.clone()))?;
    context.tasks.spawn(follow_heads(Arc::clone(agency), context.shutdown.clone()))?;
    context.tasks.spawn(bring_follow_ups(Arc::clone(agency), context.shutdown.clone()))?;
    context.tasks.spawn(read_acceptances(Arc::clone(agency), context.shutdown.clone()))?;
    let (rules, office) = (Arc::clone(&agency.rules), Arc::clone(&agency.office_link));
    context.tasks.spawn(office::follow::follow(rules, office, context.shutdown.clone()))?;
    context.tasks.spawn(office::follow::settle(Arc::clone(agency), context.shutdown.clone()))?;
    context.tasks.spawn(caught_up::follow(Arc::clone(agency), context.shutdown.clone()))?;
    context.tasks.spawn(send(Arc::clone(agency), context.shutdown.clone()))?;
    if let Some(mean) = agency.budget.canary_pause() {
        let agency = Arc::clone(agency);
        context.tasks.spawn(ask_canaries(agency, mean, context.shutdown.clone()))?;
    }
    let files = Arc::clone(agency);
    context.every(Duration::from_millis(DOSSIER_INTERVAL_MS), move || {
        let agency = Arc::clone(&files);
        async move {
            if let Err(reason) = dossier::fetch_over(&agency).await {
                tracing::warn!(%reason, "what came of an escalation was not fetched");
            }
        }
    })?;
    let agency = Arc::clone(agency);
    context.every(Duration::from_millis(EXPIRE_INTERVAL_MS), move || {
        let agency = Arc::clone(&agency);
        async move {
            forget(agency.store.as_ref(), agency.clock.now()).await;
            if let Err(reason) = glass::suspend(&agency).await {
                tracing::error!(%reason, "a use of break glass that was not reviewed was not told");
            }
            forget_records(&agency).await;
            if let Err(reason) = again::count_daily(&agency).await {
                tracing::warn!(%reason, "consents to be asked for again were not counted");
            }
        }
    })?;
    Ok(())
}

/// Follows the epoch and keeps the index up to now, until the end. While the broker does not answer
/// it is tried again; this node then says `NOT_READY` once its index is too old.
async fn follow_epochs(agency: Arc<Agency>, end: Shutdown) {
    let mut failing = None;
    loop {
        // What is known of the epoch holds also when it cannot be read anew.
        let read = agency.refresh_epoch_if_due().await;
        let known = agency.index.tend(false).await.and(read);
        // Said once, not at every look.
        if let Err(reason) = known
            && failing != Some(reason)
        {
            tracing::warn!(%reason, "the index is not up to now");
        }
        failing = known.err();
        tokio::select! {
            () = end.requested() => return,
            () = tokio::time::sleep(Duration::from_millis(INDEX_INTERVAL_MS)) => {}
        }
    }
}

/// Follows the broker's ledger, until the end. A head under a key that is not known may be due to
/// a card that is newer than ours.
async fn follow_heads(agency: Arc<Agency>, end: Shutdown) {
    let (watching, link) = (Arc::clone(&agency.watching), Arc::clone(&agency.heads_link));
    let renew = move || {
        let agency = Arc::clone(&agency);
        async move {
            agency.directory.refresh_for_question(agency.broker_link.as_ref()).await;
        }
    };
    follow(watching, link, renew, end).await;
}

/// Fills reply slots and lets climb what waits for a person, until the end, one after the other:
/// both write the same rows. What the broker does not take yet waits. The turns are apart by the
/// clock, however long one took. Between two of them it is looked once more what climbs, unless the
/// one took so long that the next would be late for it: only of who is known does anything climb.
async fn fill_slots(agency: Arc<Agency>, end: Shutdown) {
    let mut loaded = false;
    let mut turns = tokio::time::interval(Duration::from_millis(SLOT_INTERVAL_MS));
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let began = tokio::select! {
            () = end.requested() => return,
            began = turns.tick() => began,
        };
        fill(&agency).await;
        if !loaded {
            loaded = load_climbs(&agency).await;
        }
        let_climb(&agency).await;
        let again = began + Duration::from_millis(CLIMB_PAUSE_MS);
        if Instant::now() >= again {
            continue;
        }
        tokio::select! {
            () = end.requested() => return,
            () = tokio::time::sleep_until(again) => {}
        }
        let_climb(&agency).await;
    }
}

async fn let_climb(agency: &Agency) {
    if let Err(reason) = climb(agency).await {
        tracing::warn!(%reason, "a question that waits did not climb");
    }
}

/// A node that stopped says nothing more; what is due waits.
async fn fill(agency: &Agency) {
    if agency.watching.fork().is_none()
        && let Err(reason) = slots::tend(agency).await
    {
        tracing::debug!(%reason, "later replies wait");
    }
}

/// Brings what was added to own questions until it has come, until the end.
async fn bring_follow_ups(agency: Arc<Agency>, end: Shutdown) {
    loop {
        tokio::select! {
            () = end.requested() => return,
            () = tokio::time::sleep(Duration::from_millis(FOLLOW_UP_INTERVAL_MS)) => {}
        }
        if let Err(reason) = follow_ups::send::tend(&agency).await {
            tracing::warn!(%reason, "what was added to questions was not brought");
        }
    }
}

/// Reads what others accepted, until the end: at its interval, and when anything was added,
/// whomever it is about.
async fn read_acceptances(agency: Arc<Agency>, end: Shutdown) {
    loop {
        tokio::select! {
            () = end.requested() => return,
            () = agency.follow_up_came.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(FOLLOW_UP_INTERVAL_MS)) => {}
        }
        if agency.watching.fork().is_none()
            && let Err(reason) = handover::outgoing::tend(&agency).await
        {
            tracing::warn!(%reason, "what was accepted was not read");
        }
    }
}

/// Takes up when questions that wait climb; false when that is to be tried again.
async fn load_climbs(agency: &Agency) -> bool {
    match agency.climbing.load(agency).await {
        Ok(0) => true,
        Ok(damaged) => {
            tracing::error!(damaged, "questions that wait cannot be read");
            true
        }
        Err(reason) => {
            tracing::error!(%reason, "questions that wait were not read");
            false
        }
    }
}

/// Asks about made-up subjects, until the end.
async fn ask_canaries(agency: Arc<Agency>, mean: Duration, end: Shutdown) {
    loop {
        let pause = pause(mean).unwrap_or(mean);
        tokio::select! {
            () = end.requested() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if let Err(reason) = agency.test_mapping().await {
            tracing::warn!(%reason, "a question about a made-up subject was not asked");
        }
    }
}

/// Forgets replies, drafts and counts whose term has passed; none waits for the other.
async fn forget(store: &dyn Store, now: Timestamp) {
    let mut replies = Ok(1);
    while matches!(replies, Ok(1..)) {
        replies = forget_expired(store, now).await;
    }
    if let Err(error) = replies {
        tracing::warn!(reason = %error.reason(), "expired replies were not forgotten");
    }
    if let Err(error) = forget_ended(store, now).await {
        tracing::warn!(reason = %error.reason(), "drafts that ended were not forgotten");
    }
    if let Err(reason) = forget_followed(store, now).await {
        tracing::warn!(%reason, "questions whose term ended were not forgotten");
    }
    if let Err(reason) = forget_marks(store, now).await {
        tracing::warn!(%reason, "which replies were recorded was not forgotten");
    }
    if let Err(reason) = forget_old(store, now).await {
        tracing::warn!(%reason, "old counts of questions were not forgotten");
    }
}

/// The daily round: records whose retention term ended.
async fn forget_records(agency: &Agency) {
    match agency.forget().await {
        Ok(Some(round)) if round.count() > 0 => {
            tracing::info!(
                count = round.count(),
                "records were forgotten at the end of their term"
            );
        }
        Ok(_) => {}
        Err(reason) => {
            tracing::error!(%reason, "records were not forgotten at the end of their term");
        }
    }
}
