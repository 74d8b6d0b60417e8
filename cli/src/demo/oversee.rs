//! The demo region's operators and witnesses: two operators of different organisations, who sign
//! the list of the agencies that cosign the broker's ledger.

use std::path::{Path, PathBuf};

use grondslag_certs::Root;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::officers::Appointment;
use grondslag_core::operators::Operator;
use grondslag_core::reason::Reason;
use grondslag_core::witnesses::WitnessList;
use grondslag_runtime::config::WITNESSES_FILE;

use super::limits::{OFFICERS, OFFICERS_UNTIL, WITNESSES};
use super::place::Place;
use super::world::World;
use crate::exit::Failure;
use crate::officers;
use crate::operators::{begin, make, sign};

/// What every party of the region pins, and the list that it starts with.
pub(super) struct Oversight {
    /// The operators.
    pub(super) operators: Vec<Operator>,
    /// The list that both signed.
    pub(super) list: PathBuf,
    /// The privacy officers who may sign the first rules.
    pub(super) officers: Vec<Appointment>,
}

impl Oversight {
    /// Makes two operators, of the organisation that runs the broker and of another, and has them
    /// name the witnesses. Their keys stay in folders of their own.
    pub(super) fn make(world: &World, place: &Place, root: &Root) -> Result<Self, Failure> {
        let host = world.agency(&world.broker.hosted_by)?;
        let other = world.agencies.iter().find(|agency| agency.oin != host.oin);
        let other = other.ok_or(Reason::OperatorsSameOrganisation)?;
        let signers = [host, other].map(|agency| {
            let name = format!("Regiobeheer {}", agency.name);
            make(&place.operators().join(&agency.id), &agency.oin, &name)
        });
        let list = place.operators().join(WITNESSES_FILE);
        let region = root.fingerprint();
        let mut signed = begin(WitnessList { region, seq: 1, witnesses: witnesses(world) })?;
        let mut operators = Vec::new();
        for signer in signers {
            let signer = signer?;
            sign(&mut signed, &signer, &list)?;
            operators.push(signer.operator());
        }
        let officers = officers(place, &host.oin)?;
        Ok(Self { operators, list, officers })
    }

    /// Gives a party the list.
    pub(super) fn hand_to(&self, folder: &Path) -> Result<(), Failure> {
        super::found::copy(&self.list, &folder.join(WITNESSES_FILE))
    }
}

/// The privacy officer and the data protection officer of the municipality that runs the broker.
fn officers(place: &Place, oin: &Oin) -> Result<Vec<Appointment>, Failure> {
    let until = Timestamp::parse(OFFICERS_UNTIL).map_err(|_| Reason::Internal)?;
    let appointed = OFFICERS.map(|function| {
        let officer = officers::make(&place.officers().join(function), oin, function)?;
        Ok(Appointment { officer, until })
    });
    appointed.into_iter().collect()
}

/// Some agencies, spread over the region.
fn witnesses(world: &World) -> std::collections::BTreeSet<Oin> {
    let step = world.agencies.len().div_euclid(WITNESSES).max(1);
    let some = world.agencies.iter().step_by(step).take(WITNESSES);
    some.map(|agency| agency.oin.clone()).collect()
}
