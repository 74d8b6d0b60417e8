//! Which crate may use which, and who may write files (design 3).

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{Source, assert_none, lexer, root, sources};

/// Layers, lowest first. A crate uses lower layers only, never its own.
const LAYERS: [&[&str]; 5] = [
    &["core"],
    &["subject", "policy", "proto", "certs", "evidence"],
    &["runtime"],
    &["broker", "node", "console"],
    &["cli", "tests", "oracle"],
];

/// Crates that serve, and may not write files.
const SERVING: [&str; 7] = ["core", "subject", "proto", "policy", "runtime", "broker", "node"];

/// Files of those crates that write nevertheless, each for a stated reason.
const WRITERS: [(&str, &str); 4] = [
    ("broker/src/admin.rs", "the operator's commands, not the serving broker"),
    ("runtime/src/clock/region.rs", "the demo's driver writes the region clock"),
    ("runtime/src/net/tap.rs", "a demo's own copy of what passes; real agencies refuse it"),
    ("runtime/src/telemetry.rs", "the log file that the operator names"),
];

const WRITING: [&str; 9] = [
    "fs::write",
    "File::create",
    "OpenOptions",
    "create_dir",
    "remove_file",
    "remove_dir",
    "fs::rename",
    "fs::copy",
    "set_permissions",
];

/// Whose alone an engine of others is, and no part of any program.
const ORACLE: &str = "oracle";
const CEDAR: [&str; 2] = ["cedar-policy", "cedar-policy-symcc"];

/// Who depends on what: crate to dependency, without those of tests.
struct Edges(BTreeMap<String, BTreeSet<String>>);

impl Edges {
    fn of(metadata: &Value) -> Result<Self> {
        let packages = metadata.get("packages").and_then(Value::as_array).context("packages")?;
        let mut edges = BTreeMap::new();
        for package in packages {
            let all = package.get("dependencies").and_then(Value::as_array).context("edges")?;
            let in_use = all.iter().filter(|edge| edge.get("kind").is_none_or(Value::is_null));
            let names = in_use.filter_map(|edge| edge.get("name").and_then(Value::as_str));
            edges.insert(short(name(package)?), names.map(short).collect());
        }
        Ok(Self(edges))
    }

