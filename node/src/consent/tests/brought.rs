//! What other agencies bring, and what is on its way to them.

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::poll;
use grondslag_core::answer::{About, Outcome};
use grondslag_core::catalogue::{Category, Purpose};
use grondslag_core::id::{ConsentId, Oin};
use grondslag_core::tier::Tier;
use grondslag_policy::consent::Capacity;
use grondslag_subject::Name;

use super::*;
use crate::answers::answering::answer;
use crate::answers::decisions;
use crate::consent::act::{
    Act, Author, ConsentKind, Custody, How, Named, Receiver, Speaker, Statement, TakenBack, Written,
};
use crate::consent::brought::wrap;
use crate::fixture::{Ask, UNKNOWN, key_of, oin, opened};
use crate::notices::outbox::{reached, read, under_way};

fn parent(given: &str, family: &str, born: &str) -> Speaker {
    let name = Name::parse(given, "", family).unwrap();
    Speaker::Person(Named::new(&name, BirthDate::parse(born).unwrap()))
}

fn iris() -> Speaker {
    parent("Iris", "Vos", "1990-04-02")
}

fn wouter() -> Speaker {
    parent("Wouter", "Terpstra", "1988-12-24")
}

/// What the GI wrote down: a parent lets the practice tell it a diagnosis.
fn said(speaker: Speaker, at: Timestamp) -> Statement {
    Statement {
        speaker,
        capacity: Capacity::CustodyHolders,
        kind: ConsentKind::Secrecy,
        yes_until: Some(at.plus_months(6)),
        holders: [oin(OWN)].into(),
        to: [Receiver::Agency(oin(GI))].into(),
        categories: [Category::parse("G16").unwrap()].into(),
        purpose: Some(Purpose::parse("D02").unwrap()),
        plan: None,
        how: How::Spoken,
        said_at: at,
        from: at,
        evidence: None,
        notice: Digest::of(b"text"),
    }
}

fn written(id: u8, at: Timestamp, act: Act) -> Written {
    Written {
        id: ConsentId::new([id; 16]),
        recorded_at: at,
        author: Author::Staff(StaffId::parse("iemand").unwrap()),
        role: Role::parse("gi.jeugdbeschermer").unwrap(),
        act,
    }
}

fn notice(target: u8, receipt: v1::SignedNotice) -> Ask {
    Ask {
        role: "gi.jeugdbeschermer",
        purpose: "D25",
        kind: "Q18",
        facts: vec![],
        notice: Some(receipt),
        ..Ask::guardian(&["G32"]).id(target)
    }
}

fn question(target: u8) -> Ask {
    Ask {
        role: "gi.jeugdbeschermer",
        purpose: "D02",
        facts: vec![],
        ..Ask::guardian(&["G16"]).id(target)
    }
}

fn receipt(written: &Written, digits: &str) -> v1::SignedNotice {
    wrap(written, &oin(GI), digits, &key_of(GI)).unwrap()
}

impl Practice {
    async fn bring(&self, ask: &Ask) -> Outcome {
        let question = self.scene.question(ask);
        let (sealed, _) = answer(&self.scene.agency, question.clone()).await.unwrap();
        opened(&sealed.into_reply(), &question).outcome
    }

    async fn alarm(&self) -> String {
        let decided = decisions(&self.scene.agency, 0, 1_000, None).await.unwrap();
        decided.into_iter().next_back().unwrap().alarm
    }

    async fn leaves(&self) -> u64 {
        self.scene.agency.ledger.size().await.unwrap()
    }

    /// Brings something that is to be refused, and says why it was.
    async fn refused(&self, ask: &Ask) -> String {
        let (leaves, acts) = (self.leaves().await, self.list_quietly().await);
        assert_eq!(self.bring(ask).await, Outcome::Neutraal);
        assert_eq!(self.leaves().await, leaves + 2, "as many as of any notice");
        assert_eq!(self.list_quietly().await, acts, "nothing was written down");
        self.alarm().await
    }

    async fn list_quietly(&self) -> usize {
        use crate::consent::store::ACTS;
        use grondslag_evidence::store::Store as _;
        self.scene.store.scan(ACTS, None, 1_000).await.unwrap().len()
    }
}

