//! `grondslag policy`: the rules that decide, for a privacy officer.

mod check;
mod consent;
mod diff;
mod edit;
mod explain;
mod export;
mod new;
mod office;
mod overview;
mod prove;
mod report;
mod shown;
mod simulate;
mod travel;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use grondslag_policy::draft::Origin;
use grondslag_policy::{Cases, Pack};

use crate::exit::{Exit, Failure};
use crate::output::{Output, yellow};

use self::consent::ConsentArgs;
use self::diff::DiffArgs;
use self::edit::EditArgs;
use self::explain::ExplainArgs;
use self::export::ExportArgs;
use self::new::NewArgs;
use self::office::{ApproveArgs, PublishArgs, StatusArgs};
use self::overview::OverviewArgs;
use self::prove::ProveArgs;
use self::report::ReportArgs;
use self::simulate::SimulateArgs;
use self::travel::ImportArgs;

/// Check the rules, and see why they permit or refuse.
///
/// The rules are tables in a folder that a privacy officer edits: catalogue.toml, pack.toml,
/// table/ and cases/. Without a folder the rules that came with this program are meant.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a draft: a folder with the rules, to change at leisure
    ///
    /// It begins as a copy of the rules that came with this program, or of those of --from, with
    /// their examples. What is in force stays as it is until a draft is published.
    New(NewArgs),
    /// Change one row of a draft, and say at once what that opens and closes
    ///
    /// Remarks and order of the file stay. The result is loaded before anything is written: a
    /// change that the rules cannot take is refused with what may stand there.
    Edit(Box<EditArgs>),
    /// Check every rule and every example; name file, row and reason of what is wrong
    Check(FolderArgs),
    /// Say what the rules decide on given facts, by which article, and what would open a refusal
    Explain(ExplainArgs),
    /// Run the examples that say what must come out
    Cases(FolderArgs),
    /// Say which questions one set of rules opens, closes or decides otherwise than another
    ///
    /// The answer is exact and about outcomes: rules that are written otherwise and decide the same
    /// give no difference. Per change first what the row itself is about, then what other rows cut
    /// out of it; --regions writes out what is left, and --json always has it.
    Diff(DiffArgs),
    /// Take recorded decisions again under a draft, and count those that come out otherwise
    ///
    /// Per rule, purpose and agency, with a few questions by their number and never a person. The
    /// broker decides what could be allowed, holders what is given: of what the broker refused then
    /// no more is known than that it could be. A question in a holder's ledger tells that the child
    /// was known there: show what comes out to whoever may know that.
    Simulate(SimulateArgs),
    /// Prove what holds of rules for every question: the standing promises, and what they open
    ///
    /// Exact, and without trying anything out. Without a folder the rules that came with this
    /// program are proved. Exit code 1 where a promise does not hold; the answer then names the row
    /// and where. Rules that open more than those before them are no failure: that may be meant.
    Prove(ProveArgs),
    /// Say all that one role may ask: of whom, what for, up to which tier, under which articles
    ///
    /// Exact: every question of this role that is not shown is refused. A sealed condition is known
    /// to asker and holder only; without one the question is open as it is asked.
    Overview(OverviewArgs),
    /// Say who must say yes before secrecy is lifted, by law, age and who holds custody
    ///
    /// The consent matrix of the rules, with the article and every open legal question. An
    /// objection of one who must say yes is a no; whoever says nothing has not said yes. What a
    /// duty in law or Veilig Thuis gives needs no consent: that stands in the table.
    Consent(ConsentArgs),
    /// Sign rules and bring them to the policy office, where a colleague approves them
    ///
    /// Shows first what they open and close beside the last published rules. What is planned waits
    /// for a second officer, and is then in force everywhere from its moment on. An emergency is in
    /// force at once, on one signature: every party proves for itself that it only narrows.
    Publish(PublishArgs),
    /// Look at rules that wait for a colleague, and sign them with --officer
    Approve(ApproveArgs),
    /// List the rules that wait for a colleague
    Proposals(StatusArgs),
    /// Say which rules are in force, which are to come, and who may sign the next
    Status(StatusArgs),
    /// Write the whole table as one page that a person reads and prints
    ///
    /// One HTML file, Dutch and English, without scripts and without anything from elsewhere. Every
    /// open legal question is marked at its row and listed at the end.
    Report(ReportArgs),
    /// Write the rules for other programs
    Export(ExportArgs),
    /// Take in rules that an officer of another region signed, as a draft, and compare them
    ///
    /// Nothing comes into force: the draft is checked, compared and published like one of your own.
    /// Whether the line that signed is that officer's you ask by telephone.
    Import(ImportArgs),
}

/// Which rules.
#[derive(Debug, Args)]
struct FolderArgs {
    /// Folder with the rules, such as a draft; without it those that came with this program
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,

    /// The same, for scripts that name it
    #[arg(long = "folder", value_name = "FOLDER", hide = true, conflicts_with = "folder")]
    named: Option<PathBuf>,
}

/// Runs one of the commands.
pub(crate) fn run(args: PolicyArgs, out: Output) -> Result<Exit, Failure> {
    match args.command {
        Command::New(args) => new::new(&args, out),
        Command::Edit(args) => edit::edit(&args, out),
        Command::Check(args) => check::check(&args, out),
        Command::Explain(args) => explain::explain(&args, out),
        Command::Cases(args) => check::cases(&args, out),
        Command::Diff(args) => diff::diff(&args, out),
        Command::Simulate(args) => simulate::simulate(&args, out),
        Command::Prove(args) => prove::prove(&args, out),
        Command::Consent(args) => consent::consent(&args, out),
        Command::Overview(args) => overview::overview(&args, out),
        Command::Publish(args) => office::publish(&args, out),
        Command::Approve(args) => office::approve(&args, out),
        Command::Proposals(args) => office::proposals(&args, out),
        Command::Status(args) => office::status(&args, out),
        Command::Report(args) => report::report(&args, out),
        Command::Export(args) => export::export(&args, out),
        Command::Import(args) => travel::import(&args, out),
    }
}

/// Says so where a draft of other rules is held against those that came with this program.
fn note_base(folder: Option<&Path>, named: &str, out: Output) -> Result<(), Failure> {
    let of = folder.map(Origin::read).transpose()?.flatten();
    let builtin = Origin::of(&Pack::builtin()?);
    if let Some(of) = of.filter(|of| of.bundle != builtin.bundle) {
        let nl = "een concept van andere regels dan die met dit programma kwamen; noem hun map \
                  (policy new RULES --desk … maakt die)";
        let en = "a draft of other rules than those that came with this program; name their folder \
                  (policy new RULES --desk … makes it)";
        out.note(&yellow(&format!("{}: {}: {named}", of.version, out.tr(nl, en))));
    }
    Ok(())
}

impl FolderArgs {
    fn path(&self) -> Option<&Path> {
        self.folder.as_deref().or(self.named.as_deref())
    }

    fn pack(&self) -> Result<Pack, Failure> {
        Ok(Pack::open(self.path())?)
    }

    fn cases(&self) -> Result<Cases, Failure> {
        Ok(Cases::of_pack(&Pack::files(self.path())?))
    }
}
