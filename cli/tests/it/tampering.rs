//! Where every kind of tampering is tried, line by line of the list that the ledger was built to.
//! The test below holds this table against the sources: a test that was renamed or removed shows.
//!
//! - a flipped byte of a leaf
//!   - `evidence/src/ledger/audit/tests.rs`
//!     `any_changed_byte_of_an_entry_in_the_store_is_found`
//!     `a_changed_byte_of_a_bundle_names_its_leaf`
//!   - `evidence/src/records/tests.rs`
//!     `any_flipped_byte_of_a_leaf_is_found`
//! - of a tile
//!   - `evidence/src/ledger/audit/tests.rs`
//!     `a_changed_byte_of_a_tile_of_hashes_names_it_and_not_the_entries`
//!     `higher_levels_are_held_against_those_below_and_a_root_is_known_at_every_size`
//! - of a checkpoint
//!   - `core/src/checkpoint/tests.rs`
//!     `every_flipped_bit_is_refused_or_shows`
//!   - `evidence/src/ledger/audit/tests.rs`
//!     `any_changed_byte_of_head_and_count_is_found`
//! - of a cosignature
//!   - `core/src/checkpoint/tests.rs`
//!     `every_flipped_bit_is_refused_or_shows`
//!     `one_false_line_of_a_witness_spoils_its_true_one`
//!   - `cli/tests/it/audit.rs`
//!     `ledgers_are_held_against_each_other_and_what_was_changed_at_a_node_is_named`
//! - of a store value
//!   - `evidence/src/ledger/tests/tiles.rs`
//!     `a_flipped_byte_anywhere_in_the_store_is_found_at_the_next_start`
//!   - `evidence/src/records/tests.rs`
//!     `any_flipped_byte_of_an_opening_is_found`
//!   - `evidence/src/audit/tests.rs`
//!     `a_changed_byte_of_the_store_s_file_never_shows_another_history`
//! - a leaf dropped, swapped, put in, doubled
//!   - `evidence/src/ledger/audit/tests.rs`
//!     `leaves_of_a_file_that_were_dropped_swapped_put_in_or_doubled_are_named`
//!     `leaves_of_the_store_that_were_dropped_swapped_put_in_or_doubled_are_named`
//! - truncated
//!   - `evidence/src/ledger/audit/tests.rs`
//!     `a_bundle_that_is_gone_or_too_much_is_named`
//!   - `core/src/checkpoint/tests.rs`
//!     `every_cut_is_refused_or_has_fewer_signatures`
//!   - `core/src/watch/tests.rs`
//!     `a_log_that_forks_rewrites_or_shrinks_contradicts_itself`
//! - rolled back to yesterday's copy
//!   - `evidence/src/ledger/tests/tiles.rs`
//!     `yesterdays_store_beside_todays_tiles_is_a_fork`
//!     `a_lost_store_beside_its_tiles_is_a_fork_and_not_a_new_ledger`
//!   - `evidence/src/audit/tests.rs`
//!     `yesterdays_copy_of_a_whole_ledger_has_no_root_for_what_was_shown_since`
//!   - `node/src/watch/tests.rs`
//!     `every_way_in_which_the_log_contradicts_itself_stops_the_node_for_good`
//! - a fork shown to two nodes
//!   - `node/src/watch/tests.rs`
//!     `a_fork_shown_to_two_nodes_is_seen_as_soon_as_they_are_shown_one_cosigned_head`
//!   - `cli/tests/it/audit.rs`
//!     `a_head_that_the_brokers_ledger_does_not_begin_with_is_named`
//! - a private fork shown to one
//!   - `node/src/watch/tests.rs`
//!     `a_private_fork_gets_no_quorum_and_is_answered_for_a_minute_at_most`
//!   - `tests/it/witnesses.rs`
//!     `a_head_that_contradicts_the_last_one_stops_that_node_and_no_other`
//! - a checkpoint signed by a stale key
//!   - `node/src/watch/tests.rs`
//!     `a_head_under_a_stale_key_or_of_another_log_is_neither_taken_nor_a_contradiction`
//!   - `evidence/src/ledger/tests/tiles.rs`
//!     `a_head_that_another_key_signed_is_refused_and_one_of_the_key_before_is_signed_anew`
//!   - `cli/tests/it/audit.rs`
//!     `an_audit_needs_no_private_key_and_holds_a_name_against_the_key_that_was_given`
//! - a witness that lost its memory
//!   - `node/src/watch/tests.rs`
//!     `a_witness_without_its_memory_cosigns_only_once_it_is_given_back`
//!     `a_witness_that_was_given_its_memory_back_cosigns_no_other_history`
//! - a broker that attests without writing
//!   - `node/src/answers/verify/tests.rs`
//!     `a_decision_that_is_not_proved_in_the_brokers_ledger_is_refused`
//!     `a_leaf_about_another_question_does_not_attest_this_one`
//! - a broker that attests to the asker alone, in a tree that it throws away
//!   - `node/src/asks/pursue/tests.rs`
//!     `what_is_not_proved_is_discarded_unseen_and_alarms`
//!     `a_tree_that_contradicts_what_was_seen_is_kept_and_stops_the_node`
//!     `what_the_broker_attested_is_kept_with_its_proof_until_the_term_ends`
//!   - `cli/tests/it/answers.rs`
//!     `a_decision_that_the_brokers_ledger_does_not_bear_out_is_named`
//! - a node that answers without writing
//!   - `node/src/asks/pursue/tests.rs`
//!     `what_is_not_proved_is_discarded_unseen_and_alarms`
//!   - `node/src/answers/answering/tests/ledgers.rs`
//!     `an_answer_proves_that_it_stands_in_the_ledger_and_another_does_not`
//!   - `cli/tests/it/answers.rs`
//!     `an_answer_that_its_node_no_longer_has_is_named`
//! - a clock set back
//!   - `evidence/src/ledger/tests.rs`
//!     `the_ledger_goes_on_where_it_ended_and_its_times_never_go_down`
//!   - `evidence/src/ledger/audit/tests.rs`
//!     `a_clock_that_went_back_is_named`
//! - a clock that was ahead
//!   - `evidence/src/ledger/tests.rs`
//!     `behind_a_leaf_of_time_to_come_nothing_is_appended_until_the_clock_is_there`
//!   - `runtime/src/run/tests.rs`
//!     `a_ledger_that_ends_in_time_to_come_says_not_serving_until_the_clock_is_there`
//!   - `evidence/src/records/tests/damaged.rs`
//!     `a_round_that_was_done_on_a_day_to_come_is_not_done`
//! - forgotten too soon
//!   - `evidence/src/records/tests/damaged.rs`
//!     `what_was_forgotten_before_its_least_term_was_over_is_named`
//!   - `cli/tests/it/audit.rs`
//!     `ledgers_are_held_against_each_other_and_what_was_changed_at_a_node_is_named`
//! - kill -9 between batch and tile
//!   - `evidence/tests/crash/power_cut.rs`
//!     `a_process_that_dies_between_batch_and_tile_has_lost_nothing`
//!   - `evidence/src/ledger/tests/tiles.rs`
//!     `a_store_that_is_ahead_completes_the_tiles`
//! - kill -9, and a power cut
//!   - `evidence/tests/crash/main.rs`
//!     `invariant_07_nothing_acknowledged_is_lost_through_kill_9`
//!   - `evidence/tests/crash/power_cut.rs`
//!     `invariant_07_nothing_acknowledged_is_lost_through_a_power_cut`
//!     `without_one_kind_of_sync_a_power_cut_loses_what_was_acknowledged`

use std::fs;
use std::path::Path;

#[test]
fn every_kind_of_tampering_names_tests_that_are_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (table, _) = include_str!("tampering.rs").split_once("\nuse ").unwrap();
    let rows: Vec<&str> = table.split("\n//! - ").skip(1).collect();
    assert!(rows.len() >= 15);
    for row in rows {
        let (mut source, mut named) = (String::new(), 0);
        for word in row.split('`').skip(1).step_by(2) {
            if word.contains('/') {
                source = fs::read_to_string(top.join(word)).unwrap();
            } else {
                named += 1;
                assert!(source.contains(&format!("fn {word}(")), "{word}: {row}");
            }
        }
        assert!(named > 0, "{row}");
    }
}
