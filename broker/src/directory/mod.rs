//! Who is who in the region: cards that nodes publish, within what the operator admitted.
//!
//! Every change is a leaf of the ledger, in one batch with the card.

pub(crate) mod operator;
pub(crate) mod service;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use grondslag_certs::tls::{Region, Reloading};
use grondslag_certs::{CardBook, Considered, Taken, VerifiedCard};
use grondslag_core::blind::Element;
use grondslag_core::blind::inbound::verify_own_key;
use grondslag_core::card::SignedCard;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::{self, KeptCard};
use grondslag_evidence::ledger::{Entry, Ledger, LedgerError};
use grondslag_evidence::store::{Batch, Store, StoreError, parts};

use self::operator::{Admits, Known, Operator};

/// Cards in the store: `d/<oin>`.
const PREFIX: &[u8] = b"d/";
/// What the ledger knows of the operator's folder.
const KNOWN: &[u8] = b"o/known";

/// The directory. Its book is guarded by a lock that is never held across an await.
#[derive(Debug)]
pub(crate) struct Directory {
    region: Arc<Reloading<Region>>,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    ledger: Arc<Ledger>,
    operator: Operator,
    book: RwLock<CardBook>,
    // Changes are rare: one at a time keeps book, store and ledger in one order.
    turn: tokio::sync::Mutex<()>,
}

impl Directory {
    /// Opens the directory from what the store holds; a card that no longer holds (expired,
    /// admission ended) is not relied upon until its agency publishes a newer one.
    ///
    /// # Errors
    /// The reason for which the store or the operator's folder cannot be read.
    pub(crate) async fn open(
        region: Arc<Reloading<Region>>,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
        ledger: Arc<Ledger>,
        (folder, admits): (PathBuf, Admits),
    ) -> Result<Self, Reason> {
        let now = clock.now();
        let operator = Operator::open(folder, admits, region.current().root(), now)?;
        let mut book = CardBook::default();
        for signed in stored_cards(store.as_ref()).await? {
            book.remember(signed.clone());
            match book.consider(signed, &region.current(), now) {
                Ok(considered) => book.put(considered),
                Err(reason) => tracing::warn!(reason = reason.code(), "a stored card lapsed"),
            }
        }
        let (book, turn) = (RwLock::new(book), tokio::sync::Mutex::new(()));
        Ok(Self { region, clock, store, ledger, operator, book, turn })
    }

    /// Takes a card into the directory and records it.
    ///
    /// # Errors
    /// What the operator or the card itself forbids, or why it could not be recorded.
    pub(crate) async fn publish(&self, peer: &Oin, signed: SignedCard) -> Result<Taken, Reason> {
        if *peer != signed.card.oin {
            return Err(Reason::CardOinMismatch);
        }
        let _one_at_a_time = self.turn.lock().await;
        let now = self.clock.now();
        let considered = {
            let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
            book.consider(signed, &self.region.current(), now)?
        };
        self.check_operated(considered.verified(), now)?;
        let taken = considered.taken();
        if taken != Taken::Same {
            self.record(&considered, now).await?;
        }
        // A card that was only remembered is relied upon again even when it is the same.
        self.book.write().unwrap_or_else(PoisonError::into_inner).put(considered);
        Ok(taken)
    }

