//! The whole table as one page.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::FolderArgs;
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, write_new};
use crate::output::{Output, green};

/// Arguments of `policy report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    rules: FolderArgs,

    /// File that is made; without it the page goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the rules as a page.
pub(super) fn report(args: &ReportArgs, out: Output) -> Result<Exit, Failure> {
    if let Some(file) = &args.out {
        must_be_new(file)?;
    }
    let pack = args.rules.pack()?;
    let page = pack.report();
    let Some(file) = &args.out else {
        out.line(page.trim_end());
        out.json(&json!({ "version": pack.version(), "html": page }))?;
        return Ok(Exit::Done);
    };
    write_new(file, &page)?;
    let made = out.tr("De regels staan als pagina in", "The rules are written as a page in");
    out.line(&green(&format!("{made} {}", file.display())));
    out.json(&json!({ "version": pack.version(), "file": file }))?;
    Ok(Exit::Done)
}
