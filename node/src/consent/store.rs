//! Where the register stands: every act a record of the ledger, found again by whom it is about.
//!
//! `nc/<child><act>` leads to the record's commitment and goes with it; `ncn` holds a number that
//! every commit of acts raises. Beside the records a page holds all of a child's (`page`). A child
//! stands in a key by this node's keyed digest of their number alone.

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::limits::APPEND_MAX;
use grondslag_evidence::records::{Until, find, reterm};
use grondslag_evidence::store::{Batch, Pair, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::act::{Act, Author, Written};
use super::gate::{Changing, Reading};
use super::on_file::OnFile;
use super::page;
use super::terms::{self, Origin, Termed, kept_from};
use crate::agency::Agency;
use crate::limits::{CONSENT_ACTS_MAX, CONSENT_BROUGHT_MAX, CONSENT_PAGE, SITUATIONS_MAX};
use crate::processing::DataSubject;
use crate::random::random;
use crate::recorded::{Kind, commit_until};
use crate::secret::{INDEX_LEN, NodeSecret};

/// Acts, by whom they are about.
pub(super) const ACTS: &[u8] = b"nc/";
/// Records of nothing, at random places.
const NOTHING: &[u8] = b"nn/";
/// The number that every act raises.
const NUMBER: &[u8] = b"ncn";
/// Label of an act's place.
const PLACE: &str = "grondslag/consent-place/v1";
/// Label of a child's entry.
const INDEX: &str = "grondslag/consent/v1";

/// An act with whom it is about, as the record's body.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) subject: DataSubject,
    pub(super) written: Written,
}

impl Body {
    /// An act about the person of a number.
    ///
    /// # Errors
    /// `INTERNAL` without randomness.
    pub(super) fn about(digits: &str, written: Written) -> Result<Self, Reason> {
        Ok(Self { subject: DataSubject::of(digits)?, written })
    }
}

/// Whom acts are about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    /// Their number.
    pub(super) digits: &'a str,
    /// When they come of age, of a client here.
    pub(super) of_age: Option<Timestamp>,
}

/// How many acts this node has written down, and of nothing, which looks alike: what an answer was
/// made on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known(pub(crate) u64);

/// A child's place in the register.
pub(crate) fn entry_of(secret: &NodeSecret, digits: &str) -> [u8; INDEX_LEN] {
    secret.index(INDEX, digits)
}

/// Where an act stands: by its author and number, so that nobody takes the place of another's.
pub(super) fn acts_key(entry: &[u8; INDEX_LEN], written: &Written) -> Vec<u8> {
    let author = match &written.author {
        Author::Staff(_) => "",
        Author::Agency(oin) => oin.as_str(),
    };
    let own = Canonical::new(PLACE).text(author).bytes(written.id.as_bytes()).digest();
    let (place, _) = own.as_bytes().split_at(INDEX_LEN);
    [ACTS, entry, place].concat()
}

/// What is written down about the child of an entry, in whatever order; read under the gate.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of the store.
pub(crate) async fn read(
    store: &dyn Store,
    entry: &[u8; INDEX_LEN],
    _held: &impl Reading,
) -> Result<OnFile, Reason> {
    page::read(store, entry).await.map(OnFile::of)
}

/// How many acts were written down by now.
///
/// # Errors
/// Those of the store.
pub(crate) async fn known(store: &dyn Store) -> Result<Known, StoreError> {
    let Some(value) = store.get(NUMBER).await? else {
        return Ok(Known::default());
    };
    let number = value.try_into().map_err(|_| StoreError::Corrupt)?;
    Ok(Known(u64::from_be_bytes(number)))
}

