//! The new log begins.

use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::Timestamp;
use grondslag_core::founding::{Founding, SignedFounding};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::generation::begin;
use grondslag_evidence::ledger::{Entry, Ledger, LedgerError};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_runtime::run::{Context, SignKeys, StartError};

use super::kept::{keep_cosigned, read, row};
use crate::config::BrokerConfig;
use crate::serve::{BROKER, HOLDER};

/// Steps and bytes of a founding's row.
const ROW: (usize, usize) = (1, 6 * 1_024 + 64);

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The log's name in its checkpoints.
    pub origin: Origin,
    /// Where the founding or the amendment stands in it.
    pub index: u64,
    /// Leaves of the log before that the broker no longer has.
    pub lost: std::ops::Range<u64>,
}

/// Begins the log that two operators founded, or amends its founding.
///
/// # Errors
/// Why the founding does not hold here, or could not be recorded.
pub async fn finish(
    config: &BrokerConfig,
    context: &Context,
    signed: &SignedFounding,
) -> Result<Finished, StartError> {
    let section = &config.broker;
    let keys = SignKeys::load(&section.sign_key, section.previous_sign_key.as_ref())?;
    check(config, context, &keys, signed).await?;
    let (founding, region) = (&signed.founding, context.region_name());
    let number = founding.number;
    let member = |number| Origin::of_member(&region, &context.oin(), HOLDER, number);
    if founding.amendment == 0 {
        // First: the process may serve once its own log has begun.
        context.go_on(HOLDER, member, &keys, Batch::new()).await?;
    }
    let origin = |number| Origin::of_broker(&region, number);
    let ledger = context.ledger_of(number, BROKER, origin, &keys).await?;
    let mut state = Batch::new();
    if founding.amendment == 0 {
        let store = context.store.as_ref();
        state = keep_cosigned(store, begin(state, number), number.saturating_sub(1)).await?;
    }
    let entry = Entry { about: signed.about(), leaf: signed.leaf(), state };
    let kept = signed.clone();
    let placed =
        ledger.append_placed(entry, ROW, move |placed| Ok(row(Batch::new(), &kept, placed)));
    let receipt = placed.await?;
    let origin = ledger.checkpoint().checkpoint().origin.clone();
    Ok(Finished { origin, index: receipt.index(), lost: founding.lost() })
}

/// The founding is of this region and of this store, and signed by whom this broker pinned.
async fn check(
    config: &BrokerConfig,
    context: &Context,
    keys: &SignKeys,
    signed: &SignedFounding,
) -> Result<(), StartError> {
    let refused = |reason| StartError::new(reason, "the founding is not taken");
    let region = context.region.current().root().fingerprint();
    let operators = config.region.as_ref().map(|region| region.operators.clone());
    let operators = operators.unwrap_or_default();
    signed.verify(&operators, &region).map_err(refused)?;
    let on = if context.restored.is_some() {
        let origin = |number| Origin::of_broker(&context.region_name(), number);
        let before = context.ledger_of(context.generation, BROKER, origin, keys).await?;
        let (size, now) = (before.size().await?, context.clock.clock().now());
        let last = last_timely(&before, size, now).await?;
        Ground::Restored { number: context.generation, size, last, now }
    } else {
        let founded = read(context.store.as_ref(), context.generation).await.map_err(refused)?;
        let founded = founded.ok_or_else(|| refused(Reason::FoundingInvalid))?;
        Ground::Founded(Box::new(founded.signed.founding))
    };
    if fits(&signed.founding, &keys.public(), &on) {
        Ok(())
    } else {
        Err(refused(Reason::FoundingInvalid))
    }
}

/// What a founding goes on from.
pub(super) enum Ground {
    /// A backup that was put back: the number and size of its log, the moment of its last leaf that
    /// is not of time to come, and the moment now.
    Restored { number: u64, size: u64, last: Option<Timestamp>, now: Timestamp },
    /// The founding that is amended: that of the log that this broker keeps.
    Founded(Box<Founding>),
}

/// Whether this broker made the head that the founding goes on from, and the founding is the next
/// one here.
pub(super) fn fits(founding: &Founding, keys: &[[u8; 32]], on: &Ground) -> bool {
    let made = keys.iter().any(|key| founding.head.verify(key).is_ok());
    let next = match on {
        Ground::Restored { number, size, last, now } => {
            founding.amendment == 0
                && is_timely(founding.at, *last, *now)
                && founding.number == number.saturating_add(1)
                && founding.restored == *size
        }
        Ground::Founded(before) => {
            founding.number == before.number
                && founding.amendment == before.amendment.saturating_add(1)
                && (founding.at, founding.restored) == (before.at, before.restored)
                && founding.head.checkpoint().size > before.head.checkpoint().size
        }
    };
    made && next
}

/// When the last leaf was recorded that is not of time to come. What a clock dated that was ahead
/// once is no measure: two operators hold the moment of a founding against clocks of their own.
pub(super) async fn last_timely(
    ledger: &Ledger,
    size: u64,
    now: Timestamp,
) -> Result<Option<Timestamp>, LedgerError> {
    // Times never go down along a ledger: those before `from` are timely, those from `to` on are
    // not.
    let (mut from, mut to, mut last) = (0, size, None);
    while from < to {
        let middle = from.midpoint(to);
        let record = ledger.read(middle, 1).await?.pop().ok_or(StoreError::Corrupt)?;
        if record.recorded_at > now.plus_ms(CLOCK_SKEW_MS_MAX) {
            to = middle;
        } else {
            (from, last) = (middle.saturating_add(1), Some(record.recorded_at));
        }
    }
    Ok(last)
}

/// Whether a log can have been founded at a moment: not before the last leaf that was put back, and
/// not in time to come, for whatever was asked before is not answered.
pub(super) fn is_timely(at: Timestamp, last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| last <= at) && at.ms() <= now.ms().saturating_add(CLOCK_SKEW_MS_MAX)
}
