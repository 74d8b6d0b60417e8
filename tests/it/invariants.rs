//! The invariants of the design (section 2) that hold already, by their numbers.
//!
//! Invariant 2 is held by types (`Receipt`, `Attested`, `Sealed`; compile-fail tests in node) and
//! here under 6 and 7; 3 by blind routing (core and subject have its tests, `attacks` those over a
//! federation) and by the crate edges (`tidy`).

mod answers;
mod closed;
mod gate;
mod lasting;
mod limits;
