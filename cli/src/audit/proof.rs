//! A proof that stands by itself: one record, that it stands in a ledger, and what the ledger's
//! owner and its witnesses signed. Whoever has the file needs no store and nobody's help.

use std::fmt;

use grondslag_core::checkpoint::{SignatureType, SignedCheckpoint, VerifierKey};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::merkle::verify_inclusion;
use grondslag_evidence::ledger::entry_hash;
use grondslag_evidence::records::{Opened, Until, commitment, leaf};
use serde::{Deserialize, Serialize};

use super::decision::Decision;

/// What a file of this form says that it is.
pub(super) const FORMAT: &str = "grondslag/proof/v1";

/// A proof.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// [`FORMAT`].
    pub(super) format: String,
    /// The question, as its target knows it.
    pub(super) target_id: TargetId,
    /// What the ledger is called.
    pub(super) origin: String,
    /// The key that signs its checkpoints, which is to be held against the party's card.
    pub(super) vkey: String,
    /// What was recorded.
    pub(super) record: Recorded,
    /// Where it stands.
    pub(super) index: u64,
    /// The hash of that entry in the tree.
    pub(super) entry: Digest,
    /// That it stands there.
    pub(super) inclusion: Vec<Digest>,
    /// In the tree that was signed: a C2SP signed note.
    pub(super) checkpoint: String,
    /// Keys of those who cosigned it: witnesses only if their cards say so.
    pub(super) cosigners: Vec<String>,
}

/// A record with what opens it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    pub(super) kind: String,
    /// Hexadecimal, as are body and annex.
    pub(super) salt: String,
    pub(super) body: String,
    /// What stands beside the body of a broker's decision; absent with a holder's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) annex: Option<String>,
    /// What the entry is about: the commitment, or with a holder's decision the answer.
    pub(super) about: Digest,
    /// When it was recorded.
    pub(super) at_ms: i64,
}

/// What a proof proves.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) decision: Decision,
    pub(super) recorded_at: Timestamp,
    pub(super) index: u64,
    /// Leaves of the tree that was signed.
    pub(super) size: u64,
}

impl Proof {
    /// Verifies all of it; with a key, that the proof is by that one.
    ///
    /// # Errors
    /// The word for what does not hold.
    pub(super) fn verify(&self, known: Option<&str>) -> Result<Proved, &'static str> {
        if self.format != FORMAT {
            return Err("format");
        }
        let size = self.signed(known)?;
        let decision = self.recorded()?;
        if *decision.target_id() != self.target_id {
            return Err("target_id");
        }
        let recorded_at = Timestamp::from_ms(self.record.at_ms);
        Ok(Proved { decision, recorded_at, index: self.index, size })
    }

    /// The entry stands in a tree that the ledger's owner signed.
    fn signed(&self, known: Option<&str>) -> Result<u64, &'static str> {
        let vkey = VerifierKey::parse(&self.vkey).map_err(|_| "vkey")?;
        if vkey.kind != SignatureType::Ed25519 || vkey.to_string() != self.vkey {
            return Err("vkey");
        }
        if known.is_some_and(|known| known != self.vkey) {
            return Err("other_vkey");
        }
        let signed = SignedCheckpoint::parse(&self.checkpoint).map_err(|_| "checkpoint")?;
        let head = signed.checkpoint();
        if head.origin.as_str() != self.origin || vkey.name.as_str() != self.origin {
            return Err("origin");
        }
        signed.verify(&vkey.key).map_err(|_| "checkpoint_signature")?;
        self.cosigned(&signed)?;
        verify_inclusion(&self.entry, self.index, &head.tree(), &self.inclusion)
            .map_err(|_| "inclusion")?;
        Ok(head.size)
    }

    /// Every other signature is that of a cosigner who is named, and the other way round.
    fn cosigned(&self, signed: &SignedCheckpoint) -> Result<(), &'static str> {
        let mut names = Vec::new();
        for line in &self.cosigners {
            let vkey = VerifierKey::parse(line).map_err(|_| "cosigner")?;
            let written = vkey.kind == SignatureType::Cosignature && vkey.to_string() == *line;
            if !written || names.contains(&vkey.name) {
                return Err("cosigner");
            }
            signed.cosigned_by(vkey.name.as_str(), &vkey.key).ok_or("cosignature")?;
            names.push(vkey.name);
        }
        let all = signed.signatures() == names.len().saturating_add(1);
        if all { Ok(()) } else { Err("cosignature") }
    }

    /// The entry is the hash of this record, and the record a decision that is whole.
    fn recorded(&self) -> Result<Decision, &'static str> {
        let Recorded { kind, annex, about, at_ms, .. } = &self.record;
        let salt = bytes(&self.record.salt).and_then(|salt| salt.try_into().ok()).ok_or("salt")?;
        let body = bytes(&self.record.body).ok_or("body")?;
        let at = Timestamp::from_ms(*at_ms);
        let commitment = commitment(kind, &salt, &body);
        if entry_hash(about, at, &leaf(kind, &commitment)) != self.entry {
            return Err("record");
        }
        let annex = annex.as_deref().map(bytes).map(|annex| annex.ok_or("annex")).transpose()?;
        let beside = annex.is_some();
        let opened = Opened {
            kind: kind.clone(),
            commitment,
            body,
            annex: annex.unwrap_or_default(),
            salt,
            until: Until::Told,
        };
        let decision = Decision::read(&opened)?.ok_or("kind")?;
        match (&decision, beside) {
            (Decision::Broker(_), true) | (Decision::Holder(_), false) => Ok(decision),
            (Decision::Broker(_), false) | (Decision::Holder(_), true) => Err("annex"),
        }
    }
}

/// The bytes of a text in the one way in which they are written.
fn bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok().filter(|bytes| hex::encode(bytes) == text)
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({}, {}, …)", self.origin, self.index)
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorded({}, …)", self.kind)
    }
}
