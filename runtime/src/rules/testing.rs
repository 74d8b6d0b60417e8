//! For tests: officers whose keys everybody may know, and rules that they sign.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::lang::Text;
use grondslag_core::officers::{Appointment, Officer, OfficerSignature, Officers};
use grondslag_policy::Pack;
use grondslag_policy::publish::{Entry, Plan, Publication};

use super::Rules;

/// End of an officer's key, far from any test's present.
const UNTIL: Timestamp = Timestamp::from_ms(4_000_000_000_000);

/// Key of an officer.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// An officer.
///
/// # Panics
/// Never.
#[expect(clippy::unwrap_used, reason = "for tests")]
pub fn officer(seed: u8) -> Officer {
    let oin = Oin::parse("00000099000000001000").unwrap();
    Officer::new(oin, &format!("po-{seed}"), key(seed).verifying_key().to_bytes()).unwrap()
}

/// Two officers, 1 and 2.
pub fn officers() -> Officers {
    Officers::new([1, 2].map(|seed| Appointment { officer: officer(seed), until: UNTIL }).to_vec())
}

/// The rules of the program under another version.
pub fn files(version: &str) -> BTreeMap<String, String> {
    let mut files = Pack::builtin_files();
    if let Some(pack) = files.get_mut("pack.toml") {
        *pack = pack.replace("version = \"1.0.0\"", &format!("version = \"{version}\""));
    }
    files
}

/// Rules that follow those of a process, not signed by anybody.
///
/// # Panics
/// When the files do not load.
#[expect(clippy::unwrap_used, reason = "for tests")]
pub fn draft(
    on: &Rules,
    region: Digest,
    files: BTreeMap<String, String>,
    (entry, made_at, valid_from): (Entry, Timestamp, Timestamp),
) -> Publication {
    let plan = Plan {
        region,
        next: on.timeline().next(),
        entry,
        made_at,
        valid_from,
        officers: on.timeline().officers().clone(),
        why: Text { nl: "Proef.".to_owned(), en: "A trial.".to_owned() },
    };
    Publication::draft(files, plan).unwrap()
}

/// An officer's signature under rules.
pub fn signature(publication: &Publication, by: u8) -> OfficerSignature {
    officer(by).sign(&key(by), &publication.manifest.canonical())
}

/// The rules, signed.
pub fn signed(mut publication: Publication, by: &[u8]) -> Publication {
    publication.signatures = by.iter().map(|by| signature(&publication, *by)).collect();
    publication
}
