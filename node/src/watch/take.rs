//! Taking one head.

use std::sync::PoisonError;

use grondslag_core::checkpoint::{Cosignature, Origin, SignedCheckpoint};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::merkle::verify_consistency;
use grondslag_core::reason::Reason;
use grondslag_core::watch::{Contradiction, Unfit, cosigners, follows};
use grondslag_proto::head::ShownHead;

use super::heads::{Shown, Unjoined};
use super::kept::{Change, Memory};
use super::{Watching, size};

/// What follows from a head that was taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Nothing, or a cosignature that is to be sent, with the size of its head.
    Done(Option<(u64, Cosignature)>),
    /// Another head was taken meanwhile: the broker must go on from there.
    Again,
}

/// Why the head that a question rests on was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// The proof begins elsewhere than at the head that this node has, which is of this size.
    Mismatch(u64),
    /// It is not the broker's.
    Invalid,
    /// It is of another log of the broker's than the one that is followed: its founding is still
    /// to be met.
    OtherLog,
    /// It contradicts a head of before, or one did: an operator must act.
    Fork,
}

impl NotTaken {
    /// The stable reason.
    pub(crate) const fn reason(self) -> Reason {
        match self {
            Self::Mismatch(_) => Reason::HeadMismatch,
            Self::Invalid => Reason::AttestationInvalid,
            Self::OtherLog => Reason::NotReady,
            Self::Fork => Reason::LedgerFork,
        }
    }
}

impl Watching {
    /// Takes a head that the broker shows. `also` is the other head that the call named, when this
    /// is the first answer to it.
    ///
    /// # Errors
    /// `LEDGER_FORK` when it contradicts what is known: that is kept. `ATTESTATION_INVALID` when it
    /// is not the broker's. Or why it cannot be kept.
    pub(super) async fn take(
        &self,
        shown: ShownHead,
        also: Option<&SignedCheckpoint>,
    ) -> Result<Taken, Reason> {
        // It may build on a head that comes with a question which is still on its way.
        self.reached(shown.from).await;
        let _one_at_a_time = self.turn.lock().await;
        if self.fork().is_some() {
            return Err(Reason::LedgerFork);
        }
        let key = (self.means.key)(&self.means.broker)?;
        self.is_of_the_broker(&shown.head, &key)?;
        if !self.is_followed(&shown.head) {
            return Ok(Taken::Again);
        }
        let before = self.seen();
        let (head, proof) = (&shown.head, shown.proof.as_slice());
        match self.heads.take(Shown { head, from: shown.from, proof, key: &key }) {
            Ok(()) => {}
            Err(Unjoined::Elsewhere(_)) => return Ok(Taken::Again),
            Err(Unjoined::NotTheLogs) => return Err(Reason::AttestationInvalid),
            Err(Unjoined::Contradiction(found)) => {
                return self.stop(*found).await.map(|()| Taken::Again);
            }
        }
        if also.is_some() {
            self.joined(also, &shown.head, &shown.also, &key).await?;
        }
        let is_new = before.as_ref() != Some(&shown.head);
        let cosigning = self.keep_head(&shown.head, is_new, also).await?;
        if let Some((cosigned, proof)) = &shown.cosigned {
            self.cover(&shown.head, cosigned, proof, &key).await?;
        }
        // What a quorum covers needs no further cosignature.
        let wanted = size(self.covered().as_ref()) < shown.head.checkpoint().size;
        Ok(Taken::Done((cosigning && wanted).then(|| self.cosign(&shown.head)).flatten()))
    }

