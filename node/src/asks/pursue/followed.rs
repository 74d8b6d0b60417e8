//! What a question is followed by once it is on its way.

use std::collections::BTreeMap;

use grondslag_core::catalogue::Category;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::statement::{FIRST_REPLY_NO, subject_tag};

use super::{Pursuit, Target};
use crate::asks::follow::{Followed, FollowedTarget};

impl Pursuit {
    /// What later replies must agree with, as long as it is not known what was let through: should
    /// this process end before the question is closed, it can be followed still.
    pub(super) fn followed_from_start(&self, inquiry: &Inquiry) -> Followed {
        let epoch = inquiry.header().epoch;
        let parts = inquiry.parts().iter();
        self.followed(parts.map(|(oin, part)| self.expect(oin, epoch, part.categories.clone())))
    }

    /// The same once that is known. A target that was caught lying is not followed.
    pub(super) fn followed_to_end(&self, targets: &BTreeMap<Oin, Target>) -> Followed {
        let honest = targets.iter().filter(|(_, target)| target.discarded.is_none());
        let open = honest.map(|(oin, target)| self.expect(oin, target.epoch, target.let_through()));
        self.followed(open.filter(|target| !target.let_through.is_empty()))
    }

    fn followed(&self, targets: impl Iterator<Item = FollowedTarget>) -> Followed {
        Followed {
            staff: self.summary.staff.clone(),
            answer_by: self.header.times.answer_by,
            targets: targets.collect(),
        }
    }

    fn expect(&self, oin: &Oin, epoch: u32, let_through: Vec<Category>) -> FollowedTarget {
        let id = TargetId::derive(&self.summary.id, oin);
        let tag = subject_tag(&id, oin, self.wish.subject.expose().as_bytes());
        FollowedTarget { oin: oin.clone(), epoch, let_through, tag, last_no: FIRST_REPLY_NO }
    }
}
