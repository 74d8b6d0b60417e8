//! Every bound of this crate in one place (invariant 10). What an operator may set has its range
//! in [`crate::config::Limits`]; what stands here is fixed.

/// Largest configuration file: one process has some dozens of settings.
pub const CONFIG_BYTES_MAX: u64 = 64 * 1_024;
/// Most edits between an unknown key and the key that is suggested for it.
pub const SUGGESTION_EDITS_MAX: usize = 3;
/// Largest region clock file; it holds three values.
pub const CLOCK_FILE_BYTES_MAX: u64 = 1_024;
/// Longest value of one logged field in bytes; the rest is cut.
pub const LOG_VALUE_BYTES_MAX: usize = 256;
/// Most fields of one log line, spans included.
pub const LOG_FIELDS_MAX: usize = 32;
/// A run of digits in a log message at least this long is blotted out: a citizen service number
/// has 8 or 9.
pub const LOG_DIGITS_MAX: usize = 7;
/// Interval of HTTP/2 keep-alive pings. Without them a healed partition stays dead.
pub const KEEP_ALIVE_INTERVAL_MS: u64 = 10_000;
/// Longest wait for the answer to a ping before the connection is given up.
pub const KEEP_ALIVE_TIMEOUT_MS: u64 = 5_000;
/// Largest HTTP/2 frame: a message of the largest size is some frames, so that one message cannot
/// hold up the others of its connection.
pub const FRAME_BYTES_MAX: u32 = 64 * 1_024;
/// Largest set of headers of one call.
pub const HEADER_BYTES_MAX: u32 = 8 * 1_024;
/// Window of one stream: the largest message fits, so a question needs no second round trip.
pub const STREAM_WINDOW_BYTES: u32 = 1_024 * 1_024;
/// Window of one connection, shared by its streams.
pub const CONNECTION_WINDOW_BYTES: u32 = 4 * 1_024 * 1_024;
/// Accepted connections that wait for the server to take them.
pub const ACCEPTED_QUEUE_MAX: usize = 16;
/// Pause after a failed accept, so that a full file table does not become a busy loop.
pub const ACCEPT_PAUSE_MS: u64 = 50;
/// Calls that wait in one channel for its connection.
pub const CHANNEL_QUEUE_MAX: usize = 256;
/// Channels that one process keeps; the one used longest ago makes room.
pub const CHANNELS_MAX: usize = 256;
/// Longest `host:port` of an endpoint.
pub const ENDPOINT_BYTES_MAX: usize = 256;
/// How often it is looked whether a backup is due or asked for.
pub const BACKUP_LOOK_MS: u64 = 1_000;
/// How soon a backup that failed is tried again.
pub const BACKUP_RETRY_MS: u64 = 10 * 60 * 1_000;
/// How often certificate, key and CRL files are looked at for a change.
pub const RELOAD_INTERVAL_MS: u64 = 1_000;
/// Most background tasks of one process at the same time.
pub const TASKS_MAX: usize = 1_024;
/// How often a process looks whether it can be asked.
pub const VITALS_INTERVAL_MS: u64 = 500;
/// Largest plaintext copy of what passes through a demo process: some times what a whole demo
/// exchanges.
pub const TAP_BYTES_MAX: u64 = 512 * 1_024 * 1_024;
/// Bytes of the piece before it with which each copied piece begins: more than the longest thing
/// that is looked for.
pub const TAP_OVERLAP_BYTES: usize = 256;
/// Threads for work that blocks, such as reading files and syncing the store.
pub const BLOCKING_THREADS_MAX: usize = 16;
/// Longest wait for blocking work when the process ends.
pub const RUNTIME_STOP_MS_MAX: u64 = 2_000;
/// How often the file with the region's witnesses is looked at.
pub const WITNESSES_INTERVAL_MS: u64 = 2_000;
/// Ended calls that wait for the collector; one more is dropped and counted.
pub const SPANS_QUEUE_MAX: usize = 2_048;
/// Most calls of one export.
pub const SPANS_BATCH_MAX: usize = 512;
/// Longest wait for the collector at one export.
pub const EXPORT_MS_MAX: u64 = 3_000;
/// Longest wait for the collector when the process ends.
pub const EXPORT_LAST_MS_MAX: u64 = 500;
/// Longest wait for one figure that is read for an export.
pub const FIGURE_MS_MAX: u64 = 1_000;
/// Figures that one process reads for an export.
pub const FIGURES_MAX: usize = 16;
/// Least time between two warnings about exports that failed.
pub const EXPORT_WARNING_MS: u64 = 60_000;
/// Free bytes of a disk are exported in steps of this size, so that no single write shows.
pub const FREE_BYTES_STEP: u64 = 64 * 1_024 * 1_024;
/// Bytes of rules in one message.
pub const PIECE_BYTES: usize = 256 * 1_024;
