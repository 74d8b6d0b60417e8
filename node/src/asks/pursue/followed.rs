//! What a question is followed by once it is on its way.

use std::collections::BTreeMap;

use grondslag_core::access_log::LogCategory;
use grondslag_core::answer::About;
use grondslag_core::catalogue::Category;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::inquiry::{Header, Inquiry};
use grondslag_core::reason::Reason;
use grondslag_core::statement::{FIRST_REPLY_NO, subject_tag};
use grondslag_evidence::store::Batch;
use grondslag_policy::Pack;
use grondslag_policy::notice::RIGHTS;

use super::{Pursuit, Target};
use crate::asks::attested::Attested;
use crate::asks::budget::Counted;
use crate::asks::check::Asked;
use crate::asks::follow::{Followed, FollowedTarget, Informs};
use crate::asks::inquiries::{Closed, Summary, TakenBy};
use crate::asks::received::Told;
use crate::asks::view::{Stand, broker_refusal};
use crate::asks::wish::Subject;
use crate::caseload::on_board;
use crate::dossier::{self, Ended, Filed, FiledTarget};
use crate::glass;
use crate::inform::Task;
use crate::own_view::asked::{Came, came_of};
use crate::processing::{DataSubject, Processing, Status, activity, span_id};
use crate::recorded::term;
use crate::records::SubjectKey;

impl Target {
    /// What was said of each category, by the broker or by the agency.
    fn said(&self, pack: &Pack, categories: &[Category]) -> Vec<LogCategory> {
        let of_agency = self.answer.as_ref().map(|answer| answer.lines.as_slice());
        let of_agency = of_agency.unwrap_or_default();
        let said = categories.iter().map(|category| {
            let ruling = self.rulings.iter().find(|named| named.ruling.category == *category);
            let refused = ruling.filter(|named| !named.ruling.is_let_through());
            let refused = refused.map(broker_refusal);
            let line = of_agency.iter().find(|line| line.category() == category);
            came_of(pack, category, refused.as_ref().or(line))
        });
        said.collect()
    }
}

/// A question was put: whatever becomes of its stream, the broker may have it by now, and what came
/// of it is asked for later.
pub(super) fn put(inquiry: &Inquiry, targets: &mut BTreeMap<Oin, Target>) {
    for (oin, part) in inquiry.parts() {
        if let Some(target) = targets.get_mut(oin).filter(|one| one.statement.is_none()) {
            target.epoch = inquiry.header().epoch;
            target.statement = Some(Asked { inquiry, target: oin, part }.statement());
        }
    }
}

impl Pursuit {
    /// What the person is to be told of the question, should it be owed to them. An own view is
    /// their own, and a notice brings what they said.
    pub(super) fn to_inform(&self) -> Option<Task> {
        let Subject::Person(number) = &self.wish.subject else { return None };
        if self.wish.is_own_view() || self.wish.kind.is_notice() {
            return None;
        }
        let Summary { id, staff, role, purpose, asked_at, .. } = &self.summary;
        let of = (*id, staff.clone());
        let (role, term) = ((role.clone(), purpose.clone()), term(self.header.break_glass));
        let digits = number.expose().to_owned();
        Some(Task::new(&self.agency.pack(), of, role, digits, (*asked_at, term)))
    }

