//! Rules of another region: sent under an officer's signature, taken in as a draft.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_certs::file::create_folder;
use grondslag_core::officers::Officer;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::compare::Comparison;
use grondslag_policy::limits::{FILE_BYTES_MAX, FILES_MAX};
use grondslag_policy::publish::{Contents, Exported, NotImported};
use serde_json::json;

use super::FolderArgs;
use super::diff;
use super::explain::now;
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, read_text, write_new};
use crate::limits::EXPORT_BYTES_MAX;
use crate::made::quoted;
use crate::officers::Signer;
use crate::output::{Output, bold, green};

/// The file that makes a folder a draft, and says of which rules.
const DRAFT_FILE: &str = "draft.toml";
/// Folders of a pack.
const FOLDERS: [&str; 2] = ["table", "cases"];

/// Arguments of `policy export pack`.
#[derive(Debug, Args)]
pub(super) struct PackArgs {
    #[command(flatten)]
    rules: FolderArgs,

    /// New file for the rules
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Folder of the officer who signs, as grondslag officer init makes it
    #[arg(long, value_name = "FOLDER")]
    officer: PathBuf,
}

/// Arguments of `policy import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// File from policy export pack
    file: PathBuf,

    /// New folder for the draft
    #[arg(long = "as", value_name = "FOLDER")]
    draft: PathBuf,

    /// Public line of the officer who signed, as that officer says it
    #[arg(long, value_name = "LINE", value_parser = Officer::parse)]
    from: Option<Officer>,

    /// Folder with the own rules; without it those that came with this program
    #[arg(long, value_name = "FOLDER")]
    against: Option<PathBuf>,
}

/// Writes the rules as one signed file.
pub(super) fn export(args: &PackArgs, out: Output) -> Result<Exit, Failure> {
    must_be_new(&args.out)?;
    let signer = Signer::load(&args.officer)?;
    let files = match &args.rules.folder {
        Some(folder) => files(folder)?,
        None => Pack::builtin_files(),
    };
    let contents = Contents::of(&files, now()).map_err(refused)?;
    let signature = signer.sign(&contents.canonical());
    let (version, bundle) = (contents.version.clone(), contents.bundle);
    let exported = Exported { contents, signature, files };
    let text = serde_json::to_string(&exported);
    let text = text.map_err(|error| Failure::new(Reason::Internal, error))?;
    write_new(&args.out, &text)?;
    let line = signer.officer().to_string();
    let made = out.tr("De regels staan ondertekend in", "The rules are signed in");
    out.line(&green(&format!("{made} {}", args.out.display())));
    let told = "Wie ze inleest geeft deze regel op (--from); lees hem telefonisch voor:";
    out.line(
        out.tr(told, "Whoever takes them in gives this line (--from); read it over the telephone:"),
    );
    out.line(&format!("  {}", bold(&line)));
    out.json(&json!({
        "version": version, "bundle": bundle, "file": args.out, "officer": line,
    }))?;
    Ok(Exit::Done)
}

/// Takes rules in as a draft, and says how they differ from the own.
pub(super) fn import(args: &ImportArgs, out: Output) -> Result<Exit, Failure> {
    must_be_new(&args.draft)?;
    let own = Pack::open(args.against.as_deref())?;
    let text = read_text(&args.file, EXPORT_BYTES_MAX)?;
    let exported: Exported = serde_json::from_str(&text).map_err(|error| {
        Failure::new(Reason::Malformed, format!("{}: {error}", args.file.display()))
    })?;
    let signed_by = &exported.signature.officer;
    let Some(from) = args.from.as_ref().filter(|from| *from == signed_by) else {
        return Err(Failure::told(
            Reason::OfficerUnknown,
            format!(
                "ondertekend door {signed_by}; bel wie dit stuurde, laat deze regel voorlezen, en \
                 geef hem op met --from"
            ),
            format!(
                "signed by {signed_by}; call whoever sent this, have this line read to you, and \
                 give it with --from"
            ),
        ));
    };
    let pack = exported.verify(from).map_err(refused)?;
    let found =
        Comparison::of(&own, &pack, now()).map_err(|error| Failure::new(error.reason(), error))?;
    write(&args.draft, &exported.files, &own)?;
    let shown = found.shown();
    let made = out.tr("De regels staan als concept in", "The rules are a draft in");
    out.line(&green(&format!("{made} {}", args.draft.display())));
    out.line(out.tr("Verschil met de eigen regels:", "Difference with the own rules:"));
    diff::say(&shown, false, out);
    out.json(&json!({
        "version": pack.version(),
        "bundle": pack.bundle(),
        "officer": from,
        "folder": args.draft,
        "diff": shown,
    }))?;
    Ok(Exit::Done)
}

/// A draft of the own rules, with the files of the others.
fn write(folder: &Path, files: &BTreeMap<String, String>, own: &Pack) -> Result<(), Failure> {
    let folders = FOLDERS.map(|name| folder.join(name));
    for folder in [folder].into_iter().chain(folders.iter().map(PathBuf::as_path)) {
        create_folder(folder).map_err(|error| Failure::new(error.reason(), error))?;
    }
    for (path, text) in files {
        write_new(&folder.join(path), text)?;
    }
    let (version, bundle) = (quoted(own.version()), own.bundle());
    let nl = "# Deze map is een concept van de regels die hier staan.";
    let en = "# This folder is a draft of the rules named here.";
    let draft = format!("{nl}\n{en}\nversion = {version}\nbundle = \"{bundle}\"\n");
    write_new(&folder.join(DRAFT_FILE), &draft)
}

/// Everything that a pack's folder holds, examples too. What is wrong with it its check says.
fn files(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    Pack::load(folder)?;
    let mut files = BTreeMap::new();
    let mut paths = ["pack.toml", "catalogue.toml", "retention.toml"].map(str::to_owned).to_vec();
    for name in FOLDERS {
        let listed = fs::read_dir(folder.join(name));
        let listed = listed.map_err(|error| {
            let folder = folder.join(name);
            Failure::new(Reason::FileUnreadable, format!("{}: {error}", folder.display()))
        })?;
        let names =
            listed.take(FILES_MAX).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let names = names.filter(|name| name.ends_with(".toml"));
        paths.extend(names.map(|file| format!("{name}/{file}")));
    }
    for path in paths {
        let text = read_text(&folder.join(&path), FILE_BYTES_MAX)?;
        files.insert(path, text);
    }
    Ok(files)
}

fn refused(error: NotImported) -> Failure {
    let NotImported { refused, file } = error;
    if refused.problems.is_empty() {
        return Failure::new(refused.reason, file);
    }
    grondslag_policy::PackError { problems: refused.problems }.into()
}
