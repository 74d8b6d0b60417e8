//! Help texts are golden: a change in them is read like a change in code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Ran, run, run_with};

/// Words that lead to a command.
fn commands(path: &[String], lang: &str, found: &mut Vec<(Vec<String>, String)>) {
    let mut words: Vec<&str> = path.iter().map(String::as_str).collect();
    words.extend(["--help", "--lang", lang]);
    let ran = run_with(Path::new("."), &words);
    assert_eq!(ran.code, 0, "{path:?}: {ran:?}");
    for name in subcommands(&ran.out) {
        let mut path = path.to_vec();
        path.push(name);
        commands(&path, lang, found);
    }
    found.push((path.to_vec(), ran.out));
}

/// The names that stand under the heading of commands.
fn subcommands(help: &str) -> Vec<String> {
    let under = help
        .lines()
        .skip_while(|line| !matches!(*line, "Commands:" | "Opdrachten:"))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let names = under.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn file_of(path: &[String]) -> String {
    if path.is_empty() { "grondslag.txt".to_owned() } else { format!("{}.txt", path.join("-")) }
}

/// What is seen is put in the target folder, from where it is taken over when the change is meant:
/// `cp -r target/tmp/help cli/tests/`.
#[test]
fn the_help_of_every_command_is_as_checked_in() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let seen = Path::new(env!("CARGO_TARGET_TMPDIR")).join("help");
    let mut differ = Vec::new();
    for lang in ["nl", "en"] {
        let mut found = Vec::new();
        commands(&[], lang, &mut found);
        assert!(found.len() > 30, "{} commands", found.len());
        fs::create_dir_all(seen.join(lang)).unwrap();
        let mut names = BTreeSet::new();
        for (path, help) in found {
            let name = file_of(&path);
            fs::write(seen.join(lang).join(&name), &help).unwrap();
            if fs::read_to_string(golden.join(lang).join(&name)).ok().as_deref() != Some(&help) {
                differ.push(format!("{lang}/{name}"));
            }
            names.insert(name);
        }
        differ.extend(left_over(&golden.join(lang), &names));
    }
    assert!(differ.is_empty(), "other than in tests/help: {differ:?}");
}

fn left_over(folder: &Path, names: &BTreeSet<String>) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = files.map(|file| file.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.filter(|path| !names.contains(&name(path))).map(|path| name(&path)).collect()
}

#[test]
fn what_is_typed_wrongly_ends_with_2_and_names_the_nearest_command() {
    let folder = Path::new(".");
    let ran = run(folder, "polcy check");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("policy"), "{ran:?}");
    for line in ["", "policy check --nope", "certs show --lang fr", "broker admit file"] {
        assert_eq!(run(folder, line).code, 2, "{line}");
    }
}

#[test]
fn a_failure_is_told_in_the_chosen_language_and_as_one_json_value() {
    let folder = tempfile::tempdir().unwrap();
    let failed = |line: &str| -> Ran {
        let ran = run(folder.path(), line);
        assert_eq!(ran.code, 1, "{ran:?}");
        ran
    };
    let dutch = failed("policy explain --facts nowhere.json");
    assert!(dutch.err.starts_with("FILE_UNREADABLE Het bestand kan niet"), "{dutch:?}");
    assert!(dutch.err.contains("nowhere.json") && dutch.out.is_empty(), "{dutch:?}");
    let english = failed("--lang en policy explain --facts nowhere.json");
    assert!(english.err.starts_with("FILE_UNREADABLE The file cannot"), "{english:?}");
    let json = failed("policy explain --facts nowhere.json --json");
    assert_eq!(json.reason(), "FILE_UNREADABLE");
    assert!(json.err.is_empty(), "{json:?}");
}
