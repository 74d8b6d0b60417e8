//! A chain of two holders: what goes through both is what was enrolled through both.

use std::sync::Arc;

use grondslag_core::blind::enrolment::Batch;
use grondslag_core::blind::{BlindError, Encrypted, InboundKey, Secret};
use grondslag_core::catalogue::{Category, Purpose, QueryKind, Role};
use grondslag_core::clock::{Clock, SetClock, Timestamp};
use grondslag_core::id::{Digest, InquiryId, Pseudonym};
use grondslag_core::inquiry::{Header, Hidden, Inquiry, Part, RawInquiry, Times, Whole};
use grondslag_core::limits::DETAIL_BYTES;
use grondslag_core::statement::sign;
use grondslag_core::tier::{Level, Urgency};
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::store::{MemoryStore, Store};

use super::*;
use crate::route::tests::{ASKER, SCHOOL, child, holder, key, oin, rng};

const REGION: &str = "drieveen";

struct Two {
    chain: Chain,
    ledgers: [Arc<Ledger>; 2],
    /// The node's key.
    own: Secret,
    clock: Arc<SetClock>,
    _dir: tempfile::TempDir,
}

async fn two() -> Two {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SetClock::at(Timestamp::parse("2026-06-15T10:00").unwrap()));
    let as_clock: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let mut holders: Vec<Arc<dyn KeyHolder>> = Vec::new();
    let mut ledgers = Vec::new();
    for name in ["near", "far"] {
        // Each with a store of its own, as another organisation has.
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let (one, ledger) = holder(dir.path(), name, REGION, &store, &as_clock).await;
        holders.push(Arc::new(one));
        ledgers.push(ledger);
    }
    let (chain, own) = (Chain::new(holders), Secret::random(&mut rng()));
    chain.open_epoch(1).await.unwrap();
    let ledgers = ledgers.try_into().unwrap();
    Two { chain, ledgers, own, clock, _dir: dir }
}

impl Two {
    fn own(&self) -> Element {
        Element::new(self.own.public()).unwrap()
    }

    async fn links(&self) -> Arc<[Link]> {
        self.chain.links(1, &oin(SCHOOL), &self.own()).await.unwrap()
    }

    /// A question about a child; nobody here looks at its signatures, which were verified before.
    async fn question(&self, id: u8, number: u8) -> Inquiry {
        let (links, node) = (self.links().await, oin(SCHOOL));
        let key = self.verified(&links).unwrap();
        let now = self.clock.now();
        let times = Times {
            asked_at: now,
            ask_expires_at: now.plus_ms(60_000),
            answer_by: now.plus_ms(600_000),
        };
        let header = Header {
            asker: oin(ASKER),
            role: Role::parse("gi.jeugdbeschermer").unwrap(),
            staff: Pseudonym::new([4; 16]),
            purpose: Purpose::parse("D09").unwrap(),
            kind: QueryKind::parse("Q02").unwrap(),
            grounds: vec![],
            urgency: Urgency::Standard,
            break_glass: false,
            level: Level::Person,
            epoch: 1,
            bundle: Digest::new([0; 32]),
            times,
            approvers: vec![],
        };
        let part = Part {
            categories: vec![Category::parse("G05").unwrap()],
            approvals: vec![],
            detail: vec![7; DETAIL_BYTES],
            signature: [0; 64],
        };
        let (id, parts) = (InquiryId::new([id; 16]), vec![(node, part)]);
        let hidden = Encrypted::new(&child(number), &[&key], &mut rng()).unwrap();
        let (one, two) = (hidden.one(), hidden.two().to_vec());
        let whole = Whole::of(&id, 1, &header, &parts, one, &two).signed_bytes();
        let proof = hidden.prove(&Digest::of(&whole), &mut rng());
        let hidden = Hidden { one, two, proof };
        let raw = RawInquiry { id, attempt: 1, header, parts, hidden, signature: [0; 64] };
        Inquiry::parse(raw, now).unwrap()
    }

    /// The links as a node verifies them, signed by the far holder as a process of its own does.
    fn verified(&self, links: &[Link]) -> Result<InboundKey, BlindError> {
        let (node, far) = (oin(SCHOOL), key(8));
        let mut links = links.to_vec();
        if let [near, far_link, ..] = links.as_mut_slice() {
            let place = Place { region: REGION, epoch: 1, node: &node, number: 1 };
            let signed = far_link.signed_bytes(&place, &near.inbound);
            far_link.signature = Some(sign(&far, &signed));
        }
        let holders = [far.verifying_key().to_bytes()];
        InboundKey::verify(REGION, 1, &node, &self.own(), &links, &holders)
    }

