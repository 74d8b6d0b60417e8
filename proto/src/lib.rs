//! The wire: `grondslag.v1` messages and their conversion to core types.
//!
//! Wire messages are never used beyond this crate's conversions: a reader parses them once, at
//! the rim, into types that cannot be wrong. `status` is the only place that builds a gRPC
//! `Status`.

pub mod answer;
pub mod approved;
pub mod card;
pub mod content;
pub mod epoch;
pub mod follow_up;
pub mod head;
pub mod holder;
pub mod limits;
pub mod method;
pub mod question;
pub mod reply;
pub mod status;
mod unprinted;

/// Generated messages, clients and servers.
#[expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::pedantic,
    clippy::large_enum_variant,
    unused_qualifications,
    reason = "generated"
)]
pub mod v1 {
    tonic::include_proto!("grondslag.v1");
}
