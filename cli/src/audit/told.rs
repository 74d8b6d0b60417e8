//! Entries of ledgers in words.

use grondslag_core::canonical::Reader;
use grondslag_core::catalogue::{Category, RowId};
use grondslag_core::tier::{Tier, Verdict};
use grondslag_evidence::records::Forgotten;
use grondslag_node::answers::record::Ruled;
use serde_json::{Value, json};

use super::decision::Decision;
use crate::ask::Names;
use crate::output::{Output, bold, green, red, yellow};

/// Kinds of leaves and records, in Dutch and in English.
const KINDS: [(&str, &str, &str); 66] = [
    ("grondslag/leaf/card/v1", "kaart aangenomen", "card accepted"),
    ("grondslag/leaf/enrolled/v1", "inschrijving klaar", "enrolment finished"),
    ("grondslag/leaf/enrolment/v1", "groep dossiers ingeschreven", "batch enrolled"),
    ("grondslag/leaf/epoch/v1", "tijdvak", "epoch"),
    ("grondslag/leaf/follow-up/v1", "aanvulling doorgegeven", "follow-up carried"),
    ("grondslag/leaf/forgotten/v1", "vergeten na de termijn", "forgotten after its term"),
    ("grondslag/leaf/founding/v1", "nieuw logboek begonnen", "new ledger begun"),
    ("grondslag/leaf/ledger-fork/v1", "logboek spreekt zich tegen", "ledger contradicts itself"),
    ("grondslag/leaf/log-founded/v1", "nieuw logboek gevolgd", "new ledger followed"),
    ("grondslag/leaf/metrics/v1", "rapport van de makelaar", "report of the broker"),
    ("grondslag/leaf/operator/v1", "handeling van een beheerder", "act of an operator"),
    ("grondslag/leaf/policy-act/v1", "handeling in de regels", "act of the policy office"),
    ("grondslag/leaf/policy-desk/v1", "handeling aan de regels", "act of a privacy officer"),
    ("grondslag/leaf/policy/v1", "regels in werking", "rules in force"),
    ("grondslag/leaf/publication/v1", "regels gepubliceerd", "rules published"),
    ("grondslag/leaf/records-read/v1", "beslissingen getoond", "decisions shown"),
    ("grondslag/leaf/restore-confirmed/v1", "herstel bevestigd", "restore confirmed"),
    ("grondslag/leaf/silent/v1", "organisatie bleef stil", "agency stayed silent"),
    ("grondslag/leaf/step/v1", "stap van de sleutelhouder", "step of the key holder"),
    ("grondslag/leaf/witnesses/v1", "lijst van getuigen", "list of witnesses"),
    ("grondslag/record/alarm/v1", "alarm", "alarm"),
    ("grondslag/record/answered/v1", "antwoord ontvangen", "answer received"),
    ("grondslag/record/approved/v1", "concept goedgekeurd", "draft approved"),
    ("grondslag/record/asked/v1", "vraag gesteld", "question asked"),
    ("grondslag/record/away/v1", "medewerker afwezig of terug", "staff away or back"),
    ("grondslag/record/batches-shown/v1", "groepen dossiers ingezien", "batches looked at"),
    ("grondslag/record/broker-decision/v1", "beslissing van de makelaar", "decision of the broker"),
    ("grondslag/record/broker-read/v1", "makelaar bevraagd", "read at the broker"),
    ("grondslag/record/canary/v1", "proefvraag", "question about a made-up subject"),
    ("grondslag/record/case/v1", "casus op het bord gewijzigd", "case on the board changed"),
    ("grondslag/record/cases-shown/v1", "caseloadbord ingezien", "caseload board looked at"),
    ("grondslag/record/certified/v1", "maatregel verklaard", "measure certified"),
    ("grondslag/record/closed/v1", "vraag afgesloten", "question closed"),
    ("grondslag/record/consent/v1", "toestemming vastgelegd", "consent written down"),
    ("grondslag/record/to-inform-shown/v1", "nog te vertellen ingezien", "to be told looked at"),
    ("grondslag/record/informed/v1", "betrokkene ingelicht", "person concerned told"),
    ("grondslag/record/inform-postponed/v1", "inlichten uitgesteld", "telling put off"),
    ("grondslag/record/rights-asked/v1", "verzoek over eigen gegevens", "request about own data"),
    ("grondslag/record/rights-settled/v1", "verzoek afgehandeld", "request settled"),
    ("grondslag/record/rights-shown/v1", "verzoeken ingezien", "requests looked at"),
    (
        "grondslag/record/identity-seen/v1",
        "gezien wie inzage vraagt",
        "seen who asks for an own view",
    ),
    (
        "grondslag/record/ask-again-shown/v1",
        "opnieuw te vragen ingezien",
        "to be asked again looked at",
    ),
    ("grondslag/record/consents-shown/v1", "toestemmingen ingezien", "consents looked at"),
    ("grondslag/record/decision/v1", "beslissing van de houder", "decision of the holder"),
    ("grondslag/record/decisions-shown/v1", "beslissingen ingezien", "decisions looked at"),
    ("grondslag/record/dossier-forgotten/v1", "dossier vernietigd", "joint file destroyed"),
    ("grondslag/record/dossier-shown/v1", "dossier ingezien", "joint file looked at"),
    ("grondslag/record/draft-shown/v1", "concept ingezien", "draft looked at"),
    ("grondslag/record/ended/v1", "termijn voorbij", "term over"),
    ("grondslag/record/follow-up-sent/v1", "vraag aangevuld", "follow-up sent"),
    ("grondslag/record/follow-up-taken/v1", "aanvulling ontvangen", "follow-up taken"),
    ("grondslag/record/glass-reviewed/v1", "noodknop beoordeeld", "break glass reviewed"),
    ("grondslag/record/glass-shown/v1", "noodknop ingezien", "break glass looked at"),
    ("grondslag/record/glass-suspended/v1", "noodknop geschorst", "break glass suspended"),
    ("grondslag/record/handed-over/v1", "casus overgedragen", "case handed over"),
    ("grondslag/record/handovers-shown/v1", "overdrachten ingezien", "handovers looked at"),
    ("grondslag/record/metrics-made/v1", "rapport gemaakt", "report made"),
    ("grondslag/record/patterns-shown/v1", "patronen ingezien", "patterns looked at"),
    ("grondslag/record/climbed/v1", "vraag wacht te lang", "question waits too long"),
    ("grondslag/record/released/v1", "uitkomst verteld of ingehouden", "outcome told or held back"),
    ("grondslag/record/review-changed/v1", "beoordeling gewijzigd", "review changed"),
    (
        "grondslag/record/review-shown/v1",
        "vraag in beoordeling ingezien",
        "question in review seen",
    ),
    ("grondslag/record/reviewed/v1", "beoordeeld", "reviewed"),
    (
        "grondslag/record/situation/v1",
        "gezag of maatregel vastgelegd",
        "custody or measure recorded",
    ),
    ("grondslag/record/spot-check/v1", "steekproef", "spot check"),
    ("", "onleesbaar", "unreadable"),
];