    async fn step(&self, inquiry: &Inquiry) -> Result<Pair, Reason> {
        let links = self.links().await;
        let sent =
            Sent { node: oin(SCHOOL), links: Arc::clone(&links), two: inquiry.hidden().two[0] };
        let (whole, proof) = (inquiry.whole(), &inquiry.hidden().proof);
        let (signature, links) = (inquiry.signature(), &[links]);
        let asked = Asked { whole: &whole, proof, signature, links };
        Ok(self.chain.step(asked, &[sent]).await?.remove(0))
    }

    /// The pseudonym as the node opens it.
    async fn met(&self, inquiry: &Inquiry) -> Element {
        let pair = self.step(inquiry).await.unwrap();
        Element::new(pair.two.point() - self.own.times(&pair.one)).unwrap()
    }

    fn batch(number: u64, points: Vec<Element>) -> Enrolling {
        let signature = [0; 64];
        Enrolling { epoch: 1, node: oin(SCHOOL), number, farther: None, points, signature }
    }

    /// The pseudonym as the node learns it, with every holder's part verified.
    async fn enrolled(&self, batch: u64, number: u8) -> Element {
        let (links, rho) = (self.links().await, Secret::random(&mut rng()));
        let blinded = Element::new(child(number).point() + rho.public()).unwrap();
        let all = self.chain.evaluate(Self::batch(batch, vec![blinded]), &links).await.unwrap();
        let node = oin(SCHOOL);
        let about = Batch { region: REGION, epoch: 1, node: &node, number: batch };
        let [far, near] = all.as_slice() else { panic!("two holders") };
        about.verify(None, &links[1].shuffled, &[blinded], far).unwrap();
        let farther = Some(&links[1].shuffled);
        about.verify(farther, &links[0].shuffled, &far.points, near).unwrap();
        Element::new(near.points[0].point() - rho.times(&links[0].shuffled)).unwrap()
    }

    async fn sizes(&self) -> [u64; 2] {
        let [near, far] = &self.ledgers;
        [near.size().await.unwrap(), far.size().await.unwrap()]
    }
}

#[tokio::test]
async fn a_question_through_two_holders_is_met_under_what_was_enrolled_through_both() {
    let two = two().await;
    let enrolled = two.enrolled(1, 1).await;
    assert_eq!(two.met(&two.question(1, 1).await).await, enrolled);
    assert_eq!(two.enrolled(2, 1).await, enrolled, "whatever the blinding");
    assert_ne!(two.met(&two.question(2, 2).await).await, enrolled, "another child");
    // Both holders have a record of every step and every batch.
    assert_eq!(two.sizes().await, [4, 4]);
}

#[tokio::test]
async fn no_holder_alone_can_be_left_out() {
    let two = two().await;
    let links = two.links().await;
    assert!(two.verified(&links).is_ok());
    for short in [&links[1..], &links[..1], &[links[1], links[0]]] {
        assert!(two.verified(short).is_err());
    }
}

#[tokio::test]
async fn two_steps_of_one_question_count_once_and_do_not_look_alike() {
    let two = two().await;
    let inquiry = two.question(1, 1).await;
    let (one, other) = (two.step(&inquiry).await.unwrap(), two.step(&inquiry).await.unwrap());
    assert!(one.one != other.one && one.two != other.two);
    assert_eq!(two.sizes().await, [1, 1]);
}

#[tokio::test]
async fn an_epoch_without_factors_is_stale_at_every_holder() {
    let two = two().await;
    let inquiry = two.question(1, 1).await;
    let (links, sent) = (two.links().await, inquiry.hidden().two[0]);
    two.chain.destroy_epoch(1).await.unwrap();
    let sent = Sent { node: oin(SCHOOL), links: Arc::clone(&links), two: sent };
    let (whole, proof) = (inquiry.whole(), &inquiry.hidden().proof);
    let (signature, all) = (inquiry.signature(), &[Arc::clone(&links)]);
    let asked = Asked { whole: &whole, proof, signature, links: all };
    assert_eq!(two.chain.step(asked, &[sent]).await.err(), Some(Reason::EpochStale));
    let batch = two.chain.evaluate(Two::batch(1, vec![child(1)]), &links).await;
    assert_eq!(batch.err(), Some(Reason::EpochStale));
    let linked = two.chain.links(1, &oin(SCHOOL), &two.own()).await;
    assert_eq!(linked.err(), Some(Reason::EpochStale));
}
