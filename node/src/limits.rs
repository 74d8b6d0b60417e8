//! Every bound of this crate.

/// Most foundings of the broker's logs that are met in one go.
pub(crate) const FOUNDINGS_MAX: u32 = 16;
/// Most heads of logs before that are read back.
pub(crate) const HEADS_BEFORE_MAX: usize = 64;

/// Longest row of an import file, in bytes: a record up to T5 with room for its quotes.
pub(crate) const ROW_BYTES_MAX: u64 = 256 * 1_024;

/// Most rows of one import over all its files; a large agency has some hundred thousand clients.
pub(crate) const IMPORT_ROWS_MAX: u64 = 5_000_000;

/// Most files of one import.
pub(crate) const IMPORT_FILES_MAX: usize = 64;

/// Bytes of an import file that are looked at to tell its encoding and its delimiter.
pub(crate) const IMPORT_HEAD_BYTES: u64 = 4 * 1_024;

/// Bytes of an import file that are read ahead.
pub(crate) const IMPORT_BUFFER_BYTES: usize = 64 * 1_024;

/// Most edits between an unknown column and the column that is suggested for it.
pub(crate) const COLUMN_EDITS_MAX: usize = 2;

/// Most problems that an import lists; further ones are only counted.
pub(crate) const IMPORT_PROBLEMS_MAX: usize = 100;

/// Rows that are staged in one durable commit.
pub(crate) const IMPORT_BATCH_ROWS: usize = 512;

/// Bytes after which a commit of staged rows is not filled further.
pub(crate) const IMPORT_BATCH_BYTES: usize = 1_024 * 1_024;

/// Keys that one commit removes of rows that are no longer in use.
pub(crate) const SWEEP_STEPS: usize = 2_000;

/// Pairs in one page of a scan.
pub(crate) const PAGE: usize = 256;

/// Most records, or facts, on one client.
pub(crate) const CLIENT_ROWS_MAX: u32 = 10_000;

/// Longest short text of a row (a file number, a source, a reference), in characters.
pub(crate) const SHORT_CHARS_MAX: usize = 64;

/// Longest text of one layer, in characters.
pub(crate) const LAYER_CHARS_MAX: usize = 32_000;

/// How often the row of one number is read when an import is published during each reading.
pub(crate) const LOOKUPS_MAX: usize = 4;

/// Most people in a staff file.
pub(crate) const STAFF_MAX: usize = 1_000;

/// Most roles of one member of staff.
pub(crate) const STAFF_ROLES_MAX: usize = 32;

/// Most revoked desk certificates of one member of staff.
pub(crate) const STAFF_REVOKED_MAX: usize = 64;

/// Largest staff file, in bytes.
pub(crate) const STAFF_FILE_BYTES_MAX: u64 = 1_024 * 1_024;

/// Most facts that an asker states in one question; the table has fewer sealed columns.
pub(crate) const STATED_FACTS_MAX: usize = 32;
/// Most criteria that an escalation names.
pub(crate) const CRITERIA_MAX: usize = 16;

/// Most answers of one agency to one escalation: its first, and what reviews say later.
pub(crate) const AGENCY_ANSWERS_MAX: usize = 32;
/// Longest wait for what came since somebody looked at a joint file.
pub(crate) const DOSSIER_FETCH_MS_MAX: u64 = 20_000;
/// Looks at joint files that may be under way at one node.
pub(crate) const DOSSIER_LOOKS_MAX: usize = 16;
/// How often what came of escalations is fetched whose term is over.
pub(crate) const DOSSIER_INTERVAL_MS: u64 = 15 * 60 * 1_000;
/// Most escalations in one joint file.
pub(crate) const DOSSIER_PERSONS_MAX: usize = 16;
/// Bytes of entries in one message of a joint file; an entry itself is shorter than an answer.
pub(crate) const DOSSIER_PART_BYTES_MAX: usize = 128 * 1_024;

/// How often an answer's whole look-up is done (the client, then their records and facts) when an
/// import is published between its parts; each time the client's row is itself read at most
/// [`LOOKUPS_MAX`] times.
pub(crate) const RESOLVES_MAX: usize = 3;

/// Leaves that a simulation looks at before others get their turn.
pub(crate) const SIMULATED_PAGE: usize = 100;
/// Messages of a simulation that wait for whoever reads them.
pub(crate) const SIMULATED_EVENTS_MAX: usize = 16;
/// Milliseconds that a simulation may take, with whoever reads what it says.
pub(crate) const SIMULATED_MS_MAX: u64 = 600_000;

