//! Rules of another region: sent under an officer's signature, taken in as a draft.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::officers::Officer;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::compare::Comparison;
use grondslag_policy::draft::Origin;
use grondslag_policy::publish::{Contents, Exported, NotImported};
use serde_json::json;

use super::explain::now;
use super::{FolderArgs, diff, new};
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, read_text, write_new};
use crate::limits::EXPORT_BYTES_MAX;
use crate::officers::Signer;
use crate::output::{Output, bold, green};

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
    let files = Pack::files(args.rules.path())?;
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
    new::make(&args.draft, &exported.files, &Origin::of(&own))?;
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

fn refused(error: NotImported) -> Failure {
    let NotImported { refused, file } = error;
    if refused.problems.is_empty() {
        return Failure::new(refused.reason, file);
    }
    grondslag_policy::PackError { problems: refused.problems }.into()
}
