//! Who is known at an agency, from its own files.

use std::fs::File;
use std::io;
use std::path::Path;

use grondslag_core::reason::Reason;

use crate::demo::limits::WORLD_ROWS_MAX;
use crate::exit::Failure;

/// One row of a file of clients.
pub(super) struct Client {
    /// Nine digits, or nothing.
    pub(super) bsn: String,
    /// Given names.
    pub(super) given: String,
    /// What stands before the family name, or nothing.
    pub(super) prefix: String,
    /// Family name.
    pub(super) family: String,
}

/// Reads a file of clients; one that is not there holds nobody.
pub(super) fn read(file: &Path) -> Result<Vec<Client>, Failure> {
    let opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.map_err(|error| unreadable(file, &error))?,
    };
    let mut rows = csv::Reader::from_reader(opened);
    let columns = rows.headers().map_err(|error| unreadable(file, &error))?.clone();
    let mut clients = Vec::new();
    for row in rows.records().take(WORLD_ROWS_MAX) {
        let row = row.map_err(|error| unreadable(file, &error))?;
        let field = |name: &str| {
            let position = columns.iter().position(|column| column == name);
            position.and_then(|position| row.get(position)).unwrap_or_default().trim().to_owned()
        };
        clients.push(Client {
            bsn: field("bsn"),
            given: field("given_names"),
            prefix: field("prefix"),
            family: field("family_name"),
        });
    }
    Ok(clients)
}

/// A file of the world that cannot be read.
pub(super) fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Reason::FileUnreadable, format!("{}: {error}", file.display()))
}