async fn practice() -> Practice {
    let practice = Practice::new().await.with_parents().await;
    practice.scene.shelf.record("G16", About::Child, &[(Tier::T3, "Astma.")]);
    practice.pass(1);
    practice
}

#[tokio::test]
async fn what_is_brought_counts_and_its_reply_says_nothing() {
    let practice = practice().await;
    let at = practice.now();
    assert_eq!(practice.bring(&question(1)).await, Outcome::Neutraal);
    for (number, speaker) in [(2, iris()), (3, wouter())] {
        let act = written(number, at, Act::Statement(said(speaker, at)));
        let known = notice(number, receipt(&act, KNOWN));
        assert_eq!(practice.bring(&known).await, Outcome::Neutraal);
        assert_eq!(practice.alarm().await, "");
    }
    let decided = decisions(&practice.scene.agency, 0, 1_000, None).await.unwrap();
    let line = &decided.last().unwrap().lines[0];
    assert_eq!((line.outcome.as_str(), line.shown.as_str()), ("permit", "neutral"));
    assert_eq!(practice.bring(&question(4)).await, Outcome::Verstrekt);
    let acts = practice.list().await;
    assert_eq!(acts.len(), 3);
    assert!(acts[1].state == "dpv:ConsentGiven" && !acts[1].staff_id.is_empty());
    let back = TakenBack { speaker: iris(), of: Some(ConsentId::new([2; 16])), at };
    let back = written(5, at, Act::Withdrawal(back));
    practice.bring(&notice(5, receipt(&back, KNOWN))).await;
    assert_eq!(practice.bring(&question(6)).await, Outcome::Neutraal);
}

#[tokio::test]
async fn a_notice_about_a_child_who_is_not_known_looks_the_same_and_leaves_as_much() {
    let practice = practice().await;
    let at = practice.now();
    let act = written(1, at, Act::Statement(said(iris(), at)));
    let before = practice.leaves().await;
    assert_eq!(practice.bring(&notice(1, receipt(&act, KNOWN))).await, Outcome::Neutraal);
    let between = practice.leaves().await;
    let unknown = notice(2, receipt(&act, UNKNOWN)).about(UNKNOWN);
    assert_eq!(practice.bring(&unknown).await, Outcome::Neutraal);
    assert_eq!(practice.leaves().await - between, between - before);
    assert_eq!(practice.list().await.len(), 2, "custody, and the first one");
}

#[tokio::test]
async fn what_is_forged_altered_of_another_child_or_not_for_us_is_not_written_down() {
    let practice = practice().await;
    let at = practice.now();
    let act = written(9, at, Act::Statement(said(iris(), at)));
    let good = receipt(&act, KNOWN);
    let by_vt = wrap(&act, &oin(VT), KNOWN, &key_of(VT)).unwrap();
    let forged = wrap(&act, &oin(GI), KNOWN, &key_of(VT)).unwrap();
    let mut altered = good.clone();
    let place = altered.content.iter().position(|byte| *byte == b'2').unwrap();
    altered.content[place] = b'3';
    let other_child = receipt(&act, UNKNOWN);
    let of = |change: &dyn Fn(&mut Statement)| {
        let mut statement = said(iris(), at);
        change(&mut statement);
        receipt(&written(9, at, Act::Statement(statement)), KNOWN)
    };
    let not_ours = of(&|said| said.holders = [oin(VT)].into());
    let too_long = of(&|said| said.yes_until = Some(at.plus_calendar(9, 0)));
    let no_consent = of(&|said| said.purpose = Some(Purpose::parse("D09").unwrap()));
    let open = of(&|said| said.categories.clear());
    let custody =
        Custody { holders: [iris()].into(), seen_in: "register".into(), from: at, until: None };
    let custody = receipt(&written(9, at, Act::Custody(custody)), KNOWN);
    let later = practice.now().plus_ms(3_600_000);
    let later = receipt(&written(9, later, Act::Statement(said(iris(), later))), KNOWN);
    let empty = v1::SignedNotice::default();
    let garbage = {
        use grondslag_core::canonical::Canonical;
        let content = b"{}".to_vec();
        let bytes = Canonical::new("grondslag/consent-receipt/v1").bytes(&content).finish();
        let signature = grondslag_core::statement::sign(&key_of(GI), &bytes).to_vec();
        v1::SignedNotice { content, signature }
    };
    for (number, (receipt, reason)) in (1_u8..).zip([
        (by_vt, "STATEMENT_INVALID"),
        (forged, "STATEMENT_INVALID"),
        (altered, "STATEMENT_INVALID"),
        (empty, "STATEMENT_INVALID"),
        (garbage, "MALFORMED"),
        (other_child, "SUBJECT_MISMATCH"),
        (not_ours, "HEADER_MISMATCH"),
        (too_long, "CONSENT_TERM"),
        (no_consent, "CONSENT_PURPOSE"),
        (open, "CONSENT_SCOPE"),
        (custody, "MALFORMED"),
        (later, "QUESTION_FROM_FUTURE"),
    ]) {
        assert_eq!(practice.refused(&notice(number, receipt)).await, reason);
    }
    let without = Ask { notice: None, ..notice(100, good.clone()) };
    assert_eq!(practice.refused(&without).await, "");
    practice.bring(&notice(101, good.clone())).await;
    assert_eq!(practice.list().await.len(), 2, "the control");
    assert_eq!(practice.refused(&notice(102, good)).await, "", "a replay changes nothing");
}

