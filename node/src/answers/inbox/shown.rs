//! Items as the desk shows them.

use grondslag_core::catalogue::Ground;
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_core::limits::REMINDERS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_policy::catalogue::GroundKind;
use grondslag_policy::{Decision, Pack, Ruled};
use grondslag_proto::answer::wire_entry;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_up_content::Content;

use super::again::{Again, wants_second};
use super::away::Absences;
use super::schedule::climb_of;
use super::{InReview, Item};
use crate::agency::Agency;
use crate::answers::decide::CategoryDecided;
use crate::detail::stated;
use crate::follow_ups::take::taken;

/// An item in a list: it names nobody.
pub(super) async fn item(
    agency: &Agency,
    item: &Item,
    (absences, now): (&Absences, Timestamp),
) -> Result<v1::InboxItem, Reason> {
    let substitute = item.assigned.as_ref().and_then(|staff| absences.substitute(staff));
    Ok(v1::InboxItem {
        reminded: reminded(agency, item).await?,
        substitute: substitute.map(|staff| staff.as_str().to_owned()).unwrap_or_default(),
        target_id: item.id.as_bytes().to_vec(),
        asker_oin: item.asker.to_string(),
        asker_name: agency.name_of(&item.asker),
        role: item.role.to_string(),
        purpose: item.purpose.to_string(),
        urgency: item.urgency.to_string(),
        categories: item.lines.iter().map(|line| line.category.to_string()).collect(),
        from_ms: item.from.ms(),
        inner_ms: item.inner.ms(),
        answer_by_ms: item.answer_by.ms(),
        stage: item.stage(&climb_of(agency), now).to_string(),
        due_ms: item.due(now).ms(),
        state: item.state().to_string(),
        assigned: item.assigned.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
    })
}

/// How often the asker reminded, and why as far as the list of here has the word.
async fn reminded(agency: &Agency, item: &Item) -> Result<Vec<v1::Reminded>, Reason> {
    let pack = agency.pack();
    let words = &pack.catalogue().reviewing().reminders;
    let mut all = Vec::new();
    for one in taken(agency.store.as_ref(), &item.id).await? {
        let because = match one.open(agency, &item.asker, item.answer_by) {
            Some(Content::Reminder(reminder)) => reminder.because,
            Some(Content::Accepted(_)) => continue,
            None => String::new(),
        };
        let because = words.iter().find(|word| word.id == because);
        let because = because.map(|word| word.id.clone()).unwrap_or_default();
        // A lying broker may have one come several times.
        if all.len() >= usize::try_from(REMINDERS_MAX).unwrap_or(usize::MAX) {
            break;
        }
        all.push(v1::Reminded { at_ms: one.at.ms(), because, ..v1::Reminded::default() });
    }
    Ok(all)
}

/// An item with all that a reviewer decides by. Without `again` the child is known here no longer.
pub(super) async fn whole(
    agency: &Agency,
    of: &Item,
    again: Option<&Again>,
    (lang, now): (Lang, Timestamp),
) -> Result<v1::ShowItemResponse, Reason> {
    let pack = agency.pack();
    let absences = Absences::now(agency).await?;
    let latest = pack.catalogue().reviewing().inner_max(of.from, of.answer_by);
    let lines = of.lines.iter().map(|in_review| {
        let decided = again.and_then(|again| {
            let mut all = again.decided.categories.iter();
            Some((again, all.find(|one| one.category == in_review.category)?))
        });
        line(in_review, decided, (lang, now))
    });
    Ok(v1::ShowItemResponse {
        version: Vec::new(),
        item: Some(item(agency, of, (&absences, now)).await?),
        subject: of.digits.clone(),
        necessity: again.map(|again| again.detail.necessity.clone()).unwrap_or_default(),
        criteria: again.map(|again| again.detail.criteria.clone()).unwrap_or_default(),
        facts: again
            .map(|again| again.detail.facts.iter().map(stated).collect())
            .unwrap_or_default(),
        lines: lines.collect(),
        judgement: of.judged.as_ref().map(v1::Judgement::from),
        inner_max_ms: latest.ms(),
        refusal: None,
    })
}

/// One category, as it would be ruled now, with what would be released.
fn line(
    in_review: &InReview,
    decided: Option<(&Again, &CategoryDecided)>,
    (lang, now): (Lang, Timestamp),
) -> v1::ReviewLine {
    let wire = v1::ReviewLine {
        category: in_review.category.to_string(),
        verdict: Verdict::Refuse.to_string(),
        tier: Tier::T0.to_string(),
        named: in_review.named,
        ..v1::ReviewLine::default()
    };
    let Some((again, decided)) = decided else { return wire };
    let (pack, files) = (&again.in_force.pack, &in_review.files);
    let (verdict, open) = (decided.verdict_on(files), decided.open(files));
    let basis = decided.basis(verdict);
    let rows = || basis.rows.iter().filter_map(|id| pack.row(id));
    let notes = rows().filter_map(|row| row.note.as_ref());
    let decisions = || open.iter().map(|(decision, _)| decision);
    let tier = decisions().map(|decision| decision.tier).max().unwrap_or(Tier::T0);
    v1::ReviewLine {
        verdict: verdict.to_string(),
        tier: tier.to_string(),
        lock_a: locks(pack, &basis.grounds, opens_protection),
        lock_b: locks(pack, &basis.grounds, opens_secrecy),
        duty: decisions().any(|decision| decision.duty),
        second: decisions().any(|decision| wants_second(&again.in_force, decision)),
        texts: rows().map(|row| row.text.in_lang(lang).to_owned()).collect(),
        notes: notes.map(|note| note.in_lang(lang).to_owned()).collect(),
        entries: preview(again, &open, now),
        basis: Some((&basis).into()),
        ..wire
    }
}

/// What would be released at the tier that is open.
fn preview(again: &Again, open: &[&(Decision, Ruled)], now: Timestamp) -> Vec<v1::AnswerEntry> {
    let records = &again.found.records;
    let files = open.iter().map(|(_, ruled)| match ruled {
        Ruled::Review(review) => review.preview(records, now),
        Ruled::Permit(permit) => permit.minimise(records, &[], now).into_entries(),
        Ruled::Refuse(_) => Vec::new(),
    });
    files.flatten().map(|entry| wire_entry(&entry)).collect()
}

fn locks(pack: &Pack, grounds: &[Ground], opens: fn(GroundKind) -> bool) -> Vec<String> {
    let known = grounds.iter().filter_map(|id| pack.catalogue().ground(id));
    let opening = known.filter(|ground| ground.kinds.iter().any(|kind| opens(*kind)));
    opening.map(|ground| ground.id.to_string()).collect()
}

/// Lock A of domain 0.3: data protection.
const fn opens_protection(kind: GroundKind) -> bool {
    matches!(kind, GroundKind::A | GroundKind::B)
}

/// Lock B: secrecy.
const fn opens_secrecy(kind: GroundKind) -> bool {
    matches!(kind, GroundKind::C | GroundKind::Duty | GroundKind::Right)
}
