//! Second persons: what their signatures add to a question.
//!
//! Broker and holder weigh approvals with this same function, each on its own copy of the asker's
//! card.

use crate::catalogue::Role;
use crate::clock::Timestamp;
use crate::id::TargetId;
use crate::inquiry::{Approval, Approver, Header, Part};
use crate::reason::Reason;
use crate::statement::{approval_bytes, verify};
use crate::tier::Approvals;

/// Weighs the approvals of one part: every one must hold, and the strongest counts.
///
/// `sign_key` is the key on the asker's card; `mandated` says which roles carry a mandate
/// (`gem.doorzetter`, domain 4a.15).
///
/// # Errors
/// `APPROVAL_OWN`, `APPROVER_UNVERIFIED` or `APPROVAL_ALTERED`: a question with an approval that
/// does not hold is refused as a whole, for somebody tampered with it.
pub fn weigh(
    id: &TargetId,
    header: &Header,
    part: &Part,
    sign_key: &[u8; 32],
    mandated: &dyn Fn(&Role) -> bool,
    now: Timestamp,
) -> Result<Approvals, Reason> {
    part.approvals.iter().try_fold(Approvals::None, |strongest, approval| {
        let approver = approver_of(header, approval)?;
        check_approver(header, approver, sign_key, now)?;
        let bytes = approval_bytes(id, header, &part.categories, &approval.commitment);
        verify(&approver.public_key, &bytes, &approval.signature)
            .map_err(|_| Reason::ApprovalAltered)?;
        Ok(strongest.max(value(approver, mandated)))
    })
}

/// What approvals add that were checked before: an asker's own when they were made, a recorded
/// decision's when it was taken.
pub fn amount_to(
    header: &Header,
    approvals: &[Approval],
    mandated: &dyn Fn(&Role) -> bool,
) -> Approvals {
    let approvers = approvals.iter().filter_map(|approval| approver_of(header, approval).ok());
    let values = approvers.map(|approver| value(approver, mandated));
    values.max().unwrap_or(Approvals::None)
}

fn value(approver: &Approver, mandated: &dyn Fn(&Role) -> bool) -> Approvals {
    if mandated(&approver.role) { Approvals::Mandated } else { Approvals::SecondPerson }
}

fn approver_of<'a>(header: &'a Header, approval: &Approval) -> Result<&'a Approver, Reason> {
    if approval.pseudonym == header.staff {
        return Err(Reason::ApprovalOwn);
    }
    header
        .approvers
        .iter()
        .find(|approver| approver.pseudonym == approval.pseudonym)
        .ok_or(Reason::ApproverUnverified)
}

fn check_approver(
    header: &Header,
    approver: &Approver,
    sign_key: &[u8; 32],
    now: Timestamp,
) -> Result<(), Reason> {
    let vouched = verify(sign_key, &approver.vouch_bytes(&header.asker), &approver.vouched);
    if vouched.is_err() || now >= approver.mandate_until {
        return Err(Reason::ApproverUnverified);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::catalogue::{Category, Purpose, QueryKind};
    use crate::id::{Digest, InquiryId, Oin, Pseudonym};
    use crate::inquiry::Times;
    use crate::statement::sign;
    use crate::tier::{Level, Urgency};

    struct Scene {
        card: SigningKey,
        second: SigningKey,
        header: Header,
        part: Part,
        id: TargetId,
    }

    fn scene(role: &str) -> Scene {
        let (card, second) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let asker = Oin::parse("00000099000000001000").unwrap();
        let mut approver = Approver {
            pseudonym: Pseudonym::new([5; 16]),
            role: Role::parse(role).unwrap(),
            mandate_until: Timestamp::from_ms(100),
            public_key: second.verifying_key().to_bytes(),
            vouched: [0; 64],
        };
        approver.vouched = sign(&card, &approver.vouch_bytes(&asker));
        let header = Header {
            asker,
            role: Role::parse("gem.procesregisseur").unwrap(),
            staff: Pseudonym::new([4; 16]),
            purpose: Purpose::parse("D13").unwrap(),
            kind: QueryKind::parse("Q04").unwrap(),
            grounds: Vec::new(),
            urgency: Urgency::Urgent,
            break_glass: false,
            level: Level::Person,
            epoch: 0,
            bundle: Digest::new([0; 32]),
            times: Times {
                asked_at: Timestamp::from_ms(0),
                ask_expires_at: Timestamp::from_ms(10),
                answer_by: Timestamp::from_ms(100),
            },
            approvers: vec![approver],
        };
        let id = TargetId::derive(&InquiryId::new([9; 16]), &header.asker);
        let categories = vec![Category::parse("G05").unwrap()];
        let commitment = Digest::new([7; 32]);
        let signature = sign(&second, &approval_bytes(&id, &header, &categories, &commitment));
        let approvals =
            vec![Approval { pseudonym: Pseudonym::new([5; 16]), commitment, signature }];
        let part = Part { categories, approvals, detail: vec![], signature: [0; 64] };
        Scene { card, second, header, part, id }
    }

    fn weigh_at(scene: &Scene, ms: i64) -> Result<Approvals, Reason> {
        let key = scene.card.verifying_key().to_bytes();
        let mandated = |role: &Role| role.as_str() == "gem.doorzetter";
        weigh(&scene.id, &scene.header, &scene.part, &key, &mandated, Timestamp::from_ms(ms))
    }

    #[test]
    fn a_second_person_counts_and_a_mandated_one_counts_as_such() {
        assert_eq!(weigh_at(&scene("gem.lokaalteam"), 1), Ok(Approvals::SecondPerson));
        assert_eq!(weigh_at(&scene("gem.doorzetter"), 1), Ok(Approvals::Mandated));
    }

    #[test]
    fn without_an_approval_nobody_approved() {
        let mut scene = scene("gem.doorzetter");
        scene.part.approvals.clear();
        assert_eq!(weigh_at(&scene, 1), Ok(Approvals::None));
    }

    #[test]
    fn an_own_an_altered_and_an_ended_approval_are_refused() {
        let mut own = scene("gem.doorzetter");
        own.part.approvals[0].pseudonym = own.header.staff;
        assert_eq!(weigh_at(&own, 1), Err(Reason::ApprovalOwn));

        let mut altered = scene("gem.doorzetter");
        altered.part.categories.push(Category::parse("G16").unwrap());
        assert_eq!(weigh_at(&altered, 1), Err(Reason::ApprovalAltered));

        assert_eq!(weigh_at(&scene("gem.doorzetter"), 100), Err(Reason::ApproverUnverified));
    }

    #[test]
    fn nobody_promotes_themselves_to_a_mandate() {
        let mut scene = scene("gem.lokaalteam");
        scene.header.approvers[0].role = Role::parse("gem.doorzetter").unwrap();
        assert_eq!(weigh_at(&scene, 1), Err(Reason::ApproverUnverified));
        let other = sign(&scene.second, b"x");
        scene.header.approvers[0].vouched = other;
        assert_eq!(weigh_at(&scene, 1), Err(Reason::ApproverUnverified));
    }

    #[test]
    fn a_retry_with_another_epoch_or_bundle_keeps_its_approvals() {
        let mut scene = scene("gem.doorzetter");
        scene.header.epoch = 2;
        scene.header.bundle = Digest::new([1; 32]);
        assert_eq!(weigh_at(&scene, 1), Ok(Approvals::Mandated));
    }
}
