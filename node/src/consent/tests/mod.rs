mod again;
mod answers;
mod brought;
mod certified;
mod desk;
mod histories;
mod import;
mod kept;
mod measures;

use std::sync::Arc;

use grondslag_core::catalogue::Role;
use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_core::id::{Digest, StaffId};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act as Wire;
use grondslag_subject::BirthDate;

use super::service::Register;
use crate::fixture::{GI, KNOWN, OWN, Scene, VT, moment};
use crate::staff::Caller;

/// A practice with a consent register, and a doctor at its desk.
struct Practice {
    scene: Scene,
    doctor: Caller,
}

impl Practice {
    /// It knows a child of seven.
    async fn new() -> Self {
        let mut scene = Scene::new().await.with_own_card().await;
        scene.agency.own = Arc::clone(&scene.shelf) as _;
        let doctor = scene.caller("dokter", &["ha.arts", "ha.fg"]).await;
        Self { scene, doctor }
    }

    /// The child was born so that they are of that age.
    fn aged(self, years: i16) -> Self {
        let today = self.scene.clock.now().date();
        let born = today.with().year(today.year() - years).build().unwrap();
        *self.scene.shelf.born.lock().unwrap() = BirthDate::from(born);
        self
    }

    async fn put(&self, act: Wire) -> Result<v1::RecordActResponse, Reason> {
        self.put_as("ha.arts", KNOWN, act).await
    }

    async fn put_as(
        &self,
        role: &str,
        subject: &str,
        act: Wire,
    ) -> Result<v1::RecordActResponse, Reason> {
        let request = v1::RecordActRequest {
            subject: subject.into(),
            role: role.into(),
            act: Some(act),
            preview: false,
        };
        let register = Register { agency: &self.scene.agency };
        register.record(&self.doctor, request).await.map_err(|refused| refused.reason)
    }

    async fn list(&self) -> Vec<v1::ConsentAct> {
        let request = v1::ListActsRequest { subject: KNOWN.into(), role: "ha.arts".into() };
        let register = Register { agency: &self.scene.agency };
        register.list(&self.doctor, request).await.unwrap().acts
    }

    /// Both parents hold custody.
    async fn with_parents(self) -> Self {
        self.put(custody(&[mother(), father()])).await.unwrap();
        self
    }

    fn now(&self) -> Timestamp {
        self.scene.clock.now()
    }

    fn pass(&self, ms: i64) {
        self.scene.clock.set(self.now().plus_ms(ms));
    }
}

fn named(given: &str, family: &str, born: &str) -> v1::Speaker {
    v1::Speaker {
        given_names: given.into(),
        family_name: family.into(),
        birth_date: born.into(),
        ..v1::Speaker::default()
    }
}

fn mother() -> v1::Speaker {
    named("Iris", "Vos", "1990-04-02")
}

fn father() -> v1::Speaker {
    named("Wouter", "Terpstra", "1988-12-24")
}

fn child() -> v1::Speaker {
    v1::Speaker { subject: true, ..v1::Speaker::default() }
}

fn custody(holders: &[v1::Speaker]) -> Wire {
    Wire::Custody(v1::CustodySituation {
        holders: holders.to_vec(),
        seen_in: "gezagsregister".into(),
        from_ms: moment("2019-01-01").ms(),
        until_ms: 0,
    })
}

/// A consent that a municipality may be told a diagnosis for one family one plan; of who it is.
fn yes(speaker: v1::Speaker) -> v1::ConsentStatement {
    let capacity = if speaker.subject { "young_person" } else { "custody_holders" };
    v1::ConsentStatement {
        speaker: Some(speaker),
        capacity: capacity.into(),
        to_oins: vec![GI.into(), VT.into()],
        to_kinds: vec!["gem".into()],
        categories: vec!["G16".into()],
        purpose: "D02".into(),
        ..v1::ConsentStatement::default()
    }
}

fn no(speaker: v1::Speaker) -> v1::ConsentStatement {
    v1::ConsentStatement { objects: true, ..yes(speaker) }
}

/// Nothing to anybody, whatever for.
fn no_to_all(speaker: v1::Speaker) -> v1::ConsentStatement {
    v1::ConsentStatement {
        to_oins: vec![],
        to_kinds: vec![],
        categories: vec![],
        purpose: String::new(),
        ..no(speaker)
    }
}

fn taken_back(speaker: v1::Speaker, id: &[u8]) -> Wire {
    let consent_id = id.to_vec();
    Wire::TakenBack(v1::TakenBack { speaker: Some(speaker), consent_id, objection: false })
}

fn lifted(speaker: v1::Speaker, id: &[u8]) -> Wire {
    let consent_id = id.to_vec();
    Wire::TakenBack(v1::TakenBack { speaker: Some(speaker), consent_id, objection: true })
}
