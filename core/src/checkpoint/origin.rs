//! Names of logs and of those who sign.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::CheckpointError;
use crate::id::Oin;
use crate::limits::ORIGIN_CHARS_MAX;

/// The name of a log, which is also the name of its key, or the name of a witness's key. Origins
/// tell logs apart; nothing is ever reached under one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// Parses a name: 1 to 128 characters, no Unicode spaces, no `+` and no control characters.
    /// The first two are what signed notes forbid in the name of a key.
    ///
    /// # Errors
    /// [`CheckpointError::Name`] for anything else.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let is_fit = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        let count = text.chars().take(ORIGIN_CHARS_MAX.saturating_add(1)).count();
        let is_name = (1..=ORIGIN_CHARS_MAX).contains(&count) && text.chars().all(is_fit);
        if is_name { Ok(Self(text.to_owned())) } else { Err(CheckpointError::Name) }
    }

    /// The log of a region's broker: the region is the fingerprint of its root certificate, and
    /// `number` counts the logs that it had, from 1; a broker that was restored begins a new one.
    ///
    /// # Errors
    /// [`CheckpointError::Name`] when that is no name.
    pub fn of_broker(region: &str, number: u64) -> Result<Self, CheckpointError> {
        Self::parse(&format!("{region}/{number}"))
    }

    /// A log of another member of the region; `what` tells those of one member apart.
    ///
    /// # Errors
    /// [`CheckpointError::Name`] when that is no name.
    pub fn of_member(
        region: &str,
        oin: &Oin,
        what: &str,
        number: u64,
    ) -> Result<Self, CheckpointError> {
        Self::parse(&format!("{region}/{oin}/{what}/{number}"))
    }

    /// Which of its logs it is, as the makers above number them.
    pub fn number(&self) -> Option<u64> {
        self.0.rsplit_once('/')?.1.parse().ok()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Origin {
    type Error = CheckpointError;

    fn try_from(text: String) -> Result<Self, CheckpointError> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}
