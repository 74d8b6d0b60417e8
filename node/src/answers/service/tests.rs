use async_trait::async_trait;
use grondslag_core::answer::Record;
use grondslag_core::clock::Timestamp;
use grondslag_proto::status::reason_of;

use super::*;
use crate::answers::verify::Attested;
use crate::fixture::{Ask, Scene, Shelf, UNKNOWN};
use crate::records::{Client, Readiness, RegisterFact, Source, SourceFault, SubjectKey};

/// A register in which the records of whoever is known are damaged.
#[derive(Debug)]
struct Damaged(Arc<Shelf>);

#[async_trait]
impl Source for Damaged {
    async fn find(
        &self,
        attested: &Attested,
        key: &SubjectKey,
        at: Timestamp,
    ) -> Result<Option<Client>, SourceFault> {
        self.0.find(attested, key, at).await
    }

    async fn records(
        &self,
        _: &Attested,
        _: &Client,
        _: Timestamp,
    ) -> Result<Vec<Record>, SourceFault> {
        Err(SourceFault::Damaged)
    }

    async fn facts(
        &self,
        attested: &Attested,
        client: &Client,
        at: Timestamp,
    ) -> Result<Vec<RegisterFact>, SourceFault> {
        self.0.facts(attested, client, at).await
    }

    async fn ready(&self) -> Result<Readiness, SourceFault> {
        self.0.ready().await
    }
}

async fn told(scene: Scene, ask: &Ask) -> Result<Answered, Option<Reason>> {
    let question = v1::AnswerQuestion::from(&scene.question(ask));
    let service = AnswerService::new(Arc::new(scene.agency));
    let answered = service.answered(question, &Flow::default()).await;
    answered.map(|(answered, _)| answered).map_err(|status| reason_of(&status))
}

#[tokio::test]
async fn invariant_04_a_fault_that_only_a_known_child_brings_about_is_told_as_any_fault() {
    let damaged = async || {
        let mut scene = Scene::new().await;
        scene.agency.source = Arc::new(Damaged(scene.shelf.clone()));
        scene
    };
    let question = Ask::veilig_thuis(&["G05"]);
    assert_eq!(told(damaged().await, &question).await, Err(Some(Reason::Internal)));
    let missed = told(damaged().await, &question.about(UNKNOWN)).await;
    assert!(matches!(missed, Ok(Answered::Reply(_))));
}
