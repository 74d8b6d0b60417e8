//! `grondslag dossier`: the joint file on a child, of the answers that came.

mod desk;
mod page;
mod shown;

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::id::CaseId;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::v1::show_dossier_request::Which;

pub(crate) use self::desk::DossierDesk;
use self::page::page;
pub(crate) use self::shown::{Counts, DossierShown, PersonShown, about, criterion};
use crate::ask::{Names, basis};
use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, with_ending, write_new_private};
use crate::output::{Output, bold, dim, green, red, yellow};
use crate::wait::wait;

/// See the joint file of a case: what agencies gave, from whom and under which article, and what is
/// missing
///
/// It is put together when you look, of the answers to your own escalations and of those that you
/// signed; that you looked is recorded. After thirty days all of it is destroyed, and the ledger
/// says so.
#[derive(Debug, Args)]
pub(crate) struct DossierArgs {
    /// The case, as `cases list` shows it
    #[arg(value_name = "ID", value_parser = CaseId::parse)]
    case: CaseId,

    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// Write the file into new files: this name with .html and .json
    #[arg(long, value_name = "NAME")]
    page: Option<PathBuf>,
}

/// Runs `grondslag dossier`.
pub(crate) fn run(args: &DossierArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        args.page.iter().flat_map(|name| files(name)).try_for_each(|file| must_be_new(&file))?;
        let names = Names::load(out.lang())?;
        let desk = DossierDesk::at(Desk::open(&args.desk, out.lang())?);
        let which = Which::CaseId(args.case.as_bytes().to_vec());
        let file = DossierShown::read(&names, desk.show(which).await?);
        if let Some(name) = &args.page {
            write(&file, name, out.lang())?;
        }
        print(&file, out);
        out.json(&file)?;
        Ok(Exit::Done)
    })
}

/// Writes a file as a page and as JSON, into new files of this name.
pub(crate) fn write(file: &DossierShown, name: &Path, lang: Lang) -> Result<(), Failure> {
    let [html, json] = files(name);
    write_new_private(&html, &page(file, lang)?)?;
    let text = serde_json::to_string_pretty(file).map_err(|_| Reason::Internal)?;
    write_new_private(&json, &text)
}

fn files(name: &Path) -> [PathBuf; 2] {
    [with_ending(name, "html"), with_ending(name, "json")]
}

/// Prints a file: where everybody stands, then what was given.
pub(crate) fn print(file: &DossierShown, out: Output) {
    if let Some(reason) = file.behind {
        let behind = out.tr("niet bijgewerkt:", "not brought up to date:");
        out.line(&yellow(&format!("{behind} {}", reason.sentence(out.lang()))));
    }
    for person in &file.persons {
        stands(person, out);
        for entry in &person.entries {
            let dated = entry.dated.map_or_else(|| "-".to_owned(), |at| at.date().to_string());
            let whose = entry.whose(out.lang()).map(|whose| format!(", {whose}"));
            let what = format!("{}{}", entry.label, whose.unwrap_or_default());
            out.line(&format!("{}  {what} {}", bold(&dated), dim(&entry.agency)));
            for text in entry.texts.iter().skip(usize::from(entry.texts.len() > 1)) {
                out.line(&format!("    {text}"));
            }
            let basis = basis(&entry.rows, &entry.grounds);
            let redacted = if entry.redacted {
                out.tr(", delen zijn weggelaten", ", parts were left out")
            } else {
                ""
            };
            out.line(&dim(&format!("    {}{redacted}{basis}", entry.tier)));
        }
    }
    let ends = file.expires_at.local();
    out.line(&dim(&format!("{} {ends}", out.tr("wordt vernietigd", "is destroyed"))));
}

/// Prints where every agency stands, and the gaps.
pub(crate) fn stands(person: &PersonShown, out: Output) {
    let whom = about(&person.about, out.lang());
    let tally = person.counts.tally(out.lang()).into_iter();
    let tally: Vec<String> = tally.map(|(count, word, _)| format!("{count} {word}")).collect();
    let leads = out.tr("over", "about");
    out.line(&bold(&format!("{leads} {whom}: {}", tally.join(", "))));
    for agency in &person.agencies {
        let sentence = match agency.standing.as_str() {
            "given" | "nothing" => green(&agency.sentence),
            "refused" | "overdue" => red(&agency.sentence),
            _ => yellow(&agency.sentence),
        };
        out.line(&format!("{:<NAME_CHARS$} {sentence}", agency.name));
        for (labels, gap) in agency.alike().filter(|(_, gap)| gap.state != "no_record") {
            let basis = basis(&gap.rows, &gap.grounds);
            out.line(&dim(&format!("    {}: {}{basis}", labels.join(", "), gap.sentence)));
        }
        for remark in &agency.remarks {
            out.line(&yellow(&format!("    {remark}")));
        }
    }
}

/// Width at which a name is filled up.
const NAME_CHARS: usize = 50;