/// Writes an act down, with its leaf; `more` is committed with it. What closes is written also
/// without room, when everything is closed, and beside a record that cannot be read.
///
/// # Errors
/// `CONSENTS_FULL` for what does not close; `STORE_CORRUPT` for that beside a record that cannot be
/// read, and for anything beside a page that cannot; or why ledger and store did not take it.
pub(super) async fn write(
    agency: &Agency,
    about: About<'_>,
    mut body: Body,
    more: Batch,
    held: &Changing,
) -> Result<(), Reason> {
    let store = agency.store.as_ref();
    let entry = entry_of(&agency.secret, about.digits);
    let closes = body.written.act.closes();
    let mut acts = match acts_of(store, &entry).await {
        Err(Reason::StoreCorrupt) if closes => with_page(store, &entry).await?,
        acts => acts?,
    };
    if !has_room(&acts, &body.written) {
        if !closes {
            return Err(Reason::ConsentsFull);
        }
        // Everything is closed, once.
        if acts.iter().any(|one| one.written.act == Act::Closed) {
            return write_nothing(agency, more, held).await;
        }
        body.written.act = Act::Closed;
    }
    terms::add(&agency.pack(), &mut acts, (body.subject, body.written), about.of_age);
    commit(agency, &entry, acts, more).await
}

/// Writes acts about one child down, all or none, each with its leaf: no more than a desk may bring
/// at once (`SITUATIONS_MAX`), which fit one commit.
///
/// # Errors
/// `CONSENTS_FULL`; `STORE_CORRUPT` beside a record that cannot be read; or why ledger and store
/// did not take them.
pub(super) async fn write_all(
    agency: &Agency,
    about: About<'_>,
    bodies: Vec<Body>,
    _held: &Changing,
) -> Result<(), Reason> {
    let (entry, pack) = (entry_of(&agency.secret, about.digits), agency.pack());
    let mut acts = acts_of(agency.store.as_ref(), &entry).await?;
    for Body { subject, written } in bodies {
        if !has_room(&acts, &written) {
            return Err(Reason::ConsentsFull);
        }
        terms::add(&pack, &mut acts, (subject, written), about.of_age);
    }
    commit(agency, &entry, acts, Batch::new()).await
}

const _: () = assert!(SITUATIONS_MAX <= APPEND_MAX);

/// Commits what is new among the acts about a child, and the terms that moved.
async fn commit(
    agency: &Agency,
    entry: &[u8; INDEX_LEN],
    acts: Vec<Termed>,
    more: Batch,
) -> Result<(), Reason> {
    let (store, failed) = (agency.store.as_ref(), StoreError::reason);
    let mut batch = raise(store).await.map_err(failed)?.then(more);
    for (commitment, until) in acts.iter().filter_map(Termed::moved) {
        let moved = reterm(store, batch.clone(), &commitment, until).await.map_err(failed)?;
        batch = page::ends(moved.unwrap_or(batch), until, entry);
    }
    let written: Vec<&Written> = acts.iter().map(|one| &one.written).collect();
    let mut batch = page::put(store, batch, entry, &written).await?;
    let mut entries = Vec::new();
    for Termed { written, until, origin } in acts {
        let Origin::New(subject) = origin else { continue };
        let (kind, key) = (kind_of(&written.act), acts_key(entry, &written));
        let body = serde_json::to_vec(&Body { subject, written }).map_err(|_| Reason::Internal)?;
        let record = commit_until(kind, &body, until, &[key])?;
        entries.push(record.entry(page::ends(std::mem::take(&mut batch), until, entry)));
    }
    agency.ledger.append_many(entries).await.map(drop).map_err(LedgerError::reason)
}

/// Writes down nothing, at nobody's place: a notice about a child who is not known here leaves as
/// many leaves as one about a child who is.
///
/// # Errors
/// Why ledger and store did not take it.
pub(crate) async fn write_nothing(
    agency: &Agency,
    more: Batch,
    _held: &Changing,
) -> Result<(), Reason> {
    let (noise, id): ([u8; INDEX_LEN], [u8; 16]) = (random()?, random()?);
    let batch = raise(agency.store.as_ref()).await.map_err(StoreError::reason)?.then(more);
    let key = [NOTHING, &noise, &id].concat();
    let until = kept_from(&agency.pack(), agency.clock.now());
    let record = commit_until(Kind::Consent, &[], until, &[key])?;
    agency.ledger.append(record.entry(batch)).await.map(drop).map_err(LedgerError::reason)
}

