//! `grondslag escalate`: a second pair of eyes, and an outcome from everybody who was asked.

mod question;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::lang::Lang;
use grondslag_proto::v1;
use grondslag_proto::v1::show_dossier_request::Which;
use serde_json::json;

use self::question::DraftArgs;
use crate::ask::approve::{self, ApproveArgs};
use crate::ask::{Names, follow, plan};
use crate::desk::Desk;
use crate::dossier::{DossierDesk, DossierShown, about, stands};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, yellow};
use crate::wait::wait;
use crate::words;

/// Escalate a case: every agency must say something in time, and somebody mandated signs first
///
/// You ask about a case of the board that a professional judged to be serious or acute, with the
/// criteria that bear it and a reason for each agency. Somebody with a mandate signs with their own
/// key; it holds for a day. An agency that must weigh decides itself, and who lets the term pass is
/// shown as such. `dossier` then shows the joint file.
#[derive(Debug, Args)]
pub(crate) struct EscalateArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put an escalation aside for somebody mandated, who uses `escalate approve`
    Draft(Box<DraftArgs>),
    /// Sign the escalation of a colleague with your own key, as somebody mandated
    Approve(ApproveArgs),
    /// Send what was signed
    Send(OneArgs),
    /// See where every agency stands, and fetch what came since
    Follow(OneArgs),
    /// List your own escalations and those that you signed, newest first
    List {
        /// Your own desk folder
        #[arg(long, value_name = "FOLDER")]
        desk: PathBuf,
    },
    /// Show the criteria of serious risk
    Words,
}

/// Which escalation.
#[derive(Debug, Args)]
struct OneArgs {
    /// The question, as `escalate draft` printed it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,

    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,
}

/// Runs `grondslag escalate`.
pub(crate) fn run(args: &EscalateArgs, out: Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::Approve(typed) => approve::run(typed, out),
        Command::Words => words(out),
        Command::Draft(typed) => wait(draft(typed, out)),
        Command::Send(typed) => wait(send(typed, out)),
        Command::Follow(typed) => wait(hear(typed, out)),
        Command::List { desk } => wait(list(desk, out)),
    }
}

async fn draft(typed: &DraftArgs, out: Output) -> Result<Exit, Failure> {
    let desk = Desk::open(&typed.desk, out.lang())?;
    let question = typed.question(&desk).await?;
    if typed.dry_run {
        return plan(&desk, question, &Names::load(out.lang())?, out).await;
    }
    let id = desk.draft(question).await?;
    out.line(&format!("{} {}", out.tr("klaargezet:", "put aside:"), bold(&id.to_string())));
    out.line(
        out.tr("Laat nu iemand met mandaat ondertekenen:", "Now have somebody mandated sign:"),
    );
    out.line(&format!(
        "grondslag escalate approve {id} --desk … --role gem.doorzetter --subject …"
    ));
    out.line(&format!("grondslag escalate send {id} --desk {}", typed.desk.display()));
    out.json(&json!({ "inquiry_id": id, "state": "draft" }))?;
    Ok(Exit::Done)
}

async fn send(typed: &OneArgs, out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let desk = Desk::open(&typed.desk, out.lang())?;
    let done = follow((&names, false), desk.send_draft(&typed.id).await?, out).await?;
    out.line(&dim(out.tr("waar iedereen staat:", "where everybody stands:")));
    out.line(&format!("grondslag escalate follow {} --desk {}", typed.id, typed.desk.display()));
    Ok(done)
}

async fn hear(typed: &OneArgs, out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let desk = DossierDesk::at(Desk::open(&typed.desk, out.lang())?);
    let file = desk.show(Which::InquiryId(typed.id.as_bytes().to_vec())).await?;
    let file = DossierShown::read(&names, file);
    if let Some(reason) = file.behind {
        let behind = out.tr("niet bijgewerkt:", "not brought up to date:");
        out.line(&yellow(&format!("{behind} {}", reason.sentence(out.lang()))));
    }
    for person in &file.persons {
        let due = person.answer_by.local();
        stands(person, out);
        out.line(&dim(&format!("{} {due}", out.tr("uitkomst uiterlijk", "outcome by"))));
    }
    out.line(&dim(&format!("grondslag dossier {} --desk {}", file.case_id, typed.desk.display())));
    out.json(&file)?;
    Ok(Exit::Done)
}

async fn list(folder: &Path, out: Output) -> Result<Exit, Failure> {
    let desk = DossierDesk::at(Desk::open(folder, out.lang())?);
    let (listed, more) = desk.list().await?;
    for one in &listed {
        let at = |ms| Timestamp::from_ms(ms).local();
        let (id, case) = (hex::encode(&one.inquiry_id), hex::encode(&one.case_id));
        out.line(&format!(
            "{}  {}  {}",
            bold(&id),
            at(one.asked_at_ms),
            about(&one.about, out.lang())
        ));
        let (due, ends) = (at(one.answer_by_ms), at(one.expires_at_ms));
        out.line(&dim(&match out.lang() {
            Lang::Nl => {
                format!("    casus {case}  uitkomst uiterlijk {due}  vernietigd {ends}")
            }
            Lang::En => {
                format!("    case {case}  outcome by {due}  destroyed {ends}")
            }
        }));
    }
    if listed.is_empty() {
        out.line(&dim(out.tr("nog niet geëscaleerd", "nothing escalated yet")));
    }
    if more {
        out.line(&dim(out.tr("er zijn er meer", "there are more")));
    }
    let shown: Vec<_> = listed.iter().map(shown).collect();
    out.json(&json!({ "escalations": shown, "more": more }))?;
    Ok(Exit::Done)
}

fn shown(one: &v1::EscalationSummary) -> serde_json::Value {
    json!({
        "inquiry_id": hex::encode(&one.inquiry_id),
        "case_id": hex::encode(&one.case_id),
        "about": one.about,
        "asked_at": Timestamp::from_ms(one.asked_at_ms),
        "answer_by": Timestamp::from_ms(one.answer_by_ms),
        "expires_at": Timestamp::from_ms(one.expires_at_ms),
    })
}

/// The criteria, as the rules that came with the program have them.
fn words(out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let catalogue = names.pack().catalogue();
    let rules = catalogue.escalation();
    out.line(&bold(out.tr("acuut: één is genoeg", "acute: one is enough")));
    let acute = words::list(&rules.acute, out);
    out.line(&bold(out.tr("structureel: twee of meer", "structural: two or more")));
    let structural = words::list(&rules.structural, out);
    let mut kinds = catalogue.query_kinds().iter();
    let note = kinds.find(|kind| kind.escalation.is_some()).and_then(|kind| kind.note.as_ref());
    let note = words::note(note, out);
    out.json(&json!({ "acute": acute, "structural": structural, "note": note }))?;
    Ok(Exit::Done)
}
