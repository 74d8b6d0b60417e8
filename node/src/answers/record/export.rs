//! A decision record with the field names of the Authorization Decision Log (standards 2.2).

use std::collections::BTreeMap;

use grondslag_policy::standing;
use serde_json::{Value, json};

use super::{DecisionRecord, Ruled};

impl DecisionRecord {
    /// The decision with the field names of the standard, at its detail level 4: with the facts and
    /// the engine, so that it can be decided again.
    ///
    /// A refusal is `Ok`: only a decision that could not be taken is an error, and such a question
    /// has no record.
    pub fn adl(&self) -> Value {
        let policies = format!("{}@{}", self.bundle, self.version);
        let overlay = self.overlay.map(|overlay| overlay.to_string());
        json!({
            "trace_id": self.target_id,
            "span_id": self.span_id,
            "event_name": "adl.access_evaluations",
            "timestamp": self.decided_at.ms(),
            "status": "Ok",
            "attributes": {
                "grondslag.statement": self.statement,
                "grondslag.header": self.header,
                "grondslag.detail": self.detail,
            },
            "resource": {},
            "body": {
                "adl.core.request": self.request(),
                "adl.core.response": self.response(),
                "adl.core.policies": { "grondslag": policies, "overlay": overlay },
                "adl.core.information": self.information(),
                "adl.core.configuration": { "pdp": self.engine },
            },
        })
    }

    fn request(&self) -> Value {
        let evaluations = self
            .lines
            .iter()
            .map(|line| json!({ "resource": { "type": line.category, "id": self.target_id } }));
        json!({
            "subject": {
                "type": "organization",
                "id": self.asker,
                "properties": { "subject_role": self.role },
            },
            "action": {
                "name": self.visible.get("query_kind"),
                "properties": { "processing_activity_id": self.processing.activity },
            },
            "context": {
                "time": self.decided_at.to_string(),
                "purpose_of_use": self.purpose,
            },
            "evaluations": evaluations.collect::<Vec<_>>(),
        })
    }

    fn response(&self) -> Value {
        let evaluations = self.lines.iter().map(|line| {
            json!({
                "decision": line.outcome == Ruled::Permit,
                "context": {
                    "outcome": line.outcome,
                    "tier": line.tier,
                    "rules": line.basis.rows,
                    "legal_source": line.basis.grounds,
                    "shown": line.shown,
                },
            })
        });
        json!({ "evaluations": evaluations.collect::<Vec<_>>() })
    }

    /// Every column with its value and standing. A column that differs between categories is told
    /// with each of its values.
    fn information(&self) -> Value {
        let mut columns: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (column, value) in &self.visible {
            let told = json!({ "value": value, "standing": standing(column) });
            columns.entry(column).or_default().push(told);
        }
        for fact in self.facts_once() {
            let told = json!({ "value": fact.value, "standing": fact.standing });
            columns.entry(&fact.column).or_default().push(told);
        }
        json!(columns)
    }
}
