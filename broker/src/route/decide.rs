//! "Could this be allowed at all?", on what the broker may see (design 6).

use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::clock::Timestamp;
use grondslag_core::inquiry::Header;
use grondslag_core::reason::Reason;
use grondslag_core::statement::NamedRuling;
use grondslag_core::tier::Approvals;
use grondslag_policy::{FactError, Pack};

/// Rules on every category asked of one target, in the asker's order.
///
/// # Errors
/// The reason for which a column could not be filled: the question is then refused.
pub(crate) fn rule(
    pack: &Pack,
    header: &Header,
    categories: &[Category],
    target: &Kind,
    approvals: Approvals,
    now: Timestamp,
) -> Result<Vec<NamedRuling>, Reason> {
    let ruled = || -> Result<Vec<NamedRuling>, FactError> {
        let visible = pack.visible(header, target, Some(approvals))?;
        categories.iter().map(|category| pack.rule_visible(visible, category, now)).collect()
    };
    ruled().map_err(|error| error.reason())
}
