//! Which rules are in force when.

use std::sync::Arc;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::limits::{CLOCK_SKEW_MS_MAX, OFFICERS_MIN};
use grondslag_core::officers::Officers;
use grondslag_core::reason::Reason;

use super::{Entry, Manifest, Publication};
use crate::compare::{Comparison, NotComparable};
use crate::fault::{PackError, Problem};
use crate::limits::{EMERGENCY_AGE_MS_MAX, PUBLICATIONS_MAX};
use crate::pack::Pack;

/// Why rules are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// The stable reason.
    pub reason: Reason,
    /// With `POLICY_INVALID`, everything that is wrong by file and row.
    pub problems: Vec<Problem>,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reason, problems: Vec::new() }
    }
}

impl From<PackError> for Refused {
    fn from(error: PackError) -> Self {
        Self { reason: Reason::PolicyInvalid, problems: error.problems }
    }
}

impl From<NotComparable> for Refused {
    fn from(error: NotComparable) -> Self {
        error.reason().into()
    }
}

/// Rules that were taken.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Their number.
    pub number: u64,
    /// Digest of their manifest.
    pub digest: Digest,
    /// How they come into force.
    pub entry: Entry,
    /// Since when they are in force.
    pub valid_from: Timestamp,
    /// The rules.
    pub pack: Arc<Pack>,
    previous: Digest,
    officers: Officers,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// They were new.
    New,
    /// They had been taken before.
    Known,
}

/// Every publication that a party accepted, in order, after the rules that it began with.
#[derive(Debug, Clone)]
pub struct Timeline {
    region: Digest,
    first: Arc<Pack>,
    pinned: Officers,
    accepted: Vec<Accepted>,
}

impl Timeline {
    /// That of a region in which nothing was published: the rules that it begins with, and the
    /// officers who may sign the first publication.
    pub fn new(region: Digest, first: Arc<Pack>, pinned: Officers) -> Self {
        Self { region, first, pinned, accepted: Vec::new() }
    }

    /// The rules in force at a moment: those of the highest number that are valid by then.
    pub fn at(&self, moment: Timestamp) -> &Arc<Pack> {
        let accepted = self.accepted.iter().rev().find(|one| one.valid_from <= moment);
        accepted.map_or(&self.first, |one| &one.pack)
    }

