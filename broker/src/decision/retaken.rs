//! A decision as a simulation takes it again.

use grondslag_policy::simulate::{By, Line, Recorded};

use super::DecisionRecord;

impl DecisionRecord {
    /// What a draft would be held against; nothing for a target without a card, on which nothing
    /// was decided by rule.
    pub fn recorded(&self) -> Option<Recorded<'_>> {
        let columns = self.columns.iter();
        let columns = columns.map(|(column, of)| (column.as_str(), of.value.as_str()));
        let categories = self.asked.categories.iter();
        (!self.columns.is_empty()).then(|| Recorded {
            by: By::Broker,
            id: self.leaf.target_id,
            decided_at: self.leaf.decided_at,
            asker: &self.asked.header.asker,
            holder: &self.leaf.target,
            purpose: &self.asked.header.purpose,
            visible: columns.collect(),
            sealed: Vec::new(),
            lines: categories.map(|category| Line { category, on: None }).collect(),
        })
    }
}
