//! By which rules a party decides, as its own ledger tells it.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::limits::ANSWER_TERM_MS_MAX;
use grondslag_policy::Pack;
use grondslag_policy::publish::Publication;

/// Bundle of the region's rules, and digest of the party's own.
type Rules = (Digest, Option<Digest>);

/// The rules that were told of so far.
#[derive(Debug, Default)]
pub(super) struct InForce {
    now: Option<Rules>,
    /// What was in force before, until when.
    before: Vec<(Digest, Timestamp)>,
    /// What was published, from when on: a party that was away tells no more than that of what was
    /// in force meanwhile.
    published: Vec<(Digest, Timestamp)>,
}

impl InForce {
    /// Reads an entry; most are about something else.
    pub(super) fn take(&mut self, leaf: &[u8], recorded_at: Timestamp) {
        self.published.extend(Publication::told_in(leaf));
        let Some(told) = Pack::told_in(leaf) else { return };
        if let Some((bundle, _)) = self.now.replace(told)
            && bundle != told.0
        {
            self.before.push((bundle, recorded_at));
        }
    }

    /// Whether these may have decided at a moment: they are in force, or were when a question was
    /// asked that may still be open. The party's own rules are always those of now.
    pub(super) fn allows(&self, (bundle, own): Rules, at: Timestamp) -> bool {
        let Some((now, own_now)) = self.now else { return false };
        let open = |until: Timestamp| at <= until.plus_ms(ANSWER_TERM_MS_MAX);
        let before = || self.before.iter().any(|(one, until)| *one == bundle && open(*until));
        let begun = || self.published.iter().any(|one| self.is_begun(*one, bundle, at));
        own == own_now && (bundle == now || before() || begun())
    }
}

impl InForce {
    /// Whether these were published and had begun by then, and what followed them had not begun so
    /// long before that no question asked under them may still be open.
    fn is_begun(&self, (one, from): (Digest, Timestamp), bundle: Digest, at: Timestamp) -> bool {
        let followed = |(next, begins): &(Digest, Timestamp)| {
            *next != one && *begins > from && begins.plus_ms(ANSWER_TERM_MS_MAX) < at
        };
        one == bundle && from <= at && !self.published.iter().any(followed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_decide_while_in_force_and_then_what_was_asked_under_them() {
        let pack = Pack::builtin().unwrap();
        let (bundle, at) = (pack.bundle(), Timestamp::from_ms(1));
        let mut in_force = InForce::default();
        assert!(!in_force.allows((bundle, None), at), "nothing was told");
        in_force.take(b"something else", at);
        in_force.take(&pack.leaf(None), at);
        let own = Some(Digest::of(b"own"));
        assert!(in_force.allows((bundle, None), at) && !in_force.allows((bundle, own), at));
        let mut files = Pack::builtin_files();
        let version = files.get_mut("pack.toml").unwrap();
        *version = version.replace("1.0.0", "1.1.0");
        let next = Pack::from_files(&files).unwrap();
        in_force.take(&next.leaf(own), at.plus_ms(5));
        assert!(in_force.allows((next.bundle(), own), at.plus_ms(5)));
        assert!(in_force.allows((bundle, own), at.plus_ms(5 + ANSWER_TERM_MS_MAX)));
        assert!(!in_force.allows((bundle, own), at.plus_ms(6 + ANSWER_TERM_MS_MAX)));
        assert!(!in_force.allows((bundle, None), at.plus_ms(5)), "own rules are those of now");
        assert!(!in_force.allows((Digest::of(b"x"), own), at.plus_ms(5)));
    }

    /// A party that was away tells later of what was published meanwhile.
    #[test]
    fn published_rules_decide_until_the_next_ones_begin_and_then_what_was_asked_under_them() {
        let pack = Pack::builtin().unwrap();
        let (one, two, at) = (Digest::of(b"1"), Digest::of(b"2"), Timestamp::from_ms(10));
        let mut in_force = InForce::default();
        in_force.take(&pack.leaf(None), Timestamp::from_ms(1));
        in_force.published = vec![(one, at), (two, at.plus_ms(20))];
        assert!(!in_force.allows((one, None), at.plus_ms(-1)), "not begun");
        let last = at.plus_ms(20 + ANSWER_TERM_MS_MAX);
        for moment in [at, at.plus_ms(20), last] {
            assert!(in_force.allows((one, None), moment), "{moment}");
        }
        assert!(!in_force.allows((one, None), last.plus_ms(1)), "others are in force since long");
        assert!(in_force.allows((two, None), last.plus_ms(1)));
    }
}