    /// The card of an agency that may be dealt with now.
    ///
    /// # Errors
    /// `UNKNOWN_AGENCY`, `AGENCY_SUSPENDED`, `KIND_NOT_ADMITTED`, or why its card does not hold.
    pub(crate) fn card(&self, oin: &Oin) -> Result<VerifiedCard, Reason> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let (region, now) = (self.region.current(), self.clock.now());
        let card = book.under(region.crl()).card(oin).ok_or(Reason::UnknownAgency)?;
        self.check_operated(card, now)?;
        card.check_time(now)?;
        Ok(card.clone())
    }

    /// Whether neither the operator nor the authority shut an agency out, be its card of now or
    /// lapsed: how long that holds is its own choice.
    pub(crate) fn is_member(&self, oin: &Oin) -> bool {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let (region, now) = (self.region.current(), self.clock.now());
        let card = book.under(region.crl()).card(oin);
        card.is_some_and(|card| self.check_operated(card, now).is_ok())
    }

    /// Every card of an agency that may be dealt with, as it travels.
    pub(crate) fn signed(&self) -> Vec<SignedCard> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let (region, now) = (self.region.current(), self.clock.now());
        book.under(region.crl())
            .signed()
            .filter(|(_, card)| self.check_operated(card, now).is_ok())
            .map(|(signed, _)| signed.clone())
            .collect()
    }

    /// Every card of an agency that may be dealt with.
    pub(crate) fn cards(&self) -> Vec<VerifiedCard> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let (region, now) = (self.region.current(), self.clock.now());
        let all = book.under(region.crl()).all();
        all.filter(|card| self.check_operated(card, now).is_ok()).cloned().collect()
    }

    /// The pseudonym key on the last card of an agency, also of one that is not dealt with now:
    /// its part of a question is verified like every other, and then goes nowhere.
    ///
    /// # Errors
    /// `UNKNOWN_AGENCY` for one that never had a card with such a key.
    pub(crate) fn own_key(&self, oin: &Oin) -> Result<Element, Reason> {
        let card = self.last_card(oin).ok_or(Reason::UnknownAgency)?.card;
        verify_own_key(oin, &card.pseudonym_key).map_err(|_| Reason::UnknownAgency)
    }

    /// The certificates that are in use now.
    pub(crate) fn certificates(&self) -> Arc<Region> {
        self.region.current()
    }

    /// What ties the points of this region together.
    pub(crate) fn region(&self) -> String {
        self.region.current().root().fingerprint().to_string()
    }

    /// Every agency that ever had a card here, dealt with or not.
    ///
    /// # Errors
    /// Why the store cannot be read.
    pub(crate) async fn known(&self, store: &dyn Store) -> Result<Vec<Oin>, Reason> {
        let cards = stored_cards(store).await?;
        Ok(cards.into_iter().map(|signed| signed.card.oin).collect())
    }

    /// The operator's folder.
    pub(crate) fn operator_folder(&self) -> &Path {
        self.operator.folder()
    }

    /// The last card of an agency, whatever its time.
    pub(crate) fn last_card(&self, oin: &Oin) -> Option<SignedCard> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        book.last(oin).cloned()
    }

    /// Reads the operator's folder again, and records what changed since the ledger last knew it.
    ///
    /// # Errors
    /// Why the folder cannot be read or the change cannot be recorded; it counts nevertheless, and
    /// is recorded at the next turn.
    pub(crate) async fn refresh(&self) -> Result<(), Reason> {
        let _one_at_a_time = self.turn.lock().await;
        self.operator.refresh(self.region.current().root(), self.clock.now())?;
        for digest in self.operator.accepted() {
            self.book.write().unwrap_or_else(PoisonError::into_inner).accept(digest);
        }
        self.record_operator().await
    }

    async fn record_operator(&self) -> Result<(), Reason> {
        let before = self.store.get(KNOWN).await.map_err(StoreError::reason)?;
        let known = before.as_deref().map(serde_json::from_slice::<Known>).transpose();
        let known = known.map_err(|_| Reason::StoreCorrupt)?.unwrap_or_default();
        let now = self.operator.known();
        let changes = known.changes_to(&now);
        if changes.is_empty() {
            return Ok(());
        }
        let body = serde_json::to_vec(&now).map_err(|_| Reason::Internal)?;
        let mut state = Batch::new().put(KNOWN, body);
        let entries = changes.iter().map(|change| {
            let leaf = change.leaf();
            Entry { about: Digest::of(&leaf), leaf, state: std::mem::take(&mut state) }
        });
        let receipts = self.ledger.append_many(entries.collect()).await;
        receipts.map_err(LedgerError::reason)?;
        Ok(())
    }

    /// The broker's own card needs no operator beside its own.
    fn check_operated(&self, card: &VerifiedCard, now: Timestamp) -> Result<(), Reason> {
        let own = card.card().oin == *self.region.current().oin();
        if own { Ok(()) } else { self.operator.check(card, now) }
    }

    async fn record(&self, considered: &Considered, now: Timestamp) -> Result<(), Reason> {
        let signed = considered.signed();
        let body = serde_json::to_vec(signed).map_err(|_| Reason::Internal)?;
        let key = key(&signed.card.oin);
        let without = parts::delete_body(self.store.as_ref(), Batch::new(), &key).await;
        let state = without.and_then(|batch| parts::put_body(batch, &key, &body));
        let state = state.map_err(StoreError::reason)?;
        let entry = Entry { about: signed.card.digest(), leaf: considered.leaf(now), state };
        let receipt = self.ledger.append(entry).await;
        receipt.map_err(LedgerError::reason)?;
        Ok(())
    }
}

fn key(oin: &Oin) -> Vec<u8> {
    [PREFIX, oin.as_str().as_bytes()].concat()
}

async fn stored_cards(store: &dyn Store) -> Result<Vec<SignedCard>, Reason> {
    let kept = kept_cards(store).await.map_err(StoreError::reason)?;
    kept.into_iter().map(|kept| kept.card.ok_or(Reason::StoreCorrupt)).collect()
}

/// Every card in a store, for who looks into it.
///
/// # Errors
/// Those of the store; a card that cannot be read is none.
pub async fn kept_cards(store: &dyn Store) -> Result<Vec<KeptCard>, StoreError> {
    audit::kept_cards(store, PREFIX, |body| serde_json::from_slice(body).ok()).await
}
