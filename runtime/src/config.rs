//! One TOML file per process.
//!
//! A process has a struct of its own that derives `Deserialize` with `deny_unknown_fields` and
//! holds the sections below as fields. A key that no struct names is refused with file, line and
//! the nearest key that exists. Paths are relative to the file they stand in, and secrets are
//! paths of files, never values.

mod path;
mod section;
mod suggest;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use grondslag_core::reason::Reason;
use serde::de::DeserializeOwned;

use crate::limits::CONFIG_BYTES_MAX;

pub use path::{InputFile, Place, SecretFile};
pub use section::{
    Backup, Clock, Collector, Form, Identity, Level, Limits, Listen, Log, Region, Store, Telemetry,
    WITNESSES_FILE, Within,
};

/// Why a configuration file was refused. The value that was refused is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is absent or may not be read.
    #[error("{}: cannot be read ({kind})", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// The file is no TOML, lacks a key, or holds a key or value of the wrong kind.
    #[error("{}:{line}: {what}{}", file.display(), hint(suggestion.as_deref()))]
    Wrong {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// The key that was probably meant.
        suggestion: Option<String>,
    },
    /// The setting is well-formed but not allowed for this process.
    #[error("{key}: {sentence}")]
    Refused {
        /// The key, with its section.
        key: &'static str,
        /// Why, and the way out.
        sentence: &'static str,
    },
}

impl ConfigError {
    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        Reason::ConfigInvalid
    }
}

/// Something that a check of the configuration found on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Reads one configuration file.
///
/// # Errors
/// [`ConfigError`] with file and line.
pub fn load<T: DeserializeOwned>(file: &Path) -> Result<T, ConfigError> {
    let text = read(file)?;
    path::relative_to(folder_of(file), || parse(file, &text)).0
}

/// Reads one configuration file and looks at the files it names, without opening any: inputs must
/// exist, secrets must exist and be readable by their owner alone, and the folder that is to hold
/// what the process writes must exist. No finding means that all is well.
///
/// # Errors
/// [`ConfigError`] when the configuration file itself is wrong.
pub fn check<T: DeserializeOwned>(file: &Path) -> Result<Vec<Finding>, ConfigError> {
    let text = read(file)?;
    let (config, named) = path::relative_to(folder_of(file), || parse::<T>(file, &text));
    config?;
    let mut findings: Vec<_> = named.iter().filter_map(path::Named::finding).collect();
    findings.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(findings)
}

fn read(file: &Path) -> Result<String, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::Unreadable {
        file: file.to_owned(),
        kind: error.kind(),
    };
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(CONFIG_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > CONFIG_BYTES_MAX {
        return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(text)
}

fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        ConfigError::Wrong {
            file: file.to_owned(),
            line: line_of(text, start),
            what: suggest::plain(error.message()),
            suggestion: suggest::nearest(error.message()),
        }
    })
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.get(..at).unwrap_or_default().matches('\n').count()
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |key| format!("; did you mean `{key}`?"))
}

#[cfg(test)]
mod tests;