/// Most decisions in one page that a privacy officer reads.
pub(crate) const DECISIONS_PAGE_MAX: usize = 1_000;

/// Replies that one commit forgets after their term, and drafts that are looked at together.
pub(crate) const EXPIRE_STEPS: usize = 64;

/// Leaves of the node's own ledger that are read at a time when its batches are looked up.
pub(crate) const LEDGER_PAGE: usize = 1_000;

/// Longest wait for one call to the broker that is not a question.
pub(crate) const DIRECTORY_CALL_MS_MAX: u64 = 5_000;

/// Shortest and longest wait before the directory is read again when all is well: agencies that
/// start together publish their cards one after another, so a change is followed up soon.
pub(crate) const DIRECTORY_REFRESH_MS: (u64, u64) = (200, 30_000);

/// Shortest and longest wait before a call to the broker is tried again.
pub(crate) const DIRECTORY_RETRY_MS: (u64, u64) = (100, 5_000);

/// Time over which readings of the directory for unverifiable questions are counted.
pub(crate) const DIRECTORY_GAP_MS: u64 = 1_000;

/// Most such readings within that time.
pub(crate) const DIRECTORY_GAP_READS_MAX: u32 = 8;

/// Most cards that an operator has accepted.
pub(crate) const ACCEPTED_MAX: usize = 1_024;

/// Reply tick that hides how long a look-up took, when none is set (design 8).
pub(crate) const REPLY_TICK_MS: u64 = 100;

/// Shortest reply tick in production.
pub(crate) const REPLY_TICK_MS_MIN: u64 = 20;

/// Longest reply tick that may be set.
pub(crate) const REPLY_TICK_MS_MAX: u64 = 60_000;

/// Longest wait of the asker for the broker's stream; the fan-out's own bound and a margin.
pub(crate) const ASK_WAIT_MS: u64 = grondslag_core::limits::FANOUT_TTL_MS_MAX + 2_000;

/// Pause before the one second attempt.
pub(crate) const RETRY_PAUSE_MS: u64 = 300;

/// Events of one question that wait for a slow desk.
pub(crate) const DESK_EVENTS_MAX: usize = 128;

/// How long a draft waits for its second person.
pub(crate) const DRAFT_TTL_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// How often an approval is added anew when others approve the same draft at that moment.
pub(crate) const APPROVE_TRIES_MAX: usize = 8;

/// Questions of this node that are under way at the same time.
pub(crate) const ASKS_MAX: usize = 64;

/// How often a question is counted anew when others are counted at that moment: each time one of
/// them at the least went through, so all that may be under way and as many again.
pub(crate) const COUNT_TRIES_MAX: usize = 2 * ASKS_MAX;

/// The hours of the night: from the first until the second, Dutch time.
pub(crate) const NIGHT: (u8, u8) = (22, 6);

/// Questions at night on one day that are unusual.
pub(crate) const NIGHT_QUESTIONS_MIN: u64 = 5;

/// Part of the budget, in percent, above which a day is unusual.
pub(crate) const BUSY_PERCENT: u64 = 80;

/// Part of the answers, in percent, from which on it is unusual that they say nothing.
pub(crate) const NEUTRAL_PERCENT: u64 = 80;

/// Questions on one day below which that is not looked at.
pub(crate) const NEUTRAL_QUESTIONS_MIN: u64 = 10;

/// Days of patterns when the desk does not say how many.
pub(crate) const PATTERN_DAYS: u32 = 7;

/// Most days of patterns; older counts are forgotten.
pub(crate) const PATTERN_DAYS_MAX: u32 = 31;

/// Most lines in one list of patterns, so that it fits a message.
pub(crate) const PATTERNS_MAX: usize = 1_000;

/// Most counts looked through for such a list.
pub(crate) const TALLIES_MAX: usize = 100_000;

/// Inquiries or decisions in one list when the desk does not say how many.
pub(crate) const LIST_DEFAULT: u32 = 50;

/// Most inquiries looked through for one person's list.
pub(crate) const INQUIRIES_LOOKED_THROUGH_MAX: usize = 10_000;

/// Inquiries read at a time.
pub(crate) const INQUIRIES_PAGE: usize = 500;

/// Longest reference of a question, in characters.
pub(crate) const REFERENCE_CHARS_MAX: usize = 120;

/// How often replies and drafts are forgotten whose term has passed.
pub(crate) const EXPIRE_INTERVAL_MS: u64 = 60_000;

/// Largest overlay file, in bytes.
pub(crate) const TEXT_FILE_BYTES_MAX: u64 = 1_024 * 1_024;

