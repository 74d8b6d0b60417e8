//! Which allowed word looks most like the one that was given.

/// Edit distance beyond which a word is no slip of the pen, for words of these lengths.
fn far(a: &str, b: &str) -> usize {
    1 + a.len().min(b.len()) / 3
}

/// The allowed word that looks most like `given`, if it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(given: &str, allowed: impl Iterator<Item = &'a str>) -> Option<String> {
    let best = allowed.map(|word| (unlike(given, word), word)).min()?;
    let (distance, word) = best;
    (distance <= far(word, given)).then(|| word.to_owned())
}

/// The allowed words, those that look most like `given` first.
pub(super) fn by_likeness<'a>(given: &str, allowed: &'a [String]) -> Vec<&'a str> {
    let mut words: Vec<_> = allowed.iter().map(|word| (unlike(given, word), &**word)).collect();
    // Of equal likeness the order of the catalogue stays.
    words.sort_by_key(|(distance, _)| *distance);
    words.into_iter().map(|(_, word)| word).collect()
}

fn unlike(a: &str, b: &str) -> usize {
    distance(&a.to_lowercase(), &b.to_lowercase())
}

/// Edit distance (Levenshtein), on bytes: codes are ASCII.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (to, above) in b.bytes().zip(row.iter().skip(1)) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(from != to));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        let words = ["D01", "D02", "standard", "urgent"];
        let near = |given| nearest(given, words.into_iter());
        assert_eq!(near("standart").as_deref(), Some("standard"));
        assert_eq!(near("d1").as_deref(), Some("D01"));
        assert_eq!(near("aggregate"), None);
        assert_eq!(nearest("x", [].into_iter()), None);
    }

    #[test]
    fn words_that_look_most_alike_come_first() {
        let words = ["urgent", "D12", "D01"].map(str::to_owned);
        assert_eq!(by_likeness("D1", &words), ["D12", "D01", "urgent"]);
    }

    #[test]
    fn edit_distance_counts_single_changes() {
        for (a, b, expected) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), expected);
            assert_eq!(distance(b, a), expected);
        }
    }
}