    /// The rules of emergencies since a question was asked: it is decided by these as well, and
    /// the strictest counts.
    pub fn narrowed_since(
        &self,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> impl Iterator<Item = &Arc<Pack>> {
        let since = move |one: &&Accepted| {
            one.entry == Entry::Emergency && one.valid_from > asked_at && one.valid_from <= now
        };
        self.accepted.iter().filter(since).map(|one| &one.pack)
    }

    /// Everything that was taken.
    pub fn accepted(&self) -> &[Accepted] {
        &self.accepted
    }

    /// Who may sign the next rules.
    pub fn officers(&self) -> &Officers {
        self.accepted.last().map_or(&self.pinned, |last| &last.officers)
    }

    /// What the next manifest must say of the one before: its number, and the digest of this.
    pub fn next(&self) -> (u64, Digest) {
        let last = self.accepted.last();
        last.map_or((1, self.first.bundle()), |last| (last.number.saturating_add(1), last.digest))
    }

    /// Takes rules. `arrives` is given where a publication is brought for the first time, and no
    /// longer where it is only read back or passed on: whoever was away for a month takes what was
    /// published meanwhile.
    ///
    /// # Errors
    /// [`Refused`]; the timeline is then as it was.
    pub fn take(
        &mut self,
        publication: &Publication,
        arrives: Option<Timestamp>,
    ) -> Result<Taken, Refused> {
        publication.check_size()?;
        let manifest = &publication.manifest;
        if manifest.region != self.region {
            return Err(Reason::RegionMismatch.into());
        }
        let digest = manifest.digest();
        if self.accepted.iter().any(|one| one.digest == digest) {
            return Ok(Taken::Known);
        }
        self.check_place(manifest)?;
        self.check_signatures(publication, arrives)?;
        self.check_moment(manifest, arrives)?;
        let pack = publication.pack()?;
        if manifest.entry == Entry::Emergency {
            self.check_narrows(manifest, &pack)?;
        }
        self.accepted.push(Accepted {
            number: manifest.number,
            digest,
            entry: manifest.entry,
            valid_from: manifest.valid_from,
            pack: Arc::new(pack),
            previous: manifest.previous,
            officers: manifest.officers.clone(),
        });
        Ok(Taken::New)
    }

    /// It follows the last one, and no other that was published meanwhile.
    fn check_place(&self, manifest: &Manifest) -> Result<(), Reason> {
        let (number, previous) = self.next();
        if self.accepted.len() >= PUBLICATIONS_MAX {
            return Err(Reason::TooLarge);
        }
        if manifest.number > number {
            return Err(Reason::PolicyGap);
        }
        if manifest.number == number {
            let follows = manifest.previous == previous;
            return if follows { Ok(()) } else { Err(Reason::PolicyRebase) };
        }
        let other = self.accepted.iter().find(|one| one.number == manifest.number);
        match other {
            Some(other) if other.previous == manifest.previous => Err(Reason::PolicyRebase),
            _ => Err(Reason::PolicyOlder),
        }
    }

    /// Two officers for what is planned and one for an emergency, whose keys counted when the
    /// manifest was made and still do when it arrives.
    fn check_signatures(
        &self,
        publication: &Publication,
        arrives: Option<Timestamp>,
    ) -> Result<(), Reason> {
        let Publication { manifest, signatures, .. } = publication;
        let needed = match manifest.entry {
            Entry::Planned => OFFICERS_MIN,
            Entry::Emergency => 1,
        };
        let document = manifest.canonical();
        for at in [Some(manifest.made_at), arrives].into_iter().flatten() {
            self.officers().verify(&document, signatures, at, needed)?;
        }
        manifest.officers.check(manifest.valid_from)
    }

    /// What is planned begins later than all before, and not in the past; an emergency at once.
    fn check_moment(&self, manifest: &Manifest, arrives: Option<Timestamp>) -> Result<(), Reason> {
        let Manifest { made_at, valid_from, .. } = *manifest;
        let holds = match manifest.entry {
            Entry::Planned => {
                let last = self.accepted.iter().map(|one| one.valid_from).max();
                made_at <= valid_from
                    && last.is_none_or(|last| last < valid_from)
                    && arrives.is_none_or(|now| now <= valid_from)
            }
            Entry::Emergency => {
                let earliest = |now: Timestamp| now.plus_ms(-EMERGENCY_AGE_MS_MAX);
                made_at == valid_from && arrives.is_none_or(|now| earliest(now) <= made_at)
            }
        };
        let to_come = arrives.is_some_and(|now| made_at > now.plus_ms(CLOCK_SKEW_MS_MAX));
        if holds && !to_come { Ok(()) } else { Err(Reason::PolicyMoment) }
    }

    /// Nowhere less strict than the rules in force then, nor than any that are to come; and nothing
    /// else is changed: no term of retention, no catalogue, no officer.
    fn check_narrows(&self, manifest: &Manifest, pack: &Pack) -> Result<(), Refused> {
        let then = manifest.valid_from;
        let to_come = self.accepted.iter().filter(|one| one.valid_from > then);
        if manifest.officers != *self.officers() {
            return Err(Reason::PolicyWidens.into());
        }
        for before in std::iter::once(self.at(then)).chain(to_come.map(|one| &one.pack)) {
            if !before.has_same_frame(pack) {
                return Err(Reason::PolicyWidens.into());
            }
            for moment in moments(then, [before, pack]) {
                if !Comparison::of(before, pack, moment)?.only_narrows() {
                    return Err(Reason::PolicyWidens.into());
                }
            }
        }
        Ok(())
    }
}

/// From a moment on, every moment at which other rows of these packs are in force.
fn moments(from: Timestamp, packs: [&Pack; 2]) -> std::collections::BTreeSet<Timestamp> {
    let rows = packs.into_iter().flat_map(Pack::rows);
    let bounds = rows.flat_map(|row| row.window.bounds());
    std::iter::once(from).chain(bounds.filter(|at| *at > from)).collect()
}
