//! Deciding again: a record and the rules that it names give the decision that it tells, or the
//! record, the rules or the engine is not what it was.

use grondslag_core::answer::Basis;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_policy::{
    Asked, Decision, Difference, Differences, FactError, Facts, NotAgain, Overlay, Pack, What,
};

use super::{DecidedOn, DecisionFact, DecisionLine, DecisionRecord, FileRuling, Ruled};

impl DecisionRecord {
    /// Decides again, and says what differs. On a miss nothing was decided, and nothing is.
    ///
    /// # Errors
    /// [`NotAgain`] for rules that are not those of the record.
    pub fn again(
        &self,
        pack: &Pack,
        overlay: Option<&Overlay>,
    ) -> Result<Vec<Difference>, NotAgain> {
        if pack.bundle() != self.bundle {
            return Err(NotAgain::Bundle(self.bundle));
        }
        if overlay.map(Overlay::digest) != self.overlay {
            return Err(NotAgain::Overlay);
        }
        let again = Again { record: self, pack, overlay };
        let mut found = Differences::default();
        for line in &self.lines {
            again.line(line, &mut found);
        }
        again.naming(&mut found);
        Ok(found.into_vec())
    }
}

struct Again<'a> {
    record: &'a DecisionRecord,
    pack: &'a Pack,
    overlay: Option<&'a Overlay>,
}

impl Again<'_> {
    fn line(&self, line: &DecisionLine, found: &mut Differences) {
        let of = line.category.as_str();
        let Some(on) = &line.on else {
            found.hold(of, What::Outcome, &line.outcome, &Ruled::Miss);
            found.hold(of, What::Tier, &line.tier, &Tier::T0);
            return found.hold(of, What::Rows, &line.basis, &Basis::default());
        };
        match self.rulings(line, on) {
            Err(error) => found.undecided(of, error.reason()),
            Ok(rulings) => {
                for (file, again) in on.files.iter().zip(&rulings) {
                    compare(of, file, again, found);
                }
                summed_up(of, line, &rulings, found);
            }
        }
    }

    fn rulings(&self, line: &DecisionLine, on: &DecidedOn) -> Result<Vec<Decision>, FactError> {
        let facts = self.facts(on.facts)?;
        let rulings = on.files.iter().map(|file| {
            let asked = Asked {
                question: self.record.statement,
                category: &line.category,
                about: file.about,
                facts: &facts,
                overlay: self.overlay,
                cap: line.cap,
                held: on.held,
                on: self.record.decided_at,
            };
            // The ruling beside the decision would be a permit; it goes unused.
            self.pack.rule(&asked).map(|(decision, _)| decision)
        });
        rulings.collect()
    }

    fn naming(&self, found: &mut Differences) {
        let Some(naming) = &self.record.naming else { return };
        match self.facts(naming.facts) {
            Err(error) => found.undecided("naming", error.reason()),
            Ok(facts) => {
                let may = self.pack.may_name(&facts, self.overlay, self.record.decided_at);
                found.hold("naming", What::Nameable, &naming.nameable, &(naming.understood && may));
            }
        }
    }

    fn facts(&self, set: usize) -> Result<Facts, FactError> {
        let mut facts = self.pack.facts();
        for (column, value) in &self.record.visible {
            self.pack.set(&mut facts, column, value)?;
        }
        let missing = || FactError::Missing { columns: vec![set.to_string()] };
        let sealed = self.record.facts.get(set).ok_or_else(missing)?;
        for DecisionFact { column, value, .. } in sealed {
            self.pack.set(&mut facts, column, value)?;
        }
        Ok(facts)
    }
}

fn compare(of: &str, file: &FileRuling, again: &Decision, found: &mut Differences) {
    found.hold(of, What::Outcome, &file.verdict, &again.verdict);
    found.hold(of, What::Tier, &file.tier, &again.tier);
    found.hold(of, What::Rows, &file.rows, &again.rows);
    found.hold(of, What::Reason, &file.reason, &again.reason);
}

/// The line of a category is what its files come to.
fn summed_up(of: &str, line: &DecisionLine, rulings: &[Decision], found: &mut Differences) {
    let verdict = rulings.iter().map(|ruling| ruling.verdict).min().unwrap_or(Verdict::Refuse);
    let with: Vec<_> = rulings.iter().filter(|ruling| ruling.verdict == verdict).collect();
    let tier = with.iter().map(|ruling| ruling.tier).max().unwrap_or(Tier::T0);
    found.hold(of, What::Outcome, &line.outcome, &Ruled::from(verdict));
    found.hold(of, What::Tier, &line.tier, &tier);
    let mut basis = Basis::default();
    for ruling in with {
        let rows = ruling.rows.iter().filter(|row| !basis.rows.contains(row)).cloned();
        let rows: Vec<_> = rows.collect();
        basis.rows.extend(rows);
        let grounds = ruling.grounds.iter().filter(|ground| !basis.grounds.contains(ground));
        let grounds: Vec<_> = grounds.cloned().collect();
        basis.grounds.extend(grounds);
    }
    found.hold(of, What::Rows, &line.basis.rows, &basis.rows);
    found.hold(of, What::Grounds, &line.basis.grounds, &basis.grounds);
}
