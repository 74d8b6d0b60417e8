//! `grondslag audit export`: decisions and processing in the shapes that others read.
//!
//! The field names are those of the Authorization Decision Log and of Logboek Dataverwerkingen
//! (standards 1 and 2.2), one JSON object per line; or a table as RFC 4180 has it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_evidence::records::Opened;
use grondslag_node::processing;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Value, json};

use super::decision::{Decision, is_decision};
use super::entries::{Behind, Entry, each};
use super::party::{Party, find};
use super::table;
use crate::any_process::Role;
use crate::exit::{Exit, Failure};
use crate::files::unwritable;
use crate::output::{Output, red};
use crate::wait::wait;

/// Mode of a file for its owner alone.
const MODE_OWN: u32 = 0o600;

/// Arguments of `audit export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Which shape
    #[arg(long)]
    format: Format,

    /// Folder of a process, with its configuration and store, or of a demo; may be repeated
    #[arg(long, value_name = "FOLDER", required = true, num_args = 1..)]
    offline: Vec<PathBuf>,

    /// Only what came of this question
    #[arg(long, value_name = "ID", value_parser = InquiryId::parse)]
    inquiry: Option<InquiryId>,

    /// Write to this new file instead of the screen
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// The shape of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Decisions, with the field names of the Authorization Decision Log; a JSON object per line
    Adl,
    /// Processing, with those of Logboek Dataverwerkingen; a JSON object per line
    Ldv,
    /// Decisions as a table, a line per category
    Csv,
}

/// What was exported.
#[derive(Debug, Default, Serialize)]
struct Exported {
    /// Lines, but for the head of a table.
    records: u64,
    /// Decisions without an opening, and ones that are not what was committed to: not exported.
    without_opening: u64,
    problems: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    /// What would have been written to a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<Value>>,
}

pub(super) fn run(args: &ExportArgs, out: Output) -> Result<Exit, Failure> {
    let files = find(&args.offline)?.told(out);
    let mut sink = Sink::open(args, out)?;
    let bar = out.progress(None, out.tr("vermeldingen", "leaves"));
    let mut export = Export { args, report: Exported::default(), sink: &mut sink };
    wait(export.all(&files, &bar))?;
    let mut report = export.report;
    bar.finish_and_clear();
    report.lines = sink.finish()?;
    report.file.clone_from(&args.to);
    say(&report, out);
    out.json(&report)?;
    Ok(if report.problems == 0 { Exit::Done } else { Exit::Refused })
}

struct Export<'a> {
    args: &'a ExportArgs,
    report: Exported,
    sink: &'a mut Sink,
}

impl Export<'_> {
    async fn all(&mut self, files: &[PathBuf], bar: &ProgressBar) -> Result<(), Failure> {
        if self.args.format == Format::Csv {
            self.sink.text(&table::head()?)?;
        }
        for file in files {
            let party = Party::open(file, None, None).await?;
            let take = |ledger: &str, entry: Entry| self.entry(&party, ledger, entry);
            each(&party, bar, take).await?;
        }
        Ok(())
    }

    fn entry(&mut self, party: &Party, ledger: &str, entry: Entry) -> Result<(), Failure> {
        match entry.behind {
            Behind::Opened(opened) => match self.args.format {
                Format::Ldv => self.processing(party, &opened),
                Format::Adl | Format::Csv => self.decision(party, (ledger, entry.index), &opened),
            },
            Behind::Bare { kind, .. } if is_decision(&kind) => {
                self.report.without_opening += 1;
                Ok(())
            }
            Behind::Altered { .. } => {
                self.report.problems += 1;
                Ok(())
            }
            Behind::Bare { .. } | Behind::Deletion(_) | Behind::Clear => Ok(()),
        }
    }

    fn decision(
        &mut self,
        party: &Party,
        place: (&str, u64),
        opened: &Opened,
    ) -> Result<(), Failure> {
        let Some(decision) = self.read(party, opened) else { return Ok(()) };
        if self.args.format == Format::Csv {
            let rows = table::rows(&party.oin, place, &decision)?;
            self.report.records += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            return rows.iter().try_for_each(|row| self.sink.text(row));
        }
        self.object(match &decision {
            Decision::Broker(record) => record.adl(&party.oin),
            Decision::Holder(record) => record.adl(),
        })
    }

    fn processing(&mut self, party: &Party, opened: &Opened) -> Result<(), Failure> {
        if party.role == Role::Broker {
            let Some(decision) = self.read(party, opened) else { return Ok(()) };
            let Decision::Broker(record) = decision else { return Ok(()) };
            return self.object(record.ldv(&party.oin));
        }
        let Some((own, told)) = processing::told(&opened.kind, &opened.body) else { return Ok(()) };
        for one in told {
            let of_it = |wanted: InquiryId| match own {
                Some(inquiry) => inquiry == wanted,
                None => TargetId::derive(&wanted, &party.oin) == one.trace_id,
            };
            if self.args.inquiry.is_none_or(of_it) {
                self.object(one.ldv())?;
            }
        }
        Ok(())
    }

    /// A decision that is wanted; what is wrong with it is counted.
    fn read(&mut self, party: &Party, opened: &Opened) -> Option<Decision> {
        let Ok(decision) = Decision::read(opened) else {
            self.report.problems += 1;
            return None;
        };
        let wanted = |one: &Decision| {
            self.args.inquiry.is_none_or(|inquiry| one.is_of(&inquiry, &party.oin))
        };
        decision.filter(wanted)
    }

    fn object(&mut self, value: Value) -> Result<(), Failure> {
        self.report.records += 1;
        self.sink.object(value)
    }
}

