//! An own view: put like any question with a second person, and shown as one timeline.

use std::collections::BTreeSet;
use std::sync::Arc;

use grondslag_core::catalogue::{Category, Purpose, QueryKind, Role};
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::lang::Lang;
use grondslag_core::limits::TARGETS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Level, Urgency};
use grondslag_proto::v1;
use grondslag_proto::v1::desk_event::Event;
use grondslag_subject::{Bsn, admits};
use tokio::sync::mpsc;

use super::draft::{Draft, Sighted};
use super::plan::grounds;
use super::pursue::Pursuit;
use super::wish::{Subject, Wish};
use crate::agency::Agency;
use crate::limits::DESK_EVENTS_MAX;

/// What for (domain 5, Q12).
const PURPOSE: &str = "D21";
/// Until when an agency may answer, in minutes: it answers at once, and a day leaves time for two
/// members of staff to see who it is.
const TERM_MINUTES: u32 = 24 * 60;
/// Why, as every holder reads it.
pub(super) const NECESSITY: &str =
    "Inzage: iemand wil zien wie wat vroeg over zichzelf of over het eigen kind.";

/// What came of an own view.
#[derive(Debug)]
pub(crate) struct Heard {
    /// A line per agency.
    pub(crate) lines: Vec<(Oin, v1::AgencyLine)>,
    /// Who was asked.
    pub(crate) asked: BTreeSet<Oin>,
    /// The view's own questions.
    pub(crate) own: BTreeSet<TargetId>,
    /// Whose log it is, and how it may be told.
    pub(crate) sighted: Sighted,
}

/// The question of an own view, to all agencies but shelters: who could choose whom to ask could
/// find out by it which agency knows a child, or keeps silent about one.
///
/// # Errors
/// `BSN_INVALID`, `TARGETS_NONE`, `TARGETS_TOO_MANY`, or what the mode does not admit.
pub(crate) fn wish(agency: &Agency, number: &str, role: Role) -> Result<Wish, Reason> {
    let subject = Bsn::parse(number).map_err(|_| Reason::BsnInvalid)?;
    admits(agency.mode, &subject)?;
    let category = Category::parse(Category::ACCESS_LOG).map_err(|_| Reason::Internal)?;
    let targets = targets(agency)?;
    let mut wish = Wish {
        subject: Subject::Person(subject),
        role,
        purpose: Purpose::parse(PURPOSE).map_err(|_| Reason::Internal)?,
        kind: QueryKind::parse(QueryKind::OWN_VIEW).map_err(|_| Reason::Internal)?,
        urgency: Urgency::Standard,
        level: Level::Person,
        break_glass: false,
        grounds: Vec::new(),
        targets: targets.into_iter().map(|oin| (oin, vec![category.clone()])).collect(),
        necessity: NECESSITY.to_owned(),
        reference: String::new(),
        facts: [].into(),
        term_minutes: TERM_MINUTES,
        carries: None,
        escalation: None,
    };
    wish.grounds = grounds(agency, &wish)?;
    Ok(wish)
}

/// A shelter is never asked: that there is one is part of what must stay secret.
fn targets(agency: &Agency) -> Result<BTreeSet<Oin>, Reason> {
    let cards = agency.directory.cards();
    let open = cards.iter().map(grondslag_certs::VerifiedCard::card).filter(|card| {
        card.oin != agency.broker && card.kind.is_asked() && !card.kind.is_shelter()
    });
    let all: BTreeSet<Oin> = open.map(|card| card.oin.clone()).collect();
    match all.len() {
        0 => Err(Reason::TargetsNone),
        1..=TARGETS_MAX => Ok(all),
        _ => Err(Reason::TargetsTooMany),
    }
}

/// Puts an own view, and waits until every agency has a state.
///
/// # Errors
/// Why it could not be put at all.
pub(crate) async fn put(agency: &Arc<Agency>, draft: Draft, lang: Lang) -> Result<Heard, Reason> {
    let (asked, own) = draft.targets().map(|(oin, id, _)| (oin.clone(), id)).unzip();
    let sighted = draft.sighted();
    let pursuit = Pursuit::of_draft(agency, draft, lang).await?;
    let (events, mut received) = mpsc::channel(DESK_EVENTS_MAX);
    let running = tokio::spawn(pursuit.run(events));
    let (mut lines, mut refused) = (Vec::new(), None);
    while let Some(v1::DeskEvent { event }) = received.recv().await {
        match event {
            Some(Event::Line(line)) => {
                let from = Oin::parse(&line.oin).map_err(|_| Reason::Internal)?;
                lines.push((from, line));
            }
            Some(Event::Refusal(refusal)) => {
                refused = Some(grondslag_proto::reply::reason(&refusal.reason));
            }
            _ => {}
        }
    }
    running.await.map_err(|_| Reason::Internal)?;
    refused.map_or(Ok(Heard { lines, asked, own, sighted }), Err)
}
