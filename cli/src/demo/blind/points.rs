//! The points that belong to a number: H(b), and the pseudonym under which each node meets it.
//!
//! To make the pseudonyms takes the key holder's secret, which the demo has because it made the
//! region. Nobody else who is not the key holder can.

use std::sync::Arc;

use grondslag_broker::Secrets;
use grondslag_certs::Root;
use grondslag_core::blind::{BlindError, Element, Factors};
use grondslag_core::reason::Reason;
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::number_point;

use super::needles::{Kind, Needles};
use crate::demo::place::Place;
use crate::demo::world::World;
use crate::exit::Failure;
use crate::made::{FACTORS_FILE, FACTORS_KEY_FILE};

/// Adds the points of every number that is looked for. The pseudonyms are those of the persons that
/// questions are about, at every node and in every epoch that the key holder has factors of.
pub(super) fn add(needles: &mut Needles, world: &World, place: &Place) -> Result<(), Failure> {
    let folder = place.broker();
    let root = Root::load(&folder.join("ca.pem"));
    let root = root.map_err(|error| Failure::new(error.reason(), error))?;
    let region = root.fingerprint().to_string();
    let factors = factors(world, place, &region)?;
    let numbers = needles.numbers().clone();
    for digits in &numbers.all {
        let point = point(&region, digits)?;
        needles.add(Kind::Point, &point.bytes());
        if numbers.named.contains(digits) {
            for factors in &factors {
                needles.add(Kind::Point, &pseudonym(factors, &point)?.bytes());
            }
        }
    }
    Ok(())
}

/// The factors for every node in every epoch.
fn factors(world: &World, place: &Place, region: &str) -> Result<Vec<Arc<Factors>>, Failure> {
    let folder = place.broker();
    let (sealed, key) = (folder.join(FACTORS_FILE), folder.join(FACTORS_KEY_FILE));
    let secrets = Secrets::open(&sealed, &key, region.to_owned())
        .map_err(|reason| Failure::new(reason, sealed.display()))?;
    let nodes = world.agencies.iter().map(|agency| &agency.oin);
    let epochs = secrets.epochs();
    let each = nodes.flat_map(|node| epochs.iter().map(move |epoch| (*epoch, node)));
    let found: Result<Vec<_>, Reason> =
        each.map(|(epoch, node)| secrets.factors(epoch, node)).collect();
    let found = found?;
    // Without them the search would find nothing, and prove nothing.
    if found.is_empty() { Err(Reason::EpochStale.into()) } else { Ok(found) }
}

fn point(region: &str, digits: &str) -> Result<Element, Failure> {
    let number = Bsn::parse(digits).map_err(|_| Failure::from(Reason::BsnInvalid))?;
    number_point(region, &number).map_err(|error| error.reason().into())
}

/// s H(b), which is what a node's index is made of.
fn pseudonym(factors: &Factors, point: &Element) -> Result<Element, Failure> {
    factors.shuffled(Some(point)).map_err(|error: BlindError| error.reason().into())
}

#[cfg(test)]
mod tests {
    use grondslag_core::blind::enrolment::Batch;
    use grondslag_core::id::Oin;
    use grondslag_subject::pseudonym::{Enrolment, Shuffled};
    use rand_core::UnwrapErr;

    use super::*;

    #[test]
    fn what_is_looked_for_is_what_a_node_enrols() {
        let node = Oin::parse("00000099990100001000").unwrap();
        let factors = Factors::derive(&[7; 32], "region", 1, &node).unwrap();
        let number = point("region", "999990019").unwrap();
        let enrolment = Enrolment::new([3; 32]);
        let blinded = enrolment.blind(0, Some(&number)).unwrap();
        let batch = Batch { region: "region", epoch: 1, node: &node, number: 0 };
        let mut rng = UnwrapErr(getrandom::SysRng);
        let evaluated = factors.evaluate(&batch, None, &[blinded], &mut rng).unwrap();
        let shuffled = Shuffled::new(&factors.shuffled(None).unwrap());
        let enrolled = enrolment.unblind(0, &evaluated.points[0], &shuffled).unwrap();
        assert_eq!(enrolled.expose(), pseudonym(&factors, &number).unwrap().bytes());
    }
}
