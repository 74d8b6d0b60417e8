//! "Could this be allowed at all?", on what the broker may see (design 6).

use grondslag_core::answer::Basis;
use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::clock::Timestamp;
use grondslag_core::inquiry::Header;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{NamedRuling, Ruling};
use grondslag_core::tier::{Approvals, Tier, Verdict};
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
    // A kind that may not process the number is called instead (domain 4a.33).
    if !pack.catalogue().has_bsn_right(target) {
        return Ok(shut(categories, Reason::NoBsnRight));
    }
    let ruled = || -> Result<Vec<NamedRuling>, FactError> {
        let visible = pack.visible(header, target, Some(approvals))?;
        categories.iter().map(|category| pack.rule_visible(visible, category, now)).collect()
    };
    ruled().map_err(|error| error.reason())
}

/// Nothing is let through to a target that cannot be dealt with.
pub(crate) fn shut(categories: &[Category], reason: Reason) -> Vec<NamedRuling> {
    let named = |category: &Category| NamedRuling {
        ruling: Ruling { category: category.clone(), verdict: Verdict::Refuse, cap: Tier::T0 },
        basis: Basis::default(),
        reason: Some(reason),
    };
    categories.iter().map(named).collect()
}
