//! What people ask about their own data, and what comes of it: correction, a statement of their
//! own, objection, another person's data under their number, destruction (AVG art. 16 to 19 and 21,
//! Jeugdwet 7.3.8 lid 2 and 7.3.9, Wmo 5.3.5; question Q13 of the domain).
//!
//! A request is written down where the person is (`desk`): at the agency that holds the data, or at
//! another one, which brings it there as a notice (`message`, `notices`). The number of a question
//! in the own view says which data are meant, so that nobody can try out who knows somebody. At the
//! holder it is a case (`case`) with a term of a month; while it is open, what it disputes counts
//! (`standing`). A colleague of who wrote it down decides. Whoever was given such data is found in
//! the ledger (`receivers`) and told by a notice, and so is the agency that the request came from
//! (`take`). Each step is a leaf.

mod case;
mod desk;
mod message;
mod receivers;
pub(crate) mod service;
mod shown;
pub(crate) mod standing;
mod take;
#[cfg(test)]
mod tests;

use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::retention::Kept;
use grondslag_runtime::status::ToDo;

use self::case::{Side, State, all};
use crate::agency::Agency;

pub(crate) use self::message::Message;
pub(crate) use self::take::take;

/// Whether the case that a message tells of is kept still, and a request is not closed by who
/// brings it.
///
/// # Errors
/// `STORE_CORRUPT` for a case that is none; else those of the store.
pub(crate) async fn stands(agency: &Agency, message: &Message) -> Result<bool, Reason> {
    let case = case::read(agency.store.as_ref(), &message.case).await?;
    Ok(case.is_some_and(|(case, _)| {
        !matches!((&case.side, &case.state), (Side::Sender { .. }, State::Closed { .. }))
    }))
}

/// How many cases there are, and how many are late.
///
/// # Errors
/// Those of the store.
pub(crate) async fn state(agency: &Agency) -> Result<ToDo, Reason> {
    let (mut state, now) = (ToDo::default(), agency.clock.now());
    for (case, _) in all(agency.store.as_ref()).await?.0 {
        state.open += u64::from(case.is_open());
        state.overdue += u64::from(case.is_overdue(now));
    }
    Ok(state)
}

/// The daily round: whoever was given data since the person's statement was added to it hears of it
/// too, and cases whose term is over are forgotten. One that fails keeps no other from it. Says how
/// many cannot be read.
///
/// # Errors
/// The last one: what is left is done another time.
pub(crate) async fn tend(agency: &Agency) -> Result<u64, Reason> {
    let (store, now) = (agency.store.as_ref(), agency.clock.now());
    let (cases, damaged) = all(store).await?;
    let mut failed = Ok(());
    for (case, seen) in cases {
        let over = case.ended_at().is_some_and(|end| {
            agency.pack().retention().end(Kept::Decision, end) <= now && !case.is_standing()
        });
        let done = if over {
            let gone = case::delete(Batch::new(), &case.id, &seen);
            store.commit(gone).await.map_err(StoreError::reason)
        } else if matches!(case.side, Side::Holder { .. }) {
            desk::tell_later_receivers(agency, case, &seen).await
        } else {
            Ok(())
        };
        failed = done.and(failed);
    }
    failed.map(|()| damaged)
}
