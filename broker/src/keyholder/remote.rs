//! A key holder elsewhere: another organisation, which takes this broker's word for nothing.
//!
//! Every call shows it what it needs to judge by itself: the asker's signature, the node's, the
//! proofs of nearer keys. The cards that those are verified by are shown once, and again when it
//! does not know somebody.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grondslag_certs::Taken;
use grondslag_core::blind::{BlindError, Element, Evaluated, Link, Pair};
use grondslag_core::card::SignedCard;
use grondslag_core::id::Oin;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::verify;
use grondslag_proto::epoch::{link, wire_points};
use grondslag_proto::holder::{wire_nearer, wire_step};
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_proto::v1::key_holder_service_client::KeyHolderServiceClient;
use grondslag_runtime::channel::{Telling, reason_of, within};
use tonic::Status;

use super::{Asked, Enrolling, Inbound, KeyHolder, Step, Wanted};
use crate::directory::Directory;
use crate::limits::{HOLDER_CALL_MS_MAX, HOLDER_ENROL_MS_MAX};

type Client = KeyHolderServiceClient<Telling>;

/// The holder.
pub(crate) struct RemoteHolder {
    oin: Oin,
    channel: Telling,
    directory: Arc<Directory>,
}

impl RemoteHolder {
    /// A holder that is called when it is first needed.
    pub(crate) fn new(oin: Oin, channel: Telling, directory: Arc<Directory>) -> Self {
        Self { oin, channel, directory }
    }

    /// Puts the holder's own card in the directory: nodes verify its links by it.
    ///
    /// # Errors
    /// `KEY_HOLDER_UNREACHABLE`, or why its card is not taken.
    pub(crate) async fn publish_card(&self) -> Result<Taken, Reason> {
        let seq_known = self.directory.last_card(&self.oin).map_or(0, |card| card.card.seq);
        let request = within(v1::ShowCardRequest { seq_known }, call_max());
        let shown = self.client().show_card(request).await.map_err(|status| unreached(&status))?;
        let card = shown.into_inner().card.ok_or(Reason::Malformed)?;
        self.directory.publish(&self.oin, SignedCard::try_from(card)?).await
    }

    fn client(&self) -> Client {
        Client::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Shows it the cards of the agencies that a call is about.
    async fn show_cards(&self, about: &[Oin]) -> Result<(), Reason> {
        let cards = about.iter().filter_map(|oin| self.directory.last_card(oin));
        let cards = cards.map(|card| (&card).into()).collect();
        let request = within(v1::TakeCardsRequest { cards }, call_max());
        let taken = self.client().take_cards(request).await.map_err(|status| unreached(&status))?;
        let refused = taken.into_inner().refused;
        if refused > 0 {
            tracing::warn!(holder = %self.oin, refused, "the key holder does not rely on all cards");
        }
        Ok(())
    }

    /// Calls; a holder that does not know somebody whom it is about is shown their cards and
    /// called once more.
    async fn call<T, F>(&self, about: &[Oin], call: impl Fn(Client) -> F) -> Result<T, Reason>
    where
        F: Future<Output = Result<T, Reason>>,
    {
        let called = match call(self.client()).await {
            Err(reason) if blames_a_card(reason) => {
                self.show_cards(about).await?;
                call(self.client()).await
            }
            called => called,
        };
        called.map_err(|reason| self.told(reason))
    }

    /// What others are told of a refusal of this holder.
    fn told(&self, reason: Reason) -> Reason {
        match reason {
            Reason::KeyHolderUnreachable
            | Reason::EpochStale
            | Reason::QuotaExceeded
            | Reason::StepsExceeded
            | Reason::BlindInvalid
            | Reason::QuestionExpired => reason,
            reason => {
                tracing::error!(holder = %self.oin, %reason, "the key holder refuses");
                Reason::KeyHolderRefused
            }
        }
    }

    /// Whether a link is this holder's own and leads to the key before it: what is not would make
    /// an agency that nobody can ask.
    fn check(&self, wanted: &Wanted<'_>, link: &Link) -> Result<(), Reason> {
        let region = self.directory.region();
        let (place, outbound) = (wanted.place(&region), wanted.outbound());
        let unproven = |_| Reason::InboundKeyUnproven;
        place.check(outbound, &link.inbound, &link.proof).map_err(unproven)?;
        let card = self.directory.card(&self.oin)?;
        let signature = link.signature.as_ref().ok_or(Reason::InboundKeyUnproven)?;
        let signed = link.signed_bytes(&place, outbound);
        verify(&card.card().sign_key, &signed, signature).map_err(|_| Reason::InboundKeyUnproven)
    }
}

impl fmt::Debug for RemoteHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteHolder({})", self.oin)
    }
}

#[async_trait]
impl KeyHolder for RemoteHolder {
    async fn open_epoch(&self, epoch: u32) -> Result<(), Reason> {
        let request = within(v1::OpenEpochRequest { epoch }, call_max());
        let opened =
            self.client().open_epoch(request).await.map_err(|status| unreached(&status))?;
        unless_refused(opened.into_inner().refusal)
    }

