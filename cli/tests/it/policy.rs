//! The rules, as a privacy officer meets them.

use std::fs;
use std::path::Path;

use crate::{Ran, run};

/// The folder of the rules that come with the program.
fn rules() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../policy"))
}

/// A copy of the rules, changed in one place.
fn changed(folder: &Path, file: &str, from: &str, to: &str) {
    for part in ["table", "cases"] {
        fs::create_dir_all(folder.join(part)).unwrap();
        for entry in fs::read_dir(rules().join(part)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.join(part).join(path.file_name().unwrap())).unwrap();
        }
    }
    for name in ["pack.toml", "catalogue.toml", "retention.toml", "consent.toml"] {
        fs::copy(rules().join(name), folder.join(name)).unwrap();
    }
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn explain(facts: &str, more: &str) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("facts.json"), facts).unwrap();
    run(dir.path(), &format!("policy explain --facts facts.json {more}"))
}

const OPEN: &str = r#"{ "requester_role": "gem.lokaalteam", "purpose": "D01", "category": "G05",
    "target_kind": "jha", "case_fact": "stated" }"#;
const NONE: &str = r#"{ "requester_role": "gem.lokaalteam", "purpose": "D01", "category": "G05",
    "target_kind": "jha" }"#;

#[test]
fn the_rules_that_come_with_the_program_are_sound() {
    let report = run(Path::new("."), "policy check --json").done();
    assert_eq!(report["rules"], 44);
    assert!(report["rows"].as_u64().unwrap() >= 44);
    assert!(report["cases"].as_u64() > report["rows"].as_u64());
    assert_eq!(report["problems"], serde_json::json!([]));
    let said = run(Path::new("."), "policy check --lang en");
    assert!(said.out.starts_with("44 rules, ") && said.out.contains("0 problems"), "{said:?}");
}

#[test]
fn a_broken_rule_file_fails_with_file_row_and_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = "table/gemeente.toml";
    let text = fs::read_to_string(rules().join(file)).unwrap();
    assert!(text.contains("R05.1"), "the test's own example");
    changed(dir.path(), file, "outcome = \"permit\"", "outcome = \"permitt\"");
    let ran = run(dir.path(), "policy check --folder . --json");
    assert_eq!(ran.code, 1, "{ran:?}");
    let problem = ran.json()["problems"][0].clone();
    assert_eq!(problem["file"], file);
    assert!(problem["row"].as_str().unwrap().starts_with("R05"), "{problem}");
    assert_eq!((&problem["column"], &problem["value"]), (&"outcome".into(), &"permitt".into()));
    assert_eq!(problem["allowed"], serde_json::json!(["permit", "review", "hold", "deny"]));
    assert_eq!(
        (&problem["nearest"], &problem["reason"]),
        (&"permit".into(), &"UNKNOWN_VALUE".into())
    );
    let line = 1 + text[..text.find("outcome = \"permit\"").unwrap()].matches('\n').count();
    assert_eq!(problem["line"], line);
    assert_eq!(run(dir.path(), "policy check . --json").json()["problems"][0], problem);
    let said = run(dir.path(), "policy check --folder .");
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("table/gemeente.toml") && said.err.contains("POLICY_INVALID"),
        "{said:?}"
    );
}

#[test]
fn an_example_that_comes_out_otherwise_fails_by_name() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path(), "cases/R05.toml", "verdict = \"permit\"", "verdict = \"refuse\"");
    for command in ["check", "cases"] {
        let ran = run(dir.path(), &format!("policy {command} --folder . --json"));
        assert_eq!(ran.code, 1, "{ran:?}");
        let problem = ran.json()["problems"][0].clone();
        assert_eq!(problem["file"], "cases/R05.toml");
        assert_eq!(problem["reason"], "CASE_FAILED");
    }
    assert_eq!(run(dir.path(), "policy cases").code, 0, "those of the program");
}

#[test]
fn a_permit_is_explained_by_rule_article_and_duty() {
    let explained = explain(OPEN, "--json").done();
    assert_eq!(explained["verdict"], "permit");
    assert_eq!(explained["tier"], "T3");
    assert_eq!(explained["rules"][0]["row"], "R05.1");
    let legal = explained["legal"].as_array().unwrap();
    assert!(legal.iter().any(|ground| ground["id"] == "jw-7.4.0-2"), "{explained}");
    assert_eq!(explained["obligations"][0]["id"], "melden");
    let said = explain(OPEN, "");
    assert!(said.out.contains("Toegestaan tot en met T3"), "{said:?}");
    assert!(said.out.contains("Jeugdwet art. 7.4.0 lid 2"), "{said:?}");
}

