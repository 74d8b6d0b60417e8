//! What a key holder elsewhere does for an honest broker, and refuses to any other. The broker of
//! these tests has every secret of its own and the node's: it lies as well as it can.

mod lifecycle;

use std::sync::Arc;

use grondslag_certs::tls::{Region, Reloading, TlsFiles};
use grondslag_core::blind::enrolment::{self, Batch};
use grondslag_core::blind::inbound::Place;
use grondslag_core::blind::{Element, Encrypted, Factors, InboundKey, Link, Proof, Secret};
use grondslag_core::id::{Digest, InquiryId};
use grondslag_core::inquiry::{Inquiry, Whole};
use grondslag_core::limits::{ASK_LIFE_MS_MAX, CLOCK_SKEW_MS_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::statement::sign;
use grondslag_evidence::store::parts::put_body;
use grondslag_evidence::store::{self, MemoryStore, Store};
use grondslag_proto::epoch::wire_points;
use grondslag_proto::holder::{StepQuestion, wire_nearer, wire_step};
use grondslag_proto::v1;

use super::*;
use crate::directory::operator::Admits;
use crate::limits::{COUNT_KEPT_MS, ENROLMENT_KEPT_MS};
use crate::route::tests::{
    ASKER, BROKER, EPOCH, SCHOOL, Scene, child, hidden_under, holder, key, oin, question, rng,
    scene,
};
use crate::sweep::sweep_all;

/// The holder's organisation.
const FAR: &str = "00000099000000008000";

/// A broker that holds its own factors openly, and the holder beside it.
struct Stand {
    scene: Scene,
    far: Holder,
    near: Factors,
}

async fn stand() -> Stand {
    let scene = scene(&[]).await;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let (dir, clock) = (scene.dir.path(), Arc::clone(&scene.broker.clock));
    let (local, ledger) = holder(dir, "far", &scene.broker.region, &store, &clock).await;
    let operator = dir.join("far-operator");
    std::fs::create_dir(&operator).unwrap();
    let region = Reloading::<Region>::open(TlsFiles::in_folder(&dir.join(BROKER))).unwrap();
    let directory = Directory::open(
        Arc::new(region),
        Arc::clone(&clock),
        Arc::clone(&store),
        Arc::clone(&ledger),
        (operator, Admits::Certified),
    );
    let far = Holder {
        oin: oin(FAR),
        sign_key: key(8),
        own: OnceLock::new(),
        region: scene.broker.region.clone(),
        clock,
        store,
        ledger,
        directory: directory.await.unwrap(),
        local,
        turn: tokio::sync::Mutex::default(),
        proved: Mutex::default(),
    };
    for card in scene.broker.directory.signed() {
        far.directory.publish(&card.card.oin.clone(), card).await.unwrap();
    }
    far.open_epoch(EPOCH).await.unwrap();
    Stand { scene, far, near: Factors::random(&mut rng()) }
}

impl Stand {
    fn own(&self) -> Element {
        self.scene.broker.directory.own_key(&oin(SCHOOL)).unwrap()
    }

    /// The broker's own link for the school.
    fn nearer(&self) -> (Element, Proof) {
        let (region, node) = (self.far.region.as_str(), oin(SCHOOL));
        let place = Place { region, epoch: EPOCH, node: &node, number: 0 };
        self.near.inbound(&place, &self.own(), &mut rng()).unwrap()
    }

    fn link_request(&self) -> v1::MakeLinkRequest {
        let (key, proof) = self.nearer();
        let nearer = vec![wire_nearer(&key, &proof)];
        v1::MakeLinkRequest { epoch: EPOCH, oin: SCHOOL.into(), nearer }
    }

    /// Both links, as a node verifies them.
    async fn links(&self) -> Vec<Link> {
        let far = self.far.link(&self.link_request()).await.unwrap();
        let (inbound, proof) = self.nearer();
        let shuffled = self.near.shuffled(Some(&far.shuffled)).unwrap();
        vec![Link { inbound, proof, shuffled, signature: None }, far]
    }

    async fn key(&self) -> InboundKey {
        let (node, holders) = (oin(SCHOOL), [key(8).verifying_key().to_bytes()]);
        let (region, links) = (self.far.region.as_str(), self.links().await);
        InboundKey::verify(region, EPOCH, &node, &self.own(), &links, &holders).unwrap()
    }

    /// A genuine question about the first child to the school.
    async fn asked(&self, id: u8) -> Inquiry {
        let raw = question(&self.scene, &["G05"], |_| {});
        let (key, id) = (self.key().await, InquiryId::new([id; 16]));
        let raw = hidden_under(&[&key], id, 1, raw.header, raw.parts);
        Inquiry::parse(raw, self.scene.clock.now()).unwrap()
    }

    /// What an honest broker shows of a question.
    async fn shown(&self, inquiry: &Inquiry) -> StepQuestion {
        let links = self.links().await;
        let nearer = [&links[..1]];
        let (proof, signature) = (&inquiry.hidden().proof, inquiry.signature());
        let wire = wire_step(&inquiry.whole(), proof, signature, &nearer, |_| true);
        StepQuestion::try_from(wire).unwrap()
    }

    fn batch(&self, number: u64, points: &[Element]) -> v1::EvaluateRequest {
        let (region, node) = (self.far.region.as_str(), oin(SCHOOL));
        let about = Batch { region, epoch: EPOCH, node: &node, number };
        let signature = sign(&key(2), &enrolment::signed_bytes(&about, points)).to_vec();
        let points = wire_points(points);
        let batch = v1::EnrolRequest { epoch: EPOCH, number, points, signature };
        v1::EvaluateRequest { oin: SCHOOL.into(), batch: Some(batch) }
    }

    async fn size(&self) -> u64 {
        self.far.ledger.size().await.unwrap()
    }
}

#[tokio::test]
async fn a_step_through_both_is_met_under_what_was_enrolled_through_both() {
    let stand = stand().await;
    let inquiry = stand.asked(1).await;
    let before = stand.size().await;
    let pair = stand.far.step(stand.shown(&inquiry).await).await.unwrap().remove(0);
    assert_eq!(stand.size().await, before + 1, "it stands in its own ledger");
    let links = stand.links().await;
    let pair = stand.near.step(&pair, &links[0].inbound, &mut rng()).unwrap();
    let met = Element::new(pair.two.point() - stand.scene.own.times(&pair.one)).unwrap();
    // The same child, enrolled without blinding.
    let far = stand.far.evaluate(stand.batch(1, &[child(1)])).await.unwrap();
    let region = stand.far.region.as_str();
    let node = oin(SCHOOL);
    let about = Batch { region, epoch: EPOCH, node: &node, number: 1 };
    assert_eq!(about.verify(None, &links[1].shuffled, &[child(1)], &far), Ok(()));
    let both = stand.near.evaluate(&about, Some(&links[1].shuffled), &far.points, &mut rng());
    assert_eq!(both.unwrap().points, [met]);
}

/// Broker and node together could open every question, if the holder divided any point by k: c1 of
/// a question is one.
#[tokio::test]
async fn no_link_is_made_of_a_key_that_does_not_follow_from_the_nodes_own() {
    let stand = stand().await;
    let honest = stand.link_request();
    assert!(stand.far.link(&honest).await.is_ok());
    let c1 = stand.asked(1).await.hidden().one;
    let (_, proof) = stand.nearer();
    let mine = Secret::random(&mut rng());
    let place = Place { region: &stand.far.region, epoch: EPOCH, node: &oin(SCHOOL), number: 0 };
    let other = Factors::random(&mut rng());
    // Proofs that a broker can make: of its own factor, from its own key.
    let own = Element::new(mine.public()).unwrap();
    let (made, of_own) = other.inbound(&place, &own, &mut rng()).unwrap();
    let elsewhere = Place { epoch: EPOCH + 1, ..place };
    let (stale, of_stale) = stand.near.inbound(&elsewhere, &stand.own(), &mut rng()).unwrap();
    for (inbound, proof) in [(c1, proof), (made, of_own), (stale, of_stale), (c1, of_own)] {
        let nearer = vec![wire_nearer(&inbound, &proof)];
        let lie = v1::MakeLinkRequest { nearer, ..honest.clone() };
        assert_eq!(stand.far.link(&lie).await.err(), Some(Reason::InboundKeyUnproven));
    }
    let near = honest.nearer[0].clone();
    for nearer in [vec![], vec![near.clone(), near]] {
        let lie = v1::MakeLinkRequest { nearer, ..honest.clone() };
        let refused = stand.far.link(&lie).await.err();
        assert!(matches!(refused, Some(Reason::InboundKeyUnproven | Reason::TooLarge)));
    }
    let nobody = v1::MakeLinkRequest { oin: FAR.into(), ..honest };
    assert_eq!(stand.far.link(&nobody).await.err(), Some(Reason::UnknownAgency));
}

#[tokio::test]
async fn a_question_that_its_asker_did_not_sign_is_not_stepped() {
    let stand = stand().await;
    let shown = stand.shown(&stand.asked(1).await).await;
    let (other, before) = (stand.shown(&stand.asked(2).await).await, stand.size().await);
    let step = |change: &dyn Fn(&mut StepQuestion)| {
        let mut lie = shown.clone();
        change(&mut lie);
        stand.far.step(lie)
    };
    let signed = Some(Reason::StatementInvalid);
    let another_id = |lie: &mut StepQuestion| lie.whole.id = InquiryId::new([9; 16]);
    assert_eq!(step(&another_id).await.err(), signed, "under another inquiry");
    let swapped = |lie: &mut StepQuestion| lie.whole.targets[0].two = other.whole.targets[0].two;
    assert_eq!(step(&swapped).await.err(), signed, "another c2");
    let c1 = |lie: &mut StepQuestion| lie.whole.one = other.whole.one;
    assert_eq!(step(&c1).await.err(), signed, "another c1");
    let statement = |lie: &mut StepQuestion| lie.whole.targets[0].statement = Digest::new([0; 32]);
    assert_eq!(step(&statement).await.err(), signed, "another statement");
    let target = |lie: &mut StepQuestion| lie.whole.targets[0].oin = oin(ASKER);
    assert_eq!(step(&target).await.err(), signed, "another target");
    let asker = |lie: &mut StepQuestion| lie.whole.asker = oin(SCHOOL);
    assert_eq!(step(&asker).await.err(), signed, "in another's name");
    let nobody = |lie: &mut StepQuestion| lie.whole.asker = oin(FAR);
    assert_eq!(step(&nobody).await.err(), Some(Reason::UnknownAgency));
    let epoch = |lie: &mut StepQuestion| lie.whole.epoch = EPOCH + 1;
    assert_eq!(step(&epoch).await.err(), signed, "in another epoch");
    let proof = |lie: &mut StepQuestion| lie.proof = other.proof;
    assert_eq!(step(&proof).await.err(), Some(Reason::BlindInvalid), "the proof of another");
    let none = |lie: &mut StepQuestion| (lie.whole.targets, lie.targets) = (vec![], vec![]);
    assert_eq!(step(&none).await.err(), Some(Reason::TargetsNone));
    assert_eq!(stand.size().await, before, "nothing of it was counted");
    assert!(stand.far.step(shown).await.is_ok());
}

/// The broker fetches a pair that it made itself: it has an agency's key stolen, and still cannot
/// show that it knows r of points that it only saw.
#[tokio::test]
async fn ciphertexts_of_the_brokers_own_are_not_stepped() {
    let stand = stand().await;
    let seen = stand.asked(1).await;
    let (whole, stolen) = (seen.whole(), key(1));
    // Another's c1 and c2 under an own inquiry, rightly signed: the proof is for the old one.
    let mine = Whole { id: InquiryId::new([9; 16]), ..whole.clone() };
    let signature = sign(&stolen, &mine.signed_bytes());
    let mut lie = stand.shown(&seen).await;
    (lie.whole, lie.signature) = (mine, signature);
    assert_eq!(stand.far.step(lie).await.err(), Some(Reason::BlindInvalid));
    // The same number, made to look like another: c1 and c2 both moved.
    let moved = |point: &Element| Element::new(point.point() + child(2).point()).unwrap();
    let mut mine = whole;
    (mine.id, mine.one) = (InquiryId::new([8; 16]), moved(&mine.one));
    mine.targets[0].two = moved(&mine.targets[0].two);
    let own = Encrypted::new(&child(1), &[&stand.key().await], &mut rng()).unwrap();
    let mut lie = stand.shown(&seen).await;
    lie.proof = own.prove(&mine.digest(), &mut rng());
    (lie.signature, lie.whole) = (sign(&stolen, &mine.signed_bytes()), mine);
    assert_eq!(stand.far.step(lie).await.err(), Some(Reason::BlindInvalid));
}

/// Only targets that something is let through to are stepped; all of the question count, for which
/// are let through is nobody's signed word.
#[tokio::test]
async fn what_is_not_asked_is_not_stepped_and_the_quota_is_the_holders_own() {
    let stand = stand().await;
    // 500 targets a day is the fixture's bound; all but one were asked already.
    let counter = format!("hq/{}/{ASKER}", stand.far.clock.now().date());
    let asked = put_body(store::Batch::new(), counter.as_bytes(), &499_u64.to_be_bytes());
    stand.far.store.commit(asked.unwrap()).await.unwrap();
    let mut last = stand.shown(&stand.asked(2).await).await;
    last.targets[0].1 = false;
    assert_eq!(stand.far.step(last.clone()).await.unwrap(), [], "nobody is asked");
    last.targets[0].1 = true;
    for _ in 0..2 {
        assert!(stand.far.step(last.clone()).await.is_ok(), "what was counted counts once");
    }
    // Whom the broker says that it asks is nobody's signed word: nothing is free, and a question
    // that went through as nobody's does not go through as somebody's.
    let mut more = stand.shown(&stand.asked(3).await).await;
    for asked in [false, true] {
        more.targets[0].1 = asked;
        assert_eq!(stand.far.step(more.clone()).await.err(), Some(Reason::StepsExceeded));
    }
}

/// What was counted is marked, so that it counts once; the marks go with their counters.
#[tokio::test]
async fn counters_and_their_marks_are_swept_after_their_term() {
    let stand = stand().await;
    let (store, now) = (stand.far.store.as_ref(), stand.far.clock.now());
    let kept = async |prefix: &[u8]| store.scan(prefix, None, 10).await.unwrap().len();
    stand.far.step(stand.shown(&stand.asked(1).await).await).await.unwrap();
    stand.far.evaluate(stand.batch(1, &[child(1)])).await.unwrap();
    assert_eq!((kept(b"hq/").await, kept(b"he/").await, kept(b"hd/").await), (1, 1, 2));
    for (term, left) in [(COUNT_KEPT_MS, 1), (ENROLMENT_KEPT_MS, 0)] {
        let end = now.plus_ms(term);
        sweep_all(store, end).await.unwrap();
        assert_eq!(kept(b"hd/").await, left + 1);
        sweep_all(store, end.plus_ms(1)).await.unwrap();
        let counters = kept(b"hq/").await + kept(b"he/").await;
        assert_eq!((counters, kept(b"hd/").await), (left, left));
    }
}

#[tokio::test]
async fn a_batch_that_its_node_did_not_sign_is_not_evaluated() {
    let stand = stand().await;
    let before = stand.size().await;
    let points = [child(1), child(2)];
    let signed = stand.batch(1, &points);
    let refused = async |change: &dyn Fn(&mut v1::EnrolRequest)| {
        let mut lie = signed.clone();
        change(lie.batch.as_mut().unwrap());
        stand.far.evaluate(lie).await.err()
    };
    let invalid = Some(Reason::StatementInvalid);
    assert_eq!(refused(&|lie| lie.number = 2).await, invalid);
    assert_eq!(refused(&|lie| lie.epoch = EPOCH + 1).await, invalid);
    assert_eq!(refused(&|lie| lie.points = wire_points(&[child(3)])).await, invalid);
    assert_eq!(refused(&|lie| lie.signature = vec![0; 64]).await, invalid);
    assert_eq!(refused(&|lie| lie.signature = vec![]).await, Some(Reason::Malformed));
    let another = v1::EvaluateRequest { oin: ASKER.into(), ..signed.clone() };
    assert_eq!(stand.far.evaluate(another).await.err(), invalid, "in another's name");
    let empty = v1::EvaluateRequest { oin: SCHOOL.into(), batch: None };
    assert_eq!(stand.far.evaluate(empty).await.err(), Some(Reason::Malformed));
    assert_eq!(stand.size().await, before);
    assert!(stand.far.evaluate(signed).await.is_ok());
    // Ten points an epoch: the fixture's bound.
    let many: Vec<Element> = (1..10).map(child).collect();
    let refused = stand.far.evaluate(stand.batch(2, &many)).await.err();
    assert_eq!(refused, Some(Reason::QuotaExceeded));
}

/// Its own operator shuts an agency out, whatever the broker thinks of it: it asks nobody, and
/// nobody's question reaches it.
#[tokio::test]
async fn a_suspended_agency_is_not_served() {
    let stand = stand().await;
    let shown = stand.shown(&stand.asked(1).await).await;
    let folder = stand.far.directory.operator_folder().to_owned();
    for who in [ASKER, SCHOOL] {
        crate::admin::suspend(&folder, &oin(who)).unwrap();
        stand.far.directory.refresh().await.unwrap();
        let refused = stand.far.step(shown.clone()).await.err();
        assert_eq!(refused, Some(Reason::AgencySuspended), "{who}");
        crate::admin::restore(&folder, &oin(who)).unwrap();
        stand.far.directory.refresh().await.unwrap();
        assert!(stand.far.step(shown.clone()).await.is_ok());
    }
}

/// What a question's expiry binds the broker to, it binds the holder to.
#[tokio::test]
async fn a_question_is_stepped_until_it_expires_and_none_of_the_future() {
    let stand = stand().await;
    let inquiry = stand.asked(1).await;
    let (shown, size) = (stand.shown(&inquiry).await, stand.size().await);
    let expires = inquiry.header().times.ask_expires_at;
    stand.scene.clock.set(expires.plus_ms(CLOCK_SKEW_MS_MAX + 1));
    assert_eq!(stand.far.step(shown.clone()).await.err(), Some(Reason::QuestionExpired));
    let early = expires.plus_ms(-ASK_LIFE_MS_MAX - CLOCK_SKEW_MS_MAX - 1);
    stand.scene.clock.set(early);
    assert_eq!(stand.far.step(shown.clone()).await.err(), Some(Reason::QuestionFromFuture));
    assert_eq!(stand.size().await, size);
    stand.scene.clock.set(expires.plus_ms(CLOCK_SKEW_MS_MAX));
    assert!(stand.far.step(shown).await.is_ok());
}
