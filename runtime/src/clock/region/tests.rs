use super::*;

const HOUR_MS: i64 = 3_600_000;

fn start() -> Timestamp {
    Timestamp::parse("2026-06-02T10:15").unwrap()
}

fn region() -> (tempfile::TempDir, RegionClockFile, RegionClock) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clock.json");
    let file = RegionClockFile::create(&path, start()).unwrap();
    let clock = RegionClock::open(&path).unwrap();
    (folder, file, clock)
}

#[test]
fn a_standing_clock_stands_until_it_is_stepped() {
    let (_folder, file, clock) = region();
    std::thread::sleep(std::time::Duration::from_millis(5));
    assert_eq!(clock.now(), start());
    file.step_to(start().plus_ms(HOUR_MS)).unwrap();
    assert_eq!(clock.now(), start().plus_ms(HOUR_MS));
    assert_eq!(file.advance(1).unwrap(), start().plus_ms(HOUR_MS + 1));
    assert_eq!(clock.now(), start().plus_ms(HOUR_MS + 1));
    // To where it stands already is no step back.
    file.step_to(start().plus_ms(HOUR_MS + 1)).unwrap();
}

#[test]
fn a_running_clock_runs_at_real_speed_and_runs_on_after_a_step() {
    let (_folder, file, clock) = region();
    file.run().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let ran = clock.now().since_ms(start());
    assert!((20..10_000).contains(&ran), "{ran} ms");
    file.advance(HOUR_MS).unwrap();
    let stepped = clock.now();
    assert!(stepped >= start().plus_ms(HOUR_MS + 20));
    std::thread::sleep(std::time::Duration::from_millis(5));
    assert!(clock.now() > stepped);
    file.stand_still().unwrap();
    assert_eq!(clock.now(), clock.now());
}

#[test]
fn the_writer_refuses_to_go_back_and_changes_nothing() {
    let (_folder, file, clock) = region();
    let back = file.step_to(start().plus_ms(-1)).unwrap_err();
    assert!(matches!(back, ClockError::Back { .. }));
    assert!(file.advance(-HOUR_MS).is_err());
    assert_eq!(clock.now(), start());
}

#[test]
fn a_reader_never_goes_back_even_when_the_file_does() {
    let (folder, file, clock) = region();
    file.advance(HOUR_MS).unwrap();
    assert_eq!(clock.now(), start().plus_ms(HOUR_MS));
    fs::remove_file(folder.path().join("clock.json")).unwrap();
    RegionClockFile::create(&folder.path().join("clock.json"), start()).unwrap();
    assert_eq!(clock.now(), start().plus_ms(HOUR_MS));
    assert_eq!(clock.fault(), Some(WENT_BACK));
    // It stays a fault until the file has caught up.
    assert_eq!(clock.fault(), Some(WENT_BACK));
    file.advance(2 * HOUR_MS).unwrap();
    assert_eq!(clock.fault(), None);
    assert_eq!(clock.now(), start().plus_ms(2 * HOUR_MS));
}

#[test]
fn a_garbled_or_absent_file_keeps_the_last_moment_and_is_a_fault() {
    let (folder, file, clock) = region();
    let path = folder.path().join("clock.json");
    let good = fs::read(&path).unwrap();
    for bad in ["", "{", "{\"base\":\"soon\",\"set_at_system_ms\":1,\"running\":true}"] {
        fs::write(&path, bad).unwrap();
        assert_eq!(clock.now(), start());
        assert!(clock.fault().is_some(), "{bad}");
        assert!(file.now().is_err());
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(clock.now(), start());
    assert!(clock.fault().is_some());
    fs::write(&path, good).unwrap();
    assert!(clock.fault().is_none());
}

#[test]
fn a_file_is_not_made_over_another_and_is_readable_for_people() {
    let (folder, _file, _clock) = region();
    let path = folder.path().join("clock.json");
    assert!(RegionClockFile::create(&path, start()).is_err());
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("2026-06-02T08:15:00Z"), "{text}");
    assert!(RegionClockFile::open(&path).is_ok());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn milliseconds_survive_the_file() {
    let (_folder, file, clock) = region();
    file.advance(1_234).unwrap();
    assert_eq!(clock.now(), start().plus_ms(1_234));
}