impl Decision {
    /// True for a decision on this question, at this party; also when the question is named by its
    /// number at one agency, as an own view names it.
    pub(super) fn is_of(&self, inquiry: &InquiryId, party: &Oin) -> bool {
        let target = match self {
            Self::Broker(record) => &record.leaf.target,
            Self::Holder(_) => party,
        };
        let own = *self.target_id();
        TargetId::derive(inquiry, target) == own || own.as_bytes() == inquiry.as_bytes()
    }
}

/// Where lines go.
#[derive(Debug)]
enum Sink {
    Screen(Output),
    /// For the one JSON value that is printed.
    Kept(Vec<Value>),
    /// With what ends a line there.
    File(PathBuf, BufWriter<File>, &'static str),
}

impl Sink {
    fn open(args: &ExportArgs, out: Output) -> Result<Self, Failure> {
        let Some(path) = &args.to else {
            return Ok(if out.is_json() { Self::Kept(Vec::new()) } else { Self::Screen(out) });
        };
        // It tells of people: nobody else on this machine reads it.
        let file = OpenOptions::new().write(true).create_new(true).mode(MODE_OWN).open(path);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::new(Reason::FileExists, path.display()),
            _ => unwritable(path, &error),
        })?;
        let end = if args.format == Format::Csv { "\r\n" } else { "\n" };
        Ok(Self::File(path.to_owned(), BufWriter::new(file), end))
    }

    fn object(&mut self, value: Value) -> Result<(), Failure> {
        match self {
            Self::Kept(lines) => {
                lines.push(value);
                Ok(())
            }
            Self::Screen(_) | Self::File(..) => self.text(&value.to_string()),
        }
    }

    /// A line without its end.
    fn text(&mut self, line: &str) -> Result<(), Failure> {
        match self {
            Self::Screen(out) => out.line(line),
            Self::Kept(lines) => lines.push(json!(line)),
            Self::File(path, file, end) => {
                write!(file, "{line}{end}").map_err(|error| unwritable(path, &error))?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Option<Vec<Value>>, Failure> {
        match self {
            Self::Screen(_) => Ok(None),
            Self::Kept(lines) => Ok(Some(lines)),
            Self::File(path, mut file, _) => {
                let synced = file.flush().and_then(|()| file.get_ref().sync_all());
                synced.map(|()| None).map_err(|error| unwritable(&path, &error))
            }
        }
    }
}

fn say(report: &Exported, out: Output) {
    let Exported { records, without_opening, problems, .. } = report;
    let (lines, forgotten) =
        (out.tr("regels", "lines"), out.tr("zonder opening", "without an opening"));
    out.note(&format!("  {records} {lines}, {without_opening} {forgotten}"));
    if *problems > 0 {
        let told = out.tr(
            "vastleggingen zijn niet wat is vastgelegd en staan er niet bij",
            "records are not what was committed to and were left out",
        );
        out.note(&format!("  {}", red(&format!("{problems} {told}"))));
    }
}
