//! Processing records in the shape of Logboek Dataverwerkingen (standards 1): what was done with
//! whose data, under which entry of the agency's own register of processing activities.
//!
//! The record holds no user and nothing that a register already holds. Its subject is a salted
//! commitment: with the salt, which is forgotten together with the record, who knows the number
//! can see that it was theirs, and nobody can search.

use std::fmt;

use grondslag_core::canonical::Canonical;
use grondslag_core::catalogue::Purpose;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, TargetId};
use grondslag_core::reason::Reason;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::agency::Agency;
use crate::answers::record::DecisionRecord;
use crate::random::random;
use crate::recorded::Kind;

/// What a subject's identifier is, as a URI.
pub const SUBJECT_TYPE: &str = "urn:grondslag:subject-commitment:v1";
/// Label of what a subject's commitment is the digest of.
const SUBJECT: &str = "grondslag/data-subject/v1";

/// Whether the processing went well. A refusal that was handled is `Ok`: only a fault of ours is
/// an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Not known yet.
    Unset,
    /// It went as it should.
    Ok,
    /// A fault.
    Error,
}

/// One processing of at most one person's data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processing {
    /// Joins the records of asker and holder: the target id.
    pub trace_id: TargetId,
    /// This processing, 8 random bytes in hexadecimal.
    pub span_id: String,
    /// How it went.
    pub status: Status,
    /// What was done, for people.
    pub name: String,
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// The entry of the register of processing activities, an absolute URI.
    pub activity: String,
    /// Whose data; absent when nobody's were processed, as when a child is not known.
    pub subject: Option<DataSubject>,
    /// Who called, an absolute URI; absent for a processing of our own.
    pub processor: Option<String>,
}

/// Whose data were processed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSubject {
    /// Commitment to the number.
    pub id: Digest,
    /// Its salt, hexadecimal.
    pub salt: String,
}

impl DataSubject {
    /// Commits to a number.
    ///
    /// # Errors
    /// `INTERNAL` without randomness.
    pub(crate) fn of(digits: &str) -> Result<Self, Reason> {
        let salt: [u8; 32] = random()?;
        Ok(Self { id: commitment(&salt, digits), salt: hex::encode(salt) })
    }

    /// True when it commits to this number.
    pub fn is(&self, digits: &str) -> bool {
        let salt = hex::decode(&self.salt).unwrap_or_default();
        commitment(&salt, digits) == self.id
    }
}

fn commitment(salt: &[u8], digits: &str) -> Digest {
    Canonical::new(SUBJECT).bytes(salt).text(digits).digest()
}

impl Processing {
    /// The record with the field names of the standard.
    pub fn ldv(&self) -> Value {
        let mut attributes = Map::new();
        let mut say = |name: &str, value: Value| drop(attributes.insert(name.to_owned(), value));
        say("dpl.core.processing_activity_id", json!(self.activity));
        if let Some(subject) = &self.subject {
            say("dpl.core.data_subject_id", json!(subject.id));
            say("dpl.core.data_subject_id_type", json!(SUBJECT_TYPE));
        }
        if let Some(processor) = &self.processor {
            say("dpl.core.foreign_operation.processor", json!(processor));
        }
        json!({
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "status": self.status,
            "name": self.name,
            "start_time": self.start.ms(),
            "end_time": self.end.ms(),
            "attributes": attributes,
        })
    }
}

/// What a closed question's record holds of processing; the rest is the asker's own business.
#[derive(Deserialize)]
struct Told {
    inquiry: Option<InquiryId>,
    processing: Vec<Processing>,
}

/// The processing that a record of a node tells of, and for a question of its own the inquiry:
/// its decisions are those of others' questions. `None` for a kind of record that tells of none,
/// and for one that cannot be read.
pub fn told(kind: &str, body: &[u8]) -> Option<(Option<InquiryId>, Vec<Processing>)> {
    if kind == DecisionRecord::KIND {
        return DecisionRecord::parse(body).map(|record| (None, vec![record.processing]));
    }
    if kind != Kind::Closed.label() {
        return None;
    }
    let Told { inquiry, processing } = serde_json::from_slice(body).ok()?;
    Some((inquiry, processing))
}

