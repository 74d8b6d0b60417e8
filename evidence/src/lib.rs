//! What must last and be provable: the store, the ledger and its records. No network.
//!
//! A [`store::Store`] is ordered bytes with an all-or-nothing, durable commit. A
//! [`ledger::Ledger`] is an ordered list of leaves in such a store; a leaf and the state it is the
//! evidence of are one commit, so that effect and evidence cannot part.
//!
//! INVARIANT: nothing is acknowledged before it would survive a power cut, and after a write that
//! failed nothing is acknowledged at all until a restart has looked at what is really there.

pub mod audit;
pub mod backup;
pub mod generation;
pub mod health;
pub mod ledger;
pub mod limits;
pub mod records;
pub mod store;
pub mod witnesses;