#[test]
fn a_refusal_says_what_would_open_it_and_is_no_failure() {
    let explained = explain(NONE, "--json").done();
    assert_eq!(
        (&explained["verdict"], &explained["reason"]),
        (&"refuse".into(), &"NO_RULE".into())
    );
    assert_eq!(explained["near_misses"][0]["row"], "R05.1");
    assert_eq!(explained["near_misses"][0]["needs"][0]["column"], "case_fact");
    let said = explain(NONE, "--lang en");
    assert!(said.out.starts_with("Refused") && said.out.contains("What would open this"));
}

#[test]
fn a_list_of_facts_gets_a_list_of_answers_and_an_object_one() {
    let list = explain(&format!("[{NONE}, {OPEN}]"), "--json").done();
    let verdicts: Vec<_> = list.as_array().unwrap().iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["refuse", "permit"]);
    assert!(explain(&format!("[{OPEN}]"), "--json").done().is_array());
    assert!(explain(OPEN, "--json").done().is_object());
    assert_eq!(explain("[]", "--json").done(), serde_json::json!([]));
}

#[test]
fn the_moment_that_rules_must_hold_at_is_written_as_a_moment() {
    assert_eq!(explain(OPEN, "--on 2026-09-15T09:00 --json").done()["verdict"], "permit");
    assert_eq!(explain(OPEN, "--on someday").code, 2);
}

#[test]
fn unknown_facts_are_refused_with_the_nearest_known_word() {
    let ran = explain(&OPEN.replace("case_fact", "case_fakt"), "--json");
    assert_eq!((ran.code, ran.reason().as_str()), (1, "UNKNOWN_FACT"));
    assert!(ran.out.contains("case_fact"), "{ran:?}");
    let role = explain(&OPEN.replace("gem.lokaalteam", "gem.nobody"), "--json");
    assert_eq!(role.reason(), "UNKNOWN_ROLE");
    assert_eq!(explain("{", "--json").reason(), "MALFORMED");
    assert_eq!(explain("{}", "--json").reason(), "MALFORMED");
}

#[test]
fn a_nodes_own_rules_may_only_be_stricter() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("facts.json"), OPEN).unwrap();
    let overlay =
        "[[row]]\nid = \"own-1\"\noutcome = \"permit\"\ntext = { nl = \"x\", en = \"y\" }\n";
    fs::write(dir.path().join("own.toml"), overlay).unwrap();
    let line = "policy explain --facts facts.json --overlay own.toml --json";
    let ran = run(dir.path(), &format!("{line} --kind jha"));
    assert_eq!((ran.code, ran.reason().as_str()), (1, "LOCAL_PERMIT"), "{ran:?}");
    assert_eq!(run(dir.path(), line).code, 2, "whose rules?");
}

/// The rules of R27 with what school and partnership get without consent as well.
fn without_consent(folder: &Path) {
    let file = "table/school-en-leerplicht.toml";
    let text = fs::read_to_string(rules().join(file)).unwrap();
    let (from, to) = (text.find("id = \"R27.1\"").unwrap(), text.find("id = \"R28\"").unwrap());
    let rule = text[from..to].to_owned();
    let wider = rule.replacen("[\"given\"]", "[\"given\", \"none\"]", 1).replacen(
        "[\"not_needed\", \"none\", \"partial\"]",
        "[\"not_needed\", \"partial\"]",
        1,
    );
    assert_ne!(rule, wider);
    changed(folder, file, &rule, &wider);
}

#[test]
fn a_comparison_names_what_a_draft_opens_and_says_no_change_of_the_same() {
    let dir = tempfile::tempdir().unwrap();
    without_consent(dir.path());
    let own = rules().display();
    let same = run(dir.path(), &format!("policy diff {own} {own} --json")).done();
    let none = serde_json::json!({ "newly_permitted": [], "newly_refused": [], "changed": [] });
    assert_eq!(same, none);
    let said = run(dir.path(), &format!("policy diff {own} {own} --lang en"));
    assert!(said.out.starts_with("No change"), "{said:?}");

    let found = run(dir.path(), &format!("policy diff {own} . --json")).done();
    let opened = found["newly_permitted"].as_array().unwrap();
    assert_eq!((opened.len(), &opened[0]["rules"]), (1, &serde_json::json!(["R27"])), "{found}");
    for region in opened[0]["regions"].as_array().unwrap() {
        assert_eq!(region["secrecy_consent"], serde_json::json!(["none"]));
    }
    assert_eq!((&found["newly_refused"], &found["changed"]), (&none["changed"], &none["changed"]));
    let back = run(dir.path(), &format!("policy diff . {own} --json")).done();
    assert_eq!(back["newly_refused"].as_array().map(Vec::len), Some(1), "{back}");
    let said = run(dir.path(), &format!("policy diff {own} . --regions --lang en"));
    assert!(said.out.contains("Opens") && said.out.contains("Inclusive education"), "{said:?}");
    let missing = run(dir.path(), &format!("policy diff {own} nowhere --json"));
    assert_eq!((missing.code, missing.reason().as_str()), (1, "POLICY_INVALID"));
}

