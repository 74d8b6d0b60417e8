//! Whom to ask again: after a birthday, before one, and before a term ends.

use grondslag_core::answer::About;
use grondslag_evidence::store::faulty::Fault;
use grondslag_evidence::store::{Batch, Store as _};
use grondslag_runtime::status::AskAgainState;

use super::*;
use crate::consent::again;
use crate::consent::page::PAGES;
use crate::consent::store::entry_of;
use crate::recorded::Kind;

const DAY_MS: i64 = 24 * 3_600_000;

impl Practice {
    /// The child was born on that day.
    fn born(self, day: &str) -> Self {
        *self.scene.shelf.born.lock().unwrap() = BirthDate::parse(day).unwrap();
        self
    }

    fn at(&self, text: &str) {
        self.scene.clock.set(moment(text));
    }

    async fn ask_again(&self, role: &str, days: u32) -> Result<v1::ListAskAgainResponse, Reason> {
        let request = v1::ListAskAgainRequest { role: role.into(), days };
        Register { agency: &self.scene.agency }.ask_again(&self.doctor, request).await
    }

    /// When, why and at what age of every line.
    async fn again(&self, days: u32) -> Vec<(Timestamp, String, u32)> {
        let listed = self.ask_again("ha.arts", days).await.unwrap();
        assert_eq!(listed.found, u64::try_from(listed.lines.len()).unwrap());
        let of = |line: v1::AskAgain| (Timestamp::from_ms(line.at_ms), line.why, line.age);
        listed.lines.into_iter().map(of).collect()
    }

    async fn say(&self, said: v1::ConsentStatement) -> Vec<u8> {
        self.put(Wire::Statement(said)).await.unwrap().id
    }

    /// Both parents said yes.
    async fn with_yes(self) -> Self {
        for parent in [mother(), father()] {
            self.say(yes(parent)).await;
        }
        self
    }
}

fn birthday(day: &str, age: u32) -> (Timestamp, String, u32) {
    (moment(day), "birthday".into(), age)
}

/// It is 15 September 2026; the child turns twelve on 1 December.
#[tokio::test]
async fn a_birthday_is_seen_before_it_comes_and_after_until_who_has_the_say_said_yes() {
    let practice = Practice::new().await.born("2014-12-01").with_parents().await.with_yes().await;
    assert_eq!(practice.again(30).await, []);
    practice.at("2026-11-05T09:00");
    assert_eq!(practice.again(0).await, [], "nothing ended yet");
    assert_eq!(practice.again(25).await, []);
    let turns = [birthday("2026-12-01", 12)];
    assert_eq!(practice.again(26).await, turns, "at the start of that day");
    practice.at("2027-01-01T09:00");
    let listed = practice.ask_again("ha.arts", 0).await.unwrap();
    let line = &listed.lines[0];
    assert_eq!((listed.lines.len(), &*line.subject, line.ids.len()), (1, KNOWN, 2));
    assert_eq!((&*line.kind, &*line.purpose, &*line.categories[0]), ("secrecy", "D02", "G16"));
    assert_eq!((&line.holder_oins[..], line.to.len()), (&[OWN.to_owned()][..], 3));
    assert_eq!(line.speakers.len(), 2);
    assert!(line.who.contains("the young person and everybody with custody"), "{}", line.who);
    // One of three is not enough; nobody is asked once more when all said yes.
    practice.say(yes(child())).await;
    practice.say(yes(mother())).await;
    assert_eq!(practice.again(0).await, turns);
    practice.say(yes(father())).await;
    assert_eq!(practice.again(0).await, []);
}

/// At sixteen the young person alone has the say: the parents' word is no answer, a no is.
#[tokio::test]
async fn a_no_of_who_has_the_say_is_an_answer_and_a_yes_of_who_has_none_is_not() {
    let practice = Practice::new().await.born("2010-10-01").with_parents().await.with_yes().await;
    practice.say(yes(child())).await;
    practice.at("2026-10-02T09:00");
    let turned = [birthday("2026-10-01", 16)];
    assert_eq!(practice.again(0).await, turned);
    let early = practice.put(Wire::Statement(yes(mother()))).await;
    assert_eq!(early.map(drop), Err(Reason::ConsentCapacity));
    let narrow = v1::ConsentStatement { to_kinds: vec![], ..yes(child()) };
    practice.say(narrow).await;
    assert_eq!(practice.again(0).await, turned, "a part of it");
    practice.say(no(child())).await;
    assert_eq!(practice.again(0).await, []);
}

