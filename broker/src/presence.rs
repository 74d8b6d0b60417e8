//! When this broker ran: what nodes could not bring meanwhile is nobody's silence.
//!
//! `ga/` holds the last moment at which it ran and the gaps before; it is written every minute. A
//! gap is found by the clock alone, so that a machine that slept, a restore and a clock that was
//! set forward are gaps as a restart is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use grondslag_core::clock::Timestamp;
use grondslag_core::limits::SLOT_GRACE_MS;
use grondslag_core::reason::Reason;
use grondslag_core::slot::slots_between;
use grondslag_core::tier::Urgency;
use grondslag_evidence::store::{Batch, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::limits::{GAP_MS, GAPS_MAX};

const KEY: &[u8] = b"ga/";

/// When it ran.
#[derive(Debug)]
pub(crate) struct Presence(Mutex<Ran>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ran {
    /// When it last ran.
    last: Timestamp,
    /// In order.
    gaps: Vec<Gap>,
}

/// It did not run between these moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Gap {
    from: Timestamp,
    to: Timestamp,
}

impl Presence {
    /// What the store keeps; where that cannot be read it knows of no time before now.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn open(store: &dyn Store, now: Timestamp) -> Result<Self, Reason> {
        let kept = store.get(KEY).await.map_err(StoreError::reason)?;
        let ran = kept.and_then(|kept| {
            let read = serde_json::from_slice(&kept);
            read.inspect_err(|_| tracing::error!("when the broker ran cannot be read")).ok()
        });
        let first = Gap { from: Timestamp::from_ms(0), to: now };
        let presence = Self(Mutex::new(ran.unwrap_or(Ran { last: now, gaps: vec![first] })));
        presence.runs(now);
        Ok(presence)
    }

    /// It runs at this moment: a gap before it is found. That it ran meanwhile is noted by
    /// [`keep`](Self::keep) alone, so that a broker that can write nothing counts as away.
    pub(crate) fn runs(&self, now: Timestamp) {
        self.ran().runs(now);
    }

    /// Keeps that it runs at this moment.
    ///
    /// # Errors
    /// Those of the store: it is then as if it had not run.
    pub(crate) async fn keep(&self, store: &dyn Store, now: Timestamp) -> Result<(), Reason> {
        let mut ran = self.ran().clone();
        ran.runs(now);
        ran.last = ran.last.max(now);
        let json = serde_json::to_vec(&ran).map_err(|_| Reason::Internal)?;
        store.commit(Batch::new().put(KEY, json)).await.map_err(StoreError::reason)?;
        *self.ran() = ran;
        Ok(())
    }

    /// How many slots of a question lie after a moment and up to another, but for those at which
    /// it did not run, and for a while before and after.
    pub(crate) fn slots(
        &self,
        after: Timestamp,
        until: Timestamp,
        urgency: Urgency,
        answer_by: Timestamp,
    ) -> u32 {
        let (mut count, mut from) = (0_u32, after);
        for gap in &self.ran().gaps {
            let before = gap.begins().min(until);
            count = count.saturating_add(slots_between(from, before, urgency, answer_by));
            from = from.max(gap.ends());
        }
        count.saturating_add(slots_between(from, until, urgency, answer_by))
    }

    /// Whether it ran all the time from one moment to another, both past.
    pub(crate) fn ran_through(&self, from: Timestamp, to: Timestamp) -> bool {
        !self.ran().gaps.iter().any(|gap| gap.begins() < to && from <= gap.ends())
    }

    fn ran(&self) -> MutexGuard<'_, Ran> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ran {
    fn runs(&mut self, now: Timestamp) {
        if self.last.since_ms(now) > GAP_MS {
            // The clock was set back: of what it said before, nothing after now has been yet.
            tracing::warn!("the clock was set back by more than a minute");
            self.gaps.retain(|gap| gap.from < now);
            self.gaps.iter_mut().for_each(|gap| gap.to = gap.to.min(now));
            self.last = now;
        }
        if now.since_ms(self.last) > GAP_MS {
            self.gaps.push(Gap { from: self.last, to: now });
            self.last = now;
        }
        // The oldest two become one: whoever is not seen is not blamed.
        if let [oldest, next, ..] = self.gaps.as_slice()
            && self.gaps.len() > GAPS_MAX
        {
            let both = Gap { from: oldest.from, to: next.to };
            self.gaps.splice(0..2, [both]);
        }
    }
}

impl Gap {
    /// What was due then could not be brought in time any more.
    fn begins(self) -> Timestamp {
        self.from.plus_ms(-SLOT_GRACE_MS)
    }

