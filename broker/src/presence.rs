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

    /// It runs at this moment.
    pub(crate) fn runs(&self, now: Timestamp) {
        let mut ran = self.ran();
        if now.since_ms(ran.last) > GAP_MS {
            let gap = Gap { from: ran.last, to: now };
            ran.gaps.push(gap);
        }
        // The oldest two become one: whoever is not seen is not blamed.
        if let [oldest, next, ..] = ran.gaps.as_slice()
            && ran.gaps.len() > GAPS_MAX
        {
            let both = Gap { from: oldest.from, to: next.to };
            ran.gaps.splice(0..2, [both]);
        }
        ran.last = ran.last.max(now);
    }

    /// Keeps it.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn keep(&self, store: &dyn Store) -> Result<(), Reason> {
        let json = serde_json::to_vec(&*self.ran()).map_err(|_| Reason::Internal)?;
        store.commit(Batch::new().put(KEY, json)).await.map_err(StoreError::reason)
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

    /// Whether it ran at a moment.
    pub(crate) fn was_here(&self, at: Timestamp) -> bool {
        let ran = self.ran();
        at <= ran.last && !ran.gaps.iter().any(|gap| gap.begins() < at && at <= gap.ends())
    }

    fn ran(&self) -> MutexGuard<'_, Ran> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    use grondslag_evidence::store::MemoryStore;

    use super::*;

    const MINUTE_MS: i64 = 60_000;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::parse("2026-06-15T10:00").unwrap().plus_ms(minutes * MINUTE_MS)
    }

    fn run(presence: &Presence, from: i64, to: i64) {
        (from..=to).for_each(|minute| presence.runs(at(minute)));
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
        run(&presence, 0, 60);
        assert_eq!(acute(&presence, 0, 60), 12);
        presence.keep(&store).await.unwrap();
        drop(presence);

        // It is killed at 11:00 and is back at 11:29; a restart alone leaves no gap.
        let presence = Presence::open(&store, at(61)).await.unwrap();
        assert_eq!(acute(&presence, 0, 60), 12);
        let presence = Presence::open(&store, at(89)).await.unwrap();
        run(&presence, 89, 120);
        // 10:05 to 10:55, and 11:35 to 12:00: 11:00 and 11:30 are too near.
        assert_eq!(acute(&presence, 0, 120), 11 + 6);
        assert_eq!(acute(&presence, 70, 80), 0);
        for (minute, here) in [(57, true), (60, false), (75, false), (90, false), (95, true)] {
            assert_eq!(presence.was_here(at(minute)), here, "{minute}");
        }
        assert!(!presence.was_here(at(121)), "not yet");
    }

    #[tokio::test]
    async fn a_machine_that_slept_and_a_clock_that_jumps_are_gaps_as_well() {
        let presence = Presence::open(&MemoryStore::default(), at(0)).await.unwrap();
        run(&presence, 0, 30);
        run(&presence, 60, 90);
        assert_eq!(acute(&presence, 0, 90), 5 + 6);
        // Set back, it counts on; nothing is told twice.
        run(&presence, 40, 90);
        assert_eq!(acute(&presence, 0, 90), 5 + 6);
    }

    #[tokio::test]
    async fn gaps_are_bounded_and_what_is_damaged_blames_nobody() {
        let store = MemoryStore::default();
        let presence = Presence::open(&store, at(0)).await.unwrap();
        let jumps = i64::try_from(GAPS_MAX).unwrap() * 2;
        (0..jumps).for_each(|number| presence.runs(at(number * 60)));
        assert_eq!(presence.ran().gaps.len(), GAPS_MAX);
        assert_eq!(acute(&presence, 0, jumps * 60), 0);
        presence.keep(&store).await.unwrap();
        let kept = store.get(KEY).await.unwrap().unwrap();
        assert!(kept.len() < grondslag_evidence::limits::VALUE_BYTES_MAX, "{}", kept.len());

        store.commit(Batch::new().put(KEY, b"?".to_vec())).await.unwrap();
        let presence = Presence::open(&store, at(jumps * 60)).await.unwrap();
        assert_eq!(acute(&presence, 0, jumps * 60), 0);
    }
}
