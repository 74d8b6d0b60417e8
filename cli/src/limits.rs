//! Every bound of the commands, in one place (invariant 10); the demo has its own.

/// Largest certificate, request or admission that a command reads.
pub(crate) const PEM_BYTES_MAX: u64 = 64 * 1_024;
/// Largest file with facts or local rules.
pub(crate) const TEXT_BYTES_MAX: u64 = 16 * 1_024 * 1_024;
/// Largest file with a pack that travels: its files as JSON writes them, and their digests.
pub(crate) const EXPORT_BYTES_MAX: u64 = 3 * grondslag_policy::limits::PUBLICATION_BYTES_MAX;
/// Threads of a command that waits; serving processes have a runtime of their own.
pub(crate) const THREADS: usize = 2;
/// A day.
pub(crate) const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// Oldest founding that an operator signs: long enough for two organisations, and no longer, for
/// what was asked since its moment is answered again.
pub(crate) const FOUNDING_AGE_MS_MAX: i64 = 7 * DAY_MS;
/// Days until a certificate expires, below which a person should act.
pub(crate) const CERTIFICATE_DAYS_LOW: i64 = 14;
/// The same for a list of revoked certificates, which is renewed every week.
pub(crate) const CRL_DAYS_LOW: i64 = 2;
/// Days that a desk certificate is valid, unless told otherwise.
pub(crate) const DESK_DAYS: u16 = 365;
/// Longest number that is read from standard input, with its end of line.
pub(crate) const SUBJECT_BYTES_MAX: u64 = 32;
/// Most records of one joint file.
pub(crate) const DOSSIER_ENTRIES_MAX: usize = 20_000;
/// Longest wait for a call to a desk that asks nobody else.
pub(crate) const CALL_MS_MAX: u64 = 15_000;
/// How much of the version of a question a person copies.
pub(crate) const VERSION_BYTES: usize = 4;
/// How often it is looked what waits for a person.
pub(crate) const INBOX_LOOK_MS: u64 = 2_000;
/// Longest wait for the next event of a question: the fan-out's own bound, and a margin.
pub(crate) const EVENT_MS_MAX: u64 = grondslag_core::limits::FANOUT_TTL_MS_MAX + 5_000;
/// Most days that a simulation looks back: ten years, longer than any decision is kept.
pub(crate) const SINCE_DAYS_MAX: i64 = 3_660;
/// Days of patterns, unless told otherwise.
pub(crate) const PATTERN_DAYS: u32 = 7;
/// Most days of patterns: a node keeps no more.
pub(crate) const PATTERN_DAYS_MAX: i64 = 31;

/// Days that nodes get to enrol before the switch of an epoch, unless told otherwise.
pub(crate) const OVERLAP_DAYS: i64 = 3;
/// Longest overlap of two epochs, in days.
pub(crate) const OVERLAP_DAYS_MAX: i64 = 31;
/// Made-up subjects of a region, unless told otherwise.
pub(crate) const CANARIES: u16 = 64;
/// Fewest of them: of fewer a question would soon be known by its number.
pub(crate) const CANARIES_MIN: i64 = 8;
/// Most of them: a node takes no more.
pub(crate) const CANARIES_MAX: i64 = 256;

/// Days ahead that whom to ask for a consent again is looked for, and the most.
pub(crate) const ASK_AGAIN_DAYS: u32 = 30;
pub(crate) const ASK_AGAIN_DAYS_MAX: u32 = 366;

/// Longest wait for a pass over a register, for a spot check, or for the next step of an
/// enrolment: one batch takes a node 30 seconds at the most.
pub(crate) const LONG_CALL_MS_MAX: u64 = 120_000;
/// Longest simulation that a command waits for: a node ends one after ten minutes.
pub(crate) const SIMULATE_MS_MAX: u64 = 660_000;
/// Longest enrolment that a command waits for: a million clients take some minutes.
pub(crate) const ENROL_MS_MAX: u64 = 2 * 3_600 * 1_000;
/// Most batches of one epoch that are listed: a default quota of 1,000,000 points has 250,000 of
/// the smallest.
pub(crate) const BATCHES_MAX: usize = 250_000;

/// Most folders that one audit looks into: a region has at most some hundreds of agencies.
pub(crate) const AUDIT_FOLDERS_MAX: usize = 1_024;
/// Most findings that one audit lists; the rest is counted.
pub(crate) const AUDIT_FINDINGS_MAX: usize = 1_000;
/// How much earlier than the leaf of a record its term may have begun: it counts from when the
/// record was made, and clocks and queues come between.
pub(crate) const TERM_EARLIER_MS_MAX: i64 = DAY_MS;
/// Entries of a ledger that an audit reads at a time.
pub(crate) const AUDIT_PAGE: usize = 500;
/// Pages that are read before the last is taken.
pub(crate) const AUDIT_PAGES_AHEAD: usize = 2;
/// Entries of one party that are shown, unless told otherwise.
pub(crate) const SHOWN: u32 = 20;
/// Most of them.
pub(crate) const SHOWN_MAX: u32 = 100_000;
/// Largest proof that is read: a record of the largest size, a path of 64 hashes, a signed note.
pub(crate) const PROOF_BYTES_MAX: u64 = 4 * 1_024 * 1_024;
/// How often it is looked whether a running process made its backup.
pub(crate) const BACKUP_LOOK_MS: u64 = 100;
/// Longest wait until a running process begins a backup that it was asked for.
pub(crate) const BACKUP_START_MS_MAX: u64 = 30_000;
/// Longest wait until it is there.
pub(crate) const BACKUP_WAIT_MS_MAX: u64 = 30 * 60 * 1_000;

/// Most of the broker's decisions that one call lists.
pub(crate) const BROKER_DECISIONS_MAX: usize = 2_000;
/// Largest statement by which a measure is certified, in bytes.
pub(crate) const STATEMENT_BYTES_MAX: u64 = 16 * 1_024;
/// Largest file with custody and measures, in bytes.
pub(crate) const SITUATIONS_BYTES_MAX: u64 = 8 * 1_024 * 1_024;
/// Most rows of it: those of a large agency go in some files.
pub(crate) const SITUATION_ROWS_MAX: usize = 10_000;
/// Most of its problems that are listed; the rest is counted.
pub(crate) const SITUATION_PROBLEMS_MAX: usize = 100;
/// Largest paper that shows a consent, in bytes: only its digest is kept.
pub(crate) const EVIDENCE_BYTES_MAX: u64 = 64 * 1_024 * 1_024;
/// Largest text that a person is shown before they say yes, in bytes.
pub(crate) const NOTICE_BYTES_MAX: u64 = 16 * 1_024;
/// Reports that are laid side by side, and the size of one.
pub(crate) const METRICS_FILES_MAX: usize = 1_000;
pub(crate) const METRICS_FILE_BYTES_MAX: u64 = 512 * 1_024;
