//! A manifest with its signatures and its files, as it travels.

use std::collections::BTreeMap;

use grondslag_core::canonical::{Canonical, Reader as Fields};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::lang::Text;
use grondslag_core::limits::OFFICERS_MAX;
use grondslag_core::officers::{OfficerSignature, Officers};
use grondslag_core::reason::Reason;
use serde::{Deserialize, Serialize};

use super::files::{digests, misplaced};
use super::{Entry, Manifest, Refused};
use crate::ENGINE;
use crate::cases::Cases;
use crate::check::Report;
use crate::limits::{
    ENCODED_BYTES_MAX, FILE_BYTES_MAX, FILES_MAX, PUBLICATION_BYTES_MAX, WHY_CHARS_MAX,
};
use crate::pack::Pack;
use crate::parse::is_unseen;

/// Label of the leaf that rules were published.
const LEAF: &str = "grondslag/leaf/publication/v1";

/// Rules as they are published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// What the rules are.
    pub manifest: Manifest,
    /// Of officers, the author's first.
    pub signatures: Vec<OfficerSignature>,
    /// The files by relative path.
    pub files: BTreeMap<String, String>,
}

/// What officers decide about rules beside the rules themselves.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Fingerprint of the region's root.
    pub region: Digest,
    /// Number of the publication, and digest of the one before it (`Timeline::next`).
    pub next: (u64, Digest),
    /// How the rules come into force.
    pub entry: Entry,
    /// The present moment.
    pub made_at: Timestamp,
    /// Since when they are in force.
    pub valid_from: Timestamp,
    /// Who may sign the next ones.
    pub officers: Officers,
    /// What changes and why.
    pub why: Text,
}

impl Publication {
    /// Rules as they are to be signed.
    ///
    /// # Errors
    /// [`Refused`] for rules that do not load.
    pub fn draft(files: BTreeMap<String, String>, plan: Plan) -> Result<Self, Refused> {
        let pack = Pack::from_files(&files)?;
        let manifest = Manifest {
            region: plan.region,
            number: plan.next.0,
            previous: plan.next.1,
            entry: plan.entry,
            version: pack.version().to_owned(),
            bundle: pack.bundle(),
            files: digests(&files),
            made_at: plan.made_at,
            valid_from: plan.valid_from,
            engine: ENGINE.to_owned(),
            officers: plan.officers,
            why: plan.why,
        };
        Ok(Self { manifest, signatures: Vec::new(), files })
    }

    /// Adds signatures of officers who have not signed yet; says whether there were any.
    pub fn add(&mut self, signatures: impl IntoIterator<Item = OfficerSignature>) -> bool {
        let before = self.signatures.len();
        for one in signatures {
            if !self.signatures.iter().any(|known| known.officer == one.officer) {
                self.signatures.push(one);
            }
        }
        self.signatures.len() > before
    }

    /// The leaf that it was published, `grondslag/leaf/publication/v1`: number, digest of the
    /// manifest and of the one before, bundle, entry, since when, and who signed.
    pub fn leaf(&self) -> Vec<u8> {
        let Manifest { number, previous, bundle, entry, valid_from, .. } = &self.manifest;
        let signers = self.signatures.iter().map(|one| one.officer.to_string());
        Canonical::new(LEAF)
            .number(*number)
            .bytes(self.manifest.digest().as_bytes())
            .bytes(previous.as_bytes())
            .bytes(bundle.as_bytes())
            .text(entry.word())
            .signed(valid_from.ms())
            .list(signers)
            .finish()
    }

    /// The bundle that was published and since when it is in force, as such a leaf says so.
    pub fn told_in(leaf: &[u8]) -> Option<(Digest, Timestamp)> {
        let mut fields = Fields::new(leaf, LEAF).ok()?;
        fields.number().ok()?;
        let _digests: [[u8; 32]; 2] = [fields.array().ok()?, fields.array().ok()?];
        let bundle = Digest::new(fields.array().ok()?);
        fields.text().ok()?;
        Some((bundle, Timestamp::from_ms(fields.signed().ok()?)))
    }

    /// As it travels and is kept: JSON.
    ///
    /// # Errors
    /// `INTERNAL`, which cannot be.
    pub fn encode(&self) -> Result<Vec<u8>, Reason> {
        serde_json::to_vec(self).map_err(|_| Reason::Internal)
    }

