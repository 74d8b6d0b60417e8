//! Every bound of this crate, in one place (invariant 10).

/// Most columns of the table; a fact set is a fixed array of this length.
pub const COLUMNS_MAX: usize = 32;
/// Most values of a column: one bit each in a 64-bit mask.
pub const VALUES_MAX: usize = 64;
/// Most rows of a pack, and of an overlay.
pub const ROWS_MAX: usize = 1_024;
/// Largest file of the policy folder.
pub const FILE_BYTES_MAX: u64 = 1_048_576;
/// Most rules of a pack.
pub const RULES_MAX: usize = 1_024;
/// Most bytes of a policy folder: more could not be published either.
pub const FOLDER_BYTES_MAX: u64 = 4_194_304;
/// Most files in one folder of the policy folder.
pub const FILES_MAX: usize = 256;
/// Most cases of a pack.
pub const CASES_MAX: usize = 10_000;
/// Most answers to one facts file.
pub const FACT_SETS_MAX: usize = 10_000;
/// Most allowed values that a message writes out; JSON has them all.
pub const ALLOWED_SHOWN_MAX: usize = 8;
/// Most problems reported at once; a thousand more say nothing new.
pub const PROBLEMS_MAX: usize = 200;
/// Most rows shown as near misses.
pub const NEAR_MISSES_MAX: usize = 5;
/// Most columns that a near miss may fail on.
pub const NEAR_MISS_COLUMNS_MAX: usize = 3;
/// Most pieces that one box check may cut; beyond it the check says "not covered", the safe side.
pub const BOX_STEPS_MAX: usize = 200_000;
/// Most regions that a comparison of two packs looks at; beyond it none is given.
pub const WALK_STEPS_MAX: usize = 4_000_000;
/// Most regions that a comparison lists.
pub const REGIONS_MAX: usize = 100_000;
/// Most pieces that an overview of a role cuts; beyond it none is given.
pub const OPEN_STEPS_MAX: usize = 1_000_000;
/// Longest retention term in days.
pub const KEEP_DAYS_MAX: u32 = 3_660;
/// Longest retention term in years.
pub const KEEP_YEARS_MAX: u16 = 100;
/// Longest that rules may let a consent hold, in months.
pub const CONSENT_MONTHS_MAX: u8 = 60;
/// Longest that rules may let a certified statement wait before it is entered, in days.
pub const CERTIFIED_DAYS_MAX: u16 = 366;
/// Bytes of everything that is published at once.
pub const PUBLICATION_BYTES_MAX: u64 = 4_194_304;
/// Bytes of a publication as it travels: its texts with every character escaped once.
pub const ENCODED_BYTES_MAX: usize = 8_388_608;
/// Publications of a region: twenty years of one a week.
pub const PUBLICATIONS_MAX: usize = 1_040;
/// Characters of the reason that officers give.
pub const WHY_CHARS_MAX: usize = 4_000;
/// Emergencies in a row: the next rules need two officers.
pub const EMERGENCIES_MAX: usize = 8;
/// Moments at which other rows are in force: an emergency is proved, and a draft shown, at each.
pub const MOMENTS_MAX: usize = 64;
/// How long before they are in force rules may be published: what stands there keeps earlier ones
/// out.
pub const PLANNED_AHEAD_MS_MAX: i64 = 90 * 24 * 3_600_000;
/// How long two officers at least can still sign once rules are in force.
pub const OFFICERS_LEFT_MS_MIN: i64 = 90 * 24 * 3_600_000;
/// How old the signature under an emergency may be when it arrives: an hour.
pub const EMERGENCY_AGE_MS_MAX: i64 = 3_600_000;
/// Rows that one example of a simulation names.
pub const ROWS_SHOWN_MAX: usize = 16;
/// Examples that a simulation shows of one rule, purpose or agency.
pub const EXAMPLES_MAX: usize = 3;
/// Rules, purposes or agencies that a simulation counts apart; what is beyond is in the sums.
pub const COUNTED_MAX: usize = 4_096;
/// Bytes of a path in a pack that travels, and of its version.
pub const FILE_NAME_BYTES_MAX: usize = 128;

/// Most days until a case of the caseload board is looked at again.
pub const AGAIN_DAYS_MAX: u32 = 366;
/// Most hours after a co-signature that an escalation may still leave.
pub const APPROVAL_HOURS_MAX: u32 = 168;

/// Most working days within which a handover may be accepted.
pub(crate) const ACCEPT_DAYS_MAX: u32 = 30;

/// Most items of the list of a handover.
pub(crate) const CHECKLIST_MAX: usize = 32;
