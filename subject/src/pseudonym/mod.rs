//! How a person's number is hidden: hash to the group, the node's opening key, blinded enrolment
//! (protocol 1.4).
//!
//! A node knows its clients under pseudonyms `P = s_n H(b)` that only the key holders can make, and
//! that change with every epoch. It learns them at enrolment, blinded, and meets them again when it
//! opens a question.

mod enrol;
mod opening;
mod point;
pub mod spot_check;

pub use enrol::{Enrolment, Shuffled};
pub use opening::OpeningKey;
pub use point::{Canary, CanaryError, canary_point, number_point};

use std::fmt;

use curve25519_dalek::RistrettoPoint;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Length of an index entry: 128 bits do not collide within one agency.
pub const INDEX_LEN: usize = 16;

/// Who somebody is to one node in one epoch: `s_n H(b)`. It is not written down; its index entry
/// is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pseudonym(RistrettoPoint);

impl Pseudonym {
    /// Where the pseudonym stands in an index that is keyed by a secret of the node: the first 16
    /// bytes of HMAC-SHA-256 over its encoding.
    pub fn index(&self, key: &[u8; 32]) -> [u8; INDEX_LEN] {
        let mut entry = [0; INDEX_LEN];
        // HMAC takes keys of any length; of 32 bytes it never refuses one.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
            mac.update(self.0.compress().as_bytes());
            let tag = mac.finalize().into_bytes();
            entry.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
        }
        entry
    }

    /// Its canonical encoding, for a scan that looks whether it stands where it must not.
    pub fn expose(&self) -> [u8; 32] {
        self.0.compress().to_bytes()
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym(…)")
    }
}

#[cfg(test)]
mod tests;
