//! A notice: put like any question, and answered with nothing (domain 4a.30).

use std::collections::BTreeSet;
use std::sync::Arc;

use grondslag_core::catalogue::{Category, Purpose, QueryKind, Role};
use grondslag_core::id::{InquiryId, Oin, Pseudonym, StaffId};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Level, Urgency};
use grondslag_policy::notice::Codes;
use grondslag_proto::v1;
use grondslag_proto::v1::desk_event::Event;
use grondslag_subject::Bsn;
use tokio::sync::mpsc;

use super::compose::header;
use super::inquiries::{Stage, Summary};
use super::plan::grounds;
use super::pursue::Pursuit;
use super::term::answer_by;
use super::view::Stand;
use super::wish::{Subject, Wish};
use crate::agency::Agency;
use crate::limits::{DESK_EVENTS_MAX, NOTICE_TERM_MINUTES};
use crate::random::random;

/// Why, as its holder reads it.
const NECESSITY: &str = "Een bericht om vast te leggen bij de organisatie waarvoor het is.";

/// What a notice brings, and how its sender counts it.
#[derive(Clone)]
pub(crate) struct Carries {
    /// The same each time that it is put anew, and told to the broker alone.
    pub(crate) notice_id: [u8; 16],
    /// What it is to the rules.
    pub(crate) codes: Codes,
    /// What was written down.
    pub(crate) notice: v1::SignedNotice,
}

/// A notice to be put.
pub(crate) struct Notice {
    /// The child's number.
    pub(crate) digits: String,
    /// In which role.
    pub(crate) role: Role,
    /// By whom, inside and outside.
    pub(crate) staff: (StaffId, Pseudonym),
    /// To whom.
    pub(crate) to: BTreeSet<Oin>,
    /// What it brings.
    pub(crate) carries: Carries,
}

grondslag_core::unprinted!(Carries Notice);

/// What became of a notice.
#[derive(Debug, Default)]
pub(crate) struct Put {
    /// The agencies that took it.
    pub(crate) came: BTreeSet<Oin>,
    /// Those to which by rule no notice is brought now.
    pub(crate) not_brought: BTreeSet<Oin>,
}

/// Puts a notice, once more where that may help.
///
/// # Errors
/// Why it could not be put at all.
pub(crate) async fn put(agency: &Arc<Agency>, notice: Notice) -> Result<Put, Reason> {
    let pursuit = pursuit(agency, notice)?;
    let (events, mut received) = mpsc::channel(DESK_EVENTS_MAX);
    let asked = tokio::spawn(pursuit.run(events));
    let (mut told, mut refused) = (Put::default(), None);
    while let Some(v1::DeskEvent { event }) = received.recv().await {
        match event {
            Some(Event::Line(line)) if line.state == Stand::Replied.word() => {
                told.came.extend(Oin::parse(&line.oin));
            }
            Some(Event::Line(line)) if line.state == Stand::NotAsked.word() => {
                tracing::warn!(agency = line.oin, reason = line.reason, "takes no notices now");
                told.not_brought.extend(Oin::parse(&line.oin));
            }
            Some(Event::Refusal(refusal)) => {
                refused = Some(grondslag_proto::reply::reason(&refusal.reason));
            }
            _ => {}
        }
    }
    asked.await.map_err(|_| Reason::Internal)?;
    refused.map_or(Ok(told), Err)
}

fn pursuit(agency: &Arc<Agency>, notice: Notice) -> Result<Pursuit, Reason> {
    let (now, (staff, pseudonym)) = (agency.clock.now(), notice.staff);
    let codes = notice.carries.codes;
    let category = Category::parse(codes.category).map_err(|_| Reason::Internal)?;
    let mut wish = Wish {
        subject: Subject::Person(Bsn::parse(&notice.digits).map_err(|_| Reason::BsnInvalid)?),
        role: notice.role.clone(),
        purpose: Purpose::parse(codes.purpose).map_err(|_| Reason::Internal)?,
        kind: QueryKind::parse(QueryKind::NOTICE).map_err(|_| Reason::Internal)?,
        urgency: Urgency::Standard,
        level: Level::Person,
        break_glass: false,
        grounds: Vec::new(),
        targets: notice.to.into_iter().map(|oin| (oin, vec![category.clone()])).collect(),
        necessity: NECESSITY.to_owned(),
        reference: String::new(),
        facts: [].into(),
        term_minutes: NOTICE_TERM_MINUTES,
        carries: Some(notice.carries),
        escalation: None,
    };
    wish.grounds = grounds(agency, &wish)?;
    let due = answer_by(now, wish.urgency, wish.term_minutes);
    let header = header(agency, pseudonym, &wish, now, due, &[]);
    let summary = Summary {
        id: InquiryId::new(random()?),
        asked_at: now,
        staff,
        role: notice.role,
        purpose: wish.purpose.clone(),
        targets: u32::try_from(wish.targets.len()).unwrap_or(u32::MAX),
        replied: 0,
        stage: Stage::Asked,
    };
    let (agency, cosigned) = (Arc::clone(agency), Vec::new());
    Ok(Pursuit { agency, wish, header, cosigned, summary, draft: None, lang: Lang::Nl })
}
