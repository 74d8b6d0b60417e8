//! What it takes to put a file together: for the bench command, on an agency's own store and code.

use grondslag_core::answer::{About, Answer, Basis, Entry, Line, Outcome};
use grondslag_core::catalogue::{Category, Ground, Purpose, Role, RowId};
use grondslag_core::id::{CaseId, InquiryId, Oin, StaffId};
use grondslag_core::reason::Reason;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_core::tier::Tier;
use grondslag_evidence::store::{Batch, StoreError};

use super::{Ended, Filed, FiledTarget, ends, with_answer};
use crate::agency::Agency;
use crate::asks::view::Stand;
use crate::random::random;

/// Categories of which every agency gives records.
const CATEGORIES: [&str; 4] = ["G05", "G08", "G10", "G14"];
/// Length of a record's text: as long as those of the stories are.
const TEXT: &str =
    "De juf zag bij het omkleden blauwe plekken; het kind zei 'gevallen' en keek weg.";
/// How much later the fact of the next record is.
const STEP_MS: i64 = 3_600_000;

/// Files an escalation of somebody in which these agencies gave so many records together.
///
/// # Errors
/// Why it cannot be written.
pub async fn fill(
    agency: &Agency,
    staff: &StaffId,
    agencies: &[Oin],
    entries: usize,
) -> Result<InquiryId, Reason> {
    let (inquiry, now) = (InquiryId::new(random()?), agency.clock.now());
    let categories = CATEGORIES.iter().map(|code| parsed(Category::parse(code)));
    let categories = categories.collect::<Result<Vec<_>, _>>()?;
    let target = |oin: &Oin| FiledTarget {
        oin: oin.clone(),
        categories: categories.clone(),
        ended: Some(Ended { stand: Stand::Replied, reason: None, refused: Vec::new() }),
    };
    let role = parsed(Role::parse("gem.procesregisseur"))?;
    let filed = Filed {
        child: None,
        inquiry,
        case: CaseId::new(random()?),
        about: About::Child,
        asked_by: (staff.clone(), role),
        signed_by: Vec::new(),
        purpose: parsed(Purpose::parse("D13"))?,
        criteria: Vec::new(),
        necessity: TEXT.to_owned(),
        asked_at: now,
        answer_by: now,
        ends: ends(agency, now),
        heard: true,
        targets: agencies.iter().map(target).collect(),
    };
    let commit = async |batch| agency.store.commit(batch).await.map_err(StoreError::reason);
    commit(filed.file(agency, Batch::new()).await?).await?;
    let places = (agencies.len() * categories.len()).max(1);
    for (place, oin) in agencies.iter().enumerate() {
        let lines = categories.iter().enumerate().map(|(number, category)| {
            let own = place * categories.len() + number;
            let count = entries / places + usize::from(own < entries % places);
            line(agency, category, count)
        });
        let lines = lines.collect::<Result<Vec<_>, Reason>>()?;
        let answer = Answer {
            outcome: Outcome::Verstrekt,
            lines,
            subject_tag: [0; 32],
            index_as_of: now,
            holds_unnumbered_records: false,
            unwitnessed: false,
            answer_by: now,
            duty_phone: String::new(),
        };
        let came = (oin, FIRST_REPLY_NO, &answer);
        commit(with_answer(agency, Batch::new(), &inquiry, came).await?).await?;
    }
    Ok(inquiry)
}

fn line(agency: &Agency, category: &Category, count: usize) -> Result<Line, Reason> {
    let now = agency.clock.now();
    let entry = |step: i64| Entry {
        about: About::Child,
        dated: Some(now.plus_ms(-step * STEP_MS)),
        source: "dossier".to_owned(),
        texts: vec![(Tier::T2, TEXT.to_owned()), (Tier::T4, TEXT.to_owned())],
        redacted: false,
    };
    let basis = Basis {
        rows: vec![parsed(RowId::parse("R29.1"))?],
        grounds: vec![parsed(Ground::parse("jw-7.4.0-2"))?],
    };
    let entries = (1..).take(count).map(entry).collect();
    Ok(Line::Content { category: category.clone(), tier: Tier::T4, basis, entries })
}

fn parsed<T, E>(code: Result<T, E>) -> Result<T, Reason> {
    code.map_err(|_| Reason::Malformed)
}
