//! `grondslag inbox watch`: what comes in and what falls due, as it happens.

use std::collections::BTreeMap;
use std::time::Duration;

use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use serde_json::json;
use tokio::time::sleep;

use super::desk::InboxDesk;
use super::shown;
use crate::ask::Names;
use crate::desk::{Desk, Who};
use crate::exit::{Exit, Failure};
use crate::limits::INBOX_LOOK_MS;
use crate::output::{Output, dim, green, red, yellow};

/// Looks now and then, and tells what is new, until somebody stops it. What is listed names nobody,
/// so that looking leaves no record.
pub(super) async fn watch(who: &Who, out: Output) -> Result<Exit, Failure> {
    let desk = InboxDesk::at(Desk::open(&who.desk, out.lang())?);
    let names = Names::load(out.lang())?;
    let mut before = BTreeMap::new();
    out.line(&dim(out.tr("stop met Ctrl-C", "stop with Ctrl-C")));
    loop {
        let (items, _) = desk.list(&who.role, false).await?;
        let now: BTreeMap<Vec<u8>, v1::InboxItem> =
            items.into_iter().map(|item| (item.target_id.clone(), item)).collect();
        for (word, item) in differences(&before, &now) {
            told(word, item, &names, out)?;
        }
        before = now;
        tokio::select! {
            _stopped = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            () = sleep(Duration::from_millis(INBOX_LOOK_MS)) => {}
        }
    }
}

/// What happened between two looks.
fn differences<'a>(
    before: &'a BTreeMap<Vec<u8>, v1::InboxItem>,
    now: &'a BTreeMap<Vec<u8>, v1::InboxItem>,
) -> Vec<(&'static str, &'a v1::InboxItem)> {
    let changed = now.iter().filter_map(|(id, item)| match before.get(id) {
        None => Some(("new", item)),
        Some(old) if old.stage != item.stage => Some(("climbed", item)),
        Some(old) if old.state != item.state || old.assigned != item.assigned => {
            Some(("changed", item))
        }
        Some(_) => None,
    });
    let gone = before.iter().filter(|(id, _)| !now.contains_key(*id));
    changed.chain(gone.map(|(_, item)| ("gone", item))).collect()
}

fn told(word: &str, item: &v1::InboxItem, names: &Names, out: Output) -> Result<(), Failure> {
    let tinted = match word {
        "new" => yellow(out.tr("nieuw", "new")),
        "climbed" => red(out.tr("wacht te lang", "waits too long")),
        "gone" => green(out.tr("beslist of voorbij", "decided or over")),
        _ => dim(out.tr("gewijzigd", "changed")),
    };
    for (place, line) in shown::item(item, names, out).into_iter().enumerate() {
        out.line(&if place == 0 { format!("{tinted}  {line}") } else { line });
    }
    out.json(&json!({ "event": word, "item": shown::item_json(item) }))
}

/// When an item falls due next.
pub(super) fn due(item: &v1::InboxItem) -> Timestamp {
    let is_inner = item.stage == "professional";
    Timestamp::from_ms(if is_inner { item.inner_ms } else { item.answer_by_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(all: &[(u8, &str, &str)]) -> BTreeMap<Vec<u8>, v1::InboxItem> {
        let item = |(id, stage, state): &(u8, &str, &str)| {
            let (stage, state) = ((*stage).to_owned(), (*state).to_owned());
            (vec![*id], v1::InboxItem { stage, state, ..v1::InboxItem::default() })
        };
        all.iter().map(item).collect()
    }

    #[test]
    fn what_is_new_climbs_changes_or_goes_is_told_once() {
        let before = items(&[(1, "professional", "waiting"), (2, "manager", "waiting")]);
        let now = items(&[(1, "manager", "waiting"), (3, "professional", "waiting")]);
        let words = |before, now| -> Vec<&str> {
            differences(before, now).into_iter().map(|(word, _)| word).collect()
        };
        assert_eq!(words(&before, &now), ["climbed", "new", "gone"]);
        assert!(words(&now, &now).is_empty());
        let second = items(&[(1, "manager", "second"), (3, "professional", "waiting")]);
        assert_eq!(words(&now, &second), ["changed"]);
    }
}
