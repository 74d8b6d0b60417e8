//! What a key holder verifies before it works, with nobody's word for it but signatures.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use grondslag_core::blind::enrolment::{self, Batch, check_count};
use grondslag_core::blind::{BlindError, Element, Evaluated, Link, Pair, question};
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{self, sign};
use grondslag_proto::epoch::points;
use grondslag_proto::holder::{Nearer, StepQuestion, nearer, outbound};
use grondslag_proto::v1;

use super::Holder;
use crate::keyholder::{Asked, Enrolling, Inbound, KeyHolder as _, Step, Wanted};
use crate::limits::LINKS_CACHED_MAX;

/// A node's own key, and the key of the holder nearer to it that was proved to follow from it.
pub(super) type Proved = (Element, Element);

impl Holder {
    /// This holder's link for a node, signed. The key that it comes before must follow from the
    /// node's own by proofs: else whoever knows the node's secret could have any point divided by
    /// k, and open questions of others with it.
    ///
    /// # Errors
    /// Why the node is not dealt with, or `INBOUND_KEY_UNPROVEN`.
    pub(super) async fn link(&self, request: &v1::MakeLinkRequest) -> Result<Link, Reason> {
        let node = Oin::parse(&request.oin).map_err(|_| Reason::UnknownAgency)?;
        let (epoch, nearer) = (request.epoch, nearer(&request.nearer)?);
        let own = self.directory.card(&node)?.keys()?.own;
        self.outbound(epoch, &node, &own, &nearer)?;
        let nearer: Vec<Inbound> =
            nearer.into_iter().map(|(key, proof)| Inbound { key, proof }).collect();
        let wanted = Wanted { epoch, node: &node, own: &own, nearer: &nearer };
        let mut link = self.local.link(&wanted, None).await?;
        let signed = link.signed_bytes(&wanted.place(&self.region), wanted.outbound());
        link.signature = Some(sign(&self.sign_key, &signed));
        Ok(link)
    }

    /// One step over the untouched pairs of a question that its asker signed.
    ///
    /// # Errors
    /// The reason for which the whole question is refused.
    pub(super) async fn step(&self, wanted: StepQuestion) -> Result<Vec<Pair>, Reason> {
        let StepQuestion { whole, proof, signature, targets } = wanted;
        if whole.targets.is_empty() || whole.targets.len() != targets.len() {
            return Err(Reason::TargetsNone);
        }
        whole.check_fresh(self.clock.now())?;
        let asker = self.directory.card(&whole.asker)?;
        statement::verify(&asker.card().sign_key, &whole.signed_bytes(), &signature)
            .map_err(|_| Reason::StatementInvalid)?;
        let all = whole.targets.iter().zip(&targets);
        let keys = all.map(|(target, (nearer, _))| self.inbound(whole.epoch, &target.oin, nearer));
        let keys = keys.collect::<Result<Vec<Element>, Reason>>()?;
        let two: Vec<Element> = whole.targets.iter().map(|target| target.two).collect();
        question::verify(&whole.digest(), &whole.one, &two, &keys, &proof)
            .map_err(BlindError::reason)?;
        let all = whole.targets.iter().zip(&targets).zip(keys);
        let asked = all.filter(|((_, (_, is_asked)), _)| *is_asked);
        let steps = asked.map(|((target, _), inbound)| {
            // Whom this holder does not deal with gets no pair, whatever the broker thinks of it.
            self.directory.card(&target.oin)?;
            let pair = Pair { one: whole.one, two: target.two };
            Ok(Step { node: target.oin.clone(), inbound, pair })
        });
        let steps = steps.collect::<Result<Vec<Step>, Reason>>()?;
        let asked = Asked { whole: &whole, proof: &proof, signature: &signature, links: &[] };
        self.local.step(asked, &steps).await
    }

    /// Evaluates a batch that its node signed.
    ///
    /// # Errors
    /// `STATEMENT_INVALID` for a batch that the node did not sign, or what the work gives.
    pub(super) async fn evaluate(&self, request: v1::EvaluateRequest) -> Result<Evaluated, Reason> {
        let node = Oin::parse(&request.oin).map_err(|_| Reason::UnknownAgency)?;
        let batch = request.batch.ok_or(Reason::Malformed)?;
        let points = points(&batch.points)?;
        check_count(&points).map_err(BlindError::reason)?;
        let card = self.directory.card(&node)?;
        let signature = batch.signature.as_slice().try_into().map_err(|_| Reason::Malformed)?;
        let about =
            Batch { region: &self.region, epoch: batch.epoch, node: &node, number: batch.number };
        let signed = enrolment::signed_bytes(&about, &points);
        statement::verify(&card.card().sign_key, &signed, &signature)
            .map_err(|_| Reason::StatementInvalid)?;
        let (epoch, number, farther) = (batch.epoch, batch.number, None);
        self.local.evaluate(&Enrolling { epoch, node, number, farther, points, signature }).await
    }

    /// This holder's inbound key for a target, from what nearer holders made of the key on its
    /// card. An agency that is not dealt with now has one too: the proof is over all targets.
    fn inbound(&self, epoch: u32, node: &Oin, nearer: &[Nearer]) -> Result<Element, Reason> {
        let own = self.directory.own_key(node)?;
        let before = nearer.last().map_or(own, |(key, _)| *key);
        let (place, proved) = ((epoch, node.clone()), (own, before));
        if self.proved().get(&place) != Some(&proved) {
            self.outbound(epoch, node, &own, nearer)?;
            let mut all = self.proved();
            if all.len() >= LINKS_CACHED_MAX {
                all.clear();
            }
            all.insert(place, proved);
        }
        self.local.key(epoch, node, &before)
    }

    fn proved(&self) -> MutexGuard<'_, BTreeMap<(u32, Oin), Proved>> {
        self.proved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that nearer holders proved to follow from a node's own; the broker is always nearer.
    fn outbound(
        &self,
        epoch: u32,
        node: &Oin,
        own: &Element,
        nearer: &[Nearer],
    ) -> Result<Element, Reason> {
        if nearer.is_empty() {
            return Err(Reason::InboundKeyUnproven);
        }
        outbound(&self.region, epoch, node, own, nearer)
    }
}
