//! Which notices are told in an own view.

use grondslag_core::catalogue::{Purpose, QueryKind};
use grondslag_core::id::TargetId;
use grondslag_policy::notice::{CONSENT, Codes, RIGHTS};

use super::*;
use crate::asks::notice::Carries;
use crate::own_view::asked::questions;

/// Puts a notice of some sort, or a question; the questions and notices to Veilig Thuis that an own
/// view of the child tells afterwards.
async fn told_of(lie: Lie, codes: Option<Codes>) -> usize {
    let Scene { mut agency, clock, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(lie, now, &agency);
    see_heads(&agency);
    let agency = Arc::new(agency);
    let mut put = pursuit(&agency, now);
    if let Some(codes) = codes {
        put.wish.kind = QueryKind::parse(QueryKind::NOTICE).unwrap();
        put.wish.purpose = Purpose::parse(codes.purpose).unwrap();
        put.wish.targets = vec![(oin(VT), vec![Category::parse(codes.category).unwrap()])];
        put.wish.facts.clear();
        let notice = v1::SignedNotice::default();
        put.wish.carries = Some(Carries { notice_id: [1; 16], codes, notice });
        put.header = header(
            &agency,
            Pseudonym::new([4; 16]),
            &put.wish,
            now,
            put.header.times.answer_by,
            &[],
        );
        put.summary.purpose = put.wish.purpose.clone();
    }
    let target = TargetId::derive(&put.summary.id, &oin(VT));
    let (events, mut received) = mpsc::channel(64);
    put.run(events).await;
    while received.recv().await.is_some() {}
    questions(&agency, KNOWN, (&oin(VT), &[target])).await.unwrap().len()
}

/// A sender tries for as long as an agency is away: that would fill the child's log with lines of
/// which nobody learned anything.
#[tokio::test]
async fn a_notice_is_told_once_it_was_taken_and_a_question_in_any_case() {
    for (lie, codes, told) in [
        (Lie::Nothing, Some(CONSENT), 1),
        (Lie::Silence, Some(CONSENT), 0),
        (Lie::Shut, Some(CONSENT), 0),
        (Lie::Nothing, Some(RIGHTS), 0),
        (Lie::Nothing, None, 1),
        (Lie::Silence, None, 1),
    ] {
        assert_eq!(told_of(lie, codes).await, told, "{lie:?} {codes:?}");
    }
}
