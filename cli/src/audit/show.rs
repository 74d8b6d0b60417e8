//! `grondslag audit show`: what the ledgers of a party hold, entry by entry, in words.

use std::collections::VecDeque;
use std::path::PathBuf;

use clap::Args;
use grondslag_core::id::InquiryId;
use grondslag_core::reason::Reason;
use grondslag_evidence::records::Opened;
use grondslag_node::processing;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::Value;

use super::decision::Decision;
use super::entries::{Behind, Entry, each};
use super::party::{Party, find};
use super::told;
use crate::ask::Names;
use crate::exit::{Exit, Failure};
use crate::limits::{SHOWN, SHOWN_MAX};
use crate::output::{Output, bold, dim, red, yellow};
use crate::wait::wait;

/// Arguments of `audit show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// A question, by the id of its asker or by the one that a target knows it by; without it what
    /// came last
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: Option<InquiryId>,

    /// Folder of a process, with its configuration and store, or of a demo; may be repeated
    #[arg(long, value_name = "FOLDER", required = true, num_args = 1..)]
    offline: Vec<PathBuf>,

    /// Most entries of one party, the last ones
    #[arg(long, default_value_t = SHOWN)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(SHOWN_MAX)))]
    limit: u32,
}

/// One entry.
#[derive(Debug, Serialize)]
struct Shown {
    folder: String,
    ledger: String,
    index: u64,
    recorded_at: String,
    kind: String,
    /// `opened`, `forgotten` (or lost: `verify` tells), `altered`, `deletion` or `clear`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Value>,
    /// Of the party's own questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    inquiry: Option<InquiryId>,
    #[serde(skip)]
    local: String,
    #[serde(skip)]
    words: Vec<String>,
}

pub(super) fn run(args: &ShowArgs, out: Output) -> Result<Exit, Failure> {
    let (files, names) = (find(&args.offline)?.told(out), Names::load(out.lang())?);
    let bar = out.progress(None, out.tr("vermeldingen", "leaves"));
    let look = Look { args, names: &names, out };
    let entries = wait(look.all(&files, &bar))?;
    bar.finish_and_clear();
    if let (Some(id), true) = (args.id, entries.is_empty()) {
        return Err(Failure::new(Reason::UnknownInquiry, id));
    }
    for one in &entries {
        say(one, out);
    }
    out.json(&entries)?;
    Ok(Exit::Done)
}

struct Look<'a> {
    args: &'a ShowArgs,
    names: &'a Names,
    out: Output,
}

impl Look<'_> {
    async fn all(&self, files: &[PathBuf], bar: &ProgressBar) -> Result<Vec<Shown>, Failure> {
        let most = usize::try_from(self.args.limit).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        for file in files {
            let party = Party::open(file, None, None).await?;
            let mut last = VecDeque::new();
            let take = |ledger: &str, entry: Entry| {
                if self.is_wanted(&party, &entry) {
                    last.push_back((ledger.to_owned(), entry));
                    if last.len() > most {
                        last.pop_front();
                    }
                }
                Ok(())
            };
            each(&party, bar, take).await?;
            let shown = last.into_iter().map(|(ledger, entry)| self.shown(&party, ledger, &entry));
            entries.extend(shown);
        }
        Ok(entries)
    }

    fn is_wanted(&self, party: &Party, entry: &Entry) -> bool {
        let Some(id) = self.args.id else { return true };
        let Behind::Opened(opened) = &entry.behind else { return false };
        if let Ok(Some(decision)) = Decision::read(opened) {
            return decision.is_of(&id, &party.oin);
        }
        processing::told(&opened.kind, &opened.body).is_some_and(|(own, told)| {
            own == Some(id) || told.iter().any(|one| one.trace_id.as_bytes() == id.as_bytes())
        })
    }

    fn shown(&self, party: &Party, ledger: String, entry: &Entry) -> Shown {
        let out = self.out;
        let (mut decision, mut inquiry) = (None, None);
        let (state, kind, words) = match &entry.behind {
            Behind::Opened(opened) => {
                let told = self.opened(opened);
                (decision, inquiry) = (told.decision, told.inquiry);
                ("opened", opened.kind.clone(), told.words)
            }
            Behind::Bare { kind, .. } => {
                let told =
                    out.tr("zonder opening: vergeten of weg", "no opening: forgotten or lost");
                ("forgotten", kind.clone(), vec![yellow(told)])
            }
            Behind::Altered { kind } => {
                let told = out.tr("niet wat is vastgelegd", "not what was committed to");
                ("altered", kind.clone(), vec![red(told)])
            }
            Behind::Deletion(gone) => {
                ("deletion", told::label(&entry.leaf), told::forgotten(gone, out))
            }
            Behind::Clear => ("clear", told::label(&entry.leaf), Vec::new()),
        };
        Shown {
            folder: party.folder.display().to_string(),
            ledger,
            index: entry.index,
            recorded_at: entry.recorded_at.to_string(),
            kind,
            state,
            decision,
            inquiry,
            local: entry.recorded_at.local(),
            words,
        }
    }

    fn opened(&self, opened: &Opened) -> Told {
        match Decision::read(opened) {
            Ok(Some(decision)) => Told {
                decision: Some(told::as_json(&decision)),
                words: told::decision(&decision, self.names, self.out),
                ..Told::default()
            },
            Ok(None) => {
                let Some((inquiry, all)) = processing::told(&opened.kind, &opened.body) else {
                    return Told::default();
                };
                let mut words: Vec<String> = all.into_iter().map(|one| one.name).collect();
                words.dedup();
                words.extend(inquiry.map(|id| id.to_string()));
                Told { inquiry, words, ..Told::default() }
            }
            Err(word) => Told { words: vec![red(word)], ..Told::default() },
        }
    }
}

/// What an opened record tells.
#[derive(Debug, Default)]
struct Told {
    decision: Option<Value>,
    inquiry: Option<InquiryId>,
    words: Vec<String>,
}

fn say(one: &Shown, out: Output) {
    let Shown { folder, ledger, index, local, .. } = one;
    let kind = bold(&told::kind(&one.kind, out));
    out.line(&format!("{index:>8}  {local}  {kind}  {}", dim(&format!("{folder} {ledger}"))));
    for line in &one.words {
        out.line(&format!("          {line}"));
    }
}
