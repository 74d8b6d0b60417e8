use super::*;
use crate::fault::Fault;
use crate::fixture::{changed, pack};

/// What the check finds on a fixture without cases, missing cases left out.
fn faults(pack: &Pack) -> Vec<(String, Fault)> {
    let report = Report::of(pack, &Cases::default());
    let problems = report.problems.into_iter();
    let problems = problems.filter(|problem| problem.fault != Fault::NoCase);
    problems.map(|problem| (problem.row, problem.fault)).collect()
}

fn after(from: &str, to: &str) -> Vec<(String, Fault)> {
    faults(&changed("table/a.toml", from, to).unwrap())
}

fn one(row: &str, fault: Fault) -> Vec<(String, Fault)> {
    vec![(row.to_owned(), fault)]
}

/// A row at the end of the fixture's last rule.
fn with_row(row: &str) -> Vec<(String, Fault)> {
    let last = "  [[rule.row]]\n  id = \"R42.1\"";
    let text = "text = { nl = \"x\", en = \"y\" }";
    after(last, &format!("  [[rule.row]]\n  id = \"R42.9\"\n{text}\n{row}\n{last}"))
}

#[test]
fn a_sound_pack_has_no_problems_and_is_counted() {
    assert_eq!(faults(&pack()), []);
    let report = Report::of(&pack(), &Cases::default());
    assert_eq!((report.rules, report.rows, report.cases), (7, 15, 0));
}

#[test]
fn every_row_in_force_needs_a_case() {
    let report = Report::of(&pack(), &Cases::default());
    let without = report.problems.iter().filter(|p| p.fault == Fault::NoCase).count();
    assert_eq!(without, report.rows - 1, "the proposed row needs none");
}

#[test]
fn a_row_names_its_ground_and_a_text_in_both_languages() {
    assert_eq!(
        after("legal = [\"jw-7.3.11-1\"]", "legal = []"),
        [("R06.1".to_owned(), Fault::NoLegalId),]
    );
    assert_eq!(after("en = \"With consent.\"", "en = \" \""), one("R06.1", Fault::MissingText));
    assert_eq!(after("nl = \"OTS\"", "nl = \"\""), one("R20", Fault::MissingText));
}

#[test]
fn what_the_consent_file_leaves_open_is_said_in_both_languages() {
    for (section, above) in [("validity", "24\n"), ("recording", "[]\n")] {
        let noted = format!("{above}mark = \"M\"\nnote = {{ nl = \"x\", en = \"\" }}");
        let pack = changed("consent.toml", &format!("{above}mark = \"V\""), &noted).unwrap();
        assert_eq!(faults(&pack), one(section, Fault::MissingText));
    }
}

#[test]
fn a_rule_without_rows_is_no_rule() {
    let empty = "[[rule]]\nid = \"R42x\"\ntitle = { nl = \"leeg\", en = \"empty\" }\n";
    let found = after("[[rule]]\nid = \"R42\"", &format!("{empty}[[rule]]\nid = \"R42\""));
    assert_eq!(found, one("R42x", Fault::NoRows));
}

#[test]
fn a_role_of_one_kind_and_another_kind_never_match() {
    let row = "outcome = \"hold\"\nlegal = [\"avg-6-1-e\"]\n\
               when = { requester_role = \"gem.lokaalteam\", requester_kind = \"gi\" }";
    let found = with_row(row);
    assert!(found.contains(&("R42.9".to_owned(), Fault::NeverMatches)), "{found:?}");
}

