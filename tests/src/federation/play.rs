//! Playing what a storyline asks.

use anyhow::{Context as _, Result};
use grondslag_proto::v1;

use super::Federation;
use super::desk::Heard;
use crate::world::Question;

impl Federation {
    /// Plays a question of a storyline: on its date, by its people.
    ///
    /// # Errors
    /// When it could not even be put.
    pub async fn play(&self, question: &Question) -> Result<Heard> {
        self.set_clock(question.at()?);
        let mut wire = self.question(question)?;
        let desk = self.desk(&question.agency, &question.staff)?;
        if let Some(escalation) = &question.escalation {
            wire = desk.escalating(escalation, wire, &question.to).await?;
        }
        let heard = match &question.approver {
            None => desk.ask(wire).await,
            Some(approver) => {
                let inquiry = desk.draft(wire).await?;
                let second = self.desk(&question.agency, approver)?;
                let shown = second.show(&inquiry).await?;
                let signatures = second.sign(&shown).map_err(anyhow::Error::msg)?;
                let role = self.approver_role(question, approver)?;
                second.approve(&inquiry, &role, signatures).await?;
                desk.send(&inquiry).await
            }
        };
        heard.map_err(|status| anyhow::anyhow!("{}: {status}", question.id))
    }

    /// The role in which a second person approves: the asker's own, where they hold it.
    fn approver_role(&self, question: &Question, approver: &str) -> Result<String> {
        let person = self.world().person(&question.agency, approver)?;
        let same = person.roles.iter().find(|role| **role == question.role);
        let role = same.or(person.roles.first());
        role.cloned().with_context(|| format!("{approver} has no role"))
    }

    /// A storyline's question as the desk takes it.
    ///
    /// # Errors
    /// When it names an agency that the world does not have.
    pub fn question(&self, question: &Question) -> Result<v1::DeskQuestion> {
        let target = |id: &String| -> Result<v1::DeskTarget> {
            let oin = self.oin(id)?.to_string();
            Ok(v1::DeskTarget {
                oin,
                categories: question.categories.clone(),
                ..v1::DeskTarget::default()
            })
        };
        let facts = question
            .facts
            .iter()
            .map(|(column, value)| v1::StatedFact { column: column.clone(), value: value.clone() });
        Ok(v1::DeskQuestion {
            subject: question.subject.clone(),
            role: question.role.clone(),
            purpose: question.purpose.clone(),
            query_kind: question.query_kind.clone(),
            urgency: question.urgency.clone(),
            level: question.level.clone(),
            break_glass: question.break_glass,
            grounds: question.grounds.clone(),
            targets: question.to.iter().map(target).collect::<Result<_>>()?,
            necessity: question.necessity.clone(),
            reference: question.reference.clone(),
            facts: facts.collect(),
            on_behalf_of: String::new(),
            term_minutes: 0,
            escalation: None,
        })
    }
}
