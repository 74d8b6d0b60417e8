//! The founding of a restored broker's ledger, and the two signatures that it needs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use grondslag_certs::file::replace_by_way_of;
use grondslag_core::checkpoint::{SignatureType, VerifierKey};
use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_core::founding::{Founding, SignedFounding};
use grondslag_core::id::Oin;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::operators::Operator;
use grondslag_core::reason::Reason;
use grondslag_runtime::clock::{RegionClock, SystemClock};
use serde_json::json;

use super::Signer;
use crate::exit::{Exit, Failure};
use crate::limits::FOUNDING_AGE_MS_MAX;
use crate::output::{Output, bold, green, yellow};
use crate::restore::read;

/// Arguments of `operator sign-founding`.
#[derive(Debug, Args)]
pub(super) struct FoundingArgs {
    /// Folder of the operator who signs
    #[arg(long, value_name = "FOLDER")]
    operator: PathBuf,

    /// File with the founding, from `grondslag restore collect`; it gets this signature too
    #[arg(long)]
    file: PathBuf,

    /// Verifier key (C2SP) of the broker's ledger as you know it; repeat it for the key before
    #[arg(long, value_name = "KEY", value_parser = VerifierKey::parse)]
    vkey: Vec<VerifierKey>,

    /// Clock of a demo region; else this computer's
    #[arg(long, value_name = "FILE")]
    region_clock: Option<PathBuf>,
}

/// Adds a signature.
pub(super) fn run(args: &FoundingArgs, out: Output) -> Result<Exit, Failure> {
    let (file, signer) = (args.file.as_path(), Signer::load(&args.operator)?);
    let mut signed = read(file)?;
    signed.founding.check()?;
    let now = match &args.region_clock {
        Some(clock) => RegionClock::open(clock)
            .map_err(|error| Failure::new(Reason::ClockInvalid, error))?
            .now(),
        None => SystemClock::default().now(),
    };
    check_moment(&signed.founding, now)?;
    check_broker(&signed.founding, &args.vkey)?;
    if args.vkey.is_empty() {
        out.line(&yellow(out.tr(
            "Niet vergeleken met de sleutel van de makelaar: geef die met --vkey.",
            "Not held against the broker's key: give that with --vkey.",
        )));
    }
    let own = signer.operator();
    signed.signatures.retain(|signature| signature.operator != own);
    let new = Operator::sign(own.oin(), &signer.key, &signed.founding.canonical());
    signed.signatures.push(new);
    let text = serde_json::to_string_pretty(&signed)
        .map_err(|error| Failure::new(Reason::Internal, error))?;
    replace_by_way_of(&file.with_extension("next"), file, format!("{text}\n").as_bytes())?;
    say(&signed, out)
}

/// Whatever was asked before a founding is not answered: one of time to come stops the region, and
/// one of long ago lets old questions through. An amendment keeps the moment of its founding.
fn check_moment(founding: &Founding, now: Timestamp) -> Result<(), Failure> {
    let at = founding.at.ms();
    let (first, last) =
        (now.ms().saturating_sub(FOUNDING_AGE_MS_MAX), now.ms().saturating_add(CLOCK_SKEW_MS_MAX));
    if at > last {
        return Err(Failure::told(
            Reason::FoundingInvalid,
            "het nieuwe logboek is in de toekomst gedateerd; klopt de klok van de makelaar, en die \
             van u?",
            "its moment is still to come; is the broker's clock right, and yours?",
        ));
    }
    if founding.amendment == 0 && at < first {
        return Err(Failure::told(
            Reason::FoundingInvalid,
            "dit verzoek is meer dan een week oud; doe `restore collect` opnieuw",
            "it is more than a week old; do `restore collect` again",
        ));
    }
    Ok(())
}

/// The highest head is of the broker that the operator knows.
fn check_broker(founding: &Founding, known: &[VerifierKey]) -> Result<(), Failure> {
    let is_broker = |key: &VerifierKey| {
        key.kind == SignatureType::Ed25519
            && key.name == founding.head.checkpoint().origin
            && founding.head.verify(&key.key).is_ok()
    };
    if known.is_empty() || known.iter().any(is_broker) {
        return Ok(());
    }
    Err(Failure::told(
        Reason::FoundingInvalid,
        "het hoofd is niet van de makelaar die u kent: naam of sleutel is anders dan --vkey",
        "the head is not of the broker that you know: its name or key is not that of --vkey",
    ))
}

fn say(signed: &SignedFounding, out: Output) -> Result<Exit, Failure> {
    let SignedFounding { founding, signatures } = signed;
    let head = founding.head.checkpoint();
    let title = out.tr("Nieuw logboek van de makelaar", "New ledger of the broker");
    out.line(&format!("{title} {}/{}", founding.region, founding.number));
    out.line(&format!("  {} {}", out.tr("sinds", "since"), founding.at.local()));
    let before = out.tr("het vorige eindigde bij", "the one before ended at");
    out.line(&format!("  {before} {} ({})", bold(&head.size.to_string()), head.root));
    let lost = founding.lost();
    let told = out.tr("verloren", "lost");
    out.line(&format!("  {told} {} ({}..{})", lost.end - lost.start, lost.start, lost.end));
    for oin in &founding.missed {
        out.line(&format!("  {} {oin}", yellow(out.tr("niet bereikt:", "not reached:"))));
    }
    let signers: Vec<String> =
        signatures.iter().map(|signature| signature.operator.to_string()).collect();
    out.line(out.tr("Ondertekend door:", "Signed by:"));
    for signer in &signers {
        out.line(&format!("  {signer}"));
    }
    let organisations: BTreeSet<&Oin> =
        signatures.iter().map(|signature| signature.operator.oin()).collect();
    let enough = organisations.len() > 1;
    out.line(&if enough {
        green(out.tr("Geef het bestand aan de makelaar.", "Hand the file to the broker."))
    } else {
        out.tr(
            "Nog nodig: een regiobeheerder van een andere organisatie.",
            "Still needed: an operator of another organisation.",
        )
        .to_owned()
    });
    out.json(&json!({ "founding": founding, "signed_by": signers, "complete": enough }))?;
    Ok(Exit::Done)
}
