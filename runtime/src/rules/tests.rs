//! Rules that are taken, kept, and in force.

use grondslag_core::clock::SetClock;
use grondslag_evidence::ledger::testing as ledger;
use grondslag_evidence::store::MemoryStore;
use grondslag_evidence::store::faulty::{Fault, FaultyStore};
use grondslag_policy::publish::Entry as Entering;

use super::testing::{draft, files, officers, signed};
use super::*;

const NOW: Timestamp = Timestamp::from_ms(1_780_000_000_000);

/// A process with its store.
struct Party {
    store: Arc<dyn Store>,
    clock: Arc<SetClock>,
    files: BTreeMap<String, String>,
}

impl Party {
    fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let (clock, files) = (Arc::new(SetClock::at(NOW)), Pack::builtin_files());
        Self { store, clock, files }
    }

    async fn open(&self) -> Result<Rules, Refused> {
        self.open_with(officers()).await
    }

    async fn open_with(&self, officers: Officers) -> Result<Rules, Refused> {
        let ledger = ledger::open(Arc::clone(&self.store), self.clock.clone(), "own").await;
        Rules::open(Means {
            region: region(),
            files: self.files.clone(),
            officers,
            store: Arc::clone(&self.store),
            ledger: Arc::new(ledger.unwrap()),
            clock: self.clock.clone(),
        })
        .await
    }
}

fn region() -> Digest {
    Digest::new([7; 32])
}

/// The same rules under another version, in force from a moment on.
fn publication(on: &Rules, version: &str, from: i64, change: fn(&mut Publication)) -> Publication {
    let when = (Entering::Planned, NOW, NOW.plus_ms(from));
    let mut publication = draft(on, region(), files(version), when);
    change(&mut publication);
    signed(publication, &[1, 2])
}

#[tokio::test]
async fn what_was_taken_is_kept_and_in_force_from_its_moment_on() {
    let party = Party::new();
    let rules = party.open().await.unwrap();
    let next = publication(&rules, "1.1.0", 10, |_| {});
    let size = rules.ledger.size().await.unwrap();
    assert_eq!(rules.take(next.clone(), Arrival::Brought).await, Ok(Taken::New));
    assert_eq!(rules.ledger.size().await, Ok(size + 1), "a leaf tells of it");
    assert_eq!(rules.take(next.clone(), Arrival::Brought).await, Ok(Taken::Known));
    assert_eq!(rules.ledger.size().await, Ok(size + 1));
    assert_eq!(*rules.newest().borrow(), 1);
    drop(rules);

    // A newer program comes with other rules: the region goes on with its own.
    let newer = Party { files: files("9.0.0"), ..party };
    let again = newer.open().await.unwrap();
    assert_eq!(again.now().version(), "1.0.0");
    newer.clock.set(NOW.plus_ms(10));
    assert_eq!(again.now().version(), "1.1.0");
    assert_eq!(again.at(NOW.plus_ms(9)).version(), "1.0.0");
    assert_eq!(again.publication(1).await.unwrap().as_ref(), Some(&next));
    assert_eq!(again.publication(2).await, Ok(None));
}

/// A disk may have taken what it said that it had not: whoever follows is told of it, so it counts.
#[tokio::test]
async fn what_landed_counts_whatever_the_store_said_of_it() {
    for (fault, newest, again) in [(Fault::Landed, 1, Taken::Known), (Fault::Lost, 0, Taken::New)] {
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
        let party = Party { store: Arc::clone(&store) as Arc<dyn Store>, ..Party::new() };
        let rules = party.open().await.unwrap();
        let next = publication(&rules, "1.1.0", 10, |_| {});
        store.fail_commit_of(b"l/", fault);
        assert!(rules.take(next.clone(), Arrival::Brought).await.is_err(), "{fault:?}");
        assert_eq!(*rules.newest().borrow(), newest, "{fault:?}");
        let kept = rules.publication(1).await.unwrap().is_some();
        assert_eq!(kept, newest == 1, "{fault:?}");
        assert_eq!(rules.take(next, Arrival::Brought).await, Ok(again), "{fault:?}");
    }
}

