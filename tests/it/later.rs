//! Reply slots: what comes after the first reply, for the asker, for the broker, and for nobody
//! else.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::FutureExt as _;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::reason::Reason;
use grondslag_proto::reply::refusal;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_response::Event;
use grondslag_tests::federation::between::{Asking, Lies, Told};
use grondslag_tests::federation::desk::Heard;
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};
use prost::Message as _;
use tonic::Status;

use crate::stage::{GEM, GI, HEALTH, NOBODY, NOW, POLICE, SAFETY, SCHOOL, VT, alarms, line, wish};

/// The first slot of a standard question that is asked at ten, and a little later.
const SLOT: &str = "2026-06-24T12:00:05";
/// Longest wait for what a node does by itself.
const WAIT: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);
const ASKER: &str = "triage-1";
/// Whom most questions here go to.
const BOTH: [&str; 2] = [SCHOOL, HEALTH];

/// What a broker makes of later replies, having kept a first one.
type FollowLie = fn(&mut Vec<v1::FollowResponse>, v1::Reply);

async fn region() -> Result<Federation> {
    Setup::of([VT, SCHOOL, HEALTH, GEM]).at(NOW).start().await
}

async fn asked(federation: &Federation, plea: &Plea<'_>) -> Result<(InquiryId, Heard)> {
    let heard = federation.ask(VT, ASKER, wish(federation, plea, &[SCHOOL, HEALTH])?).await?;
    assert_eq!(heard.closed.context("closed")?.replied, 2, "{heard:?}");
    Ok((heard.inquiry.context("it was asked")?, heard))
}

/// What the broker gives an agency that follows an inquiry.
pub(crate) async fn at_broker(
    federation: &Federation,
    agency: &str,
    inquiry: &InquiryId,
    targets: &[&str],
) -> Result<Vec<Event>, Status> {
    let hand = federation.hand(agency).map_err(|error| Status::internal(error.to_string()))?;
    let channel = federation.to_broker(&hand);
    let channel = channel.map_err(|error| Status::internal(error.to_string()))?;
    let mut all = Vec::new();
    for target in targets {
        let target_oin =
            federation.oin(target).map_err(|error| Status::internal(error.to_string()));
        let events = hand.follow(&channel, inquiry, &target_oin?).await?;
        all.extend(events.into_iter().filter_map(|response| response.event));
    }
    Ok(all)
}

/// The later messages: from whom, which number, how many bytes.
pub(crate) fn messages(events: &[Event]) -> Vec<(String, u32, usize)> {
    let replied = events.iter().filter_map(|event| match event {
        Event::Replied(replied) => Some((&replied.target_oin, replied.reply.as_ref()?)),
        Event::Closed(_) | Event::Refusal(_) => None,
    });
    let mut found: Vec<_> =
        replied.map(|(oin, reply)| (oin.clone(), reply.reply_no, reply.encoded_len())).collect();
    found.sort();
    found
}

