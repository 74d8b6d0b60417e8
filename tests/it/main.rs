//! One integration binary: journeys, invariants, bad input, tidiness, a slow region.

mod bad_input;
mod invariants;
mod journeys;
mod slow;
mod stage;
mod tidy;
