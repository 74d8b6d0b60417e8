//! What a person decides, and what the asker hears of it.

use grondslag_core::answer::{Line, Outcome};

use super::*;

fn lines(answer: &Answer) -> Vec<(String, &'static str)> {
    let word = |line: &Line| match line {
        Line::Content { .. } => "content",
        Line::NoRecord { .. } => "no_record",
        Line::Refused { .. } => "refused",
        Line::Referred { .. } => "referred",
        Line::Review { .. } => "review",
        Line::Neutral { .. } => "neutral",
    };
    answer.lines.iter().map(|line| (line.category().to_string(), word(line))).collect()
}

#[tokio::test]
async fn what_a_person_gives_is_said_in_the_next_slot_and_once() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let [item] = <[v1::InboxItem; 1]>::try_from(practice.listed(false).await).unwrap();
    assert_eq!((item.state.as_str(), item.stage.as_str()), ("waiting", "professional"));
    assert_eq!(item.categories, ["G05"]);
    assert_eq!(practice.decides(&put, &[give("G05", "T1")]).await, Ok("decided"));
    assert_eq!(practice.said(&put), [], "not before its slot");
    practice.next_slot(&put).await;
    let said = practice.said(&put);
    let [Some(answer)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(answer.outcome, Outcome::Verstrekt);
    let Line::Content { tier, entries, .. } = &answer.lines[0] else { panic!("content") };
    // The person lowered the tier that the rule allows.
    assert_eq!((*tier, entries[0].texts.len()), (Tier::T1, 1));
    practice.next_slot(&put).await;
    practice.next_slot(&put).await;
    practice.next_slot(&put).await;
    practice.turn().await;
    let said = practice.said(&put);
    assert_eq!(said.len(), 4, "one in every slot");
    assert!(said[1..].iter().all(Option::is_none));
    let counts = [Record::Reviewed, Record::Released, Record::Ended];
    for kind in counts {
        assert_eq!(practice.records(kind).await, 1, "{kind:?}");
    }
    for prefix in [REVIEWS, OTHERS, QUESTIONS, b"p/iq/", b"s/o", b"sd/", b"so/"] {
        assert_eq!(rows_under(&practice.scene, prefix).await, 0, "{prefix:?}");
    }
    assert_eq!(practice.shows(&put).await.unwrap_err(), Reason::UnknownReview);
}

#[tokio::test]
async fn a_reviewer_sees_whom_why_and_what_would_be_released_and_a_list_names_nobody() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let shown = practice.shows(&put).await.unwrap();
    assert_eq!(shown.subject, KNOWN);
    assert!(shown.necessity.starts_with("Nodig om"));
    assert_eq!(shown.facts[0].column, "vt_report");
    let line = &shown.lines[0];
    assert_eq!((line.verdict.as_str(), line.tier.as_str()), ("review", "T3"));
    assert!(line.lock_a.contains(&"avg-6-1-e".to_owned()), "{:?}", line.lock_a);
    assert!(line.lock_b.contains(&"wmo-5.2.6".to_owned()), "{:?}", line.lock_b);
    assert!(!line.duty && !line.second && !line.named);
    assert!(line.texts[0].starts_with("After a report"), "{:?}", line.texts);
    assert!(line.notes[0].contains("[U]"), "the open question of the rule");
    let texts: Vec<&str> =
        line.entries.iter().flat_map(|entry| &entry.texts).map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["Een zorgpartij is betrokken.", "Sinds (weggelaten)."]);
    // Exactly that is released.
    practice.decides(&put, &[give("G05", "T3")]).await.unwrap();
    practice.next_slot(&put).await;
    let said = practice.said(&put);
    let Some(Line::Content { entries, .. }) = said[0].as_ref().map(|one| &one.lines[0]) else {
        panic!("content")
    };
    let released: Vec<&str> =
        entries.iter().flat_map(|entry| &entry.texts).map(|(_, text)| text.as_str()).collect();
    assert_eq!(released, texts);
    let listed = format!("{:?}", practice.listed(true).await);
    assert!(!listed.contains(KNOWN), "{listed}");
    assert_eq!(practice.records(Record::ReviewShown).await, 1);
}