    /// Everything that a crate of ours reaches.
    fn reach(&self, from: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut next = vec![from.to_owned()];
        while let Some(one) = next.pop() {
            for to in self.0.get(&one).into_iter().flatten() {
                if reached.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
        reached
    }
}

fn name(package: &Value) -> Result<&str> {
    package.get("name").and_then(Value::as_str).context("a package without a name")
}

/// The folder of a crate of ours; others keep their name.
fn short(name: &str) -> String {
    match name {
        "grondslag" => "cli".to_owned(),
        _ => name.strip_prefix("grondslag-").unwrap_or(name).to_owned(),
    }
}

fn metadata() -> Result<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn layer_of(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn wrong_edges(edges: &Edges) -> Vec<String> {
    let mut found = Vec::new();
    for (from, all) in &edges.0 {
        let Some(own) = layer_of(from) else {
            found.push(format!("{from} stands in no layer"));
            continue;
        };
        let upward = all.iter().filter(|to| layer_of(to).is_some_and(|layer| layer >= own));
        found.extend(upward.map(|to| format!("{from} uses {to}")));
    }
    for (from, to) in
        [("broker", "subject"), ("broker", "node"), ("node", "broker"), ("proto", "subject")]
    {
        if edges.reach(from).contains(to) {
            found.push(format!("{from} reaches {to}"));
        }
    }
    for (only, what) in [("certs", "x509-parser"), ("certs", "rcgen"), ("evidence", "sled")] {
        let users = edges.0.iter().filter(|(from, all)| *from != only && all.contains(what));
        found.extend(users.map(|(from, _)| format!("{from} uses {what}")));
    }
    for what in ["tokio", "tonic", "getrandom", "tracing", "rustls"] {
        if edges.reach("core").contains(what) {
            found.push(format!("core uses {what}"));
        }
    }
    found
}

#[test]
fn a_crate_uses_lower_layers_only() -> Result<()> {
    let edges = Edges::of(&metadata()?)?;
    ensure!(edges.0.len() >= 11, "only {} crates were found", edges.0.len());
    assert_none(&wrong_edges(&edges));
    Ok(())
}

/// Crates that are built with Cedar, be it for their tests, and the oracle where it would be part
/// of a program.
fn with_cedar(metadata: &Value) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in metadata.get("packages").and_then(Value::as_array).context("packages")? {
        let own = short(name(package)?);
        for edge in package.get("dependencies").and_then(Value::as_array).context("edges")? {
            let to = name(edge)?;
            let tests_alone = edge.get("kind").and_then(Value::as_str) == Some("dev");
            if CEDAR.contains(&to) && !(own == ORACLE && tests_alone) || short(to) == ORACLE {
                found.push(format!("{own} uses {to}"));
            }
        }
    }
    Ok(found)
}

#[test]
fn no_program_is_built_with_cedar() -> Result<()> {
    let mut metadata = metadata()?;
    assert_none(&with_cedar(&metadata)?);
    let packages = metadata.get_mut("packages").and_then(Value::as_array_mut).context("none")?;
    for package in packages.iter_mut().filter(|it| it["name"] == "grondslag-policy") {
        let edges = package.get_mut("dependencies").and_then(Value::as_array_mut);
        edges.context("none")?.push(serde_json::json!({ "name": CEDAR[0], "kind": "dev" }));
    }
    assert_eq!(with_cedar(&metadata)?, ["policy uses cedar-policy"]);
    Ok(())
}

#[test]
fn a_planted_edge_is_found() -> Result<()> {
    for (from, to, told) in [
        ("core", "tokio", "core uses tokio"),
        ("policy", "subject", "policy uses subject"),
        ("broker", "subject", "broker reaches subject"),
        ("runtime", "subject", "broker reaches subject"),
        ("node", "broker", "node uses broker"),
        ("node", "rcgen", "node uses rcgen"),
        ("certs", "runtime", "certs uses runtime"),
    ] {
        let mut edges = Edges::of(&metadata()?)?;
        edges.0.entry(from.to_owned()).or_default().insert(to.to_owned());
        assert!(wrong_edges(&edges).iter().any(|found| found == told), "{from} -> {to}");
    }
    Ok(())
}

/// Writes files where no serving crate may.
fn writers(sources: &[Source]) -> Vec<String> {
    let served = |source: &&Source| {
        let own = SERVING.iter().any(|name| source.path.starts_with(&format!("{name}/src/")));
        let listed = WRITERS.iter().any(|(path, _)| *path == source.path);
        own && source.is_rust() && !source.is_test() && !listed
    };
    let mut found = Vec::new();
    for source in sources.iter().filter(served) {
        let code = lexer::split(source.without_tests()).code;
        let written = WRITING.iter().filter(|what| code.contains(*what));
        found.extend(written.map(|what| format!("{}: {what}", source.path)));
    }
    found
}

#[test]
fn only_evidence_and_certs_write_files() -> Result<()> {
    let all = sources()?;
    assert_none(&writers(&all));
    for (path, why) in WRITERS {
        assert!(all.iter().any(|source| source.path == path), "{path} ({why}) is gone");
    }
    let planted = "fn a() { let _ = std::fs::write(\"a\", \"b\"); }\n";
    assert_eq!(writers(&[Source::planted("node/src/a.rs", planted)]).len(), 1);
    let in_tests = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{planted}}}\n");
    assert_eq!(writers(&[Source::planted("node/src/a.rs", &in_tests)]).len(), 0);
    Ok(())
}

/// I/O, clocks and randomness in the pure crates.
fn impure(sources: &[Source]) -> Vec<String> {
    let banned = ["std::fs", "std::net", "std::process", "SystemTime", "Instant::now", "std::env"];
    let pure = |source: &&Source| {
        ["core/src/", "subject/src/"].iter().any(|own| source.path.starts_with(own))
            && source.is_rust()
            && !source.is_test()
    };
    let mut found = Vec::new();
    for source in sources.iter().filter(pure) {
        let code = lexer::split(source.without_tests()).code;
        let used = banned.iter().filter(|what| code.contains(*what));
        found.extend(used.map(|what| format!("{}: {what}", source.path)));
    }
    found
}

#[test]
fn core_is_pure() -> Result<()> {
    assert_none(&impure(&sources()?));
    let planted = Source::planted("core/src/a.rs", "use std::fs;\n");
    assert_eq!(impure(&[planted]), ["core/src/a.rs: std::fs"]);
    Ok(())
}

/// Who says that something lasts.
fn lasting(sources: &[Source]) -> Vec<String> {
    let own = sources.iter().filter(|source| source.is_rust() && !source.is_test());
    let says = |source: &&Source| lexer::split(&source.text).code.contains("Durable for ");
    own.filter(says).map(|source| source.path.clone()).collect()
}

/// A review becomes a permit by what lasts (D47): the ledger's receipt, and nothing that somebody
/// made up.
#[test]
fn the_ledgers_receipt_alone_says_that_something_lasts() -> Result<()> {
    let mut all = sources()?;
    assert_eq!(lasting(&all), ["evidence/src/ledger/receipt.rs"]);
    all.push(Source::planted("node/src/a.rs", "impl<T> Durable for Word<T> {}\n"));
    all.push(Source::planted("node/src/b.rs", "impl core::durable::Durable for Word {}\n"));
    assert_eq!(lasting(&all).len(), 3);
    Ok(())
}
