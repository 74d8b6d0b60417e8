//! An agency's node: its questions, its answers, its records, its staff.

pub mod agency;
pub mod answers;
pub mod asks;
pub mod config;
pub mod detail;
pub mod directory;
pub mod init;
mod limits;
pub mod link;
mod random;
pub mod records;
pub mod secret;
pub mod serve;
pub mod staff;

#[cfg(test)]
pub(crate) mod fixture;
