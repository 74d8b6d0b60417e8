//! What a second person's signature commits to beside what stands in the header: the child, and all
//! of an escalation that the broker does not see.
//!
//! The asker's node and the second person's own program make it of the question as it is shown.

use grondslag_core::canonical::Canonical;
use grondslag_core::id::Digest;
use grondslag_core::statement::approval_commitment;

use crate::v1;

/// The commitment under a salt that stays at the asker's node. Of an ordinary question it is to the
/// child's number; of an escalation also to its case, criteria, facts and reasons.
pub fn commitment_of(salt: &[u8; 32], question: &v1::DeskQuestion) -> Digest {
    let number = question.subject.as_bytes();
    let Some(escalation) = &question.escalation else { return approval_commitment(salt, number) };
    let facts = question.facts.iter().map(|fact| format!("{}={}", fact.column, fact.value));
    let reasons = question.targets.iter().map(|target| target.necessity.as_bytes());
    let whole = Canonical::new("grondslag/approved-escalation/v1")
        .bytes(number)
        .bytes(&escalation.case_id)
        .text(&escalation.about)
        .list(escalation.criteria.iter().map(String::as_bytes))
        .list(facts)
        .list(reasons)
        .text(&question.necessity)
        .text(&question.reference)
        .finish();
    approval_commitment(salt, &whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> v1::DeskQuestion {
        let necessity = "eigen reden".to_owned();
        v1::DeskQuestion {
            subject: "999940004".to_owned(),
            necessity: "waarom".to_owned(),
            reference: "VT-1".to_owned(),
            targets: vec![v1::DeskTarget { necessity, ..v1::DeskTarget::default() }],
            facts: vec![v1::StatedFact { column: "severity".into(), value: "serious".into() }],
            escalation: Some(v1::Escalation {
                case_id: vec![1; 16],
                criteria: vec!["letsel".into()],
                about: "child".into(),
            }),
            ..v1::DeskQuestion::default()
        }
    }

    type Change = fn(&mut v1::DeskQuestion);

    fn escalation(of: &mut v1::DeskQuestion) -> &mut v1::Escalation {
        of.escalation.as_mut().unwrap()
    }

    #[test]
    fn nothing_of_an_escalation_is_changed_under_a_signature() {
        let signed = commitment_of(&[7; 32], &question());
        let changes: [Change; 8] = [
            |q| q.subject = "999940016".into(),
            |q| q.necessity.push('!'),
            |q| q.reference.clear(),
            |q| q.targets[0].necessity.push('!'),
            |q| q.facts[0].value = "acute".into(),
            |q| escalation(q).case_id[0] = 2,
            |q| escalation(q).criteria.push("bedreiging".into()),
            |q| escalation(q).about = "parent".into(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut altered = question();
            change(&mut altered);
            assert_ne!(commitment_of(&[7; 32], &altered), signed, "change {number}");
        }
        assert_ne!(commitment_of(&[8; 32], &question()), signed);
    }

    #[test]
    fn an_ordinary_question_commits_to_the_child() {
        let ordinary = v1::DeskQuestion { escalation: None, ..question() };
        let expected = approval_commitment(&[7; 32], b"999940004");
        assert_eq!(commitment_of(&[7; 32], &ordinary), expected);
    }
}
