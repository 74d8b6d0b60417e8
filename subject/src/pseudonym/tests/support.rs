//! Chance that is the same in every run.

use std::convert::Infallible;

use grondslag_core::blind::Secret;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha512};

/// SHA-512 over a seed and a counter, each a u64 big-endian; block after block, what is left of a
/// block when a request ends is dropped.
pub(super) struct Seeded {
    seed: u64,
    counter: u64,
}

impl Seeded {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }
}

/// Gives what stands in a list, one item per request and filled up with zeros, then zeros. A scalar
/// is taken from 64 bytes, so 32 bytes little-endian and 32 zeros give itself.
pub(super) struct Listed(Vec<Vec<u8>>);

impl Listed {
    pub(super) fn of(scalars: &[&Secret]) -> Self {
        Self(scalars.iter().rev().map(|scalar| scalar.expose().to_vec()).collect())
    }

    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self(vec![bytes.to_vec()])
    }

    pub(super) fn zeros() -> Self {
        Self(vec![])
    }
}

impl TryRng for Seeded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(64) {
            let input = [self.seed.to_be_bytes(), self.counter.to_be_bytes()].concat();
            self.counter += 1;
            chunk.copy_from_slice(&Sha512::digest(input)[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}

impl TryRng for Listed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.fill(0);
        if let Some(item) = self.0.pop() {
            to[..item.len()].copy_from_slice(&item);
        }
        Ok(())
    }
}

impl TryCryptoRng for Listed {}
