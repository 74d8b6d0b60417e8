//! What the register does to answers.

use std::pin::pin;

use futures_util::poll;
use grondslag_core::answer::{About, Outcome};
use grondslag_core::tier::Tier;

use super::*;
use crate::answers::answering::{Stop, answer};
use crate::answers::decisions;
use crate::fixture::{Ask, UNKNOWN, opened};

/// A GI without a measure asks a diagnosis for joint treatment: R22, which rests on consent.
fn ask(target: u8) -> Ask {
    Ask {
        role: "gi.jeugdbeschermer",
        purpose: "D02",
        facts: vec![],
        ..Ask::guardian(&["G16"]).id(target)
    }
}

impl Practice {
    async fn outcome(&self, ask: &Ask) -> Outcome {
        let question = self.scene.question(ask);
        let (sealed, _held) = answer(&self.scene.agency, question.clone()).await.unwrap();
        opened(&sealed.into_reply(), &question).outcome
    }

    fn with_diagnosis(self) -> Self {
        self.scene.shelf.record("G16", About::Child, &[(Tier::T3, "Astma.")]);
        self
    }

    async fn last_facts(&self) -> Vec<(String, String)> {
        let decided = decisions(&self.scene.agency, 0, 100, None).await.unwrap();
        let facts = decided.into_iter().next_back().unwrap().facts;
        facts.into_iter().map(|fact| (fact.column, fact.value)).collect()
    }

    async fn secrecy_consent(&self, target: u8) -> String {
        self.outcome(&ask(target)).await;
        // One set of facts is of the category, one of whether anything may be named: `none`.
        let mut facts = self.last_facts().await;
        facts.retain(|(column, _)| column == "secrecy_consent");
        let said = facts.into_iter().map(|(_, value)| value).find(|value| value != "none");
        said.unwrap_or_else(|| "none".to_owned())
    }
}

#[tokio::test]
async fn content_is_given_once_both_parents_said_yes_and_not_after_one_took_it_back() {
    let practice = Practice::new().await.with_parents().await.with_diagnosis();
    assert_eq!(practice.outcome(&ask(1)).await, Outcome::Neutraal);
    let one = practice.put(Wire::Statement(yes(mother()))).await.unwrap();
    assert_eq!(one.standing[0].consent, "partial");
    assert_eq!(practice.outcome(&ask(2)).await, Outcome::Neutraal);
    let both = practice.put(Wire::Statement(yes(father()))).await.unwrap();
    assert_eq!(both.standing[0].consent, "given");
    assert_eq!(practice.outcome(&ask(3)).await, Outcome::Verstrekt);
    practice.put(taken_back(mother(), &one.id)).await.unwrap();
    assert_eq!(practice.outcome(&ask(4)).await, Outcome::Neutraal);
    assert_eq!(practice.secrecy_consent(5).await, "withdrawn");
}

#[tokio::test]
async fn a_consent_speaks_of_what_it_names_and_of_nobody_else() {
    let practice = Practice::new().await.with_parents().await.with_diagnosis();
    for speaker in [mother(), father()] {
        let narrow = v1::ConsentStatement { to_oins: vec![VT.into()], ..yes(speaker) };
        practice.put(Wire::Statement(narrow)).await.unwrap();
    }
    assert_eq!(practice.secrecy_consent(1).await, "none");
    let other_purpose = Ask { purpose: "D03", ..ask(2) };
    assert_eq!(practice.outcome(&other_purpose).await, Outcome::Neutraal);
}

/// On two birthdays: at 12 the child must say yes too, at 16 alone; and all are asked again.
#[tokio::test]
async fn a_birthday_ends_by_itself_what_it_ends() {
    let practice = Practice::new().await.aged(11).with_parents().await.with_diagnosis();
    for speaker in [mother(), father()] {
        let long = practice.now().plus_months(20).ms();
        let said = v1::ConsentStatement { until_ms: long, ..yes(speaker) };
        practice.put(Wire::Statement(said)).await.unwrap();
    }
    assert_eq!(practice.outcome(&ask(1)).await, Outcome::Verstrekt);
    // Their birthday is today.
    practice.pass(86_400_000);
    let practice = practice.aged(12);
    assert_eq!(practice.secrecy_consent(2).await, "expired");
    for speaker in [mother(), father(), child()] {
        practice.put(Wire::Statement(yes(speaker))).await.unwrap();
    }
    assert_eq!(practice.outcome(&ask(3)).await, Outcome::Verstrekt);
    practice.pass(86_400_000);
    let practice = practice.aged(16);
    assert_eq!(practice.secrecy_consent(4).await, "expired", "what was said at 12 has ended");
    let states: Vec<String> = practice.list().await.into_iter().map(|one| one.state).collect();
    let ended = states.iter().filter(|state| *state == "dpv:ConsentInvalidated").count();
    assert_eq!(ended, 5, "{states:?}");
    practice.put(Wire::Statement(yes(child()))).await.unwrap();
    assert_eq!(practice.outcome(&ask(5)).await, Outcome::Verstrekt);
}

#[tokio::test]
async fn a_duty_does_not_ask_for_consent() {
    let practice = Practice::new().await.with_parents().await;
    practice.scene.shelf.record("G05", About::Child, &[(Tier::T1, "Een zorgpartij.")]);
    practice.put(Wire::Statement(no_to_all(mother()))).await.unwrap();
    assert_eq!(practice.outcome(&Ask::guardian(&["G05"])).await, Outcome::Verstrekt);
}