#[tokio::test]
async fn what_has_ended_meanwhile_is_not_written_down_and_is_no_alarm() {
    let practice = practice().await;
    let at = practice.now();
    let short = Statement { yes_until: Some(at.plus_ms(1_000)), ..said(iris(), at) };
    let short = receipt(&written(1, at, Act::Statement(short)), KNOWN);
    practice.pass(1_000);
    assert_eq!(practice.refused(&notice(1, short)).await, "");
}

#[tokio::test]
async fn a_withdrawal_that_comes_first_holds_all_the_same() {
    let practice = practice().await;
    let at = practice.now();
    let back = TakenBack { speaker: iris(), of: Some(ConsentId::new([2; 16])), at: at.plus_ms(9) };
    practice.pass(10);
    let back = written(1, at.plus_ms(9), Act::Withdrawal(back));
    practice.bring(&notice(1, receipt(&back, KNOWN))).await;
    for (number, speaker) in [(2, iris()), (3, wouter())] {
        let act = written(number, at, Act::Statement(said(speaker, at)));
        practice.bring(&notice(number, receipt(&act, KNOWN))).await;
    }
    assert_eq!(practice.bring(&question(4)).await, Outcome::Neutraal);
}

#[tokio::test]
async fn what_names_others_is_on_its_way_until_each_has_replied() {
    let practice = practice().await;
    let store = practice.scene.agency.store.clone();
    let own = v1::ConsentStatement { holder_oins: vec![], ..yes(mother()) };
    practice.put(Wire::Statement(own)).await.unwrap();
    assert!(under_way(store.as_ref()).await.unwrap().is_empty(), "nobody else is named");
    let shared = v1::ConsentStatement {
        holder_oins: vec![OWN.into(), GI.into(), VT.into()],
        ..yes(mother())
    };
    let id = practice.put(Wire::Statement(shared)).await.unwrap().id;
    let number = ConsentId::from_slice(&id).unwrap();
    let to = async || {
        let waiting = read(store.as_ref(), number.as_bytes()).await.unwrap();
        waiting.map(|(_, waiting)| waiting.to).unwrap_or_default()
    };
    let set = |oins: &[&str]| oins.iter().map(|one| oin(one)).collect::<BTreeSet<Oin>>();
    assert_eq!(to().await, set(&[GI, VT]));
    let acts = practice.list().await;
    let shown = acts.iter().find(|act| act.id == id).unwrap();
    assert_eq!(shown.waiting_oins.len(), 2);
    reached(store.as_ref(), number.as_bytes(), &set(&[])).await.unwrap();
    assert_eq!(to().await, set(&[GI, VT]));
    reached(store.as_ref(), number.as_bytes(), &set(&[VT])).await.unwrap();
    assert_eq!(to().await, set(&[GI]));
    reached(store.as_ref(), number.as_bytes(), &set(&[GI])).await.unwrap();
    assert_eq!(to().await, set(&[]));
    assert!(under_way(store.as_ref()).await.unwrap().is_empty());
    practice.pass(1);
    practice.put(taken_back(mother(), &id)).await.unwrap();
    let under_way = under_way(store.as_ref()).await.unwrap();
    assert_eq!(under_way[0].1.to, set(&[GI, VT]), "whoever heard of the yes");
}

