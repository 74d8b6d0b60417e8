//! The repository's own rules: layers, sizes, documents. Every check has a positive control: a
//! planted breach is found.

mod crates;
mod documents;
mod lexer;
mod secrets;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::lexer::{Text, split};

const LINE_CHARS_MAX: usize = 100;
const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;

/// Folders that are not ours or not source.
const LEFT_OUT: [&str; 2] = ["target", ".git"];
/// Kinds of text files that are looked at.
const TEXTS: [&str; 8] = ["rs", "md", "toml", "proto", "py", "csv", "yaml", "yml"];

/// A file of the repository.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|ending| ending == "rs")
    }

    /// Tests may be as long as what they tell.
    fn is_test(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        let name = parts.last().copied().unwrap_or_default();
        name == "tests.rs"
            || name.ends_with("_tests.rs")
            || parts.contains(&"it")
            || parts.contains(&"tests") && parts.first() != Some(&"tests")
    }

    /// What stands before the tests at the bottom of the file.
    fn without_tests(&self) -> &str {
        let inline = ["\n#[cfg(test)]\nmod tests {", "\n#[cfg(test)]\nmod properties {"];
        let cut = inline.iter().filter_map(|mark| self.text.find(mark)).min();
        self.text.get(..cut.unwrap_or(self.text.len())).unwrap_or_default()
    }
}

/// Every text file of the repository.
pub(crate) fn sources() -> Result<Vec<Source>> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root, &mut found)?;
    anyhow::ensure!(found.len() > 100, "only {} files were found", found.len());
    found.sort_by(|one: &Source, other| one.path.cmp(&other.path));
    Ok(found)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !LEFT_OUT.contains(&name) {
                walk(root, &path, found)?;
            }
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if TEXTS.contains(&ending) || path.starts_with(root.join(".ci")) {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let path = path.strip_prefix(root)?.to_string_lossy().into_owned();
            found.push(Source { path, text });
        }
    }
    Ok(())
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Lines over the limit. A text in quotes and a row of a table cannot be broken.
fn long_lines(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let Text { without_strings, .. } = split(&source.text);
        for (number, (line, bare)) in (1..).zip(source.text.lines().zip(without_strings.lines())) {
            let row =
                line.trim_start().starts_with("//! |") || line.trim_start().starts_with("/// |");
            if bare.trim_end().chars().count() > LINE_CHARS_MAX && !row {
                found.push(format!("{}:{number}: more than {LINE_CHARS_MAX}", source.path));
            }
        }
    }
    found
}

#[test]
fn no_line_is_longer_than_100() -> Result<()> {
    assert_none(&long_lines(&sources()?));
    let long = format!("fn a() {{ {} }}\n", "b();".repeat(30));
    let text = format!("const A: &str = \"{}\";\n", "x".repeat(200));
    assert_eq!(long_lines(&[Source::planted("a.rs", &long)]).len(), 1);
    assert_eq!(long_lines(&[Source::planted("a.rs", &text)]).len(), 0);
    Ok(())
}

fn long_functions(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        for (name, line, length) in lexer::functions(&split(&source.text).code) {
            if length > FUNCTION_LINES_MAX {
                found.push(format!("{}:{line}: fn {name} has {length} lines", source.path));
            }
        }
    }
    found
}

#[test]
fn no_function_is_longer_than_70_lines() -> Result<()> {
    assert_none(&long_functions(&sources()?));
    let body = |lines: usize| format!("fn planted() {{\n{}}}\n", "    a();\n".repeat(lines));
    assert_eq!(long_functions(&[Source::planted("a.rs", &body(68))]).len(), 0);
    assert_eq!(long_functions(&[Source::planted("a.rs", &body(69))]).len(), 1);
    Ok(())
}

fn long_files(sources: &[Source]) -> Vec<String> {
    let rust = sources.iter().filter(|source| source.is_rust() && !source.is_test());
    let lengths = rust.map(|source| (source, source.without_tests().lines().count()));
    let long = lengths.filter(|(_, length)| *length > FILE_LINES_MAX);
    long.map(|(source, length)| format!("{}: {length} lines", source.path)).collect()
}