/// Most events of one target in one attempt: decided, replied, closed, and one to spare.
pub(crate) const EVENTS_PER_TARGET_MAX: usize = 4;

/// Most seal keys of one node: those of the epochs of one longest term, and some to spare.
pub(crate) const SEAL_KEYS_MAX: usize = 64;

/// How long an index speaks after it was last checked against the register (protocol, index).
pub(crate) const INDEX_AGE_MS_MAX: i64 = 3 * HOUR_MS;

/// An hour: regular batches are enrolled once in each.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// Points of one batch: two keys each, and both fit one commit.
pub(crate) const BATCH_POINTS_MAX: usize = 1_024;

/// Points of the smallest first run of an epoch.
pub(crate) const BULK_POINTS_MIN: u64 = 256;

/// Points of the smallest regular batch.
pub(crate) const HOURLY_POINTS_MIN: usize = 4;

/// A regular batch has one point for so many clients: 0.2 %.
pub(crate) const HOURLY_SHARE: u64 = 500;

/// How often it is looked whether a batch is due.
pub(crate) const INDEX_INTERVAL_MS: u64 = 250;

/// Longest wait for one batch of an enrolment.
pub(crate) const ENROL_CALL_MS_MAX: u64 = 30_000;

/// Enrolments at the operator's word that wait for each other: one that was interrupted at the
/// keyboard still runs when it is given again.
pub(crate) const ENROL_CALLS_MAX: usize = 4;

/// Steps of an enrolment at the operator's word that wait for a slow reader.
pub(crate) const ENROL_EVENTS_MAX: usize = 64;

/// Most canaries of a region.
pub(crate) const CANARIES_MAX: usize = 256;

/// How often the epoch is read again when nothing else asks for it.
pub(crate) const EPOCH_REFRESH_MS: u64 = 30_000;
/// Shortest time between two readings of the epoch for questions.
pub(crate) const EPOCH_GAP_MS: u64 = 500;

/// Most answers under way: as many as two full connections of the broker ask for by default.
pub(crate) const ANSWERS_MAX: usize = 512;

/// Messages that are made, or delivered, at a time.
pub(crate) const SLOTS_AT_ONCE_MAX: usize = 64;

/// Ordinary questions that are remembered, to be repeated about made-up subjects.
pub(crate) const HABITS_MAX: usize = 64;

/// Mean minutes between such questions, unless the operator says otherwise.
pub(crate) const CANARY_MINUTES: u64 = 360;

/// Most such minutes: a week.
pub(crate) const CANARY_MINUTES_MAX: u64 = 10_080;

/// Length of the row of a question, beside what each category adds; what outgrows it takes as much
/// again.
pub(crate) const ITEM_BYTES: usize = 1_024;

/// Most questions that climb at once: as many as the ledger commits together.
pub(crate) const CLIMBS_AT_ONCE_MAX: usize = grondslag_evidence::limits::GROUP_MAX;

/// A question that is kept takes a whole number of so many bytes.
pub(crate) const STORED_BYTES: usize = 1_024;

/// What each category adds to the row of a question.
pub(crate) const ITEM_LINE_BYTES: usize = 512;

/// Most records of what was said to one question after its first reply: for each number one that it
/// left, and one that it did not.
pub(crate) const RELEASES_MAX: usize = 2 * grondslag_core::limits::REPLIES_MAX as usize;

/// How long what was decided of a child may wait for the broker before it is decided anew: less
/// than what makes a slot late.
pub(crate) const OUTBOX_FRESH_MS: i64 = 60_000;

/// How often it is looked whether a slot is due.
pub(crate) const SLOT_INTERVAL_MS: u64 = 500;

/// How long after a turn of the slots began it is looked once more whether a question is to climb:
/// many may have to at one moment, which takes a while by itself, and none is to be a second late.
pub(crate) const CLIMB_PAUSE_MS: u64 = 200;

/// Most events of one page of later replies.
pub(crate) const FOLLOWED_MAX: usize = grondslag_core::limits::FOLLOW_PAGE + 1;

/// Longest note of a head that comes with a question: the broker's own signature and no other.
pub(crate) const HEAD_BYTES_MAX: usize = 4 * 1_024;

/// How long a question waits for the head that it builds on.
pub(crate) const HEAD_WAIT_MS: u64 = 250;

/// Most heads in the store: one, and those of answers that were under way together.
pub(crate) const HEADS_KEPT_MAX: usize = 1_000;

/// Length of the record of a question with fewer than [`RECORD_CATEGORIES`] categories, in bytes:
/// with its head it is one value of the store.
pub(crate) const RECORD_BYTES: usize = 5_600;

