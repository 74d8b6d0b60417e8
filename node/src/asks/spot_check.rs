//! A spot check at the desk of the agency's privacy officer: what is listed, what is opened, and
//! the record that it took place. The record is durable before anything is shown; no number and no
//! dossier stands in it.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::StaffId;
use grondslag_core::limits::{BATCHES_PAGE, SPOT_CHECK_POSITIONS_MAX};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::Receipt;
use grondslag_evidence::store::Batch;
use grondslag_proto::v1;
use grondslag_proto::v1::open_positions_response::Event;
use grondslag_proto::v1::opening::Shown as WireShown;
use grondslag_subject::pseudonym::spot_check::{Shown, Verdict};

use crate::agency::Agency;
use crate::index::spot_check::{Broker, OpenedBatch, Opening, Recorded, Wish};
use crate::recorded::{Kind, append};

/// The batches of an epoch, page by page; 0 is the current epoch. Who looked is recorded first.
///
/// # Errors
/// `NOT_READY` before anything was enrolled, `EPOCH_STALE` for an epoch of which nothing is kept;
/// why it could not be recorded.
pub(crate) async fn list(
    agency: &Agency,
    reader: &StaffId,
    epoch: u32,
) -> Result<Vec<v1::ListBatchesResponse>, Reason> {
    let epoch = if epoch == 0 { agency.index.epoch()? } else { epoch };
    let all = agency.index.recorded(epoch).await?;
    if all.is_empty() {
        return Err(Reason::NotReady);
    }
    let digests = all.iter().map(|batch| batch.digest.as_bytes());
    let body =
        Kind::BatchesShown.canonical().text(reader.as_str()).number(epoch.into()).list(digests);
    append(agency, Kind::BatchesShown, body, Batch::new()).await?;
    let page = |batches: &[Recorded]| v1::ListBatchesResponse {
        epoch,
        batches: batches.iter().map(listed).collect(),
        refusal: None,
    };
    Ok(all.chunks(BATCHES_PAGE).map(page).collect())
}

/// Opens what the officer's seed draws, and records who did.
///
/// # Errors
/// `MALFORMED` for no positions, a seed of another length or batches that are not there,
/// `TOO_LARGE` for too many positions; why it could not be read or recorded.
pub(crate) async fn open(
    agency: &Agency,
    reader: &StaffId,
    request: v1::OpenPositionsRequest,
) -> Result<Vec<v1::OpenPositionsResponse>, Reason> {
    let wish = wish(&request)?;
    let (batches, broker) = agency.index.open(&wish).await?;
    let tally = Tally::of(&batches);
    let receipt = record(agency, reader, &wish, tally, broker).await?;
    let closed = closed(tally, broker, &receipt);
    let events = batches.into_iter().map(opened).map(Event::Batch);
    let events = events.chain([Event::Closed(closed)]);
    Ok(events.map(|event| v1::OpenPositionsResponse { event: Some(event) }).collect())
}

fn wish(request: &v1::OpenPositionsRequest) -> Result<Wish, Reason> {
    if request.count > SPOT_CHECK_POSITIONS_MAX {
        return Err(Reason::TooLarge);
    }
    let positive = |count: usize| if count == 0 { Err(Reason::Malformed) } else { Ok(count) };
    let drawn_by = request.seed.as_slice().try_into().map_err(|_| Reason::Malformed)?;
    let size = |count: u64| usize::try_from(count).map_err(|_| Reason::Malformed);
    Ok(Wish {
        epoch: request.epoch,
        batches: size(request.batches).and_then(positive)?,
        drawn_by,
        count: size(request.count.into()).and_then(positive)?,
    })
}

/// How many positions are what, in the order of [`Verdict::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally([u32; Verdict::ALL.len()]);

impl Tally {
    fn of(batches: &[OpenedBatch]) -> Self {
        let openings = batches.iter().flat_map(|batch| &batch.openings);
        let verdicts: Vec<Verdict> = openings.map(|opening| opening.verdict).collect();
        Self(Verdict::ALL.map(|verdict| {
            let count = verdicts.iter().filter(|one| **one == verdict).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        }))
    }
}

async fn record(
    agency: &Agency,
    reader: &StaffId,
    wish: &Wish,
    tally: Tally,
    broker: Broker,
) -> Result<Receipt, Reason> {
    let body = Kind::SpotCheck
        .canonical()
        .text(reader.as_str())
        .number(wish.epoch.into())
        .number(u64::try_from(wish.batches).unwrap_or(u64::MAX))
        .bytes(&wish.drawn_by)
        .number(u64::try_from(wish.count).unwrap_or(u64::MAX))
        .list(tally.0.iter().map(|count| count.to_be_bytes()))
        .text(broker.word())
        .signed(agency.clock.now().ms());
    append(agency, Kind::SpotCheck, body, Batch::new()).await
}

fn closed(tally: Tally, broker: Broker, receipt: &Receipt) -> v1::SpotCheckClosed {
    let Tally([clients, canaries, padding, not_opening, without_dossier, strangers]) = tally;
    let recorded_at: Timestamp = receipt.recorded_at();
    v1::SpotCheckClosed {
        clients,
        canaries,
        padding,
        not_opening,
        without_dossier,
        strangers,
        broker: broker.word().to_owned(),
        ledger_index: receipt.index(),
        recorded_at_ms: recorded_at.ms(),
    }
}

fn listed(batch: &Recorded) -> v1::EnrolledBatch {
    let Recorded { number, points, digest } = *batch;
    v1::EnrolledBatch { number, points, digest: digest.as_bytes().to_vec() }
}

fn opened(batch: OpenedBatch) -> v1::OpenedBatch {
    v1::OpenedBatch {
        number: batch.number,
        points: batch.points,
        noted: batch.noted.map(|digest| digest.as_bytes().to_vec()).unwrap_or_default(),
        openings: batch.openings.into_iter().map(opening).collect(),
    }
}

fn opening(one: Opening) -> v1::Opening {
    let shown = match one.shown {
        Shown::Client(number) => one.dossier.map(|(file, registered)| {
            WireShown::Client(v1::ShownClient {
                subject: number.expose().to_owned(),
                file_number: file.as_str().to_owned(),
                registered_ms: registered.ms(),
            })
        }),
        Shown::Canary(canary) => Some(WireShown::Canary(canary.expose().to_owned())),
        Shown::Padding => Some(WireShown::Padding(v1::Padding {})),
        Shown::Stranger(number) => {
            let subject = number.expose().to_owned();
            Some(WireShown::Stranger(v1::ShownStranger { subject }))
        }
        Shown::Nothing => None,
    };
    v1::Opening { position: one.position, rho: one.rho.to_vec(), shown }
}

#[cfg(test)]
mod tests;
