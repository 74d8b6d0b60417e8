//! What every backend must do. Each backend's own tests call [`suite`] with a way to make one.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use grondslag_core::id::Digest;
use tokio::task::JoinSet;

use super::faulty::{Fault, FaultyStore};
use super::{Batch, Store, StoreError};
use crate::limits::{SCAN_PAGE_MAX, VALUE_BYTES_MAX};

/// Runs every check, each on a new and empty store.
pub(crate) async fn suite<F, Fut>(make: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Store>>,
{
    writes_are_read_back(make().await).await;
    a_batch_is_all_or_nothing(make().await).await;
    expectations_hold_by_value_digest_and_absence(make().await).await;
    a_batch_over_a_limit_writes_nothing(make().await).await;
    scans_are_ordered_and_paged(make().await).await;
    scans_are_cut_to_the_longest_page(make().await).await;
    one_of_many_claims_a_key(make().await).await;
    counters_lose_no_step(make().await).await;
    transfers_keep_the_sum_in_every_page(make().await).await;
    a_fault_without_the_write_leaves_nothing(make().await).await;
    a_fault_with_the_write_leaves_all(make().await).await;
    the_store_is_well(make().await).await;
}

async fn value(store: &dyn Store, key: &str) -> Option<String> {
    let value = store.get(key.as_bytes()).await.unwrap();
    value.map(|bytes| String::from_utf8(bytes).unwrap())
}

async fn keys(store: &dyn Store, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let page = store.scan(prefix.as_bytes(), after.map(str::as_bytes), limit).await.unwrap();
    page.into_iter().map(|pair| String::from_utf8(pair.key).unwrap()).collect()
}

async fn writes_are_read_back(store: Arc<dyn Store>) {
    assert_eq!(value(&*store, "a").await, None);
    let long = "x".repeat(VALUE_BYTES_MAX);
    store.commit(Batch::new().put("a", "1").put("long", long.clone()).put("e", "")).await.unwrap();
    assert_eq!(value(&*store, "a").await.as_deref(), Some("1"));
    assert_eq!(value(&*store, "long").await, Some(long));
    assert_eq!(value(&*store, "e").await.as_deref(), Some(""));
    store.commit(Batch::new().put("a", "2").delete("e").delete("never")).await.unwrap();
    assert_eq!(value(&*store, "a").await.as_deref(), Some("2"));
    assert_eq!(value(&*store, "e").await, None);
    assert_eq!(store.commit(Batch::new()).await, Ok(()));
}

async fn a_batch_is_all_or_nothing(store: Arc<dyn Store>) {
    store.commit(Batch::new().put("a", "1").put("b", "1")).await.unwrap();
    let batch = Batch::new().put("a", "2").delete("b").put("c", "2").expect_absent("a");
    assert_eq!(store.commit(batch).await, Err(StoreError::Conflict { step: 3 }));
    assert_eq!(value(&*store, "a").await.as_deref(), Some("1"));
    assert_eq!(keys(&*store, "", None, 10).await, ["a", "b"]);
}

async fn expectations_hold_by_value_digest_and_absence(store: Arc<dyn Store>) {
    store.commit(Batch::new().expect_absent("k").put("k", "1")).await.unwrap();
    let conflict = Err(StoreError::Conflict { step: 0 });
    let other = Digest::of(b"2");
    assert_eq!(store.commit(Batch::new().expect_absent("k")).await, conflict);
    assert_eq!(store.commit(Batch::new().expect_value("k", "2")).await, conflict);
    assert_eq!(store.commit(Batch::new().expect_value("none", "1")).await, conflict);
    assert_eq!(store.commit(Batch::new().expect_digest("k", other)).await, conflict);
    assert_eq!(store.commit(Batch::new().expect_digest("none", other)).await, conflict);
    let holds = Batch::new()
        .expect_absent("none")
        .expect_value("k", "1")
        .expect_digest("k", Digest::of(b"1"))
        .put("k", "2")
        .expect_value("k", "2")
        .delete("k")
        .expect_absent("k");
    assert_eq!(store.commit(holds).await, Ok(()));
    assert_eq!(value(&*store, "k").await, None);
}

async fn a_batch_over_a_limit_writes_nothing(store: Arc<dyn Store>) {
    let batch = Batch::new().put("a", "1").put("b", vec![0; VALUE_BYTES_MAX + 1]);
    assert_eq!(store.commit(batch).await, Err(StoreError::TooLarge("value")));
    assert_eq!(value(&*store, "a").await, None);
    assert_eq!(store.commit(Batch::new().put("a", "1")).await, Ok(()));
}

async fn scans_are_ordered_and_paged(store: Arc<dyn Store>) {
    let batch = ["b/2", "a/9", "b/10", "b", "c/1", "b/1", "b0"];
    let batch = batch.iter().fold(Batch::new(), |batch, key| batch.put(*key, "v"));
    store.commit(batch).await.unwrap();
    assert_eq!(keys(&*store, "b/", None, 10).await, ["b/1", "b/10", "b/2"]);
    assert_eq!(keys(&*store, "b/", None, 2).await, ["b/1", "b/10"]);
    assert_eq!(keys(&*store, "b/", Some("b/10"), 2).await, ["b/2"]);
    assert_eq!(keys(&*store, "b/", Some("b/1x"), 2).await, ["b/2"]);
    assert_eq!(keys(&*store, "b/", Some("a"), 1).await, ["b/1"]);
    assert_eq!(keys(&*store, "b/", Some("z"), 10).await, Vec::<String>::new());
    assert_eq!(keys(&*store, "none", None, 10).await, Vec::<String>::new());
    assert_eq!(keys(&*store, "b/", None, 0).await, Vec::<String>::new());
    let all = ["a/9", "b", "b/1", "b/10", "b/2", "b0", "c/1"];
    assert_eq!(keys(&*store, "", None, 10).await, all);
}

async fn scans_are_cut_to_the_longest_page(store: Arc<dyn Store>) {
    let name = |n: usize| format!("k{n:05}");
    let total = SCAN_PAGE_MAX + 1;
    let batch = (0..total).fold(Batch::new(), |batch, n| batch.put(name(n), ""));
    store.commit(batch).await.unwrap();
    let first = keys(&*store, "k", None, usize::MAX).await;
    assert_eq!(first.len(), SCAN_PAGE_MAX);
    let rest = keys(&*store, "k", first.last().map(String::as_str), usize::MAX).await;
    assert_eq!(rest, [name(total - 1)]);
}

async fn one_of_many_claims_a_key(store: Arc<dyn Store>) {
    let mut claims = JoinSet::new();
    for n in 0..64 {
        let store = Arc::clone(&store);
        let batch = Batch::new().put(format!("seen/{n}"), "").expect_absent("claim");
        claims.spawn(async move { store.commit(batch.put("claim", n.to_string())).await });
    }
    let results = claims.join_all().await;
    let won = results.iter().filter(|result| result.is_ok()).count();
    let lost = Err(StoreError::Conflict { step: 1 });
    assert_eq!((won, results.iter().filter(|result| **result == lost).count()), (1, 63));
    let winner = value(&*store, "claim").await.unwrap();
    assert_eq!(keys(&*store, "seen/", None, 100).await, [format!("seen/{winner}")]);
}

/// Read, expect what was read, write: the way everybody changes what others change too.
async fn step(store: &dyn Store, key: &str, by: i64) {
    loop {
        let old = value(store, key).await;
        let new = old.as_ref().map_or(0, |n| n.parse::<i64>().unwrap()) + by;
        let batch = match old {
            Some(old) => Batch::new().expect_value(key, old),
            None => Batch::new().expect_absent(key),
        };
        match store.commit(batch.put(key, new.to_string())).await {
            Ok(()) => return,
            Err(StoreError::Conflict { step: 0 }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn counters_lose_no_step(store: Arc<dyn Store>) {
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for _ in 0..8 {
                step(&*store, if n % 4 == 0 { "own" } else { "shared" }, 1).await;
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(value(&*store, "own").await.as_deref(), Some("32"));
    assert_eq!(value(&*store, "shared").await.as_deref(), Some("96"));
}

async fn transfers_keep_the_sum_in_every_page(store: Arc<dyn Store>) {
    let money = |a: i64, b: i64| Batch::new().put("m/a", a.to_string()).put("m/b", b.to_string());
    store.commit(money(100, 0)).await.unwrap();
    let writer = Arc::clone(&store);
    let writer = tokio::spawn(async move {
        for n in 1..=100 {
            writer.commit(money(100 - n, n)).await.unwrap();
        }
    });
    while !writer.is_finished() {
        let page = store.scan(b"m/", None, 10).await.unwrap();
        let sums = page.iter().map(|pair| String::from_utf8_lossy(&pair.value).into_owned());
        assert_eq!(sums.map(|n| n.parse::<i64>().unwrap()).sum::<i64>(), 100);
    }
    writer.await.unwrap();
    assert_eq!(value(&*store, "m/b").await.as_deref(), Some("100"));
}

/// A batch of which the second commit fails.
async fn with_fault(
    store: &Arc<dyn Store>,
    fault: Fault,
) -> BTreeMap<&'static str, Option<String>> {
    let faulty = FaultyStore::new(Arc::clone(store));
    faulty.fail_commit(2, fault);
    faulty.commit(Batch::new().put("a", "1")).await.unwrap();
    let failed = faulty.commit(Batch::new().put("a", "2").put("b", "2")).await.unwrap_err();
    assert!(!failed.wrote_nothing());
    assert_eq!(faulty.commit(Batch::new().put("c", "3")).await, Ok(()));
    assert_eq!(faulty.commits(), 3);
    let mut found = BTreeMap::new();
    for key in ["a", "b", "c"] {
        found.insert(key, value(&**store, key).await);
    }
    found
}

async fn a_fault_without_the_write_leaves_nothing(store: Arc<dyn Store>) {
    let found = with_fault(&store, Fault::Lost).await;
    let of = |n: &str| Some(n.to_owned());
    assert_eq!(found, BTreeMap::from([("a", of("1")), ("b", None), ("c", of("3"))]));
}

async fn a_fault_with_the_write_leaves_all(store: Arc<dyn Store>) {
    let found = with_fault(&store, Fault::Landed).await;
    let of = |n: &str| Some(n.to_owned());
    assert_eq!(found, BTreeMap::from([("a", of("2")), ("b", of("2")), ("c", of("3"))]));
}

async fn the_store_is_well(store: Arc<dyn Store>) {
    let health = store.health().await;
    assert!(health.writable);
    assert_eq!(health.reason, None);
}
