//! Every bound that more than one party must agree on, in one place (invariant 10).

/// Most targets of one question. A region has some dozens of agencies.
pub const TARGETS_MAX: usize = 64;
/// Most categories asked of one target; the catalogue has 32.
pub const CATEGORIES_MAX: usize = 32;
/// Most legal grounds claimed in one question.
pub const GROUNDS_MAX: usize = 16;
/// Most second persons on one question.
pub const APPROVERS_MAX: usize = 4;
/// Length of an encoded detail at most: it is always one message of this size once sealed.
pub const DETAIL_BYTES_MAX: usize = 4_096;
/// Largest padding class of an answer (T4).
pub const BODY_BYTES_MAX: usize = 65_536;
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
