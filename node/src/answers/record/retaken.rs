//! A decision as a simulation takes it again.

use grondslag_core::id::Oin;
use grondslag_policy::simulate::{By, Line, On, Recorded};

use super::{DecisionLine, DecisionRecord};

impl DecisionRecord {
    /// What a draft would be held against, of the agency that decided; nothing for a child that was
    /// not known, of whom nothing was decided.
    pub fn recorded<'a>(&'a self, party: &'a Oin) -> Option<Recorded<'a>> {
        let visible = self.visible.iter();
        let visible = visible.map(|(column, value)| (column.as_str(), value.as_str()));
        let sets = self.facts.iter().map(|set| {
            let facts = set.iter().map(|fact| (fact.column.as_str(), fact.value.as_str()));
            facts.collect()
        });
        let lines: Vec<_> = self.lines.iter().filter_map(line).collect();
        (!lines.is_empty()).then(|| Recorded {
            by: By::Holder,
            id: self.target_id,
            decided_at: self.decided_at,
            asker: &self.asker,
            holder: party,
            purpose: &self.purpose,
            visible: visible.collect(),
            sealed: sets.collect(),
            lines,
        })
    }
}

fn line(line: &DecisionLine) -> Option<Line<'_>> {
    let on = line.on.as_ref()?;
    let about = on.files.iter().map(|file| file.about).collect();
    let on = Some(On { facts: on.facts, held: on.held, about });
    Some(Line { category: &line.category, on })
}