/// The kind of a leaf that stands in clear: the label that its bytes begin with.
pub(super) fn label(leaf: &[u8]) -> String {
    let label = leaf.split_first_chunk::<4>().and_then(|(len, rest)| {
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        std::str::from_utf8(rest.get(..len)?).ok()
    });
    // Only what reads as canonical bytes has a label.
    let label = label.filter(|label| Reader::new(leaf, label).is_ok());
    label.unwrap_or_default().to_owned()
}

/// A kind in words; one that is not known by its own label.
pub(super) fn kind(kind: &str, out: Output) -> String {
    let known = KINDS.iter().find(|(label, ..)| *label == kind);
    known.map_or_else(|| kind.to_owned(), |(_, nl, en)| out.tr(nl, en).to_owned())
}

/// How many records of which kind were forgotten.
pub(super) fn forgotten(forgotten: &Forgotten, out: Output) -> Vec<String> {
    let kinds = forgotten.kinds.iter();
    kinds.map(|(name, list)| format!("{} {}", list.len(), kind(name, out))).collect()
}

/// A decision: who asked what for, and a line per category.
pub(super) fn decision(decision: &Decision, names: &Names, out: Output) -> Vec<String> {
    let (asker, role, purpose) = match decision {
        Decision::Broker(record) => {
            let header = &record.asked.header;
            (&header.asker, &header.role, &header.purpose)
        }
        Decision::Holder(record) => (&record.asker, &record.role, &record.purpose),
    };
    let (asks, on) = (out.tr("vraagt voor", "asks for"), out.tr("kenmerk", "target id"));
    let first = format!("{asker} ({role}) {asks} {purpose}; {on} {}", decision.target_id());
    let lines = ruled(decision).into_iter().map(|(category, outcome, tier, rows)| {
        let name = names.category(category);
        let rows = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let told = format!("  {category} {name}: {} {tier} {rows}", outcome_in(outcome, out));
        told.trim_end().to_owned()
    });
    std::iter::once(bold(&first)).chain(lines).collect()
}

