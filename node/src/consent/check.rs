//! Whether an act can count: what would not is refused with the way out, and never written down.

use std::collections::BTreeSet;
use std::fmt;

use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::lang::Text;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::consent::{AgeBand, Capacity, Who};

use super::act::{
    Ability, Act, Certified, ConsentKind, Custody, How, Measure, Receiver, Speaker, Statement,
    Written,
};
use super::measures::gives_way;
use super::on_file::OnFile;
use crate::limits::{CONSENT_SAID_MS_MAX, CUSTODY_HOLDERS_MAX, SOURCE_CHARS_MAX};

/// Column of the court's measures.
const MEASURE: &str = "measure";

/// What a yes or a no that another agency wrote down is held against.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    /// The rules in force.
    pub(crate) pack: &'a Pack,
    /// The kind of every agency that may be named.
    pub(crate) kind_of: &'a (dyn Fn(&Oin) -> Option<Kind> + Sync),
}

/// What an act is held against where it is written down.
#[derive(Clone, Copy)]
pub(crate) struct Held<'a> {
    /// What it may name.
    pub(crate) names: Names<'a>,
    /// What stands there already.
    pub(crate) on_file: &'a OnFile,
    /// The child's age.
    pub(crate) age: AgeBand,
    /// The present moment.
    pub(crate) now: Timestamp,
}

/// Why an act is not written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The reason.
    pub(crate) reason: Reason,
    /// Who must say yes, where that is what was wrong.
    pub(crate) who: Option<Text>,
}

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names(…)")
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held(…)")
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reason, who: None }
    }
}

impl Names<'_> {
    /// Whether a yes or a no that was written down at a moment can count for what it names.
    ///
    /// # Errors
    /// The reason of the first thing that is wrong.
    pub(crate) fn check(&self, said: &Statement, at: Timestamp) -> Result<(), Reason> {
        self.scope(said)?;
        self.term(said, at)?;
        if said.how == How::Written && said.evidence.is_none() {
            return Err(Reason::ConsentEvidence);
        }
        match said.kind {
            ConsentKind::Ground => self.ground(said),
            ConsentKind::Secrecy if said.is_yes() => self.purpose(said),
            ConsentKind::Secrecy | ConsentKind::Help => Ok(()),
        }
    }

    /// A yes names everything; and whatever is named exists.
    fn scope(&self, said: &Statement) -> Result<(), Reason> {
        let open = said.to.is_empty() || said.categories.is_empty() || said.purpose.is_none();
        if said.holders.is_empty() || (said.yes_until.is_some() && open) {
            return Err(Reason::ConsentScope);
        }
        for category in &said.categories {
            self.pack.value("category", category.as_str()).map_err(|error| error.reason())?;
        }
        if let Some(purpose) = &said.purpose {
            self.pack.value("purpose", purpose.as_str()).map_err(|error| error.reason())?;
        }
        let receivers = said.to.iter().filter_map(|to| match to {
            Receiver::Agency(oin) => Some(oin),
            Receiver::Kind(_) => None,
        });
        let mut named = said.holders.iter().chain(receivers);
        if named.any(|oin| (self.kind_of)(oin).is_none()) {
            return Err(Reason::UnknownAgency);
        }
        let mut kinds = said.to.iter().filter_map(|to| match to {
            Receiver::Kind(kind) => Some(kind),
            Receiver::Agency(_) => None,
        });
        let unknown = kinds.any(|kind| self.pack.catalogue().kind(kind).is_none());
        if unknown { Err(Reason::ConsentScope) } else { Ok(()) }
    }

    /// It ends after it began, within the longest term.
    fn term(&self, said: &Statement, at: Timestamp) -> Result<(), Reason> {
        let last = at.plus_months(self.pack.consents().months_max());
        let in_term = said.yes_until.is_none_or(|until| said.from < until && until <= last);
        if in_term { Ok(()) } else { Err(Reason::ConsentTerm) }
    }

    /// A public body cannot rest its processing on consent.
    fn ground(&self, said: &Statement) -> Result<(), Reason> {
        let matrix = self.pack.consents();
        let may = said.to.iter().all(|to| match to {
            Receiver::Kind(kind) => matrix.is_ground_for(kind),
            Receiver::Agency(oin) => {
                (self.kind_of)(oin).is_some_and(|kind| matrix.is_ground_for(&kind))
            }
        });
        if may { Ok(()) } else { Err(Reason::ConsentNoGround) }
    }

    /// Consent decides something: of every category at one of the holders.
    fn purpose(&self, said: &Statement) -> Result<(), Reason> {
        let Some(purpose) = &said.purpose else { return Err(Reason::ConsentScope) };
        let kinds: BTreeSet<Kind> = said.holders.iter().filter_map(self.kind_of).collect();
        let rests = said.categories.iter().all(|category| {
            kinds.iter().any(|kind| self.pack.rests_on_consent(purpose, category, kind))
        });
        if rests { Ok(()) } else { Err(Reason::ConsentPurpose) }
    }
}