#[tokio::test]
async fn a_measure_that_is_written_down_is_verified_and_ends_by_itself() {
    let practice = Practice::new().await;
    practice.scene.shelf.record("G05", About::Child, &[(Tier::T1, "Een zorgpartij.")]);
    let unstated = |target| Ask { facts: vec![], ..Ask::guardian(&["G05"]).id(target) };
    assert_eq!(practice.outcome(&unstated(1)).await, Outcome::Neutraal);
    practice
        .put(Wire::Measure(v1::CourtMeasure {
            value: "ots".into(),
            court_reference: "C/19/2026/101".into(),
            from_ms: moment("2026-05-12").ms(),
            until_ms: practice.now().plus_ms(1_000).ms(),
        }))
        .await
        .unwrap();
    assert_eq!(practice.outcome(&unstated(2)).await, Outcome::Verstrekt);
    practice.pass(1_000);
    assert_eq!(practice.outcome(&unstated(3)).await, Outcome::Neutraal);
}

/// The agency's own register says given, this one says otherwise: the strictest counts, and a
/// person looks.
#[tokio::test]
async fn two_registers_that_differ_count_as_the_strictest() {
    let practice = Practice::new().await.with_parents().await.with_diagnosis();
    practice.scene.shelf.fact("secrecy_consent", "given");
    assert_eq!(practice.outcome(&ask(1)).await, Outcome::Verstrekt);
    practice.put(Wire::Statement(no(mother()))).await.unwrap();
    // By name: the agency's own register lets this asker know that the child is known here.
    assert_eq!(practice.outcome(&ask(2)).await, Outcome::GeweigerdMetGrond);
    let facts = practice.last_facts().await;
    assert!(facts.contains(&("secrecy_consent".into(), "withdrawn".into())), "{facts:?}");
}

/// Both parents' yes for their child's diagnosis opens nothing that is about a parent.
#[tokio::test]
async fn a_yes_for_a_child_opens_no_parents_file() {
    let practice = Practice::new().await.with_parents().await.with_diagnosis();
    for speaker in [mother(), father()] {
        practice.put(Wire::Statement(yes(speaker))).await.unwrap();
    }
    assert_eq!(practice.secrecy_consent(1).await, "given");
    practice.scene.shelf.record("G16", About::Parent, &[(Tier::T3, "Depressie.")]);
    assert_eq!(practice.secrecy_consent(2).await, "none");
    practice.put(Wire::Statement(no(mother()))).await.unwrap();
    assert_eq!(practice.secrecy_consent(3).await, "refused", "a no speaks of every file");
}

#[tokio::test]
async fn an_answer_of_before_a_withdrawal_leaves_before_it_is_acknowledged() {
    let practice = Practice::new().await.with_parents().await.with_diagnosis();
    let mut last = Vec::new();
    for speaker in [mother(), father()] {
        last = practice.put(Wire::Statement(yes(speaker))).await.unwrap().id;
    }
    let question = practice.scene.question(&ask(1));
    let (sealed, held) = answer(&practice.scene.agency, question.clone()).await.unwrap();
    let mut withdrawing = pin!(practice.put(taken_back(father(), &last)));
    assert!(poll!(withdrawing.as_mut()).is_pending(), "it waits for the answer under way");
    assert_eq!(opened(&sealed.into_reply(), &question).outcome, Outcome::Verstrekt);
    drop(held);
    withdrawing.await.unwrap();
    assert_eq!(practice.outcome(&ask(2)).await, Outcome::Neutraal);
}

/// A kept reply may never have left: it is not given after a withdrawal, known child or not.
#[tokio::test]
async fn a_kept_reply_is_not_given_again_after_any_act() {
    let practice = Practice::new().await.with_parents().await.with_diagnosis();
    for (target, subject) in [(1, KNOWN), (2, UNKNOWN)] {
        let question = practice.scene.question(&ask(target).about(subject));
        let first = answer(&practice.scene.agency, question.clone()).await.unwrap().0;
        let again = answer(&practice.scene.agency, question.clone()).await.unwrap().0;
        assert_eq!(first, again);
        practice.put(Wire::Statement(no(mother()))).await.unwrap();
        let after = answer(&practice.scene.agency, question).await.map(drop);
        assert_eq!(after, Err(Stop::Refused(Reason::ConsentChanged)), "{subject}");
    }
}

/// A yes of before a birthday does not begin to count after it.
#[tokio::test]
async fn a_later_start_does_not_carry_a_yes_over_a_birthday() {
    let practice = Practice::new().await.aged(15).with_parents().await.with_diagnosis();
    let tomorrow = practice.now().plus_ms(86_400_000).ms();
    let said = v1::ConsentStatement { from_ms: tomorrow, ..yes(child()) };
    practice.put(Wire::Statement(said)).await.unwrap();
    practice.pass(86_400_000);
    let practice = practice.aged(16);
    assert_eq!(practice.secrecy_consent(1).await, "expired");
    practice.put(Wire::Statement(yes(child()))).await.unwrap();
    assert_eq!(practice.outcome(&ask(2)).await, Outcome::Verstrekt, "the control");
}

#[tokio::test]
async fn who_says_no_sees_which_yes_still_stands() {
    let practice = Practice::new().await.with_parents().await.with_diagnosis();
    for speaker in [mother(), father()] {
        practice.put(Wire::Statement(yes(speaker))).await.unwrap();
    }
    let broad = v1::ConsentStatement {
        to_oins: vec![],
        to_kinds: vec![],
        categories: vec![],
        purpose: String::new(),
        ..no(mother())
    };
    let told = practice.put(Wire::Statement(broad)).await.unwrap();
    let words: Vec<&str> = told.standing.iter().map(|line| line.consent.as_str()).collect();
    assert_eq!(words, ["given"; 3], "what names more stands, and is shown");
    practice.put(taken_back(mother(), &[])).await.unwrap();
    assert_eq!(practice.outcome(&ask(1)).await, Outcome::Neutraal);
}
