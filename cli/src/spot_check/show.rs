//! A finished check, for people and for programs.

use grondslag_core::lang::Lang;
use grondslag_subject::pseudonym::spot_check::Verdict;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::{Output, bold, dim, green, red, yellow};

use super::verify::{Broker, Checked, Line};

/// Shows what was drawn and found.
pub(super) fn show(checked: &Checked, out: Output) -> Result<(), Failure> {
    head(checked, out);
    for line in &checked.lines {
        position(line, out);
    }
    summary(checked, out);
    for finding in findings(checked, out) {
        out.line(&red(&finding));
    }
    if checked.broker == Broker::Unreached {
        out.line(&yellow(out.tr(
            "De makelaar is niet bereikt: de partijen zijn niet met de zijne vergeleken. Loot \
             later opnieuw, met een nieuwe --seed: het knooppunt kent deze nu.",
            "The broker was not reached: the batches were not compared with its own. Draw again \
             later, with a new --seed: the node knows this one now.",
        )));
    }
    if let Some(reason) = checked.reason() {
        out.line(&format!("{} {}", red(reason.code()), reason.sentence(out.lang())));
    }
    out.json(&to_json(checked))
}

fn head(checked: &Checked, out: Output) {
    let Checked { epoch, batches, points, .. } = checked;
    let drawn = checked.lines.len();
    let text = match out.lang() {
        Lang::Nl => format!(
            "{drawn} van {points} posities uit {batches} partijen, tijdvak {epoch}, geloot met"
        ),
        Lang::En => format!(
            "{drawn} of {points} positions from {batches} batches, epoch {epoch}, drawn with"
        ),
    };
    out.line(&format!("{text} --seed {}", bold(&hex::encode(checked.drawn_by))));
}

fn position(line: &Line, out: Output) {
    let label = out.tr("partij", "batch");
    let place = format!("  {label} {:<5} {:<5}", line.batch, line.position);
    let word = match line.verdict {
        Verdict::Client => green(out.tr("goed: cliënt", "ok: client")),
        Verdict::Canary => dim(out.tr("goed: verzonnen kind", "ok: made-up subject")),
        Verdict::Padding => dim(out.tr("goed: opvulling", "ok: padding")),
        Verdict::NotOpening => red(out.tr("GAAT NIET OPEN", "DOES NOT OPEN")),
        Verdict::Stranger => dim(out.tr("er is naar gevraagd", "asked about")),
        Verdict::NoDossier => red(out.tr("GEEN DOSSIER", "NO DOSSIER")),
    };
    let dossier = line.dossier.as_ref().map(|(file, since)| {
        format!(" {} {} {}", bold(file), out.tr("sinds", "since"), since.date())
    });
    out.line(&format!("{place} {word}{}", dossier.unwrap_or_default()));
}

fn summary(checked: &Checked, out: Output) {
    let counts = [
        (Verdict::Client, out.tr("cliënten met dossier", "clients with a dossier")),
        (Verdict::Canary, out.tr("verzonnen kinderen", "made-up subjects")),
        (Verdict::Padding, out.tr("opvulling", "padding")),
        (Verdict::NotOpening, out.tr("gaan niet open", "do not open")),
        (Verdict::Stranger, out.tr("naar gevraagd, geen cliënt", "asked about, no client")),
        (Verdict::NoDossier, out.tr("zonder dossier", "without a dossier")),
    ];
    let counts = counts.map(|(verdict, label)| format!("{} {label}", checked.count(verdict)));
    out.line(&counts.join(", "));
    let recorded = out.tr("vastgelegd in het logboek als", "recorded in the ledger as");
    let (index, at) = (checked.ledger_index, checked.recorded_at.local());
    out.line(&dim(&format!("{recorded} {index}, {at}")));
}

/// What is wrong, and what to do about it.
fn findings(checked: &Checked, out: Output) -> Vec<String> {
    let mut found = Vec::new();
    if checked.count(Verdict::NoDossier) > 0 {
        found.push(out.tr(
            "Zonder dossier: wie sindsdien uit het register ging, of een vreemde. Laat de \
             organisatie het oude dossier tonen.",
            "Without a dossier: somebody who has left the register since, or a stranger. Have the \
             agency show the old dossier.",
        ));
    }
    if !checked.altered.is_empty() {
        found.push(out.tr(
            "Een partij is niet die uit het logboek van het knooppunt. Zet een back-up terug of \
             laat een nieuw tijdvak beginnen, en loot opnieuw.",
            "A batch is not the one in the node's ledger. Restore a backup or have a new epoch \
             begin, and draw again.",
        ));
    }
    if checked.broker == Broker::Differs {
        found.push(out.tr(
            "De makelaar noteerde andere of meer partijen dan het knooppunt toont. Vraag de \
             beheerder van de makelaar om zijn logboek.",
            "The broker noted other or more batches than the node shows. Ask the broker's \
             operator for its ledger.",
        ));
    }
    if checked.node_counts_otherwise {
        found.push(out.tr(
            "Het knooppunt telde zelf anders dan dit programma. Vertrouw zijn programma niet.",
            "The node itself counted otherwise than this program. Do not trust its program.",
        ));
    }
    found.into_iter().map(str::to_owned).collect()
}

fn to_json(checked: &Checked) -> Value {
    let position = |line: &Line| {
        let (file, since) = line.dossier.clone().unzip();
        json!({
            "batch": line.batch,
            "position": line.position,
            "verdict": line.verdict.word(),
            "file_number": file,
            "registered": since,
        })
    };
    let counts = Verdict::ALL.map(|verdict| (verdict.word(), json!(checked.count(verdict))));
    let broker = match checked.broker {
        Broker::Agrees => "agree",
        Broker::Differs => "differ",
        Broker::Unreached => "unreached",
    };
    json!({
        "sound": checked.is_sound(),
        "reason": checked.reason(),
        "epoch": checked.epoch,
        "seed": hex::encode(checked.drawn_by),
        "batches": checked.batches,
        "points": checked.points,
        "counts": serde_json::Map::from_iter(counts.map(|(word, count)| (word.to_owned(), count))),
        "positions": checked.lines.iter().map(position).collect::<Vec<_>>(),
        "batches_altered": checked.altered,
        "batches_other_at_broker": checked.differing,
        "broker": broker,
        "node_counts_otherwise": checked.node_counts_otherwise,
        "ledger_index": checked.ledger_index,
        "recorded_at": checked.recorded_at,
    })
}
