//! Reminding agencies of a question that waits for them (domain 4a.32).

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, StaffId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;
use grondslag_proto::reply::refusal;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_up_content::Content;

use super::follow::{Followed, own};
use crate::agency::Agency;
use crate::follow_ups::send::{Added, Additions, What, added, bring_last, record};
use crate::limits::FOLLOW_UPS_AT_ONCE_MAX;

/// Reminds each of these agencies, of a person's own question whose term lasts. What keeps one from
/// being reminded keeps no other.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question that is not this person's, `QUESTION_EXPIRED` after its term,
/// `REMINDER_WORD`, `TARGETS_NONE`; why it could not be recorded.
pub(super) async fn remind(
    agency: &Agency,
    staff: &StaffId,
    request: &v1::RemindRequest,
) -> Result<Vec<v1::RemindLine>, Reason> {
    let id = InquiryId::from_slice(&request.inquiry_id).map_err(|_| Reason::UnknownInquiry)?;
    let (followed, _) = own(agency, &id, staff).await?;
    if agency.clock.now() > followed.answer_by {
        return Err(Reason::QuestionExpired);
    }
    let because = word(agency, &request.because)?;
    let targets = targets(&followed, &request.target_oins)?;
    // Written down first: who is slow to take one keeps no other from being reminded.
    let mut recorded = Vec::with_capacity(targets.len());
    for oin in targets {
        let question = Additions::new(id, oin.clone(), followed.answer_by, followed.break_glass);
        let reminder = Content::Reminder(v1::Reminder { because: because.clone() });
        let made = record(agency, question, reminder, staff, Batch::new()).await;
        recorded.push((oin, made));
    }
    let each = recorded.into_iter().map(async |(oin, made)| {
        let reminded = match made {
            Ok(id) => bring_last(agency, &id).await,
            Err(reason) => Err(reason),
        };
        line(agency, &oin, reminded)
    });
    stream::iter(each).buffered(FOLLOW_UPS_AT_ONCE_MAX).try_collect().await
}

/// A word of the list; its first when none is given.
fn word(agency: &Agency, typed: &str) -> Result<String, Reason> {
    let pack = agency.pack();
    let mut words = pack.catalogue().reviewing().reminders.iter();
    let found = words.find(|word| typed.is_empty() || word.id == typed);
    found.map(|word| word.id.clone()).ok_or(Reason::ReminderWord)
}

fn targets(followed: &Followed, typed: &[String]) -> Result<Vec<Oin>, Reason> {
    let asked = |oin: &String| followed.targets.iter().find(|one| one.oin.as_str() == oin);
    let mut all = Vec::new();
    for oin in typed {
        let oin = asked(oin).ok_or(Reason::UnknownAgency)?.oin.clone();
        if !all.contains(&oin) {
            all.push(oin);
        }
    }
    if all.is_empty() { Err(Reason::TargetsNone) } else { Ok(all) }
}

fn line(
    agency: &Agency,
    oin: &Oin,
    reminded: Result<Added, Reason>,
) -> Result<v1::RemindLine, Reason> {
    let (reminded, refused) = match reminded {
        Ok(one) => (shown(&one), None),
        Err(reason) if reason.is_fault() => return Err(reason),
        Err(reason) => (None, Some(refusal(reason))),
    };
    let name = agency.name_of(oin);
    Ok(v1::RemindLine { oin: oin.to_string(), name, reminded, refusal: refused })
}

/// The reminders of one target of a question, as the desk shows them.
///
/// # Errors
/// Those of the store; what cannot be read keeps nobody from the answers.
pub(super) async fn reminders(
    agency: &Agency,
    id: &InquiryId,
    oin: &Oin,
) -> Result<Vec<v1::Reminded>, Reason> {
    let all = match added(agency, &TargetId::derive(id, oin)).await {
        Err(Reason::StoreCorrupt) => {
            tracing::error!("what was added to a question cannot be read");
            Vec::new()
        }
        all => all?,
    };
    Ok(all.iter().filter_map(shown).collect())
}

/// A reminder; nothing for what is none.
fn shown(one: &Added) -> Option<v1::Reminded> {
    let What::Reminder(because) = &one.what else { return None };
    Some(v1::Reminded {
        at_ms: one.at.ms(),
        because: because.clone(),
        taken_at_ms: one.taken_at.map(Timestamp::ms).unwrap_or_default(),
        reason: one.ended.map(|reason| reason.code().to_owned()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
