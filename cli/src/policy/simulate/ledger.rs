//! Recorded decisions, out of the ledgers of their parties.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_policy::draft::Origin;
use grondslag_policy::simulate::{Side, Simulated, Simulation, Skipped, Under};
use grondslag_policy::{Overlay, Pack};
use indicatif::ProgressBar;

use crate::audit::{Behind, Decision, Entry, Filter, Party, Rules, Shelf, each_of, is_decision};
use crate::exit::Failure;

/// A simulation that reads ledgers.
pub(super) struct Replay<'a> {
    draft: Side<'a>,
    since: Timestamp,
    until: Timestamp,
    simulation: Simulation,
    parties: u64,
    pub(super) skipped: Skipped,
    took: Duration,
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
        let took = Duration::ZERO;
        Self { draft, since, until, simulation, parties: 0, skipped, took }
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
        let filter = Filter { since: self.since, kinds: is_decision };
        let take = |_: &str, entry: Entry| {
            self.entry(entry, &party.oin, &books, &mut bare);
            Ok(())
        };
        let start = Instant::now();
        each_of(&party, filter, bar, take).await?;
        self.took += start.elapsed();
        self.skipped.problems += count(bare.len());
        Ok(())
    }

    pub(super) fn finish(self) -> Simulated {
        let (broker, holders) = self.simulation.finish();
        let draft = Origin::of(self.draft.pack());
        let Self { since, until, parties, skipped, took, .. } = self;
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Simulated { since, until, draft, parties, broker, holders, skipped, took_ms }
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
        let Some(recorded) = decision.recorded(party) else {
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

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
