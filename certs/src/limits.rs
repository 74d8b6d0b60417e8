//! Every bound of this crate, in one place (invariant 10).

use std::time::Duration;

/// Largest certificate, key or request file.
pub const PEM_BYTES_MAX: u64 = 64 * 1_024;
/// Largest list of revoked certificates: some 100,000 entries.
pub const CRL_BYTES_MAX: u64 = 8 * 1_024 * 1_024;
/// Largest register of the authority: decades of a region.
pub const REGISTER_BYTES_MAX: u64 = 64 * 1_024 * 1_024;
/// Largest sealed file: the secrets of some epochs.
pub const SEALED_BYTES_MAX: u64 = 64 * 1_024;
/// Longest organisation name (X.520, upper bound of `organizationName`).
pub const NAME_CHARS_MAX: usize = 64;
/// Longest serial number of a certificate in bytes (RFC 5280, 4.1.2.2).
pub(crate) const SERIAL_LEN_MAX: usize = 20;
/// Most causes that are looked at below one error.
pub const CAUSES_MAX: usize = 16;
/// Days that an agency's certificate is valid.
pub const LEAF_DAYS: u16 = 90;
/// Days that the region's root is valid.
pub const ROOT_DAYS: u16 = 3_650;
/// Days that the root of a desk authority is valid.
pub const DESK_ROOT_DAYS: u16 = 1_825;
/// Most days that a desk certificate is valid.
pub const DESK_DAYS_MAX: u16 = 366;
/// Days that a list of revoked certificates is valid, unless told otherwise.
pub const CRL_DAYS: u16 = 7;
/// Most days that a list of revoked certificates is valid.
pub const CRL_DAYS_MAX: u16 = 31;
/// Certificates start this much earlier, for peers whose clock is behind.
pub const BACKDATE_MS: i64 = 5 * 60 * 1_000;
/// Longest TLS handshake, from the first byte to a known peer.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a refused peer to read why, before its socket is closed.
pub const LINGER_TIMEOUT: Duration = Duration::from_millis(250);
/// Most bytes of a refused peer that are read and dropped meanwhile.
pub const LINGER_BYTES_MAX: u64 = 64 * 1_024;
