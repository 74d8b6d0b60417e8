//! Changes one row of a draft.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, builder::ArgAction};
use grondslag_certs::file::replace_by_way_of;
use grondslag_core::reason::Reason;
use grondslag_policy::check::Report;
use grondslag_policy::compare::{Comparison, ComparisonShown};
use grondslag_policy::draft::{Change, Condition, DRAFT_FILE, Edit, Edited, Key, Origin};
use grondslag_policy::{Pack, Problem};
use serde_json::json;

use super::explain::now;
use super::{check, diff};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, red, yellow};

/// Most problems of a change that are written out.
const PROBLEMS_SHOWN: usize = 5;

/// Arguments of `policy edit`.
#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// Folder of the draft, as `policy new` makes it
    #[arg(value_name = "DRAFT")]
    folder: PathBuf,

    /// Row that is changed, such as R27.1
    #[arg(value_name = "ROW")]
    row: String,

    /// Leave the row as it is and change a copy of it with this id, such as R27.3
    #[arg(long = "as", value_name = "ROW", conflicts_with = "remove")]
    copy_as: Option<String>,

    /// Take the row away
    #[arg(long, conflicts_with_all = ["set", "not", "clear", "keys"])]
    remove: bool,

    /// Only these values of a column: COLUMN=value,value
    #[arg(long, value_name = "COLUMN=VALUES", value_parser = column_values)]
    set: Vec<ColumnValues>,

    /// Every value of a column but these: COLUMN=value,value
    #[arg(long, value_name = "COLUMN=VALUES", value_parser = column_values)]
    not: Vec<ColumnValues>,

    /// Any value of a column: the condition is taken out
    #[arg(long, value_name = "COLUMN")]
    clear: Vec<String>,

    #[command(flatten)]
    keys: KeyArgs,

    /// Say what it would change, and write nothing
    #[arg(long, action = ArgAction::SetTrue)]
    dry_run: bool,
}

/// What a row says besides its condition.
#[derive(Debug, Args)]
#[group(id = "keys", multiple = true)]
struct KeyArgs {
    /// What the row does: permit, review, hold or deny
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,

    /// Up to which tier, T1 to T5; "" takes it away
    #[arg(long, value_name = "TIER")]
    tier: Option<String>,

    /// Whether it counts: `in_force`, `proposed` or `off`
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,

    /// Term of the reply, such as 2h, 5wd or 14d; "" takes it away
    #[arg(long, value_name = "TERM")]
    deadline: Option<String>,

    /// Whether the person is told: true or false
    #[arg(long, value_name = "YES")]
    notify: Option<String>,

    /// Its legal grounds, by code, with commas between
    #[arg(long, value_name = "GROUNDS")]
    legal: Option<String>,

    /// What must be done with the answer, by code, with commas between; "" takes it away
    #[arg(long, value_name = "OBLIGATIONS")]
    obligations: Option<String>,

    /// Its sentence in Dutch
    #[arg(long, value_name = "TEXT")]
    text_nl: Option<String>,

    /// Its sentence in English
    #[arg(long, value_name = "TEXT")]
    text_en: Option<String>,

    /// Its open legal question in Dutch; "" takes it away
    #[arg(long, value_name = "TEXT")]
    note_nl: Option<String>,

    /// Its open legal question in English; "" takes it away
    #[arg(long, value_name = "TEXT")]
    note_en: Option<String>,
}

/// A column and the words behind its equals sign.
#[derive(Debug, Clone)]
struct ColumnValues(String, Vec<String>);

fn column_values(text: &str) -> Result<ColumnValues, String> {
    let (column, values) = text.split_once('=').ok_or("COLUMN=value,value")?;
    let values = values.split(',').map(str::trim).filter(|word| !word.is_empty());
    Ok(ColumnValues(column.trim().to_owned(), values.map(str::to_owned).collect()))
}

/// Changes a row: in memory first, then in its file at once.
pub(super) fn edit(args: &EditArgs, out: Output) -> Result<Exit, Failure> {
    let Some(origin) = Origin::read(&args.folder)? else {
        let folder = args.folder.display();
        return Err(Failure::told(
            Reason::FileUnreadable,
            format!("{folder} is geen concept: {DRAFT_FILE} ontbreekt; begin met policy new"),
            format!("{folder} is no draft: {DRAFT_FILE} is missing; begin with policy new"),
        ));
    };
    let files = Pack::files(Some(&args.folder))?;
    let edited = args.edit().of(&files)?;
    if edited.changes.is_empty() {
        return Err(Failure::told(
            Reason::Malformed,
            "er verandert niets: de rij zegt dit al, of er is niets opgegeven",
            "nothing changes: the row says so already, or nothing was named",
        ));
    }
    let known = Report::of_files(&files).problems;
    let found = Report::of_files(&edited.files).problems;
    let problems: Vec<Problem> = found.into_iter().filter(|one| is_new(one, &known)).collect();
    let shown = Comparison::of(&edited.before, &edited.after, now()).map(|found| found.shown());
    let shown = shown.map_err(|error| Failure::new(error.reason(), error));
    if !args.dry_run {
        write(&args.folder, &edited, &files)?;
    }
    say(args, &edited, shown.as_ref(), &problems, out);
    out.json(&json!({
        "row": args.copy_as.as_ref().unwrap_or(&args.row),
        "file": edited.file,
        "written": !args.dry_run,
        "of": origin,
        "changes": edited.changes,
        "comparison": shown.as_ref().ok(),
        "problems": problems,
    }))?;
    Ok(Exit::Done)
}

