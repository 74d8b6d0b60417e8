//! `grondslag certs canaries`: the region's made-up subjects.

use std::path::PathBuf;

use clap::Args;
use grondslag_subject::pseudonym::Canary;
use rand_core::UnwrapErr;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::files::write_new;
use crate::limits::{CANARIES, CANARIES_MAX, CANARIES_MIN};
use crate::output::{Output, green};

/// Arguments of `certs canaries`.
#[derive(Debug, Args)]
pub(super) struct CanariesArgs {
    /// The new file; hand it to every node, over a way that the broker does not see
    file: PathBuf,

    /// How many made-up subjects
    #[arg(long, default_value_t = CANARIES)]
    #[arg(value_parser = clap::value_parser!(u16).range(CANARIES_MIN..=CANARIES_MAX))]
    count: u16,
}

/// Makes the list.
pub(super) fn make(args: &CanariesArgs, out: Output) -> Result<Exit, Failure> {
    write_new(&args.file, &canary_list(args.count.into()))?;
    let file = args.file.display();
    out.line(&format!("{} {file}", green(out.tr("Gemaakt:", "Made:"))));
    out.json(&json!({ "file": file.to_string(), "count": args.count }))?;
    Ok(Exit::Done)
}

/// A list of made-up subjects, one a line.
pub(crate) fn canary_list(count: usize) -> String {
    let mut rng = UnwrapErr(getrandom::SysRng);
    let lines: Vec<String> =
        (0..count).map(|_| Canary::random(&mut rng).expose().to_owned()).collect();
    lines.join("\n") + "\n"
}
