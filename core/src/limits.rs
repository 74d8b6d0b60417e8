//! Every bound that more than one party must agree on, in one place (invariant 10).

/// Most targets of one question. A region has some dozens of agencies.
pub const TARGETS_MAX: usize = 64;
/// Most categories asked of one target; the catalogue has 32.
pub const CATEGORIES_MAX: usize = 32;
/// Most legal grounds claimed in one question.
pub const GROUNDS_MAX: usize = 16;
/// Most second persons on one question.
pub const APPROVERS_MAX: usize = 4;
/// Length of a sealed detail, whatever it holds.
pub const DETAIL_BYTES: usize = 4_096;
/// Length of a sealed follow-up, whatever it says.
pub const FOLLOW_UP_BYTES: usize = DETAIL_BYTES;
/// Most follow-ups of one question to one target: reminders, an acceptance, and as many again for
/// numbers that a restored process gave away before.
pub const FOLLOW_UPS_MAX: u32 = 2 * (REMINDERS_MAX + ACCEPTANCES_MAX);
/// Those that are reminders.
pub const REMINDERS_MAX: u32 = 3;
/// Those that accept a handover.
pub const ACCEPTANCES_MAX: u32 = 1;
/// Length of the sealed pair of points that goes to a target.
pub const PAIR_BYTES: usize = 1_280;
/// Length of a whole reply whose question could give T3 at most.
pub const REPLY_BYTES_SMALL: usize = 4_096;
/// Length of a whole reply whose question could give T4 or more.
pub const REPLY_BYTES_LARGE: usize = 65_536;
/// Largest gRPC message: a question to all targets with its details, and room for the frames.
pub const MESSAGE_BYTES_MAX: usize = 512 * 1_024;
/// Shortest necessity text in characters (domain 2.2, gate 5).
pub const NECESSITY_CHARS_MIN: usize = 30;
/// Longest necessity text in characters; it must fit the detail with everything else.
pub const NECESSITY_CHARS_MAX: usize = 1_200;
/// Largest difference between two parties' clocks (design 4).
pub const CLOCK_SKEW_MS_MAX: i64 = 30_000;
/// Longest life of a question toward broker and key holders (design 5).
pub const ASK_LIFE_MS_MAX: i64 = 5 * 60 * 1_000;
/// Longest term of an answer: the law's terms are weeks, never a quarter.
pub const ANSWER_TERM_MS_MAX: i64 = 62 * 24 * 3_600 * 1_000;
/// Longest wait for the fan-out of one question (design 5).
pub const FANOUT_TTL_MS_MAX: u64 = 300_000;
/// Questions of one person for one purpose on one day, unless told otherwise (protocol 1.3.9).
pub const PERSON_PER_DAY: u64 = 200;
/// Questions of one agency for one purpose on one day, unless told otherwise.
pub const AGENCY_PER_DAY: u64 = 2_000;
/// Most questions on one day that either may be set to.
pub const PER_DAY_MAX: u64 = 1_000_000;
/// Longest identifier of a person or an address inside one organisation.
pub const NAME_LEN_MAX: usize = 64;
/// Longest code of a list; the longest Dutch article reference fits twice.
pub const CODE_LEN_MAX: usize = 48;
/// Most agencies in one region's directory.
pub const CARDS_MAX: usize = 1_024;
/// Most kinds of one agency.
pub const KINDS_MAX: usize = 16;
/// Most records in one line of an answer; the newest are kept.
pub const LINE_ENTRIES_MAX: usize = 256;
/// Most inquiries or decisions in one list at a desk.
pub const LIST_MAX: u32 = 1_000;
/// Most key holders in the chain between askers and nodes; a third would need a proof per step.
pub const HOLDERS_MAX: usize = 2;
/// Most keys in one region's directory: those of two epochs.
pub const EPOCH_KEYS_MAX: usize = 2 * CARDS_MAX;
/// Most points in one message of an enrolment: 128 KiB each way.
pub const ENROL_POINTS_MAX: usize = 4_096;
/// Most messages of one target to one question: the slots of the longest standard term. Of a
/// shorter beat the last one waits for the end of the term.
pub const REPLIES_MAX: u32 = 256;
/// Later replies of one target that the broker gives at a time.
pub const FOLLOW_PAGE: usize = 16;
/// How long later replies can be read after their term: what came in the last slot, at night, is
/// read on a next day.
pub const REPLIES_KEPT_MS: i64 = 48 * 3_600 * 1_000;
/// How long a node may be late for a slot before it counts as not reached.
pub const SLOT_GRACE_MS: i64 = 2 * 60 * 1_000;
/// How long the sender of a notice may be silent once its target can be reached again: it
/// asks anew in less, or its notice no longer keeps the target from answering others.
pub const NOTICE_SILENT_MS: i64 = 10 * 60 * 1_000;
/// Positions of a spot check unless told otherwise: with 5 % foreign entries they find one with
/// 95 % (protocol 1.4).
pub const SPOT_CHECK_POSITIONS: u32 = 60;
/// Most positions of one spot check: each may bring its whole batch to the desk, 32 KiB.
pub const SPOT_CHECK_POSITIONS_MAX: u32 = 500;
/// Most batches of which a broker shows what it noted at a time: those of one spot check, and the
/// one that may be under way.
pub const SPOT_CHECK_BATCHES_MAX: usize = 501;
/// Batches in one message of a list of them.
pub const BATCHES_PAGE: usize = 1_000;
/// Longest name of a log or of a key that signs for one.
pub const ORIGIN_CHARS_MAX: usize = 128;
/// Longest signed note: 16 post-quantum signatures fit, as signed notes ask for.
pub const NOTE_BYTES_MAX: usize = 128 * 1_024;
/// Most signatures under one note: the log's and those of [`WITNESSES_MAX`] witnesses, twice.
pub const SIGNATURES_MAX: usize = 64;
/// Fewest witnesses of one region: of two, each is half and none a majority.
pub const WITNESSES_MIN: usize = 3;
/// Most witnesses of one region.
pub const WITNESSES_MAX: usize = 31;
/// Operators of different organisations that a document of the region needs.
pub const OPERATORS_MIN: usize = 2;
/// Most operators that a process pins, and most signatures under one document.
pub const OPERATORS_MAX: usize = 16;
/// Different officers that rules need.
pub const OFFICERS_MIN: usize = 2;
/// Most officers of a region, and most signatures under rules.
pub const OFFICERS_MAX: usize = 16;
/// Most hashes in one proof over a ledger: one for each level of the largest tree, and one more for
/// the old tree's own root.
pub const PROOF_HASHES_MAX: usize = 65;
/// Most agencies that a founding names as not reached: with its signatures it is one leaf.
pub const FOUNDING_MISSED_MAX: usize = 128;
/// Bytes of one entry of an access log: a question about every category that it may have.
pub const LOG_TEXT_BYTES_MAX: usize = 8 * 1_024;
/// Lines of an access log that one node tells: what fits a reply, and no more entries than a line
/// of an answer holds.
pub const LOG_LINES_MAX: usize = LINE_ENTRIES_MAX - 1;

/// Most counts in one report: two of every agency, and a node's own.
pub const MEASURES_MAX: usize = 2 * CARDS_MAX + 512;
