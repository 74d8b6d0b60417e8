//! Whether a free text names a person: by number or by name.
//!
//! A necessity text says why something is needed, not about whom: the question itself carries the
//! person. The check leans to refusing, since the way out is to write the sentence without the
//! name. It knows nothing of nicknames, misspellings or numbers written in words.

use std::collections::BTreeSet;

use grondslag_core::reason::Reason;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::Bsn;
use crate::bsn::BSN_LEN;
use crate::digits::{passes_proof, value};
use crate::person::Name;

/// Shorter words of a name are ignored: an initial stands in every text.
const WORD_CHARS_MIN: usize = 2;
/// A Dutch genitive ("Noors moeder") is recognised from this length of name.
const GENITIVE_CHARS_MIN: usize = 3;

/// Words that are part of many double names and of every other sentence.
const PARTICLES: &[&str] = &[
    "aan", "abu", "al", "ben", "bij", "bin", "bint", "da", "de", "del", "della", "den", "der",
    "des", "di", "do", "dos", "du", "el", "en", "het", "ibn", "in", "la", "le", "les", "of", "op",
    "over", "onder", "te", "ten", "ter", "tot", "uit", "van", "von", "voor", "zu",
];

/// Refuses a text that holds one of these numbers in any spacing, any nine digits in a row that
/// pass the 11-proof (whatever stands between them, if it is not a letter; in any script), or a
/// given or family name as a whole word (in any case, with or without diacritics; a double name
/// also by its parts).
///
/// # Errors
/// [`Reason::TextNamesPerson`].
pub fn names_person(text: &str, numbers: &[Bsn], names: &[Name]) -> Result<(), Reason> {
    let text = folded(text);
    if holds_number(&text, numbers) || holds_name(&text, names) {
        Err(Reason::TextNamesPerson)
    } else {
        Ok(())
    }
}

fn holds_number(text: &str, numbers: &[Bsn]) -> bool {
    // This child's own number is found even with words between its digits.
    let all: String = text.chars().filter_map(digit_char).collect();
    numbers.iter().any(|bsn| all.contains(bsn.expose()))
        || text.split(char::is_alphabetic).any(holds_proven_digits)
}

fn holds_proven_digits(stretch: &str) -> bool {
    let digits: Vec<u8> = stretch.chars().filter_map(value).collect();
    digits.windows(BSN_LEN).any(|window| window.try_into().is_ok_and(passes_proof))
}

fn digit_char(c: char) -> Option<char> {
    char::from_digit(u32::from(value(c)?), 10)
}

fn holds_name(text: &str, names: &[Name]) -> bool {
    let sought: BTreeSet<String> = names
        .iter()
        .flat_map(|name| [name.given(), name.family()])
        .flat_map(sought_words)
        .collect();
    words(text).any(|word| {
        let genitive = word.strip_suffix('s').filter(|stem| stem.len() >= GENITIVE_CHARS_MIN);
        sought.contains(word) || genitive.is_some_and(|stem| sought.contains(stem))
    })
}

/// The words that give a name away: each part of it, and a double name written as one word.
fn sought_words(name: &str) -> Vec<String> {
    let name = folded(name);
    let parts: Vec<&str> =
        words(&name).filter(|word| word.chars().count() >= WORD_CHARS_MIN).collect();
    let telling: Vec<&str> =
        parts.iter().copied().filter(|word| !PARTICLES.contains(word)).collect();
    // A name that is nothing but particles is still a name.
    let chosen = if telling.is_empty() { &parts } else { &telling };
    let mut sought: Vec<String> = chosen.iter().copied().map(str::to_owned).collect();
    sought.extend(name.split_whitespace().map(|word| words(word).collect::<String>()).filter(
        |joined| joined.chars().count() >= WORD_CHARS_MIN && !PARTICLES.contains(&joined.as_str()),
    ));
    sought
}

fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

/// Lower case, without diacritics, invisible characters and compatibility forms.
fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c) && !is_invisible(*c));
    let mut out = String::with_capacity(text.len());
    for c in plain.flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c)) {
        match undecomposed(c) {
            Some(letters) => out.push_str(letters),
            None => out.push(c),
        }
    }
    out
}

/// Characters without width, which would hide a name from a search but not from a reader.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

