//! Later replies: nodes deliver one message in every reply slot, and askers fetch them.
//!
//! A message is ciphertext and tells the broker nothing: hit or miss, real or dummy, it has the
//! same size and comes in the same slots. It is kept until two days after the question's term.
//! Before it takes any, the broker tells the node how many notices wait for it (`notices`).
//!
//! INVARIANT: a message is taken only from the target of a recorded question, and given only to its
//! asker. For anybody else neither the question nor the message exists.

mod follow;
mod kept;
mod opening;
mod take;

pub(crate) use follow::{Followed, follow};
pub(crate) use kept::note;
pub(crate) use opening::opening;
pub(crate) use take::take;
