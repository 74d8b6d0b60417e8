mod answers;
mod brought;
mod desk;
mod histories;
mod kept;

use std::sync::Arc;

use grondslag_certs::Serial;
use grondslag_core::catalogue::Role;
use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_core::id::{Digest, StaffId};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act as Wire;
use grondslag_subject::BirthDate;

use super::service::{Caller, Register};
use crate::directory::OwnCard;
use crate::fixture::{GI, KNOWN, OWN, Scene, VT, moment, rng};
use crate::staff::{Staff, StaffName};

/// A practice with a consent register, and a doctor at its desk.
struct Practice {
    scene: Scene,
    doctor: Caller,
}

impl Practice {
    /// It knows a child of seven.
    async fn new() -> Self {
        let mut scene = Scene::new().await;
        let own = OwnCard {
            kind: scene.agency.kind.clone(),
            name: scene.agency.name.clone(),
            endpoint: "127.0.0.1:1".into(),
            duty_phone: scene.agency.duty_phone.clone(),
            sign_key: scene.agency.sign_key.clone(),
            previous: None,
            seal_key: scene.agency.keys.seals.public().unwrap().bytes().to_vec(),
            pseudonym_key: scene.agency.keys.opening.public(&scene.agency.oin, &mut rng()),
            admission: scene.region.admission(OWN, &["ha"]),
        };
        scene.agency.directory.prepare(&own).await.unwrap();
        scene.agency.own = Arc::clone(&scene.shelf) as _;
        let doctor = caller(&scene, "dokter", &["ha.arts", "ha.fg"]).await;
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

async fn caller(scene: &Scene, who: &str, roles: &[&str]) -> Caller {
    let (staff, now) = (&scene.agency.staff, scene.agency.clock.now());
    let id = StaffId::parse(who).unwrap();
    let person = Staff {
        id: id.clone(),
        name: StaffName::parse("Iemand").unwrap(),
        roles: roles.iter().map(|role| Role::parse(role).unwrap()).collect(),
        mandate_until: now.plus_calendar(30, 0),
        revoked: false,
        revoked_certificates: [].into(),
    };
    staff.add(&person).await.unwrap();
    let key = *Digest::of(who.as_bytes()).as_bytes();
    let person = staff.admit(&id, &Serial::parse("0a").unwrap(), &key, now).await.unwrap();
    Caller { person, lang: Lang::En }
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

fn taken_back(speaker: v1::Speaker, id: &[u8]) -> Wire {
    let consent_id = id.to_vec();
    Wire::TakenBack(v1::TakenBack { speaker: Some(speaker), consent_id, objection: false })
}
