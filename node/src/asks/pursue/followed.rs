//! What a question is followed by once it is on its way.

use std::collections::BTreeMap;

use grondslag_core::catalogue::Category;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{FIRST_REPLY_NO, subject_tag};

use super::{Pursuit, Target};
use crate::asks::check::Asked;
use crate::asks::follow::{Followed, FollowedTarget};
use crate::processing::{DataSubject, Processing, Status, activity, span_id};

impl Pursuit {
    /// What later replies must agree with, as long as it is not known what was let through: should
    /// this process end before the question is closed, it can be followed still.
    pub(super) fn followed_from_start(&self, inquiry: &Inquiry) -> Followed {
        let epoch = inquiry.header().epoch;
        let parts = inquiry.parts().iter().map(|(target, part)| {
            let put = (epoch, Asked { inquiry, target, part }.statement());
            self.expect(target, put, part.categories.clone())
        });
        self.followed(parts)
    }

    /// The same once that is known. A target that was caught lying is not followed.
    pub(super) fn followed_to_end(&self, targets: &BTreeMap<Oin, Target>) -> Followed {
        let honest = targets.iter().filter(|(_, target)| target.discarded.is_none());
        // Whom nothing was put to has nothing that was let through.
        let open = honest.filter_map(|(oin, target)| {
            Some(self.expect(oin, (target.epoch, target.statement?), target.let_through()))
        });
        self.followed(open.filter(|target| !target.let_through.is_empty()))
    }

    /// The processing that the question was: at every agency that it reached, of the same person.
    ///
    /// # Errors
    /// `INTERNAL` without randomness.
    pub(super) fn processing(
        &self,
        targets: &BTreeMap<Oin, Target>,
    ) -> Result<Vec<Processing>, Reason> {
        let subject = DataSubject::of(self.wish.subject.expose())?;
        let (own, register) = (&self.agency.oin, self.agency.register.as_deref());
        let reached = targets.iter().filter(|(_, target)| target.decided_in > 0);
        let records = reached.map(|(oin, target)| {
            Ok(Processing {
                trace_id: TargetId::derive(&self.summary.id, oin),
                span_id: span_id()?,
                status: if target.discarded.is_some() { Status::Error } else { Status::Ok },
                name: "vraag gesteld aan een andere organisatie".to_owned(),
                start: self.summary.asked_at,
                end: self.agency.clock.now().max(self.summary.asked_at),
                activity: activity(register, own, &self.wish.purpose),
                subject: Some(subject.clone()),
                processor: None,
            })
        });
        records.collect()
    }

    fn followed(&self, targets: impl Iterator<Item = FollowedTarget>) -> Followed {
        Followed {
            staff: self.summary.staff.clone(),
            answer_by: self.header.times.answer_by,
            break_glass: self.header.break_glass,
            targets: targets.collect(),
        }
    }

    fn expect(
        &self,
        oin: &Oin,
        (epoch, statement): (u32, Digest),
        let_through: Vec<Category>,
    ) -> FollowedTarget {
        let id = TargetId::derive(&self.summary.id, oin);
        let tag = subject_tag(&id, oin, self.wish.subject.expose().as_bytes());
        let (oin, last_no) = (oin.clone(), FIRST_REPLY_NO);
        let asked_at = self.header.times.asked_at;
        FollowedTarget { oin, epoch, statement, asked_at, let_through, tag, last_no }
    }
}
