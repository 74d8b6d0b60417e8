//! The municipal broker: it keeps the directory, decides on what it may see, records every
//! decision and carries sealed questions and answers between nodes.
//!
//! INVARIANT: this crate does not depend on `subject`. For the broker a person's number does not
//! exist as a type, and every detail and reply body is opaque bytes.

pub mod admin;
mod broker;
pub mod config;
mod counter;
pub mod decision;
mod deliver;
mod directory;
mod enrol;
mod epoch;
#[cfg(test)]
mod example_tests;
pub mod holder;
mod keyholder;
mod limits;
mod metrics;
mod nodes;
mod notices;
mod office;
mod own;
mod presence;
mod reading;
pub mod restore;
mod route;
pub mod serve;
mod sweep;
mod waiting;
mod watch;
mod watchers;

pub use directory::kept_cards;
pub use watch::kept_heads;

// For the demo's blind check alone, which must know what to look for. Serving code reaches secrets
// through a `KeyHolder`.
pub use keyholder::Secrets;