impl Held<'_> {
    /// Whether an act can count.
    ///
    /// # Errors
    /// [`Refused`] with the reason.
    pub(crate) fn check(&self, act: &Act) -> Result<(), Refused> {
        match act {
            Act::Statement(statement) => self.statement(statement),
            Act::Withdrawal(_) | Act::Lift(_) => Ok(self.taken_back(act)?),
            Act::Custody(custody) => Ok(self.custody(custody)?),
            Act::Ability(ability) => Ok(self.ability(ability)?),
            Act::Measure(measure) => Ok(self.measure(measure, act)?),
            Act::Certified(certified) => Ok(self.certified(certified, act)?),
            Act::Closed => Err(Reason::Malformed.into()),
        }
    }

    fn statement(&self, said: &Statement) -> Result<(), Refused> {
        self.times(said)?;
        self.names.check(said, self.now)?;
        self.capacity(said)
    }

    /// It was said of late, and holds from now on at the earliest.
    fn times(&self, said: &Statement) -> Result<(), Reason> {
        let oldest = self.now.plus_ms(-CONSENT_SAID_MS_MAX);
        let of_late = (oldest..=self.now).contains(&said.said_at);
        if of_late && self.now <= said.from { Ok(()) } else { Err(Reason::ConsentBackdated) }
    }

    /// The speaker is who they say, and the law asks them: for a yes at one of the holders; a no
    /// of who may have a say is written down in any case.
    fn capacity(&self, said: &Statement) -> Result<(), Refused> {
        match said.capacity {
            Capacity::YoungPerson if said.speaker == Speaker::Subject => {}
            Capacity::CustodyHolders => {
                let custody = self.on_file.custody(self.now).filter(|one| !one.holders.is_empty());
                let custody = custody.ok_or(Reason::CustodyUnknown)?;
                if !custody.holders.contains(&said.speaker) {
                    return Err(self.no_capacity(said));
                }
            }
            Capacity::Representative
                if self.on_file.representative(self.now) == Some(&said.speaker) => {}
            _ => return Err(self.no_capacity(said)),
        }
        let mut asked = self.asked(said);
        let counts = |who: &Who| {
            let heard = said.capacity == Capacity::YoungPerson && who.hear;
            heard || who.all.contains(&said.capacity)
        };
        if said.yes_until.is_none() || asked.any(counts) {
            Ok(())
        } else {
            Err(self.no_capacity(said))
        }
    }

    /// Whom the law asks, at each of the holders.
    fn asked<'a>(&'a self, said: &'a Statement) -> impl Iterator<Item = &'a Who> {
        let matrix = self.names.pack.consents();
        let weighs = self.on_file.weighs(self.now);
        let regimes = said.holders.iter().filter_map(self.names.kind_of);
        let regimes = regimes.filter_map(|kind| matrix.of_holder(&kind));
        regimes.filter_map(move |regime| matrix.who(&regime.id, self.age, weighs))
    }

    fn no_capacity(&self, said: &Statement) -> Refused {
        let who = self.asked(said).next().map(|who| who.text.clone());
        Refused { reason: Reason::ConsentCapacity, who }
    }

    /// It takes back something that the same person said and that stands here.
    fn taken_back(&self, act: &Act) -> Result<(), Reason> {
        self.on_file.taken_back_by(act).next().map(drop).ok_or(Reason::ConsentUnknown)
    }

    fn custody(&self, custody: &Custody) -> Result<(), Reason> {
        if custody.holders.len() > CUSTODY_HOLDERS_MAX {
            return Err(Reason::TooLarge);
        }
        for holder in &custody.holders {
            match holder {
                Speaker::Subject => return Err(Reason::ConsentCapacity),
                Speaker::Agency(oin) => {
                    (self.names.kind_of)(oin).ok_or(Reason::UnknownAgency)?;
                }
                Speaker::Person(_) => {}
            }
        }
        self.seen(&custody.seen_in, &Act::Custody(custody.clone()))
    }

    fn ability(&self, ability: &Ability) -> Result<(), Reason> {
        // Who can weigh their interests represents themselves.
        let is_odd = ability.weighs && ability.representative.is_some();
        if is_odd || ability.representative == Some(Speaker::Subject) {
            return Err(Reason::ConsentCapacity);
        }
        self.seen(&ability.seen_in, &Act::Ability(ability.clone()))
    }

    /// No newer statement stands here; it was verified before.
    fn certified(&self, certified: &Certified, act: &Act) -> Result<(), Reason> {
        if self.on_file.has_newer(certified) {
            return Err(Reason::StatementExpired);
        }
        self.measure(&certified.measure, act)
    }

    fn measure(&self, measure: &Measure, act: &Act) -> Result<(), Reason> {
        self.names.pack.value(MEASURE, &measure.value).map_err(|error| error.reason())?;
        self.seen(&measure.court_reference, act)
    }

    /// A situation names its source, and can stand beside what stands there.
    fn seen(&self, source: &str, act: &Act) -> Result<(), Reason> {
        let is_plain = !source.chars().any(char::is_control);
        if !is_plain || !(1..=SOURCE_CHARS_MAX).contains(&source.trim().chars().count()) {
            return Err(Reason::ConsentSource);
        }
        self.stands_beside(act)
    }

    /// A situation ends after it began, and says when it ended if another came in its place
    /// already.
    fn stands_beside(&self, act: &Act) -> Result<(), Reason> {
        let Some((sort, from, until)) = act.situation() else { return Ok(()) };
        // Of two that began together the last that was written down counts: at once is no order.
        let at_once = self.on_file.all().iter().filter(|one| one.recorded_at == self.now);
        let mut at_once = at_once.filter_map(|one| one.act.situation());
        if at_once.any(|(other, began, _)| (other, began) == (sort, from)) {
            return Err(Reason::Busy);
        }
        let beside = self.on_file.all().iter().filter(|one| !is_replaced(one, act));
        let later = beside.filter_map(|one| one.act.situation());
        let later = later.filter(|(other, next, _)| *other == sort && from < *next);
        let next = later.map(|(_, next, _)| next).min();
        let ends = next.is_none_or(|next| until.is_some_and(|until| until <= next));
        let in_order = until.is_none_or(|until| from < until);
        if ends && in_order { Ok(()) } else { Err(Reason::ConsentTerm) }
    }
}

/// A statement needs no end before what it replaces: that counts no longer.
fn is_replaced(one: &Written, by: &Act) -> bool {
    matches!(by, Act::Certified(certified) if gives_way(one, certified))
}

/// Whether an act can count about a child that is no client here any more: a yes outlives that, and
/// is taken back where it was given (AVG art. 7(3)).
///
/// # Errors
/// `CLIENT_UNKNOWN` for anything else, whatever stands here about the child.
pub(super) fn of_who_left(on_file: &OnFile, act: &Act) -> Result<(), Reason> {
    let is_meant = matches!(act, Act::Withdrawal(_)) && on_file.taken_back_by(act).next().is_some();
    if is_meant { Ok(()) } else { Err(Reason::ClientUnknown) }
}
