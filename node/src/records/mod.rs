//! The agency's own records.
//!
//! Two ways lead in. [`Source`] is what answering looks at: every look-up demands an
//! [`Attested`], so that nothing is looked up for a question that was not verified. [`Own`] is
//! what the agency's own staff may look at about the children they ask about: their names, so that
//! a necessity text without them can be demanded. Content comes in by [`import`].

pub mod import;
mod keys;
mod shape;
mod store;

use std::fmt;

use async_trait::async_trait;
use grondslag_core::answer::Record;
use grondslag_core::catalogue::{Category, Kind, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::StoreError;
use grondslag_subject::{BirthDate, Bsn, Name};
use serde::{Deserialize, Serialize};

pub use self::store::StoreSource;
use crate::answers::verify::Attested;
use crate::limits::SHORT_CHARS_MAX;
use crate::secret::{INDEX_LEN, NodeSecret};

/// An agency's records, as answering sees them.
///
/// What every implementation promises:
/// 1. Nothing of before `from` or `dated`, and nothing of after `until`, is seen at a moment.
/// 2. A miss is said only of a register that is loaded as a whole: any other says
///    [`SourceFault::NotReady`] (invariant 11).
/// 3. `records` and `facts` speak of the same state of the register in which the client was found,
///    or say [`SourceFault::Changed`].
#[async_trait]
pub trait Source: Send + Sync + fmt::Debug {
    /// The client who was met in the index, if the agency has them at that moment.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot speak.
    async fn find(
        &self,
        attested: &Attested,
        key: &SubjectKey,
        at: Timestamp,
    ) -> Result<Option<Client>, SourceFault>;

    /// The client's records that were written down by that moment, in the agency's own order.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot speak.
    async fn records(
        &self,
        attested: &Attested,
        client: &Client,
        at: Timestamp,
    ) -> Result<Vec<Record>, SourceFault>;

    /// What the agency's register says of the client at that moment, column by column.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot speak.
    async fn facts(
        &self,
        attested: &Attested,
        client: &Client,
        at: Timestamp,
    ) -> Result<Vec<RegisterFact>, SourceFault>;

    /// How complete the register is. It depends on no child.
    ///
    /// # Errors
    /// [`SourceFault::NotReady`] when it is not loaded as a whole; others when it cannot speak.
    async fn ready(&self) -> Result<Readiness, SourceFault>;
}

/// An agency's records, as its own staff see them when they ask. It answers nobody else.
#[async_trait]
pub trait Own: Send + Sync + fmt::Debug {
    /// The names under which the agency knows this child; none when it does not.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot be read. A register that was never loaded holds
    /// no names.
    async fn names(&self, bsn: &Bsn) -> Result<Vec<Name>, SourceFault>;

    /// The client with this number at that moment, for who writes down what was said about them.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot be read, or was never loaded.
    async fn client(&self, bsn: &Bsn, at: Timestamp) -> Result<Option<Client>, SourceFault>;

    /// Everybody with a verified number, for who looks whom to ask for a consent again.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot be read, or was never loaded.
    async fn everybody(&self) -> Result<Vec<SubjectKey>, SourceFault>;

    /// One of them, if they are a client at that moment.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot be read, or was never loaded.
    async fn one(&self, key: &SubjectKey, at: Timestamp) -> Result<Option<Client>, SourceFault>;
}

/// An agency's register, as enrolment sees it: who is in it by a verified number, now or later. It
/// answers nobody's question.
#[async_trait]
pub trait Register: Send + Sync + fmt::Debug {
    /// Everybody with a verified number.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot speak.
    async fn subjects(&self) -> Result<Vec<SubjectKey>, SourceFault>;

    /// The number of one of them; `None` when they left the register.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot speak.
    async fn number(&self, key: &SubjectKey) -> Result<Option<Bsn>, SourceFault>;

    /// The dossier of one of them, for a spot check of the agency's own privacy officer.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot speak.
    async fn dossier(&self, key: &SubjectKey) -> Result<Option<Dossier>, SourceFault>;

    /// Everybody else whom the index is to cover, in no hurry: people about whom the agency asked.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot speak.
    async fn strangers(&self) -> Result<Vec<SubjectKey>, SourceFault> {
        Ok(Vec::new())
    }

    /// Somebody who is in it because the agency asked about them; a register of clients has none.
    ///
    /// # Errors
    /// [`SourceFault`] when the register cannot speak.
    async fn stranger(&self, _key: &SubjectKey) -> Result<Option<Bsn>, SourceFault> {
        Ok(None)
    }
}

/// Where the agency keeps somebody's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// The number that stands in it.
    pub number: Bsn,
    /// The agency's own file number.
    pub id: ClientId,
    /// Since when they are a client.
    pub registered: Timestamp,
}

/// Somebody with a verified number, by this node's own keyed digest of it: it tells nothing to
/// whoever has no secret of the node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey([u8; INDEX_LEN]);

impl SubjectKey {
    /// That of a number.
    pub(crate) fn of(secret: &NodeSecret, bsn: &Bsn) -> Self {
        Self(keys::bsn_entry(secret, bsn))
    }

    pub(crate) const fn new(bytes: [u8; INDEX_LEN]) -> Self {
        Self(bytes)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; INDEX_LEN] {
        &self.0
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(…)")
    }
}

