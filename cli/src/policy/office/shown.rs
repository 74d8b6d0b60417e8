//! What an officer is shown of rules before they sign, and what became of them.

use grondslag_core::lang::Lang;
use grondslag_core::officers::Officers;
use grondslag_core::reason::Reason;
use grondslag_policy::publish::{Entry, Publication};
use grondslag_policy::review::Review;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, red, yellow};
use crate::policy::{check, diff, prove};

/// Prints what is to be signed: what it is, and what it does beside the last published rules.
pub(super) fn say(publication: &Publication, officers: &Officers, review: &Review, out: Output) {
    let manifest = &publication.manifest;
    let number = manifest.number;
    let title = format!("{} {}", out.tr("Regels", "Rules"), manifest.version);
    out.line(&format!("{} {}", bold(&title), dim(&format!("({number})"))));
    let since = match manifest.entry {
        Entry::Planned => out.tr("gelden vanaf", "in force from"),
        Entry::Emergency => out.tr("noodmaatregel, gelden vanaf", "emergency, in force from"),
    };
    out.line(&format!("  {since} {}", manifest.valid_from.local()));
    out.line(&format!("  {}", manifest.why.in_lang(out.lang())));
    for signature in &publication.signatures {
        let by = out.tr("ondertekend door", "signed by");
        out.line(&format!("  {by} {}", signature.officer));
    }
    say_officers(officers, &manifest.officers, out);
    say_review(review, out);
}

/// Who may sign the next rules: all of them, since a colleague signs for the whole list, and what
/// changes in it as far as this node says.
fn say_officers(before: &Officers, after: &Officers, out: Output) {
    let came = after.all().iter().filter(|one| !before.all().contains(one));
    let went = before.all().iter().filter(|one| !after.all().contains(one));
    for one in after.all() {
        out.line(&format!(
            "  {} {one}",
            out.tr("mag hierna ondertekenen:", "may sign after this:")
        ));
    }
    for one in came {
        let may = out.tr("mag voortaan ondertekenen", "may sign from then on");
        out.line(&yellow(&format!("  {may}: {one}")));
    }
    for one in went {
        let no = out.tr("mag niet meer ondertekenen", "may no longer sign");
        out.line(&yellow(&format!("  {no}: {one}")));
    }
}

/// Prints a review: problems, differences, promises.
pub(super) fn say_review(review: &Review, out: Output) {
    review.problems.iter().for_each(|problem| check::say(problem, out));
    if let Some(shown) = &review.diff {
        diff::say(shown, false, out);
    }
    for later in &review.later {
        let from = out.tr("En vanaf", "And from");
        let on = out.tr("", " on");
        out.line(&bold(&format!("{from} {}{on}:", later.at.local())));
        diff::say(&later.diff, false, out);
    }
    if let Some(proof) = &review.proof {
        proof.invariants.iter().for_each(|one| prove::invariant(one, out));
    }
}

/// Prints what became of rules that were brought or signed.
///
/// # Errors
/// Why they were not taken.
pub(super) fn done(
    outcome: &v1::PolicyOutcome,
    publication: &Publication,
    out: Output,
) -> Result<Exit, Failure> {
    if let Some(refusal) = &outcome.refusal {
        for problem in &outcome.problems {
            let sentence = match out.lang() {
                Lang::Nl => &problem.nl,
                Lang::En => &problem.en,
            };
            let at = format!("{} {}", problem.file, problem.row);
            out.note(&format!("{}  {at}: {sentence}", red(&problem.reason)));
        }
        return Err(reason(&refusal.reason).into());
    }
    let digest = publication.manifest.digest();
    let from = publication.manifest.valid_from.local();
    if outcome.published == 0 {
        let waits =
            out.tr("Het voorstel wacht op een collega:", "The proposal waits for a colleague:");
        out.line(&green(waits));
        out.line(&format!("  grondslag policy approve {digest} --desk … --officer …"));
    } else {
        let done = out.tr("Gepubliceerd onder nummer", "Published under number");
        let since = out.tr("ze gelden overal vanaf", "they are in force everywhere from");
        out.line(&green(&format!("{done} {}; {since} {from}", outcome.published)));
    }
    out.json(&json!({
        "digest": digest,
        "published": outcome.published,
        "valid_from": publication.manifest.valid_from.to_string(),
    }))?;
    Ok(Exit::Done)
}

/// Stops at a draft that everybody will refuse.
///
/// # Errors
/// `POLICY_INVALID`, or why it could not be compared.
pub(super) fn sound(review: &Review) -> Result<(), Failure> {
    match (review.reason, review.problems.is_empty()) {
        (Some(reason), _) => Err(reason.into()),
        (None, false) => Err(Reason::PolicyInvalid.into()),
        (None, true) => Ok(()),
    }
}
