//! An agency's node: its questions, its answers, its records, its staff.

pub mod agency;
mod alarm;
pub mod answers;
mod asks;
mod caseload;
pub mod config;
pub mod consent;
mod detail;
mod directory;
pub mod dossier;
mod epochs;
mod evidence;
mod follow_ups;
mod glass;
mod handover;
mod index;
mod inform;
pub mod init;
mod kept;
pub mod keys;
mod limits;
mod link;
mod metrics;
mod notices;
mod office;
mod operator;
mod own_rules;
mod own_view;
pub mod processing;
mod random;
mod recorded;
pub mod records;
pub mod restore;
mod rights;
mod rows;
pub mod secret;
pub mod serve;
pub mod staff;
pub mod watch;

pub use asks::attested::{Decided, decided};
pub use asks::canary::Tested;
pub use asks::received::{Received, received};
pub use directory::kept_cards;
pub use evidence::LEDGER;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod printed_tests;
