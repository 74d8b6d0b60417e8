//! Two packs seen over one set of columns, so that their rows can be held against each other.
//!
//! The catalogues may differ: a value that only one of them knows matches no row of the other, and
//! a column that only one of them has decides nothing in the other.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::{Ground, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Text;
use grondslag_core::tier::Tier;

use super::shown::{RegionShown, column_shown};
use super::walk::Parting;
use super::{Change, NotComparable};
use crate::catalogue::{Column, Status, Visibility};
use crate::limits::{COLUMNS_MAX, VALUES_MAX};
use crate::pack::Pack;
use crate::region::{Region, merged};
use crate::table::{Effect, Row, Term};

/// Which of the two packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that is compared with.
    Before,
    /// The one that is compared.
    After,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Before, Self::After];

    pub(crate) fn at(self) -> usize {
        match self {
            Self::Before => 0,
            Self::After => 1,
        }
    }
}

/// A column with every value that one of the packs knows.
#[derive(Debug, Clone)]
pub(crate) struct JointColumn {
    pub(crate) id: String,
    pub(crate) label: Text,
    pub(crate) values: Vec<(String, Text)>,
}

impl JointColumn {
    pub(crate) fn full(&self) -> u64 {
        u64::MAX >> (VALUES_MAX - self.values.len().clamp(1, VALUES_MAX))
    }

    fn bit(&self, value: &str) -> u64 {
        let at = self.values.iter().position(|(id, _)| id == value);
        at.map_or(0, |at| 1 << at)
    }
}

/// What a row says, apart from its name and its words: rows with the same content decide alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) region: Region,
    pub(crate) effect: Effect,
    /// Up to where; `T0` for what opens nothing.
    pub(crate) tier: Tier,
    pub(crate) notify: bool,
    pub(crate) duty: bool,
    pub(crate) deadline: Option<Term>,
    pub(crate) obligations: Vec<String>,
    pub(crate) legal: Vec<Ground>,
}

/// A row of one pack, or of both.
#[derive(Debug)]
pub(crate) struct JointRow {
    pub(crate) content: Content,
    /// Its name in each pack that has it.
    pub(crate) ids: [Option<RowId>; 2],
}

impl JointRow {
    pub(crate) fn is_in(&self, side: Side) -> bool {
        self.ids.get(side.at()).is_some_and(Option::is_some)
    }

    /// Both packs say so.
    pub(crate) fn is_common(&self) -> bool {
        Side::BOTH.into_iter().all(|side| self.is_in(side))
    }

    /// It is one of the rows of a pack that make a change.
    fn is_behind(&self, change: &Change, side: Side) -> bool {
        let rows = match side {
            Side::Before => &change.before,
            Side::After => &change.after,
        };
        self.id(side).is_some_and(|id| rows.contains(id))
    }

    pub(crate) fn id(&self, side: Side) -> Option<&RowId> {
        self.ids.get(side.at()).and_then(Option::as_ref)
    }
}

/// The columns and rows of both packs.
#[derive(Debug)]
pub(crate) struct Joint {
    pub(crate) columns: Vec<JointColumn>,
    pub(crate) rows: Vec<JointRow>,
    /// Where the requester's kind and role stand, and per kind its bit and the roles it has.
    pub(crate) kinds: Kinds,
}

/// Which roles belong to which kind of party: other pairs cannot occur.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    kind_at: usize,
    role_at: usize,
    roles_of: Vec<(u64, u64)>,
}

impl Kinds {
    /// The kinds of a region are exactly those of its roles, so that they say nothing more.
    pub(crate) fn follow(&self, column: usize, region: &Region, whole: &Region) -> bool {
        let roles = region.of(self.role_at);
        let of_roles = self.roles_of.iter().filter(|(_, of)| roles & of != 0);
        let kinds = of_roles.fold(0, |kinds, (kind, _)| kinds | kind);
        column == self.kind_at && roles != whole.of(self.role_at) && region.of(column) == kinds
    }

    /// Leaves out the kinds without a role in the region, and the roles without their kind.
    pub(crate) fn possible(&self, region: &Region) -> Region {
        let (kinds, roles) = (region.of(self.kind_at), region.of(self.role_at));
        let occur = self.roles_of.iter().filter(|(kind, of)| kinds & kind != 0 && roles & of != 0);
        let (kinds, roles) =
            occur.fold((0, 0), |(kinds, roles), (kind, of)| (kinds | kind, roles | of));
        let roles = region.of(self.role_at) & roles;
        region.with(self.kind_at, kinds).with(self.role_at, roles)
    }
}

