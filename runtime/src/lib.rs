//! The life of a process, from its one TOML file to the last answered call.
//!
//! Read [`run`] first: configuration, telemetry, certificates, clock, store, serve, wait, drain.
//! [`net`] makes streams, [`server`] and [`channel`] are the two ends of every call, and
//! [`shutdown`] ends them in order.
//!
//! INVARIANT: this crate knows no person. What it logs passes an allow-list of field names.

pub mod backup;
pub mod call;
pub mod channel;
pub mod clock;
pub mod config;
pub mod limits;
pub mod metrics;
pub mod net;
pub mod operator;
pub mod otlp;
pub mod rules;
pub mod run;
pub mod server;
pub mod shutdown;
pub mod status;
pub mod telemetry;
pub mod witnesses;

#[cfg(test)]
mod test_region;
