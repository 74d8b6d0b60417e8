//! Every bound of this crate in one place (invariant 10).

/// Questions that are routed at the same time; one more is told to come back.
pub(crate) const QUESTIONS_MAX: usize = 256;
/// Questions of one asker whose answers it has not read yet.
pub(crate) const ASKER_QUESTIONS_MAX: usize = 64;
/// Events of one question that wait for a slow asker.
pub(crate) const EVENTS_MAX: usize = 8;
/// How long a question's work may outlast its fan-out: an asker who does not read ends it.
pub(crate) const WORK_MARGIN_MS: u64 = 5_000;
/// How long a replay key outlives the question's term.
pub(crate) const REPLAY_MARGIN_MS: i64 = grondslag_core::limits::CLOCK_SKEW_MS_MAX;
/// How often a question is counted anew when others of its agency are counted at that moment:
/// each time one of them at the least went through, so all of an asker's own and as many again.
pub(crate) const COUNT_TRIES_MAX: usize = 2 * ASKER_QUESTIONS_MAX;
/// How long a day's count is kept, and what was counted in it counts once.
pub(crate) const COUNT_KEPT_MS: i64 = 2 * 24 * 3_600 * 1_000;
/// How often what expired is swept.
pub(crate) const SWEEP_INTERVAL_MS: u64 = 60_000;
/// Most keys removed at a time.
pub(crate) const SWEEP_MAX: usize = 512;
/// How often the operator's folder is read again.
pub(crate) const OPERATOR_INTERVAL_MS: u64 = 1_000;
/// Most files in the operator's folder.
pub(crate) const OPERATOR_FILES_MAX: usize = 4_096;
/// Most leaves looked through for the leaf of a question asked again.
pub(crate) const LOOKUP_LEAVES_MAX: u64 = 100_000;
/// Leaves read at a time.
pub(crate) const LOOKUP_PAGE: usize = 500;
/// Epochs of which a holder keeps factors at most: the one before, the current and the next, and
/// some that could not be destroyed yet.
pub(crate) const EPOCHS_KEPT_MAX: usize = 8;
/// Most factors that are kept in memory: those of all nodes in two epochs.
pub(crate) const FACTORS_CACHED_MAX: usize = 2 * grondslag_core::limits::CARDS_MAX;
/// Most links that are kept in memory.
pub(crate) const LINKS_CACHED_MAX: usize = 2 * grondslag_core::limits::CARDS_MAX;
/// How often a counter is read again when others count at the same moment.
pub(crate) const QUOTA_TRIES_MAX: usize = 128;
/// Most targets that the questions of one agency may have in a day, let through or not, unless the
/// operator says otherwise.
pub(crate) const STEPS_PER_DAY: u64 = 20_000;
/// Most targets a day that it may be set to.
pub(crate) const STEPS_PER_DAY_MAX: u64 = 100_000_000;
/// Most points an epoch that it may be set to.
pub(crate) const POINTS_PER_EPOCH_MAX: u64 = 1_000_000_000;
/// Longest wait for a key holder elsewhere.
pub(crate) const HOLDER_CALL_MS_MAX: u64 = 5_000;
/// Longest wait for its part of a batch.
pub(crate) const HOLDER_ENROL_MS_MAX: u64 = 20_000;
/// How long a key holder is not asked again about an agency that it refused.
pub(crate) const REFUSAL_KEPT_MS: u64 = 5_000;
/// How often the card of a key holder elsewhere is looked at.
pub(crate) const HOLDER_CARD_INTERVAL_MS: u64 = 5_000;
/// Most points that one node may enrol in an epoch, unless the operator says otherwise. It holds
/// for 100,000 clients over a quarter: with 256 made-up subjects the first run has 131,072 points
/// (the next power of two), and every hour 201 (0.2 %). Enrolling begins up to 31 days before the
/// switch, so 123 days of them are 593,352, together 724,424. What is left is a first run done anew
/// by a node that lost its store (131,072), and some 700 batches for hours with many new clients.
pub(crate) const POINTS_PER_EPOCH: u64 = 1_000_000;
/// Keys of an epoch's counters that one commit removes.
pub(crate) const COUNTERS_PAGE: usize = 500;
/// How long an epoch's counters are kept at least: longer than any epoch.
pub(crate) const ENROLMENT_KEPT_MS: i64 = 400 * 24 * 3_600 * 1_000;
/// Largest file with a wish for the next epoch.
pub(crate) const WISH_BYTES_MAX: u64 = 1_024;
/// Batches that are evaluated at a time.
pub(crate) const EVALUATIONS_MAX: usize = 2;
/// Most notices of one asker that wait for one target; further ones are asked anew all the
/// same, and are not counted. They are dropped in one commit, which this many fit.
pub(crate) const NOTICES_WAITING_MAX: u32 = 1_000;
/// Waiting notices that are counted at a time when the broker starts.
pub(crate) const NOTICES_PAGE: usize = 500;
/// Most questions that wait for one node, those on their way to it counted: some busy days.
pub(crate) const WAITING_OF_NODE_MAX: usize = 4_096;
/// Most questions that wait for all nodes together: some 8 KiB each on disk.
pub(crate) const WAITING_MAX: usize = 32_768;
/// Waiting questions that are read at a time when the broker starts.
pub(crate) const WAITING_PAGE: usize = 500;
/// How often what becomes of a question is written anew when something of it changed meanwhile.
pub(crate) const KEEP_TRIES_MAX: usize = 4;
/// Waiting questions that are brought to one node at the same time: with a tick of 100 ms a
/// thousand take some 16 ticks, and each is done well within its own.
pub(crate) const BRING_AT_ONCE_MAX: usize = 64;
/// The same for all nodes together.
pub(crate) const BRING_ALL_MAX: usize = 1_024;
/// Pause before a node that is there and cannot answer is tried again.
pub(crate) const BRING_PAUSE_MS: u64 = 200;
/// How often it is tried before its next opening of `Deliver` is waited for.
pub(crate) const BRING_ROUNDS_MAX: usize = 50;
/// How long a question that failed by itself is left alone.
pub(crate) const REST_ALONE_MS: u64 = 60_000;
/// How long a question is left alone of which a second attempt may come.
pub(crate) const REST_ATTEMPT_MS: u64 = 10_000;
/// Events of one target: the decision, one reply, and the last.
pub(crate) const TARGET_EVENTS_MAX: usize = 3;
/// Messages of one node that are under way on one stream.
pub(crate) const DELIVERIES_MAX: usize = 64;
/// Shortest time between two heads that are published.
pub(crate) const HEAD_INTERVAL_MS: u64 = 1_000;
/// How long a head waits for its witnesses before the next one is published.
pub(crate) const HEAD_WAIT_MS: u64 = 2_000;
/// Published heads that can still be cosigned: those of the last minute at least.
pub(crate) const HEADS_KEPT: usize = 64;
/// Streams of heads of one agency at a time: one, and those that it has just let go of.
pub(crate) const WATCHES_MAX: usize = 4;
/// Heads on their way to one follower.
pub(crate) const WATCH_EVENTS_MAX: usize = 4;
/// Longest stream of heads; then the follower asks again.
pub(crate) const WATCH_MS_MAX: u64 = 10 * 60 * 1_000;

