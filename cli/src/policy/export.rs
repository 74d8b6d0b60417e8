//! The rules for other programs and other regions.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use grondslag_policy::cedar::Cedar;
use serde_json::json;

use super::FolderArgs;
use super::travel::{self, PackArgs};
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, unwritable, write_new};
use crate::output::{Output, green};

/// Stands for standard output.
const STDOUT: &str = "-";

/// Arguments of `policy export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// Write the rules as a schema and policies of Cedar, which decides the same
    ///
    /// The same rules give the same bytes. May this role (principal) release or consider this
    /// category (resource), up to context.tier? What is permitted may be released; what is
    /// permitted or under review may be considered. Obligations, terms and articles are
    /// annotations. Proposed rows and a party's own rules are not in it.
    Cedar(CedarArgs),
    /// Write the rules as one file that an officer signs, for another region
    ///
    /// Rules and examples, and nothing of the region: no agency, no key but that of the officer. It
    /// puts nothing in force; the other region takes it in as a draft with policy import.
    Pack(PackArgs),
}

/// Arguments of `policy export cedar`.
#[derive(Debug, Args)]
struct CedarArgs {
    #[command(flatten)]
    rules: FolderArgs,

    /// Folder that both files are made in; - or nothing is standard output
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Writes the rules out.
pub(super) fn export(args: &ExportArgs, out: Output) -> Result<Exit, Failure> {
    match &args.format {
        Format::Cedar(args) => cedar(args, out),
        Format::Pack(args) => travel::export(args, out),
    }
}

fn cedar(args: &CedarArgs, out: Output) -> Result<Exit, Failure> {
    let folder = args.out.as_deref().filter(|folder| *folder != Path::new(STDOUT));
    let names = [Cedar::SCHEMA_FILE, Cedar::POLICIES_FILE];
    let files = folder.map(|folder| names.map(|name| folder.join(name)));
    files.iter().flatten().try_for_each(|file| must_be_new(file))?;
    let pack = args.rules.pack()?;
    let Cedar { schema, policies } = Cedar::of(&pack);
    let (version, bundle) = (pack.version(), pack.bundle().to_string());
    let (Some(folder), Some(files)) = (folder, files) else {
        out.line(&format!("// == {}\n{schema}", Cedar::SCHEMA_FILE));
        out.line(&format!("// == {}\n{}", Cedar::POLICIES_FILE, policies.trim_end()));
        out.json(&json!({
            "version": version, "bundle": bundle, "schema": schema, "policies": policies,
        }))?;
        return Ok(Exit::Done);
    };
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    for (file, text) in files.iter().zip([&schema, &policies]) {
        write_new(file, text)?;
        let made = out.tr("De regels staan voor Cedar in", "The rules are written for Cedar in");
        out.line(&green(&format!("{made} {}", file.display())));
    }
    out.json(&json!({ "version": version, "bundle": bundle, "files": files }))?;
    Ok(Exit::Done)
}