    /// What holds for every answer to it, but for what is to be told and filed.
    pub(super) const fn told(&self) -> Told<'static> {
        let Header { break_glass, times, .. } = &self.header;
        let (answer_by, break_glass) = (times.answer_by, *break_glass);
        Told { answer_by, break_glass, to_inform: None, filed: None }
    }

    /// What a task to inform is made of when a reply comes later.
    fn informs(&self) -> Option<Informs> {
        let Subject::Person(number) = &self.wish.subject else { return None };
        let Task { role, purpose, asked_at, .. } = self.to_inform()?;
        let person = hex::encode(SubjectKey::of(&self.agency.secret, number).as_bytes());
        Some(Informs { person, role, purpose, asked_at })
    }

    /// What is recorded with a question that goes out: that its draft is none any more, what later
    /// replies must agree with, where its answers belong, and that it was asked alone.
    pub(super) async fn leaving(&self, inquiry: &Inquiry) -> Result<Batch, Reason> {
        let out = self.draft.as_ref().map(|draft| draft.out.clone()).unwrap_or_default();
        let followed = self.followed_from_start(inquiry);
        // A draft that the broker did not take before is there already.
        let state = followed.put_again(&self.agency, out, &self.summary.id).await?;
        let state = self.file(state).await?;
        if self.wish.break_glass {
            return glass::broken(&self.agency, &self.wish, &self.summary, state).await;
        }
        Ok(state)
    }

    /// What later replies must agree with, as long as it is not known what was let through: should
    /// this process end before the question is closed, it can be followed still.
    fn followed_from_start(&self, inquiry: &Inquiry) -> Followed {
        let epoch = inquiry.header().epoch;
        let parts = inquiry.parts().iter().map(|(target, part)| {
            let put = (epoch, Asked { inquiry, target, part }.statement());
            self.expect(target, put, (part.categories.clone(), false), 0)
        });
        self.followed(parts)
    }

    /// The same once that is known. A target that was caught lying is not followed.
    pub(super) fn followed_to_end(&self, targets: &BTreeMap<Oin, Target>) -> Followed {
        let honest = targets.iter().filter(|(_, target)| target.discarded.is_none());
        // Whom nothing was put to has nothing that was let through.
        let open = honest.filter_map(|(oin, target)| {
            let put = (target.epoch, target.statement?);
            let is_attested = target.decided_in > 0;
            let open = if is_attested { target.let_through() } else { self.asked_of(oin) };
            let shown = if target.answer.is_some() { FIRST_REPLY_NO } else { 0 };
            Some(self.expect(oin, put, (open, is_attested), shown))
        });
        self.followed(open.filter(|target| !target.let_through.is_empty()))
    }

    /// What was asked of one target.
    fn asked_of(&self, oin: &Oin) -> Vec<Category> {
        let of = self.wish.targets.iter().find(|(target, _)| target == oin);
        of.map(|(_, categories)| categories.clone()).unwrap_or_default()
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

    /// What the whole question came to, to be recorded.
    pub(super) fn closing_record<'a>(
        &'a self,
        targets: &BTreeMap<Oin, Target>,
        counted: &'a Counted,
        (processing, attested): (Vec<Processing>, Vec<Attested>),
    ) -> Closed<'a> {
        Closed {
            summary: &self.summary,
            counted,
            processing,
            attested,
            came: self.came(targets),
            ended: self.ended(targets),
            break_glass: self.header.break_glass,
            taken_by: self.taken_by(targets),
        }
    }

    /// Files the question, should it be an escalation: what comes of it is kept from then on.
    async fn file(&self, state: Batch) -> Result<Batch, Reason> {
        let Some(escalation) = &self.wish.escalation else { return Ok(state) };
        let targets = self.wish.targets.iter().map(|(oin, categories)| FiledTarget {
            oin: oin.clone(),
            categories: categories.clone(),
            ended: None,
        });
        let signed_by =
            self.cosigned.iter().map(|one| (one.staff.clone(), one.approver.role.clone()));
        let child = match &self.wish.subject {
            Subject::Person(number) if escalation.about == About::Child => number.clone(),
            _ => on_board(&self.agency, &escalation.case).await?.child,
        };
        let filed = Filed {
            child: Some(*SubjectKey::of(&self.agency.secret, &child).as_bytes()),
            inquiry: self.summary.id,
            case: escalation.case,
            about: escalation.about,
            asked_by: (self.summary.staff.clone(), self.wish.role.clone()),
            signed_by: signed_by.collect(),
            purpose: self.wish.purpose.clone(),
            criteria: escalation.criteria.clone(),
            necessity: self.wish.necessity.clone(),
            asked_at: self.header.times.asked_at,
            answer_by: self.header.times.answer_by,
            ends: dossier::ends(&self.agency, self.header.times.asked_at),
            heard: false,
            targets: targets.collect(),
        };
        filed.file(&self.agency, state).await
    }

    /// How the first round of an escalation ended at each agency; of any other question nothing.
    fn ended(&self, targets: &BTreeMap<Oin, Target>) -> BTreeMap<Oin, Ended> {
        let filed = targets.iter().filter(|_| self.wish.escalation.is_some());
        let ended = filed.filter_map(|(oin, target)| {
            let refused = target.rulings.iter().filter(|named| !named.ruling.is_let_through());
            let refused = refused.map(broker_refusal).collect();
            let reason = target.discarded.or(target.why);
            Some((oin.clone(), Ended { stand: target.shown?, reason, refused }))
        });
        ended.collect()
    }

    fn taken_by(&self, targets: &BTreeMap<Oin, Target>) -> Option<TakenBy<'_>> {
        // What is said about a person's rights is in no own view.
        let carries = self.wish.carries.as_ref();
        carries.filter(|carries| carries.codes.purpose != RIGHTS.purpose)?;
        let took =
            |oin: &Oin| targets.get(oin).is_some_and(|target| target.shown == Some(Stand::Replied));
        let agencies = self.wish.targets.iter().filter(|(oin, _)| took(oin));
        let agencies: Vec<_> = agencies.cloned().collect();
        (!agencies.is_empty()).then_some(TakenBy { subject: &self.wish.subject, agencies })
    }

    /// What came of the question at each agency, for an own view of the person concerned.
    fn came(&self, targets: &BTreeMap<Oin, Target>) -> Came {
        let (asked, pack) = (self.wish.targets.iter(), self.agency.pack());
        let came = asked.map(|(oin, categories)| {
            let lines = targets.get(oin).map(|target| target.said(&pack, categories));
            (oin.clone(), lines.unwrap_or_default())
        });
        if self.wish.is_own_view() {
            // Which agencies had something to tell is nobody's business here: that somebody was
            // told.
            let best = came.flat_map(|(_, lines)| lines).min_by_key(|line| line.outcome);
            return [(self.agency.oin.clone(), best.into_iter().collect())].into();
        }
        came.collect()
    }

    /// An own view is not followed: what comes later would reach a person as it travelled, and not
    /// as a timeline.
    fn followed(&self, targets: impl Iterator<Item = FollowedTarget>) -> Followed {
        let is_own_view = self.wish.is_own_view();
        let targets = targets.filter(|_| !is_own_view);
        Followed {
            staff: self.summary.staff.clone(),
            answer_by: self.header.times.answer_by,
            break_glass: self.header.break_glass,
            escalation: self.wish.escalation.is_some(),
            targets: targets.collect(),
            informs: self.informs(),
        }
    }

    fn expect(
        &self,
        oin: &Oin,
        (epoch, statement): (u32, Digest),
        (let_through, is_attested): (Vec<Category>, bool),
        shown: u32,
    ) -> FollowedTarget {
        let id = TargetId::derive(&self.summary.id, oin);
        let tag = subject_tag(&id, oin, self.wish.subject.expose().as_bytes());
        let (oin, last_no) = (oin.clone(), shown);
        let asked_at = self.header.times.asked_at;
        FollowedTarget {
            oin,
            epoch,
            statement,
            asked_at,
            let_through,
            is_attested,
            tag,
            shown,
            last_no,
        }
    }
}
