//! What the proof of a question is bound to: everything that its asker says to broker and key
//! holders. Whoever has a genuine question and changes anything in it has no question.

use super::*;
use crate::catalogue::{Category, Purpose, QueryKind, Role};
use crate::id::{InquiryId, Pseudonym};
use crate::inquiry::tests::{header, now, part, target};
use crate::inquiry::{Header, Hidden, Inquiry, RawInquiry, Whole};
use crate::tier::{Level, Urgency};

/// A question to two nodes as its asker makes it, and the keys that it is hidden under.
#[derive(Clone)]
struct Put {
    raw: RawInquiry,
    keys: Vec<Element>,
}

impl Put {
    fn new(id: u8, number: u64, keys: &[InboundKey]) -> Self {
        let (id, header) = (InquiryId::new([id; 16]), header());
        let parts = vec![(target(1), part()), (target(2), part())];
        let encrypted =
            Encrypted::new(&child(number), &keys.iter().collect::<Vec<_>>(), &mut rng()).unwrap();
        let (one, two) = (encrypted.one(), encrypted.two().to_vec());
        let whole = Whole::of(&id, 1, &header, &parts, one, &two).signed_bytes();
        let proof = encrypted.prove(&Digest::of(&whole), &mut rng());
        let hidden = Hidden { one, two, proof };
        let raw = RawInquiry { id, attempt: 1, header, parts, hidden, signature: [0; 64] };
        Self { raw, keys: keys.iter().map(|key| *key.element()).collect() }
    }

    /// As broker and key holders verify it.
    fn verified(&self) -> Result<(), BlindError> {
        let inquiry = Inquiry::parse(self.raw.clone(), now()).unwrap();
        let Hidden { one, two, proof } = inquiry.hidden();
        verify(&inquiry.digest(), one, two, &self.keys, proof)
    }
}

fn more(element: &mut Element) {
    *element = Element::new(element.point() + G).unwrap();
}

type Altered = (&'static str, fn(&mut Put, &Put));
type AlteredHeader = (&'static str, fn(&mut Header));

/// The points and the proof. The other question is about the same child under the same keys.
const POINTS: &[Altered] = &[
    ("c1", |it, _| more(&mut it.raw.hidden.one)),
    ("c1 of another", |it, other| it.raw.hidden.one = other.raw.hidden.one),
    ("the first c2", |it, _| more(&mut it.raw.hidden.two[0])),
    ("the second c2", |it, _| more(&mut it.raw.hidden.two[1])),
    ("every c2 alike", |it, _| it.raw.hidden.two.iter_mut().for_each(more)),
    ("every c2 of another", |it, other| it.raw.hidden.two.clone_from(&other.raw.hidden.two)),
    ("the order of c2", |it, _| it.raw.hidden.two.swap(0, 1)),
    ("the proof of another", |it, other| it.raw.hidden.proof = other.raw.hidden.proof),
    ("all that is hidden in another", |it, other| it.raw.hidden = other.raw.hidden.clone()),
    ("the points under the old proof", |it, other| {
        let hidden = other.raw.hidden.clone();
        it.raw.hidden = Hidden { proof: it.raw.hidden.proof, ..hidden };
    }),
];

/// Whom it goes to, and under which keys.
const TARGETS: &[Altered] = &[
    ("a target", |it, _| it.raw.parts[1].0 = target(9)),
    ("the order of the targets", |it, _| it.raw.parts.swap(0, 1)),
    ("the order of the keys", |it, _| it.keys.swap(0, 1)),
    ("the order of targets, points and keys", |it, _| {
        it.raw.parts.swap(0, 1);
        it.raw.hidden.two.swap(0, 1);
        it.keys.swap(0, 1);
    }),
    ("a target less", |it, _| {
        it.raw.parts.pop();
        it.raw.hidden.two.pop();
        it.keys.pop();
    }),
    ("a target more", |it, _| {
        it.raw.parts.push((target(3), part()));
        it.raw.hidden.two.push(it.raw.hidden.two[0]);
        it.keys.push(it.keys[0]);
    }),
    ("a key", |it, _| more(&mut it.keys[0])),
    ("the keys of another epoch", |it, _| {
        it.keys = keys(2).iter().map(|key| *key.element()).collect();
    }),
    ("a category", |it, _| it.raw.parts[0].1.categories = vec![Category::parse("G06").unwrap()]),
    ("a detail", |it, _| it.raw.parts[1].1.detail[0] ^= 1),
    ("the id", |it, other| it.raw.id = other.raw.id),
    ("the attempt", |it, _| it.raw.attempt = 2),
];

/// Who asks, and what for.
const HEADERS: &[AlteredHeader] = &[
    ("asker", |it| it.asker = target(8)),
    ("role", |it| it.role = Role::parse("gi.voogd").unwrap()),
    ("staff", |it| it.staff = Pseudonym::new([2; 16])),
    ("purpose", |it| it.purpose = Purpose::parse("D05").unwrap()),
    ("kind", |it| it.kind = QueryKind::parse("Q01").unwrap()),
    ("grounds", |it| it.grounds.clear()),
    ("urgency", |it| it.urgency = Urgency::Acute),
    ("break glass", |it| it.break_glass = true),
    ("level", |it| it.level = Level::Aggregate),
    ("epoch", |it| it.epoch += 1),
    ("bundle", |it| it.bundle = Digest::new([3; 32])),
    ("asked at", |it| it.times.asked_at = it.times.asked_at.plus_ms(1)),
    ("expires at", |it| it.times.ask_expires_at = it.times.ask_expires_at.plus_ms(1)),
    ("answer by", |it| it.times.answer_by = it.times.answer_by.plus_ms(1)),
];

#[test]
fn a_question_in_which_anything_was_altered_is_refused() {
    let keys = keys(2);
    let (put, other) = (Put::new(1, 1, &keys), Put::new(2, 1, &keys));
    for (what, question) in [("this one", &put), ("the other", &other)] {
        assert_eq!(question.verified(), Ok(()), "the positive control: {what}");
    }
    for (what, alter) in POINTS.iter().chain(TARGETS) {
        let mut altered = put.clone();
        alter(&mut altered, &other);
        assert_eq!(altered.verified(), Err(BlindError::Proof), "{what}");
    }
    for (what, alter) in HEADERS {
        let mut altered = put.clone();
        alter(&mut altered.raw.header);
        assert_eq!(altered.verified(), Err(BlindError::Proof), "{what}");
    }
}

/// With one target there is nothing to compare its pair with: the key counts all the same.
#[test]
fn a_question_to_one_target_under_another_key_is_refused() {
    let asked = ask(&child(1), &keys(1), &question("a"));
    assert_eq!(asked.verify(&question("a")), Ok(()), "the positive control");
    let keys = keys(1).iter().map(|key| *key.element()).collect();
    assert_eq!(Asked { keys, ..asked }.verify(&question("a")), Err(BlindError::Proof));
}
