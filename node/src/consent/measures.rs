//! Measures of the court as the register tells them: what was certified beside what was entered.
//!
//! A statement of the competent body replaces what people of this agency had entered before it was
//! made. What they enter after it stands beside it: where the two say otherwise of one moment
//! nobody is silently right, and a person decides.
//!
//! INVARIANT: acts on one measure of which some are certified and some entered are forgotten
//! together, once the last has ended: else one that is left would count alone, years later.

use std::collections::BTreeSet;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::ConsentId;

use super::act::{Act, Certified, Measure, Written};
use super::on_file::OnFile;

/// A measure as it counts at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InForce<'a> {
    /// Value of the column `measure`.
    pub(crate) value: &'a str,
    /// The competent body certified it.
    pub(crate) certified: bool,
    /// What was certified and what was entered contradict each other now.
    pub(crate) disputed: bool,
}

/// A measure that is written down.
#[derive(Clone, Copy)]
struct One<'a> {
    written: &'a Written,
    measure: &'a Measure,
    /// By what statement; none, of one that was entered by what somebody saw.
    statement: Option<&'a Certified>,
}

impl<'a> One<'a> {
    fn of(written: &'a Written) -> Option<Self> {
        let (measure, statement) = written.act.measure()?;
        Some(Self { written, measure, statement })
    }

    fn holds(self, at: Timestamp) -> bool {
        self.measure.from <= at && self.measure.until.is_none_or(|until| at < until)
    }

    fn begins_before_the_end_of(self, other: Self) -> bool {
        other.measure.until.is_none_or(|end| self.measure.from < end)
    }

    /// The competent body spoke after this was entered, of this time or a later one.
    fn gives_way_to(self, certified: Self) -> bool {
        certified.statement.is_some_and(|spoke| self.written.recorded_at <= spoke.made_at)
            && self.begins_before_the_end_of(certified)
    }

    /// From when on it comes in another's place.
    fn replaces(self, one: Self) -> Option<Timestamp> {
        let place = |one: Self| (one.written.recorded_at, one.written.id);
        let replaces = match (one.statement, self.statement) {
            (None, Some(_)) => one.gives_way_to(self),
            (Some(_), None) => false,
            _ => place(one) < place(self) && one.measure.from <= self.measure.from,
        };
        replaces.then_some(self.measure.from)
    }

    /// They speak of the same time.
    fn meets(self, other: Self) -> bool {
        self.begins_before_the_end_of(other) && other.begins_before_the_end_of(self)
    }
}

impl OnFile {
    /// The measures that hold at a moment, or are in dispute.
    pub(crate) fn measures(&self, at: Timestamp) -> Vec<InForce<'_>> {
        let known = self.all().iter().filter(|one| one.recorded_at <= at).filter_map(One::of);
        let begun: Vec<One<'_>> = known.filter(|one| one.measure.from <= at).collect();
        let sorts: BTreeSet<&str> = begun.iter().map(|one| one.measure.value.as_str()).collect();
        sorts.into_iter().filter_map(|sort| in_force(sort, &begun, at)).collect()
    }

    /// The measures of which the register says that they ended.
    pub(crate) fn ended_measures(&self, at: Timestamp) -> BTreeSet<&str> {
        let known = self.all().iter().filter(|one| one.recorded_at <= at).filter_map(One::of);
        let begun = known.filter(|one| one.measure.from <= at);
        let mut ended: BTreeSet<&str> = begun.map(|one| one.measure.value.as_str()).collect();
        for one in self.measures(at) {
            ended.remove(one.value);
        }
        ended
    }

    /// The number under which the statement of a certified measure stands here already.
    pub(super) fn number_of(&self, act: &Act) -> Option<ConsentId> {
        let Act::Certified(certified) = act else { return None };
        let mut measures = self.all().iter().filter_map(One::of);
        let same = measures.find(|one| one.statement == Some(certified));
        same.map(|one| one.written.id)
    }

    /// A statement about the same measure that was made later, or at the same moment, stands here.
    pub(super) fn has_newer(&self, certified: &Certified) -> bool {
        self.all().iter().filter_map(One::of).any(|one| {
            let newer = one.statement.is_some_and(|made| certified.made_at <= made.made_at);
            newer && one.measure.value == certified.measure.value
        })
    }
}

fn in_force<'a>(sort: &'a str, begun: &[One<'a>], at: Timestamp) -> Option<InForce<'a>> {
    let of = |is_certified: bool| {
        let of = begun.iter().filter(move |one| one.measure.value == sort);
        of.copied().filter(move |one| one.statement.is_some() == is_certified)
    };
    // The last that began; of two that began together the one that was written down last.
    let last = |one: &One<'_>| (one.measure.from, one.written.recorded_at, one.written.id);
    let certified = of(true).max_by_key(last);
    let entered = of(false).filter(|one| certified.is_none_or(|by| !one.gives_way_to(by)));
    let entered = entered.max_by_key(last);
    let holds = |one: Option<One<'_>>| one.is_some_and(|one| one.holds(at));
    let disputed = match (certified, entered) {
        (Some(certified), Some(entered)) => {
            certified.meets(entered) && certified.holds(at) != entered.holds(at)
        }
        _ => false,
    };
    let in_force = InForce { value: sort, certified: holds(certified), disputed };
    (holds(certified) || holds(entered)).then_some(in_force)
}

/// The acts on the same measure, of which some are certified and some entered; nothing when they
/// are all of one sort.
pub(super) fn beside<'a>(
    before: impl Iterator<Item = &'a Written>,
    written: &'a Written,
) -> Option<Vec<&'a Written>> {
    let value = &One::of(written)?.measure.value;
    let ones = before.chain([written]).filter_map(One::of);
    let ones: Vec<One<'_>> = ones.filter(|one| one.measure.value == *value).collect();
    let certified = ones.iter().filter(|one| one.statement.is_some()).count();
    let is_mixed = certified > 0 && certified < ones.len();
    is_mixed.then(|| ones.into_iter().map(|one| one.written).collect())
}

/// When the last of these has ended, by itself or by another; nothing while one has not.
pub(super) fn last_end(acts: &[&Written]) -> Option<Timestamp> {
    let ones: Vec<One<'_>> = acts.iter().filter_map(|one| One::of(one)).collect();
    let end = |one: &One<'_>| {
        let by = ones.iter().filter_map(|other| other.replaces(*one));
        let end = by.chain(one.measure.until).min()?;
        Some(end.max(one.written.recorded_at))
    };
    ones.iter().map(end).collect::<Option<Vec<_>>>()?.into_iter().max()
}