    /// Reads one that travelled or was kept; nothing of it is believed yet.
    ///
    /// # Errors
    /// `TOO_LARGE`, or `MALFORMED` for what is no publication.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        if bytes.len() > ENCODED_BYTES_MAX {
            return Err(Reason::TooLarge);
        }
        serde_json::from_slice(bytes).map_err(|_| Reason::Malformed)
    }

    /// The rules, when the files are those of the manifest, nothing is wrong with them, every
    /// example comes out, every standing invariant holds, and this engine knows how to read them.
    ///
    /// # Errors
    /// `POLICY_ALTERED`, `POLICY_ENGINE`, `MALFORMED` for a reason nobody can read or a file of no
    /// pack, or `POLICY_INVALID` with everything that is wrong.
    pub fn pack(&self) -> Result<Pack, Refused> {
        if !is_readable(&self.manifest.why.nl) || !is_readable(&self.manifest.why.en) {
            return Err(Reason::Malformed.into());
        }
        if !is_known(&self.manifest.engine) {
            return Err(Reason::PolicyEngine.into());
        }
        let pack = self.load()?;
        let problems = Report::of(&pack, &Cases::of_pack(&self.files)).problems;
        if !problems.is_empty() {
            return Err(Refused { reason: Reason::PolicyInvalid, problems });
        }
        Ok(pack)
    }

    /// The rules, when the files are those of the manifest and load.
    ///
    /// # Errors
    /// `POLICY_ALTERED`, or `POLICY_INVALID` with everything that is wrong.
    pub(super) fn load(&self) -> Result<Pack, Refused> {
        self.check_files()?;
        let pack = Pack::from_files(&self.files)?;
        let told = (pack.version(), pack.bundle());
        let same = told == (self.manifest.version.as_str(), self.manifest.bundle);
        if same { Ok(pack) } else { Err(Reason::PolicyAltered.into()) }
    }

    /// Whether it is small enough to be looked at: no digest is taken of anything larger.
    ///
    /// # Errors
    /// `TOO_LARGE`.
    pub(super) fn check_size(&self) -> Result<(), Reason> {
        let manifest = &self.manifest;
        let names = manifest.files.keys().chain(self.files.keys());
        let words = [&manifest.version, &manifest.engine, &manifest.why.nl, &manifest.why.en];
        let texts = names.chain(self.files.values()).chain(words);
        let sizes = || texts.clone().map(|text| u64::try_from(text.len()).unwrap_or(u64::MAX));
        let fits = [self.files.len(), manifest.files.len()].iter().all(|count| *count <= FILES_MAX)
            && manifest.officers.all().len() <= OFFICERS_MAX
            && sizes().all(|size| size <= FILE_BYTES_MAX)
            && sizes().fold(0, u64::saturating_add) <= PUBLICATION_BYTES_MAX;
        if fits { Ok(()) } else { Err(Reason::TooLarge) }
    }

    fn check_files(&self) -> Result<(), Refused> {
        if digests(&self.files) != self.manifest.files {
            return Err(Reason::PolicyAltered.into());
        }
        // They are written to the disk of whoever begins a draft with them.
        if misplaced(&self.files).is_some() { Err(Reason::Malformed.into()) } else { Ok(()) }
    }
}

/// A text that a person reads as it stands: not empty, not endless, and without characters that
/// are not seen or turn the reading around.
fn is_readable(text: &str) -> bool {
    let unseen = |c: char| (c.is_control() && c != '\n') || is_unseen(c);
    !text.trim().is_empty() && text.chars().count() <= WHY_CHARS_MAX && !text.contains(unseen)
}

/// Rules that were checked with an engine of the same name and no later version: what a later one
/// can read, this one might read otherwise.
pub(super) fn is_known(engine: &str) -> bool {
    let parts = |text: &str| {
        let (name, version) = text.split_once(' ')?;
        let numbers = version.split('.').map(|part| part.parse::<u32>().ok());
        Some((name.to_owned(), numbers.collect::<Option<Vec<u32>>>()?))
    };
    match (parts(engine), parts(ENGINE)) {
        (Some((name, version)), Some((own, most))) => name == own && version <= most,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_of_later_or_another_make_is_not_known() {
        assert!(is_known(ENGINE));
        assert!(is_known("grondslag-policy 0.0.9"));
        for other in ["grondslag-policy 99.0.0", "other 0.1.0", "grondslag-policy x", ""] {
            assert!(!is_known(other), "{other}");
        }
    }

    #[test]
    fn a_reason_is_seen_as_it_stands() {
        assert!(is_readable("Wachtlijst zonder toestemming: ondersteuning mag,\ndossier niet."));
        for hidden in [
            "",
            "  ",
            "a\u{202e}b",
            "a\u{2028}b",
            "a\u{61c}b",
            "a\u{200b}b",
            "a\u{0}b",
            "\u{feff}a",
            "a\rb",
        ] {
            assert!(!is_readable(hidden), "{hidden:?}");
        }
        assert!(!is_readable(&"a".repeat(WHY_CHARS_MAX + 1)));
    }
}
