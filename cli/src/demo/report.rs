//! What the demo reports: expected and seen per storyline, counts and measures. The JSON is a
//! contract; later versions only add to it.

use serde::Serialize;

use super::Seen;
use super::acts::ActSeen;
use super::audit::Audited;
use super::blind::BlindCheck;
use super::escalations::FileSeen;
use super::own_views::OwnViewSeen;
use super::reviews::ReviewSeen;
use super::rights::RightSeen;
use super::world::{Half, Storyline, World};

/// The report of `demo --once --json`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Agencies of the region.
    pub(super) agencies: usize,
    /// Per storyline what was expected and what was seen.
    pub(super) storylines: Vec<Judged>,
    /// Questions that were asked.
    pub(super) questions: usize,
    /// Replies of agencies.
    pub(super) answers: u64,
    /// Categories that broker or holder refused.
    pub(super) refusals: usize,
    /// From the start of the program to the first reply, the making of the region included.
    pub(super) startup_ms: u64,
    /// Median time of a question to eight agencies that answer at once, in milliseconds.
    pub(super) ask_ms_p50: f64,
    /// The same with the reply tick that nodes have outside the demo.
    pub(super) ask_ms_p50_tick: f64,
    /// From a withdrawal at a desk until every other agency has replied to its notice.
    pub(super) withdrawal_ms: Option<u64>,
    /// The longest time that an own view over every agency took, in milliseconds.
    pub(super) own_view_ms: Option<u64>,
    /// What the first joint file held.
    pub(super) escalation: Option<FileSeen>,
    /// Median time of one decision.
    pub(super) decision_ns: u64,
    /// Rows imported per second.
    pub(super) import_rows_per_s: u64,
    /// Memory of the broker's process at rest, in MB.
    pub(super) broker_rss_mb: f64,
    /// What the blind check found; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) blind_check: Option<BlindCheck>,
    /// What the audit of every log found, once all processes had ended.
    pub(super) audit: Option<Audited>,
}

/// One storyline.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    /// Its number.
    pub(super) id: String,
    /// What the law says must come of it.
    pub(super) expected: Vec<Half>,
    /// What came of it.
    pub(super) seen: Vec<Half>,
    /// What was written down in consent registers, and what came of that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) acts: Vec<ActSeen>,
    /// What its people saw of who asked about them or their child.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) own_views: Vec<OwnViewSeen>,
    /// What came of what they asked about their own data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rights: Vec<RightSeen>,
    /// What people decided on questions that waited for them, and what the asker heard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reviews: Vec<ReviewSeen>,
    /// Whether they agree.
    pub(super) ok: bool,
}

impl Judged {
    /// Holds what was seen of one storyline against what was expected.
    fn of(storyline: &Storyline, all: &Seen) -> Self {
        let questions = &storyline.question;
        let expected: Vec<Half> = questions.iter().flat_map(|one| one.expect.clone()).collect();
        let own = |half: &&Half| questions.iter().any(|one| one.id == half.question);
        let seen: Vec<Half> = all.halves.iter().filter(own).cloned().collect();
        let own = |seen: &&ActSeen| storyline.act.iter().any(|one| one.id == seen.act);
        let acts: Vec<ActSeen> = all.acts.iter().filter(own).cloned().collect();
        let written = acts.len() == storyline.act.len() && acts.iter().all(|act| act.ok);
        let wanted = &storyline.own_view;
        let own = |seen: &&OwnViewSeen| wanted.iter().any(|one| one.id == seen.own_view);
        let own_views: Vec<OwnViewSeen> = all.own_views.iter().filter(own).cloned().collect();
        let viewed = own_views.len() == wanted.len() && own_views.iter().all(|one| one.ok);
        let own = |seen: &&RightSeen| storyline.right.iter().any(|one| one.id == seen.step);
        let rights: Vec<RightSeen> = all.rights.iter().filter(own).cloned().collect();
        let exercised = rights.len() == storyline.right.len() && rights.iter().all(|one| one.ok);
        let own = |seen: &&ReviewSeen| storyline.review.iter().any(|one| one.id == seen.step);
        let reviews: Vec<ReviewSeen> = all.reviews.iter().filter(own).cloned().collect();
        let reviewed = reviews.len() == storyline.review.len() && reviews.iter().all(|one| one.ok);
        let done = written && viewed && exercised && reviewed;
        let ok = done && expected.iter().all(|half| difference(half, &seen).is_none());
        Self { id: storyline.id.clone(), expected, seen, acts, own_views, rights, reviews, ok }
    }

