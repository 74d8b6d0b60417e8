//! What a replay finds, in words: a stable one for programs, a sentence for people.

use grondslag_core::lang::Lang;
use grondslag_policy::What;

use super::words;

/// The sentence of what is wrong with a decision, or with the party that took it.
pub(super) fn sentence(word: &str, lang: Lang) -> &str {
    let found = SENTENCES.iter().find(|(known, _, _)| *known == word);
    match (found, lang) {
        (Some((_, nl, _)), Lang::Nl) => nl,
        (Some((_, _, en)), Lang::En) => en,
        (None, _) => words::sentence(word, lang),
    }
}

/// What of a decision differs, in a word of people.
pub(super) const fn part(what: What, lang: Lang) -> &'static str {
    let (nl, en) = match what {
        What::Outcome => ("uitkomst", "outcome"),
        What::Tier => ("niveau", "tier"),
        What::Rows => ("regels", "rules"),
        What::Grounds => ("grondslagen", "grounds"),
        What::Reason => ("reden", "reason"),
        What::Nameable => ("of een professional genoemd mag worden", "whether one may be named"),
        What::Facts => ("gegevens waarop is beslist", "facts that it was decided on"),
        What::Columns => ("kolommen", "columns"),
        What::Categories => ("gevraagde categorieën", "categories that were asked"),
        What::Version => ("versie van de regels", "version of the rules"),
    };
    match lang {
        Lang::Nl => nl,
        Lang::En => en,
    }
}

/// Stable word, Dutch, English.
const SENTENCES: &[(&str, &str, &str)] = &[
    (
        "differs",
        "met dezelfde regels komt er nu iets anders uit",
        "the same rules now come to something else",
    ),
    (
        "not_in_force",
        "beslist met andere regels dan die volgens dit logboek golden",
        "decided by other rules than those that this ledger says were in force",
    ),
    (
        "no_bundle",
        "deze regels zijn niet voorhanden; geef hun map met --policy",
        "these rules are not at hand; give their folder with --policy",
    ),
    (
        "no_overlay",
        "de eigen regels van deze partij zijn niet voorhanden; geef hun bestand met --overlay",
        "this party's own rules are not at hand; give their file with --overlay",
    ),
    (
        "other_rules",
        "met de regels die de beslissing noemt is zij niet opnieuw te nemen",
        "it cannot be taken again with the rules that it names",
    ),
    (
        "altered",
        "de bewaarde opening is niet wat het logboek vastlegt",
        "the kept opening is not what the ledger commits to",
    ),
    (
        "lost",
        "de opening ontbreekt, en niets in het logboek zegt dat zij is vernietigd",
        "the opening is missing, and nothing in the ledger says that it was forgotten",
    ),
    ("body_unreadable", "wat is vastgelegd is geen beslissing", "what was recorded is no decision"),
    (
        "decided_on_altered",
        "waarop is beslist is niet waar de beslissing naar verwijst",
        "what it was decided on is not what the decision names",
    ),
    (
        "decided_on_unreadable",
        "waarop is beslist is niet te lezen",
        "what it was decided on cannot be read",
    ),
    (
        "other_header",
        "de vraag die ernaast staat is niet die van de beslissing",
        "the question beside it is not the one of the decision",
    ),
];

#[cfg(test)]
mod tests {
    use grondslag_broker::decision::RecordError;

    use super::*;

    #[test]
    fn what_differs_is_said_in_both_languages_and_each_in_its_own_words() {
        for lang in [Lang::Nl, Lang::En] {
            let words: std::collections::BTreeSet<_> =
                What::ALL.iter().map(|what| part(*what, lang)).collect();
            assert_eq!(words.len(), What::ALL.len());
        }
    }

    #[test]
    fn whatever_is_wrong_with_a_record_has_a_sentence() {
        let all = [
            RecordError::Body,
            RecordError::Altered,
            RecordError::Unreadable,
            RecordError::OtherHeader,
        ];
        for word in all.map(RecordError::word) {
            let (nl, en) = (sentence(word, Lang::Nl), sentence(word, Lang::En));
            assert!(nl != word && en != word && nl != en, "{word}");
        }
    }
}
