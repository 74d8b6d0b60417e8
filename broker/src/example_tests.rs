//! The example in a configuration's documentation, as a file.

use grondslag_runtime::config::{ConfigError, load};
use serde::de::DeserializeOwned;

/// The example at the top of a source file, with something in it replaced.
pub(crate) fn example_of<T: DeserializeOwned>(
    source: &str,
    from: &str,
    to: &str,
) -> Result<T, ConfigError> {
    let example: Vec<&str> = source
        .lines()
        .skip_while(|line| !line.contains("```toml"))
        .skip(1)
        .take_while(|line| !line.contains("```"))
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    let text = example.join("\n");
    assert!(text.contains(from), "nothing to replace");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("example.toml");
    std::fs::write(&file, text.replace(from, to)).unwrap();
    load(&file)
}
