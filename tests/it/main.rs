//! One integration binary: journeys, invariants, tidy.
