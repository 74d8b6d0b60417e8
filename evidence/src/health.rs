//! How a store is doing, for `grondslag status` and the health service.

use grondslag_core::reason::Reason;
use serde::Serialize;

/// State of a store at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreHealth {
    /// Name of the backend.
    pub backend: &'static str,
    /// Whether a commit would be tried at all.
    pub writable: bool,
    /// Why not, when it would not.
    pub reason: Option<Reason>,
    /// Free bytes on the disk; `None` for a store without one.
    pub free_bytes: Option<u64>,
    /// Bytes the store takes on disk; `None` for a store without one.
    pub used_bytes: Option<u64>,
}
