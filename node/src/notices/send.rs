//! Sends what is on its way, each time as a new inquiry in the current epoch, until it came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use grondslag_core::limits::NOTICE_SILENT_MS;
use grondslag_core::reason::Reason;
use grondslag_runtime::shutdown::Shutdown;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::outbox::{self, Place, Waiting, reached};
use crate::agency::Agency;
use crate::asks::notice::{Notice, Put, put};
use crate::limits::{NOTICE_INTERVAL_MS, NOTICE_PAUSE_MS, NOTICES_AT_ONCE_MAX};

/// Sends notices until the end: at once when one was written down, and again while one waits. One
/// that waits for an agency that is away keeps no other.
pub(crate) async fn send(agency: Arc<Agency>, end: Shutdown) {
    let mut sender = Sender::default();
    loop {
        if agency.consents.take_again() {
            sender.tried.0.clear();
        }
        if let Err(reason) = sender.send_due(&agency).await {
            tracing::warn!(%reason, "notices wait");
        }
        tokio::select! {
            () = end.requested() => return,
            () = agency.consents.told() => {}
            () = tokio::time::sleep(Duration::from_millis(NOTICE_INTERVAL_MS)) => {}
            Some(sent) = sender.sending.join_next() => sender.sent(&sent),
        }
    }
}

#[derive(Default)]
struct Sender {
    tried: Tried,
    sending: JoinSet<(Place, Result<(), Reason>)>,
    /// Those that are being sent.
    at_once: BTreeSet<Place>,
}

impl Sender {
    /// Sends what is due, within the bounds: what was never sent goes first, and what was sent in
    /// vain leaves room for it.
    async fn send_due(&mut self, agency: &Arc<Agency>) -> Result<(), Reason> {
        let under_way = outbox::under_way(agency.store.as_ref()).await?;
        self.tried.keep(&under_way);
        let now = Instant::now();
        let is_due = |id: &Place| self.tried.is_due(id, now) && !self.at_once.contains(id);
        let mut due: Vec<_> = under_way.into_iter().filter(|(id, _)| is_due(id)).collect();
        due.sort_by_key(|(id, _)| self.tried.count(id));
        for (id, waiting) in due {
            let (again, all) = NOTICES_AT_ONCE_MAX;
            let most = if self.tried.count(&id) == 0 { all } else { again };
            if self.at_once.len() >= most {
                return Ok(());
            }
            self.tried.note(id, now);
            self.at_once.insert(id);
            let agency = Arc::clone(agency);
            self.sending.spawn(async move { (id, send_one(&agency, &id, waiting).await) });
        }
        Ok(())
    }

    fn sent(&mut self, sent: &Result<(Place, Result<(), Reason>), JoinError>) {
        let Ok((id, sent)) = sent else {
            tracing::error!("the sending of a notice ended in a panic");
            // Which one is not known: those that go on are put once more, and taken once.
            return self.at_once.clear();
        };
        self.at_once.remove(id);
        if let Err(reason) = sent {
            tracing::warn!(%reason, "a notice waits");
        }
    }
}

/// A sender that tries is never taken for one that is silent.
const _: () = assert!(*NOTICE_PAUSE_MS.end() < NOTICE_SILENT_MS.unsigned_abs());

/// How often what is under way was sent, and when it is sent again. After a restart all of it is
/// sent at once.
#[derive(Debug, Default)]
struct Tried(BTreeMap<Place, (u32, Instant)>);

impl Tried {
    fn is_due(&self, id: &Place, now: Instant) -> bool {
        self.0.get(id).is_none_or(|(_, again)| *again <= now)
    }

    fn count(&self, id: &Place) -> u32 {
        self.0.get(id).map_or(0, |(tries, _)| *tries)
    }

    /// It is about to be sent; each time the pause before the next is twice as long.
    fn note(&mut self, id: Place, now: Instant) {
        let (least, most) = (*NOTICE_PAUSE_MS.start(), *NOTICE_PAUSE_MS.end());
        let (tries, again) = self.0.entry(id).or_insert((0, now));
        let pause = least.saturating_mul(1 << (*tries).min(16)).min(most);
        *again = now + Duration::from_millis(pause);
        *tries = tries.saturating_add(1);
    }

    /// Forgets what is not under way any more.
    fn keep(&mut self, under_way: &[(Place, Waiting)]) {
        self.0.retain(|id, _| under_way.iter().any(|(one, _)| one == id));
    }
}

async fn send_one(agency: &Arc<Agency>, id: &Place, waiting: Waiting) -> Result<(), Reason> {
    let notice = Notice {
        digits: waiting.digits.clone(),
        role: waiting.role.clone(),
        staff: (waiting.staff.clone(), waiting.pseudonym),
        to: waiting.to.clone(),
        carries: waiting.carries(agency)?,
    };
    let Put { mut came, not_brought } = put(agency, notice).await?;
    if !waiting.closes() {
        // By rule nobody brings a yes there; what closes is tried until it is brought.
        came.extend(not_brought);
    }
    reached(agency.store.as_ref(), id, &came).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_to_its_bound_and_what_came_is_forgotten() {
        let (mut tried, id, start) = (Tried::default(), [1; 16], Instant::now());
        assert!(tried.is_due(&id, start));
        let mut now = start;
        for pause in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000]
        {
            tried.note(id, now);
            assert!(!tried.is_due(&id, now + Duration::from_millis(pause - 1)), "{pause}");
            now += Duration::from_millis(pause);
            assert!(tried.is_due(&id, now), "{pause}");
        }
        tried.keep(&[]);
        assert!(tried.is_due(&id, start));
    }
}
