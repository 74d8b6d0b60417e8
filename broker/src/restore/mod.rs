//! A broker after a restore: where its log before ended is asked of every node, two operators sign
//! that, and a log of the next number begins with it.
//!
//! Life of a restore: [`collect`] asks, with the broker's own certificate, while the broker does
//! not serve; operators sign what it gives; [`finish`] begins the new log with it. A node that
//! follows the log before gets the founding from here, and one that holds a higher head presents
//! it: that head is kept, and the same three steps amend the founding.

mod ask;
mod collect;
mod finish;
mod kept;
#[cfg(test)]
pub(crate) mod tests;

pub use self::ask::Asking;
pub use self::collect::{ClockWasAhead, Collected, collect};
pub use self::finish::{Finished, finish};
pub(crate) use self::kept::Foundings;
pub use self::kept::{foundings, kept_before};
