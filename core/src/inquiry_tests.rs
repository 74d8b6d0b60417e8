//! Tests of [`super`]: form, bounds, freshness, and what the digests bind.

use super::*;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_ms(1_000_000_000)
}

pub(crate) fn header() -> Header {
    Header {
        asker: Oin::parse("00000099000000001000").unwrap(),
        role: Role::parse("gi.jeugdbeschermer").unwrap(),
        staff: Pseudonym::new([1; 16]),
        purpose: Purpose::parse("D09").unwrap(),
        kind: QueryKind::parse("Q02").unwrap(),
        grounds: vec![Ground::parse("jw-7.3.11-4").unwrap()],
        urgency: Urgency::Standard,
        break_glass: false,
        level: Level::Person,
        epoch: 0,
        bundle: Digest::new([2; 32]),
        times: Times {
            asked_at: now(),
            ask_expires_at: now().plus_ms(60_000),
            answer_by: now().plus_ms(3_600_000),
        },
        approvers: Vec::new(),
    }
}

pub(crate) fn part() -> Part {
    Part {
        categories: vec![Category::parse("G05").unwrap()],
        approvals: Vec::new(),
        detail: vec![7; DETAIL_BYTES],
        signature: [0; 64],
    }
}

pub(crate) fn target(n: u32) -> Oin {
    Oin::parse(&format!("00000099{n:09}000")).unwrap()
}

/// Points and a proof of the right form; nothing here verifies them.
fn hidden(targets: usize) -> Hidden {
    let one = Element::new(curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT).unwrap();
    Hidden { one, two: vec![one; targets], proof: Proof::parse(&[0; Proof::LEN]).unwrap() }
}

fn raw(parts: Vec<(Oin, Part)>) -> RawInquiry {
    let hidden = hidden(parts.len());
    RawInquiry {
        id: InquiryId::new([3; 16]),
        attempt: 1,
        header: header(),
        parts,
        hidden,
        signature: [0; 64],
    }
}

#[test]
fn a_question_has_between_one_and_the_bound_of_targets() {
    assert_eq!(Inquiry::parse(raw(vec![]), now()), Err(Reason::TargetsNone));
    let many = (0..10_000).map(|n| (target(n), part())).collect();
    assert_eq!(Inquiry::parse(raw(many), now()), Err(Reason::TargetsTooMany));
    let full = (0..64).map(|n| (target(n), part())).collect();
    assert!(Inquiry::parse(raw(full), now()).is_ok());
}

#[test]
fn a_target_stands_in_a_question_once() {
    let twice = vec![(target(1), part()), (target(1), part())];
    assert_eq!(Inquiry::parse(raw(twice), now()), Err(Reason::TargetTwice));
}

#[test]
fn a_question_is_fresh_within_the_skew_and_no_longer() {
    let parse = |at: Timestamp| Inquiry::parse(raw(vec![(target(1), part())]), at).map(|_| ());
    assert_eq!(parse(now().plus_ms(-30_000)), Ok(()));
    assert_eq!(parse(now().plus_ms(-30_001)), Err(Reason::QuestionFromFuture));
    assert_eq!(parse(now().plus_ms(90_000)), Ok(()));
    assert_eq!(parse(now().plus_ms(90_001)), Err(Reason::QuestionExpired));
}

#[test]
fn a_question_lives_five_minutes_at_most() {
    let mut question = raw(vec![(target(1), part())]);
    question.header.times.ask_expires_at = now().plus_ms(300_001);
    assert_eq!(Inquiry::parse(question, now()), Err(Reason::TimesInvalid));
    let mut question = raw(vec![(target(1), part())]);
    question.header.times.answer_by = now().plus_ms(1);
    assert_eq!(Inquiry::parse(question, now()), Err(Reason::TimesInvalid));
}

#[test]
fn an_answer_may_be_given_until_the_term_ends() {
    let times = header().times;
    assert_eq!(times.check_answerable(now().plus_ms(3_600_000)), Ok(()));
    assert_eq!(times.check_answerable(now().plus_ms(3_600_001)), Err(Reason::QuestionExpired));
}

#[test]
fn a_part_asks_something_and_its_detail_is_bounded() {
    let mut empty = part();
    empty.categories.clear();
    assert_eq!(empty.check_bounds(), Err(Reason::CategoriesNone));
    let mut large = part();
    large.detail = vec![0; 4_097];
    assert_eq!(large.check_bounds(), Err(Reason::TooLarge));
    let mut short = part();
    short.detail.pop();
    assert_eq!(short.check_bounds(), Err(Reason::SealInvalid), "a length tells something");
}

#[test]
fn the_header_digest_binds_every_visible_field() {
    let base = header().digest(&part().categories, &[]);
    let changes: Vec<fn(&mut Header)> = vec![
        |h| h.asker = Oin::parse("00000099000000002000").unwrap(),
        |h| h.role = Role::parse("vt.onderzoeker").unwrap(),
        |h| h.staff = Pseudonym::new([9; 16]),
        |h| h.purpose = Purpose::parse("D06").unwrap(),
        |h| h.kind = QueryKind::parse("Q01").unwrap(),
        |h| h.grounds.clear(),
        |h| h.urgency = Urgency::Acute,
        |h| h.break_glass = true,
        |h| h.level = Level::Aggregate,
        |h| h.epoch = 1,
        |h| h.bundle = Digest::new([3; 32]),
        |h| h.times.asked_at = h.times.asked_at.plus_ms(1),
        |h| h.times.ask_expires_at = h.times.ask_expires_at.plus_ms(1),
        |h| h.times.answer_by = h.times.answer_by.plus_ms(1),
        |h| {
            h.approvers.push(Approver {
                pseudonym: Pseudonym::new([5; 16]),
                role: Role::parse("gem.doorzetter").unwrap(),
                mandate_until: Timestamp::from_ms(1),
                public_key: [1; 32],
                vouched: [2; 64],
            });
        },
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut changed = header();
        change(&mut changed);
        assert_ne!(changed.digest(&part().categories, &[]), base, "field {index}");
    }
    assert_ne!(header().digest(&[Category::parse("G16").unwrap()], &[]), base);
}

#[test]
fn the_whole_signature_binds_every_detail() {
    let one = Inquiry::parse(raw(vec![(target(1), part())]), now()).unwrap();
    let mut other = part();
    other.detail = vec![8; DETAIL_BYTES];
    let two = Inquiry::parse(raw(vec![(target(1), other)]), now()).unwrap();
    assert_ne!(one.digest(), two.digest());
}

#[test]
fn the_whole_signature_binds_the_hidden_number_of_every_target() {
    let of = |change: fn(&mut Hidden)| {
        let mut question = raw(vec![(target(1), part()), (target(2), part())]);
        change(&mut question.hidden);
        Inquiry::parse(question, now()).map(|question| question.digest())
    };
    let base = of(|_| {}).unwrap();
    assert_ne!(of(|hidden| hidden.one = doubled()).unwrap(), base);
    assert_ne!(of(|hidden| hidden.two[1] = doubled()).unwrap(), base);
    assert_eq!(of(|hidden| hidden.two.truncate(1)), Err(Reason::Malformed));
}

fn doubled() -> Element {
    let point = curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
    Element::new(point + point).unwrap()
}
