//! Following a log: whether a head that is shown follows from the one that was seen last, and
//! what is kept of one that does not.
//!
//! Whoever follows a log remembers the largest head that it saw. The next one must be signed by
//! the log and come with a proof that its tree begins with the old one. A head that is signed and
//! does not follow contradicts the log's own word: both notes and the proof that failed are kept,
//! so that others can look at them.

use crate::canonical::{Canonical, NotCanonical, Reader};
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::id::{Digest, Oin};
use crate::limits::PROOF_HASHES_MAX;
use crate::merkle::{TreeHead, verify_consistency};
use crate::witnesses::Witnesses;

impl Checkpoint {
    /// The tree that it is of.
    pub fn tree(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root }
    }
}

/// Why a head was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It is of another log, or not signed by this one: anybody could have made it.
    NotTheLogs,
    /// The log signed two things that cannot both be true.
    Contradiction(Box<Contradiction>),
}

/// What contradicts what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contrast {
    /// Two roots of one size: with both notes everybody sees it.
    TwoRoots,
    /// The larger head came with a proof that does not hold, so the log did not show that it goes
    /// on from the smaller one.
    Unproven,
    /// The log now shows a smaller head than before.
    Shrunk,
}

impl Contrast {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TwoRoots => "two_roots",
            Self::Unproven => "unproven",
            Self::Shrunk => "shrunk",
        }
    }
}

/// Two heads that a log signed, and the proof that did not join them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The one that was seen before.
    pub held: SignedCheckpoint,
    /// The one that was shown then.
    pub shown: SignedCheckpoint,
    /// What was to prove that the second goes on from the first.
    pub proof: Vec<Digest>,
}

impl Contradiction {
    /// In which way they contradict each other; nothing when they do not.
    pub fn contrast(&self) -> Option<Contrast> {
        let (held, shown) = (self.held.checkpoint().tree(), self.shown.checkpoint().tree());
        if held.size == shown.size {
            return (held.root != shown.root).then_some(Contrast::TwoRoots);
        }
        if shown.size < held.size {
            return Some(Contrast::Shrunk);
        }
        verify_consistency(&held, &shown, &self.proof).err().map(|_| Contrast::Unproven)
    }

    /// The bytes that are kept.
    pub fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/contradiction/v1")
            .text(&self.held.note())
            .text(&self.shown.note())
            .list(self.proof.iter().map(Digest::as_bytes))
            .finish()
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// [`NotCanonical`] for anything that [`Contradiction::canonical`] would not have written.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, "grondslag/contradiction/v1")?;
        let note = |text: &str| SignedCheckpoint::parse(text).map_err(|_| NotCanonical);
        let (held, shown) = (note(reader.text()?)?, note(reader.text()?)?);
        let hashes = reader.list(PROOF_HASHES_MAX)?.into_iter();
        let hash = |bytes: &[u8]| bytes.try_into().map(Digest::new).map_err(|_| NotCanonical);
        let proof = hashes.map(hash).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { held, shown, proof })
    }
}

/// Whether a head that a log shows, with its proof, follows from the one that was seen last.
/// Without one, whatever the log signed is the first.
///
/// # Errors
/// [`Unfit`]; a contradiction is to be kept.
pub fn follows(
    held: Option<&SignedCheckpoint>,
    shown: &SignedCheckpoint,
    proof: &[Digest],
    log_key: &[u8; 32],
) -> Result<(), Unfit> {
    shown.verify(log_key).map_err(|_| Unfit::NotTheLogs)?;
    let Some(held) = held else { return Ok(()) };
    if held.checkpoint().origin != shown.checkpoint().origin {
        return Err(Unfit::NotTheLogs);
    }
    let (old, new) = (held.checkpoint().tree(), shown.checkpoint().tree());
    verify_consistency(&old, &new, proof).map_err(|_| {
        let (held, shown) = (held.clone(), shown.clone());
        // A longer proof than any that could hold says no more than its beginning.
        let proof = proof.iter().take(PROOF_HASHES_MAX).copied().collect();
        Unfit::Contradiction(Box::new(Contradiction { held, shown, proof }))
    })
}

/// How many of a region's witnesses cosigned a head, each by the key that `key` finds on its card.
pub fn cosigners(
    head: &SignedCheckpoint,
    witnesses: &Witnesses,
    key: impl Fn(&Oin) -> Option<[u8; 32]>,
) -> usize {
    let cosigned =
        |oin: &&Oin| key(oin).is_some_and(|key| head.cosigned_by(oin.as_str(), &key).is_some());
    witnesses.list().witnesses.iter().filter(cosigned).count()
}

#[cfg(test)]
mod tests;
