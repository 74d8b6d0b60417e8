//! What one person did over time, and what that says of one question at one moment.
//!
//! A consent names parties, categories and a purpose, or leaves them open. An objection is a
//! consent with the opposite sign. The rule of conflict is that of the Generieke Functie
//! Toestemming (standards 6): the more specific supersedes the less specific, and at equal
//! specificness the objection wins. Where neither is more specific than the other (one names the
//! agency, the other the category) the objection wins too.
//!
//! The answer follows from the acts as a set: in which order they came here makes no difference.

use std::collections::BTreeSet;

use grondslag_core::catalogue::{Category, Kind, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;

use super::Said;

/// Of which question a consent or objection speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Who may receive.
    pub to: To,
    /// Of which categories; of all when it is absent.
    pub categories: Option<BTreeSet<Category>>,
    /// What for; for everything when it is absent.
    pub purpose: Option<Purpose>,
}

/// Who may receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Whoever asks.
    Anybody,
    /// Parties of a kind.
    Kind(Kind),
    /// One agency.
    Agency(Oin),
}

/// A question that a person is asked to say yes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Who would receive.
    pub agency: Oin,
    /// Its kind.
    pub kind: Kind,
    /// What.
    pub category: Category,
    /// What for.
    pub purpose: Purpose,
}

/// A yes or a no, with a number of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its number; a withdrawal names it.
    pub id: [u8; 16],
    /// A yes, until a moment; or a no.
    pub word: Word,
    /// Of which question.
    pub scope: Scope,
    /// When it was said.
    pub said_at: Timestamp,
    /// Since when it holds; never before it was said.
    pub from: Timestamp,
}

/// A yes or a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Yes, up to a moment.
    Yes {
        /// From then on it has expired.
        until: Timestamp,
    },
    /// No.
    No,
}

/// Taking a yes back.
#[derive(Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Which yes: one, or every yes of this person up to that moment.
    pub of: Option<[u8; 16]>,
    /// Since when it holds.
    pub at: Timestamp,
}

/// Taking a no back: it is named, so that nobody opens more than they mean to.
#[derive(Clone, PartialEq, Eq)]
pub struct Lift {
    /// Which no.
    pub of: [u8; 16],
    /// Since when it holds.
    pub at: Timestamp,
}

/// Everything that one person said about one child.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Acts {
    /// Yes and no.
    pub statements: Vec<Statement>,
    /// Every yes that was taken back.
    pub withdrawals: Vec<Withdrawal>,
    /// Every no that was taken back.
    pub lifted: Vec<Lift>,
}

grondslag_core::unprinted!(Statement Withdrawal Lift Acts);

impl Acts {
    /// What this person says of a question at a moment; nothing when they said nothing that speaks
    /// of it.
    ///
    /// A withdrawal takes back what was said up to its moment, and not what is said after it; of
    /// a yes and its withdrawal at one moment the withdrawal counts.
    pub fn say(&self, wanted: &Wanted, at: Timestamp) -> Option<Said> {
        let spoken = self.statements.iter().filter(|one| one.from.max(one.said_at) <= at);
        let spoken: Vec<&Statement> = spoken.filter(|one| one.scope.speaks_of(wanted)).collect();
        let no = |one: &&&Statement| one.word == Word::No && !self.is_lifted(one, at);
        let objections: Vec<&Scope> = spoken.iter().filter(no).map(|one| &one.scope).collect();
        let yes = |one: &&&Statement| matches!(one.word, Word::Yes { until } if at < until);
        let mut given = spoken.iter().filter(yes).filter(|one| !self.is_taken_back(one, at));
        if given.any(|yes| objections.iter().all(|no| yes.scope.is_more_specific(no))) {
            return Some(Said::Given);
        }
        if !objections.is_empty() {
            return Some(Said::Refused);
        }
        let was_yes = |one: &&&Statement| one.word != Word::No;
        let mut were = spoken.iter().filter(was_yes).peekable();
        were.peek()?;
        let taken_back = were.any(|one| self.is_taken_back(one, at));
        Some(if taken_back { Said::Withdrawn } else { Said::Expired })
    }

    fn is_lifted(&self, statement: &Statement, at: Timestamp) -> bool {
        let of = |lift: &&Lift| lift.of == statement.id;
        let mut lifted = self.lifted.iter().filter(of);
        lifted.any(|lift| statement.said_at <= lift.at && lift.at <= at)
    }

    fn is_taken_back(&self, statement: &Statement, at: Timestamp) -> bool {
        self.withdrawals.iter().any(|withdrawal| {
            // Of a yes that is named it makes no difference which of two clocks was ahead.
            let of = match withdrawal.of {
                Some(id) => id == statement.id,
                None => statement.said_at <= withdrawal.at,
            };
            of && withdrawal.at <= at
        })
    }
}

impl Scope {
    /// It speaks of a question.
    pub fn speaks_of(&self, wanted: &Wanted) -> bool {
        let to = match &self.to {
            To::Anybody => true,
            To::Kind(kind) => *kind == wanted.kind,
            To::Agency(oin) => *oin == wanted.agency,
        };
        to && self.categories.as_ref().is_none_or(|all| all.contains(&wanted.category))
            && self.purpose.as_ref().is_none_or(|purpose| *purpose == wanted.purpose)
    }

    /// It names at least as much as another in every respect, and more in one.
    pub fn is_more_specific(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.specificness(), other.specificness());
        let in_all = ours.iter().zip(&theirs).all(|(ours, theirs)| ours >= theirs);
        in_all && ours != theirs
    }

    fn specificness(&self) -> [u8; 3] {
        let to = match self.to {
            To::Anybody => 0,
            To::Kind(_) => 1,
            To::Agency(_) => 2,
        };
        [to, u8::from(self.categories.is_some()), u8::from(self.purpose.is_some())]
    }
}
