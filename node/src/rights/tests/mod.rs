//! A practice to which people come with requests about their data.

mod brought;
mod desk;

use std::sync::Arc;

use grondslag_core::answer::{About, Outcome};
use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_core::id::RequestId;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_proto::v1;

use super::service::Counter;
use crate::answers::answering::answer;
use crate::answers::decisions;
use crate::fixture::{Ask, KNOWN, Scene, opened};
use crate::staff::Caller;

const DOCTOR: &str = "ha.arts";
const HOUR_MS: i64 = 3_600_000;
const WRONG: &str = "Het verslag van maart klopt niet: er staat een verkeerde datum in.";
const MENDED: &str = "De datum van het verslag is verbeterd en het oude verslag is weg.";

/// A practice with two doctors and a privacy officer at its desk.
struct Practice {
    scene: Scene,
    doctor: Caller,
    colleague: Caller,
    officer: Caller,
}

impl Practice {
    async fn new() -> Self {
        let mut scene = Scene::new().await.with_own_card().await;
        scene.agency.own = Arc::clone(&scene.shelf) as _;
        scene.shelf.record("G05", About::Child, &[(Tier::T1, "Een zorgpartij is betrokken.")]);
        scene.shelf.record("G16", About::Child, &[(Tier::T3, "Astma.")]);
        let doctor = scene.caller("arts-1", &[DOCTOR]).await;
        let colleague = scene.caller("arts-2", &[DOCTOR]).await;
        let officer = scene.caller("fg-1", &["ha.fg"]).await;
        Self { scene, doctor, colleague, officer }
    }

    const fn counter(&self) -> Counter<'_> {
        Counter { agency: &self.scene.agency }
    }

    fn now(&self) -> Timestamp {
        self.scene.clock.now()
    }

    fn pass(&self, ms: i64) {
        self.scene.clock.set(self.now().plus_ms(ms));
    }

    /// A question is put, and a moment passes.
    async fn ask(&self, ask: &Ask) -> Outcome {
        let question = self.scene.question(ask);
        let (sealed, held) = answer(&self.scene.agency, question.clone()).await.unwrap();
        drop(held);
        self.pass(1_000);
        opened(&sealed.into_reply(), &question).outcome
    }

    async fn lodge(&self, right: &str) -> Result<RequestId, Reason> {
        self.lodge_as(&self.doctor, wanted(right)).await
    }

    async fn lodge_as(
        &self,
        caller: &Caller,
        request: v1::LodgeRequestRequest,
    ) -> Result<RequestId, Reason> {
        let (id, _) = self.counter().lodge(caller, request).await?;
        Ok(id)
    }

    async fn decide(
        &self,
        caller: &Caller,
        id: &RequestId,
        (decided, ground): (&str, &str),
    ) -> Result<Vec<String>, Reason> {
        let request = v1::DecideRequestRequest {
            request_id: id.as_bytes().to_vec(),
            role: DOCTOR.into(),
            decided: decided.into(),
            ground: ground.into(),
            text: MENDED.into(),
        };
        let told = self.counter().decide(caller, request).await?;
        Ok(told.iter().map(ToString::to_string).collect())
    }

    async fn close(&self, id: &RequestId) -> Result<(), Reason> {
        self.close_as(&self.doctor, DOCTOR, id).await
    }

    async fn close_as(&self, who: &Caller, role: &str, id: &RequestId) -> Result<(), Reason> {
        let request = v1::CloseRequestRequest {
            request_id: id.as_bytes().to_vec(),
            role: role.into(),
            text: MENDED.into(),
        };
        self.counter().close(who, request).await
    }

    async fn list(&self) -> Vec<v1::RightsRequest> {
        let request = v1::ListRequestsRequest { role: DOCTOR.into(), all: true };
        self.counter().list(&self.doctor, request).await.unwrap()
    }

    async fn one(&self, id: &RequestId) -> v1::RightsRequest {
        let mut all = self.list().await.into_iter();
        all.find(|one| one.request_id == id.as_bytes()).unwrap()
    }

    async fn alarm(&self) -> String {
        let decided = decisions(&self.scene.agency, 0, 1_000, None).await.unwrap();
        decided.into_iter().next_back().unwrap().alarm
    }
}

/// What somebody comes with about a child whom the practice knows.
fn wanted(right: &str) -> v1::LodgeRequestRequest {
    v1::LodgeRequestRequest {
        role: DOCTOR.into(),
        subject: KNOWN.into(),
        right: right.into(),
        asked_by: "custody_holder".into(),
        text: WRONG.into(),
        ..v1::LodgeRequestRequest::default()
    }
}
