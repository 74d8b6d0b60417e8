//! What the broker recorded of this agency's questions and of those to it, read back for its
//! privacy officer. That somebody reads is recorded here before the broker is asked; the broker
//! records it for itself.

use grondslag_core::id::StaffId;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;

use crate::agency::Agency;
use crate::recorded::{Kind, append};

/// One page, as the broker gave it.
///
/// # Errors
/// Why it could not be recorded, the broker was not reached, or it refused.
pub(super) async fn read_back(
    agency: &Agency,
    reader: &StaffId,
    wanted: v1::ListBrokerDecisionsRequest,
) -> Result<v1::ListBrokerDecisionsResponse, Reason> {
    let v1::ListBrokerDecisionsRequest { after, limit, target_id } = wanted;
    let body = Kind::BrokerRead
        .canonical()
        .text(reader.as_str())
        .bytes(&after)
        .number(limit.into())
        .bytes(&target_id);
    append(agency, Kind::BrokerRead, body, Batch::new()).await?;
    let read =
        agency.broker_link.list_records(v1::ListRecordsRequest { after, limit, target_id }).await?;
    if !read.reason.is_empty() {
        return Err(reason(&read.reason));
    }
    let own = agency.oin.as_str();
    // What is of others is not passed on, whoever shows it.
    let mine = |one: &v1::BrokerDecision| one.asker_oin == own || one.target_oin == own;
    if !read.decisions.iter().all(mine) {
        return Err(Reason::Malformed);
    }
    let v1::ListRecordsResponse { decisions, next, .. } = read;
    Ok(v1::ListBrokerDecisionsResponse { decisions, next, refusal: None })
}
