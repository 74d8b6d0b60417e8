//! What the rules decide on given facts, and why.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_policy::{Explained, FactsFile, Overlay, Pack};
use grondslag_runtime::clock::SystemClock;

use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::TEXT_BYTES_MAX;
use crate::output::Output;

use super::{FolderArgs, shown};

/// What a facts file looks like, for `--help`.
const FACTS: &str =
    "A facts file is JSON: column -> value, or a list of values; or a list of such \
objects, which gets a list of answers. Four columns must be named, and unknown ones are refused:

  { \"requester_role\": \"gem.lokaalteam\", \"purpose\": \"D01\", \"category\": \"G05\",
    \"target_kind\": \"jha\", \"case_fact\": \"stated\" }

The other visible columns are those of an ordinary question. A sealed column that is not named
counts as nobody having stated it. With a list of values the answer says what could be.";

/// Arguments of `policy explain`.
#[derive(Debug, Args)]
#[command(after_long_help = FACTS)]
pub(crate) struct ExplainArgs {
    /// File with the facts (JSON); - reads them from standard input
    #[arg(long, value_name = "FILE")]
    facts: PathBuf,

    #[command(flatten)]
    rules: FolderArgs,

    /// Moment that the rules must hold at, such as 2026-09-15T09:00; without it now
    #[arg(long, value_parser = Timestamp::parse, value_name = "MOMENT")]
    on: Option<Timestamp>,

    /// File with a node's own rules, which may only be stricter
    #[arg(long, value_name = "FILE", requires = "kind")]
    overlay: Option<PathBuf>,

    /// Kind of the agency whose own rules they are, such as ha
    #[arg(long, value_parser = Kind::parse, requires = "overlay")]
    kind: Option<Kind>,
}

/// Explains each set of facts.
pub(super) fn explain(args: &ExplainArgs, out: Output) -> Result<Exit, Failure> {
    let pack = args.rules.pack()?;
    let overlay = args.overlay(&pack)?;
    let facts = FactsFile::parse(&pack, &read_text(&args.facts, TEXT_BYTES_MAX)?)?;
    let on = args.on.unwrap_or_else(now);
    let explained = facts.sets.iter().map(|set| pack.explain(set, overlay.as_ref(), on));
    let explained: Vec<Explained> = explained.collect::<Result<_, _>>()?;
    for (place, one) in (1..).zip(&explained) {
        if facts.is_list {
            out.line(&format!("{}[{place}]", if place == 1 { "" } else { "\n" }));
        }
        shown::say(one, out);
    }
    match explained.first() {
        Some(only) if !facts.is_list => out.json(only)?,
        _ => out.json(&explained)?,
    }
    Ok(Exit::Done)
}

impl ExplainArgs {
    fn overlay(&self, pack: &Pack) -> Result<Option<Overlay>, Failure> {
        let (Some(file), Some(kind)) = (&self.overlay, &self.kind) else {
            return Ok(None);
        };
        let text = read_text(file, TEXT_BYTES_MAX)?;
        Ok(Some(Overlay::load(pack, kind, &file.display().to_string(), &text)?))
    }
}

pub(super) fn now() -> Timestamp {
    SystemClock::default().now()
}
