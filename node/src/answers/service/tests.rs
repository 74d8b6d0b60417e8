use std::pin::pin;

use async_trait::async_trait;
use futures_util::poll;
use grondslag_core::answer::Record;
use grondslag_core::clock::Timestamp;
use grondslag_proto::status::reason_of;
use tokio::task::yield_now;

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
async fn who_hangs_up_leaves_an_answer_that_is_bounded_as_any_other() {
    let scene = Scene::new().await;
    let question = v1::AnswerQuestion::from(&scene.question(&Ask::veilig_thuis(&["G05"])));
    let service = AnswerService::new(Arc::new(scene.agency));
    let changing = service.agency.consents.change().await;
    {
        let mut begun = pin!(service.begun(question.clone(), Flow::default()));
        assert!(poll!(begun.as_mut()).is_pending());
    }
    for _ in 0..100 {
        yield_now().await;
    }
    assert_eq!(service.places.available_permits(), ANSWERS_MAX - 1, "it goes on");
    let others = u32::try_from(ANSWERS_MAX - 1).unwrap();
    let others = service.places.try_acquire_many(others).unwrap();
    let (told, _) = service.begun(question.clone(), Flow::default()).await.unwrap();
    let Answered::Refusal(refusal) = told else { panic!("no place was left") };
    assert_eq!(refusal.reason, Reason::Busy.code());
    drop((changing, others));
    let all = service.places.acquire_many(u32::try_from(ANSWERS_MAX).unwrap()).await.unwrap();
    drop(all);
    let (told, _) = service.begun(question, Flow::default()).await.unwrap();
    assert!(matches!(told, Answered::Reply(_)));
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
