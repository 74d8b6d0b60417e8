//! Rebuilds when a rule, the catalogue or a case changes: the embedding macro alone does not see
//! a new file.
#![expect(clippy::disallowed_macros, reason = "printing is how a build script speaks to cargo")]

fn main() {
    for path in [
        "build.rs",
        "pack.toml",
        "catalogue.toml",
        "retention.toml",
        "consent.toml",
        "table",
        "cases",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
}
