//! Rules are published: written down with everything that decides, signed by two officers, or by
//! one in an emergency that only narrows, and put in force at one moment everywhere (issue "policy
//! office", point 5).
//!
//! What one reads of the others: a [`Manifest`] says what the rules are; a [`Publication`] is a
//! manifest with its signatures and its files; a [`Timeline`] is every publication that a party
//! accepted, and says which rules are in force when. Broker and nodes hold the same publications
//! against the same checks, each for itself: nobody takes rules on the word of another.

mod export;
mod files;
mod manifest;
mod publication;
mod timeline;

pub use export::{Contents, Exported, NotImported};
pub use files::misplaced;
pub use manifest::{Entry, Manifest};
pub use publication::{Plan, Publication};
pub(crate) use timeline::moments;
pub use timeline::{Accepted, Arrival, Refused, Taken, Timeline};

#[cfg(test)]
mod tests;