/// Letters that people write plainly but that Unicode does not take apart.
fn undecomposed(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ŋ' => "n",
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bsn() -> Bsn {
        Bsn::parse("999940004").unwrap()
    }

    fn refused(text: &str, names: &[(&str, &str)]) -> bool {
        let names: Vec<Name> =
            names.iter().map(|(given, family)| Name::parse(given, "", family).unwrap()).collect();
        names_person(text, &[bsn()], &names).is_err()
    }

    #[test]
    fn the_number_is_found_in_any_spacing_and_script() {
        for text in [
            "over 999940004 graag",
            "over 9999.40.004 graag",
            "over 999-940-004",
            "9 9 9 9 4 0 0 0 4",
            "9/9/9/9/4/0/0/0/4",
            "9999\n40004",
            "nr999940004x",
            "9999 en daarna 40004",
            "999\u{200b}940\u{a0}004",
            "９９９９４０００４",
            "٩٩٩٩٤٠٠٠٤",
            "𝟗𝟗𝟗𝟗𝟒𝟎𝟎𝟎𝟒",
            "⁹⁹⁹⁹⁴⁰⁰⁰⁴",
            "0999940004",
        ] {
            assert!(refused(text, &[]), "{text}");
        }
    }

    #[test]
    fn any_nine_digits_that_pass_the_proof_are_found() {
        assert!(refused("zie 123 456 782", &[]));
        assert!(refused("zie 1.2.3.4.5.6.7.8.2", &[]));
        assert!(refused("zie 5123456782", &[]));
        assert!(!refused("zie 123 456 783", &[]));
        assert!(!refused("zie 12345678 en 2", &[]), "a word between ends the row of digits");
        assert!(!refused("sinds 2026-06-23 en weer op 30-06-2026, artikel 7.3.11 lid 4", &[]));
        assert!(!refused("000000000", &[]));
    }

    #[test]
    fn names_are_found_as_whole_words_in_any_case_and_accent() {
        let noor = [("Noor", "Terpstra")];
        for text in ["hulp voor NOOR nu", "mevrouw terpstra belt", "Noor's moeder", "Noors moeder"]
        {
            assert!(refused(text, &noor), "{text}");
        }
        for text in ["het noorden", "noordelijk", "in het onderzoek", "terpstraat"] {
            assert!(!refused(text, &noor), "{text}");
        }
        assert!(refused("zoe is ziek", &[("Zoë", "")]));
        assert!(refused("Zo\u{308}e\u{308} is ziek", &[("Zoe", "")]));
        assert!(refused("N\u{200b}oor", &noor));
        assert!(refused("Noor_Terpstra2018", &noor));
        assert!(refused("Ｎｏｏｒ", &noor));
        assert!(refused("Soren", &[("Søren", "")]));
        assert!(refused("YASSIN", &[("Yassin", "El Idrissi")]));
    }

    #[test]
    fn double_names_are_found_by_their_parts_but_not_by_particles() {
        let names = [("Anne-Marie Lotte", "Terpstra-Vos"), ("Yassin", "El Idrissi")];
        for text in ["Marie", "lotte", "annemarie", "de familie Vos", "idrissi", "terpstra-vos"] {
            assert!(refused(text, &names), "{text}");
        }
        assert!(!refused("el en de", &names));
        assert!(refused("familie Ten", &[("", "Ten")]), "a whole name may be a particle");
    }

    #[test]
    fn initials_and_prefixes_are_ignored() {
        let name = Name::parse("J", "van der", "O").unwrap();
        assert_eq!(names_person("een j en o, van der wat", &[], &[name]), Ok(()));
    }

    #[test]
    fn a_text_without_person_passes() {
        let text =
            "Melding van drie signalen in korte tijd; veiligheid van het kind is onduidelijk.";
        assert!(!refused(text, &[("Noor", "Terpstra")]));
        assert_eq!(names_person("", &[], &[]), Ok(()));
    }

    proptest! {
        #[test]
        fn a_number_is_found_between_any_separators(
            gaps in proptest::collection::vec("[ .,:;/_()-]{0,3}", 9),
        ) {
            let mut text = String::new();
            for (digit, gap) in bsn().expose().chars().zip(gaps) {
                text.push(digit);
                text.push_str(&gap);
            }
            prop_assert!(names_person(&text, &[], &[]).is_err());
        }

        #[test]
        fn no_text_makes_the_check_panic(text in "\\PC{0,200}", name in "\\PC{1,20}") {
            if let Ok(name) = Name::parse(&name, "", "") {
                let _ = names_person(&text, &[bsn()], &[name]);
            }
        }
    }
}
