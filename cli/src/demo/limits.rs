//! Every bound of the demo (invariant 10).

/// Largest file of the world that is read as TOML.
pub(super) const WORLD_FILE_BYTES_MAX: u64 = 1_024 * 1_024;
/// Most agencies of a demo region: each is a process of its own.
pub(super) const AGENCIES_MAX: usize = 40;
/// Most storylines.
pub(super) const STORYLINES_MAX: usize = 40;
/// Ports are looked for here, below the range from which systems give ports to outgoing
/// connections: a port that is free now is then still free when its process binds it.
pub(super) const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// Most ports that are tried.
pub(super) const PORT_TRIES_MAX: usize = 4_000;
/// Agencies whose folder is made, or whose register is imported, at the same time.
pub(super) const WORKERS: usize = 4;
/// Longest wait until the whole region answers.
pub(super) const START_MS_MAX: u64 = 60_000;
/// How often a process that starts is looked at.
pub(super) const START_POLL_MS: u64 = 50;
/// How long processes get to end in order before they are killed.
pub(super) const STOP_MS_MAX: u64 = 5_000;
/// Bytes of a log that are shown when a process did not start.
pub(super) const LOG_TAIL_BYTES: u64 = 2_000;
/// Questions of which the median time is taken.
pub(super) const MEASURED_QUESTIONS: usize = 60;
/// Questions of which it is taken with the reply tick on.
pub(super) const TICKED_QUESTIONS: usize = 15;
/// Questions before those, so that every connection stands.
pub(super) const WARMING_QUESTIONS: usize = 4;
/// Rest before the broker's memory is read.
pub(super) const REST_MS: u64 = 1_000;
/// Longest step of `demo advance`, in days.
pub(super) const ADVANCE_DAYS_MAX: i64 = 366;
/// Days for which a desk certificate of the demo is valid.
pub(super) const DESK_DAYS: u16 = 366;
/// Rows that are read of one file of the world.
pub(super) const WORLD_ROWS_MAX: usize = 1_000_000;
/// Longest byte string that the blind check looks for; of a longer one its beginning.
pub(super) const NEEDLE_BYTES_MAX: usize = 64;
/// Bytes that the blind check looks through at a time.
pub(super) const SCAN_PIECE_BYTES: usize = 1_024 * 1_024;
/// Largest list of a process's mappings: some hundred bytes for each of some thousands.
pub(super) const MAPS_BYTES_MAX: u64 = 4 * 1_024 * 1_024;
/// Most files of one process that the blind check reads.
pub(super) const FILES_MAX: usize = 10_000;
/// Folders within folders that the blind check reads.
pub(super) const FOLDERS_DEEP_MAX: usize = 16;
/// Most folders that are looked at to find a running demo.
pub(super) const LOOKED_AT_MAX: usize = 10_000;
/// Answers leave at once: the demo measures how fast the region is.
pub(super) const REPLY_TICK_MS: u64 = 0;
/// Made-up subjects of the region.
pub(super) const CANARIES: usize = 16;
/// Agencies of the demo region that are witnesses.
pub(super) const WITNESSES: usize = 5;
/// Most questions of a load run: the folder that it leaves takes some 15 GB then.
pub(super) const LOAD_MAX: u32 = 20_000;
/// Questions of a load run at the same time.
pub(super) const LOAD_AT_ONCE: usize = 8;
/// Agencies that each goes to.
pub(super) const LOAD_TARGETS: usize = 8;
/// Questions of one person for one purpose on one day of it: below every budget of a person.
pub(super) const LOAD_DAY_MAX: usize = 150;
/// Hours between two backups of the demo's broker, when nobody asks: the most that there may be.
pub(super) const BACKUP_EVERY_H: u16 = 744;
/// Functions of the region's privacy officers.
pub(super) const OFFICERS: [&str; 2] = ["po-1", "fg-1"];
/// Until when they may sign: longer than any story lasts.
pub(super) const OFFICERS_UNTIL: &str = "2028-12-31T00:00";
/// How long an act may take to come to every holder that it names, in milliseconds.
pub(super) const NOTICE_WAIT_MS: u64 = 60_000;
/// How often it is looked whether it came, in milliseconds.
pub(super) const NOTICE_LOOK_MS: u64 = 20;
