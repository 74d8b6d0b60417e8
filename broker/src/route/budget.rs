//! Budgets against enumeration: how many questions one person, and one agency, may ask for one
//! purpose on one day (protocol 1.3, point 9).
//!
//! An authorised asker could try numbers one by one. The broker cannot see whether fifty questions
//! are about fifty children, so it counts questions. Over the budget only a question that a second
//! person approved at every target goes out, and it counts too. The asker's own node keeps the same
//! budget; this one holds when that node does not.
//!
//! INVARIANT: the counts go up in the batch that records the decision: no question goes out
//! uncounted (`counter`).

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Pseudonym};
use grondslag_core::inquiry::{Header, Inquiry};
use grondslag_core::reason::Reason;
use grondslag_core::tier::Approvals;
use grondslag_evidence::store::Batch;

use super::verify::Target;
use crate::broker::Broker;
use crate::counter::Counter;
use crate::limits::COUNT_KEPT_MS;

/// What a question that is recorded for the first time adds to the counts of today. A second
/// attempt adds nothing: it is the same question, for targets that could not take it before.
///
/// # Errors
/// `BUDGET_EXCEEDED` when a count is full and some part has no second person; why the counts could
/// not be read.
pub(super) async fn count(
    broker: &Broker,
    inquiry: &Inquiry,
    targets: &[Target],
) -> Result<Batch, Reason> {
    if inquiry.attempt() != 1 {
        return Ok(Batch::new());
    }
    let (header, now) = (inquiry.header(), broker.clock.now());
    let (person, agency) = (broker.budget.person_per_day, broker.budget.agency_per_day);
    let until = now.plus_ms(COUNT_KEPT_MS);
    let mut counted = Batch::new();
    let mut full = false;
    for (staff, most) in [(Some(&header.staff), person), (None, agency)] {
        let counter = Counter::read(broker.store.as_ref(), key(header, staff, now)).await?;
        full |= !counter.has_room(1, most.number());
        counted = counter.add(counted, 1, until)?;
    }
    // A notice learns nothing: it is counted, and a withdrawal is never held up by counts.
    if full && !header.kind.is_notice() && !approved(targets) {
        Err(Reason::BudgetExceeded)
    } else {
        Ok(counted)
    }
}

/// Every part was approved by a second person at the least.
fn approved(targets: &[Target]) -> bool {
    targets.iter().all(|target| target.approvals != Approvals::None)
}

/// `qb/` and a digest of (agency, person or nobody, purpose, day): of fixed length, and it tells
/// nothing.
fn key(header: &Header, staff: Option<&Pseudonym>, now: Timestamp) -> Vec<u8> {
    let bytes = Canonical::new("grondslag/budget/v1")
        .text(header.asker.as_str())
        .bytes(staff.map(|staff| staff.as_bytes().as_slice()).unwrap_or_default())
        .text(header.purpose.as_str())
        .text(&now.date().to_string())
        .finish();
    [b"qb/".as_slice(), Digest::of(&bytes).as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use grondslag_core::blind::{Element, Secret};
    use grondslag_core::id::{InquiryId, Oin, TargetId};
    use grondslag_core::inquiry::Part;

    use super::*;

    #[test]
    fn every_part_must_be_approved_for_a_question_to_pass() {
        let two = Element::new(Secret::from_uniform(&[1; 64]).unwrap().public()).unwrap();
        let target = |approvals| {
            let oin = Oin::parse("00000099000000002000").unwrap();
            let id = TargetId::derive(&InquiryId::new([1; 16]), &oin);
            let (categories, detail) = (vec![], vec![]);
            let part = Part { categories, approvals: vec![], detail, signature: [0; 64] };
            let (card, links) = (Err(Reason::UnknownAgency), [].into());
            Target { oin, id, part, approvals, card, two, links }
        };
        let all = |approvals: [Approvals; 2]| approved(&approvals.map(target));
        assert!(all([Approvals::SecondPerson, Approvals::Mandated]));
        assert!(!all([Approvals::SecondPerson, Approvals::None]));
        assert!(!all([Approvals::None, Approvals::None]));
    }
}
