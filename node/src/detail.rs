//! The detail of a question: what only the target may read.

use std::collections::BTreeMap;
use std::fmt;

use grondslag_core::id::Digest;
use grondslag_core::limits::{DETAIL_BYTES_MAX, NECESSITY_CHARS_MAX, NECESSITY_CHARS_MIN};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_subject::Bsn;
use prost::Message;

use crate::limits::{DETAIL_SALT_BYTES, STATED_FACTS_MAX};

/// A detail, parsed. It holds no name, birth date or address.
#[derive(Clone, PartialEq, Eq)]
pub struct Detail {
    /// About whom.
    pub subject: Bsn,
    /// Why the question is necessary.
    pub necessity: String,
    /// What the asker states: column and value.
    pub facts: BTreeMap<String, String>,
    /// Digest of a report number or court reference.
    pub reference: Option<Digest>,
    /// Digest of the header with this target's categories and approvals.
    pub header: Digest,
    /// Random, so that equal questions have unequal details.
    pub salt: [u8; DETAIL_SALT_BYTES],
}

impl Detail {
    /// The detail as it travels, encoded.
    ///
    /// # Errors
    /// `TOO_LARGE` when it does not fit one message.
    pub fn encode(&self) -> Result<Vec<u8>, Reason> {
        let wire = v1::Detail {
            subject: self.subject.expose().as_bytes().to_vec(),
            necessity: self.necessity.clone(),
            facts: self.facts.iter().map(stated).collect(),
            reference: self.reference.map_or_else(Vec::new, |digest| digest.as_bytes().to_vec()),
            header_digest: self.header.as_bytes().to_vec(),
            salt: self.salt.to_vec(),
        };
        let bytes = wire.encode_to_vec();
        if bytes.len() <= DETAIL_BYTES_MAX { Ok(bytes) } else { Err(Reason::TooLarge) }
    }

    /// Reads a detail.
    ///
    /// # Errors
    /// `BSN_INVALID`, `TEXT_TOO_SHORT`, `TEXT_TOO_LONG`, `TOO_LARGE` or `MALFORMED`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Reason> {
        let wire = v1::Detail::decode(bytes).map_err(|_| Reason::Malformed)?;
        if wire.facts.len() > STATED_FACTS_MAX {
            return Err(Reason::TooLarge);
        }
        check_length(&wire.necessity)?;
        let subject = std::str::from_utf8(&wire.subject).map_err(|_| Reason::BsnInvalid)?;
        let subject = Bsn::parse(subject).map_err(grondslag_subject::BsnError::reason)?;
        let count = wire.facts.len();
        let facts: BTreeMap<String, String> =
            wire.facts.into_iter().map(|fact| (fact.column, fact.value)).collect();
        if facts.len() != count {
            return Err(Reason::Malformed);
        }
        Ok(Self {
            subject,
            necessity: wire.necessity,
            facts,
            reference: reference(&wire.reference)?,
            header: Digest::from_slice(&wire.header_digest).map_err(|_| Reason::HeaderMismatch)?,
            salt: wire.salt.try_into().map_err(|_| Reason::Malformed)?,
        })
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Detail(…)")
    }
}

pub(crate) fn stated((column, value): (&String, &String)) -> v1::StatedFact {
    v1::StatedFact { column: column.clone(), value: value.clone() }
}

pub(crate) fn check_length(necessity: &str) -> Result<(), Reason> {
    let length = necessity.chars().count();
    if necessity.trim().chars().count() < NECESSITY_CHARS_MIN {
        Err(Reason::TextTooShort)
    } else if length > NECESSITY_CHARS_MAX {
        Err(Reason::TextTooLong)
    } else {
        Ok(())
    }
}

fn reference(bytes: &[u8]) -> Result<Option<Digest>, Reason> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let digest = Digest::from_slice(bytes).map_err(|_| Reason::Malformed)?;
    Ok(Some(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail() -> Detail {
        Detail {
            subject: Bsn::parse("999940004").unwrap(),
            necessity: "Nodig om de veiligheid van het kind te kunnen beoordelen.".into(),
            facts: BTreeMap::from([("vt_report".into(), "report".into())]),
            reference: Some(Digest::of(b"x")),
            header: Digest::of(b"header"),
            salt: [3; DETAIL_SALT_BYTES],
        }
    }

    #[test]
    fn a_detail_reads_back_as_it_was_written_and_shows_nothing() {
        let bytes = detail().encode().unwrap();
        assert_eq!(Detail::parse(&bytes), Ok(detail()));
        assert_eq!(format!("{:?}", detail()), "Detail(…)");
    }

    #[test]
    fn a_detail_without_a_number_a_need_or_a_header_is_refused() {
        let changed = |change: &dyn Fn(&mut v1::Detail)| {
            let mut wire = v1::Detail::decode(detail().encode().unwrap().as_slice()).unwrap();
            change(&mut wire);
            Detail::parse(&wire.encode_to_vec())
        };
        assert_eq!(changed(&|d| d.subject = b"999940005".to_vec()), Err(Reason::BsnInvalid));
        assert_eq!(changed(&|d| d.necessity = "x".repeat(29)), Err(Reason::TextTooShort));
        assert_eq!(changed(&|d| d.necessity = "x".repeat(1_201)), Err(Reason::TextTooLong));
        assert!(changed(&|d| d.necessity = "x".repeat(30)).is_ok());
        assert_eq!(changed(&|d| d.header_digest.clear()), Err(Reason::HeaderMismatch));
        assert_eq!(changed(&|d| d.salt.clear()), Err(Reason::Malformed));
        assert_eq!(changed(&|d| d.reference = vec![1]), Err(Reason::Malformed));
        assert_eq!(changed(&|d| d.facts.push(d.facts[0].clone())), Err(Reason::Malformed));
        assert_eq!(Detail::parse(&[0xff]), Err(Reason::Malformed));
    }
}