/// Looks until something is there.
pub(crate) async fn until<T, F>(look: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let found = async {
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(WAIT, found).await.context("it did not come")?
}

async fn slot_filled(
    federation: &Federation,
    inquiry: &InquiryId,
) -> Result<Vec<(String, u32, usize)>> {
    until(|| async {
        let found = messages(&at_broker(federation, VT, inquiry, &BOTH).await?);
        Ok((found.len() == 2).then_some(found))
    })
    .await
}

/// Hit and miss, and whoever is in review or has said everything: one message each in the slot, of
/// the same size.
#[test]
fn everybody_sends_one_message_of_one_size_in_every_slot() -> Result<()> {
    run(async {
        let federation = region().await?;
        let (known, first) = asked(&federation, &SAFETY).await?;
        let content = line(&first, &federation.oin(SCHOOL)?)?;
        assert_eq!(content.outcome, "verstrekt", "the school knows her: {content:?}");
        let (unknown, _) = asked(&federation, &Plea { subject: NOBODY, ..SAFETY }).await?;
        assert_eq!(messages(&at_broker(&federation, VT, &known, &BOTH).await?), [], "no slot yet");

        federation.set_clock(Timestamp::parse(SLOT)?);
        let of_known = slot_filled(&federation, &known).await?;
        let of_unknown = slot_filled(&federation, &unknown).await?;
        assert_eq!(of_known, of_unknown);
        assert!(of_known.iter().all(|(_, number, bytes)| (*number, *bytes) == (2, 4_096)));

        // A second look gives the same: a slot is filled once.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(messages(&at_broker(&federation, VT, &known, &BOTH).await?), of_known);

        let desk = federation.desk(VT, ASKER)?;
        let followed = desk.follow(known.as_bytes()).await?;
        let states: Vec<&str> = followed.lines.iter().map(|line| line.state.as_str()).collect();
        assert_eq!(states, ["pending", "pending"], "a dummy says nothing: {followed:?}");
        Ok(())
    })
}

#[test]
fn another_agency_and_another_person_cannot_follow() -> Result<()> {
    run(async {
        let federation = region().await?;
        let (inquiry, _) = asked(&federation, &SAFETY).await?;
        let unknown = refusal(Reason::UnknownInquiry);
        let stranger = at_broker(&federation, GEM, &inquiry, &[SCHOOL]).await?;
        assert_eq!(stranger, [Event::Refusal(unknown.clone())]);
        let nothing = at_broker(&federation, VT, &InquiryId::new([7; 16]), &[SCHOOL]).await?;
        assert_eq!(nothing, [Event::Refusal(unknown)], "the same as for what is not");
        assert_eq!(at_broker(&federation, VT, &inquiry, &BOTH).await?, [], "the positive control");

        let officer = federation.world().privacy_officer(VT)?.id.clone();
        let colleague = federation.desk(VT, &officer)?;
        let turned = colleague.follow(inquiry.as_bytes()).await.unwrap_err();
        assert_eq!(turned.reason(), Reason::UnknownInquiry);
        federation.desk(VT, ASKER)?.follow(inquiry.as_bytes()).await.context("their own")?;
        Ok(())
    })
}

#[test]
fn whoever_misses_a_slot_is_not_reached() -> Result<()> {
    run(async {
        let federation = region().await?;
        let (inquiry, _) = asked(&federation, &SAFETY).await?;
        federation.kill(HEALTH).await?;
        federation.set_clock(Timestamp::parse(SLOT)?);
        let school = federation.oin(SCHOOL)?;
        until(|| async {
            let found = messages(&at_broker(&federation, VT, &inquiry, &BOTH).await?);
            Ok(found.iter().any(|(oin, ..)| oin == school.as_str()).then_some(()))
        })
        .await?;
        let desk = federation.desk(VT, ASKER)?;
        let early = desk.follow(inquiry.as_bytes()).await?;
        assert!(early.lines.iter().all(|line| line.state == "pending"), "not late yet: {early:?}");

        federation.set_clock(Timestamp::parse("2026-06-24T12:05")?);
        let late = desk.follow(inquiry.as_bytes()).await?;
        let state = |agency: &str| -> Result<(String, String)> {
            let oin = federation.oin(agency)?;
            let line = late.lines.iter().find(|line| line.oin == oin.as_str());
            let line = line.context("a line")?;
            Ok((line.state.clone(), line.reason.clone()))
        };
        assert_eq!(state(HEALTH)?, ("unreachable".to_owned(), "UNREACHABLE".to_owned()));
        assert_eq!(state(SCHOOL)?, ("pending".to_owned(), String::new()));
        Ok(())
    })
}

/// The broker gives a first reply again, as if it were the last word, or a later one twice, or one
/// agency's for another's: nothing of it is shown, and it alarms.
#[test]
fn what_is_no_later_reply_of_this_agency_is_discarded() -> Result<()> {
    run(async {
        let lies: [(&str, FollowLie); 3] = [
            ("the first as a later one", |events, first| {
                let all = events.iter_mut().filter_map(replied);
                all.filter(|one| is_of(one, &first))
                    .for_each(|one| one.reply = Some(first.clone()));
            }),
            ("one agency's for another's", |events, first| {
                let all = events.iter_mut().filter_map(replied);
                all.filter(|one| !is_of(one, &first))
                    .for_each(|one| one.reply = Some(first.clone()));
            }),
            ("the same one twice", |events, _| events.extend(events.clone())),
        ];
        let (told, first) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(None)));
        let liar = lying(told.clone(), first.clone());
        let setup = Setup::of([VT, SCHOOL, HEALTH, GEM]).at(NOW).behind(VT, liar);
        let federation = setup.start().await?;
        let (inquiry, _) = asked(&federation, &SAFETY).await?;
        federation.set_clock(Timestamp::parse(SLOT)?);
        slot_filled(&federation, &inquiry).await?;
        let desk = federation.desk(VT, ASKER)?;
        let honest = desk.follow(inquiry.as_bytes()).await?;
        assert!(honest.lines.iter().all(|line| line.state == "pending"), "the control: {honest:?}");
        assert_eq!(alarms(&federation, VT).await?, [], "the control");
        for (what, lie) in lies {
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(lie);
            let before = alarms(&federation, VT).await?.len();
            let followed = desk.follow(inquiry.as_bytes()).await?;
            let discarded = followed.lines.iter().filter(|line| line.reason == "ANSWER_INVALID");
            assert!(discarded.count() > 0, "{what}: {followed:?}");
            assert!(alarms(&federation, VT).await?.len() > before, "{what}");
        }
        Ok(())
    })
}

