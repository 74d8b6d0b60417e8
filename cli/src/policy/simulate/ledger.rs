//! Recorded decisions, out of the ledgers of their parties.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_policy::simulate::{By, Line, On, Recorded, Side, Simulation, Under};
use grondslag_policy::{Overlay, Pack};
use indicatif::ProgressBar;

use super::{Draft, Simulated, Skipped};
use crate::audit::{Behind, Decision, Entry, Party, Rules, Shelf, each_since, is_decision};
use crate::exit::Failure;

/// A simulation that reads ledgers.
pub(super) struct Replay<'a> {
    draft: Side<'a>,
    since: Timestamp,
    until: Timestamp,
    simulation: Simulation,
    parties: u64,
    pub(super) skipped: Skipped,
}

/// The rules of one party: those that decided, and the draft with its own beside it.
struct Books<'a> {
    rules: &'a Rules,
    sides: BTreeMap<Digest, Side<'a>>,
    own: Vec<Overlay>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(
        draft: &'a Pack,
        (since, until): (Timestamp, Timestamp),
        on: Option<Timestamp>,
    ) -> Self {
        let simulation = Simulation::new(on);
        let (draft, skipped) = (Side::of(draft), Skipped::default());
        Self { draft, since, until, simulation, parties: 0, skipped }
    }

    /// Takes the decisions of a party.
    pub(super) async fn party(
        &mut self,
        file: &Path,
        shelf: &mut Shelf,
        bar: &ProgressBar,
    ) -> Result<(), Failure> {
        let party = Party::running(file).await?;
        let rules = shelf.of(file, &party.taken_rules().await?)?;
        let (own, unfit) = rules.own_on(self.draft.pack());
        let sides = rules.packs().map(|pack| (pack.bundle(), Side::of(pack)));
        let books = Books { rules: &rules, sides: sides.collect(), own };
        self.skipped.unfit.extend(unfit);
        self.parties = self.parties.saturating_add(1);
        // Without an opening, and so far without a leaf that says that it was forgotten.
        let mut bare = BTreeSet::new();
        let since = self.since;
        let take = |_: &str, entry: Entry| {
            self.entry(entry, &party.oin, &books, &mut bare);
            Ok(())
        };
        each_since(&party, since, bar, take).await?;
        self.skipped.problems += count(bare.len());
        Ok(())
    }

    pub(super) fn finish(self) -> Simulated {
        let (broker, holders) = self.simulation.finish();
        let draft = self.draft.pack();
        let draft = Draft { version: draft.version().to_owned(), bundle: draft.bundle() };
        let Self { since, until, parties, skipped, .. } = self;
        Simulated { since, until, draft, parties, broker, holders, skipped }
    }

    fn entry(&mut self, entry: Entry, party: &Oin, books: &Books<'_>, bare: &mut BTreeSet<Digest>) {
        match entry.behind {
            Behind::Opened(opened) => match Decision::read(&opened) {
                Ok(Some(decision)) => self.decision(&decision, party, books),
                Ok(None) => {}
                Err(_) => self.skipped.problems += 1,
            },
            Behind::Altered { kind } if is_decision(&kind) => self.skipped.problems += 1,
            Behind::Bare { kind, commitment } if is_decision(&kind) => {
                bare.insert(commitment);
            }
            Behind::Deletion(forgotten) => {
                let all = forgotten.kinds.values().flatten();
                self.skipped.forgotten += count(all.filter(|one| bare.remove(*one)).count());
            }
            Behind::Clear | Behind::Altered { .. } | Behind::Bare { .. } => {}
        }
    }

    fn decision(&mut self, decision: &Decision, party: &Oin, books: &Books<'_>) {
        let Some(recorded) = recorded(decision, party) else {
            self.skipped.undecided += 1;
            return;
        };
        if recorded.decided_at < self.since {
            return;
        }
        let Ok((pack, overlay)) = books.rules.find(decision.rules()) else {
            self.skipped.no_rules += 1;
            return;
        };
        let Some(side) = books.sides.get(&pack.bundle()) else { return };
        let own = overlay.map(Overlay::digest);
        let own_on = books.own.iter().find(|on| Some(on.digest()) == own);
        // Own rules that do not fit the draft are named once, not per decision.
        if own.is_some() && own_on.is_none() {
            return;
        }
        let (then, draft) = (Under { side, overlay }, Under { side: &self.draft, overlay: own_on });
        if self.simulation.take(&recorded, then, draft).is_err() {
            self.skipped.problems += 1;
        }
    }
}

/// What a record tells; nothing where nothing was decided.
fn recorded<'a>(decision: &'a Decision, party: &'a Oin) -> Option<Recorded<'a>> {
    match decision {
        Decision::Broker(record) => {
            let columns = record.columns.iter();
            let columns = columns.map(|(column, of)| (column.as_str(), of.value.as_str()));
            let categories = record.asked.categories.iter();
            // A target without a card has no columns: nothing was decided by rule.
            (!record.columns.is_empty()).then(|| Recorded {
                by: By::Broker,
                id: record.leaf.target_id,
                decided_at: record.leaf.decided_at,
                asker: &record.asked.header.asker,
                holder: &record.leaf.target,
                purpose: &record.asked.header.purpose,
                visible: columns.collect(),
                sealed: Vec::new(),
                lines: categories.map(|category| Line { category, on: None }).collect(),
            })
        }
        Decision::Holder(record) => {
            let visible = record.visible.iter();
            let visible = visible.map(|(column, value)| (column.as_str(), value.as_str()));
            let sets = record.facts.iter().map(|set| {
                let facts = set.iter().map(|fact| (fact.column.as_str(), fact.value.as_str()));
                facts.collect()
            });
            let lines = record.lines.iter().filter_map(|line| {
                let on = line.on.as_ref()?;
                let about = on.files.iter().map(|file| file.about).collect();
                let on = Some(On { facts: on.facts, held: on.held, about });
                Some(Line { category: &line.category, on })
            });
            let lines: Vec<_> = lines.collect();
            (!lines.is_empty()).then(|| Recorded {
                by: By::Holder,
                id: record.target_id,
                decided_at: record.decided_at,
                asker: &record.asker,
                holder: party,
                purpose: &record.purpose,
                visible: visible.collect(),
                sealed: sets.collect(),
                lines,
            })
        }
    }
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