/// Whether there is room for an act: a yes gives way to what closes, and what others bring takes no
/// place of the agency's own. That everything is closed is said once more at the most.
fn has_room(before: &[Termed], written: &Written) -> bool {
    let count =
        |of: &dyn Fn(&Author) -> bool| before.iter().filter(|one| of(&one.written.author)).count();
    let is_own = Author::is_staff;
    let may_close = |most: usize| if written.act.closes() { most } else { most / 2 };
    if is_own(&written.author) {
        return count(&is_own) < may_close(CONSENT_ACTS_MAX);
    }
    let (of_one, of_all) = CONSENT_BROUGHT_MAX;
    count(&|author| *author == written.author) < may_close(of_one)
        && count(&|author| !is_own(author)) < may_close(of_all)
}

/// How many acts that close nothing this agency can still write down about a child.
pub(super) fn room(on_file: &OnFile) -> usize {
    let own = on_file.all().iter().filter(|one| one.author.is_staff()).count();
    (CONSENT_ACTS_MAX / 2).saturating_sub(own)
}

/// The acts about a child, from their records.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none, or is gone without its place; else those of the
/// store.
pub(super) async fn acts_of(
    store: &dyn Store,
    entry: &[u8; INDEX_LEN],
) -> Result<Vec<Termed>, Reason> {
    let (acts, is_whole) = readable(store, entry).await?;
    if is_whole { Ok(acts) } else { Err(Reason::StoreCorrupt) }
}

/// The same where a record cannot be read: those of which it is are taken from the page, which
/// answers read.
async fn with_page(store: &dyn Store, entry: &[u8; INDEX_LEN]) -> Result<Vec<Termed>, Reason> {
    let (mut acts, _) = readable(store, entry).await?;
    for written in page::read(store, entry).await? {
        if acts.iter().all(|one| one.written != written) {
            acts.push(Termed { written, until: Until::Told, origin: Origin::Page });
        }
    }
    Ok(acts)
}

/// The acts that can be read, and whether those are all.
async fn readable(
    store: &dyn Store,
    entry: &[u8; INDEX_LEN],
) -> Result<(Vec<Termed>, bool), Reason> {
    let prefix = [ACTS, entry.as_slice()].concat();
    let page = store.scan(&prefix, None, CONSENT_PAGE).await.map_err(StoreError::reason)?;
    let (mut acts, mut is_whole) = (Vec::with_capacity(page.len()), true);
    for pair in page {
        match act_at(store, &pair).await {
            Ok(act) => acts.extend(act),
            Err(Reason::StoreCorrupt) => is_whole = false,
            Err(reason) => return Err(reason),
        }
    }
    Ok((acts, is_whole))
}

/// The act at a place; none that was forgotten since the place was read.
async fn act_at(store: &dyn Store, pair: &Pair) -> Result<Option<Termed>, Reason> {
    let failed = StoreError::reason;
    let commitment = Digest::from_slice(&pair.value).map_err(|_| Reason::StoreCorrupt)?;
    let Some(opened) = find(store, &commitment).await.map_err(failed)? else {
        // The place goes with the record: one that is left leads to what was lost.
        let left = store.get(&pair.key).await.map_err(failed)?.is_some();
        return if left { Err(Reason::StoreCorrupt) } else { Ok(None) };
    };
    let body: Body = serde_json::from_slice(&opened.body).map_err(|_| Reason::StoreCorrupt)?;
    let origin = Origin::Record(commitment, opened.until);
    Ok(Some(Termed { written: body.written, until: opened.until, origin }))
}

/// Raises the number, so that no answer of before is given again; the commit expects it to be what
/// was read.
///
/// # Errors
/// Those of the store.
pub(crate) async fn raise(store: &dyn Store) -> Result<Batch, StoreError> {
    let Known(number) = known(store).await?;
    let batch = match number {
        0 => Batch::new().expect_absent(NUMBER),
        number => Batch::new().expect_value(NUMBER, number.to_be_bytes()),
    };
    Ok(batch.put(NUMBER, number.saturating_add(1).to_be_bytes()))
}

const fn kind_of(act: &Act) -> Kind {
    match act {
        Act::Statement(_) | Act::Withdrawal(_) | Act::Lift(_) | Act::Closed => Kind::Consent,
        Act::Custody(_) | Act::Ability(_) | Act::Measure(_) | Act::Certified(_) => Kind::Situation,
    }
}