/// A record takes [`RECORD_BYTES`] more for each so many categories.
pub(crate) const RECORD_CATEGORIES: usize = 8;

/// Seconds that witnesses have to cover an answer, unless the operator says otherwise (design 8).
pub(crate) const WITNESS_GRACE_S: u64 = 60;

/// Most seconds that they may get.
pub(crate) const WITNESS_GRACE_S_MAX: u64 = 600;

/// Answers within this time of each other wait as one.
pub(crate) const GRACE_STEP_MS: u64 = 1_000;

/// Most moments of answers that wait to be covered.
pub(crate) const GRACE_STEPS_MAX: usize = 1_024;

/// Shortest and longest pause before the broker's heads are asked for again.
pub(crate) const WATCH_PAUSE_MS: std::ops::RangeInclusive<u64> = 500..=30_000;

/// Longest stream of heads; then it is asked for again.
pub(crate) const WATCH_MS_MAX: u64 = 10 * 60 * 1_000;

/// Leaves that a ledger may grow by, and double, while an answer waits to be recorded: the answer
/// leaves room for a proof in the tree of then.
pub(crate) const PATH_SLACK: u64 = 4_096;

/// Most logs that one node has had: one more after each restore.
pub(crate) const RESTORES_MAX: u64 = 1_000;
/// How often a change of the rules in force is looked for.
pub(crate) const RULES_INTERVAL_MS: u64 = 1_000;
/// How long rules that somebody else has are waited for.
pub(crate) const RULES_WAIT_MS: u64 = 1_000;
/// Longest wait for the policy office: it weighs a draft before it answers.
pub(crate) const OFFICE_CALL_MS_MAX: u64 = 60_000;
/// Most acts about one child that its own agency wrote down; what opens gets half of that.
pub(crate) const CONSENT_ACTS_MAX: usize = 512;
/// Most acts about one child that one other agency brought, and all others together, of which what
/// opens gets half: they take no place of the agency's own.
pub(crate) const CONSENT_BROUGHT_MAX: (usize, usize) = (64, 256);
/// All of them, and those that say that everything is closed: one page of the store.
pub(crate) const CONSENT_PAGE: usize = grondslag_evidence::limits::SCAN_PAGE_MAX;
/// Most requests about one person's data that are open at an agency, or objections that stand:
/// those that other agencies brought, and all.
pub(crate) const REQUESTS_OPEN_MAX: (usize, usize) = (8, 24);
/// Months within which somebody hears what became of a request (AVG art. 12 lid 3).
pub(crate) const REQUEST_TERM_MONTHS: u8 = 1;
/// Months by which that may be extended once (AVG art. 12 lid 3).
pub(crate) const REQUEST_EXTENSION_MONTHS: u8 = 2;
/// Hours within which a breach is assessed, since it was found (AVG art. 33 lid 1).
pub(crate) const BREACH_HOURS: i64 = 72;
/// Most own questions about a person that are looked through for one that was mended.
pub(crate) const OWN_QUESTIONS_MAX: usize = 4_000;
/// Longest text of a request or of what came of it, in bytes of JSON: with as many questions as a
/// repair names it fits a notice.
pub(crate) const REQUEST_TEXT_BYTES_MAX: usize = 1_400;
/// Most questions that one notice of a repair names.
pub(crate) const REPAIR_TARGETS_MAX: usize = 20;
/// Largest notice that is brought to others, in bytes of JSON: with all else it fits a sealed
/// detail.
pub(crate) const NOTICE_BYTES_MAX: usize = 2_600;
/// Notices that are sent again at the same time, and all that are sent at the same time.
pub(crate) const NOTICES_AT_ONCE_MAX: (usize, usize) = (8, 16);
/// Shortest and longest pause before a notice that did not come is sent again.
pub(crate) const NOTICE_PAUSE_MS: std::ops::RangeInclusive<u64> = 1_000..=300_000;
/// How often it is looked whether a notice is due, when nobody said so.
pub(crate) const NOTICE_INTERVAL_MS: u64 = 1_000;
/// Minutes for which a notice may wait at its holder.
pub(crate) const NOTICE_TERM_MINUTES: u32 = 60;
/// How often the broker is asked whether notices wait: while some do, or that is not known; and
/// else.
pub(crate) const WAITING_INTERVAL_MS: (u64, u64) = (500, 10_000);
/// How long ago a consent that is written down may have been said: a week.
pub(crate) const CONSENT_SAID_MS_MAX: i64 = 7 * 24 * HOUR_MS;
/// Most situations of one child that are written down together: what a file says of one child.
pub(crate) const SITUATIONS_MAX: usize = 64;
/// Largest statement by which a measure is certified, in bytes of JSON.
pub(crate) const CERTIFIED_BYTES_MAX: usize = 4 * 1_024;
/// Most who hold custody together.
pub(crate) const CUSTODY_HOLDERS_MAX: usize = 4;
/// Longest name of what custody or a measure was seen in, in characters.
pub(crate) const SOURCE_CHARS_MAX: usize = 120;
/// Longest text that a person is shown before they say yes, in characters.
pub(crate) const NOTICE_CHARS_MAX: usize = 4_000;
/// Most lines that say what a consent comes to.
pub(crate) const STANDING_MAX: usize = 64;
/// How many days ahead the operator's count of consents to ask again looks, and the most that a
/// desk may name.
pub(crate) const ASK_AGAIN_DAYS: u32 = 30;
pub(crate) const ASK_AGAIN_DAYS_MAX: u32 = 366;
/// Most lines of that list, and their bytes: they fit one message.
pub(crate) const ASK_AGAIN_LINES_MAX: usize = 200;
pub(crate) const ASK_AGAIN_BYTES_MAX: usize = grondslag_core::limits::MESSAGE_BYTES_MAX / 2;
/// How often an act is written anew when a write that was cut off landed meanwhile.
pub(crate) const WRITE_TRIES_MAX: usize = 4;
/// Latest moment that a desk may name, in milliseconds: the year 2200.
pub(crate) const MOMENT_MS_MAX: i64 = 7_258_118_400_000;
/// Own views under way at one node.
pub(crate) const OWN_VIEWS_MAX: usize = 16;
/// People who say that they saw who asks for one own view.
pub(crate) const IDENTITY_SEEN_MAX: usize = 4;
/// Questions about one person that an access log looks through, at this node's either side: some
/// more than it can tell. A person with more sees that there are older ones.
pub(crate) const LOG_LOOKED_THROUGH_MAX: usize = 300;
/// Time between the first and the last agency that is asked in one own view.
pub(crate) const SAME_VIEW_MS_MAX: i64 = 5 * 60 * 1_000;
/// Lines of one own view over all agencies.
pub(crate) const OWN_VIEW_LINES_MAX: usize = 600;
/// Bytes of them: what the desk takes in one message, with room for the rest.
pub(crate) const OWN_VIEW_BYTES_MAX: usize = 400 * 1_024;
/// How long ago a child may have been seen that somebody hears of it now, in days.
pub(crate) const SEEN_DAYS_MAX: i64 = 366;
/// Hours within which a second person reviews a question with break glass (domain R30).
pub(crate) const GLASS_REVIEW_HOURS: i64 = 24;
/// Questions with break glass in one list, on either side: they fit one message.
pub(crate) const GLASS_LIST_MAX: usize = 100;
/// People whose counts fit one list beside them.
pub(crate) const GLASS_COUNTS_MAX: usize = 1_000;
/// Leaves that one report counts: half a year of a busy node.
pub(crate) const METRICS_LEAVES_MAX: u64 = 1_000_000;
/// Bytes of the cases that one list of the board holds: they fit what a client takes by default.
pub(crate) const CASES_BYTES_MAX: usize = 2 * 1_024 * 1_024;