impl Joint {
    /// Puts both packs over one set of columns, with their rows in force at a moment.
    pub(crate) fn new(packs: [&Pack; 2], on: Timestamp) -> Result<Self, NotComparable> {
        let columns = columns(packs)?;
        let mut rows: Vec<JointRow> = Vec::new();
        for side in Side::BOTH {
            let Some(pack) = packs.get(side.at()) else { continue };
            let from = Mapping::new(pack, &columns);
            let in_force = pack
                .rows()
                .iter()
                .filter(|row| row.status == Status::InForce && row.window.holds(on));
            for row in in_force {
                for content in from.contents(row) {
                    add(&mut rows, side, &row.id, content);
                }
            }
        }
        let kinds = kinds(packs, &columns);
        Ok(Self { columns, rows, kinds })
    }

    /// Every value of every column that can occur.
    pub(crate) fn everything(&self) -> Region {
        let whole = Region::new(self.columns.iter().map(JointColumn::full));
        self.kinds.possible(&whole)
    }

    /// A region as people read it: the columns that leave something out. The kinds of the asker are
    /// left out where its roles say them.
    pub(crate) fn shown(&self, region: &Region) -> RegionShown {
        let whole = self.everything();
        let columns = self.columns.iter().enumerate();
        let columns = columns.filter(|(at, _)| {
            region.of(*at) != whole.of(*at) && !self.kinds.follow(*at, region, &whole)
        });
        RegionShown(columns.map(|(at, column)| column_shown(column, region.of(at))).collect())
    }

    /// Where a column stands.
    pub(crate) fn place(&self, id: &str) -> usize {
        self.columns.iter().position(|column| column.id == id).unwrap_or(COLUMNS_MAX)
    }

    /// Every question that a role can ask.
    pub(crate) fn of_role(&self, role: &str) -> Region {
        let at = self.place("requester_role");
        let bit = self.columns.get(at).map_or(0, |column| column.bit(role));
        self.kinds.possible(&self.everything().with(at, bit))
    }

    /// A region as people read it who know already who asks.
    pub(crate) fn shown_besides_asker(&self, region: &Region) -> RegionShown {
        let whole = self.everything();
        let known = [self.kinds.kind_at, self.kinds.role_at];
        self.shown(&known.iter().fold(*region, |region, at| region.with(*at, whole.of(*at))))
    }

    /// A region of one of the packs, as people read it.
    pub(crate) fn shown_of(&self, pack: &Pack, region: &Region) -> RegionShown {
        self.shown(&self.kinds.possible(&Mapping::new(pack, &self.columns).joint(region)))
    }

    /// Where facts of one of the packs lie.
    #[cfg(test)]
    pub(crate) fn region_of(&self, pack: &Pack, facts: &crate::facts::Facts) -> Region {
        Mapping::new(pack, &self.columns).joint(facts.region())
    }

    /// What the rows behind a change are about, before anything is cut out: of what opens or closes
    /// those of the second pack, or without any the ones that went.
    pub(crate) fn own(&self, change: &Change) -> Vec<Region> {
        let sides: &[Side] = match change.parting {
            Parting::Changed(_) => &Side::BOTH,
            _ if change.after.is_empty() => &[Side::Before],
            _ => &[Side::After],
        };
        let is_one = |row: &&JointRow| {
            !row.is_common() && sides.iter().any(|side| row.is_behind(change, *side))
        };
        let rows = self.rows.iter().filter(is_one);
        let regions = rows.map(|row| self.kinds.possible(&row.content.region));
        merged(regions.filter(|region| !region.is_empty()).collect())
    }

    /// The other rows because of which a part of `own` is decided as it was: what still refuses,
    /// and what was open already.
    pub(crate) fn cut_out_by(&self, change: &Change, own: &[Region]) -> BTreeSet<RowId> {
        let meets = |row: &&JointRow| {
            let shared = own.iter().map(|own| self.kinds.possible(&own.meet(&row.content.region)));
            shared.into_iter().any(|shared| !shared.is_empty())
        };
        let cuts = |row: &&JointRow| {
            let (denies, opens) = (row.content.effect == Effect::Deny, row.content.effect.opens());
            match change.parting {
                Parting::NewlyPermitted => {
                    denies && row.is_in(Side::After) || opens && row.is_in(Side::Before)
                }
                Parting::NewlyRefused => {
                    denies && row.is_in(Side::Before) || opens && row.is_in(Side::After)
                }
                Parting::Changed(_) => denies,
            }
        };
        let others =
            |row: &&JointRow| !Side::BOTH.into_iter().any(|side| row.is_behind(change, side));
        let rows = self.rows.iter().filter(others);
        let rows = rows.filter(cuts).filter(meets);
        rows.flat_map(|row| row.ids.iter().flatten().cloned()).collect()
    }
}

/// A row that the other pack has too becomes one row with two names.
fn add(rows: &mut Vec<JointRow>, side: Side, id: &RowId, content: Content) {
    let known = rows.iter_mut().find(|row| row.content == content && !row.is_in(side));
    if let Some(row) = known {
        if let Some(slot) = row.ids.get_mut(side.at()) {
            *slot = Some(id.clone());
        }
        return;
    }
    let mut ids = [None, None];
    if let Some(slot) = ids.get_mut(side.at()) {
        *slot = Some(id.clone());
    }
    rows.push(JointRow { content, ids });
}

