//! Rules that go from one region to another.

use std::fs;
use std::path::Path;

use crate::{OIN, Ran, run, run_with};

/// Officers of two regions, and the rules as the first one sends them.
fn sent(folder: &Path) -> [String; 2] {
    let lines = ["po", "other"].map(|name| {
        let line = format!("officer init --out {name} --oin {OIN} --function {name} --json");
        run(folder, &line).done()["public"].as_str().unwrap().to_owned()
    });
    let exported = run(folder, "policy export pack --out sent.json --officer po --json").done();
    assert_eq!(exported["officer"], lines[0].as_str());
    lines
}

fn import(folder: &Path, file: &str, from: &str, draft: &str) -> Ran {
    run_with(folder, &["policy", "import", file, "--as", draft, "--from", from, "--json"])
}

#[test]
fn rules_that_were_sent_are_a_draft_that_differs_from_the_own_where_it_does() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let [line, _] = sent(folder);
    let taken = import(folder, "sent.json", &line, "draft").done();
    assert_eq!(taken["diff"]["newly_permitted"], serde_json::json!([]));
    let checked = run(folder, "policy check --folder draft --json").done();
    assert_eq!((&checked["rules"], &checked["problems"]), (&44.into(), &serde_json::json!([])));
    let draft = fs::read_to_string(folder.join("draft/draft.toml")).unwrap();
    assert!(draft.contains(taken["bundle"].as_str().unwrap()), "{draft}");

    // The other region has its own rules; what it takes in is held against those.
    let file = folder.join("draft/table/school-en-leerplicht.toml");
    let text = fs::read_to_string(&file).unwrap();
    let at = text.find("id = \"R27.1\"").unwrap();
    let lower = format!("{}{}", &text[..at], text[at..].replacen("\"T3\"", "\"T2\"", 1));
    fs::write(&file, lower).unwrap();
    let again = "policy export pack --folder draft --out again.json --officer po --json";
    run(folder, again).done();
    let taken = import(folder, "again.json", &line, "second").done();
    assert_eq!(taken["diff"]["changed"][0]["rows_after"], serde_json::json!(["R27.1"]));
    let said = run_with(
        folder,
        &["policy", "import", "again.json", "--as", "third", "--from", &line, "--lang", "en"],
    );
    assert!(said.out.contains("tier: T3 → T2"), "{said:?}");
    assert_eq!(import(folder, "again.json", &line, "third").reason(), "FILE_EXISTS");
    assert_eq!(run(folder, again).reason(), "FILE_EXISTS");
}

#[test]
fn of_somebody_else_altered_or_no_pack_nothing_is_taken_in() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let [line, other] = sent(folder);
    let unknown = run(folder, "policy import sent.json --as draft --json");
    assert_eq!(unknown.reason(), "OFFICER_UNKNOWN");
    let detail = unknown.json()["error"]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&line), "the line to have read by telephone: {detail}");
    assert_eq!(import(folder, "sent.json", &other, "draft").reason(), "OFFICER_UNKNOWN");
    let text = fs::read_to_string(folder.join("sent.json")).unwrap();
    let wrong = |name: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        fs::write(folder.join(name), text.replacen(from, to, 1)).unwrap();
        import(folder, name, &line, "draft").reason()
    };
    assert_eq!(wrong("a.json", "tier_max = \\\"T3\\\"", "tier_max = \\\"T5\\\""), "POLICY_ALTERED");
    assert_eq!(wrong("b.json", "\"version\":\"", "\"version\":\"9"), "OFFICER_SIGNATURE_INVALID");
    assert_eq!(
        wrong("c.json", "\"table/gemeente.toml\":\"# ", "\"../x.toml\":\"# "),
        "POLICY_ALTERED"
    );
    assert_eq!(wrong("d.json", "{", "["), "MALFORMED");
    fs::write(folder.join("large.json"), " ".repeat(13 * 1_048_576)).unwrap();
    assert_eq!(import(folder, "large.json", &line, "draft").reason(), "TOO_LARGE");
    assert_eq!(import(folder, "none.json", &line, "draft").reason(), "FILE_UNREADABLE");
    assert_eq!(import(folder, "sent.json", "somebody", "draft").code, 2);
    assert!(!folder.join("draft").exists());
    // The key of one folder under the name of another.
    fs::copy(folder.join("other/officer.key"), folder.join("po/officer.key")).unwrap();
    let mixed = run(folder, "policy export pack --out x.json --officer po --json");
    assert_eq!(mixed.reason(), "FILE_UNREADABLE");
    assert_eq!(run(folder, "policy export pack --out x.json --officer no --json").code, 1);
}
