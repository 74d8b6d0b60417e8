//! The executable, as somebody types it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "steps of a test, outside its function"
)]

mod answers;
mod audit;
mod audit_records;
mod broker;
mod certs;
mod consent;
mod demo;
mod help;
mod holder;
mod metrics;
mod node;
mod officer;
mod operator;
mod policy;
mod restore;
mod tampering;
mod travel;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// OIN of a fictional agency.
pub(crate) const OIN: &str = "00000099000000001000";
/// OIN of the fictional broker.
pub(crate) const BROKER: &str = "00000099000000009000";

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The one JSON value that was printed.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, of a command that must have done what was asked.
    #[track_caller]
    pub(crate) fn done(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.json()
    }

    /// The reason of a failure that was printed as JSON.
    #[track_caller]
    pub(crate) fn reason(&self) -> String {
        let json = self.json();
        json["error"]["reason"].as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned()
    }
}

/// Runs a line of words in a folder.
pub(crate) fn run(folder: &Path, line: &str) -> Ran {
    run_with(folder, &line.split_whitespace().collect::<Vec<_>>())
}

/// Runs words in a folder, some of which have spaces.
pub(crate) fn run_with(folder: &Path, words: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grondslag"));
    // The width of a developer's terminal does not change what is golden.
    command.args(words).current_dir(folder).env_remove("COLUMNS").stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().unwrap();
    Ran {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}