/// What was kept was weighed by the program and the officers of then.
#[tokio::test]
async fn what_was_kept_counts_also_when_other_officers_are_pinned_since() {
    let party = Party::new();
    let rules = party.open().await.unwrap();
    rules.take(publication(&rules, "1.1.0", 10, |_| {}), Arrival::Brought).await.unwrap();
    let again = party.open_with(Officers::default()).await.unwrap();
    assert_eq!(*again.newest().borrow(), 1);
    let next = again.timeline().officers().clone();
    assert_eq!(next, officers(), "those whom the rules name sign the next");
}

#[tokio::test]
async fn whoever_joins_later_begins_with_what_the_first_publication_names() {
    let broker = Party::new().open().await.unwrap();
    let first = publication(&broker, "1.1.0", 10, |_| {});
    broker.take(first.clone(), Arrival::Brought).await.unwrap();
    let joined = Party { files: files("9.0.0"), ..Party::new() };
    let rules = joined.open().await.unwrap();
    let refused = rules.take(first.clone(), Arrival::PassedOn).await.unwrap_err();
    assert_eq!(refused.reason, Reason::PolicyRebase);
    rules.offer_first(files("8.0.0"));
    let refused = rules.take(first.clone(), Arrival::PassedOn).await.unwrap_err();
    assert_eq!(refused.reason, Reason::PolicyRebase, "what was offered is not what was signed");
    rules.offer_first(broker.first_files().await.unwrap().unwrap());
    assert_eq!(rules.take(first, Arrival::PassedOn).await, Ok(Taken::New));
    assert_eq!(rules.now().version(), "1.0.0");
    assert_eq!(joined.open().await.unwrap().now().version(), "1.0.0", "and keeps it");
}

#[tokio::test]
async fn what_officers_signed_and_nobody_here_can_read_makes_not_ready_from_its_moment_on() {
    let party = Party::new();
    let rules = party.open().await.unwrap();
    let later = publication(&rules, "1.1.0", 10, |publication| {
        publication.manifest.engine = "grondslag-policy 9.0.0".to_owned();
    });
    let refused = rules.take(later.clone(), Arrival::Brought).await.unwrap_err();
    assert_eq!(refused.reason, Reason::PolicyEngine);
    assert_eq!(rules.blocked(), None, "it was not published");
    let refused = rules.take(later.clone(), Arrival::PassedOn).await.unwrap_err();
    assert_eq!(refused.reason, Reason::PolicyEngine);
    assert_eq!(rules.ready(NOW.plus_ms(9)), Ok(()));
    let asked = |now: i64| rules.of_question(NOW, NOW.plus_ms(now)).map(|pack| pack.bundle());
    assert_eq!(asked(9), Ok(rules.now().bundle()));
    assert_eq!(asked(10), Err(Reason::NotReady));
    // What nobody signed says nothing.
    let fresh = Party::new().open().await.unwrap();
    let forged = Publication { signatures: Vec::new(), ..later };
    assert_eq!(
        fresh.take(forged, Arrival::PassedOn).await.unwrap_err().reason,
        Reason::OfficersTooFew
    );
    assert_eq!(fresh.blocked(), None);
}

#[tokio::test]
async fn the_rules_in_force_are_told_once_for_each_change() {
    let party = Party::new();
    let rules = party.open().await.unwrap();
    rules.settle(None).await.unwrap();
    let size = rules.ledger.size().await.unwrap();
    rules.take(publication(&rules, "1.1.0", 10, |_| {}), Arrival::Brought).await.unwrap();
    for (now, leaves) in [(0, 1), (10, 2), (11, 2)] {
        party.clock.set(NOW.plus_ms(now));
        rules.settle(None).await.unwrap();
        assert_eq!(rules.ledger.size().await, Ok(size + leaves), "{now}");
    }
    rules.settle(Some(region())).await.unwrap();
    assert_eq!(rules.ledger.size().await, Ok(size + 3), "own rules were changed");
}
