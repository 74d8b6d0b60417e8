//! Which rules are in force when.

use std::collections::BTreeSet;
use std::sync::Arc;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::lang::Lang;
use grondslag_core::limits::{ANSWER_TERM_MS_MAX, CLOCK_SKEW_MS_MAX};
use grondslag_core::officers::Officers;
use grondslag_core::reason::Reason;

use super::{Entry, Manifest, Publication};
use crate::compare::{Comparison, NotComparable};
use crate::fault::{PackError, Problem};
use crate::limits::{
    EMERGENCIES_MAX, EMERGENCY_AGE_MS_MAX, MOMENTS_MAX, OFFICERS_LEFT_MS_MIN, PLANNED_AHEAD_MS_MAX,
    PUBLICATIONS_MAX,
};
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

impl Refused {
    /// What is wrong and what to do, with everything that is wrong by file and row.
    pub fn told(&self, lang: Lang) -> String {
        let sentence = self.reason.sentence(lang).to_owned();
        self.problems.iter().fold(sentence, |told, problem| {
            format!("{told}\n{}: {}", problem.place(lang), problem.sentence(lang))
        })
    }
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
    /// Of an emergency: it is nowhere less strict than any rules that were in force from this
    /// moment on.
    narrows_from: Timestamp,
}

/// How rules come to whoever takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// For the first time, to the office.
    Brought,
    /// To an office that was restored and had lost them: their moment may have passed.
    BroughtBack,
    /// From the office, to whoever follows it: who was away for a month takes what was published
    /// meanwhile.
    PassedOn,
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

    /// The same before anything was published, begun with other rules.
    #[must_use]
    pub fn begun_with(&self, first: Arc<Pack>) -> Self {
        Self::new(self.region, first, self.pinned.clone())
    }

    /// The rules in force at a moment: those of the highest number that are valid by then.
    pub fn at(&self, moment: Timestamp) -> &Arc<Pack> {
        let accepted = self.accepted.iter().rev().find(|one| one.valid_from <= moment);
        accepted.map_or(&self.first, |one| &one.pack)
    }

    /// The rules that a question is decided by: those in force when it was asked, or the stricter
    /// ones of an emergency since.
    ///
    /// # Errors
    /// `POLICY_STALE` when the rules were changed twice meanwhile, so that neither is stricter
    /// everywhere: it is to be asked again.
    pub fn of_question(&self, asked_at: Timestamp, now: Timestamp) -> Result<&Arc<Pack>, Reason> {
        let since = |one: &&Accepted| {
            one.entry == Entry::Emergency && asked_at < one.valid_from && one.valid_from <= now
        };
        match self.accepted.iter().rev().find(since) {
            None => Ok(self.at(asked_at)),
            Some(last) if last.narrows_from <= asked_at => Ok(&last.pack),
            Some(_) => Err(Reason::PolicyStale),
        }
    }

    /// What comes into force after a moment, the next one first: not what an emergency overtook.
    pub fn to_come(&self, moment: Timestamp) -> impl Iterator<Item = &Accepted> {
        let later = self.accepted.iter().filter(move |one| one.valid_from > moment);
        later.filter(|one| Arc::ptr_eq(&one.pack, self.at(one.valid_from)))
    }

    /// The rules that the region began with.
    pub const fn first(&self) -> &Arc<Pack> {
        &self.first
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

    /// Takes rules that come here now.
    ///
    /// # Errors
    /// [`Refused`]; the timeline is then as it was.
    pub fn take(
        &mut self,
        publication: &Publication,
        arrival: Arrival,
        now: Timestamp,
    ) -> Result<Taken, Refused> {
        let needed = publication.manifest.entry.signatures();
        let Some(accepted) = self.weigh(publication, (arrival, now), needed)? else {
            return Ok(Taken::Known);
        };
        self.accepted.push(accepted);
        Ok(Taken::New)
    }

    /// Takes back what was taken before and kept with its leaf: it was held against everything
    /// then, by the program and the officers of then.
    ///
    /// # Errors
    /// [`Refused`] when it is not what was kept, or does not load.
    pub fn take_back(&mut self, publication: &Publication) -> Result<(), Refused> {
        let manifest = &publication.manifest;
        if (manifest.number, manifest.previous) != self.next() {
            return Err(Reason::StoreCorrupt.into());
        }
        let accepted = self.place(manifest, publication.load()?)?;
        self.accepted.push(accepted);
        Ok(())
    }

    /// Whether rules that an officer brings could be published, and how many officers must still
    /// sign them.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn lacking(&self, publication: &Publication, now: Timestamp) -> Result<usize, Refused> {
        self.weigh(publication, (Arrival::Brought, now), 1)?;
        let signers: BTreeSet<_> = publication.signatures.iter().map(|one| &one.officer).collect();
        Ok(publication.manifest.entry.signatures().saturating_sub(signers.len()))
    }

    /// Every check; nothing when they were taken before.
    fn weigh(
        &self,
        publication: &Publication,
        arrival: (Arrival, Timestamp),
        needed: usize,
    ) -> Result<Option<Accepted>, Refused> {
        publication.check_size()?;
        let manifest = &publication.manifest;
        if manifest.region != self.region {
            return Err(Reason::RegionMismatch.into());
        }
        let digest = manifest.digest();
        if self.accepted.iter().any(|one| one.digest == digest) {
            return Ok(None);
        }
        self.check_place(manifest)?;
        self.check_signatures(publication, arrival, needed)?;
        self.check_moment(manifest, arrival)?;
        let pack = publication.pack()?;
        if manifest.entry == Entry::Emergency {
            self.check_narrows(manifest, &pack)?;
        }
        self.place(manifest, pack).map(Some)
    }

    fn place(&self, manifest: &Manifest, pack: Pack) -> Result<Accepted, Refused> {
        let narrows_from = match manifest.entry {
            Entry::Planned => manifest.valid_from,
            Entry::Emergency => self.narrows_from(manifest.valid_from, &pack)?,
        };
        Ok(Accepted {
            number: manifest.number,
            digest: manifest.digest(),
            entry: manifest.entry,
            valid_from: manifest.valid_from,
            pack: Arc::new(pack),
            previous: manifest.previous,
            officers: manifest.officers.clone(),
            narrows_from,
        })
    }

    /// It follows the last one, and no other that was published meanwhile.
    fn check_place(&self, manifest: &Manifest) -> Result<(), Reason> {
        let (number, previous) = self.next();
        if self.accepted.len() >= PUBLICATIONS_MAX {
            return Err(Reason::TooLarge);
        }
        // One officer alone does not use up what two may still decide.
        let alone = |one: &&Accepted| one.entry == Entry::Emergency;
        let in_a_row = self.accepted.iter().rev().take_while(alone).count();
        if manifest.entry == Entry::Emergency && in_a_row >= EMERGENCIES_MAX {
            return Err(Reason::EmergenciesInARow);
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

    /// By as many officers as are needed, whose keys counted when the manifest was made and still
    /// do when it is brought.
    fn check_signatures(
        &self,
        publication: &Publication,
        (arrival, now): (Arrival, Timestamp),
        needed: usize,
    ) -> Result<(), Reason> {
        let Publication { manifest, signatures, .. } = publication;
        let document = manifest.canonical();
        let brought = (arrival != Arrival::PassedOn).then_some(now);
        for at in [Some(manifest.made_at), brought].into_iter().flatten() {
            self.officers().verify(&document, signatures, at, needed)?;
        }
        // Two must be able to sign the next rules for a good while.
        manifest.officers.check(manifest.valid_from.plus_ms(OFFICERS_LEFT_MS_MIN))
    }

    /// What is planned begins later than all before, and not in the past; an emergency at once.
    /// Nothing was made in time to come.
    fn check_moment(
        &self,
        manifest: &Manifest,
        (arrival, now): (Arrival, Timestamp),
    ) -> Result<(), Reason> {
        let Manifest { made_at, valid_from, .. } = *manifest;
        let is_new = arrival == Arrival::Brought;
        let holds = match manifest.entry {
            Entry::Planned => {
                let last = self.accepted.iter().map(|one| one.valid_from).max();
                made_at <= valid_from
                    && valid_from <= made_at.plus_ms(PLANNED_AHEAD_MS_MAX)
                    && last.is_none_or(|last| last < valid_from)
                    && (!is_new || now <= valid_from)
            }
            Entry::Emergency => {
                let earliest = now.plus_ms(-EMERGENCY_AGE_MS_MAX);
                made_at == valid_from && (!is_new || earliest <= made_at)
            }
        };
        let to_come = made_at > now.plus_ms(CLOCK_SKEW_MS_MAX);
        if holds && !to_come { Ok(()) } else { Err(Reason::PolicyMoment) }
    }

    /// Nowhere less strict than the rules in force then, nor than any that are to come; and nothing
    /// else is changed: no term of retention, no catalogue, no consent matrix, no officer.
    fn check_narrows(&self, manifest: &Manifest, pack: &Pack) -> Result<(), Refused> {
        let then = manifest.valid_from;
        let to_come = self.accepted.iter().filter(|one| one.valid_from > then);
        if manifest.officers != *self.officers() {
            return Err(Reason::PolicyWidens.into());
        }
        for before in std::iter::once(self.at(then)).chain(to_come.map(|one| &one.pack)) {
            if !narrows(before, pack, then)? {
                return Err(Reason::PolicyWidens.into());
            }
        }
        Ok(())
    }

    /// Since when no rules were in force than which these are less strict anywhere, as far back as
    /// a question may be open.
    fn narrows_from(&self, then: Timestamp, pack: &Pack) -> Result<Timestamp, Refused> {
        let oldest = then.plus_ms(-ANSWER_TERM_MS_MAX);
        let changes = self.accepted.iter().map(|one| one.valid_from).filter(|at| *at <= then);
        let changes: BTreeSet<Timestamp> = changes.chain([Timestamp::from_ms(i64::MIN)]).collect();
        let mut from = then;
        for began in changes.into_iter().rev() {
            if from <= oldest || !narrows(self.at(began), pack, then)? {
                break;
            }
            from = began;
        }
        Ok(from)
    }
}

/// Whether rules are nowhere less strict than others, from a moment on, and change nothing else.
pub(super) fn narrows(before: &Pack, pack: &Pack, then: Timestamp) -> Result<bool, NotComparable> {
    let moments = moments(then, [before, pack]);
    if !before.has_same_frame(pack) || moments.len() > MOMENTS_MAX {
        return Ok(false);
    }
    // What holds rows say is left out of whether anything may be named: a review that becomes a
    // permit that is held reads the same, and would name more.
    let named = (before.without_holds(), pack.without_holds());
    for moment in moments {
        let narrows = |before: &Pack, pack: &Pack| {
            let found = Comparison::of(before, pack, moment)?;
            Ok::<_, NotComparable>(found.only_narrows() && found.keeps_terms())
        };
        if !narrows(before, pack)? || !narrows(&named.0, &named.1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// From a moment on, every moment at which other rows of these packs are in force.
pub(crate) fn moments(from: Timestamp, packs: [&Pack; 2]) -> BTreeSet<Timestamp> {
    let rows = packs.into_iter().flat_map(Pack::rows);
    let bounds = rows.flat_map(|row| row.window.bounds());
    std::iter::once(from).chain(bounds.filter(|at| *at > from)).collect()
}
