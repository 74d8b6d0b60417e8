//! `cargo run --release -p grondslag-policy --example decide_bench`
#![expect(clippy::disallowed_macros, reason = "a bench speaks to the terminal")]

use grondslag_policy::{Pack, PackError, bench};

fn main() -> Result<(), PackError> {
    let pack = Pack::builtin()?;
    println!(
        "{} rows, {} columns: {} ns a decision (median)",
        pack.rows().len(),
        pack.catalogue().columns().len(),
        bench::decision_ns(&pack)
    );
    Ok(())
}
