//! Bad input gets a clear error with a stable reason, and nothing is lost.
//!
//! What stands here goes through a whole region. What one crate alone decides is tested there:
//!
//! | input | reason | test |
//! |---|---|---|
//! | no client certificate | `CERTIFICATE_MISSING` | runtime `a_client_without_a_certificate_is_refused` |
//! | TLS 1.2 | `TLS_REFUSED` | certs `a_client_of_tls12_is_refused` |
//! | an expired certificate | `CERTIFICATE_INVALID` | certs `an_expired_client_is_refused_and_learns_why_at_its_first_read` |
//! | a certificate without an OIN | `CERTIFICATE_OIN` | certs `a_region_certificate_without_an_oin_is_refused_as_such` |
//! | another agency at the endpoint | `PEER_OIN_MISMATCH` | runtime `another_agency_at_the_endpoint_is_not_spoken_to` |
//! | a key that others can read | `PERMISSIONS_OPEN` | certs `a_key_that_others_can_read_is_refused` |
//! | a file that would be overwritten | `FILE_EXISTS` | certs `nothing_is_overwritten` |
//! | a full disk | `STORE_FULL` | evidence `too_little_free_space_refuses_before_writing_and_only_as_long_as_it_lasts` |
//! | damaged bytes in a store | `STORE_CORRUPT` | evidence `overwritten_bytes_are_corrupt` |
//! | a faulty region clock | `CLOCK_INVALID` | runtime `a_faulty_clock_says_not_serving_until_it_is_mended` |
//! | an import in another encoding | `IMPORT_ENCODING` | node `a_file_in_another_encoding_is_refused_even_when_skipping` |
//! | a bad row in the middle | `IMPORT_ROW_BAD` | node `a_bad_row_in_the_middle_leaves_the_old_content` |
//! | a wrong header | `IMPORT_HEADER_BAD` | node `a_wrong_header_names_the_column_and_the_nearest` |
//! | a broken rule file | `POLICY_INVALID` | policy `check` tests |
//!
//! Revoked certificates, an expired list, failing stores, other rules and skew are invariant 6;
//! sizes and counts are invariant 10; a node that is not ready is invariant 11.

mod approvals;
mod budgets;
mod cards;
mod questions;
mod quota;
mod start;
mod wire;

/// The table above names tests that exist.
#[test]
fn every_test_that_the_table_names_exists() -> anyhow::Result<()> {
    let sources = crate::tidy::sources()?;
    let rows = include_str!("bad_input.rs").lines().filter(|line| line.starts_with("//! | "));
    let mut seen = 0;
    for row in rows {
        let Some(cell) = row.trim_end_matches(" |").rsplit("| ").next() else { continue };
        let Some((_, name)) = cell.split_once(" `") else { continue };
        let name = name.trim_end_matches('`');
        if name.contains(' ') || !name.contains('_') {
            continue;
        }
        seen += 1;
        let there = sources.iter().any(|source| source.text.contains(&format!("fn {name}(")));
        assert!(there, "no test {name}");
    }
    assert!(seen >= 10, "the table was not read: {seen}");
    Ok(())
}
