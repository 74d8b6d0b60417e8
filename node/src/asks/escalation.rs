//! An escalation: a question for a joint file on a child (query kind Q04, R29). It belongs to a
//! case of the municipality's own board, which a professional judged to be serious; named criteria
//! bear that; every agency is told its own reason; and somebody mandated signs with their own key.
//!
//! INVARIANT: severity and urgency are those of the case. A draft whose case was judged anew,
//! closed or given up since is none any more, so that nobody signs one case and sends another.

use std::collections::BTreeMap;

use grondslag_core::answer::About;
use grondslag_core::catalogue::Purpose;
use grondslag_core::id::{CaseId, Oin};
use grondslag_core::reason::Reason;
use grondslag_policy::catalogue::{Catalogue, SEVERITY};
use grondslag_proto::v1;
use grondslag_subject::Bsn;

use crate::agency::Agency;
use crate::caseload::{OnBoard, on_board};
use crate::detail::check_text;
use crate::limits::CRITERIA_MAX;

/// What makes a question an escalation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Escalation {
    /// The case, of the node's own board.
    pub case: CaseId,
    /// Who is asked about: the child of the case, or somebody of the household under a question of
    /// their own.
    pub about: About,
    /// What bears that the risk is serious, words of the catalogue.
    pub criteria: Vec<String>,
    /// Why each agency is asked, which it alone reads.
    pub why: BTreeMap<Oin, String>,
}

grondslag_core::unprinted!(Escalation);

impl Escalation {
    /// Parses what makes a question an escalation, and states what the case says of it. `None` for
    /// any other question.
    ///
    /// # Errors
    /// `ESCALATION_APART` for a purpose that is an escalation's and a question that is none, or the
    /// other way round; `ESCALATION_CRITERIA`, `ESCALATION_CASE`, `UNKNOWN_CASE`, `CASE_CLOSED`;
    /// `CASE_CHANGED` when the question states another severity or urgency than the case has by
    /// now; what [`check_text`] gives.
    pub(super) async fn parse(
        agency: &Agency,
        question: &mut v1::DeskQuestion,
        subject: &Bsn,
    ) -> Result<Option<Self>, Reason> {
        let pack = agency.pack();
        check_apart(pack.catalogue(), question)?;
        let Some(wire) = question.escalation.take() else { return Ok(None) };
        // Its term is that of Q04.
        if question.term_minutes != 0 {
            return Err(Reason::EscalationApart);
        }
        let case = CaseId::from_slice(&wire.case_id).map_err(|_| Reason::UnknownCase)?;
        let about: About = wire.about.parse().map_err(|_| Reason::Malformed)?;
        let on_board = on_board(agency, &case).await?;
        // A number that is the case's child is the child, and no other is.
        if (about == About::Child) != (on_board.child.expose() == subject.expose()) {
            return Err(Reason::EscalationCase);
        }
        state(question, &on_board)?;
        check_criteria(pack.catalogue(), &on_board, &wire.criteria)?;
        let mut why = BTreeMap::new();
        for target in &question.targets {
            check_text(agency, &target.necessity, subject).await?;
            let oin = Oin::parse(&target.oin).map_err(|_| Reason::UnknownAgency)?;
            why.insert(oin, target.necessity.clone());
        }
        if about != About::Child {
            names_no_child(agency, question, &on_board.child).await?;
        }
        Ok(Some(Self { case, about, criteria: wire.criteria, why }))
    }

    /// The same as it came, to keep a draft.
    pub(super) fn to_wire(&self) -> v1::Escalation {
        v1::Escalation {
            case_id: self.case.as_bytes().to_vec(),
            criteria: self.criteria.clone(),
            about: self.about.to_string(),
        }
    }
}

/// A question about somebody of the household names the child of the case no more than them.
async fn names_no_child(
    agency: &Agency,
    question: &v1::DeskQuestion,
    child: &Bsn,
) -> Result<(), Reason> {
    let own = question.targets.iter().map(|target| &target.necessity);
    for text in own.chain([&question.necessity]) {
        check_text(agency, text, child).await?;
    }
    Ok(())
}

/// A purpose of escalations is asked for as one, and nothing else is.
fn check_apart(catalogue: &Catalogue, question: &v1::DeskQuestion) -> Result<(), Reason> {
    let rules = catalogue.escalation();
    let purpose = Purpose::parse(&question.purpose).ok();
    let is_for = purpose.is_some_and(|purpose| rules.is_for(&purpose));
    if is_for != question.escalation.is_some() {
        return Err(Reason::EscalationApart);
    }
    let own_texts = question.targets.iter().any(|target| !target.necessity.is_empty());
    if own_texts && !is_for { Err(Reason::EscalationApart) } else { Ok(()) }
}

fn check_criteria(
    catalogue: &Catalogue,
    on_board: &OnBoard,
    criteria: &[String],
) -> Result<(), Reason> {
    let rules = catalogue.escalation();
    if criteria.len() > CRITERIA_MAX {
        return Err(Reason::TooLarge);
    }
    // Whatever is named beside it: a case that nobody judged to be serious bears no file.
    if on_board.severity != rules.acute_is && on_board.severity != rules.structural_is {
        return Err(Reason::EscalationCase);
    }
    let borne = rules.bears(&on_board.severity, criteria);
    if borne { Ok(()) } else { Err(Reason::EscalationCriteria) }
}

/// States severity and urgency as the case has them. A question that states them already was put
/// together before.
fn state(question: &mut v1::DeskQuestion, on_board: &OnBoard) -> Result<(), Reason> {
    let urgency = on_board.urgency.to_string();
    let mut stated = question.facts.iter().filter(|fact| fact.column == SEVERITY);
    let severity = stated.next().map(|fact| fact.value.clone());
    let same_severity = severity.as_ref().is_none_or(|word| *word == on_board.severity);
    if !same_severity || !(question.urgency.is_empty() || question.urgency == urgency) {
        return Err(Reason::CaseChanged);
    }
    if severity.is_none() {
        let (column, value) = (SEVERITY.to_owned(), on_board.severity.clone());
        question.facts.push(v1::StatedFact { column, value });
    }
    question.urgency = urgency;
    Ok(())
}

#[cfg(test)]
mod tests;
