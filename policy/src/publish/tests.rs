//! Rules that officers publish, and everything that may be wrong with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::lang::Text;
use grondslag_core::officers::{Appointment, Officer, Officers};
use grondslag_core::reason::Reason;

use super::Arrival::{Brought, PassedOn};
use super::*;
use crate::ENGINE;
use crate::fault::Fault;
use crate::fixture::NOW;
use crate::limits::{
    EMERGENCIES_MAX, EMERGENCY_AGE_MS_MAX, FILE_BYTES_MAX, FILES_MAX, OFFICERS_LEFT_MS_MIN,
    PLANNED_AHEAD_MS_MAX,
};
use crate::pack::Pack;

const HOUR: i64 = 3_600_000;
const SCHOOLS: &str = "table/school-en-leerplicht.toml";

type Files = BTreeMap<String, String>;

fn region() -> Digest {
    Digest::new([7; 32])
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn officer(seed: u8) -> Officer {
    let oin = Oin::parse("00000099000000001000").unwrap();
    Officer::new(oin, &format!("po-{seed}"), key(seed).verifying_key().to_bytes()).unwrap()
}

/// Officers with keys that count for a year, but for the third, whose key counts for an hour.
fn officers(seeds: &[u8]) -> Officers {
    let until = |seed: u8| NOW.plus_ms(if seed == 3 { HOUR } else { 365 * 24 * HOUR });
    let of = |seed: &u8| Appointment { officer: officer(*seed), until: until(*seed) };
    Officers::new(seeds.iter().map(of).collect())
}

fn timeline() -> Timeline {
    Timeline::new(region(), Arc::new(Pack::builtin().unwrap()), officers(&[1, 2, 3]))
}

/// The rules that came with the program under another version.
fn files(version: &str) -> Files {
    let mut files = Pack::builtin_files();
    replace(&mut files, "pack.toml", "version = \"1.0.0\"", &format!("version = \"{version}\""));
    files
}

fn replace(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = files.get_mut(path).unwrap();
    assert!(text.contains(from), "{path}: {from}");
    *text = text.replacen(from, to, 1);
}

/// Changes the first such text after the row's id.
fn change_row(files: &mut Files, row: &str, from: &str, to: &str) {
    let text = files.get_mut(SCHOOLS).unwrap();
    let at = text.find(&format!("id = \"{row}\"")).unwrap();
    let (before, after) = text.split_at(at);
    assert!(after.contains(from), "{row}: {from}");
    *text = format!("{before}{}", after.replacen(from, to, 1));
}

/// Schools get waiting lists up to another tier, in rows and examples alike.
fn to_tier(mut files: Files, from: &str, to: &str) -> Files {
    let tier = |tier: &str| format!("tier_max = \"{tier}\"");
    change_row(&mut files, "R27.1", &tier(from), &tier(to));
    for (_, text) in files.iter_mut().filter(|(path, _)| path.starts_with("cases/")) {
        let changed = text.lines().map(|line| {
            if line.contains("\"R27.1\"") && line.starts_with("expect") {
                line.replace(&format!("tier = \"{from}\""), &format!("tier = \"{to}\""))
            } else {
                line.to_owned()
            }
        });
        *text = changed.collect::<Vec<_>>().join("\n");
    }
    files
}

/// What follows on a timeline, made now and not yet signed.
fn drafted(on: &Timeline, files: Files, entry: Entry, valid_from: Timestamp) -> Publication {
    let (number, previous) = on.next();
    let (version, bundle) = Pack::from_files(&files).map_or_else(
        |_| ("1.0.1".to_owned(), Digest::of(b"unreadable")),
        |pack| (pack.version().to_owned(), pack.bundle()),
    );
    let digests = files.iter().map(|(path, text)| (path.clone(), Digest::of(text.as_bytes())));
    let manifest = Manifest {
        region: region(),
        number,
        previous,
        entry,
        version,
        bundle,
        files: digests.collect(),
        made_at: NOW,
        valid_from,
        engine: ENGINE.to_owned(),
        officers: on.officers().clone(),
        why: Text { nl: "Proef met scholen.".to_owned(), en: "A trial with schools.".to_owned() },
    };
    Publication { manifest, signatures: Vec::new(), files }
}

fn signed(mut publication: Publication, by: &[u8]) -> Publication {
    let document = publication.manifest.canonical();
    let sign = |seed: &u8| officer(*seed).sign(&key(*seed), &document);
    publication.signatures = by.iter().map(sign).collect();
    publication
}

fn planned(on: &Timeline, version: &str, hours: i64) -> Publication {
    let draft = drafted(on, files(version), Entry::Planned, NOW.plus_ms(hours * HOUR));
    signed(draft, &[1, 2])
}

/// Why a publication is not taken when it is brought now.
#[track_caller]
fn refused(on: &Timeline, publication: &Publication) -> Refused {
    let mut on = on.clone();
    let before = on.accepted().len();
    let refused = on.take(publication, Brought, NOW).unwrap_err();
    assert_eq!(on.accepted().len(), before);
    refused
}

#[track_caller]
fn reason(on: &Timeline, publication: &Publication) -> Reason {
    refused(on, publication).reason
}

#[test]
fn rules_that_two_officers_signed_are_in_force_from_their_moment_on() {
    let mut timeline = timeline();
    let next = planned(&timeline, "1.1.0", 10);
    assert_eq!(timeline.take(&next, Brought, NOW), Ok(Taken::New));
    assert_eq!(timeline.take(&next, Brought, NOW), Ok(Taken::Known), "brought twice");
    let version = |ms| timeline.at(NOW.plus_ms(ms)).version().to_owned();
    assert_eq!(version(10 * HOUR - 1), "1.0.0");
    assert_eq!(version(10 * HOUR), "1.1.0");
    assert_eq!(version(1_000 * HOUR), "1.1.0");
    let text = serde_json::to_string(&next).unwrap();
    assert_eq!(serde_json::from_str::<Publication>(&text).unwrap(), next);
}

#[test]
fn a_manifest_that_was_altered_after_it_was_signed_is_not_taken() {
    let timeline = timeline();
    let changes: [fn(&mut Manifest); 10] = [
        |m| m.entry = Entry::Emergency,
        |m| m.version.push('x'),
        |m| m.bundle = Digest::of(b"x"),
        |m| drop(m.files.pop_first()),
        |m| m.made_at = m.made_at.plus_ms(-1),
        |m| m.valid_from = m.valid_from.plus_ms(1),
        |m| m.engine = "grondslag-policy 0.0.1".into(),
        |m| m.officers = officers(&[1, 2]),
        |m| m.why.nl.push('x'),
        |m| m.why.en.push('x'),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut altered = planned(&timeline, "1.1.0", 10);
        change(&mut altered.manifest);
        assert_eq!(reason(&timeline, &altered), Reason::OfficerSignatureInvalid, "{number}");
    }
}

#[test]
fn files_that_are_not_those_of_the_manifest_are_not_taken() {
    let timeline = timeline();
    let changes: [fn(&mut Files); 4] = [
        |files| replace(files, SCHOOLS, "tier_max = \"T3\"", "tier_max = \"T5\""),
        |files| drop(files.remove("cases/R27.toml")),
        |files| drop(files.insert("table/more.toml".into(), String::new())),
        |files| files.get_mut("catalogue.toml").unwrap().push('\n'),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut altered = planned(&timeline, "1.1.0", 10);
        change(&mut altered.files);
        assert_eq!(reason(&timeline, &altered), Reason::PolicyAltered, "{number}");
    }
    // Signed, but version or bundle are not those of the files.
    let changes: [fn(&mut Manifest); 2] =
        [|m| m.version = "9.9.9".into(), |m| m.bundle = Digest::of(b"x")];
    for change in changes {
        let mut other = planned(&timeline, "1.1.0", 10);
        change(&mut other.manifest);
        assert_eq!(reason(&timeline, &signed(other, &[1, 2])), Reason::PolicyAltered);
    }
}

#[test]
fn whoever_writes_does_not_approve_and_keys_must_count() {
    let timeline = timeline();
    let by = |by: &[u8]| reason(&timeline, &signed(planned(&timeline, "1.1.0", 10), by));
    assert_eq!(by(&[]), Reason::OfficersTooFew);
    assert_eq!(by(&[1]), Reason::OfficersTooFew);
    assert_eq!(by(&[1, 1]), Reason::OfficersTooFew, "author and approver are one");
    assert_eq!(by(&[1, 4]), Reason::OfficerUnknown);
    // A key that counted when the manifest was made, and no longer when it is brought.
    let late = signed(planned(&timeline, "1.1.0", 10), &[1, 3]);
    let mut on = timeline.clone();
    let refused = on.take(&late, Brought, NOW.plus_ms(HOUR)).unwrap_err();
    assert_eq!(refused.reason, Reason::OfficerExpired);
    assert_eq!(on.take(&late, Brought, NOW.plus_ms(HOUR - 1)), Ok(Taken::New));
    // One that no longer counted when it was made, however it is passed on.
    let mut made_late = planned(&timeline, "1.1.0", 10);
    made_late.manifest.made_at = NOW.plus_ms(HOUR);
    let made_late = signed(made_late, &[1, 3]);
    let refused = timeline.clone().take(&made_late, PassedOn, NOW).unwrap_err();
    assert_eq!(refused.reason, Reason::OfficerExpired);
}

#[test]
fn what_is_older_skips_or_is_of_another_region_is_not_taken_and_of_two_drafts_one_wins() {
    let mut timeline = timeline();
    let (one, other) = (planned(&timeline, "1.1.0", 10), planned(&timeline, "1.2.0", 11));
    assert_eq!(timeline.take(&one, Brought, NOW), Ok(Taken::New));
    assert_eq!(reason(&timeline, &other), Reason::PolicyRebase);
    let second = planned(&timeline, "1.2.0", 11);
    assert_eq!(timeline.take(&second, Brought, NOW), Ok(Taken::New));

    let numbered = |number: u64, previous: Digest| {
        let mut publication = planned(&timeline, "1.3.0", 12);
        (publication.manifest.number, publication.manifest.previous) = (number, previous);
        reason(&timeline, &signed(publication, &[1, 2]))
    };
    let (next, previous) = timeline.next();
    assert_eq!(numbered(next, Digest::of(b"x")), Reason::PolicyRebase);
    assert_eq!(numbered(next + 1, previous), Reason::PolicyGap);
    assert_eq!(numbered(1, Digest::of(b"x")), Reason::PolicyOlder);
    assert_eq!(numbered(0, previous), Reason::PolicyOlder);

    let mut abroad = planned(&timeline, "1.3.0", 12);
    abroad.manifest.region = Digest::new([8; 32]);
    assert_eq!(reason(&timeline, &signed(abroad, &[1, 2])), Reason::RegionMismatch);
}

#[test]
fn what_is_planned_begins_later_than_all_before_and_not_in_the_past() {
    let mut timeline = timeline();
    let at = |on: &Timeline, made: i64, from: i64| {
        let mut publication = planned(on, "1.1.0", 0);
        publication.manifest.made_at = NOW.plus_ms(made);
        publication.manifest.valid_from = NOW.plus_ms(from);
        signed(publication, &[1, 2])
    };
    for (made, from) in [(0, -1), (-2 * HOUR, -HOUR), (HOUR, HOUR), (1, 0)] {
        let reason = reason(&timeline, &at(&timeline, made, from));
        assert_eq!(reason, Reason::PolicyMoment, "{made} {from}");
    }
    let first = at(&timeline, 0, 10 * HOUR);
    timeline.take(&first, Brought, NOW).unwrap();
    for from in [HOUR, 10 * HOUR] {
        assert_eq!(reason(&timeline, &at(&timeline, 0, from)), Reason::PolicyMoment, "{from}");
    }
    assert!(timeline.take(&at(&timeline, 0, 10 * HOUR + 1), Brought, NOW).is_ok());
}

/// A node that was away for a month takes everything in its order, however late.
#[test]
fn whoever_was_away_for_a_month_takes_what_was_published_meanwhile() {
    let mut broker = timeline();
    let mut published = Vec::new();
    for (version, hours) in [("1.1.0", 10), ("1.2.0", 20), ("1.3.0", 30)] {
        let next = planned(&broker, version, hours);
        broker.take(&next, Brought, NOW).unwrap();
        published.push(next);
    }
    let mut node = timeline();
    assert_eq!(node.take(&published[2], PassedOn, NOW).unwrap_err().reason, Reason::PolicyGap);
    for publication in &published {
        assert_eq!(node.take(publication, PassedOn, NOW), Ok(Taken::New));
    }
    let month = NOW.plus_ms(30 * 24 * HOUR);
    assert_eq!(node.at(month).bundle(), broker.at(month).bundle());
    assert_eq!(node.next(), broker.next());
}

#[test]
fn rules_with_a_mistake_a_failing_example_or_a_broken_promise_are_named() {
    let timeline = timeline();
    let problems = |files: Files| {
        let draft = drafted(&timeline, files, Entry::Planned, NOW.plus_ms(HOUR));
        let refused = refused(&timeline, &signed(draft, &[1, 2]));
        assert_eq!(refused.reason, Reason::PolicyInvalid);
        refused.problems
    };
    let mut typo = files("1.1.0");
    replace(&mut typo, SCHOOLS, "when.purpose = [\"D16\"]", "when.purpose = [\"D61\"]");
    assert_eq!(problems(typo)[0].fault, Fault::UnknownValue);

    // Tables and examples do not agree.
    let mut told = files("1.1.0");
    let raised = to_tier(files("1.1.0"), "T3", "T2");
    told.insert(SCHOOLS.to_owned(), raised[SCHOOLS].clone());
    assert!(problems(told).iter().any(|one| one.file == "cases/R27.toml"));

    // A secret of a doctor at tier four, without a ground that lifts it.
    let mut open = files("1.1.0");
    change_row(&mut open, "R28.1", "target_kind = [\"sch\"]", "target_kind = [\"sch\", \"ha\"]");
    let found = problems(open);
    assert!(found.iter().any(|one| one.fault == Fault::NoSecrecyGround), "{found:?}");

    let mut endless = files("1.1.0");
    let rule = |n: usize| {
        let titles = "title.nl = \"x\"\ntitle.en = \"x\"";
        let row = "outcome = \"deny\"\nlegal = []\nstatus = \"in_force\"\ntext.nl = \"x\"";
        format!(
            "[[rule]]\nid = \"R{n}\"\n{titles}\n[[rule.row]]\nid = \"R{n}.1\"\n{row}\n\
             text.en = \"x\"\n"
        )
    };
    endless.insert("table/endless.toml".into(), (1_000..6_000).map(rule).collect());
    assert!(problems(endless).iter().any(|one| one.fault == Fault::TooMany), "5,000 rules");
}

#[test]
fn what_is_too_large_unreadable_or_of_a_later_engine_is_not_taken() {
    let timeline = timeline();
    let with = |change: &dyn Fn(&mut Publication)| {
        let mut publication = planned(&timeline, "1.1.0", 10);
        change(&mut publication);
        reason(&timeline, &signed(publication, &[1, 2]))
    };
    let size = usize::try_from(FILE_BYTES_MAX).unwrap() + 1;
    let large = |publication: &mut Publication| {
        publication.files.insert("table/large.toml".into(), "#".repeat(size));
    };
    assert_eq!(with(&large), Reason::TooLarge);
    let crowd = |publication: &mut Publication| {
        let named = |n: usize| (format!("table/{n}.toml"), Digest::of(b""));
        publication.manifest.files.extend((0..=FILES_MAX).map(named));
    };
    assert_eq!(with(&crowd), Reason::TooLarge);
    assert_eq!(with(&|p| p.manifest.version = "1".repeat(size)), Reason::TooLarge);
    assert_eq!(
        with(&|p| p.manifest.engine = "grondslag-policy 9.0.0".into()),
        Reason::PolicyEngine
    );
    assert_eq!(with(&|p| p.manifest.why.nl = "Alles \u{202e}goed".into()), Reason::Malformed);
    assert_eq!(with(&|p| p.manifest.why.en = String::new()), Reason::Malformed);
}

fn emergency(on: &Timeline, files: Files) -> Publication {
    signed(drafted(on, files, Entry::Emergency, NOW), &[1])
}

#[test]
fn one_officer_narrows_at_once_and_questions_on_their_way_meet_both() {
    let mut timeline = timeline();
    let narrow = emergency(&timeline, to_tier(files("1.0.1"), "T3", "T2"));
    assert_eq!(timeline.take(&narrow, Brought, NOW), Ok(Taken::New));
    assert_eq!(timeline.at(NOW).version(), "1.0.1");
    let of = |asked: i64, now: i64| {
        let pack = timeline.of_question(NOW.plus_ms(asked), NOW.plus_ms(now));
        pack.map(|pack| pack.version().to_owned())
    };
    assert_eq!(of(-1, 0).as_deref(), Ok("1.0.1"));
    assert_eq!(of(0, 5).as_deref(), Ok("1.0.1"), "asked under these rules");
    assert_eq!(of(-5, -1).as_deref(), Ok("1.0.0"), "not in force yet");
}

#[test]
fn a_question_of_before_two_changes_is_decided_only_by_what_is_stricter_than_both() {
    let mut wider = timeline();
    let next = drafted(&wider, to_tier(files("1.1.0"), "T3", "T4"), Entry::Planned, NOW);
    wider.take(&signed(next, &[1, 2]), Brought, NOW).unwrap();
    let at_once = |tier: &str| {
        let mut timeline = wider.clone();
        let mut files = to_tier(files("1.1.1"), "T3", tier);
        files.get_mut("pack.toml").unwrap().push_str("# at once\n");
        let mut publication = drafted(&timeline, files, Entry::Emergency, NOW.plus_ms(5));
        publication.manifest.made_at = NOW.plus_ms(5);
        let narrow = signed(publication, &[1]);
        assert_eq!(timeline.take(&narrow, Brought, NOW.plus_ms(5)), Ok(Taken::New), "{tier}");
        let of = |asked: i64| {
            let pack = timeline.of_question(NOW.plus_ms(asked), NOW.plus_ms(9));
            pack.map(|pack| pack.version().to_owned())
        };
        (of(-1), of(1))
    };
    let decided = || Ok("1.1.1".to_owned());
    assert_eq!(at_once("T2"), (decided(), decided()));
    assert_eq!(at_once("T4"), (Err(Reason::PolicyStale), decided()), "wider than at first");
}

#[test]
fn an_emergency_never_widens_nor_changes_anything_else() {
    let mut timeline = timeline();
    let widened = emergency(&timeline, to_tier(files("1.0.1"), "T3", "T4"));
    assert_eq!(reason(&timeline, &widened), Reason::PolicyWidens);
    let mut terms = files("1.0.1");
    terms.get_mut("retention.toml").unwrap().push_str("# shorter\n");
    assert_eq!(reason(&timeline, &emergency(&timeline, terms)), Reason::PolicyWidens);
    let mut catalogue = files("1.0.1");
    catalogue.get_mut("catalogue.toml").unwrap().push_str("# more\n");
    assert_eq!(reason(&timeline, &emergency(&timeline, catalogue)), Reason::PolicyWidens);
    let mut alone = drafted(&timeline, files("1.0.1"), Entry::Emergency, NOW);
    alone.manifest.officers = officers(&[1, 4]);
    assert_eq!(reason(&timeline, &signed(alone, &[1])), Reason::PolicyWidens);
    let unsigned = signed(emergency(&timeline, files("1.0.1")), &[]);
    assert_eq!(reason(&timeline, &unsigned), Reason::OfficersTooFew);

    // What is narrower than the rules in force, and wider than those that two officers planned.
    let next =
        drafted(&timeline, to_tier(files("1.1.0"), "T3", "T1"), Entry::Planned, NOW.plus_ms(HOUR));
    timeline.take(&signed(next, &[1, 2]), Brought, NOW).unwrap();
    let between = emergency(&timeline, to_tier(files("1.0.1"), "T3", "T2"));
    assert_eq!(reason(&timeline, &between), Reason::PolicyWidens);
    let narrowest = emergency(&timeline, to_tier(files("1.0.1"), "T3", "T1"));
    assert_eq!(timeline.take(&narrowest, Brought, NOW), Ok(Taken::New));
    assert_eq!(timeline.at(NOW.plus_ms(2 * HOUR)).version(), "1.0.1");
}

/// Two rows of one text, the first permitting and the second holding, or one under review: what may
/// be given is the same, and what may be named is not, since hold rows are left out there.
#[test]
fn an_emergency_never_lets_more_be_named_nor_changes_a_term() {
    let rows = files("1.0.1")[SCHOOLS].clone();
    let from = rows.find("  [[rule.row]]\n  id = \"R27.1\"").unwrap();
    let until = rows.find("  [[rule.row]]\n  id = \"R27.2\"").unwrap();
    let row = rows[from..until].to_owned();
    let with = |next: &str| {
        let mut files = files("1.0.1");
        replace(&mut files, SCHOOLS, &row, next);
        Pack::from_files(&files).unwrap()
    };
    let narrows = |a: &Pack, b: &Pack| timeline::narrows(a, b, NOW).unwrap();
    let review = with(&row.replace("outcome = \"permit\"", "outcome = \"review\""));
    let hold = row.replace("outcome = \"permit\"", "outcome = \"hold\"").replace("R27.1", "R27.9");
    let hold = hold.replace("  tier_max = \"T3\"\n", "").replace("  deadline = \"5wd\"\n", "");
    let held = with(&format!("{row}{hold}"));
    let given = crate::compare::Comparison::of(&review, &held, NOW).unwrap();
    assert!(given.only_narrows(), "what may be given is the same");
    assert!(narrows(&held, &review) && !narrows(&review, &held));
    let later = with(&row.replace("\"5wd\"", "\"9wd\""));
    assert!(!narrows(&with(&row), &later) && !narrows(&later, &with(&row)));
}

#[test]
fn one_officer_alone_does_not_use_up_what_two_may_decide() {
    let mut timeline = timeline();
    for number in 0..=EMERGENCIES_MAX {
        let at_once = emergency(&timeline, files(&format!("1.0.{}", number + 1)));
        let taken = timeline.take(&at_once, Brought, NOW).map_err(|refused| refused.reason);
        let fits = number < EMERGENCIES_MAX;
        assert_eq!(taken, if fits { Ok(Taken::New) } else { Err(Reason::EmergenciesInARow) });
    }
    let next = signed(planned(&timeline, "1.1.0", 10), &[1, 2]);
    assert_eq!(timeline.take(&next, Brought, NOW), Ok(Taken::New));
    let again = emergency(&timeline, files("1.1.1"));
    assert_eq!(timeline.take(&again, Brought, NOW), Ok(Taken::New), "two decided since");
}

#[test]
fn rules_are_planned_no_longer_ahead_than_a_season_and_leave_two_who_can_sign_the_next() {
    let timeline = timeline();
    let plan = |from: i64| drafted(&timeline, files("1.1.0"), Entry::Planned, NOW.plus_ms(from));
    let at = |from: i64| reason_of(&timeline, plan(from));
    assert_eq!(at(PLANNED_AHEAD_MS_MAX), None);
    assert_eq!(at(PLANNED_AHEAD_MS_MAX + 1), Some(Reason::PolicyMoment));
    let until = |left: i64| {
        let mut short = plan(10);
        let until = NOW.plus_ms(10 + left);
        let of = |seed: u8| Appointment { officer: officer(seed), until };
        short.manifest.officers = Officers::new(vec![of(1), of(2)]);
        reason_of(&timeline, short)
    };
    assert_eq!(until(OFFICERS_LEFT_MS_MIN + 1), None);
    assert_eq!(until(OFFICERS_LEFT_MS_MIN), Some(Reason::OfficersTooFew));
}

fn reason_of(timeline: &Timeline, publication: Publication) -> Option<Reason> {
    let taken = timeline.clone().take(&signed(publication, &[1, 2]), Brought, NOW);
    taken.err().map(|refused| refused.reason)
}

#[test]
fn a_file_that_is_of_no_pack_is_refused_before_anybody_writes_it_to_a_disk() {
    let timeline = timeline();
    for name in ["../x.toml", "/etc/x.toml", "notes.txt", "table/a/b.toml"] {
        let mut files = files("1.1.0");
        files.insert(name.into(), String::new());
        assert_eq!(misplaced(&files), Some(name));
        let publication = drafted(&timeline, files, Entry::Planned, NOW.plus_ms(10));
        assert_eq!(reason_of(&timeline, publication), Some(Reason::Malformed), "{name}");
    }
}

/// Narrower today, and wider from next year on.
#[test]
fn rules_that_open_something_later_do_not_narrow() {
    let timeline = timeline();
    let later = to_tier(files("1.0.1"), "T3", "T2");
    let from = later[SCHOOLS].find("  [[rule.row]]\n  id = \"R27.1\"").unwrap();
    let until = later[SCHOOLS].find("  [[rule.row]]\n  id = \"R27.2\"").unwrap();
    let row = later[SCHOOLS][from..until].to_owned();
    let next = row.replace("R27.1", "R27.9").replace("\"T2\"", "\"T4\"");
    let next = next.replace("in_force\"\n", "in_force\"\n  valid_from = \"2027-01-01\"\n");
    let ends = row.replace("in_force\"\n", "in_force\"\n  valid_until = \"2027-01-01\"\n");
    let with = |next: &str| {
        let mut later = later.clone();
        replace(&mut later, SCHOOLS, &row, &format!("{ends}{next}"));
        let cases = later.get_mut("cases/R27.toml").unwrap();
        cases.push_str("\n[[case]]\nid = \"R27-next-year\"\non = \"2027-02-01T09:00\"\n");
        for fact in [
            "requester_role = \"sch.zorgcoordinator\"",
            "purpose = \"D16\"",
            "category = \"G12\"",
            "target_kind = \"jha\"",
            "secrecy_consent = \"given\"",
        ] {
            cases.extend(["facts.", fact, "\n"]);
        }
        let tier = if next.contains("T4") { "T4" } else { "T3" };
        let told =
            ["expect = { verdict = \"permit\", tier = \"", tier, "\", rows = [\"R27.9\"] }\n"];
        cases.extend(told);
        timeline.clone().take(&emergency(&timeline, later), Brought, NOW)
    };
    assert_eq!(with(&next.replace("\"T4\"", "\"T3\"")), Ok(Taken::New), "as wide as it is now");
    assert_eq!(with(&next).unwrap_err(), Reason::PolicyWidens.into());
}

#[test]
fn an_emergency_is_of_now() {
    let timeline = timeline();
    let at = |made: i64, from: i64, arrival: Arrival| {
        let mut late = emergency(&timeline, to_tier(files("1.0.1"), "T3", "T2"));
        late.manifest.made_at = NOW.plus_ms(made);
        late.manifest.valid_from = NOW.plus_ms(from);
        let taken = timeline.clone().take(&signed(late, &[1]), arrival, NOW);
        taken.map_err(|refused| refused.reason)
    };
    let oldest = -EMERGENCY_AGE_MS_MAX;
    assert_eq!(at(oldest, oldest, Brought), Ok(Taken::New));
    for (made, from) in [(oldest - 1, oldest - 1), (0, 1), (0, -1), (HOUR, HOUR)] {
        assert_eq!(at(made, from, Brought), Err(Reason::PolicyMoment), "{made} {from}");
    }
    assert_eq!(at(oldest - 1, oldest - 1, PassedOn), Ok(Taken::New), "who was away hears of it");
    assert_eq!(
        at(HOUR, HOUR, PassedOn),
        Err(Reason::PolicyMoment),
        "no broker plants one of later"
    );
}

#[test]
fn what_one_officer_brings_waits_for_a_colleague_and_is_refused_at_once_when_it_is_wrong() {
    let timeline = timeline();
    let lacking = |publication: &Publication| {
        timeline.lacking(publication, NOW).map_err(|refused| refused.reason)
    };
    let draft = planned(&timeline, "1.1.0", 10);
    assert_eq!(lacking(&signed(draft.clone(), &[1])), Ok(1));
    assert_eq!(lacking(&signed(draft.clone(), &[1, 1])), Ok(1), "the same officer twice");
    assert_eq!(lacking(&signed(draft.clone(), &[1, 2])), Ok(0));
    assert_eq!(lacking(&signed(draft.clone(), &[])), Err(Reason::OfficersTooFew));
    assert_eq!(lacking(&signed(draft, &[9])), Err(Reason::OfficerUnknown));
    let narrow = emergency(&timeline, to_tier(files("1.0.1"), "T3", "T2"));
    assert_eq!(lacking(&narrow), Ok(0), "one is enough");
    let widened = emergency(&timeline, to_tier(files("1.0.1"), "T3", "T4"));
    assert_eq!(lacking(&widened), Err(Reason::PolicyWidens));
}

#[test]
fn officers_change_only_by_rules_that_two_of_them_signed() {
    let mut timeline = timeline();
    let mut change = planned(&timeline, "1.1.0", 10);
    change.manifest.officers = officers(&[1, 4]);
    assert_eq!(reason(&timeline, &signed(change.clone(), &[1, 4])), Reason::OfficerUnknown);
    for (seeds, expected) in [
        (&[1][..], Reason::OfficersTooFew),
        (&[1, 3], Reason::OfficersTooFew),
        (&[1, 1], Reason::OfficersTwice),
    ] {
        let mut lonely = change.clone();
        lonely.manifest.officers = officers(seeds);
        assert_eq!(reason(&timeline, &signed(lonely, &[1, 2])), expected, "{seeds:?}");
    }
    timeline.take(&signed(change, &[1, 2]), Brought, NOW).unwrap();
    let by = |on: &Timeline, by: &[u8]| signed(planned(on, "1.2.0", 20), by);
    assert_eq!(reason(&timeline, &by(&timeline, &[1, 2])), Reason::OfficerUnknown);
    assert!(timeline.clone().take(&by(&timeline, &[1, 4]), Brought, NOW).is_ok());
}
