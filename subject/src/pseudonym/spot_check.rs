//! A spot check of an enrolment: a privacy officer draws positions, the node opens them and shows
//! the dossier of each. With 5 % foreign entries, 60 positions find one with 95 %.

use std::collections::BTreeSet;

use grondslag_core::blind::{Element, Secret};
use grondslag_core::canonical::Canonical;
use sha2::{Digest as _, Sha256};

use super::number_point;
use crate::Bsn;

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

/// Whether a position is what its opening says: the point of this client's number, or padding.
pub fn opens(region: &str, blinded: &Element, rho: &Secret, client: Option<&Bsn>) -> bool {
    let hidden = match client {
        None => Element::new(rho.public()),
        Some(number) => number_point(region, number)
            .and_then(|point| Element::new(point.point() + rho.public())),
    };
    hidden.as_ref() == Ok(blinded)
}