/// Longest wait for the broker to bring a follow-up to its target, which answers on its own tick.
pub(crate) const FOLLOW_UP_CALL_MS_MAX: u64 = 15_000;
/// How often follow-ups that did not come to their target are brought again, and what others
/// accepted is read.
pub(crate) const FOLLOW_UP_INTERVAL_MS: u64 = 10_000;

/// Length of what is kept of a question that takes over a case; what outgrows it takes as much
/// again.
pub(crate) const HANDOVER_BYTES: usize = 1_024;

/// Longest time that somebody is away, in days.
pub(crate) const AWAY_DAYS_MAX: i64 = 366;
/// How many substitutes are looked through for one who is there.
pub(crate) const SUBSTITUTES_MAX: usize = 8;
/// How long that is done at every turn.
pub(crate) const FOLLOW_UP_SOON_MS: i64 = 10 * 60 * 1_000;
/// At how many turns once after that: every five minutes.
pub(crate) const FOLLOW_UP_SELDOM: i64 = 30;
/// Questions whose follow-ups are brought at the same time.
pub(crate) const FOLLOW_UPS_AT_ONCE_MAX: usize = 16;
/// How long after its last moment a case that nobody accepted is given up: what was taken in time
/// may be on its way into the store.
pub(crate) const LAPSE_GRACE_MS: i64 = 60_000;
