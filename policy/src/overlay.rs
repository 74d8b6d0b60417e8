//! A node's own rows: they may hold, deny or lower, never permit, and never block a duty.

use std::collections::BTreeMap;

use grondslag_core::canonical::Canonical;
use grondslag_core::catalogue::Kind;
use grondslag_core::id::Digest;

use crate::catalogue::Catalogue;
use crate::fault::{Fault, PackError, Problem, Problems};
use crate::pack::Pack;
use crate::space::Space;
use crate::table::read::Reader;
use crate::table::{Effect, Row, Table};

/// Label of what an overlay's digest is over.
const LABEL: &str = "grondslag/overlay/v1";

/// Rows of one node on top of a region's table. It has no default and no permit rows, so it
/// cannot widen, now or after the region publishes.
#[derive(Debug, Clone)]
pub struct Overlay {
    pub(crate) table: Table,
    digest: Digest,
}

impl Overlay {
    /// Reads the overlay of a holder of this kind; its rows count at that kind only. `file` is
    /// for messages. An overlay belongs to the pack it was loaded on: load it again with a new
    /// pack.
    ///
    /// A row is `[[row]]` with `id`, `outcome` (`hold`, `deny`, or `lower` with `tier_max`),
    /// `text` and `when`, and optionally `legal`, `obligations`, `notify`, `note`, `valid_from`
    /// and `valid_until`, all as in the region's table.
    ///
    /// # Errors
    /// [`PackError`]: `LOCAL_PERMIT` for a permit or review row, `LOCAL_BLOCKS_DUTY` for a deny
    /// or lower row that meets a row whose reply is a legal duty, `POLICY_INVALID` otherwise.
    pub fn load(pack: &Pack, holder: &Kind, file: &str, text: &str) -> Result<Self, PackError> {
        let mut problems = Problems::default();
        let mut reader = Reader::new(pack.catalogue(), &mut problems);
        reader.overlay_file(file, text);
        let mut rows = reader.rows;
        let space = Space::new(pack);
        for row in &mut rows {
            settle(row, pack.catalogue(), holder, &mut problems);
            spares_duties(row, &space, &mut problems);
        }
        let table = Table::new(rows, pack.catalogue());
        let digest = Canonical::new(LABEL).text(holder.as_str()).text(text).digest();
        let files = BTreeMap::from([(file.to_owned(), text.to_owned())]);
        problems.finish_in(Self { table, digest }, &files)
    }

    /// Names this version: the holder's kind and the file's text.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The rows, with their `local/...` codes.
    pub fn rows(&self) -> &[Row] {
        self.table.rows()
    }
}

/// Narrows a row to its own holder.
fn settle(row: &mut Row, catalogue: &Catalogue, holder: &Kind, problems: &mut Problems) {
    let column = catalogue.known().target_kind;
    let own = catalogue.value("target_kind", holder.as_str());
    let own = own.map_or(0, crate::facts::Value::bit);
    row.region = row.region.with(column, row.region.of(column) & own);
    if row.region.is_empty() {
        let detail = format!("target_kind = \"{holder}\"");
        problems.push(Problem::new(&row.file, row.id.as_str(), Fault::NeverMatches, detail));
    }
    if row.duty {
        problems.push(Problem::new(&row.file, row.id.as_str(), Fault::Misplaced, "duty"));
    }
}

/// A duty may be held for review, never denied or lowered.
fn spares_duties(row: &Row, space: &Space<'_>, problems: &mut Problems) {
    let pack = space.pack;
    let duties = pack.rows().iter();
    for duty in duties.filter(|duty| duty.duty && duty.effect.opens()) {
        let shared = row.region.meet(&duty.region);
        if space.possible(&shared).is_empty() {
            continue;
        }
        let categories = shared.of(pack.catalogue().known().category);
        let reach = duty.tier_max.unwrap_or(pack.catalogue().default_tier(categories));
        let blocks = match row.effect {
            Effect::Deny => true,
            Effect::Lower => row.tier_max.is_some_and(|tier| tier < reach),
            Effect::Hold | Effect::Permit | Effect::Review => false,
        };
        if blocks {
            let detail = duty.id.as_str();
            problems.push(Problem::new(&row.file, row.id.as_str(), Fault::LocalBlocksDuty, detail));
        }
    }
}

#[cfg(test)]
mod tests;