#[test]
fn a_proof_says_which_promises_hold_and_where_one_does_not() {
    let proof = run(Path::new("."), "policy prove --json").done();
    assert_eq!(proof["widens"], false);
    let invariants = proof["invariants"].as_array().unwrap();
    assert_eq!(invariants.len(), 7);
    assert!(invariants.iter().all(|one| one["holds"] == true), "{proof}");

    let dir = tempfile::tempdir().unwrap();
    without_consent(dir.path());
    let wider = run(dir.path(), "policy prove --folder . --json").done();
    assert_eq!(
        (&wider["widens"], wider["newly_permitted"].as_array().map(Vec::len)),
        (&true.into(), Some(1))
    );

    let file = dir.path().join("table/school-en-leerplicht.toml");
    let text = fs::read_to_string(&file).unwrap();
    let row = text.find("id = \"R27.1\"").unwrap();
    let legal = text[row..].replacen("\"jw-7.3.11-1\", ", "", 1);
    let broken = legal.replacen("tier_max = \"T3\"", "tier_max = \"T4\"", 1);
    assert_ne!(legal, broken);
    fs::write(&file, format!("{}{broken}", &text[..row])).unwrap();
    let ran = run(dir.path(), "policy prove --folder . --json");
    let proof = ran.json();
    let broken: Vec<&str> = proof["invariants"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["holds"] == false)
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!((ran.code, broken), (1, vec!["secrecy_ground"]), "{proof}");
    let said = run(dir.path(), "policy prove --folder . --lang en");
    assert!(said.out.contains("does not hold") && said.out.contains("R27.1"), "{said:?}");
}

#[test]
fn all_that_a_role_may_ask_is_said_in_both_languages_and_as_json() {
    let here = Path::new(".");
    let told = run(here, "policy overview --role vt.onderzoeker --json").done();
    assert_eq!(told["role"], "vt.onderzoeker");
    let open = told["open"].as_array().unwrap();
    let lines = told["purposes"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["purpose"]["id"] == "D06"), "{lines:?}");
    let of_row = |id: &str| {
        open.iter().find(|one| one["rules"].as_array().unwrap().iter().any(|r| r["row"] == id))
    };
    let inquiry = of_row("R15.1").unwrap();
    assert_eq!(inquiry["verdict"], "review");
    assert_eq!(inquiry["places"][0]["asked"]["purpose"], serde_json::json!(["D06"]));
    let conditions = inquiry["places"][0]["conditions"].as_array().unwrap();
    assert!(conditions.iter().all(|one| one["vt_report"] == serde_json::json!(["report"])));
    assert!(of_row("R14.1").is_none(), "of another role");
    let said = run(here, "policy overview --role vt.onderzoeker");
    assert!(said.out.lines().count() < 20, "a line per purpose: {said:?}");
    assert!(
        said.out.contains("D06 Onderzoek") && said.out.contains("7 soorten gegevens"),
        "{said:?}"
    );
    assert!(said.err.contains("--details"), "{said:?}");
    let said = run(here, "policy overview --role vt.onderzoeker --details");
    assert!(said.out.contains("Een professional beoordeelt") && said.out.contains("Wmo"));
    let said = run(here, "policy overview --role vt.onderzoeker --lang en --conditions");
    assert!(said.out.contains("A professional decides") && said.out.contains("provided"));
}

#[test]
fn an_overview_of_no_known_role_names_the_nearest_one() {
    let ran = run(Path::new("."), "policy overview --role vt.onderzoekr --json");
    assert_eq!((ran.code, ran.reason().as_str()), (1, "UNKNOWN_ROLE"));
    assert!(ran.out.contains("vt.onderzoeker"), "{ran:?}");
}

