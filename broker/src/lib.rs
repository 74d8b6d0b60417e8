//! The municipal broker: it keeps the directory, decides on what it may see, records every
//! decision and carries sealed questions and answers between nodes.
//!
//! INVARIANT: this crate does not depend on `subject`. For the broker a person's number does not
//! exist as a type, and every detail and reply body is opaque bytes.

pub mod admin;
pub mod broker;
pub mod config;
pub mod directory;
pub mod limits;
pub mod nodes;
pub mod route;
pub mod serve;