#[test]
fn a_row_inside_a_deny_or_behind_its_equal_is_shadowed() {
    let permit = "outcome = \"permit\"\nlegal = [\"avg-6-1-e\"]\n";
    let denied = with_row(&format!("{permit}when = {{ category = \"G23m\" }}"));
    assert_eq!(denied, one("R42.9", Fault::Shadowed));
    let together = with_row(&format!(
        "{permit}when = {{ requester_role = \"gem.doorzetter\", purpose = [\"D01\", \"D99\"], \
         category = \"G05\" }}"
    ));
    assert_eq!(together, one("R42.9", Fault::Shadowed));
    let hold = "outcome = \"hold\"\nlegal = [\"avg-6-1-e\"]\n";
    let narrower =
        with_row(&format!("{hold}when = {{ known_to_staff = \"yes\", purpose = \"D01\" }}"));
    assert_eq!(narrower, one("R42.9", Fault::Shadowed));
    let adds = with_row(&format!(
        "{hold}obligations = [\"melden\"]\nwhen = {{ known_to_staff = \"yes\", purpose = \"D01\" }}"
    ));
    assert_eq!(adds, [], "it adds an obligation");
}

#[test]
fn what_rests_on_a_bill_must_be_proposed_itself() {
    assert_eq!(
        after("status = \"proposed\"", "status = \"in_force\""),
        one("R20.2", Fault::ProposedGround)
    );
}

#[test]
fn a_duty_rests_on_a_duty_in_law() {
    let found = after("legal = [\"jw-7.3.11-4\"]", "legal = [\"avg-6-1-e\"]");
    assert!(found.contains(&("R20.1".to_owned(), Fault::DutyWithoutLaw)), "{found:?}");
}

#[test]
fn the_catalogue_and_rule_r01_agree_on_role_and_purpose() {
    let wider = changed(
        "catalogue.toml",
        "purposes = [\"D01\", \"D03\"]",
        "purposes = [\"D01\", \"D03\", \"D12\"]",
    );
    assert_eq!(faults(&wider.unwrap()), one("gem.lokaalteam", Fault::RolePurpose));
    let open = after("purpose = { not = [\"D01\", \"D03\"] }", "purpose = \"D99\"");
    assert!(open.iter().all(|(_, fault)| *fault == Fault::RolePurpose));
    assert_eq!(open.len(), 2, "D09 and D12 are open now: {open:?}");
}

/// Whom the check names when one file of the program's pack holds another text.
fn recorders_after(file: &str, from: &str, to: &str) -> Vec<String> {
    let mut files = Pack::builtin_files();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    let problems = Report::of_files(&files).problems.into_iter();
    let of = problems.filter(|one| one.fault == Fault::ConsentRecorder);
    of.map(|one| {
        let at = (one.file.as_str(), one.row.as_str(), one.column.as_deref());
        assert_eq!(at, ("consent.toml", "recording", Some("recorders")));
        assert!(one.line.is_some());
        one.value.unwrap()
    })
    .collect()
}

#[test]
fn whoever_records_consent_delivers_it_and_nobody_else() {
    let (consent, table) = ("consent.toml", "table/toestemming-bezorgen.toml");
    let roles = "table/rol-en-doel.toml";
    let open = "outcome = \"permit\"";
    let access = "\"gem.toegang\", ";
    let housing = "\"gem.toegang\", \"corp.sociaalbeheer\", ";
    let own = "not = [\"D01\", \"D04\", \"D12\", \"D18\", \"D19\", \"D25\", \"D26\"]";
    for (file, from, to, named) in [
        (consent, access, "", &["gem.toegang"][..]),
        (consent, access, "\"gem.toegang\", \"sch.bestuur\", ", &["sch.bestuur"]),
        (table, access, "", &["gem.toegang"]),
        // A deny takes it away again, whatever the rule says.
        (roles, own, &own.replace(", \"D25\"", ""), &["gem.toegang"]),
        (table, access, housing, &[]),
    ] {
        assert_eq!(recorders_after(file, from, to), named, "{to}");
    }
    // What waits for a human does not deliver.
    assert_eq!(recorders_after(table, open, "outcome = \"review\"").len(), 18);
    let off = "status = \"off\"\n  text.nl = \"De vrouwenopvang";
    let shelter = "status = \"in_force\"\n  text.nl = \"De vrouwenopvang";
    assert_eq!(recorders_after(table, shelter, off), ["vo.hulpverlener"]);
}

