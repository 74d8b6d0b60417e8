//! What an audit finds, in words: a stable one for programs, a sentence for people.

use grondslag_core::lang::Lang;

/// What is wrong between parties; what is wrong within a ledger `evidence` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    PartyUnreadable,
    HeadUnreadable,
    LedgerMissing,
    TooManyLedgers,
    HeadOfOtherLog,
    HeadUnsigned,
    HeadOtherRoot,
    HeadAhead,
    HeadsDiffer,
    HeadAboveFounding,
    NotFounded,
    OperatorsDiffer,
    FoundingOtherSize,
    CosignatureInvalid,
    AnswerUnproved,
    AnswerOtherRoot,
    AnswerAhead,
    CopiesDiffer,
    AnswerOfOtherLog,
    AnswersDiffer,
    DecisionUnproved,
    DecisionOtherRoot,
    DecisionAhead,
    DecisionOfOtherLog,
    DecisionsDiffer,
    CardUnreadable,
    CardUnsigned,
    KeyUnknown,
}

impl Wrong {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::PartyUnreadable => "party_unreadable",
            Self::HeadUnreadable => "head_unreadable",
            Self::LedgerMissing => "ledger_missing",
            Self::TooManyLedgers => "too_many_ledgers",
            Self::HeadOfOtherLog => "head_of_other_log",
            Self::HeadUnsigned => "head_unsigned",
            Self::HeadOtherRoot => "head_other_root",
            Self::HeadAhead => "head_ahead",
            Self::HeadsDiffer => "heads_differ",
            Self::HeadAboveFounding => "head_above_founding",
            Self::NotFounded => "not_founded",
            Self::OperatorsDiffer => "operators_differ",
            Self::FoundingOtherSize => "founding_other_size",
            Self::CosignatureInvalid => "cosignature_invalid",
            Self::AnswerUnproved => "answer_unproved",
            Self::AnswerOtherRoot => "answer_other_root",
            Self::AnswerAhead => "answer_ahead",
            Self::CopiesDiffer => "copies_differ",
            Self::AnswerOfOtherLog => "answer_of_other_log",
            Self::AnswersDiffer => "answers_differ",
            Self::DecisionUnproved => "decision_unproved",
            Self::DecisionOtherRoot => "decision_other_root",
            Self::DecisionAhead => "decision_ahead",
            Self::DecisionOfOtherLog => "decision_of_other_log",
            Self::DecisionsDiffer => "decisions_differ",
            Self::CardUnreadable => "card_unreadable",
            Self::CardUnsigned => "card_unsigned",
            Self::KeyUnknown => "key_unknown",
        }
    }
}

/// The sentence of a stable word; the word itself for one without.
pub(super) fn sentence(word: &str, lang: Lang) -> &str {
    let found = SENTENCES.iter().find(|(known, _, _)| *known == word);
    found.map_or(word, |(_, nl, en)| match lang {
        Lang::Nl => nl,
        Lang::En => en,
    })
}

