//! A draft: a folder with rules that an officer is still changing, and the change of one row.
//!
//! Nothing here writes a file. What is changed was loaded in memory first, so that a folder that
//! loads never becomes one that does not.

use std::path::Path;

use grondslag_core::id::Digest;
use serde::{Deserialize, Serialize};

use crate::fault::{PackError, Problems};
use crate::folder;
use crate::pack::Pack;
use crate::parse::{read, table};

mod edit;
mod toml_row;

pub use edit::{Change, Condition, Edit, Edited, Key};

/// The file that makes a folder a draft.
pub const DRAFT_FILE: &str = "draft.toml";

/// Of which rules a folder is a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Their version, as their authors write it.
    pub version: String,
    /// Digest of every file that decides.
    pub bundle: Digest,
}

impl Origin {
    /// A draft that begins with these rules.
    pub fn of(pack: &Pack) -> Self {
        Self { version: pack.version().to_owned(), bundle: pack.bundle() }
    }

    /// The text of [`DRAFT_FILE`].
    pub fn text(&self) -> String {
        let version = toml_row::quoted(&self.version);
        let nl = "# Deze map is een concept van de regels die hier staan.";
        let en = "# This folder is a draft of the rules named here.";
        format!("{nl}\n{en}\nversion = {version}\nbundle = \"{}\"\n", self.bundle)
    }

    /// What a folder is a draft of; none when it is no draft.
    ///
    /// # Errors
    /// [`PackError`] when the file that says so cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, PackError> {
        if !folder.join(DRAFT_FILE).exists() {
            return Ok(None);
        }
        let text = folder::read_file(folder, DRAFT_FILE)?;
        let mut problems = Problems::default();
        let entry = table(DRAFT_FILE, &text, &mut problems);
        if problems.is_empty() {
            match read(toml::Value::Table(entry)) {
                Ok(origin) => return Ok(Some(origin)),
                Err(wrong) => problems.push(wrong.problem(DRAFT_FILE, "")),
            }
        }
        problems.finish(None)
    }
}

#[cfg(test)]
mod tests;