#[tokio::test]
async fn a_refusal_of_what_was_named_is_named_and_of_anything_else_may_stay_neutral() {
    let practice = Practice::new().await;
    let named = practice.asked(&Ask::guardian(&["G16"]).id(1)).await;
    let neutral = practice.asked(&Ask::veilig_thuis(&["G05"]).id(2)).await;
    let silent = practice.decides(&named, &[withhold("G16", "bw-7:457", false)]).await;
    assert_eq!(silent, Err(Reason::ReviewNamed));
    practice.decides(&named, &[withhold("G16", "bw-7:457", true)]).await.unwrap();
    practice.decides(&neutral, &[withhold("G05", "bw-7:457", false)]).await.unwrap();
    practice.next_slot(&named).await;
    let said = practice.said(&named);
    let Some(answer) = &said[0] else { panic!("named") };
    assert_eq!(answer.outcome, Outcome::GeweigerdMetGrond);
    let Line::Refused { basis, reason, .. } = &answer.lines[0] else { panic!("refused") };
    assert_eq!(*reason, Reason::WithheldAtReview);
    assert_eq!(basis.grounds[0].as_str(), "bw-7:457");
    assert_eq!(basis.rows[0].as_str(), "R21.1");
    assert_eq!(practice.said(&neutral), [None]);
    // Neither is said to have ended without an outcome.
    for _ in 0..3 {
        practice.next_slot(&named).await;
    }
    assert!(practice.said(&named)[1..].iter().all(Option::is_none));
    assert_eq!(practice.said(&neutral), [None, None, None, None]);
}

#[tokio::test]
async fn a_part_is_given_a_part_refused_and_a_part_referred() {
    let practice = Practice::new().await;
    practice.scene.shelf.record("G18", Whose::Child, &[(Tier::T3, "Middelen.")]);
    let put = practice.asked(&Ask::guardian(&["G05", "G16", "G18", "G19"])).await;
    let shown = practice.shows(&put).await.unwrap();
    let in_review: Vec<&str> = shown.lines.iter().map(|line| line.category.as_str()).collect();
    assert_eq!(in_review, ["G16", "G18", "G19"], "what was given at once is decided already");
    let decided = [give("G16", "T3"), refer("G18", "vt"), withhold("G19", "jw-7.3.11-3", true)];
    practice.decides(&put, &decided).await.unwrap();
    practice.next_slot(&put).await;
    let said = practice.said(&put);
    let Some(answer) = &said[0] else { panic!("said") };
    assert_eq!(answer.outcome, Outcome::DeelsVerstrekt);
    let expected = [("G16", "content"), ("G18", "referred"), ("G19", "refused")];
    assert_eq!(lines(answer), expected.map(|(category, word)| (category.to_owned(), word)));
    let told = released(&practice.scene.agency, &put.question.id).await.unwrap().unwrap();
    let told: Vec<_> = told.iter().map(|one| one.outcome.word()).collect();
    assert_eq!(told, ["given", "refused", "refused"]);
}

#[tokio::test]
async fn a_decision_that_is_none_or_gives_too_much_is_refused() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16", "G19"])).await;
    let none = withhold("G19", "jw-7.3.11-3", true);
    let cases = [
        (vec![give("G16", "T3")], Reason::ReviewLines),
        (vec![], Reason::ReviewLines),
        (vec![give("G16", "T3"), give("G16", "T3")], Reason::ReviewLines),
        (vec![give("G16", "T3"), none.clone(), give("G05", "T1")], Reason::ReviewLines),
        (vec![give("G16", "T0"), none.clone()], Reason::ReviewWord),
        (vec![give("G16", "veel"), none.clone()], Reason::ReviewWord),
        (vec![refer("G16", "vo"), none.clone()], Reason::ReviewWord),
        (vec![give("G16", "T5"), none.clone()], Reason::MoreThanPermitted),
        (vec![withhold("G16", "avg-6-1-e", true), none.clone()], Reason::ReviewGround),
        (vec![withhold("G16", "", true), none.clone()], Reason::ReviewGround),
        (
            vec![v1::JudgedLine { ground: "bw-7:457".into(), ..give("G16", "T3") }, none.clone()],
            Reason::ReviewGround,
        ),
        (vec![refer("G16", "bakker"), none.clone()], Reason::ReviewWord),
        (
            vec![v1::JudgedLine { say: "shrug".into(), ..give("G16", "T3") }, none.clone()],
            Reason::ReviewWord,
        ),
    ];
    for (lines, reason) in cases {
        assert_eq!(practice.decides(&put, &lines).await, Err(reason), "{reason}");
    }
    for (text, reason) in [
        ("kort", Reason::TextTooShort),
        ("Dit kind met nummer 999940004 is hier goed bekend.", Reason::TextNamesPerson),
        ("Volgens Xanthe Quirijn zelf is dit niet nodig hier.", Reason::TextNamesPerson),
    ] {
        let lines = vec![give("G16", "T3"), none.clone()];
        let judgement = v1::Judgement { lines, reason: text.into(), ..v1::Judgement::default() };
        let change = Change::Judgement(judgement);
        assert_eq!(practice.changes(&practice.doctor, &put, change).await, Err(reason));
    }
    assert_eq!(practice.records(Record::Reviewed).await, 0);
    practice.decides(&put, &[give("G16", "T4"), none]).await.expect("the control");
}

