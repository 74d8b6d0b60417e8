//! The key holders beside the broker, pinned when the node was made: without that a broker could
//! play every holder itself.

use std::fmt;
use std::sync::Arc;

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;

use crate::directory::Directory;

/// The holders that this node expects in every chain.
pub(crate) struct Holders {
    /// The nearest to the nodes first.
    oins: Vec<Oin>,
    directory: Arc<Directory>,
}

impl Holders {
    /// These organisations, by their cards in a directory.
    pub(crate) fn new(oins: Vec<Oin>, directory: Arc<Directory>) -> Self {
        Self { oins, directory }
    }

    /// The keys that their links are signed with, Ed25519.
    ///
    /// # Errors
    /// `KEY_HOLDER_UNREACHABLE` while the card of one of them is not known.
    pub(super) fn keys(&self) -> Result<Vec<[u8; 32]>, Reason> {
        let key = |oin: &Oin| Ok(self.directory.card(oin)?.card().sign_key);
        let keys = self.oins.iter().map(key);
        keys.collect::<Result<_, Reason>>().map_err(|_| Reason::KeyHolderUnreachable)
    }
}

impl fmt::Debug for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Holders").field(&self.oins).finish()
    }
}
