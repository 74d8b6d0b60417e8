//! A practice that must look at what it is asked.

mod decisions;
mod faults;
mod reminded;
mod terms;

use std::sync::Arc;

use grondslag_core::answer::{About as Whose, Answer};
use grondslag_core::clock::Clock as _;
use grondslag_core::slot::next_slot;
use grondslag_core::tier::Tier;
use grondslag_core::{seal, statement};
use grondslag_evidence::store::Store as _;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1::change_item_request::Change;
use grondslag_proto::{content, v1};

use super::desk::Inbox;
use super::*;
use crate::answers::{put_for_tests, slots};
use crate::fixture::{Ask, KNOWN, OWN, Scene, UNKNOWN, oin, secrets_of};
use crate::recorded::Kind as Record;
use crate::staff::Caller;

const WHY: &str = "Nodig voor de veiligheid, en niet meer dan dat.";
const DOCTOR: &str = "ha.arts";

/// A practice with two doctors at their desks, and a broker that takes what it is given.
struct Practice {
    scene: Scene,
    doctor: Caller,
    colleague: Caller,
}

/// A question of which a practice was asked.
struct Put {
    question: TargetQuestion,
}

impl Practice {
    async fn new() -> Self {
        let scene = Scene::new().await;
        // Two kinds under one roof.
        let mut scene = scene.with_own_card_as(&["ha", "gem"]).await;
        scene.agency.own = Arc::clone(&scene.shelf) as _;
        let texts = [(Tier::T1, "Een zorgpartij is betrokken."), (Tier::T3, "Sinds {third:oma}.")];
        scene.shelf.record("G05", Whose::Child, &texts);
        scene.shelf.record("G16", Whose::Child, &[(Tier::T3, "Astma."), (Tier::T4, "Ernstig.")]);
        *scene.listing.delivered.lock().unwrap() = Some(Vec::new());
        let doctor = scene.caller("arts-1", &[DOCTOR, "ha.fg", "gem.toegang"]).await;
        let colleague = scene.caller("arts-2", &[DOCTOR]).await;
        Self { scene, doctor, colleague }
    }

    fn inbox(&self) -> Inbox<'_> {
        Inbox { agency: &self.scene.agency }
    }

    /// Asks, and the practice answers first.
    async fn asked(&self, ask: &Ask) -> Put {
        let question = self.scene.question(ask);
        put_for_tests(&self.scene.agency, question.clone()).await;
        Put { question }
    }

    async fn listed(&self, all: bool) -> Vec<v1::InboxItem> {
        let request = v1::ListItemsRequest { role: DOCTOR.into(), all };
        self.inbox().list(&self.doctor, &request).await.unwrap().0
    }

    async fn shows(&self, put: &Put) -> Result<v1::ShowItemResponse, Reason> {
        let target_id = put.question.id.as_bytes().to_vec();
        let request = v1::ShowItemRequest { target_id, role: DOCTOR.into() };
        self.inbox().show(&self.doctor, request).await
    }

    async fn changes(
        &self,
        who: &Caller,
        put: &Put,
        change: Change,
    ) -> Result<&'static str, Reason> {
        let version = self.version(put).await;
        let (target_id, role) = (put.question.id.as_bytes().to_vec(), DOCTOR.into());
        let request = v1::ChangeItemRequest { target_id, role, change: Some(change), version };
        self.inbox().change(who, request).await
    }

    /// What stands there now, as who looks sees it.
    async fn version(&self, put: &Put) -> Vec<u8> {
        let found = find(self.scene.store.as_ref(), &put.question.id).await.unwrap();
        found.map_or_else(Vec::new, |(_, seen)| Digest::of(&seen.body).as_bytes().to_vec())
    }

    async fn decides(&self, put: &Put, lines: &[v1::JudgedLine]) -> Result<&'static str, Reason> {
        self.changes(&self.doctor, put, judged(lines)).await
    }

    /// The next slot comes, and what was made in it is delivered.
    async fn next_slot(&self, put: &Put) {
        let header = &put.question.header;
        let now = self.scene.clock.now();
        let next = next_slot(now, header.urgency, header.times.answer_by).unwrap();
        self.scene.clock.set(next);
        self.turn().await;
        self.turn().await;
    }

    async fn turn(&self) {
        slots::tend(&self.scene.agency).await.unwrap();
    }

    /// What the broker took, as the asker opens it.
    fn said(&self, put: &Put) -> Vec<Option<Answer>> {
        let delivered = self.scene.listing.delivered.lock().unwrap();
        let delivered = delivered.iter().flatten().cloned();
        let replies = delivered.map(|wire| Reply::try_from(wire).unwrap());
        let own = replies.filter(|reply| reply.target_id == put.question.id);
        own.map(|reply| opened(&reply, &put.question)).collect()
    }

    async fn records(&self, kind: Record) -> usize {
        self.scene.records(kind).await.len()
    }
}

/// What a later reply says, if anything.
fn opened(reply: &Reply, question: &TargetQuestion) -> Option<Answer> {
    let (header, from) = (&question.header, oin(OWN));
    let fields = statement::ReplyFields::unsealed(question.id, header, &from, reply.reply_no);
    let (secret, _) = secrets_of(header.asker.as_str());
    let content = seal::open(&secret, &seal::About::answer(&fields), &reply.body).unwrap();
    let proved = content::decode(&content).unwrap();
    proved.map(|proved| grondslag_proto::answer::decode(&proved.answer).unwrap())
}

fn judged(lines: &[v1::JudgedLine]) -> Change {
    let judgement =
        v1::Judgement { lines: lines.to_vec(), reason: WHY.into(), ..v1::Judgement::default() };
    Change::Judgement(judgement)
}

fn give(category: &str, tier: &str) -> v1::JudgedLine {
    let (category, say, tier) = (category.into(), "give".into(), tier.into());
    v1::JudgedLine { category, say, tier, ..v1::JudgedLine::default() }
}

fn withhold(category: &str, ground: &str, named: bool) -> v1::JudgedLine {
    let (category, say, ground) = (category.into(), "withhold".into(), ground.into());
    v1::JudgedLine { category, say, ground, named, ..v1::JudgedLine::default() }
}

fn refer(category: &str, to: &str) -> v1::JudgedLine {
    let (category, say, refer_to) = (category.into(), "refer".into(), to.into());
    v1::JudgedLine { category, say, refer_to, ..v1::JudgedLine::default() }
}

/// A guardianship agency without a measure asks what rests on consent (R22).
fn by_consent() -> Ask {
    Ask { role: "gi.jeugdbeschermer", purpose: "D03", facts: vec![], ..Ask::guardian(&["G16"]) }
}

/// Keys of the store that begin so.
async fn rows_under(scene: &Scene, prefix: &[u8]) -> usize {
    scene.store.scan(prefix, None, 1_000).await.unwrap().len()
}