#[tokio::test]
async fn taking_back_what_another_agency_brought_goes_to_that_agency_too() {
    let practice = practice().await;
    let at = practice.now();
    let act = written(2, at, Act::Statement(said(iris(), at)));
    practice.bring(&notice(1, receipt(&act, KNOWN))).await;
    practice.pass(1);
    practice.put(taken_back(mother(), &[2; 16])).await.unwrap();
    let under_way = under_way(practice.scene.agency.store.as_ref()).await.unwrap();
    assert_eq!(under_way[0].1.to, [oin(GI)].into());
}

#[tokio::test]
async fn one_agency_cannot_fill_a_childs_register() {
    let practice = practice().await;
    let mut refused = String::new();
    let mut brought = 0;
    for number in 0..70_u8 {
        let at = practice.now();
        let act = written(number, at, Act::Statement(said(iris(), at)));
        practice.bring(&notice(number, receipt(&act, KNOWN))).await;
        refused = practice.alarm().await;
        brought += u32::from(refused.is_empty());
    }
    assert_eq!((brought, refused.as_str()), (32, "CONSENTS_FULL"));
    assert!(practice.put(Wire::Statement(no(mother()))).await.is_ok(), "our own has its place");
}

#[tokio::test]
async fn the_largest_act_fits_a_detail_and_a_larger_one_is_refused() {
    let practice = practice().await;
    let at = practice.now();
    let sized = |plan: usize| {
        let statement = Statement { plan: Some("x".repeat(plan)), ..said(iris(), at) };
        wrap(&written(1, at, Act::Statement(statement)), &oin(GI), KNOWN, &key_of(GI))
    };
    let most = (0..4_096).take_while(|plan| sized(*plan).is_ok()).last().unwrap();
    assert_eq!(sized(most + 1).map(drop), Err(Reason::TooLarge));
    assert_eq!(practice.bring(&notice(1, sized(most).unwrap())).await, Outcome::Neutraal);
    assert_eq!((practice.alarm().await.as_str(), practice.list().await.len()), ("", 2));
}

