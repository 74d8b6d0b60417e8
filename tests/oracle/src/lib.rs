//! A second opinion on the rules. The table is exported to Cedar, an engine of others, and must
//! decide the same there; a solver (cvc5) must prove of that text what `policy prove` says of the
//! table (design 8, policy A).
//!
//! Tests alone: no program of ours is built with Cedar. They share nothing with the engine but the
//! text of the export and the pack's public face; rows are read from their files once more.

#[cfg(test)]
mod draft;
#[cfg(test)]
mod drafts;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod lint;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod same;
#[cfg(test)]
mod solver;
