//! Lies of a node to its own privacy officer, and an honest one.

use grondslag_core::blind::Element;
use grondslag_proto::epoch::wire_points;
use grondslag_subject::pseudonym::{Enrolment, canary_point, number_point};

use super::*;

const REGION: &str = "drieveen";
const CLIENT: &str = "999940004";
const OTHER: &str = "999940016";
const CANARY: &str = "000000019";

/// A batch with a client, a made-up subject and padding.
fn enrolment() -> Enrolment {
    Enrolment::new([4; 32])
}

fn points() -> Vec<u8> {
    let client = number_point(REGION, &Bsn::parse(CLIENT).unwrap()).unwrap();
    let canary = canary_point(REGION, &Canary::parse(CANARY).unwrap()).unwrap();
    let behind = [Some(client), Some(canary), None, None];
    let points = (0_u64..).zip(&behind);
    let points = points.map(|(position, who)| enrolment().blind(position, who.as_ref()).unwrap());
    wire_points(&points.collect::<Vec<_>>())
}

fn digest() -> Vec<u8> {
    digest_of_wire(&points()).unwrap().as_bytes().to_vec()
}

fn client(number: &str) -> WireShown {
    WireShown::Client(v1::ShownClient {
        subject: number.into(),
        file_number: "D-1".into(),
        registered_ms: 0,
    })
}

fn honest() -> (v1::OpenedBatch, v1::SpotCheckClosed) {
    let padding = || WireShown::Padding(v1::Padding {});
    let shown = [client(CLIENT), WireShown::Canary(CANARY.into()), padding(), padding()];
    let openings = (0_u64..).zip(shown).map(|(position, shown)| v1::Opening {
        position,
        rho: enrolment().rho(position).unwrap().expose().to_vec(),
        shown: Some(shown),
    });
    let batch = v1::OpenedBatch {
        number: 3,
        points: points(),
        noted: digest(),
        openings: openings.collect(),
    };
    let closed = v1::SpotCheckClosed {
        clients: 1,
        canaries: 1,
        padding: 2,
        broker: "agree".into(),
        ..v1::SpotCheckClosed::default()
    };
    (batch, closed)
}

fn plan(count: u32) -> Plan {
    let batch = v1::EnrolledBatch { number: 3, points: 4, digest: digest() };
    Plan::new(REGION.into(), 1, &[batch], [9; 32], count).unwrap()
}

#[test]
fn an_honest_opening_is_sound_and_names_the_dossier() {
    let (batch, closed) = honest();
    let checked = plan(500).check(&[batch], &closed);
    assert!(checked.is_sound(), "{checked:?}");
    assert_eq!((checked.exit(), checked.reason()), (Exit::Done, None));
    assert_eq!(counts(&checked.lines), [1, 1, 2, 0, 0, 0]);
    let files: Vec<_> = checked.lines.iter().filter_map(|line| line.dossier.as_ref()).collect();
    assert_eq!(files, [&("D-1".to_owned(), Timestamp::from_ms(0))]);
}

/// A lie, and what must become of the first position.
type Lie = (&'static str, fn(&mut v1::OpenedBatch), Verdict);

#[test]
fn a_lying_node_is_found_whatever_it_counts_itself() {
    let lies: [Lie; 8] = [
        (
            "another client's dossier",
            |it| it.openings[0].shown = Some(client(OTHER)),
            Verdict::NotOpening,
        ),
        ("no number", |it| it.openings[0].shown = Some(client("12")), Verdict::NotOpening),
        (
            "a client as padding",
            |it| it.openings[0].shown = it.openings[2].shown.clone(),
            Verdict::NotOpening,
        ),
        (
            "a number as a canary",
            |it| it.openings[0].shown = Some(WireShown::Canary(CLIENT.into())),
            Verdict::NotOpening,
        ),
        (
            "another blinding",
            |it| it.openings[0].rho = it.openings[1].rho.clone(),
            Verdict::NotOpening,
        ),
        ("left out", |it| drop(it.openings.remove(0)), Verdict::NotOpening),
        ("no dossier", |it| it.openings[0].shown = None, Verdict::NoDossier),
        (
            "no file number",
            |it| {
                if let Some(WireShown::Client(client)) = &mut it.openings[0].shown {
                    client.file_number.clear();
                }
            },
            Verdict::NoDossier,
        ),
    ];
    for (what, lie, verdict) in lies {
        let (mut batch, closed) = honest();
        lie(&mut batch);
        let checked = plan(4).check(&[batch], &closed);
        assert_eq!(checked.lines[0].verdict, verdict, "{what}");
        assert_eq!(counts(&checked.lines)[1..3], [1, 2], "{what}: the others open");
        assert!(checked.node_counts_otherwise, "{what}: it said all is well");
        assert_eq!(
            (checked.exit(), checked.reason()),
            (Exit::Refused, Some(Reason::SpotCheckFailed))
        );
    }
}

#[test]
fn points_other_than_listed_do_not_open_and_none_may_be_held_back() {
    let (batch, closed) = honest();
    let other = wire_points(&[Element::parse(&points()[..32]).unwrap()]);
    for points in [vec![], other, points()[..96].to_vec()] {
        let batch = v1::OpenedBatch { points, ..batch.clone() };
        let checked = plan(4).check(&[batch], &closed);
        assert_eq!((counts(&checked.lines), checked.altered), ([0, 0, 0, 4, 0, 0], vec![3]));
    }
    let nothing = plan(4).check(&[], &closed);
    assert_eq!(counts(&nothing.lines), [0, 0, 0, 4, 0, 0]);
}

#[test]
fn what_the_broker_noted_is_compared_here_too() {
    let (batch, closed) = honest();
    let other = v1::OpenedBatch { noted: vec![0; 32], ..batch.clone() };
    let checked = plan(4).check(&[other], &closed);
    assert_eq!((checked.broker, checked.differing.as_slice()), (Broker::Differs, &[3][..]));
    assert_eq!(checked.exit(), Exit::Refused);
    let said = |word: &str| v1::SpotCheckClosed { broker: word.into(), ..closed.clone() };
    let broker = |word: &str| plan(4).check(std::slice::from_ref(&batch), &said(word));
    assert_eq!(broker("differ").exit(), Exit::Refused);
    assert_eq!(broker("what").exit(), Exit::Refused);
    assert_eq!(broker("unreached").exit(), Exit::Unreachable);
    assert_eq!(broker("unreached").reason(), Some(Reason::Unreachable));
    assert!(broker("unreached").differing.is_empty());
}

#[test]
fn a_list_that_no_honest_node_gives_is_refused() {
    let batch = |number, points| v1::EnrolledBatch { number, points, digest: vec![1; 32] };
    let plan = |batches: Vec<v1::EnrolledBatch>| Plan::new(REGION.into(), 1, &batches, [9; 32], 60);
    assert!(plan(vec![batch(1, 4), batch(2, 4)]).is_ok());
    for bad in [
        vec![],
        vec![batch(2, 4), batch(1, 4)],
        vec![batch(1, 4), batch(1, 4)],
        vec![batch(1, 4_097)],
        vec![v1::EnrolledBatch { digest: vec![1; 31], ..batch(1, 4) }],
    ] {
        assert_eq!(plan(bad).unwrap_err().reason(), Reason::Malformed);
    }
}
