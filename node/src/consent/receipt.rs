//! What a person gets to keep, in the fields of ISO/IEC TS 27560 (standards 6).

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{ConsentId, Digest};
use grondslag_core::lang::{Lang, Text};
use grondslag_policy::Kept;
use serde_json::{Value, json};

use super::act::{ConsentKind, How, Receiver, Speaker, Statement};
use super::privacy_notice::Words;
use super::state::State;

/// Version of the fields.
pub(super) const SCHEMA: &str = "ISO/IEC TS 27560:2023";
/// The profile of the Data Privacy Vocabulary.
const PROFILE: &str = "https://w3id.org/dpv/schema/iso-27560#receipt-eu-gdpr";

/// A yes or a no with what its receipt says besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) id: &'a ConsentId,
    pub(super) statement: &'a Statement,
    /// What stands for the child: a commitment, never a number.
    pub(super) subject: &'a Digest,
    pub(super) state: State,
    /// The text that was shown, and its language.
    pub(super) notice: (&'a str, Lang),
    pub(super) recorded_at: Timestamp,
}

impl Words<'_> {
    /// The receipt.
    pub(super) fn receipt(&self, said: &Said<'_>) -> Value {
        let (text, lang) = said.notice;
        json!({
            "schema_version": SCHEMA,
            "profile": PROFILE,
            "record_id": said.id,
            "pii_principal_id": said.subject,
            "processing": {
                "privacy_notice": { "text": text, "sha256": said.statement.notice },
                "language": lang,
                "purposes": [self.purpose_of(said.statement, lang)],
            },
            "event": {
                "event_time": said.statement.said_at.to_string(),
                "recorded_time": said.recorded_at.to_string(),
                "valid_from": said.statement.from.to_string(),
                "validity_duration": said.statement.yes_until.map(|until| {
                    format!("{}/{until}", said.statement.from)
                }),
                "entity_id": entity(&said.statement.speaker),
                "capacity": said.statement.capacity,
                "event_type": event_type(said.statement),
                "event_state": said.state.term(),
                "evidence_sha256": said.statement.evidence,
            },
        })
    }

    fn purpose_of(&self, said: &Statement, lang: Lang) -> Value {
        let label = |text: &Text| text.in_lang(lang).to_owned();
        let catalogue = self.pack.catalogue();
        let purpose = said.purpose.as_ref().and_then(|purpose| catalogue.purpose(purpose));
        let categories = said.categories.iter().map(|category| {
            let entry = catalogue.category(category);
            json!({ "id": category, "label": entry.map(|entry| label(&entry.label)) })
        });
        let controllers =
            said.holders.iter().map(|oin| json!({ "oin": oin, "name": (self.name_of)(oin) }));
        let recipients = said.to.iter().map(|to| match to {
            Receiver::Agency(oin) => json!({ "oin": oin, "name": (self.name_of)(oin) }),
            Receiver::Kind(kind) => {
                json!({ "kind": kind, "name": catalogue.kind(kind).map(|one| label(&one.label)) })
            }
        });
        let mut terms = self.pack.retention().terms().iter();
        let kept = terms.find(|term| term.id == Kept::Consent);
        json!({
            "purpose": purpose.map(|one| json!({ "id": one.id, "label": label(&one.label) })),
            "purpose_type": purpose.map(|one| one.dpv.clone()).unwrap_or_default(),
            "lawful_basis": basis(said.kind),
            "pii_information": categories.collect::<Vec<_>>(),
            "pii_controllers": controllers.collect::<Vec<_>>(),
            "collection_method": said.how,
            "processing_method": "disclosure on request",
            "storage_locations": ["NL"],
            "retention_period": kept.map(|term| label(&term.legal)),
            "recipient_third_parties": recipients.collect::<Vec<_>>(),
            "withdrawal_method": withdrawal(lang),
            "privacy_rights": ["avg-7-3", "avg-15", "avg-16", "avg-17", "avg-21"],
            "jurisdiction": "NL",
        })
    }
}

/// Consent that lifts secrecy is none that a processing rests on.
const fn basis(kind: ConsentKind) -> &'static str {
    match kind {
        ConsentKind::Ground => "eu-gdpr:A6-1-a",
        ConsentKind::Secrecy => "jw-7.3.11-1",
        ConsentKind::Help => "jw-7.3.4",
    }
}

fn entity(speaker: &Speaker) -> Value {
    match speaker {
        Speaker::Subject => json!("pii_principal"),
        Speaker::Person(named) => json!(named.expose()),
        Speaker::Agency(oin) => json!(oin),
    }
}

const fn event_type(said: &Statement) -> &'static str {
    match (said.yes_until, said.how) {
        (None, _) => "refusal",
        (Some(_), How::Spoken) => "spoken consent",
        (Some(_), How::Written) => "written consent",
        (Some(_), How::Portal) => "electronic consent",
    }
}

const fn withdrawal(lang: Lang) -> &'static str {
    match lang {
        Lang::Nl => {
            "Zeg het tegen de organisatie die dit vastlegde, of tegen een organisatie die volgens \
             dit papier mag vertellen. U hoeft geen reden te geven."
        }
        Lang::En => {
            "Tell the agency that wrote this down, or an agency that by this paper may tell. You \
             need not give a reason."
        }
    }
}