/// The same as data.
pub(super) fn as_json(decision: &Decision) -> Value {
    let lines = ruled(decision).into_iter().map(|(category, outcome, tier, rows)| {
        json!({ "category": category, "outcome": outcome, "tier": tier, "rules": rows })
    });
    json!({
        "target_id": decision.target_id(),
        "asker": decision.asker(),
        "decided_at": decision.decided_at().to_string(),
        "lines": lines.collect::<Vec<_>>(),
    })
}

fn ruled(decision: &Decision) -> Vec<(&Category, &'static str, Tier, &[RowId])> {
    match decision {
        Decision::Broker(record) => {
            let both = record.leaf.rulings.iter().zip(&record.rests_on);
            let lines = both.map(|(one, (basis, _))| {
                (&one.category, one.verdict.word(), one.cap, basis.rows.as_slice())
            });
            lines.collect()
        }
        Decision::Holder(record) => {
            let lines = record.lines.iter().map(|line| {
                (&line.category, line.outcome.word(), line.tier, line.basis.rows.as_slice())
            });
            lines.collect()
        }
    }
}

fn outcome_in(outcome: &str, out: Output) -> String {
    if outcome == Verdict::Permit.word() {
        green(out.tr("toegestaan", "permitted"))
    } else if outcome == Verdict::Refuse.word() {
        red(out.tr("geweigerd", "refused"))
    } else if outcome == Ruled::Miss.word() {
        out.tr("niet bekend", "not known").to_owned()
    } else {
        yellow(out.tr("te beoordelen", "to be reviewed"))
    }
}

#[cfg(test)]
mod tests {
    use grondslag_core::canonical::Canonical;
    use grondslag_core::lang::Lang;

    use super::*;

    #[test]
    fn a_leaf_in_clear_is_named_by_its_label_and_other_bytes_are_unreadable() {
        let out = Output::new(false, Lang::En);
        let leaf = Canonical::new("grondslag/leaf/policy/v1").text("1.0.0").finish();
        assert_eq!(kind(&label(&leaf), out), "rules in force");
        for bytes in [b"".as_slice(), b"abc", &[0, 0, 0, 9, b'x'], &[0, 0, 0, 1, 0xff]] {
            assert_eq!(kind(&label(bytes), out), "unreadable");
        }
        let later = Canonical::new("grondslag/leaf/later/v1").finish();
        assert_eq!(kind(&label(&later), out), "grondslag/leaf/later/v1");
    }

    /// Every label that a ledger may hold has words: the sources are looked through for them.
    #[test]
    fn every_kind_of_leaf_and_record_has_words() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders: Vec<_> = ["broker", "node", "policy", "core", "evidence"]
            .map(|one| root.join(one).join("src"))
            .into();
        let mut missing = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.to_string_lossy().contains("tests") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
                    missing.extend(labels(&text));
                }
            }
        }
        assert!(missing.len() > 15, "{missing:?}");
        missing.retain(|label| !KINDS.iter().any(|(known, ..)| known == label));
        assert_eq!(missing, ["grondslag/leaf/committed/v1"], "it is what holds a record");
    }

    fn labels(text: &str) -> Vec<String> {
        let quoted = text.split('"').skip(1).step_by(2);
        let own = |one: &&str| {
            (one.starts_with("grondslag/leaf/") || one.starts_with("grondslag/record/"))
                && one.ends_with("/v1")
        };
        quoted.filter(own).map(str::to_owned).collect()
    }
}
