//! `grondslag inbox watch`: what comes in and what falls due, as it happens.

use std::collections::BTreeMap;
use std::time::Duration;

use grondslag_core::reason::Reason;
use grondslag_core::reviewing::ReviewState;
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
/// so that looking leaves no record. A node that does not answer is looked at again.
pub(super) async fn watch(who: &Who, out: Output) -> Result<Exit, Failure> {
    let desk = InboxDesk::at(Desk::open(&who.desk, out.lang())?);
    let names = Names::load(out.lang())?;
    let mut before: Option<BTreeMap<Vec<u8>, v1::InboxItem>> = None;
    out.note(&dim(out.tr("stop met Ctrl-C", "stop with Ctrl-C")));
    loop {
        match desk.list(&who.role, true).await {
            Ok((items, more)) => {
                let now = items.into_iter().map(|item| (item.target_id.clone(), item)).collect();
                for (word, item) in differences(before.as_ref(), &now, more) {
                    told(word, item, &names, out)?;
                }
                before = Some(now);
            }
            Err(failure) if failure.reason() == Reason::Unreachable => {
                out.note(&yellow(
                    out.tr("het knooppunt antwoordt niet", "the node does not answer"),
                ));
            }
            Err(failure) => return Err(failure),
        }
        tokio::select! {
            _stopped = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            () = sleep(Duration::from_millis(INBOX_LOOK_MS)) => {}
        }
    }
}

/// What happened between two looks; at the first one, what waits. Where a list is cut short, what
/// is not on it has not ended for that.
fn differences<'a>(
    before: Option<&'a BTreeMap<Vec<u8>, v1::InboxItem>>,
    now: &'a BTreeMap<Vec<u8>, v1::InboxItem>,
    more: bool,
) -> Vec<(&'static str, &'a v1::InboxItem)> {
    let is_open = |item: &v1::InboxItem| {
        let state = item.state.parse();
        matches!(state, Ok(ReviewState::Waiting | ReviewState::Second))
    };
    let changed = now.iter().filter_map(|(id, item)| match before.map(|before| before.get(id)) {
        None | Some(None) => is_open(item).then_some(("new", item)),
        Some(Some(old)) if is_open(old) && !is_open(item) => Some(("decided", item)),
        Some(Some(old)) if old.stage != item.stage && is_open(item) => Some(("climbed", item)),
        Some(Some(old)) if old.reminded.len() != item.reminded.len() => Some(("reminded", item)),
        Some(Some(old)) if old.state != item.state || old.assigned != item.assigned => {
            Some(("changed", item))
        }
        Some(Some(_)) => None,
    });
    let gone = before.into_iter().flatten().filter(|(id, _)| !more && !now.contains_key(*id));
    changed.chain(gone.map(|(_, item)| ("ended", item))).collect()
}

fn told(word: &str, item: &v1::InboxItem, names: &Names, out: Output) -> Result<(), Failure> {
    let tinted = match word {
        "new" => yellow(out.tr("nieuw", "new")),
        "climbed" => red(out.tr("wacht te lang", "waits too long")),
        "reminded" => yellow(out.tr("herinnerd", "reminded")),
        "decided" => green(out.tr("beslist", "decided")),
        "ended" => dim(out.tr("termijn voorbij", "term over")),
        _ => dim(out.tr("gewijzigd", "changed")),
    };
    for (place, line) in shown::item(item, names, out).into_iter().enumerate() {
        out.line(&if place == 0 { format!("{tinted}  {line}") } else { line });
    }
    out.json_line(&json!({ "event": word, "item": shown::item_json(item, names) }))
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

    fn words(
        before: Option<&BTreeMap<Vec<u8>, v1::InboxItem>>,
        now: &BTreeMap<Vec<u8>, v1::InboxItem>,
        more: bool,
    ) -> Vec<&'static str> {
        differences(before, now, more).into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn what_is_new_climbs_is_decided_changes_or_ends_is_told_once() {
        let before = items(&[(1, "professional", "waiting"), (2, "manager", "waiting")]);
        let now = items(&[(1, "manager", "waiting"), (3, "professional", "waiting")]);
        assert_eq!(words(None, &before, false), ["new", "new"]);
        assert_eq!(words(Some(&before), &now, false), ["climbed", "new", "ended"]);
        assert_eq!(words(Some(&before), &now, true), ["climbed", "new"], "the list is cut short");
        assert!(words(Some(&now), &now, false).is_empty());
        let second = items(&[(1, "manager", "second"), (3, "professional", "decided")]);
        assert_eq!(words(Some(&now), &second, false), ["changed", "decided"]);
        assert!(words(None, &items(&[(3, "professional", "said")]), false).is_empty());
        let mut reminded = now.clone();
        reminded.get_mut([1].as_slice()).unwrap().reminded.push(v1::Reminded::default());
        assert_eq!(words(Some(&now), &reminded, false), ["reminded"]);
    }
}