#[tokio::test]
async fn a_term_is_seen_before_it_ends_and_a_yes_that_follows_on_it_answers() {
    let practice = Practice::new().await.born("2018-11-02").with_parents().await.with_yes().await;
    let ends = practice.now().plus_months(6);
    practice.scene.clock.set(ends.plus_ms(-31 * DAY_MS));
    assert_eq!(practice.again(30).await, []);
    practice.pass(DAY_MS);
    assert_eq!(practice.again(30).await, [(ends, "term".to_owned(), 0)]);
    practice.say(yes(mother())).await;
    assert_eq!(practice.again(30).await.len(), 1, "the father's still ends");
    practice.say(yes(father())).await;
    assert_eq!(practice.again(30).await, []);
    practice.scene.clock.set(ends);
    assert_eq!(practice.again(30).await, [], "what ended by its term is no birthday");
}

#[tokio::test]
async fn what_was_taken_back_ended_otherwise_or_stands_for_another_agency_is_not_asked() {
    for case in ["withdrawn", "withdrawn after", "custody", "other holder", "moved", "old"] {
        let practice = Practice::new().await.born("2014-12-01").with_parents().await;
        let holder_oins = if case == "other holder" { vec![GI.into()] } else { vec![] };
        let said = v1::ConsentStatement { holder_oins, kind: "help".into(), ..yes(mother()) };
        let id = practice.say(said).await;
        match case {
            "withdrawn" => drop(practice.put(taken_back(mother(), &id)).await.unwrap()),
            "custody" => {
                practice.pass(1);
                let act = Wire::Custody(v1::CustodySituation {
                    holders: vec![father()],
                    seen_in: "beschikking".into(),
                    from_ms: practice.now().ms(),
                    until_ms: 0,
                });
                practice.put(act).await.unwrap();
            }
            "moved" => practice.scene.shelf.numbers.lock().unwrap().clear(),
            _ => {}
        }
        practice.at("2026-12-02T09:00");
        match case {
            "withdrawn after" => {
                assert_eq!(practice.again(0).await.len(), 1, "the control");
                practice.put(taken_back(mother(), &id)).await.unwrap();
            }
            "old" => {
                practice.at("2028-11-30T23:59");
                assert_eq!(practice.again(0).await.len(), 1, "a yes of that day could still hold");
                practice.at("2028-12-01");
            }
            _ => {}
        }
        assert_eq!(practice.again(0).await, [], "{case}");
    }
}

/// Who cannot decide at 15 cannot at 16: the law asks the same people, and nothing ended.
#[tokio::test]
async fn a_birthday_that_changes_nobodys_say_ends_nothing() {
    let practice = Practice::new().await.born("2010-10-01").with_parents().await;
    let unable = v1::AbilityJudged {
        weighs: false,
        seen_in: "oordeel kinderarts".into(),
        from_ms: moment("2026-09-01").ms(),
        ..v1::AbilityJudged::default()
    };
    practice.put(Wire::Ability(unable)).await.unwrap();
    practice.say(yes(mother())).await;
    practice.at("2026-10-02T09:00");
    assert_eq!(practice.again(30).await, [], "the father never said yes, and nothing ended");
}

/// Who was born on 29 February is a year older on 1 March where there is none.
#[tokio::test]
async fn a_birthday_that_is_not_every_year_is_the_day_on_which_they_are_so_old() {
    let practice = Practice::new().await.born("2012-02-29");
    practice.at("2027-12-20T09:00");
    let practice = practice.with_parents().await;
    for speaker in [child(), mother(), father()] {
        practice.say(yes(speaker)).await;
    }
    practice.at("2028-02-20T09:00");
    assert_eq!(practice.again(30).await, [birthday("2028-02-29", 16)]);
    let practice = Practice::new().await.born("2012-02-29");
    practice.at("2029-12-20T09:00");
    practice.say(yes(child())).await;
    practice.at("2030-02-20T09:00");
    assert_eq!(practice.again(30).await, [birthday("2030-03-01", 18)]);
}

#[tokio::test]
async fn who_may_not_write_down_sees_nothing_and_that_somebody_looked_is_recorded_first() {
    let practice = Practice::new().await.born("2014-12-01").with_parents().await.with_yes().await;
    practice.at("2026-12-02T09:00");
    for (role, days, reason) in [
        ("ha.fg", 30, Reason::ConsentRole),
        ("gi.jeugdbeschermer", 30, Reason::RoleNotHeld),
        ("", 30, Reason::UnknownRole),
        ("ha.arts", 367, Reason::TooLarge),
        ("ha.arts", u32::MAX, Reason::TooLarge),
    ] {
        assert_eq!(practice.ask_again(role, days).await, Err(reason), "{role} {days}");
    }
    assert!(practice.scene.records(Kind::AskAgainShown).await.is_empty());
    practice.scene.store.fail_commit(1, Fault::Lost);
    assert!(practice.ask_again("ha.arts", 30).await.is_err(), "not shown, for not recorded");
    practice.ask_again("ha.arts", 366).await.unwrap();
    let looked = practice.scene.records(Kind::AskAgainShown).await;
    assert_eq!(looked.len(), 1);
    assert!(!String::from_utf8_lossy(&looked[0]).contains(KNOWN));
}

