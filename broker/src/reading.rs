//! What an agency reads back of the broker's decisions: those in which it asked or was asked.
//!
//! Every decision is found under keys of each of the two, in order of time and by target id; they
//! go when it is forgotten. Nothing else is looked at, so that a question of others is as one that
//! never was. A reading is a leaf of the ledger before anything of it is shown.

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::records::{Opened, Until, find};
use grondslag_evidence::store::{Batch, Pair, StoreError};
use grondslag_proto::v1;

use crate::broker::Broker;
use crate::decision::DecisionRecord;
use crate::limits::RECORDS_PAGE_MAX;

/// Decisions in order of time: OIN, moment, eight random bytes.
const IN_TIME: &[u8] = b"ra/";
/// Decisions by question: OIN, target id, eight random bytes.
const BY_TARGET: &[u8] = b"rt/";

/// Bytes of a place in the order of time.
const PLACE_BYTES: usize = 16;

/// The keys under which asker and target find a decision again.
pub(crate) fn keys(
    (asker, target): (&Oin, &Oin),
    id: &TargetId,
    decided_at: Timestamp,
    span: [u8; 8],
) -> Vec<Vec<u8>> {
    let mut parties = vec![asker, target];
    parties.dedup();
    let at = u64::try_from(decided_at.ms()).unwrap_or_default().to_be_bytes();
    let of = |oin: &Oin| {
        [
            [IN_TIME, oin.as_str().as_bytes(), b"/", &at, &span].concat(),
            [BY_TARGET, oin.as_str().as_bytes(), b"/", id.as_bytes(), &span].concat(),
        ]
    };
    parties.into_iter().flat_map(of).collect()
}

/// What a reader wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    after: Option<Vec<u8>>,
    limit: usize,
    only: Option<TargetId>,
}

impl TryFrom<v1::ListRecordsRequest> for Wanted {
    type Error = Reason;

    fn try_from(wire: v1::ListRecordsRequest) -> Result<Self, Reason> {
        let after = match wire.after.len() {
            0 => None,
            PLACE_BYTES => Some(wire.after),
            _ => return Err(Reason::Malformed),
        };
        let only = match wire.target_id.as_slice() {
            [] => None,
            id => Some(TargetId::from_slice(id).map_err(|_| Reason::Malformed)?),
        };
        let limit = match usize::try_from(wire.limit).unwrap_or(RECORDS_PAGE_MAX) {
            0 => RECORDS_PAGE_MAX,
            limit => limit.min(RECORDS_PAGE_MAX),
        };
        Ok(Self { after, limit, only })
    }
}

/// Reads what an agency may read, and records that it did.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question in which it has no part; why ledger or store cannot be read or
/// written.
pub(crate) async fn read(
    broker: &Broker,
    reader: &Oin,
    wanted: &Wanted,
) -> Result<v1::ListRecordsResponse, Reason> {
    let prefix = wanted.prefix(reader);
    let after = wanted.after.as_ref().map(|after| [prefix.as_slice(), after].concat());
    let page = broker.store.scan(&prefix, after.as_deref(), wanted.limit).await;
    let page = page.map_err(StoreError::reason)?;
    let next = match page.last() {
        Some(last) if page.len() >= wanted.limit && wanted.only.is_none() => {
            last.key.strip_prefix(prefix.as_slice()).unwrap_or_default().to_vec()
        }
        _ => Vec::new(),
    };
    let mut decisions = Vec::with_capacity(page.len());
    let mut shown = Canonical::new("grondslag/records-shown/v1");
    for pair in page {
        if let Some(opened) = opened(broker, &pair).await? {
            shown = shown.bytes(opened.commitment.as_bytes());
            decisions.push(to_wire(reader, &opened)?);
        }
    }
    // INVARIANT: the leaf is durable before anything is shown, whatever was found.
    record(broker, reader, decisions.len(), shown.digest()).await?;
    if decisions.is_empty() && wanted.only.is_some() {
        return Err(Reason::UnknownInquiry);
    }
    Ok(v1::ListRecordsResponse { decisions, next, reason: String::new() })
}

impl Wanted {
    fn prefix(&self, reader: &Oin) -> Vec<u8> {
        let own = [reader.as_str().as_bytes(), b"/"].concat();
        match &self.only {
            None => [IN_TIME, &own].concat(),
            Some(id) => [BY_TARGET, &own, id.as_bytes()].concat(),
        }
    }
}

