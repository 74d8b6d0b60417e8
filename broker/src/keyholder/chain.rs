//! All key holders of a region, nearest to the nodes first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use grondslag_core::blind::{Element, Evaluated, Link, Pair};
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;

use super::{Asked, Enrolling, Inbound, KeyHolder, Step, Wanted};
use crate::limits::{LINKS_CACHED_MAX, REFUSAL_KEPT_MS};

/// The holders, and the links that they published.
#[derive(Debug)]
pub(crate) struct Chain {
    // Nearest to the nodes first; never empty.
    holders: Vec<Arc<dyn KeyHolder>>,
    // Held for a look, never while waiting.
    links: Mutex<BTreeMap<(u32, Oin), Known>>,
    // Agencies that a holder did not deal with a moment ago, and why.
    refused: Mutex<BTreeMap<(u32, Oin), (Instant, Reason)>>,
}

/// A node's links, and the key of the node that they lead to.
#[derive(Debug, Clone)]
struct Known {
    own: Element,
    links: Arc<[Link]>,
}

/// A question's hidden number on its way to one target.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// The target.
    pub node: Oin,
    /// Its links.
    pub links: Arc<[Link]>,
    /// M + r X.
    pub two: Element,
}

impl Chain {
    /// A chain of these holders, nearest to the nodes first.
    pub(crate) fn new(holders: Vec<Arc<dyn KeyHolder>>) -> Self {
        Self { holders, links: Mutex::default(), refused: Mutex::default() }
    }

    /// Makes factors for a new epoch at every holder.
    ///
    /// # Errors
    /// Why one of them could not.
    pub(crate) async fn open_epoch(&self, epoch: u32) -> Result<(), Reason> {
        for holder in &self.holders {
            holder.open_epoch(epoch).await?;
        }
        Ok(())
    }

    /// Makes every link anew when it is next needed.
    pub(crate) fn forget_links(&self) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Destroys the factors of an epoch at every holder.
    ///
    /// # Errors
    /// Why one of them could not; the others have.
    pub(crate) async fn destroy_epoch(&self, epoch: u32) -> Result<(), Reason> {
        let forget = |links: &mut BTreeMap<(u32, Oin), Known>| {
            links.retain(|(of, _), _| *of != epoch);
        };
        forget(&mut self.links.lock().unwrap_or_else(PoisonError::into_inner));
        let mut failed = Ok(());
        for holder in &self.holders {
            if let Err(reason) = holder.destroy_epoch(epoch).await {
                failed = Err(reason);
            }
        }
        failed
    }

    /// A node's links from its own key on.
    ///
    /// # Errors
    /// `EPOCH_STALE` for an epoch without factors.
    pub(crate) async fn links(
        &self,
        epoch: u32,
        node: &Oin,
        own: &Element,
    ) -> Result<Arc<[Link]>, Reason> {
        let place = (epoch, node.clone());
        let known = {
            let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
            links.get(&place).filter(|known| known.own == *own).cloned()
        };
        if let Some(known) = known {
            return Ok(known.links);
        }
        self.check_refused(&place)?;
        let links: Arc<[Link]> = match self.make_links(epoch, node, own).await {
            Ok(links) => links.into(),
            Err(reason) => return Err(self.remember_refusal(place, reason)),
        };
        let mut cached = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.len() >= LINKS_CACHED_MAX {
            cached.clear();
        }
        cached.insert(place, Known { own: *own, links: Arc::clone(&links) });
        Ok(links)
    }

    /// A holder is not asked again and again for an agency that it does not deal with.
    fn check_refused(&self, place: &(u32, Oin)) -> Result<(), Reason> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|_, (since, _)| since.elapsed() < Duration::from_millis(REFUSAL_KEPT_MS));
        refused.get(place).map_or(Ok(()), |(_, reason)| Err(*reason))
    }

    fn remember_refusal(&self, place: (u32, Oin), reason: Reason) -> Reason {
        if reason == Reason::KeyHolderRefused {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            if refused.len() >= LINKS_CACHED_MAX {
                refused.clear();
            }
            refused.insert(place, (Instant::now(), reason));
        }
        reason
    }

    async fn make_links(&self, epoch: u32, node: &Oin, own: &Element) -> Result<Vec<Link>, Reason> {
        let mut keys: Vec<Inbound> = Vec::new();
        // Keys follow from each other from the node outward, and S from the far end inward.
        for holder in self.holders.iter().take(self.holders.len().saturating_sub(1)) {
            let wanted = Wanted { epoch, node, own, nearer: &keys };
            let key = holder.inbound(&wanted).await?;
            keys.push(key);
        }
        let mut links: Vec<Link> = Vec::new();
        for (number, holder) in self.holders.iter().enumerate().rev() {
            let nearer = keys.get(..number).ok_or(Reason::Internal)?;
            let farther = links.last().map(|link: &Link| link.shuffled);
            let wanted = Wanted { epoch, node, own, nearer };
            links.push(holder.link(&wanted, farther.as_ref()).await?);
        }
        links.reverse();
        Ok(links)
    }

    /// Takes the hidden number of a verified question through every holder, the farthest first.
    /// A pair per target that is asked, in order.
    ///
    /// # Errors
    /// Why a holder did not make its step: nobody is asked then.
    pub(crate) async fn step(
        &self,
        asked: Asked<'_>,
        targets: &[Sent],
    ) -> Result<Vec<Pair>, Reason> {
        let one = asked.whole.one;
        let mut pairs: Vec<Pair> =
            targets.iter().map(|target| Pair { one, two: target.two }).collect();
        if targets.is_empty() {
            return Ok(pairs);
        }
        for (number, holder) in self.holders.iter().enumerate().rev() {
            let steps = targets.iter().zip(&pairs).map(|(target, pair)| {
                let link = target.links.get(number).ok_or(Reason::InboundKeyUnproven)?;
                Ok(Step { node: target.node.clone(), inbound: link.inbound, pair: *pair })
            });
            let steps = steps.collect::<Result<Vec<_>, Reason>>()?;
            let stepped = holder.step(asked, &steps).await;
            if stepped == Err(Reason::KeyHolderRefused) {
                // It no longer deals with one of them: whoever that is has no links any more.
                self.forget_links();
            }
            pairs = stepped?;
            if pairs.len() != targets.len() {
                return Err(Reason::BlindInvalid);
            }
        }
        Ok(pairs)
    }

    /// Takes a batch through every holder; what each made of it, the farthest first.
    ///
    /// # Errors
    /// Why a holder refused it.
    pub(crate) async fn evaluate(
        &self,
        mut batch: Enrolling,
        links: &[Link],
    ) -> Result<Vec<Evaluated>, Reason> {
        let mut all: Vec<Evaluated> = Vec::new();
        for (number, holder) in self.holders.iter().enumerate().rev() {
            batch.farther = links.get(number + 1).map(|link| link.shuffled);
            if let Some(before) = all.last() {
                batch.points.clone_from(&before.points);
            }
            all.push(holder.evaluate(&batch).await?);
        }
        Ok(all)
    }
}
