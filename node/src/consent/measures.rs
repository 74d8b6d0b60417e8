//! Measures of the court as the register tells them: what was certified beside what was entered.
//!
//! A statement of the competent body replaces what people of this agency had entered before it was
//! made, and what was certified before, where that began before the statement's end. What they
//! enter after it stands beside it: where the two say otherwise of one moment nobody is silently
//! right, and a person decides.
//!
//! INVARIANT: acts on one time of a measure of which any is certified are forgotten together, once
//! the last has ended: else one that is left would count again, or alone, years later.

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

    fn begins_before_the_end_of(self, other: &Measure) -> bool {
        other.until.is_none_or(|end| self.measure.from < end)
    }

    /// The competent body spoke after this was entered or certified, and of a time that ends after
    /// this began.
    fn gives_way_to(self, certified: &Certified) -> bool {
        let spoke_later = match self.statement {
            None => self.written.recorded_at <= certified.made_at,
            Some(before) => before.made_at < certified.made_at,
        };
        spoke_later && self.begins_before_the_end_of(&certified.measure)
    }

    /// From when on it counts in another's place, if it does: known, and begun.
    fn replaces(self, one: Self) -> Option<Timestamp> {
        // The order in which they count.
        let place = |one: Self| (one.measure.from, one.written.recorded_at, one.written.id);
        let replaces = match (one.statement, self.statement) {
            (_, Some(certified)) => one.gives_way_to(certified),
            (Some(_), None) => false,
            (None, None) => place(one) < place(self),
        };
        replaces.then_some(self.measure.from.max(self.written.recorded_at))
    }

    /// They speak of the same time.
    fn meets(self, other: Self) -> bool {
        self.begins_before_the_end_of(other.measure) && other.begins_before_the_end_of(self.measure)
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
    let statements = || of(true).filter_map(|one| one.statement);
    let stands = |one: &One<'_>| !statements().any(|by| one.gives_way_to(by));
    // The last that began; of two that began together the one that was written down last.
    let last = |one: &One<'_>| (one.measure.from, one.written.recorded_at, one.written.id);
    let certified = of(true).filter(stands).max_by_key(last);
    let entered = of(false).filter(stands).max_by_key(last);
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

/// Whether an act on a measure counts no longer beside a statement of the same measure: it was
/// entered or certified before that was made, and began before its end.
pub(super) fn gives_way(written: &Written, certified: &Certified) -> bool {
    One::of(written).is_some_and(|one| {
        one.measure.value == certified.measure.value && one.gives_way_to(certified)
    })
}

/// The acts that are forgotten together: of each group their places, and when the last of them has
/// ended; nothing while one has no end.
pub(super) fn tied(acts: &[&Written]) -> Vec<(Vec<usize>, Option<Timestamp>)> {
    let ones = acts.iter().enumerate().filter_map(|(at, one)| Some((at, One::of(one)?)));
    let groups = groups(ones.collect()).into_iter();
    let tied = groups
        .filter(|group| group.len() > 1 && group.iter().any(|(_, one)| one.statement.is_some()));
    tied.map(|group| (group.iter().map(|(place, _)| *place).collect(), last_end(&group))).collect()
}

/// Those of one measure that speak of the same time, or do so with others between them.
fn groups(mut ones: Vec<(usize, One<'_>)>) -> Vec<Vec<(usize, One<'_>)>> {
    let mut groups = Vec::new();
    while let Some(first) = ones.pop() {
        let (mut group, mut seen) = (vec![first], 0);
        while let Some((_, one)) = group.get(seen).copied() {
            let (met, left): (Vec<_>, Vec<_>) = ones.into_iter().partition(|(_, other)| {
                other.measure.value == one.measure.value && other.meets(one)
            });
            group.extend(met);
            ones = left;
            seen += 1;
        }
        groups.push(group);
    }
    groups
}

/// When the last of these has ended, by itself or by another; nothing while one has not.
fn last_end(group: &[(usize, One<'_>)]) -> Option<Timestamp> {
    let end = |(_, one): &(usize, One<'_>)| {
        let by = group.iter().filter_map(|(_, other)| other.replaces(*one));
        let end = by.chain(one.measure.until).min()?;
        Some(end.max(one.written.recorded_at))
    };
    group.iter().map(end).collect::<Option<Vec<_>>>()?.into_iter().max()
}