/// Keeps the first reply that passes, and tells lies about the later ones.
fn lying(told: Arc<Mutex<Option<FollowLie>>>, first: Arc<Mutex<Option<v1::Reply>>>) -> Lies {
    let seen = first.clone();
    let ask: Told = Arc::new(move |request: v1::AskRequest, asking: Asking| {
        let seen = seen.clone();
        async move {
            let events = asking.ask(request).await?;
            let reply = events.iter().find_map(|event| match event.event.as_ref()? {
                v1::ask_response::Event::Replied(replied) => replied.reply.clone(),
                _ => None,
            });
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = reply;
            Ok(events)
        }
        .boxed()
    });
    let follow = Arc::new(move |events: &mut Vec<v1::FollowResponse>| {
        let lie = *told.lock().unwrap_or_else(PoisonError::into_inner);
        let first = first.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some(lie), Some(first)) = (lie, first) {
            lie(events, first);
        }
    });
    Lies { ask: Some(ask), follow: Some(follow), ..Lies::default() }
}

fn is_of(replied: &v1::TargetReplied, first: &v1::Reply) -> bool {
    replied.reply.as_ref().is_some_and(|reply| reply.target_id == first.target_id)
}

fn replied(response: &mut v1::FollowResponse) -> Option<&mut v1::TargetReplied> {
    match response.event.as_mut()? {
        Event::Replied(replied) => Some(replied),
        Event::Closed(_) | Event::Refusal(_) => None,
    }
}

/// The police must look first before a guardian hears anything (F3.5), and nobody does: at the end
/// of the term the police say so by name, in the last slot.
#[test]
fn a_review_without_an_outcome_lapses_at_the_end_of_the_term() -> Result<()> {
    run(async {
        let plea = Plea {
            role: "gi.jeugdbeschermer",
            purpose: "D09",
            query_kind: "Q02",
            subject: "999940089",
            categories: &["G20"],
            facts: &[("measure", "ots")],
        };
        let federation = Setup::of([GI, POLICE]).at("2026-05-13T09:20").start().await?;
        let staff = "jeugdbeschermer-1";
        let first = federation.ask(GI, staff, wish(&federation, &plea, &[POLICE])?).await?;
        let inquiry = first.inquiry.context("it was asked")?;
        let in_review = line(&first, &federation.oin(POLICE)?)?;
        assert_eq!(in_review.outcome, "in_beoordeling_tot", "{in_review:?}");
        let end = Timestamp::from_ms(in_review.answer_by_ms);
        federation.set_clock(end.plus_ms(5_000));
        let desk = federation.desk(GI, staff)?;
        let lapsed = until(|| async {
            let followed = desk.follow(inquiry.as_bytes()).await?;
            Ok(followed.lines.into_iter().find(|line| line.state == "replied"))
        })
        .await?;
        assert_eq!(lapsed.outcome, "verlopen");
        let lines = lapsed.lines.iter().filter_map(|line| line.line.as_ref());
        let states: Vec<&str> = lines.map(|line| line.state.as_str()).collect();
        assert_eq!(states, ["review"]);
        assert_eq!(
            messages(&at_broker(&federation, GI, &inquiry, &[POLICE]).await?).len(),
            1,
            "the last slot"
        );
        Ok(())
    })
}
