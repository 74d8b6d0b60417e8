//! What nobody may print: a type with a secret in it writes its own `Debug`.

use std::path::Path;

use anyhow::Result;

use super::lexer::split;
use super::{Source, assert_none, sources};

/// Names of fields that hold a secret, or what a child or a person could be found by.
const NAMES: [&str; 10] = [
    "necessity",
    "noise",
    "reference",
    "salt",
    "secret",
    "seed",
    "source",
    "subject_tag",
    "tag",
    "texts",
];
/// Types that hold one, whatever the field is called.
const TYPES: [&str; 4] = ["Zeroizing<", "Scalar", "PrivateKeyDer", "KeyPair"];
/// Types that print what they hold. Any other type of a field answers for itself.
const PLAIN: [&str; 4] = ["u8", "String", "str", "Digest"];
/// The demo's world is made up, and so are all who live in it.
const LEFT_OUT: [&str; 1] = ["cli/src/demo/world.rs"];

/// What a draw of an officer goes by is shown, so that others can draw again.
const DRAWN: (&str, [&str; 3]) = (
    "seed: ",
    ["cli/src/spot_check/mod.rs", "cli/src/spot_check/verify.rs", "node/src/index/spot_check.rs"],
);

/// Whether a field of a file is meant to be seen.
fn is_shown(path: &Path, line: &str) -> bool {
    let (field, files) = DRAWN;
    line.contains(field) && files.iter().any(|file| Path::new(file) == path)
}

/// Whether a line of a type's body is a field that must not be printed.
fn is_secret(line: &str) -> bool {
    let Some((name, kind)) = line.trim().trim_end_matches(',').split_once(": ") else {
        return false;
    };
    let name = name.rsplit(' ').next().unwrap_or_default();
    let words = || kind.split(|one: char| !one.is_alphanumeric());
    let plain = words().any(|word| PLAIN.contains(&word));
    NAMES.contains(&name) && plain || TYPES.iter().any(|kept| kind.contains(kept))
}

/// Fields that a derived `Debug` would print.
fn printed(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    let own = |source: &&Source| {
        source.is_rust()
            && !source.is_test()
            && !source.path.starts_with("tests/")
            && !LEFT_OUT.iter().any(|path| Path::new(path) == Path::new(&source.path))
    };
    for source in sources.iter().filter(own) {
        let code = split(source.without_tests()).code;
        let (mut derives, mut inside) = (false, false);
        for (number, line) in (1..).zip(code.lines()) {
            let line = line.trim_end();
            if line.starts_with("#[derive(") {
                derives = line.contains("Debug");
            } else if line.ends_with('{') && (line.contains("struct ") || line.contains("enum ")) {
                inside = derives;
            } else if line == "}" || line.ends_with(';') && !line.starts_with(' ') {
                (derives, inside) = (false, false);
            } else if inside && is_secret(line) && !is_shown(Path::new(&source.path), line) {
                found.push(format!("{}:{number}: {} is printed", source.path, line.trim()));
            }
        }
    }
    found
}

#[test]
fn no_secret_is_printed_by_a_derived_debug() -> Result<()> {
    assert_none(&printed(&sources()?));
    let planted = |derived: &str, field: &str| {
        let text = format!("{derived}\npub struct A {{\n    pub(crate) {field},\n}}\n");
        printed(&[Source::planted("core/src/a.rs", &text)]).len()
    };
    let derived = "#[derive(Debug, Clone)]";
    for field in ["salt: [u8; 32]", "key: Zeroizing<Vec<u8>>", "tag: Digest", "secret: String"] {
        assert_eq!(planted(derived, field), 1, "{field}");
        assert_eq!(planted("#[derive(Clone)]", field), 0, "{field}");
    }
    for field in ["secret: Secret", "number: u64", "source: Arc<dyn Source>"] {
        assert_eq!(planted(derived, field), 0, "{field}");
    }
    Ok(())
}
