//! What the documents must name.

use anyhow::{Context as _, Result};
use grondslag_core::reason::Reason;

use super::{Source, assert_none, sources};

fn text<'a>(sources: &'a [Source], path: &str) -> Result<&'a str> {
    let found = sources.iter().find(|source| source.path == path);
    found.map(|source| source.text.as_str()).with_context(|| format!("no {path}"))
}

/// Reason codes that the README does not list in a row of their own, and rows of codes that are
/// gone.
fn unlisted_reasons(readme: &str) -> Vec<String> {
    let rows = readme.lines().filter_map(|line| line.trim().strip_prefix("| `"));
    let listed: Vec<&str> =
        rows.filter_map(|row| row.split_once('`')).map(|(code, _)| code).collect();
    let missing = Reason::ALL.iter().filter(|reason| !listed.contains(&reason.code()));
    let gone = listed.iter().filter(|code| {
        let upper = code.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        upper && code.parse::<Reason>().is_err()
    });
    let missing = missing.map(|reason| format!("README.md lacks {reason}"));
    missing.chain(gone.map(|code| format!("README.md lists {code}"))).collect()
}

#[test]
fn the_readme_lists_every_reason() -> Result<()> {
    let all = sources()?;
    let readme = text(&all, "README.md")?;
    assert_none(&unlisted_reasons(readme));
    let code = Reason::NotReady.code();
    let without = readme.replace(&format!("`{code}`"), "`NO_SUCH_CODE`");
    let found = unlisted_reasons(&without);
    assert_eq!(found, ["README.md lacks NOT_READY", "README.md lists NO_SUCH_CODE"]);
    Ok(())
}

/// Crates and decisions that the architecture does not name.
fn unnamed(architecture: &str, manifest: &str, decisions: &str) -> Vec<String> {
    let members = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']'));
    let members = members.map(|(members, _)| members).unwrap_or_default();
    let crates = members.split('"').skip(1).step_by(2);
    let crates = crates.filter(|name| !architecture.contains(&format!("`{name}")));
    let numbers = decisions.lines().filter_map(|line| line.strip_prefix("## D"));
    let numbers = numbers.filter_map(|line| line.split_whitespace().next());
    let numbers = numbers.filter(|number| number.chars().all(|c| c.is_ascii_digit()));
    let words: Vec<&str> = architecture.split(|c: char| !c.is_alphanumeric()).collect();
    let numbers = numbers.map(|number| format!("D{number}"));
    let numbers = numbers.filter(|number| !words.contains(&number.as_str()));
    crates.map(ToOwned::to_owned).chain(numbers).collect()
}

#[test]
fn the_architecture_names_every_crate_and_decision() -> Result<()> {
    let all = sources()?;
    let (architecture, manifest) = (text(&all, "ARCHITECTURE.md")?, text(&all, "Cargo.toml")?);
    let decisions = text(&all, "DECISIONS.md")?;
    assert_none(&unnamed(architecture, manifest, decisions));
    let more = format!("{decisions}\n## D99 · 2026-01-01 · Planted\n");
    assert_eq!(unnamed(architecture, manifest, &more), ["D99"]);
    let without = architecture.replace("`evidence", "`proof");
    assert_eq!(unnamed(&without, manifest, decisions), ["evidence"]);
    Ok(())
}
