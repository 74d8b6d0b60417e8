//! `cargo run --release -p grondslag-policy --example policy_bench`
#![expect(clippy::disallowed_macros, reason = "a bench speaks to the terminal")]

use grondslag_policy::bench::{Unmeasured, figures};

fn main() -> Result<(), Unmeasured> {
    for figure in figures()? {
        println!("{figure}");
    }
    Ok(())
}
