//! The agencies of the region, as this node verified them itself.
//!
//! Cards come from the broker, but nothing in them is taken on its word: every signature and
//! admission is checked here, no card goes back, and a key changes only when the previous key
//! signed the new card or an operator of this node accepted it. So a lying broker can withhold a
//! card and no more. Every change stands in this node's ledger.

mod accepted;
mod kept;
mod own;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use grondslag_certs::tls::{Region, Reloading};
use grondslag_certs::{CardBook, Cards, Considered, VerifiedCard};
use grondslag_core::card::SignedCard;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::limits::CARDS_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::Instant;

pub(crate) use grondslag_certs::OwnCard;

pub use self::kept::kept_cards;

use crate::agency::BrokerLink;
use crate::limits::{DIRECTORY_GAP_MS, DIRECTORY_GAP_READS_MAX};

/// What a directory needs to verify and keep cards.
#[derive(Debug, Clone)]
pub struct Means {
    /// The region's root, and our own certificate.
    pub region: Arc<Reloading<Region>>,
    /// Where the cards are kept.
    pub store: Arc<dyn Store>,
    /// Where every change is recorded.
    pub ledger: Arc<Ledger>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// Folder of files named after the digests of cards that an operator accepted.
    pub accepted: Option<PathBuf>,
}

/// The directory of one node.
pub struct Directory {
    means: Means,
    /// Read at every question, written by whoever has the turn; never held across an await.
    held: RwLock<Held>,
    /// One reading of the broker's directory at a time.
    turn: Mutex<Turn>,
}

#[derive(Default)]
struct Held {
    book: CardBook,
    /// Cards that the broker gave last and that could not be relied upon.
    refused: BTreeMap<Oin, Reason>,
}

#[derive(Default)]
struct Turn {
    /// Digests of what stands in the store.
    kept: BTreeMap<Oin, Digest>,
    /// Digest of our own card as the broker holds it.
    published: Option<Digest>,
    /// Readings for a question, since a moment.
    recent: Option<(Instant, u32)>,
    /// The certificates that the cards in the book were verified under.
    under: Option<Arc<Region>>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Directory(…)")
    }
}

impl Directory {
    /// Opens the directory with the cards that were kept. One that can no longer be relied upon
    /// is left out, and read anew.
    ///
    /// # Errors
    /// The reason why the store cannot be read.
    pub async fn open(means: Means) -> Result<Self, Reason> {
        let cards = kept::load(means.store.as_ref()).await;
        let cards = cards.map_err(StoreError::reason)?;
        let directory = Self { means, held: RwLock::default(), turn: Mutex::default() };
        let mut turn = Turn::default();
        for signed in &cards {
            turn.kept.insert(signed.card.oin.clone(), kept::digest(signed));
            directory.write(|held| held.book.remember(signed.clone()));
        }
        directory.take_all(&mut turn, cards).await?;
        *directory.turn.lock().await = turn;
        Ok(directory)
    }

    /// The card of one agency.
    ///
    /// # Errors
    /// `UNKNOWN_AGENCY`, or why the card that the broker gave could not be relied upon.
    pub fn card(&self, oin: &Oin) -> Result<VerifiedCard, Reason> {
        let region = self.means.region.current();
        self.read(|held| match held.book.under(region.crl()).card(oin) {
            Some(card) => Ok(card.clone()),
            None => Err(held.refused.get(oin).copied().unwrap_or(Reason::UnknownAgency)),
        })
    }

    /// Every card, sorted by OIN.
    pub fn cards(&self) -> Vec<VerifiedCard> {
        self.with_book(|cards| cards.all().cloned().collect())
    }

    /// The agency with this name, in any case.
    pub fn named(&self, name: &str) -> Option<VerifiedCard> {
        let name = name.to_lowercase();
        self.with_book(|cards| {
            cards.all().find(|card| card.card().name.to_lowercase() == name).cloned()
        })
    }

    /// The agencies whose card the broker gave last and that could not be relied upon, and why.
    pub fn refused(&self) -> BTreeMap<Oin, Reason> {
        self.read(|held| held.refused.clone())
    }

