//! How often each person broke the glass, and what came of it. No child is in it.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::StaffId;
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::GlassVerdict;
use grondslag_proto::v1;

use super::{DONE, OPEN, Use};
use crate::agency::Agency;
use crate::limits::GLASS_COUNTS_MAX;
use crate::rows;

/// Uses, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    uses: u32,
    justified: u32,
    misuse: u32,
    /// Not reviewed in time.
    late: u32,
    /// Not reviewed.
    open: u32,
    suspended: bool,
}

impl Count {
    fn add(&mut self, used: &Use, now: Timestamp) {
        let verdict = used.review.as_ref().map(|review| review.verdict);
        let one = |yes: bool| u32::from(yes);
        self.uses = self.uses.saturating_add(1);
        let justified = one(verdict == Some(GlassVerdict::Justified));
        self.justified = self.justified.saturating_add(justified);
        self.misuse = self.misuse.saturating_add(one(verdict == Some(GlassVerdict::Misuse)));
        self.late = self.late.saturating_add(one(used.is_late(now)));
        self.open = self.open.saturating_add(one(verdict.is_none()));
        self.suspended |= used.suspends(now);
    }

    fn to_wire(self, staff: &str) -> v1::GlassCount {
        v1::GlassCount {
            staff_id: staff.to_owned(),
            uses: self.uses,
            justified: self.justified,
            misuse: self.misuse,
            late: self.late,
            open: self.open,
            suspended: self.suspended,
        }
    }
}

/// Own uses from one moment up to another, in numbers, for the college.
///
/// # Errors
/// Those of the store; a row that is none is told of by `status`.
pub(crate) async fn counted(
    agency: &Agency,
    from: Timestamp,
    until: Timestamp,
) -> Result<[(&'static str, u64); 6], Reason> {
    let now = agency.clock.now();
    let (mut all, mut targets) = (Count::default(), 0_u64);
    for prefix in [OPEN, DONE] {
        let count = |used: Use, _| {
            if (from..until).contains(&used.asked_at) {
                all.add(&used, now);
                let asked = u64::try_from(used.targets.len()).unwrap_or(u64::MAX);
                targets = targets.saturating_add(asked);
            }
        };
        rows::each(agency.store.as_ref(), prefix, count).await?;
    }
    Ok([
        ("glass.uses", all.uses.into()),
        ("glass.targets", targets),
        ("glass.justified", all.justified.into()),
        ("glass.misuse", all.misuse.into()),
        ("glass.late", all.late.into()),
        ("glass.open", all.open.into()),
    ])
}

/// As an officer reads it: the whole agency first, then who is suspended, then who misused it
/// most.
///
/// # Errors
/// Those of the store; a row that is none is told of by `status`.
pub(crate) async fn counts(agency: &Agency) -> Result<Vec<v1::GlassCount>, Reason> {
    let now = agency.clock.now();
    let (mut all, mut people) = (Count::default(), BTreeMap::<StaffId, Count>::new());
    for prefix in [OPEN, DONE] {
        let count = |used: Use, _| {
            all.add(&used, now);
            people.entry(used.staff.clone()).or_default().add(&used, now);
        };
        rows::each(agency.store.as_ref(), prefix, count).await?;
    }
    let mut people: Vec<(StaffId, Count)> = people.into_iter().collect();
    people.sort_by_key(|(_, count)| (!count.suspended, u32::MAX - count.misuse));
    let people = people.iter().map(|(staff, count)| count.to_wire(staff.as_str()));
    let whole = std::iter::once(all.to_wire("")).filter(|_| all.uses > 0);
    Ok(whole.chain(people).take(GLASS_COUNTS_MAX).collect())
}