impl EditArgs {
    fn edit(&self) -> Edit {
        let only = self
            .set
            .iter()
            .cloned()
            .map(|ColumnValues(column, values)| Condition::Only(column, values));
        let not = self.not.iter().cloned();
        let not = not.map(|ColumnValues(column, values)| Condition::Not(column, values));
        let any = self.clear.iter().cloned().map(Condition::Any);
        Edit {
            row: self.row.clone(),
            copy_as: self.copy_as.clone(),
            remove: self.remove,
            conditions: only.chain(not).chain(any).collect(),
            keys: self.keys.named(),
        }
    }
}

impl KeyArgs {
    fn named(&self) -> Vec<(Key, String)> {
        let all = [
            (Key::Outcome, &self.outcome),
            (Key::Tier, &self.tier),
            (Key::Status, &self.status),
            (Key::Deadline, &self.deadline),
            (Key::Notify, &self.notify),
            (Key::Legal, &self.legal),
            (Key::Obligations, &self.obligations),
            (Key::TextNl, &self.text_nl),
            (Key::TextEn, &self.text_en),
            (Key::NoteNl, &self.note_nl),
            (Key::NoteEn, &self.note_en),
        ];
        all.into_iter().filter_map(|(key, text)| Some((key, text.clone()?))).collect()
    }
}

/// A problem that was there already is no news, on whichever line it stands now.
fn is_new(problem: &Problem, known: &[Problem]) -> bool {
    let same = |one: &Problem| Problem { line: None, ..one.clone() };
    !known.iter().any(|one| same(one) == same(problem))
}

/// Puts the file in place whole, unless somebody changed it meanwhile.
fn write(folder: &Path, edited: &Edited, read: &BTreeMap<String, String>) -> Result<(), Failure> {
    if Pack::files(Some(folder))? != *read {
        return Err(Failure::told(
            Reason::Busy,
            "iemand veranderde het concept tegelijk; probeer het opnieuw",
            "somebody changed the draft at the same moment; try again",
        ));
    }
    let path = folder.join(&edited.file);
    // What a link points at is changed, not the link.
    let path = path.canonicalize().unwrap_or(path);
    let beside = path.with_extension(format!("next-{}", std::process::id()));
    Ok(replace_by_way_of(&beside, &path, edited.text.as_bytes())?)
}

fn say(
    args: &EditArgs,
    edited: &Edited,
    shown: Result<&ComparisonShown, &Failure>,
    problems: &[Problem],
    out: Output,
) {
    let row = args.copy_as.as_ref().unwrap_or(&args.row);
    let done = match (args.dry_run, args.remove, &args.copy_as) {
        (true, ..) => out.tr("zou veranderen", "would change"),
        (_, true, _) => out.tr("weggehaald", "taken away"),
        (_, _, Some(_)) => out.tr("toegevoegd", "added"),
        (_, _, None) => out.tr("gewijzigd", "changed"),
    };
    out.line(&green(&format!("{row} {done}: {}", edited.file)));
    edited.changes.iter().for_each(|change| say_change(change, out));
    match shown {
        Ok(shown) => diff::say(shown, false, out),
        Err(failure) => out.line(&yellow(failure.detail(out.lang()))),
    }
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        check::say(problem, out);
    }
    if problems.len() > PROBLEMS_SHOWN {
        let more = out.tr("meer, met policy check", "more, with policy check");
        out.line(&dim(&format!("… {} {more}", problems.len() - PROBLEMS_SHOWN)));
    }
    let folder = args.folder.display();
    out.note(out.tr("Wat nu:", "What next:"));
    let cases = out.tr("controleer en pas de voorbeelden aan", "check, and adapt the examples");
    let promises = out.tr("gelden de vaste beloften nog", "do the standing promises still hold");
    let all = out.tr("alles wat dit concept verandert", "all that this draft changes");
    for (command, why) in [("check", cases), ("diff", all), ("prove", promises)] {
        out.note(&format!("  {}  {why}", bold(&format!("grondslag policy {command} {folder}"))));
    }
}

fn say_change(change: &Change, out: Output) {
    let none = || dim(out.tr("(niets)", "(nothing)"));
    let from = change.from.as_deref().map_or_else(none, red);
    let to = change.to.as_deref().map_or_else(none, green);
    out.line(&format!("  {}: {from} → {to}", change.key));
}
