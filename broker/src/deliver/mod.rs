//! Replies: nodes deliver one message in every reply slot, and askers fetch them. The first reply
//! goes to its asker as it comes, and is kept with the others for one who has gone.
//!
//! A message is ciphertext and tells the broker nothing: hit or miss, real or dummy, it has the
//! same size and comes in the same slots. It is kept until two days after the question's term.
//! The other way goes what an asker adds to its question (`follow_up`), of which a digest is kept.
//! Who sends none is counted once the term has ended (`silent`).
//! Before it takes any, the broker tells the node how many notices wait for it (`notices`).
//!
//! INVARIANT: a message is taken only from the target of a recorded question, and given only to its
//! asker. For anybody else neither the question nor the message exists.

mod first;
mod follow;
mod follow_up;
mod kept;
mod opening;
mod silent;
mod take;

pub(crate) use first::{end, first, keep_first};
pub(crate) use follow::{Followed, follow};
pub(crate) use follow_up::carry_follow_up;
pub(crate) use kept::note;
pub(crate) use opening::opening;
pub(crate) use silent::{Silences, Silent, keep_watching};
pub(crate) use take::take;
