//! The node's own rules, which stand on top of whatever rules of the region are in force.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_policy::{Overlay, Pack, PackError};

use crate::agency::Agency;
use crate::limits::RULES_WAIT_MS;

/// The file with the node's own rules, and what it says on the region's rules that were read last.
pub struct OwnRules {
    kind: Kind,
    file: String,
    text: String,
    /// Never held while waiting.
    read: Mutex<Option<(Digest, Arc<Overlay>)>>,
}

impl fmt::Debug for OwnRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnRules({})", self.file)
    }
}

impl OwnRules {
    /// The own rules of a holder of this kind, as a file has them.
    pub fn new(kind: Kind, file: String, text: String) -> Self {
        Self { kind, file, text, read: Mutex::default() }
    }

    /// The same, read anew: whoever looks at other rules than those in force does not take the
    /// place of what decides.
    ///
    /// # Errors
    /// As [`OwnRules::on`].
    pub(crate) fn load(&self, pack: &Pack) -> Result<Overlay, PackError> {
        Overlay::load(pack, &self.kind, &self.file, &self.text)
    }

    /// The file that has them.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// What they are on top of these rules of the region.
    ///
    /// # Errors
    /// [`PackError`] when they say something of which these rules do not know, or block a duty.
    pub fn on(&self, pack: &Pack) -> Result<Arc<Overlay>, PackError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((bundle, overlay)) = read.as_ref()
            && *bundle == pack.bundle()
        {
            return Ok(Arc::clone(overlay));
        }
        let overlay = Arc::new(self.load(pack)?);
        *read = Some((pack.bundle(), Arc::clone(&overlay)));
        Ok(overlay)
    }
}

/// The rules that decide one question here.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub(crate) pack: Arc<Pack>,
    pub(crate) overlay: Option<Arc<Overlay>>,
}

impl InForce {
    /// Digest of the node's own rules, if it has any.
    pub(crate) fn own(&self) -> Option<Digest> {
        self.overlay.as_deref().map(Overlay::digest)
    }
}

impl Agency {
    /// The region's rules in force now.
    pub fn pack(&self) -> Arc<Pack> {
        self.rules.now()
    }

    /// The rules that decide a question of this moment.
    ///
    /// # Errors
    /// `POLICY_STALE` for one that is to be asked again; `NOT_READY` while the rules in force
    /// cannot be applied here.
    pub(crate) fn in_force(&self, asked_at: Timestamp, now: Timestamp) -> Result<InForce, Reason> {
        let pack = self.rules.of_question(asked_at, now)?;
        Ok(InForce { overlay: self.overlay_on(&pack)?, pack })
    }

    /// The node's own rules on top of these.
    ///
    /// # Errors
    /// `NOT_READY` when they do not fit: without them more would be given than the agency wants.
    pub(crate) fn overlay_on(&self, pack: &Pack) -> Result<Option<Arc<Overlay>>, Reason> {
        let Some(own) = &self.own_rules else { return Ok(None) };
        own.on(pack).map(Some).map_err(|error| {
            tracing::error!(
                reason = error.reason().code(),
                "the own rules do not fit the region's"
            );
            Reason::NotReady
        })
    }

    /// Waits a moment for rules that somebody else has already: they are on their way. Says whether
    /// any came.
    pub(crate) async fn learn_rules(&self) -> bool {
        let mut newest = self.rules.newest();
        newest.borrow_and_update();
        let longest = Duration::from_millis(RULES_WAIT_MS);
        tokio::time::timeout(longest, newest.changed()).await.is_ok_and(|changed| changed.is_ok())
    }

    /// Records which rules are in force, before anything is decided by them.
    ///
    /// # Errors
    /// `NOT_READY`, or why ledger or store did not take it.
    pub(crate) async fn settle_rules(&self) -> Result<(), Reason> {
        let own = self.overlay_on(&self.pack())?;
        self.rules.settle(own.as_deref().map(Overlay::digest)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_rules_are_read_again_on_other_rules_of_the_region_and_may_no_longer_fit() {
        let text = "[[row]]\nid = \"local/1\"\noutcome = \"hold\"\ntext = { nl = \"a\", en = \"b\" }\n\
                    when = { category = [\"G12\"] }\n";
        let own = OwnRules::new(Kind::parse("ha").unwrap(), "own.toml".into(), text.into());
        let pack = Pack::builtin().unwrap();
        let first = own.on(&pack).unwrap();
        assert!(Arc::ptr_eq(&first, &own.on(&pack).unwrap()), "read once");
        let mut files = Pack::builtin_files();
        let version = files.get_mut("pack.toml").unwrap();
        *version = version.replace("1.0.0", "1.1.0");
        let next = Pack::from_files(&files).unwrap();
        let second = own.on(&next).unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && first.digest() == second.digest());
        let odd = text.replace("G12", "G99");
        let odd = OwnRules::new(Kind::parse("ha").unwrap(), "own.toml".into(), odd);
        assert!(odd.on(&pack).is_err());
    }
}
