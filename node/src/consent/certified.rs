//! A measure of the court as the body that is competent for it certifies it to others.
//!
//! A statement is a JSON file, signed over length-prefixed bytes with the sign key of the agency's
//! card. It names the child by a digest over its own number and the child's alone, so that who
//! finds it reads no number in it; who wants to try all numbers can, and it is handled as personal
//! data. Which role may certify what is data (`consent.toml`).

use ed25519_dalek::SigningKey;
use grondslag_certs::VerifiedCard;
use grondslag_core::canonical::Canonical;
use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{ConsentId, Digest, Mode, Oin};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{sign, verify};
use grondslag_policy::Pack;
use serde::{Deserialize, Serialize};

use super::act::{Certified, Measure};
use crate::limits::{CERTIFIED_BYTES_MAX, HOUR_MS};

/// Label of what is signed.
const LABEL: &str = "grondslag/measure-statement/v1";
/// Label of what names the child.
const SUBJECT: &str = "grondslag/measure-subject/v1";

/// The file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    statement: Stated,
    /// Ed25519, in hexadecimal.
    signature: String,
}

/// What is signed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    /// Its number, at random.
    pub(super) id: ConsentId,
    /// Who certifies.
    pub(super) by: Oin,
    /// In which role.
    pub(super) role: Role,
    /// What names the child.
    pub(super) subject: Digest,
    /// Value of the column `measure`.
    pub(super) measure: String,
    /// The decision.
    pub(super) court_reference: String,
    /// The measure's first moment; all moments in milliseconds.
    pub(super) from: Timestamp,
    /// The first moment at which it holds no longer, when that is known.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) until: Option<Timestamp>,
    /// When it was certified.
    pub(super) made_at: Timestamp,
    /// Until when it may be entered.
    pub(super) valid_until: Timestamp,
}

grondslag_core::unprinted!(Signed Stated);

/// What a statement is held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Against<'a> {
    /// The rules in force.
    pub(super) pack: &'a Pack,
    /// Demo or production.
    pub(super) mode: Mode,
    /// The number of the child about whom it is entered.
    pub(super) digits: &'a str,
    /// The present moment.
    pub(super) now: Timestamp,
}

impl Stated {
    /// Signs a statement.
    pub(super) fn sign(self, key: &SigningKey) -> Signed {
        let signature = hex::encode(sign(key, &self.canonical()));
        Signed { statement: self, signature }
    }

    /// What names a child in a statement.
    pub(super) fn subject_of(id: &ConsentId, digits: &str) -> Digest {
        Canonical::new(SUBJECT).bytes(id.as_bytes()).text(digits).digest()
    }

    fn canonical(&self) -> Vec<u8> {
        Canonical::new(LABEL)
            .bytes(self.id.as_bytes())
            .text(self.by.as_str())
            .text(self.role.as_str())
            .bytes(self.subject.as_bytes())
            .text(&self.measure)
            .text(&self.court_reference)
            .signed(self.from.ms())
            .flag(self.until.is_some())
            .signed(self.until.map_or(0, Timestamp::ms))
            .signed(self.made_at.ms())
            .signed(self.valid_until.ms())
            .finish()
    }
}

impl Signed {
    /// The file.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, Reason> {
        serde_json::to_vec_pretty(self).map_err(|_| Reason::Internal)
    }

    /// Reads a file. Nothing of it is known to be true.
    ///
    /// # Errors
    /// `TOO_LARGE`; `MALFORMED` for what is no statement.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Reason> {
        if bytes.len() > CERTIFIED_BYTES_MAX {
            return Err(Reason::TooLarge);
        }
        serde_json::from_slice(bytes).map_err(|_| Reason::Malformed)
    }

    /// Who says to have made it.
    pub(super) fn by(&self) -> &Oin {
        &self.statement.by
    }

    /// The measure, if this agency certified it for this child and may do so.
    ///
    /// # Errors
    /// `MODE_MISMATCH`; `STATEMENT_INVALID` for another signature; why the agency may not act in
    /// this role, as with its questions; `NOT_COMPETENT`; `STATEMENT_EXPIRED`;
    /// `STATEMENT_SUBJECT` for another child.
    pub(super) fn verified(
        self,
        card: &VerifiedCard,
        against: &Against<'_>,
    ) -> Result<Certified, Reason> {
        let Self { statement, signature } = self;
        if statement.by.mode() != against.mode {
            return Err(Reason::ModeMismatch);
        }
        let mut bytes = [0; 64];
        hex::decode_to_slice(&signature, &mut bytes).map_err(|_| Reason::StatementInvalid)?;
        let genuine = verify(&card.card().sign_key, &statement.canonical(), &bytes);
        genuine.map_err(|_| Reason::StatementInvalid)?;
        card.check_role(&statement.role, against.now)?;
        if !against.pack.consents().may_certify(&statement.role, &statement.measure) {
            return Err(Reason::NotCompetent);
        }
        if !is_current(&statement, against) {
            return Err(Reason::StatementExpired);
        }
        if statement.subject != Stated::subject_of(&statement.id, against.digits) {
            return Err(Reason::StatementSubject);
        }
        let Stated { id, by, role, measure, court_reference, from, until, made_at, .. } = statement;
        let measure = Measure { value: measure, court_reference, from, until };
        Ok(Certified { measure, id, by, role, made_at })
    }
}

/// The last moment until which a statement may be entered; none where nobody certifies anything.
pub(super) fn last_moment(pack: &Pack, made_at: Timestamp) -> Option<Timestamp> {
    let days = pack.consents().certifying()?.days_max;
    Some(made_at.plus_ms(i64::from(days) * 24 * HOUR_MS))
}

fn is_current(statement: &Stated, against: &Against<'_>) -> bool {
    let Stated { made_at, valid_until, .. } = *statement;
    let last = last_moment(against.pack, made_at);
    made_at <= against.now.plus_ms(CLOCK_SKEW_MS_MAX)
        && against.now < valid_until
        && last.is_some_and(|last| valid_until <= last)
}
