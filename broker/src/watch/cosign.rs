//! Taking the cosignature of a witness.

use grondslag_core::checkpoint::{Cosignature, SignedCheckpoint};
use grondslag_core::id::Oin;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::watch::cosigners;
use grondslag_core::witnesses::Witnesses;
use grondslag_evidence::store::{Batch, StoreError, parts};

use super::{KEPT, Kept, Last, Watch};

impl Watch {
    /// Takes the cosignature of a witness under the published head of this size.
    ///
    /// # Errors
    /// `NOT_A_WITNESS`, `HEAD_MISMATCH` for a head that is not or no longer there,
    /// `STATEMENT_INVALID` when it does not hold, or why its card does not.
    pub(crate) async fn add(
        &self,
        oin: &Oin,
        size: u64,
        cosignature: &Cosignature,
    ) -> Result<(), Reason> {
        let witnesses = (self.means.witnesses)().filter(|witnesses| witnesses.names(oin));
        let witnesses = witnesses.ok_or(Reason::NotAWitness)?;
        let now = self.means.clock.now();
        if cosignature.name().as_str() != oin.as_str()
            || cosignature.at() > now.plus_ms(CLOCK_SKEW_MS_MAX)
        {
            return Err(Reason::StatementInvalid);
        }
        let key = (self.means.key)(oin)?;
        let grown = {
            let mut held = self.held();
            let heads = held.heads.iter_mut();
            let head = heads.rev().find(|head| head.checkpoint().size == size);
            let head = head.ok_or(Reason::HeadMismatch)?;
            let with = head.clone().with(cosignature).map_err(|_| Reason::TooLarge)?;
            let at = with.cosigned_by(oin.as_str(), &key).ok_or(Reason::StatementInvalid)?;
            head.clone_from(&with);
            let last = held.last.entry(oin.clone()).or_insert(Last { size, at });
            if last.size <= size {
                *last = Last { size, at };
            }
            with
        };
        if self.has_quorum(&grown, &witnesses) && self.show_cosigned(&grown) {
            self.keep().await?;
        }
        Ok(())
    }

    fn has_quorum(&self, head: &SignedCheckpoint, witnesses: &Witnesses) -> bool {
        let key = |oin: &Oin| (self.means.key)(oin).ok();
        cosigners(head, witnesses, key) >= witnesses.quorum()
    }

    /// Shows a cosigned head unless a larger one is shown; says whether it is another one.
    fn show_cosigned(&self, head: &SignedCheckpoint) -> bool {
        self.shown.send_if_modified(|shown| {
            let size = shown.cosigned.as_ref().map_or(0, |held| held.checkpoint().size);
            let newer = shown.cosigned.is_none() || head.checkpoint().size > size;
            if newer {
                shown.cosigned = Some(head.clone().into());
            }
            newer
        })
    }

    /// Keeps the cosigned head that is shown, and when each witness last cosigned.
    async fn keep(&self) -> Result<(), Reason> {
        let _one_at_a_time = self.turn.lock().await;
        let kept = {
            let (shown, held) = (self.shown.borrow(), self.held());
            Kept {
                cosigned: shown.cosigned.as_ref().map(|head| head.note()),
                last: held.last.clone(),
            }
        };
        let body = serde_json::to_vec(&kept).map_err(|_| Reason::Internal)?;
        let store = self.means.store.as_ref();
        let batch = parts::delete_body(store, Batch::new(), KEPT).await;
        let batch = batch.and_then(|batch| parts::put_body(batch, KEPT, &body));
        store.commit(batch.map_err(StoreError::reason)?).await.map_err(StoreError::reason)
    }
}
