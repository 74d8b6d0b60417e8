//! The detail of a question: what only the target may read.

use std::collections::BTreeMap;
use std::fmt;

use grondslag_core::id::Digest;
use grondslag_core::limits::{NAME_LEN_MAX, NECESSITY_CHARS_MAX, NECESSITY_CHARS_MIN};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_subject::Bsn;
use grondslag_subject::text::names_person;
use prost::Message;

use crate::agency::Agency;
use crate::limits::{CRITERIA_MAX, STATED_FACTS_MAX};
use crate::records::SourceFault;

/// A detail, parsed. It holds no name, birth date or address.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Detail {
    /// Why the question is necessary.
    pub necessity: String,
    /// What the asker states: column and value.
    pub facts: BTreeMap<String, String>,
    /// Digest of a report number or court reference.
    pub reference: Option<Digest>,
    /// Digest of the header with this target's categories and approvals.
    pub header: Digest,
    /// Of a notice: what it brings.
    pub notice: Option<v1::SignedNotice>,
    /// Of an escalation: what bears that the risk is serious, as its asker says.
    pub criteria: Vec<String>,
}

impl Detail {
    /// The content of the sealed detail.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let wire = v1::Detail {
            necessity: self.necessity.clone(),
            facts: self.facts.iter().map(stated).collect(),
            reference: self.reference.map_or_else(Vec::new, |digest| digest.as_bytes().to_vec()),
            header_digest: self.header.as_bytes().to_vec(),
            notice: self.notice.clone(),
            criteria: self.criteria.clone(),
        };
        wire.encode_to_vec()
    }

    /// Reads a detail.
    ///
    /// # Errors
    /// `TEXT_TOO_SHORT`, `TEXT_TOO_LONG`, `TOO_LARGE` or `MALFORMED`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Reason> {
        let wire = v1::Detail::decode(bytes).map_err(|_| Reason::Malformed)?;
        if wire.facts.len() > STATED_FACTS_MAX {
            return Err(Reason::TooLarge);
        }
        check_length(&wire.necessity)?;
        if wire.criteria.len() > CRITERIA_MAX {
            return Err(Reason::TooLarge);
        }
        if !wire.criteria.iter().all(|word| is_word(word)) {
            return Err(Reason::Malformed);
        }
        let count = wire.facts.len();
        let facts: BTreeMap<String, String> =
            wire.facts.into_iter().map(|fact| (fact.column, fact.value)).collect();
        if facts.len() != count {
            return Err(Reason::Malformed);
        }
        Ok(Self {
            necessity: wire.necessity,
            facts,
            reference: reference(&wire.reference)?,
            header: Digest::from_slice(&wire.header_digest).map_err(|_| Reason::HeaderMismatch)?,
            notice: wire.notice,
            criteria: wire.criteria,
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

/// A word of a catalogue, which need not be ours: nothing that could tell of somebody.
fn is_word(text: &str) -> bool {
    let fits = (1..=NAME_LEN_MAX).contains(&text.len());
    fits && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A text says why, in its own words, and names nobody (domain 2.2, gate 5).
///
/// # Errors
/// `TEXT_TOO_SHORT`, `TEXT_TOO_LONG`, `TEXT_NAMES_PERSON`, or why the names of the agency's own
/// client cannot be read.
pub(crate) async fn check_text(agency: &Agency, text: &str, subject: &Bsn) -> Result<(), Reason> {
    check_length(text)?;
    let names = agency.own.names(subject).await.map_err(SourceFault::reason)?;
    names_person(text, std::slice::from_ref(subject), &names)
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
            necessity: "Nodig om de veiligheid van het kind te kunnen beoordelen.".into(),
            facts: BTreeMap::from([("vt_report".into(), "report".into())]),
            reference: Some(Digest::of(b"x")),
            header: Digest::of(b"header"),
            notice: None,
            criteria: vec!["niet_gezien".into()],
        }
    }

    #[test]
    fn a_detail_reads_back_as_it_was_written_and_shows_nothing() {
        let bytes = detail().encode();
        assert_eq!(Detail::parse(&bytes), Ok(detail()));
        assert_eq!(format!("{:?}", detail()), "Detail(…)");
    }

    #[test]
    fn a_detail_without_a_need_or_a_header_is_refused() {
        let changed = |change: &dyn Fn(&mut v1::Detail)| {
            let mut wire = v1::Detail::decode(detail().encode().as_slice()).unwrap();
            change(&mut wire);
            Detail::parse(&wire.encode_to_vec())
        };
        assert_eq!(changed(&|d| d.necessity = "x".repeat(29)), Err(Reason::TextTooShort));
        assert_eq!(changed(&|d| d.necessity = "x".repeat(1_201)), Err(Reason::TextTooLong));
        assert!(changed(&|d| d.necessity = "x".repeat(30)).is_ok());
        assert_eq!(changed(&|d| d.header_digest.clear()), Err(Reason::HeaderMismatch));
        assert_eq!(changed(&|d| d.reference = vec![1]), Err(Reason::Malformed));
        for words in ["", "Jan Jansen", "tel. 06", &"x".repeat(65)] {
            assert_eq!(changed(&|d| d.criteria.push(words.into())), Err(Reason::Malformed));
        }
        let many = changed(&|d| d.criteria = vec!["letsel".into(); CRITERIA_MAX + 1]);
        assert_eq!(many, Err(Reason::TooLarge));
        assert_eq!(changed(&|d| d.facts.push(d.facts[0].clone())), Err(Reason::Malformed));
        assert_eq!(Detail::parse(&[0xff]), Err(Reason::Malformed));
    }
}
