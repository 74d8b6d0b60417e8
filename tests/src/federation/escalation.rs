//! A question for a joint file: a case on the board of the desk's own municipality first.

use anyhow::{Context as _, Result};
use grondslag_proto::v1;
use grondslag_proto::v1::caseload_service_client::CaseloadServiceClient;
use grondslag_runtime::channel::within;

use super::desk::{Desk, WAIT};
use crate::world::Escalation;

impl Desk {
    /// Opens the case of a question, and makes the question an escalation of it.
    ///
    /// # Errors
    /// When the case cannot be opened.
    pub async fn escalating(
        &self,
        step: &Escalation,
        wire: v1::DeskQuestion,
        to: &[String],
    ) -> Result<v1::DeskQuestion> {
        let severity = wire.facts.iter().find(|fact| fact.column == "severity");
        let triage = v1::Triage {
            nature: step.nature.clone(),
            severity: severity.context("a severity")?.value.clone(),
            urgency: wire.urgency.clone(),
            reason: step.judged.clone(),
        };
        let (subject, role) = (wire.subject.clone(), wire.role.clone());
        let opened = v1::OpenCaseRequest { subject, role, triage: Some(triage) };
        let mut board = CaseloadServiceClient::new(self.channel());
        let opened = board.open_case(within(opened, WAIT)).await?.into_inner();
        anyhow::ensure!(opened.refusal.is_none(), "{:?}", opened.refusal);
        let mut targets = wire.targets;
        for (target, id) in targets.iter_mut().zip(to) {
            target.necessity.clone_from(step.why.get(id).unwrap_or(&wire.necessity));
        }
        let escalation = v1::Escalation {
            case_id: opened.case_id,
            criteria: step.criteria.clone(),
            about: "child".to_owned(),
        };
        Ok(v1::DeskQuestion { targets, escalation: Some(escalation), ..wire })
    }
}
