//! What stands against telling of somebody, while it is not decided (AVG art. 18 lid 1 a and d).
//!
//! `rg/<person, keyed>` holds every case about somebody that is open at this agency, and the
//! objections that were granted. Where this agency's own people say that another person's data may
//! stand under the number nothing of them is told without a human; what another agency says so
//! stops nothing by itself. An objection counts as a refusal of consent: it stops what rests on
//! consent, makes what rests on a right a matter for a human, and no duty (domain 4a.2).

use std::collections::BTreeSet;

use grondslag_core::catalogue::Category;
use grondslag_core::id::RequestId;
use grondslag_core::reason::Reason;
use grondslag_core::rights::Right;
use grondslag_evidence::store::{Batch, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::case::Case;
use crate::limits::REQUESTS_OPEN_MAX;
use crate::secret::{INDEX_LEN, NodeSecret};

/// What stands, by person.
const STANDING: &[u8] = b"rg/";
/// Label of a person's entry.
const INDEX: &str = "grondslag/rights/v1";

/// What stands against telling of somebody.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing(Vec<One>);

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct One {
    case: RequestId,
    right: Right,
    /// Empty for all.
    categories: BTreeSet<Category>,
    /// It was written down here; else another agency brought it.
    by_own_staff: bool,
}

grondslag_core::unprinted!(Standing One);

impl Standing {
    /// Another person's data may stand under this number, of this category.
    pub(crate) fn is_disputed(&self, category: &Category) -> bool {
        self.holds(Right::FalseMatch, category)
    }

    /// Somebody objects to telling this.
    pub(crate) fn objects_to(&self, category: &Category) -> bool {
        self.holds(Right::Objection, category)
    }

    fn holds(&self, right: Right, category: &Category) -> bool {
        self.0.iter().any(|one| {
            let about = one.categories.is_empty() || one.categories.contains(category);
            one.right == right && about && (one.by_own_staff || right != Right::FalseMatch)
        })
    }
}

/// Where what stands about somebody is kept.
pub(crate) fn entry_of(secret: &NodeSecret, digits: &str) -> [u8; INDEX_LEN] {
    secret.index(INDEX, digits)
}

/// What stands against telling of somebody.
///
/// # Errors
/// `STORE_CORRUPT` for what is none; else those of the store.
pub(crate) async fn read(store: &dyn Store, entry: &[u8; INDEX_LEN]) -> Result<Standing, Reason> {
    Ok(read_seen(store, entry).await?.0)
}

/// Adds to a batch that a case stands, or that it stands no more.
///
/// # Errors
/// `REQUESTS_FULL` for one more than fits; else those of the store.
pub(super) async fn put(
    batch: Batch,
    store: &dyn Store,
    secret: &NodeSecret,
    case: &Case,
) -> Result<Batch, Reason> {
    let entry = entry_of(secret, &case.digits);
    let (Standing(mut all), seen) = read_seen(store, &entry).await?;
    all.retain(|one| one.case != case.id);
    if case.is_undecided() || case.is_standing() {
        let (brought, most) = REQUESTS_OPEN_MAX;
        let by_own_staff = case.lodged_by.is_some();
        // What others bring takes no place of the agency's own people.
        let of_others = all.iter().filter(|one| !one.by_own_staff).count();
        if all.len() >= most || (!by_own_staff && of_others >= brought) {
            return Err(Reason::RequestsFull);
        }
        let categories = case.categories.clone();
        all.push(One { case: case.id, right: case.right, categories, by_own_staff });
    }
    let key = key(&entry);
    let batch = match seen {
        Some(seen) => batch.expect_value(key.as_slice(), seen),
        None => batch.expect_absent(key.as_slice()),
    };
    if all.is_empty() {
        return Ok(batch.delete(key));
    }
    let row = serde_json::to_vec(&all).map_err(|_| Reason::Internal)?;
    Ok(batch.put(key, row))
}

async fn read_seen(
    store: &dyn Store,
    entry: &[u8; INDEX_LEN],
) -> Result<(Standing, Option<Vec<u8>>), Reason> {
    let row = store.get(&key(entry)).await.map_err(StoreError::reason)?;
    let standing = row.as_ref().map_or_else(
        || Ok(Standing::default()),
        |row| serde_json::from_slice(row).map_err(|_| Reason::StoreCorrupt),
    );
    Ok((standing?, row))
}

fn key(entry: &[u8; INDEX_LEN]) -> Vec<u8> {
    [STANDING, entry.as_slice()].concat()
}