#[test]
fn no_file_is_longer_than_500_lines() -> Result<()> {
    assert_none(&long_files(&sources()?));
    let code = "a\n".repeat(FILE_LINES_MAX);
    let tests = format!("{code}\n#[cfg(test)]\nmod tests {{\n{code}}}\n");
    let planted = |text: &str| long_files(&[Source::planted("core/src/a.rs", text)]).len();
    assert_eq!((planted(&code), planted(&tests), planted(&format!("{code}a\n"))), (0, 0, 1));
    Ok(())
}

/// Bounds that stand elsewhere than in a `limits.rs`. Tests keep their own.
fn strayed_limits(sources: &[Source]) -> Vec<String> {
    let bounded = |source: &&Source| {
        let apart =
            ["tests", "examples"].iter().any(|own| source.path.split('/').any(|p| p == *own));
        source.is_rust() && !source.is_test() && !apart && !source.path.ends_with("/limits.rs")
    };
    let mut found = Vec::new();
    for source in sources.iter().filter(bounded) {
        let code = split(source.without_tests()).code;
        let names = code.split("const ").skip(1).filter_map(|rest| rest.split_once(':'));
        let limits = names.map(|(name, _)| name).filter(|name| is_limit(name));
        found.extend(limits.map(|name| format!("{}: {name}", source.path)));
    }
    found
}

fn is_limit(name: &str) -> bool {
    let constant = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    constant && name.ends_with("_MAX")
}

#[test]
fn every_limit_stands_in_limits_rs() -> Result<()> {
    assert_none(&strayed_limits(&sources()?));
    let planted = "use a::B;\npub(crate) const A1_MAX: usize = 4;\nconst B: u8 = 1;\n";
    let strayed = |path: &str| strayed_limits(&[Source::planted(path, planted)]);
    assert_eq!(strayed("node/src/a.rs"), ["node/src/a.rs: A1_MAX"]);
    for own in ["node/src/limits.rs", "node/tests/a.rs", "tests/src/a.rs", "core/src/a/tests.rs"] {
        assert_none(&strayed(own));
    }
    let generic = "struct A<const MIN: u64, const MAX: u64>(u64);\n";
    assert_none(&strayed_limits(&[Source::planted("node/src/a.rs", generic)]));
    Ok(())
}

/// What says that something is not done. The words are put together here so that this file does
/// not hold them.
fn unfinished(sources: &[Source]) -> Vec<String> {
    let notes = ["TO-DO", "FIX-ME", "X-X-X", "HA-CK"].map(|word| word.replace('-', ""));
    let marks = ["to-do!(", "unimpl-emented!(", "#[ig-nore"].map(|mark| mark.replace('-', ""));
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let Text { code, comments, .. } = split(&source.text);
        let said = notes.iter().filter(|note| has_word(&comments, note));
        let left = marks.iter().filter(|mark| code.contains(mark.as_str()));
        found.extend(said.chain(left).map(|what| format!("{}: {what}", source.path)));
    }
    found
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|found| found == word)
}

#[test]
fn nothing_is_left_undone() -> Result<()> {
    assert_none(&unfinished(&sources()?));
    for planted in ["// TO-DO: later\n", "fn a() { to-do!() }\n", "#[ig-nore]\nfn a() {}\n"] {
        let planted = planted.replace('-', "");
        assert_eq!(unfinished(&[Source::planted("a.rs", &planted)]).len(), 1, "{planted}");
    }
    let quoted = "const A: &str = \"to-do!()\";\n".replace('-', "");
    assert_eq!(unfinished(&[Source::planted("a.rs", &quoted)]).len(), 0);
    Ok(())
}

/// Where somebody's machine shows.
fn machine_paths(sources: &[Source]) -> Vec<String> {
    let homes = ["/ro-ot/", "/ho-me/", "/wo-rk/", "/Us-ers/", "C:-\\"];
    let homes = homes.map(|home| home.replace('-', ""));
    let shows = |text: &str| homes.iter().any(|home| text.contains(home.as_str()));
    let found = sources.iter().filter(|source| shows(&source.text));
    found.map(|source| source.path.clone()).collect()
}

#[test]
fn no_file_names_a_machine() -> Result<()> {
    assert_none(&machine_paths(&sources()?));
    let planted = Source::planted("README.md", &"see /ho-me/somebody/x".replace('-', ""));
    assert_eq!(machine_paths(&[planted]), ["README.md"]);
    Ok(())
}
