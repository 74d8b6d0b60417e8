//! What the broker decided on each target, as far as it proves it.

use std::collections::BTreeMap;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Oin;
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_core::statement::NamedRuling;
use grondslag_proto::v1;

use super::{Pursuit, Target, is_alarming, part_of};
use crate::agency::Agency;
use crate::alarm::{forked, raise};
use crate::asks::attested::Attested;
use crate::asks::check::{Asked, ProvedDecision};

impl Pursuit {
    pub(super) async fn decided(
        &self,
        inquiry: &Inquiry,
        targets: &mut BTreeMap<Oin, Target>,
        wire: v1::TargetDecided,
        before: Option<&SignedCheckpoint>,
    ) {
        let Some((oin, part)) = part_of(inquiry, &wire.target_oin) else { return };
        let Some(target) = targets.get_mut(oin) else { return };
        if target.decided_in == inquiry.attempt() {
            return;
        }
        let asked = Asked { inquiry, target: oin, part };
        (target.decided_in, target.epoch) = (inquiry.attempt(), inquiry.header().epoch);
        target.statement = Some(asked.statement());
        match self.check_decision(asked, wire, target, before).await {
            Ok(rulings) => target.rulings = rulings,
            Err(reason) => self.discard(inquiry, target, reason).await,
        }
    }

    pub(super) async fn discard(&self, inquiry: &Inquiry, target: &mut Target, reason: Reason) {
        target.discarded = Some(reason);
        discarded(&self.agency, inquiry, reason).await;
    }

    async fn check_decision(
        &self,
        asked: Asked<'_>,
        wire: v1::TargetDecided,
        target: &mut Target,
        before: Option<&SignedCheckpoint>,
    ) -> Result<Vec<NamedRuling>, Reason> {
        let decided = ProvedDecision::prove(&self.agency, asked, wire, before).await?;
        // It is held to what it proved, whatever that says.
        target.attested.push(Attested::of(decided.evidence()));
        decided.rulings(&self.agency, asked).await
    }
}

/// Something that came was discarded: somebody who lied is an alarm.
pub(crate) async fn discarded(agency: &Agency, inquiry: &Inquiry, reason: Reason) {
    if reason == Reason::LedgerFork {
        forked(agency, inquiry.digest()).await;
    } else if is_alarming(reason) {
        raise(agency, inquiry.digest(), reason).await;
    }
}
