//! Federation harness, journeys and the tests that hold the design's invariants.
