//! What holds of a set of rules for every question that can be asked.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::prove::{Invariant, Proof};

use super::explain::now;
use super::{FolderArgs, diff, note_base};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, red, yellow};

/// Arguments of `policy prove`.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    draft: FolderArgs,

    /// Folder with the rules that it is held against; without it those that came with this program
    #[arg(long, value_name = "FOLDER")]
    against: Option<PathBuf>,

    /// Moment that the rules must hold at, such as 2026-09-15T09:00; without it now
    #[arg(long, value_parser = Timestamp::parse, value_name = "MOMENT")]
    on: Option<Timestamp>,
}

/// Proves a set of rules.
pub(super) fn prove(args: &ProveArgs, out: Output) -> Result<Exit, Failure> {
    let (before, draft) = (Pack::open(args.against.as_deref())?, args.draft.pack()?);
    if args.against.is_none() {
        note_base(args.draft.path(), "policy prove DRAFT --against RULES", out)?;
    }
    let proof = Proof::of(&before, &draft, args.on.unwrap_or_else(now))
        .map_err(|error| Failure::new(error.reason(), error))?;
    proof.invariants.iter().for_each(|one| invariant(one, out));
    if proof.widens {
        let opens = "Dit laat toe wat de regels ervoor weigeren:";
        out.line(&yellow(out.tr(opens, "This permits what the rules before it refuse:")));
        diff::say_changes(&proof.newly_permitted, false, out);
    } else {
        let none = "Dit laat niets toe wat de regels ervoor weigeren.";
        out.line(&green(out.tr(none, "This permits nothing that the rules before it refuse.")));
    }
    out.json(&proof)?;
    if proof.is_sound() {
        return Ok(Exit::Done);
    }
    Ok(out.refused(Reason::PolicyInvalid))
}

pub(super) fn invariant(invariant: &Invariant, out: Output) {
    let sentence = invariant.sentence.in_lang(out.lang());
    let verdict = if invariant.holds {
        green(out.tr("geldt", "holds"))
    } else {
        red(out.tr("geldt niet", "does not hold"))
    };
    out.line(&format!("{verdict}  {sentence} {}", dim(invariant.id)));
    for breach in &invariant.breaches {
        let text = breach.text.in_lang(out.lang());
        out.line(&format!("  {} {text} {}", bold(breach.row.as_str()), dim(&breach.detail)));
        for region in &breach.regions {
            out.line(&format!("    {}", out.tr("waar", "where")));
            diff::region(region, out);
        }
    }
}
