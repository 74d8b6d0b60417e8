//! Every bound of this crate.

use std::time::Duration;

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 512;

/// Longest value, in bytes. sled rewrites up to 17 values as one message, and a message of more
/// than 128 KiB becomes a blob file that it never syncs; a longer body is split by `store::parts`.
pub const VALUE_BYTES_MAX: usize = 6 * 1024;

/// Most steps (writes and expectations) in one batch.
pub const BATCH_STEPS_MAX: usize = 4_096;

/// Most bytes of keys and values in one batch.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most pairs in one page of a scan; a larger wish is cut to this.
pub const SCAN_PAGE_MAX: usize = 1_000;

/// Longest key of a body that `store::parts` splits: a part's key is that with a prefix and its
/// number.
pub const BODY_KEY_BYTES_MAX: usize = KEY_BYTES_MAX - crate::store::parts::PART_KEY_BYTES;

/// Longest body that `store::parts` splits, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Most batches, or ledger leaves, that share one durable commit.
pub const GROUP_MAX: usize = 256;

/// A group takes no further batch once it holds this many bytes.
pub const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Most batches, or ledger appends, that wait for their turn; a further caller waits outside.
pub const QUEUE_MAX: usize = 1_024;

/// Most KiB of batches that wait for their turn; a further caller waits outside.
pub const QUEUE_KIB_MAX: usize = 32 * 1024;

/// sled's page cache, in bytes.
pub const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// Most bytes of keys and values that are kept of what is committed during a backup.
pub const CAPTURE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Length of every part of a backup's file.
pub const BACKUP_PART_BYTES: usize = 64 * 1024;

/// Records of a backup on their way between the store and the file.
pub const BACKUP_QUEUE_MAX: usize = 64;

/// Most backups of one moment in one folder.
pub const BACKUP_NAMES_MAX: u32 = 999;

/// Largest key of backups that is read: a public one has 1,218 bytes.
pub const BACKUP_KEY_BYTES_MAX: u64 = 4 * 1024;

/// Longest header of a backup: the notes of its ledgers.
pub const BACKUP_HEADER_BYTES_MAX: usize = 64 * 1024;

/// Largest file that says what became of the last backup.
pub const BACKUP_OUTCOME_BYTES_MAX: u64 = 64 * 1024;

/// Most files that are looked at in a folder of backups.
pub const BACKUP_FOLDER_MAX: usize = 100_000;

/// A restore commits its rows once it has so many, or so many bytes of them.
pub const RESTORE_ROWS_MAX: usize = 1_000;

/// See [`RESTORE_ROWS_MAX`].
pub const RESTORE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How often sled is opened while its previous instance in this folder still finishes.
pub const SLED_OPEN_TRIES_MAX: u32 = 500;

/// The pause between those tries.
pub const SLED_OPEN_PAUSE: Duration = Duration::from_millis(10);

/// Below this much free space a commit is refused, while there is still room to close tidily.
pub const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// Entries in a bundle, and hashes in a tile (C2SP tlog-tiles).
pub const TILE_WIDTH: usize = 256;

/// Most full bundles that still stand in the store; appends wait beyond that.
pub const UNFILED_BUNDLES_MAX: u64 = 64;

/// Longest leaf, in bytes: with its fixed head it is one value.
pub const LEAF_BYTES_MAX: usize = 6_000;

/// Most bytes of a bundle's file: its leaves, each with its head and its length.
pub const BUNDLE_BYTES_MAX: u64 = ((LEAF_BYTES_MAX + 128) * TILE_WIDTH) as u64;

/// Most leaves in one `append_many`.
pub const APPEND_MAX: usize = GROUP_MAX;

/// Longest name of a ledger, in characters.
pub const LEDGER_NAME_MAX: usize = 32;

/// Most ledgers that are looked for in one store; a process has one or two.
pub const LEDGERS_MAX: usize = 16;

/// How often a ledger starts again after another process moved its size.
pub const RESEQUENCE_MAX: usize = 8;

/// How often a body is read again when it changed while it was read.
pub const REREAD_MAX: usize = 4;

/// Longest kind of a record, in bytes.
pub const KIND_BYTES_MAX: usize = 64;

/// Most keys of the caller's own under which a record is found.
pub const RECORD_KEYS_MAX: usize = 4;

/// Most commitments in one leaf of deletion: 36 bytes each, with its kinds below
/// [`LEAF_BYTES_MAX`].
pub const FORGOTTEN_MAX: usize = 100;

/// Most kinds of record in one leaf of deletion.
pub const FORGET_KINDS_MAX: usize = 16;

/// A leaf of deletion takes no further record once its batch has this many steps; one record has
/// at most some 180, for a body of [`BODY_BYTES_MAX`].
pub const FORGET_STEPS_MAX: usize = 2_048;

/// Most leaves of deletion in one call.
pub const FORGET_LEAVES_MAX: u64 = 64;

/// How often a call of forgetting looks again after a term was moved under it.
pub const FORGET_TRIES_MAX: usize = 8;

/// Most findings of one check of the records; a thousand more say nothing new.
pub const FINDINGS_MAX: usize = 1_000;

/// Largest file with the region's witnesses: 31 of them and 16 signatures take 8 KiB.
pub const WITNESS_FILE_BYTES_MAX: u64 = 64 * 1024;

/// Most calls of forgetting in one turn of the daily round: some 100,000 records.
pub const ROUNDS_MAX: usize = 16;

/// Most kinds of record in the totals of what was forgotten; with [`KIND_BYTES_MAX`] one value.
pub const TOTALS_KINDS_MAX: usize = 48;

/// How often a store that a process has is copied until nobody wrote to it meanwhile.
pub const QUIET_TRIES_MAX: usize = 100;

/// How long nobody must have written to a store before it is copied: well above the granularity
/// of a file's time, so that a write during the copy shows.
pub const QUIET_MS: u64 = 30;
