//! Federation harness, journeys and the tests that hold the design's invariants.
//!
//! [`world`] reads the demo world, [`federation`] runs it in one process over real mutual TLS, and
//! [`journey`] plays its storylines and holds what happened against what the law should do.

pub mod federation;
pub mod journey;
pub mod world;