#[test]
fn the_whole_table_is_written_as_one_page_that_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let made = run(dir.path(), "policy report --out rules.html --json").done();
    assert_eq!(made["file"], "rules.html");
    let page = fs::read_to_string(dir.path().join("rules.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Jeugdwet art. 7.4.0 lid 2"));
    let again = run(dir.path(), "policy report --out rules.html --json");
    assert_eq!(again.reason(), "FILE_EXISTS");
    assert_eq!(run(dir.path(), "policy report").out.trim_end(), page.trim_end());
    let none = run(dir.path(), "policy report --folder nowhere --json");
    assert_eq!((none.code, none.reason().as_str()), (1, "POLICY_INVALID"));
}

#[test]
fn the_rules_are_written_for_cedar_in_the_same_bytes_each_time_and_never_over_others() {
    let dir = tempfile::tempdir().unwrap();
    let made = run(dir.path(), "policy export cedar --out made/cedar --json").done();
    let files = ["made/cedar/grondslag.cedarschema", "made/cedar/grondslag.cedar"];
    assert_eq!(made["files"], serde_json::json!(files));
    let [schema, policies] = files.map(|file| fs::read_to_string(dir.path().join(file)).unwrap());
    assert!(schema.contains("entity RequesterRole enum [") && policies.contains("@id(\"R05.1\")"));

    let told = run(dir.path(), "policy export cedar --json").done();
    assert_eq!((&told["schema"], &told["policies"]), (&schema.clone().into(), &policies.into()));
    assert_eq!(told["bundle"], made["bundle"]);
    let said = run(dir.path(), "policy export cedar --out -").out;
    assert!(said.starts_with(&format!("// == grondslag.cedarschema\n{schema}")), "{said}");

    fs::remove_file(dir.path().join(files[0])).unwrap();
    let again = run(dir.path(), "policy export cedar --out made/cedar --json");
    assert_eq!((again.code, again.reason().as_str()), (1, "FILE_EXISTS"));
    assert!(!dir.path().join(files[0]).exists(), "nothing half made");
    let none = run(dir.path(), "policy export cedar --folder nowhere --json");
    assert_eq!((none.code, none.reason().as_str()), (1, "POLICY_INVALID"));
}

#[test]
fn a_draft_is_written_for_cedar_as_the_draft_says() {
    let dir = tempfile::tempdir().unwrap();
    without_consent(dir.path());
    let draft = run(dir.path(), "policy export cedar --folder . --json").done();
    let own = run(dir.path(), "policy export cedar --json").done();
    assert_eq!(
        draft["schema"].as_str().unwrap().lines().skip(2).collect::<String>(),
        own["schema"].as_str().unwrap().lines().skip(2).collect::<String>()
    );
    assert_ne!(draft["policies"], own["policies"]);
}

/// A draft in a folder of its own, of the rules that came with the program.
fn draft(dir: &Path) {
    let made = run(dir, "policy new draft --json").done();
    assert!(made["of"]["version"].as_str().is_some_and(|version| !version.is_empty()));
}

#[test]
fn a_draft_begins_as_a_copy_and_never_over_something_else() {
    let dir = tempfile::tempdir().unwrap();
    draft(dir.path());
    let folder = dir.path().join("draft");
    for file in [
        "pack.toml",
        "catalogue.toml",
        "retention.toml",
        "consent.toml",
        "draft.toml",
        "cases/R27.toml",
    ] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    let named = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(named, 1, "nothing is left beside it");
    let again = run(dir.path(), "policy new draft --json");
    assert_eq!((again.code, again.reason().as_str()), (1, "FILE_EXISTS"), "{again:?}");
    fs::create_dir(dir.path().join("second")).unwrap();
    run(dir.path(), "policy new second --from draft --json").done();
    assert_eq!(run(dir.path(), "policy new third --from nowhere").code, 1);
    assert!(!dir.path().join("third").exists());
    let none = serde_json::json!({ "newly_permitted": [], "newly_refused": [], "changed": [] });
    assert_eq!(run(dir.path(), "policy diff draft second --json").done(), none);
    assert_eq!(run(dir.path(), "policy diff draft --json").done(), none, "with the program's own");
    assert_eq!(run(dir.path(), "policy check draft").code, 0);
    let said = run(dir.path(), "policy new fourth --lang en");
    assert!(said.out.contains("fourth") && said.err.contains("policy edit fourth"), "{said:?}");
}

