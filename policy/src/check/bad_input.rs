//! Every bad input that the policy office must withstand, and the test that shows what it says.

const CHECK: &str = include_str!("tests.rs");
const PACK: &str = include_str!("../pack.rs");
const FOLDER: &str = include_str!("../folder.rs");
const CASES: &str = include_str!("../cases.rs");
const CONSENT: &str = include_str!("../consent/tests.rs");
const PUBLISH: &str = include_str!("../publish/tests.rs");

/// What arrives, where its test stands, and the test's name.
const LISTED: [(&str, &str, &str); 26] = [
    ("row that can never match", CHECK, "a_role_of_one_kind_and_another_kind_never_match"),
    ("shadowed row", CHECK, "a_row_inside_a_deny_or_behind_its_equal_is_shadowed"),
    ("no legal id", CHECK, "a_row_names_its_ground_and_a_text_in_both_languages"),
    ("missing translation", CHECK, "a_row_names_its_ground_and_a_text_in_both_languages"),
    ("unknown value", PACK, "a_mistake_names_its_line_its_column_what_is_allowed_and_the_nearest"),
    ("repeated id", PACK, "a_mistake_in_the_table_is_named_by_row_and_reason"),
    (
        "broken standing invariant",
        CHECK,
        "invariant_tier_four_at_a_secret_holder_needs_a_ground_that_lifts_secrecy",
    ),
    ("failing case", CASES, "a_case_that_expects_another_row_or_tier_fails_and_says_so"),
    ("coverage hole", CHECK, "every_row_in_force_needs_a_case"),
    ("rule without rows", CHECK, "a_rule_without_rows_is_no_rule"),
    ("cell without consent", CONSENT, "a_cell_that_nobody_or_two_entries_speak_of_is_named"),
    ("cell with two consents", CONSENT, "a_cell_that_nobody_or_two_entries_speak_of_is_named"),
    ("consent of nobody", CONSENT, "an_entry_that_asks_nobody_is_named"),
    (
        "consent without end",
        CONSENT,
        "what_is_wrong_with_the_length_the_recorders_or_the_ground_is_named_with_its_line",
    ),
    (
        "consent as a ground where it is none",
        CONSENT,
        "what_is_wrong_with_the_length_the_recorders_or_the_ground_is_named_with_its_line",
    ),
    (
        "consent that cannot be delivered",
        CHECK,
        "whoever_records_consent_delivers_it_and_nobody_else",
    ),
    ("approver is author", PUBLISH, "whoever_writes_does_not_approve_and_keys_must_count"),
    ("expired or unknown key", PUBLISH, "whoever_writes_does_not_approve_and_keys_must_count"),
    ("altered manifest", PUBLISH, "a_manifest_that_was_altered_after_it_was_signed_is_not_taken"),
    (
        "replayed, older or another region's manifest",
        PUBLISH,
        "what_is_older_skips_or_is_of_another_region_is_not_taken_and_of_two_drafts_one_wins",
    ),
    (
        "two drafts at once",
        PUBLISH,
        "what_is_older_skips_or_is_of_another_region_is_not_taken_and_of_two_drafts_one_wins",
    ),
    (
        "node offline for a month",
        PUBLISH,
        "whoever_was_away_for_a_month_takes_what_was_published_meanwhile",
    ),
    ("5,000 rules", PACK, "five_thousand_rules_or_rows_are_refused_once_before_any_row_is_read"),
    ("file of 50 MB", FOLDER, "a_file_of_fifty_megabytes_is_refused_by_its_length_and_not_read"),
    ("hostile Unicode", PACK, "an_unseen_character_anywhere_in_a_pack_is_refused_when_it_loads"),
    (
        "letters that look alike",
        PACK,
        "a_code_of_the_catalogue_has_no_letters_that_only_look_alike",
    ),
];

#[test]
fn every_listed_bad_input_has_a_test_that_is_still_there() {
    for (input, file, test) in LISTED {
        let lines: Vec<&str> = file.lines().map(str::trim).collect();
        let head = format!("fn {test}() {{");
        let at = lines.iter().position(|line| *line == head);
        let at = at.unwrap_or_else(|| panic!("{input}: {test} is gone"));
        assert_eq!(lines[at - 1], "#[test]", "{input}");
    }
}
