//! Blind routing: what broker and key holders do to a hidden number, and how it is proved
//! (protocol 1.4).
//!
//! A child's number b is the point H(b) of ristretto255. An asker encrypts it for target n under
//! the *inbound key* `X_n` as `(c1, c2_n) = (rG, H(b) + r X_n)`, one r for all targets
//! ([`question`]). Every key holder re-randomises, re-keys and re-shuffles the pair in one step
//! ([`factors`]), so that the target, and nobody else, opens it to `P_n = s_n H(b)`: its own
//! pseudonym of this epoch. The target knows the pseudonyms of its own clients by blinded enrolment
//! ([`enrolment`]). The number itself and its hash to the group are in `subject`, which the broker
//! does not have.
//!
//! INVARIANT: points that come from outside are [`Element`]s: canonical and never the identity,
//! which would put `s_n M` in the clear.

pub mod element;
pub mod enrolment;
pub mod factors;
pub mod inbound;
pub mod proof;
pub mod question;
pub mod secret;

pub use element::Element;
pub use enrolment::Evaluated;
pub use factors::Factors;
pub use inbound::{InboundKey, Link};
pub use proof::Proof;
pub use question::{Encrypted, Pair, Turned};
pub use secret::Secret;

use crate::reason::Reason;

/// Why a point, a proof or a batch was refused. It says nothing about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlindError {
    /// Not the canonical encoding of a point or scalar, or the identity.
    #[error("not a canonical point other than the identity")]
    Element,
    /// A proof does not hold.
    #[error("the proof does not hold")]
    Proof,
    /// Lists that belong together differ in length, are empty or too long.
    #[error("the number of points is wrong")]
    Count,
    /// A link bears no signature of the holder that is expected there.
    #[error("the expected key holder did not sign its link")]
    Holder,
    /// The same point twice in one batch.
    #[error("a point stands twice in one batch")]
    Repeated,
}

impl BlindError {
    /// The stable reason.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Element | Self::Proof | Self::Count | Self::Holder | Self::Repeated => {
                Reason::BlindInvalid
            }
        }
    }
}

#[cfg(test)]
mod tests;