/// Stable word, Dutch, English.
const SENTENCES: &[(&str, &str, &str)] = &[
    ("missing", "dit ontbreekt", "this is missing"),
    ("unreadable", "dit is niet te lezen", "this cannot be read"),
    ("stray", "dit hoort hier niet", "this does not belong here"),
    (
        "altered",
        "de vermelding is veranderd, verplaatst of ingevoegd: de ondertekende boom heeft hier een \
         andere",
        "the leaf was altered, moved or put in: the signed tree has another one here",
    ),
    (
        "other_hash",
        "de tegel heeft een andere hash dan wat eronder staat; de vermeldingen zelf kloppen",
        "the tile holds another hash than what stands below it; the leaves themselves are right",
    ),
    (
        "other_root",
        "de vermeldingen geven een andere wortel dan de ondertekende",
        "the leaves give another root than the signed one",
    ),
    (
        "went_back",
        "vastgelegd vóór de vermelding die ervoor staat: de klok is teruggezet",
        "recorded before the leaf that stands before it: the clock was set back",
    ),
    (
        "other_end",
        "het hoofd noemt een ander moment dan de laatste vermelding",
        "the head names another moment than the last leaf",
    ),
    ("other_log", "het hoofd is van een ander logboek", "the head is of another log"),
    (
        "unsigned",
        "de sleutel van deze partij heeft dit hoofd niet ondertekend",
        "this party's key did not sign this head",
    ),
    (
        "party_unreadable",
        "wat deze partij heeft is niet te lezen, en is dus niet getoetst",
        "what this party has cannot be read, and so it was not checked",
    ),
    (
        "head_unreadable",
        "een bewaard hoofd van de makelaar is niet te lezen",
        "a kept head of the broker's ledger cannot be read",
    ),
    (
        "ledger_missing",
        "dit logboek van deze partij ontbreekt",
        "this ledger of this party is missing",
    ),
    (
        "too_many_ledgers",
        "hier staan meer logboeken dan een opslag heeft: niet alle zijn getoetst",
        "more ledgers stand here than a store has: not all of them were checked",
    ),
    (
        "head_of_other_log",
        "een bewaard hoofd is van een ander logboek dan dat van deze makelaar",
        "a kept head is of another log than this broker's",
    ),
    (
        "head_unsigned",
        "de makelaar heeft dit bewaarde hoofd niet ondertekend",
        "the broker did not sign this kept head",
    ),
    (
        "head_other_root",
        "het logboek van de makelaar begint niet met wat hij hier eerder heeft getoond: het is \
         herschreven of gesplitst",
        "the broker's ledger does not begin with what it showed here before: it was rewritten or \
         forked",
    ),
    (
        "head_ahead",
        "de makelaar heeft hier een langer logboek getoond dan hij nu heeft: het is teruggezet of \
         afgekapt",
        "the broker showed a longer ledger here than it has now: it was rolled back or truncated",
    ),
    (
        "heads_differ",
        "van dit logboek is bij dezelfde lengte aan een ander een andere wortel getoond: het is gesplitst",
        "somebody else was shown another root of this log at the same size: it was forked",
    ),
    (
        "answer_unproved",
        "het bewijs bij een ontvangen antwoord klopt niet",
        "the proof of an answer that was received does not hold",
    ),
    (
        "answer_other_root",
        "de organisatie die dit antwoord gaf heeft haar logboek sindsdien herschreven, of toonde \
         de vrager een ander",
        "the agency that gave this answer rewrote its ledger since, or showed the asker another",
    ),
    (
        "answer_ahead",
        "de organisatie die dit antwoord gaf toonde een langer logboek dan zij nu heeft: het is \
         teruggezet of afgekapt",
        "the agency that gave this answer showed a longer ledger than it has now: it was rolled \
         back or truncated",
    ),
    (
        "copies_differ",
        "twee gegeven mappen hebben van dit logboek een andere geschiedenis",
        "two of the given folders have another history of this ledger",
    ),
    (
        "answer_of_other_log",
        "dit antwoord kwam uit een logboek dat de gegeven map van die organisatie niet heeft",
        "this answer came from a log that the given folder of that agency does not have",
    ),
    (
        "answers_differ",
        "twee vragers kregen van één logboek bij dezelfde lengte een andere wortel te zien",
        "two askers were shown another root of one log at the same size",
    ),
    (
        "decision_unproved",
        "het bewijs bij een beslissing van de makelaar op een eigen vraag klopt niet",
        "the proof of a decision of the broker on an own question does not hold",
    ),
    (
        "decision_other_root",
        "de makelaar toonde de vrager deze beslissing in een ander logboek dan het zijne, of heeft het \
         sindsdien herschreven",
        "the broker showed the asker this decision in another ledger than its own, or rewrote that \
         since",
    ),
    (
        "decision_ahead",
        "de makelaar toonde de vrager bij deze beslissing een langer logboek dan hij nu heeft: het is \
         teruggezet of afgekapt",
        "the broker showed the asker a longer ledger with this decision than it has now: it was rolled \
         back or truncated",
    ),
    (
        "decision_of_other_log",
        "deze beslissing kwam uit een logboek dat de gegeven map van de makelaar niet heeft",
        "this decision came from a log that the given folder of the broker does not have",
    ),
    (
        "decisions_differ",
        "van het logboek waar deze beslissing in staat is bij dezelfde lengte ook een andere wortel \
         getoond",
        "another root was shown, too, of the log that this decision stands in, at the same size",
    ),
    (
        "head_above_founding",
        "een bewaard hoofd ligt boven waar het herstelde logboek volgens zijn beginverklaring eindigde: \
         twee regiobeheerders moeten het alsnog opnemen",
        "a kept head lies above where the restored ledger ended by its founding: two operators \
         must take it in after all",
    ),
    (
        "not_founded",
        "dit logboek begint niet met een beginverklaring die twee regiobeheerders ondertekenden",
        "this ledger does not begin with a founding that two operators signed",
    ),
    (
        "operators_differ",
        "deze partij legde andere regiobeheerders vast dan de andere",
        "this party pinned other operators of the region than the others",
    ),
    (
        "founding_other_size",
        "het vorige logboek heeft een andere lengte dan er volgens zijn beginverklaring is teruggezet",
        "the ledger before has another length than its founding says was put back",
    ),
    (
        "cosignature_invalid",
        "een medeondertekening klopt niet met de sleutel van de getuige",
        "a cosignature does not hold under the witness's key",
    ),
    (
        "card_unreadable",
        "een bewaarde kaart van een instelling is niet te lezen",
        "a kept agency card cannot be read",
    ),
    (
        "card_unsigned",
        "een bewaarde kaart is niet ondertekend met een certificaat van deze regio",
        "a kept card was not signed with a certificate of this region",
    ),
    (
        "key_unknown",
        "van deze partij is geen kaart gevonden; geef haar sleutel met --vkey",
        "no card of this party was found; give its key with --vkey",
    ),
    (
        "record_altered",
        "de bewaarde opening is niet wat de vermelding vastlegt, of is niet te lezen",
        "the kept opening is not what the leaf commits to, or cannot be read",
    ),
    (
        "record_missing",
        "de opening ontbreekt, en geen vermelding zegt dat zij is vernietigd",
        "the opening is missing, and no leaf says that it was forgotten",
    ),
    (
        "record_not_forgotten",
        "de opening is er nog, hoewel een vermelding zegt dat zij is vernietigd",
        "the opening is still there though a leaf says that it was forgotten",
    ),
    (
        "record_forgotten_twice",
        "twee vermeldingen zeggen dat dit is vernietigd",
        "two leaves say that this was forgotten",
    ),
    (
        "record_never_recorded",
        "een vermelding zegt dat iets is vernietigd wat nooit is vastgelegd",
        "a leaf says that something was forgotten that was never recorded",
    ),
    (
        "record_other_kind",
        "vernietigd als een andere soort dan vastgelegd",
        "forgotten as another kind than it was recorded",
    ),
    (
        "record_forgotten_too_soon",
        "vernietigd voordat de kortste bewaartermijn voorbij was",
        "forgotten before its least term was over",
    ),
    (
        "record_unreadable",
        "een vermelding van vernietiging is niet te lezen",
        "a leaf of deletion cannot be read",
    ),
    (
        "record_not_indexed",
        "het einde van de bewaartermijn, of een sleutel waaronder dit gevonden wordt, staat niet \
         in de lijst",
        "the end of its term, or a key under which it is found, is not in the index",
    ),
    (
        "record_miscounted",
        "de totalen van wat is vernietigd zijn niet die van de vermeldingen",
        "the totals of what was forgotten are not those of the leaves",
    ),
    (
        "record_stray",
        "de opslag heeft een opening of einde waar geen vermelding van is",
        "the store holds an opening, or an end, that no leaf commits to",
    ),
];

