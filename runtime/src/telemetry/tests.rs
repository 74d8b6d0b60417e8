use std::io;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn of(log: &Log, events: impl FnOnce()) -> String {
        let page = Self::default();
        tracing::subscriber::with_default(subscriber(log, Box::new(page.clone())), events);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }
}

#[test]
fn a_field_that_is_not_in_the_list_is_dropped() {
    // A number and a name are planted in an event, in a span and in a later record of it.
    let events = || {
        let span = tracing::info_span!(
            "ask",
            oin = "00000099000000001000",
            child = "Noor",
            bsn = tracing::field::Empty
        );
        span.record("bsn", 999_990_019_u64);
        let _inside = span.enter();
        tracing::info!(count = 3_u64, name = "Noor", bsn = "999990019", "answered");
    };
    for format in [Form::Json, Form::Pretty] {
        let log = Log { format, ..Log::default() };
        let page = Page::of(&log, events);
        assert!(page.contains("answered") && page.contains("count"), "{page}");
        assert!(page.contains("00000099000000001000"), "{page}");
        assert!(!page.contains("Noor") && !page.contains("99999001"), "{page}");
        assert!(!page.contains("bsn") && !page.contains("child"), "{page}");
    }
}

#[test]
fn a_json_line_is_one_object_with_time_level_and_message() {
    let page = Page::of(&Log::default(), || {
        tracing::warn!(reason = %Reason::NotReady, elapsed_ms = 7_i64, "not ready");
    });
    let line: serde_json::Value = serde_json::from_str(page.trim_end()).unwrap();
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["message"], "not ready");
    assert_eq!(line["reason"], "NOT_READY");
    assert_eq!(line["elapsed_ms"], 7);
    assert!(line["at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_library_is_shown_by_level_and_place_alone() {
    let page = Page::of(&Log::default(), || {
        tracing::warn!(target: "h2::codec", oin = "00000099000000001000", "frame of Noor");
        tracing::info!(target: "h2::codec", "chatter");
    });
    assert!(page.contains("h2::codec") && page.contains("event of a library"), "{page}");
    assert!(!page.contains("Noor") && !page.contains("0000009"), "{page}");
    assert_eq!(page.lines().count(), 1, "{page}");
}

#[test]
fn a_message_cannot_carry_a_long_number_or_begin_a_second_line() {
    let number = 999_990_019;
    let log = Log { format: Form::Pretty, ..Log::default() };
    let page = Page::of(&log, || {
        tracing::info!("child {number} asked");
        tracing::info!(kind = "a\nb", "two\nlines, 1234567 short");
    });
    assert!(page.contains("child … asked"), "{page}");
    assert!(page.contains("two lines, 1234567 short kind=a b"), "{page}");
    assert_eq!(page.lines().count(), 2, "{page}");
}

#[test]
fn the_level_hides_what_is_less_important_and_long_values_are_cut() {
    let log = Log { level: Level::Warn, ..Log::default() };
    let long = "é".repeat(400);
    let page = Page::of(&log, || {
        tracing::info!("hidden");
        tracing::warn!(kind = long, "shown");
    });
    assert_eq!(page.lines().count(), 1);
    assert_eq!(page.matches('é').count(), crate::limits::LOG_VALUE_BYTES_MAX / 2);
}

#[test]
fn a_log_file_is_for_its_owner_and_must_be_possible() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.log");
    append_to(&file).unwrap();
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let nowhere = append_to(&folder.path().join("no/node.log")).unwrap_err();
    assert_eq!(nowhere.reason(), Reason::ConfigInvalid);
}

#[test]
fn correlation_ids_are_sixteen_hexadecimal_characters_and_differ() {
    let (a, b) = (corr(), corr());
    assert_ne!(a, b);
    assert!(a.len() == 16 && a.bytes().all(|c| c.is_ascii_hexdigit()));
}