    /// Every expectation that was not met, with what was seen instead.
    pub(super) fn differences(&self) -> impl Iterator<Item = (&Half, Option<&Half>)> {
        self.expected.iter().filter_map(|half| difference(half, &self.seen))
    }
}

/// All storylines, in order.
pub(super) fn judge(world: &World, seen: &Seen) -> Vec<Judged> {
    world.storylines.iter().map(|storyline| Judged::of(storyline, seen)).collect()
}

/// Categories that broker or holder refused.
pub(super) fn refusals(seen: &[Half]) -> usize {
    seen.iter().filter(|half| half.decided.outcome.as_deref() == Some("refuse")).count()
}

/// The expectation and what was seen, where they differ.
fn difference<'a>(expected: &'a Half, seen: &'a [Half]) -> Option<(&'a Half, Option<&'a Half>)> {
    let same = |half: &&Half| {
        half.question == expected.question
            && half.target == expected.target
            && half.category == expected.category
    };
    let found = seen.iter().find(same);
    match found {
        Some(half) if meets(expected, half) => None,
        found => Some((expected, found)),
    }
}

/// Only what an expectation says is compared.
fn meets(expected: &Half, seen: &Half) -> bool {
    fn says<T: PartialEq>(expected: Option<&T>, seen: Option<&T>) -> bool {
        expected.is_none() || expected == seen
    }
    let (want, have) = (&expected.decided, &seen.decided);
    let decided = says(want.by.as_ref(), have.by.as_ref())
        && says(want.outcome.as_ref(), have.outcome.as_ref())
        && says(want.rows.as_ref(), have.rows.as_ref())
        && says(want.legal.as_ref(), have.legal.as_ref());
    let (want, have) = (&expected.shown, &seen.shown);
    decided
        && says(want.state.as_ref(), have.state.as_ref())
        && says(want.tier.as_ref(), have.tier.as_ref())
        && says(want.rows.as_ref(), have.rows.as_ref())
        && says(want.legal.as_ref(), have.legal.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::{Decided, Shown};

    fn half(outcome: &str, rows: &[&str], state: &str) -> Half {
        Half {
            question: "F1.1".into(),
            target: "sch-drieveen".into(),
            category: "G08".into(),
            decided: Decided {
                outcome: Some(outcome.into()),
                rows: Some(rows.iter().map(ToString::to_string).collect()),
                ..Decided::default()
            },
            shown: Shown { state: Some(state.into()), ..Shown::default() },
        }
    }

    #[test]
    fn rows_are_compared_as_sets_and_only_what_is_expected_is_compared() {
        let expected = half("refuse", &["R07.2", "R01.1"], "neutral");
        let mut seen = half("refuse", &["R01.1", "R07.2"], "neutral");
        seen.decided.by = Some("holder".into());
        assert!(meets(&expected, &seen));
        assert!(!meets(&expected, &half("refuse", &["R07.2"], "neutral")));
        assert!(!meets(&expected, &half("permit", &["R01.1", "R07.2"], "neutral")));
        assert!(!meets(&expected, &half("refuse", &["R01.1", "R07.2"], "content")));
    }

    #[test]
    fn what_was_expected_and_not_seen_at_all_is_a_difference() {
        let expected = half("refuse", &[], "neutral");
        assert_eq!(difference(&expected, &[]), Some((&expected, None)));
        let mut elsewhere = expected.clone();
        elsewhere.category = "G16".into();
        assert!(difference(&expected, &[elsewhere]).is_some());
        assert!(difference(&expected, std::slice::from_ref(&expected)).is_none());
    }

    #[test]
    fn refusals_are_counted_as_decided_not_as_shown() {
        let seen = [half("refuse", &[], "neutral"), half("miss", &[], "neutral")];
        assert_eq!(refusals(&seen), 1);
    }
}