    /// By then a node is back at its broker.
    fn ends(self) -> Timestamp {
        self.to.plus_ms(SLOT_GRACE_MS)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use grondslag_evidence::store::MemoryStore;
    use grondslag_evidence::store::faulty::{Fault, FaultyStore};

    use super::*;

    const MINUTE_MS: i64 = 60_000;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::parse("2026-06-15T10:00").unwrap().plus_ms(minutes * MINUTE_MS)
    }

    async fn run(presence: &Presence, store: &dyn Store, from: i64, to: i64) {
        for minute in from..=to {
            presence.keep(store, at(minute)).await.unwrap();
        }
    }

    /// Slots every five minutes.
    fn acute(presence: &Presence, from: i64, to: i64) -> u32 {
        presence.slots(at(from), at(to), Urgency::Acute, at(1_000))
    }

    #[tokio::test]
    async fn what_is_due_while_it_does_not_run_and_shortly_before_and_after_does_not_count() {
        let store = MemoryStore::default();
        let presence = Presence::open(&store, at(0)).await.unwrap();
        assert_eq!(acute(&presence, -60, 0), 0, "nothing is known of before");
        run(&presence, &store, 0, 60).await;
        assert_eq!(acute(&presence, 0, 60), 12);
        drop(presence);

        // It is killed at 11:00 and is back at 11:29; a restart alone leaves no gap.
        let presence = Presence::open(&store, at(61)).await.unwrap();
        assert_eq!(acute(&presence, 0, 60), 12);
        let presence = Presence::open(&store, at(89)).await.unwrap();
        run(&presence, &store, 89, 120).await;
        // 10:05 to 10:55, and 11:35 to 12:00: 11:00 and 11:30 are too near.
        assert_eq!(acute(&presence, 0, 120), 11 + 6);
        assert_eq!(acute(&presence, 70, 80), 0);
        for (from, to, here) in
            [(40, 57, true), (40, 60, false), (70, 75, false), (90, 110, false), (95, 110, true)]
        {
            assert_eq!(presence.ran_through(at(from), at(to)), here, "{from} to {to}");
        }
    }

    #[tokio::test]
    async fn a_machine_that_slept_and_a_clock_that_jumps_are_gaps_as_well() {
        let store = MemoryStore::default();
        let presence = Presence::open(&store, at(0)).await.unwrap();
        run(&presence, &store, 0, 30).await;
        run(&presence, &store, 60, 90).await;
        assert_eq!(acute(&presence, 0, 90), 5 + 6);
        // It stood at the wrong year for a while: what comes then is seen again once it is right.
        run(&presence, &store, 500_000, 500_001).await;
        run(&presence, &store, 91, 120).await;
        assert_eq!(acute(&presence, 0, 120), 5 + 5 + 6);
    }

    /// What it cannot write down it did not see.
    #[tokio::test]
    async fn a_broker_that_cannot_write_counts_as_away() {
        let store = FaultyStore::new(Arc::new(MemoryStore::default()));
        let presence = Presence::open(&store, at(0)).await.unwrap();
        run(&presence, &store, 0, 30).await;
        for minute in 31..60 {
            store.fail_commit(1, Fault::Lost);
            presence.keep(&store, at(minute)).await.unwrap_err();
            presence.runs(at(minute));
        }
        run(&presence, &store, 60, 90).await;
        assert!(acute(&presence, 0, 90) <= 5 + 6);
        assert!(!presence.ran_through(at(35), at(55)));
    }

    #[tokio::test]
    async fn gaps_are_bounded_and_what_is_damaged_blames_nobody() {
        let store = MemoryStore::default();
        let presence = Presence::open(&store, at(0)).await.unwrap();
        let jumps = i64::try_from(GAPS_MAX).unwrap() * 2;
        (0..jumps).for_each(|number| presence.runs(at(number * 60)));
        assert_eq!(presence.ran().gaps.len(), GAPS_MAX);
        assert_eq!(acute(&presence, 0, jumps * 60), 0);
        presence.keep(&store, at(jumps * 60)).await.unwrap();
        let kept = store.get(KEY).await.unwrap().unwrap();
        assert!(kept.len() < grondslag_evidence::limits::VALUE_BYTES_MAX, "{}", kept.len());

        store.commit(Batch::new().put(KEY, b"?".to_vec())).await.unwrap();
        let presence = Presence::open(&store, at(jumps * 60)).await.unwrap();
        assert_eq!(acute(&presence, 0, jumps * 60), 0);
    }
}
