//! What a civil servant or citizen reads is Dutch and English.

use serde::{Deserialize, Serialize};

use crate::tier::{UnknownWord, words};
use std::fmt;
use std::str::FromStr;

words!(
    /// A language of the product.
    Lang, "nl, en", {
        /// Dutch.
        Nl = "nl",
        /// English.
        En = "en",
    }
);

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

impl Text {
    /// The text in one language.
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::Nl => &self.nl,
            Lang::En => &self.en,
        }
    }
}
