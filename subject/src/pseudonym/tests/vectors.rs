//! The vectors of `vectors/blind-v1.json`: everything in the file follows from what is given in it.

use grondslag_core::blind::enrolment::{Batch, digest_of};
use grondslag_core::blind::inbound::made_with;
use grondslag_core::blind::{
    Element, Encrypted, Factors, InboundKey, Link, Pair, Secret, Turned, question,
};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::seal::{self, About, Label, SealSecret};
use serde_json::{Value, json};

use super::super::{Enrolment, OpeningKey, Shuffled, number_point};
use super::support::Listed;
use super::{Place, far_holder, sign, verify_own_key};
use crate::Bsn;

const FILE: &str = include_str!("../../../vectors/blind-v1.json");

#[test]
fn the_vectors_of_the_file_are_what_this_code_gives() {
    let file: Value = serde_json::from_str(FILE).unwrap();
    let expected = expected(&file);
    let shown = serde_json::to_string_pretty(&expected).unwrap();
    assert!(file == expected, "the file should be:\n{shown}");
}

/// The given fields of a file, and all that follows from them.
fn expected(file: &Value) -> Value {
    let region = text(&file["region"]);
    let numbers: Vec<_> = each(&file["numbers"])
        .map(|entry| {
            let number = text(&entry["number"]);
            json!({"number": number, "point": hex::encode(point(region, number).bytes())})
        })
        .collect();
    let chains: Vec<_> = each(&file["chains"]).map(|given| Chain::new(file, given)).collect();
    json!({
        "about": file["about"],
        "region": region,
        "tag": format!("grondslag/bsn/v1/{region}"),
        "epoch": file["epoch"],
        "node": file["node"],
        "index_key": file["index_key"],
        "labels": {
            "own_key": "grondslag/blind/own-key/v1",
            "inbound": "grondslag/blind/inbound/v1",
            "question": "grondslag/blind/question/v1",
            "weight": "grondslag/blind/weight/v1",
            "nonce": "grondslag/blind/nonce/v1",
            "pair": "grondslag/blind/pair/v1",
            "rho": "grondslag/blind/rho/v1",
            "points": "grondslag/blind/points/v1",
            "enrolment": "grondslag/blind/enrolment/v1",
            "hpke": "grondslag/hpke/v1",
            "aad": "grondslag/aad/v1",
        },
        "numbers": numbers,
        "chains": chains.iter().map(Chain::shown).collect::<Vec<_>>(),
        "folded": folded(file, &chains),
        "seals": each(&file["seals"]).map(sealed).collect::<Vec<_>>(),
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn each(value: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(text(value)).unwrap().try_into().unwrap()
}

fn scalar(value: &Value) -> Secret {
    Secret::parse(&bytes::<32>(value)).unwrap()
}

fn point(region: &str, number: &str) -> Element {
    number_point(region, &Bsn::parse(number).unwrap()).unwrap()
}

fn hexed(element: &Element) -> String {
    hex::encode(element.bytes())
}

/// A node and its key holders, from the scalars of the file.
struct Chain<'a> {
    file: &'a Value,
    given: &'a Value,
    node: Oin,
    y: OpeningKey,
    own_key: Vec<u8>,
    factors: Vec<Factors>,
    links: Vec<Link>,
    key: InboundKey,
}

impl<'a> Chain<'a> {
    fn new(file: &'a Value, given: &'a Value) -> Self {
        let node = Oin::parse(text(&file["node"])).unwrap();
        let (region, epoch) = (text(&file["region"]), epoch(file));
        let y = OpeningKey::parse(&bytes::<32>(&given["y"])).unwrap();
        let own_key = y.public(&node, &mut Listed::zeros());
        let own = verify_own_key(&node, &own_key).unwrap();
        let factors: Vec<_> = each(&given["links"])
            .map(|link| Factors::of(scalar(&link["s"]), scalar(&link["k"])))
            .collect();
        let mut shuffled: Vec<Element> = vec![];
        for factors in factors.iter().rev() {
            shuffled.insert(0, factors.shuffled(shuffled.first()).unwrap());
        }
        let (mut links, mut outbound) = (vec![], own);
        for (number, (factors, shuffled)) in factors.iter().zip(shuffled).enumerate() {
            let place = Place { region, epoch, node: &node, number };
            let made = factors.inbound(&place, &outbound, &mut Listed::zeros());
            let (inbound, proof) = made.unwrap();
            let mut link = Link { inbound, proof, shuffled, signature: None };
            if number > 0 {
                let signed = link.signed_bytes(&place, &outbound);
                link.signature = Some(sign(&far_holder(), &signed));
            }
            links.push(link);
            outbound = inbound;
        }
        let far = [far_holder().verifying_key().to_bytes()];
        let beside = &far[..links.len() - 1];
        let key = InboundKey::verify(region, epoch, &node, &own, &links, beside).unwrap();
        Self { file, given, node, y, own_key, factors, links, key }
    }

    fn shown(&self) -> Value {
        let links = each(&self.given["links"]).zip(&self.links).map(|(given, link)| {
            json!({
                "s": given["s"],
                "k": given["k"],
                "X": hexed(&link.inbound),
                "proof": hex::encode(link.proof.bytes()),
                "S": hexed(&link.shuffled),
            })
        });
        let questions = each(&self.given["questions"]).map(|given| self.question(given));
        json!({
            "holders": self.factors.len(),
            "y": self.given["y"],
            "Y": hex::encode(&self.own_key[..32]),
            "own_key": hex::encode(&self.own_key),
            "links": links.collect::<Vec<_>>(),
            "questions": questions.collect::<Vec<_>>(),
            "enrolment": self.enrolment(&self.given["enrolment"]),
        })
    }

    fn question(&self, given: &Value) -> Value {
        let (about, r) = (Digest::new(bytes(&given["question"])), scalar(&given["r"]));
        let child = point(text(&self.file["region"]), text(&given["number"]));
        let encrypted = Encrypted::new(&child, &[&self.key], &mut Listed::of(&[&r])).unwrap();
        let (one, two) = (encrypted.one(), encrypted.two().to_vec());
        let proof = encrypted.prove(&about, &mut Listed::zeros());
        question::verify(&about, &one, &two, &[*self.key.element()], &proof).unwrap();

        let (mut pair, mut steps) = (Pair { one, two: two[0] }, vec![]);
        let holders = self.factors.iter().zip(&self.links).rev();
        for (step, (factors, link)) in each(&given["steps"]).zip(holders) {
            let mut t = Listed::of(&[&scalar(&step["t"])]);
            pair = factors.step(&pair, &link.inbound, &mut t).unwrap();
            steps.push(json!({
                "t": step["t"],
                "d1": hexed(&pair.one),
                "d2": hexed(&pair.two),
            }));
        }
        let pseudonym = self.y.open(&pair);
        json!({
            "number": given["number"],
            "question": given["question"],
            "r": given["r"],
            "c1": hexed(&one),
            "c2": hexed(&two[0]),
            "proof": hex::encode(proof.bytes()),
            "steps": steps,
            "made_with": made_with(&self.links).to_string(),
            "turned_digest": Turned { pair, made_with: made_with(&self.links) }.digest().to_string(),
            "P": hex::encode(pseudonym.expose()),
            "index": hex::encode(pseudonym.index(&bytes(&self.file["index_key"]))),
        })
    }

    fn enrolment(&self, given: &Value) -> Value {
        let enrolment = Enrolment::new(bytes(&given["seed"]));
        let region = text(&self.file["region"]);
        let batch = Batch {
            region,
            epoch: epoch(self.file),
            node: &self.node,
            number: given["batch"].as_u64().unwrap(),
        };
        let numbers: Vec<_> =
            each(&given["positions"]).map(|position| position["number"].as_str()).collect();
        let blind = |(at, number): (u64, Option<&str>)| {
            let child = number.map(|number| point(region, number));
            enrolment.blind(at, child.as_ref()).unwrap()
        };
        let blinded: Vec<_> = (0..).zip(numbers.iter().copied()).map(blind).collect();
        let (mut points, mut farther, mut evaluations) = (blinded.clone(), None, vec![]);
        for (factors, link) in self.factors.iter().zip(&self.links).rev() {
            let evaluated =
                factors.evaluate(&batch, farther.as_ref(), &points, &mut Listed::zeros()).unwrap();
            batch.verify(farther.as_ref(), &link.shuffled, &points, &evaluated).unwrap();
            evaluations.push(json!({
                "digest": digest_of(&evaluated.points).to_string(),
                "proof": hex::encode(evaluated.proof.bytes()),
            }));
            (farther, points) = (Some(link.shuffled), evaluated.points);
        }
        let shuffled = Shuffled::new(&self.links[0].shuffled);
        let positions = (0_u64..).zip(&numbers).zip(&blinded).zip(&points);
        let positions = positions.map(|(((at, number), blinded), evaluated)| {
            let pseudonym = enrolment.unblind(at, evaluated, &shuffled).ok();
            json!({
                "number": number,
                "rho": hex::encode(*enrolment.rho(at).unwrap().expose()),
                "B": hexed(blinded),
                "Z": hexed(evaluated),
                "P": pseudonym.map(|pseudonym| hex::encode(pseudonym.expose())),
            })
        });
        json!({
            "seed": given["seed"],
            "batch": given["batch"],
            "positions": positions.collect::<Vec<_>>(),
            "digest": digest_of(&blinded).to_string(),
            "evaluated": evaluations,
        })
    }
}

fn epoch(file: &Value) -> u32 {
    u32::try_from(file["epoch"].as_u64().unwrap()).unwrap()
}

/// One question to both chains at once.
fn folded(file: &Value, chains: &[Chain<'_>]) -> Value {
    let given = &file["folded"];
    let (about, r) = (Digest::new(bytes(&given["question"])), scalar(&given["r"]));
    let child = point(text(&file["region"]), text(&given["number"]));
    let keys: Vec<_> = chains.iter().map(|chain| &chain.key).collect();
    let encrypted = Encrypted::new(&child, &keys, &mut Listed::of(&[&r])).unwrap();
    let (one, two) = (encrypted.one(), encrypted.two().to_vec());
    let proof = encrypted.prove(&about, &mut Listed::zeros());
    let keys: Vec<_> = keys.iter().map(|key| *key.element()).collect();
    question::verify(&about, &one, &two, &keys, &proof).unwrap();
    json!({
        "number": given["number"],
        "question": given["question"],
        "r": given["r"],
        "c1": hexed(&one),
        "c2": two.iter().map(hexed).collect::<Vec<_>>(),
        "proof": hex::encode(proof.bytes()),
    })
}

fn sealed(given: &Value) -> Value {
    let (from, to) = (Oin::parse("00000099000000001000"), Oin::parse("00000099000000002000"));
    let (from, to) = (from.unwrap(), to.unwrap());
    let about = About {
        label: Label::Answer,
        target_id: TargetId::new([7; TargetId::LEN]),
        from: &from,
        to: &to,
        epoch: 3,
        reply_no: 1,
        part: 1,
        last: true,
        answer_by: Timestamp::from_ms(1_700_000_000_000),
    };
    let secret = SealSecret::parse(&hex::decode(text(&given["secret"])).unwrap()).unwrap();
    let key = secret.public().unwrap();
    let content = hex::decode(text(&given["content"])).unwrap();
    let length = usize::try_from(given["length"].as_u64().unwrap()).unwrap();
    let mut random = Listed::bytes(&hex::decode(text(&given["random"])).unwrap());
    let sealed = seal::seal(&key, &about, &content, length, &mut random).unwrap();
    assert_eq!(seal::open(&secret, &about, &sealed).unwrap(), content);
    json!({
        "suite": given["suite"],
        "secret": given["secret"],
        "random": given["random"],
        "content": given["content"],
        "length": length,
        "label": about.label.word(),
        "target_id": hex::encode(about.target_id.as_bytes()),
        "from": from.as_str(),
        "to": to.as_str(),
        "epoch": about.epoch,
        "reply_no": about.reply_no,
        "part": about.part,
        "last": about.last,
        "answer_by": about.answer_by.ms(),
        "public": hex::encode(key.bytes()),
        "sealed": hex::encode(sealed),
    })
}
