//! An agency's node: its questions, its answers, its records, its staff.

pub mod agency;
pub mod answers;
mod asks;
pub mod config;
mod detail;
mod directory;
pub mod init;
mod limits;
mod link;
mod random;
pub mod records;
pub mod secret;
pub mod serve;
pub mod staff;

#[cfg(test)]
pub(crate) mod fixture;
