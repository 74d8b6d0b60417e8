//! Which of this agency's own recorded decisions a draft takes otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::records::{Opening, committed, open};
use grondslag_evidence::store::StoreError;
use grondslag_policy::draft::Origin;
use grondslag_policy::simulate::{Side, Simulated, Simulation, Skipped, Under};
use grondslag_policy::{Overlay, Pack};
use grondslag_proto::v1;
use tokio::sync::mpsc;
use tonic::Status;

use crate::agency::Agency;
use crate::answers::record::DecisionRecord;
use crate::limits::SIMULATED_PAGE;

/// From when decisions are taken again, and the moment that the draft must hold at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub(super) since: Timestamp,
    pub(super) on: Option<Timestamp>,
}

/// Who hears how far a simulation is.
pub(super) type Events = mpsc::Sender<Result<v1::SimulateRulesResponse, Status>>;

/// Takes the decisions of this agency again, up to the end that its ledger has now, and tells how
/// many leaves were looked at: at last all of them, which comes back with the result.
///
/// # Errors
/// Why ledger or store cannot be read; `BUSY` when nobody hears it any more.
pub(super) async fn simulate(
    agency: &Agency,
    draft: &Pack,
    period: Period,
    events: &Events,
) -> Result<(Simulated, u64), Reason> {
    let (until, start) = (agency.clock.now(), Instant::now());
    let size = agency.ledger.size().await.map_err(LedgerError::reason)?;
    let known = known(agency);
    let mut again = Again::of(agency, &known, draft, period.on);
    let mut next = 0;
    while next < size {
        let page = agency.ledger.read(next, SIMULATED_PAGE).await;
        let page = page.map_err(LedgerError::reason)?;
        let Some(last) = page.last() else { break };
        next = last.index.saturating_add(1);
        for leaf in page {
            if leaf.index < size && leaf.recorded_at >= period.since {
                again.leaf(agency, &leaf.leaf, period.since).await?;
            }
        }
        tell(events, next.min(size), Vec::new()).await?;
        tokio::task::yield_now().await;
    }
    Ok((again.finish(draft, (period.since, until), start.elapsed()), size))
}

/// Tells how many leaves were looked at, with a piece of the result.
///
/// # Errors
/// `BUSY` when nobody hears it any more.
pub(super) async fn tell(events: &Events, leaves: u64, piece: Vec<u8>) -> Result<(), Reason> {
    let event = v1::SimulateRulesResponse { leaves, piece };
    events.send(Ok(event)).await.map_err(|_| Reason::Busy)
}

/// Rules, and the agency's own on top of them.
struct Known {
    pack: Arc<Pack>,
    own: Option<Overlay>,
}

/// Every set of rules that decided here, as far as the own rules of today fit them.
fn known(agency: &Agency) -> Vec<Known> {
    let timeline = agency.rules.timeline();
    let accepted = timeline.accepted().iter().map(|one| &one.pack);
    let packs = std::iter::once(timeline.first()).chain(accepted);
    packs
        .map(|pack| Known { pack: Arc::clone(pack), own: own_on(agency, pack).ok().flatten() })
        .collect()
}

/// The agency's own rules on top of these, or the file that does not fit them.
fn own_on(agency: &Agency, pack: &Pack) -> Result<Option<Overlay>, String> {
    let Some(own) = &agency.own_rules else { return Ok(None) };
    own.load(pack).map(Some).map_err(|_| own.file().to_owned())
}

/// A simulation that reads the ledger of this node.
struct Again<'a> {
    simulation: Simulation,
    skipped: Skipped,
    known: BTreeMap<Digest, (Side<'a>, Option<&'a Overlay>)>,
    draft: Side<'a>,
    /// The agency's own rules on top of the draft.
    own: Option<Overlay>,
}

impl<'a> Again<'a> {
    fn of(agency: &Agency, known: &'a [Known], draft: &'a Pack, on: Option<Timestamp>) -> Self {
        let known = known.iter();
        let known = known.map(|one| (one.pack.bundle(), (Side::of(&one.pack), one.own.as_ref())));
        let own = own_on(agency, draft);
        let unfit = own.as_ref().err().cloned().into_iter().collect();
        Self {
            simulation: Simulation::new(on),
            skipped: Skipped { unfit, ..Skipped::default() },
            known: known.collect(),
            draft: Side::of(draft),
            own: own.ok().flatten(),
        }
    }

    async fn leaf(&mut self, agency: &Agency, leaf: &[u8], since: Timestamp) -> Result<(), Reason> {
        if committed(leaf).is_none_or(|(kind, _)| kind != DecisionRecord::KIND) {
            return Ok(());
        }
        let opened = match open(agency.store.as_ref(), leaf).await {
            Ok(Opening::Opened(opened)) => DecisionRecord::parse(&opened.body),
            Ok(Opening::Forgotten { .. }) => {
                self.skipped.forgotten += 1;
                return Ok(());
            }
            Ok(Opening::Clear) | Err(StoreError::Corrupt) => None,
            Err(error) => return Err(error.reason()),
        };
        match opened {
            Some(record) if record.decided_at < since => {}
            Some(record) => self.record(agency, &record),
            None => self.skipped.problems += 1,
        }
        Ok(())
    }

    fn record(&mut self, agency: &Agency, record: &DecisionRecord) {
        let Some(recorded) = record.recorded(&agency.oin) else {
            self.skipped.undecided += 1;
            return;
        };
        let with_own = record.overlay.is_some();
        let known = self.known.get(&record.bundle);
        let fits = |own: Option<&Overlay>| !with_own || own.map(Overlay::digest) == record.overlay;
        let Some((side, own)) = known.filter(|(_, own)| fits(*own)) else {
            self.skipped.no_rules += 1;
            return;
        };
        // Without own rules that fit, what they would have held back cannot be told.
        if with_own && self.own.is_none() {
            return;
        }
        let then = Under { side, overlay: own.filter(|_| with_own) };
        let own = self.own.as_ref().filter(|_| with_own);
        let draft = Under { side: &self.draft, overlay: own };
        if self.simulation.take(&recorded, then, draft).is_err() {
            self.skipped.problems += 1;
        }
    }

    fn finish(
        self,
        draft: &Pack,
        (since, until): (Timestamp, Timestamp),
        took: Duration,
    ) -> Simulated {
        let (broker, holders) = self.simulation.finish();
        let (draft, skipped) = (Origin::of(draft), self.skipped);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Simulated { since, until, draft, parties: 1, broker, holders, skipped, took_ms }
    }
}