#[test]
fn a_row_of_a_draft_is_changed_and_what_that_opens_is_said() {
    let dir = tempfile::tempdir().unwrap();
    draft(dir.path());
    let file = dir.path().join("draft/table/school-en-leerplicht.toml");
    let before = fs::read_to_string(&file).unwrap();
    let set = "--set secrecy_consent=not_needed,partial --json";
    let dry = run(dir.path(), &format!("policy edit draft R27.2 --dry-run {set}")).done();
    assert_eq!(
        (&dry["written"], fs::read_to_string(&file).unwrap()),
        (&false.into(), before.clone())
    );
    let closed = run(dir.path(), &format!("policy edit draft R27.2 {set}")).done();
    assert_eq!(closed["changes"][0]["key"], "when.secrecy_consent");
    assert_eq!(closed["comparison"]["newly_permitted"], serde_json::json!([]), "{closed}");
    let opened =
        run(dir.path(), "policy edit draft R27.1 --set secrecy_consent=given,none --json").done();
    let rules = &opened["comparison"]["newly_permitted"][0]["rules"];
    assert_eq!(rules, &serde_json::json!(["R27"]), "{opened}");
    let whole = run(dir.path(), "policy diff draft --json").done();
    assert_eq!(whole["newly_permitted"][0]["rules"], serde_json::json!(["R27"]), "{whole}");
    let after = fs::read_to_string(&file).unwrap();
    assert_eq!(before.lines().count(), after.lines().count());
    let differ = before.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
    assert_eq!(differ, 2, "one line of each row");
    let said = run(dir.path(), "policy edit draft R27.1 --as R27.9 --clear about --lang en");
    assert!(
        said.out.contains("R27.9 added") && said.err.contains("policy check draft"),
        "{said:?}"
    );
    assert!(said.out.contains("CASE_FAILED"), "it says what is wrong now: {said:?}");
    let gone = run(dir.path(), "policy edit draft R27.9 --remove --json").done();
    assert_eq!(gone["changes"][0]["to"], serde_json::Value::Null);
    assert_eq!(fs::read_to_string(&file).unwrap(), after);
}

#[test]
fn a_change_that_cannot_be_made_leaves_the_draft_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    draft(dir.path());
    let file = dir.path().join("draft/table/school-en-leerplicht.toml");
    let before = fs::read_to_string(&file).unwrap();
    for (change, says) in [
        ("R27.11 --tier T1", "R27.1"),
        ("R27.1 --set purpos=D16", "purpose"),
        ("R27.1 --set purpose=D166", "D16"),
        ("R27.1 --outcome permits", "permit"),
        ("R27.2 --tier T1", "tier_max"),
        ("R27.1 --text-nl a\u{202e}b", "U+202E"),
        ("R27.1 --as R27.2", "R27.2"),
    ] {
        let ran = run(dir.path(), &format!("policy edit draft {change} --lang en"));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("POLICY_INVALID") && ran.err.contains(says), "{ran:?}");
    }
    let nothing = run(dir.path(), "policy edit draft R27.1 --outcome permit --json");
    assert_eq!((nothing.code, nothing.reason().as_str()), (1, "MALFORMED"));
    let no_draft = run(dir.path(), "policy edit . R27.1 --tier T1 --json");
    assert_eq!((no_draft.code, no_draft.reason().as_str()), (1, "FILE_UNREADABLE"));
    for bad in ["R27.1 --remove --tier T1", "R27.1 --set purpose", "R27.1 --remove --as R27.3"] {
        assert_eq!(run(dir.path(), &format!("policy edit draft {bad}")).code, 2, "{bad}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn who_must_say_yes_is_said_by_party_and_age_and_an_unknown_party_names_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let all = |of: &str| -> Vec<String> {
        let json = run(dir.path(), &format!("policy consent {of} --json")).done();
        let [regime] = json.as_array().unwrap().as_slice() else { panic!("{json}") };
        let who = regime["who"].as_array().unwrap();
        who.iter().map(|one| one["all"].to_string()).collect()
    };
    let both = ["[\"young_person\",\"custody_holders\"]", "[\"custody_holders\"]"];
    assert_eq!(all("--holder jha --age 14"), both, "able, and not able");
    assert_eq!(all("--holder gem --age 14 --unable"), ["[\"custody_holders\"]"]);
    assert_eq!(all("--holder ha --age 18 --unable"), ["[\"representative\"]"]);
    let unknown = run(dir.path(), "policy consent --holder jhq");
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("UNKNOWN_FACT") && unknown.err.contains("\"jha\""), "{unknown:?}");
}
