//! Which points of the table can occur at all.

use crate::catalogue::{KindEntry, PurposeEntry};
use crate::limits::BOX_STEPS_MAX;
use crate::pack::Pack;
use crate::region::{Region, merged, rest, uncovered};
use crate::table::{Effect, Row, Window};

/// A pack seen as boxes.
pub(crate) struct Space<'a> {
    pub(crate) pack: &'a Pack,
    /// Per kind: its bit, and the mask of its roles.
    kinds: Vec<(u64, u64)>,
}

impl<'a> Space<'a> {
    pub(crate) fn new(pack: &'a Pack) -> Self {
        let catalogue = pack.catalogue();
        let bit = |column: &str, value: &str| {
            pack.value(column, value).map_or(0, crate::facts::Value::bit)
        };
        let roles_of = |kind: &str| {
            let roles = catalogue.roles().iter();
            let roles = roles.filter(|role| role.id.kind().as_str() == kind);
            roles.fold(0, |mask, role| mask | bit("requester_role", role.id.as_str()))
        };
        let kinds = catalogue.kinds().iter();
        let kinds = kinds.map(|kind| {
            let id = kind.id.as_str();
            (bit("requester_kind", id), roles_of(id))
        });
        Self { pack, kinds: kinds.collect() }
    }

    /// The kinds of party of which something holds, as a set.
    pub(crate) fn kinds_where(&self, holds: impl Fn(&KindEntry) -> bool) -> u64 {
        let kinds = self.pack.catalogue().kinds().iter().enumerate();
        kinds.filter(|(_, kind)| holds(kind)).fold(0, |mask, (at, _)| mask | 1 << at)
    }

    /// The purposes of which something holds, as a set.
    pub(crate) fn purposes_where(&self, holds: impl Fn(&PurposeEntry) -> bool) -> u64 {
        let purposes = self.pack.catalogue().purposes().iter().enumerate();
        purposes.filter(|(_, purpose)| holds(purpose)).fold(0, |mask, (at, _)| mask | 1 << at)
    }

    /// The parts of a region that can occur: a role belongs to one kind of party.
    pub(crate) fn possible(&self, region: &Region) -> Vec<Region> {
        let known = self.pack.catalogue().known();
        let (kind_at, role_at) = (known.requester_kind, known.requester_role);
        let parts = self.kinds.iter().map(|(kind, roles)| {
            let kinds = region.of(kind_at) & kind;
            region.with(kind_at, kinds).with(role_at, region.of(role_at) & roles)
        });
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// Every point of the region that can occur lies in one of the covers.
    pub(crate) fn covered(&self, region: &Region, covers: &[Region]) -> bool {
        let parts = self.possible(region);
        parts.into_iter().all(|part| uncovered(part, covers, BOX_STEPS_MAX).is_none())
    }

    /// The parts of a region that can occur and that none of the covers holds; the region itself
    /// where they are too many to list.
    pub(crate) fn rest(&self, region: &Region, covers: &[Region]) -> Vec<Region> {
        let parts = self.possible(region).into_iter();
        let left = parts.map(|part| rest(part, covers, BOX_STEPS_MAX)).collect::<Option<Vec<_>>>();
        left.map_or_else(|| vec![*region], |left| merged(left.concat()))
    }

    /// The regions of the rows in force of one effect that hold at every moment that `during`
    /// does.
    pub(crate) fn regions(&self, effect: Effect, during: Window) -> Vec<Region> {
        let rows = self.in_force().filter(|row| row.effect == effect);
        rows.filter(|row| row.window.holds_during(during)).map(|row| row.region).collect()
    }

    pub(crate) fn in_force(&self) -> impl Iterator<Item = &'a Row> {
        let rows = self.pack.rows().iter();
        rows.filter(|row| row.status == crate::catalogue::Status::InForce)
    }

    /// The rows in force that open something.
    pub(crate) fn opening(&self) -> impl Iterator<Item = &'a Row> {
        self.in_force().filter(|row| row.effect.opens())
    }
}
