//! "Could this be allowed at all?", on what the broker may see (design 6).

use grondslag_core::answer::Basis;
use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::clock::Timestamp;
use grondslag_core::inquiry::Header;
use grondslag_core::reason::Reason;
use grondslag_core::statement::Ruling;
use grondslag_core::tier::{Approvals, Tier, Verdict};
use grondslag_policy::{FactError, Facts, Pack};
use grondslag_proto::reply::NamedRuling;

/// Rules on every category asked of one target, in the asker's order.
///
/// # Errors
/// The reason for which a column could not be filled: the question is then refused.
pub fn rule(
    pack: &Pack,
    header: &Header,
    categories: &[Category],
    target: &Kind,
    approvals: Approvals,
    now: Timestamp,
) -> Result<Vec<NamedRuling>, Reason> {
    let base = visible(pack, header, target, approvals).map_err(|error| error.reason())?;
    categories.iter().map(|category| rule_one(pack, base, category, now)).collect()
}

/// The visible columns; the sealed ones keep every value.
fn visible(
    pack: &Pack,
    header: &Header,
    target: &Kind,
    approvals: Approvals,
) -> Result<Facts, FactError> {
    let mut facts = pack.facts();
    let yes_no = |flag| if flag { "yes" } else { "no" };
    for (column, value) in [
        ("requester_kind", header.role.kind().as_str()),
        ("requester_role", header.role.as_str()),
        ("purpose", header.purpose.as_str()),
        ("query_kind", header.kind.as_str()),
        ("target_kind", target.as_str()),
        ("urgency", header.urgency.word()),
        ("approvals", approvals.word()),
        ("break_glass", yes_no(header.break_glass)),
        ("level", header.level.word()),
    ] {
        pack.set(&mut facts, column, value)?;
    }
    Ok(facts)
}

fn rule_one(
    pack: &Pack,
    mut facts: Facts,
    category: &Category,
    now: Timestamp,
) -> Result<NamedRuling, Reason> {
    pack.set(&mut facts, "category", category.as_str()).map_err(|error| error.reason())?;
    let could = pack.could(&facts, now);
    let refused = could.verdict == Verdict::Refuse;
    let ruling = Ruling {
        category: category.clone(),
        verdict: could.verdict,
        cap: if refused { Tier::T0 } else { could.cap },
    };
    // What could be allowed is the holder's to name; only a refusal names its articles here.
    let (basis, reason) = if refused {
        let basis = Basis { rows: could.rows, grounds: could.grounds };
        (basis, Some(could.reason.unwrap_or(Reason::NoRule)))
    } else {
        (Basis::default(), None)
    };
    Ok(NamedRuling { ruling, basis, reason })
}
