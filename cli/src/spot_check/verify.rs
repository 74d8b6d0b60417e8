//! What the node opened, verified: that it is what was drawn, stands in the batch that was listed,
//! and opens as what it is said to be.

use grondslag_core::blind::enrolment::digest_of_wire;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::limits::ENROL_POINTS_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::opening::Shown as WireShown;
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::Canary;
use grondslag_subject::pseudonym::spot_check::{Shown, Verdict, draw_from, judge_in};

use crate::exit::{Exit, Failure};

/// What is drawn, fixed before the node learns the seed.
#[derive(Debug)]
pub(super) struct Plan {
    region: String,
    pub(super) epoch: u32,
    pub(super) batches: Vec<Listed>,
    /// The officer's seed.
    pub(super) drawn_by: [u8; 32],
    pub(super) count: u32,
}

/// A batch as the node listed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) number: u64,
    points: u64,
    digest: Digest,
}

/// One drawn position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) batch: u64,
    pub(super) position: u64,
    pub(super) verdict: Verdict,
    /// The dossier of a client: file number, and since when.
    pub(super) dossier: Option<(String, Timestamp)>,
}

/// What the broker noted, beside what the node lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broker {
    Agrees,
    Differs,
    Unreached,
}

/// A finished check.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) epoch: u32,
    /// The officer's seed.
    pub(super) drawn_by: [u8; 32],
    pub(super) batches: usize,
    pub(super) points: u64,
    pub(super) lines: Vec<Line>,
    /// Batches that are not the ones listed, and so not those of the node's ledger.
    pub(super) altered: Vec<u64>,
    /// Batches of which the broker noted another digest, or none.
    pub(super) differing: Vec<u64>,
    pub(super) broker: Broker,
    /// The node counted otherwise than this program.
    pub(super) node_counts_otherwise: bool,
    pub(super) ledger_index: u64,
    pub(super) recorded_at: Timestamp,
}

impl Plan {
    /// A draw over all that was listed.
    ///
    /// # Errors
    /// `MALFORMED` for a list that no honest node gives.
    pub(super) fn new(
        region: String,
        epoch: u32,
        batches: &[v1::EnrolledBatch],
        drawn_by: [u8; 32],
        count: u32,
    ) -> Result<Self, Failure> {
        let batches: Option<Vec<Listed>> = batches.iter().map(listed).collect();
        let batches = batches.filter(|all| {
            let ordered = all.iter().zip(all.iter().skip(1));
            !all.is_empty() && ordered.fold(true, |so_far, (a, b)| so_far && a.number < b.number)
        });
        let batches = batches.ok_or(Failure::from(Reason::Malformed))?;
        Ok(Self { region, epoch, batches, drawn_by, count })
    }

    /// Verifies what was opened. A drawn position that the node left out does not open.
    pub(super) fn check(
        &self,
        opened: &[v1::OpenedBatch],
        closed: &v1::SpotCheckClosed,
    ) -> Checked {
        let sizes: Vec<u64> = self.batches.iter().map(|batch| batch.points).collect();
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let (mut lines, mut altered, mut differing) = (Vec::new(), Vec::new(), Vec::new());
        for drawn in draw_from(&self.drawn_by, &sizes, count) {
            let Some(batch) = self.batches.get(drawn.batch) else { continue };
            let found = opened.iter().find(|one| one.number == batch.number);
            let points = found.map(|found| found.points.as_slice()).unwrap_or_default();
            let whole = batch.is_of(points);
            if !whole {
                altered.push(batch.number);
            }
            if found.map(|found| found.noted.as_slice()) != Some(batch.digest.as_bytes()) {
                differing.push(batch.number);
            }
            let openings = found.map(|found| found.openings.as_slice()).unwrap_or_default();
            for position in drawn.positions {
                let opening = openings.iter().find(|one| one.position == position);
                lines.push(self.line(batch.number, points, position, opening, whole));
            }
        }
        let broker = match closed.broker.as_str() {
            "unreached" => Broker::Unreached,
            "agree" if differing.is_empty() => Broker::Agrees,
            _ => Broker::Differs,
        };
        if broker == Broker::Unreached {
            differing.clear();
        }
        let node_counts_otherwise = counts(&lines) != counts_of(closed);
        Checked {
            epoch: self.epoch,
            drawn_by: self.drawn_by,
            batches: self.batches.len(),
            points: sizes.iter().fold(0, |sum, size| sum.saturating_add(*size)),
            lines,
            altered,
            differing,
            broker,
            node_counts_otherwise,
            ledger_index: closed.ledger_index,
            recorded_at: Timestamp::from_ms(closed.recorded_at_ms),
        }
    }