/// The record behind a key; none for one that was forgotten since the page was read.
async fn opened(broker: &Broker, pair: &Pair) -> Result<Option<Opened>, Reason> {
    let commitment = Digest::from_slice(&pair.value).map_err(|_| Reason::StoreCorrupt)?;
    find(broker.store.as_ref(), &commitment).await.map_err(StoreError::reason)
}

/// The leaf of a reading, `grondslag/leaf/records-read/v1`: who read, how many, a digest over their
/// commitments, the moment.
async fn record(broker: &Broker, reader: &Oin, count: usize, shown: Digest) -> Result<(), Reason> {
    let leaf = Canonical::new("grondslag/leaf/records-read/v1")
        .text(reader.as_str())
        .number(u64::try_from(count).unwrap_or(u64::MAX))
        .bytes(shown.as_bytes())
        .signed(broker.clock.now().ms())
        .finish();
    let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
    broker.ledger.append(entry).await.map_err(LedgerError::reason)?;
    Ok(())
}

fn to_wire(reader: &Oin, opened: &Opened) -> Result<v1::BrokerDecision, Reason> {
    let record = DecisionRecord::read(opened).map_err(|_| Reason::StoreCorrupt)?;
    let (leaf, header) = (&record.leaf, &record.asked.header);
    // A key that leads to a record of others was written by nobody here.
    if ![&header.asker, &leaf.target].contains(&reader) {
        return Err(Reason::StoreCorrupt);
    }
    let rulings = leaf.rulings.iter().zip(&record.rests_on);
    let rulings = rulings.map(|(ruling, (basis, reason))| v1::BrokerRuling {
        category: ruling.category.to_string(),
        outcome: ruling.verdict.to_string(),
        tier: ruling.cap.to_string(),
        rows: basis.rows.iter().map(ToString::to_string).collect(),
        reason: reason.map(Reason::code).unwrap_or_default().to_owned(),
    });
    let kept_until_ms = match opened.until {
        Until::At(end) => end.ms(),
        Until::Told => 0,
    };
    Ok(v1::BrokerDecision {
        target_id: leaf.target_id.as_bytes().to_vec(),
        asker_oin: header.asker.to_string(),
        target_oin: leaf.target.to_string(),
        role: header.role.to_string(),
        purpose: header.purpose.to_string(),
        decided_at_ms: leaf.decided_at.ms(),
        rulings: rulings.collect(),
        policy_bundle: record.bundle.as_bytes().to_vec(),
        kept_until_ms,
    })
}

#[cfg(test)]
mod tests {
    use grondslag_evidence::records::{Opening, open};

    use super::*;
    use crate::route::tests::{ASKER, SCHOOL, oin, question, scene};

    /// A key of somebody else's that leads to a record: as after a damage, or a hand in the store.
    #[tokio::test]
    async fn a_key_that_leads_to_a_record_of_others_shows_it_to_nobody() {
        let scene = scene(&[]).await;
        let routed = scene.route(question(&scene, &["G05"], |_| {})).await.unwrap();
        let index = routed.2[0].evidence.index;
        let store = scene.broker.store.as_ref();
        let leaf = scene.broker.ledger.read(index, 1).await.unwrap().pop().unwrap();
        let Opening::Opened(opened) = open(store, &leaf.leaf).await.unwrap() else {
            panic!("no opening")
        };
        for party in [ASKER, SCHOOL] {
            assert!(to_wire(&oin(party), &opened).is_ok(), "{party}");
        }
        let other = oin("00000099000000009000");
        assert_eq!(to_wire(&other, &opened).unwrap_err(), Reason::StoreCorrupt);

        let prefix = [IN_TIME, other.as_str().as_bytes(), b"/", &[7; PLACE_BYTES]].concat();
        let planted = Batch::new().put(prefix, opened.commitment.as_bytes().to_vec());
        store.commit(planted).await.unwrap();
        let wanted = Wanted { after: None, limit: 10, only: None };
        let refused = read(&scene.broker, &other, &wanted).await;
        assert_eq!(refused.unwrap_err(), Reason::StoreCorrupt);
    }
}
