//! How long the acts about a child are kept.
//!
//! INVARIANT: what takes something back, or comes in its place, is kept at least as long as what
//! it ends: a situation that began before another that stands already says when it ended (`check`),
//! and a yes has expired by itself by the time that its withdrawal is forgotten.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_evidence::records::Until;
use grondslag_policy::Pack;
use grondslag_policy::retention::Kept;

use super::act::{Act, Written};
use super::measures::{gives_way, tied};
use super::store::Body;
use crate::processing::DataSubject;

/// An act, and until when it is kept.
pub(super) struct Recorded {
    pub(super) found: Found,
    pub(super) until: Until,
    pub(super) written: Written,
}

/// How an act was found.
pub(super) enum Found {
    /// In the record of this commitment, which is kept until then.
    InRecord(Digest, Until),
    /// On the child's page alone: there is a record that cannot be read, and it may be this one's.
    OnPage,
    /// It is to be written down, about this person.
    New(DataSubject),
}

impl Recorded {
    /// The record whose term is another than it was found with.
    pub(super) fn moved(&self) -> Option<(Digest, Until)> {
        match self.found {
            Found::InRecord(commitment, until) if until != self.until => {
                Some((commitment, self.until))
            }
            Found::InRecord(..) | Found::OnPage | Found::New(_) => None,
        }
    }
}

/// Adds an act to those about a child, of whom it is known when they come of age, and moves the
/// terms that it moves.
///
/// Of others no term gets longer, but of what is tied: what is kept for less already would come
/// back over what took its place.
pub(super) fn add(
    pack: &Pack,
    acts: &mut Vec<Recorded>,
    Body { subject, written }: Body,
    of_age: Option<Timestamp>,
) {
    let term = |end: Option<_>| end.map_or(Until::Told, |end| kept_from(pack, end));
    let until = term(own_end(&written, of_age));
    for one in acts.iter_mut() {
        if let Some(end) = ended_by(&one.written, &written) {
            let ended = kept_from(pack, end.max(one.written.recorded_at));
            one.until = sooner(one.until, ended);
        }
    }
    acts.push(Recorded { found: Found::New(subject), until, written });
    let all: Vec<&Written> = acts.iter().map(|one| &one.written).collect();
    let tied = tied(&all, term);
    for (one, until) in acts.iter_mut().zip(tied) {
        one.until = until.unwrap_or(one.until);
    }
}

/// The end of the term of what ended at a moment.
pub(super) fn kept_from(pack: &Pack, end: Timestamp) -> Until {
    Until::At(pack.retention().end(Kept::Consent, end))
}

/// When an act ends by itself. Custody of which nobody says the end ends when the child comes of
/// age (BW 1:245).
fn own_end(written: &Written, of_age: Option<Timestamp>) -> Option<Timestamp> {
    let end = match &written.act {
        Act::Custody(custody) => custody.until.or(of_age.map(|day| day.max(custody.from))),
        act => act.end(),
    };
    end.map(|end| end.max(written.recorded_at))
}

/// When an act ends an earlier one, if it does so before its own end.
fn ended_by(earlier: &Written, later: &Written) -> Option<Timestamp> {
    if let Act::Statement(said) = &earlier.act {
        let at = later.act.takes_back(&earlier.id, said)?;
        return said.yes_until.is_none_or(|until| at < until).then_some(at);
    }
    let ((one, from, until), (other, next, _)) = (earlier.act.situation()?, later.act.situation()?);
    if let (Act::Certified(_), Act::Certified(newer)) = (&earlier.act, &later.act) {
        return gives_way(earlier, newer).then_some(later.recorded_at);
    }
    let is_ended = one == other && from <= next && until.is_none_or(|until| next < until);
    is_ended.then_some(next)
}

fn sooner(one: Until, other: Until) -> Until {
    match (one, other) {
        (Until::At(one), Until::At(other)) => Until::At(one.min(other)),
        (Until::Told, until) | (until, Until::Told) => until,
    }
}