#[test]
fn refused_consent_may_not_meet_a_duty() {
    let rename = |row: &str| {
        let table = &crate::fixture::files()["table/a.toml"];
        let table = table.replace("R42", "R40");
        let text = "text = { nl = \"x\", en = \"y\" }\nlegal = [\"jw-7.3.11-1\"]";
        let table =
            format!("{table}\n  [[rule.row]]\n  id = \"R40.9\"\noutcome = \"deny\"\n{text}\n{row}");
        let mut files = crate::fixture::files();
        files.insert("table/a.toml".to_owned(), table);
        faults(&Pack::from_files(&files).unwrap())
    };
    let gi = "when = { requester_role = \"gi.jeugdbeschermer\", purpose = \"D09\", \
              secrecy_consent = \"withdrawn\" }";
    assert_eq!(rename(gi), one("R40.9", Fault::ConsentBlocksDuty));
    let plan = "when = { requester_role = \"gi.jeugdbeschermer\", purpose = \"D03\", \
              secrecy_consent = \"withdrawn\" }";
    assert_eq!(rename(plan), []);
}

#[test]
fn invariant_tier_four_at_a_secret_holder_needs_a_ground_that_lifts_secrecy() {
    let row = |target: &str, legal: &str| {
        with_row(&format!(
            "outcome = \"permit\"\ntier_max = \"T4\"\nlegal = [\"{legal}\"]\n\
             when = {{ requester_role = \"gem.lokaalteam\", purpose = \"D03\", category = \"G06\", \
             target_kind = \"{target}\" }}"
        ))
    };
    assert_eq!(row("jha", "avg-6-1-e"), one("R42.9", Fault::NoSecrecyGround));
    assert_eq!(row("jha", "jw-7.4.0-2"), []);
    assert_eq!(row("sch", "avg-6-1-e"), [], "a school has no statutory secrecy");
}

#[test]
fn invariant_shielded_addresses_and_reporters_are_never_released() {
    assert_eq!(
        after(
            "when = { category = \"G02\", subject_shielded = \"yes\" }",
            "when = { category = \"G02\", subject_shielded = \"yes\", purpose = \"D01\" }"
        ),
        one("R20.1", Fault::NeverReleased)
    );
    let found = after(
        "when = { category = \"G23m\" }",
        "when = { category = \"G23m\", about = \"child\" }",
    );
    assert_eq!(found, one("R20.1", Fault::NeverReleased));
}

#[test]
fn invariant_withdrawn_consent_never_permits_more_than_no_consent() {
    let opens = after("secrecy_consent = \"given\"", "secrecy_consent = { not = [\"none\"] }");
    assert!(opens.contains(&("R06.1".to_owned(), Fault::WithdrawnOpens)), "{opens:?}");
    let forgets = after("secrecy_consent = { not = [\"given\"] }", "secrecy_consent = \"none\"");
    assert_eq!(forgets, [], "withdrawn is then refused");
    let deny = with_row(
        "outcome = \"deny\"\nlegal = [\"jw-7.3.11-1\"]\n\
         when = { purpose = \"D01\", category = \"G05\", secrecy_consent = \"none\" }",
    );
    assert_eq!(deny, one("R05.1", Fault::WithdrawnOpens));
}

#[test]
fn a_pack_that_does_not_load_reports_file_row_and_reason() {
    let broken = changed("table/a.toml", "purpose = \"D01\"", "purpose = \"D1\"").unwrap_err();
    let problem = &broken.problems[0];
    assert_eq!((problem.file.as_str(), problem.row.as_str()), ("table/a.toml", "R05.1"));
    assert_eq!(problem.nearest.as_deref(), Some("D01"));
    assert!(problem.line.is_some());
    let report = Report::unusable(broken);
    assert_eq!(report.problems.len(), 1);
}

#[test]
fn the_built_in_pack_is_sound() {
    let report = Report::of_builtin();
    let list: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(list, Vec::<String>::new());
    assert_eq!(report.rules, 44);
}