    /// Takes the head that a question rests on. A contradiction stops the node at once;
    /// [`Watching::keep_found`] makes it last.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub(crate) fn take_attested(&self, shown: Shown<'_>) -> Result<(), NotTaken> {
        if self.fork().is_some() {
            return Err(NotTaken::Fork);
        }
        self.is_of_the_broker(shown.head, shown.key).map_err(|_| NotTaken::Invalid)?;
        if !self.is_followed(shown.head) {
            return Err(NotTaken::OtherLog);
        }
        match self.heads.take(shown) {
            Ok(()) => Ok(()),
            Err(Unjoined::Elsewhere(held)) => Err(NotTaken::Mismatch(held)),
            Err(Unjoined::NotTheLogs) => Err(NotTaken::Invalid),
            Err(Unjoined::Contradiction(found)) => {
                self.found(*found);
                Err(NotTaken::Fork)
            }
        }
    }

    /// Waits a moment for the log of this head to be followed: its founding may be on its way.
    pub(crate) async fn reached_log(&self, head: &SignedCheckpoint) {
        self.heads.until(|| self.is_followed(head)).await;
    }

    /// Holds the head of a decision on an own question against what was seen. `before` is the last
    /// head that was taken when the question went out: what is decided after that stands in a tree
    /// at least as long. A contradiction stops the node at once; [`Watching::keep_found`] makes it
    /// last.
    ///
    /// # Errors
    /// [`NotTaken`]; never a mismatch, since nothing joins the head to the last one.
    pub(crate) fn hold(
        &self,
        head: &SignedCheckpoint,
        key: &[u8; 32],
        before: Option<&SignedCheckpoint>,
    ) -> Result<(), NotTaken> {
        self.is_of_the_broker(head, key).map_err(|_| NotTaken::Invalid)?;
        if !self.is_followed(head) {
            // The next log may be founded already, and is then met soon. No other can be.
            let next = Origin::of_broker(&self.means.region, self.number().saturating_add(1));
            let is_next = next.is_ok_and(|next| head.checkpoint().origin == next);
            return Err(if is_next { NotTaken::OtherLog } else { NotTaken::Invalid });
        }
        let log = &head.checkpoint().origin;
        let of_log = |held: &SignedCheckpoint| held.checkpoint().origin == *log;
        let (shown, before) = (head.checkpoint().tree(), before.filter(|held| of_log(held)));
        let known = [before.cloned(), self.seen(), self.covered()].into_iter().flatten();
        let mut known = known.filter(of_log);
        let other = known.find(|held| {
            let held = held.checkpoint().tree();
            held.size == shown.size && held.root != shown.root
        });
        if let Some(held) = other {
            self.found(Contradiction { held, shown: head.bare(), proof: Vec::new() });
            return Err(NotTaken::Fork);
        }
        let too_short = size(before) > shown.size;
        if too_short { Err(NotTaken::Invalid) } else { Ok(()) }
    }

    /// Stops the node in memory; what stopped it before stays.
    fn found(&self, found: Contradiction) {
        if self.fork().is_none() {
            self.write(&[Change::Fork(&found)]);
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        }
    }

    /// Keeps the contradiction that was met and is not kept yet; false when there is none.
    pub(crate) async fn keep_found(&self) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(found) = found else { return false };
        // That it stops the node is no news.
        let _ = self.stop(found).await;
        true
    }

    /// A log of this region's broker, signed with the key on its card.
    fn is_of_the_broker(&self, head: &SignedCheckpoint, key: &[u8; 32]) -> Result<(), Reason> {
        let origin = head.checkpoint().origin.as_str();
        let number = origin.strip_prefix(&self.means.region).and_then(|at| at.strip_prefix('/'));
        let is_number = number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
        let signed = head.verify(key).is_ok();
        if is_number && signed { Ok(()) } else { Err(Reason::AttestationInvalid) }
    }

    /// A head that goes on from another one.
    async fn joined(
        &self,
        held: Option<&SignedCheckpoint>,
        head: &SignedCheckpoint,
        proof: &[Digest],
        key: &[u8; 32],
    ) -> Result<(), Reason> {
        match follows(held, head, proof, key) {
            Ok(()) => Ok(()),
            Err(Unfit::NotTheLogs) => Err(Reason::AttestationInvalid),
            Err(Unfit::Contradiction(found)) => self.stop(*found).await,
        }
    }

    async fn stop(&self, found: Contradiction) -> Result<(), Reason> {
        if let Err(reason) = self.keep_fork(&found).await {
            tracing::error!(%reason, "a contradiction of the broker's ledger was not kept");
            // The next question tries again: a restart must not forget it.
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        }
        Err(Reason::LedgerFork)
    }

    /// Keeps a head, together with a witness's memory of it; says whether it is to be cosigned.
    async fn keep_head(
        &self,
        head: &SignedCheckpoint,
        is_new: bool,
        also: Option<&SignedCheckpoint>,
    ) -> Result<bool, Reason> {
        let memory = self.read(|kept| kept.memory.clone());
        let memory = match memory {
            _ if !self.is_witness() => None,
            None => None,
            // Given back, and joined to this head just now; or not, and then it waits.
            Some(Memory::Given(given)) if also != Some(given.as_ref()) => None,
            Some(Memory::Fresh | Memory::Given(_) | Memory::Own(_)) => {
                Some(Memory::Own(Box::new(head.clone())))
            }
        };
        let known = self.read(|kept| kept.memory == memory);
        match &memory {
            Some(memory) if is_new || !known => self.keep(&[Change::Memory(memory)]).await?,
            None if is_new => self.keep(&[]).await?,
            Some(_) | None => {}
        }
        Ok(memory.is_some())
    }

    /// Counts who cosigned; a quorum covers what is before that head.
    async fn cover(
        &self,
        head: &SignedCheckpoint,
        cosigned: &SignedCheckpoint,
        proof: &[Digest],
        key: &[u8; 32],
    ) -> Result<(), Reason> {
        // One that the broker signed with a key it no longer has covers nothing.
        if self.is_of_the_broker(cosigned, key).is_err() {
            return Ok(());
        }
        if cosigned.checkpoint().origin != head.checkpoint().origin {
            return Ok(());
        }
        let (old, new) = (cosigned.checkpoint().tree(), head.checkpoint().tree());
        if verify_consistency(&old, &new, proof).is_err() {
            let (held, shown, proof) = (cosigned.clone(), head.clone(), proof.to_vec());
            return self.stop(Contradiction { held, shown, proof }).await;
        }
        let Some(witnesses) = (self.means.witnesses)() else { return Ok(()) };
        let key = |oin: &Oin| (self.means.key)(oin).ok();
        let more = old.size > size(self.covered().as_ref());
        if more && cosigners(cosigned, &witnesses, key) >= witnesses.quorum() {
            self.keep(&[Change::Covered(Some(cosigned))]).await?;
            self.grace.lock().unwrap_or_else(PoisonError::into_inner).cover(old.size);
        }
        Ok(())
    }

    fn cosign(&self, head: &SignedCheckpoint) -> Option<(u64, Cosignature)> {
        // An OIN has no space and no plus, so it is a name.
        let name = Origin::parse(self.means.own.as_str()).ok()?;
        let line = head.cosign(&name, &self.means.sign_key, self.means.clock.now());
        Some((head.checkpoint().size, line))
    }
}