#[tokio::test]
async fn the_oldest_come_first_and_a_list_has_an_end() {
    let numbers: Vec<String> = many();
    let mut scene = Scene::with(&numbers).await.with_own_card().await;
    scene.agency.own = Arc::clone(&scene.shelf) as _;
    let doctor = scene.caller("dokter", &["ha.arts"]).await;
    let practice = Practice { scene, doctor }.born("2014-12-01");
    for (count, number) in numbers.iter().enumerate() {
        practice.put_as("ha.arts", number, custody(&[mother()])).await.unwrap();
        let until_ms = moment("2026-10-20").plus_ms(-i64::try_from(count).unwrap() * 60_000).ms();
        let said = v1::ConsentStatement { until_ms, ..yes(mother()) };
        practice.put_as("ha.arts", number, Wire::Statement(said)).await.unwrap();
    }
    let listed = practice.ask_again("ha.arts", 60).await.unwrap();
    assert_eq!((listed.lines.len(), listed.found), (200, 203));
    assert!(listed.lines.is_sorted_by_key(|line| line.at_ms));
    assert_eq!(listed.lines[0].subject, numbers[202], "the first that ends");
}

/// Made-up numbers that a demo admits: of those that begin with 9999 the ones that pass.
fn many() -> Vec<String> {
    let all = (999_900_000..999_990_000_u32).map(|number| number.to_string());
    let known = all.filter(|digits| grondslag_subject::Bsn::parse(digits).is_ok());
    known.take(203).collect()
}

/// The operator hears how many, once a day, and of whom never.
#[tokio::test]
async fn the_operator_is_told_how_many_and_no_more() {
    let practice = Practice::new().await.born("2014-12-01").with_parents().await.with_yes().await;
    practice.scene.shelf.record("G16", About::Child, &[]);
    let agency = &practice.scene.agency;
    assert_eq!(again::state(agency).await, Ok(None));
    practice.at("2026-11-20T09:00");
    again::count_daily(agency).await.unwrap();
    let counted = |ended, ahead, at: &str| Ok(Some(AskAgainState { ended, ahead, at: moment(at) }));
    assert_eq!(again::state(agency).await, counted(0, 1, "2026-11-20T09:00"));
    practice.at("2026-11-20T23:00");
    again::count_daily(agency).await.unwrap();
    assert_eq!(again::state(agency).await, counted(0, 1, "2026-11-20T09:00"), "once a day");
    practice.at("2026-12-01T00:00");
    again::count_daily(agency).await.unwrap();
    assert_eq!(again::state(agency).await, counted(1, 0, "2026-12-01T00:00"));
    let row = practice.scene.store.get(b"nca").await.unwrap().unwrap();
    assert!(!String::from_utf8(row).unwrap().contains(KNOWN));
    practice.scene.store.commit(Batch::new().put(b"nca", b"x")).await.unwrap();
    assert_eq!(again::state(agency).await, Err(Reason::StoreCorrupt));
}

/// One pass at a time: who is early is told so, and an act does not wait for the pass.
#[tokio::test]
async fn a_second_pass_is_told_to_come_back() {
    let practice = Practice::new().await;
    let looking = practice.scene.agency.consents.look().unwrap();
    assert_eq!(practice.ask_again("ha.arts", 30).await, Err(Reason::Busy));
    practice.put(custody(&[mother()])).await.unwrap();
    drop(looking);
    assert!(practice.ask_again("ha.arts", 30).await.is_ok());
}

/// What stands of one child cannot be read: the others are listed, and it is said of how many.
#[tokio::test]
async fn a_page_that_cannot_be_read_hides_no_other_child_and_is_told() {
    let numbers: Vec<String> = many().into_iter().take(2).collect();
    let mut scene = Scene::with(&numbers).await.with_own_card().await;
    scene.agency.own = Arc::clone(&scene.shelf) as _;
    let doctor = scene.caller("dokter", &["ha.arts"]).await;
    let practice = Practice { scene, doctor }.born("2014-12-01");
    for number in &numbers {
        practice.put_as("ha.arts", number, custody(&[mother()])).await.unwrap();
        practice.put_as("ha.arts", number, Wire::Statement(yes(mother()))).await.unwrap();
    }
    practice.at("2026-12-02T09:00");
    let entry = entry_of(&practice.scene.agency.secret, &numbers[0]);
    let bad = Batch::new().put([PAGES, &entry].concat(), [0, 0xff]);
    practice.scene.store.commit(bad).await.unwrap();
    let listed = practice.ask_again("ha.arts", 0).await.unwrap();
    assert_eq!((listed.lines.len(), listed.found, listed.unreadable), (1, 1, 1));
    assert_eq!(listed.lines[0].subject, numbers[1]);
}