    async fn destroy_epoch(&self, epoch: u32) -> Result<(), Reason> {
        let request = within(v1::DestroyEpochRequest { epoch }, call_max());
        let destroyed = self.client().destroy_epoch(request).await;
        destroyed.map_err(|status| unreached(&status))?;
        Ok(())
    }

    async fn inbound(&self, wanted: &Wanted<'_>) -> Result<Inbound, Reason> {
        let Link { inbound: key, proof, .. } = self.link(wanted, None).await?;
        Ok(Inbound { key, proof })
    }

    async fn link(&self, wanted: &Wanted<'_>, farther: Option<&Element>) -> Result<Link, Reason> {
        if farther.is_some() {
            // It works on the untouched pairs: nobody comes before it.
            return Err(Reason::Internal);
        }
        let request = v1::MakeLinkRequest {
            epoch: wanted.epoch,
            oin: wanted.node.to_string(),
            nearer: wanted.nearer.iter().map(|key| wire_nearer(&key.key, &key.proof)).collect(),
        };
        let about = [wanted.node.clone()];
        let made = self.call(&about, |mut client| {
            let request = within(request.clone(), call_max());
            async move {
                let made = client.make_link(request).await.map_err(|status| unreached(&status))?;
                let made = made.into_inner();
                unless_refused(made.refusal)?;
                link(&made.link.ok_or(Reason::InboundKeyUnproven)?)
            }
        });
        let made = made.await?;
        if self.directory.last_card(&self.oin).is_none() {
            self.publish_card().await?;
        }
        self.check(wanted, &made).map_err(|reason| self.told(reason))?;
        Ok(made)
    }

    async fn step(&self, asked: Asked<'_>, steps: &[Step]) -> Result<Vec<Pair>, Reason> {
        let links: Vec<&[Link]> = asked.links.iter().map(|links| nearer(links)).collect();
        let is_asked = |oin: &Oin| steps.iter().any(|step| step.node == *oin);
        let request = wire_step(asked.whole, asked.proof, asked.signature, &links, is_asked);
        let targets = asked.whole.targets.iter().map(|target| target.oin.clone());
        let about: Vec<Oin> = targets.chain([asked.whole.asker.clone()]).collect();
        self.call(&about, |mut client| {
            let request = within(request.clone(), call_max());
            async move {
                let stepped = client.step(request).await.map_err(|status| unreached(&status))?;
                let stepped = stepped.into_inner();
                unless_refused(stepped.refusal)?;
                let pairs = stepped.pairs.iter().map(|pair| Pair::parse(pair));
                pairs.collect::<Result<_, _>>().map_err(BlindError::reason)
            }
        })
        .await
    }

    async fn evaluate(&self, batch: &Enrolling) -> Result<Evaluated, Reason> {
        let Enrolling { epoch, node, number, points, signature, .. } = batch;
        let sent = v1::EnrolRequest {
            epoch: *epoch,
            number: *number,
            points: wire_points(points),
            signature: signature.to_vec(),
        };
        let request = v1::EvaluateRequest { oin: node.to_string(), batch: Some(sent) };
        self.call(std::slice::from_ref(node), |mut client| {
            let request = within(request.clone(), Duration::from_millis(HOLDER_ENROL_MS_MAX));
            async move {
                let evaluated =
                    client.evaluate(request).await.map_err(|status| unreached(&status))?;
                let evaluated = evaluated.into_inner();
                unless_refused(evaluated.refusal)?;
                evaluated.evaluation.ok_or(Reason::BlindInvalid)?.try_into()
            }
        })
        .await
    }
}

/// The links of the holders nearer to the node than this one, which is the farthest.
fn nearer(links: &[Link]) -> &[Link] {
    links.split_last().map_or(&[], |(_, nearer)| nearer)
}

fn unless_refused(refusal: Option<v1::Refusal>) -> Result<(), Reason> {
    refusal.map_or(Ok(()), |refusal| Err(reason(&refusal.reason)))
}

/// A card that the holder has not seen, or that is newer than the one it has.
const fn blames_a_card(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::UnknownAgency
            | Reason::CardInvalid
            | Reason::KindNotAdmitted
            | Reason::StatementInvalid
            | Reason::InboundKeyUnproven
    )
}

/// Why a call gave no answer. A holder that is there has said why itself; else it was not reached.
fn unreached(status: &Status) -> Reason {
    match reason_of(status) {
        reason @ (Reason::Internal | Reason::Malformed | Reason::TooLarge) => reason,
        reason => {
            tracing::warn!(%reason, "the key holder was not reached");
            Reason::KeyHolderUnreachable
        }
    }
}

const fn call_max() -> Duration {
    Duration::from_millis(HOLDER_CALL_MS_MAX)
}