#[cfg(test)]
mod tests {
    use grondslag_evidence::ledger::audit;
    use grondslag_evidence::records;

    use super::*;

    #[test]
    fn every_finding_has_a_sentence_in_both_languages_and_no_sentence_is_idle() {
        let own = [
            Wrong::PartyUnreadable,
            Wrong::HeadUnreadable,
            Wrong::LedgerMissing,
            Wrong::TooManyLedgers,
            Wrong::HeadOfOtherLog,
            Wrong::HeadUnsigned,
            Wrong::HeadOtherRoot,
            Wrong::HeadAhead,
            Wrong::HeadsDiffer,
            Wrong::AnswerUnproved,
            Wrong::AnswerOtherRoot,
            Wrong::AnswerAhead,
            Wrong::CopiesDiffer,
            Wrong::AnswerOfOtherLog,
            Wrong::AnswersDiffer,
            Wrong::DecisionUnproved,
            Wrong::DecisionOtherRoot,
            Wrong::DecisionAhead,
            Wrong::DecisionOfOtherLog,
            Wrong::DecisionsDiffer,
            Wrong::HeadAboveFounding,
            Wrong::NotFounded,
            Wrong::OperatorsDiffer,
            Wrong::FoundingOtherSize,
            Wrong::CosignatureInvalid,
            Wrong::CardUnreadable,
            Wrong::CardUnsigned,
            Wrong::KeyUnknown,
        ];
        let own = own.into_iter().map(|one| one.word().to_owned());
        let within = audit::Problem::ALL.into_iter().map(|one| one.word().to_owned());
        let kept = records::Problem::ALL.into_iter().map(|one| format!("record_{}", one.word()));
        let words: Vec<String> = within.chain(own).chain(kept).collect();
        for word in &words {
            let (nl, en) = (sentence(word, Lang::Nl), sentence(word, Lang::En));
            assert!(nl != word && en != word && nl != en, "{word}");
        }
        let known: Vec<&str> = SENTENCES.iter().map(|(word, _, _)| *word).collect();
        assert_eq!(known, words);
    }
}
