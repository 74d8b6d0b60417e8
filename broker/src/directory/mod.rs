//! Who is who in the region: cards that nodes publish, within what the operator admitted.
//!
//! Every change is a leaf of the ledger, in one batch with the card.

pub mod operator;
pub mod service;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use grondslag_certs::tls::{Region, Reloading};
use grondslag_certs::{CardBook, Considered, Taken, VerifiedCard};
use grondslag_core::canonical::Canonical;
use grondslag_core::card::{Card, SignedCard};
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, Ledger};
use grondslag_evidence::store::{Batch, Store, parts};

use self::operator::Operator;

/// Cards in the store: `d/<oin>`.
const PREFIX: &[u8] = b"d/";
/// Cards read at a time.
const PAGE: usize = 500;

/// The directory. Its book is guarded by a lock that is never held across an await.
#[derive(Debug)]
pub struct Directory {
    region: Arc<Reloading<Region>>,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    ledger: Arc<Ledger>,
    operator: Operator,
    book: RwLock<CardBook>,
    // Publishing is rare: one at a time keeps book, store and ledger in one order.
    publishing: tokio::sync::Mutex<()>,
}

impl Directory {
    /// Opens the directory from what the store holds; a card that no longer holds (expired,
    /// admission ended) is not relied upon until its agency publishes a newer one.
    ///
    /// # Errors
    /// The reason for which the store or the operator's folder cannot be read.
    pub async fn open(
        region: Arc<Reloading<Region>>,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
        ledger: Arc<Ledger>,
        operator_folder: PathBuf,
    ) -> Result<Self, Reason> {
        let operator = Operator::open(operator_folder)?;
        let mut book = CardBook::default();
        let now = clock.now();
        for signed in stored_cards(store.as_ref()).await? {
            book.remember(signed.clone());
            match book.consider(signed, &region.current(), now) {
                Ok(considered) => book.put(considered),
                Err(reason) => tracing::warn!(reason = reason.code(), "a stored card lapsed"),
            }
        }
        let publishing = tokio::sync::Mutex::new(());
        Ok(Self { region, clock, store, ledger, operator, book: RwLock::new(book), publishing })
    }

    /// Takes a card into the directory and records it.
    ///
    /// # Errors
    /// What the operator or the card itself forbids, or why it could not be recorded.
    pub async fn publish(&self, peer: &Oin, signed: SignedCard) -> Result<Taken, Reason> {
        if *peer != signed.card.oin {
            return Err(Reason::CardOinMismatch);
        }
        let now = self.clock.now();
        self.operator.check_admitted(&signed.admission, self.region.current().root(), now)?;
        self.take(signed).await
    }

    /// Takes the broker's own card: it needs no operator beside its own.
    ///
    /// # Errors
    /// As [`Directory::publish`].
    pub async fn publish_own(&self, signed: SignedCard) -> Result<Taken, Reason> {
        self.take(signed).await
    }

    /// The card of an agency that may be dealt with now.
    ///
    /// # Errors
    /// `UNKNOWN_AGENCY`, `AGENCY_SUSPENDED`, or why its card does not hold now.
    pub fn card(&self, oin: &Oin) -> Result<VerifiedCard, Reason> {
        if self.operator.is_suspended(oin) {
            return Err(Reason::AgencySuspended);
        }
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let region = self.region.current();
        let card = book.under(region.crl()).card(oin).ok_or(Reason::UnknownAgency)?;
        card.check_time(self.clock.now())?;
        Ok(card.clone())
    }

