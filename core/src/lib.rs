//! Vocabulary and mathematics of Grondslag.
//!
//! INVARIANT: this crate is pure. It has no I/O, no tokio, no clock and no randomness of its own:
//! whoever needs the time or chance passes it in.

pub mod access_log;
pub mod answer;
pub mod answered;
pub mod approval;
pub mod blind;
pub mod canonical;
pub mod card;
pub mod catalogue;
pub mod checkpoint;
pub mod clock;
pub mod durable;
pub mod epoch;
pub mod founding;
pub mod id;
pub mod informing;
pub mod inquiry;
pub mod lang;
pub mod limits;
pub mod merkle;
pub mod metrics;
pub mod officers;
pub mod operators;
pub mod reason;
pub mod reviewing;
pub mod rights;
pub mod seal;
pub mod sighting;
pub mod slot;
pub mod statement;
pub mod tier;
mod unprinted;
pub mod watch;
pub mod witnesses;