#[tokio::test]
async fn who_does_not_review_here_decides_nothing_and_an_officer_sees_the_list_alone() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let id = put.question.id.as_bytes().to_vec();
    let shows = |role: &str| v1::ShowItemRequest { target_id: id.clone(), role: role.into() };
    let (inbox, doctor) = (practice.inbox(), &practice.doctor);
    assert_eq!(inbox.show(doctor, shows("ha.fg")).await.unwrap_err(), Reason::ReviewRole);
    let version = practice.version(&put).await;
    let change = |role: &str| v1::ChangeItemRequest {
        target_id: id.clone(),
        version: version.clone(),
        role: role.into(),
        change: Some(judged(&[give("G05", "T1")])),
    };
    assert_eq!(inbox.change(doctor, change("ha.fg")).await, Err(Reason::ReviewRole));
    assert_eq!(inbox.change(doctor, change("gem.fg")).await, Err(Reason::RoleNotHeld));
    assert_eq!(inbox.change(doctor, change("gem.toegang")).await, Err(Reason::ReviewRole));
    let list = v1::ListItemsRequest { role: "ha.fg".into(), all: false };
    assert_eq!(inbox.list(doctor, &list).await.unwrap().0.len(), 1);
    let unknown = v1::ShowItemRequest { target_id: vec![9; 16], role: DOCTOR.into() };
    assert_eq!(inbox.show(doctor, unknown).await.unwrap_err(), Reason::UnknownReview);
}

/// A colleague's relative: what consent would open is held up, and a second person looks (R42).
#[tokio::test]
async fn what_is_asked_of_somebody_whom_staff_know_needs_a_second_person() {
    let practice = Practice::new().await;
    practice.scene.shelf.fact("secrecy_consent", "given");
    practice.scene.shelf.fact("known_to_staff", "yes");
    let put = practice.asked(&by_consent()).await;
    let shown = practice.shows(&put).await.unwrap();
    assert!(shown.lines[0].second);
    let confirm = Change::Confirmed(true);
    let early = practice.changes(&practice.colleague, &put, confirm.clone()).await;
    assert_eq!(early, Err(Reason::ReviewUndecided));
    assert_eq!(practice.decides(&put, &[give("G16", "T3")]).await, Ok("second"));
    practice.next_slot(&put).await;
    assert_eq!(practice.said(&put), [None], "one is not enough");
    let own = practice.changes(&practice.doctor, &put, confirm.clone()).await;
    assert_eq!(own, Err(Reason::ReviewOwn));
    let second = practice.changes(&practice.colleague, &put, confirm.clone()).await;
    assert_eq!(second, Ok("decided"));
    practice.next_slot(&put).await;
    assert!(practice.said(&put)[1].is_some());
    let judgement = practice.shows(&put).await.unwrap().judgement.unwrap();
    assert_eq!(
        (judgement.staff_id.as_str(), judgement.second_staff_id.as_str()),
        ("arts-1", "arts-2")
    );
    let late = practice.changes(&practice.colleague, &put, confirm).await;
    assert_eq!(late, Err(Reason::ReviewUndecided));
}

#[tokio::test]
async fn two_colleagues_who_decide_at_once_do_not_both_decide() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let one = practice.changes(&practice.doctor, &put, judged(&[give("G05", "T1")]));
    let other =
        practice.changes(&practice.colleague, &put, judged(&[withhold("G05", "bw-7:457", false)]));
    let both = tokio::join!(one, other);
    let refused = match both {
        (Ok("decided"), Err(reason)) | (Err(reason), Ok("decided")) => reason,
        both => panic!("{both:?}"),
    };
    assert_eq!(refused, Reason::ReviewChanged);
    assert_eq!(practice.records(Record::Reviewed).await, 1);
    // Who has seen that decision may take another, until it was said.
    assert_eq!(practice.decides(&put, &[give("G05", "T2")]).await, Ok("decided"));
    practice.next_slot(&put).await;
    let said = practice.said(&put);
    let Some(Line::Content { tier, .. }) = said[0].as_ref().map(|one| &one.lines[0]) else {
        panic!("content")
    };
    assert_eq!(*tier, Tier::T2);
    let late = practice.decides(&put, &[give("G05", "T1")]).await;
    assert_eq!(late, Err(Reason::ReviewDecided));
}