    /// Every card of an agency that is not suspended, as it travels.
    pub fn signed(&self) -> Vec<SignedCard> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let region = self.region.current();
        book.under(region.crl())
            .signed()
            .filter(|signed| !self.operator.is_suspended(&signed.card.oin))
            .cloned()
            .collect()
    }

    /// The last own card, whatever its time.
    ///
    /// # Errors
    /// Why the store cannot be read.
    pub async fn stored_card(&self, oin: &Oin) -> Result<Option<Card>, Reason> {
        let body = parts::read_body(self.store.as_ref(), &key(oin)).await;
        let body = body.map_err(grondslag_evidence::store::StoreError::reason)?;
        body.map(|body| signed_from(&body).map(|signed| signed.card)).transpose()
    }

    /// Where the operator's files stand.
    pub fn operator_folder(&self) -> &std::path::Path {
        self.operator.folder()
    }

    /// Reads the operator's folder again and records what changed there.
    ///
    /// # Errors
    /// Why the folder cannot be read or the change cannot be recorded.
    pub async fn refresh(&self) -> Result<(), Reason> {
        let changes = self.operator.refresh()?;
        for digest in self.operator.accepted() {
            self.book.write().unwrap_or_else(PoisonError::into_inner).accept(digest);
        }
        for change in changes {
            let leaf = change.leaf();
            let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
            self.ledger
                .append(entry)
                .await
                .map_err(grondslag_evidence::ledger::LedgerError::reason)?;
        }
        Ok(())
    }

    async fn take(&self, signed: SignedCard) -> Result<Taken, Reason> {
        let _one_at_a_time = self.publishing.lock().await;
        let now = self.clock.now();
        let considered = {
            let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
            book.consider(signed, &self.region.current(), now)?
        };
        let taken = considered.taken();
        if taken != Taken::Same {
            self.record(&considered, now).await?;
            self.book.write().unwrap_or_else(PoisonError::into_inner).put(considered);
        }
        Ok(taken)
    }

    async fn record(&self, considered: &Considered, now: Timestamp) -> Result<(), Reason> {
        let signed = considered.signed();
        let body = serde_json::to_vec(signed).map_err(|_| Reason::Internal)?;
        let key = key(&signed.card.oin);
        let without = parts::delete_body(self.store.as_ref(), Batch::new(), &key).await;
        let state = without.and_then(|batch| parts::put_body(batch, &key, &body));
        let state = state.map_err(grondslag_evidence::store::StoreError::reason)?;
        let leaf = card_leaf(signed, considered.taken(), now);
        let entry = Entry { about: signed.card.digest(), leaf, state };
        let receipt = self.ledger.append(entry).await;
        receipt.map_err(grondslag_evidence::ledger::LedgerError::reason)?;
        Ok(())
    }
}

fn card_leaf(signed: &SignedCard, taken: Taken, now: Timestamp) -> Vec<u8> {
    let change = match taken {
        Taken::New => "new",
        Taken::Same => "same",
        Taken::Renewed => "renewed",
        Taken::Accepted => "accepted",
    };
    Canonical::new("grondslag/leaf/card/v1")
        .text(signed.card.oin.as_str())
        .bytes(signed.card.digest().as_bytes())
        .number(signed.card.seq)
        .text(change)
        .signed(now.ms())
        .finish()
}

fn key(oin: &Oin) -> Vec<u8> {
    [PREFIX, oin.as_str().as_bytes()].concat()
}

fn signed_from(body: &[u8]) -> Result<SignedCard, Reason> {
    serde_json::from_slice(body).map_err(|_| Reason::StoreCorrupt)
}

async fn stored_cards(store: &dyn Store) -> Result<Vec<SignedCard>, Reason> {
    let failed = grondslag_evidence::store::StoreError::reason;
    let mut cards = Vec::new();
    let page = store.scan(PREFIX, None, PAGE).await.map_err(failed)?;
    for pair in page {
        let name = pair.key.get(PREFIX.len()..).and_then(|name| std::str::from_utf8(name).ok());
        let Some(Ok(oin)) = name.map(Oin::parse) else {
            continue;
        };
        if let Some(body) = parts::read_body(store, &key(&oin)).await.map_err(failed)? {
            cards.push(signed_from(&body)?);
        }
    }
    Ok(cards)
}
