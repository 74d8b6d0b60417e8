//! One integration binary: journeys, invariants, bad input, tidiness, a slow region.

mod journeys;