/// A question that waits for an act is answered on that act, whatever the clock said before.
#[tokio::test]
async fn what_was_written_down_while_a_question_waited_counts() {
    let practice = practice().await;
    let mut last = Vec::new();
    for speaker in [mother(), father()] {
        last = practice.put(Wire::Statement(yes(speaker))).await.unwrap().id;
    }
    let under_way = practice.scene.agency.consents.answer().await;
    let mut withdrawing = pin!(practice.put(taken_back(father(), &last)));
    assert!(poll!(withdrawing.as_mut()).is_pending());
    let asked = question(1);
    let mut asking = pin!(practice.bring(&asked));
    for _ in 0..20 {
        assert!(poll!(asking.as_mut()).is_pending(), "it waits behind the withdrawal");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    practice.pass(60_000);
    drop(under_way);
    withdrawing.await.unwrap();
    assert_eq!(asking.await, Outcome::Neutraal);
}

#[tokio::test]
async fn nobody_takes_the_place_of_anothers_act() {
    let practice = practice().await;
    let at = practice.now();
    for (number, speaker) in [(2, iris()), (3, wouter())] {
        let act = written(number, at, Act::Statement(said(speaker, at)));
        practice.bring(&notice(number, receipt(&act, KNOWN))).await;
    }
    assert_eq!(practice.bring(&question(4)).await, Outcome::Verstrekt);
    // Veilig Thuis brings something of its own under the number of the withdrawal to come.
    let squat = Statement { holders: [oin(OWN)].into(), yes_until: None, ..said(wouter(), at) };
    let squat = Statement { to: [Receiver::Agency(oin(VT))].into(), ..squat };
    let squat = Written {
        role: Role::parse("vt.onderzoeker").unwrap(),
        ..written(9, at, Act::Statement(squat))
    };
    let by_vt = wrap(&squat, &oin(VT), KNOWN, &key_of(VT)).unwrap();
    let from_vt = Ask { asker: VT, role: "vt.onderzoeker", ..notice(5, by_vt) };
    practice.bring(&from_vt).await;
    let of = Some(ConsentId::new([2; 16]));
    let back = written(9, at, Act::Withdrawal(TakenBack { speaker: iris(), of, at }));
    practice.bring(&notice(6, receipt(&back, KNOWN))).await;
    assert_eq!(practice.bring(&question(7)).await, Outcome::Neutraal);
}

#[tokio::test]
async fn times_that_do_not_agree_are_refused_and_a_clock_ahead_closes_at_once() {
    let practice = practice().await;
    let at = practice.now();
    let later = Statement { said_at: at.plus_ms(9), from: at.plus_ms(9), ..said(iris(), at) };
    let later = receipt(&written(1, at, Act::Statement(later)), KNOWN);
    assert_eq!(practice.refused(&notice(1, later)).await, "TIMES_INVALID");
    let of = Some(ConsentId::new([2; 16]));
    let lift = TakenBack { speaker: iris(), of, at: Timestamp::from_ms(i64::MAX) };
    let lift = receipt(&written(1, at, Act::Lift(lift)), KNOWN);
    assert_eq!(practice.refused(&notice(2, lift)).await, "TIMES_INVALID");
    for (number, speaker) in [(2, iris()), (3, wouter())] {
        let act = written(number, at, Act::Statement(said(speaker, at)));
        practice.bring(&notice(number + 10, receipt(&act, KNOWN))).await;
    }
    let ahead = at.plus_ms(20_000);
    let back = TakenBack { speaker: iris(), of, at: ahead };
    let back = written(4, ahead, Act::Withdrawal(back));
    practice.bring(&notice(20, receipt(&back, KNOWN))).await;
    assert_eq!(practice.bring(&question(21)).await, Outcome::Neutraal);
}

/// What closes is taken whatever else it names; without room for it everything is closed.
#[tokio::test]
async fn what_closes_is_never_turned_away() {
    let practice = practice().await;
    let at = practice.now();
    let strange = Oin::parse("00000099000000009000").unwrap();
    let no = Statement {
        yes_until: None,
        holders: [oin(OWN), strange].into(),
        purpose: Some(Purpose::parse("D77").unwrap()),
        ..said(iris(), at)
    };
    practice.bring(&notice(1, receipt(&written(1, at, Act::Statement(no)), KNOWN))).await;
    assert_eq!((practice.alarm().await.as_str(), practice.list().await.len()), ("", 2));
    for speaker in [mother(), father()] {
        practice.put(Wire::Statement(yes(speaker))).await.unwrap();
    }
    assert_eq!(practice.bring(&question(2)).await, Outcome::Verstrekt);
    for number in 3..80 {
        let of = Some(ConsentId::new([number; 16]));
        let back = TakenBack { speaker: iris(), of, at: practice.now() };
        let back = written(number, practice.now(), Act::Withdrawal(back));
        practice.bring(&notice(number, receipt(&back, KNOWN))).await;
        assert_eq!(practice.alarm().await, "", "{number}");
    }
    let acts = practice.list().await;
    assert_eq!(acts.iter().filter(|act| act.act == "closed").count(), 1);
    assert_eq!(practice.bring(&question(100)).await, Outcome::Neutraal);
}

#[tokio::test]
async fn a_yes_that_was_brought_never_overrules_a_no_that_was_said_here() {
    let practice = practice().await;
    practice.put(Wire::Statement(no_to_all(mother()))).await.unwrap();
    let at = practice.now();
    for (number, speaker) in [(2, iris()), (3, wouter())] {
        let act = written(number, at, Act::Statement(said(speaker, at)));
        practice.bring(&notice(number, receipt(&act, KNOWN))).await;
    }
    assert_eq!(practice.bring(&question(4)).await, Outcome::Neutraal);
}