/// Longest note of a head that a node presents: it must fit a value of the store.
pub(crate) const HEAD_BYTES_MAX: usize = 4_096;
/// Most heads that nodes presented.
pub(crate) const PRESENTED_MAX: usize = grondslag_core::limits::CARDS_MAX;
/// Nodes that are asked for their last head at the same time.
pub(crate) const COLLECT_AT_ONCE_MAX: usize = 32;
/// Longest wait for one of them.
pub(crate) const COLLECT_MS_MAX: u64 = 10_000;

/// How often it is looked whether something has ended and is to be forgotten.
pub(crate) const FORGET_INTERVAL_MS: u64 = 60_000;

/// Most decisions in one page that an agency reads back: one has some 20 categories, and a page
/// stays far below the largest message.
pub(crate) const RECORDS_PAGE_MAX: usize = 50;
/// Milliseconds after a restore in which the policy office takes no new rules: whoever follows
/// pauses for half a minute at the most and then brings back what was lost.
pub(crate) const REST_MS: i64 = 300_000;
/// Milliseconds before a restore in which rules were made that it may have lost.
pub(crate) const LOST_MADE_MS_MAX: i64 = 30 * 86_400_000;
/// Milliseconds after a restore in which rules that it lost may be brought back.
pub(crate) const LOST_BROUGHT_MS_MAX: i64 = 7 * 86_400_000;
/// Drafts of rules that wait for a colleague.
pub(crate) const PROPOSALS_MAX: usize = 16;
/// Those of one officer.
pub(crate) const PROPOSALS_OF_ONE_MAX: usize = 4;
/// How often a change of the rules in force is looked for.
pub(crate) const RULES_INTERVAL_MS: u64 = 1_000;
/// The broker notes every [`SWEEP_INTERVAL_MS`] that it runs; longer between two notes, and it did
/// not. Less than what makes a message late.
pub(crate) const GAP_MS: i64 = 100_000;
/// How long before an answer was due the broker must have run to say that its node was away.
pub(crate) const AWAY_BEFORE_MS: i64 = 15 * 60_000;
/// Most times at which it did not run that are told apart: they fit one value of the store.
pub(crate) const GAPS_MAX: usize = 64;
/// Leaves that one report counts: half a year of a large region.
pub(crate) const METRICS_LEAVES_MAX: u64 = 20_000_000;
