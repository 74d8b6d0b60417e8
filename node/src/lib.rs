//! An agency's node: its questions, its answers, its records, its staff.

pub mod agency;
pub mod answers;
pub mod asks;
pub mod directory;
mod limits;
pub mod link;
pub mod records;
pub mod secret;
pub mod staff;
