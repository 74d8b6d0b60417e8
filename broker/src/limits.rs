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
/// How often expired replay keys are swept.
pub(crate) const SWEEP_INTERVAL_MS: u64 = 60_000;
/// Most replay keys removed in one sweep.
pub(crate) const SWEEP_MAX: usize = 512;
/// How often the operator's folder is read again.
pub(crate) const OPERATOR_INTERVAL_MS: u64 = 1_000;
/// Most files in the operator's folder.
pub(crate) const OPERATOR_FILES_MAX: usize = 4_096;
/// Most leaves looked through for the leaf of a question asked again.
pub(crate) const LOOKUP_LEAVES_MAX: u64 = 100_000;
/// Leaves read at a time.
pub(crate) const LOOKUP_PAGE: usize = 500;
/// Cards read at a time.
pub(crate) const CARDS_PAGE: usize = 500;
