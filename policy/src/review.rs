//! What an officer is told of a draft before anybody signs it: what is wrong, what it opens and
//! closes beside the rules that it follows, and which standing promises hold.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use serde::Serialize;

use crate::cases::Cases;
use crate::check::Report;
use crate::compare::{Comparison, ComparisonShown, NotComparable};
use crate::fault::Problem;
use crate::limits::MOMENTS_MAX;
use crate::pack::Pack;
use crate::prove::Proof;
use crate::publish::moments;
use crate::simulate::moment;

/// A draft, looked at from every side.
#[derive(Debug, Serialize)]
pub struct Review {
    /// Everything that is wrong; none may be left before it is published.
    pub problems: Vec<Problem>,
    /// What it opens and closes; absent for a draft that does not load.
    pub diff: Option<ComparisonShown>,
    /// The same at every later moment at which other rows are in force.
    pub later: Vec<Later>,
    /// Which standing promises hold; absent for a draft that does not load.
    pub proof: Option<Proof>,
    /// Why it could not be compared; absent when it could.
    pub reason: Option<Reason>,
}

/// What a draft opens and closes from a later moment on.
#[derive(Debug, Serialize)]
pub struct Later {
    /// The moment.
    #[serde(with = "moment")]
    pub at: Timestamp,
    /// What it opens and closes then.
    pub diff: ComparisonShown,
}

impl Review {
    /// Reviews the files of a draft beside the rules that it follows, from a moment on.
    pub fn of(follows: &Pack, files: &BTreeMap<String, String>, on: Timestamp) -> Self {
        let draft = match Pack::from_files(files) {
            Ok(draft) => draft,
            Err(error) => {
                let reason = Some(error.reason());
                let (diff, later, proof) = (None, Vec::new(), None);
                return Self { problems: error.problems, diff, later, proof, reason };
            }
        };
        let problems = Report::of(&draft, &Cases::of_pack(files)).problems;
        let compared = Comparison::of(follows, &draft, on);
        let compared = compared.map(|found| Comparison::shown(&found));
        let proved = Proof::of(follows, &draft, on);
        let reason = compared.as_ref().err().or(proved.as_ref().err()).map(NotComparable::reason);
        let later = later(follows, &draft, on);
        let reason = reason.or(later.as_ref().err().copied());
        let later = later.unwrap_or_default();
        Self { problems, diff: compared.ok(), later, proof: proved.ok(), reason }
    }
}

/// What it comes to at every later moment: all of them, or an officer would sign what was not
/// shown.
fn later(follows: &Pack, draft: &Pack, on: Timestamp) -> Result<Vec<Later>, Reason> {
    let moments = moments(on, [follows, draft]);
    if moments.len() > MOMENTS_MAX {
        return Err(Reason::TooLarge);
    }
    let of = |at: Timestamp| {
        let found = Comparison::of(follows, draft, at).map_err(|error| error.reason())?;
        Ok(Later { at, diff: found.shown() })
    };
    moments.into_iter().skip(1).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::NOW;

    #[test]
    fn a_draft_is_told_of_from_every_side() {
        let (pack, mut files) = (Pack::builtin().unwrap(), Pack::builtin_files());
        let same = Review::of(&pack, &files, NOW);
        assert!(same.problems.is_empty() && same.reason.is_none());
        assert!(same.diff.is_some_and(|diff| diff.newly_permitted.is_empty()));
        assert!(same.proof.is_some_and(|proof| proof.is_sound()));
        files.insert("table/broken.toml".into(), "not a table".into());
        let broken = Review::of(&pack, &files, NOW);
        assert!(!broken.problems.is_empty() && broken.diff.is_none());
        assert_eq!(broken.reason, Some(Reason::PolicyInvalid));
    }
    /// The rules with the first rows, as many as told, in force on a day of their own.
    fn dated(rows: usize) -> BTreeMap<String, String> {
        let mut days = (0..rows).map(|day| format!("20{}-01-{:02}", 30 + day / 28, 1 + day % 28));
        let mut files = Pack::builtin_files();
        for (_, text) in files.iter_mut().filter(|(path, _)| path.starts_with("table/")) {
            let parts: Vec<&str> = text.split_inclusive("status = \"in_force\"\n").collect();
            let dated = parts.iter().map(|part| {
                let day = part.ends_with("in_force\"\n").then(|| days.next()).flatten();
                let line = day.map(|day| format!("  valid_from = \"{day}\"\n"));
                format!("{part}{}", line.unwrap_or_default())
            });
            *text = dated.collect();
        }
        files
    }

    #[test]
    fn what_a_draft_does_on_a_later_day_is_shown_and_of_too_many_days_nothing_is_signed() {
        let pack = Pack::builtin().unwrap();
        let review = Review::of(&pack, &dated(20), NOW);
        assert_eq!((review.later.len(), review.reason), (20, None));
        let (before, after) = (review.diff.unwrap(), &review.later.last().unwrap().diff);
        assert!(!before.newly_permitted.is_empty() || !before.newly_refused.is_empty());
        assert!(after.newly_permitted.is_empty() && after.newly_refused.is_empty());
        let many = Review::of(&pack, &dated(2 * MOMENTS_MAX), NOW);
        assert_eq!((many.later.len(), many.reason), (0, Some(Reason::TooLarge)));
    }
}
