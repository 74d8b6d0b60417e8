//! Begins a draft of rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::draft::{DRAFT_FILE, Origin};
use grondslag_policy::publish::misplaced;
use serde_json::json;

use super::office;
use crate::exit::{Exit, Failure};
use crate::files::{unwritable, write_new};
use crate::output::{Output, bold, green};
use crate::wait::wait;

/// Arguments of `policy new`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Folder that is made, or that is there and empty
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// Folder with the rules that it begins with; without it those that came with this program
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,

    /// Your own desk folder: the draft begins with the rules in force in your region
    #[arg(long, value_name = "FOLDER", conflicts_with = "from")]
    desk: Option<PathBuf>,
}

/// Makes the folder of a draft. It is made beside its place and put there whole.
pub(super) fn new(args: &NewArgs, out: Output) -> Result<Exit, Failure> {
    let files = match &args.desk {
        Some(desk) => wait(office::in_force(desk, out))?,
        None => Pack::files(args.from.as_deref())?,
    };
    let origin = Origin::of(&Pack::from_files(&files)?);
    make(&args.folder, &files, &origin)?;
    say(&args.folder, &origin, out);
    out.json(&json!({ "folder": args.folder, "of": origin, "files": files.len() + 1 }))?;
    Ok(Exit::Done)
}

/// Makes the folder of a draft, whole or not at all.
pub(super) fn make(
    folder: &Path,
    files: &BTreeMap<String, String>,
    origin: &Origin,
) -> Result<(), Failure> {
    must_be_empty(folder)?;
    // They may come from a node or another region: nothing is written outside the folder.
    if let Some(path) = misplaced(files) {
        return Err(Failure::new(Reason::Malformed, format!("{path:?}")));
    }
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let failed = |error: &std::io::Error| unwritable(folder, error);
    let beside = tempfile::Builder::new().prefix(".draft-").tempdir_in(parent);
    let beside = beside.map_err(|error| failed(&error))?;
    let root = beside.path().join("draft");
    fs::create_dir(&root).map_err(|error| failed(&error))?;
    for (path, text) in files {
        let place = root.join(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        write_new(&place, text)?;
    }
    write_new(&root.join(DRAFT_FILE), &origin.text())?;
    fs::rename(&root, folder).map_err(|error| failed(&error))
}

/// A folder with something in it is never written to.
fn must_be_empty(folder: &Path) -> Result<(), Failure> {
    if folder.symlink_metadata().is_err() {
        return Ok(());
    }
    let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if is_empty && !folder.is_symlink() {
        return Ok(());
    }
    let folder = folder.display();
    Err(Failure::told(
        Reason::FileExists,
        format!("{folder} is niet leeg; noem een map die er nog niet is"),
        format!("{folder} is not empty; name a folder that is not there yet"),
    ))
}

fn say(folder: &Path, origin: &Origin, out: Output) {
    let made = out.tr("Concept gemaakt van de regels", "Draft made of the rules");
    let folder = folder.display();
    out.line(&green(&format!("{made} {} ({}): {folder}", origin.version, origin.bundle)));
    let next = [
        (
            format!("grondslag policy edit {folder} R27.1 --set secrecy_consent=given,none"),
            out.tr("wijzig een rij", "change a row"),
        ),
        (
            format!("grondslag policy check {folder}"),
            out.tr("controleer alles", "check everything"),
        ),
        (
            format!("grondslag policy diff {folder}"),
            out.tr("zie wat opengaat en dichtgaat", "see what opens and closes"),
        ),
        (
            format!("grondslag policy prove {folder}"),
            out.tr("bewijs de vaste beloften", "prove the standing promises"),
        ),
    ];
    out.note(out.tr("Wat nu:", "What next:"));
    for (command, why) in next {
        out.note(&format!("  {}  {why}", bold(&command)));
    }
}
