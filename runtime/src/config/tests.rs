use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    identity: Identity,
    #[serde(default)]
    listen: Listen,
    store: Store,
    #[serde(default)]
    log: Log,
    #[serde(default)]
    telemetry: Telemetry,
    #[serde(default)]
    clock: Clock,
    #[serde(default)]
    limits: Limits,
}

const GOOD: &str = r#"
[identity]
cert = "own.crt"
key = "own.key"
root = "/etc/region/root.crt"
crl = "region.crl"

[store]
path = "data/store"
"#;

fn write(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.toml");
    fs::write(&file, text).unwrap();
    (folder, file)
}

fn refused(text: &str) -> String {
    let (_folder, file) = write(text);
    let error = load::<Whole>(&file).unwrap_err();
    assert_eq!(error.reason(), Reason::ConfigInvalid);
    error.to_string().replace(&file.display().to_string(), "node.toml")
}

#[test]
fn what_is_not_set_has_a_default_and_paths_start_at_the_file() {
    let (folder, file) = write(GOOD);
    let config: Whole = load(&file).unwrap();
    assert_eq!(config.identity.cert.path(), folder.path().join("own.crt"));
    assert_eq!(config.identity.root.path(), Path::new("/etc/region/root.crt"));
    assert_eq!(config.store.path.path(), folder.path().join("data/store"));
    assert_eq!(config.store.backend, grondslag_evidence::store::Backend::Sled);
    assert!(config.listen.address.ip().is_loopback());
    assert_eq!(config.log.format, Form::Json);
    assert!(config.clock.region_file.is_none());
    assert_eq!(config.limits.streams_max.count(), 256);
    assert!(config.telemetry.otlp_endpoint.is_none(), "nothing is exported");
}

#[test]
fn telemetry_goes_to_a_collector_on_this_machine_and_nowhere_else() {
    let set = |endpoint: &str| format!("{GOOD}\n[telemetry]\notlp_endpoint = \"{endpoint}\"\n");
    for (endpoint, address) in
        [("http://127.0.0.1:4317", "127.0.0.1:4317"), ("http://[::1]:4317", "[::1]:4317")]
    {
        let (_folder, file) = write(&set(endpoint));
        let telemetry = load::<Whole>(&file).unwrap().telemetry;
        assert_eq!(telemetry.otlp_endpoint.unwrap().address().to_string(), address);
        assert_eq!(telemetry.interval_ms.number(), 10_000);
    }
    for elsewhere in [
        "http://10.0.0.1:4317",
        "http://0.0.0.0:4317",
        "http://localhost:4317",
        "http://collector.example:4317",
        "https://127.0.0.1:4317",
        "http://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:4317/v1",
        "127.0.0.1:4317",
        "",
    ] {
        let error = refused(&set(elsewhere));
        assert!(error.starts_with("node.toml:12: expected http://127.0.0.1:PORT"), "{error}");
    }
    let often = format!("{GOOD}\n[telemetry]\ninterval_ms = 99\n");
    assert!(refused(&often).contains("from 100 to 3600000"));
    let typo = format!("{GOOD}\n[telemetry]\notlp_endpoit = \"\"\n");
    assert!(refused(&typo).ends_with("did you mean `otlp_endpoint`?"));
}

#[test]
fn an_unknown_key_is_refused_with_file_line_and_the_nearest_key() {
    let typo = format!("{GOOD}\n[listen]\nadress = \"127.0.0.1:1\"\n");
    assert_eq!(refused(&typo), "node.toml:12: unknown key `adress`; did you mean `address`?");
    let section = format!("{GOOD}\n[lstore]\npath = \"x\"\n");
    assert_eq!(refused(&section), "node.toml:11: unknown key `lstore`; did you mean `store`?");
    let strange = format!("weather = \"rain\"\n{GOOD}");
    assert_eq!(refused(&strange), "node.toml:1: unknown key `weather`");
}

#[test]
fn a_wrong_value_a_missing_key_and_broken_toml_name_their_line() {
    let range = format!("{GOOD}\n[limits]\nstreams_max = 0\n");
    assert_eq!(refused(&range), "node.toml:12: expected a whole number from 1 to 10000");
    let missing = GOOD.replace("crl = \"region.crl\"\n", "");
    assert_eq!(refused(&missing), "node.toml:2: missing field `crl`");
    assert!(refused("[identity\n").starts_with("node.toml:1: "));
    let level = format!("{GOOD}\n[log]\nlevel = \"loud\"\n");
    assert!(refused(&level).starts_with("node.toml:12: unknown variant"));
}

#[test]
fn an_absent_or_oversized_file_is_refused() {
    let absent = load::<Whole>(Path::new("/nowhere/node.toml")).unwrap_err();
    assert!(matches!(absent, ConfigError::Unreadable { .. }));
    let length = usize::try_from(CONFIG_BYTES_MAX).unwrap();
    let (_folder, file) = write(&"#".repeat(length + 1));
    let large = load::<Whole>(&file).unwrap_err();
    assert!(large.to_string().contains("too large"), "{large}");
}

#[test]
fn debug_shows_no_secret_path() {
    let (_folder, file) = write(GOOD);
    let shown = format!("{:?}", load::<Whole>(&file).unwrap());
    assert!(shown.contains("own.crt") && !shown.contains("own.key"), "{shown}");
}

#[test]
fn a_check_finds_absent_files_open_keys_and_folders_that_cannot_be_written() {
    let (folder, file) = write(&GOOD.replace("/etc/region/", ""));
    let at = |name: &str| folder.path().join(name);
    let found = |expected: &[(&str, Reason)]| {
        let findings = check::<Whole>(&file).unwrap();
        let wanted: Vec<_> = expected
            .iter()
            .map(|(name, reason)| Finding { path: at(name), reason: *reason })
            .collect();
        assert_eq!(findings, wanted);
    };
    for name in ["own.crt", "own.key", "root.crt"] {
        fs::write(at(name), "").unwrap();
    }
    fs::set_permissions(at("own.key"), fs::Permissions::from_mode(0o640)).unwrap();
    found(&[
        ("data/store", Reason::StoreUnwritable),
        ("own.key", Reason::PermissionsOpen),
        ("region.crl", Reason::FileUnreadable),
    ]);
    fs::set_permissions(at("own.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(at("region.crl"), "").unwrap();
    fs::create_dir(at("data")).unwrap();
    found(&[]);
}
