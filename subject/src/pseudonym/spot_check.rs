//! A spot check of an enrolment: a privacy officer draws positions, the node opens them and shows
//! the dossier of each. With 5 % foreign entries, 60 positions find one with 95 %.
//!
//! What is drawn and what an opening is worth is decided here, by the node and by the officer's own
//! program alike: neither takes the other's word for it.

use std::collections::BTreeSet;
use std::fmt;

use grondslag_core::blind::{Element, Secret};
use grondslag_core::canonical::Canonical;
use sha2::{Digest as _, Sha256};

use super::{Canary, canary_point, number_point};
use crate::Bsn;

/// Who is behind a position, as its node shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A client, by the number in their dossier.
    Client(Bsn),
    /// A made-up subject.
    Canary(Canary),
    /// Nobody.
    Padding,
    /// Somebody about whom the agency asked, by their number: they have an own view there.
    Stranger(Bsn),
    /// Somebody whom the register does not know: without the number nothing opens.
    Nothing,
}

/// What a position turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It opens as a client with a dossier.
    Client,
    /// It opens as a made-up subject, which is never somebody's number.
    Canary,
    /// It opens as padding.
    Padding,
    /// It does not open as what it is said to be.
    NotOpening,
    /// The register does not know who is behind it.
    NoDossier,
    /// It opens as somebody about whom the agency asked.
    Stranger,
}

/// The drawn positions of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Which batch, counted from 0 in the order of the list.
    pub batch: usize,
    /// Its positions, each once, sorted.
    pub positions: Vec<u64>,
}

impl Verdict {
    /// Every verdict, the good ones first.
    pub const ALL: [Self; 6] = [
        Self::Client,
        Self::Canary,
        Self::Padding,
        Self::NotOpening,
        Self::NoDossier,
        Self::Stranger,
    ];

    /// The stable word for programs and for the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Client => "ok_client",
            Self::Canary => "ok_canary",
            Self::Padding => "ok_padding",
            Self::NotOpening => "does_not_open",
            Self::NoDossier => "no_dossier",
            Self::Stranger => "ok_asked_about",
        }
    }

    /// Whether it may stay as it is.
    pub const fn is_sound(self) -> bool {
        matches!(self, Self::Client | Self::Canary | Self::Padding | Self::Stranger)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The positions of a batch of `size` that a seed draws: at most `count`, each once, sorted. The
/// officer takes a seed of their own; the node cannot foresee it.
pub fn draw(seed: &[u8; 32], size: u64, count: usize) -> Vec<u64> {
    let wanted = count.min(usize::try_from(size).unwrap_or(usize::MAX));
    let mut drawn = BTreeSet::new();
    let mut number = 0_u64;
    // A draw that repeats is drawn again; rejection keeps every position equally likely.
    let bound = u64::MAX - u64::MAX.checked_rem(size).unwrap_or(0);
    while drawn.len() < wanted {
        let bytes = Canonical::new("grondslag/spot-check/v1").bytes(seed).number(number).finish();
        let digest = Sha256::digest(&bytes);
        let value = digest.first_chunk::<8>().copied().map_or(0, u64::from_be_bytes);
        if value < bound {
            drawn.extend(value.checked_rem(size));
        }
        number = number.saturating_add(1);
    }
    drawn.into_iter().collect()
}

/// The positions that a seed draws from batches of these sizes, as if they were one: every position
/// of an epoch is equally likely. Batches of which nothing is drawn are left out.
pub fn draw_from(seed: &[u8; 32], sizes: &[u64], count: usize) -> Vec<Drawn> {
    let total = sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(*size));
    let mut left = draw(seed, total, count).into_iter().peekable();
    let (mut found, mut start) = (Vec::new(), 0_u64);
    for (batch, size) in sizes.iter().enumerate() {
        let end = start.saturating_add(*size);
        let mut positions = Vec::new();
        while let Some(position) = left.next_if(|position| *position < end) {
            positions.push(position.saturating_sub(start));
        }
        if !positions.is_empty() {
            found.push(Drawn { batch, positions });
        }
        start = end;
    }
    found
}

/// Whether a position is what its opening says: the point of this client's number, or padding.
pub fn opens(region: &str, blinded: &Element, rho: &Secret, client: Option<&Bsn>) -> bool {
    let shown = client.map_or(Shown::Padding, |number| Shown::Client(number.clone()));
    judge(region, blinded, rho, &shown).is_sound()
}

/// The same of a position in a batch of points as they were sent, 32 bytes each, and with its
/// blinding in bytes. What cannot be read does not open.
pub fn judge_in(region: &str, points: &[u8], position: u64, rho: &[u8], shown: &Shown) -> Verdict {
    let place = usize::try_from(position).ok();
    let point = place.and_then(|place| points.chunks_exact(Element::LEN).nth(place));
    match (point.map(Element::parse), Secret::parse(rho)) {
        (Some(Ok(point)), Ok(rho)) => judge(region, &point, &rho, shown),
        _ => Verdict::NotOpening,
    }
}

/// What a position is, by its opening. That the dossier is there is for whoever shows it.
pub fn judge(region: &str, blinded: &Element, rho: &Secret, shown: &Shown) -> Verdict {
    let hidden = rho.public();
    let (point, verdict) = match shown {
        Shown::Client(number) => (Some(number_point(region, number)), Verdict::Client),
        Shown::Stranger(number) => (Some(number_point(region, number)), Verdict::Stranger),
        Shown::Canary(canary) => (Some(canary_point(region, canary)), Verdict::Canary),
        Shown::Padding => (None, Verdict::Padding),
        Shown::Nothing => return Verdict::NoDossier,
    };
    let point = point.transpose();
    let opened =
        point.and_then(|point| Element::new(point.map_or(hidden, |point| point.point() + hidden)));
    if opened.as_ref() == Ok(blinded) { verdict } else { Verdict::NotOpening }
}