    /// Looks at the cards without copying them. `look` must be quick: others wait.
    pub fn with_book<T>(&self, look: impl FnOnce(Cards<'_>) -> T) -> T {
        let region = self.means.region.current();
        self.read(|held| look(held.book.under(region.crl())))
    }

    /// Reads the broker's directory, verifies it, and keeps what changed.
    ///
    /// # Errors
    /// The reason why the broker did not answer, or the change could not be recorded.
    pub async fn refresh(&self, link: &dyn BrokerLink) -> Result<(), Reason> {
        let mut turn = self.turn.lock().await;
        self.refresh_in(&mut turn, link).await
    }

    /// Reads the directory for a question that could not be verified, unless that was done often
    /// a moment ago; says whether it did.
    pub async fn refresh_for_question(&self, link: &dyn BrokerLink) -> bool {
        let mut turn = self.turn.lock().await;
        let gap = Duration::from_millis(DIRECTORY_GAP_MS);
        let (since, reads) = match turn.recent {
            Some((since, reads)) if since.elapsed() < gap => (since, reads),
            _ => (Instant::now(), 0),
        };
        turn.recent = Some((since, reads.saturating_add(1)));
        reads < DIRECTORY_GAP_READS_MAX && self.refresh_in(&mut turn, link).await.is_ok()
    }

    async fn refresh_in(&self, turn: &mut Turn, link: &dyn BrokerLink) -> Result<(), Reason> {
        let cards = link.list_cards().await?;
        if cards.len() > CARDS_MAX {
            return Err(Reason::TooLarge);
        }
        let mut unreadable = BTreeMap::new();
        let mut signed = Vec::new();
        for card in cards {
            let oin = Oin::parse(&card.oin);
            match (SignedCard::try_from(card), oin) {
                (Ok(card), _) => signed.push(card),
                (Err(reason), Ok(oin)) => drop(unreadable.insert(oin, reason)),
                (Err(_), Err(_)) => {}
            }
        }
        let own = self.means.region.current().oin().clone();
        let listed = signed.iter().find(|signed| signed.card.oin == own);
        turn.published = listed.map(kept::digest);
        // Our own card is ours to make; the broker's copy of it is not taken.
        signed.retain(|signed| signed.card.oin != own);
        let accepted = accepted::read(self.means.accepted.as_deref()).await;
        self.write(|held| {
            for digest in accepted {
                held.book.accept(digest);
            }
            held.refused = unreadable;
        });
        self.take_all(turn, signed).await
    }

    /// Takes what can be relied upon, and notes why the rest cannot. What changed is in the ledger
    /// before anybody relies on it.
    async fn take_all(&self, turn: &mut Turn, cards: Vec<SignedCard>) -> Result<(), Reason> {
        let region = self.means.region.current();
        let same = turn.under.as_ref().is_some_and(|under| Arc::ptr_eq(under, &region));
        let mut considered = Vec::with_capacity(cards.len());
        for signed in cards {
            if same && self.is_held(turn, &signed) {
                continue;
            }
            let oin = signed.card.oin.clone();
            match self.consider(signed) {
                Ok(card) => considered.push(card),
                Err(reason) => {
                    tracing::warn!(%oin, %reason, "a card was not taken");
                    self.write(|held| held.refused.insert(oin, reason));
                }
            }
        }
        self.take(turn, considered).await?;
        turn.under = Some(region);
        Ok(())
    }

    /// Whether a card stands in the book already, byte for byte, and still holds: verifying it
    /// again would tell nothing.
    fn is_held(&self, turn: &Turn, signed: &SignedCard) -> bool {
        let oin = &signed.card.oin;
        let kept = turn.kept.get(oin) == Some(&kept::digest(signed));
        let holds = |cards: Cards<'_>| {
            cards.card(oin).is_some_and(|card| card.check_time(self.now()).is_ok())
        };
        kept && self.with_book(holds)
    }

    fn consider(&self, signed: SignedCard) -> Result<Considered, Reason> {
        let (region, now) = (self.means.region.current(), self.now());
        self.read(|held| held.book.consider(signed, &region, now))
    }

    async fn take(&self, turn: &mut Turn, considered: Vec<Considered>) -> Result<(), Reason> {
        let digest = |card: &Considered| kept::digest(card.signed());
        let changed: Vec<&Considered> = considered
            .iter()
            .filter(|card| turn.kept.get(&card.signed().card.oin) != Some(&digest(card)))
            .collect();
        kept::record(&self.means, &changed, self.now()).await?;
        for card in &changed {
            let state = card.taken().word();
            tracing::info!(oin = %card.signed().card.oin, state, "a card was taken");
        }
        for card in considered {
            turn.kept.insert(card.signed().card.oin.clone(), digest(&card));
            self.write(|held| held.book.put(card));
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.means.clock.now()
    }

    fn read<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        change(&mut self.held.write().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