/// The agency's own file number of a client.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

/// Empty, too long or with a control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client's file number is 1 to 64 characters on one line")]
pub struct ClientIdError;

impl ClientId {
    /// Takes a file number of any shape.
    ///
    /// # Errors
    /// [`ClientIdError`] when empty, too long or not on one line.
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        let length = text.chars().count();
        if (1..=SHORT_CHARS_MAX).contains(&length) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClientIdError)
        }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientId(…)")
    }
}

impl TryFrom<String> for ClientId {
    type Error = ClientIdError;
    fn try_from(text: String) -> Result<Self, ClientIdError> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

/// Somebody whom the agency knows by a verified number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The agency's own file number.
    pub id: ClientId,
    /// Their verified number: it binds what is told to the child that was asked about.
    pub number: Bsn,
    /// From which age bands are computed.
    pub birth_date: BirthDate,
    /// Since when the agency knows this client.
    pub registered: Timestamp,
    /// The state of the register in which the client was found; a source compares it and gives
    /// it no other meaning.
    pub revision: u64,
}

impl Client {
    /// Somebody who is no client. Nothing is known of them but the number: they count as of the age
    /// in which a parent sees least (`age_band` when it is unknown).
    pub(crate) fn stranger(number: Bsn, now: Timestamp) -> Self {
        let birth_date = BirthDate::from(OF_AGE);
        Self { id: ClientId(String::new()), number, birth_date, registered: now, revision: 0 }
    }

    /// Nobody, with the shape of a client: what is decided on when a child is not known, so that
    /// the work is the same. Its number has no digits that anybody has.
    pub(crate) fn decoy(now: Timestamp) -> Self {
        Self {
            id: ClientId(String::new()),
            number: Bsn::nobody(),
            birth_date: now.date().into(),
            registered: now,
            revision: 0,
        }
    }
}

/// One value of a sealed column, as the holder's own register states it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterFact {
    /// The column (`secrecy_consent`, `measure`, ...).
    pub column: String,
    /// One of the column's values.
    pub value: String,
    /// Kinds of asker for whom it holds; empty for all.
    pub for_kind: Vec<Kind>,
    /// Purposes for which it holds; empty for all.
    pub for_purposes: Vec<Purpose>,
    /// Data categories for which it holds; empty for all.
    pub for_categories: Vec<Category>,
}

impl RegisterFact {
    /// Whether the fact says anything about this asker's kind, purpose and category.
    pub fn applies(&self, kind: &Kind, purpose: &Purpose, category: &Category) -> bool {
        holds_for(&self.for_kind, kind)
            && holds_for(&self.for_purposes, purpose)
            && holds_for(&self.for_categories, category)
    }
}

fn holds_for<T: PartialEq>(named: &[T], one: &T) -> bool {
    named.is_empty() || named.contains(one)
}

impl fmt::Debug for RegisterFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The column is from the catalogue; its value speaks of a person.
        write!(f, "RegisterFact({}, …)", self.column)
    }
}

/// How complete an agency's register is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// Every client registered before this moment is covered.
    pub index_as_of: Timestamp,
    /// The agency has clients without a verified number, of whom no answer speaks.
    pub holds_unnumbered_records: bool,
}

/// A birth date with which somebody is of age at any moment that this program knows.
const OF_AGE: jiff::civil::Date = jiff::civil::date(1900, 1, 1);

/// Why a register cannot speak. None of these depends on a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// It was never loaded as a whole.
    #[error("the register is not loaded")]
    NotReady,
    /// It was replaced while it was read; find the client again.
    #[error("the register was replaced while it was read")]
    Changed,
    /// What stands in it is not what was written.
    #[error("the register is damaged")]
    Damaged,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SourceFault {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::NotReady | Self::Changed => Reason::NotReady,
            Self::Damaged => Reason::StoreCorrupt,
            Self::Store(error) => error.reason(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact() -> RegisterFact {
        RegisterFact {
            column: "secrecy_consent".into(),
            value: "given".into(),
            for_kind: Vec::new(),
            for_purposes: vec![Purpose::parse("D01").unwrap(), Purpose::parse("D03").unwrap()],
            for_categories: vec![Category::parse("G11").unwrap()],
        }
    }

    #[test]
    fn a_fact_holds_for_what_it_names_and_for_all_where_it_names_nothing() {
        let applies = |kind, purpose, category| {
            fact().applies(
                &Kind::parse(kind).unwrap(),
                &Purpose::parse(purpose).unwrap(),
                &Category::parse(category).unwrap(),
            )
        };
        assert!(applies("gem", "D01", "G11"));
        assert!(applies("gi", "D03", "G11"));
        assert!(!applies("gem", "D02", "G11"));
        assert!(!applies("gem", "D01", "G12"));
    }

    #[test]
    fn a_file_number_is_short_on_one_line_and_does_not_show() {
        let id = ClientId::parse("GV-1000").unwrap();
        assert_eq!(format!("{id:?} {:?}", fact()), "ClientId(…) RegisterFact(secrecy_consent, …)");
        for bad in ["", "a\nb", &"x".repeat(65)] {
            assert_eq!(ClientId::parse(bad), Err(ClientIdError), "{bad}");
        }
    }
}
