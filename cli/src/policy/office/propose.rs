//! An officer brings rules to the office, signed.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::lang::Text;
use grondslag_core::officers::{Appointment, Officer, Officers};
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::draft::{DRAFT_FILE, Origin};
use grondslag_policy::publish::{Entry, Plan, Publication};
use grondslag_policy::review::Review;

use super::desk::Known;
use super::{DeskArgs, shown};
use crate::exit::{Exit, Failure};
use crate::officers::Signer;
use crate::output::Output;
use crate::wait::wait;

/// Arguments of `policy publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// Folder with the rules
    draft: PathBuf,

    #[command(flatten)]
    desk: DeskArgs,

    /// Your folder with the key that you sign rules with, from `grondslag officer init`
    #[arg(long, value_name = "FOLDER")]
    officer: PathBuf,

    /// Since when they are in force, such as 2026-09-16T00:00
    #[arg(long, value_parser = Timestamp::parse, value_name = "MOMENT")]
    #[arg(required_unless_present = "emergency")]
    from: Option<Timestamp>,

    /// At once, on your signature alone: rules that are nowhere less strict than those in force
    #[arg(long, conflicts_with_all = ["from", "appoint", "dismiss"])]
    emergency: bool,

    /// What changes and why, in Dutch; it goes to every party, so never about a person
    #[arg(long, value_name = "TEXT")]
    why_nl: String,

    /// What changes and why, in English; it goes to every party, so never about a person
    #[arg(long, value_name = "TEXT")]
    why_en: String,

    /// Public line of an officer who may sign the next rules, with the day on which that ends, such
    /// as LINE@2028-01-01
    #[arg(long, value_parser = Appointment::parse, value_name = "LINE@DAY")]
    appoint: Vec<Appointment>,

    /// Public line of an officer who may no longer sign
    #[arg(long, value_parser = Officer::parse, value_name = "LINE")]
    dismiss: Vec<Officer>,
}

/// Signs rules and brings them to the office.
pub(crate) fn publish(args: &PublishArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        let desk = args.desk.open(out)?;
        let signer = Signer::load(&args.officer)?;
        let known = desk.known().await?;
        let last = desk.last(&known).await?;
        follows(Origin::read(&args.draft)?, &last)?;
        let files = Pack::files(Some(&args.draft))?;
        let review = Review::of(&last, &files, args.from.unwrap_or(known.now()));
        if let Err(failure) = shown::sound(&review) {
            shown::say_review(&review, out);
            return Err(failure);
        }
        let plan = plan(args, &known)?;
        let mut publication = Publication::draft(files, plan)
            .map_err(|refused| Failure::new(refused.reason, refused.told(out.lang())))?;
        let signature = signer.sign(&publication.manifest.canonical());
        publication.signatures.push(signature);
        shown::say(&publication, &known.officers, &review, out);
        let outcome = desk.propose(&publication).await?;
        shown::done(&outcome, &publication, out)
    })
}

/// A draft of older rules lacks what was changed since, and would undo it unseen.
fn follows(of: Option<Origin>, last: &Pack) -> Result<(), Failure> {
    let Some(of) = of.filter(|of| of.bundle != last.bundle()) else { return Ok(()) };
    let now = Origin::of(last);
    Err(Failure::told(
        Reason::PolicyRebase,
        format!(
            "dit is een concept van {} en de laatste regels zijn {}; begin opnieuw met `policy new \
             --desk`, of zet, als de wijzigingen van die regels erin staan, in {DRAFT_FILE}: bundle \
             = \"{}\"",
            of.version, now.version, now.bundle
        ),
        format!(
            "this is a draft of {} and the last rules are {}; begin again with `policy new --desk`, \
             or, when it has the changes of those rules, set in {DRAFT_FILE}: bundle = \"{}\"",
            of.version, now.version, now.bundle
        ),
    ))
}

fn plan(args: &PublishArgs, known: &Known) -> Result<Plan, Failure> {
    let digest =
        |bytes: &[u8]| Digest::from_slice(bytes).map_err(|_| Failure::from(Reason::Malformed));
    let made_at = known.now();
    let entry = if args.emergency { Entry::Emergency } else { Entry::Planned };
    Ok(Plan {
        region: digest(&known.shown.region)?,
        next: (known.shown.next_number, digest(&known.shown.previous)?),
        entry,
        made_at,
        valid_from: args.from.unwrap_or(made_at),
        officers: changed(&known.officers, args),
        why: Text { nl: args.why_nl.clone(), en: args.why_en.clone() },
    })
}

/// Who may sign the next rules: whoever is appointed anew replaces the line that was there.
fn changed(before: &Officers, args: &PublishArgs) -> Officers {
    let anew = |one: &Appointment| args.appoint.iter().any(|new| new.officer == one.officer);
    let stays = |one: &&Appointment| !args.dismiss.contains(&one.officer) && !anew(one);
    let kept = before.all().iter().filter(stays).chain(&args.appoint);
    Officers::new(kept.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_of_older_rules_does_not_undo_what_was_changed_since() {
        let last = Pack::builtin().unwrap();
        assert!(follows(None, &last).is_ok(), "an older version may come back, as a folder");
        assert!(follows(Some(Origin::of(&last)), &last).is_ok());
        let older = Origin { version: "1".into(), bundle: Digest::of(b"older") };
        let told = follows(Some(older), &last).unwrap_err().sentence().en;
        assert!(told.starts_with(Reason::PolicyRebase.code()), "{told}");
        assert!(told.contains(&last.bundle().to_string()), "{told}");
    }
}
