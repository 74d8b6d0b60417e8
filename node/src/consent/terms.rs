//! How long the acts about a child are kept.
//!
//! INVARIANT: what takes something back, or comes in its place, is kept at least as long as what
//! it ends. A situation that began before another that stands already says when it ended (`check`);
//! a statement, which need not, is forgotten together with what it replaces (`measures`); and a yes
//! has expired by itself by the time that its withdrawal is forgotten.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_evidence::records::Until;
use grondslag_policy::Pack;
use grondslag_policy::retention::Kept;

use super::act::{Act, Written};
use super::measures::tied;
use crate::processing::DataSubject;

/// An act, and until when it is kept.
pub(super) struct Termed {
    pub(super) written: Written,
    pub(super) until: Until,
    pub(super) origin: Origin,
}

/// Where an act was read.
pub(super) enum Origin {
    /// In the record of this commitment, which said to keep it until then.
    Record(Digest, Until),
    /// On the child's page alone: its record cannot be read.
    Page,
    /// Nowhere: it is to be written down, about this person.
    New(DataSubject),
}

impl Termed {
    /// The record whose term is another by now than it says.
    pub(super) fn moved(&self) -> Option<(Digest, Until)> {
        match self.origin {
            Origin::Record(commitment, until) if until != self.until => {
                Some((commitment, self.until))
            }
            Origin::Record(..) | Origin::Page | Origin::New(_) => None,
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
    acts: &mut Vec<Termed>,
    (subject, written): (DataSubject, Written),
    of_age: Option<Timestamp>,
) {
    let term = |end: Option<_>| end.map_or(Until::Told, |end| kept_from(pack, end));
    for one in acts.iter_mut() {
        if let Some(end) = ended_by(&one.written, &written.act) {
            one.until = one.until.sooner(kept_from(pack, end.max(one.written.recorded_at)));
        }
    }
    let until = term(own_end(&written, of_age));
    acts.push(Termed { written, until, origin: Origin::New(subject) });
    let all: Vec<&Written> = acts.iter().map(|one| &one.written).collect();
    for (places, end) in tied(&all) {
        for place in places {
            if let Some(one) = acts.get_mut(place) {
                one.until = term(end);
            }
        }
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
fn ended_by(earlier: &Written, act: &Act) -> Option<Timestamp> {
    match (&earlier.act, act) {
        (Act::Statement(said), act) => {
            let at = act.takes_back(&earlier.id, said)?;
            said.yes_until.is_none_or(|until| at < until).then_some(at)
        }
        (earlier, act) => {
            let ((one, from, until), (other, next, _)) = (earlier.situation()?, act.situation()?);
            let is_ended = one == other && from <= next && until.is_none_or(|until| next < until);
            is_ended.then_some(next)
        }
    }
}
