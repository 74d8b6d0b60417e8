//! What the broker decided on each target, as far as it proves it.

use std::collections::BTreeMap;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Oin;
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_core::statement::NamedRuling;
use grondslag_proto::question::Evidence;
use grondslag_proto::v1;

use super::{Pursuit, Target, is_alarming, part_of};
use crate::agency::Agency;
use crate::alarm::raise;
use crate::asks::attested::Attested;
use crate::asks::check::{Asked, check_evidence, check_rulings};

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
        let rulings = wire.rulings.into_iter().map(NamedRuling::try_from);
        let rulings: Vec<NamedRuling> = rulings.collect::<Result<_, _>>()?;
        let evidence = Evidence::try_from(wire.attestation.ok_or(Reason::AttestationInvalid)?)?;
        self.agency.watching.reached_log(&evidence.checkpoint).await;
        check_evidence(&self.agency, asked, &rulings, &evidence, before)?;
        // It is held to what it proved, whatever that says.
        target.attested.push(Attested::of(&evidence));
        check_rulings(&self.agency, asked, &rulings, &evidence)?;
        Ok(rulings)
    }
}

/// Something that came was discarded: somebody who lied is an alarm. A contradiction of the
/// broker's ledger is said once.
pub(crate) async fn discarded(agency: &Agency, inquiry: &Inquiry, reason: Reason) {
    let is_news = reason != Reason::LedgerFork || agency.watching.keep_found().await;
    if is_alarming(reason) && is_news {
        raise(agency, inquiry.digest(), reason).await;
    }
}
