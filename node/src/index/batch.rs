//! A batch: made once and kept with its points, so that it is sent again, and opened, as it was.

use grondslag_core::blind::{BlindError, Element};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Store, StoreError, parts};
use grondslag_proto::epoch::{points, wire_points};
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::{Canary, Enrolment, canary_point, number_point};

use super::Means;
use super::keys::{self, Found};
use super::state::KeptBatch;
use crate::records::{SourceFault, SubjectKey};

/// A batch in blinded form.
pub(super) struct Blinded {
    /// Per position whom it is of; none for padding.
    pub(super) places: Vec<Option<Found>>,
    pub(super) enrolment: Enrolment,
    pub(super) points: Vec<Element>,
}

impl Blinded {
    /// A new batch under a fresh seed. Who left the register since it was read becomes padding.
    pub(super) async fn make(
        means: &Means,
        seed: [u8; 32],
        places: &[Option<Found>],
    ) -> Result<Self, Reason> {
        let enrolment = Enrolment::new(seed);
        let mut numbers = Vec::with_capacity(places.len());
        for place in places {
            numbers.push(number(means, place.as_ref()).await?);
        }
        let (region, copy) = (means.epochs.region().to_owned(), enrolment.clone());
        let blinded = tokio::task::spawn_blocking(move || {
            let positions = (0_u64..).zip(&numbers);
            let points = positions.map(|(position, number)| {
                let point = number.as_ref().map(|number| number.point(&region)).transpose()?;
                copy.blind(position, point.as_ref())
            });
            let points = points.collect::<Result<Vec<_>, BlindError>>()?;
            Ok((numbers.iter().map(|number| number.as_ref().map(Number::found)).collect(), points))
        });
        let blinded: Result<(Vec<Option<Found>>, Vec<Element>), BlindError> =
            blinded.await.map_err(|_| Reason::Internal)?;
        let (places, points) = blinded.map_err(BlindError::reason)?;
        Ok(Self { places, enrolment, points })
    }

    /// As it is kept.
    pub(super) fn to_kept(&self) -> KeptBatch {
        let place = |place: &Option<Found>| {
            place.as_ref().map(|found| hex::encode(found.bytes())).unwrap_or_default()
        };
        KeptBatch {
            seed: hex::encode(self.enrolment.seed()),
            places: self.places.iter().map(place).collect(),
            points: hex::encode(wire_points(&self.points)),
        }
    }

    /// As it was made.
    pub(super) fn of(kept: &KeptBatch) -> Result<Self, Reason> {
        let points = points(&kept.wire()?).map_err(|_| Reason::StoreCorrupt)?;
        Ok(Self { places: kept.found()?, enrolment: kept.enrolment()?, points })
    }
}

impl KeptBatch {
    /// Reads a batch.
    pub(super) async fn read(
        store: &dyn Store,
        epoch: u32,
        number: u64,
    ) -> Result<Option<Self>, Reason> {
        let body = parts::read_body(store, &keys::batch(epoch, number)).await;
        let body = body.map_err(StoreError::reason)?;
        let kept = body.as_deref().map(serde_json::from_slice).transpose();
        kept.map_err(|_| Reason::StoreCorrupt)
    }

    /// Its points as they are sent, 32 bytes each.
    pub(super) fn wire(&self) -> Result<Vec<u8>, Reason> {
        hex::decode(&self.points).map_err(|_| Reason::StoreCorrupt)
    }

    /// Its blinding.
    pub(super) fn enrolment(&self) -> Result<Enrolment, Reason> {
        let seed = hex::decode(&self.seed).ok().and_then(|seed| seed.try_into().ok());
        seed.map(Enrolment::new).ok_or(Reason::StoreCorrupt)
    }

    /// Per position whom it is of.
    pub(super) fn found(&self) -> Result<Vec<Option<Found>>, Reason> {
        self.places.iter().map(|place| found(place)).collect()
    }
}

fn found(place: &str) -> Result<Option<Found>, Reason> {
    if place.is_empty() {
        return Ok(None);
    }
    let bytes = hex::decode(place).map_err(|_| Reason::StoreCorrupt)?;
    Found::parse(&bytes).map(Some).ok_or(Reason::StoreCorrupt)
}

/// A number in a batch.
enum Number {
    Person(SubjectKey, Bsn),
    Canary(SubjectKey, Canary),
}

impl Number {
    fn point(&self, region: &str) -> Result<Element, BlindError> {
        match self {
            Self::Person(_, number) => number_point(region, number),
            Self::Canary(_, canary) => canary_point(region, canary),
        }
    }

    fn found(&self) -> Found {
        match self {
            Self::Person(key, _) => Found::Person(*key),
            Self::Canary(key, _) => Found::Canary(*key),
        }
    }
}

async fn number(means: &Means, place: Option<&Found>) -> Result<Option<Number>, Reason> {
    match place {
        None => Ok(None),
        Some(Found::Person(key)) => {
            let number = means.register.number(key).await.map_err(SourceFault::reason)?;
            Ok(number.map(|number| Number::Person(*key, number)))
        }
        Some(Found::Canary(key)) => {
            let canary = means.canaries.digits(key).cloned();
            Ok(canary.map(|canary| Number::Canary(*key, canary)))
        }
    }
}
