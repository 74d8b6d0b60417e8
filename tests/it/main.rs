//! One integration binary: journeys, invariants, attacks, epochs, bad input,
//! tidiness, a slow region.

mod attacks;
mod bad_input;
mod epochs;
mod invariants;
mod journeys;
mod later;
mod slow;
mod stage;
mod tidy;
