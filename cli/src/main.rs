//! `grondslag`: every program of the region is a subcommand of this one executable.
fn main() {}