    fn line(
        &self,
        batch: u64,
        points: &[u8],
        position: u64,
        opening: Option<&v1::Opening>,
        whole: bool,
    ) -> Line {
        let line = |verdict, dossier| Line { batch, position, verdict, dossier };
        let Some(opening) = opening.filter(|_| whole) else {
            return line(Verdict::NotOpening, None);
        };
        let Some((shown, dossier)) = shown(opening) else {
            return line(Verdict::NotOpening, None);
        };
        let verdict = judge_in(&self.region, points, position, &opening.rho, &shown);
        line(verdict, dossier.filter(|_| verdict == Verdict::Client))
    }
}

impl Listed {
    /// Whether these points are the batch that was listed.
    fn is_of(&self, points: &[u8]) -> bool {
        let size = self.points.checked_mul(32).and_then(|bytes| usize::try_from(bytes).ok());
        size == Some(points.len()) && digest_of_wire(points) == Some(self.digest)
    }
}

impl Checked {
    /// Positions that are so.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.verdict == verdict).count()
    }

    /// Nothing was found that may not stay as it is.
    pub(super) fn is_sound(&self) -> bool {
        self.lines.iter().all(|line| line.verdict.is_sound())
            && self.altered.is_empty()
            && self.broker != Broker::Differs
            && !self.node_counts_otherwise
    }

    /// A check that could not be held against the broker is not finished.
    pub(super) fn exit(&self) -> Exit {
        match (self.is_sound(), self.broker) {
            (false, _) => Exit::Refused,
            (true, Broker::Unreached) => Exit::Unreachable,
            (true, Broker::Agrees | Broker::Differs) => Exit::Done,
        }
    }

    /// The stable reason of what was found.
    pub(super) fn reason(&self) -> Option<Reason> {
        match self.exit() {
            Exit::Done => None,
            Exit::Unreachable => Some(Reason::Unreachable),
            _ => Some(Reason::SpotCheckFailed),
        }
    }
}

fn listed(wire: &v1::EnrolledBatch) -> Option<Listed> {
    let digest = wire.digest.as_slice().try_into().ok().map(Digest::new)?;
    let fits = usize::try_from(wire.points).is_ok_and(|points| points <= ENROL_POINTS_MAX);
    fits.then_some(Listed { number: wire.number, points: wire.points, digest })
}

/// Who is behind a position, and their dossier. A client without a file number has none.
fn shown(opening: &v1::Opening) -> Option<(Shown, Option<(String, Timestamp)>)> {
    Some(match &opening.shown {
        None => (Shown::Nothing, None),
        Some(WireShown::Padding(_)) => (Shown::Padding, None),
        Some(WireShown::Canary(digits)) => (Shown::Canary(Canary::parse(digits).ok()?), None),
        Some(WireShown::Stranger(one)) => (Shown::Stranger(Bsn::parse(&one.subject).ok()?), None),
        Some(WireShown::Client(client)) if client.file_number.is_empty() => (Shown::Nothing, None),
        Some(WireShown::Client(client)) => {
            let dossier = (client.file_number.clone(), Timestamp::from_ms(client.registered_ms));
            (Shown::Client(Bsn::parse(&client.subject).ok()?), Some(dossier))
        }
    })
}

fn counts(lines: &[Line]) -> [usize; Verdict::ALL.len()] {
    Verdict::ALL.map(|verdict| lines.iter().filter(|line| line.verdict == verdict).count())
}

fn counts_of(closed: &v1::SpotCheckClosed) -> [usize; Verdict::ALL.len()] {
    let v1::SpotCheckClosed { clients, canaries, padding, not_opening, strangers, .. } = closed;
    let all = [*clients, *canaries, *padding, *not_opening, closed.without_dossier, *strangers];
    all.map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;