/// A new span.
///
/// # Errors
/// `INTERNAL` without randomness.
pub(crate) fn span_id() -> Result<String, Reason> {
    random::<8>().map(hex::encode)
}

/// The entry of the agency's register for a purpose. Without a register of its own the agency's
/// number and the purpose name it: such an id should not cross organisations in any case.
pub(crate) fn activity(register: Option<&str>, agency: &Oin, purpose: &Purpose) -> String {
    match register {
        Some(base) => format!("{}/{purpose}", base.trim_end_matches('/')),
        None => format!("urn:grondslag:rvva:{agency}:{purpose}"),
    }
}

/// True for an absolute URI without spaces: a scheme and something behind it.
pub(crate) fn is_absolute(uri: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let printable = uri.chars().all(|c| c.is_ascii_graphic());
    uri.split_once(':').is_some_and(|(name, rest)| scheme(name) && !rest.is_empty() && printable)
}

/// Where an agency is called, as a URI; its number when its card is not known.
pub(crate) fn processor(agency: &Agency, oin: &Oin) -> String {
    let card = agency.directory.card(oin);
    card.map_or_else(
        |_| format!("urn:oin:{oin}"),
        |card| format!("https://{}", card.card().endpoint),
    )
}

impl fmt::Debug for Processing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Processing({}, …)", self.trace_id)
    }
}

impl fmt::Debug for DataSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the salt a number can be tried out.
        f.write_str("DataSubject(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn purpose() -> Purpose {
        Purpose::parse("D09").unwrap()
    }

    #[test]
    fn an_activity_is_an_absolute_uri_per_purpose_and_agency() {
        let oin = Oin::parse("00000099000000001000").unwrap();
        let own = activity(None, &oin, &purpose());
        assert_eq!(own, "urn:grondslag:rvva:00000099000000001000:D09");
        let base = Some("https://register.voorbeeld.nl/rvva/");
        assert_eq!(activity(base, &oin, &purpose()), "https://register.voorbeeld.nl/rvva/D09");
        assert!(is_absolute(&own) && is_absolute("https://a/b"));
        for bad in ["", "register", ":x", "https:", "1a:b", "a b:c", "urn:a b"] {
            assert!(!is_absolute(bad), "{bad}");
        }
    }

    #[test]
    fn a_subject_is_recognised_by_who_has_the_salt_and_never_twice_alike() {
        let (one, other) =
            (DataSubject::of("999940004").unwrap(), DataSubject::of("999940004").unwrap());
        assert_ne!(one.id, other.id);
        assert!(one.is("999940004") && !one.is("999940016"));
        assert_eq!(format!("{one:?}"), "DataSubject(…)");
    }

    /// Field for field as standards 1 has them.
    #[test]
    fn the_record_has_the_fields_of_the_standard_and_no_user() {
        let mut record = Processing {
            trace_id: TargetId::new([1; 16]),
            span_id: "0011223344556677".into(),
            status: Status::Ok,
            name: "x".into(),
            start: Timestamp::from_ms(5),
            end: Timestamp::from_ms(7),
            activity: "urn:a:b".into(),
            subject: Some(DataSubject::of("999940004").unwrap()),
            processor: Some("https://asker:1".into()),
        };
        let ldv = record.ldv();
        let keys =
            |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let fields =
            ["attributes", "end_time", "name", "span_id", "start_time", "status", "trace_id"];
        assert_eq!(keys(&ldv), fields.map(String::from).into());
        assert_eq!((&ldv["status"], &ldv["start_time"]), (&json!("Ok"), &json!(5)));
        let attributes = [
            "dpl.core.data_subject_id",
            "dpl.core.data_subject_id_type",
            "dpl.core.foreign_operation.processor",
            "dpl.core.processing_activity_id",
        ];
        assert_eq!(keys(&ldv["attributes"]), attributes.map(String::from).into());
        assert!(!ldv.to_string().contains(&record.subject.unwrap().salt));
        (record.subject, record.processor) = (None, None);
        let activity = ["dpl.core.processing_activity_id"].map(String::from);
        assert_eq!(keys(&record.ldv()["attributes"]), activity.into());
    }
}
