//! Region authority, issuance, revocation, admissions, desk certificates, rustls configurations
//! and [`Peer`].
//!
//! INVARIANT: only this crate parses X.509, and only this crate makes a [`Peer`] or a
//! [`DeskPeer`]: after a TLS handshake in which the chain, its revocation and its mode were
//! checked.

pub mod authority;
pub mod card;
pub mod crl;
pub mod desk;
pub mod file;
pub mod key;
pub mod limits;
pub mod peer;
pub mod request;
pub mod root;
pub mod sealed;
pub mod time;
pub mod tls;
pub mod x509;

pub use card::{CardBook, CardKeys, Cards, Considered, OwnCard, Taken, VerifiedCard};
pub use crl::Crl;
pub use key::LeafKey;
pub use peer::{DeskPeer, Peer, PeerIdentity};
pub use root::{Admitted, Root};
pub use sealed::SealedFile;
pub use x509::{DeskCertificate, Leaf, Serial};
