//! A decision of the broker with the field names of the Authorization Decision Log and of Logboek
//! Dataverwerkingen (standards 1 and 2.2).

use std::collections::BTreeMap;

use grondslag_core::catalogue::Category;
use grondslag_core::id::Oin;
use serde_json::{Value, json};

use super::DecisionRecord;

/// What its processing is called.
const NAME: &str = "vraag toetsen en doorgeven";

impl DecisionRecord {
    /// The decision of a broker with the field names of the decision log, at its detail level 4:
    /// with the columns and the engine, so that it can be decided again. A refusal is `Ok`.
    pub fn adl(&self, broker: &Oin) -> Value {
        json!({
            "trace_id": self.leaf.target_id,
            "span_id": hex::encode(self.span),
            "event_name": "adl.access_evaluations",
            "timestamp": self.leaf.decided_at.ms(),
            "status": "Ok",
            "attributes": {
                "grondslag.header": self.leaf.header,
                "grondslag.detail": self.leaf.detail,
                "grondslag.target": self.leaf.target,
            },
            "resource": {},
            "body": {
                "adl.core.request": self.request(broker),
                "adl.core.response": self.response(),
                "adl.core.policies": {
                    "grondslag": format!("{}@{}", self.bundle, self.version),
                },
                "adl.core.information": self.information(),
                "adl.core.configuration": { "pdp": self.engine },
            },
        })
    }

    /// The same as a record of processing: without a data subject, whom the broker does not know.
    pub fn ldv(&self, broker: &Oin) -> Value {
        let processor = format!("urn:oin:{}", self.asked.header.asker);
        json!({
            "trace_id": self.leaf.target_id,
            "span_id": hex::encode(self.span),
            "status": "Ok",
            "name": NAME,
            "start_time": self.leaf.decided_at.ms(),
            "end_time": self.leaf.decided_at.ms(),
            "attributes": {
                "dpl.core.processing_activity_id": self.activity(broker),
                "dpl.core.foreign_operation.processor": processor,
            },
        })
    }

    /// The entry of the broker's register of processing activities, named as a node without a
    /// register of its own names it.
    fn activity(&self, broker: &Oin) -> String {
        format!("urn:grondslag:rvva:{broker}:{}", self.asked.header.purpose)
    }

    fn request(&self, broker: &Oin) -> Value {
        let header = &self.asked.header;
        let asked = |category: &Category| json!({ "resource": { "type": category, "id": self.leaf.target_id } });
        let evaluations: Vec<Value> = self.asked.categories.iter().map(asked).collect();
        json!({
            "subject": {
                "type": "organization",
                "id": header.asker,
                "properties": { "subject_role": header.role, "subject_id": header.staff },
            },
            "action": {
                "name": header.kind,
                "properties": { "processing_activity_id": self.activity(broker) },
            },
            "context": {
                "time": self.leaf.decided_at.to_string(),
                "purpose_of_use": header.purpose,
                "legal_source": header.grounds,
            },
            "evaluations": evaluations,
        })
    }

    fn response(&self) -> Value {
        let evaluations = self.leaf.rulings.iter().zip(&self.rests_on);
        let evaluations = evaluations.map(|(ruling, (basis, reason))| {
            json!({
                "decision": ruling.is_let_through(),
                "context": {
                    "outcome": ruling.verdict,
                    "tier": ruling.cap,
                    "rules": basis.rows,
                    "legal_source": basis.grounds,
                    "reason": reason,
                },
            })
        });
        json!({ "evaluations": evaluations.collect::<Vec<_>>() })
    }

    fn information(&self) -> Value {
        let columns = self.columns.iter().map(|(name, column)| {
            let told = json!([{ "value": column.value, "standing": column.standing }]);
            (name.as_str(), told)
        });
        json!(columns.collect::<BTreeMap<&str, Value>>())
    }
}
