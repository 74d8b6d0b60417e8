//! This node's own card: made when something in it changes, and offered to the broker until it
//! holds it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use grondslag_core::card::{Admission, Card, SignedCard};
use grondslag_core::catalogue::Kind;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::sign;
use grondslag_proto::v1;
use grondslag_runtime::shutdown::Shutdown;

use super::{Directory, Turn, kept};
use crate::agency::BrokerLink;
use crate::limits::{DIRECTORY_REFRESH_MS, DIRECTORY_RETRY_MS};

/// What an agency says of itself.
pub struct OwnCard {
    /// Its kind toward those who ask it.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Where its node is reached: `host:port`.
    pub endpoint: String,
    /// Telephone of the professional on duty.
    pub duty_phone: String,
    /// The key of this card.
    pub sign_key: SigningKey,
    /// The key of the previous card, while readers may still hold that one.
    pub previous: Option<SigningKey>,
    /// What the region authority admits it to.
    pub admission: Admission,
}

impl fmt::Debug for OwnCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnCard({}, …)", self.name)
    }
}

impl Directory {
    /// Makes this node's own card, or keeps the one it has when nothing changed, and takes it into
    /// the directory.
    ///
    /// # Errors
    /// `KIND_NOT_ADMITTED` and the like when nobody would rely on it; `INTERNAL` when it cannot
    /// be signed; why it could not be recorded.
    pub async fn prepare(&self, own: &OwnCard) -> Result<(), Reason> {
        let mut turn = self.turn.lock().await;
        self.prepare_in(&mut turn, own, 0).await.map(|_| ())
    }

    async fn prepare_in(
        &self,
        turn: &mut Turn,
        own: &OwnCard,
        seq_known: u64,
    ) -> Result<SignedCard, Reason> {
        let signed = self.own_card(own, seq_known)?;
        let considered = self.consider(signed.clone())?;
        self.take(turn, vec![considered]).await?;
        Ok(signed)
    }

    fn own_card(&self, own: &OwnCard, seq_known: u64) -> Result<SignedCard, Reason> {
        let region = self.means.region.current();
        let leaf = region.leaf().der().to_vec();
        let held = self.with_book(|cards| {
            let mut signed = cards.signed().map(|(signed, _)| signed);
            signed.find(|signed| signed.card.oin == *region.oin()).cloned()
        });
        let now = self.now();
        let wanted = |seq| Card {
            oin: region.oin().clone(),
            kind: own.kind.clone(),
            name: own.name.clone(),
            endpoint: own.endpoint.clone(),
            duty_phone: own.duty_phone.clone(),
            sign_key: own.sign_key.verifying_key().to_bytes(),
            seal_key: Vec::new(),
            pseudonym_key: Vec::new(),
            seq,
            valid_from: now.plus_ms(-CLOCK_SKEW_MS_MAX),
            valid_until: own.admission.valid_until,
        };
        let card = match &held {
            Some(held) if held.card.seq >= seq_known && same(&held.card, &wanted(0)) => {
                if held.leaf == leaf && held.admission == own.admission {
                    return Ok(held.clone());
                }
                held.card.clone()
            }
            Some(held) => wanted(held.card.seq.max(seq_known).saturating_add(1)),
            None => wanted(seq_known.saturating_add(1)),
        };
        let canonical = card.canonical();
        let leaf_signature = region.key().sign(&canonical);
        let first = held.is_none() && seq_known == 0;
        Ok(SignedCard {
            leaf,
            leaf_signature: leaf_signature.map_err(|error| error.reason())?,
            previous_signature: if first {
                Vec::new()
            } else {
                sign(own.previous_key(held.as_ref()), &canonical).to_vec()
            },
            admission: own.admission.clone(),
            card,
        })
    }

    /// Keeps the directory in step with the broker's until the end: reads it, offers our own card
    /// when the broker does not hold it, and tries again, ever less often, while that fails.
    pub async fn tend(self: Arc<Self>, own: OwnCard, link: Arc<dyn BrokerLink>, end: Shutdown) {
        let (retry_min, retry_max) = DIRECTORY_RETRY_MS;
        let (mut retry, mut calm) = (retry_min, 0);
        let mut known = BTreeMap::new();
        loop {
            let wait = match self.keep_in_step(&own, link.as_ref()).await {
                Ok(()) => {
                    retry = retry_min;
                    let kept = self.turn.lock().await.kept.clone();
                    calm = calm_ms(kept != known, calm);
                    known = kept;
                    calm
                }
                Err(reason) => {
                    tracing::warn!(%reason, "the directory is not in step with the broker's");
                    retry = retry.saturating_mul(2).min(retry_max);
                    retry
                }
            };
            tokio::select! {
                () = end.requested() => return,
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
            }
        }
    }

    /// One turn of [`Directory::tend`].
    ///
    /// # Errors
    /// Why the broker does not answer or does not take our card.
    pub async fn keep_in_step(&self, own: &OwnCard, link: &dyn BrokerLink) -> Result<(), Reason> {
        let mut turn = self.turn.lock().await;
        self.refresh_in(&mut turn, link).await?;
        let signed = self.prepare_in(&mut turn, own, 0).await?;
        if turn.published == Some(kept::digest(&signed)) {
            return Ok(());
        }
        let answer = link.publish_card((&signed).into()).await?;
        let signed = match refused(&answer) {
            None => signed,
            // The broker remembers a later card than this node does, as after a lost store.
            Some(Reason::CardSeqBack) => {
                let signed = self.prepare_in(&mut turn, own, answer.seq).await?;
                let answer = link.publish_card((&signed).into()).await?;
                refused(&answer).map_or(Ok(signed), Err)?
            }
            Some(reason) => return Err(reason),
        };
        turn.published = Some(kept::digest(&signed));
        tracing::info!("the broker holds our card");
        Ok(())
    }

    /// Whether the broker held our own card when it was last asked.
    pub async fn is_published(&self) -> bool {
        self.turn.lock().await.published.is_some()
    }
}

impl OwnCard {
    /// The key that signed the card which readers hold: the previous one's when it changed.
    fn previous_key(&self, held: Option<&SignedCard>) -> &SigningKey {
        let signed_held = |key: &&SigningKey| {
            held.is_some_and(|held| held.card.sign_key == key.verifying_key().to_bytes())
        };
        self.previous.as_ref().filter(signed_held).unwrap_or(&self.sign_key)
    }
}

/// How long to wait for the next reading: short after a change, ever longer while nothing changes.
pub(super) fn calm_ms(changed: bool, before: u64) -> u64 {
    let (shortest, longest) = DIRECTORY_REFRESH_MS;
    if changed { shortest } else { before.saturating_mul(2).clamp(shortest, longest) }
}

/// Nothing changed but what counts and dates the cards.
fn same(held: &Card, wanted: &Card) -> bool {
    let wanted = Card { seq: held.seq, valid_from: held.valid_from, ..wanted.clone() };
    *held == wanted
}

fn refused(answer: &v1::PublishCardResponse) -> Option<Reason> {
    (!answer.reason.is_empty()).then(|| grondslag_proto::reply::reason(&answer.reason))
}
