//! Where the register stands: every act a record of the ledger, found again by whom it is about.
//!
//! `nc/<child><act>` leads to the record's commitment and goes with it; `ncn` holds a number that
//! every act raises in its own commit. Beside the records a page holds all of a child's (`page`). A
//! child stands in a key by this node's keyed digest of
//! their number alone.

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::records::{Until, find, reterm};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::Pack;
use grondslag_policy::retention::Kept;
use serde::{Deserialize, Serialize};

use super::act::{Act, Author, Written};
use super::gate::{Changing, Reading};
use super::measures::{beside, last_end};
use super::on_file::OnFile;
use super::page;
use crate::agency::Agency;
use crate::limits::{CONSENT_ACTS_MAX, CONSENT_BROUGHT_MAX, CONSENT_PAGE};
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
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) subject: DataSubject,
    pub(super) written: Written,
}

/// Whom an act is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    /// Their number.
    pub(super) digits: &'a str,
    /// The same, salted, as records have it.
    pub(super) subject: &'a DataSubject,
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

/// Writes an act down, with its leaf; `more` is committed with it.
///
/// # Errors
/// `CONSENTS_FULL`; or why ledger and store did not take it.
pub(super) async fn write(
    agency: &Agency,
    about: About<'_>,
    mut written: Written,
    more: Batch,
    held: &Changing,
) -> Result<(), Reason> {
    let (store, pack) = (agency.store.as_ref(), agency.pack());
    let entry = entry_of(&agency.secret, about.digits);
    let before = acts_of(store, &entry).await?;
    if !has_room(&before, &written) {
        if !written.act.closes() {
            return Err(Reason::ConsentsFull);
        }
        // What closes is never turned away: without room for it everything is closed, once.
        if before.iter().any(|one| one.written.act == Act::Closed) {
            return write_nothing(agency, more, held).await;
        }
        written.act = Act::Closed;
    }
    let batch = raise(store).await.map_err(StoreError::reason)?.then(more);
    let until = term_of(&pack, &before, &written, about.of_age);
    let batch = terms_after(store, &pack, (&before, &entry), (&written, until), batch).await?;
    let after: Vec<&Written> = before.iter().map(|one| &one.written).chain([&written]).collect();
    let batch = page::put(store, page::ends(batch, until, &entry), &entry, &after).await?;
    let kind = kind_of(&written.act);
    let key = acts_key(&entry, &written);
    let body = Body { subject: about.subject.clone(), written };
    let body = serde_json::to_vec(&body).map_err(|_| Reason::Internal)?;
    let record = commit_until(kind, &body, until, &[key])?;
    agency.ledger.append(record.entry(batch)).await.map(drop).map_err(LedgerError::reason)
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
fn has_room(before: &[Recorded], written: &Written) -> bool {
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

/// An act with the record that it stands in.
pub(super) struct Recorded {
    pub(super) commitment: Digest,
    pub(super) until: Until,
    pub(super) written: Written,
}

/// The acts about a child, from their records.
pub(super) async fn acts_of(
    store: &dyn Store,
    entry: &[u8; INDEX_LEN],
) -> Result<Vec<Recorded>, Reason> {
    let prefix = [ACTS, entry.as_slice()].concat();
    let page = store.scan(&prefix, None, CONSENT_PAGE).await.map_err(StoreError::reason)?;
    let mut acts = Vec::with_capacity(page.len());
    for pair in page {
        let commitment = Digest::from_slice(&pair.value).map_err(|_| Reason::StoreCorrupt)?;
        // Forgotten since the page was read.
        let Some(opened) = find(store, &commitment).await.map_err(StoreError::reason)? else {
            continue;
        };
        let body: Body = serde_json::from_slice(&opened.body).map_err(|_| Reason::StoreCorrupt)?;
        acts.push(Recorded { commitment, until: opened.until, written: body.written });
    }
    Ok(acts)
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

/// How long an act is kept: from its end on, and until it has one without end. A measure that
/// stands beside others goes with them. Custody of which nobody says the end ends when the child
/// comes of age (BW 1:245).
pub(super) fn term_of(
    pack: &Pack,
    before: &[Recorded],
    written: &Written,
    of_age: Option<Timestamp>,
) -> Until {
    let own = match &written.act {
        Act::Custody(custody) => custody.until.or(of_age.map(|day| day.max(custody.from))),
        act => act.end(),
    };
    let end = match beside(before.iter().map(|one| &one.written), written) {
        Some(acts) => last_end(&acts),
        None => own.map(|end| end.max(written.recorded_at)),
    };
    end.map_or(Until::Told, |end| kept_from(pack, end))
}

fn kept_from(pack: &Pack, end: Timestamp) -> Until {
    Until::At(pack.retention().end(Kept::Consent, end))
}

/// Moves the terms of what an act ends.
///
/// INVARIANT: what takes something back, or comes in its place, is kept at least as long as what
/// it ends: a situation that began before another that stands already says when it ended (`check`),
/// and a yes has expired by itself by the time that its withdrawal is forgotten.
async fn terms_after(
    store: &dyn Store,
    pack: &Pack,
    (before, entry): (&[Recorded], &[u8; INDEX_LEN]),
    (written, until): (&Written, Until),
    mut batch: Batch,
) -> Result<Batch, Reason> {
    let together = beside(before.iter().map(|one| &one.written), written).unwrap_or_default();
    for one in before {
        let Some(until) = term_after(pack, one, (written, until, &together)) else { continue };
        let moved = reterm(store, batch.clone(), &one.commitment, until).await;
        batch = page::ends(moved.map_err(StoreError::reason)?.unwrap_or(batch), until, entry);
    }
    Ok(batch)
}

/// The term of an act after another was written down, which has a term of its own and goes together
/// with some, if that moves it. Of others no term gets longer: what is kept for less already would
/// come back over what took its place.
pub(super) fn term_after(
    pack: &Pack,
    one: &Recorded,
    (written, until, together): (&Written, Until, &[&Written]),
) -> Option<Until> {
    if together.contains(&&one.written) {
        return Some(until);
    }
    let end = ended_by(&one.written, &written.act)?;
    let until = kept_from(pack, end.max(one.written.recorded_at));
    Some(match (one.until, until) {
        (Until::At(kept), Until::At(until)) => Until::At(kept.min(until)),
        (Until::Told, until) | (until, Until::Told) => until,
    })
}

/// When an act ends an earlier one, if it does so before its own end.
fn ended_by(earlier: &Written, act: &Act) -> Option<Timestamp> {
    match (&earlier.act, act) {
        (Act::Statement(said), act) => {
            let at = act.takes_back(&earlier.id, said)?;
            said.yes_until.is_none_or(|until| at < until).then_some(at)
        }
        (earlier, act) => {
            let ((one, from, until), (other, next, _)) = (earlier.situation()?, act.situation()?);
            let is_ended = one == other && from <= next && until.is_none_or(|until| next < until);
            is_ended.then_some(next)
        }
    }
}
