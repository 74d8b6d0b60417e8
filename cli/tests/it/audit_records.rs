//! The decisions of the first storyline, by the processes that took them: replayed, exported,
//! shown and proved from the folders that they left.

mod exported;
mod planted;
mod proved;
mod schema;
mod simulated;

use std::path::Path;

use crate::demo::world_of;
use crate::run;

const STORY: &str = "storylines/F1.toml";
/// The agencies of the storyline.
const AGENCIES: [&str; 11] = [
    "gem-veenwolde",
    "vt-drieveen",
    "sch-drieveen",
    "ha-dewierde",
    "jgz-drieveen",
    "pol-drieveen",
    "corp-deveste",
    "gem-lindevoort",
    "jha-kompas",
    "gi-baken",
    "rvdk-drieveen",
];

/// One region for all of it: playing the story takes the most time by far.
#[test]
fn what_a_storyline_left_is_audited_record_by_record() {
    let temp = tempfile::tempdir().unwrap();
    world_of(&temp.path().join("world"), STORY, &AGENCIES);
    let played = run(temp.path(), "demo --once --json --world world --dir region");
    assert_eq!(played.done()["storylines"][0]["id"], "F1");
    every_decision_comes_out_as_it_was_recorded(temp.path());
    a_changed_verdict_is_found_and_named(temp.path());
    a_decision_by_rules_that_are_not_at_hand_is_counted(temp.path());
    exported::every_record_is_as_the_standards_have_it(temp.path());
    exported::a_file_is_written_once_and_a_table_reads_as_one(temp.path());
    simulated::a_draft_is_held_against_what_was_decided(temp.path());
    let (inquiry, decisions) =
        proved::a_question_is_shown_by_its_asker_and_by_its_targets(temp.path());
    let asked = (inquiry.as_str(), decisions);
    proved::a_proof_holds_by_itself_and_no_field_of_it_may_change(temp.path(), asked);
}

const REPLAY: &str = "audit replay --json --offline";

fn every_decision_comes_out_as_it_was_recorded(folder: &Path) {
    let replayed = run(folder, &format!("{REPLAY} region")).done();
    assert_eq!((&replayed["logs"], &replayed["differences"]), (&12.into(), &0.into()));
    assert_eq!((&replayed["no_bundle"], &replayed["problems"]), (&0.into(), &0.into()));
    let decisions = replayed["decisions"].as_u64().unwrap();
    assert!(decisions > 60, "at the broker and at the holders: {replayed}");
    let broker = run(folder, &format!("{REPLAY} region/broker")).done();
    let broker = broker["decisions"].as_u64().unwrap();
    assert!(broker > 30 && broker < decisions, "{broker} of {decisions}");
}

/// In a copy of the broker: once in the opening alone, once with commitment and entry made anew.
fn a_changed_verdict_is_found_and_named(folder: &Path) {
    let (broker, lied) = (folder.join("region/broker"), folder.join("lied"));
    let (index, category) = planted::verdict(&broker, &lied, true);
    let lied = run(folder, &format!("{REPLAY} lied"));
    let json = lied.json();
    assert_eq!((lied.code, &json["differences"], &json["problems"]), (1, &1.into(), &0.into()));
    let found = &json["findings"][0];
    assert_eq!((&found["problem"], &found["index"]), (&"differs".into(), &index.into()));
    assert_eq!((&found["of"], &found["what"]), (&category.into(), &"outcome".into()), "{found}");
    assert_eq!((&found["recorded"], &found["again"]), (&"refuse".into(), &"permit".into()));
    let told = run(folder, "audit replay --lang en --offline lied");
    assert!(
        told.err.contains("differs") && told.err.contains("outcome: recorded refuse, now permit")
    );

    let (index, _) = planted::verdict(&broker, &folder.join("altered"), false);
    let altered = run(folder, &format!("{REPLAY} altered"));
    let json = altered.json();
    assert_eq!((altered.code, &json["differences"], &json["problems"]), (1, &0.into(), &1.into()));
    let found = &json["findings"][0];
    assert_eq!((&found["problem"], &found["index"]), (&"altered".into(), &index.into()));

    let node = folder.join("region/nodes/sch-drieveen");
    planted::other_rules_in_force(&node, &folder.join("ruled"));
    let ruled = run(folder, &format!("{REPLAY} ruled"));
    let json = ruled.json();
    assert_eq!((ruled.code, &json["decisions"]), (1, &0.into()), "{json}");
    assert_eq!(json["findings"][0]["problem"], "not_in_force");
}

fn a_decision_by_rules_that_are_not_at_hand_is_counted(folder: &Path) {
    let broker = folder.join("region/broker");
    let config = broker.join("broker.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
    let other = folder.join("rules");
    planted::rules(&own, &other);
    std::fs::write(&config, format!("{before}\n[policy]\nfolder = \"{}\"\n", other.display()))
        .unwrap();
    let without = run(folder, &format!("{REPLAY} region/broker"));
    let json = without.json();
    assert_eq!((without.code, &json["decisions"]), (1, &0.into()), "{json}");
    assert_eq!(json["findings"][0]["problem"], "no_bundle");
    let kept = format!("{REPLAY} region/broker --policy {}", own.display());
    let with = run(folder, &kept).done();
    assert_eq!((&with["no_bundle"], &with["decisions"]), (&0.into(), &json["no_bundle"]));
    std::fs::write(&config, before).unwrap();
}
