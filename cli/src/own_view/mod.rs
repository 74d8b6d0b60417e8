//! `grondslag inzage`: who asked what about me, or about my child.

mod desk;
mod page;
mod shown;

use std::path::PathBuf;
use std::str::FromStr as _;

use clap::{Args, Subcommand};
use grondslag_core::id::InquiryId;
use grondslag_core::reason::Reason;
use grondslag_core::sighting::{Authority, Document};
use grondslag_proto::v1;
use serde_json::json;

pub(crate) use self::desk::OwnViewDesk;
pub(crate) use self::page::page;
pub(crate) use self::shown::view_json;
use crate::ask::{Names, Subject};
use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, with_ending, write_new_private};
use crate::output::{Output, bold, dim, green};
use crate::wait::wait;

/// See who asked what about you or your child, at your municipality
///
/// Three steps: the person asks; two members of staff see who it is; the person sees one overview
/// of what every agency tells. The overview shows who asked, when, why, under which article and
/// what came of it. Places, whoever reported and other people are never in it.
#[derive(Debug, Args)]
pub(crate) struct OwnViewArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask for an overview, as the person who wants it; nobody is asked yet
    Ask(AskArgs),
    /// Record that you saw who it is, as a member of staff
    Confirm(ConfirmArgs),
    /// See the overview, once two members of staff have seen who you are
    Show(ShowArgs),
}

/// What the person wants.
#[derive(Debug, Args)]
struct AskArgs {
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// As whom: burger.jeugdige, burger.gezagsouder or `burger.ouder_zonder_gezag`
    #[arg(long)]
    role: String,

    /// Your citizen service number, or that of your child; `-` reads it from standard input
    #[arg(long, value_name = "BSN")]
    subject: Subject,
}

/// What a member of staff saw.
#[derive(Debug, Args)]
struct ConfirmArgs {
    /// The overview, as `inzage ask` printed it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,

    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// The role in which you saw it, such as gem.toegang; the second is a gem.po
    #[arg(long)]
    role: String,

    /// As whom the person asks, as you saw it: burger.jeugdige, burger.gezagsouder or
    /// `burger.ouder_zonder_gezag`
    #[arg(long = "as", value_name = "ROLE")]
    citizen_role: String,

    /// The number that you read: in the document, or of the child in the register of custody; `-`
    /// reads it from standard input
    #[arg(long, value_name = "BSN")]
    subject: Subject,

    /// The document that you saw: passport, `id_card`, `driving_licence` or `residence_permit`
    #[arg(long, value_parser = Document::from_str)]
    document: Document,

    /// For a child: where it stands that the person may ask, `custody_register`, `civil_registry`
    /// or `court_decision`
    #[arg(long, value_parser = Authority::from_str)]
    authority: Option<Authority>,

    /// For a child: you looked, and nothing speaks against naming agencies, such as a secret
    /// address in the civil registry. Unless both of you say so, a parent reads kinds of agencies
    /// alone
    #[arg(long)]
    names_checked: bool,
}

/// Which overview.
#[derive(Debug, Args)]
struct ShowArgs {
    /// The overview, as `inzage ask` printed it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,

    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// Write the overview into new files: this name with .html and .json
    #[arg(long, value_name = "NAME")]
    page: Option<PathBuf>,
}

/// Runs `grondslag inzage`.
pub(crate) fn run(args: &OwnViewArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        match &args.command {
            Command::Ask(typed) => ask(typed, out).await,
            Command::Confirm(typed) => confirm(typed, out).await,
            Command::Show(typed) => show(typed, out).await,
        }
    })
}

async fn ask(typed: &AskArgs, out: Output) -> Result<Exit, Failure> {
    let desk = OwnViewDesk::at(Desk::open(&typed.desk, out.lang())?);
    let (subject, role) = (typed.subject.number()?, typed.role.clone());
    let id = desk.prepare(v1::PrepareOwnViewRequest { subject, role }).await?;
    out.line(&format!("{} {}", out.tr("klaargezet:", "put aside:"), bold(&id.to_string())));
    out.line(out.tr(
        "Laat nu twee medewerkers zien wie u bent; elk van hen doet:",
        "Now show two members of staff who you are; each of them does:",
    ));
    out.line(&format!(
        "grondslag inzage confirm {id} --desk … --role … --as … --subject … --document …"
    ));
    out.line(&format!("grondslag inzage show {id} --desk {}", typed.desk.display()));
    out.json(&json!({ "inquiry_id": id, "state": "draft" }))?;
    Ok(Exit::Done)
}

async fn confirm(typed: &ConfirmArgs, out: Output) -> Result<Exit, Failure> {
    let own = Desk::open(&typed.desk, out.lang())?;
    let region = own.agencies().await?;
    let desk = OwnViewDesk::at(own);
    let sight = Sight {
        id: typed.id,
        role: typed.role.clone(),
        number: typed.subject.number()?,
        document: typed.document,
        authority: typed.authority,
        citizen_role: typed.citizen_role.clone(),
        names_checked: typed.names_checked,
    };
    let names = Names::load(out.lang())?;
    let seen = desk.confirm(&sight, &|draft| draft.print(out, &names, &region)).await?;
    let said = match (seen.approved, seen.seen_by) {
        (true, _) => out.tr("gezien en goedgekeurd", "seen and approved"),
        (false, 0..=1) => out.tr(
            "gezien; nu nog een collega; een van u beiden heeft de rol gem.po",
            "seen; now a colleague, one of you in the role gem.po",
        ),
        (false, _) => out
            .tr("gezien; nu nog iemand met de rol gem.po", "seen; now somebody in the role gem.po"),
    };
    out.line(&green(said));
    out.json(
        &json!({ "inquiry_id": typed.id, "seen_by": seen.seen_by, "approved": seen.approved }),
    )?;
    Ok(Exit::Done)
}

async fn show(typed: &ShowArgs, out: Output) -> Result<Exit, Failure> {
    let files =
        typed.page.as_ref().map(|name| [with_ending(name, "html"), with_ending(name, "json")]);
    files.iter().flatten().try_for_each(|file| must_be_new(file))?;
    let desk = OwnViewDesk::at(Desk::open(&typed.desk, out.lang())?);
    out.note(&dim(out.tr("elke organisatie wordt gevraagd …", "every agency is asked …")));
    let view = desk.show(&typed.id).await?;
    let json = view_json(&view);
    if let Some([html, file]) = &files {
        write_new_private(html, &page(&view, out.lang())?)?;
        let text = serde_json::to_string_pretty(&json).map_err(|_| Reason::Internal)?;
        write_new_private(file, &text)?;
    }
    shown::print(&view, out);
    out.json(&json)?;
    Ok(Exit::Done)
}

/// What a member of staff saw, and of which overview.
pub(crate) struct Sight {
    /// The overview.
    pub(crate) id: InquiryId,
    /// In which role.
    pub(crate) role: String,
    /// The number that they read.
    pub(crate) number: String,
    /// The document.
    pub(crate) document: Document,
    /// Where it stands that the person may ask; nothing for a number of their own.
    pub(crate) authority: Option<Authority>,
    /// As whom the person asks.
    pub(crate) citizen_role: String,
    /// Nothing speaks against naming agencies.
    pub(crate) names_checked: bool,
}

grondslag_core::unprinted!(Sight);
