use super::*;
use crate::fixture::pack;

/// The row's own policy and what follows from it, up to the next row.
fn written(pack: &Pack, id: &str) -> String {
    let text = Cedar::of(pack).policies;
    let parts = text.split("\n\n");
    parts.filter(|part| part.contains(&format!("@id(\"{id}"))).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_same_pack_gives_the_same_bytes_and_another_row_gives_others() {
    let one = Cedar::of(&Pack::builtin().unwrap());
    assert_eq!(one, Cedar::of(&Pack::builtin().unwrap()));
    let files = Pack::builtin_files();
    let mut other = files.clone();
    let text = other.get_mut("table/gemeente.toml").unwrap();
    *text = text.replacen("tier_max = \"T3\"", "tier_max = \"T2\"", 1);
    assert_ne!(one.policies, Cedar::of(&Pack::from_files(&other).unwrap()).policies);
}

#[test]
fn the_text_is_as_it_was_read_over() {
    let Cedar { schema, policies } = Cedar::of(&pack());
    assert_eq!(schema, include_str!("golden/grondslag.cedarschema"));
    assert_eq!(policies, include_str!("golden/grondslag.cedar"));
}

#[test]
fn every_row_in_force_has_a_policy_of_its_name_and_the_setting_rules_rows_out() {
    let pack = Pack::builtin().unwrap();
    let text = Cedar::of(&pack).policies;
    let (mut written, mut ruled_out) = (0, 0);
    for row in pack.rows() {
        let named = format!("@id({})\n", quoted(row.id.as_str()));
        match unused(&pack, row) {
            None => written += text.matches(&named).count(),
            Some(_) => ruled_out += usize::from(!text.contains(&named)),
        }
    }
    assert_eq!(written + ruled_out, pack.rows().len());
    assert!(ruled_out > 0 && written > ruled_out);
}

#[test]
fn a_proposed_row_has_no_policy() {
    let proposed = pack();
    let row = proposed.rows().iter().find(|row| row.status == Status::Proposed).unwrap();
    assert_eq!(written(&proposed, row.id.as_str()), "");
    let comment = format!("// \"{}\": proposed; decides nothing\n", row.id);
    assert!(Cedar::of(&proposed).policies.contains(&comment));
}

#[test]
fn an_officers_text_ends_no_string_and_hides_no_letter() {
    let hostile = quoted("a\"; permit(principal, action, resource);\\\n\u{202e}é");
    let told = "\"a\\\"; permit(principal, action, resource);\\\\\\u{a}\\u{202e}é\"";
    assert_eq!(hostile, told);
}

#[test]
fn columns_that_would_be_called_alike_get_types_of_their_own() {
    let names = type_names(["a_b", "a-b", "tier", "set", "1x", "é"].into_iter(), TIER);
    assert_eq!(names, ["AB", "AB_1", "Tier_2", "Set_3", "Column1x", "Column"]);
}
