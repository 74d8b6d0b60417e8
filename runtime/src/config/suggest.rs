//! The key that was probably meant.

use crate::limits::SUGGESTION_EDITS_MAX;

/// Serde's own beginning of the message about an unknown key.
const UNKNOWN: &str = "unknown field `";

/// What is wrong, without the list of every key there is: the suggestion says more.
pub(super) fn plain(message: &str) -> String {
    match unknown_key(message) {
        Some(key) => format!("unknown key `{key}`"),
        None => message.trim_end().replace('\n', "; "),
    }
}

/// The known key nearest to the unknown one, when one is near enough.
pub(super) fn nearest(message: &str) -> Option<String> {
    let key = unknown_key(message)?;
    let expected = message.split_once(", expected ")?.1;
    let known = expected.split('`').skip(1).step_by(2);
    let (edits, best) = known.map(|k| (distance(key, k), k)).min()?;
    (edits <= SUGGESTION_EDITS_MAX.min(best.len() / 2)).then(|| best.to_owned())
}

fn unknown_key(message: &str) -> Option<&str> {
    message.strip_prefix(UNKNOWN)?.split_once('`').map(|(key, _)| key)
}

/// Levenshtein's distance, by rows.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, to) in row.iter().skip(1).zip(b.chars()) {
            let swap = diagonal + usize::from(from != to);
            left = swap.min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_suggested_only_when_it_is_near() {
        let message = |key| format!("unknown field `{key}`, expected one of `address`, `cert`");
        assert_eq!(nearest(&message("adress")).as_deref(), Some("address"));
        assert_eq!(nearest(&message("crt")).as_deref(), Some("cert"));
        assert_eq!(nearest(&message("telephone")), None);
        assert_eq!(nearest("invalid type: integer"), None);
    }

    #[test]
    fn a_distance_counts_inserted_removed_and_changed_letters() {
        for (a, b, edits) in [("", "", 0), ("", "abc", 3), ("cert", "crt", 1), ("ab", "ba", 2)] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }
}
