//! A node that was away answers nothing else before the notices that waited for it have come: one
//! may take back a consent on which it would answer.
//!
//! The broker says how many wait when a node opens `Deliver`, and signs that. What it said last
//! counts until it says something else; before it said anything nothing is answered. A broker that
//! holds questions back meanwhile does the same from its side, for a node that does not know that
//! it was away.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grondslag_core::clock::Timestamp;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{verify, waiting_bytes};
use grondslag_proto::v1;
use grondslag_runtime::shutdown::Shutdown;

use crate::agency::Agency;
use crate::limits::WAITING_INTERVAL_MS;

/// How many notices wait, as the broker said last; nothing before it did.
#[derive(Debug, Default)]
pub(crate) struct CaughtUp(Mutex<Option<u32>>);

impl CaughtUp {
    /// So many wait.
    #[cfg(test)]
    pub(crate) fn with(count: u32) -> Self {
        Self(Mutex::new(Some(count)))
    }

    /// Whether a question may be answered; a notice always may.
    ///
    /// # Errors
    /// `NOT_READY`, whoever the child is.
    pub(crate) fn may_answer(&self, is_notice: bool) -> Result<(), Reason> {
        if is_notice || self.is_so() { Ok(()) } else { Err(Reason::NotReady) }
    }

    fn is_so(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) == Some(0)
    }

    fn set(&self, count: u32) {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(count);
        match (before, count) {
            (Some(0) | None, 1..) => {
                tracing::warn!(count, "notices wait: nothing else is answered");
            }
            (Some(1..), 0) => tracing::info!("the notices that waited have come"),
            _ => {}
        }
    }
}

/// Asks the broker how many notices wait, until the end.
pub(crate) async fn follow(agency: Arc<Agency>, end: Shutdown) {
    let mut failing = None;
    loop {
        let asked = ask(&agency).await;
        // Said once, not at every look.
        if let Err(reason) = asked
            && failing != Some(reason)
        {
            tracing::warn!(%reason, "it is not known whether notices wait");
        }
        failing = asked.err();
        let (soon, later) = WAITING_INTERVAL_MS;
        let pause = if agency.caught_up.is_so() { later } else { soon };
        tokio::select! {
            () = end.requested() => return,
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
    }
}

async fn ask(agency: &Agency) -> Result<(), Reason> {
    let said = agency.broker_link.waiting().await?;
    let broker = agency.directory.card(&agency.broker)?;
    let count = verified(agency, &said, &broker.card().sign_key, agency.clock.now())?;
    agency.caught_up.set(count);
    if said.put_again {
        agency.consents.tell_again();
    }
    Ok(())
}

/// The count, if the broker signed it for this node and now.
fn verified(
    agency: &Agency,
    said: &v1::WaitingNotices,
    key: &[u8; 32],
    now: Timestamp,
) -> Result<u32, Reason> {
    let as_of = Timestamp::from_ms(said.as_of_ms);
    let signature: &[u8; 64] =
        said.signature.as_slice().try_into().map_err(|_| Reason::StatementInvalid)?;
    let signed = waiting_bytes(&agency.oin, said.count, as_of);
    verify(key, &signed, signature).map_err(|_| Reason::StatementInvalid)?;
    if now.since_ms(as_of).abs() > CLOCK_SKEW_MS_MAX {
        return Err(Reason::TimesInvalid);
    }
    Ok(said.count)
}

#[cfg(test)]
mod tests {
    use grondslag_core::clock::Clock as _;
    use grondslag_core::statement::sign;

    use super::*;
    use crate::fixture::{BROKER, GI, Scene, key_of, oin};

    #[test]
    fn nothing_but_a_notice_is_answered_before_the_broker_says_that_none_waits() {
        let caught_up = CaughtUp::default();
        for (said, may) in [(None, false), (Some(2), false), (Some(0), true), (Some(1), false)] {
            if let Some(count) = said {
                caught_up.set(count);
            }
            assert_eq!(caught_up.may_answer(false).is_ok(), may, "{said:?}");
            assert_eq!(caught_up.may_answer(true), Ok(()));
        }
    }

    #[tokio::test]
    async fn a_count_holds_for_this_node_and_now_under_the_brokers_signature() {
        let scene = Scene::new().await;
        let (agency, now) = (&scene.agency, scene.clock.now());
        let said = |of: &str, by: &str, count: u32, as_of: Timestamp| v1::WaitingNotices {
            count,
            as_of_ms: as_of.ms(),
            signature: sign(&key_of(by), &waiting_bytes(&oin(of), 3, as_of)).to_vec(),
            put_again: false,
        };
        let own = agency.oin.as_str();
        let key = key_of(BROKER).verifying_key().to_bytes();
        let of = |said: &v1::WaitingNotices| verified(agency, said, &key, now);
        assert_eq!(of(&said(own, BROKER, 3, now)), Ok(3));
        let invalid = Err(Reason::StatementInvalid);
        assert_eq!(of(&said(GI, BROKER, 3, now)), invalid, "of another node");
        assert_eq!(of(&said(own, GI, 3, now)), invalid, "by another");
        assert_eq!(of(&said(own, BROKER, 0, now)), invalid, "another count");
        let old = now.plus_ms(-CLOCK_SKEW_MS_MAX - 1);
        assert_eq!(of(&said(own, BROKER, 3, old)), Err(Reason::TimesInvalid));
        let cut = v1::WaitingNotices { signature: vec![1; 63], ..said(own, BROKER, 3, now) };
        assert_eq!(of(&cut), invalid);
    }
}
