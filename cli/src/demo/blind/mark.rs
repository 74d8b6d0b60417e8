//! The word that every answer carries while the demo looks for it.
//!
//! Records are imported from marked copies: the word stands at the end of every text of every
//! tier, so that no answer with content leaves a node without it. The stories compare decisions,
//! not texts.

use std::fs::{self, File};
use std::path::Path;

use super::clients::unreadable;
use crate::demo::limits::WORLD_ROWS_MAX;
use crate::demo::world::World;
use crate::exit::Failure;
use crate::files::unwritable;

/// Sixteen bytes that stand nowhere else.
pub(super) const MARKER: &str = "[merk:7f3a9c51e]";

/// Files of records, by hand and generated.
const RECORDS: [&str; 2] = ["records.csv", "bulk-records.csv"];
/// Columns of text, one per tier.
const TEXTS: [&str; 5] = ["t1", "t2", "t3", "t4", "t5"];

/// Puts a marked copy of every agency's records in a folder per agency below `to`.
pub(in crate::demo) fn mark(world: &World, to: &Path) -> Result<(), Failure> {
    for agency in &world.agencies {
        let folder = to.join(&agency.id);
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        for name in RECORDS {
            let from = world.folder.join("agencies").join(&agency.id).join(name);
            if from.exists() {
                copy(&from, &folder.join(name))?;
            }
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error: csv::Error| unreadable(from, &error);
    let file = File::create_new(to).map_err(|error| unwritable(to, &error))?;
    let mut rows = csv::Reader::from_path(from).map_err(failed)?;
    let mut marked = csv::Writer::from_writer(file);
    let columns = rows.headers().map_err(failed)?.clone();
    marked.write_record(&columns).map_err(failed)?;
    for row in rows.records().take(WORLD_ROWS_MAX) {
        let row = row.map_err(failed)?;
        let fields = columns.iter().zip(&row).map(|(column, text)| with_mark(column, text));
        marked.write_record(fields).map_err(failed)?;
    }
    marked.flush().map_err(|error| unwritable(to, &error))
}

fn with_mark(column: &str, text: &str) -> String {
    if TEXTS.contains(&column) && !text.trim().is_empty() {
        format!("{text} {MARKER}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_ends_with_the_marker_and_nothing_else_changes() {
        assert_eq!(MARKER.len(), 16);
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from.csv", "to.csv"].map(|name| folder.path().join(name));
        let rows = "client,category,about,dated,source,t1,t2,t3,t4,t5\n\
                    A-1,G05,child,2026-01-01,dossier,Een team.,\"Team, {place:A}.\",,,\n";
        fs::write(&from, rows).unwrap();
        copy(&from, &to).unwrap();
        let expected = "client,category,about,dated,source,t1,t2,t3,t4,t5\n\
                        A-1,G05,child,2026-01-01,dossier,Een team. [merk:7f3a9c51e],\
                        \"Team, {place:A}. [merk:7f3a9c51e]\",,,\n";
        assert_eq!(fs::read_to_string(&to).unwrap(), expected);
    }
}