#[tokio::test]
async fn an_item_becomes_somebodys_and_nobodys() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let assign = |staff: &str| Change::Assigned(staff.to_owned());
    practice.changes(&practice.doctor, &put, assign("arts-2")).await.unwrap();
    assert_eq!(practice.listed(false).await[0].assigned, "arts-2");
    let unknown = practice.changes(&practice.doctor, &put, assign("niemand")).await;
    assert_eq!(unknown, Err(Reason::StaffUnknown));
    practice.changes(&practice.doctor, &put, assign("")).await.unwrap();
    assert_eq!(practice.listed(false).await[0].assigned, "");
    assert_eq!(practice.records(Record::ReviewChanged).await, 2);
}

/// Who is away has a substitute, who may have one too; back, it is theirs again.
#[tokio::test]
async fn what_is_of_who_is_away_is_shown_as_their_substitutes() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let assign = Change::Assigned("arts-1".to_owned());
    practice.changes(&practice.colleague, &put, assign).await.unwrap();
    let third = practice.scene.caller("arts-3", &[DOCTOR]).await;
    let now = practice.scene.clock.now();
    let away = async |who: &Caller, ms: i64, substitute: &str| {
        let until_ms = if ms == 0 { 0 } else { now.plus_ms(ms).ms() };
        let (role, substitute) = (DOCTOR.to_owned(), substitute.to_owned());
        let request = v1::SetAwayRequest { role, until_ms, substitute };
        practice.inbox().set_away(who, request).await
    };
    let shown = async || {
        let item = practice.listed(false).await.remove(0);
        (item.assigned, item.substitute)
    };
    let of = |substitute: &str| ("arts-1".to_owned(), substitute.to_owned());
    let hour = 3_600_000;
    for (ms, substitute, reason) in [
        (-hour, "arts-2", Reason::AwayUntil),
        (400 * 24 * hour, "arts-2", Reason::AwayUntil),
        (hour, "arts-1", Reason::StaffUnknown),
        (hour, "niemand", Reason::StaffUnknown),
        (hour, "", Reason::StaffUnknown),
    ] {
        assert_eq!(away(&practice.doctor, ms, substitute).await, Err(reason), "{substitute}");
    }
    assert_eq!(shown().await, of(""));
    away(&practice.doctor, 2 * hour, "arts-2").await.unwrap();
    assert_eq!(shown().await, of("arts-2"));
    away(&practice.colleague, hour, "arts-3").await.unwrap();
    assert_eq!(shown().await, of("arts-3"), "whose substitute is away too");
    away(&third, hour, "arts-1").await.unwrap();
    assert_eq!(shown().await, of(""), "when all are away nobody is named");
    away(&third, 0, "").await.unwrap();
    assert_eq!(shown().await, of("arts-3"));
    practice.scene.clock.set(now.plus_ms(hour));
    assert_eq!(shown().await, of("arts-2"), "the colleague is back by the clock");
    away(&practice.doctor, 0, "").await.unwrap();
    assert_eq!(shown().await, of(""));
    assert_eq!(practice.records(Record::Away).await, 5);
    assert_eq!(away::tidy(&practice.scene.agency).await, Ok(0));
    assert_eq!(rows_under(&practice.scene, b"ia/").await, 0);
}

/// What a person saw is what they decide on and what they confirm.
#[tokio::test]
async fn a_decision_on_something_that_changed_since_it_was_shown_is_refused() {
    let practice = Practice::new().await;
    practice.scene.shelf.fact("secrecy_consent", "given");
    practice.scene.shelf.fact("known_to_staff", "yes");
    let put = practice.asked(&by_consent()).await;
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    let shown = practice.shows(&put).await.unwrap().version;
    // The colleague looked; the doctor decides otherwise before they confirm.
    practice.decides(&put, &[give("G16", "T4")]).await.unwrap_err();
    practice.decides(&put, &[give("G16", "T2")]).await.unwrap();
    let (target_id, role) = (put.question.id.as_bytes().to_vec(), DOCTOR.into());
    let change = Some(Change::Confirmed(true));
    let request = v1::ChangeItemRequest { target_id, role, change, version: shown };
    let confirmed = practice.inbox().change(&practice.colleague, request).await;
    assert_eq!(confirmed, Err(Reason::ReviewChanged));
}
