//! How and to whom it was told that somebody was asked about (AVG art. 14 lid 3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::lang::Lang;
use crate::tier::{UnknownWord, words};

words!(
    /// How somebody is told.
    ToldHow, "spoken, written, digital", {
        /// In a conversation.
        Spoken = "spoken",
        /// On paper.
        Written = "written",
        /// By a message or a portal.
        Digital = "digital",
    }
);

words!(
    /// Who is told.
    ToldTo, "young_person, parents, representative", {
        /// Whom it was about.
        YoungPerson = "young_person",
        /// Their parents, both of them.
        Parents = "parents",
        /// Who acts for them.
        Representative = "representative",
    }
);

impl ToldHow {
    /// The word on a screen.
    pub const fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Spoken, Lang::Nl) => "mondeling",
            (Self::Spoken, Lang::En) => "spoken",
            (Self::Written, Lang::Nl) => "schriftelijk",
            (Self::Written, Lang::En) => "written",
            (Self::Digital, Lang::Nl) => "digitaal",
            (Self::Digital, Lang::En) => "digital",
        }
    }
}

impl ToldTo {
    /// The word on a screen.
    pub const fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::YoungPerson, Lang::Nl) => "aan de jongere",
            (Self::YoungPerson, Lang::En) => "to the young person",
            (Self::Parents, Lang::Nl) => "aan de ouders",
            (Self::Parents, Lang::En) => "to the parents",
            (Self::Representative, Lang::Nl) => "aan de vertegenwoordiger",
            (Self::Representative, Lang::En) => "to the representative",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_of_the_list_and_its_label_is_told_in_both_languages() {
        for how in ToldHow::ALL {
            assert_eq!(how.word().parse(), Ok(*how));
            assert_ne!(how.label(Lang::Nl), how.label(Lang::En));
        }
        for to in ToldTo::ALL {
            assert_eq!(to.word().parse(), Ok(*to));
            assert_ne!(to.label(Lang::Nl), to.label(Lang::En));
        }
        for bad in ["", "Spoken", "by pigeon", "mondeling"] {
            assert!(bad.parse::<ToldHow>().is_err() && bad.parse::<ToldTo>().is_err(), "{bad}");
        }
    }
}
