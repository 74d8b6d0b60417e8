//! Who is at the other end of a connection: known from a verified chain, and only from that.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, StaffId};

use crate::x509::{DeskCertificate, Leaf, Serial, X509Error};

/// The agency at the other end: its certificate was issued by this region, is neither expired nor
/// revoked, is of our own mode, and it proved that it holds the key.
///
/// Nothing outside this crate makes one:
///
/// ```compile_fail
/// fn forge(leaf: grondslag_certs::Leaf) -> grondslag_certs::Peer {
///     grondslag_certs::Peer { leaf }
/// }
/// ```
///
/// ```compile_fail
/// fn forge(der: &[u8]) -> grondslag_certs::Peer {
///     grondslag_certs::Peer::after_handshake(der).unwrap()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    leaf: Leaf,
}

impl Peer {
    /// The agency.
    pub fn oin(&self) -> &Oin {
        self.leaf.oin()
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> Digest {
        self.leaf.fingerprint()
    }

    /// Its certificate.
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    // INVARIANT: called only with the leaf of a finished handshake, whose verifier checked chain,
    // revocation and mode.
    pub(crate) fn after_handshake(der: &[u8]) -> Result<Self, X509Error> {
        Leaf::parse_der(der).map(|leaf| Self { leaf })
    }
}

/// The member of staff at the other end of this node's desk: their certificate was issued by this
/// node's desk authority and has not expired, and they proved that they hold the key. Revocation
/// and mandate are the staff register's to check, at every call.
///
/// Nothing outside this crate makes one:
///
/// ```compile_fail
/// fn forge(certificate: grondslag_certs::DeskCertificate) -> grondslag_certs::DeskPeer {
///     grondslag_certs::DeskPeer { certificate }
/// }
/// ```
///
/// ```compile_fail
/// fn forge(der: &[u8]) -> grondslag_certs::DeskPeer {
///     grondslag_certs::DeskPeer::after_handshake(der).unwrap()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskPeer {
    certificate: DeskCertificate,
}

impl DeskPeer {
    /// The member of staff.
    pub fn staff(&self) -> &StaffId {
        self.certificate.staff()
    }

    /// The Ed25519 key that signs this person's approvals.
    pub fn public_key(&self) -> &[u8; 32] {
        self.certificate.public_key()
    }

    /// Serial number of the desk certificate, by which the staff register revokes it.
    pub fn serial(&self) -> &Serial {
        self.certificate.serial()
    }

    /// Valid until this moment. A connection may live longer, so that every call asks again.
    pub fn not_after(&self) -> Timestamp {
        self.certificate.not_after()
    }

    // INVARIANT: called only with the leaf of a finished handshake on a desk listener.
    pub(crate) fn after_handshake(der: &[u8]) -> Result<Self, X509Error> {
        DeskCertificate::parse_der(der).map(|certificate| Self { certificate })
    }
}

/// Who came in through a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerIdentity {
    /// An agency, on the region's listener.
    Agency(Peer),
    /// A member of staff, on their own node's desk listener.
    Desk(DeskPeer),
}

impl PeerIdentity {
    /// The agency, on a region listener.
    pub fn agency(&self) -> Option<&Peer> {
        match self {
            Self::Agency(peer) => Some(peer),
            Self::Desk(_) => None,
        }
    }

    /// The member of staff, on a desk listener.
    pub fn desk(&self) -> Option<&DeskPeer> {
        match self {
            Self::Agency(_) => None,
            Self::Desk(peer) => Some(peer),
        }
    }
}
