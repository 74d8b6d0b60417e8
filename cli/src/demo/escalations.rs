//! Escalations of the stories: a case on the board first, and the joint file afterwards.

use std::fs;

use grondslag_core::answer::About;
use grondslag_core::id::{Digest, InquiryId};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::show_dossier_request::Which;
use serde::Serialize;

use super::driver::Driver;
use super::place::Place;
use super::world::{Escalation, Question, ReviewStep};
use crate::cases::CaseloadDesk;
use crate::dossier::{self, Counts, DossierDesk, DossierShown};
use crate::exit::Failure;
use crate::files::unwritable;

/// Column in which a story says how severe its case is.
const SEVERITY: &str = "severity";

/// What a joint file held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct FileSeen {
    /// Where the agencies stand.
    #[serde(flatten)]
    counts: Counts,
    /// Records that were given.
    dossier_entries: usize,
}

impl Driver<'_> {
    /// Makes a question an escalation: of a case that is opened if it is not on the board yet.
    pub(super) async fn escalating(
        &self,
        question: &Question,
        step: &Escalation,
        wire: v1::DeskQuestion,
    ) -> Result<v1::DeskQuestion, Failure> {
        let mut targets = wire.targets;
        for (target, id) in targets.iter_mut().zip(&question.to) {
            target.necessity.clone_from(step.why.get(id).unwrap_or(&question.necessity));
        }
        let escalation = v1::Escalation {
            case_id: self.case(question, step).await?,
            criteria: step.criteria.clone(),
            about: About::Child.to_string(),
        };
        Ok(v1::DeskQuestion { targets, escalation: Some(escalation), ..wire })
    }

    async fn case(&self, question: &Question, step: &Escalation) -> Result<Vec<u8>, Failure> {
        let child = Digest::of(question.subject.0.as_bytes());
        let place = format!("{} case {child}", question.agency);
        if let Ok(case) = self.numbers.of(Some(&place)) {
            return Ok(case);
        }
        let desk = CaseloadDesk::at(self.desks.of(&question.agency, &question.staff)?);
        let severity = question.facts.get(SEVERITY).cloned().unwrap_or_default();
        let triage = v1::Triage {
            nature: step.nature.clone(),
            severity,
            urgency: question.urgency.clone(),
            reason: step.judged.clone(),
        };
        let (subject, role) = (question.subject.0.clone(), question.role.clone());
        let opened = v1::OpenCaseRequest { subject, role, triage: Some(triage) };
        let case = desk.open(opened).await?;
        self.numbers.keep(&place, &case);
        Ok(case)
    }

    /// Looks at the joint file of an escalation, and says how many agencies stand where. Its page
    /// is written into the demo's folder, for it is destroyed after a month of the story.
    pub(super) async fn file(
        &self,
        step: &ReviewStep,
        inquiry: &InquiryId,
        place: &Place,
    ) -> Result<(Vec<String>, FileSeen), Failure> {
        let desk = DossierDesk::at(self.desks.of(&step.agency, &step.staff)?);
        let file = desk.show(Which::InquiryId(inquiry.as_bytes().to_vec())).await?;
        let file = DossierShown::read(self.names, file);
        let folder = place.joint_files();
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        dossier::write(&file, &folder.join(&step.id), self.desks.lang())?;
        let counts = file.persons.first().ok_or(Reason::UnknownInquiry)?.counts;
        let Counts { asked, given, reviewed, refused, overdue, waiting, .. } = counts;
        let seen = vec![
            format!("asked {asked}"),
            format!("given {given}"),
            format!("reviewed {reviewed}"),
            format!("refused {refused}"),
            format!("overdue {overdue}"),
            format!("waiting {waiting}"),
        ];
        Ok((seen, FileSeen { counts, dossier_entries: file.entries() }))
    }
}