/// The columns that a question fills in, with the values of both packs. A setting is none: each
/// pack fills it in itself.
fn columns(packs: [&Pack; 2]) -> Result<Vec<JointColumn>, NotComparable> {
    let mut joint: Vec<JointColumn> = Vec::new();
    let of_both = packs.into_iter().flat_map(|pack| pack.catalogue().columns());
    for column in of_both.filter(|column| column.visibility != Visibility::Setting) {
        let at = joint.iter().position(|known| known.id == column.id).unwrap_or(joint.len());
        if at == joint.len() {
            let (id, label) = (column.id.clone(), column.label.clone());
            joint.push(JointColumn { id, label, values: Vec::new() });
        }
        let Some(known) = joint.get_mut(at) else { continue };
        for value in &column.values {
            if known.bit(&value.id) == 0 {
                known.values.push((value.id.clone(), value.label.clone()));
            }
        }
        if known.values.len() > VALUES_MAX {
            return Err(NotComparable::Values { column: column.id.clone() });
        }
    }
    if joint.len() > COLUMNS_MAX {
        return Err(NotComparable::Columns);
    }
    Ok(joint)
}

fn kinds(packs: [&Pack; 2], columns: &[JointColumn]) -> Kinds {
    let place = |id: &str| columns.iter().position(|column| column.id == id).unwrap_or(COLUMNS_MAX);
    let (kind_at, role_at) = (place("requester_kind"), place("requester_role"));
    let bit = |at: usize, value: &str| columns.get(at).map_or(0, |column| column.bit(value));
    let mut roles_of: BTreeMap<u64, u64> = BTreeMap::new();
    for role in packs.into_iter().flat_map(|pack| pack.catalogue().roles()) {
        let kind = bit(kind_at, role.id.kind().as_str());
        *roles_of.entry(kind).or_default() |= bit(role_at, role.id.as_str());
    }
    Kinds { kind_at, role_at, roles_of: roles_of.into_iter().collect() }
}

/// How one pack's regions look over the joint columns.
pub(crate) struct Mapping<'a> {
    pack: &'a Pack,
    /// Per joint column: where it stands in the pack, and per value of the pack its joint bit.
    columns: Vec<Option<(usize, Vec<u64>)>>,
    everything: Region,
}

impl<'a> Mapping<'a> {
    pub(crate) fn new(pack: &'a Pack, joint: &[JointColumn]) -> Self {
        let own = pack.catalogue().columns();
        let place = |column: &JointColumn| own.iter().position(|own| own.id == column.id);
        let bits = |column: &JointColumn, own: &Column| {
            own.values.iter().map(|value| column.bit(&value.id)).collect()
        };
        let columns = joint.iter().map(|column| {
            let at = place(column)?;
            own.get(at).map(|own| (at, bits(column, own)))
        });
        let everything = Region::new(joint.iter().map(JointColumn::full));
        Self { pack, columns: columns.collect(), everything }
    }

    /// What a row says, once per default tier where it names none; nothing where the pack's
    /// settings rule it out.
    fn contents(&self, row: &Row) -> Vec<Content> {
        if !self.pack.settings_allow(row) {
            return Vec::new();
        }
        let tiers =
            if row.effect.opens() { self.pack.tiers_of(row) } else { vec![(Tier::T0, row.region)] };
        tiers.into_iter().map(|(tier, region)| self.content(row, tier, &region)).collect()
    }

    fn content(&self, row: &Row, tier: Tier, region: &Region) -> Content {
        // A tier that tells nothing closes what it meets: the lowest tier wins.
        let effect = if row.effect.opens() && tier == Tier::T0 { Effect::Deny } else { row.effect };
        let bare = effect == Effect::Deny;
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list.dedup();
            list
        };
        let mut legal = if bare { Vec::new() } else { row.legal.clone() };
        legal.sort();
        legal.dedup();
        Content {
            region: self.joint(region),
            effect,
            tier,
            notify: row.notify && !bare,
            duty: row.duty && !bare,
            deadline: row.deadline.filter(|_| !bare),
            obligations: if bare { Vec::new() } else { sorted(row.obligations.clone()) },
            legal,
        }
    }

    pub(crate) fn joint(&self, region: &Region) -> Region {
        let sets = self.columns.iter().enumerate().map(|(joint, column)| match column {
            None => self.everything.of(joint),
            Some((at, bits)) => {
                let mask = region.of(*at);
                let held = bits.iter().enumerate().filter(|(place, _)| mask >> place & 1 == 1);
                held.fold(0, |set, (_, bit)| set | bit)
            }
        });
        Region::new(sets)
    }
}
